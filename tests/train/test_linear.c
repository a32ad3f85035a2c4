/* Linear classifiers against scikit-learn (vectors/make_linear.py), and what holds without vectors: the duality gap, data that can
 * be divided, the same bits by any number of threads, the start from an earlier answer. */
#include "support.h"

#include <math.h>
#include <string.h>

#include "core/file.h"
#include "core/mem.h"
#include "core/rng.h"
#include "core/thread.h"
#include "train/linear.h"
#include "train/linear/linear_i.h"

enum { N_MAX = 512, D_MAX = 16, K_MAX = 8 };

typedef struct problem {
    mf_linear_data data;
    mf_linear_opts o;
    bool           softmax;
    float          x[N_MAX * D_MAX];
    int            label[N_MAX];
    double         weight[N_MAX], want[K_MAX * (D_MAX + 1)];
} problem;

static double
next(char **at)
{
    char  *end;
    double v = strtod(*at, &end);

    assert_true(end != *at);
    *at = end;
    return v;
}

static void
read_case(problem *p, char **at, const char *solver)
{
    p->o         = mf_linear_opts_default();
    p->softmax   = strcmp(solver, "softmax") == 0;
    p->o.hinge   = strcmp(solver, "svm-plain") == 0 ? MF_HINGE_PLAIN : MF_HINGE_SQUARED;
    p->o.c       = next(at);
    p->data      = (mf_linear_data){.x = p->x, .label = p->label, .weight = p->weight};
    p->data.n       = (size_t)next(at);
    p->data.d       = (size_t)next(at);
    p->data.classes = (int)next(at);
    assert_true(p->data.n <= N_MAX && p->data.d <= D_MAX && p->data.classes <= K_MAX);
    for (size_t i = 0; i < p->data.n * p->data.d; i++) {
        p->x[i] = (float)next(at);
    }
    for (size_t i = 0; i < p->data.n; i++) {
        p->label[i] = (int)next(at);
    }
    for (size_t i = 0; i < p->data.n; i++) {
        p->weight[i] = next(at);
    }
    for (int c = 0; c < p->data.classes; c++) {
        for (size_t k = 0; k < p->data.d; k++) {
            p->want[(size_t)c * (p->data.d + 1) + k] = next(at);
        }
    }
    for (int c = 0; c < p->data.classes; c++) {
        p->want[(size_t)c * (p->data.d + 1) + p->data.d] = next(at);
    }
}

static mf_status
fit(mf_linear *out, const problem *p, mf_linear_report *r, mf_err *err)
{
    return p->softmax ? mf_softmax_fit(out, &p->data, &p->o, r, err) : mf_svm_fit(out, &p->data, &p->o, r, err);
}

static void
test_vectors(void **state)
{
    char     path[1200], name[64], solver[64], *at, *line;
    mf_blob  file = {0};
    problem *p    = mf_calloc(1, sizeof *p);
    mf_err   err  = {0};
    int      cases = 0;

    (void)state;
    snprintf(path, sizeof path, "%s/tests/train/vectors/linear.txt", mf_test_source());
    assert_mf_ok(mf_file_read(&file, path, 1 << 24, &err), &err);
    at = mf_calloc(file.size + 1, 1);
    memcpy(at, file.data, file.size);
    line = at;
    while ((line = strstr(line, "case ")) != NULL) {
        mf_linear        l;
        mf_linear_report r;
        double           worst = 0, size = 0;

        assert_int_equal(sscanf(line, "case %63s %63s", name, solver), 2);
        line += 5 + strlen(name) + 1 + strlen(solver);
        read_case(p, &line, solver);
        p->o.tolerance = strcmp(solver, "svm") == 0 ? 1e-16 : 1e-9; /* of the gap: the square of a distance */
        p->o.passes    = 10000000;
        assert_mf_ok(fit(&l, p, &r, &err), &err);
        assert_true(r.converged);
        for (size_t i = 0; i < (size_t)p->data.classes * (p->data.d + 1); i++) {
            worst = fmax(worst, fabs(l.w[i] - p->want[i]));
            size  = fmax(size, fabs(p->want[i]));
        }
        printf("%-18s %7d passes, gap %.1e, weights up to %.2f, worst difference %.1e\n", name, r.passes, r.gap, size, worst);
        assert_true(worst < 1e-6 * size);
        mf_linear_free(&l);
        cases++;
    }
    assert_int_equal(cases, 8);
    mf_free(at);
    mf_free(p);
    mf_blob_free(&file);
}

/* k clouds around random centres. */
static void
clouds(problem *p, size_t n, size_t d, int k, double noise, uint64_t seed)
{
    mf_rng r = mf_rng_make(seed, 0, 0, MF_RNG_TEST);
    double centre[K_MAX * D_MAX];

    memset(p, 0, sizeof *p);
    p->o    = mf_linear_opts_default();
    p->data = (mf_linear_data){.n = n, .d = d, .classes = k, .x = p->x, .label = p->label};
    for (size_t i = 0; i < (size_t)k * d; i++) {
        centre[i] = mf_rng_normal(&r);
    }
    for (size_t i = 0; i < n; i++) {
        p->label[i] = (int)(i % (size_t)k);
        for (size_t j = 0; j < d; j++) {
            p->x[i * d + j] = (float)(centre[(size_t)p->label[i] * d + j] + noise * mf_rng_normal(&r));
        }
    }
}

static size_t
right(const mf_linear *l, const problem *p)
{
    double *s = mf_calloc(p->data.n, (size_t)p->data.classes * sizeof *s);
    size_t  n = 0;

    mf_linear_scores(l, p->x, p->data.n, s);
    for (size_t i = 0; i < p->data.n; i++) {
        int top = 0;

        for (int c = 1; c < p->data.classes; c++) {
            top = s[i * (size_t)p->data.classes + (size_t)c] > s[i * (size_t)p->data.classes + (size_t)top] ? c : top;
        }
        n += top == p->label[i];
    }
    mf_free(s);
    return n;
}

static void
test_properties(void **state)
{
    problem *p = mf_calloc(1, sizeof *p);
    mf_err   err = {0};

    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        mf_linear        one, two;
        mf_linear_report r;
        const int        threads = mf_threads_get();

        clouds(p, 400, 12, 6, 0.2, 3);
        p->softmax     = kind == 2;
        p->o.hinge     = kind == 1 ? MF_HINGE_PLAIN : MF_HINGE_SQUARED;
        p->o.c         = 10;
        p->o.tolerance = 1e-4;
        p->o.passes    = 100000;
        mf_threads_set(1);
        assert_mf_ok(fit(&one, p, &r, &err), &err);
        assert_true(r.converged);
        assert_int_equal(right(&one, p), p->data.n); /* these clouds stand apart */
        if (kind < 2) {
            printf("gap %.2e of %.4f after %d passes\n", r.gap, r.primal, r.passes);
            assert_true(r.gap >= -1e-9 && r.gap < 1e-3 * r.primal);
        }
        mf_threads_set(4);
        assert_mf_ok(fit(&two, p, NULL, &err), &err);
        assert_memory_equal(one.w, two.w, 6 * 13 * sizeof *one.w);
        mf_threads_set(threads);
        mf_linear_free(&one);
        mf_linear_free(&two);
    }
    mf_free(p);
}

/* From the alphas of a smaller C the same answer is found, sooner. */
static void
test_warm(void **state)
{
    problem *p = mf_calloc(1, sizeof *p);
    mf_err   err = {0};

    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        mf_linear        cold, warm;
        mf_linear_report a, b;
        double          *alpha;

        clouds(p, 300, 8, 4, 1.0, 9);
        alpha          = mf_calloc(4 * 300, sizeof *alpha);
        p->o.hinge     = (mf_hinge)kind;
        p->o.tolerance = p->o.hinge == MF_HINGE_SQUARED ? 1e-14 : 1e-7;
        p->o.passes    = 1000000;
        p->o.c         = 0.9;
        assert_mf_ok(fit(&cold, p, &a, &err), &err);
        p->o.alpha = alpha;
        p->o.c     = 0.8;
        assert_mf_ok(fit(&warm, p, NULL, &err), &err);
        mf_linear_free(&warm);
        p->o.c = 0.9;
        assert_mf_ok(fit(&warm, p, &b, &err), &err);
        assert_true(a.converged && b.converged);
        assert_true(fabs(a.primal - b.primal) < 1e-6 * a.primal);
        for (int i = 0; i < 4 * 9; i++) {
            assert_true(fabs(cold.w[i] - warm.w[i]) < 1e-5);
        }
        mf_linear_free(&cold);
        mf_linear_free(&warm);
        mf_free(alpha);
    }
    mf_free(p);
}

static void
test_refused(void **state)
{
    problem  *p = mf_calloc(1, sizeof *p);
    mf_linear l;
    mf_err    err = {0};

    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        clouds(p, 20, 3, 3, 1.0, 1);
        p->softmax  = kind == 1;
        p->label[7] = 3;
        assert_mf_fails(fit(&l, p, NULL, &err), MF_E_ARG, &err, "sample 7 has label 3 of 3 classes");
        p->label[7]    = 0;
        p->weight[4]   = -1;
        p->data.weight = p->weight;
        assert_mf_fails(fit(&l, p, NULL, &err), MF_E_ARG, &err, "must be positive");
        p->data.weight = NULL;
        p->o.c         = 0;
        assert_mf_fails(fit(&l, p, NULL, &err), MF_E_ARG, &err, "C 0");
        p->o.c    = 1;
        p->data.n = 0;
        assert_mf_fails(fit(&l, p, NULL, &err), MF_E_ARG, &err, "0 samples");
        assert_null(l.w);
    }
    mf_free(p);
}

static mf_status
fit_all(void *arg, mf_err *err)
{
    problem  *p = arg;
    mf_linear l;
    mf_status st;

    p->softmax = false;
    if ((st = fit(&l, p, NULL, err)) < 0) {
        return st;
    }
    mf_linear_free(&l);
    p->softmax = true;
    if ((st = fit(&l, p, NULL, err)) == MF_OK) {
        mf_linear_free(&l);
    }
    return st;
}

static void
test_memory(void **state)
{
    problem *p = calloc(1, sizeof *p); /* not counted */

    (void)state;
    clouds(p, 30, 4, 3, 1.0, 2);
    mf_test_each_alloc(fit_all, p);
    free(p);
}

/* Every instruction set's loops, at lengths that fill vectors and that do not. */
static void
test_loops(void **state)
{
    const mf_linear_loops *all[] = {&mf_linear_loops_base, mf_linear_best()};
    float                  x[72];
    double                 w[73], add[73], size = 0;
    mf_rng                 r = mf_rng_make(9, 0, 0, MF_RNG_TEST);

    (void)state;
    for (size_t k = 0; k < 72; k++) {
        x[k] = (float)mf_rng_normal(&r);
    }
    for (size_t k = 0; k < 73; k++) {
        w[k] = mf_rng_normal(&r);
    }
    for (size_t l = 0; l < 2; l++) {
        for (size_t d = 0; d < 72; d++) {
            double want = w[d];

            memcpy(add, w, sizeof w);
            all[l]->add(add, 0.5, x, d);
            for (size_t k = 0; k < 73; k++) {
                const double v = k < d ? (double)x[k] : k == d ? 1.0 : 0.0;

                want += k < d ? w[k] * v : 0.0;
                size = fmax(size, fabs(add[k] - w[k] - 0.5 * v));
            }
            size = fmax(size, fabs(all[l]->dot(w, x, d) - want));
        }
    }
    printf("worst difference %.1e\n", size);
    assert_true(size < 1e-13);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_vectors), cmocka_unit_test(test_properties),
                                       cmocka_unit_test(test_warm), cmocka_unit_test(test_refused), cmocka_unit_test(test_memory), cmocka_unit_test(test_loops)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
