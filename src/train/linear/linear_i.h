/* train/linear/linear_i.h: what both solvers share. */
#ifndef MF_TRAIN_LINEAR_I_H
#define MF_TRAIN_LINEAR_I_H

#include "train/linear.h"

/* w x + b, w [d + 1]. */
double mf_linear_dot(const double *w, const float *x, size_t d);
/* w += a (x, 1). */
void   mf_linear_add(double *w, double a, const float *x, size_t d);
/* Checks data and options; *out gets zeros of the right shape. */
mf_status mf_linear_begin(mf_linear *out, const mf_linear_data *data, const mf_linear_opts *o, mf_err *err);

#endif
