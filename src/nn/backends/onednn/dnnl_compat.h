/* nn/backends/onednn/dnnl_compat.h: every difference between oneDNN 2.6 and 3.x, and the turning of its status into ours.
 *
 * dn_md holds one memory descriptor: a struct in 2.x, an owned opaque pointer in 3.x. {0} is "none". */
#ifndef MF_NN_ONEDNN_COMPAT_H
#define MF_NN_ONEDNN_COMPAT_H

#include <oneapi/dnnl/dnnl.h>
#include <oneapi/dnnl/dnnl_version.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include "core/error.h"

#define DN_V3 (DNNL_VERSION_MAJOR >= 3)

const char *mf_dn_status_text(dnnl_status_t st);
/* MF_OK or our status with words: "oneDNN: WHAT: invalid arguments". */
#define DN_CHECK(call, what) mf_dn_check((call), (what), err)
mf_status mf_dn_check(dnnl_status_t st, const char *what, mf_err *err);

typedef struct dn_md {
    bool               is; /* holds a descriptor */
    dnnl_memory_desc_t d;
} dn_md;

#if DN_V3
typedef const_dnnl_memory_desc_t dn_md_arg;
#else
typedef const dnnl_memory_desc_t *dn_md_arg;
#endif

/* What calls take: NULL for {0}. */
static inline dn_md_arg
dn_arg(const dn_md *m)
{
#if DN_V3
    return m->is ? m->d : NULL;
#else
    return m->is ? &m->d : NULL;
#endif
}

static inline void
dn_md_free(dn_md *m)
{
#if DN_V3
    if (m->is) {
        dnnl_memory_desc_destroy(m->d);
    }
#endif
    m->is = false;
}

static inline dnnl_status_t
dn_md_strides(dn_md *m, int nd, const dnnl_dims_t dims, dnnl_data_type_t dt, const dnnl_dims_t strides)
{
    dnnl_status_t st;

    dn_md_free(m);
#if DN_V3
    st = dnnl_memory_desc_create_with_strides(&m->d, nd, dims, dt, strides);
#else
    st = dnnl_memory_desc_init_by_strides(&m->d, nd, dims, dt, strides);
#endif
    m->is = st == dnnl_success;
    return st;
}

static inline dnnl_status_t
dn_md_tag(dn_md *m, int nd, const dnnl_dims_t dims, dnnl_data_type_t dt, dnnl_format_tag_t tag)
{
    dnnl_status_t st;

    dn_md_free(m);
#if DN_V3
    st = dnnl_memory_desc_create_with_tag(&m->d, nd, dims, dt, tag);
#else
    st = dnnl_memory_desc_init_by_tag(&m->d, nd, dims, dt, tag);
#endif
    m->is = st == dnnl_success;
    return st;
}

static inline dnnl_status_t
dn_md_copy(dn_md *m, dn_md_arg from)
{
    dnnl_status_t st = dnnl_success;

    dn_md_free(m);
    if (from == NULL) {
        return st;
    }
#if DN_V3
    st = dnnl_memory_desc_clone(&m->d, from);
#else
    m->d = *from;
#endif
    m->is = st == dnnl_success;
    return st;
}

/* The parts of a blocked descriptor; false if it is of another kind, or carries more than plain elements. */
typedef struct dn_blocked {
    int              nd;
    dnnl_data_type_t dt;
    dnnl_dims_t      dims, padded, strides, blk, blk_dim;
    int              nblk;
} dn_blocked;

static inline bool
dn_md_blocked(dn_blocked *b, dn_md_arg m)
{
    memset(b, 0, sizeof *b);
#if DN_V3
    dnnl_format_kind_t   kind;
    dnnl_dims_t         *v;
    int32_t              n;
    int64_t              off;

    if (dnnl_memory_desc_query(m, dnnl_query_format_kind, &kind) != dnnl_success || kind != dnnl_blocked ||
        dnnl_memory_desc_query(m, dnnl_query_ndims_s32, &n) != dnnl_success) {
        return false;
    }
    b->nd = n;
    if (dnnl_memory_desc_query(m, dnnl_query_data_type, &b->dt) != dnnl_success ||
        dnnl_memory_desc_query(m, dnnl_query_submemory_offset_s64, &off) != dnnl_success || off != 0) {
        return false;
    }
    if (dnnl_memory_desc_query(m, dnnl_query_dims, &v) != dnnl_success) {
        return false;
    }
    memcpy(b->dims, *v, sizeof b->dims);
    if (dnnl_memory_desc_query(m, dnnl_query_padded_dims, &v) != dnnl_success) {
        return false;
    }
    memcpy(b->padded, *v, sizeof b->padded);
    if (dnnl_memory_desc_query(m, dnnl_query_strides, &v) != dnnl_success) {
        return false;
    }
    memcpy(b->strides, *v, sizeof b->strides);
    if (dnnl_memory_desc_query(m, dnnl_query_inner_nblks_s32, &n) != dnnl_success) {
        return false;
    }
    b->nblk = n;
    if (n > 0) {
        if (dnnl_memory_desc_query(m, dnnl_query_inner_blks, &v) != dnnl_success) {
            return false;
        }
        memcpy(b->blk, *v, sizeof(int64_t) * (size_t)n);
        if (dnnl_memory_desc_query(m, dnnl_query_inner_idxs, &v) != dnnl_success) {
            return false;
        }
        memcpy(b->blk_dim, *v, sizeof(int64_t) * (size_t)n);
    }
#else
    if (m->format_kind != dnnl_blocked || m->offset0 != 0 || m->extra.flags != 0) {
        return false;
    }
    b->nd = m->ndims;
    b->dt = m->data_type;
    memcpy(b->dims, m->dims, sizeof b->dims);
    memcpy(b->padded, m->padded_dims, sizeof b->padded);
    memcpy(b->strides, m->format_desc.blocking.strides, sizeof b->strides);
    b->nblk = m->format_desc.blocking.inner_nblks;
    memcpy(b->blk, m->format_desc.blocking.inner_blks, sizeof b->blk);
    memcpy(b->blk_dim, m->format_desc.blocking.inner_idxs, sizeof b->blk_dim);
#endif
    return true;
}

/* A descriptor with any blocking. Only 2.x can; 3.x answers dnnl_unimplemented (the caller then looks for a tag). */
static inline dnnl_status_t
dn_md_from_blocked(dn_md *m, const dn_blocked *b)
{
#if DN_V3
    (void)m;
    (void)b;
    return dnnl_unimplemented;
#else
    dnnl_status_t st = dn_md_strides(m, b->nd, b->dims, b->dt, b->strides);

    if (st == dnnl_success) {
        memcpy(m->d.padded_dims, b->padded, sizeof b->padded);
        m->d.format_desc.blocking.inner_nblks = b->nblk;
        memcpy(m->d.format_desc.blocking.inner_blks, b->blk, sizeof b->blk);
        memcpy(m->d.format_desc.blocking.inner_idxs, b->blk_dim, sizeof b->blk_dim);
    }
    return st;
#endif
}

static inline dnnl_status_t
dn_post_sum(dnnl_post_ops_t po)
{
#if DN_V3
    return dnnl_post_ops_append_sum(po, 1.0f, 0, dnnl_data_type_undef);
#else
    return dnnl_post_ops_append_sum(po, 1.0f);
#endif
}

static inline dnnl_status_t
dn_post_relu(dnnl_post_ops_t po)
{
#if DN_V3
    return dnnl_post_ops_append_eltwise(po, dnnl_eltwise_relu, 0.0f, 0.0f);
#else
    return dnnl_post_ops_append_eltwise(po, 1.0f, dnnl_eltwise_relu, 0.0f, 0.0f);
#endif
}

typedef struct dn_conv {
    dnnl_dims_t stride, dilate, pad_l, pad_r;
} dn_conv;

static inline dnnl_status_t
dn_conv_fwd(dnnl_primitive_desc_t *pd, dnnl_engine_t eng, bool training, dn_md_arg src, dn_md_arg w, dn_md_arg bias,
            dn_md_arg dst, const dn_conv *c, const_dnnl_primitive_attr_t attr)
{
    dnnl_prop_kind_t prop = training ? dnnl_forward_training : dnnl_forward_inference;
#if DN_V3
    return dnnl_convolution_forward_primitive_desc_create(pd, eng, prop, dnnl_convolution_direct, src, w, bias, dst, c->stride,
                                                          c->dilate, c->pad_l, c->pad_r, attr);
#else
    dnnl_convolution_desc_t d;
    dnnl_status_t st = dnnl_dilated_convolution_forward_desc_init(&d, prop, dnnl_convolution_direct, src, w, bias, dst, c->stride,
                                                                  c->dilate, c->pad_l, c->pad_r);
    return st != dnnl_success ? st : dnnl_primitive_desc_create(pd, &d, attr, eng, NULL);
#endif
}

static inline dnnl_status_t
dn_conv_bwd_data(dnnl_primitive_desc_t *pd, dnnl_engine_t eng, dn_md_arg dsrc, dn_md_arg w, dn_md_arg ddst, const dn_conv *c,
                 const_dnnl_primitive_desc_t hint, const_dnnl_primitive_attr_t attr)
{
#if DN_V3
    return dnnl_convolution_backward_data_primitive_desc_create(pd, eng, dnnl_convolution_direct, dsrc, w, ddst, c->stride,
                                                                c->dilate, c->pad_l, c->pad_r, hint, attr);
#else
    dnnl_convolution_desc_t d;
    dnnl_status_t st = dnnl_dilated_convolution_backward_data_desc_init(&d, dnnl_convolution_direct, dsrc, w, ddst, c->stride,
                                                                        c->dilate, c->pad_l, c->pad_r);
    return st != dnnl_success ? st : dnnl_primitive_desc_create(pd, &d, attr, eng, hint);
#endif
}

static inline dnnl_status_t
dn_conv_bwd_weights(dnnl_primitive_desc_t *pd, dnnl_engine_t eng, dn_md_arg src, dn_md_arg dw, dn_md_arg ddst, const dn_conv *c,
                    const_dnnl_primitive_desc_t hint, const_dnnl_primitive_attr_t attr)
{
#if DN_V3
    return dnnl_convolution_backward_weights_primitive_desc_create(pd, eng, dnnl_convolution_direct, src, dw, NULL, ddst,
                                                                   c->stride, c->dilate, c->pad_l, c->pad_r, hint, attr);
#else
    dnnl_convolution_desc_t d;
    dnnl_status_t st = dnnl_dilated_convolution_backward_weights_desc_init(&d, dnnl_convolution_direct, src, dw, NULL, ddst,
                                                                           c->stride, c->dilate, c->pad_l, c->pad_r);
    return st != dnnl_success ? st : dnnl_primitive_desc_create(pd, &d, attr, eng, hint);
#endif
}

static inline dnnl_status_t
dn_matmul(dnnl_primitive_desc_t *pd, dnnl_engine_t eng, dn_md_arg a, dn_md_arg b, dn_md_arg bias, dn_md_arg c,
          const_dnnl_primitive_attr_t attr)
{
#if DN_V3
    return dnnl_matmul_primitive_desc_create(pd, eng, a, b, bias, c, attr);
#else
    dnnl_matmul_desc_t d;
    dnnl_status_t      st = dnnl_matmul_desc_init(&d, a, b, bias, c);

    return st != dnnl_success ? st : dnnl_primitive_desc_create(pd, &d, attr, eng, NULL);
#endif
}

/* The descriptor that a primitive chose, lent until pd is destroyed; NULL if it has none. */
static inline dn_md_arg
dn_pd_md(const_dnnl_primitive_desc_t pd, dnnl_query_t what, int index)
{
    return dnnl_primitive_desc_query_md(pd, what, index);
}

#endif
