/* train/samples.c */
#include "train/samples.h"

#include <string.h>

#include "core/mem.h"
#include "core/rng.h"
#include "data/folds.h"

void
mf_parts_free(mf_parts *p)
{
    mf_free(p->train);
    mf_free(p->val);
    mf_free(p->test);
    *p = (mf_parts){0};
}

static mf_status
parts_new(mf_parts *out, const mf_dataset *d, mf_err *err)
{
    *out       = (mf_parts){.n = d->n_rows};
    out->train = mf_calloc(d->n_rows, 1);
    out->val   = mf_calloc(d->n_rows, 1);
    out->test  = mf_calloc(d->n_rows, 1);
    if (out->train == NULL || out->val == NULL || out->test == NULL) {
        mf_parts_free(out);
        return mf_oom(err, d->n_rows, "the parts of a data set");
    }
    return MF_OK;
}

static void
parts_count(mf_parts *p)
{
    p->n_train = p->n_val = p->n_test = 0;
    for (size_t i = 0; i < p->n; i++) {
        p->n_train += p->train[i] != 0;
        p->n_val += p->val[i] != 0;
        p->n_test += p->test[i] != 0;
    }
}

/* Moves `share` of the training people into val. */
static mf_status
hold_out(mf_parts *p, const mf_dataset *d, double share, bool by_row, uint64_t seed, mf_err *err)
{
    mf_status st;

    if (share <= 0.0) {
        return MF_OK;
    }
    if ((st = mf_folds_holdout(p->val, d, p->train, share, by_row, seed, err)) < 0) {
        return st;
    }
    for (size_t i = 0; i < p->n; i++) {
        if (p->val[i]) {
            p->train[i] = 0;
        }
    }
    return MF_OK;
}

mf_status
mf_parts_by_split(mf_parts *out, const mf_dataset *d, double share, uint64_t seed, const mf_log *log, mf_err *err)
{
    size_t    val = 0, unknown = 0;
    mf_status st;

    if ((st = parts_new(out, d, err)) < 0) {
        return st;
    }
    for (size_t i = 0; i < d->n_rows; i++) {
        out->train[i] = d->rows[i].split == MF_SPLIT_NONE || d->rows[i].split == MF_SPLIT_TRAIN;
        out->val[i]   = d->rows[i].split == MF_SPLIT_VAL;
        out->test[i]  = d->rows[i].split == MF_SPLIT_TEST;
        val += out->val[i] != 0;
        unknown += out->train[i] && d->rows[i].subject < 0;
    }
    if (val == 0) {
        if (unknown != 0 && share > 0.0) {
            mf_logf(log, MF_LOG_WARN,
                    "%zu pictures have no subject: the validation part is split off by picture, so the same person may be "
                    "on both sides", unknown);
        }
        if ((st = hold_out(out, d, share, unknown != 0, seed, err)) < 0) {
            mf_parts_free(out);
            return mf_fail_in(err, st, "validation part");
        }
    }
    parts_count(out);
    if (out->n_train == 0) {
        mf_parts_free(out);
        return mf_fail(err, MF_E_LIMIT, "no row is left to train on: the manifest's split column names none 'train'");
    }
    return MF_OK;
}

mf_status
mf_parts_by_fold(mf_parts *out, const mf_dataset *d, const uint8_t *scored, double share, uint64_t seed, mf_err *err)
{
    mf_status st;

    if ((st = parts_new(out, d, err)) < 0) {
        return st;
    }
    for (size_t i = 0; i < d->n_rows; i++) {
        out->test[i]  = scored[i] != 0;
        out->train[i] = scored[i] == 0;
    }
    if ((st = hold_out(out, d, share, false, seed, err)) < 0) {
        mf_parts_free(out);
        return mf_fail_in(err, st, "validation part of a fold");
    }
    parts_count(out);
    return MF_OK;
}

mf_status
mf_parts_rows(uint32_t **out, size_t *n, const mf_parts *p, mf_err *err)
{
    *n   = 0;
    *out = mf_calloc(p->n, sizeof **out);
    if (*out == NULL) {
        return mf_oom(err, p->n * sizeof **out, "a list of rows");
    }
    for (size_t i = 0; i < p->n; i++) {
        if (p->train[i] || p->val[i] || p->test[i]) {
            (*out)[(*n)++] = (uint32_t)i;
        }
    }
    return MF_OK;
}

mf_domain
mf_method_domain(const mf_method *m)
{
    if (m->def->samples != MF_SAMPLES_ROWS || m->def->rows == NULL) {
        return MF_DOMAIN_ALL;
    }
    switch (m->def->rows(m->cfg)) {
    case MF_ROWS_CLEAR: return MF_DOMAIN_CLEAR;
    case MF_ROWS_OCCLUDED: return MF_DOMAIN_OCCLUDED;
    case MF_ROWS_ALL:
    default: return MF_DOMAIN_ALL;
    }
}

mf_status
mf_rows_list(uint32_t **out, size_t *n, const mf_dataset *d, const uint8_t *use, mf_domain k, mf_err *err)
{
    *n   = 0;
    *out = mf_calloc(d->n_rows, sizeof **out);
    if (*out == NULL) {
        return mf_oom(err, d->n_rows * sizeof **out, "a list of rows");
    }
    for (size_t i = 0; i < d->n_rows; i++) {
        if (use[i] && mf_domain_has(k, &d->rows[i])) {
            (*out)[(*n)++] = (uint32_t)i;
        }
    }
    return MF_OK;
}

static mf_status
none(const mf_method *m, mf_domain k, mf_err *err)
{
    if (m->def->samples != MF_SAMPLES_ROWS) {
        return mf_fail(err, MF_E_LIMIT,
                       "%s needs pairs of a picture without and with a mask, and the training part has none: "
                       "'maskfer data occlude DIR --with mask --pair --out DIR2' makes them", m->name);
    }
    return mf_fail(err, MF_E_LIMIT, "%s is trained on %s pictures, and the training part has none%s", m->name,
                   k == MF_DOMAIN_CLEAR ? "non-masked" : k == MF_DOMAIN_OCCLUDED ? "masked" : "all",
                   k == MF_DOMAIN_OCCLUDED ? ": 'maskfer data occlude' makes them" : "");
}

/* A sample for each occluded picture of a pair, beside the pair's first clear one. */
static mf_status
pair_samples(mf_sample *s, size_t *n, const mf_dataset *d, const uint8_t *use, mf_err *err)
{
    uint32_t *clear = mf_calloc((size_t)d->n_pairs + 1, sizeof *clear);

    if (clear == NULL) {
        return mf_oom(err, (size_t)d->n_pairs * sizeof *clear, "pairs");
    }
    for (size_t i = d->n_rows; i-- > 0;) {
        if (use[i] && d->rows[i].pair >= 0 && d->rows[i].occlusion == MF_OCC_NONE) {
            clear[d->rows[i].pair] = (uint32_t)i + 1;
        }
    }
    for (size_t i = 0; i < d->n_rows; i++) {
        const mf_row *r = &d->rows[i];

        if (use[i] && r->pair >= 0 && r->occlusion != MF_OCC_NONE && clear[r->pair] != 0) {
            uint32_t c = clear[r->pair] - 1;

            s[(*n)++] = (mf_sample){{c, (uint32_t)i, (uint32_t)i}};
        }
    }
    mf_free(clear);
    return MF_OK;
}

mf_status
mf_samples_make(mf_sample **out, size_t *n, const mf_dataset *d, const uint8_t *use, const mf_method *m, uint64_t seed,
                uint64_t epoch, mf_err *err)
{
    mf_domain  k = mf_method_domain(m);
    mf_sample *s = mf_calloc(d->n_rows, sizeof *s);
    mf_status  st;

    *out = NULL;
    *n   = 0;
    if (s == NULL) {
        return mf_oom(err, d->n_rows * sizeof *s, "samples");
    }
    if (m->def->samples == MF_SAMPLES_ROWS) {
        for (size_t i = 0; i < d->n_rows; i++) {
            if (use[i] && mf_domain_has(k, &d->rows[i])) {
                s[(*n)++] = (mf_sample){{(uint32_t)i, (uint32_t)i, (uint32_t)i}};
            }
        }
    } else if ((st = pair_samples(s, n, d, use, err)) < 0) {
        mf_free(s);
        return st;
    }
    if (*n == 0) {
        mf_free(s);
        return none(m, k, err);
    }
    mf_samples_redraw(s, *n, m, seed, epoch);
    *out = s;
    return MF_OK;
}

mf_status
mf_samples_drawn(mf_sample **out, size_t *n, const mf_dataset *d, const uint8_t *use, const mf_method *m, mf_err *err)
{
    mf_sample *s = mf_calloc(d->n_rows, sizeof *s);

    *out = NULL;
    *n   = 0;
    if (s == NULL) {
        return mf_oom(err, d->n_rows * sizeof *s, "samples");
    }
    for (size_t i = 0; i < d->n_rows; i++) {
        if (use[i] && d->rows[i].occlusion == MF_OCC_NONE) {
            s[(*n)++] = (mf_sample){{(uint32_t)i, (uint32_t)i, (uint32_t)i}};
        }
    }
    if (*n == 0) {
        mf_free(s);
        return mf_fail(err, MF_E_LIMIT, "%s with --draw-pairs makes its pairs of non-masked pictures, and the training part has none", m->name);
    }
    *out = s;
    return MF_OK;
}

mf_status
mf_samples_repeat(mf_sample **samples, size_t *n, int times, mf_err *err)
{
    mf_sample *more;
    size_t     all;

    if (times == 1) {
        return MF_OK;
    }
    if (!mf_size_mul(&all, *n, (size_t)times) || (more = mf_realloc(*samples, all, sizeof *more)) == NULL) {
        return mf_oom(err, *n * (size_t)times * sizeof *more, "samples");
    }
    for (size_t i = *n; i < all; i++) {
        more[i] = more[i - *n];
    }
    *samples = more;
    *n       = all;
    return MF_OK;
}

/* row[2] keeps the masked picture, row[1] is what the student sees in this epoch. */
void
mf_samples_redraw(mf_sample *samples, size_t n, const mf_method *m, uint64_t seed, uint64_t epoch)
{
    double same;

    if (m->def->samples != MF_SAMPLES_PAIR_DRAW) {
        return;
    }
    same = m->def->same_prob(m->cfg);
    for (size_t i = 0; i < n; i++) {
        mf_rng r = mf_rng_make(seed, epoch, i, MF_RNG_METHOD);

        samples[i].row[1] = mf_rng_unit(&r) < same ? samples[i].row[0] : samples[i].row[2];
    }
}
