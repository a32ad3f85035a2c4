/* data/occlude.h: a data set with part of every face hidden, alone or beside the originals. */
#ifndef MF_DATA_OCCLUDE_H
#define MF_DATA_OCCLUDE_H

#include <stdbool.h>
#include <stdint.h>
#include "core/error.h"
#include "data/jobs.h"
#include "data/manifest.h"

typedef struct mf_occlude_opts {
    const char  *with;     /* name of an occluder (face/occlude.h): mask, vr, hand, ... */
    const void  *cfg;      /* its option struct; NULL: defaults */
    bool         pair;     /* keep the originals too, each joined with its occluded version */
    uint64_t     seed;     /* of what an occluder draws by chance */
    bool         force;    /* replace an existing data set */
    mf_jobs_opts jobs;
} mf_occlude_opts;

typedef struct mf_occlude_counts {
    size_t made;           /* occluded pictures */
    size_t by_landmarks;   /* of them, placed by landmarks.csv; the others at the canonical place of a tight crop */
    size_t left_out;       /* pictures of `d` that are occluded already */
} mf_occlude_counts;

/* Make data set `out_dir` from the non-occluded pictures of `d`. Picture P becomes KIND/P; with `pair` P itself is copied
 * byte by byte, and both carry the pair P. Label, subject, split, soft label and landmarks go with them. What is drawn
 * on a picture depends on seed and path alone, and is written to occlusions.csv with the share of each part of the face
 * that it hides (data/occlusions_csv.h). */
mf_status mf_occlude_make(mf_occlude_counts *counts, const mf_dataset *d, const char *out_dir, const mf_occlude_opts *o,
                          mf_err *err);

#endif
