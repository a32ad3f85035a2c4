/* models/ran.c: the region attention network (Wang, Peng, Yang, Meng and Qiao 2020; ran.md). One shared residual trunk sees
 * the whole face and several boxes of it, each stretched to the size of the picture; two attentions weigh their features.
 *
 *     f_i  = pooled trunk(view_i)                        i = 0 the whole face
 *     mu_i = sigmoid(alpha.0 f_i)                        self-attention
 *     F_m  = sum mu_i f_i / sum mu_i
 *     nu_i = sigmoid(beta.0 [f_i; F_m])                  relation attention
 *     P    = sum mu_i nu_i [f_i; F_m] / sum mu_i nu_i    the embedding
 *     penalty = max(0, margin - (max_i>0 mu_i - mu_0))   region bias, mean over the batch
 *
 * The views pass one after another, so batch norm takes its statistics view by view.
 * reading   attentions                       margin   order of the views     edges of boxes
 * clean     as above                         0.02     whole face first       rounded
 * code      softmax over the views of them   0.1      whole face last        cut off
 * With crops=landmarks the five boxes are squares around the eyes, the nose tip and the mouth corners, moved into the picture.
 * With the softmax the gap that the penalty asks for is at most (e - 1)/(e + 5) = 0.2226 of six views. */
#include "models/model.h"
#include "models/resnet.h"
#include "nn/ops.h"

typedef struct {
    int64_t width;
    int     stem;
    int     reading, crops, views, attention_softmax;
    double  crop_min, crop_max, crop_radius, region_margin, region_weight;
    bool    relation;
} ran_cfg;

enum { READ_CLEAN, READ_CODE };
enum { CROPS_FIXED, CROPS_RANDOM, CROPS_LANDMARKS };
enum { VIEWS_MAX = 8, POINTS = 5 };

static const char *const stem_words[]    = {"imagenet", "half", "full", NULL};
static const char *const reading_words[] = {"clean", "code", NULL};
static const char *const crops_words[]   = {"fixed", "random", "landmarks", NULL};
static const char *const views_words[]   = {"6", "8", NULL};
static const char *const switch_words[]  = {"auto", "off", "on", NULL};

static const mf_opt ran_opts[] = {
    MF_RESNET_OPTS(ran_cfg, stem_words),
    MF_OPT_ENUM(ran_cfg, reading, READ_CLEAN, reading_words, "the paper, or what the published program does"),
    MF_OPT_ENUM(ran_cfg, crops, CROPS_FIXED, crops_words, "boxes: at fixed places, drawn anew each step of training (scoring takes the fixed), or around five landmarks"),
    MF_OPT_ENUM(ran_cfg, views, 0, views_words, "the whole face and five boxes, or seven as for AffectNet"),
    MF_OPT_F64(ran_cfg, crop_min, 0.7, 0.1, 1, "smallest drawn box, a share of the picture's sides"),
    MF_OPT_F64(ran_cfg, crop_max, 0.95, 0.1, 1, "largest drawn box"),
    MF_OPT_F64(ran_cfg, crop_radius, 0.25, 0.01, 0.5, "how far a box around a landmark reaches to each side, a share of the picture's"),
    MF_OPT_ENUM(ran_cfg, attention_softmax, 0, switch_words, "attentions divided among the views; auto: as the reading says"),
    MF_OPT_BOOL(ran_cfg, relation, 1, "relation attention; without it F_m is classified"),
    MF_OPT_F64(ran_cfg, region_margin, -1, -1, 1, "by how much one box's attention is to exceed the whole face's; -1: as the reading says"),
    MF_OPT_F64(ran_cfg, region_weight, 1, 0, 1e6, "weight of the region-biased loss; 0: none"),
    MF_OPT_END,
};

/* left, top, right, bottom: ran.md 2.1 and 2.2. */
static const float boxes6[5][4] = {
    {0, 0, 0.75f, 0.75f}, {0.25f, 0, 1, 0.75f}, {0.125f, 0.25f, 0.875f, 1}, {0.05f, 0.05f, 0.95f, 0.95f}, {0.075f, 0.075f, 0.925f, 0.925f},
};
static const float boxes8[7][4] = {
    {0.125f, 0.25f, 0.875f, 1}, {0, 0, 0.75f, 0.75f}, {0.25f, 0, 1, 0.75f}, {0.05f, 0.05f, 0.95f, 0.95f}, {0.1f, 0.1f, 0.9f, 0.9f},
    {0.125f, 0.125f, 0.875f, 0.875f}, {0.125f, 0, 0.875f, 0.75f},
};

/* Places of the five landmarks, [N,2] each: row and column. */
static void
places(mf_ref at[POINTS], mf_graph *g, mf_ref marks)
{
    const mf_midpoints_attrs own  = {.n = POINTS, .a = {0, 1, 2, 3, 4}, .b = {0, 1, 2, 3, 4}};
    const mf_ref             flat = mf_flatten(g, mf_midpoints(g, marks, &own));

    for (int k = 0; k < POINTS; k++) at[k] = mf_concat(g, (mf_ref[]){mf_slice(g, flat, 1, POINTS + k, 1), mf_slice(g, flat, 1, k, 1)}, 2, 1);
}

/* View k of the crops. */
static mf_ref
crop(mf_graph *g, mf_ref x, int k, const ran_cfg *c)
{
    const float  *b = c->views == 0 ? boxes6[k] : boxes8[k];
    mf_zoom_attrs a = {.left = b[0], .top = b[1], .right = b[2], .bottom = b[3], .truncate = c->reading == READ_CODE};

    if (c->crops == CROPS_RANDOM) {
        a.lo = (float)(c->crop_min < c->crop_max ? c->crop_min : c->crop_max);
        a.hi = (float)c->crop_max;
    }
    return mf_zoom(g, x, a);
}

/* w [N,n] and n values [N,D] -> sum_i w_i v_i / sum_i w_i. */
static mf_ref
weighted(mf_graph *g, mf_ref w, const mf_ref *v, int n)
{
    mf_ref sum = MF_NONE;

    for (int i = 0; i < n; i++) {
        mf_ref one = mf_mul(g, v[i], mf_slice(g, w, 1, i, 1));
        sum        = i == 0 ? one : mf_add(g, sum, one);
    }
    return mf_binary(g, MF_B_DIV, sum, mf_reduce(g, MF_R_SUM, w, 2u, true));
}

/* sigmoid(layer(v_i)) of each, [N,n]. */
static mf_ref
attention(mf_graph *g, const char *layer, const mf_ref *v, int n, bool softmax)
{
    mf_ref a[VIEWS_MAX], all;

    for (int i = 0; i < n; i++) a[i] = mf_layer_linear(g, v[i], layer, 1);
    all = mf_sigmoid(g, mf_concat(g, a, n, 1));
    return softmax ? mf_softmax(g, all, 1) : all;
}

/* Attentions [N,n], that of the whole face at `face` -> the region-biased loss [1]. */
static mf_ref
region_bias(mf_graph *g, mf_ref a, int n, int face, double margin)
{
    mf_ref crops = mf_slice(g, a, 1, face == 0, n - 1);
    mf_ref gap   = mf_binary(g, MF_B_SUB, mf_reduce(g, MF_R_MAX, crops, 2u, true), mf_slice(g, a, 1, face, 1));

    return mf_mean_all(g, mf_relu(g, mf_scale(g, gap, -1, margin)));
}

static mf_ref
embed(mf_model_out *out, mf_graph *g, const mf_model_in *in, const mf_resnet_spec *spec, const ran_cfg *c)
{
    const mf_resnet_cfg trunk = {.width = c->width, .stem = c->stem};
    const int    n = c->views == 0 || c->crops == CROPS_LANDMARKS ? 6 : 8, face = c->reading == READ_CODE ? n - 1 : 0;
    const bool   softmax = c->attention_softmax == 0 ? c->reading == READ_CODE : c->attention_softmax == 2;
    const double margin  = c->region_margin >= 0 ? c->region_margin : c->reading == READ_CODE ? 0.1 : 0.02;
    mf_ref       f[VIEWS_MAX], both[VIEWS_MAX], at[POINTS], a, b, whole;

    if (c->crops == CROPS_LANDMARKS) places(at, g, in->marks);
    for (int i = 0; i < n; i++) {
        const int k    = face == 0 ? i - 1 : i;
        mf_ref    view = i == face ? in->x
                         : c->crops == CROPS_LANDMARKS ? mf_zoom_at(g, in->x, at[k], (float)c->crop_radius, c->reading == READ_CODE)
                                                       : crop(g, in->x, k, c);
        mf_ref map  = mf_resnet_trunk(g, view, spec, &trunk);

        if (i == face) out->map = map;
        f[i] = mf_gap(g, map);
    }
    a     = attention(g, "alpha.0", f, n, softmax);
    whole = weighted(g, a, f, n);
    if (mf_graph_is_training(g) && c->region_weight > 0) out->penalty = mf_scale(g, region_bias(g, a, n, face, margin), c->region_weight, 0);
    if (!c->relation) return whole;
    for (int i = 0; i < n; i++) both[i] = mf_concat(g, (mf_ref[]){f[i], whole}, 2, 1);
    b = attention(g, "beta.0", both, n, softmax);
    return weighted(g, mf_mul(g, a, b), both, n);
}

static mf_ref
classify(mf_graph *g, mf_ref features, int classes, const void *cfg)
{
    (void)cfg;
    return mf_layer_linear(g, features, "fc", classes);
}

static int
landmarks(const void *cfg)
{
    return ((const ran_cfg *)cfg)->crops == CROPS_LANDMARKS ? POINTS : 0;
}

/* Pixels from 0 to 1 as they are: so its trunk was trained on MS-Celeb-1M. */
static void
recipe(mf_recipe *r, const void *cfg)
{
    (void)cfg;
    for (int c = 0; c < 3; c++) {
        r->mean[c] = 0.0f;
        r->std[c]  = 1.0f;
    }
}

#define RAN(NAME, TEXT, B0, B1, B2, B3, BOTTLENECK)                                                                       \
    static mf_ref NAME##_embed(mf_model_out *out, mf_graph *g, const mf_model_in *in, int classes, const void *cfg)       \
    {                                                                                                                     \
        static const mf_resnet_spec spec = {{B0, B1, B2, B3}, BOTTLENECK};                                                \
        (void)classes;                                                                                                    \
        return embed(out, g, in, &spec, cfg);                                                                             \
    }                                                                                                                     \
    extern const mf_model_def mf_model_##NAME;                                                                            \
    const mf_model_def mf_model_##NAME = {                                                                                \
        .name = #NAME, .summary = TEXT, .source = "RAN, Wang et al. 2020; names as its code; ran.md",                     \
        .cfg_size = sizeof(ran_cfg), .opts = ran_opts, .min_size = 32, .head = "fc.*", .classify = classify,              \
        .map = "layer4 of the whole face", .embedding = "the views and the whole, weighted by attention",                 \
        .embed = NAME##_embed, .landmarks = landmarks, .recipe = recipe,                                                  \
    }
RAN(ran18, "region attention over six views, on ResNet-18; embedding 1024", 2, 2, 2, 2, false);
RAN(ran50, "region attention over six views, on ResNet-50; embedding 4096", 3, 4, 6, 3, true);
