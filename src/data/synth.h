/* data/synth.h: a data set of drawn students: seven expressions a person, each without and with a mask. */
#ifndef MF_DATA_SYNTH_H
#define MF_DATA_SYNTH_H

#include <stdbool.h>
#include <stdint.h>
#include "core/error.h"
#include "data/jobs.h"
#include "face/student.h"

enum { MF_SYNTH_EXPRESSIONS = MF_STUDENT_EXPRESSIONS, MF_SYNTH_MAX_PICTURES = 1 << 20 };

typedef struct mf_synth_opts {
    int          people;   /* >= 1 */
    int          takes;    /* >= 1: times that each expression is posed; the preset MSDE wants 1 */
    int          size;     /* pixels a side */
    uint64_t     seed;
    mf_student_preset preset;
    bool         png;      /* else JPEG of quality 95 */
    bool         force;    /* replace an existing data set */
    mf_jobs_opts jobs;
} mf_synth_opts;

typedef struct mf_synth_counts {
    size_t pictures, pairs;
    int    asked_again; /* people who were asked for extra hard expressions */
} mf_synth_counts;

/* Make data set `out_dir`: classes in the order surprise, fear, disgust, happy, sad, angry, neutral, 68 landmarks a picture.
 * The same options give the same bytes. Person p (from 0) is subject "p".
 *
 * PLAIN: people x takes x 7 x 2 pictures, unmasked/P_L_NAME.jpg and masked/P_L_NAME.jpg (L: number of the class).
 * MSDE: as that data set was collected: people x 7 pairs; a tenth of the people (14 of 142) are asked for more hard
 * expressions (fear, disgust, anger), of which all but one give one more pair: 1,007 pairs of 142 people. Files as in its
 * layout, MSD-E/P_L_NAME.jpg and MSD-ME/P_L_NAME.jpg. What a label says was asked for; not everybody shows it.
 *
 * Beside the manifest: votes.csv, what seven simulated volunteers say of the labels; occlusions.csv, the masks;
 * students.csv, what each picture really shows (docs/faces.md).
 * MF_E_LIMIT: more than MF_SYNTH_MAX_PICTURES. */
mf_status mf_synth_make(mf_synth_counts *counts, const char *out_dir, const mf_synth_opts *o, mf_err *err);
/* Its pictures in the order of the manifest, without drawing any; *out is the caller's (mf_free). */
mf_status mf_synth_list(mf_student_spec **out, size_t *n, const mf_synth_opts *o, mf_err *err);

#endif
