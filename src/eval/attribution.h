/* eval/attribution.h: where in a picture an answer comes from, as a heat map.
 *
 *   gradcam        Selvaraju et al. 2017, equations 1 and 2: the logit's gradient at a layer, averaged over places, weighs the
 *                  layer's channels; what is above zero of their sum
 *   gradcam-msde   as the program of MSD-E did it (msde.md 8.4): the softmax probability in place of the logit, at the map after
 *                  its normalisation
 *   gradcam++      Chattopadhay et al. 2018, equations 10 to 12 with Y = exp(logit), whose positive factor exp(logit) is left
 *                  out: it scales the whole map
 *   occlusion      Zeiler and Fergus 2014: how far the probability falls when a square of mean colour hides the place,
 *                  averaged over the squares that cover it; what is above zero */
#ifndef MF_EVAL_ATTRIBUTION_H
#define MF_EVAL_ATTRIBUTION_H

#include <stddef.h>
#include "core/error.h"
#include "infer/infer.h"

typedef enum mf_attr_kind { MF_ATTR_GRADCAM, MF_ATTR_GRADCAM_MSDE, MF_ATTR_GRADCAM_PP, MF_ATTR_OCCLUSION, MF_ATTR_COUNT } mf_attr_kind;
const char *mf_attr_name(mf_attr_kind k); /* "gradcam" ... */

typedef struct mf_attribution_opts {
    mf_attr_kind kind;
    const char  *layer;   /* as mf_graph_layer; NULL or "": the last map (gradcam-msde: after its normalisation); "auto": that where
                           * it has 4 places a side, else the last stage that has: small pictures leave too few at the end */
    const char  *backend; /* "auto" ... */
    double       patch;   /* occlusion: side of the square, share of the picture's, 0.02 .. 1 */
    double       stride;  /* occlusion: step, share of the square's side, 0.05 .. 1 */
} mf_attribution_opts;
mf_attribution_opts mf_attribution_opts_default(void); /* gradcam, last map, auto, 0.25, 0.25 */
enum { MF_ATTR_LAYER_MAX = 96 };

typedef struct mf_attribution mf_attribution;
/* Over a network that is not being trained: `f` is lent, outlives this, and its parameters are frozen by it. Batches are as large
 * as f's. Computed in f32 (in f64 where f is). MF_E_NOTFOUND: no layer of that name; the nearest is named. MF_E_ARG: the
 * layer is no map. */
mf_status mf_attribution_new(mf_attribution **out, mf_infer *f, const mf_attribution_opts *o, mf_err *err);
void      mf_attribution_free(mf_attribution *a);
/* Size of a heat map: of the layer, or for occlusion of the network's input. */
void mf_attribution_size(const mf_attribution *a, int *w, int *h);

/* n pictures of any size, 1 to the batch. cls[i] >= 0: the class to explain; -1: the predicted one, which is then put there.
 * heat [n, h, w], values >= 0, unscaled; prob [n, classes] may be NULL; marks as for mf_infer_images. MF_E_NUMERIC: a map is not
 * a number. */
mf_status mf_attribution_images(mf_attribution *a, const mf_image *im, const float *marks, size_t n, int *cls, float *heat, float *prob, mf_err *err);

/* The layers of a network that can be looked at, one a line with its size, into `out`. */
mf_status mf_attribution_layers(mf_str *out, mf_infer *f, mf_err *err);

/* For tests, and for who wants the parts: the layer's values and the gradient of the score there after mf_attribution_images, each
 * [batch, channels, h, w] as double. MF_E_STATE for occlusion. */
mf_status mf_attribution_gradient(const mf_attribution *a, double *value, double *gradient, size_t elems, mf_err *err);
int       mf_attribution_channels(const mf_attribution *a);
/* The layer that is looked at: "layer3", or "last map". Lent. */
const char *mf_attribution_layer(const mf_attribution *a);

#endif
