/* image/jitter.h: changes of colour and finish that act on whole pictures: torchvision's ColorJitter on the source's bytes, and
 * on the finished sample black outside the picture and noise. */
#ifndef MF_IMAGE_JITTER_H
#define MF_IMAGE_JITTER_H

#include <stdint.h>
#include "image/prep.h"

/* One draw of ColorJitter on w x h pixels of ch channels (1 or 3), in place, in the bytes that Pillow gives: `order` says in which of the 24
 * orders the four are applied, permutations of (brightness, contrast, saturation, hue) counted in lexical order. Brightness is a
 * blend with black, contrast with the rounded mean of the grey picture, saturation with the grey picture; hue turns by `hue` / 256 of
 * the circle of 8-bit HSV. One channel: brightness and contrast alone. */
void mf_jitter_apply(uint8_t *px, int w, int h, int ch, const mf_jitter *j);

/* What comes after sampling: with d->black, output pixels whose centre lies outside the source become black; then d->noise. */
void mf_prep_finish(const mf_pix_out *out, const mf_recipe *r, int src_w, int src_h, const mf_draw *d);

#endif
