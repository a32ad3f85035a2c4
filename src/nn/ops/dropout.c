/* nn/ops/dropout.c: dropout (Srivastava et al. 2014), scaled while training. The mask is nn/dropout.h's function of
 * seed, step, layer and element, so that the gradient draws it again instead of keeping it. */
#include "nn/graph_i.h"
#include "nn/ops/support.h"

static mf_status
dropout_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    const mf_dropout_attrs *a = attrs;
    (void)nin;
    if (!(a->p >= 0.0f && a->p < 1.0f))
        return mf_fail(err, MF_E_ARG, "the probability to drop is %g, expected 0 or more and less than 1", (double)a->p);
    out[0] = *in[0];
    return MF_OK;
}

static mf_status
dropout_grad(mf_graph *g, const mf_node *n, const mf_ref *dout, const bool *need, mf_ref *din, mf_err *err)
{
    (void)need, (void)err;
    din[0] = mf_graph_add(g, &mf_op_dropout_dx, n->attrs, 1, dout);
    return MF_OK;
}

const mf_op_def mf_op_dropout = {
    .name = "dropout", .summary = "sets elements to zero at random, scales the others",
    .attr_size = sizeof(mf_dropout_attrs), .min_in = 1, .max_in = 1, .nout = 1, .flags = MF_OP_DRAWS,
    .out_kind = {MF_KIND_SAME0}, .infer = dropout_infer, .grad = dropout_grad,
};

const mf_op_def mf_op_dropout_dx = {
    .name = "dropout_dx", .summary = "gradient of dropout",
    .attr_size = sizeof(mf_dropout_attrs), .min_in = 1, .max_in = 1, .nout = 1, .flags = MF_OP_NO_GRAD | MF_OP_DRAWS,
    .out_kind = {MF_KIND_SAME0}, .infer = dropout_infer,
};

mf_ref
mf_dropout(mf_graph *g, mf_ref x, float p)
{
    mf_dropout_attrs a = {.p = p, .id = g->dropouts};
    if (!mf_graph_is_training(g) || p == 0.0f)
        return x;
    g->dropouts++;
    return mf_graph_add(g, &mf_op_dropout, &a, 1, &x);
}
