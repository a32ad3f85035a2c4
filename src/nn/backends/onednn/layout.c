/* nn/backends/onednn/layout.c: our layouts in oneDNN's words and back. */
#include "nn/backends/onednn/onednn.h"

bool
mf_dn_dtype(dnnl_data_type_t *out, mf_dtype t)
{
    switch (t) {
    case MF_DTYPE_F32:  *out = dnnl_f32; return true;
    case MF_DTYPE_BF16: *out = dnnl_bf16; return true;
    case MF_DTYPE_I32:  *out = dnnl_s32; return true;
    case MF_DTYPE_I8:   *out = dnnl_s8; return true;
    case MF_DTYPE_U8:   *out = dnnl_u8; return true;
    default:            return false;
    }
}

mf_layout
mf_dn_home_layout(const mf_backend_ctx *ctx, const mf_tdesc *d)
{
    dn_home home = d->dtype == MF_DTYPE_BF16 ? ctx->home_bf16 : ctx->home_f32;

    if (d->shape.ndim != 4) {
        return mf_layout_plain(&d->shape);
    }
    switch (home) {
    case DN_HOME_NCHW16C: return mf_layout_nchw_c(&d->shape, 16);
    case DN_HOME_NCHW8C:  return mf_layout_nchw_c(&d->shape, 8);
    case DN_HOME_NHWC:    return mf_layout_nhwc(&d->shape);
    default:              return mf_layout_plain(&d->shape);
    }
}

/* The blocked description of `d`, a weight of `groups` groups split into five dimensions. */
static bool
blocked_of(dn_blocked *b, const mf_tdesc *d, int groups)
{
    const mf_layout *l     = &d->layout;
    int              split = groups > 1 ? 1 : 0, i;
    int64_t          block[MF_MAX_DIMS], per;

    memset(b, 0, sizeof *b);
    if (!mf_dn_dtype(&b->dt, d->dtype) || d->shape.ndim + split > MF_MAX_DIMS) {
        return false;
    }
    for (i = 0; i < MF_MAX_DIMS; i++) {
        block[i] = 1;
    }
    for (i = 0; i < l->nblk; i++) {
        block[l->blk_dim[i]] *= l->blk[i];
        b->blk[i]     = l->blk[i];
        b->blk_dim[i] = l->blk_dim[i] + split;
    }
    b->nblk = l->nblk;
    b->nd   = d->shape.ndim + split;
    if (b->nd == 0) { /* a scalar */
        b->nd         = 1;
        b->dims[0]    = b->padded[0] = b->strides[0] = 1;
        return true;
    }
    for (i = 0; i < d->shape.ndim; i++) {
        b->dims[i + split]    = d->shape.dim[i];
        b->padded[i + split]  = (d->shape.dim[i] + block[i] - 1) / block[i] * block[i];
        b->strides[i + split] = l->stride[i];
    }
    if (split) {
        per          = d->shape.dim[0] / groups;
        b->dims[0]   = groups;
        b->dims[1]   = per;
        if (per == 1) { /* depthwise: the blocks of the output channel are blocks of the group */
            b->padded[0]  = b->padded[1];
            b->padded[1]  = 1;
            b->strides[0] = l->stride[0];
            b->strides[1] = l->stride[0];
            for (i = 0; i < b->nblk; i++) {
                if (b->blk_dim[i] == 1) {
                    b->blk_dim[i] = 0;
                }
            }
        } else {
            if (per % block[0] != 0) {
                return false;
            }
            b->padded[0]  = groups;
            b->padded[1]  = per;
            b->strides[0] = per / block[0] * l->stride[0];
        }
    }
    return true;
}

/* oneDNN 3 makes blocked descriptors from tags only: those that its convolutions ask for. */
static const dnnl_format_tag_t tags4[] = {
    dnnl_aBcd16b, dnnl_aBcd8b, dnnl_aBcd4b, dnnl_ABcd16b16a, dnnl_ABcd16a16b, dnnl_ABcd8b8a, dnnl_ABcd8a8b, dnnl_ABcd8b16a2b,
    dnnl_ABcd8a16b2a, dnnl_ABcd16b16a2b, dnnl_ABcd16b32a2b, dnnl_ABcd16b64a2b, dnnl_ABcd16a16b2a, dnnl_Acdb16a, dnnl_Acdb8a,
    dnnl_Abcd16a, dnnl_Abcd8a, dnnl_AcdB16b16a2b, dnnl_AcdB16b32a2b, dnnl_AcdB16b64a2b, dnnl_aBCd16c16b, dnnl_aBCd16b16c,
};
static const dnnl_format_tag_t tags5[] = {
    dnnl_Abcde16a, dnnl_Abcde8a, dnnl_aBCde16c16b, dnnl_aBCde16b16c, dnnl_aBCde8c8b, dnnl_aBCde8b8c, dnnl_aBCde8c16b2c,
    dnnl_aBCde8b16c2b, dnnl_aBdec16b, dnnl_aBdec8b, dnnl_aBCde16c16b2c,
};

static bool
same_blocked(const dn_blocked *a, const dn_blocked *b)
{
    int i;

    if (a->nd != b->nd || a->nblk != b->nblk) {
        return false;
    }
    for (i = 0; i < a->nblk; i++) {
        if (a->blk[i] != b->blk[i] || a->blk_dim[i] != b->blk_dim[i]) {
            return false;
        }
    }
    for (i = 0; i < a->nd; i++) {
        if (a->padded[i] != b->padded[i] || (a->dims[i] > 1 && a->strides[i] != b->strides[i])) {
            return false;
        }
    }
    return true;
}

bool
mf_dn_md_from(dn_md *out, const mf_tdesc *d, int groups)
{
    dn_blocked               b, got;
    const dnnl_format_tag_t *tag;
    size_t                   n, i;

    if (!blocked_of(&b, d, groups)) {
        return false;
    }
    if (b.nblk == 0) {
        return dn_md_strides(out, b.nd, b.dims, b.dt, b.strides) == dnnl_success;
    }
    if (dn_md_from_blocked(out, &b) == dnnl_success) {
        return true;
    }
    tag = b.nd == 4 ? tags4 : tags5;
    n   = b.nd == 4 ? sizeof tags4 / sizeof *tags4 : b.nd == 5 ? sizeof tags5 / sizeof *tags5 : 0;
    for (i = 0; i < n; i++) {
        if (dn_md_tag(out, b.nd, b.dims, b.dt, tag[i]) == dnnl_success && dn_md_blocked(&got, dn_arg(out)) &&
            same_blocked(&b, &got)) {
            return true;
        }
    }
    dn_md_free(out);
    return false;
}

bool
mf_dn_md_any(dn_md *out, const mf_tdesc *d, int groups)
{
    mf_tdesc   plain = *d;
    dn_blocked b;

    plain.layout = mf_layout_plain(&d->shape);
    return blocked_of(&b, &plain, groups) && dn_md_tag(out, b.nd, b.dims, b.dt, dnnl_format_tag_any) == dnnl_success;
}

bool
mf_dn_layout_from(mf_layout *out, const mf_shape *s, dn_md_arg md, int groups)
{
    dn_blocked b;
    mf_layout  l     = {0};
    int        split = groups > 1 ? 1 : 0, i, d;
    int64_t    block = 1, elems;

    if (md == NULL || !dn_md_blocked(&b, md) || b.nd != s->ndim + split || b.nblk > MF_MAX_BLOCKS) {
        return false;
    }
    for (i = 0; i < s->ndim; i++) {
        l.stride[i] = b.strides[i + split];
    }
    l.nblk = b.nblk;
    for (i = 0; i < b.nblk; i++) {
        d = (int)b.blk_dim[i] - split;
        if (split && d == -1) { /* blocked groups: only depthwise weights can be said as blocks of the output channel */
            if (b.dims[1] != 1) {
                return false;
            }
            d = 0;
        } else if (split && d == 0) {
            block *= b.blk[i];
        }
        l.blk_dim[i] = d;
        l.blk[i]     = (int)b.blk[i];
    }
    if (split) {
        if (b.dims[1] == 1) {
            if (block != 1) {
                return false;
            }
            l.stride[0] = b.strides[0];
        } else if (b.padded[1] != b.dims[1] || b.dims[1] % block != 0 || b.strides[0] != b.dims[1] / block * b.strides[1]) {
            return false;
        }
    }
    /* Trailing data (compensation) or padding beyond the blocks would not fit our storage. */
    elems = mf_layout_elems(s, &l);
    if (dnnl_memory_desc_get_size(md) != (size_t)elems * dnnl_data_type_size(b.dt)) {
        return false;
    }
    *out = l;
    return true;
}
