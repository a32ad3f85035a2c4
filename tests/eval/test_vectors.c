/* Figures, calibration and paired tests against scikit-learn, SciPy and statsmodels: vectors/make.py says how they were
 * made. All agree within 1e-9; the bootstrap, which draws, within five standard errors of its own. */
#include "support.h"

#include <math.h>
#include <string.h>

#include "core/file.h"
#include "eval/metrics.h"
#include "eval/paired.h"

enum { ROWS_MAX = 512, VALUES_MAX = 1024 };

static double worst; /* largest difference seen, printed */

static void
near(const char *where, const char *key, double got, double want)
{
    const double gap = fabs(got - want) / fmax(1.0, fabs(want));

    if (isnan(want) ? isnan(got) : got == want) {
        return;
    }
    if (!(gap <= 1e-9)) {
        fail_msg("%s: %s is %.17g, wanted %.17g", where, key, got, want);
    }
    worst = gap > worst ? gap : worst;
}

/* Numbers of a line from *at on; *at moves behind them. */
static size_t
numbers(double *v, char **at)
{
    size_t n = 0;

    for (;;) {
        char  *end;
        double x = strtod(*at, &end);

        if (end == *at) {
            return n;
        }
        assert_true(n < VALUES_MAX);
        v[n++] = x;
        *at    = end;
    }
}

typedef struct table {
    char   name[64];
    int    classes;
    size_t n;
    int    label[ROWS_MAX], answer[ROWS_MAX], group[ROWS_MAX];
    double prob[ROWS_MAX * 8];
    mf_measures    m;
    mf_calibration c, scaled;
    bool   made, own;
    size_t checked;
} table;

static mf_answers
answers_of(const table *t)
{
    return (mf_answers){.n = t->n, .classes = t->classes, .label = t->label, .answer = t->answer, .prob = t->prob,
                        .group = t->group[0] >= 0 ? t->group : NULL};
}

static void
make(table *t)
{
    const mf_answers a   = answers_of(t);
    mf_err           err = {0};

    if (!t->made) {
        assert_mf_ok(mf_measures_make(&t->m, &a, &err), &err);
        mf_calibration_make(&t->c, &a);
        assert_mf_ok(mf_calibration_scaled(&t->scaled, &t->own, &a, &err), &err);
        assert_true(t->own == (a.group == NULL));
        t->made = true;
    }
}

/* What `key` is in our figures, as a list. */
static size_t
ours(double *v, table *t, const char *key)
{
    const mf_measures *m = &t->m;
    const size_t       k = (size_t)t->classes;
    const struct {
        const char *key;
        double      a, b;
        size_t      n;
    } plain[] = {
        {"accuracy", m->accuracy, 0, 1},      {"wilson", m->accuracy_lo, m->accuracy_hi, 2},
        {"balanced", m->balanced, 0, 1},      {"macro_f1", m->macro_f1, 0, 1},
        {"weighted_f1", m->weighted_f1, 0, 1}, {"top2", m->top2, 0, 1},
        {"log_loss", m->log_loss, 0, 1},      {"brier", m->brier, 0, 1},
        {"macro_auc", m->roc_auc, m->pr_auc, 2}, {"ece", m->ece, t->c.mce, 2},
    };
    const mf_answers a = answers_of(t);

    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        if (strcmp(key, plain[i].key) == 0) {
            v[0] = plain[i].a;
            v[1] = plain[i].b;
            return plain[i].n;
        }
    }
    if (strcmp(key, "temperature") == 0) {
        v[0] = mf_temperature_fit(&a, -1);
        return 1;
    }
    if (strcmp(key, "scaled") == 0) {
        v[0] = t->scaled.temperature;
        v[1] = t->scaled.ece;
        v[2] = t->scaled.mce;
        v[3] = t->scaled.log_loss;
        return 4;
    }
    if (strcmp(key, "confusion") == 0) {
        for (size_t i = 0; i < k * k; i++) {
            v[i] = (double)m->confusion[i / k][i % k];
        }
        return k * k;
    }
    if (strncmp(key, "bin", 3) == 0) {
        for (size_t i = 0; i < MF_CALIBRATION_BINS; i++) {
            v[i] = strcmp(key, "bins") == 0            ? (double)t->c.bin[i].n
                   : strcmp(key, "bin_accuracy") == 0 ? t->c.bin[i].accuracy
                                                       : t->c.bin[i].confidence;
        }
        return MF_CALIBRATION_BINS;
    }
    for (size_t i = 0; i < k; i++) {
        const mf_class_measures *c = &m->of[i];

        v[i] = strcmp(key, "precision") == 0 ? c->precision
               : strcmp(key, "recall") == 0  ? c->recall
               : strcmp(key, "f1") == 0      ? c->f1
               : strcmp(key, "support") == 0 ? (double)c->support
               : strcmp(key, "roc_auc") == 0 ? c->roc_auc
               : strcmp(key, "pr_auc") == 0  ? c->pr_auc
                                             : -1e9; /* unknown: differs from every wanted value */
    }
    return k;
}

static void
check_want(table *t, char *at)
{
    double got[VALUES_MAX], want[VALUES_MAX];
    char   key[32] = "";
    int    used;
    size_t n;

    assert_int_equal(sscanf(at, "%31s%n", key, &used), 1);
    at += used;
    n = numbers(want, &at);
    make(t);
    assert_int_equal(ours(got, t, key), n);
    for (size_t i = 0; i < n; i++) {
        near(t->name, key, got[i], want[i]);
    }
    t->checked++;
}

static void
check_paired(const char *key, const double *v, size_t n)
{
    mf_err err = {0};

    if (strcmp(key, "mcnemar") == 0) {
        near(key, "p", mf_mcnemar_exact((uint64_t)v[0], (uint64_t)v[1]), v[2]);
    } else if (strcmp(key, "corrected_t") == 0) {
        const size_t   k = (size_t)v[0];
        mf_corrected_t r = mf_corrected_t_test(v + 2, k, v[1]);
        const double  *w = v + 2 + k;

        near(key, "t", r.t, w[0]);
        near(key, "p", r.p, w[1]);
        near(key, "lo", r.lo, w[2]);
        near(key, "hi", r.hi, w[3]);
    } else if (strcmp(key, "wilcoxon") == 0) {
        mf_wilcoxon r;

        assert_mf_ok(mf_wilcoxon_test(&r, v + 1, (size_t)v[0], &err), &err);
        near(key, "p", r.p, v[n - 1]);
        assert_true(r.exact == (r.n <= MF_WILCOXON_EXACT));
    } else if (strcmp(key, "holm") == 0) {
        const size_t k = (size_t)v[0];
        double       got[16];

        assert_mf_ok(mf_holm(got, v + 1, k, &err), &err);
        for (size_t i = 0; i < k; i++) {
            near(key, "p", got[i], v[1 + k + i]);
        }
    } else if (strcmp(key, "bootstrap") == 0) {
        const size_t  k = (size_t)v[0];
        const double *w = v + 1 + 2 * k, sd = w[3];
        mf_bootstrap  r;

        /* A percentile of N draws of a normal is off by sd sqrt(q (1 - q) / N) / density: 0.0084 sd for 100,000. */
        assert_mf_ok(mf_bootstrap_groups(&r, v + 1, v + 1 + k, k, 100000, 3, &err), &err);
        printf("bootstrap of %zu groups: %.5f to %.5f p %.5f; SciPy %.5f to %.5f p %.5f\n", k, r.lo, r.hi, r.p, w[0], w[1], w[2]);
        assert_true(fabs(r.lo - w[0]) < 5 * 0.0084 * sd && fabs(r.hi - w[1]) < 5 * 0.0084 * sd);
        assert_true(fabs(r.p - w[2]) < 5 * 2 * sqrt(w[2] / 2 / 100000) + 2e-5);
    } else {
        fail_msg("unknown line %s", key);
    }
}

static void
test_vectors(void **state)
{
    char    path[1200], *at;
    mf_blob file = {0};
    mf_err  err  = {0};
    table  *t    = calloc(1, sizeof *t);
    size_t  tables = 0, paired = 0;

    (void)state;
    snprintf(path, sizeof path, "%s/tests/eval/vectors/eval.txt", mf_test_source());
    assert_mf_ok(mf_file_read(&file, path, 1 << 22, &err), &err);
    for (char *line = strtok_r((char *)file.data, "\n", &at); line != NULL; line = strtok_r(NULL, "\n", &at)) {
        static double v[VALUES_MAX];
        char          key[32], *rest;
        int           used;
        size_t        n;

        if (*line == '#' || sscanf(line, "%31s%n", key, &used) != 1) {
            continue;
        }
        rest = line + used;
        if (strcmp(key, "case") == 0) {
            memset(t, 0, sizeof *t);
            assert_int_equal(sscanf(rest, "%63s %*d %d", t->name, &t->classes), 2);
            tables++;
        } else if (strcmp(key, "row") == 0) {
            n = numbers(v, &rest);
            assert_true(n == 3 + (size_t)t->classes && t->n < ROWS_MAX);
            t->label[t->n]  = (int)v[0];
            t->answer[t->n] = (int)v[1];
            t->group[t->n]  = (int)v[2];
            memcpy(t->prob + t->n++ * (size_t)t->classes, v + 3, (size_t)t->classes * sizeof *v);
        } else if (strcmp(key, "want") == 0) {
            check_want(t, rest);
        } else if (strcmp(key, "end") == 0) {
            assert_true(t->checked >= 20);
        } else {
            n = numbers(v, &rest);
            check_paired(key, v, n);
            paired++;
        }
    }
    assert_true(tables == 6 && paired >= 25);
    printf("%zu tables, %zu paired tests, worst difference %.2e (limit 1e-9)\n", tables, paired, worst);
    mf_blob_free(&file);
    free(t);
}

/* By hand: what no other program is asked for. */
static void
test_edges(void **state)
{
    static const int    label[] = {0, 1}, none[] = {-1, -1};
    static const double prob[4] = {0};
    mf_answers          a = {.n = 2, .classes = 2, .label = label, .answer = none, .prob = prob};
    mf_measures        *m = calloc(1, sizeof *m);
    mf_calibration      c;
    mf_corrected_t      t;
    mf_wilcoxon         w, tied;
    mf_bootstrap        b, again;
    const double        same[] = {2, 2, 2}, zero[3] = {0}, sum[] = {1, -1, 3}, count[] = {2, 2, 3};
    double              p[3] = {0.01, (double)NAN, 0.04}, lo, hi;
    bool                own;
    mf_err              err = {0};

    (void)state;
    assert_mf_ok(mf_measures_make(m, &a, &err), &err);
    assert_true(m->n == 2 && m->unread == 2 && m->accuracy == 0 && m->balanced == 0 && m->macro_f1 == 0 && m->top2 == 0);
    assert_true(isnan(m->log_loss) && isnan(m->brier) && isnan(m->ece) && isnan(m->of[0].roc_auc) && isnan(m->of[0].precision));
    assert_mf_ok(mf_calibration_scaled(&c, &own, &a, &err), &err);
    assert_true(own && isnan(c.ece) && c.temperature == 1);
    a.n = 0;
    assert_mf_ok(mf_measures_make(m, &a, &err), &err);
    assert_true(isnan(m->accuracy) && isnan(m->macro_f1) && isnan(m->accuracy_lo) && m->absent == 2);
    t = mf_corrected_t_test(same, 3, 0.5);
    assert_true(t.p == 0 && t.lo == 2 && t.hi == 2);
    t = mf_corrected_t_test(zero, 3, 0.5);
    assert_true(t.p == 1 && t.t == 0);
    t = mf_corrected_t_test(same, 1, 0.5);
    assert_true(isnan(t.p) && t.mean == 2);
    assert_mf_ok(mf_wilcoxon_test(&w, zero, 3, &err), &err);
    assert_true(w.p == 1 && w.n == 0 && w.effect == 0);
    assert_mf_ok(mf_wilcoxon_test(&w, same, 3, &err), &err);
    assert_true(w.p == 0.25 && w.effect == 1);
    /* What rounding alone tells apart is a tie, or nothing. */
    assert_mf_ok(mf_wilcoxon_test(&w, (const double[]){0.3, -(0.1 + 0.2), 0.5, 0.1 + 0.2 - 0.3}, 4, &err), &err);
    assert_mf_ok(mf_wilcoxon_test(&tied, (const double[]){0.3, -0.3, 0.5, 0}, 4, &err), &err);
    assert_true(w.n == 3 && tied.n == 3 && w.p == tied.p && w.effect == tied.effect);
    assert_mf_ok(mf_holm(p, p, 3, &err), &err);
    assert_true(p[0] == 0.02 && isnan(p[1]) && p[2] == 0.04);
    mf_wilson(&lo, &hi, 0, 0);
    assert_true(isnan(lo) && isnan(hi));
    /* Few resamples: the same seed gives the same bits, another one others. */
    assert_mf_ok(mf_bootstrap_groups(&b, sum, count, 3, 50, 1, &err), &err);
    assert_mf_ok(mf_bootstrap_groups(&again, sum, count, 3, 50, 1, &err), &err);
    assert_memory_equal(&b, &again, sizeof b);
    assert_true(fabs(b.mean - 3.0 / 7.0) < 1e-15 && b.lo < b.mean && b.hi > b.mean);
    assert_mf_ok(mf_bootstrap_groups(&b, sum, count, 1, 50, 1, &err), &err);
    assert_true(b.mean == 0.5 && isnan(b.p));
    free(m);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_vectors), cmocka_unit_test(test_edges)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
