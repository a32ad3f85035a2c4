/* tests/train/runs.c */
#include "support.h"

#include <string.h>

#include "core/csv.h"
#include "core/file.h"
#include "core/mem.h"
#include "core/rng.h"
#include "eval/score.h"
#include "image/image.h"
#include "runs.h"

enum { SIDE = 36 };

static void
draw(const char *path, int person, int label, bool mask)
{
    mf_image im;
    mf_err   err = {0};
    mf_rng   r   = mf_rng_make(7, (uint64_t)person, (uint64_t)(label * 2 + mask), MF_RNG_TEST);

    assert_mf_ok(mf_image_new(&im, SIDE, SIDE, 3, &err), &err);
    for (int y = 0; y < SIDE; y++) {
        for (int x = 0; x < SIDE; x++) {
            int wave = label == 0 ? x : label == 1 ? y : x + y, v = (wave / 4 % 2) * 90 + person * 5;

            v += (int)mf_rng_below(&r, 60);
            for (int c = 0; c < 3; c++) {
                im.px[(y * SIDE + x) * 3 + c] = (uint8_t)(mask && y > SIDE / 2 ? 200 : v);
            }
        }
    }
    assert_mf_ok(mf_image_save(path, &im, 95, &err), &err);
    mf_image_free(&im);
}

const char *
runs_dataset(const char *name, int people)
{
    static const char *const classes[] = {"left", "right", "slant", NULL};
    const char              *dir       = mf_test_path(name);
    mf_dataset              *d;
    mf_err                   err = {0};

    if (mf_path_exists(dir)) {
        return dir;
    }
    assert_mf_ok(mf_dir_make(dir, &err), &err);
    assert_mf_ok(mf_dataset_new(&d, "waves", classes, RUNS_CLASSES, &err), &err);
    for (int p = 0; p < people; p++) {
        for (int k = 0; k < RUNS_CLASSES; k++) {
            for (int mask = 0; mask < 2; mask++) {
                char rel[64], full[1200], subject[16], pair[32];

                snprintf(rel, sizeof rel, "p%d_%d_%d.png", p, k, mask);
                snprintf(full, sizeof full, "%s/%s", dir, rel);
                snprintf(subject, sizeof subject, "%d", p);
                snprintf(pair, sizeof pair, "%d_%d", p, k);
                draw(full, p, k, mask != 0);
                assert_mf_ok(mf_dataset_add(d, rel, classes[k], subject, mask ? MF_OCC_MASK : MF_OCC_NONE, pair, MF_SPLIT_NONE,
                                            NULL, &err), &err);
            }
        }
    }
    assert_mf_ok(mf_dataset_save(d, dir, &err), &err);
    mf_dataset_free(d);
    return dir;
}

void
runs_settings(mf_settings *s, const char *method, int epochs)
{
    mf_err err = {0};

    assert_mf_ok(mf_settings_default(s, &err), &err);
    assert_mf_ok(mf_settings_choose(s, method, NULL, NULL, NULL, NULL, &err), &err);
    s->t.size       = 32;
    s->t.batch      = 8;
    s->t.epochs     = epochs;
    s->t.save_every = 1;
    s->t.val_share  = 0.3;
    s->t.threads    = 2;
    assert_mf_ok(mf_settings_check(s, &err), &err);
}

/* A data set on disk with its parts and decoded pictures. */
typedef struct opened {
    mf_dataset *d;
    mf_cache   *cache;
    mf_parts    parts;
} opened;

static void
shut(opened *o)
{
    mf_cache_free(o->cache);
    mf_parts_free(&o->parts);
    mf_dataset_free(o->d);
}

static mf_status
open_set(opened *o, const char *data, const mf_settings *s, mf_err *err)
{
    mf_cache_opts co   = {.kind = MF_CACHE_RAM, .width = (int)s->t.size, .height = (int)s->t.size, .channels = 3, .workers = 1};
    uint32_t     *rows = NULL;
    size_t        n;
    mf_status     st;

    *o = (opened){0};
    if ((st = mf_dataset_load(&o->d, data, err)) == MF_OK &&
        (st = mf_parts_by_split(&o->parts, o->d, s->t.val_share, (uint64_t)s->t.seed, NULL, err)) == MF_OK &&
        (st = mf_parts_rows(&rows, &n, &o->parts, err)) == MF_OK) {
        st = mf_cache_build(&o->cache, o->d, rows, n, &co, err);
    }
    mf_free(rows);
    return st;
}

mf_status
runs_train(const char *data, const mf_settings *s, const char *out, bool resume, mf_step_hook *hook, void *arg, mf_err *err)
{
    opened       o;
    mf_train_job job;
    mf_status    st;

    if ((st = open_set(&o, data, s, err)) == MF_OK) {
        job = (mf_train_job){.settings = s, .data = o.d, .cache = o.cache, .parts = &o.parts, .out = out, .seed = (uint64_t)s->t.seed,
                             .resume = resume};
        st  = mf_train_run_hooked(&job, hook, arg, err);
    }
    shut(&o);
    return st;
}

mf_status
runs_score(const char *data, const mf_settings *s, const char *weights, const char *out, mf_err *err)
{
    mf_infer_opts    io     = {.backend = s->t.backend.s, .prec = mf_settings_prec(s), .batch = 64};
    opened           o;
    mf_infer        *f      = NULL;
    mf_scorer       *scorer = NULL;
    const mf_scores *scores;
    mf_kinds         kinds  = {0};
    uint32_t        *rows   = NULL;
    size_t           n;
    mf_str           csv    = {0};
    mf_status        st;

    if ((st = open_set(&o, data, s, err)) < 0 || (st = mf_kinds_load(&kinds, o.d, err)) < 0 || (st = mf_infer_load(&f, weights, &io, err)) < 0 ||
        (st = mf_rows_list(&rows, &n, o.d, o.parts.val, mf_method_domain(&s->method), err)) < 0 ||
        (st = mf_scorer_open(&scorer, f, o.d, o.cache, rows, n, 0, err)) < 0 || (st = mf_scorer_run(scorer, &scores, NULL, err)) < 0) {
        goto done;
    }
    mf_scores_csv(&csv, scores, o.d, &kinds, "", NULL);
    st = mf_file_write_str(out, &csv, err);
done:
    mf_str_free(&csv);
    mf_free(rows);
    mf_scorer_close(scorer);
    mf_infer_free(f);
    mf_kinds_free(&kinds);
    shut(&o);
    return st;
}

void
runs_column(const char *run, const char *column, double *out, size_t n)
{
    char    path[1200];
    mf_csv *c;
    char  **field;
    size_t  fields;
    int     at;
    mf_err  err = {0};

    snprintf(path, sizeof path, "%s/results.csv", run);
    assert_mf_ok(mf_csv_open(&c, path, &err), &err);
    assert_mf_ok(mf_csv_next(c, &field, &fields, &err), &err);
    at = mf_csv_column(field, fields, column);
    assert_true(at >= 0);
    for (size_t i = 0; i < n; i++) {
        char *end;

        assert_mf_ok(mf_csv_next(c, &field, &fields, &err), &err);
        assert_true(fields > (size_t)at);
        out[i] = strtod(field[at], &end);
        assert_true(*field[at] != '\0' && *end == '\0');
    }
    mf_csv_close(c);
}

void
runs_same_bytes(const char *path_a, const char *path_b)
{
    mf_blob a = {0}, b = {0};
    mf_err  err = {0};

    assert_mf_ok(mf_file_read(&a, path_a, (size_t)1 << 30, &err), &err);
    assert_mf_ok(mf_file_read(&b, path_b, (size_t)1 << 30, &err), &err);
    if (a.size != b.size || memcmp(a.data, b.data, a.size) != 0) {
        fail_msg("%s and %s differ", path_a, path_b);
    }
    mf_blob_free(&a);
    mf_blob_free(&b);
}

void
runs_same_file(const char *dir_a, const char *dir_b, const char *name)
{
    char a[1200], b[1200];

    snprintf(a, sizeof a, "%s/%s", dir_a, name);
    snprintf(b, sizeof b, "%s/%s", dir_b, name);
    runs_same_bytes(a, b);
}
