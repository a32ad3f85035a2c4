/* eval/kinds.c */
#include "eval/kinds.h"

#include "core/csv.h"
#include "core/file.h"
#include "core/mem.h"

void
mf_kinds_free(mf_kinds *k)
{
    mf_free(k->of);
    mf_arena_free(&k->arena);
    *k = (mf_kinds){0};
}

static mf_status
read_rows(mf_kinds *out, mf_csv *c, const mf_dataset *d, const char *file, mf_err *err)
{
    char    **f;
    size_t    n, width;
    int       image, kind;
    mf_status st;

    if ((st = mf_csv_next(c, &f, &width, err)) < 0) {
        return st;
    }
    image = width != 0 ? mf_csv_column(f, width, "image") : -1;
    kind  = width != 0 ? mf_csv_column(f, width, "kind") : -1;
    if (image < 0 || kind < 0) {
        return mf_fail(err, MF_E_FORMAT, "%s: line 1: the header has no column '%s'", file, image < 0 ? "image" : "kind");
    }
    while ((st = mf_csv_next(c, &f, &n, err)) == MF_OK && n != 0) {
        ptrdiff_t row;

        if (n != width) {
            return mf_fail(err, MF_E_FORMAT, "%s: line %ld: %zu fields, but the header has %zu", file, mf_csv_line(c), n, width);
        }
        row = mf_dataset_find(d, f[image]);
        if (row >= 0 && f[kind][0] != '\0' && (out->of[row] = mf_arena_strdup(&out->arena, f[kind])) == NULL) {
            return mf_oom(err, 1, "kinds of masks");
        }
    }
    return st;
}

mf_status
mf_kinds_load(mf_kinds *out, const mf_dataset *d, mf_err *err)
{
    mf_str    path = {0};
    mf_csv   *c    = NULL;
    mf_status st;

    *out = (mf_kinds){0};
    mf_path_join(&path, d->dir, "occlusions.csv");
    if ((st = mf_str_ok(&path, err)) < 0 || d->dir[0] == '\0' || !mf_path_exists(path.data)) {
        goto done;
    }
    if ((out->of = mf_calloc(d->n_rows, sizeof *out->of)) == NULL) {
        st = mf_oom(err, d->n_rows * sizeof *out->of, "kinds of masks");
        goto done;
    }
    if ((st = mf_csv_open(&c, path.data, err)) == MF_OK) {
        st = read_rows(out, c, d, path.data, err);
    }
done:
    mf_csv_close(c);
    mf_str_free(&path);
    if (st < 0) {
        mf_kinds_free(out);
    }
    return st;
}
