/* The programs of a network being trained: the one of a partial batch gives what a full one of that size gives. */
#include "support.h"

#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "core/rng.h"
#include "runs.h"
#include "train/network.h"

enum { SIDE = 32 };

static mf_network *
make(const mf_settings *s, int batch, int part)
{
    mf_network     *n;
    mf_err          err = {0};
    mf_network_opts o   = {.settings = s, .classes = RUNS_CLASSES, .batch = batch, .part = part, .eval_batch = 4,
                           .backend = s->t.backend.s, .seed = 3};

    assert_mf_ok(mf_network_new(&n, &o, &err), &err);
    return n;
}

/* n samples in the form that the network wants. */
static void
fill(mf_batch *b, const mf_network *net, size_t n, size_t room, uint64_t seed)
{
    mf_rng      r    = mf_rng_make(seed, 0, 0, MF_RNG_TEST);
    mf_pix_form form = mf_network_form(net);

    *b   = (mf_batch){.n = n};
    for (int k = 0; k < 2; k++) {
        float *x = b->x[k] = mf_aligned(room * 3 * SIDE * SIDE * sizeof(float));

        assert_int_equal(form.type, MF_PIX_F32);
        for (size_t i = 0; i < room * 3 * SIDE * SIDE; i++) {
            x[i] = (float)mf_rng_normal(&r);
        }
    }
    b->label  = mf_calloc(room, sizeof *b->label);
    b->target = mf_aligned(room * RUNS_CLASSES * sizeof *b->target);
    memset(b->target, 0, room * RUNS_CLASSES * sizeof *b->target);
    for (size_t i = 0; i < n; i++) {
        b->label[i] = (int32_t)(i % RUNS_CLASSES);

        b->target[i * RUNS_CLASSES + (size_t)b->label[i]] = 1.0f;
    }
}

static void
release(mf_batch *b)
{
    mf_free(b->x[0]);
    mf_free(b->x[1]);
    mf_free(b->label);
    mf_free(b->target);
}

static void
compare(const char *method, const char *backend)
{
    mf_settings s;
    mf_network *small, *both;
    mf_batch    full, part;
    mf_step     a, b, f;
    double      worst = 0;
    mf_err      err   = {0};

    runs_settings(&s, method, 1);
    s.t.precision = 1;
    snprintf(s.t.backend.s, sizeof s.t.backend.s, "%s", backend);
    small = make(&s, 5, 0);
    both  = make(&s, 8, 5);
    fill(&full, both, 8, 8, 1);
    fill(&part, both, 5, 8, 2);
    assert_mf_ok(mf_network_run(both, &full, 1, 0, NULL, NULL, &f, &err), &err); /* gradients and running statistics that must not linger */
    assert_mf_ok(mf_network_run(both, &part, 1, 1, NULL, NULL, &b, &err), &err);
    assert_mf_ok(mf_network_run(small, &part, 1, 1, NULL, NULL, &a, &err), &err);
    printf("%s %s: partial %.6f, full %.6f\n", backend, method, b.loss, a.loss);
    for (size_t i = 0; i < mf_params_count(mf_network_params(small)); i++) {
        mf_param *p = mf_params_at(mf_network_params(small), i), *q = mf_params_find(mf_network_params(both), p->name);
        size_t    n = (size_t)mf_shape_elems(&p->shape);
        double    e = 0, size = 1e-6;
        float    *x, *y;

        if (p->grad == NULL) {
            continue;
        }
        x = mf_calloc(n, sizeof *x);
        y = mf_calloc(n, sizeof *y);
        mf_param_get_grad(p, MF_DTYPE_F32, x);
        mf_param_get_grad(q, MF_DTYPE_F32, y);
        for (size_t k = 0; k < n; k++) {
            e    = fmax(e, fabs((double)x[k] - (double)y[k]));
            size = fmax(size, fabs((double)x[k]));
        }
        if (e / size > 1e-3) {
            printf("  %s: gradients differ by %.2e\n", p->name, e / size);
        }
        worst = fmax(worst, e / size);
        mf_free(x);
        mf_free(y);
    }
    assert_true(fabs(a.loss - b.loss) < 1e-4 * fabs(a.loss));
    assert_int_equal(a.correct, b.correct);
    assert_true(worst < 1e-3);
    release(&full);
    release(&part);
    mf_network_free(small);
    mf_network_free(both);
}

/* Which parameters have the rate of the classifier. */
static void
test_head_params(void **state)
{
    mf_settings     s;
    mf_network     *n;
    mf_network_opts o   = {.settings = &s, .classes = RUNS_CLASSES, .batch = 4, .eval_batch = 4, .backend = "ref", .seed = 1};
    mf_err          err = {0};

    (void)state;
    for (int named = 0; named < 2; named++) {
        runs_settings(&s, "supervised", 1);
        snprintf(s.t.head_params.s, sizeof s.t.head_params.s, "%s", named ? "layer4.*,fc.*" : "");
        assert_mf_ok(mf_network_new(&n, &o, &err), &err);
        assert_int_equal(mf_params_find(mf_network_params(n), "fc.weight")->group, 1);
        assert_int_equal(mf_params_find(mf_network_params(n), "layer4.1.conv2.weight")->group, named);
        assert_int_equal(mf_params_find(mf_network_params(n), "layer3.1.conv2.weight")->group, 0);
        mf_network_free(n);
    }
    snprintf(s.t.head_params.s, sizeof s.t.head_params.s, "output.*");
    assert_mf_fails(mf_network_new(&n, &o, &err), MF_E_USAGE, &err, "--head-params");
}

/* Batches whose targets lie at addresses of every kind, lent in turn as a loader lends them: each is read where it is, and
 * none is written to. */
static void
test_targets_anywhere(void **state)
{
    enum { N = 4 };
    mf_settings s;
    mf_network *net;
    mf_batch    b[3];
    float      *own[3], first[3], target[3][N * RUNS_CLASSES];
    mf_step     got;
    mf_err      err = {0};

    (void)state;
    runs_settings(&s, "supervised", 1);
    snprintf(s.t.backend.s, sizeof s.t.backend.s, "ref");
    net = make(&s, N, 0);
    for (int k = 0; k < 3; k++) {
        fill(&b[k], net, N, N, (uint64_t)k + 1);
        own[k]      = b[k].target;
        b[k].target = (float *)mf_aligned(1024) + k * 4; /* 64-byte aligned, then not */
        for (int i = 0; i < N * RUNS_CLASSES; i++) {
            target[k][i] = b[k].target[i] = i % RUNS_CLASSES == (i / RUNS_CLASSES + k) % RUNS_CLASSES ? 1.0f : 0.0f;
        }
    }
    for (int round = 0; round < 2; round++) {
        for (int k = 0; k < 3; k++) {
            assert_mf_ok(mf_network_run(net, &b[k], 1, 0, NULL, NULL, &got, &err), &err);
            if (round == 0) {
                first[k] = (float)got.loss;
            }
            assert_true((float)got.loss == first[k]);
            for (int j = 0; j < 3; j++) {
                assert_memory_equal(b[j].target, target[j], sizeof target[j]);
            }
        }
    }
    assert_true(first[0] != first[1] && first[1] != first[2]);
    for (int k = 0; k < 3; k++) {
        mf_free(b[k].target - k * 4);
        b[k].target = own[k];
        release(&b[k]);
    }
    mf_network_free(net);
}

static void
test_partial_batch(void **state)
{
    (void)state;
    compare("supervised", "ref");
    compare("contrastive", "ref");
}

static void
test_partial_batch_onednn(void **state)
{
    const mf_backend *b;

    (void)state;
    if (mf_backend_find(&b, "onednn", NULL) < 0) {
        mf_test_skip("this build has no oneDNN");
    }
    compare("supervised", "onednn");
    compare("contrastive", "onednn");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_targets_anywhere), cmocka_unit_test(test_head_params), cmocka_unit_test(test_partial_batch_onednn),
                                       cmocka_unit_test(test_partial_batch)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
