/* eval/show.c: tables of text. */
#include "eval/show.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"

enum { NAME_WIDTH_MIN = 16, NAME_WIDTH_MAX = 60 };

/* Of the column of methods. */
static int
name_width(const mf_predictions *p)
{
    size_t most = NAME_WIDTH_MIN;

    for (int i = 0; i < p->n_methods; i++) {
        const size_t n = strlen(p->methods[i]);

        most = n > most ? n : most;
    }
    return most < NAME_WIDTH_MAX ? (int)most : NAME_WIDTH_MAX;
}

static void
number(mf_str *out, int width, int decimals, double v)
{
    if (isnan(v)) {
        mf_str_printf(out, " %*s", width, "-");
    } else {
        mf_str_printf(out, " %*.*f", width, decimals, v);
    }
}

static mf_measures *
new_measures(mf_err *err)
{
    mf_measures *m = mf_calloc(1, sizeof *m);

    if (m == NULL) {
        mf_oom(err, sizeof *m, "figures");
    }
    return m;
}

/* ---- tables of methods ------------------------------------------------------------------------------------ */

static void
accuracy_cell(mf_str *out, const mf_stats *s)
{
    char text[64];

    if (s->n == 0) {
        snprintf(text, sizeof text, "-");
    } else if (s->n == 1) {
        snprintf(text, sizeof text, "%.2f", s->mean);
    } else {
        snprintf(text, sizeof text, "%.2f +- %.2f [%.2f, %.2f]", s->mean, s->sd, s->lo, s->hi);
    }
    mf_str_printf(out, "  %-30s", text);
}

/* Blanks at the end of the last line are dropped. */
static void
end_line(mf_str *out)
{
    while (out->len != 0 && out->data[out->len - 1] == ' ') {
        out->data[--out->len] = '\0';
    }
    mf_str_addc(out, '\n');
}

mf_status
mf_show_accuracy(mf_str *out, const mf_predictions *p, mf_err *err)
{
    if (p->folds > 1) {
        mf_str_printf(out, "Accuracy in percent: mean +- standard deviation over %d folds [95 %% interval of the mean, Student's t].\n\n",
                      p->folds);
    } else {
        mf_str_add(out, "Accuracy in percent.\n\n");
    }
    mf_str_printf(out, "%-*s  %-30s  %-30s  %s\n", name_width(p), "method", "non-masked", "masked", "average");
    for (int i = 0; i < p->n_methods; i++) {
        mf_method_figures f;
        mf_status         st;

        if ((st = mf_method_figures_make(&f, p, i, err)) < 0) {
            return st;
        }
        mf_str_printf(out, "%-*s", name_width(p), p->methods[i]);
        for (int c = 0; c < MF_COLUMN_COUNT; c++) {
            accuracy_cell(out, &f.over[c]);
        }
        end_line(out);
        mf_method_figures_free(&f);
    }
    return mf_str_ok(out, err);
}

mf_status
mf_show_measures(mf_str *out, const mf_predictions *p, mf_domain k, mf_err *err)
{
    mf_measures *m  = new_measures(err);
    mf_status    st = m != NULL ? MF_OK : MF_E_NOMEM;

    mf_str_printf(out, "%s pictures, answers of all folds together; rates in percent.\n\n",
                  k == MF_DOMAIN_ALL ? "All" : k == MF_DOMAIN_CLEAR ? "Non-masked" : "Masked");
    mf_str_printf(out, "%-*s %8s %8s %8s %8s %8s %8s %8s %8s %6s %8s %6s %8s %8s\n", name_width(p), "method", "answers", "accuracy",
                  "balanced", "macro F1", "wtd F1", "top-2", "log loss", "Brier", "ECE", "scaled", "T", "ROC AUC", "PR AUC");
    for (int i = 0; i < p->n_methods && st == MF_OK; i++) {
        mf_calibration plain, scaled;
        bool           own;

        if ((st = mf_predictions_measures(m, p, i, -1, k, err)) < 0 ||
            (st = mf_predictions_calibration(&plain, &scaled, &own, p, i, k, err)) < 0) {
            break;
        }
        mf_str_printf(out, "%-*s %8zu", name_width(p), p->methods[i], m->n);
        number(out, 8, 2, 100.0 * m->accuracy);
        number(out, 8, 2, 100.0 * m->balanced);
        number(out, 8, 2, 100.0 * m->macro_f1);
        number(out, 8, 2, 100.0 * m->weighted_f1);
        number(out, 8, 2, 100.0 * m->top2);
        number(out, 8, 4, m->log_loss);
        number(out, 8, 4, m->brier);
        number(out, 6, 2, 100.0 * m->ece);
        number(out, 8, 2, 100.0 * scaled.ece);
        number(out, 6, 3, scaled.temperature);
        number(out, 8, 4, m->roc_auc);
        number(out, 8, 4, m->pr_auc);
        mf_str_addc(out, '\n');
    }
    mf_free(m);
    return st < 0 ? st : mf_str_ok(out, err);
}

mf_status
mf_show_diagonal(mf_str *out, const mf_predictions *p, mf_domain k, mf_err *err)
{
    mf_str_printf(out, "Recall of each class in percent, mean over folds, %s pictures.\n\n%-*s", mf_domain_name(k), name_width(p), "method");
    for (int c = 0; c < p->n_classes; c++) {
        mf_str_printf(out, " %9.9s", p->classes[c]);
    }
    mf_str_printf(out, " %9s\n", "mean");
    for (int i = 0; i < p->n_methods; i++) {
        mf_method_figures f;
        double            sum  = 0.0;
        int               some = 0;
        mf_status         st;

        if ((st = mf_method_figures_make(&f, p, i, err)) < 0) {
            return st;
        }
        mf_str_printf(out, "%-*s", name_width(p), p->methods[i]);
        for (int c = 0; c < p->n_classes; c++) {
            number(out, 9, 1, f.diagonal[k][c]);
            if (!isnan(f.diagonal[k][c])) {
                sum += f.diagonal[k][c];
                some++;
            }
        }
        number(out, 9, 1, some != 0 ? sum / some : (double)NAN);
        mf_str_addc(out, '\n');
        mf_method_figures_free(&f);
    }
    return mf_str_ok(out, err);
}

/* ---- one method ------------------------------------------------------------------------------------------- */

mf_status
mf_show_classes(mf_str *out, const mf_predictions *p, int method, mf_domain k, mf_err *err)
{
    mf_measures *m  = new_measures(err);
    mf_status    st = m != NULL ? MF_OK : MF_E_NOMEM;

    if (m != NULL && (st = mf_predictions_measures(m, p, method, -1, k, err)) == MF_OK) {
        mf_str_printf(out, "%-14s %9s %9s %9s %9s %9s %9s\n", "class", "pictures", "precision", "recall", "F1", "ROC AUC", "PR AUC");
        for (int c = 0; c < m->classes; c++) {
            const mf_class_measures *of = &m->of[c];

            mf_str_printf(out, "%-14.14s %9lld", p->classes[c], (long long)of->support);
            number(out, 9, 2, 100.0 * of->precision);
            number(out, 9, 2, 100.0 * of->recall);
            number(out, 9, 2, 100.0 * of->f1);
            number(out, 9, 4, of->roc_auc);
            number(out, 9, 4, of->pr_auc);
            mf_str_addc(out, '\n');
        }
        st = mf_str_ok(out, err);
    }
    mf_free(m);
    return st;
}

static void
confusion_head(mf_str *out, const mf_predictions *p, const char *title)
{
    mf_str_printf(out, "%-12.12s", title);
    for (int c = 0; c < p->n_classes; c++) {
        mf_str_printf(out, " %5.5s", p->classes[c]);
    }
    mf_str_printf(out, " %6s", "n");
}

mf_status
mf_show_confusion(mf_str *out, const mf_predictions *p, int method, mf_err *err)
{
    mf_measures *m     = mf_calloc(2, sizeof *m);
    int          shown = 0;
    mf_domain    kind[2];
    mf_status    st = MF_OK;

    if (m == NULL) {
        return mf_oom(err, 2 * sizeof *m, "figures");
    }
    for (int k = MF_DOMAIN_CLEAR; k <= MF_DOMAIN_OCCLUDED && st == MF_OK; k++) {
        if ((st = mf_predictions_measures(&m[shown], p, method, -1, (mf_domain)k, err)) == MF_OK && m[shown].n != 0) {
            kind[shown++] = (mf_domain)k;
        }
    }
    mf_str_printf(out, "%s: rows: label, columns: answer, percent of the row\n", p->methods[method]);
    for (int i = 0; i < shown; i++) {
        mf_str_add(out, i != 0 ? "    " : "");
        confusion_head(out, p, mf_domain_name(kind[i]));
    }
    mf_str_addc(out, '\n');
    for (int r = 0; r < p->n_classes; r++) {
        for (int i = 0; i < shown; i++) {
            mf_str_printf(out, "%s%-12.12s", i != 0 ? "    " : "", p->classes[r]);
            for (int c = 0; c < p->n_classes; c++) {
                number(out, 5, 1, 100.0 * m[i].share[r][c]);
            }
            mf_str_printf(out, " %6lld", (long long)m[i].of[r].support);
        }
        mf_str_addc(out, '\n');
    }
    mf_free(m);
    return st < 0 ? st : mf_str_ok(out, err);
}

/* A line "NAME  n  accuracy" of rows that `hold` (value -1: by kind of mask). */
static mf_status
part_line(mf_str *out, const mf_predictions *p, int method, const char *name, int occlusion, int kind, uint32_t *rows,
          mf_measures *m, mf_err *err)
{
    size_t    n = 0;
    mf_status st;

    for (size_t i = 0; i < p->n; i++) {
        const mf_pred *r = &p->row[i];

        if (r->method == method && (occlusion < 0 || (int)r->occlusion == occlusion) && (kind < 0 || r->kind == kind)) {
            rows[n++] = (uint32_t)i;
        }
    }
    if (n == 0) {
        return MF_OK;
    }
    if ((st = mf_rows_measures(m, p, rows, n, err)) == MF_OK) {
        mf_str_printf(out, "%-14.14s %9zu", name, m->n);
        number(out, 9, 2, 100.0 * m->accuracy);
        number(out, 9, 2, 100.0 * m->balanced);
        number(out, 9, 2, 100.0 * m->macro_f1);
        number(out, 9, 4, m->log_loss);
        mf_str_printf(out, "   %5.2f to %5.2f\n", 100.0 * m->accuracy_lo, 100.0 * m->accuracy_hi);
    }
    return st;
}

static mf_status
people_line(mf_str *out, const mf_predictions *p, int method, mf_err *err)
{
    mf_subject_figures *s;
    size_t              n, known = 0;
    double             *v  = NULL;
    mf_status           st = mf_by_subject(&s, &n, p, method, MF_DOMAIN_ALL, err);

    if (st == MF_OK && (v = mf_calloc(n, sizeof *v)) == NULL) {
        st = mf_oom(err, n * sizeof *v, "people");
    }
    for (size_t i = 0; st == MF_OK && i < n; i++) {
        if (s[i].subject >= 0) {
            v[known++] = s[i].accuracy;
        }
    }
    if (known > 1) {
        const mf_stats of = mf_stats_make(v, known, 0.95);

        mf_str_printf(out, "\n%zu people: mean of their accuracies %.2f +- %.2f, from %.2f to %.2f\n", known, of.mean, of.sd, v[0],
                      v[known - 1]);
    }
    mf_free(v);
    mf_free(s);
    return st;
}

mf_status
mf_show_parts(mf_str *out, const mf_predictions *p, int method, mf_err *err)
{
    mf_measures *m    = new_measures(err);
    uint32_t    *rows = mf_calloc(p->n, sizeof *rows);
    mf_status    st   = m != NULL ? MF_OK : MF_E_NOMEM;

    if (m != NULL && rows == NULL) {
        st = mf_oom(err, p->n * sizeof *rows, "a list of rows");
    }
    if (st == MF_OK) {
        mf_str_printf(out, "%-14s %9s %9s %9s %9s %9s   %s\n", "", "pictures", "accuracy", "balanced", "macro F1", "log loss",
                      "95 % (Wilson)");
        st = part_line(out, p, method, "all", -1, -1, rows, m, err);
    }
    for (int o = 0; o < MF_OCC_COUNT && st == MF_OK; o++) {
        st = part_line(out, p, method, mf_occlusion_name((mf_occlusion)o), o, -1, rows, m, err);
    }
    for (int k = 0; k < p->n_kinds && st == MF_OK; k++) {
        st = part_line(out, p, method, p->kinds[k], -1, k, rows, m, err);
    }
    if (st == MF_OK) {
        st = people_line(out, p, method, err);
    }
    mf_free(m);
    mf_free(rows);
    return st < 0 ? st : mf_str_ok(out, err);
}

mf_status
mf_show_sentences(mf_str *out, const mf_comparisons *c, const mf_predictions *p, mf_err *err)
{
    mf_str    warnings = {0};
    size_t    n;
    mf_status st;

    for (size_t i = 0; i < c->n; i++) {
        mf_comparison_sentence(out, &c->c[i], p);
        mf_str_add(out, ".\n");
    }
    mf_str_add(out, mf_str_c(&c->notes));
    if ((st = mf_protocol_warnings(&warnings, &n, p, err)) == MF_OK && n != 0) {
        mf_str_printf(out, "%sTo be read with care:\n%s", c->n != 0 || c->notes.len != 0 ? "\n" : "", mf_str_c(&warnings));
    }
    mf_str_free(&warnings);
    return st < 0 ? st : mf_str_ok(out, err);
}
