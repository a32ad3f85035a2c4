/* viz/report_figures.c: from answers to figures: folds, recalls by class, confusion, reliability, curves, attention. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "viz/figures/plots.h"
#include "viz/report.h"

void
mf_report_figures_free(mf_report_figures *f)
{
    for (size_t i = 0; i < f->n; i++) {
        mf_figure_free(&f->figure[i]);
    }
    mf_free(f->figure);
    mf_free(f->section);
    *f = (mf_report_figures){0};
}

/* A figure that has nothing to draw is left out. */
static mf_status
add(mf_report_figures *f, const char *section, const char *plot, const char *name, const void *data, mf_err *err)
{
    mf_err    why = {0};
    mf_status st;

    if (f->n == MF_REPORT_FIGURES_MAX) {
        return MF_OK;
    }
    if ((st = mf_figure_make(&f->figure[f->n], plot, name, data, &why)) < 0) {
        return st == MF_E_ARG || st == MF_E_NUMERIC ? MF_OK : mf_fail(err, st, "%s", why.msg);
    }
    f->section[f->n++] = section;
    return MF_OK;
}

static const char *const domain_words[] = {"non-masked", "masked"};

static size_t
in_domain(const mf_predictions *p, int method, mf_domain k)
{
    size_t n = 0;

    for (size_t i = 0; i < p->n; i++) {
        n += (method < 0 || p->row[i].method == method) && mf_domain_holds(k, p->row[i].occlusion);
    }
    return n;
}

static mf_status
folds(mf_report_figures *f, const mf_predictions *p, const mf_method_figures *m, mf_err *err)
{
    const size_t     n = (size_t)p->n_methods, k = (size_t)p->folds;
    const bool       has[2] = {in_domain(p, -1, MF_DOMAIN_CLEAR) != 0, in_domain(p, -1, MF_DOMAIN_OCCLUDED) != 0};
    const size_t     series = (size_t)has[0] + (size_t)has[1];
    double          *v = mf_calloc(n * series * (k + 3), sizeof *v), *mean = v + n * series * k, *lo = mean + n * series, *hi = lo + n * series;
    const char      *names[2];
    mf_plot_folds_in in = {.title = "Accuracy by fold", .y_label = "accuracy, %", .group = (const char *const *)p->methods, .series = names,
                           .n_groups = n, .n_series = series, .n_folds = k, .value = v, .mean = mean, .lo = lo, .hi = hi};
    size_t           s = 0;
    mf_status        st;

    if (v == NULL) {
        return mf_oom(err, n * series * (k + 3) * sizeof *v, "a figure");
    }
    for (int c = 0; c < 2; c++) {
        if (!has[c]) {
            continue;
        }
        names[s] = domain_words[c];
        for (size_t i = 0; i < n; i++) {
            const mf_stats *o  = &m[i].over[c];
            const size_t    at = i * series + s;

            for (size_t j = 0; j < k; j++) {
                v[at * k + j] = j < (size_t)m[i].folds ? m[i].accuracy[c][j] : NAN;
            }
            mean[at] = o->n != 0 ? o->mean : NAN;
            lo[at]   = o->n > 1 ? fmax(o->lo, 0) : mean[at];
            hi[at]   = o->n > 1 ? fmin(o->hi, 100) : mean[at];
        }
        s++;
    }
    st = add(f, "accuracy", "folds", "folds", &in, err);
    mf_free(v);
    return st;
}

/* Mean diagonals with the standard error's interval over folds, or Wilson's of the pooled answers where one fold. */
static mf_status
bars(mf_report_figures *f, const mf_predictions *p, const mf_method_figures *m, mf_domain k, mf_err *err)
{
    const size_t    n = (size_t)p->n_methods, c = (size_t)p->n_classes;
    double         *v = mf_calloc(3 * n * c, sizeof *v), *lo = v + n * c, *hi = lo + n * c;
    char            title[64], name[64];
    mf_plot_bars_in in = {.title = title, .y_label = "recall, %", .group = (const char *const *)p->classes, .series = (const char *const *)p->methods,
                          .n_groups = c, .n_series = n, .value = v, .lo = lo, .hi = hi, .y_max = 100};
    mf_status       st;

    if (v == NULL) {
        return mf_oom(err, 3 * n * c * sizeof *v, "a figure");
    }
    for (size_t g = 0; g < c; g++) {
        for (size_t i = 0; i < n; i++) {
            const double mean = m[i].diagonal[k][g], sd = m[i].diagonal_sd[k][g];
            const double half = p->folds > 1 && isfinite(sd) ? mf_t_quantile(0.975, p->folds - 1) * sd / sqrt(p->folds) : NAN;

            v[g * n + i]  = mean;
            lo[g * n + i] = isfinite(half) ? fmax(0, mean - half) : NAN;
            hi[g * n + i] = isfinite(half) ? fmin(100, mean + half) : NAN;
        }
    }
    snprintf(title, sizeof title, "Recall by class, %s", mf_domain_name(k));
    snprintf(name, sizeof name, "classes-%s", mf_domain_name(k));
    st = add(f, "accuracy", "bars", name, &in, err);
    mf_free(v);
    return st;
}

static mf_status
confusions(mf_report_figures *f, const mf_predictions *p, mf_measures *m, mf_err *err)
{
    const size_t c     = (size_t)p->n_classes;
    double      *count = mf_calloc(c * c, sizeof *count);
    mf_status    st    = count != NULL ? MF_OK : mf_oom(err, c * c * sizeof *count, "a figure");

    for (int i = 0; i < p->n_methods && st == MF_OK; i++) {
        for (int k = MF_DOMAIN_CLEAR; k < MF_DOMAIN_COUNT && st == MF_OK; k++) {
            char                 title[200], name[200];
            mf_plot_confusion_in in = {.title = title, .classes = (const char *const *)p->classes, .n = c, .count = count};

            if (in_domain(p, i, (mf_domain)k) == 0) {
                continue;
            }
            if ((st = mf_predictions_measures(m, p, i, -1, (mf_domain)k, err)) < 0) {
                break;
            }
            for (size_t r = 0; r < c; r++) {
                for (size_t a = 0; a < c; a++) {
                    count[r * c + a] = (double)m->confusion[r][a];
                }
            }
            snprintf(title, sizeof title, "%.100s, %s", p->methods[i], mf_domain_name((mf_domain)k));
            snprintf(name, sizeof name, "confusion-%.60s-%s", p->methods[i], mf_domain_name((mf_domain)k));
            st = add(f, "confusion", "confusion", name, &in, err);
        }
    }
    mf_free(count);
    return st;
}

static mf_status
reliability(mf_report_figures *f, const mf_predictions *p, mf_domain k, mf_err *err)
{
    enum { B = MF_CALIBRATION_BINS };
    const size_t              n    = (size_t)p->n_methods;
    double                   *v    = mf_calloc(3 * B * n, sizeof *v);
    mf_plot_reliability_line *line = mf_calloc(n, sizeof *line);
    mf_calibration           *c    = mf_calloc(2, sizeof *c);
    char                      title[64], name[64];
    mf_plot_reliability_in    in = {.title = title, .line = line, .n = n};
    bool                      own;
    mf_status                 st = v != NULL && line != NULL && c != NULL ? MF_OK : mf_oom(err, 3 * B * n * sizeof *v, "a figure");

    for (size_t i = 0; i < n && st == MF_OK; i++) {
        double *at = v + 3 * B * i;

        line[i] = (mf_plot_reliability_line){.name = p->methods[i], .bins = B, .confidence = at, .accuracy = at + B, .count = at + 2 * B, .ece = NAN};
        if (in_domain(p, (int)i, k) == 0 || (st = mf_predictions_calibration(&c[0], &c[1], &own, p, (int)i, k, err)) < 0) {
            continue;
        }
        for (int b = 0; b < B; b++) {
            at[b]         = c[0].bin[b].confidence;
            at[B + b]     = c[0].bin[b].accuracy;
            at[2 * B + b] = (double)c[0].bin[b].n;
        }
        line[i].ece = c[0].ece;
    }
    if (st == MF_OK) {
        snprintf(title, sizeof title, "Reliability, %s", mf_domain_name(k));
        snprintf(name, sizeof name, "reliability-%s", mf_domain_name(k));
        st = add(f, "calibration", "reliability", name, &in, err);
    }
    mf_free(v);
    mf_free(line);
    mf_free(c);
    return st;
}

static mf_status
history(mf_report_figures *f, const mf_report_history *h, size_t n, const char *title, const char *label, const char *name, mf_err *err)
{
    mf_plot_curve    *c  = mf_calloc(n + 1, sizeof *c);
    mf_plot_curves_in in = {.title = title, .x_label = "epoch", .y_label = label, .curve = c};
    mf_status         st = MF_OK;

    if (c == NULL) {
        return mf_oom(err, n * sizeof *c, "a figure");
    }
    for (size_t i = 0; i < n && in.n < MF_PLOT_SERIES_MAX; i++) {
        if (h[i].epochs != 0) {
            c[in.n++] = (mf_plot_curve){h[i].name, h[i].epochs, h[i].epoch, h[i].value, h[i].lo, h[i].hi};
        }
    }
    st = in.n != 0 ? add(f, "training", "curves", name, &in, err) : MF_OK;
    mf_free(c);
    return st;
}

static mf_status
shares(mf_report_figures *f, const mf_attention *a, size_t turn, mf_err *err)
{
    const size_t          m = (size_t)a->n_methods, k = (size_t)a->folds, g = (size_t)a->n_classes;
    double               *v = mf_calloc(m * k + 3 * m + 3 * m * g, sizeof *v), *by = v + m * k + 3 * m;
    mf_attention_figures *s = mf_calloc(m, sizeof *s);
    char                  name[32], classes[48];
    mf_plot_shares_in     in = {.title = "Attention on the mask", .method = (const char *const *)a->methods, .n_methods = m, .n_folds = k, .chance = 0};
    mf_plot_bars_in       bar = {.title = "Attention on the mask, by class", .y_label = "heat on the mask, %", .group = (const char *const *)a->classes,
                                 .series = (const char *const *)a->methods, .n_groups = g, .n_series = m};
    mf_status             st = v != NULL && s != NULL ? MF_OK : mf_oom(err, m * k * sizeof *v, "a figure");

    for (size_t i = 0; i < m && st == MF_OK; i++) {
        if ((st = mf_attention_figures_make(&s[i], a, (int)i, err)) < 0) {
            break;
        }
        memcpy(v + i * k, s[i].fold, k * sizeof *v);
        v[m * k + i]         = s[i].mean;
        v[m * k + m + i]     = s[i].lo;
        v[m * k + 2 * m + i] = s[i].hi;
        in.chance += s[i].area / (double)m;
        for (size_t c = 0; c < g; c++) {
            by[c * m + i]             = 100 * s[i].class_mean[c];
            by[m * g + c * m + i]     = 100 * fmax(0, s[i].class_lo[c]);
            by[2 * m * g + c * m + i] = 100 * fmin(1, s[i].class_hi[c]);
            if (!isfinite(s[i].class_lo[c])) {
                by[m * g + c * m + i] = by[2 * m * g + c * m + i] = NAN;
            }
        }
    }
    if (st == MF_OK) {
        in.fold   = v;
        in.mean   = v + m * k;
        in.lo     = v + m * k + m;
        in.hi     = v + m * k + 2 * m;
        bar.value = by;
        bar.lo    = by + m * g;
        bar.hi    = by + 2 * m * g;
        snprintf(name, sizeof name, turn == 0 ? "attention" : "attention-%zu", turn);
        snprintf(classes, sizeof classes, turn == 0 ? "attention-classes" : "attention-classes-%zu", turn);
        st = add(f, "attention", "shares", name, &in, err);
        st = st < 0 ? st : add(f, "attention", "bars", classes, &bar, err);
    }
    for (size_t i = 0; i < m && s != NULL; i++) {
        mf_attention_figures_free(&s[i]);
    }
    mf_free(s);
    mf_free(v);
    return st;
}

mf_status
mf_report_figures_make(mf_report_figures *out, const mf_predictions *p, const mf_report_history *loss, const mf_report_history *accuracy, size_t n_histories,
                       const mf_attention *const *attention, size_t n_attention, mf_err *err)
{
    const size_t       n = (size_t)p->n_methods;
    mf_method_figures *m = mf_calloc(n + 1, sizeof *m);
    mf_measures       *x = mf_calloc(1, sizeof *x);
    mf_status          st = MF_OK;

    *out         = (mf_report_figures){0};
    out->figure  = mf_calloc(MF_REPORT_FIGURES_MAX, sizeof *out->figure);
    out->section = mf_calloc(MF_REPORT_FIGURES_MAX, sizeof *out->section);
    if (m == NULL || x == NULL || out->figure == NULL || out->section == NULL) {
        st = mf_oom(err, MF_REPORT_FIGURES_MAX * sizeof *out->figure, "figures");
        goto done;
    }
    for (size_t i = 0; i < n && st == MF_OK; i++) {
        st = mf_method_figures_make(&m[i], p, (int)i, err);
    }
    if (st < 0 || (st = folds(out, p, m, err)) < 0) {
        goto done;
    }
    for (int k = MF_DOMAIN_CLEAR; k < MF_DOMAIN_COUNT && st == MF_OK; k++) {
        if (in_domain(p, -1, (mf_domain)k) != 0 && (st = bars(out, p, m, (mf_domain)k, err)) == MF_OK) {
            st = reliability(out, p, (mf_domain)k, err);
        }
    }
    if (st < 0 || (st = confusions(out, p, x, err)) < 0 ||
        (st = history(out, accuracy, n_histories, "Accuracy while training", "validation accuracy, %", "curves-accuracy", err)) < 0 ||
        (st = history(out, loss, n_histories, "Loss while training", "training loss", "curves-loss", err)) < 0) {
        goto done;
    }
    for (size_t i = 0; i < n_attention && st == MF_OK; i++) {
        st = attention[i] != NULL ? shares(out, attention[i], i, err) : MF_OK;
    }
done:
    for (size_t i = 0; i < n && m != NULL; i++) {
        mf_method_figures_free(&m[i]);
    }
    mf_free(m);
    mf_free(x);
    if (st < 0) {
        mf_report_figures_free(out);
    }
    return st;
}
