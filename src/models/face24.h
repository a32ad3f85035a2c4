/* models/face24.h: the 24 places of a face that gACNN and OADN look at, out of 68 landmarks (oadn-gacnn.md, part A). */
#ifndef MF_MODELS_FACE24_H
#define MF_MODELS_FACE24_H

#include "models/model.h"

enum { MF_FACE24 = 24 };

/* in->marks [N,68,3] -> [N,3,24]: x, y in pixels of in->x, how sure. Brows, eyes, nose and mouth, midpoints between them, and the
 * cheeks beside and above the mouth corners.
 *          points of the brows                              left cheek        right cheek       in pixels of 1/256 of the side
 * clean    inner ends 10 up, outer ones 2 up                16 left, 16 up    16 right, 16 up
 * code     as they are                                      16 left, 16 up    16 left, 16 down  (both signs wrong), whole pixels */
mf_ref mf_face24(mf_graph *g, const mf_model_in *in, bool code);

#endif
