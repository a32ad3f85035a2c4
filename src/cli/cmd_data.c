/* cli/cmd_data.c: `maskfer data`: its subcommands, and the counts that several of them print. */
#include "cli/cmd_data.h"

#include <string.h>
#include "core/mem.h"
#include "core/thread.h"

static const mf_cmd *const subs[] = {
    &mf_cmd_data_adjudicate, &mf_cmd_data_check, &mf_cmd_data_folds, &mf_cmd_data_import, &mf_cmd_data_landmarks, &mf_cmd_data_occlude,
    &mf_cmd_data_pairs, &mf_cmd_data_stats, &mf_cmd_data_synth, NULL,
};

const mf_cmd mf_cmd_data = {
    .name    = "data",
    .summary = "make, import, check and divide data sets",
    .usage   = "adjudicate|check|folds|import|landmarks|occlude|pairs|stats|synth ...",
    .text    = "A data set is a folder: dataset.yaml with the classes, manifest.csv with a line a\n"
               "picture, and the pictures. docs/formats.md describes it.\n\n"
               "  maskfer data synth --people 20 --out drawn\n"
               "  maskfer data import auto SRC --out faces\n"
               "  maskfer data check faces\n"
               "  maskfer data adjudicate faces --votes votes.csv --out checked\n"
               "  maskfer data occlude checked --with mask --pair --out pairs\n"
               "  maskfer data folds pairs --folds 10",
    .subs    = subs,
};

mf_jobs_opts
mf_cmd_data_jobs(mf_cli *cli, const char *what)
{
    return (mf_jobs_opts){.workers = mf_threads_get(), .progress = cli->progress, .what = what, .stop = mf_cli_stop};
}

/* ---- counts ---- */

typedef struct counts {
    size_t by_class[MF_CLASSES_MAX][MF_OCC_COUNT];
    size_t by_class_split[MF_CLASSES_MAX][MF_SPLIT_COUNT];
    size_t occ[MF_OCC_COUNT], split[MF_SPLIT_COUNT], no_subject;
} counts;

static void
count_all(counts *c, const mf_dataset *d)
{
    size_t i;

    memset(c, 0, sizeof *c);
    for (i = 0; i < d->n_rows; i++) {
        const mf_row *r = &d->rows[i];

        c->by_class[r->label][r->occlusion]++;
        c->by_class_split[r->label][r->split]++;
        c->occ[r->occlusion]++;
        c->split[r->split]++;
        c->no_subject += r->subject < 0;
    }
}

/* Pictures of each person; NULL when out of memory. */
static uint32_t *
per_person(const mf_dataset *d)
{
    uint32_t *n = mf_calloc((size_t)d->n_subjects, sizeof *n);
    size_t    i;

    for (i = 0; n && i < d->n_rows; i++)
        if (d->rows[i].subject >= 0)
            n[d->rows[i].subject]++;
    return n;
}

static void
put_people(mf_str *out, const mf_dataset *d, size_t no_subject)
{
    uint32_t *n = per_person(d), least, most;
    int       i;

    if (n && d->n_subjects > 0) {
        for (i = 0, least = UINT32_MAX, most = 0; i < d->n_subjects; i++) {
            least = n[i] < least ? n[i] : least;
            most  = n[i] > most ? n[i] : most;
        }
        mf_str_printf(out, "%d people, %u to %u pictures each", d->n_subjects, (unsigned)least, (unsigned)most);
        if (no_subject)
            mf_str_printf(out, "; %zu pictures without a person's name", no_subject);
        mf_str_addc(out, '\n');
    } else {
        mf_str_add(out, "no picture says who is on it\n");
    }
    mf_free(n);
}

static void
put_row(mf_str *out, const char *name, const size_t occ[MF_OCC_COUNT], const size_t split[MF_SPLIT_COUNT], const counts *c,
        int width, bool splits)
{
    size_t all = 0;
    int    k;

    for (k = 0; k < MF_OCC_COUNT; k++)
        all += occ[k];
    mf_str_printf(out, "  %-*s %8zu", width, name, all);
    for (k = 0; k < MF_OCC_COUNT; k++)
        if (c->occ[k])
            mf_str_printf(out, " %8zu", occ[k]);
    for (k = 0; splits && k < MF_SPLIT_COUNT; k++)
        if (c->split[k])
            mf_str_printf(out, " %8zu", split[k]);
    mf_str_addc(out, '\n');
}

void
mf_cmd_data_counts(mf_str *out, const mf_dataset *d)
{
    counts c;
    bool   splits;
    int    width = 5, k;

    count_all(&c, d);
    splits = c.split[MF_SPLIT_NONE] < d->n_rows;
    for (k = 0; k < d->n_classes; k++)
        width = (int)strlen(d->classes[k]) > width ? (int)strlen(d->classes[k]) : width;
    mf_str_printf(out, "%zu pictures, %d classes; ", d->n_rows, d->n_classes);
    put_people(out, d, c.no_subject);
    mf_str_printf(out, "\n  %-*s %8s", width, "class", "pictures");
    for (k = 0; k < MF_OCC_COUNT; k++)
        if (c.occ[k])
            mf_str_printf(out, " %8s", mf_occlusion_name((mf_occlusion)k));
    for (k = 0; splits && k < MF_SPLIT_COUNT; k++)
        if (c.split[k])
            mf_str_printf(out, " %8s", k == MF_SPLIT_NONE ? "no split" : mf_split_name((mf_split)k));
    mf_str_addc(out, '\n');
    for (k = 0; k < d->n_classes; k++)
        put_row(out, d->classes[k], c.by_class[k], c.by_class_split[k], &c, width, splits);
    put_row(out, "total", c.occ, c.split, &c, width, splits);
}

void
mf_cmd_data_counts_json(mf_json_out *j, const mf_dataset *d)
{
    counts    c;
    uint32_t *n = per_person(d);
    int       k, o;

    count_all(&c, d);
    mf_json_put_int(j, "pictures", (int64_t)d->n_rows);
    mf_json_open(j, "classes", '{');
    for (k = 0; k < d->n_classes; k++) {
        size_t all = 0;

        for (o = 0; o < MF_OCC_COUNT; o++)
            all += c.by_class[k][o];
        mf_json_put_int(j, d->classes[k], (int64_t)all);
    }
    mf_json_close(j, '}');
    mf_json_open(j, "occlusion", '{');
    for (k = 0; k < MF_OCC_COUNT; k++)
        if (c.occ[k])
            mf_json_put_int(j, mf_occlusion_name((mf_occlusion)k), (int64_t)c.occ[k]);
    mf_json_close(j, '}');
    mf_json_open(j, "split", '{');
    for (k = 0; k < MF_SPLIT_COUNT; k++)
        if (c.split[k])
            mf_json_put_int(j, k == MF_SPLIT_NONE ? "none" : mf_split_name((mf_split)k), (int64_t)c.split[k]);
    mf_json_close(j, '}');
    mf_json_open(j, "subjects", '{');
    mf_json_put_int(j, "count", d->n_subjects);
    mf_json_put_int(j, "unknown", (int64_t)c.no_subject);
    mf_json_open(j, "pictures", '{');
    for (k = 0; n && k < d->n_subjects; k++)
        mf_json_put_int(j, d->subjects[k], n[k]);
    mf_json_close(j, '}');
    mf_json_close(j, '}');
    mf_free(n);
}
