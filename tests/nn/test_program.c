/* tests/nn/test_program.c: what compiling may not change: fused against unfused, folded against running estimates, memory
 * reuse against none, one set of parameters under several programs, and a run that allocates nothing. */
#include "support.h"

#include <math.h>
#include <string.h>

#include "core/cpu.h"
#include "core/isa.h"
#include "core/mem.h"
#include "core/rng.h"
#include "models/model.h"
#include "nn/ops.h"
#include "nn/plan.h"
#include "nn/program.h"

/* 8 pictures leave 8 values a channel in the last batch norm: with 3 it amplifies rounding a hundredfold. */
enum { SIDE = 32, BATCH = 8, CLASSES = 5 };

typedef struct net {
    mf_params *ps;
    mf_graph  *train, *eval;
} net;

static void
net_open(net *n, const char *arch)
{
    mf_err       err = {0};
    mf_model     m;
    mf_model_out o;
    mf_ref       t, loss;

    assert_mf_ok(mf_model_make(&m, arch, CLASSES, 3, SIDE, SIDE, &err), &err);
    assert_mf_ok(mf_params_new(&n->ps, MF_DTYPE_F32, &err), &err);
    assert_mf_ok(mf_graph_new(&n->train, n->ps, &err), &err);
    mf_graph_training(n->train, true);
    t = mf_graph_input(n->train, "target", MF_KIND_F32, mf_shape_of(2, (int64_t)1, (int64_t)CLASSES));
    assert_mf_ok(mf_model_build(&o, &m, n->train, mf_model_input(n->train, &m, "x0"), &err), &err);
    loss = mf_cross_entropy(n->train, o.logits, t, MF_NONE, 0);
    mf_graph_output(n->train, "loss", loss);
    mf_graph_output(n->train, "logits", o.logits);
    assert_mf_ok(mf_graph_check(n->train, &err), &err);
    assert_mf_ok(mf_model_eval_graph(&n->eval, &m, n->ps, &err), &err);
}

static void
net_close(net *n)
{
    mf_graph_free(n->train);
    mf_graph_free(n->eval);
    mf_params_free(n->ps);
}

static void
feed(mf_program *p, const char *name, size_t n, uint64_t seed, bool onehot)
{
    mf_err err = {0};
    float *v   = mf_calloc(n, sizeof *v);
    mf_rng r   = mf_rng_make(seed, 0, 0, MF_RNG_TEST);

    assert_non_null(v);
    for (size_t i = 0; i < n; i++) v[i] = onehot ? 0.0f : (float)mf_rng_normal(&r);
    if (onehot)
        for (size_t i = 0; i < n / CLASSES; i++) v[i * CLASSES + mf_rng_below(&r, CLASSES)] = 1.0f;
    assert_mf_ok(mf_program_feed(p, name, MF_DTYPE_F32, v, &err), &err);
    mf_free(v);
}

/* Largest |a-b| / (largest |b| + tiny). */
static double
worst(const float *a, const float *b, size_t n)
{
    double d = 0, m = 1e-30;

    for (size_t i = 0; i < n; i++) {
        d = fmax(d, fabs((double)a[i] - (double)b[i]));
        m = fmax(m, fabs((double)b[i]));
        if (isnan(a[i])) return INFINITY;
    }
    return d / m;
}

/* Loss, and all gradients one after the other, of one step. */
static size_t
step(net *n, const char *backend, uint64_t draw, bool fuse, float *loss, float **grads, mf_program_stats *stats)
{
    static const char *const outs[] = {"loss", NULL};
    mf_err            err = {0};
    mf_compile_opts   o   = {.prec = MF_PREC_F32, .batch = BATCH, .outputs = outs, .grads = true, .no_fuse = !fuse};
    mf_program       *p;
    size_t            total = 0, at = 0;

    assert_mf_ok(mf_backend_find(&o.backend, backend, &err), &err);
    assert_mf_ok(mf_program_compile(&p, n->train, &o, &err), &err);
    assert_mf_ok(mf_params_materialize(n->ps, 7, &err), &err);
    assert_mf_ok(mf_params_want_grads(n->ps, &err), &err);
    feed(p, "x0", BATCH * 3 * SIDE * SIDE, 100 + draw, false);
    feed(p, "target", BATCH * CLASSES, 200 + draw, true);
    assert_mf_ok(mf_program_run(p, 1, 0, &err), &err);
    assert_mf_ok(mf_program_read(p, "loss", MF_DTYPE_F32, loss, 1, &err), &err);
    for (size_t i = 0; i < mf_params_count(n->ps); i++)
        if (mf_params_at(n->ps, i)->grad) total += (size_t)mf_shape_elems(&mf_params_at(n->ps, i)->shape);
    *grads = mf_calloc(total, sizeof **grads);
    assert_non_null(*grads);
    for (size_t i = 0; i < mf_params_count(n->ps); i++) {
        mf_param *q = mf_params_at(n->ps, i);

        if (!q->grad) continue;
        mf_param_get_grad(q, MF_DTYPE_F32, *grads + at);
        at += (size_t)mf_shape_elems(&q->shape);
    }
    if (stats) *stats = mf_program_get_stats(p);
    {
        uint64_t before = mf_mem_count();

        assert_mf_ok(mf_program_run(p, 1, 1, &err), &err);
        assert_int_equal(mf_mem_count() - before, 0);
    }
    mf_program_free(p);
    return total;
}

static double
compare_once(const char *arch, uint64_t draw, const char *ba, bool fa, const char *bb, bool fb, double tol, mf_program_stats *sa)
{
    net    a, b;
    mf_err err = {0};
    float  la, lb, *ga, *gb;
    size_t na, nb;
    double w;

    net_open(&a, arch);
    net_open(&b, arch);
    assert_mf_ok(mf_graph_backward(a.train, mf_graph_find(a.train, "loss"), NULL, 0, &err), &err);
    assert_mf_ok(mf_graph_backward(b.train, mf_graph_find(b.train, "loss"), NULL, 0, &err), &err);
    na = step(&a, ba, draw, fa, &la, &ga, sa);
    nb = step(&b, bb, draw, fb, &lb, &gb, NULL);
    assert_int_equal(na, nb);
    w = worst(ga, gb, na);
    print_message("%s draw %llu: %s%s against %s%s: loss %.7g and %.7g, worst gradient difference %.2e of the largest (limit %.0e)\n", arch,
                  (unsigned long long)draw, ba, fa ? "" : " unfused", bb, fb ? "" : " unfused", (double)la, (double)lb, w, tol);
    assert_true(fabs((double)la - (double)lb) <= tol * fabs((double)lb));
    /* An untrained network is near ln(CLASSES) = 1.6: two programs with the same broken memory plan agree, but not here. */
    assert_true(lb > 1.0f && lb < 4.0f);
    mf_free(ga);
    mf_free(gb);
    net_close(&a);
    net_close(&b);
    return w;
}

/* The gradient of a ReLU network jumps where a unit sits on its kink, and rounding then decides the side: such a draw says
 * nothing, and the next one is taken. Wrong code is wrong on every draw. */
static void
compare_steps(const char *arch, const char *ba, bool fa, const char *bb, bool fb, double tol, mf_program_stats *sa)
{
    double   w    = INFINITY;
    uint64_t draw = 0;

    while (draw < 8 && w > tol) w = compare_once(arch, draw++, ba, fa, bb, fb, tol, sa);
    assert_true(w <= tol);
}

#if MF_HAVE_ONEDNN
/* Two steps: the second allocates nothing (step() asserts it). */
static void
one_step(const char *arch, const char *backend, mf_program_stats *stats)
{
    net    n;
    mf_err err = {0};
    float  loss, *grads;

    net_open(&n, arch);
    assert_mf_ok(mf_graph_backward(n.train, mf_graph_find(n.train, "loss"), NULL, 0, &err), &err);
    step(&n, backend, 0, true, &loss, &grads, stats);
    assert_true(isfinite(loss));
    mf_free(grads);
    net_close(&n);
}
#endif

static void
test_ref_runs_resnet(void **state)
{
    mf_program_stats s;

    (void)state;
    compare_steps("resnet18", "ref", true, "ref", false, 1e-5, &s);
    print_message("plan %zu bytes, without reuse %zu\n", s.plan_bytes, s.unplanned_bytes);
    assert_true(s.plan_bytes < s.unplanned_bytes);
}

static void
test_onednn_equals_ref(void **state)
{
    mf_program_stats s;

    (void)state;
#if MF_HAVE_ONEDNN
    compare_steps("resnet18", "onednn", true, "ref", true, 2e-4, &s);
    print_message("fused %d, reorders %d of %d steps, steps of ref %d\n", s.fused, s.reorders, s.steps, s.ref_fallbacks);
    assert_int_equal(s.ref_fallbacks, 0);
    one_step("resnet50", "onednn", &s); /* its gradients are held against PyTorch by make parity: ref would take minutes */
    assert_int_equal(s.ref_fallbacks, 0);
#else
    (void)s;
    mf_test_skip("built without oneDNN");
#endif
}

/* Each gradient goes to the sink once, equal to the one with memory of its own, and the sink may spoil the parameter: no later step
 * reads it. */
typedef struct taking {
    mf_params *stored;
    int        n, wrong;
} taking;

static mf_status
take(void *arg, mf_param *p, const void *grad, mf_err *err)
{
    taking         *t = arg;
    const mf_param *s = mf_params_at(t->stored, p->index);
    mf_tdesc        d = {p->dtype, p->shape, p->layout};

    (void)err;
    t->n++;
    t->wrong += strcmp(s->name, p->name) != 0 || memcmp(s->grad, grad, mf_tdesc_bytes(&d)) != 0;
    memset(p->data, 0xff, mf_tdesc_bytes(&d)); /* not a number */
    return MF_OK;
}

static mf_status
refuse(void *arg, mf_param *p, const void *grad, mf_err *err)
{
    (void)p;
    (void)grad;
    return ++*(int *)arg < 3 ? MF_OK : mf_fail(err, MF_E_CANCELLED, "enough");
}

static void
stream_case(const char *arch, const char *backend, mf_prec prec)
{
    static const char *const outs[] = {"loss", NULL};
    net              stored, streamed;
    mf_err           err = {0};
    mf_compile_opts  o   = {.prec = prec, .batch = BATCH, .outputs = outs, .grads = true};
    mf_program      *p[2];
    taking           t = {0};
    float            loss[2];
    int              learn = 0, calls = 0;
    uint64_t         before;

    net_open(&stored, arch);
    net_open(&streamed, arch);
    assert_mf_ok(mf_backend_find(&o.backend, backend, &err), &err);
    for (int i = 0; i < 2; i++) {
        net *n = i ? &streamed : &stored;

        o.stream = i == 1;
        assert_mf_ok(mf_graph_backward(n->train, mf_graph_find(n->train, "loss"), NULL, 0, &err), &err);
        assert_mf_ok(mf_program_compile(&p[i], n->train, &o, &err), &err);
        assert_mf_ok(mf_params_materialize(n->ps, 7, &err), &err);
        if (i == 0) assert_mf_ok(mf_params_want_grads(n->ps, &err), &err);
        feed(p[i], "x0", BATCH * 3 * SIDE * SIDE, 100, false);
        feed(p[i], "target", BATCH * CLASSES, 200, true);
        mf_program_sink(p[i], i ? take : NULL, &t);
        t.stored = stored.ps;
        before   = mf_mem_count();
        assert_mf_ok(mf_program_run(p[i], 1, 0, &err), &err);
        assert_int_equal(mf_mem_count() - before, 0);
        assert_mf_ok(mf_program_read(p[i], "loss", MF_DTYPE_F32, &loss[i], 1, &err), &err);
    }
    for (size_t i = 0; i < mf_params_count(stored.ps); i++) learn += mf_param_learns(mf_params_at(stored.ps, i));
    print_message("%s on %s in %s: %d of %d gradients, %d differ; plan %zu bytes, with gradients in it %zu\n", arch, backend, mf_prec_name(prec), t.n,
                  learn, t.wrong, mf_program_get_stats(p[0]).plan_bytes, mf_program_get_stats(p[1]).plan_bytes);
    assert_true(isfinite(loss[0]));
    assert_true(memcmp(&loss[0], &loss[1], sizeof loss[0]) == 0);
    assert_int_equal(t.n, learn);
    assert_int_equal(t.wrong, 0);
    mf_program_sink(p[1], refuse, &calls);
    assert_mf_fails(mf_program_run(p[1], 1, 1, &err), MF_E_CANCELLED, &err, "enough");
    assert_int_equal(calls, 3);
    for (int i = 0; i < 2; i++) mf_program_free(p[i]);
    net_close(&stored);
    net_close(&streamed);
}

static void
test_stream(void **state)
{
    (void)state;
    stream_case("resnet18", "ref", MF_PREC_F32);
#if MF_HAVE_ONEDNN
    stream_case("resnet18", "onednn", MF_PREC_F32);
    stream_case("cbam_resnet18", "onednn", MF_PREC_F32);
    stream_case("mobilenet_v2", "onednn", MF_PREC_F32);
    stream_case("ran18", "onednn", MF_PREC_F32);
    if (mf_cpu_has(MF_CPU_AVX512BW)) {
        stream_case("resnet18", "onednn", MF_PREC_BF16);
        stream_case("cbam_resnet18", "onednn", MF_PREC_BF16);
    }
#endif
}

/* d(p q)/dp is whole before p is read for d(p q)/dq: p may not go before that. (In networks a layer's gradient comes last.) */
static mf_status
take_number(void *arg, mf_param *p, const void *grad, mf_err *err)
{
    (void)err;
    memcpy((float *)arg + p->index, grad, sizeof(float));
    memset(p->data, 0xff, p->elems * sizeof(float)); /* not a number */
    return MF_OK;
}

static void
test_stream_waits(void **state)
{
    static const char *const backends[] = {"ref", "onednn"}, *const outs[] = {"loss", NULL};
    const mf_shape           shape      = mf_shape_of(2, (int64_t)1, (int64_t)1);

    (void)state;
    for (int i = 0; i < (MF_HAVE_ONEDNN ? 2 : 1); i++) {
        mf_compile_opts o   = {.prec = MF_PREC_F32, .batch = 1, .outputs = outs, .grads = true, .stream = true};
        mf_err          err = {0};
        float           got[2] = {0};
        mf_params      *ps;
        mf_graph       *g;
        mf_program     *p;
        mf_ref          a, b;

        assert_mf_ok(mf_params_new(&ps, MF_DTYPE_F32, &err), &err);
        assert_mf_ok(mf_graph_new(&g, ps, &err), &err);
        a = mf_graph_param(g, "p", shape, (mf_init){.kind = MF_INIT_CONST, .a = 3}, MF_PARAM_WEIGHT);
        b = mf_graph_param(g, "q", shape, (mf_init){.kind = MF_INIT_CONST, .a = 5}, MF_PARAM_WEIGHT);
        mf_graph_output(g, "loss", mf_mean_all(g, mf_mul(g, a, b)));
        assert_mf_ok(mf_graph_backward(g, mf_graph_find(g, "loss"), NULL, 0, &err), &err);
        assert_mf_ok(mf_backend_find(&o.backend, backends[i], &err), &err);
        assert_mf_ok(mf_program_compile(&p, g, &o, &err), &err);
        assert_mf_ok(mf_params_materialize(ps, 1, &err), &err);
        mf_program_sink(p, take_number, got);
        assert_mf_ok(mf_program_run(p, 1, 0, &err), &err);
        assert_true(got[0] == 5.0f);
        assert_true(got[1] == 3.0f);
        mf_program_free(p);
        mf_graph_free(g);
        mf_params_free(ps);
    }
}

/* Attention's products are made again for the backward pass: less memory, the same bits. */
static void
test_made_again(void **state)
{
    float            loss[2], *grads[2];
    mf_program_stats stats[2];
    mf_err           err = {0};
    size_t           n[2];

    (void)state;
    for (int fuse = 0; fuse < 2; fuse++) {
        net a;

        net_open(&a, "cbam_resnet18");
        assert_mf_ok(mf_graph_backward(a.train, mf_graph_find(a.train, "loss"), NULL, 0, &err), &err);
        n[fuse] = step(&a, "ref", 0, fuse == 1, &loss[fuse], &grads[fuse], &stats[fuse]);
        net_close(&a);
    }
    print_message("cbam_resnet18: %d steps and %zu bytes, with products made again %d steps and %zu\n", stats[0].steps, stats[0].plan_bytes, stats[1].steps,
                  stats[1].plan_bytes);
    assert_int_equal(stats[1].made_again, 4); /* a block each; not on maps of four pixels and one */
    assert_int_equal(stats[0].made_again, 0);
    assert_true(stats[1].plan_bytes < stats[0].plan_bytes);
    assert_true(n[0] == n[1]);
    assert_true(worst(grads[0], grads[1], n[0]) < 1e-5); /* unfused, batch norm's gradient is summed in another order */
    mf_free(grads[0]);
    mf_free(grads[1]);
}

/* Evaluation: folded batch norms, and a workspace shared by programs of two batch sizes. */
static void
eval_logits(net *n, const char *backend, int batch, bool fuse, mf_workspace *ws, float *out, mf_program_stats *stats)
{
    static const char *const outs[] = {"logits", NULL};
    mf_err            err = {0};
    mf_compile_opts   o   = {.prec = MF_PREC_F32, .batch = batch, .outputs = outs, .workspace = ws, .no_fuse = !fuse};
    mf_program       *p;

    assert_mf_ok(mf_backend_find(&o.backend, backend, &err), &err);
    assert_mf_ok(mf_program_compile(&p, n->eval, &o, &err), &err);
    assert_mf_ok(mf_params_materialize(n->ps, 7, &err), &err);
    feed(p, "x", (size_t)batch * 3 * SIDE * SIDE, 5, false);
    assert_mf_ok(mf_program_run(p, 1, 0, &err), &err);
    assert_mf_ok(mf_program_read(p, "logits", MF_DTYPE_F32, out, (size_t)batch * CLASSES, &err), &err);
    if (stats) *stats = mf_program_get_stats(p);
    mf_program_free(p);
}

static void
make_lively(mf_params *ps)
{
    for (size_t i = 0; i < mf_params_count(ps); i++) { /* running estimates and gammas that matter */
        mf_param *q = mf_params_at(ps, i);
        int64_t   n = mf_shape_elems(&q->shape);
        mf_rng    r = mf_rng_make(3, 0, i, MF_RNG_TEST);
        float    *v;

        if (q->kind != MF_PARAM_NORM && q->kind != MF_PARAM_BUFFER) continue;
        v = mf_calloc((size_t)n, sizeof *v);
        assert_non_null(v);
        for (int64_t k = 0; k < n; k++) v[k] = (float)mf_rng_uniform(&r, 0.3, 0.9);
        mf_param_set(q, MF_DTYPE_F32, v);
        mf_free(v);
    }
    mf_params_touch(ps);
}

static void
fold_case(const char *backend)
{
    net              n;
    mf_err           err = {0};
    mf_workspace    *ws;
    float            a[4 * CLASSES], b[4 * CLASSES], c[CLASSES];
    mf_program_stats s;

    net_open(&n, "resnet18");
    assert_mf_ok(mf_workspace_new(&ws, &err), &err);
    eval_logits(&n, backend, 4, true, ws, a, NULL);
    make_lively(n.ps);
    eval_logits(&n, backend, 4, true, ws, a, &s);
    eval_logits(&n, backend, 4, false, NULL, b, NULL);
    eval_logits(&n, backend, 1, true, ws, c, NULL);
    print_message("%s: %d fused; folded against running estimates %.2e, batch 1 against batch 4 %.2e\n", backend, s.fused, worst(a, b, 4 * CLASSES), worst(c, a, CLASSES));
    assert_int_equal(s.fused, 45); /* 20 batch norms, 17 activations, 8 residuals */
    assert_true(worst(a, b, 4 * CLASSES) < 1e-4);
    assert_true(worst(c, a, CLASSES) < 1e-4);
    mf_workspace_free(ws);
    net_close(&n);
}

static void
test_folding_ref(void **state)
{
    (void)state;
    fold_case("ref");
}

static void
test_folding_onednn(void **state)
{
    (void)state;
#if MF_HAVE_ONEDNN
    fold_case("onednn");
#else
    mf_test_skip("built without oneDNN");
#endif
}

/* A folded program notices that parameters have changed. */
static void
refresh_case(const char *backend)
{
    enum { N = 4 }; /* enough for the kernels that keep weights in a form of their own */
    static const char *const outs[] = {"logits", NULL};
    net             n;
    mf_err          err = {0};
    mf_compile_opts o   = {.prec = MF_PREC_F32, .batch = N, .outputs = outs};
    mf_program     *p;
    float           a[N * CLASSES], b[N * CLASSES], fresh[N * CLASSES];

    net_open(&n, "resnet18");
    assert_mf_ok(mf_backend_find(&o.backend, backend, &err), &err);
    assert_mf_ok(mf_program_compile(&p, n.eval, &o, &err), &err);
    assert_mf_ok(mf_params_materialize(n.ps, 7, &err), &err);
    feed(p, "x", N * 3 * SIDE * SIDE, 5, false);
    assert_mf_ok(mf_program_run(p, 1, 0, &err), &err);
    assert_mf_ok(mf_program_read(p, "logits", MF_DTYPE_F32, a, N * CLASSES, &err), &err);
    make_lively(n.ps);
    assert_mf_ok(mf_program_run(p, 1, 0, &err), &err);
    assert_mf_ok(mf_program_read(p, "logits", MF_DTYPE_F32, b, N * CLASSES, &err), &err);
    eval_logits(&n, backend, N, true, NULL, fresh, NULL);
    assert_true(worst(a, b, N * CLASSES) > 1e-3);
    assert_memory_equal(b, fresh, sizeof b);
    mf_program_free(p);
    net_close(&n);
}

static void
test_refresh(void **state)
{
    (void)state;
    refresh_case("ref");
#if MF_HAVE_ONEDNN
    refresh_case("onednn");
#endif
}

/* A program that frees the parameters it has in another form answers as before, and refuses to read them again. */
static void
spend_case(const char *backend, mf_prec prec)
{
    enum { N = 4 };
    static const char *const outs[] = {"logits", NULL};
    net             n;
    mf_err          err = {0};
    mf_compile_opts o   = {.prec = prec, .batch = N, .outputs = outs};
    mf_program     *kept, *spent;
    float           a[N * CLASSES], b[N * CLASSES];
    size_t          freed = 0;

    net_open(&n, "resnet18");
    assert_mf_ok(mf_backend_find(&o.backend, backend, &err), &err);
    assert_mf_ok(mf_program_compile(&kept, n.eval, &o, &err), &err);
    o.spend = true;
    assert_mf_ok(mf_program_compile(&spent, n.eval, &o, &err), &err);
    assert_mf_ok(mf_params_materialize(n.ps, 7, &err), &err);
    make_lively(n.ps);
    for (uint64_t run = 0; run < 3; run++) {
        if (run == 0) {
            feed(kept, "x", N * 3 * SIDE * SIDE, 5, false);
            assert_mf_ok(mf_program_run(kept, 1, 0, &err), &err);
            assert_mf_ok(mf_program_read(kept, "logits", MF_DTYPE_F32, a, N * CLASSES, &err), &err);
        }
        feed(spent, "x", N * 3 * SIDE * SIDE, 5, false);
        assert_mf_ok(mf_program_run(spent, 1, 0, &err), &err);
        assert_mf_ok(mf_program_read(spent, "logits", MF_DTYPE_F32, b, N * CLASSES, &err), &err);
        assert_memory_equal(a, b, sizeof a);
    }
    for (size_t i = 0; i < mf_params_count(n.ps); i++) freed += mf_params_at(n.ps, i)->data == NULL;
    print_message("%s %s: %zu of %zu parameters freed\n", backend, mf_prec_name(prec), freed, mf_params_count(n.ps));
    assert_true(freed >= 100); /* 20 convolutions with their batch norms */
    mf_program_refresh(spent);
    assert_mf_fails(mf_program_run(spent, 1, 0, &err), MF_E_STATE, &err, "has freed its parameters");
    mf_program_free(kept);
    mf_program_free(spent);
    net_close(&n);
}

static void
test_spend(void **state)
{
    (void)state;
    spend_case("ref", MF_PREC_F32);
#if MF_HAVE_ONEDNN
    spend_case("onednn", MF_PREC_F32);
    if (mf_cpu_has(MF_CPU_AVX512_BF16) || mf_isa_fast_bf16()) spend_case("onednn", MF_PREC_BF16);
#endif
}

/* Initial values are a function of seed and name, whatever the layout that training chose. */
static void
test_initial_values(void **state)
{
#if MF_HAVE_ONEDNN
    static const char *const outs[] = {"loss", NULL};
    net             n, plain;
    mf_err          err = {0};
    mf_compile_opts o   = {.prec = MF_PREC_F32, .batch = BATCH, .outputs = outs, .grads = true};
    mf_program     *p;
    size_t          blocked = 0;

    (void)state;
    net_open(&n, "resnet18");
    net_open(&plain, "resnet18");
    assert_mf_ok(mf_backend_find(&o.backend, "onednn", &err), &err);
    assert_mf_ok(mf_graph_backward(n.train, mf_graph_find(n.train, "loss"), NULL, 0, &err), &err);
    assert_mf_ok(mf_program_compile(&p, n.train, &o, &err), &err);
    assert_mf_ok(mf_params_materialize(n.ps, 7, &err), &err);
    assert_mf_ok(mf_params_materialize(plain.ps, 7, &err), &err);
    for (size_t i = 0; i < mf_params_count(n.ps); i++) {
        const mf_param *a = mf_params_at(n.ps, i), *b = mf_params_find(plain.ps, a->name);
        size_t          size = (size_t)mf_shape_elems(&a->shape) * sizeof(float);
        float          *x = mf_calloc(size, 1), *y = mf_calloc(size, 1);

        assert_non_null(b);
        mf_param_get(a, MF_DTYPE_F32, x);
        mf_param_get(b, MF_DTYPE_F32, y);
        assert_memory_equal(x, y, size);
        blocked += !mf_layout_is_plain(&a->shape, &a->layout);
        mf_free(x);
        mf_free(y);
    }
    assert_true(blocked > 0);
    mf_program_free(p);
    net_close(&n);
    net_close(&plain);
#else
    (void)state;
    mf_test_skip("built without oneDNN");
#endif
}

static void
test_plan_never_overlaps(void **state)
{
    enum { N = 120 };
    mf_err err = {0};

    (void)state;
    for (uint64_t round = 0; round < 50; round++) {
        mf_rng      r = mf_rng_make(round, 0, 0, MF_RNG_TEST);
        mf_plan_buf b[N];
        size_t      total, peak = 0;

        for (int i = 0; i < N; i++) {
            int f = (int)mf_rng_below(&r, 60);

            b[i] = (mf_plan_buf){.bytes = mf_rng_below(&r, 5000), .first = f, .last = f + (int)mf_rng_below(&r, 20)};
        }
        assert_mf_ok(mf_plan_memory(b, N, &total, &err), &err);
        for (int i = 0; i < N; i++) {
            assert_true(b[i].offset % 64 == 0 && (b[i].bytes == 0 || b[i].offset + b[i].bytes <= total));
            for (int j = 0; j < i; j++) {
                bool alive = b[i].first <= b[j].last && b[j].first <= b[i].last && b[i].bytes && b[j].bytes;

                if (alive) assert_true(b[i].offset + b[i].bytes <= b[j].offset || b[j].offset + b[j].bytes <= b[i].offset);
            }
        }
        for (int t = 0; t < 80; t++) {
            size_t now = 0;

            for (int i = 0; i < N; i++)
                if (b[i].first <= t && t <= b[i].last) now += (b[i].bytes + 63) & ~(size_t)63;
            if (now > peak) peak = now;
        }
        assert_true(total >= peak && total <= peak + peak / 3); /* the greedy plan stays near the lower bound */
    }
}

static void
test_counts(void **state)
{
    static const struct {
        const char *name;
        int         classes;
        int64_t     params, macs;
    } want[] = {/* msde.md 2.1; resmasking-cbam.md 2.5 and 3.4 */
                {"resnet18", 7, 11180103, 1813564928},
                {"resnet34", 1000, 21797672, 3663761408},
                {"resnet34", 3, 21286211, 3663250944},
                {"resnet50", 1000, 25557032, 0},
                {"resnet50", 3, 23514179, 4087142400}};

    (void)state;
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        mf_model      m;
        mf_model_info info;
        mf_err        err = {0};

        assert_mf_ok(mf_model_make(&m, want[i].name, want[i].classes, 3, 224, 224, &err), &err);
        assert_mf_ok(mf_model_inspect(&info, &m, &err), &err);
        assert_int_equal(info.parameters, want[i].params);
        if (want[i].macs) assert_int_equal(info.macs, want[i].macs);
        mf_model_info_free(&info);
    }
}

static void
test_bad_requests(void **state)
{
    mf_model m;
    mf_err   err = {0};

    (void)state;
    assert_int_equal(mf_model_make(&m, "resnet81", 7, 3, 64, 64, &err), MF_E_NOTFOUND);
    assert_non_null(strstr(err.msg, "resnet18"));
    assert_int_equal(mf_model_make(&m, "resnet18", 7, 3, 31, 64, &err), MF_E_ARG);
    assert_int_equal(mf_model_make(&m, "resnet18", 1, 3, 64, 64, &err), MF_E_ARG);
    assert_int_equal(mf_model_make(&m, "resnet18", 7, 2, 64, 64, &err), MF_E_ARG);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plan_never_overlaps), cmocka_unit_test(test_counts),     cmocka_unit_test(test_bad_requests),
        cmocka_unit_test(test_ref_runs_resnet),     cmocka_unit_test(test_folding_ref), cmocka_unit_test(test_refresh),
        cmocka_unit_test(test_onednn_equals_ref),   cmocka_unit_test(test_folding_onednn), cmocka_unit_test(test_spend),
        cmocka_unit_test(test_initial_values),      cmocka_unit_test(test_stream), cmocka_unit_test(test_stream_waits),
        cmocka_unit_test(test_made_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
