/* weights/torch_stream.c: the older format, a stream of five pickles and raw storages (torch/serialization.py,
 * _legacy_load). Storages are lent straight from the mapped file. */
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "weights/names.h"
#include "weights/torch.h"
#include "weights/weights.h"

/* 0x1950a86a20f9469cfc6c, little-endian. */
static const uint8_t magic[10] = {0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19};
enum { PROTOCOL = 1001 };

/* A storage that the pickle names, and where its bytes are once the list of keys was followed. */
typedef struct located {
    const mf_pk_storage *s;
    const uint8_t       *at; /* NULL: not in the file */
} located;

typedef struct stream {
    const uint8_t *data;
    size_t         size, at;
    mf_arena       arena;
    located       *all; /* sorted, each storage once */
    size_t         n;
    mf_err        *err;
} stream;

static mf_status
next_pickle(stream *f, const mf_pk **out, const mf_pk_storage **storages, const char *what)
{
    size_t    used;
    mf_status st = mf_pickle_read(out, &used, storages, &f->arena, f->data + f->at, f->size - f->at, f->err);

    f->at += used;
    return st < 0 && what != NULL ? mf_fail_in(f->err, st, "%s", what) : st;
}

static const mf_pk *
member(const mf_pk *dict, const char *key)
{
    for (size_t i = 0; dict->kind == MF_PK_DICT && i + 1 < dict->u.seq.n; i += 2) {
        if (mf_pk_is(dict->u.seq.item[i], key)) {
            return dict->u.seq.item[i + 1];
        }
    }
    return NULL;
}

static mf_status
read_preamble(stream *f)
{
    const mf_pk *v, *little;
    mf_status    st;

    if ((st = next_pickle(f, &v, NULL, NULL)) < 0) {
        return st;
    }
    if (v->kind != MF_PK_BIG || v->u.text.n != sizeof magic || memcmp(v->u.text.s, magic, sizeof magic) != 0) {
        return mf_fail(f->err, MF_E_FORMAT, "a pickle, but not one of torch.save: the magic number is missing");
    }
    if ((st = next_pickle(f, &v, NULL, "protocol")) < 0) {
        return st;
    }
    if (v->kind != MF_PK_INT || v->u.i != PROTOCOL) {
        return mf_fail(f->err, MF_E_UNSUPPORTED, "the stream's protocol is not %d", (int)PROTOCOL);
    }
    if ((st = next_pickle(f, &v, NULL, "system")) < 0) {
        return st;
    }
    little = member(v, "little_endian");
    if (little == NULL || little->kind != MF_PK_BOOL || little->u.i == 0) {
        return mf_fail(f->err, MF_E_UNSUPPORTED, "its byte order is not little-endian");
    }
    return MF_OK;
}

static int
by_key(const void *a, const void *b)
{
    return mf_torch_storage_order(((const located *)a)->s, ((const located *)b)->s);
}

static bool
same_key(const mf_pk_storage *a, const mf_pk_storage *b)
{
    return a->key_n == b->key_n && memcmp(a->key, b->key, a->key_n) == 0;
}

/* Sort the storages, each once; two that share a key must agree. */
static mf_status
list_storages(stream *f, const mf_pk_storage *s)
{
    size_t n = 0, kept = 0;

    for (const mf_pk_storage *i = s; i != NULL; i = i->next) {
        n++;
    }
    if ((f->all = mf_calloc(n, sizeof *f->all)) == NULL) {
        return mf_oom(f->err, n * sizeof *f->all, "a list of storages");
    }
    for (size_t i = 0; i < n; i++, s = s->next) {
        f->all[i].s = s;
    }
    qsort(f->all, n, sizeof *f->all, by_key);
    for (size_t i = 0; i < n; i++) {
        if (kept > 0 && same_key(f->all[kept - 1].s, f->all[i].s)) {
            if (mf_torch_storage_order(f->all[kept - 1].s, f->all[i].s) != 0) {
                char shown[340];

                mf_show_bytes(shown, f->all[i].s->key, f->all[i].s->key_n);
                return mf_fail(f->err, MF_E_FORMAT, "storage '%s' is described in two ways", shown);
            }
            continue;
        }
        f->all[kept++] = f->all[i];
    }
    f->n = kept;
    return MF_OK;
}

static located *
find(stream *f, const char *key, size_t n)
{
    const mf_pk_storage want = {.key = key, .key_n = n};
    size_t              lo = 0, hi = f->n;

    while (lo < hi) { /* the first whose key is not below `key`; order beyond the key does not matter here */
        size_t mid = lo + (hi - lo) / 2;

        if (!same_key(f->all[mid].s, &want) && mf_torch_storage_order(f->all[mid].s, &want) < 0) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo < f->n && same_key(f->all[lo].s, &want) ? &f->all[lo] : NULL;
}

/* For every key in turn: u64 count of elements, then the elements. */
static mf_status
locate_storages(stream *f, const mf_pk *keys)
{
    char      shown[340];
    mf_status st;

    if (keys->kind != MF_PK_LIST) {
        return mf_fail(f->err, MF_E_FORMAT, "the list of storage keys is not a list");
    }
    for (size_t i = 0; i < keys->u.seq.n; i++) {
        const mf_pk *key = keys->u.seq.item[i];
        located     *l   = key->kind == MF_PK_STR ? find(f, key->u.text.s, key->u.text.n) : NULL;
        uint64_t     count = 0;
        size_t       bytes;

        if (l == NULL || l->at != NULL) {
            return mf_fail(f->err, MF_E_FORMAT, "entry %zu of the storage keys names no storage, or one named before", i);
        }
        mf_show_bytes(shown, l->s->key, l->s->key_n);
        if ((st = mf_torch_storage_bytes(&bytes, l->s, f->err)) < 0) {
            return st;
        }
        if (f->size - f->at < 8) {
            return mf_fail(f->err, MF_E_FORMAT, "the file ends before storage '%s'; is it cut off?", shown);
        }
        for (int b = 7; b >= 0; b--) {
            count = count << 8 | f->data[f->at + (size_t)b];
        }
        f->at += 8;
        if (count != l->s->numel) {
            return mf_fail(f->err, MF_E_FORMAT, "storage '%s' holds %llu elements, but the pickle says %llu", shown, (unsigned long long)count,
                           (unsigned long long)l->s->numel);
        }
        if (bytes > f->size - f->at) {
            return mf_fail(f->err, MF_E_FORMAT, "the file ends inside storage '%s'; is it cut off?", shown);
        }
        l->at = f->data + f->at;
        f->at += bytes;
    }
    if (f->at != f->size) {
        return mf_fail(f->err, MF_E_FORMAT, "%zu bytes after the last storage", f->size - f->at);
    }
    return MF_OK;
}

static mf_status
fetch(void *arg, const uint8_t **out, const mf_pk_storage *s, size_t bytes, mf_err *err)
{
    located *l = find(arg, s->key, s->key_n);

    (void)bytes; /* locate_storages has seen that they are there */
    if (l == NULL || l->at == NULL) {
        char shown[340];

        mf_show_bytes(shown, s->key, s->key_n);
        return mf_fail(err, MF_E_FORMAT, "its storage '%s' is not in the file", shown);
    }
    *out = l->at;
    return MF_OK;
}

mf_status
mf_torch_stream_read(mf_tensors *out, const uint8_t *data, size_t size, uint64_t max_bytes, mf_err *err)
{
    stream               f = {.data = data, .size = size, .err = err};
    const mf_pk         *root, *keys;
    const mf_pk_storage *storages;
    mf_status            st;

    if ((st = read_preamble(&f)) < 0 || (st = next_pickle(&f, &root, &storages, "object")) < 0 || (st = list_storages(&f, storages)) < 0 ||
        (st = next_pickle(&f, &keys, NULL, "storage keys")) < 0 || (st = locate_storages(&f, keys)) < 0) {
        goto done;
    }
    st = mf_torch_tensors(out, root, max_bytes, fetch, &f, err);
done:
    mf_free(f.all);
    mf_arena_free(&f.arena);
    return st;
}
