/* data/importer.c: the registry of importers, and finding the one that knows a folder. */
#include <string.h>
#include "core/file.h"
#include "core/mem.h"
#include "core/registry.h"
#include "data/import.h"

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

static const char *
name_at(size_t i)
{
    return list[i]->name;
}

mf_status
mf_importer_find(const mf_importer_def **out, const char *name, mf_err *err)
{
    size_t    at = 0;
    mf_status st = mf_registry_find(&at, "importer", name, name_at, N_IMPORTERS, err);

    *out = st < 0 ? NULL : list[at];
    return st;
}

/* "holds the folders a, b and 3 files (x.txt, y.txt, ...), no picture among them" */
static void
describe(mf_str *out, const mf_import_view *v)
{
    size_t i, pictures = 0, top_files = 0, top_folders = 0;

    if (v->is_file) {
        mf_str_add(out, "it is a file");
        return;
    }
    mf_str_add(out, "it holds ");
    for (i = 0; i < v->n_folders; i++)
        if (!strchr(v->folder[i], '/') && top_folders++ < 4)
            mf_str_printf(out, "%s%.60s/", top_folders > 1 ? ", " : "", v->folder[i]);
    for (i = 0; i < v->n; i++) {
        pictures += mf_import_is_picture(v->path[i]);
        if (!strchr(v->path[i], '/') && top_files++ < 4)
            mf_str_printf(out, "%s%.60s", top_files + top_folders > 1 ? ", " : "", v->path[i]);
    }
    if (!v->n && !v->n_folders)
        mf_str_add(out, "nothing");
    else if (top_files > 4 || top_folders > 4)
        mf_str_add(out, ", ...");
    if (v->n && !pictures)
        mf_str_add(out, " and no picture");
}

mf_status
mf_importer_probe(const mf_importer_def **out, mf_str *why, const char *src, mf_err *err)
{
    mf_status      st;
    mf_import_view v    = {0};
    mf_str         said = {0}, near = {0}, best_said = {0}, there = {0};
    int            best = 0, sure;
    size_t         i;

    *out = NULL;
    if (mf_import_has(src, "dataset.yaml") && mf_import_has(src, "manifest.csv"))
        return mf_fail(err, MF_E_NOTFOUND, "'%s' is a data set already (dataset.yaml, manifest.csv): there is nothing to import", src);
    if ((st = mf_import_view_open(&v, src, err)) < 0)
        return st;
    for (i = 0; i < N_IMPORTERS; i++) {
        if (v.is_file && !list[i]->takes_file)
            continue;
        mf_str_clear(&said);
        sure = list[i]->probe(&v, &said);
        if (sure == 0 && said.len)
            mf_str_printf(&near, "; %s: %s", list[i]->name, mf_str_c(&said));
        if (sure > best) {
            best = sure;
            *out = list[i];
            mf_str_clear(&best_said);
            mf_str_add(&best_said, mf_str_c(&said));
        }
    }
    mf_str_add(why, mf_str_c(&best_said));
    if (!*out) {
        describe(&there, &v);
        st = mf_fail(err, MF_E_NOTFOUND, "'%s' has no layout that an importer knows: %.300s%.400s; put the pictures into one "
                     "folder a class, or name them in a labels.csv with columns file,label,subject", src, mf_str_c(&there),
                     mf_str_c(&near));
    }
    mf_str_free(&there);
    mf_str_free(&best_said);
    mf_str_free(&near);
    mf_str_free(&said);
    mf_import_view_close(&v);
    return st;
}
