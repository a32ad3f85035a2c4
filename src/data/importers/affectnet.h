/* data/importers/affectnet.h: what the versions of AffectNet share. */
#ifndef MF_DATA_IMPORTERS_AFFECTNET_H
#define MF_DATA_IMPORTERS_AFFECTNET_H

#include <stdbool.h>
#include "data/import.h"

enum { MF_AFFECTNET_CLASSES = 8, MF_AFFECTNET_LAST = 10 };

/* Numbers 0 .. 7: neutral, happiness, sadness, surprise, fear, disgust, anger, contempt. 8 none, 9 uncertain and 10 no face
 * are no expressions. */
extern const char *const mf_affectnet_classes[MF_AFFECTNET_CLASSES];

typedef struct mf_affectnet_cfg {
    int  version, annotations;
    bool contempt, crop, landmarks;
} mf_affectnet_cfg;

enum { MF_AFFECTNET_MANUAL, MF_AFFECTNET_AUTOMATIC };

typedef struct mf_affectnet_scan {
    mf_import              *im;
    const char             *root;
    const mf_affectnet_cfg *cfg;
    size_t                  no_expression, contempt, missing, other, n[MF_SPLIT_COUNT];
    char                    first_missing[200];
} mf_affectnet_scan;

/* Add a picture of label 0 .. 10 where it is wanted and there; row gives image (relative to root), split, and what else is
 * known. */
mf_status mf_affectnet_add(mf_affectnet_scan *s, mf_import_row *row, int label, mf_err *err);
/* One version each. */
mf_status mf_affectnet_scan_lists(mf_affectnet_scan *s, mf_err *err);
mf_status mf_affectnet_scan_npy(mf_affectnet_scan *s, mf_err *err);
mf_status mf_affectnet_scan_folders(mf_affectnet_scan *s, mf_err *err);

#endif
