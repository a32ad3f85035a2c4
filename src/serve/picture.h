/* serve/picture.h: a picture of a data set as a reply. */
#ifndef MF_SERVE_PICTURE_H
#define MF_SERVE_PICTURE_H

#include "core/error.h"
#include "data/manifest.h"
#include "serve/http.h"

/* The file of a row as it is. `root` is the real path of the data set's folder: what leads out of it, by a link
 * that was made since the data set was read, is not sent. MF_E_NOTFOUND: it is not there, not inside, or no file.
 * MF_E_FORMAT: it is no JPEG, PNG or WebP. */
mf_status mf_picture_reply(mf_http_reply *out, const char *root, const mf_dataset *d, size_t row, mf_err *err);

#endif
