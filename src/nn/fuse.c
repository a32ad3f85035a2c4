/* nn/graph_i.h, mf_graph_fuse_bn: batch norm, residual add and ReLU become one node.
 *
 * The last node of the chain is rewritten in place, so its value keeps its handle; the nodes before it lose their only
 * user and are dropped as dead code. A value that is named as an output has another user and is never swallowed. */
#include <string.h>

#include "core/mem.h"
#include "nn/graph_i.h"
#include "nn/ops.h"

enum { BN_RES = 6 }; /* bn's inputs: x, gamma, beta, rmean, rvar, counter, res */

/* The node that makes value v if it is op `name` and v has this one user; NULL otherwise. */
static mf_node *
sole(const mf_graph *g, const int32_t *uses, int32_t v, const char *name)
{
    mf_node *n;

    if (v < 0 || g->v[v].node < 0 || uses[v] != 1) return NULL;
    n = g->node[g->v[v].node];
    return strcmp(n->op->name, name) == 0 && n->out[0] == v ? n : NULL;
}

static bool
is_relu(const mf_node *n)
{
    return strcmp(n->op->name, "unary") == 0 && ((const mf_unary_attrs *)n->attrs)->kind == MF_U_RELU;
}

static bool
is_add(const mf_node *n)
{
    return strcmp(n->op->name, "binary") == 0 && ((const mf_binary_attrs *)n->attrs)->kind == MF_B_ADD;
}

/* Make `last` (whose output 0 is kept) the bn node `bn` with a residual and an activation. */
static mf_status
rewrite(mf_graph *g, mf_node *last, mf_node *bn, int32_t res, mf_act act, mf_err *err)
{
    mf_bn_attrs *a  = mf_arena_alloc(&g->arena, sizeof *a);
    int32_t      id = (int32_t)g->v[last->out[0]].node;

    if (!a) return mf_oom(err, sizeof *a, "a graph");
    *a     = *(const mf_bn_attrs *)bn->attrs;
    a->act = (int32_t)act;
    for (int i = 0; i < MF_OP_MAX_IN; i++) last->in[i] = bn->in[i];
    last->in[BN_RES] = res;
    last->nin        = BN_RES + 1;
    last->attrs      = a;
    last->op         = bn->op;
    last->nout       = bn->nout;
    for (int o = 1; o < bn->nout; o++) { /* mean and invstd move over: the old node is dead */
        last->out[o]              = bn->out[o];
        g->v[last->out[o]].node = id;
    }
    last->scope = bn->scope;
    bn->dead    = true;
    return MF_OK;
}

mf_status
mf_graph_fuse_bn(mf_graph *g, mf_err *err)
{
    mf_status st   = MF_OK;
    int32_t  *uses = mf_calloc((size_t)g->n_v + 1, sizeof *uses);

    if (!uses) return mf_oom(err, (size_t)g->n_v * sizeof *uses, "fusion");
    mf_graph_count_uses(g, uses);
    for (int32_t i = 0; i < g->n_node && st == MF_OK; i++) {
        mf_node *n = g->node[i], *add, *bn;

        if (n->dead || !is_relu(n)) continue;
        if ((bn = sole(g, uses, n->in[0], "bn")) && bn->in[BN_RES] < 0 && ((const mf_bn_attrs *)bn->attrs)->act == MF_ACT_NONE) {
            st = rewrite(g, n, bn, -1, MF_ACT_RELU, err);
        } else if ((add = sole(g, uses, n->in[0], "binary")) && is_add(add)) {
            for (int side = 0; side < 2; side++) {
                int32_t res = add->in[1 - side];

                bn = sole(g, uses, add->in[side], "bn");
                if (!bn || bn->in[BN_RES] >= 0 || ((const mf_bn_attrs *)bn->attrs)->act != MF_ACT_NONE) continue;
                if (!mf_shape_eq(&g->v[res].shape, &g->v[bn->out[0]].shape)) continue;
                /* The residual must exist before the batch norm's node in any case: nodes are in topological order and the
                 * chain ends at n, which comes after both. */
                st        = rewrite(g, n, bn, res, MF_ACT_RELU, err);
                add->dead = true;
                break;
            }
        }
        if (st == MF_OK && strcmp(n->op->name, "bn") == 0) mf_graph_count_uses(g, uses);
    }
    mf_free(uses);
    return st;
}
