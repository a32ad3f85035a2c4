/* image/image.h: pixels in memory. 8 bits a channel, rows top to bottom, channels interleaved, no padding. */
#ifndef MF_IMAGE_IMAGE_H
#define MF_IMAGE_IMAGE_H

#include <stddef.h>
#include <stdint.h>
#include "core/error.h"
#include "core/file.h"

enum {
    MF_IMAGE_MAX_SIDE   = 1 << 15,   /* pixels on either side */
    MF_IMAGE_MAX_PIXELS = 1 << 28,   /* width x height; checked before anything is allocated */
    MF_IMAGE_MAX_BYTES  = 1 << 28    /* an encoded file */
};

typedef struct mf_image {
    uint8_t *px;            /* height x width x channels */
    int      width, height; /* > 0 */
    int      channels;      /* 1 grey, 3 RGB, 4 RGBA (straight alpha) */
} mf_image;                 /* {0} is no picture */

/* Contents unset. MF_E_LIMIT past the limits above; MF_E_ARG for a side < 1 or channels not 1, 3, 4. */
mf_status mf_image_new(mf_image *out, int width, int height, int channels, mf_err *err);
void      mf_image_free(mf_image *im); /* and sets it to {0} */
mf_status mf_image_copy(mf_image *out, const mf_image *src, mf_err *err);

/* Decode a file or bytes; the format is found from the contents (src/image/codecs registry: JPEG, PNG, WebP, and
 * for reading only BMP and, where libtiff is built in, TIFF).
 * EXIF orientation is applied. 16-bit PNG is reduced to 8; grey+alpha becomes RGBA, palette RGB or RGBA, CMYK JPEG RGB.
 * channels: 0 = as stored (1, 3 or 4), 1 = grey (ITU-R BT.601 luma), 3 = RGB (alpha composed over white). */
mf_status mf_image_load(mf_image *out, const char *path, int channels, mf_err *err);
mf_status mf_image_decode(mf_image *out, const char *name, const uint8_t *data, size_t size, int channels, mf_err *err);
/* Width, height and channels after orientation, from the header alone; nothing is decoded. */
mf_status mf_image_probe(int *width, int *height, int *channels, const char *name, const uint8_t *data, size_t size,
                         mf_err *err);
/* Encode by the ending of `path` (.png, .jpg/.jpeg, .webp), written atomically. quality 1..100 (JPEG, WebP;
 * 100 is lossless in WebP). JPEG loses alpha (over white). */
mf_status mf_image_save(const char *path, const mf_image *im, int quality, mf_err *err);
/* The same in place, neither renamed nor synced; `path` must not exist. For a folder that is synced and renamed as a
 * whole (data/outdir.h), where one sync a picture would cost most of the time. */
mf_status mf_image_write(const char *path, const mf_image *im, int quality, mf_err *err);
/* The same into memory, in the format that the ending of `name` says; *out is the caller's (mf_blob_free). */
mf_status mf_image_encode(mf_blob *out, const char *name, const mf_image *im, int quality, mf_err *err);

/* Channel count changed in a new picture (see mf_image_load for the rules; grey to RGB repeats). */
mf_status mf_image_convert(mf_image *out, const mf_image *src, int channels, mf_err *err);
/* Separable bilinear resize with antialiasing, bit-equal to Pillow's BILINEAR (triangle filter, horizontal pass first,
 * 8-bit between, 22 fractional bits; with alpha, colours are weighted by it). */
mf_status mf_image_resize(mf_image *out, const mf_image *src, int width, int height, mf_err *err);
/* The part at (x, y) of w x h pixels; what lies outside is `fill` (0..255). */
mf_status mf_image_crop(mf_image *out, const mf_image *src, int x, int y, int w, int h, int fill, mf_err *err);

#endif
