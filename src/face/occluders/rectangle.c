/* face/occluders/rectangle.c: a rectangle anywhere on the face (random erasing, Zhong et al. 2020, kept to the face). */
#include "face/occlude.h"

#include <math.h>
#include "face/occluders/paint.h"

enum { MIXED, BLACK, GREY, MEAN, NOISE };

typedef struct rectangle_cfg {
    double least, most;
    int    fill;
} rectangle_cfg;

static const char *const fills[] = {"mixed", "black", "grey", "mean", "noise", NULL};

static const mf_opt rectangle_opts[] = {
    MF_OPT_F64(rectangle_cfg, least, 0.1, 0, 1, "least share of the face's box that is hidden"),
    MF_OPT_F64(rectangle_cfg, most, 0.35, 0, 1, "largest share"),
    MF_OPT_ENUM(rectangle_cfg, fill, 0, fills, "what it is filled with; mean: the mean colour of the picture"),
    MF_OPT_END
};

/* The box of the face: jaw and brows, a little up the forehead. */
static void
face_box(double lo[2], double hi[2], const mf_landmarks *lm, const mf_image *im)
{
    lo[0] = lo[1] = 1e9;
    hi[0] = hi[1] = -1e9;
    for (int i = 0; i < 27; i++) {
        lo[0] = fmin(lo[0], (double)lm->x[i]);
        lo[1] = fmin(lo[1], (double)lm->y[i]);
        hi[0] = fmax(hi[0], (double)lm->x[i]);
        hi[1] = fmax(hi[1], (double)lm->y[i]);
    }
    lo[1] -= 0.1 * (hi[1] - lo[1]);
    for (int c = 0; c < 2; c++) {
        lo[c] = fmax(0, lo[c]);
        hi[c] = fmin(c == 0 ? im->width : im->height, hi[c]);
    }
}

static void
mean_colour(uint8_t rgb[3], const mf_image *im)
{
    uint64_t sum[3] = {0};
    size_t   n = (size_t)im->width * (size_t)im->height;

    for (size_t i = 0; i < n; i++)
        for (int c = 0; c < 3; c++)
            sum[c] += im->px[i * (size_t)im->channels + (size_t)(im->channels == 1 ? 0 : c)];
    for (int c = 0; c < 3; c++)
        rgb[c] = (uint8_t)((sum[c] + n / 2) / n);
}

static mf_status
rectangle_apply(mf_image *im, const mf_occluder_job *job, const void *cfg, mf_rng *rng, mf_err *err)
{
    const rectangle_cfg *o = cfg;
    double   lo[2], hi[2], share, aspect, w, h;
    int      fill = o->fill == MIXED ? BLACK + (int)mf_rng_below(rng, 4) : o->fill, x0, y0, x1, y1;
    uint8_t  rgb[3] = {0, 0, 0};
    uint32_t noise;

    if (o->least > o->most)
        return mf_fail(err, MF_E_ARG, "the least share %g is larger than the largest share %g", o->least, o->most);
    face_box(lo, hi, job->lm, im);
    if (hi[0] - lo[0] < 2 || hi[1] - lo[1] < 2)
        return mf_fail(err, MF_E_ARG, "the face lies outside the picture; are the landmarks those of this picture?");
    share  = mf_rng_uniform(rng, o->least, o->most) * (hi[0] - lo[0]) * (hi[1] - lo[1]);
    aspect = exp(mf_rng_uniform(rng, -0.7, 0.7));
    w      = fmin(sqrt(share * aspect), hi[0] - lo[0]);
    h      = fmin(share / fmax(w, 1), hi[1] - lo[1]);
    x0     = (int)floor(mf_rng_uniform(rng, lo[0], hi[0] - w) + 0.5);
    y0     = (int)floor(mf_rng_uniform(rng, lo[1], hi[1] - h) + 0.5);
    x1     = (int)fmin(im->width, fmax(x0 + 1, floor(x0 + w + 0.5)));
    y1     = (int)fmin(im->height, fmax(y0 + 1, floor(y0 + h + 0.5)));
    noise  = mf_rng_u32(rng);
    if (fill == GREY)
        rgb[0] = rgb[1] = rgb[2] = 127;
    else if (fill == MEAN)
        mean_colour(rgb, im);
    for (int y = y0; y < y1; y++)
        for (int x = x0; x < x1; x++) {
            size_t   at = (size_t)y * (size_t)im->width + (size_t)x;
            uint8_t *px = im->px + at * (size_t)im->channels;
            for (int c = 0; c < im->channels; c++) {
                if (fill == NOISE && c < 3) {
                    noise = noise * 1664525U + 1013904223U;
                    px[c] = (uint8_t)(noise >> 24);
                } else {
                    px[c] = c == 3 ? 255 : rgb[c];
                }
            }
            if (job->cover != NULL)
                job->cover[at] = 255;
        }
    mf_note(job, fills[fill], fill == NOISE ? NULL : (const float[3]){rgb[0] / 255.0F, rgb[1] / 255.0F, rgb[2] / 255.0F},
            "x=%d y=%d width=%d height=%d", x0, y0, x1 - x0, y1 - y0);
    return MF_OK;
}

const mf_occluder_def mf_occluder_rectangle = {
    .name = "rectangle", .occlusion = "other", .summary = "a rectangle somewhere on the face (random erasing)",
    .cfg_size = sizeof(rectangle_cfg), .opts = rectangle_opts, .apply = rectangle_apply,
};
