/* data/synth_votes.h: simulated volunteers who check the labels of drawn students. */
#ifndef MF_DATA_SYNTH_VOTES_H
#define MF_DATA_SYNTH_VOTES_H

#include "core/str.h"
#include "data/votes.h"
#include "face/student.h"

enum { MF_SYNTH_VOLUNTEERS = 7 };

typedef struct mf_synth_vote {
    mf_verdict verdict;
    int        label; /* MF_VERDICT_OTHER: the expression proposed */
} mf_synth_vote;

/* How a volunteer looks, the same for all; what distinguishes the seven is drawn from `seed`.
 *
 * A volunteer sees, for each expression, its evidence / scale, plus what this picture suggests to everybody (normal, sd
 * `shared`) and to him alone (normal, sd `own` times his carelessness), both larger where the picture is unclear. The label
 * that the picture should have begins with an advantage, `trust`: he was asked whether it is wrong, not what he sees. He
 * agrees where it stays ahead. Else he names what he sees, or nothing, the more often the closer the two best are. */
typedef struct mf_volunteers {
    double scale, shared, own, trust, slip; /* slip: chance of a flag by mistake */
} mf_volunteers;

/* Tuned so that the published rule finds about what MSD-E found; see docs/faces.md. */
mf_volunteers mf_volunteers_default(void);

/* The vote of volunteer 0..6 on a picture. Deterministic. */
mf_synth_vote mf_synth_vote_cast(const mf_volunteers *v, const mf_student_spec *spec, const mf_student_facts *facts, int volunteer);

/* Text of votes.csv: image,annotator,verdict,label. */
void mf_synth_votes_put_header(mf_str *out);
void mf_synth_votes_put(mf_str *out, const char *image, int volunteer, const mf_synth_vote *vote, const char *const *classes);

#endif
