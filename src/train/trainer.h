/* train/trainer.h: one training run: a method, an architecture, the people it may see, a folder.
 *
 * Every file of the run is written whole or not at all. A run that was stopped or killed goes on with `resume` and ends
 * in the same bits: everything random is a function of (seed, epoch, sample), and the state holds all the rest. */
#ifndef MF_TRAIN_TRAINER_H
#define MF_TRAIN_TRAINER_H

#include <stdbool.h>
#include "core/error.h"
#include "core/log.h"
#include "data/loader.h"
#include "data/manifest.h"
#include "train/samples.h"
#include "train/settings.h"

/* True once the user asked to stop. */
typedef bool mf_stop_fn(void *arg);

typedef struct mf_train_job {
    const mf_settings *settings; /* checked */
    const mf_dataset  *data;
    const mf_cache    *cache;    /* holds every row of the parts */
    const mf_parts    *parts;
    const char        *out;      /* folder of the run; made */
    const char        *teacher;  /* weight files in place of the settings'; NULL: theirs */
    const char        *init, *join[2];
    uint64_t           seed;
    bool               resume;   /* go on from state/last.ckpt, or begin where there is none */
    bool               small;    /* a fold among many: only the selected weights are kept, and the state only while it runs */
    mf_log             log;
    mf_progress        progress;
    mf_stop_fn        *stop;     /* NULL: never */
    void              *stop_arg;
} mf_train_job;

/* Trains and writes RUN/{config.yaml, env.json, results.csv, timings.csv, predictions.csv, summary.json, weights/, state/}.
 * A finished run (summary.json is there) is left as it is when `resume` is set.
 * MF_E_CANCELLED: stopped; the state is saved and the sentence says how to go on. MF_E_NUMERIC: the loss is not a number;
 * names epoch, step and batch, and the last saved state stays. MF_E_STATE: the folder holds another run. */
mf_status mf_train_run(const mf_train_job *job, mf_err *err);

/* Steps, for tests: called after each step with its number from 0; returning false ends the run as a kill would. */
typedef bool mf_step_hook(void *arg, uint64_t step);
mf_status mf_train_run_hooked(const mf_train_job *job, mf_step_hook *hook, void *hook_arg, mf_err *err);

#endif
