/* face/student/head.c: the form of the head as a surface, how the actions of the face move it, and its projection.
 *
 * Rows run from crown to chin. A row joins a point of the contour (ear to ear, the 17 jaw points and the skull above
 * them) to a point of the middle line by a quarter of an ellipse; nose, sockets, cheeks, lips and chin are bumps on it.
 * All of this is the mean face; `form` then gives it the person's proportions. */
#include "face/student/parts.h"

#include <math.h>
#include <string.h>

enum { KNOTS = 15 };

/* Contour (image-right half) and middle line, crown to chin, eye distances. */
static const double contour[KNOTS][3] = {
    {0.00, -1.76, -1.05}, {0.52, -1.64, -1.05}, {0.86, -1.36, -1.02}, {1.06, -1.00, -0.98}, {1.15, -0.65, -0.96},
    {1.175, -0.30, -0.94}, {1.166, 0.013, -0.90}, {1.150, 0.324, -0.85}, {1.115, 0.636, -0.75}, {1.050, 0.944, -0.62},
    {0.935, 1.231, -0.45}, {0.760, 1.482, -0.27}, {0.545, 1.697, -0.10}, {0.290, 1.872, 0.00}, {0.000, 1.930, 0.04}};
static const double middle[KNOTS][3] = {
    {0, -1.77, -1.05}, {0, -1.63, -0.55}, {0, -1.36, -0.18}, {0, -1.02, 0.06}, {0, -0.66, 0.19},
    {0, -0.30, 0.21}, {0, 0.03, 0.15}, {0, 0.35, 0.18}, {0, 0.68, 0.23}, {0, 0.97, 0.26},
    {0, 1.22, 0.24}, {0, 1.44, 0.17}, {0, 1.66, 0.20}, {0, 1.84, 0.14}, {0, 1.935, 0.02}};

static void
knot_at(double out[3], const double (*k)[3], double s)
{
    int    i = (int)mf_clamp(floor(s), 0, KNOTS - 2);
    double f = s - i;

    for (int c = 0; c < 3; c++) {
        double b = k[i][c], d = k[i + 1][c];
        double a = i > 0 ? k[i - 1][c] : 2 * b - d, e = i + 2 < KNOTS ? k[i + 2][c] : 2 * d - b;
        out[c] = b + 0.5 * f * (d - a + f * (2 * a - 5 * b + 4 * d - e + f * (3 * (b - d) + e - a)));
    }
    if (out[0] < 0)
        out[0] = 0;
}

/* Rows are dense between eyes and lower lip. */
static double
row_knot(int row)
{
    if (row < 20)
        return 6.0 * row / 20;
    if (row < 70)
        return 6 + 5.0 * (row - 20) / 50;
    return 11 + 3.0 * (row - 70) / (MF_HEAD_ROWS - 1 - 70);
}

/* Smooth bump, 1 in the middle, 0 from the rim of its ellipse on. */
static double
bump(double x, double y, double cx, double cy, double rx, double ry)
{
    double u = (x - cx) / rx, v = (y - cy) / ry, r = 1 - u * u - v * v;

    return r > 0 ? r * r : 0;
}

static double
nose(const mf_person *w, double x, double y)
{
    double ax = fabs(x), top = mf_smooth(-0.25, 0.60, y), under, wide, h;

    if (y < -0.3 || y > 0.95 || ax > 0.45)
        return 0;
    under = 1 - mf_smooth(0.66, 0.84, y);
    wide  = (0.105 + 0.07 * mf_smooth(0.25, 0.65, y)) * (double)w->nose_width;
    h     = (0.05 + 0.31 * top) * (double)w->nose_height * exp(-ax * ax / (wide * wide)) * under;
    h += 0.10 * (double)w->nose_tip * bump(x, y, 0, 0.60, 0.17 * (double)w->nose_width, 0.17);
    h += 0.15 * bump(ax, y, 0.165 * (double)w->nose_width, 0.67, 0.12 * (double)w->nose_width, 0.13);
    return h;
}

/* What stands on the plain row: everything that makes a face of an egg. (x, y) of the mean face at rest. */
static double
relief(const mf_head *hd, double x, double y)
{
    const mf_person *w = hd->who;
    double ax = fabs(x), z = nose(w, x, y);

    z -= 0.11 * (double)w->eye_depth * bump(ax, y, 0.47, -0.04, 0.40, 0.25);
    z += 0.07 * bump(ax, y, 0.50, 0.0, 0.24, 0.17);
    z += 0.05 * (w->woman ? 0.6 : 1.2) * bump(ax, y, 0.42, -0.32, 0.52, 0.17);
    z += 0.07 * (double)w->cheekbone * bump(ax, y, 0.74, 0.42, 0.42, 0.36);
    z += 0.05 * (double)w->fullness * bump(ax, y, 0.68, 0.95, 0.45, 0.5);
    z += 0.05 * bump(x, y, 0, 1.10, 0.55, 0.36);
    z += 0.035 * bump(x, y, 0, 1.02, 0.40, 0.08);
    z += 0.045 * bump(x, y, 0, 1.19, 0.34, 0.11);
    z -= 0.05 * bump(x, y, 0, 1.41, 0.36, 0.11);
    z += 0.07 * bump(x, y, 0, 1.68, 0.34, 0.22);
    z -= 0.02 * bump(x, y, 0, 0.90, 0.06, 0.10);
    return z;
}

/* ------------------------------------------------------------------------------------------ actions of the face */

/* Skin round (cx, cy) moves by (dx, dy, dz) at full strength; given for the image-right side and mirrored.
 * once = 1: a middle piece, applied one time. */
typedef struct move {
    int    unit, once;
    double cx, cy, rx, ry, dx, dy, dz;
} move;

static const move moves[] = {
    {1, 0, 0.23, -0.34, 0.34, 0.38, 0.00, -0.21, 0.00},  {1, 0, 0.20, -0.75, 0.40, 0.35, 0.00, -0.07, 0.00},
    {2, 0, 0.72, -0.36, 0.42, 0.36, 0.00, -0.18, 0.00},  {2, 0, 0.60, -0.75, 0.45, 0.35, 0.00, -0.06, 0.00},
    {4, 0, 0.20, -0.34, 0.32, 0.28, -0.085, 0.135, 0.02}, {4, 0, 0.60, -0.36, 0.36, 0.26, -0.03, 0.085, 0.01},
    {4, 1, 0.00, -0.36, 0.12, 0.22, 0.00, 0.02, 0.035},  {4, 0, 0.06, -0.36, 0.05, 0.20, 0.00, 0.00, -0.02},
    {6, 0, 0.62, 0.40, 0.44, 0.34, 0.00, -0.10, 0.075},  {6, 0, 0.82, -0.30, 0.26, 0.20, 0.00, 0.012, 0.00},
    {7, 0, 0.50, 0.14, 0.26, 0.10, 0.00, -0.02, 0.02},
    {9, 0, 0.17, 0.55, 0.24, 0.34, 0.02, -0.085, 0.04},  {9, 0, 0.22, -0.32, 0.34, 0.28, -0.02, 0.090, 0.01},
    {9, 0, 0.24, 0.95, 0.34, 0.20, 0.00, -0.06, 0.01},   {9, 0, 0.40, 0.30, 0.30, 0.24, -0.02, -0.04, 0.03},
    {10, 0, 0.26, 0.93, 0.30, 0.22, 0.01, -0.07, 0.02},  {10, 0, 0.36, 0.66, 0.24, 0.30, 0.03, -0.03, 0.04},
    {12, 0, 0.47, 1.09, 0.42, 0.36, 0.150, -0.185, -0.04}, {12, 0, 0.64, 0.62, 0.36, 0.32, 0.04, -0.07, 0.11},
    {15, 0, 0.46, 1.12, 0.32, 0.32, 0.02, 0.18, 0.00},
    {16, 1, 0.00, 1.30, 0.40, 0.20, 0.00, 0.05, 0.02},
    {17, 1, 0.00, 1.62, 0.42, 0.32, 0.00, -0.08, 0.06},  {17, 1, 0.00, 1.30, 0.42, 0.16, 0.00, -0.05, 0.03},
    {20, 0, 0.47, 1.13, 0.40, 0.34, 0.185, 0.035, -0.03},
    {23, 0, 0.46, 1.09, 0.34, 0.26, -0.055, 0.00, 0.01},
    {26, 0, 0.48, 1.09, 0.30, 0.40, -0.07, 0.00, -0.02}, {27, 0, 0.48, 1.09, 0.34, 0.50, -0.12, 0.00, -0.04},
};

double
mf_au(const mf_head *h, int unit)
{
    return 0.5 * (double)(h->au[0][unit] + h->au[1][unit]);
}

static void
deform(const mf_head *h, double p[3], double jaw_share)
{
    double x = p[0], y = p[1], ax = fabs(x), share = jaw_share;

    for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++) {
        const move *m = &moves[i];
        double      k;
        if (fabs(y - m->cy) >= m->ry || ax >= m->cx + m->rx || ax <= m->cx - m->rx)
            continue;
        if (m->once) {
            k = bump(x, y, m->cx, m->cy, m->rx, m->ry) * mf_au(h, m->unit);
            p[1] += k * m->dy;
            p[2] += k * m->dz;
            continue;
        }
        for (int side = 0; side < 2; side++) {
            double sign = side == 0 ? -1 : 1;
            k = bump(x, y, sign * m->cx, m->cy, m->rx, m->ry) * (double)h->au[side][m->unit];
            p[0] += sign * k * m->dx;
            p[1] += k * m->dy;
            p[2] += k * m->dz;
        }
    }
    if (share < 0)
        share = mf_smooth(1.02, 1.32, y) * (1 - 0.45 * mf_smooth(0.7, 1.1, ax));
    p[1] += share * h->jaw_drop;
    p[2] -= 0.25 * share * h->jaw_drop;
    if (jaw_share < 0) /* cheeks draw in when the jaw falls */
        p[2] -= 0.16 * h->jaw_drop * bump(ax, y, 0.66, 1.05, 0.40, 0.5);
}

/* From the mean face to this person's proportions. */
static void
form(const mf_person *w, double p[3])
{
    double y = p[1], low = mf_smooth(0.5, 1.6, y);

    p[0] *= (double)w->width * (1 + ((double)w->jaw - 1) * low) *
            (1 + 0.04 * (double)w->fullness * mf_smooth(0.3, 1.1, y));
    if (y > 0.3)
        p[1] = 0.3 + (y - 0.3) * (double)w->chin;
    else if (y < -0.3)
        p[1] = -0.3 + (y + 0.3) * (double)w->forehead;
}

/* ------------------------------------------------------------------------------------------ surface and projection */

double
mf_head_z(const mf_head *h, double x, double y)
{
    double row = 0, z = 0, ax = fabs(x);

    /* The row through y on the middle line, then corrected for the bend of the row. */
    for (int i = 0; i < MF_HEAD_ROWS - 1 && h->mid[i + 1][1] < y; i++)
        row = i + 1;
    for (int it = 0; it < 8; it++) {
        int    i = (int)mf_clamp(floor(row), 0, MF_HEAD_ROWS - 2);
        double f = row - i, m[3], c[3], sn, cs, at, slope;
        for (int k = 0; k < 3; k++) {
            m[k] = h->mid[i][k] + f * (h->mid[i + 1][k] - h->mid[i][k]);
            c[k] = h->rim[i][k] + f * (h->rim[i + 1][k] - h->rim[i][k]);
        }
        sn    = c[0] > 1e-6 ? mf_clamp(ax / c[0], 0, 1) : 0;
        cs    = sqrt(1 - sn * sn);
        at    = m[1] + (c[1] - m[1]) * (1 - cs);
        z     = c[2] + (m[2] - c[2]) * cs;
        slope = fmax(1e-3, h->mid[i + 1][1] - h->mid[i][1]);
        row   = mf_clamp(row + 0.8 * (y - at) / slope, 0, MF_HEAD_ROWS - 1);
    }
    return z + relief(h, x, y);
}

void
mf_head_project(double out[2], const mf_head *h, double x, double y, double z)
{
    static const double pivot[3] = {0, 0.5, -0.7}; /* about where the neck holds the head */
    double v[3] = {x - pivot[0], y - pivot[1], z - pivot[2]};

    for (int c = 0; c < 2; c++)
        out[c] = (c == 0 ? h->cx : h->cy) +
                 h->scale * (pivot[c] + h->rot[c][0] * v[0] + h->rot[c][1] * v[1] + h->rot[c][2] * v[2]);
}

void
mf_head_point_with(double out[2], const mf_head *h, double x, double y, double lift, double ox, double oy, double jaw_share)
{
    double p[3] = {x, y, mf_head_z(h, x, y) + lift};

    deform(h, p, jaw_share);
    p[0] += ox;
    p[1] += oy;
    form(h->who, p);
    mf_head_project(out, h, p[0], p[1], p[2]);
}

void
mf_head_point(double out[2], const mf_head *h, double x, double y, double lift)
{
    mf_head_point_with(out, h, x, y, lift, 0, 0, -1);
}

void
mf_head_jaw(double out[17][2], const mf_head *h)
{
    for (int i = 0; i < 17; i++) {
        int    k = i <= 8 ? i : 16 - i;
        double p[3];
        memcpy(p, contour[6 + k], sizeof p);
        if (i < 8)
            p[0] = -p[0];
        deform(h, p, -1);
        form(h->who, p);
        mf_head_project(out[i], h, p[0], p[1], p[2]);
    }
}

static void
pose(mf_head *h)
{
    double cy = cos((double)h->scene->yaw), sy = sin((double)h->scene->yaw);
    double cp = cos((double)h->scene->pitch), sp = sin((double)h->scene->pitch);
    double cr = cos((double)h->scene->roll), sr = sin((double)h->scene->roll);
    double a[3][3] = {{cy, 0, sy}, {sy * sp, cp, -cy * sp}, {-sy * cp, sp, cy * cp}};

    for (int c = 0; c < 3; c++) { /* roll last */
        h->rot[0][c] = cr * a[0][c] - sr * a[1][c];
        h->rot[1][c] = sr * a[0][c] + cr * a[1][c];
        h->rot[2][c] = a[2][c];
    }
}

static void
vertices(mf_head *h)
{
    static const double pivot[3] = {0, 0.5, -0.7};
    enum { SIDE = (MF_HEAD_COLS - 1 - 2 * MF_HEAD_BACK) / 2 };

    for (int j = 0; j < MF_HEAD_ROWS; j++)
        for (int i = 0; i < MF_HEAD_COLS; i++) {
            int    k = i - MF_HEAD_BACK - SIDE; /* -SIDE .. SIDE in front, beyond at the back */
            double a = fabs((double)k) / SIDE, sign = k < 0 ? -1 : 1, sn, cs, p[3], v[3];
            const double *m = h->mid[j], *c = h->rim[j];
            if (a <= 1) {
                double ang = 1.5707963 * pow(a, 1.35);
                sn = sin(ang);
                cs = cos(ang);
            } else {
                double ang = 1.5707963 * (1 + 1.2 * (a - 1) * SIDE / MF_HEAD_BACK * 0.4);
                sn = sin(ang);
                cs = cos(ang);
            }
            p[0] = sign * c[0] * sn;
            p[1] = m[1] + (c[1] - m[1]) * (1 - fmax(cs, 0));
            p[2] = c[2] + (m[2] - c[2]) * (cs > 0 ? cs : 0.6 * cs);
            if (cs > 0)
                p[2] += relief(h, p[0], p[1]);
            h->rest_xy[j][i][0] = (float)p[0];
            h->rest_xy[j][i][1] = (float)p[1];
            deform(h, p, -1);
            form(h->who, p);
            for (int q = 0; q < 3; q++)
                v[q] = p[q] - pivot[q];
            for (int q = 0; q < 3; q++) {
                h->p[j][i][q] = (float)(pivot[q] + h->rot[q][0] * v[0] + h->rot[q][1] * v[1] + h->rot[q][2] * v[2]);
                h->q[j][i][q] = (float)h->scale * h->p[j][i][q] + (float)(q == 0 ? h->cx : q == 1 ? h->cy : 0);
            }
        }
}

static void
normals(mf_head *h)
{
    for (int j = 0; j < MF_HEAD_ROWS; j++)
        for (int i = 0; i < MF_HEAD_COLS; i++) {
            const float *l = h->p[j][i > 0 ? i - 1 : i], *r = h->p[j][i + 1 < MF_HEAD_COLS ? i + 1 : i];
            const float *t = h->p[j > 0 ? j - 1 : j][i], *b = h->p[j + 1 < MF_HEAD_ROWS ? j + 1 : j][i];
            float u[3], v[3], n[3], len;
            for (int c = 0; c < 3; c++) {
                u[c] = r[c] - l[c];
                v[c] = b[c] - t[c];
            }
            n[0] = u[1] * v[2] - u[2] * v[1];
            n[1] = u[2] * v[0] - u[0] * v[2];
            n[2] = u[0] * v[1] - u[1] * v[0];
            len  = sqrtf(n[0] * n[0] + n[1] * n[1] + n[2] * n[2]);
            for (int c = 0; c < 3; c++)
                h->n[j][i][c] = len > 1e-9F ? n[c] / len : 0;
        }
    /* The poles, where a row is a point, take the normals of their neighbours. */
    memcpy(h->n[0], h->n[2], sizeof h->n[0]);
    memcpy(h->n[1], h->n[2], sizeof h->n[0]);
    memcpy(h->n[MF_HEAD_ROWS - 1], h->n[MF_HEAD_ROWS - 3], sizeof h->n[0]);
    memcpy(h->n[MF_HEAD_ROWS - 2], h->n[MF_HEAD_ROWS - 3], sizeof h->n[0]);
}

void
mf_head_build(mf_head *h, const mf_person *who, const mf_scene *scene, int size)
{
    h->who      = who;
    h->scene    = scene;
    h->size     = size;
    h->scale    = size / 3.45 * (double)scene->zoom;
    h->cx       = size * (0.5 + (double)scene->dx);
    h->cy       = size * (0.402 + (double)scene->dy);
    h->jaw_drop = 0.19 * mf_au(h, 26) + 0.37 * mf_au(h, 27);
    for (int j = 0; j < MF_HEAD_ROWS; j++) {
        knot_at(h->mid[j], middle, row_knot(j));
        knot_at(h->rim[j], contour, row_knot(j));
    }
    pose(h);
    vertices(h);
    normals(h);
}
