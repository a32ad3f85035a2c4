/* nn/backends/ref/zoom.c: boxes stretched to whole pictures, bilinear, and the gradient. */
#include "nn/backends/ref/real.h"
#include "nn/zoom.h"

/* Visit each output element with its four pixels: y is written, or dy read and shared out over dx. */
static void
each(const mf_ref_op *op, const mf_run *r, const real *from, real *to, bool back)
{
    const mf_shape *s = &op->in[0];
    const int64_t   c = s->dim[1], h = s->dim[2], w = s->dim[3];

    for (int64_t n = 0; n < s->dim[0]; n++) {
        const real       *at = op->nin > 1 ? (const real *)r->in[1] + 2 * n : NULL;
        const mf_zoom_box b  = at != NULL ? mf_zoom_box_around(op->attrs, h, w, (double)at[0], (double)at[1])
                                          : mf_zoom_box_of(op->attrs, h, w, r->seed, r->step, n);

        for (int64_t i = 0; i < h; i++) {
            const mf_zoom_tap v = mf_zoom_tap_of(i, h, b.top, b.h);

            for (int64_t j = 0; j < w; j++) {
                const mf_zoom_tap u  = mf_zoom_tap_of(j, w, b.left, b.w);
                const double      t = v.t, q = u.t;
                const double      k[4] = {(1 - t) * (1 - q), (1 - t) * q, t * (1 - q), t * q};
                const int64_t     px[4] = {v.a * w + u.a, v.a * w + u.b, v.b * w + u.a, v.b * w + u.b};

                for (int64_t p = n * c; p < (n + 1) * c; p++) {
                    const int64_t map = p * h * w, here = map + i * w + j;

                    if (back)
                        for (int m = 0; m < 4; m++)
                            to[map + px[m]] += (real)(k[m] * (double)from[here]);
                    else
                        to[here] = (real)(k[0] * (double)from[map + px[0]] + k[1] * (double)from[map + px[1]] +
                                          k[2] * (double)from[map + px[2]] + k[3] * (double)from[map + px[3]]);
                }
            }
        }
    }
}

static mf_status
zoom_run(void *state, const mf_run *r, mf_err *err)
{
    (void)err;
    each(state, r, r->in[0], r->out[0], false);
    return MF_OK;
}

MF_REF_KERNEL(zoom, zoom_run);

static mf_status
zoom_dx_run(void *state, const mf_run *r, mf_err *err)
{
    const mf_ref_op *op = state;
    real            *dx = r->out[0];
    (void)err;

    memset(dx, 0, (size_t)mf_shape_elems(&op->out[0]) * sizeof *dx);
    each(op, r, r->in[0], dx, true);
    return MF_OK;
}

MF_REF_KERNEL(zoom_dx, zoom_dx_run);
