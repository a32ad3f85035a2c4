/* eval/tsne_simd.c: the loops of t-SNE; compiled for each instruction set. */
#include "eval/tsne_i.h"

#include <math.h>

#include "core/isa.h"
#include "nn/backends/onednn/vec.h"

/* Rows in step, so that one works while the others wait: as many as the registers hold. */
#if defined(__AVX512F__)
enum { ROWS = 4 };
#else
enum { ROWS = 2 };
#endif

/* 1 / a for a >= 1: an estimate and one step of Newton, which is right to the last bits. */
V_INLINE vf
inverse(vf a)
{
#if defined(__AVX512F__)
    vf r = (vf)_mm512_rcp14_ps((__m512)a);

    return r + r * (1.0f - a * r);
#elif defined(__AVX2__)
    vf r = (vf)_mm256_rcp_ps((__m256)a);

    return r + r * (1.0f - a * r);
#else
    return 1.0f / a;
#endif
}

/* Rows i to i + ROWS - 1 against the vectors of [from, to); `both` adds the forces on those too. Returns the sum of 1 / (1 + d^2). */
V_INLINE double
tile(float *fx, float *fy, const float *x, const float *y, size_t i, size_t from, size_t to, bool both)
{
    vf xi[ROWS], yi[ROWS], sx[ROWS], sy[ROWS], z[ROWS];

    for (int r = 0; r < ROWS; r++) {
        xi[r] = v_splat(x[i + (size_t)r]);
        yi[r] = v_splat(y[i + (size_t)r]);
        sx[r] = sy[r] = z[r] = v_splat(0);
    }
    for (size_t j = from; j < to; j += VW) {
        vf xj = v_load_f(x + j), yj = v_load_f(y + j), ox = v_splat(0), oy = ox;

        for (int r = 0; r < ROWS; r++) {
            vf dx = xi[r] - xj, dy = yi[r] - yj, q = inverse(1.0f + dx * dx + dy * dy);

            z[r] += q;
            q *= q;
            sx[r] += q * dx;
            sy[r] += q * dy;
            ox += q * dx;
            oy += q * dy;
        }
        if (both) {
            v_store_f(fx + j, v_load_f(fx + j) - ox);
            v_store_f(fy + j, v_load_f(fy + j) - oy);
        }
    }
    for (int r = 0; r < ROWS; r++) {
        fx[i + (size_t)r] += v_sum(sx[r]);
        fy[i + (size_t)r] += v_sum(sy[r]);
        z[0] += r > 0 ? z[r] : v_splat(0);
    }
    return (double)v_sum(z[0]);
}

static double
repulse(float *fx, float *fy, const float *x, const float *y, size_t n, size_t padded, size_t part, size_t parts)
{
    double own = 0, both = 0;

    /* Padding lies so far away that it adds nothing to the points' sums; its own rows are left out. Blocks of rows of the width
     * of a vector: within its own block a row meets each point once, beyond it every pair is met once. */
    for (size_t b = part; b * VW < n; b += parts) {
        size_t first = b * VW, end = first + VW < n ? first + VW : n;

        for (size_t i = first; i < first + VW; i += ROWS) {
            double beside, all = tile(fx, fy, x, y, i, first, first + VW, false);

            beside = tile(fx, fy, x, y, i, first + VW, padded, true);
            own += all;
            both += beside;
        }
        own -= (double)(first + VW - end) * (double)(first + VW - end); /* padding meets itself at distance 0 */
    }
    return own + 2 * both;
}

#if defined(__AVX2__)
/* Four points: the first two in the lower half. */
V_INLINE __m256
pairs(const float *y, uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
    __m128 lo = _mm_castsi128_ps(_mm_loadl_epi64((const __m128i *)(const void *)(y + 2 * (size_t)a)));
    __m128 hi = _mm_castsi128_ps(_mm_loadl_epi64((const __m128i *)(const void *)(y + 2 * (size_t)c)));

    lo = _mm_loadh_pi(lo, (const __m64 *)(const void *)(y + 2 * (size_t)b));
    hi = _mm_loadh_pi(hi, (const __m64 *)(const void *)(y + 2 * (size_t)d));
    return _mm256_insertf128_ps(_mm256_castps128_ps256(lo), hi, 1);
}
#endif

static void
attract(float *force, const mf_affinity *a, const float *y, size_t begin, size_t end)
{
    for (size_t i = begin; i < end; i++) {
#if defined(__AVX2__)
        const __m256 xi = _mm256_set1_ps(y[2 * i]), yi = _mm256_set1_ps(y[2 * i + 1]);
        __m256       fx = _mm256_setzero_ps(), fy = fx;

        for (size_t e = a->row[i]; e < a->row[i + 1]; e += MF_TSNE_ROW) {
            const uint32_t *c = a->col + e;
            __m256          g0 = pairs(y, c[0], c[1], c[4], c[5]), g1 = pairs(y, c[2], c[3], c[6], c[7]);
            __m256          dx = _mm256_sub_ps(xi, _mm256_shuffle_ps(g0, g1, 0x88)), dy = _mm256_sub_ps(yi, _mm256_shuffle_ps(g0, g1, 0xdd));
            __m256          d2 = _mm256_fmadd_ps(dx, dx, _mm256_fmadd_ps(dy, dy, _mm256_set1_ps(1.0f)));
            __m256          r = _mm256_rcp_ps(d2), w;

            r  = _mm256_fmadd_ps(r, _mm256_fnmadd_ps(d2, r, _mm256_set1_ps(1.0f)), r);
            w  = _mm256_mul_ps(r, _mm256_loadu_ps(a->p + e));
            fx = _mm256_fmadd_ps(w, dx, fx);
            fy = _mm256_fmadd_ps(w, dy, fy);
        }
        {
            float sx[8], sy[8];

            _mm256_storeu_ps(sx, fx);
            _mm256_storeu_ps(sy, fy);
            force[2 * i]     = ((sx[0] + sx[4]) + (sx[1] + sx[5])) + ((sx[2] + sx[6]) + (sx[3] + sx[7]));
            force[2 * i + 1] = ((sy[0] + sy[4]) + (sy[1] + sy[5])) + ((sy[2] + sy[6]) + (sy[3] + sy[7]));
        }
#else
        float fx = 0, fy = 0;

        for (size_t e = a->row[i]; e < a->row[i + 1]; e++) {
            float dx = y[2 * i] - y[2 * (size_t)a->col[e]], dy = y[2 * i + 1] - y[2 * (size_t)a->col[e] + 1];
            float w  = a->p[e] / (1.0f + dx * dx + dy * dy);

            fx += w * dx;
            fy += w * dy;
        }
        force[2 * i]     = fx;
        force[2 * i + 1] = fy;
#endif
    }
}

static void
combine(float *restrict grad, const float *restrict rep, float e, float inv_z, size_t n)
{
    for (size_t i = 0; i < 2 * n; i++) {
        grad[i] = e * grad[i] - rep[i] * inv_z;
    }
}

/* x and y take turns: a step that is too long is cut without leaving its direction. */
static void
step(float *restrict y, float *restrict speed, float *restrict gain, const float *restrict grad, const mf_tsne_step *s, size_t n)
{
    const float rate = s->rate, momentum = s->momentum, least = s->min_gain, most2 = s->max_step * s->max_step;

    for (size_t i = 0; i < 2 * n; i++) {
        float k = grad[i] * speed[i] < 0 ? gain[i] + 0.2f : gain[i] * 0.8f;

        k        = k < least ? least : k;
        gain[i]  = k;
        speed[i] = momentum * speed[i] - rate * k * grad[i];
    }
    for (size_t i = 0; i < n; i++) {
        float l = speed[2 * i] * speed[2 * i] + speed[2 * i + 1] * speed[2 * i + 1];

        if (l > most2) {
            float cut = s->max_step / sqrtf(l);

            speed[2 * i] *= cut;
            speed[2 * i + 1] *= cut;
        }
    }
    for (size_t i = 0; i < 2 * n; i++) {
        y[i] += speed[i];
    }
}

/* The weights of the cubic B-spline at fraction t of a cell, for the nodes -1 .. 2 beside it. */
V_INLINE void
weights(float w[4], float t)
{
    float u = 1.0f - t;

    w[0] = u * u * u * (1.0f / 6.0f);
    w[3] = t * t * t * (1.0f / 6.0f);
    w[1] = 2.0f / 3.0f - t * t * (1.0f - 0.5f * t);
    w[2] = 2.0f / 3.0f - u * u * (1.0f - 0.5f * u);
}

typedef float v4 __attribute__((vector_size(16)));

static void
spread(float *grid, size_t pitch, const float *y, const float lo[2], float inv_h, size_t begin, size_t end)
{
    for (size_t i = begin; i < end; i++) {
        float  px = (y[2 * i] - lo[0]) * inv_h, py = (y[2 * i + 1] - lo[1]) * inv_h, wx[4], wy[4];
        int    cx = (int)px, cy = (int)py;
        float *g = grid + (size_t)(cy - 1) * pitch + (size_t)(cx - 1);
        v4     w, v;

        weights(wx, px - (float)cx);
        weights(wy, py - (float)cy);
        memcpy(&w, wx, sizeof w);
        for (int r = 0; r < 4; r++, g += pitch) {
            memcpy(&v, g, sizeof v);
            v += w * wy[r];
            memcpy(g, &v, sizeof v);
        }
    }
}

static void
gather(float *out, const float *const grid[3], size_t pitch, const float *y, const float lo[2], float inv_h, size_t begin, size_t end)
{
    for (size_t i = begin; i < end; i++) {
        float        px = (y[2 * i] - lo[0]) * inv_h, py = (y[2 * i + 1] - lo[1]) * inv_h, wx[4], wy[4];
        int          cx = (int)px, cy = (int)py;
        const size_t at = (size_t)(cy - 1) * pitch + (size_t)(cx - 1);
        v4           w;

        weights(wx, px - (float)cx);
        weights(wy, py - (float)cy);
        memcpy(&w, wx, sizeof w);
        for (int k = 0; k < 3; k++) {
            const float *g = grid[k] + at;
            v4           v0, v1, v2, v3;

            memcpy(&v0, g, sizeof v0);
            memcpy(&v1, g + pitch, sizeof v1);
            memcpy(&v2, g + 2 * pitch, sizeof v2);
            memcpy(&v3, g + 3 * pitch, sizeof v3);
            v0 = (v0 * wy[0] + v1 * wy[1] + v2 * wy[2] + v3 * wy[3]) * w;
            out[3 * i + (size_t)k] = (v0[0] + v0[1]) + (v0[2] + v0[3]);
        }
    }
}

const mf_tsne_loops MF_ISA_NAME(mf_tsne_loops) = {
    .lanes = VW, .repulse = repulse, .attract = attract, .combine = combine, .step = step, .spread = spread, .gather = gather,
};
