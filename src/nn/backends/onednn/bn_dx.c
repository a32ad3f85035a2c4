/* nn/backends/onednn/bn_dx.c: the gradient of batch norm through its ReLU and residual, in two passes.
 *
 * dy, dy2 or none, y or none, x, gamma, mean, invstd -> dx, dgamma [C], dbeta [C], dres. With g = (dy + dy2) where y > 0,
 * M values a channel, S = sum g, T = sum g (x - mean):
 *   dbeta = S, dgamma = T invstd, dx = gamma invstd (g - S/M - (x - mean) invstd^2 T/M), dres = g. */
#include "nn/backends/onednn/chan.h"
#include "nn/backends/onednn/onednn.h"

#include "core/mem.h"
#include "nn/ops.h"

typedef struct bn_dx_state {
    mf_dn_chan        chan;
    const mf_dn_simd *simd;
    bool              bf16, masked, has2;
    size_t            sgx_at, mean_at, a_at, mg_at, k_at, sums_at;
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
    s->masked = a->act == MF_ACT_RELU && p->has_in[2];
    p->in[0]  = *x;
    if (s->has2) {
        p->in[1] = *x;
    }
    if (p->has_in[2]) {
        p->in[2] = *x;
    }
    for (i = 4; i < 7; i++) {
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
    s->sums_at = s->k_at + vec;
    p->scratch = s->sums_at + mf_dn_chan_scratch(&s->chan);
    p->state   = s;
    return MF_OK;
}

static mf_status
bn_dx_run(void *state, const mf_run *r, mf_err *err)
{
    bn_dx_state   *s   = state;
    char          *mem = r->scratch;
    double        *sg = (double *)(void *)mem, *sgx = (double *)(void *)(mem + s->sgx_at);
    float         *mean = (float *)(void *)(mem + s->mean_at), *a = (float *)(void *)(mem + s->a_at);
    float         *mg = (float *)(void *)(mem + s->mg_at), *k = (float *)(void *)(mem + s->k_at);
    const float   *gamma = r->in[4], *invstd = r->in[6];
    double         m = (double)s->chan.values;
    size_t         c;
    mf_dn_grad_row row = {.dy = r->in[0], .dy2 = s->has2 ? r->in[1] : NULL, .y = s->masked ? r->in[2] : NULL, .x = r->in[3],
                          .g = r->out[3], .dx = r->out[0], .mean = mean, .a = a, .mg = mg, .k = k};

    (void)err;
    memset(mean, 0, s->sums_at - s->mean_at);
    memcpy(mean, r->in[5], s->chan.c * sizeof *mean);
    mf_dn_chan_grad_sums(&s->chan, s->simd, s->bf16, &row, sg, sgx, mem + s->sums_at);
    for (c = 0; c < s->chan.c; c++) {
        double inv = (double)invstd[c];

        a[c]  = (float)((double)gamma[c] * inv);
        mg[c] = (float)(sg[c] / m);
        k[c]  = (float)(-(double)gamma[c] * inv * inv * inv * sgx[c] / m);
        if (r->out[1] != NULL) {
            ((float *)r->out[1])[c] = (float)(sgx[c] * inv);
        }
        if (r->out[2] != NULL) {
            ((float *)r->out[2])[c] = (float)sg[c];
        }
    }
    if (r->out[0] != NULL) {
        if (r->out[3] != NULL) {
            row.dy  = r->out[3];
            row.dy2 = row.y = NULL;
        }
        mf_dn_chan_grad_apply(&s->chan, s->simd, s->bf16, &row);
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
