/* image/prep.h: the input recipe of a model, and the one pass that makes a sample of a batch from cached pixels.
 *
 * Source pixels -> inverse-affine bilinear sampling (border reflect-101), flip, hue/saturation/value shift, contrast and
 * brightness, /255, mean and deviation, in the layout and type the network wants: one pass, nothing allocated. */
#ifndef MF_IMAGE_PREP_H
#define MF_IMAGE_PREP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/error.h"
#include "core/rng.h"
#include "image/image.h"

/* What a network expects: stored with the weights (safetensors metadata) so that serving repeats training. */
typedef struct mf_recipe {
    int   width, height, channels; /* channels 1 or 3 */
    float mean[3], std[3];         /* of pixels scaled to [0,1] */
} mf_recipe;
/* ImageNet mean .485 .456 .406, deviation .229 .224 .225; one channel: .449 and .226. */
mf_recipe mf_recipe_default(int width, int height, int channels);

/* Floats of a point that goes with a picture (x, y, how sure it is: image/keypoints.h), and the most points of a face. */
enum { MF_KEYPOINT = 3, MF_KEYPOINTS_MAX = 68 };

typedef enum mf_pix_type { MF_PIX_F32, MF_PIX_BF16 } mf_pix_type;
/* Where sample i of a batch goes: element (c,y,x) at base + (c*sc + y*sy + x*sx) elements of `type`. NCHW, NHWC and
 * padded layouts are all expressed by the strides. */
typedef struct mf_pix_out {
    void       *base;
    mf_pix_type type;
    ptrdiff_t   sc, sy, sx;
} mf_pix_out;

/* Ranges of one random draw; everything 0 (and scale 1) is no augmentation. Published set: msde.md 2.5. */
typedef struct mf_augment {
    double flip;                          /* probability */
    double color_prob;                    /* probability of the hue/saturation/value shift */
    double hue, saturation, value;        /* half ranges: hue in half degrees (0..179 scale), the others of 255 */
    double contrast_prob, contrast;       /* pixel * (1 + U(-c, c)) */
    double brightness;                    /* pixel + 255 * U(-b, b), drawn with contrast */
    double affine_prob, rotate, scale, shift; /* degrees; scale U(1-s, 1+s); share of own side */
    double zoom_prob, zoom;               /* scale U(1, 1+zoom) about the centre */
    double pad;                           /* random crop: shift U(-pad, pad) share of side, always drawn (0 off) */
    double erase_prob, erase;             /* random erasing: area share up to `erase` filled with the mean */
    double turn;                          /* degrees that are added to every rotation: U(turn - rotate, turn + rotate) */
    bool   black;                         /* outside the picture is black, not its mirror image */
    double noise;                         /* deviation of normal noise on each value of [0, 1], not clipped */
    double jitter_brightness, jitter_contrast, jitter_saturation; /* ColorJitter: factors U(1 - v, 1 + v), in random order */
    double jitter_hue;                    /* share of the circle, U(-h, h) */
} mf_augment;
mf_augment mf_augment_none(void);
mf_augment mf_augment_msde(void);
mf_augment mf_augment_scan(void); /* scan.md 8: flip and ColorJitter */
/* mlfw.md 5.5: the four views of He and Leniuk's program; an epoch holds every picture under each. */
enum { MF_AUGMENT_VIEWS_MAX = 4 };
void       mf_augment_mlfw(mf_augment out[MF_AUGMENT_VIEWS_MAX]);
mf_augment mf_augment_light(void); /* flip, small crop shift, small affine: the default of training from scratch */

bool mf_augment_jitters(const mf_augment *a); /* whether ColorJitter is among its changes */

typedef struct mf_jitter { /* image/jitter.h */
    bool  on;
    int   order, hue;
    float brightness, contrast, saturation;
} mf_jitter;

/* One draw, made concrete. The same draw given to both pictures of a pair moves both alike. */
typedef struct mf_draw {
    float m[6];                     /* output (x,y) -> source (x,y), row-major 2x3, in coordinates where pixel i covers
                                     * [i, i+1): its centre is i + 1/2, and a plain resize has m[2] = m[5] = 0 */
    bool  hsv;
    float dh, ds, dv;
    float gain, bias;               /* 0..255 values * gain + bias, then clipped */
    int   erase[4];                 /* x0, y0, x1, y1 in output pixels; empty when x1 <= x0 */
    bool  black;
    float noise;
    mf_rng    rng;                  /* of the noise */
    mf_jitter jitter;               /* of the source's bytes, which whoever owns them applies before sampling */
} mf_draw;
/* The plain resize from src_w x src_h to the recipe's size (no randomness). */
mf_draw mf_draw_identity(const mf_recipe *r, int src_w, int src_h);
mf_draw mf_draw_make(const mf_augment *a, const mf_recipe *r, int src_w, int src_h, mf_rng *rng);

/* Make one sample. src: channels 1 or 3, converted to the recipe's. Downscaling by more than 1.5 should be done
 * beforehand (the cache holds working-size pixels); sampling here is plain bilinear. Never fails on valid arguments. */
void mf_prep_sample(const mf_pix_out *out, const mf_recipe *r, const uint8_t *src, int src_w, int src_h, int src_channels,
                    const mf_draw *d);
/* Evaluation form for a picture of any size: mf_image_resize (Pillow's bilinear) to the recipe's size, then normalise. */
mf_status mf_prep_image(const mf_pix_out *out, const mf_recipe *r, const mf_image *im, mf_err *err);

#endif
