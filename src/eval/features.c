/* eval/features.c: pictures of a data set from their files, or from a cache, to features, a batch at a time. */
#include "eval/features.h"

#include <string.h>

#include "core/mem.h"
#include "core/str.h"
#include "data/keypoints.h"
#include "eval/tsne.h"

void
mf_features_free(mf_features *f)
{
    mf_free(f->row);
    mf_free(f->x);
    *f = (mf_features){0};
}

/* Memory for one batch. */
typedef struct batch {
    size_t            n;
    mf_str           *path;
    const char      **c;
    mf_err           *why;
    float            *prob, *x;
    mf_row_keypoints *points; /* NULL: the network looks at none */
    float            *marks;  /* [n, values] */
    size_t            values;
} batch;

static void
batch_free(batch *b)
{
    for (size_t i = 0; b->path != NULL && i < b->n; i++) {
        mf_str_free(&b->path[i]);
    }
    mf_free(b->path);
    mf_free(b->c);
    mf_free(b->why);
    mf_free(b->prob);
    mf_free(b->x);
    mf_free(b->marks);
    mf_row_keypoints_free(b->points);
}

static mf_status
batch_new(batch *b, const mf_infer *f, mf_err *err)
{
    b->values = (size_t)mf_infer_landmarks(f) * MF_KEYPOINT;
    b->n    = (size_t)mf_infer_batch(f);
    b->path = mf_calloc(b->n, sizeof *b->path);
    b->c    = mf_calloc(b->n, sizeof *b->c);
    b->why  = mf_calloc(b->n, sizeof *b->why);
    b->prob = mf_calloc(b->n, (size_t)mf_infer_model(f)->classes * sizeof *b->prob);
    b->x    = mf_calloc(b->n, mf_infer_features(f) * sizeof *b->x);
    if (b->values > 0 && (b->marks = mf_calloc(b->n * b->values, sizeof *b->marks)) == NULL) {
        return mf_oom(err, b->n * b->values * sizeof *b->marks, "landmarks");
    }
    return b->path != NULL && b->c != NULL && b->why != NULL && b->prob != NULL && b->x != NULL
               ? MF_OK
               : mf_oom(err, b->n * (sizeof *b->why + mf_infer_features(f) * sizeof *b->x), "features");
}

static mf_status
one_batch(mf_features *out, batch *b, mf_infer *f, const mf_dataset *d, const uint32_t *rows, size_t n, const mf_log *log, mf_err *err)
{
    mf_status st;

    for (size_t i = 0; i < n; i++) {
        mf_dataset_path(&b->path[i], d, rows[i]);
        if ((st = mf_str_ok(&b->path[i], err)) < 0) {
            return st;
        }
        b->c[i] = b->path[i].data;
        if (b->points != NULL) {
            mf_row_keypoints_at(b->marks + i * b->values, b->points, rows[i]);
        }
    }
    if ((st = mf_infer_files(f, b->c, b->marks, n, b->prob, b->x, b->why, err)) < 0) {
        return st;
    }
    for (size_t i = 0; i < n; i++) {
        if (b->why[i].code != MF_OK) {
            mf_logf(log, MF_LOG_WARN, "left out: %s", b->why[i].msg);
            out->failed++;
            continue;
        }
        out->row[out->n] = rows[i];
        memcpy(out->x + out->n++ * out->d, b->x + i * out->d, out->d * sizeof *b->x);
    }
    return MF_OK;
}

mf_status
mf_features_files(mf_features *out, mf_infer *f, const mf_dataset *d, const uint32_t *rows, size_t n, const mf_log *log,
                  const mf_progress *progress, mf_err *err)
{
    batch     b = {0};
    size_t    bad;
    mf_status st;

    *out     = (mf_features){.d = mf_infer_features(f)};
    out->row = mf_calloc(n, sizeof *out->row);
    out->x   = mf_calloc(n, out->d * sizeof *out->x);
    if (out->row == NULL || out->x == NULL) {
        st = mf_oom(err, n * out->d * sizeof *out->x, "features");
        goto done;
    }
    if ((st = batch_new(&b, f, err)) < 0 ||
        (b.values > 0 && (st = mf_row_keypoints_open(&b.points, d, rows, n, mf_infer_landmarks(f), err)) < 0)) {
        goto done;
    }
    for (size_t i = 0; i < n; i += b.n) {
        size_t now = n - i < b.n ? n - i : b.n;

        if ((st = one_batch(out, &b, f, d, rows + i, now, log, err)) < 0) {
            goto done;
        }
        mf_progress_set(progress, "features", (double)(i + now), (double)n);
    }
    if ((st = mf_points_check(&bad, out->x, out->n, out->d, err)) < 0) {
        mf_fail_in(err, st, "features of '%s'", d->rows[out->row[bad]].image);
    }
done:
    batch_free(&b);
    if (st < 0) {
        mf_features_free(out);
    }
    return st;
}

static mf_status
cached_batches(mf_features *out, mf_infer *f, mf_loader *l, size_t n, const mf_progress *progress, mf_err *err)
{
    float          *prob = mf_calloc((size_t)mf_infer_batch(f), (size_t)mf_infer_model(f)->classes * sizeof *prob);
    const mf_batch *b;
    mf_status       st;

    if (prob == NULL) {
        return mf_oom(err, (size_t)mf_infer_batch(f) * (size_t)mf_infer_model(f)->classes * sizeof *prob, "features");
    }
    if ((st = mf_loader_start(l, 0, 0, err)) < 0) {
        goto done;
    }
    while ((st = mf_loader_next(l, &b, err)) == MF_OK && b != NULL) {
        if ((st = mf_infer_run(f, b->x[0], mf_infer_form(f), b->marks[0], b->n, prob, out->x + out->n * out->d, err)) < 0) {
            goto done;
        }
        out->n += b->n;
        mf_progress_set(progress, "features", (double)out->n, (double)n);
    }
done:
    mf_free(prob);
    return st;
}

mf_status
mf_features_cached(mf_features *out, mf_infer *f, const mf_dataset *d, const mf_cache *c, const uint32_t *rows, size_t n, int workers,
                   const mf_progress *progress, mf_err *err)
{
    const mf_pix_form form    = mf_infer_form(f);
    mf_sample        *samples = mf_calloc(n, sizeof *samples);
    mf_loader        *loader  = NULL;
    mf_loader_opts    lo      = {.batch = mf_infer_batch(f), .pictures = 1, .workers = workers, .augment = mf_augment_none(),
                                 .recipe = *mf_infer_recipe(f), .type = form.type, .nhwc = form.nhwc, .classes = d->n_classes};
    size_t            bad;
    mf_status         st;

    lo.landmarks = mf_infer_landmarks(f);
    *out     = (mf_features){.d = mf_infer_features(f)};
    out->row = mf_calloc(n, sizeof *out->row);
    out->x   = mf_calloc(n, out->d * sizeof *out->x);
    if (samples == NULL || out->row == NULL || out->x == NULL) {
        st = mf_oom(err, n * out->d * sizeof *out->x, "features");
        goto done;
    }
    for (size_t i = 0; i < n; i++) {
        out->row[i] = rows[i];
        samples[i]  = (mf_sample){{rows[i], rows[i], rows[i]}};
    }
    if ((st = mf_loader_open(&loader, d, c, samples, n, &lo, err)) < 0 ||
        (st = cached_batches(out, f, loader, n, progress, err)) < 0) {
        goto done;
    }
    MF_ASSERT(out->n == n);
    if ((st = mf_points_check(&bad, out->x, out->n, out->d, err)) < 0) {
        mf_fail_in(err, st, "features of '%s'", d->rows[out->row[bad]].image);
    }
done:
    mf_loader_close(loader);
    mf_free(samples);
    if (st < 0) {
        mf_features_free(out);
    }
    return st;
}
