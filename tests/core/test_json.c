/* JSON in and out. */
#include "support.h"

#include <math.h>
#include <string.h>

#include "core/json.h"

static void
values_are_read(void **state)
{
    const char text[] = "{\"z\": 1, \"a\": [true, null, -2.5, \"caf\\u00e9\"], \"m\": {\"x\": 9007199254740993}}";
    mf_json   *root   = NULL;
    mf_err     err    = {0};
    const char *key;

    (void)state;
    assert_mf_ok(mf_json_parse(&root, text, sizeof text - 1, true, &err), &err);
    assert_true(mf_json_is_object(root));
    assert_int_equal(mf_json_size(root), 3);
    /* Members keep the file's order. */
    assert_int_equal(mf_json_int(mf_json_member(root, 0, &key), -1), 1);
    assert_string_equal(key, "z");
    mf_json_member(root, 1, &key);
    assert_string_equal(key, "a");
    assert_null(mf_json_member(root, 3, &key));
    assert_true(mf_json_is_array(mf_json_get(root, "a")));
    assert_int_equal(mf_json_int(mf_json_at(mf_json_get(root, "a"), 0), -1), 1);
    assert_true(mf_json_num(mf_json_at(mf_json_get(root, "a"), 2), 0) == -2.5);
    assert_string_equal(mf_json_text(mf_json_at(mf_json_get(root, "a"), 3), "?"), "caf\xc3\xa9");
    assert_null(mf_json_at(mf_json_get(root, "a"), 4));
    assert_true(mf_json_int(mf_json_get(mf_json_get(root, "m"), "x"), 0) == INT64_C(9007199254740993));
    /* Absent values and wrong kinds give what the caller said. */
    assert_null(mf_json_get(root, "none"));
    assert_int_equal(mf_json_int(mf_json_get(root, "none"), 7), 7);
    assert_string_equal(mf_json_text(mf_json_get(root, "z"), "?"), "?");
    assert_null(mf_json_get(mf_json_get(root, "a"), "x"));
    mf_json_free(root);
    mf_json_free(NULL);
}

static void
many_members_are_found(void **state)
{
    mf_str   s    = {0};
    mf_json *root = NULL;
    mf_err   err  = {0};
    char     key[16];
    int      i;

    (void)state;
    mf_str_addc(&s, '{');
    for (i = 0; i < 3000; i++) {
        mf_str_printf(&s, "%s\"k%d\":%d", i != 0 ? "," : "", i * 7919 % 3000, i);
    }
    mf_str_addc(&s, '}');
    assert_mf_ok(mf_json_parse(&root, mf_str_c(&s), s.len, true, &err), &err);
    for (i = 0; i < 3000; i++) {
        snprintf(key, sizeof key, "k%d", i * 7919 % 3000);
        assert_int_equal(mf_json_int(mf_json_get(root, key), -1), i);
    }
    mf_json_free(root);
    mf_str_free(&s);
}

static void
bad_documents_are_named(void **state)
{
    static const char *const bad[] = {"", "{", "[1,]", "{\"a\" 1}", "nul", "\"\xff\"", "1 2", "\"\\u0000\"",
                                      "99999999999999999999", "1e999", "{\"a\":1,\"a\":2}", "\"a\nb\"", "NaN"};
    mf_json                 *root  = NULL;
    char                     deep[300];
    size_t                   i;

    (void)state;
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        mf_err err = {0};

        assert_mf_fails(mf_json_parse(&root, bad[i], strlen(bad[i]), true, &err), MF_E_FORMAT, &err, "line ");
        assert_null(root);
    }
    for (i = 0; i < 100; i++) {
        deep[i]       = '[';
        deep[199 - i] = ']';
    }
    {
        mf_err err = {0};

        assert_mf_fails(mf_json_parse(&root, deep, 200, true, &err), MF_E_LIMIT, &err, "deeper than 64");
        assert_mf_ok(mf_json_parse(&root, deep + 37, 126, true, &err), &err);
        mf_json_free(root);
        assert_mf_ok(mf_json_parse(&root, bad[10], strlen(bad[10]), false, &err), &err);
        mf_json_free(root);
    }
}

static void
written_is_read(void **state)
{
    mf_str      s    = {0};
    mf_json_out j    = mf_json_begin(&s, 2);
    mf_json    *root = NULL;
    mf_err      err  = {0};

    (void)state;
    mf_json_open(&j, NULL, '{');
    mf_json_put_str(&j, "te\"xt", "a\"b\\c\n\x01\x7f\xc3\xa9");
    mf_json_put_num(&j, "tenth", 0.1);
    mf_json_put_num(&j, "none", NAN);
    mf_json_put_int(&j, "int", INT64_MIN);
    mf_json_open(&j, "list", '[');
    mf_json_put_bool(&j, NULL, true);
    mf_json_put_null(&j, NULL);
    mf_json_open(&j, NULL, '{');
    mf_json_close(&j, '}');
    mf_json_close(&j, ']');
    mf_json_close(&j, '}');
    assert_mf_ok(mf_json_parse(&root, mf_str_c(&s), s.len, true, &err), &err);
    assert_string_equal(mf_json_text(mf_json_get(root, "te\"xt"), ""), "a\"b\\c\n\x01\x7f\xc3\xa9");
    assert_true(mf_json_num(mf_json_get(root, "tenth"), 0) == 0.1);
    assert_true(mf_json_num(mf_json_get(root, "none"), 5) == 5);
    assert_true(mf_json_int(mf_json_get(root, "int"), 0) == INT64_MIN);
    assert_int_equal(mf_json_size(mf_json_get(root, "list")), 3);
    mf_json_free(root);
    mf_str_free(&s);

    j = mf_json_begin(&s, 0);
    mf_json_open(&j, NULL, '{');
    mf_json_put_int(&j, "a", 1);
    mf_json_put_str(&j, "b", "x");
    mf_json_close(&j, '}');
    assert_string_equal(mf_str_c(&s), "{\"a\": 1, \"b\": \"x\"}");
    mf_str_free(&s);
}

static mf_status
parse_once(void *arg, mf_err *err)
{
    mf_json  *root = NULL;
    mf_status st   = mf_json_parse(&root, arg, strlen(arg), true, err);

    mf_json_free(root);
    return st;
}

static void
lack_of_memory_is_told(void **state)
{
    mf_str s = {0};
    int    i;

    (void)state;
    mf_str_add(&s, "[\"x\"");
    for (i = 0; i < 2000; i++) {
        mf_str_printf(&s, ",{\"key%d\":\"%d\"}", i, i);
    }
    mf_str_addc(&s, ']');
    mf_test_each_alloc(parse_once, s.data);
    mf_str_free(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_read),         cmocka_unit_test(many_members_are_found),
        cmocka_unit_test(bad_documents_are_named), cmocka_unit_test(written_is_read),
        cmocka_unit_test(lack_of_memory_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
