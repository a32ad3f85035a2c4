/* data/synth_votes.c: what a volunteer says of a drawn face. */
#include "data/synth_votes.h"

#include <math.h>
#include "core/csv.h"
#include "core/rng.h"

mf_volunteers
mf_volunteers_default(void)
{
    return (mf_volunteers){.scale = 0.16, .shared = 0.8, .own = 0.7, .trust = 2.3, .slip = 0.0045};
}

/* Draws that belong to a picture: to everybody (volunteer -1) or to one. */
static mf_rng
stream(const mf_student_spec *s, int volunteer)
{
    uint64_t picture = (((uint64_t)s->person * 64 + (uint64_t)s->take) * 8 + (uint64_t)s->expression) * 2 + s->masked;

    return mf_rng_make(s->seed, (uint64_t)(volunteer + 1), picture, MF_RNG_VOTES);
}

/* Between 0.75 and 1.3: some look twice, some do not. */
static double
carelessness(uint64_t seed, int volunteer)
{
    mf_rng r = mf_rng_make(seed, (uint64_t)(volunteer + 1), UINT64_MAX, MF_RNG_VOTES);

    return mf_rng_uniform(&r, 0.75, 1.3);
}

mf_synth_vote
mf_synth_vote_cast(const mf_volunteers *v, const mf_student_spec *s, const mf_student_facts *f, int volunteer)
{
    mf_rng        all = stream(s, -1), one = stream(s, volunteer);
    mf_synth_vote vote = {MF_VERDICT_AGREE, s->expression};
    double        score[MF_STUDENT_EXPRESSIONS], blur = 2 - (double)f->clear, own = v->own * carelessness(s->seed, volunteer);
    int           best = 0, second = -1;
    bool          slips;

    for (int e = 0; e < MF_STUDENT_EXPRESSIONS; e++) {
        double common = v->shared * blur * mf_rng_normal(&all);
        score[e] = (double)f->evidence[e] / v->scale + common + own * blur * mf_rng_normal(&one) +
                   (e == s->expression ? v->trust * (s->masked ? 1.5 : 1) : 0); /* who sees less objects less */
    }
    slips = mf_rng_unit(&one) < v->slip;
    if (slips)
        score[s->expression] = -1e9; /* the wrong key */
    for (int e = 1; e < MF_STUDENT_EXPRESSIONS; e++)
        best = score[e] > score[best] ? e : best;
    if (best == s->expression)
        return vote;
    for (int e = 0; e < MF_STUDENT_EXPRESSIONS; e++)
        if (e != best && (second < 0 || score[e] > score[second]))
            second = e;
    vote.label   = best;
    vote.verdict = mf_rng_unit(&one) < 0.35 * exp(-(score[best] - score[second]) / 0.8) ? MF_VERDICT_UNSURE : MF_VERDICT_OTHER;
    return vote;
}

void
mf_synth_votes_put_header(mf_str *out)
{
    mf_str_add(out, "image,annotator,verdict,label\n");
}

void
mf_synth_votes_put(mf_str *out, const char *image, int volunteer, const mf_synth_vote *vote, const char *const *classes)
{
    mf_csv_put(out, image);
    mf_str_printf(out, ",volunteer%d,%s,%s\n", volunteer + 1, mf_verdict_name(vote->verdict),
                  vote->verdict == MF_VERDICT_OTHER ? classes[vote->label] : "");
}
