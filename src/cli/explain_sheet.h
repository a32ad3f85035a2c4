/* cli/explain_sheet.h: pairs (without and with mask) x methods, each with its heat, on one sheet. */
#ifndef MF_CLI_EXPLAIN_SHEET_H
#define MF_CLI_EXPLAIN_SHEET_H

#include "cli/explain.h"
#include "image/image.h"

typedef struct mf_pairs_opts {
    int    pairs, fold, tile; /* pairs are spread over the classes */
    bool   jet;               /* the rainbow of published pictures */
    double strength;
} mf_pairs_opts;

/* *out is the caller's; {0} where no scored picture of the fold has a partner. */
mf_status mf_explain_sheet(mf_image *out, mf_explainer *x, const mf_pairs_opts *o, mf_err *err);

#endif
