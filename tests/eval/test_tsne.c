/* The parts of t-SNE against what they should be, and the whole of it on clusters and on what cannot be embedded. */
#include "support.h"

#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "core/rng.h"
#include "core/thread.h"
#include "eval/tsne.h"
#include "eval/tsne_i.h"

static float *
normals(size_t n, double scale, uint64_t seed)
{
    mf_rng rng = mf_rng_make(seed, 0, 0, MF_RNG_TEST);
    float *x   = mf_calloc(n, sizeof *x);

    assert_non_null(x);
    for (size_t i = 0; i < n; i++) {
        x[i] = (float)(mf_rng_normal(&rng) * scale);
    }
    return x;
}

/* n points about `groups` centres in turn. */
static float *
clusters(size_t n, size_t d, size_t groups, double apart, uint64_t seed)
{
    float *x = normals(n * d, 1, seed), *c = normals(groups * d, apart, seed + 1);

    for (size_t i = 0; i < n * d; i++) {
        x[i] += c[i / d % groups * d + i % d];
    }
    mf_free(c);
    return x;
}

static void
affinity_of(mf_affinity *a, const float *x, size_t n, size_t d, size_t k, double perplexity)
{
    mf_err      err = {0};
    mf_knn      g   = {0};
    mf_knn_opts o   = mf_knn_opts_default();

    o.k = k;
    assert_mf_ok(mf_knn_build(&g, x, n, d, &o, &err), &err);
    assert_mf_ok(mf_affinity_build(a, &g, perplexity, &err), &err);
    mf_knn_free(&g);
}

/* Kullback-Leibler divergence from its definition, in double. */
static double
divergence(const mf_affinity *a, const double *y, double exaggeration)
{
    double z = 0, sum = 0;

    for (size_t i = 0; i < a->n; i++) {
        for (size_t j = 0; j < a->n; j++) {
            double dx = y[2 * i] - y[2 * j], dy = y[2 * i + 1] - y[2 * j + 1];

            z += i != j ? 1 / (1 + dx * dx + dy * dy) : 0;
        }
    }
    for (size_t i = 0; i < a->n; i++) {
        for (size_t e = a->row[i]; e < a->row[i + 1]; e++) {
            size_t j  = a->col[e];
            double dx = y[2 * i] - y[2 * j], dy = y[2 * i + 1] - y[2 * j + 1], p = exaggeration * (double)a->p[e];

            sum += p > 0 ? p * log(p * (1 + dx * dx + dy * dy)) : 0;
        }
    }
    return sum + log(z); /* with exaggeration its gradient is the exaggerated one only where q's weight stays 1 */
}

static void
test_gradient(void **state)
{
    static const double strength[] = {1, 12};

    (void)state;
    for (size_t s = 0; s < 2; s++) {
        for (size_t n = 61; n <= 64; n += 3) {
            mf_err        err = {0};
            mf_affinity   a;
            mf_repulsion *r;
            float        *x = normals(n * 5, 1, 7), *y = normals(n * 2, 3, 8), *g = mf_calloc(n, 4 * sizeof *g);
            double       *yd = mf_calloc(n, 2 * sizeof *yd), z, largest = 0, worst = 0;

            affinity_of(&a, x, n, 5, 30, 10);
            assert_mf_ok(mf_repulsion_new(&r, n, false, &err), &err);
            assert_mf_ok(mf_tsne_gradient(g, &z, r, &a, y, strength[s], g + 2 * n, &err), &err);
            for (size_t i = 0; i < 2 * n; i++) {
                yd[i]   = (double)y[i];
                largest = fmax(largest, 4 * fabs((double)g[i]));
            }
            for (size_t i = 0; i < 2 * n; i++) {
                const double h = 1e-4;
                double       up, down;

                yd[i] += h;
                up = divergence(&a, yd, strength[s]);
                yd[i] -= 2 * h;
                down = divergence(&a, yd, strength[s]);
                yd[i] += h;
                worst = fmax(worst, fabs((up - down) / (2 * h) - 4 * (double)g[i]) / largest);
            }
            print_message("n %zu, exaggeration %g: largest error of the gradient %.2g of its largest entry\n", n, strength[s], worst);
            assert_true(worst < 2e-6);
            assert_true(fabs(mf_tsne_divergence(&a, y, z) - divergence(&a, yd, 1)) < 1e-6);
            mf_repulsion_free(r);
            mf_affinity_free(&a);
            mf_free(x);
            mf_free(y);
            mf_free(g);
            mf_free(yd);
        }
    }
}

static void
test_calibration(void **state)
{
    static const double want[] = {1.5, 5, 30, 59};
    float               dist2[60];
    double              p[60];
    mf_rng              rng = mf_rng_make(3, 0, 0, MF_RNG_TEST);

    (void)state;
    for (int scale = -8; scale <= 8; scale += 4) {
        dist2[0] = 0;
        for (int i = 1; i < 60; i++) { /* nearest first, some equal */
            dist2[i] = dist2[i - 1] + (float)(i % 5 == 0 ? 0 : pow(10, scale) * mf_rng_unit(&rng));
        }
        for (size_t w = 0; w < 4; w++) {
            double h = 0, sum = 0;

            mf_affinity_calibrate(p, dist2, 60, want[w]);
            for (int i = 0; i < 60; i++) {
                h -= p[i] > 0 ? p[i] * log(p[i]) : 0;
                sum += p[i];
                assert_true(i == 0 || p[i] <= p[i - 1]);
            }
            assert_true(fabs(sum - 1) < 1e-12);
            assert_true(fabs(exp(h) / want[w] - 1) < 1e-5);
        }
    }
    memset(dist2, 0, sizeof dist2); /* equal points: no precision prefers one */
    mf_affinity_calibrate(p, dist2, 60, 5);
    for (int i = 0; i < 60; i++) {
        assert_true(fabs(p[i] - 1.0 / 60) < 1e-15);
    }
}

static void
test_symmetric(void **state)
{
    mf_affinity a;
    float      *x = normals(200 * 4, 1, 5);
    double      sum = 0;

    (void)state;
    affinity_of(&a, x, 200, 4, 15, 5);
    for (size_t i = 0; i < 200; i++) {
        assert_int_equal(a.row[i] % MF_TSNE_ROW, 0);
        for (size_t e = a.row[i]; e < a.row[i + 1]; e++) {
            size_t j = a.col[e], back = a.row[j];

            sum += (double)a.p[e];
            if (a.p[e] > 0) {
                assert_true(j != i);
                while (back < a.row[j + 1] && a.col[back] != i) {
                    back++;
                }
                assert_true(back < a.row[j + 1] && a.p[back] == a.p[e]);
            }
        }
    }
    assert_true(fabs(sum - 1) < 1e-6);
    mf_affinity_free(&a);
    mf_free(x);
}

/* The grid's forces against those of all pairs, on maps of all widths that a descent passes through. */
static void
test_fft(void **state)
{
    static const double width[] = {1e-4, 0.05, 1, 8, 25, 40};
    const size_t        n       = 3000;

    (void)state;
    if (!mf_tsne_has_fft()) {
        mf_test_skip("this build is without FFTW");
        return;
    }
    for (size_t w = 0; w < sizeof width / sizeof width[0]; w++) {
        mf_err        err = {0};
        mf_repulsion *all, *grid;
        float        *y = normals(n * 2, width[w], 11), *fa = mf_calloc(n, 4 * sizeof *fa), *fg = fa + 2 * n;
        double        za, zg, diff = 0, size = 0;

        for (size_t i = 0; i < n; i++) { /* not square */
            y[2 * i] *= 0.4f;
        }
        assert_mf_ok(mf_repulsion_new(&all, n, false, &err), &err);
        assert_mf_ok(mf_repulsion_new(&grid, n, true, &err), &err);
        assert_mf_ok(mf_repulsion_run(all, fa, &za, y, &err), &err);
        assert_mf_ok(mf_repulsion_run(grid, fg, &zg, y, &err), &err);
        for (size_t i = 0; i < 2 * n; i++) {
            diff += ((double)fa[i] - (double)fg[i]) * ((double)fa[i] - (double)fg[i]);
            size += (double)fa[i] * (double)fa[i];
        }
        print_message("width %g: force %.2g off, sum %.2g off\n", width[w], sqrt(diff / size), fabs(zg / za - 1));
        assert_true(sqrt(diff / size) < 0.02);
        assert_true(fabs(zg / za - 1) < 0.01);
        mf_repulsion_free(all);
        mf_repulsion_free(grid);
        mf_free(y);
        mf_free(fa);
    }
}

/* Positions that no grid fits are refused, not followed. */
static void
test_runaway(void **state)
{
    mf_err        err = {0};
    mf_repulsion *r;
    float         y[10] = {0, 1, 2, 3, 4, 5, 6, 7, 8, NAN}, f[10];
    double        z;

    (void)state;
    if (!mf_tsne_has_fft()) {
        mf_test_skip("this build is without FFTW");
        return;
    }
    assert_mf_ok(mf_repulsion_new(&r, 5, true, &err), &err);
    assert_mf_fails(mf_repulsion_run(r, f, &z, y, &err), MF_E_NUMERIC, &err, "a lower learning rate is needed");
    y[9] = 1e30f;
    assert_mf_fails(mf_repulsion_run(r, f, &z, y, &err), MF_E_NUMERIC, &err, "a lower learning rate is needed");
    y[9] = 9;
    assert_mf_ok(mf_repulsion_run(r, f, &z, y, &err), &err);
    mf_repulsion_free(r);
}

static mf_tsne_cfg
defaults(void)
{
    mf_tsne_cfg c;

    mf_opt_defaults(mf_tsne_rows, &c);
    return c;
}

/* Share of points whose nearest in the map is of their own group. */
static double
own_group(const mf_tsne *t, size_t groups)
{
    size_t right = 0;

    for (size_t i = 0; i < t->n; i++) {
        size_t best = 0;
        double near = INFINITY;

        for (size_t j = 0; j < t->n; j++) {
            double d = hypot((double)t->y[2 * i] - (double)t->y[2 * j], (double)t->y[2 * i + 1] - (double)t->y[2 * j + 1]);

            if (j != i && d < near) {
                near = d;
                best = j;
            }
        }
        right += best % groups == i % groups;
    }
    return (double)right / (double)t->n;
}

static void
test_clusters(void **state)
{
    const size_t n = 400, d = 20;
    float       *x = clusters(n, d, 4, 3, 21);

    (void)state;
    for (int forces = MF_TSNE_EXACT; forces <= (mf_tsne_has_fft() ? MF_TSNE_FFT : MF_TSNE_EXACT); forces++) {
        mf_err      err = {0};
        mf_tsne     t, again;
        mf_tsne_cfg c = defaults();

        c.forces           = forces;
        c.early_iterations = 100;
        c.iterations       = 150;
        assert_mf_ok(mf_tsne_run(&t, x, n, d, &c, NULL, &err), &err);
        assert_mf_ok(mf_tsne_run(&again, x, n, d, &c, NULL, &err), &err);
        assert_memory_equal(t.y, again.y, n * 2 * sizeof *t.y);
        assert_int_equal(t.fft, forces == MF_TSNE_FFT);
        assert_true(t.perplexity == 30 && t.neighbors == 90 && t.iterations == 250);
        assert_true(own_group(&t, 4) > 0.99);
        assert_true(t.kl > 0 && t.kl < 1.5);
        mf_tsne_free(&again);
        c.seed = 1;
        assert_mf_ok(mf_tsne_run(&again, x, n, d, &c, NULL, &err), &err);
        assert_memory_not_equal(t.y, again.y, n * 2 * sizeof *t.y);
        mf_tsne_free(&again);
        mf_tsne_free(&t);
    }
    mf_free(x);
}

static void
test_few_points(void **state)
{
    float       x[8] = {0, 0, 1, 0, 0, 1, 5, 5};
    mf_tsne_cfg c    = defaults();
    mf_tsne     t;

    (void)state;
    for (size_t n = 0; n < 4; n++) {
        mf_err err = {0};

        assert_mf_fails(mf_tsne_run(&t, x, n, 2, &c, NULL, &err), MF_E_LIMIT, &err, "at least 4 are needed");
        assert_null(t.y);
    }
    {
        mf_err err = {0};

        assert_mf_ok(mf_tsne_run(&t, x, 4, 2, &c, NULL, &err), &err);
        assert_true(t.perplexity == 1 && t.neighbors == 3);
        for (int i = 0; i < 8; i++) {
            assert_true(isfinite(t.y[i]));
        }
        mf_tsne_free(&t);
    }
}

static void
test_equal_points(void **state)
{
    const size_t n   = 50;
    float       *x   = mf_calloc(n * 3, sizeof *x);
    mf_err       err = {0};
    mf_tsne_cfg  c   = defaults();
    mf_tsne      t;

    (void)state;
    for (size_t i = 0; i < n * 3; i++) {
        x[i] = 2.5f;
    }
    assert_mf_ok(mf_tsne_run(&t, x, n, 3, &c, NULL, &err), &err);
    for (size_t i = 0; i < 2 * n; i++) {
        assert_true(isfinite(t.y[i]));
    }
    mf_tsne_free(&t);
    assert_mf_ok(mf_tsne_run(&t, x, n, 1, &c, NULL, &err), &err); /* of one value each */
    mf_tsne_free(&t);
    mf_free(x);
}

static void
test_refused(void **state)
{
    const size_t n = 50;
    float       *x = normals(n * 3, 1, 4);
    mf_tsne      t;
    mf_tsne_cfg  c   = defaults();
    mf_err       err = {0};

    (void)state;
    c.perplexity = 20;
    assert_mf_fails(mf_tsne_run(&t, x, n, 3, &c, NULL, &err), MF_E_ARG, &err, "a perplexity of 20 is too large for 50 points: at most 16.33");
    c.perplexity = 0.5;
    assert_mf_fails(mf_tsne_run(&t, x, n, 3, &c, NULL, &err), MF_E_ARG, &err, "at least 1");
    c.perplexity = 10;
    c.neighbors  = 50;
    assert_mf_fails(mf_tsne_run(&t, x, n, 3, &c, NULL, &err), MF_E_ARG, &err, "at most 49");
    c.neighbors = 5;
    assert_mf_fails(mf_tsne_run(&t, x, n, 3, &c, NULL, &err), MF_E_ARG, &err, "needs more than 5 neighbours");
    c          = defaults();
    x[17 * 3 + 1] = NAN;
    assert_mf_fails(mf_tsne_run(&t, x, n, 3, &c, NULL, &err), MF_E_NUMERIC, &err, "row 18, column 2 is not a number (NaN)");
    x[17 * 3 + 1] = -INFINITY;
    assert_mf_fails(mf_tsne_run(&t, x, n, 3, &c, NULL, &err), MF_E_NUMERIC, &err, "row 18, column 2 is infinite");
    if (!mf_tsne_has_fft()) {
        c        = defaults();
        c.forces = MF_TSNE_FFT;
        assert_mf_fails(mf_tsne_run(&t, x, n, 3, &c, NULL, &err), MF_E_UNSUPPORTED, &err, "without FFTW");
    }
    mf_free(x);
}

static mf_status
small_run(void *arg, mf_err *err)
{
    float      *x = arg;
    mf_tsne_cfg c = defaults();
    mf_tsne     t;
    mf_status   st;

    c.early_iterations = c.iterations = 2;
    c.forces                          = mf_tsne_has_fft() ? MF_TSNE_FFT : MF_TSNE_EXACT;
    st                                = mf_tsne_run(&t, x, 20, 3, &c, NULL, err);
    mf_tsne_free(&t);
    return st;
}

static void
test_allocations(void **state)
{
    float x[60];

    (void)state;
    for (int i = 0; i < 60; i++) {
        x[i] = (float)(i * i % 17);
    }
    mf_test_each_alloc(small_run, x);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradient),   cmocka_unit_test(test_calibration), cmocka_unit_test(test_symmetric),
        cmocka_unit_test(test_fft),        cmocka_unit_test(test_runaway), cmocka_unit_test(test_clusters),    cmocka_unit_test(test_few_points),
        cmocka_unit_test(test_equal_points), cmocka_unit_test(test_refused),   cmocka_unit_test(test_allocations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
