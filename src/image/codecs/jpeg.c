/* image/codecs/jpeg.c: JPEG by TurboJPEG. Baseline, progressive and arithmetic; grey, YCbCr, RGB, CMYK, YCCK.
 *
 * TurboJPEG decodes a truncated file with a warning; here that is an error, as is any other warning that means lost
 * pixels. Warnings about bytes that nobody needs are let pass. */
#include <string.h>
#include <turbojpeg.h>

#include "image/codec.h"

enum { KIND_GREY, KIND_RGB, KIND_CMYK, KIND_CMYK_INVERTED };

typedef struct segments { /* found by walking the markers up to the first scan */
    const uint8_t *exif;
    size_t         exif_size;
    bool           adobe;
    size_t         scan; /* offset of the first scan's marker, or the file's size */
} segments;

static segments
walk(const uint8_t *data, size_t size)
{
    segments s = {.scan = size};
    size_t   at = 2;

    while (at + 4 <= size) {
        if (data[at] != 0xFF) {
            at++;
            continue;
        }
        uint8_t marker = data[at + 1];
        if (marker == 0xFF) { /* fill byte */
            at++;
            continue;
        }
        if (marker == 0 || marker == 0x01 || (marker >= 0xD0 && marker <= 0xD8)) { /* no length follows */
            at += 2;
            continue;
        }
        if (marker == 0xDA || marker == 0xD9) {
            s.scan = at;
            break;
        }
        size_t len = (size_t)data[at + 2] << 8 | data[at + 3];
        if (len < 2 || len > size - at - 2)
            break;
        const uint8_t *body = data + at + 4;
        if (marker == 0xE1 && !s.exif && len >= 8 && memcmp(body, "Exif\0\0", 6) == 0) {
            s.exif      = body;
            s.exif_size = len - 2;
        } else if (marker == 0xEE && len >= 7 && memcmp(body, "Adobe", 5) == 0) {
            s.adobe = true;
        }
        at += 2 + len;
    }
    return s;
}

static bool
jpeg_is(const uint8_t *data, size_t size)
{
    return size >= 3 && data[0] == 0xFF && data[1] == 0xD8 && data[2] == 0xFF;
}

static mf_status
jpeg_header(mf_codec_info *info, const uint8_t *data, size_t size, mf_err *err)
{
    int      sub, space;
    tjhandle tj = tjInitDecompress();

    if (!tj)
        return mf_fail(err, MF_E_NOMEM, "the JPEG decoder cannot start: %s", tjGetErrorStr2(NULL));
    if (tjDecompressHeader3(tj, data, (unsigned long)size, &info->width, &info->height, &sub, &space) != 0 &&
        tjGetErrorCode(tj) == TJERR_FATAL) {
        mf_status st = mf_fail(err, MF_E_FORMAT, "the JPEG header is damaged: %s", tjGetErrorStr2(tj));
        tjDestroy(tj);
        return st;
    }
    tjDestroy(tj);

    segments s        = walk(data, size);
    info->orientation = s.exif ? mf_exif_orientation(s.exif, s.exif_size) : 1;
    if (space == TJCS_GRAY) {
        info->variant      = KIND_GREY;
        info->raw_channels = info->channels = 1;
    } else if (space == TJCS_CMYK || space == TJCS_YCCK) {
        info->variant      = s.adobe ? KIND_CMYK_INVERTED : KIND_CMYK;
        info->raw_channels = 4;
        info->channels     = 3;
    } else {
        info->variant      = KIND_RGB;
        info->raw_channels = info->channels = 3;
    }
    return MF_OK;
}

/* A warning after which every pixel is still there. */
static bool
harmless(const char *text)
{
    return strstr(text, "extraneous bytes before marker") || strstr(text, "unknown JFIF revision") ||
           strstr(text, "Unknown Adobe color transform") || strstr(text, "Invalid SOS parameters");
}

/* TurboJPEG keeps the text of the first warning only, so a harmless one could hide a cut: look for the end marker. */
static bool
has_end(const uint8_t *data, size_t size)
{
    size_t scan = walk(data, size).scan;

    for (size_t i = size; i >= scan + 2; i--)
        if (data[i - 2] == 0xFF && data[i - 1] == 0xD9)
            return true;
    return false;
}

/* C, M, Y, K as shares of ink to RGB, packed in place (3 of 4 bytes). Adobe writes 255 for no ink. */
static void
cmyk_to_rgb(uint8_t *px, size_t n, bool inverted)
{
    unsigned flip = inverted ? 0u : 255u;

    for (size_t i = 0; i < n; i++) {
        const uint8_t *s = px + 4 * i;
        unsigned       c = s[0] ^ flip, m = s[1] ^ flip, y = s[2] ^ flip, k = s[3] ^ flip;
        px[3 * i + 0] = (uint8_t)((c * k + 127u) / 255u);
        px[3 * i + 1] = (uint8_t)((m * k + 127u) / 255u);
        px[3 * i + 2] = (uint8_t)((y * k + 127u) / 255u);
    }
}

static mf_status
jpeg_decode(uint8_t *px, const mf_codec_info *info, const uint8_t *data, size_t size, mf_err *err)
{
    mf_status st     = MF_OK;
    int       format = info->variant == KIND_GREY ? TJPF_GRAY : info->variant == KIND_RGB ? TJPF_RGB : TJPF_CMYK;
    tjhandle  tj     = tjInitDecompress();

    if (!tj)
        return mf_fail(err, MF_E_NOMEM, "the JPEG decoder cannot start: %s", tjGetErrorStr2(NULL));
    /* LIMITSCANS: a small progressive file may otherwise ask for minutes of work. */
    if (tjDecompress2(tj, data, (unsigned long)size, px, info->width, 0, info->height, format,
                      TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS) != 0) {
        const char *text = tjGetErrorStr2(tj);
        if (tjGetErrorCode(tj) == TJERR_FATAL || !harmless(text))
            st = mf_fail(err, MF_E_FORMAT, "the JPEG is cut short or damaged: %s", text);
        else if (!has_end(data, size))
            st = mf_fail(err, MF_E_FORMAT, "the JPEG is cut short: it has no end marker");
    }
    tjDestroy(tj);
    if (st == MF_OK && info->raw_channels == 4)
        cmyk_to_rgb(px, (size_t)info->width * (size_t)info->height, info->variant == KIND_CMYK_INVERTED);
    return st;
}

static void
release(void *data)
{
    tjFree(data);
}

static mf_status
jpeg_encode(mf_codec_bytes *out, const mf_image *im, int quality, mf_err *err)
{
    mf_status      st   = MF_OK;
    unsigned char *data = NULL;
    unsigned long  size = 0;
    mf_image       rgb  = {0}; /* JPEG has no alpha: over white */
    tjhandle       tj;

    *out = (mf_codec_bytes){0};
    if (im->channels == 4) {
        if ((st = mf_image_convert(&rgb, im, 3, err)) < 0)
            return st;
        im = &rgb;
    }
    if (!(tj = tjInitCompress())) {
        st = mf_fail(err, MF_E_NOMEM, "the JPEG encoder cannot start: %s", tjGetErrorStr2(NULL));
    } else if (tjCompress2(tj, im->px, im->width, 0, im->height, im->channels == 1 ? TJPF_GRAY : TJPF_RGB, &data, &size,
                           im->channels == 1 ? TJSAMP_GRAY : quality >= 90 ? TJSAMP_444 : TJSAMP_420, quality,
                           TJFLAG_ACCURATEDCT) != 0) {
        st = mf_fail(err, MF_E_INTERNAL, "the picture cannot be written as JPEG: %s", tjGetErrorStr2(tj));
        tjFree(data);
    } else {
        *out = (mf_codec_bytes){.data = data, .size = size, .release = release};
    }
    if (tj)
        tjDestroy(tj);
    mf_image_free(&rgb);
    return st;
}

const mf_codec mf_codec_jpeg = {
    .name = "JPEG", .endings = " .jpg .jpeg ", .is = jpeg_is, .header = jpeg_header, .decode = jpeg_decode,
    .encode = jpeg_encode,
};
