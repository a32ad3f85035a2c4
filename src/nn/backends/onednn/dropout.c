/* nn/backends/onednn/dropout.c: dropout and its gradient, which is the same map, on maps and rows in their own layout.
 * The mask is nn/dropout.h's: an element is its place in row-major order, so every layout drops the same ones. */
#include "nn/backends/onednn/map.h"
#include "nn/backends/onednn/onednn.h"

#include "core/mem.h"
#include "core/thread.h"
#include "nn/dropout.h"
#include "nn/ops.h"

typedef struct drop_state {
    mf_dn_map        map;
    mf_dn_chan       chan;
    mf_dropout_attrs attrs;
} drop_state;

typedef struct drop_job {
    const drop_state *s;
    const void       *x;
    void             *y;
    uint64_t          key;
} drop_job;

static bool
drop_supports(const mf_prep *p, char why[128])
{
    int nd = p->out[0].shape.ndim;

    (void)why;
    return (nd == 2 || nd == 4) && (p->out[0].dtype == MF_DTYPE_F32 || p->out[0].dtype == MF_DTYPE_BF16);
}

static mf_status
drop_prepare(mf_prep *p, mf_err *err)
{
    drop_state *s = mf_calloc(1, sizeof *s);
    mf_tdesc   *x = &p->in[0];

    if (s == NULL) {
        return mf_oom(err, sizeof *s, "a dropout");
    }
    x->dtype  = p->out[0].dtype;
    x->layout = mf_dn_chan_layout(x, mf_dn_home_layout(p->ctx, x));
    if (!mf_dn_map_of(&s->map, x) || !mf_dn_chan_of(&s->chan, x)) {
        mf_free(s);
        return mf_fail(err, MF_E_UNSUPPORTED, "dropout: a layout without rows of channels");
    }
    s->attrs         = *(const mf_dropout_attrs *)p->attrs;
    p->out[0].layout = x->layout;
    p->inplace[0]    = 0;
    p->state         = s;
    return MF_OK;
}

static void
drop_blocks(void *arg, size_t begin, size_t end, int thread)
{
    const drop_job  *j     = arg;
    const mf_dn_map *m     = &j->s->map;
    const uint64_t   bound = mf_dropout_bound(j->s->attrs.p);
    const float      f     = (float)(1.0 / (1.0 - (double)j->s->attrs.p));
    size_t           q, p, i;

    (void)thread;
    for (q = begin; q < end; q++) {
        size_t n = q / m->nb, k = q % m->nb, at = mf_dn_map_block(m, n, k), w = mf_dn_map_width(m, k);

        for (p = 0; p < m->hw; p++, at += m->b) {
            for (i = 0; i < w; i++) {
                uint64_t e    = (n * m->c + k * m->b + i) * m->hw + p;
                bool     keep = mf_dropout_keep_at(j->key, e, bound);

                mf_dn_put(j->y, at + i, m->bf16, keep ? mf_dn_get(j->x, at + i, m->bf16) * f : 0.0f);
            }
        }
    }
}

static mf_status
drop_run(void *state, const mf_run *r, mf_err *err)
{
    const drop_state *s = state;
    drop_job          j = {s, r->in[0], r->out[0], mf_dropout_key(r->seed, r->step, s->attrs.id)};
    size_t            q = s->map.n * s->map.nb;

    (void)err;
    mf_parallel_for(q, s->chan.elems < 1 << 13 ? q : 1, drop_blocks, &j);
    mf_dn_chan_clear_padding(&s->chan, s->map.bf16 ? 2 : 4, r->out[0]);
    return MF_OK;
}

#define DROP_KERNEL(NAME)                                                                                                  \
    const mf_kernel_def mf_onednn_##NAME = {                                                                               \
        .op = #NAME, .name = "onednn." #NAME, .supports = drop_supports, .prepare = drop_prepare, .run = drop_run,         \
        .release = mf_free,                                                                                                \
    }
DROP_KERNEL(dropout);
DROP_KERNEL(dropout_dx);
