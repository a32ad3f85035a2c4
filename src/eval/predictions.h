/* eval/predictions.h: predictions.csv of one run, of all folds and methods of a cross-validation, or of several runs, as
 * one table that metrics, comparisons and reports are made from. Nothing is scored again. */
#ifndef MF_EVAL_PREDICTIONS_H
#define MF_EVAL_PREDICTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/error.h"
#include "data/manifest.h"

enum {
    MF_PRED_METHODS_MAX = 256,
    MF_PRED_FOLDS_MAX   = 1000,
    MF_PRED_ROWS_MAX    = 1 << 26
};

/* Which pictures count: a picture of occlusion `none` is clear, any other occluded. */
typedef enum mf_domain { MF_DOMAIN_ALL, MF_DOMAIN_CLEAR, MF_DOMAIN_OCCLUDED, MF_DOMAIN_COUNT } mf_domain;
/* "all", "non-masked", "masked": the words of tables and sentences. */
const char *mf_domain_name(mf_domain k);
bool        mf_domain_holds(mf_domain k, mf_occlusion o);

typedef struct mf_pred {
    uint32_t     image;     /* index into images */
    int          subject;   /* index into subjects, -1 unknown */
    int          kind;      /* index into kinds (of mask), -1 unknown */
    int          method;    /* index into methods */
    int          fold;      /* from 0 */
    mf_occlusion occlusion;
    int          label;     /* index into classes */
    int          answer;    /* index into classes; -1: the picture could not be read: an error without probabilities */
} mf_pred;

/* Where the methods [method, method + methods) of the table come from. */
typedef struct mf_pred_run {
    const char *path;            /* as it was given */
    const char *dataset;         /* its name where the run says it, else "" */
    int         method, methods, folds;
    bool        crossval;        /* from a cross-validation (crossval.json), else one training or one file */
    bool        cross;           /* the same pictures scored by the networks of several folds (cross.json) */
    bool        trained_on_it;   /* cross: the networks were trained on this very data set */
    bool        select_fold;     /* the epoch was chosen on the scored fold itself */
    bool        folds_overlap;   /* the published overlapping division, or pictures scored twice */
    bool        no_occlusion;    /* the file has no column `occlusion`: all pictures count as non-masked */
    int64_t     shared_subjects; /* people both trained on and scored; -1: the run does not say */
} mf_pred_run;

/* All texts are lent until the table is freed. Rows are ordered by method, then fold, then as in their file. */
typedef struct mf_predictions {
    char   **classes;  int n_classes; /* in the order of the first run's file */
    char   **methods;  int n_methods; /* "contrastive"; "RUN/contrastive" where two runs hold the same name */
    char   **images;   size_t n_images;
    char   **subjects; size_t n_subjects;
    char   **kinds;    int n_kinds;   /* kinds of mask, where the data set knows them */
    int      folds;                   /* the largest number of folds of a run; 1 for a single training */
    mf_pred *row;      size_t n;
    double  *prob;                    /* [n, n_classes]; zeros where answer is -1 */
    mf_pred_run *run;  int n_runs;
    struct mf_pred_store *store;      /* owns the texts */
} mf_predictions;

/* Each path is the folder of a run (train, crossval, cross) or a CSV file of the same columns (eval --out).
 *
 * Columns: image, label, predicted, and p_CLASS for each class; subject, occlusion, method, fold and mask_type may be missing;
 * others are passed over. A row without an answer and without probabilities is a picture that could not be read. Errors name file
 * and line, the cause and the mend: a missing or doubled column, a label, answer or occlusion that is unknown (the
 * nearest is named), a probability outside [0, 1] or no number, a row that does not sum to 1 within 1e-4, an answer that is
 * not the largest probability, a picture twice in one fold of a method, one picture under two labels or subjects, classes
 * that differ between runs, a table without a row. MF_E_NOTFOUND: no such run, or folds not collected yet.
 * On success *out is the caller's. */
mf_status mf_predictions_load(mf_predictions **out, const char *const *paths, size_t n, mf_err *err);
/* One CSV text in memory; `name` is used in sentences, and what follows its last '/' is the method where the text has no such
 * column. */
mf_status mf_predictions_parse(mf_predictions **out, const char *name, const char *text, size_t size, mf_err *err);
void      mf_predictions_free(mf_predictions *p);

/* Rows of a method (-1: all), fold (-1: all) and domain: indices into row, in order. *rows is the caller's (mf_free), not
 * NULL also when *n is 0. */
mf_status mf_predictions_rows(uint32_t **rows, size_t *n, const mf_predictions *p, int method, int fold, mf_domain k,
                              mf_err *err);

#endif
