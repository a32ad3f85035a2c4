/* tests/models/test_gacnn.c: gACNN in both its forms: counts, entries, learning, weight files, where its patches are cut, its gates. */
#include "rig.h"

#include <math.h>
#include <string.h>

#include "core/str.h"

static void
test_counts(void **state)
{
    (void)state;
    rig_counts("gacnn", "", 7, 149891936, 14711865920);
    rig_counts("gacnn", "reading=code", 8, 149892961, 14711866944);
    rig_counts("gacnn_caffe", "", 7, 209274495, 19087704640);
    /* pACNN: less the unit, and less its 512 columns of fc1 */
    rig_counts("gacnn", "global-unit=false", 7, 149891936 - 54208001 - 512 * 1024, 14711865920 - 517414976 - 512 * 1024);
    rig_counts("gacnn_caffe", "global-unit=false", 7, 209274495 - 51454722 - 512 * 1024 - 3 * 2359808, 0);
}

/* 397 with the batch counters (oadn-gacnn.md C.2). */
static void
test_entries(void **state)
{
    static const char *const some[] = {"base.19.bias", "local_attention_block.23.3.running_var", "local_attention_block.0.7.weight", "PG_unit_1.5.0.weight",
                                       "PG_unit_2.5.1.bias", "global_attention_block.1.weight", "GG_unit_1.1.weight", "GG_unit_2.1.weight", "fc1.weight", "fc2.bias"};
    rig r;

    (void)state;
    rig_open(&r, "gacnn", "width=1", 64);
    assert_int_equal(mf_params_count(r.ps), 397);
    for (size_t i = 0; i < sizeof some / sizeof some[0]; i++) assert_non_null(mf_params_find(r.ps, some[i]));
    rig_close(&r);
}

static void
learns(const char *arch, const char *options)
{
    float losses[9];
    rig   r;

    rig_open(&r, arch, options, 64);
    rig_no_fallback(&r);
    rig_train(&r, 9, losses);
    print_message("%s %s: loss %.3f, after 8 steps %.3f\n", arch, options, (double)losses[0], (double)losses[8]);
    assert_true(losses[8] < 0.8f * losses[0]);
    rig_round_trip(&r, arch, options);
    rig_close(&r);
}

static void
test_learns(void **state)
{
    (void)state;
    learns("gacnn", "width=4");
    learns("gacnn", "width=4,reading=code,global-unit=false");
    learns("gacnn_caffe", "width=4,dropout=0,bn-momentum=0.5");
    learns("gacnn_caffe", "width=4,dropout=0,bn-momentum=0.5,global-unit=false");
}

/* Logits with all 68 points of every face at (x, y). */
static void
answer(rig *r, float x, float y, float *logits)
{
    static const char *const out[] = {"logits", NULL};
    static float      px[RIG_BATCH * 3 * 64 * 64], marks[RIG_BATCH * 68 * 3];
    mf_compile_opts   o   = {.prec = MF_PREC_F32, .batch = RIG_BATCH, .outputs = out};
    mf_program       *p;
    mf_err            err = {0};

    for (size_t i = 0; i < sizeof px / sizeof px[0]; i++) px[i] = (float)(i * 7919 % 101) / 50 - 1;
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) marks[i] = i % 3 == 0 ? x : i % 3 == 1 ? y : 1;
    assert_mf_ok(mf_backend_find(&o.backend, "auto", &err), &err);
    assert_mf_ok(mf_program_compile(&p, r->eval, &o, &err), &err);
    assert_mf_ok(mf_program_feed(p, "x", MF_DTYPE_F32, px, &err), &err);
    assert_mf_ok(mf_program_feed(p, "x.landmarks", MF_DTYPE_F32, marks, &err), &err);
    assert_mf_ok(mf_program_run(p, 0, 0, &err), &err);
    assert_mf_ok(mf_program_read(p, "logits", MF_DTYPE_F32, logits, RIG_BATCH * RIG_CLASSES, &err), &err);
    mf_program_free(p);
}

/* Past the edge a patch of the one is held inside the map, and of the other is zeros: it does not matter how far. Rows come from y:
 * in the program's reading from x. */
static void
test_places(void **state)
{
    static const char *const arch[] = {"gacnn", "gacnn", "gacnn_caffe"}, *const options[] = {"width=2", "width=2,reading=code", "width=2"};
    float a[RIG_BATCH * RIG_CLASSES], b[RIG_BATCH * RIG_CLASSES];

    (void)state;
    for (int i = 0; i < 3; i++) {
        rig r;

        rig_open(&r, arch[i], options[i], 64);
        answer(&r, -60, 300, a);
        answer(&r, -900, 1e4f, b);
        assert_memory_equal(a, b, sizeof a);
        answer(&r, 30, 40, a);
        answer(&r, 40, 30, b);
        assert_true(memcmp(a, b, sizeof a) != 0);
        rig_close(&r);
    }
}

/* With a last gate layer of zeros each gate is 1/2, whatever feeds it: then the rest of the gate changes nothing. */
static void
test_gates(void **state)
{
    static const char *const arch[] = {"gacnn", "gacnn_caffe"}, *const last[] = {"*attention_block*.7.weight,*attention_block*.7.bias", "*gate_scale.weight"},
                      *const before[] = {"*attention_block*.5.weight,*attention_block*.5.bias", "*gate_fc1.*"};
    float a[RIG_BATCH * RIG_CLASSES], b[RIG_BATCH * RIG_CLASSES], values[4096];

    (void)state;
    for (int i = 0; i < 2; i++) {
        rig r;

        rig_open(&r, arch[i], "width=2", 64);
        for (int turn = 0; turn < 3; turn++) { /* as it starts; the layer before the last otherwise; the same with the last at zero */
            for (size_t k = 0; k < mf_params_count(r.ps); k++) {
                mf_param  *p    = mf_params_at(r.ps, k);
                const bool zero = turn == 2 && mf_str_glob_any(last[i], p->name), other = mf_str_glob_any(before[i], p->name);

                if (mf_shape_elems(&p->shape) > 4096 || (!zero && !other)) continue;
                for (int64_t j = 0; j < mf_shape_elems(&p->shape); j++) values[j] = zero ? 0.0f : turn == 0 ? 1.0f : (float)(j % 5) - 2.5f;
                mf_param_set(p, MF_DTYPE_F32, values);
            }
            mf_params_touch(r.ps);
            answer(&r, 30, 30, turn == 0 ? a : b);
            if (turn == 1) assert_true(memcmp(a, b, sizeof a) != 0);
        }
        memcpy(a, b, sizeof a);
        for (size_t k = 0; k < mf_params_count(r.ps); k++) {
            mf_param *p = mf_params_at(r.ps, k);

            if (mf_shape_elems(&p->shape) > 4096 || !mf_str_glob_any(before[i], p->name)) continue;
            for (int64_t j = 0; j < mf_shape_elems(&p->shape); j++) values[j] = (float)(j % 3);
            mf_param_set(p, MF_DTYPE_F32, values);
        }
        mf_params_touch(r.ps);
        answer(&r, 30, 30, b);
        assert_memory_equal(a, b, sizeof a);
        rig_close(&r);
    }
}

static void
test_small(void **state)
{
    mf_model m;
    mf_err   err = {0};

    (void)state;
    assert_mf_fails(mf_model_make(&m, "gacnn", 7, 3, 48, 48, &err), MF_E_ARG, &err, "64 to 4096 pixels");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts), cmocka_unit_test(test_entries), cmocka_unit_test(test_learns), cmocka_unit_test(test_places),
        cmocka_unit_test(test_gates), cmocka_unit_test(test_small),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
