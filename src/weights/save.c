/* weights/save.c: writing safetensors. Two passes over the list: the header with every offset, then the data. */
#include <string.h>

#include "core/json.h"
#include "weights/names.h"
#include "weights/weights.h"

enum { ALIGN = 8, WIDEST = 8 };

/* Visits tensors by falling element size, in the list's order within one size: *i runs, *width starts at WIDEST. */
static const mf_tensor *
next_by_width(const mf_tensors *ts, size_t *i, size_t *width)
{
    for (; *width > 0; *width /= 2, *i = 0) {
        for (; *i < ts->n; ++*i) {
            if (mf_dtype_size(ts->t[*i].dtype) == *width) {
                return &ts->t[(*i)++];
            }
        }
    }
    return NULL;
}

static mf_status
check(const mf_tensors *ts, mf_err *err)
{
    mf_status st;

    for (size_t i = 0; i < ts->n; i++) {
        const char *name = ts->t[i].name;

        if ((st = mf_tensor_name_check(name, strlen(name), err)) < 0) {
            return st;
        }
        if (mf_str_eq(name, "__metadata__")) {
            return mf_fail(err, MF_E_ARG, "a tensor may not be called '__metadata__'");
        }
    }
    for (size_t i = 0; i < 2 * ts->n_meta; i++) {
        if (!mf_utf8_valid(ts->meta[i], strlen(ts->meta[i]))) {
            return mf_fail(err, MF_E_ARG, "metadata entry %zu is not valid UTF-8", i / 2);
        }
    }
    return MF_OK;
}

/* Where tensor `t` of the list begins in the data: after all wider ones and the earlier ones of its width. */
static void
offsets(const mf_tensors *ts, uint64_t base[WIDEST + 1])
{
    uint64_t at = 0;

    for (size_t width = WIDEST; width > 0; width /= 2) {
        base[width] = at;
        for (size_t i = 0; i < ts->n; i++) {
            if (mf_dtype_size(ts->t[i].dtype) == width) {
                at += ts->t[i].bytes;
            }
        }
    }
}

static void
write_header(mf_str *s, const mf_tensors *ts)
{
    mf_json_out j = mf_json_begin(s, 0);
    uint64_t    at[WIDEST + 1];

    offsets(ts, at);
    mf_json_open(&j, NULL, '{');
    if (ts->n_meta != 0) {
        mf_json_open(&j, "__metadata__", '{');
        for (size_t i = 0; i < ts->n_meta; i++) {
            mf_json_put_str(&j, ts->meta[2 * i], ts->meta[2 * i + 1]);
        }
        mf_json_close(&j, '}');
    }
    for (size_t i = 0; i < ts->n; i++) {
        const mf_tensor *t    = &ts->t[i];
        uint64_t        *from = &at[mf_dtype_size(t->dtype)];

        mf_json_open(&j, t->name, '{');
        mf_json_put_str(&j, "dtype", mf_dtype_name(t->dtype));
        mf_json_open(&j, "shape", '[');
        for (int d = 0; d < t->shape.ndim; d++) {
            mf_json_put_int(&j, NULL, t->shape.dim[d]);
        }
        mf_json_close(&j, ']');
        mf_json_open(&j, "data_offsets", '[');
        mf_json_put_int(&j, NULL, (int64_t)*from);
        *from += t->bytes;
        mf_json_put_int(&j, NULL, (int64_t)*from);
        mf_json_close(&j, ']');
        mf_json_close(&j, '}');
    }
    mf_json_close(&j, '}');
    while (s->len % ALIGN != 0 && !s->oom) {
        mf_str_addc(s, ' ');
    }
}

mf_status
mf_weights_save(const char *path, const mf_tensors *ts, mf_err *err)
{
    mf_writer       *w      = NULL;
    mf_str           header = {0};
    uint8_t          length[8];
    size_t           i = 0, width = WIDEST;
    const mf_tensor *t;
    mf_status        st;

    if ((st = check(ts, err)) < 0) {
        mf_fail_in(err, st, "weights '%s'", path);
        goto done;
    }
    write_header(&header, ts);
    if ((st = mf_str_ok(&header, err)) < 0) {
        goto done;
    }
    for (int b = 0; b < 8; b++) {
        length[b] = (uint8_t)((uint64_t)header.len >> (8 * b));
    }
    if ((st = mf_writer_open(&w, path, err)) < 0 || (st = mf_writer_put(w, length, sizeof length, err)) < 0 ||
        (st = mf_writer_put(w, header.data, header.len, err)) < 0) {
        goto done;
    }
    while ((t = next_by_width(ts, &i, &width)) != NULL) {
        if (t->bytes != 0 && (st = mf_writer_put(w, t->data, t->bytes, err)) < 0) {
            goto done;
        }
    }
    st = mf_writer_commit(w, err);
done:
    mf_writer_free(w);
    mf_str_free(&header);
    return st;
}
