/* image/keypoints.h: points that lie on a picture and move with it: landmarks of a face in the form that networks take.
 *
 * A point is MF_KEYPOINT floats: x, y in pixels (y down; pixel i covers [i, i+1), as in mf_draw), and how sure it is: 1, or from 0
 * on where a detector said so. A face has 5 points (eyes, nose tip, mouth corners) or 68 (iBUG); other numbers have no twins. */
#ifndef MF_IMAGE_KEYPOINTS_H
#define MF_IMAGE_KEYPOINTS_H

#include <stddef.h>
#include "image/prep.h"

/* The same place on the other side of the face: of n points the one that point i becomes in the mirror. An involution. */
int  mf_keypoint_twin(int n, int i);
/* p [n, 3], in pixels of a picture, to those of that picture resized: x * sx, y * sy. */
void mf_keypoints_scale(float *p, int n, double sx, double sy);
/* Where a draw puts them: from pixels of the source to those of the output. A draw that mirrors the picture makes each point its
 * twin, so that a left eye stays a left eye. */
void mf_keypoints_draw(float *p, int n, const mf_draw *d);
/* The same for the mirror image of a picture `width` pixels wide. Twice is nothing. */
void mf_keypoints_mirror(float *p, int n, int width);

#endif
