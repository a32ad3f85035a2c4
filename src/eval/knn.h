/* eval/knn.h: the k nearest neighbours of every point of a matrix, by Euclidean distance.
 *
 * Exact search compares all pairs in blocks (matrix products with vectors); the approximate one plants random-projection
 * trees (Dasgupta and Freund 2008) and refines what they give by neighbours' neighbours (NN-descent; Dong, Moses and Li
 * 2011), in time almost linear in n. */
#ifndef MF_EVAL_KNN_H
#define MF_EVAL_KNN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/error.h"
#include "core/log.h"

typedef enum mf_knn_method { MF_KNN_AUTO, MF_KNN_EXACT, MF_KNN_APPROX } mf_knn_method;

enum { MF_KNN_K_MAX = 1 << 16 };

typedef struct mf_knn_opts {
    size_t        k;      /* 1 to n - 1 */
    mf_knn_method method; /* AUTO: exact up to MF_KNN_EXACT_WORK multiplications */
    uint64_t      seed;   /* of the approximate search */
    mf_progress   progress;
} mf_knn_opts;
/* n * n * d beyond which AUTO takes the approximate search. */
#define MF_KNN_EXACT_WORK 3e11
mf_knn_opts mf_knn_opts_default(void); /* 15 neighbours, AUTO */

typedef struct mf_knn {
    size_t    n, k;
    uint32_t *index;  /* [n, k], nearest first; of equally near ones the lower index first; never the point itself */
    float    *dist2;  /* [n, k], squared distances */
    bool      approx; /* some neighbours may be missing */
} mf_knn;
void mf_knn_free(mf_knn *g);

/* x: [n, d] row-major, finite. The same seed gives the same neighbours with any number of threads.
 * MF_E_ARG: k is not in 1 .. n - 1. MF_E_LIMIT: more than 2^31 points. */
mf_status mf_knn_build(mf_knn *out, const float *x, size_t n, size_t d, const mf_knn_opts *o, mf_err *err);

#endif
