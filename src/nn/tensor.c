/* nn/tensor.c: types, shapes, layouts, and the general copy between layouts. */
#include "nn/tensor.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"

static const struct {
    const char *name;
    size_t      size;
} dtypes[MF_DTYPE_COUNT] = {
    [MF_DTYPE_F32] = {"F32", 4}, [MF_DTYPE_F64] = {"F64", 8}, [MF_DTYPE_BF16] = {"BF16", 2}, [MF_DTYPE_F16] = {"F16", 2},
    [MF_DTYPE_I64] = {"I64", 8}, [MF_DTYPE_I32] = {"I32", 4}, [MF_DTYPE_I16] = {"I16", 2},   [MF_DTYPE_I8] = {"I8", 1},
    [MF_DTYPE_U8] = {"U8", 1},   [MF_DTYPE_BOOL] = {"BOOL", 1},
};

size_t
mf_dtype_size(mf_dtype t)
{
    return dtypes[t].size;
}

const char *
mf_dtype_name(mf_dtype t)
{
    return dtypes[t].name;
}

mf_shape
mf_shape_of(int ndim, ...)
{
    mf_shape s = {.ndim = ndim};
    va_list  ap;

    MF_ASSERT(ndim >= 0 && ndim <= MF_MAX_DIMS);
    va_start(ap, ndim);
    for (int i = 0; i < ndim; i++) s.dim[i] = va_arg(ap, int64_t);
    va_end(ap);
    return s;
}

int64_t
mf_shape_elems(const mf_shape *s)
{
    int64_t n = 1;

    for (int i = 0; i < s->ndim; i++) n *= s->dim[i];
    return n;
}

bool
mf_shape_eq(const mf_shape *a, const mf_shape *b)
{
    if (a->ndim != b->ndim) return false;
    for (int i = 0; i < a->ndim; i++)
        if (a->dim[i] != b->dim[i]) return false;
    return true;
}

const char *
mf_shape_text(char buf[96], const mf_shape *s)
{
    size_t at = 0;

    at += (size_t)snprintf(buf, 96, "[");
    for (int i = 0; i < s->ndim && at < 90; i++)
        at += (size_t)snprintf(buf + at, 96 - at, "%s%lld", i ? ", " : "", (long long)s->dim[i]);
    if (at < 95) snprintf(buf + at, 96 - at, "]");
    return buf;
}

/* ---- layouts ---- */

/* Product of the blocks of dimension d. */
static int64_t
block_of(const mf_layout *l, int d)
{
    int64_t b = 1;

    for (int k = 0; k < l->nblk; k++)
        if (l->blk_dim[k] == d) b *= l->blk[k];
    return b;
}

mf_layout
mf_layout_plain(const mf_shape *s)
{
    mf_layout l      = {{0}, 0, {0}, {0}};
    int64_t   stride = 1;

    for (int d = s->ndim - 1; d >= 0; d--) {
        l.stride[d] = stride;
        stride *= s->dim[d];
    }
    return l;
}

mf_layout
mf_layout_nhwc(const mf_shape *s)
{
    mf_layout l = {{0}, 0, {0}, {0}};

    MF_ASSERT(s->ndim == 4);
    l.stride[1] = 1;
    l.stride[3] = s->dim[1];
    l.stride[2] = s->dim[1] * s->dim[3];
    l.stride[0] = l.stride[2] * s->dim[2];
    return l;
}

mf_layout
mf_layout_nchw_c(const mf_shape *s, int block)
{
    mf_layout l      = {{0}, 1, {1}, {block}};
    int64_t   blocks = (s->dim[1] + block - 1) / block;

    MF_ASSERT(s->ndim == 4);
    l.stride[3] = block;
    l.stride[2] = block * s->dim[3];
    l.stride[1] = l.stride[2] * s->dim[2];
    l.stride[0] = l.stride[1] * blocks;
    return l;
}

/* Strides of dimensions that have one block only never matter. */
bool
mf_layout_eq(const mf_shape *s, const mf_layout *a, const mf_layout *b)
{
    if (a->nblk != b->nblk) return false;
    for (int k = 0; k < a->nblk; k++)
        if (a->blk_dim[k] != b->blk_dim[k] || a->blk[k] != b->blk[k]) return false;
    for (int d = 0; d < s->ndim; d++)
        if (s->dim[d] > block_of(a, d) && a->stride[d] != b->stride[d]) return false;
    return true;
}

int64_t
mf_layout_elems(const mf_shape *s, const mf_layout *l)
{
    int64_t last = 0, inner = 1;

    for (int k = 0; k < l->nblk; k++) inner *= l->blk[k];
    for (int d = 0; d < s->ndim; d++) {
        int64_t n = (s->dim[d] + block_of(l, d) - 1) / block_of(l, d);

        if (n == 0) return 0;
        last += (n - 1) * l->stride[d];
    }
    return last + inner;
}

int64_t
mf_layout_at(const mf_shape *s, const mf_layout *l, const int64_t *idx)
{
    int64_t at = 0, rest[MF_MAX_DIMS], inner = 1;

    for (int d = 0; d < s->ndim; d++) {
        int64_t b = block_of(l, d);

        at += idx[d] / b * l->stride[d];
        rest[d] = idx[d] % b;
    }
    for (int k = l->nblk - 1; k >= 0; k--) { /* the last block is contiguous */
        int d = l->blk_dim[k];

        at += rest[d] % l->blk[k] * inner;
        rest[d] /= l->blk[k];
        inner *= l->blk[k];
    }
    return at;
}

bool
mf_layout_is_plain(const mf_shape *s, const mf_layout *l)
{
    mf_layout p = mf_layout_plain(s);

    return mf_layout_eq(s, l, &p);
}

const char *
mf_layout_text(char buf[64], const mf_shape *s, const mf_layout *l)
{
    if (mf_layout_is_plain(s, l)) {
        snprintf(buf, 64, "plain");
    } else if (l->nblk == 0) {
        mf_layout h = s->ndim == 4 ? mf_layout_nhwc(s) : *l;

        snprintf(buf, 64, "%s", s->ndim == 4 && mf_layout_eq(s, l, &h) ? "nhwc" : "strided");
    } else if (l->nblk == 1 && l->blk_dim[0] == 1 && s->ndim == 4) {
        snprintf(buf, 64, "nChw%dc", l->blk[0]);
    } else {
        size_t at = (size_t)snprintf(buf, 64, "blocked");

        for (int k = 0; k < l->nblk && at < 56; k++)
            at += (size_t)snprintf(buf + at, 64 - at, " %d%c", l->blk[k], 'a' + l->blk_dim[k]);
    }
    return buf;
}

size_t
mf_tdesc_bytes(const mf_tdesc *d)
{
    return (size_t)mf_layout_elems(&d->shape, &d->layout) * mf_dtype_size(d->dtype);
}

bool
mf_tdesc_eq(const mf_tdesc *a, const mf_tdesc *b)
{
    return a->dtype == b->dtype && mf_shape_eq(&a->shape, &b->shape) && mf_layout_eq(&a->shape, &a->layout, &b->layout);
}

/* ---- numbers ---- */

float
mf_bf16_to_f32(uint16_t h)
{
    uint32_t u = (uint32_t)h << 16;
    float    f;

    memcpy(&f, &u, sizeof f);
    return f;
}

uint16_t
mf_f32_to_bf16(float f)
{
    uint32_t u;

    memcpy(&u, &f, sizeof u);
    if ((u & 0x7fffffffu) > 0x7f800000u) return (uint16_t)((u >> 16) | 0x40u);
    u += 0x7fffu + ((u >> 16) & 1u);
    return (uint16_t)(u >> 16);
}

float
mf_f16_to_f32(uint16_t h)
{
    int   exp = (h >> 10) & 31, man = h & 1023;
    float v;

    if (exp == 0) v = ldexpf((float)man, -24);
    else if (exp == 31) v = man ? NAN : INFINITY;
    else v = ldexpf((float)(man + 1024), exp - 25);
    return h & 0x8000 ? -v : v;
}

static uint16_t
f32_to_f16(float f)
{
    uint32_t u, sign;
    float    a = fabsf(f);

    memcpy(&u, &f, sizeof u);
    sign = (u >> 16) & 0x8000u;
    if (isnan(f)) return (uint16_t)(sign | 0x7e00u);
    if (a >= 65520.0f) return (uint16_t)(sign | 0x7c00u);
    if (a < 6.103515625e-05f) return (uint16_t)(sign | (uint32_t)lrintf(ldexpf(a, 24)));
    u &= 0x7fffffffu;
    u += 0xfffu + ((u >> 13) & 1u);
    return (uint16_t)(sign | ((u - 0x38000000u) >> 13));
}

static double
get_num(mf_dtype t, const void *p, int64_t i)
{
    switch (t) {
    case MF_DTYPE_F32: return (double)((const float *)p)[i];
    case MF_DTYPE_F64: return ((const double *)p)[i];
    case MF_DTYPE_BF16: return (double)mf_bf16_to_f32(((const uint16_t *)p)[i]);
    case MF_DTYPE_F16: return (double)mf_f16_to_f32(((const uint16_t *)p)[i]);
    case MF_DTYPE_I64: return (double)((const int64_t *)p)[i];
    case MF_DTYPE_I32: return (double)((const int32_t *)p)[i];
    case MF_DTYPE_I16: return (double)((const int16_t *)p)[i];
    case MF_DTYPE_I8: return (double)((const int8_t *)p)[i];
    case MF_DTYPE_U8: return (double)((const uint8_t *)p)[i];
    case MF_DTYPE_BOOL: return ((const uint8_t *)p)[i] ? 1.0 : 0.0;
    case MF_DTYPE_COUNT: break;
    }
    MF_ASSERT(!"dtype");
    return 0;
}

static void
put_num(mf_dtype t, void *p, int64_t i, double v)
{
    switch (t) {
    case MF_DTYPE_F32: ((float *)p)[i] = (float)v; return;
    case MF_DTYPE_F64: ((double *)p)[i] = v; return;
    case MF_DTYPE_BF16: ((uint16_t *)p)[i] = mf_f32_to_bf16((float)v); return;
    case MF_DTYPE_F16: ((uint16_t *)p)[i] = f32_to_f16((float)v); return;
    case MF_DTYPE_I64: ((int64_t *)p)[i] = (int64_t)v; return;
    case MF_DTYPE_I32: ((int32_t *)p)[i] = (int32_t)v; return;
    case MF_DTYPE_I16: ((int16_t *)p)[i] = (int16_t)v; return;
    case MF_DTYPE_I8: ((int8_t *)p)[i] = (int8_t)v; return;
    case MF_DTYPE_U8: ((uint8_t *)p)[i] = (uint8_t)v; return;
    case MF_DTYPE_BOOL: ((uint8_t *)p)[i] = v != 0; return;
    case MF_DTYPE_COUNT: break;
    }
    MF_ASSERT(!"dtype");
}

enum { TABLE_SMALL = 2048 };

/* A layout's offset is a sum over dimensions: off[d][i] of index i of dimension d. One block of memory for all tables:
 * `small` (TABLE_SMALL numbers on the caller's stack, so that a training step allocates nothing) where they fit.
 * NULL when out of memory (the caller then computes each offset). */
static int64_t *
offset_tables(const mf_shape *s, const mf_layout *l, int64_t *off[MF_MAX_DIMS], int64_t *small)
{
    int64_t  n = 1, *mem, idx[MF_MAX_DIMS] = {0};

    for (int d = 0; d < s->ndim; d++) n += s->dim[d];
    if (!(mem = n <= TABLE_SMALL ? small : mf_calloc((size_t)n, sizeof *mem))) return NULL;
    n = 0;
    for (int d = 0; d < s->ndim; d++) {
        off[d] = mem + n;
        for (idx[d] = 0; idx[d] < s->dim[d]; idx[d]++) off[d][idx[d]] = mf_layout_at(s, l, idx);
        idx[d] = 0;
        n += s->dim[d];
    }
    return mem;
}

static void
copy_one(mf_dtype dt, void *dst, int64_t a, mf_dtype st, const void *src, int64_t b)
{
    if (dt == MF_DTYPE_F32 && st == MF_DTYPE_F32) {
        ((float *)dst)[a] = ((const float *)src)[b];
    } else if (dt == st) {
        size_t esz = mf_dtype_size(dt);

        memcpy((char *)dst + (size_t)a * esz, (const char *)src + (size_t)b * esz, esz);
    } else if (st == MF_DTYPE_I64 && dt == MF_DTYPE_I32) {
        ((int32_t *)dst)[a] = (int32_t)((const int64_t *)src)[b];
    } else {
        put_num(dt, dst, a, get_num(st, src, b));
    }
}

/* All of src into the part of dst that begins with index `first` of the outermost dimension; rank 1 and more. */
static void
copy_into(const mf_tdesc *dd, void *dst, int64_t first, const mf_tdesc *sd, const void *src)
{
    const mf_shape *s = &sd->shape;
    int64_t         n = mf_shape_elems(s), idx[MF_MAX_DIMS] = {0}, *da[MF_MAX_DIMS], *sa[MF_MAX_DIMS];
    int             last = s->ndim - 1;
    int64_t        *dt, *st, small_d[TABLE_SMALL], small_s[TABLE_SMALL];

    dt = offset_tables(&dd->shape, &dd->layout, da, small_d);
    st = offset_tables(s, &sd->layout, sa, small_s);
    if (dt) da[0] += first;
    for (int64_t k = 0; k < n; k += s->dim[last]) {
        int64_t a = 0, b = 0;

        for (int d = 0; dt && st && d < last; d++) {
            a += da[d][idx[d]];
            b += sa[d][idx[d]];
        }
        for (int64_t i = 0; i < s->dim[last]; i++) {
            if (dt && st) {
                copy_one(dd->dtype, dst, a + da[last][i], sd->dtype, src, b + sa[last][i]);
            } else {
                int64_t to;

                idx[last] = i;
                idx[0] += first;
                to = mf_layout_at(&dd->shape, &dd->layout, idx);
                idx[0] -= first;
                copy_one(dd->dtype, dst, to, sd->dtype, src, mf_layout_at(s, &sd->layout, idx));
                idx[last] = 0;
            }
        }
        for (int d = last - 1; d >= 0; d--) {
            if (++idx[d] < s->dim[d]) break;
            idx[d] = 0;
        }
    }
    if (dt != small_d) mf_free(dt);
    if (st != small_s) mf_free(st);
}

void
mf_tensor_copy(const mf_tdesc *dd, void *dst, const mf_tdesc *sd, const void *src)
{
    int64_t n = mf_shape_elems(&dd->shape);

    MF_ASSERT(mf_shape_eq(&dd->shape, &sd->shape));
    if (n == 0) return;
    if (mf_tdesc_eq(dd, sd)) {
        memcpy(dst, src, mf_tdesc_bytes(dd));
        return;
    }
    if (mf_layout_elems(&dd->shape, &dd->layout) != n) memset(dst, 0, mf_tdesc_bytes(dd));
    if (dd->shape.ndim == 0) {
        copy_one(dd->dtype, dst, 0, sd->dtype, src, 0);
        return;
    }
    copy_into(dd, dst, 0, sd, src);
}

void
mf_tensor_put_rows(const mf_tdesc *dd, void *dst, int64_t first, int64_t rows, mf_dtype dtype, const void *plain)
{
    mf_tdesc sd = {.dtype = dtype, .shape = dd->shape};

    MF_ASSERT(dd->shape.ndim > 0 && first >= 0 && rows >= 0 && first + rows <= dd->shape.dim[0]);
    sd.shape.dim[0] = rows;
    sd.layout       = mf_layout_plain(&sd.shape);
    if (mf_shape_elems(&sd.shape) != 0) copy_into(dd, dst, first, &sd, plain);
}

/* ---- named tensors ---- */

mf_tensor *
mf_tensors_find(const mf_tensors *ts, const char *name)
{
    for (size_t i = 0; i < ts->n; i++)
        if (strcmp(ts->t[i].name, name) == 0) return &ts->t[i];
    return NULL;
}

mf_status
mf_tensors_add(mf_tensors *ts, const char *name, mf_dtype dtype, const mf_shape *shape, mf_tensor **out, mf_err *err)
{
    mf_tensor *t;
    size_t     bytes = mf_dtype_size(dtype);

    if (out) *out = NULL;
    if (mf_tensors_find(ts, name)) return mf_fail(err, MF_E_ARG, "tensor '%s' is there twice", name);
    for (int d = 0; d < shape->ndim; d++)
        if (shape->dim[d] < 0 || !mf_size_mul(&bytes, bytes, (size_t)shape->dim[d]))
            return mf_fail(err, MF_E_LIMIT, "tensor '%s' is too large", name);
    if (ts->n == ts->cap) {
        size_t cap = ts->cap ? ts->cap * 2 : 64;

        t = mf_realloc(ts->t, cap, sizeof *t);
        if (!t) return mf_oom(err, cap * sizeof *t, "a list of tensors");
        ts->t   = t;
        ts->cap = cap;
    }
    t  = &ts->t[ts->n];
    *t = (mf_tensor){.dtype = dtype, .shape = *shape, .bytes = bytes};
    t->name = mf_strdup(name);
    t->data = bytes ? mf_calloc(bytes, 1) : NULL;
    if (!t->name || (bytes && !t->data)) {
        mf_free(t->name);
        mf_free(t->data);
        return mf_oom(err, bytes, name);
    }
    ts->n++;
    if (out) *out = t;
    return MF_OK;
}

mf_status
mf_tensors_set_meta(mf_tensors *ts, const char *key, const char *value, mf_err *err)
{
    char *v = mf_strdup(value), *k;

    if (!v) return mf_oom(err, strlen(value), "metadata");
    for (size_t i = 0; i < ts->n_meta; i++)
        if (strcmp(ts->meta[2 * i], key) == 0) {
            mf_free(ts->meta[2 * i + 1]);
            ts->meta[2 * i + 1] = v;
            return MF_OK;
        }
    if (ts->n_meta == ts->cap_meta) {
        size_t cap = ts->cap_meta ? ts->cap_meta * 2 : 16;
        char **m   = mf_realloc(ts->meta, cap * 2, sizeof *m);

        if (!m) {
            mf_free(v);
            return mf_oom(err, cap * 2 * sizeof *m, "metadata");
        }
        ts->meta     = m;
        ts->cap_meta = cap;
    }
    k = mf_strdup(key);
    if (!k) {
        mf_free(v);
        return mf_oom(err, strlen(key), "metadata");
    }
    ts->meta[2 * ts->n_meta]     = k;
    ts->meta[2 * ts->n_meta + 1] = v;
    ts->n_meta++;
    return MF_OK;
}

const char *
mf_tensors_meta(const mf_tensors *ts, const char *key)
{
    for (size_t i = 0; i < ts->n_meta; i++)
        if (strcmp(ts->meta[2 * i], key) == 0) return ts->meta[2 * i + 1];
    return NULL;
}

void
mf_tensors_free(mf_tensors *ts)
{
    for (size_t i = 0; i < ts->n; i++) {
        mf_free(ts->t[i].name);
        mf_free(ts->t[i].data);
    }
    for (size_t i = 0; i < 2 * ts->n_meta; i++) mf_free(ts->meta[i]);
    mf_free(ts->t);
    mf_free(ts->meta);
    *ts = (mf_tensors){0};
}
