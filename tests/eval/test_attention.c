/* The table of attention: what is written is read back; bad files; means, intervals and tests against numbers worked out by hand. */
#include "support.h"

#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "eval/attention.h"

static const char head[] = "method,fold,image,subject,label,predicted,share,area,outline\n";

static mf_attention *
parse(const char *rows)
{
    mf_attention *a;
    mf_str        text = {0};
    mf_err        err = {0};

    mf_str_printf(&text, "%s%s", head, rows);
    assert_mf_ok(mf_attention_parse(&a, "a.csv", text.data, text.len, NULL, &err), &err);
    mf_str_free(&text);
    return a;
}

static void
refuse(const char *text, mf_status want, const char *part)
{
    mf_attention *a;
    mf_err        err = {0};

    assert_mf_fails(mf_attention_parse(&a, "a.csv", text, strlen(text), NULL, &err), want, &err, part);
    assert_null(a);
}

static void
test_round_trip(void **state)
{
    static const char rows[] = "baseline,0,\"a,1.png\",s1,happy,sad,0.250000,0.300000,drawn\nbaseline,1,b.png,,sad,sad,,0.310000,canonical\n"
                               "distill,0,\"a,1.png\",s1,happy,happy,0.125000,0.300000,landmarks\n";
    mf_attention *a = parse(rows);
    mf_str        out = {0}, want = {0};

    (void)state;
    mf_attention_csv(&out, a);
    mf_str_printf(&want, "%s%s", head, rows);
    assert_string_equal(out.data, want.data);
    assert_int_equal(a->n_methods, 2);
    assert_int_equal(a->folds, 2);
    assert_int_equal(a->outlines[MF_OUTLINE_CANONICAL], 1);
    mf_str_free(&out);
    mf_str_free(&want);
    mf_attention_free(a);
}

static void
test_bad_files(void **state)
{
    (void)state;
    refuse("method,fold,image,subject,label,predicted,share,area\n", MF_E_FORMAT, "there is no column 'outline'");
    refuse("", MF_E_FORMAT, "there is no column 'method'");
    refuse(head, MF_E_FORMAT, "there is no row");
    refuse("method,fold,image,subject,label,predicted,share,area,outline\nb,0,a.png,,x,x,1.5,0.3,drawn\n", MF_E_FORMAT, "a.csv: line 2: share: ");
    refuse("method,fold,image,subject,label,predicted,share,area,outline\nb,-1,a.png,,x,x,0.5,0.3,drawn\n", MF_E_FORMAT, "line 2: fold: ");
    refuse("method,fold,image,subject,label,predicted,share,area,outline\nb,0,a.png,,x,x,nan,0.3,drawn\n", MF_E_FORMAT, "line 2: share: ");
    refuse("method,fold,image,subject,label,predicted,share,area,outline\nb,0,a.png,,x,x,0.5,0.3,guess\n", MF_E_FORMAT, "outline 'guess'");
    refuse("method,fold,image,subject,label,predicted,share,area,outline\nb,0,a.png,,x,x,0.5,0.3\n", MF_E_FORMAT, "line 2: 8 fields");
    refuse("method,fold,image,subject,label,predicted,share,area,outline\nb,0,,,x,x,0.5,0.3,drawn\n", MF_E_FORMAT, "may not be empty");
    refuse("method,fold,image,subject,label,predicted,share,area,outline\nb,0,a.png,,x,x,0.5,0.3,drawn\nb,0,a.png,,x,x,0.5,0.3,drawn\n", MF_E_FORMAT, "twice");
}

static void
test_figures(void **state)
{
    /* fold means 0.3 and 0.5: mean 0.4, sd 0.1414, t(1) 12.706: half width 1.27, cut to 0..1 */
    mf_attention *a = parse("b,0,1.png,p,x,x,0.2,0.25,drawn\nb,0,2.png,q,y,x,0.4,0.25,drawn\nb,1,3.png,r,x,x,0.5,0.35,drawn\nb,1,4.png,s,y,y,,0.35,drawn\n");
    mf_attention_figures f;
    mf_err               err = {0};

    (void)state;
    assert_mf_ok(mf_attention_figures_make(&f, a, 0, &err), &err);
    assert_int_equal(f.n, 3);
    assert_int_equal(f.empty, 1);
    assert_true(fabs(f.fold[0] - 0.3) < 1e-12 && fabs(f.fold[1] - 0.5) < 1e-12);
    assert_true(fabs(f.mean - 0.4) < 1e-12 && f.lo == 0 && f.hi == 1);
    assert_true(fabs(f.area - 0.3) < 1e-12);
    assert_true(fabs(f.class_mean[0] - 0.35) < 1e-12); /* x: 0.2 and 0.5 */
    assert_true(fabs(f.class_mean[1] - 0.4) < 1e-12 && isnan(f.class_lo[1])); /* y: one fold */
    assert_true(isnan(f.class_mean[2]));
    mf_attention_figures_free(&f);
    mf_attention_free(a);

    /* One fold: people are resampled; with one person there is no interval. */
    a = parse("b,0,1.png,p,x,x,0.2,0.25,drawn\nb,0,2.png,q,x,x,0.4,0.25,drawn\nb,0,3.png,r,x,x,0.6,0.25,drawn\n");
    assert_mf_ok(mf_attention_figures_make(&f, a, 0, &err), &err);
    assert_true(f.lo > 0.19 && f.lo < 0.4 && f.hi > 0.4 && f.hi < 0.61);
    mf_attention_figures_free(&f);
    mf_attention_free(a);
    a = parse("b,0,1.png,p,x,x,0.2,0.25,drawn\n");
    assert_mf_ok(mf_attention_figures_make(&f, a, 0, &err), &err);
    assert_true(f.mean == 0.2 && isnan(f.lo));
    mf_attention_figures_free(&f);
    mf_attention_free(a);
}

static void
test_compare(void **state)
{
    /* Fold differences c - b of the pictures that both have: -0.10, -0.20, -0.12. 4.png has no heat with c, 9.png is c's alone. */
    mf_attention *a = parse("b,0,1.png,p,x,x,0.50,0.25,drawn\nb,1,2.png,q,x,x,0.60,0.25,drawn\nb,2,3.png,r,x,x,0.40,0.25,drawn\nb,2,4.png,r,x,x,0.90,0.25,drawn\n"
                            "c,2,3.png,r,x,x,0.28,0.25,drawn\nc,2,4.png,r,x,x,,0.25,drawn\nc,0,1.png,p,x,x,0.40,0.25,drawn\nc,1,2.png,q,x,x,0.40,0.25,drawn\n"
                            "c,1,9.png,q,x,x,1.00,0.25,drawn\n");
    mf_attention_pair *p;
    size_t             n;
    mf_str             s = {0};
    mf_err             err = {0};
    const double       mean = -0.14, sd = 0.052915026221292, t = mean / (sd * sqrt(1.0 / 3 + 1.0 / 2));

    (void)state;
    assert_mf_ok(mf_attention_compare(&p, &n, a, -1, &err), &err);
    assert_int_equal(n, 1);
    assert_string_equal(a->methods[p->a], "c");
    assert_int_equal(p->pictures, 3);
    assert_int_equal(p->folds, 3);
    assert_int_equal(p->people, 3);
    assert_true(fabs(p->diff - mean) < 1e-12);
    assert_true(fabs(p->mean_b - 0.5) < 1e-12 && fabs(p->mean_a - 0.36) < 1e-12);
    assert_true(fabs(p->p - 2 * mf_t_cdf(t, 2)) < 1e-9); /* corrected: variance (1/3 + 1/2) */
    assert_true(p->p_holm == p->p);
    assert_true(p->people_hi < 0 && p->people_lo > -0.21);
    mf_attention_sentence(&s, p, a);
    assert_non_null(strstr(s.data, "c has 14.0 points less of its heat on the mask than b (36.0 % against 50.0 %)"));
    assert_non_null(strstr(s.data, "over 3 folds"));
    mf_str_free(&s);
    mf_free(p);
    mf_attention_free(a);

    a = parse("b,0,1.png,p,x,x,0.50,0.25,drawn\nc,0,2.png,p,x,x,0.50,0.25,drawn\n"); /* nothing in common */
    assert_mf_ok(mf_attention_compare(&p, &n, a, -1, &err), &err);
    assert_int_equal(n, 0);
    mf_free(p);
    mf_attention_free(a);

    a = parse("b,0,1.png,p,x,x,0.50,0.25,drawn\nc,0,1.png,p,x,x,0.40,0.25,drawn\n"); /* one fold, one person */
    assert_mf_ok(mf_attention_compare(&p, &n, a, -1, &err), &err);
    assert_int_equal(n, 1);
    mf_attention_sentence(&s, p, a);
    assert_non_null(strstr(s.data, "too few folds and people for a test"));
    mf_str_free(&s);
    mf_free(p);
    mf_attention_free(a);
}

static mf_status
job(void *arg, mf_err *err)
{
    const char          *text = arg;
    mf_attention        *a    = NULL;
    mf_attention_figures f    = {0};
    mf_attention_pair   *p    = NULL;
    size_t               n;
    mf_status            st;

    if ((st = mf_attention_parse(&a, "a.csv", text, strlen(text), NULL, err)) == MF_OK && (st = mf_attention_figures_make(&f, a, 0, err)) == MF_OK) {
        st = mf_attention_compare(&p, &n, a, -1, err);
    }
    mf_free(p);
    mf_attention_figures_free(&f);
    mf_attention_free(a);
    return st;
}

static void
test_memory(void **state)
{
    static char text[] = "method,fold,image,subject,label,predicted,share,area,outline\nb,0,1.png,p,x,x,0.5,0.25,drawn\nc,0,1.png,p,x,x,0.4,0.25,drawn\n";

    (void)state;
    mf_test_each_alloc(job, text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_bad_files), cmocka_unit_test(test_figures),
        cmocka_unit_test(test_compare),    cmocka_unit_test(test_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
