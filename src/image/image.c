/* image/image.c: pictures as values: made, copied, cut, and their channels changed. Owns the limits of image.h. */
#include "image/image.h"

#include <string.h>

#include "core/mem.h"
#include "image/codec.h"

static mf_status
check_shape(size_t *bytes, int width, int height, int channels, mf_err *err)
{
    if (width < 1 || height < 1)
        return mf_fail(err, MF_E_ARG, "a picture needs at least one pixel, not %d x %d", width, height);
    if (channels != 1 && channels != 3 && channels != 4)
        return mf_fail(err, MF_E_ARG, "a picture has 1, 3 or 4 channels, not %d", channels);
    if (width > MF_IMAGE_MAX_SIDE || height > MF_IMAGE_MAX_SIDE ||
        (int64_t)width * height > MF_IMAGE_MAX_PIXELS)
        return mf_fail(err, MF_E_LIMIT, "a picture of %d x %d pixels is over the limit (%d on a side, %d in all)", width,
                       height, (int)MF_IMAGE_MAX_SIDE, (int)MF_IMAGE_MAX_PIXELS);
    if (!mf_size_mul(bytes, (size_t)width * (size_t)height, (size_t)channels))
        return mf_fail(err, MF_E_LIMIT, "a picture of %d x %d pixels does not fit in memory", width, height);
    return MF_OK;
}

mf_status
mf_image_new(mf_image *out, int width, int height, int channels, mf_err *err)
{
    mf_status st;
    size_t    bytes;

    *out = (mf_image){0};
    if ((st = check_shape(&bytes, width, height, channels, err)) < 0)
        return st;
    uint8_t *px = mf_aligned(bytes);
    if (!px)
        return mf_oom(err, bytes, "a picture");
    *out = (mf_image){.px = px, .width = width, .height = height, .channels = channels};
    return MF_OK;
}

void
mf_image_free(mf_image *im)
{
    if (!im)
        return;
    mf_free(im->px);
    *im = (mf_image){0};
}

static size_t
pixel_count(const mf_image *im)
{
    return (size_t)im->width * (size_t)im->height;
}

mf_status
mf_image_copy(mf_image *out, const mf_image *src, mf_err *err)
{
    mf_image  made;
    mf_status st = mf_image_new(&made, src->width, src->height, src->channels, err);

    if (st == MF_OK)
        memcpy(made.px, src->px, pixel_count(src) * (size_t)src->channels);
    *out = made;
    return st;
}

/* ITU-R BT.601 luma in 16 fractional bits, rounded: the integers that Pillow uses. */
static uint8_t
luma(unsigned r, unsigned g, unsigned b)
{
    return (uint8_t)((r * 19595u + g * 38470u + b * 7471u + 0x8000u) >> 16);
}

static uint8_t
over_white(unsigned v, unsigned a)
{
    return (uint8_t)((v * a + 255u * (255u - a) + 127u) / 255u);
}

void
mf_convert_px(uint8_t *dst, int dc, const uint8_t *src, int sc, size_t n)
{
    if (sc == dc) {
        if (dst != src)
            memmove(dst, src, n * (size_t)sc);
        return;
    }
    /* In place: a shrinking conversion runs forwards, a growing one backwards, so no pixel is overwritten unread. */
    for (size_t k = 0; k < n; k++) {
        size_t         i = dc < sc ? k : n - 1 - k;
        const uint8_t *s = src + i * (size_t)sc;
        uint8_t       *d = dst + i * (size_t)dc;
        uint8_t        r = s[0], g = sc > 1 ? s[1] : s[0], b = sc > 1 ? s[2] : s[0];

        if (sc == 4 && dc < 4) {
            unsigned a = s[3];
            r          = over_white(r, a);
            g          = over_white(g, a);
            b          = over_white(b, a);
        }
        if (dc == 1) {
            d[0] = luma(r, g, b);
            continue;
        }
        d[0] = r;
        d[1] = g;
        d[2] = b;
        if (dc == 4)
            d[3] = 255;
    }
}

mf_status
mf_image_convert(mf_image *out, const mf_image *src, int channels, mf_err *err)
{
    mf_image  made;
    mf_status st = mf_image_new(&made, src->width, src->height, channels, err);

    if (st == MF_OK)
        mf_convert_px(made.px, channels, src->px, src->channels, pixel_count(src));
    *out = made;
    return st;
}

mf_status
mf_image_crop(mf_image *out, const mf_image *src, int x, int y, int w, int h, int fill, mf_err *err)
{
    mf_image  made;
    mf_status st;

    *out = (mf_image){0};
    if (fill < 0 || fill > 255)
        return mf_fail(err, MF_E_ARG, "the fill of a crop is 0 to 255, not %d", fill);
    if ((st = mf_image_new(&made, w, h, src->channels, err)) < 0)
        return st;

    size_t  ch = (size_t)src->channels, row = (size_t)w * ch;
    int64_t x0 = x < 0 ? -(int64_t)x : 0;                     /* first column inside, in the crop */
    int64_t x1 = (int64_t)src->width - x < w ? (int64_t)src->width - x : w; /* one past the last */

    for (int j = 0; j < h; j++) {
        uint8_t *d  = made.px + (size_t)j * row;
        int64_t  sy = (int64_t)y + j;

        if (sy < 0 || sy >= src->height || x0 >= x1) {
            memset(d, fill, row);
            continue;
        }
        const uint8_t *s = src->px + ((size_t)sy * (size_t)src->width + (size_t)((int64_t)x + x0)) * ch;
        memset(d, fill, (size_t)x0 * ch);
        memcpy(d + (size_t)x0 * ch, s, (size_t)(x1 - x0) * ch);
        memset(d + (size_t)x1 * ch, fill, (size_t)(w - x1) * ch);
    }
    *out = made;
    return MF_OK;
}
