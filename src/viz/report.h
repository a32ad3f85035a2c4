/* viz/report.h: one HTML file that says what was run and what came out. It asks nothing of the network, opens from a disk,
 * follows the reader's dark or light screen, and prints. The same input gives the same bytes. */
#ifndef MF_VIZ_REPORT_H
#define MF_VIZ_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include "core/error.h"
#include "core/file.h"
#include "core/str.h"
#include "eval/attention.h"
#include "eval/compare.h"
#include "eval/predictions.h"
#include "viz/figures/figure.h"

/* A report may carry this much; past it a warning is due. */
#define MF_REPORT_MAX_BYTES ((size_t)15 << 20)

/* An answer that was wrong, with its picture. Texts are lent. */
typedef struct mf_report_mistake {
    uint32_t row;      /* of the predictions */
    mf_blob  picture;  /* JPEG; size 0: there is none */
    mf_blob  heat;     /* the same with its heat map, JPEG; size 0: there is none */
} mf_report_mistake;

/* What is known of a run beside its answers; texts are lent, "" where unknown. */
typedef struct mf_report_run {
    const char   *path, *dataset, *licence, *source;
    const char   *config;       /* config.yaml */
    const char   *environment;  /* env.json */
    const char   *repeat;       /* the command that repeats it */
    size_t        pictures, subjects, hidden;  /* of the data set; pictures 0: not read */
    const size_t *per_class;    /* [n_classes of the predictions] or NULL */
    const mf_attention *attention; /* NULL: not computed */
    const char   *attention_how;   /* "gradcam of the predicted class at layer3" */
    mf_blob       sheet;        /* contact sheet, JPEG; size 0: none */
} mf_report_run;

/* A figure with the text of its SVG; svg NULL: it could not be drawn. */
typedef struct mf_report_figure {
    const char *section;  /* "accuracy", "confusion", "training", "calibration", "attention", "embedding" */
    const char *name;     /* stem of its files */
    const char *title, *alt, *svg;
} mf_report_figure;

typedef struct mf_report_in {
    const mf_predictions    *p;
    const mf_comparisons    *c;
    const double            *parameters;  /* [n_methods]; NaN unknown */
    const mf_report_run     *run;         /* [p->n_runs] */
    const mf_report_mistake *mistake;     size_t n_mistakes; /* by method, the worst first */
    const mf_report_figure  *figure;      size_t n_figures;
    const char              *missing;     /* sentences, a line each: what could not be made, and why */
    const char              *version;     /* of the program that writes */
} mf_report_in;

mf_status mf_report_html(mf_str *out, const mf_report_in *in, mf_err *err);

/* The worst mistakes: wrong answers by how much more probable they were than the label; at most `each` a method, by method.
 * *rows is the caller's (mf_free). */
mf_status mf_report_worst(uint32_t **rows, size_t *n, const mf_predictions *p, size_t each, mf_err *err);

/* Learning curves: results.csv of each fold of a method. */
typedef struct mf_report_history {
    char   name[128];
    size_t epochs;
    double *epoch, *value, *lo, *hi; /* [epochs]: mean, smallest and largest over folds */
} mf_report_history;
/* `column` of the files (those that lack it are passed over) as mean and spread over files, epoch by epoch. epochs is 0 where no file has
 * it. *out ({0} before) is the caller's. */
mf_status mf_report_history_read(mf_report_history *out, const char *name, const char *column, const char *const *paths, size_t n, mf_err *err);
void      mf_report_history_free(mf_report_history *h);

/* All figures that the answers (and curves, attention) give, ready to be drawn. section[i] is of figure[i]. */
enum { MF_REPORT_FIGURES_MAX = 256 };
typedef struct mf_report_figures {
    mf_figure  *figure;
    const char **section;
    size_t      n;
} mf_report_figures;
mf_status mf_report_figures_make(mf_report_figures *out, const mf_predictions *p, const mf_report_history *loss, const mf_report_history *accuracy,
                                 size_t n_histories, const mf_attention *const *attention, size_t n_attention, mf_err *err);
void      mf_report_figures_free(mf_report_figures *f);

/* The SVG of gnuplot made fit for standing in a page: no header, no fixed size, ids of its own, the page's colours. `turn` parts the ids of
 * several figures. */
mf_status mf_report_svg(mf_str *out, const char *svg, int turn, const char *label, mf_err *err);
/* Text with & < > " ' written as HTML wants them. */
void mf_html_text(mf_str *out, const char *text);

#endif
