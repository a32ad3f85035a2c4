/* cli/cmd_train.c: maskfer train: one run. */
#include "cli/train_args.h"
#include "core/file.h"
#include "core/mem.h"
#include "core/thread.h"
#include "train/crossval.h"
#include "train/trainer.h"

extern const mf_cmd mf_cmd_train;

typedef struct train_cfg {
    mf_opt_str config;
    bool       resume;
} train_cfg;

static const mf_opt train_cmd_rows[] = {
    MF_OPT_STR(train_cfg, config, "", "configuration file: keys are the options below; the command line overrides it"),
    MF_OPT_BOOL(train_cfg, resume, 0, "go on with the run in --out, from its last saved state"),
    MF_OPT_END,
};

static mf_status
run_train(int argc, char **argv, mf_cli *cli, mf_err *err)
{
    mf_settings  s;
    train_cfg    c;
    mf_dataset  *d     = NULL;
    mf_cache    *cache = NULL;
    mf_parts     parts = {0};
    uint32_t    *rows  = NULL;
    size_t       n_rows;
    mf_crossval_opts folds; /* keys of a comparison, which one run passes over */
    mf_table     extra[] = {{train_cmd_rows, &c}, {mf_crossval_rows, &folds}, {0}};
    mf_train_job job;
    mf_status    st;

    mf_opt_defaults(train_cmd_rows, &c);
    mf_opt_defaults(mf_crossval_rows, &folds);
    if ((st = mf_cli_settings(&s, cli, &mf_cmd_train, extra, 1, NULL, argc, argv, err)) < 0 ||
        (st = mf_cli_need(s.t.data.s, "data", err)) < 0 || (st = mf_cli_need(s.t.out.s, "out", err)) < 0 ||
        (st = mf_dataset_load(&d, s.t.data.s, err)) < 0 || (st = mf_dataset_need_pictures(d, err)) < 0) {
        goto done;
    }
    if ((st = mf_parts_by_split(&parts, d, s.t.val_share, (uint64_t)s.t.seed, &cli->log, err)) < 0 ||
        (st = mf_parts_rows(&rows, &n_rows, &parts, err)) < 0 ||
        (st = mf_cli_cache(&cache, cli, &s, d, rows, n_rows, err)) < 0) {
        goto done;
    }
    job = (mf_train_job){
        .settings = &s, .data = d, .cache = cache, .parts = &parts, .out = s.t.out.s, .seed = (uint64_t)s.t.seed,
        .resume = c.resume, .log = cli->log, .progress = cli->progress, .stop = mf_cli_stop,
    };
    if ((st = mf_train_run(&job, err)) == MF_OK) {
        mf_str text = {0};

        if ((st = mf_cli_run_text(&text, s.t.out.s, cli->json, err)) == MF_OK) {
            st = mf_cli_put(cli, &text, err);
        }
        mf_str_free(&text);
    }
done:
    mf_free(rows);
    mf_cache_free(cache);
    mf_parts_free(&parts);
    mf_dataset_free(d);
    return st;
}

const mf_cmd mf_cmd_train = {
    .name    = "train",
    .summary = "train one network",
    .usage   = "[OPTIONS] DATASET --out RUN",
    .text    = "Trains on the rows of DATASET that its split column gives to 'train' (or to nothing),\n"
               "chooses the best epoch by those of 'val', or by a part of the training people where there\n"
               "is no 'val', and scores those of 'test'. RUN then holds config.yaml, env.json, results.csv,\n"
               "timings.csv, predictions.csv, summary.json, weights/best.safetensors and\n"
               "weights/last.safetensors. A run that was stopped or killed goes on with --resume and ends\n"
               "in the same bits.\n\n"
               "  maskfer train students --out runs/first --epochs 30\n"
               "  maskfer train students --method distill --teacher runs/nm/weights/best.safetensors --out runs/kd\n",
    .opts    = {train_cmd_rows, mf_train_rows},
    .more_help = mf_cli_train_help,
    .json    = true,
    .run     = run_train,
};
