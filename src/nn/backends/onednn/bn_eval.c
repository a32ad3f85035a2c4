/* nn/backends/onednn/bn_eval.c: batch normalisation by the running statistics, and its gradient.
 *
 * bn_eval: x, gamma, beta, rmean, rvar -> y = act((x - rmean) / sqrt(rvar + eps) gamma + beta).
 * bn_eval_dx: dy, x or none, gamma, rmean, rvar -> dx = dy gamma invstd, dgamma = sum dy (x - rmean) invstd, dbeta = sum dy. */
#include "nn/backends/onednn/chan.h"
#include "nn/backends/onednn/onednn.h"

#include <math.h>
#include "core/mem.h"
#include "nn/ops.h"

typedef struct eval_state {
    mf_dn_chan        chan;
    const mf_dn_simd *simd;
    mf_bn_attrs       attrs;
    bool              bf16, has_x;
    size_t            vec, sums_at; /* bytes of a padded float vector; the sums' scratch */
} eval_state;

static bool
eval_supports(const mf_prep *p, char why[128])
{
    (void)why;
    return p->out[0].dtype == MF_DTYPE_F32 || p->out[0].dtype == MF_DTYPE_BF16;
}

static mf_status
eval_new(mf_prep *p, mf_tdesc *x, int first_vec, mf_err *err)
{
    eval_state *s;
    int         i;

    x->dtype  = p->out[0].dtype;
    x->layout = mf_dn_chan_layout(x, mf_dn_home_layout(p->ctx, x));
    if ((s = mf_calloc(1, sizeof *s)) == NULL) {
        return mf_oom(err, sizeof *s, "a batch norm");
    }
    if (!mf_dn_chan_of(&s->chan, x)) {
        mf_free(s);
        return mf_fail(err, MF_E_UNSUPPORTED, "batch norm: a layout without rows of channels");
    }
    p->out[0].layout = x->layout;
    p->inplace[0]    = 0;
    for (i = first_vec; i < p->nin; i++) {
        p->in[i].layout = mf_layout_plain(&p->in[i].shape);
    }
    s->simd  = p->ctx->simd;
    s->attrs = *(const mf_bn_attrs *)p->attrs;
    s->bf16  = x->dtype == MF_DTYPE_BF16;
    s->vec   = mf_dn_align(s->chan.padded * sizeof(float));
    p->state = s;
    return MF_OK;
}

static mf_status
eval_prepare(mf_prep *p, mf_err *err)
{
    mf_status st = eval_new(p, &p->in[0], 1, err);

    if (st == MF_OK) {
        p->scratch = 3 * ((eval_state *)p->state)->vec;
    }
    return st;
}

static mf_status
eval_run(void *state, const mf_run *r, mf_err *err)
{
    const eval_state *s     = state;
    float            *mean  = r->scratch;
    float            *scale = (float *)(void *)((char *)r->scratch + s->vec);
    float            *shift = (float *)(void *)((char *)r->scratch + 2 * s->vec);
    const float      *gamma = r->in[1], *beta = r->in[2], *rmean = r->in[3], *rvar = r->in[4];
    size_t            c;

    (void)err;
    memset(mean, 0, 3 * s->vec);
    for (c = 0; c < s->chan.c; c++) {
        mean[c]  = rmean[c];
        scale[c] = (float)((double)gamma[c] / sqrt((double)rvar[c] + (double)s->attrs.eps));
        shift[c] = beta[c];
    }
    mf_dn_chan_affine(&s->chan, s->simd, s->bf16, r->out[0], r->in[0], NULL, mean, scale, shift, s->attrs.act == MF_ACT_RELU);
    return MF_OK;
}

const mf_kernel_def mf_onednn_bn_eval = {
    .op = "bn_eval", .name = "onednn.bn_eval", .supports = eval_supports, .prepare = eval_prepare, .run = eval_run,
    .release = mf_free,
};

static mf_status
eval_dx_prepare(mf_prep *p, mf_err *err)
{
    mf_status   st = eval_new(p, &p->in[0], 2, err);
    eval_state *s;

    if (st < 0) {
        return st;
    }
    s        = p->state;
    s->has_x = p->has_in[1];
    if (s->has_x) {
        p->in[1] = p->in[0];
    }
    s->sums_at = 3 * s->vec + 2 * mf_dn_align(s->chan.padded * sizeof(double));
    p->scratch = s->sums_at + mf_dn_chan_scratch(&s->chan);
    return MF_OK;
}

static mf_status
eval_dx_run(void *state, const mf_run *r, mf_err *err)
{
    const eval_state *s     = state;
    char             *mem   = r->scratch;
    float            *zero  = r->scratch, *scale = (float *)(void *)(mem + s->vec), *mean = (float *)(void *)(mem + 2 * s->vec);
    double           *sg    = (double *)(void *)(mem + 3 * s->vec);
    double           *sgx   = (double *)(void *)((char *)sg + mf_dn_align(s->chan.padded * sizeof(double)));
    const float      *gamma = r->in[2], *rmean = r->in[3], *rvar = r->in[4];
    float            *dgamma = r->out[1], *dbeta = r->out[2];
    size_t            c;

    if (dgamma != NULL && !s->has_x) {
        return mf_fail(err, MF_E_ARG, "the gradient of gamma needs the input");
    }
    memset(zero, 0, 3 * s->vec);
    for (c = 0; c < s->chan.c; c++) {
        scale[c] = (float)((double)gamma[c] / sqrt((double)rvar[c] + (double)s->attrs.eps));
        mean[c]  = rmean[c];
    }
    if (dgamma != NULL || dbeta != NULL) {
        mf_dn_grad_row row = {.dy = r->in[0], .x = dgamma != NULL ? r->in[1] : NULL, .mean = mean};

        mf_dn_chan_grad_sums(&s->chan, s->simd, s->bf16, &row, sg, sgx, mem + s->sums_at);
        for (c = 0; c < s->chan.c; c++) {
            if (dgamma != NULL) {
                dgamma[c] = (float)(sgx[c] / sqrt((double)rvar[c] + (double)s->attrs.eps));
            }
            if (dbeta != NULL) {
                dbeta[c] = (float)sg[c];
            }
        }
    }
    if (r->out[0] != NULL) {
        mf_dn_chan_affine(&s->chan, s->simd, s->bf16, r->out[0], r->in[0], NULL, zero, scale, zero, false);
    }
    return MF_OK;
}

const mf_kernel_def mf_onednn_bn_eval_dx = {
    .op = "bn_eval_dx", .name = "onednn.bn_eval_dx", .supports = eval_supports, .prepare = eval_dx_prepare, .run = eval_dx_run,
    .release = mf_free,
};
