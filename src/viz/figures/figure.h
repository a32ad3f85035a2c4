/* viz/figures/figure.h: figures through gnuplot, all of one size, one font and one set of colours.
 *
 * A figure is a script and a table. Both are kept beside the pictures (NAME.gp, NAME.dat, NAME.svg, NAME.png), so that
 * `gnuplot NAME.gp` in that folder draws it again, restyled or not. Plots are registered: one a file, one line in
 * plot_list.h; what each is given is a struct of plots.h. */
#ifndef MF_VIZ_FIGURES_FIGURE_H
#define MF_VIZ_FIGURES_FIGURE_H

#include <stdbool.h>
#include <stddef.h>
#include "core/error.h"
#include "core/str.h"

enum {
    MF_FIGURE_WIDTH  = 480, /* of the SVG, in CSS pixels; the PNG has MF_FIGURE_SCALE times as many */
    MF_FIGURE_HEIGHT = 360,
    MF_FIGURE_SCALE  = 3,
    MF_FIGURE_SERIES = 8    /* colours, dashes and points before they repeat */
};

/* Colours on white, as "#rrggbb". The series differ in hue for readers with any colour vision and are told apart in grey
 * by point and dash as well. `ink` is text and axes, `faint` grids. */
const char *mf_figure_ink(void);
const char *mf_figure_faint(void);
const char *mf_figure_series(int i);
/* The same for a dark page. */
const char *mf_figure_series_dark(int i);

typedef struct mf_figure {
    char   name[96]; /* stem of the files: letters, digits, '-', '_', '.' */
    mf_str title;    /* one line */
    mf_str alt;      /* what the figure says, in a sentence or two, for who cannot see it */
    mf_str data;     /* table: fields parted by a tab, lines that begin with '#' are comments, blocks by two blank lines */
    mf_str script;   /* gnuplot commands between the common style and the drawing; the last one is `plot` */
} mf_figure; /* {0} is empty */
void mf_figure_free(mf_figure *f); /* and sets it to {0} */

typedef struct mf_plot_def {
    const char *name, *summary;
    /* data: mf_plot_NAME_in of plots.h. Fills title, alt, data, script of *out, which has its name.
     * MF_E_ARG: nothing to draw, or more than fits. */
    mf_status (*make)(mf_figure *out, const void *data, mf_err *err);
} mf_plot_def;
size_t             mf_plot_count(void);
const mf_plot_def *mf_plot_at(size_t i);

/* A figure of the plot `plot` in files called `name` (characters other than letters, digits and "-_." become '-'). *out is the caller's. MF_E_NOTFOUND: no
 * such plot; the nearest is named. */
mf_status mf_figure_make(mf_figure *out, const char *plot, const char *name, const void *data, mf_err *err);
/* The whole of NAME.gp. */
void mf_figure_script(mf_str *out, const mf_figure *f);
/* Write NAME.gp and NAME.dat into `dir` (which exists), and with gnuplot NAME.svg and NAME.png; nothing half-made is left
 * there. MF_E_UNSUPPORTED: gnuplot is not installed; script and table are written, and older pictures of that name are
 * removed. MF_E_INTERNAL: gnuplot refuses, with its own words. */
mf_status mf_figure_draw(const mf_figure *f, const char *dir, mf_err *err);
/* Whether a program gnuplot is in PATH. */
bool mf_gnuplot_found(void);

/* For the plots: text as a gnuplot string in single quotes (nothing in it is run), as a field of the table, and a number (NaN
 * for what is missing). */
void mf_figure_quote(mf_str *out, const char *text);
void mf_figure_field(mf_str *out, const char *text);
void mf_figure_num(mf_str *out, double v);
/* The key of n entries in rows under the plot; `label`: the x axis is labelled, and needs room too. */
void mf_figure_key_below(mf_str *out, bool label, size_t n);
/* "blue circles" and the like are not said in alt texts; names are: "a, b and c". */
void mf_figure_list(mf_str *out, const char *const *names, size_t n);

#endif
