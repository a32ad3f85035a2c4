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

static mf_status
bn_run(void *state, const mf_run *r, mf_err *err)
{
    bn_state    *s     = state;
    char        *mem   = r->scratch;
    double      *mean  = (double *)(void *)mem, *m2 = (double *)(void *)(mem + s->m2_at);
    float       *fmean = (float *)(void *)(mem + s->mean_at), *scale = (float *)(void *)(mem + s->scale_at), *shift = (float *)(void *)(mem + s->shift_at);
    const float *gamma = r->in[1], *beta = r->in[2];
    float       *rmean = r->in[3], *rvar = r->in[4], *omean = r->out[1], *oinv = r->out[2];
    double       n = (double)s->chan.values, m = (double)s->attrs.momentum;
    size_t       c;

    (void)err;
    mf_dn_chan_stats(&s->chan, s->simd, s->bf16, r->in[0], mean, m2, mem + s->sums_at);
    memset(fmean, 0, s->sums_at - s->mean_at); /* padding channels stay zero */
    for (c = 0; c < s->chan.c; c++) {
        double var = m2[c] / n, inv = 1.0 / sqrt(var + (double)s->attrs.eps);

        /* the mean is taken off in f32 before scaling, and what its rounding loses is put back after */
        fmean[c] = (float)mean[c];
        scale[c] = (float)(inv * (double)gamma[c]);
        shift[c] = (float)((double)beta[c] - (mean[c] - (double)fmean[c]) * inv * (double)gamma[c]);
        rmean[c] = (float)((1.0 - m) * (double)rmean[c] + m * mean[c]);
        rvar[c]  = (float)((1.0 - m) * (double)rvar[c] + m * (m2[c] / (n - 1.0)));
        if (omean != NULL) {
            omean[c] = (float)mean[c];
        }
        if (oinv != NULL) {
            oinv[c] = (float)inv;
        }
    }
    if (s->counter == MF_DTYPE_F32) {
        *(float *)r->in[5] += 1.0f;
    } else if (s->counter == MF_DTYPE_I64) {
        *(int64_t *)r->in[5] += 1;
    } else if (s->counter == MF_DTYPE_I32) {
        *(int32_t *)r->in[5] += 1;
    }
    if (r->out[0] != NULL) {
        mf_dn_chan_affine(&s->chan, s->simd, s->bf16, r->out[0], r->in[0], s->res ? r->in[6] : NULL, fmean, scale, shift,
                          s->attrs.act == MF_ACT_RELU);
    }
    return MF_OK;
}

const mf_kernel_def mf_onednn_bn = {
    .op = "bn", .name = "onednn.bn", .supports = bn_supports, .prepare = bn_prepare, .run = bn_run, .release = mf_free,
};
