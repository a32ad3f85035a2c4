/* face/landmarks.h: 5 or 68 points of a face in pixels (iBUG order for 68; eyes, nose tip, mouth corners for 5). */
#ifndef MF_FACE_LANDMARKS_H
#define MF_FACE_LANDMARKS_H

#include <stdbool.h>
#include "core/error.h"

typedef struct mf_landmarks {
    int   n;         /* 0 none, 5 or 68 */
    float x[68], y[68]; /* pixels, y down; may lie outside the picture */
    bool  judged;    /* whoever marked them said how sure each is; else `doubt` is 0 */
    float doubt[68]; /* 1 less how sure the point is: 0 seen, 1 hidden or guessed */
} mf_landmarks;

/* MF_E_ARG: neither 5 nor 68 points, or one absurdly far away; MF_E_NUMERIC: one is not a number. */
mf_status mf_landmarks_check(const mf_landmarks *lm, mf_err *err);
/* 5 points of 68: centres of the eyes (36-41, 42-47), nose tip (30), mouth corners (48, 54). An eye is as doubtful
 * as the most doubtful of its points. */
mf_status mf_landmarks_to5(mf_landmarks *out, const mf_landmarks *in, mf_err *err);
/* 68 points of 5: eyes, nose tip and mouth corners stay, the rest is what is likeliest for them (regression over photos;
 * bench/peers/fit_landmarks.py). Each is as doubtful as what it lies
 * by: brows as their eye, jaw and lips as the mouth corners. MF_E_ARG: neither 5 nor 68 points, or eyes less than a pixel apart. */
mf_status mf_landmarks_to68(mf_landmarks *out, const mf_landmarks *in, mf_err *err);
/* The canonical place of a face in a tight square crop (FER2013, CK+48 style), 5 points, for a w x h picture. */
mf_landmarks mf_landmarks_canonical(int w, int h);

#endif
