/* models/model.h: an architecture: how it builds its graph, what it needs, what it is called. One file each, one line
 * in model_list.h. Parameter names equal the reference state_dict's. */
#ifndef MF_MODELS_MODEL_H
#define MF_MODELS_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/error.h"
#include "core/opt.h"
#include "image/prep.h"
#include "nn/graph.h"

/* Where an L2 normalisation stands (msde.md 2.2): nowhere, on the pooled embedding, or on the map at every position. */
typedef enum mf_norm_place { MF_NORM_NONE, MF_NORM_EMBEDDING, MF_NORM_MAP } mf_norm_place;

enum { MF_MODEL_CFG_MAX = 512 };

typedef struct mf_model_out mf_model_out;

/* What a network is given of a sample's picture. */
typedef struct mf_model_in {
    mf_ref x;     /* [N,C,H,W] */
    mf_ref marks; /* [N,P,3] f32: landmarks, in pixels of x (image/keypoints.h); MF_NONE: the network asks for none */
} mf_model_in;

typedef struct mf_model_def {
    const char   *name, *summary, *source; /* source: paper and reference code */
    size_t        cfg_size;
    const mf_opt *opts;                    /* own options; may be empty */
    int           min_size;                /* smallest side of an input */
    int           size_step;               /* sides must be multiples of it; 0: any side from min_size on */
    const char   *head;                    /* globs of the classifier's parameter names: "fc.*", "fc.*,last.*" */
    const char   *map, *embedding;         /* what `trunk` and `pool` end with, in words */
    /* x [N,C,H,W] -> last map [N,D,h,w]; map -> embedding [N,D]; embedding -> logits [N,classes]. */
    mf_ref (*trunk)(mf_graph *g, mf_ref x, const void *cfg);
    mf_ref (*pool)(mf_graph *g, mf_ref map, const void *cfg);
    mf_ref (*classify)(mf_graph *g, mf_ref features, int classes, const void *cfg);
    /* In place of trunk and pool for a network of several views or branches: sets out->map, may set the penalty and the
     * heads, and returns the embedding. With several heads it sets out->logits too and classify is NULL. */
    mf_ref (*embed)(mf_model_out *out, mf_graph *g, const mf_model_in *in, int classes, const void *cfg);
    /* How many landmarks of each face it looks at (5 or 68), which it finds in in->marks; NULL: none. Only with embed. */
    int    (*landmarks)(const void *cfg);
    /* Where they differ from others, else NULL: the mean and deviation of its pictures (set in *r, which has sizes and
     * ImageNet's values), and names under which published files hold a parameter a second time. */
    void        (*recipe)(mf_recipe *r, const void *cfg);
    mf_alias_fn  *alias;
} mf_model_def;

/* An architecture with its settings: plain data, copied freely. */
typedef struct mf_model {
    const mf_model_def *def;
    int           classes, in_channels, height, width;
    mf_norm_place norm;
    _Alignas(double) uint8_t cfg[MF_MODEL_CFG_MAX]; /* def->cfg_size bytes of own options */
} mf_model;

/* Defaults of the named architecture. MF_E_NOTFOUND names the nearest; MF_E_ARG a size that the network cannot take. */
mf_status mf_model_make(mf_model *out, const char *name, int classes, int in_channels, int height, int width, mf_err *err);
/* Whether pictures of height x width pixels fit; MF_E_ARG says which do. */
mf_status mf_model_fits(const mf_model_def *def, int height, int width, mf_err *err);
/* What its pictures look like where nothing else is said. */
mf_recipe mf_model_recipe(const mf_model_def *def, const void *cfg, int height, int width, int channels);
size_t              mf_model_count(void);
const mf_model_def *mf_model_at(size_t i);

enum { MF_MODEL_HEADS_MAX = 8 };

struct mf_model_out {
    mf_ref map;      /* [N,D,h,w] before normalisation: what Grad-CAM looks at */
    mf_ref map_n;    /* after MF_NORM_MAP, else equal to map */
    mf_ref features; /* [N,D] the embedding the classifier sees */
    mf_ref logits;   /* [N,classes]: what is predicted by */
    mf_ref penalty;  /* [1] a term of the training loss that the network brings with it, weighted; MF_NONE: none */
    int    n_heads;  /* of a network trained on several predictions: a method's loss is the sum of weight times loss of */
    mf_ref head[MF_MODEL_HEADS_MAX]; /* each [N,classes], in place of the loss of the logits; 0: it is that of the logits */
    double head_weight[MF_MODEL_HEADS_MAX];
};
/* Landmarks that the network wants of each face: 0, 5 or 68. */
int         mf_model_landmarks(const mf_model *m);
/* The graph's inputs for one picture a sample: `name`, and where the network wants landmarks `name`.landmarks. */
mf_model_in mf_model_input(mf_graph *g, const mf_model *m, const char *name);
/* The name of that second input. */
enum { MF_MODEL_NAME_MAX = 32 };
void        mf_model_marks_name(char out[MF_MODEL_NAME_MAX], const char *name);
/* Add the network to g on these inputs, under the graph's present scope and mode. Call it again under the same scope to share
 * parameters. MF_E_ARG: MF_NORM_MAP of a network without one last map. */
mf_status mf_model_build(mf_model_out *out, const mf_model *m, mf_graph *g, mf_model_in in, mf_err *err);
/* A whole evaluation graph: mf_model_input "x", outputs "logits", "probs", "features", "map". */
mf_status mf_model_eval_graph(mf_graph **out, const mf_model *m, mf_params *ps, mf_err *err);
/* A shared building block: conv without bias named `conv`, He fan-out initialiser, weight [co, ci/groups, k, k]. */
mf_ref mf_layer_conv(mf_graph *g, mf_ref x, const char *name, int co, int k, int stride, int pad, int dilation, int groups);
/* The same with everything said: "name.weight" and, with `bias`, "name.bias". Dilation and groups 0 are 1. */
typedef struct mf_layer_spec {
    int     co, k, stride, pad, dilation, groups;
    bool    bias;
    mf_init w, b;
} mf_layer_spec;
mf_ref mf_layer_conv_as(mf_graph *g, mf_ref x, const char *name, const mf_layer_spec *s);
/* "name.weight", "name.bias", both Uniform(+-1/sqrt(fan_in)). */
mf_ref mf_layer_linear(mf_graph *g, mf_ref x, const char *name, int out);
mf_ref mf_layer_linear_as(mf_graph *g, mf_ref x, const char *name, int out, mf_init w, mf_init b);
/* Maximum over k x k windows, without pad. */
mf_ref mf_layer_maxpool(mf_graph *g, mf_ref x, int k, int stride);
/* Means over n x n cells, however large the map; the map itself where it has that size. */
mf_ref mf_layer_cells(mf_graph *g, mf_ref x, int n);

/* Mean over quadrant q of a map, 0 to 3 row by row: [N,C]. Of an odd side the far half is the larger. */
mf_ref mf_layer_quadrant(mf_graph *g, mf_ref map, int q);

typedef struct mf_model_layer { char op[24], scope[96]; mf_shape out; int64_t macs, params; } mf_model_layer;
typedef struct mf_model_info {
    int64_t parameters, macs, activation_bytes; /* activations: outputs of all ops of one picture in f32, without reuse */
    mf_model_layer *layers; size_t n_layers;
} mf_model_info;
mf_status mf_model_inspect(mf_model_info *out, const mf_model *m, mf_err *err);
void      mf_model_info_free(mf_model_info *i);

/* Architecture, classes, norm, sizes and input recipe to and from weight files' metadata (string pairs). */
mf_status mf_model_to_meta(mf_tensors *ts, const mf_model *m, const mf_recipe *r, const char *const *classes, mf_err *err);
mf_status mf_model_from_meta(mf_model *m, mf_recipe *r, const mf_tensors *ts, mf_err *err);

#endif
