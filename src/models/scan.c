/* models/scan.c: the spatio-channel attention net with complementary context information (Gera and Balasubramanian 2021;
 * scan.md). A ResNet-50 without its last stage; f2 and f3 are the outputs of layer2 and layer3.
 *
 *     unit(F) = F * sigmoid(bn(prelu(conv3x3(F))))                    a weight for each channel and place
 *     local   = max over 25 patches of f2 of mean(unit_k(patch_k))    a unit a patch, or one for all (`shared`)
 *     global  = mean(unit(f2))
 *     scan    = fc [local; global] / |[local; global]|                attention logits; the vector is the embedding
 *     e       = f3 * sigmoid(conv1d over channels(mean f3))           ECA
 *     cci_q   = region_net(mean of quadrant q of e)                   q = 1..4, one classifier for all
 *     logits  = mean of the five
 *     loss    = a CE(scan) + (1 - a) mean_q CE(cci_q), a = 0.2
 *
 * The grid is 5 x 5: at 28 x 28 patches of 6 x 6, the last row and column 4 wide. Other maps are cut alike.
 * reading   patches of the bottom row                    CE of the quadrants
 * clean     as they lie                                  mean
 * code      rows of the strip, folded (scan.md 3.2)      sum */
#include <math.h>
#include <stdio.h>

#include "models/model.h"
#include "models/resnet.h"
#include "nn/ops.h"

typedef struct {
    int64_t width;
    int     stem;
    int     reading, topology;
    bool    shared;
    double  attention_weight;
} scan_cfg;

enum { READ_CLEAN, READ_CODE };
enum { GRID = 5, PATCHES = GRID * GRID, QUADRANTS = 4, HIDDEN = 4 }; /* the hidden layer has 1/HIDDEN of f3's channels */

static const char *const stem_words[]     = {"imagenet", "half", "full", NULL};
static const char *const reading_words[]  = {"clean", "code", NULL};
static const char *const topology_words[] = {"torchvision", "vggface2", NULL};

static const mf_opt scan_opts[] = {
    MF_RESNET_OPTS(scan_cfg, stem_words),
    MF_OPT_ENUM(scan_cfg, reading, READ_CLEAN, reading_words, "the paper, or what the published program does"),
    MF_OPT_ENUM(scan_cfg, topology, 0, topology_words, "where the strides of the trunk are: as its authors trained it, or as VGGFace2's weights were"),
    MF_OPT_BOOL(scan_cfg, shared, 0, "one attention unit for all patches in place of 25"),
    MF_OPT_F64(scan_cfg, attention_weight, 0.2, 0, 1, "share of the attention branch in the loss; the regions have the rest"),
    MF_OPT_END,
};

static int64_t
height(mf_graph *g, mf_ref x)
{
    return mf_graph_shape(g, x).dim[2];
}

static int64_t
width(mf_graph *g, mf_ref x)
{
    return mf_graph_shape(g, x).dim[3];
}

static int64_t
channels(mf_graph *g, mf_ref x)
{
    return mf_graph_shape(g, x).dim[1];
}

/* Side of the patches of n places: a fifth, rounded up where that leaves a fifth patch. */
static int64_t
patch_side(int64_t n)
{
    const int64_t up = (n + GRID - 1) / GRID;

    return up * (GRID - 1) < n ? up : n / GRID;
}

/* The attention unit under `scope` -> mean of the gated map, [N,C]. */
static mf_ref
unit(mf_graph *g, mf_ref x, const char *scope)
{
    const int64_t c  = channels(g, x);
    const mf_init in = {.kind = MF_INIT_UNIFORM_FAN_IN};
    mf_ref        w, slope, y;

    if (x.id < 0) return MF_NONE;
    mf_graph_push(g, scope);
    w     = mf_graph_param(g, "attention.0.weight", mf_shape_of(4, c, c, (int64_t)3, (int64_t)3), in, MF_PARAM_WEIGHT);
    slope = mf_graph_param(g, "attention.1.weight", mf_shape_of(1, c), (mf_init){.kind = MF_INIT_CONST, .a = 0.25}, MF_PARAM_WEIGHT);
    y     = mf_prelu(g, mf_conv2d(g, x, w, MF_NONE, mf_conv2d_simple(1, 1)), slope);
    y     = mf_sigmoid(g, mf_batchnorm(g, y, "attention.2"));
    y     = mf_gap(g, mf_mul(g, x, y));
    mf_graph_pop(g);
    return y;
}

/* Element-wise maximum of n values [N,C]. */
static mf_ref
largest(mf_graph *g, mf_ref *v, int n)
{
    const int64_t c = mf_graph_shape(g, v[0]).dim[1];
    mf_ref        all;

    for (int i = 0; i < n; i++) v[i] = mf_reshape(g, v[i], 4, (int64_t[]){0, 1, c, 1});
    all = mf_concat(g, (mf_ref[]){mf_concat(g, v, n / 2, 1), mf_concat(g, v + n / 2, n - n / 2, 1)}, 2, 1);
    return mf_reshape(g, mf_reduce(g, MF_R_MAX, all, 2u, true), 2, (int64_t[]){0, c});
}

/* f2 -> the patches in the order of their units: 16 whole ones, the right strip, the bottom strip, the corner. */
static void
cut(mf_graph *g, mf_ref f2, bool fold, mf_ref patch[PATCHES])
{
    const int64_t h = height(g, f2), w = width(g, f2), c = channels(g, f2), ph = patch_side(h), pw = patch_side(w);
    const int64_t top = ph * (GRID - 1), left = pw * (GRID - 1);
    mf_ref        row, folded;

    for (int r = 0; r < GRID - 1; r++) {
        row = mf_slice(g, f2, 2, ph * r, ph);
        for (int k = 0; k < GRID - 1; k++) patch[(GRID - 1) * r + k] = mf_slice(g, row, 3, pw * k, pw);
        patch[16 + r] = mf_slice(g, row, 3, left, w - left);
    }
    row       = mf_slice(g, f2, 2, top, h - top);
    patch[24] = mf_slice(g, row, 3, left, w - left);
    /* The program's permutation of axes takes the strip's values in their order, four times `pw` of them a row. */
    folded = fold ? mf_reshape(g, mf_slice(g, row, 3, 0, left), 4, (int64_t[]){0, c, (GRID - 1) * (h - top), pw}) : MF_NONE;
    for (int k = 0; k < GRID - 1; k++) patch[20 + k] = fold ? mf_slice(g, folded, 2, k * (h - top), h - top) : mf_slice(g, row, 3, pw * k, pw);
}

/* Local and global attention -> the embedding [N,2C], a unit vector. */
static mf_ref
attention(mf_graph *g, mf_ref f2, const scan_cfg *c)
{
    mf_ref patch[PATCHES], whole;

    cut(g, f2, c->reading == READ_CODE, patch);
    for (int k = 0; k < PATCHES; k++) {
        char scope[48];

        snprintf(scope, sizeof scope, c->shared ? "local_attention_mask" : "local_attention_masks.%d", k);
        patch[k] = unit(g, patch[k], scope);
    }
    whole = unit(g, f2, "global_attention_mask");
    return mf_l2norm(g, mf_concat(g, (mf_ref[]){largest(g, patch, PATCHES), whole}, 2, 1), 1);
}

/* Efficient channel attention (Wang et al. 2020): the kernel is the odd number at |log2(C) / 2 + 1/2|. */
static mf_ref
eca(mf_graph *g, mf_ref x)
{
    const int64_t   c = channels(g, x), at = (int64_t)fabs((log2((double)c) + 1) / 2), k = at % 2 ? at : at + 1;
    const mf_init   in = {.kind = MF_INIT_UNIFORM_FAN_IN};
    mf_conv2d_attrs a  = mf_conv2d_simple(1, 0);
    mf_ref          y, w;

    if (x.id < 0) return MF_NONE;
    a.pw = (int32_t)(k / 2);
    y    = mf_reshape(g, mf_gap(g, x), 4, (int64_t[]){0, 1, 1, c});
    w    = mf_reshape(g, mf_graph_param(g, "eca.conv.weight", mf_shape_of(3, (int64_t)1, (int64_t)1, k), in, MF_PARAM_WEIGHT), 4, (int64_t[]){1, 1, 1, k});
    y    = mf_sigmoid(g, mf_conv2d(g, y, w, MF_NONE, a));
    return mf_mul(g, x, mf_reshape(g, y, 4, (int64_t[]){0, c, 1, 1}));
}

/* Logits of one quadrant. */
static mf_ref
region(mf_graph *g, mf_ref e, int q, int classes)
{
    const int hidden = (int)channels(g, e) / HIDDEN;
    mf_ref    part   = mf_relu(g, mf_layer_linear(g, mf_layer_quadrant(g, e, q), "region_net.0", hidden));

    return mf_layer_linear(g, part, "region_net.2", classes);
}

static mf_ref
embed(mf_model_out *out, mf_graph *g, const mf_model_in *in, int classes, const void *cfg)
{
    static const mf_resnet_spec spec = {{3, 4, 6, 3}, true};
    const scan_cfg     *c = cfg;
    const mf_resnet_cfg trunk = {.width = c->width, .stem = c->stem, .vggface2 = c->topology == 1};
    mf_ref              x, f2, e, features;

    x         = mf_resnet_stage(g, mf_resnet_stem(g, in->x, &trunk), &spec, &trunk, 1, 1);
    f2        = mf_resnet_stage(g, x, &spec, &trunk, 2, 2);
    out->map  = mf_resnet_stage(g, f2, &spec, &trunk, 3, 2);
    features  = attention(g, f2, c);
    e         = eca(g, out->map);
    out->head[0]        = mf_layer_linear(g, features, "fc", classes);
    out->head_weight[0] = c->attention_weight;
    out->logits         = out->head[0];
    for (int q = 0; q < QUADRANTS; q++) {
        out->head[1 + q]        = region(g, e, q, classes);
        out->head_weight[1 + q] = (1 - c->attention_weight) / (c->reading == READ_CODE ? 1 : QUADRANTS);
        out->logits             = mf_add(g, out->logits, out->head[1 + q]);
    }
    out->n_heads = 1 + QUADRANTS;
    out->logits  = mf_scale(g, out->logits, 1.0 / (1 + QUADRANTS), 0);
    return features;
}

static void
recipe(mf_recipe *r, const void *cfg)
{
    (void)cfg;
    for (int c = 0; c < 3; c++) r->mean[c] = r->std[c] = 0.5f;
}

/* The program registers its one region classifier four more times: "classifiers.2.0.weight" is "region_net.0.weight". */
static bool
alias(char out[MF_ALIAS_MAX], const char *name)
{
    int q, used = 0;

    if (sscanf(name, "classifiers.%1d.%n", &q, &used) != 1 || used == 0 || q < 0 || q >= QUADRANTS) return false;
    return snprintf(out, MF_ALIAS_MAX, "region_net.%s", name + used) < MF_ALIAS_MAX;
}

extern const mf_model_def mf_model_scan;
const mf_model_def mf_model_scan = {
    .name = "scan", .summary = "attention over patches and complementary context (SCAN + CCI), on ResNet-50 to layer3; embedding 1024",
    .source = "SCAN, Gera and Balasubramanian 2021; names as its code; scan.md",
    .cfg_size = sizeof(scan_cfg), .opts = scan_opts, .min_size = 48, .head = "fc.*,region_net.2.*",
    .map = "layer3", .embedding = "local and global attention, a unit vector", .embed = embed, .recipe = recipe, .alias = alias,
};
