/* serve/assets.c: a file of the pages as a reply. */
#include "serve/assets.h"

mf_status
mf_asset_reply(mf_http_reply *out, const char *name, mf_err *err)
{
    const mf_asset *asset = mf_asset_find(name);

    if (asset == NULL)
        return mf_fail(err, MF_E_NOTFOUND, "there is nothing at this address");
    out->type       = asset->type;
    out->fixed      = asset->data;
    out->fixed_size = asset->size;
    return MF_OK;
}
