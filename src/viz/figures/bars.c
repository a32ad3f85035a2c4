/* viz/figures/bars.c: a group of bars a class, a bar a method, with intervals. */
#include <math.h>
#include <string.h>

#include "viz/figures/figure.h"
#include "viz/figures/plots.h"

static void
table(mf_str *out, const mf_plot_bars_in *p)
{
    mf_str_add(out, "# group\tlabel");
    for (size_t s = 0; s < p->n_series; s++) {
        mf_str_addc(out, '\t');
        mf_figure_field(out, p->series[s]);
        mf_str_add(out, "\tlow\thigh");
    }
    mf_str_addc(out, '\n');
    for (size_t g = 0; g < p->n_groups; g++) {
        mf_str_printf(out, "%zu\t", g);
        mf_figure_field(out, p->group[g]);
        for (size_t s = 0; s < p->n_series; s++) {
            const size_t  k    = g * p->n_series + s;
            const double *v[3] = {p->value, p->lo, p->hi};

            for (int i = 0; i < 3; i++) {
                mf_str_addc(out, '\t');
                mf_figure_num(out, v[i] != NULL ? v[i][k] : NAN);
            }
        }
        mf_str_addc(out, '\n');
    }
}

static mf_status
bars(mf_figure *out, const void *data, mf_err *err)
{
    const mf_plot_bars_in *p = data;
    size_t              letters = 0, best = 0, worst = 0, n = p->n_groups * p->n_series;
    double              width;

    if (p->n_groups == 0 || p->n_series == 0 || p->n_groups > MF_PLOT_CLASSES_MAX || p->n_series > MF_PLOT_SERIES_MAX) {
        return mf_fail(err, MF_E_ARG, "%zu groups of %zu bars", p->n_groups, p->n_series);
    }
    mf_str_add(&out->title, p->title);
    table(&out->data, p);
    for (size_t g = 0; g < p->n_groups; g++) {
        letters += strlen(p->group[g]) + 2;
    }
    width = 0.8 / (double)p->n_series;
    mf_str_add(&out->script, "set ylabel ");
    mf_figure_quote(&out->script, p->y_label);
    mf_str_printf(&out->script, "\nset xrange [-0.5:%zu.5]\nset yrange [0:%s]\nset xtics font ',10' scale 0%s (",
                  p->n_groups - 1, "*", letters > 62 ? " rotate by -35" : "");
    for (size_t g = 0; g < p->n_groups; g++) {
        if (g != 0) {
            mf_str_add(&out->script, ", ");
        }
        mf_figure_quote(&out->script, p->group[g]);
        mf_str_printf(&out->script, " %zu", g);
    }
    mf_str_add(&out->script, ")\n");
    mf_figure_key_below(&out->script, letters > 62, p->n_series);
    if (p->y_max > 0.0) {
        mf_str_add(&out->script, "set yrange [0:");
        mf_figure_num(&out->script, p->y_max);
        mf_str_add(&out->script, "]\n");
    }
    mf_str_add(&out->script, "plot ");
    for (size_t s = 0; s < p->n_series; s++) {
        const double at  = width * ((double)s - 0.5 * (double)(p->n_series - 1));
        const size_t col = 3 + 3 * s;

        mf_str_printf(&out->script, "%sdata using ($1+%.4f):%zu:(%.4f) with boxes linetype %zu title ", s != 0 ? ", \\\n     " : "", at, col,
                      0.9 * width, s + 1);
        mf_figure_quote(&out->script, p->series[s]);
        if (p->lo != NULL && p->hi != NULL) {
            mf_str_printf(&out->script, ", \\\n     data using ($1+%.4f):%zu:(0):($%zu-$%zu) with vectors nohead linecolor rgb ink linewidth 1 "
                          "dashtype 1 notitle", at, col + 1, col + 2, col + 1);
        }
    }
    mf_str_addc(&out->script, '\n');
    for (size_t k = 0; k < n; k++) {
        best  = isfinite(p->value[k]) && (!isfinite(p->value[best]) || p->value[k] > p->value[best]) ? k : best;
        worst = isfinite(p->value[k]) && (!isfinite(p->value[worst]) || p->value[k] < p->value[worst]) ? k : worst;
    }
    mf_str_add(&out->alt, "Bars by class for ");
    mf_figure_list(&out->alt, p->series, p->n_series);
    if (isfinite(p->value[best])) {
        mf_str_printf(&out->alt, ". Highest: %s with %s, %.1f. Lowest: %s with %s, %.1f.", p->group[best / p->n_series],
                      p->series[best % p->n_series], p->value[best], p->group[worst / p->n_series], p->series[worst % p->n_series],
                      p->value[worst]);
    }
    return MF_OK;
}

const mf_plot_def mf_plot_bars = {.name = "bars", .summary = "a figure by class and method, with intervals", .make = bars};
