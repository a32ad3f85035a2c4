/* train/collect.c: the table of a cross-validation from the summaries of its folds. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/file.h"
#include "core/json.h"
#include "core/mem.h"
#include "eval/stats.h"
#include "train/crossval.h"

/* Which weights a figure is of. */
enum { SELECTED, BEST, LAST, N_WHICH };
/* Which pictures. */
enum { CLEAR, OCCLUDED, AVERAGE, N_COLUMNS };

static const char *const column_key[N_COLUMNS] = {"non_masked", "masked", "average"};

typedef struct method_table {
    char    name[64];
    int64_t parameters;
    double *value[N_WHICH][N_COLUMNS]; /* [fold]; NaN where a fold has no such picture */
    double *f1;                        /* [fold], of all pictures, selected weights */
    double *recall[3];                 /* [class * folds + fold]: all, non-masked, masked; selected weights */
    double  seconds, rate; /* rate: pictures a second in training, summed over folds */
    int64_t shared_subjects;           /* people both trained on and scored, over folds; -1: a fold does not say */
} method_table;

typedef struct tables {
    const char   *run;
    int           folds, classes;
    const char  **class_name; /* lent by `top` */
    mf_json      *top;
    size_t        n;
    method_table *m;
} tables;

static void
tables_free(tables *t)
{
    for (size_t i = 0; t->m != NULL && i < t->n; i++) {
        for (int w = 0; w < N_WHICH; w++) {
            for (int c = 0; c < N_COLUMNS; c++) {
                mf_free(t->m[i].value[w][c]);
            }
        }
        for (int k = 0; k < 3; k++) {
            mf_free(t->m[i].recall[k]);
        }
        mf_free(t->m[i].f1);
    }
    mf_free(t->m);
    mf_free(t->class_name);
    mf_json_free(t->top);
}

static mf_status
method_new(method_table *m, const tables *t, const char *name, mf_err *err)
{
    bool ok = true;

    snprintf(m->name, sizeof m->name, "%s", name);
    for (int w = 0; w < N_WHICH; w++) {
        for (int c = 0; c < N_COLUMNS; c++) {
            ok = (m->value[w][c] = mf_calloc((size_t)t->folds, sizeof(double))) != NULL && ok;
        }
    }
    for (int k = 0; k < 3; k++) {
        ok = (m->recall[k] = mf_calloc((size_t)(t->folds * t->classes), sizeof(double))) != NULL && ok;
    }
    ok = (m->f1 = mf_calloc((size_t)t->folds, sizeof(double))) != NULL && ok;
    return ok ? MF_OK : mf_oom(err, (size_t)t->folds * sizeof(double), "the table");
}

static mf_status
open_tables(tables *t, const char *run, mf_err *err)
{
    mf_str    path = {0};
    mf_json  *classes, *methods;
    int64_t   folds;
    mf_status st;

    t->run = run;
    mf_path_join(&path, run, "crossval.json");
    if ((st = mf_str_ok(&path, err)) < 0) {
        goto done;
    }
    if (!mf_path_exists(path.data)) {
        st = mf_fail(err, MF_E_NOTFOUND, "'%s' is no cross-validation: it has no crossval.json", run);
        goto done;
    }
    if ((st = mf_json_load(&t->top, path.data, err)) < 0) {
        goto done;
    }
    classes = mf_json_get(t->top, "classes");
    methods = mf_json_get(t->top, "methods");
    folds   = mf_json_int(mf_json_get(t->top, "folds"), 0);
    if (folds < 2 || folds > MF_CROSSVAL_FOLDS_MAX || !mf_json_is_array(classes) || !mf_json_is_array(methods) ||
        mf_json_size(classes) == 0 || mf_json_size(classes) > MF_CLASSES_MAX || mf_json_size(methods) == 0 ||
        mf_json_size(methods) > MF_CROSSVAL_METHODS_MAX) {
        st = mf_fail(err, MF_E_FORMAT, "%s: folds, classes or methods are missing or out of range", path.data);
        goto done;
    }
    t->folds      = (int)folds;
    t->classes    = (int)mf_json_size(classes);
    t->n          = mf_json_size(methods);
    t->class_name = mf_calloc((size_t)t->classes, sizeof *t->class_name);
    t->m          = mf_calloc(t->n, sizeof *t->m);
    if (t->class_name == NULL || t->m == NULL) {
        st = mf_oom(err, t->n * sizeof *t->m, "the table");
        goto done;
    }
    for (int c = 0; c < t->classes; c++) {
        t->class_name[c] = mf_json_text(mf_json_at(classes, (size_t)c), "");
    }
    for (size_t i = 0; i < t->n && st == MF_OK; i++) {
        const char *name = mf_json_text(mf_json_get(mf_json_at(methods, i), "name"), "");

        if (!mf_path_is_inside(name) || strchr(name, '/') != NULL) {
            st = mf_fail(err, MF_E_FORMAT, "%s: '%s' is no name of a method", path.data, name);
            break;
        }
        st = method_new(&t->m[i], t, name, err);
    }
done:
    mf_str_free(&path);
    return st;
}

static double
number(const mf_json *v)
{
    return v != NULL ? mf_json_num(v, (double)NAN) : (double)NAN;
}

static void
take_columns(method_table *m, int which, int fold, const mf_json *test)
{
    double nm = number(mf_json_get(mf_json_get(test, "non_masked"), "accuracy"));
    double ma = number(mf_json_get(mf_json_get(test, "masked"), "accuracy"));

    m->value[which][CLEAR][fold]    = nm;
    m->value[which][OCCLUDED][fold] = ma;
    m->value[which][AVERAGE][fold]  = isnan(nm) ? ma : isnan(ma) ? nm : (nm + ma) / 2.0;
}

static void
take_recalls(const tables *t, double *to, int fold, const mf_json *part)
{
    const mf_json *recalls = mf_json_get(part, "per_class");

    for (int c = 0; c < t->classes; c++) {
        to[c * t->folds + fold] = number(mf_json_get(recalls, t->class_name[c]));
    }
}

static mf_status
read_fold(tables *t, method_table *m, int fold, mf_err *err)
{
    mf_str         path = {0};
    mf_json       *j    = NULL;
    const mf_json *test;
    int64_t        shared;
    mf_status      st;

    mf_str_printf(&path, "%s/fold-%02d/%s/summary.json", t->run, fold, m->name);
    if ((st = mf_str_ok(&path, err)) < 0) {
        goto done;
    }
    if (!mf_path_exists(path.data)) {
        st = mf_fail(err, MF_E_STATE, "fold %d of %s is not finished ('%s' is not there)", fold + 1, m->name, path.data);
        goto done;
    }
    if ((st = mf_json_load(&j, path.data, err)) < 0) {
        goto done;
    }
    if ((test = mf_json_get(j, "test")) == NULL) {
        st = mf_fail(err, MF_E_FORMAT, "%s: no scores of the fold", path.data);
        goto done;
    }
    m->parameters = mf_json_int(mf_json_get(j, "parameters"), 0);
    m->seconds += mf_json_num(mf_json_get(j, "seconds"), 0);
    m->rate += mf_json_num(mf_json_get(j, "images_per_second"), 0);
    m->f1[fold] = number(mf_json_get(test, "macro_f1"));
    shared      = mf_json_int(mf_json_get(mf_json_get(j, "protocol"), "shared_subjects"), -1);
    m->shared_subjects = shared < 0 || m->shared_subjects < 0 ? -1 : m->shared_subjects + shared;
    take_columns(m, SELECTED, fold, test);
    take_columns(m, BEST, fold, mf_json_get(mf_json_get(j, "best"), "test"));
    take_columns(m, LAST, fold, mf_json_get(mf_json_get(j, "last"), "test"));
    take_recalls(t, m->recall[0], fold, test);
    take_recalls(t, m->recall[1], fold, mf_json_get(test, "non_masked"));
    take_recalls(t, m->recall[2], fold, mf_json_get(test, "masked"));
done:
    mf_json_free(j);
    mf_str_free(&path);
    return st;
}

/* Mean and spread over the folds that have a value. */
static mf_stats
over_folds(const double *v, int folds)
{
    double some[MF_CROSSVAL_FOLDS_MAX];
    size_t n = 0;

    for (int i = 0; i < folds; i++) {
        if (!isnan(v[i])) {
            some[n++] = v[i];
        }
    }
    return mf_stats_make(some, n, 0.95);
}

/* ---- summary.json ----------------------------------------------------------------------------------------- */

static void
put_column(mf_json_out *j, const char *key, const double *v, int folds)
{
    mf_stats s = over_folds(v, folds);

    mf_json_open(j, key, '{');
    mf_json_put_num(j, "mean", s.n != 0 ? s.mean : (double)NAN);
    mf_json_put_num(j, "sd", s.n != 0 ? s.sd : (double)NAN);
    mf_json_open(j, "interval95", '[');
    mf_json_put_num(j, NULL, s.n > 1 ? s.lo : (double)NAN);
    mf_json_put_num(j, NULL, s.n > 1 ? s.hi : (double)NAN);
    mf_json_close(j, ']');
    mf_json_open(j, "folds", '[');
    for (int i = 0; i < folds; i++) {
        mf_json_put_num(j, NULL, v[i]);
    }
    mf_json_close(j, ']');
    mf_json_close(j, '}');
}

static void
put_recalls(mf_json_out *j, const char *key, const tables *t, const double *v)
{
    mf_json_open(j, key, '{');
    for (int c = 0; c < t->classes; c++) {
        mf_stats s = over_folds(v + c * t->folds, t->folds);

        mf_json_put_num(j, t->class_name[c], s.n != 0 ? s.mean : (double)NAN);
    }
    mf_json_close(j, '}');
}

static void
summary(mf_str *out, const tables *t)
{
    mf_json_out j      = mf_json_begin(out, 2);
    int64_t     shared = 0;

    mf_json_open(&j, NULL, '{');
    mf_json_put_str(&j, "dataset", mf_json_text(mf_json_get(t->top, "dataset"), ""));
    mf_json_put_int(&j, "folds", t->folds);
    mf_json_put_str(&j, "folds_from", mf_json_text(mf_json_get(t->top, "folds_from"), ""));
    mf_json_put_str(&j, "select", mf_json_text(mf_json_get(t->top, "select"), ""));
    for (size_t i = 0; i < t->n; i++) {
        const int64_t of = t->m[i].shared_subjects;

        shared = shared < 0 || of < 0 ? -1 : of > shared ? of : shared;
    }
    mf_json_open(&j, "protocol", '{');
    if (shared >= 0) {
        mf_json_put_int(&j, "shared_subjects", shared);
    } else {
        mf_json_put_null(&j, "shared_subjects");
    }
    mf_json_put_bool(&j, "chosen_on_scored", mf_str_eq(mf_json_text(mf_json_get(t->top, "select"), ""), "fold"));
    mf_json_close(&j, '}');
    mf_json_open(&j, "classes", '[');
    for (int c = 0; c < t->classes; c++) {
        mf_json_put_str(&j, NULL, t->class_name[c]);
    }
    mf_json_close(&j, ']');
    mf_json_open(&j, "methods", '[');
    for (size_t i = 0; i < t->n; i++) {
        const method_table *m = &t->m[i];

        mf_json_open(&j, NULL, '{');
        mf_json_put_str(&j, "name", m->name);
        mf_json_put_int(&j, "parameters", m->parameters);
        for (int c = 0; c < N_COLUMNS; c++) {
            put_column(&j, column_key[c], m->value[SELECTED][c], t->folds);
        }
        put_recalls(&j, "per_class", t, m->recall[0]);
        put_recalls(&j, "per_class_non_masked", t, m->recall[1]);
        put_recalls(&j, "per_class_masked", t, m->recall[2]);
        put_column(&j, "macro_f1", m->f1, t->folds);
        for (int w = BEST; w <= LAST; w++) {
            mf_json_open(&j, w == BEST ? "best" : "last", '{');
            for (int c = 0; c < N_COLUMNS; c++) {
                put_column(&j, column_key[c], m->value[w][c], t->folds);
            }
            mf_json_close(&j, '}');
        }
        mf_json_put_num(&j, "seconds", m->seconds);
        if (m->rate > 0) {
            mf_json_put_num(&j, "images_per_second", m->rate / t->folds);
        }
        mf_json_close(&j, '}');
    }
    mf_json_close(&j, ']');
    mf_json_close(&j, '}');
    mf_str_addc(out, '\n');
}

/* ---- the printed table ------------------------------------------------------------------------------------ */

static void
cell(mf_str *out, const double *v, int folds)
{
    mf_stats s = over_folds(v, folds);
    char     text[64];

    if (s.n == 0) {
        snprintf(text, sizeof text, "-");
    } else if (s.n == 1) {
        snprintf(text, sizeof text, "%.2f", s.mean);
    } else {
        snprintf(text, sizeof text, "%.2f +- %.2f [%.1f, %.1f]", s.mean, s.sd, s.lo, s.hi);
    }
    mf_str_printf(out, "  %29s", text);
}

/* `rates`: with pictures a second in training, which no file has that equal runs must have in common. */
static void
print(mf_str *out, const tables *t, bool rates)
{
    int wide = 18;

    for (size_t i = 0; i < t->n; i++) {
        wide = (int)strlen(t->m[i].name) > wide ? (int)strlen(t->m[i].name) : wide;
    }
    mf_str_printf(out, "Accuracy in percent, mean +- standard deviation over %d folds [95 %% interval of the mean, Student's t].\n"
                  "No person is on both sides of a fold.%s\n\n", t->folds, rates ? " Images a second: training, the median epoch." : "");
    mf_str_printf(out, "%-*s %10s  %29s  %29s  %29s%s\n", wide, "method", "parameters", "non-masked", "masked", "average",
                  rates ? "  images/s" : "");
    for (size_t i = 0; i < t->n; i++) {
        mf_str_printf(out, "%-*s %9.2fM", wide, t->m[i].name, (double)t->m[i].parameters / 1e6);
        for (int c = 0; c < N_COLUMNS; c++) {
            cell(out, t->m[i].value[SELECTED][c], t->folds);
        }
        if (rates && t->m[i].rate > 0) {
            mf_str_printf(out, "  %8.1f", t->m[i].rate / t->folds);
        } else if (rates) {
            mf_str_printf(out, "  %8s", "-");
        }
        mf_str_addc(out, '\n');
    }
    mf_str_printf(out, "\nRecall of each class in percent, mean over folds, all pictures.\n\n%-*s", wide, "method");
    for (int c = 0; c < t->classes; c++) {
        mf_str_printf(out, " %9.9s", t->class_name[c]);
    }
    mf_str_addc(out, '\n');
    for (size_t i = 0; i < t->n; i++) {
        mf_str_printf(out, "%-*s", wide, t->m[i].name);
        for (int c = 0; c < t->classes; c++) {
            mf_stats s = over_folds(t->m[i].recall[0] + c * t->folds, t->folds);

            if (s.n == 0) {
                mf_str_printf(out, " %9s", "-");
            } else {
                mf_str_printf(out, " %9.1f", s.mean);
            }
        }
        mf_str_addc(out, '\n');
    }
}

/* ---- merged CSV files ------------------------------------------------------------------------------------- */

/* Lines of every fold's NAME with "method,fold," in front. Methods whose head differs (other parts of the loss) go to
 * NAME with their own head: results.csv only keeps the columns that all have. */
static mf_status
merge_predictions(const tables *t, mf_err *err)
{
    mf_writer *w    = NULL;
    mf_str     path = {0}, lead = {0};
    bool       head = false;
    mf_status  st;

    mf_path_join(&path, t->run, "predictions.csv");
    if ((st = mf_str_ok(&path, err)) < 0 || (st = mf_writer_open(&w, path.data, err)) < 0) {
        goto done;
    }
    for (size_t i = 0; i < t->n; i++) {
        for (int fold = 0; fold < t->folds; fold++) {
            mf_blob     file = {0};
            const char *p, *end;

            mf_str_clear(&path);
            mf_str_printf(&path, "%s/fold-%02d/%s/predictions.csv", t->run, fold, t->m[i].name);
            mf_str_clear(&lead);
            mf_str_printf(&lead, "%s,%d,", t->m[i].name, fold);
            if ((st = mf_str_ok(&path, err)) < 0 || (st = mf_str_ok(&lead, err)) < 0 ||
                (st = mf_file_read(&file, path.data, (size_t)1 << 32, err)) < 0) {
                goto done;
            }
            p   = (const char *)file.data;
            end = p + file.size;
            for (bool first = true; p < end && st == MF_OK; first = false) {
                const char *nl = memchr(p, '\n', (size_t)(end - p));
                size_t      n  = nl != NULL ? (size_t)(nl - p) + 1 : (size_t)(end - p);

                if (first && !head) {
                    st   = mf_writer_put(w, "method,fold,", 12, err);
                    head = true;
                    if (st == MF_OK) {
                        st = mf_writer_put(w, p, n, err);
                    }
                } else if (!first && (st = mf_writer_put(w, lead.data, lead.len, err)) == MF_OK) {
                    st = mf_writer_put(w, p, n, err);
                }
                p += n;
            }
            mf_blob_free(&file);
            if (st < 0) {
                goto done;
            }
        }
    }
    st = mf_writer_commit(w, err);
done:
    mf_writer_free(w);
    mf_str_free(&path);
    mf_str_free(&lead);
    return st;
}

static mf_status
write_results(const tables *t, mf_err *err)
{
    mf_str    out = {0}, path = {0};
    mf_status st;

    mf_str_add(&out, "method,fold,non_masked,masked,average,macro_f1,best_non_masked,best_masked,last_non_masked,last_masked\n");
    for (size_t i = 0; i < t->n; i++) {
        const method_table *m = &t->m[i];

        for (int f = 0; f < t->folds; f++) {
            const double v[8] = {m->value[SELECTED][CLEAR][f],    m->value[SELECTED][OCCLUDED][f],
                                 m->value[SELECTED][AVERAGE][f],  m->f1[f],
                                 m->value[BEST][CLEAR][f],        m->value[BEST][OCCLUDED][f],
                                 m->value[LAST][CLEAR][f],        m->value[LAST][OCCLUDED][f]};

            mf_str_printf(&out, "%s,%d", m->name, f);
            for (int k = 0; k < 8; k++) {
                if (isnan(v[k])) {
                    mf_str_addc(&out, ',');
                } else {
                    mf_str_printf(&out, ",%.4f", v[k]);
                }
            }
            mf_str_addc(&out, '\n');
        }
    }
    mf_path_join(&path, t->run, "results.csv");
    if ((st = mf_str_ok(&path, err)) == MF_OK) {
        st = mf_file_write_str(path.data, &out, err);
    }
    mf_str_free(&out);
    mf_str_free(&path);
    return st;
}

mf_status
mf_crossval_collect(const char *run, mf_str *table, mf_err *err)
{
    tables    t    = {0};
    mf_str    json = {0}, text = {0}, path = {0};
    mf_status st;

    if ((st = open_tables(&t, run, err)) < 0) {
        goto done;
    }
    for (size_t i = 0; i < t.n; i++) {
        for (int fold = 0; fold < t.folds; fold++) {
            if ((st = read_fold(&t, &t.m[i], fold, err)) < 0) {
                goto done;
            }
        }
    }
    summary(&json, &t);
    print(&text, &t, false);
    mf_path_join(&path, run, "table.txt");
    if ((st = merge_predictions(&t, err)) < 0 || (st = write_results(&t, err)) < 0 || (st = mf_str_ok(&path, err)) < 0 ||
        (st = mf_file_write_str(path.data, &text, err)) < 0) {
        goto done;
    }
    mf_path_join(&path, run, "summary.json");
    if ((st = mf_str_ok(&path, err)) == MF_OK && (st = mf_file_write_str(path.data, &json, err)) == MF_OK && table != NULL) {
        print(table, &t, true);
        st = mf_str_ok(table, err);
    }
done:
    mf_str_free(&json);
    mf_str_free(&text);
    mf_str_free(&path);
    tables_free(&t);
    return st;
}
