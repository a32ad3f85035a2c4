/* data/importers/csv.c: a table that names pictures and labels: labels.csv of a folder, or any CSV file. Class names stay as
 * the source spells them. */
#include <string.h>
#include "core/csv.h"
#include "core/file.h"
#include "core/mem.h"
#include "data/importers/labelled.h"

typedef struct csv_cfg {
    mf_opt_str labels, pictures;
    mf_opt_str file_column, label_column, subject_column, pair_column, occlusion_column, points_column;
    mf_opt_str label;
    mf_opt_str subject_pattern, classes;
    bool       fold_case;
} csv_cfg;

static const mf_opt csv_opts[] = {
    MF_OPT_STR(csv_cfg, labels, "", "the CSV file, where SRC is a folder (default: SRC/labels.csv)"),
    MF_OPT_STR(csv_cfg, pictures, "", "folder that its paths are relative to (default: SRC, or the folder of SRC)"),
    MF_OPT_STR(csv_cfg, file_column, "", "column with the picture's path (default: file, image, path or filename)"),
    MF_OPT_STR(csv_cfg, label_column, "", "column with the class (default: label, class, expression or emotion)"),
    MF_OPT_STR(csv_cfg, label, "", "the class of every picture, for a table without one"),
    MF_OPT_STR(csv_cfg, subject_column, "", "column with the person (default: subject, identity or person)"),
    MF_OPT_STR(csv_cfg, pair_column, "", "column whose value joins pictures into pairs (default: pair)"),
    MF_OPT_STR(csv_cfg, occlusion_column, "", "column with none, mask... or with_mask, without_mask (default: occlusion)"),
    MF_OPT_STR(csv_cfg, points_column, "", "column with the path of a .pts file, the landmarks (default: pts)"),
    MF_OPT_STR(csv_cfg, subject_pattern, "",
               "POSIX extended regular expression whose first group, matched in a picture's path, is the subject"),
    MF_OPT_STR(csv_cfg, classes, "", "classes to take and their order, as 'happy,sad' (default: all that occur)"),
    MF_OPT_BOOL(csv_cfg, fold_case, false, "take labels that differ only in case for one, in lower case"),
    MF_OPT_END
};

static const char *const file_names[]    = {"file", "image", "path", "filename", NULL};
static const char *const label_names[]   = {"label", "class", "expression", "emotion", NULL};
static const char *const subject_names[] = {"subject", "identity", "person", NULL};
static const char *const pair_names[]    = {"pair", NULL};
static const char *const occ_names[]     = {"occlusion", NULL};
static const char *const points_names[]  = {"pts", NULL};

typedef struct columns {
    int file, label, subject, pair, split, occlusion, points; /* -1: none */
} columns;

/* The column that was asked for, or else the first of `usual` (NULL-terminated) that is there. */
static mf_status
find_column(int *out, char **head, size_t n, const char *asked, const char *const *usual, const char *option, const char *file,
            mf_err *err)
{
    *out = -1;
    if (*asked) {
        if ((*out = mf_csv_column(head, n, asked)) < 0)
            return mf_fail(err, MF_E_FORMAT, "%s: line 1: no column '%s', which --%s asks for", file, asked, option);
        return MF_OK;
    }
    for (; *out < 0 && *usual; usual++)
        *out = mf_csv_column(head, n, *usual);
    return MF_OK;
}

static mf_status
find_columns(columns *c, char **head, size_t n, const csv_cfg *o, const char *file, mf_err *err)
{
    mf_status st;

    if ((st = find_column(&c->file, head, n, o->file_column.s, file_names, "file-column", file, err)) < 0 ||
        (st = find_column(&c->label, head, n, o->label_column.s, label_names, "label-column", file, err)) < 0 ||
        (st = find_column(&c->subject, head, n, o->subject_column.s, subject_names, "subject-column", file, err)) < 0 ||
        (st = find_column(&c->pair, head, n, o->pair_column.s, pair_names, "pair-column", file, err)) < 0 ||
        (st = find_column(&c->occlusion, head, n, o->occlusion_column.s, occ_names, "occlusion-column", file, err)) < 0 ||
        (st = find_column(&c->points, head, n, o->points_column.s, points_names, "points-column", file, err)) < 0)
        return st;
    if (c->file < 0)
        return mf_fail(err, MF_E_FORMAT, "%s: line 1: no column for the picture's path; name it with --file-column", file);
    if (c->label < 0 && !*o->label.s)
        return mf_fail(err, MF_E_FORMAT, "%s: line 1: no column for the class; name it with --label-column, or give all "
                       "pictures one with --label", file);
    c->split = mf_csv_column(head, n, "split");
    return MF_OK;
}

static mf_status
read_occlusion(mf_occlusion *out, const char *word, mf_err *err)
{
    if (mf_str_eq(word, "with_mask"))
        *out = MF_OCC_MASK;
    else if (!mf_str_eq(word, "without_mask"))
        return mf_occlusion_parse(out, word, err);
    return MF_OK;
}

static mf_status
add_row(mf_labelled_list *l, char **f, const columns *c, const csv_cfg *o, long line, mf_err *err)
{
    mf_status   st;
    mf_labelled one = {.path = f[c->file], .line = line};

    if (!mf_path_is_inside(f[c->file]))
        return mf_fail(err, MF_E_FORMAT, "picture '%.200s' leaves the folder; paths are relative to it, without '..'", f[c->file]);
    if (c->split >= 0 && !mf_import_split(&one.split, f[c->split]) && (st = mf_split_parse(&one.split, f[c->split], err)) < 0)
        return st;
    if (c->occlusion >= 0 && (st = read_occlusion(&one.occlusion, f[c->occlusion], err)) < 0)
        return st;
    if (c->points >= 0 && *f[c->points] && !mf_path_is_inside(f[c->points]))
        return mf_fail(err, MF_E_FORMAT, "points '%.200s' leave the folder", f[c->points]);
    one.points  = c->points < 0 ? NULL : f[c->points];
    one.label   = *o->label.s ? o->label.s : f[c->label];
    one.subject = c->subject < 0 ? NULL : f[c->subject];
    one.pair    = c->pair < 0 ? NULL : f[c->pair];
    return mf_labelled_add(l, &one, err);
}

static mf_status
read_table(mf_labelled_list *l, const char *file, const csv_cfg *o, mf_err *err)
{
    mf_status st;
    mf_csv   *c = NULL;
    char    **f;
    size_t    n, n_cols;
    columns   cols;

    if ((st = mf_csv_open(&c, file, err)) < 0)
        return st;
    if ((st = mf_csv_next(c, &f, &n, err)) < 0 || (st = find_columns(&cols, f, n, o, file, err)) < 0)
        goto done;
    n_cols = n;
    while ((st = mf_csv_next(c, &f, &n, err)) == MF_OK && n > 0) {
        if (n != n_cols)
            st = mf_fail(err, MF_E_FORMAT, "%zu fields, but the header has %zu", n, n_cols);
        else
            st = add_row(l, f, &cols, o, mf_csv_line(c), err);
        if (st < 0) {
            mf_fail_in(err, st, "%s: line %ld", file, mf_csv_line(c));
            break;
        }
    }
done:
    mf_csv_close(c);
    return st;
}

/* The table and the folder of the pictures. */
static mf_status
find_table(mf_str *table, mf_str *dir, const char *src, const csv_cfg *o, mf_err *err)
{
    mf_status st;

    if (!mf_path_is_dir(src)) {
        mf_str_add(table, src);
        mf_str_addn(dir, src, (size_t)(mf_path_base(src) - src));
        if (!dir->len)
            mf_str_add(dir, ".");
    } else {
        mf_path_join(table, src, *o->labels.s ? o->labels.s : "labels.csv");
        if ((st = mf_str_ok(table, err)) < 0)
            return st;
        if (!mf_path_exists(mf_str_c(table))) {
            if (!*o->labels.s)
                return mf_fail(err, MF_E_NOTFOUND, "'%s' does not exist; name the table with --labels", mf_str_c(table));
            if (!mf_path_exists(o->labels.s))
                return mf_fail(err, MF_E_NOTFOUND, "--labels: neither '%s' nor '%s' exists", mf_str_c(table), o->labels.s);
            mf_str_clear(table);
            mf_str_add(table, o->labels.s); /* as seen from here, not from SRC */
        }
        mf_str_add(dir, src);
    }
    if (*o->pictures.s) {
        mf_str_clear(dir);
        mf_str_add(dir, o->pictures.s);
    }
    return (st = mf_str_ok(table, err)) < 0 ? st : mf_str_ok(dir, err);
}

static mf_status
csv_scan(mf_import *im, const char *src, const void *cfg, mf_err *err)
{
    const csv_cfg   *o = cfg;
    mf_status        st;
    mf_labelled_list l     = {.fold_case = o->fold_case};
    mf_str           table = {0}, dir = {0};

    if ((st = find_table(&table, &dir, src, o, err)) < 0 || (st = read_table(&l, mf_str_c(&table), o, err)) < 0)
        goto done;
    if (l.n == 0) {
        st = mf_fail(err, MF_E_NOTFOUND, "'%s' names no picture", mf_str_c(&table));
        goto done;
    }
    if (*o->subject_pattern.s && (st = mf_labelled_subjects(&l, o->subject_pattern.s, err)) < 0)
        goto done;
    if ((st = mf_labelled_import(im, &l, o->classes.s, mf_str_c(&dir), mf_str_c(&table), err)) < 0)
        goto done;
    mf_str_printf(&im->notes, "labels from %s\n", mf_str_c(&table));
    st = mf_str_ok(&im->notes, err);
done:
    mf_str_free(&dir);
    mf_str_free(&table);
    mf_labelled_free(&l);
    return st;
}

/* The header of a file has columns for path and class. Read: a probe may look at a table's first line. */
static bool
has_columns(const char *path)
{
    mf_csv *c = NULL;
    char  **f;
    size_t  n;
    int     file = -1, label = -1, i;

    if (mf_csv_open(&c, path, NULL) == MF_OK && mf_csv_next(c, &f, &n, NULL) == MF_OK) {
        for (i = 0; file < 0 && file_names[i]; i++)
            file = mf_csv_column(f, n, file_names[i]);
        for (i = 0; label < 0 && label_names[i]; i++)
            label = mf_csv_column(f, n, label_names[i]);
    }
    mf_csv_close(c);
    return file >= 0 && label >= 0;
}

static int
csv_probe(const mf_import_view *v, mf_str *why)
{
    mf_str path = {0};
    int    sure = 0;

    if (v->is_file) {
        if (mf_str_ends(v->src, ".csv") && has_columns(v->src))
            sure = 50;
        if (sure)
            mf_str_add(why, "a header with columns for path and class");
        else if (mf_str_ends(v->src, ".csv"))
            mf_str_add(why, "no columns for path and class (name them with --file-column and --label-column)");
        return sure;
    }
    mf_path_join(&path, v->src, "labels.csv");
    if (!path.oom && mf_path_exists(mf_str_c(&path))) {
        sure = has_columns(mf_str_c(&path)) ? 60 : 0;
        mf_str_add(why, sure ? "labels.csv" : "labels.csv lacks columns for path and class (name them with --file-column and "
                                              "--label-column)");
    }
    mf_str_free(&path);
    return sure;
}

const mf_importer_def mf_importer_csv = {
    .name = "csv", .summary = "a table that names pictures and labels",
    .layout = "labels.csv, or any CSV file, with columns such as file,label,subject",
    .cfg_size = sizeof(csv_cfg), .opts = csv_opts, .takes_file = true, .probe = csv_probe, .scan = csv_scan,
};
