/* Allocation: overflow, counting, alignment, failing on demand; arenas. */
#include "support.h"

#include <string.h>

#include "core/arena.h"
#include "core/mem.h"

static void
sizes_are_checked(void **state)
{
    size_t r = 7;

    (void)state;
    assert_true(mf_size_mul(&r, 6, 7));
    assert_int_equal(r, 42);
    assert_false(mf_size_mul(&r, SIZE_MAX / 2, 3));
    assert_int_equal(r, 42);
    assert_true(mf_size_add(&r, SIZE_MAX - 1, 1));
    assert_false(mf_size_add(&r, SIZE_MAX, 1));
    assert_null(mf_calloc(SIZE_MAX / 2, 4));
    assert_null(mf_realloc(NULL, SIZE_MAX / 2, 4));
    assert_null(mf_aligned(SIZE_MAX - 10));
}

static void
bytes_are_counted(void **state)
{
    size_t   before = mf_mem_now();
    uint64_t count  = mf_mem_count();
    char    *p      = mf_calloc(100, 10);
    char    *q;
    size_t   i;

    (void)state;
    assert_non_null(p);
    for (i = 0; i < 1000; i++) {
        assert_int_equal(p[i], 0);
    }
    assert_true(mf_mem_now() >= before + 1000);
    q = mf_realloc(p, 5000, 1);
    assert_non_null(q);
    assert_true(mf_mem_now() >= before + 5000);
    assert_true(mf_mem_peak() >= before + 5000);
    assert_int_equal(mf_mem_count() - count, 2);
    mf_free(q);
    mf_free(NULL);
    assert_int_equal(mf_mem_now(), before);
}

static void
nothing_is_something(void **state)
{
    void *a = mf_calloc(0, 8), *b = mf_calloc(8, 0), *c = mf_aligned(0);

    (void)state;
    assert_non_null(a);
    assert_non_null(b);
    assert_non_null(c);
    assert_ptr_not_equal(a, b);
    mf_free(a);
    mf_free(b);
    mf_free(c);
}

static void
blocks_are_aligned(void **state)
{
    static const size_t size[] = {1, 63, 64, 65, 4097, (4u << 20) - 1, 4u << 20, (9u << 20) + 5};
    size_t              before = mf_mem_now(), i;

    (void)state;
    for (i = 0; i < sizeof size / sizeof size[0]; i++) {
        unsigned char *p = mf_aligned(size[i]);

        assert_non_null(p);
        assert_int_equal((uintptr_t)p % 64, 0);
        if (size[i] >= 4u << 20) {
            assert_int_equal((uintptr_t)p % (2u << 20), 0);
        }
        memset(p, 0xa5, size[i]);
        mf_free(p);
    }
    assert_int_equal(mf_mem_now(), before);
}

static void
fails_on_demand(void **state)
{
    void *a, *b, *c;

    (void)state;
    mf_mem_fail_at(2);
    a = mf_calloc(1, 1);
    b = mf_aligned(10);
    c = mf_calloc(1, 1);
    mf_mem_fail_at(0);
    assert_non_null(a);
    assert_null(b);
    assert_non_null(c);
    mf_free(a);
    mf_free(c);
    /* A failed realloc leaves the block as it was. */
    a = mf_strdup("keep");
    mf_mem_fail_at(1);
    assert_null(mf_realloc(a, 1000, 1));
    mf_mem_fail_at(0);
    assert_string_equal(a, "keep");
    mf_free(a);
}

static void
strings_are_copied(void **state)
{
    char *a = mf_strdup("maskfer"), *b = mf_strndup("maskfer", 4), *c = mf_strndup("ab", 10);

    (void)state;
    assert_string_equal(a, "maskfer");
    assert_string_equal(b, "mask");
    assert_string_equal(c, "ab");
    mf_free(a);
    mf_free(b);
    mf_free(c);
}

static void
the_process_has_a_peak(void **state)
{
    (void)state;
    assert_true(mf_mem_rss_peak() > 100 * 1024);
}

static void
arenas_give_and_forget(void **state)
{
    mf_arena a      = {0};
    size_t   before = mf_mem_now(), i, k;
    char    *p[200];

    (void)state;
    for (i = 0; i < 200; i++) {
        size_t n = i * 37 % 300 + (i % 50 == 49 ? 40000 : 0);

        p[i] = mf_arena_alloc(&a, n);
        assert_non_null(p[i]);
        assert_int_equal((uintptr_t)p[i] % 16, 0);
        for (k = 0; k < n; k++) {
            assert_int_equal(p[i][k], 0);
        }
        memset(p[i], (int)i, n);
    }
    for (i = 0; i < 200; i++) {
        size_t n = i * 37 % 300 + (i % 50 == 49 ? 40000 : 0);

        for (k = 0; k < n; k++) {
            assert_int_equal((unsigned char)p[i][k], i);
        }
    }
    assert_null(mf_arena_alloc(&a, SIZE_MAX - 4));
    assert_string_equal(mf_arena_printf(&a, "%d-%s", 12, "x"), "12-x");
    assert_string_equal(mf_arena_strndup(&a, "abcdef", 3), "abc");
    assert_string_equal(mf_arena_strdup(&a, ""), "");
    mf_arena_free(&a);
    assert_int_equal(mf_mem_now(), before);
    assert_non_null(mf_arena_alloc(&a, 5)); /* usable again */
    mf_arena_free(&a);
}

static void
a_full_arena_says_so(void **state)
{
    mf_arena a = {0};

    (void)state;
    mf_mem_fail_at(1);
    assert_null(mf_arena_alloc(&a, 5));
    mf_mem_fail_at(0);
    assert_non_null(mf_arena_alloc(&a, 5));
    mf_arena_free(&a);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_checked),  cmocka_unit_test(bytes_are_counted),
        cmocka_unit_test(nothing_is_something), cmocka_unit_test(blocks_are_aligned),
        cmocka_unit_test(fails_on_demand),    cmocka_unit_test(strings_are_copied),
        cmocka_unit_test(the_process_has_a_peak), cmocka_unit_test(arenas_give_and_forget),
        cmocka_unit_test(a_full_arena_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
