/* face/student.h: drawn students: people who exist nowhere, with expressions. Vector drawing by cairo. */
#ifndef MF_FACE_STUDENT_H
#define MF_FACE_STUDENT_H

#include <stdbool.h>
#include <stdint.h>
#include "core/error.h"
#include "core/rng.h"
#include "face/landmarks.h"
#include "face/occlude.h"
#include "image/image.h"

enum { MF_STUDENT_EXPRESSIONS = 7 }; /* surprise fear disgust happy sad angry neutral */

/* PLAIN: everybody shows what was asked for, one in eight faintly. MSDE: as volunteers do: faint and blended expressions,
 * others than asked for, two cameras. */
typedef enum mf_student_preset { MF_STUDENTS_PLAIN, MF_STUDENTS_MSDE } mf_student_preset;

/* Which picture: person of `seed`, asked for `expression` (0..6), for the `take`th time (from 0). With `masked` the same
 * person, expression and take wears an own mask (another light and pose, as in life). */
typedef struct mf_student_spec {
    uint64_t          seed;
    int               person, expression, take;
    bool              masked;
    mf_student_preset preset;
} mf_student_spec;

/* What the picture shows, without drawing it. */
typedef struct mf_student_facts {
    int   shown;                /* the expression that the face has; not always the one asked for */
    float strength;             /* 1 full, under 0.6 faint */
    int   blend;                /* an expression mixed in, -1: none */
    float blend_share;
    int   camera;               /* 0 any, 1 a single-lens reflex, 2 a telephone */
    float yaw, pitch, roll;     /* radians */
    float clear;                /* 0..1: how well the face is to be seen: pose, light, sharpness, noise */
    float evidence[MF_STUDENT_EXPRESSIONS]; /* how well each expression explains what is seen: 0 best, below 0 worse */
    bool  woman, beard, spectacles;
    float age;                  /* 0 young .. 1 old */
    float skin[3];              /* sRGB 0..1 */
} mf_student_facts;

/* MF_E_ARG: an expression that does not exist, a person or take below 0. */
mf_status mf_student_describe(mf_student_facts *out, const mf_student_spec *spec, mf_err *err);

/* Draw it: RGB of size x size pixels (16 to 2048), with 68 landmarks. Deterministic: the same arguments give the same
 * pixels. lm, worn, hidden may be NULL; worn and hidden (the share of each part of the face) say what mask is worn. */
mf_status mf_student_picture(mf_image *out, mf_landmarks *lm, mf_occluder_note *worn, float hidden[MF_PARTS],
                             const mf_student_spec *spec, int size, mf_err *err);
/* The same for the preset PLAIN. */
mf_status mf_student_draw(mf_image *out, mf_landmarks *lm, uint64_t seed, int person, int expression, int take,
                          bool masked, int size, mf_err *err);

#endif
