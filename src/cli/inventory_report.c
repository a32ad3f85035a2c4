/* cli/inventory_report.c: the inventory in four forms. */
#include "cli/inventory_report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "core/csv.h"
#include "core/json.h"
#include "core/mem.h"
#include "viz/figures/figure.h"
#include "viz/figures/plots.h"

enum { SIZES_MOST = 5, PEOPLE_MOST = 6, GROUPS_MOST = 10, TITLE_MOST = 40, BARS_MOST = MF_OCC_COUNT + 4 };

/* The words of the published table for its two columns, the manifest's words for the rest. */
static const char *
column(int occlusion)
{
    return occlusion == MF_OCC_NONE ? "non-masked" : occlusion == MF_OCC_MASK ? "masked" : mf_occlusion_name((mf_occlusion)occlusion);
}

/* Non-masked and masked are always there, other kinds where they occur. */
static bool
shown(const mf_inventory_report *r, int occlusion)
{
    return occlusion <= MF_OCC_MASK || r->s.occlusion[occlusion] > 0;
}

static size_t
total_of(const mf_inventory_report *r, int k)
{
    size_t all = 0;
    int    o;

    for (o = 0; o < MF_OCC_COUNT; o++)
        all += r->s.count[k][o];
    return all;
}

/* Sums of the published columns over the classes that are there. */
static mf_msde_row
published_total(const mf_inventory_report *r)
{
    mf_msde_row t = {.name = "total"};
    int         k;

    for (k = 0; k < r->d->n_classes; k++)
        if (r->published[k] >= 0) {
            const mf_msde_row *m = &mf_msde_table()[r->published[k]];

            t.clear += m->clear;
            t.masked += m->masked;
            t.pairs += m->pairs;
        }
    return t;
}

/* ---- text ---- */

static void
put_published(mf_str *out, const mf_msde_row *m)
{
    mf_str_printf(out, "   | %10d %8d %8d %8d", m->clear, m->masked, m->clear + m->masked, m->pairs);
}

static void
put_table(mf_str *out, const mf_inventory_report *r)
{
    const mf_dataset *d = r->d;
    int               w = 10, k, o;

    for (k = 0; k < d->n_classes; k++)
        w = (int)strlen(d->classes[k]) > w ? (int)strlen(d->classes[k]) : w;
    if (r->published) {
        mf_str_printf(out, "  %*s", w, "");
        for (o = 0; o < MF_OCC_COUNT; o++)
            if (shown(r, o))
                mf_str_printf(out, " %10s", "");
        mf_str_printf(out, " %8s %8s   | MSD-E as published\n", "", "");
    }
    mf_str_printf(out, "  %-*s", w, "expression");
    for (o = 0; o < MF_OCC_COUNT; o++)
        if (shown(r, o))
            mf_str_printf(out, " %10s", column(o));
    mf_str_printf(out, " %8s %8s", "total", "pairs");
    mf_str_add(out, r->published ? "   | non-masked   masked    total    pairs\n" : "\n");
    for (k = 0; k < d->n_classes; k++) {
        mf_str_printf(out, "  %-*s", w, d->classes[k]);
        for (o = 0; o < MF_OCC_COUNT; o++)
            if (shown(r, o))
                mf_str_printf(out, " %10zu", r->s.count[k][o]);
        mf_str_printf(out, " %8zu %8zu", total_of(r, k), r->s.pairs[k]);
        if (r->published && r->published[k] >= 0)
            put_published(out, &mf_msde_table()[r->published[k]]);
        mf_str_addc(out, '\n');
    }
    mf_str_printf(out, "  %-*s", w, "total");
    for (o = 0; o < MF_OCC_COUNT; o++)
        if (shown(r, o))
            mf_str_printf(out, " %10zu", r->s.occlusion[o]);
    mf_str_printf(out, " %8zu %8zu", d->n_rows, r->s.n_pairs);
    if (r->published) {
        mf_msde_row t = published_total(r);

        put_published(out, &t);
        mf_str_add(out, "\n  (the published table prints 256 in total for sad; its columns add up to 265)");
    }
    mf_str_addc(out, '\n');
}

static void
put_spread(mf_str *out, const char *what, const mf_spread *s)
{
    mf_str_printf(out, "  %-24s %8.1f %8.1f %8.1f %8.1f %8.1f   mean %.1f, sd %.1f\n", what, s->min, s->p5, s->median, s->p95, s->max,
                  s->mean, s->sd);
}

static void
put_people(mf_str *out, const mf_inventory_report *r)
{
    const mf_inventory *s = &r->s;
    size_t          i;

    if (r->d->n_subjects == 0) {
        mf_str_add(out, "\nNo picture says who is on it: identity-independent folds cannot be made.\n");
        return;
    }
    mf_str_printf(out, "\n%d people, %.0f to %.0f pictures each, median %g:", r->d->n_subjects, s->per_person.min, s->per_person.max,
                  s->per_person.median);
    for (i = 0; i < s->n_people && i < PEOPLE_MOST; i++)
        mf_str_printf(out, "%s %zu with %zu", i ? "," : "", s->people[i].people, s->people[i].pictures);
    mf_str_printf(out, "%s\n", s->n_people > PEOPLE_MOST ? ", ..." : "");
    if (s->no_subject)
        mf_str_printf(out, "%zu pictures do not say who is on them\n", s->no_subject);
}

static void
put_pixels(mf_str *out, const mf_inventory_report *r)
{
    const mf_inventory *s = &r->s;
    char            what[48];
    size_t          i;
    int             o, kinds = 0;

    mf_str_printf(out, "\n%zu of %zu pictures can be read, %zu of them grey. Sizes:", s->readable, r->d->n_rows, s->grey);
    for (i = 0; i < s->n_sizes && i < SIZES_MOST; i++)
        mf_str_printf(out, "%s %d x %d (%zu)", i ? "," : "", s->size[i].width, s->size[i].height, s->size[i].n);
    if (s->n_sizes > SIZES_MOST)
        mf_str_printf(out, ", and %zu more", s->n_sizes - SIZES_MOST);
    if (!s->readable) {
        mf_str_addc(out, '\n');
        return;
    }
    mf_str_printf(out, "\n  %-24s %8s %8s %8s %8s %8s\n", "", "least", "5 %", "median", "95 %", "most");
    put_spread(out, "width", &s->width);
    put_spread(out, "height", &s->height);
    put_spread(out, "brightness (0 to 255)", &s->brightness);
    for (o = 0; o < MF_OCC_COUNT; o++)
        kinds += s->brightness_by[o].n > 0;
    for (o = 0; kinds > 1 && o < MF_OCC_COUNT; o++)
        if (s->brightness_by[o].n) {
            snprintf(what, sizeof what, "  of %s", column(o));
            put_spread(out, what, &s->brightness_by[o]);
        }
    put_spread(out, "contrast", &s->contrast);
}

static void
put_near(mf_str *out, const mf_inventory_report *r)
{
    const mf_near *n = &r->s.near;
    size_t         i, k, listed = 0, telling = 0;

    mf_str_printf(out, "\nNear-duplicates (correlation of %g or more): ", r->near);
    if (n->n == 0) {
        mf_str_add(out, "none");
    } else {
        mf_str_printf(out, "%zu pictures in %zu groups: %zu groups within one person, %zu across people, %zu across splits, %zu with "
                      "different labels", n->pictures, n->n, n->within_subject, n->across_subjects, n->across_splits, n->across_labels);
    }
    if (n->blank)
        mf_str_printf(out, "; %zu pictures without contrast are left out", n->blank);
    mf_str_addc(out, '\n');
    for (i = 0; i < n->n; i++) {
        const mf_near_group *g = &n->group[i];

        if (!r->all && !g->across_subjects && !g->across_splits && !g->across_labels)
            continue;
        telling++;
        if (!r->all && listed == GROUPS_MOST)
            continue;
        listed++;
        for (k = 0; k < g->n && (r->all || k < 4); k++) {
            const mf_row *row = &r->d->rows[g->row[k]];

            mf_str_printf(out, "  %s %s (%s%s%s%s%s)\n", k ? "=" : "-", row->image, r->d->classes[row->label],
                          row->subject < 0 ? "" : ", person ", row->subject < 0 ? "" : r->d->subjects[row->subject],
                          row->split == MF_SPLIT_NONE ? "" : ", ", mf_split_name(row->split));
        }
        if (k < g->n)
            mf_str_printf(out, "  = and %zu more\n", g->n - k);
    }
    if (telling > listed)
        mf_str_printf(out, "  and %zu groups more (--list shows all)\n", telling - listed);
}

void
mf_inventory_report_text(mf_str *out, const mf_inventory_report *r)
{
    mf_str_printf(out, "data set '%s': %zu pictures, %d classes\n\n", r->d->name, r->d->n_rows, r->d->n_classes);
    put_table(out, r);
    put_people(out, r);
    if (r->pixels)
        put_pixels(out, r);
    if (r->pixels && r->near > 0)
        put_near(out, r);
}

/* ---- CSV ---- */

static void
csv_line(mf_str *out, const mf_inventory_report *r, const char *name, const size_t count[MF_OCC_COUNT], size_t pairs, const mf_msde_row *m)
{
    size_t all = 0;
    int    o;

    mf_csv_put(out, name);
    for (o = 0; o < MF_OCC_COUNT; o++) {
        all += count[o];
        if (shown(r, o))
            mf_str_printf(out, ",%zu", count[o]);
    }
    mf_str_printf(out, ",%zu,%zu", all, pairs);
    if (m)
        mf_str_printf(out, ",%d,%d,%d,%d", m->clear, m->masked, m->clear + m->masked, m->pairs);
    else if (r->published)
        mf_str_add(out, ",,,,");
    mf_str_addc(out, '\n');
}

void
mf_inventory_report_csv(mf_str *out, const mf_inventory_report *r)
{
    int o, k;

    mf_str_add(out, "expression");
    for (o = 0; o < MF_OCC_COUNT; o++)
        if (shown(r, o))
            mf_str_printf(out, ",%s", column(o));
    mf_str_add(out, ",total,pairs");
    mf_str_add(out, r->published ? ",msde_non-masked,msde_masked,msde_total,msde_pairs\n" : "\n");
    for (k = 0; k < r->d->n_classes; k++)
        csv_line(out, r, r->d->classes[k], r->s.count[k], r->s.pairs[k],
                 r->published && r->published[k] >= 0 ? &mf_msde_table()[r->published[k]] : NULL);
    if (r->published) {
        mf_msde_row t = published_total(r);

        csv_line(out, r, "total", r->s.occlusion, r->s.n_pairs, &t);
    } else {
        csv_line(out, r, "total", r->s.occlusion, r->s.n_pairs, NULL);
    }
}

void
mf_inventory_report_near_csv(mf_str *out, const mf_inventory_report *r)
{
    size_t i, k;

    mf_str_add(out, "group,image,label,subject,occlusion,split\n");
    for (i = 0; i < r->s.near.n; i++)
        for (k = 0; k < r->s.near.group[i].n; k++) {
            const mf_row *row = &r->d->rows[r->s.near.group[i].row[k]];

            mf_str_printf(out, "%zu,", i + 1);
            mf_csv_put(out, row->image);
            mf_str_addc(out, ',');
            mf_csv_put(out, r->d->classes[row->label]);
            mf_str_addc(out, ',');
            mf_csv_put(out, row->subject < 0 ? "" : r->d->subjects[row->subject]);
            mf_str_printf(out, ",%s,%s\n", mf_occlusion_name(row->occlusion), mf_split_name(row->split));
        }
}

/* ---- JSON ---- */

static void
json_spread(mf_json_out *j, const char *key, const mf_spread *s)
{
    mf_json_open(j, key, '{');
    mf_json_put_int(j, "n", (int64_t)s->n);
    mf_json_put_num(j, "mean", s->mean);
    mf_json_put_num(j, "sd", s->sd);
    mf_json_put_num(j, "min", s->min);
    mf_json_put_num(j, "p5", s->p5);
    mf_json_put_num(j, "p25", s->p25);
    mf_json_put_num(j, "median", s->median);
    mf_json_put_num(j, "p75", s->p75);
    mf_json_put_num(j, "p95", s->p95);
    mf_json_put_num(j, "max", s->max);
    mf_json_close(j, '}');
}

static void
json_row(mf_json_out *j, const mf_inventory_report *r, const char *name, const size_t count[MF_OCC_COUNT], size_t pairs, const mf_msde_row *m)
{
    size_t all = 0;
    int    o;

    mf_json_open(j, NULL, '{');
    mf_json_put_str(j, "expression", name);
    for (o = 0; o < MF_OCC_COUNT; o++) {
        all += count[o];
        if (shown(r, o))
            mf_json_put_int(j, column(o), (int64_t)count[o]);
    }
    mf_json_put_int(j, "total", (int64_t)all);
    mf_json_put_int(j, "pairs", (int64_t)pairs);
    if (m) {
        mf_json_open(j, "msde", '{');
        mf_json_put_int(j, "non-masked", m->clear);
        mf_json_put_int(j, "masked", m->masked);
        mf_json_put_int(j, "total", m->clear + m->masked);
        mf_json_put_int(j, "pairs", m->pairs);
        mf_json_close(j, '}');
    }
    mf_json_close(j, '}');
}

static void
json_near(mf_json_out *j, const mf_inventory_report *r)
{
    const mf_near *n = &r->s.near;
    size_t         i, k;

    mf_json_open(j, "near_duplicates", '{');
    mf_json_put_num(j, "correlation", r->near);
    mf_json_put_int(j, "pictures", (int64_t)n->pictures);
    mf_json_put_int(j, "groups", (int64_t)n->n);
    mf_json_put_int(j, "within_subject", (int64_t)n->within_subject);
    mf_json_put_int(j, "across_subjects", (int64_t)n->across_subjects);
    mf_json_put_int(j, "across_splits", (int64_t)n->across_splits);
    mf_json_put_int(j, "across_labels", (int64_t)n->across_labels);
    mf_json_put_int(j, "blank", (int64_t)n->blank);
    mf_json_put_int(j, "compared", (int64_t)n->compared);
    mf_json_open(j, "list", '[');
    for (i = 0; i < n->n; i++) {
        const mf_near_group *g = &n->group[i];

        mf_json_open(j, NULL, '{');
        mf_json_put_num(j, "least_correlation", g->least);
        mf_json_put_bool(j, "across_subjects", g->across_subjects);
        mf_json_put_bool(j, "across_splits", g->across_splits);
        mf_json_put_bool(j, "across_labels", g->across_labels);
        mf_json_put_bool(j, "across_occlusion", g->across_occlusion);
        mf_json_open(j, "images", '[');
        for (k = 0; k < g->n; k++)
            mf_json_put_str(j, NULL, r->d->rows[g->row[k]].image);
        mf_json_close(j, ']');
        mf_json_close(j, '}');
    }
    mf_json_close(j, ']');
    mf_json_close(j, '}');
}

static void
json_pixels(mf_json_out *j, const mf_inventory_report *r)
{
    const mf_inventory *s = &r->s;
    size_t          i;
    int             o;

    mf_json_open(j, "pixels", '{');
    mf_json_put_int(j, "readable", (int64_t)s->readable);
    mf_json_put_int(j, "grey", (int64_t)s->grey);
    json_spread(j, "width", &s->width);
    json_spread(j, "height", &s->height);
    json_spread(j, "brightness", &s->brightness);
    json_spread(j, "contrast", &s->contrast);
    mf_json_open(j, "brightness_by_occlusion", '{');
    for (o = 0; o < MF_OCC_COUNT; o++)
        if (s->brightness_by[o].n)
            json_spread(j, column(o), &s->brightness_by[o]);
    mf_json_close(j, '}');
    mf_json_open(j, "sizes", '[');
    for (i = 0; i < s->n_sizes; i++) {
        mf_json_open(j, NULL, '{');
        mf_json_put_int(j, "width", s->size[i].width);
        mf_json_put_int(j, "height", s->size[i].height);
        mf_json_put_int(j, "pictures", (int64_t)s->size[i].n);
        mf_json_close(j, '}');
    }
    mf_json_close(j, ']');
    mf_json_close(j, '}');
}

void
mf_inventory_report_json(mf_str *out, const mf_inventory_report *r)
{
    const mf_inventory *s = &r->s;
    mf_json_out     j = mf_json_begin(out, 2);
    mf_msde_row     t = r->published ? published_total(r) : (mf_msde_row){0};
    size_t          i;
    int             k;

    mf_json_open(&j, NULL, '{');
    mf_json_put_str(&j, "name", r->d->name);
    mf_json_put_str(&j, "dir", r->d->dir);
    mf_json_put_int(&j, "pictures", (int64_t)r->d->n_rows);
    mf_json_open(&j, "table", '[');
    for (k = 0; k < r->d->n_classes; k++)
        json_row(&j, r, r->d->classes[k], s->count[k], s->pairs[k],
                 r->published && r->published[k] >= 0 ? &mf_msde_table()[r->published[k]] : NULL);
    json_row(&j, r, "total", s->occlusion, s->n_pairs, r->published ? &t : NULL);
    mf_json_close(&j, ']');
    mf_json_open(&j, "split", '{');
    for (k = 0; k < MF_SPLIT_COUNT; k++)
        mf_json_put_int(&j, k == MF_SPLIT_NONE ? "none" : mf_split_name((mf_split)k), (int64_t)s->split[k]);
    mf_json_close(&j, '}');
    mf_json_open(&j, "subjects", '{');
    mf_json_put_int(&j, "count", r->d->n_subjects);
    mf_json_put_int(&j, "unknown", (int64_t)s->no_subject);
    json_spread(&j, "pictures_each", &s->per_person);
    mf_json_open(&j, "by_pictures", '[');
    for (i = 0; i < s->n_people; i++) {
        mf_json_open(&j, NULL, '{');
        mf_json_put_int(&j, "pictures", (int64_t)s->people[i].pictures);
        mf_json_put_int(&j, "people", (int64_t)s->people[i].people);
        mf_json_close(&j, '}');
    }
    mf_json_close(&j, ']');
    mf_json_close(&j, '}');
    if (r->pixels)
        json_pixels(&j, r);
    if (r->pixels && r->near > 0)
        json_near(&j, r);
    mf_json_put_num(&j, "seconds", r->seconds);
    mf_json_close(&j, '}');
    mf_str_addc(out, '\n');
}

/* ---- figure ---- */

/* Bars of one class, in the order of `series`; returns how many. */
static size_t
bars_of(double *v, const mf_inventory_report *r, int k)
{
    size_t n = 0;
    int    o;

    for (o = 0; o < MF_OCC_COUNT; o++)
        if (shown(r, o))
            v[n++] = (double)r->s.count[k][o];
    if (r->s.n_pairs)
        v[n++] = (double)r->s.pairs[k];
    if (r->published) {
        const mf_msde_row *m = r->published[k] >= 0 ? &mf_msde_table()[r->published[k]] : NULL;

        v[n++] = m ? m->clear : (double)NAN;
        v[n++] = m ? m->masked : (double)NAN;
        v[n++] = m ? m->pairs : (double)NAN;
    }
    return n;
}

mf_status
mf_inventory_report_figure(const char *dir, const mf_inventory_report *r, mf_err *err)
{
    const char     *series[BARS_MOST], *group[MF_CLASSES_MAX];
    double         *value = mf_calloc((size_t)r->d->n_classes * BARS_MOST, sizeof *value);
    mf_plot_bars_in in    = {.title = strlen(r->d->name) <= TITLE_MOST ? r->d->name : "Inventory", .y_label = "pictures", .group = group,
                             .series = series, .n_groups = (size_t)r->d->n_classes, .value = value};
    mf_figure       f     = {0};
    mf_status       st;
    size_t          n = 0;
    int             k, o;

    if (!value)
        return mf_oom(err, (size_t)r->d->n_classes * BARS_MOST * sizeof *value, "a figure");
    for (o = 0; o < MF_OCC_COUNT; o++)
        if (shown(r, o))
            series[in.n_series++] = column(o);
    if (r->s.n_pairs)
        series[in.n_series++] = "pairs";
    if (r->published) {
        series[in.n_series++] = "MSD-E non-masked";
        series[in.n_series++] = "MSD-E masked";
        series[in.n_series++] = "MSD-E pairs";
    }
    for (k = 0; k < r->d->n_classes; k++) {
        group[k] = r->d->classes[k];
        n += bars_of(value + n, r, k);
    }
    if ((st = mf_figure_make(&f, "bars", "inventory", &in, err)) == MF_OK)
        st = mf_figure_draw(&f, dir, err);
    mf_figure_free(&f);
    mf_free(value);
    return st;
}
