/* face/occlude.c: the registry of occluders. */
#include "face/occlude.h"

#include <stdio.h>
#include <string.h>
#include "core/str.h"

#define MF_OCCLUDER(name) extern const mf_occluder_def mf_occluder_##name;
#include "face/occluders/occluder_list.h"
#undef MF_OCCLUDER

static const mf_occluder_def *const occluders[] = {
#define MF_OCCLUDER(name) &mf_occluder_##name,
#include "face/occluders/occluder_list.h"
#undef MF_OCCLUDER
};

enum { N_OCCLUDERS = sizeof occluders / sizeof occluders[0] };

size_t
mf_occluder_count(void)
{
    return N_OCCLUDERS;
}

const mf_occluder_def *
mf_occluder_at(size_t i)
{
    return i < N_OCCLUDERS ? occluders[i] : NULL;
}

mf_status
mf_occluder_find(const mf_occluder_def **out, const char *name, mf_err *err)
{
    const char *names[N_OCCLUDERS + 1];
    const char *near;

    *out = NULL;
    for (size_t i = 0; i < N_OCCLUDERS; i++) {
        if (strcmp(name, occluders[i]->name) == 0) {
            *out = occluders[i];
            return MF_OK;
        }
        names[i] = occluders[i]->name;
    }
    names[N_OCCLUDERS] = NULL;
    near = mf_str_nearest(name, names);
    if (near != NULL)
        return mf_fail(err, MF_E_NOTFOUND, "occluder '%s' does not exist; did you mean '%s'?", name, near);
    mf_fail(err, MF_E_NOTFOUND, "occluder '%s' does not exist; choose one of", name);
    for (size_t i = 0; err != NULL && i < N_OCCLUDERS; i++) {
        size_t used = strlen(err->msg);
        snprintf(err->msg + used, sizeof err->msg - used, "%s %s", i == 0 ? "" : ",", names[i]);
    }
    return MF_E_NOTFOUND;
}
