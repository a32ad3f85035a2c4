/* models/vgg_f.c: VGG-f, the fast network of Chatfield et al. 2014 (CNN-F, table 1), with local response normalisation. The
 * geometry is that of its public definition: conv1 without pad, the first pooling padded at the bottom and the right alone
 * (which a rounded-up window count says too). Names: conv1 ... conv5, fc6, fc7, fc8. Pictures are 0..255 less the mean colour.
 * Other sizes than 224 meet fc6 through 6 x 6 cells. */
#include "models/model.h"
#include "nn/ops.h"

enum { CELLS = 6 };
typedef struct {
    double  dropout, lrn_kappa, lrn_alpha, lrn_beta;
    int64_t hidden, lrn_window;
} fast_cfg;

static const mf_opt fast_opts[] = {
    MF_OPT_F64(fast_cfg, dropout, 0.5, 0.0, 0.99, "share of the hidden units dropped in training"),
    MF_OPT_INT(fast_cfg, hidden, 4096, 1, 65536, "units of the two hidden layers"),
    MF_OPT_INT(fast_cfg, lrn_window, 5, 1, 63, "channels normalised together; odd"),
    MF_OPT_F64(fast_cfg, lrn_kappa, 1.0, 0.0, 100.0, "constant of the normalisation; the published weights are reported to use 2"),
    MF_OPT_F64(fast_cfg, lrn_alpha, 2e-5, 0.0, 100.0, "factor of the sum of squares, not divided by the window; reported as 1e-4 for the published weights"),
    MF_OPT_F64(fast_cfg, lrn_beta, 0.75, 0.0, 10.0, "exponent of the normalisation"),
    MF_OPT_END,
};

static const mf_init small = {.kind = MF_INIT_NORMAL, .a = 0.01}, zero = {.kind = MF_INIT_ZERO};

static mf_ref
conv(mf_graph *g, mf_ref x, const char *name, int co, int k, int stride, int pad)
{
    return mf_relu(g, mf_layer_conv_as(g, x, name, &(mf_layer_spec){.co = co, .k = k, .stride = stride, .pad = pad, .bias = true, .w = small, .b = zero}));
}

static mf_ref
trunk(mf_graph *g, mf_ref x, const void *cfg)
{
    const fast_cfg *c    = cfg;
    mf_lrn_attrs    norm = {.size = (int32_t)c->lrn_window, .kappa = (float)c->lrn_kappa, .alpha = (float)c->lrn_alpha, .beta = (float)c->lrn_beta};

    x = mf_lrn(g, conv(g, x, "conv1", 64, 11, 4, 0), norm);
    x = mf_maxpool(g, x, (mf_pool_attrs){.kh = 3, .kw = 3, .sh = 2, .sw = 2, .ceil = 1});
    x = mf_lrn(g, conv(g, x, "conv2", 256, 5, 1, 2), norm);
    x = mf_layer_maxpool(g, x, 3, 2);
    x = conv(g, x, "conv3", 256, 3, 1, 1);
    x = conv(g, x, "conv4", 256, 3, 1, 1);
    return conv(g, x, "conv5", 256, 3, 1, 1);
}

static mf_ref
pool(mf_graph *g, mf_ref map, const void *cfg)
{
    const fast_cfg *c = cfg;
    mf_ref          x = mf_flatten(g, mf_layer_cells(g, mf_layer_maxpool(g, map, 3, 2), CELLS));

    x = mf_dropout(g, mf_relu(g, mf_layer_linear_as(g, x, "fc6", (int)c->hidden, small, zero)), (float)c->dropout);
    return mf_relu(g, mf_layer_linear_as(g, x, "fc7", (int)c->hidden, small, zero));
}

static mf_ref
classify(mf_graph *g, mf_ref features, int classes, const void *cfg)
{
    return mf_layer_linear_as(g, mf_dropout(g, features, (float)((const fast_cfg *)cfg)->dropout), "fc8", classes, small, zero);
}

/* 0..255 less ImageNet's mean colour: the usual mean, and a deviation of 1 / 255. */
static void
recipe(mf_recipe *r, const void *cfg)
{
    (void)cfg;
    for (int c = 0; c < 3; c++) r->std[c] = 1.0f / 255.0f;
}

extern const mf_model_def mf_model_vgg_f;
const mf_model_def mf_model_vgg_f = {
    .name = "vgg_f", .summary = "5 convolutions, 3 linear layers, local response normalisation, embedding 4096",
    .source = "Chatfield et al. 2014 (CNN-F); geometry of its public definition",
    .cfg_size = sizeof(fast_cfg), .opts = fast_opts, .min_size = 63, .head = "fc8.*",
    .map = "conv5, after its ReLU", .embedding = "fc7, after its ReLU",
    .trunk = trunk, .pool = pool, .classify = classify, .recipe = recipe,
};
