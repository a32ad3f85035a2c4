/* face/mask_cloth.c: what the cloth looks like at a point (u, v): colour, pleats, seams, hem, folds and creases. */
#include "face/mask.h"

#include <math.h>
#include <string.h>
#include "face/mask_noise.h"

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

/* A scarf: folds that hang from side to side, deeper down the neck. */
static float
drape(float slope[2], const mf_mask_style *st, float u, float v)
{
    float s = 2 * u - 1, shade = 1;

    for (int k = 0; k < 5; k++) {
        float at = 0.14F + 0.17F * (float)k + 0.05F * (mf_cloth_hash((uint32_t)k, 5, st->grain) - 0.5F);
        float sag = (0.10F + 0.10F * mf_cloth_hash((uint32_t)k, 6, st->grain)) * (1 - s * s);
        float lean = 0.16F * (mf_cloth_hash((uint32_t)k, 7, st->grain) - 0.5F) * s, d = v - at - sag - lean, wave;
        if (fabsf(d) > 0.09F)
            continue;
        wave = 1 - fabsf(d) / 0.09F;
        wave = st->folds * wave * wave * (0.5F + 0.5F * v);
        slope[1] += (d > 0 ? 0.9F : -0.9F) * wave;
        shade *= 1 - 0.22F * wave;
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
            float coarse = mf_cloth_noise(0.19F * (float)x, 0.19F * (float)y, st->grain) - 0.5F;
            float grit   = mf_cloth_hash((uint32_t)x, (uint32_t)y, st->grain + 3) - 0.5F;
            out->at[y][x] = 1 + st->weave * (2 * coarse + 0.9F * grit);
        }
}

void
mf_mask_cloth_at(float rgb[4], float slope[2], const mf_mask_style *st, const mf_mask_grain *grain, float u, float v, float fine)
{
    float s, t, shade, edge, mid;

    if (st->flip)
        u = 1 - u;
    s   = 2 * u - 1;
    t   = 2 * v - 1;
    mid = s * s < 1 ? 1 - s * s : 0;
    memcpy(rgb, st->colour[0], 3 * sizeof *rgb);
    rgb[3] = 1;
    if (st->pattern != MF_MASK_PLAIN)
        mf_mask_print_at(rgb, st, u, v, fine);

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
    if (st->folds > 0)
        shade *= drape(slope, st, u, v);
    shade *= creases(slope, st, u, v);
    if (st->type == MF_MASK_CUP) {
        float ring = fabsf(sqrtf(s * s + t * t) - 0.85F);
        shade *= 1 - 0.10F * (1 - mf_cloth_ramp(0, 0.03F + fine, ring));
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
        shade *= 1 + st->hem * (1 - mf_cloth_ramp(0.035F - fine, 0.035F + fine, edge));
        if (fabsf(edge - 0.03F) < 0.004F + 0.3F * fine && fine < 0.02F && mf_cloth_cell((u + v) * 60) > 0)
            shade *= 0.92F;
        shade *= 1 - 0.10F * (1 - mf_cloth_ramp(0, 0.06F, edge));
    }
    if (st->type < MF_MASK_CLOTH && fabsf(v - 0.07F) < 0.018F && fabsf(u - 0.5F) < 0.2F)
        shade *= 1.06F;
    shade *= grain->at[(unsigned)(int)(v * 135 + 64) % MF_MASK_TILE][(unsigned)(int)(u * 180 + 64) % MF_MASK_TILE];
    for (int c = 0; c < 3; c++)
        rgb[c] *= shade;
    if (st->clear > 0) { /* a clear window, with the gleam of foil along a slanting line */
        float r = sqrtf(s * s / (0.62F * 0.62F) + (t + 0.02F) * (t + 0.02F) / (0.52F * 0.52F));
        float in = 1 - mf_cloth_ramp(0.94F - fine, 0.98F + fine, r), gleam = 1 - mf_cloth_ramp(0, 0.09F, fabsf(s + 0.5F * t + 0.35F));
        static const float white[3] = {1, 1, 1};
        mf_cloth_blend(rgb, white, in * (0.6F + 0.4F * gleam));
        rgb[3] = 1 - in * (1 - fminf(1, st->clear * (0.55F + 1.6F * gleam)));
    }
    if (st->flip)
        slope[0] = -slope[0];
}
