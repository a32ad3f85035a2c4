/* tests/face/test_landmarks.c: 68 points to 5, and the canonical place of a face in a tight crop. */
#include "support.h"

#include <math.h>
#include "face/landmarks.h"

static void
to5_takes_centres_and_corners(void **state)
{
    mf_landmarks in = {.n = 68}, out;
    mf_err       err = {0};

    (void)state;
    for (int i = 0; i < 68; i++) {
        in.x[i] = (float)i;
        in.y[i] = 100 + 2 * (float)i;
    }
    assert_mf_ok(mf_landmarks_to5(&out, &in, &err), &err);
    assert_int_equal(out.n, 5);
    assert_true(fabsf(out.x[0] - 38.5F) < 1e-4F && fabsf(out.y[0] - 177.0F) < 1e-3F); /* mean of 36..41 */
    assert_true(fabsf(out.x[1] - 44.5F) < 1e-4F && fabsf(out.y[1] - 189.0F) < 1e-3F); /* mean of 42..47 */
    assert_true(out.x[2] == 30 && out.x[3] == 48 && out.x[4] == 54);
    assert_true(out.y[2] == 160 && out.y[3] == 196 && out.y[4] == 208);
}

static void
to5_passes_five_through(void **state)
{
    mf_landmarks in = mf_landmarks_canonical(100, 80), out;
    mf_err       err = {0};

    (void)state;
    assert_mf_ok(mf_landmarks_to5(&out, &in, &err), &err);
    for (int i = 0; i < 5; i++)
        assert_true(in.x[i] == out.x[i] && in.y[i] == out.y[i]);
}

static void
to5_refuses_other_counts(void **state)
{
    mf_landmarks in = {.n = 21}, out;
    mf_err       err = {0};

    (void)state;
    assert_mf_fails(mf_landmarks_to5(&out, &in, &err), MF_E_ARG, &err, "21");
}

static void
canonical_is_a_face(void **state)
{
    mf_landmarks lm = mf_landmarks_canonical(48, 96);

    (void)state;
    assert_int_equal(lm.n, 5);
    for (int i = 0; i < 5; i++)
        assert_true(lm.x[i] > 0 && lm.x[i] < 48 && lm.y[i] > 0 && lm.y[i] < 96);
    assert_true(lm.x[0] < lm.x[2] && lm.x[2] < lm.x[1]);          /* eye, nose, eye */
    assert_true(lm.y[0] < lm.y[2] && lm.y[2] < lm.y[3]);          /* eyes, nose, mouth */
    assert_true(fabsf(lm.x[0] + lm.x[1] - 48) < 1e-3F && fabsf(lm.x[3] + lm.x[4] - 48) < 1e-3F);
}

/* What is given stays; what is added is a face: in order, mirrored for the mirrored points, refused for senseless ones. */
static void
to68_keeps_what_is_given(void **state)
{
    static const float five[3][5][2] = {{{-0.5F, 0}, {0.5F, 0}, {0, 0.6F}, {-0.45F, 1.09F}, {0.45F, 1.09F}},
                                        {{-0.45F, 0}, {0.45F, 0}, {0.2F, 0.55F}, {-0.3F, 1.0F}, {0.5F, 1.05F}},
                                        {{-0.5F, 0.1F}, {0.5F, -0.1F}, {0.1F, 0.65F}, {-0.35F, 1.2F}, {0.5F, 1.0F}}};
    mf_err err = {0};

    (void)state;
    for (int k = 0; k < 3; k++) {
        mf_landmarks in = {.n = 5}, other = {.n = 5}, out, back, mirror;
        static const int swap[5] = {1, 0, 2, 4, 3};
        for (int i = 0; i < 5; i++) {
            in.x[i]          = 100 + 40 * five[k][i][0];
            in.y[i]          = 80 + 40 * five[k][i][1];
            other.x[swap[i]] = 200 - in.x[i];
            other.y[swap[i]] = in.y[i];
        }
        assert_mf_ok(mf_landmarks_to68(&out, &in, &err), &err);
        assert_int_equal(out.n, 68);
        assert_mf_ok(mf_landmarks_to5(&back, &out, &err), &err);
        for (int i = 0; i < 5; i++)
            assert_true(fabsf(back.x[i] - in.x[i]) < 0.01F && fabsf(back.y[i] - in.y[i]) < 0.01F);
        for (int i = k == 0 ? 0 : 3; i < (k == 0 ? 16 : 13); i++)
            assert_true(out.x[i] < out.x[i + 1]); /* the jaw from ear to ear; a turned one folds at its ends */
        assert_true(out.y[8] > out.y[57] && out.y[57] > out.y[51] && out.y[51] > out.y[33] && out.y[33] > out.y[27]);
        assert_true(out.y[19] < out.y[37] && out.y[37] < out.y[41] && out.y[24] < out.y[44] && out.y[44] < out.y[46]);
        assert_mf_ok(mf_landmarks_to68(&mirror, &other, &err), &err);
        for (int i = 0; i < 17; i++)
            assert_true(fabsf(mirror.x[16 - i] - (200 - out.x[i])) < 0.01F && fabsf(mirror.y[16 - i] - out.y[i]) < 0.01F);
        assert_mf_ok(mf_landmarks_to68(&back, &out, &err), &err); /* 68 pass through */
        assert_memory_equal(&back, &out, sizeof out);
    }
    {
        mf_landmarks in = {.n = 5}, out;
        assert_mf_fails(mf_landmarks_to68(&out, &in, &err), MF_E_ARG, &err, "apart");
        in.n = 21;
        assert_mf_fails(mf_landmarks_to68(&out, &in, &err), MF_E_ARG, &err, "21");
    }
}

static void
check_refuses_what_is_no_point(void **state)
{
    mf_landmarks lm = mf_landmarks_canonical(100, 100);
    mf_err       err = {0};

    (void)state;
    assert_mf_ok(mf_landmarks_check(&lm, &err), &err);
    lm.y[4] = NAN;
    assert_mf_fails(mf_landmarks_check(&lm, &err), MF_E_NUMERIC, &err, "point 4");
    lm.y[4] = 1e9F;
    assert_mf_fails(mf_landmarks_check(&lm, &err), MF_E_ARG, &err, "point 4");
    lm.n = 0;
    assert_mf_fails(mf_landmarks_check(&lm, &err), MF_E_ARG, &err, "not 0");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(to5_takes_centres_and_corners),
        cmocka_unit_test(to5_passes_five_through),
        cmocka_unit_test(to5_refuses_other_counts),
        cmocka_unit_test(canonical_is_a_face),
        cmocka_unit_test(to68_keeps_what_is_given),
        cmocka_unit_test(check_refuses_what_is_no_point),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
