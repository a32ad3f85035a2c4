/* face/mask_light.c: guess the light on a face from the skin that a mask leaves bare. */
#include "face/mask.h"

#include <math.h>

static float
clampf(float x, float lo, float hi)
{
    return x < lo ? lo : x > hi ? hi : x;
}

/* Mean colour (0..1) of a 3 x 3 patch; 0 when it lies outside. */
static int
patch(float rgb[3], const mf_image *im, double x, double y)
{
    int cx = (int)floor(x), cy = (int)floor(y);

    if (!(x >= 1 && y >= 1 && x < im->width - 1 && y < im->height - 1))
        return 0;
    rgb[0] = rgb[1] = rgb[2] = 0;
    for (int j = -1; j <= 1; j++)
        for (int i = -1; i <= 1; i++) {
            const uint8_t *p = im->px + ((size_t)(cy + j) * (size_t)im->width + (size_t)(cx + i)) * (size_t)im->channels;
            for (int c = 0; c < 3; c++)
                rgb[c] += (float)p[im->channels == 1 ? 0 : c] * (1.0F / (9 * 255));
        }
    return 1;
}

mf_mask_light
mf_mask_light_guess(const mf_image *im, const mf_mask_shape *s, mf_rng *rng)
{
    /* Cheeks, bridge and forehead in face coordinates (eye distances). */
    static const double at[][2] = {{-0.75, 0.42}, {-0.5, 0.38}, {-0.25, 0.30}, {0, 0.1}, {0.25, 0.30}, {0.5, 0.38},
                                   {0.75, 0.42}, {-0.55, -0.6}, {-0.25, -0.6}, {0, -0.6}, {0.25, -0.6}, {0.55, -0.6},
                                   {0, -0.35}, {0.95, 0.1}, {-0.95, 0.1}};
    mf_mask_light light = {.ambient = (float)mf_rng_uniform(rng, 0.5, 0.7)};
    float  white = (float)mf_rng_uniform(rng, 1.15, 1.6), saa = 0, sbb = 0, sal = 0, sbl = 0, sum[3] = {0}, luma = 0;
    float  mean, len;
    int    n = 0;
    float  val[sizeof at / sizeof at[0]];
    int    ok[sizeof at / sizeof at[0]];

    for (size_t i = 0; i < sizeof at / sizeof at[0]; i++) {
        float rgb[3];
        ok[i] = patch(rgb, im, s->eyes[0] + s->d * (at[i][0] * s->ux[0] + at[i][1] * s->uy[0]),
                      s->eyes[1] + s->d * (at[i][0] * s->ux[1] + at[i][1] * s->uy[1]));
        if (!ok[i])
            continue;
        val[i] = 0.299F * rgb[0] + 0.587F * rgb[1] + 0.114F * rgb[2];
        luma += val[i];
        for (int c = 0; c < 3; c++)
            sum[c] += rgb[c];
        n++;
    }
    if (n == 0) {
        light.z = 1;
        light.gain[0] = light.gain[1] = light.gain[2] = 0.9F;
        return light;
    }
    mean = fmaxf(luma / (float)n, 0.02F);
    for (size_t i = 0; i < sizeof at / sizeof at[0]; i++)
        if (ok[i]) {
            saa += (float)(at[i][0] * at[i][0]);
            sbb += (float)((at[i][1] - 0.05) * (at[i][1] - 0.05));
            sal += (float)at[i][0] * (val[i] - mean);
            sbl += (float)(at[i][1] - 0.05) * (val[i] - mean);
        }
    {
        float a = saa > 0 ? clampf(1.6F * sal / saa / mean, -1, 1) : 0;
        float b = sbb > 0 ? clampf(0.8F * sbl / sbb / mean - 0.25F, -0.8F, 0.4F) : -0.25F;
        light.x = a * (float)s->ux[0] + b * (float)s->uy[0];
        light.y = a * (float)s->ux[1] + b * (float)s->uy[1];
    }
    light.z = 1;
    len     = sqrtf(light.x * light.x + light.y * light.y + 1);
    light.x /= len;
    light.y /= len;
    light.z /= len;
    for (int c = 0; c < 3; c++)
        light.skin[c] = sum[c] / (float)n;
    light.grey = fabsf(sum[0] - sum[1]) + fabsf(sum[2] - sum[1]) < 0.03F * luma;
    /* White cloth is somewhat lighter than the skin beside it; a part of the cast of the light goes over to it. */
    for (int c = 0; c < 3; c++) {
        static const float skin[3] = {1.22F, 0.93F, 0.78F}; /* usual skin, relative to its luma */
        float cast = im->channels == 1 ? 1 : powf(clampf(sum[c] / luma / skin[c], 0.6F, 1.6F), 0.3F);
        light.gain[c] = clampf(mean * white, 0.16F, 0.98F) * cast;
    }
    return light;
}

mf_match
mf_mask_match_guess(const mf_image *im, const mf_mask_shape *s)
{
    /* Eyes, brows and forehead: what no mask hides. */
    return mf_match_guess(im, s->eyes[0] - 0.95 * s->d, s->eyes[1] - 0.65 * s->d, s->eyes[0] + 0.95 * s->d, s->eyes[1] + 0.35 * s->d);
}
