/* nn/backends/onednn/prelu.c: max(0, x) + slope min(0, x), a slope a channel, and its gradients.
 *
 * prelu: x [N,C,...], slope [C] -> y. prelu_dx: dy, x, slope -> dx, dslope [C] = sum of dy x where x < 0. */
#include "nn/backends/onednn/map.h"
#include "nn/backends/onednn/onednn.h"

#include "core/mem.h"
#include "core/thread.h"

typedef struct prelu_state {
    mf_dn_map map;
    size_t    parts; /* runs of samples, whose sums are added in order */
} prelu_state;

typedef struct prelu_job {
    const prelu_state *s;
    const void        *dy, *x;
    const float       *slope;
    void              *out;
    double            *sum; /* [parts][C] */
} prelu_job;

static bool
prelu_supports(const mf_prep *p, char why[128])
{
    (void)why;
    return (p->out[0].dtype == MF_DTYPE_F32 || p->out[0].dtype == MF_DTYPE_BF16) &&
           (p->out[0].shape.ndim == 4 || p->out[0].shape.ndim == 2);
}

static mf_status
prelu_new(mf_prep *p, bool grad, mf_err *err)
{
    prelu_state *s     = mf_calloc(1, sizeof *s);
    mf_tdesc    *x     = &p->in[grad];
    mf_tdesc    *slope = &p->in[grad ? 2 : 1];

    if (s == NULL) {
        return mf_oom(err, sizeof *s, "a rectifier");
    }
    x->dtype  = p->out[0].dtype;
    x->layout = mf_dn_chan_layout(x, mf_dn_home_layout(p->ctx, x));
    if (!mf_dn_map_of(&s->map, x)) {
        mf_free(s);
        return mf_fail(err, MF_E_UNSUPPORTED, "prelu: a layout without rows of channels");
    }
    slope->dtype     = MF_DTYPE_F32;
    slope->layout    = mf_layout_plain(&slope->shape);
    p->out[0].layout = x->layout;
    p->in[0]         = *x;
    p->inplace[0]    = 0;
    s->parts         = s->map.n * s->map.c * s->map.hw < 1 << 14 ? 1 : (size_t)mf_threads_get();
    if (grad) {
        p->scratch = s->parts * s->map.c * sizeof(double);
    }
    p->state = s;
    return MF_OK;
}

static mf_status
prelu_prepare(mf_prep *p, mf_err *err)
{
    return prelu_new(p, false, err);
}

static mf_status
prelu_dx_prepare(mf_prep *p, mf_err *err)
{
    return prelu_new(p, true, err);
}

/* Channels past C have slope and value zero, which stay zero: rows run over the padding too. */
static void
prelu_part(void *arg, size_t part)
{
    const prelu_job *j = arg;
    const mf_dn_map *m = &j->s->map;
    size_t           n, k, p, i;

    for (n = m->n * part / j->s->parts; n < m->n * (part + 1) / j->s->parts; n++) {
        for (k = 0; k < m->nb; k++) {
            size_t       at = mf_dn_map_block(m, n, k), w = mf_dn_map_width(m, k);
            const float *slope = j->slope + k * m->b;
            double      *sum   = j->sum == NULL ? NULL : j->sum + part * m->c + k * m->b;

            for (p = 0; p < m->hw; p++, at += m->b) {
                for (i = w; i < m->b && j->out != NULL; i++) {
                    mf_dn_put(j->out, at + i, m->bf16, 0.0f);
                }
                for (i = 0; i < w; i++) {
                    float x = mf_dn_get(j->x, at + i, m->bf16), f = x < 0.0f ? slope[i] : 1.0f;

                    if (j->dy == NULL) {
                        mf_dn_put(j->out, at + i, m->bf16, x * f);
                    } else {
                        float dy = mf_dn_get(j->dy, at + i, m->bf16);

                        if (x < 0.0f) {
                            sum[i] += (double)dy * (double)x;
                        }
                        if (j->out != NULL) {
                            mf_dn_put(j->out, at + i, m->bf16, dy * f);
                        }
                    }
                }
            }
        }
    }
}

static mf_status
prelu_run(void *state, const mf_run *r, mf_err *err)
{
    const prelu_state *s = state;
    prelu_job          j = {.s = s, .x = r->in[0], .slope = r->in[1], .out = r->out[0]};

    (void)err;
    mf_dn_parts(s->parts, prelu_part, &j);
    return MF_OK;
}

static mf_status
prelu_dx_run(void *state, const mf_run *r, mf_err *err)
{
    const prelu_state *s = state;
    prelu_job          j = {.s = s, .dy = r->in[0], .x = r->in[1], .slope = r->in[2], .out = r->out[0], .sum = r->scratch};
    size_t             c, part;

    (void)err;
    memset(j.sum, 0, s->parts * s->map.c * sizeof(double));
    mf_dn_parts(s->parts, prelu_part, &j);
    for (c = 0; c < s->map.c && r->out[1] != NULL; c++) {
        double sum = 0.0;

        for (part = 0; part < s->parts; part++) {
            sum += j.sum[part * s->map.c + c];
        }
        ((float *)r->out[1])[c] = (float)sum;
    }
    return MF_OK;
}

const mf_kernel_def mf_onednn_prelu = {
    .op = "prelu", .name = "onednn.prelu", .supports = prelu_supports, .prepare = prelu_prepare, .run = prelu_run,
    .release = mf_free,
};

const mf_kernel_def mf_onednn_prelu_dx = {
    .op = "prelu_dx", .name = "onednn.prelu_dx", .supports = prelu_supports, .prepare = prelu_dx_prepare, .run = prelu_dx_run,
    .release = mf_free,
};
