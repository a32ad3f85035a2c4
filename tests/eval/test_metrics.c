/* Accuracy, recall, F1 and log loss of a small table worked by hand. */
#include "support.h"

#include <math.h>

#include "eval/metrics.h"

static void
add(mf_metrics *m, int label, float a, float b, float c)
{
    const float p[3] = {a, b, c};

    mf_metrics_add(m, label, p);
}

static void
test_by_hand(void **state)
{
    mf_metrics *m = calloc(1, sizeof *m);

    (void)state;
    mf_metrics_begin(m, 3);
    add(m, 0, 0.5f, 0.25f, 0.25f);
    add(m, 0, 0.25f, 0.5f, 0.25f);
    add(m, 1, 0.25f, 0.5f, 0.25f);
    add(m, 1, 0.5f, 0.5f, 0.0f); /* a tie goes to the lowest class: wrong */
    mf_metrics_end(m);
    assert_int_equal(m->n, 4);
    assert_true(fabs(m->accuracy - 50) < 1e-12);
    assert_int_equal(m->confusion[0][0], 1);
    assert_int_equal(m->confusion[0][1], 1);
    assert_int_equal(m->confusion[1][0], 1);
    assert_int_equal(m->confusion[1][1], 1);
    assert_true(m->recall[0] == 50 && m->precision[1] == 50 && isnan(m->recall[2]) && isnan(m->f1[2]));
    assert_true(fabs(m->macro_f1 - 50) < 1e-12 && fabs(m->balanced - 50) < 1e-12); /* class 2 occurs nowhere: left out */
    assert_true(fabs(m->loss - (3 * log(2) + log(4)) / 4) < 1e-6);
    free(m);
}

static void
test_extremes(void **state)
{
    mf_metrics *m = calloc(1, sizeof *m);

    (void)state;
    mf_metrics_begin(m, 3);
    mf_metrics_end(m);
    assert_true(m->n == 0 && m->accuracy == 0 && m->loss == 0 && m->macro_f1 == 0);
    mf_metrics_begin(m, 3);
    add(m, 2, 1.0f, 0.0f, 0.0f);
    mf_metrics_end(m);
    assert_true(m->accuracy == 0 && fabs(m->loss - 52 * log(2)) < 1e-9); /* p is bounded below by 2^-52 */
    mf_metrics_begin(m, 3);
    add(m, 2, NAN, NAN, NAN);
    mf_metrics_end(m);
    assert_true(isnan(m->loss)); /* a broken network is not hidden */
    free(m);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_by_hand), cmocka_unit_test(test_extremes)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
