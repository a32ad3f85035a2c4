/* data/importers/ferplus.h: the label rules of FER+, apart from its files. */
#ifndef MF_DATA_IMPORTERS_FERPLUS_H
#define MF_DATA_IMPORTERS_FERPLUS_H

#include <stdbool.h>

enum { MF_FERPLUS_CLASSES = 8, MF_FERPLUS_VOTES = 10, MF_FERPLUS_UNKNOWN = 8, MF_FERPLUS_NOT_A_FACE = 9 };

/* votes: counts for neutral, happiness, surprise, sadness, anger, disgust, fear, contempt, unknown, not a face.
 *
 * Both follow the processing of the authors' trainer (E. Barsoum et al., "Training deep networks for facial expression
 * recognition with crowd-sourced label distribution", ICMI 2016): counts of 1 are taken for slips and set to 0 first;
 * S is the sum of what is left. */

/* The class with more than half of S (0..9); "unknown" where none has. */
int  mf_ferplus_majority(const int votes[MF_FERPLUS_VOTES]);
/* The distribution over the 8 emotions, summing to 1: the most-voted classes are taken in falling order until they hold
 * 3/4 of S or are three. False (p untouched) where the picture is to be dropped: at most half of S collected, more than
 * three classes through ties, or "unknown" or "not a face" on top. */
bool mf_ferplus_distribution(float p[MF_FERPLUS_CLASSES], const int votes[MF_FERPLUS_VOTES]);

#endif
