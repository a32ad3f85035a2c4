/* tests/nn/vectors.h: reads vectors/ops.txt, the values that PyTorch gave for single operations. */
#ifndef MF_TESTS_NN_VECTORS_H
#define MF_TESTS_NN_VECTORS_H

#include "nn/tensor.h"

typedef struct mf_vec {
    char     name[32];
    mf_shape shape;
    double  *v;
    size_t   n;
} mf_vec;

typedef struct mf_vec_case {
    char   name[32];
    mf_vec t[16];
    int    n;
} mf_vec_case;

/* Case `name` of vectors/ops.txt; fails the test if it is not there or broken. */
void          mf_vec_load(mf_vec_case *c, const char *name);
void          mf_vec_free(mf_vec_case *c);
const mf_vec *mf_vec_find(const mf_vec_case *c, const char *name); /* NULL if absent */
const mf_vec *mf_vec_get(const mf_vec_case *c, const char *name);  /* fails the test if absent */

#endif
