/* nn/backends/onednn/onednn.h: what the kernels of this backend share: its context, layouts, and ready primitives. */
#ifndef MF_NN_ONEDNN_H
#define MF_NN_ONEDNN_H

#include "nn/backends/onednn/dnnl_compat.h"
#include "nn/backends/onednn/simd.h"
#include "nn/kernel.h"

/* Where activations of rank 4 live. */
typedef enum dn_home { DN_HOME_NCHW16C, DN_HOME_NCHW8C, DN_HOME_NHWC, DN_HOME_NCHW } dn_home;

struct mf_backend_ctx {
    dnnl_engine_t      engine;
    dnnl_stream_t      stream;
    const mf_dn_simd  *simd;
    bool               has_bf16;           /* the vendor's kernels take bf16 here, emulated or not */
    const struct mf_dn_amx_loops *amx;     /* NULL without the tile unit */
    const struct mf_dn_dot_loops *dot;     /* NULL where bf16 dot products do not pay */
    dn_home            home_f32, home_bf16;
};

/* Layouts and descriptors. A [Co, Ci/g, kh, kw] weight of g > 1 groups is [g, Co/g, Ci/g, kh, kw] to oneDNN. */
bool             mf_dn_dtype(dnnl_data_type_t *out, mf_dtype t);
mf_layout        mf_dn_home_layout(const mf_backend_ctx *ctx, const mf_tdesc *d); /* of a rank-4 activation; plain otherwise */
/* From ours: false if the layout has no oneDNN words. groups = 0: not a weight. */
bool             mf_dn_md_from(dn_md *out, const mf_tdesc *d, int groups);
bool             mf_dn_md_any(dn_md *out, const mf_tdesc *d, int groups);
/* To ours: false for packed and compensated kinds and for blocks that cannot be said in our words. */
bool             mf_dn_layout_from(mf_layout *out, const mf_shape *s, dn_md_arg md, int groups);

/* A primitive with its memory objects, made once; running it only swaps pointers. */
enum { DN_MAX_ARGS = 6 };
typedef struct dn_prim {
    mf_backend_ctx  *ctx;
    dnnl_primitive_t prim;
    dnnl_exec_arg_t  args[DN_MAX_ARGS];
    void            *last[DN_MAX_ARGS];
    int              n;
    size_t           scratch; /* bytes; the last argument if not 0 */
} dn_prim;
/* arg_ids[i] is DNNL_ARG_..., whats[i] the query of its descriptor. Takes no ownership of pd. */
mf_status mf_dn_prim_new(dn_prim *p, mf_backend_ctx *ctx, const_dnnl_primitive_desc_t pd, int n, const int *arg_ids,
                         const dnnl_query_t *whats, mf_err *err);
/* ptrs[i] as in arg_ids. */
mf_status mf_dn_prim_run(dn_prim *p, void *const *ptrs, void *scratch, mf_err *err);
void      mf_dn_prim_free(dn_prim *p);
/* An attribute with the scratchpad given by the caller. */
mf_status mf_dn_attr_new(dnnl_primitive_attr_t *out, mf_err *err);
/* False for the slow plain loops that oneDNN falls back to. */
bool      mf_dn_pd_fast(const_dnnl_primitive_desc_t pd);

/* Give OpenMP of this thread our thread count. */
void      mf_dn_threads(void);

static inline size_t
mf_dn_align(size_t n)
{
    return (n + 63) & ~(size_t)63;
}

#endif
