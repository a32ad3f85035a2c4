/* train/mix.c */
#include "train/mix.h"

#include <math.h>
#include <string.h>

#include "core/error.h"
#include "core/rng.h"
#include "nn/tensor.h"

enum { BATCH_MAX = 4096 };

/* Gamma(a, 1) (Marsaglia and Tsang 2000; for a < 1 their boost, section 6). */
static double
gamma_draw(mf_rng *r, double a)
{
    const double boost = a < 1.0 ? pow(1.0 - mf_rng_unit(r), 1.0 / a) : 1.0;
    const double d = (a < 1.0 ? a + 1.0 : a) - 1.0 / 3.0, c = 1.0 / sqrt(9.0 * d);

    for (;;) {
        const double x = mf_rng_normal(r), v = pow(1.0 + c * x, 3.0), u = 1.0 - mf_rng_unit(r);

        if (1.0 + c * x > 0.0 && log(u) < 0.5 * x * x + d - d * v + d * log(v)) {
            return boost * d * v;
        }
    }
}

/* Beta(a, a); where both parts are too small for a double, the limit: 0 or 1. */
static double
beta_draw(mf_rng *r, double a)
{
    const double x = gamma_draw(r, a), y = gamma_draw(r, a);

    return x + y > 0.0 ? x / (x + y) : mf_rng_unit(r) < 0.5;
}

typedef struct box { int x0, y0, x1, y1; } box;

static int
held(double v, int hi)
{
    return v < 0.0 ? 0 : v > hi ? hi : (int)v;
}

static box
draw_box(mf_rng *r, double lambda, int w, int h)
{
    const double side = sqrt(1.0 - lambda), cx = mf_rng_unit(r) * w, cy = mf_rng_unit(r) * h;

    return (box){held(floor(cx - side * w / 2), w), held(floor(cy - side * h / 2), h), held(floor(cx + side * w / 2), w),
                 held(floor(cy + side * h / 2), h)};
}

static void
blend(void *a, void *b, size_t n, mf_pix_type type, float l)
{
    if (type == MF_PIX_F32) {
        float *x = a, *y = b;

        for (size_t i = 0; i < n; i++) {
            const float u = x[i], v = y[i];

            x[i] = l * u + (1.0f - l) * v;
            y[i] = l * v + (1.0f - l) * u;
        }
    } else {
        uint16_t *x = a, *y = b;

        for (size_t i = 0; i < n; i++) {
            const float u = mf_bf16_to_f32(x[i]), v = mf_bf16_to_f32(y[i]);

            x[i] = mf_f32_to_bf16(l * u + (1.0f - l) * v);
            y[i] = mf_f32_to_bf16(l * v + (1.0f - l) * u);
        }
    }
}

static void
swap(uint8_t *a, uint8_t *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const uint8_t t = a[i];

        a[i] = b[i];
        b[i] = t;
    }
}

static void
swap_box(uint8_t *a, uint8_t *b, const mf_mix *m, size_t bytes, box k)
{
    const size_t planes = m->form.nhwc ? 1 : (size_t)m->channels, pixel = m->form.nhwc ? bytes * (size_t)m->channels : bytes;

    for (size_t c = 0; c < planes; c++) {
        for (int y = k.y0; y < k.y1; y++) {
            const size_t at = ((c * (size_t)m->height + (size_t)y) * (size_t)m->width + (size_t)k.x0) * pixel;

            swap(a + at, b + at, (size_t)(k.x1 - k.x0) * pixel);
        }
    }
}

static int32_t
largest(const float *t, int n)
{
    int best = 0;

    for (int c = 1; c < n; c++) {
        best = t[c] > t[best] ? c : best;
    }
    return best;
}

static void
couple(const mf_batch *b, const mf_mix *m, size_t i, size_t j, mf_rng *r)
{
    const size_t bytes   = m->form.type == MF_PIX_F32 ? sizeof(float) : sizeof(uint16_t);
    const size_t picture = (size_t)m->channels * (size_t)m->height * (size_t)m->width, classes = (size_t)m->classes;
    double       lambda  = beta_draw(r, m->alpha);
    const box    k       = m->kind == MF_MIX_CUTMIX ? draw_box(r, lambda, m->width, m->height) : (box){0, 0, 0, 0};

    for (int p = 0; p < m->pictures; p++) {
        uint8_t *x = (uint8_t *)b->x[p] + i * picture * bytes, *y = (uint8_t *)b->x[p] + j * picture * bytes;

        if (m->kind == MF_MIX_CUTMIX) {
            swap_box(x, y, m, bytes, k);
        } else {
            blend(x, y, picture, m->form.type, (float)lambda);
        }
    }
    if (m->kind == MF_MIX_CUTMIX) {
        lambda = 1.0 - (double)(k.x1 - k.x0) * (k.y1 - k.y0) / ((double)m->width * m->height);
    }
    blend(b->target + i * classes, b->target + j * classes, classes, MF_PIX_F32, (float)lambda);
    b->label[i] = largest(b->target + i * classes, m->classes);
    b->label[j] = largest(b->target + j * classes, m->classes);
}

void
mf_mix_batch(const mf_batch *b, const mf_mix *m, uint64_t seed, uint64_t step)
{
    uint32_t order[BATCH_MAX];
    mf_rng   r = mf_rng_make(seed, step, 0, MF_RNG_MIX);

    if (m->kind == MF_MIX_NONE) {
        return;
    }
    MF_ASSERT(b->n <= BATCH_MAX);
    for (size_t i = 0; i < b->n; i++) {
        order[i] = (uint32_t)i;
    }
    mf_rng_shuffle(&r, order, b->n);
    for (size_t k = 0; k + 1 < b->n; k += 2) {
        r = mf_rng_make(seed, step, 1 + k / 2, MF_RNG_MIX);
        if (mf_rng_unit(&r) < m->prob) {
            couple(b, m, order[k], order[k + 1], &r);
        }
    }
}
