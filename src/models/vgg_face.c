/* models/vgg_face.c: VGG-Face (Parkhi, Vedaldi and Zisserman 2015): VGG-16 under the names of its public release (conv1_1 ...
 * conv5_3, fc6, fc7, fc8). Pictures are 0..255 less the mean face's colour. Other sizes than 224 meet fc6 through 7 x 7 cells.
 * The release gives weights, not how they started: convolutions take He's form, linear layers Normal(0, 0.01) as VGG's. */
#include <stdio.h>

#include "models/model.h"
#include "nn/ops.h"

enum { CELLS = 7 };
typedef struct {
    double  dropout;
    int64_t hidden, width;
} face_cfg;

static const mf_opt face_opts[] = {
    MF_OPT_F64(face_cfg, dropout, 0.5, 0.0, 0.99, "share of the hidden units dropped in training"),
    MF_OPT_INT(face_cfg, hidden, 4096, 1, 65536, "units of the two hidden layers"),
    MF_OPT_INT(face_cfg, width, 64, 1, 512, "channels of the first block; later ones have 2, 4 and 8 times as many"),
    MF_OPT_END,
};

static const mf_init small = {.kind = MF_INIT_NORMAL, .a = 0.01}, zero = {.kind = MF_INIT_ZERO};

static mf_ref
trunk(mf_graph *g, mf_ref x, const void *cfg)
{
    static const int repeats[5] = {2, 2, 3, 3, 3}, factor[5] = {1, 2, 4, 8, 8};
    mf_layer_spec    conv = {.k = 3, .stride = 1, .pad = 1, .bias = true, .w = {.kind = MF_INIT_KAIMING_FAN_OUT}, .b = {.kind = MF_INIT_ZERO}};

    for (int block = 0; block < 5; block++) {
        if (block > 0) x = mf_layer_maxpool(g, x, 2, 2);
        conv.co = factor[block] * (int)((const face_cfg *)cfg)->width;
        for (int k = 0; k < repeats[block]; k++) {
            char name[24];

            snprintf(name, sizeof name, "conv%d_%d", block + 1, k + 1);
            x = mf_relu(g, mf_layer_conv_as(g, x, name, &conv));
        }
    }
    return x;
}

static mf_ref
pool(mf_graph *g, mf_ref map, const void *cfg)
{
    const face_cfg *c = cfg;
    mf_ref          x = mf_flatten(g, mf_layer_cells(g, mf_layer_maxpool(g, map, 2, 2), CELLS));

    x = mf_dropout(g, mf_relu(g, mf_layer_linear_as(g, x, "fc6", (int)c->hidden, small, zero)), (float)c->dropout);
    return mf_relu(g, mf_layer_linear_as(g, x, "fc7", (int)c->hidden, small, zero));
}

static mf_ref
classify(mf_graph *g, mf_ref features, int classes, const void *cfg)
{
    return mf_layer_linear_as(g, mf_dropout(g, features, (float)((const face_cfg *)cfg)->dropout), "fc8", classes, small, zero);
}

/* 0..255 less (129.1863, 104.7624, 93.5940) in red, green, blue; a grey picture less their mean. */
static void
recipe(mf_recipe *r, const void *cfg)
{
    static const float mean[3] = {129.1863f, 104.7624f, 93.5940f};

    (void)cfg;
    for (int c = 0; c < 3; c++) {
        r->mean[c] = (r->channels == 1 ? (mean[0] + mean[1] + mean[2]) / 3.0f : mean[c]) / 255.0f;
        r->std[c]  = 1.0f / 255.0f;
    }
}

extern const mf_model_def mf_model_vgg_face;
const mf_model_def mf_model_vgg_face = {
    .name = "vgg_face", .summary = "VGG-16 as released for faces, embedding 4096", .source = "Parkhi, Vedaldi, Zisserman 2015; names as its release",
    .cfg_size = sizeof(face_cfg), .opts = face_opts, .min_size = 32, .head = "fc8.*",
    .map = "conv5_3, after its ReLU", .embedding = "fc7, after its ReLU",
    .trunk = trunk, .pool = pool, .classify = classify, .recipe = recipe,
};
