/* models/oadn.c: the occlusion-adaptive deep network (Ding, Zhou and Chellappa 2020; oadn-gacnn.md). L is the last map of a ResNet-50
 * whose last stage has stride 1: 2048 x 14 x 14 at 224.
 *
 *     map_m     = a bell around landmark m of 24, zero where it is not sure       nn/ops.h: gauss_maps
 *     v         = max over m of mean(L map_m)                                     element-wise; the embedding
 *     attention = fc v                                                            hidden layer of 256
 *     region_q  = region_net(mean of quadrant q of L)                             q = 1..4, one classifier for all
 *     logits    = mean of the regions, or of all five (`fusion`)
 *     loss      = a CE(attention) + (1 - a) mean_q CE(region_q), a = 0.2
 *
 * A bell has a deviation of 10.75 pixels and is cut at 21, on a canvas of `canvas` pixels a side that is then resized to L's size: the
 * program draws on pictures as they come (FER+: 48), and L's cells should lie less than the bell's width apart there. With the
 * regions alone answering, scoring needs no landmarks: training and the embedding do.
 * reading   CE of the regions   the 24 points (face24.h)       bells
 * clean     mean                as gACNN's authors have them   centred on their points
 * code      sum                 cheeks displaced               a pixel up and left of them, else at the near borders */
#include <stdio.h>

#include "models/face24.h"
#include "models/resnet.h"
#include "nn/ops.h"

typedef struct {
    int64_t width, canvas;
    int     stem;
    int     reading, topology, fusion;
    double  attention_weight, landmark_sure;
} oadn_cfg;

enum { READ_CLEAN, READ_CODE };
enum { FUSE_REGIONS, FUSE_ALL };
enum { QUADRANTS = 4, HIDDEN = 8, REACH = 21 }; /* the hidden layers have 1/HIDDEN of L's channels */

static const char *const stem_words[]     = {"imagenet", "half", "full", NULL};
static const char *const reading_words[]  = {"clean", "code", NULL};
static const char *const topology_words[] = {"torchvision", "vggface2", NULL};
static const char *const fusion_words[]   = {"regions", "all", NULL};

static const mf_opt oadn_opts[] = {
    MF_RESNET_OPTS(oadn_cfg, stem_words),
    MF_OPT_ENUM(oadn_cfg, reading, READ_CLEAN, reading_words, "the paper, or what the published program does"),
    MF_OPT_ENUM(oadn_cfg, topology, 0, topology_words, "where the strides of the trunk are: as its authors trained it, or as VGGFace2's weights were"),
    MF_OPT_ENUM(oadn_cfg, fusion, FUSE_REGIONS, fusion_words, "what answers: the mean over the four regions, or over them and the attention"),
    MF_OPT_F64(oadn_cfg, attention_weight, 0.2, 0, 1, "share of the attention branch in the loss; the regions have the rest"),
    MF_OPT_F64(oadn_cfg, landmark_sure, 0.6, 0, 1, "a landmark not surer than this counts as hidden"),
    MF_OPT_INT(oadn_cfg, canvas, 0, 0, 4096, "side of the picture that bells are drawn on, in pixels; 0: the network's input"),
    MF_OPT_END,
};

/* L -> the mean under each bell, the largest of each channel: [N,C]. */
static mf_ref
attend(mf_graph *g, mf_ref map, const mf_model_in *in, const oadn_cfg *c)
{
    const mf_shape m = mf_graph_shape(g, map), x = mf_graph_shape(g, in->x);
    mf_gauss_attrs a = {.reach = REACH, .sigma = (2 * REACH + 1) * 0.25f, .sure = (float)c->landmark_sure, .ahead = c->reading == READ_CODE};
    mf_ref         v;

    if (map.id < 0) return MF_NONE;
    a.h      = (int32_t)m.dim[2];
    a.w      = (int32_t)m.dim[3];
    a.side_y = (int32_t)(c->canvas == 0 ? x.dim[2] : c->canvas > m.dim[2] ? c->canvas : m.dim[2]);
    a.side_x = (int32_t)(c->canvas == 0 ? x.dim[3] : c->canvas > m.dim[3] ? c->canvas : m.dim[3]);
    a.mul_y  = (float)((double)a.side_y / (double)x.dim[2]);
    a.mul_x  = (float)((double)a.side_x / (double)x.dim[3]);
    v        = mf_wpool(g, map, mf_gauss_maps(g, mf_face24(g, in, c->reading == READ_CODE), a));
    v        = mf_reshape(g, v, 4, (int64_t[]){0, MF_FACE24, m.dim[1], 1});
    return mf_reshape(g, mf_reduce(g, MF_R_MAX, v, 2u, true), 2, (int64_t[]){0, m.dim[1]});
}

/* "scope.0", ReLU, "scope.2". */
static mf_ref
classifier(mf_graph *g, mf_ref x, const char *scope, int hidden, int classes)
{
    mf_graph_push(g, scope);
    x = mf_layer_linear(g, mf_relu(g, mf_layer_linear(g, x, "0", hidden)), "2", classes);
    mf_graph_pop(g);
    return x;
}

static mf_ref
embed(mf_model_out *out, mf_graph *g, const mf_model_in *in, int classes, const void *cfg)
{
    static const mf_resnet_spec spec = {{3, 4, 6, 3}, true};
    const oadn_cfg     *c = cfg;
    const mf_resnet_cfg trunk = {.width = c->width, .stem = c->stem, .vggface2 = c->topology == 1};
    mf_ref              x = mf_resnet_stem(g, in->x, &trunk), v, sum = MF_NONE;
    int                 hidden;

    for (int stage = 1; stage <= 4; stage++) x = mf_resnet_stage(g, x, &spec, &trunk, stage, stage == 2 || stage == 3 ? 2 : 1);
    if (x.id < 0) return MF_NONE;
    out->map            = x;
    hidden              = (int)mf_graph_shape(g, x).dim[1] / HIDDEN;
    v                   = attend(g, x, in, c);
    out->head[0]        = classifier(g, v, "fc", hidden, classes);
    out->head_weight[0] = c->attention_weight;
    for (int q = 0; q < QUADRANTS; q++) {
        out->head[1 + q]        = classifier(g, mf_layer_quadrant(g, x, q), "region_net", hidden, classes);
        out->head_weight[1 + q] = (1 - c->attention_weight) / (c->reading == READ_CODE ? 1 : QUADRANTS);
        sum                     = q == 0 ? out->head[1] : mf_add(g, sum, out->head[1 + q]);
    }
    out->n_heads = 1 + QUADRANTS;
    out->logits  = c->fusion == FUSE_ALL ? mf_scale(g, mf_add(g, sum, out->head[0]), 1.0 / (1 + QUADRANTS), 0) : mf_scale(g, sum, 1.0 / QUADRANTS, 0);
    return v;
}

static void
recipe(mf_recipe *r, const void *cfg)
{
    (void)cfg;
    for (int c = 0; c < 3; c++) r->mean[c] = r->std[c] = 0.5f;
}

static int
landmarks(const void *cfg)
{
    (void)cfg;
    return 68;
}

/* The program registers its one region classifier four more times: "classifiers.2.0.weight" is "region_net.0.weight". */
static bool
alias(char out[MF_ALIAS_MAX], const char *name)
{
    int q, used = 0;

    if (sscanf(name, "classifiers.%1d.%n", &q, &used) != 1 || used == 0 || q < 0 || q >= QUADRANTS) return false;
    return snprintf(out, MF_ALIAS_MAX, "region_net.%s", name + used) < MF_ALIAS_MAX;
}

extern const mf_model_def mf_model_oadn;
const mf_model_def mf_model_oadn = {
    .name = "oadn", .summary = "attention at 24 landmarks and four regions (OADN), on ResNet-50; embedding 2048",
    .source = "OADN, Ding, Zhou and Chellappa 2020; names as the SCAN authors' program; oadn-gacnn.md",
    .cfg_size = sizeof(oadn_cfg), .opts = oadn_opts, .min_size = 32, .head = "fc.2.*,region_net.2.*",
    .map = "layer4", .embedding = "means under the bells around landmarks, the largest of each channel",
    .embed = embed, .landmarks = landmarks, .recipe = recipe, .alias = alias,
};
