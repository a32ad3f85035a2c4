/* The optimisers against PyTorch's (vectors/optim.txt), and what all of them share. */
#include "support.h"

#include <math.h>
#include <string.h>

#include "core/file.h"
#include "core/mem.h"
#include "train/optim.h"

enum { N = 37, STEPS = 12 };

/* The numbers of vectors/make.py: scale sin(0.7 i + phase) cos(0.013 i i). */
static void
fill(float *v, size_t n, double scale, double phase)
{
    for (size_t i = 0; i < n; i++) {
        v[i] = (float)(scale * sin(0.7 * (double)i + phase) * cos(0.013 * (double)(i * i)));
    }
}

static mf_params *
one_parameter(size_t n, mf_param_kind kind)
{
    mf_params *ps;
    mf_param  *p;
    mf_shape   s   = mf_shape_of(1, (int64_t)n);
    mf_err     err = {0};
    float     *v   = mf_calloc(n, sizeof *v);

    assert_mf_ok(mf_params_new(&ps, MF_DTYPE_F32, &err), &err);
    assert_mf_ok(mf_params_want(ps, &p, "w", &s, (mf_init){.kind = MF_INIT_ZERO}, kind, &err), &err);
    assert_mf_ok(mf_params_materialize(ps, 1, &err), &err);
    assert_mf_ok(mf_params_want_grads(ps, &err), &err);
    fill(v, n, 1.0, 0.3);
    mf_param_set(p, MF_DTYPE_F32, v);
    mf_free(v);
    return ps;
}

/* Runs one case; `line` is "NAME KIND LR WD n (KEY VALUE)...", the weights after each step follow in *at. */
static void
run_case(char *line, char **at)
{
    char               *save, *name = strtok_r(line, " ", &save), *kind = strtok_r(NULL, " ", &save);
    double              lr[MF_OPTIM_GROUPS], worst = 0;
    mf_optim_opts       o = {.accumulate = 1};
    uint8_t             cfg[MF_OPTIM_CFG_MAX];
    mf_params          *ps = one_parameter(N, MF_PARAM_WEIGHT);
    mf_param           *p  = mf_params_at(ps, 0);
    mf_optim           *opt;
    mf_err              err = {0};

    lr[0] = lr[1]  = strtod(strtok_r(NULL, " ", &save), NULL);
    o.weight_decay = strtod(strtok_r(NULL, " ", &save), NULL);
    assert_mf_ok(mf_optim_find(&o.def, kind, &err), &err);
    mf_opt_defaults(o.def->opts, cfg);
    o.cfg = cfg;
    for (int n = atoi(strtok_r(NULL, " ", &save)); n > 0; n--) {
        char *key = strtok_r(NULL, " ", &save);

        assert_mf_ok(mf_opt_set(o.def->opts, cfg, key, strtok_r(NULL, " ", &save), &err), &err);
    }
    assert_mf_ok(mf_optim_new(&opt, ps, &o, &err), &err);
    for (int t = 0; t < STEPS; t++) {
        fill(p->grad, N, 0.5, 1.0 + 0.9 * t);
        assert_true(mf_optim_batch(opt, lr, false, NULL));
        for (int i = 0; i < N; i++) {
            double want = strtod(*at, at), got = (double)((float *)p->data)[i], e = fabs(got - want);

            worst = e > worst ? e : worst;
        }
        (*at)++; /* the line's end */
    }
    printf("%-16s worst difference %.1e\n", name, worst);
    assert_true(worst < 2e-6);
    mf_optim_free(opt);
    mf_params_free(ps);
}

static void
test_against_pytorch(void **state)
{
    mf_blob file = {0};
    mf_err  err  = {0};
    char    path[1024], *at;
    int     cases = 0;

    (void)state;
    snprintf(path, sizeof path, "%s/tests/train/vectors/optim.txt", mf_test_source());
    assert_mf_ok(mf_file_read(&file, path, 1 << 20, &err), &err);
    at = strchr((char *)file.data, '\n') + 1;
    while (strncmp(at, "case ", 5) == 0) {
        char *line = at + 5;

        at    = strchr(at, '\n');
        *at++ = '\0';
        run_case(line, &at);
        cases++;
    }
    assert_int_equal(cases, 9);
    mf_blob_free(&file);
}

/* mlfw.md 5.5: the adaptive branch of RAdam begins with the sixth step, not the fifth. */
static void
test_radam_begins_at_six(void **state)
{
    const mf_optim_def *d;
    uint8_t             cfg[MF_OPTIM_CFG_MAX];
    mf_update           u;

    (void)state;
    assert_mf_ok(mf_optim_find(&d, "radam", NULL), NULL);
    mf_opt_defaults(d->opts, cfg);
    for (int64_t t = 1; t <= 7; t++) {
        d->numbers(&u, cfg, t, 1e-4, 1e-3);
        assert_int_equal(u.plain != 0, t < 6);
        assert_true(fabs((double)u.shrink - 1e-7) < 1e-12);
    }
}

static mf_optim *
sgd_on(mf_params *ps, mf_optim_opts o)
{
    static const struct { const char *key, *value; } plain = {"momentum", "0"};
    uint8_t             cfg[MF_OPTIM_CFG_MAX];
    mf_optim           *opt;
    mf_err              err = {0};

    assert_mf_ok(mf_optim_find(&o.def, "sgd", &err), &err);
    mf_opt_defaults(o.def->opts, cfg);
    assert_mf_ok(mf_opt_set(o.def->opts, cfg, plain.key, plain.value, &err), &err);
    o.cfg = cfg;
    assert_mf_ok(mf_optim_new(&opt, ps, &o, &err), &err);
    return opt;
}

static void
test_clipping(void **state)
{
    mf_params   *ps  = one_parameter(100000, MF_PARAM_WEIGHT);
    mf_param    *p   = mf_params_at(ps, 0);
    mf_optim    *opt = sgd_on(ps, (mf_optim_opts){.accumulate = 1, .clip = 2.0});
    const double lr[2] = {1.0, 1.0};
    double       norm, want = 0, moved = 0;
    float       *g = p->grad, *before = mf_calloc(p->elems, sizeof *before);

    (void)state;
    fill(g, p->elems, 3.0, 0.1);
    memcpy(before, p->data, p->elems * sizeof *before);
    for (size_t i = 0; i < p->elems; i++) {
        want += (double)g[i] * (double)g[i];
    }
    assert_true(mf_optim_batch(opt, lr, false, &norm));
    assert_true(fabs(norm - sqrt(want)) < 1e-9 * norm);
    for (size_t i = 0; i < p->elems; i++) {
        double d = (double)before[i] - (double)((float *)p->data)[i];

        moved += d * d;
    }
    assert_true(fabs(sqrt(moved) - 2.0) < 1e-4);
    mf_free(before);
    mf_optim_free(opt);
    mf_params_free(ps);
}

/* Three batches and one that is flushed: steps along the means. */
static void
test_accumulation(void **state)
{
    mf_params   *ps  = one_parameter(N, MF_PARAM_WEIGHT);
    mf_param    *p   = mf_params_at(ps, 0);
    mf_optim    *opt = sgd_on(ps, (mf_optim_opts){.accumulate = 3});
    const double lr[2] = {1.0, 1.0};
    float        before[N];

    (void)state;
    memcpy(before, p->data, sizeof before);
    for (int b = 0; b < 4; b++) {
        for (int i = 0; i < N; i++) {
            ((float *)p->grad)[i] = (float)(b + 1);
        }
        assert_int_equal(mf_optim_batch(opt, lr, b == 3, NULL), b == 2 || b == 3);
    }
    assert_int_equal(mf_optim_steps(opt), 2);
    for (int i = 0; i < N; i++) {
        assert_true(fabs((double)((float *)p->data)[i] - ((double)before[i] - 2.0 - 4.0)) < 1e-5);
    }
    mf_optim_free(opt);
    mf_params_free(ps);
}

static void
test_decay_spares_norms(void **state)
{
    (void)state;
    for (int all = 0; all < 2; all++) {
        for (mf_param_kind k = MF_PARAM_WEIGHT; k <= MF_PARAM_NORM; k++) {
            mf_params   *ps  = one_parameter(N, k);
            mf_param    *p   = mf_params_at(ps, 0);
            mf_optim    *opt = sgd_on(ps, (mf_optim_opts){.accumulate = 1, .weight_decay = 0.5, .decay_all = all != 0});
            const double lr[2] = {1.0, 1.0};
            float        before = ((float *)p->data)[0];
            bool         decays = all || k == MF_PARAM_WEIGHT;

            memset(p->grad, 0, N * sizeof(float));
            mf_optim_batch(opt, lr, false, NULL);
            assert_true(((float *)p->data)[0] == (decays ? 0.5f * before : before));
            mf_optim_free(opt);
            mf_params_free(ps);
        }
    }
}

static void
test_ema_swaps_back(void **state)
{
    mf_params   *ps  = one_parameter(N, MF_PARAM_WEIGHT);
    mf_param    *p   = mf_params_at(ps, 0);
    mf_optim    *opt = sgd_on(ps, (mf_optim_opts){.accumulate = 1, .ema = 0.9});
    const double lr[2] = {0.1, 0.1};
    double       ema[N];
    float        now[N];

    (void)state;
    for (int i = 0; i < N; i++) {
        ema[i] = (double)((float *)p->data)[i];
    }
    for (int t = 1; t <= 30; t++) {
        double early = (1.0 + t) / (10.0 + t), keep = early < 0.9 ? early : 0.9;

        fill(p->grad, N, 0.5, t);
        mf_optim_batch(opt, lr, false, NULL);
        for (int i = 0; i < N; i++) {
            ema[i] += (1.0 - keep) * ((double)((float *)p->data)[i] - ema[i]);
        }
    }
    memcpy(now, p->data, sizeof now);
    mf_optim_swap_ema(opt);
    for (int i = 0; i < N; i++) {
        assert_true(fabs((double)((float *)p->data)[i] - ema[i]) < 1e-5);
    }
    mf_optim_swap_ema(opt);
    assert_memory_equal(now, p->data, sizeof now);
    mf_optim_free(opt);
    mf_params_free(ps);
}

/* State out and in again goes on in the same bits, waiting gradients included; a step allocates nothing. */
static void
test_state_round_trip(void **state)
{
    (void)state;
    for (size_t k = 0; k < mf_optim_count(); k++) {
        const mf_optim_def *d = mf_optim_at(k);
        uint8_t             cfg[MF_OPTIM_CFG_MAX];
        mf_params          *a = one_parameter(N, MF_PARAM_WEIGHT), *b = one_parameter(N, MF_PARAM_WEIGHT);
        mf_optim_opts       o = {.def = d, .cfg = cfg, .weight_decay = 0.01, .clip = 1.0, .accumulate = 2, .ema = 0.99};
        mf_optim           *oa, *ob;
        mf_tensors          ts = {0};
        const double        lr[2] = {0.01, 0.01};
        uint64_t            allocations;
        mf_err              err = {0};

        mf_opt_defaults(d->opts, cfg);
        assert_mf_ok(mf_optim_new(&oa, a, &o, &err), &err);
        assert_mf_ok(mf_optim_new(&ob, b, &o, &err), &err);
        for (int t = 0; t < 7; t++) { /* an odd number: one gradient waits */
            fill(mf_params_at(a, 0)->grad, N, 0.5, t);
            mf_optim_batch(oa, lr, false, NULL);
        }
        assert_mf_ok(mf_optim_export(oa, &ts, &err), &err);
        memcpy(mf_params_at(b, 0)->data, mf_params_at(a, 0)->data, N * sizeof(float));
        assert_mf_ok(mf_optim_import(ob, &ts, &err), &err);
        allocations = mf_mem_count();
        for (int t = 7; t < 12; t++) {
            fill(mf_params_at(a, 0)->grad, N, 0.5, t);
            fill(mf_params_at(b, 0)->grad, N, 0.5, t);
            mf_optim_batch(oa, lr, false, NULL);
            mf_optim_batch(ob, lr, false, NULL);
        }
        assert_int_equal(mf_mem_count(), allocations);
        assert_memory_equal(mf_params_at(b, 0)->data, mf_params_at(a, 0)->data, N * sizeof(float));
        ts.t[1].shape.dim[0]--;
        assert_mf_fails(mf_optim_import(ob, &ts, &err), MF_E_FORMAT, &err, "of another shape");
        mf_tensors_free(&ts);
        mf_optim_free(oa);
        mf_optim_free(ob);
        mf_params_free(a);
        mf_params_free(b);
    }
}

static void
test_not_finite(void **state)
{
    mf_params *ps  = one_parameter(N, MF_PARAM_WEIGHT);
    mf_optim  *opt = sgd_on(ps, (mf_optim_opts){.accumulate = 1});

    (void)state;
    assert_true(mf_optim_finite(opt));
    ((float *)mf_params_at(ps, 0)->data)[N - 1] = (float)NAN;
    assert_false(mf_optim_finite(opt));
    mf_optim_free(opt);
    mf_params_free(ps);
}

static void
test_names(void **state)
{
    const mf_optim_def *d;
    mf_err              err = {0};

    (void)state;
    assert_mf_fails(mf_optim_find(&d, "adma", &err), MF_E_NOTFOUND, &err, "did you mean 'adam'?");
    for (size_t i = 0; i < mf_optim_count(); i++) {
        d = mf_optim_at(i);
        assert_true(d->summary[0] != '\0' && d->source[0] != '\0' && d->cfg_size <= MF_OPTIM_CFG_MAX);
        for (const mf_opt *row = d->opts; row->type != MF_OPT_T_END; row++) {
            assert_true(row->help[0] != '\0');
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_pytorch),   cmocka_unit_test(test_radam_begins_at_six),
        cmocka_unit_test(test_clipping),          cmocka_unit_test(test_accumulation),
        cmocka_unit_test(test_decay_spares_norms), cmocka_unit_test(test_ema_swaps_back),
        cmocka_unit_test(test_state_round_trip),  cmocka_unit_test(test_not_finite),
        cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
