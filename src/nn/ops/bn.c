/* nn/ops/bn.c: batch normalisation (Ioffe and Szegedy 2015) by PyTorch's conventions: the batch form with its gradient,
 * the form by running estimates with its gradient, and the folding of the latter into a convolution's weights. */
#include "nn/ops/support.h"

static mf_status
check_bn(const void *attrs, const mf_shape *x, mf_err *err)
{
    const mf_bn_attrs *a = attrs;
    char               t[96];
    if (!(a->eps > 0.0f))
        return mf_fail(err, MF_E_ARG, "eps must be above 0");
    if (x->ndim != 2 && x->ndim != 4)
        return mf_fail(err, MF_E_ARG, "shape %s is neither [N, C] nor [N, C, H, W]", mf_shape_text(t, x));
    return MF_OK;
}

/* Inputs first .. first+n-1 must be there and of shape [c]. */
static mf_status
want_vecs(int first, int n, int nin, const mf_shape *const *in, int64_t c, mf_err *err)
{
    mf_status st = MF_OK;
    for (int i = first; st == MF_OK && i < first + n; i++) {
        if (i >= nin || !in[i])
            return mf_fail(err, MF_E_ARG, "input %d is missing", i);
        st = mf_shape_want_vec("a channel vector", in[i], c, err);
    }
    return st;
}

/* x, gamma, beta, rmean, rvar, counter?, res? -> y, mean, invstd */
static mf_status
bn_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    mf_status st;
    int64_t   c;
    if ((st = check_bn(attrs, in[0], err)) < 0)
        return st;
    c = in[0]->dim[1];
    if ((st = want_vecs(1, 4, nin, in, c, err)) < 0)
        return st;
    if (nin > 5 && in[5] && (st = mf_shape_want_vec("the counter", in[5], 1, err)) < 0)
        return st;
    if (nin > 6 && in[6] && (st = mf_shape_want("the residual", in[6], in[0], err)) < 0)
        return st;
    out[0] = *in[0];
    out[1] = out[2] = (mf_shape){.ndim = 1, .dim = {c}};
    return MF_OK;
}

static mf_status
bn_grad(mf_graph *g, const mf_node *n, const mf_ref *dout, const bool *need, mf_ref *din, mf_err *err)
{
    const mf_bn_attrs *a = n->attrs;
    const mf_ref       x = mf_node_in(n, 0), gamma = mf_node_in(n, 1);
    const mf_ref       mean = mf_node_out(n, 1), invstd = mf_node_out(n, 2);
    /* Which elements ReLU let through: with a residual only y tells; otherwise x does, and y's memory can go. */
    const bool         relu = a->act != MF_ACT_NONE, res = mf_ref_ok(mf_node_in(n, 6));
    const mf_ref       y = relu && res ? mf_node_out(n, 0) : MF_NONE, beta = relu && !res ? mf_node_in(n, 2) : MF_NONE;
    mf_ref             first;

    if (mf_ref_ok(dout[1]) || mf_ref_ok(dout[2]))
        return mf_grad_refuse("bn", "for its statistics", err);
    first = mf_graph_add(g, &mf_op_bn_dx, a, 8, (mf_ref[]){dout[0], MF_NONE, y, x, gamma, mean, invstd, beta});
    if (!mf_ref_ok(first))
        return MF_OK; /* the graph keeps the reason */
    for (int i = 0; i < 3; i++)
        if (need[i])
            din[i] = mf_graph_out(g, first, i);
    if (res && need[6])
        din[6] = mf_graph_out(g, first, 3);
    return MF_OK;
}

const mf_op_def mf_op_bn = {
    .name = "bn", .summary = "batch normalisation by the batch's statistics; updates the running ones",
    .attr_size = sizeof(mf_bn_attrs), .min_in = 5, .max_in = 7, .nout = 3, .mutates = 1u << 3 | 1u << 4 | 1u << 5,
    .out_kind = {MF_KIND_ACT, MF_KIND_F32, MF_KIND_F32}, .infer = bn_infer, .grad = bn_grad,
};

/* dy, dy2?, y?, x, gamma, mean, invstd, beta? -> dx, dgamma, dbeta, dres */
static mf_status
bn_dx_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    const mf_bn_attrs *a = attrs;
    mf_status          st;

    if ((st = check_bn(attrs, in[0], err)) < 0 || (st = want_vecs(4, 3, nin, in, in[0]->dim[1], err)) < 0)
        return st;
    if (!in[3] || (a->act != MF_ACT_NONE && !in[2] && !(nin > 7 && in[7])))
        return mf_fail(err, MF_E_ARG, "input %d is missing", in[3] ? 2 : 3);
    if (nin > 7 && in[7] && (st = mf_shape_want_vec("beta", in[7], in[0]->dim[1], err)) < 0)
        return st;
    for (int i = 1; i <= 3; i++)
        if (in[i] && (st = mf_shape_want(i == 1 ? "the second gradient" : i == 2 ? "y" : "x", in[i], in[0], err)) < 0)
            return st;
    out[0] = out[3] = *in[0];
    out[1] = out[2] = (mf_shape){.ndim = 1, .dim = {in[0]->dim[1]}};
    return MF_OK;
}

const mf_op_def mf_op_bn_dx = {
    .name = "bn_dx", .summary = "gradient of bn, through its ReLU and residual where fused",
    .attr_size = sizeof(mf_bn_attrs), .min_in = 1, .max_in = 8, .nout = 4, .flags = MF_OP_NO_GRAD,
    .out_kind = {MF_KIND_ACT, MF_KIND_F32, MF_KIND_F32, MF_KIND_ACT}, .infer = bn_dx_infer,
};

/* x, gamma, beta, rmean, rvar -> y */
static mf_status
bn_eval_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    mf_status st;
    if ((st = check_bn(attrs, in[0], err)) < 0 || (st = want_vecs(1, 4, nin, in, in[0]->dim[1], err)) < 0)
        return st;
    out[0] = *in[0];
    return MF_OK;
}

static mf_status
bn_eval_grad(mf_graph *g, const mf_node *n, const mf_ref *dout, const bool *need, mf_ref *din, mf_err *err)
{
    const mf_bn_attrs *a = n->attrs;
    const mf_ref       gamma = mf_node_in(n, 1), rmean = mf_node_in(n, 3), rvar = mf_node_in(n, 4);
    const mf_ref       x = need[1] ? mf_node_in(n, 0) : MF_NONE; /* only dgamma reads it: else let its memory go */
    mf_ref             first;

    if (need[3] || need[4])
        return mf_grad_refuse("bn_eval", "for its running statistics", err);
    first = mf_graph_add(g, &mf_op_bn_eval_dx, a, 5, (mf_ref[]){dout[0], x, gamma, rmean, rvar});
    if (!mf_ref_ok(first))
        return MF_OK;
    for (int i = 0; i < 3; i++)
        if (need[i])
            din[i] = mf_graph_out(g, first, i);
    return MF_OK;
}

const mf_op_def mf_op_bn_eval = {
    .name = "bn_eval", .summary = "batch normalisation by the running statistics",
    .attr_size = sizeof(mf_bn_attrs), .min_in = 5, .max_in = 5, .nout = 1, .out_kind = {MF_KIND_ACT},
    .infer = bn_eval_infer, .grad = bn_eval_grad,
};

/* dy, x?, gamma, rmean, rvar -> dx, dgamma, dbeta; without x nobody may want dgamma */
static mf_status
bn_eval_dx_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    mf_status st;
    if ((st = check_bn(attrs, in[0], err)) < 0 ||
        (st = want_vecs(2, 3, nin, in, in[0]->dim[1], err)) < 0)
        return st;
    if (in[1] && (st = mf_shape_want("x", in[1], in[0], err)) < 0)
        return st;
    out[0] = *in[0];
    out[1] = out[2] = (mf_shape){.ndim = 1, .dim = {in[0]->dim[1]}};
    return MF_OK;
}

const mf_op_def mf_op_bn_eval_dx = {
    .name = "bn_eval_dx", .summary = "gradient of bn_eval",
    .attr_size = sizeof(mf_bn_attrs), .min_in = 1, .max_in = 5, .nout = 3, .flags = MF_OP_NO_GRAD,
    .out_kind = {MF_KIND_ACT, MF_KIND_F32, MF_KIND_F32}, .infer = bn_eval_dx_infer,
};

/* w, b?, gamma, beta, rmean, rvar -> w', b' */
static mf_status
bn_fold_infer(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err)
{
    const mf_bn_attrs *a = attrs;
    mf_status          st;
    char               t[96];
    if (!(a->eps > 0.0f))
        return mf_fail(err, MF_E_ARG, "eps must be above 0");
    if (in[0]->ndim < 2)
        return mf_fail(err, MF_E_ARG, "shape %s is no weight", mf_shape_text(t, in[0]));
    if ((st = want_vecs(2, 4, nin, in, in[0]->dim[0], err)) < 0)
        return st;
    if (in[1] && (st = mf_shape_want_vec("the bias", in[1], in[0]->dim[0], err)) < 0)
        return st;
    out[0] = *in[0];
    out[1] = (mf_shape){.ndim = 1, .dim = {in[0]->dim[0]}};
    return MF_OK;
}

const mf_op_def mf_op_bn_fold = {
    .name = "bn_fold", .summary = "weights and bias of a convolution with its bn_eval folded in",
    .attr_size = sizeof(mf_bn_attrs), .min_in = 1, .max_in = 6, .nout = 2, .flags = MF_OP_NO_GRAD | MF_OP_INFERENCE,
    .out_kind = {MF_KIND_F32, MF_KIND_F32}, .infer = bn_fold_infer,
};

mf_ref
mf_batchnorm(mf_graph *g, mf_ref x, const char *name)
{
    return mf_batchnorm_as(g, x, name, (mf_bn_spec){.eps = 1e-5f, .momentum = 0.1f, .gamma = 1.0});
}

mf_ref
mf_batchnorm_as(mf_graph *g, mf_ref x, const char *name, mf_bn_spec spec)
{
    const mf_init zero = {.kind = MF_INIT_ZERO}, one = {.kind = MF_INIT_ONE}, gamma = {.kind = MF_INIT_CONST, .a = spec.gamma};
    mf_bn_attrs   a = {.eps = spec.eps, .momentum = spec.momentum};
    mf_shape      s, c, scalar;
    mf_ref        in[6], y;

    if (!mf_ref_ok(x))
        return mf_graph_error(g, MF_E_ARG, "batch norm '%s': no input", name);
    s = mf_graph_shape(g, x);
    if (s.ndim < 2)
        return mf_graph_error(g, MF_E_ARG, "batch norm '%s': the input has no channels", name);
    c      = mf_shape_of(1, s.dim[1]);
    scalar = mf_shape_of(1, (int64_t)1);
    mf_graph_push(g, name);
    in[0] = x;
    in[1] = mf_graph_param(g, "weight", c, spec.gamma == 1.0 ? one : gamma, spec.plain ? MF_PARAM_BUFFER : MF_PARAM_NORM);
    in[2] = mf_graph_param(g, "bias", c, zero, spec.plain ? MF_PARAM_BUFFER : MF_PARAM_NORM);
    in[3] = mf_graph_param(g, "running_mean", c, zero, MF_PARAM_BUFFER);
    in[4] = mf_graph_param(g, "running_var", c, one, MF_PARAM_BUFFER);
    in[5] = mf_graph_param(g, "num_batches_tracked", scalar, zero, MF_PARAM_COUNTER);
    if (mf_graph_is_training(g))
        y = mf_graph_add(g, &mf_op_bn, &a, 6, in);
    else
        y = mf_graph_add(g, &mf_op_bn_eval, &a, 5, in);
    mf_graph_pop(g);
    return y;
}
