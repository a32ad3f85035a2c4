/* nn/backends/onednn/amx.h: convolutions on the tile unit (AMX, bf16 products summed in f32), where oneDNN's own loops are slow:
 * weight gradients, small maps, gradients of strided convolutions.
 *
 * A tile product is C [16][16] += A [16][k] B [k][16], k up to 32; A has rows of k values, B rows of 16 pairs of values.
 *   weight gradient  rows are input channels, columns output channels, k runs over 32 images: x lies as [pixel][channel][image],
 *                    dy as [pixel][pair of images][channel][2]. The taps are shifts by whole tiles, so padding costs nothing.
 *   convolution      rows are 16 images at one pixel, columns output channels, k input channels: for each output pixel a list of
 *                    (input pixel, tap), so padding and stride cost nothing either. The data gradient is the same sum.
 * Pieces of both operands are packed so first; the arithmetic is the same for every number of threads. */
#ifndef MF_NN_ONEDNN_AMX_H
#define MF_NN_ONEDNN_AMX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/backends/onednn/small.h"

enum {
    MF_DN_TILE  = 16,       /* rows and columns of a tile */
    MF_DN_PANEL = 32,       /* channels that lie together: two tiles */
    MF_DN_CELL  = 16 * 16   /* f32 results of a tile */
};

/* c[m][n] (+)= sum over rows r and columns q of A(r, q, m) B(r, q, n): the weight gradient of one tap. */
typedef struct mf_dn_amx_grid {
    const uint16_t *a, *b;
    size_t          a_row, a_col, b_row, b_col; /* elements from one pixel to the next below, to the right */
    size_t          a_tile, b_tile;             /* from tile m or n to the next */
    size_t          a_pitch;                    /* bytes from one row of an A tile to the next */
    size_t          rows, cols;
    float          *c;                          /* [16][16] each */
    size_t          c_m, c_n;                   /* floats from one result to the next */
    int             m, n;                       /* 1 or 2 tiles */
    bool            add;                        /* c holds a sum already */
} mf_dn_amx_grid;

/* One output pixel, `tiles` (1 or 2) tiles of 16 images, 32 output channels:
 *   y[n] = act(sum over pairs, k of x[from][k][n] w[tap][k] + bias + res[n]), images of a tile past `images` are not written. */
typedef struct mf_dn_amx_conv {
    const uint16_t   *x;            /* [pixel][k of 32][tile][16 images][32] */
    size_t            x_pixel, x_k;
    const uint16_t   *w;            /* [tap][k of 32][2 tiles][16 pairs][16][2] */
    size_t            w_tap;
    const mf_dn_pair *pair;
    size_t            pairs, ks;
    int               tiles, images, channels; /* channels: 16 or 32 of the result */
    uint16_t         *y;
    const uint16_t   *res;          /* like y, or NULL */
    size_t            y_image;
    const float      *bias;         /* [channels] or NULL */
    bool              relu;
} mf_dn_amx_conv;

typedef struct mf_dn_amx_loops {
    /* Before and after any number of products on this thread. k: values a row of A has, even, 2 to 32. */
    void (*begin)(int k);
    void (*end)(void);
    void (*grid)(const mf_dn_amx_grid *t);
    void (*conv)(const mf_dn_amx_conv *t);
    /* dst[c][i] = src of image i, channel c: c < channels <= 32, i < k, zero from `images` on. `image`: elements between images. */
    void (*pack_rows)(uint16_t *dst, const uint16_t *src, size_t image, int images, int k, int channels);
    /* dst[tile][i / 2][c % 16][i % 2], two tiles. */
    void (*pack_pairs)(uint16_t *dst, const uint16_t *src, size_t image, int images, int k, int channels);
    /* Weights, f32 in cells [16 in][16 out] of which `lo` and `hi` are neighbours, to one tile of B, pairs of rows together: for the
     * convolution lo and hi follow along the input, for the data gradient along the output channel. hi may be NULL: zero. */
    void (*weights_in)(uint16_t *dst, const float *lo, const float *hi);
    void (*weights_out)(uint16_t *dst, const float *lo, const float *hi);
} mf_dn_amx_loops;

/* NULL where CPU, system or cap do not allow it. Asks the system for the tile registers on the first call. */
const mf_dn_amx_loops *mf_dn_amx_get(int dnnl_isa);

#endif
