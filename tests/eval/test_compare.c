/* A small cross-validation against SciPy and statsmodels (vectors/make_compare.py), then sentences and warnings by hand. */
#include "support.h"

#include <math.h>
#include <string.h>

#include "core/file.h"
#include "core/mem.h"
#include "eval/compare.h"
#include "eval/show.h"

static mf_predictions *
load_vectors(void)
{
    char            path[1200];
    const char     *one = path;
    mf_predictions *p;
    mf_err          err = {0};

    snprintf(path, sizeof path, "%s/tests/eval/vectors/compare.csv", mf_test_source());
    assert_mf_ok(mf_predictions_load(&p, &one, 1, &err), &err);
    return p;
}

static int
method_of(const mf_predictions *p, const char *name)
{
    for (int i = 0; i < p->n_methods; i++) {
        if (strcmp(p->methods[i], name) == 0) {
            return i;
        }
    }
    fail_msg("no method %s", name);
    return -1;
}

static int
column_of(const char *name)
{
    for (int c = 0; c < MF_COLUMN_COUNT; c++) {
        if (strcmp(mf_column_name((mf_column)c), name) == 0) {
            return c;
        }
    }
    fail_msg("no column %s", name);
    return -1;
}

static double
pair_value(const mf_comparison *c, const char *key)
{
    const struct {
        const char *key;
        double      v;
    } all[] = {
        {"diff", c->diff}, {"lo", c->lo}, {"hi", c->hi}, {"p", c->p}, {"p_holm", c->p_holm}, {"mean_a", c->mean_a},
        {"only_a", (double)c->only_a}, {"only_b", (double)c->only_b}, {"mcnemar", c->mcnemar}, {"wilcoxon", c->wilcoxon.p},
        {"cohens_d", c->effect}, {"ratio", c->ratio}, {"pooled", c->people.mean}, {"people", (double)c->subjects},
    };

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (strcmp(key, all[i].key) == 0) {
            return all[i].v;
        }
    }
    fail_msg("no figure %s", key);
    return 0;
}

static void
near(const char *line, double got, double want)
{
    if (!(fabs(got - want) <= 1e-9 * fmax(1.0, fabs(want)))) {
        fail_msg("%s: %.17g", line, got);
    }
}

static void
test_vectors(void **state)
{
    mf_predictions *p = load_vectors();
    mf_compare_opts o = mf_compare_opts_default();
    mf_comparisons  c;
    mf_blob         file = {0};
    char            path[1200], *at;
    size_t          pairs = 0, figures = 0;
    mf_err          err = {0};

    (void)state;
    assert_mf_ok(mf_compare(&c, p, &o, &err), &err);
    assert_int_equal(c.n, 9);
    assert_int_equal(c.notes.len, 0);
    snprintf(path, sizeof path, "%s/tests/eval/vectors/compare.txt", mf_test_source());
    assert_mf_ok(mf_file_read(&file, path, 1 << 20, &err), &err);
    for (char *line = strtok_r((char *)file.data, "\n", &at); line != NULL; line = strtok_r(NULL, "\n", &at)) {
        char   a[32], b[32], column[32], key[32];
        double want;

        if (sscanf(line, "pair %31s %31s %31s %31s %lf", a, b, column, key, &want) == 5) {
            const int ma = method_of(p, a), mb = method_of(p, b), k = column_of(column);

            for (size_t i = 0; i < c.n; i++) {
                if (c.c[i].a == ma && c.c[i].b == mb && (int)c.c[i].column == k) {
                    assert_true(c.c[i].judge == MF_JUDGE_FOLDS && c.c[i].family == 3);
                    near(line, pair_value(&c.c[i], key), want);
                    pairs++;
                }
            }
        } else if (sscanf(line, "figure %31s %31s %31s %lf", a, column, key, &want) == 4) {
            mf_method_figures f;
            const mf_stats   *s;

            assert_mf_ok(mf_method_figures_make(&f, p, method_of(p, a), &err), &err);
            s = &f.over[column_of(column)];
            near(line, strcmp(key, "mean") == 0 ? s->mean : strcmp(key, "sd") == 0 ? s->sd : strcmp(key, "lo") == 0 ? s->lo : s->hi,
                 want);
            mf_method_figures_free(&f);
            figures++;
        }
    }
    assert_true(pairs == 9 * 14 && figures == 3 * 3 * 4);
    o.against = method_of(p, "baseline");
    mf_comparisons_free(&c);
    assert_mf_ok(mf_compare(&c, p, &o, &err), &err);
    assert_int_equal(c.n, 6);
    assert_int_equal(c.c[0].family, 2);
    mf_comparisons_free(&c);
    mf_blob_free(&file);
    mf_predictions_free(p);
}

static void
says(const mf_comparison *c, const mf_predictions *p, const char *want)
{
    mf_str s = {0};

    mf_comparison_sentence(&s, c, p);
    assert_string_equal(mf_str_c(&s), want);
    mf_str_free(&s);
}

static void
test_sentences(void **state)
{
    mf_predictions *p = load_vectors();
    mf_comparison   c = {.a = method_of(p, "contrastive"), .b = method_of(p, "baseline"), .column = MF_COLUMN_OCCLUDED, .folds = 10,
                         .judge = MF_JUDGE_FOLDS, .diff = 4.31, .lo = 1.2, .hi = 7.08, .p = 0.0061, .p_holm = 0.0061, .family = 1};

    (void)state;
    says(&c, p, "contrastive beats baseline on masked pictures by 4.3 points, 95 % interval 1.2 to 7.1, p = 0.006 over 10 folds");
    c.family = 3;
    c.p_holm = 0.0183;
    says(&c, p, "contrastive beats baseline on masked pictures by 4.3 points, 95 % interval 1.2 to 7.1, p = 0.006 over 10 folds "
                "(p = 0.018 after Holm's correction for 3 comparisons)");
    c.p_holm = 0.061;
    says(&c, p, "contrastive is ahead of baseline on masked pictures by 4.3 points, 95 % interval 1.2 to 7.1, p = 0.006 over 10 folds, "
                "but not after Holm's correction for 3 comparisons (p = 0.061)");
    c.a = c.b;
    c.b = method_of(p, "contrastive");
    c.diff = -4.31, c.lo = -7.08, c.hi = -1.2, c.p = 1e-5, c.p_holm = 3e-5, c.judge = MF_JUDGE_SUBJECTS, c.subjects = 118;
    c.column = MF_COLUMN_AVERAGE;
    says(&c, p, "contrastive beats baseline on average by 4.3 points, 95 % interval 1.2 to 7.1, p < 0.001 over 118 people (bootstrap) "
                "(p < 0.001 after Holm's correction for 3 comparisons)");
    c.p = 0.4, c.p_holm = 1.0, c.diff = -0.2, c.lo = -1, c.hi = 0.6, c.judge = MF_JUDGE_PICTURES, c.pictures = 981;
    c.column = MF_COLUMN_CLEAR;
    says(&c, p, "contrastive and baseline cannot be told apart on non-masked pictures: the difference of 0.2 points has a 95 % interval "
                "of -0.6 to 1.0, p = 0.40 over 981 pictures (McNemar)");
    c.hi = 0.01; /* back to front it is -0.01: written as 0.0 */
    says(&c, p, "contrastive and baseline cannot be told apart on non-masked pictures: the difference of 0.2 points has a 95 % interval "
                "of 0.0 to 1.0, p = 0.40 over 981 pictures (McNemar)");
    c.judge = MF_JUDGE_NONE;
    says(&c, p, "contrastive and baseline differ by 0.2 points on non-masked pictures, and nothing can be said about chance: there is one "
                "fold and one person");
    mf_predictions_free(p);
}

static mf_predictions *
table(const char *text)
{
    mf_predictions *p;
    mf_err          err = {0};

    assert_mf_ok(mf_predictions_parse(&p, "p.csv", text, strlen(text), &err), &err);
    return p;
}

/* One fold: people judge; with unknown people pictures do; with one person nothing does. */
static void
test_one_fold(void **state)
{
    static const struct {
        const char *text;
        mf_judge    judge;
    } at[] = {
        {"method,image,subject,label,predicted,p_a,p_b\nm,1,p,a,a,1,0\nm,2,q,a,a,1,0\nm,3,r,a,b,0,1\n"
         "n,1,p,a,b,0,1\nn,2,q,a,a,1,0\nn,3,r,a,b,0,1\n", MF_JUDGE_SUBJECTS},
        {"method,image,label,predicted,p_a,p_b\nm,1,a,a,1,0\nm,2,a,a,1,0\nn,1,a,b,0,1\nn,2,a,a,1,0\n", MF_JUDGE_PICTURES},
        {"method,image,subject,label,predicted,p_a,p_b\nm,1,p,a,a,1,0\nm,2,p,a,a,1,0\nn,1,p,a,b,0,1\nn,2,p,a,a,1,0\n", MF_JUDGE_NONE},
    };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        mf_predictions *p = table(at[i].text);
        mf_compare_opts o = mf_compare_opts_default();
        mf_comparisons  c;
        mf_err          err = {0};

        assert_mf_ok(mf_compare(&c, p, &o, &err), &err);
        assert_int_equal(c.n, 1); /* one kind of picture: no average */
        assert_true(c.c[0].judge == at[i].judge && c.c[0].column == MF_COLUMN_CLEAR);
        assert_true(c.c[0].only_a == 0 && c.c[0].only_b == 1 && c.c[0].mcnemar == 1);
        assert_true(isnan(c.c[0].folds_t.p) && isnan(c.c[0].wilcoxon.p) && isnan(c.c[0].effect));
        assert_true(i == 2 ? isnan(c.c[0].p) : c.c[0].p > 0 && c.c[0].p <= 1);
        mf_comparisons_free(&c);
        mf_predictions_free(p);
    }
}

/* Two folds that differ by the same amount have a spread of 0: people judge, not a t of infinity. */
static void
test_equal_differences(void **state)
{
    mf_predictions *p = table("method,fold,image,subject,label,predicted,p_a,p_b\n"
                              "m,0,1,p,a,a,1,0\nm,0,2,q,a,a,1,0\nm,1,3,r,a,a,1,0\nm,1,4,s,a,a,1,0\n"
                              "n,0,1,p,a,b,0,1\nn,0,2,q,a,a,1,0\nn,1,3,r,a,b,0,1\nn,1,4,s,a,a,1,0\n");
    mf_compare_opts o = mf_compare_opts_default();
    mf_comparisons  c;
    mf_err          err = {0};

    (void)state;
    assert_mf_ok(mf_compare(&c, p, &o, &err), &err);
    assert_int_equal(c.n, 1);
    assert_int_equal(c.c[0].folds, 2);
    assert_float_equal(c.c[0].diff, -50.0, 1e-9); /* the later method against the earlier */
    assert_true(isnan(c.c[0].folds_t.p) && isnan(c.c[0].effect));
    assert_true(c.c[0].judge == MF_JUDGE_SUBJECTS && c.c[0].p > 0.05 && c.c[0].lo < c.c[0].hi);
    mf_comparisons_free(&c);
    mf_predictions_free(p);
}

static void
test_apart(void **state)
{
    mf_predictions *p = table("method,fold,image,label,predicted,p_a\nm,0,1,a,a,1\nm,1,2,a,a,1\nn,1,1,a,a,1\nn,0,2,a,a,1\n");
    mf_compare_opts o = mf_compare_opts_default();
    mf_comparisons  c;
    mf_err          err = {0};

    (void)state;
    assert_mf_ok(mf_compare(&c, p, &o, &err), &err);
    assert_int_equal(c.n, 0);
    assert_non_null(strstr(mf_str_c(&c.notes), "n and m cannot be compared: no picture was scored by both in the same fold"));
    mf_comparisons_free(&c);
    mf_predictions_free(p);
}

static void
test_warnings(void **state)
{
    static const struct {
        const char *text, *part;
        size_t      n;
    } at[] = {
        {"fold,image,subject,label,predicted,p_a,occlusion\n0,1,p,a,a,1,none\n1,2,q,a,a,1,none\n", "", 0},
        {"fold,image,subject,label,predicted,p_a,occlusion\n0,1,p,a,a,1,none\n1,2,p,a,a,1,none\n", "1 of 1 people were both trained on and scored", 1},
        {"fold,image,subject,label,predicted,p_a,occlusion\n0,1,p,a,a,1,none\n1,1,p,a,a,1,none\n", "folds overlap", 1},
        {"fold,image,subject,label,predicted,p_a,occlusion\n0,1,p,a,a,1,none\n", "there is one fold", 1},
        {"method,image,subject,label,predicted,p_a,occlusion\nm,1,p,a,a,1,none\nm,2,q,a,a,1,none\nn,1,p,a,a,1,none\nn,2,q,a,a,1,none\n", "only 2 people were scored", 2},
        {"fold,image,label,predicted,p_a,occlusion\n0,1,a,a,1,none\n1,2,a,a,1,none\n", "it is not known who is on 2 answers' pictures", 1},
        {"fold,image,subject,label,predicted,p_a,p_b,occlusion\n0,1,p,a,a,1,0,none\n1,2,q,a,a,1,0,none\n", "no picture of class 'b' was scored", 1},
        {"fold,image,subject,label,predicted,p_a,occlusion\n0,1,p,a,a,1,none\n1,2,q,a,,,none\n", "1 pictures could not be read and count as errors: 2", 1},
        {"method,fold,image,subject,label,predicted,p_a,occlusion\nm,0,1,p,a,a,1,none\nn,0,1,p,a,a,1,none\nm,1,2,q,a,a,1,none\n", "'n' was scored in 1 folds of 2", 1},
        {"fold,image,subject,label,predicted,p_a\n0,1,p,a,a,1\n1,2,q,a,a,1\n", "every picture counts as non-masked", 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof at / sizeof at[0]; i++) {
        mf_predictions *p    = table(at[i].text);
        mf_str          text = {0};
        size_t          n;
        mf_err          err = {0};

        assert_mf_ok(mf_protocol_warnings(&text, &n, p, &err), &err);
        if (n != at[i].n || strstr(mf_str_c(&text), at[i].part) == NULL) {
            fail_msg("%zu warnings: %s (wanted %s)", n, mf_str_c(&text), at[i].part);
        }
        mf_str_free(&text);
        mf_predictions_free(p);
    }
}

/* Pictures that could not be read are errors in every figure. */
static void
test_unread(void **state)
{
    mf_predictions *p = table("image,subject,occlusion,label,predicted,p_a,p_b\n1,p,none,a,a,1,0\n2,p,mask,a,,,\n3,q,none,b,b,0,1\n4,q,mask,b,b,0,1\n");
    mf_measures    *m = calloc(1, sizeof *m);
    mf_method_figures   f;
    mf_subject_figures *s;
    size_t          n;
    mf_err          err = {0};

    (void)state;
    assert_mf_ok(mf_predictions_measures(m, p, 0, -1, MF_DOMAIN_ALL, &err), &err);
    assert_true(m->accuracy == 0.75 && m->of[0].recall == 0.5 && m->unread == 1 && m->log_loss == 0);
    assert_mf_ok(mf_method_figures_make(&f, p, 0, &err), &err);
    assert_true(f.over[MF_COLUMN_CLEAR].mean == 100 && f.over[MF_COLUMN_OCCLUDED].mean == 50 && f.over[MF_COLUMN_AVERAGE].mean == 75);
    assert_true(f.diagonal[MF_DOMAIN_ALL][0] == 50 && f.n[MF_COLUMN_AVERAGE] == 4);
    assert_mf_ok(mf_by_subject(&s, &n, p, 0, MF_DOMAIN_ALL, &err), &err);
    assert_true(n == 2 && s[0].accuracy == 50 && s[1].accuracy == 100);
    mf_free(s);
    mf_method_figures_free(&f);
    mf_predictions_free(p);
    free(m);
}

static mf_status
whole(void *arg, mf_err *err)
{
    mf_predictions *p = NULL;
    mf_comparisons  c = {0};
    mf_str          json = {0};
    mf_compare_opts o    = mf_compare_opts_default();
    mf_status       st;

    o.resamples = 10;
    if ((st = mf_predictions_parse(&p, "p.csv", arg, strlen(arg), err)) == MF_OK && (st = mf_compare(&c, p, &o, err)) == MF_OK) {
        st = mf_json_compare(&json, p, &c, err);
    }
    mf_str_free(&json);
    mf_comparisons_free(&c);
    mf_predictions_free(p);
    return st;
}

static void
test_memory(void **state)
{
    char text[] = "method,fold,image,subject,mask_type,label,predicted,p_a,p_b\nm,0,1,p,k,a,a,1,0\nm,1,2,q,k,a,b,0,1\n"
                  "n,0,1,p,k,a,a,1,0\nn,1,2,q,k,a,a,1,0\n";

    (void)state;
    mf_test_each_alloc(whole, text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_vectors),  cmocka_unit_test(test_sentences),
                                       cmocka_unit_test(test_one_fold), cmocka_unit_test(test_equal_differences), cmocka_unit_test(test_apart),
                                       cmocka_unit_test(test_warnings), cmocka_unit_test(test_unread),
                                       cmocka_unit_test(test_memory)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
