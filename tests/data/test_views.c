/* The loader's further views of a picture, and classes drawn from votes: each picture under each view once an epoch, shares as the
 * votes have them, and the same whatever the number of workers. */
#include "support.h"

#include <math.h>
#include <string.h>

#include "core/hash.h"
#include "core/mem.h"
#include "core/rng.h"
#include "data/cache.h"
#include "loader_fixture.h"

enum { W = 24, H = 18, CLASSES = 3 };

static mf_loader_opts
options(void)
{
    return (mf_loader_opts){.batch = 5, .pictures = 1, .shuffle = true, .seed = 7, .augment = mf_augment_none(),
                            .recipe = mf_recipe_default(W, H, 3), .classes = CLASSES};
}

static void
samples_of(mf_sample *s, int times)
{
    for (uint32_t i = 0; i < FIXTURE_ROWS * (uint32_t)times; i++) {
        s[i] = (mf_sample){{i % FIXTURE_ROWS, i % FIXTURE_ROWS, i % FIXTURE_ROWS}};
    }
}

static void
test_views(void **state)
{
    mf_dataset     *d = fixture_dataset(mf_test_path("set"));
    mf_cache       *c = fixture_cache(d, MF_CACHE_RAM, NULL, 3, 2);
    mf_sample       s[FIXTURE_ROWS * 3];
    mf_loader_opts  o = options();
    mf_loader      *l;
    const mf_batch *b;
    uint64_t        want = 0;
    mf_err          err = {0};

    (void)state;
    samples_of(s, 3);
    o.views            = 2;
    o.augment.flip     = 0;
    o.view[0]          = (mf_augment){.jitter_brightness = 0.5};
    o.view[1]          = (mf_augment){.noise = 0.3};
    for (int workers = 0; workers < 4; workers++) {
        int      of[FIXTURE_ROWS][3] = {{0}}; /* by what its bytes look like */
        float   *plain = mf_calloc(FIXTURE_ROWS, (size_t)W * H * 3 * sizeof *plain);
        uint64_t h = 0;

        o.workers = workers;
        o.views   = 0;
        assert_mf_ok(mf_loader_open(&l, d, c, s, FIXTURE_ROWS, &o, &err), &err);
        assert_mf_ok(mf_loader_start(l, 3, 0, &err), &err);
        while (mf_loader_next(l, &b, &err) == MF_OK && b != NULL) {
            for (size_t i = 0; i < b->n; i++) {
                memcpy(plain + (size_t)b->sample[i]->row[0] * W * H * 3, (const float *)b->x[0] + i * W * H * 3, W * H * 3 * sizeof *plain);
            }
        }
        mf_loader_close(l);
        o.views = 2;
        assert_mf_ok(mf_loader_open(&l, d, c, s, FIXTURE_ROWS * 3, &o, &err), &err);
        assert_mf_ok(mf_loader_start(l, 3, 0, &err), &err);
        while (mf_loader_next(l, &b, &err) == MF_OK && b != NULL) {
            h = mf_mix64(h ^ mf_hash64(b->x[0], b->n * W * H * 3 * sizeof(float)));
            for (size_t i = 0; i < b->n; i++) {
                const float *x = (const float *)b->x[0] + i * W * H * 3, *p = plain + (size_t)b->sample[i]->row[0] * W * H * 3;
                double       rough = 0;

                for (int k = 1; k < W * H; k++) { /* noise differs from one pixel to the next, brightness hardly */
                    rough += fabs((double)((x[k] - p[k]) - (x[k - 1] - p[k - 1])));
                }
                of[b->sample[i]->row[0]][memcmp(x, p, W * H * 3 * sizeof *x) == 0 ? 0 : rough / (W * H) < 0.5 ? 1 : 2]++;
            }
        }
        mf_loader_close(l);
        for (int r = 0; r < FIXTURE_ROWS; r++) {
            assert_true(of[r][0] == 1 && of[r][1] == 1 && of[r][2] == 1);
        }
        want = workers == 0 ? h : want;
        assert_true(h == want);
        mf_free(plain);
    }
    assert_mf_fails(mf_loader_open(&l, d, c, s, FIXTURE_ROWS * 3 - 1, &o, &err), MF_E_ARG, &err, "3 lists");
    o.views = MF_AUGMENT_VIEWS_MAX;
    assert_mf_fails(mf_loader_open(&l, d, c, s, FIXTURE_ROWS * 3, &o, &err), MF_E_ARG, &err, "lists");
    mf_cache_free(c);
    mf_dataset_free(d);
}

static void
test_drawn_labels(void **state)
{
    enum { EPOCHS = 60 };
    mf_dataset     *d = fixture_dataset(mf_test_path("set"));
    mf_cache       *c = fixture_cache(d, MF_CACHE_RAM, NULL, 3, 2);
    mf_sample       s[FIXTURE_ROWS];
    mf_loader_opts  o = options();
    mf_loader      *l;
    const mf_batch *b;
    uint64_t        want = 0;
    int             voted = 0;
    mf_err          err = {0};

    (void)state;
    samples_of(s, 1);
    o.draw_label = true;
    for (int workers = 0; workers < 3; workers++) {
        double   sum[CLASSES] = {0}, expected[CLASSES] = {0}, variance = 0;
        uint64_t h = 0;

        o.workers = workers;
        assert_mf_ok(mf_loader_open(&l, d, c, s, FIXTURE_ROWS, &o, &err), &err);
        for (uint64_t e = 0; e < EPOCHS; e++) {
            assert_mf_ok(mf_loader_start(l, e, 0, &err), &err);
            while (mf_loader_next(l, &b, &err) == MF_OK && b != NULL) {
                h = mf_mix64(h ^ mf_hash64(b->target, b->n * CLASSES * sizeof(float)));
                for (size_t i = 0; i < b->n; i++) {
                    const mf_row *row = &d->rows[b->sample[i]->row[0]];
                    const float  *t   = b->target + i * CLASSES;
                    int           one = -1;

                    for (int k = 0; k < CLASSES; k++) {
                        assert_true(t[k] == 0.0f || t[k] == 1.0f);
                        one = t[k] == 1.0f ? k : one;
                    }
                    assert_true(one >= 0 && t[0] + t[1] + t[2] == 1.0f);
                    if (row->soft == NULL) {
                        assert_int_equal(one, row->label);
                        continue;
                    }
                    voted++;
                    assert_true(row->soft[one] > 0.0f); /* never a class without a vote */
                    sum[one] += 1;
                    for (int k = 0; k < CLASSES; k++) {
                        expected[k] += (double)row->soft[k];
                        variance += k == 0 ? (double)row->soft[0] * (1 - (double)row->soft[0]) : 0;
                    }
                }
            }
        }
        mf_loader_close(l);
        printf("%d workers: %.0f %.0f %.0f drawn, %.1f %.1f %.1f expected\n", workers, sum[0], sum[1], sum[2], expected[0], expected[1],
               expected[2]);
        assert_true(fabs(sum[0] - expected[0]) < 4 * sqrt(variance) + 1);
        want = workers == 0 ? h : want;
        assert_true(h == want);
    }
    assert_true(voted > 0);
    o.soft = true;
    assert_mf_fails(mf_loader_open(&l, d, c, s, FIXTURE_ROWS, &o, &err), MF_E_ARG, &err, "not both");
    mf_cache_free(c);
    mf_dataset_free(d);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_views), cmocka_unit_test(test_drawn_labels)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
