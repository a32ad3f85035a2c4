/* face/student/brows.c: eyebrows, hair by hair along a curve that the actions 1, 2, 4 and 9 move. Landmarks 17-26. */
#include "face/student/parts.h"

#include <math.h>

enum { KNOTS = 5, FINE = 17 };

static void
knot(double out[2], const mf_person *w, double sign, double t)
{
    double arch = (double)w->brow_arch, y;

    y = -0.305 - 0.035 * mf_smooth(0, 0.55, t) + 0.10 * mf_smooth(0.60, 1.05, t) - arch * sin(3.1416 * pow(t, 1.15)) -
        (double)w->brow_height - (double)w->brow_tilt * (t - 0.5);
    out[0] = sign * (0.175 + 0.70 * t) * (0.5 + 0.5 * (double)w->eye_space);
    out[1] = y;
}

void
mf_brows_paint(cairo_t *cr, const mf_head *h, mf_landmarks *lm)
{
    const mf_person *w = h->who;
    double           d = h->scale;

    for (int side = 0; side < 2; side++) {
        double  sign = side == 0 ? -1 : 1, mid[FINE][2], up[FINE][2], low[FINE][2], at[2], glow;
        mf_dice dice = {w->strands + 77U * (uint32_t)side};
        float   ink[3];
        glow = 0.35 + 0.65 * mf_skin_glow(h, sign * 0.5, -0.33);
        for (int c = 0; c < 3; c++)
            ink[c] = (float)glow * w->brow_colour[c];
        for (int i = 0; i < FINE; i++) {
            double t = i / (double)(FINE - 1), thick;
            thick = 0.050 * (double)w->brow_thick * (0.62 + 0.9 * t - 1.22 * t * t) * (t < 0.12 ? 0.75 + 2 * t : 1) + 0.006;
            knot(at, w, sign, t);
            mf_head_point(mid[i], h, at[0], at[1], 0.012);
            mf_head_point(up[i], h, at[0], at[1] - thick, 0.012);
            mf_head_point(low[i], h, at[0], at[1] + thick, 0.012);
        }
        /* a soft ground */
        for (int k = 0; k < 2; k++) {
            cairo_new_path(cr);
            mf_path_smooth(cr, (const double (*)[2])up, FINE, false);
            for (int i = FINE - 1; i >= 0; i--)
                cairo_line_to(cr, low[i][0], low[i][1]);
            cairo_close_path(cr);
            mf_rgb(cr, ink, 1, k == 0 ? 0.26 : 0.42);
            if (k == 0) {
                cairo_set_line_width(cr, 0.030 * d);
                cairo_stroke(cr);
            } else {
                cairo_fill(cr);
            }
        }
        cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
        for (int k = 0; k < 62; k++) {
            double t = (double)mf_dice_unit(&dice), v = (double)mf_dice_spread(&dice), x = t * (FINE - 1), f, p[2], q[2], lean;
            int    i = (int)fmin(floor(x), FINE - 2), j;
            f = x - i;
            for (int c = 0; c < 2; c++) {
                double a = mid[i][c] + f * (mid[i + 1][c] - mid[i][c]);
                double b = (v < 0 ? up[i][c] : low[i][c]) - mid[i][c];
                p[c] = a + fabs(v) * b;
            }
            lean = 1.6 + 1.6 * t; /* hairs stand up at the inner end and lie down outwards */
            j    = (int)fmin(i + lean, FINE - 1);
            q[0] = p[0] + 0.75 * (mid[j][0] - mid[i][0]);
            q[1] = p[1] + 0.75 * (mid[j][1] - mid[i][1]) + (up[i][1] - mid[i][1]) * (0.55 - 0.75 * t) * (v > 0 ? 1 : 0.4);
            cairo_move_to(cr, p[0], p[1]);
            cairo_line_to(cr, q[0], q[1]);
            cairo_set_line_width(cr, (0.010 + 0.006 * (double)mf_dice_unit(&dice)) * d);
            mf_rgb(cr, ink, 0.8 + 0.5 * (double)mf_dice_unit(&dice), 0.62);
            cairo_stroke(cr);
        }
        for (int k = 0; k < KNOTS; k++) {
            int i = side == 0 ? 17 + k : 22 + k, from = (side == 0 ? KNOTS - 1 - k : k) * (FINE - 1) / (KNOTS - 1);
            lm->x[i] = (float)mid[from][0];
            lm->y[i] = (float)mid[from][1];
        }
    }
}
