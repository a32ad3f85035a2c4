/* serve/picture.h: a picture of a data set as a reply. */
#ifndef MF_SERVE_PICTURE_H
#define MF_SERVE_PICTURE_H

#include "core/error.h"
#include "data/manifest.h"
#include "serve/http.h"

enum { MF_PICTURE_SMALL_BYTES = 128 << 10 };

/* The picture of a row. `root` is the real path of the data set's folder: what leads out of it, by a link that was made
 * since the data set was read, is not sent. With side > 0 a file of more than MF_PICTURE_SMALL_BYTES whose longer side
 * has more pixels is sent as a JPEG of that side, upright and without what the file says beside the pixels; any other
 * is sent as it is. MF_E_NOTFOUND: it is not there, not inside, or no file. MF_E_FORMAT: it is no JPEG, PNG or WebP, or
 * it had to be reduced and is damaged. */
mf_status mf_picture_reply(mf_http_reply *out, const char *root, const mf_dataset *d, size_t row, int side, mf_err *err);

#endif
