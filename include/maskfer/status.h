/* maskfer/status.h: how maskfer's functions fail.
 *
 * Whatever can fail returns an mf_status, MF_OK or a negative code, takes its out-pointers first and `mf_err *err` last. On
 * failure err holds one sentence that names the file, the cause and, where there is one, the mend. NULL is allowed. */
#ifndef MF_MASKFER_STATUS_H
#define MF_MASKFER_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

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

/* Short English name of a status, for logs: "no memory", "bad format"... Lends a static string. */
const char *mf_status_name(mf_status st);

#ifdef __cplusplus
}
#endif
#endif
