/* train/optim.c: one step over all parameters: runs of elements dealt to threads, clipping, accumulation, averages. */
#include "train/optim.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "core/registry.h"
#include "core/str.h"
#include "core/thread.h"

#define MF_OPTIM(name) extern const mf_optim_def mf_optim_##name;
#include "train/optim_list.h"
#undef MF_OPTIM

static const mf_optim_def *const defs[] = {
#define MF_OPTIM(name) &mf_optim_##name,
#include "train/optim_list.h"
#undef MF_OPTIM
};
enum { N_DEFS = sizeof defs / sizeof defs[0], RUN_ELEMS = 1 << 14 };

typedef struct slot {
    mf_param *p;
    bool      trained; /* false: a buffer, only averaged */
    bool      decays;
    float    *state[MF_OPTIM_STATES];
    float    *ema, *waiting;
    size_t    first_run, n_runs;
} slot;

/* RUN_ELEMS elements of one parameter, or what is left of them: small enough to stay in the cache between the passes. */
typedef struct run {
    uint32_t slot;
    size_t   begin, n;
} run;

/* What the loops over runs are given: the numbers of the step that is open. */
typedef struct pass {
    mf_optim     *o;
    mf_update_fn *loop;
    mf_update     u[MF_OPTIM_GROUPS][2]; /* [group][decays] */
    float         ema;
    bool          first;                 /* of the batches that make a step */
    size_t        base;                  /* of the runs looped over */
    const float  *grad;                  /* of the one parameter they belong to; NULL: each has its own */
    bool          buffers;               /* only what is not trained */
} pass;

struct mf_optim {
    mf_optim_opts          opts;
    uint8_t                cfg[MF_OPTIM_CFG_MAX];
    mf_params             *params;
    const mf_update_table *isa;
    slot                  *slots;
    size_t                 n_slots;
    uint32_t              *slot_of; /* by mf_param.index: a slot + 1, 0: none */
    pass                   now;
    run                   *runs;
    size_t                 n_runs;
    double                *sums; /* a sum of squares a run: the total does not depend on the thread count */
    int64_t                steps;
    int                    waiting;
};

const mf_update_table *
mf_update_best(void)
{
#if MF_ISA_X86
    switch (mf_isa_best()) {
    case MF_ISA_AVX512: return &mf_update_table_avx512;
    case MF_ISA_AVX2: return &mf_update_table_avx2;
    case MF_ISA_BASE: break;
    }
#endif
    return &mf_update_table_base;
}

size_t
mf_optim_count(void)
{
    return N_DEFS;
}

const mf_optim_def *
mf_optim_at(size_t i)
{
    return i < N_DEFS ? defs[i] : NULL;
}

static const char *
name_at(size_t i)
{
    return defs[i]->name;
}

mf_status
mf_optim_find(const mf_optim_def **out, const char *name, mf_err *err)
{
    size_t    at = 0;
    mf_status st = mf_registry_find(&at, "optimiser", name, name_at, N_DEFS, err);

    *out = st < 0 ? NULL : defs[at];
    return st;
}

void
mf_optim_free(mf_optim *o)
{
    if (o == NULL) {
        return;
    }
    for (size_t i = 0; o->slots != NULL && i < o->n_slots; i++) {
        for (int k = 0; k < MF_OPTIM_STATES; k++) {
            mf_free(o->slots[i].state[k]);
        }
        mf_free(o->slots[i].ema);
        mf_free(o->slots[i].waiting);
    }
    mf_free(o->slots);
    mf_free(o->slot_of);
    mf_free(o->runs);
    mf_free(o->sums);
    mf_free(o);
}

static mf_status
zeroed(float **out, size_t n, mf_err *err)
{
    *out = mf_aligned(n * sizeof **out);
    if (*out == NULL) {
        return mf_oom(err, n * sizeof **out, "the optimiser's state");
    }
    memset(*out, 0, n * sizeof **out);
    return MF_OK;
}

static mf_status
fill_slot(mf_optim *o, slot *s, mf_param *p, mf_err *err)
{
    int       n  = o->opts.def->n_states(o->cfg);
    mf_status st = MF_OK;

    s->p       = p;
    s->trained = mf_param_learns(p);
    s->decays  = o->opts.decay_all || p->kind == MF_PARAM_WEIGHT;
    for (int k = 0; s->trained && k < n && st == MF_OK; k++) {
        st = zeroed(&s->state[k], p->elems, err);
    }
    if (st == MF_OK && s->trained && o->opts.accumulate > 1) {
        st = zeroed(&s->waiting, p->elems, err);
    }
    if (st == MF_OK && o->opts.ema > 0.0 && (st = zeroed(&s->ema, p->elems, err)) == MF_OK) {
        memcpy(s->ema, p->data, p->elems * sizeof(float));
    }
    return st;
}

mf_status
mf_optim_new(mf_optim **out, mf_params *ps, const mf_optim_opts *opts, mf_err *err)
{
    mf_optim *o = mf_calloc(1, sizeof *o);
    size_t    n = mf_params_count(ps), used = 0;
    mf_status st;

    *out = NULL;
    if (o == NULL) {
        return mf_oom(err, sizeof *o, "the optimiser");
    }
    MF_ASSERT(opts->def->cfg_size <= sizeof o->cfg);
    o->opts   = *opts;
    o->params = ps;
    o->isa    = mf_update_best();
    memcpy(o->cfg, opts->cfg, opts->def->cfg_size);
    o->slots   = mf_calloc(n, sizeof *o->slots);
    o->slot_of = mf_calloc(n, sizeof *o->slot_of);
    if (o->slots == NULL || o->slot_of == NULL) {
        st = mf_oom(err, n * sizeof *o->slots, "the optimiser");
        goto fail;
    }
    for (size_t i = 0; i < n; i++) {
        mf_param *p        = mf_params_at(ps, i);
        bool      averaged = opts->ema > 0.0 && p->kind == MF_PARAM_BUFFER && !p->frozen && p->data != NULL;

        if (!mf_param_learns(p) && !averaged) {
            continue;
        }
        if (p->dtype != MF_DTYPE_F32) {
            st = mf_fail(err, MF_E_UNSUPPORTED, "the optimiser works on f32 parameters, '%s' is %s", p->name,
                         mf_dtype_name(p->dtype));
            goto fail;
        }
        o->n_slots = used + 1;
        if ((st = fill_slot(o, &o->slots[used], p, err)) < 0) {
            goto fail;
        }
        o->slots[used].first_run = o->n_runs;
        o->slots[used].n_runs    = (p->elems + RUN_ELEMS - 1) / RUN_ELEMS;
        o->n_runs += o->slots[used].n_runs;
        o->slot_of[i] = (uint32_t)++used;
    }
    o->n_slots = used;
    o->runs    = mf_calloc(o->n_runs, sizeof *o->runs);
    o->sums    = mf_calloc(o->n_runs, sizeof *o->sums);
    if (o->runs == NULL || o->sums == NULL) {
        st = mf_oom(err, o->n_runs * sizeof *o->runs, "the optimiser");
        goto fail;
    }
    for (size_t i = 0, r = 0; i < used; i++) {
        for (size_t b = 0; b < o->slots[i].p->elems; b += RUN_ELEMS) {
            size_t left = o->slots[i].p->elems - b;

            o->runs[r++] = (run){(uint32_t)i, b, left < RUN_ELEMS ? left : RUN_ELEMS};
        }
    }
    *out = o;
    return MF_OK;
fail:
    mf_optim_free(o);
    return st;
}

static const float *
gradient(const slot *s)
{
    return s->waiting != NULL ? s->waiting : s->p->grad;
}

static void
accumulate_runs(void *arg, size_t begin, size_t end, int thread)
{
    const pass *a = arg;

    (void)thread;
    for (size_t i = begin; i < end; i++) {
        const run  *r = &a->o->runs[i];
        const slot *s = &a->o->slots[r->slot];

        if (s->trained) {
            a->o->isa->accumulate(s->waiting + r->begin, (const float *)s->p->grad + r->begin, a->first, r->n);
        }
    }
}

static void
norm_runs(void *arg, size_t begin, size_t end, int thread)
{
    const pass *a = arg;

    (void)thread;
    for (size_t i = begin; i < end; i++) {
        const run  *r = &a->o->runs[i];
        const slot *s = &a->o->slots[r->slot];

        a->o->sums[i] = s->trained ? a->o->isa->sumsq(gradient(s) + r->begin, r->n) : 0.0;
    }
}

static void
step_runs(void *arg, size_t begin, size_t end, int thread)
{
    const pass *a = arg;

    (void)thread;
    for (size_t i = begin; i < end; i++) {
        const run  *r = &a->o->runs[a->base + i];
        const slot *s = &a->o->slots[r->slot];
        float      *w = (float *)s->p->data + r->begin;

        if (s->trained && a->buffers) {
            continue;
        }
        if (s->trained) {
            a->loop(&a->u[s->p->group][s->decays], w, (a->grad != NULL ? a->grad : gradient(s)) + r->begin,
                    s->state[0] != NULL ? s->state[0] + r->begin : NULL,
                    s->state[1] != NULL ? s->state[1] + r->begin : NULL, r->n);
        }
        if (s->ema != NULL) {
            a->o->isa->ema(s->ema + r->begin, w, a->ema, r->n);
        }
    }
}

bool
mf_optim_streams(const mf_optim_opts *o)
{
    return o->clip <= 0.0 && o->accumulate <= 1;
}

static void
open_step(mf_optim *o, const double lr[MF_OPTIM_GROUPS], double scale)
{
    pass *a = &o->now;

    *a = (pass){.o = o, .loop = o->opts.def->loop(o->isa)};
    o->steps++;
    for (int g = 0; g < MF_OPTIM_GROUPS; g++) {
        for (int d = 0; d < 2; d++) {
            o->opts.def->numbers(&a->u[g][d], o->cfg, o->steps, lr[g], d ? o->opts.weight_decay : 0.0);
            a->u[g][d].gscale = (float)scale;
        }
    }
    if (o->opts.ema > 0.0) { /* a short memory at first, so that the start is forgotten */
        double early = (1.0 + (double)o->steps) / (10.0 + (double)o->steps);

        a->ema = (float)(1.0 - (early < o->opts.ema ? early : o->opts.ema));
    }
}

void
mf_optim_open(mf_optim *o, const double lr[MF_OPTIM_GROUPS])
{
    MF_ASSERT(mf_optim_streams(&o->opts));
    open_step(o, lr, 1.0);
}

void
mf_optim_take(mf_optim *o, const mf_param *p, const float *grad)
{
    const slot *s;

    MF_ASSERT(o->slot_of[p->index] != 0);
    s           = &o->slots[o->slot_of[p->index] - 1];
    o->now.base = s->first_run;
    o->now.grad = grad;
    mf_parallel_for(s->n_runs, 4, step_runs, &o->now);
}

void
mf_optim_close(mf_optim *o)
{
    o->now.base    = 0;
    o->now.buffers = true;
    if (o->opts.ema > 0.0) {
        mf_parallel_for(o->n_runs, 4, step_runs, &o->now);
    }
    mf_params_touch(o->params);
}

bool
mf_optim_batch(mf_optim *o, const double lr[MF_OPTIM_GROUPS], bool flush, double *norm)
{
    pass   a     = {.o = o, .first = o->waiting == 0};
    double scale = 1.0, total = -1.0;

    if (norm != NULL) {
        *norm = -1.0;
    }
    if (o->opts.accumulate > 1) {
        mf_parallel_for(o->n_runs, 4, accumulate_runs, &a);
        o->waiting++;
        if (o->waiting < o->opts.accumulate && !flush) {
            return false;
        }
        scale      = 1.0 / o->waiting;
        o->waiting = 0;
    }
    if (o->opts.clip > 0.0) {
        mf_parallel_for(o->n_runs, 4, norm_runs, &a);
        total = 0.0;
        for (size_t i = 0; i < o->n_runs; i++) {
            total += o->sums[i];
        }
        total = sqrt(total) * scale;
        if (total > o->opts.clip) {
            scale *= o->opts.clip / (total + 1e-6); /* as PyTorch's clip_grad_norm_ */
        }
        if (norm != NULL) {
            *norm = total;
        }
    }
    open_step(o, lr, scale);
    mf_parallel_for(o->n_runs, 4, step_runs, &o->now);
    mf_params_touch(o->params);
    return true;
}

static void
finite_runs(void *arg, size_t begin, size_t end, int thread)
{
    const pass *a = arg;

    (void)thread;
    for (size_t i = begin; i < end; i++) {
        const run   *r = &a->o->runs[i];
        const float *w = a->o->slots[r->slot].p->data;

        a->o->sums[i] = a->o->isa->sumsq(w + r->begin, r->n);
    }
}

bool
mf_optim_finite(mf_optim *o)
{
    pass a = {.o = o};

    mf_parallel_for(o->n_runs, 4, finite_runs, &a);
    for (size_t i = 0; i < o->n_runs; i++) {
        if (!isfinite(o->sums[i])) {
            return false;
        }
    }
    return true;
}

int64_t
mf_optim_steps(const mf_optim *o)
{
    return o->steps;
}

bool
mf_optim_has_ema(const mf_optim *o)
{
    return o->opts.ema > 0.0;
}

void
mf_optim_swap_ema(mf_optim *o)
{
    if (!mf_optim_has_ema(o)) {
        return;
    }
    for (size_t i = 0; i < o->n_slots; i++) {
        float *a = o->slots[i].p->data, *b = o->slots[i].ema;

        for (size_t k = 0; k < o->slots[i].p->elems; k++) {
            float t = a[k];

            a[k] = b[k];
            b[k] = t;
        }
    }
    mf_params_touch(o->params);
}

/* ---- state in and out ------------------------------------------------------------------------------------- */

/* Visits each array of state with its name; writes to `ts` or reads from it. */
static mf_status
one_array(const slot *s, float *data, const char *what, mf_tensors *to, const mf_tensors *from, mf_err *err)
{
    mf_tdesc   storage = {MF_DTYPE_F32, s->p->shape, s->p->layout};
    mf_tdesc   plain   = {MF_DTYPE_F32, s->p->shape, mf_layout_plain(&s->p->shape)};
    mf_str     name    = {0};
    mf_tensor *t;
    mf_status  st;

    if (data == NULL) {
        return MF_OK;
    }
    mf_str_printf(&name, "%s/%s", what, s->p->name);
    if ((st = mf_str_ok(&name, err)) < 0) {
        goto done;
    }
    if (to != NULL) {
        if ((st = mf_tensors_add(to, name.data, MF_DTYPE_F32, &s->p->shape, &t, err)) == MF_OK) {
            mf_tensor_copy(&plain, t->data, &storage, data);
        }
        goto done;
    }
    t = mf_tensors_find(from, name.data);
    if (t == NULL || t->dtype != MF_DTYPE_F32 || !mf_shape_eq(&t->shape, &s->p->shape)) {
        st = mf_fail(err, MF_E_FORMAT, "'%s' is %s", name.data, t == NULL ? "missing" : "of another shape or type");
        goto done;
    }
    mf_tensor_copy(&storage, data, &plain, t->data);
done:
    mf_str_free(&name);
    return st;
}

static mf_status
all_arrays(const mf_optim *o, mf_tensors *to, const mf_tensors *from, bool waiting, mf_err *err)
{
    char what[64];

    for (size_t i = 0; i < o->n_slots; i++) {
        const slot *s = &o->slots[i];
        mf_status   st;

        for (int k = 0; k < MF_OPTIM_STATES; k++) {
            snprintf(what, sizeof what, "optim/%s", o->opts.def->state_name[k] ? o->opts.def->state_name[k] : "");
            if ((st = one_array(s, s->state[k], what, to, from, err)) < 0) {
                return st;
            }
        }
        if ((st = one_array(s, s->ema, "ema", to, from, err)) < 0 ||
            (waiting && (st = one_array(s, s->waiting, "optim/waiting", to, from, err)) < 0)) {
            return st;
        }
    }
    return MF_OK;
}

mf_status
mf_optim_export(const mf_optim *o, mf_tensors *ts, mf_err *err)
{
    mf_shape   two = mf_shape_of(1, (int64_t)2);
    mf_tensor *t;
    mf_status  st;

    if ((st = mf_tensors_add(ts, "optim/step", MF_DTYPE_I64, &two, &t, err)) < 0) {
        return st;
    }
    ((int64_t *)t->data)[0] = o->steps;
    ((int64_t *)t->data)[1] = o->waiting;
    return all_arrays(o, ts, NULL, o->waiting > 0, err);
}

mf_status
mf_optim_import(mf_optim *o, const mf_tensors *ts, mf_err *err)
{
    const mf_tensor *t = mf_tensors_find(ts, "optim/step");

    if (t == NULL || t->dtype != MF_DTYPE_I64 || t->bytes != 2 * sizeof(int64_t)) {
        return mf_fail(err, MF_E_FORMAT, "'optim/step' is missing or of another shape or type");
    }
    memcpy(&o->steps, t->data, sizeof o->steps);
    o->waiting = (int)((const int64_t *)t->data)[1];
    return all_arrays(o, NULL, ts, o->waiting > 0, err);
}
