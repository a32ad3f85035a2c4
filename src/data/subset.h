/* data/subset.h: a new data set of some pictures of another, with labels of their own. The other is left as it is. */
#ifndef MF_DATA_SUBSET_H
#define MF_DATA_SUBSET_H

#include <stdbool.h>
#include <stddef.h>
#include "core/error.h"
#include "core/str.h"
#include "data/jobs.h"
#include "data/manifest.h"

enum { MF_SUBSET_EXTRAS = 4 };

typedef struct mf_subset_opts {
    const char   *name;          /* of the new set */
    const int    *label;         /* [rows] class of each picture in the new set; -1: left out */
    const double *soft;          /* [rows, classes] to be written to soft.csv; NULL: a picture whose label stays keeps what it has */
    bool          force;         /* replace an existing data set */
    bool          link;          /* hard links instead of copies */
    struct {
        const char   *name;      /* a file to be written into the folder; NULL: no more */
        const mf_str *text;
    } extra[MF_SUBSET_EXTRAS];
    mf_jobs_opts  jobs;
} mf_subset_opts;

/* Build data set `out_dir`, whole or not at all: pictures byte by byte, subject, occlusion, pair, split, landmarks, licence
 * and source with them. MF_E_ARG: nothing is left. */
mf_status mf_subset_make(const char *out_dir, const mf_dataset *d, const mf_subset_opts *o, mf_err *err);

#endif
