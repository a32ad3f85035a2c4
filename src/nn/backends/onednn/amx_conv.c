/* nn/backends/onednn/amx_conv.c: convolution and its data gradient on the tile unit, on maps where oneDNN's loops starve (see amx.h).
 *
 * conv2d:    x [N,Ci,H,W], w [Co,Ci,kh,kw], b, res -> y, as nn/ops.h has it.    conv2d_dx: dy, w -> dx.
 * Activations are bf16, channels last. The map that is read is packed once, [pixel][32 channels][image][32]; weights in training are
 * the f32 ones, in cells, turned to bf16 tiles here; in inference they are stored as tiles. */
#include "nn/backends/onednn/amx.h"
#include "nn/backends/onednn/conv.h"

#include <stdio.h>
#include "core/mem.h"
#include "core/thread.h"
#include "nn/ops.h"

enum { MIN_IMAGES = 12, TILE = 512 };

typedef struct conv_state {
    const mf_dn_amx_loops *loops;
    int                    n;
    int                    rc, oc;          /* channels read, channels of the result */
    size_t                 rp, op, taps;    /* pixels read, pixels of the result */
    size_t                 ks, panels, tiles; /* 32s of rc, 32s of oc, 16s of images */
    size_t                 w_lo, w_k, w_o;  /* f32 cells: floats to the next 16 of rc, of oc */
    mf_dn_pair            *pair;
    size_t                *start;           /* [op + 1] */
    size_t                 w_at;            /* scratch: the weights as tiles */
    bool                   data_gradient, cells;
    dn_conv_tail           tail;
} conv_state;

typedef struct conv_job {
    const conv_state *s;
    const uint16_t   *x, *w, *res;
    const float      *cells, *bias;
    uint16_t         *px, *pw, *y;
} conv_job;

/* Pixels of the result up to which this is faster than oneDNN 2.6, by bench_kernels on a Xeon with AMX (one thread, ms, this : oneDNN):
 *   512 -> 512 k3 on 7 x 7, batch 32: forward 4.2 : 8.4, data gradient 4.2 : 10.6; on 2 x 2, batch 64: 0.94 : 11.6, 0.93 : 10.6
 *   128 -> 128 k3 on 8 x 8, batch 64: 0.83 : 0.80, 0.83 : 1.12; 256 -> 256 k3 on 14 x 14, batch 32: 4.9 : 4.3, 5.1 : 4.6
 *   data gradients of stride 2, batch 32: 64 -> 128 k3 from 28 x 28 to 56 x 56 3.6 : 8.6, 128 -> 256 k1 from 7 x 7 to 14 x 14 0.9 : 1.3. */
static int64_t
most_pixels(const mf_conv2d_attrs *a, int64_t taps, bool gradient)
{
    bool strided = a->sh > 1 || a->sw > 1;

    if (taps == 1) {
        return gradient && strided ? 256 : 4;
    }
    return !gradient ? 49 : strided ? 4096 : 64;
}

/* x is the forward convolution's input, w its weights. */
static bool
applies(const mf_prep *p, const mf_tdesc *x, const mf_tdesc *y, const mf_tdesc *w, const mf_conv2d_attrs *a, bool gradient, char why[128])
{
    int64_t read = gradient ? 0 : 1, pixels = gradient ? x->shape.dim[2] * x->shape.dim[3] : y->shape.dim[2] * y->shape.dim[3];

    if (p->ctx->amx == NULL || p->ctx->home_bf16 != DN_HOME_NHWC || x->dtype != MF_DTYPE_BF16 || y->dtype != MF_DTYPE_BF16 ||
        a->groups != 1 || w->shape.dim[read] % MF_DN_PANEL != 0 || w->shape.dim[1 - read] % 16 != 0 || x->shape.dim[0] < MIN_IMAGES ||
        pixels > most_pixels(a, w->shape.dim[2] * w->shape.dim[3], gradient)) {
        if (why != NULL) {
            snprintf(why, 128, "needs AMX, bf16, one group, 32 channels at a time, %d images and a small map", MIN_IMAGES);
        }
        return false;
    }
    return true;
}

static void
conv_release(void *state)
{
    conv_state *s = state;

    if (s != NULL) {
        mf_free(s->pair);
        mf_free(s->start);
        mf_free(s);
    }
}

/* For each pixel of the result, the (pixel read, tap) that count, in the order of taps. */
static mf_status
make_lists(conv_state *s, const mf_conv2d_attrs *a, const mf_shape *x, const mf_shape *y, int kh, int kw, mf_err *err)
{
    int    h = (int)x->dim[2], w = (int)x->dim[3], ho = (int)y->dim[2], wo = (int)y->dim[3], q, u, v;
    size_t n = 0, most = (size_t)(ho * wo) * s->taps;

    s->pair  = mf_calloc(most, sizeof *s->pair);
    s->start = mf_calloc(s->op + 1, sizeof *s->start);
    if (s->pair == NULL || s->start == NULL) {
        return mf_oom(err, most * sizeof *s->pair, "a convolution");
    }
    for (q = 0; q < (int)s->op; q++) {
        s->start[q] = n;
        for (u = 0; u < kh; u++) {
            for (v = 0; v < kw; v++) {
                if (!s->data_gradient) {
                    int i = q / wo * a->sh - a->ph + u * a->dh, k = q % wo * a->sw - a->pw + v * a->dw;

                    if (i >= 0 && i < h && k >= 0 && k < w) {
                        s->pair[n++] = (mf_dn_pair){i * w + k, u * kw + v};
                    }
                } else {
                    int i = q / w + a->ph - u * a->dh, k = q % w + a->pw - v * a->dw;

                    if (i >= 0 && k >= 0 && i % a->sh == 0 && k % a->sw == 0 && i / a->sh < ho && k / a->sw < wo) {
                        s->pair[n++] = (mf_dn_pair){i / a->sh * wo + k / a->sw, u * kw + v};
                    }
                }
            }
        }
    }
    s->start[s->op] = n;
    return MF_OK;
}

/* Weights as the loops read them: [32 out][tap][32 in][2 tiles][16 pairs][16 out][2 in]. */
static mf_layout
tile_layout(const mf_shape *w)
{
    mf_layout l = {.nblk = 4, .blk_dim = {0, 1, 0, 1}, .blk = {2, 16, 16, 2}};

    l.stride[1] = 2 * TILE;
    l.stride[3] = (w->dim[1] + 31) / 32 * l.stride[1];
    l.stride[2] = w->dim[3] * l.stride[3];
    l.stride[0] = w->dim[2] * l.stride[2];
    return l;
}

static mf_status
conv_new(mf_prep *p, const mf_tdesc *x, const mf_tdesc *y, int wi, bool gradient, mf_err *err)
{
    const mf_conv2d_attrs *a  = p->attrs;
    const mf_shape        *ws = &p->in[wi].shape;
    conv_state            *s  = mf_calloc(1, sizeof *s);
    size_t                 cell, packed;
    mf_status              st;

    if (s == NULL) {
        return mf_oom(err, sizeof *s, "a convolution");
    }
    s->loops         = p->ctx->amx;
    s->data_gradient = gradient;
    s->n             = (int)x->shape.dim[0];
    s->rc            = (int)ws->dim[gradient ? 0 : 1];
    s->oc            = (int)ws->dim[gradient ? 1 : 0];
    s->rp            = (size_t)(gradient ? y->shape.dim[2] * y->shape.dim[3] : x->shape.dim[2] * x->shape.dim[3]);
    s->op            = (size_t)(gradient ? x->shape.dim[2] * x->shape.dim[3] : y->shape.dim[2] * y->shape.dim[3]);
    s->taps          = (size_t)(ws->dim[2] * ws->dim[3]);
    s->ks            = (size_t)s->rc / MF_DN_PANEL;
    s->panels        = (size_t)(s->oc + MF_DN_PANEL - 1) / MF_DN_PANEL;
    s->tiles         = (size_t)(s->n + 15) / 16;
    if ((st = make_lists(s, a, &x->shape, &y->shape, (int)ws->dim[2], (int)ws->dim[3], err)) < 0) {
        conv_release(s);
        return st;
    }
    cell     = s->taps * MF_DN_CELL;
    s->w_k   = gradient ? (size_t)(ws->dim[1] / 16) * cell : cell;
    s->w_o   = gradient ? cell : (size_t)(ws->dim[1] / 16) * cell;
    s->cells = gradient || !p->inference;
    packed   = mf_dn_align(s->rp * s->ks * s->tiles * TILE * sizeof(uint16_t));
    s->w_at  = packed;
    p->scratch = packed + (s->cells ? s->panels * s->taps * s->ks * 2 * TILE * sizeof(uint16_t) : 0);
    p->in[wi].dtype  = s->cells ? MF_DTYPE_F32 : MF_DTYPE_BF16;
    p->in[wi].layout = s->cells ? mf_dn_weight_cells(ws) : tile_layout(ws);
    p->state         = s;
    return MF_OK;
}

/* Items: pixels. */
static void
pack_items(void *arg, size_t begin, size_t end, int thread)
{
    const conv_job   *j = arg;
    const conv_state *s = j->s;
    size_t            image = s->rp * (size_t)s->rc, q, k, n;

    (void)thread;
    for (q = begin; q < end; q++) {
        uint16_t *to = j->px + q * s->ks * s->tiles * TILE;

        for (n = 0; n < s->tiles * 16; n++) {
            const uint16_t *from = j->x + n * image + q * (size_t)s->rc;
            uint16_t       *row  = to + n * MF_DN_PANEL; /* [k][tile][16][32]: images follow each other */

            for (k = 0; k < s->ks; k++, row += s->tiles * TILE, from += MF_DN_PANEL) {
                if (n < (size_t)s->n) {
                    memcpy(row, from, MF_DN_PANEL * sizeof *row);
                } else {
                    memset(row, 0, MF_DN_PANEL * sizeof *row);
                }
            }
        }
    }
}

/* Items: (panel of the result's channels, 32 of the channels read), all taps. */
static void
weight_items(void *arg, size_t begin, size_t end, int thread)
{
    const conv_job   *j = arg;
    const conv_state *s = j->s;
    size_t            item, t, half;

    (void)thread;
    for (item = begin; item < end; item++) {
        size_t panel = item / s->ks, k = item % s->ks;

        for (t = 0; t < s->taps; t++) {
            for (half = 0; half < 2; half++) {
                uint16_t    *to = j->pw + (((panel * s->taps + t) * s->ks + k) * 2 + half) * TILE;
                const float *lo = j->cells + (2 * panel + half) * s->w_o + 2 * k * s->w_k + t * MF_DN_CELL;

                if ((2 * panel + half) * 16 >= (size_t)s->oc) {
                    memset(to, 0, TILE * sizeof *to);
                } else if (s->data_gradient) {
                    s->loops->weights_out(to, lo, lo + s->w_k);
                } else {
                    s->loops->weights_in(to, lo, lo + s->w_k);
                }
            }
        }
    }
}

/* Items: (panel, pixel of the result). */
static void
multiply(void *arg, size_t begin, size_t end, int thread)
{
    const conv_job   *j = arg;
    const conv_state *s = j->s;
    size_t            item, n;

    (void)thread;
    s->loops->begin(MF_DN_PANEL);
    for (item = begin; item < end; item++) {
        size_t         panel = item / s->op, q = item % s->op, c = panel * MF_DN_PANEL;
        mf_dn_amx_conv t = {.x_pixel = s->ks * s->tiles * TILE, .x_k = s->tiles * TILE, .w = j->w + panel * s->taps * s->ks * 2 * TILE,
                            .w_tap = s->ks * 2 * TILE, .pair = s->pair + s->start[q], .pairs = s->start[q + 1] - s->start[q], .ks = s->ks,
                            .channels = (size_t)s->oc - c < MF_DN_PANEL ? 16 : 32, .y_image = s->op * (size_t)s->oc,
                            .bias = j->bias == NULL ? NULL : j->bias + c, .relu = s->tail.relu};

        for (n = 0; n < (size_t)s->n; n += 32) {
            size_t at = n * t.y_image + q * (size_t)s->oc + c;

            t.x      = j->px + n / 16 * TILE;
            t.images = (size_t)s->n - n < 32 ? s->n - (int)n : 32;
            t.tiles  = t.images > 16 ? 2 : 1;
            t.y      = j->y + at;
            t.res    = j->res == NULL ? NULL : j->res + at;
            s->loops->conv(&t);
        }
    }
    s->loops->end();
}

static void
conv_go(const conv_state *s, conv_job *j, void *scratch, const void *w)
{
    j->px    = scratch;
    j->pw    = (uint16_t *)(void *)((char *)scratch + s->w_at);
    j->w     = s->cells ? j->pw : w;
    j->cells = w;
    mf_parallel_for(s->rp, 1, pack_items, j);
    if (s->cells) {
        mf_parallel_for(s->panels * s->ks, 1, weight_items, j);
    }
    mf_parallel_for(s->panels * s->op, 1, multiply, j);
}

/* ---- conv2d ---- */

static bool
fwd_supports(const mf_prep *p, char why[128])
{
    return applies(p, &p->in[0], &p->out[0], &p->in[1], p->attrs, false, why);
}

static mf_status
fwd_prepare(mf_prep *p, mf_err *err)
{
    mf_status   st = conv_new(p, &p->in[0], &p->out[0], 1, false, err);
    conv_state *s  = p->state;

    if (st < 0) {
        return st;
    }
    p->in[0].layout  = mf_layout_nhwc(&p->in[0].shape);
    p->out[0].layout = mf_layout_nhwc(&p->out[0].shape);
    s->tail = mf_dn_conv_tail(p);
    return MF_OK;
}

static mf_status
fwd_run(void *state, const mf_run *r, mf_err *err)
{
    const conv_state *s = state;
    conv_job          j = {.s = s, .x = r->in[0], .y = r->out[0], .bias = s->tail.bias ? r->in[2] : NULL, .res = s->tail.res ? r->in[3] : NULL};

    (void)err;
    conv_go(s, &j, r->scratch, r->in[1]);
    return MF_OK;
}

const mf_kernel_def mf_onednn_amx_conv2d = {
    .op = "conv2d", .name = "amx.conv2d", .supports = fwd_supports, .prepare = fwd_prepare, .run = fwd_run, .release = conv_release,
};

/* ---- conv2d_dx: dy, w, x (shape) -> dx ---- */

static bool
dx_supports(const mf_prep *p, char why[128])
{
    return applies(p, &p->out[0], &p->in[0], &p->in[1], p->attrs, true, why);
}

static mf_status
dx_prepare(mf_prep *p, mf_err *err)
{
    mf_status st = conv_new(p, &p->out[0], &p->in[0], 1, true, err);

    if (st < 0) {
        return st;
    }
    p->in[0].dtype   = MF_DTYPE_BF16;
    p->in[0].layout  = mf_layout_nhwc(&p->in[0].shape);
    p->out[0].layout = mf_layout_nhwc(&p->out[0].shape);
    return MF_OK;
}

static mf_status
dx_run(void *state, const mf_run *r, mf_err *err)
{
    const conv_state *s = state;
    conv_job          j = {.s = s, .x = r->in[0], .y = r->out[0]};

    (void)err;
    conv_go(s, &j, r->scratch, r->in[1]);
    return MF_OK;
}

const mf_kernel_def mf_onednn_amx_conv2d_dx = {
    .op = "conv2d_dx", .name = "amx.conv2d_dx", .supports = dx_supports, .prepare = dx_prepare, .run = dx_run, .release = conv_release,
};
