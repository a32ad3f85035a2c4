/* data/landmarks_csv.h: landmarks.csv of a data set: image,x0,y0,x1,y1,... with 5 or 68 points in pixels. */
#ifndef MF_DATA_LANDMARKS_CSV_H
#define MF_DATA_LANDMARKS_CSV_H

#include <stddef.h>
#include "core/error.h"
#include "core/str.h"
#include "data/manifest.h"
#include "face/landmarks.h"

/* Points of every row of a data set; rows without have n = 0. */
typedef struct mf_landmark_table mf_landmark_table;

/* DIR/landmarks.csv; *out is NULL (and the status MF_OK) where there is no such file. Errors name file and line:
 * a picture that the manifest lacks, a number of columns that is neither 11 nor 137, a number that is none. */
mf_status    mf_landmarks_load(mf_landmark_table **out, const mf_dataset *d, mf_err *err);
mf_status    mf_landmarks_parse(mf_landmark_table **out, const mf_dataset *d, const char *name, const char *text,
                                size_t size, mf_err *err);
void         mf_landmarks_free(mf_landmark_table *t);
/* By value; n = 0 where the table is NULL or has no points for the row. */
mf_landmarks mf_landmarks_of(const mf_landmark_table *t, size_t row);

/* Text of a landmarks.csv: the header for `points` (5 or 68), then a row a picture; lm->n must equal points. Pixels
 * are written with two decimals. */
void mf_landmarks_put_header(mf_str *out, int points);
void mf_landmarks_put(mf_str *out, const char *image, const mf_landmarks *lm);

#endif
