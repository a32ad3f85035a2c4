/* train/trainer_i.h: what the files of the training loop share: trainer.c runs it, state.c saves it, record.c writes it
 * down. */
#ifndef MF_TRAIN_TRAINER_I_H
#define MF_TRAIN_TRAINER_I_H

#include "core/str.h"
#include "eval/score.h"
#include "train/events.h"
#include "train/network.h"
#include "train/optim.h"
#include "train/run.h"
#include "train/trainer.h"

/* Sums over the steps of the epoch under way. */
typedef struct mf_epoch_sums {
    double  loss, term[MF_METHOD_TERMS_MAX], norm; /* weighted by samples; norm: the largest */
    int64_t samples, correct;
} mf_epoch_sums;

/* All that decides the rest of a run beside parameters and the optimiser's state. Plain data: saved as it is. */
typedef struct mf_counters {
    int64_t        epoch;      /* under way, from 1 */
    int64_t        batch;      /* next of it */
    int64_t        step;       /* batches seen in all */
    int64_t        best_epoch; /* 0: none yet */
    int64_t        bad;        /* epochs without progress in a row */
    int64_t        done;       /* 1: all epochs are over */
    double         best_score, best_loss;
    double         train_loss, train_accuracy; /* of the last epoch */
    double         seconds;    /* spent so far */
    mf_sched_state sched;
    mf_epoch_sums  sums;
} mf_counters;

typedef struct mf_trainer {
    const mf_train_job *job;
    const mf_settings  *s;
    mf_network         *net;
    mf_optim           *optim;
    bool                streams; /* gradients go to the optimiser one by one */
    mf_sample          *samples;
    size_t              n_samples;   /* of an epoch: under every view */
    mf_loader          *loader;
    mf_loader_opts      loader_opts;
    mf_mix              mix;
    int                 batch, part;
    int64_t             batches;     /* of an epoch that are trained on */
    mf_scorer          *val, *test;
    mf_counters         c;
    mf_tensors          best;        /* "best/<name>": weights of the best epoch */
    mf_str              results, timings;
    mf_events          *events;      /* opened when the first epoch of this process ends */
    mf_kinds            kinds;       /* of masks, for predictions.csv */
    mf_figures          figures;     /* of the last scoring */
    uint64_t            fingerprint; /* settings, seed and data: a saved state of another run is refused */
    double              began, saved;
    mf_step_hook       *hook;
    void               *hook_arg;
} mf_trainer;

/* state.c */
mf_status mf_trainer_save(mf_trainer *t, mf_err *err);
mf_status mf_trainer_load(mf_trainer *t, bool *found, mf_err *err);
/* Write RUN/weights/NAME.safetensors of the present weights, or of t->best. */
mf_status mf_trainer_save_weights(mf_trainer *t, const char *name, bool best, mf_err *err);

/* judge.c */
/* Figures of all that a scorer holds, by domain. *scores (may be NULL) is the scorer's. */
mf_status mf_trainer_score(mf_figures *out, mf_trainer *t, mf_scorer *scorer, const mf_scores **scores, mf_err *err);
/* After an epoch: score, compare, remember. Works on the averaged weights where there is an average. */
mf_status mf_trainer_judge(mf_trainer *t, mf_err *err);

/* record.c */
mf_status mf_trainer_write_tables(mf_trainer *t, mf_err *err);  /* results.csv, timings.csv */
/* The same figures as the last row of results.csv, for TensorBoard. */
/* Pictures a second of the median epoch; 0 before the first. */
double mf_trainer_rate(const mf_trainer *t);
mf_status mf_trainer_events_row(mf_trainer *t, double lr, double head_lr, const mf_metrics *val, double seconds, mf_err *err);
mf_status mf_trainer_results_head(mf_trainer *t, mf_err *err);
void      mf_trainer_results_row(mf_trainer *t, double lr, double head_lr, const mf_metrics *val, double seconds);

#endif
