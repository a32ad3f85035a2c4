/* cli/explain_sheet.c */
#include "cli/explain_sheet.h"

#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "eval/heat.h"
#include "viz/overlay.h"

typedef struct pair {
    size_t clear, hidden; /* rows of the data set */
} pair;

typedef struct build {
    mf_explainer        *x;
    const mf_pairs_opts *o;
    pair                *pair;
    int                  n, cols;
    mf_image            *im;      /* [2 n][cols] */
    mf_sheet_cell       *cell;    /* the same */
    int                  method;
} build;

/* Whether a picture was scored in the fold: a flag a row of the data set. */
static uint8_t *
scored_rows(const mf_explainer *x, int fold)
{
    uint8_t *yes = mf_calloc(x->d->n_rows + 1, 1);

    for (size_t i = 0; i < x->p->n && yes != NULL; i++) {
        const ptrdiff_t row = x->p->row[i].fold == fold && x->p->row[i].answer >= 0 ? mf_explain_row(x, &x->p->row[i]) : -1;

        if (row >= 0) {
            yes[row] = 1;
        }
    }
    return yes;
}

/* All pairs of a class in the fold; the partner is the first hidden picture of the same pair. */
static size_t
pairs_of_class(pair *to, const mf_explainer *x, const uint8_t *scored, int cls)
{
    size_t n = 0;

    for (size_t i = 0; i < x->d->n_rows; i++) {
        const mf_row *a = &x->d->rows[i];

        if (!scored[i] || a->label != cls || a->pair < 0 || a->occlusion != MF_OCC_NONE) {
            continue;
        }
        for (size_t k = 0; k < x->d->n_rows; k++) {
            if (scored[k] && x->d->rows[k].pair == a->pair && x->d->rows[k].occlusion != MF_OCC_NONE) {
                to[n++] = (pair){i, k};
                break;
            }
        }
    }
    return n;
}

/* In turns over the classes, and of each class from another person on. */
static mf_status
choose(build *b, mf_err *err)
{
    const mf_explainer *x      = b->x;
    uint8_t            *scored = scored_rows(x, b->o->fold);
    pair               *all    = mf_calloc(x->d->n_rows + 1, sizeof *all);
    const int           want   = b->o->pairs;
    int                 before;
    mf_status           st = MF_OK;

    if (scored == NULL || all == NULL) {
        st = mf_oom(err, x->d->n_rows * sizeof *all, "pairs");
        goto done;
    }
    for (int round = 0; b->n < want; round++) {
        before = b->n;
        for (int c = 0; c < x->d->n_classes && b->n < want; c++) {
            const size_t n = pairs_of_class(all, x, scored, c);

            if ((size_t)round < n) {
                b->pair[b->n++] = all[((size_t)round + (size_t)c) % n];
            }
        }
        if (b->n == before) {
            break;
        }
    }
done:
    mf_free(scored);
    mf_free(all);
    return st;
}

static mf_status
put_heat(void *arg, const mf_explained *e, mf_err *err)
{
    build    *b = arg;
    float    *v = mf_calloc((size_t)e->w * (size_t)e->h, sizeof *v);
    mf_status st = MF_OK;

    if (v == NULL) {
        return mf_oom(err, (size_t)e->w * (size_t)e->h * sizeof *v, "a heat map");
    }
    memcpy(v, e->heat, (size_t)e->w * (size_t)e->h * sizeof *v);
    mf_heat_normalise(v, (size_t)e->w * (size_t)e->h);
    for (int k = 0; k < 2 * b->n && st == MF_OK; k++) {
        const size_t   row = k % 2 ? b->pair[k / 2].hidden : b->pair[k / 2].clear;
        const int      at  = k * b->cols + 1 + b->method;
        mf_sheet_cell *cell = &b->cell[at];

        if (row != e->row || b->im[at].px != NULL) {
            continue;
        }
        st   = b->o->jet ? mf_overlay_jet(&b->im[at], e->im, v, e->w, e->h, err) : mf_overlay_heat(&b->im[at], e->im, v, e->w, e->h, b->o->strength, err);
        *cell = (mf_sheet_cell){.im = &b->im[at], .caption = b->x->p->classes[e->pred->answer],
                                .mark = e->pred->answer == e->pred->label ? MF_MARK_RIGHT : MF_MARK_WRONG};
        if (st == MF_OK && b->im[k * b->cols].px == NULL && (st = mf_image_copy(&b->im[k * b->cols], e->im, err)) == MF_OK) {
            b->cell[k * b->cols] = (mf_sheet_cell){.im = &b->im[k * b->cols], .caption = b->x->p->classes[e->pred->label]};
        }
    }
    mf_free(v);
    return st;
}

static mf_status
fill(build *b, mf_err *err)
{
    const mf_explainer *x    = b->x;
    uint32_t           *rows = mf_calloc(x->p->n + 1, sizeof *rows);
    double              done = 0;
    mf_status           st   = MF_OK;

    if (rows == NULL) {
        return mf_oom(err, x->p->n * sizeof *rows, "a list of rows");
    }
    for (b->method = 0; b->method < x->p->n_methods && st == MF_OK; b->method++) {
        size_t n = 0;

        for (size_t i = 0; i < x->p->n; i++) {
            const mf_pred  *r   = &x->p->row[i];
            const ptrdiff_t row = r->method == b->method && r->fold == b->o->fold && r->answer >= 0 ? mf_explain_row(x, r) : -1;

            for (int k = 0; k < b->n && row >= 0; k++) {
                if (b->pair[k].clear == (size_t)row || b->pair[k].hidden == (size_t)row) {
                    rows[n++] = (uint32_t)i;
                    break;
                }
            }
        }
        st = n == 0 ? MF_OK : mf_explain_rows(b->x, b->method, b->o->fold, rows, n, put_heat, b, &done, 2.0 * b->n * x->p->n_methods, err);
    }
    mf_free(rows);
    return st;
}

mf_status
mf_explain_sheet(mf_image *out, mf_explainer *x, const mf_pairs_opts *o, mf_err *err)
{
    build         b    = {.x = x, .o = o, .cols = 1 + x->p->n_methods};
    const size_t  most = 2 * (size_t)o->pairs * (size_t)b.cols;
    const char  **head = mf_calloc((size_t)b.cols, sizeof *head), **side = mf_calloc(2 * (size_t)o->pairs + 1, sizeof *side);
    char          title[200];
    mf_status     st;

    *out   = (mf_image){0};
    b.pair = mf_calloc((size_t)o->pairs + 1, sizeof *b.pair);
    b.im   = mf_calloc(most + 1, sizeof *b.im);
    b.cell = mf_calloc(most + 1, sizeof *b.cell);
    if (head == NULL || side == NULL || b.pair == NULL || b.im == NULL || b.cell == NULL) {
        st = mf_oom(err, most * sizeof *b.im, "a sheet");
        goto done;
    }
    if ((st = choose(&b, err)) < 0 || b.n == 0 || (st = fill(&b, err)) < 0) {
        goto done;
    }
    head[0] = "picture";
    for (int m = 0; m < x->p->n_methods; m++) {
        head[1 + m] = x->p->methods[m];
    }
    for (int k = 0; k < 2 * b.n; k++) {
        side[k] = mf_occlusion_name(k % 2 ? x->d->rows[b.pair[k / 2].hidden].occlusion : MF_OCC_NONE);
    }
    snprintf(title, sizeof title, "%s at %.40s, for the %s class: %.80s, fold %d", mf_attr_name(x->o.how.kind), x->layer, x->o.label ? "labelled" : "predicted",
             x->d->name, o->fold);
    st = mf_sheet_draw(out, &(mf_sheet){.title = title, .rows = 2 * b.n, .cols = b.cols, .tile = o->tile, .group = 2, .head = head, .side = side, .cell = b.cell}, err);
done:
    for (size_t i = 0; i < most && b.im != NULL; i++) {
        mf_image_free(&b.im[i]);
    }
    mf_free(b.im);
    mf_free(b.cell);
    mf_free(b.pair);
    mf_free(head);
    mf_free(side);
    return st;
}
