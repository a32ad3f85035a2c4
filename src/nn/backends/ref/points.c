/* nn/backends/ref/points.c: points of a face: between others, and the bells around them. */
#include "nn/backends/ref/real.h"
#include "nn/gauss.h"

static mf_status
midpoints_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op          *op = state;
    const mf_midpoints_attrs *a  = op->attrs;
    const int64_t             p = op->in[0].dim[1], q = a->n;
    (void)err;

    for (int64_t n = 0; n < op->in[0].dim[0]; n++) {
        const real *x = (const real *)r->in[0] + n * p * 3;
        real       *y = (real *)r->out[0] + n * q * 3;

        for (int64_t k = 0; k < q; k++) {
            const real *u = x + 3 * a->a[k], *v = x + 3 * a->b[k];

            y[k]         = (u[0] + v[0]) / 2 + (real)a->dx[k];
            y[q + k]     = (u[1] + v[1]) / 2 + (real)a->dy[k];
            y[2 * q + k] = u[2] < v[2] ? u[2] : v[2];
        }
    }
    return MF_OK;
}

MF_REF_KERNEL(midpoints, midpoints_run);

static mf_status
gauss_maps_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op      *op = state;
    const mf_gauss_attrs *a  = op->attrs;
    const int64_t         q = op->out[0].dim[1], h = a->h, w = a->w;
    (void)err;

    for (int64_t n = 0; n < op->out[0].dim[0]; n++)
        for (int64_t k = 0; k < q; k++) {
            const real  *p = (const real *)r->in[0] + n * 3 * q + k;
            real        *y = (real *)r->out[0] + (n * q + k) * h * w;
            const bool   shown = (double)p[2 * q] > (double)a->sure;
            const double px = (double)p[0] * (double)a->mul_x, py = (double)p[q] * (double)a->mul_y;

            for (int64_t i = 0; i < h; i++)
                for (int64_t j = 0; j < w; j++)
                    y[i * w + j] = !shown ? 0 : (real)(mf_gauss_cell(i, h, py, a->side_y, a->reach, (double)a->sigma, a->ahead) *
                                                       mf_gauss_cell(j, w, px, a->side_x, a->reach, (double)a->sigma, a->ahead));
        }
    return MF_OK;
}

MF_REF_KERNEL(gauss_maps, gauss_maps_run);
