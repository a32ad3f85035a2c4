/* data/importers/msde.c: the layout of MSD-E: MSD-E/ holds the faces without a mask, MSD-ME/ under the same names those with
 * one; names are ID_LABEL_rest. */
#include <stdio.h>
#include <string.h>
#include "core/csv.h"
#include "core/file.h"
#include "core/mem.h"
#include "data/import.h"
#include "data/names.h"

/* The label of a name, 0 .. 6. */
static const char *const classes[] = {"surprise", "fear", "disgust", "happy", "sad", "angry", "neutral"};
enum { N_CLASSES = 7, MAX_ID = 1000000 };

static const char *const folders[2] = {"MSD-E", "MSD-ME"};
static const char        default_list[] = "Paired_files.txt";

typedef struct msde_cfg {
    mf_opt_str pairs;
    bool       pairs_only;
} msde_cfg;

static const mf_opt msde_opts[] = {
    MF_OPT_STR(msde_cfg, pairs, "", "list of the names that are pairs (default: SRC/Paired_files.txt if there; 'none': equal names)"),
    MF_OPT_BOOL(msde_cfg, pairs_only, false, "leave out pictures that are in no pair (MSD-PE)"),
    MF_OPT_END
};

typedef struct scan {
    mf_import      *im;
    const char     *src, *folder;
    const msde_cfg *cfg;
    mf_nametab      listed;    /* names of the list */
    bool            has_list;
    mf_arena        arena;
    int             masked;    /* which folder is walked */
    size_t          odd, alone, other;
    char            first_odd[200];
} scan;

/* "12_3_a.jpg" -> 12, 3. False where it does not follow the pattern. */
static bool
parse_name(long *id, long *label, const char *name)
{
    const char *p = name;
    long       *v[2] = {id, label};
    int         i;

    for (i = 0; i < 2; i++) {
        const char *begin = p;

        for (*v[i] = 0; *p >= '0' && *p <= '9' && *v[i] <= MAX_ID; p++)
            *v[i] = *v[i] * 10 + (*p - '0');
        if (p == begin || *p++ != '_')
            return false;
    }
    return true;
}

static mf_status
check_label(const char *name, long label, mf_err *err)
{
    if (label < N_CLASSES)
        return MF_OK;
    return mf_fail(err, MF_E_FORMAT, "'%.200s' has label %ld; labels are 0 surprise, 1 fear, 2 disgust, 3 happiness, 4 sadness, "
                   "5 anger, 6 neutral", name, label);
}

/* Whether the other folder has this name too, and the list does not speak against it. */
static bool
is_pair(const scan *s, const char *base)
{
    char other[MF_PATH_TEXT_MAX];

    if (s->has_list && mf_nametab_find(&s->listed, base) < 0)
        return false;
    snprintf(other, sizeof other, "%s/%s", folders[!s->masked], base); /* a file's name is shorter by far */
    return mf_import_has(s->src, other);
}

static mf_status
add_picture(void *arg, const char *path, mf_err *err)
{
    scan         *s    = arg;
    const char   *base = mf_path_base(path);
    mf_import_row row  = {.image = path, .occlusion = s->masked ? MF_OCC_MASK : MF_OCC_NONE};
    mf_str        from = {0};
    char          subject[24];
    long          id, label;
    bool          pair;
    mf_status     st;

    if (!parse_name(&id, &label, base)) {
        if (s->odd++ == 0)
            snprintf(s->first_odd, sizeof s->first_odd, "%s", path);
        return MF_OK;
    }
    if ((st = check_label(path, label, err)) < 0)
        return mf_fail_in(err, st, "'%s'", s->src);
    pair = is_pair(s, base);
    s->alone += !pair;
    if (!pair && s->cfg->pairs_only)
        return MF_OK;
    snprintf(subject, sizeof subject, "%ld", id);
    mf_path_join(&from, s->src, path);
    row.label     = classes[label];
    row.subject   = subject;
    row.pair      = pair ? base : NULL;
    row.file.path = mf_str_c(&from);
    if ((st = mf_str_ok(&from, err)) == MF_OK)
        st = mf_import_add(s->im, &row, err);
    mf_str_free(&from);
    return st;
}

/* A name of the list must be in both folders. */
static mf_status
check_listed(const scan *s, const char *name, mf_err *err)
{
    mf_str    rel = {0};
    mf_status st  = MF_OK;
    long      id, label;
    int       i;

    if (!mf_path_is_inside(name) || strchr(name, '/'))
        return mf_fail(err, MF_E_FORMAT, "'%.200s' is no file name", name);
    if (!parse_name(&id, &label, name))
        return mf_fail(err, MF_E_FORMAT, "'%.200s' does not follow ID_LABEL_rest, as 12_3_a.jpg", name);
    if ((st = check_label(name, label, err)) < 0)
        return st;
    for (i = 0; i < 2 && st == MF_OK; i++) {
        mf_path_join(&rel, folders[i], name);
        if ((st = mf_str_ok(&rel, err)) == MF_OK && !mf_import_has(s->src, mf_str_c(&rel)))
            st = mf_fail(err, MF_E_NOTFOUND, "picture '%.200s' is not in '%s/%s'", name, s->src, folders[i]);
    }
    mf_str_free(&rel);
    return st;
}

static mf_status
read_list(scan *s, const char *path, mf_err *err)
{
    mf_status st;
    mf_csv   *c = NULL;
    char    **f;
    size_t    n, at;
    bool      is_new;

    if ((st = mf_csv_open(&c, path, err)) < 0)
        return st;
    while ((st = mf_csv_next(c, &f, &n, err)) == MF_OK && n > 0) {
        if ((st = check_listed(s, f[0], err)) == MF_OK &&
            (st = mf_nametab_put(&at, &is_new, &s->listed, &s->arena, f[0], err)) == MF_OK && !is_new)
            st = mf_fail(err, MF_E_FORMAT, "'%.200s' is listed twice", f[0]);
        if (st < 0) {
            mf_fail_in(err, st, "%s: line %ld", path, mf_csv_line(c));
            break;
        }
    }
    mf_csv_close(c);
    return st;
}

/* The list of --pairs, that of SRC, or none. */
static mf_status
find_list(scan *s, mf_err *err)
{
    mf_status   st;
    const char *asked = s->cfg->pairs.s;
    mf_str      path  = {0};

    if (mf_str_eq(asked, "none"))
        return MF_OK;
    mf_path_join(&path, s->src, *asked ? asked : default_list);
    if (*asked && !mf_path_exists(mf_str_c(&path))) {
        mf_str_clear(&path);
        mf_str_add(&path, asked); /* as seen from here */
    }
    if ((st = mf_str_ok(&path, err)) < 0)
        goto done;
    if (mf_path_exists(mf_str_c(&path))) {
        s->has_list = true;
        if ((st = read_list(s, mf_str_c(&path), err)) == MF_OK)
            mf_str_printf(&s->im->notes, "pairs from %s\n", mf_str_c(&path));
    } else if (*asked) {
        st = mf_fail(err, MF_E_NOTFOUND, "--pairs: '%s' does not exist", asked);
    }
done:
    mf_str_free(&path);
    return st;
}

static mf_status
msde_scan(mf_import *im, const char *src, const void *cfg, mf_err *err)
{
    static const char *const marks[] = {"MSD-E/", "MSD-ME/", NULL};
    mf_status st;
    mf_str    root = {0};
    scan      s    = {.im = im, .cfg = cfg};

    (void)mf_import_root(&root, src, marks);
    if ((st = mf_str_ok(&root, err)) < 0)
        return st;
    s.src = mf_str_c(&root);
    if (!mf_import_has(s.src, folders[0]) || !mf_import_has(s.src, folders[1])) {
        st = mf_fail(err, MF_E_NOTFOUND, "'%s' has no folder %s", src, folders[mf_import_has(s.src, folders[0])]);
        goto done;
    }
    if ((st = mf_dataset_new(&im->data, "MSD-E", classes, N_CLASSES, err)) < 0 || (st = find_list(&s, err)) < 0)
        goto done;
    for (s.masked = 0; s.masked < 2 && st == MF_OK; s.masked++)
        st = mf_import_walk(s.src, folders[s.masked], add_picture, &s, &s.other, err);
    if (st < 0)
        goto done;
    mf_str_printf(&im->notes, "%d pairs; %zu pictures in no pair%s\n", im->data->n_pairs, s.alone,
                  s.cfg->pairs_only ? " were left out" : "");
    if (s.odd)
        mf_str_printf(&im->notes, "%zu names do not follow ID_LABEL_rest and were left out, the first '%s'\n", s.odd, s.first_odd);
    if (s.other)
        mf_str_printf(&im->notes, "%zu files that are no pictures passed over\n", s.other);
    st = mf_str_ok(&im->notes, err);
done:
    mf_nametab_free(&s.listed);
    mf_arena_free(&s.arena);
    mf_str_free(&root);
    return st;
}

static int
msde_probe(const mf_import_view *v, mf_str *why)
{
    static const char *const marks[] = {"MSD-ME/", NULL};
    mf_str root = {0};
    int    sure = 0;

    if (v->is_file)
        return 0;
    if (mf_import_root(&root, v->src, marks)) {
        sure = mf_import_has(mf_str_c(&root), folders[0]) ? 95 : 0;
        mf_str_add(why, sure ? "MSD-E/ and MSD-ME/" : "MSD-ME/ without MSD-E/");
    }
    mf_str_free(&root);
    return sure;
}

const mf_importer_def mf_importer_msde = {
    .name = "msde", .summary = "MSD-E and sets laid out like it: faces without and with a mask, joined into pairs",
    .layout = "MSD-E/ID_LABEL_rest.jpg, MSD-ME/ under the same names, Paired_files.txt",
    .cfg_size = sizeof(msde_cfg), .opts = msde_opts, .probe = msde_probe, .scan = msde_scan,
};
