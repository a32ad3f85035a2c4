/* models/cbam_resnet.c: CBAM-ResNet-18, -34 and -50 (Woo et al. 2018): a ResNet with a channel gate and then a spatial gate
 * at the end of every residual branch. Names and initialisers are those of the pytorchcv collection.
 *
 *     channel gate: t sigmoid(MLP(mean over pixels) + MLP(maximum over pixels)), one MLP C -> C/16 -> C for both
 *     spatial gate: t sigmoid(BN(conv 7 x 7 of [maximum, mean over channels])) */
#include <stdio.h>

#include "models/model.h"
#include "nn/ops.h"

enum { REDUCTION = 16, GATE = 7, PIXELS = 1 << 2 | 1 << 3, CHANNELS = 1 << 1 };
typedef struct {
    int64_t width;
    double  dropout;
} cbam_cfg;

static const mf_opt cbam_opts[] = {
    MF_OPT_INT(cbam_cfg, width, 64, 16, 512, "channels of the first stage; each later one has twice as many"),
    MF_OPT_F64(cbam_cfg, dropout, 0.0, 0.0, 0.99, "share of the embedding dropped in training; He and Leniuk tried 0.5"),
    MF_OPT_END,
};

typedef struct resnet_spec {
    int  blocks[4];
    bool bottleneck;
} resnet_spec;

/* "NAME.conv", "NAME.bn" */
static mf_ref
conv_bn(mf_graph *g, mf_ref x, const char *name, int co, int k, int stride)
{
    mf_layer_spec s = {.co = co, .k = k, .stride = stride, .pad = k / 2, .w = {.kind = MF_INIT_KAIMING_UNIFORM_FAN_IN}};

    mf_graph_push(g, name);
    x = mf_batchnorm(g, mf_layer_conv_as(g, x, "conv", &s), "bn");
    mf_graph_pop(g);
    return x;
}

/* v [N,C] -> [N,C] */
static mf_ref
mlp(mf_graph *g, mf_ref v, int c)
{
    v = mf_relu(g, mf_layer_linear(g, v, "mlp.fc1", c / REDUCTION));
    return mf_layer_linear(g, v, "mlp.fc2", c);
}

static mf_ref
cbam(mf_graph *g, mf_ref t, int c)
{
    mf_ref gate;

    mf_graph_push(g, "ch_gate");
    gate = mf_add(g, mlp(g, mf_gap(g, t), c), mlp(g, mf_reduce(g, MF_R_MAX, t, PIXELS, false), c));
    gate = mf_reshape(g, mf_sigmoid(g, gate), 4, (int64_t[]){0, c, 1, 1});
    mf_graph_pop(g);
    t = mf_mul(g, t, gate);
    mf_graph_push(g, "sp_gate");
    gate = mf_concat(g, (mf_ref[]){mf_reduce(g, MF_R_MAX, t, CHANNELS, true), mf_reduce(g, MF_R_MEAN, t, CHANNELS, true)}, 2, 1);
    gate = mf_sigmoid(g, conv_bn(g, gate, "conv", 1, GATE, 1));
    mf_graph_pop(g);
    return mf_mul(g, t, gate);
}

static mf_ref
unit(mf_graph *g, mf_ref x, int width, int stride, bool bottleneck)
{
    const int co = bottleneck ? 4 * width : width;
    mf_ref    id = x, t = x;

    mf_graph_push(g, "body");
    if (bottleneck) {
        t = mf_relu(g, conv_bn(g, t, "conv1", width, 1, 1));
        t = mf_relu(g, conv_bn(g, t, "conv2", width, 3, stride));
        t = conv_bn(g, t, "conv3", co, 1, 1);
    } else {
        t = mf_relu(g, conv_bn(g, t, "conv1", width, 3, stride));
        t = conv_bn(g, t, "conv2", co, 3, 1);
    }
    mf_graph_pop(g);
    if (stride != 1 || mf_graph_shape(g, x).dim[1] != co) id = conv_bn(g, x, "identity_conv", co, 1, stride);
    mf_graph_push(g, "cbam");
    t = cbam(g, t, co);
    mf_graph_pop(g);
    return mf_relu(g, mf_add(g, t, id));
}

static mf_ref
trunk(mf_graph *g, mf_ref x, const resnet_spec *s, const cbam_cfg *c)
{
    mf_graph_push(g, "features");
    mf_graph_push(g, "init_block");
    x = mf_relu(g, conv_bn(g, x, "conv", (int)c->width, 7, 2));
    mf_graph_pop(g);
    x = mf_maxpool(g, x, (mf_pool_attrs){.kh = 3, .kw = 3, .sh = 2, .sw = 2, .ph = 1, .pw = 1});
    for (int stage = 0; stage < 4; stage++)
        for (int u = 0; u < s->blocks[stage]; u++) {
            char scope[32];

            snprintf(scope, sizeof scope, "stage%d.unit%d", stage + 1, u + 1);
            mf_graph_push(g, scope);
            x = unit(g, x, (int)c->width << stage, u == 0 && stage > 0 ? 2 : 1, s->bottleneck);
            mf_graph_pop(g);
        }
    mf_graph_pop(g);
    return x;
}

static mf_ref
pool(mf_graph *g, mf_ref map, const void *cfg)
{
    (void)cfg;
    return mf_gap(g, map);
}

static mf_ref
classify(mf_graph *g, mf_ref features, int classes, const void *cfg)
{
    const cbam_cfg *c = cfg;

    return mf_layer_linear(g, c->dropout > 0.0 ? mf_dropout(g, features, (float)c->dropout) : features, "output", classes);
}

#define CBAM(NAME, TEXT, B0, B1, B2, B3, BOTTLENECK)                                                       \
    static mf_ref NAME##_trunk(mf_graph *g, mf_ref x, const void *cfg)                                     \
    {                                                                                                      \
        static const resnet_spec spec = {{B0, B1, B2, B3}, BOTTLENECK};                                    \
        return trunk(g, x, &spec, cfg);                                                                    \
    }                                                                                                      \
    extern const mf_model_def mf_model_##NAME;                                                             \
    const mf_model_def mf_model_##NAME = {                                                                 \
        .name = #NAME, .summary = TEXT, .source = "Woo et al. 2018; names as pytorchcv",                   \
        .cfg_size = sizeof(cbam_cfg), .opts = cbam_opts, .min_size = 32, .head = "output.*",               \
        .map = "features.stage4", .embedding = "mean over features.stage4",                                \
        .trunk = NAME##_trunk, .pool = pool, .classify = classify,                                         \
    }
CBAM(cbam_resnet18, "ResNet-18 with channel and spatial gates, embedding 512", 2, 2, 2, 2, false);
CBAM(cbam_resnet34, "ResNet-34 with channel and spatial gates, embedding 512", 3, 4, 6, 3, false);
CBAM(cbam_resnet50, "ResNet-50 with channel and spatial gates, embedding 2048", 3, 4, 6, 3, true);
