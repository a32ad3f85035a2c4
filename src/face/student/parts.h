/* face/student/parts.h: what the parts of a drawn student share; not for use outside face/student.
 *
 * Two coordinate systems. "Face": frontal, unit one eye distance, origin between the eyes, x to the image's right, y down,
 * z towards the viewer. "Picture": pixels of the canvas. head_* functions bring the first to the second, by way of the
 * expression (which moves skin) and the pose (which turns the head). */
#ifndef MF_FACE_STUDENT_PARTS_H
#define MF_FACE_STUDENT_PARTS_H

#include <cairo.h>
#include <stdbool.h>
#include <stdint.h>
#include "core/error.h"
#include "core/rng.h"
#include "face/landmarks.h"
#include "face/mask.h"
#include "face/student.h"

enum { MF_AU_MAX = 28 }; /* action units are indexed by their number */

typedef enum mf_hair_style {
    MF_HAIR_BALD, MF_HAIR_BUZZ, MF_HAIR_SHORT, MF_HAIR_PARTED, MF_HAIR_CURLY, MF_HAIR_BOB, MF_HAIR_LONG, MF_HAIR_FRINGE,
    MF_HAIR_BUN, MF_HAIR_SCARF, MF_HAIR_STYLES
} mf_hair_style;

typedef enum mf_beard { MF_BEARD_NONE, MF_BEARD_STUBBLE, MF_BEARD_MOUSTACHE, MF_BEARD_GOATEE, MF_BEARD_FULL } mf_beard;

/* Who it is: fixed by (seed, person). Lengths are factors of the mean face unless a unit is given. */
typedef struct mf_person {
    bool  woman;
    float age;                 /* 0 young .. 1 old: wrinkles, grey hair, heavy lids */
    float skin[3];             /* sRGB 0..1 */
    float dark;                /* 0 fair .. 1 dark skin */
    float rosy;                /* redness of cheeks and nose */
    float freckles;
    float width, jaw, chin, forehead, cheekbone, fullness; /* form of the head */
    float nose_width, nose_length, nose_height, nose_tip;
    float eye_size, eye_tilt, eye_space, lid_fold, eye_depth;
    float mouth_width, lip_upper, lip_lower;
    float brow_thick, brow_arch, brow_height, brow_tilt;
    float hair_colour[3], brow_colour[3], iris[3], lip_colour[3], cloth[3], scarf[3];
    float makeup;              /* 0 none .. 1 strong: lashes, lips */
    mf_hair_style hair;
    float hair_volume, hairline, part; /* part: -1 .. 1, where the hair is parted */
    uint32_t strands;          /* seed of strands, freckles, stubble */
    mf_beard beard;
    int   spectacles;          /* 0 none, 1 round, 2 square, 3 half rim */
    float frame[3];
    float au_gain[MF_AU_MAX];  /* how strongly this person shows each action */
    float rest[MF_AU_MAX];     /* what is there even at rest */
    float lopsided;            /* -0.15 .. 0.15: one side moves more */
    mf_mask_style mask;
    mf_mask_fit   mask_fit;
} mf_person;

/* Where the head is and what falls on it: drawn for each take. */
typedef struct mf_scene {
    float yaw, pitch, roll;    /* radians */
    float zoom, dx, dy;        /* framing: factor, shares of the side */
    float gaze[2];
    float light[3];            /* unit vector to the key light, picture axes, z to the viewer */
    float key[3], sky[3], ground[3]; /* linear light: key, ambient from above and below */
    float back[2][3];          /* background, sRGB */
    float exposure, contrast, warmth, vignette, blur, noise;
    uint32_t seed;
} mf_scene;

enum { MF_HEAD_ROWS = 84, MF_HEAD_COLS = 71, MF_HEAD_BACK = 3 };

typedef struct mf_head {
    const mf_person *who;
    const mf_scene  *scene;
    float  au[2][MF_AU_MAX];   /* image-left, image-right side of the face, 0..1 */
    double jaw_drop;           /* eye distances */
    double mid[MF_HEAD_ROWS][3], rim[MF_HEAD_ROWS][3]; /* middle line and contour of the mean head, a row each */
    double rot[3][3];
    double scale, cx, cy;      /* pixels an eye distance; picture position of the face's origin */
    int    size;               /* canvas side, pixels */
    /* The skin, moved by the expression, in face coordinates before the pose. */
    float  p[MF_HEAD_ROWS][MF_HEAD_COLS][3];
    float  rest_xy[MF_HEAD_ROWS][MF_HEAD_COLS][2]; /* the same vertices before the expression */
    float  n[MF_HEAD_ROWS][MF_HEAD_COLS][3];       /* normals after the pose */
    float  rgb[MF_HEAD_ROWS][MF_HEAD_COLS][3];     /* shaded, sRGB */
    float  q[MF_HEAD_ROWS][MF_HEAD_COLS][3];       /* projected: pixels and depth */
} mf_head;

/* identity.c */
mf_person mf_person_draw(uint64_t seed, int person);
/* perform.c: what a person who is asked for an expression does. */
typedef struct mf_performance {
    int   shown;       /* 0..6 in the MSD-E order */
    float strength;    /* 1 full */
    int   blend;       /* another expression mixed in; -1: none */
    float blend_share;
} mf_performance;
mf_performance mf_perform(const mf_student_spec *spec, mf_rng *rng);
/* expression.c: the action units of it, with each action's own chance. */
void mf_expression_draw(float au[2][MF_AU_MAX], const mf_person *who, const mf_performance *p, mf_rng *rng);
/* How well each expression explains what is seen of a face: 0 perfectly, below 0 less so (a weighted squared distance). */
void mf_expression_evidence(float out[MF_STUDENT_EXPRESSIONS], const float au[2][MF_AU_MAX], bool masked);
/* scene.c: camera: 0 any, 1 a single-lens reflex, 2 a telephone. */
mf_scene mf_scene_draw(int camera, mf_rng *rng);

/* head.c */
void mf_head_build(mf_head *h, const mf_person *who, const mf_scene *scene, int size);
/* A skin point given at rest (x, y), lifted by `lift` off the skin; moved by the expression and projected. */
void mf_head_point(double out[2], const mf_head *h, double x, double y, double lift);
/* The same with an extra offset (ox, oy) after the expression; jaw_share 0..1 says how far the point follows the jaw. */
void mf_head_point_with(double out[2], const mf_head *h, double x, double y, double lift, double ox, double oy,
                        double jaw_share);
/* A point given in face coordinates, not moved by the expression. */
void mf_head_project(double out[2], const mf_head *h, double x, double y, double z);
double mf_head_z(const mf_head *h, double x, double y); /* depth of the skin at rest */
/* Action unit, both sides averaged or one side (0 image-left, 1 image-right). */
double mf_au(const mf_head *h, int unit);
/* The outline of neck, ear to ear, for landmarks 0..16. */
void mf_head_jaw(double out[17][2], const mf_head *h);

/* skin.c: shade the vertices and paint them onto the canvas, antialiased at the silhouette. */
mf_status mf_skin_paint(cairo_t *cr, mf_head *h, mf_err *err);
/* Light on a surface of the given normal (picture axes); colour in and out sRGB. */
void mf_skin_light(float out[3], const mf_scene *s, const float albedo[3], const float n[3], float shine);

/* The shaded colour of the skin at a resting place (after mf_skin_paint), sRGB; and its brightness against the bare tone. */
void   mf_skin_tone(float out[3], const mf_head *h, double x, double y);
double mf_skin_glow(const mf_head *h, double x, double y);

/* eyes.c, brows.c, mouth.c, marks.c: they paint, and fill the landmarks that are theirs. */
void mf_eyes_paint(cairo_t *cr, const mf_head *h, mf_landmarks *lm);
void mf_brows_paint(cairo_t *cr, const mf_head *h, mf_landmarks *lm);
void mf_mouth_paint(cairo_t *cr, const mf_head *h, mf_landmarks *lm);
void mf_marks_paint(cairo_t *cr, const mf_head *h); /* wrinkles, folds, freckles */
/* How thick a beard grows at a resting place, 0..1. */
double mf_beard_growth(mf_beard kind, double x, double y);
void mf_beard_paint(cairo_t *cr, const mf_head *h);
void mf_nose_paint(cairo_t *cr, const mf_head *h, mf_landmarks *lm);

/* hair.c, body.c */
void mf_hair_back(cairo_t *cr, const mf_head *h);
void mf_hair_front(cairo_t *cr, const mf_head *h);
void mf_body_paint(cairo_t *cr, const mf_head *h);      /* neck, shoulders, ears */
void mf_backdrop_paint(cairo_t *cr, const mf_head *h);
void mf_spectacles_paint(cairo_t *cr, const mf_head *h);

/* stroke.c: small tools. */
typedef struct mf_dice { uint32_t s; } mf_dice; /* cheap repeatable noise for strands */
float mf_dice_unit(mf_dice *d);                  /* [0, 1) */
float mf_dice_spread(mf_dice *d);                /* [-1, 1) */
void  mf_rgb(cairo_t *cr, const float rgb[3], double shade, double alpha);
/* Open or closed smooth path through n points (Catmull-Rom as Bezier pieces), continuing the current path. */
void  mf_path_smooth(cairo_t *cr, const double (*p)[2], int n, bool closed);
/* A soft line: several strokes, wide and faint to narrow and strong. */
void  mf_soft_line(cairo_t *cr, const double (*p)[2], int n, double width, const float rgb[3], double alpha);
double mf_clamp(double x, double lo, double hi);
double mf_smooth(double lo, double hi, double x); /* 0 below lo, 1 above hi */

#endif
