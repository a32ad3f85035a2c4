/* eval/metrics.h: figures of a list of answers.
 *
 * mf_metrics is the small form that training keeps: percent, counted picture by picture. mf_measures is the full form that
 * tables and reports are made from: shares in [0, 1], equal to scikit-learn's within 1e-9 where that has them. */
#ifndef MF_EVAL_METRICS_H
#define MF_EVAL_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/error.h"
#include "data/manifest.h"

/* log p is bounded below by the log of this: the spacing of doubles at 1 (2^-52). */
#define MF_LOG_LOSS_FLOOR 2.220446049250313e-16

typedef struct mf_metrics {
    int    classes;
    size_t n, correct;
    size_t unread;                    /* of n: pictures that could not be read; they count as errors, not in the loss */
    double accuracy;                  /* percent; 0 for n = 0 */
    double macro_f1;                  /* percent: mean over classes that occur as label or answer */
    double balanced;                  /* percent: mean recall over classes that occur as label */
    double loss;                      /* mean of -log p(label) over pictures that were read, p at least MF_LOG_LOSS_FLOOR */
    double recall[MF_CLASSES_MAX];    /* percent; NaN where the class has no picture */
    double precision[MF_CLASSES_MAX]; /* percent; NaN where the class was never answered */
    double f1[MF_CLASSES_MAX];        /* percent; NaN where the class occurs in neither */
    int64_t confusion[MF_CLASSES_MAX][MF_CLASSES_MAX]; /* [label][answer] */
    int64_t missed[MF_CLASSES_MAX];   /* [label]: pictures that could not be read */
} mf_metrics;

void mf_metrics_begin(mf_metrics *m, int classes);
/* One picture: its label and the probabilities of all classes; the answer is the largest, the lowest index on a tie. */
void mf_metrics_add(mf_metrics *m, int label, const float *prob);
/* One picture that could not be read. */
void mf_metrics_add_unread(mf_metrics *m, int label);
void mf_metrics_end(mf_metrics *m);

/* ---- the full form ---------------------------------------------------------------------------------------- */

/* Answers to judge: row i has label[i], answer[i] (-1: not read) and probabilities prob[i * classes ...]. Lent. */
typedef struct mf_answers {
    size_t        n;
    int           classes;
    const int    *label, *answer;
    const double *prob;   /* [n, classes]; not looked at where answer is -1 */
    const int    *group;  /* [n] folds, subjects: which rows share a temperature's fit (mf_calibration); may be NULL */
} mf_answers;

/* A class against the rest. Shares; NaN where undefined (no picture, never answered, nothing but this class). */
typedef struct mf_class_measures {
    int64_t support;      /* pictures with this label, those not read among them */
    double  precision, recall, f1;
    double  roc_auc;      /* area under the ROC curve, ties counted half (Mann-Whitney) */
    double  pr_auc;       /* average precision: sum over thresholds of (R_i - R_(i-1)) P_i */
} mf_class_measures;

typedef struct mf_measures {
    int     classes;
    size_t  n, correct;
    size_t  unread;       /* of n: without an answer; errors in all counts, left out of what needs probabilities */
    size_t  absent;       /* classes without a picture: left out of balanced accuracy, not of macro F1 if answered */
    double  accuracy;     /* NaN for n = 0, as all below */
    double  accuracy_lo, accuracy_hi; /* 95 % interval of Wilson's score, as if pictures were independent */
    double  balanced;     /* mean recall over classes that have a picture */
    double  macro_f1;     /* mean over classes that occur as label or answer */
    double  weighted_f1;  /* weighted by support */
    double  top2;         /* label among the two most probable, lower indices first on ties */
    double  log_loss;     /* mean -log p(label), p at least MF_LOG_LOSS_FLOOR */
    double  brier;        /* mean over pictures of the sum over classes of (p - y)^2: 0 to 2 */
    double  ece;          /* expected calibration error over MF_CALIBRATION_BINS (Guo 2017, eq. 3) */
    double  roc_auc, pr_auc; /* means over the classes where they are defined */
    mf_class_measures of[MF_CLASSES_MAX];
    int64_t confusion[MF_CLASSES_MAX][MF_CLASSES_MAX]; /* [label][answer] */
    double  share[MF_CLASSES_MAX][MF_CLASSES_MAX];     /* confusion over the label's support; NaN without a picture */
} mf_measures;

/* *m is overwritten (it is large: allocate it). MF_E_NOMEM only. */
mf_status mf_measures_make(mf_measures *m, const mf_answers *a, mf_err *err);

/* Reliability: read pictures by the probability of their answer, in equal steps (i/B, (i+1)/B], B bins. */
enum { MF_CALIBRATION_BINS = 15 };
typedef struct mf_calibration {
    struct {
        size_t n;
        double confidence, accuracy; /* means of the bin; NaN where n = 0 */
    } bin[MF_CALIBRATION_BINS];
    size_t n;
    double ece, mce;      /* expected and largest gap, as shares; NaN for n = 0 */
    double log_loss;
    double temperature;   /* the one that was applied (of several, their mean); 1 for none */
} mf_calibration;
void mf_calibration_make(mf_calibration *out, const mf_answers *a);
/* The same after temperature scaling: logits log p are divided by a temperature that is fitted on the rows of all *other*
 * groups, so no row helps to scale itself. Without groups, or with one: fitted on the rows themselves, *own = true, and the
 * figures are too good. MF_E_NOMEM only. */
mf_status mf_calibration_scaled(mf_calibration *out, bool *own, const mf_answers *a, mf_err *err);
/* The temperature T in [0.01, 100] of least log loss on the rows that `skip` does not hold back (group value; -1: none). */
double mf_temperature_fit(const mf_answers *a, int skip);

#endif
