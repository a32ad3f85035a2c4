/* data/importers/ferplus.h: the label rules of FER+, and what its two sources of labels share. */
#ifndef MF_DATA_IMPORTERS_FERPLUS_H
#define MF_DATA_IMPORTERS_FERPLUS_H

#include <stdbool.h>
#include "data/import.h"

enum { MF_FERPLUS_CLASSES = 8, MF_FERPLUS_VOTES = 10, MF_FERPLUS_UNKNOWN = 8, MF_FERPLUS_NOT_A_FACE = 9, MF_FERPLUS_PARTS = 3 };

/* votes: counts for neutral, happiness, surprise, sadness, anger, disgust, fear, contempt, unknown, not a face.
 *
 * All follow the processing of the authors' trainer (E. Barsoum et al., "Training deep networks for facial expression
 * recognition with crowd-sourced label distribution", ICMI 2016): counts of 1 are taken for slips and set to 0 first;
 * S is the sum of what is left. */

/* The class with more than half of S (0..9); "unknown" where none has. */
int  mf_ferplus_majority(const int votes[MF_FERPLUS_VOTES]);
/* The distribution over the 8 emotions, summing to 1: the most-voted classes are taken in falling order until they hold
 * 3/4 of S or are three. False (p untouched) where the picture is to be dropped: at most half of S collected, more than
 * three classes through ties, or "unknown" or "not a face" on top. */
bool mf_ferplus_distribution(float p[MF_FERPLUS_CLASSES], const int votes[MF_FERPLUS_VOTES]);
/* The classes with at least 3/10 of S, scaled to sum 1; each is a target of its own. False (p untouched) where they hold at
 * most half of S, or "unknown" or "not a face" is on top. */
bool mf_ferplus_targets(float p[MF_FERPLUS_CLASSES], const int votes[MF_FERPLUS_VOTES]);

typedef enum mf_ferplus_mode {
    MF_FERPLUS_MAJORITY, MF_FERPLUS_PROBABILITY, MF_FERPLUS_CROSSENTROPY, MF_FERPLUS_MULTI_TARGET
} mf_ferplus_mode;
/* Label and soft label of a picture; -1: it is dropped. */
int  mf_ferplus_decide(float soft[MF_FERPLUS_CLASSES], const int votes[MF_FERPLUS_VOTES], mf_ferplus_mode mode);
/* The first column with the most votes, nothing left out. */
int  mf_ferplus_most(const int votes[MF_FERPLUS_VOTES]);

/* ---- shared by ferplus.c and ferplus_new.c ---- */

typedef struct mf_ferplus_part {
    const char *folder, *usage; /* "FER2013Train", "Training" */
    mf_split    split;
} mf_ferplus_part;
extern const mf_ferplus_part mf_ferplus_parts[MF_FERPLUS_PARTS];

/* What became of the rows of a part. */
typedef struct mf_ferplus_tally {
    size_t rows, kept, missing, no_name, repeated, unknown, no_face, odd_sum;
    size_t kept_class[MF_FERPLUS_CLASSES], dropped_class[MF_FERPLUS_CLASSES];
} mf_ferplus_tally;

/* Ten counts from ten fields. */
mf_status mf_ferplus_read_votes(int votes[MF_FERPLUS_VOTES], char **f, mf_err *err);
/* Decide and, where it is kept, add a picture of `part`; row gives file and image. */
mf_status mf_ferplus_add(mf_import *im, mf_ferplus_tally *t, mf_import_row *row, int part, const int votes[MF_FERPLUS_VOTES],
                         mf_ferplus_mode mode, mf_err *err);
void      mf_ferplus_note(mf_str *notes, const mf_ferplus_tally *t, const char *part);
/* Labels of SRC/fer2013new.csv; pictures of SRC/fer2013.csv by row, or else of the three folders by name. */
mf_status mf_ferplus_scan_new(mf_import *im, const char *src, mf_ferplus_mode mode, mf_err *err);

#endif
