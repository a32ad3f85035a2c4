/* train/optim/update_simd.c: the optimisers' loops; compiled for each instruction set. */
#include "train/optim/update.h"

#include <math.h>

/* Separate sums keep the additions apart so that the compiler may use vectors without reordering any of them. */
enum { SUM_LANES = 16 };

static void
adam(const mf_update *u, float *restrict p, const float *restrict g, float *restrict m, float *restrict v, size_t n)
{
    const float gs = u->gscale, l2 = u->l2, keep = 1.0f - u->shrink, b1 = u->b1, b2 = u->b2, c1 = u->c1, c2 = u->c2;
    const float step = u->step, vs = u->vscale, eps = u->eps;

    if (u->plain) {
        for (size_t i = 0; i < n; i++) {
            float w = p[i], d = g[i] * gs + l2 * w;

            m[i] = b1 * m[i] + c1 * d;
            v[i] = b2 * v[i] + c2 * d * d;
            p[i] = w * keep - step * m[i];
        }
        return;
    }
    for (size_t i = 0; i < n; i++) {
        float w = p[i], d = g[i] * gs + l2 * w;
        float mi = b1 * m[i] + c1 * d, vi = b2 * v[i] + c2 * d * d;

        m[i] = mi;
        v[i] = vi;
        p[i] = w * keep - step * (mi / (sqrtf(vi) * vs + eps));
    }
}

static void
sgd(const mf_update *u, float *restrict p, const float *restrict g, float *restrict buf, float *restrict unused, size_t n)
{
    const float gs = u->gscale, l2 = u->l2, keep = 1.0f - u->shrink, mu = u->b1, c1 = u->c1, lr = u->step;

    (void)unused;
    if (buf == NULL) {
        for (size_t i = 0; i < n; i++) {
            float w = p[i], d = g[i] * gs + l2 * w;

            p[i] = w * keep - lr * d;
        }
    } else if (u->nesterov) {
        for (size_t i = 0; i < n; i++) {
            float w = p[i], d = g[i] * gs + l2 * w, b = mu * buf[i] + c1 * d;

            buf[i] = b;
            p[i]   = w * keep - lr * (d + mu * b);
        }
    } else {
        for (size_t i = 0; i < n; i++) {
            float w = p[i], d = g[i] * gs + l2 * w, b = mu * buf[i] + c1 * d;

            buf[i] = b;
            p[i]   = w * keep - lr * b;
        }
    }
}

static void
ema(float *restrict e, const float *restrict p, float c, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        e[i] += c * (p[i] - e[i]);
    }
}

static double
sumsq(const float *g, size_t n)
{
    double lane[SUM_LANES] = {0}, sum = 0;
    size_t i = 0;

    for (; i + SUM_LANES <= n; i += SUM_LANES) {
        for (size_t k = 0; k < SUM_LANES; k++) {
            lane[k] += (double)g[i + k] * (double)g[i + k];
        }
    }
    for (; i < n; i++) {
        sum += (double)g[i] * (double)g[i];
    }
    for (size_t k = 0; k < SUM_LANES; k++) {
        sum += lane[k];
    }
    return sum;
}

static void
accumulate(float *restrict acc, const float *restrict g, int first, size_t n)
{
    if (first) {
        for (size_t i = 0; i < n; i++) {
            acc[i] = g[i];
        }
    } else {
        for (size_t i = 0; i < n; i++) {
            acc[i] += g[i];
        }
    }
}

const mf_update_table MF_ISA_NAME(mf_update_table) = {
    .adam = adam, .sgd = sgd, .ema = ema, .sumsq = sumsq, .accumulate = accumulate,
};
