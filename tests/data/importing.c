/* tests/data/importing.c: running an importer in a test. */
#include "importing.h"

#include <string.h>
#include "core/file.h"

mf_status
importing_with(mf_import *im, const char *format, const char *src, const char *out, const char *const *set,
               const mf_import_opts *o, mf_err *err)
{
    const mf_importer_def *def = NULL;
    _Alignas(16) unsigned char cfg[8192]; /* not from the allocator, which a test lets fail */

    assert_mf_ok(mf_importer_find(&def, format, err), err);
    assert_true(def->cfg_size <= sizeof cfg);
    memset(cfg, 0, sizeof cfg);
    mf_opt_defaults(def->opts, cfg);
    for (; set && *set; set += 2)
        assert_mf_ok(mf_opt_set(def->opts, cfg, set[0], set[1], err), err);
    return mf_import_run(im, def, cfg, src, mf_test_path(out), o, err);
}

mf_status
importing(mf_import *im, const char *format, const char *src, const char *out, const char *const *set, mf_err *err)
{
    mf_import_opts o = {.force = true, .jobs = {.workers = 2, .what = "copying"}};

    return importing_with(im, format, src, out, set, &o, err);
}

size_t
importing_entries(const char *begin)
{
    mf_names names = {0};
    mf_err   err   = {0};
    size_t   i, n  = 0;

    assert_mf_ok(mf_dir_list(&names, mf_test_dir(), &err), &err);
    for (i = 0; i < names.n; i++)
        n += !strncmp(names.name[i], begin, strlen(begin));
    mf_names_free(&names);
    return n;
}

void
importing_counts(char *out, size_t size, const mf_dataset *d)
{
    int    k;
    size_t i, n, at = 0;

    *out = '\0';
    for (k = 0; k < d->n_classes && at < size; k++) {
        for (i = n = 0; i < d->n_rows; i++)
            n += d->rows[i].label == k;
        at += (size_t)snprintf(out + at, size - at, "%s%s:%zu", k ? " " : "", d->classes[k], n);
    }
}

void
importing_row(const mf_dataset *d, const char *image, const char *label, const char *subject, mf_occlusion occ, mf_split split)
{
    ptrdiff_t     at = mf_dataset_find(d, image);
    const mf_row *r;

    if (at < 0)
        fail_msg("no picture '%s'", image);
    r = &d->rows[at];
    if (strcmp(d->classes[r->label], label) != 0 || strcmp(r->subject < 0 ? "" : d->subjects[r->subject], subject) != 0 ||
        r->occlusion != occ || r->split != split)
        fail_msg("'%s' is %s of '%s', %s, split '%s'", image, d->classes[r->label], r->subject < 0 ? "" : d->subjects[r->subject],
                 mf_occlusion_name(r->occlusion), mf_split_name(r->split));
}

const char *
importing_shared(const char *name)
{
    static char path[4096];

    if (!mf_test_shared())
        return NULL;
    snprintf(path, sizeof path, "%s/data/%s", mf_test_shared(), name);
    return mf_path_is_dir(path) ? path : NULL;
}

void
importing_is(const char *dir, const char *name)
{
    const mf_importer_def *def = NULL;
    mf_err                 err = {0};
    mf_str                 why = {0};

    assert_mf_ok(mf_importer_probe(&def, &why, mf_test_path(dir), &err), &err);
    if (strcmp(def->name, name) != 0)
        fail_msg("'%s' is taken for '%s' (%s)", dir, def->name, mf_str_c(&why));
    assert_true(why.len > 0); /* it says what it went by */
    mf_str_free(&why);
}
