/* data/folds.c: whole people into parts of even size and even classes.
 *
 * Costs are integers, so that the same seed gives the same parts on every machine and compiler. */
#include "data/folds.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/mem.h"
#include "core/rng.h"
#include "core/str.h"

/* What is kept together: a person; where people are unknown a pair, or a single picture. */
typedef struct unit {
    uint32_t rows;    /* pictures */
    uint32_t order;   /* a shuffled rank: decides ties */
} unit;

/* Strata are what is evened: the classes, and where pictures with and without occlusion are mixed, each class with each
 * kind of occlusion too. */
typedef struct units {
    size_t    n;
    int       strata;
    unit     *u;       /* [n] */
    uint32_t *count;   /* [n, strata] pictures of a unit */
    uint32_t *of_row;  /* [rows] unit of a row; UINT32_MAX: the row takes no part */
    int64_t  *total;   /* [strata] */
    int64_t   rows;
} units;

static void
units_free(units *s)
{
    mf_free(s->u);
    mf_free(s->count);
    mf_free(s->of_row);
    mf_free(s->total);
    *s = (units){0};
}

/* Number each kind of occlusion that is there; returns how many there are. */
static int
number_kinds(int kind[MF_OCC_COUNT], const mf_dataset *d, const uint8_t *use)
{
    bool   there[MF_OCC_COUNT] = {false};
    size_t i;
    int    o, n = 0;

    for (i = 0; i < d->n_rows; i++)
        there[d->rows[i].occlusion] |= !use || use[i];
    for (o = 0; o < MF_OCC_COUNT; o++)
        kind[o] = there[o] ? n++ : -1;
    return n;
}

/* Fill count and total. */
static mf_status
count_strata(units *s, const mf_dataset *d, const int kind[MF_OCC_COUNT], int kinds, mf_err *err)
{
    size_t i, width = (size_t)s->strata;

    s->count = mf_calloc(s->n, width * sizeof *s->count);
    s->total = mf_calloc(width, sizeof *s->total);
    if (!s->count || !s->total)
        return mf_oom(err, s->n * width * sizeof *s->count, "people of a data set");
    for (i = 0; i < d->n_rows; i++) {
        const mf_row *r = &d->rows[i];
        size_t        fine;

        if (s->of_row[i] == UINT32_MAX)
            continue;
        s->count[(size_t)s->of_row[i] * width + (size_t)r->label]++;
        s->total[r->label]++;
        if (kinds < 2)
            continue;
        fine = (size_t)(d->n_classes + r->label * kinds + kind[r->occlusion]);
        s->count[(size_t)s->of_row[i] * width + fine]++;
        s->total[fine]++;
    }
    return MF_OK;
}

/* Units by subject, then by pair, then by row; `use` NULL takes every row. */
static mf_status
units_make(units *s, const mf_dataset *d, const uint8_t *use, uint64_t seed, mf_err *err)
{
    size_t    i, n_keys = (size_t)d->n_subjects + (size_t)d->n_pairs;
    uint32_t *of_key = mf_calloc(n_keys, sizeof *of_key); /* unit + 1 of subject, then of pair */
    uint32_t *rank   = NULL;
    mf_rng    rng    = mf_rng_make(seed, 0, 0, MF_RNG_SPLIT);
    int       kind[MF_OCC_COUNT], kinds = number_kinds(kind, d, use);

    *s         = (units){.strata = d->n_classes * (kinds > 1 ? 1 + kinds : 1)};
    s->of_row  = mf_calloc(d->n_rows, sizeof *s->of_row);
    s->u       = mf_calloc(d->n_rows, sizeof *s->u); /* no more units than rows */
    if (!of_key || !s->of_row || !s->u)
        goto oom;
    for (i = 0; i < d->n_rows; i++) {
        const mf_row *r   = &d->rows[i];
        uint32_t     *key = r->subject >= 0 ? &of_key[r->subject] : r->pair >= 0 ? &of_key[d->n_subjects + r->pair] : NULL;

        if (use && !use[i]) {
            s->of_row[i] = UINT32_MAX;
            continue;
        }
        if (!key || !*key) {
            s->n++;
            if (key)
                *key = (uint32_t)s->n;
            s->of_row[i] = (uint32_t)s->n - 1;
        } else {
            s->of_row[i] = *key - 1;
        }
        s->u[s->of_row[i]].rows++;
        s->rows++;
    }
    rank = mf_calloc(s->n, sizeof *rank);
    if (!rank || count_strata(s, d, kind, kinds, err) < 0)
        goto oom;
    for (i = 0; i < s->n; i++)
        rank[i] = (uint32_t)i;
    mf_rng_shuffle(&rng, rank, s->n);
    for (i = 0; i < s->n; i++)
        s->u[i].order = rank[i];
    mf_free(rank);
    mf_free(of_key);
    return MF_OK;
oom:
    mf_free(rank);
    mf_free(of_key);
    units_free(s);
    return mf_oom(err, d->n_rows * sizeof *s->u, "people of a data set");
}

/* Units in the order they are placed: packed keys (size descending unless `by_rank`, then rank), sorted. */
static int
by_key(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static mf_status
place_order(uint32_t **out, const units *s, bool by_size, mf_err *err)
{
    uint64_t *key   = mf_calloc(s->n, sizeof *key);
    uint32_t *order = mf_calloc(s->n, sizeof *order), *unit_of = mf_calloc(s->n, sizeof *unit_of);
    size_t    i;
    mf_status st = MF_OK;

    if (!key || !order || !unit_of) {
        st = mf_oom(err, s->n * sizeof *key, "an order of people");
        mf_free(order);
        goto done;
    }
    for (i = 0; i < s->n; i++) {
        key[i] = ((uint64_t)(by_size ? UINT32_MAX - s->u[i].rows : 0) << 32) | s->u[i].order;
        unit_of[s->u[i].order] = (uint32_t)i;
    }
    qsort(key, s->n, sizeof *key, by_key);
    for (i = 0; i < s->n; i++)
        order[i] = unit_of[(uint32_t)key[i]];
    *out = order;
done:
    mf_free(key);
    mf_free(unit_of);
    return st;
}

static mf_status
need_subjects(const mf_dataset *d, const uint8_t *use, mf_err *err)
{
    size_t i, none = 0, first = 0;

    for (i = 0; i < d->n_rows; i++)
        if (d->rows[i].subject < 0 && (!use || use[i]) && none++ == 0)
            first = i;
    if (none)
        return mf_fail(err, MF_E_ARG, "%zu of %zu pictures have no subject (the first is '%.200s'), so parts could share a "
                       "person; fill the column 'subject' of manifest.csv, or import with --subject-pattern", none,
                       d->n_rows, d->rows[first].image);
    return MF_OK;
}

/* ---- k folds ---- */

/* A fold's sums and the rise of sum over strata of n^2 / total, likewise pictures and people, that `u` would cause.
 * Convex, so an empty fold always costs least. At most 2^60. */
static int64_t
rise(const units *s, const int64_t *w, size_t u, const int64_t *in_class, int64_t rows, int64_t people)
{
    const uint32_t *c    = s->count + u * (size_t)s->strata;
    int64_t         cost = 0, r = s->u[u].rows;
    int             k;

    for (k = 0; k < s->strata; k++)
        cost += w[k] * (2 * in_class[k] + (int64_t)c[k]) * (int64_t)c[k];
    cost += w[s->strata] * (2 * rows + r) * r;
    return cost + w[s->strata + 1] * (2 * people + 1);
}

/* Half the change of the cost when fold f gives unit u to g and takes v for it; u or v may be SIZE_MAX for nobody. */
static int64_t
exchange(const units *s, const int64_t *w, size_t u, size_t v, const int64_t *f, const int64_t *g)
{
    const uint32_t *a = u == SIZE_MAX ? NULL : s->count + u * (size_t)s->strata;
    const uint32_t *b = v == SIZE_MAX ? NULL : s->count + v * (size_t)s->strata;
    int64_t         change = 0, d;
    int             c;

    for (c = 0; c < s->strata; c++) {
        d = (b ? (int64_t)b[c] : 0) - (a ? (int64_t)a[c] : 0);
        change += w[c] * d * (f[c] - g[c] + d);
    }
    d = (b ? (int64_t)s->u[v].rows : 0) - (a ? (int64_t)s->u[u].rows : 0);
    change += w[c] * d * (f[c] - g[c] + d);
    d = (b != NULL) - (a != NULL);
    return change + w[c + 1] * d * (f[c + 1] - g[c + 1] + d);
}

/* Add (sign 1) or take (sign -1) unit u to or from a fold's sums. */
static void
toggle(const units *s, int64_t *in, size_t u, int sign)
{
    int c;

    for (c = 0; c < s->strata; c++)
        in[c] += sign * (int64_t)s->count[u * (size_t)s->strata + (size_t)c];
    in[c] += sign * (int64_t)s->u[u].rows;
    in[c + 1] += sign;
}

/* Move single people, and exchange two, wherever that lowers the cost; it falls each time, so this ends. Exchanges take
 * a look at every two people: only up to a few thousand of them. */
static void
refine(const units *s, const int64_t *w, int *of_unit, int64_t *sum, int k, const uint32_t *order)
{
    size_t width = (size_t)s->strata + 2, i, j, pass, changed = 1;

    for (pass = 0; pass < 50 && changed; pass++) {
        changed = 0;
        for (i = 0; i < s->n; i++) {
            size_t u = order[i];
            int    g;

            for (g = 0; g < k; g++) {
                int64_t *from = sum + (size_t)of_unit[u] * width, *to = sum + (size_t)g * width;

                if (g == of_unit[u] || exchange(s, w, u, SIZE_MAX, from, to) >= 0)
                    continue;
                toggle(s, from, u, -1);
                toggle(s, to, u, 1);
                of_unit[u] = g;
                changed++;
            }
            for (j = i + 1; j < s->n && s->n <= 4096; j++) {
                size_t   v    = order[j];
                int64_t *from = sum + (size_t)of_unit[u] * width, *to = sum + (size_t)of_unit[v] * width;
                int      other = of_unit[v];

                if (of_unit[u] == other || exchange(s, w, u, v, from, to) >= 0)
                    continue;
                toggle(s, from, u, -1);
                toggle(s, from, v, 1);
                toggle(s, to, v, -1);
                toggle(s, to, u, 1);
                of_unit[v] = of_unit[u];
                of_unit[u] = other;
                changed++;
            }
        }
    }
}

mf_status
mf_folds_make(int *fold, const mf_dataset *d, int k, uint64_t seed, mf_err *err)
{
    mf_status st;
    units     s     = {0};
    uint32_t *order = NULL;
    int64_t  *w = NULL, *sum = NULL;
    int      *of_unit = NULL;
    size_t    i, width; /* strata, pictures, people */
    int       c, f;

    if (k < 2)
        return mf_fail(err, MF_E_ARG, "%d folds; at least 2 are needed", k);
    if ((st = need_subjects(d, NULL, err)) < 0)
        return st;
    if (d->n_subjects < k)
        return mf_fail(err, MF_E_LIMIT, "%d folds need at least %d people; the data set has %d", k, k, d->n_subjects);
    if ((st = units_make(&s, d, NULL, seed, err)) < 0 || (st = place_order(&order, &s, true, err)) < 0)
        goto done;
    width   = (size_t)s.strata + 2;
    w       = mf_calloc(width, sizeof *w);
    sum     = mf_calloc((size_t)k, width * sizeof *sum);
    of_unit = mf_calloc(s.n, sizeof *of_unit);
    if (!w || !sum || !of_unit) {
        st = mf_oom(err, (size_t)k * width * sizeof *sum, "folds");
        goto done;
    }
    for (c = 0; c < s.strata; c++)
        w[c] = s.total[c] ? (1 << 28) / s.total[c] : 0;
    w[c]     = (1 << 28) / s.rows;
    w[c + 1] = (1 << 28) / (int64_t)s.n;
    for (i = 0; i < s.n; i++) {
        size_t  u    = order[i];
        int     best = 0;
        int64_t low  = INT64_MAX;

        for (f = 0; f < k; f++) {
            int64_t *in   = sum + (size_t)f * width;
            int64_t  cost = rise(&s, w, u, in, in[s.strata], in[s.strata + 1]);

            if (cost < low) {
                low  = cost;
                best = f;
            }
        }
        toggle(&s, sum + (size_t)best * width, u, 1);
        of_unit[u] = best;
    }
    refine(&s, w, of_unit, sum, k, order);
    for (i = 0; i < d->n_rows; i++)
        fold[i] = of_unit[s.of_row[i]];
done:
    mf_free(of_unit);
    mf_free(sum);
    mf_free(w);
    mf_free(order);
    units_free(&s);
    return st;
}

/* ---- a part held out ---- */

/* Parts per 2^20 of each stratum, of the pictures and of the people. */
static int64_t
holdout_cost(const units *s, const int64_t *in, int64_t aim)
{
    int64_t cost = 0, dev;
    int     c;

    for (c = 0; c < s->strata; c++)
        if (s->total[c]) {
            dev = (in[c] << 20) / s->total[c] - aim;
            cost += dev * dev;
        }
    dev = (in[c] << 20) / s->rows - aim;
    cost += dev * dev;
    dev = (in[c + 1] << 20) / (int64_t)s->n - aim;
    return cost + dev * dev;
}

/* Put units in, in shuffled order, while that brings the shares nearer; then move single units in or out while that
 * helps. The cost falls with every move, so this ends. At least one unit goes in and one stays out. */
static void
choose(uint8_t *in_part, const units *s, const uint32_t *order, int64_t *in, int64_t aim)
{
    int64_t now = holdout_cost(s, in, aim);
    size_t  i, chosen = 0, pass, moved;

    for (pass = 0; pass < 50; pass++) {
        for (i = moved = 0; i < s->n; i++) {
            size_t  u    = order[i];
            int     sign = in_part[u] ? -1 : 1;
            int64_t then;

            if ((sign < 0 && chosen == 1) || (sign > 0 && chosen + 1 == s->n))
                continue;
            toggle(s, in, u, sign);
            then = holdout_cost(s, in, aim);
            if (then < now || (sign > 0 && chosen == 0 && i + 1 == s->n)) {
                now        = then;
                in_part[u] = sign > 0;
                chosen     = sign > 0 ? chosen + 1 : chosen - 1;
                moved++;
            } else {
                toggle(s, in, u, -sign);
            }
        }
        if (!moved)
            break;
    }
}

mf_status
mf_folds_holdout(uint8_t *part, const mf_dataset *d, const uint8_t *use, double share, bool by_row, uint64_t seed, mf_err *err)
{
    mf_status st;
    units     s       = {0};
    uint32_t *order   = NULL;
    uint8_t  *in_part = NULL;
    int64_t  *in      = NULL;
    size_t    i;

    memset(part, 0, d->n_rows);
    if (!(share > 0 && share < 1))
        return mf_fail(err, MF_E_ARG, "the share held out is %g; it must be between 0 and 1", share);
    if (!by_row && (st = need_subjects(d, use, err)) < 0)
        return st;
    if ((st = units_make(&s, d, use, seed, err)) < 0)
        return st;
    if (s.n < 2) {
        st = mf_fail(err, MF_E_LIMIT, "holding out a part needs at least 2 people; there %s %zu", s.n == 1 ? "is" : "are", s.n);
        goto done;
    }
    if ((st = place_order(&order, &s, false, err)) < 0)
        goto done;
    in_part = mf_calloc(s.n, 1);
    in      = mf_calloc((size_t)s.strata + 2, sizeof *in);
    if (!in_part || !in) {
        st = mf_oom(err, s.n, "a part of the data set");
        goto done;
    }
    choose(in_part, &s, order, in, (int64_t)floor(share * (1 << 20) + 0.5));
    for (i = 0; i < d->n_rows; i++)
        if (s.of_row[i] != UINT32_MAX)
            part[i] = in_part[s.of_row[i]];
done:
    mf_free(in);
    mf_free(in_part);
    mf_free(order);
    units_free(&s);
    return st;
}

/* ---- the published division ---- */

mf_status
mf_folds_msde_code(uint8_t *scored, const mf_dataset *d, int k, mf_err *err)
{
    mf_status st;
    int64_t  *number, n;
    size_t    i;
    int       f;

    if (k < 2)
        return mf_fail(err, MF_E_ARG, "%d folds; at least 2 are needed", k);
    if ((st = need_subjects(d, NULL, err)) < 0)
        return st;
    if ((n = d->n_subjects / k) < 1)
        return mf_fail(err, MF_E_LIMIT, "%d folds need at least %d people; the data set has %d", k, k, d->n_subjects);
    if (!(number = mf_calloc((size_t)d->n_subjects, sizeof *number)))
        return mf_oom(err, (size_t)d->n_subjects * sizeof *number, "numbers of people");
    for (i = 0; i < (size_t)d->n_subjects; i++)
        if ((st = mf_parse_i64(&number[i], d->subjects[i], 0, INT64_MAX, err)) < 0) {
            st = mf_fail_in(err, MF_E_ARG, "the published folds go by number, so subject '%.80s' must be one",
                            d->subjects[i]);
            goto done;
        }
    for (i = 0; i < d->n_rows; i++)
        for (f = 0; f < k; f++) /* both ends belong to the interval: neighbours overlap by one person */
            scored[i * (size_t)k + (size_t)f] = number[d->rows[i].subject] >= n * f && number[d->rows[i].subject] <= n * f + n;
done:
    mf_free(number);
    return st;
}
