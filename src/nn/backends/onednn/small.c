/* nn/backends/onednn/small.c: convolution and its gradients on small maps, f32 (see small.h).
 *
 * One kernel definition an op; the list has them before oneDNN's and after wino.c's, which takes most 3 x 3 of stride 1, so that they
 * are taken where they apply: f32, one group,
 * more than one tap, whole blocks of channels, at most 16 pixels on the smaller side, a batch that fills a tile. The rule
 * depends on shapes and CPU alone. Each result is summed by one thread in one order.
 *
 * ResNet-18 at 64 x 64, batch 64, one thread of a Xeon with AVX-512, ms (bench_kernels), against oneDNN 2.6:
 *   512 -> 512 k3 on 2 x 2: forward 10 : 21, data gradient 10 : 20, weight gradient 6 : 79; 256 -> 256 k3 on 4 x 4: weight
 *   gradient 16 : 35; 1 x 1 kernels lose. */
#include "nn/backends/onednn/small.h"
#include "nn/backends/onednn/chan.h"
#include "nn/backends/onednn/conv.h"
#include "nn/backends/onednn/onednn.h"

#include <stdio.h>
#include "core/mem.h"
#include "core/thread.h"
#include "nn/ops.h"

enum { MAX_PIXELS = 16, MAX_FROM = 64, MIN_BATCH = 8, MIN_CHANNELS = 64 };

typedef struct small_state {
    const mf_dn_simd        *simd;
    const mf_dn_small_loops *loops;
    size_t                   n, v;
    size_t                   ob, rb, op, rp; /* blocks and pixels of the result and of what is reduced (dw: of y and of x) */
    size_t                   taps;
    size_t                   w_out, w_red;
    mf_dn_pair              *pair;           /* all lists, one after the other */
    size_t                  *start;          /* of each output pixel (dw: of each tap), and the end */
    size_t                   x_at, d_at, vec_at;
    dn_conv_tail             tail;
    mf_dn_chan               chan;           /* of the result, for bias, residual and ReLU */
} small_state;

typedef struct small_job {
    const small_state *s;
    const float       *src, *w, *x, *d;
    float             *dst;
    size_t             blocks, pixels; /* of src when packing */
} small_job;

/* Do the three tensors fit? x: input map, y: output map of the forward convolution. */
static bool
applies(const mf_prep *p, const mf_tdesc *x, const mf_tdesc *y, const mf_tdesc *w, const mf_conv2d_attrs *a)
{
    dn_home home = p->ctx->home_f32;
    int64_t v    = p->ctx->simd->small->width;

    return ((home == DN_HOME_NCHW16C && v == 16) || (home == DN_HOME_NCHW8C && v == 8)) && a->groups == 1 &&
           w->shape.dim[2] * w->shape.dim[3] > 1 && x->dtype == MF_DTYPE_F32 && y->dtype == MF_DTYPE_F32 && x->shape.dim[0] >= MIN_BATCH &&
           y->shape.dim[2] * y->shape.dim[3] <= MAX_PIXELS && x->shape.dim[2] * x->shape.dim[3] <= MAX_FROM &&
           x->shape.dim[1] % v == 0 && y->shape.dim[1] % v == 0 && x->shape.dim[1] >= MIN_CHANNELS &&
           y->shape.dim[1] >= MIN_CHANNELS;
}

/* Weights in blocks: [Co/V][Ci/V][kh][kw] of V x V, the output channel (or, for the data gradient, the input one) last. */
static mf_layout
weight_layout(const mf_shape *w, int v, bool in_last)
{
    mf_layout l    = {.nblk = 2, .blk_dim = {in_last ? 0 : 1, in_last ? 1 : 0}, .blk = {v, v}};
    int64_t   cell = (int64_t)v * v;

    l.stride[3] = cell;
    l.stride[2] = w->dim[3] * cell;
    l.stride[1] = w->dim[2] * w->dim[3] * cell;
    l.stride[0] = w->dim[1] / v * l.stride[1];
    return l;
}

static void
small_release(void *state)
{
    small_state *s = state;

    if (s != NULL) {
        mf_free(s->pair);
        mf_free(s->start);
        mf_free(s);
    }
}

typedef enum list_kind { LIST_FWD, LIST_DX, LIST_DW } list_kind;

/* The lists: for each output pixel (x, tap) pairs; for each input pixel (y, tap); for each tap (x, y). */
static mf_status
make_lists(small_state *s, list_kind kind, const mf_conv2d_attrs *a, const mf_shape *x, const mf_shape *y, const mf_shape *w,
           mf_err *err)
{
    int    h = (int)x->dim[2], wd = (int)x->dim[3], ho = (int)y->dim[2], wo = (int)y->dim[3], kh = (int)w->dim[2],
        kw = (int)w->dim[3];
    size_t lists = (size_t)(kind == LIST_FWD ? ho * wo : kind == LIST_DX ? h * wd : kh * kw), n = 0, most;
    int    o, t;

    most     = (size_t)(ho * wo) * (size_t)(kh * kw);
    s->pair  = mf_calloc(most, sizeof *s->pair);
    s->start = mf_calloc(lists + 1, sizeof *s->start);
    if (s->pair == NULL || s->start == NULL) {
        return mf_oom(err, most * sizeof *s->pair, "a convolution");
    }
    for (size_t list = 0; list < lists; list++) {
        s->start[list] = n;
        for (o = 0; o < ho * wo; o++) {
            for (t = 0; t < kh * kw; t++) {
                int i = o / wo * a->sh - a->ph + t / kw * a->dh, j = o % wo * a->sw - a->pw + t % kw * a->dw, q = i * wd + j;

                if (i < 0 || i >= h || j < 0 || j >= wd) {
                    continue;
                }
                if (kind == LIST_FWD && (size_t)o == list) {
                    s->pair[n++] = (mf_dn_pair){q, t};
                } else if (kind == LIST_DX && (size_t)q == list) {
                    s->pair[n++] = (mf_dn_pair){o, t};
                } else if (kind == LIST_DW && (size_t)t == list) {
                    s->pair[n++] = (mf_dn_pair){q, o};
                }
            }
        }
    }
    s->start[lists] = n;
    return MF_OK;
}

static mf_status
small_new(small_state **out, mf_prep *p, list_kind kind, const mf_conv2d_attrs *a, const mf_shape *x, const mf_shape *y,
          const mf_shape *w, mf_err *err)
{
    small_state *s = mf_calloc(1, sizeof *s);
    mf_status    st;
    size_t       v, xp = (size_t)(x->dim[2] * x->dim[3]), yp = (size_t)(y->dim[2] * y->dim[3]), cell;

    *out = NULL;
    if (s == NULL) {
        return mf_oom(err, sizeof *s, "a convolution");
    }
    if ((st = make_lists(s, kind, a, x, y, w, err)) < 0) {
        small_release(s);
        return st;
    }
    s->simd  = p->ctx->simd;
    s->loops = s->simd->small;
    s->v = v = (size_t)s->loops->width;
    s->n     = (size_t)x->dim[0];
    s->taps  = (size_t)(w->dim[2] * w->dim[3]);
    cell     = s->taps * v * v;
    if (kind == LIST_DX) {
        s->ob    = (size_t)x->dim[1] / v;
        s->rb    = (size_t)y->dim[1] / v;
        s->op    = xp;
        s->rp    = yp;
        s->w_out = cell;
        s->w_red = s->ob * cell;
    } else {
        s->ob    = (size_t)y->dim[1] / v;
        s->rb    = (size_t)x->dim[1] / v;
        s->op    = yp;
        s->rp    = xp;
        s->w_out = s->rb * cell;
        s->w_red = cell;
    }
    *out = s;
    return MF_OK;
}

/* [n][block][pixel][V] -> [block][pixel][n][V], a range of blocks. */
static void
pack_blocks(void *arg, size_t begin, size_t end, int thread)
{
    const small_job   *j = arg;
    const small_state *s = j->s;
    size_t             b, n, q, v = s->v;

    (void)thread;
    for (b = begin; b < end; b++) {
        for (n = 0; n < s->n; n++) {
            const float *from = j->src + (n * j->blocks + b) * j->pixels * v;

            for (q = 0; q < j->pixels; q++) {
                memcpy(j->dst + ((b * j->pixels + q) * s->n + n) * v, from + q * v, v * sizeof(float));
            }
        }
    }
}

static void
pack(const small_state *s, float *dst, const float *src, size_t blocks, size_t pixels)
{
    small_job j = {.s = s, .src = src, .dst = dst, .blocks = blocks, .pixels = pixels};

    mf_parallel_for(blocks, s->n * pixels * blocks * s->v < 1 << 14 ? blocks : 1, pack_blocks, &j);
}

/* Items: pairs of output blocks, then output pixels. */
static void
tiles(void *arg, size_t begin, size_t end, int thread)
{
    const small_job   *j = arg;
    const small_state *s = j->s;
    size_t             v = s->v, groups = (s->n + (size_t)s->loops->group - 1) / (size_t)s->loops->group, item, g;

    (void)thread;
    for (item = begin; item < end; item++) {
        size_t           b = item / s->op * 2, o = item % s->op;
        mf_dn_small_tile t = {.x_block = s->rp * s->n * v, .x_pixel = s->n * v, .w = j->w + b * s->w_out, .w_out = s->w_out,
                              .w_red = s->w_red, .y_block = s->op * v, .y_image = s->ob * s->op * v, .pair = s->pair + s->start[o],
                              .pairs = s->start[o + 1] - s->start[o], .reduced = s->rb, .blocks = s->ob - b >= 2 ? 2 : 1};

        for (g = 0; g < groups; g++) {
            size_t n0 = s->n * g / groups, n1 = s->n * (g + 1) / groups;

            t.x = j->x + n0 * v;
            t.y = j->dst + ((n0 * s->ob + b) * s->op + o) * v;
            s->loops->tile(&t, (int)(n1 - n0));
        }
    }
}

static mf_status
small_run(small_state *s, void *scratch, void *y, const void *x, const void *w, const float *bias, const void *res)
{
    small_job j = {.s = s, .x = (float *)(void *)((char *)scratch + s->x_at), .w = w, .dst = y};

    pack(s, (float *)(void *)((char *)scratch + s->x_at), x, s->rb, s->rp);
    mf_parallel_for((s->ob + 1) / 2 * s->op, 1, tiles, &j);
    if (s->tail.bias || s->tail.res || s->tail.relu) {
        float *zero = (float *)(void *)((char *)scratch + s->vec_at), *one = zero + s->chan.padded, *shift = one + s->chan.padded;
        size_t c;

        for (c = 0; c < s->chan.padded; c++) {
            zero[c]  = 0.0f;
            one[c]   = 1.0f;
            shift[c] = s->tail.bias ? bias[c] : 0.0f;
        }
        mf_dn_chan_affine(&s->chan, s->simd, false, y, y, s->tail.res ? res : NULL, zero, one, shift, s->tail.relu);
    }
    return MF_OK;
}

/* ---- conv2d ---- */

static bool
fwd_supports(const mf_prep *p, char why[128])
{
    if (!applies(p, &p->in[0], &p->out[0], &p->in[1], p->attrs)) {
        if (why != NULL) {
            snprintf(why, 128, "only small maps in f32");
        }
        return false;
    }
    return true;
}

static mf_status
fwd_prepare(mf_prep *p, mf_err *err)
{
    mf_status    st;
    small_state *s;
    int          v = p->ctx->simd->small->width;
    size_t       bytes;

    if ((st = small_new(&s, p, LIST_FWD, p->attrs, &p->in[0].shape, &p->out[0].shape, &p->in[1].shape, err)) < 0) {
        return st;
    }
    p->in[0].layout  = mf_layout_nchw_c(&p->in[0].shape, v);
    p->in[1].layout  = weight_layout(&p->in[1].shape, v, false);
    p->in[1].dtype   = MF_DTYPE_F32;
    p->out[0].layout = mf_layout_nchw_c(&p->out[0].shape, v);
    s->tail       = mf_dn_conv_tail(p);
    p->inplace[0] = -1; /* the residual is read after the sum is written */
    if (!mf_dn_chan_of(&s->chan, &p->out[0])) {
        small_release(s);
        return mf_fail(err, MF_E_INTERNAL, "a blocked map without rows of channels");
    }
    bytes      = mf_dn_align(s->rb * s->rp * s->n * s->v * sizeof(float));
    s->vec_at  = bytes;
    p->scratch = bytes + 3 * s->chan.padded * sizeof(float);
    p->state   = s;
    return MF_OK;
}

static mf_status
fwd_run(void *state, const mf_run *r, mf_err *err)
{
    small_state *s = state;

    (void)err;
    return small_run(s, r->scratch, r->out[0], r->in[0], r->in[1], s->tail.bias ? r->in[2] : NULL, s->tail.res ? r->in[3] : NULL);
}

const mf_kernel_def mf_onednn_small_conv2d = {
    .op = "conv2d", .name = "small.conv2d", .supports = fwd_supports, .prepare = fwd_prepare, .run = fwd_run,
    .release = small_release,
};

/* ---- conv2d_dx: dy, w, x (shape) -> dx ---- */

static bool
dx_supports(const mf_prep *p, char why[128])
{
    if (!applies(p, &p->out[0], &p->in[0], &p->in[1], p->attrs)) {
        if (why != NULL) {
            snprintf(why, 128, "only small maps in f32");
        }
        return false;
    }
    return true;
}

static mf_status
dx_prepare(mf_prep *p, mf_err *err)
{
    mf_status    st;
    small_state *s;
    int          v = p->ctx->simd->small->width;

    if ((st = small_new(&s, p, LIST_DX, p->attrs, &p->out[0].shape, &p->in[0].shape, &p->in[1].shape, err)) < 0) {
        return st;
    }
    p->in[0].layout  = mf_layout_nchw_c(&p->in[0].shape, v);
    p->in[1].layout  = weight_layout(&p->in[1].shape, v, true);
    p->in[1].dtype   = MF_DTYPE_F32;
    p->out[0].layout = mf_layout_nchw_c(&p->out[0].shape, v);
    p->scratch       = s->rb * s->rp * s->n * s->v * sizeof(float);
    p->state         = s;
    return MF_OK;
}

static mf_status
dx_run(void *state, const mf_run *r, mf_err *err)
{
    (void)err;
    return small_run(state, r->scratch, r->out[0], r->in[0], r->in[1], NULL, NULL);
}

const mf_kernel_def mf_onednn_small_conv2d_dx = {
    .op = "conv2d_dx", .name = "small.conv2d_dx", .supports = dx_supports, .prepare = dx_prepare, .run = dx_run,
    .release = small_release,
};

/* ---- conv2d_dw: dy, x, w (shape) -> dw ---- */

static bool
dw_supports(const mf_prep *p, char why[128])
{
    if (p->out[0].dtype != MF_DTYPE_F32 || !applies(p, &p->in[1], &p->in[0], &p->out[0], p->attrs)) {
        if (why != NULL) {
            snprintf(why, 128, "only small maps in f32");
        }
        return false;
    }
    return true;
}

static mf_status
dw_prepare(mf_prep *p, mf_err *err)
{
    mf_status    st;
    small_state *s;
    int          v = p->ctx->simd->small->width;

    if ((st = small_new(&s, p, LIST_DW, p->attrs, &p->in[1].shape, &p->in[0].shape, &p->out[0].shape, err)) < 0) {
        return st;
    }
    p->in[0].layout  = mf_layout_nchw_c(&p->in[0].shape, v);
    p->in[1].layout  = mf_layout_nchw_c(&p->in[1].shape, v);
    p->out[0].layout = weight_layout(&p->out[0].shape, v, false);
    s->d_at          = mf_dn_align(s->rb * s->rp * s->n * s->v * sizeof(float));
    p->scratch       = s->d_at + s->ob * s->op * s->n * s->v * sizeof(float);
    p->state         = s;
    return MF_OK;
}

/* Items: cells of V x V x taps, in the order of storage. */
static void
cells(void *arg, size_t begin, size_t end, int thread)
{
    const small_job   *j = arg;
    const small_state *s = j->s;
    size_t             v = s->v, item, t;

    (void)thread;
    for (item = begin; item < end; item++) {
        const float *d = j->d + item / s->rb * s->op * s->n * v, *x = j->x + item % s->rb * s->rp * s->n * v;

        for (t = 0; t < s->taps; t++) {
            s->loops->outer(j->dst + (item * s->taps + t) * v * v, x, d, s->pair + s->start[t], s->start[t + 1] - s->start[t], s->n);
        }
    }
}

static mf_status
dw_run(void *state, const mf_run *r, mf_err *err)
{
    small_state *s = state;
    float       *x = (float *)(void *)((char *)r->scratch + s->x_at), *d = (float *)(void *)((char *)r->scratch + s->d_at);
    small_job    j = {.s = s, .x = x, .d = d, .dst = r->out[0]};

    (void)err;
    pack(s, x, r->in[1], s->rb, s->rp);
    pack(s, d, r->in[0], s->ob, s->op);
    mf_parallel_for(s->ob * s->rb, 1, cells, &j);
    return MF_OK;
}

const mf_kernel_def mf_onednn_small_conv2d_dw = {
    .op = "conv2d_dw", .name = "small.conv2d_dw", .supports = dw_supports, .prepare = dw_prepare, .run = dw_run,
    .release = small_release,
};
