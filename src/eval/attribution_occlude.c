/* eval/attribution_occlude.c: a square of mean colour (zero after normalisation) moved over the picture. */
#include <string.h>

#include "core/mem.h"
#include "eval/attribution_i.h"

size_t
mf_attr_pixels(const mf_attribution *a)
{
    const mf_recipe *r = mf_infer_recipe(a->infer);

    return (size_t)r->channels * (size_t)r->height * (size_t)r->width;
}

/* Squares start at 0, stride, 2 stride ..., the last one at the far edge. */
static int
steps(int side, int patch, int stride)
{
    return side <= patch ? 1 : (side - patch + stride - 1) / stride + 1;
}

static int
start(int i, int side, int patch, int stride)
{
    const int last = side > patch ? side - patch : 0;

    return i * stride < last ? i * stride : last;
}

static void
hide(float *px, const mf_attribution *a, int x0, int y0)
{
    const int channels = mf_infer_recipe(a->infer)->channels;
    const int x1 = x0 + a->patch < a->w ? x0 + a->patch : a->w, y1 = y0 + a->patch < a->h ? y0 + a->patch : a->h;

    for (int c = 0; c < channels; c++) {
        for (int y = y0; y < y1; y++) {
            memset(px + ((size_t)c * (size_t)a->h + (size_t)y) * (size_t)a->w + (size_t)x0, 0, (size_t)(x1 - x0) * sizeof *px);
        }
    }
}

static void
spread(float *heat, mf_attribution *a, int x0, int y0, float drop)
{
    for (int y = y0; y < y0 + a->patch && y < a->h; y++) {
        for (int x = x0; x < x0 + a->patch && x < a->w; x++) {
            heat[(size_t)y * (size_t)a->w + (size_t)x] += drop;
            a->count[(size_t)y * (size_t)a->w + (size_t)x]++;
        }
    }
}

mf_status
mf_attr_occlude(mf_attribution *a, const mf_image *im, const float *marks, int cls, float before, float *heat, mf_err *err)
{
    const mf_pix_form plain = {MF_PIX_F32, false};
    const size_t      places = (size_t)a->w * (size_t)a->h, size = mf_attr_pixels(a);
    const int         classes = mf_infer_model(a->infer)->classes, batch = mf_infer_batch(a->infer);
    const int         nx = steps(a->w, a->patch, a->stride), ny = steps(a->h, a->patch, a->stride);
    const mf_pix_out  to = {.base = a->pixels, .type = MF_PIX_F32, .sc = (ptrdiff_t)places, .sy = a->w, .sx = 1};
    float            *prob;
    mf_status         st;

    if ((st = mf_prep_image(&to, mf_infer_recipe(a->infer), im, err)) < 0) {
        return st;
    }
    for (int i = 0; i < batch && a->points > 0; i++) { /* the same face in each place of the batch */
        mf_attr_put_marks(a, (size_t)i, im, marks);
    }
    prob = mf_calloc((size_t)batch * (size_t)classes, sizeof *prob);
    if (prob == NULL) {
        return mf_oom(err, (size_t)batch * (size_t)classes * sizeof *prob, "probabilities");
    }
    memset(heat, 0, places * sizeof *heat);
    memset(a->count, 0, places * sizeof *a->count);
    for (int done = 0; done < nx * ny && st == MF_OK; done += batch) {
        const int n = nx * ny - done < batch ? nx * ny - done : batch;

        for (int i = 0; i < n; i++) {
            float *px = a->hidden + (size_t)i * size;

            memcpy(px, a->pixels, size * sizeof *px);
            hide(px, a, start((done + i) % nx, a->w, a->patch, a->stride), start((done + i) / nx, a->h, a->patch, a->stride));
        }
        st = mf_infer_run(a->infer, a->hidden, plain, a->marks, (size_t)n, prob, NULL, err);
        for (int i = 0; i < n && st == MF_OK; i++) {
            spread(heat, a, start((done + i) % nx, a->w, a->patch, a->stride), start((done + i) / nx, a->h, a->patch, a->stride),
                   before - prob[(size_t)i * (size_t)classes + (size_t)cls]);
        }
    }
    mf_free(prob);
    for (size_t i = 0; i < places; i++) {
        heat[i] /= (float)(a->count[i] != 0 ? a->count[i] : 1);
    }
    return st;
}
