/* YAML: the part of it that we read, what is refused, and quoting. */
#include "support.h"

#include <string.h>

#include "core/file.h"
#include "core/rng.h"
#include "core/yaml.h"

static void
values_are_read(void **state)
{
    const char text[] = "name: masks # a comment\n"
                        "classes: [happy, 'sad', \"an\\\"gry\"]\n"
                        "nested:\n"
                        "  list:\n"
                        "    - 1\n"
                        "    - 2.5\n"
                        "  empty: {}\n"
                        "  none:\n";
    mf_yaml       *root = NULL;
    const mf_yaml *v;
    mf_err         err = {0};
    mf_str         s   = {0};
    const char    *key;

    (void)state;
    assert_mf_ok(mf_yaml_parse(&root, text, sizeof text - 1, &err), &err);
    assert_int_equal(mf_yaml_size(root), 3);
    assert_string_equal(mf_yaml_text(mf_yaml_get(root, "name")), "masks");
    v = mf_yaml_get(root, "classes");
    assert_int_equal(mf_yaml_size(v), 3);
    assert_string_equal(mf_yaml_text(mf_yaml_at(v, 2)), "an\"gry");
    assert_null(mf_yaml_at(v, 3));
    assert_int_equal(mf_yaml_line(v), 2);
    v = mf_yaml_member(root, 2, &key);
    assert_string_equal(key, "nested");
    assert_mf_ok(mf_yaml_flat(mf_yaml_get(v, "list"), &s, &err), &err);
    assert_string_equal(mf_str_c(&s), "1,2.5");
    assert_int_equal(mf_yaml_line(mf_yaml_at(mf_yaml_get(v, "list"), 1)), 6);
    assert_int_equal(mf_yaml_size(mf_yaml_get(v, "empty")), 0);
    assert_string_equal(mf_yaml_text(mf_yaml_get(v, "none")), "");
    assert_null(mf_yaml_get(root, "x"));
    assert_null(mf_yaml_text(v));
    assert_mf_fails(mf_yaml_flat(v, &s, &err), MF_E_FORMAT, &err, "line 4");
    mf_str_free(&s);
    mf_yaml_free(root);
    mf_yaml_free(NULL);
}

static void
an_empty_file_is_an_empty_map(void **state)
{
    mf_yaml *root = NULL;
    mf_err   err  = {0};

    (void)state;
    assert_mf_ok(mf_yaml_parse(&root, "# nothing\n", 10, &err), &err);
    assert_int_equal(mf_yaml_size(root), 0);
    assert_null(mf_yaml_get(root, "x"));
    mf_yaml_free(root);
}

static void
bad_documents_are_named(void **state)
{
    static const char *const bad[][2] = {
        {"a: 1\na: 2\n", "line 2: the key 'a' is there twice"},
        {"a: &x 1\nb: *x\n", "line 1: anchors"},
        {"a: 1\nb: *x\n", "line 2: aliases"},
        {"a: !!int 1\n", "line 1: tags"},
        {"a: 1\n---\nb: 2\n", "line 2: a second document"},
        {"a: [1, 2\n", "line "},
        {"a: b: c\n", "line 1"},
        {"? [x]\n: 1\n", "line 1: expected a plain key"},
        {"a: \"\\0\"\n", "NUL"},
        {"a: \xff\n", "line "},
        {"\ta: 1\n", "line "},
    };
    mf_yaml *root = NULL;
    mf_str   deep = {0};
    size_t   i;

    (void)state;
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        mf_err err = {0};

        assert_mf_fails(mf_yaml_parse(&root, bad[i][0], strlen(bad[i][0]), &err), MF_E_FORMAT, &err, bad[i][1]);
        assert_null(root);
    }
    for (i = 0; i < 100; i++) {
        mf_str_addc(&deep, '[');
    }
    {
        mf_err err = {0};

        assert_mf_fails(mf_yaml_parse(&root, mf_str_c(&deep), deep.len, &err), MF_E_LIMIT, &err, "deeper than 32");
        assert_mf_fails(mf_yaml_parse(&root, "", (size_t)MF_YAML_MAX_BYTES + 1, &err), MF_E_LIMIT, &err, "bytes");
    }
    mf_str_free(&deep);
}

static void
files_are_named(void **state)
{
    mf_yaml *root = NULL;
    mf_err   err  = {0};

    (void)state;
    assert_mf_ok(mf_file_write(mf_test_path("d.yaml"), "a: 1\na: 2\n", 10, &err), &err);
    assert_mf_fails(mf_yaml_load(&root, mf_test_path("d.yaml"), &err), MF_E_FORMAT, &err, "d.yaml': line 2: the key");
    assert_mf_fails(mf_yaml_load(&root, mf_test_path("none.yaml"), &err), MF_E_IO, &err, "none.yaml");
}

/* Whatever is quoted reads back as itself, as a value and in a list. */
static void
quoted_reads_back(void **state)
{
    static const char *const piece[] = {"a",  "B",  ":", " ",  "#",  "\"", "'",  "\\", "\n", "\t", "-",        "1",
                                        "[", "]", ",", "{", "}", "&", "*", "!", "|", ">", "%", "@", "`", "\xc3\xa9", "\x01", "~", "yes", ".",
                                        "\xc2\x85", "\xe2\x80\xa8", "\xef\xbb\xbf"};
    enum { PIECES = sizeof piece / sizeof piece[0] };
    mf_rng r = mf_rng_make(4, 0, 0, MF_RNG_TEST);
    int    i;

    (void)state;
    for (i = 0; i < 5000; i++) {
        mf_str   value = {0}, text = {0};
        mf_yaml *root = NULL;
        mf_err   err  = {0};
        size_t   k;

        for (k = mf_rng_below(&r, 5); k > 0; k--) {
            mf_str_add(&value, piece[mf_rng_below(&r, PIECES)]);
        }
        mf_str_add(&text, "key: ");
        mf_yaml_quote(&text, mf_str_c(&value));
        mf_str_add(&text, "\nlist: [");
        mf_yaml_quote(&text, mf_str_c(&value));
        mf_str_add(&text, ", x]\n");
        assert_mf_ok(mf_yaml_parse(&root, mf_str_c(&text), text.len, &err), &err);
        assert_string_equal(mf_yaml_text(mf_yaml_get(root, "key")), mf_str_c(&value));
        assert_string_equal(mf_yaml_text(mf_yaml_at(mf_yaml_get(root, "list"), 0)), mf_str_c(&value));
        mf_yaml_free(root);
        mf_str_free(&value);
        mf_str_free(&text);
    }
}

static mf_status
parse_once(void *arg, mf_err *err)
{
    mf_yaml  *root = NULL;
    mf_status st   = mf_yaml_parse(&root, arg, strlen(arg), err);

    mf_yaml_free(root);
    return st;
}

static void
lack_of_memory_is_told(void **state)
{
    mf_str s = {0};
    int    i;

    (void)state;
    for (i = 0; i < 300; i++) {
        mf_str_printf(&s, "key%d: [a, b, {c: d}]\n", i);
    }
    mf_test_each_alloc(parse_once, s.data);
    mf_str_free(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_read),         cmocka_unit_test(an_empty_file_is_an_empty_map),
        cmocka_unit_test(bad_documents_are_named), cmocka_unit_test(files_are_named),
        cmocka_unit_test(quoted_reads_back),       cmocka_unit_test(lack_of_memory_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
