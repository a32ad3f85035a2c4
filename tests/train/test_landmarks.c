/* Landmarks from a data set into a network that looks at them: training of pairs, resuming, scoring from the cache and from files, the
 * answer's dependence on them, explaining; and what is refused before anything is written. */
#include "support.h"

#include <math.h>
#include <string.h>

#include "core/file.h"
#include "core/mem.h"
#include "core/rng.h"
#include "eval/attribution.h"
#include "eval/features.h"
#include "eval/score.h"
#include "image/keypoints.h"
#include "runs.h"
#include "train/crossval.h"

enum { SIDE = 36, PEOPLE = 5 }; /* SIDE: of the pictures of runs.c */

/* 5 points a picture, `shift` pixels to the right of where others have them; of all pictures but `but`. */
static void
write_points(const char *dir, double shift, const char *but)
{
    static const double at[5][2] = {{11, 13}, {24, 14}, {18, 20}, {13, 27}, {23, 28}};
    mf_dataset *d;
    mf_str      text = {0}, path = {0};
    mf_err      err  = {0};

    assert_mf_ok(mf_dataset_load(&d, dir, &err), &err);
    mf_str_add(&text, "image,x0,y0,x1,y1,x2,y2,x3,y3,x4,y4\n");
    for (size_t i = 0; i < d->n_rows; i++) {
        mf_rng r = mf_rng_make(1, i, 0, MF_RNG_TEST);

        if (strcmp(d->rows[i].image, but) == 0) {
            continue;
        }
        mf_str_add(&text, d->rows[i].image);
        for (int k = 0; k < 5; k++) {
            mf_str_printf(&text, ",%.2f,%.2f", at[k][0] + shift + mf_rng_unit(&r), at[k][1] + mf_rng_unit(&r));
        }
        mf_str_addc(&text, '\n');
    }
    mf_path_join(&path, dir, "landmarks.csv");
    assert_mf_ok(mf_file_write(mf_str_c(&path), text.data, text.len, &err), &err);
    mf_str_free(&text);
    mf_str_free(&path);
    mf_dataset_free(d);
}

static const char *
data_set(void)
{
    static char dir[1200];

    snprintf(dir, sizeof dir, "%s", runs_dataset("set", PEOPLE));
    write_points(dir, 0, "");
    return dir;
}

static void
settings_of(mf_settings *s, const char *method, const char *fusion)
{
    mf_err err = {0};

    runs_settings(s, method, 2);
    assert_mf_ok(mf_settings_choose(s, method, "oadn", NULL, NULL, NULL, &err), &err);
    assert_mf_ok(mf_settings_set(s, "width", "8", &err), &err);
    assert_mf_ok(mf_settings_set(s, "fusion", fusion, &err), &err);
    s->t.precision = 1;
    s->t.batch     = 4;
    s->t.workers   = 2;
    s->t.augment   = 1;
    s->t.tta       = true;
}

static bool
end_at_two(void *arg, uint64_t step)
{
    (void)arg;
    return step + 1 < 2;
}

typedef struct counting {
    uint64_t before;
    int      steps, calm;
} counting;

static bool
count_allocations(void *arg, uint64_t step)
{
    counting *c   = arg;
    uint64_t  now = mf_mem_count();

    c->steps = (int)step + 1;
    c->calm += c->before == now;
    c->before = now;
    return true;
}

static const char *
weights(void)
{
    static char path[1200];
    mf_settings s;
    mf_err      err = {0};

    if (path[0] == '\0') {
        settings_of(&s, "contrastive", "all");
        s.t.epochs = 1;
        assert_mf_ok(runs_train(data_set(), &s, mf_test_path("run"), false, NULL, NULL, &err), &err);
        snprintf(path, sizeof path, "%s/weights/last.safetensors", mf_test_path("run"));
    }
    return path;
}

static void
test_training(void **state)
{
    const char *data = data_set();
    char        whole[1200], broken[1200];
    counting    c = {0};
    mf_settings s;
    mf_err      err = {0};

    (void)state;
    snprintf(whole, sizeof whole, "%s", mf_test_path("whole"));
    snprintf(broken, sizeof broken, "%s", mf_test_path("broken"));
    settings_of(&s, "contrastive", "all");
    s.t.workers = 0;
    assert_mf_ok(runs_train(data, &s, whole, false, count_allocations, &c, &err), &err);
    print_message("%d of %d steps without an allocation\n", c.calm, c.steps);
    assert_true(c.steps >= 4 && c.calm >= c.steps - 4);
    s.t.workers      = 2; /* which change nothing */
    s.t.save_seconds = 1e-9;
    assert_mf_fails(runs_train(data, &s, broken, false, end_at_two, NULL, &err), MF_E_CANCELLED, &err, NULL);
    assert_mf_ok(runs_train(data, &s, broken, true, NULL, NULL, &err), &err);
    runs_same_file(whole, broken, "results.csv");
    runs_same_file(whole, broken, "weights/last.safetensors");
}

typedef struct answers {
    size_t  n;
    int     dim;
    float  *prob, *features;
} answers;

static void
answers_free(answers *a)
{
    mf_free(a->prob);
    mf_free(a->features);
}

/* All rows of the data set from their files, and from the cache, which must agree. */
static void
score(answers *out, mf_infer *f, const char *dir)
{
    mf_dataset    *d;
    mf_cache      *c;
    mf_cache_opts  co = {.kind = MF_CACHE_RAM, .width = 32, .height = 32, .channels = 3, .workers = 1};
    mf_scores      s  = {0};
    mf_features    e;
    mf_scorer     *scorer;
    const mf_scores *cached;
    size_t         failed;
    mf_err         err = {0};
    uint32_t       rows[PEOPLE * 6];

    assert_mf_ok(mf_dataset_load(&d, dir, &err), &err);
    assert_int_equal(d->n_rows, PEOPLE * 6);
    for (uint32_t i = 0; i < d->n_rows; i++) {
        rows[i] = i;
    }
    assert_mf_ok(mf_score_files(&s, &failed, f, d, rows, d->n_rows, NULL, NULL, NULL, &err), &err);
    assert_int_equal(failed, 0);
    assert_mf_ok(mf_features_files(&e, f, d, rows, d->n_rows, NULL, NULL, &err), &err);
    assert_int_equal(e.n, d->n_rows);
    assert_mf_ok(mf_cache_build(&c, d, rows, d->n_rows, &co, &err), &err);
    assert_mf_ok(mf_scorer_open(&scorer, f, d, c, rows, d->n_rows, 1, &err), &err);
    assert_mf_ok(mf_scorer_run(scorer, &cached, NULL, &err), &err);
    for (size_t i = 0; i < d->n_rows * RUNS_CLASSES; i++) {
        assert_true(fabsf(s.prob[i] - cached->prob[i]) < 1e-5f);
    }
    *out      = (answers){.n = s.n, .dim = (int)e.d, .prob = s.prob, .features = e.x};
    s.prob    = NULL;
    e.x       = NULL;
    mf_scorer_close(scorer);
    mf_cache_free(c);
    mf_scores_free(&s);
    mf_features_free(&e);
    mf_dataset_free(d);
}

static double
farthest(const float *a, const float *b, size_t n)
{
    double worst = 0;

    for (size_t i = 0; i < n; i++) {
        worst = fmax(worst, fabs((double)a[i] - (double)b[i]));
    }
    return worst;
}

/* Other points of the same pictures give other answers and other embeddings. */
static void
test_scoring(void **state)
{
    const char   *data = data_set();
    mf_infer_opts o    = mf_infer_opts_default();
    mf_infer     *f;
    answers       a, b;
    mf_err        err = {0};

    (void)state;
    o.prec     = MF_PREC_F32;
    o.batch    = 7;
    o.features = true;
    o.mirror   = true;
    assert_mf_ok(mf_infer_load(&f, weights(), &o, &err), &err);
    assert_int_equal(mf_infer_landmarks(f), 68);
    score(&a, f, data);
    write_points(data, 6, "");
    score(&b, f, data);
    write_points(data, 0, "");
    print_message("6 pixels aside: probabilities %.2g, embeddings %.2g away\n", farthest(a.prob, b.prob, a.n * RUNS_CLASSES),
                  farthest(a.features, b.features, a.n * (size_t)a.dim));
    assert_true(farthest(a.prob, b.prob, a.n * RUNS_CLASSES) > 1e-4);
    assert_true(farthest(a.features, b.features, a.n * (size_t)a.dim) > 1e-3);
    answers_free(&a);
    answers_free(&b);
    mf_infer_free(f);
}

/* A mirrored face has mirrored points: with `mirror` a picture and its mirror image get one answer. */
static void
test_mirror(void **state)
{
    enum { POINTS = 68 };
    mf_infer_opts o = mf_infer_opts_default();
    mf_infer     *f;
    mf_image      im[2];
    float         marks[2 * POINTS * MF_KEYPOINT], prob[2 * RUNS_CLASSES];
    mf_rng        r   = mf_rng_make(3, 0, 0, MF_RNG_TEST);
    mf_err        err = {0};

    (void)state;
    o.prec   = MF_PREC_F32;
    o.batch  = 2;
    o.mirror = true;
    assert_mf_ok(mf_infer_load(&f, weights(), &o, &err), &err);
    for (int i = 0; i < 2; i++) {
        assert_mf_ok(mf_image_new(&im[i], 32, 32, 3, &err), &err);
    }
    for (int y = 0; y < 32; y++) {
        for (int x = 0; x < 32; x++) {
            for (int c = 0; c < 3; c++) {
                im[0].px[(y * 32 + x) * 3 + c]      = (uint8_t)mf_rng_u32(&r);
                im[1].px[(y * 32 + 31 - x) * 3 + c] = im[0].px[(y * 32 + x) * 3 + c];
            }
        }
    }
    for (int i = 0; i < POINTS; i++) {
        marks[i * 3]     = (float)(mf_rng_unit(&r) * 32);
        marks[i * 3 + 1] = (float)(mf_rng_unit(&r) * 32);
        marks[i * 3 + 2] = 1.0f;
    }
    memcpy(marks + POINTS * 3, marks, POINTS * 3 * sizeof *marks);
    mf_keypoints_mirror(marks + POINTS * 3, POINTS, 32);
    assert_mf_ok(mf_infer_images(f, im, marks, 2, prob, NULL, &err), &err);
    assert_true(farthest(prob, prob + RUNS_CLASSES, RUNS_CLASSES) < 1e-5);
    assert_mf_fails(mf_infer_images(f, im, NULL, 2, prob, NULL, &err), MF_E_ARG, &err, "68 landmarks of each face");
    mf_image_free(&im[0]);
    mf_image_free(&im[1]);
    mf_infer_free(f);
}

/* Heat maps by gradient and by hiding; the probabilities shown are those of scoring. */
static void
test_explaining(void **state)
{
    mf_infer_opts o = mf_infer_opts_default();
    mf_infer     *f;
    mf_image      im;
    float         marks[68 * MF_KEYPOINT], prob[RUNS_CLASSES], want[RUNS_CLASSES], heat[32 * 32];
    mf_err        err = {0};

    (void)state;
    o.prec  = MF_PREC_F32;
    o.batch = 4;
    o.keep  = true;
    assert_mf_ok(mf_infer_load(&f, weights(), &o, &err), &err);
    assert_mf_ok(mf_image_new(&im, 40, 50, 3, &err), &err);
    for (int i = 0; i < 40 * 50 * 3; i++) {
        im.px[i] = (uint8_t)(i * 7 ^ i >> 3);
    }
    for (int i = 0; i < 68; i++) {
        marks[i * 3]     = (float)(5 + i * 7 % 30);
        marks[i * 3 + 1] = (float)(5 + i * 11 % 40);
        marks[i * 3 + 2] = 1.0f;
    }
    assert_mf_ok(mf_infer_images(f, &im, marks, 1, want, NULL, &err), &err);
    for (int k = 0; k < 2; k++) {
        mf_attribution_opts how = mf_attribution_opts_default();
        mf_attribution     *a;
        int                 cls = -1, w, h;
        double              sum = 0;

        how.kind = k ? MF_ATTR_OCCLUSION : MF_ATTR_GRADCAM;
        assert_mf_ok(mf_attribution_new(&a, f, &how, &err), &err);
        mf_attribution_size(a, &w, &h);
        assert_true(w * h <= 32 * 32);
        assert_mf_fails(mf_attribution_images(a, &im, NULL, 1, &cls, heat, prob, &err), MF_E_ARG, &err, "68 landmarks");
        assert_mf_ok(mf_attribution_images(a, &im, marks, 1, &cls, heat, prob, &err), &err);
        assert_true(farthest(prob, want, RUNS_CLASSES) < 1e-6);
        for (int i = 0; i < w * h; i++) {
            sum += (double)heat[i];
        }
        assert_true(isfinite(sum));
        mf_attribution_free(a);
    }
    mf_image_free(&im);
    mf_infer_free(f);
}

/* Nothing is written where a picture has no points: not of the picture that a run would meet last. */
static void
test_refusals(void **state)
{
    const char     *data = data_set();
    char            out[1200];
    mf_settings     s, two[2];
    mf_dataset     *d;
    mf_crossval_job job = {.settings = two, .n_methods = 2, .folds = 2, .shards = 1};
    mf_err          err = {0};

    (void)state;
    settings_of(&s, "baseline", "regions");
    write_points(data, 0, "p0_2_1.png");
    snprintf(out, sizeof out, "%s", mf_test_path("bare"));
    assert_mf_fails(runs_train(data, &s, out, false, NULL, NULL, &err), MF_E_NOTFOUND, &err, "no points for 'p0_2_1.png' (line ");
    assert_false(mf_path_exists(out)); /* nothing is left, no empty folder either */
    assert_mf_ok(mf_dataset_load(&d, data, &err), &err);
    runs_settings(&two[0], "baseline-nm", 1); /* ResNet-18, which asks for none */
    two[1]   = s;
    job.data = d;
    job.out  = mf_test_path("folds");
    assert_mf_fails(mf_crossval_run(&job, &err), MF_E_NOTFOUND, &err, "no points for 'p0_2_1.png'");
    assert_false(mf_path_exists(job.out));
    mf_dataset_free(d);
    write_points(data, 0, "");
    s.t.mix = MF_MIX_MIXUP;
    assert_mf_fails(runs_train(data, &s, mf_test_path("mixed"), false, NULL, NULL, &err), MF_E_USAGE, &err, "a mixed picture shows two");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_training), cmocka_unit_test(test_scoring), cmocka_unit_test(test_mirror), cmocka_unit_test(test_explaining),
        cmocka_unit_test(test_refusals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
