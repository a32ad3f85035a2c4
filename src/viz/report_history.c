/* viz/report_history.c: a column of several results.csv as mean and spread over them. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/csv.h"
#include "core/mem.h"
#include "viz/report.h"

enum { EPOCHS_MAX = 1 << 20 };

void
mf_report_history_free(mf_report_history *h)
{
    mf_free(h->epoch);
    mf_free(h->value);
    mf_free(h->lo);
    mf_free(h->hi);
    *h = (mf_report_history){0};
}

typedef struct sums {
    double *sum, *lo, *hi;
    size_t *count, n, cap;
} sums;

static mf_status
want(sums *s, size_t n, mf_err *err)
{
    size_t  cap = s->cap != 0 ? s->cap : 64;
    double *d[3];
    size_t *c;

    while (cap < n) {
        cap *= 2;
    }
    if (cap == s->cap) {
        return MF_OK;
    }
    if ((d[0] = mf_realloc(s->sum, cap, sizeof *d[0])) != NULL) {
        s->sum = d[0];
    }
    if ((d[1] = mf_realloc(s->lo, cap, sizeof *d[1])) != NULL) {
        s->lo = d[1];
    }
    if ((d[2] = mf_realloc(s->hi, cap, sizeof *d[2])) != NULL) {
        s->hi = d[2];
    }
    if ((c = mf_realloc(s->count, cap, sizeof *c)) != NULL) {
        s->count = c;
    }
    if (d[0] == NULL || d[1] == NULL || d[2] == NULL || c == NULL) {
        return mf_oom(err, cap * sizeof(double), "learning curves");
    }
    for (size_t i = s->cap; i < cap; i++) {
        s->sum[i]   = 0;
        s->lo[i]    = INFINITY;
        s->hi[i]    = -INFINITY;
        s->count[i] = 0;
    }
    s->cap = cap;
    return MF_OK;
}

static mf_status
read_one(sums *s, const char *path, const char *column, mf_err *err)
{
    mf_csv   *c;
    char    **f;
    size_t    n, width;
    int       at, epoch;
    mf_status st;

    if ((st = mf_csv_open(&c, path, err)) < 0) {
        return st;
    }
    if ((st = mf_csv_next(c, &f, &n, err)) < 0) {
        goto done;
    }
    width = n;
    at    = n != 0 ? mf_csv_column(f, n, column) : -1;
    epoch = n != 0 ? mf_csv_column(f, n, "epoch") : -1;
    while (at >= 0 && epoch >= 0 && (st = mf_csv_next(c, &f, &n, err)) == MF_OK && n != 0) {
        int64_t e;
        double  v;

        if (n != width) {
            st = mf_fail(err, MF_E_FORMAT, "%s: line %ld: %zu fields where the header has %zu", path, mf_csv_line(c), n, width);
            goto done;
        }
        if ((st = mf_parse_i64(&e, f[epoch], 1, EPOCHS_MAX, err)) < 0) {
            mf_fail_in(err, st, "%s: line %ld: epoch", path, mf_csv_line(c));
            goto done;
        }
        if (f[at][0] == '\0' || mf_parse_f64(&v, f[at], -1e30, 1e30, NULL) < 0) {
            continue; /* nothing was measured in this epoch, or it was no number */
        }
        if ((st = want(s, (size_t)e, err)) < 0) {
            goto done;
        }
        s->sum[e - 1] += v;
        s->lo[e - 1] = fmin(s->lo[e - 1], v);
        s->hi[e - 1] = fmax(s->hi[e - 1], v);
        s->count[e - 1]++;
        s->n = (size_t)e > s->n ? (size_t)e : s->n;
    }
done:
    mf_csv_close(c);
    return st;
}

mf_status
mf_report_history_read(mf_report_history *out, const char *name, const char *column, const char *const *paths, size_t n, mf_err *err)
{
    sums      s  = {0};
    mf_status st = MF_OK;

    *out = (mf_report_history){0};
    snprintf(out->name, sizeof out->name, "%s", name);
    for (size_t i = 0; i < n && st == MF_OK; i++) {
        st = read_one(&s, paths[i], column, err);
    }
    if (st < 0 || s.n == 0) {
        goto done;
    }
    out->epoch = mf_calloc(s.n, sizeof *out->epoch);
    out->value = mf_calloc(s.n, sizeof *out->value);
    out->lo    = mf_calloc(s.n, sizeof *out->lo);
    out->hi    = mf_calloc(s.n, sizeof *out->hi);
    if (out->epoch == NULL || out->value == NULL || out->lo == NULL || out->hi == NULL) {
        st = mf_oom(err, 4 * s.n * sizeof(double), "learning curves");
        goto done;
    }
    for (size_t i = 0; i < s.n; i++) {
        if (s.count[i] != 0) {
            out->epoch[out->epochs] = (double)(i + 1);
            out->value[out->epochs] = s.sum[i] / (double)s.count[i];
            out->lo[out->epochs]    = s.lo[i];
            out->hi[out->epochs++]  = s.hi[i];
        }
    }
done:
    mf_free(s.sum);
    mf_free(s.lo);
    mf_free(s.hi);
    mf_free(s.count);
    if (st < 0) {
        mf_report_history_free(out);
    }
    return st;
}
