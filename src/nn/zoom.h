/* nn/zoom.h: which box of a picture the op zoom stretches, and between which pixels it reads: the same in every backend. */
#ifndef MF_NN_ZOOM_H
#define MF_NN_ZOOM_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include "nn/dropout.h"
#include "nn/ops.h"

typedef struct mf_zoom_box { int64_t left, top, w, h; } mf_zoom_box;

/* A number in [0, 1), the k-th draw of a key. */
static inline double
mf_zoom_draw(uint64_t key, uint64_t k)
{
    return (double)(mf_dropout_mix(key + k * 0x9e3779b97f4a7c15u) >> 11) * 0x1p-53;
}

static inline int64_t
mf_zoom_edge(float share, int64_t n, bool truncate)
{
    /* 0.075 of 224 is 16.8 in both; the small addition keeps 0.7f of 10 at 7. */
    const double at = (double)share * (double)n;

    return (int64_t)(truncate ? floor(at + 1e-4) : rint(at));
}

/* The box of sample n in a picture of h x w: as the attributes say, or drawn from (seed, step, id, n). */
static inline mf_zoom_box
mf_zoom_box_of(const mf_zoom_attrs *a, int64_t h, int64_t w, uint64_t seed, uint64_t step, int64_t n)
{
    mf_zoom_box b;

    if (a->hi > 0.0f) {
        const uint64_t key   = mf_dropout_key(seed, step, a->id);
        const double   scale = (double)a->lo + mf_zoom_draw(key, 3 * (uint64_t)n) * ((double)a->hi - (double)a->lo);

        b.h    = (int64_t)rint(scale * (double)h);
        b.w    = (int64_t)rint(scale * (double)w);
        b.h    = b.h < 1 ? 1 : b.h;
        b.w    = b.w < 1 ? 1 : b.w;
        b.top  = (int64_t)(mf_zoom_draw(key, 3 * (uint64_t)n + 1) * (double)(h - b.h + 1));
        b.left = (int64_t)(mf_zoom_draw(key, 3 * (uint64_t)n + 2) * (double)(w - b.w + 1));
        return b;
    }
    b.left = mf_zoom_edge(a->left, w, a->truncate != 0);
    b.top  = mf_zoom_edge(a->top, h, a->truncate != 0);
    b.w    = mf_zoom_edge(a->right, w, a->truncate != 0) - b.left;
    b.h    = mf_zoom_edge(a->bottom, h, a->truncate != 0) - b.top;
    if (b.w < 1) { /* of a tiny picture */
        b.w    = 1;
        b.left = b.left < w ? b.left : w - 1;
    }
    if (b.h < 1) {
        b.h   = 1;
        b.top = b.top < h ? b.top : h - 1;
    }
    return b;
}

/* Along one axis of n pixels: len of them around `centre`, moved in between 0 and n. What is no number is 0. */
static inline int64_t
mf_zoom_start(double centre, int64_t len, int64_t n, bool truncate)
{
    const double at = truncate ? floor(centre - (double)len / 2) : rint(centre - (double)len / 2);

    return at > 0 ? at < (double)(n - len) ? (int64_t)at : n - len : 0;
}

/* The box around (row, column). */
static inline mf_zoom_box
mf_zoom_box_around(const mf_zoom_attrs *a, int64_t h, int64_t w, double row, double column)
{
    const double  side = 2.0 * (double)a->radius * (double)(h < w ? h : w);
    const int64_t len  = side < 1.0 ? 1 : (int64_t)(a->truncate ? floor(side + 1e-4) : rint(side));
    mf_zoom_box   b    = {.w = len < w ? len : w, .h = len < h ? len : h};

    b.left = mf_zoom_start(column, b.w, w, a->truncate != 0);
    b.top  = mf_zoom_start(row, b.h, h, a->truncate != 0);
    return b;
}

/* Place i of n output places over the len pixels from `first` on: pixels a and b, and how much of b. */
typedef struct mf_zoom_tap { int32_t a, b; double t; } mf_zoom_tap;

static inline mf_zoom_tap
mf_zoom_tap_of(int64_t i, int64_t n, int64_t first, int64_t len)
{
    double  at = ((double)i + 0.5) * (double)len / (double)n - 0.5;
    int64_t k;

    at = at < 0.0 ? 0.0 : at > (double)(len - 1) ? (double)(len - 1) : at;
    k  = (int64_t)at;
    return (mf_zoom_tap){(int32_t)(first + k), (int32_t)(first + (k + 1 < len ? k + 1 : k)), at - (double)k};
}

#endif
