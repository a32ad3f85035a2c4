/* image/codec.h: what a picture format brings (inside src/image). One format a file in codecs/, one line in
 * codec_list.h. A codec never allocates pixels: the caller checks the limits of image.h on the header first. */
#ifndef MF_IMAGE_CODEC_H
#define MF_IMAGE_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/error.h"
#include "image/image.h"

typedef struct mf_codec_info {
    int width, height;  /* as stored, before orientation; any positive int, not yet checked */
    int raw_channels;   /* bytes a pixel that `decode` writes (4 for a CMYK JPEG) */
    int channels;       /* of the picture that is meant: 1, 3 or 4; raw pixels are turned into these inside `decode` */
    int orientation;    /* 1..8 of EXIF; 1 upright */
    int variant;        /* the codec's own */
} mf_codec_info;

typedef struct mf_codec_bytes { /* an encoded picture; `release` frees `data` */
    uint8_t *data;
    size_t   size;
    void   (*release)(void *data);
} mf_codec_bytes;

typedef struct mf_codec {
    const char *name;      /* "JPEG" */
    const char *endings;   /* " .jpg .jpeg ": of files to write, each between spaces; " " where nothing is written */
    /* Cheap look at the first bytes. */
    bool (*is)(const uint8_t *data, size_t size);
    /* Fill *info from the header; nothing is decoded. */
    mf_status (*header)(mf_codec_info *info, const uint8_t *data, size_t size, mf_err *err);
    /* px: width x height x max(raw_channels, channels) bytes; on success packed pixels of `channels`. A truncated or
     * damaged file is MF_E_FORMAT. */
    mf_status (*decode)(uint8_t *px, const mf_codec_info *info, const uint8_t *data, size_t size, mf_err *err);
    /* quality 1..100. On failure *out is {0}. NULL: the format is only read. */
    mf_status (*encode)(mf_codec_bytes *out, const mf_image *im, int quality, mf_err *err);
} mf_codec;

#define MF_CODEC(name) extern const mf_codec mf_codec_##name;
#include "image/codec_list.h"
#undef MF_CODEC

/* All codecs, in the order of the list; *n of them. Lends. */
const mf_codec *const *mf_codecs(size_t *n);

/* EXIF orientation, 1..8, of `size` bytes: a TIFF block with or without "Exif\0\0" in front. 1 if there is none or
 * it makes no sense: a wrong orientation is no reason to refuse a picture. */
int mf_exif_orientation(const uint8_t *data, size_t size);
/* Whether an orientation swaps width and height. */
bool mf_orientation_turns(int orientation);
/* dst = src turned upright; src is w x h as stored. dst and src must not overlap. */
void mf_orient(uint8_t *dst, const uint8_t *src, int w, int h, int channels, int orientation);

/* n pixels from `sc` to `dc` channels by the rules of mf_image_load. dst == src is allowed. */
void mf_convert_px(uint8_t *dst, int dc, const uint8_t *src, int sc, size_t n);

#endif
