/* tests/data/test_pts.c: landmarks in text files and numbers in .npy files. */
#include "small_sets.h"

#include <string.h>
#include "core/str.h"
#include "data/npy.h"
#include "data/pts.h"

static void
points_text(mf_str *s, int n, const char *begin, const char *end)
{
    int i;

    mf_str_clear(s);
    mf_str_add(s, begin);
    for (i = 0; i < n; i++)
        mf_str_printf(s, "%d.5 %d\n", i, 100 - i);
    mf_str_add(s, end);
}

static void
test_forms(void **state)
{
    static const char *const frame[][2] = {
        {"version: 1\nn_points:  68\n{\n", "}\n"}, {"", ""}, {"\n\n", "\n"}, {"\xEF\xBB\xBFversion: 1\n{\n", "}"},
        {"n_points: 68\r\n{\r\n", "}\r\n"},
    };
    mf_str       s = {0};
    mf_landmarks lm;
    mf_err       err = {0};
    size_t       i;

    (void)state;
    for (i = 0; i < sizeof frame / sizeof *frame; i++) {
        points_text(&s, 68, frame[i][0], frame[i][1]);
        assert_mf_ok(mf_pts_parse(&lm, "a.pts", mf_str_c(&s), &err), &err);
        assert_int_equal(lm.n, 68);
        assert_true(lm.x[0] == 0.5f && lm.y[0] == 100 && lm.x[67] == 67.5f && lm.y[67] == 33);
    }
    assert_mf_ok(mf_pts_parse(&lm, "a.pts", " 1\t2 \n3.1e+01   4\n-5 6\n7 8\n9 10", &err), &err);
    assert_int_equal(lm.n, 5);
    assert_true(lm.x[1] == 31 && lm.x[2] == -5 && lm.y[4] == 10);
    mf_str_free(&s);
}

static void
test_bad_points(void **state)
{
    static const struct { const char *text, *says; } bad[] = {
        {"", "a.pts: line 0: 0 points; 5 or 68 are known here"},
        {"1 2\n3 4\n", "a.pts: line 2: 2 points"},
        {"1 2\nx 4\n", "a.pts: line 2: point 1: expected a number, not 'x'"},
        {"1 2\n3\n", "a.pts: line 2: a point is two numbers"},
        {"1 2 3\n", "a.pts: line 1: a point is two numbers"},
        {"1 nan\n", "a.pts: line 1: point 0"},
        {"1 2e9\n", "a.pts: line 1: point 0"},
        {"n_points: 3\n{\n1 2\n3 4\n5 6\n7 8\n9 10\n}\n", "n_points says 3, but there are 5"},
        {"n_points: x\n", "a.pts: line 1: n_points"},
        {"{\n1 2\n", "closing brace is missing"},
        {"}\n", "a.pts: line 1: a brace out of place"},
        {"{\n1 2\n3 4\n5 6\n7 8\n9 10\n}\n11 12\n", "a.pts: line 8: text after the closing brace"},
    };
    mf_str       s   = {0};
    mf_err       err = {0};
    mf_landmarks lm;
    size_t       i;

    (void)state;
    for (i = 0; i < sizeof bad / sizeof *bad; i++) {
        err = (mf_err){0};
        assert_mf_fails(mf_pts_parse(&lm, "a.pts", bad[i].text, &err), MF_E_FORMAT, &err, bad[i].says);
        assert_int_equal(lm.n, 0);
    }
    points_text(&s, 69, "", "");
    err = (mf_err){0};
    assert_mf_fails(mf_pts_parse(&lm, "a.pts", mf_str_c(&s), &err), MF_E_FORMAT, &err, "line 69: more than 68 points");
    mf_str_free(&s);
}

/* ---- .npy ---- */

/* Version 1.0 with this dictionary and these values, into buf; its size. */
static size_t
npy(uint8_t *buf, const char *dict, const void *values, size_t size)
{
    size_t n = strlen(dict);

    memcpy(buf, "\x93NUMPY\x01\x00", 8);
    buf[8] = (uint8_t)n;
    buf[9] = (uint8_t)(n >> 8);
    memcpy(buf + 10, dict, n);
    memcpy(buf + 10 + n, values, size);
    return 10 + n + size;
}

static void
test_npy(void **state)
{
    static const struct { const char *dict, *values; size_t size, n; double first, last; } good[] = {
        {"{'descr': '<i8', 'fortran_order': False, 'shape': (), }\n", "\x05\0\0\0\0\0\0", 8, 1, 5, 5},
        {"{'descr': '<i4', 'fortran_order': False, 'shape': (), }\n", "\xfe\xff\xff\xff", 4, 1, -2, -2},
        {"{'descr': '<U1', 'fortran_order': False, 'shape': (), }\n", "7\0\0", 4, 1, 7, 7},
        {"{'descr': '<U9', 'fortran_order': False, 'shape': (), }\n", "-\0\0\0" "2\0\0\0" ".\0\0\0" "5\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 36, 1, -2.5, -2.5},
        {"{'descr': '|S2', 'fortran_order': False, 'shape': (2,), }\n", "3\0" "10", 4, 2, 3, 10},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }\n", "\0\0\x80\x3f\0\0\0\xc0", 8, 2, 1, -2},
        {"{'descr': '<f8', 'fortran_order': True, 'shape': (1,), }\n", "\0\0\0\0\0\0\xf0\x3f", 8, 1, 1, 1},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }\n", "\x01\xff\xfe", 3, 3, 1, 254},
    };
    static const struct { const char *dict; size_t size; const char *says; } bad[] = {
        {"{'descr': '>i4', 'fortran_order': False, 'shape': (), }", 4, "no little-endian"},
        {"{'descr': '|O', 'fortran_order': False, 'shape': (), }", 4, "a type that is no number"},
        {"{'descr': '<i4', 'fortran_order': False, 'shape': (2,), }", 4, "cut short"},
        {"{'descr': '<i4', 'fortran_order': False, 'shape': (9,), }", 36, "9 values where 4 are expected"},
        {"{'descr': '<i4', 'fortran_order': False}", 4, "no shape"},
        {"{'descr': '<i4', 'fortran_order': True, 'shape': (1, 1), }", 4, "column by column"},
        {"{'descr': '<i4', 'fortran_order': False, 'shape': (99999999999999999999,), }", 4, "x.npy: "},
        {"{'descr': '<U2', 'fortran_order': False, 'shape': (), }", 8, "expected a number"},
    };
    uint8_t buf[512];
    double  v[4];
    size_t  i, n, size;

    (void)state;
    for (i = 0; i < sizeof good / sizeof *good; i++) {
        mf_err err = {0};

        size = npy(buf, good[i].dict, good[i].values, good[i].size);
        assert_mf_ok(mf_npy_parse(v, &n, 4, "x.npy", buf, size, &err), &err);
        if (n != good[i].n || v[0] != good[i].first || v[n - 1] != good[i].last)
            fail_msg("case %zu: %zu values, %g to %g", i, n, v[0], v[n - 1]);
    }
    for (i = 0; i < sizeof bad / sizeof *bad; i++) {
        mf_err err   = {0};
        char   q[40] = {0};

        size = npy(buf, bad[i].dict, q, bad[i].size);
        assert_true(mf_npy_parse(v, &n, 4, "x.npy", buf, size, &err) < 0);
        if (!strstr(err.msg, bad[i].says))
            fail_msg("case %zu: '%s' does not say '%s'", i, err.msg, bad[i].says);
    }
    for (size = 0; size < 60; size++) { /* cut anywhere */
        mf_err err = {0};

        npy(buf, good[0].dict, good[0].values, 8);
        assert_true(mf_npy_parse(v, &n, 4, "x.npy", buf, size, &err) < 0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms), cmocka_unit_test(test_bad_points), cmocka_unit_test(test_npy),
    };

    return cmocka_run_group_tests_name("pts", tests, NULL, NULL);
}
