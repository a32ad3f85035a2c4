/* nn/backends/ref/wpool.c: means weighted by several maps, and their gradients. */
#include "nn/backends/ref/real.h"

static mf_status
wpool_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op *op = state;
    const mf_shape  *s  = &op->in[0];
    const int64_t    c = s->dim[1], hw = s->dim[2] * s->dim[3], m = op->in[1].dim[1];
    (void)err;

    for (int64_t n = 0; n < s->dim[0]; n++)
        for (int64_t k = 0; k < m; k++)
            for (int64_t j = 0; j < c; j++) {
                const real *x = (const real *)r->in[0] + (n * c + j) * hw, *w = (const real *)r->in[1] + (n * m + k) * hw;
                double      sum = 0;

                for (int64_t i = 0; i < hw; i++)
                    sum += (double)x[i] * (double)w[i];
                ((real *)r->out[0])[(n * m + k) * c + j] = (real)(sum / (double)hw);
            }
    return MF_OK;
}

MF_REF_KERNEL(wpool, wpool_run);

static mf_status
wpool_dx_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op *op = state;
    const mf_shape  *s  = &op->out[0];
    const int64_t    c = s->dim[1], hw = s->dim[2] * s->dim[3], m = op->in[1].dim[1];
    (void)err;

    for (int64_t n = 0; n < s->dim[0]; n++)
        for (int64_t j = 0; j < c; j++)
            for (int64_t i = 0; i < hw; i++) {
                double sum = 0;

                for (int64_t k = 0; k < m; k++)
                    sum += (double)((const real *)r->in[0])[(n * m + k) * c + j] * (double)((const real *)r->in[1])[(n * m + k) * hw + i];
                ((real *)r->out[0])[(n * c + j) * hw + i] = (real)(sum / (double)hw);
            }
    return MF_OK;
}

MF_REF_KERNEL(wpool_dx, wpool_dx_run);

static mf_status
wpool_dm_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op *op = state;
    const mf_shape  *s  = &op->in[1];
    const int64_t    c = s->dim[1], hw = s->dim[2] * s->dim[3], m = op->out[0].dim[1];
    (void)err;

    for (int64_t n = 0; n < s->dim[0]; n++)
        for (int64_t k = 0; k < m; k++)
            for (int64_t i = 0; i < hw; i++) {
                double sum = 0;

                for (int64_t j = 0; j < c; j++)
                    sum += (double)((const real *)r->in[0])[(n * m + k) * c + j] * (double)((const real *)r->in[1])[(n * c + j) * hw + i];
                ((real *)r->out[0])[(n * m + k) * hw + i] = (real)(sum / (double)hw);
            }
    return MF_OK;
}

MF_REF_KERNEL(wpool_dm, wpool_dm_run);
