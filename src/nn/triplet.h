/* nn/triplet.h: what the anchors of triplet_pick draw: a function of (run seed, step, node, anchor), the same in every backend. */
#ifndef MF_NN_TRIPLET_H
#define MF_NN_TRIPLET_H

#include "nn/dropout.h"

/* Draws 0 (the anchor's own picture or another of its class), 1 (which other) of anchor i: 32 bits each. */
static inline uint64_t
mf_triplet_draw(uint64_t key, int64_t i, int k)
{
    return mf_dropout_mix(key + ((uint64_t)i * 2 + (uint64_t)k + 1) * 0x9e3779b97f4a7c15u) >> 32;
}

/* Which of `negatives` samples of other classes anchor i meets where negatives are drawn. */
static inline int64_t
mf_triplet_draw_negative(uint64_t key, int64_t i, int64_t negatives)
{
    return (int64_t)(mf_triplet_draw(key ^ 0x5bf03635u, i, 0) * (uint64_t)negatives >> 32);
}

#endif
