/* Points that move as their picture does: twins, the inverse of a draw, mirrors, resizing. */
#include "support.h"

#include <math.h>
#include <string.h>

#include "image/keypoints.h"

static void
twins_are_an_involution(void **state)
{
    (void)state;
    for (int n = 0; n <= 68; n++) {
        int alone = 0;

        for (int i = 0; i < n; i++) {
            const int j = mf_keypoint_twin(n, i);

            assert_true(j >= 0 && j < n);
            assert_int_equal(mf_keypoint_twin(n, j), i);
            alone += i == j;
        }
        /* On the axis of a face: nose tip; chin, 4 of the ridge, nostril, 4 lips and lip edges. */
        assert_int_equal(alone, n == 5 ? 1 : n == 68 ? 10 : n);
    }
    assert_int_equal(mf_keypoint_twin(68, 36), 45); /* outer corners of the eyes, of the mouth */
    assert_int_equal(mf_keypoint_twin(68, 48), 54);
    assert_int_equal(mf_keypoint_twin(68, 17), 26);
    assert_int_equal(mf_keypoint_twin(68, 40), 47);
}

static void
fill(float *p, int n, uint64_t seed)
{
    mf_rng r = mf_rng_make(seed, 0, 0, MF_RNG_TEST);

    for (int i = 0; i < n * MF_KEYPOINT; i++)
        p[i] = (float)(mf_rng_unit(&r) * 100.0);
}

/* A draw maps output to source: led through it, the moved points come back to where they were. */
static void
a_draw_is_inverted(void **state)
{
    static const int faces[] = {5, 68};
    mf_recipe        r = mf_recipe_default(96, 80, 3);
    mf_augment       a = mf_augment_light();
    double           worst = 0;
    int              mirrored = 0;

    (void)state;
    a.flip   = 0.5;
    a.rotate = 25;
    a.scale  = 0.2;
    a.shift  = 0.1;
    a.zoom   = 0.3;
    a.pad    = 0.1;
    a.affine_prob = a.zoom_prob = 0.8;
    for (uint64_t k = 0; k < 200; k++) {
        const int n = faces[k % 2];
        mf_rng    rng = mf_rng_make(3, k, 0, MF_RNG_AUGMENT);
        mf_draw   d = mf_draw_make(&a, &r, 120, 112, &rng);
        const bool flip = d.m[0] * d.m[4] < d.m[1] * d.m[3];
        float     p[MF_KEYPOINTS_MAX * MF_KEYPOINT] = {0}, q[MF_KEYPOINTS_MAX * MF_KEYPOINT];

        fill(p, n, k);
        memcpy(q, p, sizeof q);
        mf_keypoints_draw(q, n, &d);
        mirrored += flip;
        for (int i = 0; i < n; i++) {
            const float *was = p + MF_KEYPOINT * (flip ? mf_keypoint_twin(n, i) : i), *is = q + MF_KEYPOINT * i;
            const double x = (double)d.m[0] * (double)is[0] + (double)d.m[1] * (double)is[1] + (double)d.m[2];
            const double y = (double)d.m[3] * (double)is[0] + (double)d.m[4] * (double)is[1] + (double)d.m[5];

            worst = fmax(worst, fmax(fabs(x - (double)was[0]), fabs(y - (double)was[1])));
            assert_true(is[2] == was[2]); /* how sure a point is goes with it */
        }
    }
    print_message("400 faces: largest error %.2g pixels\n", worst);
    assert_true(worst < 1e-4);
    assert_in_range(mirrored, 60, 140);
}

static void
mirror_and_scale(void **state)
{
    float     p[15] = {10, 20, 1, 30, 21, 0.5f, 21, 30, 1, 12, 40, 1, 29, 41, 0.25f}, q[15];
    mf_recipe r = mf_recipe_default(50, 60, 3);
    mf_draw   d = mf_draw_identity(&r, 100, 30);

    (void)state;
    memcpy(q, p, sizeof q);
    mf_keypoints_mirror(q, 5, 40);
    assert_true(q[0] == 10 && q[1] == 21 && q[2] == 0.5f); /* the left eye is the mirror of the right one */
    assert_true(q[6] == 19 && q[7] == 30);
    mf_keypoints_mirror(q, 5, 40);
    assert_memory_equal(p, q, sizeof q);
    mf_keypoints_scale(q, 5, 0.5, 2.0);
    assert_true(q[0] == 5 && q[1] == 40 && q[2] == 1);
    memcpy(q, p, sizeof q);
    mf_keypoints_draw(q, 5, &d); /* the plain resize is that scaling */
    assert_true(fabsf(q[0] - 5) < 1e-4f && fabsf(q[1] - 40) < 1e-4f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(twins_are_an_involution),
        cmocka_unit_test(a_draw_is_inverted),
        cmocka_unit_test(mirror_and_scale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
