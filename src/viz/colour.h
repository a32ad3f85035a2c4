/* viz/colour.h: colour maps that we compute ourselves, in Oklab (Ottosson 2020), whose distances follow what eyes see. */
#ifndef MF_VIZ_COLOUR_H
#define MF_VIZ_COLOUR_H

#include <stdint.h>

enum { MF_COLOUR_STEPS = 256 };

typedef struct mf_colour_map {
    uint8_t rgb[MF_COLOUR_STEPS][3]; /* sRGB of the values 0, 1/255 ... 1 */
} mf_colour_map;

/* Dark blue over red to pale yellow: every step is as large to the eye as every other, lightness grows all the way, so the
 * order is kept in grey and for any colour vision. */
void mf_colour_heat(mf_colour_map *out);
/* White to dark blue in even steps, for cells that carry figures. */
void mf_colour_cells(mf_colour_map *out);
/* The rainbow of published Grad-CAM pictures: B = 1.5 - |4v - 1|, G = 1.5 - |4v - 2|, R = 1.5 - |4v - 3|, each within 0..1, times
 * 255 and rounded half to even. Uneven to the eye: only for pictures that are held against published ones. */
void mf_colour_jet(mf_colour_map *out);

/* Oklab of an sRGB colour of 0..255: lightness 0..1, then the two opponent axes. */
void mf_oklab(double lab[3], const uint8_t rgb[3]);

#endif
