/* train/optim/adam.c: Adam (Kingma and Ba 2015, algorithm 1), weight decay as L2 added to the gradient: PyTorch's Adam. */
#include <math.h>

#include "train/optim.h"

typedef struct { double beta1, beta2, eps; } adam_cfg;

static const mf_opt adam_opts[] = {
    MF_OPT_F64(adam_cfg, beta1, 0.9, 0.0, 0.9999, "decay of the mean of gradients"),
    MF_OPT_F64(adam_cfg, beta2, 0.999, 0.0, 0.999999, "decay of the mean of their squares"),
    MF_OPT_F64(adam_cfg, eps, 1e-8, 1e-16, 1.0, "added to the root of the mean square"),
    MF_OPT_END,
};

static int
two_states(const void *cfg)
{
    (void)cfg;
    return 2;
}

/* p - lr m^ / (sqrt(v^) + eps) with m^ = m / (1 - b1^t), v^ = v / (1 - b2^t) */
static void
adam_numbers(mf_update *u, const void *cfg, int64_t t, double lr, double wd)
{
    const adam_cfg *c = cfg;

    *u = (mf_update){
        .l2 = (float)wd, .b1 = (float)c->beta1, .b2 = (float)c->beta2,
        .c1 = (float)(1.0 - c->beta1), .c2 = (float)(1.0 - c->beta2),
        .step = (float)(lr / (1.0 - pow(c->beta1, (double)t))),
        .vscale = (float)(1.0 / sqrt(1.0 - pow(c->beta2, (double)t))), .eps = (float)c->eps,
    };
}

static mf_update_fn *
adam_loop(const mf_update_table *isa)
{
    return isa->adam;
}

extern const mf_optim_def mf_optim_adam;
const mf_optim_def mf_optim_adam = {
    .name = "adam", .summary = "Adam; weight decay is added to the gradient",
    .source = "Kingma and Ba 2015, algorithm 1",
    .cfg_size = sizeof(adam_cfg), .opts = adam_opts, .state_name = {"exp_avg", "exp_avg_sq"},
    .n_states = two_states, .numbers = adam_numbers, .loop = adam_loop,
};
