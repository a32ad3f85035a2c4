/* core/error.c: sentences for failures. A sentence is made aside first, so that an argument may point into err->msg. */
#include "core/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#undef mf_fail
#undef mf_fail_errno
#undef mf_fail_in

static void
set_message(mf_err *err, mf_status code, const char *text, const char *tail)
{
    char   made[MF_ERR_MSG_MAX];
    size_t n = strlen(text), m = strlen(tail);

    if (n > sizeof made - 1) {
        n = sizeof made - 1;
    }
    if (m > sizeof made - 1 - n) {
        m = sizeof made - 1 - n;
    }
    memcpy(made, text, n);
    memcpy(made + n, tail, m);
    made[n + m] = '\0';
    memcpy(err->msg, made, n + m + 1);
    err->code = code;
}

mf_status
mf_fail(mf_err *err, mf_status code, const char *fmt, ...)
{
    MF_ASSERT(code < 0);
    if (err != NULL) {
        char    text[MF_ERR_MSG_MAX];
        va_list ap;

        va_start(ap, fmt);
        vsnprintf(text, sizeof text, fmt, ap);
        va_end(ap);
        set_message(err, code, text, "");
    }
    return code;
}

mf_status
mf_fail_errno(mf_err *err, int errnum, const char *fmt, ...)
{
    mf_status code = errnum == ENOMEM ? MF_E_NOMEM : MF_E_IO;

    if (err != NULL) {
        char    text[MF_ERR_MSG_MAX], why[256], tail[260];
        va_list ap;

        va_start(ap, fmt);
        vsnprintf(text, sizeof text, fmt, ap);
        va_end(ap);
        snprintf(tail, sizeof tail, ": %s", strerror_r(errnum, why, sizeof why));
        set_message(err, code, text, tail);
    }
    return code;
}

mf_status
mf_fail_in(mf_err *err, mf_status code, const char *fmt, ...)
{
    MF_ASSERT(code < 0);
    if (err != NULL) {
        char    text[MF_ERR_MSG_MAX], tail[MF_ERR_MSG_MAX + 2];
        va_list ap;

        va_start(ap, fmt);
        vsnprintf(text, sizeof text, fmt, ap);
        va_end(ap);
        snprintf(tail, sizeof tail, ": %s", err->msg);
        set_message(err, code, text, tail);
    }
    return code;
}

const char *
mf_status_name(mf_status st)
{
    switch (st) {
    case MF_OK:            return "ok";
    case MF_E_NOMEM:       return "no memory";
    case MF_E_ARG:         return "bad argument";
    case MF_E_IO:          return "input or output failed";
    case MF_E_FORMAT:      return "bad format";
    case MF_E_LIMIT:       return "limit passed";
    case MF_E_UNSUPPORTED: return "not supported";
    case MF_E_NOTFOUND:    return "not found";
    case MF_E_STATE:       return "wrong order of calls";
    case MF_E_NUMERIC:     return "not a finite number";
    case MF_E_CANCELLED:   return "cancelled";
    case MF_E_USAGE:       return "wrong usage";
    case MF_E_INTERNAL:    return "internal failure";
    }
    return "unknown status";
}

void
mf_assert_fail(const char *cond, const char *file, int line)
{
    fprintf(stderr, "maskfer: %s:%d: broken invariant: %s\n", file, line, cond);
    abort();
}
