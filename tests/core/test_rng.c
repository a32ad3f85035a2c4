/* Randomness: the published vectors of Philox, independence of streams, and distributions. */
#include "support.h"

#include <math.h>
#include <string.h>

#include "core/hash.h"
#include "core/rng.h"

/* Known answers of Philox 4x32-10 from the authors' Random123 1.14, file tests/kat_vectors. */
static void
philox_vectors(void **state)
{
    static const struct {
        uint32_t ctr[4], key[2], out[4];
    } kat[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    size_t i, k;

    (void)state;
    for (i = 0; i < sizeof kat / sizeof kat[0]; i++) {
        mf_rng r = {{0}, {0}, {0}, 0};

        memcpy(r.ctr, kat[i].ctr, sizeof r.ctr);
        memcpy(r.key, kat[i].key, sizeof r.key);
        for (k = 0; k < 4; k++) {
            assert_int_equal(mf_rng_u32(&r), kat[i].out[k]);
        }
    }
}

static void
streams_are_fixed_and_apart(void **state)
{
    mf_rng   a = mf_rng_make(1, 2, 3, MF_RNG_AUGMENT), b = mf_rng_make(1, 2, 3, MF_RNG_AUGMENT);
    mf_rng   other[4] = {mf_rng_make(2, 2, 3, MF_RNG_AUGMENT), mf_rng_make(1, 3, 3, MF_RNG_AUGMENT),
                         mf_rng_make(1, 2, 4, MF_RNG_AUGMENT), mf_rng_make(1, 2, 3, MF_RNG_DROPOUT)};
    uint64_t first    = mf_rng_u64(&a);
    int      i;

    (void)state;
    assert_true(first == mf_rng_u64(&b));
    for (i = 0; i < 1000; i++) {
        assert_true(mf_rng_u64(&a) == mf_rng_u64(&b));
    }
    for (i = 0; i < 4; i++) {
        assert_true(mf_rng_u64(&other[i]) != first);
    }
    /* The same bits on every machine, for ever: stored results depend on them. */
    a = mf_rng_make(42, 0, 7, MF_RNG_SHUFFLE);
    assert_true(mf_rng_u64(&a) == UINT64_C(0x13d45c77e846cff0));
}

static void
units_fill_the_interval(void **state)
{
    mf_rng r    = mf_rng_make(5, 0, 0, MF_RNG_TEST);
    double sum  = 0, sum2 = 0, lo = 1, hi = 0;
    int    n    = 200000, i;

    (void)state;
    for (i = 0; i < n; i++) {
        double v = mf_rng_unit(&r);

        assert_true(v >= 0 && v < 1);
        sum += v;
        sum2 += v * v;
        lo = v < lo ? v : lo;
        hi = v > hi ? v : hi;
    }
    /* Five standard errors of the mean and of the second moment. */
    assert_true(fabs(sum / n - 0.5) < 5 * sqrt(1.0 / 12 / n));
    assert_true(fabs(sum2 / n - 1.0 / 3) < 5 * sqrt(4.0 / 45 / n));
    assert_true(lo < 1e-3 && hi > 1 - 1e-3);
    for (i = 0; i < 1000; i++) {
        double v = mf_rng_uniform(&r, 1, nextafter(1, 2));

        assert_true(v == 1.0);
    }
}

static void
normals_are_normal(void **state)
{
    mf_rng r = mf_rng_make(6, 0, 0, MF_RNG_TEST);
    double m1 = 0, m2 = 0, m4 = 0;
    int    n = 200000, i;

    (void)state;
    for (i = 0; i < n; i++) {
        double v = mf_rng_normal(&r);

        m1 += v;
        m2 += v * v;
        m4 += v * v * v * v;
    }
    assert_true(fabs(m1 / n) < 5 * sqrt(1.0 / n));
    assert_true(fabs(m2 / n - 1) < 5 * sqrt(2.0 / n));
    assert_true(fabs(m4 / n - 3) < 5 * sqrt(96.0 / n));
}

static void
below_is_even(void **state)
{
    mf_rng r       = mf_rng_make(7, 0, 0, MF_RNG_TEST);
    int    seen[7] = {0}, n = 70000, i;
    double chi2    = 0;

    (void)state;
    for (i = 0; i < n; i++) {
        uint64_t v = mf_rng_below(&r, 7);

        assert_true(v < 7);
        seen[v]++;
    }
    for (i = 0; i < 7; i++) {
        chi2 += pow(seen[i] - n / 7.0, 2) / (n / 7.0);
    }
    assert_true(chi2 < 27.9); /* six degrees of freedom, one in ten thousand */
    assert_true(mf_rng_below(&r, 1) == 0);
    for (i = 0; i < 100; i++) {
        assert_true(mf_rng_below(&r, (UINT64_MAX / 2) + 2) < (UINT64_MAX / 2) + 2);
    }
}

static void
shuffles_are_permutations(void **state)
{
    uint32_t idx[100], seen[100] = {0}, i, moved = 0;
    mf_rng   r = mf_rng_make(8, 0, 0, MF_RNG_TEST);

    (void)state;
    for (i = 0; i < 100; i++) {
        idx[i] = i;
    }
    mf_rng_shuffle(&r, idx, 100);
    for (i = 0; i < 100; i++) {
        assert_true(idx[i] < 100);
        seen[idx[i]]++;
        moved += idx[i] != i;
    }
    for (i = 0; i < 100; i++) {
        assert_int_equal(seen[i], 1);
    }
    assert_true(moved > 80);
    mf_rng_shuffle(&r, idx, 0);
    mf_rng_shuffle(&r, idx, 1);
}

/* FIPS 180-4 examples, and the million letters of its older edition. */
static void
sha256_vectors(void **state)
{
    static const char *const kat[][2] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    mf_sha256 s;
    uint8_t   out[32];
    char      hex[65], a[1000];
    size_t    i;

    (void)state;
    for (i = 0; i < 3; i++) {
        mf_sha256_init(&s);
        mf_sha256_add(&s, kat[i][0], strlen(kat[i][0]));
        mf_sha256_end(&s, out);
        mf_hex(hex, out, 32);
        assert_string_equal(hex, kat[i][1]);
    }
    memset(a, 'a', sizeof a);
    mf_sha256_init(&s);
    for (i = 0; i < 1000000; i += 997) {
        mf_sha256_add(&s, a, i + 997 <= 1000000 ? 997 : 1000000 - i);
    }
    mf_sha256_end(&s, out);
    mf_hex(hex, out, 32);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    assert_true(mf_hash64("a", 1) != mf_hash64("b", 1));
    assert_true(mf_hash64("ab", 2) == mf_hash64("ab", 2));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox_vectors),     cmocka_unit_test(streams_are_fixed_and_apart),
        cmocka_unit_test(units_fill_the_interval), cmocka_unit_test(normals_are_normal),
        cmocka_unit_test(below_is_even),      cmocka_unit_test(shuffles_are_permutations),
        cmocka_unit_test(sha256_vectors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
