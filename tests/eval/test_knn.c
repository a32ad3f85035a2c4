/* Neighbours and principal components against their definitions. */
#include "support.h"

#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "core/rng.h"
#include "core/thread.h"
#include "eval/knn.h"
#include "eval/pca.h"

/* About `groups` centres, far from the origin by `off`. */
static float *
points(size_t n, size_t d, size_t groups, double off, uint64_t seed)
{
    mf_rng rng = mf_rng_make(seed, 0, 0, MF_RNG_TEST);
    float *x   = mf_calloc(n * d, sizeof *x), *c = mf_calloc(groups * d, sizeof *c);

    assert_true(x != NULL && c != NULL);
    for (size_t i = 0; i < groups * d; i++) {
        c[i] = (float)(off + mf_rng_normal(&rng) * 2);
    }
    for (size_t i = 0; i < n * d; i++) {
        x[i] = (float)((double)c[i / d % groups * d + i % d] + mf_rng_normal(&rng));
    }
    mf_free(c);
    return x;
}

static double
dist2(const float *x, size_t d, size_t i, size_t j)
{
    double s = 0;

    for (size_t k = 0; k < d; k++) {
        s += ((double)x[i * d + k] - (double)x[j * d + k]) * ((double)x[i * d + k] - (double)x[j * d + k]);
    }
    return s;
}

/* How many points are nearer to i than `than`, i left out. */
static size_t
nearer(const float *x, size_t n, size_t d, size_t i, double than)
{
    size_t m = 0;

    for (size_t j = 0; j < n; j++) {
        m += j != i && dist2(x, d, i, j) < than;
    }
    return m;
}

static void
test_exact(void **state)
{
    static const size_t shape[][3] = {{2, 1, 1}, {7, 3, 6}, {97, 5, 10}, {333, 33, 90}, {200, 130, 16}};

    (void)state;
    for (size_t s = 0; s < sizeof shape / sizeof shape[0]; s++) {
        size_t      n = shape[s][0], d = shape[s][1], k = shape[s][2];
        float      *x   = points(n, d, 3, 50, s);
        mf_err      err = {0};
        mf_knn      g;
        mf_knn_opts o = mf_knn_opts_default();

        o.k = k;
        assert_mf_ok(mf_knn_build(&g, x, n, d, &o, &err), &err);
        assert_false(g.approx);
        for (size_t i = 0; i < n; i++) {
            for (size_t c = 0; c < k; c++) {
                size_t j    = g.index[i * k + c];
                double true_ = dist2(x, d, i, j);

                assert_true(j < n && j != i);
                assert_true(fabs((double)g.dist2[i * k + c] - true_) <= 1e-5 * true_ + 1e-8);
                assert_true(c == 0 || g.dist2[i * k + c] >= g.dist2[i * k + c - 1]);
                /* No more than c are clearly nearer; the c-th may share its place with one of almost equal distance. */
                assert_true(nearer(x, n, d, i, true_ * (1 - 1e-5)) <= c);
                for (size_t e = 0; e < c; e++) {
                    assert_true(g.index[i * k + e] != j);
                }
            }
        }
        mf_knn_free(&g);
        mf_free(x);
    }
}

static void
test_equal(void **state)
{
    float      *x   = mf_calloc(100 * 4, sizeof *x);
    mf_err      err = {0};
    mf_knn      g;
    mf_knn_opts o = mf_knn_opts_default();

    (void)state;
    for (int m = MF_KNN_EXACT; m <= MF_KNN_APPROX; m++) {
        o.k      = 20;
        o.method = (mf_knn_method)m;
        assert_mf_ok(mf_knn_build(&g, x, 100, 4, &o, &err), &err);
        for (size_t i = 0; i < 100 * 20; i++) {
            assert_true(g.dist2[i] == 0 && g.index[i] < 100 && g.index[i] != i / 20);
        }
        mf_knn_free(&g);
    }
    mf_free(x);
}

static void
test_approx(void **state)
{
    const size_t n = 6000, d = 24, k = 30;
    float       *x   = points(n, d, 12, 0, 9);
    mf_err       err = {0};
    mf_knn       e, a, b;
    mf_knn_opts  o    = mf_knn_opts_default();
    size_t       same = 0;
    int          threads = mf_threads_get();

    (void)state;
    o.k = k;
    assert_mf_ok(mf_knn_build(&e, x, n, d, &o, &err), &err);
    o.method = MF_KNN_APPROX;
    mf_threads_set(1);
    assert_mf_ok(mf_knn_build(&a, x, n, d, &o, &err), &err);
    mf_threads_set(3);
    assert_mf_ok(mf_knn_build(&b, x, n, d, &o, &err), &err);
    mf_threads_set(threads);
    assert_true(a.approx);
    assert_memory_equal(a.index, b.index, n * k * sizeof *a.index);
    assert_memory_equal(a.dist2, b.dist2, n * k * sizeof *a.dist2);
    for (size_t i = 0; i < n; i++) {
        for (size_t p = 0; p < k; p++) {
            for (size_t q = 0; q < k; q++) {
                same += e.index[i * k + p] == a.index[i * k + q];
            }
        }
    }
    print_message("recall of the approximate search: %.4f\n", (double)same / (double)(n * k));
    assert_true((double)same >= 0.97 * (double)(n * k));
    mf_knn_free(&e);
    mf_knn_free(&a);
    mf_knn_free(&b);
    mf_free(x);
}

static void
test_refused(void **state)
{
    float       x[4] = {0, 1, 2, 3};
    mf_err      err  = {0};
    mf_knn      g;
    mf_knn_opts o = mf_knn_opts_default();

    (void)state;
    o.k = 4;
    assert_mf_fails(mf_knn_build(&g, x, 4, 1, &o, &err), MF_E_ARG, &err, "expected 1 to 3");
    o.k = 0;
    assert_mf_fails(mf_knn_build(&g, x, 4, 1, &o, &err), MF_E_ARG, &err, "expected 1 to 3");
    o.k = 1;
    assert_mf_fails(mf_knn_build(&g, x, 0, 1, &o, &err), MF_E_ARG, &err, "expected 1 to 0");
    assert_null(g.index);
}

/* C a = variance a for each axis, and all of them together are all there is. */
static void
check_axes(const float *x, size_t n, size_t d, size_t k)
{
    mf_err  err = {0};
    mf_pca  p;
    double *c = mf_calloc(d * d, sizeof *c), trace = 0, sum = 0, worst = 0;

    assert_mf_ok(mf_pca_fit(&p, x, n, d, k, &err), &err);
    for (size_t i = 0; i < n; i++) {
        for (size_t a = 0; a < d; a++) {
            for (size_t b = 0; b < d; b++) {
                c[a * d + b] += ((double)x[i * d + a] - p.mean[a]) * ((double)x[i * d + b] - p.mean[b]) / (double)(n - 1);
            }
        }
    }
    for (size_t a = 0; a < d; a++) {
        trace += c[a * d + a];
    }
    for (size_t j = 0; j < k; j++) {
        for (size_t a = 0; a < d; a++) {
            double ca = 0;

            for (size_t b = 0; b < d; b++) {
                ca += c[a * d + b] * p.axis[j * d + b];
            }
            worst = fmax(worst, fabs(ca - p.variance[j] * p.axis[j * d + a]) / p.variance[0]);
        }
        for (size_t i = 0; i <= j; i++) {
            double s = 0;

            for (size_t a = 0; a < d; a++) {
                s += p.axis[i * d + a] * p.axis[j * d + a];
            }
            assert_true(fabs(s - (i == j && p.variance[j] > 0 ? 1 : 0)) < 1e-9);
        }
        assert_true(j == 0 || p.variance[j] <= p.variance[j - 1]);
        sum += p.variance[j];
    }
    print_message("%zu x %zu, %zu axes: residual %.2g of the largest variance\n", n, d, k, worst);
    assert_true(worst < 1e-9);
    assert_true(fabs(trace / p.total - 1) < 1e-12);
    assert_true(k < d || fabs(sum / trace - 1) < 1e-9);
    mf_pca_free(&p);
    mf_free(c);
}

static void
test_pca(void **state)
{
    float *x = points(300, 60, 5, 10, 3);

    (void)state;
    check_axes(x, 300, 60, 2);
    check_axes(x, 300, 60, 60);
    check_axes(x, 9, 60, 8); /* fewer points than values */
    check_axes(x, 300, 1, 1);
    mf_free(x);
}

static void
test_pca_refused(void **state)
{
    float  x[6] = {1, 1, 1, 1, 1, 1};
    mf_err err  = {0};
    mf_pca p;

    (void)state;
    assert_mf_fails(mf_pca_fit(&p, x, 1, 6, 2, &err), MF_E_LIMIT, &err, "at least two points");
    assert_mf_fails(mf_pca_fit(&p, x, 3, 2, 3, &err), MF_E_ARG, &err, "expected 1 to 2");
    assert_mf_ok(mf_pca_fit(&p, x, 3, 2, 2, &err), &err); /* no variance: no axes */
    assert_true(p.variance[0] == 0 && p.axis[0] == 0);
    mf_pca_free(&p);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exact),   cmocka_unit_test(test_equal), cmocka_unit_test(test_approx),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_pca),   cmocka_unit_test(test_pca_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
