/* models/mobilenet_v1.c: MobileNet v1 (Howard et al. 2017, table 1): a convolution a channel, then one across channels.
 * Names are those of the usual PyTorch port: model.0.{0,1}, model.I.{0,1,3,4}, fc. The Keras form has ReLU6 and a batch norm
 * of eps 1e-3 and PyTorch momentum 0.01; its padding of strided layers at the bottom and the right alone is not offered. */
#include <stdio.h>

#include "models/model.h"
#include "nn/ops.h"

typedef enum { ACT_RELU, ACT_RELU6 } act_kind;
typedef struct {
    double width, dropout, bn_eps, bn_momentum;
    int    activation; /* act_kind */
} mobile_cfg;

static const char *const act_words[] = {"relu", "relu6", NULL};

static const mf_opt mobile_opts[] = {
    MF_OPT_F64(mobile_cfg, width, 1.0, 0.1, 4.0, "factor of all channels (the paper's alpha)"),
    MF_OPT_ENUM(mobile_cfg, activation, ACT_RELU, act_words, "the Keras program has relu6"),
    MF_OPT_F64(mobile_cfg, bn_eps, 1e-5, 1e-12, 1.0, "what a batch norm adds to the variance; 1e-3 in the Keras program"),
    MF_OPT_F64(mobile_cfg, bn_momentum, 0.1, 0.0, 1.0, "share of a batch in running estimates; 0.01 in the Keras program"),
    MF_OPT_F64(mobile_cfg, dropout, 0.0, 0.0, 0.99, "share of the embedding dropped in training; 0.001 in the Keras program"),
    MF_OPT_END,
};

static mf_ref
activate(mf_graph *g, mf_ref x, const char *norm, const mobile_cfg *c)
{
    x = mf_batchnorm_as(g, x, norm, (mf_bn_spec){.eps = (float)c->bn_eps, .momentum = (float)c->bn_momentum, .gamma = 1.0});
    return c->activation == ACT_RELU6 ? mf_clip(g, x, 0.0, 6.0) : mf_relu(g, x);
}

static int
scaled(const mobile_cfg *c, int channels)
{
    int n = (int)(c->width * channels);

    return n < 1 ? 1 : n;
}

static mf_ref
trunk(mf_graph *g, mf_ref x, const void *cfg)
{
    static const struct {
        int channels, stride;
    } block[] = {{64, 1}, {128, 2}, {128, 1}, {256, 2}, {256, 1}, {512, 2}, {512, 1}, {512, 1}, {512, 1}, {512, 1}, {512, 1}, {1024, 2}, {1024, 1}};
    const mobile_cfg *c = cfg;

    mf_graph_push(g, "model.0");
    x = activate(g, mf_layer_conv(g, x, "0", scaled(c, 32), 3, 2, 1, 1, 1), "1", c);
    mf_graph_pop(g);
    for (size_t i = 0; i < sizeof block / sizeof block[0]; i++) {
        char scope[16];
        int  ci = scaled(c, i > 0 ? block[i - 1].channels : 32);

        snprintf(scope, sizeof scope, "model.%zu", i + 1);
        mf_graph_push(g, scope);
        x = activate(g, mf_layer_conv(g, x, "0", ci, 3, block[i].stride, 1, 1, ci), "1", c);
        x = activate(g, mf_layer_conv(g, x, "3", scaled(c, block[i].channels), 1, 1, 0, 1, 1), "4", c);
        mf_graph_pop(g);
    }
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
    return mf_layer_linear(g, mf_dropout(g, features, (float)((const mobile_cfg *)cfg)->dropout), "fc", classes);
}

extern const mf_model_def mf_model_mobilenet_v1;
const mf_model_def mf_model_mobilenet_v1 = {
    .name = "mobilenet_v1", .summary = "13 depthwise separable blocks, embedding 1024", .source = "Howard et al. 2017; names as the usual PyTorch port",
    .cfg_size = sizeof(mobile_cfg), .opts = mobile_opts, .min_size = 32, .head = "fc.*",
    .map = "model.13", .embedding = "mean over model.13",
    .trunk = trunk, .pool = pool, .classify = classify,
};
