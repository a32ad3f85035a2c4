/* data/cache.h: looking into a pixel cache: what the loader needs beside loader.h, and whoever wants single pictures. */
#ifndef MF_DATA_CACHE_H
#define MF_DATA_CACHE_H

#include <stddef.h>
#include <stdint.h>
#include "core/error.h"
#include "core/str.h"
#include "data/loader.h"
#include "image/decoder.h"

/* Working size of every picture. */
void mf_cache_shape(const mf_cache *c, int *width, int *height, int *channels);
/* Whether `row` may be asked for. */
bool mf_cache_has(const mf_cache *c, uint32_t row);
/* Its pixels, height x width x channels, lent; NULL if the cache is of kind NONE or has not got the row. */
const uint8_t *mf_cache_at(const mf_cache *c, uint32_t row);

/* What a thread needs to read pictures by itself. */
typedef struct mf_cache_reader {
    mf_decoder decoder;
    mf_str     path;
} mf_cache_reader; /* {0} is an empty one */
void mf_cache_reader_free(mf_cache_reader *r);
/* Decode the picture of `row` anew, resized to the working size, into dst. The data set given to mf_cache_build must
 * still be there. */
mf_status mf_cache_read(const mf_cache *c, uint32_t row, uint8_t *dst, mf_cache_reader *r, mf_err *err);

#endif
