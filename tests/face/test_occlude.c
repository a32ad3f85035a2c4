/* tests/face/test_occlude.c: every occluder at odd sizes and channel counts; masks on wild landmarks. */
#include "support.h"

#include <math.h>
#include <string.h>
#include "core/mem.h"
#include "face/occlude.h"
#include "face/student.h"

static mf_image
grey(int w, int h, int channels)
{
    mf_image im = {0};
    mf_err   err = {0};

    assert_mf_ok(mf_image_new(&im, w, h, channels, &err), &err);
    for (size_t i = 0; i < (size_t)w * (size_t)h * (size_t)channels; i++)
        im.px[i] = (uint8_t)(90 + i * 7 % 80);
    return im;
}

static const mf_occluder_def *
find(const char *name)
{
    const mf_occluder_def *d;
    mf_err err = {0};

    assert_mf_ok(mf_occluder_find(&d, name, &err), &err);
    return d;
}

static void
registry_is_complete(void **state)
{
    const mf_occluder_def *d;
    mf_err err = {0};

    (void)state;
    assert_true(mf_occluder_count() >= 7);
    assert_null(mf_occluder_at(mf_occluder_count()));
    for (size_t i = 0; i < mf_occluder_count(); i++) {
        d = mf_occluder_at(i);
        assert_true(strlen(d->name) > 0 && strlen(d->occlusion) > 0 && strlen(d->summary) > 10);
        assert_non_null(d->apply);
        assert_true(d->cfg_size <= MF_OCCLUDER_CFG_MAX && (d->cfg_size == 0) == (d->opts == NULL));
        assert_ptr_equal(find(d->name), d);
        if (i > 0) /* sorted */
            assert_true(strcmp(mf_occluder_at(i - 1)->name, d->name) < 0);
    }
    assert_mf_fails(mf_occluder_find(&d, "masc", &err), MF_E_NOTFOUND, &err, "did you mean 'mask'");
    assert_null(d);
    assert_mf_fails(mf_occluder_find(&d, "xyzzy-plugh", &err), MF_E_NOTFOUND, &err, "there are hand, lower, mask");
}

/* Rows 0..floor(H/2)-1 and floor(H/2)..H-1, exactly. */
static void
halves_are_exact(void **state)
{
    static const int size[][2] = {{48, 48}, {33, 47}, {1, 1}, {5, 2}};
    mf_err           err = {0};

    (void)state;
    for (size_t s = 0; s < 4; s++)
        for (int channels = 1; channels <= 3; channels += 2)
            for (int half = 0; half < 2; half++) {
                mf_image im = grey(size[s][0], size[s][1], channels), old = grey(size[s][0], size[s][1], channels);
                mf_rng   rng = mf_rng_make(1, 0, 0, MF_RNG_OCCLUDE);
                size_t   row = (size_t)im.width * (size_t)channels;
                assert_mf_ok(mf_occlude(&im, find(half == 0 ? "upper" : "lower"), NULL, NULL, NULL, NULL, NULL, &rng, &err), &err);
                for (int y = 0; y < im.height; y++) {
                    int hidden = half == 0 ? y < im.height / 2 : y >= im.height / 2;
                    for (size_t i = 0; i < row; i++)
                        assert_int_equal(im.px[(size_t)y * row + i], hidden ? 0 : old.px[(size_t)y * row + i]);
                }
                mf_image_free(&im);
                mf_image_free(&old);
            }
}

static void
same_rng_same_bytes_and_the_upper_face_stays(void **state)
{
    static const int size[][2] = {{48, 48}, {33, 47}, {47, 33}, {32, 32}, {64, 64}, {100, 100}, {250, 250}};
    mf_err           err = {0};

    (void)state;
    for (size_t i = 0; i < mf_occluder_count(); i++)
        for (size_t s = 0; s < sizeof size / sizeof size[0]; s++)
            for (int channels = 1; channels <= 4; channels++) {
                mf_image a, b, old;
                mf_rng   r1 = mf_rng_make(5, 1, s, MF_RNG_OCCLUDE), r2 = r1;
                size_t   n, touched = 0;
                if (channels == 2)
                    continue;
                a   = grey(size[s][0], size[s][1], channels);
                b   = grey(size[s][0], size[s][1], channels);
                old = grey(size[s][0], size[s][1], channels);
                n   = (size_t)a.width * (size_t)a.height * (size_t)channels;
                assert_mf_ok(mf_occlude(&a, mf_occluder_at(i), NULL, NULL, NULL, NULL, NULL, &r1, &err), &err);
                assert_mf_ok(mf_occlude(&b, mf_occluder_at(i), NULL, NULL, NULL, NULL, NULL, &r2, &err), &err);
                assert_memory_equal(a.px, b.px, n);
                for (size_t p = 0; p < n; p++)
                    touched += a.px[p] != old.px[p];
                assert_true(touched > n / 25);
                if (strcmp(mf_occluder_at(i)->name, "mask") == 0 && a.width == a.height)
                    for (size_t p = 0; p < n / 4; p++) /* forehead and brows */
                        assert_int_equal(a.px[p], old.px[p]);
                mf_image_free(&a);
                mf_image_free(&b);
                mf_image_free(&old);
            }
}

static void
masks_differ(void **state)
{
    mf_err err = {0};
    int    same = 0;

    (void)state;
    for (uint64_t i = 0; i < 20; i++) {
        mf_image a = grey(48, 48, 3), b = grey(48, 48, 3);
        mf_rng   r1 = mf_rng_make(5, 0, i, MF_RNG_OCCLUDE), r2 = mf_rng_make(5, 0, i + 1, MF_RNG_OCCLUDE);
        assert_mf_ok(mf_occlude(&a, find("mask"), NULL, NULL, NULL, NULL, NULL, &r1, &err), &err);
        assert_mf_ok(mf_occlude(&b, find("mask"), NULL, NULL, NULL, NULL, NULL, &r2, &err), &err);
        same += memcmp(a.px, b.px, 48 * 48 * 3) == 0;
        mf_image_free(&a);
        mf_image_free(&b);
    }
    assert_int_equal(same, 0);
}

/* Whatever the landmarks are: a mask, or a sentence; never a crash, never a pixel outside (the sanitisers look). */
static void
wild_landmarks(void **state)
{
    mf_err err = {0};
    int    drawn = 0, refused = 0;

    (void)state;
    for (uint64_t i = 0; i < 400; i++) {
        mf_rng       r = mf_rng_make(11, 0, i, MF_RNG_TEST);
        mf_landmarks lm = {.n = mf_rng_unit(&r) < 0.5 ? 5 : 68};
        mf_image     im = grey(33, 47, mf_rng_unit(&r) < 0.5 ? 1 : 3);
        double       reach = i % 4 == 0 ? 1e5 : i % 4 == 1 ? 400 : 60;
        mf_status    st;
        for (int p = 0; p < lm.n; p++) {
            lm.x[p] = (float)mf_rng_uniform(&r, -reach, reach);
            lm.y[p] = (float)mf_rng_uniform(&r, -reach, reach);
        }
        st = mf_occlude(&im, find("mask"), NULL, &lm, NULL, NULL, NULL, &r, &err);
        if (st == MF_OK) {
            drawn++;
        } else {
            assert_mf_fails(st, MF_E_ARG, &err, "mask");
            refused++;
        }
        mf_image_free(&im);
    }
    assert_true(drawn > 20 && refused > 20);
}

static void
senseless_landmarks_are_refused(void **state)
{
    mf_landmarks lm = mf_landmarks_canonical(48, 48);
    mf_image     im = grey(48, 48, 1), old = grey(48, 48, 1);
    mf_rng       r = mf_rng_make(1, 0, 0, MF_RNG_TEST);
    mf_err       err = {0};

    (void)state;
    lm.x[3] = NAN;
    assert_mf_fails(mf_occlude(&im, find("mask"), NULL, &lm, NULL, NULL, NULL, &r, &err), MF_E_NUMERIC, &err, "point 3");
    lm.x[3] = 1e30F;
    assert_mf_fails(mf_occlude(&im, find("mask"), NULL, &lm, NULL, NULL, NULL, &r, &err), MF_E_ARG, &err, "point 3");
    lm      = mf_landmarks_canonical(48, 48);
    lm.x[1] = lm.x[0];
    lm.y[1] = lm.y[0];
    assert_mf_fails(mf_occlude(&im, find("mask"), NULL, &lm, NULL, NULL, NULL, &r, &err), MF_E_ARG, &err, "eyes");
    lm = mf_landmarks_canonical(48, 48);
    for (int i = 0; i < 5; i++)
        lm.x[i] += 100;
    assert_mf_fails(mf_occlude(&im, find("mask"), NULL, &lm, NULL, NULL, NULL, &r, &err), MF_E_ARG, &err, "outside");
    lm.n = 7;
    assert_mf_fails(mf_occlude(&im, find("mask"), NULL, &lm, NULL, NULL, NULL, &r, &err), MF_E_ARG, &err, "7");
    assert_memory_equal(im.px, old.px, 48 * 48); /* a refusal leaves the picture alone */
    mf_image_free(&im);
    mf_image_free(&old);
}

static mf_status
hide_one(void *arg, mf_err *err)
{
    mf_rng    r = mf_rng_make(3, 0, 0, MF_RNG_OCCLUDE);
    mf_image  im = {0};
    mf_status st;

    if ((st = mf_image_new(&im, 48, 48, 1, err)) < 0)
        return st;
    memset(im.px, 120, 48 * 48);
    st = mf_occlude(&im, arg, NULL, NULL, NULL, NULL, NULL, &r, err);
    mf_image_free(&im);
    return st;
}

static void
every_allocation_may_fail(void **state)
{
    (void)state;
    for (size_t i = 0; i < mf_occluder_count(); i++)
        mf_test_each_alloc(hide_one, (void *)(uintptr_t)mf_occluder_at(i));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registry_is_complete),
        cmocka_unit_test(halves_are_exact),
        cmocka_unit_test(same_rng_same_bytes_and_the_upper_face_stays),
        cmocka_unit_test(masks_differ),
        cmocka_unit_test(wild_landmarks),
        cmocka_unit_test(senseless_landmarks_are_refused),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
