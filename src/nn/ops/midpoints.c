/* nn/ops/midpoints.c: points of a face out of others: between two of them, or beside one. */
#include "nn/ops/support.h"

static mf_status
midpoints_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    const mf_midpoints_attrs *a = attrs;
    const mf_shape           *x = in[0];
    mf_status                 st;
    (void)nin;

    if ((st = mf_shape_want_rank("the points", x, 3, err)) < 0)
        return st;
    if (x->dim[2] != 3)
        return mf_fail(err, MF_E_ARG, "a point is x, y and how sure it is: 3 values, not %lld", (long long)x->dim[2]);
    if (a->n < 1 || a->n > MF_MIDPOINTS_MAX)
        return mf_fail(err, MF_E_ARG, "%d points are made, expected 1 to %d", a->n, (int)MF_MIDPOINTS_MAX);
    for (int q = 0; q < a->n; q++)
        if (a->a[q] >= x->dim[1] || a->b[q] >= x->dim[1])
            return mf_fail(err, MF_E_ARG, "point %d lies between points %d and %d of %lld", q, a->a[q], a->b[q], (long long)x->dim[1]);
    out[0] = (mf_shape){.ndim = 3, .dim = {x->dim[0], 3, a->n}};
    return MF_OK;
}

const mf_op_def mf_op_midpoints = {
    .name = "midpoints", .summary = "points between others",
    .attr_size = sizeof(mf_midpoints_attrs), .min_in = 1, .max_in = 1, .nout = 1, .flags = MF_OP_NO_GRAD,
    .out_kind = {MF_KIND_F32}, .infer = midpoints_infer,
};

mf_ref
mf_midpoints(mf_graph *g, mf_ref x, const mf_midpoints_attrs *a)
{
    return mf_graph_add(g, &mf_op_midpoints, a, 1, &x);
}
