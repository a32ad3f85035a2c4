/* nn/ops.h: the operations: constructors and exact meaning. Layout words are logical (NCHW); kernels choose storage.
 *
 * "ACT" tensors are bf16 or f32 by precision; sums, statistics, losses are f32 (f64 on ref in gradient checks). */
#ifndef MF_NN_OPS_H
#define MF_NN_OPS_H

#include "nn/op.h"

typedef enum mf_act { MF_ACT_NONE, MF_ACT_RELU } mf_act;

/* ---- convolution -------------------------------------------------------------------------------------------
 * conv2d: x [N,Ci,H,W], w [Co,Ci/groups,kh,kw], b [Co] or none, res [N,Co,Ho,Wo] or none
 *   y = act(conv(x, w) + b + res), Ho = (H + 2 ph - dh (kh-1) - 1) / sh + 1. res and act come from fusion only.
 * conv2d_dx: dy, w, x (shape only) -> dx.      conv2d_dw: dy, x, w (shape only) -> dw f32.
 * channel_sum: x [N,C,...] -> [C] f32: the gradient of a bias. */
typedef struct mf_conv2d_attrs {
    int32_t sh, sw, ph, pw, dh, dw, groups, act; /* strides >= 1, pads >= 0, dilations >= 1, mf_act */
} mf_conv2d_attrs;
mf_ref mf_conv2d(mf_graph *g, mf_ref x, mf_ref w, mf_ref b, mf_conv2d_attrs a);
/* Stride s, pad p, dilation 1, groups 1. */
mf_conv2d_attrs mf_conv2d_simple(int stride, int pad);
mf_ref mf_channel_sum(mf_graph *g, mf_ref x);
/* conv_t2d (transposed convolution): x [N,Ci,H,W], w [Ci,Co/groups,kh,kw], b [Co] or none; Ho = (H-1) sh - 2 ph + dh (kh-1) + 1. */
mf_ref mf_conv_t2d(mf_graph *g, mf_ref x, mf_ref w, mf_ref b, mf_conv2d_attrs a);

/* ---- matrices ----------------------------------------------------------------------------------------------
 * matmul: a [M,K] (or [K,M] with ta), b [K,N] (or [N,K] with tb), bias [N] or none -> [M,N] f32. act from fusion only.
 * mf_linear(x [N,K], w [M,K], b [M]) = matmul(x, w, tb, bias b). */
typedef struct mf_matmul_attrs { int32_t ta, tb, act, pad; } mf_matmul_attrs;
mf_ref mf_matmul(mf_graph *g, mf_ref a, mf_ref b, mf_ref bias, bool ta, bool tb);
mf_ref mf_linear(mf_graph *g, mf_ref x, mf_ref w, mf_ref b);
/* bmm: a [B,M,K] (or [B,K,M] with ta), b [B,K,N] (or [B,N,K] with tb) -> [B,M,N] f32, a product for each of B. */
mf_ref mf_bmm(mf_graph *g, mf_ref a, mf_ref b, bool ta, bool tb);

/* ---- batch normalisation (Ioffe and Szegedy 2015; PyTorch's conventions) -----------------------------------
 * bn: x [N,C,H,W] or [N,C], gamma, beta, rmean, rvar [C], counter [1] or none, res like x or none
 *   biased batch variance normalises; running: r = (1-m) r + m s, variance unbiased (n/(n-1)); counter += 1
 *   y = act((x - mean) * invstd * gamma + beta + res); outputs y, mean [C], invstd [C].  res and act from fusion only.
 *   MF_E_NUMERIC is not raised for n = 1; PyTorch refuses it, and so does the kernel: MF_E_ARG "batch norm needs more than one value a channel".
 * bn_dx: dy, dy2 or none (the gradient is dy + dy2), y or none, x, gamma, mean, invstd, beta or none
 *   -> dx, dgamma [C], dbeta [C], dres = (dy + dy2) masked by y > 0 (an output nobody wants has pointer NULL). With act,
 *   either y or beta is there: without a residual, y > 0 where (x - mean) * invstd * gamma + beta > 0.
 * bn_eval: x, gamma, beta, rmean, rvar -> (x - rmean)/sqrt(rvar + eps) * gamma + beta.
 * bn_eval_dx: dy, x or none (then nobody wants dgamma), gamma, rmean, rvar -> dx, dgamma, dbeta.
 * bn_fold: w [Co,...], b or none, gamma, beta, rmean, rvar -> w', b' so that conv(x, w') + b' = bn_eval(conv(x, w) + b). */
typedef struct mf_bn_attrs { float eps, momentum; int32_t act, pad; } mf_bn_attrs;
/* The layer "scope.name": parameters weight, bias, running_mean, running_var, num_batches_tracked; training or eval form
 * by mf_graph_training (frozen scopes take the eval form). eps 1e-5, momentum 0.1. */
mf_ref mf_batchnorm(mf_graph *g, mf_ref x, const char *name);
/* The same with what is usual said otherwise. gamma: where the weight starts (1). plain: weight and bias are not trained (buffers). */
typedef struct mf_bn_spec { float eps, momentum; double gamma; bool plain; } mf_bn_spec;
mf_ref mf_batchnorm_as(mf_graph *g, mf_ref x, const char *name, mf_bn_spec s);

/* ---- element-wise -------------------------------------------------------------------------------------------
 * unary: kind below.  unary_dx: dy, x or none, y or none -> dx: relu, sigmoid, tanh, exp and sqrt get y, the others x.
 * binary: numpy broadcasting.  scale: y = mul * x + add. */
typedef enum mf_unary_kind {
    MF_U_RELU, MF_U_SIGMOID, MF_U_TANH, MF_U_EXP, MF_U_LOG, MF_U_SQRT, MF_U_SQUARE, MF_U_ABS, MF_U_COUNT
} mf_unary_kind;
typedef struct mf_unary_attrs { int32_t kind, pad; } mf_unary_attrs;
mf_ref mf_unary(mf_graph *g, mf_unary_kind k, mf_ref x);
bool   mf_unary_dx_reads_y(mf_unary_kind k); /* else it reads x */
mf_ref mf_relu(mf_graph *g, mf_ref x);
mf_ref mf_sigmoid(mf_graph *g, mf_ref x);
typedef enum mf_binary_kind { MF_B_ADD, MF_B_SUB, MF_B_MUL, MF_B_DIV, MF_B_MAX, MF_B_COUNT } mf_binary_kind;
typedef struct mf_binary_attrs { int32_t kind, pad; } mf_binary_attrs;
mf_ref mf_binary(mf_graph *g, mf_binary_kind k, mf_ref a, mf_ref b); /* MAX: ties give the gradient to a */
/* max_dx: dy, a, b -> dy where a >= b else 0, dy where not else 0; both of the broadcast shape. */
mf_ref mf_add(mf_graph *g, mf_ref a, mf_ref b);
mf_ref mf_mul(mf_graph *g, mf_ref a, mf_ref b);
typedef struct mf_scale_attrs { double mul, add; } mf_scale_attrs;
mf_ref mf_scale(mf_graph *g, mf_ref x, double mul, double add);
/* prelu: x [N,C,...], slope [C]: max(0,x) + slope min(0,x).  prelu_dx -> dx, dslope. */
mf_ref mf_prelu(mf_graph *g, mf_ref x, mf_ref slope);
/* clip: min(max(x, lo), hi); clip_dx: dy, y -> dy where lo < y < hi.  ReLU6 is clip(x, 0, 6). */
typedef struct mf_clip_attrs { double lo, hi; } mf_clip_attrs;
mf_ref mf_clip(mf_graph *g, mf_ref x, double lo, double hi);
/* dropout: keeps with probability 1-p, scaled by 1/(1-p); the mask is a function of (run seed, run step, `id`, element).
 * Identity outside training. dropout_dx draws the same mask again. */
typedef struct mf_dropout_attrs { float p; uint32_t id; } mf_dropout_attrs;
mf_ref mf_dropout(mf_graph *g, mf_ref x, float p);

/* ---- reductions and shapes ----------------------------------------------------------------------------------
 * reduce: over the axes in `mask` (bit d), sum, mean or max (gradient to the first maximum); keep: reduced dims stay 1.
 * reduce_max_dx: dy, x -> dx.
 * expand: x broadcast to the shape of `like` (shape only), after ones are put in at the axes of `mask` (0: none); kind
 *   MEAN also divides by how often an element of x is repeated: the gradient of a mean.
 * reduce_to: sum x down to the shape of `like` (shape only), f32. */
typedef enum mf_reduce_kind { MF_R_SUM, MF_R_MEAN, MF_R_MAX, MF_R_COUNT } mf_reduce_kind;
typedef struct mf_reduce_attrs { int32_t kind; uint32_t mask; int32_t keep, pad; } mf_reduce_attrs;
typedef struct mf_expand_attrs { int32_t kind; uint32_t mask; } mf_expand_attrs; /* kind MF_R_SUM or MF_R_MEAN */
mf_ref mf_reduce(mf_graph *g, mf_reduce_kind k, mf_ref x, uint32_t mask, bool keep);
mf_ref mf_mean_all(mf_graph *g, mf_ref x); /* -> [1]... a scalar of shape [] is shown as [1] */
mf_ref mf_expand(mf_graph *g, mf_ref x, mf_ref like);
mf_ref mf_reduce_to(mf_graph *g, mf_ref x, mf_ref like);
/* reshape: dims with 0 = keep that dim of x (use it for the batch), -1 = what is left. A view.
 * flatten: [N, ...] -> [N, rest]. */
typedef struct mf_reshape_attrs { int64_t dim[MF_MAX_DIMS]; int32_t ndim, pad; } mf_reshape_attrs;
mf_ref mf_reshape(mf_graph *g, mf_ref x, int ndim, const int64_t *dims);
mf_ref mf_flatten(mf_graph *g, mf_ref x);
/* reshape_like: x's elements in the shape of `like` (shape only); the gradient of a reshape. A view. */
mf_ref mf_reshape_like(mf_graph *g, mf_ref x, mf_ref like);
/* concat along axis >= 1 of 2 to 15 values; slice: [start, start+len) along axis >= 1;
 * slice_dx: dy placed into zeros of the shape of `like`. */
typedef struct mf_axis_attrs { int32_t axis, pad; int64_t start, len; } mf_axis_attrs;
mf_ref mf_concat(mf_graph *g, const mf_ref *x, int n, int axis);
mf_ref mf_slice(mf_graph *g, mf_ref x, int axis, int64_t start, int64_t len);
/* crop: x [N,C,H,W], at [N,2] f32 -> [N,C,h,w]: the window whose top row is floor(at[n][0]) and whose left column is
 * floor(at[n][1]); zeros where it leaves the map. No gradient for `at`.  crop_dx: dy, at, x (shape only) -> dx. */
typedef struct mf_crop_attrs { int32_t h, w; } mf_crop_attrs;
mf_ref mf_crop(mf_graph *g, mf_ref x, mf_ref at, int h, int w);
/* midpoints: x [N,P,3], points as x, y and how sure -> [N,3,Q], the x of all, then the y, then how sure: point q lies between
 * a[q] and b[q] (which may be the same), moved by dx[q], dy[q], and is as sure as the less sure of the two. No gradient. */
enum { MF_MIDPOINTS_MAX = 32 };
typedef struct mf_midpoints_attrs {
    int32_t n, pad; /* Q */
    uint8_t a[MF_MIDPOINTS_MAX], b[MF_MIDPOINTS_MAX];
    float   dx[MF_MIDPOINTS_MAX], dy[MF_MIDPOINTS_MAX];
} mf_midpoints_attrs;
mf_ref mf_midpoints(mf_graph *g, mf_ref x, const mf_midpoints_attrs *a);
/* gauss_maps: points [N,3,Q] as above -> [N,Q,h,w] f32: on a canvas of side_y x side_x pixels, exp(-d^2 / 2 sigma^2) around the
 * pixel in which (x mul_x, y mul_y) lies, cut to 2 reach + 1 pixels a side, then resized to h x w: bilinear, pixels at half
 * places, without low-pass. Zero for points that are not surer than `sure`. ahead: pixels by which the peak of OADN's published
 * program misses its point are kept (nn/gauss.h). No gradient. */
typedef struct mf_gauss_attrs { int32_t h, w, side_y, side_x, reach, ahead; float mul_y, mul_x, sigma, sure; } mf_gauss_attrs;
mf_ref mf_gauss_maps(mf_graph *g, mf_ref points, mf_gauss_attrs a);
/* zoom: x [N,C,H,W] -> [N,C,H,W]: a box of each picture stretched to the whole size: bilinear, pixels at half places, none
 * read from outside the box (growing needs no low-pass). The box is left, top, right, bottom as shares of width and
 * height, rounded to whole pixels (halves to even) or cut off; with 0 < lo <= hi <= 1, while training, a box of a scale
 * drawn evenly from lo to hi at an even place, a function of (run seed, run step, id, sample).  zoom_dx: dy -> dx.
 * mf_zoom_at: at [N,2] f32, the row and the column that each sample's box is around: a square of `radius` of the shorter side to
 * each side, moved into the picture where it would leave it.  zoom: x, at or none;  zoom_dx: dy, at or none. */
typedef struct mf_zoom_attrs { float left, top, right, bottom, lo, hi; uint32_t id; int32_t truncate; float radius; } mf_zoom_attrs;
mf_ref mf_zoom(mf_graph *g, mf_ref x, mf_zoom_attrs a);
mf_ref mf_zoom_at(mf_graph *g, mf_ref x, mf_ref at, float radius, bool truncate);
/* The same value, no gradient (a view). */
mf_ref mf_detach(mf_graph *g, mf_ref x);

/* ---- pooling ------------------------------------------------------------------------------------------------
 * maxpool: pads with minus infinity; outputs y and idx u8 (position in the window, row-major: i*kw + j; kh*kw <= 255;
 *   first maximum wins; NaN wins).  maxpool_dx: dy, idx, x (shape only) -> dx.
 * avgpool: `count_pad` counts padding in the mean.  avgpool_dx: dy, x (shape only) -> dx.
 * gap: global average pool [N,C,H,W] -> [N,C] f32, plain layout.  gap_dx: dy, x (shape only) -> dx ACT. */
typedef struct mf_pool_attrs { int32_t kh, kw, sh, sw, ph, pw, ceil, count_pad; } mf_pool_attrs;
mf_ref mf_maxpool(mf_graph *g, mf_ref x, mf_pool_attrs a);
mf_ref mf_avgpool(mf_graph *g, mf_ref x, mf_pool_attrs a);
mf_ref mf_gap(mf_graph *g, mf_ref x);
/* adaptive_avgpool: x [N,C,H,W] -> [N,C,h,w], the mean over rows floor(i H / h) to ceil((i + 1) H / h) and columns likewise,
 * as PyTorch's; cells may overlap and be larger than the map. adaptive_avgpool_dx: dy, x (shape only) -> dx. */
typedef struct mf_adaptive_attrs { int32_t h, w; } mf_adaptive_attrs;
mf_ref mf_adaptive_avgpool(mf_graph *g, mf_ref x, int h, int w);

/* wpool: x [N,C,H,W], maps [N,P,H,W] f32 -> [N,P,C] f32: the mean over places of x times map p, once for each of P weights of
 * places. wpool_dx: dy, maps, x (shape only) -> dx.  wpool_dm: dy, x -> dmaps. */
mf_ref mf_wpool(mf_graph *g, mf_ref x, mf_ref maps);

/* lrn: local response normalisation over `size` channels, clipped at the ends (Krizhevsky et al. 2012, section 3.3; alpha
 * is not divided by the size): y = x s^-beta, s = kappa + alpha sum_window x^2.  lrn_dx: dy, x -> dx. */
typedef struct mf_lrn_attrs { int32_t size; float kappa, alpha, beta; } mf_lrn_attrs;
mf_ref mf_lrn(mf_graph *g, mf_ref x, mf_lrn_attrs a);

/* ---- normalised exponentials, norms, losses -----------------------------------------------------------------
 * softmax, log_softmax along axis (1 for logits [N,C] and for maps [N,C,H,W]).  softmax_dx: dy, y; log_softmax_dx: dy, y.
 * l2norm along axis: y = x / max(|x|, 1e-12); outputs y, norm f32 (axis has length 1).  l2norm_dx: dy, y, norm -> dx
 *   (where |x| < 1e-12 the map is linear: dx = dy / 1e-12).
 * cross_entropy: logits [N,C], target [N,C] (rows sum to 1), weight [C] or none; smoothing s: t' = (1-s) t + s/C
 *   loss = sum_ic -w_c t'_ic log p_ic / sum_ic w_c t_ic; outputs loss [1], p [N,C], each sample's term [N].
 *   cross_entropy_dx: dloss [1], p, target, weight or none -> dlogits.
 * mse: mean over all elements of (a-b)^2, accumulated in f32 or wider -> [1].  mse_dx: dloss [1], a, b -> da (db = -da). */
mf_ref mf_softmax(mf_graph *g, mf_ref x, int axis);
mf_ref mf_log_softmax(mf_graph *g, mf_ref x, int axis);
mf_ref mf_l2norm(mf_graph *g, mf_ref x, int axis);
typedef struct mf_ce_attrs { float smoothing; int32_t pad; } mf_ce_attrs;
mf_ref mf_cross_entropy(mf_graph *g, mf_ref logits, mf_ref target, mf_ref weight, float smoothing);
mf_ref mf_mse(mf_graph *g, mf_ref a, mf_ref b);

/* ---- centres of classes --------------------------------------------------------------------------------------
 * centre_loss: x [N,D], target [N,C], centres [C,D] (a buffer) -> loss [1], differences [N,D] (Wen et al. 2016):
 *   loss = 1/(2N) sum_ic t_ic |x_i - m_c|^2      difference_i = sum_c t_ic (x_i - m_c)      of the centres as they were;
 *   then m_c -= rate sum_i t_ic (m_c - x_i) / (1 + sum_i t_ic)      their equation 4 with a target for the delta.
 *   Gradient for x alone: their equation 3, over N. */
typedef struct mf_centre_attrs { float rate; } mf_centre_attrs;
mf_ref mf_centre_loss(mf_graph *g, mf_ref x, mf_ref target, mf_ref centres, float rate);

/* ---- pairs of a batch ----------------------------------------------------------------------------------------
 * eye: x [N,...] (shape only) -> [N,N], the identity. No gradient.
 * triplet_pick: dp [N,N], dn [N,N], target [N,C] -> positive [N,N], negative [N,N]: dp[i][j] is the distance of anchor i from
 *   the possible positive j, dn[i][j] that from sample j; a sample's class is its largest target. Row i of `positive` is 1 at
 *   one positive: with probability `same` i itself, else another sample of its class, drawn evenly (i where there is none).
 *   `negative` is 1/M at the M (anchor, negative) pairs of the batch that count: those of another class, by anchor
 *   ALL: each; HARDEST: the nearest; SEMI_HARD: the nearest with dp < dn < dp + margin, else the nearest; RANDOM: one, drawn
 *   evenly. Of one class alone there are none, and `negative` is 0. Draws are a function of (run seed, run step, `id`,
 *   anchor). No gradient: the loss multiplies distances by what is picked. */
typedef enum mf_mining { MF_MINE_SEMI_HARD, MF_MINE_HARDEST, MF_MINE_ALL, MF_MINE_RANDOM, MF_MINE_COUNT } mf_mining;
typedef struct mf_triplet_attrs { int32_t mining; float margin, same; uint32_t id; } mf_triplet_attrs;
mf_ref mf_eye(mf_graph *g, mf_ref x);
mf_ref mf_triplet_pick(mf_graph *g, mf_ref dp, mf_ref dn, mf_ref target, mf_mining mining, float margin, float same, mf_ref *negative);

#endif
