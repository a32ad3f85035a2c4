/* nn/backends/onednn/pointwise.c: 1 x 1 convolution of bf16 maps by f32 products, for CPUs with AVX-512 and without AMX.
 *
 * conv2d: x, w [Co,Ci,1,1], b, res -> y.  conv2d_dx: dy, w -> dx.  conv2d_dw: x, dy -> dw.  Any stride, no padding, one group.
 * oneDNN's bf16 kernels are slower there than its f32 ones, since the dot products of AVX512-BF16 take their time. Here pixels go in
 * chunks that stay in the second-level cache: widened once, multiplied in register tiles (small.h), rounded on the way out with bias,
 * residual and ReLU. ResNet-50's 36 of them, 224 x 224, 16 pictures, two threads of an Emerald Rapids without AMX, all three directions:
 * 815 ms against oneDNN 2.6's 1280 ms. Each sum has one order, whatever the threads. */
#include "nn/backends/onednn/chan.h"
#include "nn/backends/onednn/conv.h"
#include "nn/backends/onednn/onednn.h"
#include "nn/backends/onednn/small.h"
#include "nn/backends/onednn/wino.h"

#include <stdio.h>
#include "core/mem.h"
#include "core/thread.h"
#include "nn/ops.h"

/* GROUPS: of pixels that a tile takes, in a chunk: at least and at most. CHUNK_FLOATS: of what is read, widened. */
enum { V = 16, PAIR = 2, LEAST_GROUPS = 2, MOST_GROUPS = 16, CHUNK_FLOATS = 1 << 16, DW_FLOATS = 1 << 18, CELL = V * V };

typedef struct point_state {
    const mf_dn_simd *simd;
    size_t            rb, ob;       /* blocks of channels read and of the result */
    size_t            images, side; /* pixels of an image that are multiplied: those of y */
    size_t            wo;           /* a row of them */
    size_t            big, bw;      /* pixels of x's map, and its row */
    size_t            sh, sw;
    bool              turned;       /* the data gradient: y is read, x is written */
    bool              bias, res, relu;
    size_t            chunk, chunks, splits; /* pixels a chunk; shares of the output blocks, where chunks are fewer than threads */
    size_t            parts, part_at, part_bytes;
} point_state;

typedef struct point_job {
    const point_state *s;
    const uint16_t    *src, *res, *dy;
    const float       *w, *bias;
    uint16_t          *dst;
    float             *turned, *dw, *tx, *td;
    char              *scratch;
    size_t             first, n; /* dw: the chunk */
} point_job;

static bool
applies(const mf_prep *p, const mf_tdesc *x, const mf_tdesc *y, const mf_tdesc *w, char why[128])
{
    const mf_conv2d_attrs *a = p->attrs;

    if (p->ctx->amx != NULL || p->ctx->home_bf16 != DN_HOME_NCHW16C || p->ctx->simd->small->width != V || x->dtype != MF_DTYPE_BF16 ||
        y->dtype != MF_DTYPE_BF16 || w->shape.dim[2] != 1 || w->shape.dim[3] != 1 || a->groups != 1 || a->ph != 0 || a->pw != 0 ||
        w->shape.dim[0] % V != 0 || w->shape.dim[1] % V != 0) {
        if (why != NULL) {
            snprintf(why, 128, "only 1 x 1 in bf16, in whole blocks of %d channels, with AVX-512 and without AMX", V);
        }
        return false;
    }
    return true;
}

/* x, y, w as in the forward convolution. */
static mf_status
point_new(point_state **out, const mf_prep *p, const mf_tdesc *x, const mf_tdesc *y, bool turned, mf_err *err)
{
    const mf_conv2d_attrs *a = p->attrs;
    point_state           *s = mf_calloc(1, sizeof *s);
    size_t                 group, most;

    *out = s;
    if (s == NULL) {
        return mf_oom(err, sizeof *s, "a convolution");
    }
    s->simd   = p->ctx->simd;
    s->turned = turned;
    s->rb     = (size_t)(turned ? y : x)->shape.dim[1] / V;
    s->ob     = (size_t)(turned ? x : y)->shape.dim[1] / V;
    s->images = (size_t)y->shape.dim[0];
    s->side   = (size_t)(y->shape.dim[2] * y->shape.dim[3]);
    s->wo     = (size_t)y->shape.dim[3];
    s->big    = (size_t)(x->shape.dim[2] * x->shape.dim[3]);
    s->bw     = (size_t)x->shape.dim[3];
    s->sh     = (size_t)a->sh;
    s->sw     = (size_t)a->sw;
    s->parts  = (size_t)mf_threads_get();
    group     = (size_t)s->simd->small->group;
    most      = CHUNK_FLOATS / (s->rb * V * group);
    most      = most < LEAST_GROUPS ? LEAST_GROUPS : most > MOST_GROUPS ? MOST_GROUPS : most;
    s->chunk  = most * group;
    s->chunks = (s->images * s->side + s->chunk - 1) / s->chunk;
    s->splits = s->chunks < s->parts ? (s->parts + s->chunks - 1) / s->chunks : 1;
    s->part_bytes = mf_dn_align((s->rb + PAIR) * s->chunk * V * sizeof(float));
    return MF_OK;
}

/* Where pixel q of y lies in x's map. */
static size_t
in_x(const point_state *s, size_t q)
{
    return q / s->wo * s->sh * s->bw + q % s->wo * s->sw;
}

/* Pixels first .. first+n-1 (over all images) of one block, `blocks` a map: the map is y's, or x's with its stride. */
static void
widen(const point_state *s, float *to, const uint16_t *map, size_t blocks, size_t b, bool of_x, size_t first, size_t n)
{
    size_t t, run, q, step = of_x ? s->big : s->side;
    bool   dense = !of_x || (s->sh == 1 && s->sw == 1);

    for (t = 0; t < n; t += run) {
        const uint16_t *from = map + ((first + t) / s->side * blocks + b) * step * V;

        q   = (first + t) % s->side;
        run = s->side - q < n - t ? s->side - q : n - t;
        if (dense) {
            s->simd->flat->from_bf16(to + t * V, from + q * V, run * V);
            continue;
        }
        for (size_t k = 0; k < run; k++) {
            s->simd->flat->from_bf16(to + (t + k) * V, from + in_x(s, q + k) * V, V);
        }
    }
}

static void
narrow(const point_job *j, const float *m, size_t b, size_t first, size_t n)
{
    const point_state *s = j->s;
    size_t             t, run, q, step = s->turned ? s->big : s->side;
    bool               dense = !s->turned || (s->sh == 1 && s->sw == 1);
    const float       *bias = s->bias ? j->bias + b * V : NULL;

    for (t = 0; t < n; t += run) {
        size_t at = ((first + t) / s->side * s->ob + b) * step * V;

        q   = (first + t) % s->side;
        run = s->side - q < n - t ? s->side - q : n - t;
        if (dense) {
            s->simd->small->narrow(j->dst + at + q * V, m + t * V, run, bias, s->res ? j->res + at + q * V : NULL, s->relu);
            continue;
        }
        for (size_t k = 0; k < run; k++) {
            s->simd->small->narrow(j->dst + at + in_x(s, q + k) * V, m + (t + k) * V, 1, bias, NULL, s->relu);
        }
    }
}

/* Items: chunks, then shares of the output blocks. */
static void
multiply_part(void *arg, size_t part)
{
    static const mf_dn_pair one = {0, 0};
    const point_job        *j = arg;
    const point_state      *s = j->s;
    size_t                  items = s->chunks * s->splits, group = (size_t)s->simd->small->group, pairs = (s->ob + PAIR - 1) / PAIR, item, r;
    float                  *x = (float *)(void *)(j->scratch + part * s->part_bytes), *m = x + s->rb * s->chunk * V;

    for (item = items * part / s->parts; item < items * (part + 1) / s->parts; item++) {
        size_t first = item / s->splits * s->chunk, split = item % s->splits, n = s->images * s->side - first, pair, g;

        n = n < s->chunk ? n : s->chunk;
        for (r = 0; r < s->rb; r++) {
            widen(s, x + r * s->chunk * V, j->src, s->rb, r, !s->turned, first, n);
        }
        for (pair = pairs * split / s->splits; pair < pairs * (split + 1) / s->splits; pair++) {
            size_t           b = pair * PAIR, left = s->ob - b < PAIR ? s->ob - b : PAIR;
            mf_dn_small_tile q = {.x_block = s->chunk * V, .w = j->w + b * s->rb * CELL, .w_out = s->rb * CELL, .w_red = CELL,
                                  .y_block = s->chunk * V, .y_image = V, .pair = &one, .pairs = 1, .reduced = s->rb, .blocks = (int)left};

            for (g = 0; g < n; g += group) {
                q.x = x + g * V;
                q.y = m + g * V;
                s->simd->small->tile(&q, (int)(n - g < group ? n - g : group));
            }
            for (g = 0; g < left; g++) {
                narrow(j, m + g * s->chunk * V, b + g, first, n);
            }
        }
    }
}

/* What is read, the weights, and the result, of either direction. */
static void
lay_out(mf_prep *p)
{
    p->in[0].layout  = mf_layout_nchw_c(&p->in[0].shape, V);
    p->in[1].layout  = mf_dn_weight_cells(&p->in[1].shape);
    p->in[1].dtype   = MF_DTYPE_F32;
    p->out[0].layout = mf_layout_nchw_c(&p->out[0].shape, V);
}

/* ---- conv2d ---- */

static bool
fwd_supports(const mf_prep *p, char why[128])
{
    return applies(p, &p->in[0], &p->out[0], &p->in[1], why);
}

static mf_status
fwd_prepare(mf_prep *p, mf_err *err)
{
    point_state *s;
    mf_status    st = point_new(&s, p, &p->in[0], &p->out[0], false, err);

    if (st < 0) {
        return st;
    }
    lay_out(p);
    s->bias = p->nin > 2 && p->has_in[2];
    s->res  = p->nin > 3 && p->has_in[3];
    s->relu = ((const mf_conv2d_attrs *)p->attrs)->act == MF_ACT_RELU;
    if (s->bias) {
        p->in[2].dtype  = MF_DTYPE_F32;
        p->in[2].layout = mf_layout_plain(&p->in[2].shape);
    }
    if (s->res) {
        p->in[3]      = p->out[0];
        p->inplace[0] = 3;
    }
    p->scratch = s->parts * s->part_bytes;
    p->state   = s;
    return MF_OK;
}

static mf_status
fwd_run(void *state, const mf_run *r, mf_err *err)
{
    const point_state *s = state;
    point_job          j = {.s = s, .src = r->in[0], .w = r->in[1], .bias = s->bias ? r->in[2] : NULL, .res = s->res ? r->in[3] : NULL,
                            .dst = r->out[0], .scratch = r->scratch};

    (void)err;
    mf_dn_parts(s->parts, multiply_part, &j);
    return MF_OK;
}

const mf_kernel_def mf_onednn_pointwise_conv2d = {
    .op = "conv2d", .name = "pointwise.conv2d", .supports = fwd_supports, .prepare = fwd_prepare, .run = fwd_run, .release = mf_free,
};

/* ---- conv2d_dx: dy, w, x (shape) -> dx ---- */

static bool
dx_supports(const mf_prep *p, char why[128])
{
    return applies(p, &p->out[0], &p->in[0], &p->in[1], why);
}

static mf_status
dx_prepare(mf_prep *p, mf_err *err)
{
    point_state *s;
    mf_status    st = point_new(&s, p, &p->out[0], &p->in[0], true, err);

    if (st < 0) {
        return st;
    }
    lay_out(p);
    s->part_at = mf_dn_align(s->rb * s->ob * CELL * sizeof(float));
    p->scratch = s->part_at + s->parts * s->part_bytes;
    p->state   = s;
    return MF_OK;
}

/* [dx block][dy block] cells of [dy channel][dx channel], from [dy block][dx block] cells of [dx channel][dy channel]. */
static void
turn_part(void *arg, size_t part)
{
    const point_job   *j = arg;
    const point_state *s = j->s;

    for (size_t b = s->ob * part / s->parts; b < s->ob * (part + 1) / s->parts; b++) {
        for (size_t r = 0; r < s->rb; r++) {
            const float *from = j->w + (r * s->ob + b) * CELL;
            float       *to   = j->turned + (b * s->rb + r) * CELL;

            for (size_t k = 0; k < V; k++) {
                for (size_t i = 0; i < V; i++) {
                    to[k * V + i] = from[i * V + k];
                }
            }
        }
    }
}

static void
clear_part(void *arg, size_t part)
{
    const point_job   *j = arg;
    const point_state *s = j->s;
    size_t             n = s->images * s->ob * s->big * V, from = n * part / s->parts;

    memset(j->dst + from, 0, (n * (part + 1) / s->parts - from) * sizeof *j->dst);
}

static mf_status
dx_run(void *state, const mf_run *r, mf_err *err)
{
    const point_state *s = state;
    point_job          j = {.s = s, .src = r->in[0], .w = r->in[1], .dst = r->out[0], .turned = r->scratch,
                            .scratch = (char *)r->scratch + s->part_at};

    (void)err;
    mf_dn_parts(s->parts, turn_part, &j);
    if (s->sh > 1 || s->sw > 1) { /* pixels between the strides */
        mf_dn_parts(s->parts, clear_part, &j);
    }
    j.w = j.turned;
    mf_dn_parts(s->parts, multiply_part, &j);
    return MF_OK;
}

const mf_kernel_def mf_onednn_pointwise_conv2d_dx = {
    .op = "conv2d_dx", .name = "pointwise.conv2d_dx", .supports = dx_supports, .prepare = dx_prepare, .run = dx_run, .release = mf_free,
};

/* ---- conv2d_dw: dy, x, w (shape) -> dw ---- */

static bool
dw_supports(const mf_prep *p, char why[128])
{
    return p->out[0].dtype == MF_DTYPE_F32 && applies(p, &p->in[1], &p->in[0], &p->out[0], why);
}

static mf_status
dw_prepare(mf_prep *p, mf_err *err)
{
    point_state *s;
    mf_status    st = point_new(&s, p, &p->in[1], &p->in[0], false, err);
    size_t       all;

    if (st < 0) {
        return st;
    }
    all       = s->images * s->side;
    s->chunk  = DW_FLOATS / ((s->rb + s->ob) * V);
    s->chunk  = s->chunk < V ? V : s->chunk;
    s->chunks = (all + s->chunk - 1) / s->chunk;
    s->chunk  = (all + s->chunks - 1) / s->chunks;
    p->in[0].layout  = mf_layout_nchw_c(&p->in[0].shape, V);
    p->in[1].layout  = mf_layout_nchw_c(&p->in[1].shape, V);
    p->out[0].layout = mf_dn_weight_cells(&p->out[0].shape);
    p->scratch       = (s->rb + s->ob) * s->chunk * V * sizeof(float);
    p->state         = s;
    return MF_OK;
}

/* Items: blocks of x, then those of dy. */
static void
widen_part(void *arg, size_t part)
{
    const point_job   *j = arg;
    const point_state *s = j->s;
    size_t             n = s->rb + s->ob, b;

    for (b = n * part / s->parts; b < n * (part + 1) / s->parts; b++) {
        if (b < s->rb) {
            widen(s, j->tx + b * s->chunk * V, j->src, s->rb, b, true, j->first, j->n);
        } else {
            widen(s, j->td + (b - s->rb) * s->chunk * V, j->dy, s->ob, b - s->rb, false, j->first, j->n);
        }
    }
}

/* Items: pairs of output blocks, then input blocks. */
static void
outer_part(void *arg, size_t part)
{
    const point_job   *j = arg;
    const point_state *s = j->s;
    size_t             items = (s->ob + PAIR - 1) / PAIR * s->rb, item;

    for (item = items * part / s->parts; item < items * (part + 1) / s->parts; item++) {
        size_t b = item / s->rb * PAIR, r = item % s->rb;

        s->simd->wino->outer(j->dw + (b * s->rb + r) * CELL, s->rb * CELL, j->tx + r * s->chunk * V, j->td + b * s->chunk * V, s->chunk * V, j->n,
                             s->ob - b >= PAIR ? PAIR : 1, j->first > 0);
    }
}

static mf_status
dw_run(void *state, const mf_run *r, mf_err *err)
{
    const point_state *s = state;
    point_job          j = {.s = s, .src = r->in[1], .dy = r->in[0], .dw = r->out[0], .tx = r->scratch};
    size_t             all = s->images * s->side;

    (void)err;
    j.td = j.tx + s->rb * s->chunk * V;
    for (j.first = 0; j.first < all; j.first += s->chunk) {
        j.n = all - j.first < s->chunk ? all - j.first : s->chunk;
        mf_dn_parts(s->parts, widen_part, &j);
        mf_dn_parts(s->parts, outer_part, &j);
    }
    return MF_OK;
}

const mf_kernel_def mf_onednn_pointwise_conv2d_dw = {
    .op = "conv2d_dw", .name = "pointwise.conv2d_dw", .supports = dw_supports, .prepare = dw_prepare, .run = dw_run, .release = mf_free,
};
