/* eval/show_json.c: the same figures for programs. */
#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "eval/show.h"

static void
put_classes(mf_json_out *j, const mf_measures *m, char *const *classes)
{
    mf_json_open(j, "classes", '{');
    for (int c = 0; c < m->classes; c++) {
        const mf_class_measures *of = &m->of[c];

        mf_json_open(j, classes[c], '{');
        mf_json_put_int(j, "support", of->support);
        mf_json_put_num(j, "precision", of->precision);
        mf_json_put_num(j, "recall", of->recall);
        mf_json_put_num(j, "f1", of->f1);
        mf_json_put_num(j, "roc_auc", of->roc_auc);
        mf_json_put_num(j, "pr_auc", of->pr_auc);
        mf_json_close(j, '}');
    }
    mf_json_close(j, '}');
}

static void
put_matrix(mf_json_out *j, const char *key, const mf_measures *m, bool shares)
{
    mf_json_open(j, key, '[');
    for (int r = 0; r < m->classes; r++) {
        mf_json_open(j, NULL, '[');
        for (int c = 0; c < m->classes; c++) {
            if (shares) {
                mf_json_put_num(j, NULL, m->share[r][c]);
            } else {
                mf_json_put_int(j, NULL, m->confusion[r][c]);
            }
        }
        mf_json_close(j, ']');
    }
    mf_json_close(j, ']');
}

static void
put_pair(mf_json_out *j, const char *key, double a, double b)
{
    mf_json_open(j, key, '[');
    mf_json_put_num(j, NULL, a);
    mf_json_put_num(j, NULL, b);
    mf_json_close(j, ']');
}

void
mf_json_measures(mf_json_out *j, const char *key, const mf_measures *m, char *const *classes)
{
    mf_json_open(j, key, '{');
    mf_json_put_int(j, "n", (int64_t)m->n);
    mf_json_put_int(j, "correct", (int64_t)m->correct);
    mf_json_put_int(j, "unread", (int64_t)m->unread);
    mf_json_put_num(j, "accuracy", m->accuracy);
    put_pair(j, "accuracy_wilson95", m->accuracy_lo, m->accuracy_hi);
    mf_json_put_num(j, "balanced_accuracy", m->balanced);
    mf_json_put_num(j, "macro_f1", m->macro_f1);
    mf_json_put_num(j, "weighted_f1", m->weighted_f1);
    mf_json_put_num(j, "top2", m->top2);
    mf_json_put_num(j, "log_loss", m->log_loss);
    mf_json_put_num(j, "brier", m->brier);
    mf_json_put_num(j, "ece", m->ece);
    mf_json_put_num(j, "roc_auc", m->roc_auc);
    mf_json_put_num(j, "pr_auc", m->pr_auc);
    put_classes(j, m, classes);
    put_matrix(j, "confusion", m, false);
    put_matrix(j, "confusion_share", m, true);
    mf_json_close(j, '}');
}

void
mf_json_calibration(mf_json_out *j, const char *key, const mf_calibration *c)
{
    mf_json_open(j, key, '{');
    mf_json_put_int(j, "n", (int64_t)c->n);
    mf_json_put_num(j, "ece", c->ece);
    mf_json_put_num(j, "mce", c->mce);
    mf_json_put_num(j, "log_loss", c->log_loss);
    mf_json_put_num(j, "temperature", c->temperature);
    mf_json_open(j, "bins", '[');
    for (int i = 0; i < MF_CALIBRATION_BINS; i++) {
        mf_json_open(j, NULL, '{');
        mf_json_put_int(j, "n", (int64_t)c->bin[i].n);
        mf_json_put_num(j, "confidence", c->bin[i].confidence);
        mf_json_put_num(j, "accuracy", c->bin[i].accuracy);
        mf_json_close(j, '}');
    }
    mf_json_close(j, ']');
    mf_json_close(j, '}');
}

static mf_status
put_kinds(mf_json_out *j, const mf_predictions *p, int method, mf_measures *m, mf_err *err)
{
    uint32_t *rows = mf_calloc(p->n, sizeof *rows);
    mf_status st   = MF_OK;

    if (rows == NULL) {
        return mf_oom(err, p->n * sizeof *rows, "a list of rows");
    }
    mf_json_open(j, "by_mask_type", '{');
    for (int k = 0; k < p->n_kinds && st == MF_OK; k++) {
        size_t n = 0;

        for (size_t i = 0; i < p->n; i++) {
            if (p->row[i].method == method && p->row[i].kind == k) {
                rows[n++] = (uint32_t)i;
            }
        }
        if (n != 0 && (st = mf_rows_measures(m, p, rows, n, err)) == MF_OK) {
            mf_json_open(j, p->kinds[k], '{');
            mf_json_put_int(j, "n", (int64_t)n);
            mf_json_put_num(j, "accuracy", m->accuracy);
            mf_json_put_num(j, "macro_f1", m->macro_f1);
            mf_json_close(j, '}');
        }
    }
    mf_json_close(j, '}');
    mf_free(rows);
    return st;
}

static mf_status
put_subjects(mf_json_out *j, const mf_predictions *p, int method, mf_err *err)
{
    mf_subject_figures *s;
    size_t              n;
    mf_status           st;

    if ((st = mf_by_subject(&s, &n, p, method, MF_DOMAIN_ALL, err)) == MF_OK) {
        mf_json_open(j, "by_subject", '[');
        for (size_t i = 0; i < n; i++) {
            if (s[i].subject >= 0) {
                mf_json_open(j, NULL, '{');
                mf_json_put_str(j, "subject", p->subjects[s[i].subject]);
                mf_json_put_int(j, "n", (int64_t)s[i].n);
                mf_json_put_num(j, "accuracy", s[i].accuracy / 100.0);
                mf_json_close(j, '}');
            }
        }
        mf_json_close(j, ']');
    }
    mf_free(s);
    return st;
}

mf_status
mf_json_method(mf_json_out *j, const mf_predictions *p, int method, mf_err *err)
{
    static const char *const key[MF_DOMAIN_COUNT] = {"all", "non_masked", "masked"};
    mf_measures             *m                     = mf_calloc(1, sizeof *m);
    mf_calibration           plain, scaled;
    bool                     own;
    mf_status                st = MF_OK;

    if (m == NULL) {
        return mf_oom(err, sizeof *m, "figures");
    }
    mf_json_open(j, "measures", '{');
    for (int k = 0; k < MF_DOMAIN_COUNT && st == MF_OK; k++) {
        if ((st = mf_predictions_measures(m, p, method, -1, (mf_domain)k, err)) == MF_OK && m->n != 0) {
            mf_json_measures(j, key[k], m, p->classes);
        }
    }
    mf_json_close(j, '}');
    if (st == MF_OK && p->n_kinds != 0) {
        st = put_kinds(j, p, method, m, err);
    }
    if (st == MF_OK && p->n_subjects != 0) {
        st = put_subjects(j, p, method, err);
    }
    if (st == MF_OK && (st = mf_predictions_calibration(&plain, &scaled, &own, p, method, MF_DOMAIN_ALL, err)) == MF_OK) {
        mf_json_open(j, "calibration", '{');
        mf_json_calibration(j, "as_is", &plain);
        mf_json_calibration(j, "temperature_scaled", &scaled);
        mf_json_put_bool(j, "temperature_fitted_on_itself", own);
        mf_json_close(j, '}');
    }
    mf_free(m);
    return st;
}

static mf_status
put_over_folds(mf_json_out *j, const mf_predictions *p, int method, mf_err *err)
{
    static const char *const column[MF_COLUMN_COUNT] = {"non_masked", "masked", "average"};
    static const char *const domain[MF_DOMAIN_COUNT] = {"all", "non_masked", "masked"};
    mf_method_figures        f;
    mf_status                st;

    if ((st = mf_method_figures_make(&f, p, method, err)) < 0) {
        return st;
    }
    for (int c = 0; c < MF_COLUMN_COUNT; c++) {
        const mf_stats *s = &f.over[c];

        mf_json_open(j, column[c], '{');
        mf_json_put_num(j, "mean", s->n != 0 ? s->mean : (double)NAN);
        mf_json_put_num(j, "sd", s->n > 1 ? s->sd : (double)NAN);
        put_pair(j, "interval95", s->n > 1 ? s->lo : (double)NAN, s->n > 1 ? s->hi : (double)NAN);
        mf_json_open(j, "folds", '[');
        for (int k = 0; k < f.folds; k++) {
            mf_json_put_num(j, NULL, f.accuracy[c][k]);
        }
        mf_json_close(j, ']');
        mf_json_close(j, '}');
    }
    mf_json_open(j, "per_class", '{');
    for (int c = 0; c < p->n_classes; c++) {
        mf_json_put_num(j, p->classes[c], f.diagonal[MF_DOMAIN_ALL][c]);
    }
    mf_json_close(j, '}');
    mf_json_open(j, "mean_diagonal", '{');
    for (int k = 0; k < MF_DOMAIN_COUNT; k++) {
        mf_json_open(j, domain[k], '{');
        for (int c = 0; c < p->n_classes; c++) {
            mf_json_put_num(j, p->classes[c], f.diagonal[k][c]);
        }
        mf_json_close(j, '}');
    }
    mf_json_close(j, '}');
    mf_method_figures_free(&f);
    return MF_OK;
}

static void
put_comparison(mf_json_out *j, const mf_comparison *c, const mf_predictions *p)
{
    static const char *const judge[] = {"folds", "people", "pictures", "none"};
    mf_str                   s       = {0};

    mf_comparison_sentence(&s, c, p);
    mf_json_open(j, NULL, '{');
    mf_json_put_str(j, "a", p->methods[c->a]);
    mf_json_put_str(j, "b", p->methods[c->b]);
    mf_json_put_str(j, "pictures", mf_column_name(c->column));
    mf_json_put_str(j, "sentence", mf_str_c(&s));
    mf_json_put_str(j, "judged_by", judge[c->judge]);
    mf_json_put_num(j, "difference", c->diff);
    put_pair(j, "interval95", c->lo, c->hi);
    mf_json_put_num(j, "p", c->p);
    mf_json_put_num(j, "p_holm", c->p_holm);
    mf_json_put_int(j, "comparisons", (int64_t)c->family);
    mf_json_put_int(j, "answers", (int64_t)c->pictures);
    mf_json_put_num(j, "mean_a", c->mean_a);
    mf_json_put_num(j, "mean_b", c->mean_b);
    mf_json_open(j, "folds", '{');
    mf_json_put_int(j, "n", (int64_t)c->folds);
    mf_json_put_num(j, "scored_over_trained", c->ratio);
    mf_json_put_num(j, "corrected_t", c->folds_t.t);
    mf_json_put_num(j, "corrected_t_p", c->folds_t.p);
    put_pair(j, "interval95", c->folds_t.lo, c->folds_t.hi);
    mf_json_put_num(j, "cohens_d", c->effect);
    mf_json_put_num(j, "wilcoxon_p", c->wilcoxon.p);
    mf_json_put_bool(j, "wilcoxon_exact", c->wilcoxon.exact);
    mf_json_put_num(j, "rank_biserial", c->wilcoxon.effect);
    mf_json_close(j, '}');
    mf_json_open(j, "people", '{');
    mf_json_put_int(j, "n", (int64_t)c->subjects);
    mf_json_put_num(j, "difference", c->people.mean);
    put_pair(j, "bootstrap_interval95", c->people.lo, c->people.hi);
    mf_json_put_num(j, "bootstrap_p", c->people.p);
    mf_json_close(j, '}');
    mf_json_open(j, "mcnemar", '{');
    mf_json_put_int(j, "only_a_right", (int64_t)c->only_a);
    mf_json_put_int(j, "only_b_right", (int64_t)c->only_b);
    mf_json_put_num(j, "p", c->mcnemar);
    mf_json_put_num(j, "odds_ratio", c->odds);
    mf_json_close(j, '}');
    mf_json_close(j, '}');
    mf_str_free(&s);
}

/* A string for each line of `text`. */
static void
put_lines(mf_json_out *j, const char *key, const char *text)
{
    mf_json_open(j, key, '[');
    while (*text != '\0') {
        const char *end  = strchr(text, '\n');
        size_t      n    = end != NULL ? (size_t)(end - text) : strlen(text);
        mf_str      line = {0};

        mf_str_addn(&line, text, n);
        mf_json_put_str(j, NULL, mf_str_c(&line));
        mf_str_free(&line);
        text += n + (end != NULL);
    }
    mf_json_close(j, ']');
}

static void
put_runs(mf_json_out *j, const mf_predictions *p)
{
    mf_json_open(j, "runs", '[');
    for (int i = 0; i < p->n_runs; i++) {
        const mf_pred_run *r = &p->run[i];

        mf_json_open(j, NULL, '{');
        mf_json_put_str(j, "path", r->path);
        mf_json_put_str(j, "dataset", r->dataset);
        mf_json_put_int(j, "folds", r->folds);
        mf_json_put_int(j, "methods", r->methods);
        mf_json_close(j, '}');
    }
    mf_json_close(j, ']');
    mf_json_open(j, "classes", '[');
    for (int c = 0; c < p->n_classes; c++) {
        mf_json_put_str(j, NULL, p->classes[c]);
    }
    mf_json_close(j, ']');
}

mf_status
mf_json_compare(mf_str *out, const mf_predictions *p, const mf_comparisons *c, mf_err *err)
{
    mf_json_out j        = mf_json_begin(out, 2);
    mf_str      warnings = {0};
    size_t      n;
    mf_status   st;

    if ((st = mf_protocol_warnings(&warnings, &n, p, err)) < 0) {
        mf_str_free(&warnings);
        return st;
    }
    mf_json_open(&j, NULL, '{');
    put_runs(&j, p);
    mf_json_open(&j, "methods", '[');
    for (int i = 0; i < p->n_methods && st == MF_OK; i++) {
        mf_json_open(&j, NULL, '{');
        mf_json_put_str(&j, "name", p->methods[i]);
        if ((st = put_over_folds(&j, p, i, err)) == MF_OK) {
            st = mf_json_method(&j, p, i, err);
        }
        mf_json_close(&j, '}');
    }
    mf_json_close(&j, ']');
    mf_json_open(&j, "comparisons", '[');
    for (size_t i = 0; i < c->n; i++) {
        put_comparison(&j, &c->c[i], p);
    }
    mf_json_close(&j, ']');
    put_lines(&j, "notes", mf_str_c(&c->notes));
    put_lines(&j, "warnings", mf_str_c(&warnings));
    mf_json_close(&j, '}');
    mf_str_addc(out, '\n');
    mf_str_free(&warnings);
    return st < 0 ? st : mf_str_ok(out, err);
}
