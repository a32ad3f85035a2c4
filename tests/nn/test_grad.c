/* tests/nn/test_grad.c: every gradient rule against central differences, in double on the ref64 backend.
 *
 * The registry is walked: an op with a gradient but no fixture fails, and so does a gradient op that no fixture's
 * backward pass has made. The step is 1e-4, the error allowed 1e-6 of the tensor's largest gradient. */
#include "support.h"

#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "fixtures.h"
#include "nn/program.h"

enum { DRAWS = 8 };
static const double step = 1e-4, allowed = 1e-6;

typedef struct seen {
    bool op[256];
} seen;

static void
note_op(void *arg, const char *op, const char *scope, const mf_shape *out, int64_t macs, int64_t params)
{
    seen *s = arg;
    (void)scope, (void)out, (void)macs, (void)params;
    for (size_t i = 0; i < mf_op_count(); i++)
        if (strcmp(mf_op_at(i)->name, op) == 0)
            s->op[i] = true;
}

static double
loss_of(mf_program *p)
{
    mf_err err = {0};
    double loss = 0;
    assert_mf_ok(mf_program_run(p, 3, 5, &err), &err);
    assert_mf_ok(mf_program_read(p, "loss", MF_DTYPE_F64, &loss, 1, &err), &err);
    return loss;
}

/* The largest difference of p's gradient from central differences, over the largest gradient. */
static double
check_param(mf_program *prog, mf_param *p, const char *op, const char *what, int draw)
{
    const size_t n = (size_t)mf_shape_elems(&p->shape);
    double      *v = mf_calloc(n, sizeof *v), *grad = mf_calloc(n, sizeof *grad);
    double       worst = 0, largest = 0;
    size_t       at = 0;
    mf_err       err = {0};

    assert_true(v && grad);
    assert_mf_ok(mf_program_run(prog, 3, 5, &err), &err);
    mf_param_get(p, MF_DTYPE_F64, v);
    mf_param_get_grad(p, MF_DTYPE_F64, grad);
    for (size_t i = 0; i < n; i++) {
        const double was = v[i];
        double       up, down, num;
        v[i] = was + step;
        mf_param_set(p, MF_DTYPE_F64, v);
        up   = loss_of(prog);
        v[i] = was - step;
        mf_param_set(p, MF_DTYPE_F64, v);
        down = loss_of(prog);
        v[i] = was;
        mf_param_set(p, MF_DTYPE_F64, v);
        num = (up - down) / (2 * step);
        assert_true(isfinite(num) && isfinite(grad[i]));
        if (fabs(num - grad[i]) > worst) {
            worst = fabs(num - grad[i]);
            at    = i;
        }
        largest = fmax(largest, fmax(fabs(num), fabs(grad[i])));
    }
    if (worst > allowed * fmax(largest, 1e-3))
        fail_msg("%s (%s), draw %d, parameter %s[%zu]: off by %g where the largest gradient is %g", op, what, draw, p->name, at,
                 worst, largest);
    mf_free(v);
    mf_free(grad);
    return largest > 0 ? worst / largest : 0;
}

static double
check_fixture(const mf_fixture *fix, int draw, seen *all)
{
    const mf_backend *backend;
    mf_params        *ps;
    mf_graph         *g;
    mf_program       *prog;
    mf_fx             f;
    mf_ref            loss;
    seen              here = {{false}};
    double            worst = 0;
    int               checked = 0;
    mf_err            err = {0};
    bool              found = false;

    assert_mf_ok(mf_backend_find(&backend, "ref64", &err), &err);
    assert_mf_ok(mf_params_new(&ps, MF_DTYPE_F64, &err), &err);
    assert_mf_ok(mf_graph_new(&g, ps, &err), &err);
    loss = mf_fx_loss(&f, mf_fx_build(&f, fix, g, (uint64_t)draw));
    assert_mf_ok(mf_graph_check(g, &err), &err);
    mf_graph_output(g, "loss", loss);
    assert_mf_ok(mf_graph_backward(g, loss, NULL, 0, &err), &err);
    mf_graph_visit(g, note_op, &here);
    for (size_t i = 0; i < mf_op_count(); i++) {
        all->op[i] = all->op[i] || here.op[i];
        found      = found || (here.op[i] && strcmp(mf_op_at(i)->name, fix->op) == 0);
    }
    if (!found)
        fail_msg("the fixture for %s (%s) does not contain it", fix->op, fix->what);

    mf_compile_opts o = {.backend = backend, .prec = MF_PREC_F64, .batch = 1, .outputs = (const char *[]){"loss", NULL}, .grads = true};
    assert_mf_ok(mf_program_compile(&prog, g, &o, &err), &err);
    assert_mf_ok(mf_params_materialize(ps, 1, &err), &err);
    assert_mf_ok(mf_params_want_grads(ps, &err), &err);
    mf_fx_fill(&f);
    for (size_t i = 0; i < mf_params_count(ps); i++) {
        mf_param *p = mf_params_at(ps, i);
        if (p->frozen || p->kind == MF_PARAM_BUFFER || p->kind == MF_PARAM_COUNTER)
            continue;
        worst = fmax(worst, check_param(prog, p, fix->op, fix->what, draw));
        checked++;
    }
    assert_true(checked > 0);
    mf_program_free(prog);
    mf_graph_free(g);
    mf_params_free(ps);
    mf_fx_free(&f);
    return worst;
}

static void
test_gradients(void **state)
{
    seen all = {{false}};
    (void)state;
    assert_true(mf_op_count() <= sizeof all.op);
    for (size_t i = 0; i < mf_fixture_count(); i++) {
        const mf_fixture *fix = mf_fixture_at(i);
        double            worst = 0;
        for (int d = 0; d < DRAWS; d++)
            worst = fmax(worst, check_fixture(fix, d, &all));
        printf("%-14s %-34s worst relative error %.1e (allowed %.0e)\n", fix->op, fix->what, worst, allowed);
    }
    for (size_t i = 0; i < mf_op_count(); i++) {
        const mf_op_def *op = mf_op_at(i);
        if (!all.op[i] && !(op->flags & MF_OP_INFERENCE))
            fail_msg("no fixture uses %s", op->name);
    }
}

static void
test_registry(void **state)
{
    (void)state;
    for (size_t i = 0; i < mf_op_count(); i++) {
        const mf_op_def *op = mf_op_at(i);
        bool             fixture = false;
        assert_ptr_equal(mf_op_find(op->name), op);
        assert_true(op->summary && op->summary[0] && op->infer);
        assert_true(op->min_in >= 1 && op->max_in >= op->min_in && op->max_in <= MF_OP_MAX_IN);
        assert_true(op->nout >= 1 && op->nout <= MF_OP_MAX_OUT);
        if (i > 0)
            assert_true(strcmp(mf_op_at(i - 1)->name, op->name) < 0);
        for (size_t k = 0; k < mf_fixture_count(); k++)
            fixture = fixture || strcmp(mf_fixture_at(k)->op, op->name) == 0;
        if (op->flags & MF_OP_NO_GRAD)
            assert_null(op->grad);
        else if (!op->grad)
            fail_msg("%s has neither a gradient nor MF_OP_NO_GRAD", op->name);
        else if (!fixture)
            fail_msg("%s has a gradient but no fixture in tests/nn/fixtures.c", op->name);
    }
    assert_null(mf_op_find("no such op"));
    assert_null(mf_op_at(mf_op_count()));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_registry), cmocka_unit_test(test_gradients)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
