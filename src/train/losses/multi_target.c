/* train/losses/multi_target.c: any of several labels is right (Barsoum et al. 2016, section 3.3; formats.md 8.3): of the
 * classes that the target names, the one that the network finds most probable counts,
 *
 *     L = sum_n -w_n log max_c (u_nc p_nc) / sum_n w_n,    u = (1-e) [t > 0] + e,    w_n = sum_c w_c t_nc
 *
 * Label smoothing does not apply: e is this loss's own. */
#include "nn/ops.h"
#include "train/loss.h"

typedef struct { double spread; } multi_target_cfg;

static const mf_opt multi_target_opts[] = {
    MF_OPT_F64(multi_target_cfg, spread, 0.001, 1e-6, 0.5, "what a class that nobody named counts, of 1"),
    MF_OPT_END,
};

static mf_status
multi_target_build(mf_graph *g, const mf_loss_in *in, const void *cfg, mf_ref *loss, mf_err *err)
{
    const multi_target_cfg *c     = cfg;
    const double            least = 1e-6; /* shares of votes are larger: t / max(t, least) is 1 for them, and 0 for 0 */
    mf_ref                  named = mf_binary(g, MF_B_DIV, in->target, mf_clip(g, in->target, least, 2.0));
    mf_ref                  u     = mf_scale(g, named, 1.0 - c->spread, c->spread);
    mf_ref                  best, w;

    /* max(log u + log p): the logarithm first, so that a small p loses no digits. */
    best = mf_reduce(g, MF_R_MAX, mf_add(g, mf_unary(g, MF_U_LOG, u), mf_log_softmax(g, in->logits, 1)), 2, false);
    w    = in->class_weight.id >= 0 ? mf_mul(g, in->target, in->class_weight) : in->target;
    w    = mf_reduce(g, MF_R_SUM, w, 2, false);
    *loss = mf_binary(g, MF_B_DIV, mf_scale(g, mf_reduce(g, MF_R_SUM, mf_mul(g, w, best), 1, false), -1.0, 0.0),
                      mf_reduce(g, MF_R_SUM, w, 1, false));
    return mf_graph_check(g, err);
}

extern const mf_loss_def mf_loss_multi_target;
const mf_loss_def mf_loss_multi_target = {
    .name = "multi-target", .summary = "the most probable of the labels that the votes name", .source = "Barsoum et al. 2016",
    .cfg_size = sizeof(multi_target_cfg), .opts = multi_target_opts, .build = multi_target_build,
};
