/* nn/backends/onednn/simd.h: the loops compiled once per instruction set (*_simd.c) and the tables that point at them.
 *
 * Index [0] takes f32 elements, [1] bf16 ones; sums and coefficients are f32. A "row" is `pix` pixels of `b` channels each,
 * contiguous; b = 1 is a run of pixels of one channel. No loop writes outside its row. */
#ifndef MF_NN_ONEDNN_SIMD_H
#define MF_NN_ONEDNN_SIMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The gradient that reaches a batch norm, g = (dy + dy2) where y > 0; dy2 and y may be NULL. Without y, where
 * s (x - mean) + h > 0 if s is there. */
typedef struct mf_dn_grad_row {
    const void  *dy, *dy2, *y, *x;
    void        *g;              /* written by grad_sums if not NULL (may be dy or dy2) */
    void        *dx;             /* grad_apply (may be dy, dy2, y or x) */
    const float *mean;           /* [b] */
    float       *sum_g, *sum_gx; /* [b], grad_sums: of g and of g (x - mean); x NULL: sum_g alone */
    const float *a, *mg, *k;     /* [b], grad_apply: dx = a (g - mg) + k (x - mean) */
    const float *s, *h;          /* [b] or NULL */
    size_t       pix, b;
} mf_dn_grad_row;

/* chan_simd.c: batch norm and its kin. */
typedef struct mf_dn_chan_loops {
    /* Mean and sum of squared deviations of each channel of a row. */
    void (*stats[2])(const void *x, size_t pix, size_t b, float *mean, float *m2);
    /* Merge a row's statistics of nc values into a running one of n values (Chan, Golub, LeVeque 1979). */
    void (*merge)(double *mean, double *m2, double n, const float *row_mean, const float *row_m2, double nc, size_t b);
    void (*add_to)(double *acc, const float *row, size_t b);
    /* y = (x - mean) scale + shift + res, then max(0, .) if relu; res may be NULL; y may be x or res. */
    void (*affine[2])(void *y, const void *x, const void *res, size_t pix, size_t b, const float *mean, const float *scale,
                      const float *shift, bool relu);
    void (*grad_sums[2])(const mf_dn_grad_row *r);
    void (*grad_apply[2])(const mf_dn_grad_row *r);
} mf_dn_chan_loops;

typedef enum mf_dn_op2 { MF_DN_ADD, MF_DN_SUB, MF_DN_MUL, MF_DN_DIV, MF_DN_MAX, MF_DN_OP2_COUNT } mf_dn_op2;

/* flat_simd.c: element-wise over n elements; outputs may coincide with inputs. */
typedef struct mf_dn_flat_loops {
    void (*to_bf16)(uint16_t *d, const float *s, size_t n);
    void (*from_bf16)(float *d, const uint16_t *s, size_t n);
    void (*binary[2])(mf_dn_op2 op, void *c, const void *a, const void *b, size_t n);
    /* y = x op v, v [b] f32 per channel; swap: v op x. */
    void (*by_channel[2])(mf_dn_op2 op, void *y, const void *x, size_t pix, size_t b, const float *v, bool swap);
    void (*relu[2])(void *y, const void *x, size_t n);
    void (*relu_dx[2])(void *dx, const void *dy, const void *y, size_t n); /* dy where y > 0 */
    void (*scale[2])(void *y, const void *x, size_t n, float mul, float add);
    /* dst[k] = src[index[k]]; src f32, dst f32 or bf16. */
    void (*gather[2])(void *dst, const float *src, const int32_t *index, size_t n);
    void (*fill[2])(void *y, size_t pix, size_t b, const float *v); /* every pixel becomes v [b] */
    /* y = x op v, v [pix] f32 a pixel; swap: v op x. */
    void (*by_pixel[2])(mf_dn_op2 op, void *y, const void *x, size_t pix, size_t b, const float *v, bool swap);
    void (*clip[2])(void *y, const void *x, size_t n, float lo, float hi);                    /* NaN stays NaN */
    void (*clip_dx[2])(void *dx, const void *dy, const void *y, size_t n, float lo, float hi); /* dy where lo < y < hi */
} mf_dn_flat_loops;

/* One sample: nb blocks, `block` elements apart, each [pix][b], b a multiple of the width. */
typedef struct mf_dn_sample {
    const void *x;
    size_t      pix, nb, b, block;
} mf_dn_sample;

/* spread_simd.c. `top`, `g`, `v` and `out` hold a value a pixel or a channel; a NaN is larger than all, the first of equals counts. */
typedef struct mf_dn_spread_loops {
    size_t width;
    void (*sum_channels[2])(float *out, const mf_dn_sample *s);
    void (*max_channels[2])(float *out, const mf_dn_sample *s);
    void (*max_channels_dx[2])(void *dx, const mf_dn_sample *s, const float *top, const float *g);
    void (*fill_channels[2])(void *y, const mf_dn_sample *s, const float *v); /* s->x is not read */
    void (*sum_pixels[2])(double *out, const mf_dn_sample *s);
    void (*max_pixels[2])(float *out, const mf_dn_sample *s);
    void (*max_pixels_dx[2])(void *dx, const mf_dn_sample *s, const float *top, const float *g);
} mf_dn_spread_loops;

/* One plane of a pooling: [h][w][b] and [ho][wo][b]. */
typedef struct mf_dn_pool {
    size_t b;
    int    h, w, ho, wo, kh, kw, sh, sw, ph, pw;
    bool   count_pad;
} mf_dn_pool;

/* pool_simd.c. `row` is a row of the output (forward) or of the input (gradient); pointers are to whole planes. */
typedef struct mf_dn_pool_loops {
    void (*max[2])(const mf_dn_pool *g, void *y, uint8_t *idx, const void *x, int row); /* idx may be NULL */
    void (*max_dx[2])(const mf_dn_pool *g, void *dx, const void *dy, const uint8_t *idx, int row);
    void (*avg[2])(const mf_dn_pool *g, void *y, const void *x, int row);
    void (*avg_dx[2])(const mf_dn_pool *g, void *dx, const void *dy, int row);
} mf_dn_pool_loops;

typedef struct mf_dn_simd {
    const char             *name; /* "avx512", "avx2", "base" */
    const mf_dn_chan_loops *chan;
    const mf_dn_flat_loops *flat;
    const mf_dn_pool_loops *pool;
    const mf_dn_spread_loops *spread;
    const struct mf_dn_small_loops *small;
    const struct mf_dn_wino_loops  *wino;
} mf_dn_simd;

/* By the instruction sets that oneDNN uses (its environment variable caps ours too). */
const mf_dn_simd *mf_dn_simd_get(int dnnl_isa);

extern const mf_dn_chan_loops mf_dn_chan_loops_base;
extern const mf_dn_flat_loops mf_dn_flat_loops_base;
extern const mf_dn_pool_loops mf_dn_pool_loops_base;
extern const mf_dn_spread_loops mf_dn_spread_loops_base;
extern const mf_dn_chan_loops mf_dn_chan_loops_avx2;
extern const mf_dn_flat_loops mf_dn_flat_loops_avx2;
extern const mf_dn_pool_loops mf_dn_pool_loops_avx2;
extern const mf_dn_spread_loops mf_dn_spread_loops_avx2;
extern const mf_dn_chan_loops mf_dn_chan_loops_avx512;
extern const mf_dn_flat_loops mf_dn_flat_loops_avx512;
extern const mf_dn_pool_loops mf_dn_pool_loops_avx512;
extern const mf_dn_spread_loops mf_dn_spread_loops_avx512;

#endif
