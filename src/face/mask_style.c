/* face/mask_style.c: draw at random what a mask is made of and how it is worn. */
#include "face/mask.h"

#include <math.h>
#include <stdbool.h>
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

    if (kind < 0.033) {
        pick(rgb, rng, skin, 4);
    } else {
        bool  grey = kind < 0.30; /* or black, or white */
        float hue = uni(rng, 0, 1); /* one after the other: arguments have no order */
        float depth = grey ? uni(rng, 0, 0.15) : uni(rng, 0.15, 0.9);
        float value = grey ? uni(rng, 0.08, 0.95) : uni(rng, 0.15, 0.95);
        hsv(rgb, hue, depth, value);
    }
}

/* Shares of what is met in the street: surgical 0.40, KN95 0.15, N95 0.08, cloth plain 0.17 and patterned 0.17, scarf 0.03;
 * one in a hundred is transparent. */
static mf_mask_kind
draw_kind(mf_rng *rng)
{
    double r = mf_rng_unit(rng);

    return r < 0.395 ? MF_KIND_SURGICAL : r < 0.545 ? MF_KIND_KN95 : r < 0.625 ? MF_KIND_N95 : r < 0.793 ? MF_KIND_CLOTH :
           r < 0.96 ? MF_KIND_PATTERNED : r < 0.99 ? MF_KIND_SCARF : MF_KIND_TRANSPARENT;
}

static mf_mask_pattern
draw_pattern(mf_rng *rng)
{
    if (mf_rng_unit(rng) < 0.1)
        return (mf_mask_pattern)(MF_MASK_SMILE + mf_rng_below(rng, MF_MASK_PATTERNS - MF_MASK_SMILE));
    return (mf_mask_pattern)(1 + mf_rng_below(rng, MF_MASK_SMILE - 1));
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
mf_mask_style_draw(mf_mask_kind kind, mf_rng *rng)
{
    static const mf_mask_type type[MF_KINDS] = {
        [MF_KIND_SURGICAL] = MF_MASK_SURGICAL, [MF_KIND_KN95] = MF_MASK_KN95,       [MF_KIND_N95] = MF_MASK_CUP,
        [MF_KIND_CLOTH] = MF_MASK_CLOTH,       [MF_KIND_PATTERNED] = MF_MASK_CLOTH, [MF_KIND_SCARF] = MF_MASK_SCARF,
        [MF_KIND_TRANSPARENT] = MF_MASK_SURGICAL};
    mf_mask_style st = {0};
    double        figured;

    kind    = kind == MF_KIND_ANY || kind >= MF_KINDS ? draw_kind(rng) : kind;
    st.type = type[kind];
    draw_colours(&st, rng);
    figured = mf_rng_unit(rng);
    if (kind == MF_KIND_PATTERNED || (kind == MF_KIND_SURGICAL && figured < 0.06) || (kind == MF_KIND_SCARF && figured < 0.4))
        st.pattern = draw_pattern(rng);
    if (mf_rng_unit(rng) < 0.6 || st.type == MF_MASK_SURGICAL)
        hex(st.loop, st.type == MF_MASK_CUP ? 0xE6C85A : 0xF0F0EE);
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
    st.folds = st.type == MF_MASK_SCARF ? uni(rng, 0.3, 1.0) : 0;
    st.clear = kind == MF_KIND_TRANSPARENT ? uni(rng, 0.25, 0.40) : 0;
    st.grain = mf_rng_u32(rng);
    return st;
}

static mf_mask_wear
draw_wear(mf_rng *rng)
{
    double r = mf_rng_unit(rng);

    return r < 0.77 ? MF_WEAR_CORRECT : r < 0.82 ? MF_WEAR_NOSE_TIP : r < 0.88 ? MF_WEAR_NOSE : r < 0.91 ? MF_WEAR_CHIN :
           r < 0.95 ? MF_WEAR_CROOKED : r < 0.98 ? MF_WEAR_LOOSE : MF_WEAR_CHIN_STRAP;
}

mf_mask_fit
mf_mask_fit_draw(mf_mask_type type, mf_mask_wear wear, mf_rng *rng)
{
    /*                 tu lo hi    tl lo hi    alpha lo hi  beta lo hi   inset lo hi   cheek lo hi */
    static const float range[MF_MASK_TYPES][12] = {
        [MF_MASK_SURGICAL] = {1.6F, 2.8F, 3.8F, 5.2F, 0.15F, 0.55F, 0.02F, 0.08F, 0.03F, 0.10F, 0.00F, 0.04F},
        [MF_MASK_KN95]     = {1.2F, 2.2F, 3.6F, 4.8F, 0.10F, 0.45F, 0.03F, 0.12F, 0.02F, 0.08F, 0.02F, 0.06F},
        [MF_MASK_CUP]      = {1.6F, 2.6F, 3.8F, 5.0F, 0.10F, 0.40F, 0.02F, 0.08F, 0.06F, 0.13F, 0.00F, 0.03F},
        [MF_MASK_CLOTH]    = {1.0F, 2.4F, 3.4F, 5.0F, 0.10F, 0.60F, 0.02F, 0.14F, 0.00F, 0.08F, 0.00F, 0.06F},
        [MF_MASK_SCARF]    = {0.8F, 1.6F, 4.8F, 5.6F, 0.30F, 0.70F, 0.02F, 0.06F, 0.00F, 0.02F, 0.00F, 0.02F},
    };
    const float *r   = range[type];
    mf_mask_fit  fit = {0};

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
    fit.roll        = uni(rng, -0.025, 0.025);
    if (type == MF_MASK_SCARF)
        fit.neck = uni(rng, 0.3, 0.7);
    fit.wear = wear >= MF_WEARS ? draw_wear(rng) : wear;
    switch (fit.wear) {
    case MF_WEAR_NOSE_TIP:
        fit.alpha = uni(rng, 1.12, 1.4);
        fit.cheek = fit.roll = 0;
        break;
    case MF_WEAR_NOSE:
        fit.alpha = uni(rng, 2.06, 2.3);
        fit.tu[0] += 1.2F, fit.tu[1] += 1.2F;
        fit.cheek = fit.roll = 0;
        break;
    case MF_WEAR_CHIN:
        fit.low  = uni(rng, 0.15, 0.55);
        fit.beta = fit.neck = fit.roll = 0;
        fit.bulge = 0.02F;
        fit.tl[0] -= 0.8F, fit.tl[1] -= 0.8F;
        break;
    case MF_WEAR_CROOKED:
        fit.roll  = uni(rng, 0.05, 0.12);
        fit.roll  = mf_rng_unit(rng) < 0.5 ? -fit.roll : fit.roll;
        fit.shift = uni(rng, -0.06, 0.06);
        break;
    case MF_WEAR_LOOSE:
        fit.bulge += uni(rng, 0.05, 0.12);
        break;
    case MF_WEAR_CHIN_STRAP: /* pulled down: nose and mouth are bare */
        fit.alpha = uni(rng, 4.08, 4.4);
        fit.tu[0] = fit.tu[1] = uni(rng, 4.1, 4.7);
        fit.tl[0] = fit.tl[1] = uni(rng, 5.4, 6.2);
        fit.cheek = fit.roll = 0;
        fit.beta += uni(rng, 0.12, 0.3);
        break;
    default:
        break;
    }
    return fit;
}

mf_mask_style
mf_mask_style_mirror(const mf_mask_style *st)
{
    mf_mask_style m = *st;

    m.flip = !m.flip;
    return m;
}

mf_mask_fit
mf_mask_fit_mirror(const mf_mask_fit *fit)
{
    mf_mask_fit m = *fit;

    m.tu[0] = fit->tu[1], m.tu[1] = fit->tu[0];
    m.tl[0] = fit->tl[1], m.tl[1] = fit->tl[0];
    m.roll  = -fit->roll;
    m.shift = -fit->shift;
    return m;
}

const char *
mf_mask_type_name(const mf_mask_style *st)
{
    static const char *const name[MF_MASK_TYPES] = {"surgical", "kn95", "n95", "cloth", "scarf"};

    return st->clear > 0 ? "transparent" : name[st->type];
}

const char *
mf_mask_pattern_name(mf_mask_pattern p)
{
    static const char *const name[MF_MASK_PATTERNS] = {
        "plain", "stripes", "dots", "gingham", "chevron", "camouflage", "flowers", "gradient", "tartan", "bands", "emblem",
        "letters", "smile", "teeth", "moustache", "muzzle"};

    return p < MF_MASK_PATTERNS ? name[p] : "";
}

const char *
mf_mask_wear_name(mf_mask_wear w)
{
    static const char *const name[MF_WEARS] = {"correct", "nose_tip", "nose", "chin", "crooked", "loose", "chin_strap"};

    return w < MF_WEARS ? name[w] : "";
}
