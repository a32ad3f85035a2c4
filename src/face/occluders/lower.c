/* face/occluders/lower.c: rows floor(H/2) .. H-1 black: a mask at its crudest (Georgescu & Ionescu 2019). */
#include "face/occlude.h"
#include "face/occluders/paint.h"

typedef struct lower_cfg { double jitter; } lower_cfg;

static const mf_opt lower_opts[] = {
    MF_OPT_F64(lower_cfg, jitter, 0, 0, 0.4, "how far the border strays from the middle, share of the height"),
    MF_OPT_END
};

static mf_status
lower_apply(mf_image *im, const mf_occluder_job *job, const void *cfg, mf_rng *rng, mf_err *err)
{
    const lower_cfg *o = cfg;
    int at = im->height / 2 + (int)(mf_rng_uniform(rng, -o->jitter, o->jitter) * im->height);

    (void)err;
    mf_occlude_rows(im, job->cover, at, im->height);
    mf_note(job, "black", (const float[3]){0, 0, 0}, "border=%d", at);
    return MF_OK;
}

const mf_occluder_def mf_occluder_lower = {
    .name = "lower", .occlusion = "lower", .summary = "the lower half of the picture is black",
    .no_face = true, .cfg_size = sizeof(lower_cfg), .opts = lower_opts, .apply = lower_apply,
};
