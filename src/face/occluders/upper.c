/* face/occluders/upper.c: rows 0 .. floor(H/2)-1 black: a VR headset at its crudest (Georgescu & Ionescu 2019). */
#include "face/occlude.h"
#include "face/occluders/paint.h"

typedef struct upper_cfg { double jitter; } upper_cfg;

static const mf_opt upper_opts[] = {
    MF_OPT_F64(upper_cfg, jitter, 0, 0, 0.4, "how far the border strays from the middle, share of the height"),
    MF_OPT_END
};

static mf_status
upper_apply(mf_image *im, const mf_occluder_job *job, const void *cfg, mf_rng *rng, mf_err *err)
{
    const upper_cfg *o = cfg;
    int at = im->height / 2 + (int)(mf_rng_uniform(rng, -o->jitter, o->jitter) * im->height);

    (void)err;
    mf_occlude_rows(im, job->cover, 0, at);
    mf_note(job, "black", (const float[3]){0, 0, 0}, "border=%d", at);
    return MF_OK;
}

const mf_occluder_def mf_occluder_upper = {
    .name = "upper", .occlusion = "upper", .summary = "the upper half of the picture is black",
    .no_face = true, .cfg_size = sizeof(upper_cfg), .opts = upper_opts, .apply = upper_apply,
};
