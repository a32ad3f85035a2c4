/* face/mask_shape.c: from landmarks to the four boundary curves of a mask, and the surface between them.
 *
 * Everything is computed in the frame of the face: E the middle between the eyes, ux along the eyes, uy down the face,
 * lengths in eye distances d. */
#include "face/mask.h"

#include <math.h>
#include <string.h>

/* What the curves need. */
typedef struct head {
    double d, ux[2], uy[2], eyes[2];
    double jaw[17][2], mouth[2];
    double line[6][2];   /* down the middle: between the eyes, nose tip, under it, upper lip, under the lower lip, chin */
    double eye_pt[12][2];
} head;

static void
mix(double out[2], const double a[2], const double b[2], double t)
{
    out[0] = a[0] + t * (b[0] - a[0]);
    out[1] = a[1] + t * (b[1] - a[1]);
}

static void
along(double p[2], const double axis[2], double len)
{
    p[0] += axis[0] * len;
    p[1] += axis[1] * len;
}

static double
dot(const double a[2], const double b[2])
{
    return a[0] * b[0] + a[1] * b[1];
}

/* Uniform Catmull-Rom through n points at parameter t in 0..n-1; past the ends it goes straight on. */
static void
spline_at(double out[2], const double (*p)[2], int n, double t)
{
    int    i = (int)floor(t);
    double f;

    if (i < 0)
        i = 0;
    if (i > n - 2)
        i = n - 2;
    f = t - i;
    for (int c = 0; c < 2; c++) {
        double p1 = p[i][c], p2 = p[i + 1][c];
        double p0 = i > 0 ? p[i - 1][c] : 2 * p1 - p2;
        double p3 = i + 2 < n ? p[i + 2][c] : 2 * p2 - p1;
        if (f < 0)
            out[c] = p1 + f * 0.5 * (p2 - p0);
        else if (f > 1)
            out[c] = p2 + (f - 1) * 0.5 * (p3 - p1);
        else
            out[c] = p1 + 0.5 * f * (p2 - p0 + f * (2 * p0 - 5 * p1 + 4 * p2 - p3 + f * (3 * (p1 - p2) + p3 - p0)));
    }
}

static void
mean_points(double out[2], const mf_landmarks *lm, int first, int last)
{
    out[0] = out[1] = 0;
    for (int i = first; i <= last; i++) {
        out[0] += (double)lm->x[i] / (last - first + 1);
        out[1] += (double)lm->y[i] / (last - first + 1);
    }
}

static mf_status
frame(head *h, const double el[2], const double er[2], mf_err *err)
{
    double dx = er[0] - el[0], dy = er[1] - el[1];

    h->d = sqrt(dx * dx + dy * dy);
    if (h->d < 3.0)
        return mf_fail(err, MF_E_ARG, "landmarks: the eyes are %.1f pixels apart; a mask needs at least 3", h->d);
    h->ux[0] = dx / h->d;
    h->ux[1] = dy / h->d;
    h->uy[0] = -h->ux[1];
    h->uy[1] = h->ux[0];
    mix(h->eyes, el, er, 0.5);
    return MF_OK;
}

static mf_status
from68(head *h, const mf_landmarks *lm, mf_err *err)
{
    static const int down[6] = {27, 30, 33, 51, 57, 8};
    double    el[2], er[2];
    mf_status st;

    mean_points(el, lm, 36, 41);
    mean_points(er, lm, 42, 47);
    if ((st = frame(h, el, er, err)) < 0)
        return st;
    for (int i = 0; i < 17; i++) {
        h->jaw[i][0] = (double)lm->x[i];
        h->jaw[i][1] = (double)lm->y[i];
    }
    for (int i = 0; i < 6; i++)
        mean_points(h->line[i], lm, down[i], down[i]);
    mean_points(h->mouth, lm, 48, 59);
    for (int i = 0; i < 12; i++)
        mean_points(h->eye_pt[i], lm, 36 + i, 36 + i);
    return MF_OK;
}

/* Resample a spline of n knots to MF_MASK_CURVE points, equally spaced from knot a to knot b, into out[from..to]. */
static void
resample(double (*out)[2], int from, int to, const double (*knot)[2], int n, double a, double b)
{
    enum { FINE = 64 };
    double pt[FINE + 1][2], len[FINE + 1];
    int    j = 0;

    len[0] = 0;
    for (int i = 0; i <= FINE; i++) {
        spline_at(pt[i], knot, n, a + (b - a) * i / FINE);
        if (i > 0)
            len[i] = len[i - 1] + hypot(pt[i][0] - pt[i - 1][0], pt[i][1] - pt[i - 1][1]);
    }
    for (int i = from; i <= to; i++) {
        double want = len[FINE] * (i - from) / (to - from);
        while (j < FINE - 1 && len[j + 1] < want)
            j++;
        mix(out[i], pt[j], pt[j + 1], len[j + 1] > len[j] ? (want - len[j]) / (len[j + 1] - len[j]) : 0);
    }
}

static void
curves(mf_mask_shape *s, const head *h, const mf_mask_fit *fit, double alpha)
{
    enum { HALF = MF_MASK_CURVE / 2 };
    double top[5][2], bot[7][2], a[2], c[2], ctl[2], lift[2], turn[2] = {cos((double)fit->roll), sin((double)fit->roll)};
    double (*all[4])[2] = {s->top, s->bottom, s->left, s->right};

    {
        double x = fmin(fmax(alpha, 0), 5);
        int    i = x >= 5 ? 4 : (int)x;
        mix(a, h->line[i], h->line[i + 1], x - i);
    }
    mix(c, h->jaw[8], h->line[4], (double)fit->low);
    lift[0] = c[0] - h->jaw[8][0];
    lift[1] = c[1] - h->jaw[8][1];
    along(c, h->uy, ((double)fit->beta + (double)fit->neck) * h->d);
    memcpy(top[2], a, sizeof a);
    memcpy(bot[3], c, sizeof c);
    for (int side = 0; side < 2; side++) {
        double tu = (double)fit->tu[side], tl = (double)fit->tl[side], p[2], out[2], len;
        int    end = side == 0 ? 0 : 4, cheek = side == 0 ? 1 : 3;

        spline_at(p, h->jaw, 17, side == 0 ? tu : 16 - tu);
        mix(top[end], p, a, (double)fit->inset_upper);
        mix(top[cheek], top[end], a, 0.55);
        along(top[cheek], h->uy, -(double)fit->cheek * h->d);
        spline_at(p, h->jaw, 17, side == 0 ? tl : 16 - tl);
        mix(bot[side == 0 ? 0 : 6], p, a, (double)fit->inset_lower);
        along(bot[side == 0 ? 0 : 6], h->uy, 0.85 * (double)fit->neck * h->d);
        for (int k = 1; k <= 2; k++) {
            double t = tl + (8 - tl) * k / 3.0, down = k / 3.0;
            spline_at(p, h->jaw, 17, side == 0 ? t : 16 - t);
            out[0] = p[0] - h->mouth[0];
            out[1] = p[1] - h->mouth[1];
            len    = hypot(out[0], out[1]);
            if (len > 0)
                along(p, out, (double)fit->bulge * h->d / len);
            p[0] += down * lift[0];
            p[1] += down * lift[1];
            if (fit->neck > 0) { /* a scarf hangs straight down from the jaw */
                mix(p, bot[side == 0 ? 0 : 6], c, down);
                along(p, h->uy, 0.05 * sin(3.14159 * down) * h->d);
            }
            memcpy(bot[side == 0 ? k : 6 - k], p, sizeof p);
        }
    }
    resample(s->top, 0, HALF, (const double (*)[2])top, 5, 0, 2);
    resample(s->top, HALF, 2 * HALF, (const double (*)[2])top, 5, 2, 4);
    resample(s->bottom, 0, HALF, (const double (*)[2])bot, 7, 0, 3);
    resample(s->bottom, HALF, 2 * HALF, (const double (*)[2])bot, 7, 3, 6);
    for (int side = 0; side < 2; side++) {
        double (*edge)[2] = side == 0 ? s->left : s->right;
        const double *u = top[side == 0 ? 0 : 4], *l = bot[side == 0 ? 0 : 6];
        mix(ctl, u, l, 0.5);
        along(ctl, h->ux, (side == 0 ? 1 : -1) * (double)fit->waist * h->d);
        if (fit->neck > 0) { /* it follows the jaw before it goes down the neck */
            double p[2];
            spline_at(p, h->jaw, 17, side == 0 ? 3.2 : 12.8);
            along(p, h->ux, (side == 0 ? -1 : 1) * (double)fit->bulge * h->d);
            for (int k = 0; k < 2; k++)
                ctl[k] = 2 * p[k] - 0.5 * (u[k] + l[k]);
        }
        for (int i = 0; i < MF_MASK_CURVE; i++) {
            double t = i / (double)(MF_MASK_CURVE - 1);
            for (int k = 0; k < 2; k++)
                edge[i][k] = (1 - t) * (1 - t) * u[k] + 2 * t * (1 - t) * ctl[k] + t * t * l[k];
        }
    }
    for (int k = 0; k < 4; k++) /* crooked: turn about the mouth and shift */
        for (int i = 0; i < MF_MASK_CURVE; i++) {
            double x = all[k][i][0] - h->mouth[0], y = all[k][i][1] - h->mouth[1];
            all[k][i][0] = h->mouth[0] + turn[0] * x - turn[1] * y + (double)fit->shift * h->d * h->ux[0];
            all[k][i][1] = h->mouth[1] + turn[1] * x + turn[0] * y + (double)fit->shift * h->d * h->ux[1];
        }
}

/* How far the top edge must come down so that all eye points have their clearance, eye distances; <= 0 is fine. */
static double
eyes_under(const mf_mask_shape *s, const head *h)
{
    double worst = -1;

    for (int e = 0; e < 12; e++) {
        double rel[2] = {h->eye_pt[e][0] - h->eyes[0], h->eye_pt[e][1] - h->eyes[1]};
        double ea = dot(rel, h->ux), eb = dot(rel, h->uy);
        for (int i = 0; i + 1 < MF_MASK_CURVE; i++) {
            double p[2] = {s->top[i][0] - h->eyes[0], s->top[i][1] - h->eyes[1]};
            double q[2] = {s->top[i + 1][0] - h->eyes[0], s->top[i + 1][1] - h->eyes[1]};
            double pa = dot(p, h->ux), qa = dot(q, h->ux), pb = dot(p, h->uy), qb = dot(q, h->uy), need;
            if ((ea - pa) * (ea - qa) > 0 || pa == qa)
                continue;
            need = (eb - (pb + (qb - pb) * (ea - pa) / (qa - pa))) / h->d + 0.06;
            if (need > worst)
                worst = need;
        }
    }
    return worst;
}

static void
ears(mf_mask_shape *s, const head *h)
{
    double axis[2] = {h->jaw[8][0] - h->line[0][0], h->jaw[8][1] - h->line[0][1]}, len = hypot(axis[0], axis[1]);
    double w[2], sum, skew;

    for (int side = 0; side < 2; side++) {
        const double *j = h->jaw[side == 0 ? 2 : 14];
        w[side] = len > 0 ? fabs((j[0] - h->line[0][0]) * axis[1] - (j[1] - h->line[0][1]) * axis[0]) / len : h->d;
        for (int k = 0; k < 2; k++) {
            double *p = s->ear[side][k];
            memcpy(p, h->jaw[side == 0 ? 0 : 16], 2 * sizeof *p);
            along(p, h->ux, (side == 0 ? -1 : 1) * 0.05 * h->d);
            along(p, h->uy, (k == 0 ? -0.12 : 0.30) * h->d);
        }
    }
    sum  = w[0] + w[1];
    skew = sum > 0 ? (w[1] - w[0]) / sum : 0;
    s->ear_seen[0] = skew < 0.42; /* a small left width: that ear is turned away */
    s->ear_seen[1] = skew > -0.42;
}

mf_status
mf_mask_shape_make(mf_mask_shape *out, const mf_landmarks *lm, const mf_mask_fit *fit, mf_err *err)
{
    head        h   = {0};
    mf_mask_fit own = *fit;
    mf_landmarks all;
    mf_status   st;

    memset(out, 0, sizeof *out);
    if ((st = mf_landmarks_check(lm, err)) < 0 || (st = mf_landmarks_to68(&all, lm, err)) < 0 || (st = from68(&h, &all, err)) < 0)
        return st;
    out->d = h.d;
    memcpy(out->ux, h.ux, sizeof h.ux);
    memcpy(out->uy, h.uy, sizeof h.uy);
    memcpy(out->eyes, h.eyes, sizeof h.eyes);
    memcpy(out->mouth, h.mouth, sizeof h.mouth);
    for (int attempt = 0; attempt < 8; attempt++) {
        double need;
        curves(out, &h, &own, (double)own.alpha);
        need = eyes_under(out, &h);
        if (need <= 0)
            break;
        if (own.alpha < 0.9F)
            own.alpha = fminf(0.9F, own.alpha + (float)fmin(0.3, 0.05 + need));
        own.cheek -= 0.03F + (float)fmin(0.1, 0.5 * need);
        if (attempt >= 2)
            own.tu[0] += 0.2F, own.tu[1] += 0.2F;
    }
    ears(out, &h);
    return MF_OK;
}

/* Boundary polyline at t in 0..1, straight on outside. */
static void
curve_at(double out[2], const double (*c)[2], double t)
{
    double x = t * (MF_MASK_CURVE - 1);
    int    i = (int)floor(x);

    if (i < 0)
        i = 0;
    if (i > MF_MASK_CURVE - 2)
        i = MF_MASK_CURVE - 2;
    mix(out, c[i], c[i + 1], x - i);
}

void
mf_mask_shape_at(double out[2], const mf_mask_shape *s, double u, double v)
{
    double t[2], b[2], l[2], r[2];

    curve_at(t, s->top, u);
    curve_at(b, s->bottom, u);
    curve_at(l, s->left, v);
    curve_at(r, s->right, v);
    for (int k = 0; k < 2; k++)
        out[k] = (1 - v) * t[k] + v * b[k] + (1 - u) * l[k] + u * r[k] -
                 ((1 - u) * (1 - v) * s->top[0][k] + u * (1 - v) * s->top[MF_MASK_CURVE - 1][k] +
                  (1 - u) * v * s->bottom[0][k] + u * v * s->bottom[MF_MASK_CURVE - 1][k]);
}
