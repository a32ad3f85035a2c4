/* nn/backends/onednn/l2norm.c: x / |x| over the channels of each pixel (or of each row of [N,C]), and its gradient.
 *
 * l2norm: x -> y = x / max(|x|, 1e-12), norm [N,1,H,W] or [N,1] f32. l2norm_dx: dy, y, norm -> dx = (dy - y (y . dy)) / norm;
 * below 1e-12 the map is linear: dx = dy / 1e-12. Threads share the samples. */
#include "nn/backends/onednn/map.h"
#include "nn/backends/onednn/onednn.h"

#include <math.h>
#include "core/mem.h"
#include "core/thread.h"
#include "nn/ops.h"

#define L2_EPS 1e-12

typedef struct norm_state {
    mf_dn_map  map;
    mf_dn_chan chan;
    bool       grad;
} norm_state;

typedef struct norm_job {
    const norm_state *s;
    const void       *a, *b; /* x; or dy, y */
    void             *out;
    float            *norm;
    double           *acc;   /* [n][hw] */
} norm_job;

static bool
norm_supports(const mf_prep *p, char why[128])
{
    int nd = p->out[0].shape.ndim;

    (void)why;
    return ((const mf_axis_attrs *)p->attrs)->axis == 1 && (nd == 2 || nd == 4) &&
           (p->out[0].dtype == MF_DTYPE_F32 || p->out[0].dtype == MF_DTYPE_BF16);
}

static mf_status
norm_new(mf_prep *p, bool grad, mf_err *err)
{
    norm_state *s = mf_calloc(1, sizeof *s);
    mf_tdesc   *x = &p->in[0];

    if (s == NULL) {
        return mf_oom(err, sizeof *s, "a norm");
    }
    x->dtype  = p->out[0].dtype;
    x->layout = mf_dn_chan_layout(x, mf_dn_home_layout(p->ctx, x));
    if (!mf_dn_map_of(&s->map, x) || !mf_dn_chan_of(&s->chan, x)) {
        mf_free(s);
        return mf_fail(err, MF_E_UNSUPPORTED, "norm: a layout without rows of channels");
    }
    p->out[0].layout = x->layout;
    if (grad) {
        p->in[1]        = *x;
        p->in[2].dtype  = MF_DTYPE_F32;
        p->in[2].layout = mf_layout_plain(&p->in[2].shape);
    } else {
        p->out[1].layout = mf_layout_plain(&p->out[1].shape);
    }
    p->inplace[0] = 0;
    s->grad       = grad;
    p->scratch    = s->map.n * s->map.hw * sizeof(double);
    p->state      = s;
    return MF_OK;
}

static mf_status
norm_prepare(mf_prep *p, mf_err *err)
{
    return norm_new(p, false, err);
}

static mf_status
norm_dx_prepare(mf_prep *p, mf_err *err)
{
    return norm_new(p, true, err);
}

static void
norm_samples(void *arg, size_t begin, size_t end, int thread)
{
    const norm_job  *j = arg;
    const mf_dn_map *m = &j->s->map;
    size_t           n, k, p, i;

    (void)thread;
    for (n = begin; n < end; n++) {
        double *acc = j->acc + n * m->hw;

        memset(acc, 0, m->hw * sizeof *acc);
        for (k = 0; k < m->nb; k++) {
            size_t at = mf_dn_map_block(m, n, k), w = mf_dn_map_width(m, k);

            for (p = 0; p < m->hw; p++) {
                double sum = 0.0;

                for (i = 0; i < w; i++) {
                    double a = (double)mf_dn_get(j->a, at + p * m->b + i, m->bf16);

                    sum += a * (j->s->grad ? (double)mf_dn_get(j->b, at + p * m->b + i, m->bf16) : a);
                }
                acc[p] += sum;
            }
        }
        for (p = 0; p < m->hw && !j->s->grad; p++) {
            double len = sqrt(acc[p]);

            if (j->norm != NULL) {
                j->norm[n * m->hw + p] = (float)len;
            }
            acc[p] = len < L2_EPS ? L2_EPS : len;
        }
        for (k = 0; k < m->nb && j->out != NULL; k++) {
            size_t at = mf_dn_map_block(m, n, k), w = mf_dn_map_width(m, k);

            for (p = 0; p < m->hw; p++) {
                double len    = j->s->grad ? (double)j->norm[n * m->hw + p] : acc[p];
                bool   linear = len < L2_EPS;
                double by = 1.0 / (linear ? L2_EPS : len), dot = linear ? 0.0 : acc[p];

                for (i = 0; i < w; i++) {
                    size_t e = at + p * m->b + i;
                    double a = (double)mf_dn_get(j->a, e, m->bf16);

                    mf_dn_put(j->out, e, m->bf16,
                              (float)(j->s->grad ? (a - (double)mf_dn_get(j->b, e, m->bf16) * dot) * by : a * by));
                }
            }
        }
    }
}

static mf_status
norm_run(void *state, const mf_run *r, mf_err *err)
{
    const norm_state *s = state;
    norm_job          j = {.s = s, .a = r->in[0], .out = r->out[0], .acc = r->scratch};

    (void)err;
    if (s->grad) {
        j.b    = r->in[1];
        j.norm = r->in[2];
    } else {
        j.norm = r->out[1];
    }
    mf_parallel_for(s->map.n, s->map.c * s->map.hw * s->map.n < 1 << 14 ? s->map.n : 1, norm_samples, &j);
    if (r->out[0] != NULL) {
        mf_dn_chan_clear_padding(&s->chan, s->map.bf16 ? 2 : 4, r->out[0]);
    }
    return MF_OK;
}

const mf_kernel_def mf_onednn_l2norm = {
    .op = "l2norm", .name = "onednn.l2norm", .supports = norm_supports, .prepare = norm_prepare, .run = norm_run,
    .release = mf_free,
};

const mf_kernel_def mf_onednn_l2norm_dx = {
    .op = "l2norm_dx", .name = "onednn.l2norm_dx", .supports = norm_supports, .prepare = norm_dx_prepare, .run = norm_run,
    .release = mf_free,
};
