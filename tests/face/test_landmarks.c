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

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(to5_takes_centres_and_corners),
        cmocka_unit_test(to5_passes_five_through),
        cmocka_unit_test(to5_refuses_other_counts),
        cmocka_unit_test(canonical_is_a_face),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
