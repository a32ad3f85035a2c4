/* weights/pickle.h: the pickle of a PyTorch file, read as data.
 *
 * A small stack machine knows the opcodes that tensors need and turns them into plain values. It imports nothing and
 * calls nothing: the few names that stand for tensors are recognised (pickle_calls.c) and become values too; any other
 * name ends the reading with a sentence that holds it. Every value, the stack and the memo are bounded. */
#ifndef MF_WEIGHTS_PICKLE_H
#define MF_WEIGHTS_PICKLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/arena.h"
#include "core/error.h"
#include "nn/tensor.h"

#define MF_PICKLE_MAX_BYTES  ((size_t)64 << 20)  /* of one pickle */
#define MF_PICKLE_MAX_VALUES ((size_t)4 << 20)   /* values made, and slots of the memo */
#define MF_PICKLE_MAX_MEMORY ((size_t)512 << 20) /* held by them */
#define MF_PICKLE_MAX_TEXT   ((size_t)256)       /* module and name of a global; a number written as text */

typedef enum mf_pk_kind {
    MF_PK_MARK, MF_PK_NONE, MF_PK_BOOL, MF_PK_INT, MF_PK_BIG, MF_PK_FLOAT, MF_PK_STR, MF_PK_BYTES, MF_PK_TUPLE, MF_PK_LIST,
    MF_PK_DICT, MF_PK_GLOBAL, MF_PK_STORAGE, MF_PK_TENSOR,
    MF_PK_OTHER /* understood and of no interest: a device, a NumPy number */
} mf_pk_kind;

/* What an allowed global stands for. */
typedef enum mf_pk_fn {
    MF_PK_FN_TENSOR_V1, MF_PK_FN_TENSOR_V2, MF_PK_FN_TENSOR_V3, MF_PK_FN_PARAMETER, MF_PK_FN_FROM_TYPE, MF_PK_FN_ORDERED_DICT,
    MF_PK_FN_SIZE, MF_PK_FN_OPAQUE, /* calls give MF_PK_OTHER */
    MF_PK_FN_STORAGE, MF_PK_FN_DTYPE, MF_PK_FN_TYPE /* not callable */
} mf_pk_fn;

/* An element type of PyTorch; dtype is MF_DTYPE_COUNT for those that are known and not held (complex, quantised). */
typedef struct mf_pk_elem {
    const char *storage; /* "FloatStorage" */
    const char *torch;   /* "float32" */
    mf_dtype    dtype;
    bool        untyped; /* bytes whose type the tensor gives */
} mf_pk_elem;

typedef struct mf_pk mf_pk;

/* Part of a storage: `view` counts elements from `view_at` of the stored ones. */
typedef struct mf_pk_storage {
    const char                 *key; /* not NUL-terminated */
    size_t                      key_n;
    const mf_pk_elem           *elem;
    uint64_t                    numel;
    bool                        view;
    uint64_t                    view_at, view_numel;
    const struct mf_pk_storage *next; /* all storages that the pickle names, newest first */
} mf_pk_storage;

typedef struct mf_pk_tensor {
    const mf_pk_storage *storage;
    const mf_pk_elem    *elem;
    int64_t              offset;        /* in elements */
    const mf_pk         *size, *stride; /* tuples of equal length, of integers; stride in elements */
} mf_pk_tensor;

struct mf_pk {
    mf_pk_kind kind;
    mf_pk_fn   fn;                                    /* GLOBAL */
    union {
        int64_t               i;                      /* BOOL, INT */
        double                f;                      /* FLOAT */
        struct { const char *s; size_t n; } text;     /* STR, BYTES; BIG: two's complement, little-endian */
        struct { mf_pk **item; size_t n, cap; } seq;  /* TUPLE, LIST; DICT: key, value, key, value ... */
        const mf_pk_elem     *elem;                   /* GLOBAL: STORAGE, DTYPE */
        const mf_pk_storage  *storage;
        const mf_pk_tensor   *tensor;
    } u;
};

typedef struct mf_pickle {
    mf_arena            *arena;    /* values live here; texts lend from `data` */
    const uint8_t       *data;
    size_t               size, at;
    mf_pk              **stack;
    mf_pk                mark;     /* what MARK pushes: one value, for nothing asks which */
    size_t               n, cap;
    mf_pk              **memo;
    size_t               memo_cap, memo_n; /* memo_n: next slot of MEMOIZE */
    size_t               values;
    bool                 stopped;
    const mf_pk_storage *storages;
    mf_err              *err;
} mf_pickle;

/* Read one pickle from the start of data[0..size-1]. *used: its bytes; *storages: all that it names (may be NULL).
 * The value lives as long as `arena` and `data`. MF_E_UNSUPPORTED names a global or opcode that is refused. */
mf_status mf_pickle_read(const mf_pk **out, size_t *used, const mf_pk_storage **storages, mf_arena *arena, const uint8_t *data,
                         size_t size, mf_err *err);
/* Whether a STR equals the C string. */
bool mf_pk_is(const mf_pk *v, const char *s);

/* Between pickle.c and pickle_calls.c. */
mf_status mf_pickle_new(mf_pickle *p, mf_pk **out, mf_pk_kind kind);
mf_status mf_pickle_alloc(mf_pickle *p, void **out, size_t bytes);
mf_status mf_pickle_append(mf_pickle *p, mf_pk *seq, mf_pk *v);
mf_status mf_pickle_global(mf_pickle *p, mf_pk **out, const char *module, size_t n_module, const char *name, size_t n_name);
mf_status mf_pickle_call(mf_pickle *p, mf_pk **out, const mf_pk *fn, const mf_pk *args);
mf_status mf_pickle_build(mf_pickle *p, const mf_pk *obj);
mf_status mf_pickle_persistent(mf_pickle *p, mf_pk **out, const mf_pk *id);
/* The sentence for a global that is not allowed. */
mf_status mf_pickle_refuse(mf_pickle *p, const char *module, size_t n_module, const char *name, size_t n_name);

#endif
