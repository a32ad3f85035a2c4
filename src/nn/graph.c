/* nn/graph.h: building graphs: values, nodes, scopes. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "nn/graph_i.h"

mf_status
mf_graph_new(mf_graph **out, mf_params *params, mf_err *err)
{
    *out = mf_calloc(1, sizeof **out);
    if (!*out) return mf_oom(err, sizeof **out, "a graph");
    (*out)->params = params;
    return MF_OK;
}

void
mf_graph_free(mf_graph *g)
{
    if (!g) return;
    mf_arena_free(&g->arena);
    mf_free(g->v);
    mf_free(g->node);
    mf_free(g);
}

mf_status
mf_graph_check(const mf_graph *g, mf_err *err)
{
    if (g->err.code == MF_OK) return MF_OK;
    return mf_fail(err, g->err.code, "%s", g->err.msg);
}

mf_params *
mf_graph_params(const mf_graph *g)
{
    return g->params;
}

mf_ref
mf_graph_error(mf_graph *g, mf_status st, const char *fmt, ...)
{
    char    text[MF_ERR_MSG_MAX / 2];
    va_list ap;

    if (g->err.code != MF_OK) return MF_NONE;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    mf_fail(&g->err, st, "%s%s%s", g->scope, g->scope[0] ? ": " : "", text);
    return MF_NONE;
}

static int32_t
new_value(mf_graph *g, const mf_shape *shape, mf_kind kind)
{
    if (g->n_v == g->cap_v) {
        int32_t   cap = g->cap_v ? g->cap_v * 2 : 256;
        mf_value *v   = mf_realloc(g->v, (size_t)cap, sizeof *v);

        if (!v) {
            mf_graph_error(g, MF_E_NOMEM, "out of memory for a graph of %d values", cap);
            return -1;
        }
        g->v     = v;
        g->cap_v = cap;
    }
    g->v[g->n_v] = (mf_value){.shape = *shape, .kind = kind, .node = -1, .grad = -1};
    return g->n_v++;
}

mf_ref
mf_graph_input(mf_graph *g, const char *name, mf_kind kind, mf_shape shape)
{
    int32_t id;

    if (g->err.code != MF_OK) return MF_NONE;
    if (shape.ndim < 1 || kind == MF_KIND_SAME0) return mf_graph_error(g, MF_E_ARG, "input '%s' needs a batch dimension and a type", name);
    for (int32_t i = 0; i < g->n_v; i++)
        if (g->v[i].input && strcmp(g->v[i].input, name) == 0) return mf_graph_error(g, MF_E_ARG, "input '%s' is there twice", name);
    shape.dim[0] = MF_NOMINAL_BATCH;
    id           = new_value(g, &shape, kind);
    if (id < 0) return MF_NONE;
    g->v[id].input = mf_arena_strdup(&g->arena, name);
    if (!g->v[id].input) return mf_graph_error(g, MF_E_NOMEM, "out of memory");
    return (mf_ref){id};
}

mf_ref
mf_graph_param(mf_graph *g, const char *name, mf_shape shape, mf_init init, mf_param_kind kind)
{
    char      full[512];
    mf_param *p;
    mf_err    e = {0};
    int32_t   id;

    if (g->err.code != MF_OK) return MF_NONE;
    snprintf(full, sizeof full, "%s%s%s", g->scope, g->scope[0] ? "." : "", name);
    if (mf_params_want(g->params, &p, full, &shape, init, kind, &e) < 0) return mf_graph_error(g, e.code, "%s", e.msg);
    if (g->frozen) p->frozen = true;
    for (int32_t i = 0; i < g->n_v; i++)
        if (g->v[i].param == p) return (mf_ref){i};
    id = new_value(g, &shape, MF_KIND_F32);
    if (id < 0) return MF_NONE;
    g->v[id].param = p;
    return (mf_ref){id};
}

void
mf_graph_output(mf_graph *g, const char *name, mf_ref v)
{
    if (g->err.code != MF_OK) return;
    if (v.id < 0) {
        mf_graph_error(g, MF_E_ARG, "output '%s' has no value", name);
        return;
    }
    if (g->v[v.id].name) { /* one value, two names: a view carries the second */
        v = mf_graph_add(g, mf_op_find("detach"), NULL, 1, &v);
        if (v.id < 0) return;
    }
    g->v[v.id].name = mf_arena_strdup(&g->arena, name);
    if (!g->v[v.id].name) mf_graph_error(g, MF_E_NOMEM, "out of memory");
}

mf_ref
mf_graph_find(const mf_graph *g, const char *name)
{
    for (int32_t i = 0; i < g->n_v; i++) {
        if (g->v[i].name && strcmp(g->v[i].name, name) == 0) return (mf_ref){i};
        if (g->v[i].input && strcmp(g->v[i].input, name) == 0) return (mf_ref){i};
    }
    return MF_NONE;
}

static bool
is_below(const char *name, const char *scope, size_t n)
{
    return strncmp(name, scope, n) == 0 && (name[n] == '\0' || name[n] == '.');
}

mf_ref
mf_graph_layer(const mf_graph *g, const char *name)
{
    const size_t n    = strlen(name);
    int32_t      last = -1;

    for (int32_t k = 0; k < g->n_node && n != 0; k++) {
        const mf_node *node = g->node[k];

        for (int i = 0; i < node->nin; i++) {
            const mf_param *p = node->in[i] >= 0 ? g->v[node->in[i]].param : NULL;

            if (p && strncmp(p->name, name, n) == 0 && strcmp(p->name + n, ".weight") == 0) return (mf_ref){node->out[0]};
        }
        if (is_below(node->scope, name, n)) last = node->out[0];
    }
    return (mf_ref){last};
}

void
mf_graph_push(mf_graph *g, const char *scope)
{
    size_t len = strlen(g->scope);

    if (g->depth >= 32 || len + strlen(scope) + 2 > sizeof g->scope) {
        mf_graph_error(g, MF_E_LIMIT, "scopes are nested too deeply");
        return;
    }
    g->scope_len[g->depth++] = len;
    snprintf(g->scope + len, sizeof g->scope - len, "%s%s", len ? "." : "", scope);
}

void
mf_graph_pop(mf_graph *g)
{
    if (g->depth > 0) g->scope[g->scope_len[--g->depth]] = '\0';
}

void
mf_graph_training(mf_graph *g, bool on)
{
    g->training = on;
}

bool
mf_graph_is_training(const mf_graph *g)
{
    return g->training && !g->frozen;
}

void
mf_graph_frozen(mf_graph *g, bool on)
{
    g->frozen = on;
}

mf_shape
mf_graph_shape(const mf_graph *g, mf_ref v)
{
    if (v.id < 0) return (mf_shape){0};
    return g->v[v.id].shape;
}

mf_ref
mf_graph_grad(const mf_graph *g, mf_ref v)
{
    if (v.id < 0) return MF_NONE;
    return (mf_ref){g->v[v.id].grad};
}

mf_ref
mf_graph_out(const mf_graph *g, mf_ref first, int o)
{
    const mf_node *n;

    if (first.id < 0) return MF_NONE;
    n = g->node[g->v[first.id].node];
    return (mf_ref){n->out[o]};
}

mf_ref
mf_graph_add(mf_graph *g, const mf_op_def *op, const void *attrs, int nin, const mf_ref *in)
{
    const mf_shape *shapes[MF_OP_MAX_IN] = {0};
    mf_shape        local[MF_OP_MAX_IN], out[MF_OP_MAX_OUT] = {{0, {0}}};
    mf_err          e = {0};
    mf_node        *n;

    if (g->err.code != MF_OK) return MF_NONE;
    MF_ASSERT(op && nin >= op->min_in && nin <= op->max_in && nin <= MF_OP_MAX_IN);
    for (int i = 0; i < nin; i++) {
        if (in[i].id < 0) {
            if (i < op->min_in) return mf_graph_error(g, MF_E_ARG, "%s: input %d is missing", op->name, i);
            continue;
        }
        local[i]  = g->v[in[i].id].shape;
        shapes[i] = &local[i];
    }
    if (op->infer(attrs, nin, shapes, out, &e) < 0) return mf_graph_error(g, e.code, "%s: %s", op->name, e.msg);
    if (g->n_node == g->cap_node) {
        int32_t   cap  = g->cap_node ? g->cap_node * 2 : 256;
        mf_node **grow = mf_realloc(g->node, (size_t)cap, sizeof *grow);

        if (!grow) return mf_graph_error(g, MF_E_NOMEM, "out of memory for a graph of %d nodes", cap);
        g->node     = grow;
        g->cap_node = cap;
    }
    n = mf_arena_alloc(&g->arena, sizeof *n);
    if (!n) return mf_graph_error(g, MF_E_NOMEM, "out of memory");
    n->op    = op;
    n->scope = mf_arena_strdup(&g->arena, g->scope);
    n->nin   = nin;
    n->nout  = op->nout;
    for (int i = 0; i < MF_OP_MAX_IN; i++) n->in[i] = i < nin ? in[i].id : -1;
    if (op->attr_size) {
        void *a = mf_arena_alloc(&g->arena, op->attr_size);

        if (!a) return mf_graph_error(g, MF_E_NOMEM, "out of memory");
        memcpy(a, attrs, op->attr_size);
        n->attrs = a;
    }
    if (!n->scope) return mf_graph_error(g, MF_E_NOMEM, "out of memory");
    for (int o = 0; o < op->nout; o++) {
        mf_kind k = op->out_kind[o];

        if (k == MF_KIND_ACT && out[o].ndim != 4) k = MF_KIND_F32;
        if (k == MF_KIND_SAME0) k = g->v[in[0].id].kind;
        n->out[o] = new_value(g, &out[o], k);
        if (n->out[o] < 0) return MF_NONE;
        g->v[n->out[o]].node = g->n_node;
        g->v[n->out[o]].out  = o;
    }
    g->node[g->n_node++] = n;
    return (mf_ref){n->out[0]};
}

void
mf_graph_count_uses(const mf_graph *g, int32_t *uses)
{
    memset(uses, 0, (size_t)g->n_v * sizeof *uses);
    for (int32_t i = 0; i < g->n_node; i++)
        for (int k = 0; k < g->node[i]->nin && !g->node[i]->dead; k++)
            if (g->node[i]->in[k] >= 0) uses[g->node[i]->in[k]]++;
    for (int32_t i = 0; i < g->n_v; i++)
        if (g->v[i].name) uses[i]++;
}

void
mf_graph_visit(const mf_graph *g, mf_graph_visit_fn *fn, void *arg)
{
    for (int32_t i = 0; i < g->n_node; i++) {
        const mf_node  *n = g->node[i];
        const mf_shape *in[MF_OP_MAX_IN] = {0};
        mf_shape        out[MF_OP_MAX_OUT];
        int64_t         macs = 0, params = 0;

        if (n->dead) continue;
        for (int k = 0; k < n->nin; k++) {
            if (n->in[k] < 0) continue;
            in[k] = &g->v[n->in[k]].shape;
            if (g->v[n->in[k]].param && g->v[n->in[k]].param->kind < MF_PARAM_BUFFER) params += mf_shape_elems(in[k]);
        }
        for (int o = 0; o < n->nout; o++) out[o] = g->v[n->out[o]].shape;
        if (n->op->macs) macs = n->op->macs(n->attrs, n->nin, in, out) / MF_NOMINAL_BATCH;
        fn(arg, n->op->name, n->scope, &out[0], macs, params);
    }
}
