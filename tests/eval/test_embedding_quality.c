/* Measures of an embedding and principal components against scikit-learn's (vectors/embedding.txt), and the .npy format. */
#include "support.h"

#include <math.h>
#include <string.h>

#include "core/file.h"
#include "core/mem.h"
#include "eval/embedding_quality.h"
#include "eval/npy.h"
#include "eval/pca.h"

enum { MOST = 2048 };

/* The numbers of the line that begins with `name`; how many. */
static size_t
numbers(double *out, const char *name)
{
    static char line[MOST * 32];
    char        path[512];
    FILE       *f;
    size_t      n = 0, len = strlen(name);

    snprintf(path, sizeof path, "%s/tests/eval/vectors/embedding.txt", mf_test_source());
    f = fopen(path, "r");
    assert_non_null(f);
    while (fgets(line, sizeof line, f) != NULL) {
        if (strncmp(line, name, len) == 0 && line[len] == ' ') {
            for (char *p = line + len, *end; n < MOST; p = end) {
                out[n] = strtod(p, &end);
                if (end == p) {
                    break;
                }
                n++;
            }
            break;
        }
    }
    fclose(f);
    assert_true(n > 0);
    return n;
}

static double
number(const char *name)
{
    static double v[MOST];

    assert_int_equal(numbers(v, name), 1);
    return v[0];
}

typedef struct set {
    size_t n, d;
    int    classes, label[MOST];
    float  x[MOST], y[MOST];
} set;

static void
load(set *s)
{
    static double v[MOST];

    assert_int_equal(numbers(v, "size"), 3);
    s->n       = (size_t)v[0];
    s->d       = (size_t)v[1];
    s->classes = (int)v[2];
    assert_int_equal(numbers(v, "x"), s->n * s->d);
    for (size_t i = 0; i < s->n * s->d; i++) {
        s->x[i] = (float)v[i];
    }
    assert_int_equal(numbers(v, "y"), s->n * 2);
    for (size_t i = 0; i < s->n * 2; i++) {
        s->y[i] = (float)v[i];
    }
    assert_int_equal(numbers(v, "label"), s->n);
    for (size_t i = 0; i < s->n; i++) {
        s->label[i] = (int)v[i];
    }
}

static void
near(double got, const char *name)
{
    double want = number(name);

    print_message("%-20s %.12f, off by %.2g\n", name, got, fabs(got - want));
    assert_true(fabs(got - want) < 1e-9);
}

static void
test_measures(void **state)
{
    static const size_t k[] = {1, 5, 12};
    static set          s;

    (void)state;
    load(&s);
    for (size_t i = 0; i < 3; i++) {
        mf_quality      q;
        mf_quality_opts o   = mf_quality_opts_default();
        mf_err          err = {0};
        char            name[64];

        o.neighbors = k[i];
        assert_mf_ok(mf_quality_make(&q, s.x, s.n, s.d, s.y, s.label, s.classes, &o, &err), &err);
        assert_int_equal(q.rows, s.n);
        snprintf(name, sizeof name, "trustworthiness_%zu", k[i]);
        near(q.trustworthiness, name);
        snprintf(name, sizeof name, "x_knn_%zu", k[i]);
        near(q.x_knn, name);
        snprintf(name, sizeof name, "y_knn_%zu", k[i]);
        near(q.y_knn, name);
        near(q.x_silhouette, "x_silhouette");
        near(q.y_silhouette, "y_silhouette");
    }
}

/* Drawn rows estimate what all rows give. */
static void
test_drawn(void **state)
{
    static set      s;
    mf_quality      all, some;
    mf_quality_opts o   = mf_quality_opts_default();
    mf_err          err = {0};

    (void)state;
    load(&s);
    assert_mf_ok(mf_quality_make(&all, s.x, s.n, s.d, s.y, s.label, s.classes, &o, &err), &err);
    o.rows_max = s.n * 3 / 4;
    assert_mf_ok(mf_quality_make(&some, s.x, s.n, s.d, s.y, s.label, s.classes, &o, &err), &err);
    assert_int_equal(some.rows, o.rows_max);
    assert_true(some.trustworthiness != all.trustworthiness && fabs(some.trustworthiness - all.trustworthiness) < 0.02);
    assert_true(some.x_silhouette != all.x_silhouette && fabs(some.x_silhouette - all.x_silhouette) < 0.03);
}

static void
test_undefined(void **state)
{
    static set      s;
    mf_quality      q;
    mf_quality_opts o       = mf_quality_opts_default();
    mf_err          err     = {0};
    int             one[MOST] = {0};

    (void)state;
    load(&s);
    for (size_t n = 0; n < 3; n++) { /* so few: nothing to say, and no failure */
        assert_mf_ok(mf_quality_make(&q, s.x, n, s.d, s.y, s.label, s.classes, &o, &err), &err);
        assert_true(isnan(q.trustworthiness) && isnan(q.x_silhouette));
        assert_true(isnan(q.x_knn) == (n < 2));
    }
    assert_mf_ok(mf_quality_make(&q, s.x, s.n, s.d, s.y, one, s.classes, &o, &err), &err);
    assert_true(isnan(q.x_silhouette) && q.x_knn == 1 && !isnan(q.trustworthiness));
    assert_mf_ok(mf_quality_make(&q, s.x, s.n, s.d, NULL, s.label, s.classes, &o, &err), &err);
    assert_true(isnan(q.trustworthiness) && isnan(q.y_knn) && !isnan(q.x_knn));
    assert_mf_ok(mf_quality_make(&q, s.x, s.n, s.d, s.y, NULL, 0, &o, &err), &err);
    assert_true(!isnan(q.trustworthiness) && isnan(q.x_knn));
    one[3] = 9;
    assert_mf_fails(mf_quality_make(&q, s.x, s.n, s.d, s.y, one, s.classes, &o, &err), MF_E_ARG, &err, "point 4 is of class 9");
}

static void
test_pca(void **state)
{
    static set    s;
    static double want[MOST], axes[MOST];
    mf_pca        p;
    mf_err        err   = {0};
    double        worst = 0;

    (void)state;
    load(&s);
    assert_int_equal(numbers(want, "variance"), s.d);
    assert_int_equal(numbers(axes, "axes"), s.d * s.d);
    assert_mf_ok(mf_pca_fit(&p, s.x, s.n, s.d, s.d, &err), &err);
    for (size_t i = 0; i < s.d; i++) {
        worst = fmax(worst, fabs(p.variance[i] / want[i] - 1));
    }
    for (size_t i = 0; i < s.d * s.d; i++) {
        worst = fmax(worst, fabs(p.axis[i] - axes[i]));
    }
    print_message("principal components: off by %.2g\n", worst);
    assert_true(worst < 1e-9);
    mf_pca_free(&p);
}

static void
test_npy(void **state)
{
    const float x[6] = {1, -2.5f, 3, 0.125f, 5, 6};
    mf_blob     b    = {0};
    mf_err      err  = {0};
    const char *path = mf_test_path("a.npy");

    (void)state;
    assert_mf_ok(mf_npy_write(path, x, 2, 3, &err), &err);
    assert_mf_ok(mf_file_read(&b, path, 4096, &err), &err);
    assert_int_equal(b.size, 128 + 24);
    assert_memory_equal(b.data, "\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", 10 + 59);
    assert_int_equal(b.data[127], '\n');
    assert_memory_equal(b.data + 128, x, 24); /* on a little-endian machine, which all of ours are */
    mf_blob_free(&b);
    assert_mf_fails(mf_npy_write(mf_test_path("no/such/folder.npy"), x, 2, 3, &err), MF_E_IO, &err, "folder.npy");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_measures), cmocka_unit_test(test_drawn), cmocka_unit_test(test_undefined),
        cmocka_unit_test(test_pca),      cmocka_unit_test(test_npy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
