/* eval/knn_i.h: the inside of neighbour search: loops compiled once per instruction set (knn_simd.c), shared by exact
 * search (knn.c), approximate search (knn_approx.c), PCA and the measures of an embedding. */
#ifndef MF_EVAL_KNN_I_H
#define MF_EVAL_KNN_I_H

#include <stddef.h>
#include <stdint.h>
#include "eval/knn.h"

/* Points that a row keeps while it is searched: `n` of at most `cap` keys; keys not below `limit` are of no use. A key is
 * the distance as an integer of the same order in the upper half, the point's index in the lower one. */
typedef struct mf_knn_row {
    uint64_t *key;
    uint32_t  n, cap, keep; /* cap >= keep + MF_KNN_STRIP_MAX */
    uint32_t  self;
    float     limit;
} mf_knn_row;

enum { MF_KNN_ROWS = 6, MF_KNN_STRIP_MAX = 32 };

/* Cut a row down to its `keep` best keys and set its limit. */
void mf_knn_row_cut(mf_knn_row *r);
/* A float's bits, so that unsigned comparison orders as the numbers do. */
static inline uint32_t
mf_knn_order(float v)
{
    union {
        float    f;
        uint32_t u;
    } b = {v};

    return (b.u & 0x80000000u) != 0 ? ~b.u : b.u | 0x80000000u;
}

typedef struct mf_knn_loops {
    size_t strip; /* points a strip */
    /* Rows a[0..MF_KNN_ROWS-1] of d values against `strips` strips, packed [strip][d][points]; norm: half the squared length of each point
     * (infinity for padding). What lies nearer than a row's limit, by norm - a.b, is added to it; `first` is the index
     * of the first point. */
    void (*scan)(mf_knn_row *const row[], const float *const a[], size_t d, const float *packed, const float *norm, size_t strips, uint32_t first);
    float (*dist2)(const float *a, const float *b, size_t d);
    /* Squared distance of a to n rows of b [n, d], in double. */
    void (*dist2_f64)(double *out, const float *a, const float *b, size_t n, size_t d);
    double (*dot)(const float *a, const double *v, size_t d);          /* of centred data with an axis */
    void   (*add_scaled)(double *v, const float *a, double s, size_t d); /* v += s a */
} mf_knn_loops;

extern const mf_knn_loops mf_knn_loops_base;
extern const mf_knn_loops mf_knn_loops_avx2;
extern const mf_knn_loops mf_knn_loops_avx512;
const mf_knn_loops *mf_knn_loops_get(void);

/* index and dist2 are there; x is centred. */
mf_status mf_knn_approx(mf_knn *g, const float *x, size_t d, const mf_knn_opts *o, mf_err *err);

#endif
