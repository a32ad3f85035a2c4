/* nn/ops/clip.c: values held between two bounds. */
#include "nn/ops/support.h"

static mf_status
clip_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    const mf_clip_attrs *a = attrs;
    (void)nin;
    if (!(a->lo < a->hi))
        return mf_fail(err, MF_E_ARG, "the bounds %g and %g hold nothing between them", a->lo, a->hi);
    out[0] = *in[0];
    return MF_OK;
}

static mf_status
clip_grad(mf_graph *g, const mf_node *n, const mf_ref *dout, const bool *need, mf_ref *din, mf_err *err)
{
    (void)need, (void)err;
    din[0] = mf_graph_add(g, &mf_op_clip_dx, n->attrs, 2, (mf_ref[]){dout[0], mf_node_out(n, 0)});
    return MF_OK;
}

const mf_op_def mf_op_clip = {
    .name = "clip", .summary = "values held between two bounds",
    .attr_size = sizeof(mf_clip_attrs), .min_in = 1, .max_in = 1, .nout = 1, .flags = MF_OP_ANY_LAYOUT,
    .out_kind = {MF_KIND_SAME0}, .infer = clip_infer, .grad = clip_grad,
};

/* dy, y -> dx */
static mf_status
clip_dx_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    mf_status st = clip_infer(attrs, nin, in, out, err);
    return st < 0 ? st : mf_shape_want("y", in[1], in[0], err);
}

const mf_op_def mf_op_clip_dx = {
    .name = "clip_dx", .summary = "gradient of clip",
    .attr_size = sizeof(mf_clip_attrs), .min_in = 2, .max_in = 2, .nout = 1, .flags = MF_OP_NO_GRAD | MF_OP_ANY_LAYOUT,
    .out_kind = {MF_KIND_SAME0}, .infer = clip_dx_infer,
};

mf_ref
mf_clip(mf_graph *g, mf_ref x, double lo, double hi)
{
    mf_clip_attrs a = {.lo = lo, .hi = hi};
    return mf_graph_add(g, &mf_op_clip, &a, 1, &x);
}
