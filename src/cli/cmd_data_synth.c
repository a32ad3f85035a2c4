/* cli/cmd_data_synth.c: `maskfer data synth`: drawn students. */
#include "cli/cmd_data.h"
#include "data/synth.h"

typedef struct synth_cfg {
    int64_t    people, size, seed, takes;
    int        format, preset;
    mf_opt_str out;
    bool       force;
} synth_cfg;

static const char *const formats[] = {"jpg", "png", NULL};
static const char *const presets[] = {"plain", "msde", NULL};

static const mf_opt synth_opts[] = {
    MF_OPT_STR(synth_cfg, out, "", "folder of the new data set"),
    MF_OPT_ENUM(synth_cfg, preset, 0, presets, "plain: all show what was asked for; msde: as the MSD-E data were collected"),
    MF_OPT_INT(synth_cfg, people, 20, 1, 70000, "number of people"),
    MF_OPT_INT(synth_cfg, size, 128, 32, 2048, "width and height of a picture in pixels"),
    MF_OPT_INT(synth_cfg, seed, 1, 0, INT64_C(1) << 53, "who the people are and how they look each time"),
    MF_OPT_INT(synth_cfg, takes, 1, 1, 1000, "times that a person poses each expression"),
    MF_OPT_ENUM(synth_cfg, format, 0, formats, "picture files: JPEG of quality 95, or PNG"),
    MF_OPT_BOOL(synth_cfg, force, false, "replace the data set that is at --out"),
    MF_OPT_END
};

static mf_status
run_synth(int argc, char **argv, mf_cli *cli, mf_err *err)
{
    synth_cfg     o;
    mf_cli_set    set = {synth_opts, &o};
    mf_synth_opts so;
    mf_synth_counts c = {0};
    mf_str        out = {0};
    mf_status     st;
    size_t        n;

    mf_opt_defaults(synth_opts, &o);
    if ((st = mf_cli_parse(cli, &mf_cmd_data_synth, &set, 1, argc, argv, &n, 0, 0, err)) < 0 ||
        (st = mf_cli_need(o.out.s, "out", err)) < 0)
        return st;
    so = (mf_synth_opts){
        .people = (int)o.people, .takes = (int)o.takes, .size = (int)o.size, .seed = (uint64_t)o.seed, .png = o.format == 1,
        .preset = o.preset == 1 ? MF_STUDENTS_MSDE : MF_STUDENTS_PLAIN,
        .force = o.force, .jobs = mf_cmd_data_jobs(cli, "drawing students"),
    };
    if ((st = mf_synth_make(&c, o.out.s, &so, err)) < 0)
        return st;
    if (cli->json) {
        mf_json_out j = mf_json_begin(&out, 2);

        mf_json_open(&j, NULL, '{');
        mf_json_put_str(&j, "out", o.out.s);
        mf_json_put_int(&j, "people", o.people);
        mf_json_put_int(&j, "pairs", (int64_t)c.pairs);
        mf_json_put_int(&j, "pictures", (int64_t)c.pictures);
        mf_json_put_int(&j, "asked_again", c.asked_again);
        mf_json_close(&j, '}');
        mf_str_addc(&out, '\n');
    } else {
        mf_str_printf(&out, "%s: %lld people, %zu pairs of pictures without and with a mask\n", o.out.s, (long long)o.people,
                      c.pairs);
        if (o.preset == 1)
            mf_str_printf(&out, "next: maskfer data adjudicate %s --votes %s/votes.csv --out checked\n", o.out.s, o.out.s);
    }
    st = mf_cli_put(cli, &out, err);
    mf_str_free(&out);
    return st;
}

const mf_cmd mf_cmd_data_synth = {
    .name    = "synth",
    .summary = "draw people who exist nowhere, with seven expressions, without and with a mask",
    .usage   = "[OPTIONS] --out DIR",
    .text    = "Makes a data set of people x 7 expressions x (without, with mask), with landmarks,\n"
               "pairs and person numbers. The same options give the same bytes. Beside the manifest\n"
               "lie votes.csv (seven simulated volunteers check the labels), occlusions.csv (the\n"
               "masks) and students.csv (what each picture really shows).\n\n"
               "  maskfer data synth --people 40 --size 128 --seed 1 --out drawn\n"
               "  maskfer data synth --people 142 --preset msde --size 256 --out drawn",
    .opts    = {synth_opts},
    .json    = true,
    .run     = run_synth,
};
