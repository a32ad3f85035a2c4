/* methods/supervised.c: the run's loss (cross-entropy unless --loss names another) on single pictures: non-masked, masked or both (msde.md 2.4; Tables 3 to 5 of the
 * paper call these baselines NM, M and Mix). */
#include "methods/method.h"

typedef struct {
    int rows; /* mf_rows_kind */
    int norm; /* mf_norm_place */
    bool double_softmax;
} supervised_cfg;

static const char *const rows_words[] = {"all", "clear", "occluded", NULL};
static const char *const norm_words[] = {"none", "embedding", "map", NULL};

static const mf_opt supervised_opts[] = {
    MF_OPT_ENUM(supervised_cfg, rows, 0, rows_words, "which pictures it is trained on"),
    MF_OPT_ENUM(supervised_cfg, norm, 0, norm_words, "where features are made unit vectors"),
    MF_OPT_BOOL(supervised_cfg, double_softmax, 0, "loss of probabilities instead of logits, as MSD-E's program"),
    MF_OPT_END,
};

static mf_rows_kind
supervised_rows(const void *cfg)
{
    return (mf_rows_kind)((const supervised_cfg *)cfg)->rows;
}

static mf_norm_place
supervised_norm(const void *cfg)
{
    return (mf_norm_place)((const supervised_cfg *)cfg)->norm;
}

static mf_status
supervised_build(mf_method_out *out, mf_graph *g, const mf_method_in *in, const void *cfg, mf_err *err)
{
    const supervised_cfg *c = cfg;
    mf_model_out          net;
    mf_status             st;

    if ((st = mf_model_build(&net, in->model, g, in->x[0], err)) < 0) {
        return st;
    }
    out->logits = net.logits;
    if (net.penalty.id >= 0) {
        out->n_terms      = 1;
        out->term_name[0] = "penalty";
        out->term[0]      = net.penalty;
    }
    return mf_method_net_loss(&out->loss, g, in, &net, c->double_softmax, err);
}

extern const mf_method_def mf_method_supervised;
const mf_method_def mf_method_supervised = {
    .name = "supervised", .summary = "a classifier of single pictures", .source = "msde.md 2.4",
    .cfg_size = sizeof(supervised_cfg), .opts = supervised_opts, .samples = MF_SAMPLES_ROWS, .pictures = 1,
    .rows = supervised_rows, .norm = supervised_norm, .build = supervised_build,
};
