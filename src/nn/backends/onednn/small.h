/* nn/backends/onednn/small.h: convolution on small maps (4 x 4 and less), where oneDNN's loops over the width starve.
 *
 * Blocks of V channels, V the vector width. Operands are first turned into [block][pixel][image][V], so that a tile runs
 * over images. Taps that fall on padding cost nothing: each output pixel has its list of (input pixel, tap). */
#ifndef MF_NN_ONEDNN_SMALL_H
#define MF_NN_ONEDNN_SMALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct mf_dn_pair { int32_t from, tap; } mf_dn_pair;

/* For one output pixel, `blocks` (1 or 2) output blocks and images n0 .. n0+g-1:
 *   y[b][n] = sum over r, pairs, i of x[r][from][n][i] w[b][r][tap][i][.]  (strides in floats) */
typedef struct mf_dn_small_tile {
    const float      *x;              /* [reduced block][pixel][image][V] */
    size_t            x_block, x_pixel;
    const float      *w;              /* [..][tap][V][V] */
    size_t            w_out, w_red;
    float            *y;              /* of image n0 */
    size_t            y_block, y_image;
    const mf_dn_pair *pair;
    size_t            pairs, reduced;
    int               blocks;
} mf_dn_small_tile;

typedef struct mf_dn_small_loops {
    int  width;    /* V */
    int  group;    /* most images of a tile */
    void (*tile)(const mf_dn_small_tile *t, int images);
    /* out[i][.] = sum over pairs and images of x[from][n][i] d[tap][n][.]: `tap` is here a pixel of d. */
    void (*outer)(float *out, const float *x, const float *d, const mf_dn_pair *pair, size_t pairs, size_t images);
    /* y = act(x + bias [V] + res) for `pix` vectors, rounded to bf16; bias and res may be NULL, res may be y. */
    void (*narrow)(uint16_t *y, const float *x, size_t pix, const float *bias, const uint16_t *res, bool relu);
} mf_dn_small_loops;

extern const mf_dn_small_loops mf_dn_small_loops_base;
extern const mf_dn_small_loops mf_dn_small_loops_avx2;
extern const mf_dn_small_loops mf_dn_small_loops_avx512;

#endif
