/* data/preview.h: a contact sheet of faces with their landmarks and the outline of a mask, to see at a glance whether points
 * belong to pictures. */
#ifndef MF_DATA_PREVIEW_H
#define MF_DATA_PREVIEW_H

#include <stdbool.h>
#include "core/error.h"
#include "data/jobs.h"
#include "data/landmarks_csv.h"
#include "data/manifest.h"

enum { MF_PREVIEW_MAX = 1000 };

typedef struct mf_preview_opts {
    int          count;   /* faces on the sheet, 1 .. MF_PREVIEW_MAX; evenly over the rows */
    int          tile;    /* pixels a side, 32 .. 1024 */
    bool         mask;    /* draw the outline */
    mf_jobs_opts jobs;
} mf_preview_opts;

/* Write the sheet to `path` (.png, .jpg, .webp). Where `t` has points, rows with points are shown, each cut to its face;
 * where it is NULL all rows are, with rings at the canonical place of a tight crop. A face on which no mask can be placed
 * is shown with its points alone. MF_E_NOTFOUND: nothing to show. */
mf_status mf_preview_save(const char *path, const mf_dataset *d, const mf_landmark_table *t, const mf_preview_opts *o,
                          mf_err *err);

#endif
