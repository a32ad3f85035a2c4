/* cli/cmd_data_folds.c: `maskfer data folds`: identity-independent parts, shown and written. */
#include <string.h>
#include "cli/cmd_data.h"
#include "core/csv.h"
#include "core/file.h"
#include "core/mem.h"
#include "data/folds.h"

typedef struct folds_cfg {
    int64_t    folds, seed;
    mf_opt_str out;
} folds_cfg;

static const mf_opt folds_opts[] = {
    MF_OPT_INT(folds_cfg, folds, 10, 2, 1000, "number of parts"),
    MF_OPT_INT(folds_cfg, seed, 1, 0, INT64_C(1) << 53, "decides between divisions that are equally even"),
    MF_OPT_STR(folds_cfg, out, "", "CSV file to write: image,subject,fold"),
    MF_OPT_END
};

/* What a fold holds. */
typedef struct part {
    size_t people, pictures, by_class[MF_CLASSES_MAX];
} part;

static mf_status
tally(part *p, const mf_dataset *d, const int *fold, mf_err *err)
{
    uint8_t *seen = mf_calloc((size_t)d->n_subjects, 1);
    size_t   i;

    if (!seen)
        return mf_oom(err, (size_t)d->n_subjects, "people");
    for (i = 0; i < d->n_rows; i++) {
        const mf_row *r = &d->rows[i];

        p[fold[i]].pictures++;
        p[fold[i]].by_class[r->label]++;
        p[fold[i]].people += !seen[r->subject];
        seen[r->subject] = 1;
    }
    mf_free(seen);
    return MF_OK;
}

static void
put_text(mf_str *out, const mf_dataset *d, const part *p, int k)
{
    int f, c;

    mf_str_printf(out, "%5s %7s %9s", "fold", "people", "pictures");
    for (c = 0; c < d->n_classes; c++)
        mf_str_printf(out, " %9s", d->classes[c]);
    mf_str_addc(out, '\n');
    for (f = 0; f < k; f++) {
        mf_str_printf(out, "%5d %7zu %9zu", f, p[f].people, p[f].pictures);
        for (c = 0; c < d->n_classes; c++)
            mf_str_printf(out, " %*zu", (int)strlen(d->classes[c]) > 9 ? (int)strlen(d->classes[c]) : 9, p[f].by_class[c]);
        mf_str_addc(out, '\n');
    }
}

static void
put_json(mf_str *out, const mf_dataset *d, const part *p, int k)
{
    mf_json_out j = mf_json_begin(out, 2);
    int         f, c;

    mf_json_open(&j, NULL, '{');
    mf_json_open(&j, "folds", '[');
    for (f = 0; f < k; f++) {
        mf_json_open(&j, NULL, '{');
        mf_json_put_int(&j, "fold", f);
        mf_json_put_int(&j, "people", (int64_t)p[f].people);
        mf_json_put_int(&j, "pictures", (int64_t)p[f].pictures);
        mf_json_open(&j, "classes", '{');
        for (c = 0; c < d->n_classes; c++)
            mf_json_put_int(&j, d->classes[c], (int64_t)p[f].by_class[c]);
        mf_json_close(&j, '}');
        mf_json_close(&j, '}');
    }
    mf_json_close(&j, ']');
    mf_json_close(&j, '}');
    mf_str_addc(out, '\n');
}

static mf_status
write_csv(const char *path, const mf_dataset *d, const int *fold, mf_err *err)
{
    mf_status st;
    mf_str    text = {0};
    size_t    i;

    mf_str_add(&text, "image,subject,fold\n");
    for (i = 0; i < d->n_rows; i++) {
        mf_csv_put(&text, d->rows[i].image);
        mf_str_addc(&text, ',');
        mf_csv_put(&text, d->subjects[d->rows[i].subject]);
        mf_str_printf(&text, ",%d\n", fold[i]);
    }
    if ((st = mf_str_ok(&text, err)) == MF_OK)
        st = mf_file_write_str(path, &text, err);
    mf_str_free(&text);
    return st;
}

static mf_status
run_folds(int argc, char **argv, mf_cli *cli, mf_err *err)
{
    folds_cfg   o;
    mf_cli_set  set  = {folds_opts, &o};
    mf_status   st;
    mf_dataset *d    = NULL;
    int        *fold = NULL;
    part       *p    = NULL;
    mf_str      out  = {0};
    size_t      n;

    mf_opt_defaults(folds_opts, &o);
    if ((st = mf_cli_parse(cli, &mf_cmd_data_folds, &set, 1, argc, argv, &n, 1, 1, err)) < 0 ||
        (st = mf_dataset_load(&d, argv[0], err)) < 0)
        return st;
    fold = mf_calloc(d->n_rows, sizeof *fold);
    p    = mf_calloc((size_t)o.folds, sizeof *p);
    if (!fold || !p) {
        st = mf_oom(err, d->n_rows * sizeof *fold, "folds");
        goto done;
    }
    if ((st = mf_folds_make(fold, d, (int)o.folds, (uint64_t)o.seed, err)) < 0) {
        mf_fail_in(err, st, "data set '%s'", d->dir);
        goto done;
    }
    if ((st = tally(p, d, fold, err)) < 0 || (*o.out.s && (st = write_csv(o.out.s, d, fold, err)) < 0))
        goto done;
    if (cli->json)
        put_json(&out, d, p, (int)o.folds);
    else
        put_text(&out, d, p, (int)o.folds);
    st = mf_cli_put(cli, &out, err);
done:
    mf_str_free(&out);
    mf_free(p);
    mf_free(fold);
    mf_dataset_free(d);
    return st;
}

const mf_cmd mf_cmd_data_folds = {
    .name    = "folds",
    .summary = "divide the people into even parts, for cross-validation",
    .usage   = "[OPTIONS] DIR",
    .text    = "All pictures of a person fall into one part; parts are evened by people, pictures\n"
               "and classes. The same seed gives the same parts on every machine. A data set with\n"
               "pictures of unknown people is refused.",
    .opts    = {folds_opts},
    .json    = true,
    .run     = run_folds,
};
