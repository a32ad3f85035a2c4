/* The order in which a volunteer sees the pictures, and the tokens that let them in. */
#include "support.h"

#include <string.h>

#include "serve/order.h"
#include "serve/token.h"

enum { N = 200 };

static char        names[N + 50][16];
static const char *images[N + 50];

static void
name_images(void)
{
    for (size_t i = 0; i < N + 50; i++) {
        snprintf(names[i], sizeof names[i], "p%03zu.png", i);
        images[i] = names[i];
    }
}

static mf_order
make(size_t n, const char *who, uint64_t seed, double share)
{
    mf_order o;
    mf_err   err = {0};

    assert_mf_ok(mf_order_make(&o, images, n, who, seed, share, &err), &err);
    return o;
}

static void
every_picture_once_and_some_again(void **state)
{
    static const size_t sizes[] = {0, 1, 2, 3, 7, 20, 41, N};

    (void)state;
    name_images();
    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
        const size_t n    = sizes[k];
        const size_t gap  = n / 2 < MF_ORDER_GAP ? n / 2 : MF_ORDER_GAP;
        mf_order     o    = make(n, "ann", 1, 0.25);
        size_t       seen[N][2], first[N], firsts = 0;

        memset(seen, 0, sizeof seen);
        for (size_t i = 0; i < o.n; i++) {
            const mf_slot *s = &o.slot[i];

            assert_true(s->image < n && s->again < 2);
            assert_true(s->id < UINT64_C(1) << 53);
            assert_int_equal(o.where[2 * s->image + s->again], i);
            assert_int_equal(mf_order_find(&o, s->id), i);
            seen[s->image][s->again]++;
            if (s->again) {
                assert_int_equal(seen[s->image][0], 1);
                assert_true(firsts - first[s->image] >= gap);
            } else {
                first[s->image] = firsts++;
            }
        }
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(seen[i][0], 1);
            assert_true(seen[i][1] <= 1);
        }
        assert_int_equal(o.n, n + o.n_again);
        assert_int_equal(o.n_again, n < 2 ? 0 : (n + 2) / 4); /* round(n / 4) */
        assert_int_equal(mf_order_find(&o, UINT64_C(1) << 53), -1);
        mf_order_free(&o);
    }
}

static void
own_order_for_each_and_the_same_each_time(void **state)
{
    mf_order a, b, c, d;
    size_t   moved = 0, reseeded = 0;

    (void)state;
    name_images();
    a = make(N, "ann", 1, 0.1);
    b = make(N, "ann", 1, 0.1);
    c = make(N, "ben", 1, 0.1);
    d = make(N, "ann", 2, 0.1);
    assert_memory_equal(a.slot, b.slot, a.n * sizeof *a.slot);
    for (size_t i = 0; i < a.n; i++) {
        moved += a.slot[i].image != c.slot[i].image;
        reseeded += a.slot[i].image != d.slot[i].image;
        assert_int_equal(mf_order_find(&c, a.slot[i].id), -1);
    }
    assert_true(moved > N / 2 && reseeded > N / 2);
    mf_order_free(&a);
    mf_order_free(&b);
    mf_order_free(&c);
    mf_order_free(&d);
}

/* Pictures that are added later fall in between; those that were there keep their order and their numbers. */
static void
added_pictures_move_nothing(void **state)
{
    mf_order a, b;
    size_t   k = 0;

    (void)state;
    name_images();
    a = make(N, "ann", 1, 0);
    b = make(N + 50, "ann", 1, 0);
    for (size_t i = 0; i < b.n; i++) {
        if (b.slot[i].image < N) {
            assert_int_equal(b.slot[i].image, a.slot[k].image);
            assert_true(b.slot[i].id == a.slot[k].id);
            k++;
        }
    }
    assert_int_equal(k, N);
    mf_order_free(&a);
    mf_order_free(&b);
}

/* Every place is as likely for every picture: chi-squared over 4 quarters of the order, 400 people. */
static void
places_are_even(void **state)
{
    double chi = 0;
    size_t count[4] = {0};

    (void)state;
    name_images();
    for (int who = 0; who < 400; who++) {
        char     name[16];
        mf_order o;

        snprintf(name, sizeof name, "person %d", who);
        o = make(N, name, 3, 0);
        count[4 * o.where[0] / N]++;
        mf_order_free(&o);
    }
    for (int k = 0; k < 4; k++) {
        chi += ((double)count[k] - 100) * ((double)count[k] - 100) / 100;
    }
    print_message("chi-squared %.2f (3 degrees of freedom, limit 16.3 at 0.1 %%)\n", chi);
    assert_true(chi < 16.3);
}

static mf_status
make_once(void *arg, mf_err *err)
{
    mf_order  o;
    mf_status st = mf_order_make(&o, images, 30, "ann", 1, 0.2, err);

    (void)arg;
    mf_order_free(&o);
    return st;
}

static void
no_memory(void **state)
{
    (void)state;
    name_images();
    mf_test_each_alloc(make_once, NULL);
}

static void
tokens(void **state)
{
    char   a[MF_TOKEN_TEXT + 1], b[MF_TOKEN_TEXT + 1], c[MF_TOKEN_TEXT + 2];
    mf_err err = {0};
    int    i;

    (void)state;
    assert_mf_ok(mf_token_make(a, &err), &err);
    assert_mf_ok(mf_token_make(b, &err), &err);
    assert_string_not_equal(a, b);
    assert_int_equal(strlen(a), MF_TOKEN_TEXT);
    assert_true(mf_token_equal(a, a));
    assert_false(mf_token_equal(a, b));
    assert_false(mf_token_equal(a, ""));
    snprintf(c, sizeof c, "%sx", a);
    assert_false(mf_token_equal(a, c));
    for (i = 0; i < MF_TOKEN_TEXT; i++) {
        memcpy(b, a, sizeof b);
        b[i] = (char)(b[i] ^ 1);
        assert_false(mf_token_equal(a, b));
    }
    assert_string_equal(mf_token_bearer("bearer x"), "x");
    assert_null(mf_token_bearer("Basic x"));
    assert_null(mf_token_bearer(NULL));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_picture_once_and_some_again),
        cmocka_unit_test(own_order_for_each_and_the_same_each_time),
        cmocka_unit_test(added_pictures_move_nothing),
        cmocka_unit_test(places_are_even),
        cmocka_unit_test(no_memory),
        cmocka_unit_test(tokens),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
