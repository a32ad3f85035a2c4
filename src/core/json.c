/* core/json.c: reading. jansson parses; its tree is copied into an arena of our own in file order, so that members can
 * be walked by index, a size limit is one number, and a document is freed at once. */
#include "core/json.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/file.h"
#include "core/mem.h"

typedef enum kind { K_NULL, K_BOOL, K_INT, K_NUM, K_STR, K_ARRAY, K_OBJECT } kind;

struct mf_json {
    kind         kind;
    int64_t      i; /* int, bool */
    double       d; /* int, num */
    const char  *text;
    size_t       n;
    mf_json    **item;
    const char **key;   /* objects: in file order */
    uint32_t    *order; /* objects: indices sorted by key, for lookup */
};

/* The root node comes first and carries the arena. */
typedef struct root_json {
    mf_json  node;
    mf_arena arena;
} root_json;

typedef struct copier {
    mf_arena *arena;
    mf_err   *err;
} copier;

static int
by_key(const void *a, const void *b, void *arg)
{
    const char *const *key = arg;

    return strcmp(key[*(const uint32_t *)a], key[*(const uint32_t *)b]);
}

static mf_status copy_value(copier *c, mf_json *to, json_t *from, int depth);

static mf_status
copy_items(copier *c, mf_json *to, json_t *from, int depth)
{
    bool      object = json_is_object(from);
    mf_json  *nodes;
    size_t    i = 0;
    void     *it;
    mf_status st;

    to->kind = object ? K_OBJECT : K_ARRAY;
    to->n    = object ? json_object_size(from) : json_array_size(from);
    if (to->n == 0) {
        return MF_OK;
    }
    if (to->n > UINT32_MAX / 2) {
        return mf_fail(c->err, MF_E_LIMIT, "more than %u members in one value", UINT32_MAX / 2);
    }
    to->item = mf_arena_alloc(c->arena, to->n * sizeof *to->item);
    nodes    = mf_arena_alloc(c->arena, to->n * sizeof *nodes);
    if (object) {
        to->key   = mf_arena_alloc(c->arena, to->n * sizeof *to->key);
        to->order = mf_arena_alloc(c->arena, to->n * sizeof *to->order);
    }
    if (to->item == NULL || nodes == NULL || (object && (to->key == NULL || to->order == NULL))) {
        return mf_oom(c->err, to->n * sizeof *nodes, "a JSON document");
    }
    it = object ? json_object_iter(from) : NULL;
    for (i = 0; i < to->n; i++) {
        json_t *v = object ? json_object_iter_value(it) : json_array_get(from, i);

        to->item[i] = &nodes[i];
        if (object) {
            to->order[i] = (uint32_t)i;
            to->key[i]   = mf_arena_strdup(c->arena, json_object_iter_key(it));
            if (to->key[i] == NULL) {
                return mf_oom(c->err, 1, "a JSON key");
            }
            it = json_object_iter_next(from, it);
        }
        if ((st = copy_value(c, &nodes[i], v, depth + 1)) < 0) {
            return st;
        }
    }
    if (object) {
        qsort_r(to->order, to->n, sizeof *to->order, by_key, to->key);
    }
    return MF_OK;
}

static mf_status
copy_value(copier *c, mf_json *to, json_t *from, int depth)
{
    if (depth >= MF_JSON_MAX_DEPTH) {
        return mf_fail(c->err, MF_E_LIMIT, "JSON nested deeper than %d", (int)MF_JSON_MAX_DEPTH);
    }
    switch (json_typeof(from)) {
    case JSON_OBJECT:
    case JSON_ARRAY:
        return copy_items(c, to, from, depth);
    case JSON_STRING:
        to->kind = K_STR;
        to->text = mf_arena_strdup(c->arena, json_string_value(from));
        return to->text != NULL ? MF_OK : mf_oom(c->err, json_string_length(from), "a JSON string");
    case JSON_INTEGER:
        to->kind = K_INT;
        to->i    = json_integer_value(from);
        to->d    = (double)to->i;
        return MF_OK;
    case JSON_REAL:
        to->kind = K_NUM;
        to->d    = json_real_value(from);
        return MF_OK;
    case JSON_TRUE:
    case JSON_FALSE:
        to->kind = K_BOOL;
        to->i    = json_is_true(from);
        return MF_OK;
    case JSON_NULL:
        break;
    }
    to->kind = K_NULL;
    return MF_OK;
}

mf_status
mf_json_parse(mf_json **out, const char *text, size_t size, bool unique, mf_err *err)
{
    json_error_t why;
    json_t      *doc;
    root_json   *root = NULL;
    copier       c;
    mf_status    st;

    *out = NULL;
    doc  = json_loadb(size != 0 ? text : "", size, JSON_DECODE_ANY | (unique ? (size_t)JSON_REJECT_DUPLICATES : 0), &why);
    if (doc == NULL) {
        if (json_error_code(&why) == json_error_out_of_memory) {
            return mf_oom(err, size, "a JSON document");
        }
        return mf_fail(err, MF_E_FORMAT, "line %d, column %d: %s", why.line, why.column, why.text);
    }
    if ((root = mf_calloc(1, sizeof *root)) == NULL) {
        st = mf_oom(err, sizeof *root, "a JSON document");
        goto done;
    }
    c = (copier){&root->arena, err};
    if ((st = copy_value(&c, &root->node, doc, 0)) < 0) {
        goto done;
    }
    *out = &root->node;
    root = NULL;
done:
    json_decref(doc);
    mf_json_free(root != NULL ? &root->node : NULL);
    return st;
}

mf_status
mf_json_load(mf_json **out, const char *path, mf_err *err)
{
    mf_blob   file = {0};
    mf_status st;

    *out = NULL;
    if ((st = mf_file_read(&file, path, 64 << 20, err)) == MF_OK &&
        (st = mf_json_parse(out, (const char *)file.data, file.size, true, err)) < 0) {
        mf_fail_in(err, st, "%s", path);
    }
    mf_blob_free(&file);
    return st;
}

void
mf_json_free(mf_json *root)
{
    if (root != NULL) {
        root_json *r = (root_json *)(void *)root; /* node is the first member */

        mf_arena_free(&r->arena);
        mf_free(r);
    }
}

bool
mf_json_is_object(const mf_json *v)
{
    return v != NULL && v->kind == K_OBJECT;
}

bool
mf_json_is_array(const mf_json *v)
{
    return v != NULL && v->kind == K_ARRAY;
}

bool
mf_json_is_string(const mf_json *v)
{
    return v != NULL && v->kind == K_STR;
}

bool
mf_json_is_int(const mf_json *v)
{
    return v != NULL && v->kind == K_INT;
}

bool
mf_json_is_true(const mf_json *v)
{
    return v != NULL && v->kind == K_BOOL && v->i != 0;
}

size_t
mf_json_size(const mf_json *v)
{
    return v != NULL ? v->n : 0;
}

mf_json *
mf_json_at(const mf_json *array, size_t i)
{
    return mf_json_is_array(array) && i < array->n ? array->item[i] : NULL;
}

mf_json *
mf_json_get(const mf_json *object, const char *key)
{
    size_t lo = 0, hi;

    if (!mf_json_is_object(object)) {
        return NULL;
    }
    hi = object->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int    c   = strcmp(key, object->key[object->order[mid]]);

        if (c == 0) {
            return object->item[object->order[mid]];
        }
        if (c < 0) {
            hi = mid;
        } else {
            lo = mid + 1;
        }
    }
    return NULL;
}

mf_json *
mf_json_member(const mf_json *object, size_t i, const char **key)
{
    if (!mf_json_is_object(object) || i >= object->n) {
        *key = NULL;
        return NULL;
    }
    *key = object->key[i];
    return object->item[i];
}

const char *
mf_json_text(const mf_json *v, const char *otherwise)
{
    return mf_json_is_string(v) ? v->text : otherwise;
}

int64_t
mf_json_int(const mf_json *v, int64_t otherwise)
{
    return v != NULL && (v->kind == K_INT || v->kind == K_BOOL) ? v->i : otherwise;
}

double
mf_json_num(const mf_json *v, double otherwise)
{
    return v != NULL && (v->kind == K_INT || v->kind == K_NUM) ? v->d : otherwise;
}
