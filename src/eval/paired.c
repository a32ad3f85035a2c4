/* eval/paired.c: paired tests. Distributions are computed, not looked up: the binomial by the incomplete beta function, ranks
 * by counting sign patterns. */
#include "eval/paired.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/rng.h"
#include "core/thread.h"
#include "eval/stats.h"

double
mf_mcnemar_exact(uint64_t b, uint64_t c)
{
    const double n = (double)b + (double)c, k = b < c ? (double)b : (double)c;
    double       p;

    if (b == c) {
        return 1.0;
    }
    p = 2.0 * mf_beta_inc(n - k, k + 1.0, 0.5); /* P(X <= k), X binomial of n and 1/2 */
    return p < 1.0 ? p : 1.0;
}

mf_corrected_t
mf_corrected_t_test(const double *diff, size_t n, double ratio)
{
    mf_stats       s = mf_stats_make(diff, n, 0.95);
    mf_corrected_t r = {.n = n, .mean = s.mean, .sd = s.sd, .t = (double)NAN, .p = (double)NAN, .lo = (double)NAN, .hi = (double)NAN};
    double         error, half;

    if (n < 2) {
        return r;
    }
    error = s.sd * sqrt(1.0 / (double)n + ratio);
    half  = error * mf_t_quantile(0.975, (double)(n - 1));
    r.lo  = s.mean - half;
    r.hi  = s.mean + half;
    if (error > 0.0) {
        r.t = s.mean / error;
        r.p = 2.0 * mf_t_cdf(-fabs(r.t), (double)(n - 1));
    } else {
        r.t = s.mean == 0.0 ? 0.0 : s.mean > 0.0 ? INFINITY : -INFINITY;
        r.p = s.mean == 0.0 ? 1.0 : 0.0;
    }
    return r;
}

/* ---- Wilcoxon --------------------------------------------------------------------------------------------- */

typedef struct ranked {
    double size; /* |difference| */
    bool   up;
    size_t rank2; /* twice the mean rank: whole also with ties */
} ranked;

static int
by_size(const void *va, const void *vb)
{
    const ranked *a = va, *b = vb;

    return a->size < b->size ? -1 : a->size > b->size;
}

/* Of all sign patterns, the share whose positive ranks sum to at most `sum2`, halves; ways in doubles are exact to 2^53. */
static double
share_below(const ranked *r, size_t n, size_t sum2)
{
    double ways[MF_WILCOXON_EXACT * (MF_WILCOXON_EXACT + 1) + 1] = {1.0}, below = 0.0;
    size_t top = 0;

    for (size_t i = 0; i < n; i++) {
        top += r[i].rank2;
        for (size_t s = top; s >= r[i].rank2; s--) {
            ways[s] += ways[s - r[i].rank2];
        }
    }
    for (size_t s = 0; s <= sum2 && s <= top; s++) {
        below += ways[s];
    }
    return below / ldexp(1.0, (int)n);
}

/* Differences of rates that are equal as fractions may differ in the last bits: within this share of the largest they are ties, and zero. */
#define SAME 1e-10

/* Mean ranks; the return value is the sum of t^3 - t over groups of t equal ones. */
static double
rank(ranked *r, size_t n, double same)
{
    double ties = 0.0;

    qsort(r, n, sizeof *r, by_size);
    for (size_t i = 0; i < n;) {
        size_t next = i;
        double t;

        while (next < n && r[next].size - r[i].size <= same) {
            next++;
        }
        t = (double)(next - i);
        ties += t * t * t - t;
        for (size_t k = i; k < next; k++) {
            r[k].rank2 = i + 1 + next; /* (first + last) of ranks i+1 .. next */
        }
        i = next;
    }
    return ties;
}

mf_status
mf_wilcoxon_test(mf_wilcoxon *out, const double *diff, size_t n, mf_err *err)
{
    ranked *r    = mf_calloc(n, sizeof *r);
    size_t  used = 0, plus2 = 0, minus2 = 0, least;
    double  ties, count, p, same = 0.0;

    *out = (mf_wilcoxon){.p = 1.0, .exact = true};
    if (r == NULL) {
        return mf_oom(err, n * sizeof *r, "ranks");
    }
    for (size_t i = 0; i < n; i++) {
        same = fmax(same, SAME * fabs(diff[i]));
    }
    for (size_t i = 0; i < n; i++) {
        if (fabs(diff[i]) > same) {
            r[used++] = (ranked){fabs(diff[i]), diff[i] > 0.0, 0};
        }
    }
    ties = rank(r, used, same);
    for (size_t i = 0; i < used; i++) {
        plus2 += r[i].up ? r[i].rank2 : 0;
        minus2 += r[i].up ? 0 : r[i].rank2;
    }
    out->n     = used;
    out->plus  = (double)plus2 / 2.0;
    out->minus = (double)minus2 / 2.0;
    if (used != 0) {
        least       = plus2 < minus2 ? plus2 : minus2;
        count       = (double)used;
        out->effect = (out->plus - out->minus) / (out->plus + out->minus);
        out->exact  = used <= MF_WILCOXON_EXACT;
        if (out->exact) {
            p = 2.0 * share_below(r, used, least); /* the distribution is symmetric */
        } else {
            const double mean = count * (count + 1.0) / 4.0;
            const double var  = (count * (count + 1.0) * (2.0 * count + 1.0) - ties / 2.0) / 24.0;

            p = erfc(fabs((double)least / 2.0 - mean) / sqrt(2.0 * var));
        }
        out->p = p < 1.0 ? p : 1.0;
    }
    mf_free(r);
    return MF_OK;
}

/* ---- bootstrap -------------------------------------------------------------------------------------------- */

typedef struct boot {
    const double *sum, *count;
    size_t        n;
    uint64_t      seed;
    double       *value;
} boot;

static void
resample(void *arg, size_t begin, size_t end, int thread)
{
    boot *b = arg;

    (void)thread;
    for (size_t r = begin; r < end; r++) {
        mf_rng g   = mf_rng_make(b->seed, 0, r, MF_RNG_EVAL);
        double sum = 0.0, count = 0.0;

        for (size_t i = 0; i < b->n; i++) {
            const size_t k = (size_t)mf_rng_below(&g, b->n);

            sum += b->sum[k];
            count += b->count[k];
        }
        b->value[r] = sum / count;
    }
}

static int
by_value(const void *va, const void *vb)
{
    const double a = *(const double *)va, b = *(const double *)vb;

    return a < b ? -1 : a > b;
}

/* Between the order statistics around q (n - 1), in a straight line. */
static double
percentile(const double *v, size_t n, double q)
{
    const double at   = q * (double)(n - 1);
    const size_t low  = (size_t)floor(at);
    const size_t high = low + 1 < n ? low + 1 : low;

    return v[low] + (at - (double)low) * (v[high] - v[low]);
}

mf_status
mf_bootstrap_groups(mf_bootstrap *out, const double *sum, const double *count, size_t n, int resamples, uint64_t seed,
                    mf_err *err)
{
    boot   b     = {.sum = sum, .count = count, .n = n, .seed = seed};
    double all   = 0.0, counted = 0.0, below = 1.0, above = 1.0;

    MF_ASSERT(resamples > 0);
    *out = (mf_bootstrap){.groups = n, .mean = (double)NAN, .lo = (double)NAN, .hi = (double)NAN, .p = (double)NAN};
    for (size_t i = 0; i < n; i++) {
        all += sum[i];
        counted += count[i];
    }
    if (n != 0) {
        out->mean = all / counted;
    }
    if (n < 2) {
        return MF_OK;
    }
    if ((b.value = mf_calloc((size_t)resamples, sizeof *b.value)) == NULL) {
        return mf_oom(err, (size_t)resamples * sizeof *b.value, "resamples");
    }
    mf_parallel_for((size_t)resamples, 64, resample, &b);
    qsort(b.value, (size_t)resamples, sizeof *b.value, by_value);
    for (int i = 0; i < resamples; i++) {
        below += b.value[i] <= 0.0;
        above += b.value[i] >= 0.0;
    }
    out->lo = percentile(b.value, (size_t)resamples, 0.025);
    out->hi = percentile(b.value, (size_t)resamples, 0.975);
    out->p  = 2.0 * (below < above ? below : above) / (resamples + 1.0);
    out->p  = out->p < 1.0 ? out->p : 1.0;
    mf_free(b.value);
    return MF_OK;
}

/* ---- many tests, one share -------------------------------------------------------------------------------- */

typedef struct numbered {
    double p;
    size_t at;
} numbered;

static int
by_p(const void *va, const void *vb)
{
    const numbered *a = va, *b = vb;

    return a->p < b->p ? -1 : a->p > b->p ? 1 : a->at < b->at ? -1 : 1;
}

mf_status
mf_holm(double *adjusted, const double *p, size_t n, mf_err *err)
{
    numbered *v    = mf_calloc(n, sizeof *v);
    size_t    used = 0;
    double    most = 0.0;

    if (v == NULL) {
        return mf_oom(err, n * sizeof *v, "p values");
    }
    for (size_t i = 0; i < n; i++) {
        if (isnan(p[i])) {
            adjusted[i] = p[i];
        } else {
            v[used++] = (numbered){p[i], i};
        }
    }
    qsort(v, used, sizeof *v, by_p);
    for (size_t i = 0; i < used; i++) {
        const double one = v[i].p * (double)(used - i);

        most              = one > most ? one : most;
        adjusted[v[i].at] = most < 1.0 ? most : 1.0;
    }
    mf_free(v);
    return MF_OK;
}

void
mf_wilson(double *lo, double *hi, uint64_t k, uint64_t n)
{
    const double z = 1.959963984540054, z2 = z * z; /* the normal's 0.975 */
    const double m = (double)n, p = (double)k / m;
    double       middle, half;

    if (n == 0) {
        *lo = *hi = (double)NAN;
        return;
    }
    middle = (p + z2 / (2.0 * m)) / (1.0 + z2 / m);
    half   = z / (1.0 + z2 / m) * sqrt(p * (1.0 - p) / m + z2 / (4.0 * m * m));
    *lo    = middle - half > 0.0 ? middle - half : 0.0;
    *hi    = middle + half < 1.0 ? middle + half : 1.0;
}
