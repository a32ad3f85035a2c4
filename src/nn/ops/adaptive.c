/* nn/ops/adaptive.c: means over windows that divide a map of any size into h x w cells (PyTorch's adaptive pooling): cell i
 * of n covers rows floor(i H / n) to ceil((i + 1) H / n), so neighbours may overlap and small maps are repeated. */
#include "nn/ops/support.h"

static mf_status
adaptive_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    const mf_adaptive_attrs *a = attrs;
    mf_status                st;
    (void)nin;
    if ((st = mf_shape_want_rank("the input", in[0], 4, err)) < 0)
        return st;
    if (a->h < 1 || a->w < 1 || a->h > 4096 || a->w > 4096)
        return mf_fail(err, MF_E_ARG, "the cells must number 1 to 4096 a side, not %d x %d", a->h, a->w);
    out[0] = (mf_shape){.ndim = 4, .dim = {in[0]->dim[0], in[0]->dim[1], a->h, a->w}};
    return MF_OK;
}

static mf_status
adaptive_grad(mf_graph *g, const mf_node *n, const mf_ref *dout, const bool *need, mf_ref *din, mf_err *err)
{
    (void)need, (void)err;
    din[0] = mf_graph_add(g, &mf_op_adaptive_avgpool_dx, n->attrs, 2, (mf_ref[]){dout[0], mf_node_in(n, 0)});
    return MF_OK;
}

const mf_op_def mf_op_adaptive_avgpool = {
    .name = "adaptive_avgpool", .summary = "mean over the cells of a grid of given size",
    .attr_size = sizeof(mf_adaptive_attrs), .min_in = 1, .max_in = 1, .nout = 1, .out_kind = {MF_KIND_SAME0},
    .infer = adaptive_infer, .grad = adaptive_grad,
};

/* dy, x -> dx */
static mf_status
adaptive_dx_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    mf_status st;
    mf_shape  y;
    if ((st = adaptive_infer(attrs, nin, in + 1, &y, err)) < 0 || (st = mf_shape_want("the output gradient", in[0], &y, err)) < 0)
        return st;
    out[0] = *in[1];
    return MF_OK;
}

const mf_op_def mf_op_adaptive_avgpool_dx = {
    .name = "adaptive_avgpool_dx", .summary = "gradient of adaptive_avgpool",
    .attr_size = sizeof(mf_adaptive_attrs), .min_in = 2, .max_in = 2, .nout = 1, .flags = MF_OP_NO_GRAD,
    .shape_only = 1u << 1, .out_kind = {MF_KIND_SAME0}, .infer = adaptive_dx_infer,
};

mf_ref
mf_adaptive_avgpool(mf_graph *g, mf_ref x, int h, int w)
{
    mf_adaptive_attrs a = {.h = h, .w = w};
    return mf_graph_add(g, &mf_op_adaptive_avgpool, &a, 1, &x);
}
