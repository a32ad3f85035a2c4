/* nn/backends/onednn/onednn.c: the CPU backend: its context, and where activations live on this CPU. */
#include "nn/backends/onednn/amx.h"
#include "nn/backends/onednn/dot.h"
#include "nn/backends/onednn/onednn.h"

#include "core/mem.h"
#include "core/thread.h"

/* Ask oneDNN where it wants the result of a typical convolution (64 -> 64, 3 x 3, 28 x 28). False: it cannot in this type. */
static bool
ask_home(dn_home *out, mf_backend_ctx *ctx, dnnl_data_type_t dt)
{
    const dnnl_dims_t     xs = {2, 64, 28, 28}, ws = {64, 64, 3, 3};
    const dn_conv         geom  = {.stride = {1, 1}, .pad_l = {1, 1}, .pad_r = {1, 1}};
    mf_shape              shape = mf_shape_of(4, (int64_t)2, (int64_t)64, (int64_t)28, (int64_t)28);
    dn_md                 x = {0}, w = {0}, y = {0};
    dnnl_primitive_desc_t pd = NULL;
    mf_layout             l, nhwc = mf_layout_nhwc(&shape);
    bool                  ok = false;

    if (dn_md_tag(&x, 4, xs, dt, dnnl_format_tag_any) == dnnl_success &&
        dn_md_tag(&w, 4, ws, dt, dnnl_format_tag_any) == dnnl_success &&
        dn_md_tag(&y, 4, xs, dt, dnnl_format_tag_any) == dnnl_success &&
        dn_conv_fwd(&pd, ctx->engine, true, dn_arg(&x), dn_arg(&w), NULL, dn_arg(&y), &geom, NULL) == dnnl_success) {
        ok   = true;
        *out = DN_HOME_NCHW;
        if (mf_dn_layout_from(&l, &shape, dn_pd_md(pd, dnnl_query_dst_md, 0), 0)) {
            if (l.nblk == 1 && l.blk_dim[0] == 1 && (l.blk[0] == 16 || l.blk[0] == 8)) {
                *out = l.blk[0] == 16 ? DN_HOME_NCHW16C : DN_HOME_NCHW8C;
            } else if (mf_layout_eq(&shape, &l, &nhwc)) {
                *out = DN_HOME_NHWC;
            }
        }
        ok = mf_dn_pd_fast(pd);
        dnnl_primitive_desc_destroy(pd);
    }
    dn_md_free(&x);
    dn_md_free(&w);
    dn_md_free(&y);
    return ok;
}

static void
onednn_close(mf_backend_ctx *ctx)
{
    if (ctx == NULL) {
        return;
    }
    if (ctx->stream != NULL) {
        dnnl_stream_destroy(ctx->stream);
    }
    if (ctx->engine != NULL) {
        dnnl_engine_destroy(ctx->engine);
    }
    mf_free(ctx);
}

static mf_status
onednn_open(mf_backend_ctx **out, mf_err *err)
{
    mf_status       st;
    mf_backend_ctx *ctx;

    *out = NULL;
    if ((ctx = mf_calloc(1, sizeof *ctx)) == NULL) {
        return mf_oom(err, sizeof *ctx, "the oneDNN backend");
    }
    mf_dn_threads();
    if ((st = DN_CHECK(dnnl_engine_create(&ctx->engine, dnnl_cpu, 0), "engine")) < 0 ||
        (st = DN_CHECK(dnnl_stream_create(&ctx->stream, ctx->engine, dnnl_stream_default_flags), "stream")) < 0) {
        onednn_close(ctx);
        return st;
    }
    ctx->simd     = mf_dn_simd_get((int)dnnl_get_effective_cpu_isa());
    ctx->amx      = mf_dn_amx_get((int)dnnl_get_effective_cpu_isa());
    ctx->dot      = mf_dn_dot_get();
    ctx->home_f32 = DN_HOME_NCHW;
    (void)ask_home(&ctx->home_f32, ctx, dnnl_f32);
    ctx->home_bf16 = ctx->home_f32;
    ctx->has_bf16  = ask_home(&ctx->home_bf16, ctx, dnnl_bf16);
    *out           = ctx;
    return MF_OK;
}

#define MF_KERNEL(NAME) extern const mf_kernel_def mf_onednn_##NAME;
#include "nn/backends/onednn/kernel_list.h"
#undef MF_KERNEL
#define MF_VIA(NAME) extern const mf_kernel_def mf_onednn_via_##NAME;
#include "nn/backends/onednn/via_list.h"
#undef MF_VIA
extern const mf_kernel_def mf_onednn_reorder;

static const mf_kernel_def *const kernels[] = {
#define MF_KERNEL(NAME) &mf_onednn_##NAME,
#include "nn/backends/onednn/kernel_list.h"
#undef MF_KERNEL
#define MF_VIA(NAME) &mf_onednn_via_##NAME,
#include "nn/backends/onednn/via_list.h"
#undef MF_VIA
    NULL,
};

extern const mf_backend mf_backend_onednn;
const mf_backend        mf_backend_onednn = {
    .name = "onednn", .summary = "oneDNN and own vector loops on the CPU", .bf16 = true, .real = MF_DTYPE_F32,
    .open = onednn_open, .close = onednn_close, .kernels = kernels, .reorder = &mf_onednn_reorder,
};
