/* nn/ops/gauss_maps.c: a bell around each point of each sample, as a map: where landmarks lie, for networks that gate by them. */
#include "nn/ops/support.h"

enum { SIDE_MAX = 8192 };

static mf_status
gauss_maps_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    const mf_gauss_attrs *a = attrs;
    mf_status             st;
    (void)nin;

    if ((st = mf_shape_want_rank("the points", in[0], 3, err)) < 0)
        return st;
    if (in[0]->dim[1] != 3)
        return mf_fail(err, MF_E_ARG, "points come as the x of all, the y of all and how sure they are: 3 rows, not %lld", (long long)in[0]->dim[1]);
    if (a->h < 1 || a->w < 1 || a->h > a->side_y || a->w > a->side_x || a->side_y > SIDE_MAX || a->side_x > SIDE_MAX)
        return mf_fail(err, MF_E_ARG, "maps of %d x %d cannot be made of a canvas of %d x %d pixels: expected at least 1, at most the canvas, and that at most %d",
                       a->h, a->w, a->side_y, a->side_x, (int)SIDE_MAX);
    if (!(a->sigma > 0.0f) || a->reach < 0 || a->reach > SIDE_MAX)
        return mf_fail(err, MF_E_ARG, "a bell of deviation %g and reach %d: expected more than 0, and 0 to %d", (double)a->sigma, a->reach, (int)SIDE_MAX);
    out[0] = (mf_shape){.ndim = 4, .dim = {in[0]->dim[0], in[0]->dim[2], a->h, a->w}};
    return MF_OK;
}

const mf_op_def mf_op_gauss_maps = {
    .name = "gauss_maps", .summary = "a bell around each point, as a map",
    .attr_size = sizeof(mf_gauss_attrs), .min_in = 1, .max_in = 1, .nout = 1, .flags = MF_OP_NO_GRAD,
    .out_kind = {MF_KIND_F32}, .infer = gauss_maps_infer,
};

mf_ref
mf_gauss_maps(mf_graph *g, mf_ref points, mf_gauss_attrs a)
{
    return mf_graph_add(g, &mf_op_gauss_maps, &a, 1, &points);
}
