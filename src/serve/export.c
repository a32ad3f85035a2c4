/* serve/export.c: all answers are gathered once, sorted by row, person and showing, and walked. */
#include "serve/export.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/csv.h"
#include "core/mem.h"

typedef struct gathered {
    mf_ballot *v;
    size_t     n, cap;
} gathered;

/* First against second answers: categories are the classes, then "cannot tell". */
typedef struct table {
    size_t n[MF_CLASSES_MAX + 1][MF_CLASSES_MAX + 1];
} table;

static mf_status
gather(void *arg, const mf_ballot *v, mf_err *err)
{
    gathered *g = arg;

    if (g->n == g->cap) {
        size_t     cap = g->cap ? 2 * g->cap : 1024;
        mf_ballot *grown = mf_realloc(g->v, cap, sizeof *grown);

        if (grown == NULL)
            return mf_oom(err, cap * sizeof *grown, "answers");
        g->v   = grown;
        g->cap = cap;
    }
    g->v[g->n++] = *v;
    return MF_OK;
}

static int
by_row(const void *a, const void *b)
{
    const mf_ballot *p = a, *q = b;

    if (p->row != q->row)
        return p->row < q->row ? -1 : 1;
    if (p->person != q->person)
        return p->person < q->person ? -1 : 1;
    return p->again < q->again ? -1 : p->again > q->again;
}

static int
category(const mf_dataset *d, const mf_ballot *v)
{
    return v->verdict == MF_VERDICT_UNSURE ? d->n_classes : v->verdict == MF_VERDICT_OTHER ? v->label : d->rows[v->row].label;
}

/* Cohen 1960: (p_o - p_e) / (1 - p_e). */
static void
finish(mf_self *s, const table *t, int n_categories)
{
    double chance = 0, n = (double)s->twice;
    int    i, k;

    s->agreement = s->twice ? (double)s->same / n : (double)NAN;
    for (i = 0; i < n_categories; i++) {
        size_t row = 0, column = 0;

        for (k = 0; k < n_categories; k++) {
            row += t->n[i][k];
            column += t->n[k][i];
        }
        chance += (double)row * (double)column;
    }
    chance   = s->twice ? chance / (n * n) : 1;
    s->kappa = chance < 1 ? (s->agreement - chance) / (1 - chance) : (double)NAN;
}

static int
by_number(const void *a, const void *b)
{
    const double p = *(const double *)a, q = *(const double *)b;

    return p < q ? -1 : p > q;
}

static double
median(double *x, size_t n)
{
    if (n == 0)
        return (double)NAN;
    qsort(x, n, sizeof *x, by_number);
    return n % 2 ? x[n / 2] : 0.5 * (x[n / 2 - 1] + x[n / 2]);
}

/* Median seconds of the first answers of `person`, of everybody when it is SIZE_MAX. `room` holds g->n numbers. */
static double
seconds_of(const gathered *g, size_t person, double *room)
{
    size_t i, n = 0;

    for (i = 0; i < g->n; i++)
        if ((person == SIZE_MAX || g->v[i].person == person) && !g->v[i].again && g->v[i].ms >= 0)
            room[n++] = 1e-3 * (double)g->v[i].ms;
    return median(room, n);
}

static void
count_pair(mf_self *s, table *t, int first, int second)
{
    s->twice++;
    s->same += first == second;
    t->n[first][second]++;
}

static mf_status
measure(mf_export *e, const gathered *g, const mf_dataset *d, mf_err *err)
{
    const size_t n       = e->n_who + 1;
    table       *t       = mf_calloc(n, sizeof *t); /* the last is for all */
    double      *room    = mf_calloc(g->n, sizeof *room);
    uint32_t     counted = UINT32_MAX; /* the row that `pictures` counted last */
    mf_status    st      = MF_OK;
    size_t       i;

    if (t == NULL || room == NULL) {
        st = mf_oom(err, n * sizeof *t, "self-agreement");
        goto done;
    }
    for (i = 0; i < g->n; i++) {
        const mf_ballot *v = &g->v[i];

        if (!v->again) {
            e->who[v->person].verdicts[v->verdict]++;
            e->all.verdicts[v->verdict]++;
            e->votes++;
            e->pictures += v->row != counted;
            counted = v->row;
        } else if (i > 0 && g->v[i - 1].row == v->row && g->v[i - 1].person == v->person) {
            int first = category(d, &g->v[i - 1]), second = category(d, v);

            count_pair(&e->who[v->person], &t[v->person], first, second);
            count_pair(&e->all, &t[e->n_who], first, second);
        }
    }
    for (i = 0; i < e->n_who; i++) {
        finish(&e->who[i], &t[i], d->n_classes + 1);
        e->who[i].median_seconds = seconds_of(g, i, room);
    }
    finish(&e->all, &t[e->n_who], d->n_classes + 1);
    e->all.median_seconds = seconds_of(g, SIZE_MAX, room);
done:
    mf_free(t);
    mf_free(room);
    return st;
}

mf_status
mf_export_make(mf_export *out, mf_str *csv, mf_ballots *b, const mf_dataset *d, mf_err *err)
{
    const mf_person *people;
    gathered         g = {0};
    mf_status        st;
    size_t           i;

    *out   = (mf_export){0};
    people = mf_ballots_people(b, &out->n_who);
    if ((out->who = mf_calloc(out->n_who, sizeof *out->who)) == NULL)
        return mf_oom(err, out->n_who * sizeof *out->who, "volunteers");
    if ((st = mf_ballots_each(b, gather, &g, &out->left_out, err)) < 0)
        goto done;
    if (g.n > 0)
        qsort(g.v, g.n, sizeof *g.v, by_row);
    mf_str_add(csv, "image,annotator,verdict,label\n");
    for (i = 0; i < g.n; i++) {
        const mf_ballot *v = &g.v[i];

        if (v->again)
            continue;
        mf_csv_put(csv, d->rows[v->row].image);
        mf_str_addc(csv, ',');
        mf_csv_put(csv, people[v->person].name);
        mf_str_printf(csv, ",%s,", mf_verdict_name(v->verdict));
        mf_csv_put(csv, v->verdict == MF_VERDICT_OTHER ? d->classes[v->label] : "");
        mf_str_addc(csv, '\n');
    }
    if ((st = mf_str_ok(csv, err)) == MF_OK)
        st = measure(out, &g, d, err);
done:
    mf_free(g.v);
    if (st < 0)
        mf_export_free(out);
    return st;
}

void
mf_export_free(mf_export *e)
{
    mf_free(e->who);
    *e = (mf_export){0};
}
