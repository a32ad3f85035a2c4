/* models/mobilenet_v2.c: MobileNet v2 (Sandler et al. 2018, table 2): inverted residuals with linear bottlenecks. Names and
 * initialisers are torchvision's. */
#include <stdio.h>

#include "models/model.h"
#include "nn/ops.h"

typedef struct {
    double width, dropout;
} mobile_cfg;

static const mf_opt mobile_opts[] = {
    MF_OPT_F64(mobile_cfg, width, 1.0, 0.1, 4.0, "factor of all channels, which are rounded to multiples of 8"),
    MF_OPT_F64(mobile_cfg, dropout, 0.2, 0.0, 0.99, "share of the embedding dropped in training"),
    MF_OPT_END,
};

/* To the nearest multiple of 8, at least 8 and no more than a tenth below. */
static int
eights(double v)
{
    int n = (int)(v + 4.0) / 8 * 8;

    n = n < 8 ? 8 : n;
    return (double)n < 0.9 * v ? n + 8 : n;
}

static mf_ref
unit(mf_graph *g, mf_ref x, const char *conv, const char *norm, int co, int k, int stride, int groups, bool bend)
{
    x = mf_batchnorm(g, mf_layer_conv(g, x, conv, co, k, stride, k / 2, 1, groups), norm);
    return bend ? mf_clip(g, x, 0.0, 6.0) : x;
}

/* expand, one convolution a channel, project; the input added where shapes allow. */
static mf_ref
inverted(mf_graph *g, mf_ref x, int t, int co, int stride)
{
    const int ci = (int)mf_graph_shape(g, x).dim[1], mid = t * ci;
    mf_ref    y  = x;

    if (!mf_ref_ok(x)) return x;
    mf_graph_push(g, "conv");
    if (t != 1) y = unit(g, y, "0.0", "0.1", mid, 1, 1, 1, true);
    y = unit(g, y, t != 1 ? "1.0" : "0.0", t != 1 ? "1.1" : "0.1", mid, 3, stride, mid, true);
    y = unit(g, y, t != 1 ? "2" : "1", t != 1 ? "3" : "2", co, 1, 1, 1, false);
    mf_graph_pop(g);
    return stride == 1 && ci == co ? mf_add(g, x, y) : y;
}

static mf_ref
trunk(mf_graph *g, mf_ref x, const void *cfg)
{
    static const struct {
        int t, channels, repeats, stride;
    } stage[] = {{1, 16, 1, 1}, {6, 24, 2, 2}, {6, 32, 3, 2}, {6, 64, 4, 2}, {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};
    const mobile_cfg *c  = cfg;
    int               at = 1;

    mf_graph_push(g, "features");
    x = unit(g, x, "0.0", "0.1", eights(32 * c->width), 3, 2, 1, true);
    for (size_t s = 0; s < sizeof stage / sizeof stage[0]; s++)
        for (int k = 0; k < stage[s].repeats; k++) {
            char scope[16];

            snprintf(scope, sizeof scope, "%d", at++);
            mf_graph_push(g, scope);
            x = inverted(g, x, stage[s].t, eights(stage[s].channels * c->width), k == 0 ? stage[s].stride : 1);
            mf_graph_pop(g);
        }
    x = unit(g, x, "18.0", "18.1", c->width > 1.0 ? eights(1280 * c->width) : 1280, 1, 1, 1, true);
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
    features = mf_dropout(g, features, (float)((const mobile_cfg *)cfg)->dropout);
    return mf_layer_linear_as(g, features, "classifier.1", classes, (mf_init){.kind = MF_INIT_NORMAL, .a = 0.01}, (mf_init){.kind = MF_INIT_ZERO});
}

extern const mf_model_def mf_model_mobilenet_v2;
const mf_model_def mf_model_mobilenet_v2 = {
    .name = "mobilenet_v2", .summary = "17 inverted residuals, embedding 1280", .source = "Sandler et al. 2018; names as torchvision",
    .cfg_size = sizeof(mobile_cfg), .opts = mobile_opts, .min_size = 32, .head = "classifier.*",
    .map = "features.18", .embedding = "mean over features.18",
    .trunk = trunk, .pool = pool, .classify = classify,
};
