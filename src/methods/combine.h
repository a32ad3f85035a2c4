/* methods/combine.h: options of the joined embeddings, for what fits the classifier (train/combine.h). */
#ifndef MF_METHODS_COMBINE_H
#define MF_METHODS_COMBINE_H

#include "core/opt.h"

typedef enum mf_combine_by { MF_COMBINE_SVM, MF_COMBINE_SOFTMAX } mf_combine_by;
typedef enum mf_combine_rows { MF_COMBINE_OCCLUDED, MF_COMBINE_ALL } mf_combine_rows;

typedef struct mf_combine_cfg {
    int         classifier; /* mf_combine_by */
    int         hinge;      /* squared, plain */
    int         fit_on;     /* mf_combine_rows */
    mf_opt_list c;
} mf_combine_cfg;

#endif
