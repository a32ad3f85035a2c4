/* data/inside.h: no picture of a data set may lie outside its folder, not even by a symbolic link. */
#ifndef MF_DATA_INSIDE_H
#define MF_DATA_INSIDE_H

#include <stdbool.h>
#include "core/error.h"
#include "core/str.h"
#include "data/manifest.h"

/* MF_E_FORMAT, with the line of manifest.csv: a picture, or a folder on the way to it, is a symbolic link that leads out of
 * d->dir. Pictures that do not exist are passed over. One lstat a picture. */
mf_status mf_dataset_check_links(const mf_dataset *d, mf_err *err);

/* The same for any paths below a folder. */
typedef struct mf_inside mf_inside;
mf_status mf_inside_open(mf_inside **out, const char *root, mf_err *err);
/* *inside is false where `path` (as it can be opened, below the root by its name) leads out by a link; `real` then gets
 * where to. A path that does not exist is inside. */
mf_status mf_inside_look(mf_inside *in, bool *inside, mf_str *real, const char *path, mf_err *err);
void      mf_inside_close(mf_inside *in); /* takes NULL */

#endif
