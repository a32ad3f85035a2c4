/* nn/program_i.h: the inside of a program, for compile.c, lower.c and program.c.
 *
 * compile.c turns a graph into a list of live nodes with real shapes (fold, dead code); lower.c gives each a kernel,
 * inserts reorders and plans memory; program.c runs. */
#ifndef MF_NN_PROGRAM_I_H
#define MF_NN_PROGRAM_I_H

#include "core/arena.h"
#include "nn/graph_i.h"
#include "nn/program.h"

/* A value of the graph, or one made by a pass, with the program's batch. */
typedef struct mf_pval {
    mf_shape    shape;
    mf_kind     kind;
    mf_param   *param;
    const char *input, *name;
    int32_t     node;     /* index into nodes, -1 */
    int32_t     uses;     /* by live nodes; names and gradients count */
    mf_param   *grad_of;  /* this value is the gradient of a parameter */
    bool        constant; /* depends on unchanging parameters only */
    int32_t     slot;     /* where it lies as produced; -1 until lowered */
} mf_pval;

/* Where bytes are. A slot with root >= 0 is another name for the root's memory (views, in-place results). */
typedef enum mf_slot_kind { MF_SLOT_PLAN, MF_SLOT_KEEP, MF_SLOT_PARAM, MF_SLOT_GRAD, MF_SLOT_INPUT } mf_slot_kind;
typedef struct mf_slot {
    mf_tdesc     desc;
    mf_slot_kind kind;
    int32_t      value;        /* the pval it holds */
    int32_t      root;         /* -1: own memory */
    int32_t      next;         /* another form (layout, type) of the same value, -1 */
    mf_param    *param;        /* PARAM, GRAD; PLAN: the gradient of this one, for the sink */
    int          first, last;  /* steps; last INT_MAX: read after the run */
    size_t       offset;       /* PLAN */
    void        *mem;          /* KEEP, INPUT: own memory or what was bound */
    bool         own;          /* mem is freed with the program */
    int          free_after;   /* KEEP, PARAM: step after which nobody reads it until constants are prepared again; -1: it stays */
    bool         spent;        /* PARAM: its values were freed */
} mf_slot;

typedef struct mf_step {
    const mf_kernel_def *kernel;
    void                *state;
    const char          *scope;
    int32_t              in[MF_OP_MAX_IN], out[MF_OP_MAX_OUT]; /* slots, -1 none */
    int                  nin, nout;
    int                  inplace[MF_OP_MAX_OUT];
    bool                 once;   /* constant: run when parameters have changed */
    bool                 once_in[MF_OP_MAX_IN]; /* inputs read only when the constants are fresh */
    int64_t              macs;
    void                *pin[MF_OP_MAX_IN], *pout[MF_OP_MAX_OUT];
} mf_step;

/* A gradient that goes to the sink after step `after`. */
typedef struct mf_handed {
    int32_t slot, after;
} mf_handed;

struct mf_workspace {
    void    *mem;
    size_t   size;
    uint64_t version; /* grows when mem moves */
};

struct mf_program {
    mf_arena          arena;
    mf_params        *params;
    const mf_backend *backend;
    mf_backend_ctx   *ctx;
    mf_prec           prec;
    bool              grads, no_fuse, spend, stream;
    int64_t           batch;
    mf_node         **node;
    int32_t           n_node, cap_node;
    mf_pval          *val;
    int32_t           n_val, cap_val;
    mf_slot          *slot;
    int32_t           n_slot, cap_slot;
    mf_step          *step;
    int32_t           n_step, cap_step;
    mf_handed        *handed;       /* by `after` */
    int32_t           n_handed;
    mf_grad_sink     *sink;
    void             *sink_arg;
    mf_workspace     *ws;
    bool              own_ws;
    size_t            plan_bytes, scratch;
    uint64_t          linked;       /* workspace version the pointers were set for; 0 = never */
    uint64_t          params_seen;  /* version of the parameters the constant steps were run with */
    bool              stale;        /* run the constant steps again */
    bool              fresh;        /* they were run, the others not yet */
    bool              gone;         /* some parameters were freed: the constant steps cannot run again */
    mf_program_stats  stats;
};

/* compile.c: nodes and values from the graph, folded, live only. */
mf_status mf_compile_front(mf_program *p, mf_graph *g, const mf_compile_opts *o, mf_err *err);
/* lower.c: kernels, reorders, plan. */
mf_status mf_compile_lower(mf_program *p, mf_err *err);

#endif
