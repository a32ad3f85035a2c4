/* nn/backends/onednn/lrn.c: local response normalisation over neighbouring channels, and its gradient.
 *
 * lrn: x [N,C,H,W] -> y = x s^-beta, s = kappa + alpha sum_window x^2. lrn_dx: dy, x -> dx = dy s^-beta - 2 alpha beta x
 * sum_window dy x s^(-beta-1). The channels of a pixel are gathered into a row of doubles; threads share the samples. */
#include "nn/backends/onednn/map.h"
#include "nn/backends/onednn/onednn.h"

#include <math.h>
#include "core/mem.h"
#include "core/thread.h"
#include "nn/ops.h"

typedef struct lrn_state {
    mf_dn_map    map;
    mf_dn_chan   chan;
    mf_lrn_attrs attrs;
    bool         grad;
} lrn_state;

typedef struct lrn_job {
    const lrn_state *s;
    const void      *dy, *x;
    void            *out;
    double          *rows; /* [threads][5][C] */
} lrn_job;

enum { LRN_ROWS = 5 };

static bool
lrn_supports(const mf_prep *p, char why[128])
{
    (void)why;
    return p->out[0].dtype == MF_DTYPE_F32 || p->out[0].dtype == MF_DTYPE_BF16;
}

static mf_status
lrn_prepare(mf_prep *p, mf_err *err)
{
    lrn_state *s = mf_calloc(1, sizeof *s);
    mf_tdesc  *x;

    if (s == NULL) {
        return mf_oom(err, sizeof *s, "a local response normalisation");
    }
    s->grad   = p->nin == 2;
    s->attrs  = *(const mf_lrn_attrs *)p->attrs;
    x         = &p->in[s->grad];
    x->dtype  = p->out[0].dtype;
    x->layout = mf_dn_chan_layout(x, mf_dn_home_layout(p->ctx, x));
    if (!mf_dn_map_of(&s->map, x) || !mf_dn_chan_of(&s->chan, x)) {
        mf_free(s);
        return mf_fail(err, MF_E_UNSUPPORTED, "local response normalisation: a layout without rows of channels");
    }
    p->in[0]         = *x;
    p->out[0].layout = x->layout;
    p->inplace[0]    = 0;
    p->scratch       = (size_t)mf_threads_get() * LRN_ROWS * s->map.c * sizeof(double);
    p->state         = s;
    return MF_OK;
}

/* Sums of v over the window around each channel. */
static void
window_sums(double *sum, const double *v, size_t c, size_t half)
{
    size_t k, i, lo, hi;

    for (k = 0; k < c; k++) {
        lo     = k > half ? k - half : 0;
        hi     = k + half + 1 < c ? k + half + 1 : c;
        sum[k] = 0.0;
        for (i = lo; i < hi; i++) {
            sum[k] += v[i];
        }
    }
}

/* s^-beta; three quarters, the usual one, by square roots. */
static double
power(double s, double beta)
{
    return beta == 0.75 ? 1.0 / (sqrt(s) * sqrt(sqrt(s))) : pow(s, -beta);
}

static void
lrn_pixels(void *arg, size_t begin, size_t end, int thread)
{
    const lrn_job   *j = arg;
    const mf_dn_map *m = &j->s->map;
    const double     al = (double)j->s->attrs.alpha, be = (double)j->s->attrs.beta, ka = (double)j->s->attrs.kappa;
    const size_t     half = (size_t)(j->s->attrs.size / 2), c = m->c;
    double          *x = j->rows + (size_t)thread * LRN_ROWS * c, *sq = x + c, *s = sq + c, *dy = s + c, *f = dy + c;
    size_t           q, k, i;

    for (q = begin; q < end; q++) {
        size_t n = q / m->hw, p = q % m->hw;

        for (k = 0; k < m->nb; k++) {
            size_t at = mf_dn_map_block(m, n, k) + p * m->b, w = mf_dn_map_width(m, k);

            for (i = 0; i < w; i++) {
                x[k * m->b + i] = (double)mf_dn_get(j->x, at + i, m->bf16);
                if (j->s->grad) {
                    dy[k * m->b + i] = (double)mf_dn_get(j->dy, at + i, m->bf16);
                }
            }
        }
        for (k = 0; k < c; k++) {
            sq[k] = x[k] * x[k];
        }
        window_sums(s, sq, c, half);
        for (k = 0; k < c; k++) {
            s[k] = ka + al * s[k];
            f[k] = power(s[k], be);
        }
        if (j->s->grad) {
            for (k = 0; k < c; k++) {
                sq[k] = dy[k] * x[k] * f[k] / s[k];
            }
            window_sums(s, sq, c, half);
            for (k = 0; k < c; k++) {
                x[k] = dy[k] * f[k] - 2.0 * al * be * x[k] * s[k];
            }
        } else {
            for (k = 0; k < c; k++) {
                x[k] *= f[k];
            }
        }
        for (k = 0; k < m->nb; k++) {
            size_t at = mf_dn_map_block(m, n, k) + p * m->b, w = mf_dn_map_width(m, k);

            for (i = 0; i < w; i++) {
                mf_dn_put(j->out, at + i, m->bf16, (float)x[k * m->b + i]);
            }
        }
    }
}

static mf_status
lrn_run(void *state, const mf_run *r, mf_err *err)
{
    const lrn_state *s = state;
    lrn_job          j = {.s = s, .dy = s->grad ? r->in[0] : NULL, .x = r->in[s->grad], .out = r->out[0], .rows = r->scratch};

    (void)err;
    mf_parallel_for(s->map.n * s->map.hw, 16, lrn_pixels, &j);
    mf_dn_chan_clear_padding(&s->chan, s->map.bf16 ? 2 : 4, r->out[0]);
    return MF_OK;
}

#define LRN_KERNEL(NAME)                                                                                                   \
    const mf_kernel_def mf_onednn_##NAME = {                                                                               \
        .op = #NAME, .name = "onednn." #NAME, .supports = lrn_supports, .prepare = lrn_prepare, .run = lrn_run,            \
        .release = mf_free,                                                                                                \
    }
LRN_KERNEL(lrn);
LRN_KERNEL(lrn_dx);
