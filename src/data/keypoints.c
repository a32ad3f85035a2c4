/* data/keypoints.c: owns the table of landmarks.csv. */
#include "data/keypoints.h"

#include <string.h>
#include "core/file.h"
#include "core/mem.h"
#include "data/landmarks_csv.h"
#include "data/pts.h"

struct mf_row_keypoints {
    const mf_dataset  *data;
    mf_landmark_table *table;
    int                points;
};

mf_status
mf_keypoints_of(float *p, int points, const mf_landmarks *lm, mf_err *err)
{
    mf_landmarks want;
    mf_status    st;

    MF_ASSERT(points == 5 || points == 68);
    if ((st = mf_landmarks_check(lm, err)) < 0 ||
        (st = points == 5 ? mf_landmarks_to5(&want, lm, err) : mf_landmarks_to68(&want, lm, err)) < 0)
        return st;
    for (int i = 0; i < points; i++) {
        p[i * MF_KEYPOINT]     = want.x[i];
        p[i * MF_KEYPOINT + 1] = want.y[i];
        p[i * MF_KEYPOINT + 2] = 1.0F - want.doubt[i];
    }
    return MF_OK;
}

static mf_status
check_row(const mf_row_keypoints *k, uint32_t row, mf_err *err)
{
    const mf_dataset *d  = k->data;
    mf_landmarks      lm = mf_landmarks_of(k->table, row);
    float             p[MF_KEYPOINTS_MAX * MF_KEYPOINT];
    mf_status         st;

    if (lm.n == 0)
        return mf_fail(err, MF_E_NOTFOUND, "'%s/landmarks.csv' has no points for '%s' (line %ld of manifest.csv), and the network looks at "
                       "the landmarks of each face: add its line, or take the picture out of the data set", d->dir, d->rows[row].image,
                       mf_dataset_line(d, row));
    if ((st = mf_keypoints_of(p, k->points, &lm, err)) < 0)
        return mf_fail_in(err, st, "'%s/landmarks.csv': line %ld: '%s'", d->dir, mf_landmarks_line(k->table, row), d->rows[row].image);
    return MF_OK;
}

mf_status
mf_row_keypoints_open(mf_row_keypoints **out, const mf_dataset *d, const uint32_t *rows, size_t n, int points, mf_err *err)
{
    mf_row_keypoints *k  = mf_calloc(1, sizeof *k);
    mf_status         st;

    *out = NULL;
    if (k == NULL)
        return mf_oom(err, sizeof *k, "landmarks");
    k->data   = d;
    k->points = points;
    if ((st = mf_landmarks_load(&k->table, d, err)) == MF_OK && k->table == NULL)
        st = mf_fail(err, MF_E_NOTFOUND, "the network looks at the landmarks of each face, and the data set '%s' has no landmarks.csv: write one "
                     "with a line image,x0,y0,... of 5 or 68 points for every picture (docs/formats.md)", d->dir);
    for (size_t i = 0; i < n && st == MF_OK; i++)
        st = check_row(k, rows[i], err);
    if (st == MF_OK) {
        *out = k;
        k    = NULL;
    }
    mf_row_keypoints_free(k);
    return st;
}

void
mf_row_keypoints_free(mf_row_keypoints *k)
{
    if (k == NULL)
        return;
    mf_landmarks_free(k->table);
    mf_free(k);
}

void
mf_row_keypoints_at(float *p, const mf_row_keypoints *k, uint32_t row)
{
    const mf_landmarks lm = mf_landmarks_of(k->table, row);
    const mf_status    st = mf_keypoints_of(p, k->points, &lm, NULL);

    MF_ASSERT(st == MF_OK); /* as when it was opened */
    (void)st;
}

mf_status
mf_row_picture_size(int *w, int *h, const mf_dataset *d, size_t row, mf_str *path, mf_err *err)
{
    mf_map    map = {0};
    int       channels;
    mf_status st;

    mf_dataset_path(path, d, row);
    if ((st = mf_str_ok(path, err)) < 0 || (st = mf_map_open(&map, mf_str_c(path), err)) < 0)
        return st;
    st = mf_image_probe(w, h, &channels, mf_str_c(path), map.data, map.size, err);
    mf_map_close(&map);
    return st;
}

mf_status
mf_row_keypoints_scales(float (*out)[2], const mf_row_keypoints *k, const uint32_t *rows, size_t n, int width, int height, mf_err *err)
{
    const mf_dataset *d    = k->data;
    mf_str            path = {0};
    mf_status         st   = MF_OK;

    for (size_t i = 0; i < n && st == MF_OK; i++) {
        const mf_landmarks lm = mf_landmarks_of(k->table, rows[i]);
        int                w, h, first;
        bool               slip;

        if (out[rows[i]][0] > 0 || (st = mf_row_picture_size(&w, &h, d, rows[i], &path, err)) < 0)
            continue;
        mf_landmarks_outside(&first, &slip, &lm, w, h);
        if (slip) {
            st = mf_fail(err, MF_E_ARG, "'%s/landmarks.csv': line %ld: point %d at (%g, %g) is far outside '%s' of %d x %d pixels: mend the line",
                         d->dir, mf_landmarks_line(k->table, rows[i]), first, (double)lm.x[first], (double)lm.y[first], d->rows[rows[i]].image, w, h);
            continue;
        }
        out[rows[i]][0] = (float)width / (float)w;
        out[rows[i]][1] = (float)height / (float)h;
    }
    mf_str_free(&path);
    return st;
}

mf_status
mf_keypoints_beside(float *p, int points, const char *picture, mf_err *err)
{
    const char  *dot  = strrchr(mf_path_base(picture), '.');
    mf_str       path = {0};
    mf_landmarks lm;
    mf_status    st;

    mf_str_printf(&path, "%.*s.pts", dot != NULL ? (int)(dot - picture) : (int)strlen(picture), picture);
    if ((st = mf_str_ok(&path, err)) < 0)
        goto done;
    if (!mf_path_exists(path.data)) {
        st = mf_fail(err, MF_E_NOTFOUND, "'%s': the network looks at the landmarks of the face, and there is no '%s': write its 5 or 68 points there, "
                     "a line 'x y' each", picture, path.data);
    } else if ((st = mf_pts_load(&lm, path.data, err)) == MF_OK && (st = mf_keypoints_of(p, points, &lm, err)) < 0) {
        mf_fail_in(err, st, "'%s'", path.data);
    }
done:
    mf_str_free(&path);
    return st;
}
