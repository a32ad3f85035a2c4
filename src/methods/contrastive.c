/* methods/contrastive.c: contrastive learning of MSD-E (msde.md 3): the same network sees the non-masked and the masked
 * picture of a pair; their features are pulled together, both are classified. As published there are no negatives; `pull`
 * takes other measures in place of the MSE, of which supcon and infonce have them (methods/pull.h).
 *
 *     L = alpha MSE(F_nm, F_m) + beta (CE(p_nm, y) + CE(p_m, y))                                    (equations 1 to 3)
 *
 * Two passes, non-masked first: batch norm takes its statistics per domain and updates the running ones twice, in order.
 * form    F                                     alpha  beta  cross-entropy of
 * clean   pooled embedding as it is             0.2    1     logits
 * paper   embedding made a unit vector          0.2    1     logits
 * code    last map, unit vector per position    1      1     softmax(logits) (msde.md 3.2, 3.3)
 * With unit vectors the MSE of 512 features is at most 2/512, so in `paper` and `code` the pull is nearly nothing. */
#include "methods/forms.h"
#include "methods/method.h"
#include "methods/pull.h"
#include "nn/ops.h"

typedef struct {
    int    form, norm, double_softmax, pull;
    double tau, alpha, beta;
} contrastive_cfg;

static const char *const form_words[]   = MF_FORM_WORDS;
static const char *const norm_words[]   = MF_NORM_WORDS;
static const char *const switch_words[] = MF_SWITCH_WORDS;
static const char *const pull_words[]   = MF_PULL_WORDS;

static const mf_opt contrastive_opts[] = {
    MF_OPT_ENUM(contrastive_cfg, form, MF_FORM_CLEAN, form_words, "which reading of the publication"),
    MF_OPT_ENUM(contrastive_cfg, norm, 0, norm_words, "where features are made unit vectors; auto: as the form says"),
    MF_OPT_ENUM(contrastive_cfg, double_softmax, 0, switch_words, "cross-entropy of probabilities; auto: as the form says"),
    MF_OPT_ENUM(contrastive_cfg, pull, MF_PULL_MSE, pull_words, "what brings the features of a pair together"),
    MF_OPT_F64(contrastive_cfg, tau, 0.1, 0.001, 100, "temperature of supcon and infonce"),
    MF_OPT_F64(contrastive_cfg, alpha, -1, -1, 1e6, "weight of the pull; -1: 0.2, in form code 1"),
    MF_OPT_F64(contrastive_cfg, beta, 1, 0, 1e6, "weight of the two cross-entropies"),
    MF_OPT_END,
};

static mf_norm_place
contrastive_norm(const void *cfg)
{
    const contrastive_cfg *c = cfg;

    if (c->norm != 0) {
        return (mf_norm_place)(c->norm - 1);
    }
    return c->form == MF_FORM_CODE ? MF_NORM_MAP : c->form == MF_FORM_PAPER ? MF_NORM_EMBEDDING : MF_NORM_NONE;
}

static mf_status
contrastive_build(mf_method_out *out, mf_graph *g, const mf_method_in *in, const void *cfg, mf_err *err)
{
    const contrastive_cfg *c     = cfg;
    const double           alpha = c->alpha >= 0.0 ? c->alpha : c->form == MF_FORM_CODE ? 1.0 : 0.2;
    const bool             twice = c->double_softmax != 0 ? c->double_softmax == 2 : c->form == MF_FORM_CODE;
    const bool             map   = in->model->norm == MF_NORM_MAP && c->pull == MF_PULL_MSE;
    mf_model_out           nm, m;
    mf_ref                 pull, ce_nm, ce_m;
    mf_status              st;

    if ((st = mf_model_build(&nm, in->model, g, in->x[0], err)) < 0 ||
        (st = mf_model_build(&m, in->model, g, in->x[1], err)) < 0 ||
        (st = mf_method_net_loss(&ce_nm, g, in, &nm, twice, err)) < 0 ||
        (st = mf_method_net_loss(&ce_m, g, in, &m, twice, err)) < 0) {
        return st;
    }
    pull  = mf_pull_build(g, (mf_pull)c->pull, map ? nm.map_n : nm.features, map ? m.map_n : m.features, in->target, c->tau);
    *out  = (mf_method_out){
         .loss      = mf_add(g, mf_scale(g, pull, alpha, 0), mf_scale(g, mf_add(g, ce_nm, ce_m), c->beta, 0)),
         .logits    = m.logits,
         .n_terms   = 3,
         .term_name = {pull_words[c->pull], "ce_non_masked", "ce_masked"},
         .term      = {pull, ce_nm, ce_m},
    };
    return mf_graph_check(g, err);
}

extern const mf_method_def mf_method_contrastive;
const mf_method_def mf_method_contrastive = {
    .name = "contrastive", .summary = "pulls together the features of a pair without and with a mask",
    .source = "MSD-E; msde.md 3", .cfg_size = sizeof(contrastive_cfg), .opts = contrastive_opts,
    .samples = MF_SAMPLES_PAIR, .pictures = 2, .norm = contrastive_norm, .build = contrastive_build,
};
