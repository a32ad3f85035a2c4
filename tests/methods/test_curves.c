/* 20 Adam steps of every method and form on a net of two convolutions, held against PyTorch in double precision
 * (tests/train/vectors/curves.txt, made by make.py there). */
#include "support.h"

#include <math.h>
#include <string.h>

#include "core/file.h"
#include "core/mem.h"
#include "methods/method.h"
#include "nn/ops.h"
#include "nn/program.h"
#include "train/optim.h"

enum { BATCH = 6, CLASSES = 5, SIDE = 10, STEPS = 20, PIXELS = BATCH * 3 * SIDE * SIDE };

/* ---- the net of make.py ---- */

static mf_ref
trunk(mf_graph *g, mf_ref x, const void *cfg)
{
    mf_ref a = mf_relu(g, mf_batchnorm(g, mf_layer_conv(g, x, "conv1", 8, 3, 2, 1, 1, 1), "bn1"));
    mf_ref b = mf_batchnorm(g, mf_layer_conv(g, a, "conv2", 8, 3, 1, 1, 1, 1), "bn2");

    (void)cfg;
    return mf_relu(g, mf_add(g, b, a));
}

static mf_ref
pool(mf_graph *g, mf_ref map, const void *cfg)
{
    (void)cfg;
    return mf_gap(g, map);
}

static mf_ref
classify(mf_graph *g, mf_ref features, int classes, const void *cfg)
{
    (void)cfg;
    return mf_layer_linear(g, features, "fc", classes);
}

static const mf_opt       no_opts[] = {MF_OPT_END};
static const mf_model_def tiny      = {
         .name = "tiny", .summary = "for this test", .source = "", .cfg_size = 1, .opts = no_opts, .min_size = 1, .head = "fc.*",
         .trunk = trunk, .pool = pool, .classify = classify,
};

static void
fill(float *v, size_t n, double scale, double phase)
{
    for (size_t i = 0; i < n; i++) {
        v[i] = (float)(scale * sin(0.7 * (double)i + phase) * cos(0.013 * (double)(i * i)));
    }
}

/* Start values by name: the k-th parameter of PyTorch's list. */
static void
start(mf_params *ps, const char *prefix, double phase)
{
    static const char *const names[] = {"conv1.weight", "bn1.weight", "bn1.bias", "conv2.weight",
                                        "bn2.weight",   "bn2.bias",   "fc.weight", "fc.bias"};

    for (int k = 0; k < 8; k++) {
        char      full[64];
        mf_param *p;
        float     v[1024];

        snprintf(full, sizeof full, "%s%s", prefix, names[k]);
        if ((p = mf_params_find(ps, full)) == NULL) {
            assert_true(prefix[0] != '\0' && k >= 6); /* a teacher's classifier that is not asked for */
            continue;
        }
        if (strchr(names[k], 'b') == names[k]) {
            for (int i = 0; i < 8; i++) {
                v[i] = strstr(names[k], "weight") != NULL ? 1.0f : 0.0f;
            }
        } else {
            fill(v, (size_t)mf_shape_elems(&p->shape), 0.4, phase + k);
        }
        mf_param_set(p, MF_DTYPE_F32, v);
    }
}

static double
worst_of(const float *got, int n, char **at)
{
    double worst = 0, size = 0;

    for (int i = 0; i < n; i++) {
        double want = strtod(*at, at), e = fabs((double)got[i] - want);

        worst = e > worst ? e : worst;
        size  = fabs(want) > size ? fabs(want) : size;
    }
    (*at)++;
    return worst / size;
}

static void
run_case(const char *backend_name, const char *method_name, char *options, char *at)
{
    mf_model          model = {.def = &tiny, .classes = CLASSES, .in_channels = 3, .height = SIDE, .width = SIDE}, teacher;
    mf_method         m;
    mf_params        *ps;
    mf_graph         *g;
    mf_method_in      in  = {.class_weight = MF_NONE};
    mf_method_out     out = {.loss = MF_NONE};
    const mf_backend *b;
    const char       *wanted[] = {"loss", NULL};
    mf_compile_opts   co       = {.prec = MF_PREC_F32, .batch = BATCH, .outputs = wanted, .grads = true};
    mf_program       *p;
    mf_optim_opts     oo = {.accumulate = 1};
    uint8_t           cfg[MF_OPTIM_CFG_MAX];
    mf_optim         *opt;
    const double      lr[2]  = {0.003, 0.01};
    const int         y[]    = {0, 1, 2, 3, 4, 0};
    float             losses[STEPS], target[BATCH * CLASSES] = {0}, v[64];
    float            *x = mf_calloc(PIXELS, sizeof *x);
    double            e[4];
    char              all[128];
    mf_err            err = {0};

    assert_mf_ok(mf_method_make(&m, method_name, &err), &err);
    snprintf(all, sizeof all, "%s", options);
    for (char *word = strtok(options, " "); word != NULL; word = strtok(NULL, " ")) {
        char *value = strchr(word, '=');

        *value++ = '\0';
        assert_mf_ok(mf_opt_set(m.def->opts, m.cfg, word, value, &err), &err);
    }
    model.norm = m.def->norm(m.cfg);
    teacher    = model;
    assert_mf_ok(mf_params_new(&ps, MF_DTYPE_F32, &err), &err);
    assert_mf_ok(mf_graph_new(&g, ps, &err), &err);
    mf_graph_training(g, true);
    in.model   = &model;
    in.teacher = &teacher;
    in.x[0]    = mf_model_input(g, &model, "x0");
    if (m.def->pictures == 2) {
        in.x[1] = mf_model_input(g, &model, "x1");
    }
    in.target = mf_graph_input(g, "target", MF_KIND_F32, mf_shape_of(2, (int64_t)1, (int64_t)CLASSES));
    assert_mf_ok(m.def->build(&out, g, &in, m.cfg, &err), &err);
    mf_graph_output(g, "loss", out.loss);
    for (size_t i = 0; i < mf_params_count(ps); i++) {
        mf_params_at(ps, i)->group = mf_str_glob("fc.*", mf_params_at(ps, i)->name);
    }
    assert_mf_ok(mf_graph_backward(g, out.loss, NULL, 0, &err), &err);
    assert_mf_ok(mf_backend_find(&b, backend_name, &err), &err);
    co.backend = b;
    assert_mf_ok(mf_program_compile(&p, g, &co, &err), &err);
    assert_mf_ok(mf_params_materialize(ps, 1, &err), &err);
    assert_mf_ok(mf_params_want_grads(ps, &err), &err);
    start(ps, "", 0.1);
    if (m.def->needs_teacher) {
        start(ps, "teacher.", 2.3);
        assert_true(mf_params_find(ps, "teacher.conv1.weight")->grad == NULL);
    }
    assert_mf_ok(mf_optim_find(&oo.def, "adam", &err), &err);
    mf_opt_defaults(oo.def->opts, cfg);
    oo.cfg = cfg;
    assert_mf_ok(mf_optim_new(&opt, ps, &oo, &err), &err);
    for (int i = 0; i < BATCH; i++) {
        target[i * CLASSES + y[i]] = 1.0f;
    }
    assert_mf_ok(mf_program_feed(p, "target", MF_DTYPE_F32, target, &err), &err);
    for (int t = 0; t < STEPS; t++) {
        fill(x, PIXELS, 1.0, 0.2 + 0.05 * t);
        if (mf_program_input_ptr(p, "x0") != NULL) { /* else nothing looks at it */
            assert_mf_ok(mf_program_feed(p, "x0", MF_DTYPE_F32, x, &err), &err);
        }
        if (m.def->pictures == 2) {
            fill(x, PIXELS, 1.0, 0.9 + 0.05 * t);
            assert_mf_ok(mf_program_feed(p, "x1", MF_DTYPE_F32, x, &err), &err);
        }
        assert_mf_ok(mf_program_run(p, 1, (uint64_t)t, &err), &err);
        assert_mf_ok(mf_program_read(p, "loss", MF_DTYPE_F32, &losses[t], 1, &err), &err);
        mf_optim_batch(opt, lr, false, NULL);
    }
    e[0] = worst_of(losses, STEPS, &at);
    mf_param_get(mf_params_find(ps, "bn1.running_mean"), MF_DTYPE_F32, v);
    e[1] = worst_of(v, 8, &at);
    mf_param_get(mf_params_find(ps, "bn2.running_var"), MF_DTYPE_F32, v);
    e[2] = worst_of(v, 8, &at);
    mf_param_get(mf_params_find(ps, "fc.weight"), MF_DTYPE_F32, v);
    e[3] = worst_of(v, 8 * CLASSES, &at);
    printf("%-6s %-12s %-40s losses %.1e, running mean %.1e, running variance %.1e, classifier %.1e\n", backend_name,
           method_name, all, e[0], e[1], e[2], e[3]);
    assert_true(e[0] < 1e-5);
    assert_true(e[1] < 1e-5 && e[2] < 1e-5 && e[3] < 1e-5);
    mf_free(x);
    mf_optim_free(opt);
    mf_program_free(p);
    mf_graph_free(g);
    mf_params_free(ps);
}

static void
run_all(const char *backend)
{
    mf_blob file = {0};
    mf_err  err  = {0};
    char    path[1024], *at;
    bool    seen[32] = {false};
    int     cases = 0;

    snprintf(path, sizeof path, "%s/tests/train/vectors/curves.txt", mf_test_source());
    assert_mf_ok(mf_file_read(&file, path, 1 << 20, &err), &err);
    for (at = (char *)file.data; (at = strstr(at, "case ")) != NULL; cases++) {
        char *method = at + 5, *options = method + strcspn(method, " \n");

        at = strchr(method, '\n');
        *at++ = '\0';
        if (*options == ' ') {
            *options++ = '\0';
        }
        for (size_t i = 0; i < mf_method_count(); i++) {
            seen[i] = seen[i] || strcmp(mf_method_at(i)->name, method) == 0;
        }
        run_case(backend, method, options, at);
    }
    assert_true(cases >= 17);
    for (size_t i = 0; i < mf_method_count(); i++) {
        if (!seen[i] && mf_method_at(i)->build != NULL) {
            fail_msg("%s has no case in curves.txt", mf_method_at(i)->name);
        }
    }
    mf_blob_free(&file);
}

static void
test_ref(void **state)
{
    (void)state;
    run_all("ref");
}

static void
test_onednn(void **state)
{
    const mf_backend *b;

    (void)state;
    if (mf_backend_find(&b, "onednn", NULL) < 0) {
        mf_test_skip("this build has no oneDNN");
    }
    run_all("onednn");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ref), cmocka_unit_test(test_onednn)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
