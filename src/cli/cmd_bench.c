/* cli/cmd_bench.c: images per second of training and inference, and where the time goes. */
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/model_args.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/mem.h"
#include "core/rng.h"
#include "core/thread.h"
#include "image/keypoints.h"
#include "models/model.h"
#include "nn/ops.h"
#include "nn/program.h"
#include "train/optim.h"

extern const mf_cmd mf_cmd_bench;

static const char *const prec_words[] = {"auto", "f32", "bf16", NULL};

typedef struct bench_cfg {
    mf_opt_str model, backend;
    int64_t    size, batch, steps, classes, channels;
    int        precision;
    bool       layers;
} bench_cfg;

static const mf_opt bench_opts[] = {
    MF_OPT_STR(bench_cfg, model, "resnet18", "architecture"),
    MF_OPT_STR(bench_cfg, backend, "auto", "backend: auto, onednn, ref"),
    MF_OPT_INT(bench_cfg, size, 224, 1, 4096, "side of the pictures in pixels"),
    MF_OPT_INT(bench_cfg, batch, 32, 1, 4096, "pictures a batch"),
    MF_OPT_INT(bench_cfg, steps, 7, 1, 1000, "steps timed; the median counts"),
    MF_OPT_INT(bench_cfg, classes, 7, 2, 100000, "classes"),
    MF_OPT_INT(bench_cfg, channels, 3, 1, 3, "channels of the input: 3 or 1"),
    MF_OPT_ENUM(bench_cfg, precision, 0, prec_words, "number type of activations"),
    MF_OPT_BOOL(bench_cfg, layers, false, "time each step of the program by itself"),
    MF_OPT_END,
};

typedef struct bench {
    mf_model    model;
    mf_params  *ps;
    mf_graph   *g;
    mf_program *p;
    mf_optim   *optim;
    bool        train;
} bench;

static void
bench_close(bench *b)
{
    mf_optim_free(b->optim);
    mf_program_free(b->p);
    mf_graph_free(b->g);
    mf_params_free(b->ps);
}

static mf_status
training_graph(bench *b, mf_err *err)
{
    mf_model_out o;
    mf_ref       t;
    mf_status    st;

    if ((st = mf_graph_new(&b->g, b->ps, err)) < 0) return st;
    mf_graph_training(b->g, true);
    t = mf_graph_input(b->g, "target", MF_KIND_F32, mf_shape_of(2, (int64_t)1, (int64_t)b->model.classes));
    if ((st = mf_model_build(&o, &b->model, b->g, mf_model_input(b->g, &b->model, "x"), err)) < 0) return st;
    mf_graph_output(b->g, "out", mf_cross_entropy(b->g, o.logits, t, MF_NONE, 0));
    return mf_graph_backward(b->g, mf_graph_find(b->g, "out"), NULL, 0, err);
}

/* Random pictures in whatever layout and type the program wants, points all over them, and one class for each. */
static mf_status
fill_inputs(bench *b, int64_t batch, mf_err *err)
{
    static const char *const names[] = {"x", "target", "x.landmarks"};
    mf_rng    r  = mf_rng_make(1, 0, 0, MF_RNG_EVAL);
    mf_status st = MF_OK;

    for (int i = 0; i < 3 && st == MF_OK; i++) {
        mf_tdesc d;
        size_t   n;
        float   *v;

        if (mf_program_input_desc(b->p, names[i], &d, NULL) < 0) continue;
        n = (size_t)mf_shape_elems(&d.shape);
        if (!(v = mf_calloc(n, sizeof *v))) return mf_oom(err, n * sizeof *v, "pictures");
        for (size_t k = 0; k < n && i == 0; k++) v[k] = (float)mf_rng_normal(&r);
        for (size_t k = 0; k < (size_t)batch && i == 1; k++) v[k * (size_t)b->model.classes + mf_rng_below(&r, (uint64_t)b->model.classes)] = 1.0f;
        for (size_t k = 0; k < n && i == 2; k++) v[k] = k % MF_KEYPOINT == 2 ? 1.0f : (float)(mf_rng_unit(&r) * (k % MF_KEYPOINT == 0 ? b->model.width : b->model.height));
        st = mf_program_feed(b->p, names[i], MF_DTYPE_F32, v, err);
        mf_free(v);
    }
    return st;
}

static mf_status
take(void *arg, mf_param *p, const void *grad, mf_err *err)
{
    (void)err;
    mf_optim_take(arg, p, grad);
    return MF_OK;
}

static mf_status
bench_open(bench *b, const bench_cfg *c, mf_err *err)
{
    static const char *const train_out[] = {"out", NULL}, *const infer_out[] = {"logits", NULL};
    static const mf_prec     precs[]     = {MF_PREC_AUTO, MF_PREC_F32, MF_PREC_BF16};
    mf_compile_opts o = {.prec = precs[c->precision], .batch = (int)c->batch, .grads = b->train, .stream = b->train, .outputs = b->train ? train_out : infer_out,
                         .spend = !b->train};
    mf_optim_opts   oo = {.accumulate = 1};
    union {
        uint8_t bytes[MF_OPTIM_CFG_MAX];
        double  align;
    } cfg;
    mf_status st;

    if ((st = mf_cli_model_size(&b->model, (int)c->classes, (int)c->channels, (int)c->size, err)) < 0 ||
        (st = mf_params_new(&b->ps, MF_DTYPE_F32, err)) < 0 || (st = mf_backend_find(&o.backend, c->backend.s, err)) < 0)
        return st;
    st = b->train ? training_graph(b, err) : mf_model_eval_graph(&b->g, &b->model, b->ps, err);
    if (st < 0 || (st = mf_program_compile(&b->p, b->g, &o, err)) < 0 || (st = mf_params_materialize(b->ps, 1, err)) < 0) return st;
    if (b->train) {
        if ((st = mf_optim_find(&oo.def, "adam", err)) < 0) return st;
        mf_opt_defaults(oo.def->opts, cfg.bytes);
        oo.cfg = cfg.bytes;
        if ((st = mf_optim_new(&b->optim, b->ps, &oo, err)) < 0) return st;
        mf_program_sink(b->p, take, b->optim);
    }
    return fill_inputs(b, c->batch, err);
}

static mf_status
one_step(bench *b, uint64_t k, mf_err *err)
{
    double    rates[MF_OPTIM_GROUPS] = {1e-4, 1e-4};
    mf_status st;

    if (b->train) mf_optim_open(b->optim, rates);
    st = mf_program_run(b->p, 1, k, err);
    if (b->train) mf_optim_close(b->optim);
    return st;
}

static int
by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static mf_status
measure(bench *b, const bench_cfg *c, bool json, mf_str *out, mf_err *err)
{
    double   *t = mf_calloc((size_t)c->steps, sizeof *t), ms;
    char      plan[32], rss[32];
    mf_status st = t ? MF_OK : mf_oom(err, (size_t)c->steps * sizeof *t, "times");

    for (uint64_t k = 0; k < 3 && st == MF_OK; k++) st = one_step(b, k, err);
    for (int64_t k = 0; k < c->steps && st == MF_OK; k++) {
        double t0 = mf_now();

        st   = one_step(b, 3 + (uint64_t)k, err);
        t[k] = mf_now() - t0;
    }
    if (st < 0) goto done;
    qsort(t, (size_t)c->steps, sizeof *t, by_value);
    ms = 1e3 * t[c->steps / 2];
    if (json) {
        mf_json_out j = mf_json_begin(out, 0);

        mf_json_open(&j, NULL, '{');
        mf_json_put_num(&j, "images_per_second", 1e3 * (double)c->batch / ms);
        mf_json_put_num(&j, "milliseconds_median", ms);
        mf_json_put_int(&j, "peak_memory_bytes", (int64_t)mf_mem_rss_peak());
        mf_json_put_int(&j, "plan_bytes", (int64_t)mf_program_get_stats(b->p).plan_bytes);
        mf_json_close(&j, '}');
        mf_str_addc(out, '\n');
    } else {
        mf_program_stats s = mf_program_get_stats(b->p);

        mf_str_printf(out, "%.1f images/s, %.2f ms a batch of %lld (median of %lld), %d threads; activations %s, peak memory %s\n",
                      1e3 * (double)c->batch / ms, ms, (long long)c->batch, (long long)c->steps, mf_threads_get(), mf_bytes_text(plan, s.plan_bytes),
                      mf_bytes_text(rss, mf_mem_rss_peak()));
        mf_str_printf(out, "%d steps, of them %d reorders; %d nodes fused; %d steps run on the reference backend\n", s.steps, s.reorders, s.fused, s.ref_fallbacks);
    }
done:
    mf_free(t);
    return st;
}

static mf_status
run_bench(int argc, char **argv, mf_cli *cli, mf_err *err)
{
    bench_cfg  c;
    bench      b   = {0};
    mf_str     out = {0};
    mf_cli_set sets[2] = {{bench_opts, &c}};
    size_t     n;
    mf_status  st;

    mf_opt_defaults(bench_opts, &c);
    if ((st = mf_cli_model_choose(&b.model, &sets[1], argc, argv, "resnet18", err)) < 0 ||
        (st = mf_cli_parse(cli, &mf_cmd_bench, sets, 2, argc, argv, &n, 1, 1, err)) < 0)
        return st;
    b.train = strcmp(argv[0], "train") == 0;
    if (!b.train && strcmp(argv[0], "infer") != 0) return mf_fail(err, MF_E_USAGE, "bench what? 'train' or 'infer', not '%s'", argv[0]);
    if ((st = bench_open(&b, &c, err)) == MF_OK)
        st = c.layers ? mf_program_profile(b.p, (int)c.steps, cli->json, &out, err) : measure(&b, &c, cli->json, &out, err);
    if (st == MF_OK) st = mf_cli_put(cli, &out, err);
    mf_str_free(&out);
    bench_close(&b);
    return st;
}

const mf_cmd mf_cmd_bench = {
    .name    = "bench",
    .summary = "time training or inference of an architecture",
    .usage   = "train|infer [--model M] [--size S] [--batch B] [--precision P] [--layers] [--json]",
    .text    = "Runs whole steps (forward, backward and Adam for `train`) on random pictures and\n"
               "prints images per second, the median time and peak memory. --layers times each\n"
               "kernel and prints its shape, layout and GFLOP/s. An architecture's own options\n"
               "('maskfer help model NAME') are taken too.",
    .opts    = {bench_opts},
    .json    = true,
    .run     = run_bench,
};
