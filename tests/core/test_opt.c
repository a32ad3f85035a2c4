/* Option rows: defaults, setting, refusing, printing, help; what is printed sets the same value. */
#include "support.h"

#include <string.h>

#include "core/mem.h"
#include "core/opt.h"
#include "core/yaml.h"

typedef struct cfg {
    bool        flip;
    int64_t     epochs;
    double      label_smoothing;
    mf_opt_str  out;
    int         precision;
    mf_opt_list milestones;
} cfg;

static const char *const precisions[] = {"auto", "f32", "bf16", NULL};
static const mf_opt      rows[]       = {
    MF_OPT_BOOL(cfg, flip, 1, "mirror half of the pictures"),
    MF_OPT_INT(cfg, epochs, 25, 1, 100000, "passes over the data"),
    MF_OPT_F64(cfg, label_smoothing, 0.1, 0, 1, "share of the label given to other classes"),
    MF_OPT_STR(cfg, out, "", "folder of the run"),
    MF_OPT_ENUM(cfg, precision, 0, precisions, "number format"),
    MF_OPT_LIST(cfg, milestones, "8,14,20", 0, 1e9, "epochs at which the rate falls"),
    MF_OPT_END,
};

static void
defaults_are_set(void **state)
{
    cfg c;

    (void)state;
    memset(&c, 0xee, sizeof c);
    mf_opt_defaults(rows, &c);
    assert_true(c.flip);
    assert_int_equal(c.epochs, 25);
    assert_true(c.label_smoothing == 0.1);
    assert_string_equal(c.out.s, "");
    assert_int_equal(c.precision, 0);
    assert_int_equal(c.milestones.n, 3);
    assert_true(c.milestones.v[1] == 14);
}

static void
values_are_set(void **state)
{
    cfg    c;
    mf_err err    = {0};
    size_t before = mf_mem_now();

    (void)state;
    mf_opt_defaults(rows, &c);
    assert_mf_ok(mf_opt_set(rows, &c, "label-smoothing", "0.25", &err), &err);
    assert_mf_ok(mf_opt_set(rows, &c, "label_smoothing", "0.5", &err), &err);
    assert_true(c.label_smoothing == 0.5);
    assert_mf_ok(mf_opt_set(rows, &c, "precision", "bf16", &err), &err);
    assert_int_equal(c.precision, 2);
    assert_mf_ok(mf_opt_set(rows, &c, "milestones", "[1, 2.5]", &err), &err);
    assert_int_equal(c.milestones.n, 2);
    assert_mf_ok(mf_opt_set(rows, &c, "milestones", "", &err), &err);
    assert_int_equal(c.milestones.n, 0);
    assert_mf_ok(mf_opt_set(rows, &c, "flip", "no", &err), &err);
    assert_false(c.flip);
    assert_mf_ok(mf_opt_set(rows, &c, "out", "runs/a b", &err), &err);
    assert_string_equal(c.out.s, "runs/a b");
    assert_int_equal(mf_mem_now(), before);
}

static void
wrong_values_are_refused(void **state)
{
    static const char *const bad[][3] = {
        {"epohcs", "1", "unknown option 'epohcs': did you mean 'epochs'?"},
        {"label_smothing", "1", "did you mean 'label-smoothing'?"},
        {"qqqqqq", "1", "unknown option 'qqqqqq'"},
        {"epochs", "12x", "option 'epochs': expected a whole number, not '12x'"},
        {"epochs", "0", "from 1 to 100000"},
        {"label-smoothing", "1.5", "option 'label-smoothing': expected a number from 0 to 1"},
        {"precision", "f16", "one of auto, f32, bf16, not 'f16'"},
        {"milestones", "1,,2", "expected a number"},
        {"milestones", "1,2,", "last comma"},
        {"milestones", "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17", "at most 16"},
        {"flip", "2", "true or false"},
    };
    char   big[MF_OPT_STR_MAX + 1];
    cfg    c, before;
    size_t i;
    mf_err err = {0};

    (void)state;
    memset(&c, 0, sizeof c);
    mf_opt_defaults(rows, &c);
    memcpy(&before, &c, sizeof c);
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        mf_err e = {0};

        assert_mf_fails(mf_opt_set(rows, &c, bad[i][0], bad[i][1], &e), MF_E_USAGE, &e, bad[i][2]);
    }
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    assert_mf_fails(mf_opt_set(rows, &c, "out", big, &err), MF_E_USAGE, &err, "at most 255 bytes");
    assert_memory_equal(&c, &before, sizeof c);
}

static void
printed_reads_back(void **state)
{
    cfg            c, back;
    mf_str         s    = {0};
    mf_yaml       *root = NULL;
    mf_err         err  = {0};
    const char    *key;
    size_t         i;

    (void)state;
    memset(&c, 0, sizeof c);
    memset(&back, 0, sizeof back);
    mf_opt_defaults(rows, &c);
    mf_opt_defaults(rows, &back);
    c.flip            = false;
    c.epochs          = 3;
    c.label_smoothing = 1.0 / 3.0;
    c.precision       = 1;
    c.milestones      = (mf_opt_list){2, {0.1, 1e-9}};
    snprintf(c.out.s, sizeof c.out.s, "a: \"b\" # c");
    mf_opt_print_all(rows, &c, 0, &s);
    assert_mf_ok(mf_yaml_parse(&root, mf_str_c(&s), s.len, &err), &err);
    assert_int_equal(mf_yaml_size(root), 6);
    for (i = 0; i < mf_yaml_size(root); i++) {
        const mf_yaml *v    = mf_yaml_member(root, i, &key);
        mf_str         flat = {0};

        assert_mf_ok(mf_yaml_flat(v, &flat, &err), &err);
        assert_mf_ok(mf_opt_set(rows, &back, key, mf_str_c(&flat), &err), &err);
        mf_str_free(&flat);
    }
    assert_memory_equal(&c, &back, sizeof c);
    mf_yaml_free(root);
    mf_str_free(&s);
}

static void
help_has_a_line_for_each(void **state)
{
    mf_str s = {0};

    (void)state;
    mf_opt_help(rows, &s);
    assert_non_null(strstr(mf_str_c(&s), "  --epochs N                passes over the data (default 25, 1 to 100000)\n"));
    assert_non_null(strstr(mf_str_c(&s), "--label-smoothing X"));
    assert_non_null(strstr(mf_str_c(&s), "auto|f32|bf16"));
    assert_non_null(strstr(mf_str_c(&s), "(default 8,14,20, 0 to 1000000000)"));
    mf_str_free(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_set),         cmocka_unit_test(values_are_set),
        cmocka_unit_test(wrong_values_are_refused), cmocka_unit_test(printed_reads_back),
        cmocka_unit_test(help_has_a_line_for_each),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
