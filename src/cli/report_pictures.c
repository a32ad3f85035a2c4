/* cli/report_pictures.c: the pictures of a report: mistakes with their heat, attention on masks, the sheet of pairs. */
#include <stdlib.h>
#include <string.h>

#include "cli/explain_sheet.h"
#include "cli/report_i.h"
#include "core/mem.h"
#include "eval/heat.h"
#include "viz/overlay.h"

enum { PICTURE_SIDE = 176, HEAT_SIDE = 256, QUALITY = 85, SHEET_TILE = 96 };

static mf_status
small_jpeg(mf_blob *out, const mf_image *im, int side, mf_err *err)
{
    const int most = im->width > im->height ? im->width : im->height;
    mf_image  fit  = {0};
    mf_status st   = mf_image_resize(&fit, im, im->width * side / most > 0 ? im->width * side / most : 1, im->height * side / most > 0 ? im->height * side / most : 1, err);

    if (st == MF_OK) {
        st = mf_image_encode(out, "x.jpg", &fit, QUALITY, err);
    }
    mf_image_free(&fit);
    return st;
}

typedef struct put_heat {
    mf_report_gather   *g;
    const mf_explainer *x;
    int                 base; /* row of the table that the explainer's row 0 is */
} put_heat;

static mf_status
keep_heat(void *arg, const mf_explained *e, mf_err *err)
{
    put_heat          *h = arg;
    mf_report_mistake *k = NULL;
    mf_image           big = {0}, over = {0};
    float             *v;
    mf_status          st;

    for (size_t i = 0; i < h->g->n_mistakes && k == NULL; i++) {
        k = h->g->mistake[i].row == e->index + (uint32_t)h->base ? &h->g->mistake[i] : NULL;
    }
    /* The explainer reads the run by itself; its row must be the same answer. */
    if (k == NULL || !mf_str_eq(h->x->p->classes[e->pred->label], h->g->p->classes[h->g->p->row[k->row].label]) ||
        !mf_str_eq(h->x->p->classes[e->pred->answer], h->g->p->classes[h->g->p->row[k->row].answer])) {
        return MF_OK;
    }
    v = mf_calloc((size_t)e->w * (size_t)e->h, sizeof *v);
    if (v == NULL) {
        return mf_oom(err, (size_t)e->w * (size_t)e->h * sizeof *v, "a heat map");
    }
    memcpy(v, e->heat, (size_t)e->w * (size_t)e->h * sizeof *v);
    mf_heat_normalise(v, (size_t)e->w * (size_t)e->h);
    if (k->picture.size == 0 && (st = small_jpeg(&k->picture, e->im, PICTURE_SIDE, err)) < 0) {
        goto done;
    }
    if ((st = mf_image_resize(&big, e->im, HEAT_SIDE, HEAT_SIDE * e->im->height / e->im->width > 0 ? HEAT_SIDE * e->im->height / e->im->width : 1, err)) == MF_OK &&
        (st = mf_overlay_heat(&over, &big, v, e->w, e->h, 0.66, err)) == MF_OK) {
        st = mf_image_encode(&k->heat, "x.jpg", &over, QUALITY, err);
    }
done:
    mf_free(v);
    mf_image_free(&big);
    mf_image_free(&over);
    return st;
}

/* Pictures of mistakes, with heat where the network is there. */
static mf_status
explain_mistakes(mf_report_gather *g, mf_explainer *x, int r, mf_err *err)
{
    const mf_pred_run *run  = &g->p->run[r];
    uint32_t          *rows = mf_calloc(x->p->n + 1, sizeof *rows);
    uint32_t           base = 0; /* rows are ordered by method: those of this run stand together */
    put_heat           h    = {.g = g, .x = x};
    double             done = 0;
    mf_status          st   = rows != NULL ? MF_OK : mf_oom(err, x->p->n * sizeof *rows, "a list of rows");

    while (st == MF_OK && base < g->p->n && g->p->row[base].method < run->method) {
        base++;
    }
    h.base = (int)base;
    for (int m = 0; m < x->p->n_methods && st == MF_OK; m++) {
        for (int f = 0; f < x->p->folds && st == MF_OK; f++) {
            size_t n = 0;

            for (size_t i = 0; i < x->p->n; i++) {
                for (size_t k = 0; k < g->n_mistakes && x->p->row[i].method == m && x->p->row[i].fold == f; k++) {
                    if (g->mistake[k].row == base + i) {
                        rows[n++] = (uint32_t)i;
                    }
                }
            }
            st = n == 0 ? MF_OK : mf_explain_rows(x, m, f, rows, n, keep_heat, &h, &done, (double)g->n_mistakes, err);
        }
    }
    mf_free(rows);
    return st;
}

/* The pictures alone, for a run without weights. */
static mf_status
show_mistakes(mf_report_gather *g, const mf_dataset *d, int r, mf_err *err)
{
    const mf_pred_run *run = &g->p->run[r];
    mf_str             path = {0};
    mf_status          st   = MF_OK;

    for (size_t i = 0; i < g->n_mistakes && st == MF_OK; i++) {
        mf_report_mistake *k   = &g->mistake[i];
        const mf_pred     *row = &g->p->row[k->row];
        const ptrdiff_t    at  = row->method >= run->method && row->method < run->method + run->methods && k->picture.size == 0
                                     ? mf_dataset_find(d, g->p->images[row->image]) : -1;
        mf_image           im  = {0};

        if (at >= 0) {
            mf_dataset_path(&path, d, (size_t)at);
            if ((st = mf_str_ok(&path, err)) == MF_OK && mf_image_load(&im, path.data, 3, NULL) == MF_OK) {
                st = small_jpeg(&k->picture, &im, PICTURE_SIDE, err);
            }
            mf_image_free(&im);
        }
    }
    mf_str_free(&path);
    return st;
}

mf_status
mf_report_pictures(mf_report_gather *g, int r, mf_err *err)
{
    mf_report_parts      *part = &g->part[r];
    mf_explain_opts o    = g->o->how;
    mf_explainer    x;
    mf_image        sheet = {0};
    mf_err          why   = {0};
    mf_status       st;

    o.data = g->o->data;
    if ((st = mf_explainer_open(&x, g->p->run[r].path, &o, g->cli, &why)) < 0) {
        if (st == MF_E_NOMEM || st == MF_E_CANCELLED) {
            return mf_fail(err, st, "%s", why.msg);
        }
        mf_report_miss(g, "pictures and heat maps", why.msg);
        return MF_OK;
    }
    if (g->o->explain) {
        st = explain_mistakes(g, &x, r, &why);
        if (st == MF_OK && (st = mf_explain_attention(&part->attention, &x, &why)) == MF_OK) {
            st = mf_explain_attention_save(&x, part->attention, &why);
        }
        if (st == MF_OK || st == MF_E_LIMIT) {
            mf_str_printf(&part->how, "%s for the %s class at %s, %d x %d places", mf_attr_name(o.how.kind), o.label ? "labelled" : "predicted", x.layer, x.w, x.h);
            if ((st = mf_str_ok(&part->how, err)) < 0) {
                goto done;
            }
            if (g->o->pairs > 0) {
                const mf_pairs_opts po = {.pairs = g->o->pairs, .tile = SHEET_TILE, .strength = 0.66};

                if ((st = mf_explain_sheet(&sheet, &x, &po, err)) < 0 || (sheet.px != NULL && (st = mf_image_encode(&part->sheet, "x.jpg", &sheet, QUALITY, err)) < 0)) {
                    goto done;
                }
            }
        } else if (st == MF_E_NOMEM || st == MF_E_CANCELLED) {
            mf_fail(err, st, "%s", why.msg);
            goto done;
        } else {
            mf_report_miss(g, "heat maps", why.msg);
        }
    }
    st      = show_mistakes(g, x.d, r, err);
    part->d = x.d;
    x.d     = NULL;
done:
    mf_image_free(&sheet);
    mf_explainer_close(&x);
    return st;
}
