/* data/import.c: the registry, and what all importers share: copying and saving. */
#include "data/import.h"

#include <ctype.h>
#include <string.h>
#include "core/file.h"
#include "core/mem.h"
#include "data/outdir.h"
#include "data/repeated.h"

#define MF_IMPORTER(n) extern const mf_importer_def mf_importer_##n;
#include "data/importers/importer_list.h"
#undef MF_IMPORTER

static const mf_importer_def *const list[] = {
#define MF_IMPORTER(n) &mf_importer_##n,
#include "data/importers/importer_list.h"
#undef MF_IMPORTER
};
enum { N_IMPORTERS = sizeof list / sizeof *list };

size_t
mf_importer_count(void)
{
    return N_IMPORTERS;
}

const mf_importer_def *
mf_importer_at(size_t i)
{
    MF_ASSERT(i < N_IMPORTERS);
    return list[i];
}

mf_status
mf_importer_find(const mf_importer_def **out, const char *name, mf_err *err)
{
    const char *names[N_IMPORTERS + 1], *near;
    mf_status   st;
    mf_str      all = {0};
    size_t      i;

    *out = NULL;
    for (i = 0; i < N_IMPORTERS; i++) {
        if (!strcmp(list[i]->name, name)) {
            *out = list[i];
            return MF_OK;
        }
        names[i] = list[i]->name;
    }
    names[i] = NULL;
    for (i = 0; i < N_IMPORTERS; i++)
        mf_str_printf(&all, "%s%s", i ? ", " : "", names[i]);
    near = mf_str_nearest(name, names);
    st = near ? mf_fail(err, MF_E_NOTFOUND, "no importer '%.80s'; did you mean '%s'?", name, near)
              : mf_fail(err, MF_E_NOTFOUND, "no importer '%.80s'; there are %s", name, mf_str_c(&all));
    mf_str_free(&all);
    return st;
}

static mf_status
need_folder(const char *src, mf_err *err)
{
    if (!mf_path_exists(src))
        return mf_fail(err, MF_E_NOTFOUND, "'%s' does not exist", src);
    if (!mf_path_is_dir(src))
        return mf_fail(err, MF_E_NOTFOUND, "'%s' is not a folder", src);
    return MF_OK;
}

mf_status
mf_importer_probe(const mf_importer_def **out, const char *src, mf_err *err)
{
    mf_status st;
    int       best = 0, sure;
    size_t    i;

    *out = NULL;
    if ((st = need_folder(src, err)) < 0)
        return st;
    for (i = 0; i < N_IMPORTERS; i++)
        if ((sure = list[i]->probe(src)) > best) {
            best = sure;
            *out = list[i];
        }
    if (!*out)
        return mf_fail(err, MF_E_NOTFOUND, "'%s' has no layout that an importer knows; put the pictures into one folder a "
                       "class, or name them in a labels.csv with columns file,label,subject", src);
    return MF_OK;
}

bool
mf_import_is_picture(const char *name)
{
    static const char *const ends[] = {".png", ".jpg", ".jpeg", ".webp"};
    size_t                   n = strlen(name), i, k;

    if (name[0] == '.')
        return false;
    for (i = 0; i < sizeof ends / sizeof *ends; i++) {
        size_t m = strlen(ends[i]);

        if (n <= m)
            continue;
        for (k = 0; k < m && tolower((unsigned char)name[n - m + k]) == ends[i][k]; k++)
            continue;
        if (k == m)
            return true;
    }
    return false;
}

mf_status
mf_import_add(mf_import *im, const char *from, const char *image, const char *label, const char *subject,
              mf_occlusion occ, mf_split split, const float *soft, mf_err *err)
{
    mf_status st;
    size_t    row = im->data->n_rows;

    if (row >= im->cap) {
        size_t cap = im->cap ? im->cap * 2 : 256;
        char **p   = mf_realloc(im->from, cap, sizeof *p);

        if (!p)
            return mf_oom(err, cap * sizeof *p, "files to import");
        im->from = p;
        im->cap  = cap;
    }
    if (!(im->from[row] = mf_arena_strdup(&im->arena, from)))
        return mf_oom(err, strlen(from), "a file name");
    st = mf_dataset_add(im->data, image, label, subject, occ, NULL, split, soft, err);
    MF_ASSERT(st < 0 || im->data->n_rows == row + 1);
    return st;
}

void
mf_import_free(mf_import *im)
{
    mf_dataset_free(im->data);
    mf_free(im->from);
    mf_arena_free(&im->arena);
    mf_str_free(&im->notes);
    *im = (mf_import){0};
}

typedef struct copy_job {
    const mf_import *im;
    const mf_outdir *dir;
    bool             link;
} copy_job;

static mf_status
copy_one(void *arg, size_t i, mf_err *err)
{
    const copy_job *j = arg;

    return mf_outdir_copy(j->dir, j->im->from[i], j->im->data->rows[i].image, j->link, err);
}

/* "a/b/" -> "b" */
static mf_status
folder_name(mf_str *out, const char *path, mf_err *err)
{
    size_t n = strlen(path), k;

    while (n > 1 && path[n - 1] == '/')
        n--;
    for (k = n; k > 0 && path[k - 1] != '/'; k--)
        continue;
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
    if ((st = need_folder(src, err)) < 0)
        return st;
    if (o->name)
        mf_str_add(&name, o->name);
    else if ((st = folder_name(&name, src, err)) < 0)
        goto done;
    /* The folder first: a name that is taken is said before a long scan. */
    if ((st = mf_str_ok(&name, err)) < 0 || (st = mf_outdir_open(&dir, out_dir, o->force, src, err)) < 0 ||
        (st = def->scan(im, src, cfg, err)) < 0)
        goto done;
    if (im->data->n_rows == 0) {
        st = mf_fail(err, MF_E_NOTFOUND, "'%s': no picture was found to import (expected %s)", src, def->layout);
        goto done;
    }
    if (o->drop_repeated && (st = mf_import_drop_repeated(im, &o->jobs, err)) < 0)
        goto done;
    job.dir = dir;
    if ((st = mf_dataset_set_name(im->data, mf_str_c(&name), err)) < 0 ||
        (st = mf_dataset_describe(im->data, o->licence, o->source, err)) < 0 ||
        (st = mf_jobs_run(im->data->n_rows, copy_one, &job, &o->jobs, err)) < 0 ||
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
