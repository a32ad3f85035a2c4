/* viz/overlay.h: heat laid over pictures, and contact sheets of pictures beside each other. */
#ifndef MF_VIZ_OVERLAY_H
#define MF_VIZ_OVERLAY_H

#include <stdbool.h>
#include "core/error.h"
#include "image/image.h"

/* heat [h, w] of 0..1 (mf_heat_normalise), resized to the picture and laid over it in the even colour map. The picture is
 * seen in grey under it; `strength` (0..1) is how much of a pixel is colour where the heat is 1, a third of that where it is 0.
 * *out is RGB, of the picture's size. */
mf_status mf_overlay_heat(mf_image *out, const mf_image *picture, const float *heat, int w, int h, double strength, mf_err *err);
/* As the program of MSD-E did it (msde.md 8.4): the map in 256 levels resized, picture + 0.4 jet, held to 255. */
mf_status mf_overlay_jet(mf_image *out, const mf_image *picture, const float *heat, int w, int h, mf_err *err);

/* A contact sheet: a head over each column, a text at each row's left, and cells with a picture and a line under it. */
enum { MF_SHEET_ROWS_MAX = 200, MF_SHEET_COLS_MAX = 40 };
typedef enum mf_mark { MF_MARK_NONE, MF_MARK_RIGHT, MF_MARK_WRONG } mf_mark; /* a tick or a cross before the line */
typedef struct mf_sheet_cell {
    const mf_image *im;      /* NULL: an empty cell */
    const char     *caption; /* NULL: none */
    mf_mark         mark;
} mf_sheet_cell;
typedef struct mf_sheet {
    const char          *title;       /* NULL: none */
    int                  rows, cols;
    int                  tile;        /* side of a cell's picture in pixels, 32 .. 512 */
    int                  group;       /* rows that stand close together, parted from the next ones: 2 for pairs */
    const char *const   *head;        /* [cols] */
    const char *const   *side;        /* [rows] */
    const mf_sheet_cell *cell;        /* [rows][cols] */
} mf_sheet;
/* RGB on white. MF_E_LIMIT past the limits above. */
mf_status mf_sheet_draw(mf_image *out, const mf_sheet *s, mf_err *err);

#endif
