/* cli/cmd_report.c: maskfer report: one page about one run or several. */
#include "cli/report.h"

#include "core/mem.h"

extern const mf_cmd mf_cmd_report;

typedef struct report_cfg {
    mf_opt_str out, data, layer;
    int        attribution;
    int64_t    worst, pairs;
    bool       heat;
} report_cfg;

static const char *const attribution_words[] = {"gradcam", "gradcam-msde", "gradcam++", "occlusion", NULL};

static const mf_opt report_rows[] = {
    MF_OPT_STR(report_cfg, out, "", "file to write; default: report.html in the first run"),
    MF_OPT_STR(report_cfg, data, "", "data set of the runs, where config.yaml does not say it or it has moved"),
    MF_OPT_INT(report_cfg, worst, 8, 0, 100, "mistakes shown for each method"),
    MF_OPT_INT(report_cfg, pairs, 5, 0, 40, "pairs on the sheet of heat maps"),
    MF_OPT_BOOL(report_cfg, heat, 1, "heat maps and attention on masks; needs the weights and pictures of the runs"),
    MF_OPT_ENUM(report_cfg, attribution, 0, attribution_words, "how heat is computed, as in 'maskfer explain'"),
    MF_OPT_STR(report_cfg, layer, "auto", "layer to look at, as in 'maskfer explain'"),
    MF_OPT_END,
};

static mf_status
run_report(int argc, char **argv, mf_cli *cli, mf_err *err)
{
    report_cfg     c;
    mf_cli_set     set  = {report_rows, &c};
    mf_report_opts o    = {.repeat = ""};
    mf_str         path = {0}, text = {0};
    size_t         n;
    mf_status      st;

    mf_opt_defaults(report_rows, &c);
    if ((st = mf_cli_parse(cli, &mf_cmd_report, &set, 1, argc, argv, &n, 1, 64, err)) < 0) {
        return st;
    }
    o.out            = c.out.s;
    o.data           = c.data.s;
    o.worst          = (int)c.worst;
    o.pairs          = (int)c.pairs;
    o.explain        = c.heat;
    o.how.how        = mf_attribution_opts_default();
    o.how.how.kind   = (mf_attr_kind)c.attribution;
    o.how.how.layer  = mf_str_eq(c.layer.s, "last") || (c.attribution == MF_ATTR_GRADCAM_MSDE && mf_str_eq(c.layer.s, "auto")) ? "" : c.layer.s;
    if ((st = mf_report_write(&path, (const char *const *)argv, n, &o, cli, err)) == MF_OK) {
        mf_str_printf(&text, "written: %s\n", path.data);
        st = mf_cli_put(cli, &text, err);
    }
    mf_str_free(&path);
    mf_str_free(&text);
    return st;
}

const mf_cmd mf_cmd_report = {
    .name    = "report",
    .summary = "one self-contained HTML page about one run or several",
    .usage   = "[OPTIONS] RUN...",
    .text    = "Tables with intervals, the sentences of 'compare', figures, attention on masks, the worst\n"
               "mistakes with their heat maps, warnings about the protocol, and how to repeat it: in one\n"
               "file that needs no network. Nothing is trained again; the same runs give the same bytes.\n"
               "Figures are kept in figures/ beside it, each with the gnuplot script that draws it.\n"
               "docs/report.md says how to read it.\n\n"
               "  maskfer report runs/cv\n"
               "  maskfer report runs/cv runs/other --out both/report.html\n",
    .opts    = {report_rows},
    .run     = run_report,
};
