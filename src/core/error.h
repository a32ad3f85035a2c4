/* core/error.h: status codes and the sentence that goes with each failure.
 *
 * Whatever can fail returns an mf_status, takes its out-pointers first and `mf_err *err` last (NULL allowed).
 * mf_fail sets the code and the sentence; mf_fail_in puts a caller's context in front: "labels 'f.csv': line 3: ...". */
#ifndef MF_CORE_ERROR_H
#define MF_CORE_ERROR_H

#include <stddef.h>

typedef enum mf_status {
    MF_OK            = 0,
    MF_E_NOMEM       = -1,  /* out of memory */
    MF_E_ARG         = -2,  /* an argument is out of its stated range */
    MF_E_IO          = -3,  /* the operating system refused: open, read, write, sync, rename */
    MF_E_FORMAT      = -4,  /* a file or message breaks its format */
    MF_E_LIMIT       = -5,  /* a stated limit (MF_*_MAX) is passed, or too few items */
    MF_E_UNSUPPORTED = -6,  /* valid, but this build or backend cannot do it */
    MF_E_NOTFOUND    = -7,  /* a name that nothing answers to */
    MF_E_STATE       = -8,  /* called in the wrong order */
    MF_E_NUMERIC     = -9,  /* NaN or infinity where a number is needed */
    MF_E_CANCELLED   = -10, /* the user asked to stop */
    MF_E_USAGE       = -11, /* a wrong command line or configuration key; exit status 2 */
    MF_E_INTERNAL    = -12  /* a vendor library failed in a way that says nothing else */
} mf_status;

enum { MF_ERR_MSG_MAX = 1024 };

/* Plain struct on the caller's stack; {0} is "no error". */
typedef struct mf_err {
    mf_status code;
    char      msg[MF_ERR_MSG_MAX];
} mf_err;

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

/* Short English name of a status, for logs: "no memory", "bad format"... Lends a static string. */
const char *mf_status_name(mf_status st);

/* A broken invariant of our own: prints file, line and expression to stderr and aborts. Kept on in release.
 * Never for judging a file or a request; never with side effects. */
#define MF_ASSERT(cond) ((cond) ? (void)0 : mf_assert_fail(#cond, __FILE__, __LINE__))
_Noreturn void mf_assert_fail(const char *cond, const char *file, int line);

#endif
