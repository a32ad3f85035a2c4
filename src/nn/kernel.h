/* nn/kernel.h: how a backend runs an op. One op a file in nn/backends/X, one line in its kernel_list.h.
 *
 * Compiling a program: nodes in order; for each, the first kernel whose `supports` says yes is prepared. `prepare` sees
 * types and shapes, and for inputs the descriptor the value now has; it may ask for another layout or type of an input
 * (a reorder is inserted) and chooses the layout of each output. Then pointers are planned, and `run` is called each step. */
#ifndef MF_NN_KERNEL_H
#define MF_NN_KERNEL_H

#include "nn/op.h"

typedef struct mf_backend     mf_backend;
typedef struct mf_backend_ctx mf_backend_ctx; /* engine, stream: one a program set; a backend's own struct */

typedef struct mf_prep {
    mf_backend_ctx  *ctx;
    const mf_op_def *op;
    const void      *attrs;
    int              nin, nout;
    bool             has_in[MF_OP_MAX_IN];
    bool             want_out[MF_OP_MAX_OUT];  /* false: nobody uses it; run gets NULL */
    mf_tdesc         in[MF_OP_MAX_IN];         /* in: as produced. `prepare` may change layout and dtype */
    bool             free_in[MF_OP_MAX_IN];    /* the input is a network input or parameter whose storage is not fixed yet:
                                                  the layout asked for becomes its storage, at no cost */
    bool             const_in[MF_OP_MAX_IN];   /* the input changes only where mf_run.fresh says so */
    mf_tdesc         out[MF_OP_MAX_OUT];       /* dtype and shape set; layout preset plain; `prepare` sets layout */
    int              inplace[MF_OP_MAX_OUT];   /* preset -1; i: out o may share memory with input i (equal descriptors) */
    size_t           scratch;                  /* bytes wanted while running (64-byte aligned, contents lost) */
    size_t           keep;                     /* bytes that `state` keeps for the program's life, for the record */
    bool             once_in[MF_OP_MAX_IN];    /* preset false; true: a constant input is read only where mf_run.fresh says so, the
                                                  kernel keeping what it made of it */
    bool             inference;                /* the program has no gradients: parameters do not change between refreshes */
    void            *state;                    /* prepare's, released by release */
} mf_prep;

typedef struct mf_run {
    void *const *in;
    void *const *out;
    void        *scratch;
    uint64_t     seed, step;  /* for dropout */
    bool         fresh;       /* constant inputs may have changed since the last run */
} mf_run;

typedef struct mf_kernel_def {
    const char *op;      /* op name */
    const char *name;    /* shown by bench --layers */
    /* False: cannot; the reason may be put in why (NULL allowed). Never guesses. */
    bool      (*supports)(const mf_prep *p, char why[128]);
    mf_status (*prepare)(mf_prep *p, mf_err *err);
    mf_status (*run)(void *state, const mf_run *r, mf_err *err);
    void      (*release)(void *state); /* NULL if there is nothing; takes NULL */
    bool        by_ref; /* the reference kernel with conversions around it: counted as a fallback */
} mf_kernel_def;

struct mf_backend {
    const char *name;     /* "ref", "ref64", "onednn" */
    const char *summary;
    bool        bf16;     /* bf16 programs are possible */
    mf_dtype    real;     /* F32; F64 for ref64 */
    mf_status (*open)(mf_backend_ctx **out, mf_err *err);
    void      (*close)(mf_backend_ctx *ctx);
    const mf_kernel_def *const *kernels; /* NULL-terminated */
    /* A change of layout or type: op "reorder" with one input and one output, both descriptors fixed. */
    const mf_kernel_def *reorder;
};

/* "onednn" where built in and asked for, "ref", "ref64"; "auto" is the fastest. MF_E_NOTFOUND names what there is. */
mf_status mf_backend_find(const mf_backend **out, const char *name, mf_err *err);

#endif
