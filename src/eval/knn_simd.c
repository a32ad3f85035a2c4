/* eval/knn_simd.c: distances, many at a time; compiled for each instruction set. */
#include "eval/knn_i.h"

#include "core/isa.h"
#include "nn/backends/onednn/vec.h"

enum { STRIP = 2 * VW, ROWS = MF_KNN_ROWS };

typedef double vd __attribute__((vector_size(VW * 4)));
enum { DW = VW / 2 };
typedef float vfh __attribute__((vector_size(VW * 2)));

/* One bit a lane where a < b. */
V_INLINE uint32_t
below(vf a, vf b)
{
#if defined(__AVX512F__)
    return (uint32_t)_mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_LT_OQ);
#elif defined(__AVX2__)
    return (uint32_t)_mm256_movemask_ps((__m256)(a < b));
#else
    vi       m    = a < b;
    uint32_t bits = 0;

    for (int i = 0; i < VW; i++) {
        bits |= (uint32_t)(m[i] & 1) << i;
    }
    return bits;
#endif
}

static void
take(mf_knn_row *r, uint32_t bits, vf dist, uint32_t first)
{
    float d[VW];

    memcpy(d, &dist, sizeof d);
    for (; bits != 0; bits &= bits - 1) {
        int      i  = __builtin_ctz(bits);
        uint32_t at = first + (uint32_t)i;

        if (at != r->self) {
            r->key[r->n++] = (uint64_t)mf_knn_order(d[i]) << 32 | at;
        }
    }
}

static void
scan(mf_knn_row *const row[], const float *const a[], size_t d, const float *packed, const float *norm, size_t strips, uint32_t first)
{
    const float *a0 = a[0], *a1 = a[1], *a2 = a[2], *a3 = a[3], *a4 = a[4], *a5 = a[5];

    for (size_t s = 0; s < strips; s++, packed += d * STRIP, norm += STRIP, first += STRIP) {
        const float *b  = packed;
        vf           n0 = v_load_f(norm), n1 = v_load_f(norm + VW);
        vf           c00 = n0, c01 = n1, c10 = n0, c11 = n1, c20 = n0, c21 = n1, c30 = n0, c31 = n1, c40 = n0, c41 = n1, c50 = n0, c51 = n1;

        for (size_t i = 0; i < d; i++, b += STRIP) {
            vf b0 = v_load_f(b), b1 = v_load_f(b + VW), q;

            q = v_splat(a0[i]), c00 -= q * b0, c01 -= q * b1;
            q = v_splat(a1[i]), c10 -= q * b0, c11 -= q * b1;
            q = v_splat(a2[i]), c20 -= q * b0, c21 -= q * b1;
            q = v_splat(a3[i]), c30 -= q * b0, c31 -= q * b1;
            q = v_splat(a4[i]), c40 -= q * b0, c41 -= q * b1;
            q = v_splat(a5[i]), c50 -= q * b0, c51 -= q * b1;
        }
        {
            const vf lo[ROWS] = {c00, c10, c20, c30, c40, c50}, hi[ROWS] = {c01, c11, c21, c31, c41, c51};

            for (int r = 0; r < ROWS; r++) {
                vf       limit = v_splat(row[r]->limit);
                uint32_t m0 = below(lo[r], limit), m1 = below(hi[r], limit);

                if ((m0 | m1) != 0) {
                    take(row[r], m0, lo[r], first);
                    take(row[r], m1, hi[r], first + VW);
                    if (row[r]->n + STRIP > row[r]->cap) {
                        mf_knn_row_cut(row[r]);
                    }
                }
            }
        }
    }
}

static float
dist2(const float *a, const float *b, size_t d)
{
    vf     s0 = v_splat(0), s1 = s0;
    float  s;
    size_t i = 0;

    for (; i + 2 * VW <= d; i += 2 * VW) {
        vf e0 = v_load_f(a + i) - v_load_f(b + i), e1 = v_load_f(a + i + VW) - v_load_f(b + i + VW);

        s0 += e0 * e0;
        s1 += e1 * e1;
    }
    for (; i + VW <= d; i += VW) {
        vf e = v_load_f(a + i) - v_load_f(b + i);

        s0 += e * e;
    }
    s = v_sum(s0 + s1);
    for (; i < d; i++) {
        float e = a[i] - b[i];

        s += e * e;
    }
    return s;
}

V_INLINE vd
load_d(const float *p)
{
    vfh h;

    memcpy(&h, p, sizeof h);
#if defined(__AVX512F__)
    return (vd)_mm512_cvtps_pd((__m256)h);
#elif defined(__AVX2__)
    return (vd)_mm256_cvtps_pd((__m128)h);
#else
    return __builtin_convertvector(h, vd);
#endif
}

V_INLINE double
sum_d(vd v)
{
    double s = 0;

    for (int i = 0; i < DW; i++) {
        s += v[i];
    }
    return s;
}

static void
dist2_f64(double *out, const float *a, const float *b, size_t n, size_t d)
{
    for (size_t j = 0; j < n; j++, b += d) {
        vd     s0 = {0}, s1 = {0};
        double s;
        size_t i = 0;

        for (; i + 2 * DW <= d; i += 2 * DW) {
            vd e0 = load_d(a + i) - load_d(b + i), e1 = load_d(a + i + DW) - load_d(b + i + DW);

            s0 += e0 * e0;
            s1 += e1 * e1;
        }
        s = sum_d(s0 + s1);
        for (; i < d; i++) {
            double e = (double)a[i] - (double)b[i];

            s += e * e;
        }
        out[j] = s;
    }
}

static double
dot(const float *a, const double *v, size_t d)
{
    vd     s0 = {0}, s1 = {0};
    double s;
    size_t i = 0;

    for (; i + 2 * DW <= d; i += 2 * DW) {
        vd v0, v1;

        memcpy(&v0, v + i, sizeof v0);
        memcpy(&v1, v + i + DW, sizeof v1);
        s0 += load_d(a + i) * v0;
        s1 += load_d(a + i + DW) * v1;
    }
    s = sum_d(s0 + s1);
    for (; i < d; i++) {
        s += (double)a[i] * v[i];
    }
    return s;
}

static void
add_scaled(double *restrict v, const float *restrict a, double s, size_t d)
{
    for (size_t i = 0; i < d; i++) {
        v[i] += s * (double)a[i];
    }
}

const mf_knn_loops MF_ISA_NAME(mf_knn_loops) = {
    .strip = STRIP, .scan = scan, .dist2 = dist2, .dist2_f64 = dist2_f64, .dot = dot, .add_scaled = add_scaled,
};
