/* nn/ops/cross_entropy.c: the loss of logits against target distributions, with label smoothing (Szegedy et al. 2016,
 * section 7) and class weights. */
#include "nn/ops/support.h"

static mf_status
check(const mf_ce_attrs *a, const mf_shape *p, const mf_shape *target, const mf_shape *weight, mf_err *err)
{
    mf_status st;
    if (!(a->smoothing >= 0.0f && a->smoothing < 1.0f))
        return mf_fail(err, MF_E_ARG, "the smoothing is %g, expected 0 or more and less than 1", (double)a->smoothing);
    if ((st = mf_shape_want_rank("the logits", p, 2, err)) < 0 || (st = mf_shape_want("the target", target, p, err)) < 0)
        return st;
    return weight ? mf_shape_want_vec("the class weight", weight, p->dim[1], err) : MF_OK;
}

/* logits, target, weight? -> loss, p, each sample's term */
static mf_status
cross_entropy_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    mf_status st;
    if ((st = check(attrs, in[0], in[1], nin > 2 ? in[2] : NULL, err)) < 0)
        return st;
    out[0] = (mf_shape){.ndim = 1, .dim = {1}};
    out[1] = *in[0];
    out[2] = (mf_shape){.ndim = 1, .dim = {in[0]->dim[0]}};
    return MF_OK;
}

static mf_status
cross_entropy_grad(mf_graph *g, const mf_node *n, const mf_ref *dout, const bool *need, mf_ref *din, mf_err *err)
{
    const mf_ref target = mf_node_in(n, 1), weight = mf_node_in(n, 2);

    if (need[1] || (n->nin > 2 && need[2]))
        return mf_grad_refuse("cross_entropy", "for targets and class weights; detach them", err);
    if (mf_ref_ok(dout[1]) || mf_ref_ok(dout[2]))
        return mf_grad_refuse("cross_entropy", "through its probabilities and terms; use softmax", err);
    din[0] = mf_graph_add(g, &mf_op_cross_entropy_dx, n->attrs, mf_ref_ok(weight) ? 4 : 3,
                          (mf_ref[]){dout[0], mf_node_out(n, 1), target, weight});
    return MF_OK;
}

const mf_op_def mf_op_cross_entropy = {
    .name = "cross_entropy", .summary = "cross-entropy of logits against target distributions",
    .attr_size = sizeof(mf_ce_attrs), .min_in = 2, .max_in = 3, .nout = 3,
    .out_kind = {MF_KIND_F32, MF_KIND_F32, MF_KIND_F32}, .infer = cross_entropy_infer, .grad = cross_entropy_grad,
};

/* dloss, p, target, weight? -> dlogits */
static mf_status
cross_entropy_dx_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    mf_status st;
    if ((st = check(attrs, in[1], in[2], nin > 3 ? in[3] : NULL, err)) < 0 ||
        (st = mf_shape_want_vec("the loss gradient", in[0], 1, err)) < 0)
        return st;
    out[0] = *in[1];
    return MF_OK;
}

const mf_op_def mf_op_cross_entropy_dx = {
    .name = "cross_entropy_dx", .summary = "gradient of cross_entropy for its logits",
    .attr_size = sizeof(mf_ce_attrs), .min_in = 3, .max_in = 4, .nout = 1, .flags = MF_OP_NO_GRAD,
    .out_kind = {MF_KIND_F32}, .infer = cross_entropy_dx_infer,
};

mf_ref
mf_cross_entropy(mf_graph *g, mf_ref logits, mf_ref target, mf_ref weight, float smoothing)
{
    mf_ce_attrs a = {.smoothing = smoothing};
    return mf_graph_add(g, &mf_op_cross_entropy, &a, mf_ref_ok(weight) ? 3 : 2, (mf_ref[]){logits, target, weight});
}
