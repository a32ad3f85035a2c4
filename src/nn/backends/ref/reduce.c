/* nn/backends/ref/reduce.c: reductions over axes, broadcasts, joining and cutting along an axis. */
#include "nn/backends/ref/real.h"

#include "core/mem.h"

/* For each element of `s` in row-major order, the place in a plain tensor with the given strides. */
typedef struct walk {
    const mf_shape *s;
    int64_t         idx[MF_MAX_DIMS], stride[MF_MAX_DIMS], at;
} walk;

static void
walk_next(walk *w)
{
    for (int d = w->s->ndim - 1; d >= 0; d--) {
        w->at += w->stride[d];
        if (++w->idx[d] < w->s->dim[d])
            return;
        w->at -= w->stride[d] * w->idx[d];
        w->idx[d] = 0;
    }
}

/* Strides of the reduced tensor seen from the full one: 0 along the axes of the mask. */
static walk
walk_masked(const mf_shape *full, uint32_t mask)
{
    walk    w = {.s = full};
    int64_t step = 1;
    for (int d = full->ndim - 1; d >= 0; d--) {
        if (mask >> d & 1u)
            continue;
        w.stride[d] = step;
        step *= full->dim[d];
    }
    return w;
}

/* Double sums beside float outputs. */
static mf_status
sums_prepare(mf_prep *p, mf_err *err)
{
    mf_status st = REF(prepare)(p, err);
    p->scratch   = (size_t)mf_shape_elems(&p->out[0].shape) * sizeof(double);
    return st;
}

static mf_status
reduce_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op       *op = state;
    const mf_reduce_attrs *a = op->attrs;
    const int64_t          nx = mf_shape_elems(&op->in[0]), ny = mf_shape_elems(&op->out[0]);
    const real            *x = r->in[0];
    real                  *y = r->out[0];
    double                *acc = r->scratch;
    walk                   w = walk_masked(&op->in[0], a->mask);
    (void)err;

    for (int64_t i = 0; i < ny; i++)
        acc[i] = a->kind == MF_R_MAX ? -INFINITY : 0.0;
    for (int64_t i = 0; i < nx; i++, walk_next(&w)) {
        const double v = (double)x[i];
        if (a->kind != MF_R_MAX)
            acc[w.at] += v;
        else if (v > acc[w.at] || v != v)
            acc[w.at] = v;
    }
    for (int64_t i = 0; i < ny; i++)
        y[i] = (real)(a->kind == MF_R_MEAN ? acc[i] / ((double)nx / (double)ny) : acc[i]);
    return MF_OK;
}

MF_REF_KERNEL_AS(reduce, sums_prepare, reduce_run);

static mf_status
reduce_max_dx_prepare(mf_prep *p, mf_err *err)
{
    mf_status st = REF(prepare)(p, err);
    p->scratch   = (size_t)mf_shape_elems(&p->in[0].shape) * sizeof(int64_t);
    return st;
}

static mf_status
reduce_max_dx_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op       *op = state;
    const mf_reduce_attrs *a = op->attrs;
    const int64_t          nx = mf_shape_elems(&op->in[1]), ny = mf_shape_elems(&op->in[0]);
    const real            *dy = r->in[0], *x = r->in[1];
    real                  *dx = r->out[0];
    int64_t               *best = r->scratch;
    walk                   w = walk_masked(&op->in[1], a->mask);
    (void)err;

    for (int64_t i = 0; i < ny; i++)
        best[i] = -1;
    for (int64_t i = 0; i < nx; i++, walk_next(&w)) {
        const int64_t b = best[w.at];
        if (b < 0 || x[i] > x[b] || (x[i] != x[i] && x[b] == x[b]))
            best[w.at] = i;
        dx[i] = 0;
    }
    for (int64_t i = 0; i < ny; i++)
        dx[best[i]] = dy[i];
    return MF_OK;
}

MF_REF_KERNEL_AS(reduce_max_dx, reduce_max_dx_prepare, reduce_max_dx_run);

static mf_status
expand_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op       *op = state;
    const mf_expand_attrs *a = op->attrs;
    const mf_shape        *to = &op->out[0];
    mf_shape               s = op->in[0];
    const int64_t          n = mf_shape_elems(to), nx = mf_shape_elems(&s);
    const double           f = a->kind == MF_R_MEAN ? (double)nx / (double)n : 1.0;
    const real            *x = r->in[0];
    real                  *y = r->out[0];
    walk                   w = {.s = to};
    (void)err;

    if (a->mask != 0) {
        int k = 0;
        for (int d = 0; d < to->ndim; d++)
            s.dim[d] = a->mask >> d & 1u ? 1 : op->in[0].dim[k++];
        s.ndim = to->ndim;
    }
    REF(strides)(w.stride, &s, to);
    for (int64_t i = 0; i < n; i++, walk_next(&w))
        y[i] = (real)((double)x[w.at] * f);
    return MF_OK;
}

MF_REF_KERNEL(expand, expand_run);

static mf_status
reduce_to_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op *op = state;
    const int64_t    n = mf_shape_elems(&op->in[0]), ny = mf_shape_elems(&op->out[0]);
    const real      *x = r->in[0];
    real            *y = r->out[0];
    double          *acc = r->scratch;
    walk             w = {.s = &op->in[0]};
    (void)err;

    REF(strides)(w.stride, &op->out[0], &op->in[0]);
    for (int64_t i = 0; i < ny; i++)
        acc[i] = 0.0;
    for (int64_t i = 0; i < n; i++, walk_next(&w))
        acc[w.at] += (double)x[i];
    for (int64_t i = 0; i < ny; i++)
        y[i] = (real)acc[i];
    return MF_OK;
}

MF_REF_KERNEL_AS(reduce_to, sums_prepare, reduce_to_run);

/* Elements before the axis, and elements from the axis on of one step before it. */
static void
split(const mf_shape *s, int axis, int64_t *outer, int64_t *inner)
{
    *outer = *inner = 1;
    for (int d = 0; d < axis; d++)
        *outer *= s->dim[d];
    for (int d = axis + 1; d < s->ndim; d++)
        *inner *= s->dim[d];
}

static mf_status
concat_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op     *op = state;
    const mf_axis_attrs *a = op->attrs;
    int64_t              outer, inner, at = 0;
    real                *y = r->out[0];
    (void)err;

    split(&op->out[0], a->axis, &outer, &inner);
    const int64_t row = op->out[0].dim[a->axis] * inner;
    for (int i = 0; i < op->nin; i++) {
        const real   *x = r->in[i];
        const int64_t len = op->in[i].dim[a->axis] * inner;
        for (int64_t o = 0; o < outer; o++)
            memcpy(y + o * row + at, x + o * len, (size_t)len * sizeof *y);
        at += len;
    }
    return MF_OK;
}

MF_REF_KERNEL(concat, concat_run);

static mf_status
slice_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op     *op = state;
    const mf_axis_attrs *a = op->attrs;
    int64_t              outer, inner;
    const real          *x = r->in[0];
    real                *y = r->out[0];
    (void)err;

    split(&op->in[0], a->axis, &outer, &inner);
    const int64_t row = op->in[0].dim[a->axis] * inner, len = a->len * inner;
    for (int64_t o = 0; o < outer; o++)
        memcpy(y + o * len, x + o * row + a->start * inner, (size_t)len * sizeof *y);
    return MF_OK;
}

MF_REF_KERNEL(slice, slice_run);

static mf_status
slice_dx_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op     *op = state;
    const mf_axis_attrs *a = op->attrs;
    int64_t              outer, inner;
    const real          *dy = r->in[0];
    real                *dx = r->out[0];
    (void)err;

    split(&op->out[0], a->axis, &outer, &inner);
    const int64_t row = op->out[0].dim[a->axis] * inner, len = a->len * inner;
    memset(dx, 0, (size_t)(outer * row) * sizeof *dx);
    for (int64_t o = 0; o < outer; o++)
        memcpy(dx + o * row + a->start * inner, dy + o * len, (size_t)len * sizeof *dx);
    return MF_OK;
}

MF_REF_KERNEL(slice_dx, slice_dx_run);
