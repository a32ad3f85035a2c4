/* face/mask_cloth.c: what the cloth looks like at a point (u, v): colour, figures, pleats, seams, hem, creases. */
#include "face/mask.h"

#include <math.h>
#include <string.h>

static float
hash01(uint32_t x, uint32_t y, uint32_t seed)
{
    uint32_t h = x * 0x9E3779B1U ^ y * 0x85EBCA77U ^ seed * 0xC2B2AE3DU;

    h ^= h >> 15;
    h *= 0x2C1B3C6DU;
    h ^= h >> 13;
    return (float)(h >> 8) * (1.0F / 16777216.0F);
}

/* The largest integer not above x, for the small x of a mask; floorf is a call on plain x86-64. */
static int
floor_int(float x)
{
    int i = (int)x;

    return i - ((float)i > x);
}

/* Value noise, one lattice cell a unit. */
static float
noise(float x, float y, uint32_t seed)
{
    int      fx = floor_int(x), fy = floor_int(y);
    uint32_t ix = (uint32_t)fx, iy = (uint32_t)fy;
    float    a = x - (float)fx, b = y - (float)fy;

    a = a * a * (3 - 2 * a);
    b = b * b * (3 - 2 * b);
    return (1 - b) * ((1 - a) * hash01(ix, iy, seed) + a * hash01(ix + 1, iy, seed)) +
           b * ((1 - a) * hash01(ix, iy + 1, seed) + a * hash01(ix + 1, iy + 1, seed));
}

/* 0 below lo, 1 above hi, smooth between. */
static float
ramp(float lo, float hi, float x)
{
    float t = hi > lo ? (x - lo) / (hi - lo) : x >= hi ? 1.0F : 0.0F;

    t = t < 0 ? 0 : t > 1 ? 1 : t;
    return t * t * (3 - 2 * t);
}

static void
blend(float rgb[3], const float to[3], float k)
{
    for (int c = 0; c < 3; c++)
        rgb[c] += k * (to[c] - rgb[c]);
}

/* Position inside a lattice cell of size 1, -0.5..0.5. */
static float
cell(float x)
{
    return x - (float)floor_int(x) - 0.5F;
}

static void
figures(float rgb[3], const mf_mask_style *st, float u, float v, float fine)
{
    float w = u, h = v * 0.75F; /* the mask is about 4 to 3 */
    float ca = st->turn[0], sa = st->turn[1];
    float x = (ca * w + sa * h) / st->period, y = (-sa * w + ca * h) / st->period;
    float e = fine / st->period + 0.02F; /* soft edge of a figure */
    float k, r;

    switch (st->pattern) {
    case MF_MASK_STRIPES:
        k = ramp(0.25F - e, 0.25F + e, fabsf(cell(x)));
        blend(rgb, st->colour[1], k);
        blend(rgb, st->colour[2], 1 - ramp(0.04F, 0.04F + e, fabsf(cell(x))));
        break;
    case MF_MASK_DOTS:
        r = hypotf(cell(x + 0.5F * (float)(floor_int(y) & 1)), cell(y));
        blend(rgb, st->colour[1], 1 - ramp(0.27F - e, 0.27F + e, r));
        break;
    case MF_MASK_GINGHAM:
        blend(rgb, st->colour[1], 0.5F * ramp(0.25F - e, 0.25F + e, fabsf(cell(w / st->period))));
        blend(rgb, st->colour[1], 0.5F * ramp(0.25F - e, 0.25F + e, fabsf(cell(h / st->period))));
        break;
    case MF_MASK_CHEVRON:
        k = cell(h / st->period + fabsf(cell(0.6F * w / st->period)));
        blend(rgb, st->colour[1], ramp(0.24F - e, 0.24F + e, fabsf(k)));
        break;
    case MF_MASK_CAMOUFLAGE:
        k = 0.6F * noise(8 * w, 8 * h, st->grain) + 0.4F * noise(17 * w, 17 * h, st->grain + 1);
        blend(rgb, st->colour[1], ramp(0.52F - fine, 0.54F + fine, k));
        blend(rgb, st->colour[2], ramp(0.64F - fine, 0.66F + fine, k));
        break;
    case MF_MASK_FLOWERS: {
        int   fx = floor_int(x), fy = floor_int(y);
        float cx, cy, turn;
        cx   = cell(x) - 0.3F * (hash01((uint32_t)fx, (uint32_t)fy, st->grain) - 0.5F);
        cy   = cell(y) - 0.3F * (hash01((uint32_t)fx, (uint32_t)fy, st->grain + 7) - 0.5F);
        turn = 6.2832F * hash01((uint32_t)fx, (uint32_t)fy, st->grain + 9);
        r    = hypotf(cx, cy);
        k    = 0.24F + 0.10F * cosf(5 * atan2f(cy, cx) + turn);
        blend(rgb, st->colour[1], 1 - ramp(k - e, k + e, r));
        blend(rgb, st->colour[2], 1 - ramp(0.08F, 0.08F + e, r));
        break;
    }
    case MF_MASK_GRADIENT:
        k = ca * w + sa * v;
        blend(rgb, st->colour[1], ramp(0, 1, 0.5F + 0.7F * (k - 0.5F * (ca + sa))));
        break;
    default:
        break;
    }
}

/* Three folds that fall downwards: a dark line under each, then light returning. */
static float
pleats(float slope[2], const mf_mask_style *st, float u, float v, float fine)
{
    float shade = 1;
    float bow   = 0.06F * (1 - (2 * u - 1) * (2 * u - 1));
    float line  = 0.010F + 0.6F * fine;

    for (int k = 0; k < 3; k++) {
        float at = st->pleat[k] + bow * ((float)k - 0.6F);
        float t  = v - at;
        if (t > -line && t < 0.13F) {
            float dark = t < line ? 1 - fabsf(t) / line * 0.5F : 0;
            float back = t >= 0 ? 1 - t / 0.13F : 0;
            shade *= 1 - st->pleat_depth * (0.75F * dark + 0.5F * back * back);
        }
        if (t < 0 && t > -0.05F) {
            shade *= 1 + 0.25F * st->pleat_depth * (1 + t / 0.05F);
            slope[1] += 0.35F * st->pleat_depth * (1 + t / 0.05F);
        }
    }
    return shade;
}

static float
creases(float slope[2], const mf_mask_style *st, float u, float v)
{
    float shade = 1;

    for (int i = 0; i < MF_MASK_CREASES; i++) {
        const float *c  = st->crease[i];
        float        du = u - c[0], dv = (v - c[1]) * 0.75F, far = c[4] + 0.06F, s, t, near, wave;
        if (du > far || du < -far || dv > far || dv < -far)
            continue;
        s    = c[2] * du + c[3] * dv;
        t    = -c[3] * du + c[2] * dv;
        near = 1 - s * s / (c[4] * c[4]);
        if (near <= 0 || fabsf(t) > 0.06F)
            continue;
        wave = near * near * c[5] * (1 - fabsf(t) / 0.06F);
        slope[0] += -c[3] * wave * (t > 0 ? 0.6F : -0.6F);
        slope[1] += c[2] * wave * (t > 0 ? 0.6F : -0.6F);
        shade *= 1 - 0.10F * wave;
    }
    return shade;
}

void
mf_mask_grain_make(mf_mask_grain *out, const mf_mask_style *st)
{
    for (int y = 0; y < MF_MASK_TILE; y++)
        for (int x = 0; x < MF_MASK_TILE; x++) {
            float coarse = noise(0.19F * (float)x, 0.19F * (float)y, st->grain) - 0.5F;
            float grit   = hash01((uint32_t)x, (uint32_t)y, st->grain + 3) - 0.5F;
            out->at[y][x] = 1 + st->weave * (2 * coarse + 0.9F * grit);
        }
}

void
mf_mask_cloth_at(float rgb[3], float slope[2], const mf_mask_style *st, const mf_mask_grain *grain, float u, float v, float fine)
{
    float s = 2 * u - 1, t = 2 * v - 1, shade, edge;
    float mid = s * s < 1 ? 1 - s * s : 0;

    memcpy(rgb, st->colour[0], 3 * sizeof *rgb);
    if (st->pattern != MF_MASK_PLAIN)
        figures(rgb, st, u, v, fine);

    /* Form: round the cheeks, out over nose and mouth, in under the chin. */
    slope[0] = (0.35F + 0.8F * st->bump) * s * fabsf(s) + 0.25F * s;
    slope[1] = (0.25F + 0.9F * st->bump) * (t + 0.05F) * fabsf(t + 0.05F) * (0.4F + 0.6F * mid) + 0.12F * t;
    if (v < 0.55F) { /* the nose under it */
        float n = s / 0.22F;
        float near = 1 / (1 + 0.8F * n * n);
        slope[0] += 1.2F * n * near * near * (1 - v / 0.55F);
    }
    shade = 1;
    if (st->seam > 0) { /* two halves that meet in a ridge */
        float ridge = st->seam * (s > 0 ? 1.0F : -1.0F) * (fabsf(s) > 0.5F ? 0 : 1 - 2 * fabsf(s)) * (1 - 0.5F * t * t);
        float width = 0.012F + fine;
        slope[0] += 0.34F * ridge;
        if (fabsf(s) < 2 * width)
            shade *= 1 - 0.12F * st->seam * (1 - fabsf(s) / (2 * width));
    }
    if (st->type == MF_MASK_SURGICAL)
        shade *= pleats(slope, st, u, v, fine);
    shade *= creases(slope, st, u, v);
    if (st->type == MF_MASK_CUP) {
        float ring = fabsf(sqrtf(s * s + t * t) - 0.85F);
        shade *= 1 - 0.10F * (1 - ramp(0, 0.03F + fine, ring));
    }
    if (st->valve) {
        float r = hypotf((u - 0.5F), (v - 0.55F) * 0.8F) / 0.1F;
        if (r < 1) {
            float ring = r > 0.8F ? 0.82F : 0.93F + 0.05F * cosf(18 * r);
            for (int c = 0; c < 3; c++)
                rgb[c] = 0.75F * rgb[c] + 0.22F;
            shade *= ring;
        }
    }
    /* Hem and stitches; the edge lies close to the skin and is a little darker; a wire over the nose. */
    edge = u < 1 - u ? u : 1 - u;
    edge = edge < v * 0.75F ? edge : v * 0.75F;
    edge = edge < (1 - v) * 0.75F ? edge : (1 - v) * 0.75F;
    if (edge < 0.06F + fine) {
        shade *= 1 + st->hem * (1 - ramp(0.035F - fine, 0.035F + fine, edge));
        if (fabsf(edge - 0.03F) < 0.004F + 0.3F * fine && fine < 0.02F && cell((u + v) * 60) > 0)
            shade *= 0.92F;
        shade *= 1 - 0.10F * (1 - ramp(0, 0.06F, edge));
    }
    if (st->type != MF_MASK_CLOTH && fabsf(v - 0.07F) < 0.018F && fabsf(u - 0.5F) < 0.2F)
        shade *= 1.06F;
    shade *= grain->at[(unsigned)(int)(v * 135 + 64) % MF_MASK_TILE][(unsigned)(int)(u * 180 + 64) % MF_MASK_TILE];
    for (int c = 0; c < 3; c++)
        rgb[c] *= shade;
}
