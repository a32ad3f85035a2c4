/* nn/ops/support.h: what the files of nn/ops share: the registered definitions and a few shape checks. */
#ifndef MF_NN_OPS_SUPPORT_H
#define MF_NN_OPS_SUPPORT_H

#include "nn/ops.h"

#define MF_OP(NAME) extern const mf_op_def mf_op_##NAME;
#include "nn/op_list.h"
#undef MF_OP

/* Input or output i of a node as a handle. Read these before adding nodes: adding may move the node. */
static inline mf_ref mf_node_in(const mf_node *n, int i) { return i < n->nin ? (mf_ref){n->in[i]} : MF_NONE; }
static inline mf_ref mf_node_out(const mf_node *n, int i) { return (mf_ref){n->out[i]}; }

/* MF_E_ARG "WHAT has shape [..], expected [..]" unless equal. */
mf_status mf_shape_want(const char *what, const mf_shape *s, const mf_shape *want, mf_err *err);
/* MF_E_ARG unless s has `ndim` dimensions, all of them at least 1. */
mf_status mf_shape_want_rank(const char *what, const mf_shape *s, int ndim, mf_err *err);
/* MF_E_ARG unless s is [n]. */
mf_status mf_shape_want_vec(const char *what, const mf_shape *s, int64_t n, mf_err *err);
/* MF_E_ARG unless axis lies inside the rank of s. */
mf_status mf_shape_want_axis(const mf_shape *s, int axis, mf_err *err);
/* The numpy broadcast of a and b. MF_E_ARG: they do not fit. */
mf_status mf_shape_broadcast(mf_shape *out, const mf_shape *a, const mf_shape *b, mf_err *err);
/* Shape rule of ops whose outputs all look like input 0, and of gradient ops that look like their dy. */
mf_status mf_infer_same0(const void *attrs, int nin, const mf_shape *const *in, mf_shape *out, mf_err *err);
/* MF_E_UNSUPPORTED "OP has no gradient ...", for rules asked for what they cannot give. */
mf_status mf_grad_refuse(const char *op, const char *why, mf_err *err);

#endif
