/* eval/predictions_run.c: the files of a run folder that say what its predictions are. */
#include <string.h>

#include "core/file.h"
#include "core/json.h"
#include "core/mem.h"
#include "eval/predictions_i.h"

/* RUN/name; *out = NULL where there is no such file. */
static mf_status
read_json_in(mf_json **out, const char *dir, const char *name, mf_err *err)
{
    mf_str    path = {0};
    mf_status st;

    *out = NULL;
    mf_path_join(&path, dir, name);
    if ((st = mf_str_ok(&path, err)) == MF_OK && mf_path_exists(path.data)) {
        st = mf_json_load(out, path.data, err);
    }
    mf_str_free(&path);
    return st;
}

static mf_status
keep(const char **to, mf_predictions *p, const char *text, mf_err *err)
{
    *to = mf_arena_strdup(&p->store->arena, text);
    return *to != NULL ? MF_OK : mf_oom(err, strlen(text) + 1, "a name");
}

/* What the folder's own files say about the run; *method is lent by the table. */
static mf_status
describe(mf_predictions *p, mf_pred_run *run, const char **method, mf_err *err)
{
    mf_json  *crossval = NULL, *cross = NULL, *summary = NULL;
    mf_json  *about;
    mf_status st;

    if ((st = read_json_in(&crossval, run->path, "crossval.json", err)) < 0 ||
        (st = read_json_in(&cross, run->path, "cross.json", err)) < 0 ||
        (st = read_json_in(&summary, run->path, "summary.json", err)) < 0) {
        goto done;
    }
    if (crossval == NULL && cross == NULL && summary == NULL) {
        st = mf_fail(err, MF_E_NOTFOUND, "'%s' is no finished run: it has no summary.json", run->path);
        goto done;
    }
    run->crossval = crossval != NULL;
    run->cross    = cross != NULL;
    about         = cross != NULL ? cross : crossval != NULL ? crossval : summary;
    if ((st = keep(&run->dataset, p, mf_json_text(mf_json_get(about, "dataset"), ""), err)) < 0 ||
        (st = keep(method, p, mf_json_text(mf_json_get(summary, "method"), ""), err)) < 0) {
        goto done;
    }
    run->select_fold     = mf_str_eq(mf_json_text(mf_json_get(about, "select"), ""), "fold");
    run->folds_overlap   = mf_str_eq(mf_json_text(mf_json_get(about, "folds_from"), ""), "msde-code");
    run->shared_subjects = mf_json_int(mf_json_get(mf_json_get(summary, "protocol"), "shared_subjects"), -1);
    run->trained_on_it   = mf_json_is_true(mf_json_get(cross, "trained_on_it"));
    run->select_fold     = run->select_fold || mf_json_is_true(mf_json_get(mf_json_get(summary, "protocol"), "chosen_on_scored"));
done:
    mf_json_free(crossval);
    mf_json_free(cross);
    mf_json_free(summary);
    return st;
}

/* "runs/cv" -> "cv"; "runs/cv/" too. */
static mf_status
short_name(mf_str *out, const char *path, bool strip, mf_err *err)
{
    size_t n = strlen(path), from;

    while (n > 1 && path[n - 1] == '/') {
        n--;
    }
    for (from = n; from > 0 && path[from - 1] != '/'; from--) {
        continue;
    }
    mf_str_addn(out, path + from, n - from);
    if (strip && mf_str_ends(mf_str_c(out), ".csv")) {
        out->len -= 4;
        out->data[out->len] = '\0';
    }
    return mf_str_ok(out, err);
}

/* What stands before the names of a run's methods where there are several runs: its folder's name, or its whole path where
 * an earlier run's folder has the same name. */
static mf_status
prefix_of(mf_str *out, const mf_predictions *p, const mf_pred_run *run, const char *name, bool slash, mf_err *err)
{
    bool      taken = false;
    mf_status st    = MF_OK;

    for (int i = 0; i < p->n_runs && st == MF_OK; i++) {
        mf_str other = {0};

        if (mf_str_eq(p->run[i].path, run->path)) {
            return mf_fail(err, MF_E_ARG, "'%s' is named twice", run->path);
        }
        if ((st = short_name(&other, p->run[i].path, !mf_path_is_dir(p->run[i].path), err)) == MF_OK) {
            taken = taken || mf_str_eq(other.data, name);
        }
        mf_str_free(&other);
    }
    mf_str_printf(out, "%s%s", taken ? run->path : name, slash ? "/" : "");
    return st < 0 ? st : mf_str_ok(out, err);
}

mf_status
mf_predictions_add_run(mf_predictions *p, mf_pred_run *run, const char *first_set, bool several, mf_err *err)
{
    const bool   folder = mf_path_is_dir(run->path);
    const size_t first  = p->n;
    mf_pred_from from   = {.method = "", .prefix = "", .set = ""};
    mf_str       file = {0}, name = {0}, prefix = {0};
    mf_csv      *c    = NULL;
    mf_status    st;

    if (!mf_path_exists(run->path)) {
        return mf_fail(err, MF_E_NOTFOUND, "there is no run at '%s'", run->path);
    }
    if ((st = short_name(&name, run->path, !folder, err)) < 0) {
        goto done;
    }
    if (folder) {
        if ((st = describe(p, run, &from.method, err)) < 0) {
            goto done;
        }
        mf_path_join(&file, run->path, "predictions.csv");
    } else {
        mf_str_add(&file, run->path);
    }
    if ((st = mf_str_ok(&file, err)) < 0) {
        goto done;
    }
    if (!mf_path_exists(file.data)) {
        st = mf_fail(err, MF_E_NOTFOUND, "'%s' holds no predictions.csv%s%s%s", run->path,
                     run->crossval ? ": its folds are put together by 'maskfer crossval collect " : "",
                     run->crossval ? run->path : "", run->crossval ? "'" : ": nothing was scored in this run");
        goto done;
    }
    /* A single training is known by its folder, with the method behind it where there are several. */
    if (several) {
        if ((st = prefix_of(&prefix, p, run, name.data, *from.method != '\0' || run->crossval || run->cross, err)) < 0) {
            goto done;
        }
        from.prefix = prefix.data;
    } else if (*from.method == '\0') {
        from.method = name.data;
    }
    if (first_set != NULL && *first_set != '\0' && *run->dataset != '\0' && !mf_str_eq(first_set, run->dataset)) {
        from.set = run->dataset;
    }
    from.run  = run;
    from.file = file.data;
    if ((st = mf_csv_open(&c, file.data, err)) < 0 || (st = mf_predictions_read(p, c, &from, err)) < 0) {
        goto done;
    }
    p->methods = p->store->methods.key;
    p->images  = p->store->images.key;
    st         = mf_predictions_close(p, run, first, file.data, err);
done:
    mf_csv_close(c);
    mf_str_free(&file);
    mf_str_free(&name);
    mf_str_free(&prefix);
    return st;
}
