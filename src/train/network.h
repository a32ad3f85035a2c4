/* train/network.h: a network being trained: its graph with the method's loss, programs for full and partial batches and
 * for scoring, all over one set of parameters and one workspace. */
#ifndef MF_TRAIN_NETWORK_H
#define MF_TRAIN_NETWORK_H

#include <stddef.h>
#include <stdint.h>
#include "core/error.h"
#include "core/log.h"
#include "data/loader.h"
#include "infer/feed.h"
#include "infer/infer.h"
#include "nn/program.h"
#include "train/settings.h"

typedef struct mf_network_opts {
    const mf_settings *settings;
    int                classes;
    int                batch;         /* samples of a full batch */
    int                part;          /* of the partial last batch; 0: there is none */
    int                eval_batch;
    const float       *class_weight;  /* [classes] or NULL */
    const char        *init, *teacher; /* weight files; NULL or "": none */
    const mf_log      *log;
    const char        *backend;
    uint64_t           seed;
    bool               stream;        /* gradients go to the sink of mf_network_run and have no memory of their own */
} mf_network_opts;

typedef struct mf_step {
    double loss;
    double term[MF_METHOD_TERMS_MAX];
    size_t correct; /* of the pictures whose training accuracy is shown */
} mf_step;

typedef struct mf_network mf_network;
/* Builds, compiles, gives the parameters their start. MF_E_ARG: a weight file does not fit. */
mf_status mf_network_new(mf_network **out, const mf_network_opts *o, mf_err *err);
void      mf_network_free(mf_network *n);

mf_params      *mf_network_params(mf_network *n);
const mf_model *mf_network_model(const mf_network *n);
mf_infer       *mf_network_infer(mf_network *n);       /* for scoring, in the recipe of scoring */
mf_pix_form     mf_network_form(const mf_network *n);  /* in which batches need no copy */
mf_prec         mf_network_prec(const mf_network *n);
/* Steps of its programs, for training and for scoring, that the backend leaves to the reference kernels. */
int             mf_network_ref_steps(const mf_network *n);
int             mf_network_terms(const mf_network *n, const char *const **names);
int64_t         mf_network_parameters(const mf_network *n); /* trained scalars of the network itself, frozen ones too */

/* Takes the gradient of parameter p during a run (mf_grad_sink of nn/program.h), when the loss of the batch is known. */
typedef mf_status mf_network_sink(void *arg, double loss, const mf_param *p, const float *grad, mf_err *err);
/* Forward and backward on a batch of the full or the partial size: losses in *out, gradients in the parameters or, of a network
 * that streams, to the sink (else NULL). Weights do not change but by the sink; running statistics do. Nothing is allocated. */
mf_status mf_network_run(mf_network *n, const mf_batch *b, uint64_t seed, uint64_t step, mf_network_sink *sink, void *arg, mf_step *out,
                         mf_err *err);

#define MF_NETWORK_STATE "param/"
/* The network's own parameters and buffers as tensors, and back: no teacher, and nothing of the loss but under MF_NETWORK_STATE, a
 * saved state's, what it keeps from step to step. `prefix` is put before every name ("best/"). MF_E_FORMAT on import: one is missing or of another shape. */
mf_status mf_network_export(const mf_network *n, const char *prefix, mf_tensors *ts, mf_err *err);
mf_status mf_network_import(mf_network *n, const char *prefix, const mf_tensors *ts, mf_err *err);
/* Copy values over tensors exported before under the same prefix: no allocation. */
void      mf_network_reexport(const mf_network *n, const char *prefix, mf_tensors *ts);

#endif
