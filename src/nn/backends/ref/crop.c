/* nn/backends/ref/crop.c: windows at places of their own, and their gradient. */
#include "nn/backends/ref/real.h"

/* What of the window [at, at + len) lies in [0, n): offsets [*lo, *hi) into the window. Wild places give nothing. */
static void
overlap(real place, int64_t len, int64_t n, int64_t *at, int64_t *lo, int64_t *hi)
{
    const double f = floor((double)place);
    *at = f > -1e6 && f < 1e6 ? (int64_t)f : -2000000;
    *lo = *at < 0 ? -*at : 0;
    *hi = n - *at < len ? n - *at : len;
    if (*lo > len)
        *lo = len;
}

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
        int64_t ai, ilo, ihi, aj, jlo, jhi;
        overlap(place[2 * n], oh, h, &ai, &ilo, &ihi);
        overlap(place[2 * n + 1], ow, w, &aj, &jlo, &jhi);
        for (int64_t k = n * c; k < (n + 1) * c; k++)
            for (int64_t i = ilo; i < ihi; i++)
                for (int64_t j = jlo; j < jhi; j++)
                    y[(k * oh + i) * ow + j] = x[(k * h + ai + i) * w + aj + j];
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
        int64_t ai, ilo, ihi, aj, jlo, jhi;
        overlap(place[2 * n], oh, h, &ai, &ilo, &ihi);
        overlap(place[2 * n + 1], ow, w, &aj, &jlo, &jhi);
        for (int64_t k = n * c; k < (n + 1) * c; k++)
            for (int64_t i = ilo; i < ihi; i++)
                for (int64_t j = jlo; j < jhi; j++)
                    dx[(k * h + ai + i) * w + aj + j] = dy[(k * oh + i) * ow + j];
    }
    return MF_OK;
}

MF_REF_KERNEL(crop_dx, crop_dx_run);
