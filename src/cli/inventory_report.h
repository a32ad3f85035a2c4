/* cli/inventory_report.h: what `maskfer data stats` says: for people, as JSON, as CSV, and as a figure. */
#ifndef MF_CLI_INVENTORY_REPORT_H
#define MF_CLI_INVENTORY_REPORT_H

#include <stdbool.h>
#include "core/error.h"
#include "core/str.h"
#include "data/inventory.h"

typedef struct mf_inventory_report {
    const mf_dataset *d;
    mf_inventory          s;
    bool              pixels, all; /* all: every group of near-duplicates is listed */
    double            near;        /* correlation from which two pictures are near-duplicates; 0: not looked for */
    const int        *published;   /* [classes] row of mf_msde_table, -1: none; NULL: not shown */
    double            seconds;
} mf_inventory_report;

void mf_inventory_report_text(mf_str *out, const mf_inventory_report *r);
void mf_inventory_report_json(mf_str *out, const mf_inventory_report *r);
/* The table of expressions, a line a class and a total: inventory.csv. */
void mf_inventory_report_csv(mf_str *out, const mf_inventory_report *r);
/* near-duplicates.csv: group,image,label,subject,occlusion,split. */
void mf_inventory_report_near_csv(mf_str *out, const mf_inventory_report *r);
/* inventory.gp, .dat, .svg, .png in `dir`. MF_E_UNSUPPORTED: gnuplot is not installed; script and table are there. */
mf_status mf_inventory_report_figure(const char *dir, const mf_inventory_report *r, mf_err *err);

#endif
