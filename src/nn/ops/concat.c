/* nn/ops/concat.c: values side by side along an axis, and a range of one. The batch axis is left alone: its length is
 * a program's, not the graph's. */
#include "nn/ops/support.h"

static mf_status
check_axis(const mf_axis_attrs *a, const mf_shape *s, mf_err *err)
{
    if (a->axis == 0)
        return mf_fail(err, MF_E_ARG, "axis 0 is the batch and cannot be cut or joined");
    return mf_shape_want_axis(s, a->axis, err);
}

static mf_status
concat_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    const mf_axis_attrs *a = attrs;
    mf_status            st;
    mf_shape             r = *in[0];

    if ((st = check_axis(a, in[0], err)) < 0)
        return st;
    for (int i = 1; i < nin; i++) {
        mf_shape want = *in[0];
        if (!in[i])
            return mf_fail(err, MF_E_ARG, "value %d is missing", i);
        if (in[i]->ndim == want.ndim)
            want.dim[a->axis] = in[i]->dim[a->axis];
        if ((st = mf_shape_want("a value", in[i], &want, err)) < 0)
            return st;
        r.dim[a->axis] += in[i]->dim[a->axis];
    }
    out[0] = r;
    return MF_OK;
}

static mf_status
concat_grad(mf_graph *g, const mf_node *n, const mf_ref *dout, const bool *need, mf_ref *din, mf_err *err)
{
    const mf_axis_attrs *a = n->attrs;
    int64_t              at = 0;
    (void)err;
    for (int i = 0; i < n->nin; i++) {
        mf_shape s = mf_graph_shape(g, mf_node_in(n, i));
        if (need[i])
            din[i] = mf_slice(g, dout[0], a->axis, at, s.dim[a->axis]);
        at += s.dim[a->axis];
    }
    return MF_OK;
}

const mf_op_def mf_op_concat = {
    .name = "concat", .summary = "values side by side along an axis",
    .attr_size = sizeof(mf_axis_attrs), .min_in = 2, .max_in = MF_OP_MAX_IN - 1, .nout = 1, .out_kind = {MF_KIND_SAME0},
    .infer = concat_infer, .grad = concat_grad,
};

static mf_status
check_range(const mf_axis_attrs *a, const mf_shape *s, mf_err *err)
{
    mf_status st;
    char      t[96];
    if ((st = check_axis(a, s, err)) < 0)
        return st;
    if (a->start < 0 || a->len < 1 || a->start > s->dim[a->axis] || a->len > s->dim[a->axis] - a->start)
        return mf_fail(err, MF_E_ARG, "%lld elements from %lld on do not lie in axis %d of the shape %s", (long long)a->len,
                       (long long)a->start, a->axis, mf_shape_text(t, s));
    return MF_OK;
}

static mf_status
slice_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    const mf_axis_attrs *a = attrs;
    mf_status            st;
    (void)nin;
    if ((st = check_range(a, in[0], err)) < 0)
        return st;
    out[0]              = *in[0];
    out[0].dim[a->axis] = a->len;
    return MF_OK;
}

static mf_status
slice_grad(mf_graph *g, const mf_node *n, const mf_ref *dout, const bool *need, mf_ref *din, mf_err *err)
{
    (void)need, (void)err;
    din[0] = mf_graph_add(g, &mf_op_slice_dx, n->attrs, 2, (mf_ref[]){dout[0], mf_node_in(n, 0)});
    return MF_OK;
}

const mf_op_def mf_op_slice = {
    .name = "slice", .summary = "a range along an axis",
    .attr_size = sizeof(mf_axis_attrs), .min_in = 1, .max_in = 1, .nout = 1, .out_kind = {MF_KIND_SAME0},
    .infer = slice_infer, .grad = slice_grad,
};

/* dy, like -> dy placed into zeros of the shape of like */
static mf_status
slice_dx_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    const mf_axis_attrs *a = attrs;
    mf_status            st;
    mf_shape             want;
    (void)nin;
    if ((st = check_range(a, in[1], err)) < 0)
        return st;
    want              = *in[1];
    want.dim[a->axis] = a->len;
    if ((st = mf_shape_want("the output gradient", in[0], &want, err)) < 0)
        return st;
    out[0] = *in[1];
    return MF_OK;
}

const mf_op_def mf_op_slice_dx = {
    .name = "slice_dx", .summary = "gradient of slice: placed into zeros",
    .attr_size = sizeof(mf_axis_attrs), .min_in = 2, .max_in = 2, .nout = 1, .flags = MF_OP_NO_GRAD,
    .shape_only = 1u << 1, .out_kind = {MF_KIND_SAME0}, .infer = slice_dx_infer,
};

mf_ref
mf_concat(mf_graph *g, const mf_ref *x, int n, int axis)
{
    mf_axis_attrs a = {.axis = axis};
    if (n == 1)
        return x[0];
    if (n < 1 || n > MF_OP_MAX_IN - 1)
        return mf_graph_error(g, MF_E_ARG, "concat: %d values, expected 1 to %d", n, MF_OP_MAX_IN - 1);
    return mf_graph_add(g, &mf_op_concat, &a, n, x);
}

mf_ref
mf_slice(mf_graph *g, mf_ref x, int axis, int64_t start, int64_t len)
{
    mf_axis_attrs a = {.axis = axis, .start = start, .len = len};
    return mf_graph_add(g, &mf_op_slice, &a, 1, &x);
}
