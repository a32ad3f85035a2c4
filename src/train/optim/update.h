/* train/optim/update.h: the inner loops of the optimisers, once per instruction set (core/isa.h).
 *
 * One pass over a run of elements: gradient in, state and weights in place. Padding elements are zero in all arrays and
 * stay zero. */
#ifndef MF_TRAIN_OPTIM_UPDATE_H
#define MF_TRAIN_OPTIM_UPDATE_H

#include <stddef.h>
#include "core/isa.h"

/* The numbers of one step of one parameter group. Unused ones are 0. */
typedef struct mf_update {
    float gscale;   /* multiplies the gradient: clipping, accumulation */
    float l2;       /* added to the gradient: l2 * p */
    float shrink;   /* p <- p * (1 - shrink) first: decoupled weight decay */
    float b1, b2;   /* Adam: decay of the moments; SGD: b1 is the momentum */
    float c1, c2;   /* 1 - b1, 1 - b2; SGD: c1 is 1 - dampening (1 in the first step) */
    float step;     /* Adam family: p <- p - step * m / (sqrt(v) * vscale + eps); SGD: learning rate */
    float vscale, eps;
    int   plain;    /* RAdam's first steps: p <- p - step * m */
    int   nesterov;
} mf_update;

/* n elements of weights p, gradient g, first and second state (NULL where the optimiser has none). */
typedef void mf_update_fn(const mf_update *u, float *restrict p, const float *restrict g, float *restrict s0,
                          float *restrict s1, size_t n);

/* ema <- ema + c (p - ema) */
typedef void mf_ema_fn(float *restrict ema, const float *restrict p, float c, size_t n);
/* Sum of squares of n values, in double. */
typedef double mf_sumsq_fn(const float *g, size_t n);
/* acc <- (first ? 0 : acc) + g */
typedef void mf_accumulate_fn(float *restrict acc, const float *restrict g, int first, size_t n);

typedef struct mf_update_table {
    mf_update_fn     *adam, *sgd;
    mf_ema_fn        *ema;
    mf_sumsq_fn      *sumsq;
    mf_accumulate_fn *accumulate;
} mf_update_table;

extern const mf_update_table mf_update_table_base;
#if MF_ISA_X86
extern const mf_update_table mf_update_table_avx2;
extern const mf_update_table mf_update_table_avx512;
#endif
/* The loops for this CPU. */
const mf_update_table *mf_update_best(void);

#endif
