/* nn/backends/onednn/chan_simd.c: the loops of batch norm over rows of pixels: statistics, normalising, gradients.
 *
 * Statistics take a row twice while it lies in the first-level cache: the mean, then the squared deviations from it, so
 * nothing cancels. Rows are short (mf_dn_chan cuts them), so f32 sums inside a row are enough. */
#include "nn/backends/onednn/simd.h"

#include "core/isa.h"
#include "nn/backends/onednn/vec.h"

enum { V_UNROLL = 4 };

/* sum over pix of (x - m), or of (x - m)^2, for NV vectors of channels at x; rows of b elements apart. */
#define SUM_STRIP(NV, U)                                                                                                  \
    V_INLINE void sum_strip_##NV(const void *x, size_t at, size_t pix, size_t b, const float *m, float *out, bool square,  \
                                 bool bf)                                                                                  \
    {                                                                                                                      \
        vf     acc[(NV) * (U)], mean[NV];                                                                                  \
        size_t p = 0;                                                                                                      \
                                                                                                                           \
        for (int v = 0; v < (NV); v++) {                                                                                   \
            mean[v] = v_load_f(m + v * VW);                                                                                \
        }                                                                                                                  \
        for (int v = 0; v < (NV) * (U); v++) {                                                                             \
            acc[v] = v_splat(0.0f);                                                                                        \
        }                                                                                                                  \
        for (; p + (U) <= pix; p += (U)) {                                                                                 \
            for (int u = 0; u < (U); u++) {                                                                                \
                for (int v = 0; v < (NV); v++) {                                                                           \
                    vf d = v_load(x, at + (p + (size_t)u) * b + (size_t)(v * VW), bf) - mean[v];                           \
                                                                                                                           \
                    acc[u * (NV) + v] += square ? d * d : d;                                                               \
                }                                                                                                          \
            }                                                                                                              \
        }                                                                                                                  \
        for (; p < pix; p++) {                                                                                             \
            for (int v = 0; v < (NV); v++) {                                                                               \
                vf d = v_load(x, at + p * b + (size_t)(v * VW), bf) - mean[v];                                             \
                                                                                                                           \
                acc[v] += square ? d * d : d;                                                                              \
            }                                                                                                              \
        }                                                                                                                  \
        for (int v = 0; v < (NV); v++) {                                                                                   \
            for (int u = 1; u < (U); u++) {                                                                                \
                acc[v] += acc[u * (NV) + v];                                                                               \
            }                                                                                                              \
            v_store_f(out + v * VW, acc[v]);                                                                               \
        }                                                                                                                  \
    }
SUM_STRIP(1, 4)
SUM_STRIP(4, 1)

/* The same for one channel, pixels `b` apart. */
V_INLINE float
sum_scalar(const void *x, size_t at, size_t pix, size_t b, float m, bool square, bool bf)
{
    float s = 0.0f;

    for (size_t p = 0; p < pix; p++) {
        float d = s_load(x, at + p * b, bf) - m;

        s += square ? d * d : d;
    }
    return s;
}

/* Sums of a row, each channel. */
V_INLINE void
sum_row(const void *x, size_t pix, size_t b, const float *m, float *out, bool square, bool bf)
{
    size_t c = 0;

    if (b == 1) {
        float  ms[VW], os[VW];
        size_t whole = pix / VW;
        vf     acc;

        for (int i = 0; i < VW; i++) {
            ms[i] = m[0];
        }
        sum_strip_1(x, 0, whole, VW, ms, os, square, bf);
        acc    = v_load_f(os);
        out[0] = v_sum(acc) + sum_scalar(x, whole * VW, pix - whole * VW, 1, m[0], square, bf);
        return;
    }
    for (; c + 4 * VW <= b; c += 4 * VW) {
        sum_strip_4(x, c, pix, b, m + c, out + c, square, bf);
    }
    for (; c + VW <= b; c += VW) {
        sum_strip_1(x, c, pix, b, m + c, out + c, square, bf);
    }
    for (; c < b; c++) {
        out[c] = sum_scalar(x, c, pix, b, m[c], square, bf);
    }
}

V_INLINE void
stats(const void *x, size_t pix, size_t b, float *mean, float *m2, bool bf)
{
    float  inv = 1.0f / (float)pix;
    size_t c;

    /* Around the first pixel, so that a large common offset does not eat the sum's digits. */
    for (c = 0; c < b; c++) {
        mean[c] = s_load(x, c, bf);
    }
    sum_row(x, pix, b, mean, m2, false, bf);
    for (c = 0; c < b; c++) {
        mean[c] += m2[c] * inv;
    }
    sum_row(x, pix, b, mean, m2, true, bf);
}

static void
stats_f32(const void *x, size_t pix, size_t b, float *mean, float *m2)
{
    stats(x, pix, b, mean, m2, false);
}

static void
stats_bf16(const void *x, size_t pix, size_t b, float *mean, float *m2)
{
    stats(x, pix, b, mean, m2, true);
}

static void
merge(double *mean, double *m2, double n, const float *row_mean, const float *row_m2, double nc, size_t b)
{
    double w = nc / (n + nc);

    for (size_t c = 0; c < b; c++) {
        double d = (double)row_mean[c] - mean[c];

        mean[c] += d * w;
        m2[c] += (double)row_m2[c] + d * d * n * w;
    }
}

static void
add_to(double *acc, const float *row, size_t b)
{
    for (size_t c = 0; c < b; c++) {
        acc[c] += (double)row[c];
    }
}

/* ---- y = x scale + shift + res ---- */

V_INLINE void
affine_vec(void *y, const void *x, const void *res, size_t at, vf mean, vf scale, vf shift, bool has_res, bool relu, bool bf)
{
    vf v = (v_load(x, at, bf) - mean) * scale + shift;

    if (has_res) {
        v += v_load(res, at, bf);
    }
    if (relu) {
        v = v_relu(v);
    }
    v_store(y, at, v, bf);
}

V_INLINE void
affine_scalar(void *y, const void *x, const void *res, size_t at, float mean, float scale, float shift, bool has_res, bool relu,
              bool bf)
{
    float v = (s_load(x, at, bf) - mean) * scale + shift;

    if (has_res) {
        v += s_load(res, at, bf);
    }
    if (relu && v < 0.0f) {
        v = 0.0f;
    }
    s_store(y, at, v, bf);
}

V_INLINE void
affine_row(void *y, const void *x, const void *res, size_t pix, size_t b, const float *mean, const float *scale, const float *shift, bool has_res,
           bool relu, bool bf)
{
    size_t p, c;

    if (b == 1 || b == VW) {
        vf     s = b == 1 ? v_splat(scale[0]) : v_load_f(scale), h = b == 1 ? v_splat(shift[0]) : v_load_f(shift);
        vf     m = b == 1 ? v_splat(mean[0]) : v_load_f(mean);
        size_t n = pix * b, at = 0;

        for (; at + 4 * VW <= n; at += 4 * VW) {
            affine_vec(y, x, res, at, m, s, h, has_res, relu, bf);
            affine_vec(y, x, res, at + VW, m, s, h, has_res, relu, bf);
            affine_vec(y, x, res, at + 2 * VW, m, s, h, has_res, relu, bf);
            affine_vec(y, x, res, at + 3 * VW, m, s, h, has_res, relu, bf);
        }
        for (; at + VW <= n; at += VW) {
            affine_vec(y, x, res, at, m, s, h, has_res, relu, bf);
        }
        for (; at < n; at++) { /* b == 1 only */
            affine_scalar(y, x, res, at, mean[0], scale[0], shift[0], has_res, relu, bf);
        }
        return;
    }
    for (p = 0; p < pix; p++) {
        for (c = 0; c + VW <= b; c += VW) {
            affine_vec(y, x, res, p * b + c, v_load_f(mean + c), v_load_f(scale + c), v_load_f(shift + c), has_res, relu, bf);
        }
        for (; c < b; c++) {
            affine_scalar(y, x, res, p * b + c, mean[c], scale[c], shift[c], has_res, relu, bf);
        }
    }
}

V_INLINE void
affine(void *y, const void *x, const void *res, size_t pix, size_t b, const float *mean, const float *scale, const float *shift, bool relu, bool bf)
{
    if (res != NULL) {
        if (relu) {
            affine_row(y, x, res, pix, b, mean, scale, shift, true, true, bf);
        } else {
            affine_row(y, x, res, pix, b, mean, scale, shift, true, false, bf);
        }
    } else if (relu) {
        affine_row(y, x, res, pix, b, mean, scale, shift, false, true, bf);
    } else {
        affine_row(y, x, res, pix, b, mean, scale, shift, false, false, bf);
    }
}

static void
affine_f32(void *y, const void *x, const void *res, size_t pix, size_t b, const float *mean, const float *scale, const float *shift, bool relu)
{
    affine(y, x, res, pix, b, mean, scale, shift, relu, false);
}

static void
affine_bf16(void *y, const void *x, const void *res, size_t pix, size_t b, const float *mean, const float *scale, const float *shift, bool relu)
{
    affine(y, x, res, pix, b, mean, scale, shift, relu, true);
}

/* ---- gradients ---- */

/* What tells where ReLU let through. */
typedef enum mask_by { MASK_NONE, MASK_Y, MASK_X } mask_by;

/* Coefficients of a vector of channels: of the mask by x, and of the second pass. */
typedef struct grad_coef { vf mean, s, h, a, mg, k; } grad_coef;

V_INLINE vf
coef_load(const float *p, size_t c, bool one)
{
    return one ? v_splat(p[0]) : v_load_f(p + c);
}

/* Channels c.. of the row; one: its only channel. */
V_INLINE grad_coef
coef_mask(const mf_dn_grad_row *r, size_t c, bool one, mask_by mask)
{
    grad_coef k = {0};

    if (mask == MASK_X) {
        k.mean = coef_load(r->mean, c, one);
        k.s    = coef_load(r->s, c, one);
        k.h    = coef_load(r->h, c, one);
    }
    return k;
}

V_INLINE grad_coef
coef_apply(const mf_dn_grad_row *r, size_t c, bool one, mask_by mask)
{
    grad_coef k = coef_mask(r, c, one, mask);

    k.mean = coef_load(r->mean, c, one);
    k.a    = coef_load(r->a, c, one);
    k.mg   = coef_load(r->mg, c, one);
    k.k    = coef_load(r->k, c, one);
    return k;
}

V_INLINE vf
grad_vec(const mf_dn_grad_row *r, size_t at, const grad_coef *k, bool has2, mask_by mask, bool bf)
{
    vf g = v_load(r->dy, at, bf);

    if (has2) {
        g += v_load(r->dy2, at, bf);
    }
    if (mask == MASK_Y) {
        g = (vf)((vi)g & (v_load(r->y, at, bf) > 0.0f));
    } else if (mask == MASK_X) {
        g = (vf)((vi)g & ((v_load(r->x, at, bf) - k->mean) * k->s + k->h > 0.0f));
    }
    return g;
}

V_INLINE float
grad_scalar(const mf_dn_grad_row *r, size_t at, size_t c, bool has2, mask_by mask, bool bf)
{
    float g = s_load(r->dy, at, bf);

    if (has2) {
        g += s_load(r->dy2, at, bf);
    }
    if (mask == MASK_X) {
        return (s_load(r->x, at, bf) - r->mean[c]) * r->s[c] + r->h[c] > 0.0f ? g : 0.0f;
    }
    return mask == MASK_Y && !(s_load(r->y, at, bf) > 0.0f) ? 0.0f : g;
}

/* NV vectors of channels starting at element `at`, rows `b` apart. */
#define GRAD_STRIP(NV, U)                                                                                                 \
    V_INLINE void grad_strip_##NV(const mf_dn_grad_row *r, size_t c, bool one, size_t pix, size_t b, const float *m, float *og,     \
                                  float *ogx, bool has2, mask_by mask, bool keep, bool has_x, bool bf)                      \
    {                                                                                                                      \
        vf        sg[(NV) * (U)], sx[(NV) * (U)], mean[NV];                                                                \
        grad_coef coef[NV];                                                                                                \
        size_t    p = 0;                                                                                                   \
                                                                                                                           \
        for (int v = 0; v < (NV); v++) {                                                                                   \
            mean[v] = has_x ? v_load_f(m + v * VW) : v_splat(0.0f);                                                        \
            coef[v] = coef_mask(r, c + (size_t)(v * VW), one, mask);                                                       \
        }                                                                                                                  \
        for (int v = 0; v < (NV) * (U); v++) {                                                                             \
            sg[v] = sx[v] = v_splat(0.0f);                                                                                 \
        }                                                                                                                  \
        while (p < pix) {                                                                                                  \
            int us = pix - p >= (U) ? (U) : 1;                                                                             \
                                                                                                                           \
            if (us == (U)) {                                                                                               \
                for (int u = 0; u < (U); u++) {                                                                            \
                    for (int v = 0; v < (NV); v++) {                                                                       \
                        size_t i = c + (p + (size_t)u) * b + (size_t)(v * VW);                                            \
                        vf     g = grad_vec(r, i, &coef[v], has2, mask, bf);                                                       \
                                                                                                                           \
                        sg[u * (NV) + v] += g;                                                                             \
                        if (has_x) {                                                                                       \
                            sx[u * (NV) + v] += g * (v_load(r->x, i, bf) - mean[v]);                                       \
                        }                                                                                                  \
                        if (keep) {                                                                                        \
                            v_store(r->g, i, g, bf);                                                                       \
                        }                                                                                                  \
                    }                                                                                                      \
                }                                                                                                          \
            } else {                                                                                                       \
                for (int v = 0; v < (NV); v++) {                                                                           \
                    size_t i = c + p * b + (size_t)(v * VW);                                                              \
                    vf     g = grad_vec(r, i, &coef[v], has2, mask, bf);                                                           \
                                                                                                                           \
                    sg[v] += g;                                                                                            \
                    if (has_x) {                                                                                           \
                        sx[v] += g * (v_load(r->x, i, bf) - mean[v]);                                                      \
                    }                                                                                                      \
                    if (keep) {                                                                                            \
                        v_store(r->g, i, g, bf);                                                                           \
                    }                                                                                                      \
                }                                                                                                          \
            }                                                                                                              \
            p += (size_t)us;                                                                                               \
        }                                                                                                                  \
        for (int v = 0; v < (NV); v++) {                                                                                   \
            for (int u = 1; u < (U); u++) {                                                                                \
                sg[v] += sg[u * (NV) + v];                                                                                 \
                sx[v] += sx[u * (NV) + v];                                                                                 \
            }                                                                                                              \
            v_store_f(og + v * VW, sg[v]);                                                                                 \
            if (has_x) {                                                                                                   \
                v_store_f(ogx + v * VW, sx[v]);                                                                            \
            }                                                                                                              \
        }                                                                                                                  \
    }
GRAD_STRIP(1, 4)
GRAD_STRIP(4, 1)

V_INLINE void
grad_one(const mf_dn_grad_row *r, size_t at, size_t c, size_t pix, size_t b, float m, float *og, float *ogx, bool has2, mask_by mask,
         bool keep, bool has_x, bool bf)
{
    for (size_t p = 0; p < pix; p++) {
        size_t i = at + p * b;
        float  g = grad_scalar(r, i, c, has2, mask, bf);

        *og += g;
        if (has_x) {
            *ogx += g * (s_load(r->x, i, bf) - m);
        }
        if (keep) {
            s_store(r->g, i, g, bf);
        }
    }
}

V_INLINE void
grad_sums_row(const mf_dn_grad_row *r, bool has2, mask_by mask, bool keep, bool has_x, bool bf)
{
    size_t c = 0, b = r->b, pix = r->pix;
    float  zero[4 * VW] = {0};

    if (b == 1) {
        float  ms[VW], og[VW], ogx[VW];
        size_t whole = pix / VW;
        float  m     = has_x ? r->mean[0] : 0.0f;

        for (int i = 0; i < VW; i++) {
            ms[i] = m;
        }
        grad_strip_1(r, 0, true, whole, VW, ms, og, ogx, has2, mask, keep, has_x, bf);
        r->sum_g[0] = v_sum(v_load_f(og));
        if (has_x) {
            r->sum_gx[0] = v_sum(v_load_f(ogx));
        }
        grad_one(r, whole * VW, 0, pix - whole * VW, 1, m, r->sum_g, r->sum_gx, has2, mask, keep, has_x, bf);
        return;
    }
    for (; c + 4 * VW <= b; c += 4 * VW) {
        grad_strip_4(r, c, false, pix, b, has_x ? r->mean + c : zero, r->sum_g + c, has_x ? r->sum_gx + c : NULL, has2, mask, keep,
                     has_x, bf);
    }
    for (; c + VW <= b; c += VW) {
        grad_strip_1(r, c, false, pix, b, has_x ? r->mean + c : zero, r->sum_g + c, has_x ? r->sum_gx + c : NULL, has2, mask, keep,
                     has_x, bf);
    }
    for (; c < b; c++) {
        float none = 0.0f;

        r->sum_g[c] = 0.0f;
        if (has_x) {
            r->sum_gx[c] = 0.0f;
        }
        grad_one(r, c, c, pix, b, has_x ? r->mean[c] : 0.0f, r->sum_g + c, has_x ? r->sum_gx + c : &none, has2, mask, keep, has_x,
                 bf);
    }
}

#define GRAD_MASK(fn, has2, bf)                                                                                            \
    do {                                                                                                                   \
        if (r->y != NULL) {                                                                                                \
            fn(has2, MASK_Y, bf);                                                                                          \
        } else if (r->s != NULL) {                                                                                         \
            fn(has2, MASK_X, bf);                                                                                          \
        } else {                                                                                                           \
            fn(has2, MASK_NONE, bf);                                                                                       \
        }                                                                                                                  \
    } while (0)

#define GRAD_CASE(fn, bf)                                                                                                  \
    do {                                                                                                                   \
        if (r->dy2 != NULL) {                                                                                              \
            GRAD_MASK(fn, true, bf);                                                                                       \
        } else {                                                                                                           \
            GRAD_MASK(fn, false, bf);                                                                                      \
        }                                                                                                                  \
    } while (0)

#define SUMS(has2, mask, bf)                                                                                             \
    do {                                                                                                                   \
        if (r->x == NULL) {                                                                                                \
            grad_sums_row(r, has2, mask, false, false, bf);                                                              \
        } else if (r->g != NULL) {                                                                                         \
            grad_sums_row(r, has2, mask, true, true, bf);                                                                \
        } else {                                                                                                           \
            grad_sums_row(r, has2, mask, false, true, bf);                                                               \
        }                                                                                                                  \
    } while (0)

static void
grad_sums_f32(const mf_dn_grad_row *r)
{
    GRAD_CASE(SUMS, false);
}

static void
grad_sums_bf16(const mf_dn_grad_row *r)
{
    GRAD_CASE(SUMS, true);
}

V_INLINE void
apply_vec(const mf_dn_grad_row *r, size_t at, const grad_coef *k, bool has2, mask_by mask, bool bf)
{
    vf g = grad_vec(r, at, k, has2, mask, bf);

    v_store(r->dx, at, k->a * (g - k->mg) + k->k * (v_load(r->x, at, bf) - k->mean), bf);
}

V_INLINE void
apply_scalar(const mf_dn_grad_row *r, size_t at, size_t c, bool has2, mask_by mask, bool bf)
{
    float g = grad_scalar(r, at, c, has2, mask, bf);

    s_store(r->dx, at, r->a[c] * (g - r->mg[c]) + r->k[c] * (s_load(r->x, at, bf) - r->mean[c]), bf);
}

V_INLINE void
apply_row(const mf_dn_grad_row *r, bool has2, mask_by mask, bool bf)
{
    size_t b = r->b, n = r->pix * b, at = 0, c;

    if (b == 1 || b == VW) {
        grad_coef k = coef_apply(r, 0, b == 1, mask);

        for (; at + 2 * VW <= n; at += 2 * VW) {
            apply_vec(r, at, &k, has2, mask, bf);
            apply_vec(r, at + VW, &k, has2, mask, bf);
        }
        for (; at + VW <= n; at += VW) {
            apply_vec(r, at, &k, has2, mask, bf);
        }
        for (; at < n; at++) {
            apply_scalar(r, at, 0, has2, mask, bf);
        }
        return;
    }
    for (; at < n; at += b) {
        for (c = 0; c + VW <= b; c += VW) {
            grad_coef k = coef_apply(r, c, false, mask);

            apply_vec(r, at + c, &k, has2, mask, bf);
        }
        for (; c < b; c++) {
            apply_scalar(r, at + c, c, has2, mask, bf);
        }
    }
}

#define APPLY(has2, mask, bf) apply_row(r, has2, mask, bf)

static void
grad_apply_f32(const mf_dn_grad_row *r)
{
    GRAD_CASE(APPLY, false);
}

static void
grad_apply_bf16(const mf_dn_grad_row *r)
{
    GRAD_CASE(APPLY, true);
}

const mf_dn_chan_loops MF_ISA_NAME(mf_dn_chan_loops) = {
    .stats = {stats_f32, stats_bf16}, .merge = merge, .add_to = add_to, .affine = {affine_f32, affine_bf16},
    .grad_sums = {grad_sums_f32, grad_sums_bf16}, .grad_apply = {grad_apply_f32, grad_apply_bf16},
};
