/* data/inventory.c: count rows, open every picture once on all cores, sum up in row order. */
#include "data/inventory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/mem.h"
#include "core/str.h"
#include "data/pairs.h"
#include "image/image.h"

const mf_msde_row *
mf_msde_table(void)
{
    static const mf_msde_row table[MF_MSDE_ROWS] = {
        {"surprise", 128, 121, 249, 113}, {"fear", 121, 128, 249, 108},  {"disgust", 114, 127, 241, 106}, {"happy", 193, 164, 357, 155},
        {"sad", 123, 142, 256, 119},      {"angry", 104, 143, 247, 100}, {"neutral", 181, 171, 352, 156},
    };

    return table;
}

void
mf_inventory_free(mf_inventory *s)
{
    mf_free(s->people);
    mf_free(s->size);
    mf_free(s->bright);
    mf_near_free(&s->near);
    *s = (mf_inventory){0};
}

/* ---- spreads ---- */

static int
by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double
at_share(const double *v, size_t n, double share)
{
    double at = share * (double)(n - 1), low = floor(at);
    size_t i  = (size_t)low;

    return i + 1 < n ? v[i] + (at - low) * (v[i + 1] - v[i]) : v[i];
}

/* Sorts v. */
static mf_spread
spread(double *v, size_t n)
{
    mf_spread s = {.n = n};
    size_t    i;

    if (n == 0)
        return s;
    qsort(v, n, sizeof *v, by_value);
    for (i = 0; i < n; i++)
        s.mean += v[i] / (double)n;
    for (i = 0; i < n; i++)
        s.sd += (v[i] - s.mean) * (v[i] - s.mean);
    s.sd     = n > 1 ? sqrt(s.sd / (double)(n - 1)) : 0;
    s.min    = v[0];
    s.p5     = at_share(v, n, 0.05);
    s.p25    = at_share(v, n, 0.25);
    s.median = at_share(v, n, 0.5);
    s.p75    = at_share(v, n, 0.75);
    s.p95    = at_share(v, n, 0.95);
    s.max    = v[n - 1];
    return s;
}

/* ---- rows ---- */

static mf_status
count_rows(mf_inventory *s, const mf_dataset *d, mf_err *err)
{
    mf_pairs  p  = {0};
    mf_status st = mf_pairs_find(&p, d, NULL, err);
    size_t    i;

    if (st < 0)
        return st;
    memcpy(s->pairs, p.by_class, sizeof s->pairs);
    s->n_pairs = p.kept;
    mf_pairs_free(&p);
    for (i = 0; i < d->n_rows; i++) {
        const mf_row *r = &d->rows[i];

        s->count[r->label][r->occlusion]++;
        s->occlusion[r->occlusion]++;
        s->split[r->split]++;
        s->no_subject += r->subject < 0;
    }
    return MF_OK;
}

static mf_status
count_people(mf_inventory *s, const mf_dataset *d, mf_err *err)
{
    size_t  n = (size_t)d->n_subjects, i;
    double *v = mf_calloc(n, sizeof *v);

    s->people = mf_calloc(n, sizeof *s->people);
    if (!v || !s->people) {
        mf_free(v);
        return mf_oom(err, n * sizeof *v, "people");
    }
    for (i = 0; i < d->n_rows; i++)
        if (d->rows[i].subject >= 0)
            v[d->rows[i].subject]++;
    s->per_person = spread(v, n);
    for (i = n; i-- > 0;) {
        if (!s->n_people || s->people[s->n_people - 1].pictures != (size_t)v[i])
            s->people[s->n_people++].pictures = (size_t)v[i];
        s->people[s->n_people - 1].people++;
    }
    mf_free(v);
    return MF_OK;
}

/* ---- pixels ---- */

typedef struct look {
    int     width, height, channels; /* 0: not readable */
    double  mean, sd;
} look;

typedef struct looks {
    const mf_dataset *d;
    look             *at;   /* [rows] */
    mf_near_look     *near; /* [rows], or NULL */
} looks;

static mf_status
look_at(void *arg, size_t i, mf_err *err)
{
    looks    *w    = arg;
    look     *l    = &w->at[i];
    mf_str    path = {0};
    mf_image  im = {0}, grey = {0};
    mf_err    e  = {0};
    mf_status st;
    double    sum = 0, squares = 0;
    size_t    k, n;

    mf_dataset_path(&path, w->d, i);
    if ((st = mf_str_ok(&path, err)) < 0)
        goto done;
    if ((st = mf_image_load(&im, mf_str_c(&path), 0, &e)) < 0) {
        st = e.code == MF_E_NOMEM ? mf_fail(err, e.code, "%s", e.msg) : MF_OK;
        goto done;
    }
    if ((st = mf_image_convert(&grey, &im, 1, err)) < 0 || (w->near && (st = mf_near_look_at(&w->near[i], &grey, err)) < 0))
        goto done;
    n = (size_t)grey.width * (size_t)grey.height;
    for (k = 0; k < n; k++) {
        sum += grey.px[k];
        squares += (double)grey.px[k] * grey.px[k];
    }
    l->mean     = sum / (double)n;
    l->sd       = sqrt(fmax(0, squares / (double)n - l->mean * l->mean));
    l->width    = im.width;
    l->height   = im.height;
    l->channels = im.channels;
done:
    mf_image_free(&im);
    mf_image_free(&grey);
    mf_str_free(&path);
    return st;
}

static int
by_size(const void *a, const void *b)
{
    const mf_inventory_size *x = a, *y = b;

    if (x->width != y->width)
        return x->width < y->width ? -1 : 1;
    return (x->height > y->height) - (x->height < y->height);
}

static int
by_number(const void *a, const void *b)
{
    const mf_inventory_size *x = a, *y = b;

    return x->n != y->n ? (x->n > y->n ? -1 : 1) : by_size(a, b);
}

static mf_status
sum_sizes(mf_inventory *s, const look *l, size_t n, mf_err *err)
{
    mf_inventory_size *all = mf_calloc(n, sizeof *all);
    size_t         i, k, m = 0;

    if (!all)
        return mf_oom(err, n * sizeof *all, "sizes");
    for (i = 0; i < n; i++)
        if (l[i].width)
            all[m++] = (mf_inventory_size){l[i].width, l[i].height, 1};
    qsort(all, m, sizeof *all, by_size);
    for (i = 0; i < m; i = k) {
        for (k = i + 1; k < m && by_size(&all[i], &all[k]) == 0; k++)
            all[i].n++;
        all[s->n_sizes++] = all[i];
    }
    qsort(all, s->n_sizes, sizeof *all, by_number);
    s->size = all;
    return MF_OK;
}

static mf_status
sum_pixels(mf_inventory *s, const mf_dataset *d, const look *l, mf_err *err)
{
    double *v = mf_calloc(d->n_rows, sizeof *v);
    size_t  i, n;
    int     k, o;

    s->bright = mf_calloc(d->n_rows, sizeof *s->bright);
    if (!v || !s->bright) {
        mf_free(v);
        return mf_oom(err, d->n_rows * sizeof *v, "figures of pictures");
    }
    for (i = 0; i < d->n_rows; i++) {
        s->readable += l[i].width > 0;
        s->grey += l[i].channels == 1;
        s->bright[i] = l[i].width ? (float)l[i].mean : -1;
    }
    for (k = 0; k < 4; k++) {
        mf_spread *out[] = {&s->width, &s->height, &s->brightness, &s->contrast};

        for (i = n = 0; i < d->n_rows; i++)
            if (l[i].width)
                v[n++] = k == 0 ? l[i].width : k == 1 ? l[i].height : k == 2 ? l[i].mean : l[i].sd;
        *out[k] = spread(v, n);
    }
    for (o = 0; o < MF_OCC_COUNT; o++) {
        for (i = n = 0; i < d->n_rows; i++)
            if (l[i].width && (int)d->rows[i].occlusion == o)
                v[n++] = l[i].mean;
        s->brightness_by[o] = spread(v, n);
    }
    mf_free(v);
    return sum_sizes(s, l, d->n_rows, err);
}

static mf_status
find_near(mf_inventory *s, const mf_dataset *d, const looks *w, double least, mf_err *err)
{
    uint8_t  *seen = mf_calloc(d->n_rows, 1);
    mf_status st;
    size_t    i;

    if (!seen)
        return mf_oom(err, d->n_rows, "pictures");
    for (i = 0; i < d->n_rows; i++)
        seen[i] = w->at[i].width > 0;
    st = mf_near_find(&s->near, d, w->near, seen, least, err);
    mf_free(seen);
    return st;
}

mf_status
mf_inventory_make(mf_inventory *s, const mf_dataset *d, const mf_inventory_opts *o, mf_err *err)
{
    looks     w = {.d = d};
    mf_status st;

    *s = (mf_inventory){0};
    if (!(o->near >= 0 && o->near < 1))
        return mf_fail(err, MF_E_ARG, "near-duplicates from a correlation of %g; it must be at least 0 and below 1", o->near);
    if ((st = count_rows(s, d, err)) < 0 || (st = count_people(s, d, err)) < 0 || !o->pixels)
        goto done;
    w.at   = mf_calloc(d->n_rows, sizeof *w.at);
    w.near = o->near > 0 ? mf_calloc(d->n_rows, sizeof *w.near) : NULL;
    if (!w.at || (o->near > 0 && !w.near)) {
        st = mf_oom(err, d->n_rows * sizeof *w.near, "looks at pictures");
        goto done;
    }
    if ((st = mf_jobs_run(d->n_rows, look_at, &w, &o->jobs, err)) < 0 || (st = sum_pixels(s, d, w.at, err)) < 0)
        goto done;
    if (w.near)
        st = find_near(s, d, &w, o->near, err);
done:
    mf_free(w.at);
    mf_free(w.near);
    if (st < 0)
        mf_inventory_free(s);
    return st;
}
