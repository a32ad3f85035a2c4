/* nn/backends/onednn/scale.c: mul x + add, clip and its gradient, element by element over storage. */
#include "nn/backends/onednn/flat.h"

#include "core/mem.h"
#include "nn/ops.h"

static mf_status
scale_prepare(mf_prep *p, mf_err *err)
{
    const mf_scale_attrs *a  = p->attrs;
    mf_status             st = mf_dn_flat_prepare(p, err);

    if (st == MF_OK) {
        ((mf_dn_flat_state *)p->state)->a = (float)a->mul;
        ((mf_dn_flat_state *)p->state)->b = (float)a->add;
    }
    return st;
}

static void
scale_tile(const mf_dn_flat_state *s, float *y, const float *x, const float *b, const float *c, size_t n)
{
    (void)b;
    (void)c;
    s->simd->flat->scale[0](y, x, n, s->a, s->b);
}

static mf_status
scale_run(void *state, const mf_run *r, mf_err *err)
{
    (void)err;
    mf_dn_flat_tiles(state, scale_tile, r->out[0], r->in[0], NULL, NULL);
    return MF_OK;
}

const mf_kernel_def mf_onednn_scale = {
    .op = "scale", .name = "onednn.scale", .supports = mf_dn_flat_dtypes, .prepare = scale_prepare, .run = scale_run,
    .release = mf_free,
};

static mf_status
clip_prepare(mf_prep *p, mf_err *err)
{
    const mf_clip_attrs *a  = p->attrs;
    mf_status            st = mf_dn_flat_prepare(p, err);

    if (st == MF_OK) {
        ((mf_dn_flat_state *)p->state)->a = (float)a->lo;
        ((mf_dn_flat_state *)p->state)->b = (float)a->hi;
    }
    return st;
}

/* One span of clip (b NULL) or of its gradient. */
typedef struct clip_job {
    const mf_dn_flat_state *s;
    char                   *y;
    const char             *a, *b;
} clip_job;

static void
clip_span(void *arg, size_t begin, size_t end)
{
    const clip_job         *j  = arg;
    const mf_dn_flat_state *s  = j->s;
    size_t                  at = begin * (s->bf16 ? 2 : 4);

    if (j->b != NULL) {
        s->simd->flat->clip_dx[s->bf16](j->y + at, j->a + at, j->b + at, end - begin, s->a, s->b);
    } else {
        s->simd->flat->clip[s->bf16](j->y + at, j->a + at, end - begin, s->a, s->b);
    }
}

static mf_status
clip_run(void *state, const mf_run *r, mf_err *err)
{
    clip_job j = {state, r->out[0], r->in[0], NULL};

    (void)err;
    mf_dn_spans(j.s->elems, MF_DN_FLAT_GRAIN, clip_span, &j);
    if (j.s->padded) {
        mf_dn_chan_clear_padding(&j.s->chan, j.s->bf16 ? 2 : 4, r->out[0]);
    }
    return MF_OK;
}

const mf_kernel_def mf_onednn_clip = {
    .op = "clip", .name = "onednn.clip", .supports = mf_dn_flat_dtypes, .prepare = clip_prepare, .run = clip_run,
    .release = mf_free,
};

static mf_status
clip_dx_run(void *state, const mf_run *r, mf_err *err)
{
    clip_job j = {state, r->out[0], r->in[0], r->in[1]};

    (void)err;
    mf_dn_spans(j.s->elems, MF_DN_FLAT_GRAIN, clip_span, &j);
    return MF_OK;
}

const mf_kernel_def mf_onednn_clip_dx = {
    .op = "clip_dx", .name = "onednn.clip_dx", .supports = mf_dn_flat_dtypes, .prepare = clip_prepare, .run = clip_dx_run,
    .release = mf_free,
};
