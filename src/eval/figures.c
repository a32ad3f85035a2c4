/* eval/figures.c: one method of a table of predictions: over folds, pooled, by person. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "eval/compare.h"

const char *
mf_column_name(mf_column c)
{
    static const char *const names[MF_COLUMN_COUNT] = {"non-masked", "masked", "average"};

    return names[c];
}

/* ---- measures of chosen rows ------------------------------------------------------------------------------ */

typedef struct gathered {
    int       *label, *answer, *group;
    double    *prob;
    mf_answers a;
} gathered;

static void
gathered_free(gathered *g)
{
    mf_free(g->label);
    mf_free(g->answer);
    mf_free(g->group);
    mf_free(g->prob);
}

static mf_status
gather(gathered *g, const mf_predictions *p, const uint32_t *rows, size_t n, mf_err *err)
{
    const size_t classes = (size_t)p->n_classes;
    size_t       values;

    *g = (gathered){0};
    if (!mf_size_mul(&values, n, classes)) {
        return mf_oom(err, n, "figures");
    }
    g->label  = mf_calloc(n, sizeof *g->label);
    g->answer = mf_calloc(n, sizeof *g->answer);
    g->group  = mf_calloc(n, sizeof *g->group);
    g->prob   = mf_calloc(values, sizeof *g->prob);
    if (g->label == NULL || g->answer == NULL || g->group == NULL || g->prob == NULL) {
        gathered_free(g);
        *g = (gathered){0};
        return mf_oom(err, values * sizeof *g->prob, "figures");
    }
    for (size_t i = 0; i < n; i++) {
        const mf_pred *r = &p->row[rows[i]];

        g->label[i]  = r->label;
        g->answer[i] = r->answer;
        g->group[i]  = r->fold;
        memcpy(g->prob + i * classes, p->prob + rows[i] * classes, classes * sizeof *g->prob);
    }
    g->a = (mf_answers){.n = n, .classes = p->n_classes, .label = g->label, .answer = g->answer, .prob = g->prob,
                        .group = g->group};
    return MF_OK;
}

mf_status
mf_rows_measures(mf_measures *m, const mf_predictions *p, const uint32_t *rows, size_t n, mf_err *err)
{
    gathered  g;
    mf_status st;

    if ((st = gather(&g, p, rows, n, err)) == MF_OK) {
        st = mf_measures_make(m, &g.a, err);
    }
    gathered_free(&g);
    return st;
}

mf_status
mf_predictions_measures(mf_measures *m, const mf_predictions *p, int method, int fold, mf_domain k, mf_err *err)
{
    uint32_t *rows;
    size_t    n;
    mf_status st;

    if ((st = mf_predictions_rows(&rows, &n, p, method, fold, k, err)) == MF_OK) {
        st = mf_rows_measures(m, p, rows, n, err);
    }
    mf_free(rows);
    return st;
}

/* Where there is one fold, or all folds hold the same pictures, parts of the people (of the pictures, where people are
 * unknown) stand in for folds: what is scaled must be new to its temperature. */
enum { PARTS = 5 };

static bool
is_cross(const mf_predictions *p, int method)
{
    for (int i = 0; i < p->n_runs; i++) {
        if (method >= p->run[i].method && method < p->run[i].method + p->run[i].methods) {
            return p->run[i].cross;
        }
    }
    return false;
}

static void
part_people(gathered *g, const mf_predictions *p, const uint32_t *rows)
{
    bool folds = false;

    for (size_t i = 1; i < g->a.n; i++) {
        folds = folds || g->group[i] != g->group[0];
    }
    if (folds && g->a.n != 0 && !is_cross(p, p->row[rows[0]].method)) {
        return;
    }
    for (size_t i = 0; i < g->a.n; i++) {
        const mf_pred *r = &p->row[rows[i]];

        g->group[i] = r->subject >= 0 ? r->subject % PARTS : (int)(r->image % PARTS);
    }
}

mf_status
mf_predictions_calibration(mf_calibration *plain, mf_calibration *scaled, bool *own, const mf_predictions *p, int method,
                           mf_domain k, mf_err *err)
{
    gathered  g = {0};
    uint32_t *rows;
    size_t    n;
    mf_status st;

    if ((st = mf_predictions_rows(&rows, &n, p, method, -1, k, err)) == MF_OK && (st = gather(&g, p, rows, n, err)) == MF_OK) {
        part_people(&g, p, rows);
        mf_calibration_make(plain, &g.a);
        st = mf_calibration_scaled(scaled, own, &g.a, err);
    }
    gathered_free(&g);
    mf_free(rows);
    return st;
}

/* ---- over folds ------------------------------------------------------------------------------------------- */

void
mf_method_figures_free(mf_method_figures *f)
{
    for (int c = 0; c < MF_COLUMN_COUNT; c++) {
        mf_free(f->accuracy[c]);
    }
    *f = (mf_method_figures){0};
}

/* Of the values that are numbers. */
static mf_stats
stats_of(const double *v, size_t n, double *room)
{
    size_t k = 0;

    for (size_t i = 0; i < n; i++) {
        if (!isnan(v[i])) {
            room[k++] = v[i];
        }
    }
    return mf_stats_make(room, k, 0.95);
}

typedef struct fold_counts {
    uint64_t n[MF_DOMAIN_COUNT], correct[MF_DOMAIN_COUNT];
    uint32_t label[MF_DOMAIN_COUNT][MF_CLASSES_MAX], hit[MF_DOMAIN_COUNT][MF_CLASSES_MAX];
} fold_counts;

static double
percent(uint64_t part, uint64_t whole)
{
    return whole != 0 ? 100.0 * (double)part / (double)whole : (double)NAN;
}

static void
fill_columns(mf_method_figures *f, const fold_counts *c)
{
    for (int k = 0; k < f->folds; k++) {
        const double clear  = percent(c[k].correct[MF_DOMAIN_CLEAR], c[k].n[MF_DOMAIN_CLEAR]);
        const double hidden = percent(c[k].correct[MF_DOMAIN_OCCLUDED], c[k].n[MF_DOMAIN_OCCLUDED]);

        f->accuracy[MF_COLUMN_CLEAR][k]    = clear;
        f->accuracy[MF_COLUMN_OCCLUDED][k] = hidden;
        f->accuracy[MF_COLUMN_AVERAGE][k]  = isnan(clear) ? hidden : isnan(hidden) ? clear : (clear + hidden) / 2.0;
        f->n[MF_COLUMN_CLEAR] += c[k].n[MF_DOMAIN_CLEAR];
        f->n[MF_COLUMN_OCCLUDED] += c[k].n[MF_DOMAIN_OCCLUDED];
        f->n[MF_COLUMN_AVERAGE] += c[k].n[MF_DOMAIN_ALL];
    }
}

mf_status
mf_method_figures_make(mf_method_figures *out, const mf_predictions *p, int method, mf_err *err)
{
    const size_t folds = (size_t)(p->folds > 0 ? p->folds : 1);
    fold_counts *c     = mf_calloc(folds, sizeof *c);
    double      *room  = mf_calloc(folds, 2 * sizeof *room), *recall = room + folds;
    bool         ok    = c != NULL && room != NULL;

    *out = (mf_method_figures){.folds = (int)folds};
    for (int k = 0; k < MF_COLUMN_COUNT; k++) {
        ok = (out->accuracy[k] = mf_calloc(folds, sizeof(double))) != NULL && ok;
    }
    if (!ok) {
        mf_free(c);
        mf_free(room);
        mf_method_figures_free(out);
        return mf_oom(err, folds * sizeof *c, "figures over folds");
    }
    for (size_t i = 0; i < p->n; i++) {
        const mf_pred *r = &p->row[i];

        for (int k = 0; k < MF_DOMAIN_COUNT && r->method == method; k++) {
            if (mf_domain_holds((mf_domain)k, r->occlusion)) {
                fold_counts *at = &c[r->fold];

                at->n[k]++;
                at->correct[k] += r->answer == r->label;
                at->label[k][r->label]++;
                at->hit[k][r->label] += r->answer == r->label;
            }
        }
    }
    fill_columns(out, c);
    for (int k = 0; k < MF_COLUMN_COUNT; k++) {
        out->over[k] = stats_of(out->accuracy[k], folds, room);
    }
    for (int k = 0; k < MF_DOMAIN_COUNT; k++) {
        for (int l = 0; l < p->n_classes; l++) {
            mf_stats s;

            for (size_t f = 0; f < folds; f++) {
                recall[f] = percent(c[f].hit[k][l], c[f].label[k][l]);
            }
            s                     = stats_of(recall, folds, room);
            out->diagonal[k][l]    = s.n != 0 ? s.mean : (double)NAN;
            out->diagonal_sd[k][l] = s.n != 0 ? s.sd : (double)NAN;
        }
    }
    mf_free(c);
    mf_free(room);
    return MF_OK;
}

/* ---- by person -------------------------------------------------------------------------------------------- */

static int
by_accuracy(const void *va, const void *vb, void *arg)
{
    const mf_subject_figures *a = va, *b = vb;
    const mf_predictions     *p = arg;

    if (a->accuracy != b->accuracy) {
        return a->accuracy < b->accuracy ? -1 : 1;
    }
    return strcmp(a->subject >= 0 ? p->subjects[a->subject] : "", b->subject >= 0 ? p->subjects[b->subject] : "");
}

mf_status
mf_by_subject(mf_subject_figures **out, size_t *n, const mf_predictions *p, int method, mf_domain k, mf_err *err)
{
    mf_subject_figures *s = mf_calloc(p->n_subjects + 1, sizeof *s); /* the first is of unknown people */

    *out = s;
    *n   = 0;
    if (s == NULL) {
        return mf_oom(err, (p->n_subjects + 1) * sizeof *s, "figures of people");
    }
    for (size_t i = 0; i < p->n; i++) {
        const mf_pred *r = &p->row[i];

        if ((method < 0 || r->method == method) && mf_domain_holds(k, r->occlusion)) {
            s[r->subject + 1].n++;
            s[r->subject + 1].correct += r->answer == r->label;
        }
    }
    for (size_t i = 0; i <= p->n_subjects; i++) {
        if (s[i].n != 0) {
            s[*n]          = s[i];
            s[*n].subject  = (int)i - 1;
            s[*n].accuracy = percent(s[i].correct, s[i].n);
            ++*n;
        }
    }
    qsort_r(s, *n, sizeof *s, by_accuracy, (void *)(uintptr_t)p);
    return MF_OK;
}
