/* nn/tensor.h: element types, shapes, blocked layouts, and named host tensors. */
#ifndef MF_NN_TENSOR_H
#define MF_NN_TENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/error.h"

enum { MF_MAX_DIMS = 6, MF_MAX_BLOCKS = 4 };

typedef enum mf_dtype {
    MF_DTYPE_F32, MF_DTYPE_F64, MF_DTYPE_BF16, MF_DTYPE_F16, MF_DTYPE_I64, MF_DTYPE_I32, MF_DTYPE_I16,
    MF_DTYPE_I8, MF_DTYPE_U8, MF_DTYPE_BOOL, MF_DTYPE_COUNT
} mf_dtype;
size_t      mf_dtype_size(mf_dtype t);
const char *mf_dtype_name(mf_dtype t); /* "F32" "BF16" ...: the safetensors words */

typedef struct mf_shape {
    int     ndim; /* 0 = a scalar */
    int64_t dim[MF_MAX_DIMS];
} mf_shape;
mf_shape    mf_shape_of(int ndim, ...);        /* int64_t dims */
int64_t     mf_shape_elems(const mf_shape *s); /* 1 for a scalar */
bool        mf_shape_eq(const mf_shape *a, const mf_shape *b);
const char *mf_shape_text(char buf[96], const mf_shape *s); /* "[32, 3, 64, 64]" */

/* A blocked layout: element (i0, i1, ...) lies at
 *   sum_d (i_d / B_d) * stride[d]  +  the position inside the innermost block,
 * where B_d is the product of the blocks of dimension d, and the blocks blk[0..nblk-1] of dimensions blk_dim[...] lie
 * one inside the other, the last one contiguous. nblk = 0 is a strided layout. Blocked dimensions are padded up; the
 * padding is zero. This is the "blocking descriptor" of oneDNN in our own words. */
typedef struct mf_layout {
    int64_t stride[MF_MAX_DIMS];
    int     nblk;
    int     blk_dim[MF_MAX_BLOCKS];
    int     blk[MF_MAX_BLOCKS];
} mf_layout;
mf_layout mf_layout_plain(const mf_shape *s);          /* row-major */
mf_layout mf_layout_nhwc(const mf_shape *s);           /* rank 4: channels innermost */
mf_layout mf_layout_nchw_c(const mf_shape *s, int block); /* rank 4: channels in blocks of 8 or 16 */
bool      mf_layout_eq(const mf_shape *s, const mf_layout *a, const mf_layout *b);
int64_t   mf_layout_elems(const mf_shape *s, const mf_layout *l); /* storage elements, padding included */
int64_t   mf_layout_at(const mf_shape *s, const mf_layout *l, const int64_t *idx);
bool      mf_layout_is_plain(const mf_shape *s, const mf_layout *l);
const char *mf_layout_text(char buf[64], const mf_shape *s, const mf_layout *l); /* "plain", "nhwc", "nChw16c", "blocked" */

/* What a kernel sees of a value. */
typedef struct mf_tdesc {
    mf_dtype  dtype;
    mf_shape  shape;
    mf_layout layout;
} mf_tdesc;
size_t mf_tdesc_bytes(const mf_tdesc *d);
bool   mf_tdesc_eq(const mf_tdesc *a, const mf_tdesc *b);

/* Copy with change of layout and of type (F32, F64, BF16, F16, I32, I64 among each other; round to nearest even).
 * Clears the padding of dst. Slow and general: for loading, saving, tests. */
void mf_tensor_copy(const mf_tdesc *dd, void *dst, const mf_tdesc *sd, const void *src);
/* The same for a part: indices first to first + rows of the outermost dimension, from a row-major copy of that part. The padding
 * of dst is left alone. */
void mf_tensor_put_rows(const mf_tdesc *dd, void *dst, int64_t first, int64_t rows, mf_dtype dtype, const void *plain);

float    mf_bf16_to_f32(uint16_t h);
uint16_t mf_f32_to_bf16(float f); /* round to nearest even; NaN stays NaN */
float    mf_f16_to_f32(uint16_t h);

/* A named tensor in row-major order, and a list of them: what weight files hold. */
typedef struct mf_tensor {
    char    *name;
    mf_dtype dtype;
    mf_shape shape;
    void    *data;  /* little-endian, row-major; NULL only when bytes is 0 */
    size_t   bytes;
} mf_tensor;
typedef struct mf_tensors {
    mf_tensor *t;
    size_t     n, cap;
    char     **meta;   /* key, value, key, value ... */
    size_t     n_meta; /* pairs */
    size_t     cap_meta;
} mf_tensors; /* {0} is empty */
/* Adds a zeroed tensor and returns where to fill it in *out (lent; valid until the next add). MF_E_ARG: the name is there already. */
mf_status mf_tensors_add(mf_tensors *ts, const char *name, mf_dtype dtype, const mf_shape *shape, mf_tensor **out, mf_err *err);
mf_tensor *mf_tensors_find(const mf_tensors *ts, const char *name); /* NULL if absent */
mf_status mf_tensors_set_meta(mf_tensors *ts, const char *key, const char *value, mf_err *err);
const char *mf_tensors_meta(const mf_tensors *ts, const char *key); /* NULL if absent */
void      mf_tensors_free(mf_tensors *ts);

#endif
