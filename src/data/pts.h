/* data/pts.h: landmarks of one picture in a text file: .pts of 300-W, and bare lists of points. */
#ifndef MF_DATA_PTS_H
#define MF_DATA_PTS_H

#include <stddef.h>
#include "core/error.h"
#include "face/landmarks.h"

enum { MF_PTS_MAX_BYTES = 1 << 16 };

/* "version: 1", "n_points: 68", "{", a line "x y" a point, "}"; or the points alone. Blank lines and spaces are passed over;
 * numbers may be separated by a tab, or be written 3.1e+02. 5 or 68 points, in the file's order. Coordinates are taken as
 * they stand: pixels of the picture, y down.
 * MF_E_FORMAT with file and line: a line that is no point, too few or too many points, a brace that is missing. */
mf_status mf_pts_load(mf_landmarks *out, const char *path, mf_err *err);
/* The same over memory; `name` is used in sentences. `text` ends with NUL. */
mf_status mf_pts_parse(mf_landmarks *out, const char *name, const char *text, mf_err *err);

#endif
