/* face/mask_print.c: figures on cloth: patterns that repeat, single figures, and prints that look like half a face. */
#include "face/mask.h"

#include <math.h>
#include "face/mask_noise.h"

/* Figures that repeat. */
static void
woven(float rgb[3], const mf_mask_style *st, float u, float v, float fine)
{
    float w = u, h = v * 0.75F; /* the mask is about 4 to 3 */
    float ca = st->turn[0], sa = st->turn[1];
    float x = (ca * w + sa * h) / st->period, y = (-sa * w + ca * h) / st->period;
    float e = fine / st->period + 0.02F; /* soft edge of a figure */
    float k, r;

    switch (st->pattern) {
    case MF_MASK_STRIPES:
        k = mf_cloth_ramp(0.25F - e, 0.25F + e, fabsf(mf_cloth_cell(x)));
        mf_cloth_blend(rgb, st->colour[1], k);
        mf_cloth_blend(rgb, st->colour[2], 1 - mf_cloth_ramp(0.04F, 0.04F + e, fabsf(mf_cloth_cell(x))));
        break;
    case MF_MASK_DOTS:
        r = hypotf(mf_cloth_cell(x + 0.5F * (float)(mf_cloth_floor(y) & 1)), mf_cloth_cell(y));
        mf_cloth_blend(rgb, st->colour[1], 1 - mf_cloth_ramp(0.27F - e, 0.27F + e, r));
        break;
    case MF_MASK_GINGHAM:
        mf_cloth_blend(rgb, st->colour[1], 0.5F * mf_cloth_ramp(0.25F - e, 0.25F + e, fabsf(mf_cloth_cell(w / st->period))));
        mf_cloth_blend(rgb, st->colour[1], 0.5F * mf_cloth_ramp(0.25F - e, 0.25F + e, fabsf(mf_cloth_cell(h / st->period))));
        break;
    case MF_MASK_CHEVRON:
        k = mf_cloth_cell(h / st->period + fabsf(mf_cloth_cell(0.6F * w / st->period)));
        mf_cloth_blend(rgb, st->colour[1], mf_cloth_ramp(0.24F - e, 0.24F + e, fabsf(k)));
        break;
    case MF_MASK_CAMOUFLAGE:
        k = 0.6F * mf_cloth_noise(8 * w, 8 * h, st->grain) + 0.4F * mf_cloth_noise(17 * w, 17 * h, st->grain + 1);
        mf_cloth_blend(rgb, st->colour[1], mf_cloth_ramp(0.52F - fine, 0.54F + fine, k));
        mf_cloth_blend(rgb, st->colour[2], mf_cloth_ramp(0.64F - fine, 0.66F + fine, k));
        break;
    case MF_MASK_FLOWERS: {
        int   fx = mf_cloth_floor(x), fy = mf_cloth_floor(y);
        float cx, cy, turn;
        cx   = mf_cloth_cell(x) - 0.3F * (mf_cloth_hash((uint32_t)fx, (uint32_t)fy, st->grain) - 0.5F);
        cy   = mf_cloth_cell(y) - 0.3F * (mf_cloth_hash((uint32_t)fx, (uint32_t)fy, st->grain + 7) - 0.5F);
        turn = 6.2832F * mf_cloth_hash((uint32_t)fx, (uint32_t)fy, st->grain + 9);
        r    = hypotf(cx, cy);
        k    = 0.24F + 0.10F * cosf(5 * atan2f(cy, cx) + turn);
        mf_cloth_blend(rgb, st->colour[1], 1 - mf_cloth_ramp(k - e, k + e, r));
        mf_cloth_blend(rgb, st->colour[2], 1 - mf_cloth_ramp(0.08F, 0.08F + e, r));
        break;
    }
    case MF_MASK_GRADIENT:
        k = ca * w + sa * v;
        mf_cloth_blend(rgb, st->colour[1], mf_cloth_ramp(0, 1, 0.5F + 0.7F * (k - 0.5F * (ca + sa))));
        break;
    case MF_MASK_TARTAN: {
        float a = mf_cloth_cell(w / st->period), b = mf_cloth_cell(h / st->period);
        mf_cloth_blend(rgb, st->colour[1], 0.55F * (1 - mf_cloth_ramp(0.22F - e, 0.22F + e, fabsf(a))));
        mf_cloth_blend(rgb, st->colour[1], 0.45F * (1 - mf_cloth_ramp(0.22F - e, 0.22F + e, fabsf(b))));
        mf_cloth_blend(rgb, st->colour[2], 0.7F * (1 - mf_cloth_ramp(0.03F, 0.03F + e, fabsf(fabsf(a) - 0.36F))));
        mf_cloth_blend(rgb, st->colour[2], 0.7F * (1 - mf_cloth_ramp(0.03F, 0.03F + e, fabsf(fabsf(b) - 0.36F))));
        break;
    }
    case MF_MASK_BANDS: /* as a flag has them, across or down */
        k = fabsf(ca) > fabsf(sa) ? u : v;
        mf_cloth_blend(rgb, st->colour[1], mf_cloth_ramp(0.34F - fine, 0.34F + fine, k));
        mf_cloth_blend(rgb, st->colour[2], mf_cloth_ramp(0.66F - fine, 0.66F + fine, k));
        break;
    default:
        break;
    }
}

/* One figure on the mask. (x, y) in eye distances from about the middle of the mouth. */
static void
emblem(float rgb[3], const mf_mask_style *st, float x, float y, float fine)
{
    int   sides = 4 + (int)(mf_cloth_hash(1, 2, st->grain) * 6);
    float ex = x - (mf_cloth_hash(3, 4, st->grain) < 0.5F ? 0 : 0.5F), ey = y + 0.1F, slice = 6.2832F / (float)sides, a, r, edge;

    a    = atan2f(ey, ex) + 6.2832F;
    a    = a - slice * (float)mf_cloth_floor(a / slice) - 0.5F * slice;
    r    = hypotf(ex, ey);
    edge = sides > 8 ? 0.2F : 0.22F * cosf(0.5F * slice) / cosf(a);
    mf_cloth_blend(rgb, st->colour[1], 1 - mf_cloth_ramp(edge - 2 * fine, edge + 2 * fine, r));
    mf_cloth_blend(rgb, st->colour[2], 1 - mf_cloth_ramp(0.5F * edge - 2 * fine, 0.5F * edge + 2 * fine, r));
}

/* A line of strokes on a 3 x 5 grid each: letters of no alphabet. */
static void
letters(float rgb[3], const mf_mask_style *st, float x, float y)
{
    float w = 0.13F, h = 0.24F, at = (x + 0.65F) / w, gx, gy;
    int   n = mf_cloth_floor(at);

    if (fabsf(x) > 0.65F || fabsf(y) > 0.5F * h)
        return;
    gx = (at - (float)n) / 0.78F * 3;
    gy = (y / h + 0.5F) * 5;
    if (gx >= 3)
        return;
    if (mf_cloth_hash((uint32_t)(n * 3 + (int)gx), (uint32_t)(int)gy, st->grain) < ((int)gx == 0 ? 0.85F : 0.5F))
        mf_cloth_blend(rgb, st->colour[1], 1);
}

static void
face_print(float rgb[3], const mf_mask_style *st, float x, float y, float fine)
{
    static const float ink[3] = {0.09F, 0.07F, 0.08F}, red[3] = {0.72F, 0.12F, 0.16F}, tooth[3] = {0.96F, 0.95F, 0.91F},
                       pink[3] = {0.90F, 0.62F, 0.64F};
    float e = 2 * fine, ax = fabsf(x), k, r;

    switch (st->pattern) {
    case MF_MASK_SMILE:
        k = fabsf(y - 0.16F + 0.75F * x * x);
        mf_cloth_blend(rgb, ax < 0.46F ? ink : rgb, ax < 0.46F ? 1 - mf_cloth_ramp(0.03F - e, 0.03F + e, k) : 0);
        mf_cloth_blend(rgb, ink, 1 - mf_cloth_ramp(0.05F, 0.05F + e, hypotf(ax - 0.46F, y)));
        break;
    case MF_MASK_TEETH:
        r = sqrtf(x * x / (0.44F * 0.44F) + (y - 0.03F) * (y - 0.03F) / (0.19F * 0.19F));
        mf_cloth_blend(rgb, red, 1 - mf_cloth_ramp(1 - 3 * e, 1 + 3 * e, r));
        mf_cloth_blend(rgb, tooth, 1 - mf_cloth_ramp(0.74F - 3 * e, 0.74F + 3 * e, r));
        if (r < 0.74F) {
            mf_cloth_blend(rgb, ink, 0.6F * (1 - mf_cloth_ramp(0.06F, 0.10F + 4 * e, fabsf(mf_cloth_cell(x / 0.1F)))));
            mf_cloth_blend(rgb, ink, 0.8F * (1 - mf_cloth_ramp(0.006F, 0.006F + e, fabsf(y - 0.03F))));
        }
        break;
    case MF_MASK_MOUSTACHE:
        k = 0.10F * (1 - ax / 0.5F) * (0.35F + mf_cloth_ramp(0, 0.12F, ax));
        if (ax < 0.5F)
            mf_cloth_blend(rgb, ink, 1 - mf_cloth_ramp(k - e, k + e, fabsf(y + 0.16F - 0.10F * ax + 0.5F * (ax - 0.3F) * (ax - 0.3F))));
        break;
    default: /* an animal's nose and mouth */
        r = sqrtf(x * x / (0.17F * 0.17F) + (y + 0.27F) * (y + 0.27F) / (0.11F * 0.11F));
        k = fabsf(y - 0.10F + 0.8F * (ax - 0.16F) * (ax - 0.16F) - 0.02F);
        mf_cloth_blend(rgb, pink, 0.5F * (1 - mf_cloth_ramp(0.2F, 0.34F, hypotf(ax - 0.18F, y))));
        mf_cloth_blend(rgb, ink, 1 - mf_cloth_ramp(1 - 4 * e, 1 + 4 * e, r));
        if (ax < 0.36F)
            mf_cloth_blend(rgb, ink, 1 - mf_cloth_ramp(0.018F, 0.018F + e, k));
        if (y > -0.25F && y < 0.09F)
            mf_cloth_blend(rgb, ink, 1 - mf_cloth_ramp(0.014F, 0.014F + e, ax));
        break;
    }
}

void
mf_mask_print_at(float rgb[3], const mf_mask_style *st, float u, float v, float fine)
{
    float x = 2.2F * (u - 0.5F), y = 1.5F * (v - 0.52F);

    if (st->pattern >= MF_MASK_SMILE)
        face_print(rgb, st, x, y, 2.2F * fine);
    else if (st->pattern == MF_MASK_EMBLEM)
        emblem(rgb, st, x, y, 2.2F * fine);
    else if (st->pattern == MF_MASK_LETTERS)
        letters(rgb, st, x, y);
    else
        woven(rgb, st, u, v, fine);
}
