/* eval/attribution_i.h: the inside of an attribution, for its two files. */
#ifndef MF_EVAL_ATTRIBUTION_I_H
#define MF_EVAL_ATTRIBUTION_I_H

#include "eval/attribution.h"
#include "infer/feed.h"

struct mf_attribution {
    mf_infer    *infer;
    mf_attr_kind kind;
    mf_graph    *graph;
    mf_program  *program;
    mf_feed      feed;
    char         layer[MF_ATTR_LAYER_MAX];
    int          w, h, channels;   /* of the heat map; channels of the layer */
    double      *value, *gradient; /* [batch, channels, h, w] */
    float       *target;           /* [batch, classes] */
    float       *prob;             /* [batch, classes] */
    void        *pixels;           /* a batch for `feed`; occlusion: one picture, [C, H, W] of floats */
    float       *hidden;           /* occlusion: a batch of pictures with a square each */
    int          points;           /* landmarks that the network looks at */
    float       *marks;            /* [batch, points, 3] in pixels of the network's input */
    uint32_t    *count;            /* occlusion: squares over each place */
    int          patch, stride;    /* occlusion, pixels */
};

size_t mf_attr_pixels(const mf_attribution *a); /* values of one picture of the network's input */
/* Picture i's landmarks (marks: in its pixels) into a->marks. */
void   mf_attr_put_marks(mf_attribution *a, size_t i, const mf_image *im, const float *marks);
/* heat [h w]: how far the probability `before` of class `cls` falls, on average over the squares that cover a place. marks: of
 * this picture, in its pixels. */
mf_status mf_attr_occlude(mf_attribution *a, const mf_image *im, const float *marks, int cls, float before, float *heat, mf_err *err);

#endif
