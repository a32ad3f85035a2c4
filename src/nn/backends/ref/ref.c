/* nn/backends/ref/ref.c: the reference backend in plain C: the judge of the others, and what runs where they are not.
 * All tensors are plain (row-major) and of one floating type; sums are kept in double. */
#include "nn/backends/ref/real.h"

#include "core/mem.h"

static bool
is_float(mf_dtype t)
{
    return t == MF_DTYPE_F32 || t == MF_DTYPE_F64 || t == MF_DTYPE_BF16 || t == MF_DTYPE_F16;
}

bool
REF(supports)(const mf_prep *p, char why[128])
{
    for (int o = 0; o < p->nout; o++)
        if (p->want_out[o] && is_float(p->out[o].dtype) && p->out[o].dtype != MF_REAL_DTYPE) {
            if (why)
                snprintf(why, 128, "the reference backend computes in %s, not in %s", mf_dtype_name(MF_REAL_DTYPE),
                         mf_dtype_name(p->out[o].dtype));
            return false;
        }
    return true;
}

mf_status
REF(prepare)(mf_prep *p, mf_err *err)
{
    mf_ref_op *op = mf_calloc(1, sizeof *op);
    void      *attrs = mf_calloc(1, p->op->attr_size + 1);

    if (!op || !attrs) {
        mf_free(op);
        mf_free(attrs);
        return mf_oom(err, sizeof *op, "a reference kernel");
    }
    if (p->op->attr_size)
        memcpy(attrs, p->attrs, p->op->attr_size);
    op->attrs = attrs;
    op->nin   = p->nin;
    op->nout  = p->nout;
    for (int i = 0; i < p->nin; i++) {
        if (!p->has_in[i])
            continue;
        p->in[i].layout = mf_layout_plain(&p->in[i].shape);
        if (is_float(p->in[i].dtype))
            p->in[i].dtype = MF_REAL_DTYPE;
        op->has_in[i]  = true;
        op->in[i]      = p->in[i].shape;
        op->in_type[i] = p->in[i].dtype;
    }
    for (int o = 0; o < p->nout; o++) {
        p->out[o].layout = mf_layout_plain(&p->out[o].shape);
        op->out[o]       = p->out[o].shape;
    }
    p->state = op;
    return MF_OK;
}

mf_status
REF(prepare_inplace)(mf_prep *p, mf_err *err)
{
    mf_status st = REF(prepare)(p, err);
    if (st == MF_OK && mf_tdesc_eq(&p->in[0], &p->out[0]))
        p->inplace[0] = 0;
    return st;
}

void
REF(release)(void *state)
{
    mf_ref_op *op = state;
    if (!op)
        return;
    mf_free((void *)(uintptr_t)op->attrs);
    mf_free(op);
}

void
REF(strides)(int64_t stride[MF_MAX_DIMS], const mf_shape *s, const mf_shape *to)
{
    int64_t step = 1;
    for (int d = to->ndim - 1; d >= 0; d--) {
        int     k = d - (to->ndim - s->ndim);
        int64_t n = k < 0 ? 1 : s->dim[k];
        stride[d] = n == 1 ? 0 : step;
        step *= n;
    }
}

/* ---- the change of layout and type ---- */

typedef struct reorder_state {
    mf_tdesc from, to;
} reorder_state;

static bool
reorder_supports(const mf_prep *p, char why[128])
{
    (void)p, (void)why;
    return true;
}

static mf_status
reorder_prepare(mf_prep *p, mf_err *err)
{
    reorder_state *s = mf_calloc(1, sizeof *s);
    if (!s)
        return mf_oom(err, sizeof *s, "a reorder");
    s->from  = p->in[0];
    s->to    = p->out[0];
    p->state = s;
    return MF_OK;
}

static mf_status
reorder_run(void *state, const mf_run *r, mf_err *err)
{
    const reorder_state *s = state;
    (void)err;
    mf_tensor_copy(&s->to, r->out[0], &s->from, r->in[0]);
    return MF_OK;
}

static const mf_kernel_def reorder = {
    .op = "reorder", .name = "ref_reorder", .supports = reorder_supports, .prepare = reorder_prepare, .run = reorder_run,
    .release = mf_free,
};

/* ---- the backend ---- */

struct mf_backend_ctx {
    int unused; /* nothing to hold: the kernels are functions of their inputs */
};

static mf_status
ref_open(mf_backend_ctx **out, mf_err *err)
{
    *out = mf_calloc(1, sizeof **out);
    return *out ? MF_OK : mf_oom(err, sizeof **out, "the reference backend");
}

static void
ref_close(mf_backend_ctx *ctx)
{
    mf_free(ctx);
}

static const mf_kernel_def *const kernels[] = {
#define MF_KERNEL(NAME) &REF(kernel_##NAME),
#include "nn/backends/ref/kernel_list.h"
#undef MF_KERNEL
    NULL,
};

#if MF_REAL_F64
extern const mf_backend mf_backend_ref64;
const mf_backend        mf_backend_ref64 = {
    .name = "ref64", .summary = "plain C in double precision, for gradient checks",
#else
extern const mf_backend mf_backend_ref;
const mf_backend        mf_backend_ref = {
    .name = "ref", .summary = "plain C",
#endif
    .bf16 = false, .real = MF_REAL_DTYPE, .open = ref_open, .close = ref_close, .kernels = kernels, .reorder = &reorder,
};
