/* face/student/hair.c: hair behind the head and over the forehead, drawn as a body of colour and strands on it. */
#include "face/student/parts.h"

#include <math.h>
#include <string.h>

enum { ARC = 21 };

typedef struct cap {
    double outer[ARC][2]; /* from the image-left ear over the crown to the image-right ear */
    double line[ARC][2];  /* the hairline, same order */
    double volume, low;   /* eye distances; y of the hair's lower end at the ears */
} cap;

static void
tinted(cairo_t *cr, const mf_head *h, const float rgb[3], double shade, double alpha)
{
    double k[3];

    for (int c = 0; c < 3; c++) {
        double lit = (double)(0.55F * h->scene->key[c] + 0.55F * h->scene->sky[c]);
        k[c] = mf_clamp((double)rgb[c] * shade * sqrt(lit) * 1.15, 0, 1);
    }
    cairo_set_source_rgba(cr, k[0], k[1], k[2], alpha);
}

/* Direction of arc point i: 0 up, to the image's right. */
static double
arc_angle(int i)
{
    return (i - 10) / 10.0 * 1.72;
}

/* How far the skin reaches out from `mid` in each direction of the arc, pixels. */
static void
silhouette(double far[ARC], const mf_head *h, const double mid[2])
{
    for (int i = 0; i < ARC; i++)
        far[i] = 0.8 * h->scale;
    for (int j = 0; j < MF_HEAD_ROWS; j++)
        for (int i = 0; i < MF_HEAD_COLS; i++) {
            double x = (double)h->q[j][i][0] - mid[0], y = (double)h->q[j][i][1] - mid[1], at, r;
            int    k;
            if (h->rest_xy[j][i][1] > 0.35F)
                continue;
            at = atan2(x, -y) / 1.72 * 10 + 10;
            r  = hypot(x, y);
            k  = (int)lround(at);
            if (k >= 0 && k < ARC && r > far[k])
                far[k] = r;
        }
    for (int pass = 0; pass < 2; pass++) { /* smooth, outwards only at first */
        double old[ARC];
        memcpy(old, far, sizeof old);
        for (int i = 1; i + 1 < ARC; i++)
            far[i] = fmax(pass == 0 ? old[i] : 0, 0.25 * old[i - 1] + 0.5 * old[i] + 0.25 * old[i + 1]);
    }
}

static void
build(cap *c, const mf_head *h)
{
    const mf_person *w = h->who;
    static const double volume[MF_HAIR_STYLES] = {[MF_HAIR_BUZZ] = 0.03, [MF_HAIR_SHORT] = 0.13, [MF_HAIR_PARTED] = 0.19,
        [MF_HAIR_CURLY] = 0.34, [MF_HAIR_BOB] = 0.21, [MF_HAIR_LONG] = 0.18, [MF_HAIR_FRINGE] = 0.17, [MF_HAIR_BUN] = 0.08,
        [MF_HAIR_SCARF] = 0.17};
    double mid[2], far[ARC];
    static const double hairline[11][2] = {{1.165, 0.05}, {1.13, -0.28}, {1.02, -0.56}, {0.93, -0.78}, {0.74, -0.93}, {0.50, -1.00},
                                           {0.33, -1.03}, {0.20, -1.045}, {0.10, -1.05}, {0.04, -1.05}, {0, -1.05}};

    c->volume = volume[w->hair] * (double)w->hair_volume;
    mf_head_project(mid, h, 0, -0.42, -0.5);
    silhouette(far, h, mid);
    for (int i = 0; i < ARC; i++) {
        double a = arc_angle(i), y, r;
        const double *p = hairline[i < 10 ? i : 20 - i];
        r = far[i] + c->volume * h->scale * (1 - pow(fabs(i - 10.0) / 10, 3)); /* thin above the ears */
        c->outer[i][0] = mid[0] + r * sin(a);
        c->outer[i][1] = mid[1] - r * cos(a);
        y = p[1];
        if (y < -0.5)
            y += (double)w->hairline;
        if (w->hair == MF_HAIR_SCARF)
            y = fmax(y, -0.86);
        mf_head_point_with(c->line[i], h, (i < 10 ? -1 : 1) * p[0], y, 0.02, 0, 0, 0);
    }
    for (int side = 0; side < 2; side++) /* close the cap above the ears */
        for (int q = 0; q < 2; q++) {
            int e = side == 0 ? 0 : ARC - 1;
            c->outer[e][q] += 0.6 * (c->line[e][q] - c->outer[e][q]);
        }
}

static void
cap_path(cairo_t *cr, const cap *c)
{
    cairo_new_path(cr);
    mf_path_smooth(cr, c->outer, ARC, false);
    for (int i = ARC - 1; i >= 0; i--)
        cairo_line_to(cr, c->line[i][0], c->line[i][1]);
    cairo_close_path(cr);
}

static void
body_gradient(cairo_t *cr, const mf_head *h, const cap *c, const float rgb[3])
{
    double x = c->outer[10][0] + (double)h->scene->light[0] * 0.8 * h->scale, y = c->outer[10][1] + 0.45 * h->scale;
    double r = 2.2 * h->scale, tone[3];
    cairo_pattern_t *p = cairo_pattern_create_radial(x, y, 0.1 * h->scale, x, y, r);

    for (int stop = 0; stop < 3; stop++) {
        static const double at[3] = {0, 0.4, 1}, shade[3] = {1.25, 0.95, 0.50};
        for (int k = 0; k < 3; k++)
            tone[k] = mf_clamp((double)rgb[k] * shade[stop] * sqrt((double)(0.55F * h->scene->key[k] + 0.55F * h->scene->sky[k])) * 1.15, 0, 1);
        cairo_pattern_add_color_stop_rgb(p, at[stop], tone[0], tone[1], tone[2]);
    }
    cairo_set_source(cr, p);
    cairo_pattern_destroy(p);
}

/* Point between hairline (v = 0) and outer edge (v = 1) at t in 0..1 along the arc. */
static void
on_cap(double out[2], const cap *c, double t, double v)
{
    double x = mf_clamp(t, 0, 1) * (ARC - 1);
    int    i = (int)fmin(floor(x), ARC - 2);

    for (int k = 0; k < 2; k++) {
        double a = c->line[i][k] + (x - i) * (c->line[i + 1][k] - c->line[i][k]);
        double b = c->outer[i][k] + (x - i) * (c->outer[i + 1][k] - c->outer[i][k]);
        out[k] = a + v * (b - a);
    }
}

static void
cap_strands(cairo_t *cr, const mf_head *h, const cap *c, int n, double sweep, double width)
{
    const mf_person *w = h->who;
    mf_dice          dice = {w->strands};

    cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
    for (int k = 0; k < n; k++) {
        double t = (double)mf_dice_unit(&dice), u = (double)mf_dice_unit(&dice), r = (double)mf_dice_unit(&dice), v0, v1, mid, glint;
        double tone = 0.55 + 0.8 * (double)mf_dice_unit(&dice), bend, p[4][2], away = t - 0.5 - 0.25 * (double)w->part, q;
        q    = (double)mf_dice_unit(&dice);
        v0   = k % 4 == 0 ? -0.07 + 0.10 * u : 0.72 * u; /* some begin on the forehead and soften the hairline */
        v1   = fmin(v0 + 0.16 + 0.34 * r, k % 5 == 0 ? 1.03 : 0.98);
        bend = sweep * (away < 0 ? -1 : 1) * (0.5 + q);
        for (int i = 0; i < 4; i++) {
            double v = v0 + (v1 - v0) * i / 3.0, back = 1 - i / 3.0;
            on_cap(p[i], c, t + bend * 0.11 * back * back, v);
        }
        mid   = 0.5 * (v0 + v1);
        glint = exp(-pow((mid - 0.55) / 0.16, 2)) * mf_clamp(0.55 + 0.9 * (double)h->scene->light[0] * (2 * t - 1), 0, 1);
        cairo_new_path(cr);
        mf_path_smooth(cr, (const double (*)[2])p, 4, false);
        cairo_set_line_width(cr, width * h->scale * (0.5 + 0.8 * r) * (k % 4 == 0 ? 0.6 : 1));
        if (k % 3 == 0 && glint > 0.1)
            cairo_set_source_rgba(cr, mf_clamp((double)w->hair_colour[0] * 1.3 + 0.20, 0, 1), mf_clamp((double)w->hair_colour[1] * 1.3 + 0.17, 0, 1),
                                  mf_clamp((double)w->hair_colour[2] * 1.3 + 0.15, 0, 1), 0.42 * glint);
        else
            tinted(cr, h, w->hair_colour, tone, 0.42);
        cairo_stroke(cr);
    }
}

static void
curls(cairo_t *cr, const mf_head *h, const cap *c)
{
    const mf_person *w = h->who;
    mf_dice          dice = {w->strands};

    for (int k = 0; k < 150; k++) {
        double t = (double)mf_dice_unit(&dice), v = 1.06 * (double)mf_dice_unit(&dice), p[2], r = (0.07 + 0.07 * (double)mf_dice_unit(&dice)) * h->scale;
        double a = 6.28 * (double)mf_dice_unit(&dice);
        on_cap(p, c, t, v);
        cairo_new_path(cr);
        cairo_arc(cr, p[0], p[1], r, 0, 6.2832);
        tinted(cr, h, w->hair_colour, 0.55 + 0.4 * (double)mf_dice_unit(&dice), 0.55);
        cairo_fill(cr);
        cairo_arc(cr, p[0], p[1], 0.7 * r, a, a + 2.6);
        cairo_set_line_width(cr, 0.025 * h->scale);
        tinted(cr, h, w->hair_colour, 1.0 + 0.9 * (double)mf_dice_unit(&dice), 0.35);
        cairo_stroke(cr);
    }
}

/* Hair that hangs beside the face: from the temple down. `end` is the y where it ends. */
static void
locks(cairo_t *cr, const mf_head *h, const cap *cp, double end, bool front)
{
    const mf_person *w = h->who;
    mf_dice          dice = {w->strands ^ (front ? 0x10C5U : 0xBACCU)};

    for (int side = 0; side < 2; side++) {
        double m = (side == 0 ? -1 : 1) * (double)w->width, in[6][2], out[6][2];
        for (int i = 0; i < 6; i++) {
            double t = i / 5.0, y = -0.75 + (end + 0.75) * t, xi, xo;
            xi = front ? 1.02 + 0.07 * mf_smooth(0, 0.3, t) - 0.12 * mf_smooth(0.45, 1, t) : 0;
            xo = 1.13 + (0.04 + cp->volume) * mf_smooth(-1.0, 0.0, y) + 0.10 * sin(3.0 * t) + 0.05 * t - 0.14 * mf_smooth(0.8, 1, t);
            if (!front)
                xo += 0.04;
            mf_head_project(in[i], h, m * xi, y, front ? -0.50 : -0.9);
            mf_head_project(out[i], h, m * xo, y, -0.6);
        }
        cairo_new_path(cr);
        mf_path_smooth(cr, (const double (*)[2])in, 6, false);
        cairo_curve_to(cr, in[5][0], in[5][1] + 0.10 * h->scale, out[5][0], out[5][1] + 0.08 * h->scale, out[5][0], out[5][1]);
        for (int i = 4; i >= 0; i--)
            cairo_line_to(cr, out[i][0], out[i][1]);
        cairo_close_path(cr);
        if (front)
            body_gradient(cr, h, cp, w->hair_colour);
        else
            tinted(cr, h, w->hair_colour, 0.5, 1);
        cairo_fill_preserve(cr);
        cairo_set_line_width(cr, 0.05 * h->scale);
        cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
        cairo_stroke(cr);
        for (int k = 0; k < (front ? 46 : 30); k++) {
            double v = (double)mf_dice_unit(&dice), p[6][2], wave = 0.04 * (double)mf_dice_spread(&dice), tone;
            int    from = (int)(3 * mf_dice_unit(&dice)), n = 6 - from - (int)(2 * mf_dice_unit(&dice));
            for (int i = 0; i < 6; i++) /* ends of uneven length */
                for (int c = 0; c < 2; c++)
                    p[i][c] = in[i][c] + mf_clamp(v + wave * i, 0.02, 0.98) * (out[i][c] - in[i][c]);
            p[5][1] += (0.16 * (double)mf_dice_unit(&dice) - 0.02) * h->scale;
            tone = (front ? 0.6 : 0.4) + 0.8 * (double)mf_dice_unit(&dice);
            cairo_new_path(cr);
            mf_path_smooth(cr, (const double (*)[2])(p + from), n, false);
            cairo_set_line_width(cr, (0.015 + 0.03 * (double)mf_dice_unit(&dice)) * h->scale);
            if (k % 5 == 0 && front && m * (double)h->scene->light[0] > -0.2)
                cairo_set_source_rgba(cr, mf_clamp((double)w->hair_colour[0] * 1.3 + 0.18, 0, 1), mf_clamp((double)w->hair_colour[1] * 1.3 + 0.15, 0, 1),
                                      mf_clamp((double)w->hair_colour[2] * 1.3 + 0.13, 0, 1), 0.22);
            else
                tinted(cr, h, w->hair_colour, tone, 0.40);
            cairo_stroke(cr);
        }
    }
}

static void
bangs(cairo_t *cr, const mf_head *h)
{
    const mf_person *w = h->who;
    mf_dice          dice = {w->strands ^ 0xBA265U};

    cairo_set_line_cap(cr, CAIRO_LINE_CAP_BUTT);
    for (int k = 0; k < 90; k++) {
        double t = -1 + 2 * ((k * 37) % 90) / 89.0, x0 = 0.75 * t + 0.08 * (double)mf_dice_spread(&dice), x1 = 1.02 * t + 0.05 * (double)mf_dice_spread(&dice);
        double y1 = -0.62 + 0.16 * t * t + 0.07 * (double)mf_dice_spread(&dice), p[3][2];
        mf_head_project(p[0], h, x0, -1.45, 0.05);
        mf_head_project(p[1], h, 0.5 * (x0 + x1) * 1.04, -1.05, 0.28);
        mf_head_point_with(p[2], h, x1, y1, 0.07, 0, 0, 0);
        cairo_new_path(cr);
        mf_path_smooth(cr, (const double (*)[2])p, 3, false);
        cairo_set_line_width(cr, (0.05 + 0.05 * (double)mf_dice_unit(&dice)) * h->scale);
        tinted(cr, h, w->hair_colour, 0.55 + 0.6 * (double)mf_dice_unit(&dice), 0.75);
        cairo_stroke(cr);
    }
}

static void
scarf(cairo_t *cr, const mf_head *h, const cap *c, bool front)
{
    const mf_person *w = h->who;
    double           ring[12][2], face[12][2];
    static const double out[12][2] = {{-1.36, 0.2}, {-1.34, -0.6}, {-0.95, -1.45}, {0, -1.98}, {0.95, -1.45}, {1.34, -0.6},
                                      {1.36, 0.2}, {1.30, 1.0}, {1.25, 2.0}, {0.9, 2.7}, {-0.9, 2.7}, {-1.25, 2.0}};
    static const double in[12][2] = {{-1.07, 0.2}, {-1.03, -0.35}, {-0.80, -0.80}, {0, -0.98}, {0.80, -0.80}, {1.03, -0.35},
                                     {1.07, 0.2}, {1.00, 0.9}, {0.78, 1.45}, {0.30, 1.86}, {-0.30, 1.86}, {-0.78, 1.45}};

    (void)c;
    for (int i = 0; i < 12; i++) {
        mf_head_project(ring[i], h, out[i][0] * (double)w->width, out[i][1], -0.6);
        if (in[i][1] > 1.0)
            mf_head_point(face[i], h, in[i][0], in[i][1], 0.03);
        else
            mf_head_point_with(face[i], h, in[i][0], in[i][1], 0.03, 0, 0, 0);
    }
    cairo_new_path(cr);
    mf_path_smooth(cr, (const double (*)[2])ring, 12, true);
    if (front) {
        cairo_new_sub_path(cr);
        mf_path_smooth(cr, (const double (*)[2])face, 12, true);
        cairo_set_fill_rule(cr, CAIRO_FILL_RULE_EVEN_ODD);
    }
    body_gradient(cr, h, c, w->scarf);
    cairo_fill(cr);
    cairo_set_fill_rule(cr, CAIRO_FILL_RULE_WINDING);
    if (front) {
        mf_dice dice = {w->strands};
        for (int k = 0; k < 14; k++) { /* folds run round the face */
            double v = 0.08 + 0.8 * (double)mf_dice_unit(&dice), p[5][2];
            int    from = (int)(12 * mf_dice_unit(&dice));
            float  dark[3];
            for (int i = 0; i < 5; i++)
                for (int q = 0; q < 2; q++) {
                    int at = (from + i) % 12;
                    p[i][q] = face[at][q] + mf_clamp(v + 0.06 * i - 0.1, 0.04, 0.96) * (ring[at][q] - face[at][q]);
                }
            for (int q = 0; q < 3; q++)
                dark[q] = w->scarf[q] * (k % 3 == 0 ? 1.0F : 0.35F);
            mf_soft_line(cr, (const double (*)[2])p, 5, 0.06 * h->scale, dark, 0.35);
        }
        {
            static const float black[3] = {0.05F, 0.03F, 0.03F};
            double rim[12][2];
            memcpy(rim, face, sizeof rim);
            mf_soft_line(cr, (const double (*)[2])rim, 12, 0.05 * h->scale, black, 0.3);
        }
    }
}

void
mf_hair_back(cairo_t *cr, const mf_head *h)
{
    const mf_person *w = h->who;
    cap              c = {0};

    if (w->hair == MF_HAIR_BALD)
        return;
    build(&c, h);
    if (w->hair == MF_HAIR_LONG)
        locks(cr, h, &c, 2.6, false);
    else if (w->hair == MF_HAIR_BOB || (w->hair == MF_HAIR_FRINGE && w->woman))
        locks(cr, h, &c, 1.55, false);
    else if (w->hair == MF_HAIR_SCARF)
        scarf(cr, h, &c, false);
    if (w->hair == MF_HAIR_BUN) {
        double p[2];
        mf_head_project(p, h, 0, -1.95, -0.9);
        cairo_new_path(cr);
        cairo_arc(cr, p[0], p[1], 0.45 * h->scale, 0, 6.2832);
        tinted(cr, h, w->hair_colour, 0.8, 1);
        cairo_fill(cr);
    }
    if (w->hair != MF_HAIR_SCARF) { /* what is seen past the silhouette */
        cairo_new_path(cr);
        mf_path_smooth(cr, (const double (*)[2])(c.outer + 1), ARC - 2, false);
        cairo_close_path(cr);
        tinted(cr, h, w->hair_colour, 0.55, w->hair == MF_HAIR_BUZZ ? 0.8 : 1);
        cairo_fill(cr);
    }
}

void
mf_hair_front(cairo_t *cr, const mf_head *h)
{
    const mf_person *w = h->who;
    cap              c = {0};
    static const float shade[3] = {0.08F, 0.04F, 0.03F};

    if (w->hair == MF_HAIR_BALD)
        return;
    build(&c, h);
    if (w->hair == MF_HAIR_SCARF) {
        scarf(cr, h, &c, true);
        return;
    }
    /* a soft shadow of the hair on the forehead */
    mf_soft_line(cr, (const double (*)[2])(c.line + 1), ARC - 2, 0.12 * h->scale, shade, w->hair == MF_HAIR_BUZZ ? 0.12 : 0.28);
    cap_path(cr, &c);
    if (w->hair == MF_HAIR_BUZZ) {
        tinted(cr, h, w->hair_colour, 0.9, 0.72);
        cairo_fill(cr);
        cap_strands(cr, h, &c, 160, 0.1, 0.02);
        return;
    }
    body_gradient(cr, h, &c, w->hair_colour);
    cairo_fill(cr);
    if (w->hair == MF_HAIR_CURLY) {
        curls(cr, h, &c);
        return;
    }
    cap_strands(cr, h, &c, 120, w->hair == MF_HAIR_PARTED || w->hair == MF_HAIR_LONG || w->hair == MF_HAIR_BOB ? 1.2 : 0.3, 0.030);
    if (w->hair == MF_HAIR_LONG)
        locks(cr, h, &c, 2.6, true);
    else if (w->hair == MF_HAIR_BOB || (w->hair == MF_HAIR_FRINGE && w->woman))
        locks(cr, h, &c, 1.5, true);
    if (w->hair == MF_HAIR_FRINGE)
        bangs(cr, h);
}
