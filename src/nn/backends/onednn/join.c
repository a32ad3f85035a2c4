/* nn/backends/onednn/join.c: joining and cutting along the channels, in whatever layout the values have.
 *
 * concat: x0, x1, ... -> y. slice: x -> channels [start, start+len). slice_dx: dy, like (shape) -> dy placed into zeros.
 * Rows and columns are window.c's; what is left runs on the reference kernel. */
#include "nn/backends/onednn/map.h"
#include "nn/backends/onednn/onednn.h"

#include "core/mem.h"
#include "core/thread.h"
#include "nn/ops.h"

typedef struct join_state {
    int        nsrc;
    mf_dn_map  src[MF_OP_MAX_IN], dst;
    size_t     from[MF_OP_MAX_IN], to[MF_OP_MAX_IN], len[MF_OP_MAX_IN]; /* channels copied */
    size_t     bytes;                                                     /* of the result */
    bool       clear;                                                     /* not every stored element is copied */
} join_state;

typedef struct join_job {
    const join_state  *s;
    const mf_run      *r;
} join_job;

static bool
join_supports(const mf_prep *p, char why[128])
{
    (void)why;
    return ((const mf_axis_attrs *)p->attrs)->axis == 1 && (p->out[0].shape.ndim == 4 || p->out[0].shape.ndim == 2) &&
           (p->out[0].dtype == MF_DTYPE_F32 || p->out[0].dtype == MF_DTYPE_BF16);
}

static mf_status
join_new(join_state **out, mf_prep *p, int nsrc, mf_err *err)
{
    join_state *s    = mf_calloc(1, sizeof *s);
    int         lead = 0, i;

    *out = NULL;
    if (s == NULL) {
        return mf_oom(err, sizeof *s, "a join");
    }
    for (i = 0; i < nsrc; i++) { /* the first blocked value leads */
        if (!mf_layout_is_plain(&p->in[i].shape, &p->in[i].layout)) {
            lead = i;
            break;
        }
    }
    p->in[lead].layout = mf_dn_chan_layout(&p->in[lead], mf_dn_home_layout(p->ctx, &p->in[lead]));
    s->nsrc            = nsrc;
    for (i = 0; i < nsrc; i++) {
        p->in[i].dtype = p->out[0].dtype;
        if (i != lead) {
            p->in[i].layout = mf_dn_layout_like(&p->in[lead], &p->in[i].shape);
        }
        if (!mf_dn_map_of(&s->src[i], &p->in[i])) {
            mf_free(s);
            return mf_fail(err, MF_E_UNSUPPORTED, "joining: a layout without rows of channels");
        }
    }
    p->out[0].layout = mf_dn_layout_like(&p->in[lead], &p->out[0].shape);
    if (!mf_dn_map_of(&s->dst, &p->out[0])) {
        mf_free(s);
        return mf_fail(err, MF_E_UNSUPPORTED, "joining: a layout without rows of channels");
    }
    s->bytes = mf_tdesc_bytes(&p->out[0]);
    s->clear = s->dst.nb * s->dst.b != s->dst.c;
    p->state = s;
    *out     = s;
    return MF_OK;
}

static mf_status
concat_prepare(mf_prep *p, mf_err *err)
{
    join_state *s;
    mf_status   st = join_new(&s, p, p->nin, err);
    size_t      at = 0;
    int         i;

    for (i = 0; st == MF_OK && i < p->nin; i++) {
        s->to[i]  = at;
        s->len[i] = s->src[i].c;
        at += s->len[i];
    }
    return st;
}

static mf_status
slice_prepare(mf_prep *p, mf_err *err)
{
    join_state *s;
    mf_status   st = join_new(&s, p, 1, err);

    if (st == MF_OK) {
        s->from[0] = (size_t)((const mf_axis_attrs *)p->attrs)->start;
        s->len[0]  = s->dst.c;
    }
    return st;
}

static mf_status
slice_dx_prepare(mf_prep *p, mf_err *err)
{
    join_state *s;
    mf_status   st = join_new(&s, p, 1, err);

    if (st == MF_OK) {
        s->to[0]  = (size_t)((const mf_axis_attrs *)p->attrs)->start;
        s->len[0] = s->src[0].c;
        s->clear  = true;
    }
    return st;
}

/* Runs of channels that lie in one block on both sides move as one piece a pixel. */
static void
join_samples(void *arg, size_t begin, size_t end, int thread)
{
    const join_job   *j = arg;
    const join_state *s = j->s;
    const mf_dn_map  *d = &s->dst;
    size_t            es = d->bf16 ? 2 : 4, n, p, k, run;
    int               i;

    (void)thread;
    for (n = begin; n < end; n++) {
        for (i = 0; i < s->nsrc; i++) {
            const mf_dn_map *m = &s->src[i];

            for (k = 0; k < s->len[i]; k += run) {
                size_t      cs = s->from[i] + k, cd = s->to[i] + k, ls = m->b - cs % m->b, ld = d->b - cd % d->b;
                const char *src = (const char *)j->r->in[i] + mf_dn_map_at(m, n, cs, 0) * es;
                char       *dst = (char *)j->r->out[0] + mf_dn_map_at(d, n, cd, 0) * es;

                run = ls < ld ? ls : ld;
                run = run < s->len[i] - k ? run : s->len[i] - k;
                if (run == m->b && run == d->b) {
                    memcpy(dst, src, run * m->hw * es);
                    continue;
                }
                for (p = 0; p < m->hw; p++) {
                    memcpy(dst + p * d->b * es, src + p * m->b * es, run * es);
                }
            }
        }
    }
}

static mf_status
join_run(void *state, const mf_run *r, mf_err *err)
{
    const join_state *s = state;
    join_job          j = {s, r};

    (void)err;
    if (s->clear) {
        memset(r->out[0], 0, s->bytes);
    }
    mf_parallel_for(s->dst.n, s->bytes < 1 << 16 ? s->dst.n : 1, join_samples, &j);
    return MF_OK;
}

#define JOIN_KERNEL(NAME)                                                                                                  \
    const mf_kernel_def mf_onednn_##NAME = {                                                                               \
        .op = #NAME, .name = "onednn." #NAME, .supports = join_supports, .prepare = NAME##_prepare, .run = join_run,       \
        .release = mf_free,                                                                                                \
    }
JOIN_KERNEL(concat);
JOIN_KERNEL(slice);
JOIN_KERNEL(slice_dx);
