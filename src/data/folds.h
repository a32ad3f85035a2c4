/* data/folds.h: divide people into parts without leaking anyone. */
#ifndef MF_DATA_FOLDS_H
#define MF_DATA_FOLDS_H

#include <stdbool.h>
#include <stdint.h>
#include "core/error.h"
#include "data/manifest.h"

/* k identity-independent folds: fold[i] in 0..k-1 for every row i of d; all rows of a subject share a fold. Sizes,
 * classes, and each class with each kind of occlusion are evened greedily (largest subject first, the fold where it hurts least), then by moving and
 * exchanging people while that helps; ties are broken by `seed`.
 * MF_E_ARG: rows without a subject (the sentence counts them and says how to give subjects). MF_E_LIMIT: fewer subjects than k. */
mf_status mf_folds_make(int *fold, const mf_dataset *d, int k, uint64_t seed, mf_err *err);
/* Of the rows with use[i] != 0, mark part[i] = 1 for about `share` of them, whole subjects only, balanced by class and occlusion (a validation part
 * of the training people); part[i] = 0 elsewhere. Unknown subjects: rows are split one by one, by label, when `by_row`, else MF_E_ARG. */
mf_status mf_folds_holdout(uint8_t *part, const mf_dataset *d, const uint8_t *use, double share, bool by_row, uint64_t seed, mf_err *err);
/* The published overlapping division (msde.md 1.7): scored[i * k + f] != 0 when row i is scored in fold f. Subjects are
 * numbered by their integer names; MF_E_ARG if they are not integers. k = 10, n = people / 10, inclusive intervals. */
mf_status mf_folds_msde_code(uint8_t *scored, const mf_dataset *d, int k, mf_err *err);

#endif
