/* nn/backends/ref/loss.c: cross-entropy and mean squared error, with their gradients. */
#include "nn/backends/ref/real.h"

/* sum_ic w_c t_ic: what the loss is divided by. */
static double
total_weight(const real *t, const real *w, int64_t n, int64_t c)
{
    double sum = 0.0;
    for (int64_t i = 0; i < n * c; i++)
        sum += (double)t[i] * (w ? (double)w[i % c] : 1.0);
    return sum;
}

static mf_status
cross_entropy_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op   *op = state;
    const mf_ce_attrs *a = op->attrs;
    const int64_t      n = op->in[0].dim[0], c = op->in[0].dim[1];
    const real        *z = r->in[0], *t = r->in[1], *w = op->nin > 2 && op->has_in[2] ? r->in[2] : NULL;
    real              *loss = r->out[0], *p = r->out[1], *term = r->out[2];
    const double       s = (double)a->smoothing;
    double             total = 0.0;
    (void)err;

    for (int64_t i = 0; i < n; i++) {
        double top = (double)z[i * c], sum = 0.0, li = 0.0;
        for (int64_t k = 1; k < c; k++)
            top = (double)z[i * c + k] > top ? (double)z[i * c + k] : top;
        for (int64_t k = 0; k < c; k++)
            sum += exp((double)z[i * c + k] - top);
        for (int64_t k = 0; k < c; k++) {
            const double logp = (double)z[i * c + k] - top - log(sum);
            const double tk = (1.0 - s) * (double)t[i * c + k] + s / (double)c;
            if (tk != 0.0) /* 0 log 0 = 0 */
                li -= (w ? (double)w[k] : 1.0) * tk * logp;
            if (p)
                p[i * c + k] = (real)exp(logp);
        }
        if (term)
            term[i] = (real)li;
        total += li;
    }
    if (loss)
        loss[0] = (real)(total / total_weight(t, w, n, c));
    return MF_OK;
}

MF_REF_KERNEL(cross_entropy, cross_entropy_run);

/* dz_ij = dloss / W (p_ij sum_c w_c t'_ic - w_j t'_ij) */
static mf_status
cross_entropy_dx_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op   *op = state;
    const mf_ce_attrs *a = op->attrs;
    const int64_t      n = op->in[1].dim[0], c = op->in[1].dim[1];
    const real        *dl = r->in[0], *p = r->in[1], *t = r->in[2], *w = op->nin > 3 && op->has_in[3] ? r->in[3] : NULL;
    real              *dz = r->out[0];
    const double       s = (double)a->smoothing, f = (double)dl[0] / total_weight(t, w, n, c);
    (void)err;

    for (int64_t i = 0; i < n; i++) {
        double sum = 0.0;
        for (int64_t k = 0; k < c; k++)
            sum += (w ? (double)w[k] : 1.0) * ((1.0 - s) * (double)t[i * c + k] + s / (double)c);
        for (int64_t k = 0; k < c; k++) {
            const double wt = (w ? (double)w[k] : 1.0) * ((1.0 - s) * (double)t[i * c + k] + s / (double)c);
            dz[i * c + k]   = (real)(f * ((double)p[i * c + k] * sum - wt));
        }
    }
    return MF_OK;
}

MF_REF_KERNEL(cross_entropy_dx, cross_entropy_dx_run);

static mf_status
mse_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op *op = state;
    const int64_t    n = mf_shape_elems(&op->in[0]);
    const real      *a = r->in[0], *b = r->in[1];
    double           sum = 0.0;
    (void)err;
    for (int64_t i = 0; i < n; i++) {
        const double d = (double)a[i] - (double)b[i];
        sum += d * d;
    }
    *(real *)r->out[0] = (real)(sum / (double)n);
    return MF_OK;
}

MF_REF_KERNEL(mse, mse_run);

static mf_status
mse_dx_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op *op = state;
    const int64_t    n = mf_shape_elems(&op->in[1]);
    const real      *dl = r->in[0], *a = r->in[1], *b = r->in[2];
    real            *da = r->out[0];
    (void)err;
    for (int64_t i = 0; i < n; i++)
        da[i] = (real)(2.0 * (double)dl[0] / (double)n * ((double)a[i] - (double)b[i]));
    return MF_OK;
}

MF_REF_KERNEL(mse_dx, mse_dx_run);
