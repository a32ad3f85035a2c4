/* nn/backends/onednn/wpool.c: means weighted by several maps and the gradient for the map that is pooled, in its own layout. Threads
 * share the samples' blocks of channels. The gradient for the weights, which only trained weights need, runs on the reference
 * kernel. */
#include "nn/backends/onednn/map.h"
#include "nn/backends/onednn/onednn.h"

#include "core/mem.h"
#include "core/thread.h"

typedef struct wpool_state {
    mf_dn_map  map;
    mf_dn_chan chan;
    size_t     p;    /* maps of weights */
    size_t     room; /* floats of scratch for a block */
} wpool_state;

typedef struct wpool_job {
    const wpool_state *s;
    const mf_run      *r;
} wpool_job;

static bool
wpool_supports(const mf_prep *p, char why[128])
{
    (void)why;
    return (p->in[0].dtype == MF_DTYPE_F32 || p->in[0].dtype == MF_DTYPE_BF16) &&
           (p->out[0].dtype == MF_DTYPE_F32 || p->out[0].dtype == MF_DTYPE_BF16);
}

static void
plain(mf_tdesc *d)
{
    d->dtype  = MF_DTYPE_F32;
    d->layout = mf_layout_plain(&d->shape);
}

/* `map`: the one with channels. */
static mf_status
prepare(mf_prep *p, const mf_tdesc *map, mf_err *err)
{
    wpool_state *s = mf_calloc(1, sizeof *s);

    if (s == NULL) {
        return mf_oom(err, sizeof *s, "a weighted pooling");
    }
    if (!mf_dn_map_of(&s->map, map) || !mf_dn_chan_of(&s->chan, map)) {
        mf_free(s);
        return mf_fail(err, MF_E_UNSUPPORTED, "weighted pooling: a layout without rows of channels");
    }
    s->p       = (size_t)p->in[1].shape.dim[1];
    s->room    = s->p * s->map.b;
    p->scratch = s->map.n * s->map.nb * s->room * sizeof(float);
    p->state   = s;
    return MF_OK;
}

static mf_status
wpool_prepare(mf_prep *p, mf_err *err)
{
    p->in[0].layout = mf_dn_chan_layout(&p->in[0], mf_dn_home_layout(p->ctx, &p->in[0]));
    plain(&p->in[1]);
    p->out[0].layout = mf_layout_plain(&p->out[0].shape);
    return prepare(p, &p->in[0], err);
}

static mf_status
wpool_dx_prepare(mf_prep *p, mf_err *err)
{
    plain(&p->in[0]);
    plain(&p->in[1]);
    p->out[0].layout = mf_dn_chan_layout(&p->out[0], mf_dn_home_layout(p->ctx, &p->out[0]));
    return prepare(p, &p->out[0], err);
}

/* Items are blocks of channels, sample by sample; sums [p, b] of a block in its scratch. */
static void
wpool_items(void *arg, size_t begin, size_t end, int thread)
{
    const wpool_job   *job = arg;
    const wpool_state *s   = job->s;
    const mf_dn_map   *m   = &s->map;

    (void)thread;
    for (size_t item = begin; item < end; item++) {
        const size_t n = item / m->nb, k = item % m->nb, at = mf_dn_map_block(m, n, k), wide = mf_dn_map_width(m, k);
        const float *w   = (const float *)job->r->in[1] + n * s->p * m->hw;
        float       *sum = (float *)job->r->scratch + item * s->room;
        float       *y   = (float *)job->r->out[0] + n * s->p * m->c + k * m->b;

        memset(sum, 0, s->room * sizeof *sum);
        for (size_t i = 0; i < m->hw; i++) {
            for (size_t q = 0; q < s->p; q++) {
                const float v = w[q * m->hw + i];

                for (size_t c = 0; c < wide; c++) {
                    sum[q * m->b + c] += v * mf_dn_get(job->r->in[0], at + i * m->b + c, m->bf16);
                }
            }
        }
        for (size_t q = 0; q < s->p; q++) {
            for (size_t c = 0; c < wide; c++) {
                y[q * m->c + c] = sum[q * m->b + c] / (float)m->hw;
            }
        }
    }
}

static void
wpool_dx_items(void *arg, size_t begin, size_t end, int thread)
{
    const wpool_job   *job = arg;
    const wpool_state *s   = job->s;
    const mf_dn_map   *m   = &s->map;

    (void)thread;
    for (size_t item = begin; item < end; item++) {
        const size_t n = item / m->nb, k = item % m->nb, at = mf_dn_map_block(m, n, k), wide = mf_dn_map_width(m, k);
        const float *dy  = (const float *)job->r->in[0] + n * s->p * m->c + k * m->b;
        const float *w   = (const float *)job->r->in[1] + n * s->p * m->hw;
        float       *sum = (float *)job->r->scratch + item * s->room; /* of one place */

        for (size_t i = 0; i < m->hw; i++) {
            memset(sum, 0, wide * sizeof *sum);
            for (size_t q = 0; q < s->p; q++) {
                const float v = w[q * m->hw + i] / (float)m->hw;

                for (size_t c = 0; c < wide; c++) {
                    sum[c] += v * dy[q * m->c + c];
                }
            }
            for (size_t c = 0; c < wide; c++) {
                mf_dn_put(job->r->out[0], at + i * m->b + c, m->bf16, sum[c]);
            }
        }
    }
}

static mf_status
run(const wpool_state *s, const mf_run *r, void (*items)(void *, size_t, size_t, int))
{
    const size_t all = s->map.n * s->map.nb;
    wpool_job    j   = {s, r};

    mf_parallel_for(all, s->chan.elems < 1 << 13 ? all : 1, items, &j);
    return MF_OK;
}

static mf_status
wpool_run(void *state, const mf_run *r, mf_err *err)
{
    (void)err;
    return run(state, r, wpool_items);
}

static mf_status
wpool_dx_run(void *state, const mf_run *r, mf_err *err)
{
    const wpool_state *s = state;

    (void)err;
    run(s, r, wpool_dx_items);
    mf_dn_chan_clear_padding(&s->chan, s->map.bf16 ? 2 : 4, r->out[0]);
    return MF_OK;
}

const mf_kernel_def mf_onednn_wpool = {
    .op = "wpool", .name = "onednn.wpool", .supports = wpool_supports, .prepare = wpool_prepare, .run = wpool_run, .release = mf_free,
};

const mf_kernel_def mf_onednn_wpool_dx = {
    .op = "wpool_dx", .name = "onednn.wpool_dx", .supports = wpool_supports, .prepare = wpool_dx_prepare, .run = wpool_dx_run, .release = mf_free,
};
