/* tests/nn/onednn_parity.c: see the header. */
#include "onednn_parity.h"

#include <math.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

#include "core/cpu.h"
#include "core/isa.h"
#include "core/mem.h"
#include "core/rng.h"
#include "nn/tensor.h"

enum { GUARD = 64, MAX_ELEMS = 1 << 22 };

typedef enum start { START_PLAIN, START_NHWC, START_C8, START_C16, START_COUNT } start;
static const char *const start_name[] = {"plain", "nhwc", "nChw8c", "nChw16c"};

extern char **environ;

bool
parity_backend(const mf_backend **out)
{
    mf_err err = {0};

    return mf_backend_find(out, "onednn", &err) == MF_OK;
}

static mf_shape
shape_of(const parity_in *in)
{
    mf_shape s = {0};

    while (s.ndim < 5 && in->dim[s.ndim] != 0) {
        s.dim[s.ndim] = in->dim[s.ndim];
        s.ndim++;
    }
    return s;
}

static void
fill(float *v, const mf_shape *s, fill_kind kind, uint64_t seed)
{
    mf_rng  r = mf_rng_make(seed, 0, 0, MF_RNG_TEST);
    int64_t n = mf_shape_elems(s), i, c = s->ndim > 0 ? s->dim[s->ndim - 1] : 1;

    for (i = 0; i < n; i++) {
        float x = (float)mf_rng_normal(&r);

        switch (kind) {
        case FILL_LARGE: v[i] = x * 1e4f + 3e4f; break;
        case FILL_POSITIVE: v[i] = fabsf(x) + 0.5f; break;
        case FILL_ONEHOT: v[i] = i % c == (i / c * 7 + 1) % c ? 1.0f : 0.0f; break;
        default: v[i] = x; break;
        }
    }
    if (kind == FILL_SPECIAL && n > 40) {
        v[3]      = NAN;
        v[n / 2]  = INFINITY;
        v[n - 2]  = -INFINITY;
        v[n / 3]  = 0.0f;
        v[n / 5]  = -0.0f;
        v[n / 7]  = 1e3f;
        v[n / 11] = 1e-40f;
    }
}

static mf_layout
start_layout(const mf_shape *s, start st)
{
    if (s->ndim != 4) {
        return mf_layout_plain(s);
    }
    switch (st) {
    case START_NHWC: return mf_layout_nhwc(s);
    case START_C8: return mf_layout_nchw_c(s, 8);
    case START_C16: return mf_layout_nchw_c(s, 16);
    default: return mf_layout_plain(s);
    }
}

static const mf_kernel_def *
kernel_of(const mf_backend *b, const mf_prep *p, char why[128])
{
    for (size_t i = 0; b->kernels[i] != NULL; i++) {
        if (strcmp(b->kernels[i]->op, p->op->name) == 0 && b->kernels[i]->supports(p, why)) {
            return b->kernels[i];
        }
    }
    return NULL;
}

bool
parity_has_amx(void)
{
    return mf_isa_fast_bf16();
}

/* One run of one kernel. values[i]: row-major f32 (or u8) inputs. out[o]: row-major f32, the caller's to free. */
typedef struct result {
    float *v[MF_OP_MAX_OUT];
    size_t n[MF_OP_MAX_OUT];
    bool   supported;
    char   why[128];
} result;

static mf_dtype
out_dtype(const mf_op_def *op, int o, mf_dtype act, const mf_tdesc *in0)
{
    switch (op->out_kind[o]) {
    case MF_KIND_ACT: return in0->shape.ndim == 4 || strcmp(op->name, "gap_dx") == 0 ? act : MF_DTYPE_F32;
    case MF_KIND_U8: return MF_DTYPE_U8;
    case MF_KIND_I32: return MF_DTYPE_I32;
    case MF_KIND_SAME0: return in0->dtype;
    default: return MF_DTYPE_F32;
    }
}

static void
check_guard(const uint8_t *mem, size_t bytes, const char *op, int o)
{
    for (size_t i = 0; i < GUARD; i++) {
        if (mem[i] != 0xA5 || mem[GUARD + bytes + i] != 0xA5) {
            fail_msg("%s: output %d wrote outside its memory", op, o);
        }
    }
}

static result
run_one(const mf_backend *b, const parity_case *c, void *const *values, mf_dtype act, start st)
{
    result           res = {0};
    mf_err           err = {0};
    mf_backend_ctx  *ctx = NULL;
    const mf_op_def *op = mf_op_find(c->op);
    mf_prep          p = {.op = op, .attrs = c->attrs};
    const mf_shape  *shapes[MF_OP_MAX_IN] = {0};
    mf_shape         outs[MF_OP_MAX_OUT] = {0};
    mf_tdesc         given[MF_OP_MAX_IN];
    void            *in[MF_OP_MAX_IN] = {0}, *out[MF_OP_MAX_OUT] = {0}, *scratch = NULL;
    uint8_t         *mem[MF_OP_MAX_OUT] = {0};
    const mf_kernel_def *k;

    assert_non_null(op);
    assert_mf_ok(b->open(&ctx, &err), &err);
    p.ctx       = ctx;
    p.inference = c->const_in != 0;
    for (int i = 0; i < 8 && c->in[i].kind != NULL; i++) {
        p.nin = i + 1;
        if (c->in[i].kind[0] == '\0') {
            continue;
        }
        p.has_in[i]       = true;
        p.free_in[i]      = c->free_in >> i & 1u;
        p.const_in[i]     = c->const_in >> i & 1u;
        p.in[i].shape     = shape_of(&c->in[i]);
        p.in[i].dtype     = c->in[i].kind[0] == 'a' ? act : c->in[i].kind[0] == 'u' ? MF_DTYPE_U8 : MF_DTYPE_F32;
        p.in[i].layout    = c->in[i].kind[0] == 'f' ? mf_layout_plain(&p.in[i].shape) : start_layout(&p.in[i].shape, st);
        shapes[i]         = &p.in[i].shape;
        given[i]          = p.in[i];
        given[i].dtype    = c->in[i].kind[0] == 'u' ? MF_DTYPE_U8 : MF_DTYPE_F32;
        given[i].layout   = mf_layout_plain(&p.in[i].shape);
    }
    assert_mf_ok(op->infer(c->attrs, p.nin, shapes, outs, &err), &err);
    p.nout = op->nout;
    for (int o = 0; o < p.nout; o++) {
        mf_tdesc like = p.in[0];

        p.want_out[o]   = !(c->skip_out >> o & 1u);
        if (op->out_kind[o] == MF_KIND_ACT) {
            like.shape = outs[o];
        }
        p.out[o].shape  = outs[o];
        p.out[o].dtype  = out_dtype(op, o, act, &like);
        p.out[o].layout = mf_layout_plain(&outs[o]);
        p.inplace[o]    = -1;
    }
    k = kernel_of(b, &p, res.why);
    if (k == NULL) {
        b->close(ctx);
        return res;
    }
    res.supported = true;
    if (c->kernel != NULL && b->real == MF_DTYPE_F32 && strcmp(b->name, "ref") != 0 && act == MF_DTYPE_F32 && mf_isa_best() >= MF_ISA_AVX2) {
        assert_string_equal(k->name, c->kernel);
    }
    if (c->kernel16 != NULL && strcmp(b->name, "ref") != 0 && act == MF_DTYPE_BF16 && parity_has_amx()) {
        assert_string_equal(k->name, c->kernel16);
    }
    if (c->plain16 != NULL && strcmp(b->name, "ref") != 0 && act == MF_DTYPE_BF16 && !parity_has_amx() && mf_isa_best() == MF_ISA_AVX512) {
        assert_string_equal(k->name, c->plain16);
    }
    assert_mf_ok(k->prepare(&p, &err), &err);
    for (int i = 0; i < p.nin; i++) {
        if (!p.has_in[i] || op->shape_only >> i & 1u) {
            continue;
        }
        in[i] = mf_aligned(mf_tdesc_bytes(&p.in[i]) + 64);
        assert_non_null(in[i]);
        if (given[i].dtype == MF_DTYPE_U8) { /* the general copy does not do bytes */
            int64_t idx[MF_MAX_DIMS] = {0}, n = mf_shape_elems(&given[i].shape), left;

            memset(in[i], 0, mf_tdesc_bytes(&p.in[i]));
            for (int64_t e = 0; e < n; e++) {
                left = e;
                for (int d = given[i].shape.ndim - 1; d >= 0; d--) {
                    idx[d] = left % given[i].shape.dim[d];
                    left /= given[i].shape.dim[d];
                }
                ((uint8_t *)in[i])[mf_layout_at(&p.in[i].shape, &p.in[i].layout, idx)] = ((const uint8_t *)values[i])[e];
            }
        } else {
            mf_tensor_copy(&p.in[i], in[i], &given[i], values[i]);
        }
    }
    for (int o = 0; o < p.nout; o++) {
        size_t bytes = mf_tdesc_bytes(&p.out[o]);

        if (!p.want_out[o]) {
            continue;
        }
        mem[o] = mf_aligned(bytes + 2 * GUARD);
        assert_non_null(mem[o]);
        memset(mem[o], 0xA5, bytes + 2 * GUARD);
        out[o] = mem[o] + GUARD;
    }
    if (p.scratch > 0) {
        scratch = mf_aligned(p.scratch);
        assert_non_null(scratch);
        memset(scratch, 0x5A, p.scratch);
    }
    {
        mf_run r = {.in = in, .out = out, .scratch = scratch, .seed = 7, .step = 3, .fresh = true};

        assert_mf_ok(k->run(p.state, &r, &err), &err);
        if (c->const_in != 0) {
            for (int o = 0; o < p.nout; o++) {
                if (p.want_out[o]) {
                    memset(out[o], 0x77, mf_tdesc_bytes(&p.out[o]));
                }
            }
            if (p.scratch > 0) {
                memset(scratch, 0x5A, p.scratch);
            }
            r.fresh = false;
            assert_mf_ok(k->run(p.state, &r, &err), &err);
        }
    }
    for (int o = 0; o < p.nout; o++) {
        mf_tdesc plain = p.out[o];
        size_t   storage, n;

        if (!p.want_out[o]) {
            continue;
        }
        check_guard(mem[o], mf_tdesc_bytes(&p.out[o]), c->op, o);
        n           = (size_t)mf_shape_elems(&p.out[o].shape);
        storage     = (size_t)mf_layout_elems(&p.out[o].shape, &p.out[o].layout);
        res.n[o]    = n;
        res.v[o]    = mf_calloc(n, sizeof(float));
        assert_non_null(res.v[o]);
        plain.layout = mf_layout_plain(&plain.shape);
        if (p.out[o].dtype == MF_DTYPE_U8) {
            int64_t idx[MF_MAX_DIMS] = {0};

            for (size_t e = 0; e < n; e++) {
                size_t left = e;

                for (int d = plain.shape.ndim - 1; d >= 0; d--) {
                    idx[d] = (int64_t)(left % (size_t)plain.shape.dim[d]);
                    left /= (size_t)plain.shape.dim[d];
                }
                res.v[o][e] = ((const uint8_t *)out[o])[mf_layout_at(&p.out[o].shape, &p.out[o].layout, idx)];
            }
        } else {
            plain.dtype = MF_DTYPE_F32;
            mf_tensor_copy(&plain, res.v[o], &p.out[o], out[o]);
            if (storage != n) { /* what is not an element must be zero */
                void *back = mf_aligned(mf_tdesc_bytes(&p.out[o]));

                assert_non_null(back);
                mf_tensor_copy(&p.out[o], back, &plain, res.v[o]);
                for (size_t e = 0; e < storage; e++) {
                    bool zero = p.out[o].dtype == MF_DTYPE_BF16 ? ((uint16_t *)back)[e] == 0 : ((uint32_t *)back)[e] == 0;
                    bool same = p.out[o].dtype == MF_DTYPE_BF16 ? (((uint16_t *)out[o])[e] & 0x7fff) == 0
                                                                 : (((uint32_t *)out[o])[e] & 0x7fffffff) == 0;

                    if (zero && !same) {
                        fail_msg("%s: output %d: padding or a zero element holds something else", c->op, o);
                    }
                }
                mf_free(back);
            }
        }
    }
    if (k->release != NULL) {
        k->release(p.state);
    }
    for (int i = 0; i < MF_OP_MAX_IN; i++) {
        mf_free(in[i]);
    }
    for (int o = 0; o < MF_OP_MAX_OUT; o++) {
        mf_free(mem[o]);
    }
    mf_free(scratch);
    b->close(ctx);
    return res;
}

static void
result_free(result *r)
{
    for (int o = 0; o < MF_OP_MAX_OUT; o++) {
        mf_free(r->v[o]);
    }
}

static void
compare(const parity_case *c, const result *want, const result *got, int o, double tol, double *worst, const char *form)
{
    double top = 0.0;

    for (size_t i = 0; i < want->n[o]; i++) {
        if (isfinite(want->v[o][i])) {
            top = fmax(top, fabs((double)want->v[o][i]));
        }
    }
    top = top > 1e-30 ? top : 1e-30;
    for (size_t i = 0; i < want->n[o]; i++) {
        float w = want->v[o][i], g = got->v[o][i];

        if (!isfinite(w)) {
            bool same = c->special ? !isfinite(g) : (isnan(w) ? isnan(g) : w == g);

            if (!same) {
                fail_msg("%s (%s): output %d, element %zu: %g, expected %g", c->op, form, o, i, (double)g, (double)w);
            }
            continue;
        }
        double e = fabs((double)g - (double)w) / top;

        if (!(e <= tol)) {
            fail_msg("%s (%s): output %d, element %zu: %.9g, expected %.9g (error %.3g of the largest, allowed %.3g)", c->op, form,
                     o, i, (double)g, (double)w, e, tol);
        }
        *worst = fmax(*worst, e);
    }
}

void
parity_run(const parity_case *c)
{
    const mf_backend *dn, *ref;
    mf_err            err = {0};
    void             *val[8] = {0};
    const char       *isa = getenv("ONEDNN_MAX_CPU_ISA");

    if (!parity_backend(&dn)) {
        mf_test_skip("this build has no oneDNN");
        return;
    }
    assert_mf_ok(mf_backend_find(&ref, "ref", &err), &err);
    assert_false(c->f32_only && c->f32_by_ref);
    for (int half = c->f32_by_ref; half < (c->f32_only ? 1 : 2); half++) {
        mf_dtype act = half ? MF_DTYPE_BF16 : MF_DTYPE_F32;
        double   tol = half ? (c->tol16 > 0 ? c->tol16 : 8e-3) : (c->tol32 > 0 ? c->tol32 : 1e-5), worst[MF_OP_MAX_OUT] = {0};
        bool     refused = false;
        result   want;

        for (int i = 0; i < 8 && c->in[i].kind != NULL; i++) {
            mf_shape s = shape_of(&c->in[i]);
            size_t   n = (size_t)mf_shape_elems(&s);

            if (c->in[i].kind[0] == '\0') {
                continue;
            }
            assert_true(n <= MAX_ELEMS);
            val[i] = mf_calloc(n, sizeof(float));
            assert_non_null(val[i]);
            if (c->in[i].kind[0] == 'u') {
                mf_rng r = mf_rng_make(99, 0, 0, MF_RNG_TEST);

                for (size_t e = 0; e < n; e++) { /* a tap of a 3 x 3 window; at the border the middle one, which is never padding */
                    size_t w = (size_t)s.dim[3], h = (size_t)s.dim[2], j = e % w, k = e / w % h;
                    bool   inside = j > 0 && j + 1 < w && k > 0 && k + 1 < h;

                    ((uint8_t *)val[i])[e] = (uint8_t)(inside ? mf_rng_below(&r, 9) : 4);
                }
                continue;
            }
            fill(val[i], &s, c->in[i].fill, 100 + (uint64_t)i);
            if (half && c->in[i].kind[0] == 'a') {
                for (size_t e = 0; e < n; e++) {
                    ((float *)val[i])[e] = mf_bf16_to_f32(mf_f32_to_bf16(((float *)val[i])[e]));
                }
            }
        }
        want = run_one(ref, c, val, MF_DTYPE_F32, START_PLAIN);
        if (!want.supported) {
            fail_msg("%s: the reference backend cannot: %s", c->op, want.why);
        }
        for (int st = 0; st < START_COUNT; st++) {
            char   form[64];
            result got;

            /* a mutable input (running statistics) is a fresh copy each time: run_one copies */
            snprintf(form, sizeof form, "%s, from %s%s%s", half ? "bf16" : "f32", start_name[st], isa ? ", " : "", isa ? isa : "");
            got = run_one(dn, c, val, act, (start)st);
            if (!got.supported) {
                refused = true;
                if (half && got.why[0] != '\0') {
                    printf("  %s in bf16: %s\n", c->op, got.why);
                    result_free(&got);
                    break;
                }
                fail_msg("%s (%s) is not supported: %s", c->op, form, got.why);
            }
            for (int o = 0; o < MF_OP_MAX_OUT; o++) {
                if (want.v[o] != NULL) {
                    assert_non_null(got.v[o]);
                    compare(c, &want, &got, o, tol, &worst[o], form);
                }
            }
            result_free(&got);
        }
        if (!refused) {
            printf("  %-16s %-4s tolerance %.1e, errors", c->op, half ? "bf16" : "f32", tol);
            for (int o = 0; o < MF_OP_MAX_OUT; o++) {
                if (want.v[o] != NULL) {
                    printf(" %.1e", worst[o]);
                }
            }
            printf("\n");
        }
        result_free(&want);
        for (int i = 0; i < 8; i++) {
            mf_free(val[i]);
            val[i] = NULL;
        }
    }
}

int
parity_again_avx2(char **argv)
{
    int   status = 0;
    pid_t pid;

    if (getenv("ONEDNN_MAX_CPU_ISA") != NULL) {
        return 0;
    }
    fflush(NULL);
    pid = fork();
    if (pid < 0) {
        return 1;
    }
    if (pid == 0) {
        setenv("ONEDNN_MAX_CPU_ISA", "AVX2", 1);
        setenv("DNNL_MAX_CPU_ISA", "AVX2", 1);
        execv("/proc/self/exe", argv);
        _exit(127);
    }
    while (waitpid(pid, &status, 0) < 0) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
