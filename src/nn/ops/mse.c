/* nn/ops/mse.c: mean over all elements of the squared difference. */
#include "nn/ops/support.h"

static mf_status
mse_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    (void)attrs, (void)nin;
    out[0] = (mf_shape){.ndim = 1, .dim = {1}};
    return mf_shape_want("the right value", in[1], in[0], err);
}

static mf_status
mse_grad(mf_graph *g, const mf_node *n, const mf_ref *dout, const bool *need, mf_ref *din, mf_err *err)
{
    const mf_ref a = mf_node_in(n, 0), b = mf_node_in(n, 1);
    (void)err;
    if (need[0])
        din[0] = mf_graph_add(g, &mf_op_mse_dx, NULL, 3, (mf_ref[]){dout[0], a, b});
    if (need[1])
        din[1] = need[0] ? mf_scale(g, din[0], -1.0, 0.0) : mf_graph_add(g, &mf_op_mse_dx, NULL, 3, (mf_ref[]){dout[0], b, a});
    return MF_OK;
}

const mf_op_def mf_op_mse = {
    .name = "mse", .summary = "mean squared difference",
    .min_in = 2, .max_in = 2, .nout = 1, .out_kind = {MF_KIND_F32}, .infer = mse_infer, .grad = mse_grad,
};

/* dloss, a, b -> da */
static mf_status
mse_dx_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    mf_status st;
    (void)attrs, (void)nin;
    if ((st = mf_shape_want_vec("the loss gradient", in[0], 1, err)) < 0 ||
        (st = mf_shape_want("the right value", in[2], in[1], err)) < 0)
        return st;
    out[0] = *in[1];
    return MF_OK;
}

const mf_op_def mf_op_mse_dx = {
    .name = "mse_dx", .summary = "gradient of mse for its left value",
    .min_in = 3, .max_in = 3, .nout = 1, .flags = MF_OP_NO_GRAD, .out_kind = {MF_KIND_ACT}, .infer = mse_dx_infer,
};

mf_ref
mf_mse(mf_graph *g, mf_ref a, mf_ref b)
{
    return mf_graph_add(g, &mf_op_mse, NULL, 2, (mf_ref[]){a, b});
}
