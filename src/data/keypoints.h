/* data/keypoints.h: the landmarks of a data set's rows in the form that networks take (image/keypoints.h): as many points as
 * the network wants, in pixels of the picture in its file. */
#ifndef MF_DATA_KEYPOINTS_H
#define MF_DATA_KEYPOINTS_H

#include <stddef.h>
#include <stdint.h>
#include "core/error.h"
#include "core/str.h"
#include "data/manifest.h"
#include "face/landmarks.h"
#include "image/keypoints.h"

typedef struct mf_row_keypoints mf_row_keypoints;
/* landmarks.csv for rows[0..n-1] of d, each of which must have its points there; 5 and 68 are turned into each other
 * (face/landmarks.h). points: 5 or 68. MF_E_NOTFOUND: no landmarks.csv, or a row without points: names it and says what to do.
 * MF_E_ARG, MF_E_NUMERIC: points that are no face, with the line. The data set must outlive it. */
mf_status mf_row_keypoints_open(mf_row_keypoints **out, const mf_dataset *d, const uint32_t *rows, size_t n, int points, mf_err *err);
void      mf_row_keypoints_free(mf_row_keypoints *k);
/* p [points, 3] of one of those rows. */
void      mf_row_keypoints_at(float *p, const mf_row_keypoints *k, uint32_t row);
/* The same for a picture whose landmarks were read elsewhere. MF_E_ARG, MF_E_NUMERIC: they are no face. */
mf_status mf_keypoints_of(float *p, int points, const mf_landmarks *lm, mf_err *err);
/* For a picture outside any data set: NAME.pts beside NAME.jpg (data/pts.h). MF_E_NOTFOUND: there is none; says what to write. */
mf_status mf_keypoints_beside(float *p, int points, const char *picture, mf_err *err);

/* From pixels of the file to those of a working size, for rows[0..n-1]: out[row][0] for x and [1] for y; out has an entry a row of d. A
 * picture is probed, not decoded. MF_E_ARG: a point far outside its picture, with the line of landmarks.csv. */
mf_status mf_row_keypoints_scales(float (*out)[2], const mf_row_keypoints *k, const uint32_t *rows, size_t n, int width, int height, mf_err *err);
/* Sides of a row's picture. `path` is for the text of its path. */
mf_status mf_row_picture_size(int *w, int *h, const mf_dataset *d, size_t row, mf_str *path, mf_err *err);

#endif
