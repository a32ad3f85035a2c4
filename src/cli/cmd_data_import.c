/* cli/cmd_data_import.c: `maskfer data import FORMAT SRC`: FORMAT is an importer of src/data/importers, or auto. */
#include <string.h>
#include "cli/cmd_data.h"
#include "core/mem.h"
#include "data/import.h"

typedef struct import_cfg {
    mf_opt_str out, name, licence, source;
    int        class_names;
    bool       force, link, drop_repeated, follow_links;
} import_cfg;

static const char *const class_names[] = {"source", "basic", NULL}; /* the order of mf_import_words */

static const mf_opt import_opts[] = {
    MF_OPT_STR(import_cfg, out, "", "folder of the new data set"),
    MF_OPT_STR(import_cfg, name, "", "its name (default: the name of SRC)"),
    MF_OPT_STR(import_cfg, licence, "", "its licence, for dataset.yaml"),
    MF_OPT_STR(import_cfg, source, "", "where it comes from, for dataset.yaml"),
    MF_OPT_ENUM(import_cfg, class_names, MF_WORDS_SOURCE, class_names,
                "class names as the source has them, or surprise, fear, disgust, happy, sad, angry, neutral, contempt, so that "
                "data sets can be trained and scored together"),
    MF_OPT_BOOL(import_cfg, force, false, "replace the data set that is at --out"),
    MF_OPT_BOOL(import_cfg, drop_repeated, false,
                "leave out pictures that are there more than once, so that none is trained on and scored"),
    MF_OPT_BOOL(import_cfg, link, false, "hard links in place of copies (same file system only)"),
    MF_OPT_BOOL(import_cfg, follow_links, false, "also copy what symbolic links of SRC bring from outside it"),
    MF_OPT_END
};

static void
list_importers(mf_str *out)
{
    size_t i;

    mf_str_add(out, "\nFormats:\n");
    for (i = 0; i < mf_importer_count(); i++) {
        const mf_importer_def *def = mf_importer_at(i);

        mf_str_printf(out, "  %s: %s\n      reads %s\n", def->name, def->summary, def->layout);
        if (def->opts)
            mf_opt_help(def->opts, out);
    }
}

static void
put_json(mf_str *out, const mf_importer_def *def, const mf_import *im, const import_cfg *o)
{
    mf_json_out j = mf_json_begin(out, 2);

    mf_json_open(&j, NULL, '{');
    mf_json_put_str(&j, "format", def->name);
    mf_json_put_str(&j, "out", o->out.s);
    mf_cmd_data_counts_json(&j, im->data);
    mf_json_put_int(&j, "landmarks", (int64_t)im->n_landmarks);
    mf_json_put_str(&j, "notes", mf_str_c(&im->notes));
    mf_json_close(&j, '}');
    mf_str_addc(out, '\n');
}

/* `data import auto SRC` without --out: only say what it is. */
static mf_status
put_probe(mf_cli *cli, const mf_importer_def *def, const char *src, const char *why, mf_err *err)
{
    mf_str    out = {0};
    mf_status st;

    if (cli->json) {
        mf_json_out j = mf_json_begin(&out, 2);

        mf_json_open(&j, NULL, '{');
        mf_json_put_str(&j, "format", def->name);
        mf_json_put_str(&j, "why", why);
        mf_json_close(&j, '}');
        mf_str_addc(&out, '\n');
    } else {
        mf_str_printf(&out, "%s looks like '%s' (%s): %s\nimport it with: maskfer data import %s %s --out DIR\n", src, def->name,
                      why, def->summary, def->name, src);
    }
    st = mf_cli_put(cli, &out, err);
    mf_str_free(&out);
    return st;
}

static mf_status
import_with(const mf_importer_def *def, const void *cfg, const import_cfg *o, const char *src, const char *why, mf_cli *cli,
            mf_err *err)
{
    mf_import_opts io = {
        .name = *o->name.s ? o->name.s : NULL, .licence = o->licence.s, .source = o->source.s, .force = o->force,
        .link = o->link, .drop_repeated = o->drop_repeated, .follow_links = o->follow_links,
        .words = (mf_import_words)o->class_names, .jobs = mf_cmd_data_jobs(cli, "copying pictures"),
    };
    mf_import im  = {0};
    mf_str    out = {0};
    mf_status st;

    if ((st = mf_import_run(&im, def, cfg, src, o->out.s, &io, err)) < 0)
        return st;
    if (cli->json) {
        put_json(&out, def, &im, o);
    } else {
        if (*why)
            mf_str_printf(&out, "format: %s (%s)\n", def->name, why);
        mf_str_printf(&out, "%sdata set '%s' in %s: ", mf_str_c(&im.notes), im.data->name, o->out.s);
        mf_cmd_data_counts(&out, im.data);
        if (im.n_landmarks)
            mf_str_printf(&out, "%zu of them with %d landmarks\n", im.n_landmarks, im.n_points);
    }
    st = mf_cli_put(cli, &out, err);
    mf_str_free(&out);
    mf_import_free(&im);
    return st;
}

/* The source of `auto`: the first word after it that is no option. Options with a value are written --name=value or
 * stand behind the source. */
static const char *
first_word(int argc, char **argv)
{
    return argc > 1 && argv[1][0] != '-' ? argv[1] : NULL;
}

static mf_status
run_import(int argc, char **argv, mf_cli *cli, mf_err *err)
{
    import_cfg             o;
    mf_cli_set             set[2] = {{import_opts, &o}, {NULL, NULL}};
    const mf_importer_def *def    = NULL;
    void                  *cfg    = NULL;
    mf_status              st     = MF_OK;
    mf_str                 why    = {0};
    size_t                 n;
    bool                   probing = argc > 0 && !strcmp(argv[0], "auto");

    mf_opt_defaults(import_opts, &o);
    if (argc < 1 || argv[0][0] == '-') /* --help and slips in options */
        return (st = mf_cli_parse(cli, &mf_cmd_data_import, set, 1, argc, argv, &n, 2, 2, err)) < 0
                   ? st : mf_fail(err, MF_E_USAGE, "the format comes first: maskfer data import FORMAT SRC --out DIR");
    if (probing && !first_word(argc, argv))
        return mf_fail(err, MF_E_USAGE, "the source comes second: maskfer data import auto SRC [--out DIR]");
    if (!probing)
        st = mf_importer_find(&def, argv[0], err);
    else if ((st = mf_importer_probe(&def, &why, first_word(argc, argv), err)) == MF_OK)
        st = mf_str_ok(&why, err);
    if (st < 0) {
        mf_str_free(&why);
        return probing ? st : mf_fail(err, MF_E_USAGE, "%s", err ? err->msg : "");
    }
    if (!(cfg = mf_calloc(1, def->cfg_size))) {
        st = mf_oom(err, def->cfg_size, "options");
        goto done;
    }
    if (def->opts) {
        mf_opt_defaults(def->opts, cfg);
        set[1] = (mf_cli_set){def->opts, cfg};
    }
    if ((st = mf_cli_parse(cli, &mf_cmd_data_import, set, def->opts ? 2 : 1, argc, argv, &n, 2, 2, err)) < 0)
        goto done;
    if (probing && !*o.out.s)
        st = put_probe(cli, def, argv[1], mf_str_c(&why), err);
    else if ((st = mf_cli_need(o.out.s, "out", err)) == MF_OK)
        st = import_with(def, cfg, &o, argv[1], mf_str_c(&why), cli, err);
done:
    mf_str_free(&why);
    mf_free(cfg);
    return st;
}

const mf_cmd mf_cmd_data_import = {
    .name      = "import",
    .summary   = "make a data set from someone else's folders",
    .usage     = "FORMAT|auto SRC [OPTIONS] --out DIR",
    .text      = "Copies the pictures, byte by byte, into a new data-set folder and writes its\n"
                 "manifest. The folder appears whole or not at all. 'auto' finds out the format;\n"
                 "without --out it only names it and says what it went by.\n\n"
                 "  maskfer data import auto fer2013.csv\n"
                 "  maskfer data import folders faces --subject-pattern '(S[0-9]+)_' --out set\n"
                 "  maskfer data import csv labels.csv --label-column expression --out set\n\n"
                 "Pictures that lie outside SRC, and are reached by a symbolic link in it, are\n"
                 "refused unless --follow-links is given.",
    .opts      = {import_opts},
    .more_help = list_importers,
    .json      = true,
    .run       = run_import,
};
