/* eval/embedding_quality.c: owns the pass over rows of distances from which all measures come. */
#include "eval/embedding_quality.h"

#include <math.h>
#include <stdbool.h>

#include "core/mem.h"
#include "core/rng.h"
#include "core/thread.h"
#include "eval/knn_i.h"

enum { ROWS_MAX = 5000 };

mf_quality_opts
mf_quality_opts_default(void)
{
    return (mf_quality_opts){.neighbors = 5, .rows_max = ROWS_MAX};
}

/* What one row says. */
typedef struct row_says {
    double far;                /* how much its map neighbours' ranks exceed the number of neighbours */
    double silhouette[2];
    bool   right[2];
} row_says;

typedef struct pass {
    const mf_knn_loops *f;
    const float        *x, *y;
    size_t              n, d, k;
    const int          *label;
    size_t             *count;   /* [classes] points of each class */
    size_t              classes;
    const uint32_t     *row;     /* which points are looked at */
    row_says           *says;
    double             *dist;    /* [threads, 2, n] */
    double             *sum;     /* [threads, classes] */
    uint32_t           *near;    /* [threads, k] */
} pass;

/* The k least of dist[], i left out, in order; the lower index first among equals. */
static void
nearest(uint32_t *near, size_t k, const double *dist, size_t n, size_t i)
{
    size_t have = 0;

    for (size_t j = 0; j < n; j++) {
        size_t at;

        if (j == i || (have == k && !(dist[j] < dist[near[k - 1]]))) {
            continue;
        }
        at = have < k ? have++ : k - 1;
        for (; at > 0 && dist[near[at - 1]] > dist[j]; at--) {
            near[at] = near[at - 1];
        }
        near[at] = (uint32_t)j;
    }
}

static double
silhouette(const pass *p, const double *dist, double *sum, size_t i)
{
    const size_t own = (size_t)p->label[i];
    double       a, b = INFINITY;

    if (p->count[own] < 2) {
        return 0;
    }
    for (size_t c = 0; c < p->classes; c++) {
        sum[c] = 0;
    }
    for (size_t j = 0; j < p->n; j++) {
        sum[p->label[j]] += sqrt(dist[j]);
    }
    a = sum[own] / (double)(p->count[own] - 1);
    for (size_t c = 0; c < p->classes; c++) {
        if (c != own && p->count[c] != 0) {
            b = fmin(b, sum[c] / (double)p->count[c]);
        }
    }
    return a == b ? 0 : (b - a) / fmax(a, b);
}

static bool
vote(const pass *p, const uint32_t *near, double *votes, size_t i)
{
    size_t best = 0;

    for (size_t c = 0; c < p->classes; c++) {
        votes[c] = 0;
    }
    for (size_t j = 0; j < p->k; j++) {
        votes[p->label[near[j]]] += 1;
    }
    for (size_t c = 1; c < p->classes; c++) {
        best = votes[c] > votes[best] ? c : best;
    }
    return best == (size_t)p->label[i];
}

static double
too_far(const pass *p, const double *dist, const uint32_t *near, size_t i)
{
    double sum = 0;

    for (size_t e = 0; e < p->k; e++) {
        const size_t j    = near[e];
        size_t       rank = 1;

        for (size_t l = 0; l < p->n; l++) {
            rank += l != i && (dist[l] < dist[j] || (dist[l] == dist[j] && l < j));
        }
        sum += rank > p->k ? (double)(rank - p->k) : 0;
    }
    return sum;
}

static void
look(void *arg, size_t begin, size_t end, int thread)
{
    pass     *p    = arg;
    double   *dx = p->dist + (size_t)thread * 2 * p->n, *dy = dx + p->n, *sum = p->sum + (size_t)thread * p->classes;
    uint32_t *near = p->near + (size_t)thread * p->k;

    for (size_t r = begin; r < end; r++) {
        const size_t i = p->row[r];
        row_says    *s = &p->says[r];

        p->f->dist2_f64(dx, p->x + i * p->d, p->x, p->n, p->d);
        if (p->label != NULL) {
            nearest(near, p->k, dx, p->n, i);
            s->right[0]      = vote(p, near, sum, i);
            s->silhouette[0] = silhouette(p, dx, sum, i);
        }
        if (p->y == NULL) {
            continue;
        }
        p->f->dist2_f64(dy, p->y + 2 * i, p->y, p->n, 2);
        nearest(near, p->k, dy, p->n, i);
        s->far = too_far(p, dx, near, i);
        if (p->label != NULL) {
            s->right[1]      = vote(p, near, sum, i);
            s->silhouette[1] = silhouette(p, dy, sum, i);
        }
    }
}

/* All points, or rows_max drawn ones. */
static mf_status
choose_rows(uint32_t **row, size_t *rows, size_t n, const mf_quality_opts *o, mf_err *err)
{
    mf_rng rng = mf_rng_make(o->seed, 0, 1, MF_RNG_EVAL);

    if ((*row = mf_calloc(n, sizeof **row)) == NULL) {
        return mf_oom(err, n * sizeof **row, "points to look at");
    }
    for (size_t i = 0; i < n; i++) {
        (*row)[i] = (uint32_t)i;
    }
    *rows = n;
    if (o->rows_max != 0 && n > o->rows_max) {
        mf_rng_shuffle(&rng, *row, n);
        *rows = o->rows_max;
    }
    return MF_OK;
}

static void
sum_up(mf_quality *q, const pass *p)
{
    const double n = (double)p->n, k = (double)p->k, rows = (double)q->rows;
    double       far = 0, sil[2] = {0, 0}, right[2] = {0, 0};
    size_t       present = 0;

    for (size_t r = 0; r < q->rows; r++) {
        far += p->says[r].far;
        for (int m = 0; m < 2; m++) {
            sil[m] += p->says[r].silhouette[m];
            right[m] += p->says[r].right[m];
        }
    }
    for (size_t c = 0; c < p->classes; c++) {
        present += p->count[c] != 0;
    }
    if (p->y != NULL && 2 * p->k < p->n) {
        q->trustworthiness = 1 - far * 2 / (rows * k * (2 * n - 3 * k - 1));
    }
    if (p->label == NULL) {
        return;
    }
    q->x_knn = right[0] / rows;
    q->y_knn = p->y != NULL ? right[1] / rows : NAN;
    if (present >= 2 && present < p->n) {
        q->x_silhouette = sil[0] / rows;
        q->y_silhouette = p->y != NULL ? sil[1] / rows : NAN;
    }
}

mf_status
mf_quality_make(mf_quality *out, const float *x, size_t n, size_t d, const float *y, const int *label, int classes,
                const mf_quality_opts *o, mf_err *err)
{
    const size_t threads = (size_t)mf_threads_get();
    pass         p   = {.f = mf_knn_loops_get(), .x = x, .y = y, .n = n, .d = d, .label = label, .classes = label != NULL ? (size_t)classes : 0};
    uint32_t    *row = NULL;
    mf_status    st  = MF_OK;

    *out = (mf_quality){n, 0, NAN, NAN, NAN, NAN, NAN};
    if (o->neighbors < 1) {
        return mf_fail(err, MF_E_ARG, "measures of an embedding need at least one neighbour");
    }
    for (size_t i = 0; i < n && label != NULL; i++) {
        if (label[i] < 0 || label[i] >= classes) {
            return mf_fail(err, MF_E_ARG, "point %zu is of class %d: expected 0 to %d", i + 1, label[i], classes - 1);
        }
    }
    if (n < 2) {
        return MF_OK;
    }
    p.k = o->neighbors < n - 1 ? o->neighbors : n - 1;
    if ((st = choose_rows(&row, &out->rows, n, o, err)) < 0) {
        goto done;
    }
    p.row   = row;
    p.says  = mf_calloc(out->rows, sizeof *p.says);
    p.dist  = mf_calloc(threads * 2, n * sizeof *p.dist);
    p.sum   = mf_calloc(threads, (p.classes + 1) * sizeof *p.sum);
    p.near  = mf_calloc(threads, p.k * sizeof *p.near);
    p.count = mf_calloc(p.classes + 1, sizeof *p.count);
    if (p.says == NULL || p.dist == NULL || p.sum == NULL || p.near == NULL || p.count == NULL) {
        st = mf_oom(err, threads * 2 * n * sizeof *p.dist, "measures of an embedding");
        goto done;
    }
    for (size_t i = 0; i < n && label != NULL; i++) {
        p.count[label[i]]++;
    }
    mf_parallel_for(out->rows, 8, look, &p);
    sum_up(out, &p);
done:
    mf_free(row);
    mf_free(p.says);
    mf_free(p.dist);
    mf_free(p.sum);
    mf_free(p.near);
    mf_free(p.count);
    return st;
}
