/* eval/predictions_csv.c: rows of one predictions.csv. Nothing is guessed: what does not fit is refused with its line. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "eval/predictions_i.h"

enum { COL_IMAGE, COL_LABEL, COL_PREDICTED, COL_SUBJECT, COL_OCCLUSION, COL_METHOD, COL_FOLD, COL_KIND, COL_COUNT };
enum { LAST_NEEDED = COL_PREDICTED };

static const char *const columns[COL_COUNT] = {"image", "label", "predicted", "subject", "occlusion", "method", "fold",
                                               "mask_type"};

/* How far a row's probabilities may be from 1 in sum: 64 numbers of six decimals are 3.2e-5 away at most. */
static const double sum_slack = 1e-4;
/* And how far the answer's may be below the largest: two that were equal before they were cut to six decimals. */
static const double tie_slack = 1e-6;

typedef struct reader {
    mf_predictions     *p;
    mf_csv             *csv;
    const mf_pred_from *from;
    int                 col[COL_COUNT];
    size_t              n_cols;
    int                 prob[MF_CLASSES_MAX]; /* column of each class of the table */
    double              value[MF_CLASSES_MAX];
} reader;

static bool
is_known(const char *name)
{
    for (int k = 0; k < COL_COUNT; k++) {
        if (mf_str_eq(name, columns[k])) {
            return true;
        }
    }
    return mf_str_starts(name, "p_");
}

static mf_status
no_doubles(const reader *r, char **head, size_t n, mf_err *err)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t k = i + 1; k < n; k++) {
            if (mf_str_eq(head[i], head[k]) && is_known(head[i])) {
                return mf_fail(err, MF_E_FORMAT, "%s: line 1: column '%.80s' is there twice", r->from->file, head[i]);
            }
        }
    }
    return MF_OK;
}

/* Classes of the first file are the table's; those of a later one must be the same, in any order. */
static mf_status
read_classes(reader *r, char **head, size_t n, mf_err *err)
{
    mf_nametab *t     = &r->p->store->classes;
    const bool  first = t->n == 0;
    int         seen  = 0;
    mf_status   st;

    for (size_t i = 0; i < n; i++) {
        const char *name = head[i] + 2;
        size_t      at;
        bool        is_new;

        if (!mf_str_starts(head[i], "p_")) {
            continue;
        }
        if (*name == '\0') {
            return mf_fail(err, MF_E_FORMAT, "%s: line 1: column 'p_' names no class", r->from->file);
        }
        if (!first && mf_nametab_find(t, name) < 0) {
            return mf_fail(err, MF_E_FORMAT, "%s: line 1: the class '%.80s' is not in the runs before it; runs of other classes "
                           "cannot share a table (a cross-data-set study maps them: maskfer cross)", r->from->file, name);
        }
        if ((st = mf_nametab_put(&at, &is_new, t, &r->p->store->arena, name, err)) < 0) {
            return st;
        }
        if (at >= MF_CLASSES_MAX) {
            return mf_fail(err, MF_E_LIMIT, "%s: line 1: more than %d classes", r->from->file, (int)MF_CLASSES_MAX);
        }
        r->prob[at] = (int)i;
        seen++;
    }
    if (seen == 0) {
        return mf_fail(err, MF_E_FORMAT, "%s: line 1: no column of probabilities; there is one for each class, p_CLASS",
                       r->from->file);
    }
    if (seen != (int)t->n) {
        return mf_fail(err, MF_E_FORMAT, "%s: line 1: %d classes, but the runs before it have %zu; runs of other classes cannot "
                       "share a table", r->from->file, seen, t->n);
    }
    r->p->classes   = t->key;
    r->p->n_classes = (int)t->n;
    return MF_OK;
}

static mf_status
read_header(reader *r, mf_err *err)
{
    char    **head;
    mf_status st;

    if ((st = mf_csv_next(r->csv, &head, &r->n_cols, err)) < 0) {
        return st;
    }
    if (r->n_cols == 0) {
        return mf_fail(err, MF_E_FORMAT, "%s: line 1: the header is missing; it reads "
                       "image,subject,occlusion,label,predicted,p_CLASS...", r->from->file);
    }
    for (int k = 0; k < COL_COUNT; k++) {
        r->col[k] = mf_csv_column(head, r->n_cols, columns[k]);
        if (k <= LAST_NEEDED && r->col[k] < 0) {
            return mf_fail(err, MF_E_FORMAT, "%s: line 1: the header has no column '%s'; it reads "
                           "image,subject,occlusion,label,predicted,p_CLASS...", r->from->file, columns[k]);
        }
    }
    r->from->run->no_occlusion = r->col[COL_OCCLUSION] < 0;
    if ((st = no_doubles(r, head, r->n_cols, err)) < 0) {
        return st;
    }
    return read_classes(r, head, r->n_cols, err);
}

/* ---- one row ---------------------------------------------------------------------------------------------- */

static const char *
field(const reader *r, char **f, int k)
{
    return r->col[k] < 0 ? "" : f[r->col[k]];
}

static mf_status
class_of(int *out, const reader *r, const char *what, const char *name, mf_err *err)
{
    const mf_nametab *t  = &r->p->store->classes;
    ptrdiff_t         at = mf_nametab_find(t, name);
    const char       *near;

    if (at >= 0) {
        *out = (int)at;
        return MF_OK;
    }
    near = mf_str_nearest(name, (const char *const *)t->key);
    return mf_fail(err, MF_E_FORMAT, "%s '%.80s' has no column p_%.80s%s%s%s", what, name, name, near != NULL ? "; did you mean '" : "",
                   near != NULL ? near : "", near != NULL ? "'?" : "");
}

/* Probabilities into r->value; *read = false where the row has none and no answer. */
static mf_status
take_answer(mf_pred *row, bool *read, reader *r, char **f, mf_err *err)
{
    const mf_predictions *p      = r->p;
    const char           *answer = field(r, f, COL_PREDICTED);
    double                sum    = 0.0, most = 0.0;
    int                   given  = 0, top = 0;
    mf_status             st;

    for (int c = 0; c < p->n_classes; c++) {
        given += f[r->prob[c]][0] != '\0';
    }
    row->answer = -1;
    *read       = given != 0 || *answer != '\0';
    if (!*read) {
        return MF_OK;
    }
    for (int c = 0; c < p->n_classes; c++) {
        if ((st = mf_parse_f64(&r->value[c], f[r->prob[c]], 0.0, 1.0, err)) < 0) {
            return mf_fail_in(err, MF_E_FORMAT, "the probability of '%.80s'", p->classes[c]);
        }
        sum += r->value[c];
        if (r->value[c] > most) {
            most = r->value[c];
            top  = c;
        }
    }
    if (!(fabs(sum - 1.0) <= sum_slack)) {
        return mf_fail(err, MF_E_FORMAT, "the probabilities sum to %.6g, not to 1; score the pictures again", sum);
    }
    if (*answer == '\0') {
        return mf_fail(err, MF_E_FORMAT, "there are probabilities, but no answer in column 'predicted'");
    }
    if ((st = class_of(&row->answer, r, "the answer", answer, err)) < 0) {
        return st;
    }
    if (r->value[row->answer] < most - tie_slack) {
        return mf_fail(err, MF_E_FORMAT, "the answer is '%.80s' with probability %.6g, but '%.80s' has %.6g", answer,
                       r->value[row->answer], p->classes[top], most);
    }
    return MF_OK;
}

static mf_status
grow_images(mf_pred_store *s, size_t at, mf_err *err)
{
    size_t   cap = s->images_cap != 0 ? s->images_cap * 2 : 1024;
    int32_t *to;

    if (at < s->images_cap) {
        return MF_OK;
    }
    if ((to = mf_realloc(s->label, cap, sizeof *to)) == NULL) {
        return mf_oom(err, cap * sizeof *to, "pictures");
    }
    s->label = to;
    if ((to = mf_realloc(s->subject, cap, sizeof *to)) == NULL) {
        return mf_oom(err, cap * sizeof *to, "pictures");
    }
    s->subject    = to;
    s->images_cap = cap;
    return MF_OK;
}

/* A picture has one label and one subject wherever it stands. */
static mf_status
take_picture(mf_pred *row, reader *r, const char *image, const char *subject, mf_err *err)
{
    mf_predictions *p   = r->p;
    mf_pred_store  *s   = p->store;
    mf_str          key = {0};
    size_t          at, who;
    bool            is_new;
    mf_status       st;

    if (*image == '\0') {
        return mf_fail(err, MF_E_FORMAT, "the picture has no name");
    }
    row->subject = -1;
    if (*subject != '\0') {
        if ((st = mf_nametab_put(&who, NULL, &s->subjects, &s->arena, subject, err)) < 0) {
            return st;
        }
        row->subject = (int)who;
    }
    if (r->from->set[0] != '\0') {
        mf_str_printf(&key, "%s: %s", r->from->set, image);
        if ((st = mf_str_ok(&key, err)) == MF_OK) {
            st = mf_nametab_put(&at, &is_new, &s->images, &s->arena, key.data, err);
        }
        mf_str_free(&key);
    } else {
        st = mf_nametab_put(&at, &is_new, &s->images, &s->arena, image, err);
    }
    if (st < 0 || (st = grow_images(s, at, err)) < 0) {
        return st;
    }
    row->image = (uint32_t)at;
    if (is_new) {
        s->label[at]   = row->label;
        s->subject[at] = row->subject;
        return MF_OK;
    }
    if (s->label[at] != row->label) {
        return mf_fail(err, MF_E_FORMAT, "picture '%.200s' has the label '%.60s' here and '%.60s' in an earlier row", image,
                       p->classes[row->label], p->classes[s->label[at]]);
    }
    if (s->subject[at] != row->subject) {
        return mf_fail(err, MF_E_FORMAT, "picture '%.200s' shows subject '%.60s' here and '%.60s' in an earlier row", image,
                       row->subject >= 0 ? s->subjects.key[row->subject] : "",
                       s->subject[at] >= 0 ? s->subjects.key[s->subject[at]] : "");
    }
    return MF_OK;
}

static mf_status
take_method(mf_pred *row, reader *r, char **f, mf_err *err)
{
    const char *name = r->col[COL_METHOD] >= 0 ? f[r->col[COL_METHOD]] : r->from->method;
    mf_str      full = {0};
    size_t      at;
    mf_status   st;

    if (r->col[COL_METHOD] >= 0 && *name == '\0') {
        return mf_fail(err, MF_E_FORMAT, "the method has no name");
    }
    mf_str_printf(&full, "%s%s", r->from->prefix, name);
    if ((st = mf_str_ok(&full, err)) == MF_OK &&
        (st = mf_nametab_put(&at, NULL, &r->p->store->methods, &r->p->store->arena, mf_str_c(&full), err)) == MF_OK) {
        row->method = (int)at;
        if (at >= MF_PRED_METHODS_MAX) {
            st = mf_fail(err, MF_E_LIMIT, "more than %d methods", (int)MF_PRED_METHODS_MAX);
        }
    }
    mf_str_free(&full);
    return st;
}

static mf_status
take_row(reader *r, char **f, mf_err *err)
{
    mf_pred   row  = {.kind = -1};
    int64_t   fold = 0;
    bool      read;
    mf_status st;

    if ((st = class_of(&row.label, r, "the label", field(r, f, COL_LABEL), err)) < 0 ||
        (st = mf_occlusion_parse(&row.occlusion, field(r, f, COL_OCCLUSION), err)) < 0 || (st = take_method(&row, r, f, err)) < 0 ||
        (st = take_picture(&row, r, f[r->col[COL_IMAGE]], field(r, f, COL_SUBJECT), err)) < 0 ||
        (st = take_answer(&row, &read, r, f, err)) < 0) {
        return st;
    }
    if (r->col[COL_FOLD] >= 0 && (st = mf_parse_i64(&fold, f[r->col[COL_FOLD]], 0, MF_PRED_FOLDS_MAX - 1, err)) < 0) {
        return mf_fail_in(err, MF_E_FORMAT, "the fold");
    }
    row.fold = (int)fold;
    if (field(r, f, COL_KIND)[0] != '\0') {
        size_t at;

        if ((st = mf_nametab_put(&at, NULL, &r->p->store->kinds, &r->p->store->arena, field(r, f, COL_KIND), err)) < 0) {
            return st;
        }
        row.kind = (int)at;
    }
    return mf_predictions_add(r->p, &row, read ? r->value : NULL, mf_csv_line(r->csv), err);
}

mf_status
mf_predictions_read(mf_predictions *p, mf_csv *c, const mf_pred_from *from, mf_err *err)
{
    reader       r     = {.p = p, .csv = c, .from = from};
    const size_t first = p->n;
    char       **f;
    size_t       n;
    mf_status    st;

    if ((st = read_header(&r, err)) < 0) {
        return st;
    }
    while ((st = mf_csv_next(c, &f, &n, err)) == MF_OK && n != 0) {
        if (n != r.n_cols) {
            return mf_fail(err, MF_E_FORMAT, "%s: line %ld: %zu fields, but the header has %zu", from->file, mf_csv_line(c), n,
                           r.n_cols);
        }
        if ((st = take_row(&r, f, err)) < 0) {
            return mf_fail_in(err, st, "%s: line %ld", from->file, mf_csv_line(c));
        }
    }
    if (st == MF_OK && p->n == first) {
        st = mf_fail(err, MF_E_FORMAT, "%s: there is a header, but no row: nothing was scored", from->file);
    }
    return st;
}
