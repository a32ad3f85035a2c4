/* models/gacnn.c: gACNN in its PyTorch form, by the authors of SCAN, whose parameter names it has (Li, Zeng, Shan and Chen 2019;
 * oadn-gacnn.md C.2). F is the map of VGG-16 after conv4_2: 512 x 28 x 28 at 224.
 *
 *     U_k   = relu(conv3x3(6 x 6 window of F around landmark k)),  k = 1..24
 *     PG_k  = g(U_k) relu(linear U_k)                        patch-gated unit, 64 values
 *     G     = relu(conv3x3(maxpool2 F))
 *     GG    = g(G) relu(linear G)                            global-gated unit, 512 values
 *     g(V)  = sigmoid(linear relu(linear bn(relu(conv1x1(maxpool2 V)))))      one number in (0, 1)
 *     e     = fc1 [PG_1 ... PG_24, GG]                       the embedding
 *     logits = fc2 e
 *
 * Without GG (`global_unit`) it is pACNN. A window lies wholly in F: its middle is held 3 places from the edges.
 * reading   window around (x, y)          the 24 points
 * clean     rows from y, columns from x   face24.h, clean
 * code      rows from x, columns from y   face24.h, code */
#include <stdio.h>

#include "models/face24.h"
#include "nn/ops.h"

typedef struct {
    int64_t width;
    int     reading;
    bool    global_unit;
} gacnn_cfg;

enum { READ_CLEAN, READ_CODE };
enum { POOL = 0, WINDOW = 6, CELLS = 14, GATE_CELLS = 7 }; /* cells of G at 224, to which other sizes are brought */

static const char *const reading_words[] = {"clean", "code", NULL};

static const mf_opt gacnn_opts[] = {
    MF_OPT_INT(gacnn_cfg, width, 64, 1, 512, "channels of the first block and values of a patch; the rest is in proportion"),
    MF_OPT_ENUM(gacnn_cfg, reading, READ_CLEAN, reading_words, "the paper, or what the published program does"),
    MF_OPT_BOOL(gacnn_cfg, global_unit, 1, "the global-gated unit; without it the network is pACNN"),
    MF_OPT_END,
};

/* "base.I": convolutions with bias and ReLU, as torchvision's VGG-16 starts. */
static mf_ref
base(mf_graph *g, mf_ref x, const gacnn_cfg *c)
{
    static const int times[] = {1, 1, POOL, 2, 2, POOL, 4, 4, 4, POOL, 8, 8};
    mf_layer_spec    conv = {.k = 3, .stride = 1, .pad = 1, .bias = true, .w = {.kind = MF_INIT_KAIMING_FAN_OUT}, .b = {.kind = MF_INIT_ZERO}};
    char             name[24];
    int              at = 0;

    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++, at++) {
        if (times[i] == POOL) {
            x = mf_layer_maxpool(g, x, 2, 2);
            continue;
        }
        snprintf(name, sizeof name, "base.%d", at++);
        conv.co = times[i] * (int)c->width;
        x       = mf_relu(g, mf_layer_conv_as(g, x, name, &conv));
    }
    return x;
}

static mf_ref
convolve(mf_graph *g, mf_ref x, const char *name, int64_t co, int k)
{
    const mf_init in   = {.kind = MF_INIT_UNIFORM_FAN_IN};
    mf_layer_spec conv = {.co = (int)co, .k = k, .stride = 1, .pad = k / 2, .bias = true, .w = in, .b = in};

    return mf_relu(g, mf_layer_conv_as(g, x, name, &conv));
}

/* The gate under `scope`, [N,1]. cells: 0, or the side that its map is brought to. */
static mf_ref
gate(mf_graph *g, mf_ref x, const char *scope, int cells, const gacnn_cfg *c)
{
    mf_graph_push(g, scope);
    x = mf_layer_maxpool(g, x, 2, 2);
    x = mf_batchnorm(g, convolve(g, cells ? mf_layer_cells(g, x, cells) : x, "1", 2 * c->width, 1), "3");
    x = mf_relu(g, mf_layer_linear(g, mf_flatten(g, x), "5", (int)c->width));
    x = mf_sigmoid(g, mf_layer_linear(g, x, "7", 1));
    mf_graph_pop(g);
    return x;
}

/* gate times relu(linear x). */
static mf_ref
gated(mf_graph *g, mf_ref by, mf_ref x, const char *layer, int64_t out)
{
    return mf_mul(g, mf_relu(g, mf_layer_linear(g, mf_flatten(g, x), layer, (int)out)), by);
}

static mf_ref
embed(mf_model_out *out, mf_graph *g, const mf_model_in *in, int classes, const void *cfg)
{
    const gacnn_cfg *c = cfg;
    const bool       code = c->reading == READ_CODE;
    mf_ref           map = base(g, in->x, c), at[MF_FACE24], unit[MF_FACE24 + 1], u;
    char             name[48];

    (void)classes;
    out->map = map;
    mf_face24_places(at, g, mf_face24(g, in, code), in, map, (mf_face24_window){.lo = WINDOW / 2, .hi = WINDOW / 2 + 1, .add = -WINDOW / 2, .swap = code});
    for (int k = 0; k < MF_FACE24; k++) {
        snprintf(name, sizeof name, "PG_unit_1.%d.0", k);
        u = convolve(g, mf_crop(g, map, at[k], WINDOW, WINDOW), name, 8 * c->width, 3);
        snprintf(name, sizeof name, "local_attention_block.%d", k);
        unit[k] = gate(g, u, name, 0, c);
        snprintf(name, sizeof name, "PG_unit_2.%d.1", k);
        unit[k] = gated(g, unit[k], u, name, c->width);
    }
    if (c->global_unit) {
        u               = convolve(g, mf_layer_maxpool(g, map, 2, 2), "GG_unit_1.1", 8 * c->width, 3);
        unit[MF_FACE24] = gate(g, u, "global_attention_block", GATE_CELLS, c);
        unit[MF_FACE24] = gated(g, unit[MF_FACE24], mf_layer_cells(g, u, CELLS), "GG_unit_2.1", 8 * c->width);
    }
    return mf_layer_linear(g, mf_face24_join(g, unit, MF_FACE24 + c->global_unit), "fc1", (int)(16 * c->width));
}

static mf_ref
classify(mf_graph *g, mf_ref features, int classes, const void *cfg)
{
    (void)cfg;
    return mf_layer_linear(g, features, "fc2", classes);
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

extern const mf_model_def mf_model_gacnn;
const mf_model_def mf_model_gacnn = {
    .name = "gacnn", .summary = "gated patches around 24 landmarks and the gated whole (gACNN), on VGG-16 to conv4_2; embedding 1024",
    .source = "gACNN, Li, Zeng, Shan and Chen 2019; names as the SCAN authors' program; oadn-gacnn.md",
    .cfg_size = sizeof(gacnn_cfg), .opts = gacnn_opts, .min_size = 64, .head = "fc2.*", .map = "base.19 after its ReLU (conv4_2)",
    .embedding = "fc1, over the gated patches and the gated whole", .embed = embed, .classify = classify, .landmarks = landmarks, .recipe = recipe,
};
