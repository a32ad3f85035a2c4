/* face/occlude.h: hide part of a face. Kinds are registered, one file each, in face/occluders. */
#ifndef MF_FACE_OCCLUDE_H
#define MF_FACE_OCCLUDE_H

#include "core/error.h"
#include "core/rng.h"
#include "face/landmarks.h"
#include "image/image.h"

typedef struct mf_occluder_def {
    const char *name;      /* "mask", "lower", "upper" */
    const char *occlusion; /* the manifest's word for the result: mask, lower, upper, glasses, hand, other */
    const char *summary;
    /* Draw onto `im` in place (1 or 3 channels). lm->n may be 0: the canonical place is taken. Deterministic in *rng. */
    mf_status (*apply)(mf_image *im, const mf_landmarks *lm, mf_rng *rng, mf_err *err);
} mf_occluder_def;

/* Lends a static definition; MF_E_NOTFOUND names the nearest. */
mf_status mf_occluder_find(const mf_occluder_def **out, const char *name, mf_err *err);
size_t    mf_occluder_count(void);
const mf_occluder_def *mf_occluder_at(size_t i);

#endif
