/* data/importers/folders.c: one folder a class (below train/, val/, test/ or not), or a labels.csv that names the files.
 *
 * Classes are put into the order of the seven basic expressions, whatever word a set has for them; others follow by
 * name. Class names stay as the source spells them. */
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "core/csv.h"
#include "core/file.h"
#include "core/mem.h"
#include "data/import.h"
#include "data/names.h"

enum { MF_FOLDERS_MAX_DEPTH = 16 };

typedef struct folders_cfg {
    mf_opt_str subject_pattern, labels, classes;
    mf_opt_str file_column, label_column, subject_column;
    bool       fold_case;
} folders_cfg;

static const mf_opt folders_opts[] = {
    MF_OPT_STR(folders_cfg, subject_pattern, "",
               "POSIX extended regular expression whose first group, matched in a picture's path, is the subject"),
    MF_OPT_STR(folders_cfg, labels, "", "CSV file that names pictures and labels (default: SRC/labels.csv if there; 'none')"),
    MF_OPT_STR(folders_cfg, file_column, "", "its column with the picture's path (default: file, image, path or filename)"),
    MF_OPT_STR(folders_cfg, label_column, "", "its column with the class (default: label, class, expression or emotion)"),
    MF_OPT_STR(folders_cfg, subject_column, "", "its column with the person (default: subject, identity or person)"),
    MF_OPT_STR(folders_cfg, classes, "", "classes to take and their order, as 'happy,sad' (default: all that occur)"),
    MF_OPT_BOOL(folders_cfg, fold_case, false, "take labels that differ only in case for one, in lower case"),
    MF_OPT_END
};

/* A picture before its class is known to be wanted. */
typedef struct found {
    const char *path;    /* relative to SRC, in the arena */
    const char *label, *subject;
    mf_split    split;
    mf_occlusion occlusion;
    long        line;    /* of the CSV file; 0 from a folder */
} found;

typedef struct scan {
    const char        *src;
    const folders_cfg *cfg;
    mf_arena           arena;
    found             *at;
    size_t             n, cap;
    size_t             other;      /* files that are no pictures */
    size_t             unwanted;   /* pictures of classes that --classes leaves out */
    mf_nametab         labels;
} scan;

static void
scan_free(scan *s)
{
    mf_free(s->at);
    mf_nametab_free(&s->labels);
    mf_arena_free(&s->arena);
}

/* Spaces around, and case where asked, taken from a label. */
static char *
tidy_label(mf_arena *a, const char *label, bool fold_case)
{
    size_t n = strlen(label), i;
    char  *t;

    while (n && (label[n - 1] == ' ' || label[n - 1] == '\t'))
        n--;
    while (n && (*label == ' ' || *label == '\t'))
        label++, n--;
    if ((t = mf_arena_strndup(a, label, n)) && fold_case)
        for (i = 0; i < n; i++)
            if (t[i] >= 'A' && t[i] <= 'Z')
                t[i] = (char)(t[i] - 'A' + 'a');
    return t;
}

static mf_status
add_found(scan *s, const char *path, const char *label, const char *subject, mf_occlusion occ, mf_split split, long line,
          mf_err *err)
{
    mf_status st;
    found     f = {.split = split, .occlusion = occ, .line = line};
    size_t    at;

    if (s->n == s->cap) {
        size_t cap = s->cap ? s->cap * 2 : 256;
        found *p   = mf_realloc(s->at, cap, sizeof *p);

        if (!p)
            return mf_oom(err, cap * sizeof *p, "pictures to import");
        s->at  = p;
        s->cap = cap;
    }
    f.path    = mf_arena_strdup(&s->arena, path);
    f.label   = tidy_label(&s->arena, label, s->cfg->fold_case);
    f.subject = mf_arena_strdup(&s->arena, subject);
    if (!f.path || !f.label || !f.subject)
        return mf_oom(err, strlen(path), "a picture to import");
    if (!*f.label)
        return mf_fail(err, MF_E_FORMAT, "picture '%.200s' has an empty label", path);
    if ((st = mf_nametab_put(&at, NULL, &s->labels, &s->arena, f.label, err)) < 0)
        return st;
    s->at[s->n++] = f;
    return MF_OK;
}

/* ---- folders ---- */

static bool
split_of_name(mf_split *out, const char *name)
{
    static const struct { const char *name; mf_split split; } names[] = {
        {"train", MF_SPLIT_TRAIN}, {"training", MF_SPLIT_TRAIN}, {"val", MF_SPLIT_VAL}, {"valid", MF_SPLIT_VAL},
        {"validation", MF_SPLIT_VAL}, {"eval", MF_SPLIT_VAL}, {"dev", MF_SPLIT_VAL}, {"test", MF_SPLIT_TEST},
        {"testing", MF_SPLIT_TEST},
    };
    size_t i;

    for (i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcasecmp(names[i].name, name)) {
            *out = names[i].split;
            return true;
        }
    return false;
}

/* Every picture below SRC/rel, at any depth, gets `label`. */
static mf_status
walk_class(scan *s, const char *rel, const char *label, mf_split split, int depth, mf_err *err)
{
    mf_status st;
    mf_str    path = {0}, child = {0};
    mf_names  names = {0};
    size_t    i;

    if (depth > MF_FOLDERS_MAX_DEPTH)
        return mf_fail(err, MF_E_LIMIT, "'%s/%s': folders more than %d deep", s->src, rel, MF_FOLDERS_MAX_DEPTH);
    mf_path_join(&path, s->src, rel);
    if ((st = mf_str_ok(&path, err)) < 0 || (st = mf_dir_list(&names, mf_str_c(&path), err)) < 0)
        goto done;
    for (i = 0; i < names.n && st == MF_OK; i++) {
        if (names.name[i][0] == '.')
            continue;
        mf_path_join(&child, rel, names.name[i]);
        mf_path_join(&path, s->src, mf_str_c(&child));
        if ((st = mf_str_ok(&child, err)) < 0 || (st = mf_str_ok(&path, err)) < 0)
            break;
        if (mf_import_is_picture(names.name[i]))
            st = add_found(s, mf_str_c(&child), label, "", MF_OCC_NONE, split, 0, err);
        else if (mf_path_is_dir(mf_str_c(&path)))
            st = walk_class(s, mf_str_c(&child), label, split, depth + 1, err);
        else
            s->other++;
    }
done:
    mf_names_free(&names);
    mf_str_free(&child);
    mf_str_free(&path);
    return st;
}

/* SRC/rel holds a folder a class, or, at the top, a folder a part. */
static mf_status
walk_classes(scan *s, const char *rel, mf_split split, bool top, mf_err *err)
{
    mf_status st;
    mf_str    path = {0}, child = {0};
    mf_names  names = {0};
    mf_split  part;
    size_t    i;

    mf_path_join(&path, s->src, rel);
    if ((st = mf_str_ok(&path, err)) < 0 || (st = mf_dir_list(&names, mf_str_c(&path), err)) < 0)
        goto done;
    for (i = 0; i < names.n && st == MF_OK; i++) {
        if (names.name[i][0] == '.')
            continue;
        mf_str_clear(&child);
        mf_str_printf(&child, "%s%s%s", rel, *rel ? "/" : "", names.name[i]);
        mf_path_join(&path, s->src, mf_str_c(&child));
        if ((st = mf_str_ok(&child, err)) < 0 || (st = mf_str_ok(&path, err)) < 0)
            break;
        if (!mf_path_is_dir(mf_str_c(&path)))
            s->other++;
        else if (top && split_of_name(&part, names.name[i]))
            st = walk_classes(s, mf_str_c(&child), part, false, err);
        else
            st = walk_class(s, mf_str_c(&child), names.name[i], split, 0, err);
    }
done:
    mf_names_free(&names);
    mf_str_free(&child);
    mf_str_free(&path);
    return st;
}

/* ---- labels.csv ---- */

typedef struct csv_cols {
    int file, label, subject, split, occlusion; /* -1: none */
} csv_cols;

/* The column that was asked for, or else the first of `usual` (NULL-terminated) that is there. */
static mf_status
find_column(int *out, char **head, size_t n, const char *asked, const char *const *usual, const char *option, bool needed,
            const char *file, mf_err *err)
{
    *out = -1;
    if (*asked) {
        if ((*out = mf_csv_column(head, n, asked)) < 0)
            return mf_fail(err, MF_E_FORMAT, "%s: line 1: no column '%s', which --%s asks for", file, asked, option);
        return MF_OK;
    }
    for (; *out < 0 && *usual; usual++)
        *out = mf_csv_column(head, n, *usual);
    if (*out < 0 && needed)
        return mf_fail(err, MF_E_FORMAT, "%s: line 1: no column for the %s; name it with --%s, or pass --labels none to go by "
                       "folders", file, option[0] == 'f' ? "picture's path" : "class", option);
    return MF_OK;
}

static mf_status
find_columns(csv_cols *c, char **head, size_t n, const folders_cfg *o, const char *file, mf_err *err)
{
    static const char *const files[]    = {"file", "image", "path", "filename", NULL};
    static const char *const labels[]   = {"label", "class", "expression", "emotion", NULL};
    static const char *const subjects[] = {"subject", "identity", "person", NULL};
    mf_status                st;

    if ((st = find_column(&c->file, head, n, o->file_column.s, files, "file-column", true, file, err)) < 0 ||
        (st = find_column(&c->label, head, n, o->label_column.s, labels, "label-column", true, file, err)) < 0 ||
        (st = find_column(&c->subject, head, n, o->subject_column.s, subjects, "subject-column", false, file, err)) < 0)
        return st;
    c->split     = mf_csv_column(head, n, "split");
    c->occlusion = mf_csv_column(head, n, "occlusion");
    return MF_OK;
}

static mf_status
csv_row(scan *s, char **f, const csv_cols *c, long line, mf_err *err)
{
    mf_status    st;
    mf_split     split = MF_SPLIT_NONE;
    mf_occlusion occ   = MF_OCC_NONE;

    if (!mf_path_is_inside(f[c->file]))
        return mf_fail(err, MF_E_FORMAT, "picture '%.200s' leaves the folder; paths are relative to it, without '..'", f[c->file]);
    if (c->split >= 0 && !split_of_name(&split, f[c->split]) && (st = mf_split_parse(&split, f[c->split], err)) < 0)
        return st;
    if (c->occlusion >= 0 && (st = mf_occlusion_parse(&occ, f[c->occlusion], err)) < 0)
        return st;
    return add_found(s, f[c->file], f[c->label], c->subject < 0 ? "" : f[c->subject], occ, split, line, err);
}

static mf_status
scan_csv(scan *s, const char *file, mf_err *err)
{
    mf_status st;
    mf_csv   *c = NULL;
    char    **f;
    size_t    n, n_cols;
    csv_cols  cols;

    if ((st = mf_csv_open(&c, file, err)) < 0)
        return st;
    if ((st = mf_csv_next(c, &f, &n, err)) < 0 || (st = find_columns(&cols, f, n, s->cfg, file, err)) < 0)
        goto done;
    n_cols = n;
    while ((st = mf_csv_next(c, &f, &n, err)) == MF_OK && n > 0) {
        if (n != n_cols)
            st = mf_fail(err, MF_E_FORMAT, "%zu fields, but the header has %zu", n, n_cols);
        else
            st = csv_row(s, f, &cols, mf_csv_line(c), err);
        if (st < 0) {
            mf_fail_in(err, st, "%s: line %ld", file, mf_csv_line(c));
            break;
        }
    }
done:
    mf_csv_close(c);
    return st;
}

/* ---- classes ---- */

/* Place among the seven basic expressions, 7 for any other word. */
static int
basic_rank(const char *name)
{
    static const char *const words[7][4] = {
        {"surprise", "surprised", "su", NULL}, {"fear", "fearful", "fe", NULL}, {"disgust", "disgusted", "di", NULL},
        {"happy", "happiness", "ha", NULL}, {"sad", "sadness", "sa", NULL}, {"angry", "anger", "an", NULL},
        {"neutral", "neutrality", "ne", NULL},
    };
    int i, k;

    for (i = 0; i < 7; i++)
        for (k = 0; words[i][k]; k++)
            if (!strcasecmp(words[i][k], name))
                return i;
    return 7;
}

static int
compare_classes(const void *a, const void *b)
{
    const char *x = *(const char *const *)a, *y = *(const char *const *)b;
    int         rx = basic_rank(x), ry = basic_rank(y);
    int64_t     nx, ny;

    if (rx != ry)
        return rx - ry;
    if (mf_parse_i64(&nx, x, INT64_MIN, INT64_MAX, NULL) == MF_OK && mf_parse_i64(&ny, y, INT64_MIN, INT64_MAX, NULL) == MF_OK &&
        nx != ny)
        return nx < ny ? -1 : 1;
    return strcmp(x, y);
}

/* Class names in order into names[]: those of --classes, or all that were found, sorted. */
static mf_status
order_classes(const char *names[MF_CLASSES_MAX], int *n, scan *s, mf_err *err)
{
    char  *rest = NULL, *word;
    size_t i, k;

    *n = 0;
    if (*s->cfg->classes.s) {
        char *list = mf_arena_strdup(&s->arena, s->cfg->classes.s);

        if (!list)
            return mf_oom(err, sizeof s->cfg->classes.s, "class names");
        for (word = strtok_r(list, ",", &rest); word; word = strtok_r(NULL, ",", &rest)) {
            char *name = tidy_label(&s->arena, word, false);

            if (!name || *n == MF_CLASSES_MAX)
                return mf_fail(err, MF_E_LIMIT, "--classes names more than %d classes", MF_CLASSES_MAX);
            if (mf_nametab_find(&s->labels, name) < 0) {
                const char *near = mf_str_nearest(name, (const char *const *)s->labels.key);

                return mf_fail(err, MF_E_ARG, "--classes: no picture has the label '%s'%s%s%s", name,
                               near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
            }
            names[(*n)++] = name;
        }
        return MF_OK;
    }
    if (s->labels.n > MF_CLASSES_MAX)
        return mf_fail(err, MF_E_LIMIT, "'%s' has %zu different labels; a data set has at most %d classes (is the label column "
                       "or the folder level the right one?)", s->src, s->labels.n, MF_CLASSES_MAX);
    for (i = 0; i < s->labels.n; i++)
        for (k = 0; k < i; k++)
            if (!strcasecmp(s->labels.key[i], s->labels.key[k]))
                return mf_fail(err, MF_E_FORMAT, "labels '%s' and '%s' differ only in case; --fold-case takes them for one",
                               s->labels.key[k], s->labels.key[i]);
    for (i = 0; i < s->labels.n; i++)
        names[i] = s->labels.key[i];
    *n = (int)s->labels.n;
    qsort(names, s->labels.n, sizeof *names, compare_classes);
    return MF_OK;
}

/* ---- subjects ---- */

/* The first group of the pattern in each path becomes the subject. Every path must match. */
static mf_status
match_subjects(scan *s, mf_err *err)
{
    const char *pattern = s->cfg->subject_pattern.s;
    regex_t     re;
    regmatch_t  m[2];
    char        why[256];
    size_t      i, misses = 0, first = 0;
    int         rc;

    if ((rc = regcomp(&re, pattern, REG_EXTENDED)) != 0) {
        regerror(rc, &re, why, sizeof why);
        return mf_fail(err, MF_E_ARG, "--subject-pattern '%s': %s", pattern, why);
    }
    if (re.re_nsub < 1) {
        regfree(&re);
        return mf_fail(err, MF_E_ARG, "--subject-pattern '%s' has no group; put the part that names the person in "
                       "parentheses, as '(S[0-9]+)_'", pattern);
    }
    for (i = 0; i < s->n; i++) {
        found *f = &s->at[i];

        if (regexec(&re, f->path, 2, m, 0) != 0 || m[1].rm_so < 0 || m[1].rm_eo == m[1].rm_so) {
            if (misses++ == 0)
                first = i;
            continue;
        }
        f->subject = mf_arena_strndup(&s->arena, f->path + m[1].rm_so, (size_t)(m[1].rm_eo - m[1].rm_so));
        if (!f->subject) {
            regfree(&re);
            return mf_oom(err, 64, "a subject");
        }
    }
    regfree(&re);
    if (misses)
        return mf_fail(err, MF_E_ARG, "--subject-pattern '%s' finds no person in %zu of %zu pictures; the first is '%.200s'",
                       pattern, misses, s->n, s->at[first].path);
    return MF_OK;
}

/* ---- the importer ---- */

static mf_status
add_all(mf_import *im, scan *s, const char *csv, mf_err *err)
{
    mf_status   st   = MF_OK;
    const char *names[MF_CLASSES_MAX];
    mf_str      from = {0};
    int         n, k;
    size_t      i;

    if ((st = order_classes(names, &n, s, err)) < 0 || (st = mf_dataset_new(&im->data, "", names, n, err)) < 0)
        return st;
    for (i = 0; i < s->n && st == MF_OK; i++) {
        const found *f = &s->at[i];

        for (k = 0; k < n && strcmp(names[k], f->label) != 0; k++)
            continue;
        if (k == n) {
            s->unwanted++;
            continue;
        }
        mf_path_join(&from, s->src, f->path);
        if ((st = mf_str_ok(&from, err)) < 0)
            break;
        if (f->line && !mf_path_exists(mf_str_c(&from)))
            st = mf_fail(err, MF_E_NOTFOUND, "picture '%.200s' is not in '%s'", f->path, s->src);
        else
            st = mf_import_add(im, mf_str_c(&from), f->path, f->label, f->subject, f->occlusion, f->split, NULL, err);
        if (st < 0 && f->line)
            mf_fail_in(err, st, "%s: line %ld", csv, f->line);
    }
    mf_str_free(&from);
    return st;
}

/* labels.csv to go by, empty for folders. */
static mf_status
choose_csv(mf_str *out, const char *src, const folders_cfg *o, mf_err *err)
{
    mf_status st;

    if (mf_str_eq(o->labels.s, "none"))
        return MF_OK;
    mf_path_join(out, src, *o->labels.s ? o->labels.s : "labels.csv");
    if ((st = mf_str_ok(out, err)) < 0 || mf_path_exists(mf_str_c(out)))
        return st;
    if (!*o->labels.s) {
        mf_str_clear(out);
        return MF_OK;
    }
    if (mf_path_exists(o->labels.s)) { /* as seen from here, not from SRC */
        mf_str_clear(out);
        mf_str_add(out, o->labels.s);
        return mf_str_ok(out, err);
    }
    return mf_fail(err, MF_E_NOTFOUND, "--labels: neither '%s' nor '%s' exists", mf_str_c(out), o->labels.s);
}

static mf_status
folders_scan(mf_import *im, const char *src, const void *cfg, mf_err *err)
{
    mf_status          st;
    const folders_cfg *o   = cfg;
    scan               s   = {.src = src, .cfg = o};
    mf_str             csv = {0};

    if ((st = choose_csv(&csv, src, o, err)) < 0)
        goto done;
    st = csv.len ? scan_csv(&s, mf_str_c(&csv), err) : walk_classes(&s, "", MF_SPLIT_NONE, true, err);
    if (st == MF_OK && s.n == 0)
        st = mf_fail(err, MF_E_NOTFOUND, "'%s': no picture (.png .jpg .jpeg .webp) was found; expected one folder a class, or a "
                     "labels.csv", src);
    if (st == MF_OK && *o->subject_pattern.s)
        st = match_subjects(&s, err);
    if (st < 0 || (st = add_all(im, &s, mf_str_c(&csv), err)) < 0)
        goto done;
    mf_str_printf(&im->notes, "labels from %s\n", csv.len ? mf_str_c(&csv) : "folder names");
    if (s.unwanted)
        mf_str_printf(&im->notes, "%zu pictures of other classes left out\n", s.unwanted);
    if (s.other)
        mf_str_printf(&im->notes, "%zu files that are no .png, .jpg or .webp pictures passed over\n", s.other);
    st = mf_str_ok(&im->notes, err);
done:
    mf_str_free(&csv);
    scan_free(&s);
    return st;
}

/* Whether a folder has a picture, or a folder with one, within two levels. */
static bool
has_picture(const char *path, int depth)
{
    mf_names names = {0};
    mf_str   child = {0};
    bool     yes   = false;
    size_t   i, dirs = 0;

    if (mf_dir_list(&names, path, NULL) < 0)
        return false;
    for (i = 0; i < names.n && !yes; i++)
        yes = mf_import_is_picture(names.name[i]);
    for (i = 0; i < names.n && !yes && depth > 0 && dirs < 4; i++) {
        mf_path_join(&child, path, names.name[i]);
        if (child.oom || !mf_path_is_dir(mf_str_c(&child)))
            continue;
        dirs++;
        yes = has_picture(mf_str_c(&child), depth - 1);
    }
    mf_str_free(&child);
    mf_names_free(&names);
    return yes;
}

static int
folders_probe(const char *src)
{
    mf_names names = {0};
    mf_str   child = {0};
    size_t   i;
    int      sure = 0, dirs = 0;

    mf_path_join(&child, src, "labels.csv");
    if (!child.oom && mf_path_exists(mf_str_c(&child)))
        sure = 60;
    else if (mf_dir_list(&names, src, NULL) == MF_OK)
        for (i = 0; i < names.n && dirs < 4 && !sure; i++) {
            mf_path_join(&child, src, names.name[i]);
            if (names.name[i][0] == '.' || child.oom || !mf_path_is_dir(mf_str_c(&child)))
                continue;
            dirs++;
            if (has_picture(mf_str_c(&child), 2))
                sure = 30;
        }
    mf_names_free(&names);
    mf_str_free(&child);
    return sure;
}

const mf_importer_def mf_importer_folders = {
    .name = "folders", .summary = "one folder a class (below train/, val/, test/ or not), or a labels.csv",
    .layout = "CLASS/picture.png, or a labels.csv with columns file,label,subject",
    .cfg_size = sizeof(folders_cfg), .opts = folders_opts, .probe = folders_probe, .scan = folders_scan,
};
