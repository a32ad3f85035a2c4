/* eval/paired.h: tests on paired figures of two methods, and corrections for many. All p values are two-sided. */
#ifndef MF_EVAL_PAIRED_H
#define MF_EVAL_PAIRED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/error.h"

/* McNemar's exact test: b pictures that only the first method got right, c that only the second did. p = 1 for b + c = 0.
 * (McNemar 1947; the exact binomial form.) */
double mf_mcnemar_exact(uint64_t b, uint64_t c);

/* Corrected resampled t-test: variance times (1/n + ratio), ratio = scored / trained pictures, because folds share
 * training pictures (Nadeau and Bengio 2003, eq. 9). */
typedef struct mf_corrected_t {
    size_t n;
    double mean, sd;      /* of the differences; sd with n - 1 */
    double t, p;          /* NaN for n < 2; p = 1 where all differences are 0, 0 where all are equal and not 0 */
    double lo, hi;        /* 95 % interval of the mean; NaN for n < 2 */
} mf_corrected_t;
mf_corrected_t mf_corrected_t_test(const double *diff, size_t n, double ratio);

/* Wilcoxon's signed-rank test; zeros are left out, ties get mean ranks. Exact (the distribution given the ranks, ties
 * too) up to MF_WILCOXON_EXACT differences that are not 0, beyond that the normal form with the correction for ties. */
enum { MF_WILCOXON_EXACT = 50 };
typedef struct mf_wilcoxon {
    size_t n;             /* differences that are not 0 */
    double plus, minus;   /* sums of ranks */
    double p;             /* 1 for n = 0 */
    double effect;        /* matched-pairs rank-biserial correlation, (plus - minus) / (plus + minus); 0 for n = 0 */
    bool   exact;
} mf_wilcoxon;
mf_status mf_wilcoxon_test(mf_wilcoxon *out, const double *diff, size_t n, mf_err *err);

/* Bootstrap over groups (people): resamples draw whole groups with replacement; the statistic is sum / count over the drawn
 * groups. sum[i] and count[i] > 0 are of group i. Percentile interval of 95 % (linear interpolation between order
 * statistics); p = min(1, 2 min(#{<= 0} + 1, #{>= 0} + 1) / (resamples + 1)). Fixed by `seed`; resample r draws from
 * mf_rng_make(seed, 0, r, MF_RNG_EVAL). */
typedef struct mf_bootstrap {
    size_t groups;
    double mean;          /* of all groups as they are */
    double lo, hi, p;     /* NaN for fewer than 2 groups */
} mf_bootstrap;
mf_status mf_bootstrap_groups(mf_bootstrap *out, const double *sum, const double *count, size_t n, int resamples,
                              uint64_t seed, mf_err *err);

/* Holm's step-down correction (1979): adjusted[i] of p[i], in place allowed. NaN stays NaN and does not count. */
mf_status mf_holm(double *adjusted, const double *p, size_t n, mf_err *err);

/* Wilson's score interval of 95 % of k successes in n; NaN for n = 0. */
void mf_wilson(double *lo, double *hi, uint64_t k, uint64_t n);

#endif
