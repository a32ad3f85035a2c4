/* nn/ops/conv2d.c: 2-d convolution (cross-correlation, as every network library has it), its two gradients, and the
 * transposed convolution, which is the same three maps with the roles of input and output changed. */
#include "nn/ops/support.h"

enum { MAX_CONV_ATTR = 1 << 20 }; /* larger strides or pads are a mistake, and would overflow the size rule */

static mf_status
check_attrs(const mf_conv2d_attrs *a, mf_err *err)
{
    if (a->sh < 1 || a->sw < 1 || a->dh < 1 || a->dw < 1 || a->groups < 1)
        return mf_fail(err, MF_E_ARG, "strides, dilations and groups must be at least 1");
    if (a->ph < 0 || a->pw < 0 || a->ph > MAX_CONV_ATTR || a->pw > MAX_CONV_ATTR || a->sh > MAX_CONV_ATTR ||
        a->sw > MAX_CONV_ATTR || a->dh > MAX_CONV_ATTR || a->dw > MAX_CONV_ATTR)
        return mf_fail(err, MF_E_ARG, "pads must lie in 0..%d, strides and dilations in 1..%d", MAX_CONV_ATTR,
                       MAX_CONV_ATTR);
    return MF_OK;
}

/* The output of a convolution of x by w. */
static mf_status
conv_shape(mf_shape *out, const mf_conv2d_attrs *a, const mf_shape *x, const mf_shape *w, mf_err *err)
{
    mf_status st;
    char      tx[96], tw[96];
    if ((st = check_attrs(a, err)) < 0 || (st = mf_shape_want_rank("the input", x, 4, err)) < 0 ||
        (st = mf_shape_want_rank("the weight", w, 4, err)) < 0)
        return st;
    if (x->dim[1] != w->dim[1] * a->groups)
        return mf_fail(err, MF_E_ARG, "an input of shape %s does not fit a weight of shape %s in %d group(s)",
                       mf_shape_text(tx, x), mf_shape_text(tw, w), a->groups);
    if (w->dim[0] % a->groups != 0)
        return mf_fail(err, MF_E_ARG, "%lld output channels do not divide into %d groups", (long long)w->dim[0],
                       a->groups);
    int64_t ho = x->dim[2] + 2 * a->ph - a->dh * (w->dim[2] - 1) - 1;
    int64_t wo = x->dim[3] + 2 * a->pw - a->dw * (w->dim[3] - 1) - 1;
    if (ho < 0 || wo < 0)
        return mf_fail(err, MF_E_ARG, "an input of shape %s is too small for a weight of shape %s",
                       mf_shape_text(tx, x), mf_shape_text(tw, w));
    *out = (mf_shape){.ndim = 4, .dim = {x->dim[0], w->dim[0], ho / a->sh + 1, wo / a->sw + 1}};
    return MF_OK;
}

static mf_status
conv2d_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    mf_status st;
    if ((st = conv_shape(out, attrs, in[0], in[1], err)) < 0)
        return st;
    if (nin > 2 && in[2] && (st = mf_shape_want_vec("the bias", in[2], out->dim[1], err)) < 0)
        return st;
    if (nin > 3 && in[3])
        st = mf_shape_want("the residual", in[3], out, err);
    return st;
}

static int64_t
conv2d_macs(const void *attrs, int nin, const mf_shape *const *in, const mf_shape *out)
{
    (void)attrs, (void)nin;
    return mf_shape_elems(out) * in[1]->dim[1] * in[1]->dim[2] * in[1]->dim[3];
}

static mf_status
conv2d_grad(mf_graph *g, const mf_node *n, const mf_ref *dout, const bool *need, mf_ref *din, mf_err *err)
{
    const mf_conv2d_attrs *a = n->attrs;
    const mf_ref           x = mf_node_in(n, 0), w = mf_node_in(n, 1), b = mf_node_in(n, 2), dy = dout[0];

    if (a->act != MF_ACT_NONE || mf_ref_ok(mf_node_in(n, 3)))
        return mf_grad_refuse("conv2d", "once it is fused", err);
    if (need[0])
        din[0] = mf_graph_add(g, &mf_op_conv2d_dx, a, 3, (mf_ref[]){dy, w, x});
    if (need[1])
        din[1] = mf_graph_add(g, &mf_op_conv2d_dw, a, 3, (mf_ref[]){dy, x, w});
    if (mf_ref_ok(b) && need[2])
        din[2] = mf_channel_sum(g, dy);
    return MF_OK;
}

const mf_op_def mf_op_conv2d = {
    .name = "conv2d", .summary = "2-d convolution with optional bias, residual and ReLU",
    .attr_size = sizeof(mf_conv2d_attrs), .min_in = 2, .max_in = 4, .nout = 1, .out_kind = {MF_KIND_ACT},
    .infer = conv2d_infer, .grad = conv2d_grad, .macs = conv2d_macs,
};

/* dy, w, x -> dx */
static mf_status
conv2d_dx_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    mf_status st;
    mf_shape  y;
    (void)nin;
    if ((st = conv_shape(&y, attrs, in[2], in[1], err)) < 0 ||
        (st = mf_shape_want("the output gradient", in[0], &y, err)) < 0)
        return st;
    out[0] = *in[2];
    return MF_OK;
}

const mf_op_def mf_op_conv2d_dx = {
    .name = "conv2d_dx", .summary = "gradient of conv2d for its input",
    .attr_size = sizeof(mf_conv2d_attrs), .min_in = 3, .max_in = 3, .nout = 1, .flags = MF_OP_NO_GRAD,
    .shape_only = 1u << 2, .out_kind = {MF_KIND_ACT}, .infer = conv2d_dx_infer,
};

/* dy, x, w -> dw */
static mf_status
conv2d_dw_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    mf_status st;
    mf_shape  y;
    (void)nin;
    if ((st = conv_shape(&y, attrs, in[1], in[2], err)) < 0 ||
        (st = mf_shape_want("the output gradient", in[0], &y, err)) < 0)
        return st;
    out[0] = *in[2];
    return MF_OK;
}

const mf_op_def mf_op_conv2d_dw = {
    .name = "conv2d_dw", .summary = "gradient of conv2d for its weight",
    .attr_size = sizeof(mf_conv2d_attrs), .min_in = 3, .max_in = 3, .nout = 1, .flags = MF_OP_NO_GRAD,
    .shape_only = 1u << 2, .out_kind = {MF_KIND_F32}, .infer = conv2d_dw_infer,
};

static mf_status
channel_sum_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    char t[96];
    (void)attrs, (void)nin;
    if (in[0]->ndim < 2)
        return mf_fail(err, MF_E_ARG, "shape %s has no channels", mf_shape_text(t, in[0]));
    out[0] = (mf_shape){.ndim = 1, .dim = {in[0]->dim[1]}};
    return MF_OK;
}

static mf_status
channel_sum_grad(mf_graph *g, const mf_node *n, const mf_ref *dout, const bool *need, mf_ref *din, mf_err *err)
{
    const mf_ref x = mf_node_in(n, 0);
    mf_shape     s = mf_graph_shape(g, x);
    /* every dimension but the channels was summed away: put them back and spread */
    mf_expand_attrs a = {.kind = MF_R_SUM, .mask = ((1u << s.ndim) - 1u) & ~2u};
    (void)err;
    if (need[0])
        din[0] = mf_graph_add(g, &mf_op_expand, &a, 2, (mf_ref[]){dout[0], x});
    return MF_OK;
}

const mf_op_def mf_op_channel_sum = {
    .name = "channel_sum", .summary = "sum over all dimensions but the channels",
    .min_in = 1, .max_in = 1, .nout = 1, .out_kind = {MF_KIND_F32}, .infer = channel_sum_infer, .grad = channel_sum_grad,
};

/* x [N,Ci,H,W], w [Ci,Co/groups,kh,kw] */
static mf_status
conv_t2d_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    const mf_conv2d_attrs *a = attrs;
    const mf_shape        *x = in[0], *w = in[1];
    mf_status              st;
    char                   tx[96], tw[96];

    if ((st = check_attrs(a, err)) < 0 || (st = mf_shape_want_rank("the input", x, 4, err)) < 0 ||
        (st = mf_shape_want_rank("the weight", w, 4, err)) < 0)
        return st;
    if (x->dim[1] != w->dim[0] || x->dim[1] % a->groups != 0)
        return mf_fail(err, MF_E_ARG, "an input of shape %s does not fit a weight of shape %s in %d group(s)",
                       mf_shape_text(tx, x), mf_shape_text(tw, w), a->groups);
    int64_t ho = (x->dim[2] - 1) * a->sh - 2 * a->ph + a->dh * (w->dim[2] - 1) + 1;
    int64_t wo = (x->dim[3] - 1) * a->sw - 2 * a->pw + a->dw * (w->dim[3] - 1) + 1;
    if (ho < 1 || wo < 1)
        return mf_fail(err, MF_E_ARG, "an input of shape %s is too small for a weight of shape %s",
                       mf_shape_text(tx, x), mf_shape_text(tw, w));
    out[0] = (mf_shape){.ndim = 4, .dim = {x->dim[0], w->dim[1] * a->groups, ho, wo}};
    if (nin > 2 && in[2])
        st = mf_shape_want_vec("the bias", in[2], out->dim[1], err);
    return st;
}

static int64_t
conv_t2d_macs(const void *attrs, int nin, const mf_shape *const *in, const mf_shape *out)
{
    (void)attrs, (void)nin, (void)out;
    return mf_shape_elems(in[0]) * in[1]->dim[1] * in[1]->dim[2] * in[1]->dim[3];
}

/* y is the input gradient of the convolution that maps y to x, so dx is that convolution of dy and dw its weight
 * gradient with x in the place of its output gradient. */
static mf_status
conv_t2d_grad(mf_graph *g, const mf_node *n, const mf_ref *dout, const bool *need, mf_ref *din, mf_err *err)
{
    const mf_conv2d_attrs *a = n->attrs;
    const mf_ref           x = mf_node_in(n, 0), w = mf_node_in(n, 1), b = mf_node_in(n, 2), dy = dout[0];

    if (a->act != MF_ACT_NONE)
        return mf_grad_refuse("conv_t2d", "once it is fused", err);
    if (need[0])
        din[0] = mf_graph_add(g, &mf_op_conv2d, a, 2, (mf_ref[]){dy, w});
    if (need[1])
        din[1] = mf_graph_add(g, &mf_op_conv2d_dw, a, 3, (mf_ref[]){x, dy, w});
    if (mf_ref_ok(b) && need[2])
        din[2] = mf_channel_sum(g, dy);
    return MF_OK;
}

const mf_op_def mf_op_conv_t2d = {
    .name = "conv_t2d", .summary = "transposed 2-d convolution with optional bias",
    .attr_size = sizeof(mf_conv2d_attrs), .min_in = 2, .max_in = 3, .nout = 1, .out_kind = {MF_KIND_ACT},
    .infer = conv_t2d_infer, .grad = conv_t2d_grad, .macs = conv_t2d_macs,
};

mf_ref
mf_conv2d(mf_graph *g, mf_ref x, mf_ref w, mf_ref b, mf_conv2d_attrs a)
{
    return mf_graph_add(g, &mf_op_conv2d, &a, mf_ref_ok(b) ? 3 : 2, (mf_ref[]){x, w, b});
}

mf_conv2d_attrs
mf_conv2d_simple(int stride, int pad)
{
    return (mf_conv2d_attrs){.sh = stride, .sw = stride, .ph = pad, .pw = pad, .dh = 1, .dw = 1, .groups = 1};
}

mf_ref
mf_channel_sum(mf_graph *g, mf_ref x)
{
    return mf_graph_add(g, &mf_op_channel_sum, NULL, 1, &x);
}

mf_ref
mf_conv_t2d(mf_graph *g, mf_ref x, mf_ref w, mf_ref b, mf_conv2d_attrs a)
{
    return mf_graph_add(g, &mf_op_conv_t2d, &a, mf_ref_ok(b) ? 3 : 2, (mf_ref[]){x, w, b});
}
