/* tests/nn/fixtures.c: the table of fixtures and the random contents they draw. One line an operation and shape, of all operations: a long
 * table that is read by searching. */
#include "fixtures.h"

#include <stdio.h>
#include <string.h>

#include "core/mem.h"

static int64_t
draw(mf_fx *f, int64_t lo, int64_t hi)
{
    return lo + (int64_t)mf_rng_below(&f->rng, (uint64_t)(hi - lo + 1));
}

/* A parameter "name" with room for its contents. */
static mf_ref
value(mf_fx *f, const char *name, mf_shape s, double **v)
{
    const size_t n = (size_t)mf_shape_elems(&s);
    MF_ASSERT(f->n < (int)(sizeof f->value / sizeof f->value[0]));
    f->value[f->n] = (mf_fx_value){.name = name, .v = mf_calloc(n, sizeof(double)), .n = n};
    MF_ASSERT(f->value[f->n].v);
    *v = f->value[f->n++].v;
    return mf_graph_param(f->g, name, s, (mf_init){.kind = MF_INIT_ZERO}, MF_PARAM_WEIGHT);
}

static mf_ref
normal(mf_fx *f, const char *name, mf_shape s)
{
    double *v;
    mf_ref  r = value(f, name, s, &v);
    for (int64_t i = 0; i < mf_shape_elems(&s); i++)
        v[i] = mf_rng_normal(&f->rng);
    return r;
}

static mf_ref
uniform(mf_fx *f, const char *name, mf_shape s, double lo, double hi)
{
    double *v;
    mf_ref  r = value(f, name, s, &v);
    for (int64_t i = 0; i < mf_shape_elems(&s); i++)
        v[i] = mf_rng_uniform(&f->rng, lo, hi);
    return r;
}

/* Pairwise at least 0.02 apart and none within 0.01 of zero: safe for maxima and for kinks at zero. */
static mf_ref
apart(mf_fx *f, const char *name, mf_shape s)
{
    double       *v;
    const size_t  n = (size_t)mf_shape_elems(&s);
    mf_ref        r = value(f, name, s, &v);
    uint32_t     *order = mf_calloc(n, sizeof *order);
    MF_ASSERT(order);
    for (size_t i = 0; i < n; i++)
        order[i] = (uint32_t)i;
    mf_rng_shuffle(&f->rng, order, n);
    for (size_t i = 0; i < n; i++) {
        double k = (double)order[i] - (double)(n / 2) + 0.5;
        v[i]     = 0.04 * k + mf_rng_uniform(&f->rng, -0.01, 0.01);
    }
    mf_free(order);
    return r;
}

/* No gradient is taken of it. */
static mf_ref
fixed(mf_fx *f, const char *name, mf_shape s, double lo, double hi)
{
    mf_ref r;
    mf_graph_frozen(f->g, true);
    r = uniform(f, name, s, lo, hi);
    mf_graph_frozen(f->g, false);
    return r;
}

static mf_shape
shape4(int64_t n, int64_t c, int64_t h, int64_t w)
{
    return mf_shape_of(4, n, c, h, w);
}

static mf_shape
vec(int64_t n)
{
    return mf_shape_of(1, n);
}

static mf_shape
small_map(mf_fx *f)
{
    int64_t n = draw(f, 1, 3), c = draw(f, 1, 4), h = draw(f, 2, 5), w = draw(f, 2, 5);
    return shape4(n, c, h, w);
}

/* ---- convolution and matrices ---- */

static mf_conv2d_attrs
conv_attrs(mf_fx *f)
{
    mf_conv2d_attrs a = {0};
    a.sh = (int32_t)draw(f, 1, 3), a.sw = (int32_t)draw(f, 1, 3);
    a.ph = (int32_t)draw(f, 0, 2), a.pw = (int32_t)draw(f, 0, 2);
    a.dh = (int32_t)draw(f, 1, 2), a.dw = (int32_t)draw(f, 1, 2);
    a.groups = (int32_t)draw(f, 1, 3);
    return a;
}

static mf_ref
conv2d(mf_fx *f)
{
    mf_conv2d_attrs a = conv_attrs(f);
    int64_t         cig = draw(f, 1, 3), co = a.groups * draw(f, 1, 2), kh = draw(f, 1, 3), kw = draw(f, 1, 3);
    int64_t         h = draw(f, 5, 8), w = draw(f, 5, 8), n = draw(f, 1, 2);
    mf_ref          x = normal(f, "x", shape4(n, cig * a.groups, h, w)), k = normal(f, "w", shape4(co, cig, kh, kw));
    mf_ref          b = draw(f, 0, 1) ? normal(f, "b", vec(co)) : MF_NONE;
    return mf_conv2d(f->g, x, k, b, a);
}

static mf_ref
conv2d_depthwise(mf_fx *f)
{
    mf_conv2d_attrs a = mf_conv2d_simple((int)draw(f, 1, 2), 1);
    int64_t         c = draw(f, 2, 5), h = draw(f, 3, 6);
    mf_ref          x, k;
    a.groups = (int32_t)c;
    x        = normal(f, "x", shape4(2, c, h, 5));
    k        = normal(f, "w", shape4(c, 1, 3, 3));
    return mf_conv2d(f->g, x, k, MF_NONE, a);
}

/* A stride larger than the window: some inputs are never read. */
static mf_ref
conv2d_gaps(mf_fx *f)
{
    mf_conv2d_attrs a = mf_conv2d_simple(3, 0);
    mf_ref          x = normal(f, "x", shape4(2, 2, 8, 7)), k = normal(f, "w", shape4(3, 2, 1, 2));
    return mf_conv2d(f->g, x, k, MF_NONE, a);
}

static mf_ref
conv_t2d(mf_fx *f)
{
    mf_conv2d_attrs a = conv_attrs(f);
    int64_t         cig = draw(f, 1, 2), cog = draw(f, 1, 2), kh = draw(f, 2, 3), kw = draw(f, 2, 3);
    int64_t         h = draw(f, 3, 5), w = draw(f, 3, 5);
    mf_ref          x, k, b;
    a.ph = (int32_t)draw(f, 0, 1), a.pw = (int32_t)draw(f, 0, 1);
    x = normal(f, "x", shape4(2, cig * a.groups, h, w));
    k = normal(f, "w", shape4(cig * a.groups, cog, kh, kw));
    b = draw(f, 0, 1) ? normal(f, "b", vec(cog * a.groups)) : MF_NONE;
    return mf_conv_t2d(f->g, x, k, b, a);
}

static mf_ref
channel_sum(mf_fx *f)
{
    return mf_channel_sum(f->g, normal(f, "x", draw(f, 0, 1) ? small_map(f) : mf_shape_of(2, draw(f, 1, 4), draw(f, 1, 4))));
}

static mf_ref
matmul(mf_fx *f)
{
    bool    ta = draw(f, 0, 1), tb = draw(f, 0, 1);
    int64_t m = draw(f, 1, 5), n = draw(f, 1, 5), k = draw(f, 1, 5);
    mf_ref  a = normal(f, "a", ta ? mf_shape_of(2, k, m) : mf_shape_of(2, m, k));
    mf_ref  b = normal(f, "b", tb ? mf_shape_of(2, n, k) : mf_shape_of(2, k, n));
    return mf_matmul(f->g, a, b, draw(f, 0, 1) ? normal(f, "bias", vec(n)) : MF_NONE, ta, tb);
}

static mf_ref
bmm(mf_fx *f)
{
    bool    ta = draw(f, 0, 1), tb = draw(f, 0, 1);
    int64_t b = draw(f, 1, 3), m = draw(f, 1, 4), n = draw(f, 1, 4), k = draw(f, 1, 4);
    mf_ref  l = normal(f, "a", ta ? mf_shape_of(3, b, k, m) : mf_shape_of(3, b, m, k));
    return mf_bmm(f->g, l, normal(f, "b", tb ? mf_shape_of(3, b, n, k) : mf_shape_of(3, b, k, n)), ta, tb);
}

static mf_ref
linear(mf_fx *f)
{
    int64_t m = draw(f, 1, 4), n = draw(f, 1, 4), k = draw(f, 1, 4);
    mf_ref  x = normal(f, "x", mf_shape_of(2, m, k)), w = normal(f, "w", mf_shape_of(2, n, k));
    return mf_linear(f->g, x, w, normal(f, "b", vec(n)));
}

/* ---- batch normalisation ---- */

static mf_ref
bn(mf_fx *f)
{
    mf_shape s = draw(f, 0, 2) ? shape4(draw(f, 2, 3), draw(f, 1, 3), draw(f, 1, 4), draw(f, 2, 4))
                               : mf_shape_of(2, draw(f, 3, 6), draw(f, 1, 4));
    return mf_batchnorm(f->g, normal(f, "x", s), "bn");
}

/* The block's end: fused into one node with residual and ReLU. */
static mf_ref
bn_residual_relu(mf_fx *f)
{
    mf_shape s = shape4(2, draw(f, 1, 3), draw(f, 2, 4), 3);
    mf_ref   x = normal(f, "x", s), res = normal(f, "res", s);
    return mf_relu(f->g, mf_add(f->g, mf_batchnorm(f->g, x, "bn"), res));
}

static mf_ref
bn_relu(mf_fx *f)
{
    return mf_relu(f->g, mf_batchnorm(f->g, normal(f, "x", shape4(2, 2, 3, 3)), "bn"));
}

/* A value normalised twice: two nodes on one layer, as the contrastive pair has it. */
static mf_ref
bn_shared(mf_fx *f)
{
    mf_shape s = shape4(2, 3, 2, 3);
    mf_ref   x = normal(f, "x", s), z = normal(f, "z", s);
    return mf_mul(f->g, mf_batchnorm(f->g, x, "bn"), mf_batchnorm(f->g, z, "bn"));
}

static mf_ref
bn_eval(mf_fx *f)
{
    mf_shape s = draw(f, 0, 1) ? small_map(f) : mf_shape_of(2, draw(f, 1, 4), draw(f, 1, 4));
    mf_graph_training(f->g, false);
    return mf_batchnorm(f->g, normal(f, "x", s), "bn");
}

/* The evaluation form behind a convolution, with residual and ReLU: what inference folds. */
static mf_ref
bn_eval_folded(mf_fx *f)
{
    int64_t c = draw(f, 1, 4);
    mf_ref  x = normal(f, "x", shape4(2, 2, 5, 4)), w = normal(f, "w", shape4(c, 2, 3, 3)), res = normal(f, "res", shape4(2, c, 5, 4));
    mf_ref  b = draw(f, 0, 1) ? normal(f, "b", vec(c)) : MF_NONE;
    mf_graph_training(f->g, false);
    return mf_relu(f->g, mf_add(f->g, mf_batchnorm(f->g, mf_conv2d(f->g, x, w, b, mf_conv2d_simple(1, 1)), "bn"), res));
}

/* ---- element-wise ---- */

static mf_ref
unary_of(mf_fx *f, mf_unary_kind k)
{
    mf_shape s = draw(f, 0, 1) ? small_map(f) : vec(draw(f, 1, 9));
    bool     positive = k == MF_U_LOG || k == MF_U_SQRT;
    return mf_unary(f->g, k, positive ? uniform(f, "x", s, 0.3, 3.0) : apart(f, "x", s));
}

#define UNARY(NAME, KIND)                                                                                              \
    static mf_ref unary_##NAME(mf_fx *f) { return unary_of(f, KIND); }
UNARY(relu, MF_U_RELU)
UNARY(sigmoid, MF_U_SIGMOID)
UNARY(tanh, MF_U_TANH)
UNARY(exp, MF_U_EXP)
UNARY(log, MF_U_LOG)
UNARY(sqrt, MF_U_SQRT)
UNARY(square, MF_U_SQUARE)
UNARY(abs, MF_U_ABS)

/* Every kind of broadcasting, on either side. */
static mf_ref
binary_of(mf_fx *f, mf_binary_kind k)
{
    mf_shape full = shape4(draw(f, 2, 3), draw(f, 2, 3), draw(f, 2, 3), draw(f, 2, 3)), part = full;
    mf_ref   a, b;
    switch (draw(f, 0, 4)) {
    case 0: break;
    case 1: part = mf_shape_of(2, full.dim[2], full.dim[3]); break;
    case 2: part.dim[2] = part.dim[3] = 1; break;
    case 3: part.dim[0] = part.dim[1] = 1; break;
    default: part = vec(1); break;
    }
    if (k == MF_B_MAX) { /* one set of distinct numbers cut into two, so that no pair is close */
        mf_ref both = apart(f, "ab", mf_shape_of(2, (int64_t)2, mf_shape_elems(&full)));
        a           = mf_reshape(f->g, mf_slice(f->g, mf_reshape(f->g, both, 2, (int64_t[]){1, -1}), 1, 0, mf_shape_elems(&full)), 4, full.dim);
        b           = mf_reshape(f->g, mf_slice(f->g, mf_reshape(f->g, both, 2, (int64_t[]){1, -1}), 1, mf_shape_elems(&full), mf_shape_elems(&part)), part.ndim, part.dim);
    } else {
        a = k == MF_B_DIV ? uniform(f, "a", full, 0.5, 2.0) : normal(f, "a", full);
        b = k == MF_B_DIV ? uniform(f, "b", part, 0.5, 2.0) : normal(f, "b", part);
        a = mf_scale(f->g, a, 1.5, 0.0); /* else two parameters would share one gradient, which programs refuse */
    }
    return draw(f, 0, 1) ? mf_binary(f->g, k, a, b) : mf_binary(f->g, k, b, a);
}

#define BINARY(NAME, KIND)                                                                                             \
    static mf_ref binary_##NAME(mf_fx *f) { return binary_of(f, KIND); }
BINARY(add, MF_B_ADD)
BINARY(sub, MF_B_SUB)
BINARY(mul, MF_B_MUL)
BINARY(div, MF_B_DIV)
BINARY(max, MF_B_MAX)

/* [a,1,c] with [b,1]: both sides grow. */
static mf_ref
binary_both(mf_fx *f)
{
    mf_ref a = normal(f, "a", mf_shape_of(3, (int64_t)3, (int64_t)1, (int64_t)2)), b = normal(f, "b", mf_shape_of(2, (int64_t)4, (int64_t)1));
    return mf_mul(f->g, a, b);
}

static mf_ref
binary_square(mf_fx *f) /* one value on both sides: its gradients add up */
{
    mf_ref a = normal(f, "a", vec(draw(f, 1, 5)));
    return mf_mul(f->g, a, a);
}

static mf_ref
scale(mf_fx *f)
{
    return mf_scale(f->g, normal(f, "x", small_map(f)), mf_rng_uniform(&f->rng, -2, 2), 0.7);
}

static mf_ref
clip(mf_fx *f)
{
    mf_shape s = small_map(f);
    double   hi = 0.02 * (double)mf_shape_elems(&s) / 3.0;
    hi          = ((double)(int64_t)(hi / 0.04) + 1) * 0.04; /* halfway between two of the numbers that `apart` gives */
    return mf_clip(f->g, apart(f, "x", s), 0.0, hi);
}

static mf_ref
prelu(mf_fx *f)
{
    mf_shape s = draw(f, 0, 1) ? small_map(f) : mf_shape_of(2, draw(f, 1, 4), draw(f, 1, 4));
    mf_ref   x = apart(f, "x", s);
    return mf_prelu(f->g, x, normal(f, "slope", vec(s.dim[1])));
}

static mf_ref
dropout(mf_fx *f)
{
    return mf_dropout(f->g, normal(f, "x", shape4(2, draw(f, 2, 4), 3, 4)), 0.4f);
}

/* ---- reductions and shapes ---- */

static mf_ref
reduce_of(mf_fx *f, mf_reduce_kind k)
{
    mf_shape s = shape4(draw(f, 1, 3), draw(f, 1, 3), draw(f, 1, 4), draw(f, 1, 4));
    s.ndim     = (int)draw(f, 1, 4);
    mf_ref x   = k == MF_R_MAX ? apart(f, "x", s) : normal(f, "x", s);
    return mf_reduce(f->g, k, x, (uint32_t)draw(f, 1, (1 << s.ndim) - 1), draw(f, 0, 1));
}

static mf_ref
reduce_sum(mf_fx *f)
{
    return reduce_of(f, MF_R_SUM);
}

static mf_ref
reduce_mean(mf_fx *f)
{
    return reduce_of(f, MF_R_MEAN);
}

static mf_ref
reduce_max(mf_fx *f)
{
    return reduce_of(f, MF_R_MAX);
}

static mf_ref
mean_all(mf_fx *f)
{
    return mf_mean_all(f->g, normal(f, "x", small_map(f)));
}

static mf_ref
expand(mf_fx *f)
{
    mf_shape s = shape4(draw(f, 1, 3), draw(f, 1, 3), draw(f, 1, 3), draw(f, 1, 3)), t = s;
    for (int d = 0; d < 4; d++)
        if (draw(f, 0, 1))
            t.dim[d] = 1;
    return mf_expand(f->g, normal(f, "x", draw(f, 0, 1) ? t : vec(s.dim[3])), fixed(f, "like", s, 0, 1));
}

static mf_ref
reduce_to(mf_fx *f)
{
    mf_shape s = shape4(draw(f, 1, 3), draw(f, 1, 3), draw(f, 1, 3), draw(f, 1, 3)), t = s;
    for (int d = 0; d < 4; d++)
        if (draw(f, 0, 1))
            t.dim[d] = 1;
    return mf_reduce_to(f->g, normal(f, "x", s), fixed(f, "like", draw(f, 0, 1) ? t : vec(s.dim[3]), 0, 1));
}

static mf_ref
reshape(mf_fx *f)
{
    int64_t n = draw(f, 1, 3), c = draw(f, 1, 3);
    mf_ref  x = normal(f, "x", shape4(n, c, 3, 4));
    switch (draw(f, 0, 2)) {
    case 0: x = mf_reshape(f->g, x, 4, (int64_t[]){0, -1, 2, 2}); break;
    case 1: x = mf_reshape(f->g, x, 1, (int64_t[]){-1}); break;
    default: x = mf_flatten(f->g, x); break;
    }
    return mf_unary(f->g, MF_U_SQUARE, x);
}

static mf_ref
reshape_like(mf_fx *f)
{
    mf_ref x = normal(f, "x", mf_shape_of(2, (int64_t)4, (int64_t)6));
    return mf_reshape_like(f->g, mf_unary(f->g, MF_U_SQUARE, x), fixed(f, "like", mf_shape_of(3, (int64_t)2, (int64_t)3, (int64_t)4), 0, 1));
}

static mf_ref
concat(mf_fx *f)
{
    static const char *const names[] = {"a", "b", "c", "d"};
    mf_shape s = shape4(draw(f, 1, 3), draw(f, 1, 3), draw(f, 1, 3), draw(f, 1, 3));
    int      n = (int)draw(f, 2, 4), axis;
    mf_ref   x[4];
    s.ndim = (int)draw(f, 2, 4);
    axis   = (int)draw(f, 1, s.ndim - 1);
    for (int i = 0; i < n; i++) {
        s.dim[axis] = draw(f, 1, 3);
        x[i]        = normal(f, names[i], s);
    }
    return mf_concat(f->g, x, n, axis);
}

static mf_ref
slice(mf_fx *f)
{
    mf_shape s = shape4(draw(f, 1, 3), draw(f, 2, 5), draw(f, 2, 5), draw(f, 2, 5));
    int      axis = (int)draw(f, 1, 3);
    int64_t  start = draw(f, 0, s.dim[axis] - 1), len = draw(f, 1, s.dim[axis] - start);
    return mf_slice(f->g, normal(f, "x", s), axis, start, len);
}

/* Places inside, over each edge, and wholly outside. */
static mf_ref
crop(mf_fx *f)
{
    mf_shape s = shape4(3, draw(f, 1, 2), draw(f, 3, 6), draw(f, 3, 6));
    int      h = (int)draw(f, 1, 3), w = (int)draw(f, 1, 3);
    mf_ref   x = normal(f, "x", s), at = fixed(f, "at", mf_shape_of(2, (int64_t)3, (int64_t)2), -3.0, 6.0);
    return mf_add(f->g, mf_crop(f->g, x, at, h, w), mf_crop(f->g, x, fixed(f, "in", mf_shape_of(2, (int64_t)3, (int64_t)2), 0.0, 1.0), h, w));
}

/* A box given in shares, cut off or rounded, and one that is drawn. */
static mf_ref
zoom(mf_fx *f)
{
    mf_ref        x     = normal(f, "x", shape4(2, draw(f, 1, 3), draw(f, 3, 7), draw(f, 3, 7)));
    mf_zoom_attrs fixed_at = {.left = 0.125f, .top = 0.25f, .right = 0.875f, .bottom = 1.0f, .truncate = (int32_t)draw(f, 0, 1)};
    mf_zoom_attrs drawn = {.left = 0, .top = 0, .right = 1, .bottom = 1, .lo = 0.4f, .hi = 0.95f};
    return mf_add(f->g, mf_zoom(f->g, x, fixed_at), mf_zoom(f->g, x, drawn));
}

/* Boxes around places inside, and over each edge. */
static mf_ref
zoom_at(mf_fx *f)
{
    mf_ref x = normal(f, "x", shape4(4, draw(f, 1, 3), draw(f, 3, 7), draw(f, 3, 7)));
    return mf_zoom_at(f->g, x, fixed(f, "at", mf_shape_of(2, (int64_t)4, (int64_t)2), -2.0, 9.0), (float)draw(f, 1, 10) / 10, draw(f, 0, 1));
}

/* ---- pooling ---- */

static mf_pool_attrs
pool_attrs(mf_fx *f)
{
    mf_pool_attrs a = {0};
    a.kh = (int32_t)draw(f, 1, 3), a.kw = (int32_t)draw(f, 1, 3);
    a.sh = (int32_t)draw(f, 1, 3), a.sw = (int32_t)draw(f, 1, 3);
    a.ph = (int32_t)draw(f, 0, a.kh / 2), a.pw = (int32_t)draw(f, 0, a.kw / 2);
    a.ceil = (int32_t)draw(f, 0, 1), a.count_pad = (int32_t)draw(f, 0, 1);
    return a;
}

static mf_ref
maxpool(mf_fx *f)
{
    mf_pool_attrs a = pool_attrs(f);
    return mf_maxpool(f->g, apart(f, "x", shape4(2, draw(f, 1, 2), draw(f, 3, 6), draw(f, 3, 6))), a);
}

static mf_ref
avgpool(mf_fx *f)
{
    mf_pool_attrs a = pool_attrs(f);
    return mf_avgpool(f->g, normal(f, "x", shape4(2, draw(f, 1, 2), draw(f, 3, 6), draw(f, 3, 6))), a);
}

static mf_ref
adaptive(mf_fx *f)
{
    return mf_adaptive_avgpool(f->g, normal(f, "x", shape4(2, draw(f, 1, 2), draw(f, 1, 6), draw(f, 1, 6))), (int)draw(f, 1, 5), (int)draw(f, 1, 5));
}

static mf_ref
gap(mf_fx *f)
{
    return mf_gap(f->g, normal(f, "x", small_map(f)));
}

static mf_ref
lrn(mf_fx *f)
{
    mf_lrn_attrs a = {.size = (int32_t)(2 * draw(f, 0, 3) + 1), .kappa = 1.5f, .alpha = 0.3f, .beta = 0.75f};
    return mf_lrn(f->g, normal(f, "x", shape4(2, draw(f, 1, 7), 2, 2)), a);
}

/* ---- exponentials, norms, losses ---- */

static mf_shape
logits_or_maps(mf_fx *f)
{
    return draw(f, 0, 1) ? shape4(draw(f, 1, 2), draw(f, 2, 5), draw(f, 1, 3), draw(f, 1, 3)) : mf_shape_of(2, draw(f, 1, 4), draw(f, 2, 7));
}

static mf_ref
softmax(mf_fx *f)
{
    return mf_softmax(f->g, normal(f, "x", logits_or_maps(f)), 1);
}

static mf_ref
log_softmax(mf_fx *f)
{
    return mf_log_softmax(f->g, normal(f, "x", logits_or_maps(f)), 1);
}

static mf_ref
softmax_last(mf_fx *f)
{
    return mf_softmax(f->g, normal(f, "x", mf_shape_of(3, draw(f, 1, 3), draw(f, 1, 3), draw(f, 2, 4))), 2);
}

static mf_ref
l2norm(mf_fx *f)
{
    return mf_l2norm(f->g, normal(f, "x", logits_or_maps(f)), 1);
}

/* Target rows: distributions, no gradient. */
static mf_ref
targets(mf_fx *f, int64_t n, int64_t c)
{
    double *v;
    mf_ref  r;
    mf_graph_frozen(f->g, true);
    r = value(f, "target", mf_shape_of(2, n, c), &v);
    mf_graph_frozen(f->g, false);
    for (int64_t i = 0; i < n; i++) {
        double sum = 0;
        if (draw(f, 0, 1)) {
            v[i * c + draw(f, 0, c - 1)] = 1.0;
            continue;
        }
        for (int64_t k = 0; k < c; k++)
            sum += v[i * c + k] = mf_rng_unit(&f->rng) + 0.01;
        for (int64_t k = 0; k < c; k++)
            v[i * c + k] /= sum;
    }
    return r;
}

static mf_ref
cross_entropy(mf_fx *f)
{
    int64_t n = draw(f, 1, 4), c = draw(f, 2, 7);
    mf_ref  z = normal(f, "z", mf_shape_of(2, n, c)), t = targets(f, n, c);
    mf_ref  w = draw(f, 0, 1) ? fixed(f, "weight", vec(c), 0.5, 2.0) : MF_NONE;
    return mf_cross_entropy(f->g, z, t, w, draw(f, 0, 1) ? 0.1f : 0.0f);
}

/* What the contrastive program's code does: softmax, then cross-entropy of it. */
static mf_ref
cross_entropy_twice(mf_fx *f)
{
    mf_ref z = normal(f, "z", mf_shape_of(2, (int64_t)3, (int64_t)7));
    return mf_cross_entropy(f->g, mf_softmax(f->g, z, 1), targets(f, 3, 7), MF_NONE, 0.0f);
}

static mf_ref
mse(mf_fx *f)
{
    mf_shape s = small_map(f);
    mf_ref   a = normal(f, "a", s), b = draw(f, 0, 1) ? normal(f, "b", s) : fixed(f, "b", s, -1, 1);
    return draw(f, 0, 1) ? mf_mse(f->g, a, b) : mf_mse(f->g, b, a);
}

/* The feature loss of distillation and contrast: two normalised maps. */
static mf_ref
mse_of_maps(mf_fx *f)
{
    mf_shape s = shape4(2, 4, 2, 3);
    mf_ref   a = mf_l2norm(f->g, normal(f, "a", s), 1), b = mf_l2norm(f->g, normal(f, "b", s), 1);
    return mf_scale(f->g, mf_mse(f->g, a, b), 100.0, 0.0);
}

/* The identity weighs a matrix. */
static mf_ref
eye(mf_fx *f)
{
    int64_t n = draw(f, 1, 5);
    mf_ref  x = normal(f, "x", mf_shape_of(2, n, n));
    return mf_mul(f->g, x, mf_add(f->g, x, mf_eye(f->g, x)));
}

/* The choice is made by fixed distances; what is chosen is differentiated. */
static mf_ref
triplet_pick(mf_fx *f)
{
    int64_t n = draw(f, 2, 6);
    mf_ref  x = normal(f, "x", mf_shape_of(2, n, n)), dp = fixed(f, "dp", mf_shape_of(2, n, n), 0, 4), negative, positive;
    positive  = mf_triplet_pick(f->g, dp, fixed(f, "dn", mf_shape_of(2, n, n), 0, 4), targets(f, n, 3),
                                (mf_mining)draw(f, 0, MF_MINE_COUNT - 1), 0.5f, 0.5f, &negative);
    return mf_add(f->g, mf_mul(f->g, x, positive), mf_mul(f->g, mf_unary(f->g, MF_U_SQUARE, x), negative));
}

/* With the rate 0 the centres stay where they are, as differences need it. */
static mf_ref
centre_loss(mf_fx *f)
{
    int64_t n = draw(f, 1, 6), d = draw(f, 1, 9), k = draw(f, 2, 5);
    return mf_centre_loss(f->g, normal(f, "x", mf_shape_of(2, n, d)), targets(f, n, k), fixed(f, "centres", mf_shape_of(2, k, d), -1, 1), 0.0f);
}

/* Points have no gradient: what is weighed by the bells around them has. */
static mf_ref
points_of_pairs(mf_fx *f, int64_t n, int q)
{
    const int64_t      p = draw(f, 1, 4);
    mf_midpoints_attrs a = {.n = q};
    for (int k = 0; k < q; k++) {
        a.a[k] = (uint8_t)draw(f, 0, p - 1), a.b[k] = (uint8_t)draw(f, 0, p - 1);
        a.dx[k] = (float)draw(f, -3, 3) / 4, a.dy[k] = (float)draw(f, -3, 3) / 4;
    }
    return mf_midpoints(f->g, fixed(f, "points", mf_shape_of(3, n, p, (int64_t)3), 0.0, 8.0), &a);
}

static mf_ref
midpoints(mf_fx *f)
{
    const int64_t n = draw(f, 1, 3), q = draw(f, 1, 5);
    return mf_mul(f->g, normal(f, "x", mf_shape_of(3, n, (int64_t)3, q)), points_of_pairs(f, n, (int)q));
}

static mf_ref
gauss_maps(mf_fx *f)
{
    const int64_t  n = draw(f, 1, 3), q = draw(f, 1, 4);
    mf_gauss_attrs a = {.h = (int32_t)draw(f, 1, 5), .w = (int32_t)draw(f, 1, 5), .side_y = 11, .side_x = 9, .reach = (int32_t)draw(f, 1, 6),
                        .ahead = (int32_t)draw(f, 0, 1), .mul_y = 1.375f, .mul_x = 1.125f, .sigma = 2.5f, .sure = 2.0f};
    return mf_mul(f->g, normal(f, "x", shape4(n, q, a.h, a.w)), mf_gauss_maps(f->g, points_of_pairs(f, n, (int)q), a));
}

static mf_ref
wpool(mf_fx *f)
{
    const int64_t n = draw(f, 1, 3), h = draw(f, 1, 4), w = draw(f, 1, 4);
    return mf_wpool(f->g, normal(f, "x", shape4(n, draw(f, 1, 5), h, w)), normal(f, "maps", shape4(n, draw(f, 1, 4), h, w)));
}

static const mf_fixture table[] = {
    {"avgpool", "windows, pads, ceil", avgpool},
    {"binary", "add", binary_add},
    {"binary", "sub", binary_sub},
    {"binary", "mul", binary_mul},
    {"binary", "div", binary_div},
    {"binary", "max", binary_max},
    {"binary", "both sides grow", binary_both},
    {"binary", "one value twice", binary_square},
    {"bmm", "transposes", bmm},
    {"bn", "plain", bn},
    {"bn", "with residual and ReLU", bn_residual_relu},
    {"bn", "with ReLU", bn_relu},
    {"bn", "one layer, two batches", bn_shared},
    {"bn_eval", "plain", bn_eval},
    {"bn_eval", "behind a convolution", bn_eval_folded},
    {"channel_sum", "", channel_sum},
    {"clip", "", clip},
    {"concat", "", concat},
    {"conv2d", "strides, pads, dilations, groups", conv2d},
    {"conv2d", "depthwise", conv2d_depthwise},
    {"conv2d", "stride past the window", conv2d_gaps},
    {"conv_t2d", "strides, pads, dilations, groups", conv_t2d},
    {"crop", "", crop},
    {"cross_entropy", "weights, smoothing", cross_entropy},
    {"cross_entropy", "of a softmax", cross_entropy_twice},
    {"dropout", "", dropout},
    {"expand", "", expand},
    {"eye", "", eye},
    {"gap", "", gap},
    {"gauss_maps", "around points between others", gauss_maps},
    {"l2norm", "", l2norm},
    {"log_softmax", "", log_softmax},
    {"lrn", "", lrn},
    {"matmul", "transposes", matmul},
    {"matmul", "linear layer", linear},
    {"maxpool", "windows, pads, ceil", maxpool},
    {"midpoints", "", midpoints},
    {"mse", "", mse},
    {"mse", "of normalised maps", mse_of_maps},
    {"prelu", "", prelu},
    {"reduce", "sum", reduce_sum},
    {"reduce", "mean", reduce_mean},
    {"reduce", "max", reduce_max},
    {"reduce", "mean of all", mean_all},
    {"reduce_to", "", reduce_to},
    {"reshape", "", reshape},
    {"reshape_like", "", reshape_like},
    {"scale", "", scale},
    {"slice", "", slice},
    {"softmax", "channels", softmax},
    {"softmax", "last axis", softmax_last},
    {"triplet_pick", "every way of mining", triplet_pick},
    {"centre_loss", "of centres that stay", centre_loss},
    {"unary", "relu", unary_relu},
    {"unary", "sigmoid", unary_sigmoid},
    {"unary", "tanh", unary_tanh},
    {"unary", "exp", unary_exp},
    {"unary", "log", unary_log},
    {"unary", "sqrt", unary_sqrt},
    {"unary", "square", unary_square},
    {"unary", "abs", unary_abs},
    {"wpool", "", wpool},
    {"zoom", "given and drawn", zoom},
    {"zoom", "around places", zoom_at},
    {"adaptive_avgpool", "more cells and fewer", adaptive},
};

size_t
mf_fixture_count(void)
{
    return sizeof table / sizeof table[0];
}

const mf_fixture *
mf_fixture_at(size_t i)
{
    return &table[i];
}

mf_ref
mf_fx_build(mf_fx *f, const mf_fixture *fix, mf_graph *g, uint64_t seed)
{
    *f = (mf_fx){.g = g, .rng = mf_rng_make(seed, 0, (uint64_t)(fix - table), MF_RNG_TEST)};
    mf_graph_training(g, true);
    return fix->build(f);
}

mf_ref
mf_fx_loss(mf_fx *f, mf_ref v)
{
    mf_shape s = mf_graph_shape(f->g, v);
    mf_ref   m;
    if (!mf_ref_ok(v))
        return v;
    m = mf_mul(f->g, v, fixed(f, "loss_weights", s, -1.0, 1.0));
    return mf_reduce(f->g, MF_R_SUM, m, (1u << s.ndim) - 1u, false);
}

void
mf_fx_fill(const mf_fx *f)
{
    mf_params *ps = mf_graph_params(f->g);
    mf_rng     rng = mf_rng_make(7, 0, 0, MF_RNG_TEST);
    for (size_t i = 0; i < mf_params_count(ps); i++) {
        mf_param *p = mf_params_at(ps, i);
        double    v[64];
        MF_ASSERT(p->kind == MF_PARAM_WEIGHT || mf_shape_elems(&p->shape) <= 64);
        if (p->kind == MF_PARAM_WEIGHT || p->kind == MF_PARAM_COUNTER)
            continue;
        for (int64_t k = 0; k < mf_shape_elems(&p->shape); k++) /* of layers: gamma, beta, running statistics */
            v[k] = mf_rng_uniform(&rng, 0.5, 1.5);
        mf_param_set(p, MF_DTYPE_F64, v);
    }
    for (int i = 0; i < f->n; i++)
        mf_param_set(mf_params_find(ps, f->value[i].name), MF_DTYPE_F64, f->value[i].v);
}

void
mf_fx_free(mf_fx *f)
{
    for (int i = 0; i < f->n; i++)
        mf_free(f->value[i].v);
    *f = (mf_fx){0};
}
