/* data/importers/affectnet_lists.c: training.csv and validation.csv of 2017, or automatically_annotated.csv:
 * subDirectory_filePath,face_x,face_y,face_width,face_height,facial_landmarks,expression,valence,arousal. Some copies of
 * validation.csv have no header: the first field tells. */
#include <stdio.h>
#include <string.h>
#include "core/csv.h"
#include "core/file.h"
#include "data/importers/affectnet.h"

enum { COL_PATH, COL_X, COL_Y, COL_WIDTH, COL_HEIGHT, COL_POINTS, COL_EXPRESSION, COL_COUNT, N_FIELDS = 9, SIDE_MAX = 1 << 20 };
static const char *const columns[COL_COUNT] = {
    "subDirectory_filePath", "face_x", "face_y", "face_width", "face_height", "facial_landmarks", "expression",
};

/* The first of some names that is there, relative to root; NULL: none. */
static const char *
first_of(const char *root, const char *const *names)
{
    for (; *names; names++)
        if (mf_import_has(root, *names))
            return *names;
    return NULL;
}

static mf_status
read_header(int col[COL_COUNT], char **f, size_t n, bool *is_header, mf_err *err)
{
    int k;

    *is_header = mf_csv_column(f, n, columns[COL_PATH]) >= 0;
    for (k = 0; k < COL_COUNT; k++)
        col[k] = *is_header ? mf_csv_column(f, n, columns[k]) : k;
    if (!*is_header && (n != N_FIELDS || !strchr(f[0], '/')))
        return mf_fail(err, MF_E_FORMAT, "neither the header %s,face_x,... nor a row of %d fields", columns[0], (int)N_FIELDS);
    for (k = 0; k < COL_COUNT; k++)
        if (col[k] < 0)
            return mf_fail(err, MF_E_FORMAT, "the header has no column '%s'", columns[k]);
    return MF_OK;
}

static mf_status
read_box(int box[4], char **f, const int col[COL_COUNT], mf_err *err)
{
    mf_status st;
    int64_t   v;
    int       i;

    for (i = 0; i < 4; i++) {
        if ((st = mf_parse_i64(&v, f[col[COL_X + i]], i < 2 ? -SIDE_MAX : 1, SIDE_MAX, err)) < 0)
            return mf_fail_in(err, MF_E_FORMAT, "%s", columns[COL_X + i]);
        box[i] = (int)v;
    }
    return MF_OK;
}

/* "x1;y1;...;x68;y68"; other than 136 numbers is an error, the empty text is none. */
static mf_status
read_points(mf_landmarks *lm, char *text, mf_err *err)
{
    char     *rest = NULL, *word;
    mf_status st;
    double    v;
    int       n = 0;

    *lm = (mf_landmarks){0};
    for (word = strtok_r(text, ";", &rest); word; word = strtok_r(NULL, ";", &rest), n++) {
        if ((st = mf_parse_f64(&v, word + strspn(word, " "), -1e6, 1e6, err)) < 0)
            return mf_fail_in(err, MF_E_FORMAT, "facial_landmarks");
        if (n < 136)
            *(n % 2 ? &lm->y[n / 2] : &lm->x[n / 2]) = (float)v;
    }
    if (n != 0 && n != 136)
        return mf_fail(err, MF_E_FORMAT, "facial_landmarks has %d numbers; 68 points have 136", n);
    lm->n = n / 2;
    return MF_OK;
}

static mf_status
scan_row(mf_affectnet_scan *s, char **f, const int col[COL_COUNT], const char *images, mf_import_row *row, mf_err *err)
{
    mf_status    st;
    mf_str       image = {0};
    mf_landmarks lm    = {0};
    int64_t      label;
    int          i;

    if ((st = mf_parse_i64(&label, f[col[COL_EXPRESSION]], 0, MF_AFFECTNET_LAST, err)) < 0)
        return mf_fail_in(err, MF_E_FORMAT, "expression");
    if (!mf_path_is_inside(f[col[COL_PATH]]))
        return mf_fail(err, MF_E_FORMAT, "picture '%.200s' leaves its folder", f[col[COL_PATH]]);
    mf_str_printf(&image, "%s/%s", images, f[col[COL_PATH]]);
    if ((st = mf_str_ok(&image, err)) < 0)
        goto done;
    if (label < MF_AFFECTNET_CLASSES && s->cfg->crop && (st = read_box(row->file.box, f, col, err)) < 0)
        goto done;
    if (label < MF_AFFECTNET_CLASSES && s->cfg->landmarks && (st = read_points(&lm, f[col[COL_POINTS]], err)) < 0)
        goto done;
    for (i = 0; i < lm.n; i++) { /* from the whole picture into the box */
        lm.x[i] -= (float)row->file.box[0];
        lm.y[i] -= (float)row->file.box[1];
    }
    row->landmarks = &lm;
    row->image     = mf_str_c(&image);
    st = mf_affectnet_add(s, row, (int)label, err);
done:
    mf_str_free(&image);
    return st;
}

static mf_status
scan_list(mf_affectnet_scan *s, const char *list, const char *images, mf_split split, mf_err *err)
{
    mf_status st;
    mf_csv   *c    = NULL;
    mf_str    path = {0};
    char    **f;
    size_t    n, n_cols = 0;
    int       col[COL_COUNT];

    mf_path_join(&path, s->root, list);
    if ((st = mf_str_ok(&path, err)) < 0 || (st = mf_csv_open(&c, mf_str_c(&path), err)) < 0)
        goto done;
    while ((st = mf_csv_next(c, &f, &n, err)) == MF_OK && n > 0) {
        mf_import_row row    = {.split = split, .file = {.table = mf_str_c(&path), .line = mf_csv_line(c)}};
        bool          header = false;

        if (!n_cols) {
            n_cols = n;
            st = read_header(col, f, n, &header, err);
        } else if (n != n_cols) {
            st = mf_fail(err, MF_E_FORMAT, "%zu fields, but the first row has %zu", n, n_cols);
        }
        if (st == MF_OK && !header)
            st = scan_row(s, f, col, images, &row, err);
        if (st < 0) {
            mf_fail_in(err, st, "%s: line %ld", mf_str_c(&path), mf_csv_line(c));
            break;
        }
    }
done:
    mf_csv_close(c);
    mf_str_free(&path);
    return st;
}

mf_status
mf_affectnet_scan_lists(mf_affectnet_scan *s, mf_err *err)
{
    static const char *const training[]   = {"Manually_Annotated_file_lists/training.csv", "training.csv", NULL};
    static const char *const validation[] = {"Manually_Annotated_file_lists/validation.csv", "validation.csv", NULL};
    static const char *const automatic[]  = {"Automatically_Annotated_file_lists/automatically_annotated.csv",
                                             "automatically_annotated.csv", NULL};
    static const char *const manual_dir[] = {"Manually_Annotated_Images", "Manually_Annotated", NULL};
    static const char *const auto_dir[]   = {"Automatically_Annotated_Images", "Automatically_Annotated", NULL};
    bool        by_hand = s->cfg->annotations == MF_AFFECTNET_MANUAL;
    const char *first   = first_of(s->root, by_hand ? training : automatic);
    const char *second  = by_hand ? first_of(s->root, validation) : NULL;
    const char *images  = first_of(s->root, by_hand ? manual_dir : auto_dir);
    mf_status   st      = MF_OK;

    if (!first && !second)
        return mf_fail(err, MF_E_NOTFOUND, "'%s' has no %s", s->root, by_hand ? training[0] : automatic[0]);
    if (!images)
        return mf_fail(err, MF_E_NOTFOUND, "'%s' has no folder %s", s->root, by_hand ? manual_dir[0] : auto_dir[0]);
    if (first)
        st = scan_list(s, first, images, MF_SPLIT_TRAIN, err);
    if (st == MF_OK && second)
        st = scan_list(s, second, images, MF_SPLIT_VAL, err);
    return st;
}
