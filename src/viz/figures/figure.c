/* viz/figures/figure.c: the common style, the registry of plots, and the making of a figure's texts. */
#include "viz/figures/figure.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/json.h"
#include "core/mem.h"
#include "core/registry.h"

#define MF_PLOT(NAME) extern const mf_plot_def mf_plot_##NAME;
#include "viz/figures/plot_list.h"
#undef MF_PLOT

static const mf_plot_def *const plots[] = {
#define MF_PLOT(NAME) &mf_plot_##NAME,
#include "viz/figures/plot_list.h"
#undef MF_PLOT
};
enum { N_PLOTS = (int)(sizeof plots / sizeof plots[0]) };

/* Dark and light take turns, so that neighbours differ in grey too; all reach a contrast of 3 on their ground. */
static const char *const series_light[MF_FIGURE_SERIES] = {"#00517f", "#bd4c00", "#009f77", "#7b3294",
                                                           "#a87a00", "#4f7186", "#16181c", "#8a8a8a"};
static const char *const series_dark[MF_FIGURE_SERIES]  = {"#6cb6ff", "#ff9e5e", "#4fd1a5", "#d0a2f7",
                                                           "#e3c15b", "#9db4c5", "#f2f2f2", "#a6a6a6"};
static const int points[MF_FIGURE_SERIES] = {7, 5, 9, 13, 11, 6, 4, 8}; /* filled disc, square, triangle ... then open ones */

const char *
mf_figure_ink(void)
{
    return "#1b1f24";
}

const char *
mf_figure_faint(void)
{
    return "#c9ced6";
}

const char *
mf_figure_series(int i)
{
    return series_light[i % MF_FIGURE_SERIES];
}

const char *
mf_figure_series_dark(int i)
{
    return series_dark[i % MF_FIGURE_SERIES];
}

size_t
mf_plot_count(void)
{
    return N_PLOTS;
}

const mf_plot_def *
mf_plot_at(size_t i)
{
    return plots[i];
}

void
mf_figure_free(mf_figure *f)
{
    mf_str_free(&f->title);
    mf_str_free(&f->alt);
    mf_str_free(&f->data);
    mf_str_free(&f->script);
    *f = (mf_figure){0};
}

static const char *
name_at(size_t i)
{
    return plots[i]->name;
}

mf_status
mf_figure_make(mf_figure *out, const char *plot, const char *name, const void *data, mf_err *err)
{
    const mf_plot_def *def;
    size_t             at = 0;
    mf_status          st;

    *out = (mf_figure){0};
    if ((st = mf_registry_find(&at, "plot", plot, name_at, N_PLOTS, err)) < 0) {
        return st;
    }
    def = plots[at];
    snprintf(out->name, sizeof out->name, "%s", name[0] != '\0' ? name : plot);
    for (char *p = out->name; *p != '\0'; p++) {
        if (!isalnum((unsigned char)*p) && strchr("-_.", *p) == NULL) {
            *p = '-';
        }
    }
    if (!isalnum((unsigned char)out->name[0])) { /* neither hidden nor an option of gnuplot */
        out->name[0] = '_';
    }
    if ((st = def->make(out, data, err)) < 0) {
        mf_fail_in(err, st, "figure '%s'", out->name);
        goto fail;
    }
    if ((st = mf_str_ok(&out->title, err)) < 0 || (st = mf_str_ok(&out->alt, err)) < 0 || (st = mf_str_ok(&out->data, err)) < 0 ||
        (st = mf_str_ok(&out->script, err)) < 0) {
        goto fail;
    }
    return MF_OK;
fail:
    mf_figure_free(out);
    return st;
}

/* What every figure shares. `noenhanced`: an underscore in a name is an underscore. */
static void
style(mf_str *out, const mf_figure *f)
{
    mf_str_printf(out, "# gnuplot %s.gp, in this folder, draws %s.svg and %s.png from %s.dat.\n", f->name, f->name, f->name, f->name);
    mf_str_add(out, "reset\nset encoding utf8\nset datafile separator \"\\t\"\nset datafile missing 'nan'\n");
    mf_str_printf(out, "data = '%s.dat'\n", f->name);
    mf_str_printf(out, "ink = '%s'; faint = '%s'\n", mf_figure_ink(), mf_figure_faint());
    for (int i = 0; i < MF_FIGURE_SERIES; i++) {
        mf_str_printf(out, "set linetype %d linecolor rgb '%s' linewidth 1.6 dashtype %d pointtype %d pointsize 0.8\n", i + 1,
                      mf_figure_series(i), i % 4 + 1, points[i]);
    }
    mf_str_printf(out, "set linetype cycle %d\n", (int)MF_FIGURE_SERIES);
    mf_str_add(out, "set border 3 linecolor rgb ink linewidth 0.8\nset tics nomirror textcolor rgb ink\n"
                    "set grid ytics linetype 1 linecolor rgb faint linewidth 0.7 dashtype solid\nset grid back\n"
                    "set key textcolor rgb ink\nset title textcolor rgb ink font ',13'\n"
                    "set xlabel textcolor rgb ink\nset ylabel textcolor rgb ink\n"
                    "set style fill solid 1.0 noborder\nset errorbars small\n");
}

void
mf_figure_script(mf_str *out, const mf_figure *f)
{
    style(out, f);
    mf_str_add(out, "set title ");
    mf_figure_quote(out, mf_str_c(&f->title));
    mf_str_addc(out, '\n');
    mf_str_printf(out, "set terminal svg noenhanced size %d,%d fixed font 'DejaVu Sans,12' name 'figure'\nset output '%s.svg'\n",
                  (int)MF_FIGURE_WIDTH, (int)MF_FIGURE_HEIGHT, f->name);
    mf_str_add(out, mf_str_c(&f->script));
    mf_str_printf(out, "set terminal pngcairo noenhanced size %d,%d font 'DejaVu Sans,12' fontscale %d linewidth %d pointscale %d "
                       "background rgb 'white'\nset output '%s.png'\nreplot\nunset output\n",
                  MF_FIGURE_WIDTH * MF_FIGURE_SCALE, MF_FIGURE_HEIGHT * MF_FIGURE_SCALE, (int)MF_FIGURE_SCALE,
                  (int)MF_FIGURE_SCALE, (int)MF_FIGURE_SCALE, f->name);
}

void
mf_figure_quote(mf_str *out, const char *text)
{
    mf_str_addc(out, '\'');
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '\'') {
            mf_str_add(out, "\u2019"); /* gnuplot's own way, '' for ', does not hold at the start of a text */
        } else {
            mf_str_addc(out, (unsigned char)*p < 0x20 ? ' ' : *p);
        }
    }
    mf_str_addc(out, '\'');
}

void
mf_figure_field(mf_str *out, const char *text)
{
    if (*text == '\0' || *text == '#') {
        mf_str_addc(out, ' ');
    }
    for (const char *p = text; *p != '\0'; p++) {
        mf_str_addc(out, (unsigned char)*p < 0x20 || *p == '"' ? ' ' : *p);
    }
}

void
mf_figure_key_below(mf_str *out, bool label, size_t n)
{
    const double rows = n < 20 ? (double)((n + 1) / 2) : 10; /* gnuplot puts two long names beside each other, and more short ones */

    mf_str_printf(out, "set key at screen 0.5,0.02 center bottom horizontal samplen 2 spacing 1.1\nset bmargin at screen %.3f\n",
                  (label ? 0.2 : 0.14) + 0.05 * rows);
}

/* Six digits: more than a figure shows, and the same text on every machine. */
void
mf_figure_num(mf_str *out, double v)
{
    char text[32];

    if (isfinite(v)) {
        double scale = v == 0.0 ? 1.0 : pow(10.0, 5.0 - floor(log10(fabs(v))));

        mf_num_text(text, isfinite(scale) && scale > 0.0 ? round(v * scale) / scale : 0.0);
        mf_str_add(out, text);
    } else {
        mf_str_add(out, "nan");
    }
}

void
mf_figure_list(mf_str *out, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        mf_str_add(out, i == 0 ? "" : i + 1 == n ? " and " : ", ");
        mf_str_add(out, names[i]);
    }
}
