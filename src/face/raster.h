/* face/raster.h: how much of each pixel a polygon covers, exactly, without libraries and without allocation. */
#ifndef MF_FACE_RASTER_H
#define MF_FACE_RASTER_H

#include <stddef.h>

/* A window onto a plane of pixels; `acc` holds (w + 1) * h floats, all zero between polygons. */
typedef struct mf_raster {
    float *acc;
    int    w, h;
    int    x0, y0, x1, y1; /* after mf_raster_add: pixels that may be covered, x1 and y1 excluded */
} mf_raster;

/* Add a closed polygon given in pixels of the window (pixel (0, 0) reaches from 0 to 1). Call once or, for several
 * polygons that do not overlap, several times; then mf_raster_row for each row y0..y1-1. */
void mf_raster_begin(mf_raster *r);
void mf_raster_add(mf_raster *r, const double (*p)[2], int n);
/* Coverage 0..1 of the pixels x0..x1-1 of row y into out[0..x1-x0-1]; clears what it reads. */
void mf_raster_row(mf_raster *r, int y, float *out);

/* The outline of a line of n points drawn with a round pen whose width goes from `from` to `to`, as a polygon.
 * Returns its number of points, 2 * n + 2 * MF_RASTER_CAP, n at most MF_RASTER_LINE. */
enum { MF_RASTER_LINE = 40, MF_RASTER_CAP = 5, MF_RASTER_STROKE = 2 * MF_RASTER_LINE + 2 * MF_RASTER_CAP };
int mf_raster_stroke(double (*out)[2], const double (*p)[2], int n, double from, double to);

#endif
