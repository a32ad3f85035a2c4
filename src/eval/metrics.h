/* eval/metrics.h: figures of a list of answers: accuracy, recall, F1, confusion matrix, log loss. */
#ifndef MF_EVAL_METRICS_H
#define MF_EVAL_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/error.h"
#include "data/manifest.h"

typedef struct mf_metrics {
    int    classes;
    size_t n, correct;
    double accuracy;                  /* percent; 0 for n = 0 */
    double macro_f1;                  /* percent: mean over classes that occur as label or answer */
    double balanced;                  /* percent: mean recall over classes that occur as label */
    double loss;                      /* mean of -log p(label), p bounded below by 1e-12 */
    double recall[MF_CLASSES_MAX];    /* percent; NaN where the class has no picture */
    double precision[MF_CLASSES_MAX]; /* percent; NaN where the class was never answered */
    double f1[MF_CLASSES_MAX];        /* percent; NaN where the class occurs in neither */
    int64_t confusion[MF_CLASSES_MAX][MF_CLASSES_MAX]; /* [label][answer] */
} mf_metrics;

void mf_metrics_begin(mf_metrics *m, int classes);
/* One picture: its label and the probabilities of all classes; the answer is the largest, the lowest index on a tie. */
void mf_metrics_add(mf_metrics *m, int label, const float *prob);
void mf_metrics_end(mf_metrics *m);

#endif
