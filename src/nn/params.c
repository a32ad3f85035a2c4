/* nn/params.c: the store of parameters and buffers. Entries never move: kernels and optimisers may keep pointers. */
#include "nn/params.h"

#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/hash.h"
#include "core/mem.h"
#include "core/rng.h"

struct mf_params {
    mf_arena   names;
    mf_dtype   dtype;
    mf_param **p;
    size_t     n, cap;
    uint32_t  *table; /* open addressing by name: index + 1 */
    size_t     table_size;
    uint64_t   version;
};

mf_status
mf_params_new(mf_params **out, mf_dtype dtype, mf_err *err)
{
    *out = mf_calloc(1, sizeof **out);
    if (!*out) return mf_oom(err, sizeof **out, "parameters");
    (*out)->dtype   = dtype;
    (*out)->version = 1;
    return MF_OK;
}

void
mf_params_free(mf_params *ps)
{
    if (!ps) return;
    for (size_t i = 0; i < ps->n; i++) {
        mf_free(ps->p[i]->data);
        mf_free(ps->p[i]->grad);
    }
    mf_free(ps->p);
    mf_free(ps->table);
    mf_arena_free(&ps->names);
    mf_free(ps);
}

size_t
mf_params_count(const mf_params *ps)
{
    return ps->n;
}

mf_param *
mf_params_at(const mf_params *ps, size_t i)
{
    return ps->p[i];
}

mf_param *
mf_params_find(const mf_params *ps, const char *name)
{
    if (!ps->table_size) return NULL;
    for (size_t h = (size_t)mf_hash64(name, strlen(name));; h++) {
        uint32_t e = ps->table[h & (ps->table_size - 1)];

        if (!e) return NULL;
        if (strcmp(ps->p[e - 1]->name, name) == 0) return ps->p[e - 1];
    }
}

static mf_status
grow(mf_params *ps, mf_err *err)
{
    size_t     cap = ps->cap ? ps->cap * 2 : 128, size = cap * 4;
    mf_param **p   = mf_realloc(ps->p, cap, sizeof *p);
    uint32_t  *table;

    if (!p) return mf_oom(err, cap * sizeof *p, "parameters");
    ps->p = p;
    table = mf_calloc(size, sizeof *table);
    if (!table) return mf_oom(err, size * sizeof *table, "parameters");
    for (size_t i = 0; i < ps->n; i++) {
        size_t h = (size_t)mf_hash64(p[i]->name, strlen(p[i]->name));

        while (table[h & (size - 1)]) h++;
        table[h & (size - 1)] = (uint32_t)i + 1;
    }
    mf_free(ps->table);
    ps->table      = table;
    ps->table_size = size;
    ps->cap        = cap;
    return MF_OK;
}

mf_status
mf_params_want(mf_params *ps, mf_param **out, const char *name, const mf_shape *shape, mf_init init, mf_param_kind kind, mf_err *err)
{
    mf_status st;
    mf_param *p = mf_params_find(ps, name);
    size_t    h;

    *out = p;
    if (p) {
        char a[96], b[96];

        if (mf_shape_eq(&p->shape, shape) && p->kind == kind) return MF_OK;
        *out = NULL;
        return mf_fail(err, MF_E_ARG, "parameter '%s' is %s and was wanted as %s", name, mf_shape_text(a, &p->shape), mf_shape_text(b, shape));
    }
    if (ps->n == ps->cap && (st = grow(ps, err)) < 0) return st;
    p = mf_arena_alloc(&ps->names, sizeof *p);
    if (!p || !(p->name = mf_arena_strdup(&ps->names, name))) return mf_oom(err, sizeof *p, name);
    p->index  = ps->n;
    p->shape  = *shape;
    p->init   = init;
    p->kind   = kind;
    p->dtype  = ps->dtype;
    p->layout = mf_layout_plain(shape);
    h         = (size_t)mf_hash64(name, strlen(name));
    while (ps->table[h & (ps->table_size - 1)]) h++;
    ps->table[h & (ps->table_size - 1)] = (uint32_t)ps->n + 1;
    ps->p[ps->n++]                      = p;
    *out                                = p;
    return MF_OK;
}

/* fan_in and fan_out of a weight: [out, in, k...] as PyTorch counts them. */
static void
fans(const mf_shape *s, double *in, double *out)
{
    double field = 1;

    for (int d = 2; d < s->ndim; d++) field *= (double)s->dim[d];
    *in  = s->ndim > 1 ? (double)s->dim[1] * field : 1;
    *out = s->ndim > 0 ? (double)s->dim[0] * field : 1;
}

/* The next n values in row-major order. */
static void
init_fill(const mf_param *p, double *v, int64_t n, mf_rng *r)
{
    double in, out, b = 0;

    fans(&p->shape, &in, &out);
    if (p->init.fan > 0) in = (double)p->init.fan;
    switch (p->init.kind) {
    case MF_INIT_ZERO: b = 0; break;
    case MF_INIT_ONE: b = 1; break;
    case MF_INIT_CONST: b = p->init.a; break;
    case MF_INIT_KAIMING_FAN_OUT: b = sqrt(2.0 / out); break;
    case MF_INIT_UNIFORM_FAN_IN: b = 1.0 / sqrt(in); break;
    case MF_INIT_KAIMING_UNIFORM_FAN_IN: b = sqrt(6.0 / in); break;
    case MF_INIT_NORMAL: b = p->init.a; break;
    }
    for (int64_t i = 0; i < n; i++) {
        switch (p->init.kind) {
        case MF_INIT_KAIMING_FAN_OUT:
        case MF_INIT_NORMAL: v[i] = b * mf_rng_normal(r); break;
        case MF_INIT_UNIFORM_FAN_IN:
        case MF_INIT_KAIMING_UNIFORM_FAN_IN: v[i] = mf_rng_uniform(r, -b, b); break;
        case MF_INIT_ZERO:
        case MF_INIT_ONE:
        case MF_INIT_CONST: v[i] = b; break;
        }
    }
}

static mf_tdesc
desc_of(const mf_param *p)
{
    return (mf_tdesc){p->dtype, p->shape, p->layout};
}

static mf_tdesc
plain_of(const mf_param *p, mf_dtype dtype)
{
    return (mf_tdesc){dtype, p->shape, mf_layout_plain(&p->shape)};
}

/* Elements of one step along the outermost dimension. */
static int64_t
row_elems(const mf_param *p)
{
    return p->shape.ndim > 0 && p->shape.dim[0] > 0 ? mf_shape_elems(&p->shape) / p->shape.dim[0] : 1;
}

/* Fills p->data by rows, through a buffer of `room` values. */
static void
init_param(mf_param *p, double *buf, int64_t room, uint64_t seed)
{
    const mf_tdesc d = desc_of(p);
    const int64_t  n = p->shape.ndim > 0 ? p->shape.dim[0] : 1, row = row_elems(p);
    mf_rng         r = mf_rng_make(seed, 0, mf_hash64(p->name, strlen(p->name)), MF_RNG_INIT);

    for (int64_t i = 0; i < n; i += room / row) {
        int64_t rows = n - i < room / row ? n - i : room / row;

        init_fill(p, buf, rows * row, &r);
        if (p->shape.ndim > 0)
            mf_tensor_put_rows(&d, p->data, i, rows, MF_DTYPE_F64, buf);
        else
            mf_param_set(p, MF_DTYPE_F64, buf);
    }
}

mf_status
mf_param_open(mf_param *p, mf_err *err)
{
    mf_tdesc d = desc_of(p);

    if (p->data) return MF_OK;
    p->elems = (size_t)mf_layout_elems(&p->shape, &p->layout);
    p->data  = mf_aligned(mf_tdesc_bytes(&d));
    if (!p->data) return mf_oom(err, mf_tdesc_bytes(&d), p->name);
    if (p->elems != (size_t)mf_shape_elems(&p->shape)) memset(p->data, 0, mf_tdesc_bytes(&d));
    return MF_OK;
}

mf_status
mf_params_materialize(mf_params *ps, uint64_t seed, mf_err *err)
{
    int64_t   room = 1 << 16;
    double   *buf;
    mf_status st = MF_OK;

    for (size_t i = 0; i < ps->n; i++)
        if (!ps->p[i]->data && row_elems(ps->p[i]) > room) room = row_elems(ps->p[i]);
    if (!(buf = mf_calloc((size_t)room, sizeof *buf))) return mf_oom(err, (size_t)room * sizeof *buf, "initial values");
    for (size_t i = 0; i < ps->n && st == MF_OK; i++) {
        mf_param *p = ps->p[i];

        if (p->data) continue;
        if ((st = mf_param_open(p, err)) == MF_OK) init_param(p, buf, room, seed);
    }
    mf_free(buf);
    if (st == MF_OK) ps->version++;
    return st;
}

bool
mf_param_learns(const mf_param *p)
{
    return p->kind < MF_PARAM_BUFFER && !p->frozen && !p->unreached;
}

mf_status
mf_params_want_grads(mf_params *ps, mf_err *err)
{
    for (size_t i = 0; i < ps->n; i++) {
        mf_param *p = ps->p[i];
        mf_tdesc  d = desc_of(p);

        if (p->grad || !mf_param_learns(p)) continue;
        p->elems = (size_t)mf_layout_elems(&p->shape, &p->layout);
        p->grad  = mf_aligned(mf_tdesc_bytes(&d));
        if (!p->grad) return mf_oom(err, mf_tdesc_bytes(&d), p->name);
        memset(p->grad, 0, mf_tdesc_bytes(&d));
    }
    return MF_OK;
}

void
mf_param_set(mf_param *p, mf_dtype dtype, const void *plain)
{
    mf_tdesc d = desc_of(p), s = plain_of(p, dtype);

    MF_ASSERT(p->data);
    mf_tensor_copy(&d, p->data, &s, plain);
}

void
mf_param_get(const mf_param *p, mf_dtype dtype, void *plain)
{
    mf_tdesc d = plain_of(p, dtype), s = desc_of(p);

    MF_ASSERT(p->data);
    mf_tensor_copy(&d, plain, &s, p->data);
}

void
mf_param_get_grad(const mf_param *p, mf_dtype dtype, void *plain)
{
    mf_tdesc d = plain_of(p, dtype), s = desc_of(p);

    MF_ASSERT(p->grad);
    mf_tensor_copy(&d, plain, &s, p->grad);
}

int64_t
mf_params_trainable(const mf_params *ps)
{
    int64_t n = 0;

    for (size_t i = 0; i < ps->n; i++)
        if (ps->p[i]->kind < MF_PARAM_BUFFER) n += mf_shape_elems(&ps->p[i]->shape);
    return n;
}

uint64_t
mf_params_version(const mf_params *ps)
{
    return ps->version;
}

void
mf_params_touch(mf_params *ps)
{
    ps->version++;
}

mf_status
mf_params_export(const mf_params *ps, mf_tensors *out, mf_err *err)
{
    mf_status st;

    for (size_t i = 0; i < ps->n; i++) {
        const mf_param *p       = ps->p[i];
        bool            counter = p->kind == MF_PARAM_COUNTER;
        mf_shape        s       = counter ? (mf_shape){.ndim = 0} : p->shape;
        mf_dtype        dt      = counter ? MF_DTYPE_I64 : MF_DTYPE_F32;
        mf_tensor      *t;

        if ((st = mf_tensors_add(out, p->name, dt, &s, &t, err)) < 0) return st;
        mf_param_get(p, dt, t->data);
    }
    return MF_OK;
}
