/* train/linear/linear_i.h: what both solvers share. */
#ifndef MF_TRAIN_LINEAR_I_H
#define MF_TRAIN_LINEAR_I_H

#include "train/linear.h"

/* w x + b, w [d + 1]. */
double mf_linear_dot(const double *w, const float *x, size_t d);
/* w += a (x, 1). */
void   mf_linear_add(double *w, double a, const float *x, size_t d);
/* s_i: what sample i counts. */
static inline double
mf_linear_weight(const mf_linear_data *data, size_t i)
{
    return data->weight != NULL ? data->weight[i] : 1.0;
}
/* Checks data and options; *out gets zeros of the right shape. */
mf_status mf_linear_begin(mf_linear *out, const mf_linear_data *data, const mf_linear_opts *o, mf_err *err);

/* The squared hinge's problem (train/linear.h) of class c. w [d + 1] and alpha [n] are one another's on entry (zeros, or an earlier
 * answer) and on return; rows [n] and room are scratch. */
#define MF_LINEAR_NEWTON_ROOM(n, d) (2 * (n) + 5 * ((d) + 1))
void mf_linear_newton(const mf_linear_data *data, const mf_linear_opts *o, int c, double *w, double *alpha, uint32_t *rows,
                      double *room, mf_linear_report *report);

#endif
