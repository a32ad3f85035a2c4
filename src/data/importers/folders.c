/* data/importers/folders.c: one folder a class, below train/, val/, test/ or not. Class names stay as the source spells
 * them. */
#include <string.h>
#include "core/file.h"
#include "data/expressions.h"
#include "data/importers/labelled.h"

typedef struct folders_cfg {
    mf_opt_str subject_pattern, classes;
    bool       fold_case, points;
} folders_cfg;

static const mf_opt folders_opts[] = {
    MF_OPT_STR(folders_cfg, subject_pattern, "",
               "POSIX extended regular expression whose first group, matched in a picture's path, is the subject"),
    MF_OPT_STR(folders_cfg, classes, "", "classes to take and their order, as 'happy,sad' (default: all that occur)"),
    MF_OPT_BOOL(folders_cfg, fold_case, false, "take labels that differ only in case for one, in lower case"),
    MF_OPT_BOOL(folders_cfg, points, true, "take the landmarks of .pts files that lie beside the pictures"),
    MF_OPT_END
};

typedef struct scan {
    const char       *src;
    mf_labelled_list  list;
    size_t            other;   /* files that are no pictures */
    const char       *label;   /* of the folder that is walked */
    mf_split          split;
    bool              points;
    mf_str            beside;  /* scratch */
} scan;

static mf_status
add_picture(void *arg, const char *path, mf_err *err)
{
    scan       *s   = arg;
    mf_labelled one = {.path = path, .label = s->label, .split = s->split};
    mf_status   st;

    if (s->points) {
        mf_str_clear(&s->beside);
        mf_str_printf(&s->beside, "%.*s.pts", (int)(strrchr(path, '.') - path), path);
        if ((st = mf_str_ok(&s->beside, err)) < 0)
            return st;
        if (mf_import_has(s->src, mf_str_c(&s->beside)))
            one.points = mf_str_c(&s->beside);
    }
    return mf_labelled_add(&s->list, &one, err);
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
        if (!mf_path_is_dir(mf_str_c(&path))) {
            s->other++;
        } else if (top && mf_import_split(&part, names.name[i])) {
            st = walk_classes(s, mf_str_c(&child), part, false, err);
        } else {
            s->label = names.name[i];
            s->split = split;
            st = mf_import_walk(s->src, mf_str_c(&child), add_picture, s, &s->other, err);
        }
    }
done:
    mf_names_free(&names);
    mf_str_free(&child);
    mf_str_free(&path);
    return st;
}

static mf_status
folders_scan(mf_import *im, const char *src, const void *cfg, mf_err *err)
{
    const folders_cfg *o = cfg;
    mf_status          st;
    scan               s = {.src = src, .list = {.fold_case = o->fold_case}, .points = o->points};

    st = walk_classes(&s, "", MF_SPLIT_NONE, true, err);
    if (st == MF_OK && s.list.n == 0)
        st = mf_fail(err, MF_E_NOTFOUND, "'%s': no picture (.png .jpg .jpeg .webp .tif .tiff .bmp) was found; expected one "
                     "folder a class", src);
    if (st == MF_OK && *o->subject_pattern.s)
        st = mf_labelled_subjects(&s.list, o->subject_pattern.s, err);
    if (st == MF_OK && (st = mf_labelled_import(im, &s.list, o->classes.s, src, NULL, err)) == MF_OK) {
        if (s.other)
            mf_str_printf(&im->notes, "%zu files that are no pictures passed over\n", s.other);
        st = mf_str_ok(&im->notes, err);
    }
    mf_str_free(&s.beside);
    mf_labelled_free(&s.list);
    return st;
}

/* A picture lies in a folder. Surer where the folder is named like an expression. */
static int
folders_probe(const mf_import_view *v, mf_str *why)
{
    size_t i, in_folder = 0, flat = 0;

    for (i = 0; i < v->n; i++) {
        if (!mf_import_is_picture(v->path[i]))
            continue;
        if (strchr(v->path[i], '/'))
            in_folder++;
        else
            flat++;
    }
    if (!in_folder) {
        if (flat)
            mf_str_add(why, "the pictures lie in no class folders");
        return 0;
    }
    for (i = 0; i < v->n_folders; i++)
        if (mf_expression_find(mf_path_base(v->folder[i])) >= 0) {
            mf_str_printf(why, "pictures in folders such as %s/", v->folder[i]);
            return 40;
        }
    mf_str_add(why, "pictures in folders, whose names are taken for classes");
    return 20;
}

const mf_importer_def mf_importer_folders = {
    .name = "folders", .summary = "one folder a class (below train/, val/, test/ or not)", .layout = "CLASS/picture.png",
    .cfg_size = sizeof(folders_cfg), .opts = folders_opts, .probe = folders_probe, .scan = folders_scan,
};
