/* data/landmarks_csv.h: landmarks.csv of a data set: image,x0,y0,x1,y1,... with 5 or 68 points in pixels, or image,x0,y0,c0,x1,y1,c1,...
 * where c, from 0 to 1, is how sure a point is. */
#ifndef MF_DATA_LANDMARKS_CSV_H
#define MF_DATA_LANDMARKS_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include "core/error.h"
#include "core/str.h"
#include "data/manifest.h"
#include "face/landmarks.h"

/* Points of every row of a data set; rows without have n = 0. */
typedef struct mf_landmark_table mf_landmark_table;

/* DIR/landmarks.csv; *out is NULL (and the status MF_OK) where there is no such file. Errors name file and line:
 * a picture that the manifest lacks, a number of columns that is none of 11, 137, 16 and 205, a number that is none. */
mf_status    mf_landmarks_load(mf_landmark_table **out, const mf_dataset *d, mf_err *err);
mf_status    mf_landmarks_parse(mf_landmark_table **out, const mf_dataset *d, const char *name, const char *text,
                                size_t size, mf_err *err);
void         mf_landmarks_free(mf_landmark_table *t);
/* By value; n = 0 where the table is NULL or has no points for the row. */
mf_landmarks mf_landmarks_of(const mf_landmark_table *t, size_t row);

/* Line of landmarks.csv that the row was read from; 0: none. */
long         mf_landmarks_line(const mf_landmark_table *t, size_t row);
/* 5 or 68; 0 where the table is NULL. */
int          mf_landmarks_points(const mf_landmark_table *t);
/* Whether it says how sure points are. */
bool         mf_landmarks_judged(const mf_landmark_table *t);

/* An empty table for the rows of a data set, to be filled row by row. */
mf_status    mf_landmarks_new(mf_landmark_table **out, size_t n_rows, int points, bool judged, mf_err *err);
/* lm->n must be the table's; how sure its points are is kept where the table is judged. */
void         mf_landmarks_set(mf_landmark_table *t, size_t row, const mf_landmarks *lm);
/* Write the rows that have points, atomically. */
mf_status    mf_landmarks_save(const mf_landmark_table *t, const mf_dataset *d, const char *path, mf_err *err);

/* The same from anywhere: `of` gives the landmarks of a row, n = 0 for none. The text is written as it is made. */
typedef mf_landmarks mf_landmarks_of_fn(const void *arg, size_t row);
mf_status    mf_landmarks_write(const char *path, const mf_dataset *d, int points, mf_landmarks_of_fn *of, const void *arg,
                                mf_err *err);

/* How many points lie outside a picture of width x height; *first is the first of them. A point of a face that the picture's
 * edge cuts may; one further out than MF_LANDMARK_MARGIN of the side is a slip: of another picture, or in other units, and
 * *slip is then true and *first that point. */
#define MF_LANDMARK_MARGIN 0.5
int          mf_landmarks_outside(int *first, bool *slip, const mf_landmarks *lm, int width, int height);

/* Text of a landmarks.csv: the header for `points` (5 or 68), then a row a picture; lm->n must equal points and lm->judged be as in
 * the header. Pixels are written with two decimals, how sure a point is with three. */
void mf_landmarks_put_header(mf_str *out, int points, bool judged);
void mf_landmarks_put(mf_str *out, const char *image, const mf_landmarks *lm);

#endif
