/* data/inside.h: no picture of a data set may lie outside its folder, not even by a symbolic link. */
#ifndef MF_DATA_INSIDE_H
#define MF_DATA_INSIDE_H

#include "core/error.h"
#include "data/manifest.h"

/* MF_E_FORMAT: a picture, or a folder on the way to it, is a symbolic link that leads out of d->dir. Pictures that do
 * not exist are passed over. One lstat a picture. */
mf_status mf_dataset_check_links(const mf_dataset *d, mf_err *err);

#endif
