/* nn/plan.h: greedy-by-size placement (Pisarchyk and Lee 2020, section 4.2). Quadratic in the number of buffers. */
#include "nn/plan.h"

#include <stdlib.h>

#include "core/mem.h"

static int
by_size(const void *x, const void *y)
{
    const mf_plan_buf *a = *(mf_plan_buf *const *)x, *b = *(mf_plan_buf *const *)y;

    if (a->bytes != b->bytes) return a->bytes > b->bytes ? -1 : 1;
    if (a->first != b->first) return a->first < b->first ? -1 : 1;
    return a < b ? -1 : a > b;
}

static int
by_offset(const void *x, const void *y)
{
    const mf_plan_buf *a = *(mf_plan_buf *const *)x, *b = *(mf_plan_buf *const *)y;

    if (a->offset != b->offset) return a->offset < b->offset ? -1 : 1;
    return a < b ? -1 : a > b;
}

mf_status
mf_plan_memory(mf_plan_buf *b, size_t n, size_t *total, mf_err *err)
{
    mf_plan_buf **order = mf_calloc(n + 1, sizeof *order), **near = mf_calloc(n + 1, sizeof *near);
    size_t        m = 0;

    *total = 0;
    if (!order || !near) {
        mf_free(order);
        mf_free(near);
        return mf_oom(err, n * sizeof *order, "a memory plan");
    }
    for (size_t i = 0; i < n; i++)
        if (b[i].bytes) order[m++] = &b[i];
    qsort(order, m, sizeof *order, by_size);
    for (size_t i = 0; i < m; i++) {
        size_t size = (order[i]->bytes + 63) & ~(size_t)63, k = 0, at = 0;

        for (size_t j = 0; j < i; j++)
            if (order[j]->first <= order[i]->last && order[i]->first <= order[j]->last) near[k++] = order[j];
        qsort(near, k, sizeof *near, by_offset);
        for (size_t j = 0; j < k; j++) {
            size_t end = near[j]->offset + ((near[j]->bytes + 63) & ~(size_t)63);

            if (near[j]->offset >= at + size) break;
            if (end > at) at = end;
        }
        order[i]->offset = at;
        if (at + size > *total) *total = at + size;
    }
    mf_free(order);
    mf_free(near);
    return MF_OK;
}
