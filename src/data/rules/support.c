/* data/rules/support.c: shares, and the loop of the EM rules. */
#include "data/rules/support.h"

#include <math.h>
#include <string.h>
#include "core/mem.h"

static const double FLOOR = 1e-10;

int
mf_rule_top(const mf_adjudication *a, size_t row)
{
    const uint32_t *n   = a->count + row * (size_t)a->n_classes;
    int             top = a->d->rows[row].label, k;

    for (k = 0; k < a->n_classes; k++)
        if (n[k] > n[top])
            top = k;
    return top;
}

void
mf_rule_shares(mf_adjudication *a)
{
    size_t i, K = (size_t)a->n_classes, k;

    for (i = 0; i < a->n_rows; i++)
        if (a->named[i])
            for (k = 0; k < K; k++)
                a->soft[i * K + k] = (double)a->count[i * K + k] / a->named[i];
}

double
mf_em_normalise(double *p, int n)
{
    double top = p[0], sum = 0;
    int    k;

    for (k = 1; k < n; k++)
        top = p[k] > top ? p[k] : top;
    for (k = 0; k < n; k++)
        sum += p[k] = exp(p[k] - top);
    for (k = 0; k < n; k++)
        p[k] /= sum;
    return top + log(sum);
}

/* Share of each class among the pictures with a vote. */
static void
class_shares(double *prior, const mf_adjudication *a)
{
    size_t i, K = (size_t)a->n_classes, k, n = 0;

    memset(prior, 0, K * sizeof *prior);
    for (i = 0; i < a->n_rows; i++) {
        if (!a->named[i])
            continue;
        n++;
        for (k = 0; k < K; k++)
            prior[k] += a->soft[i * K + k];
    }
    for (k = 0; k < K; k++)
        prior[k] = n && prior[k] / (double)n > FLOOR ? prior[k] / (double)n : FLOOR;
}

/* Beliefs from the classes' shares and log p; returns the log-likelihood of all votes. */
static double
expect(mf_adjudication *a, const double *prior, const double *log_p)
{
    size_t K = (size_t)a->n_classes, i, j, k;
    double all = 0;

    for (i = 0; i < a->n_rows; i++) {
        double *b = a->soft + i * K;

        if (!a->named[i])
            continue;
        for (k = 0; k < K; k++)
            b[k] = log(prior[k]);
        for (j = a->v->begin[i]; j < a->v->begin[i + 1]; j++) {
            const mf_vote *one = &a->v->vote[j];
            const double  *p;

            if (one->label < 0)
                continue;
            p = log_p + ((size_t)one->annotator * K + (size_t)one->label) * K;
            for (k = 0; k < K; k++)
                b[k] += p[k];
        }
        all += mf_em_normalise(b, a->n_classes);
    }
    return all;
}

mf_status
mf_em_run(mf_adjudication *a, const mf_em_cfg *o, mf_em_fit *fit, mf_err *err)
{
    size_t  K = (size_t)a->n_classes, cells = (size_t)a->n_annotators * K * K, i, k, votes = 0;
    double *p = mf_calloc(cells, sizeof *p), *log_p = mf_calloc(cells, sizeof *log_p), prior[MF_CLASSES_MAX];
    double  before = -INFINITY;

    a->confusion = mf_calloc(cells, sizeof *a->confusion);
    if (!p || !log_p || !a->confusion) {
        mf_free(p);
        mf_free(log_p);
        return mf_oom(err, cells * sizeof *p, "annotators' confusions");
    }
    for (i = 0; i < a->n_rows; i++)
        votes += a->named[i];
    mf_rule_shares(a);
    class_shares(prior, a);
    fit(p, a);
    for (a->iterations = 0; votes && a->iterations < o->iterations;) {
        double now;

        for (i = 0; i < cells; i++)
            log_p[i] = p[i] > 0 ? log(p[i]) : log(FLOOR);
        now = expect(a, prior, log_p) / (double)votes;
        class_shares(prior, a);
        fit(p, a);
        a->iterations++;
        if (o->tolerance > 0 && now - before < o->tolerance)
            break;
        before = now;
    }
    for (i = 0; i < (size_t)a->n_annotators; i++) /* [voted, true] -> [true, voted] */
        for (k = 0; k < K * K; k++)
            a->confusion[i * K * K + k % K * K + k / K] = p[i * K * K + k];
    mf_free(p);
    mf_free(log_p);
    return MF_OK;
}

mf_status
mf_em_decide(mf_adjudication *a, double least, mf_err *err)
{
    mf_status st  = MF_OK;
    mf_str    why = {0};
    size_t    i;
    int       k;

    for (i = 0; st == MF_OK && i < a->n_rows; i++) {
        const double *b   = a->soft + i * (size_t)a->n_classes;
        int           top = a->d->rows[i].label; /* beliefs that differ by rounding alone leave the label as it is */

        if (a->reason[i])
            continue;
        for (k = 0; k < a->n_classes; k++)
            if (b[k] > b[top] + 1e-12)
                top = k;
        mf_str_clear(&why);
        mf_adjudication_tell(&why, a, i);
        mf_str_printf(&why, ": %s with probability %.4f", a->d->classes[top], b[top]);
        if (b[top] < least)
            mf_str_printf(&why, ", less than %g", least);
        st = mf_adjudication_decide(a, i, b[top] < least ? -1 : top, &why, err);
    }
    mf_str_free(&why);
    return st;
}
