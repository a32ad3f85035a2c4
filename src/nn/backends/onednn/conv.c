/* nn/backends/onednn/conv.c: choosing layouts and an implementation for a convolution and its two gradients.
 *
 * Activations stay in one layout (the "home" of the instruction set and type) from the first convolution to the last, so
 * candidates that keep it come first; a candidate is taken if oneDNN has an optimised kernel for it. The choice depends
 * on CPU, types and shapes only, never on the clock, so that equal runs give equal bits. */
#include "nn/backends/onednn/conv.h"

#include <stdio.h>

dn_conv_tail
mf_dn_conv_tail(mf_prep *p)
{
    const dn_conv_tail t = {.bias = p->nin > 2 && p->has_in[2], .res = p->nin > 3 && p->has_in[3],
                            .relu = ((const mf_conv2d_attrs *)p->attrs)->act == MF_ACT_RELU};

    if (t.bias) {
        p->in[2].dtype  = MF_DTYPE_F32;
        p->in[2].layout = mf_layout_plain(&p->in[2].shape);
    }
    if (t.res) {
        p->in[3]      = p->out[0];
        p->inplace[0] = 3;
    }
    return t;
}

void
mf_dn_conv_geom(dn_conv *out, const mf_conv2d_attrs *a)
{
    memset(out, 0, sizeof *out);
    out->stride[0] = a->sh;
    out->stride[1] = a->sw;
    out->dilate[0] = a->dh - 1;
    out->dilate[1] = a->dw - 1;
    out->pad_l[0] = out->pad_r[0] = a->ph;
    out->pad_l[1] = out->pad_r[1] = a->pw;
}

bool
mf_dn_conv_supports(const mf_prep *p, mf_dtype act, char why[128])
{
    if (act != MF_DTYPE_F32 && act != MF_DTYPE_BF16) {
        if (why != NULL) {
            snprintf(why, 128, "onednn computes convolutions in F32 and BF16, not %s", mf_dtype_name(act));
        }
        return false;
    }
    if (act == MF_DTYPE_BF16 && !p->ctx->has_bf16) {
        if (why != NULL) {
            snprintf(why, 128, "onednn has no bf16 convolution without AVX-512");
        }
        return false;
    }
    return true;
}

static bool
pick_md(dn_md *out, const mf_backend_ctx *ctx, dn_pick pick, const mf_tdesc *d)
{
    mf_tdesc t = *d;

    switch (pick) {
    case DN_PICK_ANY:   return mf_dn_md_any(out, d, 0);
    case DN_PICK_HOME:  t.layout = mf_dn_home_layout(ctx, d); break;
    case DN_PICK_PLAIN: t.layout = mf_layout_plain(&d->shape); break;
    case DN_PICK_NHWC:  t.layout = mf_layout_nhwc(&d->shape); break;
    default:            break;
    }
    return mf_dn_md_from(out, &t, 0);
}

static dnnl_status_t
make_pd(dnnl_primitive_desc_t *pd, mf_backend_ctx *ctx, const dn_conv_want *want, const dn_md *x, const dn_md *w, const dn_md *y,
        const dn_md *bias, const_dnnl_primitive_attr_t attr)
{
    dnnl_primitive_desc_t hint = NULL;
    dnnl_status_t         st;
    dn_md                 wf   = {0};
    mf_tdesc              fw   = want->w;

    *pd = NULL;
    if (want->dir == DN_CONV_FWD) {
        return dn_conv_fwd(pd, ctx->engine, !want->inference, dn_arg(x), dn_arg(w), want->bias ? dn_arg(bias) : NULL, dn_arg(y),
                           &want->geom, attr);
    }
    fw.dtype = want->x.dtype;
    if (!mf_dn_md_any(&wf, &fw, want->groups)) {
        return dnnl_unimplemented;
    }
    st = dn_conv_fwd(&hint, ctx->engine, true, dn_arg(x), dn_arg(&wf), NULL, dn_arg(y), &want->geom, attr);
    if (st == dnnl_success) {
        st = want->dir == DN_CONV_DX
                 ? dn_conv_bwd_data(pd, ctx->engine, dn_arg(x), dn_arg(w), dn_arg(y), &want->geom, hint, attr)
                 : dn_conv_bwd_weights(pd, ctx->engine, dn_arg(x), dn_arg(w), dn_arg(y), &want->geom, hint, attr);
    }
    if (hint != NULL) {
        dnnl_primitive_desc_destroy(hint);
    }
    dn_md_free(&wf);
    return st;
}

static const char *
impl_name(const_dnnl_primitive_desc_t pd)
{
    const char *name = NULL;

    return dnnl_primitive_desc_query(pd, dnnl_query_impl_info_str, 0, (void *)&name) == dnnl_success && name != NULL ? name : "?";
}

/* Read the descriptors of `pd`; false if one cannot be said in our words or breaks a wish. */
static bool
accept(dn_conv_got *got, const dn_conv_want *want, const_dnnl_primitive_desc_t pd)
{
    static const dnnl_query_t xq[] = {dnnl_query_src_md, dnnl_query_diff_src_md, dnnl_query_src_md};
    static const dnnl_query_t wq[] = {dnnl_query_weights_md, dnnl_query_weights_md, dnnl_query_diff_weights_md};
    static const dnnl_query_t yq[] = {dnnl_query_dst_md, dnnl_query_diff_dst_md, dnnl_query_diff_dst_md};
    mf_layout                 l;

    if (!mf_dn_layout_from(&got->x, &want->x.shape, dn_pd_md(pd, xq[want->dir], 0), 0) ||
        !mf_dn_layout_from(&got->w, &want->w.shape, dn_pd_md(pd, wq[want->dir], 0), want->groups) ||
        !mf_dn_layout_from(&got->y, &want->y.shape, dn_pd_md(pd, yq[want->dir], 0), 0)) {
        return false;
    }
    if (want->x_plain && !mf_layout_is_plain(&want->x.shape, &got->x)) {
        l = mf_layout_nhwc(&want->x.shape);
        return mf_layout_eq(&want->x.shape, &got->x, &l);
    }
    return true;
}

mf_status
mf_dn_conv_choose(dn_conv_got *out, mf_backend_ctx *ctx, const dn_conv_want *want, mf_err *err)
{
    mf_status             st;
    dnnl_status_t         ds, last = dnnl_unimplemented;
    dnnl_primitive_attr_t attr = NULL;
    dnnl_post_ops_t       po   = NULL;
    dnnl_primitive_desc_t pd, slow = NULL;
    dn_md                 x = {0}, w = {0}, y = {0}, b = {0};
    dn_conv_got           got = {0}, slow_got = {0};
    mf_shape              bs  = mf_shape_of(1, want->y.shape.dim[1]);
    mf_tdesc              bd  = {.dtype = MF_DTYPE_F32, .shape = bs, .layout = mf_layout_plain(&bs)};
    int                   i, pass;

    memset(out, 0, sizeof *out);
    mf_dn_threads();
    if ((st = mf_dn_attr_new(&attr, err)) < 0) {
        return st;
    }
    if (want->res || want->relu) {
        if ((st = DN_CHECK(dnnl_post_ops_create(&po), "post-operations")) < 0 ||
            (want->res && (st = DN_CHECK(dn_post_sum(po), "sum")) < 0) ||
            (want->relu && (st = DN_CHECK(dn_post_relu(po), "relu")) < 0) ||
            (st = DN_CHECK(dnnl_primitive_attr_set_post_ops(attr, po), "post-operations")) < 0) {
            goto done;
        }
    }
    if (want->bias && !mf_dn_md_from(&b, &bd, 0)) {
        st = mf_fail(err, MF_E_INTERNAL, "oneDNN: cannot describe a bias");
        goto done;
    }
    for (i = 0; want->picks[i].x != DN_PICK_END && out->pd == NULL; i++) {
        if (!pick_md(&x, ctx, want->picks[i].x, &want->x) || !pick_md(&y, ctx, want->picks[i].y, &want->y)) {
            continue;
        }
        /* pass 0: weights free; pass 1: row-major weights, for packed kinds that we cannot store. */
        for (pass = 0; pass < 2 && out->pd == NULL; pass++) {
            mf_tdesc wp = want->w;

            wp.layout = mf_layout_plain(&wp.shape);
            if (!(pass == 0 ? mf_dn_md_any(&w, &want->w, want->groups) : mf_dn_md_from(&w, &wp, want->groups))) {
                continue;
            }
            if ((ds = make_pd(&pd, ctx, want, &x, &w, &y, &b, attr)) != dnnl_success) {
                last = ds;
                continue;
            }
            if (!accept(&got, want, pd)) {
                dnnl_primitive_desc_destroy(pd);
                continue;
            }
            got.pd = pd;
            snprintf(got.name, sizeof got.name, "%s", impl_name(pd));
            if (mf_dn_pd_fast(pd)) {
                *out = got;
            } else if (slow == NULL) {
                slow     = pd;
                slow_got = got;
            } else {
                dnnl_primitive_desc_destroy(pd);
            }
            break; /* row-major weights only when free ones could not be said */
        }
    }
    if (out->pd == NULL && slow != NULL) {
        *out = slow_got;
        slow = NULL;
    }
    if (out->pd == NULL) {
        st = mf_fail(err, last == dnnl_out_of_memory ? MF_E_NOMEM : MF_E_UNSUPPORTED, "oneDNN: convolution: %s",
                     mf_dn_status_text(last));
        goto done;
    }
    /* The storage's own layout saves a reorder, if the same implementation takes it. */
    if (want->try_w && !mf_layout_eq(&want->w.shape, &out->w, &want->w.layout)) {
        mf_tdesc xd = want->x, yd = want->y;

        xd.layout = out->x;
        yd.layout = out->y;
        if (mf_dn_md_from(&x, &xd, 0) && mf_dn_md_from(&y, &yd, 0) && mf_dn_md_from(&w, &want->w, want->groups) &&
            make_pd(&pd, ctx, want, &x, &w, &y, &b, attr) == dnnl_success) {
            if (accept(&got, want, pd) && strcmp(impl_name(pd), out->name) == 0) {
                dnnl_primitive_desc_destroy(out->pd);
                got.pd = pd;
                memcpy(got.name, out->name, sizeof got.name);
                *out = got;
            } else {
                dnnl_primitive_desc_destroy(pd);
            }
        }
    }
done:
    if (slow != NULL) {
        dnnl_primitive_desc_destroy(slow);
    }
    dn_md_free(&x);
    dn_md_free(&w);
    dn_md_free(&y);
    dn_md_free(&b);
    if (po != NULL) {
        dnnl_post_ops_destroy(po);
    }
    dnnl_primitive_attr_destroy(attr);
    return st;
}
