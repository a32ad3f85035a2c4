/* data/pairs.h: which pictures make pairs: the same person and expression, without and with occlusion. */
#ifndef MF_DATA_PAIRS_H
#define MF_DATA_PAIRS_H

#include <stddef.h>
#include <stdint.h>
#include "core/error.h"
#include "core/str.h"
#include "data/manifest.h"

/* What became of a pair, or of one occluded picture of a pair that has several. */
typedef enum mf_pair_fate {
    MF_PAIR_KEPT,
    MF_PAIR_NO_OCCLUDED,    /* only the picture without occlusion is there */
    MF_PAIR_NO_CLEAR,       /* only the occluded one */
    MF_PAIR_TWO_CLEAR,      /* more than one picture without occlusion */
    MF_PAIR_LABELS,         /* the labels differ */
    MF_PAIR_SUBJECTS,       /* two people */
    MF_PAIR_SPLITS,         /* two splits: one would be trained on, the other scored */
    MF_PAIR_FATES
} mf_pair_fate;
const char *mf_pair_fate_text(mf_pair_fate f); /* "the labels differ" */

typedef struct mf_pairs {
    size_t   n;                          /* pairs of the data set */
    size_t   kept;                       /* those with a clear picture and at least one occluded picture that goes with it */
    size_t   rows, rows_kept, unpaired;  /* pictures; in kept pairs; in no pair */
    size_t   fate[MF_PAIR_FATES];        /* pictures by what happened to them; a kept pair's are MF_PAIR_KEPT */
    size_t   pairs_by[MF_PAIR_FATES];    /* pairs by fate; a pair in part kept counts as kept */
    size_t   by_class[MF_CLASSES_MAX];   /* kept pairs */
    uint8_t *of_row;                     /* [rows] mf_pair_fate; MF_PAIR_FATES: in no pair */
} mf_pairs;

/* Labels are those of d, or label[row] where `label` is not NULL (-1: the picture is gone). */
mf_status mf_pairs_find(mf_pairs *out, const mf_dataset *d, const int *label, mf_err *err);
void      mf_pairs_free(mf_pairs *p);
/* Text of a dropped.csv: image,pair,label,reason for the pictures that are in no kept pair. */
void      mf_pairs_dropped_csv(mf_str *out, const mf_pairs *p, const mf_dataset *d);

#endif
