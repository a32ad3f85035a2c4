/* image/jitter.c: bytes as Pillow's ImageEnhance and its HSV mode make them (scan.md 8), and the finish of a sample. */
#include "image/jitter.h"

#include <math.h>
#include <string.h>

/* Pillow's Image.blend: within [0, 1] it cuts off the fraction, beyond it clips first. */
static uint8_t
blend(int from, int to, float f)
{
    const float v = (float)from + f * (float)(to - from);

    return v <= 0.0f ? 0 : v >= 255.0f ? 255 : (uint8_t)v;
}

static int
grey_of(const uint8_t *p, int ch)
{
    return ch == 1 ? p[0] : (19595 * p[0] + 38470 * p[1] + 7471 * p[2] + 0x8000) >> 16;
}

static void
brightness(uint8_t *px, size_t n, int ch, float f)
{
    for (size_t i = 0; i < n * (size_t)ch; i++)
        px[i] = blend(0, px[i], f);
}

static void
contrast(uint8_t *px, size_t n, int ch, float f)
{
    uint64_t sum = 0;
    int      mean;

    for (size_t i = 0; i < n; i++)
        sum += (uint64_t)grey_of(px + i * (size_t)ch, ch);
    mean = (int)((double)sum / (double)n + 0.5);
    for (size_t i = 0; i < n * (size_t)ch; i++)
        px[i] = blend(mean, px[i], f);
}

static void
saturation(uint8_t *px, size_t n, float f)
{
    for (size_t i = 0; i < n; i++) {
        const int grey = grey_of(px + 3 * i, 3);

        for (int c = 0; c < 3; c++)
            px[3 * i + (size_t)c] = blend(grey, px[3 * i + (size_t)c], f);
    }
}

static uint8_t
clip8(double v)
{
    return v <= 0.0 ? 0 : v >= 255.0 ? 255 : (uint8_t)v;
}

/* Pillow's rgb2hsv and hsv2rgb for one pixel, with `turn` added to the byte of hue, wrapping. */
static void
turn_hue(uint8_t *p, int turn)
{
    const int r = p[0], g = p[1], b = p[2];
    const int top = r > g ? (r > b ? r : b) : (g > b ? g : b), low = r < g ? (r < b ? r : b) : (g < b ? g : b);
    float     range, rc, gc, bc, h, s, f;
    uint8_t   hue, sat, a, q, t;
    int       part;

    if (top == low)
        return; /* no saturation: any hue is the same grey */
    range = (float)(top - low);
    s     = range / (float)top;
    rc    = (float)(top - r) / range;
    gc    = (float)(top - g) / range;
    bc    = (float)(top - b) / range;
    h     = r == top ? bc - gc : (float)(g == top ? 2.0 + (double)rc - (double)bc : 4.0 + (double)gc - (double)rc);
    h     = (float)fmod((double)h / 6.0 + 1.0, 1.0);
    hue   = (uint8_t)(clip8((double)h * 255.0) + turn);
    sat   = clip8((double)s * 255.0);
    if (sat == 0) {
        memset(p, top, 3);
        return;
    }
    part = (int)floor(hue * 6.0 / 255.0);
    f    = (float)(hue * 6.0 / 255.0 - part);
    s    = (float)sat / 255.0f;
    a = clip8(round((double)top * (1.0 - (double)s)));
    q = clip8(round((double)top * (1.0 - (double)(s * f))));
    t = clip8(round((double)top * (1.0 - (double)s * (1.0 - (double)f))));
    switch (part % 6) {
    case 0: p[0] = (uint8_t)top; p[1] = t; p[2] = a; break;
    case 1: p[0] = q; p[1] = (uint8_t)top; p[2] = a; break;
    case 2: p[0] = a; p[1] = (uint8_t)top; p[2] = t; break;
    case 3: p[0] = a; p[1] = q; p[2] = (uint8_t)top; break;
    case 4: p[0] = t; p[1] = a; p[2] = (uint8_t)top; break;
    default: p[0] = (uint8_t)top; p[1] = a; p[2] = q; break;
    }
}

void
mf_jitter_apply(uint8_t *px, int w, int h, int ch, const mf_jitter *j)
{
    const size_t n       = (size_t)w * (size_t)h;
    int          left[4] = {0, 1, 2, 3};
    int          rank    = j->order, block = 6;

    for (int k = 4; k > 0; k--) {
        const int at = k == 1 ? 0 : rank / block % k, what = left[at];

        memmove(left + at, left + at + 1, (size_t)(k - 1 - at) * sizeof left[0]);
        rank  = k == 1 ? 0 : rank % block;
        block = k > 1 ? block / (k - 1) : 1;
        if (what == 0) {
            brightness(px, n, ch, j->brightness);
        } else if (what == 1) {
            contrast(px, n, ch, j->contrast);
        } else if (ch == 3 && what == 2) {
            saturation(px, n, j->saturation);
        } else if (ch == 3) {
            for (size_t i = 0; i < n; i++)
                turn_hue(px + 3 * i, j->hue);
        }
    }
}

/* ---- the finish of a sample ---- */

static float
get(const mf_pix_out *out, ptrdiff_t at)
{
    uint32_t bits;
    float    v;

    if (out->type == MF_PIX_F32)
        return ((const float *)out->base)[at];
    bits = (uint32_t)((const uint16_t *)out->base)[at] << 16;
    memcpy(&v, &bits, sizeof v);
    return v;
}

static void
put(const mf_pix_out *out, ptrdiff_t at, float v)
{
    uint32_t bits;

    if (out->type == MF_PIX_F32) {
        ((float *)out->base)[at] = v;
        return;
    }
    memcpy(&bits, &v, sizeof bits); /* to nearest, ties to even */
    ((uint16_t *)out->base)[at] = (uint16_t)((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

void
mf_prep_finish(const mf_pix_out *out, const mf_recipe *r, int src_w, int src_h, const mf_draw *d)
{
    mf_rng rng = d->rng;

    for (int y = 0; d->black && y < r->height; y++)
        for (int x = 0; x < r->width; x++) {
            const float sx = d->m[0] * ((float)x + 0.5f) + d->m[1] * ((float)y + 0.5f) + d->m[2];
            const float sy = d->m[3] * ((float)x + 0.5f) + d->m[4] * ((float)y + 0.5f) + d->m[5];

            if (sx >= 0.0f && sx < (float)src_w && sy >= 0.0f && sy < (float)src_h)
                continue;
            for (int c = 0; c < r->channels; c++)
                put(out, c * out->sc + y * out->sy + x * out->sx, -r->mean[c] / r->std[c]);
        }
    for (int c = 0; d->noise > 0.0f && c < r->channels; c++)
        for (int y = 0; y < r->height; y++)
            for (int x = 0; x < r->width; x++) {
                const ptrdiff_t at = c * out->sc + y * out->sy + x * out->sx;

                put(out, at, get(out, at) + d->noise / r->std[c] * (float)mf_rng_normal(&rng));
            }
}
