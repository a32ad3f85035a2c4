/* nn/backends/onednn/reorder.c: a change of layout, of type, or of both.
 *
 * Equal layouts: one pass over storage. f32 weights to a blocking in bf16: permute.h. Otherwise oneDNN's reorder where it has words
 * for both sides, else the general copy of nn/tensor.h. */
#include "nn/backends/onednn/chan.h"
#include "nn/backends/onednn/onednn.h"
#include "nn/backends/onednn/permute.h"

#include "core/mem.h"

typedef enum reorder_how { HOW_COPY, HOW_TO_BF16, HOW_FROM_BF16, HOW_PERMUTE, HOW_DNNL, HOW_GENERAL } reorder_how;

typedef struct reorder_state {
    reorder_how       how;
    const mf_dn_simd *simd;
    dn_prim           prim;
    mf_dn_permute     permute;
    mf_tdesc          from, to;
    size_t            elems;
} reorder_state;

static bool
reorder_supports(const mf_prep *p, char why[128])
{
    (void)p;
    (void)why;
    return true;
}

static void
reorder_release(void *state)
{
    reorder_state *s = state;

    if (s != NULL) {
        mf_dn_prim_free(&s->prim);
        mf_dn_permute_free(&s->permute);
        mf_free(s);
    }
}

/* True if oneDNN takes it. */
static bool
reorder_dnnl(reorder_state *s, mf_prep *p)
{
    static const int          ids[] = {DNNL_ARG_FROM, DNNL_ARG_TO};
    static const dnnl_query_t qs[]  = {dnnl_query_src_md, dnnl_query_dst_md};
    dnnl_primitive_attr_t     attr  = NULL;
    dnnl_primitive_desc_t     pd    = NULL;
    dn_md                     a = {0}, b = {0};
    bool                      ok = false;

    mf_dn_threads();
    if (mf_dn_attr_new(&attr, NULL) == MF_OK && mf_dn_md_from(&a, &p->in[0], 0) && mf_dn_md_from(&b, &p->out[0], 0) &&
        dnnl_reorder_primitive_desc_create(&pd, dn_arg(&a), p->ctx->engine, dn_arg(&b), p->ctx->engine, attr) == dnnl_success) {
        ok         = mf_dn_prim_new(&s->prim, p->ctx, pd, 2, ids, qs, NULL) == MF_OK;
        p->scratch = s->prim.scratch;
    }
    if (pd != NULL) {
        dnnl_primitive_desc_destroy(pd);
    }
    if (attr != NULL) {
        dnnl_primitive_attr_destroy(attr);
    }
    dn_md_free(&a);
    dn_md_free(&b);
    return ok;
}

static mf_status
reorder_prepare(mf_prep *p, mf_err *err)
{
    reorder_state  *s    = mf_calloc(1, sizeof *s);
    const mf_tdesc *from = &p->in[0], *to = &p->out[0];
    bool            same;

    if (s == NULL) {
        return mf_oom(err, sizeof *s, "a reorder");
    }
    s->simd  = p->ctx->simd;
    s->from  = *from;
    s->to    = *to;
    s->elems = (size_t)mf_layout_elems(&to->shape, &to->layout);
    same     = mf_layout_eq(&to->shape, &from->layout, &to->layout);
    if (same && from->dtype == to->dtype) {
        s->how = HOW_COPY;
    } else if (same && from->dtype == MF_DTYPE_F32 && to->dtype == MF_DTYPE_BF16) {
        s->how = HOW_TO_BF16;
    } else if (same && from->dtype == MF_DTYPE_BF16 && to->dtype == MF_DTYPE_F32) {
        s->how = HOW_FROM_BF16;
    } else if (to->dtype == MF_DTYPE_BF16 && mf_dn_permute_new(&s->permute, s->simd, from, to)) {
        s->how = HOW_PERMUTE;
    } else if (reorder_dnnl(s, p)) {
        s->how = HOW_DNNL;
    } else { /* oneDNN 2.6 refuses the wide 1x1 weights of ResNet-50 */
        s->how = mf_dn_permute_new(&s->permute, s->simd, from, to) ? HOW_PERMUTE : HOW_GENERAL;
    }
    p->state = s;
    return MF_OK;
}

typedef struct cast_job {
    const reorder_state *s;
    void                *dst;
    const void          *src;
} cast_job;

static void
cast_span(void *arg, size_t begin, size_t end)
{
    const cast_job *j = arg;

    if (j->s->how == HOW_TO_BF16) {
        j->s->simd->flat->to_bf16((uint16_t *)j->dst + begin, (const float *)j->src + begin, end - begin);
    } else {
        j->s->simd->flat->from_bf16((float *)j->dst + begin, (const uint16_t *)j->src + begin, end - begin);
    }
}

static mf_status
reorder_run(void *state, const mf_run *r, mf_err *err)
{
    reorder_state *s       = state;
    void          *ptrs[2] = {r->in[0], r->out[0]};
    cast_job       j       = {s, r->out[0], r->in[0]};

    switch (s->how) {
    case HOW_COPY:      mf_dn_copy(r->out[0], r->in[0], mf_tdesc_bytes(&s->to)); break;
    case HOW_TO_BF16:
    case HOW_FROM_BF16: mf_dn_spans(s->elems, 1 << 15, cast_span, &j); break;
    case HOW_PERMUTE:   mf_dn_permute_run(&s->permute, r->out[0], r->in[0]); break;
    case HOW_DNNL:      return mf_dn_prim_run(&s->prim, ptrs, r->scratch, err);
    default:            mf_tensor_copy(&s->to, r->out[0], &s->from, r->in[0]); break;
    }
    return MF_OK;
}

const mf_kernel_def mf_onednn_reorder = {
    .op = "reorder", .name = "onednn.reorder", .supports = reorder_supports, .prepare = reorder_prepare, .run = reorder_run,
    .release = reorder_release,
};
