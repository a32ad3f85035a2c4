/* image/codecs/webp.c: WebP by libwebp, lossy and lossless, with and without alpha. Animations are refused: they hold
 * no single picture. */
#include <string.h>
#include <webp/decode.h>
#include <webp/encode.h>

#include "image/codec.h"

static bool
webp_is(const uint8_t *data, size_t size)
{
    return size >= 12 && memcmp(data, "RIFF", 4) == 0 && memcmp(data + 8, "WEBP", 4) == 0;
}

static uint32_t
le32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Orientation from the EXIF chunk of the RIFF container. */
static int
orientation(const uint8_t *data, size_t size)
{
    size_t at = 12;

    while (size - at >= 8) {
        uint32_t len = le32(data + at + 4);
        if (len > size - at - 8)
            break;
        if (memcmp(data + at, "EXIF", 4) == 0)
            return mf_exif_orientation(data + at + 8, len);
        size_t next = (size_t)len + (len & 1) + 8; /* chunks are padded to even sizes */
        if (next > size - at)
            break;
        at += next;
    }
    return 1;
}

static mf_status
webp_header(mf_codec_info *info, const uint8_t *data, size_t size, mf_err *err)
{
    WebPBitstreamFeatures f;
    VP8StatusCode         code = WebPGetFeatures(data, size, &f);

    if (code == VP8_STATUS_NOT_ENOUGH_DATA)
        return mf_fail(err, MF_E_FORMAT, "the WebP is cut short");
    if (code != VP8_STATUS_OK)
        return mf_fail(err, MF_E_FORMAT, "the WebP header is damaged (libwebp status %d)", (int)code);
    if (f.has_animation)
        return mf_fail(err, MF_E_UNSUPPORTED, "this WebP is an animation; extract the frame that is meant");
    info->width        = f.width;
    info->height       = f.height;
    info->channels     = f.has_alpha ? 4 : 3;
    info->raw_channels = info->channels;
    info->orientation  = orientation(data, size);
    return MF_OK;
}

static mf_status
webp_decode(uint8_t *px, const mf_codec_info *info, const uint8_t *data, size_t size, mf_err *err)
{
    WebPDecoderConfig config;

    if (!WebPInitDecoderConfig(&config))
        return mf_fail(err, MF_E_INTERNAL, "libwebp is of another version than its header");
    size_t stride                    = (size_t)info->width * (size_t)info->channels;
    config.output.colorspace         = info->channels == 4 ? MODE_RGBA : MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba        = px;
    config.output.u.RGBA.stride      = (int)stride;
    config.output.u.RGBA.size        = stride * (size_t)info->height;
    VP8StatusCode code = WebPDecode(data, size, &config);
    WebPFreeDecBuffer(&config.output);
    if (code == VP8_STATUS_OUT_OF_MEMORY)
        return mf_fail(err, MF_E_NOMEM, "out of memory while decoding a WebP");
    if (code == VP8_STATUS_NOT_ENOUGH_DATA || code == VP8_STATUS_SUSPENDED)
        return mf_fail(err, MF_E_FORMAT, "the WebP is cut short");
    if (code != VP8_STATUS_OK)
        return mf_fail(err, MF_E_FORMAT, "the WebP is damaged (libwebp status %d)", (int)code);
    return MF_OK;
}

static mf_status
webp_encode(mf_codec_bytes *out, const mf_image *im, int quality, mf_err *err)
{
    mf_status st   = MF_OK;
    mf_image  rgb  = {0};
    uint8_t  *data = NULL;
    size_t    size;

    *out = (mf_codec_bytes){0};
    if (im->width > WEBP_MAX_DIMENSION || im->height > WEBP_MAX_DIMENSION)
        return mf_fail(err, MF_E_LIMIT, "a WebP has at most %d pixels on a side, not %d x %d", WEBP_MAX_DIMENSION,
                       im->width, im->height);
    if (im->channels == 1) {
        if ((st = mf_image_convert(&rgb, im, 3, err)) < 0)
            return st;
        im = &rgb;
    }
    int stride = im->width * im->channels;
    if (quality >= 100)
        size = im->channels == 4 ? WebPEncodeLosslessRGBA(im->px, im->width, im->height, stride, &data)
                                 : WebPEncodeLosslessRGB(im->px, im->width, im->height, stride, &data);
    else
        size = im->channels == 4 ? WebPEncodeRGBA(im->px, im->width, im->height, stride, (float)quality, &data)
                                 : WebPEncodeRGB(im->px, im->width, im->height, stride, (float)quality, &data);
    if (size == 0)
        st = mf_fail(err, MF_E_INTERNAL, "the picture cannot be written as WebP (out of memory?)");
    else
        *out = (mf_codec_bytes){.data = data, .size = size, .release = WebPFree};
    mf_image_free(&rgb);
    return st;
}

const mf_codec mf_codec_webp = {
    .name = "WebP", .endings = " .webp ", .is = webp_is, .header = webp_header, .decode = webp_decode,
    .encode = webp_encode,
};
