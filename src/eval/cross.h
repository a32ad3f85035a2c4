/* eval/cross.h: networks of a run scored on another data set, as a run folder that compare and report read. */
#ifndef MF_EVAL_CROSS_H
#define MF_EVAL_CROSS_H

#include <stddef.h>
#include "core/error.h"
#include "core/log.h"
#include "core/str.h"
#include "data/manifest.h"
#include "eval/class_map.h"
#include "infer/infer.h"

/* The networks of a source: a weight file, the folder of a training, or that of a cross-validation (all folds and methods). */
typedef struct mf_cross_net {
    char *method, *weights; /* paths */
    int   fold;
} mf_cross_net;
typedef struct mf_cross_nets {
    mf_cross_net *net;
    size_t        n;
    int           folds;
    char         *dataset; /* SHA-256 of what they were trained on, "" where the run does not say */
} mf_cross_nets;           /* {0} is empty */

/* *out ({0} before) is the caller's. MF_E_NOTFOUND: no such file or run, or weights that were not kept (names the first). */
mf_status mf_cross_nets_find(mf_cross_nets *out, const char *source, mf_err *err);
void      mf_cross_nets_free(mf_cross_nets *n);

typedef struct mf_cross_job {
    const char          *source, *out; /* out: made; must not hold a study yet */
    const mf_cross_nets *nets;
    const mf_dataset    *data;
    mf_class_map_opts    map;
    mf_infer_opts        infer;
    mf_log               log;
    mf_progress          progress;
} mf_cross_job;

/* Scores every picture with every network and writes OUT/{cross.json, predictions.csv, summary.json}: cross.json says what
 * was mapped to what and what was left out; the others are as in any run, with `method` and `fold` (of the network).
 * *failed counts pictures that could not be read (of one network). Pictures whose label has no class are left out, counted in
 * *left_out and said in the log. MF_E_STATE: OUT holds something. MF_E_ARG: networks of one study with different classes. */
mf_status mf_cross_run(size_t *failed, size_t *left_out, const mf_cross_job *job, mf_err *err);

#endif
