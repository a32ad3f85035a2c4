/* nn/backends/ref/elementwise.c: unary, binary, scale, clip, prelu, dropout and their gradients. */
#include "nn/backends/ref/real.h"

#include "nn/dropout.h"

static double
apply(mf_unary_kind k, double x)
{
    switch (k) {
    case MF_U_RELU: return x < 0.0 ? 0.0 : x; /* NaN stays NaN */
    case MF_U_SIGMOID: return x >= 0.0 ? 1.0 / (1.0 + exp(-x)) : exp(x) / (1.0 + exp(x));
    case MF_U_TANH: return tanh(x);
    case MF_U_EXP: return exp(x);
    case MF_U_LOG: return log(x);
    case MF_U_SQRT: return sqrt(x);
    case MF_U_SQUARE: return x * x;
    case MF_U_ABS: return fabs(x);
    case MF_U_COUNT: break;
    }
    return NAN;
}

static mf_status
unary_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op      *op = state;
    const mf_unary_attrs *a = op->attrs;
    const real           *x = r->in[0];
    real                 *y = r->out[0];
    (void)err;
    for (int64_t i = 0, n = mf_shape_elems(&op->out[0]); i < n; i++)
        y[i] = (real)apply((mf_unary_kind)a->kind, (double)x[i]);
    return MF_OK;
}

MF_REF_KERNEL_AS(unary, REF(prepare_inplace), unary_run);

/* dy/dx from y where the op says so (mf_unary_dx_reads_y), else from x; v is the one read. */
static double
slope(mf_unary_kind k, double v)
{
    switch (k) {
    case MF_U_RELU: return v > 0.0 ? 1.0 : 0.0;
    case MF_U_SIGMOID: return v * (1.0 - v);
    case MF_U_TANH: return 1.0 - v * v;
    case MF_U_EXP: return v;
    case MF_U_SQRT: return 0.5 / v;
    case MF_U_LOG: return 1.0 / v;
    case MF_U_SQUARE: return 2.0 * v;
    case MF_U_ABS: return v > 0.0 ? 1.0 : v < 0.0 ? -1.0 : 0.0;
    case MF_U_COUNT: break;
    }
    return NAN;
}

static mf_status
unary_dx_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op      *op = state;
    const mf_unary_attrs *a = op->attrs;
    const mf_unary_kind   k = (mf_unary_kind)a->kind;
    const real           *dy = r->in[0], *v = r->in[mf_unary_dx_reads_y(k) ? 2 : 1];
    real                 *dx = r->out[0];
    (void)err;
    for (int64_t i = 0, n = mf_shape_elems(&op->out[0]); i < n; i++) {
        const double s = slope(k, (double)v[i]);
        dx[i]          = k == MF_U_RELU ? (s > 0.0 ? dy[i] : 0) : (real)((double)dy[i] * s);
    }
    return MF_OK;
}

MF_REF_KERNEL_AS(unary_dx, REF(prepare_inplace), unary_dx_run);

/* Walks the broadcast shape in row-major order: places of a and b for output element i. */
typedef struct walk {
    const mf_shape *s;
    int64_t         idx[MF_MAX_DIMS], sa[MF_MAX_DIMS], sb[MF_MAX_DIMS], a, b;
} walk;

static walk
walk_begin(const mf_shape *s, const mf_shape *a, const mf_shape *b)
{
    walk w = {.s = s};
    REF(strides)(w.sa, a, s);
    REF(strides)(w.sb, b, s);
    return w;
}

static void
walk_next(walk *w)
{
    for (int d = w->s->ndim - 1; d >= 0; d--) {
        w->a += w->sa[d];
        w->b += w->sb[d];
        if (++w->idx[d] < w->s->dim[d])
            return;
        w->a -= w->sa[d] * w->idx[d];
        w->b -= w->sb[d] * w->idx[d];
        w->idx[d] = 0;
    }
}

static mf_status
binary_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op       *op = state;
    const mf_binary_attrs *at = op->attrs;
    const real            *a = r->in[0], *b = r->in[1];
    real                  *y = r->out[0];
    walk                   w = walk_begin(&op->out[0], &op->in[0], &op->in[1]);
    (void)err;
    for (int64_t i = 0, n = mf_shape_elems(&op->out[0]); i < n; i++, walk_next(&w)) {
        const real p = a[w.a], q = b[w.b];
        switch ((mf_binary_kind)at->kind) {
        case MF_B_ADD: y[i] = p + q; break;
        case MF_B_SUB: y[i] = p - q; break;
        case MF_B_MUL: y[i] = p * q; break;
        case MF_B_DIV: y[i] = p / q; break;
        case MF_B_MAX: y[i] = p >= q || p != p ? p : q; break;
        case MF_B_COUNT: break;
        }
    }
    return MF_OK;
}

MF_REF_KERNEL_AS(binary, REF(prepare_inplace), binary_run);

static mf_status
max_dx_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op *op = state;
    const real      *dy = r->in[0], *a = r->in[1], *b = r->in[2];
    real            *da = r->out[0], *db = r->out[1];
    walk             w = walk_begin(&op->out[0], &op->in[1], &op->in[2]);
    (void)err;
    for (int64_t i = 0, n = mf_shape_elems(&op->out[0]); i < n; i++, walk_next(&w)) {
        const bool left = a[w.a] >= b[w.b];
        if (da)
            da[i] = left ? dy[i] : 0;
        if (db)
            db[i] = left ? 0 : dy[i];
    }
    return MF_OK;
}

MF_REF_KERNEL(max_dx, max_dx_run);

static mf_status
scale_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op      *op = state;
    const mf_scale_attrs *a = op->attrs;
    const real           *x = r->in[0];
    real                 *y = r->out[0];
    (void)err;
    for (int64_t i = 0, n = mf_shape_elems(&op->out[0]); i < n; i++)
        y[i] = (real)(a->mul * (double)x[i] + a->add);
    return MF_OK;
}

MF_REF_KERNEL_AS(scale, REF(prepare_inplace), scale_run);

static mf_status
clip_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op     *op = state;
    const mf_clip_attrs *a = op->attrs;
    const real           lo = (real)a->lo, hi = (real)a->hi, *x = r->in[0];
    real                *y = r->out[0];
    (void)err;
    for (int64_t i = 0, n = mf_shape_elems(&op->out[0]); i < n; i++)
        y[i] = x[i] < lo ? lo : x[i] > hi ? hi : x[i]; /* NaN stays NaN */
    return MF_OK;
}

MF_REF_KERNEL_AS(clip, REF(prepare_inplace), clip_run);

static mf_status
clip_dx_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op     *op = state;
    const mf_clip_attrs *a = op->attrs;
    const real           lo = (real)a->lo, hi = (real)a->hi, *dy = r->in[0], *y = r->in[1];
    real                *dx = r->out[0];
    (void)err;
    for (int64_t i = 0, n = mf_shape_elems(&op->out[0]); i < n; i++)
        dx[i] = y[i] > lo && y[i] < hi ? dy[i] : 0;
    return MF_OK;
}

MF_REF_KERNEL_AS(clip_dx, REF(prepare_inplace), clip_dx_run);

/* x [N, C, ...], slope [C] */
static mf_status
prelu_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op *op = state;
    const int64_t    nc = op->in[0].dim[0] * op->in[0].dim[1], area = mf_shape_elems(&op->in[0]) / nc;
    const real      *x = r->in[0], *s = r->in[1];
    real            *y = r->out[0];
    (void)err;
    for (int64_t k = 0; k < nc; k++)
        for (int64_t i = k * area; i < (k + 1) * area; i++)
            y[i] = x[i] < 0 ? x[i] * s[k % op->in[0].dim[1]] : x[i];
    return MF_OK;
}

MF_REF_KERNEL(prelu, prelu_run);

static mf_status
prelu_dx_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op *op = state;
    const int64_t    n = op->in[0].dim[0], c = op->in[0].dim[1], area = mf_shape_elems(&op->in[0]) / (n * c);
    const real      *dy = r->in[0], *x = r->in[1], *s = r->in[2];
    real            *dx = r->out[0], *ds = r->out[1];
    (void)err;
    for (int64_t k = 0; k < c; k++) {
        double sum = 0.0;
        for (int64_t b = 0; b < n; b++)
            for (int64_t i = (b * c + k) * area; i < (b * c + k + 1) * area; i++) {
                const bool below = x[i] < 0;
                if (dx)
                    dx[i] = below ? dy[i] * s[k] : dy[i];
                if (below)
                    sum += (double)dy[i] * (double)x[i];
            }
        if (ds)
            ds[k] = (real)sum;
    }
    return MF_OK;
}

MF_REF_KERNEL(prelu_dx, prelu_dx_run);

/* Forward and gradient are the same map. */
static mf_status
dropout_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op        *op = state;
    const mf_dropout_attrs *a = op->attrs;
    const uint64_t          key = mf_dropout_key(r->seed, r->step, a->id), bound = mf_dropout_bound(a->p);
    const real              f = (real)(1.0 / (1.0 - (double)a->p));
    const real             *x = r->in[0];
    real                   *y = r->out[0];
    (void)err;
    for (int64_t i = 0, n = mf_shape_elems(&op->out[0]); i < n; i++)
        y[i] = mf_dropout_keep_at(key, (uint64_t)i, bound) ? x[i] * f : 0;
    return MF_OK;
}

MF_REF_KERNEL_AS(dropout, REF(prepare_inplace), dropout_run);
MF_REF_KERNEL_AS(dropout_dx, REF(prepare_inplace), dropout_run);
