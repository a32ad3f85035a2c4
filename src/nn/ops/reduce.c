/* nn/ops/reduce.c: sums, means and maxima over axes, and their counterparts: spreading a value to a larger shape
 * (expand) and summing it down to a smaller one (reduce_to). */
#include "nn/ops/support.h"

static uint32_t
all_axes(const mf_shape *s)
{
    return (1u << s->ndim) - 1u;
}

static mf_status
reduced_shape(mf_shape *out, const mf_reduce_attrs *a, const mf_shape *x, mf_err *err)
{
    mf_shape r = {.ndim = 0};
    char     t[96];

    if (a->kind < 0 || a->kind >= MF_R_COUNT)
        return mf_fail(err, MF_E_ARG, "there is no reduction %d", a->kind);
    if (a->mask == 0 || (a->mask & ~all_axes(x)) != 0)
        return mf_fail(err, MF_E_ARG, "axes 0x%x do not fit the shape %s", a->mask, mf_shape_text(t, x));
    for (int d = 0; d < x->ndim; d++) {
        bool gone = a->mask >> d & 1u;
        if (gone && x->dim[d] < 1)
            return mf_fail(err, MF_E_ARG, "nothing to reduce in the shape %s", mf_shape_text(t, x));
        if (!gone || a->keep)
            r.dim[r.ndim++] = gone ? 1 : x->dim[d];
    }
    if (r.ndim == 0)
        r = (mf_shape){.ndim = 1, .dim = {1}};
    *out = r;
    return MF_OK;
}

static mf_status
reduce_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    (void)nin;
    return reduced_shape(out, attrs, in[0], err);
}

static mf_status
reduce_grad(mf_graph *g, const mf_node *n, const mf_ref *dout, const bool *need, mf_ref *din, mf_err *err)
{
    const mf_reduce_attrs *a = n->attrs;
    const mf_ref           x = mf_node_in(n, 0);
    mf_shape               s = mf_graph_shape(g, x);
    mf_expand_attrs        e = {.kind = a->kind, .mask = a->keep || a->mask == all_axes(&s) ? 0 : a->mask};
    (void)need, (void)err;

    if (a->kind == MF_R_MAX)
        din[0] = mf_graph_add(g, &mf_op_reduce_max_dx, a, 2, (mf_ref[]){dout[0], x});
    else
        din[0] = mf_graph_add(g, &mf_op_expand, &e, 2, (mf_ref[]){dout[0], x});
    return MF_OK;
}

const mf_op_def mf_op_reduce = {
    .name = "reduce", .summary = "sum, mean or maximum over axes",
    .attr_size = sizeof(mf_reduce_attrs), .min_in = 1, .max_in = 1, .nout = 1, .out_kind = {MF_KIND_ACT},
    .infer = reduce_infer, .grad = reduce_grad,
};

/* dy, x -> dx: dy at the first maximum, zero elsewhere */
static mf_status
reduce_max_dx_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    mf_status st;
    mf_shape  y;
    (void)nin;
    if ((st = reduced_shape(&y, attrs, in[1], err)) < 0 || (st = mf_shape_want("the output gradient", in[0], &y, err)) < 0)
        return st;
    out[0] = *in[1];
    return MF_OK;
}

const mf_op_def mf_op_reduce_max_dx = {
    .name = "reduce_max_dx", .summary = "gradient of a maximum over axes: to the first maximum",
    .attr_size = sizeof(mf_reduce_attrs), .min_in = 2, .max_in = 2, .nout = 1, .flags = MF_OP_NO_GRAD,
    .out_kind = {MF_KIND_ACT}, .infer = reduce_max_dx_infer,
};

/* x, like -> x with ones put in at the axes of `mask`, then broadcast to the shape of like */
static mf_status
expand_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    const mf_expand_attrs *a = attrs;
    const mf_shape        *x = in[0], *like = in[1];
    mf_shape               r = *x, y;
    mf_status              st;
    char                   tx[96], tl[96];
    (void)nin;

    if (a->kind != MF_R_SUM && a->kind != MF_R_MEAN)
        return mf_fail(err, MF_E_ARG, "only sums and means are spread");
    if (a->mask != 0) {
        int k = 0;
        r     = (mf_shape){.ndim = like->ndim};
        for (int d = 0; d < r.ndim; d++) {
            bool put = a->mask >> d & 1u;
            if (!put && k == x->ndim)
                break;
            r.dim[d] = put ? 1 : x->dim[k++];
            if (d == r.ndim - 1 && k == x->ndim)
                k = -1;
        }
        if (k != -1 || (a->mask & ~all_axes(like)) != 0)
            return mf_fail(err, MF_E_ARG, "shape %s does not fit %s with axes 0x%x put in", mf_shape_text(tx, x),
                           mf_shape_text(tl, like), a->mask);
    }
    if ((st = mf_shape_broadcast(&y, &r, like, err)) < 0 || (st = mf_shape_want("the target", like, &y, err)) < 0)
        return st;
    out[0] = *like;
    return MF_OK;
}

static mf_status
expand_grad(mf_graph *g, const mf_node *n, const mf_ref *dout, const bool *need, mf_ref *din, mf_err *err)
{
    const mf_expand_attrs *a = n->attrs;
    (void)need;
    if (a->mask != 0 || a->kind != MF_R_SUM)
        return mf_grad_refuse("expand", "of its own where it is itself a gradient", err);
    din[0] = mf_reduce_to(g, dout[0], mf_node_in(n, 0));
    return MF_OK;
}

const mf_op_def mf_op_expand = {
    .name = "expand", .summary = "broadcast to the shape of another value",
    .attr_size = sizeof(mf_expand_attrs), .min_in = 2, .max_in = 2, .nout = 1, .shape_only = 1u << 1,
    .out_kind = {MF_KIND_ACT}, .infer = expand_infer, .grad = expand_grad,
};

/* x, like -> x summed over the axes along which like would be broadcast to it */
static mf_status
reduce_to_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    mf_status st;
    mf_shape  y;
    (void)attrs, (void)nin;
    if ((st = mf_shape_broadcast(&y, in[0], in[1], err)) < 0 || (st = mf_shape_want("the value", in[0], &y, err)) < 0)
        return st;
    out[0] = *in[1];
    return MF_OK;
}

static mf_status
reduce_to_grad(mf_graph *g, const mf_node *n, const mf_ref *dout, const bool *need, mf_ref *din, mf_err *err)
{
    (void)need, (void)err;
    din[0] = mf_expand(g, dout[0], mf_node_in(n, 0));
    return MF_OK;
}

const mf_op_def mf_op_reduce_to = {
    .name = "reduce_to", .summary = "sum down to the shape of another value",
    .min_in = 2, .max_in = 2, .nout = 1, .shape_only = 1u << 1, .out_kind = {MF_KIND_F32},
    .infer = reduce_to_infer, .grad = reduce_to_grad,
};

mf_ref
mf_reduce(mf_graph *g, mf_reduce_kind k, mf_ref x, uint32_t mask, bool keep)
{
    mf_reduce_attrs a = {.kind = (int32_t)k, .mask = mask, .keep = keep};
    return mf_graph_add(g, &mf_op_reduce, &a, 1, &x);
}

mf_ref
mf_mean_all(mf_graph *g, mf_ref x)
{
    mf_shape s;
    if (!mf_ref_ok(x))
        return mf_graph_error(g, MF_E_ARG, "mean: no input");
    s = mf_graph_shape(g, x);
    return mf_reduce(g, MF_R_MEAN, x, all_axes(&s), false);
}

mf_ref
mf_expand(mf_graph *g, mf_ref x, mf_ref like)
{
    mf_expand_attrs a = {.kind = MF_R_SUM};
    return mf_graph_add(g, &mf_op_expand, &a, 2, (mf_ref[]){x, like});
}

mf_ref
mf_reduce_to(mf_graph *g, mf_ref x, mf_ref like)
{
    return mf_graph_add(g, &mf_op_reduce_to, NULL, 2, (mf_ref[]){x, like});
}
