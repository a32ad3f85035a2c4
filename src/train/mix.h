/* train/mix.h: samples of a batch mixed with each other, pictures and targets alike: mixup (Zhang et al. 2018, equation 1)
 * and cutmix (Yun et al. 2019, equations 1 to 3). */
#ifndef MF_TRAIN_MIX_H
#define MF_TRAIN_MIX_H

#include <stddef.h>
#include <stdint.h>
#include "data/loader.h"
#include "infer/feed.h"

typedef enum mf_mix_kind { MF_MIX_NONE, MF_MIX_MIXUP, MF_MIX_CUTMIX } mf_mix_kind;

typedef struct mf_mix {
    mf_mix_kind kind;
    double      alpha;                            /* lambda ~ Beta(alpha, alpha) */
    double      prob;                             /* of each couple of samples being mixed */
    int         pictures, channels, height, width, classes; /* of the batches */
    mf_pix_form form;
} mf_mix;

/* Couples the samples of b at random, each with one other (of an odd number one stays alone), and mixes both in place:
 *
 *     MIXUP     x_i' = lambda x_i + (1 - lambda) x_j,    t_i' = lambda t_i + (1 - lambda) t_j, and j likewise
 *     CUTMIX    a rectangle of the share 1 - lambda, clipped at the edges, changes places; lambda of the targets is what the
 *               clipped rectangle leaves
 *
 * All pictures of a sample get the same lambda and rectangle; b->label becomes the class of the larger share. A function of
 * seed and step alone; nothing is allocated. */
void mf_mix_batch(const mf_batch *b, const mf_mix *m, uint64_t seed, uint64_t step);

#endif
