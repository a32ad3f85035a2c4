/* Figures: each registered plot has a fixture here; scripts are golden files; gnuplot draws all of them; names from files
 * cannot run anything; without gnuplot the script and the table still come. */
#include "support.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#include "core/file.h"
#include "core/mem.h"
#include "image/image.h"
#include "viz/colour.h"
#include "viz/figures/figure.h"
#include "viz/figures/plots.h"

static const char *const classes[] = {"surprise", "fear", "disgust", "happy", "sad", "angry", "neutral"};
static const char *const methods[] = {"baseline", "contrastive", "distill"};
static const char *const domains[] = {"non-masked", "masked"};

typedef struct fixture {
    const char *plot;
    const void *data;
} fixture;

static double bar_v[21], bar_lo[21], bar_hi[21], cells[49], cx[12], cy[2][12], clo[12], chi[12], ex[140], ey[140];
static int    ecls[140], ekind[140];
static double fv[30], fm[6], flo[6], fhi[6], conf[10], acc[10], cnt[10], share[15], smean[3], slo[3], shi[3];

static const mf_plot_bars_in       bars      = {"Recall by class, masked", "recall, %", classes, methods, 7, 3, bar_v, bar_lo, bar_hi, 100};
static const mf_plot_confusion_in  confusion = {"contrastive, masked", classes, 7, cells};
static const mf_plot_curve         curve[2]  = {{"baseline", 12, cx, cy[0], clo, chi}, {"contrastive", 12, cx, cy[1], NULL, NULL}};
static const mf_plot_curves_in     curves    = {"Learning curves", "epoch", "validation accuracy, %", curve, 2};
static const mf_plot_embedding_in  embedding = {"t-SNE, contrastive", classes, domains, 7, 2, 140, ex, ey, ecls, ekind};
static const mf_plot_folds_in      folds     = {"Accuracy by fold", "accuracy, %", methods, domains, 3, 2, 5, fv, fm, flo, fhi};
static const mf_plot_reliability_line line[1] = {{"baseline", 10, conf, acc, cnt, 0.043}};
static const mf_plot_reliability_in reliability = {"Reliability", line, 1};
static const mf_plot_shares_in     shares    = {"Attention on the mask", methods, 3, 5, share, smean, slo, shi, 0.31};

static const fixture fixtures[] = {
    {"bars", &bars}, {"confusion", &confusion}, {"curves", &curves}, {"embedding", &embedding},
    {"folds", &folds}, {"reliability", &reliability}, {"shares", &shares},
};
enum { N_FIXTURES = (int)(sizeof fixtures / sizeof fixtures[0]) };

static void
fill(void)
{
    for (int i = 0; i < 21; i++) {
        bar_v[i]  = 40 + (i * 37) % 50;
        bar_lo[i] = bar_v[i] - 6;
        bar_hi[i] = bar_v[i] + 5;
    }
    bar_v[4] = bar_lo[4] = bar_hi[4] = NAN;
    for (int i = 0; i < 49; i++) {
        cells[i] = i / 7 == 5 ? 0 : i % 8 == 0 ? 30 + i % 5 : (i * 3) % 5;
    }
    for (int i = 0; i < 12; i++) {
        cx[i]    = i + 1;
        cy[0][i] = 70 - 50.0 / (i + 1);
        cy[1][i] = 75 - 48.0 / (i + 1);
        clo[i]   = cy[0][i] - 4;
        chi[i]   = cy[0][i] + 4;
    }
    for (int i = 0; i < 140; i++) {
        ecls[i]  = i % 7;
        ekind[i] = i / 7 % 2;
        ex[i]    = 10 * cos(ecls[i]) + (i * 31 % 17) / 8.0;
        ey[i]    = 10 * sin(ecls[i]) + (i * 17 % 23) / 9.0;
    }
    for (int i = 0; i < 30; i++) {
        fv[i] = (i / 5 % 2 ? 50 : 68) + (i * 7 % 11) - i / 10.0;
    }
    for (int i = 0; i < 6; i++) {
        fm[i]  = i % 2 ? 54 : 72;
        flo[i] = fm[i] - 3;
        fhi[i] = fm[i] + 3;
    }
    for (int i = 0; i < 10; i++) {
        conf[i] = i / 10.0 + 0.05;
        acc[i]  = conf[i] * 0.9;
        cnt[i]  = i < 1 ? 0 : 10 + i;
    }
    for (int i = 0; i < 15; i++) {
        share[i] = 0.25 + 0.05 * (i / 5) + (i * 7 % 5) / 100.0;
    }
    for (int i = 0; i < 3; i++) {
        smean[i] = 0.27 + 0.05 * i;
        slo[i]   = smean[i] - 0.02;
        shi[i]   = smean[i] + 0.02;
    }
}

static void
make(mf_figure *f, int i)
{
    mf_err err = {0};

    assert_mf_ok(mf_figure_make(f, fixtures[i].plot, fixtures[i].plot, fixtures[i].data, &err), &err);
}

static void
test_registry(void **state)
{
    mf_figure f;
    mf_err    err = {0};

    (void)state;
    assert_int_equal(mf_plot_count(), N_FIXTURES);
    for (size_t i = 0; i < mf_plot_count(); i++) {
        assert_string_equal(mf_plot_at(i)->name, fixtures[i].plot); /* a plot without a fixture fails here */
        assert_true(strlen(mf_plot_at(i)->summary) > 10);
    }
    assert_mf_fails(mf_figure_make(&f, "confusoin", "x", &confusion, &err), MF_E_NOTFOUND, &err, "did you mean 'confusion'");
}

static void
test_scripts(void **state)
{
    (void)state;
    for (int i = 0; i < N_FIXTURES; i++) {
        mf_figure f;
        mf_str    all = {0};
        char      name[64];

        make(&f, i);
        assert_true(f.alt.len > 20 && f.title.len > 4);
        mf_figure_script(&all, &f);
        mf_str_printf(&all, "\n==== table\n%s\n==== alt\n%s\n", mf_str_c(&f.data), mf_str_c(&f.alt));
        snprintf(name, sizeof name, "viz/golden/%s.txt", fixtures[i].plot);
        mf_test_golden(name, mf_str_c(&all));
        mf_str_free(&all);
        mf_figure_free(&f);
    }
}

static void
test_draw(void **state)
{
    mf_err err = {0};

    (void)state;
    if (!mf_gnuplot_found()) {
        mf_test_skip("gnuplot is not installed");
    }
    for (int i = 0; i < N_FIXTURES; i++) {
        mf_figure f;
        mf_image  im = {0};
        mf_blob   svg = {0}, again = {0};
        mf_str    path = {0};

        make(&f, i);
        assert_mf_ok(mf_figure_draw(&f, mf_test_dir(), &err), &err);
        mf_str_printf(&path, "%s/%s.png", mf_test_dir(), fixtures[i].plot);
        assert_mf_ok(mf_image_load(&im, path.data, 3, &err), &err);
        assert_int_equal(im.width, MF_FIGURE_WIDTH * MF_FIGURE_SCALE);
        assert_int_equal(im.height, MF_FIGURE_HEIGHT * MF_FIGURE_SCALE);
        mf_image_free(&im);
        mf_str_clear(&path);
        mf_str_printf(&path, "%s/%s.svg", mf_test_dir(), fixtures[i].plot);
        assert_mf_ok(mf_file_read(&svg, path.data, 1 << 24, &err), &err);
        assert_non_null(strstr((const char *)svg.data, "</svg>"));
        assert_non_null(strstr((const char *)svg.data, mf_str_c(&f.title)));
        assert_mf_ok(mf_figure_draw(&f, mf_test_dir(), &err), &err); /* the same bytes again */
        assert_mf_ok(mf_file_read(&again, path.data, 1 << 24, &err), &err);
        assert_int_equal(svg.size, again.size);
        assert_memory_equal(svg.data, again.data, svg.size);
        mf_blob_free(&svg);
        mf_blob_free(&again);
        mf_str_free(&path);
        mf_figure_free(&f);
    }
}

/* Class names come from other people's files. */
static void
test_hostile_names(void **state)
{
    static const char *const bad[] = {"`touch pwned`", "it's\n\"quoted\"", "system('touch pwned')", "\\", "@x #y $z %s", "a\tb", ""};
    mf_plot_bars_in          b     = bars;
    mf_plot_confusion_in     c     = confusion;
    mf_figure                f;
    mf_err                   err = {0};

    (void)state;
    b.group   = bad;
    b.title   = "'; system('touch pwned'); '";
    b.y_label = "`touch pwned`";
    c.classes = bad;
    assert_mf_ok(mf_figure_make(&f, "bars", "../up/`x`", &b, &err), &err);
    assert_string_equal(f.name, "_.-up--x-");
    if (mf_gnuplot_found()) {
        assert_mf_ok(mf_figure_draw(&f, mf_test_dir(), &err), &err);
    }
    mf_figure_free(&f);
    assert_mf_ok(mf_figure_make(&f, "confusion", "hostile", &c, &err), &err);
    if (mf_gnuplot_found()) {
        assert_mf_ok(mf_figure_draw(&f, mf_test_dir(), &err), &err);
    }
    mf_figure_free(&f);
    assert_false(mf_path_exists("pwned"));
    assert_false(mf_path_exists(mf_test_path("pwned")));
}

static void
test_without_gnuplot(void **state)
{
    char     *path = mf_strdup(getenv("PATH"));
    mf_figure f;
    mf_err    err = {0};

    (void)state;
    make(&f, 0);
    assert_mf_ok(mf_file_write(mf_test_path("bars.svg"), "old", 3, &err), &err);
    assert_int_equal(setenv("PATH", "/nonexistent", 1), 0);
    assert_false(mf_gnuplot_found());
    assert_mf_fails(mf_figure_draw(&f, mf_test_dir(), &err), MF_E_UNSUPPORTED, &err, "gnuplot is not installed");
    assert_int_equal(setenv("PATH", path, 1), 0);
    assert_true(mf_path_exists(mf_test_path("bars.gp")));
    assert_true(mf_path_exists(mf_test_path("bars.dat")));
    assert_false(mf_path_exists(mf_test_path("bars.svg"))); /* an old picture would lie */
    mf_figure_free(&f);
    mf_free(path);
}

/* gnuplot's own words reach the user, and nothing half-made stays. */
static void
test_gnuplot_refuses(void **state)
{
    mf_names  names = {0};
    mf_figure f;
    mf_err    err = {0};
    const char *dir = mf_test_path("refused");

    (void)state;
    if (!mf_gnuplot_found()) {
        mf_test_skip("gnuplot is not installed");
    }
    assert_mf_ok(mf_dir_make(dir, &err), &err);
    make(&f, 0);
    mf_str_add(&f.script, "plot nonsense(1)\n");
    assert_mf_fails(mf_figure_draw(&f, dir, &err), MF_E_INTERNAL, &err, "undefined");
    assert_mf_ok(mf_dir_list(&names, dir, &err), &err);
    assert_int_equal(names.n, 2);
    mf_names_free(&names);
    mf_figure_free(&f);
}

static mf_status
one_job(void *arg, mf_err *err)
{
    const fixture *x = arg;
    mf_figure      f;
    mf_str         s  = {0};
    mf_status      st = mf_figure_make(&f, x->plot, "n", x->data, err);

    if (st == MF_OK) {
        mf_figure_script(&s, &f);
        st = mf_str_ok(&s, err);
    }
    mf_str_free(&s);
    mf_figure_free(&f);
    return st;
}

static void
test_memory(void **state)
{
    (void)state;
    for (int i = 0; i < N_FIXTURES; i++) {
        fixture x = fixtures[i];

        mf_test_each_alloc(one_job, &x);
    }
}

static double
contrast(const char *a, const char *b)
{
    double   y[2];
    unsigned c[2];

    assert_int_equal(sscanf(a, "#%x", &c[0]), 1);
    assert_int_equal(sscanf(b, "#%x", &c[1]), 1);
    for (int i = 0; i < 2; i++) {
        double lin[3];

        for (int k = 0; k < 3; k++) {
            double v = (c[i] >> (16 - 8 * k) & 255) / 255.0;

            lin[k] = v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
        }
        y[i] = 0.2126 * lin[0] + 0.7152 * lin[1] + 0.0722 * lin[2];
    }
    return (fmax(y[0], y[1]) + 0.05) / (fmin(y[0], y[1]) + 0.05);
}

/* WCAG 2.1, 1.4.11: graphics reach 3 on their ground; text (ink) 4.5. */
static void
test_contrast(void **state)
{
    (void)state;
    for (int i = 0; i < MF_FIGURE_SERIES; i++) {
        assert_true(contrast(mf_figure_series(i), "#ffffff") >= 3.0);
        assert_true(contrast(mf_figure_series_dark(i), "#15181d") >= 3.0);
    }
    assert_true(contrast(mf_figure_ink(), "#ffffff") >= 7.0);
}

/* The heat map is even to the eye and its lightness only grows; jet is the published table (specification's fixtures). */
static void
test_colour_maps(void **state)
{
    mf_colour_map m;

    (void)state;
    for (int which = 0; which < 2; which++) {
        double least = 1e9, most = 0, lab[MF_COLOUR_STEPS][3];

        which == 0 ? mf_colour_heat(&m) : mf_colour_cells(&m);
        for (int i = 0; i < MF_COLOUR_STEPS; i++) {
            mf_oklab(lab[i], m.rgb[i]);
        }
        for (int i = 16; i < MF_COLOUR_STEPS; i += 8) { /* 8 levels at a time: single steps drown in the 8 bits of a channel */
            double d = 0;

            for (int k = i - 8; k < i; k++) {
                d += sqrt(pow(lab[k + 1 < 256 ? k + 1 : 255][0] - lab[k][0], 2) + pow(lab[k + 1 < 256 ? k + 1 : 255][1] - lab[k][1], 2) +
                          pow(lab[k + 1 < 256 ? k + 1 : 255][2] - lab[k][2], 2));
            }
            least = fmin(least, d);
            most  = fmax(most, d);
            assert_true(which == 0 ? lab[i][0] > lab[i - 8][0] : lab[i][0] < lab[i - 8][0]);
        }
        printf("%s: largest over smallest step %.3f\n", which == 0 ? "heat" : "cells", most / least);
        assert_true(most / least < 1.25);
    }
    mf_colour_jet(&m);
    assert_int_equal(m.rgb[0][2], 128);
    assert_int_equal(m.rgb[0][0], 0);
    assert_int_equal(m.rgb[255][0], 128);
    assert_int_equal(m.rgb[255][1], 0);
    assert_int_equal(m.rgb[255][2], 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_registry),      cmocka_unit_test(test_scripts),         cmocka_unit_test(test_draw),
        cmocka_unit_test(test_hostile_names), cmocka_unit_test(test_without_gnuplot), cmocka_unit_test(test_gnuplot_refuses),
        cmocka_unit_test(test_memory),        cmocka_unit_test(test_contrast),        cmocka_unit_test(test_colour_maps),
    };

    fill();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
