/* face/student/beard.c: moustache, goatee and full beard, hair by hair on the moving skin. */
#include "face/student/parts.h"

#include <math.h>

/* How thick the beard grows at a resting place, 0..1. */
static double
growth(mf_beard kind, double x, double y)
{
    double ax = fabs(x), lip, chin, side;

    lip  = mf_smooth(0.82, 0.88, y) * (1 - mf_smooth(0.97, 1.02, y + 0.10 * ax)) * (1 - mf_smooth(0.42, 0.56, ax));
    chin = mf_smooth(1.36, 1.46, y) * (1 - mf_smooth(0.26, 0.40, ax));
    chin = fmax(chin, mf_smooth(0.42, 0.47, ax) * (1 - mf_smooth(0.54, 0.62, ax)) * mf_smooth(0.98, 1.08, y));
    side = mf_smooth(1.10, 1.30, y + 0.42 * ax) * mf_smooth(0.42, 0.56, ax + fmax(0, y - 1.28));
    switch (kind) {
    case MF_BEARD_MOUSTACHE: return lip;
    case MF_BEARD_GOATEE: return fmax(0.8 * lip, chin);
    case MF_BEARD_FULL: return fmax(fmax(lip, chin), side);
    case MF_BEARD_STUBBLE: return 0.5 * fmax(fmax(lip, chin), side);
    default: return 0;
    }
}

void
mf_beard_paint(cairo_t *cr, const mf_head *h)
{
    const mf_person *w = h->who;
    mf_dice dice = {w->strands ^ 0xBEA2DU};
    int     n = w->beard == MF_BEARD_FULL ? 620 : w->beard == MF_BEARD_STUBBLE ? 420 : w->beard == MF_BEARD_NONE ? 0 : 330;
    double  d = h->scale;

    cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
    for (int k = 0; k < n; k++) {
        double x = 1.1 * (double)mf_dice_spread(&dice), y = 0.80 + 1.16 * (double)mf_dice_unit(&dice), g, p[2], q[2], len, away;
        double u = (double)mf_dice_unit(&dice), v = (double)mf_dice_spread(&dice), glow;
        if (w->beard == MF_BEARD_MOUSTACHE) {
            x *= 0.5;
            y = 0.80 + 0.25 * (y - 0.80) / 1.16;
        } else if (w->beard == MF_BEARD_GOATEE) {
            x *= 0.58;
        }
        g = growth(w->beard, x, y);
        if (g <= u)
            continue;
        len  = w->beard == MF_BEARD_STUBBLE ? 0.018 : w->beard == MF_BEARD_FULL ? 0.10 : 0.085;
        away = y < 1.02 ? 1.0 : 0.25; /* the moustache is combed outwards */
        mf_head_point(p, h, x, y, 0.01);
        mf_head_point(q, h, x + len * (away * (x < 0 ? -0.8 : 0.8) + 0.3 * v), y + len * (y < 1.02 ? 0.5 : 1.0), 0.03);
        glow = mf_skin_glow(h, x, y);
        cairo_move_to(cr, p[0], p[1]);
        cairo_line_to(cr, q[0], q[1]);
        if (w->beard == MF_BEARD_STUBBLE) {
            cairo_set_line_width(cr, 0.012 * d);
            mf_rgb(cr, w->hair_colour, glow, 0.38);
        } else {
            cairo_set_line_width(cr, (0.026 + 0.02 * u) * d);
            mf_rgb(cr, w->hair_colour, glow * (0.75 + 0.55 * (double)mf_dice_unit(&dice)), 0.62);
        }
        cairo_stroke(cr);
    }
}
