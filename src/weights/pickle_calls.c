/* weights/pickle_calls.c: the names that may stand in a pickle of tensors, and what a call of each gives.
 *
 * torch/_utils.py defines the rebuild functions, torch/serialization.py the persistent ids; both are reproduced here as
 * rules on values. Everything that is not in the tables is refused by its name. */
#include <stdio.h>
#include <string.h>

#include "weights/names.h"
#include "weights/pickle.h"

static const mf_pk_elem elems[] = {
    {"FloatStorage", "float32", MF_DTYPE_F32, false},       {"DoubleStorage", "float64", MF_DTYPE_F64, false},
    {"HalfStorage", "float16", MF_DTYPE_F16, false},        {"BFloat16Storage", "bfloat16", MF_DTYPE_BF16, false},
    {"LongStorage", "int64", MF_DTYPE_I64, false},          {"IntStorage", "int32", MF_DTYPE_I32, false},
    {"ShortStorage", "int16", MF_DTYPE_I16, false},         {"CharStorage", "int8", MF_DTYPE_I8, false},
    {"ByteStorage", "uint8", MF_DTYPE_U8, false},           {"BoolStorage", "bool", MF_DTYPE_BOOL, false},
    {"UntypedStorage", "", MF_DTYPE_U8, true},              {"_UntypedStorage", "", MF_DTYPE_U8, true},
    {"ComplexFloatStorage", "complex64", MF_DTYPE_COUNT, false}, {"ComplexDoubleStorage", "complex128", MF_DTYPE_COUNT, false},
    {"QUInt8Storage", "quint8", MF_DTYPE_COUNT, false},     {"QInt8Storage", "qint8", MF_DTYPE_COUNT, false},
    {"QInt32Storage", "qint32", MF_DTYPE_COUNT, false},     {"QUInt4x2Storage", "quint4x2", MF_DTYPE_COUNT, false},
    {"QUInt2x4Storage", "quint2x4", MF_DTYPE_COUNT, false}, {"", "complex32", MF_DTYPE_COUNT, false},
    {"", "uint16", MF_DTYPE_COUNT, false},                  {"", "uint32", MF_DTYPE_COUNT, false},
    {"", "uint64", MF_DTYPE_COUNT, false},                  {"", "float8_e4m3fn", MF_DTYPE_COUNT, false},
    {"", "float8_e5m2", MF_DTYPE_COUNT, false},             {"", "float8_e4m3fnuz", MF_DTYPE_COUNT, false},
    {"", "float8_e5m2fnuz", MF_DTYPE_COUNT, false},
};

static const struct {
    const char *module, *name;
    mf_pk_fn    fn;
} globals[] = {
    {"torch._utils", "_rebuild_tensor", MF_PK_FN_TENSOR_V1},
    {"torch._utils", "_rebuild_tensor_v2", MF_PK_FN_TENSOR_V2},
    {"torch._utils", "_rebuild_tensor_v3", MF_PK_FN_TENSOR_V3},
    {"torch._utils", "_rebuild_parameter", MF_PK_FN_PARAMETER},
    {"torch._utils", "_rebuild_parameter_with_state", MF_PK_FN_PARAMETER},
    {"torch._tensor", "_rebuild_from_type_v2", MF_PK_FN_FROM_TYPE},
    {"torch._tensor", "_rebuild_from_type", MF_PK_FN_FROM_TYPE},
    {"torch.tensor", "_rebuild_from_type", MF_PK_FN_FROM_TYPE}, /* before 1.9 */
    {"torch", "Tensor", MF_PK_FN_TYPE},
    {"torch.nn.parameter", "Parameter", MF_PK_FN_TYPE},
    {"torch", "Size", MF_PK_FN_SIZE},
    {"torch", "device", MF_PK_FN_OPAQUE},
    {"collections", "OrderedDict", MF_PK_FN_ORDERED_DICT},
    {"_codecs", "encode", MF_PK_FN_OPAQUE}, /* how Python 3 writes bytes in protocol 2: the insides of a NumPy number */
    {"numpy", "dtype", MF_PK_FN_OPAQUE},
    {"numpy.core.multiarray", "scalar", MF_PK_FN_OPAQUE},
    {"numpy._core.multiarray", "scalar", MF_PK_FN_OPAQUE},
};

static bool
same(const char *s, size_t n, const char *c)
{
    return n == strlen(c) && memcmp(s, c, n) == 0;
}

mf_status
mf_pickle_refuse(mf_pickle *p, const char *module, size_t n_module, const char *name, size_t n_name)
{
    char        m[340], n[340];
    const char *hint = "; save a state_dict instead of a whole object";

    mf_show_bytes(m, module, n_module);
    mf_show_bytes(n, name, n_name);
    if (same(module, n_module, "posix") || same(module, n_module, "nt")) {
        return mf_fail(p->err, MF_E_UNSUPPORTED, "it calls '%s.%s' (os.%s), which is not a tensor; nothing was run", m, n, n);
    }
    if (n_module >= 9 && memcmp(module, "__torch__", 9) == 0) {
        hint = "; this is a TorchScript program: save its state_dict instead";
    } else if (same(module, n_module, "builtins") || same(module, n_module, "__builtin__") || same(module, n_module, "os") ||
               same(module, n_module, "sys") || same(module, n_module, "subprocess")) {
        hint = "";
    }
    return mf_fail(p->err, MF_E_UNSUPPORTED, "it calls '%s.%s', which is not a tensor; nothing was run%s", m, n, hint);
}

static const mf_pk_elem *
find_elem(const char *s, size_t n, bool storage)
{
    for (size_t i = 0; i < sizeof elems / sizeof *elems; i++) {
        const char *word = storage ? elems[i].storage : elems[i].torch;

        if (*word != '\0' && same(s, n, word)) {
            return &elems[i];
        }
    }
    return NULL;
}

mf_status
mf_pickle_global(mf_pickle *p, mf_pk **out, const char *module, size_t n_module, const char *name, size_t n_name)
{
    const mf_pk_elem *elem = NULL;
    mf_pk_fn          fn   = MF_PK_FN_TYPE;
    bool              found = false;
    mf_status         st;

    for (size_t i = 0; i < sizeof globals / sizeof *globals && !found; i++) {
        if (same(module, n_module, globals[i].module) && same(name, n_name, globals[i].name)) {
            fn    = globals[i].fn;
            found = true;
        }
    }
    if (!found && (same(module, n_module, "torch") || same(module, n_module, "torch.cuda") || same(module, n_module, "torch.storage")) &&
        (elem = find_elem(name, n_name, true)) != NULL) {
        fn    = MF_PK_FN_STORAGE;
        found = true;
    }
    if (!found && same(module, n_module, "torch") && (elem = find_elem(name, n_name, false)) != NULL) {
        fn    = MF_PK_FN_DTYPE;
        found = true;
    }
    if (!found) {
        return mf_pickle_refuse(p, module, n_module, name, n_name);
    }
    if ((st = mf_pickle_new(p, out, MF_PK_GLOBAL)) == MF_OK) {
        (*out)->fn     = fn;
        (*out)->u.elem = elem;
    }
    return st;
}

/* ---- calls ---- */

static const mf_pk *
arg(const mf_pk *args, size_t i)
{
    static const mf_pk none = {.kind = MF_PK_NONE};

    return i < args->u.seq.n ? args->u.seq.item[i] : &none;
}

static bool
is_global(const mf_pk *v, mf_pk_fn fn)
{
    return v->kind == MF_PK_GLOBAL && v->fn == fn;
}

static bool
is_int_tuple(const mf_pk *v)
{
    if (v->kind != MF_PK_TUPLE) {
        return false;
    }
    for (size_t i = 0; i < v->u.seq.n; i++) {
        if (v->u.seq.item[i]->kind != MF_PK_INT) {
            return false;
        }
    }
    return true;
}

/* A tensor may be kept as "negated on use" or "conjugated on use": its bytes are then not its values. */
static bool
is_lazy(const mf_pk *meta)
{
    if (meta->kind != MF_PK_DICT) {
        return false;
    }
    for (size_t i = 1; i < meta->u.seq.n; i += 2) {
        if (meta->u.seq.item[i]->kind == MF_PK_BOOL && meta->u.seq.item[i]->u.i != 0) {
            return true;
        }
    }
    return false;
}

/* (storage, offset, size, stride[, requires_grad, hooks[, dtype of v3][, metadata]]) */
static mf_status
call_tensor(mf_pickle *p, mf_pk **out, mf_pk_fn fn, const mf_pk *args)
{
    const mf_pk  *storage = arg(args, 0), *offset = arg(args, 1), *size = arg(args, 2), *stride = arg(args, 3);
    const mf_pk  *dtype = arg(args, 6);
    void         *mem;
    mf_pk_tensor *t;
    mf_status     st;

    if (storage->kind != MF_PK_STORAGE || offset->kind != MF_PK_INT || !is_int_tuple(size) || !is_int_tuple(stride) ||
        size->u.seq.n != stride->u.seq.n || (fn == MF_PK_FN_TENSOR_V3 && !is_global(dtype, MF_PK_FN_DTYPE))) {
        return mf_fail(p->err, MF_E_FORMAT, "a tensor is not made of storage, offset, size and stride");
    }
    if (is_lazy(arg(args, fn == MF_PK_FN_TENSOR_V3 ? 7 : 6))) {
        return mf_fail(p->err, MF_E_UNSUPPORTED, "a tensor is kept conjugated or negated; save it after .resolve_conj().resolve_neg()");
    }
    if ((st = mf_pickle_alloc(p, &mem, sizeof *t)) < 0 || (st = mf_pickle_new(p, out, MF_PK_TENSOR)) < 0) {
        return st;
    }
    t                = mem;
    t->storage       = storage->u.storage;
    t->elem          = fn == MF_PK_FN_TENSOR_V3 ? dtype->u.elem : storage->u.storage->elem;
    t->offset        = offset->u.i;
    t->size          = size;
    t->stride        = stride;
    (*out)->u.tensor = t;
    return MF_OK;
}

/* OrderedDict() or OrderedDict([(key, value), ...]) */
static mf_status
call_ordered_dict(mf_pickle *p, mf_pk **out, const mf_pk *args)
{
    const mf_pk *pairs = arg(args, 0);
    mf_status    st    = mf_pickle_new(p, out, MF_PK_DICT);

    if (st < 0 || args->u.seq.n == 0) {
        return st;
    }
    if (args->u.seq.n != 1 || (pairs->kind != MF_PK_LIST && pairs->kind != MF_PK_TUPLE)) {
        return mf_fail(p->err, MF_E_FORMAT, "an OrderedDict is made of something other than pairs");
    }
    for (size_t i = 0; i < pairs->u.seq.n; i++) {
        const mf_pk *pair = pairs->u.seq.item[i];

        if ((pair->kind != MF_PK_LIST && pair->kind != MF_PK_TUPLE) || pair->u.seq.n != 2) {
            return mf_fail(p->err, MF_E_FORMAT, "an OrderedDict is made of something other than pairs");
        }
        if ((st = mf_pickle_append(p, *out, pair->u.seq.item[0])) < 0 ||
            (st = mf_pickle_append(p, *out, pair->u.seq.item[1])) < 0) {
            return st;
        }
    }
    return MF_OK;
}

/* torch.Size(sequence): the tuple itself. */
static mf_status
call_size(mf_pickle *p, mf_pk **out, const mf_pk *args)
{
    const mf_pk *of = arg(args, 0);
    mf_status    st;

    if (args->u.seq.n > 1 || (args->u.seq.n == 1 && of->kind != MF_PK_TUPLE && of->kind != MF_PK_LIST)) {
        return mf_fail(p->err, MF_E_FORMAT, "a torch.Size is not made of numbers");
    }
    if ((st = mf_pickle_new(p, out, MF_PK_TUPLE)) < 0) {
        return st;
    }
    for (size_t i = 0; i < of->u.seq.n && args->u.seq.n == 1; i++) {
        if ((st = mf_pickle_append(p, *out, of->u.seq.item[i])) < 0) {
            return st;
        }
    }
    return MF_OK;
}

mf_status
mf_pickle_call(mf_pickle *p, mf_pk **out, const mf_pk *fn, const mf_pk *args)
{
    if (fn->kind != MF_PK_GLOBAL || args->kind != MF_PK_TUPLE) {
        return mf_fail(p->err, MF_E_FORMAT, "something that is not a function is called, or without arguments");
    }
    /* _rebuild_from_type_v2(function, type, arguments, state): the plain tensor; the attributes of state are dropped. */
    if (fn->fn == MF_PK_FN_FROM_TYPE) {
        const mf_pk *inner = arg(args, 0), *type = arg(args, 1);

        if (inner->kind != MF_PK_GLOBAL || inner->fn == MF_PK_FN_FROM_TYPE || !is_global(type, MF_PK_FN_TYPE) ||
            arg(args, 2)->kind != MF_PK_TUPLE) {
            return mf_fail(p->err, MF_E_FORMAT, "a tensor with attributes is not made of function, type and arguments");
        }
        fn   = inner;
        args = arg(args, 2);
    }
    switch (fn->fn) {
    case MF_PK_FN_TENSOR_V1:
    case MF_PK_FN_TENSOR_V2:
    case MF_PK_FN_TENSOR_V3:
        return call_tensor(p, out, fn->fn, args);
    case MF_PK_FN_PARAMETER:
        if (arg(args, 0)->kind != MF_PK_TENSOR) {
            return mf_fail(p->err, MF_E_FORMAT, "a parameter is not made of a tensor");
        }
        *out = args->u.seq.item[0];
        return MF_OK;
    case MF_PK_FN_ORDERED_DICT:
        return call_ordered_dict(p, out, args);
    case MF_PK_FN_SIZE:
        return call_size(p, out, args);
    case MF_PK_FN_OPAQUE:
        return mf_pickle_new(p, out, MF_PK_OTHER);
    case MF_PK_FN_FROM_TYPE:
    case MF_PK_FN_STORAGE:
    case MF_PK_FN_DTYPE:
    case MF_PK_FN_TYPE:
        break;
    }
    return mf_fail(p->err, MF_E_UNSUPPORTED, "a type is called that only names tensors");
}

/* State set on an object: hooks of a tensor, `_metadata` of a state_dict, the insides of a NumPy type. None is needed. */
mf_status
mf_pickle_build(mf_pickle *p, const mf_pk *obj)
{
    if (obj->kind != MF_PK_DICT && obj->kind != MF_PK_TENSOR && obj->kind != MF_PK_OTHER) {
        return mf_fail(p->err, MF_E_FORMAT, "state is set on a plain value");
    }
    return MF_OK;
}

static bool
is_count(const mf_pk *v)
{
    return v->kind == MF_PK_INT && v->u.i >= 0;
}

/* ("storage", type, key, location, count[, view]) with view None or (key, offset, count). The location ("cuda:2") tells
 * where the tensor lived and does not matter. */
mf_status
mf_pickle_persistent(mf_pickle *p, mf_pk **out, const mf_pk *id)
{
    const mf_pk   *type, *key, *view;
    void          *mem;
    mf_pk_storage *s;
    mf_status      st;

    if (id->kind != MF_PK_TUPLE || id->u.seq.n == 0 || !mf_pk_is(arg(id, 0), "storage")) {
        return mf_fail(p->err, MF_E_UNSUPPORTED, "a reference to something that is not a storage; save a state_dict instead of a whole object");
    }
    type = arg(id, 1);
    key  = arg(id, 2);
    view = arg(id, 5);
    if (!is_global(type, MF_PK_FN_STORAGE) || key->kind != MF_PK_STR || !is_count(arg(id, 4)) ||
        (view->kind != MF_PK_NONE && (view->kind != MF_PK_TUPLE || view->u.seq.n != 3 || !is_count(arg(view, 1)) || !is_count(arg(view, 2))))) {
        return mf_fail(p->err, MF_E_FORMAT, "a storage is not made of type, key, location and count");
    }
    if (key->u.text.n == 0 || key->u.text.n > MF_PICKLE_MAX_TEXT || memchr(key->u.text.s, 0, key->u.text.n) != NULL) {
        return mf_fail(p->err, MF_E_FORMAT, "the key of a storage has %zu bytes or holds a NUL", key->u.text.n);
    }
    if ((st = mf_pickle_alloc(p, &mem, sizeof *s)) < 0 || (st = mf_pickle_new(p, out, MF_PK_STORAGE)) < 0) {
        return st;
    }
    s        = mem;
    s->key   = key->u.text.s;
    s->key_n = key->u.text.n;
    s->elem  = type->u.elem;
    s->numel = (uint64_t)arg(id, 4)->u.i;
    if (view->kind == MF_PK_TUPLE) {
        s->view       = true;
        s->view_at    = (uint64_t)arg(view, 1)->u.i;
        s->view_numel = (uint64_t)arg(view, 2)->u.i;
    }
    s->next           = p->storages;
    p->storages       = s;
    (*out)->u.storage = s;
    return MF_OK;
}
