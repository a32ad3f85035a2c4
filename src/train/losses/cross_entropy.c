/* train/losses/cross_entropy.c: cross-entropy of the logits against target distributions, with label smoothing (Szegedy et
 * al. 2016, section 7) and class weights:
 *
 *     L = sum_nc -w_c t'_nc log p_nc / sum_nc w_c t_nc,    t' = (1-s) t + s/C */
#include "nn/ops.h"
#include "train/loss.h"

static const mf_opt cross_entropy_opts[] = {MF_OPT_END};

static mf_status
cross_entropy_build(mf_graph *g, const mf_loss_in *in, const void *cfg, mf_ref *loss, mf_err *err)
{
    (void)cfg;
    *loss = mf_cross_entropy(g, in->logits, in->target, in->class_weight, (float)in->smoothing);
    return mf_graph_check(g, err);
}

extern const mf_loss_def mf_loss_cross_entropy;
const mf_loss_def mf_loss_cross_entropy = {
    .name = "cross-entropy", .summary = "minus the logarithm of the target's probability", .source = "Szegedy et al. 2016",
    .opts = cross_entropy_opts, .build = cross_entropy_build,
};
