/* face/mask_note.c: a mask in words, for the record. */
#include "face/mask.h"

#include <stdio.h>
#include "face/occlude.h"

void
mf_mask_note(mf_occluder_note *out, const mf_mask_style *st, const mf_mask_fit *f, const mf_mask_light *light, const mf_match *m)
{
    unsigned rgb[3];

    for (int c = 0; c < 3; c++) {
        float v = st->colour[0][c];
        rgb[c] = (unsigned)(255 * (v < 0 ? 0 : v > 1 ? 1 : v) + 0.5F) & 255U;
    }
    snprintf(out->kind, sizeof out->kind, "%s", mf_mask_type_name(st));
    snprintf(out->fit, sizeof out->fit, "%s", mf_mask_wear_name(f->wear));
    snprintf(out->colour, sizeof out->colour, "#%02x%02x%02x", rgb[0], rgb[1], rgb[2]);
    snprintf(out->parameters, sizeof out->parameters,
             "pattern=%s alpha=%.3f beta=%.3f low=%.3f tu=%.2f/%.2f tl=%.2f/%.2f inset=%.3f/%.3f cheek=%.3f bulge=%.3f waist=%.3f "
             "neck=%.2f roll=%.3f shift=%.3f light=%.2f/%.2f/%.2f ambient=%.2f blur=%.2f noise=%.4f",
             mf_mask_pattern_name(st->pattern), (double)f->alpha, (double)f->beta, (double)f->low, (double)f->tu[0],
             (double)f->tu[1], (double)f->tl[0], (double)f->tl[1], (double)f->inset_upper, (double)f->inset_lower,
             (double)f->cheek, (double)f->bulge, (double)f->waist, (double)f->neck, (double)f->roll, (double)f->shift,
             (double)light->x, (double)light->y, (double)light->z, (double)light->ambient, (double)m->blur, (double)m->noise);
}
