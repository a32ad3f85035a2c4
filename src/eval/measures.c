/* eval/measures.c: the full figures of a list of answers. Definitions follow scikit-learn's, so that tables can be checked
 * against it; where that would put 0 for something undefined, there is NaN here. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "eval/metrics.h"
#include "eval/paired.h"

static double
share(double part, double whole)
{
    return whole > 0.0 ? part / whole : (double)NAN;
}

/* ---- counts ----------------------------------------------------------------------------------------------- */

static void
count(mf_measures *m, const mf_answers *a)
{
    m->n = a->n;
    for (size_t i = 0; i < a->n; i++) {
        const int label = a->label[i], answer = a->answer[i];

        MF_ASSERT(label >= 0 && label < a->classes && answer < a->classes);
        m->of[label].support++;
        if (answer < 0) {
            m->unread++;
        } else {
            m->confusion[label][answer]++;
            m->correct += label == answer;
        }
    }
}

static void
rates(mf_measures *m)
{
    double recalls = 0.0, f1s = 0.0, weighted = 0.0;
    int    with_recall = 0, with_f1 = 0;

    for (int c = 0; c < m->classes; c++) {
        mf_class_measures *k      = &m->of[c];
        const double       hit    = (double)m->confusion[c][c], row = (double)k->support;
        double             column = 0.0;

        for (int r = 0; r < m->classes; r++) {
            column += (double)m->confusion[r][c];
            m->share[c][r] = share((double)m->confusion[c][r], row);
        }
        k->recall    = share(hit, row);
        k->precision = share(hit, column);
        k->f1        = share(2.0 * hit, row + column);
        if (row > 0.0) {
            recalls += k->recall;
            with_recall++;
        } else {
            m->absent++;
        }
        if (row + column > 0.0) {
            f1s += k->f1;
            with_f1++;
            weighted += row * k->f1;
        }
    }
    m->accuracy    = share((double)m->correct, (double)m->n);
    m->balanced    = share(recalls, with_recall);
    m->macro_f1    = share(f1s, with_f1);
    m->weighted_f1 = share(weighted, (double)m->n);
    mf_wilson(&m->accuracy_lo, &m->accuracy_hi, m->correct, m->n);
}

/* ---- probabilities ---------------------------------------------------------------------------------------- */

static void
losses(mf_measures *m, const mf_answers *a)
{
    const double read = (double)(m->n - m->unread);
    double       log_loss = 0.0, brier = 0.0;
    size_t       near = 0;

    for (size_t i = 0; i < a->n; i++) {
        const double *p     = a->prob + i * (size_t)a->classes;
        const int     label = a->label[i];
        int           above = 0;

        if (a->answer[i] < 0) {
            continue;
        }
        for (int c = 0; c < a->classes; c++) {
            const double gap = p[c] - (c == label ? 1.0 : 0.0);

            brier += gap * gap;
            above += p[c] > p[label] || (p[c] == p[label] && c < label);
        }
        near += above < 2;
        log_loss -= log(p[label] > MF_LOG_LOSS_FLOOR ? p[label] : MF_LOG_LOSS_FLOOR);
    }
    m->top2     = share((double)near, (double)m->n); /* what was not read is not near either */
    m->log_loss = share(log_loss, read);
    m->brier    = share(brier, read);
}

typedef struct scored {
    double p;
    bool   positive;
} scored;

static int
by_p_falling(const void *va, const void *vb)
{
    const scored *a = va, *b = vb;

    return a->p > b->p ? -1 : a->p < b->p;
}

/* Areas of one class against the rest: s[0..n-1] sorted by falling p, `positives` of them positive. Equal probabilities are
 * one threshold: half a win in the ROC area, one step in the average precision. */
static void
areas(mf_class_measures *k, const scored *s, size_t n, size_t positives)
{
    const double pos = (double)positives, neg = (double)(n - positives);
    double       wins = 0.0, precision = 0.0, hits = 0.0, misses = 0.0;

    for (size_t i = 0; i < n;) {
        double   hit = 0.0, miss = 0.0;
        size_t   next = i;

        for (; next < n && s[next].p == s[i].p; next++) {
            hit += s[next].positive;
            miss += !s[next].positive;
        }
        wins += miss * (hits + hit / 2.0);
        hits += hit;
        misses += miss;
        precision += hit * hits / (hits + misses);
        i = next;
    }
    k->roc_auc = pos > 0.0 && neg > 0.0 ? wins / (pos * neg) : (double)NAN;
    k->pr_auc  = share(precision, pos);
}

static mf_status
curves(mf_measures *m, const mf_answers *a, mf_err *err)
{
    scored *s     = mf_calloc(a->n, sizeof *s);
    double  roc   = 0.0, pr = 0.0;
    int     n_roc = 0, n_pr = 0;

    if (s == NULL) {
        return mf_oom(err, a->n * sizeof *s, "figures");
    }
    for (int c = 0; c < a->classes; c++) {
        size_t n = 0, positives = 0;

        for (size_t i = 0; i < a->n; i++) {
            if (a->answer[i] >= 0) {
                s[n++] = (scored){a->prob[i * (size_t)a->classes + (size_t)c], a->label[i] == c};
                positives += a->label[i] == c;
            }
        }
        qsort(s, n, sizeof *s, by_p_falling);
        areas(&m->of[c], s, n, positives);
        if (!isnan(m->of[c].roc_auc)) {
            roc += m->of[c].roc_auc;
            n_roc++;
        }
        if (!isnan(m->of[c].pr_auc)) {
            pr += m->of[c].pr_auc;
            n_pr++;
        }
    }
    m->roc_auc = share(roc, n_roc);
    m->pr_auc  = share(pr, n_pr);
    mf_free(s);
    return MF_OK;
}

mf_status
mf_measures_make(mf_measures *m, const mf_answers *a, mf_err *err)
{
    mf_calibration c;

    MF_ASSERT(a->classes > 0 && a->classes <= MF_CLASSES_MAX);
    memset(m, 0, sizeof *m);
    m->classes = a->classes;
    count(m, a);
    rates(m);
    losses(m, a);
    mf_calibration_make(&c, a);
    m->ece = c.ece;
    return curves(m, a, err);
}
