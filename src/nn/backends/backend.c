/* nn/kernel.h: the backends of this build, fastest first. */
#include <string.h>

#include "core/str.h"
#include "nn/kernel.h"

extern const mf_backend mf_backend_ref, mf_backend_ref64;
#if MF_HAVE_ONEDNN
extern const mf_backend mf_backend_onednn;
#endif

static const mf_backend *const backends[] = {
#if MF_HAVE_ONEDNN
    &mf_backend_onednn,
#endif
    &mf_backend_ref,
    &mf_backend_ref64,
};

mf_status
mf_backend_find(const mf_backend **out, const char *name, mf_err *err)
{
    mf_str    have = {0};
    mf_status st;

    *out = NULL;
    if (strcmp(name, "auto") == 0) {
        *out = backends[0];
        return MF_OK;
    }
    for (size_t i = 0; i < sizeof backends / sizeof backends[0]; i++) {
        if (strcmp(backends[i]->name, name) == 0) {
            *out = backends[i];
            mf_str_free(&have);
            return MF_OK;
        }
        mf_str_printf(&have, "%s%s", i ? ", " : "", backends[i]->name);
    }
    st = mf_fail(err, MF_E_NOTFOUND, "backend '%s' is not in this build, which has %s", name, mf_str_c(&have));
    mf_str_free(&have);
    return st;
}
