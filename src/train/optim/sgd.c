/* train/optim/sgd.c: stochastic gradient descent with momentum in PyTorch's form: the learning rate multiplies the
 * buffer, buf <- momentum buf + (1 - dampening) d; Nesterov steps along d + momentum buf (Sutskever et al. 2013). */
#include "train/optim.h"

typedef struct {
    double momentum, dampening;
    bool   nesterov;
} sgd_cfg;

static const mf_opt sgd_opts[] = {
    MF_OPT_F64(sgd_cfg, momentum, 0.9, 0.0, 0.9999, "share of the last direction that is kept"),
    MF_OPT_F64(sgd_cfg, dampening, 0.0, 0.0, 1.0, "share of the gradient that is left out of the buffer"),
    MF_OPT_BOOL(sgd_cfg, nesterov, 0, "look ahead along the momentum"),
    MF_OPT_END,
};

static int
sgd_states(const void *cfg)
{
    return ((const sgd_cfg *)cfg)->momentum > 0.0 ? 1 : 0;
}

static void
sgd_numbers(mf_update *u, const void *cfg, int64_t t, double lr, double wd)
{
    const sgd_cfg *c = cfg;

    *u = (mf_update){
        .l2 = (float)wd, .b1 = (float)c->momentum, .c1 = t == 1 ? 1.0f : (float)(1.0 - c->dampening),
        .step = (float)lr, .nesterov = c->nesterov,
    };
}

static mf_update_fn *
sgd_loop(const mf_update_table *isa)
{
    return isa->sgd;
}

extern const mf_optim_def mf_optim_sgd;
const mf_optim_def mf_optim_sgd = {
    .name = "sgd", .summary = "gradient descent with momentum, also Nesterov's",
    .source = "Sutskever et al. 2013, in PyTorch's form",
    .cfg_size = sizeof(sgd_cfg), .opts = sgd_opts, .state_name = {"momentum_buffer", NULL},
    .n_states = sgd_states, .numbers = sgd_numbers, .loop = sgd_loop,
};
