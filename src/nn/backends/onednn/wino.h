/* nn/backends/onednn/wino.h: 3 x 3 convolution of stride 1 by Winograd's minimal filtering.
 *
 * Lavin and Gray 2016, section 4: with d a window of the input, g the filter and Y a tile of outputs,
 *   Y = A^T [(G g G^T) * (B^T d B)] A,     dg = G^T [sum over tiles of (B^T d B) * (A dY A^T)] G.
 * Four forms:
 *   4x4   F(4 x 4, 3 x 3): 36 multiplications for 16 outputs instead of 144. The points are 0, +-sqrt(1/2), +-sqrt(2), infinity: against the
 *         usual 0, +-1, +-2 they lose a third as many digits (largest error over largest output, 512 input channels, N(0,1): 3.4e-6
 *         against 1.5e-5; the plain sum in f32: 5e-7).
 *   3x3   F(3 x 3, 3 x 3): 25 for 9 outputs instead of 81, for sides that 3 divides and 4 does not; the points are +-1/2, +-5/4, infinity.
 *   2x2   F(2 x 2, 3 x 3): 16 for 4 outputs instead of 36.
 *   map2  a whole map of 2 x 2 between zeros: 9 instead of the 16 that do not fall on padding.
 *
 * Everything is in blocks of V channels, V the vector width. Transformed values are [point][group of tiles][block][tile][V], a group what is
 * multiplied in registers at once (for the weight gradient [point][block][tile][V]), transformed weights [output block][point][input block][V in][V out]; a point's part is followed by a cache line of padding, so that the writes of
 * a transform do not fall on the same sets. A NaN or infinity in a window reaches all outputs of its tile.
 *
 * Maps are f32 or bf16; weights and everything between are f32, so that bf16 maps cost their rounding alone. */
#ifndef MF_NN_ONEDNN_WINO_H
#define MF_NN_ONEDNN_WINO_H

#include <stdbool.h>
#include <stddef.h>
#include "nn/kernel.h"
#include "nn/ops.h"

/* One block of V channels of a map [h][w][V], f32 or (bf) bf16, and the upper left corner of a window that may reach over its edges. */
typedef struct mf_dn_window {
    const void *map;
    int         h, w, i, j;
    bool        bf;
} mf_dn_window;

/* Where a tile of results goes: corner (i, j) of a map [h][w][V], f32 or bf16; bias [V] (f32) and res (the map's twin) may be NULL. */
typedef struct mf_dn_wino_put {
    void        *map;
    const void  *res;
    const float *bias;
    int          h, w, i, j;
    bool         relu, bf;
} mf_dn_wino_put;

typedef struct mf_dn_wino_form {
    int points, out; /* products of a tile; side of its outputs */
    int skip;        /* the window starts that many pixels inside of the first tap */
    /* v[point * stride] = B^T d B, zeros outside the map. */
    void (*input)(float *v, size_t stride, const mf_dn_window *d);
    /* v[point * stride] = A dY A^T, zeros outside the map. */
    void (*grad)(float *v, size_t stride, const mf_dn_window *dy);
    /* u[point * stride] = G g G^T of V filters g [9][V]. */
    void (*weights)(float *u, size_t stride, const float *g);
    /* act(A^T m A + bias + res) to its place. */
    void (*output)(const mf_dn_wino_put *o, const float *m, size_t stride);
    /* g [9][V][V] = G^T s G of s [V][V] at each point. */
    void (*filter)(float *g, const float *s, size_t stride);
} mf_dn_wino_form;

typedef enum mf_dn_wino_kind { MF_WINO_4X4, MF_WINO_3X3, MF_WINO_2X2, MF_WINO_MAP2, MF_WINO_FORMS } mf_dn_wino_kind;

typedef struct mf_dn_wino_loops {
    int                    width; /* V */
    const mf_dn_wino_form *form[MF_WINO_FORMS];
    /* s[b][i][.] = sum over tiles of x[t][i] d[b][t][.] (added to what is there with `add`), b < blocks (1 or 2). */
    void (*outer)(float *s, size_t s_block, const float *x, const float *d, size_t d_block, size_t tiles, int blocks, bool add);
} mf_dn_wino_loops;

extern const mf_dn_wino_loops mf_dn_wino_loops_base;
extern const mf_dn_wino_loops mf_dn_wino_loops_avx2;
extern const mf_dn_wino_loops mf_dn_wino_loops_avx512;

/* The form that pays, by shapes and CPU alone; NULL: none. x, y: the maps of the forward convolution, w its weights. */
const mf_dn_wino_form *mf_dn_wino_choose(const mf_prep *p, const mf_tdesc *x, const mf_tdesc *y, const mf_tdesc *w,
                                         const mf_conv2d_attrs *a, char why[128]);

/* The tiles of a map, in order of image, row, column. */
typedef struct mf_dn_wino_grid { size_t rows, cols, tiles; } mf_dn_wino_grid;
mf_dn_wino_grid mf_dn_wino_grid_of(const mf_shape *map, const mf_dn_wino_form *f);

/* Weights as the other kernels of small maps store them: [Co/V][Ci/V][3][3] of V in x V out. */
mf_layout mf_dn_wino_weight_layout(const mf_shape *w, int v);

#endif
