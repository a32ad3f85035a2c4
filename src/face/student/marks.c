/* face/student/marks.c: lines that expression and age draw into the skin; nostrils; freckles. Landmarks 27-35. */
#include "face/student/parts.h"

#include <math.h>

enum { MOST = 7 };

/* A soft line through resting places (x, y), darker than the skin it lies on. */
static void
line(cairo_t *cr, const mf_head *h, const double (*at)[2], int n, double mirror, double width, double alpha)
{
    double p[MOST][2], lip[MOST][2], off = 0.55 * width * h->scale;
    float  tone[3], pale[3];

    if (alpha < 0.02)
        return;
    for (int i = 0; i < n; i++) {
        mf_head_point(p[i], h, mirror * at[i][0], at[i][1], 0.01);
        lip[i][0] = p[i][0] - off * (double)h->scene->light[0]; /* the far side of a furrow catches the light */
        lip[i][1] = p[i][1] - off * (double)h->scene->light[1];
    }
    mf_skin_tone(tone, h, mirror * at[n / 2][0], at[n / 2][1]);
    for (int c = 0; c < 3; c++) {
        pale[c] = tone[c] + 0.30F * (1 - tone[c]);
        tone[c] *= c == 0 ? 0.50F : 0.36F;
    }
    mf_soft_line(cr, (const double (*)[2])lip, n, 0.9 * width * h->scale, pale, mf_clamp(0.40 * alpha, 0, 0.35));
    mf_soft_line(cr, (const double (*)[2])p, n, width * h->scale, tone, mf_clamp(alpha, 0, 0.85));
}

static void
forehead(cairo_t *cr, const mf_head *h)
{
    double age = (double)h->who->age, in = mf_au(h, 1), out = mf_au(h, 2), both = fmin(in, out), only = fmax(0, in - out);
    double knit = mf_au(h, 4);

    for (int k = 0; k < 3; k++) {
        double y = -0.56 - 0.15 * k, a = (0.12 * age + both * (0.24 + 0.40 * age)) * (k == 1 ? 1 : 0.75);
        const double wide[7][2] = {{-0.62, y + 0.05}, {-0.42, y - 0.02}, {-0.2, y - 0.025}, {0, y + 0.01},
                                   {0.2, y - 0.025}, {0.42, y - 0.02}, {0.62, y + 0.05}};
        const double mid[5][2] = {{-0.26, y + 0.06}, {-0.12, y - 0.01}, {0, y - 0.02}, {0.12, y - 0.01}, {0.26, y + 0.06}};
        line(cr, h, wide, 7, 1, 0.042, a);
        if (k < 2)
            line(cr, h, mid, 5, 1, 0.030, only * (0.28 + 0.3 * age));
    }
    for (int side = 0; side < 2; side++) { /* the upright lines between the brows */
        double a = (double)h->au[side][4] * (0.45 + 0.25 * age) + 0.30 * (double)h->au[side][9] + 0.08 * age, m = side == 0 ? -1 : 1;
        const double up[4][2] = {{0.085, -0.22}, {0.070, -0.30}, {0.075, -0.40}, {0.095, -0.49}};
        line(cr, h, up, 4, m, 0.032, a);
        if (knit > 0.3) {
            const double second[3][2] = {{0.15, -0.36}, {0.15, -0.43}, {0.17, -0.49}};
            line(cr, h, second, 3, m, 0.026, 0.5 * a);
        }
    }
}

static void
nose_lines(cairo_t *cr, const mf_head *h)
{
    for (int side = 0; side < 2; side++) {
        double a = (double)h->au[side][9], m = side == 0 ? -1 : 1;
        for (int k = 0; k < 3; k++) {
            double o = 0.075 * k;
            const double bunny[3][2] = {{0.05, 0.10 + o}, {0.11, 0.06 + o}, {0.17, 0.07 + o}};
            line(cr, h, bunny, 3, m, 0.028, 0.55 * a);
        }
        {
            const double root[3][2] = {{-0.08, -0.10}, {0.0, -0.075}, {0.08, -0.10}};
            if (side == 0)
                line(cr, h, root, 3, 1, 0.032, 0.5 * a + 0.3 * (double)h->au[side][4]);
        }
    }
}

static void
cheeks(cairo_t *cr, const mf_head *h)
{
    double age = (double)h->who->age, full = (double)h->who->fullness;

    for (int side = 0; side < 2; side++) {
        double m = side == 0 ? -1 : 1, a12 = (double)h->au[side][12], a10 = (double)h->au[side][10], a9 = (double)h->au[side][9];
        double a6 = (double)h->au[side][6], a20 = (double)h->au[side][20], a15 = (double)h->au[side][15];
        /* nose to mouth */
        const double fold[5][2] = {{0.235, 0.60}, {0.325, 0.72}, {0.42, 0.86}, {0.49, 1.00}, {0.535, 1.13}};
        const double upper[4][2] = {{0.215, 0.56}, {0.285, 0.65}, {0.355, 0.76}, {0.41, 0.86}};
        const double dimple[3][2] = {{0.545, 1.00}, {0.575, 1.09}, {0.555, 1.19}};
        const double marionette[3][2] = {{0.475, 1.16}, {0.515, 1.26}, {0.520, 1.36}};
        line(cr, h, fold, 5, m, 0.050, 0.06 + 0.26 * age + 0.06 * full + 0.42 * a12 + 0.30 * a10 + 0.10 * a20);
        line(cr, h, upper, 4, m, 0.045, 0.42 * a10 + 0.45 * a9);
        line(cr, h, dimple, 3, m, 0.040, 0.40 * a12 + 0.25 * a20);
        line(cr, h, marionette, 3, m, 0.042, 0.10 * age + 0.40 * a15 + 0.12 * a20);
        /* crow's feet */
        for (int k = 0; k < 3; k++) {
            double dy = (k - 1) * 0.085;
            const double foot[3][2] = {{0.775, 0.015 + 0.35 * dy}, {0.85, 0.02 + 0.85 * dy}, {0.93, 0.035 + 1.5 * dy}};
            line(cr, h, foot, 3, m, 0.022, a6 * (0.32 + 0.35 * age) + 0.14 * age);
        }
        /* the raised cheek's upper edge, from under the eye outwards */
        const double rise[4][2] = {{0.30, 0.26}, {0.45, 0.285}, {0.62, 0.27}, {0.77, 0.19}};
        line(cr, h, rise, 4, m, 0.045, 0.34 * a6);
    }
}

static void
chin(cairo_t *cr, const mf_head *h)
{
    double  a17 = mf_au(h, 17), a23 = mf_au(h, 23);
    mf_dice dice = {h->who->strands ^ 0x51ED27U};
    const double under[5][2] = {{-0.24, 1.44}, {-0.12, 1.415}, {0, 1.41}, {0.12, 1.415}, {0.24, 1.44}};

    line(cr, h, under, 5, 1, 0.055, 0.10 + 0.32 * a17 + 0.15 * a23);
    for (int k = 0; k < 9 && a17 > 0.25; k++) { /* the dimpled chin of a pout */
        double x = 0.22 * (double)mf_dice_spread(&dice), y = 1.58 + 0.12 * (double)mf_dice_spread(&dice);
        const double dent[3][2] = {{x - 0.02, y}, {x, y + 0.012}, {x + 0.02, y}};
        line(cr, h, dent, 3, 1, 0.030, 0.30 * a17);
    }
}

static void
freckles(cairo_t *cr, const mf_head *h)
{
    mf_dice dice = {h->who->strands ^ 0xF4ECU};
    float   tone[3];

    for (int k = 0; k < 70 && h->who->freckles > 0; k++) {
        double x = 0.85 * (double)mf_dice_spread(&dice), y = 0.38 + 0.26 * (double)mf_dice_spread(&dice), p[2];
        double r = (0.006 + 0.008 * (double)mf_dice_unit(&dice)) * h->scale;
        mf_head_point(p, h, x, y, 0.01);
        mf_skin_tone(tone, h, x, y);
        cairo_new_path(cr);
        cairo_arc(cr, p[0], p[1], r, 0, 6.2832);
        cairo_set_source_rgba(cr, (double)tone[0] * 0.72, (double)tone[1] * 0.55, (double)tone[2] * 0.42,
                              0.5 * (double)h->who->freckles);
        cairo_fill(cr);
    }
}

void
mf_marks_paint(cairo_t *cr, const mf_head *h)
{
    freckles(cr, h);
    forehead(cr, h);
    nose_lines(cr, h);
    cheeks(cr, h);
    chin(cr, h);
}

void
mf_nose_paint(cairo_t *cr, const mf_head *h, mf_landmarks *lm)
{
    static const double at[9][2] = {{0, -0.02}, {0, 0.18}, {0, 0.39}, {0, 0.60}, {-0.205, 0.725}, {-0.11, 0.775},
                                    {0, 0.80}, {0.11, 0.775}, {0.205, 0.725}};
    double wide = (double)h->who->nose_width, flare = 1 + 0.10 * mf_au(h, 9) + 0.06 * mf_au(h, 10) + 0.05 * mf_au(h, 4);

    for (int side = 0; side < 2; side++) {
        double m = (side == 0 ? -1 : 1) * wide * flare, p[2], q[2], r;
        const double wing[5][2] = {{0.195, 0.57}, {0.250, 0.63}, {0.255, 0.715}, {0.215, 0.765}, {0.165, 0.765}};
        float  tone[3];
        line(cr, h, wing, 5, m, 0.035, 0.42);
        /* nostril: a soft dark oval, lying obliquely */
        mf_head_point(p, h, m * 0.100, 0.757, 0);
        mf_head_point(q, h, m * 0.175, 0.735, 0);
        mf_skin_tone(tone, h, m * 0.1, 0.75);
        r = 0.5 * hypot(q[0] - p[0], q[1] - p[1]) + 0.018 * h->scale;
        cairo_save(cr);
        cairo_translate(cr, 0.5 * (p[0] + q[0]), 0.5 * (p[1] + q[1]));
        cairo_rotate(cr, atan2(q[1] - p[1], q[0] - p[0]));
        cairo_scale(cr, 1, 0.50);
        {
            cairo_pattern_t *g = cairo_pattern_create_radial(0, 0, 0.2 * r, 0, 0, 1.15 * r);
            cairo_pattern_add_color_stop_rgba(g, 0, (double)tone[0] * 0.22, (double)tone[1] * 0.12, (double)tone[2] * 0.12, 0.88);
            cairo_pattern_add_color_stop_rgba(g, 1, (double)tone[0] * 0.4, (double)tone[1] * 0.25, (double)tone[2] * 0.25, 0);
            cairo_arc(cr, 0, 0, 1.15 * r, 0, 6.2832);
            cairo_set_source(cr, g);
            cairo_fill(cr);
            cairo_pattern_destroy(g);
        }
        cairo_restore(cr);
    }
    {
        const double base[5][2] = {{-0.12, 0.795}, {-0.06, 0.812}, {0, 0.82}, {0.06, 0.812}, {0.12, 0.795}};
        line(cr, h, base, 5, wide, 0.040, 0.34);
    }
    for (int i = 0; i < 9; i++) {
        double p[2];
        mf_head_point(p, h, at[i][0] * (i >= 4 ? wide : 1), at[i][1], 0);
        lm->x[27 + i] = (float)p[0];
        lm->y[27 + i] = (float)p[1];
    }
}
