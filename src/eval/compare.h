/* eval/compare.h: methods of a table of predictions against one another: figures over folds, paired tests, one plain
 * sentence each, and warnings where the protocol leaks. */
#ifndef MF_EVAL_COMPARE_H
#define MF_EVAL_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/error.h"
#include "core/str.h"
#include "eval/metrics.h"
#include "eval/paired.h"
#include "eval/predictions.h"
#include "eval/stats.h"

/* ---- one method over folds -------------------------------------------------------------------------------- */

/* Columns of the main table (Tables 3 to 6 of the paper in form). AVERAGE: in each fold the mean of the non-masked and the masked
 * accuracy, as published; where only one kind of picture is there, that one. */
typedef enum mf_column { MF_COLUMN_CLEAR, MF_COLUMN_OCCLUDED, MF_COLUMN_AVERAGE, MF_COLUMN_COUNT } mf_column;
const char *mf_column_name(mf_column c); /* "non-masked", "masked", "average" */

/* All in percent; NaN where a fold or a class has no such picture. */
typedef struct mf_method_figures {
    int      folds;
    size_t   n[MF_COLUMN_COUNT];           /* answers that count, over all folds */
    double  *accuracy[MF_COLUMN_COUNT];    /* [folds] */
    mf_stats over[MF_COLUMN_COUNT];        /* mean, sd and 95 % interval of the folds that have a figure; n = 0: none */
    double   diagonal[MF_DOMAIN_COUNT][MF_CLASSES_MAX]; /* recall of each class, mean over folds ("mean diagonal") */
    double   diagonal_sd[MF_DOMAIN_COUNT][MF_CLASSES_MAX];
} mf_method_figures;
/* *out ({0} before) is the caller's. */
mf_status mf_method_figures_make(mf_method_figures *out, const mf_predictions *p, int method, mf_err *err);
void      mf_method_figures_free(mf_method_figures *f);

/* Full measures of a method (-1: all), fold (-1: all folds pooled) and domain. */
mf_status mf_predictions_measures(mf_measures *m, const mf_predictions *p, int method, int fold, mf_domain k, mf_err *err);
/* Measures of rows[0..n-1]: any other choice. */
mf_status mf_rows_measures(mf_measures *m, const mf_predictions *p, const uint32_t *rows, size_t n, mf_err *err);
/* Reliability as it is, and after temperature scaling fitted on the other folds (of a single fold, or of a cross-data-set study: on
 * other people). */
mf_status mf_predictions_calibration(mf_calibration *plain, mf_calibration *scaled, bool *own, const mf_predictions *p,
                                     int method, mf_domain k, mf_err *err);

/* Accuracy of each subject, over all folds; sorted by accuracy, then name. */
typedef struct mf_subject_figures {
    int    subject;       /* index into p->subjects, -1: unknown */
    size_t n, correct;
    double accuracy;      /* percent */
} mf_subject_figures;
mf_status mf_by_subject(mf_subject_figures **out, size_t *n, const mf_predictions *p, int method, mf_domain k, mf_err *err);

/* ---- two methods ------------------------------------------------------------------------------------------ */

/* Which test decides: of folds where there are two or more, else of people, else of pictures. */
typedef enum mf_judge { MF_JUDGE_FOLDS, MF_JUDGE_SUBJECTS, MF_JUDGE_PICTURES, MF_JUDGE_NONE } mf_judge;

/* a against b; differences are a - b in points of percent. */
typedef struct mf_comparison {
    int            a, b;            /* methods */
    mf_column      column;
    size_t         pictures;        /* answers that both gave, in the same fold */
    size_t         folds, subjects;
    double         mean_a, mean_b;  /* percent: over folds, or pooled where one fold */
    double         ratio;           /* scored / trained pictures in the corrected test */
    uint64_t       only_a, only_b;  /* pictures that one alone got right */
    double         mcnemar;         /* p; pictures taken as independent */
    double         odds;            /* only_a / only_b; infinite, or NaN where both are 0 */
    mf_corrected_t folds_t;         /* of fold differences */
    mf_wilcoxon    wilcoxon;        /* of fold differences */
    mf_bootstrap   people;          /* of pooled accuracy, resampling people */
    double         effect;          /* Cohen's d of the fold differences, mean / sd; NaN where undefined */
    mf_judge       judge;
    double         diff, lo, hi, p; /* what the sentence says, by the judge */
    double         p_holm;          /* p corrected for all comparisons of the same column */
    size_t         family;          /* how many those are */
} mf_comparison;

typedef struct mf_compare_opts {
    int      against;    /* only comparisons with this method; -1: all pairs */
    int      resamples;  /* of the bootstrap */
    uint64_t seed;
} mf_compare_opts;
mf_compare_opts mf_compare_opts_default(void); /* -1, 10000, 1 */

typedef struct mf_comparisons {
    mf_comparison *c;    /* by column, then by pair */
    size_t         n;
    mf_str         notes; /* a line each: pairs that cannot be compared, and why */
} mf_comparisons;
/* Only what both methods answered in the same fold is compared; methods of two runs are, where pictures and folds agree.
 * A table with one method gives no comparison and no failure. *out ({0} before) is the caller's. */
mf_status mf_compare(mf_comparisons *out, const mf_predictions *p, const mf_compare_opts *o, mf_err *err);
void      mf_comparisons_free(mf_comparisons *c);
/* "contrastive beats baseline on masked pictures by 4.3 points, 95 % interval 1.2 to 7.1, p = 0.006 over 10 folds" */
void mf_comparison_sentence(mf_str *out, const mf_comparison *c, const mf_predictions *p);

/* ---- the protocol ----------------------------------------------------------------------------------------- */

/* Append a sentence a line: people in both parts, people in several folds, the epoch chosen on the scored fold, overlapping
 * folds, unknown people, one fold, pictures that could not be read, classes without a picture. *n counts them. */
mf_status mf_protocol_warnings(mf_str *out, size_t *n, const mf_predictions *p, mf_err *err);

#endif
