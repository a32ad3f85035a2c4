/* face/match.c: how blurred and how noisy a photo is, from the part of a face that stays bare. */
#include "face/layer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST = 12, MOST_SAMPLES = 96 };

static int
luma(const mf_image *im, int x, int y)
{
    const uint8_t *p = im->px + ((size_t)y * (size_t)im->width + (size_t)x) * (size_t)im->channels;

    return im->channels == 1 ? 256 * p[0] : 77 * p[0] + 150 * p[1] + 29 * p[2];
}

/* Ratio of the energy of steps over one pixel to a quarter of that over two, for an edge of this blur:
 * g(k) = 2 s / sqrt(pi) (exp(-k k / 4 s s) - 1) + k erf(k / 2 s), ratio 4 g(1) / g(2). */
static float
blur_of(double ratio)
{
    static const float sd[] = {0.3F, 0.4F, 0.5F, 0.6F, 0.7F, 0.8F, 0.9F, 1.0F, 1.2F, 1.4F, 1.6F};
    static const float at[] = {1.599F, 1.462F, 1.353F, 1.272F, 1.213F, 1.170F, 1.139F, 1.115F, 1.082F, 1.061F, 1.047F};
    enum { N = sizeof sd / sizeof sd[0] };
    float r = (float)ratio;

    if (r >= at[0])
        return sd[0];
    for (int i = 1; i < N; i++)
        if (r >= at[i])
            return sd[i - 1] + (sd[i] - sd[i - 1]) * (at[i - 1] - r) / (at[i - 1] - at[i]);
    return sd[N - 1];
}

mf_match
mf_match_guess(const mf_image *im, double x0, double y0, double x1, double y1)
{
    enum { BINS = 512 };
    mf_match  m = {.blur = 0.4F};
    int       xa = (int)fmin(fmax(1, x0), im->width), xb = (int)fmin(fmax(0, x1), im->width - 2);
    int       ya = (int)fmin(fmax(1, y0), im->height), yb = (int)fmin(fmax(0, y1), im->height - 2);
    int       step, n = 0, half = 0, bin;
    double    one = 0, two = 0, noise;
    uint32_t  seen[BINS] = {0};

    if (xb - xa < LEAST || yb - ya < LEAST / 2)
        return m;
    step = 1 + (yb - ya) / MOST_SAMPLES; /* rows and columns that are looked at */
    for (int y = ya; y < yb; y += step)
        for (int x = xa; x < xb; x += step) {
            int c = luma(im, x, y), r = luma(im, x + 1, y), l = luma(im, x - 1, y), u = luma(im, x, y - 1), d = luma(im, x, y + 1);
            int hp = abs(4 * c - 2 * (r + l + u + d) + luma(im, x - 1, y - 1) + luma(im, x + 1, y - 1) + luma(im, x - 1, y + 1) +
                         luma(im, x + 1, y + 1)) / 64; /* four bins a grey level */
            double a = (r - c) / 256.0, b = (r - l) / 256.0, e = (d - c) / 256.0, f = (d - u) / 256.0;
            seen[hp < BINS ? hp : BINS - 1]++;
            one += a * a + e * e;
            two += b * b + f * f;
            n++;
        }
    for (bin = 0; bin < BINS - 1 && 2 * (half + (int)seen[bin]) < n; bin++)
        half += (int)seen[bin];
    /* The filter has gain 6 on white noise; what is below the step of a grey level is rounding. */
    noise   = bin == 0 ? 0 : (bin + ((double)n / 2 - half) / fmax(1, seen[bin])) / 4 / 0.6745 / 6;
    noise   = fmin(sqrt(fmax(0, noise * noise - 1.0 / 12)), 12);
    m.noise = (float)(noise / 255);
    one -= 4 * noise * noise * n;
    two -= 4 * noise * noise * n;
    m.blur = two > 2.0 * n && one > 0 ? blur_of(4 * one / two) : two > 0 ? 0.8F : m.blur;
    return m;
}
