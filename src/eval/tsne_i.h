/* eval/tsne_i.h: the inside of t-SNE: affinities, forces, and the loops compiled once per instruction set (tsne_simd.c). */
#ifndef MF_EVAL_TSNE_I_H
#define MF_EVAL_TSNE_I_H

#include <stddef.h>
#include <stdint.h>
#include "eval/knn.h"
#include "eval/tsne.h"

enum { MF_TSNE_ROW = 8, MF_TSNE_LANES_MAX = 16, MF_TSNE_PARTS_MAX = 32 };

/* Symmetric affinities p_ij by rows: those of i at [row[i], row[i + 1]), in order of column, filled up with zeros at i itself to a
 * multiple of MF_TSNE_ROW. They sum to 1. */
typedef struct mf_affinity {
    size_t    n;
    size_t   *row;    /* [n + 1] */
    uint32_t *col;
    float    *p;
    double    plogp;  /* sum of p log p */
} mf_affinity;
void mf_affinity_free(mf_affinity *a);
/* p_ij = (p_j|i + p_i|j) / 2n (van der Maaten and Hinton 2008, eq. 1), each p_.|i of the given perplexity. */
mf_status mf_affinity_build(mf_affinity *out, const mf_knn *g, double perplexity, mf_err *err);
/* p [k] from squared distances [k], such that exp(entropy) is the perplexity: safeguarded bisection, to 1e-6 of the entropy. Returns the
 * precision 1 / (2 sigma^2). Where no precision gives it (equal distances) the nearest that does. */
double mf_affinity_calibrate(double *p, const float *dist2, size_t k, double perplexity);

/* Forces on the points y [n, 2]. */
typedef struct mf_repulsion mf_repulsion;
mf_status mf_repulsion_new(mf_repulsion **out, size_t n, bool fft, mf_err *err);
void      mf_repulsion_free(mf_repulsion *r);
/* force [n, 2]: of each i the sum over j of (y_i - y_j) / (1 + d_ij^2)^2; *z: the sum over all i != j of 1 / (1 + d_ij^2). */
mf_status mf_repulsion_run(mf_repulsion *r, float *force, double *z, const float *y, mf_err *err);

/* grad [n, 2] = sum over j of (exaggeration p_ij - q_ij) (y_i - y_j) / (1 + d_ij^2): a quarter of the gradient (2008, eq. 5). */
mf_status mf_tsne_gradient(float *grad, double *z, mf_repulsion *r, const mf_affinity *a, const float *y, double exaggeration,
                           float *scratch, mf_err *err);
/* Kullback-Leibler divergence, given z. */
double mf_tsne_divergence(const mf_affinity *a, const float *y, double z);

/* The interpolating form, in tsne_fft.c; without FFTW creation fails with MF_E_UNSUPPORTED. */
typedef struct mf_tsne_grid mf_tsne_grid;
mf_status mf_tsne_grid_new(mf_tsne_grid **out, size_t n, mf_err *err);
void      mf_tsne_grid_free(mf_tsne_grid *g);
mf_status mf_tsne_grid_run(mf_tsne_grid *g, float *force, double *z, const float *y, mf_err *err);

/* Momentum and gains (Jacobs 1988, as in 2008): what a step needs. */
typedef struct mf_tsne_step {
    float rate, momentum, min_gain, max_step;
} mf_tsne_step;

typedef struct mf_tsne_loops {
    size_t lanes;
    /* Exact repulsion of block rows part, part + parts, ... of x, y [padded], padding far away; forces are added to fx, fy
     * [padded]. Returns the part's share of z, each point's own 1 included. */
    double (*repulse)(float *fx, float *fy, const float *x, const float *y, size_t n, size_t padded, size_t part, size_t parts);
    /* force [n, 2], rows [begin, end): the sum over neighbours of p (y_i - y_j) / (1 + d^2). */
    void (*attract)(float *force, const mf_affinity *a, const float *y, size_t begin, size_t end);
    /* grad = e attract - repulse / z. */
    void (*combine)(float *grad, const float *repulse, float e, float inv_z, size_t n);
    void (*step)(float *y, float *speed, float *gain, const float *grad, const mf_tsne_step *s, size_t n);
    /* Add the four weights a dimension of points [begin, end) to the grid; (lo, inv_h): position in cells. */
    void (*spread)(float *grid, size_t pitch, const float *y, const float lo[2], float inv_h, size_t begin, size_t end);
    /* Read three grids at the points: out [., 3]. */
    void (*gather)(float *out, const float *const grid[3], size_t pitch, const float *y, const float lo[2], float inv_h,
                   size_t begin, size_t end);
} mf_tsne_loops;
extern const mf_tsne_loops mf_tsne_loops_base;
extern const mf_tsne_loops mf_tsne_loops_avx2;
extern const mf_tsne_loops mf_tsne_loops_avx512;
const mf_tsne_loops *mf_tsne_loops_get(void);

#endif
