/* data/store.h: what stands behind an mf_dataset; seen by the files that build one, and no others. */
#ifndef MF_DATA_STORE_H
#define MF_DATA_STORE_H

#include <stdint.h>
#include "core/arena.h"
#include "data/manifest.h"
#include "data/names.h"

struct mf_dataset_store {
    mf_arena   arena;                      /* every string and soft distribution */
    mf_nametab images, subjects, pairs;    /* images: number = row */
    mf_nametab quarantine;                 /* pictures to leave out while loading */
    size_t     cap;                        /* of rows */
    uint32_t  *line;                       /* [line_cap] lines of manifest.csv that rows were read from */
    size_t     line_cap;
};

/* An empty data set without classes. */
mf_status mf_dataset_alloc(mf_dataset **out, mf_err *err);
/* Copies and checks: 1..MF_CLASSES_MAX, no empty or repeated name, no control characters. */
mf_status mf_dataset_set_classes(mf_dataset *d, const char *const *classes, int n, mf_err *err);
/* Copies `text` into the arena. */
mf_status mf_dataset_text(char **out, mf_dataset *d, const char *text, mf_err *err);
/* Copy n_classes values, checked (>= 0, finite, sum 1 within 1e-3) and brought to sum 1, into the row. */
mf_status mf_dataset_set_soft(mf_dataset *d, size_t row, const float *soft, mf_err *err);

#endif
