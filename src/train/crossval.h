/* train/crossval.h: k folds of people x methods, each a run of its own in RUN/fold-XX/METHOD, and the table over them. */
#ifndef MF_TRAIN_CROSSVAL_H
#define MF_TRAIN_CROSSVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/error.h"
#include "core/log.h"
#include "core/str.h"
#include "train/settings.h"
#include "train/trainer.h"

enum { MF_CROSSVAL_METHODS_MAX = 32, MF_CROSSVAL_FOLDS_MAX = 1000 };

typedef struct mf_crossval_job {
    const mf_settings *settings;    /* one a method, equal in all that is not the method's own; then `n_more` of methods that are
                                     * trained where another needs them and do not stand in the table */
    size_t             n_methods, n_more;
    const char        *begin;       /* "hinton=baseline-m,...": begin from the weights of the fold's own run of another method, in place
                                     * of --init; NULL or "": none */
    const mf_dataset  *data;
    const mf_cache    *cache;       /* holds all rows */
    const char        *out;
    int                folds;
    bool               msde_code;   /* the published overlapping division (msde.md 1.7) in place of folds of our own */
    bool               resume;
    bool               keep_weights;/* false: the weights of finished folds are removed */
    int                shard, shards; /* this process does jobs shard, shard + shards, ... (from 0); 0, 1: all */
    mf_log             log;
    mf_progress        progress;
    mf_stop_fn        *stop;
    void              *stop_arg;
} mf_crossval_job;

/* Keys of a file that say how methods are compared: options of crossval, which train passes over. */
typedef struct mf_crossval_opts {
    mf_opt_str methods, begin;
    int        folds_from;
    int64_t    folds;
    bool       keep_weights;
} mf_crossval_opts;
extern const mf_opt mf_crossval_rows[];

/* The methods whose runs `s` needs within a fold: those it joins (where --join-a, --join-b name no file), and the one it
 * begins from. At most 3 names, "" where there is none. MF_E_USAGE: `begin` is no such list. */
mf_status mf_crossval_needs(char out[3][64], const mf_settings *s, const char *begin, mf_err *err);

/* Trains and scores every fold and method of the shard that is not finished yet. A method that needs a teacher, where
 * none is given, gets one trained on its fold's training people alone: the fold's own run of baseline-nm where that is
 * among the methods with the same architecture, else RUN/fold-XX/teacher. What a method joins or begins from is trained before it. A fold's jobs stay
 * together in one shard where they share a run.
 * With one shard the tables are collected at the end. MF_E_CANCELLED as mf_train_run. */
mf_status mf_crossval_run(const mf_crossval_job *job, mf_err *err);

/* Read the folds under RUN (as crossval.json there names them) and write RUN/summary.json, results.csv and
 * predictions.csv. *table (may be NULL) gets the printed form, with pictures a second. MF_E_STATE: folds are missing; names the first. */
mf_status mf_crossval_collect(const char *run, mf_str *table, mf_err *err);

#endif
