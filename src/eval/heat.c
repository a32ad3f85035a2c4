/* eval/heat.c */
#include "eval/heat.h"

#include <math.h>
#include <string.h>

enum { SCANS = 8, CROSSINGS = 64 }; /* lines a pixel row; crossings of one line that are looked at */

/* The two input positions around output position i, and the share of the second. */
static float
between(int *a, int *b, int i, int n, int in)
{
    const float at   = ((float)i + 0.5f) * (float)in / (float)n - 0.5f;
    const float base = floorf(at);

    *a = base < 0 ? 0 : base > (float)(in - 1) ? in - 1 : (int)base;
    *b = base + 1 < 0 ? 0 : base + 1 > (float)(in - 1) ? in - 1 : (int)base + 1;
    return at - base;
}

void
mf_heat_resize(float *out, int w, int h, const float *in, int iw, int ih)
{
    for (int y = 0; y < h; y++) {
        int         y0, y1;
        const float fy = between(&y0, &y1, y, h, ih);

        for (int x = 0; x < w; x++) {
            int         x0, x1;
            const float fx  = between(&x0, &x1, x, w, iw);
            const float top = in[y0 * iw + x0] + fx * (in[y0 * iw + x1] - in[y0 * iw + x0]);
            const float low = in[y1 * iw + x0] + fx * (in[y1 * iw + x1] - in[y1 * iw + x0]);

            out[(size_t)y * (size_t)w + (size_t)x] = top + fy * (low - top);
        }
    }
}

float
mf_heat_normalise(float *v, size_t n)
{
    float most = 0.0f;

    for (size_t i = 0; i < n; i++) {
        most = v[i] > most && isfinite(v[i]) ? v[i] : most;
    }
    for (size_t i = 0; i < n; i++) {
        v[i] = most > 0.0f && v[i] > 0.0f && isfinite(v[i]) ? v[i] / most : 0.0f;
    }
    return most;
}

void
mf_heat_resize_levels(float *out, int w, int h, const float *in, int iw, int ih)
{
    for (int y = 0; y < h; y++) {
        int         y0, y1;
        const float fy = between(&y0, &y1, y, h, ih);

        for (int x = 0; x < w; x++) {
            int         x0, x1;
            const float fx = between(&x0, &x1, x, w, iw);
            const float a = floorf(255.0f * in[y0 * iw + x0]), b = floorf(255.0f * in[y0 * iw + x1]);
            const float c = floorf(255.0f * in[y1 * iw + x0]), d = floorf(255.0f * in[y1 * iw + x1]);
            const float v = (1 - fy) * ((1 - fx) * a + fx * b) + fy * ((1 - fx) * c + fx * d);

            out[(size_t)y * (size_t)w + (size_t)x] = floorf(v + 0.5f) / 255.0f;
        }
    }
}

/* Add to a row of pixels the part of each that lies in [a, b), weighted. */
static void
span(float *row, int w, double a, double b, float weight)
{
    a = a < 0 ? 0 : a;
    b = b > w ? w : b;
    for (int x = (int)a; x < w && x < b; x++) {
        const double from = a > x ? a : x, to = b < x + 1 ? b : x + 1;

        if (to > from) {
            row[x] += weight * (float)(to - from);
        }
    }
}

void
mf_polygon_cover(float *out, int w, int h, const double (*xy)[2], size_t n)
{
    memset(out, 0, (size_t)w * (size_t)h * sizeof *out);
    for (int s = 0; s < h * SCANS && n >= 3; s++) {
        const double y = ((double)s + 0.5) / SCANS;
        double       at[CROSSINGS];
        int          k = 0;

        for (size_t i = 0; i < n && k < CROSSINGS; i++) {
            const double *p = xy[i], *q = xy[(i + 1) % n];

            if ((p[1] <= y) != (q[1] <= y)) {
                const double x = p[0] + (y - p[1]) / (q[1] - p[1]) * (q[0] - p[0]);
                int          j = k++;

                for (; j > 0 && at[j - 1] > x; j--) {
                    at[j] = at[j - 1];
                }
                at[j] = x;
            }
        }
        for (int i = 0; i + 1 < k; i += 2) {
            span(out + (size_t)(s / SCANS) * (size_t)w, w, at[i], at[i + 1], 1.0f / SCANS);
        }
    }
}

double
mf_heat_share(const float *heat, const float *cover, size_t n)
{
    double all = 0.0, under = 0.0;

    for (size_t i = 0; i < n; i++) {
        if (heat[i] > 0.0f) {
            all += (double)heat[i];
            under += (double)heat[i] * (double)cover[i];
        }
    }
    return all > 0.0 ? under / all : NAN;
}
