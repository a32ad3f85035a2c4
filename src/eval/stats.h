/* eval/stats.h: means, spreads and intervals of a few numbers (folds, seeds). */
#ifndef MF_EVAL_STATS_H
#define MF_EVAL_STATS_H

#include <stddef.h>

typedef struct mf_stats {
    size_t n;
    double mean;
    double sd;       /* sample standard deviation (n - 1); 0 for n < 2 */
    double lo, hi;   /* two-sided interval of Student's t about the mean; equal to the mean for n < 2 */
} mf_stats;

/* confidence in (0, 1): 0.95. All zero for n = 0. */
mf_stats mf_stats_make(const double *v, size_t n, double confidence);
/* The value that Student's t with df >= 1 degrees of freedom stays below with probability p, 0 < p < 1. */
double mf_t_quantile(double p, double df);
/* Probability that Student's t with df degrees of freedom is below t. */
double mf_t_cdf(double t, double df);
/* Regularised incomplete beta function I_x(a, b), a and b > 0; x outside [0, 1] is taken to the nearer end. */
double mf_beta_inc(double a, double b, double x);

#endif
