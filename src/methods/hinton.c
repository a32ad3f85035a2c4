/* methods/hinton.c: distillation of a teacher's answers (Hinton, Vinyals and Dean 2015; for occluded faces Georgescu and
 * Ionescu 2020; distillation.md 6.4). A frozen teacher sees the non-masked picture of a pair, the student the masked one (or
 * with probability `same` the same one):
 *
 *     q = softmax(z_T / T)
 *     L = (1 - w) CE(y, softmax(z_S)) + w T^2 CE(q, softmax(z_S / T))           w = soft_weight, T = temperature
 *
 * Privileged information (Lopez-Paz et al. 2016): the teacher knows what the student cannot see, and the student is not
 * tempered, L = (1 - w) CE(y, softmax(z_S)) + w CE(q, softmax(z_S)). With `teacher_sees` same the teacher is shown the
 * student's own picture: plain distillation, in which nothing is privileged. The first term is the run's --loss. */
#include "methods/method.h"
#include "nn/ops.h"

typedef struct {
    double temperature, soft_weight, same;
    bool   privileged;
    int    teacher_sees;
} hinton_cfg;

static const char *const sees_words[] = {"clear", "same", NULL};

static const mf_opt hinton_opts[] = {
    MF_OPT_F64(hinton_cfg, temperature, 4, 0.01, 1000, "what the logits are divided by"),
    MF_OPT_F64(hinton_cfg, soft_weight, 0.7, 0, 1, "share of the teacher's answers in the loss, the rest being the labels'"),
    MF_OPT_BOOL(hinton_cfg, privileged, 0, "temper the teacher alone (privileged information)"),
    MF_OPT_ENUM(hinton_cfg, teacher_sees, 0, sees_words, "which picture: the pair's non-masked one, or the student's"),
    MF_OPT_F64(hinton_cfg, same, 0, 0, 1, "probability that the student sees the non-masked picture"),
    MF_OPT_END,
};

static mf_norm_place
hinton_norm(const void *cfg)
{
    (void)cfg;
    return MF_NORM_NONE;
}

static double
hinton_same(const void *cfg)
{
    return ((const hinton_cfg *)cfg)->same;
}

static mf_status
hinton_build(mf_method_out *out, mf_graph *g, const mf_method_in *in, const void *cfg, mf_err *err)
{
    const hinton_cfg *c    = cfg;
    const double      t    = c->temperature;
    const double      grow = c->privileged ? 1.0 : t * t;
    mf_model_out      teacher, student;
    mf_ref            q, soft, ce;
    mf_status         st;

    if ((st = mf_method_teacher(&teacher, g, in, in->x[c->teacher_sees == 1 ? 1 : 0], err)) < 0 ||
        (st = mf_model_build(&student, in->model, g, in->x[1], err)) < 0 ||
        (st = mf_method_net_loss(&ce, g, in, &student, false, err)) < 0) {
        return st;
    }
    q    = mf_softmax(g, mf_scale(g, teacher.logits, 1.0 / t, 0), 1);
    soft = mf_cross_entropy(g, c->privileged ? student.logits : mf_scale(g, student.logits, 1.0 / t, 0), q, MF_NONE, 0.0f);
    *out = (mf_method_out){
        .loss      = mf_add(g, mf_scale(g, ce, 1.0 - c->soft_weight, 0), mf_scale(g, soft, c->soft_weight * grow, 0)),
        .logits    = student.logits,
        .n_terms   = 2,
        .term_name = {"ce", "soft"},
        .term      = {ce, soft},
    };
    return mf_graph_check(g, err);
}

extern const mf_method_def mf_method_hinton;
const mf_method_def mf_method_hinton = {
    .name = "hinton", .summary = "a student of masked pictures learns the answers of a frozen teacher of non-masked ones",
    .source = "Hinton et al. 2015; Georgescu and Ionescu 2020", .cfg_size = sizeof(hinton_cfg), .opts = hinton_opts,
    .samples = MF_SAMPLES_PAIR_DRAW, .pictures = 2, .needs_teacher = true, .teacher_answers = true, .same_prob = hinton_same,
    .norm = hinton_norm, .build = hinton_build,
};
