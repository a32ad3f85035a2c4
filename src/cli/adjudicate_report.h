/* cli/adjudicate_report.h: what `maskfer data adjudicate` says: for people, and as JSON. */
#ifndef MF_CLI_ADJUDICATE_REPORT_H
#define MF_CLI_ADJUDICATE_REPORT_H

#include "core/str.h"
#include "data/adjudicate.h"
#include "data/agreement.h"
#include "data/pairs.h"

typedef struct mf_adjudicate_report {
    const char     *votes, *rule, *out; /* out: "" where nothing is written */
    mf_adjudication a;
    mf_agreement    g;
    mf_pairs        before, after;
    size_t         *second, n_second;   /* rows worth a second look */
    double          seconds;            /* of the rule alone */
} mf_adjudicate_report;

void mf_adjudicate_report_text(mf_str *out, const mf_adjudicate_report *r);
void mf_adjudicate_report_json(mf_str *out, const mf_adjudicate_report *r);

#endif
