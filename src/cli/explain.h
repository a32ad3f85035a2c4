/* cli/explain.h: heat maps for the answers of a run: its networks, its pictures and where their masks lie. Shared by
 * `maskfer explain`, `report` and `demo`. */
#ifndef MF_CLI_EXPLAIN_H
#define MF_CLI_EXPLAIN_H

#include "cli/cli.h"
#include "data/landmarks_csv.h"
#include "data/manifest.h"
#include "data/mask_fits.h"
#include "eval/attention.h"
#include "eval/attribution.h"
#include "eval/predictions.h"

typedef struct mf_explain_opts {
    mf_attribution_opts how;
    bool                label;   /* explain the label's class; else the predicted one */
    const char         *data;    /* folder of the data set; "": as config.yaml of the run says */
} mf_explain_opts;

typedef struct mf_explainer {
    mf_cli            *cli;
    const char        *run;      /* lent */
    mf_explain_opts    o;
    mf_predictions    *p;        /* of this run alone */
    mf_dataset        *d;
    mf_landmark_table *landmarks;
    mf_mask_fits      *fits;     /* of drawn masks, where the data set recorded them */
    mf_mask_fit        middle;   /* a mask of middle size, for the others */
    char               layer[MF_ATTR_LAYER_MAX]; /* that was looked at last */
    int                w, h;     /* its places */
} mf_explainer;

/* MF_E_NOTFOUND: the run, or the data set it was trained on, is not there: says how to name it. */
mf_status mf_explainer_open(mf_explainer *x, const char *run, const mf_explain_opts *o, mf_cli *cli, mf_err *err);
void      mf_explainer_close(mf_explainer *x);
/* Weights of a method's fold as the run keeps them. MF_E_NOTFOUND: they were not kept, or are damaged. */
mf_status mf_explainer_weights(mf_str *path, const mf_explainer *x, int method, int fold, mf_err *err);

/* One answer with its heat. All is lent for the length of the call. */
typedef struct mf_explained {
    const mf_pred  *pred;
    uint32_t        index;      /* of the row in p */
    size_t          row;        /* of the data set */
    const mf_image *im;
    const float    *heat;       /* [h, w], unscaled, >= 0 */
    int             w, h, cls;  /* cls: the class explained, an index into the network's classes */
    const char     *class_name; /* its name */
} mf_explained;
typedef mf_status mf_explained_fn(void *arg, const mf_explained *e, mf_err *err);
/* rows[0..n-1] of x->p, all of one method and fold, through that fold's network. `done` and `of` are for the progress bar. Pictures that
 * cannot be read are left out, with a warning. */
mf_status mf_explain_rows(mf_explainer *x, int method, int fold, const uint32_t *rows, size_t n, mf_explained_fn *fn, void *arg, double *done, double of,
                          mf_err *err);

/* The mean of many masks that are worn as they should be. */
mf_mask_fit mf_explain_middle_fit(void);
/* Where the mask lies: cover [h, w] of 0..1 for a picture of pw x ph pixels. */
enum { MF_COVER_SIDE = 96 };
mf_status mf_explain_cover(float *cover, int w, int h, mf_outline *from, const mf_explainer *x, size_t row, int pw, int ph, mf_err *err);

/* The study: attention on the mask for all answers of the run on pictures with a mask. MF_E_LIMIT: there is none. *out is the caller's. */
mf_status mf_explain_attention(mf_attention **out, mf_explainer *x, mf_err *err);
/* attention.csv in the run. */
mf_status mf_explain_attention_save(const mf_explainer *x, const mf_attention *a, mf_err *err);

/* The row of the data set of a picture of the predictions, or -1. */
ptrdiff_t mf_explain_row(const mf_explainer *x, const mf_pred *r);

#endif
