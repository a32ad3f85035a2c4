/* nn/backends/onednn/bn_fold.c: a batch norm in evaluation form folded into the convolution before it.
 *
 * bn_fold: w [Co,...], b or none, gamma, beta, rmean, rvar -> w' = w gamma / sqrt(rvar + eps), b' = (b - rmean) gamma /
 * sqrt(rvar + eps) + beta, all row-major f32. Its inputs are constant: it runs when weights have changed. */
#include "nn/backends/onednn/onednn.h"

#include <math.h>
#include "core/mem.h"
#include "core/thread.h"
#include "nn/ops.h"

typedef struct fold_state {
    size_t co, per; /* output channels, weights of each */
    float  eps;
} fold_state;

typedef struct fold_job {
    const fold_state *s;
    void *const      *in;
    float            *w, *b;
} fold_job;

static bool
fold_supports(const mf_prep *p, char why[128])
{
    int i;

    (void)why;
    for (i = 0; i < p->nin; i++) {
        if (p->has_in[i] && p->in[i].dtype != MF_DTYPE_F32) {
            return false;
        }
    }
    return p->out[0].dtype == MF_DTYPE_F32 && p->out[1].dtype == MF_DTYPE_F32;
}

static mf_status
fold_prepare(mf_prep *p, mf_err *err)
{
    fold_state *s = mf_calloc(1, sizeof *s);
    int         i;

    if (s == NULL) {
        return mf_oom(err, sizeof *s, "a folding");
    }
    for (i = 0; i < p->nin; i++) {
        if (p->has_in[i]) {
            p->in[i].layout = mf_layout_plain(&p->in[i].shape);
        }
    }
    for (i = 0; i < 2; i++) {
        p->out[i].layout = mf_layout_plain(&p->out[i].shape);
    }
    s->co    = (size_t)p->in[0].shape.dim[0];
    s->per   = (size_t)mf_shape_elems(&p->in[0].shape) / s->co;
    s->eps   = ((const mf_bn_attrs *)p->attrs)->eps;
    p->state = s;
    return MF_OK;
}

static void
fold_channels(void *arg, size_t begin, size_t end, int thread)
{
    const fold_job *j = arg;
    const float    *w = j->in[0], *b = j->in[1], *gamma = j->in[2], *beta = j->in[3], *mean = j->in[4], *var = j->in[5];
    size_t          c, i;

    (void)thread;
    for (c = begin; c < end; c++) {
        double f = (double)gamma[c] / sqrt((double)var[c] + (double)j->s->eps);

        for (i = 0; j->w != NULL && i < j->s->per; i++) {
            j->w[c * j->s->per + i] = (float)((double)w[c * j->s->per + i] * f);
        }
        if (j->b != NULL) {
            j->b[c] = (float)(((b != NULL ? (double)b[c] : 0.0) - (double)mean[c]) * f + (double)beta[c]);
        }
    }
}

static mf_status
fold_run(void *state, const mf_run *r, mf_err *err)
{
    const fold_state *s = state;
    fold_job          j = {s, r->in, r->out[0], r->out[1]};

    (void)err;
    mf_parallel_for(s->co, s->co * s->per < 1 << 15 ? s->co : 1, fold_channels, &j);
    return MF_OK;
}

const mf_kernel_def mf_onednn_bn_fold = {
    .op = "bn_fold", .name = "onednn.bn_fold", .supports = fold_supports, .prepare = fold_prepare, .run = fold_run, .release = mf_free,
};
