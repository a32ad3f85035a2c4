/* image/decoder.h: decoding and resizing into buffers that are used again: after the largest picture of a set was seen,
 * nothing is allocated. One decoder belongs to one thread at a time. */
#ifndef MF_IMAGE_DECODER_H
#define MF_IMAGE_DECODER_H

#include <stddef.h>
#include <stdint.h>
#include "core/error.h"
#include "image/image.h"

typedef struct mf_scratch { /* a block that only grows */
    uint8_t *data;
    size_t   cap;
} mf_scratch;

typedef struct mf_decoder {
    mf_scratch file, px, turned, coef;
} mf_decoder; /* {0} is an empty decoder */

void mf_decoder_free(mf_decoder *dc); /* and sets it to {0} */
/* At least `size` bytes in s->data, old contents lost. */
mf_status mf_scratch_need(mf_scratch *s, size_t size, const char *what, mf_err *err);

/* As mf_image_decode and mf_image_load; *lent belongs to the decoder and is valid until its next use. */
mf_status mf_decoder_decode(mf_decoder *dc, mf_image *lent, const char *name, const uint8_t *data, size_t size,
                            int channels, mf_err *err);
mf_status mf_decoder_load(mf_decoder *dc, mf_image *lent, const char *path, int channels, mf_err *err);
/* As mf_image_resize, into dst (width x height x src->channels bytes). src may be lent by the same decoder. */
mf_status mf_decoder_resize(mf_decoder *dc, uint8_t *dst, int width, int height, const mf_image *src, mf_err *err);

#endif
