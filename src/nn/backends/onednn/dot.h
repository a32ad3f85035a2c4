/* nn/backends/onednn/dot.h: register tiles of bf16 dot products (AVX512-BF16: a lane of f32 += two products of bf16), for CPUs on which they
 * take no longer than the f32 products they stand for two of: AMD's since Zen 4. Intel's take twice as long, and have the tile unit.
 *
 * Blocks of 16 channels. What is summed over goes in pairs: two channels of a pixel, two pixels of a channel. */
#ifndef MF_NN_ONEDNN_DOT_H
#define MF_NN_ONEDNN_DOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MF_DN_DOT_GROUP = 14, MF_DN_DOT_CELL = 16 * 16 };

/* y[b][n][.] = sum over blocks r and channels k of x[r][n][k] w[b][r][k][.]; strides in elements. */
typedef struct mf_dn_dot_tile {
    const uint16_t *x;              /* [reduced][pixel][16] */
    size_t          x_block;
    const uint16_t *w;              /* [blocks][reduced] cells of [8 pairs][16][2] */
    size_t          w_out;
    float          *y;              /* [blocks][pixel][16] */
    size_t          y_block, reduced;
    int             blocks;         /* 1 or 2 */
} mf_dn_dot_tile;

typedef struct mf_dn_dot_loops {
    void (*tile)(const mf_dn_dot_tile *t, int pixels); /* 1 to MF_DN_DOT_GROUP */
    /* c[b][i][.] (+)= sum over pairs of pixels of x[.][i] d[b][.][.]; b below blocks, 1 or 2. */
    void (*outer)(float *c, size_t c_block, const uint16_t *x, const uint16_t *d, size_t d_block, size_t pairs, int blocks, bool add);
    /* A cell of weights, f32 [16 in][16 out], in pairs: of in, [8][16 out][2], or turned: of out, [8][16 in][2]. */
    void (*weights)(uint16_t *dst, const float *cell, bool turned);
    /* n pixels [n][16] in place to pairs [(n + 1) / 2][16][2]; an odd last one gets a pixel of zeros beside it. */
    void (*pairs)(uint16_t *x, size_t n);
} mf_dn_dot_loops;

/* Where they are fast (core/isa.h), else NULL. */
const mf_dn_dot_loops *mf_dn_dot_get(void);
/* Where the instructions are there at all: for tests. */
const mf_dn_dot_loops *mf_dn_dot_any(void);

#endif
