/* face/occluders/lower.c: rows floor(H/2) .. H-1 black: a mask at its crudest (Georgescu & Ionescu 2019). */
#include "face/occlude.h"
#include "face/occluders/half.h"

static mf_status
lower_apply(mf_image *im, const mf_landmarks *lm, mf_rng *rng, mf_err *err)
{
    (void)lm;
    (void)rng;
    return mf_occlude_rows(im, im->height / 2, im->height, err);
}

const mf_occluder_def mf_occluder_lower = {
    .name = "lower", .occlusion = "lower", .summary = "the lower half of the picture is black",
    .apply = lower_apply,
};
