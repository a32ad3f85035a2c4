/* data/importers/lfw.c: Labeled Faces in the Wild: who is on the picture, no expression. One class, `face`; with people.txt
 * one of its ten folds can be set aside as the test part. */
#include <stdio.h>
#include <string.h>
#include "core/csv.h"
#include "core/file.h"
#include "core/mem.h"
#include "data/import.h"
#include "data/importers/person.h"
#include "data/names.h"

static const char *const classes[] = {"face"};
enum { N_PUBLISHED = 13233, PEOPLE_PUBLISHED = 5749, MAX_FOLDS = 100, MAX_PEOPLE = 1 << 15 };

typedef struct lfw_cfg {
    int64_t    fold;
    mf_opt_str people;
} lfw_cfg;

static const mf_opt lfw_opts[] = {
    MF_OPT_INT(lfw_cfg, fold, 0, 0, MAX_FOLDS, "this fold of people.txt, from 1, is the part test and the others train; 0: no parts"),
    MF_OPT_STR(lfw_cfg, people, "", "the list of folds (default: SRC/people.txt)"),
    MF_OPT_END
};

typedef struct scan {
    mf_import     *im;
    const char    *src;
    const lfw_cfg *cfg;
    mf_nametab     people;     /* of people.txt */
    int            fold[MAX_PEOPLE]; /* of each */
    mf_arena       arena;
    size_t         other, odd, unlisted;
    char           first_odd[200];
} scan;

/* Persons of people.txt: the number of folds, then per fold a line with a count and that many "name<TAB>count". */
static mf_status
read_people(scan *s, const char *path, mf_err *err)
{
    mf_status st;
    mf_csv   *c = NULL;
    char    **f;
    size_t    n, at;
    int64_t   folds = 0, left = 0;
    int       fold = 0;
    bool      is_new;

    if ((st = mf_csv_open(&c, path, err)) < 0)
        return st;
    while ((st = mf_csv_next(c, &f, &n, err)) == MF_OK && n > 0) {
        char *tab = f[0] + strcspn(f[0], "\t");

        if (!folds) {
            st = mf_parse_i64(&folds, f[0], 1, MAX_FOLDS, err);
        } else if (!left) {
            st = ++fold > folds ? mf_fail(err, MF_E_FORMAT, "more than the %d folds of line 1", (int)folds)
                                : mf_parse_i64(&left, f[0], 1, MAX_PEOPLE, err);
        } else if (!*tab || s->people.n == MAX_PEOPLE) {
            st = mf_fail(err, MF_E_FORMAT, "expected a name, a tab and a number");
        } else {
            *tab = '\0';
            left--;
            if ((st = mf_nametab_put(&at, &is_new, &s->people, &s->arena, f[0], err)) == MF_OK) {
                if (!is_new)
                    st = mf_fail(err, MF_E_FORMAT, "'%.100s' is listed twice", f[0]);
                else
                    s->fold[at] = fold;
            }
        }
        if (st < 0) {
            st = mf_fail_in(err, st == MF_E_USAGE ? MF_E_FORMAT : st, "%s: line %ld", path, mf_csv_line(c));
            break;
        }
    }
    if (st == MF_OK && (left || fold < folds))
        st = mf_fail(err, MF_E_FORMAT, "%s: the list ends in fold %d of %d; is the file cut short?", path, fold, (int)folds);
    if (st == MF_OK && s->cfg->fold > folds)
        st = mf_fail(err, MF_E_ARG, "--fold %d: %s has %d folds", (int)s->cfg->fold, path, (int)folds);
    mf_csv_close(c);
    return st;
}

static mf_status
find_people(scan *s, mf_err *err)
{
    mf_status st;
    mf_str    path = {0};

    if (!s->cfg->fold)
        return MF_OK;
    if (*s->cfg->people.s)
        mf_str_add(&path, s->cfg->people.s);
    else
        mf_path_join(&path, s->src, "people.txt");
    if ((st = mf_str_ok(&path, err)) == MF_OK)
        st = mf_path_exists(mf_str_c(&path)) ? read_people(s, mf_str_c(&path), err)
                                             : mf_fail(err, MF_E_NOTFOUND, "--fold needs '%s', which does not exist; name it with "
                                                       "--people", mf_str_c(&path));
    mf_str_free(&path);
    return st;
}

/* "Name/Name_0001.jpg" */
static bool
is_lfw_name(mf_str *who, const char *path)
{
    const char *base = mf_path_base(path), *folder;
    size_t      n;

    if (!mf_person_of(who, path) || base == path)
        return false;
    for (folder = base - 1; folder > path && folder[-1] != '/'; folder--)
        continue;
    n = (size_t)(base - 1 - folder);
    return n == who->len && !strncmp(folder, mf_str_c(who), n);
}

static mf_status
add_picture(void *arg, const char *path, mf_err *err)
{
    scan         *s    = arg;
    mf_import_row row  = {.image = path, .label = classes[0]};
    mf_str        from = {0}, who = {0};
    mf_status     st   = MF_OK;
    ptrdiff_t     at;

    if (!is_lfw_name(&who, path)) {
        if ((st = mf_str_ok(&who, err)) == MF_OK && s->odd++ == 0)
            snprintf(s->first_odd, sizeof s->first_odd, "%s", path);
        goto done;
    }
    if (s->cfg->fold) {
        at = mf_nametab_find(&s->people, mf_str_c(&who));
        s->unlisted += at < 0;
        row.split = at < 0 ? MF_SPLIT_NONE : s->fold[at] == s->cfg->fold ? MF_SPLIT_TEST : MF_SPLIT_TRAIN;
    }
    mf_path_join(&from, s->src, path);
    row.subject   = mf_str_c(&who);
    row.file.path = mf_str_c(&from);
    if ((st = mf_str_ok(&from, err)) == MF_OK && (st = mf_str_ok(&who, err)) == MF_OK)
        st = mf_import_add(s->im, &row, err);
done:
    mf_str_free(&who);
    mf_str_free(&from);
    return st;
}

static mf_status
lfw_scan(mf_import *im, const char *src, const void *cfg, mf_err *err)
{
    mf_status st;
    scan     *s = mf_calloc(1, sizeof *s);

    if (!s)
        return mf_oom(err, sizeof *s, "an import");
    s->im  = im;
    s->src = src;
    s->cfg = cfg;
    if ((st = mf_dataset_new(&im->data, "LFW", classes, 1, err)) < 0 || (st = find_people(s, err)) < 0 ||
        (st = mf_import_walk(src, "", add_picture, s, &s->other, err)) < 0)
        goto done;
    if (im->data->n_rows && (im->data->n_rows != N_PUBLISHED || im->data->n_subjects != PEOPLE_PUBLISHED))
        mf_str_printf(&im->notes, "%zu pictures of %d people, where LFW has %d of %d\n", im->data->n_rows, im->data->n_subjects,
                      (int)N_PUBLISHED, (int)PEOPLE_PUBLISHED);
    if (s->unlisted)
        mf_str_printf(&im->notes, "%zu pictures show people whom the list of folds lacks; they are in no part\n", s->unlisted);
    if (s->odd)
        mf_str_printf(&im->notes, "%zu pictures are not Person_Name/Person_Name_0001 and were left out, the first '%s'\n", s->odd,
                      s->first_odd);
    st = mf_str_ok(&im->notes, err);
done:
    mf_nametab_free(&s->people);
    mf_arena_free(&s->arena);
    mf_free(s);
    return st;
}

static int
lfw_probe(const mf_import_view *v, mf_str *why)
{
    size_t i, pictures = 0, named = 0;
    mf_str who = {0};

    for (i = 0; !v->is_file && i < v->n; i++)
        if (mf_import_is_picture(v->path[i])) {
            pictures++;
            named += is_lfw_name(&who, v->path[i]);
        }
    mf_str_free(&who);
    if (named)
        mf_str_printf(why, "%zu of %zu pictures looked at are like Person_Name/Person_Name_0001.jpg", named, pictures);
    return named * 10 > pictures * 9 ? 85 : 0;
}

const mf_importer_def mf_importer_lfw = {
    .name = "lfw", .summary = "Labeled Faces in the Wild: people, no expressions; the one class is `face`",
    .layout = "Person_Name/Person_Name_0001.jpg, people.txt", .cfg_size = sizeof(lfw_cfg), .opts = lfw_opts, .probe = lfw_probe,
    .scan = lfw_scan,
};
