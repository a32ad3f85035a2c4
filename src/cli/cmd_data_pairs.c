/* cli/cmd_data_pairs.c: `maskfer data pairs DIR`: the pairs whose two pictures agree. */
#include "cli/cmd_data.h"
#include "core/mem.h"
#include "data/pairs.h"
#include "data/subset.h"

typedef struct pairs_cfg {
    mf_opt_str out, name;
    bool       force, link;
} pairs_cfg;

static const mf_opt pairs_opts[] = {
    MF_OPT_STR(pairs_cfg, out, "", "folder of the new data set; without it nothing is written"),
    MF_OPT_STR(pairs_cfg, name, "", "name of the new data set (default: the old one's, and 'pairs')"),
    MF_OPT_BOOL(pairs_cfg, force, false, "replace the data set that is at --out"),
    MF_OPT_BOOL(pairs_cfg, link, false, "hard links in place of copies (same file system only)"),
    MF_OPT_END
};

static void
put_text(mf_str *out, const mf_dataset *d, const mf_pairs *p, const char *dir)
{
    int i;

    mf_str_printf(out, "%zu of %zu pairs stay, %zu of %zu pictures\n", p->kept, p->n, p->rows_kept, p->rows);
    for (i = MF_PAIR_KEPT + 1; i < MF_PAIR_FATES; i++)
        if (p->fate[i])
            mf_str_printf(out, "  %6zu pairs, %6zu pictures fall out: %s\n", p->pairs_by[i], p->fate[i],
                          mf_pair_fate_text((mf_pair_fate)i));
    if (p->unpaired)
        mf_str_printf(out, "  %6s        %6zu pictures fall out: %s\n", "", p->unpaired, mf_pair_fate_text(MF_PAIR_FATES));
    mf_str_add(out, "pairs by class:");
    for (i = 0; i < d->n_classes; i++)
        mf_str_printf(out, "%s %s %zu", i ? "," : "", d->classes[i], p->by_class[i]);
    mf_str_addc(out, '\n');
    if (*dir)
        mf_str_printf(out, "written to %s; its dropped.csv names what fell out, and why\n", dir);
}

static void
put_json(mf_str *out, const mf_dataset *d, const mf_pairs *p, const char *dir)
{
    mf_json_out j = mf_json_begin(out, 2);
    int         i;

    mf_json_open(&j, NULL, '{');
    mf_json_put_str(&j, "out", dir);
    mf_json_put_int(&j, "pairs", (int64_t)p->n);
    mf_json_put_int(&j, "kept", (int64_t)p->kept);
    mf_json_put_int(&j, "pictures", (int64_t)p->rows);
    mf_json_put_int(&j, "pictures_kept", (int64_t)p->rows_kept);
    mf_json_open(&j, "classes", '{');
    for (i = 0; i < d->n_classes; i++)
        mf_json_put_int(&j, d->classes[i], (int64_t)p->by_class[i]);
    mf_json_close(&j, '}');
    mf_json_open(&j, "fell_out", '[');
    for (i = MF_PAIR_KEPT + 1; i <= MF_PAIR_FATES; i++) {
        size_t pictures = i == MF_PAIR_FATES ? p->unpaired : p->fate[i];

        if (!pictures)
            continue;
        mf_json_open(&j, NULL, '{');
        mf_json_put_str(&j, "reason", mf_pair_fate_text((mf_pair_fate)i));
        mf_json_put_int(&j, "pairs", (int64_t)(i == MF_PAIR_FATES ? 0 : p->pairs_by[i]));
        mf_json_put_int(&j, "pictures", (int64_t)pictures);
        mf_json_close(&j, '}');
    }
    mf_json_close(&j, ']');
    mf_json_close(&j, '}');
    mf_str_addc(out, '\n');
}

static mf_status
write_set(const mf_dataset *d, const mf_pairs *p, const pairs_cfg *o, mf_cli *cli, mf_err *err)
{
    int           *label   = mf_calloc(d->n_rows, sizeof *label);
    mf_str         dropped = {0}, name = {0};
    mf_subset_opts so      = {.label = label, .force = o->force, .link = o->link, .extra = {{"dropped.csv", &dropped}},
                              .jobs = mf_cmd_data_jobs(cli, "copying pictures")};
    mf_status      st;
    size_t         i;

    if (!label)
        return mf_oom(err, d->n_rows * sizeof *label, "rows to keep");
    for (i = 0; i < d->n_rows; i++)
        label[i] = p->of_row[i] == MF_PAIR_KEPT ? d->rows[i].label : -1;
    mf_pairs_dropped_csv(&dropped, p, d);
    if (*o->name.s)
        mf_str_add(&name, o->name.s);
    else
        mf_str_printf(&name, "%s, pairs", d->name);
    if ((st = mf_str_ok(&name, err)) == MF_OK) {
        so.name = mf_str_c(&name);
        st      = mf_subset_make(o->out.s, d, &so, err);
    }
    mf_str_free(&dropped);
    mf_str_free(&name);
    mf_free(label);
    return st;
}

static mf_status
run_pairs(int argc, char **argv, mf_cli *cli, mf_err *err)
{
    pairs_cfg   o;
    mf_cli_set  set = {pairs_opts, &o};
    mf_dataset *d   = NULL;
    mf_pairs    p   = {0};
    mf_str      out = {0};
    mf_status   st;
    size_t      n;

    mf_opt_defaults(pairs_opts, &o);
    if ((st = mf_cli_parse(cli, &mf_cmd_data_pairs, &set, 1, argc, argv, &n, 1, 1, err)) < 0 ||
        (st = mf_dataset_load(&d, argv[0], err)) < 0)
        return st;
    if ((st = mf_pairs_find(&p, d, NULL, err)) < 0)
        goto done;
    if (p.n == 0) {
        st = mf_fail(err, MF_E_ARG, "data set '%s' has no pairs: the column 'pair' of manifest.csv is empty; fill it, or make pairs "
                     "with `maskfer data occlude DIR --pair`", d->dir);
        goto done;
    }
    if (*o.out.s && (st = write_set(d, &p, &o, cli, err)) < 0)
        goto done;
    if (cli->json)
        put_json(&out, d, &p, o.out.s);
    else
        put_text(&out, d, &p, o.out.s);
    st = mf_cli_put(cli, &out, err);
done:
    mf_str_free(&out);
    mf_pairs_free(&p);
    mf_dataset_free(d);
    return st;
}

const mf_cmd mf_cmd_data_pairs = {
    .name    = "pairs",
    .summary = "keep the pairs whose two pictures carry the same label",
    .usage   = "[OPTIONS] DIR [--out DIR2]",
    .text    = "A pair is a picture without occlusion and one or more of the same person and\n"
               "expression with it. It stays where both are there with the same label, as in the\n"
               "paired half of MSD-E; all else falls out, and dropped.csv says why. DIR is never\n"
               "touched.\n\n"
               "  maskfer data adjudicate faces --out checked\n"
               "  maskfer data pairs checked --out pairs",
    .opts    = {pairs_opts},
    .json    = true,
    .run     = run_pairs,
};
