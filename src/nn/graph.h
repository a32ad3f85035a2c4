/* nn/graph.h: a network as a list of operations, built once.
 *
 * Values are handles. Shapes are inferred as nodes are added, with a nominal batch size; programs infer them anew with
 * the real one, so no attribute may hold the batch size. Builders never fail one by one: the first error stays in the
 * graph, later builders return "no value", and mf_graph_check (or backward, or compile) reports it. */
#ifndef MF_NN_GRAPH_H
#define MF_NN_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/error.h"
#include "nn/params.h"
#include "nn/tensor.h"

enum { MF_OP_MAX_IN = 16, MF_OP_MAX_OUT = 4, MF_NOMINAL_BATCH = 2 };

typedef struct mf_graph mf_graph;
typedef struct mf_ref { int32_t id; } mf_ref; /* id < 0: no value */
#define MF_NONE ((mf_ref){-1})

mf_status mf_graph_new(mf_graph **out, mf_params *params, mf_err *err); /* params is lent and outlives the graph */
void      mf_graph_free(mf_graph *g);
mf_status mf_graph_check(const mf_graph *g, mf_err *err);
mf_params *mf_graph_params(const mf_graph *g);

/* kind of an input's or output's elements: ACT is bf16 or f32 by the program's precision (f64 in gradient checks). */
typedef enum mf_kind { MF_KIND_ACT, MF_KIND_F32, MF_KIND_I32, MF_KIND_U8, MF_KIND_SAME0 } mf_kind;
/* An input. shape.dim[0] is taken as the batch and replaced by each program's. */
mf_ref mf_graph_input(mf_graph *g, const char *name, mf_kind kind, mf_shape shape);
/* The parameter "scope.name": created in the params or shared with those there. */
mf_ref mf_graph_param(mf_graph *g, const char *name, mf_shape shape, mf_init init, mf_param_kind kind);
/* Name a value so that programs can give it out; a named value is never fused away. */
void   mf_graph_output(mf_graph *g, const char *name, mf_ref v);
mf_ref mf_graph_find(const mf_graph *g, const char *name); /* output or input by name */

/* A layer by the name its parameters have: what reads "NAME.weight" ("layer1.0.conv1"), else the last value made in the
 * scope NAME or one below it ("layer4" ends with "layer4.1"). Ask before mf_graph_backward, which fuses. MF_NONE: there is
 * no such layer. */
mf_ref mf_graph_layer(const mf_graph *g, const char *name);

void mf_graph_push(mf_graph *g, const char *scope); /* "layer1.0": joined with '.' */
void mf_graph_pop(mf_graph *g);
/* Training: batch norm takes batch statistics and updates the running ones, dropout drops. Default false. */
void mf_graph_training(mf_graph *g, bool on);
bool mf_graph_is_training(const mf_graph *g);
/* While on, parameters get no gradient (a teacher). Default off. */
void mf_graph_frozen(mf_graph *g, bool on);

mf_shape mf_graph_shape(const mf_graph *g, mf_ref v); /* nominal batch */

/* Add the gradient of scalar `loss` for every trained parameter below it, and for `wrt` values (n may be 0).
 * mf_graph_grad then gives the gradient of a value or MF_NONE. Gradients of parameters become outputs "grad:<name>". */
mf_status mf_graph_backward(mf_graph *g, mf_ref loss, const mf_ref *wrt, size_t n, mf_err *err);
mf_ref    mf_graph_grad(const mf_graph *g, mf_ref v);

/* Multiply-accumulates of convolutions and linear layers and bytes of activations of one sample at nominal shapes. */
typedef void mf_graph_visit_fn(void *arg, const char *op, const char *scope, const mf_shape *out, int64_t macs, int64_t params);
void mf_graph_visit(const mf_graph *g, mf_graph_visit_fn *fn, void *arg);

#endif
