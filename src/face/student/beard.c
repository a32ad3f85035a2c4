/* face/student/beard.c: moustache, goatee and full beard, hair by hair on the moving skin. */
#include "face/student/parts.h"

#include <math.h>

double
mf_beard_growth(mf_beard kind, double x, double y)
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

/* True where (x, y) lies well inside the contour of the face. */
static bool
on_face(const mf_head *h, double x, double y)
{
    int j = 0;

    while (j < MF_HEAD_ROWS - 1 && h->rim[j + 1][1] < y)
        j++;
    return fabs(x) < h->rim[j][0] * 0.97;
}

void
mf_beard_paint(cairo_t *cr, const mf_head *h)
{
    const mf_person *w = h->who;
    mf_dice dice = {w->strands ^ 0xBEA2DU};
    int     n = w->beard == MF_BEARD_FULL ? 900 : w->beard == MF_BEARD_STUBBLE ? 320 : w->beard == MF_BEARD_NONE ? 0 : 380;
    double  d = h->scale;

    cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
    for (int k = 0; k < n; k++) {
        double x = 1.08 * (double)mf_dice_spread(&dice), y = 0.80 + 1.16 * (double)mf_dice_unit(&dice), g, p[2], q[2], len, away;
        double u = (double)mf_dice_unit(&dice), v = (double)mf_dice_spread(&dice), tone = (double)mf_dice_unit(&dice), glow;
        if (w->beard == MF_BEARD_MOUSTACHE) {
            x *= 0.52;
            y = 0.80 + 0.25 * (y - 0.80) / 1.16;
        } else if (w->beard == MF_BEARD_GOATEE) {
            x *= 0.58;
        }
        g = mf_beard_growth(w->beard, x, y);
        if (g <= u || !on_face(h, x, y))
            continue;
        len  = w->beard == MF_BEARD_STUBBLE ? 0.014 : 0.085;
        away = y < 1.02 ? 1.0 : 0.25; /* the moustache is combed outwards */
        mf_head_point(p, h, x, y, 0.01);
        mf_head_point(q, h, x + len * (away * (x < 0 ? -0.8 : 0.8) + 0.35 * v), y + len * (y < 1.02 ? 0.5 : 0.9), 0.03);
        glow = 0.3 + 0.7 * mf_skin_glow(h, x, y);
        cairo_move_to(cr, p[0], p[1]);
        cairo_line_to(cr, q[0], q[1]);
        if (w->beard == MF_BEARD_STUBBLE) {
            cairo_set_line_width(cr, 0.010 * d);
            mf_rgb(cr, w->hair_colour, glow, 0.30);
        } else {
            cairo_set_line_width(cr, (0.012 + 0.012 * u) * d);
            mf_rgb(cr, w->hair_colour, glow * (0.7 + 0.9 * tone), 0.55);
        }
        cairo_stroke(cr);
    }
}
