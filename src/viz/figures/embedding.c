/* viz/figures/embedding.c: a map of features in two dimensions: colour and shape by class, open marks for hidden faces. */
#include <math.h>

#include "viz/figures/figure.h"
#include "viz/figures/plots.h"

enum { SHAPES = 6 };
static const int filled[SHAPES] = {7, 5, 9, 11, 13, 15}, open_[SHAPES] = {6, 4, 8, 10, 12, 14};

static void
put_block(mf_str *out, const mf_plot_embedding_in *p, size_t c, size_t k, size_t *n)
{
    *n = 0;
    mf_str_addc(out, '#');
    mf_str_addc(out, ' ');
    mf_figure_field(out, p->classes[c]);
    mf_str_add(out, ", ");
    mf_figure_field(out, p->kinds[k]);
    mf_str_add(out, ": x\ty\n");
    for (size_t i = 0; i < p->n; i++) {
        if ((size_t)p->cls[i] == c && (size_t)p->kind[i] == k && isfinite(p->x[i]) && isfinite(p->y[i])) {
            mf_figure_num(out, p->x[i]);
            mf_str_addc(out, '\t');
            mf_figure_num(out, p->y[i]);
            mf_str_addc(out, '\n');
            ++*n;
        }
    }
}

static mf_status
embedding(mf_figure *out, const void *data, mf_err *err)
{
    const mf_plot_embedding_in *p     = data;
    size_t                      block = 0, drawn = 0;

    if (p->n == 0 || p->n_classes == 0 || p->n_classes > MF_PLOT_CLASSES_MAX || p->n_kinds == 0 || p->n_kinds > 16) {
        return mf_fail(err, MF_E_ARG, "%zu points of %zu classes and %zu kinds", p->n, p->n_classes, p->n_kinds);
    }
    for (size_t i = 0; i < p->n; i++) {
        if (p->cls[i] < 0 || (size_t)p->cls[i] >= p->n_classes || p->kind[i] < 0 || (size_t)p->kind[i] >= p->n_kinds) {
            return mf_fail(err, MF_E_ARG, "point %zu is of class %d and kind %d", i, p->cls[i], p->kind[i]);
        }
    }
    mf_str_add(&out->title, p->title);
    mf_str_add(&out->script, "unset xtics\nset grid noytics\nunset ytics\nset border 15 linecolor rgb faint\n"
                             "set key outside right top samplen 0.5 spacing 1.1\nset offsets graph 0.03, graph 0.03, graph 0.03, graph 0.03\nplot ");
    for (size_t c = 0; c < p->n_classes; c++) {
        for (size_t k = 0; k < p->n_kinds; k++) {
            size_t n;

            if (block != 0) {
                mf_str_add(&out->data, "\n\n");
            }
            put_block(&out->data, p, c, k, &n);
            if (n == 0) { /* a block of comments alone is none to gnuplot */
                mf_str_add(&out->data, "nan\tnan\n");
            }
            drawn += n;
            mf_str_printf(&out->script, "%sdata index %zu using 1:2 with points pointtype %d pointsize 0.55 linewidth 1 linecolor rgb '%s' notitle",
                          block != 0 ? ", \\\n     " : "", block, k == 0 ? filled[c % SHAPES] : open_[c % SHAPES], mf_figure_series((int)c));
            block++;
        }
    }
    for (size_t c = 0; c < p->n_classes; c++) {
        mf_str_printf(&out->script, ", \\\n     keyentry with points pointtype %d pointsize 0.8 linecolor rgb '%s' title ", filled[c % SHAPES],
                      mf_figure_series((int)c));
        mf_figure_quote(&out->script, p->classes[c]);
    }
    for (size_t k = 0; k < p->n_kinds && p->n_kinds > 1; k++) {
        mf_str_printf(&out->script, ", \\\n     keyentry with points pointtype %d pointsize 0.8 linecolor rgb ink title ", k == 0 ? filled[0] : open_[0]);
        mf_figure_quote(&out->script, p->kinds[k]);
    }
    mf_str_addc(&out->script, '\n');
    mf_str_printf(&out->alt, "A map of %zu pictures by their features; near points are alike to the network. Classes: ", drawn);
    mf_figure_list(&out->alt, p->classes, p->n_classes);
    mf_str_addc(&out->alt, '.');
    return drawn != 0 ? MF_OK : mf_fail(err, MF_E_NUMERIC, "no point has finite coordinates");
}

const mf_plot_def mf_plot_embedding = {.name = "embedding", .summary = "features in two dimensions, t-SNE or another map", .make = embedding};
