/* data/votes.c: read votes.csv and sort it by picture. What it says is from outside and is judged here. */
#include "data/votes.h"

#include <stdlib.h>
#include <string.h>
#include "core/csv.h"
#include "core/mem.h"
#include "core/str.h"
#include "data/store.h"

_Static_assert(MF_ANNOTATORS_MAX <= UINT16_MAX && MF_CLASSES_MAX <= INT8_MAX, "an mf_vote holds both");

static const char *const verdict_words[] = {"agree", "other", "unsure", NULL};

enum { COL_IMAGE, COL_ANNOTATOR, COL_VERDICT, COL_LABEL, COL_COUNT };
static const char *const columns[] = {"image", "annotator", "verdict", "label", NULL};
#define HEADER "image,annotator,verdict,label"

struct mf_votes_store {
    mf_arena   arena;
    mf_nametab annotators;
    size_t     cap;  /* of votes */
};

const char *
mf_verdict_name(mf_verdict v)
{
    MF_ASSERT((int)v >= 0 && v < MF_VERDICT_COUNT);
    return verdict_words[v];
}

void
mf_votes_free(mf_votes *v)
{
    if (!v)
        return;
    if (v->store) {
        mf_nametab_free(&v->store->annotators);
        mf_arena_free(&v->store->arena);
    }
    mf_free(v->store);
    mf_free(v->vote);
    mf_free(v->begin);
    mf_free(v);
}

/* ---- one line ---- */

static mf_status
read_header(int col[COL_COUNT], char **head, size_t n, const char *file, mf_err *err)
{
    size_t i;
    int    k;

    for (k = 0; k < COL_COUNT; k++)
        col[k] = mf_csv_column(head, n, columns[k]);
    for (k = 0; k < COL_COUNT; k++) {
        const char *absent[2] = {columns[k], NULL};

        if (col[k] >= 0)
            continue;
        for (i = 0; i < n; i++)
            if (mf_str_nearest(head[i], absent) && mf_csv_column(head, n, head[i]) == (int)i)
                return mf_fail(err, MF_E_FORMAT, "%s: line 1: unknown column '%.80s'; did you mean '%s'?", file, head[i],
                               columns[k]);
        return mf_fail(err, MF_E_FORMAT, "%s: line 1: the header has no column '%s'; it reads " HEADER, file, columns[k]);
    }
    return MF_OK;
}

static mf_status
find_verdict(mf_verdict *out, const char *word, mf_err *err)
{
    const char *near;
    int         i;

    for (i = 0; i < MF_VERDICT_COUNT; i++)
        if (!strcmp(word, verdict_words[i])) {
            *out = (mf_verdict)i;
            return MF_OK;
        }
    if ((near = mf_str_nearest(word, verdict_words)))
        return mf_fail(err, MF_E_FORMAT, "verdict '%.80s' is not known; did you mean '%s'?", word, near);
    return mf_fail(err, MF_E_FORMAT, "verdict '%.80s' is not known; it is agree, other or unsure", word);
}

static mf_status
find_class(int8_t *out, const mf_dataset *d, const char *word, mf_err *err)
{
    const char *near;
    int         k;

    for (k = 0; k < d->n_classes; k++)
        if (!strcmp(word, d->classes[k])) {
            *out = (int8_t)k;
            return MF_OK;
        }
    if ((near = mf_str_nearest(word, (const char *const *)d->classes)))
        return mf_fail(err, MF_E_FORMAT, "class '%.80s' is not in classes of dataset.yaml; did you mean '%s'?", word, near);
    return mf_fail(err, MF_E_FORMAT, "class '%.80s' is not in classes of dataset.yaml", word);
}

/* The class that a vote is for. */
static mf_status
read_label(mf_vote *v, const mf_dataset *d, const char *word, mf_err *err)
{
    mf_status st;
    int8_t    own   = (int8_t)d->rows[v->row].label;
    int8_t    named = -1;

    if (*word && (st = find_class(&named, d, word, err)) < 0)
        return st;
    v->label = -1;
    switch ((mf_verdict)v->verdict) {
    case MF_VERDICT_AGREE:
        if (named >= 0 && named != own)
            return mf_fail(err, MF_E_FORMAT, "the verdict is 'agree' but the class '%s', while the picture is labelled '%s'; "
                           "write 'other' to propose a class", d->classes[named], d->classes[own]);
        v->label = own;
        break;
    case MF_VERDICT_OTHER:
        if (named == own)
            return mf_fail(err, MF_E_FORMAT, "the verdict is 'other' but '%s' is the label that the picture has; write 'agree'",
                           d->classes[own]);
        v->label = named;
        break;
    default:
        if (named >= 0)
            return mf_fail(err, MF_E_FORMAT, "the verdict is 'unsure' but a class is named; write 'other' to propose '%s'",
                           d->classes[named]);
        break;
    }
    return MF_OK;
}

static mf_status
reserve(mf_votes *v, mf_err *err)
{
    size_t   cap = v->store->cap;
    mf_vote *p;

    if (v->n < cap)
        return MF_OK;
    if (v->n >= MF_VOTES_MAX)
        return mf_fail(err, MF_E_LIMIT, "more than %d votes", MF_VOTES_MAX);
    cap = cap ? cap * 2 : 256;
    if (!(p = mf_realloc(v->vote, cap, sizeof *p)))
        return mf_oom(err, cap * sizeof *p, "votes");
    v->vote       = p;
    v->store->cap = cap;
    return MF_OK;
}

static mf_status
add_vote(mf_votes *v, const mf_dataset *d, char **f, const int col[COL_COUNT], long line, mf_err *err)
{
    mf_status   st;
    mf_vote     one  = {.line = (uint32_t)line};
    mf_verdict  verdict;
    const char *who  = f[col[COL_ANNOTATOR]], *image = f[col[COL_IMAGE]];
    ptrdiff_t   row  = mf_dataset_find(d, image);
    size_t      number;

    if (row < 0 && mf_nametab_find(&d->store->quarantine, image) >= 0) {
        v->n_quarantined++;
        return MF_OK;
    }
    if (row < 0)
        return mf_fail(err, MF_E_FORMAT, "picture '%.200s' is not in manifest.csv", image);
    if (!*who)
        return mf_fail(err, MF_E_FORMAT, "the annotator has no name");
    one.row = (uint32_t)row;
    if ((st = find_verdict(&verdict, f[col[COL_VERDICT]], err)) < 0)
        return st;
    one.verdict = (int8_t)verdict;
    if ((st = read_label(&one, d, f[col[COL_LABEL]], err)) < 0 || (st = reserve(v, err)) < 0 ||
        (st = mf_nametab_put(&number, NULL, &v->store->annotators, &v->store->arena, who, err)) < 0)
        return st;
    if (number >= MF_ANNOTATORS_MAX)
        return mf_fail(err, MF_E_LIMIT, "more than %d annotators", MF_ANNOTATORS_MAX);
    one.annotator   = (uint16_t)number;
    v->vote[v->n++] = one;
    return MF_OK;
}

/* ---- by picture ---- */

static int
by_annotator(const void *a, const void *b)
{
    const mf_vote *x = a, *y = b;

    if (x->annotator != y->annotator)
        return x->annotator < y->annotator ? -1 : 1;
    return (x->line > y->line) - (x->line < y->line);
}

/* Sort by row (counting), then each row's few votes by annotator. */
static mf_status
sort_votes(mf_votes *v, const mf_dataset *d, mf_err *err)
{
    size_t   i, r;
    mf_vote *sorted = mf_calloc(v->n, sizeof *sorted);
    size_t  *at     = mf_calloc(d->n_rows + 1, sizeof *at);

    v->begin = mf_calloc(d->n_rows + 1, sizeof *v->begin);
    if (!sorted || !at || !v->begin) {
        mf_free(sorted);
        mf_free(at);
        return mf_oom(err, v->n * sizeof *sorted, "votes");
    }
    for (i = 0; i < v->n; i++)
        v->begin[v->vote[i].row + 1]++;
    for (r = 0; r < d->n_rows; r++)
        v->begin[r + 1] += v->begin[r];
    memcpy(at, v->begin, (d->n_rows + 1) * sizeof *at);
    for (i = 0; i < v->n; i++)
        sorted[at[v->vote[i].row]++] = v->vote[i];
    for (r = 0; r < d->n_rows; r++)
        if (v->begin[r + 1] - v->begin[r] > 1)
            qsort(sorted + v->begin[r], v->begin[r + 1] - v->begin[r], sizeof *sorted, by_annotator);
    mf_free(v->vote);
    mf_free(at);
    v->vote       = sorted;
    v->store->cap = v->n;
    return MF_OK;
}

/* The vote that comes second, of those given twice, and first in the file. */
static mf_status
refuse_double(const mf_votes *v, const mf_dataset *d, const char *file, mf_err *err)
{
    const mf_vote *twice = NULL;
    size_t         i;

    for (i = 1; i < v->n; i++)
        if (v->vote[i].row == v->vote[i - 1].row && v->vote[i].annotator == v->vote[i - 1].annotator &&
            (!twice || v->vote[i].line < twice->line))
            twice = &v->vote[i];
    if (!twice)
        return MF_OK;
    return mf_fail(err, MF_E_FORMAT, "%s: line %lu: annotator '%.80s' votes a second time on picture '%.200s', first in line %lu; "
                   "remove one of the two", file, (unsigned long)twice->line, v->annotators[twice->annotator],
                   d->rows[twice->row].image, (unsigned long)twice[-1].line);
}

/* ---- the file ---- */

static mf_status
parse(mf_votes *v, const mf_dataset *d, mf_csv *c, const char *file, mf_err *err)
{
    mf_status st;
    char    **f;
    size_t    n, n_cols;
    int       col[COL_COUNT];

    if ((st = mf_csv_next(c, &f, &n, err)) < 0)
        return st;
    if (n == 0)
        return mf_fail(err, MF_E_FORMAT, "%s: line 1: the header is missing; it reads " HEADER, file);
    if ((st = read_header(col, f, n, file, err)) < 0)
        return st;
    n_cols = n;
    for (;;) {
        if ((st = mf_csv_next(c, &f, &n, err)) < 0)
            return st;
        if (n == 0)
            break;
        if (n != n_cols)
            return mf_fail(err, MF_E_FORMAT, "%s: line %ld: %zu fields, but the header has %zu", file, mf_csv_line(c), n, n_cols);
        if ((st = add_vote(v, d, f, col, mf_csv_line(c), err)) < 0)
            return mf_fail_in(err, st, "%s: line %ld", file, mf_csv_line(c));
    }
    v->annotators   = v->store->annotators.key;
    v->n_annotators = (int)v->store->annotators.n;
    if ((st = sort_votes(v, d, err)) < 0)
        return st;
    return refuse_double(v, d, file, err);
}

static mf_status
read_all(mf_votes **out, const mf_dataset *d, mf_csv *c, const char *file, mf_err *err)
{
    mf_status st;
    mf_votes *v = mf_calloc(1, sizeof *v);

    if (!v || !(v->store = mf_calloc(1, sizeof *v->store))) {
        mf_votes_free(v);
        return mf_oom(err, sizeof *v, "votes");
    }
    if ((st = parse(v, d, c, file, err)) < 0) {
        mf_votes_free(v);
        return st;
    }
    *out = v;
    return MF_OK;
}

mf_status
mf_votes_load(mf_votes **out, const mf_dataset *d, const char *path, mf_err *err)
{
    mf_status st;
    mf_csv   *c = NULL;

    *out = NULL;
    if ((st = mf_csv_open(&c, path, err)) == MF_OK)
        st = read_all(out, d, c, path, err);
    mf_csv_close(c);
    return st;
}

mf_status
mf_votes_parse(mf_votes **out, const mf_dataset *d, const char *name, const char *text, size_t size, mf_err *err)
{
    mf_status st;
    mf_csv   *c = NULL;

    *out = NULL;
    if ((st = mf_csv_open_mem(&c, name, text, size, err)) == MF_OK)
        st = read_all(out, d, c, name, err);
    mf_csv_close(c);
    return st;
}
