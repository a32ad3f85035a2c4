/* nn/backends/onednn/mse.c: the mean squared difference of two values of one shape, and its gradient.
 *
 * mse: a, b -> [1] = mean (a - b)^2, in f32 over tiles, in double over the tiles of fixed runs.
 * mse_dx: dloss [1], a, b -> da = 2 dloss (a - b) / count. */
#include "nn/backends/onednn/flat.h"

#include "core/mem.h"
#include "core/thread.h"

typedef struct mse_state {
    mf_dn_flat_state *flat;
    size_t            parts;
    double            count;
} mse_state;

typedef struct mse_job {
    const mse_state *s;
    const void      *a, *b;
    double          *sum; /* [parts] */
} mse_job;

static bool
mse_supports(const mf_prep *p, char why[128])
{
    (void)why;
    return (p->in[0].dtype == MF_DTYPE_F32 || p->in[0].dtype == MF_DTYPE_BF16) && p->out[0].dtype == MF_DTYPE_F32;
}

static void
mse_release(void *state)
{
    mse_state *s = state;

    if (s != NULL) {
        mf_free(s->flat);
        mf_free(s);
    }
}

static mf_status
mse_new(mf_prep *p, int lead, uint32_t inputs, mf_dtype dtype, mf_tdesc *got, mf_err *err)
{
    mse_state *s = mf_calloc(1, sizeof *s);
    mf_status  st;

    if (s == NULL) {
        return mf_oom(err, sizeof *s, "a loss");
    }
    if ((st = mf_dn_flat_setup(p, lead, inputs, dtype, got, err)) < 0) {
        mf_free(s);
        return st;
    }
    s->flat  = p->state;
    s->count = (double)mf_shape_elems(&got->shape);
    s->parts = s->flat->elems < MF_DN_FLAT_GRAIN ? 1 : (size_t)mf_threads_get();
    p->state = s;
    return MF_OK;
}

static mf_status
mse_prepare(mf_prep *p, mf_err *err)
{
    mf_tdesc  got;
    mf_status st = mse_new(p, 0, 3, p->in[0].dtype, &got, err);

    if (st == MF_OK) {
        p->scratch = ((mse_state *)p->state)->parts * sizeof(double);
    }
    return st;
}

static void
mse_part(void *arg, size_t part)
{
    const mse_job          *j = arg;
    const mf_dn_flat_state *f = j->s->flat;
    size_t                  tiles = (f->elems + MF_DN_TILE - 1) / MF_DN_TILE, t, i;
    float                   a[MF_DN_TILE], b[MF_DN_TILE];
    double                  sum = 0.0;

    for (t = tiles * part / j->s->parts; t < tiles * (part + 1) / j->s->parts; t++) {
        size_t at = t * MF_DN_TILE, n = f->elems - at < MF_DN_TILE ? f->elems - at : MF_DN_TILE;
        float  lane[16] = {0};
        double all = 0.0;

        if (f->bf16) {
            f->simd->flat->from_bf16(a, (const uint16_t *)j->a + at, n);
            f->simd->flat->from_bf16(b, (const uint16_t *)j->b + at, n);
        } else {
            memcpy(a, (const float *)j->a + at, n * sizeof *a);
            memcpy(b, (const float *)j->b + at, n * sizeof *b);
        }
        for (i = n; i < MF_DN_TILE; i++) {
            a[i] = b[i] = 0.0f;
        }
        for (i = 0; i < MF_DN_TILE; i++) {
            float d = a[i] - b[i];

            lane[i % 16] += d * d;
        }
        for (i = 0; i < 16; i++) {
            all += (double)lane[i];
        }
        sum += all;
    }
    j->sum[part] = sum;
}

static mf_status
mse_run(void *state, const mf_run *r, mf_err *err)
{
    const mse_state *s = state;
    mse_job          j = {s, r->in[0], r->in[1], r->scratch};
    double           sum = 0.0;
    size_t           i;

    (void)err;
    mf_dn_parts(s->parts, mse_part, &j);
    for (i = 0; i < s->parts; i++) {
        sum += j.sum[i];
    }
    *(float *)r->out[0] = (float)(sum / s->count);
    return MF_OK;
}

const mf_kernel_def mf_onednn_mse = {
    .op = "mse", .name = "onednn.mse", .supports = mse_supports, .prepare = mse_prepare, .run = mse_run, .release = mse_release,
};

static mf_status
mse_dx_prepare(mf_prep *p, mf_err *err)
{
    mf_tdesc  got;
    mf_status st = mse_new(p, 1, 6, p->out[0].dtype, &got, err);

    if (st == MF_OK) {
        p->in[0].dtype   = MF_DTYPE_F32;
        p->in[0].layout  = mf_layout_plain(&p->in[0].shape);
        p->out[0].layout = got.layout;
        p->inplace[0]    = 1;
    }
    return st;
}

static void
mse_dx_tile(const mf_dn_flat_state *s, float *da, const float *a, const float *b, const float *c, size_t n)
{
    size_t i;

    (void)c;
    for (i = 0; i < n; i++) {
        da[i] = s->a * (a[i] - b[i]);
    }
}

static mf_status
mse_dx_run(void *state, const mf_run *r, mf_err *err)
{
    const mse_state *s = state;
    mf_dn_flat_state f = *s->flat;

    (void)err;
    f.a = (float)(2.0 * (double)*(const float *)r->in[0] / s->count);
    mf_dn_flat_tiles(&f, mse_dx_tile, r->out[0], r->in[1], r->in[2], NULL);
    return MF_OK;
}

const mf_kernel_def mf_onednn_mse_dx = {
    .op = "mse_dx", .name = "onednn.mse_dx", .supports = mf_dn_flat_dtypes, .prepare = mse_dx_prepare, .run = mse_dx_run,
    .release = mse_release,
};
