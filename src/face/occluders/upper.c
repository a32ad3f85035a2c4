/* face/occluders/upper.c: rows 0 .. floor(H/2)-1 black: a VR headset at its crudest (Georgescu & Ionescu 2019). */
#include "face/occlude.h"
#include "face/occluders/half.h"

static mf_status
upper_apply(mf_image *im, const mf_landmarks *lm, mf_rng *rng, mf_err *err)
{
    (void)lm;
    (void)rng;
    return mf_occlude_rows(im, 0, im->height / 2, err);
}

const mf_occluder_def mf_occluder_upper = {
    .name = "upper", .occlusion = "upper", .summary = "the upper half of the picture is black",
    .apply = upper_apply,
};
