/* Growable strings, patterns, distances, numbers. */
#include "support.h"

#include <locale.h>
#include <math.h>
#include <string.h>

#include "core/json.h"
#include "core/mem.h"
#include "core/rng.h"
#include "core/str.h"

static void
strings_grow(void **state)
{
    mf_str s = {0};
    int    i;
    mf_err err = {0};

    (void)state;
    assert_string_equal(mf_str_c(&s), "");
    for (i = 0; i < 1000; i++) {
        mf_str_printf(&s, "%d,", i % 10);
    }
    assert_int_equal(s.len, 2000);
    assert_int_equal(strlen(s.data), 2000);
    assert_mf_ok(mf_str_ok(&s, &err), &err);
    mf_str_clear(&s);
    assert_string_equal(mf_str_c(&s), "");
    mf_str_addn(&s, "a\0b", 3); /* NUL bytes are kept */
    assert_int_equal(s.len, 3);
    mf_str_free(&s);
    assert_int_equal(s.cap, 0);
}

static void
failed_growth_is_remembered(void **state)
{
    mf_str s   = {0};
    mf_err err = {0};

    (void)state;
    mf_str_add(&s, "kept");
    mf_mem_fail_at(1);
    mf_str_printf(&s, "%200d", 1);
    mf_mem_fail_at(0);
    mf_str_add(&s, "not added");
    assert_string_equal(mf_str_c(&s), "kept");
    assert_mf_fails(mf_str_ok(&s, &err), MF_E_NOMEM, &err, "out of memory");
    mf_str_free(&s);
}

static void
patterns_match(void **state)
{
    (void)state;
    assert_true(mf_str_glob("*", ""));
    assert_true(mf_str_glob("layer?.*.weight", "layer1.0.conv1.weight"));
    assert_false(mf_str_glob("layer?.*.weight", "layer10.0.conv1.weight"));
    assert_true(mf_str_glob("a*b*c", "aXbXbXc"));
    assert_false(mf_str_glob("a*b*c", "aXbXbX"));
    assert_true(mf_str_glob_any("conv1.*,fc.*", "fc.bias"));
    assert_true(mf_str_glob_any("conv1.*,fc.*", "conv1.weight"));
    assert_false(mf_str_glob_any("conv1.*,fc.?", "fc.bias"));
    assert_false(mf_str_glob_any("", ""));
    assert_true(mf_str_glob_any(",*", "a"));
    assert_true(mf_str_glob("[a]", "[a]"));
    assert_false(mf_str_glob("", "a"));
    /* Many stars must not take for ever. */
    assert_false(mf_str_glob("*a*a*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
    assert_true(mf_str_starts("abc", "ab"));
    assert_false(mf_str_starts("a", "ab"));
    assert_true(mf_str_ends("abc", "bc"));
    assert_false(mf_str_ends("c", "bc"));
}

static void
distance_is_a_distance(void **state)
{
    mf_rng r = mf_rng_make(1, 0, 0, MF_RNG_TEST);
    int    i;

    (void)state;
    assert_int_equal(mf_str_distance("", "abc"), 3);
    assert_int_equal(mf_str_distance("kitten", "sitting"), 3);
    assert_int_equal(mf_str_distance("epohc", "epoch"), 1);
    assert_int_equal(mf_str_distance("ca", "abc"), 3); /* optimal string alignment, not the unrestricted form */
    for (i = 0; i < 500; i++) {
        char   a[9] = {0}, b[9] = {0};
        size_t n = mf_rng_below(&r, 9), m = mf_rng_below(&r, 9), k, d;

        for (k = 0; k < n; k++) {
            a[k] = (char)('a' + mf_rng_below(&r, 3));
        }
        for (k = 0; k < m; k++) {
            b[k] = (char)('a' + mf_rng_below(&r, 3));
        }
        d = mf_str_distance(a, b);
        assert_int_equal(d, mf_str_distance(b, a));
        assert_true((d == 0) == (strcmp(a, b) == 0));
        assert_true(d >= (n > m ? n - m : m - n) && d <= (n > m ? n : m));
    }
}

static void
nearest_is_near(void **state)
{
    const char *const names[] = {"epochs", "batch", "label-smoothing", "lr", NULL};

    (void)state;
    assert_string_equal(mf_str_nearest("epoch", names), "epochs");
    assert_string_equal(mf_str_nearest("bacth", names), "batch");
    assert_string_equal(mf_str_nearest("label", names), "label-smoothing");
    assert_string_equal(mf_str_nearest("l", names), "lr");
    assert_null(mf_str_nearest("zzzzzz", names));
    assert_null(mf_str_nearest("", names));
}

static void
whole_numbers(void **state)
{
    static const char *const bad[] = {"", " 1", "1 ", "1x", "0x10", "1e3", "--1", "9223372036854775808", "1.0", "+"};
    int64_t                  v     = 5;
    mf_err                   err   = {0};
    size_t                   i;

    (void)state;
    assert_mf_ok(mf_parse_i64(&v, "-9223372036854775808", INT64_MIN, INT64_MAX, &err), &err);
    assert_true(v == INT64_MIN);
    assert_mf_ok(mf_parse_i64(&v, "+42", 0, 100, &err), &err);
    assert_int_equal(v, 42);
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_mf_fails(mf_parse_i64(&v, bad[i], INT64_MIN, INT64_MAX, &err), MF_E_USAGE, &err, "whole number");
    }
    assert_mf_fails(mf_parse_i64(&v, "101", 0, 100, &err), MF_E_USAGE, &err, "from 0 to 100, not '101'");
    assert_int_equal(v, 42);
}

static void
real_numbers(void **state)
{
    static const char *const bad[] = {"", " 1", "1 ", "nan", "inf", "0x1p3", "1e", "1,5", "1e999", "--1"};
    double                   v     = 5;
    mf_err                   err   = {0};
    size_t                   i;

    (void)state;
    assert_mf_ok(mf_parse_f64(&v, "1e-3", 0, 1, &err), &err);
    assert_true(v == 1e-3);
    assert_mf_ok(mf_parse_f64(&v, "-.5", -1, 1, &err), &err);
    assert_true(v == -0.5);
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_mf_fails(mf_parse_f64(&v, bad[i], -1e300, 1e300, &err), MF_E_USAGE, &err, "number");
    }
    assert_mf_fails(mf_parse_f64(&v, "1.5", 0, 1, &err), MF_E_USAGE, &err, "from 0 to 1, not '1.5'");
    assert_true(v == -0.5);
}

static void
truth(void **state)
{
    bool   v   = false;
    mf_err err = {0};

    (void)state;
    assert_mf_ok(mf_parse_bool(&v, "on", &err), &err);
    assert_true(v);
    assert_mf_ok(mf_parse_bool(&v, "false", &err), &err);
    assert_false(v);
    assert_mf_fails(mf_parse_bool(&v, "maybe", &err), MF_E_USAGE, &err, "not 'maybe'");
}

static void
shortest_text_reads_back(void **state)
{
    mf_rng   r = mf_rng_make(2, 0, 0, MF_RNG_TEST);
    char     buf[32];
    int      i;
    double   v, back;
    uint64_t bits;

    (void)state;
    mf_num_text(buf, 0.1);
    assert_string_equal(buf, "0.1");
    mf_num_text(buf, 100000);
    assert_string_equal(buf, "100000");
    mf_num_text(buf, -2.5e-7);
    assert_string_equal(buf, "-2.5e-07");
    for (i = 0; i < 20000; i++) {
        bits = mf_rng_u64(&r);
        memcpy(&v, &bits, sizeof v);
        if (isfinite(v)) {
            mf_num_text(buf, v);
            back = strtod(buf, NULL);
            assert_memory_equal(&v, &back, sizeof v);
        }
    }
}

static void
locale_changes_nothing(void **state)
{
    char   buf[32];
    double v   = 0;
    mf_err err = {0};

    (void)state;
    if (setlocale(LC_ALL, "de_DE.UTF-8") == NULL && setlocale(LC_ALL, "fr_FR.UTF-8") == NULL) {
        mf_test_skip("no locale with a decimal comma is installed");
    }
    mf_num_text(buf, 0.5);
    assert_string_equal(buf, "0.5");
    assert_mf_ok(mf_parse_f64(&v, "0.5", 0, 1, &err), &err);
    assert_true(v == 0.5);
    setlocale(LC_ALL, "C");
}

static void
byte_counts(void **state)
{
    char buf[32];

    (void)state;
    assert_string_equal(mf_bytes_text(buf, 0), "0 B");
    assert_string_equal(mf_bytes_text(buf, 256), "256 B");
    assert_string_equal(mf_bytes_text(buf, 3000000), "2.9 MiB");
    assert_string_equal(mf_bytes_text(buf, UINT64_MAX), "16.0 EiB");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_grow),    cmocka_unit_test(failed_growth_is_remembered),
        cmocka_unit_test(patterns_match),  cmocka_unit_test(distance_is_a_distance),
        cmocka_unit_test(nearest_is_near), cmocka_unit_test(whole_numbers),
        cmocka_unit_test(real_numbers),    cmocka_unit_test(truth),
        cmocka_unit_test(shortest_text_reads_back), cmocka_unit_test(locale_changes_nothing),
        cmocka_unit_test(byte_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
