/* train/optim/radam.c: rectified Adam (Liu et al. 2020, algorithm 2), decoupled weight decay.
 *
 * As its authors coded it (mlfw.md 5.5): eps is added to sqrt(v) before any bias correction, and the adaptive branch
 * starts at rho >= 5, computed in double. PyTorch's RAdam does the same, but its weight decay is by default L2 added to
 * the gradient: `--no-decoupled`. */
#include <math.h>

#include "train/optim.h"

typedef struct {
    double beta1, beta2, eps;
    bool   decoupled;
} radam_cfg;

static const mf_opt radam_opts[] = {
    MF_OPT_F64(radam_cfg, beta1, 0.9, 0.0, 0.9999, "decay of the mean of gradients"),
    MF_OPT_F64(radam_cfg, beta2, 0.999, 0.0, 0.999999, "decay of the mean of their squares"),
    MF_OPT_F64(radam_cfg, eps, 1e-8, 1e-16, 1.0, "added to the root of the mean square"),
    MF_OPT_BOOL(radam_cfg, decoupled, 1, "weight decay shrinks the weights; off: it is added to the gradient (PyTorch's default)"),
    MF_OPT_END,
};

static int
two_states(const void *cfg)
{
    (void)cfg;
    return 2;
}

static void
radam_numbers(mf_update *u, const void *cfg, int64_t t, double lr, double wd)
{
    const radam_cfg *c      = cfg;
    const double     b2t    = pow(c->beta2, (double)t);
    const double     rhoinf = 2.0 / (1.0 - c->beta2) - 1.0;
    const double     rho    = rhoinf - 2.0 * (double)t * b2t / (1.0 - b2t);
    const double     first  = lr / (1.0 - pow(c->beta1, (double)t));

    *u = (mf_update){
        .l2 = c->decoupled ? 0.0f : (float)wd, .shrink = c->decoupled ? (float)(lr * wd) : 0.0f,
        .b1 = (float)c->beta1, .b2 = (float)c->beta2, .c1 = (float)(1.0 - c->beta1), .c2 = (float)(1.0 - c->beta2),
        .step = (float)first, .vscale = 1.0f, .eps = (float)c->eps, .plain = rho < 5.0,
    };
    if (rho >= 5.0) {
        u->step = (float)(first * sqrt((1.0 - b2t) * (rho - 4.0) / (rhoinf - 4.0) * (rho - 2.0) / rho * rhoinf /
                                       (rhoinf - 2.0)));
    }
}

static mf_update_fn *
radam_loop(const mf_update_table *isa)
{
    return isa->adam;
}

extern const mf_optim_def mf_optim_radam;
const mf_optim_def mf_optim_radam = {
    .name = "radam", .summary = "Adam without its noisy first steps; weight decay shrinks the weights directly",
    .source = "Liu et al. 2020, algorithm 2, as coded by its authors",
    .cfg_size = sizeof(radam_cfg), .opts = radam_opts, .state_name = {"exp_avg", "exp_avg_sq"},
    .n_states = two_states, .numbers = radam_numbers, .loop = radam_loop,
};
