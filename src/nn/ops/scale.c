/* nn/ops/scale.c: y = mul * x + add with constants. */
#include "nn/ops/support.h"

static mf_status
scale_grad(mf_graph *g, const mf_node *n, const mf_ref *dout, const bool *need, mf_ref *din, mf_err *err)
{
    const mf_scale_attrs *a = n->attrs;
    (void)need, (void)err;
    din[0] = mf_scale(g, dout[0], a->mul, 0.0);
    return MF_OK;
}

const mf_op_def mf_op_scale = {
    .name = "scale", .summary = "mul * x + add with constants",
    .attr_size = sizeof(mf_scale_attrs), .min_in = 1, .max_in = 1, .nout = 1, .flags = MF_OP_ANY_LAYOUT,
    .out_kind = {MF_KIND_SAME0}, .infer = mf_infer_same0, .grad = scale_grad,
};

mf_ref
mf_scale(mf_graph *g, mf_ref x, double mul, double add)
{
    mf_scale_attrs a = {.mul = mul, .add = add};
    return mf_graph_add(g, &mf_op_scale, &a, 1, &x);
}
