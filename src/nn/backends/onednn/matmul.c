/* nn/backends/onednn/matmul.c: y [M,N] = act(a b + bias), f32; a is [M,K] or [K,M], b is [K,N] or [N,K], read through
 * strides. */
#include "nn/backends/onednn/onednn.h"

#include "core/mem.h"
#include "nn/ops.h"

typedef struct matmul_state {
    dn_prim prim;
    bool    bias;
} matmul_state;

static bool
matmul_supports(const mf_prep *p, char why[128])
{
    (void)why;
    return p->out[0].dtype == MF_DTYPE_F32;
}

static void
matmul_release(void *state)
{
    matmul_state *s = state;

    if (s != NULL) {
        mf_dn_prim_free(&s->prim);
        mf_free(s);
    }
}

static mf_status
matmul_prepare(mf_prep *p, mf_err *err)
{
    static const int          ids[] = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST, DNNL_ARG_BIAS};
    static const dnnl_query_t qs[]  = {dnnl_query_src_md, dnnl_query_weights_md, dnnl_query_dst_md, dnnl_query_weights_md};
    const mf_matmul_attrs    *a     = p->attrs;
    mf_status                 st;
    matmul_state             *s    = NULL;
    dnnl_primitive_attr_t     attr = NULL;
    dnnl_post_ops_t           po   = NULL;
    dnnl_primitive_desc_t     pd   = NULL;
    dn_md                     ma = {0}, mb = {0}, mc = {0}, md = {0};
    int64_t                   m = p->out[0].shape.dim[0], n = p->out[0].shape.dim[1], k = p->in[0].shape.dim[a->ta ? 0 : 1];
    bool                      bias = p->nin > 2 && p->has_in[2];
    const dnnl_dims_t         da = {m, k}, db = {k, n}, dc = {m, n}, dd = {1, n};
    const dnnl_dims_t         sa = {a->ta ? 1 : k, a->ta ? m : 1}, sb = {a->tb ? 1 : n, a->tb ? k : 1}, sc = {n, 1};
    int                       i;

    mf_dn_threads();
    for (i = 0; i < p->nin; i++) {
        if (p->has_in[i]) {
            p->in[i].dtype  = MF_DTYPE_F32;
            p->in[i].layout = mf_layout_plain(&p->in[i].shape);
        }
    }
    p->out[0].layout = mf_layout_plain(&p->out[0].shape);
    if ((st = mf_dn_attr_new(&attr, err)) < 0 ||
        (st = DN_CHECK(dn_md_strides(&ma, 2, da, dnnl_f32, sa), "a matrix")) < 0 ||
        (st = DN_CHECK(dn_md_strides(&mb, 2, db, dnnl_f32, sb), "a matrix")) < 0 ||
        (st = DN_CHECK(dn_md_strides(&mc, 2, dc, dnnl_f32, sc), "a matrix")) < 0 ||
        (bias && (st = DN_CHECK(dn_md_strides(&md, 2, dd, dnnl_f32, sc), "a bias")) < 0)) {
        goto done;
    }
    if (a->act == MF_ACT_RELU && ((st = DN_CHECK(dnnl_post_ops_create(&po), "post-operations")) < 0 ||
                                  (st = DN_CHECK(dn_post_relu(po), "relu")) < 0 ||
                                  (st = DN_CHECK(dnnl_primitive_attr_set_post_ops(attr, po), "post-operations")) < 0)) {
        goto done;
    }
    if ((st = DN_CHECK(dn_matmul(&pd, p->ctx->engine, dn_arg(&ma), dn_arg(&mb), dn_arg(&md), dn_arg(&mc), attr), "matmul")) < 0) {
        goto done;
    }
    if ((s = mf_calloc(1, sizeof *s)) == NULL) {
        st = mf_oom(err, sizeof *s, "a matrix product");
        goto done;
    }
    if ((st = mf_dn_prim_new(&s->prim, p->ctx, pd, bias ? 4 : 3, ids, qs, err)) < 0) {
        goto done;
    }
    s->bias    = bias;
    p->scratch = s->prim.scratch;
    p->state   = s;
    s          = NULL;
done:
    matmul_release(s);
    if (pd != NULL) {
        dnnl_primitive_desc_destroy(pd);
    }
    if (po != NULL) {
        dnnl_post_ops_destroy(po);
    }
    if (attr != NULL) {
        dnnl_primitive_attr_destroy(attr);
    }
    dn_md_free(&ma);
    dn_md_free(&mb);
    dn_md_free(&mc);
    dn_md_free(&md);
    return st;
}

static mf_status
matmul_run(void *state, const mf_run *r, mf_err *err)
{
    matmul_state *s       = state;
    void         *ptrs[4] = {r->in[0], r->in[1], r->out[0], s->bias ? r->in[2] : NULL};

    return mf_dn_prim_run(&s->prim, ptrs, r->scratch, err);
}

const mf_kernel_def mf_onednn_matmul = {
    .op = "matmul", .name = "onednn.matmul", .supports = matmul_supports, .prepare = matmul_prepare, .run = matmul_run,
    .release = matmul_release,
};
