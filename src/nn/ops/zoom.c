/* nn/ops/zoom.c: a box of each picture, stretched to the whole picture's size: the views of region networks. */
#include "nn/graph_i.h"
#include "nn/ops/support.h"

static mf_status
check(const mf_zoom_attrs *a, const mf_shape *x, const mf_shape *at, mf_err *err)
{
    const bool drawn = a->hi > 0.0f;
    mf_status  st;

    if (at != NULL) {
        const mf_shape want = {.ndim = 2, .dim = {x->dim[0], 2}};

        if (!(a->radius > 0.0f && a->radius <= 1.0f))
            return mf_fail(err, MF_E_ARG, "a box of radius %g of the picture: expected more than 0, at most 1", (double)a->radius);
        if ((st = mf_shape_want_rank("the picture", x, 4, err)) < 0)
            return st;
        return mf_shape_want("the places", at, &want, err);
    }
    if (drawn && !(a->lo > 0.0f && a->lo <= a->hi && a->hi <= 1.0f))
        return mf_fail(err, MF_E_ARG, "scales of %g to %g of the picture: expected more than 0, at most 1, and in order", (double)a->lo,
                       (double)a->hi);
    if (!drawn && !(a->left >= 0.0f && a->left < a->right && a->right <= 1.0f && a->top >= 0.0f && a->top < a->bottom && a->bottom <= 1.0f))
        return mf_fail(err, MF_E_ARG, "the box %g, %g to %g, %g does not lie in the picture, whose corners are 0, 0 and 1, 1",
                       (double)a->left, (double)a->top, (double)a->right, (double)a->bottom);
    return mf_shape_want_rank("the picture", x, 4, err);
}

static mf_status
zoom_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    out[0] = *in[0];
    return check(attrs, in[0], nin > 1 ? in[1] : NULL, err);
}

static mf_status
zoom_grad(mf_graph *g, const mf_node *n, const mf_ref *dout, const bool *need, mf_ref *din, mf_err *err)
{
    if (n->nin > 1 && need[1])
        return mf_grad_refuse("zoom", "for the places; detach them", err);
    if (need[0])
        din[0] = mf_graph_add(g, &mf_op_zoom_dx, n->attrs, n->nin, (mf_ref[]){dout[0], n->nin > 1 ? mf_node_in(n, 1) : MF_NONE});
    return MF_OK;
}

const mf_op_def mf_op_zoom = {
    .name = "zoom", .summary = "a box of each picture, stretched to its whole size",
    .attr_size = sizeof(mf_zoom_attrs), .min_in = 1, .max_in = 2, .nout = 1, .flags = MF_OP_DRAWS,
    .out_kind = {MF_KIND_SAME0}, .infer = zoom_infer, .grad = zoom_grad,
};

const mf_op_def mf_op_zoom_dx = {
    .name = "zoom_dx", .summary = "gradient of zoom: what each pixel lent is summed",
    .attr_size = sizeof(mf_zoom_attrs), .min_in = 1, .max_in = 2, .nout = 1, .flags = MF_OP_NO_GRAD | MF_OP_DRAWS,
    .out_kind = {MF_KIND_SAME0}, .infer = zoom_infer,
};

mf_ref
mf_zoom(mf_graph *g, mf_ref x, mf_zoom_attrs a)
{
    if (!mf_graph_is_training(g))
        a.lo = a.hi = 0.0f;
    a.id = a.hi > 0.0f ? g->dropouts++ : 0;
    return mf_graph_add(g, &mf_op_zoom, &a, 1, &x);
}

mf_ref
mf_zoom_at(mf_graph *g, mf_ref x, mf_ref at, float radius, bool truncate)
{
    mf_zoom_attrs a = {.radius = radius, .truncate = truncate};

    return mf_graph_add(g, &mf_op_zoom, &a, 2, (mf_ref[]){x, at});
}
