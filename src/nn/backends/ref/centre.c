/* nn/backends/ref/centre.c: the centre loss, the step of its centres, and its gradient. */
#include "nn/backends/ref/real.h"

static mf_status
centre_loss_prepare(mf_prep *p, mf_err *err)
{
    if (p->in[2].dtype != MF_REAL_DTYPE) /* written in place: a converted copy would be lost */
        return mf_fail(err, MF_E_ARG, "the centres are %s, the backend computes in %s", mf_dtype_name(p->in[2].dtype),
                       mf_dtype_name(MF_REAL_DTYPE));
    return REF(prepare)(p, err);
}

static mf_status
centre_loss_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op       *op = state;
    const mf_centre_attrs *a = op->attrs;
    const int64_t          n = op->in[0].dim[0], d = op->in[0].dim[1], k = op->in[1].dim[1];
    const real            *x = r->in[0], *t = r->in[1];
    real                  *centre = r->in[2], *loss = r->out[0], *diff = r->out[1];
    double                 sum = 0.0;
    (void)err;

    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < d; j++) {
            double pull = 0.0;
            for (int64_t c = 0; c < k; c++) {
                const double far = (double)x[i * d + j] - (double)centre[c * d + j], w = (double)t[i * k + c];
                sum += w == 0.0 ? 0.0 : w * far * far;
                pull += w == 0.0 ? 0.0 : w * far;
            }
            if (diff)
                diff[i * d + j] = (real)pull;
        }
    if (loss)
        loss[0] = (real)(0.5 * sum / (double)n);
    for (int64_t c = 0; c < k && a->rate > 0.0f; c++) {
        double weight = 0.0;
        for (int64_t i = 0; i < n; i++)
            weight += (double)t[i * k + c];
        for (int64_t j = 0; weight != 0.0 && j < d; j++) {
            double step = 0.0;
            for (int64_t i = 0; i < n; i++)
                step += (double)t[i * k + c] * ((double)centre[c * d + j] - (double)x[i * d + j]);
            centre[c * d + j] = (real)((double)centre[c * d + j] - (double)a->rate * step / (1.0 + weight));
        }
    }
    return MF_OK;
}

MF_REF_KERNEL_AS(centre_loss, centre_loss_prepare, centre_loss_run);

static mf_status
centre_loss_dx_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op *op = state;
    const int64_t    n = op->in[1].dim[0], all = mf_shape_elems(&op->in[1]);
    const real      *dl = r->in[0], *diff = r->in[1];
    real            *dx = r->out[0];
    (void)err;

    for (int64_t i = 0; i < all; i++)
        dx[i] = (real)((double)dl[0] / (double)n * (double)diff[i]);
    return MF_OK;
}

MF_REF_KERNEL(centre_loss_dx, centre_loss_dx_run);
