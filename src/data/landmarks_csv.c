/* data/landmarks_csv.c: read and write landmarks.csv. */
#include "data/landmarks_csv.h"

#include <string.h>
#include "core/csv.h"
#include "core/file.h"
#include "core/mem.h"

/* A point further out than this is a slip of units. */
#define MF_LANDMARK_MAX 1e6

enum { FLUSH = 1 << 20 }; /* bytes of text that are kept before they are written */

struct mf_landmark_table {
    size_t   n_rows;
    int      points;  /* 5 or 68 */
    uint8_t *has;     /* [n_rows] */
    float   *xy;      /* [n_rows, points, 2] */
    float   *doubt;   /* [n_rows, points]; NULL: not judged */
    uint32_t *line;   /* [n_rows] of landmarks.csv */
};

void
mf_landmarks_free(mf_landmark_table *t)
{
    if (!t)
        return;
    mf_free(t->has);
    mf_free(t->xy);
    mf_free(t->doubt);
    mf_free(t->line);
    mf_free(t);
}

mf_status
mf_landmarks_new(mf_landmark_table **out, size_t n_rows, int points, bool judged, mf_err *err)
{
    mf_landmark_table *t = mf_calloc(1, sizeof *t);
    size_t             n;

    if (!t || !mf_size_mul(&n, n_rows, (size_t)points * 2))
        goto oom;
    t->n_rows = n_rows;
    t->points = points;
    t->has    = mf_calloc(n_rows, 1);
    t->xy     = mf_calloc(n, sizeof *t->xy);
    t->line   = mf_calloc(n_rows, sizeof *t->line);
    t->doubt  = judged ? mf_calloc(n / 2, sizeof *t->doubt) : NULL;
    if (!t->has || !t->xy || !t->line || (judged && !t->doubt))
        goto oom;
    *out = t;
    return MF_OK;
oom:
    mf_landmarks_free(t);
    return mf_oom(err, n_rows * (size_t)points * 8, "landmarks");
}

static mf_status
put_row(mf_landmark_table *t, const mf_dataset *d, char **f, long line, mf_err *err)
{
    mf_status st;
    ptrdiff_t row = mf_dataset_find(d, f[0]);
    const int each = t->doubt ? 3 : 2;
    int       i;

    if (row < 0)
        return d->n_quarantined ? MF_OK : mf_fail(err, MF_E_FORMAT, "picture '%.200s' is not in manifest.csv", f[0]);
    if (t->has[row])
        return mf_fail(err, MF_E_FORMAT, "picture '%.200s' is listed twice", f[0]);
    for (i = 0; i < each * t->points; i++) {
        const int    k = i % each;
        const size_t p = (size_t)row * (size_t)t->points + (size_t)(i / each);
        double       v;

        if ((st = mf_parse_f64(&v, f[1 + i], k == 2 ? 0 : -MF_LANDMARK_MAX, k == 2 ? 1 : MF_LANDMARK_MAX, err)) < 0)
            return mf_fail_in(err, MF_E_FORMAT, "%c of point %d", "xyc"[k], i / each);
        if (k == 2)
            t->doubt[p] = (float)(1 - v);
        else
            t->xy[2 * p + (size_t)k] = (float)v;
    }
    t->has[row]  = 1;
    t->line[row] = (uint32_t)line;
    return MF_OK;
}

static mf_status
parse(mf_landmark_table **out, const mf_dataset *d, mf_csv *c, const char *file, mf_err *err)
{
    mf_status          st;
    mf_landmark_table *t = NULL;
    char             **f;
    size_t             n, n_cols;
    bool               judged;

    if ((st = mf_csv_next(c, &f, &n, err)) < 0)
        return st;
    judged = n == 1 + 3 * 5 || n == 1 + 3 * 68;
    if (mf_csv_column(f, n, "image") != 0 || (!judged && n != 1 + 2 * 5 && n != 1 + 2 * 68) || (judged && mf_csv_column(f, n, "c0") != 3))
        return mf_fail(err, MF_E_FORMAT, "%s: line 1: the header must be image,x0,y0,... for 5 points (11 columns) or 68 "
                       "(137), or image,x0,y0,c0,... (16 or 205), not %zu columns%s", file, n, judged ? " without c0" : "");
    n_cols = n;
    if ((st = mf_landmarks_new(&t, d->n_rows, (int)(n - 1) / (judged ? 3 : 2), judged, err)) < 0)
        return st;
    for (;;) {
        if ((st = mf_csv_next(c, &f, &n, err)) < 0 || n == 0)
            break;
        if (n != n_cols) {
            st = mf_fail(err, MF_E_FORMAT, "%s: line %ld: %zu fields, but the header has %zu", file, mf_csv_line(c), n, n_cols);
            break;
        }
        if ((st = put_row(t, d, f, mf_csv_line(c), err)) < 0) {
            mf_fail_in(err, st, "%s: line %ld", file, mf_csv_line(c));
            break;
        }
    }
    if (st == MF_OK) {
        *out = t;
        return MF_OK;
    }
    mf_landmarks_free(t);
    return st;
}

mf_status
mf_landmarks_parse(mf_landmark_table **out, const mf_dataset *d, const char *name, const char *text, size_t size,
                   mf_err *err)
{
    mf_status st;
    mf_csv   *c = NULL;

    *out = NULL;
    if ((st = mf_csv_open_mem(&c, name, text, size, err)) == MF_OK)
        st = parse(out, d, c, name, err);
    mf_csv_close(c);
    return st;
}

mf_status
mf_landmarks_load(mf_landmark_table **out, const mf_dataset *d, mf_err *err)
{
    mf_status st;
    mf_csv   *c    = NULL;
    mf_str    path = {0};

    *out = NULL;
    mf_path_join(&path, d->dir, "landmarks.csv");
    if ((st = mf_str_ok(&path, err)) == MF_OK && mf_path_exists(mf_str_c(&path)) &&
        (st = mf_csv_open(&c, mf_str_c(&path), err)) == MF_OK)
        st = parse(out, d, c, mf_str_c(&path), err);
    mf_csv_close(c);
    mf_str_free(&path);
    return st;
}

mf_landmarks
mf_landmarks_of(const mf_landmark_table *t, size_t row)
{
    mf_landmarks lm = {0};
    int          i;

    if (!t || row >= t->n_rows || !t->has[row])
        return lm;
    lm.n      = t->points;
    lm.judged = t->doubt != NULL;
    for (i = 0; i < t->points; i++) {
        const float *p = t->xy + ((size_t)t->points * row + (size_t)i) * 2;

        lm.x[i] = p[0];
        lm.y[i] = p[1];
        if (t->doubt)
            lm.doubt[i] = t->doubt[(size_t)t->points * row + (size_t)i];
    }
    return lm;
}

long
mf_landmarks_line(const mf_landmark_table *t, size_t row)
{
    return t && row < t->n_rows ? (long)t->line[row] : 0;
}

int
mf_landmarks_points(const mf_landmark_table *t)
{
    return t ? t->points : 0;
}

bool
mf_landmarks_judged(const mf_landmark_table *t)
{
    return t && t->doubt;
}

void
mf_landmarks_set(mf_landmark_table *t, size_t row, const mf_landmarks *lm)
{
    int i;

    MF_ASSERT(row < t->n_rows && lm->n == t->points);
    for (i = 0; i < t->points; i++) {
        float *p = t->xy + ((size_t)t->points * row + (size_t)i) * 2;

        p[0] = lm->x[i];
        p[1] = lm->y[i];
        if (t->doubt)
            t->doubt[(size_t)t->points * row + (size_t)i] = lm->doubt[i];
    }
    t->has[row] = 1;
}

mf_status
mf_landmarks_write(const char *path, const mf_dataset *d, int points, mf_landmarks_of_fn *of, const void *arg, mf_err *err)
{
    mf_status  st;
    mf_writer *w    = NULL;
    mf_str     text = {0};
    size_t     i;
    bool       judged = false;

    if ((st = mf_writer_open(&w, path, err)) < 0)
        return st;
    for (i = 0; i < d->n_rows; i++) {
        const mf_landmarks lm = of(arg, i);

        judged = lm.judged;
        if (lm.n)
            break;
    }
    mf_landmarks_put_header(&text, points, judged);
    for (i = 0; i < d->n_rows && st == MF_OK; i++) {
        mf_landmarks lm = of(arg, i);

        if (lm.n)
            mf_landmarks_put(&text, d->rows[i].image, &lm);
        if (text.len < FLUSH && i + 1 < d->n_rows)
            continue;
        if ((st = mf_str_ok(&text, err)) == MF_OK)
            st = mf_writer_put(w, text.data, text.len, err);
        mf_str_clear(&text);
    }
    if (st == MF_OK)
        st = mf_writer_commit(w, err);
    mf_writer_free(w);
    mf_str_free(&text);
    return st;
}

static mf_landmarks
of_table(const void *arg, size_t row)
{
    return mf_landmarks_of(arg, row);
}

mf_status
mf_landmarks_save(const mf_landmark_table *t, const mf_dataset *d, const char *path, mf_err *err)
{
    return mf_landmarks_write(path, d, t->points, of_table, t, err);
}

int
mf_landmarks_outside(int *first, bool *slip, const mf_landmarks *lm, int width, int height)
{
    int    n = 0, i;
    double far_x = MF_LANDMARK_MARGIN * width, far_y = MF_LANDMARK_MARGIN * height;

    *first = -1;
    *slip  = false;
    for (i = 0; i < lm->n; i++) {
        double x = (double)lm->x[i], y = (double)lm->y[i];

        if (x >= 0 && y >= 0 && x <= width && y <= height)
            continue;
        n++;
        if (*first < 0)
            *first = i;
        if (!*slip && (x < -far_x || y < -far_y || x > width + far_x || y > height + far_y)) {
            *slip  = true;
            *first = i;
        }
    }
    return n;
}

void
mf_landmarks_put_header(mf_str *out, int points, bool judged)
{
    int i;

    mf_str_add(out, "image");
    for (i = 0; i < points; i++) {
        mf_str_printf(out, ",x%d,y%d", i, i);
        if (judged)
            mf_str_printf(out, ",c%d", i);
    }
    mf_str_addc(out, '\n');
}

void
mf_landmarks_put(mf_str *out, const char *image, const mf_landmarks *lm)
{
    int i;

    mf_csv_put(out, image);
    for (i = 0; i < lm->n; i++) {
        mf_str_printf(out, ",%.2f,%.2f", (double)lm->x[i], (double)lm->y[i]);
        if (lm->judged)
            mf_str_printf(out, ",%.3f", 1 - (double)lm->doubt[i]);
    }
    mf_str_addc(out, '\n');
}
