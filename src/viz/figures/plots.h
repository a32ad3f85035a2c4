/* viz/figures/plots.h: what each plot is given. All is lent. NaN is "not there": no mark is drawn. */
#ifndef MF_VIZ_FIGURES_PLOTS_H
#define MF_VIZ_FIGURES_PLOTS_H

#include <stddef.h>
#include <stdint.h>

enum { MF_PLOT_CLASSES_MAX = 64, MF_PLOT_SERIES_MAX = 32 };

/* bars: a group of bars a class, a bar a series, with intervals. value, lo, hi: [group][series]. */
typedef struct mf_plot_bars_in {
    const char        *title, *y_label;
    const char *const *group, *const *series;
    size_t             n_groups, n_series;
    const double      *value, *lo, *hi; /* lo, hi: NULL for no intervals */
    double             y_max;           /* top of the scale; 0: by the values */
} mf_plot_bars_in;

/* confusion: shares of each label's pictures, rows: label, columns: answer. One scale, 0 to 100 %, whatever the figures,
 * so that methods can be held against each other. */
typedef struct mf_plot_confusion_in {
    const char        *title;
    const char *const *classes;
    size_t             n;
    const double      *count; /* [n][n] pictures; a row may be empty */
} mf_plot_confusion_in;

/* curves: y over x, a line a series; a band from lo to hi where they are given. */
typedef struct mf_plot_curve {
    const char   *name;
    size_t        n;
    const double *x, *y, *lo, *hi; /* lo, hi may be NULL */
} mf_plot_curve;
typedef struct mf_plot_curves_in {
    const char          *title, *x_label, *y_label;
    const mf_plot_curve *curve;
    size_t               n;
} mf_plot_curves_in;

/* embedding: points of a map such as t-SNE's, coloured by class, filled where the face is clear and open where it is not. */
typedef struct mf_plot_embedding_in {
    const char        *title;
    const char *const *classes, *const *kinds; /* kinds: names of the point shapes, "none", "mask" ... */
    size_t             n_classes, n_kinds, n;
    const double      *x, *y;       /* [n] */
    const int         *cls, *kind;  /* [n] */
} mf_plot_embedding_in;

/* folds: percent; a column a group (method), a dot a fold, mean and interval beside them; parted by series (non-masked, masked). */
typedef struct mf_plot_folds_in {
    const char        *title, *y_label;
    const char *const *group, *const *series;
    size_t             n_groups, n_series, n_folds;
    const double      *value;           /* [group][series][fold] */
    const double      *mean, *lo, *hi;  /* [group][series] */
} mf_plot_folds_in;

/* reliability: share of right answers over stated probability, a line a series (Guo et al. 2017, figure 1). */
typedef struct mf_plot_reliability_line {
    const char   *name;
    size_t        bins;
    const double *confidence, *accuracy, *count; /* 0..1; bins with count 0 are left out */
    double        ece;                           /* 0..1, shown in the key; NaN: not */
} mf_plot_reliability_line;
typedef struct mf_plot_reliability_in {
    const char                     *title;
    const mf_plot_reliability_line *line;
    size_t                          n;
} mf_plot_reliability_in;

/* shares: the share of attention on the mask by method, mean and interval, a dot a fold; `chance` is the share of the
 * picture that the mask covers: what heat spread evenly would give. */
typedef struct mf_plot_shares_in {
    const char        *title;
    const char *const *method;
    size_t             n_methods, n_folds;
    const double      *fold;           /* [method][fold], 0..1 */
    const double      *mean, *lo, *hi; /* [method] */
    double             chance;         /* 0..1; NaN: not drawn */
} mf_plot_shares_in;

#endif
