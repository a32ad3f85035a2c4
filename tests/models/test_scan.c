/* tests/models/test_scan.c: SCAN with complementary context: counts, learning, weight files, and how the loss is put together. */
#include "rig.h"

#include <math.h>
#include <string.h>

static void
test_counts(void **state)
{
    (void)state;
    rig_counts("scan", "", 7, 70196307, 6978341888);
    rig_counts("scan", "", 8, 70197589, 6978343936);
    rig_counts("scan", "reading=code", 7, 70196307, 6978341888);
    rig_counts("scan", "shared=true", 7, 13536339, 6978341888);
}

static void
learns(const char *options)
{
    float losses[6];
    rig   r;

    rig_open(&r, "scan", options, 48);
    rig_no_fallback(&r);
    rig_train(&r, 6, losses);
    print_message("scan %s: loss %.3f, after 5 steps %.3f\n", options, (double)losses[0], (double)losses[5]);
    assert_true(losses[5] < 0.8f * losses[0]);
    rig_round_trip(&r, "scan", options);
    rig_close(&r);
}

static void
test_learns(void **state)
{
    (void)state;
    learns("width=8,shared=true");
    learns("width=8,reading=code");
}

/* With both classifiers at zero each of the five cross-entropies is ln(classes): 0.2 and 0.8 of it, or 0.2 and 3.2. */
static void
test_weights(void **state)
{
    static const struct {
        const char *options;
        double      sum;
    } row[] = {{"width=8,shared=true", 1.0}, {"width=8,shared=true,reading=code", 3.4}, {"width=8,shared=true,reading=code,attention-weight=0.5", 2.5}};

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        rig r;

        rig_open(&r, "scan", row[i].options, 48);
        for (size_t k = 0; k < mf_params_count(r.ps); k++) {
            mf_param *p = mf_params_at(r.ps, k);
            float     zero[RIG_CLASSES * 128] = {0};

            if (strncmp(p->name, "region_net.2.", 13) != 0 && strncmp(p->name, "fc.", 3) != 0) continue;
            assert_true(mf_shape_elems(&p->shape) <= RIG_CLASSES * 128);
            mf_param_set(p, MF_DTYPE_F32, zero);
        }
        mf_params_touch(r.ps);
        assert_true(fabs((double)rig_loss(&r, 1, 0) - row[i].sum * log(RIG_CLASSES)) < 1e-5);
        rig_close(&r);
    }
}

/* A picture too small for five patches is refused. */
static void
test_small(void **state)
{
    mf_model m;
    mf_err   err = {0};

    (void)state;
    assert_mf_fails(mf_model_make(&m, "scan", 7, 3, 47, 48, &err), MF_E_ARG, &err, "48 to 4096 pixels");
}

/* Published files hold the region classifier five times over: read where all agree, refused where one differs. */
static void
test_alias(void **state)
{
    const mf_tensor *own;
    mf_tensor       *again;
    mf_tensors       ts = {0};
    mf_load_opts     o  = mf_load_opts_default();
    mf_shape         s;
    mf_err           err = {0};
    rig              r;

    (void)state;
    rig_open(&r, "scan", "width=8,shared=true", 48);
    o.alias = r.m.def->alias;
    assert_mf_ok(mf_params_export(r.ps, &ts, &err), &err);
    s = mf_tensors_find(&ts, "region_net.0.bias")->shape;
    assert_mf_ok(mf_tensors_add(&ts, "classifiers.3.0.bias", MF_DTYPE_F32, &s, &again, &err), &err);
    own = mf_tensors_find(&ts, "region_net.0.bias");
    memcpy(again->data, own->data, own->bytes);
    assert_mf_ok(mf_params_load(r.ps, &ts, &o, NULL, &err), &err);
    ((float *)again->data)[1] += 1.0f;
    assert_mf_fails(mf_params_load(r.ps, &ts, &o, NULL, &err), MF_E_ARG, &err, "classifiers.3.0.bias");
    mf_tensors_free(&ts);
    rig_close(&r);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts), cmocka_unit_test(test_learns), cmocka_unit_test(test_weights), cmocka_unit_test(test_small),
        cmocka_unit_test(test_alias),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
