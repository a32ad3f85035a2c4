/* face/mask_style.c: draw at random what a mask is made of and how it is worn. */
#include "face/mask.h"

#include <math.h>
#include <string.h>

static float
uni(mf_rng *rng, double lo, double hi)
{
    return (float)mf_rng_uniform(rng, lo, hi);
}

static void
turn(float out[2], float angle)
{
    out[0] = cosf(angle);
    out[1] = sinf(angle);
}

static void
hex(float rgb[3], uint32_t c)
{
    rgb[0] = (float)(c >> 16 & 255) / 255.0F;
    rgb[1] = (float)(c >> 8 & 255) / 255.0F;
    rgb[2] = (float)(c & 255) / 255.0F;
}

static void
hsv(float rgb[3], float h, float s, float v)
{
    float f = h * 6.0F;
    int   i = (int)f;
    float p = v * (1 - s), q, t;

    f -= (float)i;
    q = v * (1 - s * f);
    t = v * (1 - s * (1 - f));
    switch (i % 6) {
    case 0: rgb[0] = v; rgb[1] = t; rgb[2] = p; break;
    case 1: rgb[0] = q; rgb[1] = v; rgb[2] = p; break;
    case 2: rgb[0] = p; rgb[1] = v; rgb[2] = t; break;
    case 3: rgb[0] = p; rgb[1] = q; rgb[2] = v; break;
    case 4: rgb[0] = t; rgb[1] = p; rgb[2] = v; break;
    default: rgb[0] = v; rgb[1] = p; rgb[2] = q; break;
    }
}

static void
pick(float rgb[3], mf_rng *rng, const uint32_t *palette, size_t n)
{
    hex(rgb, palette[mf_rng_below(rng, n)]);
    for (int c = 0; c < 3; c++) {
        rgb[c] *= uni(rng, 0.94, 1.06);
        if (rgb[c] > 1)
            rgb[c] = 1;
    }
}

/* Any cloth colour; one in thirty is near to skin, which is hard to tell from a bare face. */
static void
cloth_colour(float rgb[3], mf_rng *rng)
{
    static const uint32_t skin[] = {0xE8C4A8, 0xC99A78, 0x8D5F44, 0xF0D5C2};
    double kind = mf_rng_unit(rng);

    if (kind < 0.033)
        pick(rgb, rng, skin, 4);
    else if (kind < 0.30)
        hsv(rgb, uni(rng, 0, 1), uni(rng, 0, 0.15), uni(rng, 0.08, 0.95)); /* greys, black, white */
    else
        hsv(rgb, uni(rng, 0, 1), uni(rng, 0.15, 0.9), uni(rng, 0.15, 0.95));
}

static mf_mask_type
draw_type(mf_rng *rng)
{
    double r = mf_rng_unit(rng);

    return r < 0.42 ? MF_MASK_SURGICAL : r < 0.58 ? MF_MASK_KN95 : r < 0.66 ? MF_MASK_CUP : MF_MASK_CLOTH;
}

static void
draw_colours(mf_mask_style *st, mf_rng *rng)
{
    static const uint32_t white[]    = {0xF2F4F4, 0xFAFAF8, 0xECEEF0};
    static const uint32_t blue[]     = {0x9CC8E8, 0x5B9BD5, 0x86BEDD, 0xB4D8EC, 0x6FB1D6};
    static const uint32_t surgical[] = {0x8CC7B0, 0xF1B8C6, 0x202124, 0x8A8D90, 0xB9A6D3, 0xA7D7C5, 0x2F3E63};
    static const uint32_t kn95[]     = {0xF4F4F2, 0xF4F4F2, 0xEDEFEF, 0x242528, 0x8C8F92, 0xD9C7AE, 0x39506F};
    double shade = mf_rng_unit(rng);

    switch (st->type) {
    case MF_MASK_SURGICAL:
        if (shade < 0.25)
            pick(st->colour[0], rng, white, 3);
        else if (shade < 0.75)
            pick(st->colour[0], rng, blue, 5);
        else
            pick(st->colour[0], rng, surgical, 7);
        break;
    case MF_MASK_KN95:
    case MF_MASK_CUP:
        pick(st->colour[0], rng, kn95, 7);
        break;
    default:
        cloth_colour(st->colour[0], rng);
        break;
    }
    cloth_colour(st->colour[1], rng);
    cloth_colour(st->colour[2], rng);
}

mf_mask_style
mf_mask_style_draw(mf_rng *rng)
{
    mf_mask_style st = {0};
    double        figured;

    st.type = draw_type(rng);
    draw_colours(&st, rng);
    figured = mf_rng_unit(rng);
    if (figured < (st.type == MF_MASK_CLOTH ? 0.5 : st.type == MF_MASK_SURGICAL ? 0.06 : 0.0))
        st.pattern = (mf_mask_pattern)(1 + mf_rng_below(rng, MF_MASK_PATTERNS - 1));
    if (mf_rng_unit(rng) < 0.6 || st.type == MF_MASK_SURGICAL)
        hex(st.loop, 0xF0F0EE);
    else
        memcpy(st.loop, st.colour[0], sizeof st.loop);
    st.period = uni(rng, 0.06, 0.2);
    turn(st.turn, uni(rng, 0, 3.14159));
    st.pleat[0]    = 0.28F + uni(rng, -0.03, 0.03);
    st.pleat[1]    = 0.48F + uni(rng, -0.03, 0.03);
    st.pleat[2]    = 0.68F + uni(rng, -0.03, 0.03);
    st.pleat_depth = uni(rng, 0.10, 0.24);
    st.seam        = st.type == MF_MASK_KN95 ? uni(rng, 0.6, 1.0) : st.type == MF_MASK_CLOTH && mf_rng_unit(rng) < 0.5 ?
                     uni(rng, 0.3, 0.9) : 0.0F;
    st.bump        = st.type == MF_MASK_CUP ? uni(rng, 0.6, 0.8) : st.type == MF_MASK_KN95 ? uni(rng, 0.4, 0.6) :
                     uni(rng, 0.2, 0.4);
    st.hem         = uni(rng, -0.14, 0.08);
    for (int i = 0; i < MF_MASK_CREASES; i++) {
        st.crease[i][0] = uni(rng, 0.1, 0.9);
        st.crease[i][1] = uni(rng, 0.2, 0.95);
        turn(&st.crease[i][2], uni(rng, -1.2, 1.2));
        st.crease[i][4] = uni(rng, 0.08, 0.25);
        st.crease[i][5] = uni(rng, 0.0, st.type == MF_MASK_CUP ? 0.15 : 0.7);
    }
    st.weave = uni(rng, 0.01, 0.04);
    st.valve = st.type == MF_MASK_CUP && mf_rng_unit(rng) < 0.4;
    st.grain = mf_rng_u32(rng);
    return st;
}

mf_mask_fit
mf_mask_fit_draw(mf_mask_type type, mf_rng *rng)
{
    /*                 tu lo hi    tl lo hi    alpha lo hi  beta lo hi   inset lo hi   cheek lo hi */
    static const float range[MF_MASK_TYPES][12] = {
        [MF_MASK_SURGICAL] = {1.6F, 2.8F, 3.8F, 5.2F, 0.15F, 0.55F, 0.02F, 0.08F, 0.03F, 0.10F, 0.00F, 0.04F},
        [MF_MASK_KN95]     = {1.2F, 2.2F, 3.6F, 4.8F, 0.10F, 0.45F, 0.03F, 0.12F, 0.02F, 0.08F, 0.02F, 0.06F},
        [MF_MASK_CUP]      = {1.6F, 2.6F, 3.8F, 5.0F, 0.10F, 0.40F, 0.02F, 0.08F, 0.06F, 0.13F, 0.00F, 0.03F},
        [MF_MASK_CLOTH]    = {1.0F, 2.4F, 3.4F, 5.0F, 0.10F, 0.60F, 0.02F, 0.14F, 0.00F, 0.08F, 0.00F, 0.06F},
    };
    const float *r   = range[type];
    mf_mask_fit  fit = {0};
    double       wear;

    fit.tu[0]       = uni(rng, r[0], r[1]);
    fit.tu[1]       = fit.tu[0] + uni(rng, -0.2, 0.2);
    fit.tl[0]       = uni(rng, r[2], r[3]);
    fit.tl[1]       = fit.tl[0] + uni(rng, -0.2, 0.2);
    fit.alpha       = uni(rng, r[4], r[5]);
    fit.beta        = uni(rng, r[6], r[7]);
    fit.inset_upper = uni(rng, r[8], r[9]);
    fit.inset_lower = uni(rng, 0.0, 0.04);
    fit.cheek       = uni(rng, r[10], r[11]);
    fit.bulge       = uni(rng, 0.02, 0.07);
    fit.waist       = uni(rng, 0.0, 0.05);
    wear            = mf_rng_unit(rng);
    if (wear < 0.06)
        fit.alpha = uni(rng, 0.8, 1.0); /* slipped down the nose; the mouth stays hidden */
    else if (wear < 0.12)
        fit.roll = uni(rng, -0.09, 0.09), fit.shift = uni(rng, -0.05, 0.05); /* crooked */
    else if (wear < 0.17)
        fit.bulge += uni(rng, 0.04, 0.08); /* loose */
    else
        fit.roll = uni(rng, -0.025, 0.025);
    return fit;
}
