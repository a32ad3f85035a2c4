/* models/vgg.c: VGG-11, -13, -16 and -19, with and without batch norm (Simonyan and Zisserman 2015, table 1, columns A, B, D
 * and E; batch norm as torchvision, between convolution and ReLU). Parameter names and initialisers are torchvision's:
 * features.I and classifier.{0,3,6}.
 *
 * All convolutions are 3 x 3 with bias. The last map (for Grad-CAM) is the last ReLU, before the fifth pooling: 14 x 14 at 224.
 * The embedding is the second hidden layer after its ReLU and before its dropout.
 *
 *     head       after the fifth pooling                                                                parameters (VGG-19, 7 classes)
 *     hidden     7 x 7 cells, whatever the map's size; 4096, ReLU, dropout; 4096, ReLU, dropout; linear    139,598,919
 *     pooled     mean over the map; linear (classifier.6)                                                   20,027,975 */
#include <stdio.h>

#include "models/model.h"
#include "nn/ops.h"

enum { POOL = 0, CELLS = 7 };
typedef enum { HEAD_HIDDEN, HEAD_POOLED } head_kind;
typedef struct {
    int     head; /* head_kind */
    double  dropout;
    int64_t hidden, width;
} vgg_cfg;

static const char *const head_words[] = {"hidden", "pooled", NULL};

static const mf_opt vgg_opts[] = {
    MF_OPT_ENUM(vgg_cfg, head, HEAD_HIDDEN, head_words, "two hidden layers, or the mean over the map"),
    MF_OPT_F64(vgg_cfg, dropout, 0.5, 0.0, 0.99, "share of the hidden units dropped in training"),
    MF_OPT_INT(vgg_cfg, hidden, 4096, 1, 65536, "units of the two hidden layers"),
    MF_OPT_INT(vgg_cfg, width, 64, 1, 512, "channels of the first block; later ones have 2, 4 and 8 times as many"),
    MF_OPT_END,
};

typedef struct vgg_spec {
    int  channels[22]; /* of each convolution at width 64; POOL is a pooling; the fifth pooling ends the list and belongs to the head */
    bool norm;
} vgg_spec;

#define VGG11 {64, POOL, 128, POOL, 256, 256, POOL, 512, 512, POOL, 512, 512, -1}
#define VGG13 {64, 64, POOL, 128, 128, POOL, 256, 256, POOL, 512, 512, POOL, 512, 512, -1}
#define VGG16 {64, 64, POOL, 128, 128, POOL, 256, 256, 256, POOL, 512, 512, 512, POOL, 512, 512, 512, -1}
#define VGG19 {64, 64, POOL, 128, 128, POOL, 256, 256, 256, 256, POOL, 512, 512, 512, 512, POOL, 512, 512, 512, 512, -1}

static mf_ref
trunk(mf_graph *g, mf_ref x, const vgg_spec *s, const vgg_cfg *c)
{
    mf_layer_spec conv = {.k = 3, .stride = 1, .pad = 1, .bias = true, .w = {.kind = MF_INIT_KAIMING_FAN_OUT}, .b = {.kind = MF_INIT_ZERO}};
    char          name[24];
    int           at = 0;

    mf_graph_push(g, "features");
    for (int i = 0; s->channels[i] >= 0; i++) {
        if (s->channels[i] == POOL) {
            x = mf_layer_maxpool(g, x, 2, 2);
            at++;
            continue;
        }
        snprintf(name, sizeof name, "%d", at);
        conv.co = s->channels[i] / 64 * (int)c->width;
        x       = mf_layer_conv_as(g, x, name, &conv);
        at++;
        if (s->norm) {
            snprintf(name, sizeof name, "%d", at++);
            x = mf_batchnorm(g, x, name);
        }
        x = mf_relu(g, x);
        at++;
    }
    mf_graph_pop(g);
    return x;
}

static mf_ref
pool(mf_graph *g, mf_ref map, const void *cfg)
{
    const vgg_cfg *c = cfg;
    const mf_init  w = {.kind = MF_INIT_NORMAL, .a = 0.01}, zero = {.kind = MF_INIT_ZERO};
    mf_ref         x = mf_layer_maxpool(g, map, 2, 2);

    if (c->head == HEAD_POOLED) return mf_gap(g, x);
    x = mf_flatten(g, mf_layer_cells(g, x, CELLS));
    x = mf_dropout(g, mf_relu(g, mf_layer_linear_as(g, x, "classifier.0", (int)c->hidden, w, zero)), (float)c->dropout);
    return mf_relu(g, mf_layer_linear_as(g, x, "classifier.3", (int)c->hidden, w, zero));
}

static mf_ref
classify(mf_graph *g, mf_ref features, int classes, const void *cfg)
{
    const vgg_cfg *c = cfg;

    if (c->head == HEAD_HIDDEN) features = mf_dropout(g, features, (float)c->dropout);
    return mf_layer_linear_as(g, features, "classifier.6", classes, (mf_init){.kind = MF_INIT_NORMAL, .a = 0.01}, (mf_init){.kind = MF_INIT_ZERO});
}

#define VGG(NAME, TEXT, LAYERS, NORM)                                                                      \
    static mf_ref NAME##_trunk(mf_graph *g, mf_ref x, const void *cfg)                                     \
    {                                                                                                      \
        static const vgg_spec spec = {LAYERS, NORM};                                                       \
        return trunk(g, x, &spec, cfg);                                                                        \
    }                                                                                                      \
    extern const mf_model_def mf_model_##NAME;                                                             \
    const mf_model_def mf_model_##NAME = {                                                                 \
        .name = #NAME, .summary = TEXT, .source = "Simonyan, Zisserman 2015; names as torchvision",        \
        .cfg_size = sizeof(vgg_cfg), .opts = vgg_opts, .min_size = 32, .head = "classifier.6.*",           \
        .map = "last ReLU of features", .embedding = "classifier.3, after its ReLU",                       \
        .trunk = NAME##_trunk, .pool = pool, .classify = classify,                                         \
    }
#define LIST(...) __VA_ARGS__
VGG(vgg11, "8 convolutions, 3 linear layers, embedding 4096", LIST(VGG11), false);
VGG(vgg11_bn, "vgg11 with batch norm after each convolution", LIST(VGG11), true);
VGG(vgg13, "10 convolutions, 3 linear layers, embedding 4096", LIST(VGG13), false);
VGG(vgg13_bn, "vgg13 with batch norm after each convolution", LIST(VGG13), true);
VGG(vgg16, "13 convolutions, 3 linear layers, embedding 4096", LIST(VGG16), false);
VGG(vgg16_bn, "vgg16 with batch norm after each convolution", LIST(VGG16), true);
VGG(vgg19, "16 convolutions, 3 linear layers, embedding 4096", LIST(VGG19), false);
VGG(vgg19_bn, "vgg19 with batch norm after each convolution", LIST(VGG19), true);
