/* tests/models/test_models.c: every architecture of the registry: its counts against its specification, a few steps of
 * training with a falling loss, weights saved and loaded to the same bits, no step on the reference backend, every refusal.
 *
 * Counting allocates no weights, so it is done at full size; networks with a hundred million weights are trained narrow. */
#include "rig.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "core/mem.h"
#include "core/rng.h"
#include "models/model.h"
#include "nn/ops.h"
#include "nn/program.h"
#include "train/optim.h"
#include "weights/weights.h"

enum { BATCH = 8, CLASSES = 3, STEPS = 6 };

/* Each architecture must be here: parameters and multiply-accumulates at 3 x 224 x 224 (0: no published figure), and the
 * options under which it is trained below. */
static const struct {
    const char *name;
    int         classes;
    int64_t     params, macs;
    const char *options;
    double      rate; /* 0: 1e-3 */
} want[] = {
    /* resmasking-cbam.md 3.4; the smaller ones by its formulas from ResNet-18 and -34, and as the collection asserts */
    {"cbam_resnet18", 1000, 11779392, 0, "width=16", 0},
    {"cbam_resnet34", 1000, 21960468, 0, "width=16", 0},
    {"cbam_resnet50", 1000, 28089624, 4095573110, "width=16", 0},
    {"cbam_resnet50", 3, 26046771, 4093531254, "width=16", 0},
    {"cbam_resnet50", 7, 26054967, 4093539446, "width=16", 0},
    {"cbam_resnet50", 8, 26057016, 4093541494, "width=16", 0},
    /* oadn-gacnn.md C.2, C.3 */
    {"gacnn", 7, 149891936, 14711865920, "width=4", 0},
    {"gacnn", 8, 149892961, 14711866944, "width=4", 0},
    {"gacnn_caffe", 7, 209274495, 19087704640, "width=4", 0},
    /* vgg-mobilenet.md 3 and 4 */
    {"mobilenet_v1", 1000, 4231976, 0, "", 0},
    {"mobilenet_v1", 3, 3210051, 567719424, "", 0},
    {"mobilenet_v1", 7, 3214151, 567723520, "", 0},
    {"mobilenet_v1", 8, 3215176, 567724544, "", 0},
    {"mobilenet_v2", 1000, 3504872, 300774272, "", 0},
    {"mobilenet_v2", 3, 2227715, 299498112, "", 0},
    {"mobilenet_v2", 7, 2232839, 299503232, "", 0},
    {"mobilenet_v2", 8, 2234120, 299504512, "", 0},
    /* oadn-gacnn.md B.3 */
    {"oadn", 7, 24560718, 6209200896, "width=8", 0},
    {"oadn", 8, 24561232, 6209202176, "width=8", 0},
    /* resmasking-cbam.md 2.5 */
    {"resmasking", 3, 137794371, 21903230464, "width=8", 0},
    {"resmasking_dropout1", 3, 137794371, 21903230464, "width=8", 0},
    {"resmasking_dropout1", 7, 137796423, 21903232512, "width=8", 0},
    {"resmasking_dropout1", 8, 137796936, 21903233024, "width=8", 0},
    /* scan.md; trained by its own test */
    {"scan", 7, 70196307, 6978341888, "shared=true", 0},
    /* ran.md */
    {"ran18", 7, 11185225, 10881384448, "width=16", 0},
    {"ran50", 7, 23542857, 24522883072, "width=16", 0},
    /* msde.md 2.1, resmasking-cbam.md 2.5 and 3.4 */
    {"resnet18", 7, 11180103, 1813564928, "width=16", 0},
    {"resnet34", 1000, 21797672, 3663761408, "width=16", 0},
    {"resnet34", 3, 21286211, 3663250944, "width=16", 0},
    {"resnet50", 1000, 25557032, 4089184256, "width=16", 0},
    {"resnet50", 3, 23514179, 4087142400, "width=16", 0},
    {"resnet50", 8, 23524424, 4087152640, "width=16", 0},
    /* scan.md 5 */
    {"scan", 7, 70196307, 6978341888, "width=16", 0},
    {"scan", 8, 70197589, 6978343936, "width=16", 0},
    /* vgg-mobilenet.md 2 and 6; torchvision's counts of the others */
    {"vgg11", 1000, 132863336, 0, "width=16,hidden=64", 0},
    {"vgg11_bn", 1000, 132868840, 0, "width=16,hidden=64", 0},
    {"vgg13", 1000, 133047848, 0, "width=16,hidden=64", 0},
    {"vgg13_bn", 1000, 133053736, 0, "width=16,hidden=64", 0},
    {"vgg16", 1000, 138357544, 15470264320, "width=16,hidden=64", 0},
    {"vgg16_bn", 1000, 138365992, 15470264320, "width=16,hidden=64", 0},
    {"vgg19", 1000, 143667240, 19632062464, "width=16,hidden=64", 0},
    {"vgg19", 3, 139582531, 19627978752, "width=16,hidden=64", 0},
    {"vgg19", 7, 139598919, 19627995136, "width=16,hidden=64", 0},
    {"vgg19", 8, 139603016, 19627999232, "width=16,hidden=64", 0},
    {"vgg19_bn", 1000, 143678248, 19632062464, "width=16,hidden=64", 0},
    {"vgg19_bn", 3, 139593539, 19627978752, "width=16,hidden=64", 0},
    {"vgg19_bn", 7, 139609927, 19627995136, "width=16,hidden=64", 0},
    {"vgg19_bn", 8, 139614024, 19627999232, "width=16,hidden=64", 0},
    {"vgg_f", 1000, 60834536, 724005632, "hidden=64", 0},
    {"vgg_f", 3, 56749827, 719921920, "hidden=64", 0},
    {"vgg_f", 7, 56766215, 719938304, "hidden=64", 0},
    {"vgg_f", 8, 56770312, 719942400, "hidden=64", 0},
    {"vgg_face", 2622, 145002878, 15476908032, "width=16,hidden=64", 0},
    {"vgg_face", 3, 134272835, 15466180608, "width=16,hidden=64", 0},
    {"vgg_face", 7, 134289223, 15466196992, "width=16,hidden=64", 0},
    {"vgg_face", 8, 134293320, 15466201088, "width=16,hidden=64", 0},
};
enum { N_WANT = sizeof want / sizeof want[0] };

static void
set_options(mf_model *m, const char *text)
{
    char   copy[128], *next;
    mf_err err = {0};

    snprintf(copy, sizeof copy, "%s", text);
    for (char *opt = copy; *opt; opt = next) {
        char *eq = strchr(opt, '=');

        next = opt + strcspn(opt, ",");
        if (*next) *next++ = '\0';
        assert_non_null(eq);
        *eq = '\0';
        assert_mf_ok(mf_opt_set(m->def->opts, m->cfg, opt, eq + 1, &err), &err);
    }
}

static void
test_counts(void **state)
{
    (void)state;
    for (size_t k = 0; k < mf_model_count(); k++) {
        bool found = false;

        for (size_t i = 0; i < N_WANT; i++) found = found || strcmp(want[i].name, mf_model_at(k)->name) == 0;
        if (!found) fail_msg("%s: no counts are known for it", mf_model_at(k)->name);
    }
    for (size_t i = 0; i < N_WANT; i++) {
        mf_model      m;
        mf_model_info info;
        mf_err        err = {0};

        assert_mf_ok(mf_model_make(&m, want[i].name, want[i].classes, 3, 224, 224, &err), &err);
        assert_mf_ok(mf_model_inspect(&info, &m, &err), &err);
        if (info.parameters != want[i].params || (want[i].macs && info.macs != want[i].macs))
            fail_msg("%s, %d classes: %lld parameters and %lld multiply-accumulates, expected %lld and %lld", want[i].name, want[i].classes,
                     (long long)info.parameters, (long long)info.macs, (long long)want[i].params, (long long)want[i].macs);
        mf_model_info_free(&info);
    }
    printf("  %d counts of %zu architectures hold\n", N_WANT, mf_model_count());
}

/* The conv stack with a mean and one layer: vgg-mobilenet.md 2. */
static void
test_pooled_head(void **state)
{
    mf_model      m;
    mf_model_info info;
    mf_err        err = {0};

    (void)state;
    assert_mf_ok(mf_model_make(&m, "vgg19", 3, 3, 224, 224, &err), &err);
    set_options(&m, "head=pooled");
    assert_mf_ok(mf_model_inspect(&info, &m, &err), &err);
    assert_int_equal(info.parameters, 20025923);
    assert_int_equal(info.macs, 19508430336);
    mf_model_info_free(&info);
}

/* Tensors and buffers of the reference state_dicts. */
static void
test_tensors(void **state)
{
    static const struct {
        const char *name;
        size_t      trained, buffers;
    } rows[] = {{"vgg19", 38, 0},     {"vgg19_bn", 70, 48}, {"mobilenet_v1", 83, 81},        {"mobilenet_v2", 158, 156},
                {"vgg_f", 16, 0},     {"vgg_face", 32, 0},  {"resmasking_dropout1", 314, 306}, {"cbam_resnet50", 273, 207},
                {"resnet50", 161, 159}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        mf_model   m;
        mf_params *ps;
        mf_graph  *g;
        size_t     trained = 0;
        mf_err     err     = {0};

        assert_mf_ok(mf_model_make(&m, rows[i].name, 7, 3, 224, 224, &err), &err);
        assert_mf_ok(mf_params_new(&ps, MF_DTYPE_F32, &err), &err);
        assert_mf_ok(mf_model_eval_graph(&g, &m, ps, &err), &err);
        for (size_t k = 0; k < mf_params_count(ps); k++) trained += mf_params_at(ps, k)->kind < MF_PARAM_BUFFER;
        assert_int_equal(trained, rows[i].trained);
        assert_int_equal(mf_params_count(ps) - trained, rows[i].buffers);
        mf_graph_free(g);
        mf_params_free(ps);
    }
}

static const mf_backend *
backend(void)
{
    const mf_backend *b;
    mf_err            err = {0};

    assert_mf_ok(mf_backend_find(&b, "auto", &err), &err);
    return b;
}

/* Pictures whose class shows: class c has its own third of the rows lit. */
static void
draw(float *x, float *t, int channels, int side)
{
    mf_rng r = mf_rng_make(11, 0, 0, MF_RNG_TEST);

    memset(t, 0, sizeof(float) * BATCH * CLASSES);
    for (int n = 0; n < BATCH; n++) {
        const int c = n % CLASSES;

        t[n * CLASSES + c] = 1.0f;
        for (int k = 0; k < channels; k++)
            for (int p = 0; p < side * side; p++)
                x[(n * channels + k) * side * side + p] = (float)mf_rng_normal(&r) * 0.3f + (p / side * CLASSES / side == c ? 1.5f : -0.5f);
    }
}

/* Evaluation logits of the weights in `ps`, which take their start from seed 5 where they have no memory yet; then, where
 * `ts` is given, of the weights loaded from it. */
static void
logits_of(const mf_model *m, mf_params *ps, const float *x, float *out, const mf_tensors *ts, float *loaded)
{
    static const char *const outs[] = {"logits", NULL};
    mf_compile_opts  o = {.prec = MF_PREC_F32, .batch = BATCH, .outputs = outs, .backend = backend()};
    mf_graph        *g;
    mf_program      *p;
    mf_err           err = {0};

    assert_mf_ok(mf_model_eval_graph(&g, m, ps, &err), &err);
    assert_mf_ok(mf_program_compile(&p, g, &o, &err), &err);
    assert_mf_ok(mf_params_materialize(ps, 5, &err), &err);
    assert_mf_ok(mf_program_feed(p, "x", MF_DTYPE_F32, x, &err), &err);
    rig_feed_points(p, m->width);
    assert_mf_ok(mf_program_run(p, 1, 0, &err), &err);
    assert_mf_ok(mf_program_read(p, "logits", MF_DTYPE_F32, out, BATCH * CLASSES, &err), &err);
    if (ts) {
        assert_mf_ok(mf_params_load(ps, ts, NULL, NULL, &err), &err);
        assert_mf_ok(mf_program_run(p, 1, 0, &err), &err);
        assert_mf_ok(mf_program_read(p, "logits", MF_DTYPE_F32, loaded, BATCH * CLASSES, &err), &err);
    }
#if MF_HAVE_ONEDNN
    assert_int_equal(mf_program_get_stats(p).ref_fallbacks, 0);
#endif
    mf_program_free(p);
    mf_graph_free(g);
}

static void
check_saved(const mf_model *m, mf_params *ps, const float *x)
{
    mf_tensors  ts = {0}, back = {0};
    mf_recipe   r  = mf_model_recipe(m->def, m->cfg, m->height, m->width, m->in_channels), r2;
    mf_model    m2;
    mf_params  *ps2;
    float       a[BATCH * CLASSES], fresh[BATCH * CLASSES], b[BATCH * CLASSES];
    const char *path = mf_test_path("w.safetensors");
    mf_err      err  = {0};

    logits_of(m, ps, x, a, NULL, NULL);
    assert_mf_ok(mf_params_export(ps, &ts, &err), &err);
    assert_mf_ok(mf_model_to_meta(&ts, m, &r, NULL, &err), &err);
    assert_mf_ok(mf_weights_save(path, &ts, &err), &err);
    assert_mf_ok(mf_weights_load(&back, path, &err), &err);
    assert_true(mf_tensors_equal(&ts, &back, &err));
    assert_mf_ok(mf_model_from_meta(&m2, &r2, &back, &err), &err);
    assert_ptr_equal(m2.def, m->def);
    assert_memory_equal(m2.cfg, m->cfg, m->def->cfg_size);
    assert_memory_equal(&r2, &r, sizeof r);
    assert_mf_ok(mf_params_new(&ps2, MF_DTYPE_F32, &err), &err);
    logits_of(&m2, ps2, x, fresh, &back, b);
    assert_true(memcmp(a, fresh, sizeof a) != 0);
    assert_memory_equal(a, b, sizeof a);
    mf_params_free(ps2);
    mf_tensors_free(&ts);
    mf_tensors_free(&back);
}

/* STEPS of Adam on one batch; the first and the last loss. */
static void
train(const mf_model *m, double rate, mf_prec prec, bool save, double loss[2])
{
    static const char *const outs[] = {"loss", NULL};
    const size_t     n = (size_t)BATCH * (size_t)m->in_channels * (size_t)m->height * (size_t)m->width;
    mf_compile_opts  o = {.prec = prec, .batch = BATCH, .outputs = outs, .grads = true, .backend = backend()};
    mf_optim_opts    oo = {.accumulate = 1};
    union {
        uint8_t bytes[MF_OPTIM_CFG_MAX];
        double  align;
    } cfg;
    const double rates[MF_OPTIM_GROUPS] = {rate, rate};
    float       *x = mf_calloc(n, sizeof *x), t[BATCH * CLASSES];
    mf_params   *ps;
    mf_graph    *g;
    mf_program  *p;
    mf_optim    *optim;
    mf_model_out out;
    mf_err       err = {0};

    assert_non_null(x);
    draw(x, t, m->in_channels, m->height);
    assert_mf_ok(mf_params_new(&ps, MF_DTYPE_F32, &err), &err);
    assert_mf_ok(mf_graph_new(&g, ps, &err), &err);
    mf_graph_training(g, true);
    assert_mf_ok(mf_model_build(&out, m, g, mf_model_input(g, m, "x"), &err), &err);
    mf_graph_output(g, "loss", mf_cross_entropy(g, out.logits, mf_graph_input(g, "target", MF_KIND_F32, mf_shape_of(2, (int64_t)1, (int64_t)CLASSES)), MF_NONE, 0));
    assert_mf_ok(mf_graph_backward(g, mf_graph_find(g, "loss"), NULL, 0, &err), &err);
    assert_mf_ok(mf_program_compile(&p, g, &o, &err), &err);
    assert_mf_ok(mf_params_materialize(ps, 3, &err), &err);
    assert_mf_ok(mf_params_want_grads(ps, &err), &err);
    assert_mf_ok(mf_optim_find(&oo.def, "adam", &err), &err);
    mf_opt_defaults(oo.def->opts, cfg.bytes);
    oo.cfg = cfg.bytes;
    assert_mf_ok(mf_optim_new(&optim, ps, &oo, &err), &err);
    assert_mf_ok(mf_program_feed(p, "x", MF_DTYPE_F32, x, &err), &err);
    assert_mf_ok(mf_program_feed(p, "target", MF_DTYPE_F32, t, &err), &err);
    rig_feed_points(p, m->width);
    for (int k = 0; k <= STEPS; k++) {
        double now;

        assert_mf_ok(mf_program_run(p, 1, (uint64_t)k, &err), &err);
        assert_mf_ok(mf_program_read(p, "loss", MF_DTYPE_F64, &now, 1, &err), &err);
        assert_true(isfinite(now));
        loss[k > 0] = now;
        if (k < STEPS) mf_optim_batch(optim, rates, false, NULL);
    }
#if MF_HAVE_ONEDNN
    if (prec == MF_PREC_F32) assert_int_equal(mf_program_get_stats(p).ref_fallbacks, 0);
#endif
    if (save) check_saved(m, ps, x);
    mf_optim_free(optim);
    mf_program_free(p);
    mf_graph_free(g);
    mf_params_free(ps);
    mf_free(x);
}

/* In colour at the smallest size; dropout is off, so that a few steps on one batch can only go down. */
static void
test_training(void **state)
{
    (void)state;
    for (size_t k = 0; k < mf_model_count(); k++) {
        const mf_model_def *def = mf_model_at(k);
        size_t              i;
        mf_model            m;
        double              loss[2];
        const clock_t       begun = clock();
        mf_err              err = {0};

        if (def->classify == NULL) continue; /* several heads, which a method weighs: its own test trains it */
        for (i = 0; strcmp(want[i].name, def->name) != 0; i++) {
        }
        assert_mf_ok(mf_model_make(&m, def->name, CLASSES, 3, def->min_size, def->min_size, &err), &err);
        set_options(&m, want[i].options);
        if (mf_opt_find(def->opts, "dropout")) assert_mf_ok(mf_opt_set(def->opts, m.cfg, "dropout", "0", &err), &err);
        train(&m, want[i].rate > 0 ? want[i].rate : 1e-3, MF_PREC_F32, true, loss);
        printf("  %-20s %d x %d, f32: loss %.4f, after %d steps %.4f; %.1f s of CPU\n", def->name, m.width, m.height, loss[0], STEPS, loss[1],
               (double)(clock() - begun) / CLOCKS_PER_SEC);
        fflush(stdout);
        assert_true(loss[1] < 0.98 * loss[0]);
    }
}

static void
test_refusals(void **state)
{
    mf_model m;
    mf_err   err = {0};

    (void)state;
    assert_mf_fails(mf_model_make(&m, "resmasking", 7, 3, 48, 48, &err), MF_E_ARG, &err, "multiples of 32");
    assert_mf_fails(mf_model_make(&m, "vgg_f", 7, 3, 62, 62, &err), MF_E_ARG, &err, "63 to 4096");
    assert_mf_fails(mf_model_make(&m, "vgg61", 7, 3, 224, 224, &err), MF_E_NOTFOUND, &err, "did you mean 'vgg");
    assert_mf_fails(mf_model_make(&m, "mobilenet", 7, 3, 224, 224, &err), MF_E_NOTFOUND, &err, "mobilenet_v");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts), cmocka_unit_test(test_pooled_head), cmocka_unit_test(test_tensors), cmocka_unit_test(test_training),
        cmocka_unit_test(test_refusals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
