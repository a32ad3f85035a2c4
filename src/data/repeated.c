/* data/repeated.c: hash the source files on all cores, sort, keep the best of each group. */
#include "data/repeated.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/file.h"
#include "core/hash.h"
#include "core/mem.h"
#include "data/import_make.h"

typedef struct entry {
    uint8_t  sum[32];
    uint32_t row;
    uint8_t  rank;     /* 0 test, 1 validation, 2 anything else */
} entry;

typedef struct sums {
    const mf_import *im;
    entry           *at;
} sums;

static mf_status
hash_one(void *arg, size_t i, mf_err *err)
{
    sums     *s    = arg;
    mf_blob   file = {0};
    mf_sha256 h;
    mf_split  split = s->im->data->rows[i].split;
    mf_status st    = mf_import_bytes(&file, &s->im->from[i], err);

    if (st < 0)
        return st;
    mf_sha256_init(&h);
    if (s->im->from[i].box[2]) /* another part of the same picture is another picture */
        mf_sha256_add(&h, s->im->from[i].box, sizeof s->im->from[i].box);
    mf_sha256_add(&h, file.data, file.size);
    mf_sha256_end(&h, s->at[i].sum);
    s->at[i].row  = (uint32_t)i;
    s->at[i].rank = split == MF_SPLIT_TEST ? 0 : split == MF_SPLIT_VAL ? 1 : 2;
    mf_blob_free(&file);
    return MF_OK;
}

static int
compare(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    int          c = memcmp(x->sum, y->sum, 32);

    if (c)
        return c;
    if (x->rank != y->rank)
        return x->rank - y->rank;
    return (x->row > y->row) - (x->row < y->row);
}

/* A new data set with the rows that stay, in their order; im->from moves along. */
static mf_status
rebuild(mf_import *im, const uint8_t *drop, mf_err *err)
{
    const mf_dataset *d   = im->data;
    mf_dataset       *out = NULL;
    mf_status         st;
    size_t            i;

    if ((st = mf_dataset_new(&out, d->name, (const char *const *)d->classes, d->n_classes, err)) < 0 ||
        (st = mf_dataset_describe(out, d->licence, d->source, err)) < 0)
        goto fail;
    for (i = 0; i < d->n_rows; i++) {
        const mf_row *r = &d->rows[i];

        if (drop[i])
            continue;
        mf_import_move(im, out->n_rows, i); /* never ahead of i */
        if ((st = mf_dataset_add(out, r->image, d->classes[r->label], r->subject < 0 ? NULL : d->subjects[r->subject],
                                 r->occlusion, r->pair < 0 ? NULL : d->pairs[r->pair], r->split, r->soft, err)) < 0)
            goto fail;
    }
    mf_dataset_free(im->data);
    im->data = out;
    im->n_landmarks = 0;
    for (i = 0; im->points && i < out->n_rows; i++)
        im->n_landmarks += isnan(im->points[i * 2 * (size_t)im->n_points]) ? 0 : 1;
    return MF_OK;
fail:
    mf_dataset_free(out);
    return st;
}

mf_status
mf_import_drop_repeated(mf_import *im, const mf_jobs_opts *jobs, mf_err *err)
{
    mf_status    st;
    size_t       n    = im->data->n_rows, i, gone = 0, leaks = 0;
    sums         s    = {im, mf_calloc(n, sizeof(entry))};
    uint8_t     *drop = mf_calloc(n, 1);
    mf_jobs_opts o    = *jobs;

    o.what = "comparing pictures";
    if (!s.at || !drop) {
        st = mf_oom(err, n * sizeof(entry), "hashes of pictures");
        goto done;
    }
    if ((st = mf_jobs_run(n, hash_one, &s, &o, err)) < 0)
        goto done;
    qsort(s.at, n, sizeof *s.at, compare);
    for (i = 1; i < n; i++) {
        size_t first = i - 1;

        for (; i < n && !memcmp(s.at[first].sum, s.at[i].sum, 32); i++) {
            drop[s.at[i].row] = 1;
            gone++;
            leaks += s.at[i].rank != s.at[first].rank;
        }
    }
    if (gone && (st = rebuild(im, drop, err)) < 0)
        goto done;
    mf_str_printf(&im->notes, "%zu pictures left out that are there more than once, %zu of them also in a part that is scored\n",
                  gone, leaks);
    st = mf_str_ok(&im->notes, err);
done:
    mf_free(drop);
    mf_free(s.at);
    return st;
}
