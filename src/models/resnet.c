/* models/resnet.c: ResNet-18, -34 and -50 (He et al. 2016, table 1; the stride of a bottleneck sits on its 3x3
 * convolution, as in torchvision). Parameter names are torchvision's.
 *
 * Two options make small networks for small pictures (He et al. section 4.2 does the same for 32 x 32): `width`, the channels
 * of the first stage, which the later ones double; and `stem`, by how much the picture shrinks before the first stage.
 *
 *     stem       first convolution    pooling         map of the first stage at 48 x 48
 *     imagenet   7 x 7, stride 2      3 x 3, stride 2    12 x 12     (as published)
 *     half       3 x 3, stride 2      none               24 x 24
 *     full       3 x 3, stride 1      none               48 x 48 */
#include <stdio.h>

#include "models/model.h"
#include "nn/ops.h"

typedef enum { STEM_IMAGENET, STEM_HALF, STEM_FULL } stem_kind;
typedef struct {
    int64_t width;
    int     stem; /* stem_kind */
} resnet_cfg;

static const char *const stem_words[] = {"imagenet", "half", "full", NULL};

static const mf_opt resnet_opts[] = {
    MF_OPT_INT(resnet_cfg, width, 64, 8, 512, "channels of the first stage; each later one has twice as many"),
    MF_OPT_ENUM(resnet_cfg, stem, STEM_IMAGENET, stem_words, "how far the picture shrinks before the first stage: 4, 2 or 1 times"),
    MF_OPT_END,
};

typedef struct resnet_spec {
    int  blocks[4];
    bool bottleneck;
} resnet_spec;

/* x [N,ci,h,w] -> [N,co,h/s,w/s]: conv bn relu conv bn, shortcut added, relu. */
static mf_ref
basic_block(mf_graph *g, mf_ref x, int width, int stride, bool project)
{
    mf_ref id = x, y;

    y = mf_layer_conv(g, x, "conv1", width, 3, stride, 1, 1, 1);
    y = mf_relu(g, mf_batchnorm(g, y, "bn1"));
    y = mf_layer_conv(g, y, "conv2", width, 3, 1, 1, 1, 1);
    y = mf_batchnorm(g, y, "bn2");
    if (project) {
        id = mf_layer_conv(g, x, "downsample.0", width, 1, stride, 0, 1, 1);
        id = mf_batchnorm(g, id, "downsample.1");
    }
    return mf_relu(g, mf_add(g, y, id));
}

/* 1x1 to width, 3x3 with the stride, 1x1 to 4 width. */
static mf_ref
bottleneck(mf_graph *g, mf_ref x, int width, int stride, bool project)
{
    mf_ref id = x, y;

    y = mf_layer_conv(g, x, "conv1", width, 1, 1, 0, 1, 1);
    y = mf_relu(g, mf_batchnorm(g, y, "bn1"));
    y = mf_layer_conv(g, y, "conv2", width, 3, stride, 1, 1, 1);
    y = mf_relu(g, mf_batchnorm(g, y, "bn2"));
    y = mf_layer_conv(g, y, "conv3", 4 * width, 1, 1, 0, 1, 1);
    y = mf_batchnorm(g, y, "bn3");
    if (project) {
        id = mf_layer_conv(g, x, "downsample.0", 4 * width, 1, stride, 0, 1, 1);
        id = mf_batchnorm(g, id, "downsample.1");
    }
    return mf_relu(g, mf_add(g, y, id));
}

static mf_ref
trunk(mf_graph *g, mf_ref x, const resnet_spec *s, const resnet_cfg *c)
{
    mf_pool_attrs pool  = {.kh = 3, .kw = 3, .sh = 2, .sw = 2, .ph = 1, .pw = 1};
    const int     first = (int)c->width;

    x = c->stem == STEM_IMAGENET ? mf_layer_conv(g, x, "conv1", first, 7, 2, 3, 1, 1)
                                 : mf_layer_conv(g, x, "conv1", first, 3, c->stem == STEM_HALF ? 2 : 1, 1, 1, 1);
    x = mf_relu(g, mf_batchnorm(g, x, "bn1"));
    if (c->stem == STEM_IMAGENET) x = mf_maxpool(g, x, pool);
    for (int stage = 0; stage < 4; stage++)
        for (int b = 0; b < s->blocks[stage]; b++) {
            int  width   = first << stage, stride = b == 0 && stage > 0 ? 2 : 1;
            bool project = b == 0 && (stage > 0 || s->bottleneck);
            char scope[32];

            snprintf(scope, sizeof scope, "layer%d.%d", stage + 1, b);
            mf_graph_push(g, scope);
            x = s->bottleneck ? bottleneck(g, x, width, stride, project) : basic_block(g, x, width, stride, project);
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
    (void)cfg;
    return mf_layer_linear(g, features, "fc", classes);
}

#define RESNET(NAME, TEXT, B0, B1, B2, B3, BOTTLENECK)                                                     \
    static mf_ref NAME##_trunk(mf_graph *g, mf_ref x, const void *cfg)                                     \
    {                                                                                                      \
        static const resnet_spec spec = {{B0, B1, B2, B3}, BOTTLENECK};                                    \
        return trunk(g, x, &spec, cfg);                                                                    \
    }                                                                                                      \
    extern const mf_model_def mf_model_##NAME;                                                             \
    const mf_model_def mf_model_##NAME = {                                                                 \
        .name = #NAME, .summary = TEXT, .source = "He, Zhang, Ren, Sun 2016; names as torchvision",        \
        .cfg_size = sizeof(resnet_cfg), .opts = resnet_opts, .min_size = 32, .head = "fc.*",               \
        .trunk = NAME##_trunk, .pool = pool, .classify = classify,                                         \
    }
RESNET(resnet18, "18 layers, basic blocks 2-2-2-2, embedding 512", 2, 2, 2, 2, false);
RESNET(resnet34, "34 layers, basic blocks 3-4-6-3, embedding 512", 3, 4, 6, 3, false);
RESNET(resnet50, "50 layers, bottlenecks 3-4-6-3, embedding 2048", 3, 4, 6, 3, true);
