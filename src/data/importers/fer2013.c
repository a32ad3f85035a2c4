/* data/importers/fer2013.c: the faces of the ICML 2013 challenge as tables of pixels: fer2013.csv, icml_face_data.csv, or
 * train.csv, val.csv and test.csv. The version in class folders is read by `folders`. */
#include <string.h>
#include "core/file.h"
#include "data/importers/pixel_table.h"

/* The numbers of column emotion. */
static const char *const classes[] = {"anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral"};
enum { N_CLASSES = 7 };

/* Tables of SRC; those of a part have no column Usage. */
static const struct {
    const char *name;
    mf_split    split;
} tables[] = {
    {"fer2013.csv", MF_SPLIT_NONE}, {"icml_face_data.csv", MF_SPLIT_NONE},
    {"train.csv", MF_SPLIT_TRAIN}, {"val.csv", MF_SPLIT_VAL}, {"test.csv", MF_SPLIT_TEST},
};
enum { N_TABLES = sizeof tables / sizeof *tables };

/* Pictures that were published, by part. */
static const size_t published[MF_SPLIT_COUNT] = {0, 28709, 3589, 3589};

typedef struct fer2013_cfg {
    bool none;
} fer2013_cfg;

static const mf_opt fer2013_opts[] = {MF_OPT_END};

static mf_status
scan_table(mf_import *im, const char *path, mf_split split, mf_err *err)
{
    mf_status      st;
    mf_pixel_table t;
    mf_str         image = {0};
    bool           more  = false;
    size_t         rows  = 0;

    if ((st = mf_pixel_table_open(&t, path, err)) < 0)
        goto done;
    if (split == MF_SPLIT_NONE && t.usage < 0)
        mf_str_printf(&im->notes, "%s has no column 'Usage': its pictures are in no part\n", path);
    while ((st = mf_pixel_table_next(&t, &more, t.emotion < 0 ? 0 : N_CLASSES - 1, err)) == MF_OK && more) {
        mf_import_row row = {.file = mf_pixel_table_file(&t), .split = t.usage >= 0 ? t.split : split};

        rows++;
        if (t.emotion < 0)
            continue;
        mf_str_clear(&image);
        mf_str_printf(&image, "%s/fer%07zu.png", row.split == MF_SPLIT_NONE ? "all" : mf_split_name(row.split), t.row);
        row.image = mf_str_c(&image);
        row.label = classes[t.label];
        if ((st = mf_str_ok(&image, err)) < 0 || (st = mf_import_add(im, &row, err)) < 0) {
            mf_fail_in(err, st, "%s: line %ld", path, row.file.line);
            break;
        }
    }
    if (st == MF_OK && t.emotion < 0)
        mf_str_printf(&im->notes, "%s has no column 'emotion': its %zu pictures have no label and were left out\n", path, rows);
    else if (st < 0 && err && strstr(err->msg, "emotion: "))
        mf_fail_in(err, st, "numbers are 0 anger, 1 disgust, 2 fear, 3 happiness, 4 sadness, 5 surprise, 6 neutral "
                   "(a table with 7, contempt, is CK+: `ckplus`)");
done:
    mf_pixel_table_close(&t);
    mf_str_free(&image);
    return st;
}

static void
compare_with_published(mf_import *im)
{
    size_t n[MF_SPLIT_COUNT] = {0}, i;
    int    k;

    for (i = 0; i < im->data->n_rows; i++)
        n[im->data->rows[i].split]++;
    for (k = MF_SPLIT_TRAIN; k < MF_SPLIT_COUNT; k++)
        if (n[k] && n[k] != published[k])
            mf_str_printf(&im->notes, "%s: %zu pictures, where %zu were published\n", mf_split_name((mf_split)k), n[k],
                          published[k]);
}

static mf_status
fer2013_scan(mf_import *im, const char *src, const void *cfg, mf_err *err)
{
    mf_status st;
    mf_str    path = {0};
    size_t    i;
    bool      seen = false, whole = !mf_path_is_dir(src);

    (void)cfg;
    if ((st = mf_dataset_new(&im->data, "fer2013", classes, N_CLASSES, err)) < 0)
        return st;
    if (whole) {
        st   = scan_table(im, src, MF_SPLIT_NONE, err);
        seen = true;
    }
    for (i = 0; i < N_TABLES && st == MF_OK; i++) {
        mf_path_join(&path, src, tables[i].name);
        if ((st = mf_str_ok(&path, err)) < 0 || whole || !mf_path_exists(mf_str_c(&path)))
            continue;
        whole = tables[i].split == MF_SPLIT_NONE; /* the others would hold the same pictures */
        seen  = true;
        st    = scan_table(im, mf_str_c(&path), tables[i].split, err);
    }
    if (st == MF_OK && !seen)
        st = mf_fail(err, MF_E_NOTFOUND, "'%s' has none of fer2013.csv, icml_face_data.csv, train.csv, val.csv, test.csv", src);
    if (st == MF_OK) {
        compare_with_published(im);
        st = mf_str_ok(&im->notes, err);
    }
    mf_str_free(&path);
    return st;
}

static int
fer2013_probe(const mf_import_view *v, mf_str *why)
{
    mf_str path = {0};
    size_t i;
    int    sure = 0;

    if (v->is_file) {
        if (mf_str_ends(v->src, ".csv") && mf_pixel_table_is(v->src)) {
            mf_str_add(why, "a table with columns emotion and pixels");
            sure = 70;
        }
        return sure;
    }
    for (i = 0; i < N_TABLES && !sure; i++) {
        mf_path_join(&path, v->src, tables[i].name);
        if (!path.oom && mf_path_exists(mf_str_c(&path)) && mf_pixel_table_is(mf_str_c(&path))) {
            mf_str_printf(why, "%s with columns emotion and pixels", tables[i].name);
            sure = 80;
        }
    }
    mf_str_free(&path);
    return sure;
}

const mf_importer_def mf_importer_fer2013 = {
    .name = "fer2013", .summary = "FER2013 as tables of pixels; the pictures become PNG files",
    .layout = "fer2013.csv or icml_face_data.csv, or train.csv, val.csv, test.csv, with columns emotion,pixels[,Usage]",
    .cfg_size = sizeof(fer2013_cfg), .opts = fer2013_opts, .takes_file = true, .probe = fer2013_probe, .scan = fer2013_scan,
};
