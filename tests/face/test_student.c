/* tests/face/test_student.c: drawn students are repeatable, different, whole, and move their faces as they should. */
#include "support.h"

#include <math.h>
#include <string.h>
#include "face/student.h"

enum { SURPRISE, FEAR, DISGUST, HAPPY, SAD, ANGRY, NEUTRAL, EXPRESSIONS };

static void
same_arguments_same_bytes(void **state)
{
    mf_err err = {0};

    (void)state;
    for (int i = 0; i < 28; i++) {
        mf_image     a = {0}, b = {0};
        mf_landmarks la, lb;
        int          size = i % 4 == 0 ? 256 : i % 4 == 1 ? 64 : i % 4 == 2 ? 48 : 97;
        assert_mf_ok(mf_student_draw(&a, &la, 4, i, i % EXPRESSIONS, i / 3, i % 2 == 1, size, &err), &err);
        assert_mf_ok(mf_student_draw(&b, &lb, 4, i, i % EXPRESSIONS, i / 3, i % 2 == 1, size, &err), &err);
        assert_true(a.width == size && a.height == size && a.channels == 3);
        assert_memory_equal(a.px, b.px, (size_t)size * (size_t)size * 3);
        assert_memory_equal(&la, &lb, sizeof la);
        mf_image_free(&a);
        mf_image_free(&b);
        /* landmarks may be left out */
        assert_mf_ok(mf_student_draw(&a, NULL, 4, i, i % EXPRESSIONS, i / 3, i % 2 == 1, size, &err), &err);
        mf_image_free(&a);
    }
}

static double
difference(const mf_image *a, const mf_image *b)
{
    double sum = 0;
    size_t n = (size_t)a->width * (size_t)a->height * 3;

    for (size_t i = 0; i < n; i++)
        sum += fabs((double)a->px[i] - (double)b->px[i]);
    return sum / (double)n;
}

/* Any one argument changed gives a visibly different picture: mean difference of at least 3 grey levels. */
static void
each_argument_matters(void **state)
{
    mf_err err = {0};

    (void)state;
    for (int i = 0; i < 10; i++) {
        mf_image base = {0}, other[5] = {{0}};
        assert_mf_ok(mf_student_draw(&base, NULL, 9, i, HAPPY, 0, false, 64, &err), &err);
        assert_mf_ok(mf_student_draw(&other[0], NULL, 10, i, HAPPY, 0, false, 64, &err), &err);
        assert_mf_ok(mf_student_draw(&other[1], NULL, 9, i + 1, HAPPY, 0, false, 64, &err), &err);
        assert_mf_ok(mf_student_draw(&other[2], NULL, 9, i, FEAR, 0, false, 64, &err), &err);
        assert_mf_ok(mf_student_draw(&other[3], NULL, 9, i, HAPPY, 1, false, 64, &err), &err);
        assert_mf_ok(mf_student_draw(&other[4], NULL, 9, i, HAPPY, 0, true, 64, &err), &err);
        for (int k = 0; k < 5; k++) {
            assert_true(difference(&base, &other[k]) > 3);
            mf_image_free(&other[k]);
        }
        mf_image_free(&base);
    }
}

static double
span(const mf_landmarks *lm, int a, int b)
{
    return hypot((double)(lm->x[a] - lm->x[b]), (double)(lm->y[a] - lm->y[b]));
}

/* Nearly all landmarks lie in the picture (a chin may drop out of it), in an order that makes a face. */
static void
landmarks_lie_in_the_picture(void **state)
{
    mf_err err = {0};
    int    inside = 0, all = 0;

    (void)state;
    for (int i = 0; i < 70; i++) {
        mf_image     im = {0};
        mf_landmarks lm;
        assert_mf_ok(mf_student_draw(&im, &lm, 2, i, i % EXPRESSIONS, i, i % 3 == 0, 64, &err), &err);
        assert_int_equal(lm.n, 68);
        for (int p = 0; p < 68; p++) {
            assert_true(isfinite(lm.x[p]) && isfinite(lm.y[p]));
            all++;
            inside += lm.x[p] >= 0 && lm.y[p] >= 0 && lm.x[p] < 64 && lm.y[p] < 64;
            if (p >= 17) /* all but the jaw, always */
                assert_true(lm.x[p] >= 0 && lm.y[p] >= 0 && lm.x[p] < 64 && lm.y[p] < 64);
        }
        assert_true(lm.x[36] < lm.x[39] && lm.x[39] < lm.x[42] && lm.x[42] < lm.x[45]);
        assert_true(lm.x[48] < lm.x[54] && lm.x[0] < lm.x[16] && lm.x[17] < lm.x[26]);
        assert_true(lm.y[19] < lm.y[37] && lm.y[37] < lm.y[30] && lm.y[30] < lm.y[51] && lm.y[51] < lm.y[57] && lm.y[57] < lm.y[8]);
        assert_true(span(&lm, 36, 45) > 15);
        mf_image_free(&im);
    }
    assert_true(inside * 1000 >= all * 985);
}

/* What a measure of the landmarks, in eye distances, is on average for an expression. */
static double
mean_of(int expression, double (*measure)(const mf_landmarks *lm))
{
    mf_err err = {0};
    double sum = 0;

    for (int i = 0; i < 24; i++) {
        mf_image     im = {0};
        mf_landmarks lm;
        assert_mf_ok(mf_student_draw(&im, &lm, 6, i, expression, 0, false, 48, &err), &err);
        sum += measure(&lm) / 24;
        mf_image_free(&im);
    }
    return sum;
}

static double
eye_distance(const mf_landmarks *lm)
{
    return hypot((double)(lm->x[36] + lm->x[39] - lm->x[42] - lm->x[45]) / 2, (double)(lm->y[36] + lm->y[39] - lm->y[42] - lm->y[45]) / 2);
}

static double
eye_opening(const mf_landmarks *lm)
{
    return (span(lm, 37, 41) + span(lm, 38, 40) + span(lm, 43, 47) + span(lm, 44, 46)) / 4 / eye_distance(lm);
}

static double
mouth_opening(const mf_landmarks *lm)
{
    return span(lm, 62, 66) / eye_distance(lm);
}

static double
corners_above_middle(const mf_landmarks *lm)
{
    return ((double)(lm->y[62] + lm->y[66]) / 2 - (double)(lm->y[48] + lm->y[54]) / 2) / eye_distance(lm);
}

static double
brow_height(const mf_landmarks *lm)
{
    double eyes = (double)(lm->y[39] + lm->y[42]) / 2;

    return (eyes - (double)(lm->y[21] + lm->y[22] + lm->y[19] + lm->y[24]) / 4) / eye_distance(lm);
}

static double
brow_gap(const mf_landmarks *lm)
{
    return span(lm, 21, 22) / eye_distance(lm);
}

/* Inner ends higher than the outer thirds. */
static double
brow_slant(const mf_landmarks *lm)
{
    return (double)(lm->y[18] + lm->y[25] - lm->y[21] - lm->y[22]) / 2 / eye_distance(lm);
}

static void
expressions_move_the_face(void **state)
{
    (void)state;
    assert_true(mean_of(SURPRISE, mouth_opening) > mean_of(NEUTRAL, mouth_opening) + 0.15);
    assert_true(mean_of(SURPRISE, brow_height) > mean_of(NEUTRAL, brow_height) + 0.08);
    assert_true(mean_of(SURPRISE, eye_opening) > mean_of(NEUTRAL, eye_opening) + 0.03);
    assert_true(mean_of(FEAR, eye_opening) > mean_of(NEUTRAL, eye_opening) + 0.03);
    assert_true(mean_of(FEAR, brow_gap) < mean_of(SURPRISE, brow_gap) - 0.02);
    assert_true(mean_of(DISGUST, eye_opening) < mean_of(NEUTRAL, eye_opening) - 0.03);
    assert_true(mean_of(DISGUST, brow_height) < mean_of(NEUTRAL, brow_height) - 0.04);
    assert_true(mean_of(HAPPY, corners_above_middle) > mean_of(NEUTRAL, corners_above_middle) + 0.08);
    assert_true(mean_of(HAPPY, eye_opening) < mean_of(NEUTRAL, eye_opening) - 0.02);
    assert_true(mean_of(SAD, corners_above_middle) < mean_of(NEUTRAL, corners_above_middle) - 0.05);
    assert_true(mean_of(SAD, brow_slant) > mean_of(NEUTRAL, brow_slant) + 0.05);
    assert_true(mean_of(ANGRY, brow_height) < mean_of(NEUTRAL, brow_height) - 0.04);
    assert_true(mean_of(ANGRY, brow_gap) < mean_of(NEUTRAL, brow_gap) - 0.03);
}

static void
wrong_arguments_are_refused(void **state)
{
    mf_image im = {0};
    mf_err   err = {0};

    (void)state;
    assert_mf_fails(mf_student_draw(&im, NULL, 1, 0, 7, 0, false, 64, &err), MF_E_ARG, &err, "expression 7");
    assert_mf_fails(mf_student_draw(&im, NULL, 1, 0, -1, 0, false, 64, &err), MF_E_ARG, &err, "expression -1");
    assert_mf_fails(mf_student_draw(&im, NULL, 1, 0, 0, 0, false, 8, &err), MF_E_ARG, &err, "not 8");
    assert_mf_fails(mf_student_draw(&im, NULL, 1, 0, 0, 0, false, 100000, &err), MF_E_ARG, &err, "100000");
    assert_mf_fails(mf_student_draw(&im, NULL, 1, -3, 0, 0, false, 64, &err), MF_E_ARG, &err, "-3");
    assert_null(im.px);
}

static mf_status
one_student(void *arg, mf_err *err)
{
    mf_image  im = {0};
    mf_status st = mf_student_draw(&im, NULL, 3, 1, FEAR, 0, *(bool *)arg, 32, err);

    mf_image_free(&im);
    return st;
}

static void
every_allocation_may_fail(void **state)
{
    bool masked = false;

    (void)state;
    mf_test_each_alloc(one_student, &masked);
    masked = true;
    mf_test_each_alloc(one_student, &masked);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_arguments_same_bytes),
        cmocka_unit_test(each_argument_matters),
        cmocka_unit_test(landmarks_lie_in_the_picture),
        cmocka_unit_test(expressions_move_the_face),
        cmocka_unit_test(wrong_arguments_are_refused),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
