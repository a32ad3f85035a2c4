/* eval/tsne.c: owns the course of an embedding: what is checked, where it starts, the descent. */
#include "eval/tsne.h"

#include <math.h>
#include <string.h>

#include "core/clock.h"
#include "core/mem.h"
#include "core/rng.h"
#include "core/thread.h"
#include "eval/pca.h"
#include "eval/tsne_i.h"

static const char *const search_words[] = {"auto", "exact", "approx", NULL};
static const char *const forces_words[] = {"auto", "exact", "fft", NULL};
static const char *const start_words[]  = {"pca", "random", NULL};

const mf_opt mf_tsne_rows[] = {
    MF_OPT_F64(mf_tsne_cfg, perplexity, 0, 0, 10000, "effective number of neighbours; 0: 30, or a third of the points"),
    MF_OPT_INT(mf_tsne_cfg, neighbors, 0, 0, 65536, "neighbours that attract; 0: three times the perplexity"),
    MF_OPT_ENUM(mf_tsne_cfg, search, MF_KNN_AUTO, search_words, "how neighbours are found"),
    MF_OPT_ENUM(mf_tsne_cfg, forces, MF_TSNE_AUTO, forces_words, "auto: exact up to 5000 points, fft beyond"),
    MF_OPT_ENUM(mf_tsne_cfg, start, MF_TSNE_PCA, start_words, "first positions"),
    MF_OPT_F64(mf_tsne_cfg, exaggeration, 12, 1, 1000, "of attraction in the early iterations"),
    MF_OPT_INT(mf_tsne_cfg, early_iterations, 150, 0, 100000, "iterations with exaggeration"),
    MF_OPT_INT(mf_tsne_cfg, iterations, 400, 0, 1000000, "iterations after those"),
    MF_OPT_F64(mf_tsne_cfg, learning_rate, 0, 0, 1e9, "0: the number of points over the exaggeration of the phase"),
    MF_OPT_F64(mf_tsne_cfg, early_momentum, 0.8, 0, 0.999, "momentum with exaggeration"),
    MF_OPT_F64(mf_tsne_cfg, momentum, 0.85, 0, 0.999, "momentum after it"),
    MF_OPT_F64(mf_tsne_cfg, max_step, 5, 0, 1e9, "longest step of a point in one iteration; 0: any"),
    MF_OPT_F64(mf_tsne_cfg, min_gain, 0.01, 0, 1, "lower bound of the gains"),
    MF_OPT_F64(mf_tsne_cfg, min_gradient, 0, 0, 1, "stop when the gradient is shorter than this; 0: never"),
    MF_OPT_INT(mf_tsne_cfg, seed, 0, 0, 9007199254740992.0, "of random positions and of the approximate search"),
    MF_OPT_END,
};

enum { LOOK_EVERY = 50, CENTRE_EVERY = 10, DEFAULT_PERPLEXITY = 30 };
#define START_SIZE 1e-4 /* standard deviation of the first coordinate at the start */

void
mf_tsne_free(mf_tsne *t)
{
    mf_free(t->y);
    *t = (mf_tsne){0};
}

mf_status
mf_points_check(size_t *row, const float *x, size_t n, size_t d, mf_err *err)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < d; k++) {
            if (!isfinite(x[i * d + k])) {
                *row = i;
                return mf_fail(err, MF_E_NUMERIC, "row %zu, column %zu is %s: expected a finite number", i + 1, k + 1,
                               isnan(x[i * d + k]) ? "not a number (NaN)" : "infinite");
            }
        }
    }
    return MF_OK;
}

/* What the options mean for n points. */
static mf_status
resolve(mf_tsne *t, const mf_tsne_cfg *c, mf_err *err)
{
    const size_t n    = t->n;
    const double most = (double)(n - 1) / 3;

    if (n > MF_TSNE_NO_FFT_MAX && !mf_tsne_has_fft()) {
        return mf_fail(err, MF_E_LIMIT, "%zu points: this build is without FFTW, and embeds at most %d (install libfftw3-dev and build again)", n,
                       (int)MF_TSNE_NO_FFT_MAX);
    }
    if (c->forces == MF_TSNE_FFT && !mf_tsne_has_fft()) {
        return mf_fail(err, MF_E_UNSUPPORTED, "forces by fft: this build is without FFTW (install libfftw3-dev and build again)");
    }
    t->fft        = c->forces == MF_TSNE_FFT || (c->forces == MF_TSNE_AUTO && n > MF_TSNE_EXACT_MAX && mf_tsne_has_fft());
    t->perplexity = c->perplexity > 0 ? c->perplexity : most < DEFAULT_PERPLEXITY ? most : (double)DEFAULT_PERPLEXITY;
    t->neighbors  = c->neighbors > 0 ? (size_t)c->neighbors : (size_t)(3 * t->perplexity + 1e-9);
    if (t->perplexity < 1) {
        return mf_fail(err, MF_E_ARG, "a perplexity of %g: expected at least 1", t->perplexity);
    }
    if (c->neighbors > 0 && t->neighbors > n - 1) {
        return mf_fail(err, MF_E_ARG, "%zu neighbours among %zu points: at most %zu", t->neighbors, n, n - 1);
    }
    if (t->neighbors > n - 1) {
        return mf_fail(err, MF_E_ARG, "a perplexity of %g is too large for %zu points: at most %.4g, a third of the others", t->perplexity, n, most);
    }
    if (t->perplexity > (double)t->neighbors) {
        return mf_fail(err, MF_E_ARG, "a perplexity of %g needs more than %zu neighbours", t->perplexity, t->neighbors);
    }
    return MF_OK;
}

/* First positions: principal components, or normal draws; equal points are set a little apart, or they would stay one. */
static mf_status
start(mf_tsne *t, const float *x, size_t d, const mf_tsne_cfg *c, mf_err *err)
{
    mf_pca    p  = {0};
    double   *to = NULL;
    size_t    k  = c->start == MF_TSNE_PCA ? (d < 2 ? d : 2) : 0;
    mf_status st = MF_OK;

    if (k > 0) {
        if ((st = mf_pca_fit(&p, x, t->n, d, k, err)) < 0) {
            return st;
        }
        if ((to = mf_calloc(t->n, k * sizeof *to)) == NULL) {
            st = mf_oom(err, t->n * k * sizeof *to, "first positions");
            goto done;
        }
        mf_pca_apply(&p, to, x, t->n);
    }
    for (size_t i = 0; i < t->n; i++) {
        mf_rng rng = mf_rng_make((uint64_t)c->seed, 0, i, MF_RNG_EVAL);

        for (size_t j = 0; j < 2; j++) {
            bool   known = j < k && p.variance[j] > 0;
            double r     = mf_rng_normal(&rng) * START_SIZE;

            t->y[2 * i + j] = (float)(known ? to[i * k + j] / sqrt(p.variance[0]) * START_SIZE + 0.01 * r : r);
        }
    }
done:
    mf_free(to);
    mf_pca_free(&p);
    return st;
}

/* What the descent carries along: [n, 2] each. */
typedef struct descent {
    float *speed, *gain, *grad, *scratch;
} descent;

static void
centre(float *y, size_t n)
{
    double mx = 0, my = 0;

    for (size_t i = 0; i < n; i++) {
        mx += (double)y[2 * i];
        my += (double)y[2 * i + 1];
    }
    for (size_t i = 0; i < n; i++) {
        y[2 * i] -= (float)(mx / (double)n);
        y[2 * i + 1] -= (float)(my / (double)n);
    }
}

typedef struct move {
    const mf_tsne_loops *f;
    mf_tsne             *t;
    descent             *s;
    mf_tsne_step         step;
} move;

static void
move_points(void *arg, size_t begin, size_t end, int thread)
{
    move *m = arg;

    (void)thread;
    m->f->step(m->t->y + 2 * begin, m->s->speed + 2 * begin, m->s->gain + 2 * begin, m->s->grad + 2 * begin, &m->step, end - begin);
}

static double
length(const float *v, size_t n)
{
    double s = 0;

    for (size_t i = 0; i < n; i++) {
        s += (double)v[i] * (double)v[i];
    }
    return sqrt(s);
}

static mf_status
descend(mf_tsne *t, const mf_affinity *a, const mf_tsne_cfg *c, const mf_progress *progress, mf_err *err)
{
    const size_t  n     = t->n;
    const int     early = (int)c->early_iterations, all = early + (int)c->iterations;
    mf_repulsion *r     = NULL;
    descent       s     = {0};
    move          m     = {.f = mf_tsne_loops_get(), .t = t, .s = &s};
    double        z, rate = c->learning_rate > 0 ? c->learning_rate : (double)n / c->exaggeration;
    mf_status     st;

    if ((st = mf_repulsion_new(&r, n, t->fft, err)) < 0) {
        return st;
    }
    if ((s.speed = mf_calloc(n, 8 * sizeof *s.speed)) == NULL) {
        st = mf_oom(err, n * 8 * sizeof *s.speed, "an embedding");
        goto done;
    }
    s.gain    = s.speed + 2 * n;
    s.grad    = s.gain + 2 * n;
    s.scratch = s.grad + 2 * n;
    m.step    = (mf_tsne_step){(float)rate, (float)c->early_momentum, (float)c->min_gain, c->max_step > 0 ? (float)c->max_step : INFINITY};
    for (size_t i = 0; i < 2 * n; i++) {
        s.gain[i] = 1;
    }
    for (; t->iterations < all; t->iterations++) {
        if (t->iterations == early) {
            rate            = c->learning_rate > 0 ? c->learning_rate : (double)n;
            m.step.rate     = (float)rate;
            m.step.momentum = (float)c->momentum;
        }
        if ((st = mf_tsne_gradient(s.grad, &z, r, a, t->y, t->iterations < early ? c->exaggeration : 1, s.scratch, err)) < 0) {
            goto done;
        }
        if (t->iterations % LOOK_EVERY == 0) {
            double len = length(s.grad, 2 * n);

            if (!isfinite(len)) {
                st = mf_fail(err, MF_E_NUMERIC, "the embedding runs away after %d iterations: a lower learning rate than %g is needed",
                             t->iterations, rate);
                goto done;
            }
            mf_progress_set(progress, "t-SNE\titerations", t->iterations, all);
            if (t->iterations >= early && len < c->min_gradient) {
                break;
            }
        }
        mf_parallel_for(n, 2048, move_points, &m);
        if (t->iterations % CENTRE_EVERY == 0) {
            centre(t->y, n);
        }
    }
    centre(t->y, n);
    if ((st = mf_repulsion_run(r, s.scratch, &z, t->y, err)) < 0) {
        goto done;
    }
    t->kl = mf_tsne_divergence(a, t->y, z);
    mf_progress_set(progress, "t-SNE\titerations", all, all);
done:
    mf_free(s.speed);
    mf_repulsion_free(r);
    return st;
}

mf_status
mf_tsne_run(mf_tsne *out, const float *x, size_t n, size_t d, const mf_tsne_cfg *c, const mf_progress *progress, mf_err *err)
{
    mf_tsne     t = {.n = n};
    mf_knn      g = {0};
    mf_affinity a = {0};
    mf_knn_opts ko;
    double      t0;
    size_t      row;
    mf_status   st;

    *out = (mf_tsne){0};
    if (n < MF_TSNE_POINTS_MIN) {
        return mf_fail(err, MF_E_LIMIT, "t-SNE of %zu point%s: at least %d are needed", n, n == 1 ? "" : "s", (int)MF_TSNE_POINTS_MIN);
    }
    if (d < 1) {
        return mf_fail(err, MF_E_ARG, "t-SNE of points without values");
    }
    if ((st = mf_points_check(&row, x, n, d, err)) < 0 || (st = resolve(&t, c, err)) < 0) {
        return st;
    }
    if ((t.y = mf_calloc(n, 2 * sizeof *t.y)) == NULL) {
        return mf_oom(err, n * 2 * sizeof *t.y, "an embedding");
    }
    ko = (mf_knn_opts){.k = t.neighbors, .method = (mf_knn_method)c->search, .seed = (uint64_t)c->seed};
    if (progress != NULL) {
        ko.progress = *progress;
    }
    t0 = mf_now();
    if ((st = mf_knn_build(&g, x, n, d, &ko, err)) < 0) {
        goto done;
    }
    t.approx             = g.approx;
    t.seconds_neighbours = mf_now() - t0;
    t0                   = mf_now();
    if ((st = mf_affinity_build(&a, &g, t.perplexity, err)) < 0) {
        goto done;
    }
    mf_knn_free(&g);
    t.seconds_affinities = mf_now() - t0;
    t0                   = mf_now();
    if ((st = start(&t, x, d, c, err)) < 0) {
        goto done;
    }
    t.seconds_start = mf_now() - t0;
    t0              = mf_now();
    if ((st = descend(&t, &a, c, progress, err)) < 0) {
        goto done;
    }
    t.seconds_iterations = mf_now() - t0;
    *out                 = t;
    t.y                  = NULL;
done:
    mf_knn_free(&g);
    mf_affinity_free(&a);
    mf_tsne_free(&t);
    return st;
}
