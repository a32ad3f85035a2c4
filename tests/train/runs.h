/* tests/train/runs.h: small data sets of drawn noise and short runs on them, for the tests of training. */
#ifndef MF_TESTS_TRAIN_RUNS_H
#define MF_TESTS_TRAIN_RUNS_H

#include "train/trainer.h"

enum { RUNS_CLASSES = 3 };

/* `people` people x 3 classes x (without, with mask): pairs of 36 x 36 pictures whose brightness pattern follows the
 * class, in the test's folder under `name`; made once. */
const char *runs_dataset(const char *name, int people);
/* Options of a short run: 32 pixels, batch 8, `epochs` epochs, no file but the state at each epoch's end. */
void runs_settings(mf_settings *s, const char *method, int epochs);
/* Everything between a data set on disk and its trained run, as the train command does it. */
mf_status runs_train(const char *data, const mf_settings *s, const char *out, bool resume, mf_step_hook *hook, void *arg,
                     mf_err *err);
/* What weights of such a run predict for the people it validates with, written to `out` as predictions.csv is. */
mf_status runs_score(const char *data, const mf_settings *s, const char *weights, const char *out, mf_err *err);
/* The first n numbers of a column of results.csv. */
void runs_column(const char *run, const char *column, double *out, size_t n);
/* Fails unless both files hold the same bytes. */
void runs_same_bytes(const char *path_a, const char *path_b);
void runs_same_file(const char *dir_a, const char *dir_b, const char *name);

#endif
