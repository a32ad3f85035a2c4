/* train/optim.h: optimisers: how weights follow gradients. One file each in train/optim, one line in optim_list.h.
 *
 * Everything works element by element on the parameters' own storage (nn/params.h), one fused pass a step, nothing
 * allocated. State is f32. */
#ifndef MF_TRAIN_OPTIM_H
#define MF_TRAIN_OPTIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/error.h"
#include "core/opt.h"
#include "nn/params.h"
#include "nn/tensor.h"
#include "train/optim/update.h"

enum { MF_OPTIM_CFG_MAX = 128, MF_OPTIM_STATES = 2, MF_OPTIM_GROUPS = 2 };

typedef struct mf_optim_def {
    const char   *name, *summary, *source;
    size_t        cfg_size;
    const mf_opt *opts;
    const char   *state_name[MF_OPTIM_STATES]; /* NULL where unused */
    int         (*n_states)(const void *cfg);
    /* The numbers of step t (from 1) at learning rate lr; wd is 0 for parameters that do not decay. gscale is not its. */
    void        (*numbers)(mf_update *u, const void *cfg, int64_t t, double lr, double wd);
    mf_update_fn *(*loop)(const mf_update_table *isa);
} mf_optim_def;

/* MF_E_NOTFOUND names the nearest. */
mf_status           mf_optim_find(const mf_optim_def **out, const char *name, mf_err *err);
size_t              mf_optim_count(void);
const mf_optim_def *mf_optim_at(size_t i);

typedef struct mf_optim_opts {
    const mf_optim_def *def;
    const void         *cfg;
    double              weight_decay;
    bool                decay_all;   /* norms and biases decay too */
    double              clip;        /* largest norm of all gradients together; 0: no clipping */
    int                 accumulate;  /* gradients of this many batches make one step; 1: each batch */
    double              ema;         /* decay of the average of weights; 0: none */
} mf_optim_opts;

typedef struct mf_optim mf_optim;
/* For the parameters of ps that learn (mf_param_learns), which have memory by now. */
mf_status mf_optim_new(mf_optim **out, mf_params *ps, const mf_optim_opts *o, mf_err *err);
void      mf_optim_free(mf_optim *o);

/* Whether gradients can be taken one by one as the backward pass makes them (mf_program_sink), which saves their memory: nobody asks
 * for the norm of them all, nor for their sum over batches. */
bool mf_optim_streams(const mf_optim_opts *o);
/* A step so taken: open it at the learning rates of the groups, take each gradient (in the parameter's type and layout) once, close it. */
void mf_optim_open(mf_optim *o, const double lr[MF_OPTIM_GROUPS]);
void mf_optim_take(mf_optim *o, const mf_param *p, const float *grad);
void mf_optim_close(mf_optim *o);

/* A step from gradients with memory of their own (mf_params_want_grads): they are those of one more batch. When `accumulate` batches are in (or `flush` is set) the
 * weights take a step at the learning rates of the groups, else the gradients are only added up. *norm (may be NULL) is
 * the norm of all gradients before clipping, -1 where it was not computed. True when a step was taken. */
bool    mf_optim_batch(mf_optim *o, const double lr[MF_OPTIM_GROUPS], bool flush, double *norm);
int64_t mf_optim_steps(const mf_optim *o);

/* Whether every weight is a finite number. */
bool mf_optim_finite(mf_optim *o);

/* Exchange weights and their average (also of running statistics); nothing happens without EMA. Call twice to restore. */
void mf_optim_swap_ema(mf_optim *o);
bool mf_optim_has_ema(const mf_optim *o);

/* State as row-major tensors "optim/<state>/<parameter>", "ema/<parameter>" and "optim/step", and back. Gradients that
 * wait in accumulation are written too ("optim/waiting/..."). MF_E_FORMAT: one is missing or of another shape. */
mf_status mf_optim_export(const mf_optim *o, mf_tensors *ts, mf_err *err);
mf_status mf_optim_import(mf_optim *o, const mf_tensors *ts, mf_err *err);

#endif
