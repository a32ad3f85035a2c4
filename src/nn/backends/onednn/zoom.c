/* nn/backends/onednn/zoom.c: boxes stretched to whole pictures, in the pictures' own layout. Threads share the samples. The
 * gradient, which only a question about the pixels themselves needs, runs on the reference kernel. */
#include "nn/backends/onednn/map.h"
#include "nn/backends/onednn/onednn.h"

#include "core/mem.h"
#include "core/thread.h"
#include "nn/zoom.h"

typedef struct zoom_state {
    mf_dn_map     map;
    mf_dn_chan    chan;
    mf_zoom_attrs attrs;
    int64_t       h, w;
    bool          placed; /* boxes are around places of their own */
} zoom_state;

typedef struct zoom_job {
    const zoom_state *s;
    const mf_run     *r;
} zoom_job;

static bool
zoom_supports(const mf_prep *p, char why[128])
{
    (void)why;
    return p->out[0].dtype == MF_DTYPE_F32 || p->out[0].dtype == MF_DTYPE_BF16;
}

static mf_status
zoom_prepare(mf_prep *p, mf_err *err)
{
    zoom_state *s = mf_calloc(1, sizeof *s);
    mf_tdesc   *x = &p->in[0];

    if (s == NULL) {
        return mf_oom(err, sizeof *s, "a zoom");
    }
    x->dtype  = p->out[0].dtype;
    x->layout = mf_dn_chan_layout(x, mf_dn_home_layout(p->ctx, x));
    if (!mf_dn_map_of(&s->map, x) || !mf_dn_chan_of(&s->chan, x)) {
        mf_free(s);
        return mf_fail(err, MF_E_UNSUPPORTED, "zoom: a layout without rows of channels");
    }
    s->placed        = p->nin > 1 && p->has_in[1];
    if (s->placed) {
        p->in[1].dtype  = MF_DTYPE_F32;
        p->in[1].layout = mf_layout_plain(&p->in[1].shape);
    }
    s->attrs         = *(const mf_zoom_attrs *)p->attrs;
    s->h             = x->shape.dim[2];
    s->w             = x->shape.dim[3];
    p->out[0].layout = x->layout;
    p->scratch       = s->map.n * (size_t)s->w * sizeof(mf_zoom_tap);
    p->state         = s;
    return MF_OK;
}

static void
zoom_samples(void *arg, size_t begin, size_t end, int thread)
{
    const zoom_job   *job = arg;
    const zoom_state *s   = job->s;
    const mf_dn_map  *m   = &s->map;
    const void       *x   = job->r->in[0];
    const size_t      w   = (size_t)s->w;

    (void)thread;
    for (size_t n = begin; n < end; n++) {
        const float      *at  = s->placed ? (const float *)job->r->in[1] + 2 * n : NULL;
        const mf_zoom_box b   = at != NULL ? mf_zoom_box_around(&s->attrs, s->h, s->w, (double)at[0], (double)at[1])
                                           : mf_zoom_box_of(&s->attrs, s->h, s->w, job->r->seed, job->r->step, (int64_t)n);
        mf_zoom_tap      *col = (mf_zoom_tap *)job->r->scratch + n * w;

        for (size_t j = 0; j < w; j++) {
            col[j] = mf_zoom_tap_of((int64_t)j, s->w, b.left, b.w);
        }
        for (size_t k = 0; k < m->nb; k++) {
            const size_t block = mf_dn_map_block(m, n, k), wide = mf_dn_map_width(m, k);

            for (size_t i = 0; i < (size_t)s->h; i++) {
                const mf_zoom_tap v   = mf_zoom_tap_of((int64_t)i, s->h, b.top, b.h);
                const size_t      up  = block + (size_t)v.a * w * m->b, down = block + (size_t)v.b * w * m->b;
                size_t            put = block + i * w * m->b;

                for (size_t j = 0; j < w; j++, put += m->b) {
                    const size_t l = (size_t)col[j].a * m->b, r = (size_t)col[j].b * m->b;

                    for (size_t c = 0; c < wide; c++) {
                        const float x00 = mf_dn_get(x, up + l + c, m->bf16), x01 = mf_dn_get(x, up + r + c, m->bf16);
                        const float x10 = mf_dn_get(x, down + l + c, m->bf16), x11 = mf_dn_get(x, down + r + c, m->bf16);
                        const float y0 = x00 + (x01 - x00) * (float)col[j].t, y1 = x10 + (x11 - x10) * (float)col[j].t;

                        mf_dn_put(job->r->out[0], put + c, m->bf16, y0 + (y1 - y0) * (float)v.t);
                    }
                }
            }
        }
    }
}

static mf_status
zoom_run(void *state, const mf_run *r, mf_err *err)
{
    const zoom_state *s = state;
    zoom_job          j = {s, r};

    (void)err;
    mf_parallel_for(s->map.n, s->chan.elems < 1 << 13 ? s->map.n : 1, zoom_samples, &j);
    mf_dn_chan_clear_padding(&s->chan, s->map.bf16 ? 2 : 4, r->out[0]);
    return MF_OK;
}

const mf_kernel_def mf_onednn_zoom = {
    .op = "zoom", .name = "onednn.zoom", .supports = zoom_supports, .prepare = zoom_prepare, .run = zoom_run, .release = mf_free,
};
