/* methods/pull.h: what brings the embeddings of a pair's two pictures together. */
#ifndef MF_METHODS_PULL_H
#define MF_METHODS_PULL_H

#include "nn/graph.h"

/* MSE: mean squared difference, of the values as they are. The others are of unit vectors a, b [N,D]:
 *   COSINE    mean_i (1 - a_i b_i)
 *   SUPCON    supervised contrast over the 2N views (Khosla et al. 2020, equation 2): the positives of a view are all other
 *             views of its class, compared with all other views, at temperature tau; the mean over views
 *   INFONCE   mean of -log softmax_j(a_i b_j / tau)_i and of the same from b to a: one positive, the partner; the other pairs'
 *             pictures are negatives, those of the same class too (van den Oord et al. 2018, equation 4; both directions) */
typedef enum mf_pull { MF_PULL_MSE, MF_PULL_COSINE, MF_PULL_SUPCON, MF_PULL_INFONCE } mf_pull;
#define MF_PULL_WORDS {"mse", "cosine", "supcon", "infonce", NULL}

/* a, b: [N,D] (MSE: any equal shapes); target [N,C], for SUPCON: two samples are of one class by the product of their rows.
 * -> [1] */
mf_ref mf_pull_build(mf_graph *g, mf_pull kind, mf_ref a, mf_ref b, mf_ref target, double tau);

#endif
