/* face/student/eyes.c: eyeball, iris, lids, lashes and the skin just round them. Landmarks 36-47.
 *
 * The opening follows the actions: 5 lifts the upper lid, 7 tightens both, 6 pushes the lower lid up in a bow, 9 squeezes,
 * 1 with 4 or 15 draws the inner part of the upper lid up, 4 presses it down. */
#include "face/student/parts.h"

#include <math.h>
#include <string.h>

enum { LID = 9 };

typedef struct eye {
    int    side;                /* 0 image-left, 1 image-right */
    double sign, cx, open, low; /* face x of the centre; heights of the lids */
    double upper[LID][2], lower[LID][2], crease[LID][2], bag[LID][2]; /* picture, inner to outer corner */
    double iris[2], r;
    double glow;
} eye;

static double
unit(const mf_head *h, int side, int u)
{
    return (double)h->au[side][u];
}

static void
shape(eye *e, const mf_head *h, int side)
{
    const mf_person *w = h->who;
    double a1 = unit(h, side, 1), a4 = unit(h, side, 4), a5 = unit(h, side, 5), a6 = unit(h, side, 6);
    double a7 = unit(h, side, 7), a9 = unit(h, side, 9), a15 = unit(h, side, 15), a12 = unit(h, side, 12);
    double sorrow = a1 * mf_clamp(0.7 * a4 + a15, 0, 1) * (1 - a5), size = (double)w->eye_size, half = 0.226 * size;
    double peak, fold;

    e->side = side;
    e->sign = side == 0 ? -1 : 1;
    e->cx   = 0.5 * (double)w->eye_space;
    e->open = (0.100 + 0.105 * a5 + 0.012 * a1 * (1 - a4) - 0.036 * a7 - 0.026 * a6 - 0.046 * a9 - 0.014 * a4 -
               0.034 * sorrow - 0.010 * (double)w->age) * size;
    e->open = fmax(e->open, 0.022);
    e->low  = (0.064 + 0.014 * a5 - 0.034 * a7 - 0.058 * a6 - 0.026 * a9 - 0.016 * a12) * size;
    e->low  = fmax(e->low, -0.022); /* below 0: a raised cheek bows the lower lid upwards */
    peak    = 0.95 - 0.28 * sorrow + 0.25 * a4 * (1 - a1);
    fold    = 0.050 + 0.025 * (double)w->lid_fold - 0.028 * a5 + 0.010 * sorrow;
    for (int i = 0; i < LID; i++) {
        double t = i / (double)(LID - 1), x = e->cx - half + 2 * half * t;
        double line = 0.024 + (-0.028 - (double)w->eye_tilt + 0.030 * sorrow + 0.012 * a6) * t;
        double hump = pow(sin(3.14159265 * pow(t, peak)), 0.72), dish = pow(sin(3.14159265 * pow(t, 1.12)), 0.8);
        double up = line - e->open * hump + 0.034 * a4 * (1 - 0.5 * a1) * (1 - t) * hump;
        double down = line + e->low * dish;
        double lid_y = fmin(up, down - 0.004), over = 1 - pow(fabs(2 * t - 1), 3);
        mf_head_point_with(e->upper[i], h, e->sign * x, lid_y, 0, 0, 0, 0);
        mf_head_point_with(e->lower[i], h, e->sign * x, down, 0, 0, 0, 0);
        mf_head_point_with(e->crease[i], h, e->sign * (x + 0.01), up - fold * (0.35 + 0.65 * over) - 0.012 * t, 0, 0, 0, 0);
        mf_head_point_with(e->bag[i], h, e->sign * (x - 0.01), down + (0.055 + 0.02 * over) * (1 - 0.25 * a6), 0, 0, 0, 0);
    }
    mf_head_point_with(e->iris, h, e->sign * e->cx + (double)h->scene->gaze[0], -0.010 + (double)h->scene->gaze[1], 0, 0, 0, 0);
    e->r    = 0.112 * h->scale * (0.96 + 0.04 * size);
    e->glow = 0.55 * mf_skin_glow(h, e->sign * 0.5, 0.16) + 0.45 * mf_skin_glow(h, e->sign * 0.5, -0.2);
}

static void
opening(cairo_t *cr, const eye *e)
{
    double ring[2 * LID - 2][2];
    int    n = 0;

    for (int i = 0; i < LID; i++)
        memcpy(ring[n++], e->upper[i], sizeof ring[0]);
    for (int i = LID - 2; i > 0; i--)
        memcpy(ring[n++], e->lower[i], sizeof ring[0]);
    cairo_new_path(cr);
    mf_path_smooth(cr, (const double (*)[2])ring, n, true);
}

static void
iris(cairo_t *cr, const mf_head *h, const eye *e)
{
    const float     *c = h->who->iris;
    double           x = e->iris[0], y = e->iris[1], r = e->r, g = mf_clamp(e->glow * 1.05, 0.35, 1.1), lx, ly;
    cairo_pattern_t *p = cairo_pattern_create_radial(x, y + 0.15 * r, 0.1 * r, x, y, r);

    cairo_pattern_add_color_stop_rgba(p, 0.0, (double)c[0] * 1.25 * g, (double)c[1] * 1.25 * g, (double)c[2] * 1.2 * g, 1);
    cairo_pattern_add_color_stop_rgba(p, 0.62, (double)c[0] * 0.95 * g, (double)c[1] * 0.95 * g, (double)c[2] * 0.95 * g, 1);
    cairo_pattern_add_color_stop_rgba(p, 0.86, (double)c[0] * 0.42 * g, (double)c[1] * 0.42 * g, (double)c[2] * 0.45 * g, 1);
    cairo_pattern_add_color_stop_rgba(p, 1.0, (double)c[0] * 0.30 * g, (double)c[1] * 0.30 * g, (double)c[2] * 0.34 * g, 0.55);
    cairo_new_path(cr);
    cairo_arc(cr, x, y, r, 0, 6.2832);
    cairo_set_source(cr, p);
    cairo_fill(cr);
    cairo_pattern_destroy(p);
    cairo_arc(cr, x, y, 0.40 * r, 0, 6.2832);
    cairo_set_source_rgba(cr, 0.02, 0.015, 0.015, 0.96);
    cairo_fill(cr);
    lx = x + 0.36 * r * (double)h->scene->light[0] - 0.04 * r;
    ly = y - 0.30 * r + 0.2 * r * (double)h->scene->light[1];
    cairo_arc(cr, lx, ly, 0.17 * r, 0, 6.2832);
    cairo_set_source_rgba(cr, 1, 1, 1, 0.88);
    cairo_fill(cr);
    cairo_arc(cr, x - 0.4 * (lx - x), y + 0.42 * r, 0.26 * r, 0, 6.2832);
    cairo_set_source_rgba(cr, 1, 1, 1, 0.10);
    cairo_fill(cr);
}

static void
ball(cairo_t *cr, const mf_head *h, const eye *e)
{
    double           g = mf_clamp(e->glow * 0.98, 0.42, 1.02), d = h->scale;
    cairo_pattern_t *p;
    static const float dark[3] = {0.06F, 0.03F, 0.03F};

    cairo_save(cr);
    opening(cr, e);
    cairo_clip_preserve(cr);
    p = cairo_pattern_create_radial(e->iris[0], e->iris[1] + 0.03 * d, 0.05 * d, e->iris[0], e->iris[1], 0.25 * d);
    cairo_pattern_add_color_stop_rgb(p, 0, 0.93 * g, 0.915 * g, 0.90 * g);
    cairo_pattern_add_color_stop_rgb(p, 0.55, 0.89 * g, 0.865 * g, 0.85 * g);
    cairo_pattern_add_color_stop_rgb(p, 1, 0.66 * g, 0.57 * g, 0.55 * g);
    cairo_set_source(cr, p);
    cairo_fill(cr);
    cairo_pattern_destroy(p);
    iris(cr, h, e);
    /* caruncle */
    cairo_new_path(cr);
    cairo_arc(cr, e->lower[0][0] + e->sign * 0.012 * d, e->lower[0][1], 0.026 * d, 0, 6.2832);
    cairo_set_source_rgba(cr, 0.72 * g, 0.42 * g, 0.40 * g, 0.75);
    cairo_fill(cr);
    /* the upper lid shades the ball */
    mf_soft_line(cr, (const double (*)[2])e->upper, LID, 0.085 * d, dark, 0.42);
    cairo_restore(cr);
}

static void
lashes(cairo_t *cr, const mf_head *h, const eye *e)
{
    const mf_person *w = h->who;
    double d = h->scale, wide = (w->woman ? 0.022 + 0.014 * (double)w->makeup : 0.020) * d;
    float  ink[3];

    for (int c = 0; c < 3; c++)
        ink[c] = 0.35F * w->brow_colour[c] * (w->makeup > 0.4F ? 0.4F : 1);
    /* tapered: thin at the inner corner */
    cairo_new_path(cr);
    mf_path_smooth(cr, (const double (*)[2])e->upper, LID, false);
    for (int i = LID - 1; i >= 0; i--) {
        double t = i / (double)(LID - 1), k = wide * (0.35 + 0.9 * t * (1.25 - 0.45 * t));
        cairo_line_to(cr, e->upper[i][0] + e->sign * 0.3 * k * (i == LID - 1), e->upper[i][1] - k);
    }
    cairo_close_path(cr);
    mf_rgb(cr, ink, 1, 0.88);
    cairo_fill(cr);
    if (w->woman && w->makeup > 0.25F) { /* lashes at the outer part */
        cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
        for (int i = 0; i < 7; i++) {
            double t = 0.45 + 0.55 * i / 6.0, x = t * (LID - 1), f;
            int    k = (int)fmin(floor(x), LID - 2);
            double px, py, len = (0.035 + 0.03 * t) * d * (0.6 + 0.6 * (double)w->makeup);
            f  = x - k;
            px = e->upper[k][0] + f * (e->upper[k + 1][0] - e->upper[k][0]);
            py = e->upper[k][1] + f * (e->upper[k + 1][1] - e->upper[k][1]) - 0.3 * wide;
            cairo_move_to(cr, px, py);
            cairo_curve_to(cr, px + e->sign * 0.4 * len * t, py - 0.1 * len, px + e->sign * 0.8 * len * t, py - 0.5 * len,
                           px + e->sign * len * t, py - 0.9 * len);
            cairo_set_line_width(cr, 0.008 * d);
            mf_rgb(cr, ink, 1, 0.75);
            cairo_stroke(cr);
        }
    }
    cairo_new_path(cr);
    mf_path_smooth(cr, (const double (*)[2])e->lower, LID, false);
    cairo_set_line_width(cr, 0.010 * d);
    mf_rgb(cr, ink, 1.2, 0.30 + 0.25 * (double)w->makeup);
    cairo_stroke(cr);
}

/* Skin above and below: fold of the lid, pouch under the eye and its light rim. */
static void
folds(cairo_t *cr, const mf_head *h, const eye *e)
{
    const mf_person *w = h->who;
    double a6 = unit(h, e->side, 6), a7 = unit(h, e->side, 7), a9 = unit(h, e->side, 9), a5 = unit(h, e->side, 5), d = h->scale;
    float  tone[3], deep[3], pale[3];

    mf_skin_tone(tone, h, e->sign * 0.5, 0.16);
    for (int c = 0; c < 3; c++) {
        deep[c] = tone[c] * (c == 0 ? 0.52F : 0.40F);
        pale[c] = tone[c] + 0.35F * (1 - tone[c]);
    }
    if (w->makeup > 0.55F) { /* eye shadow */
        cairo_new_path(cr);
        mf_path_smooth(cr, (const double (*)[2])e->upper, LID, false);
        for (int i = LID - 1; i >= 0; i--)
            cairo_line_to(cr, e->crease[i][0], e->crease[i][1]);
        cairo_close_path(cr);
        mf_rgb(cr, w->cloth, 0.6, 0.18);
        cairo_fill(cr);
    }
    mf_soft_line(cr, (const double (*)[2])e->crease, LID, 0.030 * d, deep, 0.34 + 0.25 * (double)w->lid_fold + 0.15 * a5);
    mf_soft_line(cr, (const double (*)[2])(e->bag + 1), LID - 2, 0.035 * d, deep,
                 mf_clamp(0.07 + 0.42 * a6 + 0.34 * a7 + 0.30 * a9 + 0.22 * (double)w->age, 0, 0.75));
    if (a6 + a7 + a9 > 0.15) {
        double mid[LID][2];
        for (int i = 0; i < LID; i++)
            for (int c = 0; c < 2; c++)
                mid[i][c] = 0.5 * (e->lower[i][c] + e->bag[i][c]);
        mf_soft_line(cr, (const double (*)[2])(mid + 1), LID - 2, 0.040 * d, pale, mf_clamp(0.20 * (a6 + a7 + a9), 0, 0.3));
    }
}

static void
points(mf_landmarks *lm, const eye *e)
{
    /* outer corner first on the image-left eye, inner corner first on the other */
    static const int upper_left[4] = {8, 5, 2, 0}, upper_right[4] = {0, 3, 6, 8};
    static const int lower_left[2] = {3, 6}, lower_right[2] = {5, 2};
    const int *u = e->side == 0 ? upper_left : upper_right, *l = e->side == 0 ? lower_left : lower_right;
    int        base = e->side == 0 ? 36 : 42;

    for (int i = 0; i < 4; i++) {
        lm->x[base + i] = (float)e->upper[u[i]][0];
        lm->y[base + i] = (float)e->upper[u[i]][1];
    }
    for (int i = 0; i < 2; i++) {
        lm->x[base + 4 + i] = (float)e->lower[l[i]][0];
        lm->y[base + 4 + i] = (float)e->lower[l[i]][1];
    }
}

void
mf_eyes_paint(cairo_t *cr, const mf_head *h, mf_landmarks *lm)
{
    for (int side = 0; side < 2; side++) {
        eye e = {0};
        shape(&e, h, side);
        folds(cr, h, &e);
        ball(cr, h, &e);
        lashes(cr, h, &e);
        points(lm, &e);
    }
}
