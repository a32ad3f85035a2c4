/* tests/weights/test_load.c: named tensors into a network: prefixes, types, heads, what is missing, all or nothing. */
#include "support.h"

#include <math.h>
#include <string.h>

#include "core/str.h"
#include "weights/weights.h"

/* conv1.weight [2,1,1,2], bn1.weight/bias/running_mean [2], bn1.num_batches_tracked, fc.weight [3,2], fc.bias [3]. */
static void
want(mf_params *ps, const char *name, mf_shape shape, mf_param_kind kind)
{
    mf_err    err = {0};
    mf_param *p;

    assert_mf_ok(mf_params_want(ps, &p, name, &shape, (mf_init){.kind = MF_INIT_CONST, .a = 9}, kind, &err), &err);
}

static mf_params *
bare_network(void)
{
    mf_err     err = {0};
    mf_params *ps;

    assert_mf_ok(mf_params_new(&ps, MF_DTYPE_F32, &err), &err);
    want(ps, "conv1.weight", mf_shape_of(4, (int64_t)2, (int64_t)1, (int64_t)1, (int64_t)2), MF_PARAM_WEIGHT);
    want(ps, "bn1.weight", mf_shape_of(1, (int64_t)2), MF_PARAM_NORM);
    want(ps, "bn1.running_mean", mf_shape_of(1, (int64_t)2), MF_PARAM_BUFFER);
    want(ps, "bn1.num_batches_tracked", mf_shape_of(0), MF_PARAM_COUNTER);
    want(ps, "fc.weight", mf_shape_of(2, (int64_t)3, (int64_t)2), MF_PARAM_WEIGHT);
    want(ps, "fc.bias", mf_shape_of(1, (int64_t)3), MF_PARAM_BIAS);
    return ps;
}

static mf_params *
network(void)
{
    mf_params *ps  = bare_network();
    mf_err     err = {0};

    assert_mf_ok(mf_params_materialize(ps, 1, &err), &err);
    return ps;
}

static void
put(mf_tensors *ts, const char *prefix, const char *name, mf_shape shape, float first)
{
    char       full[128];
    mf_err     err = {0};
    mf_tensor *t;

    snprintf(full, sizeof full, "%s%s", prefix, name);
    assert_mf_ok(mf_tensors_add(ts, full, MF_DTYPE_F32, &shape, &t, &err), &err);
    for (size_t i = 0; i < t->bytes / sizeof(float); i++) {
        ((float *)t->data)[i] = first + (float)i;
    }
}

static void
trunk(mf_tensors *ts, const char *prefix)
{
    put(ts, prefix, "conv1.weight", mf_shape_of(4, (int64_t)2, (int64_t)1, (int64_t)1, (int64_t)2), 10);
    put(ts, prefix, "bn1.weight", mf_shape_of(1, (int64_t)2), 20);
    put(ts, prefix, "bn1.running_mean", mf_shape_of(1, (int64_t)2), 30);
}

static void
head(mf_tensors *ts, const char *prefix, int64_t classes)
{
    put(ts, prefix, "fc.weight", mf_shape_of(2, classes, (int64_t)2), 40);
    put(ts, prefix, "fc.bias", mf_shape_of(1, classes), 50);
}

static float
value(const mf_params *ps, const char *name, size_t i)
{
    const mf_param *p = mf_params_find(ps, name);
    float           v[16];

    assert_non_null(p);
    mf_param_get(p, MF_DTYPE_F32, v);
    return v[i];
}

static void
test_plain(void **state)
{
    mf_params *ps = network();
    mf_tensors ts = {0};
    mf_err     err = {0};

    (void)state;
    trunk(&ts, "");
    head(&ts, "", 3);
    assert_mf_ok(mf_params_load(ps, &ts, NULL, NULL, &err), &err); /* the counter may be absent */
    assert_true(value(ps, "conv1.weight", 3) == 13.0f);
    assert_true(value(ps, "bn1.running_mean", 1) == 31.0f);
    assert_true(value(ps, "fc.weight", 5) == 45.0f);
    mf_tensors_free(&ts);
    mf_params_free(ps);
}

/* Parameters without memory, tensors that are used up; nothing of either happens where names differ. */
static void
test_take(void **state)
{
    mf_params   *ps  = bare_network();
    mf_tensors   ts  = {0};
    mf_load_opts o   = mf_load_opts_default();
    mf_err       err = {0};

    (void)state;
    trunk(&ts, "module.");
    assert_mf_fails(mf_params_take(ps, &ts, NULL, NULL, &err), MF_E_NOTFOUND, &err, "lacks 2 tensors of the network");
    for (size_t i = 0; i < mf_params_count(ps); i++) {
        assert_null(mf_params_at(ps, i)->data);
    }
    for (size_t i = 0; i < ts.n; i++) {
        assert_non_null(ts.t[i].data);
    }
    o.new_head = true;
    put(&ts, "", "extra", mf_shape_of(1, (int64_t)2), 0);
    o.strict = false;
    assert_mf_ok(mf_params_take(ps, &ts, &o, NULL, &err), &err);
    for (size_t i = 0; i < ts.n; i++) {
        assert_true((ts.t[i].data == NULL) == (strncmp(ts.t[i].name, "module.", 7) == 0));
    }
    assert_null(mf_params_find(ps, "fc.weight")->data);
    assert_null(mf_params_find(ps, "bn1.num_batches_tracked")->data);
    assert_mf_ok(mf_params_materialize(ps, 1, &err), &err);
    assert_true(value(ps, "conv1.weight", 3) == 13.0f);
    assert_true(value(ps, "bn1.running_mean", 1) == 31.0f);
    assert_true(value(ps, "fc.weight", 5) == 9.0f);
    mf_tensors_free(&ts);
    mf_params_free(ps);
}

static void
test_prefixes(void **state)
{
    static const char *const prefixes[] = {"module.", "model.", "net.module.", ""};

    (void)state;
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        mf_params     *ps  = network();
        mf_tensors     ts  = {0};
        mf_load_report rep = {0};
        mf_err         err = {0};

        trunk(&ts, prefixes[i]);
        head(&ts, prefixes[i], 3);
        assert_mf_ok(mf_params_load(ps, &ts, NULL, &rep, &err), &err);
        assert_string_equal(rep.prefix != NULL ? rep.prefix : "", prefixes[i]);
        assert_int_equal(rep.loaded, 5);
        assert_true(value(ps, "fc.bias", 2) == 52.0f);
        mf_load_report_free(&rep);
        mf_tensors_free(&ts);
        mf_params_free(ps);
    }
}

/* An explicit prefix is taken as given, also when it fits nothing. */
static void
test_given_prefix(void **state)
{
    mf_params   *ps  = network();
    mf_tensors   ts  = {0};
    mf_load_opts o   = mf_load_opts_default();
    mf_err       err = {0};

    (void)state;
    trunk(&ts, "a.");
    head(&ts, "a.", 3);
    o.prefix = "a.";
    assert_mf_ok(mf_params_load(ps, &ts, &o, NULL, &err), &err);
    o.prefix = "b.";
    assert_mf_fails(mf_params_load(ps, &ts, &o, NULL, &err), MF_E_NOTFOUND, &err, "the file's first is 'a.conv1.weight', the network's is 'conv1.weight'");
    mf_tensors_free(&ts);
    mf_params_free(ps);
}

/* Weights of a training that went astray are no network. */
static void
test_not_finite(void **state)
{
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    mf_params *ps  = network();
    mf_tensors ts  = {0};
    mf_err     err = {0};

    (void)state;
    trunk(&ts, "");
    head(&ts, "", 3);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        mf_tensor *t = &ts.t[2];
        float      was = ((float *)t->data)[1];

        ((float *)t->data)[1] = bad[i];
        assert_mf_fails(mf_params_load(ps, &ts, NULL, NULL, &err), MF_E_NUMERIC, &err, "tensor 'bn1.running_mean' holds NaN or infinity");
        assert_true(value(ps, "conv1.weight", 0) == 9.0f); /* nothing was changed */
        ((float *)t->data)[1] = was;
    }
    assert_mf_ok(mf_params_load(ps, &ts, NULL, NULL, &err), &err);
    mf_tensors_free(&ts);
    mf_params_free(ps);
}

static void
test_names_differ(void **state)
{
    mf_params     *ps  = network();
    mf_tensors     ts  = {0};
    mf_load_opts   o   = {.strict = false};
    mf_load_report rep = {0};
    mf_err         err = {0};

    (void)state;
    trunk(&ts, "module.");
    put(&ts, "module.", "feature.weight", mf_shape_of(1, (int64_t)4), 0);
    assert_mf_fails(mf_params_load(ps, &ts, NULL, NULL, &err), MF_E_NOTFOUND, &err, "lacks 2 tensors of the network: 'fc.weight', 'fc.bias'");
    assert_true(value(ps, "conv1.weight", 0) == 9.0f); /* nothing was changed */
    assert_mf_ok(mf_params_load(ps, &ts, &o, &rep, &err), &err);
    assert_int_equal(rep.missing.n, 2);
    assert_string_equal(rep.missing.name[0], "fc.weight");
    assert_int_equal(rep.unexpected.n, 1);
    assert_string_equal(rep.unexpected.name[0], "module.feature.weight");
    assert_int_equal(rep.loaded, 3);
    mf_load_report_free(&rep);
    head(&ts, "module.", 3);
    assert_mf_fails(mf_params_load(ps, &ts, NULL, NULL, &err), MF_E_NOTFOUND, &err, "holds 1 tensors that the network has not: 'module.feature.weight'");
    mf_tensors_free(&ts);
    mf_params_free(ps);
}

static void
test_new_head(void **state)
{
    mf_params     *ps  = network();
    mf_tensors     ts  = {0};
    mf_load_opts   o   = mf_load_opts_default();
    mf_load_report rep = {0};
    mf_err         err = {0};

    (void)state;
    trunk(&ts, "");
    head(&ts, "", 1000);
    assert_mf_fails(mf_params_load(ps, &ts, &o, NULL, &err), MF_E_ARG, &err,
                    "tensor 'fc.weight' is [1000, 2] in the file and [3, 2] in the network; --new-head starts the classifier anew");
    o.new_head = true;
    assert_mf_ok(mf_params_load(ps, &ts, &o, &rep, &err), &err);
    assert_int_equal(rep.kept.n, 2);
    assert_true(value(ps, "fc.weight", 0) == 9.0f && value(ps, "fc.bias", 0) == 9.0f && value(ps, "bn1.weight", 0) == 20.0f);
    mf_load_report_free(&rep);
    mf_tensors_free(&ts);
    trunk(&ts, ""); /* no head in the file at all */
    assert_mf_ok(mf_params_load(ps, &ts, &o, NULL, &err), &err);
    put(&ts, "", "fc.weight", mf_shape_of(2, (int64_t)3, (int64_t)2), 70); /* half a head is no head */
    assert_mf_ok(mf_params_load(ps, &ts, &o, NULL, &err), &err);
    assert_true(value(ps, "fc.weight", 0) == 9.0f);
    put(&ts, "", "fc.bias", mf_shape_of(1, (int64_t)3), 80); /* a whole one that fits is taken */
    assert_mf_ok(mf_params_load(ps, &ts, &o, NULL, &err), &err);
    assert_true(value(ps, "fc.weight", 0) == 70.0f && value(ps, "fc.bias", 0) == 80.0f);
    mf_tensors_free(&ts);
    mf_params_free(ps);
}

/* --new-head never hides a difference elsewhere, and a difference leaves every parameter as it was. */
static void
test_shapes_and_types(void **state)
{
    mf_params   *ps  = network();
    mf_tensors   ts  = {0};
    mf_load_opts o   = {.new_head = true};
    mf_err       err = {0};
    mf_shape     two = mf_shape_of(1, (int64_t)2);

    (void)state;
    put(&ts, "", "conv1.weight", mf_shape_of(4, (int64_t)2, (int64_t)1, (int64_t)1, (int64_t)2), 10);
    put(&ts, "", "bn1.weight", mf_shape_of(1, (int64_t)4), 20);
    assert_mf_fails(mf_params_load(ps, &ts, &o, NULL, &err), MF_E_ARG, &err, "tensor 'bn1.weight' is [4] in the file and [2] in the network");
    assert_null(strstr(err.msg, "--new-head"));
    assert_true(value(ps, "conv1.weight", 0) == 9.0f);
    mf_tensors_free(&ts);
    assert_mf_ok(mf_tensors_add(&ts, "bn1.weight", MF_DTYPE_I32, &two, NULL, &err), &err);
    assert_mf_fails(mf_params_load(ps, &ts, &o, NULL, &err), MF_E_ARG, &err, "'bn1.weight' is I32 in the file");
    mf_tensors_free(&ts);
    mf_params_free(ps);
}

static void
test_conversion(void **state)
{
    static const double   f64[2] = {0.1, -3};
    static const uint16_t f16[2] = {0x3c00, 0xc000}, bf16[2] = {0x3f80, 0xc000}; /* 1, -2 in both */
    static const int64_t  count  = 77;
    const struct {
        mf_dtype    dtype;
        const void *data;
        float       want[2];
    } cases[] = {
        {MF_DTYPE_F64, f64, {0.1f, -3}}, {MF_DTYPE_F16, f16, {1, -2}}, {MF_DTYPE_BF16, bf16, {1, -2}},
    };
    mf_load_opts o = {.strict = false};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mf_params *ps  = network();
        mf_tensors ts  = {0};
        mf_err     err = {0};
        mf_shape   two = mf_shape_of(1, (int64_t)2), one = mf_shape_of(1, (int64_t)1);
        mf_tensor *t;

        assert_mf_ok(mf_tensors_add(&ts, "bn1.weight", cases[i].dtype, &two, &t, &err), &err);
        memcpy(t->data, cases[i].data, t->bytes);
        assert_mf_ok(mf_tensors_add(&ts, "bn1.num_batches_tracked", MF_DTYPE_I64, &one, &t, &err), &err);
        memcpy(t->data, &count, sizeof count);
        assert_mf_ok(mf_params_load(ps, &ts, &o, NULL, &err), &err);
        assert_true(value(ps, "bn1.weight", 0) == cases[i].want[0] && value(ps, "bn1.weight", 1) == cases[i].want[1]);
        assert_true(value(ps, "bn1.num_batches_tracked", 0) == 77.0f);
        mf_tensors_free(&ts);
        mf_params_free(ps);
    }
}

/* What a network exports, saved and loaded, is the network again. */
static void
test_export_and_back(void **state)
{
    mf_params  *a = network(), *b = network();
    mf_tensors  ts = {0}, from_a = {0}, from_b = {0}, file = {0};
    mf_err      err = {0};
    const char *path = mf_test_path("net.safetensors");

    (void)state;
    trunk(&ts, "");
    head(&ts, "", 3);
    assert_mf_ok(mf_params_load(a, &ts, NULL, NULL, &err), &err);
    assert_mf_ok(mf_params_export(a, &from_a, &err), &err);
    assert_mf_ok(mf_weights_save(path, &from_a, &err), &err);
    assert_mf_ok(mf_weights_load(&file, path, &err), &err);
    assert_mf_ok(mf_params_load(b, &file, NULL, NULL, &err), &err);
    assert_mf_ok(mf_params_export(b, &from_b, &err), &err);
    if (!mf_tensors_equal(&from_a, &from_b, &err)) {
        fail_msg("%s", err.msg);
    }
    mf_tensors_free(&ts);
    mf_tensors_free(&from_a);
    mf_tensors_free(&from_b);
    mf_tensors_free(&file);
    mf_params_free(a);
    mf_params_free(b);
}

typedef struct load_case {
    mf_params  *ps;
    mf_tensors *ts;
} load_case;

static mf_status
load_once(void *arg, mf_err *err)
{
    load_case     *c   = arg;
    mf_load_opts   o   = {.new_head = true};
    mf_load_report rep = {0};
    mf_status      st  = mf_params_load(c->ps, c->ts, &o, &rep, err);

    mf_load_report_free(&rep);
    return st;
}

static void
test_each_allocation(void **state)
{
    mf_tensors ts = {0};
    load_case  c  = {network(), &ts};

    (void)state;
    trunk(&ts, "module.");
    head(&ts, "module.", 5);
    put(&ts, "module.", "extra", mf_shape_of(1, (int64_t)1), 0);
    mf_test_each_alloc(load_once, &c);
    mf_tensors_free(&ts);
    mf_params_free(c.ps);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain), cmocka_unit_test(test_take),          cmocka_unit_test(test_prefixes), cmocka_unit_test(test_given_prefix),
        cmocka_unit_test(test_names_differ),   cmocka_unit_test(test_not_finite),   cmocka_unit_test(test_new_head), cmocka_unit_test(test_shapes_and_types),
        cmocka_unit_test(test_conversion),     cmocka_unit_test(test_export_and_back),
        cmocka_unit_test(test_each_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
