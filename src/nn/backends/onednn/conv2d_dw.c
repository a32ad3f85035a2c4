/* nn/backends/onednn/conv2d_dw.c: the weight gradient of a convolution.
 *
 * dy [N,Co,Ho,Wo], x [N,Ci,H,W], w (shape) -> dw [Co,Ci/g,kh,kw] in f32, in the layout of the weights' storage if the
 * same implementation takes it. */
#include "nn/backends/onednn/conv.h"

#include "core/mem.h"

typedef struct dw_state {
    dn_prim prim;
} dw_state;

static bool
dw_supports(const mf_prep *p, char why[128])
{
    return mf_dn_conv_supports(p, p->in[1].dtype, why) && p->out[0].dtype == MF_DTYPE_F32;
}

static void
dw_release(void *state)
{
    dw_state *s = state;

    if (s != NULL) {
        mf_dn_prim_free(&s->prim);
        mf_free(s);
    }
}

static mf_status
dw_prepare(mf_prep *p, mf_err *err)
{
    static const int          ids[] = {DNNL_ARG_SRC, DNNL_ARG_DIFF_DST, DNNL_ARG_DIFF_WEIGHTS};
    static const dnnl_query_t qs[]  = {dnnl_query_src_md, dnnl_query_diff_dst_md, dnnl_query_diff_weights_md};
    const mf_conv2d_attrs    *a     = p->attrs;
    mf_dtype                  dt    = p->in[1].dtype;
    mf_status                 st;
    dn_conv_got               got;
    dw_state                 *s    = NULL;
    dn_conv_want              want = {
        .dir = DN_CONV_DW, .groups = a->groups, .x = p->in[1], .w = p->out[0], .y = p->in[0],
        .picks = {{DN_PICK_AS_IS, DN_PICK_AS_IS}, {DN_PICK_AS_IS, DN_PICK_HOME}, {DN_PICK_HOME, DN_PICK_HOME},
                  {DN_PICK_ANY, DN_PICK_HOME}, {DN_PICK_ANY, DN_PICK_ANY}, {DN_PICK_PLAIN, DN_PICK_PLAIN},
                  {DN_PICK_END, DN_PICK_END}},
    };

    want.y.dtype = dt;
    want.try_w   = p->nin > 2 && !p->free_in[2];
    if (want.try_w) {
        want.w.layout = p->in[2].layout;
    }
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
    p->in[0].dtype   = dt;
    p->in[1].layout  = got.x;
    p->in[0].layout  = got.y;
    p->out[0].layout = got.w;
    p->scratch       = s->prim.scratch;
    p->state         = s;
    s                = NULL;
done:
    dw_release(s);
    dnnl_primitive_desc_destroy(got.pd);
    return st;
}

static mf_status
dw_run(void *state, const mf_run *r, mf_err *err)
{
    dw_state *s       = state;
    void     *ptrs[3] = {r->in[1], r->in[0], r->out[0]};

    return mf_dn_prim_run(&s->prim, ptrs, r->scratch, err);
}

const mf_kernel_def mf_onednn_conv2d_dw = {
    .op = "conv2d_dw", .name = "onednn.conv2d_dw", .supports = dw_supports, .prepare = dw_prepare, .run = dw_run,
    .release = dw_release,
};
