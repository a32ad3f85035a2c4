/* train/run.h: files that every kind of run leaves in its folder. */
#ifndef MF_TRAIN_RUN_H
#define MF_TRAIN_RUN_H

#include "core/str.h"
#include "eval/score.h"
#include "train/trainer.h"

/* Figures of one set of pictures: all, without and with occlusion. */
typedef struct mf_figures {
    mf_metrics all, clear, occluded;
} mf_figures;

/* summary.json. val and test are of {selected, best, last}, NULL where there is no such part. */
typedef struct mf_summary {
    const mf_train_job *job;
    int64_t             parameters, epochs, best_epoch;
    size_t              n_samples;
    double              train_accuracy, train_loss, seconds;
    const mf_figures   *val[3], *test[3];
    const char         *selected;  /* "best" or "last" */
    double              images_per_second; /* of training, the median epoch; 0: not trained by steps */
    const char         *chosen_by; /* the part that chose what is scored: "val", "test"; "last" where nothing was chosen */
} mf_summary;
mf_status mf_summary_write(const mf_summary *s, mf_err *err);

/* MF_E_STATE: the folder holds a run and `resume` is not set. Makes the folder; *finished: summary.json is there. */
mf_status mf_run_claim(const mf_train_job *job, bool *finished, mf_err *err);
/* config.yaml and env.json. */
mf_status mf_run_begin_files(const mf_train_job *job, mf_prec prec, mf_err *err);
mf_status mf_run_write(const char *dir, const char *name, const mf_str *text, mf_err *err);
/* env.json of any run. */
mf_status mf_env_write(const char *dir, const char *dataset_hash, uint64_t seed, const char *precision, const char *backend,
                       mf_err *err);

#endif
