/* data/landmarks_collect.c: a job a picture: its file, and the size of the picture from its header. */
#include "data/landmarks_collect.h"

#include <string.h>
#include "core/file.h"
#include "core/mem.h"
#include "data/pts.h"
#include "image/image.h"

typedef struct job {
    const mf_dataset *d;
    const char       *from;
    int               points;
    mf_landmarks     *at;       /* [n_rows] */
    uint8_t          *outside;  /* [n_rows] */
} job;

/* FROM/a/b.pts or FROM/b.pts of picture a/b.jpg; empty where there is neither. */
static mf_status
find_file(mf_str *out, const char *from, const char *image, mf_err *err)
{
    const char *names[2] = {image, mf_path_base(image)};
    const char *dot      = strrchr(mf_path_base(image), '.');
    mf_str      rel      = {0};
    mf_status   st       = MF_OK;
    int         i;

    for (i = 0; i < 2; i++) {
        mf_str_clear(&rel);
        mf_str_addn(&rel, names[i], dot ? (size_t)(dot - names[i]) : strlen(names[i]));
        mf_str_add(&rel, ".pts");
        mf_path_join(out, from, mf_str_c(&rel));
        if ((st = mf_str_ok(&rel, err)) < 0 || (st = mf_str_ok(out, err)) < 0 || mf_path_exists(mf_str_c(out)))
            goto done;
    }
    mf_str_clear(out);
done:
    mf_str_free(&rel);
    return st;
}

static mf_status
check_size(job *j, size_t row, const char *file, mf_err *err)
{
    mf_status st;
    mf_str    path = {0};
    mf_blob   b    = {0};
    int       w, h, channels, first;
    bool      slip;

    mf_dataset_path(&path, j->d, row);
    if ((st = mf_str_ok(&path, err)) < 0 || (st = mf_file_read(&b, mf_str_c(&path), MF_IMAGE_MAX_BYTES, err)) < 0 ||
        (st = mf_image_probe(&w, &h, &channels, mf_str_c(&path), b.data, b.size, err)) < 0)
        goto done;
    j->outside[row] = mf_landmarks_outside(&first, &slip, &j->at[row], w, h) > 0;
    if (slip)
        st = mf_fail(err, MF_E_FORMAT, "%s: point %d (%.1f, %.1f) lies far outside picture '%.200s' of %d x %d pixels", file, first,
                     (double)j->at[row].x[first], (double)j->at[row].y[first], j->d->rows[row].image, w, h);
done:
    mf_blob_free(&b);
    mf_str_free(&path);
    return st;
}

static mf_status
read_one(void *arg, size_t row, mf_err *err)
{
    job      *j    = arg;
    mf_str    file = {0};
    mf_status st;

    if ((st = find_file(&file, j->from, j->d->rows[row].image, err)) < 0 || !file.len ||
        (st = mf_pts_load(&j->at[row], mf_str_c(&file), err)) < 0 || (st = check_size(j, row, mf_str_c(&file), err)) < 0)
        goto done;
    if (j->points == 5)
        st = mf_landmarks_to5(&j->at[row], &j->at[row], err);
    else if (j->points && j->at[row].n != j->points)
        st = mf_fail(err, MF_E_FORMAT, "%s: %d points, where %d are asked for", mf_str_c(&file), j->at[row].n, j->points);
done:
    mf_str_free(&file);
    return st;
}

static mf_status
fill(mf_landmark_table **out, mf_collected *c, const job *j, mf_err *err)
{
    mf_status st;
    size_t    i, first = 0;
    int       points = 0;

    for (i = 0; i < j->d->n_rows; i++) {
        if (!j->at[i].n) {
            c->missing++;
            continue;
        }
        if (!points) {
            points = j->at[i].n;
            first  = i;
        }
        if (j->at[i].n != points)
            return mf_fail(err, MF_E_FORMAT, "picture '%.200s' has %d points and '%.200s' %d; --points 5 reduces all to five",
                           j->d->rows[first].image, points, j->d->rows[i].image, j->at[i].n);
        c->found++;
        c->outside += j->outside[i];
    }
    if (!points)
        return mf_fail(err, MF_E_NOTFOUND, "'%s' has no .pts file for a picture of '%s': for '%.200s' there would be its name with "
                       ".pts", j->from, j->d->dir, j->d->rows[0].image);
    if ((st = mf_landmarks_new(out, j->d->n_rows, points, false, err)) < 0)
        return st;
    for (i = 0; i < j->d->n_rows; i++)
        if (j->at[i].n)
            mf_landmarks_set(*out, i, &j->at[i]);
    return MF_OK;
}

mf_status
mf_landmarks_collect(mf_landmark_table **out, mf_collected *counts, const mf_dataset *d, const char *from, int points,
                     const mf_jobs_opts *jobs, mf_err *err)
{
    mf_status st;
    job       j = {.d = d, .from = from, .points = points};

    *out    = NULL;
    *counts = (mf_collected){0};
    if (points != 0 && points != 5 && points != 68)
        return mf_fail(err, MF_E_ARG, "landmarks have 5 or 68 points, not %d", points);
    if ((st = mf_dataset_need_pictures(d, err)) < 0)
        return st;
    if (!mf_path_is_dir(from))
        return mf_fail(err, MF_E_NOTFOUND, "'%s' is not a folder", from);
    j.at      = mf_calloc(d->n_rows, sizeof *j.at);
    j.outside = mf_calloc(d->n_rows, 1);
    if (!j.at || !j.outside)
        st = mf_oom(err, d->n_rows * sizeof *j.at, "landmarks");
    else if ((st = mf_jobs_run(d->n_rows, read_one, &j, jobs, err)) == MF_OK)
        st = fill(out, counts, &j, err);
    mf_free(j.at);
    mf_free(j.outside);
    return st;
}

mf_status
mf_landmarks_reduce(mf_landmark_table **out, const mf_landmark_table *t, const mf_dataset *d, mf_err *err)
{
    mf_status    st;
    mf_landmarks five;
    size_t       i;

    if ((st = mf_landmarks_new(out, d->n_rows, 5, mf_landmarks_judged(t), err)) < 0)
        return st;
    for (i = 0; i < d->n_rows; i++) {
        mf_landmarks lm = mf_landmarks_of(t, i);

        if (!lm.n)
            continue;
        if ((st = mf_landmarks_to5(&five, &lm, err)) < 0) {
            mf_landmarks_free(*out);
            *out = NULL;
            return st;
        }
        mf_landmarks_set(*out, i, &five);
    }
    return MF_OK;
}
