/* train/samples.h: which pictures make the samples of a method, and which people are trained, validated and scored. */
#ifndef MF_TRAIN_SAMPLES_H
#define MF_TRAIN_SAMPLES_H

#include <stddef.h>
#include <stdint.h>
#include "core/error.h"
#include "core/log.h"
#include "data/loader.h"
#include "data/manifest.h"
#include "eval/score.h"
#include "methods/method.h"

/* Rows by their part in a run: flags, one a row of the data set. No row is in two parts. */
typedef struct mf_parts {
    uint8_t *train, *val, *test;
    size_t   n, n_train, n_val, n_test;
} mf_parts;
void mf_parts_free(mf_parts *p);
/* Rows that any part uses, for mf_cache_build; *out is the caller's. */
mf_status mf_parts_rows(uint32_t **out, size_t *n, const mf_parts *p, mf_err *err);
/* By the split column: train and empty are trained on, val validates, test is scored. Without a val row, `share` of the
 * people (of the rows where no subject is known; said in the log) are taken from the training part, 0 for none. */
mf_status mf_parts_by_split(mf_parts *out, const mf_dataset *d, double share, uint64_t seed, const mf_log *log, mf_err *err);
/* Of a cross-validation's fold: scored[i] rows are the test part, `share` of the others' people validate. */
mf_status mf_parts_by_fold(mf_parts *out, const mf_dataset *d, const uint8_t *scored, double share, uint64_t seed,
                           mf_err *err);

/* Pictures on which a method is judged: those of the kind it is trained on. */
mf_domain mf_method_domain(const mf_method *m);

/* The samples of one epoch (for MF_SAMPLES_PAIR_DRAW the second picture is drawn by (seed, epoch, sample), else `epoch`
 * changes nothing). *out is the caller's, freed by mf_free. MF_E_LIMIT: there is none, with what to do about it. */
mf_status mf_samples_make(mf_sample **out, size_t *n, const mf_dataset *d, const uint8_t *use, const mf_method *m,
                          uint64_t seed, uint64_t epoch, mf_err *err);
/* The draw alone, over samples made before: no allocation, for epochs after the first. */
void mf_samples_redraw(mf_sample *samples, size_t n, const mf_method *m, uint64_t seed, uint64_t epoch);

/* In place of the data set's pairs: every clear row beside itself, for a loader that hides the second picture anew each
 * epoch. As mf_samples_make. */
mf_status mf_samples_drawn(mf_sample **out, size_t *n, const mf_dataset *d, const uint8_t *use, const mf_method *m, mf_err *err);
/* The list `times` over, one behind the other; the samples are as before when memory fails. */
mf_status mf_samples_repeat(mf_sample **samples, size_t *n, int times, mf_err *err);

/* Rows with use[i] != 0 of a domain, as a list; *out is the caller's. n may be 0. */
mf_status mf_rows_list(uint32_t **out, size_t *n, const mf_dataset *d, const uint8_t *use, mf_domain k, mf_err *err);

#endif
