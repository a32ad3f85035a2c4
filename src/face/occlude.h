/* face/occlude.h: hide part of a face. Kinds are registered, one file each, in face/occluders. */
#ifndef MF_FACE_OCCLUDE_H
#define MF_FACE_OCCLUDE_H

#include <stdbool.h>
#include <stdint.h>
#include "core/error.h"
#include "core/opt.h"
#include "core/rng.h"
#include "face/landmarks.h"
#include "face/scratch.h"
#include "image/image.h"

/* What was drawn, for the record. */
enum { MF_OCCLUDER_PARAMETERS = 320 };
typedef struct mf_occluder_note {
    char kind[24];       /* "surgical", "hand over the mouth": what of its kind it is */
    char fit[24];        /* masks: "correct", "nose", ...; else empty */
    char colour[8];      /* "#5b9bd5" */
    char parameters[MF_OCCLUDER_PARAMETERS]; /* "alpha=0.35 beta=0.04 ..." */
} mf_occluder_note;

/* What an occluder is given beside the picture. */
typedef struct mf_occluder_job {
    const mf_landmarks *lm;    /* 68 points */
    mf_face_scratch         *scratch;
    uint8_t            *cover; /* NULL, or width x height: takes 0 bare .. 255 hidden */
    mf_occluder_note   *note;  /* NULL, or empty */
} mf_occluder_job;

typedef struct mf_occluder_def {
    const char   *name;      /* "mask", "lower", "upper" */
    const char   *occlusion; /* the manifest's word for the result: mask, lower, upper, glasses, hand, other */
    const char   *summary;
    bool          no_face;   /* it does not ask where the face is */
    size_t        cfg_size;  /* of the option struct; 0 without options */
    const mf_opt *opts;
    /* Draw onto `im` in place (1, 3 or 4 channels). Deterministic in *rng. Allocates through job->scratch alone. */
    mf_status (*apply)(mf_image *im, const mf_occluder_job *job, const void *cfg, mf_rng *rng, mf_err *err);
    /* Scratch that it can come to want for pictures of this size; NULL: none. */
    size_t (*scratch)(int width, int height);
} mf_occluder_def;

/* Largest option struct of any occluder; a caller may keep one on the stack. */
enum { MF_OCCLUDER_CFG_MAX = 64 };

/* Lends a static definition; MF_E_NOTFOUND names the nearest. */
mf_status mf_occluder_find(const mf_occluder_def **out, const char *name, mf_err *err);
size_t    mf_occluder_count(void);
const mf_occluder_def *mf_occluder_at(size_t i);

/* Hide with `def`. `lm` has 5 or 68 points, or none (NULL or n = 0): then the canonical place of a tight crop is taken.
 * cfg: the option struct, NULL for defaults. scratch, cover, note: as in mf_occluder_job, each may be NULL.
 * A refusal leaves the picture alone. MF_E_ARG, MF_E_NUMERIC: senseless landmarks, or a face outside the picture. */
mf_status mf_occlude(mf_image *im, const mf_occluder_def *def, const void *cfg, const mf_landmarks *lm, mf_face_scratch *scratch,
                     uint8_t *cover, mf_occluder_note *note, mf_rng *rng, mf_err *err);
/* Scratch with which mf_occlude allocates nothing on pictures of this size. */
size_t    mf_occlude_scratch(const mf_occluder_def *def, int width, int height);

/* Parts of a face, and how much of each is hidden (share of its pixels inside the picture; -1: it is not in it). */
typedef enum mf_face_part {
    MF_PART_EYES, MF_PART_BROWS, MF_PART_NOSE, MF_PART_CHEEKS, MF_PART_MOUTH, MF_PART_CHIN, MF_PARTS
} mf_face_part;
const char *mf_face_part_name(mf_face_part part);
/* lm: 5 or 68 points, or none for the canonical place. */
mf_status   mf_cover_parts(float share[MF_PARTS], const uint8_t *cover, int width, int height, const mf_landmarks *lm, mf_err *err);

#endif
