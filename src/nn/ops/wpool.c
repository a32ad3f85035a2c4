/* nn/ops/wpool.c: means over a map, weighted by several maps of weights at once. */
#include "nn/ops/support.h"

static mf_status
check(mf_shape *pooled, const mf_shape *x, const mf_shape *maps, mf_err *err)
{
    mf_shape  want;
    mf_status st;

    if ((st = mf_shape_want_rank("the map", x, 4, err)) < 0 || (st = mf_shape_want_rank("the weights", maps, 4, err)) < 0)
        return st;
    want    = (mf_shape){.ndim = 4, .dim = {x->dim[0], maps->dim[1], x->dim[2], x->dim[3]}};
    *pooled = (mf_shape){.ndim = 3, .dim = {x->dim[0], maps->dim[1], x->dim[1]}};
    return mf_shape_want("the weights", maps, &want, err);
}

static mf_status
wpool_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    (void)attrs, (void)nin;
    return check(out, in[0], in[1], err);
}

static mf_status
wpool_grad(mf_graph *g, const mf_node *n, const mf_ref *dout, const bool *need, mf_ref *din, mf_err *err)
{
    (void)err;
    if (need[0])
        din[0] = mf_graph_add(g, &mf_op_wpool_dx, NULL, 3, (mf_ref[]){dout[0], mf_node_in(n, 1), mf_node_in(n, 0)});
    if (need[1])
        din[1] = mf_graph_add(g, &mf_op_wpool_dm, NULL, 2, (mf_ref[]){dout[0], mf_node_in(n, 0)});
    return MF_OK;
}

const mf_op_def mf_op_wpool = {
    .name = "wpool", .summary = "means weighted by several maps", .min_in = 2, .max_in = 2, .nout = 1, .out_kind = {MF_KIND_F32},
    .infer = wpool_infer, .grad = wpool_grad,
};

/* dy, maps, x -> dx */
static mf_status
wpool_dx_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    mf_shape  pooled;
    mf_status st;
    (void)attrs, (void)nin;

    if ((st = check(&pooled, in[2], in[1], err)) < 0 || (st = mf_shape_want("the output gradient", in[0], &pooled, err)) < 0)
        return st;
    out[0] = *in[2];
    return MF_OK;
}

const mf_op_def mf_op_wpool_dx = {
    .name = "wpool_dx", .summary = "gradient of wpool for the map", .min_in = 3, .max_in = 3, .nout = 1, .flags = MF_OP_NO_GRAD,
    .shape_only = 1u << 2, .out_kind = {MF_KIND_ACT}, .infer = wpool_dx_infer,
};

/* dy, x -> dmaps */
static mf_status
wpool_dm_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    mf_shape  pooled;
    mf_status st;
    (void)attrs, (void)nin;

    if ((st = mf_shape_want_rank("the output gradient", in[0], 3, err)) < 0 || (st = mf_shape_want_rank("the map", in[1], 4, err)) < 0)
        return st;
    out[0] = (mf_shape){.ndim = 4, .dim = {in[1]->dim[0], in[0]->dim[1], in[1]->dim[2], in[1]->dim[3]}};
    if ((st = check(&pooled, in[1], &out[0], err)) < 0)
        return st;
    return mf_shape_want("the output gradient", in[0], &pooled, err);
}

const mf_op_def mf_op_wpool_dm = {
    .name = "wpool_dm", .summary = "gradient of wpool for the weights", .min_in = 2, .max_in = 2, .nout = 1, .flags = MF_OP_NO_GRAD,
    .out_kind = {MF_KIND_F32}, .infer = wpool_dm_infer,
};

mf_ref
mf_wpool(mf_graph *g, mf_ref x, mf_ref maps)
{
    return mf_graph_add(g, &mf_op_wpool, NULL, 2, (mf_ref[]){x, maps});
}
