/* nn/backends/onednn/pool_simd.c: pooling, one row of one plane at a time. The gradients gather: each row of dx is written
 * once, summed in f32 in a fixed order, so threads can share the rows without a result depending on their number. */
#include "nn/backends/onednn/simd.h"

#include <math.h>
#include "core/isa.h"
#include "nn/backends/onednn/vec.h"

typedef struct range { int lo, hi; } range;

/* Window taps of output position o that lie inside 0..n-1. */
static inline range
taps(int o, int stride, int pad, int k, int n)
{
    int   start = o * stride - pad;
    range r     = {start < 0 ? -start : 0, start + k > n ? n - start : k};

    return r;
}

/* Output positions whose window covers input position i. */
static inline range
covers(int i, int stride, int pad, int k, int no)
{
    int   last = (i + pad) / stride, first = i + pad - k + 1;
    range r    = {first <= 0 ? 0 : (first + stride - 1) / stride, (last < no - 1 ? last : no - 1) + 1};

    return r;
}

V_INLINE void
max_row(const mf_dn_pool *g, void *y, uint8_t *idx, const void *x, int oh, bool bf)
{
    range  rh = taps(oh, g->sh, g->ph, g->kh, g->h);
    size_t b  = g->b;

    for (int ow = 0; ow < g->wo; ow++) {
        range  rw = taps(ow, g->sw, g->pw, g->kw, g->w);
        size_t to = ((size_t)oh * (size_t)g->wo + (size_t)ow) * b, c = 0;

        for (; c + VW <= b; c += VW) {
            vf best = v_splat(-INFINITY);
            vi at   = {0};

            at += rh.lo * g->kw + rw.lo;
            for (int i = rh.lo; i < rh.hi; i++) {
                size_t row = ((size_t)(oh * g->sh - g->ph + i) * (size_t)g->w) * b + c;

                for (int j = rw.lo; j < rw.hi; j++) {
                    vf e    = v_load(x, row + (size_t)(ow * g->sw - g->pw + j) * b, bf);
                    vm take = v_beats(e, best);

                    best = v_blend(take, e, best);
                    at   = v_blend_i(take, i * g->kw + j, at);
                }
            }
            v_store(y, to + c, best, bf);
            if (idx != NULL) {
                v_narrow_b(idx + to + c, at);
            }
        }
        for (; c < b; c++) {
            float best = -INFINITY;
            int   at   = rh.lo * g->kw + rw.lo;

            for (int i = rh.lo; i < rh.hi; i++) {
                size_t row = ((size_t)(oh * g->sh - g->ph + i) * (size_t)g->w) * b + c;

                for (int j = rw.lo; j < rw.hi; j++) {
                    float e = s_load(x, row + (size_t)(ow * g->sw - g->pw + j) * b, bf);

                    if (e > best || (e != e && best == best)) {
                        best = e;
                        at   = i * g->kw + j;
                    }
                }
            }
            s_store(y, to + c, best, bf);
            if (idx != NULL) {
                idx[to + c] = (uint8_t)at;
            }
        }
    }
}

static void
max_f32(const mf_dn_pool *g, void *y, uint8_t *idx, const void *x, int row)
{
    max_row(g, y, idx, x, row, false);
}

static void
max_bf16(const mf_dn_pool *g, void *y, uint8_t *idx, const void *x, int row)
{
    max_row(g, y, idx, x, row, true);
}

V_INLINE void
max_dx_row(const mf_dn_pool *g, void *dx, const void *dy, const uint8_t *idx, int ih, bool bf)
{
    range  rh = covers(ih, g->sh, g->ph, g->kh, g->ho);
    size_t b  = g->b;

    range  rw = {0, 0};

    for (int iw = 0; iw < g->w; iw++) {
        size_t to = ((size_t)ih * (size_t)g->w + (size_t)iw) * b, c = 0;

        /* the windows that cover iw move along with it: no division a pixel */
        while (rw.hi < g->wo && rw.hi * g->sw - g->pw <= iw) {
            rw.hi++;
        }
        while (rw.lo < rw.hi && rw.lo * g->sw - g->pw + g->kw <= iw) {
            rw.lo++;
        }
        for (; c + VW <= b; c += VW) {
            vf sum = v_splat(0.0f);

            for (int oh = rh.lo; oh < rh.hi; oh++) {
                int tap = (ih + g->ph - oh * g->sh) * g->kw + iw + g->pw;

                for (int ow = rw.lo; ow < rw.hi; ow++) {
                    size_t from = ((size_t)oh * (size_t)g->wo + (size_t)ow) * b + c;

                    sum = v_add_where(v_same_i(v_widen_b(idx + from), tap - ow * g->sw), sum, v_load(dy, from, bf));
                }
            }
            v_store(dx, to + c, sum, bf);
        }
        for (; c < b; c++) {
            float sum = 0.0f;

            for (int oh = rh.lo; oh < rh.hi; oh++) {
                int tap = (ih + g->ph - oh * g->sh) * g->kw + iw + g->pw;

                for (int ow = rw.lo; ow < rw.hi; ow++) {
                    size_t from = ((size_t)oh * (size_t)g->wo + (size_t)ow) * b + c;

                    if (idx[from] == tap - ow * g->sw) {
                        sum += s_load(dy, from, bf);
                    }
                }
            }
            s_store(dx, to + c, sum, bf);
        }
    }
}

static void
max_dx_f32(const mf_dn_pool *g, void *dx, const void *dy, const uint8_t *idx, int row)
{
    max_dx_row(g, dx, dy, idx, row, false);
}

static void
max_dx_bf16(const mf_dn_pool *g, void *dx, const void *dy, const uint8_t *idx, int row)
{
    max_dx_row(g, dx, dy, idx, row, true);
}

/* One over the number of values in the mean of output position (rh, rw taps inside). With count_pad the window counts as
 * far as the declared padding reaches: a ceil-mode window past it is cut, as in PyTorch. */
static inline float
avg_weight(const mf_dn_pool *g, int oh, int ow, range rh, range rw)
{
    int nh = rh.hi - rh.lo, nw = rw.hi - rw.lo;

    if (g->count_pad) {
        int h0 = oh * g->sh - g->ph, w0 = ow * g->sw - g->pw;
        int h1 = h0 + g->kh < g->h + g->ph ? h0 + g->kh : g->h + g->ph;
        int w1 = w0 + g->kw < g->w + g->pw ? w0 + g->kw : g->w + g->pw;

        nh = h1 - h0;
        nw = w1 - w0;
    }
    return 1.0f / (float)(nh * nw);
}

V_INLINE void
avg_row(const mf_dn_pool *g, void *y, const void *x, int oh, bool bf)
{
    range  rh = taps(oh, g->sh, g->ph, g->kh, g->h);
    size_t b  = g->b;

    for (int ow = 0; ow < g->wo; ow++) {
        range  rw = taps(ow, g->sw, g->pw, g->kw, g->w);
        size_t to = ((size_t)oh * (size_t)g->wo + (size_t)ow) * b, c = 0;
        float  wt = avg_weight(g, oh, ow, rh, rw);

        for (; c + VW <= b; c += VW) {
            vf sum = v_splat(0.0f);

            for (int i = rh.lo; i < rh.hi; i++) {
                size_t row = ((size_t)(oh * g->sh - g->ph + i) * (size_t)g->w) * b + c;

                for (int j = rw.lo; j < rw.hi; j++) {
                    sum += v_load(x, row + (size_t)(ow * g->sw - g->pw + j) * b, bf);
                }
            }
            v_store(y, to + c, sum * wt, bf);
        }
        for (; c < b; c++) {
            float sum = 0.0f;

            for (int i = rh.lo; i < rh.hi; i++) {
                size_t row = ((size_t)(oh * g->sh - g->ph + i) * (size_t)g->w) * b + c;

                for (int j = rw.lo; j < rw.hi; j++) {
                    sum += s_load(x, row + (size_t)(ow * g->sw - g->pw + j) * b, bf);
                }
            }
            s_store(y, to + c, sum * wt, bf);
        }
    }
}

static void
avg_f32(const mf_dn_pool *g, void *y, const void *x, int row)
{
    avg_row(g, y, x, row, false);
}

static void
avg_bf16(const mf_dn_pool *g, void *y, const void *x, int row)
{
    avg_row(g, y, x, row, true);
}

V_INLINE void
avg_dx_row(const mf_dn_pool *g, void *dx, const void *dy, int ih, bool bf)
{
    range  rh = covers(ih, g->sh, g->ph, g->kh, g->ho);
    size_t b  = g->b;

    for (int iw = 0; iw < g->w; iw++) {
        range  rw = covers(iw, g->sw, g->pw, g->kw, g->wo);
        size_t to = ((size_t)ih * (size_t)g->w + (size_t)iw) * b, c = 0;

        for (; c < b; c += c + VW <= b ? VW : 1) {
            vf    sum = v_splat(0.0f);
            float one = 0.0f;
            bool  vec = c + VW <= b;

            for (int oh = rh.lo; oh < rh.hi; oh++) {
                range th = taps(oh, g->sh, g->ph, g->kh, g->h);

                for (int ow = rw.lo; ow < rw.hi; ow++) {
                    size_t from = ((size_t)oh * (size_t)g->wo + (size_t)ow) * b + c;
                    float  wt   = avg_weight(g, oh, ow, th, taps(ow, g->sw, g->pw, g->kw, g->w));

                    if (vec) {
                        sum += v_load(dy, from, bf) * wt;
                    } else {
                        one += s_load(dy, from, bf) * wt;
                    }
                }
            }
            if (vec) {
                v_store(dx, to + c, sum, bf);
            } else {
                s_store(dx, to + c, one, bf);
            }
        }
    }
}

static void
avg_dx_f32(const mf_dn_pool *g, void *dx, const void *dy, int row)
{
    avg_dx_row(g, dx, dy, row, false);
}

static void
avg_dx_bf16(const mf_dn_pool *g, void *dx, const void *dy, int row)
{
    avg_dx_row(g, dx, dy, row, true);
}

const mf_dn_pool_loops MF_ISA_NAME(mf_dn_pool_loops) = {
    .max = {max_f32, max_bf16}, .max_dx = {max_dx_f32, max_dx_bf16}, .avg = {avg_f32, avg_bf16}, .avg_dx = {avg_dx_f32, avg_dx_bf16},
};
