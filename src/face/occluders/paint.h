/* face/occluders/paint.h: what occluders share: black rows, the frame of a face, colours, a line for the record. */
#ifndef MF_FACE_OCCLUDERS_PAINT_H
#define MF_FACE_OCCLUDERS_PAINT_H

#include <stdbool.h>
#include "face/layer.h"
#include "face/occlude.h"

/* The frame of a face: origin between the eyes, unit the eye distance d of the unturned face (pixels), x along the eyes, y
 * down the face; `turn` is the sine of the yaw, positive to the image's right. */
typedef struct mf_face_frame {
    double eyes[2], ux[2], uy[2], d, turn;
} mf_face_frame;

mf_status mf_face_frame_make(mf_face_frame *out, const mf_landmarks *lm, mf_err *err);
/* (a, b, z) of a face seen from the front, z towards the viewer, to the picture. */
void      mf_face_frame_at(double out[2], const mf_face_frame *f, double a, double b, double z);

/* A layer over the box that the n points take up, with a margin; and what the photo is like round the eyes and below. */
mf_status mf_occlude_layer(mf_layer *out, mf_match *match, const mf_image *im, const mf_occluder_job *job,
                           const mf_face_frame *f, const double (*p)[2], int n, mf_err *err);
/* Rows first..last-1 become black (alpha, where there is one, becomes opaque), also in `cover`. */
void mf_occlude_rows(mf_image *im, uint8_t *cover, int first, int last);
/* Mean colour of the photo round (x, y), 0..1; false where that lies outside. */
bool mf_occlude_colour(float rgb[3], const mf_image *im, double x, double y);

/* Closed smooth outline through n knots (Catmull-Rom), `steps` points a knot, into out[n * steps]. */
void mf_occlude_smooth(double (*out)[2], const double (*p)[2], int n, int steps);

void mf_note(const mf_occluder_job *job, const char *kind, const float rgb[3], const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#endif
