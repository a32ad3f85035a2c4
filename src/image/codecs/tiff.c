/* image/codecs/tiff.c: TIFF by libtiff, read only: what scanners and older data sets (JAFFE) have. The first picture of a file;
 * grey stays grey, all else becomes RGB, transparency is laid over white. Without libtiff this file is empty. */
#include "image/codec.h"

#if MF_HAVE_TIFF
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <tiffio.h>

enum { TEXT = 200, MAX_RATIO = 4096, MAX_ALLOC = 1 << 28 };

typedef struct job {
    const uint8_t *data;
    size_t         size, at;
    TIFF          *tiff;
    char           text[TEXT]; /* the first complaint */
} job;

/* ---- libtiff's view of memory ---- */

static tmsize_t
read_bytes(thandle_t h, void *to, tmsize_t n)
{
    job   *j = h;
    size_t k = j->at < j->size ? j->size - j->at : 0;

    k = n < 0 ? 0 : (size_t)n < k ? (size_t)n : k;
    memcpy(to, j->data + j->at, k);
    j->at += k;
    return (tmsize_t)k;
}

static tmsize_t
write_bytes(thandle_t h, void *from, tmsize_t n)
{
    (void)h;
    (void)from;
    (void)n;
    return 0;
}

static toff_t
seek(thandle_t h, toff_t to, int whence)
{
    job   *j    = h;
    size_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? j->at : j->size;

    if (to > SIZE_MAX / 2)
        return (toff_t)-1;
    j->at = base + (size_t)to;
    return j->at;
}

static int
end(thandle_t h)
{
    (void)h;
    return 0;
}

static toff_t
size_of(thandle_t h)
{
    return ((job *)h)->size;
}

static int
complain(TIFF *t, void *arg, const char *module, const char *fmt, va_list ap)
{
    job *j = arg;

    (void)t;
    (void)module;
    if (!j->text[0])
        vsnprintf(j->text, sizeof j->text, fmt, ap);
    return 1; /* nothing is printed */
}

static int
ignore(TIFF *t, void *arg, const char *module, const char *fmt, va_list ap)
{
    (void)t;
    (void)arg;
    (void)module;
    (void)fmt;
    (void)ap;
    return 1;
}

static mf_status
broken(const job *j, mf_err *err)
{
    return mf_fail(err, MF_E_FORMAT, "the TIFF is cut short or damaged: %s", j->text[0] ? j->text : "no picture in it");
}

/* `j` must stay where it is until it is closed. */
static mf_status
begin(job *j, const uint8_t *data, size_t size, mf_err *err)
{
    TIFFOpenOptions *o = TIFFOpenOptionsAlloc();

    *j = (job){.data = data, .size = size};
    if (!o)
        return mf_fail(err, MF_E_NOMEM, "out of memory for a TIFF decoder");
    TIFFOpenOptionsSetErrorHandlerExtR(o, complain, j);
    TIFFOpenOptionsSetWarningHandlerExtR(o, ignore, j);
    TIFFOpenOptionsSetMaxSingleMemAlloc(o, MAX_ALLOC);
    j->tiff = TIFFClientOpenExt("", "rm", j, read_bytes, write_bytes, seek, end, size_of, NULL, NULL, o);
    TIFFOpenOptionsFree(o);
    return j->tiff ? MF_OK : broken(j, err);
}

/* ---- the codec ---- */

static bool
tiff_is(const uint8_t *data, size_t size)
{
    return size >= 8 && (!memcmp(data, "II*\0", 4) || !memcmp(data, "MM\0*", 4));
}

/* A header that promises far more than the file can hold is told before memory is asked for. */
static mf_status
check_size(const job *j, uint32_t w, uint32_t h, mf_err *err)
{
    uint16_t bits = 1, samples = 1, compression = COMPRESSION_NONE;
    uint64_t bytes, most = j->size;

    TIFFGetFieldDefaulted(j->tiff, TIFFTAG_BITSPERSAMPLE, &bits);
    TIFFGetFieldDefaulted(j->tiff, TIFFTAG_SAMPLESPERPIXEL, &samples);
    TIFFGetFieldDefaulted(j->tiff, TIFFTAG_COMPRESSION, &compression);
    if (compression != COMPRESSION_NONE)
        most *= MAX_RATIO;
    bytes = (uint64_t)w * h / 8 * bits * (samples ? samples : 1);
    if (w <= MF_IMAGE_MAX_SIDE && h <= MF_IMAGE_MAX_SIDE && bytes > most)
        return mf_fail(err, MF_E_FORMAT, "the TIFF is cut short: %u x %u pixels cannot be in %zu bytes", w, h, j->size);
    return MF_OK;
}

static mf_status
tiff_header(mf_codec_info *info, const uint8_t *data, size_t size, mf_err *err)
{
    job       j;
    uint32_t  w = 0, h = 0;
    uint16_t  samples = 1, orientation = 1, photometric = PHOTOMETRIC_RGB;
    char      why[1024] = "";
    mf_status st;

    if ((st = begin(&j, data, size, err)) < 0)
        return st;
    if (!TIFFGetField(j.tiff, TIFFTAG_IMAGEWIDTH, &w) || !TIFFGetField(j.tiff, TIFFTAG_IMAGELENGTH, &h) || w > INT32_MAX ||
        h > INT32_MAX) {
        st = broken(&j, err);
    } else if (!TIFFRGBAImageOK(j.tiff, why)) {
        st = mf_fail(err, MF_E_UNSUPPORTED, "a kind of TIFF that is not read: %.150s", why);
    } else if ((st = check_size(&j, w, h, err)) == MF_OK) {
        TIFFGetFieldDefaulted(j.tiff, TIFFTAG_SAMPLESPERPIXEL, &samples);
        TIFFGetFieldDefaulted(j.tiff, TIFFTAG_ORIENTATION, &orientation);
        (void)TIFFGetField(j.tiff, TIFFTAG_PHOTOMETRIC, &photometric);
        info->width        = (int)w;
        info->height       = (int)h;
        info->raw_channels = 4;
        info->channels     = samples == 1 && photometric <= PHOTOMETRIC_MINISBLACK ? 1 : 3;
        info->orientation  = orientation >= 1 && orientation <= 8 ? orientation : 1;
    }
    TIFFClose(j.tiff);
    return st;
}

static mf_status
tiff_decode(uint8_t *px, const mf_codec_info *info, const uint8_t *data, size_t size, mf_err *err)
{
    job       j;
    mf_status st;
    size_t    n = (size_t)info->width * (size_t)info->height;
    uint32_t *raster = (uint32_t *)(void *)px; /* 4 bytes a pixel, and aligned as all memory is */

    if ((st = begin(&j, data, size, err)) < 0)
        return st;
    /* Asked for in the file's own orientation, libtiff turns nothing: that is done for all formats in one place. */
    if (!TIFFReadRGBAImageOriented(j.tiff, (uint32_t)info->width, (uint32_t)info->height, raster, info->orientation, 1))
        st = broken(&j, err);
    for (size_t i = 0; i < n && st == MF_OK; i++) { /* in place: three bytes or one never overtake four */
        uint32_t v = raster[i], over = 255 - TIFFGetA(v); /* colours are multiplied by alpha already */

        px[i * (size_t)info->channels] = (uint8_t)(TIFFGetR(v) + over);
        if (info->channels == 3) {
            px[3 * i + 1] = (uint8_t)(TIFFGetG(v) + over);
            px[3 * i + 2] = (uint8_t)(TIFFGetB(v) + over);
        }
    }
    TIFFClose(j.tiff);
    return st;
}

const mf_codec mf_codec_tiff = {
    .name = "TIFF", .endings = " ", .is = tiff_is, .header = tiff_header, .decode = tiff_decode,
};
#endif
