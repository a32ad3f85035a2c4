/* nn/ops/softmax.c: normalised exponentials along an axis, their logarithms, and the gradients of both. */
#include "nn/ops/support.h"

static mf_status
axis_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    const mf_axis_attrs *a = attrs;
    (void)nin;
    out[0] = *in[0];
    return mf_shape_want_axis(in[0], a->axis, err);
}

/* dy, y -> dx */
static mf_status
axis_dx_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    mf_status st = axis_infer(attrs, nin, in, out, err);
    return st < 0 ? st : mf_shape_want("y", in[1], in[0], err);
}

static mf_status
softmax_grad(mf_graph *g, const mf_node *n, const mf_ref *dout, const bool *need, mf_ref *din, mf_err *err)
{
    (void)need, (void)err;
    din[0] = mf_graph_add(g, &mf_op_softmax_dx, n->attrs, 2, (mf_ref[]){dout[0], mf_node_out(n, 0)});
    return MF_OK;
}

const mf_op_def mf_op_softmax = {
    .name = "softmax", .summary = "exponentials that sum to 1 along an axis",
    .attr_size = sizeof(mf_axis_attrs), .min_in = 1, .max_in = 1, .nout = 1, .out_kind = {MF_KIND_SAME0},
    .infer = axis_infer, .grad = softmax_grad,
};

const mf_op_def mf_op_softmax_dx = {
    .name = "softmax_dx", .summary = "gradient of softmax",
    .attr_size = sizeof(mf_axis_attrs), .min_in = 2, .max_in = 2, .nout = 1, .flags = MF_OP_NO_GRAD,
    .out_kind = {MF_KIND_SAME0}, .infer = axis_dx_infer,
};

static mf_status
log_softmax_grad(mf_graph *g, const mf_node *n, const mf_ref *dout, const bool *need, mf_ref *din, mf_err *err)
{
    (void)need, (void)err;
    din[0] = mf_graph_add(g, &mf_op_log_softmax_dx, n->attrs, 2, (mf_ref[]){dout[0], mf_node_out(n, 0)});
    return MF_OK;
}

const mf_op_def mf_op_log_softmax = {
    .name = "log_softmax", .summary = "logarithm of softmax, without its overflow",
    .attr_size = sizeof(mf_axis_attrs), .min_in = 1, .max_in = 1, .nout = 1, .out_kind = {MF_KIND_SAME0},
    .infer = axis_infer, .grad = log_softmax_grad,
};

const mf_op_def mf_op_log_softmax_dx = {
    .name = "log_softmax_dx", .summary = "gradient of log_softmax",
    .attr_size = sizeof(mf_axis_attrs), .min_in = 2, .max_in = 2, .nout = 1, .flags = MF_OP_NO_GRAD,
    .out_kind = {MF_KIND_SAME0}, .infer = axis_dx_infer,
};

mf_ref
mf_softmax(mf_graph *g, mf_ref x, int axis)
{
    mf_axis_attrs a = {.axis = axis};
    return mf_graph_add(g, &mf_op_softmax, &a, 1, &x);
}

mf_ref
mf_log_softmax(mf_graph *g, mf_ref x, int axis)
{
    mf_axis_attrs a = {.axis = axis};
    return mf_graph_add(g, &mf_op_log_softmax, &a, 1, &x);
}
