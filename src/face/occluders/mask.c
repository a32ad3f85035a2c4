/* face/occluders/mask.c: a drawn face mask over nose, mouth and chin; a new one each time. */
#include "face/occlude.h"

#include "face/mask.h"

enum { SMALLEST = 16 }; /* pixels; below it there is no face to speak of */

static mf_status
mask_apply(mf_image *im, const mf_landmarks *lm, mf_rng *rng, mf_err *err)
{
    mf_mask_style style;
    mf_mask_fit   fit;
    mf_mask_shape shape;
    mf_mask_light light;
    mf_landmarks  canonical;
    mf_status     st;

    if (im->px == NULL || im->width < SMALLEST || im->height < SMALLEST)
        return mf_fail(err, MF_E_ARG, "a mask needs a picture of at least %d x %d pixels, not %d x %d", SMALLEST, SMALLEST,
                       im->width, im->height);
    if (lm == NULL || lm->n == 0) {
        canonical = mf_landmarks_canonical(im->width, im->height);
        lm        = &canonical;
    }
    style = mf_mask_style_draw(rng);
    fit   = mf_mask_fit_draw(style.type, rng);
    if ((st = mf_mask_shape_make(&shape, lm, &fit, err)) < 0)
        return mf_fail_in(err, st, "mask");
    light = mf_mask_light_guess(im, &shape, rng);
    if ((st = mf_mask_draw(im, &shape, &style, &light, rng, err)) < 0)
        return mf_fail_in(err, st, "mask");
    return MF_OK;
}

const mf_occluder_def mf_occluder_mask = {
    .name = "mask", .occlusion = "mask", .summary = "a drawn face mask: surgical, KN95, cup or cloth, in many colours",
    .apply = mask_apply,
};
