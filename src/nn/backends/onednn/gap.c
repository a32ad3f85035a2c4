/* nn/backends/onednn/gap.c: the mean over each whole map and its gradient.
 *
 * gap: x [N,C,H,W] -> [N,C] f32 plain. gap_dx: dy [N,C] f32, x (shape) -> dx [N,C,H,W]. */
#include "nn/backends/onednn/chan.h"
#include "nn/backends/onednn/onednn.h"

#include "core/mem.h"
#include "core/thread.h"

enum { GAP_RUN = 256 }; /* pixels summed in f32 before the sum goes to double */

typedef struct gap_state {
    const mf_dn_simd *simd;
    size_t            n, nb, s, b, c, parts, part_bytes;
    bool              bf16;
} gap_state;

typedef struct gap_job {
    const gap_state *s;
    const char      *x;
    char            *dx;
    float           *y;
    char            *scratch;
} gap_job;

static bool
gap_supports(const mf_prep *p, char why[128])
{
    (void)why;
    return (p->in[0].dtype == MF_DTYPE_F32 || p->in[0].dtype == MF_DTYPE_BF16) &&
           (p->out[0].dtype == MF_DTYPE_F32 || p->out[0].dtype == MF_DTYPE_BF16);
}

static mf_status
gap_new(mf_prep *p, const mf_tdesc *map, mf_err *err)
{
    gap_state *s = mf_calloc(1, sizeof *s);
    mf_dn_chan g;

    if (s == NULL) {
        return mf_oom(err, sizeof *s, "a global pooling");
    }
    if (!mf_dn_chan_of(&g, map)) {
        mf_free(s);
        return mf_fail(err, MF_E_UNSUPPORTED, "global pooling: a layout without rows of channels");
    }
    s->simd       = p->ctx->simd;
    s->n          = (size_t)map->shape.dim[0];
    s->s          = (size_t)(map->shape.dim[2] * map->shape.dim[3]);
    s->b          = g.b;
    s->nb         = g.nb;
    s->c          = g.c;
    s->bf16       = map->dtype == MF_DTYPE_BF16;
    s->parts      = g.elems < 1 << 14 ? 1 : (size_t)mf_threads_get();
    s->part_bytes = mf_dn_align(s->b * sizeof(double)) + mf_dn_align(s->b * sizeof(float));
    p->scratch    = s->parts * s->part_bytes;
    p->state      = s;
    return MF_OK;
}

static mf_status
gap_prepare(mf_prep *p, mf_err *err)
{
    p->in[0].layout  = mf_dn_chan_layout(&p->in[0], mf_dn_home_layout(p->ctx, &p->in[0]));
    p->out[0].layout = mf_layout_plain(&p->out[0].shape);
    return gap_new(p, &p->in[0], err);
}

static mf_status
gap_dx_prepare(mf_prep *p, mf_err *err)
{
    mf_tdesc x = p->in[1];

    p->in[0].dtype   = MF_DTYPE_F32;
    p->in[0].layout  = mf_layout_plain(&p->in[0].shape);
    x.dtype          = p->out[0].dtype;
    p->out[0].layout = mf_layout_is_plain(&x.shape, &x.layout) ? mf_dn_home_layout(p->ctx, &x)
                                                               : mf_dn_chan_layout(&x, mf_dn_home_layout(p->ctx, &x));
    return gap_new(p, &p->out[0], err);
}

static void
gap_part(void *arg, size_t part)
{
    const gap_job   *j = arg;
    const gap_state *s = j->s;
    char            *mem = j->scratch + part * s->part_bytes;
    double          *acc = (double *)(void *)mem;
    float           *row = (float *)(void *)(mem + mf_dn_align(s->b * sizeof(double)));
    size_t           jobs = s->n * s->nb, k, p, c;

    for (k = jobs * part / s->parts; k < jobs * (part + 1) / s->parts; k++) {
        size_t      c0 = k % s->nb * s->b, n = k / s->nb;
        const char *x  = j->x + k * s->s * s->b * (s->bf16 ? 2 : 4);

        memset(acc, 0, s->b * sizeof *acc);
        for (p = 0; p < s->s; p += GAP_RUN) {
            mf_dn_grad_row r = {.dy = x + p * s->b * (s->bf16 ? 2 : 4), .sum_g = row, .b = s->b,
                                .pix = s->s - p < GAP_RUN ? s->s - p : GAP_RUN};

            s->simd->chan->grad_sums[s->bf16](&r);
            s->simd->chan->add_to(acc, row, s->b);
        }
        for (c = 0; c < s->b && c0 + c < s->c; c++) {
            j->y[n * s->c + c0 + c] = (float)(acc[c] / (double)s->s);
        }
    }
}

static mf_status
gap_run(void *state, const mf_run *r, mf_err *err)
{
    const gap_state *s = state;
    gap_job          j = {.s = s, .x = r->in[0], .y = r->out[0], .scratch = r->scratch};

    (void)err;
    mf_dn_parts(s->parts, gap_part, &j);
    return MF_OK;
}

static void
gap_dx_part(void *arg, size_t part)
{
    const gap_job   *j = arg;
    const gap_state *s = j->s;
    float           *row = (float *)(void *)(j->scratch + part * s->part_bytes);
    size_t           jobs = s->n * s->nb, k, c;

    for (k = jobs * part / s->parts; k < jobs * (part + 1) / s->parts; k++) {
        size_t c0 = k % s->nb * s->b, n = k / s->nb;

        for (c = 0; c < s->b; c++) {
            row[c] = c0 + c < s->c ? j->y[n * s->c + c0 + c] / (float)s->s : 0.0f;
        }
        s->simd->flat->fill[s->bf16](j->dx + k * s->s * s->b * (s->bf16 ? 2 : 4), s->s, s->b, row);
    }
}

static mf_status
gap_dx_run(void *state, const mf_run *r, mf_err *err)
{
    const gap_state *s = state;
    gap_job          j = {.s = s, .dx = r->out[0], .y = r->in[0], .scratch = r->scratch};

    (void)err;
    mf_dn_parts(s->parts, gap_dx_part, &j);
    return MF_OK;
}

const mf_kernel_def mf_onednn_gap = {
    .op = "gap", .name = "onednn.gap", .supports = gap_supports, .prepare = gap_prepare, .run = gap_run, .release = mf_free,
};

const mf_kernel_def mf_onednn_gap_dx = {
    .op = "gap_dx", .name = "onednn.gap_dx", .supports = gap_supports, .prepare = gap_dx_prepare, .run = gap_dx_run,
    .release = mf_free,
};
