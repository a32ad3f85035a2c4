/* cli/cmd_eval.c: maskfer eval: a network's figures on a data set. */
#include <math.h>
#include <string.h>

#include "cli/cli.h"
#include "core/file.h"
#include "core/json.h"
#include "core/mem.h"
#include "eval/score.h"

extern const mf_cmd mf_cmd_eval;

typedef struct eval_cfg {
    int64_t    batch;
    int        precision, split;
    mf_opt_str backend, out;
} eval_cfg;

static const char *const precision_words[] = {"auto", "f32", "bf16", NULL};
static const char *const split_words[]     = {"all", "train", "val", "test", NULL};

static const mf_opt eval_rows[] = {
    MF_OPT_ENUM(eval_cfg, split, 0, split_words, "which rows of the manifest"),
    MF_OPT_INT(eval_cfg, batch, 32, 1, 4096, "pictures at a time"),
    MF_OPT_ENUM(eval_cfg, precision, 0, precision_words, "auto takes bf16 where the CPU computes it"),
    MF_OPT_STR(eval_cfg, backend, "auto", "which kernels: auto, onednn, ref"),
    MF_OPT_STR(eval_cfg, out, "", "also write a row a picture to this CSV file"),
    MF_OPT_END,
};

static mf_status
wanted_rows(uint32_t **rows, size_t *n, const mf_dataset *d, int split, mf_err *err)
{
    static const mf_split kind[] = {MF_SPLIT_NONE, MF_SPLIT_TRAIN, MF_SPLIT_VAL, MF_SPLIT_TEST};

    *n    = 0;
    *rows = mf_calloc(d->n_rows, sizeof **rows);
    if (*rows == NULL) {
        return mf_oom(err, d->n_rows * sizeof **rows, "a list of rows");
    }
    for (size_t i = 0; i < d->n_rows; i++) {
        if (split == 0 || d->rows[i].split == kind[split]) {
            (*rows)[(*n)++] = (uint32_t)i;
        }
    }
    return *n != 0 ? MF_OK : mf_fail(err, MF_E_LIMIT, "'%s' has no row %s%s", d->dir, split ? "of split " : "", split ? split_words[split] : "");
}

static void
print_json(mf_str *out, const mf_scores *s, const mf_dataset *d, const mf_metrics *all, mf_metrics *m, size_t failed)
{
    mf_json_out j = mf_json_begin(out, 2);

    mf_json_open(&j, NULL, '{');
    mf_json_put_num(&j, "accuracy", all->accuracy);
    mf_json_put_num(&j, "macro_f1", all->macro_f1);
    mf_json_put_num(&j, "balanced_accuracy", all->balanced);
    mf_json_put_num(&j, "loss", all->loss);
    mf_json_open(&j, "by_occlusion", '{');
    for (int o = 0; o < MF_OCC_COUNT; o++) {
        mf_scores_by_occlusion(m, s, d, (mf_occlusion)o);
        if (m->n != 0) {
            mf_json_open(&j, mf_occlusion_name((mf_occlusion)o), '{');
            mf_json_put_int(&j, "n", (int64_t)m->n);
            mf_json_put_num(&j, "accuracy", m->accuracy);
            mf_json_put_num(&j, "macro_f1", m->macro_f1);
            mf_json_put_num(&j, "loss", m->loss);
            mf_json_close(&j, '}');
        }
    }
    mf_json_close(&j, '}');
    mf_json_open(&j, "per_class", '{');
    for (int c = 0; c < all->classes; c++) {
        mf_json_put_num(&j, s->class_name != NULL ? s->class_name[c] : d->classes[c], all->recall[c]);
    }
    mf_json_close(&j, '}');
    mf_json_open(&j, "confusion", '[');
    for (int r = 0; r < all->classes; r++) {
        mf_json_open(&j, NULL, '[');
        for (int c = 0; c < all->classes; c++) {
            mf_json_put_int(&j, NULL, all->confusion[r][c]);
        }
        mf_json_close(&j, ']');
    }
    mf_json_close(&j, ']');
    mf_json_put_int(&j, "scored", (int64_t)s->n);
    mf_json_put_int(&j, "failed", (int64_t)failed);
    mf_json_close(&j, '}');
    mf_str_addc(out, '\n');
}

static void
print_text(mf_str *out, const mf_scores *s, const mf_dataset *d, const mf_metrics *all, mf_metrics *m, size_t failed)
{
    mf_str_printf(out, "%zu pictures scored, %zu could not be read\n\n%-12s %8s %10s %10s %8s\n", s->n, failed, "", "pictures",
                  "accuracy", "macro F1", "loss");
    mf_str_printf(out, "%-12s %8zu %9.2f%% %9.2f%% %8.4f\n", "all", all->n, all->accuracy, all->macro_f1, all->loss);
    for (int o = 0; o < MF_OCC_COUNT; o++) {
        mf_scores_by_occlusion(m, s, d, (mf_occlusion)o);
        if (m->n != 0 && m->n != all->n) {
            mf_str_printf(out, "%-12s %8zu %9.2f%% %9.2f%% %8.4f\n", mf_occlusion_name((mf_occlusion)o), m->n, m->accuracy,
                          m->macro_f1, m->loss);
        }
    }
    mf_str_printf(out, "\nrows: label, columns: answer\n%-12s", "");
    for (int c = 0; c < all->classes; c++) {
        mf_str_printf(out, " %8.8s", s->class_name != NULL ? s->class_name[c] : d->classes[c]);
    }
    mf_str_printf(out, " %8s\n", "recall");
    for (int r = 0; r < all->classes; r++) {
        mf_str_printf(out, "%-12.12s", s->class_name != NULL ? s->class_name[r] : d->classes[r]);
        for (int c = 0; c < all->classes; c++) {
            mf_str_printf(out, " %8lld", (long long)all->confusion[r][c]);
        }
        if (isnan(all->recall[r])) {
            mf_str_printf(out, " %8s\n", "-");
        } else {
            mf_str_printf(out, " %7.1f%%\n", all->recall[r]);
        }
    }
}

static mf_status
run_eval(int argc, char **argv, mf_cli *cli, mf_err *err)
{
    eval_cfg      c;
    mf_cli_set    set  = {eval_rows, &c};
    mf_infer_opts io   = mf_infer_opts_default();
    mf_infer     *f    = NULL;
    mf_dataset   *d    = NULL;
    uint32_t     *rows = NULL;
    mf_scores     s    = {0};
    mf_metrics   *m    = mf_calloc(2, sizeof *m);
    mf_str        text = {0};
    size_t        n, failed;
    mf_status     st;

    if (m == NULL) {
        return mf_oom(err, 2 * sizeof *m, "figures");
    }
    mf_opt_defaults(eval_rows, &c);
    if ((st = mf_cli_parse(cli, &mf_cmd_eval, &set, 1, argc, argv, &n, 2, 2, err)) < 0) {
        goto done;
    }
    io.backend = c.backend.s;
    io.batch   = (int)c.batch;
    io.prec    = c.precision == 0 ? MF_PREC_AUTO : c.precision == 1 ? MF_PREC_F32 : MF_PREC_BF16;
    if ((st = mf_dataset_load(&d, argv[1], err)) < 0 || (st = wanted_rows(&rows, &n, d, c.split, err)) < 0 ||
        (st = mf_infer_load(&f, argv[0], &io, err)) < 0 ||
        (st = mf_score_files(&s, &failed, f, d, rows, n, &cli->log, &cli->progress, err)) < 0) {
        goto done;
    }
    if (s.n == 0) {
        st = mf_fail(err, MF_E_IO, "none of the %zu pictures of '%s' could be read", n, argv[1]);
        goto done;
    }
    mf_scores_metrics(&m[0], &s, d, MF_DOMAIN_ALL);
    if (cli->json) {
        print_json(&text, &s, d, &m[0], &m[1], failed);
    } else {
        print_text(&text, &s, d, &m[0], &m[1], failed);
    }
    if (c.out.s[0] != '\0') {
        mf_str csv = {0};

        mf_scores_csv(&csv, &s, d, "", NULL);
        st = mf_file_write_str(c.out.s, &csv, err);
        mf_str_free(&csv);
    }
    if (st == MF_OK) {
        st = mf_cli_put(cli, &text, err);
    }
done:
    mf_str_free(&text);
    mf_scores_free(&s);
    mf_infer_free(f);
    mf_free(rows);
    mf_dataset_free(d);
    mf_free(m);
    return st;
}

const mf_cmd mf_cmd_eval = {
    .name    = "eval",
    .summary = "score a network on a data set",
    .usage   = "[OPTIONS] WEIGHTS DATASET",
    .text    = "Classes are matched by name. Pictures that cannot be read are named, left out and counted.\n\n"
               "  maskfer eval runs/first/weights/best.safetensors students --json\n",
    .opts    = {eval_rows},
    .json    = true,
    .run     = run_eval,
};
