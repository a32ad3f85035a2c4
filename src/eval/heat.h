/* eval/heat.h: heat maps as numbers: sizes changed, and how much of one lies under a polygon. */
#ifndef MF_EVAL_HEAT_H
#define MF_EVAL_HEAT_H

#include <stddef.h>
#include <stdint.h>

/* Bilinear, with the centres of the pixels at halves, the border repeated. in [ih, iw] -> out [h, w]. */
void mf_heat_resize(float *out, int w, int h, const float *in, int iw, int ih);
/* v divided by its largest value, values below 0 as 0; all 0 where nothing is above 0 (or not a number). Returns the largest. */
float mf_heat_normalise(float *v, size_t n);
/* As the program of MSD-E did it (msde.md 8.4): a normalised map in whole 255ths, cut off, then resized in those levels,
 * rounded. in [ih, iw] of 0..1 -> out [h, w] of 0..1. */
void mf_heat_resize_levels(float *out, int w, int h, const float *in, int iw, int ih);

/* Which share of each pixel the polygon covers (even-odd rule): out [h, w] of 0..1. The points are in pixels, (0, 0) the outer
 * corner of the first one; they may lie outside. n < 3 covers nothing. */
void mf_polygon_cover(float *out, int w, int h, const double (*xy)[2], size_t n);
/* Heat under the cover over all heat, 0..1; both [n]. NaN where there is no heat. */
double mf_heat_share(const float *heat, const float *cover, size_t n);

#endif
