/* train/linear.h: linear classifiers of vectors that stand still: what is put on the embeddings of trained networks. A support
 * vector machine, one class against the rest, and a softmax layer. Both problems are convex: the answer is a function of the data. */
#ifndef MF_TRAIN_LINEAR_H
#define MF_TRAIN_LINEAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/error.h"

typedef struct mf_linear {
    int     classes;
    size_t  d;
    double *w; /* [classes, d + 1]: the bias stands last */
} mf_linear;
void mf_linear_free(mf_linear *l);

/* Lent. */
typedef struct mf_linear_data {
    size_t        n, d;
    int           classes;
    const float  *x;      /* [n, d] */
    const int    *label;  /* [n], 0 to classes - 1 */
    const double *weight; /* [n], positive: what a sample's loss counts; NULL: 1 each */
} mf_linear_data;

typedef enum mf_hinge { MF_HINGE_SQUARED, MF_HINGE_PLAIN } mf_hinge;

typedef struct mf_linear_opts {
    double   c;         /* of the problem below; positive */
    mf_hinge hinge;     /* support vector machine only */
    double   tolerance; /* squared hinge: of the gap, as a share of the primal; plain: of the spread of the projected gradient;
                         * softmax: of the largest gradient, as a share of what it is at zero */
    int      passes;    /* at most, over the samples (softmax: steps) */
    uint64_t seed;      /* of the order in which samples are taken; plain hinge only */
    double  *alpha;     /* [classes, n] of an earlier fit with a smaller c (zeros: none), of this one when it returns; NULL: not
                         * wanted. Support vector machine only */
} mf_linear_opts;
mf_linear_opts mf_linear_opts_default(void); /* c 1, squared hinge, 0.01, 1000 passes */

typedef struct mf_linear_report {
    int    passes;      /* of the class that took most */
    double primal, gap; /* sums over classes; gap: primal - dual, 0 at the solution. NaN for softmax */
    bool   converged;
} mf_linear_report;

/* For each class, with y_i = 1 for its samples and -1 for all others, and 1 appended to x as a constant feature:
 *
 *     min_w 1/2 |w|^2 + c sum_i s_i max(0, 1 - y_i w x_i)^k         k = 2 squared, 1 plain; s: weights
 *
 * k = 2 by Newton's method on the primal (Keerthi and DeCoste 2005), k = 1 by dual coordinate descent with shrinking (Hsieh et al.
 * 2008, algorithms 1 and 3). The bias is regularised, as LIBLINEAR does. Classes are solved at the same time, each the same way
 * whatever the number of threads. *out is the caller's.
 * MF_E_ARG: no samples, a label out of range, an option out of range. */
mf_status mf_svm_fit(mf_linear *out, const mf_linear_data *data, const mf_linear_opts *o, mf_linear_report *report, mf_err *err);

/*     min_W 1/2 sum_c |w_c|^2 + c sum_i -s_i log softmax(W x_i + b)_(y_i)      the biases b are not regularised
 *
 * by a limited-memory quasi-Newton method (Nocedal and Wright 2006, algorithms 7.4, 7.5 and 3.5). */
mf_status mf_softmax_fit(mf_linear *out, const mf_linear_data *data, const mf_linear_opts *o, mf_linear_report *report, mf_err *err);

/* out [n, classes] = W x_i + b for x [n, l->d]. */
void mf_linear_scores(const mf_linear *l, const float *x, size_t n, double *out);

#endif
