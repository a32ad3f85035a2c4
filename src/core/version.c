/* core/version.c: MF_COMMIT comes from a header that the build rewrites when the commit has changed. */
#include "core/version.h"

#if __has_include("mf_commit.h")
#include "mf_commit.h"
#endif
#ifndef MF_COMMIT
#define MF_COMMIT "unknown"
#endif
#ifndef MF_VERSION
#define MF_VERSION "0"
#endif

const char *
mf_version(void)
{
    return MF_VERSION;
}

const char *
mf_commit(void)
{
    return MF_COMMIT;
}
