/* face/occluders/mask.c: a drawn face mask over nose, mouth and chin; a new one each time. */
#include "face/occlude.h"

#include "face/mask.h"
#include "face/occluders/paint.h"

enum { SMALLEST = 16 }; /* pixels; below it there is no face to speak of */
enum { VARIED, MLFW_WHITE, SINGLE_BLUE };

typedef struct mask_cfg { int preset, kind, fit; } mask_cfg;

static const char *const presets[] = {"varied", "mlfw_white", "single_blue", NULL};
static const char *const kinds[]   = {"any", "surgical", "kn95", "n95", "cloth", "patterned", "scarf", "transparent", NULL};
static const char *const fits[]    = {"any", "correct", "nose_tip", "nose", "chin", "crooked", "loose", "chin_strap", NULL};

static const mf_opt mask_opts[] = {
    MF_OPT_ENUM(mask_cfg, preset, 0, presets, "every kind and fit; white surgical masks without light as in M-LFW-FER; one blue mask"),
    MF_OPT_ENUM(mask_cfg, kind, 0, kinds, "what the mask is (preset varied)"),
    MF_OPT_ENUM(mask_cfg, fit, 0, fits, "how it is worn (preset varied)"),
    MF_OPT_END
};

static void
plain_surgical(mf_mask_style *st, float red, float green, float blue)
{
    st->pattern      = MF_MASK_PLAIN;
    st->colour[0][0] = red;
    st->colour[0][1] = green;
    st->colour[0][2] = blue;
    st->pleat_depth  = 0.16F;
    st->hem          = -0.05F;
    for (int i = 0; i < MF_MASK_CREASES; i++)
        st->crease[i][5] = 0;
}

static void
draw(mf_mask_style *st, mf_mask_fit *fit, const mask_cfg *o, mf_rng *rng)
{
    if (o->preset == VARIED) {
        *st  = mf_mask_style_draw((mf_mask_kind)o->kind, rng);
        *fit = mf_mask_fit_draw(st->type, o->fit == 0 ? MF_WEARS : (mf_mask_wear)(o->fit - 1), rng);
        return;
    }
    *st  = mf_mask_style_draw(MF_KIND_SURGICAL, rng);
    *fit = mf_mask_fit_draw(st->type, MF_WEAR_CORRECT, rng);
    if (o->preset == MLFW_WHITE) {
        plain_surgical(st, 0.95F, 0.957F, 0.957F);
        fit->alpha = (float)mf_rng_uniform(rng, 0.45, 0.55);
    } else {
        plain_surgical(st, 0.357F, 0.608F, 0.835F);
        fit->alpha = 0.35F;
    }
    fit->tu[0] = fit->tu[1] = 2;
    fit->tl[0] = fit->tl[1] = 4.5F;
    fit->roll = 0;
}

static mf_status
mask_apply(mf_image *im, const mf_occluder_job *job, const void *cfg, mf_rng *rng, mf_err *err)
{
    const mask_cfg *o = cfg;
    mf_mask_style   style;
    mf_mask_fit     fit;
    mf_mask_shape   shape;
    mf_mask_light   light;
    mf_match        match;
    mf_status       st;

    if (im->width < SMALLEST || im->height < SMALLEST)
        return mf_fail(err, MF_E_ARG, "a mask needs a picture of at least %d x %d pixels, not %d x %d", SMALLEST, SMALLEST,
                       im->width, im->height);
    draw(&style, &fit, o, rng);
    if ((st = mf_mask_shape_make(&shape, job->lm, &fit, err)) < 0)
        return st;
    light = mf_mask_light_guess(im, &shape, rng);
    match = mf_mask_match_guess(im, &shape);
    if (o->preset == MLFW_WHITE) {
        light = (mf_mask_light){.z = 1, .ambient = 1, .gain = {1, 1, 1}};
        match = (mf_match){.blur = 0.4F};
    }
    if ((st = mf_mask_draw(im, job->scratch, job->cover, &shape, &style, &light, &match, rng, err)) < 0)
        return st;
    if (job->note != NULL)
        mf_mask_note(job->note, &style, &fit, &light, &match);
    return MF_OK;
}

const mf_occluder_def mf_occluder_mask = {
    .name = "mask", .occlusion = "mask",
    .summary = "a drawn face mask: surgical, KN95, N95, cloth, scarf or transparent, in many colours and prints",
    .cfg_size = sizeof(mask_cfg), .opts = mask_opts, .apply = mask_apply, .scratch = mf_mask_scratch,
};
