/* cli/cmd_data_adjudicate.c: `maskfer data adjudicate DIR`: votes in, a data set with checked labels out. What is printed is
 * in adjudicate_report.c. */
#include "cli/adjudicate_report.h"
#include "cli/cmd_data.h"
#include "core/clock.h"
#include "core/file.h"
#include "core/mem.h"
#include "data/subset.h"

typedef struct adjudicate_cfg {
    mf_opt_str votes, out, rule, name;
    int64_t    min_votes, second_look;
    bool       soft, force, link;
} adjudicate_cfg;

static const mf_opt adjudicate_opts[] = {
    MF_OPT_STR(adjudicate_cfg, votes, "", "file of the votes (default: DIR/votes.csv)"),
    MF_OPT_STR(adjudicate_cfg, out, "", "folder of the new data set; without it nothing is written"),
    MF_OPT_STR(adjudicate_cfg, rule, "msde", "how votes become a label; the rules and their options are listed below"),
    MF_OPT_INT(adjudicate_cfg, min_votes, 1, 0, 10000, "remove pictures that fewer annotators judged; 0 keeps those nobody judged"),
    MF_OPT_BOOL(adjudicate_cfg, soft, false, "write soft.csv too: what the rule believes of every class"),
    MF_OPT_INT(adjudicate_cfg, second_look, 10, 0, 1000000, "pictures named as most worth a second look"),
    MF_OPT_STR(adjudicate_cfg, name, "", "name of the new data set (default: the old one's, and the rule)"),
    MF_OPT_BOOL(adjudicate_cfg, force, false, "replace the data set that is at --out"),
    MF_OPT_BOOL(adjudicate_cfg, link, false, "hard links in place of copies (same file system only)"),
    MF_OPT_END
};

static void
list_rules(mf_str *out)
{
    size_t i;

    mf_str_add(out, "\nRules, and their options:\n");
    for (i = 0; i < mf_rule_count(); i++) {
        const mf_rule_def *def = mf_rule_at(i);

        mf_str_printf(out, "  %s: %s\n      (%s)\n", def->name, def->summary, def->source);
        mf_opt_help(def->opts, out);
    }
}

static mf_status
write_set(const mf_adjudication *a, const mf_str *json, const adjudicate_cfg *o, mf_cli *cli, mf_err *err)
{
    mf_str         decisions = {0}, name = {0};
    mf_subset_opts so = {
        .label = a->label, .soft = o->soft ? a->soft : NULL, .force = o->force, .link = o->link,
        .extra = {{"decisions.csv", &decisions}, {"agreement.json", json}}, .jobs = mf_cmd_data_jobs(cli, "copying pictures"),
    };
    mf_status st;

    if (*o->name.s)
        mf_str_add(&name, o->name.s);
    else
        mf_str_printf(&name, "%s, checked (%s)", a->d->name, o->rule.s);
    mf_adjudication_csv(&decisions, a);
    if ((st = mf_str_ok(&name, err)) == MF_OK) {
        so.name = mf_str_c(&name);
        st      = mf_subset_make(o->out.s, a->d, &so, err);
    }
    mf_str_free(&decisions);
    mf_str_free(&name);
    return st;
}

/* Decide, measure, write, print. */
static mf_status
adjudicate(const mf_dataset *d, const mf_votes *v, const mf_rule_def *rule, const void *cfg, const adjudicate_cfg *o,
           const char *votes, mf_cli *cli, mf_err *err)
{
    mf_adjudicate_report r    = {.votes = votes, .rule = rule->name, .out = o->out.s};
    mf_str               json = {0}, text = {0};
    mf_status            st;
    double               from = mf_now();

    if ((st = mf_adjudicate(&r.a, rule, cfg, d, v, (int)o->min_votes, err)) < 0)
        return st;
    r.seconds = mf_now() - from;
    if ((st = mf_agreement_make(&r.g, &r.a, err)) < 0 || (st = mf_pairs_find(&r.before, d, NULL, err)) < 0 ||
        (st = mf_pairs_find(&r.after, d, r.a.label, err)) < 0 ||
        (st = mf_agreement_doubtful(&r.second, &r.n_second, &r.a, (size_t)o->second_look, err)) < 0)
        goto done;
    mf_adjudicate_report_json(&json, &r);
    if (*o->out.s && (st = write_set(&r.a, &json, o, cli, err)) < 0)
        goto done;
    if (!cli->json)
        mf_adjudicate_report_text(&text, &r);
    st = mf_cli_put(cli, cli->json ? &json : &text, err);
done:
    mf_str_free(&json);
    mf_str_free(&text);
    mf_free(r.second);
    mf_pairs_free(&r.before);
    mf_pairs_free(&r.after);
    mf_agreement_free(&r.g);
    mf_adjudication_free(&r.a);
    return st;
}

static mf_status
run_adjudicate(int argc, char **argv, mf_cli *cli, mf_err *err)
{
    adjudicate_cfg     o;
    mf_cli_set         set[2] = {{adjudicate_opts, &o}, {NULL, NULL}};
    const char        *word   = mf_cli_peek(argc, argv, "rule");
    const mf_rule_def *rule   = NULL;
    void              *cfg    = NULL;
    mf_dataset        *d      = NULL;
    mf_votes          *v      = NULL;
    mf_str             votes  = {0};
    mf_status          st;
    size_t             n;

    mf_opt_defaults(adjudicate_opts, &o);
    if ((st = mf_rule_find(&rule, word ? word : o.rule.s, err)) < 0)
        return mf_fail(err, MF_E_USAGE, "%s", err ? err->msg : "");
    if (!(cfg = mf_calloc(1, rule->cfg_size)))
        return mf_oom(err, rule->cfg_size, "options");
    mf_opt_defaults(rule->opts, cfg);
    set[1] = (mf_cli_set){rule->opts, cfg};
    if ((st = mf_cli_parse(cli, &mf_cmd_data_adjudicate, set, 2, argc, argv, &n, 1, 1, err)) < 0)
        goto done;
    if (*o.votes.s)
        mf_str_add(&votes, o.votes.s);
    else
        mf_path_join(&votes, argv[0], "votes.csv");
    if ((st = mf_str_ok(&votes, err)) < 0 || (st = mf_dataset_load(&d, argv[0], err)) < 0)
        goto done;
    if (!*o.votes.s && !mf_path_exists(mf_str_c(&votes))) {
        st = mf_fail(err, MF_E_NOTFOUND, "'%s' has no votes.csv; give the votes with --votes FILE, or collect them with "
                     "`maskfer annotate`", argv[0]);
        goto done;
    }
    if ((st = mf_votes_load(&v, d, mf_str_c(&votes), err)) == MF_OK)
        st = adjudicate(d, v, rule, cfg, &o, mf_str_c(&votes), cli, err);
done:
    mf_votes_free(v);
    mf_dataset_free(d);
    mf_str_free(&votes);
    mf_free(cfg);
    return st;
}

const mf_cmd mf_cmd_data_adjudicate = {
    .name      = "adjudicate",
    .summary   = "turn several annotators' votes into checked labels",
    .usage     = "[OPTIONS] DIR [--votes CSV] [--out DIR2]",
    .text      = "Reads what annotators said of the labels of DIR (docs/formats.md, votes.csv) and\n"
                 "decides for every picture: keep the label, give another one, or remove it. Prints\n"
                 "how far the annotators agree, how good each of them is, and which pictures are most\n"
                 "worth a second look. With --out it writes the data set that is left, with\n"
                 "decisions.csv (every picture, the decision, and the reason in words) and\n"
                 "agreement.json; DIR is never touched. docs/curation.md explains rules and figures.\n\n"
                 "  maskfer data adjudicate faces --votes votes.csv --out checked\n"
                 "  maskfer data adjudicate faces --rule dawid-skene --soft --out checked",
    .opts      = {adjudicate_opts},
    .more_help = list_rules,
    .json      = true,
    .run       = run_adjudicate,
};
