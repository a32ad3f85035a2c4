/* train/optim/adamw.c: Adam with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2): PyTorch's AdamW. */
#include <math.h>

#include "train/optim.h"

typedef struct { double beta1, beta2, eps; } adamw_cfg;

static const mf_opt adamw_opts[] = {
    MF_OPT_F64(adamw_cfg, beta1, 0.9, 0.0, 0.9999, "decay of the mean of gradients"),
    MF_OPT_F64(adamw_cfg, beta2, 0.999, 0.0, 0.999999, "decay of the mean of their squares"),
    MF_OPT_F64(adamw_cfg, eps, 1e-8, 1e-16, 1.0, "added to the root of the mean square"),
    MF_OPT_END,
};

static int
two_states(const void *cfg)
{
    (void)cfg;
    return 2;
}

static void
adamw_numbers(mf_update *u, const void *cfg, int64_t t, double lr, double wd)
{
    const adamw_cfg *c = cfg;

    *u = (mf_update){
        .shrink = (float)(lr * wd), .b1 = (float)c->beta1, .b2 = (float)c->beta2,
        .c1 = (float)(1.0 - c->beta1), .c2 = (float)(1.0 - c->beta2),
        .step = (float)(lr / (1.0 - pow(c->beta1, (double)t))),
        .vscale = (float)(1.0 / sqrt(1.0 - pow(c->beta2, (double)t))), .eps = (float)c->eps,
    };
}

static mf_update_fn *
adamw_loop(const mf_update_table *isa)
{
    return isa->adam;
}

extern const mf_optim_def mf_optim_adamw;
const mf_optim_def mf_optim_adamw = {
    .name = "adamw", .summary = "Adam; weight decay shrinks the weights directly",
    .source = "Loshchilov and Hutter 2019, algorithm 2",
    .cfg_size = sizeof(adamw_cfg), .opts = adamw_opts, .state_name = {"exp_avg", "exp_avg_sq"},
    .n_states = two_states, .numbers = adamw_numbers, .loop = adamw_loop,
};
