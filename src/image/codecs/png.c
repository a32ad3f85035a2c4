/* image/codecs/png.c: PNG by libpng. 1 to 16 bits, grey, grey + alpha, palette, RGB, RGBA, transparent colour,
 * interlaced. 16 bits are scaled to 8 (v / 257, rounded). Gamma and colour profiles are left alone, as other readers do.
 *
 * libpng leaves a failing call by longjmp; all that must survive it lives in a `job`. */
#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "image/codec.h"

enum { CHUNK_BYTES = 8 << 20, CHUNKS = 1000, TEXT = 200 };

typedef struct job {
    png_structp    png;
    png_infop      info;
    const uint8_t *data; /* reading */
    size_t         size, at;
    uint8_t       *made; /* writing */
    size_t         cap;
    bool           cut, no_memory;
    char           text[TEXT];
} job;

static void
on_error(png_structp png, png_const_charp text)
{
    job *j = png_get_error_ptr(png);

    snprintf(j->text, sizeof j->text, "%s", text);
    longjmp(png_jmpbuf(png), 1);
}

static void
on_warning(png_structp png, png_const_charp text)
{
    (void)png;
    (void)text;
}

static void
read_bytes(png_structp png, png_bytep to, size_t n)
{
    job *j = png_get_io_ptr(png);

    if (n > j->size - j->at) {
        j->cut = true;
        png_error(png, "the file ends too early");
    }
    memcpy(to, j->data + j->at, n);
    j->at += n;
}

static void
end(job *j)
{
    if (j->png)
        png_destroy_read_struct(&j->png, &j->info, NULL);
}

static mf_status
begin(job *j, const uint8_t *data, size_t size, mf_err *err)
{
    *j     = (job){.data = data, .size = size};
    j->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, j, on_error, on_warning);
    if (!j->png || !(j->info = png_create_info_struct(j->png))) {
        end(j);
        return mf_fail(err, MF_E_NOMEM, "out of memory for a PNG decoder");
    }
    return MF_OK;
}

static mf_status
broken(const job *j, mf_err *err)
{
    return j->cut ? mf_fail(err, MF_E_FORMAT, "the PNG is cut short")
                  : mf_fail(err, MF_E_FORMAT, "the PNG is damaged: %s", j->text);
}

/* Up to the first IDAT. Called below a setjmp. */
static void
read_header(job *j)
{
    png_set_read_fn(j->png, j, read_bytes);
    png_set_user_limits(j->png, 0x7fffffff, 0x7fffffff); /* our own limits are judged by the caller, with a better sentence */
    png_set_chunk_malloc_max(j->png, CHUNK_BYTES);
    png_set_chunk_cache_max(j->png, CHUNKS);
    png_read_info(j->png, j->info);
}

static bool
png_codec_is(const uint8_t *data, size_t size)
{
    return size >= 8 && png_sig_cmp(data, 0, 8) == 0;
}

static mf_status
png_codec_header(mf_codec_info *info, const uint8_t *data, size_t size, mf_err *err)
{
    job       j;
    mf_status st = begin(&j, data, size, err);

    if (st < 0)
        return st;
    if (setjmp(png_jmpbuf(j.png))) {
        st = broken(&j, err);
        end(&j);
        return st;
    }
    read_header(&j);

    uint32_t w = png_get_image_width(j.png, j.info), h = png_get_image_height(j.png, j.info);
    int      type = png_get_color_type(j.png, j.info);
    bool     alpha = (type & PNG_COLOR_MASK_ALPHA) || png_get_valid(j.png, j.info, PNG_INFO_tRNS);

    info->width    = (int)w; /* libpng refuses more than 2^31 - 1 */
    info->height   = (int)h;
    info->channels = alpha ? 4 : type & PNG_COLOR_MASK_COLOR ? 3 : 1;
    info->raw_channels = info->channels;
    info->orientation  = 1;
#ifdef PNG_eXIf_SUPPORTED
    png_bytep   exif = NULL;
    png_uint_32 exif_size = 0;
    if (png_get_eXIf_1(j.png, j.info, &exif_size, &exif) && exif)
        info->orientation = mf_exif_orientation(exif, exif_size);
#endif
    /* Deflate packs at most 1032 to 1: a header that promises more is a lie, told before memory is asked for. */
    uint64_t bits = (uint64_t)w * h * png_get_bit_depth(j.png, j.info) * png_get_channels(j.png, j.info);
    end(&j);
    if (w <= MF_IMAGE_MAX_SIDE && h <= MF_IMAGE_MAX_SIDE && (uint64_t)w * h <= MF_IMAGE_MAX_PIXELS &&
        bits / 8 / 1040 > size)
        return mf_fail(err, MF_E_FORMAT, "the PNG is cut short: %u x %u pixels cannot be in %zu bytes", w, h, size);
    return MF_OK;
}

static mf_status
png_codec_decode(uint8_t *px, const mf_codec_info *info, const uint8_t *data, size_t size, mf_err *err)
{
    job       j;
    mf_status st = begin(&j, data, size, err);

    if (st < 0)
        return st;
    if (setjmp(png_jmpbuf(j.png))) {
        st = broken(&j, err);
        end(&j);
        return st;
    }
    read_header(&j);
    png_set_expand(j.png);   /* palette, fewer than 8 bits, transparent colour */
    png_set_scale_16(j.png);
    if (info->channels == 4) {
        png_set_gray_to_rgb(j.png);
        png_set_add_alpha(j.png, 255, PNG_FILLER_AFTER); /* only where there is none */
    }
    int passes = png_set_interlace_handling(j.png);
    png_read_update_info(j.png, j.info);

    size_t row = (size_t)info->width * (size_t)info->channels;
    if (png_get_rowbytes(j.png, j.info) != row)
        png_error(j.png, "rows of an unexpected size");
    for (int p = 0; p < passes; p++)
        for (int y = 0; y < info->height; y++)
            png_read_row(j.png, px + (size_t)y * row, NULL);
    png_read_end(j.png, NULL);
    end(&j);
    return MF_OK;
}

static void
write_bytes(png_structp png, png_bytep from, size_t n)
{
    job *j = png_get_io_ptr(png);

    if (n > j->cap - j->size) {
        size_t   cap = j->cap + (j->cap >> 1) + n + 4096;
        uint8_t *p   = mf_realloc(j->made, cap, 1);
        if (!p) {
            j->no_memory = true;
            png_error(png, "out of memory");
        }
        j->made = p;
        j->cap  = cap;
    }
    memcpy(j->made + j->size, from, n);
    j->size += n;
}

static void
flush(png_structp png)
{
    (void)png;
}

static mf_status
png_codec_encode(mf_codec_bytes *out, const mf_image *im, int quality, mf_err *err)
{
    job j = {0};

    (void)quality;
    *out  = (mf_codec_bytes){0};
    j.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &j, on_error, on_warning);
    if (!j.png || !(j.info = png_create_info_struct(j.png))) {
        png_destroy_write_struct(&j.png, &j.info);
        return mf_fail(err, MF_E_NOMEM, "out of memory for a PNG encoder");
    }
    if (setjmp(png_jmpbuf(j.png))) {
        png_destroy_write_struct(&j.png, &j.info);
        mf_free(j.made);
        return j.no_memory ? mf_oom(err, j.cap, "an encoded PNG")
                           : mf_fail(err, MF_E_INTERNAL, "the picture cannot be written as PNG: %s", j.text);
    }
    png_set_write_fn(j.png, &j, write_bytes, flush);
    png_set_IHDR(j.png, j.info, (png_uint_32)im->width, (png_uint_32)im->height, 8,
                 im->channels == 1   ? PNG_COLOR_TYPE_GRAY
                 : im->channels == 3 ? PNG_COLOR_TYPE_RGB
                                     : PNG_COLOR_TYPE_RGB_ALPHA,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(j.png, j.info);
    for (int y = 0; y < im->height; y++)
        png_write_row(j.png, im->px + (size_t)y * (size_t)im->width * (size_t)im->channels);
    png_write_end(j.png, NULL);
    png_destroy_write_struct(&j.png, &j.info);
    *out = (mf_codec_bytes){.data = j.made, .size = j.size, .release = mf_free};
    return MF_OK;
}

const mf_codec mf_codec_png = {
    .name = "PNG", .endings = " .png ", .is = png_codec_is, .header = png_codec_header, .decode = png_codec_decode,
    .encode = png_codec_encode,
};
