/* eval/attention.c: the table of attention on the mask: built, written, read. */
#include "eval/attention.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/csv.h"
#include "core/json.h"
#include "core/mem.h"
#include "data/names.h"

enum { FOLDS_MAX = 1000, ROWS_MAX = 1 << 26 };

typedef struct mf_attention_store {
    mf_arena   arena;
    mf_nametab methods, classes, images, subjects, seen; /* seen: method, fold and picture in one text */
} mf_attention_store;

static const char *const outline_names[MF_OUTLINE_COUNT] = {"drawn", "landmarks", "canonical"};

const char *
mf_outline_name(mf_outline o)
{
    return outline_names[o];
}

void
mf_attention_free(mf_attention *a)
{
    if (a == NULL) {
        return;
    }
    if (a->store != NULL) {
        mf_nametab_free(&a->store->methods);
        mf_nametab_free(&a->store->classes);
        mf_nametab_free(&a->store->images);
        mf_nametab_free(&a->store->subjects);
        mf_nametab_free(&a->store->seen);
        mf_arena_free(&a->store->arena);
        mf_free(a->store);
    }
    mf_free(a->row);
    mf_free(a);
}

static void
lend(mf_attention *a)
{
    a->methods   = a->store->methods.key;
    a->n_methods = (int)a->store->methods.n;
    a->classes   = a->store->classes.key;
    a->n_classes = (int)a->store->classes.n;
    a->images    = a->store->images.key;
    a->subjects  = a->store->subjects.key;
}

mf_status
mf_attention_new(mf_attention **out, const char *const *classes, mf_err *err)
{
    mf_attention *a  = mf_calloc(1, sizeof *a);
    mf_status     st = MF_OK;

    *out = NULL;
    if (a == NULL || (a->store = mf_calloc(1, sizeof *a->store)) == NULL) {
        mf_attention_free(a);
        return mf_oom(err, sizeof *a, "a table of attention");
    }
    for (int i = 0; classes != NULL && classes[i] != NULL && st == MF_OK; i++) {
        size_t at;

        st = mf_nametab_put(&at, NULL, &a->store->classes, &a->store->arena, classes[i], err);
    }
    if (st < 0) {
        mf_attention_free(a);
        return st;
    }
    lend(a);
    *out = a;
    return MF_OK;
}

mf_status
mf_attention_add(mf_attention *a, const char *method, int fold, const char *image, const char *subject, const char *label, const char *answer,
                 double share, double area, mf_outline outline, mf_err *err)
{
    mf_attention_store *s   = a->store;
    mf_str              key = {0};
    size_t              m, i, l, p, u = 0, k;
    bool                fresh;
    mf_status           st;

    MF_ASSERT(fold >= 0 && fold < FOLDS_MAX);
    mf_str_printf(&key, "%s\n%d\n%s", method, fold, image);
    if ((st = mf_str_ok(&key, err)) < 0 || (st = mf_nametab_put(&m, NULL, &s->methods, &s->arena, method, err)) < 0 ||
        (st = mf_nametab_put(&i, NULL, &s->images, &s->arena, image, err)) < 0 ||
        (st = mf_nametab_put(&l, NULL, &s->classes, &s->arena, label, err)) < 0 ||
        (st = mf_nametab_put(&p, NULL, &s->classes, &s->arena, answer, err)) < 0 ||
        (subject[0] != '\0' && (st = mf_nametab_put(&u, NULL, &s->subjects, &s->arena, subject, err)) < 0) ||
        (st = mf_nametab_put(&k, &fresh, &s->seen, &s->arena, key.data, err)) < 0) {
        goto done;
    }
    if (!fresh) {
        st = mf_fail(err, MF_E_FORMAT, "picture '%s' is there twice in fold %d of %s", image, fold, method);
        goto done;
    }
    if (s->classes.n > MF_CLASSES_MAX || a->n >= ROWS_MAX) {
        st = mf_fail(err, MF_E_LIMIT, "more than %d classes or %d rows", (int)MF_CLASSES_MAX, (int)ROWS_MAX);
        goto done;
    }
    if (a->n == a->cap) {
        const size_t      cap = a->cap != 0 ? 2 * a->cap : 256;
        mf_attention_row *row = mf_realloc(a->row, cap, sizeof *row);

        if (row == NULL) {
            st = mf_oom(err, cap * sizeof *row, "attention");
            goto done;
        }
        a->row = row;
        a->cap = cap;
    }
    a->row[a->n++] = (mf_attention_row){.image = (uint32_t)i, .subject = subject[0] != '\0' ? (int)u : -1, .method = (int)m, .fold = fold, .label = (int)l,
                                        .answer = (int)p, .share = share, .area = area, .outline = outline};
    a->outlines[outline]++;
    a->folds = fold + 1 > a->folds ? fold + 1 : a->folds;
    lend(a);
done:
    mf_str_free(&key);
    return st;
}

void
mf_attention_csv(mf_str *out, const mf_attention *a)
{
    mf_str_add(out, "method,fold,image,subject,label,predicted,share,area,outline\n");
    for (size_t i = 0; i < a->n; i++) {
        const mf_attention_row *r = &a->row[i];

        mf_csv_put(out, a->methods[r->method]);
        mf_str_printf(out, ",%d,", r->fold);
        mf_csv_put(out, a->images[r->image]);
        mf_str_addc(out, ',');
        mf_csv_put(out, r->subject >= 0 ? a->subjects[r->subject] : "");
        mf_str_addc(out, ',');
        mf_csv_put(out, a->classes[r->label]);
        mf_str_addc(out, ',');
        mf_csv_put(out, a->classes[r->answer]);
        if (isfinite(r->share)) {
            mf_str_printf(out, ",%.6f", r->share);
        } else {
            mf_str_addc(out, ',');
        }
        mf_str_printf(out, ",%.6f,%s\n", r->area, outline_names[r->outline]);
    }
}

enum { METHOD, FOLD, IMAGE, SUBJECT, LABEL, PREDICTED, SHARE, AREA, OUTLINE, COLUMNS };
static const char *const column_names[COLUMNS] = {"method", "fold", "image", "subject", "label", "predicted", "share", "area", "outline"};

static mf_status
one_row(mf_attention *a, char **f, const int *at, mf_err *err)
{
    int64_t   fold;
    double    share = NAN, area;
    int       o = 0;
    mf_status st;

    if ((st = mf_parse_i64(&fold, f[at[FOLD]], 0, FOLDS_MAX - 1, err)) < 0) {
        return mf_fail_in(err, MF_E_FORMAT, "fold");
    }
    if (f[at[SHARE]][0] != '\0' && (st = mf_parse_f64(&share, f[at[SHARE]], 0, 1, err)) < 0) {
        return mf_fail_in(err, MF_E_FORMAT, "share");
    }
    if ((st = mf_parse_f64(&area, f[at[AREA]], 0, 1, err)) < 0) {
        return mf_fail_in(err, MF_E_FORMAT, "area");
    }
    while (o < MF_OUTLINE_COUNT && !mf_str_eq(f[at[OUTLINE]], outline_names[o])) {
        o++;
    }
    if (o == MF_OUTLINE_COUNT) {
        return mf_fail(err, MF_E_FORMAT, "outline '%.40s': expected drawn, landmarks or canonical", f[at[OUTLINE]]);
    }
    if (f[at[METHOD]][0] == '\0' || f[at[IMAGE]][0] == '\0' || f[at[LABEL]][0] == '\0' || f[at[PREDICTED]][0] == '\0') {
        return mf_fail(err, MF_E_FORMAT, "method, image, label and predicted may not be empty");
    }
    return mf_attention_add(a, f[at[METHOD]], (int)fold, f[at[IMAGE]], f[at[SUBJECT]], f[at[LABEL]], f[at[PREDICTED]], share, area, (mf_outline)o, err);
}

static mf_status
read_all(mf_attention **out, mf_csv *c, const char *name, const char *const *classes, mf_err *err)
{
    mf_attention *a = NULL;
    char        **f;
    size_t        n, width;
    int           at[COLUMNS];
    mf_status     st;

    if ((st = mf_attention_new(&a, classes, err)) < 0 || (st = mf_csv_next(c, &f, &n, err)) < 0) {
        goto done;
    }
    width = n;
    for (int i = 0; i < COLUMNS; i++) {
        if ((at[i] = n == 0 ? -1 : mf_csv_column(f, n, column_names[i])) < 0) {
            st = mf_fail(err, MF_E_FORMAT, "%s: line 1: there is no column '%s'; 'maskfer explain RUN' writes the file anew", name, column_names[i]);
            goto done;
        }
    }
    while ((st = mf_csv_next(c, &f, &n, err)) == MF_OK && n != 0) {
        if (n != width) {
            st = mf_fail(err, MF_E_FORMAT, "%s: line %ld: %zu fields where the header has %zu", name, mf_csv_line(c), n, width);
            goto done;
        }
        if ((st = one_row(a, f, at, err)) < 0) {
            mf_fail_in(err, st, "%s: line %ld", name, mf_csv_line(c));
            goto done;
        }
    }
    if (st == MF_OK && a->n == 0) {
        st = mf_fail(err, MF_E_FORMAT, "%s: there is no row", name);
    }
    if (st == MF_OK) {
        *out = a;
        a    = NULL;
    }
done:
    mf_attention_free(a);
    return st;
}

mf_status
mf_attention_load(mf_attention **out, const char *path, const char *const *classes, mf_err *err)
{
    mf_csv   *c;
    mf_status st;

    *out = NULL;
    if ((st = mf_csv_open(&c, path, err)) < 0) {
        return st;
    }
    st = read_all(out, c, path, classes, err);
    mf_csv_close(c);
    return st;
}

mf_status
mf_attention_parse(mf_attention **out, const char *name, const char *text, size_t size, const char *const *classes, mf_err *err)
{
    mf_csv   *c;
    mf_status st;

    *out = NULL;
    if ((st = mf_csv_open_mem(&c, name, text, size, err)) < 0) {
        return st;
    }
    st = read_all(out, c, name, classes, err);
    mf_csv_close(c);
    return st;
}
