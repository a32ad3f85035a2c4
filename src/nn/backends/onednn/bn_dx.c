/* nn/backends/onednn/bn_dx.c: the gradient of batch norm through its ReLU and residual, in two passes.
 *
 * dy, dy2 or none, y or none, x, gamma, mean, invstd, beta or none -> dx, dgamma [C], dbeta [C], dres. With
 * g = (dy + dy2) where y > 0 (without y: where (x - mean) invstd gamma + beta > 0), M values a channel, S = sum g, T = sum g (x - mean):
 *   dbeta = S, dgamma = T invstd, dx = gamma invstd (g - S/M - (x - mean) invstd^2 T/M), dres = g. */
#include "nn/backends/onednn/chan.h"
#include "nn/backends/onednn/onednn.h"

#include "core/mem.h"
#include "nn/ops.h"

typedef struct bn_dx_state {
    mf_dn_chan        chan;
    const mf_dn_simd *simd;
    bool              bf16, by_y, by_x, has2;
    size_t            sgx_at, mean_at, a_at, mg_at, k_at, h_at, sums_at;
} bn_dx_state;

static bool
bn_dx_supports(const mf_prep *p, char why[128])
{
    (void)why;
    return p->out[0].dtype == MF_DTYPE_F32 || p->out[0].dtype == MF_DTYPE_BF16;
}

static mf_status
bn_dx_prepare(mf_prep *p, mf_err *err)
{
    bn_dx_state       *s;
    const mf_bn_attrs *a = p->attrs;
    mf_tdesc          *x = &p->in[3];
    size_t             vec;
    int                i;

    x->dtype  = p->out[0].dtype;
    x->layout = mf_dn_chan_layout(x, mf_dn_home_layout(p->ctx, x));
    if ((s = mf_calloc(1, sizeof *s)) == NULL) {
        return mf_oom(err, sizeof *s, "a batch norm's gradient");
    }
    if (!mf_dn_chan_of(&s->chan, x)) {
        mf_free(s);
        return mf_fail(err, MF_E_UNSUPPORTED, "batch norm: a layout without rows of channels");
    }
    s->simd   = p->ctx->simd;
    s->bf16   = x->dtype == MF_DTYPE_BF16;
    s->has2   = p->has_in[1];
    s->by_y   = a->act == MF_ACT_RELU && p->has_in[2];
    s->by_x   = a->act == MF_ACT_RELU && !p->has_in[2];
    p->in[0]  = *x;
    if (s->has2) {
        p->in[1] = *x;
    }
    if (p->has_in[2]) {
        p->in[2] = *x;
    }
    for (i = 4; i < (s->by_x ? 8 : 7); i++) {
        p->in[i].layout = mf_layout_plain(&p->in[i].shape);
    }
    p->out[0].layout = p->out[3].layout = x->layout;
    /* The sums write dres = g; the second pass then reads dres and x alone. */
    if (p->want_out[3]) {
        p->inplace[3] = 0;
        p->inplace[0] = s->has2 ? 1 : 3;
    } else {
        p->inplace[0] = 0;
    }
    vec        = mf_dn_align(s->chan.padded * sizeof(double));
    s->sgx_at  = vec;
    s->mean_at = 2 * vec;
    vec        = mf_dn_align(s->chan.padded * sizeof(float));
    s->a_at    = s->mean_at + vec;
    s->mg_at   = s->a_at + vec;
    s->k_at    = s->mg_at + vec;
    s->h_at    = s->k_at + vec;
    s->sums_at = s->h_at + vec;
    p->scratch = s->sums_at + mf_dn_chan_scratch(&s->chan);
    p->state   = s;
    return MF_OK;
}

typedef struct bn_dx_job {
    const bn_dx_state *s;
    const mf_run      *r;
    double            *sg, *sgx;
    float             *mean, *a, *mg, *k, *h;
    mf_dn_grad_row     sums, apply;
} bn_dx_job;

/* From sums to coefficients and parameter gradients, channels c0 .. c1-1. */
static void
finish(const bn_dx_job *j, size_t c0, size_t c1)
{
    const float *gamma = j->r->in[4], *invstd = j->r->in[6];
    float       *dgamma = j->r->out[1], *dbeta = j->r->out[2];
    double       m = (double)j->s->chan.values;
    size_t       c;

    for (c = c0; c < c1; c++) {
        double inv;

        if (c >= j->s->chan.c) { /* padding channels stay zero */
            j->mg[c] = j->k[c] = 0.0f;
            continue;
        }
        inv      = (double)invstd[c];
        j->mg[c] = (float)(j->sg[c] / m);
        j->k[c]  = (float)(-(double)gamma[c] * inv * inv * inv * j->sgx[c] / m);
        if (dgamma != NULL) {
            dgamma[c] = (float)(j->sgx[c] * inv);
        }
        if (dbeta != NULL) {
            dbeta[c] = (float)j->sg[c];
        }
    }
}

static void
bn_dx_blocks(void *arg, size_t part)
{
    const bn_dx_job   *j = arg;
    const bn_dx_state *s = j->s;
    const mf_dn_chan  *g = &s->chan;
    size_t             b;

    for (b = g->nb * part / g->parts; b < g->nb * (part + 1) / g->parts; b++) {
        mf_dn_chan_block_grad_sums(g, s->simd, s->bf16, b, part, &j->sums, j->sg, j->sgx, (char *)j->r->scratch + s->sums_at);
        finish(j, b * g->b, (b + 1) * g->b);
        if (j->r->out[0] != NULL) {
            mf_dn_chan_block_grad_apply(g, s->simd, s->bf16, b, &j->apply);
        }
    }
}

static mf_status
bn_dx_run(void *state, const mf_run *r, mf_err *err)
{
    bn_dx_state *s   = state;
    char        *mem = r->scratch;
    bn_dx_job    j   = {.s = s, .r = r, .sg = (double *)(void *)mem, .sgx = (double *)(void *)(mem + s->sgx_at),
                        .mean = (float *)(void *)(mem + s->mean_at), .a = (float *)(void *)(mem + s->a_at),
                        .mg = (float *)(void *)(mem + s->mg_at), .k = (float *)(void *)(mem + s->k_at), .h = (float *)(void *)(mem + s->h_at)};
    size_t       c;

    (void)err;
    memset(j.mean, 0, s->chan.padded * sizeof *j.mean);
    memcpy(j.mean, r->in[5], s->chan.c * sizeof *j.mean);
    for (c = 0; c < s->chan.padded; c++) {
        bool pad = c >= s->chan.c;

        j.a[c] = pad ? 0.0f : (float)((double)((const float *)r->in[4])[c] * (double)((const float *)r->in[6])[c]);
        j.h[c] = pad || !s->by_x ? 0.0f : ((const float *)r->in[7])[c];
    }
    j.sums  = (mf_dn_grad_row){.dy = r->in[0], .dy2 = s->has2 ? r->in[1] : NULL, .y = s->by_y ? r->in[2] : NULL, .x = r->in[3],
                               .g = r->out[3], .dx = r->out[0], .mean = j.mean, .a = j.a, .mg = j.mg, .k = j.k,
                               .s = s->by_x ? j.a : NULL, .h = s->by_x ? j.h : NULL};
    j.apply = j.sums;
    if (r->out[3] != NULL) { /* g was kept: the second pass reads it alone */
        j.apply.dy  = r->out[3];
        j.apply.dy2 = j.apply.y = NULL;
        j.apply.s   = NULL;
    }
    if (s->chan.by_block) {
        mf_dn_parts(s->chan.parts, bn_dx_blocks, &j);
        return MF_OK;
    }
    mf_dn_chan_grad_sums(&s->chan, s->simd, s->bf16, &j.sums, j.sg, j.sgx, mem + s->sums_at);
    finish(&j, 0, s->chan.padded);
    if (r->out[0] != NULL) {
        mf_dn_chan_grad_apply(&s->chan, s->simd, s->bf16, &j.apply);
    }
    return MF_OK;
}

const mf_kernel_def mf_onednn_bn_dx = {
    .op = "bn_dx", .name = "onednn.bn_dx", .supports = bn_dx_supports, .prepare = bn_dx_prepare, .run = bn_dx_run,
    .release = mf_free,
};

/* ---- channel_sum: x [N,C,...] -> [C] f32 ---- */

typedef struct sum_state {
    mf_dn_chan        chan;
    const mf_dn_simd *simd;
    bool              bf16;
    size_t            sums_at;
} sum_state;

static bool
sum_supports(const mf_prep *p, char why[128])
{
    (void)why;
    return (p->in[0].dtype == MF_DTYPE_F32 || p->in[0].dtype == MF_DTYPE_BF16) && p->in[0].shape.ndim >= 2 &&
           p->out[0].dtype == MF_DTYPE_F32;
}

static mf_status
sum_prepare(mf_prep *p, mf_err *err)
{
    sum_state *s;
    mf_tdesc  *x = &p->in[0];

    x->layout = mf_dn_chan_layout(x, mf_dn_home_layout(p->ctx, x));
    if ((s = mf_calloc(1, sizeof *s)) == NULL) {
        return mf_oom(err, sizeof *s, "a channel sum");
    }
    if (!mf_dn_chan_of(&s->chan, x)) {
        mf_free(s);
        return mf_fail(err, MF_E_UNSUPPORTED, "channel sum: a layout without rows of channels");
    }
    s->simd    = p->ctx->simd;
    s->bf16    = x->dtype == MF_DTYPE_BF16;
    s->sums_at = mf_dn_align(s->chan.padded * sizeof(double));
    p->scratch = s->sums_at + mf_dn_chan_scratch(&s->chan);
    p->state   = s;
    return MF_OK;
}

static mf_status
sum_run(void *state, const mf_run *r, mf_err *err)
{
    sum_state     *s   = state;
    double        *sum = r->scratch;
    mf_dn_grad_row row = {.dy = r->in[0]};
    size_t         c;

    (void)err;
    mf_dn_chan_grad_sums(&s->chan, s->simd, s->bf16, &row, sum, NULL, (char *)r->scratch + s->sums_at);
    for (c = 0; c < s->chan.c; c++) {
        ((float *)r->out[0])[c] = (float)sum[c];
    }
    return MF_OK;
}

const mf_kernel_def mf_onednn_channel_sum = {
    .op = "channel_sum", .name = "onednn.channel_sum", .supports = sum_supports, .prepare = sum_prepare, .run = sum_run,
    .release = mf_free,
};
