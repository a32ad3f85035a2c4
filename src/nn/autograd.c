/* nn/graph.h, mf_graph_backward: gradients are nodes added by each op's own rule, last node first. */
#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "nn/graph_i.h"
#include "nn/ops.h"

/* Which values need a gradient: trained parameters, `wrt`, and all that depends on them. */
static void
mark_needs(const mf_graph *g, const mf_ref *wrt, size_t n_wrt, bool *need)
{
    for (int32_t i = 0; i < g->n_v; i++) need[i] = g->v[i].param && !g->v[i].param->frozen && g->v[i].param->kind < MF_PARAM_BUFFER;
    for (size_t i = 0; i < n_wrt; i++)
        if (wrt[i].id >= 0) need[wrt[i].id] = true;
    for (int32_t k = 0; k < g->n_node; k++) {
        const mf_node *n   = g->node[k];
        bool           any = false;

        if (n->dead || !n->op->grad) continue;
        for (int i = 0; i < n->nin; i++)
            if (n->in[i] >= 0 && !(n->op->shape_only >> i & 1u) && need[n->in[i]]) any = true;
        for (int o = 0; any && o < n->nout; o++) need[n->out[o]] = true;
    }
}

static mf_status
backward(mf_graph *g, mf_ref loss, const bool *need, int32_t *grad, int32_t n_node, int32_t n_v, mf_err *err)
{
    mf_shape  one = mf_graph_shape(g, loss);
    mf_status st;

    if (mf_shape_elems(&one) != 1) return mf_fail(err, MF_E_ARG, "a loss has one element");
    /* d loss / d loss = 1, as an operation so that nothing outside the graph has to feed it. */
    grad[loss.id] = mf_scale(g, mf_detach(g, loss), 0.0, 1.0).id;
    for (int32_t k = n_node - 1; k >= 0; k--) {
        mf_node *n = g->node[k];
        mf_ref   dout[MF_OP_MAX_OUT], din[MF_OP_MAX_IN];
        bool     want[MF_OP_MAX_IN] = {false}, any_out = false, any_in = false;

        if (n->dead || !n->op->grad) continue;
        for (int o = 0; o < n->nout; o++) {
            dout[o] = (mf_ref){grad[n->out[o]]};
            any_out = any_out || dout[o].id >= 0;
        }
        for (int i = 0; i < MF_OP_MAX_IN; i++) {
            din[i]  = MF_NONE;
            want[i] = i < n->nin && n->in[i] >= 0 && need[n->in[i]] && !(n->op->shape_only >> i & 1u);
            any_in  = any_in || want[i];
        }
        if (!any_out || !any_in) continue;
        snprintf(g->scope, sizeof g->scope, "%s", n->scope);
        if ((st = n->op->grad(g, n, dout, want, din, err)) < 0) return st;
        if (g->err.code != MF_OK) return mf_graph_check(g, err);
        for (int i = 0; i < n->nin; i++) {
            int32_t v = n->in[i];

            if (!want[i] || din[i].id < 0) continue;
            MF_ASSERT(v < n_v);
            grad[v] = grad[v] < 0 ? din[i].id : mf_add(g, (mf_ref){grad[v]}, din[i]).id;
        }
    }
    return mf_graph_check(g, err);
}

mf_status
mf_graph_backward(mf_graph *g, mf_ref loss, const mf_ref *wrt, size_t n_wrt, mf_err *err)
{
    mf_status st;
    bool     *need = NULL;
    int32_t  *grad = NULL, n_node, n_v;
    char      scope[sizeof g->scope];

    if ((st = mf_graph_check(g, err)) < 0) return st;
    if (g->backward) return mf_fail(err, MF_E_STATE, "the graph has gradients already");
    if (loss.id < 0) return mf_fail(err, MF_E_ARG, "no loss to take the gradient of");
    if ((st = mf_graph_fuse_bn(g, err)) < 0) return st;
    n_node = g->n_node;
    n_v    = g->n_v;
    need   = mf_calloc((size_t)n_v, sizeof *need);
    grad   = mf_calloc((size_t)n_v, sizeof *grad);
    if (!need || !grad) {
        st = mf_oom(err, (size_t)n_v * sizeof *grad, "gradients");
        goto done;
    }
    memset(grad, 0xff, (size_t)n_v * sizeof *grad);
    memcpy(scope, g->scope, sizeof scope);
    mark_needs(g, wrt, n_wrt, need);
    st = backward(g, loss, need, grad, n_node, n_v, err);
    memcpy(g->scope, scope, sizeof scope);
    if (st < 0) goto done;
    for (int32_t k = n_node; k < g->n_node; k++) g->node[k]->backward = true;
    for (int32_t i = 0; i < n_v; i++) {
        g->v[i].grad = grad[i];
        if (g->v[i].param && need[i]) g->v[i].param->unreached = grad[i] < 0;
    }
    g->backward = true;
done:
    mf_free(need);
    mf_free(grad);
    return st;
}
