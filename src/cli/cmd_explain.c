/* cli/cmd_explain.c: maskfer explain: heat maps of pictures, or the study of a whole run. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/explain.h"
#include "cli/explain_sheet.h"
#include "core/file.h"
#include "core/json.h"
#include "core/mem.h"
#include "data/keypoints.h"
#include "eval/heat.h"
#include "viz/figures/figure.h"
#include "viz/figures/plots.h"
#include "viz/overlay.h"

extern const mf_cmd mf_cmd_explain;

typedef struct explain_cfg {
    int        attribution, colours;
    mf_opt_str layer, class_, data, out, backend;
    double     patch, stride, strength;
    int64_t    pairs, fold, tile;
    bool       layers;
} explain_cfg;

static const char *const attribution_words[] = {"gradcam", "gradcam-msde", "gradcam++", "occlusion", NULL};
static const char *const colour_words[]      = {"heat", "jet", NULL};

static const mf_opt explain_rows[] = {
    MF_OPT_ENUM(explain_cfg, attribution, 0, attribution_words, "how heat is computed; gradcam-msde: as the program of MSD-E did it"),
    MF_OPT_STR(explain_cfg, layer, "auto", "layer to look at, as --layers names it; auto: the last with 4 places a side; last: the last map"),
    {MF_OPT_T_STR, "class", offsetof(explain_cfg, class_), 0, 0, 0, "predicted", NULL, "class to explain: predicted, label (of a run's pictures), or a name"},
    MF_OPT_ENUM(explain_cfg, colours, 0, colour_words, "heat: even to the eye; jet: the rainbow of published pictures"),
    MF_OPT_F64(explain_cfg, strength, 0.66, 0, 1, "how much colour covers the picture where the heat is greatest"),
    MF_OPT_F64(explain_cfg, patch, 0.25, 0.02, 1, "occlusion: side of the square, as a share of the picture's"),
    MF_OPT_F64(explain_cfg, stride, 0.25, 0.05, 1, "occlusion: step, as a share of the square's side"),
    MF_OPT_STR(explain_cfg, data, "", "data set of a run, where config.yaml does not say it or it has moved"),
    MF_OPT_INT(explain_cfg, pairs, 7, 0, 100, "pairs on the contact sheet of a run"),
    MF_OPT_INT(explain_cfg, fold, 0, 0, 999, "fold whose pairs are on the sheet"),
    MF_OPT_INT(explain_cfg, tile, 112, 32, 512, "side of a picture on the sheet, in pixels"),
    MF_OPT_STR(explain_cfg, out, "", "folder for pictures; default: RUN/explain, or 'explain' for single pictures"),
    MF_OPT_STR(explain_cfg, backend, "auto", "which kernels: auto, onednn, ref"),
    MF_OPT_BOOL(explain_cfg, layers, 0, "list the layers of WEIGHTS and stop"),
    MF_OPT_END,
};

static mf_attribution_opts
how_of(const explain_cfg *c)
{
    mf_attribution_opts o = mf_attribution_opts_default();

    o.kind    = (mf_attr_kind)c->attribution;
    o.layer   = mf_str_eq(c->layer.s, "last") ? "" : c->layer.s;
    o.backend = c->backend.s;
    o.patch   = c->patch;
    o.stride  = c->stride;
    if (o.kind == MF_ATTR_GRADCAM_MSDE && mf_str_eq(c->layer.s, "auto")) {
        o.layer = ""; /* the published form looks at the normalised map and nowhere else */
    }
    return o;
}

/* ---- single pictures ---- */

static mf_status
one_picture(mf_cli *cli, const explain_cfg *c, mf_infer *f, mf_attribution *a, const char *path, const char *out, float *heat, float *prob, mf_err *err)
{
    const char *const *names = mf_infer_classes(f);
    const int          classes = mf_infer_model(f)->classes;
    mf_image           im = {0}, over = {0};
    mf_str             file = {0}, text = {0}, stem = {0};
    float              marks[MF_KEYPOINTS_MAX * MF_KEYPOINT];
    int                w, h, cls = -1;
    mf_status          st;

    for (int i = 0; i < classes; i++) {
        cls = mf_str_eq(names[i], c->class_.s) ? i : cls;
    }
    mf_attribution_size(a, &w, &h);
    if ((st = mf_image_load(&im, path, 3, err)) < 0 ||
        (mf_infer_landmarks(f) > 0 && (st = mf_keypoints_beside(marks, mf_infer_landmarks(f), path, err)) < 0) ||
        (st = mf_attribution_images(a, &im, marks, 1, &cls, heat, prob, err)) < 0) {
        goto done;
    }
    mf_heat_normalise(heat, (size_t)w * (size_t)h);
    st = c->colours == 1 ? mf_overlay_jet(&over, &im, heat, w, h, err) : mf_overlay_heat(&over, &im, heat, w, h, c->strength, err);
    if (st < 0) {
        goto done;
    }
    mf_str_add(&stem, mf_path_base(path));
    if (stem.data != NULL && strrchr(stem.data, '.') > stem.data) {
        *strrchr(stem.data, '.') = '\0';
    }
    mf_str_printf(&file, "%s/%s-%s.png", out, mf_str_c(&stem), names[cls]);
    if ((st = mf_str_ok(&file, err)) < 0 || (st = mf_image_save(file.data, &over, 95, err)) < 0) {
        goto done;
    }
    if (cli->json) {
        mf_json_out j = mf_json_begin(&text, 0);

        mf_json_open(&j, NULL, '{');
        mf_json_put_str(&j, "image", path);
        mf_json_put_str(&j, "label", names[mf_argmax(prob, classes)]);
        mf_json_put_str(&j, "explained", names[cls]);
        mf_json_put_num(&j, "probability", (double)prob[cls]);
        mf_json_put_str(&j, "layer", mf_attribution_layer(a));
        mf_json_put_str(&j, "overlay", file.data);
        mf_json_close(&j, '}');
        mf_str_addc(&text, '\n');
    } else {
        mf_str_printf(&text, "%s: %s (%.1f %%): %s\n", path, names[cls], 100.0 * (double)prob[cls], file.data);
    }
    st = mf_cli_put(cli, &text, err);
done:
    mf_image_free(&im);
    mf_image_free(&over);
    mf_str_free(&file);
    mf_str_free(&text);
    mf_str_free(&stem);
    return st;
}

static mf_status
check_class(const explain_cfg *c, mf_infer *f, mf_err *err)
{
    const char *near;

    if (mf_str_eq(c->class_.s, "predicted")) {
        return MF_OK;
    }
    if (mf_str_eq(c->class_.s, "label")) {
        return mf_fail(err, MF_E_USAGE, "option '--class': single pictures have no label: give predicted or a class");
    }
    for (int i = 0; mf_infer_classes(f)[i] != NULL; i++) {
        if (mf_str_eq(mf_infer_classes(f)[i], c->class_.s)) {
            return MF_OK;
        }
    }
    near = mf_str_nearest(c->class_.s, mf_infer_classes(f));
    return mf_fail(err, MF_E_USAGE, "option '--class': the network knows no class '%s'%s%s%s", c->class_.s, near != NULL ? "; did you mean '" : "",
                   near != NULL ? near : "", near != NULL ? "'?" : "");
}

static mf_status
explain_pictures(mf_cli *cli, const explain_cfg *c, char **argv, size_t n, mf_err *err)
{
    mf_infer_opts             io = {.backend = c->backend.s, .prec = MF_PREC_F32,
                                      .batch = c->attribution == MF_ATTR_OCCLUSION ? 32 : 1, .keep = true};
    const mf_attribution_opts how = how_of(c);
    const char               *out = c->out.s[0] != '\0' ? c->out.s : "explain";
    mf_infer                 *f = NULL;
    mf_attribution           *a = NULL;
    float                    *heat = NULL, *prob = NULL;
    mf_str                    text = {0};
    int                       w, h;
    size_t                    failed = 0;
    mf_status                 st;

    if ((st = mf_infer_load(&f, argv[0], &io, err)) < 0) {
        return st;
    }
    if (c->layers) {
        st = mf_attribution_layers(&text, f, err);
        st = st < 0 ? st : mf_cli_put(cli, &text, err);
        goto done;
    }
    if (n < 2) {
        st = mf_fail(err, MF_E_USAGE, "no picture is named; for a run give its folder");
        goto done;
    }
    if ((st = check_class(c, f, err)) < 0 || (st = mf_attribution_new(&a, f, &how, err)) < 0 || (st = mf_dir_make(out, err)) < 0) {
        goto done;
    }
    mf_attribution_size(a, &w, &h);
    heat = mf_calloc((size_t)w * (size_t)h, sizeof *heat);
    prob = mf_calloc((size_t)mf_infer_model(f)->classes, sizeof *prob);
    if (heat == NULL || prob == NULL) {
        st = mf_oom(err, (size_t)w * (size_t)h * sizeof *heat, "a heat map");
        goto done;
    }
    for (size_t i = 1; i < n && st == MF_OK; i++) {
        mf_err why = {0};

        if (one_picture(cli, c, f, a, argv[i], out, heat, prob, &why) < 0) {
            mf_logf(&cli->log, MF_LOG_WARN, "%s", why.msg);
            failed++;
        }
    }
    if (failed != 0) {
        st = mf_fail(err, MF_E_IO, "%zu of %zu pictures could not be explained", failed, n - 1);
    }
done:
    mf_str_free(&text);
    mf_free(heat);
    mf_free(prob);
    mf_attribution_free(a);
    mf_infer_free(f);
    return st;
}

/* ---- a run ---- */

static void
print_json(mf_str *out, const mf_explainer *x, const mf_attention *a, const mf_attention_figures *f, const mf_attention_pair *p, size_t n)
{
    mf_json_out j = mf_json_begin(out, 2);

    mf_json_open(&j, NULL, '{');
    mf_json_put_str(&j, "attribution", mf_attr_name(x->o.how.kind));
    mf_json_put_str(&j, "layer", x->layer);
    mf_json_open(&j, "outlines", '{');
    for (int i = 0; i < MF_OUTLINE_COUNT; i++) {
        mf_json_put_int(&j, mf_outline_name((mf_outline)i), (int64_t)a->outlines[i]);
    }
    mf_json_close(&j, '}');
    mf_json_open(&j, "methods", '[');
    for (int m = 0; m < a->n_methods; m++) {
        mf_json_open(&j, NULL, '{');
        mf_json_put_str(&j, "name", a->methods[m]);
        mf_json_put_int(&j, "pictures", (int64_t)f[m].n);
        mf_json_put_int(&j, "without_heat", (int64_t)f[m].empty);
        mf_json_put_num(&j, "share", f[m].mean);
        mf_json_put_num(&j, "low", f[m].lo);
        mf_json_put_num(&j, "high", f[m].hi);
        mf_json_put_num(&j, "area", f[m].area);
        mf_json_open(&j, "folds", '[');
        for (int k = 0; k < a->folds; k++) {
            mf_json_put_num(&j, NULL, f[m].fold[k]);
        }
        mf_json_close(&j, ']');
        mf_json_open(&j, "per_class", '{');
        for (int k = 0; k < a->n_classes; k++) {
            mf_json_put_num(&j, a->classes[k], f[m].class_mean[k]);
        }
        mf_json_close(&j, '}');
        mf_json_close(&j, '}');
    }
    mf_json_close(&j, ']');
    mf_json_open(&j, "comparisons", '[');
    for (size_t i = 0; i < n; i++) {
        mf_str s = {0};

        mf_attention_sentence(&s, &p[i], a);
        mf_json_open(&j, NULL, '{');
        mf_json_put_str(&j, "a", a->methods[p[i].a]);
        mf_json_put_str(&j, "b", a->methods[p[i].b]);
        mf_json_put_num(&j, "difference", p[i].diff);
        mf_json_put_num(&j, "low", p[i].lo);
        mf_json_put_num(&j, "high", p[i].hi);
        mf_json_put_num(&j, "p", p[i].p);
        mf_json_put_num(&j, "p_holm", p[i].p_holm);
        mf_json_put_num(&j, "people_low", p[i].people_lo);
        mf_json_put_num(&j, "people_high", p[i].people_hi);
        mf_json_put_num(&j, "people_p", p[i].people_p);
        mf_json_put_str(&j, "sentence", mf_str_c(&s));
        mf_json_close(&j, '}');
        mf_str_free(&s);
    }
    mf_json_close(&j, ']');
    mf_json_close(&j, '}');
    mf_str_addc(out, '\n');
}

static void
print_text(mf_str *out, const mf_explainer *x, const mf_attention *a, const mf_attention_figures *f, const mf_attention_pair *p, size_t n)
{
    mf_str_printf(out, "share of attention on the mask: %s of the %s class at %s, %d x %d places\n\n%-24s %8s %8s %18s %8s\n", mf_attr_name(x->o.how.kind),
                  x->o.label ? "labelled" : "predicted", x->layer, x->w, x->h, "", "pictures", "share", "95 % interval", "area");
    for (int m = 0; m < a->n_methods; m++) {
        char range[40] = "-";

        if (isfinite(f[m].lo)) {
            snprintf(range, sizeof range, "%.1f to %.1f %%", 100.0 * f[m].lo, 100.0 * f[m].hi);
        }
        mf_str_printf(out, "%-24s %8zu %6.1f %% %18s %6.1f %%\n", a->methods[m], f[m].n, 100.0 * f[m].mean, range, 100.0 * f[m].area);
        if (f[m].empty != 0) {
            mf_str_printf(out, "%-24s %8zu had no heat and %s left out\n", "", f[m].empty, f[m].empty == 1 ? "is" : "are");
        }
    }
    mf_str_printf(out, "\nby class:%-15s", "");
    for (int c = 0; c < a->n_classes; c++) {
        mf_str_printf(out, " %8.8s", a->classes[c]);
    }
    for (int m = 0; m < a->n_methods; m++) {
        mf_str_printf(out, "\n%-24s", a->methods[m]);
        for (int c = 0; c < a->n_classes; c++) {
            if (isfinite(f[m].class_mean[c])) {
                mf_str_printf(out, " %6.1f %%", 100.0 * f[m].class_mean[c]);
            } else {
                mf_str_printf(out, " %8s", "-");
            }
        }
    }
    mf_str_add(out, "\n\n");
    for (size_t i = 0; i < n; i++) {
        mf_attention_sentence(out, &p[i], a);
        if (n > 1 && isfinite(p[i].p_holm)) {
            mf_str_printf(out, " (p = %.3f after Holm's correction for %zu comparisons)", p[i].p_holm, n);
        }
        mf_str_addc(out, '\n');
    }
    mf_str_printf(out, "\nplace of the mask: recorded for %zu, from landmarks for %zu, canonical for %zu answers\n", a->outlines[MF_OUTLINE_DRAWN],
                  a->outlines[MF_OUTLINE_LANDMARKS], a->outlines[MF_OUTLINE_CANONICAL]);
}

static mf_status
draw_shares(const char *run, const mf_attention *a, const mf_attention_figures *f, mf_err *err)
{
    const size_t      m = (size_t)a->n_methods, folds = (size_t)a->folds;
    double           *v = mf_calloc(m * folds + 3 * m, sizeof *v), area = 0;
    mf_plot_shares_in in = {.title = "Attention on the mask", .method = (const char *const *)a->methods, .n_methods = m, .n_folds = folds};
    mf_figure         fig = {0};
    mf_str            dir = {0};
    mf_status         st;

    if (v == NULL) {
        return mf_oom(err, (m * folds + 3 * m) * sizeof *v, "a figure");
    }
    for (size_t i = 0; i < m; i++) {
        memcpy(v + i * folds, f[i].fold, folds * sizeof *v);
        v[m * folds + i]         = f[i].mean;
        v[m * folds + m + i]     = f[i].lo;
        v[m * folds + 2 * m + i] = f[i].hi;
        area += f[i].area / (double)m;
    }
    in.fold   = v;
    in.mean   = v + m * folds;
    in.lo     = v + m * folds + m;
    in.hi     = v + m * folds + 2 * m;
    in.chance = area;
    mf_path_join(&dir, run, "figures");
    if ((st = mf_str_ok(&dir, err)) == MF_OK && (st = mf_dir_make(dir.data, err)) == MF_OK && (st = mf_figure_make(&fig, "shares", "attention", &in, err)) == MF_OK) {
        st = mf_figure_draw(&fig, dir.data, err);
    }
    mf_figure_free(&fig);
    mf_str_free(&dir);
    mf_free(v);
    return st;
}

static mf_status
study(mf_cli *cli, mf_explainer *x, mf_err *err)
{
    mf_attention         *a    = NULL;
    mf_attention_figures *f    = NULL;
    mf_attention_pair    *pair = NULL;
    mf_str                text = {0};
    mf_err                why  = {0};
    size_t                n    = 0;
    mf_status             st;

    if ((st = mf_explain_attention(&a, x, err)) < 0) {
        return st;
    }
    f = mf_calloc((size_t)a->n_methods + 1, sizeof *f);
    if (f == NULL) {
        st = mf_oom(err, (size_t)a->n_methods * sizeof *f, "figures");
        goto done;
    }
    for (int m = 0; m < a->n_methods; m++) {
        if ((st = mf_attention_figures_make(&f[m], a, m, err)) < 0) {
            goto done;
        }
    }
    if ((st = mf_attention_compare(&pair, &n, a, -1, err)) < 0 || (st = mf_explain_attention_save(x, a, err)) < 0) {
        goto done;
    }
    if (draw_shares(x->run, a, f, &why) < 0) {
        mf_logf(&cli->log, MF_LOG_WARN, "the figure of the shares is missing: %s", why.msg);
    }
    (cli->json ? print_json : print_text)(&text, x, a, f, pair, n);
    if (!cli->json) {
        mf_str_printf(&text, "written: %s/attention.csv\n", x->run);
    }
    st = mf_cli_put(cli, &text, err);
done:
    for (int m = 0; f != NULL && m < a->n_methods; m++) {
        mf_attention_figures_free(&f[m]);
    }
    mf_free(f);
    mf_free(pair);
    mf_attention_free(a);
    mf_str_free(&text);
    return st;
}

static mf_status
sheet(mf_cli *cli, const explain_cfg *c, mf_explainer *x, mf_err *err)
{
    const mf_pairs_opts o = {.pairs = (int)c->pairs, .fold = (int)c->fold, .tile = (int)c->tile, .jet = c->colours == 1, .strength = c->strength};
    mf_image            im = {0};
    mf_str              dir = {0}, path = {0}, text = {0};
    mf_status           st;

    if (o.fold >= x->p->folds) {
        return mf_fail(err, MF_E_USAGE, "option '--fold': run '%s' has folds 0 to %d", x->run, x->p->folds - 1);
    }
    if ((st = mf_explain_sheet(&im, x, &o, err)) < 0) {
        return st;
    }
    if (im.px == NULL) {
        mf_logf(&cli->log, MF_LOG_WARN, "no contact sheet: no scored picture of fold %d has a partner in column 'pair' of %s/manifest.csv", o.fold, x->d->dir);
        return MF_OK;
    }
    if (c->out.s[0] != '\0') {
        mf_str_add(&dir, c->out.s);
    } else {
        mf_path_join(&dir, x->run, "explain");
    }
    if ((st = mf_str_ok(&dir, err)) == MF_OK && (st = mf_dir_make(dir.data, err)) == MF_OK) {
        mf_path_join(&path, dir.data, "sheet.png");
        if ((st = mf_str_ok(&path, err)) == MF_OK && (st = mf_image_save(path.data, &im, 95, err)) == MF_OK && !cli->json) {
            mf_str_printf(&text, "written: %s\n", path.data);
            st = mf_cli_put(cli, &text, err);
        }
    }
    mf_image_free(&im);
    mf_str_free(&dir);
    mf_str_free(&path);
    mf_str_free(&text);
    return st;
}

static mf_status
explain_run(mf_cli *cli, const explain_cfg *c, const char *run, mf_err *err)
{
    mf_explain_opts o = {.how = how_of(c), .label = mf_str_eq(c->class_.s, "label"), .data = c->data.s};
    mf_explainer    x;
    mf_err          why = {0};
    mf_status       st;

    if (!o.label && !mf_str_eq(c->class_.s, "predicted")) {
        return mf_fail(err, MF_E_USAGE, "option '--class': of a run, predicted or label");
    }
    if ((st = mf_explainer_open(&x, run, &o, cli, err)) < 0) {
        return st;
    }
    st = study(cli, &x, &why);
    if (st == MF_E_LIMIT) { /* nothing is masked: the sheet can still be made */
        mf_logf(&cli->log, MF_LOG_WARN, "%s", why.msg);
        st = MF_OK;
    } else if (st < 0) {
        mf_fail(err, st, "%s", why.msg);
    }
    if (st == MF_OK && c->pairs > 0) {
        st = sheet(cli, c, &x, err);
    }
    mf_explainer_close(&x);
    return st;
}

static mf_status
run_explain(int argc, char **argv, mf_cli *cli, mf_err *err)
{
    explain_cfg c;
    mf_cli_set  set = {explain_rows, &c};
    size_t      n;
    mf_status   st;

    mf_opt_defaults(explain_rows, &c);
    if ((st = mf_cli_parse(cli, &mf_cmd_explain, &set, 1, argc, argv, &n, 1, (size_t)argc, err)) < 0) {
        return st;
    }
    if (!mf_path_is_dir(argv[0])) {
        return explain_pictures(cli, &c, argv, n, err);
    }
    return n == 1 ? explain_run(cli, &c, argv[0], err)
                  : mf_fail(err, MF_E_USAGE, "'%s' is a folder: a run is explained by itself, single pictures with a weight file", argv[0]);
}

const mf_cmd mf_cmd_explain = {
    .name    = "explain",
    .summary = "where in a picture an answer comes from: heat maps, and the share of attention on masks",
    .usage   = "[OPTIONS] WEIGHTS PICTURE... | RUN",
    .text    = "With weights: a heat map over each picture, written as PNG. With the folder of a run\n"
               "(train or crossval, weights kept): for every scored picture with a mask the share of\n"
               "heat that lies on the mask, by method, fold and class, with intervals and tests\n"
               "(RUN/attention.csv, RUN/figures/attention.svg), and a sheet of pairs without and with\n"
               "mask by methods (RUN/explain/sheet.png).\n\n"
               "  maskfer explain runs/first/weights/best.safetensors face.jpg --class angry\n"
               "  maskfer explain maskfer-demo --attribution gradcam++ --layer layer3\n",
    .opts    = {explain_rows},
    .json    = true,
    .run     = run_explain,
};
