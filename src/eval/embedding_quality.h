/* eval/embedding_quality.h: how far a map of points can be believed. */
#ifndef MF_EVAL_EMBEDDING_QUALITY_H
#define MF_EVAL_EMBEDDING_QUALITY_H

#include <stddef.h>
#include <stdint.h>
#include "core/error.h"

typedef struct mf_quality_opts {
    size_t   neighbors; /* of trustworthiness, and voters of kNN */
    size_t   rows_max;  /* 0: all points are looked at; else beyond it that many drawn ones, each against all */
    uint64_t seed;      /* of that draw */
} mf_quality_opts;
mf_quality_opts mf_quality_opts_default(void); /* 5 neighbours, 5000 points */

/* NaN where a measure is not defined for these points. y_: of the map, x_: of the features. */
typedef struct mf_quality {
    size_t n, rows;           /* points; of them looked at */
    double trustworthiness;   /* 0 to 1: whether neighbours in the map are neighbours (Venna and Kaski 2001); needs neighbors < n / 2 */
    double x_silhouette, y_silhouette; /* -1 to 1: mean over the points (Rousseeuw 1987); needs two classes, and fewer than points */
    double x_knn, y_knn;      /* 0 to 1: share of points whose nearest others vote for their class; a tie goes to the lower class */
} mf_quality;

/* x [n, d]; y [n, 2], NULL without a map; label [n], 0 to classes - 1, NULL without classes. Distances are Euclidean, in double.
 * MF_E_ARG: a label out of range; no neighbours. */
mf_status mf_quality_make(mf_quality *out, const float *x, size_t n, size_t d, const float *y, const int *label, int classes,
                          const mf_quality_opts *o, mf_err *err);

#endif
