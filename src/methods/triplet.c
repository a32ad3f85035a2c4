/* methods/triplet.c: distillation by triplets (Georgescu and Ionescu 2020; distillation.md 6.5). Unit vectors throughout:
 *
 *     a = f_S(masked picture of class c)      p = f_T(non-masked picture of class c), the teacher frozen
 *     n = f_S(masked picture of another class)
 *     L = mean over triplets of max(0, |a - p|^2 - |a - n|^2 + m)
 *
 * Anchors are all samples of a batch, positives and negatives come from the same batch (nn/ops.h, triplet_pick): an anchor's
 * positive is with probability `same_image` its own picture without the mask, else another of its class; `mining` chooses its
 * negatives. Batches want several pictures of each class: --balanced.
 *
 * The embedding so trained has no classifier. Here the model's own learns beside it, from the embedding as it stands: its
 * gradient ends there, unless `joint` lets it through. That is a softmax layer on frozen embeddings, learnt in the same pass. */
#include "methods/method.h"
#include "nn/ops.h"

typedef struct {
    double triplet_margin, same_image, classifier_weight, same;
    int    mining; /* mf_mining */
    bool   joint;
} triplet_cfg;

static const char *const mining_words[] = {"semi-hard", "hardest", "all", "random", NULL};

static const mf_opt triplet_opts[] = {
    MF_OPT_F64(triplet_cfg, triplet_margin, 0.2, 0, 4, "by how much a negative must be farther, in squared distance of unit vectors"),
    MF_OPT_ENUM(triplet_cfg, mining, MF_MINE_SEMI_HARD, mining_words, "which negatives of an anchor count"),
    MF_OPT_F64(triplet_cfg, same_image, 0.5, 0, 1, "probability that the positive shows the anchor's own picture, not another of its class"),
    MF_OPT_F64(triplet_cfg, classifier_weight, 1, 0, 1e6, "weight of the classifier's loss"),
    MF_OPT_BOOL(triplet_cfg, joint, 0, "the classifier's loss trains the embedding too"),
    MF_OPT_F64(triplet_cfg, same, 0, 0, 1, "probability that the student sees the non-masked picture"),
    MF_OPT_END,
};

static mf_norm_place
triplet_norm(const void *cfg)
{
    (void)cfg;
    return MF_NORM_NONE;
}

static double
triplet_same(const void *cfg)
{
    return ((const triplet_cfg *)cfg)->same;
}

/* a [N,D], b [N,D], unit vectors -> [N,N]: |a_i - b_j|^2 = 2 - 2 a_i b_j */
static mf_ref
distances(mf_graph *g, mf_ref a, mf_ref b)
{
    return mf_scale(g, mf_matmul(g, a, b, MF_NONE, false, true), -2.0, 2.0);
}

static mf_ref
triplet_loss(mf_graph *g, mf_ref anchor, mf_ref teacher, mf_ref target, const triplet_cfg *c)
{
    const mf_ref dp = distances(g, anchor, teacher), dn = distances(g, anchor, anchor);
    mf_ref       positive, negative, d;

    positive = mf_triplet_pick(g, mf_detach(g, dp), mf_detach(g, dn), target, (mf_mining)c->mining, (float)c->triplet_margin,
                               (float)c->same_image, &negative);
    d        = mf_reduce(g, MF_R_SUM, mf_mul(g, dp, positive), 2, true); /* [N,1] */
    d        = mf_relu(g, mf_scale(g, mf_binary(g, MF_B_SUB, d, dn), 1.0, c->triplet_margin));
    return mf_reduce(g, MF_R_SUM, mf_mul(g, d, negative), 3, false);
}

static mf_status
triplet_build(mf_method_out *out, mf_graph *g, const mf_method_in *in, const void *cfg, mf_err *err)
{
    const triplet_cfg *c = cfg;
    mf_model_out       teacher, student, learner; /* the student as its classifier sees it */
    mf_ref             far, ce;
    mf_status          st;

    if ((st = mf_method_teacher(&teacher, g, in, in->x[0], err)) < 0 ||
        (st = mf_model_build(&student, in->model, g, in->x[1], err)) < 0) {
        return st;
    }
    learner = student;
    if (!c->joint) {
        if (in->model->def->classify == NULL) {
            return mf_fail(err, MF_E_ARG, "%s has no classifier apart from its embeddings: give --joint", in->model->def->name);
        }
        learner.n_heads  = 0;
        learner.features = mf_detach(g, student.features);
        learner.logits   = in->model->def->classify(g, learner.features, in->model->classes, in->model->cfg);
    }
    if ((st = mf_method_net_loss(&ce, g, in, &learner, false, err)) < 0) {
        return st;
    }
    far  = triplet_loss(g, mf_l2norm(g, student.features, 1), mf_detach(g, mf_l2norm(g, teacher.features, 1)), in->target, c);
    *out = (mf_method_out){
        .loss      = mf_add(g, far, mf_scale(g, ce, c->classifier_weight, 0)),
        .logits    = learner.logits,
        .n_terms   = 2,
        .term_name = {"triplet", "ce"},
        .term      = {far, ce},
    };
    return mf_graph_check(g, err);
}

extern const mf_method_def mf_method_triplet;
const mf_method_def mf_method_triplet = {
    .name = "triplet", .summary = "masked pictures come near a frozen teacher's non-masked ones of their class, away from others",
    .source = "Georgescu and Ionescu 2020", .cfg_size = sizeof(triplet_cfg), .opts = triplet_opts,
    .samples = MF_SAMPLES_PAIR_DRAW, .pictures = 2, .needs_teacher = true, .same_prob = triplet_same,
    .norm = triplet_norm, .build = triplet_build,
};
