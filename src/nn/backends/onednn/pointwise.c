/* nn/backends/onednn/pointwise.c: 1 x 1 convolution of bf16 maps for CPUs with AVX-512 and without AMX: by f32 products, or by bf16 dot
 * products where they are fast (dot.h).
 *
 * conv2d: x, w [Co,Ci,1,1], b, res -> y.  conv2d_dx: dy, w -> dx.  conv2d_dw: x, dy -> dw.  Any stride, no padding, one group.
 * Where dot products take their time oneDNN's bf16 kernels are slower than its f32 ones. Here pixels go in chunks that stay in the
 * second-level cache: widened once (for dots: only gathered), multiplied in register tiles (small.h, dot.h), rounded on the way out with
 * bias, residual and ReLU. ResNet-50's 36 of them, 224 x 224, 16 pictures, two threads of an Emerald Rapids without AMX, all three directions:
 * 815 ms against oneDNN 2.6's 1280 ms. Each sum has one order, whatever the threads. */
#include "nn/backends/onednn/chan.h"
#include "nn/backends/onednn/conv.h"
#include "nn/backends/onednn/dot.h"
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
    const mf_dn_dot_loops *dot;     /* NULL: f32 products */
    size_t            bytes, group; /* of a value that is multiplied; most pixels of a tile */
    size_t            rb, ob;       /* blocks of channels read and of the result */
    size_t            images, side; /* pixels of an image that are multiplied: those of y */
    size_t            wo;           /* a row of them */
    size_t            big, bw;      /* pixels of x's map, and its row */
    size_t            sh, sw;
    bool              turned;       /* the data gradient: y is read, x is written */
    dn_conv_tail      tail;
    size_t            chunk, chunks, splits; /* pixels a chunk; shares of the output blocks, where chunks are fewer than threads */
    size_t            parts, part_at, m_at, part_bytes;
    uint16_t         *kept;         /* weights in pairs, made once; NULL unless they are constant */
    bool              made;
} point_state;

typedef struct point_job {
    const point_state *s;
    const uint16_t    *src, *res, *dy;
    const float       *w, *bias;
    uint16_t          *dst, *paired; /* paired: the weights, for dots */
    float             *turned, *dw;
    char              *tx, *td, *scratch;
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
    size_t                 most;

    *out = s;
    if (s == NULL) {
        return mf_oom(err, sizeof *s, "a convolution");
    }
    s->simd   = p->ctx->simd;
    s->dot    = p->ctx->dot;
    s->bytes  = s->dot != NULL ? sizeof(uint16_t) : sizeof(float);
    s->group  = s->dot != NULL ? MF_DN_DOT_GROUP : (size_t)s->simd->small->group;
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
    most      = CHUNK_FLOATS / (s->rb * V * s->group);
    most      = most < LEAST_GROUPS ? LEAST_GROUPS : most > MOST_GROUPS ? MOST_GROUPS : most;
    s->chunk  = most * s->group;
    s->chunks = (s->images * s->side + s->chunk - 1) / s->chunk;
    s->splits = s->chunks < s->parts ? (s->parts + s->chunks - 1) / s->chunks : 1;
    s->m_at       = mf_dn_align(s->rb * s->chunk * V * s->bytes);
    s->part_bytes = s->m_at + mf_dn_align(PAIR * s->chunk * V * sizeof(float));
    return MF_OK;
}

/* Where pixel q of y lies in x's map. */
static size_t
in_x(const point_state *s, size_t q)
{
    return q / s->wo * s->sh * s->bw + q % s->wo * s->sw;
}

/* n values as they are multiplied. */
static void
bring(const point_state *s, char *to, const uint16_t *from, size_t n)
{
    if (s->dot != NULL) {
        memcpy(to, from, n * sizeof *from);
    } else {
        s->simd->flat->from_bf16((float *)(void *)to, from, n);
    }
}

/* Pixels first .. first+n-1 (over all images) of one block, `blocks` a map: the map is y's, or x's with its stride. */
static void
gather(const point_state *s, char *to, const uint16_t *map, size_t blocks, size_t b, bool of_x, size_t first, size_t n)
{
    size_t t, run, q, step = of_x ? s->big : s->side;
    bool   dense = !of_x || (s->sh == 1 && s->sw == 1);

    for (t = 0; t < n; t += run) {
        const uint16_t *from = map + ((first + t) / s->side * blocks + b) * step * V;

        q   = (first + t) % s->side;
        run = s->side - q < n - t ? s->side - q : n - t;
        if (dense) {
            bring(s, to + t * V * s->bytes, from + q * V, run * V);
            continue;
        }
        for (size_t k = 0; k < run; k++) {
            bring(s, to + (t + k) * V * s->bytes, from + in_x(s, q + k) * V, V);
        }
    }
}

static void
narrow(const point_job *j, const float *m, size_t b, size_t first, size_t n)
{
    const point_state *s = j->s;
    size_t             t, run, q, step = s->turned ? s->big : s->side;
    bool               dense = !s->turned || (s->sh == 1 && s->sw == 1);
    const float       *bias = s->tail.bias ? j->bias + b * V : NULL;

    for (t = 0; t < n; t += run) {
        size_t at = ((first + t) / s->side * s->ob + b) * step * V;

        q   = (first + t) % s->side;
        run = s->side - q < n - t ? s->side - q : n - t;
        if (dense) {
            s->simd->small->narrow(j->dst + at + q * V, m + t * V, run, bias, s->tail.res ? j->res + at + q * V : NULL, s->tail.relu);
            continue;
        }
        for (size_t k = 0; k < run; k++) {
            s->simd->small->narrow(j->dst + at + in_x(s, q + k) * V, m + (t + k) * V, 1, bias, NULL, s->tail.relu);
        }
    }
}

/* m = x w of n pixels and one or two output blocks from b on. */
static void
multiply(const point_job *j, float *m, const char *x, size_t b, int blocks, size_t n)
{
    static const mf_dn_pair one = {0, 0};
    const point_state      *s = j->s;
    mf_dn_small_tile        q = {.x_block = s->chunk * V, .w_out = s->rb * CELL, .w_red = CELL, .y_block = s->chunk * V, .y_image = V, .pair = &one,
                                 .pairs = 1, .reduced = s->rb, .blocks = blocks};
    mf_dn_dot_tile          d = {.x_block = s->chunk * V, .w_out = s->rb * CELL, .y_block = s->chunk * V, .reduced = s->rb, .blocks = blocks};

    for (size_t g = 0; g < n; g += s->group) {
        const char *at     = x + g * V * s->bytes;
        int         pixels = (int)(n - g < s->group ? n - g : s->group);

        if (s->dot != NULL) {
            d.x = (const uint16_t *)(const void *)at;
            d.w = j->paired + b * s->rb * CELL;
            d.y = m + g * V;
            s->dot->tile(&d, pixels);
        } else {
            q.x = (const float *)(const void *)at;
            q.w = j->w + b * s->rb * CELL;
            q.y = m + g * V;
            s->simd->small->tile(&q, pixels);
        }
    }
}

/* Items: chunks, then shares of the output blocks. */
static void
multiply_part(void *arg, size_t part)
{
    const point_job   *j = arg;
    const point_state *s = j->s;
    size_t             items = s->chunks * s->splits, pairs = (s->ob + PAIR - 1) / PAIR, item, r;
    char              *x = j->scratch + part * s->part_bytes;
    float             *m = (float *)(void *)(x + s->m_at);

    for (item = items * part / s->parts; item < items * (part + 1) / s->parts; item++) {
        size_t first = item / s->splits * s->chunk, split = item % s->splits, n = s->images * s->side - first, pair, g;

        n = n < s->chunk ? n : s->chunk;
        for (r = 0; r < s->rb; r++) {
            gather(s, x + r * s->chunk * V * s->bytes, j->src, s->rb, r, !s->turned, first, n);
        }
        for (pair = pairs * split / s->splits; pair < pairs * (split + 1) / s->splits; pair++) {
            size_t b = pair * PAIR, left = s->ob - b < PAIR ? s->ob - b : PAIR;

            multiply(j, m, x, b, (int)left, n);
            for (g = 0; g < left; g++) {
                narrow(j, m + g * s->chunk * V, b + g, first, n);
            }
        }
    }
}

/* [output block][block read] cells of weights in pairs of what is read; the data gradient finds its cells the other way round. */
static void
pair_part(void *arg, size_t part)
{
    const point_job   *j = arg;
    const point_state *s = j->s;

    for (size_t b = s->ob * part / s->parts; b < s->ob * (part + 1) / s->parts; b++) {
        for (size_t r = 0; r < s->rb; r++) {
            s->dot->weights(j->paired + (b * s->rb + r) * CELL, j->w + (s->turned ? r * s->ob + b : b * s->rb + r) * CELL, s->turned);
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
    s->tail = mf_dn_conv_tail(p);
    if (s->dot != NULL) {
        size_t bytes = s->rb * s->ob * CELL * sizeof(uint16_t);

        if (!p->const_in[1]) {
            s->part_at = mf_dn_align(bytes);
        } else if ((s->kept = mf_aligned(bytes)) == NULL) {
            mf_free(s);
            return mf_oom(err, bytes, "weights");
        } else {
            p->keep       = bytes;
            p->once_in[1] = true;
        }
    }
    p->scratch = s->part_at + s->parts * s->part_bytes;
    p->state   = s;
    return MF_OK;
}

static void
fwd_release(void *state)
{
    if (state != NULL) {
        mf_free(((point_state *)state)->kept);
        mf_free(state);
    }
}

static mf_status
fwd_run(void *state, const mf_run *r, mf_err *err)
{
    point_state *s = state;
    point_job    j = {.s = s, .src = r->in[0], .w = r->in[1], .bias = s->tail.bias ? r->in[2] : NULL, .res = s->tail.res ? r->in[3] : NULL,
                      .dst = r->out[0], .scratch = (char *)r->scratch + s->part_at, .paired = s->kept != NULL ? s->kept : r->scratch};

    (void)err;
    if (s->dot != NULL && (s->kept == NULL || r->fresh || !s->made)) {
        mf_dn_parts(s->parts, pair_part, &j);
        s->made = true;
    }
    mf_dn_parts(s->parts, multiply_part, &j);
    return MF_OK;
}

const mf_kernel_def mf_onednn_pointwise_conv2d = {
    .op = "conv2d", .name = "pointwise.conv2d", .supports = fwd_supports, .prepare = fwd_prepare, .run = fwd_run, .release = fwd_release,
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
    s->part_at = mf_dn_align(s->rb * s->ob * CELL * s->bytes);
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
                            .paired = r->scratch, .scratch = (char *)r->scratch + s->part_at};

    (void)err;
    mf_dn_parts(s->parts, s->dot != NULL ? pair_part : turn_part, &j);
    if (s->sh > 1 || s->sw > 1) { /* pixels between the strides */
        mf_dn_parts(s->parts, clear_part, &j);
    }
    j.w = s->dot != NULL ? NULL : j.turned;
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
    s->chunk  = DW_FLOATS * sizeof(float) / s->bytes / ((s->rb + s->ob) * V);
    s->chunk  = s->chunk < V ? V : s->chunk;
    s->chunks = (all + s->chunk - 1) / s->chunk;
    s->chunk  = (all + s->chunks - 1) / s->chunks;
    s->chunk += s->chunk % 2; /* pairs */
    p->in[0].layout  = mf_layout_nchw_c(&p->in[0].shape, V);
    p->in[1].layout  = mf_layout_nchw_c(&p->in[1].shape, V);
    p->out[0].layout = mf_dn_weight_cells(&p->out[0].shape);
    p->scratch       = (s->rb + s->ob) * s->chunk * V * s->bytes;
    p->state         = s;
    return MF_OK;
}

/* Items: blocks of x, then those of dy. */
static void
gather_part(void *arg, size_t part)
{
    const point_job   *j = arg;
    const point_state *s = j->s;
    size_t             n = s->rb + s->ob, b;

    for (b = n * part / s->parts; b < n * (part + 1) / s->parts; b++) {
        char *to = j->tx + b * s->chunk * V * s->bytes; /* td follows tx */

        if (b < s->rb) {
            gather(s, to, j->src, s->rb, b, true, j->first, j->n);
        } else {
            gather(s, to, j->dy, s->ob, b - s->rb, false, j->first, j->n);
        }
        if (s->dot != NULL) {
            s->dot->pairs((uint16_t *)(void *)to, j->n);
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
        size_t      b = item / s->rb * PAIR, r = item % s->rb;
        const void *x = j->tx + r * s->chunk * V * s->bytes, *d = j->td + b * s->chunk * V * s->bytes;
        float      *c = j->dw + (b * s->rb + r) * CELL;
        int         blocks = s->ob - b >= PAIR ? PAIR : 1;

        if (s->dot != NULL) {
            s->dot->outer(c, s->rb * CELL, x, d, s->chunk * V, (j->n + 1) / 2, blocks, j->first > 0);
        } else {
            s->simd->wino->outer(c, s->rb * CELL, x, d, s->chunk * V, j->n, blocks, j->first > 0);
        }
    }
}

static mf_status
dw_run(void *state, const mf_run *r, mf_err *err)
{
    const point_state *s = state;
    point_job          j = {.s = s, .src = r->in[1], .dy = r->in[0], .dw = r->out[0], .tx = r->scratch};
    size_t             all = s->images * s->side;

    (void)err;
    j.td = j.tx + s->rb * s->chunk * V * s->bytes;
    for (j.first = 0; j.first < all; j.first += s->chunk) {
        j.n = all - j.first < s->chunk ? all - j.first : s->chunk;
        mf_dn_parts(s->parts, gather_part, &j);
        mf_dn_parts(s->parts, outer_part, &j);
    }
    return MF_OK;
}

const mf_kernel_def mf_onednn_pointwise_conv2d_dw = {
    .op = "conv2d_dw", .name = "pointwise.conv2d_dw", .supports = dw_supports, .prepare = dw_prepare, .run = dw_run, .release = mf_free,
};
