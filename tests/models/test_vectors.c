/* tests/models/test_vectors.c: small forms of the architectures against vectors/models.txt, which independent PyTorch programs
 * made: logits in evaluation form, the loss and gradients in training form, in double on the ref64 backend, within 1e-9. */
#include "support.h"

#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "models/model.h"
#include "nn/ops.h"
#include "nn/program.h"

enum { CLASSES = 5, LINE_MAX_BYTES = 4096 };
static const double allowed = 1e-9;

/* Number i of the tensor `name`, in [-1, 1): drawn() of make_models.py. */
static double
drawn(uint64_t h, uint64_t i)
{
    uint64_t z = (i + 1) * 0x9E3779B97F4A7C15u + h;

    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    z ^= z >> 31;
    return (double)(z >> 40) / 8388608.0 - 1.0;
}

static uint64_t
fnv(const char *prefix, const char *name)
{
    uint64_t h = 0xCBF29CE484222325u;

    for (const char *s = prefix; *s; s++) h = (h ^ (uint8_t)*s) * 0x100000001B3u;
    for (const char *s = name; *s; s++) h = (h ^ (uint8_t)*s) * 0x100000001B3u;
    return h;
}

static bool
ends(const char *s, const char *with)
{
    size_t n = strlen(s), k = strlen(with);

    return n >= k && strcmp(s + n - k, with) == 0;
}

static void
fill(mf_params *ps)
{
    for (size_t i = 0; i < mf_params_count(ps); i++) {
        mf_param *p = mf_params_at(ps, i);
        int64_t   n = mf_shape_elems(&p->shape);
        uint64_t  h = fnv("", p->name);
        float    *v;

        if (p->kind == MF_PARAM_COUNTER) continue;
        v = mf_calloc((size_t)n, sizeof *v);
        assert_non_null(v);
        for (int64_t k = 0; k < n; k++) {
            double u = drawn(h, (uint64_t)k);

            if (p->shape.ndim > 1) u *= sqrt(6.0 / (double)(n / p->shape.dim[0]));
            else if (ends(p->name, "running_var")) u = 1.0 + 0.25 * u;
            else if (ends(p->name, ".weight")) u = 0.75 + 0.25 * u;
            else u *= 0.125;
            v[k] = (float)u;
        }
        mf_param_set(p, MF_DTYPE_F32, v);
        mf_free(v);
    }
    mf_params_touch(ps);
}

typedef struct net {
    mf_model    m;
    mf_params  *ps;
    mf_graph   *train, *eval;
    mf_program *trained, *scored;
    int         batch;
} net;

/* Landmarks, where the program asks for them: floats, as a loader gives them. */
static void
feed_points(mf_program *p, int side)
{
    mf_tdesc d;
    mf_err   err = {0};
    size_t   elems;
    float   *v;

    if (mf_program_input_desc(p, "x.landmarks", &d, NULL) < 0) return;
    elems = (size_t)mf_shape_elems(&d.shape);
    v     = mf_calloc(elems, sizeof *v);
    assert_non_null(v);
    for (size_t i = 0; i < elems; i++) {
        const double u = drawn(fnv("", "landmarks"), i);

        v[i] = (float)(i % 3 == 2 ? 0.75 + 0.5 * u : side * (0.5 + 0.6 * u));
    }
    assert_mf_ok(mf_program_feed(p, "x.landmarks", MF_DTYPE_F32, v, &err), &err);
    mf_free(v);
}

static void
net_open(net *n, char *arch, int side, int batch)
{
    static const char *const loss[] = {"loss", NULL}, *const logits[] = {"logits", "features", NULL};
    mf_err           err = {0};
    mf_compile_opts  o   = {.prec = MF_PREC_F64, .batch = batch};
    mf_model_out     out;
    mf_ref           t;
    double          *v;
    size_t           elems = (size_t)batch * 3 * (size_t)side * (size_t)side;
    char            *opt = strchr(arch, ':');

    *n = (net){.batch = batch};
    if (opt) *opt++ = '\0';
    assert_mf_ok(mf_model_make(&n->m, arch, CLASSES, 3, side, side, &err), &err);
    while (opt && *opt) {
        char *next = strchr(opt, ','), *eq;

        if (next) *next++ = '\0';
        eq = strchr(opt, '=');
        assert_non_null(eq);
        *eq = '\0';
        assert_mf_ok(mf_opt_set(n->m.def->opts, n->m.cfg, opt, eq + 1, &err), &err);
        opt = next;
    }
    assert_mf_ok(mf_backend_find(&o.backend, "ref64", &err), &err);
    assert_mf_ok(mf_params_new(&n->ps, MF_DTYPE_F64, &err), &err);
    assert_mf_ok(mf_graph_new(&n->train, n->ps, &err), &err);
    mf_graph_training(n->train, true);
    t = mf_graph_input(n->train, "target", MF_KIND_F32, mf_shape_of(2, (int64_t)1, (int64_t)CLASSES));
    assert_mf_ok(mf_model_build(&out, &n->m, n->train, mf_model_input(n->train, &n->m, "x"), &err), &err);
    mf_graph_output(n->train, "loss", mf_cross_entropy(n->train, out.logits, t, MF_NONE, 0));
    assert_mf_ok(mf_graph_backward(n->train, mf_graph_find(n->train, "loss"), NULL, 0, &err), &err);
    assert_mf_ok(mf_model_eval_graph(&n->eval, &n->m, n->ps, &err), &err);
    o.outputs = logits;
    assert_mf_ok(mf_program_compile(&n->scored, n->eval, &o, &err), &err);
    o.outputs = loss;
    o.grads   = true;
    assert_mf_ok(mf_program_compile(&n->trained, n->train, &o, &err), &err);
    assert_mf_ok(mf_params_materialize(n->ps, 1, &err), &err);
    assert_mf_ok(mf_params_want_grads(n->ps, &err), &err);
    fill(n->ps);
    v = mf_calloc(elems, sizeof *v);
    assert_non_null(v);
    for (size_t i = 0; i < elems; i++) v[i] = 2.0 * drawn(fnv("", "x"), i);
    assert_mf_ok(mf_program_feed(n->scored, "x", MF_DTYPE_F64, v, &err), &err);
    assert_mf_ok(mf_program_feed(n->trained, "x", MF_DTYPE_F64, v, &err), &err);
    feed_points(n->scored, side);
    feed_points(n->trained, side);
    memset(v, 0, elems * sizeof *v);
    for (int k = 0; k < batch; k++) v[k * CLASSES + k % CLASSES] = 1.0;
    assert_mf_ok(mf_program_feed(n->trained, "target", MF_DTYPE_F64, v, &err), &err);
    mf_free(v);
    assert_mf_ok(mf_program_run(n->scored, 1, 0, &err), &err); /* before training moves the running statistics */
    assert_mf_ok(mf_program_run(n->trained, 1, 0, &err), &err);
}

static void
net_close(net *n)
{
    mf_program_free(n->trained);
    mf_program_free(n->scored);
    mf_graph_free(n->train);
    mf_graph_free(n->eval);
    mf_params_free(n->ps);
}

static double
logits_error(const net *n, char *numbers)
{
    double have[8 * CLASSES], top = 0, worst = 0;
    mf_err err = {0};

    assert_true(n->batch <= 8);
    assert_mf_ok(mf_program_read(n->scored, "logits", MF_DTYPE_F64, have, (size_t)(n->batch * CLASSES), &err), &err);
    for (int i = 0; i < n->batch * CLASSES; i++) {
        double want = strtod(numbers, &numbers);

        top   = fmax(top, fabs(want));
        worst = fmax(worst, fabs(have[i] - want));
        assert_true(isfinite(have[i]));
    }
    return worst / top;
}

/* The embedding's differences of product and length from the wanted ones, over the wanted length. */
static double
features_error(const net *n, double dot, double norm)
{
    mf_shape s;
    mf_err   err = {0};
    double  *v, d = 0, sum = 0;

    assert_mf_ok(mf_program_output_shape(n->scored, "features", &s, &err), &err);
    v = mf_calloc((size_t)mf_shape_elems(&s), sizeof *v);
    assert_non_null(v);
    assert_mf_ok(mf_program_read(n->scored, "features", MF_DTYPE_F64, v, (size_t)mf_shape_elems(&s), &err), &err);
    for (int64_t i = 0; i < mf_shape_elems(&s); i++) {
        d += v[i] * drawn(fnv("probe ", "features"), (uint64_t)i);
        sum += v[i] * v[i];
    }
    mf_free(v);
    return fmax(fabs(d - dot), fabs(sqrt(sum) - norm)) / norm;
}

/* Differences of product and length from the wanted ones. */
static double
grad_error(const net *n, const char *name, double dot, double norm)
{
    const mf_param *p = mf_params_find(n->ps, name);
    double         *g, d = 0, s = 0;
    int64_t         elems;

    if (!p || !p->grad) fail_msg("%s has no trained parameter '%s'", n->m.def->name, name);
    elems = mf_shape_elems(&p->shape);
    g     = mf_calloc((size_t)elems, sizeof *g);
    assert_non_null(g);
    mf_param_get_grad(p, MF_DTYPE_F64, g);
    for (int64_t i = 0; i < elems; i++) {
        d += g[i] * drawn(fnv("probe ", name), (uint64_t)i);
        s += g[i] * g[i];
    }
    mf_free(g);
    return fmax(fabs(d - dot), fabs(sqrt(s) - norm));
}

static void
test_vectors(void **state)
{
    char  path[1024], line[LINE_MAX_BYTES], arch[128], name[256];
    net   n     = {0};
    FILE *f;
    int   cases = 0, grads = 0, embeddings = 0, side, batch;
    double loss = 0, dot, norm, far = 0, top = 0, z = 0;
    mf_err err = {0};

    (void)state;
    snprintf(path, sizeof path, "%s/tests/models/vectors/models.txt", mf_test_source());
    f = fopen(path, "r");
    assert_non_null(f);
    for (bool more = true; more;) {
        more = fgets(line, sizeof line, f) != NULL;
        if (!more || sscanf(line, "case %127s %d %d", arch, &side, &batch) == 3) {
            if (n.ps) { /* zero gradients are held against the largest */
                printf("  %-20s logits %.1e, %d gradients %.1e (limit %.0e)\n", n.m.def->name, z, grads, far / top, allowed);
                assert_true(grads > 0 && z <= allowed && far <= allowed * top);
                net_close(&n);
                n = (net){0};
            }
            far = top = 0;
            grads     = 0;
            if (more) {
                net_open(&n, arch, side, batch);
                cases++;
            }
        } else if (strncmp(line, "logits ", 7) == 0) {
            z = logits_error(&n, line + 7);
        } else if (sscanf(line, "features %lf %lf", &dot, &norm) == 2) {
            z = fmax(z, features_error(&n, dot, norm));
            embeddings++;
        } else if (sscanf(line, "loss %lf", &dot) == 1) {
            assert_mf_ok(mf_program_read(n.trained, "loss", MF_DTYPE_F64, &loss, 1, &err), &err);
            assert_true(fabs(loss - dot) <= allowed * fabs(dot));
        } else if (sscanf(line, "grad %255s %lf %lf", name, &dot, &norm) == 3) {
            far = fmax(far, grad_error(&n, name, dot, norm));
            top = fmax(top, norm);
            grads++;
        } else {
            assert_int_equal(line[0], '#');
        }
    }
    fclose(f);
    assert_true(cases >= 15 && embeddings >= 2);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_vectors)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
