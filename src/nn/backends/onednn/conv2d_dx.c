/* nn/backends/onednn/conv2d_dx.c: the data gradient of a convolution, and the transposed convolution, which is the same sum.
 *
 * conv2d_dx: dy [N,Co,Ho,Wo], w [Co,Ci/g,kh,kw], x (shape) -> dx [N,Ci,H,W].
 * conv_t2d:  x [N,Ci,H,W], w [Ci,Co/g,kh,kw], b [Co] or none -> y: the data gradient of a convolution from y's shape to
 *            x's, plus the bias. */
#include "nn/backends/onednn/chan.h"
#include "nn/backends/onednn/conv.h"

#include "core/mem.h"

typedef struct dx_state {
    dn_prim           prim;
    const mf_dn_simd *simd;
    mf_dn_chan        chan; /* of the output */
    bool              bias, bf16;
    size_t            bias_at; /* scratch: the padded bias */
} dx_state;

static bool
dx_supports(const mf_prep *p, char why[128])
{
    return mf_dn_conv_supports(p, p->out[0].dtype, why);
}

static void
dx_release(void *state)
{
    dx_state *s = state;

    if (s != NULL) {
        mf_dn_prim_free(&s->prim);
        mf_free(s);
    }
}

static mf_status
dx_prepare_any(mf_prep *p, bool bias, mf_err *err)
{
    static const int          ids[] = {DNNL_ARG_DIFF_DST, DNNL_ARG_WEIGHTS, DNNL_ARG_DIFF_SRC};
    static const dnnl_query_t qs[]  = {dnnl_query_diff_dst_md, dnnl_query_weights_md, dnnl_query_diff_src_md};
    const mf_conv2d_attrs    *a     = p->attrs;
    mf_status                 st;
    dn_conv_got               got;
    dx_state                 *s    = NULL;
    dn_conv_want              want = {
        .dir = DN_CONV_DX, .groups = a->groups, .x = p->out[0], .w = p->in[1], .y = p->in[0],
        .picks = {{DN_PICK_HOME, DN_PICK_AS_IS}, {DN_PICK_HOME, DN_PICK_HOME}, {DN_PICK_ANY, DN_PICK_ANY},
                  {DN_PICK_PLAIN, DN_PICK_PLAIN}, {DN_PICK_END, DN_PICK_END}},
    };

    want.y.dtype = want.w.dtype = want.x.dtype;
    want.try_w = !p->free_in[1] && p->in[1].dtype == want.x.dtype;
    mf_dn_conv_geom(&want.geom, a);
    if ((st = mf_dn_conv_choose(&got, p->ctx, &want, err)) < 0) {
        return st;
    }
    if ((s = mf_calloc(1, sizeof *s)) == NULL) {
        st = mf_oom(err, sizeof *s, "a convolution's gradient");
        goto done;
    }
    if ((st = mf_dn_prim_new(&s->prim, p->ctx, got.pd, 3, ids, qs, err)) < 0) {
        goto done;
    }
    p->in[0].dtype = p->in[1].dtype = want.x.dtype;
    p->in[0].layout  = got.y;
    p->in[1].layout  = got.w;
    p->out[0].layout = got.x;
    s->simd          = p->ctx->simd;
    s->bf16          = want.x.dtype == MF_DTYPE_BF16;
    s->bias          = bias;
    p->scratch       = s->prim.scratch;
    if (bias) {
        p->in[2].dtype  = MF_DTYPE_F32;
        p->in[2].layout = mf_layout_plain(&p->in[2].shape);
        if (!mf_dn_chan_of(&s->chan, &p->out[0])) {
            st = mf_fail(err, MF_E_UNSUPPORTED, "oneDNN: transposed convolution: a layout that bias cannot be added in");
            goto done;
        }
        s->bias_at = mf_dn_align(p->scratch);
        p->scratch = s->bias_at + 3 * mf_dn_align(s->chan.padded * sizeof(float));
    }
    p->state = s;
    s        = NULL;
done:
    dx_release(s);
    dnnl_primitive_desc_destroy(got.pd);
    return st;
}

static mf_status
dx_prepare(mf_prep *p, mf_err *err)
{
    return dx_prepare_any(p, false, err);
}

static mf_status
dx_run(void *state, const mf_run *r, mf_err *err)
{
    dx_state *s       = state;
    void     *ptrs[3] = {r->in[0], r->in[1], r->out[0]};
    mf_status st      = mf_dn_prim_run(&s->prim, ptrs, r->scratch, err);

    if (st == MF_OK && s->bias) {
        float *shift = (float *)(void *)((char *)r->scratch + s->bias_at);
        float *one   = (float *)(void *)((char *)shift + mf_dn_align(s->chan.padded * sizeof(float)));
        float *zero  = (float *)(void *)((char *)one + mf_dn_align(s->chan.padded * sizeof(float)));
        size_t c;

        for (c = 0; c < s->chan.padded; c++) {
            one[c]   = 1.0f;
            zero[c]  = 0.0f;
            shift[c] = c < s->chan.c ? ((const float *)r->in[2])[c] : 0.0f;
        }
        mf_dn_chan_affine(&s->chan, s->simd, s->bf16, r->out[0], r->out[0], NULL, zero, one, shift, false);
    }
    return st;
}

static mf_status
t2d_prepare(mf_prep *p, mf_err *err)
{
    return dx_prepare_any(p, p->nin > 2 && p->has_in[2], err);
}

const mf_kernel_def mf_onednn_conv2d_dx = {
    .op = "conv2d_dx", .name = "onednn.conv2d_dx", .supports = dx_supports, .prepare = dx_prepare, .run = dx_run,
    .release = dx_release,
};

const mf_kernel_def mf_onednn_conv_t2d = {
    .op = "conv_t2d", .name = "onednn.conv_t2d", .supports = dx_supports, .prepare = t2d_prepare, .run = dx_run,
    .release = dx_release,
};
