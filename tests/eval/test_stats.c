/* Student's t against tables, and the interval of a few numbers worked by hand. */
#include "support.h"

#include <math.h>

#include "eval/stats.h"

static void
test_quantiles(void **state)
{
    /* p, degrees of freedom, value (printed tables of Student's t) */
    static const double want[][3] = {{0.975, 1, 12.7062}, {0.975, 2, 4.30265}, {0.975, 4, 2.77645}, {0.975, 9, 2.26216},
                                     {0.975, 29, 2.04523}, {0.95, 9, 1.83311}, {0.995, 9, 3.24984}, {0.975, 1000, 1.96234},
                                     {0.5, 5, 0.0}};

    (void)state;
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        double q = mf_t_quantile(want[i][0], want[i][1]);

        assert_true(fabs(q - want[i][2]) < 1e-4);
        assert_true(fabs(mf_t_quantile(1 - want[i][0], want[i][1]) + q) < 1e-9);
        assert_true(fabs(mf_t_cdf(q, want[i][1]) - want[i][0]) < 1e-12);
    }
}

static void
test_interval(void **state)
{
    const double v[] = {60, 62, 58, 64, 56};
    mf_stats     s   = mf_stats_make(v, 5, 0.95);

    (void)state;
    assert_true(fabs(s.mean - 60) < 1e-12);
    assert_true(fabs(s.sd - sqrt(10)) < 1e-12);
    assert_true(fabs(s.hi - (60 + 2.776445 * sqrt(2))) < 1e-5 && fabs(s.lo - (60 - 2.776445 * sqrt(2))) < 1e-5);
    s = mf_stats_make(v, 1, 0.95);
    assert_true(s.mean == 60 && s.sd == 0 && s.lo == 60 && s.hi == 60);
    s = mf_stats_make(v, 0, 0.95);
    assert_true(s.n == 0 && s.mean == 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_quantiles), cmocka_unit_test(test_interval)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
