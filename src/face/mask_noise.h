/* face/mask_noise.h: small functions of position that cloth and its figures are made of. */
#ifndef MF_FACE_MASK_NOISE_H
#define MF_FACE_MASK_NOISE_H

#include <stdint.h>

static inline float
mf_cloth_hash(uint32_t x, uint32_t y, uint32_t seed)
{
    uint32_t h = x * 0x9E3779B1U ^ y * 0x85EBCA77U ^ seed * 0xC2B2AE3DU;

    h ^= h >> 15;
    h *= 0x2C1B3C6DU;
    h ^= h >> 13;
    return (float)(h >> 8) * (1.0F / 16777216.0F);
}

/* The largest integer not above x, for the small x of a mask; floorf is a call on plain x86-64. */
static inline int
mf_cloth_floor(float x)
{
    int i = (int)x;

    return i - ((float)i > x);
}

/* Value noise, one lattice cell a unit. */
static inline float
mf_cloth_noise(float x, float y, uint32_t seed)
{
    int      fx = mf_cloth_floor(x), fy = mf_cloth_floor(y);
    uint32_t ix = (uint32_t)fx, iy = (uint32_t)fy;
    float    a = x - (float)fx, b = y - (float)fy;

    a = a * a * (3 - 2 * a);
    b = b * b * (3 - 2 * b);
    return (1 - b) * ((1 - a) * mf_cloth_hash(ix, iy, seed) + a * mf_cloth_hash(ix + 1, iy, seed)) +
           b * ((1 - a) * mf_cloth_hash(ix, iy + 1, seed) + a * mf_cloth_hash(ix + 1, iy + 1, seed));
}

/* 0 below lo, 1 above hi, smooth between. */
static inline float
mf_cloth_ramp(float lo, float hi, float x)
{
    float t = hi > lo ? (x - lo) / (hi - lo) : x >= hi ? 1.0F : 0.0F;

    t = t < 0 ? 0 : t > 1 ? 1 : t;
    return t * t * (3 - 2 * t);
}

static inline void
mf_cloth_blend(float rgb[3], const float to[3], float k)
{
    for (int c = 0; c < 3; c++)
        rgb[c] += k * (to[c] - rgb[c]);
}

/* Position inside a lattice cell of size 1, -0.5..0.5. */
static inline float
mf_cloth_cell(float x)
{
    return x - (float)mf_cloth_floor(x) - 0.5F;
}

#endif
