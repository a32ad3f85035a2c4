/* core/mem.h: allocation with overflow checks, counted, and made to fail on demand in tests.
 *
 * Every allocation of maskfer goes through here. The counters are process-wide and atomic. */
#ifndef MF_CORE_MEM_H
#define MF_CORE_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/error.h"

/* *out = a * b; false on overflow (then *out is untouched). */
bool mf_size_mul(size_t *out, size_t a, size_t b);
/* *out = a + b; false on overflow. */
bool mf_size_add(size_t *out, size_t a, size_t b);

/* n items of `size` bytes, zeroed. NULL on overflow or lack of memory; n*size == 0 gives a unique pointer. */
void *mf_calloc(size_t n, size_t size);
/* As realloc for n items of `size` bytes; the old block stays valid when NULL is returned. New bytes are not set. */
void *mf_realloc(void *p, size_t n, size_t size);
/* Takes NULL. For blocks of mf_calloc, mf_realloc, mf_strdup, mf_aligned. */
void  mf_free(void *p);
char *mf_strdup(const char *s);
char *mf_strndup(const char *s, size_t n);
/* `size` bytes at a multiple of 64 bytes (large blocks: of 2 MiB, with huge pages asked for), contents unset. */
void *mf_aligned(size_t size);

/* MF_OK, or the standard sentence "out of memory (wanted N bytes for WHAT)". */
mf_status mf_oom(mf_err *err, size_t bytes, const char *what);
#define mf_oom(...) mf_failed(mf_oom(__VA_ARGS__))

/* Number of allocations made so far (realloc counts); the difference of two calls is what a test asserts on. */
uint64_t mf_mem_count(void);
/* Bytes now allocated through this file, and their highest value since the start or the last reset. */
size_t mf_mem_now(void);
size_t mf_mem_peak(void);
/* Tests: let the nth allocation from now fail (1 = the next one); 0 switches it off. */
void mf_mem_fail_at(uint64_t nth);
/* Peak resident set of this process in bytes (VmHWM); 0 where unknown. */
size_t mf_mem_rss_peak(void);

#endif
