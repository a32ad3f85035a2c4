/* models/resnet.h: the parts of a residual network, for architectures built on one. Parameter names as torchvision's. */
#ifndef MF_MODELS_RESNET_H
#define MF_MODELS_RESNET_H

#include "models/model.h"

typedef enum mf_stem { MF_STEM_IMAGENET, MF_STEM_HALF, MF_STEM_FULL } mf_stem;
typedef struct mf_resnet_cfg {
    int64_t width; /* channels of the first stage; each later one has twice as many */
    int     stem;  /* mf_stem */
    bool    vggface2; /* a bottleneck's stride on its first convolution; the stem's pooling without pad, rounded up */
} mf_resnet_cfg;

/* The rows of T, which has fields `width` and `stem` like those above. */
#define MF_RESNET_OPTS(T, WORDS)                                                                               \
    MF_OPT_INT(T, width, 64, 8, 512, "channels of the first stage; each later one has twice as many"),         \
        MF_OPT_ENUM(T, stem, MF_STEM_IMAGENET, WORDS, "how far the picture shrinks before the first stage: 4, 2 or 1 times")

typedef struct mf_resnet_spec {
    int  blocks[4];
    bool bottleneck;
} mf_resnet_spec;

/* x [N,C,H,W] -> [N,width,H/4,W/4] (imagenet): conv1, bn1, ReLU, pooling. */
mf_ref mf_resnet_stem(mf_graph *g, mf_ref x, const mf_resnet_cfg *c);
/* "layer<stage>", 1 to 4; the first block has the stride. A bottleneck stage gives width * 2^(stage+1) channels, else
 * width * 2^(stage-1). */
mf_ref mf_resnet_stage(mf_graph *g, mf_ref x, const mf_resnet_spec *s, const mf_resnet_cfg *c, int stage, int stride);
/* Stem and all four stages, each after the first with stride 2. */
mf_ref mf_resnet_trunk(mf_graph *g, mf_ref x, const mf_resnet_spec *s, const mf_resnet_cfg *c);

#endif
