/* nn/backends/onednn/permute.h: weights from one blocking to another, f32 to f32 or bf16, at the speed of memory.
 *
 * oneDNN reorders between its own bf16 and f32 blockings with slow loops. In every blocking the place of an element is a
 * sum of one term a dimension, so one table of offsets serves all tiles of the destination. */
#ifndef MF_NN_ONEDNN_PERMUTE_H
#define MF_NN_ONEDNN_PERMUTE_H

#include "nn/backends/onednn/simd.h"
#include "nn/tensor.h"

typedef struct mf_dn_permute {
    const mf_dn_simd *simd;
    int32_t          *index;      /* [tile]: places of a destination tile's elements from the source tile's first */
    size_t            tile;       /* elements */
    size_t            n0, n1, ns; /* tiles along dimensions 0 and 1; taps */
    size_t           *src, *dst;  /* [n0 + n1 + ns]: terms of each */
    bool              bf16;
} mf_dn_permute;

/* False (nothing made): not a rank-4 f32 source, a destination that is not in whole tiles of dimensions 0 and 1, or no memory. */
bool mf_dn_permute_new(mf_dn_permute *out, const mf_dn_simd *simd, const mf_tdesc *from, const mf_tdesc *to);
void mf_dn_permute_run(const mf_dn_permute *p, void *dst, const float *src);
void mf_dn_permute_free(mf_dn_permute *p); /* takes {0} */

#endif
