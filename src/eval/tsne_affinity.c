/* eval/tsne_affinity.c: owns the affinities of points: calibration to the perplexity, and the symmetric sparse matrix. */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "core/mem.h"
#include "core/thread.h"
#include "eval/tsne_i.h"

enum { TRIES = 200 };

void
mf_affinity_free(mf_affinity *a)
{
    mf_free(a->row);
    mf_free(a->col);
    mf_free(a->p);
    *a = (mf_affinity){0};
}

/* H(beta) = log sum exp(-beta d) + beta <d> falls with beta, its slope is -beta var(d): Newton's step on log beta where that stays
 * within the bracket known so far, bisection where it does not. */
double
mf_affinity_calibrate(double *p, const float *dist2, size_t k, double perplexity)
{
    const double want = log(perplexity), least = (double)dist2[0]; /* nearest first */
    double       lo = 0, hi = INFINITY, beta = 0, sum = 0;
    double       mean = 0;

    for (size_t j = 0; j < k; j++) {
        mean += (double)dist2[j] - least;
    }
    if (!(mean > 0)) { /* all are equally near */
        for (size_t j = 0; j < k; j++) {
            p[j] = 1.0 / (double)k;
        }
        return 0;
    }
    beta = (double)k / mean;
    for (int i = 0; i < TRIES; i++) {
        double m1 = 0, m2 = 0, off, slope, next;

        sum = 0;
        for (size_t j = 0; j < k; j++) {
            double d = (double)dist2[j] - least;

            p[j] = exp(-beta * d);
            sum += p[j];
            m1 += p[j] * d;
            m2 += p[j] * d * d;
        }
        m1 /= sum;
        m2    = m2 / sum - m1 * m1;
        off   = log(sum) + beta * m1 - want;
        slope = -beta * beta * m2; /* dH / d log beta */
        if (fabs(off) <= 1e-6 * (want > 1 ? want : 1)) {
            break;
        }
        if (off > 0) {
            lo = beta;
        } else {
            hi = beta;
        }
        next = slope < 0 ? beta * exp(-off / slope) : 0;
        if (!(next > lo && next < hi) || i > 20) {
            next = isinf(hi) ? beta * 2 : (lo + hi) / 2;
        }
        if (next == beta || !(next < 1e300)) {
            break;
        }
        beta = next;
    }
    for (size_t j = 0; j < k; j++) {
        p[j] /= sum;
    }
    return beta;
}

typedef struct cond {
    const mf_knn *g;
    double        perplexity;
    float        *p;      /* [n, k] conditional */
    double       *scratch; /* [threads, k] */
} cond;

static void
calibrate_rows(void *arg, size_t begin, size_t end, int thread)
{
    cond   *c = arg;
    size_t  k = c->g->k;
    double *p = c->scratch + (size_t)thread * k;

    for (size_t i = begin; i < end; i++) {
        mf_affinity_calibrate(p, c->g->dist2 + i * k, k, c->perplexity);
        for (size_t j = 0; j < k; j++) {
            c->p[i * k + j] = (float)p[j];
        }
    }
}

/* A sparse matrix by rows. */
typedef struct lists {
    size_t   *at; /* [n + 1] */
    uint32_t *col;
    float    *p;
} lists;

static void
lists_free(lists *l)
{
    mf_free(l->at);
    mf_free(l->col);
    mf_free(l->p);
}

/* The transposed matrix; its rows are sorted by column, because the rows of `from` are visited in order. */
static mf_status
transpose(lists *to, const lists *from, size_t n, mf_err *err)
{
    const size_t cells = from->at[n];
    size_t      *fill  = mf_calloc(n + 1, sizeof *fill);

    to->at  = mf_calloc(n + 1, sizeof *to->at);
    to->col = mf_calloc(cells, sizeof *to->col);
    to->p   = mf_calloc(cells, sizeof *to->p);
    if (fill == NULL || to->at == NULL || to->col == NULL || to->p == NULL) {
        mf_free(fill);
        return mf_oom(err, cells * (sizeof *to->col + sizeof *to->p), "affinities");
    }
    for (size_t e = 0; e < cells; e++) {
        to->at[from->col[e] + 1]++;
    }
    for (size_t i = 0; i < n; i++) {
        to->at[i + 1] += to->at[i];
    }
    memcpy(fill, to->at, n * sizeof *fill);
    for (size_t i = 0; i < n; i++) {
        for (size_t e = from->at[i]; e < from->at[i + 1]; e++) {
            size_t at = fill[from->col[e]]++;

            to->col[at] = (uint32_t)i;
            to->p[at]   = from->p[e];
        }
    }
    mf_free(fill);
    return MF_OK;
}

/* Row i of a + b: its length; col and p, unless NULL, take it. */
static size_t
add_rows(const lists *a, const lists *b, size_t i, uint32_t *col, float *p)
{
    size_t x = a->at[i], y = b->at[i], m = 0;

    while (x < a->at[i + 1] || y < b->at[i + 1]) {
        bool     left  = y >= b->at[i + 1] || (x < a->at[i + 1] && a->col[x] <= b->col[y]);
        bool     right = x >= a->at[i + 1] || (y < b->at[i + 1] && b->col[y] <= a->col[x]);
        uint32_t c     = left ? a->col[x] : b->col[y];

        if (col != NULL) {
            col[m] = c;
            p[m]   = (left ? a->p[x] : 0.0f) + (right ? b->p[y] : 0.0f);
        }
        x += left;
        y += right;
        m++;
    }
    return m;
}

/* Both directions of an edge are the sum of the same two numbers: the result is symmetric to the last bit. */
static mf_status
symmetrise(mf_affinity *a, const lists *fwd, const lists *bwd, size_t n, mf_err *err)
{
    a->n = n;
    if ((a->row = mf_calloc(n + 1, sizeof *a->row)) == NULL) {
        return mf_oom(err, n * sizeof *a->row, "affinities");
    }
    for (size_t i = 0; i < n; i++) {
        a->row[i + 1] = a->row[i] + (add_rows(fwd, bwd, i, NULL, NULL) + MF_TSNE_ROW - 1) / MF_TSNE_ROW * MF_TSNE_ROW;
    }
    a->col = mf_calloc(a->row[n], sizeof *a->col);
    a->p   = mf_calloc(a->row[n], sizeof *a->p);
    if (a->col == NULL || a->p == NULL) {
        return mf_oom(err, a->row[n] * (sizeof *a->col + sizeof *a->p), "affinities");
    }
    for (size_t i = 0; i < n; i++) {
        uint32_t *col = a->col + a->row[i];
        float    *p   = a->p + a->row[i];
        size_t    m   = add_rows(fwd, bwd, i, col, p);

        for (size_t e = 0; e < m; e++) {
            double v = (double)p[e] / (2.0 * (double)n);

            p[e] = (float)v;
            a->plogp += v > 0 ? v * log(v) : 0;
        }
        for (size_t e = m; e < a->row[i + 1] - a->row[i]; e++) {
            col[e] = (uint32_t)i;
        }
    }
    return MF_OK;
}

mf_status
mf_affinity_build(mf_affinity *out, const mf_knn *g, double perplexity, mf_err *err)
{
    const size_t n = g->n, k = g->k;
    cond         c = {.g = g, .perplexity = perplexity};
    lists        graph = {0}, fwd = {0}, bwd = {0};
    mf_affinity  a = {0};
    mf_status    st;

    *out      = (mf_affinity){0};
    c.scratch = mf_calloc((size_t)mf_threads_get() * k, sizeof *c.scratch);
    c.p       = mf_calloc(n * k, sizeof *c.p);
    graph.at  = mf_calloc(n + 1, sizeof *graph.at);
    if (c.scratch == NULL || c.p == NULL || graph.at == NULL) {
        st = mf_oom(err, n * k * sizeof *c.p, "affinities");
        goto done;
    }
    mf_parallel_for(n, 64, calibrate_rows, &c);
    for (size_t i = 0; i <= n; i++) {
        graph.at[i] = i * k;
    }
    graph.col = g->index; /* lent */
    graph.p   = c.p;
    if ((st = transpose(&bwd, &graph, n, err)) < 0 || (st = transpose(&fwd, &bwd, n, err)) < 0 ||
        (st = symmetrise(&a, &fwd, &bwd, n, err)) < 0) {
        goto done;
    }
    *out = a;
    a    = (mf_affinity){0};
done:
    mf_free(c.scratch);
    mf_free(c.p);
    mf_free(graph.at);
    lists_free(&fwd);
    lists_free(&bwd);
    mf_affinity_free(&a);
    return st;
}
