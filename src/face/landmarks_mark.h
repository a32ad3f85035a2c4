/* face/landmarks_mark.h: landmarks and the outline of a mask drawn onto a picture, to look at. */
#ifndef MF_FACE_LANDMARKS_MARK_H
#define MF_FACE_LANDMARKS_MARK_H

#include "core/error.h"
#include "face/landmarks.h"
#include "face/mask.h"
#include "image/image.h"

/* Onto an RGB picture: each point a dot (68 points: jaw, brows, nose, eyes and mouth in colours of their own), and the edge of
 * `mask` (NULL: none) as a line. `sure` false draws the points as rings: they were guessed. MF_E_ARG: not RGB. */
mf_status mf_landmarks_mark(mf_image *im, const mf_landmarks *lm, int sure, const mf_mask_shape *mask, mf_err *err);
/* A line of text on a dark strip along the lower edge. */
mf_status mf_landmarks_caption(mf_image *im, const char *text, mf_err *err);

#endif
