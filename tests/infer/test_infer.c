/* Weights and recipe to probabilities: loading, batches that are not full, files that cannot be read, and that scoring a
 * data set by its files gives what the loader's batches give. */
#include "support.h"

#include <math.h>
#include <string.h>

#include "core/file.h"
#include "core/mem.h"
#include "core/rng.h"
#include "data/loader.h"
#include "eval/score.h"
#include "infer/infer.h"
#include "infer/small_net.h"
#include "weights/weights.h"

enum { CLASSES = MF_SMALL_NET_CLASSES, SIDE = MF_SMALL_NET_SIDE, PICTURES = 7 };

/* A data set of 7 pictures; label order another than the network's. */
static const char *
pictures(void)
{
    static const char *const other[] = {"slant", "left", "right", NULL};
    const char              *dir     = mf_test_path("set");
    mf_dataset              *d;
    mf_err                   err = {0};

    if (mf_path_exists(dir)) {
        return dir;
    }
    assert_mf_ok(mf_dir_make(dir, &err), &err);
    assert_mf_ok(mf_dataset_new(&d, "set", other, CLASSES, &err), &err);
    for (int i = 0; i < PICTURES; i++) {
        mf_image im;
        mf_rng   r = mf_rng_make(1, 0, (uint64_t)i, MF_RNG_TEST);
        char     name[32], full[1200];

        assert_mf_ok(mf_image_new(&im, 30 + i, 40, 3, &err), &err);
        for (size_t k = 0; k < (size_t)(30 + i) * 40 * 3; k++) {
            im.px[k] = (uint8_t)mf_rng_below(&r, 40 * ((uint64_t)i + 1) > 255 ? 255 : 40 * ((uint64_t)i + 1));
        }
        snprintf(name, sizeof name, "%d.png", i);
        snprintf(full, sizeof full, "%s/%s", dir, name);
        assert_mf_ok(mf_image_save(full, &im, 95, &err), &err);
        mf_image_free(&im);
        assert_mf_ok(mf_dataset_add(d, name, other[i % 3], "", i % 2 ? MF_OCC_MASK : MF_OCC_NONE, "", MF_SPLIT_NONE, NULL, &err), &err);
    }
    assert_mf_ok(mf_dataset_save(d, dir, &err), &err);
    mf_dataset_free(d);
    return dir;
}

static mf_infer *
load(int batch, bool features)
{
    mf_infer_opts o = mf_infer_opts_default();
    mf_infer     *f;
    mf_err        err = {0};

    o.batch    = batch;
    o.prec     = MF_PREC_F32;
    o.features = features;
    assert_mf_ok(mf_infer_load(&f, mf_small_net(3), &o, &err), &err);
    return f;
}

static void
test_load(void **state)
{
    mf_infer     *f = load(2, true);
    mf_infer_opts o = mf_infer_opts_default();
    mf_err        err = {0};
    const char   *bad = mf_test_path("bad.safetensors");

    (void)state;
    for (int c = 0; c < CLASSES; c++) {
        assert_string_equal(mf_infer_classes(f)[c], mf_small_net_classes[c]);
    }
    assert_null(mf_infer_classes(f)[CLASSES]);
    assert_int_equal(mf_infer_features(f), 512);
    assert_int_equal(mf_infer_recipe(f)->width, SIDE);
    mf_infer_free(f);
    assert_mf_fails(mf_infer_load(&f, mf_test_path("none.safetensors"), &o, &err), MF_E_IO, &err, "none.safetensors");
    assert_null(f);
    assert_mf_ok(mf_file_write(bad, "\2\0\0\0\0\0\0\0{}", 10, &err), &err); /* tensors: none; metadata: none */
    assert_mf_fails(mf_infer_load(&f, bad, &o, &err), MF_E_FORMAT, &err, "bad.safetensors");
    o.batch = 0;
    assert_mf_fails(mf_infer_load(&f, mf_small_net(3), &o, &err), MF_E_ARG, &err, "batch");
}

/* The same answers whatever the batch, with the last batch full or not. */
static void
test_batches(void **state)
{
    mf_infer   *one = load(1, true), *four = load(4, true);
    const char *paths[4];
    char        text[4][1200];
    float       a[4][CLASSES], b[4][CLASSES], *fa = mf_calloc(4 * 512, sizeof *fa), *fb = mf_calloc(4 * 512, sizeof *fb);
    mf_err      why[4], err = {0};

    (void)state;
    for (int i = 0; i < 4; i++) {
        snprintf(text[i], sizeof text[i], "%s/%d.png", pictures(), i);
        paths[i] = text[i];
        assert_mf_ok(mf_infer_files(one, &paths[i], NULL, 1, a[i], fa + i * 512, &why[i], &err), &err);
    }
    for (size_t n = 1; n <= 4; n++) {
        assert_mf_ok(mf_infer_files(four, paths, NULL, n, b[0], fb, why, &err), &err);
        for (size_t i = 0; i < n; i++) {
            float sum = 0;

            assert_int_equal(why[i].code, MF_OK);
            for (int c = 0; c < CLASSES; c++) {
                assert_true(fabsf(a[i][c] - b[i][c]) < 1e-5f);
                sum += b[i][c];
            }
            assert_true(fabsf(sum - 1.0f) < 1e-5f);
            for (int k = 0; k < 512; k++) {
                assert_true(fabsf(fa[i * 512 + (size_t)k] - fb[i * 512 + (size_t)k]) < 1e-3f);
            }
        }
    }
    paths[1] = mf_test_path("nowhere.png");
    assert_mf_ok(mf_infer_files(four, paths, NULL, 3, b[0], NULL, why, &err), &err);
    assert_int_equal(why[0].code, MF_OK);
    assert_int_equal(why[1].code, MF_E_IO);
    assert_non_null(strstr(why[1].msg, "nowhere.png"));
    assert_int_equal(why[2].code, MF_OK);
    assert_true(fabsf(a[2][0] - b[2][0]) < 1e-5f);
    mf_free(fa);
    mf_free(fb);
    mf_infer_free(one);
    mf_infer_free(four);
}

static void
test_scores(void **state)
{
    mf_infer        *f = load(4, false);
    mf_dataset      *d;
    mf_cache        *cache;
    mf_scorer       *scorer;
    mf_scores        files = {0};
    const mf_scores *loaded;
    uint32_t         rows[PICTURES];
    size_t           failed;
    mf_cache_opts    co = {.kind = MF_CACHE_RAM, .width = SIDE, .height = SIDE, .channels = 3, .workers = 1};
    mf_metrics      *m  = mf_calloc(1, sizeof *m);
    mf_str           csv = {0};
    mf_err           err = {0};

    (void)state;
    assert_mf_ok(mf_dataset_load(&d, pictures(), &err), &err);
    for (uint32_t i = 0; i < PICTURES; i++) {
        rows[i] = i;
    }
    assert_mf_ok(mf_score_files(&files, &failed, f, d, rows, PICTURES, NULL, NULL, NULL, &err), &err);
    assert_int_equal(failed, 0);
    assert_int_equal(files.n, PICTURES);
    assert_mf_ok(mf_cache_build(&cache, d, rows, PICTURES, &co, &err), &err);
    assert_mf_ok(mf_scorer_open(&scorer, f, d, cache, rows, PICTURES, 1, &err), &err);
    for (int again = 0; again < 2; again++) {
        assert_mf_ok(mf_scorer_run(scorer, &loaded, NULL, &err), &err);
        for (int i = 0; i < PICTURES * CLASSES; i++) {
            assert_true(fabsf(files.prob[i] - loaded->prob[i]) < 1e-5f);
        }
    }
    /* Labels are matched by name: "slant" is the data set's class 0 and the network's class 2. */
    assert_int_equal(files.label_map[0], 2);
    mf_scores_metrics(m, &files, d, MF_DOMAIN_OCCLUDED);
    assert_int_equal(m->n, 3);
    mf_scores_by_occlusion(m, &files, d, MF_OCC_NONE);
    assert_int_equal(m->n, 4);
    mf_scores_csv(&csv, &files, d, NULL, "", NULL);
    assert_int_equal(strncmp(csv.data, "image,subject,occlusion,label,predicted,p_left,p_right,p_slant\n0.png,,none,slant,", 81), 0);
    mf_str_free(&csv);
    mf_free(m);
    mf_scores_free(&files);
    mf_scorer_close(scorer);
    mf_cache_free(cache);
    mf_dataset_free(d);
    mf_infer_free(f);
}

/* With `mirror` a picture and its mirror image are answered alike, by the mean of what each is answered without; the caller's
 * pixels come back as they were. */
static void
test_mirror(void **state)
{
    enum { PIXELS = 3 * SIDE * SIDE };
    mf_infer_opts o = mf_infer_opts_default();
    mf_infer     *plain = load(2, false), *both;
    mf_rng        r = mf_rng_make(4, 0, 0, MF_RNG_TEST);
    float        *x = mf_aligned(2 * PIXELS * sizeof *x), *was = mf_aligned(2 * PIXELS * sizeof *was), a[2][CLASSES], b[2][CLASSES];
    double        apart = 0;
    mf_err        err = {0};

    (void)state;
    o.batch  = 2;
    o.prec   = MF_PREC_F32;
    o.mirror = true;
    assert_mf_ok(mf_infer_load(&both, mf_small_net(3), &o, &err), &err);
    for (int nhwc = 0; nhwc < 2; nhwc++) {
        const mf_pix_form form = {.type = MF_PIX_F32, .nhwc = nhwc != 0};

        for (int y = 0; y < SIDE * 3; y++) { /* picture 1 is picture 0 from right to left */
            for (int k = 0; k < SIDE; k++) {
                const int row = nhwc ? y / 3 : y, c = nhwc ? y % 3 : 0, step = nhwc ? 3 : 1, wide = SIDE * step;

                x[row * wide + k * step + c] = (float)mf_rng_normal(&r) + (float)k / SIDE;
                x[PIXELS + row * wide + (SIDE - 1 - k) * step + c] = x[row * wide + k * step + c];
            }
        }
        memcpy(was, x, 2 * PIXELS * sizeof *x);
        assert_mf_ok(mf_infer_run(plain, x, form, NULL, 2, a[0], NULL, &err), &err);
        assert_mf_ok(mf_infer_run(both, x, form, NULL, 2, b[0], NULL, &err), &err);
        assert_memory_equal(x, was, 2 * PIXELS * sizeof *x);
        for (int c = 0; c < CLASSES; c++) {
            apart = fmax(apart, fabs((double)a[0][c] - (double)a[1][c]));
            assert_true(fabsf(b[0][c] - b[1][c]) < 1e-6f);
            assert_true(fabsf(b[0][c] - 0.5f * (a[0][c] + a[1][c])) < 1e-6f);
        }
    }
    assert_true(apart > 1e-5); /* else nothing was shown */
    mf_free(x);
    mf_free(was);
    mf_infer_free(plain);
    mf_infer_free(both);
}

static void
test_argmax(void **state)
{
    const float tie[] = {0.25f, 0.5f, 0.5f}, nan_first[] = {NAN, 0.1f, 0.2f};

    (void)state;
    assert_int_equal(mf_argmax(tie, 3), 1);
    assert_int_equal(mf_argmax(nan_first, 3), 2);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_load), cmocka_unit_test(test_batches), cmocka_unit_test(test_scores), cmocka_unit_test(test_argmax),
        cmocka_unit_test(test_mirror),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
