/* eval/show.h: figures of a table of predictions as text for people and as JSON for programs. One form for eval, compare, cross
 * and cross-validation. JSON has shares in [0, 1] under "measures" and percent where design.md's files have percent. */
#ifndef MF_EVAL_SHOW_H
#define MF_EVAL_SHOW_H

#include "core/error.h"
#include "core/json.h"
#include "core/str.h"
#include "eval/compare.h"

/* Accuracy of every method over folds: "mean +- sd [lo, hi]" for non-masked, masked, average. */
mf_status mf_show_accuracy(mf_str *out, const mf_predictions *p, mf_err *err);
/* A line a method: balanced accuracy, F1, top-2, losses, calibration, areas; answers of the domain, pooled over folds. */
mf_status mf_show_measures(mf_str *out, const mf_predictions *p, mf_domain k, mf_err *err);
/* Recall of each class, mean over folds. */
mf_status mf_show_diagonal(mf_str *out, const mf_predictions *p, mf_domain k, mf_err *err);
/* Precision, recall, F1, support, areas of each class of one method. */
mf_status mf_show_classes(mf_str *out, const mf_predictions *p, int method, mf_domain k, mf_err *err);
/* Confusion matrices of one method side by side, in percent of each label: non-masked, then masked, where there are both. */
mf_status mf_show_confusion(mf_str *out, const mf_predictions *p, int method, mf_err *err);
/* Accuracy by occlusion, by kind of mask, and over people. */
mf_status mf_show_parts(mf_str *out, const mf_predictions *p, int method, mf_err *err);
/* The sentences, the notes and the warnings. */
mf_status mf_show_sentences(mf_str *out, const mf_comparisons *c, const mf_predictions *p, mf_err *err);

/* "key": {...} of measures; NaN becomes null. */
void mf_json_measures(mf_json_out *j, const char *key, const mf_measures *m, char *const *classes);
void mf_json_calibration(mf_json_out *j, const char *key, const mf_calibration *c);
/* Members of an open object: "measures", "by_mask_type", "by_subject", "calibration" of one method. */
mf_status mf_json_method(mf_json_out *j, const mf_predictions *p, int method, mf_err *err);
/* The whole of a comparison as one object. */
mf_status mf_json_compare(mf_str *out, const mf_predictions *p, const mf_comparisons *c, mf_err *err);

#endif
