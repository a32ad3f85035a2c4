/* face/layer.h: what is laid over a photo. Shapes are painted onto a layer that covers a part of the picture, finer than
 * it where the face is small; closing the layer brings it to the photo's sharpness and noise and lays it on. */
#ifndef MF_FACE_LAYER_H
#define MF_FACE_LAYER_H

#include <stdint.h>
#include "core/error.h"
#include "face/raster.h"
#include "face/scratch.h"
#include "image/image.h"

typedef struct mf_layer {
    int        x0, y0, w, h; /* part of the picture */
    int        k;            /* layer pixels a picture pixel, along each axis */
    uint8_t   *px;           /* [h k][w k][4] red, green, blue, opacity; colours times opacity */
    float     *line;         /* [w k + 1] coverage of a row */
    uint8_t   *rows;         /* two rows */
    float     *plane;        /* [w h] for soft shadows */
    mf_raster  raster;       /* in layer pixels */
} mf_layer;

/* How sharp and noisy the photo is that the layer must go with. */
typedef struct mf_match {
    float blur;  /* standard deviation of its blur, pixels */
    float noise; /* standard deviation, 0..1 of full scale */
} mf_match;

/* Estimate both in the box (x0, y0)-(x1, y1). Blur: how energies of steps over one and two pixels compare, under the
 * model of edges blurred by a Gaussian. Noise: median absolute high-pass / 0.6745 (after Immerkaer 1996). */
mf_match mf_match_guess(const mf_image *im, double x0, double y0, double x1, double y1);

/* An empty layer over the box lo..hi (picture pixels, cut to the picture), for a face of eye distance d pixels. `s` is
 * reset: what was taken before is lost; `extra` bytes more a layer pixel are reserved. MF_E_ARG: the box lies outside. */
mf_status mf_layer_open(mf_layer *out, mf_face_scratch *s, const mf_image *im, const double lo[2], const double hi[2], double d,
                        size_t extra, mf_err *err);
/* Memory that mf_layer_open can come to want for pictures of w x h pixels, whatever the face. */
size_t    mf_layer_most(int w, int h, size_t extra);

/* Colour at a point of the picture: fill rgba (0..1, straight). */
typedef void mf_layer_shade(void *arg, double x, double y, float rgba[4]);

/* Polygons in picture coordinates, at most MF_LAYER_POINTS points. */
enum { MF_LAYER_POINTS = 192 };
void mf_layer_fill(mf_layer *l, const double (*p)[2], int n, const float rgb[3], double opacity);
void mf_layer_fill_with(mf_layer *l, const double (*p)[2], int n, mf_layer_shade *shade, void *arg);
void mf_layer_stroke(mf_layer *l, const double (*p)[2], int n, double from, double to, const float rgb[3], double opacity);
/* Begin a fill by hand: coverage is then read with mf_raster_row and laid on with mf_layer_put. */
void mf_layer_outline(mf_layer *l, const double (*p)[2], int n);
void mf_layer_put(uint8_t px[4], const float rgba[4], float coverage);

/* Darken the photo itself round a polygon, softly: blur radius in pixels, the shape moved by (dx, dy). */
void mf_layer_shadow(mf_layer *l, mf_image *im, const double (*p)[2], int n, double dx, double dy, double radius,
                     float strength);

/* Lay it on. `cover` (NULL, or width x height) takes the larger of itself and the opacity. */
void mf_layer_close(mf_layer *l, mf_image *im, uint8_t *cover, const mf_match *match, uint32_t seed);

#endif
