/* viz/figures/curves.c: learning curves: a line a method, a band over folds behind it. */
#include <math.h>

#include "viz/figures/figure.h"
#include "viz/figures/plots.h"

static void
table(mf_str *out, const mf_plot_curves_in *p)
{
    for (size_t k = 0; k < p->n; k++) {
        const mf_plot_curve *c = &p->curve[k];

        mf_str_printf(out, "%s# ", k != 0 ? "\n\n" : "");
        mf_figure_field(out, c->name);
        mf_str_add(out, ": x\ty\tlow\thigh\n");
        for (size_t i = 0; i < c->n; i++) {
            const double v[4] = {c->x[i], c->y[i], c->lo != NULL ? c->lo[i] : NAN, c->hi != NULL ? c->hi[i] : NAN};

            for (int j = 0; j < 4; j++) {
                if (j != 0) {
                    mf_str_addc(out, '\t');
                }
                mf_figure_num(out, v[j]);
            }
            mf_str_addc(out, '\n');
        }
    }
}

static mf_status
curves(mf_figure *out, const void *data, mf_err *err)
{
    const mf_plot_curves_in *p     = data;
    size_t                   total = 0;
    bool                     first = true;
    double                   most  = 0.0;

    if (p->n == 0 || p->n > MF_PLOT_SERIES_MAX) {
        return mf_fail(err, MF_E_ARG, "%zu curves", p->n);
    }
    for (size_t k = 0; k < p->n; k++) {
        total += p->curve[k].n;
    }
    if (total == 0) {
        return mf_fail(err, MF_E_ARG, "the curves have no point");
    }
    mf_str_add(&out->title, p->title);
    table(&out->data, p);
    mf_str_add(&out->script, "set xlabel ");
    mf_figure_quote(&out->script, p->x_label);
    mf_str_add(&out->script, "\nset ylabel ");
    mf_figure_quote(&out->script, p->y_label);
    for (size_t k = 0; k < p->n; k++) {
        for (size_t i = 0; i < p->curve[k].n; i++) {
            most = p->curve[k].x[i] > most ? p->curve[k].x[i] : most;
        }
    }
    mf_str_add(&out->script, most <= 10.0 ? "\nset xtics 1" : "");
    mf_str_add(&out->script, "\nset style fill transparent solid 0.14 noborder\n");
    mf_figure_key_below(&out->script, true, p->n);
    mf_str_add(&out->script, "plot ");
    for (size_t k = 0; k < p->n; k++) {
        if (p->curve[k].n != 0 && p->curve[k].lo != NULL && p->curve[k].hi != NULL) {
            mf_str_printf(&out->script, "%sdata index %zu using 1:3:4 with filledcurves linecolor rgb '%s' notitle", first ? "" : ", \\\n     ",
                          k, mf_figure_series((int)k));
            first = false;
        }
    }
    for (size_t k = 0; k < p->n; k++) {
        if (p->curve[k].n != 0) {
            mf_str_printf(&out->script, "%sdata index %zu using 1:2 with linespoints linetype %zu pointinterval %zu title ", first ? "" : ", \\\n     ",
                          k, k + 1, p->curve[k].n / 8 + 1);
            mf_figure_quote(&out->script, p->curve[k].name);
            first = false;
        }
    }
    mf_str_addc(&out->script, '\n');
    mf_str_printf(&out->alt, "Curves of %s over %s.", p->y_label, p->x_label);
    for (size_t k = 0; k < p->n; k++) {
        if (p->curve[k].n != 0) {
            mf_str_printf(&out->alt, " %s: from %.3g to %.3g.", p->curve[k].name, p->curve[k].y[0], p->curve[k].y[p->curve[k].n - 1]);
        }
    }
    return MF_OK;
}

const mf_plot_def mf_plot_curves = {.name = "curves", .summary = "learning curves with their spread over folds", .make = curves};
