/* nn/backends/ref/softmax.c: softmax, log_softmax and l2norm along an axis, with their gradients. */
#include "nn/backends/ref/real.h"

/* The lines along the axis: line l starts at (l / inner) * n * inner + l % inner and steps by inner. */
typedef struct lines {
    int64_t count, n, step;
} lines;

static lines
lines_of(const mf_shape *s, int axis)
{
    lines l = {.count = mf_shape_elems(s) / s->dim[axis], .n = s->dim[axis], .step = 1};
    for (int d = axis + 1; d < s->ndim; d++)
        l.step *= s->dim[d];
    return l;
}

static int64_t
line_start(const lines *l, int64_t i)
{
    return i / l->step * l->n * l->step + i % l->step;
}

static void
soften(const mf_ref_op *op, const mf_run *r, bool logarithm)
{
    const mf_axis_attrs *a = op->attrs;
    const lines          l = lines_of(&op->in[0], a->axis);
    for (int64_t i = 0; i < l.count; i++) {
        const real *x = (const real *)r->in[0] + line_start(&l, i);
        real       *y = (real *)r->out[0] + line_start(&l, i);
        double      top = (double)x[0], sum = 0.0;
        for (int64_t k = 1; k < l.n; k++)
            top = (double)x[k * l.step] > top ? (double)x[k * l.step] : top;
        for (int64_t k = 0; k < l.n; k++)
            sum += exp((double)x[k * l.step] - top);
        for (int64_t k = 0; k < l.n; k++) {
            const double t = (double)x[k * l.step] - top;
            y[k * l.step]  = (real)(logarithm ? t - log(sum) : exp(t) / sum);
        }
    }
}

static mf_status
softmax_run(void *state, const mf_run *r, mf_err *err)
{
    (void)err;
    soften(state, r, false);
    return MF_OK;
}

static mf_status
log_softmax_run(void *state, const mf_run *r, mf_err *err)
{
    (void)err;
    soften(state, r, true);
    return MF_OK;
}

MF_REF_KERNEL(softmax, softmax_run);
MF_REF_KERNEL(log_softmax, log_softmax_run);

/* dx = y (dy - y . dy) */
static mf_status
softmax_dx_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op     *op = state;
    const mf_axis_attrs *a = op->attrs;
    const lines          l = lines_of(&op->in[0], a->axis);
    (void)err;
    for (int64_t i = 0; i < l.count; i++) {
        const int64_t at = line_start(&l, i);
        const real   *dy = (const real *)r->in[0] + at, *y = (const real *)r->in[1] + at;
        real         *dx = (real *)r->out[0] + at;
        double        dot = 0.0;
        for (int64_t k = 0; k < l.n; k++)
            dot += (double)dy[k * l.step] * (double)y[k * l.step];
        for (int64_t k = 0; k < l.n; k++)
            dx[k * l.step] = (real)((double)y[k * l.step] * ((double)dy[k * l.step] - dot));
    }
    return MF_OK;
}

MF_REF_KERNEL(softmax_dx, softmax_dx_run);

/* dx = dy - exp(y) sum(dy) */
static mf_status
log_softmax_dx_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op     *op = state;
    const mf_axis_attrs *a = op->attrs;
    const lines          l = lines_of(&op->in[0], a->axis);
    (void)err;
    for (int64_t i = 0; i < l.count; i++) {
        const int64_t at = line_start(&l, i);
        const real   *dy = (const real *)r->in[0] + at, *y = (const real *)r->in[1] + at;
        real         *dx = (real *)r->out[0] + at;
        double        sum = 0.0;
        for (int64_t k = 0; k < l.n; k++)
            sum += (double)dy[k * l.step];
        for (int64_t k = 0; k < l.n; k++)
            dx[k * l.step] = (real)((double)dy[k * l.step] - exp((double)y[k * l.step]) * sum);
    }
    return MF_OK;
}

MF_REF_KERNEL(log_softmax_dx, log_softmax_dx_run);

#define L2_EPS 1e-12

static mf_status
l2norm_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op     *op = state;
    const mf_axis_attrs *a = op->attrs;
    const lines          l = lines_of(&op->in[0], a->axis);
    real                *norm = r->out[1];
    (void)err;
    for (int64_t i = 0; i < l.count; i++) {
        const int64_t at = line_start(&l, i);
        const real   *x = (const real *)r->in[0] + at;
        real         *y = (real *)r->out[0] + at;
        double        sq = 0.0;
        for (int64_t k = 0; k < l.n; k++)
            sq += (double)x[k * l.step] * (double)x[k * l.step];
        const double len = sqrt(sq), by = len > L2_EPS ? len : L2_EPS;
        if (norm)
            norm[i] = (real)len;
        for (int64_t k = 0; r->out[0] && k < l.n; k++)
            y[k * l.step] = (real)((double)x[k * l.step] / (sq != sq ? len : by));
    }
    return MF_OK;
}

MF_REF_KERNEL(l2norm, l2norm_run);

static mf_status
l2norm_dx_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op     *op = state;
    const mf_axis_attrs *a = op->attrs;
    const lines          l = lines_of(&op->in[0], a->axis);
    const real          *norm = r->in[2];
    (void)err;
    for (int64_t i = 0; i < l.count; i++) {
        const int64_t at = line_start(&l, i);
        const real   *dy = (const real *)r->in[0] + at, *y = (const real *)r->in[1] + at;
        real         *dx = (real *)r->out[0] + at;
        const double  len = (double)norm[i];
        const bool    linear = len < L2_EPS;
        double        dot = 0.0;
        for (int64_t k = 0; !linear && k < l.n; k++)
            dot += (double)dy[k * l.step] * (double)y[k * l.step];
        for (int64_t k = 0; k < l.n; k++)
            dx[k * l.step] = (real)(((double)dy[k * l.step] - (double)y[k * l.step] * dot) / (linear ? L2_EPS : len));
    }
    return MF_OK;
}

MF_REF_KERNEL(l2norm_dx, l2norm_dx_run);
