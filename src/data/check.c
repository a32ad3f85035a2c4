/* data/check.c: read, hash and decode every picture on all cores, then group equal hashes. */
#include "data/check.h"

#include <stdlib.h>
#include <string.h>
#include "core/csv.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/mem.h"
#include "data/jobs.h"
#include "image/image.h"

/* What is found out about one picture. */
typedef struct look {
    uint8_t  sum[32];
    bool     read;          /* the file could be read, so `sum` holds */
    int      width, height; /* 0: it does not decode */
    uint64_t bytes;
    char    *reason;
} look;

typedef struct looks {
    const mf_dataset *d;
    look             *at;
} looks;

static mf_status
note_bad(look *l, const char *prefix, const mf_err *e, mf_err *err)
{
    const char *text = e->msg;

    if (e->code == MF_E_NOMEM) /* not the picture's fault */
        return mf_fail(err, e->code, "%s", e->msg);
    if (mf_str_starts(text, prefix)) /* the path is known from the row */
        text += strlen(prefix);
    l->reason = mf_strdup(text);
    return l->reason ? MF_OK : mf_oom(err, strlen(text), "a reason");
}

static mf_status
look_at(void *arg, size_t i, mf_err *err)
{
    looks    *all  = arg;
    look     *l    = &all->at[i];
    mf_status st   = MF_OK;
    mf_str    path = {0}, prefix = {0};
    mf_blob   file = {0};
    mf_image  im   = {0};
    mf_err    e    = {0};
    mf_sha256 s;

    mf_dataset_path(&path, all->d, i);
    mf_str_printf(&prefix, "picture '%s': ", all->d->rows[i].image);
    if ((st = mf_str_ok(&path, err)) < 0 || (st = mf_str_ok(&prefix, err)) < 0)
        goto done;
    if ((st = mf_file_read(&file, mf_str_c(&path), MF_IMAGE_MAX_BYTES, &e)) < 0) {
        st = note_bad(l, mf_str_c(&prefix), &e, err);
        goto done;
    }
    mf_sha256_init(&s);
    mf_sha256_add(&s, file.data, file.size);
    mf_sha256_end(&s, l->sum);
    l->read  = true;
    l->bytes = file.size;
    if ((st = mf_image_decode(&im, all->d->rows[i].image, file.data, file.size, 0, &e)) < 0) {
        st = note_bad(l, mf_str_c(&prefix), &e, err);
        goto done;
    }
    l->width  = im.width;
    l->height = im.height;
done:
    mf_image_free(&im);
    mf_blob_free(&file);
    mf_str_free(&prefix);
    mf_str_free(&path);
    return st;
}

/* ---- equal pictures ---- */

typedef struct by_sum {
    const uint8_t *sum;
    uint32_t       row;
} by_sum;

static int
compare_sums(const void *a, const void *b)
{
    const by_sum *x = a, *y = b;
    int           c = memcmp(x->sum, y->sum, 32);

    return c ? c : (x->row > y->row) - (x->row < y->row);
}

static int
compare_groups(const void *a, const void *b)
{
    const mf_check_same *x = a, *y = b;

    return (x->row[0] > y->row[0]) - (x->row[0] < y->row[0]);
}

static void
judge_group(mf_check_same *g, const mf_dataset *d)
{
    size_t i, k;

    for (i = 1; i < g->n; i++) /* against the first suffices for labels and splits; subjects may be unknown */
        for (k = 0; k < i && !(g->across_subjects && g->across_splits && g->across_labels); k++) {
            const mf_row *a = &d->rows[g->row[i]], *b = &d->rows[g->row[k]];

            g->across_subjects |= a->subject >= 0 && b->subject >= 0 && a->subject != b->subject;
            g->across_splits |= a->split != b->split && a->split != MF_SPLIT_NONE && b->split != MF_SPLIT_NONE;
            g->across_labels |= a->label != b->label;
            if (k == 0 && i > 64) /* a thousand equal pictures: compare with the first only */
                break;
        }
}

static mf_status
find_same(mf_check_report *r, const mf_dataset *d, const look *l, mf_err *err)
{
    by_sum  *s = mf_calloc(d->n_rows, sizeof *s);
    size_t   n = 0, i, k, groups = 0;
    uint32_t *rows = mf_calloc(d->n_rows, sizeof *rows);

    r->same_rows = rows;
    if (!s || !rows)
        goto oom;
    for (i = 0; i < d->n_rows; i++)
        if (l[i].read)
            s[n++] = (by_sum){l[i].sum, (uint32_t)i};
    qsort(s, n, sizeof *s, compare_sums);
    for (i = 0; i < n; i = k) {
        for (k = i + 1; k < n && !memcmp(s[i].sum, s[k].sum, 32); k++)
            continue;
        groups += k - i > 1;
    }
    if (!(r->same = mf_calloc(groups, sizeof *r->same)))
        goto oom;
    for (i = 0; i < n; i = k) {
        for (k = i; k < n && !memcmp(s[i].sum, s[k].sum, 32); k++)
            rows[k] = s[k].row;
        if (k - i < 2)
            continue;
        r->same[r->n_same] = (mf_check_same){.row = rows + i, .n = k - i};
        judge_group(&r->same[r->n_same], d);
        r->same_across_subjects += r->same[r->n_same].across_subjects;
        r->same_across_splits += r->same[r->n_same].across_splits;
        r->same_across_labels += r->same[r->n_same].across_labels;
        r->n_same++;
    }
    qsort(r->same, r->n_same, sizeof *r->same, compare_groups);
    mf_free(s);
    return MF_OK;
oom:
    mf_free(s);
    return mf_oom(err, d->n_rows * sizeof *s, "hashes of pictures");
}

/* ---- what the manifest itself says ---- */

static mf_status
count_rows(mf_check_report *r, const mf_dataset *d, mf_err *err)
{
    uint32_t *first  = mf_calloc((size_t)d->n_pairs, sizeof *first); /* row + 1 */
    uint8_t  *unlike = mf_calloc((size_t)d->n_pairs, 1);
    size_t    i;

    if (!first || !unlike) {
        mf_free(first);
        mf_free(unlike);
        return mf_oom(err, (size_t)d->n_pairs * 5, "pairs");
    }
    for (i = 0; i < d->n_rows; i++) {
        const mf_row *row = &d->rows[i], *f;

        r->no_subject += row->subject < 0;
        if (row->pair < 0)
            continue;
        if (!first[row->pair]) {
            first[row->pair] = (uint32_t)i + 1;
            continue;
        }
        f = &d->rows[first[row->pair] - 1];
        if ((f->subject != row->subject || f->label != row->label) && !unlike[row->pair]) {
            unlike[row->pair] = 1;
            r->pairs_unlike++;
        }
    }
    mf_free(first);
    mf_free(unlike);
    return MF_OK;
}

static mf_status
collect(mf_check_report *r, look *l, size_t n, mf_err *err)
{
    size_t i;

    for (i = 0; i < n; i++)
        r->n_bad += l[i].reason != NULL;
    if (!(r->bad = mf_calloc(r->n_bad, sizeof *r->bad)))
        return mf_oom(err, r->n_bad * sizeof *r->bad, "unreadable pictures");
    if (!(r->size = mf_calloc(n, sizeof *r->size)))
        return mf_oom(err, n * sizeof *r->size, "sizes of pictures");
    r->n_bad = 0;
    for (i = 0; i < n; i++) {
        r->size[i][0] = l[i].width;
        r->size[i][1] = l[i].height;
        r->bytes += l[i].bytes;
        if (l[i].reason) {
            r->bad[r->n_bad++] = (mf_check_bad){i, l[i].reason};
            l[i].reason        = NULL; /* moved */
            continue;
        }
        if (!r->n_ok || l[i].width < r->min_width)
            r->min_width = l[i].width;
        if (!r->n_ok || l[i].height < r->min_height)
            r->min_height = l[i].height;
        if (l[i].width > r->max_width)
            r->max_width = l[i].width;
        if (l[i].height > r->max_height)
            r->max_height = l[i].height;
        r->n_ok++;
    }
    return MF_OK;
}

mf_status
mf_check_run(mf_check_report *out, const mf_dataset *d, const mf_jobs_opts *jobs, mf_err *err)
{
    mf_status st;
    looks     all = {d, mf_calloc(d->n_rows, sizeof(look))};
    size_t    i;

    *out = (mf_check_report){.n_rows = d->n_rows};
    if (!all.at)
        return mf_oom(err, d->n_rows * sizeof(look), "a check of pictures");
    if ((st = mf_jobs_run(d->n_rows, look_at, &all, jobs, err)) == MF_OK &&
        (st = collect(out, all.at, d->n_rows, err)) == MF_OK && (st = find_same(out, d, all.at, err)) == MF_OK)
        st = count_rows(out, d, err);
    for (i = 0; i < d->n_rows; i++)
        mf_free(all.at[i].reason);
    mf_free(all.at);
    if (st < 0)
        mf_check_free(out);
    return st;
}

mf_status
mf_check_landmarks(mf_check_report *r, const mf_landmark_table *t, mf_err *err)
{
    mf_check_point p = {0}, *list;
    size_t         cap = 0;

    r->has_landmarks = t != NULL;
    for (p.row = 0; t && p.row < r->n_rows; p.row++) {
        mf_landmarks lm = mf_landmarks_of(t, p.row);

        if (!r->size[p.row][0] || !(p.n = mf_landmarks_outside(&p.point, &p.slip, &lm, r->size[p.row][0], r->size[p.row][1])))
            continue;
        if (r->n_outside == cap) {
            cap = cap ? cap * 2 : 64;
            if (!(list = mf_realloc(r->outside, cap, sizeof *list)))
                return mf_oom(err, cap * sizeof *list, "landmarks outside their pictures");
            r->outside = list;
        }
        p.line = mf_landmarks_line(t, p.row);
        p.x    = lm.x[p.point];
        p.y    = lm.y[p.point];
        r->outside[r->n_outside++] = p;
        r->n_slips += p.slip;
    }
    return MF_OK;
}

void
mf_check_free(mf_check_report *r)
{
    size_t i;

    for (i = 0; r->bad && i < r->n_bad; i++)
        mf_free(r->bad[i].reason);
    mf_free(r->bad);
    mf_free(r->same);
    mf_free(r->same_rows);
    mf_free(r->size);
    mf_free(r->outside);
    *r = (mf_check_report){0};
}

mf_status
mf_check_quarantine(const mf_check_report *r, const mf_dataset *d, mf_err *err)
{
    mf_status st;
    mf_str    path = {0}, text = {0};
    size_t    i;

    mf_path_join(&path, d->dir, "quarantine.csv");
    mf_str_add(&text, "image,reason\n");
    for (i = 0; i < r->n_bad; i++) {
        mf_csv_put(&text, d->rows[r->bad[i].row].image);
        mf_str_addc(&text, ',');
        mf_csv_put(&text, r->bad[i].reason);
        mf_str_addc(&text, '\n');
    }
    if ((st = mf_str_ok(&path, err)) == MF_OK && (st = mf_str_ok(&text, err)) == MF_OK)
        st = r->n_bad ? mf_file_write_str(mf_str_c(&path), &text, err) : mf_file_remove(mf_str_c(&path), err);
    mf_str_free(&text);
    mf_str_free(&path);
    return st;
}
