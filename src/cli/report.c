/* cli/report.c: gathers a report from run folders: answers, curves, heat maps, texts; draws the figures; writes the page. */
#include "cli/report_i.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/json.h"
#include "core/mem.h"
#include "core/version.h"

enum { TEXT_MAX = 1 << 22 };

static void
release(mf_report_gather *g)
{
    const int runs = g->p != NULL ? g->p->n_runs : 0, methods = g->p != NULL ? g->p->n_methods : 0;

    for (int r = 0; r < runs && g->part != NULL; r++) {
        mf_blob_free(&g->part[r].config);
        mf_blob_free(&g->part[r].environment);
        mf_blob_free(&g->part[r].sheet);
        mf_str_free(&g->part[r].repeat);
        mf_str_free(&g->part[r].how);
        mf_attention_free(g->part[r].attention);
        mf_dataset_free(g->part[r].d);
        mf_free(g->part[r].per_class);
    }
    for (int m = 0; m < methods; m++) {
        if (g->loss != NULL) {
            mf_report_history_free(&g->loss[m]);
        }
        if (g->accuracy != NULL) {
            mf_report_history_free(&g->accuracy[m]);
        }
    }
    for (size_t i = 0; i < g->n_mistakes && g->mistake != NULL; i++) {
        mf_blob_free(&g->mistake[i].picture);
        mf_blob_free(&g->mistake[i].heat);
    }
    for (size_t i = 0; i < g->n_shown && g->svg != NULL; i++) {
        mf_blob_free(&g->svg[i]);
    }
    for (int i = 0; i < MF_REPORT_MAPS_MAX; i++) {
        mf_str_free(&g->map[i].title);
        mf_str_free(&g->map[i].alt);
    }
    mf_free(g->part);
    mf_free(g->run);
    mf_free(g->parameters);
    mf_free(g->loss);
    mf_free(g->accuracy);
    mf_free(g->mistake);
    mf_free(g->svg);
    mf_free(g->shown);
    mf_report_figures_free(&g->figures);
    mf_comparisons_free(&g->c);
    mf_predictions_free(g->p);
    mf_str_free(&g->missing);
    mf_str_free(&g->dir);
    mf_str_free(&g->file);
}

/* Said in the page, and as a warning now. */
void
mf_report_miss(mf_report_gather *g, const char *what, const char *why)
{
    mf_str_printf(&g->missing, "%s: %s\n", what, why);
    mf_logf(&g->cli->log, MF_LOG_WARN, "%s: %s", what, why);
}

static mf_status
read_text(mf_blob *out, const char *run, const char *name, mf_err *err)
{
    mf_str    path = {0};
    mf_status st;

    mf_path_join(&path, run, name);
    if ((st = mf_str_ok(&path, err)) == MF_OK && mf_path_exists(path.data)) {
        st = mf_file_read(out, path.data, TEXT_MAX, err);
    }
    mf_str_free(&path);
    return st;
}

/* The method's own name in its run: without the run's, which a table of several runs puts before it. */
static const char *
own_name(const mf_predictions *p, int method)
{
    const char *slash = p->n_runs > 1 ? strrchr(p->methods[method], '/') : NULL;

    return slash != NULL ? slash + 1 : p->methods[method];
}

/* Folder of a method's fold. */
static void
fold_dir(mf_str *out, const mf_predictions *p, int r, int method, int fold)
{
    mf_str_clear(out);
    if (p->run[r].crossval) {
        mf_str_printf(out, "%s/fold-%02d/%s", p->run[r].path, fold, own_name(p, method));
    } else {
        mf_str_add(out, p->run[r].path);
    }
}

/* "parameters" of summary.json: of the method in a cross-validation's, or of the run's own. */
static mf_status
read_parameters(mf_report_gather *g, int r, mf_err *err)
{
    const mf_pred_run *run  = &g->p->run[r];
    mf_json           *s    = NULL;
    mf_str             path = {0};
    mf_status          st;

    mf_path_join(&path, run->path, "summary.json");
    if ((st = mf_str_ok(&path, err)) < 0 || !mf_path_exists(path.data) || (st = mf_json_load(&s, path.data, err)) < 0) {
        goto done;
    }
    for (int m = run->method; m < run->method + run->methods; m++) {
        const mf_json *list = mf_json_get(s, "methods");

        g->parameters[m] = run->crossval ? NAN : mf_json_num(mf_json_get(s, "parameters"), NAN);
        for (size_t i = 0; list != NULL && i < mf_json_size(list); i++) {
            const mf_json *one = mf_json_at(list, i);

            if (mf_str_eq(mf_json_text(mf_json_get(one, "name"), ""), own_name(g->p, m))) {
                g->parameters[m] = mf_json_num(mf_json_get(one, "parameters"), NAN);
            }
        }
    }
done:
    mf_json_free(s);
    mf_str_free(&path);
    return st;
}

static mf_status
read_curves(mf_report_gather *g, int r, mf_err *err)
{
    const mf_pred_run *run = &g->p->run[r];
    mf_str             dir = {0};
    mf_status          st  = MF_OK;

    for (int m = run->method; m < run->method + run->methods && st == MF_OK; m++) {
        char  **paths = mf_calloc((size_t)run->folds + 1, sizeof *paths);
        size_t  n     = 0;

        if (paths == NULL) {
            return mf_oom(err, (size_t)run->folds * sizeof *paths, "paths");
        }
        for (int f = 0; f < run->folds && st == MF_OK; f++) {
            mf_str path = {0};

            fold_dir(&dir, g->p, r, m, f);
            mf_path_join(&path, mf_str_c(&dir), "results.csv");
            if ((st = mf_str_ok(&path, err)) == MF_OK && mf_path_exists(path.data)) {
                paths[n] = mf_strdup(path.data);
                st       = paths[n++] != NULL ? MF_OK : mf_oom(err, path.len, "a path");
            }
            mf_str_free(&path);
        }
        if (st == MF_OK && (st = mf_report_history_read(&g->loss[m], g->p->methods[m], "train_loss", (const char *const *)paths, n, err)) == MF_OK) {
            st = mf_report_history_read(&g->accuracy[m], g->p->methods[m], "val_accuracy", (const char *const *)paths, n, err);
        }
        for (size_t i = 0; i < n; i++) {
            mf_free(paths[i]);
        }
        mf_free(paths);
    }
    mf_str_free(&dir);
    return st;
}

/* ---- texts ---- */

static mf_status
describe_data(mf_report_gather *g, int r, mf_err *err)
{
    mf_report_parts        *part = &g->part[r];
    const mf_dataset *d    = part->d;

    if (d == NULL) {
        return MF_OK;
    }
    part->per_class = mf_calloc((size_t)g->p->n_classes + 1, sizeof *part->per_class);
    if (part->per_class == NULL) {
        return mf_oom(err, (size_t)g->p->n_classes * sizeof *part->per_class, "counts");
    }
    for (size_t i = 0; i < d->n_rows; i++) {
        for (int c = 0; c < g->p->n_classes; c++) {
            part->per_class[c] += mf_str_eq(g->p->classes[c], d->classes[d->rows[i].label]);
        }
        part->hidden += d->rows[i].occlusion != MF_OCC_NONE;
    }
    part->subjects = (size_t)d->n_subjects;
    return MF_OK;
}

static mf_status
gather_run(mf_report_gather *g, int r, mf_err *err)
{
    const mf_pred_run *run  = &g->p->run[r];
    mf_report_parts         *part = &g->part[r];
    mf_status          st;

    if (mf_path_is_dir(run->path)) {
        if ((st = read_text(&part->config, run->path, "config.yaml", err)) < 0 || (st = read_text(&part->environment, run->path, "env.json", err)) < 0 ||
            (st = read_parameters(g, r, err)) < 0 || (st = read_curves(g, r, err)) < 0) {
            return st;
        }
        if (!run->cross && (st = mf_report_pictures(g, r, err)) < 0) {
            return st;
        }
        if (g->o->repeat != NULL && g->o->repeat[0] != '\0') {
            mf_str_add(&part->repeat, g->o->repeat);
        } else if (part->config.size != 0 && !run->cross) {
            mf_str_printf(&part->repeat, "maskfer %s --config %s/config.yaml --out AGAIN", run->crossval ? "crossval" : "train", run->path);
        }
        if ((st = mf_str_ok(&part->repeat, err)) < 0) {
            return st;
        }
    }
    if ((st = describe_data(g, r, err)) < 0) {
        return st;
    }
    g->run[r] = (mf_report_run){
        .path = run->path, .dataset = part->d != NULL && part->d->name[0] != '\0' ? part->d->name : run->dataset, .licence = part->d != NULL ? part->d->licence : "",
        .source = part->d != NULL ? part->d->source : "", .config = part->config.data != NULL ? (const char *)part->config.data : "",
        .environment = part->environment.data != NULL ? (const char *)part->environment.data : "", .repeat = mf_str_c(&part->repeat),
        .pictures = part->d != NULL ? part->d->n_rows : 0, .subjects = part->subjects, .hidden = part->hidden, .per_class = part->per_class,
        .attention = part->attention, .attention_how = mf_str_c(&part->how), .sheet = part->sheet,
    };
    return MF_OK;
}

/* ---- figures ---- */

static mf_status
read_svg(mf_report_gather *g, const char *dir, const char *name, mf_err *err)
{
    mf_str    path = {0};
    mf_status st;

    mf_str_printf(&path, "%s/%s.svg", dir, name);
    if ((st = mf_str_ok(&path, err)) == MF_OK) {
        st = mf_file_read(&g->svg[g->n_shown], path.data, MF_REPORT_SVG_MAX, err);
    }
    mf_str_free(&path);
    return st;
}

static mf_status
draw(mf_report_gather *g, mf_err *err)
{
    const mf_attention **a = mf_calloc((size_t)g->p->n_runs + 1, sizeof *a);
    bool                 told = false;
    mf_str               dir = {0};
    mf_status            st  = MF_OK;

    for (int r = 0; r < g->p->n_runs && a != NULL; r++) {
        a[r] = g->part[r].attention;
    }
    mf_path_join(&dir, mf_str_c(&g->dir), "figures");
    if (a == NULL || mf_str_ok(&dir, err) < 0) {
        st = mf_oom(err, (size_t)g->p->n_runs * sizeof *a, "figures");
        goto done;
    }
    if ((st = mf_report_figures_make(&g->figures, g->p, g->loss, g->accuracy, (size_t)g->p->n_methods, a, (size_t)g->p->n_runs, err)) < 0 ||
        (st = mf_dir_make(dir.data, err)) < 0) {
        goto done;
    }
    g->svg   = mf_calloc(g->figures.n + MF_REPORT_MAPS_MAX, sizeof *g->svg);
    g->shown = mf_calloc(g->figures.n + MF_REPORT_MAPS_MAX, sizeof *g->shown);
    if (g->svg == NULL || g->shown == NULL) {
        st = mf_oom(err, g->figures.n * sizeof *g->shown, "figures");
        goto done;
    }
    for (size_t i = 0; i < g->figures.n && st == MF_OK; i++) {
        const mf_figure *f   = &g->figures.figure[i];
        mf_err           why = {0};

        mf_progress_set(&g->cli->progress, "drawing\tfigures", (double)i, (double)g->figures.n);
        if (mf_cli_stop(NULL)) {
            st = mf_fail(err, MF_E_CANCELLED, "stopped");
            break;
        }
        st = mf_figure_draw(f, dir.data, &why);
        if (st == MF_E_UNSUPPORTED || st == MF_E_INTERNAL) {
            if (!told || st == MF_E_INTERNAL) {
                mf_report_miss(g, "figures", st == MF_E_UNSUPPORTED ? "gnuplot is not installed (on Debian: the package gnuplot-nox); their scripts and tables are in figures/"
                                                          : why.msg);
                told = true;
            }
            st = MF_OK;
            continue;
        }
        if (st < 0) {
            mf_fail(err, st, "%s", why.msg);
            break;
        }
        if ((st = read_svg(g, dir.data, f->name, err)) == MF_OK) {
            g->shown[g->n_shown] = (mf_report_figure){g->figures.section[i], f->name, mf_str_c(&f->title), mf_str_c(&f->alt), (const char *)g->svg[g->n_shown].data};
            g->n_shown++;
        }
    }
    mf_progress_set(&g->cli->progress, "drawing\tfigures", (double)g->figures.n, (double)g->figures.n);
    for (int r = 0; r < g->p->n_runs && st == MF_OK; r++) {
        st = mf_report_maps(g, r, err);
    }
done:
    mf_str_free(&dir);
    mf_free(a);
    return st;
}

static mf_status
want_memory(mf_report_gather *g, mf_err *err)
{
    const size_t runs = (size_t)g->p->n_runs, methods = (size_t)g->p->n_methods;

    g->part       = mf_calloc(runs + 1, sizeof *g->part);
    g->run        = mf_calloc(runs + 1, sizeof *g->run);
    g->parameters = mf_calloc(methods + 1, sizeof *g->parameters);
    g->loss       = mf_calloc(methods + 1, sizeof *g->loss);
    g->accuracy   = mf_calloc(methods + 1, sizeof *g->accuracy);
    if (g->part == NULL || g->run == NULL || g->parameters == NULL || g->loss == NULL || g->accuracy == NULL) {
        return mf_oom(err, methods * sizeof *g->loss, "a report");
    }
    for (size_t i = 0; i < methods; i++) {
        g->parameters[i] = NAN;
    }
    return MF_OK;
}

static mf_status
choose_mistakes(mf_report_gather *g, mf_err *err)
{
    uint32_t *rows;
    size_t    n;
    mf_status st = mf_report_worst(&rows, &n, g->p, (size_t)g->o->worst, err);

    if (st < 0) {
        return st;
    }
    g->mistake = mf_calloc(n + 1, sizeof *g->mistake);
    if (g->mistake == NULL) {
        st = mf_oom(err, n * sizeof *g->mistake, "mistakes");
    } else {
        for (size_t i = 0; i < n; i++) {
            g->mistake[i].row = rows[i];
        }
        g->n_mistakes = n;
    }
    mf_free(rows);
    return st;
}

static mf_status
name_files(mf_report_gather *g, mf_err *err)
{
    const char *slash;

    if (g->o->out != NULL && g->o->out[0] != '\0') {
        mf_str_add(&g->file, g->o->out);
        slash = strrchr(g->o->out, '/');
        if (slash == NULL) {
            mf_str_addc(&g->dir, '.');
        } else {
            mf_str_addn(&g->dir, g->o->out, slash == g->o->out ? 1 : (size_t)(slash - g->o->out));
        }
    } else if (!mf_path_is_dir(g->runs[0])) {
        return mf_fail(err, MF_E_USAGE, "'%s' is no folder: say with --out FILE where the report goes", g->runs[0]);
    } else {
        mf_str_add(&g->dir, g->runs[0]);
        mf_path_join(&g->file, g->runs[0], "report.html");
    }
    return mf_str_ok(&g->dir, err) < 0 ? MF_E_NOMEM : mf_str_ok(&g->file, err);
}

mf_status
mf_report_write(mf_str *path, const char *const *runs, size_t n, const mf_report_opts *o, mf_cli *cli, mf_err *err)
{
    mf_report_gather g  = {.cli = cli, .o = o, .runs = runs};
    mf_compare_opts  co = mf_compare_opts_default();
    mf_str           html = {0};
    mf_report_in     in;
    mf_status        st;

    if ((st = mf_predictions_load(&g.p, runs, n, err)) < 0 || (st = name_files(&g, err)) < 0 || (st = want_memory(&g, err)) < 0 ||
        (st = mf_dir_make(g.dir.data, err)) < 0 || (st = mf_compare(&g.c, g.p, &co, err)) < 0 || (st = choose_mistakes(&g, err)) < 0) {
        goto done;
    }
    for (int r = 0; r < g.p->n_runs; r++) {
        if ((st = gather_run(&g, r, err)) < 0) {
            goto done;
        }
    }
    if ((st = draw(&g, err)) < 0) {
        goto done;
    }
    in = (mf_report_in){.p = g.p, .c = &g.c, .parameters = g.parameters, .run = g.run, .mistake = g.mistake, .n_mistakes = g.n_mistakes, .figure = g.shown,
                        .n_figures = g.n_shown, .missing = mf_str_c(&g.missing), .version = mf_version()};
    if ((st = mf_report_html(&html, &in, err)) < 0) {
        goto done;
    }
    if (html.len > MF_REPORT_MAX_BYTES) {
        mf_logf(&cli->log, MF_LOG_WARN, "the report has %zu bytes: some mail programs and phones refuse that; --worst and --pairs make it smaller", html.len);
    }
    if ((st = mf_file_write_str(g.file.data, &html, err)) == MF_OK) {
        mf_str_add(path, g.file.data);
        st = mf_str_ok(path, err);
    }
done:
    mf_str_free(&html);
    release(&g);
    return st;
}
