/* viz/report_tables.c: the main table (Tables 3 to 5 of the MSD-E paper in form), recalls by class (Table 6), and further measures. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "viz/report_i.h"

static void
head_cell(mf_str *out, const char *text, bool left)
{
    mf_str_printf(out, "<th scope=\"col\"%s>", left ? " class=\"left\"" : "");
    mf_html_text(out, text);
    mf_str_add(out, "</th>");
}

static void
row_head(mf_str *out, const char *text)
{
    mf_str_add(out, "<tr><th scope=\"row\">");
    mf_html_text(out, text);
    mf_str_add(out, "</th>");
}

/* A figure, the best of its column marked; a dash where there is none. */
static void
number(mf_str *out, double v, int digits, bool best, const char *below)
{
    if (!isfinite(v)) {
        mf_str_add(out, "<td>\xe2\x80\x93</td>");
        return;
    }
    mf_str_printf(out, "<td>%s%.*f%s", best ? "<strong>" : "", digits, v, best ? "</strong>" : "");
    if (below != NULL && *below != '\0') {
        mf_str_printf(out, "<small>%s</small>", below);
    }
    mf_str_add(out, "</td>");
}

/* 11180103 -> "11.18 M" */
static void
count_text(char to[32], double v)
{
    if (v >= 1e6) {
        snprintf(to, 32, "%.2f M", v / 1e6);
    } else if (v >= 1e3) {
        snprintf(to, 32, "%.1f k", v / 1e3);
    } else {
        snprintf(to, 32, "%.0f", v);
    }
}

static void
accuracy(mf_str *out, const mf_report_in *in, const mf_method_figures *f)
{
    double best[MF_COLUMN_COUNT];
    bool   any[MF_COLUMN_COUNT] = {false}, parameters = false;
    int    n = in->p->n_methods;

    for (int c = 0; c < MF_COLUMN_COUNT; c++) {
        best[c] = -1;
        for (int m = 0; m < n; m++) {
            any[c]  = any[c] || f[m].over[c].n != 0;
            best[c] = f[m].over[c].n != 0 && f[m].over[c].mean > best[c] ? f[m].over[c].mean : best[c];
        }
    }
    any[MF_COLUMN_AVERAGE] = any[MF_COLUMN_AVERAGE] && any[MF_COLUMN_CLEAR] && any[MF_COLUMN_OCCLUDED];
    for (int m = 0; m < n && in->parameters != NULL; m++) {
        parameters = parameters || isfinite(in->parameters[m]);
    }
    mf_report_scroll(out, "Accuracy by method");
    mf_str_printf(out, "<table>\n<caption>Accuracy in percent%s</caption>\n<thead><tr>",
                  in->p->folds > 1 ? ": mean over folds, standard deviation, 95 % interval of the mean" : "");
    head_cell(out, "method", true);
    for (int c = 0; c < MF_COLUMN_COUNT; c++) {
        if (any[c]) {
            head_cell(out, mf_column_name((mf_column)c), false);
        }
    }
    if (parameters) {
        head_cell(out, "parameters", false);
    }
    mf_str_add(out, "</tr></thead>\n<tbody>\n");
    for (int m = 0; m < n; m++) {
        row_head(out, in->p->methods[m]);
        for (int c = 0; c < MF_COLUMN_COUNT; c++) {
            const mf_stats *s = &f[m].over[c];
            char            below[96] = "";

            if (s->n > 1) {
                snprintf(below, sizeof below, "\xc2\xb1 %.2f<br>%.2f to %.2f", s->sd, s->lo, s->hi);
            }
            if (any[c]) {
                number(out, s->n != 0 ? s->mean : NAN, 2, n > 1 && s->n != 0 && s->mean >= best[c], below);
            }
        }
        if (parameters) {
            char text[32];

            count_text(text, in->parameters[m]);
            mf_str_printf(out, "<td>%s</td>", isfinite(in->parameters[m]) ? text : "\xe2\x80\x93");
        }
        mf_str_add(out, "</tr>\n");
    }
    mf_str_add(out, "</tbody></table>\n");
    mf_report_scroll_end(out);
    if (n > 1) {
        mf_str_add(out, "<p class=\"soft\">\xe2\x98\x85 the highest of its column; whether that means something is said under <a href=\"#comparisons\">Comparisons</a>.</p>\n");
    }
}

static void
diagonal(mf_str *out, const mf_report_in *in, const mf_method_figures *f, mf_domain k)
{
    const mf_predictions *p = in->p;

    mf_str_printf(out, "<h3>Recall by class, %s</h3>\n", mf_domain_name(k));
    mf_report_scroll(out, "Recall by class");
    mf_str_printf(out, "<table>\n<caption>Mean diagonal of the confusion matrices%s</caption>\n<thead><tr>", p->folds > 1 ? " over folds, in percent" : ", in percent");
    head_cell(out, "method", true);
    for (int c = 0; c < p->n_classes; c++) {
        head_cell(out, p->classes[c], false);
    }
    head_cell(out, "mean", false);
    mf_str_add(out, "</tr></thead>\n<tbody>\n");
    for (int m = 0; m < p->n_methods; m++) {
        double sum = 0;
        int    n   = 0;

        row_head(out, p->methods[m]);
        for (int c = 0; c < p->n_classes; c++) {
            const double v    = f[m].diagonal[k][c];
            bool         best = p->n_methods > 1 && isfinite(v);

            for (int o = 0; o < p->n_methods; o++) {
                best = best && !(f[o].diagonal[k][c] > v);
            }
            number(out, v, 1, best, NULL);
            sum += isfinite(v) ? v : 0;
            n += isfinite(v);
        }
        number(out, n != 0 ? sum / n : NAN, 1, false, NULL);
        mf_str_add(out, "</tr>\n");
    }
    mf_str_add(out, "</tbody></table>\n");
    mf_report_scroll_end(out);
}

static mf_status
measures(mf_str *out, const mf_report_in *in, mf_domain k, mf_err *err)
{
    static const char *const head[] = {"pictures", "accuracy", "balanced", "macro F1", "weighted F1", "top 2", "ROC area", "log loss", "Brier", "ECE"};
    mf_measures             *m = mf_calloc(1, sizeof *m);
    mf_status                st = MF_OK;

    if (m == NULL) {
        return mf_oom(err, sizeof *m, "measures");
    }
    mf_report_scroll(out, "Further measures");
    mf_str_printf(out, "<table>\n<caption>%s pictures, all folds together; shares in percent</caption>\n<thead><tr>", mf_domain_name(k));
    head_cell(out, "method", true);
    for (size_t i = 0; i < sizeof head / sizeof head[0]; i++) {
        head_cell(out, head[i], false);
    }
    mf_str_add(out, "</tr></thead>\n<tbody>\n");
    for (int i = 0; i < in->p->n_methods && st == MF_OK; i++) {
        if ((st = mf_predictions_measures(m, in->p, i, -1, k, err)) < 0) {
            break;
        }
        row_head(out, in->p->methods[i]);
        mf_str_printf(out, "<td>%zu", m->n);
        if (m->unread != 0) {
            mf_str_printf(out, "<small>%zu not read</small>", m->unread);
        }
        mf_str_add(out, "</td>");
        number(out, 100 * m->accuracy, 2, false, NULL);
        number(out, 100 * m->balanced, 2, false, NULL);
        number(out, 100 * m->macro_f1, 2, false, NULL);
        number(out, 100 * m->weighted_f1, 2, false, NULL);
        number(out, 100 * m->top2, 2, false, NULL);
        number(out, 100 * m->roc_auc, 2, false, NULL);
        number(out, m->log_loss, 3, false, NULL);
        number(out, m->brier, 3, false, NULL);
        number(out, 100 * m->ece, 1, false, NULL);
        mf_str_add(out, "</tr>\n");
    }
    mf_str_add(out, "</tbody></table>\n");
    mf_report_scroll_end(out);
    mf_free(m);
    return st;
}

static bool
has_domain(const mf_predictions *p, mf_domain k)
{
    for (size_t i = 0; i < p->n; i++) {
        if (mf_domain_holds(k, p->row[i].occlusion)) {
            return true;
        }
    }
    return false;
}

mf_status
mf_report_tables(mf_str *out, const mf_report_in *in, mf_err *err)
{
    const size_t       n = (size_t)in->p->n_methods;
    mf_method_figures *f = mf_calloc(n + 1, sizeof *f);
    mf_status          st = MF_OK;

    if (f == NULL) {
        return mf_oom(err, n * sizeof *f, "figures");
    }
    for (size_t m = 0; m < n && st == MF_OK; m++) {
        st = mf_method_figures_make(&f[m], in->p, (int)m, err);
    }
    if (st == MF_OK) {
        const bool both = has_domain(in->p, MF_DOMAIN_CLEAR) && has_domain(in->p, MF_DOMAIN_OCCLUDED);

        mf_str_add(out, "<section aria-labelledby=\"accuracy\">\n<h2 id=\"accuracy\">Accuracy</h2>\n");
        accuracy(out, in, f);
        st = mf_report_section(out, in, "accuracy", err);
        for (int k = MF_DOMAIN_CLEAR; k < MF_DOMAIN_COUNT; k++) {
            if (has_domain(in->p, (mf_domain)k)) {
                diagonal(out, in, f, (mf_domain)k);
            }
        }
        mf_str_add(out, "<h3>Further measures</h3>\n");
        for (int k = MF_DOMAIN_ALL; k < MF_DOMAIN_COUNT && st == MF_OK; k++) {
            if (k == MF_DOMAIN_ALL || both) {
                st = measures(out, in, (mf_domain)k, err);
            }
        }
        mf_str_add(out, "</section>\n");
    }
    for (size_t m = 0; m < n; m++) {
        mf_method_figures_free(&f[m]);
    }
    mf_free(f);
    return st;
}

static void
p_text(char to[32], double p)
{
    if (!isfinite(p)) {
        snprintf(to, 32, "\xe2\x80\x93");
    } else if (p < 0.001) {
        snprintf(to, 32, "&lt; 0.001");
    } else {
        snprintf(to, 32, "%.3f", p);
    }
}

static void
points(mf_str *out, double v, double lo, double hi)
{
    if (!isfinite(v)) {
        mf_str_add(out, "<td>\xe2\x80\x93</td>");
    } else if (isfinite(lo)) {
        mf_str_printf(out, "<td>%+.2f<small>%+.2f to %+.2f</small></td>", v, lo, hi);
    } else {
        mf_str_printf(out, "<td>%+.2f</td>", v);
    }
}

static void
tests(mf_str *out, const mf_report_in *in)
{
    const mf_comparisons *c = in->c;

    mf_str_add(out, "<details><summary>All tests in one table</summary>\n");
    mf_report_scroll(out, "Tests");
    mf_str_add(out, "<table>\n<caption>Differences in points of percent with 95 % intervals; two-sided p</caption>\n<thead><tr>");
    head_cell(out, "pictures", true);
    head_cell(out, "methods", true);
    head_cell(out, "difference", false);
    head_cell(out, "p", false);
    head_cell(out, "p, Holm", false);
    head_cell(out, "McNemar p", false);
    head_cell(out, "Wilcoxon p", false);
    head_cell(out, "by people", false);
    head_cell(out, "effect d", false);
    mf_str_add(out, "</tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < c->n; i++) {
        const mf_comparison *k = &c->c[i];
        char                 p[4][32];

        p_text(p[0], k->p);
        p_text(p[1], k->p_holm);
        p_text(p[2], k->mcnemar);
        p_text(p[3], k->wilcoxon.p);
        row_head(out, mf_column_name(k->column));
        mf_str_add(out, "<td class=\"left\">");
        mf_html_text(out, in->p->methods[k->a]);
        mf_str_add(out, " \xe2\x88\x92 ");
        mf_html_text(out, in->p->methods[k->b]);
        mf_str_add(out, "</td>");
        points(out, k->diff, k->lo, k->hi);
        mf_str_printf(out, "<td>%s</td><td>%s</td><td>%s</td><td>%s</td>", p[0], p[1], p[2], k->folds > 1 ? p[3] : "\xe2\x80\x93");
        points(out, k->people.mean, k->people.lo, k->people.hi);
        if (isfinite(k->effect)) {
            mf_str_printf(out, "<td>%.2f</td></tr>\n", k->effect);
        } else {
            mf_str_add(out, "<td>\xe2\x80\x93</td></tr>\n");
        }
    }
    mf_str_add(out, "</tbody></table>\n");
    mf_report_scroll_end(out);
    mf_str_add(out, "</details>\n");
}

mf_status
mf_report_comparisons(mf_str *out, const mf_report_in *in, mf_err *err)
{
    (void)err;
    if (in->c == NULL || in->p->n_methods < 2) {
        return MF_OK;
    }
    mf_str_add(out, "<section aria-labelledby=\"comparisons\">\n<h2 id=\"comparisons\">Comparisons</h2>\n");
    if (in->c->n == 0) {
        mf_str_add(out, "<p>No two methods answered the same pictures in the same folds: nothing can be compared.</p>\n");
    } else {
        mf_str_add(out, "<p>Methods on the same pictures and folds. The interval and p are of the corrected resampled t-test over folds (Nadeau and Bengio 2003); "
                        "with one fold, of a bootstrap over people.</p>\n");
    }
    for (int col = 0; col < MF_COLUMN_COUNT; col++) {
        bool open = false;

        for (size_t i = 0; i < in->c->n; i++) {
            mf_str s = {0};

            if (in->c->c[i].column != (mf_column)col) {
                continue;
            }
            if (!open) {
                mf_str_printf(out, "<h3>%s</h3>\n<ul>\n", mf_column_name((mf_column)col));
                open = true;
            }
            mf_comparison_sentence(&s, &in->c->c[i], in->p);
            mf_str_add(out, "<li>");
            mf_html_text(out, mf_str_c(&s));
            mf_str_add(out, ".</li>\n");
            out->oom = out->oom || s.oom;
            mf_str_free(&s);
        }
        mf_str_add(out, open ? "</ul>\n" : "");
    }
    for (const char *t = mf_str_c(&in->c->notes); *t != '\0';) {
        const size_t n   = strcspn(t, "\n");
        mf_str       one = {0};

        mf_str_addn(&one, t, n);
        mf_str_add(out, "<p class=\"soft\">");
        mf_html_text(out, mf_str_c(&one));
        mf_str_add(out, "</p>\n");
        mf_str_free(&one);
        t += n + (t[n] == '\n');
    }
    if (in->c->n != 0) {
        tests(out, in);
    }
    mf_str_add(out, "</section>\n");
    return MF_OK;
}
