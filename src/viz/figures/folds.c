/* viz/figures/folds.c: a dot a fold, beside it mean and interval. */
#include <math.h>
#include <string.h>

#include "viz/figures/figure.h"
#include "viz/figures/plots.h"

static double
place(const mf_plot_folds_in *p, size_t g, size_t s)
{
    return (double)g + 0.7 / (double)p->n_series * ((double)s - 0.5 * (double)(p->n_series - 1));
}

/* A block of folds and a block of means for each series. */
static void
table(mf_str *out, const mf_plot_folds_in *p)
{
    const double half = 0.7 / (double)p->n_series * 0.3;

    for (size_t s = 0; s < p->n_series; s++) {
        mf_str_printf(out, "%s# ", s != 0 ? "\n\n" : "");
        mf_figure_field(out, p->series[s]);
        mf_str_add(out, ", folds: x\tvalue\tfold\tgroup\n");
        for (size_t g = 0; g < p->n_groups; g++) {
            for (size_t f = 0; f < p->n_folds; f++) {
                const double across = p->n_folds > 1 ? (double)f / (double)(p->n_folds - 1) - 0.5 : 0.0;

                mf_figure_num(out, place(p, g, s) - half + 0.8 * half * across);
                mf_str_addc(out, '\t');
                mf_figure_num(out, p->value[(g * p->n_series + s) * p->n_folds + f]);
                mf_str_printf(out, "\t%zu\t", f);
                mf_figure_field(out, p->group[g]);
                mf_str_addc(out, '\n');
            }
        }
        mf_str_add(out, "\n\n# means: x\tmean\tlow\thigh\tgroup\n");
        for (size_t g = 0; g < p->n_groups; g++) {
            const size_t k = g * p->n_series + s;
            const double v[4] = {place(p, g, s) + 0.6 * half, p->mean[k], p->lo[k], p->hi[k]};

            for (int i = 0; i < 4; i++) {
                mf_figure_num(out, v[i]);
                mf_str_addc(out, '\t');
            }
            mf_figure_field(out, p->group[g]);
            mf_str_addc(out, '\n');
        }
    }
}

static mf_status
folds(mf_figure *out, const void *data, mf_err *err)
{
    const mf_plot_folds_in *p       = data;
    size_t                  letters = 0;

    if (p->n_groups == 0 || p->n_groups > MF_PLOT_SERIES_MAX || p->n_series == 0 || p->n_series > MF_FIGURE_SERIES || p->n_folds == 0) {
        return mf_fail(err, MF_E_ARG, "%zu columns of %zu series over %zu folds", p->n_groups, p->n_series, p->n_folds);
    }
    mf_str_add(&out->title, p->title);
    table(&out->data, p);
    mf_str_add(&out->script, "set ylabel ");
    mf_figure_quote(&out->script, p->y_label);
    mf_str_printf(&out->script, "\nset xrange [-0.6:%zu.6]\nset yrange [0<*:*<100]\nset xtics font ',10' scale 0 (", p->n_groups - 1);
    for (size_t g = 0; g < p->n_groups; g++) {
        letters += strlen(p->group[g]) + 2;
        if (g != 0) {
            mf_str_add(&out->script, ", ");
        }
        mf_figure_quote(&out->script, p->group[g]);
        mf_str_printf(&out->script, " %zu", g);
    }
    mf_str_printf(&out->script, ")%s\n", letters > 62 ? " rotate by -35" : "");
    mf_figure_key_below(&out->script, letters > 62, p->n_series);
    mf_str_add(&out->script, "plot ");
    for (size_t s = 0; s < p->n_series; s++) {
        mf_str_printf(&out->script,
                      "%sdata index %zu using 1:2 with points linetype %zu pointsize 0.55 notitle, \\\n"
                      "     data index %zu using 1:2:3:4 with yerrorbars linetype %zu dashtype 1 linewidth 1.4 pointsize 0.95 title ",
                      s != 0 ? ", \\\n     " : "", 2 * s, s + 1, 2 * s + 1, s + 1);
        mf_figure_quote(&out->script, p->series[s]);
    }
    mf_str_addc(&out->script, '\n');
    mf_str_printf(&out->alt, "A dot a fold by method, with mean and interval: %s.", p->y_label);
    for (size_t s = 0; s < p->n_series; s++) {
        mf_str_printf(&out->alt, " %s:", p->series[s]);
        for (size_t g = 0; g < p->n_groups; g++) {
            if (isfinite(p->mean[g * p->n_series + s])) {
                mf_str_printf(&out->alt, "%s %s %.1f", g != 0 ? "," : "", p->group[g], p->mean[g * p->n_series + s]);
            }
        }
        mf_str_addc(&out->alt, '.');
    }
    return MF_OK;
}

const mf_plot_def mf_plot_folds = {.name = "folds", .summary = "a dot a fold by method, with mean and interval", .make = folds};
