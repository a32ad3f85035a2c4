/* Every loss of the registry: value and gradient against an independent program (vectors/make_losses.py), gradient against
 * central differences in double, and properties that need no vectors. */
#include "support.h"

#include <math.h>
#include <string.h>

#include "core/file.h"
#include "core/rng.h"
#include "nn/program.h"
#include "train/loss.h"

enum { ROWS_MAX = 16, CLASSES_MAX = 16, VALUES_MAX = ROWS_MAX * CLASSES_MAX };

typedef struct problem {
    int    rows, classes;
    double smoothing, z[VALUES_MAX], target[VALUES_MAX], weight[CLASSES_MAX];
    bool   weighted;
    double loss, grad[VALUES_MAX];
} problem;

/* A graph of one loss over parameters "z", "target" and "weight". */
typedef struct rig {
    mf_params  *ps;
    mf_graph   *g;
    mf_program *p;
} rig;

static void
rig_open(rig *r, const mf_loss *loss, const problem *q, const char *backend, mf_dtype type)
{
    const char       *wanted[] = {"loss", NULL};
    mf_compile_opts   o  = {.prec = type == MF_DTYPE_F64 ? MF_PREC_F64 : MF_PREC_F32, .batch = 1, .outputs = wanted, .grads = true};
    const mf_shape    s  = mf_shape_of(2, (int64_t)q->rows, (int64_t)q->classes), c = mf_shape_of(1, (int64_t)q->classes);
    const mf_init     one = {.kind = MF_INIT_ONE};
    mf_loss_in        in  = {.smoothing = q->smoothing, .class_weight = MF_NONE};
    mf_ref            out;
    mf_err            err = {0};

    assert_mf_ok(mf_backend_find(&o.backend, backend, &err), &err);
    assert_mf_ok(mf_params_new(&r->ps, type, &err), &err);
    assert_mf_ok(mf_graph_new(&r->g, r->ps, &err), &err);
    in.logits = mf_graph_param(r->g, "z", s, one, MF_PARAM_WEIGHT);
    in.target = mf_graph_param(r->g, "target", s, one, MF_PARAM_BUFFER);
    if (q->weighted) {
        in.class_weight = mf_graph_param(r->g, "weight", c, one, MF_PARAM_BUFFER);
    }
    assert_mf_ok(mf_loss_build(r->g, loss, &in, &out, &err), &err);
    mf_graph_output(r->g, "loss", out);
    assert_mf_ok(mf_graph_backward(r->g, out, NULL, 0, &err), &err);
    assert_mf_ok(mf_program_compile(&r->p, r->g, &o, &err), &err);
    assert_mf_ok(mf_params_materialize(r->ps, 1, &err), &err);
    assert_mf_ok(mf_params_want_grads(r->ps, &err), &err);
}

static void
rig_close(rig *r)
{
    mf_program_free(r->p);
    mf_graph_free(r->g);
    mf_params_free(r->ps);
}

static double
rig_run(rig *r, const problem *q, double *grad)
{
    mf_param *z   = mf_params_find(r->ps, "z");
    double    out = 0;
    mf_err    err = {0};

    mf_param_set(z, MF_DTYPE_F64, q->z);
    mf_param_set(mf_params_find(r->ps, "target"), MF_DTYPE_F64, q->target);
    if (q->weighted) {
        mf_param_set(mf_params_find(r->ps, "weight"), MF_DTYPE_F64, q->weight);
    }
    assert_mf_ok(mf_program_run(r->p, 1, 0, &err), &err);
    assert_mf_ok(mf_program_read(r->p, "loss", MF_DTYPE_F64, &out, 1, &err), &err);
    if (grad != NULL) {
        mf_param_get_grad(z, MF_DTYPE_F64, grad);
    }
    return out;
}

/* ---- vectors ---- */

static int
numbers(double *v, int max, char **at)
{
    char *end = strchr(*at, '\n');
    int   n   = 0;

    assert_non_null(end);
    while (*at < end && n < max) {
        v[n++] = strtod(*at, at);
        *at += strspn(*at, " ");
    }
    assert_ptr_equal(*at, end);
    *at = end + 1;
    return n;
}

static void
read_case(problem *q, mf_loss *loss, char name[64], char **at)
{
    char   kind[64], option[32], value[32];
    double head[3];
    int    n, used;
    mf_err err = {0};

    *q = (problem){0};
    assert_int_equal(sscanf(*at, "case %63s %63s %d%n", name, kind, &n, &used), 3);
    *at += used;
    assert_mf_ok(mf_loss_find(&loss->def, kind, &err), &err);
    mf_opt_defaults(loss->def->opts, loss->cfg);
    for (int i = 0; i < n; i++) {
        assert_int_equal(sscanf(*at, " %31s %31s%n", option, value, &used), 2);
        *at += used;
        assert_mf_ok(mf_opt_set(loss->def->opts, loss->cfg, option, value, &err), &err);
    }
    *at += 1;
    assert_int_equal(numbers(head, 3, at), 3);
    q->rows      = (int)head[0];
    q->classes   = (int)head[1];
    q->smoothing = head[2];
    assert_int_equal(numbers(q->z, VALUES_MAX, at), q->rows * q->classes);
    assert_int_equal(numbers(q->target, VALUES_MAX, at), q->rows * q->classes);
    q->weighted = numbers(q->weight, CLASSES_MAX, at) == q->classes;
    assert_int_equal(numbers(&q->loss, 1, at), 1);
    assert_int_equal(numbers(q->grad, VALUES_MAX, at), q->rows * q->classes);
}

static double
worst_gap(const double *a, const double *b, int n)
{
    double gap = 0, size = 0;

    for (int i = 0; i < n; i++) {
        gap  = fmax(gap, fabs(a[i] - b[i]));
        size = fmax(size, fabs(b[i]));
        assert_true(isfinite(a[i]));
    }
    return gap / size;
}

static void
against_vectors(const char *backend, mf_dtype type, double allowed)
{
    bool    seen[64] = {false};
    mf_blob file     = {0};
    char    path[1024], name[64], *at;
    double  worst = 0;
    mf_err  err   = {0};

    snprintf(path, sizeof path, "%s/tests/train/vectors/losses.txt", mf_test_source());
    assert_mf_ok(mf_file_read(&file, path, 1 << 20, &err), &err);
    at = strchr((char *)file.data, '\n') + 1;
    while (*at != '\0') {
        problem q;
        mf_loss loss;
        rig     r;
        double  grad[VALUES_MAX], value, gap;

        read_case(&q, &loss, name, &at);
        rig_open(&r, &loss, &q, backend, type);
        value = rig_run(&r, &q, grad);
        gap   = fmax(fabs(value - q.loss) / fabs(q.loss), worst_gap(grad, q.grad, q.rows * q.classes));
        if (!(gap <= allowed)) {
            fail_msg("%s, %s: value %.10g, wanted %.10g; worst relative gap %.2e", backend, name, value, q.loss, gap);
        }
        worst = fmax(worst, gap);
        for (size_t i = 0; i < mf_loss_count(); i++) {
            seen[i] = seen[i] || mf_loss_at(i) == loss.def;
        }
        rig_close(&r);
    }
    for (size_t i = 0; i < mf_loss_count(); i++) {
        if (!seen[i]) {
            fail_msg("%s has no case in losses.txt", mf_loss_at(i)->name);
        }
    }
    printf("%s: worst relative gap %.1e (allowed %.0e)\n", backend, worst, allowed);
    mf_blob_free(&file);
}

static void
test_vectors(void **state)
{
    (void)state;
    against_vectors("ref64", MF_DTYPE_F64, 1e-12);
    against_vectors("ref", MF_DTYPE_F32, 2e-6);
}

static void
test_vectors_onednn(void **state)
{
    const mf_backend *b;

    (void)state;
    if (mf_backend_find(&b, "onednn", NULL) < 0) {
        mf_test_skip("this build has no oneDNN");
    }
    against_vectors("onednn", MF_DTYPE_F32, 2e-6);
}

/* ---- what holds for any loss ---- */

static void
draw(problem *q, mf_rng *rng, double spread)
{
    *q = (problem){.rows = 1 + (int)mf_rng_below(rng, 8), .classes = 2 + (int)mf_rng_below(rng, 7),
                   .smoothing = mf_rng_below(rng, 2) != 0 ? 0.1 : 0.0, .weighted = mf_rng_below(rng, 2) != 0};
    for (int i = 0; i < q->rows; i++) {
        double sum = 0;

        for (int c = 0; c < q->classes; c++) {
            q->z[i * q->classes + c]      = spread * mf_rng_normal(rng);
            q->target[i * q->classes + c] = mf_rng_unit(rng) < 0.5 ? mf_rng_uniform(rng, 0.1, 1) : 0;
        }
        q->target[i * q->classes + (int)mf_rng_below(rng, (uint64_t)q->classes)] += 0.5;
        for (int c = 0; c < q->classes; c++) {
            sum += q->target[i * q->classes + c];
        }
        for (int c = 0; c < q->classes; c++) {
            q->target[i * q->classes + c] /= sum;
        }
    }
    for (int c = 0; c < q->classes; c++) {
        q->weight[c] = mf_rng_uniform(rng, 0.2, 3);
    }
}

static void
default_loss(mf_loss *loss, size_t i)
{
    loss->def = mf_loss_at(i);
    mf_opt_defaults(loss->def->opts, loss->cfg);
}

static void
test_differences(void **state)
{
    const double step = 1e-4, allowed = 1e-6;

    (void)state;
    for (size_t i = 0; i < mf_loss_count(); i++) {
        mf_rng  rng   = mf_rng_make(5, i, 0, MF_RNG_TEST);
        double  worst = 0;
        mf_loss loss;

        default_loss(&loss, i);
        for (int round = 0; round < 20; round++) {
            problem q;
            rig     r;
            double  grad[VALUES_MAX], num[VALUES_MAX];

            draw(&q, &rng, 2.0);
            rig_open(&r, &loss, &q, "ref64", MF_DTYPE_F64);
            rig_run(&r, &q, grad);
            for (int k = 0; k < q.rows * q.classes; k++) {
                const double was = q.z[k];
                double       up;

                q.z[k] = was + step;
                up     = rig_run(&r, &q, NULL);
                q.z[k] = was - step;
                num[k] = (up - rig_run(&r, &q, NULL)) / (2 * step);
                q.z[k] = was;
            }
            worst = fmax(worst, worst_gap(grad, num, q.rows * q.classes));
            rig_close(&r);
        }
        printf("%-14s worst relative gap from differences %.1e (allowed %.0e)\n", loss.def->name, worst, allowed);
        assert_true(worst <= allowed);
    }
}

/* Logits so far apart that probabilities round to 0 and 1: nothing becomes infinite, and all samples' gradients sum to 0,
 * since a constant added to all logits of a sample changes nothing. */
static void
test_extremes(void **state)
{
    (void)state;
    for (size_t i = 0; i < mf_loss_count(); i++) {
        mf_rng  rng = mf_rng_make(6, i, 0, MF_RNG_TEST);
        mf_loss loss;

        default_loss(&loss, i);
        for (int round = 0; round < 20; round++) {
            problem q;
            rig     r;
            double  grad[VALUES_MAX];

            draw(&q, &rng, 60.0);
            rig_open(&r, &loss, &q, "ref", MF_DTYPE_F32);
            assert_true(isfinite(rig_run(&r, &q, grad)));
            for (int n = 0; n < q.rows; n++) {
                double sum = 0;

                for (int c = 0; c < q.classes; c++) {
                    assert_true(isfinite(grad[n * q.classes + c]));
                    sum += grad[n * q.classes + c];
                }
                assert_true(fabs(sum) < 1e-5);
            }
            rig_close(&r);
        }
    }
}

static void
test_entries(void **state)
{
    const mf_loss_def *def;
    mf_err             err = {0};

    (void)state;
    for (size_t i = 0; i < mf_loss_count(); i++) {
        const mf_loss_def *d = mf_loss_at(i);

        assert_true(d->summary[0] != '\0' && d->source[0] != '\0' && d->build != NULL && d->opts != NULL);
        assert_true(d->cfg_size <= MF_LOSS_CFG_MAX);
        assert_true(i == 0 || strcmp(mf_loss_at(i - 1)->name, d->name) < 0);
        assert_mf_ok(mf_loss_find(&def, d->name, &err), &err);
        assert_ptr_equal(def, d);
    }
    assert_null(mf_loss_at(mf_loss_count()));
    assert_mf_fails(mf_loss_find(&def, "focl", &err), MF_E_NOTFOUND, &err, "did you mean 'focal'?");
    assert_null(def);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_entries),     cmocka_unit_test(test_vectors),  cmocka_unit_test(test_vectors_onednn),
        cmocka_unit_test(test_differences), cmocka_unit_test(test_extremes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
