/* methods/distill.c: knowledge distillation of MSD-E (msde.md 4): a frozen teacher, trained on non-masked pictures, sees
 * the non-masked picture of a pair; the student sees the same picture with probability `same`, else the masked one.
 *
 *     L = CE(p_student, y) + lambda MSE(F_teacher, F_student)                                            (equation 4)
 *
 * form    F                                     cross-entropy of
 * clean   pooled embedding, a unit vector       logits (the author's earlier program, msde.md 4.3)
 * paper   the same                              logits
 * code    last map, unit vector per position    softmax(logits) (msde.md 4.2)
 * In `clean` the classifier sees the embedding before it is made a unit vector: the unit vectors serve the comparison
 * alone, so that a classifier learnt from random weights is not held back; `paper` classifies the unit vector. */
#include "methods/forms.h"
#include "methods/method.h"
#include "nn/ops.h"

typedef struct {
    int    form, norm, double_softmax;
    double lambda, same;
} distill_cfg;

static const char *const form_words[]   = MF_FORM_WORDS;
static const char *const norm_words[]   = MF_NORM_WORDS;
static const char *const switch_words[] = MF_SWITCH_WORDS;

static const mf_opt distill_opts[] = {
    MF_OPT_ENUM(distill_cfg, form, MF_FORM_CLEAN, form_words, "which reading of the publication"),
    MF_OPT_ENUM(distill_cfg, norm, 0, norm_words, "where features are made unit vectors; auto: as the form says"),
    MF_OPT_ENUM(distill_cfg, double_softmax, 0, switch_words, "cross-entropy of probabilities; auto: as the form says"),
    MF_OPT_F64(distill_cfg, lambda, 100, 0, 1e6, "weight of the distance to the teacher"),
    MF_OPT_F64(distill_cfg, same, 0.5, 0, 1, "probability that the student sees the teacher's picture"),
    MF_OPT_END,
};

static mf_norm_place
distill_norm(const void *cfg)
{
    const distill_cfg *c = cfg;

    if (c->norm != 0) {
        return (mf_norm_place)(c->norm - 1);
    }
    return c->form == MF_FORM_CODE ? MF_NORM_MAP : c->form == MF_FORM_PAPER ? MF_NORM_EMBEDDING : MF_NORM_NONE;
}

static double
distill_same(const void *cfg)
{
    return ((const distill_cfg *)cfg)->same;
}

static mf_status
distill_build(mf_method_out *out, mf_graph *g, const mf_method_in *in, const void *cfg, mf_err *err)
{
    const distill_cfg *c     = cfg;
    const bool         twice = c->double_softmax != 0 ? c->double_softmax == 2 : c->form == MF_FORM_CODE;
    mf_model_out       t, s;
    mf_ref             a, b, far, ce;
    mf_status          st;

    if ((st = mf_method_teacher(&t, g, in, in->x[0], err)) < 0 ||
        (st = mf_model_build(&s, in->model, g, in->x[1], err)) < 0) {
        return st;
    }
    switch (in->model->norm) {
    case MF_NORM_MAP: a = t.map_n, b = s.map_n; break;
    case MF_NORM_EMBEDDING: a = t.features, b = s.features; break;
    case MF_NORM_NONE:
    default: a = mf_l2norm(g, t.features, 1), b = mf_l2norm(g, s.features, 1); break;
    }
    far  = mf_mse(g, a, b);
    if ((st = mf_method_net_loss(&ce, g, in, &s, twice, err)) < 0) {
        return st;
    }
    *out = (mf_method_out){
        .loss      = mf_add(g, ce, mf_scale(g, far, c->lambda, 0)),
        .logits    = s.logits,
        .n_terms   = 2,
        .term_name = {"ce", "mse"},
        .term      = {ce, far},
    };
    return mf_graph_check(g, err);
}

extern const mf_method_def mf_method_distill;
const mf_method_def mf_method_distill = {
    .name = "distill", .summary = "a student of both learns from a frozen teacher of non-masked pictures",
    .source = "MSD-E; msde.md 4", .cfg_size = sizeof(distill_cfg), .opts = distill_opts,
    .samples = MF_SAMPLES_PAIR_DRAW, .pictures = 2, .needs_teacher = true, .same_prob = distill_same,
    .norm = distill_norm, .build = distill_build,
};
