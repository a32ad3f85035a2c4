/* eval/npy.h: a matrix as a file of NumPy's own format (NEP 1, version 1.0). */
#ifndef MF_EVAL_NPY_H
#define MF_EVAL_NPY_H

#include <stddef.h>
#include "core/error.h"

/* x [n, d] as little-endian float32 in C order. The file appears whole or not at all. */
mf_status mf_npy_write(const char *path, const float *x, size_t n, size_t d, mf_err *err);

#endif
