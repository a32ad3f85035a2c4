/* core/registry.c */
#include "core/registry.h"

#include "core/mem.h"
#include "core/str.h"

mf_status
mf_registry_find(size_t *at, const char *what, const char *name, mf_name_at *names, size_t n, mf_err *err)
{
    const char **all = NULL;
    const char  *near;
    mf_str       list = {0};
    mf_status    st;

    for (size_t i = 0; i < n; i++) {
        if (mf_str_eq(names(i), name)) {
            *at = i;
            return MF_OK;
        }
    }
    if ((all = mf_calloc(n + 1, sizeof *all)) == NULL) {
        return mf_oom(err, (n + 1) * sizeof *all, "names");
    }
    for (size_t i = 0; i < n; i++) {
        all[i] = names(i);
        mf_str_printf(&list, "%s%s", i != 0 ? ", " : "", all[i]);
    }
    near = mf_str_nearest(name, all);
    st   = near != NULL ? mf_fail(err, MF_E_NOTFOUND, "no %s '%.80s'; did you mean '%s'?", what, name, near)
                        : mf_fail(err, MF_E_NOTFOUND, "no %s '%.80s'; there are %s", what, name, mf_str_c(&list));
    mf_str_free(&list);
    mf_free(all);
    return st;
}
