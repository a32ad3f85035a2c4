/* nn/backends/onednn/reduce.c: sums, means and maxima over samples, channels and pixels, and spreading them back.
 *
 * reduce: x -> y. reduce_to: x -> y (sum, f32). expand: y -> x. reduce_max_dx: dy, x -> dx at the first maximum. The large
 * side is [N,C,H,W] or [N,C] in any layout of mf_dn_map, or [N], read as one sample of N channels; the small side is
 * row-major and keeps or loses N, C and both of H, W. Other axes run on the reference kernel. Threads share the samples
 * where the small side keeps them. What attention does, over the channels or the pixels of a sample whose channels fill whole
 * vectors, runs in vector loops (spread_simd.c). */
#include "nn/backends/onednn/map.h"
#include "nn/backends/onednn/onednn.h"

#include <math.h>
#include "core/mem.h"
#include "core/thread.h"
#include "nn/ops.h"

typedef enum spread_kind { SPREAD_SUM, SPREAD_MAX, SPREAD_EXPAND, SPREAD_MAX_DX } spread_kind;

typedef struct spread_state {
    mf_dn_map   map;       /* the large side */
    mf_dn_chan  chan;
    spread_kind kind;
    bool        by_n, by_c, by_p; /* the small side keeps them */
    bool        small_bf16;
    size_t      per_sample;       /* elements of the small side a sample */
    double      factor;
    const mf_dn_simd         *simd;
    const mf_dn_spread_loops *loops; /* NULL: element by element */
    size_t                    row;   /* floats of scratch a sample, with `loops` */
} spread_state;

typedef struct spread_job {
    const spread_state *s;
    const void         *large, *small;
    void               *out;
    double             *acc; /* [samples or 1][per_sample] */
    size_t             *at;  /* MAX_DX: where the maximum is, as pixel * C + channel */
    double             *rows; /* with `loops`: `row` numbers a sample */
} spread_job;

/* The small side with as many dimensions as the large one; false where it is neither whole nor 1 along a dimension, or
 * keeps one of H and W alone. */
static bool
kept(const mf_shape *large, const mf_shape *small, bool keep[3])
{
    int nd = large->ndim, d;

    if ((nd != 4 && nd != 2) || small->ndim != nd) {
        return false;
    }
    for (d = 0; d < nd; d++) {
        if (small->dim[d] != large->dim[d] && small->dim[d] != 1) {
            return false;
        }
    }
    keep[0] = small->dim[0] == large->dim[0];
    keep[1] = small->dim[1] == large->dim[1];
    keep[2] = nd == 2 || (small->dim[2] == large->dim[2] && small->dim[3] == large->dim[3]);
    return nd == 2 || keep[2] || (small->dim[2] == 1 && small->dim[3] == 1);
}

/* `s` with ones put in at the axes of `mask`, or in front. */
static mf_shape
with_ones(const mf_shape *s, uint32_t mask, int nd)
{
    mf_shape r = {.ndim = nd};
    int      d, k = 0;

    if (s->ndim > nd) {
        return *s;
    }
    for (d = 0; d < nd; d++) {
        bool one  = mask != 0 ? (mask >> d & 1u) != 0 : d < nd - s->ndim;
        r.dim[d] = one ? 1 : k < s->ndim ? s->dim[k++] : 0;
    }
    return r;
}

/* [N] as [1, N]. */
static mf_shape
two_axes(const mf_shape *s)
{
    return s->ndim == 1 ? mf_shape_of(2, (int64_t)1, s->dim[0]) : *s;
}

/* What `op` works on: the index of the large side among inputs and outputs, the padded small shape. */
static bool
sides(const mf_prep *p, const mf_tdesc **large, mf_shape *small, spread_kind *kind)
{
    if (strcmp(p->op->name, "expand") == 0) {
        *kind  = SPREAD_EXPAND;
        *large = &p->out[0];
        *small = with_ones(&p->in[0].shape, ((const mf_expand_attrs *)p->attrs)->mask, p->out[0].shape.ndim);
        return true;
    }
    if (strcmp(p->op->name, "reduce_to") == 0) {
        *kind  = SPREAD_SUM;
        *large = &p->in[0];
        *small = with_ones(&p->out[0].shape, 0, p->in[0].shape.ndim);
        return true;
    }
    {
        const mf_reduce_attrs *a  = p->attrs;
        bool                   dx = strcmp(p->op->name, "reduce_max_dx") == 0;

        *kind  = dx ? SPREAD_MAX_DX : a->kind == MF_R_MAX ? SPREAD_MAX : SPREAD_SUM;
        *large = &p->in[dx];
        *small = (*large)->shape;
        for (int d = 0; d < small->ndim; d++) {
            if (a->mask >> d & 1u) {
                small->dim[d] = 1;
            }
        }
        return true;
    }
}

static bool
spread_supports(const mf_prep *p, char why[128])
{
    const mf_tdesc *large;
    mf_shape        small, whole;
    spread_kind     kind;
    bool            keep[3];

    (void)why;
    sides(p, &large, &small, &kind);
    whole = two_axes(&large->shape);
    small = two_axes(&small);
    if (!kept(&whole, &small, keep) || (p->out[0].dtype != MF_DTYPE_F32 && p->out[0].dtype != MF_DTYPE_BF16)) {
        return false;
    }
    /* the first maximum of several axes depends on their order */
    return (kind != SPREAD_MAX && kind != SPREAD_MAX_DX) || (keep[0] && keep[1] != keep[2]) || (keep[0] && keep[1] && keep[2]);
}

static mf_status
spread_prepare(mf_prep *p, mf_err *err)
{
    spread_state   *s = mf_calloc(1, sizeof *s);
    const mf_tdesc *named;
    mf_tdesc       *large, like, seen;
    mf_shape        small, whole;
    bool            keep[3];
    size_t          cells;
    int             i;

    if (s == NULL) {
        return mf_oom(err, sizeof *s, "a reduction");
    }
    sides(p, &named, &small, &s->kind);
    whole = two_axes(&named->shape);
    small = two_axes(&small);
    if (!kept(&whole, &small, keep)) {
        mf_free(s);
        return mf_fail(err, MF_E_UNSUPPORTED, "a reduction: other sides than those of samples, channels and positions");
    }
    if (s->kind == SPREAD_EXPAND) {
        like             = p->in[1];
        like.dtype       = p->out[0].dtype;
        p->out[0].layout = mf_layout_is_plain(&like.shape, &like.layout) ? mf_dn_home_layout(p->ctx, &like)
                                                                         : mf_dn_chan_layout(&like, mf_dn_home_layout(p->ctx, &like));
        large = &p->out[0];
    } else {
        large         = &p->in[s->kind == SPREAD_MAX_DX];
        large->layout = mf_dn_chan_layout(large, mf_dn_home_layout(p->ctx, large));
        if (s->kind == SPREAD_MAX_DX) {
            large->dtype     = p->out[0].dtype;
            p->out[0].layout = large->layout;
        }
    }
    seen = *large;
    if (large->shape.ndim == 1) {
        large->layout = mf_layout_plain(&large->shape);
        seen.shape    = whole;
        seen.layout   = mf_layout_plain(&whole);
    }
    if (!mf_dn_map_of(&s->map, &seen) || !mf_dn_chan_of(&s->chan, &seen)) {
        mf_free(s);
        return mf_fail(err, MF_E_UNSUPPORTED, "a reduction: a layout without rows of channels");
    }
    if (s->kind == SPREAD_EXPAND || s->kind == SPREAD_MAX_DX) { /* the small side comes in */
        p->in[0].layout = mf_layout_plain(&p->in[0].shape);
        s->small_bf16   = p->in[0].dtype == MF_DTYPE_BF16;
    } else {
        p->out[0].layout = mf_layout_plain(&p->out[0].shape);
        s->small_bf16    = p->out[0].dtype == MF_DTYPE_BF16;
    }
    s->by_n       = keep[0];
    s->by_c       = keep[1];
    s->by_p       = keep[2];
    s->per_sample = (s->by_c ? s->map.c : 1) * (s->by_p ? s->map.hw : 1);
    cells         = (s->by_n ? s->map.n : 1) * s->per_sample;
    s->factor     = 1.0;
    i             = strcmp(p->op->name, "reduce") == 0   ? ((const mf_reduce_attrs *)p->attrs)->kind
                    : strcmp(p->op->name, "expand") == 0 ? ((const mf_expand_attrs *)p->attrs)->kind
                                                         : MF_R_SUM;
    if (i == MF_R_MEAN) {
        s->factor = (double)cells / (double)(s->map.n * s->map.c * s->map.hw);
    }
    p->scratch = s->kind == SPREAD_EXPAND ? 0 : cells * (sizeof(double) + (s->kind == SPREAD_MAX_DX ? sizeof(size_t) : 0));
    s->simd    = p->ctx->simd;
    if (s->by_n && s->by_c != s->by_p && s->map.b % s->simd->spread->width == 0 && s->map.c % s->map.b == 0) {
        s->loops   = s->simd->spread;
        s->row     = s->per_sample; /* doubles: sums, or two rows of floats */
        p->scratch = s->map.n * s->row * sizeof(double);
    }
    p->state   = s;
    return MF_OK;
}

static void
sum_sample(const spread_job *j, size_t n, double *acc)
{
    const spread_state *s = j->s;
    const mf_dn_map    *m = &s->map;
    size_t              k, p, i;

    for (k = 0; k < m->nb; k++) {
        size_t at = mf_dn_map_block(m, n, k), w = mf_dn_map_width(m, k);

        for (p = 0; p < m->hw; p++, at += m->b) {
            if (s->by_c) {
                double *row = acc + k * m->b * (s->by_p ? m->hw : 1) + (s->by_p ? p : 0);
                size_t  step = s->by_p ? m->hw : 1;

                for (i = 0; i < w; i++) {
                    row[i * step] += (double)mf_dn_get(j->large, at + i, m->bf16);
                }
            } else {
                double sum = 0.0;

                for (i = 0; i < w; i++) {
                    sum += (double)mf_dn_get(j->large, at + i, m->bf16);
                }
                acc[s->by_p ? p : 0] += sum;
            }
        }
    }
}

/* The first maximum, NaN before all: of the channels of each pixel, of the pixels of each channel, or of one element. */
static void
max_sample(const spread_job *j, size_t n, double *acc, size_t *where)
{
    const spread_state *s = j->s;
    const mf_dn_map    *m = &s->map;
    size_t              k, p, i;

    for (k = 0; k < s->per_sample; k++) {
        acc[k] = -INFINITY;
        if (where != NULL) {
            where[k] = SIZE_MAX;
        }
    }
    for (k = 0; k < m->nb; k++) {
        size_t at = mf_dn_map_block(m, n, k), w = mf_dn_map_width(m, k);

        for (p = 0; p < m->hw; p++, at += m->b) {
            for (i = 0; i < w; i++) {
                double v    = (double)mf_dn_get(j->large, at + i, m->bf16);
                size_t c    = k * m->b + i, cell = (s->by_c ? c * (s->by_p ? m->hw : 1) : 0) + (s->by_p ? p : 0);
                bool   more = where != NULL ? where[cell] == SIZE_MAX || v > acc[cell] || (v != v && acc[cell] == acc[cell])
                                            : v > acc[cell] || v != v;

                if (more) {
                    acc[cell] = v;
                    if (where != NULL) {
                        where[cell] = p * m->c + c;
                    }
                }
            }
        }
    }
}

static void
write_sample(const spread_job *j, size_t n, const size_t *where)
{
    const spread_state *s = j->s;
    const mf_dn_map    *m = &s->map;
    size_t              first = s->by_n ? n * s->per_sample : 0, k, p, i;

    for (k = 0; k < m->nb; k++) {
        size_t at = mf_dn_map_block(m, n, k), w = mf_dn_map_width(m, k);

        for (p = 0; p < m->hw; p++, at += m->b) {
            size_t step = s->by_c ? (s->by_p ? m->hw : 1) : 0, cell = k * m->b * step + (s->by_p ? p : 0);

            for (i = 0; i < w; i++) {
                size_t e = cell + i * step;
                double v = (double)mf_dn_get(j->small, first + e, s->small_bf16) * s->factor;

                if (where != NULL && where[e] != p * m->c + k * m->b + i) {
                    v = 0.0;
                }
                mf_dn_put(j->out, at + i, m->bf16, (float)v);
            }
        }
    }
}

/* The small side of sample n as floats, times the factor. */
static void
small_row(const spread_job *j, size_t n, float *to)
{
    const spread_state *s = j->s;

    for (size_t e = 0; e < s->per_sample; e++) {
        to[e] = (float)((double)mf_dn_get(j->small, n * s->per_sample + e, s->small_bf16) * s->factor);
    }
}

/* One sample by vectors. */
static void
spread_fast(const spread_job *j, size_t n)
{
    const spread_state *s = j->s;
    const mf_dn_map    *m = &s->map;
    size_t              bytes = mf_dn_map_block(m, n, 0) * (m->bf16 ? 2 : 4), e;
    mf_dn_sample        in    = {.x = j->large != NULL ? (const char *)j->large + bytes : NULL, .pix = m->hw, .nb = m->nb, .b = m->b,
                                 .block = m->hw * m->b};
    char               *out   = (char *)j->out + bytes; /* where the large side is the result */
    double             *sums  = j->rows + n * s->row;
    float              *a     = (float *)(void *)sums, *b = a + s->per_sample;

    switch (s->kind) {
    case SPREAD_SUM:
        if (s->by_c) {
            s->loops->sum_pixels[m->bf16](sums, &in);
        } else {
            s->loops->sum_channels[m->bf16](a, &in);
        }
        break;
    case SPREAD_MAX: (s->by_c ? s->loops->max_pixels : s->loops->max_channels)[m->bf16](a, &in); break;
    case SPREAD_MAX_DX:
        small_row(j, n, b);
        (s->by_c ? s->loops->max_pixels : s->loops->max_channels)[m->bf16](a, &in);
        (s->by_c ? s->loops->max_pixels_dx : s->loops->max_channels_dx)[m->bf16](out, &in, a, b);
        return;
    case SPREAD_EXPAND:
        small_row(j, n, a);
        for (e = 0; s->by_c && e < m->nb; e++) {
            s->simd->flat->fill[m->bf16](out + e * in.block * (m->bf16 ? 2 : 4), m->hw, m->b, a + e * m->b);
        }
        if (!s->by_c) {
            s->loops->fill_channels[m->bf16](out, &in, a);
        }
        return;
    }
    for (e = 0; e < s->per_sample; e++) {
        double v = s->kind == SPREAD_SUM && s->by_c ? sums[e] : (double)a[e];

        mf_dn_put(j->out, n * s->per_sample + e, s->small_bf16, (float)(v * s->factor));
    }
}

static void
spread_samples(void *arg, size_t begin, size_t end, int thread)
{
    const spread_job   *j = arg;
    const spread_state *s = j->s;
    size_t              n, e;

    (void)thread;
    for (n = begin; n < end; n++) {
        double *acc = j->acc + (s->by_n ? n * s->per_sample : 0);
        size_t *at  = j->at == NULL ? NULL : j->at + n * s->per_sample;

        if (s->loops != NULL) {
            spread_fast(j, n);
            continue;
        }
        switch (s->kind) {
        case SPREAD_SUM:
            if (s->by_n) {
                memset(acc, 0, s->per_sample * sizeof *acc);
            }
            sum_sample(j, n, acc);
            break;
        case SPREAD_MAX: max_sample(j, n, acc, NULL); break;
        case SPREAD_MAX_DX: max_sample(j, n, acc, at); write_sample(j, n, at); break;
        case SPREAD_EXPAND: write_sample(j, n, NULL); break;
        }
        for (e = 0; s->by_n && e < s->per_sample && (s->kind == SPREAD_SUM || s->kind == SPREAD_MAX); e++) {
            mf_dn_put(j->out, n * s->per_sample + e, s->small_bf16, (float)(acc[e] * s->factor));
        }
    }
}

static mf_status
spread_run(void *state, const mf_run *r, mf_err *err)
{
    const spread_state *s     = state;
    size_t              cells = (s->by_n ? s->map.n : 1) * s->per_sample, e;
    bool                in0   = s->kind == SPREAD_SUM || s->kind == SPREAD_MAX; /* input 0 is the large side */
    spread_job          j     = {.s = s, .out = r->out[0], .acc = r->scratch, .rows = r->scratch};

    (void)err;
    j.large = in0 ? r->in[0] : s->kind == SPREAD_MAX_DX ? r->in[1] : NULL;
    j.small = in0 ? NULL : r->in[0];
    if (s->kind == SPREAD_MAX_DX) {
        j.at = (size_t *)(void *)(j.acc + cells);
    }
    if (in0 && !s->by_n) { /* sums over the samples: one after the other, in order */
        memset(j.acc, 0, cells * sizeof *j.acc);
        spread_samples(&j, 0, s->map.n, 0);
        for (e = 0; e < cells; e++) {
            mf_dn_put(r->out[0], e, s->small_bf16, (float)(j.acc[e] * s->factor));
        }
        return MF_OK;
    }
    mf_parallel_for(s->map.n, s->map.c * s->map.hw * s->map.n < 1 << 14 ? s->map.n : 1, spread_samples, &j);
    if (!in0) {
        mf_dn_chan_clear_padding(&s->chan, s->map.bf16 ? 2 : 4, r->out[0]);
    }
    return MF_OK;
}

#define SPREAD_KERNEL(NAME)                                                                                                \
    const mf_kernel_def mf_onednn_##NAME = {                                                                               \
        .op = #NAME, .name = "onednn." #NAME, .supports = spread_supports, .prepare = spread_prepare, .run = spread_run,   \
        .release = mf_free,                                                                                                \
    }
SPREAD_KERNEL(expand);
SPREAD_KERNEL(reduce);
SPREAD_KERNEL(reduce_max_dx);
SPREAD_KERNEL(reduce_to);
