/* tests/nn/test_ops.c: what ops promise beyond values: refusals in words, batch sizes that differ from the nominal one,
 * the bounds of msde's losses, dropout's mask, ties and NaN, fused against unfused, folded against plain. Long, since each promise is one
 * short test and all share the graphs built here. */
#include "support.h"

#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "fixtures.h"
#include "nn/dropout.h"
#include "nn/program.h"

typedef struct rig {
    mf_params  *ps;
    mf_graph   *g;
    mf_program *p;
    const mf_backend *backend;
} rig;

static void
rig_open(rig *r, bool f64)
{
    mf_err err = {0};
    *r         = (rig){0};
    assert_mf_ok(mf_backend_find(&r->backend, f64 ? "ref64" : "ref", &err), &err);
    assert_mf_ok(mf_params_new(&r->ps, f64 ? MF_DTYPE_F64 : MF_DTYPE_F32, &err), &err);
    assert_mf_ok(mf_graph_new(&r->g, r->ps, &err), &err);
}

static mf_status
rig_compile(rig *r, int batch, bool grads, bool no_fuse, const char *const *outputs, mf_err *err)
{
    const bool      f64 = r->backend->real == MF_DTYPE_F64;
    mf_compile_opts o = {.backend = r->backend, .prec = f64 ? MF_PREC_F64 : MF_PREC_F32, .batch = batch, .outputs = outputs,
                         .grads = grads, .no_fuse = no_fuse};
    mf_status       st;
    mf_program_free(r->p);
    r->p = NULL;
    if ((st = mf_program_compile(&r->p, r->g, &o, err)) < 0 || (st = mf_params_materialize(r->ps, 1, err)) < 0)
        return st;
    return grads ? mf_params_want_grads(r->ps, err) : MF_OK;
}

static void
rig_close(rig *r)
{
    mf_program_free(r->p);
    mf_graph_free(r->g);
    mf_params_free(r->ps);
}

static mf_ref
param(rig *r, const char *name, mf_shape s)
{
    return mf_graph_param(r->g, name, s, (mf_init){.kind = MF_INIT_ZERO}, MF_PARAM_WEIGHT);
}

static mf_ref
input(rig *r, const char *name, mf_shape s)
{
    return mf_graph_input(r->g, name, MF_KIND_F32, s);
}

/* Compile for `batch`, feed x, run, read `n` numbers of "y". */
static void
run_y(rig *r, int batch, const double *x, double *y, size_t n)
{
    mf_err err = {0};
    assert_mf_ok(rig_compile(r, batch, false, false, (const char *[]){"y", NULL}, &err), &err);
    assert_mf_ok(mf_program_feed(r->p, "x", MF_DTYPE_F64, x, &err), &err);
    assert_mf_ok(mf_program_run(r->p, 1, 1, &err), &err);
    assert_mf_ok(mf_program_read(r->p, "y", MF_DTYPE_F64, y, n, &err), &err);
}

/* ---- refusals ---- */

static mf_shape
map(int64_t n, int64_t c, int64_t h, int64_t w)
{
    return mf_shape_of(4, n, c, h, w);
}

static mf_shape
rows(int64_t n, int64_t c)
{
    return mf_shape_of(2, n, c);
}

static void bad_conv_channels(rig *r) { mf_conv2d(r->g, param(r, "x", map(2, 3, 8, 8)), param(r, "w", map(4, 2, 3, 3)), MF_NONE, mf_conv2d_simple(1, 1)); }
static void bad_conv_small(rig *r) { mf_conv2d(r->g, param(r, "x", map(2, 3, 2, 2)), param(r, "w", map(4, 3, 3, 3)), MF_NONE, mf_conv2d_simple(1, 0)); }
static void bad_conv_stride(rig *r) { mf_conv2d(r->g, param(r, "x", map(2, 3, 8, 8)), param(r, "w", map(4, 3, 3, 3)), MF_NONE, mf_conv2d_simple(0, 0)); }
static void bad_conv_bias(rig *r) { mf_conv2d(r->g, param(r, "x", map(2, 3, 8, 8)), param(r, "w", map(4, 3, 3, 3)), param(r, "b", mf_shape_of(1, (int64_t)5)), mf_conv2d_simple(1, 0)); }
static void bad_conv_rank(rig *r) { mf_conv2d(r->g, param(r, "x", rows(2, 3)), param(r, "w", map(4, 3, 3, 3)), MF_NONE, mf_conv2d_simple(1, 0)); }
static void bad_conv_missing(rig *r) { mf_conv2d(r->g, MF_NONE, param(r, "w", map(4, 3, 3, 3)), MF_NONE, mf_conv2d_simple(1, 0)); }
static void bad_linear(rig *r) { mf_linear(r->g, param(r, "x", rows(2, 5)), param(r, "w", rows(7, 4)), MF_NONE); }
static void bad_add(rig *r) { mf_add(r->g, param(r, "a", rows(2, 5)), param(r, "b", rows(2, 4))); }
static void bad_pool_window(rig *r) { mf_maxpool(r->g, param(r, "x", map(2, 1, 4, 4)), (mf_pool_attrs){.kh = 5, .kw = 5, .sh = 1, .sw = 1}); }
static void bad_pool_pad(rig *r) { mf_maxpool(r->g, param(r, "x", map(2, 1, 4, 4)), (mf_pool_attrs){.kh = 2, .kw = 2, .sh = 1, .sw = 1, .ph = 2}); }
static void bad_pool_index(rig *r) { mf_maxpool(r->g, param(r, "x", map(2, 1, 20, 20)), (mf_pool_attrs){.kh = 16, .kw = 16, .sh = 1, .sw = 1}); }
static void bad_reshape(rig *r) { mf_reshape(r->g, param(r, "x", rows(2, 6)), 2, (int64_t[]){5, -1}); }
static void bad_reshape_zero(rig *r) { mf_reshape(r->g, param(r, "x", rows(2, 6)), 3, (int64_t[]){2, 6, 0}); }
static void bad_concat(rig *r) { mf_concat(r->g, (mf_ref[]){param(r, "a", map(2, 1, 4, 4)), param(r, "b", map(2, 1, 4, 5))}, 2, 1); }
static void bad_concat_batch(rig *r) { mf_concat(r->g, (mf_ref[]){param(r, "a", rows(2, 4)), param(r, "b", rows(2, 4))}, 2, 0); }
static void bad_slice(rig *r) { mf_slice(r->g, param(r, "x", rows(2, 6)), 1, 4, 3); }
static void bad_ce(rig *r) { mf_cross_entropy(r->g, param(r, "z", rows(2, 7)), param(r, "t", rows(2, 8)), MF_NONE, 0.0f); }
static void bad_smoothing(rig *r) { mf_cross_entropy(r->g, param(r, "z", rows(2, 7)), param(r, "t", rows(2, 7)), MF_NONE, 1.5f); }
static void bad_dropout(rig *r) { mf_graph_training(r->g, true); mf_dropout(r->g, param(r, "x", rows(2, 7)), 1.0f); }
static void bad_axis(rig *r) { mf_softmax(r->g, param(r, "x", rows(2, 7)), 2); }
static void bad_reduce(rig *r) { mf_reduce(r->g, MF_R_SUM, param(r, "x", rows(2, 7)), 1u << 2, false); }
static void bad_mse(rig *r) { mf_mse(r->g, param(r, "a", rows(2, 7)), param(r, "b", rows(7, 2))); }
static void bad_prelu(rig *r) { mf_prelu(r->g, param(r, "x", rows(2, 7)), param(r, "s", mf_shape_of(1, (int64_t)2))); }
static void bad_lrn(rig *r) { mf_lrn(r->g, param(r, "x", map(2, 7, 2, 2)), (mf_lrn_attrs){.size = 4, .kappa = 1.0f}); }
static void bad_zoom_box(rig *r) { mf_zoom(r->g, param(r, "x", map(2, 7, 4, 4)), (mf_zoom_attrs){.left = 0.5f, .right = 0.5f, .bottom = 1.0f}); }
static void bad_zoom_scale(rig *r) { mf_graph_training(r->g, true); mf_zoom(r->g, param(r, "x", map(2, 7, 4, 4)), (mf_zoom_attrs){.lo = 0.9f, .hi = 0.5f}); }
static void bad_zoom_radius(rig *r) { mf_zoom_at(r->g, param(r, "x", map(2, 7, 4, 4)), param(r, "at", rows(2, 2)), 0.0f, false); }
static void bad_zoom_place(rig *r) { mf_zoom_at(r->g, param(r, "x", map(2, 7, 4, 4)), param(r, "at", rows(2, 3)), 0.5f, false); }
static void bad_crop(rig *r) { mf_crop(r->g, param(r, "x", map(2, 7, 4, 4)), param(r, "at", rows(2, 2)), 5, 2); }
static void bad_points(rig *r) { mf_midpoints(r->g, param(r, "x", mf_shape_of(3, (int64_t)2, (int64_t)5, (int64_t)2)), &(mf_midpoints_attrs){.n = 1}); }
static void bad_pair(rig *r) { mf_midpoints(r->g, param(r, "x", mf_shape_of(3, (int64_t)2, (int64_t)5, (int64_t)3)), &(mf_midpoints_attrs){.n = 2, .b = {0, 5}}); }
static void bad_bell(rig *r) { mf_gauss_maps(r->g, param(r, "x", mf_shape_of(3, (int64_t)2, (int64_t)3, (int64_t)5)), (mf_gauss_attrs){.h = 4, .w = 4, .side_y = 8, .side_x = 8}); }
static void bad_canvas(rig *r) { mf_gauss_maps(r->g, param(r, "x", mf_shape_of(3, (int64_t)2, (int64_t)3, (int64_t)5)), (mf_gauss_attrs){.h = 9, .w = 4, .side_y = 8, .side_x = 8, .sigma = 1}); }
static void bad_wpool(rig *r) { mf_wpool(r->g, param(r, "x", map(2, 7, 4, 4)), param(r, "m", map(2, 3, 4, 5))); }
static void bad_centres(rig *r) { mf_centre_loss(r->g, param(r, "x", rows(2, 4)), param(r, "t", rows(2, 7)), param(r, "m", rows(3, 4)), 0.5f); }
static void bad_centre_rate(rig *r) { mf_centre_loss(r->g, param(r, "x", rows(2, 4)), param(r, "t", rows(2, 7)), param(r, "m", rows(7, 4)), 2.0f); }
static void bad_clip(rig *r) { mf_clip(r->g, param(r, "x", rows(2, 7)), 6.0, 0.0); }

static void
test_refusals(void **state)
{
    static const struct {
        void (*build)(rig *r);
        const char *op, *says;
    } bad[] = {
        {bad_conv_channels, "conv2d", "does not fit a weight of shape [4, 2, 3, 3]"},
        {bad_conv_small, "conv2d", "too small"},
        {bad_conv_stride, "conv2d", "at least 1"},
        {bad_conv_bias, "conv2d", "the bias has shape [5], expected [4]"},
        {bad_conv_rank, "conv2d", "expected 4 dimensions"},
        {bad_conv_missing, "conv2d", "input 0 is missing"},
        {bad_linear, "matmul", "inner lengths differ"},
        {bad_add, "binary", "do not broadcast"},
        {bad_pool_window, "maxpool", "smaller than the window of 5 x 5"},
        {bad_pool_pad, "maxpool", "half the window"},
        {bad_pool_index, "maxpool", "255"},
        {bad_reshape, "reshape", "do not fill"},
        {bad_reshape_zero, "reshape", "does not fit"},
        {bad_concat, "concat", "shape [2, 1, 4, 5], expected [2, 1, 4, 4]"},
        {bad_concat_batch, "concat", "the batch"},
        {bad_slice, "slice", "do not lie in axis 1"},
        {bad_ce, "cross_entropy", "the target has shape [2, 8], expected [2, 7]"},
        {bad_smoothing, "cross_entropy", "smoothing is 1.5"},
        {bad_dropout, "dropout", "less than 1"},
        {bad_axis, "softmax", "axis 2"},
        {bad_reduce, "reduce", "do not fit the shape [2, 7]"},
        {bad_mse, "mse", "expected"},
        {bad_prelu, "prelu", "the slope has shape [2], expected [7]"},
        {bad_lrn, "lrn", "odd"},
        {bad_zoom_box, "zoom", "does not lie in the picture"},
        {bad_zoom_scale, "zoom", "in order"},
        {bad_zoom_radius, "zoom", "a box of radius 0"},
        {bad_zoom_place, "zoom", "the places has shape [2, 3], expected [2, 2]"},
        {bad_crop, "crop", "does not lie in a map of 4 x 4"},
        {bad_points, "midpoints", "3 values, not 2"},
        {bad_pair, "midpoints", "point 1 lies between points 0 and 5 of 5"},
        {bad_bell, "gauss_maps", "a bell of deviation 0"},
        {bad_canvas, "gauss_maps", "maps of 9 x 4 cannot be made of a canvas of 8 x 8"},
        {bad_wpool, "wpool", "shape [2, 3, 4, 5], expected [2, 3, 4, 4]"},
        {bad_clip, "clip", "bounds 6 and 0"},
        {bad_centres, "centre_loss", "the centres has shape [3, 4], expected [7, 4]"},
        {bad_centre_rate, "centre_loss", "the rate of the centres is 2"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        rig    r;
        mf_err err = {0};
        rig_open(&r, true);
        mf_graph_push(r.g, "layer1");
        bad[i].build(&r);
        assert_mf_fails(mf_graph_check(r.g, &err), MF_E_ARG, &err, bad[i].says);
        if (!strstr(err.msg, bad[i].op) || !strstr(err.msg, "layer1"))
            fail_msg("'%s' names neither %s nor its scope", err.msg, bad[i].op);
        rig_close(&r);
    }
}

static void
test_bn_of_one(void **state)
{
    rig    r;
    mf_err err = {0};
    (void)state;
    rig_open(&r, true);
    mf_graph_training(r.g, true);
    mf_graph_output(r.g, "y", mf_batchnorm(r.g, input(&r, "x", rows(2, 3)), "bn"));
    assert_mf_fails(rig_compile(&r, 1, false, false, (const char *[]){"y", NULL}, &err), MF_E_ARG, &err, "more than one value a channel");
    memset(&err, 0, sizeof err);
    assert_mf_ok(rig_compile(&r, 2, false, false, (const char *[]){"y", NULL}, &err), &err);
    rig_close(&r);
}

/* A target that depends on trained values is refused, not silently held. */
static void
test_grad_refusals(void **state)
{
    rig    r;
    mf_err err = {0};
    (void)state;
    rig_open(&r, true);
    mf_ref z = param(&r, "z", rows(2, 7)), t = mf_softmax(r.g, param(&r, "t", rows(2, 7)), 1);
    mf_ref loss = mf_cross_entropy(r.g, z, t, MF_NONE, 0.0f);
    assert_mf_fails(mf_graph_backward(r.g, loss, NULL, 0, &err), MF_E_UNSUPPORTED, &err, "detach");
    rig_close(&r);

    rig_open(&r, true);
    memset(&err, 0, sizeof err);
    z    = param(&r, "z", rows(2, 7));
    t    = mf_detach(r.g, mf_softmax(r.g, param(&r, "t", rows(2, 7)), 1));
    loss = mf_cross_entropy(r.g, z, t, MF_NONE, 0.0f);
    assert_mf_ok(mf_graph_backward(r.g, loss, NULL, 0, &err), &err);
    assert_true(mf_ref_ok(mf_graph_grad(r.g, z)));
    assert_false(mf_ref_ok(mf_graph_grad(r.g, t)));
    rig_close(&r);
}

/* ---- batch sizes other than the nominal one ---- */

/* loss = mean over the batch of w . x: its gradient is the mean of the rows, for any batch. */
static void
test_batch(void **state)
{
    static const double x[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16};
    (void)state;
    for (int keep = 0; keep < 2; keep++) {
        rig    r;
        mf_err err = {0};
        rig_open(&r, true);
        mf_ref w = param(&r, "w", mf_shape_of(1, (int64_t)3));
        mf_ref p = mf_mul(r.g, input(&r, "x", rows(2, 3)), w);
        mf_ref m = mf_reduce(r.g, MF_R_MEAN, p, 1u, keep); /* [3] or [1, 3] */
        mf_ref loss = mf_reduce(r.g, MF_R_SUM, m, keep ? 3u : 1u, false);
        mf_graph_output(r.g, "loss", loss);
        assert_mf_ok(mf_graph_backward(r.g, loss, NULL, 0, &err), &err);
        for (int batch = 1; batch <= 5; batch++) {
            double grad[3];
            assert_mf_ok(rig_compile(&r, batch, true, false, (const char *[]){"loss", NULL}, &err), &err);
            assert_mf_ok(mf_program_feed(r.p, "x", MF_DTYPE_F64, x, &err), &err);
            assert_mf_ok(mf_program_run(r.p, 1, 1, &err), &err);
            mf_param_get_grad(mf_params_find(r.ps, "w"), MF_DTYPE_F64, grad);
            for (int k = 0; k < 3; k++) {
                double want = 0;
                for (int i = 0; i < batch; i++)
                    want += x[i * 3 + k] / batch;
                assert_true(fabs(grad[k] - want) < 1e-13);
            }
        }
        rig_close(&r);
    }
}

/* ---- losses: the numbers of the published program ---- */

static double
loss_of_rows(const double *logits, const double *target, int n, bool twice)
{
    rig    r;
    mf_err err = {0};
    double loss;
    rig_open(&r, true);
    mf_ref z = input(&r, "z", rows(n, 7)), t = input(&r, "t", rows(n, 7));
    mf_graph_output(r.g, "loss", mf_cross_entropy(r.g, twice ? mf_softmax(r.g, z, 1) : z, t, MF_NONE, 0.0f));
    assert_mf_ok(rig_compile(&r, n, false, false, (const char *[]){"loss", NULL}, &err), &err);
    assert_mf_ok(mf_program_feed(r.p, "z", MF_DTYPE_F64, logits, &err), &err);
    assert_mf_ok(mf_program_feed(r.p, "t", MF_DTYPE_F64, target, &err), &err);
    assert_mf_ok(mf_program_run(r.p, 1, 1, &err), &err);
    assert_mf_ok(mf_program_read(r.p, "loss", MF_DTYPE_F64, &loss, 1, &err), &err);
    rig_close(&r);
    return loss;
}

/* Cross-entropy of a softmax of a softmax lies between -log(e / (e + 6)) and 1 + log(e + 6): never near zero. */
static void
test_double_softmax(void **state)
{
    static const double right[7] = {0, 0, 1e4, 0, 0, 0, 0}, wrong[7] = {0, 0, 0, 0, 0, 1e4, 0}, flat[7] = {0};
    static const double target[7] = {0, 0, 1, 0, 0, 0, 0};
    (void)state;
    assert_true(fabs(loss_of_rows(right, target, 1, true) - 1.1654222) < 1e-7);
    assert_true(fabs(loss_of_rows(wrong, target, 1, true) - 2.1654222) < 1e-7);
    assert_true(fabs(loss_of_rows(flat, target, 1, false) - 1.9459101) < 1e-7);
    assert_true(fabs(loss_of_rows(flat, target, 1, true) - 1.9459101) < 1e-7);
    assert_true(loss_of_rows(right, target, 1, false) == 0.0);
    assert_true(loss_of_rows(wrong, target, 1, false) == 1e4);
}

/* Two maps of 512 channels, each place of length 1, without negative parts: 0 when equal, 2/512 when nothing is shared. */
static void
test_feature_loss(void **state)
{
    enum { N = 2 * 512 * 3 };
    double *a = mf_calloc(N, sizeof *a), *b = mf_calloc(N, sizeof *b), loss;
    (void)state;
    assert_true(a && b);
    for (int same = 0; same < 2; same++) {
        rig    r;
        mf_err err = {0};
        for (int i = 0; i < N; i++) {
            a[i] = i / 3 % 2 == 0 ? 1.0 + i % 7 : 0.0;
            b[i] = (i / 3 % 2 == 0) == (same == 1) ? (same ? a[i] * 5 : 1.0 + i % 5) : 0.0;
        }
        rig_open(&r, true);
        mf_ref x = mf_l2norm(r.g, input(&r, "a", map(2, 512, 1, 3)), 1), y = mf_l2norm(r.g, input(&r, "b", map(2, 512, 1, 3)), 1);
        mf_graph_output(r.g, "loss", mf_mse(r.g, x, y));
        assert_mf_ok(rig_compile(&r, 2, false, false, (const char *[]){"loss", NULL}, &err), &err);
        assert_mf_ok(mf_program_feed(r.p, "a", MF_DTYPE_F64, a, &err), &err);
        assert_mf_ok(mf_program_feed(r.p, "b", MF_DTYPE_F64, b, &err), &err);
        assert_mf_ok(mf_program_run(r.p, 1, 1, &err), &err);
        assert_mf_ok(mf_program_read(r.p, "loss", MF_DTYPE_F64, &loss, 1, &err), &err);
        assert_true(fabs(loss - (same ? 0.0 : 0.00390625)) < 1e-15);
        rig_close(&r);
    }
    mf_free(a);
    mf_free(b);
}

/* Vectors of length zero stay zero and pass a finite gradient. */
static void
test_l2norm_of_zero(void **state)
{
    rig    r;
    mf_err err = {0};
    double y[6], g[6];
    (void)state;
    rig_open(&r, true);
    mf_ref x = param(&r, "x", rows(2, 3)), v = mf_l2norm(r.g, x, 1);
    mf_graph_output(r.g, "y", v);
    mf_ref loss = mf_reduce(r.g, MF_R_SUM, v, 3u, false);
    assert_mf_ok(mf_graph_backward(r.g, loss, NULL, 0, &err), &err);
    assert_mf_ok(rig_compile(&r, 2, true, false, (const char *[]){"y", NULL}, &err), &err);
    mf_param_set(mf_params_find(r.ps, "x"), MF_DTYPE_F64, (double[]){0, 0, 0, 3, 0, 4});
    assert_mf_ok(mf_program_run(r.p, 1, 1, &err), &err);
    assert_mf_ok(mf_program_read(r.p, "y", MF_DTYPE_F64, y, 6, &err), &err);
    mf_param_get_grad(mf_params_find(r.ps, "x"), MF_DTYPE_F64, g);
    for (int i = 0; i < 3; i++) {
        assert_true(y[i] == 0.0);
        assert_true(g[i] == 1e12);
    }
    assert_true(fabs(y[3] - 0.6) < 1e-15 && y[4] == 0.0 && fabs(y[5] - 0.8) < 1e-15);
    rig_close(&r);
}

/* ---- dropout ---- */

static void
test_dropout(void **state)
{
    enum { N = 4000 };
    rig     r;
    mf_err  err = {0};
    double *x = mf_calloc(N, sizeof *x), *y[4], *g = mf_calloc(N, sizeof *g);
    int     kept = 0, same_step = 0, same_layer = 0;
    static const uint64_t seeds[4][2] = {{5, 9}, {5, 9}, {5, 10}, {6, 9}};
    (void)state;
    assert_true(x && g);
    rig_open(&r, true);
    mf_graph_training(r.g, true);
    mf_ref a = param(&r, "x", rows(4, N / 4)), d = mf_dropout(r.g, a, 0.3f);
    mf_ref e = mf_dropout(r.g, mf_scale(r.g, a, 1, 0), 0.3f);
    mf_graph_output(r.g, "y", d);
    mf_graph_output(r.g, "z", e);
    mf_ref loss = mf_reduce(r.g, MF_R_SUM, d, 3u, false);
    assert_mf_ok(mf_graph_backward(r.g, loss, NULL, 0, &err), &err);
    assert_mf_ok(rig_compile(&r, 2, true, false, (const char *[]){"y", "z", NULL}, &err), &err);
    for (int i = 0; i < N; i++)
        x[i] = 1.0 + i;
    mf_param_set(mf_params_find(r.ps, "x"), MF_DTYPE_F64, x);
    for (int k = 0; k < 4; k++) {
        y[k] = mf_calloc(N, sizeof **y);
        assert_non_null(y[k]);
        assert_mf_ok(mf_program_run(r.p, seeds[k][0], seeds[k][1], &err), &err);
        assert_mf_ok(mf_program_read(r.p, "y", MF_DTYPE_F64, y[k], N, &err), &err);
        if (k > 0)
            continue;
        mf_param_get_grad(mf_params_find(r.ps, "x"), MF_DTYPE_F64, g);
        assert_mf_ok(mf_program_read(r.p, "z", MF_DTYPE_F64, x, N, &err), &err); /* the other layer */
    }
    for (int i = 0; i < N; i++) {
        const bool keep = mf_dropout_keep(5, 9, 0, (uint64_t)i, 0.3f);
        assert_true(y[0][i] == y[1][i]);
        assert_true(keep ? fabs(y[0][i] - (1.0 + i) / (1 - (double)0.3f)) < 1e-9 : y[0][i] == 0.0);
        assert_true(keep ? fabs(g[i] - 1 / (1 - (double)0.3f)) < 1e-12 : g[i] == 0.0); /* the gradient drew the same mask */
        kept += keep;
        same_step += (y[0][i] == 0.0) == (y[2][i] == 0.0);
        same_layer += (y[0][i] == 0.0) == (x[i] == 0.0);
    }
    printf("dropout: kept %.4f of 0.7; another step agrees on %.4f, another layer on %.4f, chance 0.58\n", kept / (double)N,
           same_step / (double)N, same_layer / (double)N);
    assert_true(fabs(kept / (double)N - 0.7) < 0.03);
    assert_true(fabs(same_step / (double)N - 0.58) < 0.03 && fabs(same_layer / (double)N - 0.58) < 0.03);
    assert_memory_not_equal(y[0], y[3], N * sizeof **y);
    for (int k = 0; k < 4; k++)
        mf_free(y[k]);
    mf_free(x);
    mf_free(g);
    rig_close(&r);

    rig_open(&r, true); /* outside training it is not there */
    a = param(&r, "x", rows(2, 2));
    assert_int_equal(mf_dropout(r.g, a, 0.3f).id, a.id);
    rig_close(&r);
}

/* ---- ties, NaN, infinities ---- */

static void
test_ties_and_nan(void **state)
{
    rig    r;
    mf_err err = {0};
    double y[4], g[9];
    (void)state;

    rig_open(&r, true); /* the first of equal maxima gets the gradient */
    mf_ref x = param(&r, "x", map(1, 1, 3, 3));
    mf_ref v = mf_maxpool(r.g, x, (mf_pool_attrs){.kh = 3, .kw = 3, .sh = 1, .sw = 1});
    mf_ref loss = mf_add(r.g, mf_reduce(r.g, MF_R_SUM, v, 15u, false), mf_scale(r.g, mf_reduce(r.g, MF_R_MAX, x, 15u, false), 10, 0));
    assert_mf_ok(mf_graph_backward(r.g, loss, NULL, 0, &err), &err);
    mf_graph_output(r.g, "loss", loss);
    assert_mf_ok(rig_compile(&r, 1, true, false, (const char *[]){"loss", NULL}, &err), &err);
    mf_param_set(mf_params_find(r.ps, "x"), MF_DTYPE_F64, (double[]){0, 1, 7, 7, 2, 7, 0, 7, 3});
    assert_mf_ok(mf_program_run(r.p, 1, 1, &err), &err);
    mf_param_get_grad(mf_params_find(r.ps, "x"), MF_DTYPE_F64, g);
    for (int i = 0; i < 9; i++)
        assert_true(g[i] == (i == 2 ? 11.0 : 0.0));
    rig_close(&r);

    rig_open(&r, true); /* NaN wins a maximum and is kept by relu, clip and max */
    x = input(&r, "x", map(2, 1, 1, 2));
    v = mf_maxpool(r.g, x, (mf_pool_attrs){.kh = 1, .kw = 2, .sh = 1, .sw = 1});
    mf_ref all = mf_concat(r.g, (mf_ref[]){mf_flatten(r.g, v), mf_flatten(r.g, mf_relu(r.g, x)), mf_flatten(r.g, mf_clip(r.g, x, 0, 6))}, 3, 1);
    mf_graph_output(r.g, "y", all);
    double out[10];
    run_y(&r, 2, (double[]){1, NAN, -INFINITY, INFINITY}, out, 10);
    assert_true(isnan(out[0]) && out[1] == 1 && isnan(out[2]) && out[3] == 1 && isnan(out[4]));
    assert_true(out[5] == INFINITY && out[6] == 0 && out[7] == INFINITY && out[8] == 0 && out[9] == 6);
    rig_close(&r);

    rig_open(&r, true); /* softmax neither overflows nor underflows to 0/0 */
    mf_graph_output(r.g, "y", mf_softmax(r.g, input(&r, "x", rows(2, 2)), 1));
    run_y(&r, 2, (double[]){1e5, -1e5, -1e300, -1e300}, y, 4);
    assert_true(y[0] == 1 && y[1] == 0 && y[2] == 0.5 && y[3] == 0.5);
    rig_close(&r);
}

/* ---- crops ---- */

static void
test_crop(void **state)
{
    rig    r;
    mf_err err = {0};
    double y[8], x[18];
    (void)state;
    for (int i = 0; i < 18; i++)
        x[i] = i;
    rig_open(&r, true);
    mf_ref m = input(&r, "x", map(2, 1, 3, 3)), at = input(&r, "at", rows(2, 2));
    mf_graph_output(r.g, "y", mf_crop(r.g, m, at, 2, 2));
    assert_mf_ok(rig_compile(&r, 2, false, false, (const char *[]){"y", NULL}, &err), &err);
    assert_mf_ok(mf_program_feed(r.p, "x", MF_DTYPE_F64, x, &err), &err);
    assert_mf_ok(mf_program_feed(r.p, "at", MF_DTYPE_F64, (double[]){1.9, 0.2, -0.5, 2.0}, &err), &err);
    assert_mf_ok(mf_program_run(r.p, 1, 1, &err), &err);
    assert_mf_ok(mf_program_read(r.p, "y", MF_DTYPE_F64, y, 8, &err), &err);
    static const double want[8] = {3, 4, 6, 7, 0, 0, 11, 0}; /* rows 1-2, columns 0-1; rows -1-0, columns 2-3 */
    assert_memory_equal(y, want, sizeof want);
    assert_mf_ok(mf_program_feed(r.p, "at", MF_DTYPE_F64, (double[]){NAN, 1e30, -1e30, 3.0}, &err), &err);
    assert_mf_ok(mf_program_run(r.p, 1, 1, &err), &err);
    assert_mf_ok(mf_program_read(r.p, "y", MF_DTYPE_F64, y, 8, &err), &err);
    for (int i = 0; i < 8; i++)
        assert_true(y[i] == 0);
    rig_close(&r);
}

/* ---- bells around points ---- */

/* The map of one point, a canvas pixel each. */
static void
bell(double *y, int side, double px, double py, double sure, bool ahead)
{
    rig            r;
    mf_err         err = {0};
    mf_gauss_attrs a   = {.h = side, .w = side, .side_y = side, .side_x = side, .reach = 21, .ahead = ahead, .mul_y = 1, .mul_x = 1, .sigma = 10.75f, .sure = 0.6f};

    rig_open(&r, true);
    mf_ref p = input(&r, "p", mf_shape_of(3, (int64_t)1, (int64_t)3, (int64_t)1));
    mf_graph_output(r.g, "y", mf_gauss_maps(r.g, p, a));
    assert_mf_ok(rig_compile(&r, 1, false, false, (const char *[]){"y", NULL}, &err), &err);
    assert_mf_ok(mf_program_feed(r.p, "p", MF_DTYPE_F64, (double[]){px, py, sure}, &err), &err);
    assert_mf_ok(mf_program_run(r.p, 1, 1, &err), &err);
    assert_mf_ok(mf_program_read(r.p, "y", MF_DTYPE_F64, y, (size_t)(side * side), &err), &err);
    rig_close(&r);
}

/* oadn-gacnn.md part E, and its B.2 at the borders. */
static void
test_bells(void **state)
{
    enum { SIDE = 224 };
    static double y[SIDE * SIDE];
    static const struct {
        double x;
        int    peak, first, last; /* columns: of the peak, and the first and last that are not 0 */
    } near[] = {{100.7, 99, 78, 120}, {22.0, 21, 0, 42}, {21.9, 21, 0, 41}, {20.0, 21, 0, 40}, {5.0, 6, 0, 25}, {223.0, 222, 201, 223}, {244.0, -1, 222, 223}, {246.0, -1, -1, -1}};

    (void)state;
    bell(y, SIDE, 100.7, 50.2, 0.61, false);
    assert_true(y[50 * SIDE + 100] == 1.0);
    assert_true(fabs(y[50 * SIDE + 121] - 0.148368) < 1e-6 && y[50 * SIDE + 122] == 0.0 && y[50 * SIDE + 78] == 0.0);
    assert_true(fabs(y[29 * SIDE + 79] - 0.022013) < 1e-6);
    bell(y, SIDE, 100.7, 50.2, 0.6, false); /* not surer than 0.6 (as a float) */
    for (int i = 0; i < SIDE * SIDE; i++) assert_true(y[i] == 0.0);
    for (size_t k = 0; k < sizeof near / sizeof near[0]; k++) {
        int first = -1, last = -1;

        bell(y, SIDE, near[k].x, 50.2, 1, true);
        for (int j = 0; j < SIDE; j++) {
            const double v = y[49 * SIDE + j];

            if (v > 0 && first < 0) first = j;
            if (v > 0) last = j;
            if (j == near[k].peak) assert_true(v == 1.0);
            else assert_true(v < 1.0);
        }
        assert_int_equal(first, near[k].first);
        assert_int_equal(last, near[k].last);
    }
    bell(y, SIDE, NAN, 50.2, 1, false);
    for (int i = 0; i < SIDE * SIDE; i++) assert_true(y[i] == 0.0);
}

/* ---- the passes over a graph change no number ---- */

static double
loss_now(rig *r, const mf_fx *f, bool no_fuse, bool grads)
{
    mf_err err = {0};
    double loss;
    assert_mf_ok(rig_compile(r, 1, grads, no_fuse, (const char *[]){"loss", NULL}, &err), &err);
    mf_fx_fill(f);
    assert_mf_ok(mf_program_run(r->p, 3, 5, &err), &err);
    assert_mf_ok(mf_program_read(r->p, "loss", MF_DTYPE_F64, &loss, 1, &err), &err);
    return loss;
}

/* Every fixture: plain, fused and folded programs give one loss; float agrees with double. */
static void
test_passes(void **state)
{
    double worst = 0;
    (void)state;
    for (size_t i = 0; i < mf_fixture_count(); i++)
        for (uint64_t seed = 0; seed < 3; seed++) {
            double loss[2];
            for (int f64 = 0; f64 < 2; f64++) {
                rig    r;
                mf_fx  f;
                mf_err err = {0};
                double plain;
                rig_open(&r, f64);
                mf_ref l = mf_fx_loss(&f, mf_fx_build(&f, mf_fixture_at(i), r.g, seed));
                mf_graph_output(r.g, "loss", l);
                plain = loss_now(&r, &f, true, false);
                assert_true(fabs(loss_now(&r, &f, false, false) - plain) <= (f64 ? 1e-12 : 1e-5) * fmax(1, fabs(plain)));
                assert_mf_ok(mf_graph_backward(r.g, l, NULL, 0, &err), &err);
                loss[f64] = loss_now(&r, &f, false, true);
                if (fabs(loss[f64] - plain) > (f64 ? 1e-12 : 1e-5) * fmax(1, fabs(plain)))
                    fail_msg("%s (%s): %g plain, %g fused", mf_fixture_at(i)->op, mf_fixture_at(i)->what, plain, loss[f64]);
                mf_fx_free(&f);
                rig_close(&r);
            }
            worst = fmax(worst, fabs(loss[0] - loss[1]) / fmax(1, fabs(loss[1])));
        }
    printf("float against double over all fixtures: worst relative error %.1e (allowed 1e-05)\n", worst);
    assert_true(worst <= 1e-5);
}

/* Multiply-accumulates and channels of a layer, as inspection reports them. */
typedef struct count {
    int64_t macs, params;
} count;

static void
add_count(void *arg, const char *op, const char *scope, const mf_shape *out, int64_t macs, int64_t params)
{
    count *c = arg;
    (void)op, (void)scope, (void)out;
    c->macs += macs;
    c->params += params;
}

static void
test_macs(void **state)
{
    rig   r;
    count c = {0};
    (void)state;
    rig_open(&r, true);
    mf_ref x = input(&r, "x", map(1, 3, 224, 224));
    mf_ref y = mf_conv2d(r.g, x, param(&r, "w", map(64, 3, 7, 7)), MF_NONE, mf_conv2d_simple(2, 3));
    mf_linear(r.g, mf_gap(r.g, y), param(&r, "fc", rows(7, 64)), param(&r, "b", mf_shape_of(1, (int64_t)7)));
    mf_graph_visit(r.g, add_count, &c);
    assert_int_equal(c.macs, 118013952 + 448); /* the stem of ResNet at 224 pixels, and 64 x 7 */
    assert_int_equal(c.params, 9408 + 448 + 7);
    rig_close(&r);
}

/* ---- lack of memory ---- */

static mf_status
train_once(void *arg, mf_err *err)
{
    const mf_backend *b = arg;
    mf_params        *ps = NULL;
    mf_graph         *g = NULL;
    mf_program       *p = NULL;
    mf_compile_opts   o = {.backend = b, .prec = MF_PREC_F32, .batch = 2, .outputs = (const char *[]){"loss", NULL}, .grads = true};
    mf_status         st;

    if ((st = mf_params_new(&ps, MF_DTYPE_F32, err)) < 0 || (st = mf_graph_new(&g, ps, err)) < 0)
        goto done;
    mf_graph_training(g, true);
    mf_ref x = mf_graph_input(g, "x", MF_KIND_ACT, map(2, 2, 6, 6)), t = mf_graph_input(g, "t", MF_KIND_F32, rows(2, 3));
    mf_ref w = mf_graph_param(g, "w", map(4, 2, 3, 3), (mf_init){.kind = MF_INIT_KAIMING_FAN_OUT}, MF_PARAM_WEIGHT);
    x        = mf_relu(g, mf_batchnorm(g, mf_conv2d(g, x, w, MF_NONE, mf_conv2d_simple(1, 1)), "bn"));
    x        = mf_dropout(g, mf_gap(g, mf_maxpool(g, x, (mf_pool_attrs){.kh = 2, .kw = 2, .sh = 2, .sw = 2})), 0.5f);
    w        = mf_graph_param(g, "fc", rows(3, 4), (mf_init){.kind = MF_INIT_UNIFORM_FAN_IN}, MF_PARAM_WEIGHT);
    mf_ref loss = mf_cross_entropy(g, mf_linear(g, x, w, MF_NONE), t, MF_NONE, 0.1f);
    mf_graph_output(g, "loss", loss);
    if ((st = mf_graph_backward(g, loss, NULL, 0, err)) < 0 || (st = mf_program_compile(&p, g, &o, err)) < 0 ||
        (st = mf_params_materialize(ps, 1, err)) < 0 || (st = mf_params_want_grads(ps, err)) < 0)
        goto done;
    static const float pixels[2 * 2 * 6 * 6] = {1, 2, 3}, target[6] = {1, 0, 0, 0, 1, 0};
    if ((st = mf_program_feed(p, "x", MF_DTYPE_F32, pixels, err)) < 0 || (st = mf_program_feed(p, "t", MF_DTYPE_F32, target, err)) < 0)
        goto done;
    st = mf_program_run(p, 1, 1, err);
done:
    mf_program_free(p);
    mf_graph_free(g);
    mf_params_free(ps);
    return st;
}

static void
test_memory(void **state)
{
    const mf_backend *b;
    mf_err            err = {0};
    (void)state;
    assert_mf_ok(mf_backend_find(&b, "ref", &err), &err);
    mf_test_each_alloc(train_once, (void *)(uintptr_t)b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusals),      cmocka_unit_test(test_bn_of_one),     cmocka_unit_test(test_grad_refusals),
        cmocka_unit_test(test_batch),         cmocka_unit_test(test_double_softmax), cmocka_unit_test(test_feature_loss),
        cmocka_unit_test(test_l2norm_of_zero), cmocka_unit_test(test_dropout),      cmocka_unit_test(test_ties_and_nan),
        cmocka_unit_test(test_crop),          cmocka_unit_test(test_bells),          cmocka_unit_test(test_passes),        cmocka_unit_test(test_macs),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
