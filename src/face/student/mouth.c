/* face/student/mouth.c: lips, teeth, tongue. Landmarks 48-67.
 *
 * Lip points are places of the resting skin that the actions move with the skin (corners: 12, 15, 20, 23), plus what is
 * the lips' own: 10 and 9 lift the upper one, 16 lowers and 17 lifts the lower one, 23 thins both, 25 parts them. */
#include "face/student/parts.h"

#include <math.h>
#include <string.h>

enum { HALF = 4, RING = 12, INNER = 8 };

typedef struct mouth {
    double outer[RING][2];  /* landmarks 48-59 */
    double inner[INNER][2]; /* landmarks 60-67 */
    double part;            /* 0 closed .. 1 lips apart */
    double glow;
} mouth;

static void
lip(double out[2], const mf_head *h, double x, double y, double oy, double share)
{
    double wide = 0.94 * (double)h->who->mouth_width;

    mf_head_point_with(out, h, x * wide, y, 0.01, 0, oy, share);
}

static void
shape(mouth *m, const mf_head *h)
{
    static const double ux[3] = {0.29, 0.115, 0}, uy[3] = {1.000, 0.958, 0.985}; /* upper lip, corner to middle */
    static const double lx[3] = {0.28, 0.13, 0}, ly[3] = {1.235, 1.300, 1.312};
    double a9 = mf_au(h, 9), a10 = mf_au(h, 10), a12 = mf_au(h, 12), a16 = mf_au(h, 16), a17 = mf_au(h, 17), a20 = mf_au(h, 20);
    double a23 = mf_au(h, 23), a25 = mf_au(h, 25), a15 = mf_au(h, 15), jaw = mf_au(h, 26) + 2 * mf_au(h, 27);
    double thin = 1 - 0.42 * a23 - 0.22 * a20 - 0.22 * a12 - 0.1 * a15, raise, low, wu, wl;
    double thick_u = thin * (double)h->who->lip_upper, thick_l = thin * (double)h->who->lip_lower;

    m->part = a25 < 0.03 ? 0 : mf_smooth(0.02, 0.35, a25 + 0.5 * jaw);
    raise   = 0.055 * a10 + 0.03 * a9 + (0.050 * a12 + 0.030 * a25 + 0.02 * jaw) * m->part;
    low     = (0.040 * a25 + 0.070 * a16) * m->part - 0.035 * a17;
    for (int side = 0; side < 2; side++) {
        double s = side == 0 ? -1 : 1;
        lip(m->outer[side == 0 ? 0 : 6], h, s * 0.452, 1.09, 0, 0.33);
        lip(m->inner[side == 0 ? 0 : 4], h, s * (0.425 - 0.03 * m->part), 1.09, 0, 0.33);
        for (int k = 0; k < 3; k++) {
            int to_u = side == 0 ? 1 + k : 5 - k, to_l = side == 0 ? 11 - k : 7 + k;
            wu = 1 - pow(ux[k] / 0.452, 2);
            wl = 1 - pow(lx[k] / 0.452, 2);
            lip(m->outer[to_u], h, s * ux[k], 1.09 - (1.09 - uy[k]) * thick_u, -(0.45 + 0.2 * m->part) * raise * wu - 0.02 * a17 * wu, 0);
            lip(m->outer[to_l], h, s * lx[k], 1.09 + (ly[k] - 1.09) * thick_l, low * wl, 0.25 + 0.75 * m->part * (0.55 + 0.45 * wl));
        }
        {
            double x = 0.19, w = 1 - pow(x / 0.452, 2), shut = (-0.018 * a17 - 0.5 * raise * (1 - m->part) + 0.016 * a12 * (1 - m->part)) * w;
            double bow = -0.006 * (1 - m->part); /* a closed mouth is not a ruler's line */
            lip(m->inner[side == 0 ? 1 : 3], h, s * x, 1.09, shut + bow - raise * w * m->part, 0.25 * (1 - m->part));
            lip(m->inner[side == 0 ? 7 : 5], h, s * x, 1.09, (1 - m->part) * (shut + bow) + m->part * low * w,
                0.25 * (1 - m->part) + m->part * (0.55 + 0.45 * w));
        }
    }
    {
        double shut = -0.018 * a17 - 0.5 * raise * (1 - m->part) + 0.022 * a12 * (1 - m->part) + 0.006 * (1 - m->part);
        lip(m->inner[2], h, 0, 1.09, shut - raise * m->part, 0.25 * (1 - m->part));
        lip(m->inner[6], h, 0, 1.09, (1 - m->part) * shut + m->part * low, 0.25 * (1 - m->part) + m->part);
    }
    m->glow = mf_skin_glow(h, 0, 1.25) * 0.6 + 0.2 * (mf_skin_glow(h, -0.3, 1.1) + mf_skin_glow(h, 0.3, 1.1));
}

static void
inner_path(cairo_t *cr, const mouth *m)
{
    cairo_new_path(cr);
    mf_path_smooth(cr, (const double (*)[2])m->inner, 5, false);
    {
        double low[5][2];
        for (int i = 0; i < 5; i++)
            memcpy(low[i], m->inner[(4 + i) % INNER], sizeof low[0]);
        mf_path_smooth(cr, (const double (*)[2])low, 5, false);
    }
    cairo_close_path(cr);
}

static void
teeth_row(cairo_t *cr, const mf_head *h, bool upper, double glow)
{
    double row[9][2], edge[9][2], share = upper ? 0 : 1, d = h->scale;

    for (int i = 0; i < 9; i++) {
        double x = -0.34 + 0.085 * i, bend = 0.10 * x * x;
        mf_head_point_with(row[i], h, x, (upper ? 0.95 : 1.30) - bend, -0.06, 0, 0, share);
        mf_head_point_with(edge[i], h, x, (upper ? 1.118 : 1.125) - bend * 1.6, -0.06, 0, 0, share);
    }
    cairo_new_path(cr);
    mf_path_smooth(cr, (const double (*)[2])edge, 9, false);
    for (int i = 8; i >= 0; i--)
        cairo_line_to(cr, row[i][0], row[i][1]);
    cairo_close_path(cr);
    cairo_set_source_rgb(cr, (upper ? 0.95 : 0.84) * glow, (upper ? 0.93 : 0.81) * glow, (upper ? 0.88 : 0.76) * glow);
    cairo_fill(cr);
    cairo_set_line_width(cr, 0.008 * d);
    for (int i = 0; i < 9; i++) {
        cairo_move_to(cr, row[i][0], row[i][1]);
        cairo_line_to(cr, edge[i][0], edge[i][1]);
        cairo_set_source_rgba(cr, 0.4 * glow, 0.33 * glow, 0.28 * glow, 0.20);
        cairo_stroke(cr);
    }
}

static void
inside(cairo_t *cr, const mf_head *h, const mouth *m)
{
    double g = mf_clamp(m->glow, 0.4, 1.05), top = m->inner[2][1], bottom = m->inner[6][1], d = h->scale;
    static const float dark[3] = {0.05F, 0.01F, 0.01F};
    cairo_pattern_t *p;

    if (m->part <= 0.02)
        return;
    cairo_save(cr);
    inner_path(cr, m);
    cairo_clip_preserve(cr);
    p = cairo_pattern_create_linear(0, top, 0, bottom + 1);
    cairo_pattern_add_color_stop_rgb(p, 0, 0.10 * g, 0.03 * g, 0.03 * g);
    cairo_pattern_add_color_stop_rgb(p, 1, 0.33 * g, 0.12 * g, 0.12 * g);
    cairo_set_source(cr, p);
    cairo_fill(cr);
    cairo_pattern_destroy(p);
    if (h->jaw_drop > 0.07) { /* tongue */
        double tongue[2], r = 0.24 * d;
        mf_head_point_with(tongue, h, 0, 1.24, -0.1, 0, 0, 0.96);
        cairo_save(cr);
        cairo_translate(cr, tongue[0], tongue[1]);
        cairo_scale(cr, 1, 0.5);
        p = cairo_pattern_create_radial(0, -0.2 * r, 0.1 * r, 0, 0, r);
        cairo_pattern_add_color_stop_rgba(p, 0, 0.72 * g, 0.36 * g, 0.36 * g, 0.95);
        cairo_pattern_add_color_stop_rgba(p, 1, 0.45 * g, 0.16 * g, 0.17 * g, 0.8);
        cairo_arc(cr, 0, 0, r, 0, 6.2832);
        cairo_set_source(cr, p);
        cairo_fill(cr);
        cairo_pattern_destroy(p);
        cairo_restore(cr);
    }
    if (mf_au(h, 16) > 0.2 || mf_au(h, 20) > 0.5)
        teeth_row(cr, h, false, 0.85 * g);
    teeth_row(cr, h, true, g);
    /* shadow of the upper lip on the teeth, and of the corners */
    inner_path(cr, m);
    cairo_set_source_rgba(cr, 0.05, 0.01, 0.01, 0.30);
    for (int k = 1; k <= 3; k++) {
        cairo_set_line_width(cr, 0.03 * d * k);
        cairo_stroke_preserve(cr);
    }
    mf_rgb(cr, dark, 1, 0);
    cairo_restore(cr);
}

static void
lips(cairo_t *cr, const mf_head *h, const mouth *m)
{
    const mf_person *w = h->who;
    double d = h->scale, g = mf_clamp(m->glow, 0.3, 1.12), up[7][2], low[7][2], line[5][2];
    static const float dark[3] = {0.16F, 0.05F, 0.05F};
    cairo_pattern_t *p;

    for (int i = 0; i < 7; i++) {
        memcpy(up[i], m->outer[i], sizeof up[0]);
        memcpy(low[i], m->outer[(6 + i) % RING], sizeof low[0]);
    }
    /* upper lip: lies in shade when light comes from above */
    for (int pass = 0; pass < 2; pass++) {
        cairo_new_path(cr);
        mf_path_smooth(cr, (const double (*)[2])up, 7, false);
        for (int i = 0; i < 5; i++)
            memcpy(line[i], m->inner[4 - i], sizeof line[0]);
        mf_path_smooth(cr, (const double (*)[2])line, 5, false);
        cairo_close_path(cr);
        if (pass == 0) {
            cairo_set_line_width(cr, 0.028 * d);
            mf_rgb(cr, w->lip_colour, 0.86 * g, 0.22);
            cairo_stroke(cr);
        } else {
            p = cairo_pattern_create_linear(0, m->outer[3][1], 0, m->inner[2][1] + 1);
            cairo_pattern_add_color_stop_rgba(p, 0, (double)w->lip_colour[0] * 0.98 * g, (double)w->lip_colour[1] * 0.98 * g,
                                              (double)w->lip_colour[2] * 0.98 * g, 0.62 + 0.3 * (double)w->makeup);
            cairo_pattern_add_color_stop_rgba(p, 1, (double)w->lip_colour[0] * 0.72 * g, (double)w->lip_colour[1] * 0.66 * g,
                                              (double)w->lip_colour[2] * 0.68 * g, 0.85);
            cairo_set_source(cr, p);
            cairo_fill(cr);
            cairo_pattern_destroy(p);
        }
    }
    for (int pass = 0; pass < 2; pass++) {
        cairo_new_path(cr);
        mf_path_smooth(cr, (const double (*)[2])low, 7, false);
        for (int i = 0; i < 5; i++)
            memcpy(line[i], m->inner[(INNER - i) % INNER], sizeof line[0]);
        mf_path_smooth(cr, (const double (*)[2])line, 5, false);
        cairo_close_path(cr);
        if (pass == 0) {
            cairo_set_line_width(cr, 0.028 * d);
            mf_rgb(cr, w->lip_colour, g, 0.22);
            cairo_stroke(cr);
        } else {
            p = cairo_pattern_create_linear(0, m->inner[6][1], 0, m->outer[9][1] + 1);
            cairo_pattern_add_color_stop_rgba(p, 0, (double)w->lip_colour[0] * 0.92 * g, (double)w->lip_colour[1] * 0.86 * g,
                                              (double)w->lip_colour[2] * 0.86 * g, 0.80);
            cairo_pattern_add_color_stop_rgba(p, 0.45, (double)w->lip_colour[0] * 1.12 * g, (double)w->lip_colour[1] * 1.15 * g,
                                              (double)w->lip_colour[2] * 1.15 * g, 0.70 + 0.25 * (double)w->makeup);
            cairo_pattern_add_color_stop_rgba(p, 1, (double)w->lip_colour[0] * 0.85 * g, (double)w->lip_colour[1] * 0.82 * g,
                                              (double)w->lip_colour[2] * 0.82 * g, 0.50 + 0.4 * (double)w->makeup);
            cairo_set_source(cr, p);
            cairo_fill(cr);
            cairo_pattern_destroy(p);
        }
    }
    { /* gloss */
        double mid[3][2];
        static const float white[3] = {1, 0.97F, 0.95F};
        for (int i = 0; i < 3; i++)
            for (int c = 0; c < 2; c++)
                mid[i][c] = 0.52 * m->outer[8 + i][c] + 0.48 * m->inner[i == 0 ? 5 : i == 1 ? 6 : 7][c];
        mf_soft_line(cr, (const double (*)[2])mid, 3, 0.045 * d, white, (0.08 + 0.16 * (double)w->makeup) * g);
    }
    /* the line between the lips, and the corners */
    for (int i = 0; i < 5; i++)
        memcpy(line[i], m->inner[i], sizeof line[0]);
    if (m->part < 0.5) {
        mf_soft_line(cr, (const double (*)[2])line, 5, 0.026 * d, dark, 0.75);
    } else {
        inner_path(cr, m);
        cairo_set_line_width(cr, 0.012 * d);
        mf_rgb(cr, dark, 1, 0.5);
        cairo_stroke(cr);
    }
    for (int side = 0; side < 2; side++) {
        double dent[2][2];
        memcpy(dent[0], m->inner[side == 0 ? 0 : 4], sizeof dent[0]);
        memcpy(dent[1], m->outer[side == 0 ? 0 : 6], sizeof dent[0]);
        mf_soft_line(cr, (const double (*)[2])dent, 2, 0.040 * d, dark, 0.34);
    }
}

void
mf_mouth_paint(cairo_t *cr, const mf_head *h, mf_landmarks *lm)
{
    mouth m = {0};

    shape(&m, h);
    inside(cr, h, &m);
    lips(cr, h, &m);
    for (int i = 0; i < RING; i++) {
        lm->x[48 + i] = (float)m.outer[i][0];
        lm->y[48 + i] = (float)m.outer[i][1];
    }
    for (int i = 0; i < INNER; i++) {
        lm->x[60 + i] = (float)m.inner[i][0];
        lm->y[60 + i] = (float)m.inner[i][1];
    }
}
