/* nn/ops/prelu.c: max(0, x) + slope min(0, x), a slope a channel (He et al. 2015, eq. 1). */
#include "nn/ops/support.h"

static mf_status
check(const mf_shape *x, const mf_shape *slope, mf_err *err)
{
    char t[96];
    if (x->ndim < 2)
        return mf_fail(err, MF_E_ARG, "shape %s has no channels", mf_shape_text(t, x));
    return mf_shape_want_vec("the slope", slope, x->dim[1], err);
}

static mf_status
prelu_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    (void)attrs, (void)nin;
    out[0] = *in[0];
    return check(in[0], in[1], err);
}

static mf_status
prelu_grad(mf_graph *g, const mf_node *n, const mf_ref *dout, const bool *need, mf_ref *din, mf_err *err)
{
    mf_ref first = mf_graph_add(g, &mf_op_prelu_dx, NULL, 3, (mf_ref[]){dout[0], mf_node_in(n, 0), mf_node_in(n, 1)});
    (void)err;
    if (!mf_ref_ok(first))
        return MF_OK;
    for (int i = 0; i < 2; i++)
        if (need[i])
            din[i] = mf_graph_out(g, first, i);
    return MF_OK;
}

const mf_op_def mf_op_prelu = {
    .name = "prelu", .summary = "rectifier with a learned slope a channel below zero",
    .min_in = 2, .max_in = 2, .nout = 1, .out_kind = {MF_KIND_SAME0}, .infer = prelu_infer, .grad = prelu_grad,
};

/* dy, x, slope -> dx, dslope */
static mf_status
prelu_dx_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    mf_status st;
    (void)attrs, (void)nin;
    if ((st = check(in[0], in[2], err)) < 0 || (st = mf_shape_want("x", in[1], in[0], err)) < 0)
        return st;
    out[0] = *in[0];
    out[1] = *in[2];
    return MF_OK;
}

const mf_op_def mf_op_prelu_dx = {
    .name = "prelu_dx", .summary = "gradients of prelu for its input and its slopes",
    .min_in = 3, .max_in = 3, .nout = 2, .flags = MF_OP_NO_GRAD, .out_kind = {MF_KIND_SAME0, MF_KIND_F32},
    .infer = prelu_dx_infer,
};

mf_ref
mf_prelu(mf_graph *g, mf_ref x, mf_ref slope)
{
    return mf_graph_add(g, &mf_op_prelu, NULL, 2, (mf_ref[]){x, slope});
}
