/* serve/token.c: random tokens and comparing them. */
#include "serve/token.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include "core/hash.h"

mf_status
mf_token_make(char out[MF_TOKEN_TEXT + 1], mf_err *err)
{
    uint8_t raw[MF_TOKEN_BYTES];

    /* So few bytes come whole or not at all. */
    if (getrandom(raw, sizeof raw, 0) != (ssize_t)sizeof raw)
        return mf_fail_errno(err, errno, "cannot draw a random token");
    mf_hex(out, raw, sizeof raw);
    return MF_OK;
}

bool
mf_token_equal(const char token[MF_TOKEN_TEXT + 1], const char *given)
{
    volatile unsigned char differs = strlen(given) != MF_TOKEN_TEXT;
    const char            *with    = differs ? token : given; /* the same work either way */
    size_t                 i;

    for (i = 0; i < MF_TOKEN_TEXT; i++)
        differs |= (unsigned char)(token[i] ^ with[i]);
    return !differs;
}

const char *
mf_token_bearer(const char *authorization)
{
    return authorization != NULL && strncasecmp(authorization, "Bearer ", 7) == 0 ? authorization + 7 : NULL;
}
