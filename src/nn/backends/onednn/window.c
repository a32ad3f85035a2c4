/* nn/backends/onednn/window.c: cutting rows or columns out of maps, in whatever layout the values have.
 *
 * slice: x [N,C,H,W] -> rows or columns [start, start+len). slice_dx: dy, like (shape) -> dy placed into zeros. Channels are
 * join.c's. Threads share the blocks of channels. */
#include "nn/backends/onednn/map.h"
#include "nn/backends/onednn/onednn.h"

#include "core/mem.h"
#include "core/thread.h"
#include "nn/ops.h"

typedef struct window_state {
    mf_dn_map large, small;
    size_t    runs, step, skip, len; /* a map is `runs` pieces of `step` bytes, of which `len` from `skip` on are in the window */
    size_t    bytes;                 /* of the result */
    bool      grad;
} window_state;

typedef struct window_job {
    const window_state *s;
    const mf_run       *r;
} window_job;

static bool
window_supports(const mf_prep *p, char why[128])
{
    const int axis = ((const mf_axis_attrs *)p->attrs)->axis;

    (void)why;
    return (axis == 2 || axis == 3) && p->out[0].shape.ndim == 4 &&
           (p->out[0].dtype == MF_DTYPE_F32 || p->out[0].dtype == MF_DTYPE_BF16);
}

static mf_status
window_new(mf_prep *p, bool grad, mf_err *err)
{
    const mf_axis_attrs *a = p->attrs;
    window_state        *s = mf_calloc(1, sizeof *s);
    const mf_tdesc      *large, *small;
    size_t               pixel, unit;

    if (s == NULL) {
        return mf_oom(err, sizeof *s, "a window");
    }
    p->in[0].dtype   = p->out[0].dtype;
    p->in[0].layout  = mf_dn_chan_layout(&p->in[0], mf_dn_home_layout(p->ctx, &p->in[0]));
    p->out[0].layout = mf_dn_layout_like(&p->in[0], &p->out[0].shape);
    large            = grad ? &p->out[0] : &p->in[0];
    small            = grad ? &p->in[0] : &p->out[0];
    if (!mf_dn_map_of(&s->large, large) || !mf_dn_map_of(&s->small, small)) {
        mf_free(s);
        return mf_fail(err, MF_E_UNSUPPORTED, "window: a layout without rows of channels");
    }
    pixel    = s->large.b * (s->large.bf16 ? 2 : 4);
    unit     = a->axis == 3 ? pixel : pixel * (size_t)large->shape.dim[3];
    s->runs  = a->axis == 3 ? (size_t)large->shape.dim[2] : 1;
    s->step  = unit * (size_t)large->shape.dim[a->axis];
    s->skip  = unit * (size_t)a->start;
    s->len   = unit * (size_t)small->shape.dim[a->axis];
    s->bytes = mf_tdesc_bytes(&p->out[0]);
    s->grad  = grad;
    p->state = s;
    return MF_OK;
}

static mf_status
window_prepare(mf_prep *p, mf_err *err)
{
    return window_new(p, false, err);
}

static mf_status
window_dx_prepare(mf_prep *p, mf_err *err)
{
    return window_new(p, true, err);
}

static void
window_blocks(void *arg, size_t begin, size_t end, int thread)
{
    const window_job   *j = arg;
    const window_state *s = j->s;
    const char         *from = j->r->in[0];
    char               *to   = j->r->out[0];

    (void)thread;
    for (size_t q = begin * s->runs; q < end * s->runs; q++) {
        if (s->grad) {
            memset(to + q * s->step, 0, s->skip);
            memcpy(to + q * s->step + s->skip, from + q * s->len, s->len);
            memset(to + q * s->step + s->skip + s->len, 0, s->step - s->skip - s->len);
        } else {
            memcpy(to + q * s->len, from + q * s->step + s->skip, s->len);
        }
    }
}

static mf_status
window_run(void *state, const mf_run *r, mf_err *err)
{
    const window_state *s = state;
    window_job          j = {s, r};
    const size_t        n = s->large.n * s->large.nb;

    (void)err;
    mf_parallel_for(n, s->bytes < 1 << 16 ? n : 1, window_blocks, &j);
    return MF_OK;
}

const mf_kernel_def mf_onednn_window_slice = {
    .op = "slice", .name = "onednn.window", .supports = window_supports, .prepare = window_prepare, .run = window_run, .release = mf_free,
};

const mf_kernel_def mf_onednn_window_slice_dx = {
    .op = "slice_dx", .name = "onednn.window_dx", .supports = window_supports, .prepare = window_dx_prepare, .run = window_run,
    .release = mf_free,
};
