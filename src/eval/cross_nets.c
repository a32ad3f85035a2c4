/* eval/cross_nets.c: where the weights of a run are. */
#include <string.h>

#include "core/file.h"
#include "core/json.h"
#include "core/mem.h"
#include "eval/cross.h"

enum { NETS_MAX = 1 << 16 };

void
mf_cross_nets_free(mf_cross_nets *n)
{
    for (size_t i = 0; i < n->n; i++) {
        mf_free(n->net[i].method);
        mf_free(n->net[i].weights);
    }
    mf_free(n->net);
    mf_free(n->dataset);
    *n = (mf_cross_nets){0};
}

static mf_status
add(mf_cross_nets *n, const char *method, int fold, const char *weights, mf_err *err)
{
    mf_cross_net *to = mf_realloc(n->net, n->n + 1, sizeof *to);

    if (to == NULL) {
        return mf_oom(err, (n->n + 1) * sizeof *to, "a list of networks");
    }
    n->net       = to;
    n->net[n->n] = (mf_cross_net){mf_strdup(method), mf_strdup(weights), fold};
    n->n++;
    n->folds = fold + 1 > n->folds ? fold + 1 : n->folds;
    if (to[n->n - 1].method == NULL || to[n->n - 1].weights == NULL) {
        return mf_oom(err, strlen(weights), "a path");
    }
    if (!mf_path_exists(weights)) {
        return mf_fail(err, MF_E_NOTFOUND, "the weights '%s' are not there (a cross-validation with --no-keep-weights does not keep them)",
                       weights);
    }
    return MF_OK;
}

/* SHA-256 of the data set, from env.json. */
static mf_status
read_dataset(mf_cross_nets *n, const char *run, mf_err *err)
{
    mf_str    path = {0};
    mf_json  *j    = NULL;
    mf_status st;

    mf_path_join(&path, run, "env.json");
    if ((st = mf_str_ok(&path, err)) == MF_OK && mf_path_exists(path.data)) {
        st = mf_json_load(&j, path.data, err);
    }
    if (st == MF_OK && (n->dataset = mf_strdup(mf_json_text(mf_json_get(j, "dataset_sha256"), ""))) == NULL) {
        st = mf_oom(err, 65, "a hash");
    }
    mf_json_free(j);
    mf_str_free(&path);
    return st;
}

static mf_status
of_crossval(mf_cross_nets *n, const char *run, const mf_json *j, mf_err *err)
{
    const mf_json *methods = mf_json_get(j, "methods");
    const int64_t  folds   = mf_json_int(mf_json_get(j, "folds"), 0);
    const bool     last    = mf_str_eq(mf_json_text(mf_json_get(j, "select"), ""), "last");
    mf_str         path    = {0};
    mf_status      st      = MF_OK;

    if (folds < 1 || !mf_json_is_array(methods) || mf_json_size(methods) == 0 ||
        folds * (int64_t)mf_json_size(methods) > NETS_MAX) {
        return mf_fail(err, MF_E_FORMAT, "%s/crossval.json: folds or methods are missing or out of range", run);
    }
    for (size_t i = 0; i < mf_json_size(methods) && st == MF_OK; i++) {
        const char *name = mf_json_text(mf_json_get(mf_json_at(methods, i), "name"), "");

        if (!mf_path_is_inside(name) || strchr(name, '/') != NULL) {
            st = mf_fail(err, MF_E_FORMAT, "%s/crossval.json: '%.80s' is no name of a method", run, name);
        }
        for (int f = 0; f < (int)folds && st == MF_OK; f++) {
            mf_str_clear(&path);
            mf_str_printf(&path, "%s/fold-%02d/%s/weights/%s.safetensors", run, f, name, last ? "last" : "best");
            if ((st = mf_str_ok(&path, err)) == MF_OK) {
                st = add(n, name, f, path.data, err);
            }
        }
    }
    mf_str_free(&path);
    return st;
}

static mf_status
of_training(mf_cross_nets *n, const char *run, const mf_json *j, mf_err *err)
{
    mf_str    path = {0};
    mf_status st;

    mf_str_printf(&path, "%s/weights/%s.safetensors", run, mf_json_text(mf_json_get(j, "selected"), "best"));
    if ((st = mf_str_ok(&path, err)) == MF_OK) {
        st = add(n, mf_json_text(mf_json_get(j, "method"), "network"), 0, path.data, err);
    }
    mf_str_free(&path);
    return st;
}

mf_status
mf_cross_nets_find(mf_cross_nets *out, const char *source, mf_err *err)
{
    mf_str    path = {0};
    mf_json  *j    = NULL;
    bool      crossval;
    mf_status st;

    *out = (mf_cross_nets){0};
    if (!mf_path_exists(source)) {
        return mf_fail(err, MF_E_NOTFOUND, "there is no run or weight file at '%s'", source);
    }
    if (!mf_path_is_dir(source)) {
        const char *base = mf_path_base(source), *dot = strrchr(base, '.');
        char       *name = mf_strndup(base, dot != NULL && dot != base ? (size_t)(dot - base) : strlen(base));

        st = name == NULL ? mf_oom(err, strlen(base), "a name") : add(out, name, 0, source, err);
        mf_free(name);
        goto done;
    }
    mf_path_join(&path, source, "crossval.json");
    if ((st = mf_str_ok(&path, err)) < 0) {
        goto done;
    }
    if (!(crossval = mf_path_exists(path.data))) {
        mf_path_join(&path, source, "summary.json");
        if ((st = mf_str_ok(&path, err)) < 0) {
            goto done;
        }
        if (!mf_path_exists(path.data)) {
            st = mf_fail(err, MF_E_NOTFOUND, "'%s' is no finished run: it has neither crossval.json nor summary.json", source);
            goto done;
        }
    }
    if ((st = mf_json_load(&j, path.data, err)) < 0 ||
        (st = crossval ? of_crossval(out, source, j, err) : of_training(out, source, j, err)) < 0) {
        goto done;
    }
    st = read_dataset(out, source, err);
done:
    if (st == MF_OK && out->dataset == NULL && (out->dataset = mf_strdup("")) == NULL) {
        st = mf_oom(err, 1, "a hash");
    }
    mf_json_free(j);
    mf_str_free(&path);
    if (st < 0) {
        mf_cross_nets_free(out);
    }
    return st;
}
