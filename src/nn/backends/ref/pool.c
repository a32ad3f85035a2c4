/* nn/backends/ref/pool.c: maxima and means over windows, means over whole maps, and their gradients. */
#include "nn/backends/ref/real.h"

/* One window, clipped to the picture [0, h) x [0, w). (i0, j0) may lie in the pad. */
typedef struct window {
    int64_t i0, j0, ilo, ihi, jlo, jhi;
    double  count; /* elements that a mean divides by */
} window;

static window
window_at(const mf_pool_attrs *a, int64_t h, int64_t w, int64_t ho, int64_t wo)
{
    window  v = {.i0 = ho * a->sh - a->ph, .j0 = wo * a->sw - a->pw};
    int64_t iend = v.i0 + a->kh, jend = v.j0 + a->kw;
    /* a window of `ceil` may reach past the pad; what lies there never counts */
    int64_t ipad = iend < h + a->ph ? iend : h + a->ph, jpad = jend < w + a->pw ? jend : w + a->pw;
    v.ilo   = v.i0 > 0 ? v.i0 : 0;
    v.jlo   = v.j0 > 0 ? v.j0 : 0;
    v.ihi   = iend < h ? iend : h;
    v.jhi   = jend < w ? jend : w;
    v.count = a->count_pad ? (double)((ipad - v.i0) * (jpad - v.j0)) : (double)((v.ihi - v.ilo) * (v.jhi - v.jlo));
    return v;
}

static mf_status
maxpool_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op     *op = state;
    const mf_pool_attrs *a = op->attrs;
    const mf_shape      *s = &op->in[0], *o = &op->out[0];
    const int64_t        maps = s->dim[0] * s->dim[1], h = s->dim[2], w = s->dim[3], ho = o->dim[2], wo = o->dim[3];
    const real          *x = r->in[0];
    real                *y = r->out[0];
    uint8_t             *idx = r->out[1];
    (void)err;

    for (int64_t m = 0; m < maps; m++)
        for (int64_t p = 0; p < ho * wo; p++) {
            const window v = window_at(a, h, w, p / wo, p % wo);
            real         best = (real)-INFINITY;
            int64_t      at = -1;
            for (int64_t i = v.ilo; i < v.ihi; i++)
                for (int64_t j = v.jlo; j < v.jhi; j++) {
                    const real t = x[(m * h + i) * w + j];
                    if (at < 0 || t > best || (t != t && best == best)) {
                        best = t;
                        at   = (i - v.i0) * a->kw + (j - v.j0);
                    }
                }
            if (y)
                y[m * ho * wo + p] = best;
            if (idx)
                idx[m * ho * wo + p] = (uint8_t)at;
        }
    return MF_OK;
}

MF_REF_KERNEL(maxpool, maxpool_run);

static mf_status
maxpool_dx_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op     *op = state;
    const mf_pool_attrs *a = op->attrs;
    const mf_shape      *s = &op->out[0], *o = &op->in[0];
    const int64_t        maps = s->dim[0] * s->dim[1], h = s->dim[2], w = s->dim[3], ho = o->dim[2], wo = o->dim[3];
    const real          *dy = r->in[0];
    const uint8_t       *idx = r->in[1];
    real                *dx = r->out[0];
    (void)err;

    memset(dx, 0, (size_t)(maps * h * w) * sizeof *dx);
    for (int64_t m = 0; m < maps; m++)
        for (int64_t p = 0; p < ho * wo; p++) {
            const window  v = window_at(a, h, w, p / wo, p % wo);
            const int64_t k = idx[m * ho * wo + p], i = v.i0 + k / a->kw, j = v.j0 + k % a->kw;
            dx[(m * h + i) * w + j] += dy[m * ho * wo + p];
        }
    return MF_OK;
}

MF_REF_KERNEL(maxpool_dx, maxpool_dx_run);

static mf_status
avgpool_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op     *op = state;
    const mf_pool_attrs *a = op->attrs;
    const mf_shape      *s = &op->in[0], *o = &op->out[0];
    const int64_t        maps = s->dim[0] * s->dim[1], h = s->dim[2], w = s->dim[3], ho = o->dim[2], wo = o->dim[3];
    const real          *x = r->in[0];
    real                *y = r->out[0];
    (void)err;

    for (int64_t m = 0; m < maps; m++)
        for (int64_t p = 0; p < ho * wo; p++) {
            const window v = window_at(a, h, w, p / wo, p % wo);
            double       sum = 0.0;
            for (int64_t i = v.ilo; i < v.ihi; i++)
                for (int64_t j = v.jlo; j < v.jhi; j++)
                    sum += (double)x[(m * h + i) * w + j];
            y[m * ho * wo + p] = (real)(sum / v.count);
        }
    return MF_OK;
}

MF_REF_KERNEL(avgpool, avgpool_run);

static mf_status
avgpool_dx_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op     *op = state;
    const mf_pool_attrs *a = op->attrs;
    const mf_shape      *s = &op->out[0], *o = &op->in[0];
    const int64_t        maps = s->dim[0] * s->dim[1], h = s->dim[2], w = s->dim[3], ho = o->dim[2], wo = o->dim[3];
    const real          *dy = r->in[0];
    real                *dx = r->out[0];
    (void)err;

    memset(dx, 0, (size_t)(maps * h * w) * sizeof *dx);
    for (int64_t m = 0; m < maps; m++)
        for (int64_t p = 0; p < ho * wo; p++) {
            const window v = window_at(a, h, w, p / wo, p % wo);
            const real   d = (real)((double)dy[m * ho * wo + p] / v.count);
            for (int64_t i = v.ilo; i < v.ihi; i++)
                for (int64_t j = v.jlo; j < v.jhi; j++)
                    dx[(m * h + i) * w + j] += d;
        }
    return MF_OK;
}

MF_REF_KERNEL(avgpool_dx, avgpool_dx_run);

static mf_status
gap_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op *op = state;
    const int64_t    maps = mf_shape_elems(&op->out[0]), area = op->in[0].dim[2] * op->in[0].dim[3];
    const real      *x = r->in[0];
    real            *y = r->out[0];
    (void)err;
    for (int64_t m = 0; m < maps; m++) {
        double sum = 0.0;
        for (int64_t p = 0; p < area; p++)
            sum += (double)x[m * area + p];
        y[m] = (real)(sum / (double)area);
    }
    return MF_OK;
}

MF_REF_KERNEL(gap, gap_run);

static mf_status
gap_dx_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op *op = state;
    const int64_t    maps = mf_shape_elems(&op->in[0]), area = op->out[0].dim[2] * op->out[0].dim[3];
    const real      *dy = r->in[0];
    real            *dx = r->out[0];
    (void)err;
    for (int64_t m = 0; m < maps; m++)
        for (int64_t p = 0; p < area; p++)
            dx[m * area + p] = (real)((double)dy[m] / (double)area);
    return MF_OK;
}

MF_REF_KERNEL(gap_dx, gap_dx_run);
