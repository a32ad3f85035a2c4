/* viz/report_i.h: the inside of a report: its parts, in the order they stand in the page. */
#ifndef MF_VIZ_REPORT_I_H
#define MF_VIZ_REPORT_I_H

#include "viz/report.h"

void mf_report_style(mf_str *out);
void mf_report_jpeg(mf_str *out, const mf_blob *b); /* a data: address */
/* Open and close a part that scrolls sideways in itself, and can be reached by keyboard for that. */
void mf_report_scroll(mf_str *out, const char *label);
void mf_report_scroll_end(mf_str *out);
/* Figures of a section, in their order; nothing where it has none. */
mf_status mf_report_section(mf_str *out, const mf_report_in *in, const char *section, mf_err *err);

mf_status mf_report_tables(mf_str *out, const mf_report_in *in, mf_err *err);     /* accuracy, classes, measures */
mf_status mf_report_comparisons(mf_str *out, const mf_report_in *in, mf_err *err);
mf_status mf_report_attention(mf_str *out, const mf_report_in *in, mf_err *err);
void      mf_report_mistakes(mf_str *out, const mf_report_in *in);
void      mf_report_setup(mf_str *out, const mf_report_in *in);

#endif
