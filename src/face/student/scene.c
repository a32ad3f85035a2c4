/* face/student/scene.c: pose, framing, light and camera of one take. */
#include "face/student/parts.h"

#include <math.h>

static float
uni(mf_rng *r, double lo, double hi)
{
    return (float)mf_rng_uniform(r, lo, hi);
}

static float
bell(mf_rng *r, double sd, double most)
{
    return (float)mf_clamp(sd * mf_rng_normal(r), -most, most);
}

mf_scene
mf_scene_draw(int camera, mf_rng *r)
{
    mf_scene s = {0};
    double   az, el, strength, warm;
    float    hue;

    s.yaw   = bell(r, 0.12, 0.34);
    s.pitch = bell(r, 0.05, 0.14);
    s.roll  = bell(r, 0.04, 0.12);
    s.zoom  = uni(r, 0.96, 1.05);
    s.dx    = uni(r, -0.02, 0.02);
    s.dy    = uni(r, -0.015, 0.015);
    s.gaze[0] = bell(r, 0.02, 0.05);
    s.gaze[1] = bell(r, 0.01, 0.02);
    az = mf_rng_uniform(r, -1.05, 1.05);
    el = mf_rng_uniform(r, 0.15, 0.85);
    s.light[0] = (float)(sin(az) * cos(el));
    s.light[1] = (float)-sin(el);
    s.light[2] = (float)(cos(az) * cos(el));
    strength = mf_rng_uniform(r, 0.66, 1.0);
    warm     = mf_rng_uniform(r, -0.08, 0.12);
    for (int c = 0; c < 3; c++) {
        float cast  = (float)(1 + warm * (c == 0 ? 1 : c == 1 ? 0.15 : -1.1));
        s.key[c]    = 1.12F * (float)strength * cast;
        s.sky[c]    = (float)(0.66 - 0.34 * strength) * (2 - cast) + 0.08F;
        s.ground[c] = 0.45F * s.sky[c];
    }
    hue = uni(r, 0, 6.283);
    for (int c = 0; c < 3; c++) {
        float tint   = 0.10F * cosf(hue + 2.094F * (float)c);
        s.back[0][c] = uni(r, 0, 0.04) + tint;
        s.back[1][c] = uni(r, 0, 0.04) + 0.5F * tint;
    }
    hue = uni(r, 0.2, 0.85);
    for (int c = 0; c < 3; c++) {
        s.back[0][c] += hue;
        s.back[1][c] += hue * 0.75F;
    }
    s.exposure = uni(r, 0.86, 1.12);
    s.contrast = uni(r, 0.92, 1.10);
    s.warmth   = uni(r, -0.035, 0.035);
    s.vignette = uni(r, 0, 0.25);
    s.blur     = mf_rng_unit(r) < 0.35 ? uni(r, 0.2, 0.9) : 0;
    s.noise    = uni(r, 0.003, 0.015);
    s.seed     = mf_rng_u32(r);
    if (camera == 1) { /* a large sensor and a steady hand */
        s.contrast = uni(r, 0.98, 1.06);
        s.vignette = uni(r, 0, 0.10);
        s.blur     = mf_rng_unit(r) < 0.2 ? uni(r, 0.1, 0.4) : 0;
        s.noise    = uni(r, 0.002, 0.006);
    } else if (camera == 2) { /* a small one, held by hand, that brightens and warms by itself */
        s.contrast = uni(r, 1.02, 1.16);
        s.exposure = uni(r, 0.82, 1.16);
        s.warmth   = uni(r, -0.02, 0.055);
        s.vignette = uni(r, 0.10, 0.32);
        s.blur     = mf_rng_unit(r) < 0.45 ? uni(r, 0.3, 0.9) : 0;
        s.noise    = uni(r, 0.007, 0.020);
        s.zoom *= uni(r, 0.97, 1.03);
    }
    return s;
}
