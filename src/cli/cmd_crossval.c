/* cli/cmd_crossval.c: maskfer crossval: k folds of people x methods, and the table over them. */
#include <stdio.h>
#include <string.h>

#include "cli/train_args.h"
#include "core/file.h"
#include "core/mem.h"
#include "train/crossval.h"

extern const mf_cmd mf_cmd_crossval;

typedef struct crossval_cfg {
    mf_opt_str config, shard;
    bool       resume;
} crossval_cfg;

static const mf_opt crossval_rows[] = {
    MF_OPT_STR(crossval_cfg, config, "", "configuration file: keys are the options below; the command line overrides it"),
    MF_OPT_STR(crossval_cfg, shard, "", "i/n: do the i-th of n shares of the jobs (from 0), then 'crossval collect RUN'"),
    MF_OPT_BOOL(crossval_cfg, resume, 0, "go on: finished folds are skipped"),
    MF_OPT_END,
};

/* "3/8" -> 3, 8 */
static mf_status
parse_shard(int *shard, int *shards, const char *text, mf_err *err)
{
    const char *slash = strchr(text, '/');
    char        first[16];
    int64_t     i, n;

    *shard  = 0;
    *shards = 1;
    if (*text == '\0') {
        return MF_OK;
    }
    if (slash == NULL || (size_t)(slash - text) >= sizeof first) {
        return mf_fail(err, MF_E_USAGE, "option '--shard': expected I/N like 0/4, not '%.40s'", text);
    }
    memcpy(first, text, (size_t)(slash - text));
    first[slash - text] = '\0';
    if (mf_parse_i64(&i, first, 0, 99999, err) < 0 || mf_parse_i64(&n, slash + 1, 1, 100000, err) < 0 || i >= n) {
        return mf_fail(err, MF_E_USAGE, "option '--shard': expected I/N with I below N, like 0/4, not '%.40s'", text);
    }
    *shard  = (int)i;
    *shards = (int)n;
    return MF_OK;
}

/* One name of "a,b,c" at a time. */
static const char *
next_name(char name[64], const char *list)
{
    size_t n = strcspn(list, ","), i = 0, used = 0;

    for (; i < n; i++) {
        if (list[i] != ' ' && used + 1 < 64) {
            name[used++] = list[i];
        }
    }
    name[used] = '\0';
    return list + n + (list[n] == ',');
}

/* Settings of one more method: defaults, file and command line, each in turn for that method. */
static mf_status
add_method(mf_settings *all, size_t *n, mf_cli *cli, const char *name, int argc, char **argv, mf_err *err)
{
    crossval_cfg again; /* read once more with each method, and the same */
    mf_crossval_opts folds;
    mf_table     extra[] = {{crossval_rows, &again}, {mf_crossval_rows, &folds}, {0}};
    mf_status    st;

    if (*n == MF_CROSSVAL_METHODS_MAX) {
        return mf_fail(err, MF_E_USAGE, "option '--methods': at most %d, with those that they need", (int)MF_CROSSVAL_METHODS_MAX);
    }
    mf_opt_defaults(crossval_rows, &again);
    mf_opt_defaults(mf_crossval_rows, &folds);
    if ((st = mf_cli_settings(&all[*n], cli, &mf_cmd_crossval, extra, 2, name, argc, argv, err)) < 0) {
        return st;
    }
    ++*n;
    return MF_OK;
}

/* Those of the table, then those whose runs others need. */
static mf_status
settings_of(mf_settings *all, size_t *n, size_t *more, mf_cli *cli, const mf_crossval_opts *c, int argc, char **argv, mf_err *err)
{
    const char *methods = c->methods.s;
    char        name[64], need[3][64];
    size_t      sum;
    mf_status   st;

    *n = *more = 0;
    while (*methods != '\0') {
        methods = next_name(name, methods);
        if ((st = add_method(all, n, cli, name, argc, argv, err)) < 0) {
            return st;
        }
    }
    if (*n == 0) {
        return mf_fail(err, MF_E_USAGE, "option '--methods': no method is named");
    }
    sum = *n;
    for (size_t i = 0; i < sum; i++) {
        if ((st = mf_crossval_needs(need, &all[i], c->begin.s, err)) < 0) {
            return st;
        }
        for (int k = 0; k < 3; k++) {
            bool there = need[k][0] == '\0';

            for (size_t m = 0; m < sum; m++) {
                there = there || mf_str_eq(all[m].method.name, need[k]);
            }
            if (!there && (st = add_method(all, &sum, cli, need[k], argc, argv, err)) < 0) {
                return st;
            }
        }
    }
    *more = sum - *n;
    return MF_OK;
}

static mf_status
show(mf_cli *cli, const char *run, mf_err *err)
{
    mf_str    text = {0}, path = {0};
    mf_blob   file = {0};
    mf_status st;

    if ((st = mf_crossval_collect(run, &text, err)) < 0) {
        goto done;
    }
    if (cli->json) {
        mf_path_join(&path, run, "summary.json");
        if ((st = mf_str_ok(&path, err)) < 0 || (st = mf_file_read(&file, path.data, 64 << 20, err)) < 0) {
            goto done;
        }
        mf_str_clear(&text);
        mf_str_addn(&text, (const char *)file.data, file.size);
    } else {
        mf_str_printf(&text, "\n%s\n", run);
    }
    st = mf_cli_put(cli, &text, err);
done:
    mf_str_free(&text);
    mf_str_free(&path);
    mf_blob_free(&file);
    return st;
}

static mf_status
run_collect(int argc, char **argv, mf_cli *cli, mf_err *err)
{
    size_t    n;
    mf_status st;

    if ((st = mf_cli_parse(cli, &mf_cmd_crossval, NULL, 0, argc, argv, &n, 1, 1, err)) < 0) {
        return st;
    }
    return show(cli, argv[0], err);
}

static mf_status
run_folds(mf_cli *cli, const crossval_cfg *c, const mf_crossval_opts *f, int argc, char **argv, mf_err *err)
{
    mf_settings        *all   = mf_calloc(MF_CROSSVAL_METHODS_MAX, sizeof *all);
    const mf_settings  *s     = all;
    mf_dataset         *d     = NULL;
    mf_cache           *cache = NULL;
    uint32_t           *rows  = NULL;
    mf_crossval_job     job   = {.settings = all, .folds = (int)f->folds, .msde_code = f->folds_from == 1, .resume = c->resume,
                                 .keep_weights = f->keep_weights, .log = cli->log, .progress = cli->progress,
                                 .stop = mf_cli_stop, .begin = f->begin.s};
    mf_status           st;

    if (all == NULL) {
        return mf_oom(err, MF_CROSSVAL_METHODS_MAX * sizeof *all, "settings");
    }
    if ((st = settings_of(all, &job.n_methods, &job.n_more, cli, f, argc, argv, err)) < 0 ||
        (st = parse_shard(&job.shard, &job.shards, c->shard.s, err)) < 0 || (st = mf_cli_need(s->t.data.s, "data", err)) < 0 ||
        (st = mf_cli_need(s->t.out.s, "out", err)) < 0 || (st = mf_dataset_load(&d, s->t.data.s, err)) < 0 ||
        (st = mf_dataset_need_pictures(d, err)) < 0) {
        goto done;
    }
    rows = mf_calloc(d->n_rows, sizeof *rows);
    if (rows == NULL) {
        st = mf_oom(err, d->n_rows * sizeof *rows, "a list of rows");
        goto done;
    }
    for (size_t i = 0; i < d->n_rows; i++) {
        rows[i] = (uint32_t)i;
    }
    if ((st = mf_cli_cache(&cache, cli, s, d, rows, d->n_rows, err)) < 0) {
        goto done;
    }
    job.out   = s->t.out.s;
    job.data  = d;
    job.cache = cache;
    if ((st = mf_crossval_run(&job, err)) == MF_OK) {
        if (job.shards == 1) {
            st = show(cli, job.out, err);
        } else {
            mf_logf(&cli->log, MF_LOG_INFO, "share %d of %d is done; when all are: maskfer crossval collect %s", job.shard,
                    job.shards, job.out);
        }
    }
done:
    mf_free(rows);
    mf_cache_free(cache);
    mf_dataset_free(d);
    mf_free(all);
    return st;
}

static mf_status
run_crossval(int argc, char **argv, mf_cli *cli, mf_err *err)
{
    mf_settings  s;
    crossval_cfg c;
    mf_crossval_opts f;
    mf_table     extra[] = {{crossval_rows, &c}, {mf_crossval_rows, &f}, {0}};
    char         single[64];
    mf_status    st;

    if (argc > 0 && mf_str_eq(argv[0], "collect")) {
        return run_collect(argc - 1, argv + 1, cli, err);
    }
    mf_opt_defaults(crossval_rows, &c);
    mf_opt_defaults(mf_crossval_rows, &f);
    if ((st = mf_cli_settings(&s, cli, &mf_cmd_crossval, extra, 2, "supervised", argc, argv, err)) < 0 ||
        (st = mf_cli_single_method(single, argc, argv, err)) < 0) {
        return st; /* this first reading was for the command's own rows */
    }
    if (mf_cli_peek(argc, argv, "methods") == NULL) {
        if (mf_cli_peek(argc, argv, "method") != NULL) {
            snprintf(single, sizeof single, "%s", mf_cli_peek(argc, argv, "method"));
        }
        if (single[0] != '\0') {
            snprintf(f.methods.s, sizeof f.methods.s, "%s", single);
        }
    }
    return run_folds(cli, &c, &f, argc, argv, err);
}

const mf_cmd mf_cmd_crossval = {
    .name    = "crossval",
    .summary = "compare methods over folds of people",
    .usage   = "[OPTIONS] DATASET --out RUN | collect RUN",
    .text    = "Divides the people of DATASET into folds, trains every method on all folds but one, scores it\n"
               "on the pictures of the left-out people without and with masks, and prints mean and standard\n"
               "deviation over the folds. The epoch that counts is chosen on a part of the training people.\n"
               "A teacher is trained within each fold unless --teacher is given, and so is what 'combine' joins\n"
               "or what --begin names. The manifest's split column is not looked at. RUN/fold-XX/METHOD holds each run, RUN/summary.json the figures.\n"
               "A method written NAME@MODEL is trained on that architecture in place of --model.\n\n"
               "  maskfer crossval students --folds 10 --methods baseline,contrastive,distill --out runs/cv\n"
               "  maskfer crossval students --folds 5 --methods baseline,baseline@ran18,hinton@vgg_f --out runs/nets\n"
               "  maskfer crossval students --folds 10 --out runs/cv --shard 0/4      (and 1/4, 2/4, 3/4 elsewhere)\n"
               "  maskfer crossval collect runs/cv\n",
    .opts    = {crossval_rows, mf_crossval_rows, mf_train_rows},
    .more_help = mf_cli_train_help,
    .json    = true,
    .run     = run_crossval,
};
