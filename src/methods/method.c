/* methods/method.c: methods by name, and the names under which tables show them with settings of their own. */
#include "methods/method.h"

#include <stdio.h>
#include <string.h>

#include "core/registry.h"
#include "nn/ops.h"

#define MF_METHOD(name) extern const mf_method_def mf_method_##name;
#include "methods/method_list.h"
#undef MF_METHOD

static const mf_method_def *const defs[] = {
#define MF_METHOD(name) &mf_method_##name,
#include "methods/method_list.h"
#undef MF_METHOD
};
enum { N_DEFS = sizeof defs / sizeof defs[0] };

/* A method with one option set: the rows of the published tables. */
static const struct preset {
    const char          *name;
    const mf_method_def *def;
    const char          *option, *value;
} presets[] = {
    {"baseline", &mf_method_supervised, "rows", "all"},
    {"baseline-m", &mf_method_supervised, "rows", "occluded"},
    {"baseline-nm", &mf_method_supervised, "rows", "clear"},
    {"combine-softmax", &mf_method_combine, "classifier", "softmax"},
    {"contrastive-cosine", &mf_method_contrastive, "pull", "cosine"},
    {"contrastive-infonce", &mf_method_contrastive, "pull", "infonce"},
    {"contrastive-supcon", &mf_method_contrastive, "pull", "supcon"},
    {"hinton-privileged", &mf_method_hinton, "privileged", "true"},
    {"contrastive-code", &mf_method_contrastive, "form", "code"},
    {"contrastive-paper", &mf_method_contrastive, "form", "paper"},
    {"distill-code", &mf_method_distill, "form", "code"},
    {"distill-paper", &mf_method_distill, "form", "paper"},
};
enum { N_PRESETS = sizeof presets / sizeof presets[0] };

size_t
mf_method_count(void)
{
    return N_DEFS;
}

const mf_method_def *
mf_method_at(size_t i)
{
    return i < N_DEFS ? defs[i] : NULL;
}

static void
start(mf_method *out, const mf_method_def *def, const char *name)
{
    MF_ASSERT(def->cfg_size <= sizeof out->cfg);
    memset(out, 0, sizeof *out);
    out->def = def;
    snprintf(out->name, sizeof out->name, "%s", name);
    mf_opt_defaults(def->opts, out->cfg);
}

mf_status
mf_method_loss(mf_ref *out, mf_graph *g, const mf_method_in *in, mf_ref logits, mf_err *err)
{
    const mf_loss_in loss = {
        .logits = logits, .target = in->target, .class_weight = in->class_weight, .smoothing = in->label_smoothing,
    };

    return mf_loss_build(g, in->loss, &loss, out, err);
}

mf_status
mf_method_net_loss(mf_ref *out, mf_graph *g, const mf_method_in *in, const mf_model_out *net, bool twice, mf_err *err)
{
    const int n   = net->n_heads > 0 ? net->n_heads : 1;
    mf_ref    sum = net->penalty;

    for (int i = 0; i < n; i++) {
        mf_ref    z = net->n_heads > 0 ? net->head[i] : net->logits, one;
        mf_status st = mf_method_loss(&one, g, in, twice ? mf_softmax(g, z, 1) : z, err);

        if (st < 0) {
            return st;
        }
        if (net->n_heads > 0) {
            one = mf_scale(g, one, net->head_weight[i], 0);
        }
        sum = sum.id < 0 ? one : mf_add(g, sum, one);
    }
    if (in->centre_weight > 0.0) {
        const mf_shape shape   = mf_shape_of(2, (int64_t)in->model->classes, mf_graph_shape(g, net->features).dim[1]);
        const mf_ref   centres = mf_graph_param(g, MF_METHOD_CENTRES, shape, (mf_init){.kind = MF_INIT_ZERO}, MF_PARAM_BUFFER);
        const mf_ref   far     = mf_centre_loss(g, net->features, in->target, centres, (float)in->centre_rate);

        sum = mf_add(g, sum, mf_scale(g, far, in->centre_weight, 0));
    }
    *out = sum;
    return mf_graph_check(g, err);
}

mf_status
mf_method_teacher(mf_model_out *out, mf_graph *g, const mf_method_in *in, mf_model_in x, mf_err *err)
{
    const bool train = mf_graph_is_training(g);
    mf_status  st;

    mf_graph_push(g, "teacher");
    mf_graph_training(g, false);
    mf_graph_frozen(g, true);
    st = mf_model_build(out, in->teacher, g, x, err);
    mf_graph_frozen(g, false);
    mf_graph_training(g, train);
    mf_graph_pop(g);
    return st;
}

/* The methods, then the presets of them. */
static const char *
name_at(size_t i)
{
    return i < N_DEFS ? defs[i]->name : presets[i - N_DEFS].name;
}

mf_status
mf_method_make(mf_method *out, const char *name, mf_err *err)
{
    size_t    at = 0;
    mf_status st = mf_registry_find(&at, "method", name, name_at, N_DEFS + N_PRESETS, err);

    if (st < 0) {
        return st;
    }
    if (at < N_DEFS) {
        start(out, defs[at], name);
        return MF_OK;
    }
    at -= N_DEFS;
    start(out, presets[at].def, name);
    return mf_opt_set(presets[at].def->opts, out->cfg, presets[at].option, presets[at].value, err);
}
