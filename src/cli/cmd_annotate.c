/* cli/cmd_annotate.c: maskfer annotate: a local page where several people check labels; their votes as a table. */
#include <math.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/serving.h"
#include "core/file.h"
#include "core/json.h"
#include "data/manifest.h"
#include "serve/annotate.h"
#include "serve/export.h"

extern const mf_cmd mf_cmd_annotate;

typedef struct annotate_cfg {
    mf_opt_str people, listen, url, db, export;
    double     repeat_share;
    int64_t    seed, side;
} annotate_cfg;

static const mf_opt annotate_rows[] = {
    MF_OPT_STR(annotate_cfg, people, "", "names of the volunteers, a comma between; needed the first time, later to add some"),
    MF_OPT_STR(annotate_cfg, listen, "127.0.0.1:8077", "ADDRESS:PORT to serve on; port 0 takes any free one, 0.0.0.0 every network"),
    MF_OPT_STR(annotate_cfg, url, "", "what the links begin with where a proxy or tunnel stands in front (https://...)"),
    MF_OPT_F64(annotate_cfg, repeat_share, 0.1, 0, 0.5, "share of the pictures that each volunteer sees twice"),
    MF_OPT_INT(annotate_cfg, seed, 1, 0, INT64_C(1) << 53, "of everybody's own order of the pictures"),
    MF_OPT_INT(annotate_cfg, side, 1280, 0, 32768, "pixels of the longer side to which larger pictures are reduced; 0: never"),
    MF_OPT_STR(annotate_cfg, db, "", "file that keeps the votes; DIR/annotate.db unless given"),
    MF_OPT_STR(annotate_cfg, export, "", "do not serve: write the votes to this CSV file and print figures"),
    MF_OPT_END,
};

/* ---- people ---- */

/* Check every name of the list and, with `b`, add those who are new. */
static mf_status
each_person(mf_ballots *b, const char *names, mf_err *err)
{
    mf_status st = MF_OK;

    while (*names != '\0' && st == MF_OK) {
        size_t n    = strcspn(names, ",");
        size_t from = strspn(names, " "), to = n;
        char   name[MF_OPT_STR_MAX];

        while (to > from && names[to - 1] == ' ')
            to--;
        if (from >= to)
            return mf_fail(err, MF_E_USAGE, "--people has an empty name; write them as ann,ben,cleo");
        memcpy(name, names + from, to - from);
        name[to - from] = '\0';
        st = b != NULL ? mf_ballots_add_person(b, name, err) : mf_person_check_name(name, err);
        names += names[n] == ',' ? n + 1 : n;
    }
    return st;
}

/* ---- serving ---- */

typedef struct links {
    const mf_dataset *data;
    mf_annotate      *a;
    size_t            n;
} links;

static void
put_links_json(const links *l, const char *url, mf_str *out)
{
    mf_json_out j = mf_json_begin(out, 0);
    size_t      i;

    mf_json_open(&j, NULL, '{');
    mf_json_put_str(&j, "url", url);
    mf_json_put_int(&j, "pictures", (int64_t)l->data->n_rows);
    mf_json_open(&j, "people", '[');
    for (i = 0; i < l->n; i++) {
        mf_progress_of p    = mf_annotate_progress(l->a, i);
        mf_str         link = {0};

        mf_str_printf(&link, "%s/#%s", url, p.person->token);
        mf_json_open(&j, NULL, '{');
        mf_json_put_str(&j, "name", p.person->name);
        mf_json_put_str(&j, "link", mf_str_c(&link));
        mf_json_put_int(&j, "done", (int64_t)p.done);
        mf_json_put_int(&j, "total", (int64_t)p.total);
        mf_json_close(&j, '}');
        mf_str_free(&link);
    }
    mf_json_close(&j, ']');
    mf_json_close(&j, '}');
    mf_str_addc(out, '\n');
}

static void
put_links(void *arg, const char *url, bool json, mf_str *out)
{
    const links *l     = arg;
    int          width = 0;
    size_t       i;

    if (json) {
        put_links_json(l, url, out);
        return;
    }
    for (i = 0; i < l->n; i++) {
        int len = (int)strlen(mf_annotate_progress(l->a, i).person->name);

        width = len > width ? len : width;
    }
    mf_str_printf(out, "%s: %zu pictures, %zu volunteers. A link each; whoever has it answers in that name:\n\n", l->data->dir,
                  l->data->n_rows, l->n);
    for (i = 0; i < l->n; i++) {
        mf_progress_of p = mf_annotate_progress(l->a, i);

        mf_str_printf(out, "  %-*s  %s/#%s  %zu of %zu\n", width, p.person->name, url, p.person->token, p.done, p.total);
    }
    mf_str_add(out, "\nEvery answer is on disk before the page moves on. Ctrl-C ends this.\n");
}

static mf_status
put_progress(mf_cli *cli, mf_annotate *a, size_t n, mf_err *err)
{
    mf_str    out = {0};
    mf_status st;
    size_t    i;

    mf_str_add(&out, "\nEnded. ");
    for (i = 0; i < n; i++) {
        mf_progress_of p = mf_annotate_progress(a, i);

        mf_str_printf(&out, "%s%s %zu of %zu", i ? ", " : "", p.person->name, p.done, p.total);
    }
    mf_str_addc(&out, '\n');
    st = mf_cli_put(cli, &out, err);
    mf_str_free(&out);
    return st;
}

static mf_status
serve(mf_cli *cli, const annotate_cfg *c, mf_http_opts *http, const mf_address *address, const mf_dataset *d, mf_ballots *b,
      mf_err *err)
{
    mf_annotate *a = NULL;
    links        l = {.data = d};
    mf_status    st;

    mf_ballots_people(b, &l.n);
    if (l.n == 0)
        return mf_fail(err, MF_E_USAGE, "nobody is to annotate yet; name them with --people ann,ben,cleo");
    if ((st = mf_annotate_new(&a, d, b, (int)c->side, err)) < 0)
        return st;
    l.a          = a;
    http->routes = mf_annotate_routes();
    http->app    = a;
    if ((st = mf_serving_run(cli, http, address, c->url.s, true, put_links, &l, err)) == MF_OK && !cli->json)
        st = put_progress(cli, a, l.n, err);
    mf_annotate_free(a);
    return st;
}

/* ---- exporting ---- */

static void
put_figure(mf_str *out, double x, double scale, int decimals)
{
    if (isnan(x))
        mf_str_printf(out, " %9s", "-");
    else
        mf_str_printf(out, " %9.*f", decimals, scale * x);
}

static void
put_self(mf_str *out, int width, const char *name, const mf_self *s)
{
    size_t n = s->verdicts[MF_VERDICT_AGREE] + s->verdicts[MF_VERDICT_OTHER] + s->verdicts[MF_VERDICT_UNSURE];

    mf_str_printf(out, "  %-*s %9zu %9zu %9zu %9zu %9zu %9zu", width, name, n, s->verdicts[MF_VERDICT_AGREE],
                  s->verdicts[MF_VERDICT_OTHER], s->verdicts[MF_VERDICT_UNSURE], s->twice, s->same);
    put_figure(out, s->agreement, 100, 1);
    put_figure(out, s->kappa, 1, 3);
    put_figure(out, s->median_seconds, 1, 1);
    mf_str_addc(out, '\n');
}

static void
put_export_text(mf_str *out, const char *path, const mf_export *e, const mf_person *people, const mf_dataset *d)
{
    size_t i;
    int    width = 9;

    for (i = 0; i < e->n_who; i++)
        width = (int)strlen(people[i].name) > width ? (int)strlen(people[i].name) : width;
    mf_str_printf(out, "%s: %zu votes of %zu people on %zu of %zu pictures\n\n", path, e->votes, e->n_who, e->pictures, d->n_rows);
    mf_str_printf(out, "  %-*s %9s %9s %9s %9s %9s %9s %9s %9s %9s\n", width, "annotator", "votes", "agree", "other", "unsure",
                  "repeated", "same", "same %", "kappa", "seconds");
    for (i = 0; i < e->n_who; i++)
        put_self(out, width, people[i].name, &e->who[i]);
    put_self(out, width, "together", &e->all);
    mf_str_add(out, "\nRepeated pictures were answered twice; 'same %' and Cohen's kappa compare the two answers. Only the first\n"
                    "counts as a vote. 'seconds' is the median time of looking.\n");
    if (e->left_out)
        mf_str_printf(out, "%zu answers are on pictures that the manifest no longer lists; they were left out.\n", e->left_out);
}

static void
put_self_json(mf_json_out *j, const mf_self *s)
{
    int k;

    for (k = 0; k < MF_VERDICT_COUNT; k++)
        mf_json_put_int(j, mf_verdict_name((mf_verdict)k), (int64_t)s->verdicts[k]);
    mf_json_put_int(j, "repeated", (int64_t)s->twice);
    mf_json_put_int(j, "same", (int64_t)s->same);
    mf_json_put_num(j, "self_agreement", s->agreement);
    mf_json_put_num(j, "self_kappa", s->kappa);
    mf_json_put_num(j, "median_seconds", s->median_seconds);
}

static void
put_export_json(mf_str *out, const char *path, const mf_export *e, const mf_person *people, const mf_dataset *d)
{
    mf_json_out j = mf_json_begin(out, 2);
    size_t      i;

    mf_json_open(&j, NULL, '{');
    mf_json_put_str(&j, "votes_csv", path);
    mf_json_put_int(&j, "votes", (int64_t)e->votes);
    mf_json_put_int(&j, "pictures", (int64_t)d->n_rows);
    mf_json_put_int(&j, "pictures_with_votes", (int64_t)e->pictures);
    mf_json_put_int(&j, "left_out", (int64_t)e->left_out);
    mf_json_open(&j, "together", '{');
    put_self_json(&j, &e->all);
    mf_json_close(&j, '}');
    mf_json_open(&j, "people", '[');
    for (i = 0; i < e->n_who; i++) {
        mf_json_open(&j, NULL, '{');
        mf_json_put_str(&j, "name", people[i].name);
        put_self_json(&j, &e->who[i]);
        mf_json_close(&j, '}');
    }
    mf_json_close(&j, ']');
    mf_json_close(&j, '}');
    mf_str_addc(out, '\n');
}

static mf_status
export_votes(mf_cli *cli, const char *path, const mf_dataset *d, mf_ballots *b, mf_err *err)
{
    mf_str           csv = {0}, text = {0};
    mf_export        e   = {0};
    const mf_person *people;
    mf_status        st;
    size_t           n;

    people = mf_ballots_people(b, &n);
    if ((st = mf_export_make(&e, &csv, b, d, err)) < 0 || (st = mf_file_write_str(path, &csv, err)) < 0)
        goto done;
    if (cli->json)
        put_export_json(&text, path, &e, people, d);
    else
        put_export_text(&text, path, &e, people, d);
    st = mf_cli_put(cli, &text, err);
done:
    mf_export_free(&e);
    mf_str_free(&csv);
    mf_str_free(&text);
    return st;
}

/* ---- the command ---- */

static mf_status
run_annotate(int argc, char **argv, mf_cli *cli, mf_err *err)
{
    annotate_cfg    c;
    mf_cli_set      set = {annotate_rows, &c};
    mf_ballots_opts bo;
    mf_dataset     *d    = NULL;
    mf_ballots     *b    = NULL;
    mf_str          path = {0};
    mf_http_opts    http;
    mf_address      address;
    mf_status       st;
    size_t          n;

    mf_opt_defaults(annotate_rows, &c);
    bo = (mf_ballots_opts){.seed_given  = mf_cli_peek(argc, argv, "seed") != NULL,
                           .share_given = mf_cli_peek(argc, argv, "repeat-share") != NULL};
    if ((st = mf_cli_parse(cli, &mf_cmd_annotate, &set, 1, argc, argv, &n, 1, 1, err)) < 0)
        return st;
    bo.write = c.export.s[0] == '\0';
    bo.seed  = (uint64_t)c.seed;
    bo.share = c.repeat_share;
    /* What is wrong with the command line is said before anything is made. */
    if (bo.write && ((st = mf_serving_opts(&http, &address, cli, c.listen.s, c.url.s, err)) < 0 ||
                     (st = each_person(NULL, c.people.s, err)) < 0))
        return st;
    if (c.db.s[0] != '\0')
        mf_str_add(&path, c.db.s);
    else
        mf_path_join(&path, argv[0], "annotate.db");
    if (bo.write && c.people.s[0] == '\0' && !mf_path_exists(mf_str_c(&path)))
        st = mf_fail(err, MF_E_USAGE, "nobody is to annotate yet; name them with --people ann,ben,cleo");
    else if ((st = mf_str_ok(&path, err)) == MF_OK && (st = mf_dataset_load(&d, argv[0], err)) == MF_OK &&
             (st = mf_ballots_open(&b, mf_str_c(&path), d, &bo, err)) == MF_OK) {
        if (!bo.write)
            st = export_votes(cli, c.export.s, d, b, err);
        else if ((st = each_person(b, c.people.s, err)) == MF_OK)
            st = serve(cli, &c, &http, &address, d, b, err);
    }
    mf_ballots_close(b);
    mf_dataset_free(d);
    mf_str_free(&path);
    return st;
}

const mf_cmd mf_cmd_annotate = {
    .name    = "annotate",
    .summary = "a local web page where several people check the labels of a data set",
    .usage   = "[OPTIONS] DIR",
    .text    = "Prints a link for each volunteer. Each sees the pictures one at a time, in an order of\n"
               "their own, with the label that the picture has, and agrees, names another class, or\n"
               "says that it cannot be told. Some pictures come twice, to measure how well people\n"
               "agree with themselves. Nobody sees what others answered.\n\n"
               "Answers are on disk before the page moves on. The command may be stopped, or killed,\n"
               "at any time; the same links continue where people stopped.\n\n"
               "  maskfer annotate faces --people ann,ben,cleo\n"
               "  maskfer annotate faces --export votes.csv\n"
               "  maskfer annotate faces --listen 0.0.0.0:8077 --url https://faces.example\n\n"
               "docs/annotate.md tells how to reach the page from other machines safely.",
    .opts    = {annotate_rows},
    .json    = true,
    .run     = run_annotate,
};
