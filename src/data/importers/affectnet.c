/* data/importers/affectnet.c: AffectNet in its three versions: lists of 2017 (affectnet_lists.c), the eight-class release of
 * 2021 with .npy annotations (affectnet_npy.c), and folders by class name or number. */
#include "data/importers/affectnet.h"

#include <stdio.h>
#include <string.h>
#include "core/file.h"
#include "data/expressions.h"

const char *const mf_affectnet_classes[MF_AFFECTNET_CLASSES] = {
    "neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt",
};

enum { CONTEMPT = 7 };
/* The number of each of data/expressions.h. */
static const int of_expression[] = {3, 4, 5, 1, 2, 6, 0, 7};

enum { VERSION_AUTO, VERSION_LISTS, VERSION_NPY, VERSION_FOLDERS };
static const char *const versions[]    = {"auto", "lists", "npy", "folders", NULL};
static const char *const annotations[] = {"manual", "automatic", NULL};

static const mf_opt affectnet_opts[] = {
    MF_OPT_ENUM(mf_affectnet_cfg, version, VERSION_AUTO, versions, "which version SRC is"),
    MF_OPT_ENUM(mf_affectnet_cfg, annotations, MF_AFFECTNET_MANUAL, annotations, "version lists: whose labels"),
    MF_OPT_BOOL(mf_affectnet_cfg, contempt, true, "take the pictures of contempt (eight classes; without, seven)"),
    MF_OPT_BOOL(mf_affectnet_cfg, crop, true, "version lists: cut the face's box out of the picture"),
    MF_OPT_BOOL(mf_affectnet_cfg, landmarks, true, "take the 68 landmarks where there are any"),
    MF_OPT_END
};

/* Pictures of the eight expressions, and without contempt, in train and val of each version; 0: not known. */
static const size_t published[4][2][2] = {
    [VERSION_LISTS] = {{287651, 4000}, {283901, 3500}}, [VERSION_NPY] = {{287651, 3999}, {0, 0}},
};

mf_status
mf_affectnet_add(mf_affectnet_scan *s, mf_import_row *row, int label, mf_err *err)
{
    mf_status st;
    mf_str    from = {0};

    MF_ASSERT(label >= 0 && label <= MF_AFFECTNET_LAST);
    if (label >= MF_AFFECTNET_CLASSES) {
        s->no_expression++;
        return MF_OK;
    }
    if (label == CONTEMPT && !s->cfg->contempt) {
        s->contempt++;
        return MF_OK;
    }
    mf_path_join(&from, s->root, row->image);
    if ((st = mf_str_ok(&from, err)) < 0)
        goto done;
    if (!mf_path_exists(mf_str_c(&from))) {
        if (s->missing++ == 0)
            snprintf(s->first_missing, sizeof s->first_missing, "%s", row->image);
        goto done;
    }
    row->label     = mf_affectnet_classes[label];
    row->file.path = mf_str_c(&from);
    s->n[row->split]++;
    st = mf_import_add(s->im, row, err);
done:
    mf_str_free(&from);
    return st;
}

/* ---- folders ---- */

typedef struct walk {
    mf_affectnet_scan *s;
    mf_split           split;
    int                label;
} walk;

static mf_status
add_picture(void *arg, const char *path, mf_err *err)
{
    walk *w = arg;

    return mf_affectnet_add(w->s, &(mf_import_row){.image = path, .split = w->split}, w->label, err);
}

/* A class folder is named by a word or by a number. */
static int
folder_label(const char *name)
{
    int     e = mf_expression_find(name);
    int64_t n;

    if (e >= 0)
        return of_expression[e];
    return mf_parse_i64(&n, name, 0, MF_AFFECTNET_LAST, NULL) == MF_OK ? (int)n : -1;
}

mf_status
mf_affectnet_scan_folders(mf_affectnet_scan *s, mf_err *err)
{
    static const char *const parts[] = {"train", "val", "train_set", "val_set", "valid", "test"};
    mf_status st    = MF_OK;
    mf_str    rel   = {0}, path = {0};
    mf_names  names = {0};
    size_t    p, i;

    for (p = 0; p < sizeof parts / sizeof *parts && st == MF_OK; p++) {
        walk w = {.s = s};

        mf_path_join(&path, s->root, parts[p]);
        if ((st = mf_str_ok(&path, err)) < 0 || !mf_path_is_dir(mf_str_c(&path)))
            continue;
        if (!mf_import_split(&w.split, parts[p]))
            w.split = *parts[p] == 't' ? MF_SPLIT_TRAIN : MF_SPLIT_VAL;
        if ((st = mf_dir_list(&names, mf_str_c(&path), err)) < 0)
            break;
        for (i = 0; i < names.n && st == MF_OK; i++) {
            mf_path_join(&rel, parts[p], names.name[i]);
            if (names.name[i][0] == '.' || (st = mf_str_ok(&rel, err)) < 0)
                continue;
            if ((w.label = folder_label(names.name[i])) < 0)
                st = mf_fail(err, MF_E_FORMAT, "'%s/%s' is neither an expression nor a number of 0 to %d", s->root, mf_str_c(&rel),
                             (int)MF_AFFECTNET_LAST);
            else
                st = mf_import_walk(s->root, mf_str_c(&rel), add_picture, &w, &s->other, err);
        }
        mf_names_free(&names);
    }
    mf_str_free(&rel);
    mf_str_free(&path);
    return st;
}

/* ---- the importer ---- */

static int
find_version(mf_str *root, const char *src)
{
    static const char *const marks[3][7] = {
        {"Manually_Annotated_file_lists", "Automatically_Annotated_file_lists", "training.csv", "validation.csv", NULL},
        {"train_set/annotations", "val_set/annotations", NULL},
        {"train/contempt", "train/Contempt", "train/7", "train_set/contempt", "train/neutral", "train/0", NULL},
    };
    int i;

    for (i = 0; i < 3 && !root->oom; i++)
        if (mf_import_root(root, src, marks[i]))
            return VERSION_LISTS + i;
    return VERSION_AUTO;
}

static void
note(const mf_affectnet_scan *s, int version)
{
    mf_str *out = &s->im->notes;
    int     i;

    for (i = 0; i < 2; i++) {
        size_t known = published[version][s->cfg->contempt ? 0 : 1][i], n = s->n[i ? MF_SPLIT_VAL : MF_SPLIT_TRAIN];

        if (known && n != known && s->cfg->annotations == MF_AFFECTNET_MANUAL)
            mf_str_printf(out, "%s: %zu pictures, where %zu were published\n", i ? "val" : "train", n, known);
    }
    if (s->no_expression)
        mf_str_printf(out, "%zu pictures without expression, uncertain or without a face left out\n", s->no_expression);
    if (s->contempt)
        mf_str_printf(out, "%zu pictures of contempt left out\n", s->contempt);
    if (s->missing)
        mf_str_printf(out, "%zu pictures or annotations are not there, the first '%s'\n", s->missing, s->first_missing);
    if (s->other)
        mf_str_printf(out, "%zu files that are no pictures passed over\n", s->other);
}

static mf_status
affectnet_scan(mf_import *im, const char *src, const void *cfg, mf_err *err)
{
    mf_status         st;
    mf_str            root = {0};
    mf_affectnet_scan s    = {.im = im, .cfg = cfg};
    int               found = find_version(&root, src), version = s.cfg->version ? s.cfg->version : found;

    if ((st = mf_str_ok(&root, err)) < 0)
        goto done;
    if (version == VERSION_AUTO) {
        st = mf_fail(err, MF_E_NOTFOUND, "'%s' has neither Manually_Annotated_file_lists/, nor train_set/annotations/, nor "
                       "train/ with a folder a class", src);
        goto done;
    }
    s.root = mf_str_c(&root);
    if ((st = mf_dataset_new(&im->data, "AffectNet", mf_affectnet_classes, s.cfg->contempt ? 8 : 7, err)) < 0)
        goto done;
    st = version == VERSION_LISTS ? mf_affectnet_scan_lists(&s, err)
         : version == VERSION_NPY ? mf_affectnet_scan_npy(&s, err) : mf_affectnet_scan_folders(&s, err);
    if (st == MF_OK) {
        mf_str_printf(&im->notes, "AffectNet, version '%s'\n", versions[version]);
        note(&s, version);
        st = mf_str_ok(&im->notes, err);
    }
done:
    mf_str_free(&root);
    return st;
}

/* Folders alone could be any set: only with the name. */
static int
affectnet_probe(const mf_import_view *v, mf_str *why)
{
    static const int         sure[]  = {0, 90, 95, 0};
    static const char *const words[] = {"", "lists of training and validation pictures", "train_set/annotations/*.npy", ""};
    mf_str root    = {0};
    int    version = v->is_file ? VERSION_AUTO : find_version(&root, v->src), answer = sure[version];

    mf_str_add(why, words[version]);
    if (version == VERSION_LISTS && !mf_import_has(mf_str_c(&root), "Manually_Annotated_file_lists") &&
        !mf_import_has(mf_str_c(&root), "Automatically_Annotated_file_lists") &&
        !mf_import_has(mf_str_c(&root), "Manually_Annotated_Images") && !mf_import_has(mf_str_c(&root), "Manually_Annotated"))
        answer = 0; /* training.csv is a common name */
    if (version == VERSION_FOLDERS && strcasestr(v->src, "affectnet")) {
        mf_str_add(why, "the name, and train/ with a folder a class");
        answer = 60;
    }
    if (!answer)
        mf_str_clear(why);
    mf_str_free(&root);
    return answer;
}

const mf_importer_def mf_importer_affectnet = {
    .name = "affectnet", .summary = "AffectNet: the lists of 2017, the .npy release of 2021, or folders a class",
    .layout = "Manually_Annotated_file_lists/training.csv, or train_set/annotations/*_exp.npy, or train/CLASS",
    .cfg_size = sizeof(mf_affectnet_cfg), .opts = affectnet_opts, .probe = affectnet_probe, .scan = affectnet_scan,
};
