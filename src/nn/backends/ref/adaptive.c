/* nn/backends/ref/adaptive.c: means over the cells of a grid, and the gradient. */
#include "nn/backends/ref/real.h"

/* Cell i of `cells` over [0, n). */
static void
cell(int64_t i, int64_t cells, int64_t n, int64_t *lo, int64_t *hi)
{
    *lo = i * n / cells;
    *hi = ((i + 1) * n + cells - 1) / cells;
}

static mf_status
adaptive_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op *op = state;
    const mf_shape  *s = &op->in[0], *o = &op->out[0];
    const real      *x = r->in[0];
    real            *y = r->out[0];
    int64_t          i0, i1, j0, j1;
    (void)err;

    for (int64_t m = 0; m < s->dim[0] * s->dim[1]; m++)
        for (int64_t p = 0; p < o->dim[2] * o->dim[3]; p++) {
            double sum = 0.0;
            cell(p / o->dim[3], o->dim[2], s->dim[2], &i0, &i1);
            cell(p % o->dim[3], o->dim[3], s->dim[3], &j0, &j1);
            for (int64_t i = i0; i < i1; i++)
                for (int64_t j = j0; j < j1; j++)
                    sum += (double)x[(m * s->dim[2] + i) * s->dim[3] + j];
            y[m * o->dim[2] * o->dim[3] + p] = (real)(sum / (double)((i1 - i0) * (j1 - j0)));
        }
    return MF_OK;
}

MF_REF_KERNEL(adaptive_avgpool, adaptive_run);

static mf_status
adaptive_dx_prepare(mf_prep *p, mf_err *err)
{
    mf_status st = REF(prepare)(p, err);
    p->scratch   = (size_t)mf_shape_elems(&p->out[0].shape) * sizeof(double);
    return st;
}

static mf_status
adaptive_dx_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op *op = state;
    const mf_shape  *s = &op->out[0], *o = &op->in[0];
    const real      *dy = r->in[0];
    real            *dx = r->out[0];
    double          *acc = r->scratch;
    int64_t          i0, i1, j0, j1, n = mf_shape_elems(s);
    (void)err;

    memset(acc, 0, (size_t)n * sizeof *acc);
    for (int64_t m = 0; m < s->dim[0] * s->dim[1]; m++)
        for (int64_t p = 0; p < o->dim[2] * o->dim[3]; p++) {
            cell(p / o->dim[3], o->dim[2], s->dim[2], &i0, &i1);
            cell(p % o->dim[3], o->dim[3], s->dim[3], &j0, &j1);
            for (int64_t i = i0; i < i1; i++)
                for (int64_t j = j0; j < j1; j++)
                    acc[(m * s->dim[2] + i) * s->dim[3] + j] +=
                        (double)dy[m * o->dim[2] * o->dim[3] + p] / (double)((i1 - i0) * (j1 - j0));
        }
    for (int64_t i = 0; i < n; i++)
        dx[i] = (real)acc[i];
    return MF_OK;
}

MF_REF_KERNEL_AS(adaptive_avgpool_dx, adaptive_dx_prepare, adaptive_dx_run);
