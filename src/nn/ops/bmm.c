/* nn/ops/bmm.c: a matrix product for each element of a batch. */
#include "nn/ops/support.h"

static mf_status
bmm_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    const mf_matmul_attrs *t = attrs;
    const mf_shape        *a = in[0], *b = in[1];
    mf_status              st;
    (void)nin;

    if ((st = mf_shape_want_rank("the left value", a, 3, err)) < 0 || (st = mf_shape_want_rank("the right value", b, 3, err)) < 0)
        return st;
    if (a->dim[0] != b->dim[0] || a->dim[t->ta ? 1 : 2] != b->dim[t->tb ? 2 : 1]) {
        char ta[96], tb[96];
        return mf_fail(err, MF_E_ARG, "%s%s times %s%s: the batches or the inner lengths differ", mf_shape_text(ta, a),
                       t->ta ? " transposed" : "", mf_shape_text(tb, b), t->tb ? " transposed" : "");
    }
    out[0] = (mf_shape){.ndim = 3, .dim = {a->dim[0], a->dim[t->ta ? 2 : 1], b->dim[t->tb ? 1 : 2]}};
    return MF_OK;
}

static int64_t
bmm_macs(const void *attrs, int nin, const mf_shape *const *in, const mf_shape *out)
{
    const mf_matmul_attrs *t = attrs;
    (void)nin;
    return mf_shape_elems(out) * in[0]->dim[t->ta ? 1 : 2];
}

/* As matmul. */
static mf_status
bmm_grad(mf_graph *g, const mf_node *n, const mf_ref *dout, const bool *need, mf_ref *din, mf_err *err)
{
    const mf_matmul_attrs t = *(const mf_matmul_attrs *)n->attrs;
    const mf_ref          a = mf_node_in(n, 0), b = mf_node_in(n, 1), dy = dout[0];
    (void)err;
    if (need[0])
        din[0] = t.ta ? mf_bmm(g, b, dy, t.tb, true) : mf_bmm(g, dy, b, false, !t.tb);
    if (need[1])
        din[1] = t.tb ? mf_bmm(g, dy, a, true, t.ta) : mf_bmm(g, a, dy, !t.ta, false);
    return MF_OK;
}

const mf_op_def mf_op_bmm = {
    .name = "bmm", .summary = "matrix product for each element of a batch",
    .attr_size = sizeof(mf_matmul_attrs), .min_in = 2, .max_in = 2, .nout = 1, .out_kind = {MF_KIND_F32},
    .infer = bmm_infer, .grad = bmm_grad, .macs = bmm_macs,
};

mf_ref
mf_bmm(mf_graph *g, mf_ref a, mf_ref b, bool ta, bool tb)
{
    mf_matmul_attrs at = {.ta = ta, .tb = tb};
    return mf_graph_add(g, &mf_op_bmm, &at, 2, (mf_ref[]){a, b});
}
