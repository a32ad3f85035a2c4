/* eval/predictions.c: the table of predictions: its memory, the order of its rows, choices of rows. */
#include "eval/predictions.h"

#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/mem.h"
#include "eval/predictions_i.h"

const char *
mf_domain_name(mf_domain k)
{
    static const char *const names[MF_DOMAIN_COUNT] = {"all", "non-masked", "masked"};

    return names[k];
}

bool
mf_domain_holds(mf_domain k, mf_occlusion o)
{
    return k == MF_DOMAIN_ALL || (k == MF_DOMAIN_CLEAR) == (o == MF_OCC_NONE);
}

static mf_status
new_table(mf_predictions **out, mf_err *err)
{
    mf_predictions *p = mf_calloc(1, sizeof *p);

    *out = NULL;
    if (p == NULL || (p->store = mf_calloc(1, sizeof *p->store)) == NULL) {
        mf_free(p);
        return mf_oom(err, sizeof *p, "a table of predictions");
    }
    *out = p;
    return MF_OK;
}

void
mf_predictions_free(mf_predictions *p)
{
    if (p == NULL) {
        return;
    }
    mf_nametab_free(&p->store->classes);
    mf_nametab_free(&p->store->methods);
    mf_nametab_free(&p->store->images);
    mf_nametab_free(&p->store->subjects);
    mf_nametab_free(&p->store->kinds);
    mf_free(p->store->label);
    mf_free(p->store->subject);
    mf_free(p->store->line);
    mf_arena_free(&p->store->arena);
    mf_free(p->store);
    mf_free(p->row);
    mf_free(p->prob);
    mf_free(p->run);
    mf_free(p);
}

static mf_status
grow_rows(mf_predictions *p, mf_err *err)
{
    mf_pred_store *s   = p->store;
    size_t         cap = s->row_cap != 0 ? s->row_cap * 2 : 1024, values;
    void          *to;

    if (cap > MF_PRED_ROWS_MAX) {
        return mf_fail(err, MF_E_LIMIT, "more than %d rows of predictions", (int)MF_PRED_ROWS_MAX);
    }
    if (!mf_size_mul(&values, cap, (size_t)p->n_classes)) {
        return mf_oom(err, cap, "predictions");
    }
    if ((to = mf_realloc(p->row, cap, sizeof *p->row)) == NULL) {
        return mf_oom(err, cap * sizeof *p->row, "predictions");
    }
    p->row = to;
    if ((to = mf_realloc(p->prob, values, sizeof *p->prob)) == NULL) {
        return mf_oom(err, values * sizeof *p->prob, "predictions");
    }
    p->prob = to;
    if ((to = mf_realloc(s->line, cap, sizeof *s->line)) == NULL) {
        return mf_oom(err, cap * sizeof *s->line, "predictions");
    }
    s->line    = to;
    s->row_cap = cap;
    return MF_OK;
}

mf_status
mf_predictions_add(mf_predictions *p, const mf_pred *row, const double *prob, long line, mf_err *err)
{
    const size_t classes = (size_t)p->n_classes;
    mf_status    st;

    if (p->n == p->store->row_cap && (st = grow_rows(p, err)) < 0) {
        return st;
    }
    p->row[p->n]         = *row;
    p->store->line[p->n] = (uint32_t)line;
    if (prob != NULL) {
        memcpy(p->prob + p->n * classes, prob, classes * sizeof *prob);
    } else {
        memset(p->prob + p->n * classes, 0, classes * sizeof *prob);
    }
    p->n++;
    return MF_OK;
}

/* ---- order ------------------------------------------------------------------------------------------------ */

typedef struct place {
    int      method, fold;
    uint32_t image, row;
} place;

static int
by_method_fold_row(const void *va, const void *vb)
{
    const place *a = va, *b = vb;

    if (a->method != b->method) {
        return a->method < b->method ? -1 : 1;
    }
    if (a->fold != b->fold) {
        return a->fold < b->fold ? -1 : 1;
    }
    return a->row < b->row ? -1 : a->row > b->row;
}

static int
by_method_image_fold(const void *va, const void *vb)
{
    const place *a = va, *b = vb;

    if (a->method != b->method) {
        return a->method < b->method ? -1 : 1;
    }
    if (a->image != b->image) {
        return a->image < b->image ? -1 : 1;
    }
    if (a->fold != b->fold) {
        return a->fold < b->fold ? -1 : 1;
    }
    return a->row < b->row ? -1 : a->row > b->row;
}

/* Rows [first, n) in the order of `at`. */
static mf_status
permute(mf_predictions *p, const place *at, size_t first, size_t n, mf_err *err)
{
    const size_t classes = (size_t)p->n_classes;
    mf_pred     *row     = mf_calloc(n, sizeof *row);
    double      *prob    = mf_calloc(n * classes, sizeof *prob);

    if (row == NULL || prob == NULL) {
        mf_free(row);
        mf_free(prob);
        return mf_oom(err, n * (sizeof *row + classes * sizeof *prob), "predictions");
    }
    for (size_t i = 0; i < n; i++) {
        row[i] = p->row[at[i].row];
        memcpy(prob + i * classes, p->prob + at[i].row * classes, classes * sizeof *prob);
    }
    memcpy(p->row + first, row, n * sizeof *row);
    memcpy(p->prob + first * classes, prob, n * classes * sizeof *prob);
    mf_free(row);
    mf_free(prob);
    return MF_OK;
}

mf_status
mf_predictions_close(mf_predictions *p, mf_pred_run *run, size_t first, const char *file, mf_err *err)
{
    const size_t n  = p->n - first;
    place       *at = mf_calloc(n, sizeof *at);
    mf_status    st = MF_OK;

    if (at == NULL) {
        return mf_oom(err, n * sizeof *at, "predictions");
    }
    for (size_t i = 0; i < n; i++) {
        const mf_pred *r = &p->row[first + i];

        at[i]      = (place){r->method, r->fold, r->image, (uint32_t)(first + i)};
        run->folds = r->fold + 1 > run->folds ? r->fold + 1 : run->folds;
    }
    qsort(at, n, sizeof *at, by_method_image_fold);
    for (size_t i = 1; i < n; i++) {
        const place *a = &at[i - 1], *b = &at[i];

        if (a->method != b->method || a->image != b->image) {
            continue;
        }
        if (a->fold == b->fold) {
            st = mf_fail(err, MF_E_FORMAT, "%s: line %lu: picture '%.200s' is there twice in fold %d of '%.60s', first in line %lu; "
                         "remove one of the two", file, (unsigned long)p->store->line[b->row], p->images[b->image], b->fold,
                         p->methods[b->method], (unsigned long)p->store->line[a->row]);
            goto done;
        }
        run->folds_overlap = run->folds_overlap || !run->cross;
    }
    qsort(at, n, sizeof *at, by_method_fold_row);
    st = permute(p, at, first, n, err);
done:
    mf_free(at);
    return st;
}

/* ---- loading ---------------------------------------------------------------------------------------------- */

/* What the public fields lend from the store. */
static void
lend(mf_predictions *p)
{
    const mf_pred_store *s = p->store;

    p->classes    = s->classes.key;
    p->methods    = s->methods.key;
    p->images     = s->images.key;
    p->subjects   = s->subjects.key;
    p->kinds      = s->kinds.key;
    p->n_classes  = (int)s->classes.n;
    p->n_methods  = (int)s->methods.n;
    p->n_images   = s->images.n;
    p->n_subjects = s->subjects.n;
    p->n_kinds    = (int)s->kinds.n;
    p->folds      = 0;
    for (int i = 0; i < p->n_runs; i++) {
        p->folds = p->run[i].folds > p->folds ? p->run[i].folds : p->folds;
    }
}

mf_status
mf_predictions_load(mf_predictions **out, const char *const *paths, size_t n, mf_err *err)
{
    mf_predictions *p = NULL;
    mf_status       st;

    MF_ASSERT(n != 0);
    if ((st = new_table(&p, err)) < 0) {
        *out = NULL;
        return st;
    }
    if ((p->run = mf_calloc(n, sizeof *p->run)) == NULL) {
        st = mf_oom(err, n * sizeof *p->run, "predictions");
        goto done;
    }
    for (size_t i = 0; i < n; i++) {
        mf_pred_run *run = &p->run[i];

        run->path            = mf_arena_strdup(&p->store->arena, paths[i]);
        run->dataset         = "";
        run->shared_subjects = -1;
        run->method          = (int)p->store->methods.n;
        if (run->path == NULL) {
            st = mf_oom(err, strlen(paths[i]), "predictions");
            goto done;
        }
        if ((st = mf_predictions_add_run(p, run, i != 0 ? p->run[0].dataset : NULL, n > 1, err)) < 0) {
            goto done;
        }
        run->methods = (int)p->store->methods.n - run->method;
        p->n_runs++;
    }
    lend(p);
done:
    if (st < 0) {
        mf_predictions_free(p);
        p = NULL;
    }
    *out = p;
    return st;
}

mf_status
mf_predictions_parse(mf_predictions **out, const char *name, const char *text, size_t size, mf_err *err)
{
    mf_pred_from       from = {.file = name, .method = mf_path_base(name), .prefix = "", .set = ""};
    mf_predictions    *p    = NULL;
    mf_csv            *c    = NULL;
    mf_status          st;

    if ((st = new_table(&p, err)) < 0) {
        *out = NULL;
        return st;
    }
    if ((p->run = mf_calloc(1, sizeof *p->run)) == NULL) {
        st = mf_oom(err, sizeof *p->run, "predictions");
        goto done;
    }
    p->n_runs = 1;
    from.run  = &p->run[0];
    p->run[0] = (mf_pred_run){.path = mf_arena_strdup(&p->store->arena, name), .dataset = "", .shared_subjects = -1};
    if (p->run[0].path == NULL) {
        st = mf_oom(err, strlen(name), "predictions");
        goto done;
    }
    if ((st = mf_csv_open_mem(&c, name, text, size, err)) < 0 || (st = mf_predictions_read(p, c, &from, err)) < 0) {
        goto done;
    }
    p->run[0].methods = (int)p->store->methods.n;
    lend(p);
    if ((st = mf_predictions_close(p, &p->run[0], 0, name, err)) == MF_OK) {
        p->folds = p->run[0].folds;
    }
done:
    mf_csv_close(c);
    if (st < 0) {
        mf_predictions_free(p);
        p = NULL;
    }
    *out = p;
    return st;
}

mf_status
mf_predictions_rows(uint32_t **rows, size_t *n, const mf_predictions *p, int method, int fold, mf_domain k, mf_err *err)
{
    *n    = 0;
    *rows = mf_calloc(p->n, sizeof **rows);
    if (*rows == NULL) {
        return mf_oom(err, p->n * sizeof **rows, "a list of rows");
    }
    for (size_t i = 0; i < p->n; i++) {
        const mf_pred *r = &p->row[i];

        if ((method < 0 || r->method == method) && (fold < 0 || r->fold == fold) && mf_domain_holds(k, r->occlusion)) {
            (*rows)[(*n)++] = (uint32_t)i;
        }
    }
    return MF_OK;
}
