/* face/landmarks_complete.c: 68 points from 5, by the regression of bench/peers/fit_landmarks.py.
 *
 * Five points say where a face is, how large and how it is turned; jaw, lids and lips are then the likeliest ones. What
 * is given stays where it is: the middle of each eye, the nose tip and the mouth corners come out as they went in. */
#include "face/landmarks.h"

#include <math.h>
#include "image/keypoints.h"

enum { FEATURES = 8, EVEN = 5 };

typedef struct half_point {
    int   at;
    float x[FEATURES], y[FEATURES];
} half_point;

static const half_point mean_half[] = {
#define MF_POINT(i, x0, x1, x2, x3, x4, x5, x6, x7, y0, y1, y2, y3, y4, y5, y6, y7) \
    {i, {x0, x1, x2, x3, x4, x5, x6, x7}, {y0, y1, y2, y3, y4, y5, y6, y7}},
#include "face/landmarks_mean_list.h"
#undef MF_POINT
};

typedef struct frame {
    double eyes[2], ux[2], d; /* middle between the eyes, unit vector along them, eye distance in pixels */
} frame;

static double
limit(double x, double most)
{
    return x < -most ? -most : x > most ? most : x;
}

static void
to_frame(double out[2], const frame *f, const mf_landmarks *lm, int i)
{
    double x = (double)lm->x[i] - f->eyes[0], y = (double)lm->y[i] - f->eyes[1];

    out[0] = (x * f->ux[0] + y * f->ux[1]) / f->d;
    out[1] = (y * f->ux[0] - x * f->ux[1]) / f->d;
}

/* Move points first..last by a step that is `left` at x0 and `right` at x1. */
static void
correct(double (*p)[2], int first, int last, const double left[2], const double right[2], double x0, double x1)
{
    for (int i = first; i <= last; i++) {
        double t = x1 > x0 ? limit((p[i][0] - x0) / (x1 - x0) - 0.5, 0.5) + 0.5 : 0.5;
        for (int c = 0; c < 2; c++)
            p[i][c] += left[c] + t * (right[c] - left[c]);
    }
}

static void
keep_what_is_given(double (*p)[2], const double given[5][2])
{
    double step[2][2], corner[2][2];

    for (int side = 0; side < 2; side++) {
        double mid[2] = {0, 0};
        for (int i = 0; i < 6; i++)
            for (int c = 0; c < 2; c++)
                mid[c] += p[36 + 6 * side + i][c] / 6;
        for (int c = 0; c < 2; c++) {
            step[0][c]      = given[side][c] - mid[c];
            step[1][c]      = given[3 + side][c] - p[48 + 6 * side][c];
            corner[side][c] = step[1][c];
        }
        correct(p, 36 + 6 * side, 41 + 6 * side, step[0], step[0], 0, 1);
    }
    correct(p, 48, 67, corner[0], corner[1], p[48][0], p[54][0]);
    for (int c = 0; c < 2; c++)
        step[0][c] = given[2][c] - p[30][c];
    for (int i = 28; i <= 35; i++) /* the ridge hangs between brow and tip; the nostrils go with the tip */
        for (int c = 0; c < 2; c++)
            p[i][c] += step[0][c] * (i < 30 ? (i - 27) / 3.0 : 1);
}

/* Of all points from those of the five. */
static void
doubts(mf_landmarks *all, const mf_landmarks *five)
{
    const float *d     = five->doubt;
    const float  mouth = d[3] > d[4] ? d[3] : d[4];

    all->judged = five->judged;
    for (int i = 0; i < 68; i++)
        all->doubt[i] = (i >= 17 && i < 22) || (i >= 36 && i < 42) ? d[0] : (i >= 22 && i < 27) || (i >= 42 && i < 48) ? d[1] : i >= 27 && i < 36 ? d[2] : mouth;
    all->doubt[48] = d[3];
    all->doubt[54] = d[4];
}

mf_status
mf_landmarks_to68(mf_landmarks *out, const mf_landmarks *in, mf_err *err)
{
    frame        f;
    double       given[5][2], p[68][2], s, v[FEATURES], dx, dy;
    mf_landmarks all = {.n = 68};

    if (in->n == 68) {
        *out = *in;
        return MF_OK;
    }
    if (in->n != 5)
        return mf_fail(err, MF_E_ARG, "landmarks: expected 5 or 68 points, not %d", in->n);
    dx  = (double)in->x[1] - (double)in->x[0];
    dy  = (double)in->y[1] - (double)in->y[0];
    f.d = sqrt(dx * dx + dy * dy);
    if (!(f.d >= 1))
        return mf_fail(err, MF_E_ARG, "landmarks: the eyes are %.1f pixels apart; a face needs at least 1", f.d);
    f.ux[0]   = dx / f.d;
    f.ux[1]   = dy / f.d;
    f.eyes[0] = 0.5 * ((double)in->x[0] + (double)in->x[1]);
    f.eyes[1] = 0.5 * ((double)in->y[0] + (double)in->y[1]);
    for (int i = 0; i < 5; i++)
        to_frame(given[i], &f, in, i);
    s    = sqrt(0.5 * (1 + pow(limit(0.5 * (given[3][1] + given[4][1]), 3) / 1.09, 2)));
    v[0] = 1;
    v[1] = limit(given[2][1] / s - 0.6, 0.4);
    v[2] = limit(0.5 * (given[3][1] + given[4][1]) / s - 1.09, 0.5);
    v[3] = limit((given[4][0] - given[3][0]) / s - 0.9, 0.4);
    v[4] = limit(1 / s - 1, 0.5);
    v[5] = limit(given[2][0] / s, 0.7);
    v[6] = limit(0.5 * (given[3][0] + given[4][0]) / s, 0.5);
    v[7] = limit((given[4][1] - given[3][1]) / s, 0.4);
    for (size_t k = 0; k < sizeof mean_half / sizeof mean_half[0]; k++) {
        const half_point *h = &mean_half[k];
        int               i = h->at, j = mf_keypoint_twin(68, i);
        p[i][0] = p[i][1] = p[j][0] = p[j][1] = 0;
        for (int q = 0; q < FEATURES; q++) {
            double x = s * (double)h->x[q] * v[q], y = s * (double)h->y[q] * v[q], sign = q < EVEN ? 1 : -1;
            p[i][0] += x;
            p[i][1] += y;
            if (j != i) { /* what an odd feature does, it does the other way round on the other side */
                p[j][0] -= sign * x;
                p[j][1] += sign * y;
            }
        }
    }
    keep_what_is_given(p, (const double (*)[2])given);
    for (int i = 0; i < 68; i++) {
        all.x[i] = (float)(f.eyes[0] + f.d * (p[i][0] * f.ux[0] - p[i][1] * f.ux[1]));
        all.y[i] = (float)(f.eyes[1] + f.d * (p[i][0] * f.ux[1] + p[i][1] * f.ux[0]));
    }
    doubts(&all, in);
    *out = all;
    return MF_OK;
}
