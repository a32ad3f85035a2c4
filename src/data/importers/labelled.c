/* data/importers/labelled.c: from labels as a source spells them to classes in order and rows. */
#include "data/importers/labelled.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "core/file.h"
#include "core/mem.h"
#include "data/expressions.h"
#include "data/pts.h"

void
mf_labelled_free(mf_labelled_list *l)
{
    mf_free(l->at);
    mf_nametab_free(&l->labels);
    mf_arena_free(&l->arena);
    *l = (mf_labelled_list){0};
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

mf_status
mf_labelled_add(mf_labelled_list *l, const mf_labelled *one, mf_err *err)
{
    mf_labelled f = *one;
    char       *label;
    mf_status   st;
    size_t      at;

    if (l->n == l->cap) {
        size_t       cap = l->cap ? l->cap * 2 : 256;
        mf_labelled *p   = mf_realloc(l->at, cap, sizeof *p);

        if (!p)
            return mf_oom(err, cap * sizeof *p, "pictures to import");
        l->at  = p;
        l->cap = cap;
    }
    f.path    = mf_arena_strdup(&l->arena, one->path);
    f.subject = mf_arena_strdup(&l->arena, one->subject ? one->subject : "");
    f.pair    = mf_arena_strdup(&l->arena, one->pair ? one->pair : "");
    f.points  = one->points && *one->points ? mf_arena_strdup(&l->arena, one->points) : NULL;
    label     = tidy_label(&l->arena, one->label, l->fold_case);
    if (!f.path || !label || !f.subject || !f.pair || (one->points && *one->points && !f.points))
        return mf_oom(err, strlen(one->path), "a picture to import");
    if (!*label)
        return mf_fail(err, MF_E_FORMAT, "picture '%.200s' has an empty label", one->path);
    if ((st = mf_nametab_put(&at, NULL, &l->labels, &l->arena, label, err)) < 0)
        return st;
    f.label       = l->labels.key[at]; /* one copy a class */
    l->at[l->n++] = f;
    return MF_OK;
}

/* ---- classes ---- */

static int
compare_classes(const void *a, const void *b)
{
    const char *x = *(const char *const *)a, *y = *(const char *const *)b;
    int         rx = mf_expression_find(x), ry = mf_expression_find(y);
    int64_t     nx, ny;

    rx = rx < 0 || rx > MF_EXPRESSION_NEUTRAL ? MF_EXPRESSION_CONTEMPT : rx;
    ry = ry < 0 || ry > MF_EXPRESSION_NEUTRAL ? MF_EXPRESSION_CONTEMPT : ry;
    if (rx != ry)
        return rx - ry;
    if (mf_parse_i64(&nx, x, INT64_MIN, INT64_MAX, NULL) == MF_OK && mf_parse_i64(&ny, y, INT64_MIN, INT64_MAX, NULL) == MF_OK &&
        nx != ny)
        return nx < ny ? -1 : 1;
    return strcmp(x, y);
}

/* The classes that were asked for, as "a,b". */
static mf_status
wanted_classes(const char *names[MF_CLASSES_MAX], int *n, mf_labelled_list *l, const char *wanted, mf_err *err)
{
    char *rest = NULL, *word, *list = mf_arena_strdup(&l->arena, wanted);

    if (!list)
        return mf_oom(err, strlen(wanted), "class names");
    for (word = strtok_r(list, ",", &rest); word; word = strtok_r(NULL, ",", &rest)) {
        char *name = tidy_label(&l->arena, word, false);

        if (!name)
            return mf_oom(err, strlen(word), "a class name");
        if (*n == MF_CLASSES_MAX)
            return mf_fail(err, MF_E_LIMIT, "--classes names more than %d classes", MF_CLASSES_MAX);
        if (mf_nametab_find(&l->labels, name) < 0) {
            const char *near = mf_str_nearest(name, (const char *const *)l->labels.key);

            return mf_fail(err, MF_E_ARG, "--classes: no picture has the label '%s'%s%s%s", name, near ? "; did you mean '" : "",
                           near ? near : "", near ? "'?" : "");
        }
        names[(*n)++] = name;
    }
    return MF_OK;
}

/* Class names in order into names[]. */
static mf_status
order_classes(const char *names[MF_CLASSES_MAX], int *n, mf_labelled_list *l, const char *wanted, const char *src, mf_err *err)
{
    size_t i, k;

    *n = 0;
    if (*wanted)
        return wanted_classes(names, n, l, wanted, err);
    if (l->labels.n > MF_CLASSES_MAX)
        return mf_fail(err, MF_E_LIMIT, "'%s' has %zu different labels; a data set has at most %d classes (is the label column "
                       "or the folder level the right one?)", src, l->labels.n, MF_CLASSES_MAX);
    for (i = 0; i < l->labels.n; i++)
        for (k = 0; k < i; k++)
            if (!strcasecmp(l->labels.key[i], l->labels.key[k]))
                return mf_fail(err, MF_E_FORMAT, "labels '%s' and '%s' differ only in case; --fold-case takes them for one",
                               l->labels.key[k], l->labels.key[i]);
    for (i = 0; i < l->labels.n; i++)
        names[i] = l->labels.key[i];
    *n = (int)l->labels.n;
    qsort(names, l->labels.n, sizeof *names, compare_classes);
    return MF_OK;
}

/* ---- subjects ---- */

mf_status
mf_labelled_subjects(mf_labelled_list *l, const char *pattern, mf_err *err)
{
    regex_t    re;
    regmatch_t m[2];
    char       why[256];
    size_t     i, misses = 0, first = 0;
    int        rc;

    if ((rc = regcomp(&re, pattern, REG_EXTENDED)) != 0) {
        regerror(rc, &re, why, sizeof why);
        return mf_fail(err, MF_E_ARG, "--subject-pattern '%s': %s", pattern, why);
    }
    if (re.re_nsub < 1) {
        regfree(&re);
        return mf_fail(err, MF_E_ARG, "--subject-pattern '%s' has no group; put the part that names the person in "
                       "parentheses, as '(S[0-9]+)_'", pattern);
    }
    for (i = 0; i < l->n; i++) {
        mf_labelled *f = &l->at[i];

        if (regexec(&re, f->path, 2, m, 0) != 0 || m[1].rm_so < 0 || m[1].rm_eo == m[1].rm_so) {
            if (misses++ == 0)
                first = i;
            continue;
        }
        f->subject = mf_arena_strndup(&l->arena, f->path + m[1].rm_so, (size_t)(m[1].rm_eo - m[1].rm_so));
        if (!f->subject) {
            regfree(&re);
            return mf_oom(err, 64, "a subject");
        }
    }
    regfree(&re);
    if (misses)
        return mf_fail(err, MF_E_ARG, "--subject-pattern '%s' finds no person in %zu of %zu pictures; the first is '%.200s'",
                       pattern, misses, l->n, l->at[first].path);
    return MF_OK;
}

/* ---- rows ---- */

/* `from` is scratch. */
static mf_status
add_one(mf_import *im, const mf_labelled *f, const char *dir, const char *table, mf_str *from, mf_err *err)
{
    mf_status     st;
    mf_landmarks  lm  = {0};
    mf_import_row row = {.image = f->path, .label = f->label, .subject = f->subject, .pair = f->pair, .split = f->split,
                         .occlusion = f->occlusion, .landmarks = &lm, .file = {.table = table, .line = f->line}};

    if (f->points) {
        mf_path_join(from, dir, f->points);
        if ((st = mf_str_ok(from, err)) < 0 || (st = mf_pts_load(&lm, mf_str_c(from), err)) < 0)
            return st;
    }
    mf_path_join(from, dir, f->path);
    if ((st = mf_str_ok(from, err)) < 0)
        return st;
    if (table && !mf_path_exists(mf_str_c(from)))
        return mf_fail(err, MF_E_NOTFOUND, "picture '%.200s' is not in '%s'", f->path, dir);
    row.file.path = mf_str_c(from);
    return mf_import_add(im, &row, err);
}

mf_status
mf_labelled_import(mf_import *im, mf_labelled_list *l, const char *wanted, const char *dir, const char *table, mf_err *err)
{
    mf_status   st;
    const char *names[MF_CLASSES_MAX];
    mf_str      from = {0};
    int         n, k;
    size_t      i;

    if ((st = order_classes(names, &n, l, wanted, dir, err)) < 0 || (st = mf_dataset_new(&im->data, "", names, n, err)) < 0)
        return st;
    for (i = 0; i < l->n && st == MF_OK; i++) {
        const mf_labelled *f = &l->at[i];

        for (k = 0; k < n && strcmp(names[k], f->label) != 0; k++)
            continue;
        if (k == n)
            l->unwanted++;
        else if ((st = add_one(im, f, dir, table, &from, err)) < 0 && table)
            mf_fail_in(err, st, "%s: line %ld", table, f->line);
    }
    mf_str_free(&from);
    if (st == MF_OK && l->unwanted)
        mf_str_printf(&im->notes, "%zu pictures of other classes left out\n", l->unwanted);
    return st;
}
