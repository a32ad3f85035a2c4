/* nn/backends/onednn/wino.c: convolution and its data gradient by minimal filtering (see wino.h).
 *
 * The data gradient is the convolution of dy with the filters turned by half a circle and their channels exchanged. A run goes over the
 * tiles in chunks: the input of a chunk is transformed once, on all threads; then each thread takes output blocks by twos, multiplies
 * point by point and transforms back, with bias, residual and ReLU, into the map. Transformed weights are kept with the program where
 * the weights are constant, otherwise each thread makes those of its blocks as it goes. Each tile is summed in one order, so that results
 * depend neither on threads nor on chunks. */
#include "nn/backends/onednn/wino.h"
#include "nn/backends/onednn/chan.h"
#include "nn/backends/onednn/conv.h"
#include "nn/backends/onednn/onednn.h"
#include "nn/backends/onednn/small.h"

#include <stdio.h>
#include "core/mem.h"
#include "core/thread.h"

/* CHUNK: floats of a transformed chunk, so that it stays in the last-level cache. SUB: tiles that a thread multiplies at once. */
enum { CHUNK_FLOATS = 1 << 20, SUB_TILES = 48, PAIR = 2 };

/* The rule. Multiplications a channel pair: the points of a tile here; 9 an output in oneDNN's direct kernels; those that do not fall on
 * padding in the kernels for small maps. The form with the fewest is taken if it saves a third of the second or a quarter of the third; and
 * 5 in 7 of the second for constant weights where bf16 dot products are fast (dot.h): oneDNN's kernels keep half of what the weights take in f32,
 * this one up to four times as much (Zen 4, inference in bf16: ResNet-18 139 for 280 MiB, ResMaskingNet 571 for 2,150 at 0.9 of the speed). Weights
 * that change want FEW_TILES to pay for their transform; of constant ones fewer tiles are counted as that many, since reading the weights
 * (which are wider in the forms with larger tiles) then takes longer than multiplying. ResNet-18 at 64 x 64 and 48 x 48, batch 64, one thread of an AMD Zen 3 with AVX2, ms
 * (bench_kernels: forward, data gradient, weight gradient), against oneDNN 2.6 or, up to 4 x 4, the kernels for small maps:
 *    64 on 16 x 16   5.4  5.5  5.5 : 13.6 12.2 16.2      64 on 12 x 12   3.0  3.1  3.4 :  7.5  6.7  9.8
 *   128 on 8 x 8     4.5  4.6  5.0 : 13.6 12.1 16.1     128 on 6 x 6     3.1  3.4  3.2 :  7.4  6.4  9.9
 *   256 on 4 x 4     4.4  4.6  4.7 : 14.9 16.0 11.5     256 on 3 x 3     3.0  3.4  3.1 :  7.3  7.1  5.3
 *   512 on 2 x 2     5.1  5.8  4.5 : 10.3 11.4  7.6     The AVX-512 form has not been timed.
 * One picture of 224 x 224, constant weights: 64 on 56 x 56 0.9 : 2.4, 128 on 28 x 28 0.9 : 2.5, 256 on 14 x 14 1.2 : 2.5, 512 on 7 x 7
 * (16 tiles of 2 x 2) 1.9 : 2.9. */
enum { MIN_CHANNELS = 16, FEW_TILES = 12, SMALL_PIXELS = 16 };

typedef struct wino_state {
    const mf_dn_wino_form   *form;
    const mf_dn_small_loops *small;
    mf_dn_wino_grid          grid;
    size_t                   points;
    size_t                   v;            /* channels of a block */
    size_t                   rb, ob;       /* blocks of what is read and of the result */
    int                      h, w, ho, wo; /* their maps */
    int                      pad_i, pad_j;
    size_t                   group;        /* tiles that are multiplied in registers */
    size_t                   chunk;        /* tiles, whole groups */
    size_t                   sub;          /* groups that a thread multiplies before it transforms back */
    size_t                   x_point, u_point, m_point; /* strides in floats */
    size_t                   parts;
    size_t                   part_at, part_floats;      /* scratch of a part: products, then weights if they are not kept */
    size_t                  *o_term, *r_term, tap[9];   /* places in the weights' storage: a sum of one term a dimension */
    bool                     o_row;        /* V output channels lie side by side */
    bool                     constant;
    dn_conv_tail             tail;
    bool                     bf;           /* the maps are bf16 */
    size_t                   bytes;        /* of one of their values */
    float                   *kept;         /* transformed weights, [ob] of u_point * points floats; NULL unless constant */
    bool                     made;
} wino_state;

typedef struct wino_job {
    const wino_state *s;
    const char       *src, *res;
    const float      *w, *bias;
    char             *dst, *scratch;
    float            *x;
    size_t            first, tiles, groups, subs; /* the chunk */
} wino_job;

mf_dn_wino_grid
mf_dn_wino_grid_of(const mf_shape *map, const mf_dn_wino_form *f)
{
    mf_dn_wino_grid g;

    g.rows  = ((size_t)map->dim[2] + (size_t)f->out - 1) / (size_t)f->out;
    g.cols  = ((size_t)map->dim[3] + (size_t)f->out - 1) / (size_t)f->out;
    g.tiles = (size_t)map->dim[0] * g.rows * g.cols;
    return g;
}

/* Taps of a line of outputs that do not fall on padding. */
static int64_t
taps_inside(int64_t from, int64_t to, int pad)
{
    int64_t n = 0, o, t;

    for (o = 0; o < to; o++) {
        for (t = 0; t < 3; t++) {
            n += o - pad + t >= 0 && o - pad + t < from;
        }
    }
    return n;
}

const mf_dn_wino_form *
mf_dn_wino_choose(const mf_prep *p, const mf_tdesc *x, const mf_tdesc *y, const mf_tdesc *w, const mf_conv2d_attrs *a, char why[128])
{
    const mf_dn_wino_loops *loops = p->ctx->simd->wino;
    const mf_dn_wino_form  *form  = NULL;
    bool                    bf    = x->dtype == MF_DTYPE_BF16;
    dn_home                 home  = bf ? p->ctx->home_bf16 : p->ctx->home_f32;
    bool                    constant = strcmp(p->op->name, "conv2d_dw") != 0 && p->const_in[1];
    bool                    dots = bf && constant && p->ctx->dot != NULL;
    int64_t                 v = loops->width, n = y->shape.dim[0], ho = y->shape.dim[2], wo = y->shape.dim[3], inside, best = 0;
    int                     kind;

    if (why != NULL) {
        snprintf(why, 128, "only 3 x 3 with stride 1, whole blocks of channels, in f32 or in bf16 without AMX, where it pays");
    }
    if (!((home == DN_HOME_NCHW16C && v == 16) || (home == DN_HOME_NCHW8C && v == 8)) || a->groups != 1 || w->shape.dim[2] != 3 ||
        w->shape.dim[3] != 3 || a->sh != 1 || a->sw != 1 || a->dh != 1 || a->dw != 1 || a->ph > 2 || a->pw > 2 ||
        (x->dtype != MF_DTYPE_F32 && (!bf || p->ctx->amx != NULL)) || y->dtype != x->dtype || x->shape.dim[1] % v != 0 || y->shape.dim[1] % v != 0 ||
        x->shape.dim[1] < MIN_CHANNELS || y->shape.dim[1] < MIN_CHANNELS) {
        return NULL;
    }
    inside = n * taps_inside(x->shape.dim[2], ho, a->ph) * taps_inside(x->shape.dim[3], wo, a->pw);
    for (kind = 0; kind < MF_WINO_FORMS; kind++) {
        const mf_dn_wino_form *f    = loops->form[kind];
        mf_dn_wino_grid        g    = mf_dn_wino_grid_of(&y->shape, f);
        int64_t                cost = (int64_t)(g.tiles > FEW_TILES ? g.tiles : FEW_TILES) * f->points;

        if (f->skip && (x->shape.dim[2] != f->out || x->shape.dim[3] != f->out || ho != f->out || wo != f->out)) {
            continue; /* then the pads are 1 */
        }
        if ((g.tiles < FEW_TILES && !constant) ||
            (dots ? n * ho * wo * 9 * 2 < cost * 7 : ho * wo <= SMALL_PIXELS ? inside * 3 < cost * 4 : n * ho * wo * 9 * 2 < cost * 3)) {
            continue;
        }
        if (form == NULL || cost <= best) { /* of equal ones that with smaller tiles: it rounds less */
            form = f;
            best = cost;
        }
    }
    return form;
}

mf_layout
mf_dn_wino_weight_layout(const mf_shape *w, int v)
{
    mf_layout l    = {.nblk = 2, .blk_dim = {1, 0}, .blk = {v, v}};
    int64_t   cell = (int64_t)v * v;

    l.stride[3] = cell;
    l.stride[2] = w->dim[3] * cell;
    l.stride[1] = w->dim[2] * w->dim[3] * cell;
    l.stride[0] = w->dim[1] / v * l.stride[1];
    return l;
}

static void
wino_release(void *state)
{
    wino_state *s = state;

    if (s != NULL) {
        mf_free(s->o_term);
        mf_free(s->r_term);
        mf_free(s->kept);
        mf_free(s);
    }
}

/* Where element (o, r, tap) of the weights lies; o: channels of the result, r: those that are summed over. */
static mf_status
make_terms(wino_state *s, const mf_tdesc *w, bool turned, mf_err *err)
{
    size_t  no = s->ob * s->v, nr = s->rb * s->v, i;
    int     od = turned ? 1 : 0;
    int64_t idx[4] = {0};

    s->o_term = mf_calloc(no, sizeof *s->o_term);
    s->r_term = mf_calloc(nr, sizeof *s->r_term);
    if (s->o_term == NULL || s->r_term == NULL) {
        return mf_oom(err, (no + nr) * sizeof *s->o_term, "a convolution");
    }
    for (i = 0; i < no; i++) {
        idx[od]      = (int64_t)i;
        s->o_term[i] = (size_t)mf_layout_at(&w->shape, &w->layout, idx);
    }
    idx[od] = 0;
    for (i = 0; i < nr; i++) {
        idx[1 - od]  = (int64_t)i;
        s->r_term[i] = (size_t)mf_layout_at(&w->shape, &w->layout, idx);
    }
    idx[1 - od] = 0;
    for (i = 0; i < 9; i++) {
        idx[2]    = (int64_t)(turned ? 8 - i : i) / 3;
        idx[3]    = (int64_t)(turned ? 8 - i : i) % 3;
        s->tap[i] = (size_t)mf_layout_at(&w->shape, &w->layout, idx);
    }
    s->o_row = true;
    for (i = 0; i < no; i++) {
        s->o_row = s->o_row && s->o_term[i] == s->o_term[i - i % s->v] + i % s->v;
    }
    return MF_OK;
}

/* turned: the data gradient. */
static mf_status
wino_new(wino_state **out, mf_prep *p, const mf_dn_wino_form *form, bool turned, mf_err *err)
{
    const mf_conv2d_attrs *a = p->attrs;
    const mf_shape        *x = &p->in[0].shape, *y = &p->out[0].shape;
    wino_state            *s = mf_calloc(1, sizeof *s);
    mf_status              st;
    size_t                 most;

    *out = NULL;
    if (s == NULL) {
        return mf_oom(err, sizeof *s, "a convolution");
    }
    s->form  = form;
    s->small = p->ctx->simd->small;
    s->v     = (size_t)s->small->width;
    s->bf    = p->in[0].dtype == MF_DTYPE_BF16;
    s->bytes = s->bf ? sizeof(uint16_t) : sizeof(float);
    s->grid  = mf_dn_wino_grid_of(y, form);
    s->points = (size_t)form->points;
    s->rb    = (size_t)x->dim[1] / s->v;
    s->ob    = (size_t)y->dim[1] / s->v;
    s->h     = (int)x->dim[2];
    s->w     = (int)x->dim[3];
    s->ho    = (int)y->dim[2];
    s->wo    = (int)y->dim[3];
    s->pad_i = (turned ? 2 - a->ph : a->ph) - form->skip;
    s->pad_j = (turned ? 2 - a->pw : a->pw) - form->skip;
    s->parts = (size_t)mf_threads_get();
    if ((st = make_terms(s, &p->in[1], turned, err)) < 0) {
        wino_release(s);
        return st;
    }
    most     = CHUNK_FLOATS / (s->points * s->rb * s->v);
    most     = most < SUB_TILES ? SUB_TILES : most;
    s->chunk = (s->grid.tiles + most - 1) / most; /* that many, of equal size */
    s->chunk = (s->grid.tiles + s->chunk - 1) / s->chunk;
    s->group = (size_t)s->small->group;
    s->chunk = (s->chunk + s->group - 1) / s->group * s->group;
    s->sub   = SUB_TILES / s->group;
    s->x_point = s->rb * s->chunk * s->v + 16;
    s->u_point = s->rb * s->v * s->v + 16;
    s->m_point = PAIR * s->sub * s->group * s->v + 16;
    s->constant = p->const_in[1];
    s->part_floats = s->points * (s->m_point + (s->constant ? 0 : PAIR * s->u_point));
    s->part_at     = mf_dn_align(s->points * s->x_point * sizeof(float));
    if (s->constant) {
        size_t bytes = s->ob * s->points * s->u_point * sizeof(float);

        if ((s->kept = mf_aligned(bytes)) == NULL) {
            wino_release(s);
            return mf_oom(err, bytes, "transformed weights");
        }
        p->keep       = bytes;
        p->once_in[1] = true;
    }
    p->in[0].layout  = mf_layout_nchw_c(&p->in[0].shape, (int)s->v);
    p->out[0].layout = mf_layout_nchw_c(&p->out[0].shape, (int)s->v);
    p->scratch       = s->part_at + s->parts * mf_dn_align(s->part_floats * sizeof(float));
    *out             = s;
    return MF_OK;
}

/* The weights of output block b at u[point][rb][V][V]. */
static void
transform_weights(const wino_state *s, float *u, const float *w, size_t b)
{
    float  g[9 * 16];
    size_t v = s->v, r, t, k;

    for (r = 0; r < s->rb * v; r++) {
        for (t = 0; t < 9; t++) {
            const float *from = w + s->r_term[r] + s->tap[t];

            if (s->o_row) {
                memcpy(g + t * v, from + s->o_term[b * v], v * sizeof *g);
                continue;
            }
            for (k = 0; k < v; k++) {
                g[t * v + k] = from[s->o_term[b * v + k]];
            }
        }
        s->form->weights(u + r * v, s->u_point, g);
    }
}

static void
keep_weights(void *arg, size_t part)
{
    const wino_job   *j = arg;
    const wino_state *s = j->s;
    size_t            b;

    for (b = s->ob * part / s->parts; b < s->ob * (part + 1) / s->parts; b++) {
        transform_weights(s, s->kept + b * s->points * s->u_point, j->w, b);
    }
}

/* Items: blocks, then tiles of the chunk. */
static void
transform_input(void *arg, size_t part)
{
    const wino_job   *j = arg;
    const wino_state *s = j->s;
    size_t            per = s->grid.rows * s->grid.cols, v = s->v, items = s->rb * j->tiles, item;

    for (item = items * part / s->parts; item < items * (part + 1) / s->parts; item++) {
        size_t       b = item / j->tiles, t = item % j->tiles, n = (j->first + t) / per, at = (j->first + t) % per;
        mf_dn_window d = {j->src + (n * s->rb + b) * (size_t)s->h * (size_t)s->w * v * s->bytes, s->h, s->w,
                          (int)(at / s->grid.cols) * s->form->out - s->pad_i, (int)(at % s->grid.cols) * s->form->out - s->pad_j, s->bf};

        s->form->input(j->x + ((t / s->group * s->rb + b) * s->group + t % s->group) * v, s->x_point, &d);
    }
}

/* Two output blocks (or the last one), groups g0 .. g1-1 of the chunk. */
static void
multiply(const wino_job *j, float *m, const float *u, size_t b, int blocks, size_t g0, size_t g1)
{
    static const mf_dn_pair one = {0, 0};
    const wino_state       *s = j->s;
    size_t                  v = s->v, per = s->grid.rows * s->grid.cols, t0 = g0 * s->group, k, g, t;
    size_t                  tiles = (g1 * s->group < j->tiles ? g1 * s->group : j->tiles) - t0;
    mf_dn_small_tile        q = {.x_block = s->group * v, .w_out = s->points * s->u_point, .w_red = v * v, .y_block = tiles * v,
                                 .y_image = v, .pair = &one, .pairs = 1, .reduced = s->rb, .blocks = blocks};

    for (k = 0; k < s->points; k++) {
        q.w = u + k * s->u_point;
        for (g = g0; g < g1; g++) {
            size_t left = j->tiles - g * s->group;

            q.x = j->x + k * s->x_point + g * s->rb * s->group * v;
            q.y = m + k * s->m_point + (g - g0) * s->group * v;
            s->small->tile(&q, (int)(left < s->group ? left : s->group));
        }
    }
    for (k = 0; k < (size_t)blocks; k++) {
        for (t = 0; t < tiles; t++) {
            size_t         n = (j->first + t0 + t) / per, at = (j->first + t0 + t) % per;
            size_t         map = (n * s->ob + b + k) * (size_t)s->ho * (size_t)s->wo * v * s->bytes;
            mf_dn_wino_put o = {.map = j->dst + map, .res = s->tail.res ? j->res + map : NULL, .bias = s->tail.bias ? j->bias + (b + k) * v : NULL,
                                .h = s->ho, .w = s->wo, .i = (int)(at / s->grid.cols) * s->form->out,
                                .j = (int)(at % s->grid.cols) * s->form->out, .relu = s->tail.relu, .bf = s->bf};

            s->form->output(&o, m + (k * tiles + t) * v, s->m_point);
        }
    }
}

/* Items: pairs of output blocks, then pieces of the chunk. */
static void
multiply_part(void *arg, size_t part)
{
    const wino_job   *j = arg;
    const wino_state *s = j->s;
    size_t            items = (s->ob + PAIR - 1) / PAIR * j->subs, item, have = SIZE_MAX;
    float            *m = (float *)(void *)(j->scratch + part * mf_dn_align(s->part_floats * sizeof(float)));
    float            *own = m + s->points * s->m_point;

    for (item = items * part / s->parts; item < items * (part + 1) / s->parts; item++) {
        size_t       b = item / j->subs * PAIR, sub = item % j->subs;
        int          blocks = s->ob - b >= PAIR ? PAIR : 1, k;
        const float *u = own;

        if (s->constant) {
            u = s->kept + b * s->points * s->u_point;
        } else if (have != b) {
            for (k = 0; k < blocks; k++) {
                transform_weights(s, own + (size_t)k * s->points * s->u_point, j->w, b + (size_t)k);
            }
            have = b;
        }
        multiply(j, m, u, b, blocks, j->groups * sub / j->subs, j->groups * (sub + 1) / j->subs);
    }
}

static void
wino_run(wino_state *s, const mf_run *r, void *dst, const void *src, const float *bias, const void *res)
{
    wino_job j = {.s = s, .src = src, .w = r->in[1], .bias = bias, .res = res, .dst = dst, .x = r->scratch,
                  .scratch = (char *)r->scratch + s->part_at};

    if (s->constant && (r->fresh || !s->made)) {
        mf_dn_parts(s->parts, keep_weights, &j);
        s->made = true;
    }
    for (j.first = 0; j.first < s->grid.tiles; j.first += s->chunk) {
        j.tiles  = s->grid.tiles - j.first < s->chunk ? s->grid.tiles - j.first : s->chunk;
        j.groups = (j.tiles + s->group - 1) / s->group;
        j.subs   = (j.groups + s->sub - 1) / s->sub;
        mf_dn_parts(s->parts, transform_input, &j);
        mf_dn_parts(s->parts, multiply_part, &j);
    }
}

/* ---- conv2d ---- */

static bool
fwd_supports(const mf_prep *p, char why[128])
{
    return mf_dn_wino_choose(p, &p->in[0], &p->out[0], &p->in[1], p->attrs, why) != NULL;
}

static mf_status
fwd_prepare(mf_prep *p, mf_err *err)
{
    const mf_dn_wino_form *form = mf_dn_wino_choose(p, &p->in[0], &p->out[0], &p->in[1], p->attrs, NULL);
    mf_status              st;
    wino_state            *s;

    if (p->free_in[1]) {
        p->in[1].layout = mf_dn_wino_weight_layout(&p->in[1].shape, p->ctx->simd->wino->width);
    }
    p->in[1].dtype = MF_DTYPE_F32;
    if ((st = wino_new(&s, p, form, false, err)) < 0) {
        return st;
    }
    s->tail  = mf_dn_conv_tail(p);
    p->state = s;
    return MF_OK;
}

static mf_status
fwd_run(void *state, const mf_run *r, mf_err *err)
{
    wino_state *s = state;

    (void)err;
    wino_run(s, r, r->out[0], r->in[0], s->tail.bias ? r->in[2] : NULL, s->tail.res ? r->in[3] : NULL);
    return MF_OK;
}

const mf_kernel_def mf_onednn_wino_conv2d = {
    .op = "conv2d", .name = "winograd.conv2d", .supports = fwd_supports, .prepare = fwd_prepare, .run = fwd_run, .release = wino_release,
};

/* ---- conv2d_dx: dy, w, x (shape) -> dx ---- */

static bool
dx_supports(const mf_prep *p, char why[128])
{
    return mf_dn_wino_choose(p, &p->out[0], &p->in[0], &p->in[1], p->attrs, why) != NULL;
}

static mf_status
dx_prepare(mf_prep *p, mf_err *err)
{
    const mf_dn_wino_form *form = mf_dn_wino_choose(p, &p->out[0], &p->in[0], &p->in[1], p->attrs, NULL);
    mf_status              st;
    wino_state            *s;

    if (p->free_in[1]) {
        p->in[1].layout = mf_dn_wino_weight_layout(&p->in[1].shape, p->ctx->simd->wino->width);
    }
    p->in[1].dtype = MF_DTYPE_F32;
    if ((st = wino_new(&s, p, form, true, err)) < 0) {
        return st;
    }
    p->state = s;
    return MF_OK;
}

static mf_status
dx_run(void *state, const mf_run *r, mf_err *err)
{
    (void)err;
    wino_run(state, r, r->out[0], r->in[0], NULL, NULL);
    return MF_OK;
}

const mf_kernel_def mf_onednn_wino_conv2d_dx = {
    .op = "conv2d_dx", .name = "winograd.conv2d_dx", .supports = dx_supports, .prepare = dx_prepare, .run = dx_run, .release = wino_release,
};
