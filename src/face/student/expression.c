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
    {{{1, .95F, 1}, {2, .95F, 1}, {5, .75F, 1}, {25, .6F, 1}, {26, .9F, 1}},
     {{1, 1, 1}, {2, 1, 1}, {5, .9F, 1}, {25, .8F, 1}, {27, .85F, 1}},
     {{1, .9F, 1}, {2, .95F, 1}, {5, .7F, 1}, {25, .5F, 1}, {26, .6F, 1}}},
    {{{1, .95F, 1}, {2, .4F, 1}, {4, .75F, 1}, {5, 1, 1}, {7, .35F, .8F}, {20, .9F, 1}, {25, .7F, 1}, {26, .35F, .6F}},
     {{1, 1, 1}, {2, .5F, 1}, {4, .7F, 1}, {5, 1, 1}, {7, .3F, .8F}, {20, .7F, 1}, {25, .8F, 1}, {26, .7F, 1}},
     {{1, .9F, 1}, {2, .35F, 1}, {4, .8F, 1}, {5, .95F, 1}, {7, .4F, .8F}, {20, 1, 1}, {25, .5F, 1}, {16, .4F, 1}}},
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

void
mf_expression_draw(float au[2][MF_AU_MAX], const mf_person *who, int expression, mf_rng *rng)
{
    const action *list = table[expression][mf_rng_below(rng, VARIANTS)];
    double        subtle = mf_rng_unit(rng), amount = mf_rng_uniform(rng, 0.75, 1.05), tilt = mf_rng_uniform(rng, -0.1, 0.1);

    if (subtle < 0.12)
        amount *= mf_rng_uniform(rng, 0.45, 0.75);
    for (int u = 0; u < MF_AU_MAX; u++) {
        /* A face is never quite still. */
        float drift = (float)(0.04 * mf_rng_normal(rng));
        float v     = who->rest[u] + (drift > 0 && (u < 25) ? drift : 0);
        au[0][u] = au[1][u] = v > 0 ? v : 0;
    }
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
    for (int u = 25; u <= 27; u++) /* the jaw has no sides */
        au[0][u] = au[1][u] = 0.5F * (au[0][u] + au[1][u]);
}
