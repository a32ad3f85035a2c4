/* tests/data/test_adjudicate.c: the published rule's truth table, the other rules and the figures of agreement held against
 * public packages (vectors/make_votes.py), and what no figure may depend on. */
#include "small_sets.h"

#include <math.h>
#include <string.h>
#include "core/file.h"
#include "core/mem.h"
#include "core/str.h"
#include "data/adjudicate.h"
#include "data/agreement.h"

#define HEAD "image,annotator,verdict,label\n"

static const char *const classes[] = {"surprise", "fear", "disgust", "happy", "sad", "angry", "neutral"};

/* One picture, labelled `original`; votes[k] say class k, `silent` cannot tell, `nameless` say "other" without a class. */
static mf_dataset *
one_picture(mf_votes **v, int original, const int votes[7], int silent, int nameless)
{
    mf_dataset *d    = NULL;
    mf_str      text = {0};
    mf_err      err  = {0};
    int         k, i, who = 0;

    assert_mf_ok(mf_dataset_new(&d, "one", classes, 7, &err), &err);
    assert_mf_ok(mf_dataset_add(d, "a.png", classes[original], NULL, MF_OCC_NONE, NULL, MF_SPLIT_NONE, NULL, &err), &err);
    mf_str_add(&text, HEAD);
    for (k = 0; k < 7; k++)
        for (i = 0; i < votes[k]; i++)
            mf_str_printf(&text, "a.png,%d,%s,%s\n", who++, k == original ? "agree" : "other", k == original ? "" : classes[k]);
    for (i = 0; i < silent; i++)
        mf_str_printf(&text, "a.png,%d,unsure,\n", who++);
    for (i = 0; i < nameless; i++)
        mf_str_printf(&text, "a.png,%d,other,\n", who++);
    assert_mf_ok(mf_votes_parse(v, d, "votes", mf_str_c(&text), text.len, &err), &err);
    mf_str_free(&text);
    return d;
}

/* Decide with options given as "name=value" words, NULL-terminated. */
static void
decide(mf_adjudication *a, const mf_dataset *d, const mf_votes *v, const char *rule, const char *const *words, int min_votes)
{
    const mf_rule_def *def = NULL;
    char               cfg[256], name[64];
    mf_err             err = {0};

    assert_mf_ok(mf_rule_find(&def, rule, &err), &err);
    assert_true(def->cfg_size <= sizeof cfg);
    mf_opt_defaults(def->opts, cfg);
    for (; words && *words; words++) {
        const char *equal = strchr(*words, '=');

        snprintf(name, sizeof name, "%.*s", (int)(equal - *words), *words);
        assert_mf_ok(mf_opt_set(def->opts, cfg, name, equal + 1, &err), &err);
    }
    assert_mf_ok(mf_adjudicate(a, def, cfg, d, v, min_votes, &err), &err);
}

/* The truth table for seven annotators: votes on top, then others, then abstentions; the published reading, the stricter. */
static void
test_truth_table(void **state)
{
    static const struct {
        int  top, others[3], abstain;
        bool keep, strict;
    } table[] = {
        {7, {0}, 0, true, true},         {6, {1}, 0, true, true},         {6, {0}, 1, true, true},
        {5, {1, 1}, 0, true, false},     {5, {2}, 0, false, false},       {4, {1, 1, 1}, 0, true, false},
        {4, {1}, 2, true, true},         {4, {2, 1}, 0, false, false},    {4, {3}, 0, false, false},
        {3, {1, 1, 1}, 1, false, false}, {3, {3, 1}, 0, false, false},    {3, {2, 2}, 0, false, false},
        {3, {0}, 4, false, false},       {0, {0}, 7, false, false},       {4, {0}, 3, true, true},
        {5, {1}, 1, true, true},
    };
    const char *const strict[] = {"strict=true", NULL};
    size_t            i;
    int               top, label, s, nameless;

    (void)state;
    for (i = 0; i < sizeof table / sizeof *table; i++)
        for (top = 0; top < 7; top++)           /* the class on top */
            for (label = 0; label < 2; label++) /* the picture's label: the class on top, or the first of the others */
                for (s = 0; s < 2; s++)
                    for (nameless = 0; nameless <= table[i].abstain; nameless += table[i].abstain ? table[i].abstain : 1) {
                        int             votes[7] = {0}, original = (top + (label ? 1 : 0)) % 7, k;
                        mf_adjudication a        = {0};
                        mf_votes       *v        = NULL;
                        mf_dataset     *d;
                        bool            keep = s ? table[i].strict : table[i].keep;

                        votes[top] = table[i].top;
                        for (k = 0; k < 3; k++)
                            votes[(top + 1 + k) % 7] = table[i].others[k];
                        d = one_picture(&v, original, votes, table[i].abstain - nameless, nameless);
                        decide(&a, d, v, "msde", s ? strict : NULL, 1);
                        if (a.label[0] != (keep ? top : -1))
                            fail_msg("row %zu, class %d labelled %d, %s: %d; %s", i, top, original, s ? "strict" : "published",
                                     a.label[0], a.reason[0]);
                        assert_int_equal(mf_adjudication_action(&a, 0),
                                         !keep ? MF_ACTION_REMOVE : top == original ? MF_ACTION_KEEP : MF_ACTION_RELABEL);
                        mf_adjudication_free(&a);
                        mf_votes_free(v);
                        mf_dataset_free(d);
                    }
}

/* Every way in which 1 to 10 annotators can vote for three classes or abstain, against the rule as the paper words it. */
static void
test_any_number(void **state)
{
    const char *const strict[] = {"strict=true", NULL};
    int               n, x, y, z, s;

    (void)state;
    for (n = 1; n <= 10; n++)
        for (x = 0; x <= n; x++)
            for (y = 0; x + y <= n; y++)
                for (z = 0; x + y + z <= n; z++)
                    for (s = 0; s < 2; s++) {
                        int             votes[7] = {x, y, z}, want = -1, k, other;
                        mf_adjudication a        = {0};
                        mf_votes       *v        = NULL;
                        mf_dataset     *d        = one_picture(&v, 0, votes, n - x - y - z, 0);

                        for (k = 0; k < 3; k++) {
                            bool fine = 2 * votes[k] >= n && votes[k] > 0;

                            for (other = 0; other < 3; other++)
                                fine = fine && (other == k || 4 * votes[other] <= n);
                            if (fine && (!s || 4 * (x + y + z - votes[k]) <= n))
                                want = k;
                        }
                        decide(&a, d, v, "msde", s ? strict : NULL, 1);
                        if (a.label[0] != want)
                            fail_msg("%d %d %d of %d: %d, wanted %d; %s", x, y, z, n, a.label[0], want, a.reason[0]);
                        mf_adjudication_free(&a);
                        mf_votes_free(v);
                        mf_dataset_free(d);
                    }
}

static void
expect_one(const char *rule, const char *option, int original, const int votes[7], int silent, int label, const char *reason)
{
    const char *const words[] = {option, NULL};
    mf_adjudication   a       = {0};
    mf_votes         *v       = NULL;
    mf_dataset       *d       = one_picture(&v, original, votes, silent, 0);

    decide(&a, d, v, rule, option ? words : NULL, 1);
    assert_string_equal(a.reason[0], reason);
    assert_int_equal(a.label[0], label);
    mf_adjudication_free(&a);
    mf_votes_free(v);
    mf_dataset_free(d);
}

static void
test_words(void **state)
{
    (void)state;
    expect_one("msde", NULL, 3, (const int[7]){0, 0, 0, 7}, 0, 3, "none of 7 objects");
    expect_one("msde", NULL, 4, (const int[7]){0, 1, 0, 5, 0}, 1, 3, "5 of 7 say happy, 1 fear, 1 names no class");
    expect_one("msde", NULL, 3, (const int[7]){0, 0, 0, 4, 3}, 0, -1, "4 of 7 say happy, 3 sad: more than 25 % for another class");
    expect_one("msde", NULL, 3, (const int[7]){1, 0, 0, 3, 1}, 2, -1,
               "3 of 7 say happy, 1 surprise, 1 sad, 2 name no class: fewer than 50 % for any class");
    expect_one("msde", "strict=true", 3, (const int[7]){1, 0, 0, 5, 1}, 0, -1,
               "5 of 7 say happy, 1 surprise, 1 sad: more than 25 % for other classes together");
    expect_one("msde", NULL, 3, (const int[7]){0}, 2, -1, "none of its 2 annotators names a class");
    expect_one("msde", NULL, 3, (const int[7]){0}, 1, -1, "its only annotator names no class");
    expect_one("majority", NULL, 0, (const int[7]){2, 2, 1}, 0, -1, "2 of 5 say surprise, 2 fear, 1 disgust: no class has most");
    expect_one("majority", "ties=original", 1, (const int[7]){2, 2, 1}, 0, 1,
               "2 of 5 say surprise, 2 fear, 1 disgust: a tie, and the original label is in it");
    expect_one("majority", "ties=original", 2, (const int[7]){2, 2, 1}, 0, -1,
               "2 of 5 say surprise, 2 fear, 1 disgust: no class has most");
    expect_one("majority", "ties=first", 2, (const int[7]){0, 2, 1, 2}, 0, 1, "2 of 5 say fear, 2 happy, 1 disgust");
    expect_one("majority", NULL, 2, (const int[7]){0, 2, 1, 3}, 0, 3, "3 of 6 say happy, 2 fear, 1 disgust");
    expect_one("majority", "least-share=0.6", 2, (const int[7]){0, 2, 1, 3}, 0, -1,
               "3 of 6 say happy, 2 fear, 1 disgust: fewer than 60 % for any class");
}

/* Pictures that nobody, or too few, have judged. */
static void
test_unjudged(void **state)
{
    mf_adjudication a   = {0};
    mf_votes       *v   = NULL;
    mf_dataset     *d   = one_picture(&v, 2, (const int[7]){0}, 0, 0);
    mf_err          err = {0};
    size_t          i;

    (void)state;
    for (i = 0; i < mf_rule_count(); i++) {
        decide(&a, d, v, mf_rule_at(i)->name, NULL, 0);
        assert_int_equal(a.label[0], 2);
        assert_string_equal(a.reason[0], "nobody judged it, so nobody objects");
        assert_true(a.soft[2] == 1);
        mf_adjudication_free(&a);
        decide(&a, d, v, mf_rule_at(i)->name, NULL, 1);
        assert_int_equal(a.label[0], -1);
        assert_string_equal(a.reason[0], "nobody judged it");
        mf_adjudication_free(&a);
    }
    mf_votes_free(v);
    mf_dataset_free(d);
    d = one_picture(&v, 2, (const int[7]){0, 0, 2}, 0, 0);
    decide(&a, d, v, "msde", NULL, 3);
    assert_int_equal(a.label[0], -1);
    assert_string_equal(a.reason[0], "only 2 of the 3 annotators needed judged it");
    mf_adjudication_free(&a);
    mf_votes_free(v);
    mf_dataset_free(d);
    assert_mf_fails(mf_rule_find(&(const mf_rule_def *){NULL}, "dawid-skeen", &err), MF_E_NOTFOUND, &err, "did you mean 'dawid-skene'?");
    assert_mf_fails(mf_rule_find(&(const mf_rule_def *){NULL}, "x", &err), MF_E_NOTFOUND, &err,
                    "there are dawid-skene, glad, majority, msde, one-coin");
}

/* ---- against public packages ---- */

static mf_dataset *
load_case(const char *name, mf_votes **v)
{
    mf_dataset *d    = NULL;
    mf_str      path = {0};
    mf_blob     b    = {0};
    mf_err      err  = {0};

    assert_mf_ok(mf_dataset_new(&d, name, classes, 7, &err), &err);
    mf_str_printf(&path, "%s/tests/data/vectors/%s_manifest.csv", mf_test_source(), name);
    assert_mf_ok(mf_file_read(&b, mf_str_c(&path), 1 << 20, &err), &err);
    assert_mf_ok(mf_dataset_parse_manifest(d, name, (char *)b.data, b.size, &err), &err);
    mf_blob_free(&b);
    mf_str_clear(&path);
    mf_str_printf(&path, "%s/tests/data/vectors/%s.csv", mf_test_source(), name);
    assert_mf_ok(mf_votes_load(v, d, mf_str_c(&path), &err), &err);
    mf_str_free(&path);
    return d;
}

/* The numbers of a line `CASE FIGURE v v v...` of expected.txt; their count to *n, 0 where there is no such line. */
static double *
expected(const char *name, const char *figure, size_t *n)
{
    mf_str  path = {0}, start = {0};
    mf_blob b    = {0};
    mf_err  err  = {0};
    double *v    = NULL;
    char   *line, *p, *end;

    mf_str_printf(&path, "%s/tests/data/vectors/expected.txt", mf_test_source());
    mf_str_printf(&start, "\n%s %s ", name, figure);
    assert_mf_ok(mf_file_read(&b, mf_str_c(&path), 1 << 22, &err), &err);
    *n = 0;
    if ((line = strstr((char *)b.data, mf_str_c(&start)))) {
        v = mf_calloc(1 << 16, sizeof *v);
        for (p = line + start.len; *p && *p != '\n'; p = end) {
            v[(*n)++] = strtod(p, &end);
            if (end == p)
                fail_msg("%s %s: value %zu is no number", name, figure, *n);
            end += *end == ' ';
        }
    }
    mf_blob_free(&b);
    mf_str_free(&start);
    mf_str_free(&path);
    return v;
}

/* Fails unless all n values differ by at most `limit`; prints the largest difference. */
static void
compare(const char *name, const char *figure, const double *got, size_t n, double limit)
{
    size_t  m, i;
    double *want = expected(name, figure, &m), worst = 0;

    if (m != n)
        fail_msg("%s %s: %zu values expected, %zu there", name, figure, n, m);
    for (i = 0; i < n; i++) {
        double diff = fabs(got[i] - want[i]);

        if (!(diff <= worst)) /* NaN too */
            worst = diff;
    }
    printf("%s %s: %zu values, largest difference %.3g, limit %g\n", name, figure, n, worst, limit);
    if (!(worst <= limit))
        fail_msg("%s %s differs by %g", name, figure, worst);
    mf_free(want);
}

/* The same for `each` values an annotator: the vectors number people by name, maskfer as they come. */
static void
compare_people(const char *name, const char *figure, const double *got, const mf_votes *v, size_t each)
{
    size_t  A = (size_t)v->n_annotators, i;
    double *by_name = mf_calloc(A * each, sizeof *by_name);

    for (i = 0; i < A; i++)
        memcpy(by_name + (size_t)atoi(v->annotators[i] + 1) * each, got + i * each, each * sizeof *got);
    compare(name, figure, by_name, A * each, 1e-6);
    mf_free(by_name);
}

static const char *const cases[] = {"full", "missing"};

static void
test_rules(void **state)
{
    static const int rounds[] = {1, 10, 200};
    size_t           c, r;

    (void)state;
    for (c = 0; c < 2; c++) {
        mf_adjudication a     = {0};
        mf_votes       *v     = NULL;
        mf_dataset     *d     = load_case(cases[c], &v);
        size_t          cells = d->n_rows * 7;

        decide(&a, d, v, "majority", NULL, 1);
        compare(cases[c], "majority", a.soft, cells, 1e-12);
        mf_adjudication_free(&a);
        for (r = 0; r < 3; r++) {
            char              n[32], figure[64];
            const char *const words[] = {n, "tolerance=0", NULL};

            snprintf(n, sizeof n, "iterations=%d", rounds[r]);
            decide(&a, d, v, "dawid-skene", words, 1);
            assert_int_equal(a.iterations, rounds[r]);
            snprintf(figure, sizeof figure, "dawid-skene-%d", rounds[r]);
            compare(cases[c], figure, a.soft, cells, 1e-6);
            snprintf(figure, sizeof figure, "dawid-skene-%d-confusion", rounds[r]);
            compare_people(cases[c], figure, a.confusion, v, 49);
            mf_adjudication_free(&a);
            decide(&a, d, v, "one-coin", words, 1);
            snprintf(figure, sizeof figure, "one-coin-%d", rounds[r]);
            compare(cases[c], figure, a.soft, cells, 1e-6);
            snprintf(figure, sizeof figure, "one-coin-%d-skill", rounds[r]);
            compare_people(cases[c], figure, a.skill, v, 1);
            mf_adjudication_free(&a);
        }
        decide(&a, d, v, "glad", (const char *const[]){"iterations=3000", "tolerance=0", NULL}, 1);
        compare(cases[c], "glad", a.soft, cells, 1e-6);
        compare_people(cases[c], "glad-ability", a.skill, v, 1);
        compare(cases[c], "glad-easiness", a.easiness, d->n_rows, 1e-5); /* up to e^2: 1e-6 of the value */
        mf_adjudication_free(&a);
        mf_votes_free(v);
        mf_dataset_free(d);
    }
}

static void
test_figures(void **state)
{
    size_t c, i, n;

    (void)state;
    for (c = 0; c < 2; c++) {
        mf_adjudication a   = {0};
        mf_agreement    g   = {0};
        mf_votes       *v   = NULL;
        mf_dataset     *d   = load_case(cases[c], &v);
        mf_err          err = {0};
        double          kappa[64], cls[7];

        decide(&a, d, v, "majority", NULL, 1);
        assert_mf_ok(mf_agreement_make(&g, &a, &err), &err);
        compare(cases[c], "krippendorff", &g.krippendorff, 1, 1e-6);
        compare(cases[c], "fleiss-general", &g.fleiss, 1, 1e-6);
        compare(cases[c], "percent", &g.percent, 1, 1e-6);
        assert_int_equal(g.n_pairs, v->n_annotators * (v->n_annotators - 1) / 2);
        for (i = 0; i < g.n_pairs; i++) {
            /* The vectors number people by name; here they are numbered as they come. */
            size_t x = (size_t)atoi(v->annotators[g.pair[i].a] + 1), y = (size_t)atoi(v->annotators[g.pair[i].b] + 1), t;
            size_t A = (size_t)v->n_annotators;

            t = x < y ? x : y;
            y = x < y ? y : x;
            kappa[t * (2 * A - t - 1) / 2 + y - t - 1] = g.pair[i].kappa;
        }
        compare(cases[c], "cohen", kappa, g.n_pairs, 1e-6);
        if (c == 0) {
            for (i = 0; i < 7; i++)
                cls[i] = g.cls[i].kappa;
            compare(cases[c], "fleiss", &g.fleiss, 1, 1e-6);
            compare(cases[c], "fleiss-class", cls, 7, 1e-6);
        } else {
            mf_free(expected(cases[c], "fleiss", &n));
            assert_int_equal(n, 0);
        }
        mf_agreement_free(&g);
        mf_adjudication_free(&a);
        mf_votes_free(v);
        mf_dataset_free(d);
    }
}

/* Counts that can be made by hand, and what is not defined. */
static void
test_by_hand(void **state)
{
    mf_dataset     *d   = NULL;
    mf_votes       *v   = NULL;
    mf_adjudication a   = {0};
    mf_agreement    g   = {0};
    mf_err          err = {0};
    size_t         *row = NULL, n;
    const char     *text = HEAD "1,x,agree,\n1,y,agree,\n1,z,other,fear\n2,x,agree,\n2,y,agree,\n3,x,other,happy\n3,y,unsure,\n";

    (void)state;
    assert_mf_ok(mf_dataset_new(&d, "hand", classes, 7, &err), &err);
    assert_mf_ok(mf_dataset_add(d, "1", "sad", NULL, MF_OCC_NONE, NULL, MF_SPLIT_NONE, NULL, &err), &err);
    assert_mf_ok(mf_dataset_add(d, "2", "fear", NULL, MF_OCC_NONE, NULL, MF_SPLIT_NONE, NULL, &err), &err);
    assert_mf_ok(mf_dataset_add(d, "3", "fear", NULL, MF_OCC_NONE, NULL, MF_SPLIT_NONE, NULL, &err), &err);
    assert_mf_ok(mf_votes_parse(&v, d, "v", text, strlen(text), &err), &err);
    decide(&a, d, v, "majority", NULL, 1);
    assert_mf_ok(mf_agreement_make(&g, &a, &err), &err);
    assert_int_equal(g.pictures, 2);
    assert_int_equal(g.unanimous, 1);
    assert_int_equal(g.votes, 6);
    assert_true(fabs(g.percent - (1.0 / 3 + 1) / 2) < 1e-12);
    assert_true(fabs(g.with_label - 4.0 / 6) < 1e-12);
    assert_true(fabs(g.cls[4].specific - 0.5) < 1e-12); /* sad: 2 votes, each beside one sad and one fear */
    assert_true(isnan(g.cls[0].specific) && isnan(g.cls[0].kappa));
    assert_int_equal(g.annotator[1].judged, 3);
    assert_int_equal(g.annotator[1].named, 2);
    assert_true(fabs(g.annotator[1].with_others - 0.75) < 1e-12);
    assert_true(g.annotator[2].with_decision == 0);
    assert_int_equal(g.confusion[2 * 49 + 4 * 7 + 1], 1); /* z: fear where sad was decided */
    assert_int_equal(g.n_pairs, 3);
    assert_int_equal(g.pair[0].shared, 2);
    assert_true(g.pair[0].kappa == 1 && isnan(g.pair[1].kappa) == 0);
    assert_mf_ok(mf_agreement_doubtful(&row, &n, &a, 10, &err), &err);
    assert_int_equal(n, 2);
    assert_int_equal(row[0], 2); /* one of two names a class: 1 - 1/2 */
    assert_int_equal(row[1], 0); /* 1 - 2/3 */
    mf_free(row);
    mf_agreement_free(&g);
    mf_adjudication_free(&a);
    mf_votes_free(v);
    mf_dataset_free(d);
}

/* No rule and no figure may depend on the order of the lines, which also numbers the annotators. */
static void
test_order(void **state)
{
    mf_votes   *v = NULL, *w = NULL;
    mf_dataset *d = load_case("missing", &v);
    mf_str      text = {0};
    mf_err      err  = {0};
    size_t      i, r;

    (void)state;
    mf_str_add(&text, HEAD);
    for (i = v->n; i-- > 0;) {
        const mf_vote *one = &v->vote[i];

        mf_str_printf(&text, "%s,%s,%s,%s\n", d->rows[one->row].image, v->annotators[one->annotator],
                      mf_verdict_name((mf_verdict)one->verdict),
                      one->verdict == MF_VERDICT_OTHER && one->label >= 0 ? classes[one->label] : "");
    }
    assert_mf_ok(mf_votes_parse(&w, d, "w", mf_str_c(&text), text.len, &err), &err);
    for (r = 0; r < mf_rule_count(); r++) {
        const char *const rounds[] = {"iterations=20", "tolerance=0", NULL};
        const char *const *words   = mf_opt_find(mf_rule_at(r)->opts, "iterations") ? rounds : NULL;
        mf_adjudication   a        = {0}, b = {0};

        decide(&a, d, v, mf_rule_at(r)->name, words, 1);
        decide(&b, d, w, mf_rule_at(r)->name, words, 1);
        assert_memory_equal(a.label, b.label, d->n_rows * sizeof *a.label);
        for (i = 0; i < d->n_rows * 7; i++)
            assert_true(fabs(a.soft[i] - b.soft[i]) < 1e-9);
        for (i = 0; i < d->n_rows; i++) {
            double sum = 0, p = 0;
            int    k;

            for (k = 0; k < 7; k++) {
                p = a.soft[i * 7 + (size_t)k];
                assert_true(p >= 0 && p <= 1);
                sum += p;
            }
            assert_true(fabs(sum - 1) < 1e-9);
            assert_in_range(1000 * mf_adjudication_doubt(&a, i), 0, 1000);
        }
        mf_adjudication_free(&a);
        mf_adjudication_free(&b);
    }
    mf_str_free(&text);
    mf_votes_free(v);
    mf_votes_free(w);
    mf_dataset_free(d);
}

typedef struct job {
    const mf_dataset  *d;
    const mf_votes    *v;
    const mf_rule_def *rule;
} job;

static mf_status
adjudicate_job(void *arg, mf_err *err)
{
    const job         *j    = arg;
    const mf_rule_def *rule = NULL;
    char               cfg[256];
    mf_adjudication    a    = {0};
    mf_agreement       g    = {0};
    size_t            *rows = NULL, n;
    mf_str             text = {0};
    mf_status          st;

    if ((st = mf_rule_find(&rule, j->rule->name, err)) < 0)
        return st;
    mf_opt_defaults(rule->opts, cfg);
    if ((st = mf_adjudicate(&a, rule, cfg, j->d, j->v, 1, err)) < 0 || (st = mf_agreement_make(&g, &a, err)) < 0 ||
        (st = mf_agreement_doubtful(&rows, &n, &a, 3, err)) < 0)
        goto done;
    mf_adjudication_csv(&text, &a);
    st = mf_str_ok(&text, err);
done:
    mf_str_free(&text);
    mf_free(rows);
    mf_agreement_free(&g);
    mf_adjudication_free(&a);
    return st;
}

static void
test_no_memory(void **state)
{
    mf_votes   *v = NULL;
    mf_dataset *d = one_picture(&v, 0, (const int[7]){2, 1}, 1, 1);
    size_t      i;

    (void)state;
    for (i = 0; i < mf_rule_count(); i++) {
        job j = {d, v, mf_rule_at(i)};

        mf_test_each_alloc(adjudicate_job, &j);
    }
    mf_votes_free(v);
    mf_dataset_free(d);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_truth_table), cmocka_unit_test(test_any_number), cmocka_unit_test(test_words),
        cmocka_unit_test(test_unjudged), cmocka_unit_test(test_rules), cmocka_unit_test(test_figures),
        cmocka_unit_test(test_by_hand), cmocka_unit_test(test_order), cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests_name("adjudication", tests, NULL, NULL);
}
