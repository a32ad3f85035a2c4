/* tests/nn/test_ops_vectors.c: values and gradients of single ops against PyTorch's (vectors/ops.txt), on the reference
 * backend in double and in float. */
#include "support.h"

#include <math.h>
#include <string.h>

#include "nn/ops.h"
#include "nn/program.h"
#include "vectors.h"

typedef struct net {
    const mf_vec_case *c;
    mf_graph          *g;
} net;

/* The vector `name` as a parameter of its own; "fixed_..." takes no gradient. */
static mf_ref
in(const net *t, const char *name)
{
    const bool held = strncmp(name, "fixed_", 6) == 0;
    mf_ref     r;
    if (held)
        mf_graph_frozen(t->g, true);
    r = mf_graph_param(t->g, name, mf_vec_get(t->c, name)->shape, (mf_init){.kind = MF_INIT_ZERO}, MF_PARAM_WEIGHT);
    if (held)
        mf_graph_frozen(t->g, false);
    return r;
}

/* ---- one builder a case ---- */

static mf_ref
conv2d(const net *t)
{
    mf_conv2d_attrs a = {.sh = 2, .sw = 1, .ph = 1, .pw = 2, .dh = 2, .dw = 1, .groups = 2};
    return mf_conv2d(t->g, in(t, "x"), in(t, "w"), in(t, "b"), a);
}

static mf_ref
conv2d_depthwise(const net *t)
{
    mf_conv2d_attrs a = mf_conv2d_simple(1, 1);
    a.groups          = 3;
    return mf_conv2d(t->g, in(t, "x"), in(t, "w"), MF_NONE, a);
}

static mf_ref
conv_t2d(const net *t)
{
    mf_conv2d_attrs a = {.sh = 2, .sw = 3, .ph = 1, .pw = 0, .dh = 1, .dw = 2, .groups = 2};
    return mf_conv_t2d(t->g, in(t, "x"), in(t, "w"), in(t, "b"), a);
}

static mf_ref
linear(const net *t)
{
    return mf_linear(t->g, in(t, "x"), in(t, "w"), in(t, "b"));
}

static mf_ref
maxpool_of(const net *t, mf_pool_attrs a)
{
    return mf_maxpool(t->g, in(t, "x"), a);
}

static mf_ref
maxpool(const net *t)
{
    return maxpool_of(t, (mf_pool_attrs){.kh = 3, .kw = 3, .sh = 2, .sw = 2, .ph = 1, .pw = 1});
}

static mf_ref
maxpool_ceil(const net *t)
{
    return maxpool_of(t, (mf_pool_attrs){.kh = 2, .kw = 2, .sh = 2, .sw = 2, .ceil = 1});
}

static mf_ref
maxpool_ceil_pad(const net *t)
{
    return maxpool_of(t, (mf_pool_attrs){.kh = 3, .kw = 3, .sh = 2, .sw = 2, .ph = 1, .pw = 1, .ceil = 1});
}

static mf_ref
maxpool_ties(const net *t)
{
    return maxpool_of(t, (mf_pool_attrs){.kh = 2, .kw = 2, .sh = 1, .sw = 1});
}

static mf_ref
avgpool_of(const net *t, bool square, bool ceil, bool count_pad)
{
    mf_pool_attrs a = {.kh = 3, .kw = 2, .sh = 2, .sw = 1, .ph = 1, .pw = 1, .ceil = ceil, .count_pad = count_pad};
    if (square)
        a.kw = 3, a.sw = 2;
    return mf_avgpool(t->g, in(t, "x"), a);
}

static mf_ref
avgpool(const net *t)
{
    return avgpool_of(t, false, false, false);
}

static mf_ref
avgpool_pad(const net *t)
{
    return avgpool_of(t, false, false, true);
}

static mf_ref
avgpool_ceil(const net *t)
{
    return avgpool_of(t, true, true, false);
}

static mf_ref
avgpool_ceil_pad(const net *t)
{
    return avgpool_of(t, true, true, true);
}

static mf_ref
adaptive(const net *t)
{
    return mf_adaptive_avgpool(t->g, in(t, "x"), 3, 7);
}

static mf_ref
ce_of(const net *t, float smoothing)
{
    const bool w = mf_vec_find(t->c, "fixed_weight") != NULL;
    return mf_cross_entropy(t->g, in(t, "z"), in(t, "fixed_target"), w ? in(t, "fixed_weight") : MF_NONE, smoothing);
}

static mf_ref
ce(const net *t)
{
    return ce_of(t, 0.0f);
}

static mf_ref
ce_smooth(const net *t)
{
    return ce_of(t, 0.1f);
}

static mf_ref
ce_quarter(const net *t)
{
    return ce_of(t, 0.25f);
}

static mf_ref
softmax(const net *t)
{
    return mf_softmax(t->g, in(t, "x"), 1);
}

static mf_ref
log_softmax(const net *t)
{
    return mf_log_softmax(t->g, in(t, "x"), 1);
}

static mf_ref
l2norm(const net *t)
{
    return mf_l2norm(t->g, in(t, "x"), 1);
}

static mf_ref
prelu(const net *t)
{
    return mf_prelu(t->g, in(t, "x"), in(t, "slope"));
}

static mf_ref
mse(const net *t)
{
    return mf_mse(t->g, in(t, "a"), in(t, "b"));
}

static mf_ref
sigmoid(const net *t)
{
    return mf_sigmoid(t->g, in(t, "x"));
}

static mf_ref
quotient(const net *t)
{
    return mf_binary(t->g, MF_B_DIV, in(t, "a"), in(t, "b"));
}

static mf_ref
relu6(const net *t)
{
    return mf_clip(t->g, in(t, "x"), 0.0, 6.0);
}

static mf_ref
lrn(const net *t)
{
    return mf_lrn(t->g, in(t, "x"), (mf_lrn_attrs){.size = 5, .kappa = 2.0f, .alpha = 0.1f, .beta = 0.75f});
}

static mf_ref
bmm(const net *t)
{
    return mf_bmm(t->g, in(t, "a"), in(t, "b"), false, false);
}

static const struct {
    const char *name;
    mf_ref (*build)(const net *t);
    double double_error; /* 0: 1e-12; a float attribute (smoothing 0.1) is not PyTorch's double */
} cases[] = {
    {"conv2d", conv2d, 0},
    {"conv2d_depthwise", conv2d_depthwise, 0},
    {"conv_t2d", conv_t2d, 0},
    {"linear", linear, 0},
    {"maxpool", maxpool, 0},
    {"maxpool_ceil", maxpool_ceil, 0},
    {"maxpool_ceil_pad", maxpool_ceil_pad, 0},
    {"maxpool_ties", maxpool_ties, 0},
    {"avgpool", avgpool, 0},
    {"avgpool_pad", avgpool_pad, 0},
    {"avgpool_ceil", avgpool_ceil, 0},
    {"avgpool_ceil_pad", avgpool_ceil_pad, 0},
    {"adaptive_avgpool", adaptive, 0},
    {"ce", ce, 0},
    {"ce_smooth", ce_smooth, 1e-8},
    {"ce_weight", ce, 0},
    {"ce_weight_smooth", ce_smooth, 1e-8},
    {"ce_soft", ce, 0},
    {"ce_soft_smooth", ce_quarter, 0},
    {"ce_large", ce, 0},
    {"softmax", softmax, 0},
    {"log_softmax", log_softmax, 0},
    {"l2norm", l2norm, 0},
    {"prelu", prelu, 0},
    {"mse", mse, 0},
    {"sigmoid", sigmoid, 0},
    {"div", quotient, 0},
    {"relu6", relu6, 0},
    {"lrn", lrn, 1e-8},
    {"bmm", bmm, 0},
};

/* The largest difference over max(1, the largest wanted value). */
static double
distance(const double *have, const mf_vec *want)
{
    double worst = 0, scale = 1;
    for (size_t i = 0; i < want->n; i++) {
        assert_true(isnan(have[i]) == isnan(want->v[i]));
        worst = fmax(worst, fabs(have[i] - want->v[i]));
        scale = fmax(scale, fabs(want->v[i]));
    }
    return worst / scale;
}

static void
check_case(size_t k, bool f64)
{
    const double      allowed = f64 ? fmax(cases[k].double_error, 1e-12) : 1e-6;
    const mf_backend *backend;
    mf_vec_case       c;
    mf_params        *ps;
    mf_graph         *g;
    mf_program       *prog;
    mf_ref            y, loss;
    double            have[4096], worst;
    mf_err            err = {0};

    mf_vec_load(&c, cases[k].name);
    assert_mf_ok(mf_backend_find(&backend, f64 ? "ref64" : "ref", &err), &err);
    assert_mf_ok(mf_params_new(&ps, f64 ? MF_DTYPE_F64 : MF_DTYPE_F32, &err), &err);
    assert_mf_ok(mf_graph_new(&g, ps, &err), &err);
    mf_graph_training(g, true);
    net t = {&c, g};
    y     = cases[k].build(&t);
    mf_graph_output(g, "y", y);
    mf_graph_frozen(g, true);
    mf_shape s = mf_graph_shape(g, y);
    mf_ref   dy = mf_graph_param(g, "dy", s, (mf_init){.kind = MF_INIT_ZERO}, MF_PARAM_WEIGHT);
    mf_graph_frozen(g, false);
    loss = mf_reduce(g, MF_R_SUM, mf_mul(g, y, dy), (1u << s.ndim) - 1u, false);
    mf_graph_output(g, "loss", loss);
    assert_mf_ok(mf_graph_backward(g, loss, NULL, 0, &err), &err);

    mf_compile_opts o = {.backend = backend, .prec = f64 ? MF_PREC_F64 : MF_PREC_F32, .batch = 1,
                         .outputs = (const char *[]){"y", NULL}, .grads = true};
    assert_mf_ok(mf_program_compile(&prog, g, &o, &err), &err);
    assert_mf_ok(mf_params_materialize(ps, 1, &err), &err);
    assert_mf_ok(mf_params_want_grads(ps, &err), &err);
    for (size_t i = 0; i < mf_params_count(ps); i++) {
        mf_param     *p = mf_params_at(ps, i);
        const mf_vec *v = mf_vec_get(&c, p->name);
        assert_int_equal(v->n, mf_shape_elems(&p->shape));
        mf_param_set(p, MF_DTYPE_F64, v->v);
    }
    assert_mf_ok(mf_program_run(prog, 1, 1, &err), &err);

    const mf_vec *want = mf_vec_get(&c, "y");
    assert_int_equal(mf_shape_elems(&s), want->n);
    assert_mf_ok(mf_program_read(prog, "y", MF_DTYPE_F64, have, want->n, &err), &err);
    worst = distance(have, want);
    if (worst > allowed)
        fail_msg("%s: y is off by %g", c.name, worst);
    for (size_t i = 0; i < mf_params_count(ps); i++) {
        mf_param *p = mf_params_at(ps, i);
        char      name[40];
        if (p->frozen)
            continue;
        snprintf(name, sizeof name, "d%s", p->name);
        want = mf_vec_get(&c, name);
        assert_true(want->n <= sizeof have / sizeof have[0]);
        mf_param_get_grad(p, MF_DTYPE_F64, have);
        worst = fmax(worst, distance(have, want));
        if (worst > allowed)
            fail_msg("%s: %s is off by %g", c.name, name, worst);
    }
    printf("%-18s %s worst error %.1e (allowed %.0e)\n", c.name, f64 ? "f64" : "f32", worst, allowed);
    mf_program_free(prog);
    mf_graph_free(g);
    mf_params_free(ps);
    mf_vec_free(&c);
}

static void
test_f64(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++)
        check_case(k, true);
}

static void
test_f32(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++)
        check_case(k, false);
}

/* Two batches through one layer: outputs, running statistics after each, gradients of the second, then the eval form. */
static void
check_bn(const char *name, bool f64)
{
    const double      allowed = f64 ? 2e-8 : 1e-6; /* eps and momentum are floats: 0.1f is not 0.1 */
    const mf_backend *backend;
    mf_vec_case       c;
    mf_params        *ps;
    mf_graph         *g, *ge;
    mf_program       *prog, *eval;
    mf_ref            x, y;
    double            have[256], worst = 0, count;
    mf_err            err = {0};
    static const char *const stats[] = {"running_mean", "running_var"};

    mf_vec_load(&c, name);
    assert_mf_ok(mf_backend_find(&backend, f64 ? "ref64" : "ref", &err), &err);
    assert_mf_ok(mf_params_new(&ps, f64 ? MF_DTYPE_F64 : MF_DTYPE_F32, &err), &err);
    assert_mf_ok(mf_graph_new(&g, ps, &err), &err);
    assert_mf_ok(mf_graph_new(&ge, ps, &err), &err);
    mf_shape s = mf_vec_get(&c, "x1")->shape;
    mf_graph_training(g, true);
    x = mf_graph_param(g, "x", s, (mf_init){.kind = MF_INIT_ZERO}, MF_PARAM_WEIGHT);
    y = mf_batchnorm(g, x, "bn");
    mf_graph_output(g, "y", y);
    mf_graph_frozen(g, true);
    mf_ref dy = mf_graph_param(g, "dy", s, (mf_init){.kind = MF_INIT_ZERO}, MF_PARAM_WEIGHT);
    mf_graph_frozen(g, false);
    mf_ref loss = mf_reduce(g, MF_R_SUM, mf_mul(g, y, dy), (1u << s.ndim) - 1u, false);
    assert_mf_ok(mf_graph_backward(g, loss, NULL, 0, &err), &err);
    x = mf_graph_param(ge, "x", s, (mf_init){.kind = MF_INIT_ZERO}, MF_PARAM_WEIGHT);
    mf_graph_output(ge, "y", mf_batchnorm(ge, x, "bn"));

    mf_compile_opts o = {.backend = backend, .prec = f64 ? MF_PREC_F64 : MF_PREC_F32, .batch = 1,
                         .outputs = (const char *[]){"y", NULL}, .grads = true};
    assert_mf_ok(mf_program_compile(&prog, g, &o, &err), &err);
    o.grads = false;
    assert_mf_ok(mf_program_compile(&eval, ge, &o, &err), &err);
    assert_mf_ok(mf_params_materialize(ps, 1, &err), &err);
    assert_mf_ok(mf_params_want_grads(ps, &err), &err);
    mf_param_set(mf_params_find(ps, "bn.weight"), MF_DTYPE_F64, mf_vec_get(&c, "weight")->v);
    mf_param_set(mf_params_find(ps, "bn.bias"), MF_DTYPE_F64, mf_vec_get(&c, "bias")->v);
    mf_param_set(mf_params_find(ps, "dy"), MF_DTYPE_F64, mf_vec_get(&c, "dy")->v);
    for (int i = 1; i <= 2; i++) {
        char xi[16], yi[16];
        snprintf(xi, sizeof xi, "x%d", i);
        snprintf(yi, sizeof yi, "y%d", i);
        mf_param_set(mf_params_find(ps, "x"), MF_DTYPE_F64, mf_vec_get(&c, xi)->v);
        assert_mf_ok(mf_program_run(prog, 1, 1, &err), &err);
        assert_mf_ok(mf_program_read(prog, "y", MF_DTYPE_F64, have, mf_vec_get(&c, yi)->n, &err), &err);
        worst = fmax(worst, distance(have, mf_vec_get(&c, yi)));
        for (int k = 0; k < 2; k++) {
            char full[40], want[40];
            snprintf(full, sizeof full, "bn.%s", stats[k]);
            snprintf(want, sizeof want, "%s%d", stats[k], i);
            mf_param_get(mf_params_find(ps, full), MF_DTYPE_F64, have);
            worst = fmax(worst, distance(have, mf_vec_get(&c, want)));
        }
        mf_param_get(mf_params_find(ps, "bn.num_batches_tracked"), MF_DTYPE_F64, &count);
        assert_true(count == (double)i);
    }
    mf_param_get_grad(mf_params_find(ps, "x"), MF_DTYPE_F64, have);
    worst = fmax(worst, distance(have, mf_vec_get(&c, "dx2")));
    mf_param_get_grad(mf_params_find(ps, "bn.weight"), MF_DTYPE_F64, have);
    worst = fmax(worst, distance(have, mf_vec_get(&c, "dweight")));
    mf_param_get_grad(mf_params_find(ps, "bn.bias"), MF_DTYPE_F64, have);
    worst = fmax(worst, distance(have, mf_vec_get(&c, "dbias")));
    assert_mf_ok(mf_program_run(eval, 1, 1, &err), &err);
    assert_mf_ok(mf_program_read(eval, "y", MF_DTYPE_F64, have, mf_vec_get(&c, "eval")->n, &err), &err);
    worst = fmax(worst, distance(have, mf_vec_get(&c, "eval")));
    printf("%-18s %s worst error %.1e (allowed %.0e)\n", c.name, f64 ? "f64" : "f32", worst, allowed);
    assert_true(worst <= allowed);
    mf_program_free(prog);
    mf_program_free(eval);
    mf_graph_free(g);
    mf_graph_free(ge);
    mf_params_free(ps);
    mf_vec_free(&c);
}

static void
test_bn(void **state)
{
    (void)state;
    check_bn("bn_maps", true);
    check_bn("bn_maps", false);
    check_bn("bn_rows", true);
    check_bn("bn_rows", false);
}

/* Two batches: loss, gradient, and where the centres stand after each. */
static void
check_centres(const char *name, float rate, bool f64)
{
    const double      allowed = f64 ? 1e-12 : 1e-6;
    const mf_backend *backend;
    mf_vec_case       c;
    mf_params        *ps;
    mf_graph         *g;
    mf_program       *prog;
    double            have[256], worst = 0;
    mf_err            err = {0};

    mf_vec_load(&c, name);
    assert_mf_ok(mf_backend_find(&backend, f64 ? "ref64" : "ref", &err), &err);
    assert_mf_ok(mf_params_new(&ps, f64 ? MF_DTYPE_F64 : MF_DTYPE_F32, &err), &err);
    assert_mf_ok(mf_graph_new(&g, ps, &err), &err);
    mf_ref x = mf_graph_param(g, "x", mf_vec_get(&c, "x1")->shape, (mf_init){.kind = MF_INIT_ZERO}, MF_PARAM_WEIGHT);
    mf_ref t = mf_graph_param(g, "target", mf_vec_get(&c, "target1")->shape, (mf_init){.kind = MF_INIT_ZERO}, MF_PARAM_BUFFER);
    mf_ref m = mf_graph_param(g, "centres", mf_vec_get(&c, "centres0")->shape, (mf_init){.kind = MF_INIT_ZERO}, MF_PARAM_BUFFER);
    mf_ref loss = mf_centre_loss(g, x, t, m, rate);
    mf_graph_output(g, "loss", loss);
    assert_mf_ok(mf_graph_backward(g, loss, NULL, 0, &err), &err);
    mf_compile_opts o = {.backend = backend, .prec = f64 ? MF_PREC_F64 : MF_PREC_F32, .batch = 1,
                         .outputs = (const char *[]){"loss", NULL}, .grads = true};
    assert_mf_ok(mf_program_compile(&prog, g, &o, &err), &err);
    assert_mf_ok(mf_params_materialize(ps, 1, &err), &err);
    assert_mf_ok(mf_params_want_grads(ps, &err), &err);
    mf_param_set(mf_params_find(ps, "centres"), MF_DTYPE_F64, mf_vec_get(&c, "centres0")->v);
    for (int i = 1; i <= 2; i++) {
        char key[16];
        snprintf(key, sizeof key, "x%d", i);
        mf_param_set(mf_params_find(ps, "x"), MF_DTYPE_F64, mf_vec_get(&c, key)->v);
        snprintf(key, sizeof key, "target%d", i);
        mf_param_set(mf_params_find(ps, "target"), MF_DTYPE_F64, mf_vec_get(&c, key)->v);
        assert_mf_ok(mf_program_run(prog, 1, 1, &err), &err);
        assert_mf_ok(mf_program_read(prog, "loss", MF_DTYPE_F64, have, 1, &err), &err);
        snprintf(key, sizeof key, "loss%d", i);
        worst = fmax(worst, distance(have, mf_vec_get(&c, key)));
        mf_param_get_grad(mf_params_find(ps, "x"), MF_DTYPE_F64, have);
        snprintf(key, sizeof key, "dx%d", i);
        worst = fmax(worst, distance(have, mf_vec_get(&c, key)));
        mf_param_get(mf_params_find(ps, "centres"), MF_DTYPE_F64, have);
        snprintf(key, sizeof key, "centres%d", i);
        worst = fmax(worst, distance(have, mf_vec_get(&c, key)));
    }
    printf("%-18s %s worst error %.1e (allowed %.0e)\n", c.name, f64 ? "f64" : "f32", worst, allowed);
    assert_true(worst <= allowed);
    mf_program_free(prog);
    mf_graph_free(g);
    mf_params_free(ps);
    mf_vec_free(&c);
}

static void
test_centres(void **state)
{
    (void)state;
    for (int f64 = 0; f64 < 2; f64++) {
        check_centres("centres", 0.5f, f64 == 1);
        check_centres("centres_soft", 0.25f, f64 == 1);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_f64), cmocka_unit_test(test_f32), cmocka_unit_test(test_bn), cmocka_unit_test(test_centres)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
