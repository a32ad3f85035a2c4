/* nn/backends/ref/lrn.c: local response normalisation and its gradient. */
#include "nn/backends/ref/real.h"

/* Channels [*lo, *hi) of the window around c. */
static void
window(const mf_lrn_attrs *a, int64_t channels, int64_t c, int64_t *lo, int64_t *hi)
{
    *lo = c - a->size / 2 < 0 ? 0 : c - a->size / 2;
    *hi = c + a->size / 2 + 1 > channels ? channels : c + a->size / 2 + 1;
}

/* s of channel c at x[0] (channel 0), channels `step` apart. */
static double
denominator(const mf_lrn_attrs *a, const real *x, int64_t channels, int64_t step, int64_t c)
{
    int64_t lo, hi;
    double  sum = 0.0;
    window(a, channels, c, &lo, &hi);
    for (int64_t k = lo; k < hi; k++)
        sum += (double)x[k * step] * (double)x[k * step];
    return (double)a->kappa + (double)a->alpha * sum;
}

static mf_status
lrn_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op    *op = state;
    const mf_lrn_attrs *a = op->attrs;
    const int64_t       n = op->in[0].dim[0], c = op->in[0].dim[1], area = op->in[0].dim[2] * op->in[0].dim[3];
    (void)err;
    for (int64_t i = 0; i < n * area; i++) {
        const int64_t at = i / area * c * area + i % area;
        const real   *x = (const real *)r->in[0] + at;
        real         *y = (real *)r->out[0] + at;
        for (int64_t k = 0; k < c; k++)
            y[k * area] = (real)((double)x[k * area] * pow(denominator(a, x, c, area, k), -(double)a->beta));
    }
    return MF_OK;
}

MF_REF_KERNEL(lrn, lrn_run);

/* dx_i = dy_i s_i^-beta - 2 alpha beta x_i sum_{j: i in window(j)} dy_j x_j s_j^(-beta-1) */
static mf_status
lrn_dx_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op    *op = state;
    const mf_lrn_attrs *a = op->attrs;
    const double        al = (double)a->alpha, be = (double)a->beta;
    const int64_t       n = op->in[0].dim[0], c = op->in[0].dim[1], area = op->in[0].dim[2] * op->in[0].dim[3];
    (void)err;
    for (int64_t i = 0; i < n * area; i++) {
        const int64_t at = i / area * c * area + i % area;
        const real   *dy = (const real *)r->in[0] + at, *x = (const real *)r->in[1] + at;
        real         *dx = (real *)r->out[0] + at;
        for (int64_t k = 0; k < c; k++) {
            int64_t lo, hi;
            double  sum = 0.0;
            window(a, c, k, &lo, &hi);
            for (int64_t j = lo; j < hi; j++)
                sum += (double)dy[j * area] * (double)x[j * area] * pow(denominator(a, x, c, area, j), -be - 1.0);
            dx[k * area] = (real)((double)dy[k * area] * pow(denominator(a, x, c, area, k), -be) -
                                  2.0 * al * be * (double)x[k * area] * sum);
        }
    }
    return MF_OK;
}

MF_REF_KERNEL(lrn_dx, lrn_dx_run);
