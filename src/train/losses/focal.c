/* train/losses/focal.c: cross-entropy weighted towards hard samples (Lin et al. 2017, equation 4), for distributions as
 * targets:
 *
 *     L = sum_nc -w_c t'_nc (1 - p_nc)^gamma log p_nc / sum_nc w_c t_nc,    t' = (1-s) t + s/C
 *
 * The class weights w are the paper's alpha. With gamma 0 this is cross-entropy. */
#include "nn/ops.h"
#include "train/loss.h"

typedef struct { double gamma; } focal_cfg;

static const mf_opt focal_opts[] = {
    MF_OPT_F64(focal_cfg, gamma, 2.0, 0.0, 10.0, "focus on hard samples; 0 gives cross-entropy"),
    MF_OPT_END,
};

/* (1 - p)^gamma, as exp(gamma log(1 - p)). Where p rounds to 1 the power and its slope are held at those of 1 - p = 1e-7:
 * the sample is then solved, and log p is 0. */
static mf_ref
hardness(mf_graph *g, mf_ref p, double gamma)
{
    mf_ref rest = mf_clip(g, mf_scale(g, p, -1.0, 1.0), 1e-7, 2.0);

    return mf_unary(g, MF_U_EXP, mf_scale(g, mf_unary(g, MF_U_LOG, rest), gamma, 0.0));
}

static mf_status
focal_build(mf_graph *g, const mf_loss_in *in, const void *cfg, mf_ref *loss, mf_err *err)
{
    const focal_cfg *c       = cfg;
    const double     s       = in->smoothing;
    const mf_shape   shape   = mf_graph_shape(g, in->logits);
    const double     classes = (double)shape.dim[1];
    mf_ref           t       = s > 0.0 ? mf_scale(g, in->target, 1.0 - s, s / classes) : in->target;
    mf_ref           w       = in->target, terms;

    terms = mf_mul(g, t, mf_log_softmax(g, in->logits, 1));
    if (c->gamma > 0.0) {
        terms = mf_mul(g, terms, hardness(g, mf_softmax(g, in->logits, 1), c->gamma));
    }
    if (in->class_weight.id >= 0) {
        terms = mf_mul(g, terms, in->class_weight);
        w     = mf_mul(g, w, in->class_weight);
    }
    *loss = mf_binary(g, MF_B_DIV, mf_scale(g, mf_reduce(g, MF_R_SUM, terms, 3, false), -1.0, 0.0),
                      mf_reduce(g, MF_R_SUM, w, 3, false));
    return mf_graph_check(g, err);
}

extern const mf_loss_def mf_loss_focal;
const mf_loss_def mf_loss_focal = {
    .name = "focal", .summary = "cross-entropy weighted towards hard samples", .source = "Lin et al. 2017, equation 4",
    .cfg_size = sizeof(focal_cfg), .opts = focal_opts, .build = focal_build,
};
