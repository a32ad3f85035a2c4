/* face/mask.h: a drawn face mask in three parts: what it is made of (style), how it sits (fit), what light falls on it.
 * Used by the occluder `mask` and by the drawn students, who keep their style from picture to picture.
 *
 * The mask is a Coons patch between four curves that follow nose ridge, cheeks, jaw and chin; its surface has
 * coordinates (u, v), u from image-left to image-right with u = 0.5 on the line nose-chin, v from top to bottom. */
#ifndef MF_FACE_MASK_H
#define MF_FACE_MASK_H

#include "core/error.h"
#include "core/rng.h"
#include "face/landmarks.h"
#include "face/layer.h"
#include "face/occlude.h"
#include "image/image.h"

/* CUP is an N95 respirator; SCARF also a gaiter, down the neck. */
typedef enum mf_mask_type { MF_MASK_SURGICAL, MF_MASK_KN95, MF_MASK_CUP, MF_MASK_CLOTH, MF_MASK_SCARF, MF_MASK_TYPES } mf_mask_type;

/* From SMILE on: prints that look like the lower half of a face, which mislead a recogniser. */
typedef enum mf_mask_pattern {
    MF_MASK_PLAIN, MF_MASK_STRIPES, MF_MASK_DOTS, MF_MASK_GINGHAM, MF_MASK_CHEVRON, MF_MASK_CAMOUFLAGE, MF_MASK_FLOWERS,
    MF_MASK_GRADIENT, MF_MASK_TARTAN, MF_MASK_BANDS, MF_MASK_EMBLEM, MF_MASK_LETTERS, MF_MASK_SMILE, MF_MASK_TEETH,
    MF_MASK_MOUSTACHE, MF_MASK_MUZZLE, MF_MASK_PATTERNS
} mf_mask_pattern;

/* How it is worn: as it should be; nose tip bare; nose bare; chin bare; askew; loose; under the mouth. */
typedef enum mf_mask_wear {
    MF_WEAR_CORRECT, MF_WEAR_NOSE_TIP, MF_WEAR_NOSE, MF_WEAR_CHIN, MF_WEAR_CROOKED, MF_WEAR_LOOSE, MF_WEAR_CHIN_STRAP, MF_WEARS
} mf_mask_wear;

/* What a user asks for. */
typedef enum mf_mask_kind {
    MF_KIND_ANY, MF_KIND_SURGICAL, MF_KIND_KN95, MF_KIND_N95, MF_KIND_CLOTH, MF_KIND_PATTERNED, MF_KIND_SCARF,
    MF_KIND_TRANSPARENT, MF_KINDS
} mf_mask_kind;

enum { MF_MASK_CREASES = 5 };

/* Colours are sRGB in 0..1. */
typedef struct mf_mask_style {
    mf_mask_type    type;
    mf_mask_pattern pattern;
    float    colour[3][3];   /* ground, figure, second figure */
    float    loop[3];        /* colour of the ear loops */
    float    period, turn[2]; /* of the pattern: share of the mask's width; cosine and sine of its angle */
    float    pleat[3];       /* v of the fold lines (surgical) */
    float    pleat_depth;    /* 0.08 .. 0.24 */
    float    seam;           /* strength of the middle seam or ridge, 0 .. 1 */
    float    bump;           /* how far the cloth stands off the face, 0.2 .. 0.8 */
    float    hem;            /* brightness of the stitched rim, -0.14 .. 0.1 */
    float    crease[MF_MASK_CREASES][6]; /* u, v, cosine and sine of its angle, half length, depth */
    float    weave;          /* amplitude of the cloth's grain */
    int      valve;          /* cup masks: 1 draws a valve */
    float    clear;          /* opacity of a clear window over the mouth; 0: there is none */
    float    folds;          /* depth of a scarf's folds */
    int      flip;           /* 1: seen in a mirror */
    uint32_t grain;          /* seed of grain and figures */
} mf_mask_style;

/* Positions on the face; t counts jaw points from the upper corner, lengths are in eye distances. */
typedef struct mf_mask_fit {
    mf_mask_wear wear;
    float alpha;         /* top middle on the middle line: 0 between the eyes, 1 nose tip, 2 under the nose, 3 upper lip,
                            4 under the lower lip, 5 chin */
    float low;           /* bottom middle: share of the way from the chin up to the lower lip */
    float tu[2], tl[2];  /* jaw positions of the upper and lower corners, left and right, counted from each ear */
    float inset_upper, inset_lower;
    float cheek, beta, bulge, waist;
    float neck;          /* scarves: how far down the neck */
    float roll;          /* radians, about the middle of the mask */
    float shift;         /* sideways */
} mf_mask_fit;

/* Light in the picture's axes (x right, y down, z towards the viewer); `gain` multiplies the cloth's colour. */
typedef struct mf_mask_light {
    float x, y, z;       /* unit vector towards the light */
    float ambient;       /* 0 .. 1; the rest is diffuse */
    float gain[3];
    float skin[3];       /* mean colour of the bare skin; 0: unknown. Loops pass under what is not like it: hair, a hat */
    float grey;          /* 1: the photo is black and white, and so is the mask */
} mf_mask_light;

/* The four curves of the surface in pixels, and where the loops go. */
enum { MF_MASK_CURVE = 33 };
typedef struct mf_mask_shape {
    double top[MF_MASK_CURVE][2], bottom[MF_MASK_CURVE][2], left[MF_MASK_CURVE][2], right[MF_MASK_CURVE][2];
    double ear[2][2][2];     /* side, upper/lower, x/y */
    int    ear_seen[2];
    double d;                /* eye distance in pixels */
    double ux[2], uy[2];     /* axes of the face */
    double eyes[2];          /* the middle between the eyes */
    double mouth[2];
} mf_mask_shape;

/* Shares of kinds and wears: see mask_style.c. `wear` MF_WEARS draws one. */
mf_mask_style mf_mask_style_draw(mf_mask_kind kind, mf_rng *rng);
mf_mask_fit   mf_mask_fit_draw(mf_mask_type type, mf_mask_wear wear, mf_rng *rng);
/* In words. */
void          mf_mask_note(mf_occluder_note *out, const mf_mask_style *st, const mf_mask_fit *fit, const mf_mask_light *light,
                           const mf_match *match);
/* The same in a mirror. */
mf_mask_style mf_mask_style_mirror(const mf_mask_style *st);
mf_mask_fit   mf_mask_fit_mirror(const mf_mask_fit *fit);
/* "surgical", "dots", "nose_tip"; static texts. */
const char   *mf_mask_type_name(const mf_mask_style *st);
const char   *mf_mask_pattern_name(mf_mask_pattern p);
const char   *mf_mask_wear_name(mf_mask_wear w);

/* Curves from 68 or 5 landmarks. Eyes are kept clear: the top edge is lowered where an eye point would come under it.
 * MF_E_NUMERIC: a landmark is not a number. MF_E_ARG: eyes under 3 pixels apart or points absurdly far away. */
mf_status mf_mask_shape_make(mf_mask_shape *out, const mf_landmarks *lm, const mf_mask_fit *fit, mf_err *err);
/* Point of the surface; u, v slightly outside 0..1 is continued straight on. */
void mf_mask_shape_at(double out[2], const mf_mask_shape *s, double u, double v);

/* The cloth's grain, a tile that repeats: made once for a mask, looked up for every pixel. */
enum { MF_MASK_TILE = 64 };
typedef struct mf_mask_grain {
    float at[MF_MASK_TILE][MF_MASK_TILE]; /* factors round 1 */
} mf_mask_grain;
void mf_mask_grain_make(mf_mask_grain *out, const mf_mask_style *st);

/* Colour of the cloth (0..1, before light), its opacity in rgba[3], and its slope at (u, v); `fine` is the size of a pixel
 * in u. slope[0], slope[1]: normal components along the face's axes for unit z. */
void mf_mask_cloth_at(float rgba[4], float slope[2], const mf_mask_style *st, const mf_mask_grain *grain, float u, float v,
                      float fine);

/* The figures alone: changes rgb where the pattern has a figure. */
void mf_mask_print_at(float rgb[3], const mf_mask_style *st, float u, float v, float fine);

/* Estimate the light from the skin that is seen around the eyes. */
mf_mask_light mf_mask_light_guess(const mf_image *im, const mf_mask_shape *shape, mf_rng *rng);
/* How sharp and noisy the photo is there. */
mf_match      mf_mask_match_guess(const mf_image *im, const mf_mask_shape *shape);

/* Draw onto `im` (1, 3 or 4 channels). `cover` (NULL, or width x height) takes the opacity of what is drawn. Nothing is
 * allocated once `s` has grown to mf_mask_scratch. MF_E_ARG where less than a quarter of the mask would lie in the picture. */
mf_status mf_mask_draw(mf_image *im, mf_face_scratch *s, uint8_t *cover, const mf_mask_shape *shape, const mf_mask_style *style,
                       const mf_mask_light *light, const mf_match *match, mf_rng *rng, mf_err *err);
size_t    mf_mask_scratch(int width, int height);

#endif
