/* image/resize.c: separable bilinear resizing with antialiasing, bit-equal to Pillow's BILINEAR (msde.md 2.5, end):
 * a triangle filter as wide as the scale when shrinking, weights in 22 fractional bits, rows first, 8 bits between the
 * passes, and alpha multiplied in before and out after. */
#include <string.h>

#include "core/mem.h"
#include "image/decoder.h"

enum { BITS = 22 };

typedef struct axis {
    int      taps;   /* the most a place needs */
    int32_t *first;  /* [out] first source index */
    int32_t *count;  /* [out] */
    int32_t *weight; /* [out, taps] */
} axis;

static double
triangle(double x)
{
    if (x < 0.0)
        x = -x;
    return x < 1.0 ? 1.0 - x : 0.0;
}

/* How many taps `out` places over `in` pixels need; and whether memory for them can be asked for. */
static int
tap_count(int in, int out)
{
    double support = (double)in / out;
    int    whole;

    if (support < 1.0)
        support = 1.0;
    whole = (int)support;
    return ((double)whole < support ? whole + 1 : whole) * 2 + 1;
}

static void
fill_axis(axis *a, double *w, int in, int out)
{
    double scale = (double)in / out, fs = scale < 1.0 ? 1.0 : scale, inv = 1.0 / fs;

    for (int x = 0; x < out; x++) {
        /* volatile: each product is rounded before it meets a sum, however the compiler likes to fuse them */
        volatile double centre = (x + 0.5) * scale, place;
        double          sum = 0.0;
        int    lo = (int)(centre - fs + 0.5), hi = (int)(centre + fs + 0.5);
        if (lo < 0)
            lo = 0;
        if (hi > in)
            hi = in;
        int32_t *k = a->weight + (size_t)x * (size_t)a->taps;
        for (int i = 0; i < hi - lo; i++) {
            place = (i + lo - centre + 0.5) * inv;
            w[i]  = triangle(place);
            sum += w[i];
        }
        for (int i = 0; i < a->taps; i++) {
            double v = i >= hi - lo ? 0.0 : sum != 0.0 ? w[i] / sum : w[i];
            k[i]     = (int32_t)(v * (1 << BITS) + 0.5);
        }
        a->first[x] = lo;
        a->count[x] = hi - lo;
    }
}

static uint8_t
clip(int32_t v)
{
    v >>= BITS;
    return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

/* dst [h, out, ch] from src [h, in, ch] */
static void
pass_rows(uint8_t *restrict dst, const uint8_t *restrict src, const axis *a, int in, int out, int h, int ch)
{
    for (int y = 0; y < h; y++) {
        const uint8_t *s = src + (size_t)y * (size_t)in * (size_t)ch;
        uint8_t       *d = dst + (size_t)y * (size_t)out * (size_t)ch;
        for (int x = 0; x < out; x++, d += ch) {
            const int32_t *k = a->weight + (size_t)x * (size_t)a->taps;
            const uint8_t *p = s + (size_t)a->first[x] * (size_t)ch;
            int            n = a->count[x];
            int32_t        v[4] = {1 << (BITS - 1), 1 << (BITS - 1), 1 << (BITS - 1), 1 << (BITS - 1)};
            if (ch == 3)
                for (int i = 0; i < n; i++, p += 3) {
                    v[0] += p[0] * k[i];
                    v[1] += p[1] * k[i];
                    v[2] += p[2] * k[i];
                }
            else if (ch == 1)
                for (int i = 0; i < n; i++)
                    v[0] += p[i] * k[i];
            else
                for (int i = 0; i < n; i++, p += 4)
                    for (int c = 0; c < 4; c++)
                        v[c] += p[c] * k[i];
            for (int c = 0; c < ch; c++)
                d[c] = clip(v[c]);
        }
    }
}

/* dst [out, row] from src [in, row]; acc: [row] */
static void
pass_columns(uint8_t *restrict dst, const uint8_t *restrict src, int32_t *restrict acc, const axis *a, int out,
             size_t row)
{
    for (int y = 0; y < out; y++) {
        const int32_t *k = a->weight + (size_t)y * (size_t)a->taps;
        for (size_t i = 0; i < row; i++)
            acc[i] = 1 << (BITS - 1);
        for (int t = 0; t < a->count[y]; t++) {
            const uint8_t *s = src + (size_t)(a->first[y] + t) * row;
            int32_t        w = k[t];
            for (size_t i = 0; i < row; i++)
                acc[i] += s[i] * w;
        }
        uint8_t *d = dst + (size_t)y * row;
        for (size_t i = 0; i < row; i++)
            d[i] = clip(acc[i]);
    }
}

/* v * a / 255, rounded, as Pillow does it. */
static uint8_t
times(unsigned v, unsigned a)
{
    unsigned t = v * a + 128u;
    return (uint8_t)(((t >> 8) + t) >> 8);
}

static void
alpha_in(uint8_t *dst, const uint8_t *src, size_t n)
{
    for (size_t i = 0; i < n; i++, src += 4, dst += 4) {
        unsigned a = src[3];
        dst[0]     = times(src[0], a);
        dst[1]     = times(src[1], a);
        dst[2]     = times(src[2], a);
        dst[3]     = (uint8_t)a;
    }
}

static void
alpha_out(uint8_t *px, size_t n)
{
    for (size_t i = 0; i < n; i++, px += 4) {
        unsigned a = px[3];
        if (a == 0 || a == 255)
            continue;
        for (int c = 0; c < 3; c++) {
            unsigned v = 255u * px[c] / a;
            px[c]      = (uint8_t)(v > 255 ? 255 : v);
        }
    }
}

/* One block holds both axes' tables, the accumulators, the picture between the passes and the one with alpha in. */
typedef struct plan {
    size_t first, count, weight, w, acc, mid, pre, total;
} plan;

static bool
plan_add(size_t *at, plan *p, size_t n, size_t size)
{
    size_t bytes;

    *at = p->total;
    return mf_size_mul(&bytes, n, size) && mf_size_add(&bytes, bytes, 63) &&
           mf_size_add(&p->total, p->total, bytes & ~(size_t)63);
}

mf_status
mf_decoder_resize(mf_decoder *dc, uint8_t *dst, int width, int height, const mf_image *src, mf_err *err)
{
    mf_status st;
    size_t    ch = (size_t)src->channels, row = (size_t)width * ch;
    size_t    n = (size_t)src->width * (size_t)src->height;
    bool      across = width != src->width, down = height != src->height, alpha = src->channels == 4;
    int       tx = tap_count(src->width, width), ty = tap_count(src->height, height), most = tx > ty ? tx : ty;
    size_t    side = (size_t)(width > height ? width : height), taps, needed;
    plan      p = {0};

    if (!across && !down) {
        memcpy(dst, src->px, n * ch);
        return MF_OK;
    }
    taps   = (size_t)width * (size_t)tx > (size_t)height * (size_t)ty ? (size_t)width * (size_t)tx
                                                                      : (size_t)height * (size_t)ty;
    needed = (size_t)src->height * row;
    if (!plan_add(&p.first, &p, side, sizeof(int32_t)) || !plan_add(&p.count, &p, side, sizeof(int32_t)) ||
        !plan_add(&p.weight, &p, taps, sizeof(int32_t)) || !plan_add(&p.w, &p, (size_t)most, sizeof(double)) ||
        !plan_add(&p.acc, &p, down ? row : 0, sizeof(int32_t)) || !plan_add(&p.mid, &p, across && down ? needed : 0, 1) ||
        !plan_add(&p.pre, &p, alpha ? n * 4 : 0, 1))
        return mf_fail(err, MF_E_LIMIT, "resizing %d x %d to %d x %d does not fit in memory", src->width, src->height,
                       width, height);
    if ((st = mf_scratch_need(&dc->coef, p.total, "resizing a picture", err)) < 0)
        return st;

    uint8_t       *base = dc->coef.data;
    const uint8_t *from = src->px;
    axis           a    = {.first  = (int32_t *)(void *)(base + p.first),
                           .count  = (int32_t *)(void *)(base + p.count),
                           .weight = (int32_t *)(void *)(base + p.weight)};
    double        *w    = (double *)(void *)(base + p.w);

    if (alpha) {
        alpha_in(base + p.pre, from, n);
        from = base + p.pre;
    }
    if (across) {
        uint8_t *to = down ? base + p.mid : dst;
        a.taps      = tx;
        fill_axis(&a, w, src->width, width);
        pass_rows(to, from, &a, src->width, width, src->height, src->channels);
        from = to;
    }
    if (down) {
        a.taps = ty;
        fill_axis(&a, w, src->height, height);
        pass_columns(dst, from, (int32_t *)(void *)(base + p.acc), &a, height, row);
    }
    if (alpha)
        alpha_out(dst, (size_t)width * (size_t)height);
    return MF_OK;
}

mf_status
mf_image_resize(mf_image *out, const mf_image *src, int width, int height, mf_err *err)
{
    mf_decoder dc = {0};
    mf_image   made;
    mf_status  st = mf_image_new(&made, width, height, src->channels, err);

    *out = (mf_image){0};
    if (st == MF_OK && (st = mf_decoder_resize(&dc, made.px, width, height, src, err)) == MF_OK) {
        *out = made;
        made = (mf_image){0};
    }
    mf_image_free(&made);
    mf_decoder_free(&dc);
    return st;
}
