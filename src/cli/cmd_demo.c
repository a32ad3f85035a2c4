/* cli/cmd_demo.c: maskfer demo: the whole job on drawn students, with nothing to answer and nothing to download. */
#include <stdio.h>
#include <string.h>

#include "cli/report.h"
#include "cli/train_args.h"
#include "core/clock.h"
#include "core/file.h"
#include "core/mem.h"
#include "core/thread.h"
#include "data/synth.h"
#include "train/crossval.h"

extern const mf_cmd mf_cmd_demo;

typedef struct demo_cfg {
    mf_opt_str out, methods;
    int64_t    people, folds, epochs, size, seed;
    int        precision;
} demo_cfg;

static const char *const precision_words[] = {"auto", "f32", "bf16", NULL};

static const mf_opt demo_rows[] = {
    MF_OPT_STR(demo_cfg, out, "maskfer-demo", "folder that gets the pictures and the results"),
    MF_OPT_STR(demo_cfg, methods, "baseline-nm,baseline,contrastive,distill", "methods to compare, with commas between"),
    MF_OPT_INT(demo_cfg, people, 36, 4, 10000, "people to draw; 14 pictures each"),
    MF_OPT_INT(demo_cfg, folds, 3, 2, 100, "folds of people"),
    MF_OPT_INT(demo_cfg, epochs, 12, 1, 10000, "passes over the training pictures"),
    MF_OPT_INT(demo_cfg, size, 64, 32, 512, "side of the pictures, in pixels"),
    MF_OPT_INT(demo_cfg, seed, 1, 0, INT64_C(1) << 53, "who the people are, and how training is drawn"),
    MF_OPT_ENUM(demo_cfg, precision, 0, precision_words, "auto takes bf16 where the CPU has AMX, else f32"),
    MF_OPT_END,
};

static bool
exists_in(const char *dir, const char *name)
{
    mf_str path = {0};
    bool   yes;

    mf_path_join(&path, dir, name);
    yes = !path.oom && mf_path_exists(path.data);
    mf_str_free(&path);
    return yes;
}

static mf_status
draw(mf_cli *cli, const demo_cfg *c, const char *dir, mf_err *err)
{
    mf_synth_counts n;
    mf_synth_opts   o = {
        .people = (int)c->people, .takes = 1, .size = (int)c->size, .seed = (uint64_t)c->seed,
        .jobs = {.progress = cli->progress, .what = "drawing students\tpictures", .stop = mf_cli_stop},
    };

    if (exists_in(dir, "manifest.csv")) {
        return MF_OK;
    }
    mf_logf(&cli->log, MF_LOG_INFO, "1/4  drawing %lld people with 7 expressions each, without and with a mask: %s",
            (long long)c->people, dir);
    return mf_synth_make(&n, dir, &o, err);
}

static mf_status
settings_for(mf_settings *s, const demo_cfg *c, const char *method, const char *data, mf_err *err)
{
    static const char *const precision[] = {"auto", "f32", "bf16"};
    const struct { const char *name; int64_t value; } number[] = {
        {"size", c->size}, {"epochs", c->epochs}, {"seed", c->seed}, {"batch", 16},
    };
    mf_status st;

    if ((st = mf_settings_default(s, err)) < 0 || (st = mf_settings_choose(s, method, NULL, NULL, NULL, NULL, err)) < 0 ||
        (st = mf_settings_set(s, "precision", precision[c->precision], err)) < 0 ||
        (st = mf_settings_set(s, "data", data, err)) < 0 || (st = mf_settings_set(s, "out", c->out.s, err)) < 0) {
        return st;
    }
    for (size_t i = 0; i < sizeof number / sizeof number[0]; i++) {
        char text[32];

        snprintf(text, sizeof text, "%lld", (long long)number[i].value);
        if ((st = mf_settings_set(s, number[i].name, text, err)) < 0) {
            return st;
        }
    }
    return mf_settings_check(s, err);
}

static mf_status
compare(mf_cli *cli, const demo_cfg *c, const char *data, mf_settings *all, mf_err *err)
{
    mf_dataset     *d     = NULL;
    mf_cache       *cache = NULL;
    uint32_t       *rows  = NULL;
    const char     *p     = c->methods.s;
    mf_crossval_job job   = {.settings = all, .out = c->out.s, .folds = (int)c->folds, .resume = true, .keep_weights = true,
                             .shards = 1, .log = cli->log, .progress = cli->progress, .stop = mf_cli_stop};
    mf_status       st    = MF_OK;

    while (*p != '\0') {
        char   name[64];
        size_t n = strcspn(p, ",");

        if (job.n_methods == MF_CROSSVAL_METHODS_MAX || n >= sizeof name) {
            return mf_fail(err, MF_E_USAGE, "option '--methods': at most %d names", (int)MF_CROSSVAL_METHODS_MAX);
        }
        memcpy(name, p, n);
        name[n] = '\0';
        p += n + (p[n] == ',');
        if ((st = settings_for(&all[job.n_methods++], c, name, data, err)) < 0) {
            return st;
        }
    }
    if (job.n_methods == 0) {
        return mf_fail(err, MF_E_USAGE, "option '--methods': no method is named");
    }
    if ((st = mf_dataset_load(&d, data, err)) < 0) {
        return st;
    }
    rows = mf_calloc(d->n_rows, sizeof *rows);
    if (rows == NULL) {
        st = mf_oom(err, d->n_rows * sizeof *rows, "a list of rows");
        goto done;
    }
    for (size_t i = 0; i < d->n_rows; i++) {
        rows[i] = (uint32_t)i;
    }
    if ((st = mf_cli_cache(&cache, cli, &all[0], d, rows, d->n_rows, err)) < 0) {
        goto done;
    }
    mf_logf(&cli->log, MF_LOG_INFO, "2/4  training %zu methods on %lld folds of people, each scored on people it never saw",
            job.n_methods, (long long)c->folds);
    job.data  = d;
    job.cache = cache;
    st        = mf_crossval_run(&job, err);
done:
    mf_free(rows);
    mf_cache_free(cache);
    mf_dataset_free(d);
    return st;
}

static mf_status
report(mf_cli *cli, const demo_cfg *c, mf_str *path, mf_err *err)
{
    static const char *const precision[] = {"auto", "f32", "bf16"};
    const char *const        run         = c->out.s;
    mf_report_opts           o           = {.worst = 8, .pairs = 5, .explain = true};
    mf_str                   repeat      = {0};
    mf_status                st;

    mf_str_printf(&repeat, "maskfer demo --out AGAIN --methods %s --people %lld --folds %lld --epochs %lld --size %lld --seed %lld --precision %s",
                  c->methods.s, (long long)c->people, (long long)c->folds, (long long)c->epochs, (long long)c->size, (long long)c->seed,
                  precision[c->precision]);
    if ((st = mf_str_ok(&repeat, err)) == MF_OK) {
        o.repeat        = repeat.data;
        o.how.how       = mf_attribution_opts_default();
        o.how.how.layer = "auto";
        mf_logf(&cli->log, MF_LOG_INFO, "4/4  the report: figures, heat maps, the worst mistakes");
        st = mf_report_write(path, &run, 1, &o, cli, err);
    }
    mf_str_free(&repeat);
    return st;
}

static mf_status
run_demo(int argc, char **argv, mf_cli *cli, mf_err *err)
{
    demo_cfg     c;
    mf_cli_set   set   = {demo_rows, &c};
    mf_settings *all   = mf_calloc(MF_CROSSVAL_METHODS_MAX, sizeof *all);
    mf_str       data  = {0}, text = {0}, page = {0};
    double       began = mf_now();
    size_t       n;
    mf_status    st;

    if (all == NULL) {
        return mf_oom(err, MF_CROSSVAL_METHODS_MAX * sizeof *all, "settings");
    }
    mf_opt_defaults(demo_rows, &c);
    if ((st = mf_cli_parse(cli, &mf_cmd_demo, &set, 1, argc, argv, &n, 0, 0, err)) < 0) {
        goto done;
    }
    if (exists_in(c.out.s, "summary.json")) {
        mf_logf(&cli->log, MF_LOG_INFO, "%s is finished already; remove it to see it made anew", c.out.s);
    }
    mf_path_join(&data, c.out.s, "students");
    if ((st = mf_str_ok(&data, err)) < 0 || (st = mf_dir_make(c.out.s, err)) < 0 || (st = draw(cli, &c, data.data, err)) < 0 ||
        (st = compare(cli, &c, data.data, all, err)) < 0) {
        if (st == MF_E_CANCELLED) {
            st = mf_fail(err, st, "stopped; 'maskfer demo --out %s' goes on from there", c.out.s);
        }
        goto done;
    }
    mf_logf(&cli->log, MF_LOG_INFO, "3/4  the table\n");
    if ((st = mf_crossval_collect(c.out.s, &text, err)) < 0 || (st = mf_cli_put(cli, &text, err)) < 0 || (st = report(cli, &c, &page, err)) < 0) {
        goto done;
    }
    mf_str_clear(&text);
    mf_str_printf(&text,
                  "\nDone in %.0f seconds. Everything is in %s:\n"
                  "  report.html               all of it in one page: open it in a browser\n"
                  "  figures/                  its figures, with the gnuplot scripts that draw them\n"
                  "  table.txt, summary.json   these figures\n"
                  "  predictions.csv           every answer\n"
                  "  students/                 the drawn pictures\n"
                  "  fold-00/ ...              each run, with its weights; one to try:\n"
                  "    maskfer predict %s/fold-00/baseline/weights/best.safetensors %s/students/masked/*.jpg\n",
                  mf_now() - began, c.out.s, c.out.s, c.out.s);
    mf_str_printf(&text, "\nThe report: %s\n", page.data);
    st = mf_cli_put(cli, &text, err);
done:
    mf_str_free(&data);
    mf_str_free(&page);
    mf_str_free(&text);
    mf_free(all);
    return st;
}

const mf_cmd mf_cmd_demo = {
    .name    = "demo",
    .summary = "the whole job on drawn students: pictures, training, table, report",
    .usage   = "[OPTIONS]",
    .text    = "Draws students, trains every method on folds of people, prints the table of accuracies\n"
               "without and with masks, writes report.html, and says where everything is. A stopped demo\n"
               "goes on where it was.\n",
    .opts    = {demo_rows},
    .run     = run_demo,
};
