/* weights/torch_tensors.c: from the values of a pickle to named tensors.
 *
 * A checkpoint may be the state_dict itself or a dictionary that holds it beside an epoch, an optimiser and so on; and
 * its tensors may be views into shared storages with any stride. Both are settled here: one list of names, and
 * contiguous copies, storage by storage, so that no more than one storage is held beside the tensors. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "core/mem.h"
#include "weights/names.h"
#include "weights/torch.h"
#include "weights/weights.h"

enum { MAX_DEPTH = 16, MAX_META = 256, MAX_META_TEXT = 1024 };
#define MAX_VISITS ((size_t)4 << 20) /* values looked at: shared sub-trees could otherwise grow without end */

typedef struct placed {
    const mf_pk_tensor *t;
    size_t              index; /* in the list of tensors */
} placed;

typedef struct walker {
    mf_tensors *out;
    placed     *found;
    size_t      n, cap, visits;
    uint64_t    bytes, max_bytes;
    mf_str      name;
    mf_err     *err;
} walker;

/* Keys under which programs keep the state_dict of a network, the usual first. */
static const char *const dictionary_keys[] = {
    "state_dict", "model_state_dict", "model_state", "model", "net", "network", "weights", "params",
};

static bool
is_container(const mf_pk *v)
{
    return v->kind == MF_PK_DICT || v->kind == MF_PK_LIST || v->kind == MF_PK_TUPLE;
}

/* Whether a tensor lies at or below v. Gives up, with "no", past the limits: the walk proper then says so. */
static bool
holds_tensor(const mf_pk *v, int depth, size_t *visits)
{
    if (v->kind == MF_PK_TENSOR) {
        return true;
    }
    if (!is_container(v) || depth >= MAX_DEPTH) {
        return false;
    }
    for (size_t i = v->kind == MF_PK_DICT; i < v->u.seq.n; i += v->kind == MF_PK_DICT ? 2 : 1) {
        if (++*visits > MAX_VISITS) {
            return false;
        }
        if (holds_tensor(v->u.seq.item[i], depth + 1, visits)) {
            return true;
        }
    }
    return false;
}

/* ---- one tensor ---- */

mf_status
mf_torch_storage_bytes(size_t *out, const mf_pk_storage *s, mf_err *err)
{
    char shown[340];

    mf_show_bytes(shown, s->key, s->key_n);
    if (s->elem->dtype == MF_DTYPE_COUNT) {
        return mf_fail(err, MF_E_UNSUPPORTED, "storage '%s' is a %s, which is not read", shown, s->elem->storage);
    }
    if (s->numel > SIZE_MAX || !mf_size_mul(out, (size_t)s->numel, mf_dtype_size(s->elem->dtype))) {
        return mf_fail(err, MF_E_FORMAT, "storage '%s' has %llu elements", shown, (unsigned long long)s->numel);
    }
    return MF_OK;
}

/* Shape of a tensor, and whether it lies inside its storage. No multiplication or sum may overflow. */
static mf_status
judge(mf_shape *shape, size_t *bytes, const mf_pk_tensor *t, mf_err *err)
{
    const mf_pk_storage *s    = t->storage;
    size_t               size = mf_dtype_size(t->elem->dtype), last = 0, room;
    bool                 empty = false;

    shape->ndim = (int)t->size->u.seq.n;
    *bytes      = size;
    for (int d = 0; d < shape->ndim; d++) {
        int64_t n = t->size->u.seq.item[d]->u.i, stride = t->stride->u.seq.item[d]->u.i;
        size_t  step;

        shape->dim[d] = n;
        if (n < 0 || stride < 0) {
            return mf_fail(err, MF_E_FORMAT, "dimension %d has size %lld and stride %lld", d, (long long)n, (long long)stride);
        }
        empty = empty || n == 0;
        if (n > 0 && (!mf_size_mul(bytes, *bytes, (size_t)n) || !mf_size_mul(&step, (size_t)(n - 1), (size_t)stride) ||
                      !mf_size_add(&last, last, step) || *bytes > INT64_MAX)) {
            return mf_fail(err, MF_E_FORMAT, "its size or stride overflows");
        }
    }
    if (empty) {
        *bytes = 0;
        return MF_OK;
    }
    if (s->view && (s->view_at > s->numel || s->view_numel > s->numel - s->view_at)) {
        return mf_fail(err, MF_E_FORMAT, "it views elements %llu to %llu of a storage of %llu", (unsigned long long)s->view_at,
                       (unsigned long long)(s->view_at + s->view_numel), (unsigned long long)s->numel);
    }
    room = (size_t)(s->view ? s->view_numel : s->numel) * mf_dtype_size(s->elem->dtype) / size;
    if (t->offset < 0 || !mf_size_add(&last, last, (size_t)t->offset) || last >= room) {
        char text[96];

        return mf_fail(err, MF_E_FORMAT, "shape %s at offset %lld reaches past its storage of %zu elements", mf_shape_text(text, shape),
                       (long long)t->offset, room);
    }
    return MF_OK;
}

static mf_status
add_tensor(walker *w, const mf_pk_tensor *t)
{
    mf_shape  shape = {0};
    size_t    bytes, unused;
    mf_status st;

    if (t->elem->dtype == MF_DTYPE_COUNT || t->storage->elem->dtype == MF_DTYPE_COUNT) {
        const mf_pk_elem *e = t->elem->dtype == MF_DTYPE_COUNT ? t->elem : t->storage->elem;

        return mf_fail(w->err, MF_E_UNSUPPORTED, "element type %s is not read", *e->torch != '\0' ? e->torch : e->storage);
    }
    if (t->size->u.seq.n > MF_MAX_DIMS) {
        return mf_fail(w->err, MF_E_UNSUPPORTED, "%zu dimensions; at most %d are held", t->size->u.seq.n, (int)MF_MAX_DIMS);
    }
    if (!t->storage->elem->untyped && t->elem != t->storage->elem) {
        return mf_fail(w->err, MF_E_FORMAT, "it is %s on a storage of %s", t->elem->torch, t->storage->elem->torch);
    }
    if ((st = mf_torch_storage_bytes(&unused, t->storage, w->err)) < 0 || (st = judge(&shape, &bytes, t, w->err)) < 0) {
        return st;
    }
    if (bytes > w->max_bytes - w->bytes) {
        return mf_fail(w->err, MF_E_LIMIT, "the tensors take more than %llu bytes together", (unsigned long long)w->max_bytes);
    }
    w->bytes += bytes;
    if (w->n == MF_WEIGHTS_MAX_TENSORS) {
        return mf_fail(w->err, MF_E_LIMIT, "more than %zu tensors", MF_WEIGHTS_MAX_TENSORS);
    }
    if (w->n == w->cap) {
        size_t  cap = w->cap != 0 ? w->cap * 2 : 64;
        placed *f   = mf_realloc(w->found, cap, sizeof *f);

        if (f == NULL) {
            return mf_oom(w->err, cap * sizeof *f, "a list of tensors");
        }
        w->found = f;
        w->cap   = cap;
    }
    w->found[w->n] = (placed){t, w->out->n};
    if ((st = mf_tensors_add(w->out, mf_str_c(&w->name), t->elem->dtype, &shape, NULL, w->err)) < 0) {
        return st;
    }
    w->n++;
    return MF_OK;
}

/* ---- names ---- */

/* Append ".key" to the name. */
static mf_status
enter(walker *w, const mf_pk *key, size_t index)
{
    char text[32];

    if (w->name.len != 0) {
        mf_str_addc(&w->name, '.');
    }
    if (key == NULL || key->kind == MF_PK_INT) {
        snprintf(text, sizeof text, "%lld", key == NULL ? (long long)index : (long long)key->u.i);
        mf_str_add(&w->name, text);
    } else if (key->kind == MF_PK_STR) {
        mf_status st = mf_tensor_name_check(key->u.text.s, key->u.text.n, w->err);

        if (st < 0) {
            return st;
        }
        mf_str_addn(&w->name, key->u.text.s, key->u.text.n);
    } else {
        return mf_fail(w->err, MF_E_UNSUPPORTED, "below '%s' a tensor stands under a key that is not a name", mf_str_c(&w->name));
    }
    return mf_str_ok(&w->name, w->err);
}

static void
leave(walker *w, size_t len)
{
    if (w->name.data != NULL) {
        w->name.len       = len;
        w->name.data[len] = '\0';
    }
}

static mf_status
walk(walker *w, const mf_pk *v, int depth)
{
    size_t    len  = w->name.len, step = v->kind == MF_PK_DICT ? 2 : 1;
    mf_status st   = MF_OK;

    if (++w->visits > MAX_VISITS) {
        return mf_fail(w->err, MF_E_LIMIT, "more than %zu values to look at", MAX_VISITS);
    }
    if (v->kind == MF_PK_TENSOR) {
        if (len == 0) {
            mf_str_add(&w->name, "tensor"); /* the file holds one bare tensor */
        }
        st = mf_str_ok(&w->name, w->err);
        if (st == MF_OK) {
            st = mf_tensor_name_check(mf_str_c(&w->name), w->name.len, w->err);
        }
        if (st == MF_OK && (st = add_tensor(w, v->u.tensor)) < 0) {
            mf_fail_in(w->err, st, "tensor '%s'", mf_str_c(&w->name));
        }
        leave(w, len);
        return st;
    }
    if (!is_container(v)) {
        return MF_OK;
    }
    if (depth >= MAX_DEPTH) {
        return mf_fail(w->err, MF_E_LIMIT, "dictionaries nested deeper than %d", (int)MAX_DEPTH);
    }
    for (size_t i = 0; i + step <= v->u.seq.n && st == MF_OK; i += step) {
        const mf_pk *value = v->u.seq.item[i + step - 1];

        if (value->kind != MF_PK_TENSOR && !is_container(value)) {
            continue;
        }
        if (is_container(value) && value->u.seq.n == 0) {
            continue;
        }
        if (value->kind == MF_PK_TENSOR || v->kind != MF_PK_DICT || v->u.seq.item[i]->kind == MF_PK_STR ||
            v->u.seq.item[i]->kind == MF_PK_INT) {
            if ((st = enter(w, step == 2 ? v->u.seq.item[i] : NULL, i)) == MF_OK) {
                st = walk(w, value, depth + 1);
            }
            leave(w, len);
        } else {
            size_t visits = w->visits;

            if (holds_tensor(value, depth + 1, &visits)) {
                st = enter(w, v->u.seq.item[i], i); /* gives the sentence */
            }
            w->visits = visits;
        }
    }
    return st;
}

/* The numbers and words beside the tensors, as text: "torch.epoch" = "12". What does not fit is left out. */
static mf_status
keep_plain(walker *w, const mf_pk *dict)
{
    mf_str    key = {0}, text = {0};
    char      num[32];
    mf_status st = MF_OK;

    for (size_t i = 0; i + 1 < dict->u.seq.n && st == MF_OK && w->out->n_meta < MAX_META; i += 2) {
        const mf_pk *k = dict->u.seq.item[i], *v = dict->u.seq.item[i + 1];

        if (k->kind != MF_PK_STR || k->u.text.n > MAX_META_TEXT || mf_tensor_name_check(k->u.text.s, k->u.text.n, NULL) < 0) {
            continue;
        }
        mf_str_clear(&key);
        mf_str_clear(&text);
        mf_str_add(&key, "torch.");
        mf_str_addn(&key, k->u.text.s, k->u.text.n);
        if (v->kind == MF_PK_INT) {
            mf_str_printf(&text, "%lld", (long long)v->u.i);
        } else if (v->kind == MF_PK_BOOL) {
            mf_str_add(&text, v->u.i != 0 ? "true" : "false");
        } else if (v->kind == MF_PK_FLOAT) {
            mf_num_text(num, v->u.f);
            mf_str_add(&text, num);
        } else if (v->kind == MF_PK_STR && v->u.text.n <= MAX_META_TEXT && mf_utf8_valid(v->u.text.s, v->u.text.n) &&
                   (v->u.text.n == 0 || memchr(v->u.text.s, 0, v->u.text.n) == NULL)) {
            mf_str_addn(&text, v->u.text.s, v->u.text.n);
        } else {
            continue;
        }
        if ((st = mf_str_ok(&key, w->err)) == MF_OK && (st = mf_str_ok(&text, w->err)) == MF_OK) {
            st = mf_tensors_set_meta(w->out, mf_str_c(&key), mf_str_c(&text), w->err);
        }
    }
    mf_str_free(&key);
    mf_str_free(&text);
    return st;
}

/* The inner dictionary of a checkpoint, or NULL where `v` is itself what is wanted. */
static const mf_pk *
inner_dictionary(const mf_pk *v, const char **key)
{
    size_t visits = 0;

    if (v->kind != MF_PK_DICT) {
        return NULL;
    }
    for (size_t i = 1; i < v->u.seq.n; i += 2) {
        if (v->u.seq.item[i]->kind == MF_PK_TENSOR) {
            return NULL;
        }
    }
    for (size_t k = 0; k < sizeof dictionary_keys / sizeof *dictionary_keys; k++) {
        for (size_t i = 0; i + 1 < v->u.seq.n; i += 2) {
            if (mf_pk_is(v->u.seq.item[i], dictionary_keys[k]) && v->u.seq.item[i + 1]->kind == MF_PK_DICT &&
                holds_tensor(v->u.seq.item[i + 1], 1, &visits)) {
                *key = dictionary_keys[k];
                return v->u.seq.item[i + 1];
            }
        }
    }
    return NULL;
}

static mf_status
find_all(walker *w, const mf_pk *root)
{
    mf_str       where = {0};
    const mf_pk *inner;
    const char  *key;
    mf_status    st = mf_tensors_set_meta(w->out, "format", "pt", w->err);

    for (int round = 0; round < MAX_DEPTH && st == MF_OK && (inner = inner_dictionary(root, &key)) != NULL; round++) {
        st = keep_plain(w, root);
        mf_str_printf(&where, "%s%s", where.len != 0 ? "." : "", key);
        root = inner;
    }
    if (st == MF_OK && root->kind == MF_PK_DICT) {
        st = keep_plain(w, root);
    }
    if (st == MF_OK && where.len != 0 && (st = mf_str_ok(&where, w->err)) == MF_OK) {
        st = mf_tensors_set_meta(w->out, "torch.dictionary", mf_str_c(&where), w->err);
    }
    mf_str_free(&where);
    if (st == MF_OK) {
        st = walk(w, root, 0);
    }
    if (st == MF_OK && w->n == 0) {
        st = mf_fail(w->err, MF_E_FORMAT, "it holds no tensor");
    }
    return st;
}

/* ---- bytes ---- */

int
mf_torch_storage_order(const mf_pk_storage *a, const mf_pk_storage *b)
{
    size_t n = a->key_n < b->key_n ? a->key_n : b->key_n;
    int    c = memcmp(a->key, b->key, n);

    if (c != 0) {
        return c;
    }
    if (a->key_n != b->key_n) {
        return a->key_n < b->key_n ? -1 : 1;
    }
    if (a->numel != b->numel) {
        return a->numel < b->numel ? -1 : 1;
    }
    return a->elem != b->elem ? (a->elem < b->elem ? -1 : 1) : 0;
}

static int
by_storage(const void *a, const void *b)
{
    const placed *x = a, *y = b;
    int           c = mf_torch_storage_order(x->t->storage, y->t->storage);

    return c != 0 ? c : (x->index > y->index) - (x->index < y->index);
}

/* Row-major copy of a strided view that judge() has found inside `from`. */
static void
copy_view(mf_tensor *to, const mf_pk_tensor *t, const uint8_t *from)
{
    size_t   size = mf_dtype_size(to->dtype), inner = 1, n = to->bytes / size;
    int      d = to->shape.ndim;
    int64_t  idx[MF_MAX_DIMS] = {0};
    size_t   at               = (size_t)t->offset;
    uint8_t *p                = to->data;

    if (t->storage->view) {
        from += t->storage->view_at * mf_dtype_size(t->storage->elem->dtype);
    }
    /* The innermost dimensions that lie row-major are copied as one run. */
    while (d > 0 && (to->shape.dim[d - 1] == 1 || (size_t)t->stride->u.seq.item[d - 1]->u.i == inner)) {
        inner *= (size_t)to->shape.dim[--d];
    }
    for (size_t done = 0; done < n; done += inner) {
        memcpy(p, from + at * size, inner * size);
        p += inner * size;
        for (int k = d - 1; k >= 0; k--) {
            size_t stride = (size_t)t->stride->u.seq.item[k]->u.i;

            at += stride;
            if (++idx[k] < to->shape.dim[k]) {
                break;
            }
            at -= stride * (size_t)to->shape.dim[k];
            idx[k] = 0;
        }
    }
}

static mf_status
fill_all(walker *w, mf_torch_fetch *fetch, void *arg)
{
    const mf_pk_storage *now  = NULL;
    const uint8_t       *from = NULL;
    mf_status            st;

    qsort(w->found, w->n, sizeof *w->found, by_storage);
    for (size_t i = 0; i < w->n; i++) {
        const mf_pk_tensor *t  = w->found[i].t;
        mf_tensor          *to = &w->out->t[w->found[i].index];

        if (to->bytes == 0) {
            continue;
        }
        if (now == NULL || mf_torch_storage_order(now, t->storage) != 0) {
            size_t bytes;

            now = t->storage;
            st  = mf_torch_storage_bytes(&bytes, now, w->err);
            if (st == MF_OK && bytes > w->max_bytes) {
                st = mf_fail(w->err, MF_E_LIMIT, "its storage takes more than %llu bytes", (unsigned long long)w->max_bytes);
            }
            if (st < 0 || (st = fetch(arg, &from, now, bytes, w->err)) < 0) {
                return mf_fail_in(w->err, st, "tensor '%s'", to->name);
            }
        }
        copy_view(to, t, from);
    }
    return MF_OK;
}

mf_status
mf_torch_tensors(mf_tensors *out, const mf_pk *root, uint64_t max_bytes, mf_torch_fetch *fetch, void *arg, mf_err *err)
{
    walker    w  = {.out = out, .max_bytes = max_bytes, .err = err};
    mf_status st = find_all(&w, root);

    if (st == MF_OK) {
        st = fill_all(&w, fetch, arg);
    }
    mf_free(w.found);
    mf_str_free(&w.name);
    return st;
}
