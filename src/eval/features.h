/* eval/features.h: what a layer of a network makes of the pictures of a data set. */
#ifndef MF_EVAL_FEATURES_H
#define MF_EVAL_FEATURES_H

#include <stddef.h>
#include <stdint.h>
#include "core/error.h"
#include "core/log.h"
#include "data/loader.h"
#include "data/manifest.h"
#include "infer/infer.h"

typedef struct mf_features {
    size_t    n, d, failed; /* failed: pictures that could not be read; they are not among the n */
    uint32_t *row;          /* [n] rows of the data set, in the order they were given */
    float    *x;            /* [n, d] */
} mf_features;
void mf_features_free(mf_features *f);

/* rows[0..n-1] of d through `f`, which was made with features or a layer. A picture that cannot be read is said in the log, left
 * out and counted. MF_E_NUMERIC: NaN or infinity; the sentence names the picture. */
mf_status mf_features_files(mf_features *out, mf_infer *f, const mf_dataset *d, const uint32_t *rows, size_t n, const mf_log *log,
                            const mf_progress *progress, mf_err *err);
/* The same from the cache, which holds the rows: pictures as training's own scoring sees them. `workers` as in data/loader.h. */
mf_status mf_features_cached(mf_features *out, mf_infer *f, const mf_dataset *d, const mf_cache *c, const uint32_t *rows, size_t n,
                             int workers, const mf_progress *progress, mf_err *err);

#endif
