/* cli/explain.c: a run opened for explaining: predictions, data set, weights; batches of pictures through a fold's network. */
#include "cli/explain.h"

#include <stdio.h>
#include <string.h>

#include "core/file.h"
#include "core/json.h"
#include "core/mem.h"
#include "core/yaml.h"
#include "data/keypoints.h"

enum { BATCH = 16 };

void
mf_explainer_close(mf_explainer *x)
{
    mf_landmarks_free(x->landmarks);
    mf_mask_fits_free(x->fits);
    mf_dataset_free(x->d);
    mf_predictions_free(x->p);
    *x = (mf_explainer){0};
}

/* The folder that RUN/config.yaml names as `data`. */
static mf_status
data_of(mf_str *out, const char *run, mf_err *err)
{
    mf_str         path = {0};
    mf_yaml       *y    = NULL;
    const mf_yaml *data;
    mf_status      st;

    mf_path_join(&path, run, "config.yaml");
    if ((st = mf_str_ok(&path, err)) < 0 || (st = mf_yaml_load(&y, path.data, err)) < 0) {
        goto done;
    }
    data = mf_yaml_get(y, "data");
    if (data == NULL || mf_yaml_text(data) == NULL || mf_yaml_text(data)[0] == '\0') {
        st = mf_fail(err, MF_E_NOTFOUND, "%s: does not say which data set the run is of: give --data DIR", path.data);
        goto done;
    }
    mf_str_add(out, mf_yaml_text(data));
    if ((st = mf_str_ok(out, err)) == MF_OK && !mf_path_is_dir(out->data)) {
        st = mf_fail(err, MF_E_NOTFOUND, "'%s', the data set of run '%s', is not there: give --data DIR", out->data, run);
    }
done:
    mf_str_free(&path);
    mf_yaml_free(y);
    return st;
}

mf_status
mf_explainer_open(mf_explainer *x, const char *run, const mf_explain_opts *o, mf_cli *cli, mf_err *err)
{
    mf_str    data = {0};
    mf_status st;

    *x = (mf_explainer){.cli = cli, .run = run, .o = *o};
    if (!mf_path_is_dir(run)) {
        return mf_fail(err, MF_E_NOTFOUND, "there is no run at '%s'", run);
    }
    if ((st = mf_predictions_load(&x->p, &run, 1, err)) < 0) {
        goto done;
    }
    if (o->data != NULL && o->data[0] != '\0') {
        mf_str_add(&data, o->data);
        st = mf_str_ok(&data, err);
    } else {
        st = data_of(&data, run, err);
    }
    if (st < 0 || (st = mf_dataset_load(&x->d, data.data, err)) < 0 || (st = mf_landmarks_load(&x->landmarks, x->d, err)) < 0 ||
        (st = mf_mask_fits_load(&x->fits, x->d, err)) < 0) {
        goto done;
    }
    x->middle = mf_explain_middle_fit();
done:
    mf_str_free(&data);
    if (st < 0) {
        mf_explainer_close(x);
    }
    return st;
}

static bool
exists_in(mf_str *path, const char *dir, const char *name)
{
    mf_path_join(path, dir, name);
    return !path->oom && mf_path_exists(path->data);
}

mf_status
mf_explainer_weights(mf_str *path, const mf_explainer *x, int method, int fold, mf_err *err)
{
    mf_str      dir = {0}, file = {0};
    mf_json    *summary = NULL;
    const char *which = "best";
    char        name[64];
    mf_status   st;

    if (x->p->run[0].crossval) {
        mf_str_printf(&dir, "%s/fold-%02d/%s", x->run, fold, x->p->methods[method]);
    } else {
        mf_str_add(&dir, x->run);
    }
    if ((st = mf_str_ok(&dir, err)) < 0) {
        goto done;
    }
    if (exists_in(&file, dir.data, "summary.json") && (st = mf_json_load(&summary, file.data, err)) < 0) {
        goto done;
    }
    which = mf_json_text(summary != NULL ? mf_json_get(summary, "selected") : NULL, which);
    snprintf(name, sizeof name, "weights/%.32s.safetensors", which);
    if (!exists_in(path, dir.data, name) && exists_in(path, dir.data, "weights/linear.safetensors")) {
        st = mf_fail(err, MF_E_NOTFOUND, "'%s' joins two networks by a linear classifier: there are no heat maps of that", dir.data);
    } else if (!exists_in(path, dir.data, name)) {
        st = mf_fail(err, MF_E_NOTFOUND, "'%s' has no weights: heat maps need them; train again with --keep-weights", dir.data);
    } else {
        st = mf_str_ok(path, err);
    }
done:
    mf_json_free(summary);
    mf_str_free(&dir);
    mf_str_free(&file);
    return st;
}

ptrdiff_t
mf_explain_row(const mf_explainer *x, const mf_pred *r)
{
    return mf_dataset_find(x->d, x->p->images[r->image]);
}

/* The network's number of a class of the predictions, or -1. */
static int
class_of(const mf_infer *f, const char *name)
{
    for (int c = 0; mf_infer_classes(f)[c] != NULL; c++) {
        if (mf_str_eq(mf_infer_classes(f)[c], name)) {
            return c;
        }
    }
    return -1;
}

typedef struct batch {
    mf_image  im[BATCH];
    int       cls[BATCH];
    uint32_t  index[BATCH];
    ptrdiff_t row[BATCH];
    float     marks[BATCH * MF_KEYPOINTS_MAX * MF_KEYPOINT]; /* [n, landmarks, 3] */
    size_t    n;
} batch;

static void
empty(batch *b)
{
    for (size_t i = 0; i < b->n; i++) {
        mf_image_free(&b->im[i]);
    }
    b->n = 0;
}

static mf_status
run_batch(mf_explainer *x, batch *b, mf_attribution *a, const mf_infer *f, float *heat, mf_explained_fn *fn, void *arg, mf_err *err)
{
    mf_status st = MF_OK;
    int       w, h;

    mf_attribution_size(a, &w, &h);
    if (b->n != 0 && (st = mf_attribution_images(a, b->im, b->marks, b->n, b->cls, heat, NULL, err)) < 0) {
        empty(b);
        return st;
    }
    for (size_t i = 0; i < b->n && st == MF_OK; i++) {
        const mf_explained e = {.pred = &x->p->row[b->index[i]], .index = b->index[i], .row = (size_t)b->row[i], .im = &b->im[i],
                                .heat = heat + i * (size_t)(w * h), .w = w, .h = h, .cls = b->cls[i], .class_name = mf_infer_classes(f)[b->cls[i]]};

        st = fn(arg, &e, err);
    }
    empty(b);
    return st;
}

/* Its landmarks, where the network looks at them. */
static mf_status
take_marks(const mf_explainer *x, batch *b, const mf_infer *f, size_t row, mf_err *err)
{
    const int          points = mf_infer_landmarks(f);
    const mf_landmarks lm     = mf_landmarks_of(x->landmarks, row);

    if (points == 0) {
        return MF_OK;
    }
    if (lm.n == 0) {
        return mf_fail(err, MF_E_NOTFOUND, "'%s' has no points in '%s/landmarks.csv', and the network looks at them", x->d->rows[row].image, x->d->dir);
    }
    return mf_keypoints_of(b->marks + b->n * (size_t)points * MF_KEYPOINT, points, &lm, err);
}

/* Load a row's picture into the batch; one that cannot be read or is not in the data set is said and left out. */
static mf_status
take(mf_explainer *x, batch *b, const mf_infer *f, uint32_t index, mf_err *err)
{
    const mf_pred  *r   = &x->p->row[index];
    const ptrdiff_t row = mf_explain_row(x, r);
    const char     *name = x->p->images[r->image];
    const int       cls = class_of(f, x->p->classes[x->o.label ? r->label : r->answer]);
    mf_str          path = {0};
    mf_err          why = {0};
    mf_status       st;

    if (row < 0) {
        mf_logf(&x->cli->log, MF_LOG_WARN, "picture '%s' of the run is not in '%s': left out", name, x->d->dir);
        return MF_OK;
    }
    if (cls < 0) {
        return mf_fail(err, MF_E_ARG, "the network knows no class '%s'", x->p->classes[x->o.label ? r->label : r->answer]);
    }
    mf_dataset_path(&path, x->d, (size_t)row);
    if ((st = mf_str_ok(&path, err)) == MF_OK) {
        if (take_marks(x, b, f, (size_t)row, &why) == MF_OK && mf_image_load(&b->im[b->n], path.data, 3, &why) == MF_OK) {
            b->cls[b->n]   = cls;
            b->index[b->n] = index;
            b->row[b->n++] = row;
        } else if (why.code == MF_E_NOMEM) {
            st = mf_fail(err, why.code, "%s", why.msg);
        } else {
            mf_logf(&x->cli->log, MF_LOG_WARN, "%s: left out", why.msg);
        }
    }
    mf_str_free(&path);
    return st;
}

mf_status
mf_explain_rows(mf_explainer *x, int method, int fold, const uint32_t *rows, size_t n, mf_explained_fn *fn, void *arg, double *done, double of, mf_err *err)
{
    mf_infer_opts   io = mf_infer_opts_default();
    mf_infer       *f  = NULL;
    mf_attribution *a  = NULL;
    mf_str          path = {0};
    batch           b;
    float          *heat = NULL;
    mf_status       st;

    b.n        = 0;
    memset(b.im, 0, sizeof b.im);
    io.batch   = BATCH;
    io.prec    = MF_PREC_F32;
    io.keep    = true;
    io.backend = x->o.how.backend;
    if ((st = mf_explainer_weights(&path, x, method, fold, err)) < 0 || (st = mf_infer_load(&f, path.data, &io, err)) < 0 ||
        (st = mf_attribution_new(&a, f, &x->o.how, err)) < 0) {
        goto done;
    }
    snprintf(x->layer, sizeof x->layer, "%s", mf_attribution_layer(a));
    mf_attribution_size(a, &x->w, &x->h);
    heat = mf_calloc(BATCH * (size_t)x->w * (size_t)x->h, sizeof *heat);
    if (heat == NULL) {
        st = mf_oom(err, BATCH * (size_t)x->w * (size_t)x->h * sizeof *heat, "heat maps");
        goto done;
    }
    for (size_t i = 0; i < n && st == MF_OK; i++) {
        if (mf_cli_stop(NULL)) {
            st = mf_fail(err, MF_E_CANCELLED, "stopped");
        } else if ((st = take(x, &b, f, rows[i], err)) == MF_OK && (b.n == BATCH || i + 1 == n)) {
            st = run_batch(x, &b, a, f, heat, fn, arg, err);
            mf_progress_set(&x->cli->progress, "heat maps\tpictures", *done + (double)i + 1, of);
        }
    }
    *done += (double)n;
done:
    empty(&b);
    mf_free(heat);
    mf_attribution_free(a);
    mf_infer_free(f);
    mf_str_free(&path);
    return st;
}
