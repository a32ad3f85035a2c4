/* data/importers/mlfw.c: LFW-FER, M-LFW-FER (the same faces with drawn masks) and its face cuts: three expressions. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "core/file.h"
#include "data/import.h"
#include "data/importers/person.h"

/* In the order of their numbers, which is that of the folders' names. */
static const char *const classes[] = {"negative", "neutral", "positive"};
enum { N_CLASSES = 3 };

static const char *const parts[] = {"train", "eval", "val", "valid", "test"};
enum { N_PARTS = sizeof parts / sizeof *parts };

typedef struct mlfw_cfg {
    int occlusion;
} mlfw_cfg;

static const char *const occlusions[] = {"auto", "none", "mask", NULL};
static const mf_opt mlfw_opts[] = {
    MF_OPT_ENUM(mlfw_cfg, occlusion, 0, occlusions, "whether the faces wear masks; auto: masks where a folder of "
                "SRC's path is named M-LFW..."),
    MF_OPT_END
};

/* Published sizes of train and eval: LFW-FER, M-LFW-FER. */
static const size_t published[2][2] = {{9330, 1157}, {9307, 1155}};

typedef struct scan {
    mf_import   *im;
    const char  *src;
    const char  *label;
    mf_split     split;
    mf_occlusion occ;
    size_t       other, nameless, n[MF_SPLIT_COUNT];
} scan;

static mf_status
add_picture(void *arg, const char *path, mf_err *err)
{
    scan         *s    = arg;
    mf_import_row row  = {.image = path, .label = s->label, .split = s->split, .occlusion = s->occ};
    mf_str        from = {0}, who = {0};
    mf_status     st;

    s->nameless += !mf_person_of(&who, path);
    mf_path_join(&from, s->src, path);
    row.file.path = mf_str_c(&from);
    row.subject   = mf_str_c(&who);
    s->n[s->split]++;
    if ((st = mf_str_ok(&from, err)) == MF_OK && (st = mf_str_ok(&who, err)) == MF_OK)
        st = mf_import_add(s->im, &row, err);
    mf_str_free(&who);
    mf_str_free(&from);
    return st;
}

/* The folder that holds train/negative and so on. */
static bool
find_root(mf_str *out, const char *src)
{
    static const char *const marks[] = {
        "train/negative", "train/neutral", "train/positive", "eval/negative", "eval/positive", "val/negative", "val/positive",
        "valid/negative", "valid/positive", "test/negative", "test/positive", NULL,
    };
    return mf_import_root(out, src, marks);
}

static bool
is_masked(const char *root)
{
    char       *real = realpath(root, NULL); /* SRC may be "." */
    const char *p;
    bool        yes = false;

    for (p = real ? real : root; *p; p++)
        if (*p == '/' && !strncasecmp(p + 1, "M-LFW", 5))
            yes = true;
    free(real);
    return yes;
}

/* Folders of a part: the three classes, and nothing that would be taken for another. */
static mf_status
scan_part(scan *s, const char *part, mf_err *err)
{
    mf_status st;
    mf_str    path = {0};
    mf_names  names = {0};
    size_t    i;
    int       k;

    mf_path_join(&path, s->src, part);
    if ((st = mf_str_ok(&path, err)) < 0 || !mf_path_is_dir(mf_str_c(&path)) ||
        (st = mf_dir_list(&names, mf_str_c(&path), err)) < 0)
        goto done;
    if (!mf_import_split(&s->split, part))
        s->split = MF_SPLIT_NONE;
    for (i = 0; i < names.n && st == MF_OK; i++) {
        if (names.name[i][0] == '.')
            continue;
        for (k = 0; k < N_CLASSES && strcasecmp(classes[k], names.name[i]) != 0; k++)
            continue;
        mf_str_clear(&path);
        mf_str_printf(&path, "%s/%s", part, names.name[i]);
        if ((st = mf_str_ok(&path, err)) < 0)
            break;
        s->label = k < N_CLASSES ? classes[k] : NULL;
        if (s->label)
            st = mf_import_walk(s->src, mf_str_c(&path), add_picture, s, &s->other, err);
        else if (mf_import_is_picture(names.name[i]) || !strchr(names.name[i], '.'))
            st = mf_fail(err, MF_E_FORMAT, "'%s/%s' is none of the folders negative, neutral, positive", s->src, mf_str_c(&path));
        else
            s->other++;
    }
done:
    mf_names_free(&names);
    mf_str_free(&path);
    return st;
}

static mf_status
mlfw_scan(mf_import *im, const char *src, const void *cfg, mf_err *err)
{
    const mlfw_cfg *o = cfg;
    mf_status       st;
    mf_str          root   = {0};
    scan            s      = {.im = im};
    bool            masked;
    size_t          i;

    if (!find_root(&root, src)) {
        if ((st = mf_str_ok(&root, err)) == MF_OK)
            st = mf_fail(err, MF_E_NOTFOUND, "'%s' has no train/negative, train/neutral, train/positive", src);
        goto done;
    }
    s.src  = mf_str_c(&root);
    masked = o->occlusion == 0 ? is_masked(s.src) : o->occlusion == 2;
    s.occ  = masked ? MF_OCC_MASK : MF_OCC_NONE;
    if ((st = mf_str_ok(&root, err)) < 0 || (st = mf_dataset_new(&im->data, "LFW-FER", classes, N_CLASSES, err)) < 0)
        goto done;
    for (i = 0; i < N_PARTS && st == MF_OK; i++)
        st = scan_part(&s, parts[i], err);
    if (st < 0)
        goto done;
    mf_str_printf(&im->notes, "%s from %s\n", masked ? "faces with masks" : "faces without masks", s.src);
    for (i = 0; i < 2; i++) {
        size_t n = s.n[i == 0 ? MF_SPLIT_TRAIN : MF_SPLIT_VAL];

        if (n != published[masked][i])
            mf_str_printf(&im->notes, "%s: %zu pictures, where %s has %zu\n", i == 0 ? "train" : "eval", n,
                          masked ? "M-LFW-FER" : "LFW-FER", published[masked][i]);
    }
    if (s.nameless)
        mf_str_printf(&im->notes, "%zu names do not end in a number: they say nothing of the person\n", s.nameless);
    if (s.other)
        mf_str_printf(&im->notes, "%zu files that are no pictures passed over\n", s.other);
    st = mf_str_ok(&im->notes, err);
done:
    mf_str_free(&root);
    return st;
}

static int
mlfw_probe(const mf_import_view *v, mf_str *why)
{
    mf_str root = {0};
    bool   is   = !v->is_file && find_root(&root, v->src);

    mf_str_free(&root);
    if (is)
        mf_str_add(why, "folders negative, neutral, positive of a part");
    return is ? 90 : 0;
}

const mf_importer_def mf_importer_mlfw = {
    .name = "mlfw", .summary = "LFW-FER and M-LFW-FER: three expressions of people of LFW, without or with drawn masks",
    .layout = "train|eval|val|valid|test/negative|neutral|positive/Person_Name_0001.jpg",
    .cfg_size = sizeof(mlfw_cfg), .opts = mlfw_opts, .probe = mlfw_probe, .scan = mlfw_scan,
};
