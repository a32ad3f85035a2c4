/* nn/gauss.h: the bell of op gauss_maps along one axis, the same in every backend. A map is the product of a row's and a column's. */
#ifndef MF_NN_GAUSS_H
#define MF_NN_GAUSS_H

#include <math.h>
#include <stdint.h>
#include "nn/zoom.h"

/* Value at pixel i of the canvas for a point whose pixel is `at`, before resizing. The peak is 1.
 * ahead (OADN's published program, oadn-gacnn.md B.2): the patch of 2 reach + 1 is laid one pixel early, its peak at at - 1; where it
 * leaves the canvas on the near side its first pixels are counted wrong, so that the peak is at `at` where at = reach and at + 1 below,
 * and there the canvas ends the patch at at + reach - 1. */
static inline double
mf_gauss_value(int64_t i, int64_t at, int64_t reach, double sigma, int ahead)
{
    const int64_t left = at - reach, peak = !ahead ? at : left >= 1 ? at - 1 : left == 0 ? at : at + 1;
    const double  d = (double)(i - peak);

    if (i < peak - reach || i > peak + reach || (ahead && i > at + reach - 1))
        return 0.0;
    return exp(-(d / sigma) * (d / sigma) / 2.0);
}

/* Value i of n after resizing a canvas of `side` pixels to n. A point that is no number, or absurdly far, gives 0. */
static inline double
mf_gauss_cell(int64_t i, int64_t n, double place, int64_t side, int64_t reach, double sigma, int ahead)
{
    const mf_zoom_tap t  = mf_zoom_tap_of(i, n, 0, side);
    const double      at = floor(place);

    if (!(at > -1e6 && at < 1e6))
        return 0.0;
    if (ahead && ((int64_t)at - reach > side || (int64_t)at + reach < 1)) /* such a patch is not laid */
        return 0.0;
    const double a = mf_gauss_value(t.a, (int64_t)at, reach, sigma, ahead), b = mf_gauss_value(t.b, (int64_t)at, reach, sigma, ahead);
    return a + (b - a) * t.t;
}

#endif
