/* nn/backends/ref/bn.c: batch normalisation, its evaluation form, their gradients, and folding into weights. */
#include "nn/backends/ref/real.h"

typedef struct dims {
    int64_t n, c, area; /* x [n, c, area] */
} dims;

static dims
dims_of(const mf_shape *s)
{
    int64_t n = s->dim[0], c = s->dim[1];
    return (dims){n, c, mf_shape_elems(s) / (n * c)};
}

static const real *
maybe(const mf_ref_op *op, const mf_run *r, int i)
{
    return i < op->nin && op->has_in[i] ? r->in[i] : NULL;
}

static mf_status
bn_prepare(mf_prep *p, mf_err *err)
{
    dims d = dims_of(&p->in[0].shape);
    if (d.n * d.area < 2)
        return mf_fail(err, MF_E_ARG, "batch norm needs more than one value a channel to take a variance");
    for (int i = 3; i <= 5; i++) /* buffers are written in place: a converted copy would be lost */
        if (i < p->nin && p->has_in[i] && p->in[i].dtype != MF_REAL_DTYPE)
            return mf_fail(err, MF_E_ARG, "the running statistics are %s, the backend computes in %s",
                           mf_dtype_name(p->in[i].dtype), mf_dtype_name(MF_REAL_DTYPE));
    return REF(prepare)(p, err);
}

static mf_status
bn_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op   *op = state;
    const mf_bn_attrs *a = op->attrs;
    const dims         d = dims_of(&op->in[0]);
    const double       count = (double)(d.n * d.area), m = (double)a->momentum;
    const real        *x = r->in[0], *gamma = r->in[1], *beta = r->in[2], *res = maybe(op, r, 6);
    real              *rmean = r->in[3], *rvar = r->in[4], *y = r->out[0], *mean = r->out[1], *invstd = r->out[2];
    (void)err;

    for (int64_t c = 0; c < d.c; c++) {
        double sum = 0.0, sq = 0.0;
        for (int64_t n = 0; n < d.n; n++)
            for (int64_t p = 0; p < d.area; p++)
                sum += (double)x[(n * d.c + c) * d.area + p];
        const double mu = sum / count;
        for (int64_t n = 0; n < d.n; n++)
            for (int64_t p = 0; p < d.area; p++) {
                double t = (double)x[(n * d.c + c) * d.area + p] - mu;
                sq += t * t;
            }
        const double is = 1.0 / sqrt(sq / count + (double)a->eps);
        if (mean)
            mean[c] = (real)mu;
        if (invstd)
            invstd[c] = (real)is;
        rmean[c] = (real)((1.0 - m) * (double)rmean[c] + m * mu);
        rvar[c]  = (real)((1.0 - m) * (double)rvar[c] + m * sq / (count - 1.0));
        if (!y)
            continue;
        for (int64_t n = 0; n < d.n; n++)
            for (int64_t p = 0; p < d.area; p++) {
                const int64_t i = (n * d.c + c) * d.area + p;
                double        v = ((double)x[i] - mu) * is * (double)gamma[c] + (double)beta[c] + (res ? (double)res[i] : 0.0);
                y[i]            = (real)(a->act == MF_ACT_RELU && v < 0.0 ? 0.0 : v);
            }
    }
    if (maybe(op, r, 5))
        *(real *)r->in[5] += (real)1;
    return MF_OK;
}

MF_REF_KERNEL_AS(bn, bn_prepare, bn_run);

/* dx = gamma invstd (g - mean(g) - xhat mean(g xhat)), g = (dy + dy2) where y > 0 (Ioffe and Szegedy 2015, section 3).
 * Without y, its sign follows from x. */
static mf_status
bn_dx_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op   *op = state;
    const mf_bn_attrs *a = op->attrs;
    const dims         d = dims_of(&op->in[0]);
    const double       count = (double)(d.n * d.area);
    const real        *dy = r->in[0], *dy2 = maybe(op, r, 1), *y = a->act == MF_ACT_RELU ? maybe(op, r, 2) : NULL;
    const real        *x = r->in[3], *gamma = r->in[4], *mean = r->in[5], *invstd = r->in[6];
    const real        *beta = a->act == MF_ACT_RELU && !y ? r->in[7] : NULL;
    real              *dx = r->out[0], *dgamma = r->out[1], *dbeta = r->out[2], *dres = r->out[3];
    (void)err;

    for (int64_t c = 0; c < d.c; c++) {
        const double mu = (double)mean[c], is = (double)invstd[c];
        double       sg = 0.0, sgx = 0.0;
        for (int64_t n = 0; n < d.n; n++)
            for (int64_t p = 0; p < d.area; p++) {
                const int64_t i = (n * d.c + c) * d.area + p;
                const double  xhat = ((double)x[i] - mu) * is;
                const bool    off = (y && !(y[i] > 0)) || (beta && !(xhat * (double)gamma[c] + (double)beta[c] > 0.0));
                const double  v = off ? 0.0 : (double)dy[i] + (dy2 ? (double)dy2[i] : 0.0);
                sg += v;
                sgx += v * xhat;
            }
        for (int64_t n = 0; n < d.n; n++)
            for (int64_t p = 0; p < d.area; p++) {
                const int64_t i = (n * d.c + c) * d.area + p;
                const double  xhat = ((double)x[i] - mu) * is;
                const bool    off = (y && !(y[i] > 0)) || (beta && !(xhat * (double)gamma[c] + (double)beta[c] > 0.0));
                const double  v = off ? 0.0 : (double)dy[i] + (dy2 ? (double)dy2[i] : 0.0);
                if (dx)
                    dx[i] = (real)((double)gamma[c] * is * (v - sg / count - xhat * sgx / count));
                if (dres)
                    dres[i] = (real)v;
            }
        if (dgamma)
            dgamma[c] = (real)sgx;
        if (dbeta)
            dbeta[c] = (real)sg;
    }
    return MF_OK;
}

MF_REF_KERNEL(bn_dx, bn_dx_run);

static mf_status
bn_eval_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op   *op = state;
    const mf_bn_attrs *a = op->attrs;
    const dims         d = dims_of(&op->in[0]);
    const real        *x = r->in[0], *gamma = r->in[1], *beta = r->in[2], *rmean = r->in[3], *rvar = r->in[4];
    real              *y = r->out[0];
    (void)err;
    for (int64_t n = 0; n < d.n; n++)
        for (int64_t c = 0; c < d.c; c++) {
            const double f = (double)gamma[c] / sqrt((double)rvar[c] + (double)a->eps);
            for (int64_t p = 0; p < d.area; p++) {
                const int64_t i = (n * d.c + c) * d.area + p;
                double        v = ((double)x[i] - (double)rmean[c]) * f + (double)beta[c];
                y[i]            = (real)(a->act == MF_ACT_RELU && v < 0.0 ? 0.0 : v);
            }
        }
    return MF_OK;
}

MF_REF_KERNEL(bn_eval, bn_eval_run);

static mf_status
bn_eval_dx_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op   *op = state;
    const mf_bn_attrs *a = op->attrs;
    const dims         d = dims_of(&op->in[0]);
    const real        *dy = r->in[0], *x = maybe(op, r, 1), *gamma = r->in[2], *rmean = r->in[3], *rvar = r->in[4];
    real              *dx = r->out[0], *dgamma = r->out[1], *dbeta = r->out[2];

    if (dgamma && !x)
        return mf_fail(err, MF_E_ARG, "the gradient of gamma needs the input");
    for (int64_t c = 0; c < d.c; c++) {
        const double is = 1.0 / sqrt((double)rvar[c] + (double)a->eps);
        double       sg = 0.0, sgx = 0.0;
        for (int64_t n = 0; n < d.n; n++)
            for (int64_t p = 0; p < d.area; p++) {
                const int64_t i = (n * d.c + c) * d.area + p;
                const double  v = (double)dy[i];
                sg += v;
                if (x)
                    sgx += v * ((double)x[i] - (double)rmean[c]) * is;
                if (dx)
                    dx[i] = (real)(v * (double)gamma[c] * is);
            }
        if (dgamma)
            dgamma[c] = (real)sgx;
        if (dbeta)
            dbeta[c] = (real)sg;
    }
    return MF_OK;
}

MF_REF_KERNEL(bn_eval_dx, bn_eval_dx_run);

static mf_status
bn_fold_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op   *op = state;
    const mf_bn_attrs *a = op->attrs;
    const int64_t      co = op->in[0].dim[0], per = mf_shape_elems(&op->in[0]) / co;
    const real        *w = r->in[0], *b = maybe(op, r, 1), *gamma = r->in[2], *beta = r->in[3], *rmean = r->in[4], *rvar = r->in[5];
    real              *fw = r->out[0], *fb = r->out[1];
    (void)err;
    for (int64_t c = 0; c < co; c++) {
        const double f = (double)gamma[c] / sqrt((double)rvar[c] + (double)a->eps);
        for (int64_t i = 0; fw && i < per; i++)
            fw[c * per + i] = (real)((double)w[c * per + i] * f);
        if (fb)
            fb[c] = (real)(((b ? (double)b[c] : 0.0) - (double)rmean[c]) * f + (double)beta[c]);
    }
    return MF_OK;
}

MF_REF_KERNEL(bn_fold, bn_fold_run);
