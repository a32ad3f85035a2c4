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
#include "models/resnet.h"
#include "nn/ops.h"

static const char *const stem_words[] = {"imagenet", "half", "full", NULL};

static const mf_opt resnet_opts[] = {MF_RESNET_OPTS(mf_resnet_cfg, stem_words), MF_OPT_END}; /* vggface2 stays false */

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

/* 1x1 to width, 3x3 with the stride (`early`: the 1x1 has it), 1x1 to 4 width. */
static mf_ref
bottleneck(mf_graph *g, mf_ref x, int width, int stride, bool project, bool early)
{
    mf_ref id = x, y;

    y = mf_layer_conv(g, x, "conv1", width, 1, early ? stride : 1, 0, 1, 1);
    y = mf_relu(g, mf_batchnorm(g, y, "bn1"));
    y = mf_layer_conv(g, y, "conv2", width, 3, early ? 1 : stride, 1, 1, 1);
    y = mf_relu(g, mf_batchnorm(g, y, "bn2"));
    y = mf_layer_conv(g, y, "conv3", 4 * width, 1, 1, 0, 1, 1);
    y = mf_batchnorm(g, y, "bn3");
    if (project) {
        id = mf_layer_conv(g, x, "downsample.0", 4 * width, 1, stride, 0, 1, 1);
        id = mf_batchnorm(g, id, "downsample.1");
    }
    return mf_relu(g, mf_add(g, y, id));
}

mf_ref
mf_resnet_stem(mf_graph *g, mf_ref x, const mf_resnet_cfg *c)
{
    mf_pool_attrs pool  = {.kh = 3, .kw = 3, .sh = 2, .sw = 2, .ph = 1, .pw = 1};
    const int     first = (int)c->width;

    if (c->vggface2) pool.ph = pool.pw = 0, pool.ceil = 1;
    x = c->stem == MF_STEM_IMAGENET ? mf_layer_conv(g, x, "conv1", first, 7, 2, 3, 1, 1)
                                    : mf_layer_conv(g, x, "conv1", first, 3, c->stem == MF_STEM_HALF ? 2 : 1, 1, 1, 1);
    x = mf_relu(g, mf_batchnorm(g, x, "bn1"));
    return c->stem == MF_STEM_IMAGENET ? mf_maxpool(g, x, pool) : x;
}

mf_ref
mf_resnet_stage(mf_graph *g, mf_ref x, const mf_resnet_spec *s, const mf_resnet_cfg *c, int stage, int stride)
{
    const int width = (int)c->width << (stage - 1);

    for (int b = 0; b < s->blocks[stage - 1]; b++) {
        bool project = b == 0 && (stage > 1 || s->bottleneck);
        char scope[32];

        snprintf(scope, sizeof scope, "layer%d.%d", stage, b);
        mf_graph_push(g, scope);
        x = s->bottleneck ? bottleneck(g, x, width, b == 0 ? stride : 1, project, c->vggface2) : basic_block(g, x, width, b == 0 ? stride : 1, project);
        mf_graph_pop(g);
    }
    return x;
}

mf_ref
mf_resnet_trunk(mf_graph *g, mf_ref x, const mf_resnet_spec *s, const mf_resnet_cfg *c)
{
    x = mf_resnet_stem(g, x, c);
    for (int stage = 1; stage <= 4; stage++) x = mf_resnet_stage(g, x, s, c, stage, stage > 1 ? 2 : 1);
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
        static const mf_resnet_spec spec = {{B0, B1, B2, B3}, BOTTLENECK};                                    \
        return mf_resnet_trunk(g, x, &spec, cfg);                                                                            \
    }                                                                                                      \
    extern const mf_model_def mf_model_##NAME;                                                             \
    const mf_model_def mf_model_##NAME = {                                                                 \
        .name = #NAME, .summary = TEXT, .source = "He, Zhang, Ren, Sun 2016; names as torchvision",        \
        .cfg_size = sizeof(mf_resnet_cfg), .opts = resnet_opts, .min_size = 32, .head = "fc.*",               \
        .map = "layer4", .embedding = "mean over layer4",                                                  \
        .trunk = NAME##_trunk, .pool = pool, .classify = classify,                                         \
    }
RESNET(resnet18, "18 layers, basic blocks 2-2-2-2, embedding 512", 2, 2, 2, 2, false);
RESNET(resnet34, "34 layers, basic blocks 3-4-6-3, embedding 512", 3, 4, 6, 3, false);
RESNET(resnet50, "50 layers, bottlenecks 3-4-6-3, embedding 2048", 3, 4, 6, 3, true);
