/* nn/backends/onednn/adaptive.c: means over the cells of a grid, and the gradient, on any layout of mf_dn_map.
 *
 * adaptive_avgpool: x [N,C,H,W] -> y [N,C,h,w]. adaptive_avgpool_dx: dy, x (shape) -> dx. Threads share the blocks of channels. */
#include "nn/backends/onednn/map.h"
#include "nn/backends/onednn/onednn.h"

#include "core/mem.h"
#include "core/thread.h"
#include "nn/ops.h"

typedef struct cells_state {
    mf_dn_map x, y;          /* the map and the grid, of one layout */
    size_t    h, w, ch, cw;  /* of the map, of the grid */
    bool      grad;
} cells_state;

typedef struct cells_job {
    const cells_state *s;
    const void        *src;
    void              *dst;
    double            *acc; /* [threads][b or H W b] */
} cells_job;

static bool
cells_supports(const mf_prep *p, char why[128])
{
    (void)why;
    return p->out[0].dtype == MF_DTYPE_F32 || p->out[0].dtype == MF_DTYPE_BF16;
}

static mf_status
cells_prepare(mf_prep *p, mf_err *err)
{
    cells_state *s = mf_calloc(1, sizeof *s);
    mf_tdesc    *in = &p->in[0], *x, *y;

    if (s == NULL) {
        return mf_oom(err, sizeof *s, "an adaptive pooling");
    }
    s->grad          = p->nin == 2;
    in->dtype        = p->out[0].dtype;
    in->layout       = mf_dn_chan_layout(in, mf_dn_home_layout(p->ctx, in));
    p->out[0].layout = mf_dn_layout_like(in, &p->out[0].shape);
    x                = s->grad ? &p->out[0] : in;
    y                = s->grad ? in : &p->out[0];
    if (!mf_dn_map_of(&s->x, x) || !mf_dn_map_of(&s->y, y) || s->x.b != s->y.b) { /* one pixel may read as channels-last */
        in->layout       = mf_layout_nchw_c(&in->shape, 8);
        p->out[0].layout = mf_layout_nchw_c(&p->out[0].shape, 8);
        if (!mf_dn_map_of(&s->x, x) || !mf_dn_map_of(&s->y, y)) {
            mf_free(s);
            return mf_fail(err, MF_E_UNSUPPORTED, "adaptive pooling: a layout without rows of channels");
        }
    }
    s->h       = (size_t)x->shape.dim[2];
    s->w       = (size_t)x->shape.dim[3];
    s->ch      = (size_t)y->shape.dim[2];
    s->cw      = (size_t)y->shape.dim[3];
    p->scratch = (size_t)mf_threads_get() * s->x.b * (s->grad ? s->x.hw : 1) * sizeof(double);
    p->state   = s;
    return MF_OK;
}

static void
cells_blocks(void *arg, size_t begin, size_t end, int thread)
{
    const cells_job   *j = arg;
    const cells_state *s = j->s;
    const size_t       b = s->x.b;
    double            *acc = j->acc + (size_t)thread * b * (s->grad ? s->x.hw : 1);
    size_t             q, p, i, k, c;

    for (q = begin; q < end; q++) {
        size_t x0 = mf_dn_map_block(&s->x, q / s->x.nb, q % s->x.nb), y0 = mf_dn_map_block(&s->y, q / s->x.nb, q % s->x.nb);

        if (s->grad) {
            memset(acc, 0, b * s->x.hw * sizeof *acc);
        }
        for (p = 0; p < s->y.hw; p++) {
            size_t i0 = p / s->cw * s->h / s->ch, i1 = ((p / s->cw + 1) * s->h + s->ch - 1) / s->ch;
            size_t j0 = p % s->cw * s->w / s->cw, j1 = ((p % s->cw + 1) * s->w + s->cw - 1) / s->cw;
            double f  = 1.0 / (double)((i1 - i0) * (j1 - j0));

            if (!s->grad) {
                memset(acc, 0, b * sizeof *acc);
            }
            for (i = i0; i < i1; i++) {
                for (k = j0; k < j1; k++) {
                    size_t e = i * s->w + k;

                    for (c = 0; c < b; c++) {
                        if (s->grad) {
                            acc[e * b + c] += (double)mf_dn_get(j->src, y0 + p * b + c, s->x.bf16) * f;
                        } else {
                            acc[c] += (double)mf_dn_get(j->src, x0 + e * b + c, s->x.bf16);
                        }
                    }
                }
            }
            for (c = 0; c < b && !s->grad; c++) {
                mf_dn_put(j->dst, y0 + p * b + c, s->x.bf16, (float)(acc[c] * f));
            }
        }
        for (c = 0; c < b * s->x.hw && s->grad; c++) {
            mf_dn_put(j->dst, x0 + c, s->x.bf16, (float)acc[c]);
        }
    }
}

static mf_status
cells_run(void *state, const mf_run *r, mf_err *err)
{
    const cells_state *s = state;
    cells_job          j = {s, r->in[0], r->out[0], r->scratch};

    (void)err;
    mf_parallel_for(s->x.n * s->x.nb, s->x.b * (s->x.hw + s->y.hw) < 1 << 10 ? 32 : 1, cells_blocks, &j);
    return MF_OK;
}

#define CELLS_KERNEL(NAME)                                                                                                 \
    const mf_kernel_def mf_onednn_##NAME = {                                                                               \
        .op = #NAME, .name = "onednn." #NAME, .supports = cells_supports, .prepare = cells_prepare, .run = cells_run,      \
        .release = mf_free,                                                                                                \
    }
CELLS_KERNEL(adaptive_avgpool);
CELLS_KERNEL(adaptive_avgpool_dx);
