/* nn/backends/onednn/bn.c: batch normalisation by the batch's statistics, with residual and ReLU, in two passes.
 *
 * x [N,C,H,W] or [N,C], gamma, beta, rmean, rvar [C], counter [1] or none, res like x or none -> y, mean [C], invstd [C].
 * The first pass reads x once (statistics), the second reads x (and res) and writes y. */
#include "nn/backends/onednn/chan.h"
#include "nn/backends/onednn/onednn.h"

#include <math.h>
#include <stdio.h>
#include "core/mem.h"
#include "nn/ops.h"

typedef struct bn_state {
    mf_dn_chan        chan;
    const mf_dn_simd *simd;
    mf_bn_attrs       attrs;
    mf_dtype          counter;
    bool              bf16, res;
    size_t            m2_at, mean_at, scale_at, shift_at, sums_at;
} bn_state;

static bool
bn_supports(const mf_prep *p, char why[128])
{
    if (p->out[0].dtype != MF_DTYPE_F32 && p->out[0].dtype != MF_DTYPE_BF16) {
        if (why != NULL) {
            snprintf(why, 128, "onednn normalises F32 and BF16, not %s", mf_dtype_name(p->out[0].dtype));
        }
        return false;
    }
    return true;
}

static mf_status
bn_prepare(mf_prep *p, mf_err *err)
{
    bn_state *s;
    mf_tdesc *x = &p->in[0];
    bool      has_res = p->nin > 6 && p->has_in[6];
    int       i;

    x->dtype  = p->out[0].dtype;
    x->layout = mf_dn_chan_layout(x, mf_dn_home_layout(p->ctx, x));
    if ((s = mf_calloc(1, sizeof *s)) == NULL) {
        return mf_oom(err, sizeof *s, "a batch norm");
    }
    if (!mf_dn_chan_of(&s->chan, x)) {
        mf_free(s);
        return mf_fail(err, MF_E_UNSUPPORTED, "batch norm: a layout without rows of channels");
    }
    if (s->chan.values < 2) {
        mf_free(s);
        return mf_fail(err, MF_E_ARG, "batch norm needs more than one value a channel");
    }
    p->out[0].layout = x->layout;
    for (i = 1; i < 5; i++) {
        p->in[i].layout = mf_layout_plain(&p->in[i].shape);
    }
    if (has_res) {
        p->in[6] = p->out[0];
    }
    p->inplace[0] = has_res ? 6 : 0;
    s->simd       = p->ctx->simd;
    s->attrs      = *(const mf_bn_attrs *)p->attrs;
    s->bf16       = x->dtype == MF_DTYPE_BF16;
    s->res        = has_res;
    s->counter    = p->nin > 5 && p->has_in[5] ? p->in[5].dtype : MF_DTYPE_COUNT;
    s->m2_at      = mf_dn_align(s->chan.padded * sizeof(double));
    s->mean_at    = s->m2_at * 2;
    s->scale_at   = s->mean_at + mf_dn_align(s->chan.padded * sizeof(float));
    s->shift_at   = s->scale_at + mf_dn_align(s->chan.padded * sizeof(float));
    s->sums_at    = s->shift_at + mf_dn_align(s->chan.padded * sizeof(float));
    p->scratch    = s->sums_at + mf_dn_chan_scratch(&s->chan);
    p->state      = s;
    return MF_OK;
}

typedef struct bn_job {
    const bn_state *s;
    const mf_run   *r;
    double         *mean, *m2;
    float          *fmean, *scale, *shift;
} bn_job;

/* From sums to coefficients and running estimates, channels c0 .. c1-1. */
static void
finish(const bn_job *j, size_t c0, size_t c1)
{
    const bn_state *s     = j->s;
    const float    *gamma = j->r->in[1], *beta = j->r->in[2];
    float          *rmean = j->r->in[3], *rvar = j->r->in[4], *omean = j->r->out[1], *oinv = j->r->out[2];
    double          n = (double)s->chan.values, m = (double)s->attrs.momentum;
    size_t          c;

    for (c = c0; c < c1; c++) {
        double var = j->m2[c] / n, inv = 1.0 / sqrt(var + (double)s->attrs.eps);

        if (c >= s->chan.c) { /* padding channels stay zero */
            j->fmean[c] = j->scale[c] = j->shift[c] = 0.0f;
            continue;
        }
        /* the mean is taken off in f32 before scaling, and what its rounding loses is put back after */
        j->fmean[c] = (float)j->mean[c];
        j->scale[c] = (float)(inv * (double)gamma[c]);
        j->shift[c] = (float)((double)beta[c] - (j->mean[c] - (double)j->fmean[c]) * inv * (double)gamma[c]);
        rmean[c]    = (float)((1.0 - m) * (double)rmean[c] + m * j->mean[c]);
        rvar[c]     = (float)((1.0 - m) * (double)rvar[c] + m * (j->m2[c] / (n - 1.0)));
        if (omean != NULL) {
            omean[c] = (float)j->mean[c];
        }
        if (oinv != NULL) {
            oinv[c] = (float)inv;
        }
    }
}

static void
bn_blocks(void *arg, size_t part)
{
    const bn_job     *j = arg;
    const bn_state   *s = j->s;
    const mf_dn_chan *g = &s->chan;
    size_t            k;

    for (k = g->nb * part / g->parts; k < g->nb * (part + 1) / g->parts; k++) {
        mf_dn_chan_block_stats(g, s->simd, s->bf16, k, part, j->r->in[0], j->mean, j->m2, (char *)j->r->scratch + s->sums_at);
        finish(j, k * g->b, (k + 1) * g->b);
        if (j->r->out[0] != NULL) {
            mf_dn_chan_block_affine(g, s->simd, s->bf16, k, j->r->out[0], j->r->in[0], s->res ? j->r->in[6] : NULL, j->fmean,
                                    j->scale, j->shift, s->attrs.act == MF_ACT_RELU);
        }
    }
}

static mf_status
bn_run(void *state, const mf_run *r, mf_err *err)
{
    bn_state *s   = state;
    char     *mem = r->scratch;
    bn_job    j   = {.s = s, .r = r, .mean = (double *)(void *)mem, .m2 = (double *)(void *)(mem + s->m2_at),
                     .fmean = (float *)(void *)(mem + s->mean_at), .scale = (float *)(void *)(mem + s->scale_at),
                     .shift = (float *)(void *)(mem + s->shift_at)};

    (void)err;
    if (s->chan.by_block) {
        mf_dn_parts(s->chan.parts, bn_blocks, &j);
    } else {
        mf_dn_chan_stats(&s->chan, s->simd, s->bf16, r->in[0], j.mean, j.m2, mem + s->sums_at);
        finish(&j, 0, s->chan.padded);
        if (r->out[0] != NULL) {
            mf_dn_chan_affine(&s->chan, s->simd, s->bf16, r->out[0], r->in[0], s->res ? r->in[6] : NULL, j.fmean, j.scale, j.shift,
                              s->attrs.act == MF_ACT_RELU);
        }
    }
    if (s->counter == MF_DTYPE_F32) {
        *(float *)r->in[5] += 1.0f;
    } else if (s->counter == MF_DTYPE_I64) {
        *(int64_t *)r->in[5] += 1;
    } else if (s->counter == MF_DTYPE_I32) {
        *(int32_t *)r->in[5] += 1;
    }
    return MF_OK;
}

const mf_kernel_def mf_onednn_bn = {
    .op = "bn", .name = "onednn.bn", .supports = bn_supports, .prepare = bn_prepare, .run = bn_run, .release = mf_free,
};
