/* nn/program.h: a graph made ready to run: dead code gone, fused, layouts chosen, memory planned. */
#ifndef MF_NN_PROGRAM_H
#define MF_NN_PROGRAM_H

#include "core/str.h"
#include "nn/graph.h"
#include "nn/kernel.h"

typedef enum mf_prec { MF_PREC_F32, MF_PREC_BF16, MF_PREC_F64, MF_PREC_AUTO } mf_prec;
/* AUTO: bf16 where the CPU has AMX and the backend can, else f32. */
mf_prec     mf_prec_resolve(mf_prec p, const mf_backend *b);
const char *mf_prec_name(mf_prec p);

typedef struct mf_program mf_program;
/* One block of memory shared by programs that never run at the same time (training, partial batch, evaluation). */
typedef struct mf_workspace mf_workspace;
mf_status mf_workspace_new(mf_workspace **out, mf_err *err);
void      mf_workspace_free(mf_workspace *w); /* after all its programs */

typedef struct mf_compile_opts {
    const mf_backend  *backend;
    mf_prec            prec;
    int                batch;
    const char *const *outputs;   /* NULL-terminated names wanted; gradients are added by `grads` */
    bool               grads;     /* run the backward pass into params' gradients (mf_graph_backward was called) */
    bool               stream;    /* with grads: gradients have no memory of their own, each goes to the sink (mf_program_sink) */
    mf_workspace      *workspace; /* NULL: own memory */
    bool               no_fuse;   /* tests: every node by itself */
    bool               spend;     /* the parameters serve this program alone: it frees the values of those that it keeps in another
                                   * form as soon as it has that form. It cannot be made to read them again: MF_E_STATE */
} mf_compile_opts;

mf_status mf_program_compile(mf_program **out, mf_graph *g, const mf_compile_opts *o, mf_err *err);
void      mf_program_free(mf_program *p);
/* Where an input goes: its descriptor; give the memory (64-byte aligned, mf_tdesc_bytes long) before each run or once.
 * Without a binding the program's own memory is used: mf_program_input_ptr. */
mf_status mf_program_input_desc(const mf_program *p, const char *name, mf_tdesc *out, mf_err *err);
mf_status mf_program_bind(mf_program *p, const char *name, void *data, mf_err *err);
void     *mf_program_input_ptr(mf_program *p, const char *name);
/* Copy a row-major tensor into an input (own memory), converting. */
mf_status mf_program_feed(mf_program *p, const char *name, mf_dtype dtype, const void *plain, mf_err *err);
/* Takes a gradient as soon as it is whole and no later step of the run reads the parameter's values, which the sink may change:
 * most gradients then never exist side by side. `grad` has the parameter's type and layout and is gone when the sink returns.
 * Anything but MF_OK ends the run with that. */
typedef mf_status mf_grad_sink(void *arg, mf_param *p, const void *grad, mf_err *err);
void      mf_program_sink(mf_program *p, mf_grad_sink *sink, void *arg); /* of a program compiled with `stream`; NULL: gradients are lost */
/* Run once. Inference programs prepare folded weights anew when the parameters' version has changed. Gradients are overwritten, or go to the sink. */
mf_status mf_program_run(mf_program *p, uint64_t seed, uint64_t step, mf_err *err);
/* Prepare folded weights anew at the next run (frozen parameters of a training program were loaded again). */
void      mf_program_refresh(mf_program *p);
/* Read a wanted output, row-major, converted to F32 (or F64 with dtype). elems must match. */
mf_status mf_program_read(const mf_program *p, const char *name, mf_dtype dtype, void *plain, size_t elems, mf_err *err);
mf_status mf_program_output_shape(const mf_program *p, const char *name, mf_shape *out, mf_err *err);

typedef struct mf_program_stats {
    int    steps, reorders, fused;
    int    made_again;      /* products that the backward pass computes a second time instead of keeping them */
    int    ref_fallbacks;   /* steps that run a reference kernel on another backend, conversions around it or not */
    size_t plan_bytes;      /* activations after reuse */
    size_t unplanned_bytes; /* their sum without reuse */
    size_t scratch_bytes, persistent_bytes;
} mf_program_stats;
mf_program_stats mf_program_get_stats(const mf_program *p);
/* Time each step over `runs` runs (medians); appends a table or JSON lines: op, kernel, shape, layout, ms, GFLOP/s. */
mf_status mf_program_profile(mf_program *p, int runs, bool json, mf_str *out, mf_err *err);

#endif
