/* eval/tsne.h: t-distributed stochastic neighbour embedding: points of many dimensions in a plane, neighbours beside neighbours
 * (van der Maaten and Hinton 2008).
 *
 * Repulsion is exact up to MF_TSNE_EXACT_MAX points (all pairs, with vectors) and interpolated on a grid by Fourier transforms
 * beyond (Linderman et al. 2019), so that time and memory grow linearly. Attraction acts between the nearest neighbours alone;
 * with neighbors = n - 1 it is the dense form of 2008. */
#ifndef MF_EVAL_TSNE_H
#define MF_EVAL_TSNE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/error.h"
#include "core/log.h"
#include "core/opt.h"

enum {
    MF_TSNE_POINTS_MIN   = 4,
    MF_TSNE_EXACT_MAX    = 5000,  /* where `auto` leaves the exact form */
    MF_TSNE_NO_FFT_MAX   = 20000  /* most points of a build without FFTW, where `auto` stays with the exact form */
};

typedef enum mf_tsne_forces { MF_TSNE_AUTO, MF_TSNE_EXACT, MF_TSNE_FFT } mf_tsne_forces;
typedef enum mf_tsne_start { MF_TSNE_PCA, MF_TSNE_RANDOM } mf_tsne_start;

typedef struct mf_tsne_cfg {
    double  perplexity;       /* 0: 30, or (n - 1) / 3 where that is less */
    int64_t neighbors;        /* 0: three times the perplexity */
    int     search;           /* mf_knn_method */
    int     forces;           /* mf_tsne_forces */
    int     start;            /* mf_tsne_start */
    double  exaggeration;
    int64_t early_iterations, iterations;
    double  learning_rate;    /* 0: n / exaggeration (Belkina et al. 2019), so n after the early iterations; it multiplies the
                               * gradient without its factor of 4 */
    double  early_momentum, momentum, max_step, min_gain;
    double  min_gradient;     /* stop after the early iterations when the gradient is shorter than this; 0: never. Few points may be drawn
                               * into one by exaggeration and need their time to part: a short gradient is not the end then */
    int64_t seed;
} mf_tsne_cfg;
extern const mf_opt mf_tsne_rows[]; /* all of mf_tsne_cfg */

typedef struct mf_tsne {
    size_t n;
    float *y;                 /* [n, 2], centred */
    double kl;                /* Kullback-Leibler divergence of what is shown from what is meant, in nats */
    double perplexity;        /* as used */
    size_t neighbors;
    int    iterations;        /* done, early ones included */
    bool   fft, approx;       /* interpolated repulsion; approximate neighbours */
    double seconds_neighbours, seconds_affinities, seconds_start, seconds_iterations;
} mf_tsne;
void mf_tsne_free(mf_tsne *t);

/* Embed x [n, d], row-major. Same seed, options, thread count and machine: the same bits.
 * MF_E_NUMERIC: NaN or infinity, named by row and column. MF_E_LIMIT: fewer than MF_TSNE_POINTS_MIN points, or too many for a build without FFTW.
 * MF_E_ARG: the perplexity is too large for n, or more neighbours than points. MF_E_UNSUPPORTED: `fft` without FFTW. */
mf_status mf_tsne_run(mf_tsne *out, const float *x, size_t n, size_t d, const mf_tsne_cfg *c, const mf_progress *progress,
                      mf_err *err);
/* Whether this build interpolates (FFTW is in). */
bool mf_tsne_has_fft(void);

/* MF_E_NUMERIC with row and column of the first value that is NaN or infinite; *row says which too. */
mf_status mf_points_check(size_t *row, const float *x, size_t n, size_t d, mf_err *err);

#endif
