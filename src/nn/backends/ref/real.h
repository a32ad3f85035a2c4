/* nn/backends/ref/real.h: the reference backend is compiled twice, with `real` = float and = double. REF(x) is x with
 * the suffix of the type, so that both live in one library. */
#ifndef MF_NN_BACKENDS_REF_REAL_H
#define MF_NN_BACKENDS_REF_REAL_H

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "nn/kernel.h"
#include "nn/ops.h"

#ifndef MF_REAL_F64
#define MF_REAL_F64 0
#endif

#if MF_REAL_F64
typedef double real;
#define MF_REAL_DTYPE MF_DTYPE_F64
#define REF(x)        mf_ref_##x##_f64
#else
typedef float real;
#define MF_REAL_DTYPE MF_DTYPE_F32
#define REF(x)        mf_ref_##x##_f32
#endif

/* The state of every kernel here: what prepare saw, all plain. */
#define mf_ref_op REF(op)
typedef struct mf_ref_op {
    const void *attrs; /* a copy */
    int         nin, nout;
    bool        has_in[MF_OP_MAX_IN];
    mf_shape    in[MF_OP_MAX_IN], out[MF_OP_MAX_OUT];
    mf_dtype    in_type[MF_OP_MAX_IN];
} mf_ref_op;

/* The common parts of the kernels: floating inputs as plain `real`, other inputs plain as they are; plain outputs. */
bool      REF(supports)(const mf_prep *p, char why[128]);
mf_status REF(prepare)(mf_prep *p, mf_err *err);
void      REF(release)(void *state);
/* The same for element-wise kernels that may write over their first input. */
mf_status REF(prepare_inplace)(mf_prep *p, mf_err *err);

/* Element strides of a plain tensor of shape s when broadcast to `to`: 0 where it is repeated. */
void REF(strides)(int64_t stride[MF_MAX_DIMS], const mf_shape *s, const mf_shape *to);

#define MF_REF_KERNEL_AS(NAME, PREPARE, RUN)                                                                           \
    const mf_kernel_def REF(kernel_##NAME) = {                                                                         \
        .op = #NAME, .name = "ref_" #NAME, .supports = REF(supports), .prepare = PREPARE, .run = RUN, .release = REF(release), \
    }
#define MF_REF_KERNEL(NAME, RUN) MF_REF_KERNEL_AS(NAME, REF(prepare), RUN)

#define MF_KERNEL(NAME) extern const mf_kernel_def REF(kernel_##NAME);
#include "nn/backends/ref/kernel_list.h"
#undef MF_KERNEL

#endif
