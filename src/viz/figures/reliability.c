/* viz/figures/reliability.c: how often answers of a stated probability are right. */
#include <math.h>
#include <stdio.h>

#include "viz/figures/figure.h"
#include "viz/figures/plots.h"

static size_t
table(mf_str *out, const mf_plot_reliability_in *p)
{
    size_t used = 0;

    for (size_t k = 0; k < p->n; k++) {
        const mf_plot_reliability_line *l = &p->line[k];
        size_t                          n = 0;

        mf_str_printf(out, "%s# ", k != 0 ? "\n\n" : "");
        mf_figure_field(out, l->name);
        mf_str_add(out, ": stated\tright\tpictures\n");
        for (size_t i = 0; i < l->bins; i++) {
            if (l->count[i] > 0.0) {
                mf_figure_num(out, l->confidence[i]);
                mf_str_addc(out, '\t');
                mf_figure_num(out, l->accuracy[i]);
                mf_str_addc(out, '\t');
                mf_figure_num(out, l->count[i]);
                mf_str_addc(out, '\n');
                n++;
            }
        }
        if (n == 0) {
            mf_str_add(out, "nan\tnan\tnan\n");
        }
        used += n;
    }
    return used;
}

static mf_status
reliability(mf_figure *out, const void *data, mf_err *err)
{
    const mf_plot_reliability_in *p = data;

    if (p->n == 0 || p->n > MF_PLOT_SERIES_MAX || table(&out->data, p) == 0) {
        return mf_fail(err, MF_E_ARG, "no answers to judge");
    }
    mf_str_add(&out->title, p->title);
    mf_str_add(&out->script, "set xlabel 'stated probability'\nset ylabel 'share of right answers'\nset xrange [0:1]\nset yrange [0:1]\n"
                             "set grid xtics\n");
    mf_figure_key_below(&out->script, true, p->n);
    mf_str_add(&out->script, "plot x with lines linecolor rgb ink linewidth 0.8 dashtype 2 notitle");
    mf_str_add(&out->alt, "Share of right answers over stated probability; on the diagonal both agree. Expected calibration error:");
    for (size_t k = 0; k < p->n; k++) {
        const mf_plot_reliability_line *l = &p->line[k];
        mf_str                          title = {0};

        mf_str_add(&title, l->name);
        if (isfinite(l->ece)) {
            mf_str_printf(&title, " (%.1f %%)", 100.0 * l->ece);
            mf_str_printf(&out->alt, "%s %s %.1f %%", k != 0 ? "," : "", l->name, 100.0 * l->ece);
        }
        mf_str_printf(&out->script, ", \\\n     data index %zu using 1:2 with linespoints linetype %zu title ", k, k + 1);
        mf_figure_quote(&out->script, mf_str_c(&title));
        mf_str_free(&title);
    }
    mf_str_addc(&out->script, '\n');
    mf_str_addc(&out->alt, '.');
    return MF_OK;
}

const mf_plot_def mf_plot_reliability = {.name = "reliability", .summary = "how far stated probabilities can be believed", .make = reliability};
