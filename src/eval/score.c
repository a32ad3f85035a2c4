/* eval/score.c: owns the loader of the rows and the table of answers. */
#include "eval/score.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/csv.h"
#include "core/mem.h"

struct mf_scorer {
    mf_infer         *infer;
    mf_loader        *loader;
    mf_scores         scores;
    mf_pix_form       form;
};

void
mf_scorer_close(mf_scorer *s)
{
    if (s == NULL) {
        return;
    }
    mf_loader_close(s->loader);
    mf_free(s->scores.row);
    mf_free(s->scores.prob);
    mf_free(s);
}

mf_status
mf_scorer_open(mf_scorer **out, mf_infer *f, const mf_dataset *d, const mf_cache *c, const uint32_t *rows, size_t n,
               int workers, mf_err *err)
{
    mf_scorer     *s       = mf_calloc(1, sizeof *s);
    mf_sample     *samples = mf_calloc(n, sizeof *samples);
    mf_loader_opts lo      = {.batch = mf_infer_batch(f), .pictures = 1, .workers = workers};
    mf_status      st;

    *out = NULL;
    if (s == NULL || samples == NULL) {
        st = mf_oom(err, n * sizeof *samples, "scoring");
        goto done;
    }
    s->infer          = f;
    s->form           = mf_infer_form(f);
    s->scores.n       = n;
    s->scores.classes = mf_infer_model(f)->classes;
    s->scores.row     = mf_calloc(n, sizeof *s->scores.row);
    s->scores.prob    = mf_calloc(n * (size_t)s->scores.classes, sizeof *s->scores.prob);
    if (s->scores.row == NULL || s->scores.prob == NULL) {
        st = mf_oom(err, n * (size_t)s->scores.classes * sizeof *s->scores.prob, "scoring");
        goto done;
    }
    for (size_t i = 0; i < n; i++) {
        s->scores.row[i] = rows[i];
        samples[i]       = (mf_sample){{rows[i], rows[i], rows[i]}};
    }
    lo.augment   = mf_augment_none();
    lo.recipe    = *mf_infer_recipe(f);
    lo.type      = s->form.type;
    lo.nhwc      = s->form.nhwc;
    lo.landmarks = mf_infer_landmarks(f);
    lo.classes   = s->scores.classes > d->n_classes ? s->scores.classes : d->n_classes; /* targets, which nobody asks for */
    if ((st = mf_loader_open(&s->loader, d, c, samples, n, &lo, err)) < 0) {
        goto done;
    }
    *out = s;
    s    = NULL;
done:
    mf_free(samples);
    mf_scorer_close(s);
    return st;
}

mf_status
mf_scorer_run(mf_scorer *s, const mf_scores **scores, const mf_progress *progress, mf_err *err)
{
    const mf_batch *b;
    size_t          done = 0;
    mf_status       st;

    *scores = NULL;
    if ((st = mf_loader_start(s->loader, 0, 0, err)) < 0) {
        return st;
    }
    while ((st = mf_loader_next(s->loader, &b, err)) == MF_OK && b != NULL) {
        st = mf_infer_run(s->infer, b->x[0], s->form, b->marks[0], b->n, s->scores.prob + done * (size_t)s->scores.classes, NULL, err);
        if (st < 0) {
            return st;
        }
        done += b->n;
        mf_progress_set(progress, "scoring", (double)done, (double)s->scores.n);
    }
    if (st < 0) {
        return st;
    }
    MF_ASSERT(done == s->scores.n);
    *scores = &s->scores;
    return MF_OK;
}

void
mf_scores_free(mf_scores *s)
{
    mf_free(s->row);
    mf_free(s->prob);
    mf_free(s->unread);
    mf_free(s->label_map);
    *s = (mf_scores){0};
}

static int
label_of(const mf_scores *s, const mf_row *r)
{
    return s->label_map != NULL ? s->label_map[r->label] : r->label;
}

static const char *
class_of(const mf_scores *s, const mf_dataset *d, int c)
{
    return s->class_name != NULL ? s->class_name[c] : d->classes[c];
}

static void
add_row(mf_metrics *out, const mf_scores *s, const mf_row *r, size_t i)
{
    if (s->unread != NULL && s->unread[i]) {
        mf_metrics_add_unread(out, label_of(s, r));
    } else {
        mf_metrics_add(out, label_of(s, r), s->prob + i * (size_t)s->classes);
    }
}

bool
mf_domain_has(mf_domain k, const mf_row *r)
{
    return mf_domain_holds(k, r->occlusion);
}

void
mf_scores_metrics(mf_metrics *out, const mf_scores *s, const mf_dataset *d, mf_domain k)
{
    mf_metrics_begin(out, s->classes);
    for (size_t i = 0; i < s->n; i++) {
        const mf_row *r = &d->rows[s->row[i]];

        if (mf_domain_has(k, r)) {
            add_row(out, s, r, i);
        }
    }
    mf_metrics_end(out);
}

void
mf_scores_by_occlusion(mf_metrics *out, const mf_scores *s, const mf_dataset *d, mf_occlusion o)
{
    mf_metrics_begin(out, s->classes);
    for (size_t i = 0; i < s->n; i++) {
        const mf_row *r = &d->rows[s->row[i]];

        if (r->occlusion == o) {
            add_row(out, s, r, i);
        }
    }
    mf_metrics_end(out);
}

void
mf_scores_csv(mf_str *out, const mf_scores *s, const mf_dataset *d, const mf_kinds *kinds, const char *head, const char *lead)
{
    const bool typed = kinds != NULL && kinds->of != NULL;

    if (head != NULL) {
        mf_str_printf(out, "%simage,subject,occlusion%s,label,predicted", head, typed ? ",mask_type" : "");
        for (int c = 0; c < s->classes; c++) {
            char name[256];

            snprintf(name, sizeof name, "p_%s", class_of(s, d, c));
            mf_str_addc(out, ',');
            mf_csv_put(out, name);
        }
        mf_str_addc(out, '\n');
    }
    for (size_t i = 0; i < s->n; i++) {
        const mf_row *r    = &d->rows[s->row[i]];
        const float  *p    = s->prob + i * (size_t)s->classes;
        const bool    read = s->unread == NULL || !s->unread[i];

        mf_str_add(out, lead != NULL ? lead : "");
        mf_csv_put(out, r->image);
        mf_str_addc(out, ',');
        mf_csv_put(out, r->subject >= 0 ? d->subjects[r->subject] : "");
        mf_str_printf(out, ",%s,", mf_occlusion_name(r->occlusion));
        if (typed) {
            mf_csv_put(out, kinds->of[s->row[i]] != NULL ? kinds->of[s->row[i]] : "");
            mf_str_addc(out, ',');
        }
        mf_csv_put(out, d->classes[r->label]);
        mf_str_addc(out, ',');
        mf_csv_put(out, read ? class_of(s, d, mf_argmax(p, s->classes)) : "");
        for (int c = 0; c < s->classes; c++) {
            if (read) {
                mf_str_printf(out, ",%.9g", (double)p[c]);
            } else {
                mf_str_addc(out, ',');
            }
        }
        mf_str_addc(out, '\n');
    }
}
