/* nn/ops/l2norm.c: vectors of length 1 along an axis. */
#include "nn/ops/support.h"

static mf_status
l2norm_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    const mf_axis_attrs *a = attrs;
    mf_status            st;
    (void)nin;
    if ((st = mf_shape_want_axis(in[0], a->axis, err)) < 0)
        return st;
    out[0] = out[1]     = *in[0];
    out[1].dim[a->axis] = 1;
    return MF_OK;
}

static mf_status
l2norm_grad(mf_graph *g, const mf_node *n, const mf_ref *dout, const bool *need, mf_ref *din, mf_err *err)
{
    (void)need;
    if (mf_ref_ok(dout[1]))
        return mf_grad_refuse("l2norm", "for the lengths it gives out", err);
    din[0] = mf_graph_add(g, &mf_op_l2norm_dx, n->attrs, 3, (mf_ref[]){dout[0], mf_node_out(n, 0), mf_node_out(n, 1)});
    return MF_OK;
}

const mf_op_def mf_op_l2norm = {
    .name = "l2norm", .summary = "x / |x| along an axis",
    .attr_size = sizeof(mf_axis_attrs), .min_in = 1, .max_in = 1, .nout = 2, .out_kind = {MF_KIND_SAME0, MF_KIND_F32},
    .infer = l2norm_infer, .grad = l2norm_grad,
};

/* dy, y, norm -> dx = (dy - y (y . dy)) / |x| */
static mf_status
l2norm_dx_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    mf_status st;
    mf_shape  o[2];
    if ((st = l2norm_infer(attrs, nin, in, o, err)) < 0 || (st = mf_shape_want("y", in[1], in[0], err)) < 0 ||
        (st = mf_shape_want("the norm", in[2], &o[1], err)) < 0)
        return st;
    out[0] = o[0];
    return MF_OK;
}

const mf_op_def mf_op_l2norm_dx = {
    .name = "l2norm_dx", .summary = "gradient of l2norm",
    .attr_size = sizeof(mf_axis_attrs), .min_in = 3, .max_in = 3, .nout = 1, .flags = MF_OP_NO_GRAD,
    .out_kind = {MF_KIND_SAME0}, .infer = l2norm_dx_infer,
};

mf_ref
mf_l2norm(mf_graph *g, mf_ref x, int axis)
{
    mf_axis_attrs a = {.axis = axis};
    return mf_graph_add(g, &mf_op_l2norm, &a, 1, &x);
}
