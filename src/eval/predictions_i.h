/* eval/predictions_i.h: what the readers of predictions share: predictions.c owns the table, predictions_csv.c fills it from
 * a file, predictions_run.c finds the files of a run. */
#ifndef MF_EVAL_PREDICTIONS_I_H
#define MF_EVAL_PREDICTIONS_I_H

#include "core/csv.h"
#include "data/names.h"
#include "eval/predictions.h"

typedef struct mf_pred_store {
    mf_arena   arena;
    mf_nametab classes, methods, images, subjects, kinds;
    int32_t   *label;   /* [images.cap]: of each picture, -1 not seen */
    int32_t   *subject; /* [images.cap]: -1 unknown, -2 not seen */
    size_t     images_cap;
    uint32_t  *line;    /* [row.cap]: where the row stands in its file */
    size_t     row_cap;
} mf_pred_store;

/* How a file's rows enter the table. */
typedef struct mf_pred_from {
    mf_pred_run *run;   /* whose file it is; its no_occlusion is set */
    const char *file;   /* used in sentences */
    const char *method; /* of all rows, where the file has no column `method` */
    const char *prefix; /* put before names of methods; "" for none */
    const char *set;    /* put before names of pictures, where another data set's pictures are in the table; "" for none */
} mf_pred_from;

/* Append the rows of `c` to the table: predictions_csv.c. */
mf_status mf_predictions_read(mf_predictions *p, mf_csv *c, const mf_pred_from *from, mf_err *err);
/* Append a row with its n_classes probabilities (NULL: none): predictions.c. */
mf_status mf_predictions_add(mf_predictions *p, const mf_pred *row, const double *prob, long line, mf_err *err);
/* Order rows [first, n) and look for pictures that are there twice; sets run->folds, run->folds_overlap. */
mf_status mf_predictions_close(mf_predictions *p, mf_pred_run *run, size_t first, const char *file, mf_err *err);
/* One folder or file into the table, with its entry in p->run (already there): predictions_run.c. */
mf_status mf_predictions_add_run(mf_predictions *p, mf_pred_run *run, const char *first_set, bool several, mf_err *err);

#endif
