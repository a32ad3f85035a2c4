/* eval/compare.c: two methods on the pictures that both answered in the same fold. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "eval/compare.h"

static const double level = 0.05;

mf_compare_opts
mf_compare_opts_default(void)
{
    return (mf_compare_opts){.against = -1, .resamples = 10000, .seed = 1};
}

/* ---- pictures that both answered -------------------------------------------------------------------------- */

/* One answer of a and one of b to the same picture in the same fold. */
typedef struct both {
    int      fold, subject;
    uint32_t image;
    bool     clear, a, b; /* whether it was right */
} both;

typedef struct joined {
    both  *v;
    size_t n, n_a, n_b;
} joined;

typedef struct answer {
    int      fold;
    uint32_t image, row;
} answer;

static int
by_fold_image(const void *va, const void *vb)
{
    const answer *a = va, *b = vb;

    if (a->fold != b->fold) {
        return a->fold < b->fold ? -1 : 1;
    }
    return a->image < b->image ? -1 : a->image > b->image;
}

static size_t
answers_of(answer *out, const mf_predictions *p, int method)
{
    size_t n = 0;

    for (size_t i = 0; i < p->n; i++) {
        if (p->row[i].method == method) {
            out[n++] = (answer){p->row[i].fold, p->row[i].image, (uint32_t)i};
        }
    }
    qsort(out, n, sizeof *out, by_fold_image);
    return n;
}

static mf_status
join(joined *out, const mf_predictions *p, int a, int b, mf_err *err)
{
    answer *va = mf_calloc(p->n, sizeof *va), *vb = mf_calloc(p->n, sizeof *vb);
    size_t  i = 0, k = 0;

    *out   = (joined){0};
    out->v = mf_calloc(p->n, sizeof *out->v);
    if (va == NULL || vb == NULL || out->v == NULL) {
        mf_free(va);
        mf_free(vb);
        mf_free(out->v);
        out->v = NULL;
        return mf_oom(err, p->n * sizeof *out->v, "a comparison");
    }
    out->n_a = answers_of(va, p, a);
    out->n_b = answers_of(vb, p, b);
    while (i < out->n_a && k < out->n_b) {
        const int order = by_fold_image(&va[i], &vb[k]);

        if (order == 0) {
            const mf_pred *ra = &p->row[va[i].row], *rb = &p->row[vb[k].row];

            out->v[out->n++] = (both){ra->fold, ra->subject, ra->image, ra->occlusion == MF_OCC_NONE, ra->answer == ra->label,
                                      rb->answer == rb->label};
        }
        i += order <= 0;
        k += order >= 0;
    }
    mf_free(va);
    mf_free(vb);
    return MF_OK;
}

static bool
in_column(mf_column c, const both *v)
{
    return c == MF_COLUMN_AVERAGE || (c == MF_COLUMN_CLEAR) == v->clear;
}

static bool
has_column(const joined *j, mf_column c)
{
    bool clear = false, hidden = false;

    for (size_t i = 0; i < j->n; i++) {
        clear  = clear || j->v[i].clear;
        hidden = hidden || !j->v[i].clear;
    }
    return c == MF_COLUMN_CLEAR ? clear : c == MF_COLUMN_OCCLUDED ? hidden : clear && hidden;
}

/* ---- over folds ------------------------------------------------------------------------------------------- */

typedef struct side {
    double n[2], a[2], b[2]; /* [occluded]: pictures, right ones */
} side;

/* Accuracies of a fold in percent; false where it has no picture of the column. */
static bool
fold_accuracy(double *a, double *b, const side *s, mf_column c)
{
    int kinds = 0;

    *a = *b = 0.0;
    for (int k = 0; k < 2; k++) {
        if (s->n[k] > 0.0 && (c == MF_COLUMN_AVERAGE || (c == MF_COLUMN_OCCLUDED) == (k == 1))) {
            *a += 100.0 * s->a[k] / s->n[k];
            *b += 100.0 * s->b[k] / s->n[k];
            kinds++;
        }
    }
    *a /= kinds != 0 ? kinds : 1;
    *b /= kinds != 0 ? kinds : 1;
    return kinds != 0;
}

static int
by_number(const void *va, const void *vb)
{
    const uint32_t a = *(const uint32_t *)va, b = *(const uint32_t *)vb;

    return a < b ? -1 : a > b;
}

/* How many different pictures of the column there are; sorts in `room` [j->n]. */
static size_t
different_pictures(const joined *j, mf_column c, uint32_t *room)
{
    size_t n = 0, k = 0;

    for (size_t i = 0; i < j->n; i++) {
        if (in_column(c, &j->v[i])) {
            room[n++] = j->v[i].image;
        }
    }
    qsort(room, n, sizeof *room, by_number);
    for (size_t i = 0; i < n; i++) {
        k += i == 0 || room[i] != room[i - 1];
    }
    return k;
}

static mf_status
over_folds(mf_comparison *c, const joined *j, bool same_pictures, int folds, mf_err *err)
{
    const size_t n    = (size_t)folds;
    side        *s    = mf_calloc(n, sizeof *s);
    double      *diff = mf_calloc(n, sizeof *diff);
    uint32_t    *room = mf_calloc(j->n, sizeof *room);
    double       each, different;
    mf_status    st = MF_OK;

    if (s == NULL || diff == NULL || room == NULL) {
        st = mf_oom(err, n * sizeof *s, "a comparison");
        goto done;
    }
    for (size_t i = 0; i < j->n; i++) {
        const both *v = &j->v[i];

        s[v->fold].n[!v->clear]++;
        s[v->fold].a[!v->clear] += v->a;
        s[v->fold].b[!v->clear] += v->b;
    }
    for (size_t f = 0; f < n; f++) {
        double a, b;

        if (fold_accuracy(&a, &b, &s[f], c->column)) {
            c->mean_a += a;
            c->mean_b += b;
            diff[c->folds++] = a - b;
        }
    }
    c->mean_a /= (double)c->folds;
    c->mean_b /= (double)c->folds;
    /* A fold is scored on `each` pictures by a network that was trained on the others. */
    each       = (double)c->pictures / (double)c->folds;
    different  = (double)different_pictures(j, c->column, room);
    c->ratio   = different > each ? each / (different - each) : (double)NAN;
    c->folds_t = mf_corrected_t_test(diff, c->folds, c->ratio);
    /* A few folds that differ by the very same amount would give an interval of no width: they say nothing about chance. */
    if (same_pictures || c->folds < 2 || (c->folds_t.sd < 1e-9 && fabs(c->folds_t.mean) > 1e-9)) {
        c->folds_t.t = c->folds_t.p = c->folds_t.lo = c->folds_t.hi = (double)NAN;
    }
    c->effect = c->folds > 1 && c->folds_t.sd >= 1e-9 ? c->folds_t.mean / c->folds_t.sd : (double)NAN;
    st        = mf_wilcoxon_test(&c->wilcoxon, diff, c->folds, err);
    if (c->folds < 2) {
        c->wilcoxon.p = (double)NAN;
    }
done:
    mf_free(s);
    mf_free(diff);
    mf_free(room);
    return st;
}

/* ---- over people ------------------------------------------------------------------------------------------ */

/* Groups are people; where any is unknown, pictures. */
static mf_status
over_people(mf_comparison *c, const joined *j, const mf_predictions *p, const mf_compare_opts *o, mf_err *err)
{
    const size_t most  = p->n_subjects > p->n_images ? p->n_subjects : p->n_images;
    double      *sum   = mf_calloc(most, sizeof *sum);
    double      *count = mf_calloc(most, sizeof *count);
    bool         known = true;
    size_t       n     = 0;
    mf_status    st;

    if (sum == NULL || count == NULL) {
        st = mf_oom(err, most * sizeof *sum, "a comparison");
        goto done;
    }
    for (size_t i = 0; i < j->n; i++) {
        known = known && (j->v[i].subject >= 0 || !in_column(c->column, &j->v[i]));
    }
    for (size_t i = 0; i < j->n; i++) {
        const both  *v  = &j->v[i];
        const size_t at = known ? (size_t)v->subject : v->image;

        if (in_column(c->column, v)) {
            sum[at] += 100.0 * ((double)v->a - (double)v->b);
            count[at]++;
        }
    }
    for (size_t i = 0; i < most; i++) {
        if (count[i] > 0.0) {
            sum[n]     = sum[i];
            count[n++] = count[i];
        }
    }
    c->subjects = known ? n : 0;
    st          = mf_bootstrap_groups(&c->people, sum, count, n, o->resamples, o->seed, err);
done:
    mf_free(sum);
    mf_free(count);
    return st;
}

/* ---- one comparison --------------------------------------------------------------------------------------- */

static void
decide(mf_comparison *c)
{
    if (!isnan(c->folds_t.p)) {
        c->judge = MF_JUDGE_FOLDS;
        c->diff  = c->folds_t.mean;
        c->lo    = c->folds_t.lo;
        c->hi    = c->folds_t.hi;
        c->p     = c->folds_t.p;
        return;
    }
    c->diff = c->people.mean;
    c->lo   = c->people.lo;
    c->hi   = c->people.hi;
    if (c->subjects > 1) {
        c->judge = MF_JUDGE_SUBJECTS;
        c->p     = c->people.p;
    } else if (c->subjects == 0 && !isnan(c->mcnemar)) {
        c->judge = MF_JUDGE_PICTURES;
        c->p     = c->mcnemar;
    } else {
        c->judge = MF_JUDGE_NONE;
        c->p     = (double)NAN;
    }
}

static mf_status
compare_two(mf_comparison *c, const joined *j, const mf_predictions *p, bool same_pictures, const mf_compare_opts *o, mf_err *err)
{
    mf_status st;

    for (size_t i = 0; i < j->n; i++) {
        if (in_column(c->column, &j->v[i])) {
            c->pictures++;
            c->only_a += j->v[i].a && !j->v[i].b;
            c->only_b += j->v[i].b && !j->v[i].a;
        }
    }
    if ((st = over_folds(c, j, same_pictures, p->folds, err)) < 0 || (st = over_people(c, j, p, o, err)) < 0) {
        return st;
    }
    /* The same picture answered by several networks is not several pictures. */
    c->mcnemar = same_pictures && c->folds > 1 ? (double)NAN : mf_mcnemar_exact(c->only_a, c->only_b);
    c->odds    = c->only_b != 0   ? (double)c->only_a / (double)c->only_b
                 : c->only_a != 0 ? INFINITY
                                  : (double)NAN;
    decide(c);
    return MF_OK;
}

static const mf_pred_run *
run_of(const mf_predictions *p, int method)
{
    for (int i = 0; i < p->n_runs; i++) {
        if (method >= p->run[i].method && method < p->run[i].method + p->run[i].methods) {
            return &p->run[i];
        }
    }
    MF_ASSERT(!"every method is of a run");
    return NULL;
}

/* Columns of a pair, appended. */
static mf_status
compare_pair(mf_comparisons *out, const mf_predictions *p, int a, int b, const mf_compare_opts *o, mf_err *err)
{
    const mf_pred_run *ra = run_of(p, a), *rb = run_of(p, b);
    joined             j;
    mf_status          st;

    if ((st = join(&j, p, a, b, err)) < 0) {
        return st;
    }
    if (ra->folds != rb->folds || j.n == 0) {
        mf_str_printf(&out->notes, "%s and %s cannot be compared: %s.\n", p->methods[a], p->methods[b],
                      ra->folds != rb->folds ? "they were scored over different folds" : "no picture was scored by both in the same fold");
    } else {
        if (j.n != j.n_a || j.n != j.n_b) {
            mf_str_printf(&out->notes, "%s and %s are compared on the %zu answers that both gave in the same fold, of %zu and %zu.\n",
                          p->methods[a], p->methods[b], j.n, j.n_a, j.n_b);
        }
        for (int k = 0; k < MF_COLUMN_COUNT && st == MF_OK; k++) {
            if (has_column(&j, (mf_column)k)) {
                mf_comparison *c = &out->c[out->n++];

                *c = (mf_comparison){.a = a, .b = b, .column = (mf_column)k};
                st = compare_two(c, &j, p, ra->cross || rb->cross, o, err);
            }
        }
    }
    mf_free(j.v);
    return st;
}

static int
by_column(const void *va, const void *vb)
{
    const mf_comparison *a = va, *b = vb;

    if (a->column != b->column) {
        return a->column < b->column ? -1 : 1;
    }
    if (a->a != b->a) {
        return a->a < b->a ? -1 : 1;
    }
    return a->b < b->b ? -1 : a->b > b->b;
}

/* Holm's correction within each column; comparisons are sorted by column. */
static mf_status
correct(mf_comparisons *out, mf_err *err)
{
    double   *p  = mf_calloc(out->n, sizeof *p);
    mf_status st = MF_OK;

    if (p == NULL) {
        return mf_oom(err, out->n * sizeof *p, "p values");
    }
    for (size_t i = 0; i < out->n && st == MF_OK;) {
        size_t next = i, family = 0;

        for (; next < out->n && out->c[next].column == out->c[i].column; next++) {
            p[next] = out->c[next].p;
            family += isnan(p[next]) ? 0 : 1;
        }
        if ((st = mf_holm(p + i, p + i, next - i, err)) == MF_OK) {
            for (; i < next; i++) {
                out->c[i].p_holm = p[i];
                out->c[i].family = family;
            }
        }
    }
    mf_free(p);
    return st;
}

void
mf_comparisons_free(mf_comparisons *c)
{
    mf_free(c->c);
    mf_str_free(&c->notes);
    *c = (mf_comparisons){0};
}

mf_status
mf_compare(mf_comparisons *out, const mf_predictions *p, const mf_compare_opts *o, mf_err *err)
{
    const size_t m    = (size_t)p->n_methods, most = m * (m - 1) / 2 * (size_t)MF_COLUMN_COUNT;
    mf_status    st   = MF_OK;

    MF_ASSERT(o->against < p->n_methods);
    *out   = (mf_comparisons){0};
    out->c = mf_calloc(most, sizeof *out->c);
    if (out->c == NULL) {
        return mf_oom(err, most * sizeof *out->c, "comparisons");
    }
    for (int a = 0; a < p->n_methods && st == MF_OK; a++) {
        for (int b = 0; b < a && st == MF_OK; b++) {
            if (o->against < 0) {
                st = compare_pair(out, p, a, b, o, err);
            } else if (a == o->against || b == o->against) {
                st = compare_pair(out, p, a == o->against ? b : a, o->against, o, err);
            }
        }
    }
    if (st == MF_OK) {
        qsort(out->c, out->n, sizeof *out->c, by_column);
        if ((st = correct(out, err)) == MF_OK && out->notes.oom) {
            st = mf_str_ok(&out->notes, err);
        }
    }
    if (st < 0) {
        mf_comparisons_free(out);
    }
    return st;
}

/* ---- the sentence ----------------------------------------------------------------------------------------- */

static void
put_p(mf_str *out, double p)
{
    if (p < 0.001) {
        mf_str_add(out, "p < 0.001");
    } else {
        mf_str_printf(out, p < 0.1 ? "p = %.3f" : "p = %.2f", p);
    }
}

static void
put_basis(mf_str *out, const mf_comparison *c)
{
    switch (c->judge) {
    case MF_JUDGE_FOLDS: mf_str_printf(out, " over %zu folds", c->folds); break;
    case MF_JUDGE_SUBJECTS: mf_str_printf(out, " over %zu people (bootstrap)", c->subjects); break;
    case MF_JUDGE_PICTURES: mf_str_printf(out, " over %zu pictures (McNemar)", c->pictures); break;
    case MF_JUDGE_NONE: break;
    }
}

static void
put_holm(mf_str *out, const mf_comparison *c)
{
    mf_str_printf(out, " Holm's correction for %zu comparisons", c->family);
}

/* What would be written as -0.0 is 0. */
static double
tenth(double v)
{
    return fabs(v) < 0.05 ? 0.0 : v;
}

void
mf_comparison_sentence(mf_str *out, const mf_comparison *c, const mf_predictions *p)
{
    static const char *const where[MF_COLUMN_COUNT] = {"on non-masked pictures", "on masked pictures", "on average"};
    const bool               back  = c->diff < 0.0;
    const char              *first = p->methods[back ? c->b : c->a], *second = p->methods[back ? c->a : c->b];
    const double             diff = fabs(c->diff), lo = tenth(back ? -c->hi : c->lo), hi = tenth(back ? -c->lo : c->hi);

    if (c->judge == MF_JUDGE_NONE) {
        mf_str_printf(out, "%s and %s differ by %.1f points %s, and nothing can be said about chance: there is one fold and one person",
                      first, second, diff, where[c->column]);
        return;
    }
    if (c->p < level) {
        mf_str_printf(out, "%s %s %s %s by %.1f points, 95 %% interval %.1f to %.1f, ", first,
                      c->p_holm < level ? "beats" : "is ahead of", second, where[c->column], diff, lo, hi);
        put_p(out, c->p);
        put_basis(out, c);
        if (c->p_holm >= level) {
            mf_str_add(out, ", but not after");
            put_holm(out, c);
            mf_str_add(out, " (");
            put_p(out, c->p_holm);
            mf_str_addc(out, ')');
        } else if (c->family > 1) {
            mf_str_add(out, " (");
            put_p(out, c->p_holm);
            mf_str_add(out, " after");
            put_holm(out, c);
            mf_str_addc(out, ')');
        }
        return;
    }
    mf_str_printf(out, "%s and %s cannot be told apart %s: the difference of %.1f points has a 95 %% interval of %.1f to %.1f, ",
                  first, second, where[c->column], diff, lo, hi);
    put_p(out, c->p);
    put_basis(out, c);
}
