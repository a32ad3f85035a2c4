/* eval/score_files.c: pictures of a data set from their files to probabilities, a batch at a time. */
#include <string.h>

#include "core/mem.h"
#include "data/keypoints.h"
#include "eval/score.h"

/* The network's number of each of the data set's classes; -1 where it has none. */
static mf_status
map_labels(mf_scores *s, const mf_infer *f, const mf_dataset *d, const int *label_of, mf_err *err)
{
    const char *const *names = mf_infer_classes(f);

    s->label_map = mf_calloc((size_t)d->n_classes, sizeof *s->label_map);
    if (s->label_map == NULL) {
        return mf_oom(err, (size_t)d->n_classes * sizeof *s->label_map, "labels");
    }
    for (int c = 0; c < d->n_classes; c++) {
        s->label_map[c] = label_of != NULL ? label_of[c] : -1;
        for (int k = 0; k < s->classes && label_of == NULL; k++) {
            if (names == NULL ? k == c : mf_str_eq(names[k], d->classes[c])) {
                s->label_map[c] = k;
            }
        }
    }
    s->class_name = names;
    return MF_OK;
}

static mf_status
known_labels(const mf_scores *s, const mf_dataset *d, const uint32_t *rows, size_t n, mf_err *err)
{
    for (size_t i = 0; i < n; i++) {
        const mf_row *r = &d->rows[rows[i]];

        if (s->label_map[r->label] < 0) {
            mf_str all = {0};

            for (int k = 0; k < s->classes && s->class_name != NULL; k++) {
                mf_str_printf(&all, "%s%s", k != 0 ? ", " : "", s->class_name[k]);
            }
            mf_fail(err, MF_E_ARG, "the network does not know the label '%s' of '%s' (it knows %s)", d->classes[r->label],
                    r->image, mf_str_c(&all));
            mf_str_free(&all);
            return MF_E_ARG;
        }
    }
    return MF_OK;
}

/* Paths of a batch, in strings that are used again. */
typedef struct paths {
    mf_str           *text;
    const char      **c;
    mf_err           *why;
    float            *prob;
    mf_row_keypoints *points; /* NULL: the network looks at none */
    float            *marks;  /* [n, values] of the batch */
    size_t            values;
} paths;

static void
paths_free(paths *p, size_t n)
{
    for (size_t i = 0; i < n && p->text != NULL; i++) {
        mf_str_free(&p->text[i]);
    }
    mf_free(p->text);
    mf_free(p->c);
    mf_free(p->why);
    mf_free(p->prob);
    mf_free(p->marks);
    mf_row_keypoints_free(p->points);
}

static mf_status
paths_new(paths *p, size_t n, size_t classes, mf_err *err)
{
    p->text = mf_calloc(n, sizeof *p->text);
    p->c    = mf_calloc(n, sizeof *p->c);
    p->why  = mf_calloc(n, sizeof *p->why);
    p->prob = mf_calloc(n * classes, sizeof *p->prob);
    return p->text != NULL && p->c != NULL && p->why != NULL && p->prob != NULL
               ? MF_OK
               : mf_oom(err, n * (sizeof *p->why + classes * sizeof *p->prob), "scoring");
}

/* Landmarks of these rows, where the network looks at them. */
static mf_status
paths_points(paths *p, const mf_infer *f, const mf_dataset *d, const uint32_t *rows, size_t n, mf_err *err)
{
    const int    points = mf_infer_landmarks(f);
    const size_t batch  = (size_t)mf_infer_batch(f);

    if (points == 0) {
        return MF_OK;
    }
    p->values = (size_t)points * MF_KEYPOINT;
    if ((p->marks = mf_calloc(batch * p->values, sizeof *p->marks)) == NULL) {
        return mf_oom(err, batch * p->values * sizeof *p->marks, "landmarks");
    }
    return mf_row_keypoints_open(&p->points, d, rows, n, points, err);
}

/* Rows [0, n) of one batch, appended to `out`. */
static mf_status
one_batch(mf_scores *out, size_t *failed, paths *p, mf_infer *f, const mf_dataset *d, const uint32_t *rows, size_t n,
          const mf_log *log, mf_err *err)
{
    const size_t classes = (size_t)out->classes;
    mf_status    st;

    for (size_t i = 0; i < n; i++) {
        mf_dataset_path(&p->text[i], d, rows[i]);
        if ((st = mf_str_ok(&p->text[i], err)) < 0) {
            return st;
        }
        p->c[i] = p->text[i].data;
        if (p->points != NULL) {
            mf_row_keypoints_at(p->marks + i * p->values, p->points, rows[i]);
        }
    }
    if ((st = mf_infer_files(f, p->c, p->marks, n, p->prob, NULL, p->why, err)) < 0) {
        return st;
    }
    for (size_t i = 0; i < n; i++) {
        out->row[out->n] = rows[i];
        if (p->why[i].code != MF_OK) {
            mf_logf(log, MF_LOG_WARN, "counts as an error: %s", p->why[i].msg);
            out->unread[out->n++] = true;
            ++*failed;
            continue;
        }
        memcpy(out->prob + out->n++ * classes, p->prob + i * classes, classes * sizeof *p->prob);
    }
    return MF_OK;
}

mf_status
mf_score_files(mf_scores *out, size_t *failed, mf_infer *f, const mf_dataset *d, const uint32_t *rows, size_t n,
               const int *label_of, const mf_log *log, const mf_progress *progress, mf_err *err)
{
    const size_t batch = (size_t)mf_infer_batch(f);
    paths        p     = {0};
    mf_status    st;

    *failed      = 0;
    out->classes = mf_infer_model(f)->classes;
    out->row     = mf_calloc(n, sizeof *out->row);
    out->prob    = mf_calloc(n * (size_t)out->classes, sizeof *out->prob);
    out->unread  = mf_calloc(n, sizeof *out->unread);
    if (out->row == NULL || out->prob == NULL || out->unread == NULL) {
        st = mf_oom(err, n * (size_t)out->classes * sizeof *out->prob, "scoring");
        goto done;
    }
    if ((st = map_labels(out, f, d, label_of, err)) < 0 || (st = known_labels(out, d, rows, n, err)) < 0 ||
        (st = paths_new(&p, batch, (size_t)out->classes, err)) < 0 || (st = paths_points(&p, f, d, rows, n, err)) < 0) {
        goto done;
    }
    for (size_t i = 0; i < n; i += batch) {
        size_t now = n - i < batch ? n - i : batch;

        if ((st = one_batch(out, failed, &p, f, d, rows + i, now, log, err)) < 0) {
            goto done;
        }
        mf_progress_set(progress, "scoring", (double)(i + now), (double)n);
    }
done:
    paths_free(&p, batch);
    if (st < 0) {
        mf_scores_free(out);
    }
    return st;
}
