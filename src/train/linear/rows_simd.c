/* train/linear/rows_simd.c: sums over one sample's numbers, in double; compiled for each instruction set. */
#include "train/linear/linear_i.h"

/* As wide as the widest set has it: narrower ones take two or four. No alignment is asked for. */
typedef double vd __attribute__((vector_size(64), aligned(8), may_alias));
typedef float  vf __attribute__((vector_size(32), aligned(4), may_alias));
enum { W = 8 };
#define AT(p)    (*(vd *)(void *)(p))
#define AT_C(p)  (*(const vd *)(const void *)(p))
#define WIDEN(p) __builtin_convertvector(*(const vf *)(const void *)(p), vd)

static double
dot(const double *w, const float *x, size_t d)
{
    vd     s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0};
    double rest = w[d];
    size_t i = 0;

    for (; i + 4 * W <= d; i += 4 * W) {
        s0 += AT_C(w + i) * WIDEN(x + i);
        s1 += AT_C(w + i + W) * WIDEN(x + i + W);
        s2 += AT_C(w + i + 2 * W) * WIDEN(x + i + 2 * W);
        s3 += AT_C(w + i + 3 * W) * WIDEN(x + i + 3 * W);
    }
    for (; i < d; i++) {
        rest += w[i] * (double)x[i];
    }
    s0 = (s0 + s2) + (s1 + s3);
    return rest + (((s0[0] + s0[4]) + (s0[2] + s0[6])) + ((s0[1] + s0[5]) + (s0[3] + s0[7])));
}

static void
add(double *w, double a, const float *x, size_t d)
{
    size_t i = 0;

    for (; i + W <= d; i += W) {
        AT(w + i) += a * WIDEN(x + i);
    }
    for (; i < d; i++) {
        w[i] += a * (double)x[i];
    }
    w[d] += a;
}

const mf_linear_loops MF_ISA_NAME(mf_linear_loops) = {dot, add};
