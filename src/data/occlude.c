/* data/occlude.c: decode, hide, encode on all cores; copies of the originals where pairs are wanted. */
#include "data/occlude.h"

#include <string.h>
#include "core/file.h"
#include "core/hash.h"
#include "core/mem.h"
#include "core/rng.h"
#include "core/str.h"
#include "data/landmarks_csv.h"
#include "data/occlusions_csv.h"
#include "data/outdir.h"
#include "face/occlude.h"
#include "image/image.h"

enum { QUALITY = 95 };

typedef struct work {
    const mf_occlude_opts   *o;
    const mf_occluder_def   *def;
    const mf_dataset        *d;
    const mf_landmark_table *lm;
    const mf_outdir         *dir;
    const uint32_t          *row;  /* [n] rows of d that are taken */
    size_t                   n;
    mf_occlusion_record     *record; /* [n] */
} work;

static mf_status
hide(mf_image *im, mf_occlusion_record *record, const work *w, size_t row, mf_err *err)
{
    const char  *name = w->d->rows[row].image;
    mf_landmarks lm   = mf_landmarks_of(w->lm, row);
    mf_rng       rng  = mf_rng_make(w->o->seed, 0, mf_hash64(name, strlen(name)), MF_RNG_OCCLUDE);
    uint8_t     *cover;
    mf_status    st;

    if (im->channels == 4) {
        mf_image rgb = {0};

        if ((st = mf_image_convert(&rgb, im, 3, err)) < 0)
            return st;
        mf_image_free(im);
        *im = rgb;
    }
    if (!(cover = mf_calloc((size_t)im->width * (size_t)im->height, 1)))
        return mf_oom(err, (size_t)im->width * (size_t)im->height, "what is hidden of a picture");
    if ((st = mf_occlude(im, w->def, w->o->cfg, &lm, NULL, cover, &record->note, &rng, err)) < 0 ||
        (st = mf_cover_parts(record->part, cover, im->width, im->height, &lm, err)) < 0)
        mf_fail_in(err, st, "'%s'", name);
    mf_free(cover);
    return st;
}

static mf_status
make_one(void *arg, size_t i, mf_err *err)
{
    const work *w    = arg;
    size_t      row  = w->row[i];
    const char *name = w->d->rows[row].image;
    mf_image    im   = {0};
    mf_str      from = {0}, to = {0}, rel = {0};
    mf_status   st;

    mf_dataset_path(&from, w->d, row);
    mf_path_join(&rel, w->def->name, name);
    if ((st = mf_str_ok(&from, err)) < 0 || (st = mf_str_ok(&rel, err)) < 0)
        goto done;
    if ((st = mf_image_load(&im, mf_str_c(&from), 0, err)) < 0) {
        mf_fail_in(err, st, "`maskfer data check %s` lists and sets aside such pictures", w->d->dir);
        goto done;
    }
    if ((st = hide(&im, &w->record[i], w, row, err)) < 0 || (st = mf_outdir_place(&to, w->dir, mf_str_c(&rel), err)) < 0 ||
        (st = mf_image_save(mf_str_c(&to), &im, QUALITY, err)) < 0)
        goto done;
    if (w->o->pair)
        st = mf_outdir_copy(w->dir, mf_str_c(&from), name, false, err);
done:
    mf_str_free(&rel);
    mf_str_free(&to);
    mf_str_free(&from);
    mf_image_free(&im);
    return st;
}

/* The one or two rows of a picture, and their landmarks. */
static mf_status
add_rows(mf_dataset *out, mf_str *landmarks, const work *w, size_t row, mf_occlusion occ, mf_err *err)
{
    const mf_row *r       = &w->d->rows[row];
    const char   *label   = w->d->classes[r->label];
    const char   *subject = r->subject < 0 ? NULL : w->d->subjects[r->subject];
    const char   *pair    = w->o->pair ? r->image : NULL;
    mf_landmarks  lm      = mf_landmarks_of(w->lm, row);
    mf_str        rel     = {0};
    mf_status     st      = MF_OK;

    mf_path_join(&rel, w->def->name, r->image);
    if ((st = mf_str_ok(&rel, err)) == MF_OK && w->o->pair)
        st = mf_dataset_add(out, r->image, label, subject, MF_OCC_NONE, pair, r->split, r->soft, err);
    if (st == MF_OK)
        st = mf_dataset_add(out, mf_str_c(&rel), label, subject, occ, pair, r->split, r->soft, err);
    if (lm.n) {
        if (!landmarks->len)
            mf_landmarks_put_header(landmarks, lm.n, lm.judged);
        if (w->o->pair)
            mf_landmarks_put(landmarks, r->image, &lm);
        mf_landmarks_put(landmarks, mf_str_c(&rel), &lm);
    }
    mf_str_free(&rel);
    return st;
}

static mf_status
write_tables(const work *w, mf_err *err)
{
    mf_status    st;
    mf_dataset  *out       = NULL;
    mf_str       landmarks = {0}, records = {0}, path = {0}, name = {0}, rel = {0};
    mf_occlusion occ;
    size_t       i;

    mf_str_printf(&name, "%s, %s", w->d->name, w->def->name);
    mf_path_join(&path, mf_outdir_path(w->dir), "landmarks.csv");
    if ((st = mf_str_ok(&name, err)) < 0 || (st = mf_str_ok(&path, err)) < 0 ||
        (st = mf_occlusion_parse(&occ, w->def->occlusion, err)) < 0 ||
        (st = mf_dataset_new(&out, mf_str_c(&name), (const char *const *)w->d->classes, w->d->n_classes, err)) < 0 ||
        (st = mf_dataset_describe(out, w->d->licence, w->d->source, err)) < 0)
        goto done;
    mf_occlusions_put_header(&records);
    for (i = 0; i < w->n; i++) {
        if ((st = add_rows(out, &landmarks, w, w->row[i], occ, err)) < 0)
            goto done;
        mf_str_clear(&rel);
        mf_path_join(&rel, w->def->name, w->d->rows[w->row[i]].image);
        mf_occlusions_put(&records, mf_str_c(&rel), w->def->name, &w->record[i]);
    }
    if ((st = mf_str_ok(&landmarks, err)) < 0 ||
        (landmarks.len && (st = mf_file_write_str(mf_str_c(&path), &landmarks, err)) < 0))
        goto done;
    mf_str_clear(&path);
    mf_path_join(&path, mf_outdir_path(w->dir), "occlusions.csv");
    if ((st = mf_str_ok(&rel, err)) == MF_OK && (st = mf_str_ok(&records, err)) == MF_OK && (st = mf_str_ok(&path, err)) == MF_OK &&
        (st = mf_file_write_str(mf_str_c(&path), &records, err)) == MF_OK)
        st = mf_dataset_save(out, mf_outdir_path(w->dir), err);
done:
    mf_dataset_free(out);
    mf_str_free(&rel);
    mf_str_free(&records);
    mf_str_free(&name);
    mf_str_free(&path);
    mf_str_free(&landmarks);
    return st;
}

mf_status
mf_occlude_make(mf_occlude_counts *counts, const mf_dataset *d, const char *out_dir, const mf_occlude_opts *o, mf_err *err)
{
    mf_status          st;
    work               w   = {.o = o, .d = d};
    mf_landmark_table *lm  = NULL;
    mf_outdir         *dir = NULL;
    uint32_t          *row = mf_calloc(d->n_rows, sizeof *row);
    size_t             i;

    *counts = (mf_occlude_counts){0};
    if (!row)
        return mf_oom(err, d->n_rows * sizeof *row, "rows to occlude");
    if ((st = mf_occluder_find(&w.def, o->with, err)) < 0 || (st = mf_landmarks_load(&lm, d, err)) < 0)
        goto done;
    for (i = 0; i < d->n_rows; i++) {
        if (d->rows[i].occlusion != MF_OCC_NONE) {
            counts->left_out++;
            continue;
        }
        counts->by_landmarks += mf_landmarks_of(lm, i).n > 0;
        row[w.n++] = (uint32_t)i;
    }
    counts->made = w.n;
    if (w.n == 0) {
        st = mf_fail(err, MF_E_ARG, "'%s' has no picture without occlusion to start from", d->dir);
        goto done;
    }
    w.lm  = lm;
    w.row = row;
    if (!(w.record = mf_calloc(w.n, sizeof *w.record))) {
        st = mf_oom(err, w.n * sizeof *w.record, "records of what is hidden");
        goto done;
    }
    if ((st = mf_outdir_open(&dir, out_dir, o->force, d->dir, err)) < 0)
        goto done;
    w.dir = dir;
    if ((st = mf_jobs_run(w.n, make_one, &w, &o->jobs, err)) == MF_OK && (st = write_tables(&w, err)) == MF_OK)
        st = mf_outdir_commit(dir, err);
done:
    mf_outdir_free(dir);
    mf_landmarks_free(lm);
    mf_free(w.record);
    mf_free(row);
    return st;
}
