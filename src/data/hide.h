/* data/hide.h: hiding parts of faces while training: a new draw for each picture and epoch.
 *
 * The text that names what is drawn: KIND[:option=value,...], several joined by '+', of which each draw takes one:
 * "mask", "mask:preset=mlfw_white", "mask+hand:over=eyes+vr". Kinds and their options: face/occlude.h. */
#ifndef MF_DATA_HIDE_H
#define MF_DATA_HIDE_H

#include "core/error.h"
#include "core/rng.h"
#include "data/manifest.h"
#include "face/scratch.h"
#include "image/image.h"

typedef struct mf_hider mf_hider;
enum { MF_HIDER_KINDS = 8 };

/* For pictures of `d` at the working size width x height. landmarks.csv of the data set is read where there is one, and
 * brought to the working size; other pictures take the canonical place of a tight crop. rows: those that may be hidden;
 * the ones that are occluded already are left as they are. MF_E_USAGE: the text is wrong. MF_E_ARG: no picture is left to
 * hide, or landmarks lie outside their picture. The data set must outlive it. */
mf_status mf_hider_open(mf_hider **out, const mf_dataset *d, const uint32_t *rows, size_t n, const char *what, double probability,
                        int width, int height, mf_err *err);
void      mf_hider_free(mf_hider *h);
/* Scratch with which mf_hider_draw allocates nothing. */
size_t    mf_hider_scratch(const mf_hider *h);
/* Whether this picture is to be hidden now, by the first number of *rng; then draw onto it. */
bool      mf_hider_wants(const mf_hider *h, uint32_t row, mf_rng *rng);
mf_status mf_hider_draw(const mf_hider *h, mf_image *im, uint32_t row, mf_face_scratch *s, mf_rng *rng, mf_err *err);

#endif
