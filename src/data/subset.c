/* data/subset.c: copy what is kept, then write the tables. */
#include "data/subset.h"

#include "core/file.h"
#include "core/mem.h"
#include "data/landmarks_csv.h"
#include "data/outdir.h"

typedef struct work {
    const mf_dataset     *d;
    const mf_subset_opts *o;
    const mf_outdir      *dir;
    size_t               *row; /* [n] rows that are kept */
    size_t                n;
} work;

static mf_status
copy_one(void *arg, size_t i, mf_err *err)
{
    const work *w    = arg;
    mf_str      from = {0};
    mf_status   st;

    mf_dataset_path(&from, w->d, w->row[i]);
    if ((st = mf_str_ok(&from, err)) == MF_OK)
        st = mf_outdir_copy(w->dir, mf_str_c(&from), w->d->rows[w->row[i]].image, w->o->link, err);
    mf_str_free(&from);
    return st;
}

static mf_status
write_text(const work *w, const char *name, const mf_str *text, mf_err *err)
{
    mf_str    path = {0};
    mf_status st;

    mf_path_join(&path, mf_outdir_path(w->dir), name);
    if ((st = mf_str_ok(&path, err)) == MF_OK && (st = mf_str_ok(text, err)) == MF_OK)
        st = mf_file_write_str(mf_str_c(&path), text, err);
    mf_str_free(&path);
    return st;
}

static mf_status
add_row(mf_dataset *out, const work *w, size_t row, mf_err *err)
{
    const mf_dataset *d    = w->d;
    const mf_row     *r    = &d->rows[row];
    const float      *soft = NULL;
    float             own[MF_CLASSES_MAX];
    int               k;

    if (w->o->soft) {
        for (k = 0; k < d->n_classes; k++)
            own[k] = (float)w->o->soft[row * (size_t)d->n_classes + (size_t)k];
        soft = own;
    } else if (w->o->label[row] == r->label) {
        soft = r->soft;
    }
    return mf_dataset_add(out, r->image, d->classes[w->o->label[row]], r->subject < 0 ? NULL : d->subjects[r->subject],
                          r->occlusion, r->pair < 0 ? NULL : d->pairs[r->pair], r->split, soft, err);
}

static mf_status
write_landmarks(const work *w, mf_err *err)
{
    mf_landmark_table *lm   = NULL;
    mf_str             text = {0};
    mf_status          st   = mf_landmarks_load(&lm, w->d, err);
    size_t             i;

    for (i = 0; st == MF_OK && i < w->n; i++) {
        mf_landmarks one = mf_landmarks_of(lm, w->row[i]);

        if (!one.n)
            continue;
        if (!text.len)
            mf_landmarks_put_header(&text, one.n, one.judged);
        mf_landmarks_put(&text, w->d->rows[w->row[i]].image, &one);
    }
    if (st == MF_OK && (text.len || text.oom))
        st = write_text(w, "landmarks.csv", &text, err);
    mf_landmarks_free(lm);
    mf_str_free(&text);
    return st;
}

static mf_status
write_tables(const work *w, mf_err *err)
{
    const mf_dataset *d   = w->d;
    mf_dataset       *out = NULL;
    mf_status         st;
    size_t            i;

    if ((st = mf_dataset_new(&out, w->o->name, (const char *const *)d->classes, d->n_classes, err)) < 0 ||
        (st = mf_dataset_describe(out, d->licence, d->source, err)) < 0)
        goto done;
    for (i = 0; i < w->n; i++)
        if ((st = add_row(out, w, w->row[i], err)) < 0)
            goto done;
    for (i = 0; i < MF_SUBSET_EXTRAS && w->o->extra[i].name; i++)
        if ((st = write_text(w, w->o->extra[i].name, w->o->extra[i].text, err)) < 0)
            goto done;
    if ((st = write_landmarks(w, err)) == MF_OK)
        st = mf_dataset_save(out, mf_outdir_path(w->dir), err);
done:
    mf_dataset_free(out);
    return st;
}

mf_status
mf_subset_make(const char *out_dir, const mf_dataset *d, const mf_subset_opts *o, mf_err *err)
{
    work       w   = {.d = d, .o = o};
    mf_outdir *dir = NULL;
    mf_status  st;
    size_t     i;

    if (!(w.row = mf_calloc(d->n_rows, sizeof *w.row)))
        return mf_oom(err, d->n_rows * sizeof *w.row, "rows to keep");
    for (i = 0; i < d->n_rows; i++)
        if (o->label[i] >= 0)
            w.row[w.n++] = i;
    if (w.n == 0) {
        st = mf_fail(err, MF_E_ARG, "no picture of '%s' is left, so there is nothing to write", d->dir);
        goto done;
    }
    if ((st = mf_outdir_open(&dir, out_dir, o->force, d->dir, err)) < 0)
        goto done;
    w.dir = dir;
    if ((st = mf_jobs_run(w.n, copy_one, &w, &o->jobs, err)) == MF_OK && (st = write_tables(&w, err)) == MF_OK)
        st = mf_outdir_commit(dir, err);
done:
    mf_outdir_free(dir);
    mf_free(w.row);
    return st;
}
