/* cli/report_maps.c: maps of features that `maskfer embed` drew into the run's folder, or into a folder right below it. */
#include <math.h>
#include <string.h>

#include "cli/report_i.h"
#include "core/json.h"
#include "core/mem.h"

/* One measure of embedding.json, if it is there. */
static void
measure(mf_str *out, const mf_json *quality, const char *key, const char *name)
{
    const double v = mf_json_num(quality != NULL ? mf_json_get(quality, key) : NULL, (double)NAN);

    if (isfinite(v)) {
        mf_str_printf(out, " %s %.3f.", name, v);
    }
}

static mf_status
describe(mf_report_gather *g, const char *dir, const char *name, mf_err *err)
{
    mf_str         path = {0}, *title = &g->map[g->n_maps].title, *alt = &g->map[g->n_maps].alt;
    mf_json       *j    = NULL;
    const mf_json *quality;
    mf_status      st;

    mf_path_join(&path, dir, "embedding.json");
    if ((st = mf_str_ok(&path, err)) == MF_OK && mf_path_exists(path.data)) {
        st = mf_json_load(&j, path.data, err);
    }
    if (st == MF_OK) {
        mf_str_printf(title, "%s%s%s", name, j != NULL ? ": " : "", j != NULL ? mf_json_text(mf_json_get(j, "method"), "map") : "");
        mf_str_printf(alt, "%s: a map of pictures by their features%s%s.", name, j != NULL ? " at " : "", j != NULL ? mf_json_text(mf_json_get(j, "layer"), "") : "");
        quality = j != NULL ? mf_json_get(j, "quality") : NULL;
        measure(alt, quality, "trustworthiness", "Trustworthiness");
        measure(alt, quality, "silhouette", "Silhouette");
        measure(alt, quality, "knn_accuracy", "kNN accuracy on the map");
        measure(alt, quality, "knn_accuracy_features", "kNN accuracy on the features");
        st = mf_str_ok(title, err);
        st = st < 0 ? st : mf_str_ok(alt, err);
    }
    mf_json_free(j);
    mf_str_free(&path);
    return st;
}

/* DIR/embedding.svg, if it is there. */
static mf_status
one(mf_report_gather *g, const char *dir, const char *name, mf_err *err)
{
    mf_str    path = {0};
    mf_status st;

    mf_path_join(&path, dir, "embedding.svg");
    if ((st = mf_str_ok(&path, err)) < 0 || g->n_maps == MF_REPORT_MAPS_MAX || !mf_path_exists(path.data)) {
        goto done;
    }
    if ((st = describe(g, dir, name, err)) < 0 || (st = mf_file_read(&g->svg[g->n_shown], path.data, MF_REPORT_SVG_MAX, err)) < 0) {
        goto done;
    }
    g->shown[g->n_shown] = (mf_report_figure){"embedding", "embedding", mf_str_c(&g->map[g->n_maps].title), mf_str_c(&g->map[g->n_maps].alt),
                                              (const char *)g->svg[g->n_shown].data};
    g->n_shown++;
    g->n_maps++;
done:
    mf_str_free(&path);
    return st;
}

mf_status
mf_report_maps(mf_report_gather *g, int r, mf_err *err)
{
    const char *run   = g->p->run[r].path;
    mf_names    names = {0};
    mf_str      dir   = {0};
    mf_status   st;

    if (!mf_path_is_dir(run)) {
        return MF_OK;
    }
    if ((st = one(g, run, "features", err)) < 0 || (st = mf_dir_list(&names, run, err)) < 0) {
        return st;
    }
    for (size_t i = 0; i < names.n && st == MF_OK; i++) {
        mf_path_join(&dir, run, names.name[i]);
        if ((st = mf_str_ok(&dir, err)) == MF_OK && mf_path_is_dir(dir.data)) {
            st = one(g, dir.data, names.name[i], err);
        }
    }
    mf_names_free(&names);
    mf_str_free(&dir);
    return st;
}
