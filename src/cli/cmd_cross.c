/* cli/cmd_cross.c: maskfer cross: trained on one data set, scored on another. */
#include <string.h>

#include "cli/cli.h"
#include "core/file.h"
#include "core/mem.h"
#include "data/occlude.h"
#include "eval/cross.h"
#include "eval/show.h"
#include "train/trainer_i.h"

extern const mf_cmd mf_cmd_cross;

typedef struct cross_cfg {
    mf_opt_str out, map, with, backend;
    bool       common;
    int        precision;
    int64_t    batch, seed;
} cross_cfg;

static const char *const precision_words[] = {"auto", "f32", "bf16", NULL};

static const mf_opt cross_rows[] = {
    MF_OPT_STR(cross_cfg, out, "", "folder of the study"),
    MF_OPT_STR(cross_cfg, with, "", "also hide every face with this (as 'data occlude --with'); the pictures go to OUT/pictures"),
    MF_OPT_STR(cross_cfg, map, "", "label=class,label=-: labels of the data set that names do not match; - leaves one out"),
    MF_OPT_BOOL(cross_cfg, common, 0, "leave classes that the data set has not out of the answers; else they are wrong answers"),
    MF_OPT_INT(cross_cfg, batch, 32, 1, 4096, "pictures at a time"),
    MF_OPT_ENUM(cross_cfg, precision, 0, precision_words, "auto takes bf16 where the CPU has AMX, else f32"),
    MF_OPT_STR(cross_cfg, backend, "auto", "which kernels: auto, onednn, ref"),
    MF_OPT_INT(cross_cfg, seed, 1, 0, INT64_C(1) << 53, "of what --with draws"),
    MF_OPT_END,
};

/* The data set with both states, made below the study's folder. */
static mf_status
draw(mf_dataset **d, const cross_cfg *c, mf_cli *cli, mf_err *err)
{
    mf_str            dir  = {0};
    mf_dataset       *both = NULL;
    mf_occlude_counts n;
    mf_occlude_opts   o = {.with = c->with.s, .pair = true, .seed = (uint64_t)c->seed,
                           .jobs = {.progress = cli->progress, .what = "hiding faces"}};
    mf_status         st;

    mf_path_join(&dir, c->out.s, "pictures");
    if ((st = mf_str_ok(&dir, err)) == MF_OK && (st = mf_dir_make(c->out.s, err)) == MF_OK &&
        (st = mf_occlude_make(&n, *d, dir.data, &o, err)) == MF_OK && (st = mf_dataset_load(&both, dir.data, err)) == MF_OK) {
        mf_dataset_free(*d);
        *d = both;
    }
    mf_str_free(&dir);
    return st;
}

static mf_status
record(const cross_cfg *c, const mf_dataset *d, const char *source, const char *set, mf_err *err)
{
    mf_str    text = {0}, path = {0};
    char      hash[65];
    mf_status st;

    mf_str_printf(&text, "# The options of this study: maskfer cross %s %s\n", source, set);
    mf_opt_print_all(cross_rows, c, 0, &text);
    mf_path_join(&path, c->out.s, "config.yaml");
    mf_dataset_hash(hash, d);
    if ((st = mf_str_ok(&text, err)) == MF_OK && (st = mf_str_ok(&path, err)) == MF_OK &&
        (st = mf_file_write_str(path.data, &text, err)) == MF_OK) {
        st = mf_env_write(c->out.s, hash, (uint64_t)c->seed, precision_words[c->precision], c->backend.s, err);
    }
    mf_str_free(&text);
    mf_str_free(&path);
    return st;
}

static void
say_states(const mf_dataset *d, const mf_log *log)
{
    bool clear = false, hidden = false;

    for (size_t i = 0; i < d->n_rows; i++) {
        clear  = clear || d->rows[i].occlusion == MF_OCC_NONE;
        hidden = hidden || d->rows[i].occlusion != MF_OCC_NONE;
    }
    if (!hidden) {
        mf_logf(log, MF_LOG_INFO, "no face of '%s' is hidden: with --with mask the same pictures are scored with drawn masks too", d->dir);
    } else if (!clear) {
        mf_logf(log, MF_LOG_INFO, "every face of '%s' is hidden: there are no figures for non-masked pictures", d->dir);
    }
}

static mf_status
show(mf_cli *cli, const char *out, mf_err *err)
{
    mf_compare_opts o    = mf_compare_opts_default();
    mf_predictions *p    = NULL;
    mf_comparisons  c    = {0};
    mf_str          text = {0};
    mf_status       st;

    if ((st = mf_predictions_load(&p, &out, 1, err)) < 0 || (st = mf_compare(&c, p, &o, err)) < 0) {
        goto done;
    }
    if (cli->json) {
        st = mf_json_compare(&text, p, &c, err);
    } else if ((st = mf_show_accuracy(&text, p, err)) == MF_OK) {
        mf_str_addc(&text, '\n');
        st = mf_show_measures(&text, p, MF_DOMAIN_ALL, err);
        for (int i = 0; i < p->n_methods && st == MF_OK; i++) {
            mf_str_addc(&text, '\n');
            st = mf_show_confusion(&text, p, i, err);
        }
        mf_str_addc(&text, '\n');
        if (st == MF_OK) {
            st = mf_show_sentences(&text, &c, p, err);
        }
    }
    if (st == MF_OK) {
        st = mf_cli_put(cli, &text, err);
    }
done:
    mf_str_free(&text);
    mf_comparisons_free(&c);
    mf_predictions_free(p);
    return st;
}

static mf_status
run_cross(int argc, char **argv, mf_cli *cli, mf_err *err)
{
    cross_cfg     c;
    mf_cli_set    set  = {cross_rows, &c};
    mf_cross_nets nets = {0};
    mf_dataset   *d    = NULL;
    mf_cross_job  job  = {.infer = mf_infer_opts_default(), .log = cli->log, .progress = cli->progress};
    size_t        n, failed, left_out;
    mf_status     st;

    mf_opt_defaults(cross_rows, &c);
    if ((st = mf_cli_parse(cli, &mf_cmd_cross, &set, 1, argc, argv, &n, 2, 2, err)) < 0 ||
        (st = mf_cli_need(c.out.s, "out", err)) < 0 || (st = mf_cross_nets_find(&nets, argv[0], err)) < 0 ||
        (st = mf_dataset_load(&d, argv[1], err)) < 0 || (c.with.s[0] != '\0' && (st = draw(&d, &c, cli, err)) < 0)) {
        goto done;
    }
    say_states(d, &cli->log);
    job.source        = argv[0];
    job.out           = c.out.s;
    job.nets          = &nets;
    job.data          = d;
    job.map           = (mf_class_map_opts){.common = c.common, .map = c.map.s};
    job.infer.backend = c.backend.s;
    job.infer.batch   = (int)c.batch;
    job.infer.prec    = c.precision == 0 ? MF_PREC_AUTO : c.precision == 1 ? MF_PREC_F32 : MF_PREC_BF16;
    if ((st = mf_cross_run(&failed, &left_out, &job, err)) == MF_OK && (st = record(&c, d, argv[0], argv[1], err)) == MF_OK) {
        st = show(cli, c.out.s, err);
    }
done:
    mf_dataset_free(d);
    mf_cross_nets_free(&nets);
    return st;
}

const mf_cmd mf_cmd_cross = {
    .name    = "cross",
    .summary = "score networks on another data set than they were trained on",
    .usage   = "[OPTIONS] RUN|WEIGHTS DATASET --out RUN2",
    .text    = "RUN is a training or a cross-validation: then every fold's network of every method is scored on\n"
               "all of DATASET. Spellings of the expressions are matched (happy, happiness), and the basic\n"
               "expressions with negative, neutral, positive (surprise is either, and left out). Figures for\n"
               "non-masked and masked pictures, confusion matrices side by side. RUN2 is a run folder:\n"
               "'maskfer compare' reads it; cross.json says what was mapped and left out.\n\n"
               "  maskfer cross runs/cv lfw --with mask --out runs/cv-on-lfw\n"
               "  maskfer cross runs/first/weights/best.safetensors ckplus --map contempt=- --out runs/on-ck\n",
    .opts    = {cross_rows},
    .json    = true,
    .run     = run_cross,
};
