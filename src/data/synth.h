/* data/synth.h: a data set of drawn students: seven expressions a person, each without and with a mask. */
#ifndef MF_DATA_SYNTH_H
#define MF_DATA_SYNTH_H

#include <stdbool.h>
#include <stdint.h>
#include "core/error.h"
#include "data/jobs.h"

enum { MF_SYNTH_EXPRESSIONS = 7, MF_SYNTH_MAX_PICTURES = 1 << 20 };

typedef struct mf_synth_opts {
    int          people;   /* >= 1 */
    int          takes;    /* >= 1: times that each expression is posed */
    int          size;     /* pixels a side */
    uint64_t     seed;
    bool         png;      /* else JPEG of quality 95 */
    bool         force;    /* replace an existing data set */
    mf_jobs_opts jobs;
} mf_synth_opts;

/* Make data set `out_dir`: people x takes x 7 x 2 pictures, 68 landmarks each, classes in the order surprise, fear,
 * disgust, happy, sad, angry, neutral. Person p (from 0) is subject "p"; the files are unmasked/P_L_NAME.jpg and
 * masked/P_L_NAME.jpg, where L is the number of the class; both rows carry one pair. The same options give the same
 * bytes. MF_E_LIMIT: more than MF_SYNTH_MAX_PICTURES. */
mf_status mf_synth_make(const char *out_dir, const mf_synth_opts *o, mf_err *err);

#endif
