/* nn/program_i.h, mf_compile_lower: a kernel for each node, reorders where layouts or types differ, one memory plan.
 *
 * Layouts spread from producers to consumers: a kernel sees what its inputs are stored as and usually keeps that, so that
 * activations stay in the backend's blocked layout from the first convolution to the last. Each form of a value (layout,
 * type) is a slot; forms made once are reused. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "nn/ops.h"
#include "nn/plan.h"
#include "nn/program_i.h"

extern const mf_backend mf_backend_ref;

static mf_status
new_slot(mf_program *p, int32_t *id, const mf_tdesc *d, mf_slot_kind kind, int32_t value, mf_err *err)
{
    if (p->n_slot == p->cap_slot) {
        int32_t  cap = p->cap_slot ? p->cap_slot * 2 : 512;
        mf_slot *s   = mf_realloc(p->slot, (size_t)cap, sizeof *s);

        if (!s) return mf_oom(err, (size_t)cap * sizeof *s, "a program");
        p->slot     = s;
        p->cap_slot = cap;
    }
    *id           = p->n_slot++;
    p->slot[*id]  = (mf_slot){.desc = *d, .kind = kind, .value = value, .root = -1, .next = -1, .first = -1, .last = -1, .free_after = -1};
    return MF_OK;
}

static mf_status
new_step(mf_program *p, mf_step **out, const mf_kernel_def *k, const char *scope, mf_err *err)
{
    mf_step *s;

    if (p->n_step == p->cap_step) {
        int32_t cap = p->cap_step ? p->cap_step * 2 : 512;

        s = mf_realloc(p->step, (size_t)cap, sizeof *s);
        if (!s) return mf_oom(err, (size_t)cap * sizeof *s, "a program");
        p->step     = s;
        p->cap_step = cap;
    }
    s  = &p->step[p->n_step++];
    *s = (mf_step){.kernel = k, .scope = scope};
    for (int i = 0; i < MF_OP_MAX_IN; i++) s->in[i] = -1;
    for (int o = 0; o < MF_OP_MAX_OUT; o++) s->out[o] = s->inplace[o] = -1;
    *out = s;
    return MF_OK;
}

static mf_dtype
dtype_of(const mf_program *p, mf_kind k)
{
    switch (k) {
    case MF_KIND_I32: return MF_DTYPE_I32;
    case MF_KIND_U8: return MF_DTYPE_U8;
    case MF_KIND_ACT: return p->prec == MF_PREC_BF16 ? MF_DTYPE_BF16 : p->backend->real;
    case MF_KIND_F32:
    case MF_KIND_SAME0: break;
    }
    return p->backend->real;
}

static int32_t
root_of(const mf_program *p, int32_t s)
{
    while (p->slot[s].root >= 0) s = p->slot[s].root;
    return s;
}

/* The slot a value has as produced; parameters and inputs get theirs when first asked for. */
static mf_status
home_slot(mf_program *p, int32_t v, mf_err *err)
{
    mf_pval  *val = &p->val[v];
    mf_tdesc  d   = {dtype_of(p, val->kind), val->shape, mf_layout_plain(&val->shape)};
    mf_status st;

    if (val->slot >= 0) return MF_OK;
    if (val->param) {
        d.dtype  = val->param->dtype;
        d.layout = val->param->layout;
        if ((st = new_slot(p, &val->slot, &d, MF_SLOT_PARAM, v, err)) < 0) return st;
        p->slot[val->slot].param = val->param;
        return MF_OK;
    }
    MF_ASSERT(val->input);
    return new_slot(p, &val->slot, &d, MF_SLOT_INPUT, v, err);
}

static bool
has_step_user(const mf_program *p, int32_t slot)
{
    for (int32_t i = 0; i < p->n_step; i++)
        for (int k = 0; k < p->step[i].nin; k++)
            if (p->step[i].in[k] == slot) return true;
    return false;
}

/* May this parameter or input still take the layout a kernel asks for? */
static bool
is_free(const mf_program *p, int32_t slot)
{
    const mf_slot *s = &p->slot[slot];

    if (s->root >= 0) return false; /* a view follows its root ... */
    for (int32_t i = 0; i < p->n_slot; i++)
        if (p->slot[i].root == slot) return false; /* ... which must stay as the view saw it */
    if (s->kind == MF_SLOT_PARAM) return p->grads && !s->param->fixed && !s->param->data && !s->param->frozen;
    return s->kind == MF_SLOT_INPUT && !has_step_user(p, slot);
}

/* A step that turns slot `from` into the form `want`; *to is the new slot. */
static mf_status
reorder(mf_program *p, int32_t from, const mf_tdesc *want, int32_t *to, const char *scope, mf_err *err)
{
    const mf_kernel_def *k = p->backend->reorder;
    mf_prep   prep = {.ctx = p->ctx, .nin = 1, .nout = 1, .inference = !p->grads};
    int32_t   v    = p->slot[from].value;
    bool      once = p->val[v].constant;
    mf_step  *s;
    mf_status st;
    char      why[128] = "";

    prep.has_in[0] = prep.want_out[0] = true;
    prep.in[0]      = p->slot[from].desc;
    prep.out[0]     = *want;
    prep.inplace[0] = -1;
    if (!k->supports(&prep, why)) {
        k = mf_backend_ref.reorder;
        if (!k->supports(&prep, why)) return mf_fail(err, MF_E_UNSUPPORTED, "%s: cannot reorder: %s", scope, why);
        prep.ctx = NULL;
        if (p->backend != &mf_backend_ref && p->backend->real == MF_DTYPE_F32) p->stats.ref_fallbacks++;
    }
    if ((st = k->prepare(&prep, err)) < 0) return st;
    if ((st = new_slot(p, to, want, once ? MF_SLOT_KEEP : MF_SLOT_PLAN, v, err)) < 0 || (st = new_step(p, &s, k, scope, err)) < 0) {
        if (k->release) k->release(prep.state);
        return st;
    }
    s->state  = prep.state;
    s->in[0]  = from;
    s->out[0] = *to;
    s->nin = s->nout = 1;
    s->once   = once;
    if (prep.scratch > p->scratch) p->scratch = prep.scratch;
    p->stats.reorders++;
    return MF_OK;
}

/* The form `want` of value v: one that is there, or a reorder of the home form. */
static mf_status
form(mf_program *p, int32_t v, const mf_tdesc *want, int32_t *slot, const char *scope, mf_err *err)
{
    int32_t   home = p->val[v].slot, last = home;
    mf_status st;

    for (int32_t s = home; s >= 0; s = p->slot[s].next) {
        if (mf_tdesc_eq(&p->slot[s].desc, want)) {
            *slot = s;
            return MF_OK;
        }
        last = s;
    }
    if ((st = reorder(p, home, want, slot, scope, err)) < 0) return st;
    p->slot[last].next = *slot;
    return MF_OK;
}

/* A view: another slot over the same memory; the input must be plain unless the shape stays. */
static mf_status
lower_view(mf_program *p, const mf_node *n, mf_err *err)
{
    mf_pval  *out = &p->val[n->out[0]];
    int32_t   in;
    mf_tdesc  d;
    mf_status st;

    if ((st = home_slot(p, n->in[0], err)) < 0) return st;
    d = p->slot[p->val[n->in[0]].slot].desc;
    if (!mf_shape_eq(&d.shape, &out->shape)) d.layout = mf_layout_plain(&d.shape);
    if ((st = form(p, n->in[0], &d, &in, n->scope, err)) < 0) return st;
    if (!mf_shape_eq(&d.shape, &out->shape)) {
        d.shape  = out->shape;
        d.layout = mf_layout_plain(&d.shape);
    }
    if ((st = new_slot(p, &out->slot, &d, p->slot[in].kind, n->out[0], err)) < 0) return st;
    p->slot[out->slot].root = in;
    return MF_OK;
}

static const mf_kernel_def *
find_kernel(const mf_backend *b, mf_prep *prep, char why[128])
{
    for (size_t i = 0; b->kernels[i]; i++) {
        if (strcmp(b->kernels[i]->op, prep->op->name) != 0) continue;
        if (b->kernels[i]->supports(prep, why)) return b->kernels[i];
    }
    return NULL;
}

static mf_status
lower_node(mf_program *p, const mf_node *n, mf_err *err)
{
    mf_prep              prep = {.ctx = p->ctx, .op = n->op, .attrs = n->attrs, .nin = n->nin, .nout = n->nout, .inference = !p->grads};
    const mf_shape      *in_shape[MF_OP_MAX_IN] = {0};
    mf_shape             out_shape[MF_OP_MAX_OUT];
    const mf_kernel_def *k;
    int32_t              in[MF_OP_MAX_IN], out[MF_OP_MAX_OUT];
    char                 why[128] = "no such kernel";
    mf_step             *s;
    mf_status            st;

    for (int i = 0; i < MF_OP_MAX_IN; i++) in[i] = -1;
    for (int i = 0; i < n->nin; i++) {
        mf_pval *v;

        if (n->in[i] < 0) continue;
        v           = &p->val[n->in[i]];
        in_shape[i] = &v->shape;
        prep.has_in[i] = true;
        if (n->op->shape_only >> i & 1u && v->slot < 0 && !v->input && !v->param) { /* its maker may be dead */
            prep.in[i] = (mf_tdesc){dtype_of(p, v->kind), v->shape, mf_layout_plain(&v->shape)};
            continue;
        }
        if ((st = home_slot(p, n->in[i], err)) < 0) return st;
        prep.in[i]      = p->slot[v->slot].desc;
        prep.free_in[i]  = is_free(p, v->slot);
        prep.const_in[i] = v->constant;
    }
    for (int o = 0; o < n->nout; o++) {
        mf_pval *v = &p->val[n->out[o]];

        prep.want_out[o] = v->uses > 0;
        prep.out[o]      = (mf_tdesc){dtype_of(p, v->kind), v->shape, mf_layout_plain(&v->shape)};
        prep.inplace[o]  = -1;
        out_shape[o]     = v->shape;
    }
    k = find_kernel(p->backend, &prep, why);
    if (k && k->by_ref) p->stats.ref_fallbacks++;
    if (!k && p->backend->real == MF_DTYPE_F32 && p->backend != &mf_backend_ref) {
        k = find_kernel(&mf_backend_ref, &prep, why);
        if (k) p->stats.ref_fallbacks++;
    }
    if (!k) return mf_fail(err, MF_E_UNSUPPORTED, "%s: backend %s cannot run %s in %s: %s", n->scope, p->backend->name, n->op->name, mf_prec_name(p->prec), why);
    if ((st = k->prepare(&prep, err)) < 0) return mf_fail_in(err, st, "%s: %s", n->scope, n->op->name);
    for (int i = 0; i < n->nin; i++) {
        mf_pval *v;

        if (!prep.has_in[i] || n->op->shape_only >> i & 1u) continue;
        v = &p->val[n->in[i]];
        if (prep.free_in[i] && is_free(p, v->slot)) {
            mf_slot *home = &p->slot[v->slot];

            home->desc.layout = prep.in[i].layout;
            if (home->kind == MF_SLOT_INPUT) {
                home->desc.dtype = prep.in[i].dtype;
            } else {
                home->param->layout = prep.in[i].layout;
                home->param->fixed  = true;
            }
        }
        if ((st = form(p, n->in[i], &prep.in[i], &in[i], n->scope, err)) < 0) goto fail;
    }
    for (int o = 0; o < n->nout; o++) {
        mf_pval *v = &p->val[n->out[o]];

        out[o] = -1;
        if (!prep.want_out[o]) continue;
        if ((st = new_slot(p, &out[o], &prep.out[o], v->constant ? MF_SLOT_KEEP : MF_SLOT_PLAN, n->out[o], err)) < 0) goto fail;
        v->slot = out[o];
    }
    if ((st = new_step(p, &s, k, n->scope, err)) < 0) goto fail;
    s->state = prep.state;
    s->nin   = n->nin;
    s->nout  = n->nout;
    s->once  = p->val[n->out[0]].constant;
    s->macs  = n->op->macs ? n->op->macs(n->attrs, n->nin, in_shape, out_shape) : 0;
    memcpy(s->in, in, sizeof in);
    memcpy(s->once_in, prep.once_in, sizeof s->once_in);
    for (int o = 0; o < n->nout; o++) {
        s->out[o]     = out[o];
        s->inplace[o] = prep.inplace[o];
    }
    if (prep.scratch > p->scratch) p->scratch = prep.scratch;
    p->stats.persistent_bytes += prep.keep;
    return MF_OK;
fail:
    if (k->release) k->release(prep.state);
    return st;
}

/* Gradients end in the parameter's own memory, or in the plan and go to the sink: written there by their maker where the form fits. */
static mf_status
lower_grads(mf_program *p, mf_err *err)
{
    mf_status st;

    if (p->stream && !(p->handed = mf_calloc((size_t)p->n_val + 1, sizeof *p->handed))) return mf_oom(err, (size_t)p->n_val * sizeof *p->handed, "a program");
    for (int32_t i = 0; i < p->n_val; i++) {
        mf_param *par = p->val[i].grad_of;
        mf_tdesc  want;
        int32_t   slot;

        if (!par) continue;
        MF_ASSERT(p->val[i].slot >= 0);
        want = (mf_tdesc){par->dtype, par->shape, par->layout};
        slot = p->val[i].slot;
        if (!mf_tdesc_eq(&p->slot[slot].desc, &want) || p->slot[slot].kind != MF_SLOT_PLAN || p->slot[slot].root >= 0 || p->val[i].name) {
            if ((st = reorder(p, slot, &want, &slot, par->name, err)) < 0) return st;
        }
        if (p->stream)
            p->handed[p->n_handed++].slot = slot;
        else
            p->slot[slot].kind = MF_SLOT_GRAD;
        p->slot[slot].param = par;
    }
    return MF_OK;
}

static int
by_after(const void *x, const void *y)
{
    const mf_handed *a = x, *b = y;

    return a->after != b->after ? (a->after < b->after ? -1 : 1) : (a->slot > b->slot) - (a->slot < b->slot);
}

/* A gradient goes to the sink, which may change the parameter, once it is made and the last step has read the parameter. */
static void
when_handed(mf_program *p)
{
    for (int32_t i = 0; i < p->n_handed; i++) {
        mf_handed *h = &p->handed[i];
        mf_slot   *g = &p->slot[h->slot];

        h->after = g->last;
        for (int32_t k = 0; k < p->n_slot; k++)
            if (p->slot[k].kind == MF_SLOT_PARAM && p->slot[k].param == g->param && p->slot[k].root < 0 && p->slot[k].last > h->after) h->after = p->slot[k].last;
        g->last = h->after;
    }
    if (p->n_handed > 0) qsort(p->handed, (size_t)p->n_handed, sizeof *p->handed, by_after);
}

/* First and last step of each memory, then results in place where an input dies. */
static void
lifetimes(mf_program *p)
{
    for (int32_t i = 0; i < p->n_step; i++) {
        mf_step *s = &p->step[i];

        for (int k = 0; k < s->nin; k++) {
            if (s->in[k] < 0) continue;
            p->slot[root_of(p, s->in[k])].last = i;
        }
        for (int o = 0; o < s->nout; o++) {
            mf_slot *r;

            if (s->out[o] < 0) continue;
            r = &p->slot[root_of(p, s->out[o])];
            if (r->first < 0) r->first = i;
            if (r->last < i) r->last = i;
        }
    }
    for (int32_t i = 0; i < p->n_val; i++)
        if (p->val[i].name && p->val[i].slot >= 0) p->slot[root_of(p, p->val[i].slot)].last = INT_MAX;
    when_handed(p);
    for (int32_t i = 0; i < p->n_step; i++) {
        mf_step *s = &p->step[i];

        for (int o = 0; o < s->nout; o++) {
            int32_t a, b;
            bool    shared = false;

            if (s->out[o] < 0 || s->inplace[o] < 0 || s->in[s->inplace[o]] < 0) continue;
            a = root_of(p, s->in[s->inplace[o]]);
            b = s->out[o];
            if (p->slot[b].root >= 0 || p->slot[a].kind != MF_SLOT_PLAN || p->slot[b].kind != MF_SLOT_PLAN) continue;
            if (p->slot[a].param || p->slot[a].last != i || !mf_tdesc_eq(&p->slot[s->in[s->inplace[o]]].desc, &p->slot[b].desc)) continue;
            for (int k = 0; k < s->nin; k++) /* the same memory read through another input */
                if (k != s->inplace[o] && s->in[k] >= 0 && root_of(p, s->in[k]) == a) shared = true;
            for (int k = 0; k < s->nout; k++)
                if (k != o && s->out[k] >= 0 && root_of(p, s->out[k]) == a) shared = true;
            if (shared) continue;
            p->slot[b].root  = a;
            p->slot[a].last  = p->slot[b].last;
            p->slot[a].param = p->slot[b].param;
        }
    }
}

static mf_status
plan(mf_program *p, mf_err *err)
{
    mf_plan_buf *b = mf_calloc((size_t)p->n_slot + 1, sizeof *b);
    mf_status    st;

    if (!b) return mf_oom(err, (size_t)p->n_slot * sizeof *b, "a memory plan");
    for (int32_t i = 0; i < p->n_slot; i++) {
        const mf_slot *s = &p->slot[i];

        if (s->kind != MF_SLOT_PLAN || s->root >= 0 || s->first < 0) continue;
        b[i].bytes = mf_tdesc_bytes(&s->desc);
        b[i].first = s->first;
        b[i].last  = s->last;
        p->stats.unplanned_bytes += b[i].bytes;
    }
    st = mf_plan_memory(b, (size_t)p->n_slot, &p->plan_bytes, err);
    for (int32_t i = 0; st == MF_OK && i < p->n_slot; i++) p->slot[i].offset = b[i].offset;
    mf_free(b);
    return st;
}

/* Constants that are read only until other steps have made theirs of them: folded weights before they are blocked or transformed,
 * and, where the program may, parameters. Constant steps run before all others. */
static mf_status
passing(mf_program *p, mf_err *err)
{
    bool *stays = mf_calloc((size_t)p->n_slot + 1, sizeof *stays), *late = mf_calloc((size_t)p->n_slot + 1, sizeof *late);

    if (!stays || !late) {
        mf_free(stays);
        mf_free(late);
        return mf_oom(err, (size_t)p->n_slot, "a program");
    }
    for (int32_t i = 0; i < p->n_step; i++) {
        const mf_step *s = &p->step[i];

        for (int k = 0; k < s->nin; k++) {
            int32_t r;

            if (s->in[k] < 0) continue;
            r        = root_of(p, s->in[k]);
            stays[r] = stays[r] || (!s->once && !s->once_in[k]);
            if (s->once && late[r]) continue;
            late[r]               = late[r] || !s->once;
            p->slot[r].free_after = i;
        }
    }
    for (int32_t i = 0; i < p->n_val; i++)
        if (p->val[i].name && p->val[i].slot >= 0) stays[root_of(p, p->val[i].slot)] = true;
    for (int32_t i = 0; i < p->n_slot; i++) {
        mf_slot *s = &p->slot[i];

        if (s->root >= 0 || stays[i] || !(s->kind == MF_SLOT_KEEP || (s->kind == MF_SLOT_PARAM && p->spend))) s->free_after = -1;
    }
    mf_free(stays);
    mf_free(late);
    return MF_OK;
}

mf_status
mf_compile_lower(mf_program *p, mf_err *err)
{
    mf_status st;

    for (int32_t k = 0; k < p->n_node; k++) {
        if (p->node[k]->dead) continue;
        st = p->node[k]->op->flags & MF_OP_VIEW ? lower_view(p, p->node[k], err) : lower_node(p, p->node[k], err);
        if (st < 0) return st;
    }
    for (int32_t i = 0; i < p->n_val; i++) /* an input or parameter given out as it is */
        if (p->val[i].name && p->val[i].slot < 0 && (st = home_slot(p, i, err)) < 0) return st;
    if ((st = lower_grads(p, err)) < 0) return st;
    lifetimes(p);
    if ((st = plan(p, err)) < 0) return st;
    if ((st = passing(p, err)) < 0) return st;
    for (int32_t i = 0; i < p->n_slot; i++) { /* constants keep their memory, which becomes resident as it is filled */
        mf_slot *s = &p->slot[i];

        if (s->kind != MF_SLOT_KEEP || s->root >= 0 || s->free_after >= 0) continue;
        s->mem = mf_aligned(mf_tdesc_bytes(&s->desc));
        if (!s->mem) return mf_oom(err, mf_tdesc_bytes(&s->desc), "folded weights");
        s->own = true;
        if (mf_layout_elems(&s->desc.shape, &s->desc.layout) != mf_shape_elems(&s->desc.shape)) memset(s->mem, 0, mf_tdesc_bytes(&s->desc));
        p->stats.persistent_bytes += mf_tdesc_bytes(&s->desc);
    }
    p->stats.steps         = p->n_step;
    p->stats.plan_bytes    = p->plan_bytes;
    p->stats.scratch_bytes = p->scratch;
    return MF_OK;
}
