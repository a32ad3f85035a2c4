/* viz/overlay.c: heat over a picture. */
#include "viz/overlay.h"

#include <math.h>

#include "core/mem.h"
#include "eval/heat.h"
#include "viz/colour.h"

static int
luma(const uint8_t *p, int channels)
{
    return channels < 3 ? p[0] : (299 * p[0] + 587 * p[1] + 114 * p[2] + 500) / 1000; /* ITU-R BT.601 */
}

static mf_status
begin(mf_image *out, float **full, const mf_image *picture, mf_err *err)
{
    const size_t n = (size_t)picture->width * (size_t)picture->height;
    mf_status    st;

    *out  = (mf_image){0};
    *full = mf_calloc(n, sizeof **full);
    if (*full == NULL) {
        return mf_oom(err, n * sizeof **full, "a heat map");
    }
    if ((st = mf_image_new(out, picture->width, picture->height, 3, err)) < 0) {
        mf_free(*full);
        *full = NULL;
    }
    return st;
}

mf_status
mf_overlay_heat(mf_image *out, const mf_image *picture, const float *heat, int w, int h, double strength, mf_err *err)
{
    mf_colour_map map;
    float        *full;
    mf_status     st;

    if ((st = begin(out, &full, picture, err)) < 0) {
        return st;
    }
    mf_colour_heat(&map);
    mf_heat_resize(full, picture->width, picture->height, heat, w, h);
    for (size_t i = 0; i < (size_t)picture->width * (size_t)picture->height; i++) {
        const double   v = full[i] < 0 ? 0 : full[i] > 1 ? 1 : (double)full[i], a = strength * (1.0 + 2.0 * v) / 3.0;
        const uint8_t *c = map.rgb[(int)lround(255.0 * v)];
        const int      y = luma(picture->px + i * (size_t)picture->channels, picture->channels);

        for (int k = 0; k < 3; k++) {
            out->px[3 * i + (size_t)k] = (uint8_t)lround((1.0 - a) * y + a * c[k]);
        }
    }
    mf_free(full);
    return MF_OK;
}

mf_status
mf_overlay_jet(mf_image *out, const mf_image *picture, const float *heat, int w, int h, mf_err *err)
{
    mf_colour_map map;
    float        *full;
    mf_status     st;

    if ((st = begin(out, &full, picture, err)) < 0) {
        return st;
    }
    mf_colour_jet(&map);
    mf_heat_resize_levels(full, picture->width, picture->height, heat, w, h);
    for (size_t i = 0; i < (size_t)picture->width * (size_t)picture->height; i++) {
        const uint8_t *c = map.rgb[(int)lroundf(255.0f * full[i])], *p = picture->px + i * (size_t)picture->channels;

        for (int k = 0; k < 3; k++) {
            const double v = (picture->channels < 3 ? p[0] : p[k]) + 0.4 * c[k];

            out->px[3 * i + (size_t)k] = (uint8_t)(v >= 255.0 ? 255 : nearbyint(v));
        }
    }
    mf_free(full);
    return MF_OK;
}
