/* data/npy.h: small arrays of numbers in NumPy's .npy format, versions 1.0 to 3.0, little-endian. */
#ifndef MF_DATA_NPY_H
#define MF_DATA_NPY_H

#include <stddef.h>
#include <stdint.h>
#include "core/error.h"

enum { MF_NPY_MAX_BYTES = 1 << 20 };

/* Read up to `cap` numbers, in the order of the file, into out[]; *n of them: 1 for a scalar of shape (). Integers and
 * floats of 1 to 8 bytes, booleans, and texts (<U, |S) that hold a number each.
 * MF_E_FORMAT: no .npy file, cut short, a type that is none of these, a text that is no number. MF_E_LIMIT: more than `cap`
 * numbers. */
mf_status mf_npy_load(double *out, size_t *n, size_t cap, const char *path, mf_err *err);
mf_status mf_npy_parse(double *out, size_t *n, size_t cap, const char *name, const uint8_t *data, size_t size, mf_err *err);

#endif
