/* nn/ops/lrn.c: local response normalisation across channels (Krizhevsky et al. 2012, section 3.3). */
#include "nn/ops/support.h"

static mf_status
lrn_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    const mf_lrn_attrs *a = attrs;
    (void)nin;
    if (a->size < 1 || a->size % 2 == 0)
        return mf_fail(err, MF_E_ARG, "a window of %d channels has no middle; the size must be odd", a->size);
    if (!(a->kappa > 0.0f) || !(a->alpha >= 0.0f) || !(a->beta >= 0.0f))
        return mf_fail(err, MF_E_ARG, "kappa must be above 0, alpha and beta at least 0");
    out[0] = *in[0];
    return mf_shape_want_rank("the input", in[0], 4, err);
}

static mf_status
lrn_grad(mf_graph *g, const mf_node *n, const mf_ref *dout, const bool *need, mf_ref *din, mf_err *err)
{
    (void)need, (void)err;
    din[0] = mf_graph_add(g, &mf_op_lrn_dx, n->attrs, 2, (mf_ref[]){dout[0], mf_node_in(n, 0)});
    return MF_OK;
}

const mf_op_def mf_op_lrn = {
    .name = "lrn", .summary = "local response normalisation across channels",
    .attr_size = sizeof(mf_lrn_attrs), .min_in = 1, .max_in = 1, .nout = 1, .out_kind = {MF_KIND_SAME0},
    .infer = lrn_infer, .grad = lrn_grad,
};

/* dy, x -> dx */
static mf_status
lrn_dx_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    mf_status st = lrn_infer(attrs, nin, in, out, err);
    return st < 0 ? st : mf_shape_want("x", in[1], in[0], err);
}

const mf_op_def mf_op_lrn_dx = {
    .name = "lrn_dx", .summary = "gradient of lrn",
    .attr_size = sizeof(mf_lrn_attrs), .min_in = 2, .max_in = 2, .nout = 1, .flags = MF_OP_NO_GRAD,
    .out_kind = {MF_KIND_SAME0}, .infer = lrn_dx_infer,
};

mf_ref
mf_lrn(mf_graph *g, mf_ref x, mf_lrn_attrs a)
{
    return mf_graph_add(g, &mf_op_lrn, &a, 1, &x);
}
