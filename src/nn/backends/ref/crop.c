/* nn/backends/ref/crop.c: windows at places of their own, and their gradient. */
#include "nn/backends/ref/real.h"
#include "nn/crop.h"

static mf_status
crop_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op *op = state;
    const mf_shape  *s = &op->in[0], *o = &op->out[0];
    const int64_t    c = s->dim[1], h = s->dim[2], w = s->dim[3], oh = o->dim[2], ow = o->dim[3];
    const real      *x = r->in[0], *place = r->in[1];
    real            *y = r->out[0];
    (void)err;

    memset(y, 0, (size_t)mf_shape_elems(o) * sizeof *y);
    for (int64_t n = 0; n < s->dim[0]; n++) {
        const mf_crop_span v = mf_crop_span_of((double)place[2 * n], oh, h), u = mf_crop_span_of((double)place[2 * n + 1], ow, w);

        for (int64_t k = n * c; k < (n + 1) * c; k++)
            for (int64_t i = v.lo; i < v.hi; i++)
                for (int64_t j = u.lo; j < u.hi; j++)
                    y[(k * oh + i) * ow + j] = x[(k * h + v.at + i) * w + u.at + j];
    }
    return MF_OK;
}

MF_REF_KERNEL(crop, crop_run);

static mf_status
crop_dx_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op *op = state;
    const mf_shape  *s = &op->out[0], *o = &op->in[0];
    const int64_t    c = s->dim[1], h = s->dim[2], w = s->dim[3], oh = o->dim[2], ow = o->dim[3];
    const real      *dy = r->in[0], *place = r->in[1];
    real            *dx = r->out[0];
    (void)err;

    memset(dx, 0, (size_t)mf_shape_elems(s) * sizeof *dx);
    for (int64_t n = 0; n < s->dim[0]; n++) {
        const mf_crop_span v = mf_crop_span_of((double)place[2 * n], oh, h), u = mf_crop_span_of((double)place[2 * n + 1], ow, w);

        for (int64_t k = n * c; k < (n + 1) * c; k++)
            for (int64_t i = v.lo; i < v.hi; i++)
                for (int64_t j = u.lo; j < u.hi; j++)
                    dx[(k * h + v.at + i) * w + u.at + j] = dy[(k * oh + i) * ow + j];
    }
    return MF_OK;
}

MF_REF_KERNEL(crop_dx, crop_dx_run);
