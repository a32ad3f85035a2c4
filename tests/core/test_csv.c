/* Rows: quoting, line ends, limits, and what is refused, by line. */
#include "support.h"

#include <string.h>

#include "core/csv.h"
#include "core/file.h"
#include "core/mem.h"
#include "core/rng.h"

/* All rows as "[a|b][c|d]", so that a whole reading is one comparison. */
static mf_status
flatten(mf_str *out, const char *text, size_t size, mf_err *err)
{
    mf_csv   *c = NULL;
    char    **f = NULL;
    size_t    n = 1, i;
    mf_status st;

    mf_str_clear(out);
    if ((st = mf_csv_open_mem(&c, "mem.csv", text, size, err)) < 0) {
        return st;
    }
    while ((st = mf_csv_next(c, &f, &n, err)) == MF_OK && n != 0) {
        mf_str_addc(out, '[');
        for (i = 0; i < n; i++) {
            mf_str_printf(out, "%s%s", i != 0 ? "|" : "", f[i]);
        }
        mf_str_addc(out, ']');
    }
    mf_csv_close(c);
    return st;
}

static void
rows_are_read(void **state)
{
    static const char *const row[][2] = {
        {"a,b\nc,d\n", "[a|b][c|d]"},
        {"a,b\r\nc,d", "[a|b][c|d]"},
        {"\xef\xbb\xbf" "a,b\n", "[a|b]"},
        {"\n\na,,\n\r\n,b\n", "[a||][|b]"},
        {"\"a,\"\"x\"\"\",\"two\nlines\"\n", "[a,\"x\"|two\nlines]"},
        {"\"\"\n", "[]"},
        {"\"\",\"\"\n", "[|]"},
        {" a , b \n", "[ a | b ]"},
        {"", ""},
        {"\n", ""},
        {"na\xc3\xafve,\xe2\x82\xac,\xf0\x9f\x98\x80\n", "[na\xc3\xafve|\xe2\x82\xac|\xf0\x9f\x98\x80]"},
    };
    mf_str s   = {0};
    mf_err err = {0};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof row / sizeof row[0]; i++) {
        assert_mf_ok(flatten(&s, row[i][0], strlen(row[i][0]), &err), &err);
        assert_string_equal(mf_str_c(&s), row[i][1]);
    }
    mf_str_free(&s);
}

static void
broken_rows_are_named(void **state)
{
    static const struct {
        const char *text;
        size_t      size;
        const char *says;
    } row[] = {
        {"a\nb\"c\n", 6, "mem.csv: line 2: a quote inside"},
        {"a\n\"b\nc", 6, "mem.csv: line 2: a quote that is never closed"},
        {"\"a\"b\n", 5, "line 1: text after a closing quote"},
        {"a\0b\n", 4, "line 1: a NUL byte"},
        {"a\rb\n", 4, "carriage return"},
        {"a\n\xff\n", 4, "line 2: not UTF-8"},
        {"\xc0\xaf", 2, "not UTF-8"},         /* overlong */
        {"\xed\xa0\x80", 3, "not UTF-8"},     /* a surrogate */
        {"\xf4\x90\x80\x80", 4, "not UTF-8"}, /* past U+10FFFF */
        {"\xe2\x82", 2, "inside a character"},
        {"\xe2\n", 2, "not UTF-8"},
    };
    mf_str s = {0};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof row / sizeof row[0]; i++) {
        mf_err err = {0};

        assert_mf_fails(flatten(&s, row[i].text, row[i].size, &err), MF_E_FORMAT, &err, row[i].says);
    }
    mf_str_free(&s);
}

static void
limits_hold(void **state)
{
    size_t size = MF_CSV_MAX_LINE + 100;
    char  *big  = malloc(size);
    mf_str s    = {0};
    mf_err err  = {0};

    (void)state;
    memset(big, 'x', size);
    assert_mf_fails(flatten(&s, big, size, &err), MF_E_LIMIT, &err, "line 1: a row of more than 1 MiB");
    memset(big, ',', size);
    assert_mf_fails(flatten(&s, big, size, &err), MF_E_LIMIT, &err, "4096 fields");
    assert_mf_ok(flatten(&s, big, MF_CSV_MAX_FIELDS - 1, &err), &err);
    free(big);
    mf_str_free(&s);
}

static void
files_are_read_through_a_buffer(void **state)
{
    const char *path = mf_test_path("big.csv");
    mf_str      s    = {0};
    mf_csv     *c    = NULL;
    mf_err      err  = {0};
    char      **f;
    size_t      n;
    long        i;

    (void)state;
    for (i = 0; i < 30000; i++) {
        mf_str_printf(&s, "%ld,\"row \"\"%ld\"\"\",x\r\n", i, i);
    }
    assert_mf_ok(mf_file_write_str(path, &s, &err), &err);
    assert_mf_ok(mf_csv_open(&c, path, &err), &err);
    for (i = 0; i < 30000; i++) {
        char want[32];

        assert_mf_ok(mf_csv_next(c, &f, &n, &err), &err);
        assert_int_equal(n, 3);
        assert_int_equal(atol(f[0]), i);
        snprintf(want, sizeof want, "row \"%ld\"", i);
        assert_string_equal(f[1], want);
        assert_int_equal(mf_csv_line(c), i + 1);
    }
    assert_mf_ok(mf_csv_next(c, &f, &n, &err), &err);
    assert_int_equal(n, 0);
    mf_csv_close(c);
    mf_str_free(&s);
    assert_mf_fails(mf_csv_open(&c, mf_test_path("none.csv"), &err), MF_E_IO, &err, "none.csv");
    assert_null(c);
}

static void
columns_are_found(void **state)
{
    char  a[] = " image ", b[] = "label", c[] = "";
    char *header[] = {a, b, c};

    (void)state;
    assert_int_equal(mf_csv_column(header, 3, "image"), 0);
    assert_int_equal(mf_csv_column(header, 3, "label"), 1);
    assert_int_equal(mf_csv_column(header, 3, "lab"), -1);
    assert_int_equal(mf_csv_column(header, 3, ""), 2);
}

/* Whatever is put is what comes back. */
static void
put_and_next_agree(void **state)
{
    static const char *const piece[] = {"a", ",", "\"", "\n", "\r\n", " ", "\xc3\xa9", "\xef\xbb\xbf"};
    mf_rng                   r       = mf_rng_make(3, 0, 0, MF_RNG_TEST);
    int                      i;

    (void)state;
    for (i = 0; i < 2000; i++) {
        mf_str  field = {0}, text = {0};
        mf_csv *c = NULL;
        mf_err  err = {0};
        char  **f;
        size_t  n, k;

        for (k = mf_rng_below(&r, 6); k > 0; k--) {
            mf_str_add(&field, piece[mf_rng_below(&r, 8)]);
        }
        mf_csv_put(&text, mf_str_c(&field));
        mf_str_addc(&text, ',');
        mf_csv_put(&text, mf_str_c(&field));
        mf_str_addc(&text, '\n');
        assert_mf_ok(mf_csv_open_mem(&c, "m", mf_str_c(&text), text.len, &err), &err);
        assert_mf_ok(mf_csv_next(c, &f, &n, &err), &err);
        assert_int_equal(n, 2);
        assert_string_equal(f[0], mf_str_c(&field));
        assert_string_equal(f[1], mf_str_c(&field));
        mf_csv_close(c);
        mf_str_free(&field);
        mf_str_free(&text);
    }
}

static mf_status
read_some(void *arg, mf_err *err)
{
    mf_str    s  = {0};
    mf_status st = flatten(&s, arg, strlen(arg), err);

    if (st == MF_OK) {
        st = mf_str_ok(&s, err);
    }
    mf_str_free(&s);
    return st;
}

static void
lack_of_memory_is_told(void **state)
{
    char text[] = "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s\n\"a long field that makes the text of the row grow well "
                  "past its first size of sixty-four bytes\",2\n";

    (void)state;
    mf_test_each_alloc(read_some, text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_read),     cmocka_unit_test(broken_rows_are_named),
        cmocka_unit_test(limits_hold),       cmocka_unit_test(files_are_read_through_a_buffer),
        cmocka_unit_test(columns_are_found), cmocka_unit_test(put_and_next_agree),
        cmocka_unit_test(lack_of_memory_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
