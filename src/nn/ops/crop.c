/* nn/ops/crop.c: a window of each sample's map, at a place of its own: patches around landmarks. */
#include "nn/ops/support.h"

static mf_status
check(mf_shape *window, const mf_crop_attrs *a, const mf_shape *x, const mf_shape *at, mf_err *err)
{
    mf_status st;
    mf_shape  want;
    if ((st = mf_shape_want_rank("the map", x, 4, err)) < 0)
        return st;
    if (a->h < 1 || a->w < 1 || a->h > x->dim[2] || a->w > x->dim[3])
        return mf_fail(err, MF_E_ARG, "a window of %d x %d does not lie in a map of %lld x %lld", a->h, a->w,
                       (long long)x->dim[2], (long long)x->dim[3]);
    want    = (mf_shape){.ndim = 2, .dim = {x->dim[0], 2}};
    *window = (mf_shape){.ndim = 4, .dim = {x->dim[0], x->dim[1], a->h, a->w}};
    return mf_shape_want("the places", at, &want, err);
}

static mf_status
crop_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    (void)nin;
    return check(out, attrs, in[0], in[1], err);
}

static mf_status
crop_grad(mf_graph *g, const mf_node *n, const mf_ref *dout, const bool *need, mf_ref *din, mf_err *err)
{
    if (need[1])
        return mf_grad_refuse("crop", "for the places; detach them", err);
    if (need[0])
        din[0] = mf_graph_add(g, &mf_op_crop_dx, n->attrs, 3, (mf_ref[]){dout[0], mf_node_in(n, 1), mf_node_in(n, 0)});
    return MF_OK;
}

const mf_op_def mf_op_crop = {
    .name = "crop", .summary = "a window of each sample's map, at its own place",
    .attr_size = sizeof(mf_crop_attrs), .min_in = 2, .max_in = 2, .nout = 1, .out_kind = {MF_KIND_SAME0},
    .infer = crop_infer, .grad = crop_grad,
};

/* dy, at, x -> dx */
static mf_status
crop_dx_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    mf_status st;
    mf_shape  window;
    (void)nin;
    if ((st = check(&window, attrs, in[2], in[1], err)) < 0 || (st = mf_shape_want("the output gradient", in[0], &window, err)) < 0)
        return st;
    out[0] = *in[2];
    return MF_OK;
}

const mf_op_def mf_op_crop_dx = {
    .name = "crop_dx", .summary = "gradient of crop: placed into zeros",
    .attr_size = sizeof(mf_crop_attrs), .min_in = 3, .max_in = 3, .nout = 1, .flags = MF_OP_NO_GRAD,
    .shape_only = 1u << 2, .out_kind = {MF_KIND_SAME0}, .infer = crop_dx_infer,
};

mf_ref
mf_crop(mf_graph *g, mf_ref x, mf_ref at, int h, int w)
{
    mf_crop_attrs a = {.h = h, .w = w};
    return mf_graph_add(g, &mf_op_crop, &a, 2, (mf_ref[]){x, at});
}
