/* cli/report.h: the report of runs: everything that viz/report.h wants, gathered from their folders. Shared by `report` and `demo`. */
#ifndef MF_CLI_REPORT_H
#define MF_CLI_REPORT_H

#include "cli/explain.h"

typedef struct mf_report_opts {
    const char     *out;       /* file; "": report.html in the first run */
    const char     *data;      /* "": as the runs say */
    const char     *repeat;    /* command that made the run; "": by its config.yaml */
    int             worst;     /* mistakes a method */
    int             pairs;     /* of the contact sheet */
    bool            explain;   /* heat maps: needs weights and pictures */
    mf_explain_opts how;
} mf_report_opts;

/* Writes the page and figures/ beside it; *path gets its name. What could not be made is said in the page and in the log; only unreadable
 * predictions, and not being able to write, are failures. */
mf_status mf_report_write(mf_str *path, const char *const *runs, size_t n, const mf_report_opts *o, mf_cli *cli, mf_err *err);

#endif
