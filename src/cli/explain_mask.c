/* cli/explain_mask.c: where the mask lies on a picture, and the share of attention on it for a whole run. */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "cli/explain.h"
#include "core/file.h"
#include "core/mem.h"
#include "eval/heat.h"
#include "face/mask.h"

enum { DRAWS = 256, OUTLINE = 4 * (MF_MASK_CURVE - 1) };

mf_mask_fit
mf_explain_middle_fit(void)
{
    enum { FROM = offsetof(mf_mask_fit, alpha), NUMBERS = (sizeof(mf_mask_fit) - FROM) / sizeof(float) };
    float       sum[NUMBERS] = {0};
    mf_mask_fit fit          = {.wear = MF_WEAR_CORRECT};

    for (int i = 0; i < DRAWS; i++) {
        mf_rng      rng = mf_rng_make(1, 0, (uint64_t)i, MF_RNG_OCCLUDE);
        mf_mask_fit one = mf_mask_fit_draw(MF_MASK_SURGICAL, MF_WEAR_CORRECT, &rng);
        float       v[NUMBERS];

        memcpy(v, (const char *)&one + FROM, sizeof v);
        for (size_t k = 0; k < NUMBERS; k++) {
            sum[k] += v[k] / DRAWS;
        }
    }
    memcpy((char *)&fit + FROM, sum, sizeof sum);
    return fit;
}

/* The four curves one after the other, in pixels of a w x h map of a picture of pw x ph. */
static size_t
outline(double (*xy)[2], const mf_mask_shape *s, double sx, double sy)
{
    const int n = MF_MASK_CURVE - 1;
    size_t    k = 0;

    for (int i = 0; i < n; i++, k++) {
        memcpy(xy[k], s->top[i], sizeof xy[k]);
    }
    for (int i = 0; i < n; i++, k++) {
        memcpy(xy[k], s->right[i], sizeof xy[k]);
    }
    for (int i = n; i > 0; i--, k++) {
        memcpy(xy[k], s->bottom[i], sizeof xy[k]);
    }
    for (int i = n; i > 0; i--, k++) {
        memcpy(xy[k], s->left[i], sizeof xy[k]);
    }
    for (size_t i = 0; i < k; i++) {
        xy[i][0] *= sx;
        xy[i][1] *= sy;
    }
    return k;
}

mf_status
mf_explain_cover(float *cover, int w, int h, mf_outline *from, const mf_explainer *x, size_t row, int pw, int ph, mf_err *err)
{
    const mf_mask_fit *fit = mf_mask_fits_of(x->fits, row);
    mf_landmarks       known = mf_landmarks_of(x->landmarks, row), lm;
    mf_mask_shape      shape;
    double             xy[OUTLINE][2];
    size_t             n;
    mf_status          st;

    *from = fit != NULL ? MF_OUTLINE_DRAWN : MF_OUTLINE_LANDMARKS;
    fit   = fit != NULL ? fit : &x->middle;
    if (known.n == 0 || mf_landmarks_to68(&lm, &known, NULL) < 0 || mf_mask_shape_make(&shape, &lm, fit, NULL) < 0) {
        *from = *from == MF_OUTLINE_DRAWN ? *from : MF_OUTLINE_CANONICAL; /* a mask that was drawn without points was drawn there */
        known = mf_landmarks_canonical(pw, ph);
        if ((st = mf_landmarks_to68(&lm, &known, err)) < 0 || (st = mf_mask_shape_make(&shape, &lm, fit, err)) < 0) {
            return mf_fail_in(err, st, "the place of a mask on '%s'", x->d->rows[row].image);
        }
    }
    n = outline(xy, &shape, (double)w / pw, (double)h / ph);
    mf_polygon_cover(cover, w, h, (const double (*)[2])xy, n);
    return MF_OK;
}

typedef struct study {
    mf_explainer *x;
    mf_attention *a;
    float         heat[MF_COVER_SIDE * MF_COVER_SIDE], cover[MF_COVER_SIDE * MF_COVER_SIDE];
} study;

static mf_status
one(void *arg, const mf_explained *e, mf_err *err)
{
    study         *s = arg;
    const mf_pred *r = e->pred;
    const size_t   n = (size_t)MF_COVER_SIDE * MF_COVER_SIDE;
    double         area = 0;
    mf_outline     from;
    mf_status      st;

    if ((st = mf_explain_cover(s->cover, MF_COVER_SIDE, MF_COVER_SIDE, &from, s->x, e->row, e->im->width, e->im->height, err)) < 0) {
        return st;
    }
    mf_heat_resize(s->heat, MF_COVER_SIDE, MF_COVER_SIDE, e->heat, e->w, e->h);
    for (size_t i = 0; i < n; i++) {
        area += s->cover[i] / (double)n;
    }
    return mf_attention_add(s->a, s->x->p->methods[r->method], r->fold, s->x->p->images[r->image], r->subject >= 0 ? s->x->p->subjects[r->subject] : "",
                            s->x->p->classes[r->label], s->x->p->classes[r->answer], mf_heat_share(s->heat, s->cover, n), area < 1 ? area : 1, from, err);
}

mf_status
mf_explain_attention(mf_attention **out, mf_explainer *x, mf_err *err)
{
    study    *s    = mf_calloc(1, sizeof *s);
    uint32_t *rows = mf_calloc(x->p->n + 1, sizeof *rows);
    size_t    of   = 0;
    double    done = 0;
    mf_status st;

    *out = NULL;
    if (s == NULL || rows == NULL) {
        st = mf_oom(err, sizeof *s + x->p->n * sizeof *rows, "attention");
        goto done;
    }
    s->x = x;
    for (size_t i = 0; i < x->p->n; i++) {
        of += x->p->row[i].occlusion == MF_OCC_MASK && x->p->row[i].answer >= 0;
    }
    if (of == 0) {
        st = mf_fail(err, MF_E_LIMIT, "run '%s' scored no picture with a mask", x->run);
        goto done;
    }
    if ((st = mf_attention_new(&s->a, (const char *const *)x->p->classes, err)) < 0) {
        goto done;
    }
    for (int m = 0; m < x->p->n_methods && st == MF_OK; m++) {
        for (int f = 0; f < x->p->folds && st == MF_OK; f++) {
            size_t n = 0;

            for (size_t i = 0; i < x->p->n; i++) {
                const mf_pred *r = &x->p->row[i];

                if (r->method == m && r->fold == f && r->occlusion == MF_OCC_MASK && r->answer >= 0) {
                    rows[n++] = (uint32_t)i;
                }
            }
            st = n == 0 ? MF_OK : mf_explain_rows(x, m, f, rows, n, one, s, &done, (double)of, err);
        }
    }
    if (st == MF_OK) {
        *out = s->a;
        s->a = NULL;
    }
done:
    if (s != NULL) {
        mf_attention_free(s->a);
    }
    mf_free(s);
    mf_free(rows);
    return st;
}

mf_status
mf_explain_attention_save(const mf_explainer *x, const mf_attention *a, mf_err *err)
{
    mf_str    text = {0}, path = {0};
    mf_status st;

    mf_attention_csv(&text, a);
    mf_path_join(&path, x->run, "attention.csv");
    if ((st = mf_str_ok(&path, err)) == MF_OK) {
        st = mf_file_write_str(path.data, &text, err);
    }
    mf_str_free(&text);
    mf_str_free(&path);
    return st;
}
