/* data/agreement.c: chance-corrected agreement of any number of annotators with votes missing. */
#include "data/agreement.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/mem.h"

void
mf_agreement_free(mf_agreement *g)
{
    mf_free(g->cls);
    mf_free(g->annotator);
    mf_free(g->confusion);
    mf_free(g->pair);
    *g = (mf_agreement){0};
}

static double
ratio(double a, double b)
{
    return b != 0 ? a / b : (double)NAN;
}

/* ---- all annotators together ---- */

/* n(n-1), the ordered pairs among n. */
static double
pairs(double n)
{
    return n * (n - 1);
}

static void
overall(mf_agreement *g, const mf_adjudication *a)
{
    size_t K = (size_t)a->n_classes, i, k;
    double p_bar = 0, pairable = 0, disagree = 0, expected = 0, chance = 0, votes = 0, with_label = 0;
    double share[MF_CLASSES_MAX] = {0}, total[MF_CLASSES_MAX] = {0}; /* share: mean over pictures; total: pairable votes */
    double every[MF_CLASSES_MAX] = {0}, same[MF_CLASSES_MAX] = {0}, any[MF_CLASSES_MAX] = {0}, apart[MF_CLASSES_MAX] = {0};

    for (i = 0; i < a->n_rows; i++) {
        const uint32_t *n   = a->count + i * K;
        double          all = a->named[i], alike = 0;

        votes += all;
        with_label += n[a->d->rows[i].label];
        for (k = 0; k < K; k++)
            every[k] += n[k];
        if (a->named[i] < 2)
            continue;
        g->pictures++;
        for (k = 0; k < K; k++) {
            alike += pairs(n[k]);
            share[k] += n[k] / all;
            total[k] += n[k];
            same[k] += pairs(n[k]);
            any[k] += n[k] * (all - 1);
            apart[k] += n[k] * (all - n[k]) / pairs(all);
        }
        g->unanimous += alike == pairs(all);
        p_bar += alike / pairs(all);
        disagree += (pairs(all) - alike) / (all - 1); /* off the diagonal of the coincidence matrix */
        pairable += all;
    }
    g->votes      = (size_t)votes;
    g->percent    = ratio(p_bar, (double)g->pictures);
    g->with_label = ratio(with_label, votes);
    for (k = 0; k < K; k++) {
        share[k] = ratio(share[k], (double)g->pictures);
        chance += share[k] * share[k];
        expected += total[k] * (pairable - total[k]);
    }
    g->fleiss       = ratio(g->percent - chance, 1 - chance);
    g->krippendorff = 1 - ratio(disagree / pairable, expected / pairs(pairable));
    for (k = 0; k < K; k++) {
        g->cls[k].share    = ratio(every[k], votes);
        g->cls[k].specific = ratio(same[k], any[k]);
        /* Disagreements about k, each pair of votes counted from the side that says k, against chance. */
        g->cls[k].kappa = 1 - ratio(apart[k] / (double)g->pictures, share[k] * (1 - share[k]));
    }
}

/* ---- each annotator ---- */

/* Cohen's kappa of a table [K, K]. */
static double
cohen(const uint32_t *t, size_t K)
{
    double all = 0, alike = 0, chance = 0;
    size_t i, k;

    for (i = 0; i < K * K; i++)
        all += t[i];
    for (i = 0; i < K; i++) {
        double row = 0, col = 0;

        alike += t[i * K + i];
        for (k = 0; k < K; k++) {
            row += t[i * K + k];
            col += t[k * K + i];
        }
        chance += row * col;
    }
    return ratio(alike * all - chance, all * all - chance);
}

static double
balanced(const uint32_t *t, size_t K)
{
    double sum = 0, classes = 0;
    size_t i, k;

    for (i = 0; i < K; i++) {
        double row = 0;

        for (k = 0; k < K; k++)
            row += t[i * K + k];
        if (row > 0) {
            sum += t[i * K + i] / row;
            classes++;
        }
    }
    return ratio(sum, classes);
}

static mf_status
annotators(mf_agreement *g, const mf_adjudication *a, mf_err *err)
{
    size_t  K = (size_t)a->n_classes, A = (size_t)a->n_annotators, i;
    double *mates = mf_calloc(A, sizeof *mates); /* pictures on which others voted too */

    if (!mates)
        return mf_oom(err, A * sizeof *mates, "annotators");
    for (i = 0; i < a->v->n; i++) {
        const mf_vote          *one = &a->v->vote[i];
        mf_agreement_annotator *who = &g->annotator[one->annotator];
        const uint32_t         *n   = a->count + one->row * K;
        uint32_t                all = a->named[one->row];

        who->judged++;
        if (one->label < 0)
            continue;
        who->named++;
        who->with_label += one->label == a->d->rows[one->row].label;
        if (all > 1) {
            who->with_others += (double)(n[one->label] - 1) / (all - 1);
            mates[one->annotator]++;
        }
        if (a->label[one->row] >= 0) {
            who->decided++;
            who->with_decision += one->label == a->label[one->row];
            g->confusion[((size_t)one->annotator * K + (size_t)a->label[one->row]) * K + (size_t)one->label]++;
        }
    }
    for (i = 0; i < A; i++) {
        mf_agreement_annotator *who = &g->annotator[i];

        who->with_label     = ratio(who->with_label, (double)who->named);
        who->with_others    = ratio(who->with_others, mates[i]);
        who->with_decision  = ratio(who->with_decision, (double)who->decided);
        who->kappa_decision = cohen(g->confusion + i * K * K, K);
        who->balanced       = balanced(g->confusion + i * K * K, K);
    }
    mf_free(mates);
    return MF_OK;
}

/* ---- each two annotators ---- */

static mf_status
two_by_two(mf_agreement *g, const mf_adjudication *a, mf_err *err)
{
    size_t    K = (size_t)a->n_classes, A = (size_t)a->n_annotators, i, j, row, x, y;
    uint32_t *table = NULL;
    uint8_t  *said  = NULL; /* [annotators, rows] class + 1; 0: no vote */
    mf_status st    = MF_OK;

    if (A > MF_AGREEMENT_MAX_PAIRED)
        return MF_OK;
    table   = mf_calloc(K * K, sizeof *table);
    said    = mf_calloc(A, a->n_rows);
    g->pair = mf_calloc(A * A / 2 + 1, sizeof *g->pair);
    if (!table || !said || !g->pair) {
        st = mf_oom(err, A * a->n_rows, "votes of each two annotators");
        goto done;
    }
    for (i = 0; i < a->v->n; i++)
        said[a->v->vote[i].annotator * a->n_rows + a->v->vote[i].row] = (uint8_t)(a->v->vote[i].label + 1);
    for (i = 0; i < A; i++)
        for (j = i + 1; j < A; j++) {
            mf_agreement_pair p     = {.a = (int)i, .b = (int)j};
            const uint8_t    *u     = said + i * a->n_rows, *w = said + j * a->n_rows;
            size_t            alike = 0;

            memset(table, 0, K * K * sizeof *table);
            for (row = 0; row < a->n_rows; row++)
                if ((x = u[row]) && (y = w[row])) {
                    p.shared++;
                    alike += x == y;
                    table[(x - 1) * K + y - 1]++;
                }
            if (!p.shared)
                continue;
            p.agree                = (double)alike / (double)p.shared;
            p.kappa                = cohen(table, K);
            g->pair[g->n_pairs++] = p;
        }
done:
    mf_free(table);
    mf_free(said);
    return st;
}

mf_status
mf_agreement_make(mf_agreement *g, const mf_adjudication *a, mf_err *err)
{
    size_t    K = (size_t)a->n_classes, A = (size_t)a->n_annotators;
    mf_status st;

    *g           = (mf_agreement){.n_classes = a->n_classes, .n_annotators = a->n_annotators};
    g->cls       = mf_calloc(K, sizeof *g->cls);
    g->annotator = mf_calloc(A, sizeof *g->annotator);
    g->confusion = mf_calloc(A, K * K * sizeof *g->confusion);
    if (!g->cls || !g->annotator || !g->confusion) {
        st = mf_oom(err, A * K * K * sizeof *g->confusion, "figures of agreement");
        goto done;
    }
    overall(g, a);
    if ((st = annotators(g, a, err)) == MF_OK)
        st = two_by_two(g, a, err);
done:
    if (st < 0)
        mf_agreement_free(g);
    return st;
}

/* ---- a second look ---- */

typedef struct doubt {
    double d;
    size_t row;
} doubt;

static int
by_doubt(const void *a, const void *b)
{
    const doubt *x = a, *y = b;

    if (x->d != y->d)
        return x->d > y->d ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

mf_status
mf_agreement_doubtful(size_t **rows, size_t *n, const mf_adjudication *a, size_t most, mf_err *err)
{
    doubt *all = mf_calloc(a->n_rows, sizeof *all);
    size_t i;

    *rows = NULL;
    *n    = 0;
    if (!all)
        return mf_oom(err, a->n_rows * sizeof *all, "doubtful pictures");
    for (i = 0; i < a->n_rows; i++)
        if ((all[*n].d = mf_adjudication_doubt(a, i)) > 1e-9)
            all[(*n)++].row = i;
    qsort(all, *n, sizeof *all, by_doubt);
    *n = *n < most ? *n : most;
    if (!(*rows = mf_calloc(*n, sizeof **rows))) {
        mf_free(all);
        return mf_oom(err, *n * sizeof **rows, "doubtful pictures");
    }
    for (i = 0; i < *n; i++)
        (*rows)[i] = all[i].row;
    mf_free(all);
    return MF_OK;
}
