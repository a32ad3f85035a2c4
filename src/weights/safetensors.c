/* weights/safetensors.c: reading. The header is judged whole, then each tensor is copied once out of the mapped file. */
#include "weights/safetensors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "core/mem.h"
#include "weights/names.h"
#include "weights/weights.h"

typedef struct entry {
    const char *name;
    mf_dtype    dtype;
    mf_shape    shape;
    uint64_t    begin, end;
} entry;

/* Element types that the format knows and maskfer has no use for. */
static const char *const known_dtypes[] = {"U16", "U32", "U64", "F8_E4M3", "F8_E5M2", "F8_E8M0", "F4", "F6_E2M3", "F6_E3M2", "C64"};

static mf_status
parse_dtype(mf_dtype *out, const mf_json *v, mf_err *err)
{
    const char *word = mf_json_text(v, NULL);
    char        shown[340];

    if (word == NULL) {
        return mf_fail(err, MF_E_FORMAT, "'dtype' is missing or not a string");
    }
    for (int t = 0; t < MF_DTYPE_COUNT; t++) {
        if (mf_str_eq(word, mf_dtype_name((mf_dtype)t))) {
            *out = (mf_dtype)t;
            return MF_OK;
        }
    }
    for (size_t i = 0; i < sizeof known_dtypes / sizeof *known_dtypes; i++) {
        if (mf_str_eq(word, known_dtypes[i])) {
            return mf_fail(err, MF_E_UNSUPPORTED, "element type %s is not read; convert the tensor to F32 first", word);
        }
    }
    mf_show_bytes(shown, word, strlen(word));
    return mf_fail(err, MF_E_FORMAT, "'%s' is not an element type", shown);
}

static mf_status
parse_shape(mf_shape *out, const mf_json *v, mf_err *err)
{
    size_t n = mf_json_size(v);

    if (!mf_json_is_array(v)) {
        return mf_fail(err, MF_E_FORMAT, "'shape' is missing or not an array");
    }
    if (n > MF_MAX_DIMS) {
        return mf_fail(err, MF_E_UNSUPPORTED, "%zu dimensions; at most %d are held", n, (int)MF_MAX_DIMS);
    }
    out->ndim = (int)n;
    for (size_t i = 0; i < n; i++) {
        const mf_json *d = mf_json_at(v, i);

        if (!mf_json_is_int(d) || mf_json_int(d, -1) < 0) {
            return mf_fail(err, MF_E_FORMAT, "dimension %zu of 'shape' is not a non-negative integer", i);
        }
        out->dim[i] = mf_json_int(d, 0);
    }
    return MF_OK;
}

static mf_status
parse_offsets(entry *e, const mf_json *v, uint64_t room, mf_err *err)
{
    int64_t at[2];

    if (!mf_json_is_array(v) || mf_json_size(v) != 2) {
        return mf_fail(err, MF_E_FORMAT, "'data_offsets' is missing or not a pair");
    }
    for (size_t i = 0; i < 2; i++) {
        const mf_json *o = mf_json_at(v, i);

        at[i] = mf_json_int(o, -1);
        if (!mf_json_is_int(o) || at[i] < 0) {
            return mf_fail(err, MF_E_FORMAT, "'data_offsets' holds something other than two non-negative integers");
        }
    }
    e->begin = (uint64_t)at[0];
    e->end   = (uint64_t)at[1];
    if (e->begin > e->end) {
        return mf_fail(err, MF_E_FORMAT, "'data_offsets' end at %llu before they begin at %llu", (unsigned long long)e->end,
                       (unsigned long long)e->begin);
    }
    if (e->end > room) {
        return mf_fail(err, MF_E_FORMAT, "'data_offsets' end at byte %llu, but the file holds %llu bytes of data; is it cut off?",
                       (unsigned long long)e->end, (unsigned long long)room);
    }
    return MF_OK;
}

static mf_status
parse_entry(entry *e, const char *name, const mf_json *v, uint64_t room, mf_err *err)
{
    size_t    bytes;
    char      text[96];
    mf_status st;

    e->name = name;
    if (!mf_json_is_object(v)) {
        return mf_fail(err, MF_E_FORMAT, "its description is not an object");
    }
    for (size_t i = 0; i < mf_json_size(v); i++) {
        const char *key;

        mf_json_member(v, i, &key);
        if (!mf_str_eq(key, "dtype") && !mf_str_eq(key, "shape") && !mf_str_eq(key, "data_offsets")) {
            char shown[340];

            mf_show_bytes(shown, key, strlen(key));
            return mf_fail(err, MF_E_FORMAT, "'%s' is not a key of a tensor's description", shown);
        }
    }
    if ((st = parse_dtype(&e->dtype, mf_json_get(v, "dtype"), err)) < 0 ||
        (st = parse_shape(&e->shape, mf_json_get(v, "shape"), err)) < 0 ||
        (st = parse_offsets(e, mf_json_get(v, "data_offsets"), room, err)) < 0) {
        return st;
    }
    bytes = mf_dtype_size(e->dtype);
    for (int d = 0; d < e->shape.ndim; d++) {
        if (!mf_size_mul(&bytes, bytes, (size_t)e->shape.dim[d]) || bytes > INT64_MAX) {
            return mf_fail(err, MF_E_FORMAT, "the product of shape %s overflows", mf_shape_text(text, &e->shape));
        }
    }
    if (bytes != e->end - e->begin) {
        return mf_fail(err, MF_E_FORMAT, "shape %s of %s takes %zu bytes, but 'data_offsets' span %llu", mf_shape_text(text, &e->shape),
                       mf_dtype_name(e->dtype), bytes, (unsigned long long)(e->end - e->begin));
    }
    return MF_OK;
}

static int
by_offset(const void *a, const void *b)
{
    const entry *x = *(const entry *const *)a, *y = *(const entry *const *)b;

    if (x->begin != y->begin) {
        return x->begin < y->begin ? -1 : 1;
    }
    return x->end != y->end ? (x->end < y->end ? -1 : 1) : 0;
}

/* The tensors must cover the data exactly: no overlap, no hole, nothing behind. */
static mf_status
check_tiling(const entry *e, size_t n, uint64_t room, mf_err *err)
{
    const entry **sorted = mf_calloc(n, sizeof *sorted);
    uint64_t      at     = 0;
    mf_status     st     = MF_OK;

    if (sorted == NULL) {
        return mf_oom(err, n * sizeof *sorted, "a list of tensors");
    }
    for (size_t i = 0; i < n; i++) {
        sorted[i] = &e[i];
    }
    qsort(sorted, n, sizeof *sorted, by_offset);
    for (size_t i = 0; i < n && st == MF_OK; i++) {
        if (sorted[i]->begin < at) {
            st = mf_fail(err, MF_E_FORMAT, "tensors '%s' and '%s' overlap at byte %llu of the data", sorted[i - 1]->name,
                         sorted[i]->name, (unsigned long long)sorted[i]->begin);
        } else if (sorted[i]->begin > at) {
            st = mf_fail(err, MF_E_FORMAT, "%llu bytes before tensor '%s' belong to no tensor",
                         (unsigned long long)(sorted[i]->begin - at), sorted[i]->name);
        }
        at = sorted[i]->end;
    }
    if (st == MF_OK && at != room) {
        st = mf_fail(err, MF_E_FORMAT, "%llu bytes at the end of the file belong to no tensor", (unsigned long long)(room - at));
    }
    mf_free(sorted);
    return st;
}

static mf_status
parse_metadata(mf_tensors *out, const mf_json *v, mf_err *err)
{
    mf_status st;

    if (!mf_json_is_object(v)) {
        return mf_fail(err, MF_E_FORMAT, "'__metadata__' is not an object");
    }
    if (mf_json_size(v) > MF_WEIGHTS_MAX_TENSORS) {
        return mf_fail(err, MF_E_LIMIT, "'__metadata__' has %zu entries; at most %zu are allowed", mf_json_size(v),
                       MF_WEIGHTS_MAX_TENSORS);
    }
    for (size_t i = 0; i < mf_json_size(v); i++) {
        const char    *key;
        const mf_json *text = mf_json_member(v, i, &key);

        if (!mf_json_is_string(text)) {
            char shown[340];

            mf_show_bytes(shown, key, strlen(key));
            return mf_fail(err, MF_E_FORMAT, "'%s' in '__metadata__' is not a string", shown);
        }
        if ((st = mf_tensors_set_meta(out, key, mf_json_text(text, ""), err)) < 0) {
            return st;
        }
    }
    return MF_OK;
}

/* Header entries into e[0..*n-1]; metadata goes to `out` at once. */
static mf_status
parse_header(mf_tensors *out, entry *e, size_t *n, const mf_json *root, uint64_t room, mf_err *err)
{
    mf_status st;

    *n = 0;
    for (size_t i = 0; i < mf_json_size(root); i++) {
        const char    *key;
        const mf_json *v = mf_json_member(root, i, &key);

        if (mf_str_eq(key, "__metadata__")) {
            if ((st = parse_metadata(out, v, err)) < 0) {
                return st;
            }
            continue;
        }
        if ((st = mf_tensor_name_check(key, strlen(key), err)) < 0) {
            return st;
        }
        if ((st = parse_entry(&e[*n], key, v, room, err)) < 0) {
            return mf_fail_in(err, st, "tensor '%s'", key);
        }
        ++*n;
    }
    return MF_OK;
}

/* `room` bytes of data follow the header of `n` bytes. */
static mf_status
frame(uint64_t *n, uint64_t *room, const uint8_t *data, size_t size, mf_err *err)
{
    uint64_t last;

    if (size < 8) {
        return mf_fail(err, MF_E_FORMAT, "%zu bytes are too few for a safetensors file", size);
    }
    *n = 0;
    for (int i = 7; i >= 0; i--) {
        *n = *n << 8 | data[i];
    }
    if (*n > MF_SAFETENSORS_MAX_HEADER) {
        return mf_fail(err, MF_E_LIMIT, "the header is said to have %llu bytes; at most %llu are allowed", (unsigned long long)*n,
                       (unsigned long long)MF_SAFETENSORS_MAX_HEADER);
    }
    if (*n > size - 8) {
        return mf_fail(err, MF_E_FORMAT, "the header is said to have %llu bytes, but only %zu follow; is the file cut off?",
                       (unsigned long long)*n, size - 8);
    }
    if (*n == 0 || data[8] != '{') {
        return mf_fail(err, MF_E_FORMAT, "the header does not begin with '{'");
    }
    for (last = *n; last > 0 && data[8 + last - 1] == ' '; last--) {
    }
    if (data[8 + last - 1] != '}') {
        return mf_fail(err, MF_E_FORMAT, "the header does not end with '}' and spaces");
    }
    *room = size - 8 - *n;
    return MF_OK;
}

mf_status
mf_safetensors_read(mf_tensors *out, const uint8_t *data, size_t size, uint64_t max_bytes, mf_err *err)
{
    mf_json  *root = NULL;
    entry    *e    = NULL;
    uint64_t  n_header = 0, room = 0;
    size_t    n = 0;
    mf_status st;

    if ((st = frame(&n_header, &room, data, size, err)) < 0) {
        return st;
    }
    if (room > max_bytes) {
        return mf_fail(err, MF_E_LIMIT, "%llu bytes of tensors; at most %llu are allowed", (unsigned long long)room,
                       (unsigned long long)max_bytes);
    }
    if ((st = mf_json_parse(&root, (const char *)data + 8, (size_t)n_header, true, err)) < 0) {
        mf_fail_in(err, st, "header");
        goto done;
    }
    if (mf_json_size(root) > MF_WEIGHTS_MAX_TENSORS) {
        st = mf_fail(err, MF_E_LIMIT, "%zu tensors; at most %zu are allowed", mf_json_size(root), MF_WEIGHTS_MAX_TENSORS);
        goto done;
    }
    if ((e = mf_calloc(mf_json_size(root), sizeof *e)) == NULL) {
        st = mf_oom(err, mf_json_size(root) * sizeof *e, "a list of tensors");
        goto done;
    }
    if ((st = parse_header(out, e, &n, root, room, err)) < 0 || (st = check_tiling(e, n, room, err)) < 0) {
        goto done;
    }
    for (size_t i = 0; i < n; i++) {
        mf_tensor *t;

        if ((st = mf_tensors_add(out, e[i].name, e[i].dtype, &e[i].shape, &t, err)) < 0) {
            goto done;
        }
        if (t->bytes != 0) {
            memcpy(t->data, data + 8 + n_header + e[i].begin, t->bytes);
        }
    }
done:
    mf_free(e);
    mf_json_free(root);
    return st;
}
