/* The registry of methods, its presets, and what the forms say. */
#include "support.h"

#include <string.h>

#include "methods/method.h"

static void
test_presets(void **state)
{
    static const struct { const char *name; mf_rows_kind rows; } base[] = {
        {"baseline", MF_ROWS_ALL}, {"baseline-nm", MF_ROWS_CLEAR}, {"baseline-m", MF_ROWS_OCCLUDED}, {"supervised", MF_ROWS_ALL}};
    static const struct { const char *name; mf_norm_place norm; } form[] = {
        {"contrastive", MF_NORM_NONE}, {"contrastive-paper", MF_NORM_EMBEDDING}, {"contrastive-code", MF_NORM_MAP},
        {"distill", MF_NORM_NONE},     {"distill-paper", MF_NORM_EMBEDDING},     {"distill-code", MF_NORM_MAP}};
    mf_method m;
    mf_err    err = {0};

    (void)state;
    for (size_t i = 0; i < sizeof base / sizeof base[0]; i++) {
        assert_mf_ok(mf_method_make(&m, base[i].name, &err), &err);
        assert_string_equal(m.name, base[i].name);
        assert_string_equal(m.def->name, "supervised");
        assert_int_equal(m.def->rows(m.cfg), base[i].rows);
    }
    for (size_t i = 0; i < sizeof form / sizeof form[0]; i++) {
        assert_mf_ok(mf_method_make(&m, form[i].name, &err), &err);
        assert_int_equal(m.def->norm(m.cfg), form[i].norm);
    }
    assert_mf_ok(mf_method_make(&m, "distill", &err), &err);
    assert_true(m.def->needs_teacher && m.def->same_prob(m.cfg) == 0.5);
    assert_mf_fails(mf_method_make(&m, "contrastiv", &err), MF_E_NOTFOUND, &err, "did you mean 'contrastive'?");
}

static void
test_entries(void **state)
{
    (void)state;
    for (size_t i = 0; i < mf_method_count(); i++) {
        const mf_method_def *d = mf_method_at(i);
        mf_method            m;
        mf_err               err = {0};

        assert_true(d->summary[0] != '\0' && d->source[0] != '\0' && d->norm != NULL);
        assert_int_equal(d->build == NULL, d->joins[0] != NULL && d->joins[1] != NULL);
        assert_true(d->pictures >= 1 && d->pictures <= 3 && d->cfg_size <= MF_METHOD_CFG_MAX);
        assert_int_equal(d->samples == MF_SAMPLES_PAIR_DRAW, d->same_prob != NULL);
        assert_mf_ok(mf_method_make(&m, d->name, &err), &err);
        for (const mf_opt *row = d->opts; row->type != MF_OPT_T_END; row++) {
            assert_true(row->help[0] != '\0');
        }
        if (i > 0) {
            assert_true(strcmp(mf_method_at(i - 1)->name, d->name) < 0);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_presets), cmocka_unit_test(test_entries)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
