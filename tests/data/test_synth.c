/* tests/data/test_synth.c: drawn data sets are complete, paired, and the same each time. */
#include "small_sets.h"

#include <math.h>
#include <string.h>
#include "core/csv.h"
#include "core/file.h"
#include "core/mem.h"
#include "core/str.h"
#include "data/adjudicate.h"
#include "data/check.h"
#include "data/landmarks_csv.h"
#include "data/pairs.h"
#include "data/synth.h"
#include "data/synth_votes.h"

static mf_status
synth(const char *out, int people, int takes, uint64_t seed, int workers, mf_err *err)
{
    mf_synth_opts   o = {.people = people, .takes = takes, .size = 64, .seed = seed,
                         .jobs = {.workers = workers, .what = "drawing"}};
    mf_synth_counts n;

    return mf_synth_make(&n, mf_test_path(out), &o, err);
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

/* The data set of a preset without its pictures: rows and the volunteers' votes. */
static mf_dataset *
undrawn(mf_str *votes, const mf_synth_opts *o)
{
    static const char *const classes[] = {"surprise", "fear", "disgust", "happy", "sad", "angry", "neutral"};
    const mf_volunteers people = mf_volunteers_default();
    mf_student_spec    *spec;
    mf_dataset         *d = NULL;
    mf_err              err = {0};
    size_t              n;

    assert_mf_ok(mf_synth_list(&spec, &n, o, &err), &err);
    assert_mf_ok(mf_dataset_new(&d, "undrawn", classes, 7, &err), &err);
    mf_synth_votes_put_header(votes);
    for (size_t i = 0; i < n; i++) {
        char             name[64], subject[16], pair[64];
        mf_student_facts f;
        snprintf(name, sizeof name, "%c%d_%d-%d.png", spec[i].masked ? 'm' : 'n', spec[i].person, spec[i].expression, spec[i].take);
        snprintf(subject, sizeof subject, "%d", spec[i].person);
        snprintf(pair, sizeof pair, "%s", name + 1);
        assert_mf_ok(mf_dataset_add(d, name, classes[spec[i].expression], subject, spec[i].masked ? MF_OCC_MASK : MF_OCC_NONE, pair,
                                    MF_SPLIT_NONE, NULL, &err), &err);
        assert_mf_ok(mf_student_describe(&f, &spec[i], &err), &err);
        for (int v = 0; v < MF_SYNTH_VOLUNTEERS; v++) {
            mf_synth_vote vote = mf_synth_vote_cast(&people, &spec[i], &f, v);
            mf_synth_votes_put(votes, name, v, &vote, classes);
        }
    }
    mf_free(spec);
    return d;
}

/* The published rule finds in the drawn students about what it found in MSD-E: 1,007 pairs, of whose pictures 1,960 stay,
 * 857 pairs agree, and nobody objects to 1,719. */
static void
test_msde_counts(void **state)
{
    enum { SEEDS = 8 };
    static const double want[3] = {1960, 857, 1719};
    double              sum[3] = {0};
    const mf_rule_def  *rule;
    mf_err              err = {0};

    (void)state;
    assert_mf_ok(mf_rule_find(&rule, "msde", &err), &err);
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        mf_synth_opts   o = {.people = 142, .takes = 1, .size = 256, .seed = seed, .preset = MF_STUDENTS_MSDE};
        uint64_t        cfg[8] = {0};
        mf_str          text = {0};
        mf_dataset     *d = undrawn(&text, &o);
        mf_votes       *v = NULL;
        mf_adjudication a = {0};
        mf_pairs        p = {0};
        double          got[3] = {0};
        assert_int_equal(d->n_rows, 2 * 1007);
        assert_int_equal(d->n_subjects, 142);
        assert_int_equal(d->n_pairs, 1007);
        assert_true(rule->cfg_size <= sizeof cfg);
        mf_opt_defaults(rule->opts, cfg);
        assert_mf_ok(mf_votes_parse(&v, d, "votes.csv", mf_str_c(&text), text.len, &err), &err);
        assert_int_equal(v->n, 7 * d->n_rows);
        assert_mf_ok(mf_adjudicate(&a, rule, cfg, d, v, 0, &err), &err);
        assert_mf_ok(mf_pairs_find(&p, d, a.label, &err), &err);
        for (size_t i = 0; i < d->n_rows; i++) {
            got[0] += a.label[i] >= 0;
            got[2] += a.flagged[i] == 0;
        }
        got[1] = (double)p.kept;
        printf("seed %d: %.0f kept, %.0f pairs, %.0f unflagged\n", (int)seed, got[0], got[1], got[2]);
        for (int k = 0; k < 3; k++) {
            sum[k] += got[k] / SEEDS;
            assert_true(fabs(got[k] - want[k]) <= 0.03 * want[k]); /* one seed */
        }
        mf_pairs_free(&p);
        mf_adjudication_free(&a);
        mf_votes_free(v);
        mf_dataset_free(d);
        mf_str_free(&text);
    }
    printf("mean: %.1f kept, %.1f pairs, %.1f unflagged\n", sum[0], sum[1], sum[2]);
    for (int k = 0; k < 3; k++)
        assert_true(fabs(sum[k] - want[k]) <= 0.01 * want[k]);
}

/* Votes go with the pictures: what is hard is objected to more often, what is shown instead is named. */
static void
test_votes_follow_the_pictures(void **state)
{
    const mf_volunteers people = mf_volunteers_default();
    double              flags[3] = {0}, named = 0, wrong = 0; /* clear and full, faint or mixed, another expression */
    int                 n[3] = {0};
    mf_err              err = {0};

    (void)state;
    for (int p = 0; p < 142; p++)
        for (int e = 0; e < 7; e++)
            for (int m = 0; m < 2; m++) {
                mf_student_spec  s = {.seed = 5, .person = p, .expression = e, .masked = m == 1, .preset = MF_STUDENTS_MSDE};
                mf_student_facts f;
                int              kind;
                assert_mf_ok(mf_student_describe(&f, &s, &err), &err);
                kind = f.shown != e ? 2 : f.strength < 0.65F || f.blend >= 0;
                n[kind]++;
                for (int v = 0; v < MF_SYNTH_VOLUNTEERS; v++) {
                    mf_synth_vote vote = mf_synth_vote_cast(&people, &s, &f, v);
                    flags[kind] += vote.verdict != MF_VERDICT_AGREE;
                    named += kind == 2 && vote.verdict == MF_VERDICT_OTHER && vote.label == f.shown;
                    wrong += kind == 2 && vote.verdict == MF_VERDICT_OTHER;
                }
            }
    for (int k = 0; k < 3; k++)
        flags[k] /= 7.0 * n[k];
    printf("flags a vote: %.4f clear (%d pictures), %.4f faint or mixed (%d), %.4f another expression (%d), whose name %.3f give\n",
           flags[0], n[0], flags[1], n[1], flags[2], n[2], named / wrong);
    assert_true(flags[0] < 0.01 && flags[1] > 3 * flags[0] && flags[2] > 0.6 && named > 0.85 * wrong);
}

static void
test_msde_files(void **state)
{
    mf_synth_opts   o = {.people = 20, .takes = 1, .size = 32, .seed = 3, .preset = MF_STUDENTS_MSDE, .jobs = {.workers = 2, .what = "drawing"}};
    mf_synth_counts n;
    mf_dataset     *d = NULL;
    mf_votes       *v = NULL;
    mf_csv         *c = NULL;
    char          **f;
    size_t          fields, rows = 0;
    int             mouth, fit;
    mf_err          err = {0};

    (void)state;
    assert_mf_ok(mf_synth_make(&n, mf_test_path("msde"), &o, &err), &err);
    assert_int_equal(n.asked_again, 2);
    assert_int_equal(n.pairs, 20 * 7 + 1);
    assert_mf_ok(mf_dataset_load(&d, mf_test_path("msde"), &err), &err);
    assert_int_equal(d->n_rows, n.pictures);
    assert_int_equal(d->n_pairs, n.pairs);
    assert_true(mf_dataset_find(d, "MSD-E/7_3_happy.jpg") >= 0 && mf_dataset_find(d, "MSD-ME/7_3_happy.jpg") >= 0);
    assert_mf_ok(mf_votes_load(&v, d, mf_test_path("msde/votes.csv"), &err), &err);
    assert_int_equal(v->n, 7 * d->n_rows);
    assert_int_equal(v->n_annotators, 7);
    mf_votes_free(v);
    assert_mf_ok(mf_csv_open(&c, mf_test_path("msde/occlusions.csv"), &err), &err);
    assert_mf_ok(mf_csv_next(c, &f, &fields, &err), &err);
    mouth = mf_csv_column(f, fields, "mouth");
    fit   = mf_csv_column(f, fields, "fit");
    assert_true(mouth > 0 && fit > 0);
    for (;;) { /* everybody's mouth is covered, however the mask sits */
        double share;
        assert_mf_ok(mf_csv_next(c, &f, &fields, &err), &err);
        if (fields == 0)
            break;
        rows++;
        assert_mf_ok(mf_parse_f64(&share, f[mouth], 0, 1, &err), &err);
        assert_true(share > 0.9 && strcmp(f[fit], "chin_strap") != 0);
    }
    assert_int_equal(rows, n.pairs);
    mf_csv_close(c);
    assert_true(mf_path_exists(mf_test_path("msde/students.csv")));
    mf_dataset_free(d);
    o.takes = 2;
    assert_mf_fails(mf_synth_make(&n, mf_test_path("no"), &o, &err), MF_E_ARG, &err, "leave --takes at 1");
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
        cmocka_unit_test(test_complete),    cmocka_unit_test(test_deterministic),
        cmocka_unit_test(test_msde_counts), cmocka_unit_test(test_votes_follow_the_pictures),
        cmocka_unit_test(test_msde_files),  cmocka_unit_test(test_refusals),
    };

    return cmocka_run_group_tests_name("synth", tests, NULL, NULL);
}
