/* tests/data/test_folds.c: nobody is in two parts, parts are even, and the published division is as published. */
#include "small_sets.h"

#include <string.h>
#include "core/mem.h"
#include "core/rng.h"
#include "core/str.h"
#include "data/folds.h"

static const char *const classes[] = {"surprise", "fear", "disgust", "happy", "sad", "angry", "neutral"};

/* `people` persons, each with every class `per_class` times; uneven: person p has further pictures by chance. */
static mf_dataset *
people_set(int people, int per_class, bool uneven, int first_id)
{
    mf_dataset *d   = NULL;
    mf_err      err = {0};
    mf_str      image = {0}, id = {0};
    mf_rng      rng = mf_rng_make(5, 0, 0, MF_RNG_TEST);
    int         p, c, i;

    assert_mf_ok(mf_dataset_new(&d, "people", classes, 7, &err), &err);
    for (p = 0; p < people; p++)
        for (c = 0; c < 7; c++) {
            int n = per_class + (uneven ? (int)mf_rng_below(&rng, c < 2 ? 2 : 6) : 0);

            for (i = 0; i < n; i++) {
                mf_str_clear(&image);
                mf_str_clear(&id);
                mf_str_printf(&image, "%d_%d_%d.png", p, c, i);
                mf_str_printf(&id, "%d", first_id + p);
                assert_mf_ok(mf_dataset_add(d, mf_str_c(&image), classes[c], mf_str_c(&id), MF_OCC_NONE, NULL, MF_SPLIT_NONE,
                                            NULL, &err), &err);
            }
        }
    mf_str_free(&image);
    mf_str_free(&id);
    return d;
}

/* Checks that no subject is in two folds; fills people and pictures of each, and by class. */
static void
count(const mf_dataset *d, const int *fold, int k, size_t *people, size_t *pictures, size_t by_class[][7])
{
    int   *of = mf_calloc((size_t)d->n_subjects, sizeof *of);
    size_t i;

    for (i = 0; i < d->n_rows; i++) {
        int f = fold[i], s = d->rows[i].subject;

        assert_in_range(f, 0, k - 1);
        if (of[s] == 0) {
            of[s] = f + 1;
            people[f]++;
        }
        assert_int_equal(of[s], f + 1);
        pictures[f]++;
        by_class[f][d->rows[i].label]++;
    }
    mf_free(of);
}

/* 142 people with 14 pictures each: 15, 15, 14, ... as a correct reading of the paper has it. */
static void
test_even_people(void **state)
{
    mf_dataset *d    = people_set(142, 2, false, 0);
    int        *fold = mf_calloc(d->n_rows, sizeof *fold), f;
    size_t      people[10] = {0}, pictures[10] = {0}, by_class[10][7] = {{0}}, fifteen = 0;
    mf_err      err = {0};

    (void)state;
    assert_mf_ok(mf_folds_make(fold, d, 10, 1, &err), &err);
    count(d, fold, 10, people, pictures, by_class);
    for (f = 0; f < 10; f++) {
        assert_in_range(people[f], 14, 15);
        fifteen += people[f] == 15;
    }
    assert_int_equal(fifteen, 2);
    mf_free(fold);
    mf_dataset_free(d);
}

static void
test_uneven_people(void **state)
{
    mf_dataset *d    = people_set(60, 0, true, 0);
    int        *fold = mf_calloc(d->n_rows, sizeof *fold), *again = mf_calloc(d->n_rows, sizeof *again), f, c;
    size_t      people[5] = {0}, pictures[5] = {0}, by_class[5][7] = {{0}}, total[7] = {0}, i;
    mf_err      err = {0};

    (void)state;
    assert_mf_ok(mf_folds_make(fold, d, 5, 7, &err), &err);
    count(d, fold, 5, people, pictures, by_class);
    for (i = 0; i < d->n_rows; i++)
        total[d->rows[i].label]++;
    for (f = 0; f < 5; f++) {
        assert_in_range(people[f], 10, 14);
        assert_in_range(pictures[f] * 5 * 100 / d->n_rows, 95, 105); /* percent of an even share */
        for (c = 0; c < 7; c++)
            assert_in_range(by_class[f][c] * 5 * 100 / total[c], 75, 125);
    }
    assert_mf_ok(mf_folds_make(again, d, 5, 7, &err), &err);
    assert_memory_equal(fold, again, d->n_rows * sizeof *fold);
    assert_mf_ok(mf_folds_make(again, d, 5, 8, &err), &err);
    assert_true(memcmp(fold, again, d->n_rows * sizeof *fold) != 0);
    mf_free(fold);
    mf_free(again);
    mf_dataset_free(d);
}

/* People with and without masks in unlike numbers: each class is even within each kind too, not only in sum. */
static void
test_occlusion(void **state)
{
    mf_dataset *d   = NULL;
    mf_err      err = {0};
    mf_rng      rng = mf_rng_make(9, 0, 0, MF_RNG_TEST);
    size_t      both[5][7][2] = {{{0}}}, total[7][2] = {{0}}, i;
    int         p, c, m, f, *fold, worst = 0;

    (void)state;
    assert_mf_ok(mf_dataset_new(&d, "masks", classes, 7, &err), &err);
    for (p = 0; p < 60; p++)
        for (c = 0; c < 7; c++)
            for (m = 0; m < 2; m++) {
                /* Masks and bare faces of a person trade off, so that sums by class say nothing of either. */
                int n = m == p % 2 ? 4 : (int)mf_rng_below(&rng, 2);

                for (; n > 0; n--) {
                    char image[48], who[16];

                    snprintf(image, sizeof image, "%d_%d_%d_%d.png", p, c, m, n);
                    snprintf(who, sizeof who, "%d", p);
                    assert_mf_ok(mf_dataset_add(d, image, classes[c], who, m ? MF_OCC_MASK : MF_OCC_NONE, NULL, MF_SPLIT_NONE, NULL,
                                                &err), &err);
                }
            }
    fold = mf_calloc(d->n_rows, sizeof *fold);
    assert_mf_ok(mf_folds_make(fold, d, 5, 1, &err), &err);
    for (i = 0; i < d->n_rows; i++) {
        m = d->rows[i].occlusion == MF_OCC_MASK;
        both[fold[i]][d->rows[i].label][m]++;
        total[d->rows[i].label][m]++;
    }
    for (f = 0; f < 5; f++)
        for (c = 0; c < 7; c++)
            for (m = 0; m < 2; m++) {
                int off = abs((int)(both[f][c][m] * 5 * 100 / total[c][m]) - 100);

                worst = off > worst ? off : worst;
            }
    printf("the fold furthest from an even share of a class with or without masks is %d %% off\n", worst);
    assert_in_range(worst, 0, 12);
    mf_free(fold);
    mf_dataset_free(d);
}

/* As many folds as people: everyone alone. */
static void
test_leave_one_out(void **state)
{
    mf_dataset *d    = people_set(12, 0, true, 0);
    int        *fold = mf_calloc(d->n_rows, sizeof *fold), f;
    size_t      people[12] = {0}, pictures[12] = {0}, by_class[12][7] = {{0}};
    mf_err      err = {0};

    (void)state;
    assert_mf_ok(mf_folds_make(fold, d, d->n_subjects, 1, &err), &err);
    count(d, fold, d->n_subjects, people, pictures, by_class);
    for (f = 0; f < d->n_subjects; f++)
        assert_int_equal(people[f], 1);
    mf_free(fold);
    mf_dataset_free(d);
}

static void
test_refusals(void **state)
{
    mf_dataset *d    = people_set(4, 1, false, 0);
    int         fold[64];
    uint8_t     part[64], scored[640];
    mf_err      err = {0};

    (void)state;
    assert_mf_fails(mf_folds_make(fold, d, 5, 1, &err), MF_E_LIMIT, &err, "5 folds need at least 5 people; the data set has 4");
    assert_mf_fails(mf_folds_make(fold, d, 1, 1, &err), MF_E_ARG, &err, "at least 2");
    assert_mf_fails(mf_folds_msde_code(scored, d, 5, &err), MF_E_LIMIT, &err, "at least 5 people");
    assert_mf_fails(mf_folds_holdout(part, d, NULL, 1.0, false, 1, &err), MF_E_ARG, &err, "between 0 and 1");
    assert_mf_ok(mf_dataset_add(d, "who.png", "sad", "", MF_OCC_NONE, NULL, MF_SPLIT_NONE, NULL, &err), &err);
    assert_mf_fails(mf_folds_make(fold, d, 2, 1, &err), MF_E_ARG, &err,
                    "1 of 29 pictures have no subject (the first is 'who.png')");
    assert_mf_fails(mf_folds_make(fold, d, 2, 1, &err), MF_E_ARG, &err, "--subject-pattern");
    assert_mf_fails(mf_folds_holdout(part, d, NULL, 0.5, false, 1, &err), MF_E_ARG, &err, "have no subject");
    assert_mf_fails(mf_folds_msde_code(scored, d, 2, &err), MF_E_ARG, &err, "have no subject");
    mf_dataset_free(d);
}

static void
test_holdout(void **state)
{
    mf_dataset *d    = people_set(60, 0, true, 0);
    uint8_t    *use  = mf_calloc(d->n_rows, 1), *part = mf_calloc(d->n_rows, 1), *again = mf_calloc(d->n_rows, 1);
    size_t      i, used = 0, held = 0, total[7] = {0}, in[7] = {0};
    int        *of = mf_calloc((size_t)d->n_subjects, sizeof *of), c;
    mf_err      err = {0};

    (void)state;
    for (i = 0; i < d->n_rows; i++)
        used += use[i] = d->rows[i].subject % 6 != 0;
    assert_mf_ok(mf_folds_holdout(part, d, use, 0.2, false, 3, &err), &err);
    for (i = 0; i < d->n_rows; i++) {
        int *s = &of[d->rows[i].subject];

        assert_true(part[i] <= use[i]);
        assert_true(*s == 0 || *s == 1 + part[i]);
        *s = 1 + part[i];
        held += part[i];
        total[d->rows[i].label] += use[i];
        in[d->rows[i].label] += part[i];
    }
    assert_in_range(held * 1000 / used, 170, 230); /* 20 % within 3 */
    for (c = 0; c < 7; c++)
        assert_in_range(in[c] * 1000 / total[c], 130, 270);
    assert_mf_ok(mf_folds_holdout(again, d, use, 0.2, false, 3, &err), &err);
    assert_memory_equal(part, again, d->n_rows);
    assert_mf_ok(mf_folds_holdout(again, d, use, 0.2, false, 4, &err), &err);
    assert_true(memcmp(part, again, d->n_rows) != 0);
    mf_free(of);
    mf_free(use);
    mf_free(part);
    mf_free(again);
    mf_dataset_free(d);
}

/* A tiny share still takes someone, a huge one leaves someone. */
static void
test_holdout_extremes(void **state)
{
    mf_dataset *d = people_set(3, 1, false, 0);
    uint8_t     part[64];
    mf_err      err = {0};
    size_t      i, held;

    (void)state;
    assert_mf_ok(mf_folds_holdout(part, d, NULL, 0.001, false, 1, &err), &err);
    for (i = held = 0; i < d->n_rows; i++)
        held += part[i];
    assert_int_equal(held, 7);
    assert_mf_ok(mf_folds_holdout(part, d, NULL, 0.999, false, 1, &err), &err);
    for (i = held = 0; i < d->n_rows; i++)
        held += part[i];
    assert_int_equal(held, 14);
    mf_dataset_free(d);
}

/* Without subjects rows go one by one, exactly by class; a pair stays together. */
static void
test_holdout_by_row(void **state)
{
    mf_dataset *d = NULL;
    mf_str      s = {0}, p = {0};
    uint8_t     part[400];
    size_t      in[2] = {0};
    int         i, together = 0;
    mf_err      err = {0};

    (void)state;
    assert_mf_ok(mf_dataset_new(&d, "rows", classes, 2, &err), &err);
    for (i = 0; i < 400; i++) {
        mf_str_clear(&s);
        mf_str_clear(&p);
        mf_str_printf(&s, "%d.png", i);
        mf_str_printf(&p, "%d", i / 2);
        assert_mf_ok(mf_dataset_add(d, mf_str_c(&s), classes[i < 300 ? 0 : 1], "", MF_OCC_NONE, mf_str_c(&p), MF_SPLIT_NONE, NULL,
                                    &err), &err);
    }
    assert_mf_ok(mf_folds_holdout(part, d, NULL, 0.1, true, 1, &err), &err);
    for (i = 0; i < 400; i++) {
        in[i < 300 ? 0 : 1] += part[i];
        assert_int_equal(part[i], part[i ^ 1]);
        together += part[i];
    }
    assert_int_equal(together, 40);
    assert_int_equal(in[0], 30);
    assert_int_equal(in[1], 10);
    mf_str_free(&s);
    mf_str_free(&p);
    mf_dataset_free(d);
}

/* 142 people numbered from 0 or from 1: who is scored twice and who never, as computed from the published program. */
static void
test_msde_code(void **state)
{
    int first;

    (void)state;
    for (first = 0; first < 2; first++) {
        mf_dataset *d      = people_set(142, 1, false, first);
        uint8_t    *scored = mf_calloc(d->n_rows, 10);
        int         times[143] = {0}, per_fold[10] = {0}, p, f;
        mf_err      err = {0};

        assert_mf_ok(mf_folds_msde_code(scored, d, 10, &err), &err);
        for (p = 0; p < 142; p++)
            for (f = 0; f < 10; f++) { /* 7 rows a person, the same for all */
                assert_int_equal(scored[(size_t)(p * 7) * 10 + (size_t)f], scored[(size_t)(p * 7 + 6) * 10 + (size_t)f]);
                times[p + first] += scored[(size_t)(p * 7) * 10 + (size_t)f];
                per_fold[f] += scored[(size_t)(p * 7) * 10 + (size_t)f];
            }
        for (p = first; p < 142 + first; p++) {
            int twice = p % 14 == 0 && p >= 14 && p <= 126, never = p > 140;

            assert_int_equal(times[p], twice ? 2 : never ? 0 : 1);
        }
        for (f = 0; f < 10; f++)
            assert_int_equal(per_fold[f], first == 1 && f == 0 ? 14 : 15);
        mf_free(scored);
        mf_dataset_free(d);
    }
}

static void
test_msde_code_names(void **state)
{
    mf_dataset *d = NULL;
    uint8_t     scored[20];
    mf_err      err = {0};

    (void)state;
    assert_mf_ok(mf_dataset_new(&d, "x", classes, 7, &err), &err);
    assert_mf_ok(mf_dataset_add(d, "a.png", "sad", "1", MF_OCC_NONE, NULL, MF_SPLIT_NONE, NULL, &err), &err);
    assert_mf_ok(mf_dataset_add(d, "b.png", "sad", "ann", MF_OCC_NONE, NULL, MF_SPLIT_NONE, NULL, &err), &err);
    assert_mf_fails(mf_folds_msde_code(scored, d, 2, &err), MF_E_ARG, &err, "subject 'ann' must be one");
    mf_dataset_free(d);
}

static mf_status
fold_job(void *arg, mf_err *err)
{
    mf_dataset *d = arg;
    int         fold[64];
    uint8_t     part[64];
    mf_status   st = mf_folds_make(fold, d, 3, 1, err);

    return st < 0 ? st : mf_folds_holdout(part, d, NULL, 0.4, false, 1, err);
}

static void
test_no_memory(void **state)
{
    mf_dataset *d = people_set(6, 1, false, 0);

    (void)state;
    mf_test_each_alloc(fold_job, d);
    mf_dataset_free(d);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_even_people), cmocka_unit_test(test_uneven_people), cmocka_unit_test(test_occlusion),
        cmocka_unit_test(test_leave_one_out),
        cmocka_unit_test(test_refusals), cmocka_unit_test(test_holdout), cmocka_unit_test(test_holdout_extremes),
        cmocka_unit_test(test_holdout_by_row), cmocka_unit_test(test_msde_code), cmocka_unit_test(test_msde_code_names),
        cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests_name("folds", tests, NULL, NULL);
}
