/* tests/models/test_oadn.c: OADN: counts, learning, weight files, how its loss is put together, and what asks for landmarks. */
#include "rig.h"

#include <math.h>
#include <string.h>

static void
test_counts(void **state)
{
    (void)state;
    rig_counts("oadn", "", 7, 24560718, 6209200896);
    rig_counts("oadn", "", 8, 24561232, 6209202176);
    rig_counts("oadn", "reading=code,fusion=all", 7, 24560718, 6209200896);
}

/* Entries of the reference state_dict: 318 of the trunk, 4 of each branch (its aliases not counted). */
static void
test_entries(void **state)
{
    size_t trunk = 0, attention = 0, region = 0;
    rig    r;

    (void)state;
    rig_open(&r, "oadn", "width=8", 32);
    for (size_t i = 0; i < mf_params_count(r.ps); i++) {
        const char *name = mf_params_at(r.ps, i)->name;

        attention += strncmp(name, "fc.", 3) == 0;
        region += strncmp(name, "region_net.", 11) == 0;
        trunk += strncmp(name, "conv1.", 6) == 0 || strncmp(name, "bn1.", 4) == 0 || strncmp(name, "layer", 5) == 0;
    }
    assert_int_equal(trunk, 318);
    assert_int_equal(attention, 4);
    assert_int_equal(region, 4);
    assert_int_equal(mf_params_count(r.ps), 326);
    rig_close(&r);
}

static void
learns(const char *options)
{
    float losses[6];
    rig   r;

    rig_open(&r, "oadn", options, 48);
    rig_no_fallback(&r);
    rig_train(&r, 6, losses);
    print_message("oadn %s: loss %.3f, after 5 steps %.3f\n", options, (double)losses[0], (double)losses[5]);
    assert_true(losses[5] < 0.8f * losses[0]);
    rig_round_trip(&r, "oadn", options);
    rig_close(&r);
}

static void
test_learns(void **state)
{
    (void)state;
    learns("width=8");
    learns("width=8,reading=code,fusion=all,canvas=48");
}

/* With both classifiers at zero each of the five cross-entropies is ln(classes). */
static void
test_weights(void **state)
{
    static const struct {
        const char *options;
        double      sum;
    } row[] = {{"width=8", 1.0}, {"width=8,reading=code", 0.2 + 4 * 0.8}, {"width=8,reading=code,attention-weight=0", 4.0}, {"width=8,attention-weight=1", 1.0}};

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        rig r;

        rig_open(&r, "oadn", row[i].options, 32);
        for (size_t k = 0; k < mf_params_count(r.ps); k++) {
            mf_param *p = mf_params_at(r.ps, k);
            float     zero[RIG_CLASSES * 32] = {0};

            if (strncmp(p->name, "region_net.2.", 13) != 0 && strncmp(p->name, "fc.2.", 5) != 0) continue;
            assert_true(mf_shape_elems(&p->shape) <= RIG_CLASSES * 32);
            mf_param_set(p, MF_DTYPE_F32, zero);
        }
        mf_params_touch(r.ps);
        assert_true(fabs((double)rig_loss(&r, 1, 0) - row[i].sum * log(RIG_CLASSES)) < 1e-5);
        rig_close(&r);
    }
}

/* The regions alone answer: scoring asks for no landmarks; training, the embedding and fusion=all do. */
static void
test_asks(void **state)
{
    static const char *const probs[] = {"probs", NULL}, *const features[] = {"features", NULL};

    (void)state;
    for (int all = 0; all < 2; all++) {
        mf_compile_opts o = {.prec = MF_PREC_F32, .batch = 2};
        mf_program     *p;
        mf_tdesc        d;
        mf_err          err = {0};
        rig             r;

        rig_open(&r, "oadn", all ? "width=8,fusion=all" : "width=8", 32);
        assert_int_equal(mf_model_landmarks(&r.m), 68);
        assert_mf_ok(mf_backend_find(&o.backend, "auto", &err), &err);
        for (int k = 0; k < 2; k++) {
            o.outputs = k ? features : probs;
            assert_mf_ok(mf_program_compile(&p, r.eval, &o, &err), &err);
            assert_int_equal(mf_program_input_desc(p, "x.landmarks", &d, NULL) == MF_OK, all || k);
            mf_program_free(p);
        }
        rig_close(&r);
    }
}

/* With every landmark hidden the attention sees a vector of zeros: all pictures get one answer from it. */
static void
test_hidden_landmarks(void **state)
{
    static const char *const features[] = {"features", NULL};
    enum { DIM = 256 };
    mf_compile_opts o = {.prec = MF_PREC_F32, .batch = RIG_BATCH, .outputs = features};
    static float    x[RIG_BATCH * 3 * 32 * 32], marks[RIG_BATCH * 68 * 3], v[RIG_BATCH * DIM];
    mf_program     *p;
    mf_err          err = {0};
    rig             r;

    (void)state;
    for (size_t i = 0; i < sizeof x / sizeof x[0]; i++) x[i] = (float)(i % 13) - 6.0f;
    rig_open(&r, "oadn", "width=8", 32);
    assert_mf_ok(mf_backend_find(&o.backend, "auto", &err), &err);
    assert_mf_ok(mf_program_compile(&p, r.eval, &o, &err), &err);
    assert_mf_ok(mf_program_feed(p, "x", MF_DTYPE_F32, x, &err), &err);
    for (int shown = 0; shown < 2; shown++) {
        double sum = 0;

        for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) marks[i] = i % 3 == 2 ? (shown ? 0.7f : 0.6f) : 16.0f;
        assert_mf_ok(mf_program_feed(p, "x.landmarks", MF_DTYPE_F32, marks, &err), &err);
        assert_mf_ok(mf_program_run(p, 0, 0, &err), &err);
        assert_mf_ok(mf_program_read(p, "features", MF_DTYPE_F32, v, RIG_BATCH * DIM, &err), &err);
        for (int i = 0; i < RIG_BATCH * DIM; i++) sum += fabs((double)v[i]);
        assert_true(shown ? sum > 0.01 : sum == 0);
    }
    mf_program_free(p);
    rig_close(&r);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts), cmocka_unit_test(test_entries), cmocka_unit_test(test_learns), cmocka_unit_test(test_weights),
        cmocka_unit_test(test_asks), cmocka_unit_test(test_hidden_landmarks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
