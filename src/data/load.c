/* data/load.c: read dataset.yaml, manifest.csv, soft.csv and quarantine.csv. What they say is from outside and is
 * judged here: every sentence names the file and the line. */
#include <stdlib.h>
#include <string.h>
#include "core/csv.h"
#include "core/file.h"
#include "core/mem.h"
#include "core/str.h"
#include "core/yaml.h"
#include "data/inside.h"
#include "data/manifest.h"
#include "data/store.h"

/* ---- dataset.yaml ---- */

static const char *const yaml_keys[] = {"name", "classes", "licence", "source", "notes", NULL};

static mf_status
check_keys(const mf_yaml *root, const char *file, mf_err *err)
{
    size_t i;
    int    k;

    for (i = 0; i < mf_yaml_size(root); i++) {
        const char    *key  = NULL, *near;
        const mf_yaml *v    = mf_yaml_member(root, i, &key);

        if (!v || !key)
            return mf_fail(err, MF_E_FORMAT, "%s: line %d: expected 'key: value' lines, with name and classes among them",
                           file, mf_yaml_line(root));
        for (k = 0; yaml_keys[k] && strcmp(yaml_keys[k], key) != 0; k++)
            continue;
        if (yaml_keys[k])
            continue;
        if ((near = mf_str_nearest(key, yaml_keys)))
            return mf_fail(err, MF_E_FORMAT, "%s: line %d: unknown key '%.80s'; did you mean '%s'?", file, mf_yaml_line(v),
                           key, near);
        return mf_fail(err, MF_E_FORMAT, "%s: line %d: unknown key '%.80s'; known are name, classes, licence, source, notes",
                       file, mf_yaml_line(v), key);
    }
    return MF_OK;
}

static mf_status
read_text_key(char **out, mf_dataset *d, const mf_yaml *root, const char *key, const char *file, mf_err *err)
{
    const mf_yaml *v = mf_yaml_get(root, key);

    if (!v)
        return MF_OK;
    if (!mf_yaml_text(v))
        return mf_fail(err, MF_E_FORMAT, "%s: line %d: '%s' must be one text", file, mf_yaml_line(v), key);
    return mf_dataset_text(out, d, mf_yaml_text(v), err);
}

static mf_status
read_yaml(mf_dataset *d, const char *file, mf_err *err)
{
    mf_status      st;
    mf_yaml       *root = NULL;
    const mf_yaml *list;
    const char    *names[MF_CLASSES_MAX];
    size_t         i, n;

    if ((st = mf_yaml_load(&root, file, err)) < 0 || (st = check_keys(root, file, err)) < 0 ||
        (st = read_text_key(&d->name, d, root, "name", file, err)) < 0 ||
        (st = read_text_key(&d->licence, d, root, "licence", file, err)) < 0 ||
        (st = read_text_key(&d->source, d, root, "source", file, err)) < 0)
        goto done;
    if (!(list = mf_yaml_get(root, "classes"))) {
        st = mf_fail(err, MF_E_FORMAT, "%s: 'classes' is missing; give the class names in order, as 'classes: [happy, sad]'",
                     file);
        goto done;
    }
    if ((n = mf_yaml_size(list)) == 0 || n > MF_CLASSES_MAX || mf_yaml_text(list)) {
        st = mf_fail(err, MF_E_FORMAT, "%s: line %d: 'classes' must be a list of 1 to %d names", file, mf_yaml_line(list),
                     MF_CLASSES_MAX);
        goto done;
    }
    for (i = 0; i < n; i++) {
        const mf_yaml *v = mf_yaml_at(list, i);

        if (!v || !(names[i] = mf_yaml_text(v))) {
            st = mf_fail(err, MF_E_FORMAT, "%s: line %d: a class must be one name", file, mf_yaml_line(v ? v : list));
            goto done;
        }
    }
    if ((st = mf_dataset_set_classes(d, names, (int)n, err)) < 0)
        mf_fail_in(err, st, "%s: line %d", file, mf_yaml_line(list));
done:
    mf_yaml_free(root);
    return st;
}

/* ---- manifest.csv ---- */

enum { COL_IMAGE, COL_LABEL, COL_SUBJECT, COL_OCCLUSION, COL_PAIR, COL_SPLIT, COL_COUNT };
static const char *const columns[] = {"image", "label", "subject", "occlusion", "pair", "split", NULL};

/* Column numbers of the header, -1 where absent. A name that is nearly one of the absent columns is taken for a slip. */
static mf_status
read_header(int col[COL_COUNT], char **head, size_t n, const char *file, mf_err *err)
{
    size_t i;
    int    k, m;

    for (k = 0; k < COL_COUNT; k++)
        col[k] = mf_csv_column(head, n, columns[k]);
    if (n == 0)
        return mf_fail(err, MF_E_FORMAT, "%s: line 1: the header is missing; it reads image,label,subject,occlusion,pair,split", file);
    for (i = 0; i < n; i++) {
        const char *absent[COL_COUNT + 1], *near;

        for (k = m = 0; k < COL_COUNT; k++) {
            if (col[k] < 0)
                absent[m++] = columns[k];
            if (col[k] == (int)i)
                break;
        }
        if (k < COL_COUNT)
            continue; /* a known column */
        absent[m] = NULL;
        for (k = 0; k < COL_COUNT && !mf_str_eq(head[i], columns[k]); k++)
            continue;
        if (k < COL_COUNT)
            return mf_fail(err, MF_E_FORMAT, "%s: line 1: column '%s' is there twice", file, columns[k]);
        if ((near = mf_str_nearest(head[i], absent)))
            return mf_fail(err, MF_E_FORMAT, "%s: line 1: unknown column '%.80s'; did you mean '%s'?", file, head[i], near);
    }
    for (k = COL_IMAGE; k <= COL_LABEL; k++)
        if (col[k] < 0)
            return mf_fail(err, MF_E_FORMAT, "%s: line 1: the header has no column '%s'; it reads "
                           "image,label,subject,occlusion,pair,split", file, columns[k]);
    return MF_OK;
}

static const char *
field(char **f, const int col[COL_COUNT], int k)
{
    return col[k] < 0 ? "" : f[col[k]];
}

/* Kept for the sentences of whoever finds something wrong later. */
static mf_status
note_line(mf_dataset *d, size_t row, long line, mf_err *err)
{
    struct mf_dataset_store *s = d->store;

    if (row >= s->line_cap) {
        size_t    cap = s->line_cap ? s->line_cap * 2 : 256;
        uint32_t *p   = mf_realloc(s->line, cap, sizeof *p);

        if (!p)
            return mf_oom(err, cap * sizeof *p, "line numbers of a manifest");
        memset(p + s->line_cap, 0, (cap - s->line_cap) * sizeof *p);
        s->line     = p;
        s->line_cap = cap;
    }
    s->line[row] = (uint32_t)line;
    return MF_OK;
}

static mf_status
add_row(mf_dataset *d, char **f, const int col[COL_COUNT], mf_err *err)
{
    mf_status    st;
    mf_occlusion occ;
    mf_split     split;
    const char  *image = field(f, col, COL_IMAGE);
    ptrdiff_t    seen  = mf_dataset_find(d, image);

    if (seen >= 0)
        return mf_fail(err, MF_E_FORMAT, "picture '%.200s' is listed twice, first in line %lu; remove one of the two", image,
                       (unsigned long)mf_dataset_line(d, (size_t)seen));
    if ((st = mf_occlusion_parse(&occ, field(f, col, COL_OCCLUSION), err)) < 0 ||
        (st = mf_split_parse(&split, field(f, col, COL_SPLIT), err)) < 0)
        return st;
    return mf_dataset_add(d, image, field(f, col, COL_LABEL), field(f, col, COL_SUBJECT), occ, field(f, col, COL_PAIR),
                          split, NULL, err);
}

static mf_status
parse_manifest(mf_dataset *d, mf_csv *c, const char *file, mf_err *err)
{
    mf_status st;
    char    **f;
    size_t    n, n_cols;
    int       col[COL_COUNT];

    if ((st = mf_csv_next(c, &f, &n, err)) < 0 || (st = read_header(col, f, n, file, err)) < 0)
        return st;
    n_cols = n;
    for (;;) {
        if ((st = mf_csv_next(c, &f, &n, err)) < 0 || n == 0)
            break;
        if (n != n_cols) {
            st = mf_fail(err, MF_E_FORMAT, "%s: line %ld: %zu fields, but the header has %zu", file, mf_csv_line(c), n, n_cols);
            break;
        }
        if (mf_nametab_find(&d->store->quarantine, field(f, col, COL_IMAGE)) >= 0) {
            d->n_quarantined++;
            continue;
        }
        if ((st = note_line(d, d->n_rows, mf_csv_line(c), err)) < 0)
            break;
        if ((st = add_row(d, f, col, err)) < 0) {
            mf_fail_in(err, st, "%s: line %ld", file, mf_csv_line(c));
            break;
        }
    }
    return st;
}

mf_status
mf_dataset_parse_manifest(mf_dataset *d, const char *name, const char *text, size_t size, mf_err *err)
{
    mf_status st;
    mf_csv   *c = NULL;

    if ((st = mf_csv_open_mem(&c, name, text, size, err)) == MF_OK)
        st = parse_manifest(d, c, name, err);
    mf_csv_close(c);
    return st;
}

/* ---- soft.csv ---- */

static mf_status
soft_row(mf_dataset *d, char **f, const int *col, mf_err *err)
{
    mf_status st;
    float     p[MF_CLASSES_MAX];
    double    v;
    ptrdiff_t row = mf_dataset_find(d, f[0]);
    int       k;

    if (row < 0)
        return mf_nametab_find(&d->store->quarantine, f[0]) >= 0
                   ? MF_OK : mf_fail(err, MF_E_FORMAT, "picture '%.200s' is not in manifest.csv", f[0]);
    if (d->rows[row].soft)
        return mf_fail(err, MF_E_FORMAT, "picture '%.200s' is listed twice", f[0]);
    for (k = 0; k < d->n_classes; k++) {
        if ((st = mf_parse_f64(&v, f[col[k]], 0, 1, err)) < 0)
            return mf_fail_in(err, MF_E_FORMAT, "the probability of '%s'", d->classes[k]);
        p[k] = (float)v;
    }
    return mf_dataset_set_soft(d, (size_t)row, p, err);
}

static mf_status
parse_soft(mf_dataset *d, mf_csv *c, const char *file, mf_err *err)
{
    mf_status st;
    char    **f;
    size_t    n, n_cols = (size_t)d->n_classes + 1;
    int       col[MF_CLASSES_MAX], k;

    if ((st = mf_csv_next(c, &f, &n, err)) < 0)
        return st;
    if (n != n_cols || mf_csv_column(f, n, "image") != 0)
        return mf_fail(err, MF_E_FORMAT, "%s: line 1: the header must be 'image' and then the %d classes", file, d->n_classes);
    for (k = 0; k < d->n_classes; k++)
        if ((col[k] = mf_csv_column(f, n, d->classes[k])) < 1)
            return mf_fail(err, MF_E_FORMAT, "%s: line 1: the header has no column for class '%s'", file, d->classes[k]);
    for (;;) {
        if ((st = mf_csv_next(c, &f, &n, err)) < 0 || n == 0)
            return st;
        if (n != n_cols)
            return mf_fail(err, MF_E_FORMAT, "%s: line %ld: %zu fields, but the header has %zu", file, mf_csv_line(c), n, n_cols);
        if ((st = soft_row(d, f, col, err)) < 0)
            return mf_fail_in(err, st, "%s: line %ld", file, mf_csv_line(c));
    }
}

mf_status
mf_dataset_parse_soft(mf_dataset *d, const char *name, const char *text, size_t size, mf_err *err)
{
    mf_status st;
    mf_csv   *c = NULL;

    if ((st = mf_csv_open_mem(&c, name, text, size, err)) == MF_OK)
        st = parse_soft(d, c, name, err);
    mf_csv_close(c);
    return st;
}

/* ---- quarantine.csv: image,reason ---- */

static mf_status
parse_quarantine(mf_dataset *d, mf_csv *c, const char *file, mf_err *err)
{
    mf_status st;
    char    **f;
    size_t    n, at;
    int       col;

    if ((st = mf_csv_next(c, &f, &n, err)) < 0)
        return st;
    if ((col = mf_csv_column(f, n, "image")) < 0)
        return mf_fail(err, MF_E_FORMAT, "%s: line 1: the header has no column 'image'; run `maskfer data check` anew", file);
    for (;;) {
        if ((st = mf_csv_next(c, &f, &n, err)) < 0 || n == 0)
            return st;
        if ((size_t)col < n &&
            (st = mf_nametab_put(&at, NULL, &d->store->quarantine, &d->store->arena, f[col], err)) < 0)
            return st;
    }
}

/* ---- the folder ---- */

typedef mf_status parse_fn(mf_dataset *d, mf_csv *c, const char *file, mf_err *err);

/* Parse DIR/name; a missing file is fine when `optional`. */
static mf_status
read_csv(mf_dataset *d, const char *name, bool optional, parse_fn *parse, mf_err *err)
{
    mf_status st;
    mf_csv   *c    = NULL;
    mf_str    path = {0};

    mf_path_join(&path, d->dir, name);
    if ((st = mf_str_ok(&path, err)) < 0)
        goto done;
    if (optional && !mf_path_exists(mf_str_c(&path)))
        goto done;
    if ((st = mf_csv_open(&c, mf_str_c(&path), err)) == MF_OK)
        st = parse(d, c, mf_str_c(&path), err);
done:
    mf_csv_close(c);
    mf_str_free(&path);
    return st;
}

static mf_status
find_folder(mf_str *yaml, const char *dir, mf_err *err)
{
    mf_status st;

    if (!mf_path_exists(dir))
        return mf_fail(err, MF_E_NOTFOUND, "data set '%s' does not exist", dir);
    if (!mf_path_is_dir(dir))
        return mf_fail(err, MF_E_NOTFOUND, "data set '%s' is not a folder", dir);
    mf_path_join(yaml, dir, "dataset.yaml");
    if ((st = mf_str_ok(yaml, err)) < 0)
        return st;
    if (!mf_path_exists(mf_str_c(yaml)))
        return mf_fail(err, MF_E_NOTFOUND, "'%s' is not a data set: it has no dataset.yaml; `maskfer data import` makes one "
                       "from a folder of pictures", dir);
    return MF_OK;
}

static mf_status
load(mf_dataset **out, const char *dir, bool quarantined_too, mf_err *err)
{
    mf_status   st;
    mf_dataset *d    = NULL;
    mf_str      yaml = {0};

    *out = NULL;
    if ((st = find_folder(&yaml, dir, err)) < 0 || (st = mf_dataset_alloc(&d, err)) < 0 ||
        (st = mf_dataset_text(&d->dir, d, dir, err)) < 0 || (st = read_yaml(d, mf_str_c(&yaml), err)) < 0 ||
        (!quarantined_too && (st = read_csv(d, "quarantine.csv", true, parse_quarantine, err)) < 0) ||
        (st = read_csv(d, "manifest.csv", false, parse_manifest, err)) < 0 ||
        (st = read_csv(d, "soft.csv", true, parse_soft, err)) < 0 || (st = mf_dataset_check_links(d, err)) < 0)
        goto done;
    *out = d;
    d    = NULL;
done:
    mf_dataset_free(d);
    mf_str_free(&yaml);
    return st;
}

mf_status
mf_dataset_load(mf_dataset **out, const char *dir, mf_err *err)
{
    return load(out, dir, false, err);
}

mf_status
mf_dataset_load_all(mf_dataset **out, const char *dir, mf_err *err)
{
    return load(out, dir, true, err);
}
