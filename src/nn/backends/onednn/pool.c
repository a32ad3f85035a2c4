/* nn/backends/onednn/pool.c: maxima and means over windows and their gradients, on any layout of mf_dn_chan.
 *
 * maxpool: x [N,C,H,W] -> y [N,C,Ho,Wo], idx u8 (place in the window). maxpool_dx: dy, idx, x (shape) -> dx.
 * avgpool: x -> y. avgpool_dx: dy, x (shape) -> dx. Threads share the rows of all planes. */
#include "nn/backends/onednn/chan.h"
#include "nn/backends/onednn/onednn.h"

#include "core/mem.h"
#include "core/thread.h"
#include "nn/ops.h"

typedef struct pool_state {
    const mf_dn_simd *simd;
    mf_dn_pool        pool;
    size_t            planes, in_plane, out_plane; /* elements a plane, of x and of y */
    size_t            rows;                        /* planes times rows written */
    bool              bf16, max, grad;
} pool_state;

typedef struct pool_job {
    const pool_state *s;
    const char       *src;
    char             *dst;
    uint8_t          *idx;
} pool_job;

static bool
pool_supports(const mf_prep *p, char why[128])
{
    (void)why;
    return p->out[0].dtype == MF_DTYPE_F32 || p->out[0].dtype == MF_DTYPE_BF16;
}

/* x: the larger map, y: the pooled one; both of the same layout kind. */
static mf_status
pool_new(mf_prep *p, const mf_tdesc *x, const mf_tdesc *y, bool max, bool grad, mf_err *err)
{
    const mf_pool_attrs *a = p->attrs;
    pool_state          *s = mf_calloc(1, sizeof *s);
    mf_dn_chan           g;

    if (s == NULL) {
        return mf_oom(err, sizeof *s, "a pooling");
    }
    if (!mf_dn_chan_of(&g, x)) {
        mf_free(s);
        return mf_fail(err, MF_E_UNSUPPORTED, "pooling: a layout without rows of channels");
    }
    s->simd = p->ctx->simd;
    s->pool = (mf_dn_pool){.b = g.b, .h = (int)x->shape.dim[2], .w = (int)x->shape.dim[3], .ho = (int)y->shape.dim[2],
                           .wo = (int)y->shape.dim[3], .kh = a->kh, .kw = a->kw, .sh = a->sh, .sw = a->sw, .ph = a->ph,
                           .pw = a->pw, .count_pad = a->count_pad != 0};
    s->planes    = (size_t)x->shape.dim[0] * (g.padded / g.b);
    s->in_plane  = (size_t)s->pool.h * (size_t)s->pool.w * g.b;
    s->out_plane = (size_t)s->pool.ho * (size_t)s->pool.wo * g.b;
    s->rows      = s->planes * (size_t)(grad ? s->pool.h : s->pool.ho);
    s->bf16      = p->out[0].dtype == MF_DTYPE_BF16;
    s->max       = max;
    s->grad      = grad;
    p->state     = s;
    return MF_OK;
}

/* The map's own layout if it is readable, else the home one. A pooled map of one pixel is ambiguous between row-major and
 * channels-last, so the layout is always taken from the larger map where it is known. */
static mf_layout
map_layout(const mf_prep *p, const mf_tdesc *d)
{
    return mf_dn_chan_layout(d, mf_dn_home_layout(p->ctx, d));
}

static mf_status
forward_prepare(mf_prep *p, bool max, mf_err *err)
{
    mf_tdesc *x = &p->in[0];

    x->dtype         = p->out[0].dtype;
    x->layout        = map_layout(p, x);
    p->out[0].layout = mf_dn_layout_like(x, &p->out[0].shape);
    if (max) {
        p->out[1].layout = p->out[0].layout;
    }
    return pool_new(p, x, &p->out[0], max, false, err);
}

static mf_status
max_prepare(mf_prep *p, mf_err *err)
{
    return forward_prepare(p, true, err);
}

static mf_status
avg_prepare(mf_prep *p, mf_err *err)
{
    return forward_prepare(p, false, err);
}

static mf_status
max_dx_prepare(mf_prep *p, mf_err *err)
{
    mf_tdesc idx = p->in[1];

    idx.dtype        = p->out[0].dtype;
    p->in[1].layout  = map_layout(p, &idx);
    idx.layout       = p->in[1].layout;
    p->in[0]         = idx;
    p->out[0].layout = mf_dn_layout_like(&idx, &p->out[0].shape);
    return pool_new(p, &p->out[0], &p->in[0], true, true, err);
}

static mf_status
avg_dx_prepare(mf_prep *p, mf_err *err)
{
    p->in[0].dtype   = p->out[0].dtype;
    p->in[0].layout  = map_layout(p, &p->in[0]);
    p->out[0].layout = mf_dn_layout_like(&p->in[0], &p->out[0].shape);
    return pool_new(p, &p->out[0], &p->in[0], false, true, err);
}

static void
pool_rows(void *arg, size_t begin, size_t end, int thread)
{
    const pool_job         *j = arg;
    const pool_state       *s = j->s;
    const mf_dn_pool_loops *l = s->simd->pool;
    size_t                  per = (size_t)(s->grad ? s->pool.h : s->pool.ho), i, es = s->bf16 ? 2 : 4;

    (void)thread;
    for (i = begin; i < end; i++) {
        size_t      plane = i / per;
        int         row   = (int)(i % per);
        const char *src   = j->src + plane * (s->grad ? s->out_plane : s->in_plane) * es;
        char       *dst   = j->dst + plane * (s->grad ? s->in_plane : s->out_plane) * es;
        uint8_t    *idx   = j->idx == NULL ? NULL : j->idx + plane * s->out_plane;

        if (s->max) {
            if (s->grad) {
                l->max_dx[s->bf16](&s->pool, dst, src, idx, row);
            } else {
                l->max[s->bf16](&s->pool, dst, idx, src, row);
            }
        } else if (s->grad) {
            l->avg_dx[s->bf16](&s->pool, dst, src, row);
        } else {
            l->avg[s->bf16](&s->pool, dst, src, row);
        }
    }
}

static mf_status
pool_run(void *state, const mf_run *r, mf_err *err)
{
    const pool_state *s = state;
    pool_job          j = {s, r->in[0], r->out[0], NULL};
    size_t            width = (size_t)s->pool.w * s->pool.b;

    (void)err;
    if (s->max) {
        j.idx = s->grad ? r->in[1] : r->out[1];
    }
    if (j.dst == NULL) {
        return MF_OK;
    }
    mf_parallel_for(s->rows, width > 0 ? 8192 / width : 1, pool_rows, &j);
    return MF_OK;
}

#define POOL_KERNEL(NAME, PREPARE)                                                                                         \
    const mf_kernel_def mf_onednn_##NAME = {                                                                               \
        .op = #NAME, .name = "onednn." #NAME, .supports = pool_supports, .prepare = PREPARE, .run = pool_run,              \
        .release = mf_free,                                                                                                \
    }
POOL_KERNEL(maxpool, max_prepare);
POOL_KERNEL(maxpool_dx, max_dx_prepare);
POOL_KERNEL(avgpool, avg_prepare);
POOL_KERNEL(avgpool_dx, avg_dx_prepare);
