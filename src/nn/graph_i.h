/* nn/graph_i.h: the inside of a graph, for the files of nn itself (graph, autograd, fuse, compile). */
#ifndef MF_NN_GRAPH_I_H
#define MF_NN_GRAPH_I_H

#include "core/arena.h"
#include "nn/op.h"

typedef struct mf_value {
    mf_shape    shape;    /* nominal batch */
    mf_kind     kind;
    int32_t     node;     /* producer, -1: input or parameter */
    int32_t     out;      /* which output of it */
    mf_param   *param;    /* parameter values */
    const char *input;    /* input values: name */
    const char *name;     /* as an output; NULL if unnamed */
    int32_t     grad;     /* gradient value after backward, -1 none */
} mf_value;

struct mf_graph {
    mf_arena   arena;
    mf_params *params;
    mf_err     err;       /* the first builder's error */
    mf_value  *v;
    int32_t    n_v, cap_v;
    mf_node  **node;      /* in order of creation, which is a topological order */
    int32_t    n_node, cap_node;
    char       scope[256];
    int        depth;
    size_t     scope_len[32];
    bool       training, frozen, backward;
    uint32_t   dropouts;
};

/* Turn chains batch norm (+ add) (+ ReLU) with no other user into one bn node. Called before gradients are added, so
 * that the gradient is the fused one, and before compiling. `keep_all` (tests) leaves the graph alone. */
mf_status mf_graph_fuse_bn(mf_graph *g, mf_err *err);
/* How many nodes use each value (named values count once more); uses has n_v entries. */
void mf_graph_count_uses(const mf_graph *g, int32_t *uses);

#endif
