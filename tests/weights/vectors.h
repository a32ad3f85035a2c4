/* tests/weights/vectors.h: tensors held against what PyTorch read (vectors/make.py). */
#ifndef MF_TESTS_WEIGHTS_VECTORS_H
#define MF_TESTS_WEIGHTS_VECTORS_H

#include "nn/tensor.h"

/* "SOURCE/tests/weights/vectors/NAME"; lent until the next call. */
const char *vector_path(const char *name);
/* Fails the test unless `ts` is exactly what `lines` (up to the next "file" line or the end) says. Returns what follows. */
const char *check_lines(const mf_tensors *ts, const char *lines, const char *what);

#endif
