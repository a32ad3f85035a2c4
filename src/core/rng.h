/* core/rng.h: randomness as a function. A stream is fixed by (seed, epoch, sample, purpose): worker count,
 * order of calls and machine change nothing. Counter-based (Philox 4x32-10; Salmon et al. 2011, section 3). */
#ifndef MF_CORE_RNG_H
#define MF_CORE_RNG_H

#include <stddef.h>
#include <stdint.h>

/* What a stream is for; adding a purpose at the end changes no other stream. */
typedef enum mf_rng_purpose {
    MF_RNG_INIT, MF_RNG_SHUFFLE, MF_RNG_AUGMENT, MF_RNG_DROPOUT, MF_RNG_SPLIT, MF_RNG_SYNTH,
    MF_RNG_OCCLUDE, MF_RNG_METHOD, MF_RNG_VOTES, MF_RNG_TEST, MF_RNG_EVAL,
    MF_RNG_MIX
} mf_rng_purpose;

typedef struct mf_rng {
    uint32_t key[2], ctr[4], buf[4];
    uint32_t left;
} mf_rng;

mf_rng   mf_rng_make(uint64_t seed, uint64_t epoch, uint64_t sample, mf_rng_purpose purpose);
uint32_t mf_rng_u32(mf_rng *r);
uint64_t mf_rng_u64(mf_rng *r);
double   mf_rng_unit(mf_rng *r);                         /* [0, 1), 53 bits */
double   mf_rng_uniform(mf_rng *r, double lo, double hi); /* [lo, hi) */
double   mf_rng_normal(mf_rng *r);                        /* mean 0, variance 1 (Box-Muller, both draws from one pair) */
uint64_t mf_rng_below(mf_rng *r, uint64_t n);             /* 0 .. n-1 without bias; n > 0 */
/* Fisher-Yates on n indices. */
void mf_rng_shuffle(mf_rng *r, uint32_t *idx, size_t n);
/* 64 mixed bits of x (splitmix64 finaliser); for hashing small keys. */
uint64_t mf_mix64(uint64_t x);

#endif
