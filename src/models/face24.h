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

/* Where windows of a map are cut around those points: at[k] [N,2], the first row and column, for mf_crop. Along each side of n places
 * a coordinate becomes clip(p n / side, lo, n - hi) + add, and mf_crop takes the whole number below. swap: rows from x and columns
 * from y. lo < 0: no limits. */
typedef struct mf_face24_window { double lo, hi, add; bool swap; } mf_face24_window;
void mf_face24_places(mf_ref at[MF_FACE24], mf_graph *g, mf_ref points, const mf_model_in *in, mf_ref map, mf_face24_window w);
/* n values of one rank joined along axis 1, any number. */
mf_ref mf_face24_join(mf_graph *g, const mf_ref *v, int n);

#endif
