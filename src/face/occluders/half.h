/* face/occluders/half.h: what `lower` and `upper` share. */
#ifndef MF_FACE_OCCLUDERS_HALF_H
#define MF_FACE_OCCLUDERS_HALF_H

#include "core/error.h"
#include "image/image.h"

/* Rows first..last-1 become black (alpha, where there is one, becomes opaque). */
mf_status mf_occlude_rows(mf_image *im, int first, int last, mf_err *err);

#endif
