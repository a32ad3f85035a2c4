/* train/linear/linear_i.h: what both solvers share. */
#ifndef MF_TRAIN_LINEAR_I_H
#define MF_TRAIN_LINEAR_I_H

#include "core/isa.h"
#include "train/linear.h"

/* Loops over a sample x [d] and its constant feature, by instruction set; w [d + 1]. */
typedef struct mf_linear_loops {
    double (*dot)(const double *w, const float *x, size_t d);   /* w (x, 1) */
    void (*add)(double *w, double a, const float *x, size_t d); /* w += a (x, 1) */
} mf_linear_loops;
extern const mf_linear_loops mf_linear_loops_base;
#if MF_ISA_X86
extern const mf_linear_loops mf_linear_loops_avx2;
extern const mf_linear_loops mf_linear_loops_avx512;
#endif
/* Those for this CPU: asked for once a fit. */
const mf_linear_loops *mf_linear_best(void);

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
