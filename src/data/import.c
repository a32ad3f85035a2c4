/* data/import.c: what all importers share: rows, and the data-set folder that is made of them. */
#include "data/import.h"

#include <math.h>
#include <string.h>
#include <strings.h>
#include "core/file.h"
#include "core/mem.h"
#include "data/expressions.h"
#include "data/import_make.h"
#include "data/inside.h"
#include "data/landmarks_csv.h"
#include "data/outdir.h"
#include "data/repeated.h"
#include "data/store.h"

/* ---- rows ---- */

static mf_status
reserve(mf_import *im, mf_err *err)
{
    size_t          cap = im->cap ? im->cap * 2 : 256, width = 2 * (size_t)im->n_points;
    mf_import_file *from;
    float          *points;

    if (im->data->n_rows < im->cap)
        return MF_OK;
    if (!(from = mf_realloc(im->from, cap, sizeof *from)))
        return mf_oom(err, cap * sizeof *from, "files to import");
    im->from = from;
    if (im->points) {
        if (!(points = mf_realloc(im->points, cap, width * sizeof *points)))
            return mf_oom(err, cap * width * sizeof *points, "landmarks to import");
        im->points = points;
    }
    im->cap = cap;
    return MF_OK;
}

/* `text` in the arena; rows that follow each other often name the same table. */
static mf_status
keep(const char **out, mf_import *im, const char *text, const char *last, mf_err *err)
{
    if (!text || (last && !strcmp(text, last))) {
        *out = text ? last : NULL;
        return MF_OK;
    }
    if (!(*out = mf_arena_strdup(&im->arena, text)))
        return mf_oom(err, strlen(text), "a file name");
    return MF_OK;
}

mf_status
mf_import_add(mf_import *im, const mf_import_row *r, mf_err *err)
{
    mf_status             st;
    size_t                row = im->data->n_rows;
    mf_import_file        f   = r->file;
    const mf_import_file *last;

    if ((st = reserve(im, err)) < 0)
        return st;
    last = row ? &im->from[row - 1] : NULL;
    if ((st = keep(&f.table, im, r->file.table, last ? last->table : NULL, err)) < 0 ||
        (st = keep(&f.path, im, r->file.path, last ? last->path : NULL, err)) < 0 ||
        (st = mf_dataset_add(im->data, r->image, r->label, r->subject, r->occlusion, r->pair, r->split, r->soft, err)) < 0)
        return st;
    MF_ASSERT(im->data->n_rows == row + 1);
    im->from[row] = f;
    if (im->points)
        im->points[row * 2 * (size_t)im->n_points] = NAN;
    return r->landmarks && r->landmarks->n ? mf_import_landmarks(im, row, r->landmarks, err) : MF_OK;
}

mf_status
mf_import_landmarks(mf_import *im, size_t row, const mf_landmarks *lm, mf_err *err)
{
    size_t width = 2 * (size_t)lm->n, i;
    float *p;

    MF_ASSERT(row < im->data->n_rows && (lm->n == 5 || lm->n == 68));
    if (!im->points) {
        if (!(im->points = mf_calloc(im->cap, width * sizeof *im->points)))
            return mf_oom(err, im->cap * width * sizeof *im->points, "landmarks to import");
        im->n_points = lm->n;
        for (i = 0; i < im->data->n_rows; i++)
            im->points[i * width] = NAN;
    }
    if (lm->n != im->n_points)
        return mf_fail(err, MF_E_FORMAT, "picture '%.200s' has %d landmarks, but those before have %d", im->data->rows[row].image,
                       lm->n, im->n_points);
    p = im->points + row * width;
    im->n_landmarks += isnan(p[0]) ? 1 : 0;
    for (i = 0; i < (size_t)lm->n; i++) {
        p[2 * i]     = lm->x[i];
        p[2 * i + 1] = lm->y[i];
    }
    return MF_OK;
}

void
mf_import_move(mf_import *im, size_t to, size_t from)
{
    size_t width = 2 * (size_t)im->n_points;

    im->from[to] = im->from[from];
    if (im->points && to != from)
        memcpy(im->points + to * width, im->points + from * width, width * sizeof *im->points);
}

void
mf_import_free(mf_import *im)
{
    mf_dataset_free(im->data);
    mf_free(im->from);
    mf_free(im->points);
    mf_arena_free(&im->arena);
    mf_str_free(&im->notes);
    *im = (mf_import){0};
}

/* ---- checks after the scan ---- */

static mf_status
need_source(const char *src, const mf_importer_def *def, mf_err *err)
{
    if (!mf_path_exists(src))
        return mf_fail(err, MF_E_NOTFOUND, "'%s' does not exist", src);
    if (!def->takes_file && !mf_path_is_dir(src))
        return mf_fail(err, MF_E_NOTFOUND, "'%s' is not a folder; %s reads %s", src, def->name, def->layout);
    return MF_OK;
}

/* A picture that a link of SRC brings from elsewhere may be anything of this machine: it is not copied unasked. */
static mf_status
check_links(const mf_import *im, const char *src, mf_err *err)
{
    mf_status  st;
    mf_inside *in   = NULL;
    mf_str     real = {0};
    size_t     i;
    bool       inside;

    if (!mf_path_is_dir(src))
        return MF_OK; /* a table: its pictures lie where it says */
    if ((st = mf_inside_open(&in, src, err)) < 0)
        return st;
    for (i = 0; i < im->data->n_rows && st == MF_OK; i++) {
        const mf_import_file *f = &im->from[i];

        if (f->size || (st = mf_inside_look(in, &inside, &real, f->path, err)) < 0 || inside)
            continue;
        st = mf_fail(err, MF_E_FORMAT, "'%.200s' leaves '%.200s' through a symbolic link to '%.200s'; copy the file into the "
                     "folder, or pass --follow-links", f->path, src, mf_str_c(&real));
        if (f->table)
            mf_fail_in(err, st, "%s: line %ld", f->table, f->line);
    }
    mf_str_free(&real);
    mf_inside_close(in);
    return st;
}

/* Files that this build copies but cannot read are told now, not at the first training. */
static mf_status
note_unread(mf_import *im, mf_err *err)
{
    size_t i, n = 0;

    for (i = 0; !MF_HAVE_TIFF && i < im->data->n_rows; i++) {
        const char *dot = strrchr(im->data->rows[i].image, '.');

        n += dot && (!strcasecmp(dot, ".tif") || !strcasecmp(dot, ".tiff"));
    }
    if (n)
        mf_str_printf(&im->notes, "%zu pictures are TIFF, which this build does not read: build it with libtiff\n", n);
    return mf_str_ok(&im->notes, err);
}

static mf_status
basic_words(mf_dataset *d, mf_err *err)
{
    const char *name[MF_CLASSES_MAX];
    int         i, k, at;

    for (i = 0; i < d->n_classes; i++) {
        if ((at = mf_expression_find(d->classes[i])) < 0)
            return mf_fail(err, MF_E_ARG, "--class-names basic: class '%.80s' is none of the seven basic expressions nor contempt",
                           d->classes[i]);
        name[i] = mf_expression_name(at);
        for (k = 0; k < i; k++)
            if (name[k] == name[i])
                return mf_fail(err, MF_E_ARG, "--class-names basic: classes '%.80s' and '%.80s' are both '%s'", d->classes[k],
                               d->classes[i], name[i]);
    }
    return mf_dataset_set_classes(d, name, d->n_classes, err);
}

/* ---- the folder ---- */

typedef struct copy_job {
    const mf_import *im;
    const mf_outdir *dir;
    bool             link;
} copy_job;

static mf_status
copy_one(void *arg, size_t i, mf_err *err)
{
    const copy_job *j = arg;

    return mf_import_make(j->im, i, j->dir, j->link, err);
}

static mf_landmarks
points_of(const void *arg, size_t row)
{
    const mf_import *im = arg;
    const float     *p  = im->points + row * 2 * (size_t)im->n_points;
    mf_landmarks     lm = {0};
    int              k;

    if (isnan(p[0]))
        return lm;
    lm.n = im->n_points;
    for (k = 0; k < lm.n; k++) {
        lm.x[k] = p[2 * k];
        lm.y[k] = p[2 * k + 1];
    }
    return lm;
}

static mf_status
write_landmarks(const mf_import *im, const char *dir, mf_err *err)
{
    mf_status st;
    mf_str    path = {0};

    if (!im->n_landmarks)
        return MF_OK;
    mf_path_join(&path, dir, "landmarks.csv");
    if ((st = mf_str_ok(&path, err)) == MF_OK)
        st = mf_landmarks_write(mf_str_c(&path), im->data, im->n_points, points_of, im, err);
    mf_str_free(&path);
    return st;
}

/* "a/b/" -> "b"; "a/b.csv" -> "b" */
static mf_status
source_name(mf_str *out, const char *path, mf_err *err)
{
    size_t      n = strlen(path), k;
    const char *dot;

    while (n > 1 && path[n - 1] == '/')
        n--;
    for (k = n; k > 0 && path[k - 1] != '/'; k--)
        continue;
    if (!mf_path_is_dir(path) && (dot = strrchr(path + k, '.')) && dot > path + k)
        n = (size_t)(dot - path);
    mf_str_addn(out, path + k, n - k);
    return mf_str_ok(out, err);
}

mf_status
mf_import_run(mf_import *im, const mf_importer_def *def, const void *cfg, const char *src, const char *out_dir,
              const mf_import_opts *o, mf_err *err)
{
    mf_status  st;
    mf_outdir *dir  = NULL;
    mf_str     name = {0};
    copy_job   job  = {.im = im, .link = o->link};

    *im = (mf_import){0};
    if ((st = need_source(src, def, err)) < 0)
        return st;
    if (o->name)
        mf_str_add(&name, o->name);
    else if ((st = source_name(&name, src, err)) < 0)
        goto done;
    /* The folder first: a name that is taken is said before a long scan. */
    if ((st = mf_str_ok(&name, err)) < 0 || (st = mf_outdir_open(&dir, out_dir, o->force, src, err)) < 0 ||
        (st = def->scan(im, src, cfg, err)) < 0)
        goto done;
    if (im->data->n_rows == 0) {
        st = mf_fail(err, MF_E_NOTFOUND, "'%s': no picture was found to import (expected %s)%s%.600s", src, def->layout,
                     im->notes.len ? "; " : "", mf_str_c(&im->notes));
        goto done;
    }
    if ((!o->follow_links && (st = check_links(im, src, err)) < 0) ||
        (o->words == MF_WORDS_BASIC && (st = basic_words(im->data, err)) < 0) ||
        (o->drop_repeated && (st = mf_import_drop_repeated(im, &o->jobs, err)) < 0) || (st = note_unread(im, err)) < 0)
        goto done;
    job.dir = dir;
    if ((st = mf_dataset_set_name(im->data, mf_str_c(&name), err)) < 0 ||
        (st = mf_dataset_describe(im->data, o->licence, o->source, err)) < 0 ||
        (st = mf_jobs_run(im->data->n_rows, copy_one, &job, &o->jobs, err)) < 0 ||
        (st = write_landmarks(im, mf_outdir_path(dir), err)) < 0 ||
        (st = mf_dataset_save(im->data, mf_outdir_path(dir), err)) < 0)
        goto done;
    st = mf_outdir_commit(dir, err);
done:
    if (st < 0)
        mf_import_free(im);
    mf_outdir_free(dir);
    mf_str_free(&name);
    return st;
}
