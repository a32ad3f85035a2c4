/* cli/cmd_data_landmarks.c: `maskfer data landmarks`: bring in .pts files, reduce 68 points to five, look at them. */
#include <string.h>
#include "cli/cmd_data.h"
#include "core/file.h"
#include "data/landmarks_collect.h"
#include "data/preview.h"

typedef struct landmarks_cfg {
    mf_opt_str from, out, preview;
    int        points;
    int64_t    count, tile;
    bool       mask, force;
} landmarks_cfg;

static const char *const points[] = {"as-given", "5", "68", NULL};
static const mf_opt landmarks_opts[] = {
    MF_OPT_STR(landmarks_cfg, from, "", "folder of .pts files, named as the pictures; without it DIR/landmarks.csv is read"),
    MF_OPT_ENUM(landmarks_cfg, points, 0, points, "points to write: 5 reduces 68 to the centres of the eyes, the tip of the nose "
                "and the corners of the mouth"),
    MF_OPT_STR(landmarks_cfg, out, "", "file to write (default: DIR/landmarks.csv, where --from or --points is given)"),
    MF_OPT_BOOL(landmarks_cfg, force, false, "replace a file that is there"),
    MF_OPT_STR(landmarks_cfg, preview, "", "contact sheet to draw: faces, their points, and where a mask would lie (.png .jpg .webp)"),
    MF_OPT_INT(landmarks_cfg, count, 40, 1, MF_PREVIEW_MAX, "faces on the sheet, evenly over the data set"),
    MF_OPT_INT(landmarks_cfg, tile, 160, 32, 1024, "pixels a side of a face on the sheet"),
    MF_OPT_BOOL(landmarks_cfg, mask, true, "draw the outline of a mask on the sheet"),
    MF_OPT_END
};

/* Where to write; empty: nowhere. */
static mf_status
choose_out(mf_str *out, const landmarks_cfg *o, const mf_dataset *d, mf_err *err)
{
    mf_status st;

    if (*o->out.s)
        mf_str_add(out, o->out.s);
    else if (*o->from.s || o->points)
        mf_path_join(out, d->dir, "landmarks.csv");
    if ((st = mf_str_ok(out, err)) == MF_OK && out->len && !o->force && mf_path_exists(mf_str_c(out)))
        st = mf_fail(err, MF_E_STATE, "'%s' exists already; give another --out, or --force to replace it", mf_str_c(out));
    return st;
}

static mf_status
read_points(mf_landmark_table **t, mf_collected *c, const landmarks_cfg *o, const mf_dataset *d, mf_cli *cli, mf_err *err)
{
    mf_status          st;
    mf_jobs_opts       jobs = mf_cmd_data_jobs(cli, "reading points");
    mf_landmark_table *five = NULL;
    size_t             i;

    if (*o->from.s)
        return mf_landmarks_collect(t, c, d, o->from.s, o->points == 1 ? 5 : o->points == 2 ? 68 : 0, &jobs, err);
    if ((st = mf_landmarks_load(t, d, err)) < 0)
        return st;
    if (!*t)
        return o->points ? mf_fail(err, MF_E_NOTFOUND, "'%s' has no landmarks.csv; --from FOLDER brings in .pts files", d->dir) : MF_OK;
    if (o->points == 2 && mf_landmarks_points(*t) != 68)
        return mf_fail(err, MF_E_ARG, "'%s/landmarks.csv' has %d points a picture; 68 cannot be made of them", d->dir,
                       mf_landmarks_points(*t));
    if (o->points == 1) {
        if ((st = mf_landmarks_reduce(&five, *t, d, err)) < 0)
            return st;
        mf_landmarks_free(*t);
        *t = five;
    }
    for (i = 0; i < d->n_rows; i++)
        c->found += mf_landmarks_of(*t, i).n > 0;
    c->missing = d->n_rows - c->found;
    return MF_OK;
}

static void
put_report(mf_str *out, const mf_cli *cli, const landmarks_cfg *o, const mf_collected *c, int n, const char *written)
{
    mf_json_out j;

    if (cli->json) {
        j = mf_json_begin(out, 2);
        mf_json_open(&j, NULL, '{');
        mf_json_put_int(&j, "pictures", (int64_t)c->found);
        mf_json_put_int(&j, "without", (int64_t)c->missing);
        mf_json_put_int(&j, "points", n);
        if (*o->from.s)
            mf_json_put_int(&j, "outside", (int64_t)c->outside);
        mf_json_put_str(&j, "out", written);
        mf_json_put_str(&j, "preview", o->preview.s);
        mf_json_close(&j, '}');
        mf_str_addc(out, '\n');
        return;
    }
    if (n)
        mf_str_printf(out, "%zu pictures with %d landmarks, %zu without\n", c->found, n, c->missing);
    else
        mf_str_add(out, "there are no landmarks: masks go to the canonical place of a tight crop\n");
    if (c->outside)
        mf_str_printf(out, "%zu pictures have points a little outside, as where the picture's edge cuts the face\n", c->outside);
    if (*written)
        mf_str_printf(out, "written to %s\n", written);
    if (*o->preview.s)
        mf_str_printf(out, "look at %s\n", o->preview.s);
}

static mf_status
run_landmarks(int argc, char **argv, mf_cli *cli, mf_err *err)
{
    landmarks_cfg      o;
    mf_cli_set         set  = {landmarks_opts, &o};
    mf_status          st;
    mf_dataset        *d    = NULL;
    mf_landmark_table *t    = NULL;
    mf_collected       c    = {0};
    mf_str             file = {0}, out = {0};
    mf_preview_opts    po;
    size_t             n;

    mf_opt_defaults(landmarks_opts, &o);
    if ((st = mf_cli_parse(cli, &mf_cmd_data_landmarks, &set, 1, argc, argv, &n, 1, 1, err)) < 0 ||
        (st = mf_dataset_load(&d, argv[0], err)) < 0 || (st = mf_dataset_need_pictures(d, err)) < 0 ||
        (st = choose_out(&file, &o, d, err)) < 0 || (st = read_points(&t, &c, &o, d, cli, err)) < 0)
        goto done;
    po = (mf_preview_opts){.count = (int)o.count, .tile = (int)o.tile, .mask = o.mask, .jobs = mf_cmd_data_jobs(cli, "drawing")};
    if ((*o.preview.s && (st = mf_preview_save(o.preview.s, d, t, &po, err)) < 0) ||
        (file.len && t && (st = mf_landmarks_save(t, d, mf_str_c(&file), err)) < 0))
        goto done;
    put_report(&out, cli, &o, &c, mf_landmarks_points(t), file.len && t ? mf_str_c(&file) : "");
    st = mf_cli_put(cli, &out, err);
done:
    mf_str_free(&out);
    mf_str_free(&file);
    mf_landmarks_free(t);
    mf_dataset_free(d);
    return st;
}

const mf_cmd mf_cmd_data_landmarks = {
    .name    = "landmarks",
    .summary = "bring in .pts files, reduce 68 points to five, look at points and mask",
    .usage   = "[OPTIONS] DIR",
    .text    = "Landmarks say where masks go. Without options it counts those of DIR; with --from\n"
               "it reads FOLDER/a/b.pts (or FOLDER/b.pts) for picture a/b.jpg, with the header of\n"
               "300-W or without, and writes DIR/landmarks.csv. A point far outside its picture\n"
               "is refused.\n\n"
               "  maskfer data landmarks faces --from points --preview sheet.png\n"
               "  maskfer data landmarks faces --points 5 --out five.csv",
    .opts    = {landmarks_opts},
    .json    = true,
    .run     = run_landmarks,
};
