/* data/occlusions_csv.h: occlusions.csv beside a manifest: what was drawn on each picture and how much of the face it hides.
 *
 *   image,occluder,kind,fit,colour,eyes,brows,nose,cheeks,mouth,chin,parameters
 *   mask/a/1.png,mask,surgical,correct,#9cc8e8,0.000,0.000,0.931,0.655,1.000,1.000,pattern=plain alpha=0.312 ...
 *
 * The parts are shares of their pixels that are hidden, 0 to 1; empty where a part lies outside the picture. */
#ifndef MF_DATA_OCCLUSIONS_CSV_H
#define MF_DATA_OCCLUSIONS_CSV_H

#include "core/error.h"
#include "core/str.h"
#include "face/occlude.h"

/* One picture's record. `part` as mf_cover_parts gives it. */
typedef struct mf_occlusion_record {
    mf_occluder_note note;
    float            part[MF_PARTS];
} mf_occlusion_record;

void mf_occlusions_put_header(mf_str *out);
void mf_occlusions_put(mf_str *out, const char *image, const char *occluder, const mf_occlusion_record *r);

#endif
