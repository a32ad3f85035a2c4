/* nn/backends/onednn/softmax.c: softmax and its logarithm over the channels of each pixel (or of each row of [N,C]), and
 * their gradients.
 *
 * softmax, log_softmax: x -> y. softmax_dx: dy, y -> y (dy - y . dy). log_softmax_dx: dy, y -> dy - exp(y) sum(dy). Sums are
 * double; threads share the samples. */
#include "nn/backends/onednn/map.h"
#include "nn/backends/onednn/onednn.h"

#include <math.h>
#include "core/mem.h"
#include "core/thread.h"
#include "nn/ops.h"

typedef struct soft_state {
    mf_dn_map  map;
    mf_dn_chan chan;
    bool       grad, logarithm;
} soft_state;

typedef struct soft_job {
    const soft_state *s;
    const void       *a, *y; /* x; or dy and y */
    void             *out;
    double           *acc;   /* [n][hw] */
    float            *top;   /* [n][hw] */
} soft_job;

static bool
soft_supports(const mf_prep *p, char why[128])
{
    int nd = p->out[0].shape.ndim;

    (void)why;
    return ((const mf_axis_attrs *)p->attrs)->axis == 1 && (nd == 2 || nd == 4) &&
           (p->out[0].dtype == MF_DTYPE_F32 || p->out[0].dtype == MF_DTYPE_BF16);
}

static mf_status
soft_prepare(mf_prep *p, mf_err *err)
{
    soft_state *s = mf_calloc(1, sizeof *s);
    mf_tdesc   *x;

    if (s == NULL) {
        return mf_oom(err, sizeof *s, "a softmax");
    }
    s->logarithm = strncmp(p->op->name, "log_", 4) == 0;
    s->grad      = p->nin == 2;
    x            = &p->in[s->grad]; /* y leads: its layout is that of the forward pass */
    x->dtype     = p->out[0].dtype;
    x->layout    = mf_dn_chan_layout(x, mf_dn_home_layout(p->ctx, x));
    if (!mf_dn_map_of(&s->map, x) || !mf_dn_chan_of(&s->chan, x)) {
        mf_free(s);
        return mf_fail(err, MF_E_UNSUPPORTED, "softmax: a layout without rows of channels");
    }
    p->in[0]         = *x;
    p->out[0].layout = x->layout;
    p->inplace[0]    = 0;
    p->scratch       = s->map.n * s->map.hw * (sizeof(double) + sizeof(float));
    p->state         = s;
    return MF_OK;
}

static void
soft_samples(void *arg, size_t begin, size_t end, int thread)
{
    const soft_job   *j = arg;
    const soft_state *s = j->s;
    const mf_dn_map  *m = &s->map;
    size_t            n, k, p, i;

    (void)thread;
    for (n = begin; n < end; n++) {
        double *acc = j->acc + n * m->hw;
        float  *top = j->top + n * m->hw;

        for (p = 0; p < m->hw; p++) {
            acc[p] = 0.0;
            top[p] = -INFINITY;
        }
        for (k = 0; k < m->nb && !s->grad; k++) {
            size_t at = mf_dn_map_block(m, n, k), w = mf_dn_map_width(m, k);

            for (p = 0; p < m->hw; p++, at += m->b) {
                for (i = 0; i < w; i++) {
                    float x = mf_dn_get(j->a, at + i, m->bf16);

                    top[p] = x > top[p] || (k == 0 && i == 0) ? x : top[p]; /* as the reference: starts at the first */
                }
            }
        }
        for (k = 0; k < m->nb; k++) {
            size_t at = mf_dn_map_block(m, n, k), w = mf_dn_map_width(m, k);

            for (p = 0; p < m->hw; p++, at += m->b) {
                double sum = 0.0;

                for (i = 0; i < w; i++) {
                    float a = mf_dn_get(j->a, at + i, m->bf16);

                    sum += !s->grad ? exp((double)(a - top[p])) : s->logarithm ? (double)a : (double)a * (double)mf_dn_get(j->y, at + i, m->bf16);
                }
                acc[p] += sum;
            }
        }
        for (p = 0; p < m->hw && !s->grad; p++) {
            acc[p] = s->logarithm ? log(acc[p]) : 1.0 / acc[p];
        }
        for (k = 0; k < m->nb; k++) {
            size_t at = mf_dn_map_block(m, n, k), w = mf_dn_map_width(m, k);

            for (p = 0; p < m->hw; p++, at += m->b) {
                for (i = 0; i < w; i++) {
                    double a = (double)mf_dn_get(j->a, at + i, m->bf16), v;

                    if (s->grad) {
                        double y = (double)mf_dn_get(j->y, at + i, m->bf16);

                        v = s->logarithm ? a - exp(y) * acc[p] : y * (a - acc[p]);
                    } else {
                        v = s->logarithm ? a - (double)top[p] - acc[p] : exp(a - (double)top[p]) * acc[p];
                    }
                    mf_dn_put(j->out, at + i, m->bf16, (float)v);
                }
            }
        }
    }
}

static mf_status
soft_run(void *state, const mf_run *r, mf_err *err)
{
    const soft_state *s = state;
    soft_job          j = {.s = s, .a = r->in[0], .y = s->grad ? r->in[1] : NULL, .out = r->out[0], .acc = r->scratch};

    (void)err;
    j.top = (float *)(void *)(j.acc + s->map.n * s->map.hw);
    mf_parallel_for(s->map.n, s->map.c * s->map.hw * s->map.n < 1 << 12 ? s->map.n : 1, soft_samples, &j);
    mf_dn_chan_clear_padding(&s->chan, s->map.bf16 ? 2 : 4, r->out[0]);
    return MF_OK;
}

#define SOFT_KERNEL(NAME)                                                                                                  \
    const mf_kernel_def mf_onednn_##NAME = {                                                                               \
        .op = #NAME, .name = "onednn." #NAME, .supports = soft_supports, .prepare = soft_prepare, .run = soft_run,         \
        .release = mf_free,                                                                                                \
    }
SOFT_KERNEL(softmax);
SOFT_KERNEL(softmax_dx);
SOFT_KERNEL(log_softmax);
SOFT_KERNEL(log_softmax_dx);
