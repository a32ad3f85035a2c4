/* eval/knn_approx.c: neighbours of many points without comparing all pairs.
 *
 * Every tree splits the points by the plane halfway between two drawn ones until LEAF or fewer are left; the points of a leaf are compared
 * with one another. Then, a few times, every point looks at the neighbours of its neighbours, and of those that count it as
 * theirs. A point's row is written by one thread only and rounds read the graph of the round before: the
 * result does not depend on the number of threads. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/rng.h"
#include "core/thread.h"
#include "eval/knn_i.h"

enum { TREES = 12, LEAF = 96, ROUNDS = 3, DEPTH_MAX = 64, JOIN = 24, JOIN_REVERSE = 12, SEEN = 4096 };

typedef struct forest {
    const mf_knn_loops *f;
    const float        *x;
    size_t              n, d, keep;
    uint64_t            seed;
    uint64_t           *key;    /* [n, keep], sorted; unused places at the end are UINT64_MAX */
    uint32_t           *order;  /* [TREES, n]: points, leaf after leaf */
    uint32_t           *leaf;   /* [TREES, n + 1]: where leaves begin; one past the last is n */
    size_t              leaves[TREES], tree;
    uint32_t           *near;   /* [n, JOIN]: the graph of the round before; UINT32_MAX: none */
    uint32_t           *back;   /* [n, JOIN_REVERSE]: who has the point in that list */
    mf_status           st[TREES];
} forest;

static int
by_key(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

/* Split order[lo..hi-1]; where the second part begins. */
static size_t
split(const forest *t, uint32_t *order, size_t lo, size_t hi, double *axis, float *side, mf_rng *rng)
{
    const size_t n = hi - lo;
    size_t       left;

    for (int attempt = 0; attempt < 3; attempt++) {
        size_t       i = (size_t)mf_rng_below(rng, n), j = (size_t)mf_rng_below(rng, n - 1);
        const float *a = t->x + (size_t)order[lo + i] * t->d, *b = t->x + (size_t)order[lo + (j >= i ? j + 1 : j)] * t->d;
        double       at = 0;

        for (size_t c = 0; c < t->d; c++) {
            axis[c] = (double)a[c] - (double)b[c];
            at += axis[c] * ((double)a[c] + (double)b[c]) / 2;
        }
        left = lo;
        for (size_t k = lo; k < hi; k++) {
            side[k] = (float)(t->f->dot(t->x + (size_t)order[k] * t->d, axis, t->d) - at);
        }
        for (size_t k = lo; k < hi; k++) {
            if (side[k] < 0) {
                uint32_t o = order[k];
                float    s = side[k];

                order[k]      = order[left];
                side[k]       = side[left];
                order[left]   = o;
                side[left++]  = s;
            }
        }
        if (left - lo >= n / 20 && hi - left >= n / 20) {
            return left;
        }
    }
    return lo + n / 2; /* points that no plane parts, as equal ones are */
}

static mf_status
plant(forest *t, size_t tree, mf_err *err)
{
    mf_rng    rng = mf_rng_make(t->seed, tree, 0, MF_RNG_EVAL);
    uint32_t *order = t->order + tree * t->n, *leaf = t->leaf + tree * (t->n + 1);
    double   *axis = mf_calloc(t->d, sizeof *axis);
    float    *side = mf_calloc(t->n, sizeof *side);
    size_t    lo[DEPTH_MAX * 2], hi[DEPTH_MAX * 2], depth[DEPTH_MAX * 2], n = 1;

    if (axis == NULL || side == NULL) {
        mf_free(axis);
        mf_free(side);
        return mf_oom(err, t->n * sizeof *side, "a tree of points");
    }
    for (size_t i = 0; i < t->n; i++) {
        order[i] = (uint32_t)i;
    }
    lo[0] = depth[0] = 0;
    hi[0] = t->n;
    while (n > 0) { /* the left part is on top: leaves come in order */
        size_t l = lo[--n], h = hi[n], deep = depth[n], m;

        if (h - l <= LEAF) {
            leaf[t->leaves[tree]++] = (uint32_t)l;
            continue;
        }
        m          = deep < DEPTH_MAX - 2 ? split(t, order, l, h, axis, side, &rng) : l + LEAF;
        lo[n]      = m;
        hi[n]      = h;
        depth[n++] = deep < DEPTH_MAX - 2 ? deep + 1 : deep;
        lo[n]      = l;
        hi[n]      = m;
        depth[n++] = deep < DEPTH_MAX - 2 ? deep + 1 : deep;
    }
    leaf[t->leaves[tree]] = (uint32_t)t->n;
    mf_free(axis);
    mf_free(side);
    return MF_OK;
}

static void
plant_some(void *arg, size_t begin, size_t end, int thread)
{
    forest *t = arg;

    (void)thread;
    for (size_t i = begin; i < end; i++) {
        t->st[i] = plant(t, i, NULL);
    }
}

/* Merge m new keys (unsorted, may repeat those of the row) into row i. */
static void
merge(forest *t, size_t i, uint64_t *fresh, size_t m)
{
    uint64_t *row = t->key + i * t->keep, out[4096];
    size_t    a = 0, b = 0, n = 0;

    if (m == 0) {
        return;
    }
    qsort(fresh, m, sizeof *fresh, by_key);
    while (n < t->keep && (b < m || row[a] != UINT64_MAX)) {
        uint64_t k = b >= m || row[a] <= fresh[b] ? row[a] : fresh[b];

        while (b < m && fresh[b] == k) {
            b++;
        }
        if (row[a] == k) {
            a++;
        }
        out[n++] = k; /* a <= n: the row is not read past its end */
    }
    memcpy(row, out, n * sizeof *row);
}

static void
compare_leaves(void *arg, size_t begin, size_t end, int thread)
{
    forest         *t     = arg;
    const uint32_t *order = t->order + t->tree * t->n, *leaf = t->leaf + t->tree * (t->n + 1);
    float           dist[LEAF][LEAF];
    uint64_t        fresh[LEAF];

    (void)thread;
    for (size_t l = begin; l < end; l++) {
        const uint32_t *p = order + leaf[l];
        size_t          n = leaf[l + 1] - leaf[l];

        for (size_t i = 0; i < n; i++) {
            for (size_t j = i + 1; j < n; j++) {
                dist[i][j] = dist[j][i] = t->f->dist2(t->x + (size_t)p[i] * t->d, t->x + (size_t)p[j] * t->d, t->d);
            }
        }
        for (size_t i = 0; i < n; i++) {
            const uint64_t last = t->key[((size_t)p[i] + 1) * t->keep - 1];
            size_t         m    = 0;

            for (size_t j = 0; j < n; j++) {
                uint64_t k = (uint64_t)mf_knn_order(dist[i][j]) << 32 | p[j];

                if (j != i && k < last) {
                    fresh[m++] = k;
                }
            }
            merge(t, p[i], fresh, m);
        }
    }
}

/* What a round reads: the JOIN nearest of each point as they now are, and who counts it among those. */
static void
freeze(forest *t)
{
    memset(t->back, 0xff, t->n * JOIN_REVERSE * sizeof *t->back);
    for (size_t i = 0; i < t->n; i++) {
        for (size_t c = 0; c < JOIN; c++) {
            t->near[i * JOIN + c] = c < t->keep && t->key[i * t->keep + c] != UINT64_MAX ? (uint32_t)t->key[i * t->keep + c] : UINT32_MAX;
        }
    }
    for (size_t c = 0; c < JOIN; c++) { /* the nearest first, until the list is full */
        for (size_t i = 0; i < t->n; i++) {
            uint32_t j = t->near[i * JOIN + c];
            size_t   at = 0;

            while (j != UINT32_MAX && at < JOIN_REVERSE && t->back[(size_t)j * JOIN_REVERSE + at] != UINT32_MAX) {
                at++;
            }
            if (j != UINT32_MAX && at < JOIN_REVERSE) {
                t->back[(size_t)j * JOIN_REVERSE + at] = (uint32_t)i;
            }
        }
    }
}

typedef struct seen {
    uint32_t at[SEEN];
    size_t   n;
} seen;

/* Whether j is new; remembers it. A full table takes all for new, which costs time and nothing else. */
static bool
is_new(seen *s, uint32_t j)
{
    size_t h = (j * 2654435761u) >> 20;

    while (s->at[h] != UINT32_MAX) {
        if (s->at[h] == j) {
            return false;
        }
        h = (h + 1) % SEEN;
    }
    if (s->n < SEEN / 2) {
        s->at[h] = j;
        s->n++;
    }
    return true;
}

static size_t
consider(forest *t, size_t i, uint32_t j, seen *s, uint64_t *fresh, size_t m)
{
    uint64_t k;

    if (j == UINT32_MAX || j == i || !is_new(s, j)) {
        return m;
    }
    k = (uint64_t)mf_knn_order(t->f->dist2(t->x + i * t->d, t->x + (size_t)j * t->d, t->d)) << 32 | j;
    if (k < t->key[(i + 1) * t->keep - 1]) {
        fresh[m++] = k;
    }
    return m;
}

static void
join_rows(void *arg, size_t begin, size_t end, int thread)
{
    enum { MAX = (JOIN + JOIN_REVERSE) * (JOIN + JOIN_REVERSE + 1) };
    forest  *t = arg;
    seen     s;
    uint64_t fresh[MAX];

    (void)thread;
    for (size_t i = begin; i < end; i++) {
        size_t m = 0;

        memset(s.at, 0xff, sizeof s.at);
        s.n = 0;
        for (size_t c = 0; c < t->keep && c < SEEN / 4 && t->key[i * t->keep + c] != UINT64_MAX; c++) {
            is_new(&s, (uint32_t)t->key[i * t->keep + c]);
        }
        for (size_t c = 0; c < JOIN + JOIN_REVERSE; c++) {
            uint32_t j = c < JOIN ? t->near[i * JOIN + c] : t->back[i * JOIN_REVERSE + c - JOIN];

            if (j == UINT32_MAX) {
                continue;
            }
            m = consider(t, i, j, &s, fresh, m);
            for (size_t e = 0; e < JOIN; e++) {
                m = consider(t, i, t->near[(size_t)j * JOIN + e], &s, fresh, m);
            }
            for (size_t e = 0; e < JOIN_REVERSE; e++) {
                m = consider(t, i, t->back[(size_t)j * JOIN_REVERSE + e], &s, fresh, m);
            }
        }
        merge(t, i, fresh, m);
    }
}

/* Rows that found fewer than k: whatever points come next by number. Happens only where nothing else is near. */
static void
fill_up(mf_knn *g, const forest *t, size_t i, size_t have)
{
    for (size_t j = 0; j < g->n && have < g->k; j++) {
        bool there = j == i;

        for (size_t c = 0; c < have && !there; c++) {
            there = g->index[i * g->k + c] == j;
        }
        if (!there) {
            g->index[i * g->k + have] = (uint32_t)j;
            g->dist2[i * g->k + have++] = t->f->dist2(t->x + i * t->d, t->x + j * t->d, t->d);
        }
    }
}

static void
give_out(mf_knn *g, const forest *t)
{
    for (size_t i = 0; i < g->n; i++) {
        size_t have = 0;

        for (; have < g->k && t->key[i * t->keep + have] != UINT64_MAX; have++) {
            uint32_t j = (uint32_t)t->key[i * t->keep + have];

            g->index[i * g->k + have] = j;
            g->dist2[i * g->k + have] = t->f->dist2(t->x + i * t->d, t->x + (size_t)j * t->d, t->d);
        }
        fill_up(g, t, i, have);
    }
}

mf_status
mf_knn_approx(mf_knn *g, const float *x, size_t d, const mf_knn_opts *o, mf_err *err)
{
    forest    t  = {.f = mf_knn_loops_get(), .x = x, .n = g->n, .d = d, .seed = o->seed};
    mf_status st = MF_OK;

    t.keep  = g->k + g->k / 4 + 8;
    if (t.keep > 4096) {
        return mf_fail(err, MF_E_LIMIT, "%zu neighbours are too many for the approximate search (at most 3268)", g->k);
    }
    t.key   = mf_calloc(g->n, t.keep * sizeof *t.key);
    t.order = mf_calloc(g->n, TREES * sizeof *t.order);
    t.leaf  = mf_calloc(g->n + 1, TREES * sizeof *t.leaf);
    t.near  = mf_calloc(g->n, JOIN * sizeof *t.near);
    t.back  = mf_calloc(g->n, JOIN_REVERSE * sizeof *t.back);
    if (t.key == NULL || t.order == NULL || t.leaf == NULL || t.near == NULL || t.back == NULL) {
        st = mf_oom(err, g->n * (t.keep * sizeof *t.key + 2 * TREES * sizeof *t.order), "a forest of points");
        goto done;
    }
    memset(t.key, 0xff, g->n * t.keep * sizeof *t.key);
    mf_parallel_for(TREES, 1, plant_some, &t);
    for (int i = 0; i < TREES; i++) {
        if (t.st[i] < 0) {
            st = mf_oom(err, g->n * sizeof(float), "a tree of points");
            goto done;
        }
    }
    for (t.tree = 0; t.tree < TREES; t.tree++) {
        mf_parallel_for(t.leaves[t.tree], 1, compare_leaves, &t);
        mf_progress_set(&o->progress, "neighbours\trounds", (double)(t.tree + 1), TREES + 4.0 * ROUNDS);
    }
    for (int round = 0; round < ROUNDS; round++) {
        freeze(&t);
        mf_parallel_for(t.n, 64, join_rows, &t);
        mf_progress_set(&o->progress, "neighbours\trounds", TREES + 4.0 * (round + 1), TREES + 4.0 * ROUNDS);
    }
    give_out(g, &t);
done:
    mf_free(t.key);
    mf_free(t.order);
    mf_free(t.leaf);
    mf_free(t.near);
    mf_free(t.back);
    return st;
}
