/* nn/program.h: compile, bind, run, read, profile. */
#include "nn/program.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/isa.h"
#include "core/mem.h"
#include "nn/program_i.h"

static const char *const prec_names[] = {"f32", "bf16", "f64", "auto"};

const char *
mf_prec_name(mf_prec p)
{
    return prec_names[p];
}

mf_prec
mf_prec_resolve(mf_prec p, const mf_backend *b)
{
    if (p != MF_PREC_AUTO) return p;
    if (b->real == MF_DTYPE_F64) return MF_PREC_F64;
    return b->bf16 && mf_isa_fast_bf16() ? MF_PREC_BF16 : MF_PREC_F32;
}

mf_status
mf_workspace_new(mf_workspace **out, mf_err *err)
{
    *out = mf_calloc(1, sizeof **out);
    if (!*out) return mf_oom(err, sizeof **out, "a workspace");
    (*out)->version = 1;
    return MF_OK;
}

void
mf_workspace_free(mf_workspace *w)
{
    if (!w) return;
    mf_free(w->mem);
    mf_free(w);
}

static mf_status
workspace_grow(mf_workspace *w, size_t size, mf_err *err)
{
    void *mem;

    if (size <= w->size) return MF_OK;
    mf_free(w->mem); /* contents are never kept between runs */
    w->mem  = NULL;
    w->size = 0;
    w->version++;
    mem = mf_aligned(size);
    if (!mem) return mf_oom(err, size, "activations");
    w->mem  = mem;
    w->size = size;
    return MF_OK;
}

mf_status
mf_program_compile(mf_program **out, mf_graph *g, const mf_compile_opts *o, mf_err *err)
{
    mf_program *p;
    mf_status   st;

    *out = NULL;
    p    = mf_calloc(1, sizeof *p);
    if (!p) return mf_oom(err, sizeof *p, "a program");
    p->params  = g->params;
    p->backend = o->backend;
    p->prec    = mf_prec_resolve(o->prec, o->backend);
    p->batch   = o->batch;
    p->grads   = o->grads;
    p->no_fuse = o->no_fuse;
    p->spend   = o->spend && !o->grads;
    p->stream  = o->stream && o->grads;
    p->stale   = true;
    if (p->prec == MF_PREC_BF16 && !o->backend->bf16) {
        st = mf_fail(err, MF_E_UNSUPPORTED, "backend %s has no bf16", o->backend->name);
        goto fail;
    }
    p->ws = o->workspace;
    if (!p->ws) {
        if ((st = mf_workspace_new(&p->ws, err)) < 0) goto fail;
        p->own_ws = true;
    }
    if (o->backend->open && (st = o->backend->open(&p->ctx, err)) < 0) goto fail;
    if ((st = mf_compile_front(p, g, o, err)) < 0 || (st = mf_compile_lower(p, err)) < 0) goto fail;
    if ((st = workspace_grow(p->ws, ((p->plan_bytes + 63) & ~(size_t)63) + p->scratch + 64, err)) < 0) goto fail;
    *out = p;
    return MF_OK;
fail:
    mf_program_free(p);
    return st;
}

void
mf_program_free(mf_program *p)
{
    if (!p) return;
    for (int32_t i = 0; i < p->n_step; i++)
        if (p->step[i].kernel->release) p->step[i].kernel->release(p->step[i].state);
    for (int32_t i = 0; i < p->n_slot; i++)
        if (p->slot[i].own) mf_free(p->slot[i].mem);
    if (p->ctx && p->backend->close) p->backend->close(p->ctx);
    if (p->own_ws) mf_workspace_free(p->ws);
    mf_arena_free(&p->arena);
    mf_free(p->node);
    mf_free(p->val);
    mf_free(p->slot);
    mf_free(p->step);
    mf_free(p->handed);
    mf_free(p);
}

static mf_slot *
input_slot(const mf_program *p, const char *name)
{
    for (int32_t i = 0; i < p->n_val; i++)
        if (p->val[i].input && p->val[i].slot >= 0 && strcmp(p->val[i].input, name) == 0) return &p->slot[p->val[i].slot];
    return NULL;
}

mf_status
mf_program_input_desc(const mf_program *p, const char *name, mf_tdesc *out, mf_err *err)
{
    const mf_slot *s = input_slot(p, name);

    if (!s) return mf_fail(err, MF_E_NOTFOUND, "the program has no input '%s'", name);
    *out = s->desc;
    return MF_OK;
}

mf_status
mf_program_bind(mf_program *p, const char *name, void *data, mf_err *err)
{
    mf_slot *s = input_slot(p, name);

    if (!s) return mf_fail(err, MF_E_NOTFOUND, "the program has no input '%s'", name);
    if (s->mem == data) return MF_OK;
    if (s->own) mf_free(s->mem);
    s->own    = false;
    s->mem    = data;
    p->linked = 0;
    return MF_OK;
}

void *
mf_program_input_ptr(mf_program *p, const char *name)
{
    mf_slot *s = input_slot(p, name);

    if (!s) return NULL;
    if (!s->mem) {
        s->mem = mf_aligned(mf_tdesc_bytes(&s->desc));
        if (!s->mem) return NULL;
        memset(s->mem, 0, mf_tdesc_bytes(&s->desc));
        s->own    = true;
        p->linked = 0;
    }
    return s->mem;
}

mf_status
mf_program_feed(mf_program *p, const char *name, mf_dtype dtype, const void *plain, mf_err *err)
{
    mf_slot *s = input_slot(p, name);
    mf_tdesc d;

    if (!s) return mf_fail(err, MF_E_NOTFOUND, "the program has no input '%s'", name);
    if (!mf_program_input_ptr(p, name)) return mf_oom(err, mf_tdesc_bytes(&s->desc), name);
    d = (mf_tdesc){dtype, s->desc.shape, mf_layout_plain(&s->desc.shape)};
    mf_tensor_copy(&s->desc, s->mem, &d, plain);
    return MF_OK;
}

/* Where a slot's bytes are now. */
static void *
address(const mf_program *p, int32_t slot)
{
    const mf_slot *s;

    if (slot < 0) return NULL;
    while (p->slot[slot].root >= 0) slot = p->slot[slot].root;
    s = &p->slot[slot];
    switch (s->kind) {
    case MF_SLOT_PLAN: return (char *)p->ws->mem + s->offset;
    case MF_SLOT_KEEP:
    case MF_SLOT_INPUT: return s->mem;
    case MF_SLOT_PARAM: return s->param->data;
    case MF_SLOT_GRAD: return s->param->grad;
    }
    return NULL;
}

static void
link_step(mf_program *p, mf_step *s)
{
    for (int k = 0; k < s->nin; k++) s->pin[k] = address(p, s->in[k]);
    for (int k = 0; k < s->nout; k++) s->pout[k] = address(p, s->out[k]);
}

static mf_status
link_pointers(mf_program *p, mf_err *err)
{
    for (int32_t i = 0; i < p->n_slot; i++) {
        const mf_slot *s = &p->slot[i];

        if (s->root >= 0) continue;
        if (s->kind == MF_SLOT_PARAM && !s->param->data && !s->spent) return mf_fail(err, MF_E_STATE, "parameter '%s' has no values yet", s->param->name);
        if (s->kind == MF_SLOT_GRAD && !s->param->grad) return mf_fail(err, MF_E_STATE, "parameter '%s' has no gradient memory", s->param->name);
        if (s->kind == MF_SLOT_PARAM && !mf_layout_eq(&s->param->shape, &s->param->layout, &s->desc.layout))
            return mf_fail(err, MF_E_STATE, "parameter '%s' changed its layout after the program was compiled", s->param->name);
        if (s->kind == MF_SLOT_INPUT && !s->mem) return mf_fail(err, MF_E_STATE, "input '%s' has no data", p->val[s->value].input);
    }
    for (int32_t i = 0; i < p->n_step; i++) link_step(p, &p->step[i]);
    p->linked = p->ws->version;
    return MF_OK;
}

static mf_slot *
root_slot(mf_program *p, int32_t slot)
{
    while (p->slot[slot].root >= 0) slot = p->slot[slot].root;
    return &p->slot[slot];
}

/* Memory for what constant step s makes and others only pass through. */
static mf_status
open_passing(mf_program *p, mf_step *s, mf_err *err)
{
    for (int k = 0; k < s->nout; k++) {
        mf_slot *o = s->out[k] >= 0 ? root_slot(p, s->out[k]) : NULL;
        size_t   n;

        if (!o || o->kind != MF_SLOT_KEEP || o->mem) continue;
        n      = mf_tdesc_bytes(&o->desc);
        o->mem = mf_aligned(n);
        if (!o->mem) return mf_oom(err, n, "folded weights");
        o->own = true;
        memset(o->mem, 0, n);
    }
    link_step(p, s);
    return MF_OK;
}

/* Frees the constants that step i was the last to read. */
static void
close_passing(mf_program *p, int32_t i)
{
    const mf_step *s = &p->step[i];

    for (int k = 0; k < s->nin; k++) {
        mf_slot *r = s->in[k] >= 0 ? root_slot(p, s->in[k]) : NULL;

        if (!r || r->free_after != i) continue;
        if (r->kind == MF_SLOT_PARAM) {
            mf_free(r->param->data);
            r->param->data = NULL;
            r->spent       = true;
            p->gone        = true;
        } else {
            mf_free(r->mem);
            r->mem = NULL;
        }
    }
}

static mf_status
run_step(mf_program *p, mf_step *s, uint64_t seed, uint64_t step, mf_err *err)
{
    mf_run r = {.in = s->pin, .out = s->pout, .seed = seed, .step = step, .fresh = p->fresh};
    mf_status st;

    r.scratch = (char *)p->ws->mem + ((p->plan_bytes + 63) & ~(size_t)63);
    st        = s->kernel->run(s->state, &r, err);
    return st < 0 ? mf_fail_in(err, st, "%s: %s", s->scope, s->kernel->op) : st;
}

static mf_status
make_ready(mf_program *p, mf_err *err)
{
    bool      stale = p->stale || (!p->grads && p->params_seen != mf_params_version(p->params));
    mf_status st;

    if (p->linked != p->ws->version && (st = link_pointers(p, err)) < 0) return st;
    if (stale && p->gone) return mf_fail(err, MF_E_STATE, "the program has freed its parameters and cannot read them again");
    p->stale = stale; /* until all constant steps have run */
    p->fresh = p->fresh || stale;
    for (int32_t i = 0; stale && i < p->n_step; i++) {
        if (!p->step[i].once) continue;
        if ((st = open_passing(p, &p->step[i], err)) < 0 || (st = run_step(p, &p->step[i], 0, 0, err)) < 0) return st;
        close_passing(p, i);
    }
    for (int32_t i = 0; stale && i < p->n_step; i++) link_step(p, &p->step[i]);
    p->stale       = false;
    p->params_seen = mf_params_version(p->params);
    return MF_OK;
}

void
mf_program_refresh(mf_program *p)
{
    p->stale = true;
}

void
mf_program_sink(mf_program *p, mf_grad_sink *sink, void *arg)
{
    p->sink     = sink;
    p->sink_arg = arg;
}

/* Gradients that are whole after step i go to the sink; *next is the first that has not gone. */
static mf_status
hand_over(mf_program *p, int32_t i, int32_t *next, mf_err *err)
{
    mf_status st;

    for (; *next < p->n_handed && p->handed[*next].after == i; ++*next) {
        int32_t slot = p->handed[*next].slot;

        if (p->sink && (st = p->sink(p->sink_arg, p->slot[slot].param, address(p, slot), err)) != MF_OK) return st;
    }
    return MF_OK;
}

mf_status
mf_program_run(mf_program *p, uint64_t seed, uint64_t step, mf_err *err)
{
    int32_t   next = 0;
    mf_status st;

    if ((st = make_ready(p, err)) < 0) return st;
    for (int32_t i = 0; i < p->n_step; i++) {
        if (p->step[i].once) continue;
        if ((st = run_step(p, &p->step[i], seed, step, err)) < 0) {
            p->stale = p->stale || p->fresh; /* constants may be gone */
            return st;
        }
        if (p->fresh) close_passing(p, i);
        if ((st = hand_over(p, i, &next, err)) != MF_OK) return st;
    }
    p->fresh = false;
    if (p->grads) mf_params_touch(p->params); /* running statistics have moved */
    return MF_OK;
}

static const mf_pval *
output_value(const mf_program *p, const char *name, mf_err *err)
{
    for (int32_t i = 0; i < p->n_val; i++)
        if (p->val[i].name && strcmp(p->val[i].name, name) == 0) return &p->val[i];
    mf_fail(err, MF_E_NOTFOUND, "the program has no output '%s'", name);
    return NULL;
}

mf_status
mf_program_output_shape(const mf_program *p, const char *name, mf_shape *out, mf_err *err)
{
    const mf_pval *v = output_value(p, name, err);

    if (!v) return MF_E_NOTFOUND;
    *out = v->shape;
    return MF_OK;
}

mf_status
mf_program_read(const mf_program *p, const char *name, mf_dtype dtype, void *plain, size_t elems, mf_err *err)
{
    const mf_pval *v = output_value(p, name, err);
    mf_tdesc       d;
    char           text[96];

    if (!v) return MF_E_NOTFOUND;
    if ((int64_t)elems != mf_shape_elems(&v->shape))
        return mf_fail(err, MF_E_ARG, "output '%s' is %s, not %zu elements", name, mf_shape_text(text, &v->shape), elems);
    d = (mf_tdesc){dtype, v->shape, mf_layout_plain(&v->shape)};
    mf_tensor_copy(&d, plain, &p->slot[v->slot].desc, address(p, v->slot));
    return MF_OK;
}

mf_program_stats
mf_program_get_stats(const mf_program *p)
{
    return p->stats;
}

/* ---- profile ---- */

static int
by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

mf_status
mf_program_profile(mf_program *p, int runs, bool json, mf_str *out, mf_err *err)
{
    double   *t, total = 0;
    mf_status st;

    if (runs < 1 || runs > 1000) return mf_fail(err, MF_E_ARG, "%d runs to profile", runs);
    t = mf_calloc((size_t)p->n_step * (size_t)runs, sizeof *t);
    if (!t) return mf_oom(err, (size_t)p->n_step * (size_t)runs * sizeof *t, "a profile");
    if ((st = make_ready(p, err)) < 0) goto done;
    for (int r = 0; r < runs; r++)
        for (int32_t i = 0; i < p->n_step; i++) {
            double t0 = mf_now();

            if (p->step[i].once) continue;
            if ((st = run_step(p, &p->step[i], 1, (uint64_t)r, err)) < 0) goto done;
            t[(size_t)i * (size_t)runs + (size_t)r] = mf_now() - t0;
        }
    if (!json) mf_str_printf(out, "%-34s %-16s %-22s %-22s %-10s %9s %9s\n", "layer", "op", "kernel", "output", "layout", "ms", "GFLOP/s");
    for (int32_t i = 0; i < p->n_step; i++) {
        const mf_step  *s = &p->step[i];
        const mf_slot  *o = NULL;
        char            shape[96] = "", layout[64] = "";
        double          ms;

        if (s->once) continue;
        for (int k = 0; k < s->nout && !o; k++)
            if (s->out[k] >= 0) o = &p->slot[s->out[k]];
        qsort(t + (size_t)i * (size_t)runs, (size_t)runs, sizeof *t, by_value);
        ms = 1e3 * t[(size_t)i * (size_t)runs + (size_t)runs / 2];
        total += ms;
        if (o) {
            mf_shape_text(shape, &o->desc.shape);
            mf_layout_text(layout, &o->desc.shape, &o->desc.layout);
        }
        if (json)
            mf_str_printf(out, "{\"layer\":\"%s\",\"op\":\"%s\",\"kernel\":\"%s\",\"output\":\"%s\",\"layout\":\"%s\",\"type\":\"%s\",\"milliseconds\":%.4f,\"gflops\":%.1f}\n",
                          s->scope, s->kernel->op, s->kernel->name, shape, layout, o ? mf_dtype_name(o->desc.dtype) : "", ms,
                          ms > 0 ? 2e-6 * (double)s->macs / ms : 0.0);
        else
            mf_str_printf(out, "%-34s %-16s %-22s %-22s %-10s %9.3f %9.1f\n", s->scope, s->kernel->op, s->kernel->name, shape, layout, ms,
                          ms > 0 ? 2e-6 * (double)s->macs / ms : 0.0);
    }
    if (!json) mf_str_printf(out, "sum of medians: %.3f ms\n", total);
    st = mf_str_ok(out, err);
done:
    mf_free(t);
    return st;
}
