/* nn/op.h: what an operation is: shapes, gradient, attributes. One op a file in nn/ops, one line in nn/op_list.h. */
#ifndef MF_NN_OP_H
#define MF_NN_OP_H

#include "nn/graph.h"

typedef struct mf_op_def mf_op_def;

typedef struct mf_node {
    const mf_op_def *op;
    const void      *attrs;
    const char      *scope;
    int32_t          in[MF_OP_MAX_IN];   /* value ids, -1 = absent optional input */
    int32_t          out[MF_OP_MAX_OUT];
    int              nin, nout;
    bool             dead;               /* swallowed by a fusion */
    bool             backward;           /* added by mf_graph_backward */
} mf_node;

/* Shape rule. in[i] is NULL for an absent input. Sets out[0..nout-1]. */
typedef mf_status mf_infer_fn(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err);
/* Gradient rule: dout[o] may be MF_NONE (no gradient arrives); set din[i] for inputs with need[i]. Adds nodes to g;
 * builders' errors are sticky, so most rules just return MF_OK. */
typedef mf_status mf_grad_fn(mf_graph *g, const mf_node *n, const mf_ref *dout, const bool *need, mf_ref *din, mf_err *err);
/* Multiply-accumulates for inspection; NULL = 0. */
typedef int64_t mf_macs_fn(const void *attrs, int nin, const mf_shape *const *in, const mf_shape *out);

enum {
    MF_OP_VIEW       = 1 << 0, /* out[0] is in[0]'s memory seen with another shape; needs a plain layout; no kernel */
    MF_OP_NO_GRAD    = 1 << 1, /* grad == NULL on purpose: gradient ops, integer ops, detach */
    MF_OP_ANY_LAYOUT = 1 << 2, /* element-wise: kernels run on storage if all layouts are equal */
    MF_OP_INFERENCE  = 1 << 3, /* made by compile passes only */
    MF_OP_DRAWS      = 1 << 4  /* the output depends on the run's seed and step: never computed once for all runs */
};

struct mf_op_def {
    const char   *name;
    const char   *summary;
    size_t        attr_size;      /* attributes are a POD struct, compared and copied bytewise (zero the padding) */
    int           min_in, max_in; /* inputs past min_in may be absent */
    int           nout;
    unsigned      flags;
    uint32_t      shape_only;     /* bit i: input i lends its shape alone; its memory is not kept alive */
    uint32_t      mutates;        /* bit i: the kernel writes input i (a buffer parameter) in place */
    mf_kind       out_kind[MF_OP_MAX_OUT]; /* ACT: activation type if rank 4, else f32; SAME0: type of input 0 */
    mf_infer_fn  *infer;
    mf_grad_fn   *grad;
    mf_macs_fn   *macs;
};

/* Add a node; returns its first output (the others by mf_node_out). Used by the constructors in nn/ops.h. */
mf_ref mf_graph_add(mf_graph *g, const mf_op_def *op, const void *attrs, int nin, const mf_ref *in);
/* Output o of the node that made v's sibling: v must be the first output. */
mf_ref mf_graph_out(const mf_graph *g, mf_ref first, int o);
/* Sets the sticky error (first one wins) and returns MF_NONE. */
mf_ref mf_graph_error(mf_graph *g, mf_status st, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static inline bool mf_ref_ok(mf_ref r) { return r.id >= 0; }

const mf_op_def *mf_op_find(const char *name);
size_t           mf_op_count(void);
const mf_op_def *mf_op_at(size_t i);

#endif
