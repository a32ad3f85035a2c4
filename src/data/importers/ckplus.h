/* data/importers/ckplus.h: what the forms of CK+ share. */
#ifndef MF_DATA_IMPORTERS_CKPLUS_H
#define MF_DATA_IMPORTERS_CKPLUS_H

#include <stdbool.h>
#include "data/import.h"

enum { MF_CKPLUS_CLASSES = 8, MF_CKPLUS_CONTEMPT = 2 };

/* Numbers of the emotion files: neutral, anger, contempt, disgust, fear, happiness, sadness, surprise. */
extern const char *const mf_ckplus_classes[MF_CKPLUS_CLASSES];

typedef struct mf_ckplus_cfg {
    int64_t frames;
    int     neutral;
    bool    contempt;
} mf_ckplus_cfg;

enum { MF_CKPLUS_NEUTRAL_LABELLED, MF_CKPLUS_NEUTRAL_ALL, MF_CKPLUS_NEUTRAL_NONE };

/* "S010_004_00000017" at the beginning of a file name: subject "S010" into who[8]; the frame's number, or -1 where the name
 * does not follow the pattern. */
long mf_ckplus_name(char who[8], const char *base);
/* cohn-kanade-images/ and Emotion/ below `root`. */
mf_status mf_ckplus_scan_original(mf_import *im, const char *root, const mf_ckplus_cfg *o, mf_err *err);

#endif
