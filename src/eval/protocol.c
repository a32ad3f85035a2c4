/* eval/protocol.c: what a careful reader of the figures must be told. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "eval/compare.h"

enum { FEW_PEOPLE = 20 };

typedef struct seat {
    int      subject, fold;
    uint32_t image;
} seat;

static int
by_subject(const void *va, const void *vb)
{
    const seat *a = va, *b = vb;

    if (a->subject != b->subject) {
        return a->subject < b->subject ? -1 : 1;
    }
    if (a->image != b->image) {
        return a->image < b->image ? -1 : 1;
    }
    return a->fold < b->fold ? -1 : a->fold > b->fold;
}

/* People of s[begin, end) are one: whether some fold scores only part of his pictures, so that the rest was trained on. */
static bool
is_split(const seat *s, size_t begin, size_t end, uint32_t *in_fold, int folds)
{
    size_t pictures = 0;
    bool   split    = false;

    memset(in_fold, 0, (size_t)folds * sizeof *in_fold);
    for (size_t i = begin; i < end; i++) {
        pictures += i == begin || s[i].image != s[i - 1].image;
        in_fold[s[i].fold]++;
    }
    for (int f = 0; f < folds; f++) {
        split = split || (in_fold[f] != 0 && in_fold[f] < pictures);
    }
    return split;
}

/* Known people of a run, and how many of them are split over folds, by its first method that has rows. */
static mf_status
count_people(size_t *known, size_t *split, const mf_predictions *p, const mf_pred_run *run, mf_err *err)
{
    seat     *s       = mf_calloc(p->n, sizeof *s);
    uint32_t *in_fold = mf_calloc((size_t)run->folds, sizeof *in_fold);
    size_t    n       = 0;

    *known = *split = 0;
    if (s == NULL || in_fold == NULL) {
        mf_free(s);
        mf_free(in_fold);
        return mf_oom(err, p->n * sizeof *s, "people");
    }
    for (size_t i = 0; i < p->n; i++) {
        if (p->row[i].method == run->method && p->row[i].subject >= 0) {
            s[n++] = (seat){p->row[i].subject, p->row[i].fold, p->row[i].image};
        }
    }
    qsort(s, n, sizeof *s, by_subject);
    for (size_t i = 0; i < n;) {
        size_t next = i;

        while (next < n && s[next].subject == s[i].subject) {
            next++;
        }
        ++*known;
        *split += is_split(s, i, next, in_fold, run->folds);
        i = next;
    }
    mf_free(s);
    mf_free(in_fold);
    return MF_OK;
}

static void
say_unread(mf_str *out, size_t *n, const mf_predictions *p, const mf_pred_run *run)
{
    size_t unread = 0, unknown = 0;
    mf_str names  = {0};

    for (size_t i = 0; i < p->n; i++) {
        const mf_pred *r = &p->row[i];

        if (r->method != run->method) {
            continue;
        }
        unknown += r->subject < 0;
        if (r->answer < 0 && ++unread <= 5) {
            mf_str_printf(&names, "%s%s", unread > 1 ? ", " : "", p->images[r->image]);
        }
    }
    if (unread != 0) {
        mf_str_printf(out, "%s: %zu pictures could not be read and count as errors: %s%s.\n", run->path, unread, mf_str_c(&names),
                      unread > 5 ? ", ..." : "");
        ++*n;
    }
    if (unknown != 0) {
        mf_str_printf(out, "%s: it is not known who is on %zu answers' pictures: whether a person was both trained on and scored "
                      "cannot be checked, and pictures of one person count as independent.\n", run->path, unknown);
        ++*n;
    }
    mf_str_free(&names);
}

static void
say_absent(mf_str *out, size_t *n, const mf_predictions *p, const mf_pred_run *run)
{
    bool seen[MF_CLASSES_MAX] = {false};

    for (size_t i = 0; i < p->n; i++) {
        seen[p->row[i].label] = seen[p->row[i].label] || p->row[i].method == run->method;
    }
    for (int c = 0; c < p->n_classes; c++) {
        if (!seen[c]) {
            mf_str_printf(out, "%s: no picture of class '%s' was scored: its recall is undefined, and means leave it out.\n", run->path,
                          p->classes[c]);
            ++*n;
        }
    }
}

static void
say_folds(mf_str *out, size_t *n, const mf_predictions *p, const mf_pred_run *run)
{
    bool *in_fold = mf_calloc((size_t)run->folds, sizeof *in_fold);

    if (in_fold == NULL) {
        out->oom = true;
        return;
    }
    for (int m = run->method; m < run->method + run->methods; m++) {
        int have = 0;

        memset(in_fold, 0, (size_t)run->folds * sizeof *in_fold);
        for (size_t i = 0; i < p->n; i++) {
            if (p->row[i].method == m) {
                have += !in_fold[p->row[i].fold];
                in_fold[p->row[i].fold] = true;
            }
        }
        if (have != run->folds) {
            mf_str_printf(out, "%s: '%s' was scored in %d folds of %d.\n", run->path, p->methods[m], have, run->folds);
            ++*n;
        }
    }
    mf_free(in_fold);
    if (run->folds == 1 && !run->cross) {
        mf_str_printf(out, "%s: there is one fold: the figures have no spread over folds, and comparisons rest on people or pictures.\n",
                      run->path);
        ++*n;
    }
}

mf_status
mf_protocol_warnings(mf_str *out, size_t *n, const mf_predictions *p, mf_err *err)
{
    *n = 0;
    for (int i = 0; i < p->n_runs; i++) {
        const mf_pred_run *run = &p->run[i];
        size_t             known, split;
        mf_status          st;

        if ((st = count_people(&known, &split, p, run, err)) < 0) {
            return st;
        }
        if (run->shared_subjects > 0 || (split != 0 && !run->cross)) {
            mf_str_printf(out, "%s: %lld of %zu people were both trained on and scored: the figures are too good for new people.\n",
                          run->path, run->shared_subjects > 0 ? (long long)run->shared_subjects : (long long)split, known);
            ++*n;
        }
        if (run->trained_on_it) {
            mf_str_printf(out, "%s: the networks were trained on this very data set: the figures are no test.\n", run->path);
            ++*n;
        }
        if (run->select_fold) {
            mf_str_printf(out, "%s: the best epoch was chosen on the pictures that are scored: the figures are too good.\n", run->path);
            ++*n;
        }
        if (run->no_occlusion) {
            mf_str_printf(out, "%s: no column 'occlusion': every picture counts as non-masked.\n", run->path);
            ++*n;
        }
        if (run->folds_overlap) {
            mf_str_printf(out, "%s: folds overlap: some pictures are scored more than once, and folds are not independent.\n", run->path);
            ++*n;
        }
        if ((run->cross || run->folds == 1) && run->methods > 1 && known > 1 && known < FEW_PEOPLE) {
            mf_str_printf(out, "%s: only %zu people were scored: a bootstrap over so few gives intervals that are too narrow.\n",
                          run->path, known);
            ++*n;
        }
        if (run->cross && run->folds > 1) {
            mf_str_printf(out, "%s: every fold's network was scored on the same pictures: the spread over folds is that of training, and "
                          "comparisons rest on people.\n", run->path);
            ++*n;
        }
        say_folds(out, n, p, run);
        say_unread(out, n, p, run);
        say_absent(out, n, p, run);
    }
    return mf_str_ok(out, err);
}
