/* train/combine.h: a linear classifier of two networks' joined embeddings: a run without a training graph. */
#ifndef MF_TRAIN_COMBINE_H
#define MF_TRAIN_COMBINE_H

#include "train/trainer.h"

/* The run of a method that joins two others. The networks are job->join, or the weight files that the settings name. Writes
 * RUN/{config.yaml, env.json, combine.csv, predictions.csv, summary.json, weights/linear.safetensors}; "best" and "last" of the
 * summary are both what is scored. An answer's probabilities are the softmax of the scores; those of a support vector machine are
 * divided before by the temperature of least log loss on the validation part.
 * MF_E_USAGE: no networks are named. MF_E_LIMIT: no picture to learn from. MF_E_CANCELLED: begin it again with `resume`. */
mf_status mf_combine_run(const mf_train_job *job, mf_err *err);

#endif
