/* viz/figures/confusion.c: a confusion matrix in shares of each label, on one scale whatever the figures. */
#include <math.h>
#include <string.h>

#include "viz/colour.h"
#include "viz/figures/figure.h"
#include "viz/figures/plots.h"

enum { WRITTEN_MAX = 10 }; /* classes up to which the cells carry their figures */

static double
row_sum(const mf_plot_confusion_in *p, size_t r)
{
    double sum = 0.0;

    for (size_t c = 0; c < p->n; c++) {
        sum += p->count[r * p->n + c];
    }
    return sum;
}

/* Dark cells are written on in white, light ones nearly in black: not in the ink of axes, which a dark page turns light. */
static const char *
ink_on(const mf_colour_map *map, double percent)
{
    double lab[3];

    mf_oklab(lab, map->rgb[(int)lround(percent * 2.55)]);
    return lab[0] < 0.66 ? "0xffffff" : "0x101418";
}

static void
table(mf_str *out, const mf_plot_confusion_in *p, const mf_colour_map *map)
{
    mf_str_add(out, "# label\tanswer\tpercent\tpictures\ttext\tink\tlabel's name\tanswer's name\n");
    for (size_t r = 0; r < p->n; r++) {
        const double sum = row_sum(p, r);

        for (size_t c = 0; c < p->n; c++) {
            const double percent = sum > 0.0 ? 100.0 * p->count[r * p->n + c] / sum : NAN;

            mf_str_printf(out, "%zu\t%zu\t", r, c);
            mf_figure_num(out, percent);
            mf_str_addc(out, '\t');
            mf_figure_num(out, p->count[r * p->n + c]);
            if (isfinite(percent) && percent > 0.0) {
                mf_str_printf(out, "\t%.0f\t%s\t", percent, ink_on(map, percent));
            } else {
                mf_str_add(out, "\t \t0x101418\t");
            }
            mf_figure_field(out, p->classes[r]);
            mf_str_addc(out, '\t');
            mf_figure_field(out, p->classes[c]);
            mf_str_addc(out, '\n');
        }
    }
}

static void
ticks(mf_str *out, const mf_plot_confusion_in *p, char axis)
{
    mf_str_printf(out, "set %ctics scale 0 (", axis);
    for (size_t i = 0; i < p->n; i++) {
        if (i != 0) {
            mf_str_add(out, ", ");
        }
        mf_figure_quote(out, p->classes[i]);
        mf_str_printf(out, " %zu", i);
    }
    mf_str_add(out, axis == 'x' ? ") rotate by -45\n" : ")\n");
}

static void
describe(mf_str *out, const mf_plot_confusion_in *p)
{
    double worst = 0.0;
    size_t from = 0, to = 0;

    mf_str_add(out, "Confusion matrix, rows are labels, columns answers. Right answers by label: ");
    for (size_t r = 0; r < p->n; r++) {
        const double sum = row_sum(p, r);

        mf_str_printf(out, "%s%s ", r != 0 ? ", " : "", p->classes[r]);
        if (sum > 0.0) {
            mf_str_printf(out, "%.0f %%", 100.0 * p->count[r * p->n + r] / sum);
        } else {
            mf_str_add(out, "no pictures");
        }
        for (size_t c = 0; c < p->n && sum > 0.0; c++) {
            if (c != r && p->count[r * p->n + c] / sum > worst) {
                worst = p->count[r * p->n + c] / sum;
                from  = r;
                to    = c;
            }
        }
    }
    mf_str_addc(out, '.');
    if (worst > 0.0) {
        mf_str_printf(out, " Most frequent mistake: %s taken for %s, %.0f %%.", p->classes[from], p->classes[to], 100.0 * worst);
    }
}

static mf_status
confusion(mf_figure *out, const void *data, mf_err *err)
{
    const mf_plot_confusion_in *p = data;
    mf_colour_map               map;

    if (p->n < 1 || p->n > MF_PLOT_CLASSES_MAX) {
        return mf_fail(err, MF_E_ARG, "%zu classes", p->n);
    }
    mf_colour_cells(&map);
    mf_str_add(&out->title, p->title);
    table(&out->data, p, &map);
    mf_str_add(&out->script, "set palette defined (");
    for (int i = 0; i <= 16; i++) {
        const uint8_t *c = map.rgb[i * 255 / 16];

        mf_str_printf(&out->script, "%s%d '#%02x%02x%02x'", i != 0 ? ", " : "", i, c[0], c[1], c[2]);
    }
    mf_str_printf(&out->script,
                  ")\nset cbrange [0:100]\nset colorbox noborder\nset cbtics 25 scale 0.5 textcolor rgb ink\n"
                  "set cblabel '%% of the label' textcolor rgb ink\nset size ratio 1\nset border 15\nset grid noxtics noytics\nunset key\n"
                  "set xrange [-0.5:%zu.5]\nset yrange [%zu.5:-0.5]\nset xlabel 'answer'\nset ylabel 'label'\n",
                  p->n - 1, p->n - 1);
    ticks(&out->script, p, 'x');
    ticks(&out->script, p, 'y');
    mf_str_add(&out->script, "plot data using 2:1:($2-0.5):($2+0.5):($1-0.5):($1+0.5):3 with boxxyerror fillcolor palette");
    if (p->n <= WRITTEN_MAX) {
        mf_str_printf(&out->script, ", \\\n     data using 2:1:5:6 with labels font ',%d' textcolor rgb variable", p->n <= 8 ? 10 : 8);
    }
    mf_str_addc(&out->script, '\n');
    describe(&out->alt, p);
    return MF_OK;
}

const mf_plot_def mf_plot_confusion = {
    .name = "confusion", .summary = "labels against answers, in shares of each label", .make = confusion,
};
