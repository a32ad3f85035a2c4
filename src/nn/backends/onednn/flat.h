/* nn/backends/onednn/flat.h: what element-wise kernels share: they work on storage, whatever the dense layout. */
#ifndef MF_NN_ONEDNN_FLAT_H
#define MF_NN_ONEDNN_FLAT_H

#include "nn/backends/onednn/chan.h"
#include "nn/backends/onednn/onednn.h"

enum { MF_DN_FLAT_GRAIN = 1 << 14, MF_DN_TILE = 512 };

typedef struct mf_dn_flat_state {
    const mf_dn_simd *simd;
    size_t            elems;  /* of storage */
    bool              bf16;
    bool              padded; /* the storage has padding, which must stay zero */
    mf_dn_chan        chan;   /* if padded */
    int               kind;
    int               nin;
    float             a, b;
} mf_dn_flat_state;

bool mf_dn_flat_dtypes(const mf_prep *p, char why[128]); /* output F32 or BF16 */
/* Storage without holes: row-major, channels-last, blocked. */
bool mf_dn_flat_dense(const mf_tdesc *d);
/* All present inputs take the layout and type of the output, which takes the first input's layout if it is dense. */
mf_status mf_dn_flat_prepare(mf_prep *p, mf_err *err);
/* The same by hand: layout of input `lead`, given to the inputs of bit mask `inputs` with type `dtype`; *got is the result. */
mf_status mf_dn_flat_setup(mf_prep *p, int lead, uint32_t inputs, mf_dtype dtype, mf_tdesc *got, mf_err *err);
/* fn(state, y, in0, in1, in2, n): tiles of floats at most MF_DN_TILE long, converted from and to bf16 as needed. */
typedef void mf_dn_tile_fn(const mf_dn_flat_state *s, float *y, const float *a, const float *b, const float *c, size_t n);
void mf_dn_flat_tiles(const mf_dn_flat_state *s, mf_dn_tile_fn *fn, void *y, const void *a, const void *b, const void *c);

#endif
