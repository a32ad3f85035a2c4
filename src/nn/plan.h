/* nn/plan.h: offsets for buffers with lifetimes in one block of memory. */
#ifndef MF_NN_PLAN_H
#define MF_NN_PLAN_H

#include <stddef.h>
#include "core/error.h"

typedef struct mf_plan_buf {
    size_t bytes;       /* 0: takes no part */
    int    first, last; /* steps during which it lives, both included */
    size_t offset;      /* out: multiple of 64 */
} mf_plan_buf;

/* Greedy by size: the largest first, each at the lowest gap among those alive with it. *total is the block's size. */
mf_status mf_plan_memory(mf_plan_buf *b, size_t n, size_t *total, mf_err *err);

#endif
