/* nn/program.h: from graph to live nodes with real shapes: names wanted, batch size, folding, dead code.
 *
 * Folding (inference, and frozen networks inside a training program): conv + batch norm in eval form + add + ReLU become
 * one convolution with folded weights; the folded weights are computed by a node whose inputs are constant. */
#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "nn/ops.h"
#include "nn/program_i.h"

enum { CONV_B = 2, CONV_RES = 3 };

static mf_pval *
add_value(mf_program *p, int32_t *id, mf_err *err)
{
    if (p->n_val == p->cap_val) {
        int32_t  cap = p->cap_val ? p->cap_val * 2 : 512;
        mf_pval *v   = mf_realloc(p->val, (size_t)cap, sizeof *v);

        if (!v) {
            mf_oom(err, (size_t)cap * sizeof *v, "a program");
            return NULL;
        }
        p->val     = v;
        p->cap_val = cap;
    }
    *id           = p->n_val++;
    p->val[*id]   = (mf_pval){.node = -1, .slot = -1};
    return &p->val[*id];
}

static mf_status
infer(mf_program *p, const mf_node *n, mf_err *err)
{
    const mf_shape *in[MF_OP_MAX_IN] = {0};
    mf_shape        local[MF_OP_MAX_IN], out[MF_OP_MAX_OUT] = {{0, {0}}};
    mf_status       st;

    for (int i = 0; i < n->nin; i++)
        if (n->in[i] >= 0) {
            local[i] = p->val[n->in[i]].shape;
            in[i]    = &local[i];
        }
    if ((st = n->op->infer(n->attrs, n->nin, in, out, err)) < 0) return mf_fail_in(err, st, "%s: %s with batch %lld", n->scope, n->op->name, (long long)p->batch);
    for (int o = 0; o < n->nout; o++) p->val[n->out[o]].shape = out[o];
    return MF_OK;
}

static mf_status
copy_graph(mf_program *p, const mf_graph *g, mf_err *err)
{
    mf_status st;

    for (int32_t i = 0; i < g->n_v; i++) {
        int32_t  id;
        mf_pval *v = add_value(p, &id, err);

        if (!v) return MF_E_NOMEM;
        v->shape = g->v[i].shape;
        v->kind  = g->v[i].kind;
        v->param = g->v[i].param;
        v->input = g->v[i].input ? mf_arena_strdup(&p->arena, g->v[i].input) : NULL;
        v->name  = g->v[i].name ? mf_arena_strdup(&p->arena, g->v[i].name) : NULL;
        if ((g->v[i].input && !v->input) || (g->v[i].name && !v->name)) return mf_oom(err, 64, "a program");
        v->node  = g->v[i].node;
        if (v->input) v->shape.dim[0] = p->batch;
    }
    p->node = mf_calloc((size_t)g->n_node + 1, sizeof *p->node);
    if (!p->node) return mf_oom(err, (size_t)g->n_node * sizeof *p->node, "a program");
    p->cap_node = g->n_node + 1;
    for (int32_t i = 0; i < g->n_node; i++) {
        mf_node *n = mf_arena_alloc(&p->arena, sizeof *n);

        if (!n) return mf_oom(err, sizeof *n, "a program");
        *n = *g->node[i];
        if (n->op->attr_size) {
            void *a = mf_arena_alloc(&p->arena, n->op->attr_size);

            if (!a) return mf_oom(err, n->op->attr_size, "a program");
            memcpy(a, n->attrs, n->op->attr_size);
            n->attrs = a;
        }
        n->scope  = mf_arena_strdup(&p->arena, n->scope);
        if (!n->scope) return mf_oom(err, 64, "a program");
        p->node[i] = n;
        p->n_node  = i + 1;
        if (!n->dead && (st = infer(p, n, err)) < 0) return st;
    }
    return MF_OK;
}

/* Mark what the wanted values need, last node first; the rest is dead. Counts uses of the living. */
static mf_status
drop_dead(mf_program *p, mf_err *err)
{
    bool *want = mf_calloc((size_t)p->n_val + 1, sizeof *want);

    if (!want) return mf_oom(err, (size_t)p->n_val, "a program");
    for (int32_t i = 0; i < p->n_val; i++) {
        p->val[i].uses = (p->val[i].name ? 1 : 0) + (p->val[i].grad_of ? 1 : 0);
        want[i]        = p->val[i].uses > 0;
    }
    for (int32_t k = p->n_node - 1; k >= 0; k--) {
        mf_node *n    = p->node[k];
        bool     live = false;

        for (int o = 0; o < n->nout && !n->dead; o++) live = live || (want[n->out[o]] && p->val[n->out[o]].node == k);
        n->dead = !live;
        if (!live) continue;
        for (int i = 0; i < n->nin; i++) {
            if (n->in[i] < 0) continue;
            p->val[n->in[i]].uses++;
            /* A shape-only input needs no memory; its shape is known already. */
            if (!(n->op->shape_only >> i & 1u)) want[n->in[i]] = true;
        }
    }
    mf_free(want);
    return MF_OK;
}

static void
mark_constant(mf_program *p)
{
    for (int32_t i = 0; i < p->n_val; i++) p->val[i].constant = p->val[i].param && (!p->grads || p->val[i].param->frozen);
    for (int32_t k = 0; k < p->n_node; k++) {
        mf_node *n   = p->node[k];
        bool     all = n->nin > 0 && !n->op->mutates && !(n->op->flags & MF_OP_DRAWS);

        for (int i = 0; i < n->nin; i++)
            if (n->in[i] >= 0 && !(n->op->shape_only >> i & 1u)) all = all && p->val[n->in[i]].constant;
        for (int o = 0; o < n->nout; o++) p->val[n->out[o]].constant = all;
    }
}

static mf_node *
sole(const mf_program *p, int32_t v, const char *op)
{
    mf_node *n;

    if (v < 0 || p->val[v].node < 0 || p->val[v].uses != 1) return NULL;
    n = p->node[p->val[v].node];
    return !n->dead && strcmp(n->op->name, op) == 0 && n->out[0] == v ? n : NULL;
}

/* The single live user of value v, if it is op `name` and comes after node k. */
static mf_node *
user(const mf_program *p, int32_t v, int32_t k, const char *name)
{
    if (p->val[v].uses != 1 || p->val[v].name) return NULL;
    for (int32_t j = k + 1; j < p->n_node; j++) {
        mf_node *n = p->node[j];

        if (n->dead) continue;
        for (int i = 0; i < n->nin; i++)
            if (n->in[i] == v) return strcmp(n->op->name, name) == 0 ? n : NULL;
    }
    return NULL;
}

static bool
is_relu(const mf_node *n)
{
    return strcmp(n->op->name, "unary") == 0 && ((const mf_unary_attrs *)n->attrs)->kind == MF_U_RELU;
}

/* Insert node n before index k. */
static mf_status
insert_node(mf_program *p, int32_t k, mf_node *n, mf_err *err)
{
    if (p->n_node == p->cap_node) {
        int32_t   cap  = p->cap_node * 2;
        mf_node **grow = mf_realloc(p->node, (size_t)cap, sizeof *grow);

        if (!grow) return mf_oom(err, (size_t)cap * sizeof *grow, "a program");
        p->node     = grow;
        p->cap_node = cap;
    }
    memmove(p->node + k + 1, p->node + k, (size_t)(p->n_node - k) * sizeof *p->node);
    p->node[k] = n;
    p->n_node++;
    for (int32_t i = 0; i < p->n_val; i++)
        if (p->val[i].node >= k) p->val[i].node++;
    for (int o = 0; o < n->nout; o++) p->val[n->out[o]].node = k;
    return MF_OK;
}

/* The convolution `conv` (node index kc) takes over node `last`: its output, and whatever was given. */
static mf_status
take_over(mf_program *p, int32_t kc, mf_node *last, int32_t res, mf_act act, mf_err *err)
{
    mf_node         *conv = p->node[kc], *moved = mf_arena_alloc(&p->arena, sizeof *moved);
    mf_conv2d_attrs *a = mf_arena_alloc(&p->arena, sizeof *a);
    int32_t          k = p->val[last->out[0]].node;

    if (!moved || !a) return mf_oom(err, sizeof *moved, "a program");
    /* The fused node stands where the last one stood: the residual may have been made after the convolution. */
    *moved = *conv;
    *a     = *(const mf_conv2d_attrs *)conv->attrs;
    if (act != MF_ACT_NONE) a->act = (int32_t)act;
    moved->attrs  = a;
    moved->out[0] = last->out[0];
    if (res >= 0) moved->in[CONV_RES] = res;
    moved->nin  = CONV_RES + 1;
    conv->dead  = true;
    last->dead  = true;
    p->node[k]  = moved;
    p->stats.fused++;
    return MF_OK;
}

/* conv -> bn_eval: folded weights w', b' in front, and the convolution takes over the batch norm. */
static mf_status
fold_bn(mf_program *p, int32_t kb, bool *did, mf_err *err)
{
    mf_node  *bn = p->node[kb], *conv = sole(p, bn->in[0], "conv2d"), *fold;
    mf_pval  *v;
    int32_t   kc, w, b;
    mf_status st;

    *did = false;
    if (!conv || conv->in[CONV_RES] >= 0 || ((const mf_conv2d_attrs *)conv->attrs)->act != MF_ACT_NONE) return MF_OK;
    for (int i = 1; i < bn->nin; i++)
        if (!p->val[bn->in[i]].constant) return MF_OK;
    if (!p->val[conv->in[1]].constant || (conv->in[CONV_B] >= 0 && !p->val[conv->in[CONV_B]].constant)) return MF_OK;
    fold = mf_arena_alloc(&p->arena, sizeof *fold);
    if (!fold) return mf_oom(err, sizeof *fold, "a program");
    fold->op    = mf_op_find("bn_fold");
    fold->attrs = bn->attrs;
    fold->scope = bn->scope;
    fold->nin   = 6;
    fold->nout  = 2;
    for (int i = 0; i < MF_OP_MAX_IN; i++) fold->in[i] = -1;
    fold->in[0] = conv->in[1];
    fold->in[1] = conv->in[CONV_B];
    for (int i = 0; i < 4; i++) fold->in[2 + i] = bn->in[1 + i];
    if (!(v = add_value(p, &w, err))) return MF_E_NOMEM;
    v->shape    = p->val[conv->in[1]].shape;
    v->kind     = MF_KIND_F32;
    v->constant = true;
    if (!(v = add_value(p, &b, err))) return MF_E_NOMEM;
    v->shape    = mf_shape_of(1, p->val[w].shape.dim[0]);
    v->kind     = MF_KIND_F32;
    v->constant = true;
    fold->out[0] = w;
    fold->out[1] = b;
    p->val[w].uses = p->val[b].uses = 1;
    kc = p->val[bn->in[0]].node;
    if ((st = insert_node(p, kc, fold, err)) < 0) return st;
    conv->in[1]      = w;
    conv->in[CONV_B] = b;
    conv->nin        = CONV_RES + 1;
    conv->in[CONV_RES] = -1;
    if ((st = take_over(p, kc + 1, bn, -1, MF_ACT_NONE, err)) < 0) return st;
    *did = true;
    return MF_OK;
}

/* conv -> (add) -> ReLU with single users. */
static mf_status
fold_act(mf_program *p, int32_t kc, mf_err *err)
{
    mf_node  *conv = p->node[kc], *add, *relu;
    mf_status st;

    if (((const mf_conv2d_attrs *)conv->attrs)->act != MF_ACT_NONE) return MF_OK;
    add = user(p, conv->out[0], kc, "binary");
    if (add && conv->in[CONV_RES] < 0 && ((const mf_binary_attrs *)add->attrs)->kind == MF_B_ADD) {
        int32_t res = add->in[0] == conv->out[0] ? add->in[1] : add->in[0];
        int32_t k   = p->val[add->out[0]].node;

        if (res != conv->out[0] && mf_shape_eq(&p->val[res].shape, &p->val[conv->out[0]].shape)) {
            /* Not when the other side is a convolution that could take this one as its residual and comes later: either is fine. */
            if ((st = take_over(p, kc, add, res, MF_ACT_NONE, err)) < 0) return st;
            kc   = k;
            conv = p->node[kc];
        }
    }
    relu = user(p, conv->out[0], kc, "unary");
    if (relu && is_relu(relu)) return take_over(p, kc, relu, -1, MF_ACT_RELU, err);
    return MF_OK;
}

static mf_status
fold_all(mf_program *p, mf_err *err)
{
    mf_status st;
    bool      did;

    for (int32_t k = 0; k < p->n_node; k++) {
        if (p->node[k]->dead || strcmp(p->node[k]->op->name, "bn_eval") != 0) continue;
        if ((st = fold_bn(p, k, &did, err)) < 0) return st;
    }
    if ((st = drop_dead(p, err)) < 0) return st;
    for (int32_t k = 0; k < p->n_node; k++) {
        mf_node *n = p->node[k];

        if (n->dead || strcmp(n->op->name, "conv2d") != 0) continue;
        if ((st = fold_act(p, k, err)) < 0) return st;
    }
    return drop_dead(p, err);
}

/* Gradients that are summed only to be read by one batch norm's gradient are summed there. */
static mf_status
absorb_adds(mf_program *p, mf_err *err)
{
    for (int32_t k = 0; k < p->n_node; k++) {
        mf_node *n = p->node[k], *add;

        if (n->dead || strcmp(n->op->name, "bn_dx") != 0 || n->in[1] >= 0) continue;
        add = sole(p, n->in[0], "binary");
        if (!add || ((const mf_binary_attrs *)add->attrs)->kind != MF_B_ADD) continue;
        if (!mf_shape_eq(&p->val[add->in[0]].shape, &p->val[add->in[1]].shape)) continue;
        n->in[0]  = add->in[0];
        n->in[1]  = add->in[1];
        add->dead = true;
        p->stats.fused++;
    }
    return drop_dead(p, err);
}

static bool
reads(const mf_node *n, int32_t v)
{
    for (int i = 0; i < n->nin; i++)
        if (n->in[i] == v && !(n->op->shape_only >> i & 1u)) return true;
    return false;
}

/* The larger factor of a broadcast product (attention: a map by a value a channel or a pixel); -1: n is something else. */
static int32_t
scaled_map(const mf_program *p, const mf_node *n)
{
    const mf_shape *y = &p->val[n->out[0]].shape;

    if (strcmp(n->op->name, "binary") != 0 || ((const mf_binary_attrs *)n->attrs)->kind != MF_B_MUL) return -1;
    for (int i = 0; i < 2; i++)
        if (mf_shape_eq(&p->val[n->in[i]].shape, y) && mf_shape_elems(&p->val[n->in[1 - i]].shape) * 8 <= mf_shape_elems(y)) return n->in[i];
    return -1;
}

/* Products that are cheaper to make again for the backward pass than to keep: their larger factor is kept as long anyway (after Chen et al.
 * 2016, arXiv 1604.06174). The same bits. */
static mf_status
make_again(mf_program *p, mf_err *err)
{
    mf_status st;

    for (int32_t k = 0; k < p->n_node; k++) {
        const mf_node *n = p->node[k];
        int32_t        y = n->out[0], map, first = -1, last = -1, kept = -1, again;
        mf_node       *copy;
        mf_pval       *v;

        if (n->dead || n->backward || p->val[y].name || p->val[y].constant || (map = scaled_map(p, n)) < 0) continue;
        for (int32_t j = k + 1; j < p->n_node; j++) {
            if (p->node[j]->dead) continue;
            if (reads(p->node[j], y) && p->node[j]->backward) {
                first = first < 0 ? j : first;
                last  = j;
            }
            if (reads(p->node[j], map)) kept = j;
        }
        if (first < 0 || kept < last) continue;
        if (!(copy = mf_arena_alloc(&p->arena, sizeof *copy))) return mf_oom(err, sizeof *copy, "a program");
        if (!(v = add_value(p, &again, err))) return MF_E_NOMEM;
        v->shape     = p->val[y].shape;
        v->kind      = p->val[y].kind;
        *copy          = *n;
        copy->out[0]   = again;
        copy->backward = true;
        for (int i = 0; i < copy->nin; i++) p->val[copy->in[i]].uses++;
        p->stats.made_again++;
        if ((st = insert_node(p, first, copy, err)) < 0) return st;
        for (int32_t j = first + 1; j <= last + 1; j++) {
            if (p->node[j]->dead || !p->node[j]->backward) continue;
            for (int i = 0; i < p->node[j]->nin; i++) {
                if (p->node[j]->in[i] != y) continue;
                p->node[j]->in[i] = again;
                p->val[y].uses--;
                p->val[again].uses++;
            }
        }
    }
    return MF_OK;
}

mf_status
mf_compile_front(mf_program *p, mf_graph *g, const mf_compile_opts *o, mf_err *err)
{
    mf_status st;

    if ((st = mf_graph_check(g, err)) < 0) return st;
    if (o->batch < 1) return mf_fail(err, MF_E_ARG, "a batch of %d", o->batch);
    if (o->grads && !g->backward) return mf_fail(err, MF_E_STATE, "gradients are wanted, but mf_graph_backward was not called");
    if (!o->grads && !o->no_fuse && !g->backward && (st = mf_graph_fuse_bn(g, err)) < 0) return st;
    if ((st = copy_graph(p, g, err)) < 0) return st;
    for (int32_t i = 0; i < p->n_val; i++) {
        bool wanted = false;

        if (!p->val[i].name) continue;
        for (size_t k = 0; o->outputs && o->outputs[k]; k++) wanted = wanted || strcmp(o->outputs[k], p->val[i].name) == 0;
        if (!wanted) p->val[i].name = NULL;
    }
    for (size_t k = 0; o->outputs && o->outputs[k]; k++) {
        bool found = false;

        for (int32_t i = 0; i < p->n_val; i++) found = found || (p->val[i].name && strcmp(o->outputs[k], p->val[i].name) == 0);
        if (!found) return mf_fail(err, MF_E_NOTFOUND, "the graph has no output '%s'", o->outputs[k]);
    }
    if (o->grads)
        for (int32_t i = 0; i < g->n_v; i++)
            if (g->v[i].param && g->v[i].grad >= 0) {
                mf_pval *v = &p->val[g->v[i].grad];

                if (v->grad_of) return mf_fail(err, MF_E_UNSUPPORTED, "parameters '%s' and '%s' share one gradient value", v->grad_of->name, g->v[i].param->name);
                v->grad_of = g->v[i].param;
            }
    if ((st = drop_dead(p, err)) < 0) return st;
    mark_constant(p);
    if (!o->no_fuse) {
        if ((st = fold_all(p, err)) < 0 || (st = absorb_adds(p, err)) < 0) return st;
        if (p->grads && (st = make_again(p, err)) < 0) return st;
    }
    return MF_OK;
}
