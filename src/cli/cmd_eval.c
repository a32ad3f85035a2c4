/* cli/cmd_eval.c: maskfer eval: a network's figures on a data set. */
#include <string.h>

#include "cli/cli.h"
#include "core/file.h"
#include "core/json.h"
#include "core/mem.h"
#include "eval/score.h"
#include "eval/show.h"

extern const mf_cmd mf_cmd_eval;

typedef struct eval_cfg {
    int64_t    batch;
    int        precision, split;
    mf_opt_str backend, out;
    bool       tta;
} eval_cfg;

static const char *const precision_words[] = {"auto", "f32", "bf16", NULL};
static const char *const split_words[]     = {"all", "train", "val", "test", NULL};

static const mf_opt eval_rows[] = {
    MF_OPT_ENUM(eval_cfg, split, 0, split_words, "which rows of the manifest"),
    MF_OPT_INT(eval_cfg, batch, 32, 1, 4096, "pictures at a time"),
    MF_OPT_ENUM(eval_cfg, precision, 0, precision_words, "auto takes bf16 where the CPU has AMX, else f32"),
    MF_OPT_BOOL(eval_cfg, tta, 0, "the mean over each picture and its mirror image"),
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

/* What the network answered, as predictions.csv has it, so that one code judges what was just scored and what lies in files. */
static mf_status
as_table(mf_predictions **out, mf_str *csv, const mf_scores *s, const mf_dataset *d, const char *name, mf_err *err)
{
    mf_kinds  kinds;
    mf_status st;

    if ((st = mf_kinds_load(&kinds, d, err)) < 0) {
        return st;
    }
    mf_scores_csv(csv, s, d, &kinds, "", NULL);
    mf_kinds_free(&kinds);
    if ((st = mf_str_ok(csv, err)) == MF_OK) {
        st = mf_predictions_parse(out, name, csv->data, csv->len, err);
    }
    return st;
}

static void
put_unread(mf_json_out *j, const mf_scores *s, const mf_dataset *d)
{
    mf_json_open(j, "unreadable", '[');
    for (size_t i = 0; i < s->n; i++) {
        if (s->unread[i]) {
            mf_json_put_str(j, NULL, d->rows[s->row[i]].image);
        }
    }
    mf_json_close(j, ']');
}

static mf_status
print_json(mf_str *out, const mf_scores *s, const mf_dataset *d, const mf_predictions *p, mf_metrics *m, size_t failed, mf_err *err)
{
    mf_json_out       j   = mf_json_begin(out, 2);
    const mf_metrics *all = m;
    mf_status         st;

    mf_scores_metrics(m++, s, d, MF_DOMAIN_ALL);
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
        mf_json_put_num(&j, p->classes[c], all->recall[c]);
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
    mf_json_put_int(&j, "scored", (int64_t)(s->n - failed));
    mf_json_put_int(&j, "failed", (int64_t)failed);
    put_unread(&j, s, d);
    st = mf_json_method(&j, p, 0, err);
    mf_json_close(&j, '}');
    mf_str_addc(out, '\n');
    return st;
}

static mf_status
print_text(mf_str *out, const mf_predictions *p, size_t failed, mf_err *err)
{
    mf_status st;

    mf_str_printf(out, "%zu pictures scored", p->n - failed);
    if (failed != 0) {
        mf_str_printf(out, "; %zu could not be read and count as errors", failed);
    }
    mf_str_add(out, "\n\n");
    if ((st = mf_show_parts(out, p, 0, err)) < 0) {
        return st;
    }
    mf_str_addc(out, '\n');
    if ((st = mf_show_measures(out, p, MF_DOMAIN_ALL, err)) < 0) {
        return st;
    }
    mf_str_addc(out, '\n');
    if ((st = mf_show_classes(out, p, 0, MF_DOMAIN_ALL, err)) < 0) {
        return st;
    }
    mf_str_addc(out, '\n');
    return mf_show_confusion(out, p, 0, err);
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
    mf_str        text = {0}, csv = {0};
    mf_predictions *p  = NULL;
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
    io.mirror  = c.tta;
    io.prec    = c.precision == 0 ? MF_PREC_AUTO : c.precision == 1 ? MF_PREC_F32 : MF_PREC_BF16;
    if ((st = mf_dataset_load(&d, argv[1], err)) < 0 || (st = mf_dataset_need_pictures(d, err)) < 0 ||
        (st = wanted_rows(&rows, &n, d, c.split, err)) < 0 ||
        (st = mf_infer_load(&f, argv[0], &io, err)) < 0 ||
        (st = mf_score_files(&s, &failed, f, d, rows, n, NULL, &cli->log, &cli->progress, err)) < 0) {
        goto done;
    }
    if (s.n == failed) {
        st = mf_fail(err, MF_E_IO, "none of the %zu pictures of '%s' could be read", n, argv[1]);
        goto done;
    }
    if ((st = as_table(&p, &csv, &s, d, argv[0], err)) < 0) {
        goto done;
    }
    st = cli->json ? print_json(&text, &s, d, p, m, failed, err) : print_text(&text, p, failed, err);
    if (st == MF_OK && c.out.s[0] != '\0') {
        st = mf_file_write_str(c.out.s, &csv, err);
    }
    if (st == MF_OK) {
        st = mf_cli_put(cli, &text, err);
    }
done:
    mf_str_free(&text);
    mf_str_free(&csv);
    mf_predictions_free(p);
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
    .text    = "Classes are matched by name. Pictures that cannot be read are named and count as\n"
               "errors. --json has every figure of docs/judging.md; 'maskfer compare' takes the --out file.\n\n"
               "  maskfer eval runs/first/weights/best.safetensors students --json\n",
    .opts    = {eval_rows},
    .json    = true,
    .run     = run_eval,
};
