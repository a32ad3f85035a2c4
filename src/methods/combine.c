/* methods/combine.c: the embeddings of two students joined (Georgescu and Ionescu 2020; distillation.md 6.6): that of the student
 * of answers (hinton) and that of the triplet student, each made a unit vector, one behind the other, and a linear classifier of
 * the whole: a support vector machine, or a softmax layer. The networks stand as they were trained; the classifier learns from
 * their training pictures, and C is chosen by the validation part. train/combine.c does it. */
#include "methods/combine.h"
#include "methods/method.h"

static const char *const by_words[]    = {"svm", "softmax", NULL};
static const char *const hinge_words[] = {"squared", "plain", NULL};
static const char *const rows_words[]  = {"occluded", "all", NULL};

static const mf_opt combine_opts[] = {
    MF_OPT_ENUM(mf_combine_cfg, classifier, MF_COMBINE_SVM, by_words, "of the joined embeddings: linear support vector machine, or softmax layer"),
    MF_OPT_ENUM(mf_combine_cfg, hinge, 0, hinge_words, "loss of the support vector machine"),
    MF_OPT_ENUM(mf_combine_cfg, fit_on, MF_COMBINE_OCCLUDED, rows_words, "training pictures that the classifier learns from"),
    MF_OPT_LIST(mf_combine_cfg, c, "0.01, 0.1, 1, 10, 100", 1e-9, 1e9, "weight of the errors against |w|^2 / 2; of several the best on the validation part"),
    MF_OPT_END,
};

static mf_norm_place
combine_norm(const void *cfg)
{
    (void)cfg;
    return MF_NORM_NONE;
}

extern const mf_method_def mf_method_combine;
const mf_method_def mf_method_combine = {
    .name = "combine", .summary = "a linear classifier of the joined embeddings of a hinton and a triplet student",
    .source = "Georgescu and Ionescu 2020", .cfg_size = sizeof(mf_combine_cfg), .opts = combine_opts,
    .samples = MF_SAMPLES_ROWS, .pictures = 1, .norm = combine_norm, .joins = {"hinton", "triplet"},
};
