/* face/student/expression.c: seven expressions as facial action units (Ekman & Friesen; EMFACS combinations).
 *
 * 1 inner brow raise  2 outer brow raise  4 brow lower   5 upper lid raise  6 cheek raise   7 lids tight  9 nose wrinkle
 * 10 upper lip raise  12 lip corners up   15 corners down 16 lower lip down 17 chin raise   20 lips stretched
 * 23 lips tight       25 lips part        26 jaw drop     27 mouth stretch
 *
 * Every expression has one or more variants. An action has a mean strength and a chance to occur at all. */
#include "face/student/parts.h"

#include <stddef.h>

enum { ACTIONS = 10, VARIANTS = 3 };

typedef struct action {
    int   unit;      /* 0 ends the list */
    float mean;      /* strength at full expression */
    float chance;
} action;

/* Order: surprise fear disgust happy sad angry neutral. */
static const action table[7][VARIANTS][ACTIONS] = {
    {{{1, .95F, 1}, {2, .95F, 1}, {5, .8F, 1}, {25, .8F, 1}, {26, 1, 1}},
     {{1, 1, 1}, {2, 1, 1}, {5, .9F, 1}, {25, .9F, 1}, {27, .95F, 1}},
     {{1, .95F, 1}, {2, 1, 1}, {5, .8F, 1}, {25, .7F, 1}, {26, .85F, 1}, {27, .2F, .5F}}},
    {{{1, .95F, 1}, {2, .4F, 1}, {4, .75F, 1}, {5, 1, 1}, {7, .3F, .8F}, {20, 1, 1}, {25, .9F, 1}, {26, .45F, 1}, {16, .6F, 1}},
     {{1, 1, 1}, {2, .5F, 1}, {4, .7F, 1}, {5, 1, 1}, {7, .25F, .8F}, {20, .95F, 1}, {25, 1, 1}, {26, .75F, 1}, {16, .5F, .8F}},
     {{1, .95F, 1}, {2, .35F, 1}, {4, .8F, 1}, {5, 1, 1}, {7, .3F, .8F}, {20, 1.05F, 1}, {25, .75F, 1}, {16, .9F, 1}}},
    {{{9, 1, 1}, {4, .45F, 1}, {7, .6F, 1}, {10, .7F, 1}, {17, .6F, 1}, {15, .35F, .6F}, {6, .35F, .7F}},
     {{9, .95F, 1}, {4, .4F, 1}, {7, .55F, 1}, {10, 1, 1}, {25, .6F, 1}, {16, .6F, 1}, {6, .4F, .8F}},
     {{9, .8F, 1}, {10, .9F, 1}, {7, .5F, 1}, {4, .35F, 1}, {15, .5F, 1}, {17, .8F, 1}, {6, .3F, .6F}}},
    {{{6, .9F, 1}, {12, .9F, 1}, {7, .2F, .5F}},
     {{6, .95F, 1}, {12, 1, 1}, {25, .7F, 1}, {7, .2F, .4F}},
     {{6, 1, 1}, {12, 1, 1}, {25, .9F, 1}, {26, .6F, 1}, {7, .25F, .4F}}},
    {{{1, 1, 1}, {4, .40F, 1}, {15, .9F, 1}, {17, .5F, .7F}},
     {{1, 1.05F, 1}, {4, .5F, 1}, {15, 1, 1}, {17, .8F, 1}, {6, .3F, .5F}},
     {{1, .95F, 1}, {4, .35F, 1}, {15, .8F, 1}, {25, .3F, .6F}}},
    {{{4, 1.1F, 1}, {5, .65F, 1}, {7, .6F, 1}, {23, .95F, 1}, {17, .4F, .6F}},
     {{4, 1.1F, 1}, {5, .7F, 1}, {7, .6F, 1}, {10, .5F, 1}, {25, .9F, 1}, {16, .8F, 1}, {23, .3F, 1}},
     {{4, 1.1F, 1}, {5, .7F, 1}, {7, .7F, 1}, {23, 1, 1}, {15, .25F, .5F}}},
    {{{0, 0, 0}}, {{25, .18F, .5F}}, {{0, 0, 0}}},
};

/* A face is never quite still, nor quite empty: what is there before any expression. */
static void
rest(float au[2][MF_AU_MAX], const mf_person *who, mf_rng *rng)
{
    for (int u = 0; u < MF_AU_MAX; u++) {
        float drift = (float)(0.04 * mf_rng_normal(rng));
        float v     = who->rest[u] + (drift > 0 && u < 25 ? drift : 0);
        au[0][u] = au[1][u] = v > 0 ? v : 0;
    }
}

/* Add one variant of an expression, `amount` strong. */
static void
act(float au[2][MF_AU_MAX], const mf_person *who, int expression, double amount, double tilt, mf_rng *rng)
{
    const action *list = table[expression][mf_rng_below(rng, VARIANTS)];

    for (int i = 0; i < ACTIONS && list[i].unit > 0; i++) {
        double jitter = 1 + 0.12 * mf_rng_normal(rng), occurs = mf_rng_unit(rng);
        int    u = list[i].unit;
        for (int side = 0; side < 2; side++) {
            double uneven = 1 + (side == 0 ? -1 : 1) * ((double)who->lopsided + tilt);
            double v = amount * (double)(list[i].mean * who->au_gain[u]) * jitter * uneven;
            if (occurs > (double)list[i].chance)
                v = 0;
            v += (double)au[side][u];
            au[side][u] = (float)mf_clamp(v, 0, 1.15);
        }
    }
}

void
mf_expression_draw(float au[2][MF_AU_MAX], const mf_person *who, const mf_performance *p, mf_rng *rng)
{
    double tilt = mf_rng_uniform(rng, -0.1, 0.1);

    rest(au, who, rng);
    act(au, who, p->shown, (double)p->strength, tilt, rng);
    if (p->blend >= 0)
        act(au, who, p->blend, (double)p->blend_share, tilt, rng);
    for (int u = 25; u <= 27; u++) /* the jaw has no sides */
        au[0][u] = au[1][u] = 0.5F * (au[0][u] + au[1][u]);
}

/* Mean strengths of an expression's actions over its variants. */
static void
prototype(double out[MF_AU_MAX], int expression)
{
    for (int u = 0; u < MF_AU_MAX; u++)
        out[u] = 0;
    for (int v = 0; v < VARIANTS; v++)
        for (int i = 0; i < ACTIONS && table[expression][v][i].unit > 0; i++)
            out[table[expression][v][i].unit] += (double)(table[expression][v][i].mean * table[expression][v][i].chance) / VARIANTS;
}

/* How well an action is seen: at all, and through a mask. A jaw that falls moves the mask; raised cheeks show above it. */
static double
seen(int unit, bool masked)
{
    static const float through[MF_AU_MAX] = {[1] = 1, [2] = 1, [4] = 1, [5] = 1, [6] = 1, [7] = 1, [9] = 0.6F, [10] = 0.15F,
                                             [12] = 0.25F, [15] = 0.05F, [16] = 0.03F, [17] = 0.08F, [20] = 0.1F, [23] = 0.02F,
                                             [25] = 0.05F, [26] = 0.3F, [27] = 0.5F};

    return masked ? (double)through[unit] : 1;
}

void
mf_expression_evidence(float out[MF_STUDENT_EXPRESSIONS], const float au[2][MF_AU_MAX], bool masked)
{
    enum { STEPS = 9 };
    static const double LEAST = 0.5; /* fainter than this it does not count as shown */

    for (int e = 0; e < MF_STUDENT_EXPRESSIONS; e++) {
        double want[MF_AU_MAX], best = -1e9;
        prototype(want, e);
        for (int k = 0; k < STEPS; k++) { /* the strength at which this expression explains the face best */
            double s = e == MF_STUDENT_EXPRESSIONS - 1 ? 0 : LEAST + (1.1 - LEAST) * k / (STEPS - 1), sum = 0;
            for (int u = 1; u < MF_AU_MAX; u++) {
                double d = 0.5 * (double)(au[0][u] + au[1][u]) - s * want[u];
                sum -= seen(u, masked) * d * d;
            }
            best = sum > best ? sum : best;
        }
        out[e] = (float)best;
    }
}
