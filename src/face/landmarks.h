/* face/landmarks.h: 5 or 68 points of a face in pixels (iBUG order for 68; eyes, nose tip, mouth corners for 5). */
#ifndef MF_FACE_LANDMARKS_H
#define MF_FACE_LANDMARKS_H

#include "core/error.h"

typedef struct mf_landmarks {
    int   n;         /* 0 none, 5 or 68 */
    float x[68], y[68]; /* pixels, y down; may lie outside the picture */
} mf_landmarks;

/* 5 points of 68: centres of the eyes (36-41, 42-47), nose tip (30), mouth corners (48, 54). */
mf_status mf_landmarks_to5(mf_landmarks *out, const mf_landmarks *in, mf_err *err);
/* The canonical place of a face in a tight square crop (FER2013, CK+48 style), 5 points, for a w x h picture. */
mf_landmarks mf_landmarks_canonical(int w, int h);

#endif
