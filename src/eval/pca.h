/* eval/pca.h: principal component analysis: the k directions along which points vary most. */
#ifndef MF_EVAL_PCA_H
#define MF_EVAL_PCA_H

#include <stddef.h>
#include <stdint.h>
#include "core/error.h"

typedef struct mf_pca {
    size_t  d, k;
    double *mean;     /* [d] */
    double *axis;     /* [k, d], orthonormal rows; the largest entry of each is positive */
    double *variance; /* [k], of the points along each axis (n - 1 in the denominator), falling */
    double  total;    /* variance along all axes together */
} mf_pca;
void mf_pca_free(mf_pca *p);

/* The first k axes of x [n, d], by Lanczos's method with full orthogonalisation (Golub and Van Loan 2013, 10.1),
 * in double, to 1e-10 of the largest variance. Axes without variance are zero.
 * MF_E_ARG: k is not in 1 .. d. MF_E_LIMIT: fewer than two points. */
mf_status mf_pca_fit(mf_pca *out, const float *x, size_t n, size_t d, size_t k, mf_err *err);
/* y [n, k]: points along the axes. */
void mf_pca_apply(const mf_pca *p, double *y, const float *x, size_t n);

#endif
