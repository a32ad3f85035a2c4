/* nn/ops/unary.c: functions of one element, and their gradients. */
#include "nn/ops/support.h"

static mf_status
unary_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    const mf_unary_attrs *a = attrs;
    (void)nin;
    if (a->kind < 0 || a->kind >= MF_U_COUNT)
        return mf_fail(err, MF_E_ARG, "there is no function %d", a->kind);
    out[0] = *in[0];
    return MF_OK;
}

bool
mf_unary_dx_reads_y(mf_unary_kind k)
{
    return k == MF_U_RELU || k == MF_U_SIGMOID || k == MF_U_TANH || k == MF_U_EXP || k == MF_U_SQRT;
}

/* The gradient reads either the input or the output; the other one's memory may go. */
static mf_status
unary_grad(mf_graph *g, const mf_node *n, const mf_ref *dout, const bool *need, mf_ref *din, mf_err *err)
{
    const mf_unary_attrs *a = n->attrs;
    const bool            y = mf_unary_dx_reads_y((mf_unary_kind)a->kind);
    (void)need, (void)err;
    din[0] = mf_graph_add(g, &mf_op_unary_dx, a, 3,
                          (mf_ref[]){dout[0], y ? MF_NONE : mf_node_in(n, 0), y ? mf_node_out(n, 0) : MF_NONE});
    return MF_OK;
}

const mf_op_def mf_op_unary = {
    .name = "unary", .summary = "relu, sigmoid, tanh, exp, log, sqrt, square, abs, element by element",
    .attr_size = sizeof(mf_unary_attrs), .min_in = 1, .max_in = 1, .nout = 1, .flags = MF_OP_ANY_LAYOUT,
    .out_kind = {MF_KIND_SAME0}, .infer = unary_infer, .grad = unary_grad,
};

/* dy, x?, y? -> dx */
static mf_status
unary_dx_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    const mf_unary_attrs *a = attrs;
    mf_status             st;
    int                   i;

    if ((st = unary_infer(attrs, nin, in, out, err)) < 0)
        return st;
    i = mf_unary_dx_reads_y((mf_unary_kind)a->kind) ? 2 : 1;
    if (i >= nin || !in[i])
        return mf_fail(err, MF_E_ARG, "the gradient needs the function's %s", i == 2 ? "output" : "input");
    return mf_shape_want(i == 2 ? "y" : "x", in[i], in[0], err);
}

const mf_op_def mf_op_unary_dx = {
    .name = "unary_dx", .summary = "gradient of unary",
    .attr_size = sizeof(mf_unary_attrs), .min_in = 1, .max_in = 3, .nout = 1, .flags = MF_OP_NO_GRAD | MF_OP_ANY_LAYOUT,
    .out_kind = {MF_KIND_SAME0}, .infer = unary_dx_infer,
};

mf_ref
mf_unary(mf_graph *g, mf_unary_kind k, mf_ref x)
{
    mf_unary_attrs a = {.kind = (int32_t)k};
    return mf_graph_add(g, &mf_op_unary, &a, 1, &x);
}

mf_ref
mf_relu(mf_graph *g, mf_ref x)
{
    return mf_unary(g, MF_U_RELU, x);
}

mf_ref
mf_sigmoid(mf_graph *g, mf_ref x)
{
    return mf_unary(g, MF_U_SIGMOID, x);
}
