/* eval/attention_figures.c: means, intervals and tests over the table of attention. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "eval/attention.h"
#include "eval/paired.h"

enum { RESAMPLES = 10000, SEED = 1 };

/* A share (or a difference of two) with whom and where it belongs. */
typedef struct item {
    int    subject, fold, label;
    double v;
} item;

static int
by_subject(const void *a, const void *b)
{
    const item *x = a, *y = b;

    return x->subject != y->subject ? (x->subject < y->subject ? -1 : 1) : 0;
}

/* Sums by person; unknown people (subject -1) are one each, since nothing says who they are. Sorts the items. */
static mf_status
over_people(mf_bootstrap *out, item *v, size_t n, mf_err *err)
{
    double   *sum = mf_calloc(2 * n + 2, sizeof *sum), *count = sum != NULL ? sum + n + 1 : NULL;
    size_t    groups = 0;
    mf_status st;

    if (sum == NULL) {
        return mf_oom(err, 2 * n * sizeof *sum, "sums by person");
    }
    qsort(v, n, sizeof *v, by_subject);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || v[i].subject != v[i - 1].subject || v[i].subject < 0) {
            groups++;
        }
        sum[groups - 1] += v[i].v;
        count[groups - 1] += 1;
    }
    st = mf_bootstrap_groups(out, sum, count, groups, RESAMPLES, SEED, err);
    mf_free(sum);
    return st;
}

/* Mean of each fold (label -1: all) into fold[folds], NaN where there is none. */
static void
fold_means(double *fold, int folds, const item *v, size_t n, int label)
{
    for (int f = 0; f < folds; f++) {
        double sum = 0;
        size_t k   = 0;

        for (size_t i = 0; i < n; i++) {
            if (v[i].fold == f && (label < 0 || v[i].label == label)) {
                sum += v[i].v;
                k++;
            }
        }
        fold[f] = k != 0 ? sum / (double)k : NAN;
    }
}

static size_t
keep_known(double *to, const double *v, int n)
{
    size_t k = 0;

    for (int i = 0; i < n; i++) {
        if (isfinite(v[i])) {
            to[k++] = v[i];
        }
    }
    return k;
}

static void
interval(double *mean, double *lo, double *hi, const double *fold, double *room, int folds)
{
    const size_t   k = keep_known(room, fold, folds);
    const mf_stats s = mf_stats_make(room, k, 0.95);

    *mean = k != 0 ? s.mean : NAN;
    *lo   = k >= 2 ? fmax(s.lo, 0.0) : NAN; /* a share stays within 0 and 1, whatever Student says */
    *hi   = k >= 2 ? fmin(s.hi, 1.0) : NAN;
}

void
mf_attention_figures_free(mf_attention_figures *f)
{
    mf_free(f->fold);
    *f = (mf_attention_figures){0};
}

mf_status
mf_attention_figures_make(mf_attention_figures *out, const mf_attention *a, int method, mf_err *err)
{
    const size_t folds = (size_t)(a->folds > 0 ? a->folds : 1);
    item        *v     = mf_calloc(a->n + 1, sizeof *v);
    double      *room  = mf_calloc(2 * folds, sizeof *room), *one = room != NULL ? room + folds : NULL;
    mf_bootstrap people;
    mf_status    st = MF_OK;

    *out      = (mf_attention_figures){0};
    out->fold = mf_calloc(folds, sizeof *out->fold);
    if (v == NULL || room == NULL || out->fold == NULL) {
        st = mf_oom(err, a->n * sizeof *v, "attention");
        goto done;
    }
    for (size_t i = 0; i < a->n; i++) {
        const mf_attention_row *r = &a->row[i];

        if (r->method == method) {
            out->area += r->area;
            if (isfinite(r->share)) {
                v[out->n++] = (item){r->subject, r->fold, r->label, r->share};
            } else {
                out->empty++;
            }
        }
    }
    out->area = out->n + out->empty != 0 ? out->area / (double)(out->n + out->empty) : NAN;
    fold_means(out->fold, a->folds, v, out->n, -1);
    interval(&out->mean, &out->lo, &out->hi, out->fold, room, a->folds);
    for (int c = 0; c < MF_CLASSES_MAX; c++) {
        out->class_mean[c] = out->class_lo[c] = out->class_hi[c] = NAN;
        if (c < a->n_classes) {
            fold_means(one, a->folds, v, out->n, c);
            interval(&out->class_mean[c], &out->class_lo[c], &out->class_hi[c], one, room, a->folds);
        }
    }
    if (a->folds < 2 && out->n != 0) {
        if ((st = over_people(&people, v, out->n, err)) < 0) {
            goto done;
        }
        out->lo = people.lo;
        out->hi = people.hi;
    }
done:
    mf_free(v);
    mf_free(room);
    if (st < 0) {
        mf_attention_figures_free(out);
    }
    return st;
}

/* Rows of one method by (fold, picture), for a walk through two methods side by side. */
static int
by_place(const void *a, const void *b)
{
    const mf_attention_row *x = *(const mf_attention_row *const *)a, *y = *(const mf_attention_row *const *)b;

    if (x->fold != y->fold) {
        return x->fold < y->fold ? -1 : 1;
    }
    return x->image != y->image ? (x->image < y->image ? -1 : 1) : 0;
}

static const mf_attention_row **
rows_of(size_t *n, const mf_attention *a, int method)
{
    const mf_attention_row **r = mf_calloc(a->n + 1, sizeof *r);

    *n = 0;
    for (size_t i = 0; i < a->n && r != NULL; i++) {
        if (a->row[i].method == method && isfinite(a->row[i].share)) {
            r[(*n)++] = &a->row[i];
        }
    }
    if (r != NULL) {
        qsort(r, *n, sizeof *r, by_place);
    }
    return r;
}

static mf_status
compare(mf_attention_pair *out, const mf_attention *a, int x, int y, mf_err *err)
{
    size_t                   nx, ny, n = 0, folds;
    const mf_attention_row **rx = rows_of(&nx, a, x), **ry = rows_of(&ny, a, y);
    item                    *v = mf_calloc(nx + 1, sizeof *v), *w = mf_calloc(nx + 1, sizeof *w);
    double                  *fold = mf_calloc(3 * (size_t)a->folds + 3, sizeof *fold);
    mf_bootstrap             people;
    mf_status                st = MF_OK;

    *out = (mf_attention_pair){.a = x, .b = y};
    if (rx == NULL || ry == NULL || v == NULL || w == NULL || fold == NULL) {
        st = mf_oom(err, a->n * sizeof *v, "a comparison");
        goto done;
    }
    for (size_t i = 0, j = 0; i < nx && j < ny;) {
        const int order = by_place(&rx[i], &ry[j]);

        if (order == 0) {
            v[n] = (item){rx[i]->subject, rx[i]->fold, rx[i]->label, rx[i]->share - ry[j]->share};
            w[n] = v[n];
            w[n++].v = ry[j]->share;
        }
        i += order <= 0;
        j += order >= 0;
    }
    out->pictures = n;
    if (n == 0) {
        goto done;
    }
    fold_means(fold, a->folds, v, n, -1);
    folds = keep_known(fold + a->folds, fold, a->folds);
    {
        const mf_corrected_t t = mf_corrected_t_test(fold + a->folds, folds, folds > 1 ? 1.0 / (double)(folds - 1) : 1.0);

        out->folds = folds;
        out->diff  = t.mean;
        out->lo    = t.lo;
        out->hi    = t.hi;
        out->p     = t.p;
    }
    fold_means(fold, a->folds, w, n, -1);
    folds = keep_known(fold + a->folds, fold, a->folds);
    out->mean_b = mf_stats_make(fold + a->folds, folds, 0.95).mean;
    out->mean_a = out->mean_b + out->diff;
    if ((st = over_people(&people, v, n, err)) < 0) {
        goto done;
    }
    out->people    = people.groups;
    out->people_lo = people.lo;
    out->people_hi = people.hi;
    out->people_p  = people.p;
    if (out->folds < 2) {
        out->lo = people.lo;
        out->hi = people.hi;
        out->p  = people.p;
    }
done:
    mf_free(rx);
    mf_free(ry);
    mf_free(v);
    mf_free(w);
    mf_free(fold);
    return st;
}

mf_status
mf_attention_compare(mf_attention_pair **out, size_t *n, const mf_attention *a, int against, mf_err *err)
{
    const size_t       m = (size_t)a->n_methods;
    mf_attention_pair *p = mf_calloc(m * m + 1, sizeof *p);
    double            *raw = mf_calloc(2 * m * m + 2, sizeof *raw);
    mf_status          st = MF_OK;

    *n   = 0;
    *out = NULL;
    if (p == NULL || raw == NULL) {
        st = mf_oom(err, m * m * sizeof *p, "comparisons");
        goto done;
    }
    for (int y = 0; y < a->n_methods; y++) {
        for (int x = against < 0 ? y + 1 : 0; x < a->n_methods; x++) {
            if (x != y && (against < 0 || y == against)) {
                if ((st = compare(&p[*n], a, x, y, err)) < 0) {
                    goto done;
                }
                *n += p[*n].pictures != 0;
            }
        }
    }
    for (size_t i = 0; i < *n; i++) {
        raw[i] = p[i].p;
    }
    if ((st = mf_holm(raw, raw, *n, err)) < 0) {
        goto done;
    }
    for (size_t i = 0; i < *n; i++) {
        p[i].p_holm = raw[i];
    }
    *out = p;
    p    = NULL;
done:
    mf_free(p);
    mf_free(raw);
    if (st < 0) {
        *n = 0;
    }
    return st;
}

void
mf_attention_sentence(mf_str *out, const mf_attention_pair *p, const mf_attention *a)
{
    const double points = 100.0 * p->diff;
    const bool   less   = points < 0;

    mf_str_printf(out, "%s has %.1f points %s of its heat on the mask than %s (%.1f %% against %.1f %%)", a->methods[p->a], fabs(points),
                  less ? "less" : "more", a->methods[p->b], 100.0 * p->mean_a, 100.0 * p->mean_b);
    if (isfinite(p->lo) && isfinite(p->hi)) {
        mf_str_printf(out, ", 95 %% interval of the difference %.1f to %.1f", 100.0 * p->lo, 100.0 * p->hi);
    }
    if (isfinite(p->p)) {
        if (p->p < 0.001) {
            mf_str_add(out, ", p < 0.001");
        } else {
            mf_str_printf(out, ", p = %.*f", p->p < 0.1 ? 3 : 2, p->p);
        }
        if (p->folds >= 2) {
            mf_str_printf(out, " over %zu folds", p->folds);
        } else {
            mf_str_printf(out, " over %zu people", p->people);
        }
    } else {
        mf_str_add(out, "; too few folds and people for a test");
    }
}
