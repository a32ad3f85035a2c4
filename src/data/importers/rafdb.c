/* data/importers/rafdb.c: RAF-DB, basic part: list_patition_label.txt with aligned or original pictures, or folders 1 .. 7. */
#include <stdio.h>
#include <string.h>
#include "core/csv.h"
#include "core/file.h"
#include "data/import.h"
#include "data/pts.h"

/* Labels 1 .. 7. */
static const char *const classes[] = {"surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral"};
enum { N_CLASSES = 7 };

static const size_t published[MF_SPLIT_COUNT] = {0, 12271, 0, 3068};

typedef struct rafdb_cfg {
    int  images;
    bool crop;
} rafdb_cfg;

static const char *const images[] = {"aligned", "original", NULL};
static const mf_opt rafdb_opts[] = {
    MF_OPT_ENUM(rafdb_cfg, images, 0, images, "pictures of Image/aligned, or of Image/original with their five landmarks"),
    MF_OPT_BOOL(rafdb_cfg, crop, false, "cut original pictures to the box of Annotation/boundingbox"),
    MF_OPT_END
};

typedef struct scan {
    mf_import       *im;
    const char      *root;
    const rafdb_cfg *cfg;
    size_t           missing, no_points, other, n[MF_SPLIT_COUNT];
    char             first_missing[200];
} scan;

/* "train_00001.jpg" or "test_0001.jpg" -> its part and the length of the name without ending. */
static bool
parse_name(mf_split *split, size_t *stem, const char *name)
{
    const char *dot = strrchr(name, '.'), *p;

    if (mf_str_starts(name, "train_"))
        *split = MF_SPLIT_TRAIN;
    else if (mf_str_starts(name, "test_"))
        *split = MF_SPLIT_TEST;
    else
        return false;
    p = strchr(name, '_') + 1;
    if (*p < '0' || *p > '9' || !dot)
        return false;
    *stem = (size_t)(dot - name);
    return true;
}

static mf_status
check_label(int64_t *label, const char *text, mf_err *err)
{
    if (mf_parse_i64(label, text, 1, N_CLASSES, err) < 0)
        return mf_fail_in(err, MF_E_FORMAT, "label (1 surprise, 2 fear, 3 disgust, 4 happiness, 5 sadness, 6 anger, 7 neutral; the "
                          "compound part has others)");
    return MF_OK;
}

/* ---- annotations of an original picture ---- */

/* Five lines "x y" and then gender, race, age. */
static mf_status
read_points(mf_landmarks *lm, const char *path, mf_err *err)
{
    mf_status st;
    mf_blob   file = {0};
    char     *p;
    int       lines;

    if ((st = mf_file_read(&file, path, MF_PTS_MAX_BYTES, err)) < 0)
        return st;
    for (p = (char *)file.data, lines = 0; *p && lines < 5; p += *p == '\n') {
        p += strcspn(p, "\n");
        lines++;
    }
    *p = '\0';
    if ((st = mf_pts_parse(lm, path, (const char *)file.data, err)) == MF_OK && lm->n != 5)
        st = mf_fail(err, MF_E_FORMAT, "%s: expected 5 points", path);
    mf_blob_free(&file);
    return st;
}

/* Four numbers x1 y1 x2 y2; the box may reach beyond the picture. */
static mf_status
read_box(int box[4], const char *path, mf_err *err)
{
    mf_status st;
    mf_blob   file = {0};
    char     *rest = NULL, *word, *p;
    double    v[4];
    int       i;

    if ((st = mf_file_read(&file, path, MF_PTS_MAX_BYTES, err)) < 0)
        return st;
    for (i = 0, p = (char *)file.data; i < 4 && st == MF_OK; i++, p = NULL) {
        if (!(word = strtok_r(p, " \t\r\n", &rest)))
            st = mf_fail(err, MF_E_FORMAT, "expected four numbers, not %d", i);
        else
            st = mf_parse_f64(&v[i], word, -1e6, 1e6, err);
    }
    if (st == MF_OK && (v[2] - v[0] < 1 || v[3] - v[1] < 1))
        st = mf_fail(err, MF_E_FORMAT, "an empty box");
    if (st == MF_OK)
        for (i = 0; i < 2; i++) {
            box[i]     = (int)v[i];
            box[2 + i] = (int)(v[2 + i] - v[i] + 0.5);
        }
    mf_blob_free(&file);
    return st < 0 ? mf_fail_in(err, st == MF_E_USAGE ? MF_E_FORMAT : st, "%s: line 1", path) : MF_OK;
}

/* Landmarks where there are any, and the box where it is asked for. */
static mf_status
annotate(scan *s, mf_import_row *row, mf_landmarks *lm, const char *name, size_t stem, mf_err *err)
{
    mf_status st;
    mf_str    path = {0};
    int       i;

    mf_str_printf(&path, "%s/Annotation/manual/%.*s_manu_attri.txt", s->root, (int)stem, name);
    if ((st = mf_str_ok(&path, err)) < 0)
        goto done;
    if (!mf_path_exists(mf_str_c(&path)))
        s->no_points++;
    else if ((st = read_points(lm, mf_str_c(&path), err)) < 0)
        goto done;
    if (s->cfg->crop) {
        mf_str_clear(&path);
        mf_str_printf(&path, "%s/Annotation/boundingbox/%.*s_boundingbox.txt", s->root, (int)stem, name);
        if ((st = mf_str_ok(&path, err)) < 0 || (st = read_box(row->file.box, mf_str_c(&path), err)) < 0)
            goto done;
        for (i = 0; i < lm->n; i++) {
            lm->x[i] -= (float)row->file.box[0];
            lm->y[i] -= (float)row->file.box[1];
        }
    }
    row->landmarks = lm;
done:
    mf_str_free(&path);
    return st;
}

/* ---- the list ---- */

/* "train_00001.jpg 5" */
static mf_status
scan_line(scan *s, char *line, mf_import_row *row, mf_err *err)
{
    mf_status    st;
    char        *space = strrchr(line, ' ');
    mf_landmarks lm    = {0};
    mf_str       image = {0}, from = {0};
    size_t       stem;
    int64_t      label;
    bool         original = s->cfg->images == 1;

    if (!space)
        return mf_fail(err, MF_E_FORMAT, "expected 'NAME LABEL', as 'train_00001.jpg 5'");
    *space = '\0';
    if ((st = check_label(&label, space + 1, err)) < 0)
        return st;
    if (!mf_path_is_inside(line) || strchr(line, '/') || !parse_name(&row->split, &stem, line))
        return mf_fail(err, MF_E_FORMAT, "'%.100s' is no name like train_00001.jpg or test_0001.jpg", line);
    mf_str_printf(&image, "Image/%s/%.*s%s%s", images[s->cfg->images], (int)stem, line, original ? "" : "_aligned", line + stem);
    mf_path_join(&from, s->root, mf_str_c(&image));
    if ((st = mf_str_ok(&image, err)) < 0 || (st = mf_str_ok(&from, err)) < 0)
        goto done;
    if (!mf_path_exists(mf_str_c(&from))) {
        if (s->missing++ == 0)
            snprintf(s->first_missing, sizeof s->first_missing, "%s", mf_str_c(&image));
        goto done;
    }
    row->image     = mf_str_c(&image);
    row->file.path = mf_str_c(&from);
    row->label     = classes[label - 1];
    if (original && (st = annotate(s, row, &lm, line, stem, err)) < 0)
        goto done;
    s->n[row->split]++;
    st = mf_import_add(s->im, row, err);
done:
    mf_str_free(&from);
    mf_str_free(&image);
    return st;
}

static mf_status
scan_list(scan *s, const char *path, mf_err *err)
{
    mf_status st;
    mf_csv   *c = NULL;
    char    **f;
    size_t    n;

    if ((st = mf_csv_open(&c, path, err)) < 0)
        return st;
    while ((st = mf_csv_next(c, &f, &n, err)) == MF_OK && n > 0) {
        mf_import_row row = {.file = {.table = path, .line = mf_csv_line(c)}};

        if ((st = scan_line(s, f[0], &row, err)) < 0) {
            mf_fail_in(err, st, "%s: line %ld", path, mf_csv_line(c));
            break;
        }
    }
    mf_csv_close(c);
    return st;
}

/* ---- folders train/1 .. train/7 ---- */

static mf_status
add_from_folder(void *arg, const char *path, mf_err *err)
{
    scan         *s     = arg;
    const char   *slash = strchr(path, '/');
    mf_import_row row   = {.image = path, .split = *path == 't' && path[1] == 'r' ? MF_SPLIT_TRAIN : MF_SPLIT_TEST};
    mf_str        from  = {0};
    char          number[8] = {0};
    size_t        n = slash ? strcspn(slash + 1, "/") : 0;
    int64_t       label;
    mf_status     st;

    if (!slash || slash[1 + n] != '/' || n >= sizeof number) {
        s->other++;
        return MF_OK;
    }
    memcpy(number, slash + 1, n);
    if ((st = check_label(&label, number, err)) < 0)
        return mf_fail_in(err, st, "'%s/%s'", s->root, path);
    mf_path_join(&from, s->root, path);
    row.label     = classes[label - 1];
    row.file.path = mf_str_c(&from);
    s->n[row.split]++;
    if ((st = mf_str_ok(&from, err)) == MF_OK)
        st = mf_import_add(s->im, &row, err);
    mf_str_free(&from);
    return st;
}

static mf_status
scan_folders(scan *s, mf_err *err)
{
    mf_status st;

    if (s->cfg->images == 1)
        return mf_fail(err, MF_E_ARG, "'%s' has the pictures in folders 1 to 7 and no originals", s->root);
    if ((st = mf_import_walk(s->root, "train", add_from_folder, s, &s->other, err)) == MF_OK && mf_import_has(s->root, "test"))
        st = mf_import_walk(s->root, "test", add_from_folder, s, &s->other, err);
    return st;
}

/* ---- the importer ---- */

static const char *const list_marks[]   = {"EmoLabel/list_patition_label.txt", "list_patition_label.txt", NULL};
static const char *const folder_marks[] = {"train/7", NULL};

/* The list, and the folder that Image/ lies in; false: none. */
static bool
find_list(mf_str *root, mf_str *list, const char *src)
{
    static const char *const basic[] = {"basic/EmoLabel/list_patition_label.txt", NULL};
    mf_str                   up      = {0};
    bool                     found, oom;

    if (mf_import_root(&up, src, basic)) /* not compound/, which has a list of the same name */
        mf_path_join(root, mf_str_c(&up), "basic");
    oom   = up.oom || root->oom;
    found = mf_import_root(&up, root->len ? mf_str_c(root) : src, list_marks);
    mf_str_clear(root);
    mf_str_add(root, mf_str_c(&up));
    if (found)
        mf_path_join(list, mf_str_c(root), list_marks[!mf_import_has(mf_str_c(root), list_marks[0])]);
    root->oom |= oom || up.oom || list->oom;
    mf_str_free(&up);
    return found;
}

static void
note(mf_import *im, const scan *s)
{
    int k;

    for (k = MF_SPLIT_TRAIN; k < MF_SPLIT_COUNT; k++)
        if (s->n[k] != published[k])
            mf_str_printf(&im->notes, "%s: %zu pictures, where RAF-DB has %zu\n", mf_split_name((mf_split)k), s->n[k], published[k]);
    if (s->missing)
        mf_str_printf(&im->notes, "%zu pictures of the list are not there, the first '%s'\n", s->missing, s->first_missing);
    if (s->no_points)
        mf_str_printf(&im->notes, "%zu pictures have no file in Annotation/manual\n", s->no_points);
}

static mf_status
rafdb_scan(mf_import *im, const char *src, const void *cfg, mf_err *err)
{
    mf_status st;
    mf_str    root = {0}, list = {0};
    scan      s    = {.im = im, .cfg = cfg};
    bool      listed = find_list(&root, &list, src);

    if ((st = mf_str_ok(&root, err)) < 0)
        goto done;
    if (!listed && !mf_import_root(&root, src, folder_marks)) {
        st = root.oom ? mf_str_ok(&root, err) : mf_fail(err, MF_E_NOTFOUND, "'%s' has neither EmoLabel/list_patition_label.txt nor folders train/1 to train/7", src);
        goto done;
    }
    s.root = mf_str_c(&root);
    if ((st = mf_str_ok(&root, err)) < 0 || (st = mf_str_ok(&list, err)) < 0 ||
        (st = mf_dataset_new(&im->data, "RAF-DB", classes, N_CLASSES, err)) < 0)
        goto done;
    if (s.cfg->crop && s.cfg->images == 0) {
        st = mf_fail(err, MF_E_ARG, "--crop is for --images original: aligned pictures are cut already");
        goto done;
    }
    if ((st = listed ? scan_list(&s, mf_str_c(&list), err) : scan_folders(&s, err)) == MF_OK) {
        note(im, &s);
        st = mf_str_ok(&im->notes, err);
    }
done:
    mf_str_free(&list);
    mf_str_free(&root);
    return st;
}

static int
rafdb_probe(const mf_import_view *v, mf_str *why)
{
    mf_str root = {0}, list = {0};
    int    sure = 0;
    size_t i;

    if (v->is_file)
        return 0;
    if (find_list(&root, &list, v->src)) {
        mf_str_add(why, "list_patition_label.txt");
        sure = 95;
    } else if (mf_import_root(&root, v->src, folder_marks)) {
        for (i = 0; i < v->n && !sure; i++)
            if (strstr(v->path[i], "_aligned."))
                sure = 80;
        mf_str_add(why, sure ? "folders train/1 to train/7 with aligned pictures"
                             : "folders train/1 to train/7, but no name ends in _aligned");
    }
    mf_str_free(&list);
    mf_str_free(&root);
    return sure;
}

const mf_importer_def mf_importer_rafdb = {
    .name = "rafdb", .summary = "RAF-DB, basic part: seven expressions, aligned or original pictures",
    .layout = "EmoLabel/list_patition_label.txt and Image/aligned or Image/original, or train|test/1..7",
    .cfg_size = sizeof(rafdb_cfg), .opts = rafdb_opts, .probe = rafdb_probe, .scan = rafdb_scan,
};
