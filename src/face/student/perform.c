/* face/student/perform.c: what a person who is asked for an expression does: strongly or faintly, mixed with another, or
 * another one altogether.
 *
 * Shares of people, not chances: person p of expression e lies at frac(start(seed, e) + p * irrational) of a line from 0 to 1,
 * and stretches of that line perform wrongly. Every run of people then has its share to within one or two, so that counts
 * over 142 people hardly depend on the seed, while who it is does. */
#include "face/student/parts.h"

#include <math.h>

enum { SURPRISE, FEAR, DISGUST, HAPPY, SAD, ANGRY, NEUTRAL };

/* Shares by what was asked for: wrong in both pictures of a pair, in the bare one, in the masked one; after MSD-E's table
 * of counts, where angry, disgusted and frightened faces without a mask turned out happy or neutral most often. */
static const double wrong[3][MF_STUDENT_EXPRESSIONS] = {
    {0.035, 0.060, 0.060, 0.010, 0.050, 0.080, 0.005},
    {0.050, 0.085, 0.115, 0.010, 0.070, 0.165, 0.005},
    {0.090, 0.055, 0.060, 0.020, 0.015, 0.015, 0.010},
};

/* What is mistaken for it, and mixed into it. */
static const int near[MF_STUDENT_EXPRESSIONS][2] = {
    {FEAR, HAPPY}, {SURPRISE, SAD}, {ANGRY, SAD}, {NEUTRAL, SURPRISE}, {NEUTRAL, FEAR}, {DISGUST, NEUTRAL}, {SAD, HAPPY},
};

static double
on_line(uint64_t seed, int person, int what, double step)
{
    double start = (double)(mf_mix64(seed ^ mf_mix64((uint64_t)what + 77)) >> 11) * 0x1p-53, x = start + person * step;

    return x - floor(x);
}

/* Some begin to laugh, some do nothing, a few show a neighbour. */
static int
instead(int asked, mf_rng *rng)
{
    double u = mf_rng_unit(rng);

    if (asked == HAPPY)
        return u < 0.85 ? NEUTRAL : SURPRISE;
    if (asked == NEUTRAL)
        return u < 0.55 ? HAPPY : SAD;
    return u < 0.45 ? HAPPY : u < 0.93 ? NEUTRAL : near[asked][0];
}

static int
performed(const mf_student_spec *s, mf_rng *pair)
{
    double u = on_line(s->seed, s->person, s->expression + 10 * s->take, 0.6180339887498949);
    double both = wrong[0][s->expression], bare = both + wrong[1][s->expression], masked = bare + wrong[2][s->expression];
    int    other = instead(s->expression, pair);

    return u < both || (u < bare && !s->masked) || (u >= bare && u < masked && s->masked) ? other : s->expression;
}

mf_performance
mf_perform(const mf_student_spec *s, mf_rng *pair)
{
    mf_performance p = {.blend = -1};

    p.strength = (float)mf_rng_uniform(pair, 0.75, 1.05);
    if (s->preset == MF_STUDENTS_PLAIN) {
        double subtle = mf_rng_unit(pair), less = mf_rng_uniform(pair, 0.45, 0.75);
        p.shown = s->expression;
        if (subtle < 0.12)
            p.strength *= (float)less;
        return p;
    }
    {
        uint64_t which = 2 * (uint64_t)(s->expression + MF_STUDENT_EXPRESSIONS * s->take) + s->masked;
        mf_rng   own   = mf_rng_make(s->seed, (uint64_t)s->person, (UINT64_C(1) << 40) + which, MF_RNG_SYNTH);
        int      line  = s->expression + 10 * s->take + (s->masked ? 50 : 0);
        double   faint = on_line(s->seed, s->person, 100 + line, 0.4142135623730951);
        double   mixed = on_line(s->seed, s->person, 300 + line, 0.7320508075688772);
        p.shown    = performed(s, pair);
        p.strength *= (float)mf_rng_uniform(&own, 0.9, 1.1);
        if (faint < 0.13)
            p.strength *= (float)mf_rng_uniform(&own, 0.30, 0.70);
        if (mixed < 0.16) {
            p.blend       = near[p.shown][mf_rng_unit(&own) < 0.65 ? 0 : 1];
            p.blend_share = (float)(p.shown == NEUTRAL ? mf_rng_uniform(&own, 0.05, 0.2) : mf_rng_uniform(&own, 0.25, 0.75));
            p.strength *= 1 - 0.35F * p.blend_share;
        }
    }
    return p;
}
