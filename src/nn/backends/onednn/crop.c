/* nn/backends/onednn/crop.c: windows at places of their own and their gradient, in the map's own layout: rows of channels are
 * copied. Threads share the samples' blocks of channels. */
#include "nn/backends/onednn/map.h"
#include "nn/backends/onednn/onednn.h"

#include "core/mem.h"
#include "core/thread.h"
#include "nn/crop.h"

typedef struct crop_state {
    mf_dn_map  map, window;
    mf_dn_chan whole;      /* of the result: its padding is cleared */
    int64_t    h, w, oh, ow;
    size_t     value;      /* bytes of one */
} crop_state;

typedef struct crop_job {
    const crop_state *s;
    const mf_run     *r;
} crop_job;

static bool
crop_supports(const mf_prep *p, char why[128])
{
    (void)why;
    return p->out[0].dtype == MF_DTYPE_F32 || p->out[0].dtype == MF_DTYPE_BF16;
}

/* in[0] in the layout of rows of channels, out[0] in its like; places plain. `backward`: in[0] is the windows' gradient. */
static mf_status
prepare(mf_prep *p, bool backward, mf_err *err)
{
    crop_state     *s = mf_calloc(1, sizeof *s);
    mf_tdesc       *x = &p->in[0], *at = &p->in[1];
    const mf_shape *map, *window;

    if (s == NULL) {
        return mf_oom(err, sizeof *s, "a crop");
    }
    x->dtype         = p->out[0].dtype;
    x->layout        = mf_dn_chan_layout(x, mf_dn_home_layout(p->ctx, x));
    at->dtype        = MF_DTYPE_F32;
    at->layout       = mf_layout_plain(&at->shape);
    p->out[0].layout = mf_dn_layout_like(x, &p->out[0].shape);
    if (!mf_dn_map_of(backward ? &s->window : &s->map, x) || !mf_dn_map_of(backward ? &s->map : &s->window, &p->out[0]) ||
        !mf_dn_chan_of(&s->whole, &p->out[0]) || s->map.b != s->window.b) {
        mf_free(s);
        return mf_fail(err, MF_E_UNSUPPORTED, "crop: a layout without rows of channels");
    }
    map      = backward ? &p->out[0].shape : &x->shape;
    window   = backward ? &x->shape : &p->out[0].shape;
    s->h     = map->dim[2];
    s->w     = map->dim[3];
    s->oh    = window->dim[2];
    s->ow    = window->dim[3];
    s->value = s->map.bf16 ? sizeof(uint16_t) : sizeof(float);
    p->state = s;
    return MF_OK;
}

static mf_status
crop_prepare(mf_prep *p, mf_err *err)
{
    return prepare(p, false, err);
}

static mf_status
crop_dx_prepare(mf_prep *p, mf_err *err)
{
    return prepare(p, true, err);
}

/* Items are blocks of channels, sample by sample. */
static void
crop_items(void *arg, size_t begin, size_t end, int thread)
{
    const crop_job   *job   = arg;
    const crop_state *s     = job->s;
    const float      *place = job->r->in[1];
    const size_t      pixel = s->map.b * s->value;

    (void)thread;
    for (size_t i = begin; i < end; i++) {
        const size_t       n = i / s->map.nb, k = i % s->map.nb;
        const mf_crop_span v = mf_crop_span_of((double)place[2 * n], s->oh, s->h), u = mf_crop_span_of((double)place[2 * n + 1], s->ow, s->w);
        const char        *x = (const char *)job->r->in[0] + mf_dn_map_block(&s->map, n, k) * s->value;
        char              *y = (char *)job->r->out[0] + mf_dn_map_block(&s->window, n, k) * s->value;

        if (v.hi - v.lo < s->oh || u.hi - u.lo < s->ow) {
            memset(y, 0, s->window.hw * pixel);
        }
        for (int64_t r = v.lo; r < v.hi && u.lo < u.hi; r++) {
            memcpy(y + (size_t)(r * s->ow + u.lo) * pixel, x + (size_t)((v.at + r) * s->w + u.at + u.lo) * pixel, (size_t)(u.hi - u.lo) * pixel);
        }
    }
}

static void
crop_dx_items(void *arg, size_t begin, size_t end, int thread)
{
    const crop_job   *job   = arg;
    const crop_state *s     = job->s;
    const float      *place = job->r->in[1];
    const size_t      pixel = s->map.b * s->value;

    (void)thread;
    for (size_t i = begin; i < end; i++) {
        const size_t       n = i / s->map.nb, k = i % s->map.nb;
        const mf_crop_span v = mf_crop_span_of((double)place[2 * n], s->oh, s->h), u = mf_crop_span_of((double)place[2 * n + 1], s->ow, s->w);
        const char        *dy = (const char *)job->r->in[0] + mf_dn_map_block(&s->window, n, k) * s->value;
        char              *dx = (char *)job->r->out[0] + mf_dn_map_block(&s->map, n, k) * s->value;

        memset(dx, 0, s->map.hw * pixel);
        for (int64_t r = v.lo; r < v.hi && u.lo < u.hi; r++) {
            memcpy(dx + (size_t)((v.at + r) * s->w + u.at + u.lo) * pixel, dy + (size_t)(r * s->ow + u.lo) * pixel, (size_t)(u.hi - u.lo) * pixel);
        }
    }
}

static mf_status
run(const crop_state *s, const mf_run *r, void (*items)(void *, size_t, size_t, int))
{
    const size_t all = s->map.n * s->map.nb;
    crop_job     j   = {s, r};

    mf_parallel_for(all, s->whole.elems < 1 << 14 ? all : 1, items, &j);
    mf_dn_chan_clear_padding(&s->whole, s->value, r->out[0]);
    return MF_OK;
}

static mf_status
crop_run(void *state, const mf_run *r, mf_err *err)
{
    (void)err;
    return run(state, r, crop_items);
}

static mf_status
crop_dx_run(void *state, const mf_run *r, mf_err *err)
{
    (void)err;
    return run(state, r, crop_dx_items);
}

const mf_kernel_def mf_onednn_crop = {
    .op = "crop", .name = "onednn.crop", .supports = crop_supports, .prepare = crop_prepare, .run = crop_run, .release = mf_free,
};

const mf_kernel_def mf_onednn_crop_dx = {
    .op = "crop_dx", .name = "onednn.crop_dx", .supports = crop_supports, .prepare = crop_dx_prepare, .run = crop_dx_run, .release = mf_free,
};
