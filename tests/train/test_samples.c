/* Who is trained, validated and scored: no person is in two parts, whatever the data set; and which pictures make samples. */
#include "support.h"

#include <string.h>

#include "core/mem.h"
#include "core/rng.h"
#include "data/folds.h"
#include "train/samples.h"

static const char *const classes[] = {"a", "b", "c", NULL};

/* Random people with random numbers of pictures, some of them in pairs. */
static mf_dataset *
random_set(mf_rng *r, int people)
{
    mf_dataset *d;
    mf_err      err = {0};

    assert_mf_ok(mf_dataset_new(&d, "random", classes, 3, &err), &err);
    for (int p = 0; p < people; p++) {
        int n = 1 + (int)mf_rng_below(r, 6);

        for (int i = 0; i < n; i++) {
            const char *label = classes[mf_rng_below(r, 3)];
            char        name[64], subject[16], pair[32];
            bool        paired = mf_rng_below(r, 2) == 0;

            snprintf(subject, sizeof subject, "s%d", p);
            snprintf(pair, sizeof pair, "%d_%d", p, i);
            snprintf(name, sizeof name, "%d_%d_clear.png", p, i);
            assert_mf_ok(mf_dataset_add(d, name, label, subject, MF_OCC_NONE, paired ? pair : "", MF_SPLIT_NONE, NULL, &err), &err);
            if (paired) {
                snprintf(name, sizeof name, "%d_%d_mask.png", p, i);
                assert_mf_ok(mf_dataset_add(d, name, label, subject, MF_OCC_MASK, pair, MF_SPLIT_NONE, NULL, &err), &err);
            }
        }
    }
    return d;
}

static void
check_parts(const mf_dataset *d, const mf_parts *p)
{
    int *part = mf_calloc((size_t)d->n_subjects, sizeof *part); /* 0: not met */

    for (size_t i = 0; i < d->n_rows; i++) {
        int mine = p->train[i] ? 1 : p->val[i] ? 2 : 3;

        assert_int_equal(p->train[i] + p->val[i] + p->test[i], 1);
        assert_true(part[d->rows[i].subject] == 0 || part[d->rows[i].subject] == mine);
        part[d->rows[i].subject] = mine;
    }
    assert_int_equal(p->n_train + p->n_val + p->n_test, d->n_rows);
    mf_free(part);
}

static void
test_no_one_on_two_sides(void **state)
{
    mf_rng r = mf_rng_make(1, 0, 0, MF_RNG_TEST);

    (void)state;
    for (int round = 0; round < 60; round++) {
        int         people = 12 + (int)mf_rng_below(&r, 40), k = 2 + (int)mf_rng_below(&r, 5);
        mf_dataset *d    = random_set(&r, people);
        int        *fold = mf_calloc(d->n_rows, sizeof *fold);
        uint8_t    *scored = mf_calloc(d->n_rows, 1), *seen = mf_calloc(d->n_rows, 1);
        mf_parts    parts;
        mf_err      err = {0};

        assert_mf_ok(mf_folds_make(fold, d, k, (uint64_t)round, &err), &err);
        for (int f = 0; f < k; f++) {
            for (size_t i = 0; i < d->n_rows; i++) {
                scored[i] = fold[i] == f;
                seen[i] += scored[i];
            }
            assert_mf_ok(mf_parts_by_fold(&parts, d, scored, 0.2, (uint64_t)round, &err), &err);
            check_parts(d, &parts);
            assert_true(parts.n_val > 0 && parts.n_train > 0);
            for (size_t i = 0; i < d->n_rows; i++) {
                assert_int_equal(parts.test[i] != 0, scored[i] != 0);
            }
            mf_parts_free(&parts);
        }
        for (size_t i = 0; i < d->n_rows; i++) {
            assert_int_equal(seen[i], 1); /* every picture is scored once */
        }
        assert_mf_ok(mf_parts_by_split(&parts, d, 0.2, 3, NULL, &err), &err);
        check_parts(d, &parts);
        mf_parts_free(&parts);
        mf_free(fold);
        mf_free(scored);
        mf_free(seen);
        mf_dataset_free(d);
    }
}

static mf_dataset *
pairs_set(void)
{
    mf_dataset *d;
    mf_err      err = {0};

    assert_mf_ok(mf_dataset_new(&d, "pairs", classes, 3, &err), &err);
    for (int i = 0; i < 200; i++) {
        char clear[32], mask[32], pair[16];

        snprintf(clear, sizeof clear, "%d.png", i);
        snprintf(mask, sizeof mask, "%d_m.png", i);
        snprintf(pair, sizeof pair, "%d", i);
        assert_mf_ok(mf_dataset_add(d, mask, classes[i % 3], "x", MF_OCC_MASK, pair, i < 150 ? MF_SPLIT_TRAIN : MF_SPLIT_VAL,
                                    NULL, &err), &err);
        assert_mf_ok(mf_dataset_add(d, clear, classes[i % 3], "x", MF_OCC_NONE, pair, i < 150 ? MF_SPLIT_TRAIN : MF_SPLIT_VAL,
                                    NULL, &err), &err);
    }
    return d;
}

static void
test_pairs(void **state)
{
    mf_dataset *d = pairs_set();
    mf_parts    parts;
    mf_method   m;
    mf_sample  *s, *again;
    size_t      n, n2, same = 0, changed = 0;
    mf_err      err = {0};

    (void)state;
    assert_mf_ok(mf_parts_by_split(&parts, d, 0.1, 1, NULL, &err), &err);
    assert_int_equal(parts.n_train, 300); /* by the split column, nothing is held out */
    assert_int_equal(parts.n_val, 100);
    assert_mf_ok(mf_method_make(&m, "contrastive", &err), &err);
    assert_mf_ok(mf_samples_make(&s, &n, d, parts.train, &m, 1, 1, &err), &err);
    assert_int_equal(n, 150);
    for (size_t i = 0; i < n; i++) {
        const mf_row *a = &d->rows[s[i].row[0]], *b = &d->rows[s[i].row[1]];

        assert_true(a->pair == b->pair && a->occlusion == MF_OCC_NONE && b->occlusion == MF_OCC_MASK);
        assert_true(parts.train[s[i].row[0]] && parts.train[s[i].row[1]]);
    }
    mf_free(s);
    /* Distillation draws the student's picture anew each epoch, by (seed, epoch, sample) alone. */
    assert_mf_ok(mf_method_make(&m, "distill", &err), &err);
    assert_mf_ok(mf_samples_make(&s, &n, d, parts.train, &m, 1, 1, &err), &err);
    assert_mf_ok(mf_samples_make(&again, &n2, d, parts.train, &m, 1, 2, &err), &err);
    for (size_t i = 0; i < n; i++) {
        assert_true(d->rows[s[i].row[0]].occlusion == MF_OCC_NONE);
        same += s[i].row[1] == s[i].row[0];
        changed += s[i].row[1] != again[i].row[1];
    }
    assert_in_range(same, 50, 100);
    assert_in_range(changed, 50, 100);
    mf_samples_redraw(again, n, &m, 1, 1);
    assert_memory_equal(s, again, n * sizeof *s);
    mf_free(s);
    mf_free(again);
    mf_parts_free(&parts);
    mf_dataset_free(d);
}

static void
test_kinds_of_rows(void **state)
{
    static const struct { const char *method; size_t n; } want[] = {{"baseline-nm", 150}, {"baseline-m", 150}, {"baseline", 300}};
    mf_dataset *d = pairs_set();
    mf_parts    parts;
    mf_err      err = {0};

    (void)state;
    assert_mf_ok(mf_parts_by_split(&parts, d, 0.1, 1, NULL, &err), &err);
    for (int k = 0; k < 3; k++) {
        mf_method  m;
        mf_sample *s;
        size_t     n;

        assert_mf_ok(mf_method_make(&m, want[k].method, &err), &err);
        assert_mf_ok(mf_samples_make(&s, &n, d, parts.train, &m, 1, 1, &err), &err);
        assert_int_equal(n, want[k].n);
        mf_free(s);
    }
    mf_parts_free(&parts);
    mf_dataset_free(d);
}

static void
test_no_pairs(void **state)
{
    mf_dataset *d;
    mf_method   m;
    mf_sample  *s;
    size_t      n;
    uint8_t     use[1] = {1};
    mf_err      err = {0};

    (void)state;
    assert_mf_ok(mf_dataset_new(&d, "single", classes, 3, &err), &err);
    assert_mf_ok(mf_dataset_add(d, "1.png", "a", "p", MF_OCC_NONE, "", MF_SPLIT_NONE, NULL, &err), &err);
    assert_mf_ok(mf_method_make(&m, "contrastive", &err), &err);
    assert_mf_fails(mf_samples_make(&s, &n, d, use, &m, 1, 1, &err), MF_E_LIMIT, &err, "data occlude");
    assert_null(s);
    assert_mf_ok(mf_method_make(&m, "baseline-m", &err), &err);
    assert_mf_fails(mf_samples_make(&s, &n, d, use, &m, 1, 1, &err), MF_E_LIMIT, &err, "masked");
    mf_dataset_free(d);
}

/* Pairs that a loader is to make: every clear row of the part beside itself, paired or not. */
static void
test_drawn(void **state)
{
    mf_dataset *d = pairs_set();
    mf_parts    parts;
    mf_method   m;
    mf_sample  *s;
    uint8_t    *none;
    size_t      n;
    mf_err      err = {0};

    (void)state;
    assert_mf_ok(mf_parts_by_split(&parts, d, 0.1, 1, NULL, &err), &err);
    assert_mf_ok(mf_method_make(&m, "hinton", &err), &err);
    assert_mf_ok(mf_samples_drawn(&s, &n, d, parts.train, &m, &err), &err);
    assert_int_equal(n, 150);
    for (size_t i = 0; i < n; i++) {
        assert_true(s[i].row[0] == s[i].row[1] && s[i].row[1] == s[i].row[2]);
        assert_true(parts.train[s[i].row[0]] && d->rows[s[i].row[0]].occlusion == MF_OCC_NONE);
        assert_true(i == 0 || s[i].row[0] > s[i - 1].row[0]);
    }
    mf_free(s);
    none = mf_calloc(d->n_rows, 1);
    assert_mf_fails(mf_samples_drawn(&s, &n, d, none, &m, &err), MF_E_LIMIT, &err, "--draw-pairs");
    assert_null(s);
    mf_free(none);
    mf_parts_free(&parts);
    mf_dataset_free(d);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_one_on_two_sides), cmocka_unit_test(test_pairs), cmocka_unit_test(test_kinds_of_rows),
        cmocka_unit_test(test_no_pairs),            cmocka_unit_test(test_drawn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
