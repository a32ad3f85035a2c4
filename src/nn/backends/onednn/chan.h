/* nn/backends/onednn/chan.h: a tensor as rows of pixels of contiguous channels, and per-channel work over it on all threads.
 *
 * Every layout that activations take here is dense [n][nb][s][b]: rows-major n = N, nb = C, s = HW, b = 1; nChw16c n = N,
 * nb = C/16, b = 16; nhwc and [N, C] n = nb = 1, s = N HW, b = C. Work is cut into items (pieces of rows) and the items into
 * `parts` contiguous runs, fixed when a kernel is prepared: sums are combined in that order, so equal runs give equal bits. */
#ifndef MF_NN_ONEDNN_CHAN_H
#define MF_NN_ONEDNN_CHAN_H

#include "nn/backends/onednn/simd.h"
#include "nn/tensor.h"

typedef struct mf_dn_chan {
    size_t n, nb, s, b;
    size_t c;       /* channels that count */
    size_t padded;  /* nb * b */
    size_t elems;   /* n * padded * s */
    size_t values;  /* per channel: N H W */
    size_t piece;   /* pixels of an item */
    size_t per_row, items, parts;
    bool   by_block; /* there are enough blocks of channels for all parts: each part does all of its blocks alone */
} mf_dn_chan;

/* False if the layout is none of those. */
bool mf_dn_chan_of(mf_dn_chan *out, const mf_tdesc *d);
/* Does `l` lay a tensor of d's shape out as mf_dn_chan can read? Otherwise the layout to ask for. */
mf_layout mf_dn_chan_layout(const mf_tdesc *d, mf_layout fallback);

/* Run body(arg, part, at, c0, pix) for each item: `at` elements from the start, channels c0..c0+b-1 (padded numbering). */
typedef void mf_dn_item_fn(void *arg, size_t part, size_t at, size_t c0, size_t pix);
void mf_dn_chan_each(const mf_dn_chan *g, bool backwards, mf_dn_item_fn *fn, void *arg);

/* Bytes of scratch for the sums below. */
size_t mf_dn_chan_scratch(const mf_dn_chan *g);
/* Mean and sum of squared deviations of every channel, double, [padded] each. */
void mf_dn_chan_stats(const mf_dn_chan *g, const mf_dn_simd *simd, bool bf16, const void *x, double *mean, double *m2, void *scratch);
/* sums of grad_sums over all rows: sum_g, sum_gx (sum_gx may be NULL if row->x is NULL). Pointers of `row` are whole tensors. */
void mf_dn_chan_grad_sums(const mf_dn_chan *g, const mf_dn_simd *simd, bool bf16, const mf_dn_grad_row *row, double *sum_g,
                          double *sum_gx, void *scratch);
void mf_dn_chan_grad_apply(const mf_dn_chan *g, const mf_dn_simd *simd, bool bf16, const mf_dn_grad_row *row);
void mf_dn_chan_affine(const mf_dn_chan *g, const mf_dn_simd *simd, bool bf16, void *y, const void *x, const void *res,
                       const float *mean, const float *scale, const float *shift, bool relu);

/* The same for one block of channels on the calling thread, which is part `part`: with by_block, both passes of a batch norm
 * run block after block, and the second pass finds in the cache what the first one read. */
void mf_dn_chan_block_stats(const mf_dn_chan *g, const mf_dn_simd *simd, bool bf16, size_t block, size_t part, const void *x,
                            double *mean, double *m2, void *scratch);
void mf_dn_chan_block_affine(const mf_dn_chan *g, const mf_dn_simd *simd, bool bf16, size_t block, void *y, const void *x,
                             const void *res, const float *mean, const float *scale, const float *shift, bool relu);
void mf_dn_chan_block_grad_sums(const mf_dn_chan *g, const mf_dn_simd *simd, bool bf16, size_t block, size_t part,
                                const mf_dn_grad_row *row, double *sum_g, double *sum_gx, void *scratch);
void mf_dn_chan_block_grad_apply(const mf_dn_chan *g, const mf_dn_simd *simd, bool bf16, size_t block, const mf_dn_grad_row *row);
/* The layout of x's kind for another shape of the same rank (a pooled map). */
mf_layout mf_dn_layout_like(const mf_tdesc *x, const mf_shape *s);
/* body(arg, part) for part 0..parts-1, shared by the threads. */
typedef void mf_dn_part_fn(void *arg, size_t part);
void mf_dn_parts(size_t parts, mf_dn_part_fn *fn, void *arg);
/* n elements on all threads in equal runs of whole cache lines: body(arg, begin, end). */
typedef void mf_dn_span_fn(void *arg, size_t begin, size_t end);
void mf_dn_spans(size_t n, size_t grain, mf_dn_span_fn *fn, void *arg);
/* memcpy, on all threads when large. */
void mf_dn_copy(void *dst, const void *src, size_t bytes);
/* Zero the channels past C of a blocked tensor. */
void mf_dn_chan_clear_padding(const mf_dn_chan *g, size_t elem_size, void *data);

#endif
