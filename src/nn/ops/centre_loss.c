/* nn/ops/centre_loss.c: distance of embeddings from the centres of their classes, which follow them (nn/ops.h). */
#include "nn/ops/support.h"

static mf_status
centre_loss_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    const mf_centre_attrs *a = attrs;
    mf_shape               centres;
    mf_status              st;
    (void)nin;

    if (!(a->rate >= 0.0f && a->rate <= 1.0f))
        return mf_fail(err, MF_E_ARG, "the rate of the centres is %g, expected 0 to 1", (double)a->rate);
    if ((st = mf_shape_want_rank("the embeddings", in[0], 2, err)) < 0 || (st = mf_shape_want_rank("the target", in[1], 2, err)) < 0)
        return st;
    if (in[1]->dim[0] != in[0]->dim[0])
        return mf_fail(err, MF_E_ARG, "%lld targets for %lld embeddings", (long long)in[1]->dim[0], (long long)in[0]->dim[0]);
    centres = (mf_shape){.ndim = 2, .dim = {in[1]->dim[1], in[0]->dim[1]}};
    if ((st = mf_shape_want("the centres", in[2], &centres, err)) < 0)
        return st;
    out[0] = (mf_shape){.ndim = 1, .dim = {1}};
    out[1] = *in[0];
    return MF_OK;
}

static mf_status
centre_loss_grad(mf_graph *g, const mf_node *n, const mf_ref *dout, const bool *need, mf_ref *din, mf_err *err)
{
    if (need[1] || need[2])
        return mf_grad_refuse("centre_loss", need[1] ? "for its target" : "for its centres", err);
    if (mf_ref_ok(dout[1]))
        return mf_grad_refuse("centre_loss", "through its differences", err);
    din[0] = mf_graph_add(g, &mf_op_centre_loss_dx, NULL, 2, (mf_ref[]){dout[0], mf_node_out(n, 1)});
    return MF_OK;
}

const mf_op_def mf_op_centre_loss = {
    .name = "centre_loss", .summary = "squared distance of embeddings from the centres of their classes; moves the centres",
    .attr_size = sizeof(mf_centre_attrs), .min_in = 3, .max_in = 3, .nout = 2, .mutates = 1u << 2,
    .out_kind = {MF_KIND_F32, MF_KIND_F32}, .infer = centre_loss_infer, .grad = centre_loss_grad,
};

/* dloss, differences -> dx */
static mf_status
centre_loss_dx_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    (void)attrs, (void)nin;
    out[0] = *in[1];
    return mf_shape_want_vec("the loss gradient", in[0], 1, err);
}

const mf_op_def mf_op_centre_loss_dx = {
    .name = "centre_loss_dx", .summary = "gradient of centre_loss for the embeddings",
    .min_in = 2, .max_in = 2, .nout = 1, .flags = MF_OP_NO_GRAD, .out_kind = {MF_KIND_F32}, .infer = centre_loss_dx_infer,
};

mf_ref
mf_centre_loss(mf_graph *g, mf_ref x, mf_ref target, mf_ref centres, float rate)
{
    mf_centre_attrs a = {.rate = rate};

    return mf_graph_add(g, &mf_op_centre_loss, &a, 3, (mf_ref[]){x, target, centres});
}
