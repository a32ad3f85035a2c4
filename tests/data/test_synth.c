/* tests/data/test_synth.c: drawn data sets are complete, paired, and the same each time. */
#include "small_sets.h"

#include <string.h>
#include "core/file.h"
#include "core/str.h"
#include "data/check.h"
#include "data/landmarks_csv.h"
#include "data/synth.h"

static mf_status
synth(const char *out, int people, int takes, uint64_t seed, int workers, mf_err *err)
{
    mf_synth_opts o = {.people = people, .takes = takes, .size = 64, .seed = seed,
                       .jobs = {.workers = workers, .what = "drawing"}};

    return mf_synth_make(mf_test_path(out), &o, err);
}

static void
test_complete(void **state)
{
    mf_dataset        *d = NULL;
    mf_landmark_table *t = NULL;
    mf_check_report    r = {0};
    mf_jobs_opts       two = {.workers = 2, .what = "checking"};
    mf_err             err = {0};
    size_t             i, masked = 0;
    int                per_pair[2 * 2 * 7] = {0};

    (void)state;
    assert_mf_ok(synth("set", 2, 2, 1, 2, &err), &err);
    assert_mf_ok(mf_dataset_load(&d, mf_test_path("set"), &err), &err);
    assert_int_equal(d->n_rows, 2 * 2 * 7 * 2);
    assert_int_equal(d->n_classes, 7);
    assert_string_equal(d->classes[0], "surprise");
    assert_string_equal(d->classes[6], "neutral");
    assert_int_equal(d->n_subjects, 2);
    assert_int_equal(d->n_pairs, 2 * 2 * 7);
    assert_mf_ok(mf_landmarks_load(&t, d, &err), &err);
    for (i = 0; i < d->n_rows; i++) {
        masked += d->rows[i].occlusion == MF_OCC_MASK;
        per_pair[d->rows[i].pair]++;
        assert_int_equal(mf_landmarks_of(t, i).n, 68);
    }
    assert_int_equal(masked, d->n_rows / 2);
    for (i = 0; i < (size_t)d->n_pairs; i++)
        assert_int_equal(per_pair[i], 2);
    assert_true(mf_dataset_find(d, "unmasked/0_3_happy.jpg") >= 0);
    assert_true(mf_dataset_find(d, "masked/1_6_neutral-2.jpg") >= 0);
    assert_mf_ok(mf_check_run(&r, d, &two, &err), &err);
    assert_int_equal(r.n_bad, 0);
    assert_int_equal(r.n_same, 0);
    assert_int_equal(r.pairs_unlike, 0);
    assert_int_equal(r.min_width, 64);
    assert_int_equal(r.max_height, 64);
    mf_check_free(&r);
    mf_landmarks_free(t);
    mf_dataset_free(d);
}

/* One worker or three: the same files. More people: the first ones stay who they were. */
static void
test_deterministic(void **state)
{
    mf_dataset *d   = NULL;
    mf_err      err = {0};
    mf_str      a   = {0}, b = {0};
    size_t      i;

    (void)state;
    assert_mf_ok(synth("one", 1, 1, 9, 1, &err), &err);
    assert_mf_ok(synth("three", 2, 1, 9, 3, &err), &err);
    assert_mf_ok(mf_dataset_load(&d, mf_test_path("one"), &err), &err);
    assert_int_equal(d->n_rows, 14);
    for (i = 0; i < d->n_rows; i++) {
        mf_path_join(&a, "one", d->rows[i].image);
        mf_path_join(&b, "three", d->rows[i].image);
        small_same_bytes(mf_str_c(&a), mf_str_c(&b));
    }
    mf_str_free(&a);
    mf_str_free(&b);
    mf_dataset_free(d);
}

static void
test_refusals(void **state)
{
    mf_err err = {0};

    (void)state;
    assert_mf_fails(synth("no", 70000, 1000, 1, 1, &err), MF_E_LIMIT, &err, "more than 1048576 pictures");
    assert_mf_fails(synth("no", 0, 1, 1, 1, &err), MF_E_ARG, &err, "at least 1");
    small_text("taken/x.txt", "x");
    assert_mf_fails(synth("taken", 1, 1, 1, 1, &err), MF_E_STATE, &err, "exists already");
    assert_false(mf_path_exists(mf_test_path("no")));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_complete), cmocka_unit_test(test_deterministic), cmocka_unit_test(test_refusals),
    };

    return cmocka_run_group_tests_name("synth", tests, NULL, NULL);
}
