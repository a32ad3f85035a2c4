/* serve/assets.h: the files of the web pages (src/serve/web), turned into C when the program is built
 * (cmake/embed.cmake). */
#ifndef MF_SERVE_ASSETS_H
#define MF_SERVE_ASSETS_H

#include <stddef.h>
#include "core/error.h"
#include "serve/http.h"

typedef struct mf_asset {
    const char          *name; /* "annotate.js" */
    const char          *type; /* media type */
    const unsigned char *data;
    size_t               size;
} mf_asset;

/* NULL if there is none of that name. */
const mf_asset *mf_asset_find(const char *name);
/* The file as a reply. MF_E_NOTFOUND: there is none of that name. */
mf_status mf_asset_reply(mf_http_reply *out, const char *name, mf_err *err);

#endif
