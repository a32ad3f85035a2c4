/* bench/bench_kernels.c: time single kernels of the oneDNN backend on the shapes of ResNet-18.
 *
 *   bench_kernels [SIZE [BATCH [f32|bf16 [THREADS [RUNS [WIDTH]]]]]]     default 64 64 f32 1 7 64
 *
 * With one thread the figures are the thread's own CPU time, so that other work on the machine does not count; with more
 * they are elapsed time. The best of RUNS is shown: ms, and GFLOP/s for products, GB/s (operands touched once) for others. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "core/mem.h"
#include "core/rng.h"
#include "core/thread.h"
#include "nn/kernel.h"
#include "nn/ops.h"

typedef struct bench {
    const mf_backend *b;
    mf_backend_ctx   *ctx;
    mf_dtype          act;
    int               runs;
    bool              cpu;
    double            total;
} bench;

typedef struct arg {
    char     kind; /* a: activation, w: weight, f: f32, u: u8, 0: absent */
    mf_shape shape;
} arg;

static double
now(const bench *b)
{
    struct timespec t;

    if (!b->cpu) {
        return mf_now();
    }
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void
die(const char *what, const mf_err *err)
{
    fprintf(stderr, "bench_kernels: %s: %s\n", what, err->msg);
    exit(1);
}

/* Times kernel number `which` of an op; false: there is none. in[0..nin-1]. w_layout: the layout that weights are stored in
 * (kept over forward and gradients). The first kernel's time counts in the total. */
static bool
run_kernel(bench *b, int which, const char *name, const char *op_name, const void *attrs, int nin, const arg *in, double flop, mf_layout *w_layout)
{
    const bool           first = which == 0;
    const mf_op_def     *op  = mf_op_find(op_name);
    mf_err               err = {0};
    mf_prep              p   = {.ctx = b->ctx, .op = op, .attrs = attrs, .nin = nin, .nout = op->nout};
    const mf_shape      *shapes[MF_OP_MAX_IN] = {0};
    mf_shape             outs[MF_OP_MAX_OUT];
    void                *pin[MF_OP_MAX_IN] = {0}, *pout[MF_OP_MAX_OUT] = {0}, *scratch;
    const mf_kernel_def *k    = NULL;
    double               best = 1e30, bytes = 0.0;
    char                 why[128] = "no kernel", text[64], shape[96];

    for (int i = 0; i < nin; i++) {
        if (in[i].kind == 0) {
            continue;
        }
        p.has_in[i]    = true;
        p.in[i].shape  = in[i].shape;
        p.in[i].dtype  = in[i].kind == 'a' ? b->act : in[i].kind == 'u' ? MF_DTYPE_U8 : MF_DTYPE_F32;
        p.in[i].layout = mf_layout_plain(&in[i].shape);
        if (in[i].kind != 'f' && in[i].kind != 'w' && in[i].shape.ndim == 4 && in[i].shape.dim[1] > 3) {
            p.in[i].layout = mf_layout_nchw_c(&in[i].shape, 16);
        }
        if (in[i].kind == 'w') {
            p.free_in[i] = w_layout->nblk == 0;
            if (!p.free_in[i]) {
                p.in[i].layout = *w_layout;
            }
        }
        p.free_in[i] |= in[i].kind == 'a' && in[i].shape.ndim == 4 && in[i].shape.dim[1] == 3;
        shapes[i] = &p.in[i].shape;
    }
    if (op->infer(attrs, nin, shapes, outs, &err) < 0) {
        die(name, &err);
    }
    for (int o = 0; o < op->nout; o++) {
        bool act = op->out_kind[o] == MF_KIND_ACT || op->out_kind[o] == MF_KIND_SAME0;

        p.want_out[o] = true;
        p.out[o] = (mf_tdesc){op->out_kind[o] == MF_KIND_U8 ? MF_DTYPE_U8 : act && outs[o].ndim == 4 ? b->act : MF_DTYPE_F32, outs[o],
                              mf_layout_plain(&outs[o])};
        p.inplace[o] = -1;
    }
    if (strcmp(op_name, "conv2d_dw") == 0) {
        p.out[0].dtype = MF_DTYPE_F32;
    }
    for (size_t i = 0; b->b->kernels[i] != NULL && k == NULL; i++) {
        if (strcmp(b->b->kernels[i]->op, op_name) == 0 && b->b->kernels[i]->supports(&p, why) && which-- == 0) {
            k = b->b->kernels[i];
        }
    }
    if (k == NULL) {
        if (first) {
            printf("%-28s %s\n", name, why);
        }
        return false;
    }
    if (k->prepare(&p, &err) < 0) {
        die(name, &err);
    }
    for (int i = 0; i < nin; i++) {
        size_t n = mf_tdesc_bytes(&p.in[i]);

        if (!p.has_in[i] || op->shape_only >> i & 1u) {
            continue;
        }
        if (in[i].kind == 'w' && p.free_in[i]) {
            *w_layout = p.in[i].layout;
        }
        bytes += (double)n;
        pin[i] = mf_aligned(n + 64);
        if (pin[i] == NULL) {
            exit(1);
        }
        memset(pin[i], 0, n);
        mf_rng r = mf_rng_make(1, (uint64_t)i, 0, MF_RNG_TEST);
        for (size_t e = 0; e < n / mf_dtype_size(p.in[i].dtype); e++) {
            float v = (float)mf_rng_normal(&r);

            switch (p.in[i].dtype) {
            case MF_DTYPE_F32: ((float *)pin[i])[e] = v; break;
            case MF_DTYPE_BF16: ((uint16_t *)pin[i])[e] = mf_f32_to_bf16(v); break;
            default: ((uint8_t *)pin[i])[e] = 4; break;
            }
        }
    }
    for (int o = 0; o < op->nout; o++) {
        size_t n = mf_tdesc_bytes(&p.out[o]);

        bytes += (double)n;
        pout[o] = mf_aligned(n + 64);
        if (pout[o] == NULL) {
            exit(1);
        }
        memset(pout[o], 0, n);
    }
    scratch = mf_aligned(p.scratch + 64);
    if (scratch == NULL) {
        exit(1);
    }
    mf_run r = {.in = pin, .out = pout, .scratch = scratch};
    for (int i = 0; i <= b->runs; i++) {
        double t = now(b);

        if (k->run(p.state, &r, &err) < 0) {
            die(name, &err);
        }
        t = now(b) - t;
        if (i > 0 && t < best) {
            best = t;
        }
    }
    b->total += first ? best : 0.0;
    if (flop > 0.0) {
        printf("%-26s %-18s %-22s %9.3f ms %8.1f GF/s  %s\n", name, k->name, mf_shape_text(shape, &p.out[0].shape), best * 1e3,
               flop / best * 1e-9, mf_layout_text(text, &p.out[0].shape, &p.out[0].layout));
    } else {
        printf("%-26s %-18s %-22s %9.3f ms %8.1f GB/s  %s\n", name, k->name, mf_shape_text(shape, &p.out[0].shape), best * 1e3,
               bytes / best * 1e-9, mf_layout_text(text, &p.out[0].shape, &p.out[0].layout));
    }
    fflush(stdout);
    if (k->release != NULL) {
        k->release(p.state);
    }
    for (int i = 0; i < nin; i++) {
        mf_free(pin[i]);
    }
    for (int o = 0; o < op->nout; o++) {
        mf_free(pout[o]);
    }
    mf_free(scratch);
    return true;
}

static void
run(bench *b, const char *name, const char *op_name, const void *attrs, int nin, const arg *in, double flop, mf_layout *w_layout)
{
    mf_layout before = *w_layout, after;

    run_kernel(b, 0, name, op_name, attrs, nin, in, flop, w_layout);
    after = *w_layout;
    for (int which = 1; *w_layout = before, run_kernel(b, which, name, op_name, attrs, nin, in, flop, w_layout); which++) {
    }
    *w_layout = after;
}

static mf_shape
map(int64_t n, int64_t c, int64_t side)
{
    return mf_shape_of(4, n, c, side, side);
}

static void
conv(bench *b, int64_t n, int64_t ci, int64_t co, int k, int s, int64_t side, double count)
{
    mf_conv2d_attrs a    = {.sh = s, .sw = s, .ph = k / 2, .pw = k / 2, .dh = 1, .dw = 1, .groups = 1};
    int64_t         ho   = (side + 2 * (k / 2) - k) / s + 1;
    mf_shape        x    = map(n, ci, side), y = map(n, co, ho), w = map(co, ci, k);
    double          flop = 2.0 * (double)(n * co * ho * ho) * (double)(ci * k * k), before;
    mf_layout       wl   = {.nblk = 0};
    char            name[64];

    w.dim[0] = co;
    w.dim[1] = ci;
    w.dim[2] = w.dim[3] = k;
    snprintf(name, sizeof name, "%d->%d k%d s%d %d (x%g)", (int)ci, (int)co, k, s, (int)side, count);
    before = b->total;
    run(b, name, "conv2d", &a, 2, (arg[]){{'a', x}, {'w', w}}, flop, &wl);
    if (ci > 3) {
        run(b, name, "conv2d_dx", &a, 3, (arg[]){{'a', y}, {'w', w}, {'a', x}}, flop, &wl);
    }
    run(b, name, "conv2d_dw", &a, 3, (arg[]){{'a', y}, {'a', x}, {'w', w}}, flop, &wl);
    b->total = before + count * (b->total - before);
}

static void
norm(bench *b, int64_t n, int64_t c, int64_t side, double count)
{
    mf_bn_attrs a = {.eps = 1e-5f, .momentum = 0.1f, .act = MF_ACT_RELU};
    mf_shape    x = map(n, c, side), v = mf_shape_of(1, c);
    double      before = b->total;
    mf_layout   none   = {.nblk = 0};

    run(b, "bn relu", "bn", &a, 5, (arg[]){{'a', x}, {'f', v}, {'f', v}, {'f', v}, {'f', v}}, 0, &none);
    run(b, "bn relu", "bn_dx", &a, 7, (arg[]){{'a', x}, {0, x}, {'a', x}, {'a', x}, {'f', v}, {'f', v}, {'f', v}}, 0, &none);
    b->total = before + count * (b->total - before);
}

int
main(int argc, char **argv)
{
    mf_err  err = {0};
    bench   b   = {.act = MF_DTYPE_F32, .runs = 7};
    int64_t s = argc > 1 ? atoi(argv[1]) : 64, n = argc > 2 ? atoi(argv[2]) : 64;
    int     threads = argc > 4 ? atoi(argv[4]) : 1, c = argc > 6 ? atoi(argv[6]) : 64; /* c: channels of the first stage */
    double  conv_total;

    if (argc > 3 && strcmp(argv[3], "bf16") == 0) {
        b.act = MF_DTYPE_BF16;
    }
    if (argc > 5) {
        b.runs = atoi(argv[5]);
    }
    if (s < 32 || n < 1 || threads < 1 || b.runs < 1 || c < 1) {
        fprintf(stderr, "usage: bench_kernels [SIZE [BATCH [f32|bf16 [THREADS [RUNS [WIDTH]]]]]]\n");
        return 2;
    }
    mf_threads_set(threads);
    b.cpu = threads == 1;
    if (mf_backend_find(&b.b, "onednn", &err) < 0 || b.b->open(&b.ctx, &err) < 0) {
        die("backend", &err);
    }
    int64_t s1 = (s + 3) / 4, s2 = (s1 + 1) / 2, s3 = (s2 + 1) / 2, s4 = (s3 + 1) / 2;
    conv(&b, n, 3, c, 7, 2, s, 1);
    conv(&b, n, c, c, 3, 1, s1, 4);
    conv(&b, n, c, 2 * c, 3, 2, s1, 1);
    conv(&b, n, c, 2 * c, 1, 2, s1, 1);
    conv(&b, n, 2 * c, 2 * c, 3, 1, s2, 3);
    conv(&b, n, 2 * c, 4 * c, 3, 2, s2, 1);
    conv(&b, n, 2 * c, 4 * c, 1, 2, s2, 1);
    conv(&b, n, 4 * c, 4 * c, 3, 1, s3, 3);
    conv(&b, n, 4 * c, 8 * c, 3, 2, s3, 1);
    conv(&b, n, 4 * c, 8 * c, 1, 2, s3, 1);
    conv(&b, n, 8 * c, 8 * c, 3, 1, s4, 3);
    printf("convolutions of a step: %.2f ms\n", b.total * 1e3);
    conv_total = b.total;
    norm(&b, n, c, s / 2, 1);
    norm(&b, n, c, s1, 4);
    norm(&b, n, 2 * c, s2, 5);
    norm(&b, n, 4 * c, s3, 5);
    norm(&b, n, 8 * c, s4, 5);
    mf_pool_attrs pool = {.kh = 3, .kw = 3, .sh = 2, .sw = 2, .ph = 1, .pw = 1};
    mf_shape      x = map(n, c, s / 2), y = map(n, c, s1);
    mf_layout     none = {.nblk = 0};
    run(&b, "pool", "maxpool", &pool, 1, (arg[]){{'a', x}}, 0, &none);
    run(&b, "pool", "maxpool_dx", &pool, 3, (arg[]){{'a', y}, {'u', y}, {'a', x}}, 0, &none);
    printf("other passes of a step: %.2f ms\n", (b.total - conv_total) * 1e3);
    b.b->close(b.ctx);
    return 0;
}
