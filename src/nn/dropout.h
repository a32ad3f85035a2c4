/* nn/dropout.h: which elements dropout keeps: a function of (run seed, step, layer, element), the same in every backend,
 * layout and thread count. An element is its place in the row-major order of the logical shape, whatever the storage. */
#ifndef MF_NN_DROPOUT_H
#define MF_NN_DROPOUT_H

#include <stdbool.h>
#include <stdint.h>

/* splitmix64's finaliser (Steele, Lea and Flood 2014), inline for inner loops. */
static inline uint64_t
mf_dropout_mix(uint64_t x)
{
    x ^= x >> 30;
    x *= 0xbf58476d1ce4e5b9u;
    x ^= x >> 27;
    x *= 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

/* What stays the same over a layer's elements in one step. */
static inline uint64_t
mf_dropout_key(uint64_t seed, uint64_t step, uint32_t id)
{
    uint64_t k = mf_dropout_mix(seed + 0x9e3779b97f4a7c15u);
    k          = mf_dropout_mix(k ^ (step + 0x9e3779b97f4a7c15u));
    return mf_dropout_mix(k ^ (id + 0x9e3779b97f4a7c15u));
}

/* Probability p of dropping as the bound below which a 32-bit draw drops. */
static inline uint64_t
mf_dropout_bound(float p)
{
    return (uint64_t)((double)p * 4294967296.0);
}

static inline bool
mf_dropout_keep_at(uint64_t key, uint64_t element, uint64_t bound)
{
    return mf_dropout_mix(key + element * 0x9e3779b97f4a7c15u) >> 32 >= bound;
}

/* All in one; in loops take the key and the bound outside. */
static inline bool
mf_dropout_keep(uint64_t seed, uint64_t step, uint32_t id, uint64_t element, float p)
{
    return mf_dropout_keep_at(mf_dropout_key(seed, step, id), element, mf_dropout_bound(p));
}

#endif
