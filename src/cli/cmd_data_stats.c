/* cli/cmd_data_stats.c: `maskfer data stats DIR`: the inventory of a data set. */
#include <string.h>
#include "cli/cmd_data.h"
#include "cli/inventory_report.h"
#include "core/clock.h"
#include "core/file.h"
#include "core/mem.h"

typedef struct stats_cfg {
    mf_opt_str out;
    int        beside;
    bool       pixels, list;
    double     near;
} stats_cfg;

enum { BESIDE_NONE, BESIDE_MSDE };
static const char *const beside_words[] = {"none", "msde", NULL};

static const mf_opt stats_opts[] = {
    MF_OPT_ENUM(stats_cfg, beside, BESIDE_NONE, beside_words, "show a published table beside: msde, the one of MSD-E"),
    MF_OPT_BOOL(stats_cfg, pixels, true, "open the pictures: sizes, brightness, near-duplicates"),
    MF_OPT_F64(stats_cfg, near, 0.98, 0, 0.9999, "correlation from which two pictures are near-duplicates; 0 looks for none"),
    MF_OPT_BOOL(stats_cfg, list, false, "list every group of near-duplicates, not the first ten that tell something"),
    MF_OPT_STR(stats_cfg, out, "", "folder for inventory.csv, .json, .svg, .png (with the figure's script and table) and "
               "near-duplicates.csv"),
    MF_OPT_END
};

/* Row of the published table for each class; MF_E_ARG when no class is in it. */
static mf_status
match_published(int *row, const mf_dataset *d, mf_err *err)
{
    int k, i, found = 0;

    for (k = 0; k < d->n_classes; k++) {
        row[k] = -1;
        for (i = 0; i < MF_MSDE_ROWS; i++)
            if (!strcmp(d->classes[k], mf_msde_table()[i].name))
                row[k] = i;
        found += row[k] >= 0;
    }
    return found ? MF_OK : mf_fail(err, MF_E_ARG, "data set '%s' has no class of the published table: surprise, fear, disgust, happy, "
                                   "sad, angry, neutral", d->dir);
}

static mf_status
write_one(const char *dir, const char *name, const mf_str *text, mf_err *err)
{
    mf_str    path = {0};
    mf_status st;

    mf_path_join(&path, dir, name);
    if ((st = mf_str_ok(&path, err)) == MF_OK && (st = mf_str_ok(text, err)) == MF_OK)
        st = mf_file_write_str(mf_str_c(&path), text, err);
    mf_str_free(&path);
    return st;
}

static mf_status
write_files(const mf_inventory_report *r, const char *dir, const mf_str *json, mf_cli *cli, mf_err *err)
{
    mf_str    csv = {0}, near = {0};
    mf_err    why = {0};
    mf_status st;

    mf_inventory_report_csv(&csv, r);
    mf_inventory_report_near_csv(&near, r);
    if ((st = mf_dir_make(dir, err)) < 0 || (st = write_one(dir, "inventory.csv", &csv, err)) < 0 ||
        (st = write_one(dir, "inventory.json", json, err)) < 0 ||
        (r->pixels && r->near > 0 && (st = write_one(dir, "near-duplicates.csv", &near, err)) < 0))
        goto done;
    st = mf_inventory_report_figure(dir, r, &why);
    if (st == MF_E_UNSUPPORTED) {
        mf_logf(&cli->log, MF_LOG_WARN, "%s", why.msg);
        st = MF_OK;
    } else if (st < 0) {
        st = mf_fail(err, st, "%s", why.msg);
    }
done:
    mf_str_free(&csv);
    mf_str_free(&near);
    return st;
}

static mf_status
run_stats(int argc, char **argv, mf_cli *cli, mf_err *err)
{
    stats_cfg       o;
    mf_cli_set      set  = {stats_opts, &o};
    mf_inventory_report r    = {0};
    mf_inventory_opts   so   = {0};
    mf_dataset     *d    = NULL;
    mf_str          json = {0}, text = {0};
    int             published[MF_CLASSES_MAX];
    mf_status       st;
    double          from = mf_now();
    size_t          n;

    mf_opt_defaults(stats_opts, &o);
    if ((st = mf_cli_parse(cli, &mf_cmd_data_stats, &set, 1, argc, argv, &n, 1, 1, err)) < 0 ||
        (st = mf_dataset_load(&d, argv[0], err)) < 0)
        return st;
    r.d      = d;
    r.pixels = so.pixels = o.pixels;
    r.near   = so.near = o.near;
    r.all    = o.list;
    so.jobs  = mf_cmd_data_jobs(cli, "looking at pictures");
    if (o.beside == BESIDE_MSDE) {
        if ((st = match_published(published, d, err)) < 0)
            goto done;
        r.published = published;
    }
    if ((st = mf_inventory_make(&r.s, d, &so, err)) < 0)
        goto done;
    r.seconds = mf_now() - from;
    mf_inventory_report_json(&json, &r);
    if (*o.out.s && (st = write_files(&r, o.out.s, &json, cli, err)) < 0)
        goto done;
    if (!cli->json)
        mf_inventory_report_text(&text, &r);
    if (!cli->json && *o.out.s)
        mf_str_printf(&text, "\nwritten to %s\n", o.out.s);
    st = mf_cli_put(cli, cli->json ? &json : &text, err);
done:
    mf_str_free(&json);
    mf_str_free(&text);
    mf_inventory_free(&r.s);
    mf_dataset_free(d);
    return st;
}

const mf_cmd mf_cmd_data_stats = {
    .name    = "stats",
    .summary = "the inventory of a data set: expressions, people, pixels, near-duplicates",
    .usage   = "[OPTIONS] DIR",
    .text    = "Counts pictures by expression and occlusion, and pairs, in the form of the published\n"
               "table of MSD-E; pictures of each person; sizes and brightness; and pictures that are\n"
               "nearly the same (encoded again, resized, brighter), within a person, across people\n"
               "and across splits. Byte-identical pictures are what `data check` finds.\n\n"
               "  maskfer data stats faces --beside msde\n"
               "  maskfer data stats faces --out inventory --json",
    .opts    = {stats_opts},
    .json    = true,
    .run     = run_stats,
};
