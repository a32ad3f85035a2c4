/* viz/figures/shares.c: how much of the attention lies on the mask, by method. */
#include <math.h>

#include "viz/figures/figure.h"
#include "viz/figures/plots.h"

static void
table(mf_str *out, const mf_plot_shares_in *p)
{
    mf_str_add(out, "# folds: share in %\trow\tfold\tmethod\n");
    for (size_t m = 0; m < p->n_methods; m++) {
        for (size_t f = 0; f < p->n_folds; f++) {
            mf_figure_num(out, 100.0 * p->fold[m * p->n_folds + f]);
            mf_str_printf(out, "\t%.2f\t%zu\t", (double)m + 0.17, f);
            mf_figure_field(out, p->method[m]);
            mf_str_addc(out, '\n');
        }
    }
    mf_str_add(out, "\n\n# means: share in %\trow\tlow\thigh\tmethod\n");
    for (size_t m = 0; m < p->n_methods; m++) {
        mf_figure_num(out, 100.0 * p->mean[m]);
        mf_str_printf(out, "\t%.2f\t", (double)m - 0.1);
        mf_figure_num(out, 100.0 * p->lo[m]);
        mf_str_addc(out, '\t');
        mf_figure_num(out, 100.0 * p->hi[m]);
        mf_str_addc(out, '\t');
        mf_figure_field(out, p->method[m]);
        mf_str_addc(out, '\n');
    }
}

static mf_status
shares(mf_figure *out, const void *data, mf_err *err)
{
    const mf_plot_shares_in *p = data;

    if (p->n_methods == 0 || p->n_methods > MF_PLOT_SERIES_MAX || p->n_folds == 0) {
        return mf_fail(err, MF_E_ARG, "%zu methods over %zu folds", p->n_methods, p->n_folds);
    }
    mf_str_add(&out->title, p->title);
    table(&out->data, p);
    mf_str_printf(&out->script, "set xlabel 'heat on the mask, %% of all heat'\nset yrange [%zu.6:-0.6]\nset grid noytics xtics linetype 1 linecolor rgb faint linewidth 0.7 dashtype solid\nset ytics scale 0 (", p->n_methods - 1);
    for (size_t m = 0; m < p->n_methods; m++) {
        if (m != 0) {
            mf_str_add(&out->script, ", ");
        }
        mf_figure_quote(&out->script, p->method[m]);
        mf_str_printf(&out->script, " %zu", m);
    }
    mf_str_add(&out->script, ")\nset offsets graph 0.05, graph 0.05, 0, 0\n");
    mf_figure_key_below(&out->script, true, 3);
    if (isfinite(p->chance)) {
        mf_str_add(&out->script, "chance = ");
        mf_figure_num(&out->script, 100.0 * p->chance);
        mf_str_printf(&out->script, "\nset arrow 1 from chance,-0.6 to chance,%zu.6 nohead linecolor rgb ink linewidth 1 dashtype 2 back\n", p->n_methods - 1);
    }
    mf_str_printf(&out->script,
                  "plot data index 0 using 1:2 with points linetype 1 pointtype 6 pointsize 0.6 title 'a fold', \\\n"
                  "     data index 1 using 1:2:3:4 with xerrorbars linetype 1 dashtype 1 linewidth 1.4 pointsize 1 title 'mean'");
    if (isfinite(p->chance)) {
        mf_str_add(&out->script, ", \\\n     keyentry with lines linecolor rgb ink linewidth 1 dashtype 2 title 'area of mask'");
        mf_str_printf(&out->alt, "The mask covers %.0f %% of the picture.", 100.0 * p->chance);
    }
    mf_str_addc(&out->script, '\n');
    mf_str_add(&out->alt, " Share of heat on the mask:");
    for (size_t m = 0; m < p->n_methods; m++) {
        if (isfinite(p->mean[m])) {
            mf_str_printf(&out->alt, "%s %s %.1f %%", m != 0 ? "," : "", p->method[m], 100.0 * p->mean[m]);
        }
    }
    mf_str_addc(&out->alt, '.');
    return MF_OK;
}

const mf_plot_def mf_plot_shares = {.name = "shares", .summary = "attention on the mask by method", .make = shares};
