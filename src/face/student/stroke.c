/* face/student/stroke.c: small drawing tools of the drawn students. */
#include "face/student/parts.h"

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

void
mf_soft_line(cairo_t *cr, const double (*p)[2], int n, double width, const float rgb[3], double alpha)
{
    if (alpha < 0.01)
        return;
    cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
    cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
    cairo_new_path(cr);
    mf_path_smooth(cr, p, n, false);
    for (int k = 3; k >= 1; k--) {
        cairo_set_line_width(cr, width * k * 0.42);
        mf_rgb(cr, rgb, 1, 0.42 * alpha);
        cairo_stroke_preserve(cr);
    }
    cairo_new_path(cr);
}
