/* nn/ops/reshape.c: the same elements under another shape or without gradient. Views: no kernel runs. */
#include "nn/ops/support.h"

static mf_status
reshape_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    const mf_reshape_attrs *a = attrs;
    const mf_shape         *x = in[0];
    mf_shape                r = {.ndim = a->ndim};
    int64_t                 have = mf_shape_elems(x), known = 1;
    int                     rest = -1;
    char                    tx[96], tr[96];
    (void)nin;

    if (a->ndim < 1 || a->ndim > MF_MAX_DIMS)
        return mf_fail(err, MF_E_ARG, "%d dimensions, expected 1 to %d", a->ndim, MF_MAX_DIMS);
    for (int d = 0; d < a->ndim; d++) {
        int64_t n = a->dim[d];
        if (n == 0 && d < x->ndim)
            n = x->dim[d];
        if (n == -1 && rest < 0) {
            rest = d;
            continue;
        }
        if (n < 1 || n > have)
            return mf_fail(err, MF_E_ARG, "length %lld of dimension %d does not fit the shape %s", (long long)a->dim[d], d,
                           mf_shape_text(tx, x));
        r.dim[d] = n;
        if (known > have / n)
            known = have + 1; /* too many, whatever follows */
        else
            known *= n;
    }
    if (rest >= 0 && known > 0 && have % known == 0) {
        r.dim[rest] = have / known;
        known       = have;
    }
    if (known != have)
        return mf_fail(err, MF_E_ARG, "the elements of %s do not fill %s", mf_shape_text(tx, x), mf_shape_text(tr, &r));
    out[0] = r;
    return MF_OK;
}

static mf_status
reshape_grad(mf_graph *g, const mf_node *n, const mf_ref *dout, const bool *need, mf_ref *din, mf_err *err)
{
    (void)need, (void)err;
    din[0] = mf_reshape_like(g, dout[0], mf_node_in(n, 0));
    return MF_OK;
}

const mf_op_def mf_op_reshape = {
    .name = "reshape", .summary = "the same elements under another shape",
    .attr_size = sizeof(mf_reshape_attrs), .min_in = 1, .max_in = 1, .nout = 1, .flags = MF_OP_VIEW,
    .out_kind = {MF_KIND_SAME0}, .infer = reshape_infer, .grad = reshape_grad,
};

static mf_status
reshape_like_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    char tx[96], tl[96];
    (void)attrs, (void)nin;
    if (mf_shape_elems(in[0]) != mf_shape_elems(in[1]))
        return mf_fail(err, MF_E_ARG, "the elements of %s do not fill %s", mf_shape_text(tx, in[0]), mf_shape_text(tl, in[1]));
    out[0] = *in[1];
    return MF_OK;
}

const mf_op_def mf_op_reshape_like = {
    .name = "reshape_like", .summary = "the same elements in the shape of another value",
    .min_in = 2, .max_in = 2, .nout = 1, .flags = MF_OP_VIEW, .shape_only = 1u << 1,
    .out_kind = {MF_KIND_SAME0}, .infer = reshape_like_infer, .grad = reshape_grad,
};

const mf_op_def mf_op_detach = {
    .name = "detach", .summary = "the same value, through which no gradient flows",
    .min_in = 1, .max_in = 1, .nout = 1, .flags = MF_OP_VIEW | MF_OP_NO_GRAD, .out_kind = {MF_KIND_SAME0},
    .infer = mf_infer_same0,
};

mf_ref
mf_reshape(mf_graph *g, mf_ref x, int ndim, const int64_t *dims)
{
    mf_reshape_attrs a = {.ndim = ndim};
    for (int d = 0; d < ndim && d < MF_MAX_DIMS; d++)
        a.dim[d] = dims[d];
    return mf_graph_add(g, &mf_op_reshape, &a, 1, &x);
}

mf_ref
mf_flatten(mf_graph *g, mf_ref x)
{
    return mf_reshape(g, x, 2, (int64_t[]){0, -1});
}

mf_ref
mf_reshape_like(mf_graph *g, mf_ref x, mf_ref like)
{
    return mf_graph_add(g, &mf_op_reshape_like, NULL, 2, (mf_ref[]){x, like});
}

mf_ref
mf_detach(mf_graph *g, mf_ref x)
{
    return mf_graph_add(g, &mf_op_detach, NULL, 1, &x);
}
