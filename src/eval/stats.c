/* eval/stats.c: Student's t by the incomplete beta function: its continued fraction, evaluated by Lentz's method
 * (Abramowitz and Stegun 26.5.8, 26.7.1), and bisection for quantiles. */
#include "eval/stats.h"

#include <math.h>

/* Continued fraction of the incomplete beta function, good for x < (a + 1) / (a + b + 2). */
static double
beta_fraction(double a, double b, double x)
{
    const double tiny = 1e-300;
    double       c = 1.0, d = 1.0 - (a + b) * x / (a + 1.0), h;

    d = 1.0 / (fabs(d) < tiny ? tiny : d);
    h = d;
    for (int m = 1; m <= 500; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd  = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        double by;

        d = 1.0 + even * d;
        c = 1.0 + even / c;
        d = 1.0 / (fabs(d) < tiny ? tiny : d);
        c = fabs(c) < tiny ? tiny : c;
        h *= d * c;
        d  = 1.0 + odd * d;
        c  = 1.0 + odd / c;
        d  = 1.0 / (fabs(d) < tiny ? tiny : d);
        c  = fabs(c) < tiny ? tiny : c;
        by = d * c;
        h *= by;
        if (fabs(by - 1.0) < 1e-15) {
            break;
        }
    }
    return h;
}

double
mf_beta_inc(double a, double b, double x)
{
    double front;

    if (x <= 0.0 || x >= 1.0) {
        return x <= 0.0 ? 0.0 : 1.0;
    }
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
    return x < (a + 1.0) / (a + b + 2.0) ? front * beta_fraction(a, b, x) / a
                                         : 1.0 - front * beta_fraction(b, a, 1.0 - x) / b;
}

double
mf_t_cdf(double t, double df)
{
    double y = t * t / (df + t * t);

    /* Of the two forms the one without cancellation: about the middle, and in the tails. */
    if (y < 0.5) {
        double half = 0.5 * mf_beta_inc(0.5, df / 2.0, y);

        return t > 0.0 ? 0.5 + half : 0.5 - half;
    }
    y = 0.5 * mf_beta_inc(df / 2.0, 0.5, df / (df + t * t));
    return t > 0.0 ? 1.0 - y : y;
}

double
mf_t_quantile(double p, double df)
{
    double lo = -1.0, hi = 1.0;

    while (mf_t_cdf(lo, df) > p && lo > -1e12) {
        lo *= 2.0;
    }
    while (mf_t_cdf(hi, df) < p && hi < 1e12) {
        hi *= 2.0;
    }
    for (int i = 0; i < 200 && hi - lo > 1e-14 * (fabs(lo) + fabs(hi)); i++) {
        double mid = 0.5 * (lo + hi);

        if (mf_t_cdf(mid, df) < p) {
            lo = mid;
        } else {
            hi = mid;
        }
    }
    return 0.5 * (lo + hi);
}

mf_stats
mf_stats_make(const double *v, size_t n, double confidence)
{
    mf_stats s = {.n = n};
    double   half;

    if (n == 0) {
        return s;
    }
    for (size_t i = 0; i < n; i++) {
        s.mean += v[i];
    }
    s.mean /= (double)n;
    if (n > 1) {
        for (size_t i = 0; i < n; i++) {
            s.sd += (v[i] - s.mean) * (v[i] - s.mean);
        }
        s.sd = sqrt(s.sd / (double)(n - 1));
    }
    half = n > 1 ? mf_t_quantile(0.5 + confidence / 2.0, (double)(n - 1)) * s.sd / sqrt((double)n) : 0.0;
    s.lo = s.mean - half;
    s.hi = s.mean + half;
    return s;
}
