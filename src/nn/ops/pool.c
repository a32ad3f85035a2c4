/* nn/ops/pool.c: maxima and means over windows, the mean over a whole map, and their gradients. Sizes follow PyTorch:
 * with `ceil` a last window that starts inside the picture or its left pad is added, one that starts past them is not. */
#include "nn/ops/support.h"

enum { MAX_POOL = 1 << 16 };

/* Windows along one axis of length n. */
static int64_t
windows(int64_t n, int64_t k, int64_t s, int64_t p, bool ceil)
{
    int64_t out = (n + 2 * p - k + (ceil ? s - 1 : 0)) / s + 1;
    if (ceil && (out - 1) * s >= n + p)
        out--;
    return out;
}

static mf_status
pool_shape(mf_shape *out, const mf_pool_attrs *a, const mf_shape *x, mf_err *err)
{
    mf_status st;
    char      t[96];
    if ((st = mf_shape_want_rank("the input", x, 4, err)) < 0)
        return st;
    if (a->kh < 1 || a->kw < 1 || a->sh < 1 || a->sw < 1 || a->kh > MAX_POOL || a->kw > MAX_POOL || a->sh > MAX_POOL ||
        a->sw > MAX_POOL)
        return mf_fail(err, MF_E_ARG, "windows and strides must lie in 1..%d", MAX_POOL);
    if (a->ph < 0 || a->pw < 0 || a->ph > a->kh / 2 || a->pw > a->kw / 2)
        return mf_fail(err, MF_E_ARG, "pads must be at least 0 and at most half the window");
    if (x->dim[2] + 2 * a->ph < a->kh || x->dim[3] + 2 * a->pw < a->kw)
        return mf_fail(err, MF_E_ARG, "an input of shape %s is smaller than the window of %d x %d", mf_shape_text(t, x), a->kh,
                       a->kw);
    *out = (mf_shape){.ndim = 4, .dim = {x->dim[0], x->dim[1], windows(x->dim[2], a->kh, a->sh, a->ph, a->ceil),
                                         windows(x->dim[3], a->kw, a->sw, a->pw, a->ceil)}};
    return MF_OK;
}

static mf_status
maxpool_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    const mf_pool_attrs *a = attrs;
    (void)nin;
    if ((int64_t)a->kh * a->kw > 255)
        return mf_fail(err, MF_E_ARG, "a window of %d x %d has more than 255 elements", a->kh, a->kw);
    mf_status st = pool_shape(out, a, in[0], err);
    out[1]       = out[0];
    return st;
}

static mf_status
maxpool_grad(mf_graph *g, const mf_node *n, const mf_ref *dout, const bool *need, mf_ref *din, mf_err *err)
{
    (void)need, (void)err;
    din[0] = mf_graph_add(g, &mf_op_maxpool_dx, n->attrs, 3, (mf_ref[]){dout[0], mf_node_out(n, 1), mf_node_in(n, 0)});
    return MF_OK;
}

const mf_op_def mf_op_maxpool = {
    .name = "maxpool", .summary = "maximum over windows",
    .attr_size = sizeof(mf_pool_attrs), .min_in = 1, .max_in = 1, .nout = 2, .out_kind = {MF_KIND_SAME0, MF_KIND_U8},
    .infer = maxpool_infer, .grad = maxpool_grad,
};

/* dy, idx, x -> dx */
static mf_status
maxpool_dx_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    mf_status st;
    mf_shape  y;
    (void)nin;
    if ((st = pool_shape(&y, attrs, in[2], err)) < 0 || (st = mf_shape_want("the output gradient", in[0], &y, err)) < 0 ||
        (st = mf_shape_want("the index", in[1], &y, err)) < 0)
        return st;
    out[0] = *in[2];
    return MF_OK;
}

const mf_op_def mf_op_maxpool_dx = {
    .name = "maxpool_dx", .summary = "gradient of maxpool",
    .attr_size = sizeof(mf_pool_attrs), .min_in = 3, .max_in = 3, .nout = 1, .flags = MF_OP_NO_GRAD,
    .shape_only = 1u << 2, .out_kind = {MF_KIND_SAME0}, .infer = maxpool_dx_infer,
};

static mf_status
avgpool_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    (void)nin;
    return pool_shape(out, attrs, in[0], err);
}

static mf_status
avgpool_grad(mf_graph *g, const mf_node *n, const mf_ref *dout, const bool *need, mf_ref *din, mf_err *err)
{
    (void)need, (void)err;
    din[0] = mf_graph_add(g, &mf_op_avgpool_dx, n->attrs, 2, (mf_ref[]){dout[0], mf_node_in(n, 0)});
    return MF_OK;
}

const mf_op_def mf_op_avgpool = {
    .name = "avgpool", .summary = "mean over windows",
    .attr_size = sizeof(mf_pool_attrs), .min_in = 1, .max_in = 1, .nout = 1, .out_kind = {MF_KIND_SAME0},
    .infer = avgpool_infer, .grad = avgpool_grad,
};

/* dy, x -> dx */
static mf_status
avgpool_dx_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    mf_status st;
    mf_shape  y;
    (void)nin;
    if ((st = pool_shape(&y, attrs, in[1], err)) < 0 || (st = mf_shape_want("the output gradient", in[0], &y, err)) < 0)
        return st;
    out[0] = *in[1];
    return MF_OK;
}

const mf_op_def mf_op_avgpool_dx = {
    .name = "avgpool_dx", .summary = "gradient of avgpool",
    .attr_size = sizeof(mf_pool_attrs), .min_in = 2, .max_in = 2, .nout = 1, .flags = MF_OP_NO_GRAD,
    .shape_only = 1u << 1, .out_kind = {MF_KIND_SAME0}, .infer = avgpool_dx_infer,
};

static mf_status
gap_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    (void)attrs, (void)nin;
    out[0] = (mf_shape){.ndim = 2, .dim = {in[0]->dim[0], in[0]->dim[1]}};
    return mf_shape_want_rank("the input", in[0], 4, err);
}

static mf_status
gap_grad(mf_graph *g, const mf_node *n, const mf_ref *dout, const bool *need, mf_ref *din, mf_err *err)
{
    (void)need, (void)err;
    din[0] = mf_graph_add(g, &mf_op_gap_dx, NULL, 2, (mf_ref[]){dout[0], mf_node_in(n, 0)});
    return MF_OK;
}

const mf_op_def mf_op_gap = {
    .name = "gap", .summary = "mean over each whole map",
    .min_in = 1, .max_in = 1, .nout = 1, .out_kind = {MF_KIND_F32}, .infer = gap_infer, .grad = gap_grad,
};

/* dy, x -> dx */
static mf_status
gap_dx_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    mf_status st;
    mf_shape  y;
    if ((st = gap_infer(attrs, nin, in + 1, &y, err)) < 0 || (st = mf_shape_want("the output gradient", in[0], &y, err)) < 0)
        return st;
    out[0] = *in[1];
    return MF_OK;
}

const mf_op_def mf_op_gap_dx = {
    .name = "gap_dx", .summary = "gradient of gap",
    .min_in = 2, .max_in = 2, .nout = 1, .flags = MF_OP_NO_GRAD, .shape_only = 1u << 1, .out_kind = {MF_KIND_ACT},
    .infer = gap_dx_infer,
};

mf_ref
mf_maxpool(mf_graph *g, mf_ref x, mf_pool_attrs a)
{
    return mf_graph_add(g, &mf_op_maxpool, &a, 1, &x);
}

mf_ref
mf_avgpool(mf_graph *g, mf_ref x, mf_pool_attrs a)
{
    return mf_graph_add(g, &mf_op_avgpool, &a, 1, &x);
}

mf_ref
mf_gap(mf_graph *g, mf_ref x)
{
    return mf_graph_add(g, &mf_op_gap, NULL, 1, &x);
}
