/* nn/backends/onednn/conv2d.c: convolution with bias, residual and ReLU in one pass.
 *
 * y [N,Co,Ho,Wo] = act(conv(x [N,Ci,H,W], w [Co,Ci/g,kh,kw]) + b [Co] + res [N,Co,Ho,Wo]). The residual is summed into
 * the memory of y: where the plan shares it with `res` nothing is copied. */
#include "nn/backends/onednn/chan.h"
#include "nn/backends/onednn/conv.h"
#include "nn/backends/onednn/permute.h"

#include "core/mem.h"

typedef struct conv_state {
    dn_prim           prim;
    const mf_dn_simd *simd;
    mf_dn_permute     permute; /* weights from their f32 storage, where w_at is used */
    dn_conv_tail      tail;
    bool              own_w;
    size_t            w_at;    /* scratch: the weights in bf16 */
    size_t            bytes;   /* of y */
} conv_state;

static bool
conv_supports(const mf_prep *p, char why[128])
{
    return mf_dn_conv_supports(p, p->out[0].dtype, why);
}

static void
conv_release(void *state)
{
    conv_state *s = state;

    if (s != NULL) {
        mf_dn_prim_free(&s->prim);
        mf_dn_permute_free(&s->permute);
        mf_free(s);
    }
}

/* The storage of a trained weight in a bf16 program: not the forward kernel's blocking but the one that gradients come in
 * (f32, tiles of 16 x 16, output channel last), so that they need no reorder; the bf16 copy is made here. */
static void
keep_gradient_layout(mf_prep *p, conv_state *s, const dn_conv_got *got)
{
    const mf_shape *w    = &p->in[1].shape;
    mf_tdesc        half = {MF_DTYPE_BF16, *w, got->w}, full = {MF_DTYPE_F32, *w, {{0}, 0, {0}, {0}}};

    if (((const mf_conv2d_attrs *)p->attrs)->groups != 1 || w->dim[0] % 16 != 0 || w->dim[1] % 16 != 0) {
        return;
    }
    full.layout = mf_dn_weight_cells(w);
    if (!mf_dn_permute_new(&s->permute, p->ctx->simd, &full, &half)) {
        return;
    }
    p->in[1]   = full;
    s->own_w   = true;
    s->w_at    = mf_dn_align(p->scratch);
    p->scratch = s->w_at + mf_tdesc_bytes(&half);
}

static mf_status
conv_prepare(mf_prep *p, mf_err *err)
{
    static const int          ids[] = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST, DNNL_ARG_BIAS};
    static const dnnl_query_t qs[]  = {dnnl_query_src_md, dnnl_query_weights_md, dnnl_query_dst_md, dnnl_query_weights_md};
    const mf_conv2d_attrs    *a     = p->attrs;
    mf_status                 st;
    dn_conv_got               got;
    conv_state               *s;
    dn_conv_want              want = {
        .dir = DN_CONV_FWD, .groups = a->groups, .inference = p->inference, .bias = p->nin > 2 && p->has_in[2],
        .res = p->nin > 3 && p->has_in[3], .relu = a->act == MF_ACT_RELU, .x = p->in[0], .w = p->in[1], .y = p->out[0],
        .picks = {{DN_PICK_AS_IS, DN_PICK_HOME}, {DN_PICK_HOME, DN_PICK_HOME}, {DN_PICK_ANY, DN_PICK_ANY},
                  {DN_PICK_PLAIN, DN_PICK_PLAIN}, {DN_PICK_END, DN_PICK_END}},
    };

    want.x.dtype = want.w.dtype = want.y.dtype;
    mf_dn_conv_geom(&want.geom, a);
    if (p->free_in[0]) { /* a picture: whoever loads it writes rows or pixels, nothing blocked */
        static const dn_pick_pair picks[] = {{DN_PICK_ANY, DN_PICK_HOME},   {DN_PICK_PLAIN, DN_PICK_HOME},
                                             {DN_PICK_NHWC, DN_PICK_HOME},  {DN_PICK_PLAIN, DN_PICK_ANY},
                                             {DN_PICK_PLAIN, DN_PICK_PLAIN}, {DN_PICK_END, DN_PICK_END}};

        want.x_plain = true;
        memcpy(want.picks, picks, sizeof picks);
    }
    if ((st = mf_dn_conv_choose(&got, p->ctx, &want, err)) < 0) {
        return st;
    }
    if ((s = mf_calloc(1, sizeof *s)) == NULL) {
        st = mf_oom(err, sizeof *s, "a convolution");
        goto done;
    }
    if ((st = mf_dn_prim_new(&s->prim, p->ctx, got.pd, want.bias ? 4 : 3, ids, qs, err)) < 0) {
        goto done;
    }
    p->in[0].dtype = p->in[1].dtype = want.y.dtype;
    p->in[0].layout  = got.x;
    p->in[1].layout  = got.w;
    p->out[0].layout = got.y;
    s->tail          = mf_dn_conv_tail(p);
    p->scratch = s->prim.scratch;
    s->simd    = p->ctx->simd;
    if (p->free_in[1] && !p->inference && want.w.dtype == MF_DTYPE_BF16) {
        keep_gradient_layout(p, s, &got);
    }
    s->bytes   = mf_tdesc_bytes(&p->out[0]);
    p->state   = s;
    s          = NULL;
done:
    conv_release(s);
    dnnl_primitive_desc_destroy(got.pd);
    return st;
}

static mf_status
conv_run(void *state, const mf_run *r, mf_err *err)
{
    conv_state *s       = state;
    void       *ptrs[4] = {r->in[0], r->in[1], r->out[0], s->tail.bias ? r->in[2] : NULL};

    if (s->tail.res && r->in[3] != r->out[0]) {
        mf_dn_copy(r->out[0], r->in[3], s->bytes);
    }
    if (s->own_w) {
        ptrs[1] = (char *)r->scratch + s->w_at;
        mf_dn_permute_run(&s->permute, ptrs[1], r->in[1]);
    }
    return mf_dn_prim_run(&s->prim, ptrs, r->scratch, err);
}

const mf_kernel_def mf_onednn_conv2d = {
    .op = "conv2d", .name = "onednn.conv2d", .supports = conv_supports, .prepare = conv_prepare, .run = conv_run,
    .release = conv_release,
};
