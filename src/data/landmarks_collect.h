/* data/landmarks_collect.h: the landmarks of a data set from a folder of .pts files. */
#ifndef MF_DATA_LANDMARKS_COLLECT_H
#define MF_DATA_LANDMARKS_COLLECT_H

#include <stddef.h>
#include "core/error.h"
#include "data/jobs.h"
#include "data/landmarks_csv.h"
#include "data/manifest.h"

typedef struct mf_collected {
    size_t found;     /* pictures with a file */
    size_t missing;   /* pictures without */
    size_t outside;   /* pictures of which a point lies a little outside */
} mf_collected;

/* For picture a/b.jpg: FROM/a/b.pts, else FROM/b.pts. points: 68 or 5 (68 are reduced to 5), 0: as the files have it, which must
 * be the same in all. MF_E_FORMAT: a file breaks its form, or a point lies far outside the picture; the sentence names the
 * file. MF_E_NOTFOUND: no picture has a file. */
mf_status mf_landmarks_collect(mf_landmark_table **out, mf_collected *counts, const mf_dataset *d, const char *from, int points,
                               const mf_jobs_opts *jobs, mf_err *err);
/* The same table with 5 points a picture. */
mf_status mf_landmarks_reduce(mf_landmark_table **out, const mf_landmark_table *t, const mf_dataset *d, mf_err *err);

#endif
