/* data/importers/jaffe.c: 213 pictures of ten women; the names carry person and expression: KA.AN1.39.tiff. */
#include <stdio.h>
#include <string.h>
#include "core/file.h"
#include "data/import.h"

static const char *const classes[] = {"surprise", "fear", "disgust", "happy", "sad", "angry", "neutral"};
static const char *const codes[]   = {"SU", "FE", "DI", "HA", "SA", "AN", "NE"};
enum { N_CLASSES = 7, N_PUBLISHED = 213 };

typedef struct jaffe_cfg {
    bool none;
} jaffe_cfg;

static const mf_opt jaffe_opts[] = {MF_OPT_END};

/* "KA.AN1.39.tiff": two letters of the person, two of the expression and its number, a running number. The class, or -1. */
static int
parse_name(const char *name)
{
    int i;

    if (strlen(name) < 8 || name[0] < 'A' || name[0] > 'Z' || name[1] < 'A' || name[1] > 'Z' || name[2] != '.' ||
        name[5] < '0' || name[5] > '9')
        return -1;
    for (i = 0; i < N_CLASSES; i++)
        if (name[3] == codes[i][0] && name[4] == codes[i][1])
            return i;
    return -1;
}

typedef struct scan {
    mf_import  *im;
    const char *src;
    size_t      other, odd;
    char        first_odd[200];
} scan;

static mf_status
add_picture(void *arg, const char *path, mf_err *err)
{
    scan         *s       = arg;
    const char   *base    = mf_path_base(path);
    int           label   = parse_name(base);
    char          who[3]  = {0};
    mf_import_row row     = {.image = path, .subject = who};
    mf_str        from    = {0};
    mf_status     st;

    if (label < 0) {
        if (s->odd++ == 0)
            snprintf(s->first_odd, sizeof s->first_odd, "%s", path);
        return MF_OK;
    }
    memcpy(who, base, 2);
    mf_path_join(&from, s->src, path);
    row.label     = classes[label];
    row.file.path = mf_str_c(&from);
    if ((st = mf_str_ok(&from, err)) == MF_OK)
        st = mf_import_add(s->im, &row, err);
    mf_str_free(&from);
    return st;
}

static mf_status
jaffe_scan(mf_import *im, const char *src, const void *cfg, mf_err *err)
{
    mf_status st;
    scan      s = {.im = im, .src = src};

    (void)cfg;
    if ((st = mf_dataset_new(&im->data, "JAFFE", classes, N_CLASSES, err)) < 0 ||
        (st = mf_import_walk(src, "", add_picture, &s, &s.other, err)) < 0)
        return st;
    if (s.odd)
        mf_str_printf(&im->notes, "%zu names do not follow SS.EEn.num, as KA.AN1.39, and were left out, the first '%s'\n", s.odd,
                      s.first_odd);
    if (im->data->n_rows && im->data->n_rows != N_PUBLISHED)
        mf_str_printf(&im->notes, "%zu pictures, where JAFFE has %d\n", im->data->n_rows, (int)N_PUBLISHED);
    if (s.other)
        mf_str_printf(&im->notes, "%zu files that are no pictures passed over\n", s.other);
    return mf_str_ok(&im->notes, err);
}

static int
jaffe_probe(const mf_import_view *v, mf_str *why)
{
    size_t i, pictures = 0, named = 0;
    int    sure;

    for (i = 0; !v->is_file && i < v->n; i++)
        if (mf_import_is_picture(v->path[i])) {
            pictures++;
            named += parse_name(mf_path_base(v->path[i])) >= 0;
        }
    sure = named * 2 > pictures ? 90 : 0;
    if (named)
        mf_str_printf(why, "%zu of %zu names looked at are like KA.AN1.39", named, pictures);
    return sure;
}

const mf_importer_def mf_importer_jaffe = {
    .name = "jaffe", .summary = "JAFFE: ten women, seven expressions, person and expression in the names",
    .layout = "SS.EEn.num.tiff, as KA.AN1.39.tiff", .cfg_size = sizeof(jaffe_cfg), .opts = jaffe_opts, .probe = jaffe_probe,
    .scan = jaffe_scan,
};
