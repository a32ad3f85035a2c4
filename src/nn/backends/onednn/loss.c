/* nn/backends/onednn/loss.c: cross-entropy of logits [N,C] against target distributions, and its gradient (nn/ops.h).
 * A few thousand values at most: plain loops in double on one thread. */
#include "nn/backends/onednn/onednn.h"

#include <math.h>
#include "core/mem.h"
#include "nn/ops.h"

typedef struct ce_state {
    size_t n, c;
    double smoothing;
    bool   weighted;
} ce_state;

static bool
ce_supports(const mf_prep *p, char why[128])
{
    (void)why;
    return p->out[0].dtype == MF_DTYPE_F32;
}

static mf_status
ce_new(mf_prep *p, int logits, int weight, mf_err *err)
{
    ce_state *s = mf_calloc(1, sizeof *s);
    int       i;

    if (s == NULL) {
        return mf_oom(err, sizeof *s, "a loss");
    }
    for (i = 0; i < p->nin; i++) {
        if (p->has_in[i]) {
            p->in[i].dtype  = MF_DTYPE_F32;
            p->in[i].layout = mf_layout_plain(&p->in[i].shape);
        }
    }
    for (i = 0; i < p->nout; i++) {
        p->out[i].layout = mf_layout_plain(&p->out[i].shape);
    }
    s->n         = (size_t)p->in[logits].shape.dim[0];
    s->c         = (size_t)p->in[logits].shape.dim[1];
    s->smoothing = (double)((const mf_ce_attrs *)p->attrs)->smoothing;
    s->weighted  = weight < p->nin && p->has_in[weight];
    p->state     = s;
    return MF_OK;
}

static mf_status
ce_prepare(mf_prep *p, mf_err *err)
{
    return ce_new(p, 0, 2, err);
}

static mf_status
ce_dx_prepare(mf_prep *p, mf_err *err)
{
    return ce_new(p, 1, 3, err);
}

/* sum_ic w_c t_ic: what the loss is divided by. */
static double
total_weight(const ce_state *s, const float *t, const float *w)
{
    double sum = 0.0;
    size_t i;

    for (i = 0; i < s->n * s->c; i++) {
        sum += (double)t[i] * (w != NULL ? (double)w[i % s->c] : 1.0);
    }
    return sum;
}

static double
smoothed(const ce_state *s, float t)
{
    return (1.0 - s->smoothing) * (double)t + s->smoothing / (double)s->c;
}

static mf_status
ce_run(void *state, const mf_run *r, mf_err *err)
{
    const ce_state *s = state;
    const float    *w = s->weighted ? r->in[2] : NULL, *targets = r->in[1];
    float          *loss = r->out[0], *probs = r->out[1], *terms = r->out[2];
    double          total = 0.0;
    size_t          i, k;

    (void)err;
    for (i = 0; i < s->n; i++) {
        const float *z = (const float *)r->in[0] + i * s->c, *t = targets + i * s->c;
        double       top = (double)z[0], sum = 0.0, term = 0.0, log_sum;

        for (k = 1; k < s->c; k++) {
            top = (double)z[k] > top ? (double)z[k] : top;
        }
        for (k = 0; k < s->c; k++) {
            sum += exp((double)z[k] - top);
        }
        log_sum = log(sum);
        for (k = 0; k < s->c; k++) {
            double log_p = (double)z[k] - top - log_sum, tk = smoothed(s, t[k]);

            if (tk != 0.0) { /* 0 log 0 = 0 */
                term -= (w != NULL ? (double)w[k] : 1.0) * tk * log_p;
            }
            if (probs != NULL) {
                probs[i * s->c + k] = (float)exp(log_p);
            }
        }
        if (terms != NULL) {
            terms[i] = (float)term;
        }
        total += term;
    }
    if (loss != NULL) {
        loss[0] = (float)(total / total_weight(s, targets, w));
    }
    return MF_OK;
}

const mf_kernel_def mf_onednn_cross_entropy = {
    .op = "cross_entropy", .name = "onednn.cross_entropy", .supports = ce_supports, .prepare = ce_prepare, .run = ce_run,
    .release = mf_free,
};

/* dz_ij = dloss / W (p_ij sum_c w_c t'_ic - w_j t'_ij) */
static mf_status
ce_dx_run(void *state, const mf_run *r, mf_err *err)
{
    const ce_state *s = state;
    const float    *w = s->weighted ? r->in[3] : NULL;
    double          f = (double)*(const float *)r->in[0] / total_weight(s, r->in[2], w);
    size_t          i, k;

    (void)err;
    for (i = 0; i < s->n; i++) {
        const float *p = (const float *)r->in[1] + i * s->c, *t = (const float *)r->in[2] + i * s->c;
        float       *dz  = (float *)r->out[0] + i * s->c;
        double       sum = 0.0;

        for (k = 0; k < s->c; k++) {
            sum += (w != NULL ? (double)w[k] : 1.0) * smoothed(s, t[k]);
        }
        for (k = 0; k < s->c; k++) {
            dz[k] = (float)(f * ((double)p[k] * sum - (w != NULL ? (double)w[k] : 1.0) * smoothed(s, t[k])));
        }
    }
    return MF_OK;
}

const mf_kernel_def mf_onednn_cross_entropy_dx = {
    .op = "cross_entropy_dx", .name = "onednn.cross_entropy_dx", .supports = ce_supports, .prepare = ce_dx_prepare,
    .run = ce_dx_run, .release = mf_free,
};
