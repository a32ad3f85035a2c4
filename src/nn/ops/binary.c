/* nn/ops/binary.c: functions of two elements with numpy broadcasting, and their gradients. */
#include "nn/ops/support.h"

static mf_status
binary_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    const mf_binary_attrs *a = attrs;
    (void)nin;
    if (a->kind < 0 || a->kind >= MF_B_COUNT)
        return mf_fail(err, MF_E_ARG, "there is no function %d", a->kind);
    return mf_shape_broadcast(out, in[0], in[1], err);
}

/* Bring a gradient of the broadcast shape down to the shape of the operand. */
static mf_ref
shrink(mf_graph *g, mf_ref d, mf_ref like)
{
    if (!mf_ref_ok(d) || !mf_ref_ok(like))
        return MF_NONE;
    mf_shape sd = mf_graph_shape(g, d), sl = mf_graph_shape(g, like);
    return mf_shape_eq(&sd, &sl) ? d : mf_reduce_to(g, d, like);
}

static mf_status
binary_grad(mf_graph *g, const mf_node *n, const mf_ref *dout, const bool *need, mf_ref *din, mf_err *err)
{
    const mf_binary_attrs *at = n->attrs;
    const mf_ref           a = mf_node_in(n, 0), b = mf_node_in(n, 1), y = mf_node_out(n, 0), dy = dout[0];
    mf_ref                 da = MF_NONE, db = MF_NONE;
    (void)err;

    switch ((mf_binary_kind)at->kind) {
    case MF_B_ADD:
        da = db = dy;
        break;
    case MF_B_SUB:
        da = dy;
        if (need[1])
            db = mf_scale(g, dy, -1.0, 0.0);
        break;
    case MF_B_MUL:
        if (need[0])
            da = mf_mul(g, dy, b);
        if (need[1])
            db = mf_mul(g, dy, a);
        break;
    case MF_B_DIV: /* d(a/b)/db = -(a/b)/b */
        if (need[0])
            da = mf_binary(g, MF_B_DIV, dy, b);
        if (need[1])
            db = mf_scale(g, mf_binary(g, MF_B_DIV, mf_mul(g, dy, y), b), -1.0, 0.0);
        break;
    case MF_B_MAX:
        da = mf_graph_add(g, &mf_op_max_dx, NULL, 3, (mf_ref[]){dy, a, b});
        db = mf_graph_out(g, da, 1);
        break;
    case MF_B_COUNT:
        break;
    }
    if (need[0])
        din[0] = shrink(g, da, a);
    if (need[1])
        din[1] = shrink(g, db, b);
    return MF_OK;
}

const mf_op_def mf_op_binary = {
    .name = "binary", .summary = "a + b, a - b, a * b, a / b, max(a, b) with broadcasting",
    .attr_size = sizeof(mf_binary_attrs), .min_in = 2, .max_in = 2, .nout = 1, .flags = MF_OP_ANY_LAYOUT,
    .out_kind = {MF_KIND_SAME0}, .infer = binary_infer, .grad = binary_grad,
};

/* dy, a, b -> dy where a >= b, dy where a < b; both of the shape of dy */
static mf_status
max_dx_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    mf_status st;
    mf_shape  y;
    (void)attrs, (void)nin;
    if ((st = mf_shape_broadcast(&y, in[1], in[2], err)) < 0 || (st = mf_shape_want("the output gradient", in[0], &y, err)) < 0)
        return st;
    out[0] = out[1] = y;
    return MF_OK;
}

const mf_op_def mf_op_max_dx = {
    .name = "max_dx", .summary = "gradient of max(a, b); ties go to a",
    .min_in = 3, .max_in = 3, .nout = 2, .flags = MF_OP_NO_GRAD,
    .out_kind = {MF_KIND_SAME0, MF_KIND_SAME0}, .infer = max_dx_infer,
};

mf_ref
mf_binary(mf_graph *g, mf_binary_kind k, mf_ref a, mf_ref b)
{
    mf_binary_attrs at = {.kind = (int32_t)k};
    return mf_graph_add(g, &mf_op_binary, &at, 2, (mf_ref[]){a, b});
}

mf_ref
mf_add(mf_graph *g, mf_ref a, mf_ref b)
{
    return mf_binary(g, MF_B_ADD, a, b);
}

mf_ref
mf_mul(mf_graph *g, mf_ref a, mf_ref b)
{
    return mf_binary(g, MF_B_MUL, a, b);
}
