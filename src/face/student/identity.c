/* face/student/identity.c: who a drawn student is; all of it from (seed, person). */
#include "face/student/parts.h"

#include <string.h>

static float
uni(mf_rng *r, double lo, double hi)
{
    return (float)mf_rng_uniform(r, lo, hi);
}

/* Around 1, three standard deviations at most. */
static float
about(mf_rng *r, double sd)
{
    return (float)(1 + sd * mf_clamp(mf_rng_normal(r), -2.2, 2.2));
}

static void
between(float out[3], const float a[3], const float b[3], float t)
{
    for (int c = 0; c < 3; c++)
        out[c] = a[c] + t * (b[c] - a[c]);
}

static void
skin_colour(mf_person *p, mf_rng *r)
{
    static const float tone[6][3] = {{.955F, .815F, .735F}, {.92F, .755F, .655F}, {.85F, .665F, .54F}, {.74F, .54F, .415F},
                                     {.56F, .385F, .285F},  {.39F, .265F, .205F}};
    float  t = uni(r, 0, 4.999);
    int    i = (int)t;
    float  warm = uni(r, -0.02, 0.02);

    between(p->skin, tone[i], tone[i + 1], t - (float)i);
    p->skin[0] += 0.5F * warm;
    p->skin[2] -= warm;
    p->dark     = t / 5;
    p->rosy     = uni(r, 0.2, 1.0) * (1 - 0.6F * p->dark);
    p->freckles = p->dark < 0.3F && mf_rng_unit(r) < 0.2 ? uni(r, 0.4, 1) : 0;
}

static void
hair_colours(mf_person *p, mf_rng *r)
{
    static const float hair[][3] = {{.07F, .06F, .06F}, {.12F, .085F, .07F}, {.20F, .13F, .09F}, {.30F, .19F, .12F},
                                    {.42F, .28F, .16F}, {.66F, .50F, .29F},  {.80F, .66F, .42F}, {.50F, .22F, .10F}};
    static const float iris[][3] = {{.22F, .13F, .07F}, {.30F, .18F, .09F}, {.36F, .25F, .12F}, {.38F, .36F, .20F},
                                    {.30F, .42F, .52F}, {.42F, .52F, .58F}};
    static const float grey[3] = {.66F, .65F, .64F};
    int   n = p->dark > 0.5F ? 2 : p->dark > 0.3F ? 4 : 8, m = p->dark > 0.45F ? 2 : p->dark > 0.25F ? 4 : 6;
    float g;

    memcpy(p->hair_colour, hair[mf_rng_below(r, (uint64_t)n)], sizeof p->hair_colour);
    memcpy(p->iris, iris[mf_rng_below(r, (uint64_t)m)], sizeof p->iris);
    between(p->brow_colour, p->hair_colour, hair[1], 0.45F);
    g = p->age > 0.55F ? (p->age - 0.55F) * uni(r, 1, 2.4) : 0;
    g = g > 0.95F ? 0.95F : g;
    between(p->hair_colour, p->hair_colour, grey, g);
    between(p->brow_colour, p->brow_colour, grey, 0.5F * g);
}

static void
features(mf_person *p, mf_rng *r)
{
    p->width       = about(r, 0.035) * (p->woman ? 0.98F : 1.01F);
    p->jaw         = about(r, 0.045) * (p->woman ? 0.95F : 1.03F);
    p->chin        = about(r, 0.030) * (p->woman ? 0.975F : 1.015F);
    p->forehead    = about(r, 0.05);
    p->cheekbone   = about(r, 0.35);
    p->fullness    = about(r, 0.5) - 1;
    p->nose_width  = about(r, 0.11) * (1 + 0.16F * p->dark) * (p->woman ? 0.93F : 1.03F);
    p->nose_length = about(r, 0.05);
    p->nose_height = about(r, 0.14) * (1 - 0.12F * p->dark);
    p->nose_tip    = about(r, 0.25);
    p->eye_size    = about(r, 0.07) * (p->woman ? 1.06F : 0.98F);
    p->eye_tilt    = uni(r, -0.02, 0.045);
    p->eye_space   = about(r, 0.03);
    p->lid_fold    = uni(r, 0.1, 1);
    p->eye_depth   = about(r, 0.3);
    p->mouth_width = about(r, 0.08);
    p->lip_upper   = about(r, 0.20) * (p->woman ? 0.98F : 0.80F) * (1 + 0.25F * p->dark);
    p->lip_lower   = about(r, 0.16) * (p->woman ? 1.0F : 0.88F) * (1 + 0.20F * p->dark);
    p->brow_thick  = about(r, 0.20) * (p->woman ? 0.90F : 1.22F);
    p->brow_arch   = uni(r, 0.02, 0.07) * (p->woman ? 1.2F : 0.8F);
    p->brow_height = uni(r, -0.015, 0.025);
    p->brow_tilt   = uni(r, -0.02, 0.02);
}

static void
style(mf_person *p, mf_rng *r)
{
    static const mf_hair_style men[]   = {MF_HAIR_SHORT, MF_HAIR_PARTED, MF_HAIR_BUZZ, MF_HAIR_SHORT, MF_HAIR_CURLY,
                                          MF_HAIR_BALD, MF_HAIR_PARTED, MF_HAIR_FRINGE};
    static const mf_hair_style women[] = {MF_HAIR_LONG, MF_HAIR_BOB, MF_HAIR_LONG, MF_HAIR_BUN, MF_HAIR_FRINGE,
                                          MF_HAIR_CURLY, MF_HAIR_SCARF, MF_HAIR_LONG, MF_HAIR_BOB};
    static const float lip_base[3] = {.74F, .36F, .35F}, lip_dark[3] = {.44F, .24F, .23F};
    double beard = mf_rng_unit(r), wears = mf_rng_unit(r);

    p->hair        = p->woman ? women[mf_rng_below(r, 9)] : men[mf_rng_below(r, 8)];
    p->hair_volume = uni(r, 0.7, 1.3);
    p->hairline    = uni(r, -0.06, 0.06) - (p->woman ? 0 : 0.12F * p->age);
    p->part        = uni(r, -0.6, 0.6);
    p->strands     = mf_rng_u32(r);
    p->beard       = p->woman || beard < 0.45 ? MF_BEARD_NONE : beard < 0.66 ? MF_BEARD_STUBBLE :
                     beard < 0.76 ? MF_BEARD_MOUSTACHE : beard < 0.84 ? MF_BEARD_GOATEE : MF_BEARD_FULL;
    p->spectacles  = wears < 0.2 + 0.2 * (double)p->age ? 1 + (int)mf_rng_below(r, 3) : 0;
    p->makeup      = p->woman ? uni(r, 0, 1) : 0;
    between(p->lip_colour, lip_base, lip_dark, p->dark);
    between(p->lip_colour, p->lip_colour, p->skin, p->woman ? 0.30F : 0.50F);
    if (p->makeup > 0.65F) {
        p->lip_colour[0] = 0.5F * p->lip_colour[0] + uni(r, 0.3, 0.42);
        p->lip_colour[1] *= uni(r, 0.4, 0.75);
        p->lip_colour[2] *= uni(r, 0.5, 0.9);
    }
    for (int c = 0; c < 3; c++) {
        p->cloth[c] = uni(r, 0.08, 0.85);
        p->scarf[c] = uni(r, 0.12, 0.8);
        p->frame[c] = uni(r, 0.03, 0.3);
    }
    if (mf_rng_unit(r) < 0.25)
        p->frame[0] = 0.62F, p->frame[1] = 0.52F, p->frame[2] = 0.36F;
}

/* People who were asked to put on a mask do it well enough: the mouth is covered. */
static mf_mask_wear
own_wear(mf_rng *r)
{
    double u = mf_rng_unit(r);

    return u < 0.82 ? MF_WEAR_CORRECT : u < 0.87 ? MF_WEAR_NOSE_TIP : u < 0.91 ? MF_WEAR_NOSE : u < 0.96 ? MF_WEAR_CROOKED :
           MF_WEAR_LOOSE;
}

mf_person
mf_person_draw(uint64_t seed, int person)
{
    mf_rng    r = mf_rng_make(seed, (uint64_t)(int64_t)person, 0, MF_RNG_SYNTH);
    mf_person p = {0};

    p.woman = mf_rng_unit(&r) < 0.5;
    p.age   = (float)mf_rng_unit(&r);
    p.age   = p.age * p.age * (p.age < 0.5F ? 1.2F : 1); /* more young people than old */
    skin_colour(&p, &r);
    features(&p, &r);
    style(&p, &r);
    hair_colours(&p, &r);
    for (int u = 0; u < MF_AU_MAX; u++)
        p.au_gain[u] = (float)mf_clamp(1 + 0.13 * mf_rng_normal(&r), 0.7, 1.25);
    /* Resting faces differ: some look a little stern, some a little glad. */
    p.rest[4]  = (float)mf_clamp(0.06 * mf_rng_normal(&r), 0, 0.12);
    p.rest[12] = (float)mf_clamp(0.08 * mf_rng_normal(&r), 0, 0.18);
    p.rest[15] = (float)mf_clamp(0.08 * mf_rng_normal(&r), 0, 0.18);
    p.rest[7]  = (float)mf_clamp(0.07 * mf_rng_normal(&r), 0, 0.15);
    p.rest[2]  = (float)mf_clamp(0.08 * mf_rng_normal(&r), 0, 0.18);
    p.lopsided = (float)mf_clamp(0.05 * mf_rng_normal(&r), -0.12, 0.12);
    p.mask     = mf_mask_style_draw(MF_KIND_ANY, &r);
    p.mask_fit = mf_mask_fit_draw(p.mask.type, own_wear(&r), &r);
    return p;
}
