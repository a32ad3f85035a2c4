/* weights/stats.h: what a tensor's values look like, and how far two tensors are apart. */
#ifndef MF_WEIGHTS_STATS_H
#define MF_WEIGHTS_STATS_H

#include <stdint.h>
#include "core/error.h"
#include "nn/tensor.h"

typedef struct mf_tensor_stats {
    int64_t elements, nonfinite;
    double  min, max, mean; /* of the finite values; 0 where there is none */
} mf_tensor_stats;
mf_tensor_stats mf_tensor_stats_of(const mf_tensor *t);

/* max |a - b|, and that divided by max |b|. A value that is NaN or infinite in one and not equal in the other makes
 * both infinite. MF_E_ARG: the shapes differ. */
typedef struct mf_tensor_gap {
    double max_abs, relative;
} mf_tensor_gap;
mf_status mf_tensor_gap_of(mf_tensor_gap *out, const mf_tensor *a, const mf_tensor *b, mf_err *err);

#endif
