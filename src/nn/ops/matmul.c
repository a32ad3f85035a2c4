/* nn/ops/matmul.c: product of two matrices, each optionally transposed, with an optional bias a column. */
#include "nn/ops/support.h"

static mf_status
matmul_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    const mf_matmul_attrs *t = attrs;
    const mf_shape        *a = in[0], *b = in[1];
    mf_status              st;

    if ((st = mf_shape_want_rank("the left matrix", a, 2, err)) < 0 ||
        (st = mf_shape_want_rank("the right matrix", b, 2, err)) < 0)
        return st;
    if (a->dim[t->ta ? 0 : 1] != b->dim[t->tb ? 1 : 0]) {
        char ta[96], tb[96];
        return mf_fail(err, MF_E_ARG, "%s%s times %s%s: the inner lengths differ", mf_shape_text(ta, a),
                       t->ta ? " transposed" : "", mf_shape_text(tb, b), t->tb ? " transposed" : "");
    }
    out[0] = (mf_shape){.ndim = 2, .dim = {a->dim[t->ta ? 1 : 0], b->dim[t->tb ? 0 : 1]}};
    if (nin > 2 && in[2])
        st = mf_shape_want_vec("the bias", in[2], out->dim[1], err);
    return st;
}

static int64_t
matmul_macs(const void *attrs, int nin, const mf_shape *const *in, const mf_shape *out)
{
    const mf_matmul_attrs *t = attrs;
    (void)nin;
    return mf_shape_elems(out) * in[0]->dim[t->ta ? 0 : 1];
}

/* With A, B the (transposed) factors: dA = dY B', dB = A' dY; a transposed factor gets the transposed product. */
static mf_status
matmul_grad(mf_graph *g, const mf_node *n, const mf_ref *dout, const bool *need, mf_ref *din, mf_err *err)
{
    const mf_matmul_attrs t = *(const mf_matmul_attrs *)n->attrs;
    const mf_ref          a = mf_node_in(n, 0), b = mf_node_in(n, 1), bias = mf_node_in(n, 2), dy = dout[0];

    if (t.act != MF_ACT_NONE)
        return mf_grad_refuse("matmul", "once it is fused", err);
    if (need[0])
        din[0] = t.ta ? mf_matmul(g, b, dy, MF_NONE, t.tb, true) : mf_matmul(g, dy, b, MF_NONE, false, !t.tb);
    if (need[1])
        din[1] = t.tb ? mf_matmul(g, dy, a, MF_NONE, true, t.ta) : mf_matmul(g, a, dy, MF_NONE, !t.ta, false);
    if (mf_ref_ok(bias) && need[2])
        din[2] = mf_channel_sum(g, dy);
    return MF_OK;
}

const mf_op_def mf_op_matmul = {
    .name = "matmul", .summary = "matrix product with optional transposes and bias",
    .attr_size = sizeof(mf_matmul_attrs), .min_in = 2, .max_in = 3, .nout = 1, .out_kind = {MF_KIND_F32},
    .infer = matmul_infer, .grad = matmul_grad, .macs = matmul_macs,
};

mf_ref
mf_matmul(mf_graph *g, mf_ref a, mf_ref b, mf_ref bias, bool ta, bool tb)
{
    mf_matmul_attrs at = {.ta = ta, .tb = tb};
    return mf_graph_add(g, &mf_op_matmul, &at, mf_ref_ok(bias) ? 3 : 2, (mf_ref[]){a, b, bias});
}

mf_ref
mf_linear(mf_graph *g, mf_ref x, mf_ref w, mf_ref b)
{
    return mf_matmul(g, x, w, b, false, true);
}
