/* cli/cmd_data_check.c: `maskfer data check`: counts, unreadable pictures, pictures that are there twice. */
#include "cli/cmd_data.h"
#include "core/clock.h"
#include "data/check.h"

enum { LIST_MOST = 10 };

typedef struct check_cfg {
    bool quarantine, list;
} check_cfg;

static const mf_opt check_opts[] = {
    MF_OPT_BOOL(check_cfg, quarantine, true, "write DIR/quarantine.csv, whose pictures are left out wherever DIR is used"),
    MF_OPT_BOOL(check_cfg, list, false, "list every group of identical pictures, not the first ten"),
    MF_OPT_END
};

static const char *
subject_of(const mf_dataset *d, size_t row)
{
    return d->rows[row].subject < 0 ? "" : d->subjects[d->rows[row].subject];
}

static void
put_group(mf_str *out, const mf_dataset *d, const mf_check_same *g)
{
    size_t i;

    for (i = 0; i < g->n; i++) {
        const mf_row *r = &d->rows[g->row[i]];

        mf_str_printf(out, "  %s %s (%s%s%s%s%s)\n", i ? "=" : "-", r->image, d->classes[r->label],
                      r->subject < 0 ? "" : ", person ", subject_of(d, g->row[i]), r->split == MF_SPLIT_NONE ? "" : ", ",
                      mf_split_name(r->split));
    }
}

static void
put_point(mf_str *out, const mf_dataset *d, const mf_check_report *r, const mf_check_point *p)
{
    mf_str_printf(out, "  %s/landmarks.csv: line %ld: point %d (%.1f, %.1f) lies outside picture '%s' of %d x %d pixels", d->dir,
                  p->line, p->point, (double)p->x, (double)p->y, d->rows[p->row].image, r->size[p->row][0], r->size[p->row][1]);
    mf_str_printf(out, p->n > 1 ? ", and %d points more\n" : "\n", p->n - 1);
}

static void
put_same(mf_str *out, const mf_dataset *d, const mf_check_report *r, bool all)
{
    size_t i, pictures = 0, shown = 0, telling = 0;

    if (!r->n_same)
        return;
    for (i = 0; i < r->n_same; i++)
        pictures += r->same[i].n;
    mf_str_printf(out, "\n%zu pictures are byte-identical to another, in %zu groups: %zu across people, %zu across splits, "
                  "%zu with different labels\n", pictures, r->n_same, r->same_across_subjects, r->same_across_splits,
                  r->same_across_labels);
    for (i = 0; i < r->n_same; i++) {
        const mf_check_same *g = &r->same[i];

        if (!all && !g->across_subjects && !g->across_splits && !g->across_labels)
            continue;
        telling++;
        if (!all && shown == LIST_MOST)
            continue;
        put_group(out, d, g);
        shown++;
    }
    if (telling > shown)
        mf_str_printf(out, "  and %zu groups more (--list shows all)\n", telling - shown);
}

/* One line a picture with points outside; slips are all shown. */
static void
put_outside(mf_str *out, const mf_dataset *d, const mf_check_report *r, bool all)
{
    size_t i, shown = 0, mild = r->n_outside - r->n_slips;

    if (r->n_slips)
        mf_str_printf(out, "\n%zu pictures have landmarks so far outside that they cannot belong to them:\n", r->n_slips);
    for (i = 0; i < r->n_outside; i++)
        if (r->outside[i].slip)
            put_point(out, d, r, &r->outside[i]);
    if (mild)
        mf_str_printf(out, "\n%zu pictures have landmarks a little outside, as where the picture's edge cuts the face%s\n", mild,
                      all ? ":" : " (--list shows them)");
    for (i = 0; all && i < r->n_outside; i++)
        if (!r->outside[i].slip && shown++ < d->n_rows)
            put_point(out, d, r, &r->outside[i]);
}

static void
put_text(mf_str *out, const mf_dataset *d, const mf_check_report *r, const check_cfg *o, double seconds)
{
    char   size[32];
    size_t i;

    mf_str_printf(out, "data set '%s' in %s: ", d->name, d->dir);
    mf_cmd_data_counts(out, d);
    if (r->n_ok)
        mf_str_printf(out, "\n%zu of %zu pictures decode: %d x %d to %d x %d pixels, %s\n", r->n_ok, r->n_rows, r->min_width,
                      r->min_height, r->max_width, r->max_height, mf_bytes_text(size, r->bytes));
    if (r->n_bad) {
        mf_str_printf(out, "\n%zu pictures cannot be read%s:\n", r->n_bad,
                      o->quarantine ? " (quarantine.csv names them, and they are left out from now on)" : "");
        for (i = 0; i < r->n_bad; i++)
            mf_str_printf(out, "  %s: %s\n", d->rows[r->bad[i].row].image, r->bad[i].reason);
    }
    put_same(out, d, r, o->list);
    put_outside(out, d, r, o->list);
    if (r->pairs_unlike)
        mf_str_printf(out, "\n%zu of %d pairs join pictures that differ in person or label\n", r->pairs_unlike, d->n_pairs);
    mf_str_printf(out, "\nchecked in %.1f s\n", seconds);
}

static void
put_json(mf_str *out, const mf_dataset *d, const mf_check_report *r, double seconds)
{
    mf_json_out j = mf_json_begin(out, 2);
    size_t      i, k;

    mf_json_open(&j, NULL, '{');
    mf_json_put_str(&j, "name", d->name);
    mf_json_put_str(&j, "dir", d->dir);
    mf_cmd_data_counts_json(&j, d);
    mf_json_put_int(&j, "readable", (int64_t)r->n_ok);
    mf_json_open(&j, "unreadable", '[');
    for (i = 0; i < r->n_bad; i++) {
        mf_json_open(&j, NULL, '{');
        mf_json_put_str(&j, "image", d->rows[r->bad[i].row].image);
        mf_json_put_str(&j, "reason", r->bad[i].reason);
        mf_json_close(&j, '}');
    }
    mf_json_close(&j, ']');
    mf_json_open(&j, "identical", '{');
    mf_json_put_int(&j, "groups", (int64_t)r->n_same);
    mf_json_put_int(&j, "across_subjects", (int64_t)r->same_across_subjects);
    mf_json_put_int(&j, "across_splits", (int64_t)r->same_across_splits);
    mf_json_put_int(&j, "across_labels", (int64_t)r->same_across_labels);
    mf_json_open(&j, "list", '[');
    for (i = 0; i < r->n_same; i++) {
        mf_json_open(&j, NULL, '{');
        mf_json_put_bool(&j, "across_subjects", r->same[i].across_subjects);
        mf_json_put_bool(&j, "across_splits", r->same[i].across_splits);
        mf_json_put_bool(&j, "across_labels", r->same[i].across_labels);
        mf_json_open(&j, "images", '[');
        for (k = 0; k < r->same[i].n; k++)
            mf_json_put_str(&j, NULL, d->rows[r->same[i].row[k]].image);
        mf_json_close(&j, ']');
        mf_json_close(&j, '}');
    }
    mf_json_close(&j, ']');
    mf_json_close(&j, '}');
    if (r->has_landmarks) {
        mf_json_open(&j, "landmarks_outside", '{');
        mf_json_put_int(&j, "slips", (int64_t)r->n_slips);
        mf_json_put_int(&j, "pictures", (int64_t)r->n_outside);
        mf_json_open(&j, "list", '[');
        for (i = 0; i < r->n_outside; i++) {
            mf_json_open(&j, NULL, '{');
            mf_json_put_str(&j, "image", d->rows[r->outside[i].row].image);
            mf_json_put_int(&j, "line", r->outside[i].line);
            mf_json_put_int(&j, "point", r->outside[i].point);
            mf_json_put_num(&j, "x", (double)r->outside[i].x);
            mf_json_put_num(&j, "y", (double)r->outside[i].y);
            mf_json_put_bool(&j, "slip", r->outside[i].slip);
            mf_json_close(&j, '}');
        }
        mf_json_close(&j, ']');
        mf_json_close(&j, '}');
    }
    mf_json_open(&j, "pairs", '{');
    mf_json_put_int(&j, "count", d->n_pairs);
    mf_json_put_int(&j, "unlike", (int64_t)r->pairs_unlike);
    mf_json_close(&j, '}');
    mf_json_open(&j, "pixels", '{');
    mf_json_put_int(&j, "min_width", r->min_width);
    mf_json_put_int(&j, "min_height", r->min_height);
    mf_json_put_int(&j, "max_width", r->max_width);
    mf_json_put_int(&j, "max_height", r->max_height);
    mf_json_close(&j, '}');
    mf_json_put_int(&j, "bytes", (int64_t)r->bytes);
    mf_json_put_num(&j, "seconds", seconds);
    mf_json_close(&j, '}');
    mf_str_addc(out, '\n');
}

static mf_status
run_check(int argc, char **argv, mf_cli *cli, mf_err *err)
{
    check_cfg       o;
    mf_cli_set      set = {check_opts, &o};
    mf_status       st;
    mf_dataset     *d    = NULL;
    mf_landmark_table *lm = NULL;
    mf_check_report r    = {0};
    mf_str          out  = {0};
    mf_jobs_opts    jobs;
    mf_err          why  = {0};
    double          from = mf_now();
    size_t          n;

    mf_opt_defaults(check_opts, &o);
    if ((st = mf_cli_parse(cli, &mf_cmd_data_check, &set, 1, argc, argv, &n, 1, 1, err)) < 0 ||
        (st = mf_dataset_load_all(&d, argv[0], err)) < 0)
        return st;
    if ((st = mf_dataset_need_pictures(d, err)) < 0)
        goto done;
    jobs = mf_cmd_data_jobs(cli, "checking pictures");
    if ((st = mf_landmarks_load(&lm, d, err)) < 0 || (st = mf_check_run(&r, d, &jobs, err)) < 0 ||
        (st = mf_check_landmarks(&r, lm, err)) < 0)
        goto done;
    if (o.quarantine && mf_check_quarantine(&r, d, &why) < 0)
        mf_logf(&cli->log, MF_LOG_WARN, "%s", why.msg);
    if (cli->json)
        put_json(&out, d, &r, mf_now() - from);
    else
        put_text(&out, d, &r, &o, mf_now() - from);
    if ((st = mf_cli_put(cli, &out, err)) == MF_OK && r.n_bad)
        st = mf_fail(err, MF_E_FORMAT, "data set '%s': %zu of %zu pictures cannot be read; replace them or remove their lines "
                     "from manifest.csv", d->dir, r.n_bad, r.n_rows);
    if (st == MF_OK && r.n_slips) {
        const mf_check_point *p = r.outside;

        while (!p->slip)
            p++;
        st = mf_fail(err, MF_E_FORMAT, "%s/landmarks.csv: line %ld: point %d (%.1f, %.1f) lies far outside the picture of %d x %d "
                     "pixels; %zu pictures have such points: are they of other pictures, or in other units?", d->dir, p->line,
                     p->point, (double)p->x, (double)p->y, r.size[p->row][0], r.size[p->row][1], r.n_slips);
    }
done:
    mf_str_free(&out);
    mf_landmarks_free(lm);
    mf_check_free(&r);
    mf_dataset_free(d);
    return st;
}

const mf_cmd mf_cmd_data_check = {
    .name    = "check",
    .summary = "decode every picture, count, find pictures that are there twice",
    .usage   = "[OPTIONS] DIR",
    .text    = "Reads the manifest strictly, decodes every picture on all cores, counts by class,\n"
               "occlusion, split and person, and names byte-identical pictures that lie in two\n"
               "splits, show two people, or carry two labels.\n\n"
               "Landmarks are held against the size of their pictures.\n\n"
               "Pictures that cannot be read are named with the reason, and written to\n"
               "DIR/quarantine.csv; then the exit status is 1.",
    .opts    = {check_opts},
    .json    = true,
    .run     = run_check,
};
