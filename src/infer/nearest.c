/* infer/nearest.c */
#include "infer/nearest.h"

#include <stdio.h>
#include <string.h>

enum { SIDE = 224 }; /* every architecture takes it */

/* Names that a file and an architecture have in common, and those that one of them has alone. */
typedef struct fit {
    const mf_model_def *def;
    size_t              common, shaped, alone;
} fit;

static fit
fit_of(const mf_model_def *def, const mf_tensors *ts)
{
    mf_params *ps    = NULL;
    mf_graph  *graph = NULL;
    mf_model   m;
    mf_err     err = {0};
    fit        f   = {.def = def};

    if (mf_model_make(&m, def->name, 2, 3, SIDE, SIDE, &err) == MF_OK && mf_params_new(&ps, MF_DTYPE_F32, &err) == MF_OK &&
        mf_model_eval_graph(&graph, &m, ps, &err) == MF_OK) {
        f.common = mf_params_fit(&f.shaped, ps, ts);
        f.alone  = mf_params_count(ps) + ts->n - 2 * f.common;
    }
    mf_graph_free(graph);
    mf_params_free(ps);
    return f;
}

void
mf_nearest_hint(mf_err *err, const mf_model *m, const mf_tensors *ts)
{
    fit    best = {0};
    size_t used = strlen(err->msg);

    for (size_t i = 0; i < mf_model_count(); i++) {
        fit f = fit_of(mf_model_at(i), ts);

        if (f.common > ts->n / 2 && (best.def == NULL || f.alone < best.alone || (f.alone == best.alone && f.shaped > best.shaped))) {
            best = f;
        }
    }
    if (best.def != NULL && best.def != m->def) {
        snprintf(err->msg + used, sizeof err->msg - used, "; its names are nearest to %s (%zu of %zu)", best.def->name, best.common, ts->n);
    }
}
