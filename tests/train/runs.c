/* tests/train/runs.c */
#include "support.h"

#include <string.h>

#include "core/file.h"
#include "core/mem.h"
#include "core/rng.h"
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

mf_status
runs_train(const char *data, const mf_settings *s, const char *out, bool resume, mf_step_hook *hook, void *arg, mf_err *err)
{
    mf_dataset   *d     = NULL;
    mf_cache     *cache = NULL;
    mf_parts      parts = {0};
    uint32_t     *rows  = NULL;
    size_t        n;
    mf_cache_opts co = {.kind = MF_CACHE_RAM, .width = (int)s->t.size, .height = (int)s->t.size, .channels = 3, .workers = 1};
    mf_train_job  job;
    mf_status     st;

    if ((st = mf_dataset_load(&d, data, err)) < 0 ||
        (st = mf_parts_by_split(&parts, d, s->t.val_share, (uint64_t)s->t.seed, NULL, err)) < 0 ||
        (st = mf_parts_rows(&rows, &n, &parts, err)) < 0 || (st = mf_cache_build(&cache, d, rows, n, &co, err)) < 0) {
        goto done;
    }
    job = (mf_train_job){.settings = s, .data = d, .cache = cache, .parts = &parts, .out = out, .seed = (uint64_t)s->t.seed,
                         .resume = resume};
    st  = mf_train_run_hooked(&job, hook, arg, err);
done:
    mf_free(rows);
    mf_cache_free(cache);
    mf_parts_free(&parts);
    mf_dataset_free(d);
    return st;
}

void
runs_same_file(const char *dir_a, const char *dir_b, const char *name)
{
    char    a[1200], b[1200];
    mf_blob fa = {0}, fb = {0};
    mf_err  err = {0};

    snprintf(a, sizeof a, "%s/%s", dir_a, name);
    snprintf(b, sizeof b, "%s/%s", dir_b, name);
    assert_mf_ok(mf_file_read(&fa, a, (size_t)1 << 30, &err), &err);
    assert_mf_ok(mf_file_read(&fb, b, (size_t)1 << 30, &err), &err);
    if (fa.size != fb.size || memcmp(fa.data, fb.data, fa.size) != 0) {
        fail_msg("%s and %s differ", a, b);
    }
    mf_blob_free(&fa);
    mf_blob_free(&fb);
}
