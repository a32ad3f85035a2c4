/* core/hash.h: SHA-256 for contents that are compared across machines; a fast 64-bit hash for tables; a checksum
 * that file formats ask for. */
#ifndef MF_CORE_HASH_H
#define MF_CORE_HASH_H

#include <stddef.h>
#include <stdint.h>

typedef struct mf_sha256 {
    uint32_t h[8];
    uint64_t bytes;
    uint8_t  buf[64];
} mf_sha256;
void mf_sha256_init(mf_sha256 *s);
void mf_sha256_add(mf_sha256 *s, const void *data, size_t n);
void mf_sha256_end(mf_sha256 *s, uint8_t out[32]);
void mf_hex(char *out /* 2n+1 bytes */, const uint8_t *bytes, size_t n);
/* FNV-1a with a final mix; not for adversaries. */
uint64_t mf_hash64(const void *data, size_t n);
/* CRC-32C (Castagnoli: polynomial 0x1edc6f41, reflected; RFC 3720, appendix B.4). */
uint32_t mf_crc32c(const void *data, size_t n);

#endif
