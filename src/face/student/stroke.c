/* face/student/stroke.c: small drawing tools of the drawn students. */
#include "face/student/parts.h"

#include <math.h>

float
mf_dice_unit(mf_dice *d)
{
    d->s = d->s * 1664525U + 1013904223U;
    return (float)(mf_mix64(d->s) >> 40 & 0xFFFFFF) * (1.0F / 16777216.0F);
}

float
mf_dice_spread(mf_dice *d)
{
    return 2 * mf_dice_unit(d) - 1;
}

double
mf_clamp(double x, double lo, double hi)
{
    return x < lo ? lo : x > hi ? hi : x;
}

double
mf_smooth(double lo, double hi, double x)
{
    double t = mf_clamp((x - lo) / (hi - lo), 0, 1);

    return t * t * (3 - 2 * t);
}

void
mf_rgb(cairo_t *cr, const float rgb[3], double shade, double alpha)
{
    cairo_set_source_rgba(cr, mf_clamp(shade * (double)rgb[0], 0, 1), mf_clamp(shade * (double)rgb[1], 0, 1),
                          mf_clamp(shade * (double)rgb[2], 0, 1), alpha);
}

void
mf_path_smooth(cairo_t *cr, const double (*p)[2], int n, bool closed)
{
    int pieces = closed ? n : n - 1;

    if (cairo_has_current_point(cr) && !closed)
        cairo_line_to(cr, p[0][0], p[0][1]);
    else
        cairo_move_to(cr, p[0][0], p[0][1]);
    for (int i = 0; i < pieces; i++) {
        const double *b = p[i], *c = p[(i + 1) % n];
        const double *a = i > 0 ? p[i - 1] : closed ? p[n - 1] : b;
        const double *d = i + 2 < n ? p[i + 2] : closed ? p[(i + 2) % n] : c;
        cairo_curve_to(cr, b[0] + (c[0] - a[0]) / 6, b[1] + (c[1] - a[1]) / 6, c[0] - (d[0] - b[0]) / 6,
                       c[1] - (d[1] - b[1]) / 6, c[0], c[1]);
    }
    if (closed)
        cairo_close_path(cr);
}

/* Resample the smooth curve through p to m points. */
static void
resample(double (*out)[2], int m, const double (*p)[2], int n)
{
    for (int k = 0; k < m; k++) {
        double x = (double)(n - 1) * k / (m - 1), f;
        int    i = (int)x > n - 2 ? n - 2 : (int)x;
        f = x - i;
        for (int c = 0; c < 2; c++) {
            double b = p[i][c], d = p[i + 1][c], a = i > 0 ? p[i - 1][c] : b, e = i + 2 < n ? p[i + 2][c] : d;
            out[k][c] = b + 0.5 * f * (d - a + f * (2 * a - 5 * b + 4 * d - e + f * (3 * (b - d) + e - a)));
        }
    }
}

void
mf_soft_line(cairo_t *cr, const double (*p)[2], int n, double width, const float rgb[3], double alpha)
{
    enum { MOST = 33, LAYERS = 3 };
    double at[MOST][2], side[MOST][2];
    int    m = 3 * (n - 1) + 1;

    if (alpha < 0.01 || n < 2)
        return;
    m = m < 7 ? 7 : m > MOST ? MOST : m;
    resample(at, m, p, n);
    for (int i = 0; i < m; i++) { /* half-width, thinning out to both ends */
        const double *a = at[i > 0 ? i - 1 : 0], *b = at[i + 1 < m ? i + 1 : m - 1];
        double dx = b[0] - a[0], dy = b[1] - a[1], len = sqrt(dx * dx + dy * dy), t = (double)i / (m - 1), taper;
        taper      = 0.15 + 0.85 * sqrt(4 * t * (1 - t));
        side[i][0] = len > 0 ? -dy / len * taper * 0.5 * width : 0;
        side[i][1] = len > 0 ? dx / len * taper * 0.5 * width : 0;
    }
    for (int k = 0; k < LAYERS; k++) {
        static const double wide[LAYERS] = {1.75, 1.05, 0.5};
        cairo_new_path(cr);
        for (int i = 0; i < m; i++)
            cairo_line_to(cr, at[i][0] + wide[k] * side[i][0], at[i][1] + wide[k] * side[i][1]);
        for (int i = m - 1; i >= 0; i--)
            cairo_line_to(cr, at[i][0] - wide[k] * side[i][0], at[i][1] - wide[k] * side[i][1]);
        cairo_close_path(cr);
        mf_rgb(cr, rgb, 1, 0.38 * alpha);
        cairo_fill(cr);
    }
    cairo_new_path(cr);
}
