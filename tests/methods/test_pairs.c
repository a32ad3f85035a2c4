/* The matrices over a batch's pairs that methods build on: which triplets are picked, whatever the batch; and properties of
 * the measures that pull pairs together. */
#include "support.h"

#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "core/rng.h"
#include "methods/pull.h"
#include "nn/ops.h"
#include "nn/program.h"

enum { N_MAX = 16, CLASSES = 3 };

typedef struct batch {
    int   n, label[N_MAX];
    float dp[N_MAX * N_MAX], dn[N_MAX * N_MAX], target[N_MAX * CLASSES], positive[N_MAX * N_MAX], negative[N_MAX * N_MAX];
} batch;

static void
draw(batch *b, mf_rng *r)
{
    memset(b, 0, sizeof *b);
    b->n = 1 + (int)mf_rng_below(r, N_MAX);
    for (int i = 0; i < b->n; i++) {
        b->label[i] = (int)mf_rng_below(r, CLASSES);

        b->target[i * CLASSES + b->label[i]] = 1.0f;
    }
    for (int k = 0; k < b->n * b->n; k++) {
        b->dp[k] = (float)mf_rng_uniform(r, 0, 1);
        b->dn[k] = (float)mf_rng_uniform(r, 0, 1);
    }
}

static void
pick(batch *b, mf_mining mining, float margin, float same, uint64_t seed, uint64_t step)
{
    const char     *wanted[] = {"positive", "negative", NULL};
    mf_compile_opts o        = {.prec = MF_PREC_F32, .batch = 1, .outputs = wanted, .grads = true};
    const mf_init   one      = {.kind = MF_INIT_ONE};
    const mf_shape  square   = mf_shape_of(2, (int64_t)b->n, (int64_t)b->n);
    mf_params      *ps;
    mf_graph       *g;
    mf_program     *p;
    mf_ref          positive, negative, sum;
    size_t          size = (size_t)(b->n * b->n);
    mf_err          err  = {0};

    assert_mf_ok(mf_backend_find(&o.backend, "ref", &err), &err);
    assert_mf_ok(mf_params_new(&ps, MF_DTYPE_F32, &err), &err);
    assert_mf_ok(mf_graph_new(&g, ps, &err), &err);
    positive = mf_triplet_pick(g, mf_graph_param(g, "dp", square, one, MF_PARAM_BUFFER),
                               mf_graph_param(g, "dn", square, one, MF_PARAM_BUFFER),
                               mf_graph_param(g, "t", mf_shape_of(2, (int64_t)b->n, (int64_t)CLASSES), one, MF_PARAM_BUFFER),
                               mining, margin, same, &negative);
    mf_graph_output(g, "positive", positive);
    mf_graph_output(g, "negative", negative);
    /* A program that trains, so that nothing is taken for constant. */
    sum = mf_reduce(g, MF_R_SUM, mf_mul(g, mf_graph_param(g, "x", square, one, MF_PARAM_WEIGHT), positive), 3, false);
    assert_mf_ok(mf_graph_backward(g, sum, NULL, 0, &err), &err);
    assert_mf_ok(mf_program_compile(&p, g, &o, &err), &err);
    assert_mf_ok(mf_params_materialize(ps, 1, &err), &err);
    assert_mf_ok(mf_params_want_grads(ps, &err), &err);
    mf_param_set(mf_params_find(ps, "dp"), MF_DTYPE_F32, b->dp);
    mf_param_set(mf_params_find(ps, "dn"), MF_DTYPE_F32, b->dn);
    mf_param_set(mf_params_find(ps, "t"), MF_DTYPE_F32, b->target);
    assert_mf_ok(mf_program_run(p, seed, step, &err), &err);
    assert_mf_ok(mf_program_read(p, "positive", MF_DTYPE_F32, b->positive, size, &err), &err);
    assert_mf_ok(mf_program_read(p, "negative", MF_DTYPE_F32, b->negative, size, &err), &err);
    mf_program_free(p);
    mf_graph_free(g);
    mf_params_free(ps);
}

/* The definition of nn/ops.h, read anew for each anchor. */
static void
check_anchor(const batch *b, int i, mf_mining mining, float margin)
{
    int   p = -1, picked = -1, others = 0, count = 0;
    float near = INFINITY, semi = INFINITY;

    for (int j = 0; j < b->n; j++) {
        const float w = b->positive[i * b->n + j];

        assert_true(w == 0.0f || w == 1.0f);
        if (w == 1.0f) {
            assert_int_equal(p, -1);
            assert_int_equal(b->label[j], b->label[i]);
            p = j;
        }
    }
    assert_true(p >= 0);
    for (int j = 0; j < b->n; j++) {
        const float d = b->dn[i * b->n + j];

        if (b->label[j] == b->label[i]) {
            assert_true(b->negative[i * b->n + j] == 0.0f);
            continue;
        }
        others++;
        near = fminf(near, d);
        semi = d > b->dp[i * b->n + p] && d < b->dp[i * b->n + p] + margin ? fminf(semi, d) : semi;
        if (b->negative[i * b->n + j] > 0.0f) {
            picked = j;
            count++;
        }
    }
    assert_int_equal(count, mining == MF_MINE_ALL ? others : others > 0);
    if (count > 0 && mining == MF_MINE_HARDEST) {
        assert_true(b->dn[i * b->n + picked] == near);
    }
    if (count > 0 && mining == MF_MINE_SEMI_HARD) {
        assert_true(b->dn[i * b->n + picked] == (isfinite(semi) ? semi : near));
    }
}

static void
test_picks(void **state)
{
    mf_rng r = mf_rng_make(1, 0, 0, MF_RNG_TEST);
    int    same = 0, partnered = 0;

    (void)state;
    for (int round = 0; round < 400; round++) {
        const mf_mining mining = (mf_mining)(round % MF_MINE_COUNT);
        batch           b, again;
        double          sum = 0;
        bool            two = false;

        draw(&b, &r);
        pick(&b, mining, 0.2f, 0.5f, 7, (uint64_t)round);
        for (int i = 0; i < b.n; i++) {
            bool mate = false;

            check_anchor(&b, i, mining, 0.2f);
            for (int j = 0; j < b.n; j++) {
                sum += (double)b.negative[i * b.n + j];
                mate = mate || (j != i && b.label[j] == b.label[i]);
                two  = two || b.label[j] != b.label[i];
            }
            partnered += mate;
            same += mate && b.positive[i * b.n + i] == 1.0f;
            assert_true(mate || b.positive[i * b.n + i] == 1.0f);
        }
        assert_true(fabs(sum - (two ? 1.0 : 0.0)) < 1e-5); /* a mean over triplets; none where all are of one class */
        again = b;
        pick(&again, mining, 0.2f, 0.5f, 7, (uint64_t)round); /* a function of seed and step */
        assert_memory_equal(&again, &b, sizeof b);
    }
    /* 0.5 of the anchors that have a mate, within four standard deviations */
    printf("own picture: %d of %d anchors\n", same, partnered);
    assert_true(fabs((double)same / partnered - 0.5) < 4 * 0.5 / sqrt(partnered));
}

/* Steps and seeds change what is drawn. */
static void
test_draws(void **state)
{
    mf_rng r = mf_rng_make(2, 0, 0, MF_RNG_TEST);
    batch  a, b;

    (void)state;
    do {
        draw(&a, &r);
    } while (a.n < N_MAX);
    b = a;
    pick(&a, MF_MINE_RANDOM, 0.2f, 0.0f, 1, 0);
    pick(&b, MF_MINE_RANDOM, 0.2f, 0.0f, 1, 1);
    assert_true(memcmp(a.positive, b.positive, sizeof a.positive) != 0 && memcmp(a.negative, b.negative, sizeof a.negative) != 0);
    pick(&b, MF_MINE_RANDOM, 0.2f, 0.0f, 2, 0);
    assert_true(memcmp(a.positive, b.positive, sizeof a.positive) != 0);
    pick(&b, MF_MINE_RANDOM, 0.2f, 1.0f, 1, 0);
    for (int i = 0; i < b.n; i++) {
        assert_true(b.positive[i * b.n + i] == 1.0f);
    }
}

/* ---- measures ---- */

static double
pull_of(mf_pull kind, const double *a, const double *b, const double *t, int n, int dims, double tau)
{
    const char     *wanted[] = {"pull", NULL};
    mf_compile_opts o        = {.prec = MF_PREC_F64, .batch = 1, .outputs = wanted};
    const mf_init   one      = {.kind = MF_INIT_ONE};
    const mf_shape  s        = mf_shape_of(2, (int64_t)n, (int64_t)dims);
    mf_params      *ps;
    mf_graph       *g;
    mf_program     *p;
    double          out = 0;
    mf_err          err = {0};

    assert_mf_ok(mf_backend_find(&o.backend, "ref64", &err), &err);
    assert_mf_ok(mf_params_new(&ps, MF_DTYPE_F64, &err), &err);
    assert_mf_ok(mf_graph_new(&g, ps, &err), &err);
    mf_graph_output(g, "pull", mf_pull_build(g, kind, mf_graph_param(g, "a", s, one, MF_PARAM_WEIGHT),
                                             mf_graph_param(g, "b", s, one, MF_PARAM_WEIGHT),
                                             mf_graph_param(g, "t", mf_shape_of(2, (int64_t)n, (int64_t)CLASSES), one, MF_PARAM_BUFFER), tau));
    assert_mf_ok(mf_graph_check(g, &err), &err);
    assert_mf_ok(mf_program_compile(&p, g, &o, &err), &err);
    assert_mf_ok(mf_params_materialize(ps, 1, &err), &err);
    mf_param_set(mf_params_find(ps, "a"), MF_DTYPE_F64, a);
    mf_param_set(mf_params_find(ps, "b"), MF_DTYPE_F64, b);
    if (mf_params_find(ps, "t")->data != NULL) {
        mf_param_set(mf_params_find(ps, "t"), MF_DTYPE_F64, t);
    }
    assert_mf_ok(mf_program_run(p, 1, 0, &err), &err);
    assert_mf_ok(mf_program_read(p, "pull", MF_DTYPE_F64, &out, 1, &err), &err);
    mf_program_free(p);
    mf_graph_free(g);
    mf_params_free(ps);
    return out;
}

static void
test_pulls(void **state)
{
    enum { N = 6, D = 5 };
    mf_rng r = mf_rng_make(3, 0, 0, MF_RNG_TEST);

    (void)state;
    for (int kind = MF_PULL_MSE; kind <= MF_PULL_INFONCE; kind++) {
        for (int round = 0; round < 10; round++) {
            double a[N * D], b[N * D], big[N * D], t[N * CLASSES] = {0}, ab, aa;

            for (int k = 0; k < N * D; k++) {
                a[k]   = mf_rng_normal(&r);
                b[k]   = mf_rng_normal(&r);
                big[k] = 7.0 * b[k];
            }
            for (int i = 0; i < N; i++) {
                t[i * CLASSES + (int)mf_rng_below(&r, CLASSES)] = 1.0;
            }
            ab = pull_of((mf_pull)kind, a, b, t, N, D, 0.1);
            aa = pull_of((mf_pull)kind, a, a, t, N, D, 0.1);
            assert_true(isfinite(ab) && ab >= 0.0);
            assert_true(fabs(ab - pull_of((mf_pull)kind, b, a, t, N, D, 0.1)) < 1e-12 * (1 + ab)); /* symmetric */
            if (kind == MF_PULL_MSE || kind == MF_PULL_COSINE) {
                assert_true(fabs(aa) < 1e-12 && ab > aa);
            } else {
                assert_true(isfinite(pull_of((mf_pull)kind, a, b, t, N, D, 0.001))); /* likenesses up to 1000 */
            }
            if (kind != MF_PULL_MSE) { /* unit vectors: lengths do not count */
                assert_true(fabs(ab - pull_of((mf_pull)kind, a, big, t, N, D, 0.1)) < 1e-12 * (1 + ab));
            }
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_picks), cmocka_unit_test(test_draws), cmocka_unit_test(test_pulls)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
