/* models/rig.h */
#include "rig.h"

#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "core/rng.h"
#include "image/keypoints.h"
#include "train/optim.h"

static void
make(mf_model *m, const char *arch, const char *options, int classes, int side)
{
    mf_err err = {0};
    char   text[256], *save = NULL;

    assert_mf_ok(mf_model_make(m, arch, classes, 3, side, side, &err), &err);
    snprintf(text, sizeof text, "%s", options);
    for (char *o = strtok_r(text, ",", &save); o != NULL; o = strtok_r(NULL, ",", &save)) {
        char *eq = strchr(o, '=');

        assert_non_null(eq);
        *eq = '\0';
        assert_mf_ok(mf_opt_set(m->def->opts, m->cfg, o, eq + 1, &err), &err);
    }
}

void
rig_open(rig *r, const char *arch, const char *options, int side)
{
    mf_err        err = {0};
    mf_method     how;
    mf_method_in  in  = {.class_weight = MF_NONE};
    mf_method_out out = {.loss = MF_NONE, .logits = MF_NONE};

    *r = (rig){.side = side};
    make(&r->m, arch, options, RIG_CLASSES, side);
    assert_mf_ok(mf_method_make(&how, "supervised", &err), &err);
    assert_mf_ok(mf_params_new(&r->ps, MF_DTYPE_F32, &err), &err);
    assert_mf_ok(mf_graph_new(&r->train, r->ps, &err), &err);
    mf_graph_training(r->train, true);
    in.model  = &r->m;
    in.x[0]   = mf_model_input(r->train, &r->m, "x");
    in.target = mf_graph_input(r->train, "target", MF_KIND_F32, mf_shape_of(2, (int64_t)1, (int64_t)RIG_CLASSES));
    assert_mf_ok(how.def->build(&out, r->train, &in, how.cfg, &err), &err);
    mf_graph_output(r->train, "loss", out.loss);
    assert_mf_ok(mf_graph_backward(r->train, out.loss, NULL, 0, &err), &err);
    assert_mf_ok(mf_model_eval_graph(&r->eval, &r->m, r->ps, &err), &err);
    assert_mf_ok(mf_params_materialize(r->ps, 11, &err), &err);
    assert_mf_ok(mf_params_want_grads(r->ps, &err), &err);
}

void
rig_close(rig *r)
{
    mf_program_free(r->trained);
    mf_program_free(r->scored);
    mf_graph_free(r->train);
    mf_graph_free(r->eval);
    mf_params_free(r->ps);
}

void
rig_feed_points(mf_program *p, int side)
{
    mf_rng   draw = mf_rng_make(6, 0, 0, MF_RNG_TEST);
    mf_err   err  = {0};
    mf_tdesc d;
    size_t   n;
    float   *v;

    if (mf_program_input_desc(p, "x.landmarks", &d, NULL) < 0) return;
    n = (size_t)mf_shape_elems(&d.shape) / MF_KEYPOINT;
    v = mf_calloc(n, MF_KEYPOINT * sizeof *v);
    assert_non_null(v);
    for (size_t i = 0; i < n; i++) {
        v[3 * i]     = (float)((mf_rng_unit(&draw) * 1.2 - 0.1) * side);
        v[3 * i + 1] = (float)((mf_rng_unit(&draw) * 1.2 - 0.1) * side);
        v[3 * i + 2] = (float)mf_rng_unit(&draw);
    }
    assert_mf_ok(mf_program_feed(p, "x.landmarks", MF_DTYPE_F32, v, &err), &err);
    mf_free(v);
}

/* Noise, and of class k a bright quarter k: what a network can learn in a few steps. */
static void
feed(mf_program *p, int side, bool target)
{
    const size_t n = (size_t)side * (size_t)side;
    mf_err       err = {0};
    mf_rng       draw = mf_rng_make(5, 0, 0, MF_RNG_TEST);
    float       *x = mf_calloc(RIG_BATCH * 3 * n, sizeof *x), t[RIG_BATCH * RIG_CLASSES] = {0};

    assert_non_null(x);
    for (size_t i = 0; i < RIG_BATCH * 3 * n; i++) {
        size_t row = i % n / (size_t)side, col = i % (size_t)side, quarter = 2 * (2 * row / (size_t)side) + 2 * col / (size_t)side;

        x[i] = (float)mf_rng_normal(&draw) + (quarter == i / (3 * n) % RIG_CLASSES ? 1.5f : 0.0f);
    }
    for (size_t i = 0; i < RIG_BATCH; i++) t[i * RIG_CLASSES + i % RIG_CLASSES] = 1.0f;
    assert_mf_ok(mf_program_feed(p, "x", MF_DTYPE_F32, x, &err), &err);
    if (target) assert_mf_ok(mf_program_feed(p, "target", MF_DTYPE_F32, t, &err), &err);
    mf_free(x);
}

static mf_program *
program(rig *r, bool train)
{
    static const char *const loss[] = {"loss", NULL}, *const logits[] = {"logits", NULL};
    mf_compile_opts   o   = {.prec = MF_PREC_F32, .batch = RIG_BATCH, .outputs = train ? loss : logits, .grads = train};
    mf_program      **at  = train ? &r->trained : &r->scored;
    mf_err            err = {0};

    if (*at == NULL) {
        assert_mf_ok(mf_backend_find(&o.backend, "auto", &err), &err);
        assert_mf_ok(mf_program_compile(at, train ? r->train : r->eval, &o, &err), &err);
        feed(*at, r->side, train);
        rig_feed_points(*at, r->side);
    }
    return *at;
}

float
rig_loss(rig *r, uint64_t seed, uint64_t step)
{
    mf_program *p   = program(r, true);
    mf_err      err = {0};
    float       loss;

    assert_mf_ok(mf_program_run(p, seed, step, &err), &err);
    assert_mf_ok(mf_program_read(p, "loss", MF_DTYPE_F32, &loss, 1, &err), &err);
    assert_true(isfinite(loss));
    return loss;
}

void
rig_train(rig *r, int n, float *losses)
{
    mf_optim     *optim;
    mf_optim_opts o   = {.accumulate = 1};
    mf_err        err = {0};
    double        rates[MF_OPTIM_GROUPS] = {2e-3, 2e-3};
    union {
        uint8_t bytes[MF_OPTIM_CFG_MAX];
        double  align;
    } cfg;

    assert_mf_ok(mf_optim_find(&o.def, "adam", &err), &err);
    mf_opt_defaults(o.def->opts, cfg.bytes);
    o.cfg = cfg.bytes;
    assert_mf_ok(mf_optim_new(&optim, r->ps, &o, &err), &err);
    for (int k = 0; k < n; k++) {
        losses[k] = rig_loss(r, 1, (uint64_t)k);
        mf_optim_batch(optim, rates, false, NULL);
    }
    mf_optim_free(optim);
}

void
rig_score(rig *r, float *logits)
{
    mf_program *p   = program(r, false);
    mf_err      err = {0};

    assert_mf_ok(mf_program_run(p, 0, 0, &err), &err);
    assert_mf_ok(mf_program_read(p, "logits", MF_DTYPE_F32, logits, RIG_BATCH * RIG_CLASSES, &err), &err);
}

void
rig_no_fallback(rig *r)
{
    const mf_backend *fast;
    mf_err            err = {0};

    assert_mf_ok(mf_backend_find(&fast, "auto", &err), &err);
    if (strcmp(fast->name, "ref") != 0) assert_int_equal(mf_program_get_stats(program(r, true)).ref_fallbacks, 0);
}

void
rig_round_trip(rig *r, const char *arch, const char *options)
{
    const char *path = mf_test_path("net.safetensors");
    float       a[RIG_BATCH * RIG_CLASSES], b[RIG_BATCH * RIG_CLASSES];
    mf_tensors  out = {0}, in = {0};
    mf_err      err = {0};
    rig         other;

    rig_score(r, a);
    assert_mf_ok(mf_params_export(r->ps, &out, &err), &err);
    assert_mf_ok(mf_weights_save(path, &out, &err), &err);
    assert_mf_ok(mf_weights_load(&in, path, &err), &err);
    rig_open(&other, arch, options, r->side);
    rig_train(&other, 1, b); /* so that nothing is equal by chance */
    assert_mf_ok(mf_params_load(other.ps, &in, NULL, NULL, &err), &err);
    rig_score(&other, b);
    assert_memory_equal(a, b, sizeof a);
    rig_close(&other);
    mf_tensors_free(&out);
    mf_tensors_free(&in);
}

void
rig_counts(const char *arch, const char *options, int classes, int64_t parameters, int64_t macs)
{
    mf_model      m;
    mf_model_info i;
    mf_err        err = {0};

    make(&m, arch, options, classes, 224);
    assert_mf_ok(mf_model_inspect(&i, &m, &err), &err);
    assert_int_equal(i.parameters, parameters);
    if (macs > 0) assert_int_equal(i.macs, macs);
    mf_model_info_free(&i);
}
