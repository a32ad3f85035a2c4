/* face/student.h: drawn students: people who exist nowhere, with expressions. Vector drawing by cairo. */
#ifndef MF_FACE_STUDENT_H
#define MF_FACE_STUDENT_H

#include <stdbool.h>
#include <stdint.h>
#include "core/error.h"
#include "core/rng.h"
#include "face/landmarks.h"
#include "image/image.h"

/* Draw person `person` of `seed` showing `expression` (0..6: surprise fear disgust happy sad angry neutral), take `take`
 * (pose, light, strength of the expression are drawn per take), RGB of size x size pixels, with 68 landmarks.
 * With `masked`, the same person, expression and take wears an own mask (another light and pose draw, as in life).
 * Deterministic: the same arguments give the same pixels. `lm` may be NULL. */
mf_status mf_student_draw(mf_image *out, mf_landmarks *lm, uint64_t seed, int person, int expression, int take,
                          bool masked, int size, mf_err *err);

#endif
