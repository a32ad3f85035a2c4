/* serve/token.h: secrets that let a volunteer in. */
#ifndef MF_SERVE_TOKEN_H
#define MF_SERVE_TOKEN_H

#include <stdbool.h>
#include "core/error.h"

enum { MF_TOKEN_BYTES = 16, MF_TOKEN_TEXT = 2 * MF_TOKEN_BYTES };

/* 128 bits from the system's random source, as lower-case hexadecimal digits. MF_E_IO: the source failed. */
mf_status mf_token_make(char out[MF_TOKEN_TEXT + 1], mf_err *err);
/* Whether `given` is the token; the time it takes tells nothing about where they differ. */
bool mf_token_equal(const char token[MF_TOKEN_TEXT + 1], const char *given);
/* The token of "Bearer TOKEN", or NULL; lends. */
const char *mf_token_bearer(const char *authorization);

#endif
