/* cli/cmd_data_occlude.c: `maskfer data occlude`: hide part of every face. */
#include "cli/cmd_data.h"
#include "data/occlude.h"
#include "face/occlude.h"

typedef struct occlude_cfg {
    mf_opt_str with, out;
    int64_t    seed;
    bool       pair, force;
} occlude_cfg;

static const mf_opt occlude_opts[] = {
    MF_OPT_STR(occlude_cfg, with, "mask", "what hides the face"),
    MF_OPT_STR(occlude_cfg, out, "", "folder of the new data set"),
    MF_OPT_BOOL(occlude_cfg, pair, false, "keep the originals, each paired with its occluded version"),
    MF_OPT_INT(occlude_cfg, seed, 1, 0, INT64_C(1) << 53, "colour, cut and seat of what is drawn"),
    MF_OPT_BOOL(occlude_cfg, force, false, "replace the data set that is at --out"),
    MF_OPT_END
};

static void
list_occluders(mf_str *out)
{
    size_t i;

    mf_str_add(out, "\nKinds for --with:\n");
    for (i = 0; i < mf_occluder_count(); i++)
        mf_str_printf(out, "  %-10s %s\n", mf_occluder_at(i)->name, mf_occluder_at(i)->summary);
    for (i = 0; i < mf_occluder_count(); i++)
        if (mf_occluder_at(i)->opts) {
            mf_str_printf(out, "\nOptions of --with %s:\n", mf_occluder_at(i)->name);
            mf_opt_help(mf_occluder_at(i)->opts, out);
        }
}

static void
put(mf_str *out, const mf_cli *cli, const occlude_cfg *o, const mf_occlude_counts *c)
{
    if (cli->json) {
        mf_json_out j = mf_json_begin(out, 2);

        mf_json_open(&j, NULL, '{');
        mf_json_put_str(&j, "out", o->out.s);
        mf_json_put_str(&j, "with", o->with.s);
        mf_json_put_int(&j, "pictures", (int64_t)(c->made * (o->pair ? 2 : 1)));
        mf_json_put_int(&j, "occluded", (int64_t)c->made);
        mf_json_put_int(&j, "by_landmarks", (int64_t)c->by_landmarks);
        mf_json_put_int(&j, "left_out", (int64_t)c->left_out);
        mf_json_close(&j, '}');
        mf_str_addc(out, '\n');
        return;
    }
    mf_str_printf(out, "%s: %zu pictures with '%s'%s; %zu placed by landmarks, %zu at the usual place of a tight crop\n",
                  o->out.s, c->made, o->with.s, o->pair ? ", each beside its original" : "", c->by_landmarks,
                  c->made - c->by_landmarks);
    if (c->left_out)
        mf_str_printf(out, "%zu pictures were occluded already and are left out\n", c->left_out);
}

static mf_status
run_occlude(int argc, char **argv, mf_cli *cli, mf_err *err)
{
    occlude_cfg            o;
    uint64_t               kind_cfg[MF_OCCLUDER_CFG_MAX / sizeof(uint64_t)] = {0};
    mf_cli_set             set[2] = {{occlude_opts, &o}, {NULL, NULL}};
    const char            *with;
    const mf_occluder_def *def = NULL;
    mf_occlude_opts        oo;
    mf_occlude_counts      c   = {0};
    mf_dataset            *d   = NULL;
    mf_str                 out = {0};
    mf_status              st;
    size_t                 n;

    mf_opt_defaults(occlude_opts, &o);
    with = mf_cli_peek(argc, argv, "with");
    if ((st = mf_occluder_find(&def, with ? with : o.with.s, err)) < 0)
        return st;
    if (def->opts) {
        mf_opt_defaults(def->opts, kind_cfg);
        set[1] = (mf_cli_set){def->opts, kind_cfg};
    }
    if ((st = mf_cli_parse(cli, &mf_cmd_data_occlude, set, def->opts ? 2 : 1, argc, argv, &n, 1, 1, err)) < 0 ||
        (st = mf_cli_need(o.out.s, "out", err)) < 0 || (st = mf_dataset_load(&d, argv[0], err)) < 0)
        return st;
    oo = (mf_occlude_opts){.with = o.with.s, .cfg = kind_cfg, .pair = o.pair, .seed = (uint64_t)o.seed, .force = o.force,
                           .jobs = mf_cmd_data_jobs(cli, "hiding faces")};
    if ((st = mf_occlude_make(&c, d, o.out.s, &oo, err)) == MF_OK) {
        put(&out, cli, &o, &c);
        st = mf_cli_put(cli, &out, err);
    }
    mf_str_free(&out);
    mf_dataset_free(d);
    return st;
}

const mf_cmd mf_cmd_data_occlude = {
    .name      = "occlude",
    .summary   = "hide part of every face, for training and for testing",
    .usage     = "[OPTIONS] DIR --with KIND --out DIR2",
    .text      = "Draws a mask, a headset, sunglasses, a hand ... on every picture of DIR that shows\n"
                 "the whole face. landmarks.csv says where the face is; without it the usual place of\n"
                 "a tight face crop is taken. With --pair DIR2 holds the originals too, and pairs.\n"
                 "occlusions.csv in DIR2 records what was drawn and how much it hides.\n\n"
                 "  maskfer data occlude faces --with mask --pair --out pairs\n"
                 "  maskfer data occlude faces --with mask --preset mlfw_white --out white\n"
                 "  maskfer data occlude faces --with hand --over mouth --out hands",
    .opts      = {occlude_opts},
    .more_help = list_occluders,
    .json      = true,
    .run       = run_occlude,
};
