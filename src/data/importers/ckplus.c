/* data/importers/ckplus.c: CK+ in its three forms: the original tree of sequences (ckplus_original.c), the 48-pixel folders of
 * last frames, and ckextended.csv. */
#include "data/importers/ckplus.h"

#include <stdio.h>
#include <string.h>
#include "core/file.h"
#include "data/expressions.h"
#include "data/importers/pixel_table.h"

const char *const mf_ckplus_classes[MF_CKPLUS_CLASSES] = {
    "neutral", "anger", "contempt", "disgust", "fear", "happiness", "sadness", "surprise",
};

/* The class of each number of ckextended.csv (0 .. 6 as FER2013, 7 contempt), and of data/expressions.h. */
static const int of_csv[]        = {1, 3, 4, 5, 6, 7, 0, 2};
static const int of_expression[] = {7, 4, 3, 5, 6, 1, 0, 2};

static const char *const neutrals[] = {"labelled", "all", "none", NULL};
static const mf_opt ckplus_opts[] = {
    MF_OPT_INT(mf_ckplus_cfg, frames, 3, 1, 100, "original tree: frames at the end of a labelled sequence that get its label"),
    MF_OPT_ENUM(mf_ckplus_cfg, neutral, MF_CKPLUS_NEUTRAL_LABELLED, neutrals,
                "original tree: sequences whose first frame is taken as neutral"),
    MF_OPT_BOOL(mf_ckplus_cfg, contempt, true, "take the pictures of contempt"),
    MF_OPT_END
};

/* Pictures of contempt, disgust... of the 48-pixel folders and rows of ckextended.csv that were published. */
enum { FOLDERS_PUBLISHED = 981, CSV_PUBLISHED = 920 };

long
mf_ckplus_name(char who[8], const char *base)
{
    long   frame = 0;
    size_t i, n;

    memset(who, 0, 8);
    if (base[0] != 'S')
        return -1;
    for (i = 1; base[i] >= '0' && base[i] <= '9' && i < 7; i++)
        continue;
    if (i < 2 || base[i] != '_')
        return -1;
    memcpy(who, base, i);
    for (n = ++i; base[i] >= '0' && base[i] <= '9'; i++)
        continue;
    if (i == n || base[i] != '_')
        return -1;
    for (n = ++i; base[i] >= '0' && base[i] <= '9' && i < n + 9; i++)
        frame = frame * 10 + (base[i] - '0');
    return i == n ? -1 : frame;
}

/* ---- the 48-pixel folders ---- */

typedef struct scan {
    mf_import           *im;
    const char          *root;
    const mf_ckplus_cfg *cfg;
    int                  label;
    size_t               other, nameless, left_out;
} scan;

static mf_status
add_picture(void *arg, const char *path, mf_err *err)
{
    scan         *s    = arg;
    mf_import_row row  = {.image = path, .label = mf_ckplus_classes[s->label]};
    mf_str        from = {0};
    char          who[8];
    mf_status     st;

    if (s->label == MF_CKPLUS_CONTEMPT && !s->cfg->contempt) {
        s->left_out++;
        return MF_OK;
    }
    if (mf_ckplus_name(who, mf_path_base(path)) < 0) {
        s->nameless++;
        who[0] = '\0';
    }
    mf_path_join(&from, s->root, path);
    row.subject   = who;
    row.file.path = mf_str_c(&from);
    if ((st = mf_str_ok(&from, err)) == MF_OK)
        st = mf_import_add(s->im, &row, err);
    mf_str_free(&from);
    return st;
}

static mf_status
scan_folders(scan *s, mf_err *err)
{
    mf_status st;
    mf_names  names = {0};
    mf_str    path  = {0};
    size_t    i;
    int       e;

    if ((st = mf_dir_list(&names, s->root, err)) < 0)
        return st;
    for (i = 0; i < names.n && st == MF_OK; i++) {
        mf_path_join(&path, s->root, names.name[i]);
        if ((st = mf_str_ok(&path, err)) < 0 || names.name[i][0] == '.')
            continue;
        if (!mf_path_is_dir(mf_str_c(&path))) {
            s->other++;
        } else if ((e = mf_expression_find(names.name[i])) < 0) {
            st = mf_fail(err, MF_E_FORMAT, "'%s' is no expression of CK+", mf_str_c(&path));
        } else {
            s->label = of_expression[e];
            st = mf_import_walk(s->root, names.name[i], add_picture, s, &s->other, err);
        }
    }
    if (st == MF_OK && s->im->data->n_rows + s->left_out != FOLDERS_PUBLISHED)
        mf_str_printf(&s->im->notes, "%zu pictures, where the 48-pixel version of CK+ has %d\n",
                      s->im->data->n_rows + s->left_out, (int)FOLDERS_PUBLISHED);
    mf_names_free(&names);
    mf_str_free(&path);
    return st;
}

/* ---- ckextended.csv ---- */

static mf_status
scan_table(scan *s, const char *path, mf_err *err)
{
    mf_status      st;
    mf_pixel_table t;
    mf_str         image = {0};
    bool           more  = false;
    size_t         rows  = 0;

    if ((st = mf_pixel_table_open(&t, path, err)) < 0)
        goto done;
    if (t.emotion < 0) {
        st = mf_fail(err, MF_E_FORMAT, "%s: line 1: no column 'emotion'", path);
        goto done;
    }
    while ((st = mf_pixel_table_next(&t, &more, MF_CKPLUS_CLASSES - 1, err)) == MF_OK && more) {
        mf_import_row row = {.file = mf_pixel_table_file(&t), .split = t.split};

        rows++;
        if (of_csv[t.label] == MF_CKPLUS_CONTEMPT && !s->cfg->contempt) {
            s->left_out++;
            continue;
        }
        mf_str_clear(&image);
        mf_str_printf(&image, "%s/ck%04zu.png", t.split == MF_SPLIT_NONE ? "all" : mf_split_name(t.split), t.row);
        row.image = mf_str_c(&image);
        row.label = mf_ckplus_classes[of_csv[t.label]];
        if ((st = mf_str_ok(&image, err)) < 0 || (st = mf_import_add(s->im, &row, err)) < 0) {
            mf_fail_in(err, st, "%s: line %ld", path, row.file.line);
            goto done;
        }
    }
    if (st == MF_OK && rows != CSV_PUBLISHED)
        mf_str_printf(&s->im->notes, "%zu rows, where ckextended.csv has %d\n", rows, (int)CSV_PUBLISHED);
    if (st == MF_OK)
        mf_str_add(&s->im->notes, "the table names no person; its parts share people\n");
done:
    mf_pixel_table_close(&t);
    mf_str_free(&image);
    return st;
}

/* ---- the importer ---- */

typedef enum form { FORM_NONE, FORM_ORIGINAL, FORM_TABLE, FORM_FOLDERS } form;

/* Which form lies where. */
static form
find_form(mf_str *root, const char *src)
{
    static const char *const original[] = {"cohn-kanade-images", "extended-cohn-kanade-images/cohn-kanade-images", NULL};
    static const char *const table[]    = {"ckextended.csv", NULL};
    static const char *const contempt[] = {"contempt", "surprise", NULL};

    if (!mf_path_is_dir(src)) {
        mf_str_clear(root);
        mf_str_add(root, src);
        return FORM_TABLE;
    }
    if (mf_import_root(root, src, original)) {
        if (!mf_import_has(mf_str_c(root), original[0]))
            mf_str_add(root, "/extended-cohn-kanade-images");
        return FORM_ORIGINAL;
    }
    if (root->oom)
        return FORM_NONE;
    if (mf_import_root(root, src, table)) {
        mf_str_printf(root, "/%s", table[0]);
        return FORM_TABLE;
    }
    if (root->oom)
        return FORM_NONE;
    return mf_import_root(root, src, contempt) ? FORM_FOLDERS : FORM_NONE;
}

static mf_status
ckplus_scan(mf_import *im, const char *src, const void *cfg, mf_err *err)
{
    const mf_ckplus_cfg *o = cfg;
    mf_status            st;
    mf_str               root = {0};
    form                 f    = find_form(&root, src);
    scan                 s    = {.im = im, .cfg = o};
    const char          *classes[MF_CKPLUS_CLASSES];
    int                  i, n = 0;

    if (f == FORM_NONE) {
        if ((st = mf_str_ok(&root, err)) == MF_OK)
            st = mf_fail(err, MF_E_NOTFOUND, "'%s' has neither cohn-kanade-images/, nor ckextended.csv, nor folders such as "
                         "surprise/", src);
        goto done;
    }
    for (i = f == FORM_FOLDERS || (f == FORM_ORIGINAL && o->neutral == MF_CKPLUS_NEUTRAL_NONE); i < MF_CKPLUS_CLASSES; i++)
        if (i != MF_CKPLUS_CONTEMPT || o->contempt)
            classes[n++] = mf_ckplus_classes[i];
    s.root = mf_str_c(&root);
    if ((st = mf_str_ok(&root, err)) < 0 || (st = mf_dataset_new(&im->data, "CK+", classes, n, err)) < 0)
        goto done;
    st = f == FORM_ORIGINAL ? mf_ckplus_scan_original(im, s.root, o, err)
         : f == FORM_TABLE  ? scan_table(&s, s.root, err) : scan_folders(&s, err);
    if (st < 0)
        goto done;
    if (s.left_out)
        mf_str_printf(&im->notes, "%zu pictures of contempt left out\n", s.left_out);
    if (s.nameless)
        mf_str_printf(&im->notes, "%zu names are not like S010_004_00000017: they say nothing of the person\n", s.nameless);
    if (s.other)
        mf_str_printf(&im->notes, "%zu files that are no pictures passed over\n", s.other);
    st = mf_str_ok(&im->notes, err);
done:
    mf_str_free(&root);
    return st;
}

static int
ckplus_probe(const mf_import_view *v, mf_str *why)
{
    mf_str root = {0};
    size_t i, pictures = 0, named = 0;
    char   who[8];
    int    sure = 0;

    if (v->is_file) {
        if (!strcmp(v->path[0], "ckextended.csv")) {
            mf_str_add(why, "the name ckextended.csv");
            sure = 90;
        }
        return sure;
    }
    for (i = 0; i < v->n; i++)
        if (mf_import_is_picture(v->path[i])) {
            pictures++;
            named += mf_ckplus_name(who, mf_path_base(v->path[i])) >= 0;
        }
    switch (find_form(&root, v->src)) {
    case FORM_ORIGINAL:
        mf_str_add(why, "cohn-kanade-images/");
        sure = 95;
        break;
    case FORM_TABLE:
        mf_str_add(why, "ckextended.csv");
        sure = 90;
        break;
    case FORM_FOLDERS:
        if (named) {
            mf_str_printf(why, "%zu of %zu pictures looked at are like S010_004_00000017.png, in folders of expressions", named,
                          pictures);
            sure = named * 2 > pictures ? 85 : 0;
        }
        break;
    default:
        break;
    }
    mf_str_free(&root);
    return sure;
}

const mf_importer_def mf_importer_ckplus = {
    .name = "ckplus", .summary = "CK+: the original sequences, the 48-pixel folders, or ckextended.csv",
    .layout = "cohn-kanade-images/ and Emotion/, or surprise/S010_002_00000012.png, or ckextended.csv",
    .cfg_size = sizeof(mf_ckplus_cfg), .opts = ckplus_opts, .takes_file = true, .probe = ckplus_probe, .scan = ckplus_scan,
};
