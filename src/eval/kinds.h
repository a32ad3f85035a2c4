/* eval/kinds.h: which kind of mask is on each picture, where the data set says so: DIR/occlusions.csv, columns image and kind. */
#ifndef MF_EVAL_KINDS_H
#define MF_EVAL_KINDS_H

#include "core/arena.h"
#include "core/error.h"
#include "data/manifest.h"

typedef struct mf_kinds {
    const char **of; /* [n_rows of the data set]; NULL: unknown; the list itself is NULL where the data set has no such file */
    mf_arena     arena;
} mf_kinds; /* {0} is "none known" */

/* *out ({0} before) is the caller's. Rows of pictures that are not in the manifest are passed over. MF_E_FORMAT: a column
 * is missing, or a row is too short; names file and line. */
mf_status mf_kinds_load(mf_kinds *out, const mf_dataset *d, mf_err *err);
void      mf_kinds_free(mf_kinds *k);

#endif
