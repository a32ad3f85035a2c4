/* core/error.h: status codes and the sentence that goes with each failure.
 *
 * Whatever can fail returns an mf_status, takes its out-pointers first and `mf_err *err` last (NULL allowed).
 * mf_fail sets the code and the sentence; mf_fail_in puts a caller's context in front: "labels 'f.csv': line 3: ...". */
#ifndef MF_CORE_ERROR_H
#define MF_CORE_ERROR_H

#include <stddef.h>

#include "maskfer/status.h"

#if defined(__GNUC__)
#define MF_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define MF_PRINTF(fmt, args)
#endif

/* Set code and sentence; returns `code`. `err` may be NULL. */
mf_status mf_fail(mf_err *err, mf_status code, const char *fmt, ...) MF_PRINTF(3, 4);
/* As mf_fail with ": " and the text of `errnum` (an errno value) appended; code is MF_E_IO (MF_E_NOMEM for ENOMEM). */
mf_status mf_fail_errno(mf_err *err, int errnum, const char *fmt, ...) MF_PRINTF(3, 4);
/* Put "context: " in front of the sentence that is there; returns `code`. */
mf_status mf_fail_in(mf_err *err, mf_status code, const char *fmt, ...) MF_PRINTF(3, 4);

/* The three return a negative code, and the compiler is told so: it then sees that what is set on success only is read on
 * success only. A code that is not negative is a broken invariant. */
static inline mf_status
mf_failed(mf_status code)
{
    if (code >= 0) {
        __builtin_unreachable();
    }
    return code;
}
#define mf_fail(...)       mf_failed(mf_fail(__VA_ARGS__))
#define mf_fail_errno(...) mf_failed(mf_fail_errno(__VA_ARGS__))
#define mf_fail_in(...)    mf_failed(mf_fail_in(__VA_ARGS__))

/* A broken invariant of our own: prints file, line and expression to stderr and aborts. Kept on in release.
 * Never for judging a file or a request; never with side effects. */
#define MF_ASSERT(cond) ((cond) ? (void)0 : mf_assert_fail(#cond, __FILE__, __LINE__))
_Noreturn void mf_assert_fail(const char *cond, const char *file, int line);

#endif
