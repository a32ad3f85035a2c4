/* models/resmasking.c: ResMaskingNet (Pham, Vu and Tran 2020): a ResNet-34 whose map is refined after each stage,
 * x (1 + m), by a small U-shaped network that ends in a softmax over the channels of each pixel. Names and initialisers are
 * those of the published program; the 1 x 1 branches of its masks are saved there under a second name
 * (mask1.downsample1.* for mask1.conv1.downsample.*), which reading accepts.
 *
 * The masks halve the map 3, 2, 1 and 0 times and double it again: sides must be multiples of 32. Pictures are 0..1 without
 * mean and deviation. `resmasking` ends in `fc`, `resmasking_dropout1` in dropout and `fc.1`. */
#include <stdio.h>
#include <string.h>

#include "models/model.h"
#include "nn/ops.h"

enum { STAGES = 4, MAX_DEPTH = 4 };
typedef struct {
    int64_t width;
    double  dropout;
} mask_cfg;

#define WIDTH MF_OPT_INT(mask_cfg, width, 64, 4, 512, "channels of the first stage; each later one has twice as many")
static const mf_opt plain_opts[] = {
    WIDTH,
    MF_OPT_END,
};
static const mf_opt dropout_opts[] = {
    WIDTH,
    MF_OPT_F64(mask_cfg, dropout, 0.4, 0.0, 0.99, "share of the embedding dropped in training"),
    MF_OPT_END,
};

/* x [N,ci,h,w] -> [N,co,h/s,w/s]. gamma: where the second batch norm starts; 0 in the masks, whose blocks begin as
 * relu(BN(1 x 1 convolution)). */
static mf_ref
block(mf_graph *g, mf_ref x, const char *name, int co, int stride, bool project, double gamma)
{
    const mf_bn_spec last = {.eps = 1e-5f, .momentum = 0.1f, .gamma = gamma};
    mf_ref           id = x, y;

    mf_graph_push(g, name);
    y = mf_relu(g, mf_batchnorm(g, mf_layer_conv(g, x, "conv1", co, 3, stride, 1, 1, 1), "bn1"));
    y = mf_batchnorm_as(g, mf_layer_conv(g, y, "conv2", co, 3, 1, 1, 1, 1), "bn2", last);
    if (project) id = mf_batchnorm(g, mf_layer_conv(g, x, "downsample.0", co, 1, stride, 0, 1, 1), "downsample.1");
    mf_graph_pop(g);
    return mf_relu(g, mf_add(g, y, id));
}

/* Twice the size: transposed convolution 2 x 2 with bias, batch norm, ReLU; "up_poolK.0" and ".1". */
static mf_ref
grow(mf_graph *g, mf_ref x, int k, int co)
{
    const mf_init in = {.kind = MF_INIT_UNIFORM_FAN_IN, .fan = 4 * co};
    char          name[24];
    mf_ref        w, b;

    if (!mf_ref_ok(x)) return x;
    snprintf(name, sizeof name, "up_pool%d", k);
    mf_graph_push(g, name);
    w = mf_graph_param(g, "0.weight", mf_shape_of(4, mf_graph_shape(g, x).dim[1], (int64_t)co, (int64_t)2, (int64_t)2), in, MF_PARAM_WEIGHT);
    b = mf_graph_param(g, "0.bias", mf_shape_of(1, (int64_t)co), in, MF_PARAM_BIAS);
    x = mf_relu(g, mf_batchnorm(g, mf_conv_t2d(g, x, w, b, mf_conv2d_simple(2, 0)), "1"));
    mf_graph_pop(g);
    return x;
}

static mf_ref
mask_block(mf_graph *g, mf_ref x, int k, int co)
{
    char name[24];

    snprintf(name, sizeof name, "conv%d", k);
    return block(g, x, name, co, 1, true, 0.0);
}

/* The mask m of x with C channels: `depth` blocks down to C 2^depth channels, back up with what was met on the way (the
 * enlarged map first), and a last block to C. */
static mf_ref
mask(mf_graph *g, mf_ref x, int c, int depth)
{
    mf_ref met[MAX_DEPTH + 1] = {x};

    for (int i = 1; i <= depth; i++) {
        if (i > 1) x = mf_layer_maxpool(g, x, 2, 2);
        met[i] = x = mask_block(g, x, i, c << i);
    }
    for (int j = 1; j < depth; j++) {
        x = grow(g, x, depth + j, c << (depth - j));
        x = mask_block(g, mf_concat(g, (mf_ref[]){x, met[depth - j]}, 2, 1), depth + j, c << (depth - j));
    }
    return mf_softmax(g, mask_block(g, x, 2 * depth, c), 1);
}

static mf_ref
trunk(mf_graph *g, mf_ref x, const void *cfg)
{
    static const int blocks[STAGES] = {3, 4, 6, 3};
    const int        first = (int)((const mask_cfg *)cfg)->width;

    x = mf_relu(g, mf_batchnorm(g, mf_layer_conv(g, x, "conv1", first, 7, 2, 3, 1, 1), "bn1"));
    x = mf_maxpool(g, x, (mf_pool_attrs){.kh = 3, .kw = 3, .sh = 2, .sw = 2, .ph = 1, .pw = 1});
    for (int stage = 0; stage < STAGES; stage++) {
        const int c = first << stage;
        char      name[32];
        mf_ref    m;

        for (int b = 0; b < blocks[stage]; b++) {
            snprintf(name, sizeof name, "layer%d.%d", stage + 1, b);
            x = block(g, x, name, c, b == 0 && stage > 0 ? 2 : 1, b == 0 && stage > 0, 1.0);
        }
        snprintf(name, sizeof name, "mask%d", stage + 1);
        mf_graph_push(g, name);
        m = mask(g, x, c, MAX_DEPTH - stage);
        mf_graph_pop(g);
        x = mf_mul(g, x, mf_scale(g, m, 1.0, 1.0));
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
plain_classify(mf_graph *g, mf_ref features, int classes, const void *cfg)
{
    (void)cfg;
    return mf_layer_linear(g, features, "fc", classes);
}

static mf_ref
dropout_classify(mf_graph *g, mf_ref features, int classes, const void *cfg)
{
    return mf_layer_linear(g, mf_dropout(g, features, (float)((const mask_cfg *)cfg)->dropout), "fc.1", classes);
}

static void
recipe(mf_recipe *r, const void *cfg)
{
    (void)cfg;
    for (int c = 0; c < 3; c++) {
        r->mean[c] = 0.0f;
        r->std[c]  = 1.0f;
    }
}

/* "mask1.downsample3.0.weight" is "mask1.conv3.downsample.0.weight". */
static bool
alias(char out[MF_ALIAS_MAX], const char *name)
{
    int m, k, used = 0;

    if (sscanf(name, "mask%1d.downsample%1d.%n", &m, &k, &used) != 2 || used == 0) return false;
    return snprintf(out, MF_ALIAS_MAX, "mask%d.conv%d.downsample.%s", m, k, name + used) < MF_ALIAS_MAX;
}

#define MASKING(NAME, TEXT, OPTS, CLASSIFY)                                                                \
    extern const mf_model_def mf_model_##NAME;                                                             \
    const mf_model_def mf_model_##NAME = {                                                                 \
        .name = #NAME, .summary = TEXT, .source = "Pham, Vu, Tran 2020; names as its program",             \
        .cfg_size = sizeof(mask_cfg), .opts = OPTS, .min_size = 32, .size_step = 32, .head = "fc.*",       \
        .map = "layer4, refined by mask4", .embedding = "mean over that map",                              \
        .trunk = trunk, .pool = pool, .classify = CLASSIFY, .recipe = recipe, .alias = alias,              \
    }
MASKING(resmasking, "ResNet-34 refined by masks after each stage, embedding 512", plain_opts, plain_classify);
MASKING(resmasking_dropout1, "resmasking with dropout before its classifier", dropout_opts, dropout_classify);
