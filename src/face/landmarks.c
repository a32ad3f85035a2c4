/* face/landmarks.c: the three small things one does with landmarks before any drawing. */
#include "face/landmarks.h"

#include <math.h>

#define FAR_AWAY 1.0e5 /* pixels; beyond it a landmark is a mistake */

static void
centre(mf_landmarks *out, int at, const mf_landmarks *in, int first, int last)
{
    float sx = 0, sy = 0, doubt = 0;
    float n  = (float)(last - first + 1);

    for (int i = first; i <= last; i++) {
        sx += in->x[i];
        sy += in->y[i];
        doubt = in->doubt[i] > doubt ? in->doubt[i] : doubt;
    }
    out->x[at]     = sx / n;
    out->y[at]     = sy / n;
    out->doubt[at] = doubt;
}

mf_status
mf_landmarks_to5(mf_landmarks *out, const mf_landmarks *in, mf_err *err)
{
    mf_landmarks five = {.n = 5, .judged = in->judged};

    if (in->n == 5) {
        *out = *in;
        return MF_OK;
    }
    if (in->n != 68)
        return mf_fail(err, MF_E_ARG, "landmarks: expected 5 or 68 points, not %d", in->n);
    centre(&five, 0, in, 36, 41);
    centre(&five, 1, in, 42, 47);
    centre(&five, 2, in, 30, 30);
    centre(&five, 3, in, 48, 48);
    centre(&five, 4, in, 54, 54);
    *out = five;
    return MF_OK;
}

mf_status
mf_landmarks_check(const mf_landmarks *lm, mf_err *err)
{
    if (lm->n != 5 && lm->n != 68)
        return mf_fail(err, MF_E_ARG, "landmarks: expected 5 or 68 points, not %d", lm->n);
    for (int i = 0; i < lm->n; i++) {
        if (!isfinite(lm->x[i]) || !isfinite(lm->y[i]))
            return mf_fail(err, MF_E_NUMERIC, "landmarks: point %d is not a number", i);
        if (fabs((double)lm->x[i]) > FAR_AWAY || fabs((double)lm->y[i]) > FAR_AWAY)
            return mf_fail(err, MF_E_ARG, "landmarks: point %d at (%g, %g) is far outside any picture", i,
                           (double)lm->x[i], (double)lm->y[i]);
    }
    return MF_OK;
}

mf_landmarks
mf_landmarks_canonical(int w, int h)
{
    /* Fractions of width and height, read off grids laid over CK+48 and FER2013 crops (48 x 48). */
    static const float at[5][2] = {
        {0.31F, 0.385F}, {0.69F, 0.385F}, {0.50F, 0.60F}, {0.365F, 0.785F}, {0.635F, 0.785F}};
    mf_landmarks lm = {.n = 5};

    for (int i = 0; i < 5; i++) {
        lm.x[i] = at[i][0] * (float)w;
        lm.y[i] = at[i][1] * (float)h;
    }
    return lm;
}
