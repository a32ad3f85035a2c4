/* nn/params.h: the parameters and buffers of a network, by name, shared by all its programs.
 *
 * Names equal those of the reference PyTorch state_dict. Masters are f32 (f64 for gradient checks). A backend may give
 * a parameter a blocked storage layout before its memory exists (first training program wins); element-wise work
 * (optimisers, averages) runs on the storage, padding being zero and staying zero. */
#ifndef MF_NN_PARAMS_H
#define MF_NN_PARAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/error.h"
#include "nn/tensor.h"

typedef enum mf_init_kind {
    MF_INIT_ZERO, MF_INIT_ONE, MF_INIT_CONST,   /* CONST: value a */
    MF_INIT_KAIMING_FAN_OUT,                    /* Normal(0, sqrt(2 / (Co k k))): He 2015, fan-out */
    MF_INIT_UNIFORM_FAN_IN,                     /* Uniform(+-1/sqrt(fan_in)); for a bias `fan` gives fan_in */
    MF_INIT_KAIMING_UNIFORM_FAN_IN,             /* Uniform(+-sqrt(6 / fan_in)) */
    MF_INIT_NORMAL                              /* Normal(0, a) */
} mf_init_kind;
typedef struct mf_init {
    mf_init_kind kind;
    double       a;
    int64_t      fan; /* UNIFORM_FAN_IN of a bias: fan_in of its weight; 0 = from the shape */
} mf_init;

typedef enum mf_param_kind {
    MF_PARAM_WEIGHT,  /* trained, weight decay applies */
    MF_PARAM_BIAS,    /* trained, no decay unless asked: biases */
    MF_PARAM_NORM,    /* trained, no decay unless asked: gamma and beta of norms */
    MF_PARAM_BUFFER,  /* not trained, saved: running mean and variance */
    MF_PARAM_COUNTER  /* not trained, saved as an int64 scalar: num_batches_tracked */
} mf_param_kind;

typedef struct mf_param {
    const char   *name;
    size_t        index;    /* its place in the store: mf_params_at(ps, index) */
    mf_shape      shape;
    mf_init       init;
    mf_param_kind kind;
    bool          frozen;   /* no gradient, no update */
    bool          unreached; /* the loss does not depend on it (mf_graph_backward): no gradient, no update */
    bool          fixed;    /* the storage layout was chosen */
    int           group;    /* optimiser group: 0 backbone, 1 head; set by the trainer */
    mf_dtype      dtype;    /* of data and grad: F32 (F64 in gradient checks) */
    mf_layout     layout;   /* of data and grad */
    size_t        elems;    /* storage elements, padding included */
    void         *data;     /* NULL until materialised */
    void         *grad;     /* NULL until mf_params_want_grads */
} mf_param;

/* Another name that a file may give a parameter: false if `name` is none, else its own name in `out`. */
enum { MF_ALIAS_MAX = 256 };
typedef bool mf_alias_fn(char out[MF_ALIAS_MAX], const char *name);

typedef struct mf_params mf_params;
mf_status mf_params_new(mf_params **out, mf_dtype dtype, mf_err *err);
void      mf_params_free(mf_params *ps);
size_t    mf_params_count(const mf_params *ps);
mf_param *mf_params_at(const mf_params *ps, size_t i);  /* in order of creation: the state_dict's order */
mf_param *mf_params_find(const mf_params *ps, const char *name); /* NULL if absent */
/* Find or create. MF_E_ARG: it exists with another shape or kind. */
mf_status mf_params_want(mf_params *ps, mf_param **out, const char *name, const mf_shape *shape, mf_init init,
                         mf_param_kind kind, mf_err *err);
/* Give every parameter memory (those that have none) and fill the new ones by their initialiser: a function of
 * (seed, name), so that another architecture around a layer does not change its start. */
mf_status mf_params_materialize(mf_params *ps, uint64_t seed, mf_err *err);
/* Trained at all, not frozen, and reached by the loss. */
bool      mf_param_learns(const mf_param *p);
mf_status mf_params_want_grads(mf_params *ps, mf_err *err); /* zeroed gradients for all that learn */
/* Memory for a parameter that has none, its values to be set; padding is zero. */
mf_status mf_param_open(mf_param *p, mf_err *err);
/* Row-major copies in and out; dtype of the tensor is converted. */
void      mf_param_set(mf_param *p, mf_dtype dtype, const void *plain);
void      mf_param_get(const mf_param *p, mf_dtype dtype, void *plain);
void      mf_param_get_grad(const mf_param *p, mf_dtype dtype, void *plain);
int64_t   mf_params_trainable(const mf_params *ps); /* scalars trained: weights, biases, gammas, betas; frozen ones too */
/* A number that grows whenever values were changed through mf_param_set, an optimiser, or a training program. */
uint64_t  mf_params_version(const mf_params *ps);
void      mf_params_touch(mf_params *ps);
/* All parameters and buffers as named tensors (F32, counters I64) and back.
 * load: `missing` and `unexpected` collect names (may be NULL); a shape that differs is MF_E_ARG naming both shapes. */
mf_status mf_params_export(const mf_params *ps, mf_tensors *out, mf_err *err);

#endif
