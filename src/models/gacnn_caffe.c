/* models/gacnn_caffe.c: gACNN as its authors defined it for Caffe (Li, Zeng, Shan and Chen 2019; oadn-gacnn.md C.3). It differs from
 * gacnn.c in more than details: batch norm after every convolution, a trunk to conv5_2, two convolutions a patch, gates that pool.
 *
 *     x     = a bn(picture) + b                              a and b for each colour
 *     F     = conv4_2, C = conv5_2                           VGG-16; each convolution: bias, bn, ReLU
 *     U_k   = two such convolutions of the 6 x 6 window of F around landmark k; zeros where it leaves F
 *     PG_k  = g(U_k) relu(linear U_k)                        64 values
 *     GG    = g(C) relu(linear C)                            512 values
 *     g(V)  = sigmoid(s bn(linear relu(bn(linear mean(relu(bn(conv1x1(maxpool2 V, pad 1))))))))
 *     e     = relu(dropout(fc1 [PG_1 ... PG_24, GG]))        the embedding, before dropout
 *     logits = fc2 e
 *
 * All batch norms but the first are without weight and bias. The definition's layers are unnamed in its description: the names are ours.
 * Initialisers are He's fan-in form for convolutions; that of linear layers is not known. */
#include <math.h>
#include <stdio.h>

#include "models/face24.h"
#include "nn/ops.h"

typedef struct {
    int64_t width;
    double  dropout, bn_momentum;
    bool    global_unit;
} caffe_cfg;

enum { WINDOW = 6, CELLS = 14 };

static const mf_opt caffe_opts[] = {
    MF_OPT_INT(caffe_cfg, width, 64, 1, 512, "channels of the first block and values of a patch; the rest is in proportion"),
    MF_OPT_F64(caffe_cfg, dropout, 0.5, 0.0, 0.99, "share of the embedding dropped in training"),
    MF_OPT_F64(caffe_cfg, bn_momentum, 0.1, 0.0, 1.0, "share of a batch in running estimates; 0.001 in the definition"),
    MF_OPT_BOOL(caffe_cfg, global_unit, 1, "the global-gated unit; without it the network is pACNN"),
    MF_OPT_END,
};

static mf_ref
norm(mf_graph *g, mf_ref x, const char *name, bool plain, const caffe_cfg *c)
{
    return mf_batchnorm_as(g, x, name, (mf_bn_spec){.eps = 1e-5f, .momentum = (float)c->bn_momentum, .gamma = 1.0, .plain = plain});
}

/* "NAME", "NAME_bn", ReLU. */
static mf_ref
convolve(mf_graph *g, mf_ref x, const char *name, int64_t co, int k, const caffe_cfg *c)
{
    mf_layer_spec conv = {.co = (int)co, .k = k, .stride = 1, .pad = 1, .bias = true, .b = {.kind = MF_INIT_ZERO}};
    char          text[48];

    if (x.id < 0) return MF_NONE;
    conv.w = (mf_init){.kind = MF_INIT_NORMAL, .a = sqrt(2.0 / (double)(mf_graph_shape(g, x).dim[1] * k * k))};
    x      = mf_layer_conv_as(g, x, name, &conv);
    snprintf(text, sizeof text, "%s_bn", name);
    return mf_relu(g, norm(g, x, text, true, c));
}

/* Stage s of VGG-16: n convolutions "convS_1" ... */
static mf_ref
stage(mf_graph *g, mf_ref x, int s, int first, int last, int64_t co, const caffe_cfg *c)
{
    char name[24];

    for (int i = first; i <= last; i++) {
        snprintf(name, sizeof name, "conv%d_%d", s, i);
        x = convolve(g, x, name, co, 3, c);
    }
    return x;
}

/* The gate of the present scope, [N,1]. */
static mf_ref
gate(mf_graph *g, mf_ref x, const caffe_cfg *c)
{
    mf_ref scale;

    x     = mf_gap(g, convolve(g, mf_layer_maxpool(g, x, 2, 2), "gate_conv", 2 * c->width, 1, c));
    x     = mf_relu(g, norm(g, mf_layer_linear(g, x, "gate_fc1", (int)c->width), "gate_fc1_bn", true, c));
    x     = norm(g, mf_layer_linear(g, x, "gate_fc2", 1), "gate_fc2_bn", true, c);
    scale = mf_graph_param(g, "gate_scale.weight", mf_shape_of(1, (int64_t)1), (mf_init){.kind = MF_INIT_ONE}, MF_PARAM_NORM);
    return mf_sigmoid(g, mf_mul(g, x, scale));
}

/* gate(x) times relu(linear x) under `scope`. */
static mf_ref
gated(mf_graph *g, mf_ref x, mf_ref values, int64_t out, const caffe_cfg *c)
{
    mf_ref y = mf_relu(g, mf_layer_linear(g, mf_flatten(g, values), "fc", (int)out));

    return mf_mul(g, y, gate(g, x, c));
}

static mf_ref
embed(mf_model_out *out, mf_graph *g, const mf_model_in *in, int classes, const void *cfg)
{
    const caffe_cfg *c = cfg;
    const int64_t    w = c->width;
    mf_ref           x = norm(g, in->x, "data_bn", false, c), at[MF_FACE24], unit[MF_FACE24 + 1], u;
    char             name[24];

    (void)classes;
    x        = mf_layer_maxpool(g, stage(g, x, 1, 1, 2, w, c), 2, 2);
    x        = mf_layer_maxpool(g, stage(g, x, 2, 1, 2, 2 * w, c), 2, 2);
    x        = mf_layer_maxpool(g, stage(g, x, 3, 1, 3, 4 * w, c), 2, 2);
    out->map = stage(g, x, 4, 1, 2, 8 * w, c);
    mf_face24_places(at, g, mf_face24(g, in, false), in, out->map, (mf_face24_window){.lo = -1, .add = 0.5 - WINDOW / 2}); /* rounded */
    for (int k = 0; k < MF_FACE24; k++) {
        snprintf(name, sizeof name, "pg%d", k);
        mf_graph_push(g, name);
        u       = convolve(g, mf_crop(g, out->map, at[k], WINDOW, WINDOW), "conv1", 8 * w, 3, c);
        u       = convolve(g, u, "conv2", 8 * w, 3, c);
        unit[k] = gated(g, u, u, w, c);
        mf_graph_pop(g);
    }
    if (c->global_unit) {
        x = mf_layer_maxpool(g, stage(g, out->map, 4, 3, 3, 8 * w, c), 2, 2);
        x = stage(g, x, 5, 1, 2, 8 * w, c);
        mf_graph_push(g, "gg");
        unit[MF_FACE24] = gated(g, x, mf_layer_cells(g, x, CELLS), 8 * w, c);
        mf_graph_pop(g);
    }
    return mf_relu(g, mf_layer_linear(g, mf_face24_join(g, unit, MF_FACE24 + c->global_unit), "fc1", (int)(16 * w)));
}

/* Dropout of what a ReLU gave is the ReLU of what dropout gave. */
static mf_ref
classify(mf_graph *g, mf_ref features, int classes, const void *cfg)
{
    const caffe_cfg *c = cfg;

    return mf_layer_linear(g, mf_dropout(g, features, (float)c->dropout), "fc2", classes);
}

/* 0..255 as they are: the first batch norm brings them to its own range. */
static void
recipe(mf_recipe *r, const void *cfg)
{
    (void)cfg;
    for (int c = 0; c < 3; c++) {
        r->mean[c] = 0.0f;
        r->std[c]  = 1.0f / 255.0f;
    }
}

static int
landmarks(const void *cfg)
{
    (void)cfg;
    return 68;
}

extern const mf_model_def mf_model_gacnn_caffe;
const mf_model_def mf_model_gacnn_caffe = {
    .name = "gacnn_caffe", .summary = "gACNN as its authors defined it for Caffe, on VGG-16 to conv5_2; embedding 1024",
    .source = "gACNN, Li, Zeng, Shan and Chen 2019, its published definition; names are ours; oadn-gacnn.md",
    .cfg_size = sizeof(caffe_cfg), .opts = caffe_opts, .min_size = 64, .head = "fc2.*", .map = "conv4_2 after its ReLU",
    .embedding = "fc1 after its ReLU, over the gated patches and the gated whole", .embed = embed, .classify = classify, .landmarks = landmarks, .recipe = recipe,
};
