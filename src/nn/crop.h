/* nn/crop.h: what of a window lies in the map that op crop cuts it from: the same in every backend. */
#ifndef MF_NN_CROP_H
#define MF_NN_CROP_H

#include <math.h>
#include <stdint.h>

/* Along one axis: the window's first place `at` in the map, and which of its places, lo to hi - 1, lie in it. */
typedef struct mf_crop_span { int64_t at, lo, hi; } mf_crop_span;

/* The window [floor(place), + len) of a map n long. Wild places, and such as are no number, lie outside it. */
static inline mf_crop_span
mf_crop_span_of(double place, int64_t len, int64_t n)
{
    const double f = floor(place);
    mf_crop_span s = {.at = f > -1e6 && f < 1e6 ? (int64_t)f : -2000000};

    s.lo = s.at < 0 ? -s.at : 0;
    s.hi = n - s.at < len ? n - s.at : len;
    if (s.lo > len)
        s.lo = len;
    if (s.hi < s.lo)
        s.hi = s.lo;
    return s;
}

#endif
