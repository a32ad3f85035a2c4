/* cli/report_i.h: what a report is gathered in, for the files that gather it. */
#ifndef MF_CLI_REPORT_I_H
#define MF_CLI_REPORT_I_H

#include "cli/report.h"
#include "viz/report.h"

enum { MF_REPORT_MAPS_MAX = 32, MF_REPORT_SVG_MAX = 1 << 25 };

/* What is kept of a run until the page is written. */
typedef struct mf_report_parts {
    mf_blob       config, environment, sheet;
    mf_str        repeat, how;
    mf_attention *attention;
    mf_dataset   *d;
    size_t       *per_class;
    size_t        subjects, hidden;
} mf_report_parts;

typedef struct mf_report_gather {
    mf_cli               *cli;
    const mf_report_opts *o;
    const char *const    *runs;
    mf_predictions       *p;
    mf_comparisons        c;
    mf_report_parts      *part;     /* [n_runs] */
    mf_report_run        *run;      /* the same, as the page wants it */
    double               *parameters;
    mf_report_history    *loss, *accuracy; /* [n_methods] */
    mf_report_mistake    *mistake;
    size_t                n_mistakes;
    mf_report_figures     figures;
    mf_report_figure     *shown;
    size_t                n_shown;
    mf_blob              *svg;
    struct { mf_str title, alt; } map[MF_REPORT_MAPS_MAX]; /* texts of maps that `embed` drew */
    size_t                n_maps;
    mf_str                missing, dir, file;
} mf_report_gather;

/* Said in the page, and as a warning now. */
void mf_report_miss(mf_report_gather *g, const char *what, const char *why);
/* Pictures and heat of the mistakes of run r, its attention and its sheet: report_pictures.c. What cannot be made is said; lack of memory and
 * being stopped are failures. */
mf_status mf_report_pictures(mf_report_gather *g, int r, mf_err *err);
/* Maps of features that `maskfer embed` left in the run's folder or in one below it, as figures: report_maps.c. */
mf_status mf_report_maps(mf_report_gather *g, int r, mf_err *err);

#endif
