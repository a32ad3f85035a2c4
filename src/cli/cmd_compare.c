/* cli/cmd_compare.c: maskfer compare: figures, paired tests and sentences from the files of finished runs. */
#include <string.h>

#include "cli/cli.h"
#include "core/mem.h"
#include "eval/show.h"

extern const mf_cmd mf_cmd_compare;

typedef struct compare_cfg {
    mf_opt_str against;
    bool       classes, confusion;
    int64_t    resamples, seed;
} compare_cfg;

static const mf_opt compare_rows[] = {
    MF_OPT_STR(compare_cfg, against, "", "compare every method with this one alone; empty: all pairs"),
    MF_OPT_BOOL(compare_cfg, classes, 0, "also precision, recall, F1 and areas of each class of each method"),
    MF_OPT_BOOL(compare_cfg, confusion, 0, "also the confusion matrices, without and with masks side by side"),
    MF_OPT_INT(compare_cfg, resamples, 10000, 100, 1000000, "resamples of the bootstrap over people"),
    MF_OPT_INT(compare_cfg, seed, 1, 0, INT64_C(1) << 53, "of the bootstrap"),
    MF_OPT_END,
};

static mf_status
find_method(int *out, const mf_predictions *p, const char *name, mf_err *err)
{
    const char *near;

    *out = -1;
    if (*name == '\0') {
        return MF_OK;
    }
    for (int i = 0; i < p->n_methods; i++) {
        if (mf_str_eq(p->methods[i], name)) {
            *out = i;
            return MF_OK;
        }
    }
    near = mf_str_nearest(name, (const char *const *)p->methods);
    if (near == NULL) {
        near = p->methods[0];
    }
    return mf_fail(err, MF_E_USAGE, "option '--against': no method '%.80s' in these runs; is '%s' meant?", name, near);
}

static bool
has(const mf_predictions *p, mf_domain k)
{
    for (size_t i = 0; i < p->n; i++) {
        if (mf_domain_holds(k, p->row[i].occlusion)) {
            return true;
        }
    }
    return false;
}

static mf_status
print_text(mf_str *out, const mf_predictions *p, const mf_comparisons *c, const compare_cfg *o, mf_err *err)
{
    const bool both = has(p, MF_DOMAIN_CLEAR) && has(p, MF_DOMAIN_OCCLUDED);
    mf_status  st;

    if ((st = mf_show_accuracy(out, p, err)) < 0) {
        return st;
    }
    for (int k = MF_DOMAIN_ALL; k < MF_DOMAIN_COUNT; k++) {
        if (k == MF_DOMAIN_ALL || both) {
            mf_str_addc(out, '\n');
            if ((st = mf_show_measures(out, p, (mf_domain)k, err)) < 0) {
                return st;
            }
            mf_str_addc(out, '\n');
            if ((st = mf_show_diagonal(out, p, (mf_domain)k, err)) < 0) {
                return st;
            }
        }
    }
    for (int i = 0; i < p->n_methods; i++) {
        if (o->classes) {
            mf_str_printf(out, "\n%s\n", p->methods[i]);
            if ((st = mf_show_classes(out, p, i, MF_DOMAIN_ALL, err)) < 0 || (st = mf_show_parts(out, p, i, err)) < 0) {
                return st;
            }
        }
        if (o->confusion) {
            mf_str_addc(out, '\n');
            if ((st = mf_show_confusion(out, p, i, err)) < 0) {
                return st;
            }
        }
    }
    mf_str_addc(out, '\n');
    return mf_show_sentences(out, c, p, err);
}

static mf_status
run_compare(int argc, char **argv, mf_cli *cli, mf_err *err)
{
    compare_cfg     o;
    mf_cli_set      set  = {compare_rows, &o};
    mf_compare_opts co   = mf_compare_opts_default();
    mf_predictions *p    = NULL;
    mf_comparisons  c    = {0};
    mf_str          text = {0};
    size_t          n;
    mf_status       st;

    mf_opt_defaults(compare_rows, &o);
    if ((st = mf_cli_parse(cli, &mf_cmd_compare, &set, 1, argc, argv, &n, 1, 64, err)) < 0) {
        return st;
    }
    co.resamples = (int)o.resamples;
    co.seed      = (uint64_t)o.seed;
    if ((st = mf_predictions_load(&p, (const char *const *)argv, n, err)) < 0 ||
        (st = find_method(&co.against, p, o.against.s, err)) < 0 || (st = mf_compare(&c, p, &co, err)) < 0) {
        goto done;
    }
    st = cli->json ? mf_json_compare(&text, p, &c, err) : print_text(&text, p, &c, &o, err);
    if (st == MF_OK) {
        st = mf_cli_put(cli, &text, err);
    }
done:
    mf_str_free(&text);
    mf_comparisons_free(&c);
    mf_predictions_free(p);
    return st;
}

const mf_cmd mf_cmd_compare = {
    .name    = "compare",
    .summary = "tables, tests and sentences from finished runs",
    .usage   = "[OPTIONS] RUN...",
    .text    = "RUN is the folder of a training, a cross-validation or a cross-data-set study, or the CSV file\n"
               "of 'eval --out'. Nothing is scored again. Methods are compared on the pictures that both\n"
               "answered in the same fold: corrected resampled t-test over folds, else bootstrap over people,\n"
               "else McNemar; p values are corrected by Holm for all comparisons of one kind of picture.\n"
               "docs/judging.md says what each figure is.\n\n"
               "  maskfer compare runs/cv\n"
               "  maskfer compare runs/cv --against baseline --json\n"
               "  maskfer compare runs/first runs/second --confusion\n",
    .opts    = {compare_rows},
    .json    = true,
    .run     = run_compare,
};
