/* eval/knn.c: owns exact neighbour search: which loops run, packing, blocks, and the k best of each row. */
#include "eval/knn.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/isa.h"
#include "core/mem.h"
#include "core/thread.h"
#include "eval/knn_i.h"

enum {
    BLOCK  = 96,  /* rows that share a pass over the points: a multiple of MF_KNN_ROWS */
    MARGIN = 8    /* more than k are kept by the fast form of the distance, then ordered by the true one */
};
#define CHUNK_BYTES (160u * 1024) /* packed points that stay in the second cache */

mf_knn_opts
mf_knn_opts_default(void)
{
    return (mf_knn_opts){.k = 15, .method = MF_KNN_AUTO};
}

void
mf_knn_free(mf_knn *g)
{
    mf_free(g->index);
    mf_free(g->dist2);
    *g = (mf_knn){0};
}

const mf_knn_loops *
mf_knn_loops_get(void)
{
#if MF_ISA_X86
    switch (mf_isa_best()) {
    case MF_ISA_AVX512: return &mf_knn_loops_avx512;
    case MF_ISA_AVX2:   return &mf_knn_loops_avx2;
    default:            break;
    }
#endif
    return &mf_knn_loops_base;
}

/* Put the `keep` smallest of n different keys in front (Hoare 1961, FIND). */
static void
select_smallest(uint64_t *key, size_t n, size_t keep)
{
    ptrdiff_t lo = 0, hi = (ptrdiff_t)n - 1, at = (ptrdiff_t)keep - 1;

    while (lo < hi) {
        uint64_t  p = key[at];
        ptrdiff_t i = lo, j = hi;

        while (i <= j) {
            while (key[i] < p) {
                i++;
            }
            while (key[j] > p) {
                j--;
            }
            if (i <= j) {
                uint64_t t = key[i];

                key[i++] = key[j];
                key[j--] = t;
            }
        }
        if (j < at) {
            lo = i;
        }
        if (at < i) {
            hi = j;
        }
    }
}

static float
order_back(uint64_t key)
{
    uint32_t u = (uint32_t)(key >> 32);
    union {
        uint32_t u;
        float    f;
    } b = {(u & 0x80000000u) != 0 ? u & 0x7fffffffu : ~u};

    return b.f;
}

void
mf_knn_row_cut(mf_knn_row *r)
{
    if (r->n <= r->keep) {
        return;
    }
    select_smallest(r->key, r->n, r->keep);
    r->n     = r->keep;
    r->limit = order_back(r->key[r->keep - 1]);
}

static int
by_key(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

/* The k nearest of a row's candidates by their true distances, into row i of the result. */
static void
settle(mf_knn *g, const mf_knn_loops *f, const float *x, size_t d, size_t i, uint64_t *key, size_t n)
{
    for (size_t c = 0; c < n; c++) {
        uint32_t j = (uint32_t)key[c];

        key[c] = (uint64_t)mf_knn_order(f->dist2(x + i * d, x + (size_t)j * d, d)) << 32 | j;
    }
    qsort(key, n, sizeof *key, by_key);
    for (size_t c = 0; c < g->k; c++) {
        g->index[i * g->k + c] = (uint32_t)key[c];
        g->dist2[i * g->k + c] = order_back(key[c]);
    }
}

/* All points packed into strips, [strip][d][points], and half of each squared length. */
typedef struct packed {
    float *x, *norm;
    size_t strips;
} packed;

static mf_status
pack(packed *p, const float *x, size_t n, size_t d, size_t strip, mf_err *err)
{
    size_t bytes;

    p->strips = (n + strip - 1) / strip;
    if (!mf_size_mul(&bytes, p->strips * strip * sizeof *p->x, d) || (p->x = mf_aligned(bytes)) == NULL ||
        (p->norm = mf_aligned(p->strips * strip * sizeof *p->norm)) == NULL) {
        return mf_oom(err, n * d * sizeof *p->x, "packed points");
    }
    for (size_t j = 0; j < p->strips * strip; j++) {
        float *to  = p->x + j / strip * strip * d + j % strip;
        double sum = 0;

        for (size_t c = 0; c < d; c++) {
            float v = j < n ? x[j * d + c] : 0.0f;

            to[c * strip] = v;
            sum += (double)v * (double)v;
        }
        p->norm[j] = j < n ? (float)(0.5 * sum) : INFINITY;
    }
    return MF_OK;
}

typedef struct job {
    mf_knn             *g;
    const mf_knn_loops *f;
    const float        *x;
    size_t              d, chunk; /* strips a chunk */
    size_t              first;    /* row that the present part begins with */
    packed              p;
    uint64_t          **keys;     /* a block's keys for each thread */
    uint32_t            cap, keep;
} job;

/* Rows [begin, end) of the result, a block at a time. */
static void
search_rows(void *arg, size_t begin, size_t end, int thread)
{
    job       *t = arg;
    mf_knn_row row[BLOCK];
    size_t     n, padded;

    begin += t->first;
    end += t->first;
    for (size_t first = begin; first < end; first += n) {
        n      = end - first < BLOCK ? end - first : BLOCK;
        padded = (n + MF_KNN_ROWS - 1) / MF_KNN_ROWS * MF_KNN_ROWS;
        for (size_t i = 0; i < padded; i++) { /* rows past the end repeat the last and keep nothing */
            row[i] = (mf_knn_row){t->keys[thread] + i * t->cap, 0, t->cap, t->keep, (uint32_t)(first + i), i < n ? INFINITY : -INFINITY};
        }
        for (size_t s = 0; s < t->p.strips; s += t->chunk) {
            size_t now = t->p.strips - s < t->chunk ? t->p.strips - s : t->chunk;

            for (size_t i = 0; i < padded; i += MF_KNN_ROWS) {
                mf_knn_row  *r[MF_KNN_ROWS];
                const float *a[MF_KNN_ROWS];

                for (size_t k = 0; k < MF_KNN_ROWS; k++) {
                    r[k] = &row[i + k];
                    a[k] = t->x + (i + k < n ? first + i + k : first + n - 1) * t->d;
                }
                t->f->scan(r, a, t->d, t->p.x + s * t->f->strip * t->d, t->p.norm + s * t->f->strip, now,
                           (uint32_t)(s * t->f->strip));
            }
        }
        for (size_t i = 0; i < n; i++) {
            mf_knn_row_cut(&row[i]);
            settle(t->g, t->f, t->x, t->d, first + i, row[i].key, row[i].n);
        }
    }
}

static mf_status
exact(mf_knn *g, const float *x, size_t d, const mf_progress *progress, mf_err *err)
{
    const int threads = mf_threads_get();
    job       t       = {.g = g, .f = mf_knn_loops_get(), .x = x, .d = d};
    size_t    step;
    mf_status st;

    t.keep  = (uint32_t)(g->k + MARGIN < g->n - 1 ? g->k + MARGIN : g->n - 1);
    t.cap   = 2 * t.keep + 2 * MF_KNN_STRIP_MAX;
    t.chunk = CHUNK_BYTES / (t.f->strip * (d + 1) * sizeof(float));
    t.chunk = t.chunk < 1 ? 1 : t.chunk;
    if ((st = pack(&t.p, x, g->n, d, t.f->strip, err)) < 0) {
        goto done;
    }
    if ((t.keys = mf_calloc((size_t)threads, sizeof *t.keys)) == NULL) {
        st = mf_oom(err, (size_t)threads * sizeof *t.keys, "neighbours");
        goto done;
    }
    for (int i = 0; i < threads; i++) {
        if ((t.keys[i] = mf_calloc((size_t)t.cap * BLOCK, sizeof **t.keys)) == NULL) {
            st = mf_oom(err, (size_t)t.cap * BLOCK * sizeof **t.keys, "neighbours");
            goto done;
        }
    }
    step = (size_t)threads * BLOCK * 32; /* often enough for a progress bar */
    for (size_t i = 0; i < g->n; i += step) {
        size_t now = g->n - i < step ? g->n - i : step;

        t.first = i;
        mf_parallel_for(now, BLOCK, search_rows, &t);
        mf_progress_set(progress, "neighbours\tpoints", (double)(i + now), (double)g->n);
    }
done:
    for (int i = 0; i < threads && t.keys != NULL; i++) {
        mf_free(t.keys[i]);
    }
    mf_free(t.keys);
    mf_free(t.p.x);
    mf_free(t.p.norm);
    return st;
}

/* Distances from dot products lose digits where points lie far from the origin: take the mean away. */
static mf_status
centre(float **out, const float *x, size_t n, size_t d, mf_err *err)
{
    double *mean = mf_calloc(d, sizeof *mean);
    float  *c    = NULL;
    size_t  bytes;

    *out = NULL;
    if (mean == NULL || !mf_size_mul(&bytes, n * sizeof *c, d) || (c = mf_aligned(bytes)) == NULL) {
        mf_free(mean);
        return mf_oom(err, n * d * sizeof *c, "centred points");
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < d; k++) {
            mean[k] += (double)x[i * d + k];
        }
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < d; k++) {
            c[i * d + k] = (float)((double)x[i * d + k] - mean[k] / (double)n);
        }
    }
    mf_free(mean);
    *out = c;
    return MF_OK;
}

mf_status
mf_knn_build(mf_knn *out, const float *x, size_t n, size_t d, const mf_knn_opts *o, mf_err *err)
{
    mf_knn    g = {.n = n, .k = o->k};
    float    *c = NULL;
    size_t    cells;
    mf_status st;

    *out = (mf_knn){0};
    if (o->k < 1 || o->k >= n || o->k > MF_KNN_K_MAX || d < 1) {
        return mf_fail(err, MF_E_ARG, "%zu neighbours among %zu points of %zu values: expected 1 to %zu", o->k, n, d,
                       n < 2 ? (size_t)0 : n - 1 < MF_KNN_K_MAX ? n - 1 : (size_t)MF_KNN_K_MAX);
    }
    if (n > 1u << 31) {
        return mf_fail(err, MF_E_LIMIT, "%zu points: at most 2147483648 can be compared", n);
    }
    if (!mf_size_mul(&cells, n, o->k) || (g.index = mf_calloc(cells, sizeof *g.index)) == NULL ||
        (g.dist2 = mf_calloc(cells, sizeof *g.dist2)) == NULL) {
        st = mf_oom(err, n * o->k * (sizeof *g.index + sizeof *g.dist2), "neighbours");
        goto done;
    }
    if ((st = centre(&c, x, n, d, err)) < 0) {
        goto done;
    }
    g.approx = o->method == MF_KNN_APPROX || (o->method == MF_KNN_AUTO && (double)n * (double)n * (double)d > MF_KNN_EXACT_WORK);
    st       = g.approx ? mf_knn_approx(&g, c, d, o, err) : exact(&g, c, d, &o->progress, err);
done:
    mf_free(c);
    if (st < 0) {
        mf_knn_free(&g);
    } else {
        *out = g;
    }
    return st;
}
