/* The joined embeddings of two students: within a cross-validation, by weight files, and the answers against the saved classifier. */
#include "support.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "core/file.h"
#include "core/json.h"
#include "core/mem.h"
#include "eval/features.h"
#include "eval/predictions.h"
#include "runs.h"
#include "train/crossval.h"
#include "weights/weights.h"

enum { PEOPLE = 8, FOLDS = 2, SIDE = 32 };

static void
settings_of(mf_settings *s, const char *method)
{
    mf_err err = {0};

    runs_settings(s, method, 2);
    assert_mf_ok(mf_settings_set(s, "width", "8", &err), &err);
    s->t.precision  = 1;
    s->t.save_every = -1;
}

static mf_status
cross(const char *data, const char *out, const char *const *methods, size_t n, size_t more, const char *begin, bool resume, mf_err *err)
{
    mf_settings     s[6];
    mf_dataset     *d     = NULL;
    mf_cache       *cache = NULL;
    uint32_t       *rows;
    mf_cache_opts   co  = {.kind = MF_CACHE_RAM, .width = SIDE, .height = SIDE, .channels = 3, .workers = 1};
    mf_crossval_job job = {.settings = s, .n_methods = n, .n_more = more, .out = out, .folds = FOLDS, .begin = begin, .resume = resume,
                           .keep_weights = true, .shards = 1};
    mf_status       st;

    for (size_t i = 0; i < n + more; i++) {
        settings_of(&s[i], methods[i]);
    }
    assert_mf_ok(mf_dataset_load(&d, data, err), err);
    rows = mf_calloc(d->n_rows, sizeof *rows);
    for (size_t i = 0; i < d->n_rows; i++) {
        rows[i] = (uint32_t)i;
    }
    assert_mf_ok(mf_cache_build(&cache, d, rows, d->n_rows, &co, err), err);
    job.data  = d;
    job.cache = cache;
    st        = mf_crossval_run(&job, err);
    mf_free(rows);
    mf_cache_free(cache);
    mf_dataset_free(d);
    return st;
}

static mf_json *
load_json(const char *dir, const char *name)
{
    char     path[1200];
    mf_json *j;
    mf_err   err = {0};

    snprintf(path, sizeof path, "%s/%s", dir, name);
    assert_mf_ok(mf_json_load(&j, path, &err), &err);
    return j;
}

static bool
exists(const char *dir, const char *name)
{
    char path[1200];

    snprintf(path, sizeof path, "%s/%s", dir, name);
    return mf_path_exists(path);
}

/* Unit embeddings of picture files by a saved network: [n, d]. */
static float *
embed(const char *weights, const mf_dataset *d, const uint32_t *rows, size_t n, size_t *width)
{
    mf_infer_opts io = {.backend = "auto", .prec = MF_PREC_F32, .batch = 16, .features = true};
    mf_features   f  = {0};
    mf_infer     *net;
    mf_err        err = {0};
    float        *x;

    assert_mf_ok(mf_infer_load(&net, weights, &io, &err), &err);
    assert_mf_ok(mf_features_files(&f, net, d, rows, n, NULL, NULL, &err), &err);
    mf_infer_free(net);
    for (size_t i = 0; i < n; i++) {
        double s = 0;

        for (size_t k = 0; k < f.d; k++) {
            s += (double)f.x[i * f.d + k] * (double)f.x[i * f.d + k];
        }
        for (size_t k = 0; k < f.d; k++) {
            f.x[i * f.d + k] = (float)((double)f.x[i * f.d + k] / sqrt(s));
        }
    }
    *width = f.d;
    x      = f.x;
    f.x    = NULL;
    mf_features_free(&f);
    return x;
}

/* What predictions.csv of a fold says, computed once more from the three saved weight files. */
static void
check_answers(const char *data, const char *fold, const char *method)
{
    char            path[1200], run[1200];
    const char     *one = run;
    mf_predictions *p;
    mf_dataset     *d;
    mf_tensors      ts = {0};
    mf_err          err = {0};
    const float    *w, *b;
    float          *xa, *xb;
    size_t          da, db;
    uint32_t       *rows;
    double          t, worst = 0;

    snprintf(run, sizeof run, "%s/%s", fold, method);
    assert_mf_ok(mf_predictions_load(&p, &one, 1, &err), &err);
    assert_mf_ok(mf_dataset_load(&d, data, &err), &err);
    assert_int_equal(p->n, PEOPLE / FOLDS * RUNS_CLASSES * 2);
    rows = mf_calloc(p->n, sizeof *rows);
    for (size_t i = 0; i < p->n; i++) {
        for (size_t k = 0; k < d->n_rows; k++) {
            rows[i] = strcmp(d->rows[k].image, p->images[p->row[i].image]) == 0 ? (uint32_t)k : rows[i];
        }
    }
    snprintf(path, sizeof path, "%s/hinton/weights/best.safetensors", fold);
    xa = embed(path, d, rows, p->n, &da);
    snprintf(path, sizeof path, "%s/triplet/weights/best.safetensors", fold);
    xb = embed(path, d, rows, p->n, &db);
    snprintf(path, sizeof path, "%s/%s/weights/linear.safetensors", fold, method);
    assert_mf_ok(mf_weights_load(&ts, path, &err), &err);
    w = mf_tensors_find(&ts, "fc.weight")->data;
    b = mf_tensors_find(&ts, "fc.bias")->data;
    t = atof(mf_tensors_meta(&ts, "temperature"));
    assert_true(t > 0);
    assert_string_equal(mf_tensors_meta(&ts, "classes"), "[\"left\", \"right\", \"slant\"]");
    for (size_t i = 0; i < p->n; i++) {
        double e[RUNS_CLASSES], sum = 0;

        for (size_t c = 0; c < RUNS_CLASSES; c++) {
            double z = (double)b[c];

            for (size_t k = 0; k < da; k++) {
                z += (double)w[c * (da + db) + k] * (double)xa[i * da + k];
            }
            for (size_t k = 0; k < db; k++) {
                z += (double)w[c * (da + db) + da + k] * (double)xb[i * db + k];
            }
            e[c] = exp(z / t);
            sum += e[c];
        }
        for (int c = 0; c < RUNS_CLASSES; c++) {
            worst = fmax(worst, fabs(e[c] / sum - p->prob[i * RUNS_CLASSES + (size_t)c]));
        }
    }
    printf("%s: probabilities within %.1e, temperature %.3f\n", method, worst, t);
    assert_true(worst < 1e-4);
    mf_free(xa);
    mf_free(xb);
    mf_free(rows);
    mf_tensors_free(&ts);
    mf_dataset_free(d);
    mf_predictions_free(p);
}

static void
test_crossval(void **state)
{
    static const char *const methods[] = {"combine", "combine-softmax", "baseline-nm", "hinton", "triplet"};
    const char *data = runs_dataset("set", PEOPLE), *out = mf_test_path("cv"), *fold = mf_test_path("cv/fold-01");
    char        path[1200];
    struct stat before, after;
    mf_json    *j, *all;
    mf_err      err = {0};

    (void)state;
    assert_mf_ok(cross(data, out, methods, 3, 2, "", false, &err), &err);
    j   = load_json(out, "summary.json");
    all = mf_json_get(j, "methods");
    assert_int_equal(mf_json_size(all), 3); /* the students are no rows of the table */
    for (size_t i = 0; i < 2; i++) {
        const mf_json *m = mf_json_at(all, i);

        assert_string_equal(mf_json_text(mf_json_get(m, "name"), ""), methods[i]);
        assert_int_equal(mf_json_size(mf_json_get(mf_json_get(m, "masked"), "folds")), FOLDS);
        /* Two networks and the classifier of their embeddings. */
        assert_true(mf_json_int(mf_json_get(m, "parameters"), 0) ==
                    2 * mf_json_int(mf_json_get(mf_json_at(all, 2), "parameters"), 0) + RUNS_CLASSES * (2 * 64 + 1));
    }
    mf_json_free(j);
    check_answers(data, fold, "combine");
    check_answers(data, fold, "combine-softmax");
    /* The teacher was the fold's own baseline, each student was trained once, and C was chosen on training people. */
    assert_false(exists(fold, "teacher"));
    j = load_json(fold, "combine/summary.json");
    assert_string_equal(mf_json_text(mf_json_get(mf_json_get(j, "protocol"), "epoch_by"), ""), "val");
    assert_false(mf_json_is_true(mf_json_get(mf_json_get(j, "protocol"), "chosen_on_scored")));
    assert_int_equal(mf_json_int(mf_json_get(mf_json_get(j, "protocol"), "shared_subjects"), -1), 0);
    mf_json_free(j);
    assert_true(exists(fold, "combine/combine.csv") && exists(fold, "combine/config.yaml") && exists(fold, "combine/env.json"));
    /* Taken away and done again, from the same students: the same bytes. */
    snprintf(path, sizeof path, "%s/hinton/summary.json", fold);
    assert_int_equal(stat(path, &before), 0);
    snprintf(path, sizeof path, "%s/kept", out);
    assert_mf_ok(mf_dir_make(path, &err), &err);
    snprintf(path, sizeof path, "%s/combine/predictions.csv", fold);
    {
        char    kept[1300];
        mf_blob file = {0};

        assert_mf_ok(mf_file_read(&file, path, 1 << 24, &err), &err);
        snprintf(kept, sizeof kept, "%s/kept/predictions.csv", out);
        assert_mf_ok(mf_file_write(kept, file.data, file.size, &err), &err);
        mf_blob_free(&file);
        snprintf(path, sizeof path, "%s/combine", fold);
        assert_mf_ok(mf_dir_remove_all(path, &err), &err);
        assert_mf_ok(cross(data, out, methods, 3, 2, "", true, &err), &err);
        snprintf(kept, sizeof kept, "%s/kept", out);
        runs_same_file(path, kept, "predictions.csv");
    }
    snprintf(path, sizeof path, "%s/hinton/summary.json", fold);
    assert_int_equal(stat(path, &after), 0);
    assert_true(before.st_mtim.tv_nsec == after.st_mtim.tv_nsec && before.st_mtim.tv_sec == after.st_mtim.tv_sec);
    assert_mf_fails(cross(data, mf_test_path("none"), methods, 1, 0, "", false, &err), MF_E_USAGE, &err, "'hinton'");
}

static void
same_weights(const char *a, const char *b, const char *name, bool same)
{
    mf_tensors one = {0}, two = {0};
    mf_tensor *x, *y;
    char       path[1200];
    mf_err     err = {0};

    snprintf(path, sizeof path, "%s/weights/best.safetensors", a);
    assert_mf_ok(mf_weights_load(&one, path, &err), &err);
    snprintf(path, sizeof path, "%s/weights/best.safetensors", b);
    assert_mf_ok(mf_weights_load(&two, path, &err), &err);
    x = mf_tensors_find(&one, name);
    y = mf_tensors_find(&two, name);
    assert_int_equal(memcmp(x->data, y->data, x->bytes) == 0, same);
    mf_tensors_free(&one);
    mf_tensors_free(&two);
}

/* A student that cannot move its trunk shows where it began. */
static void
test_begin(void **state)
{
    static const char *const methods[] = {"baseline-m", "baseline-nm"};
    const char              *data = runs_dataset("set", PEOPLE), *out = mf_test_path("begin");
    char                     a[1200], b[1200];
    mf_settings              s[2];
    mf_dataset              *d;
    mf_cache                *cache;
    uint32_t                *rows;
    mf_cache_opts            co  = {.kind = MF_CACHE_RAM, .width = SIDE, .height = SIDE, .channels = 3, .workers = 1};
    mf_crossval_job          job = {.settings = s, .n_methods = 1, .n_more = 1, .out = out, .folds = FOLDS, .keep_weights = true,
                                    .shards = 1, .begin = "baseline-m=baseline-nm"};
    mf_err                   err = {0};

    (void)state;
    settings_of(&s[0], methods[0]);
    settings_of(&s[1], methods[1]);
    snprintf(s[0].t.freeze.s, sizeof s[0].t.freeze.s, "conv1.*");
    assert_mf_ok(mf_dataset_load(&d, data, &err), &err);
    rows = mf_calloc(d->n_rows, sizeof *rows);
    for (size_t i = 0; i < d->n_rows; i++) {
        rows[i] = (uint32_t)i;
    }
    assert_mf_ok(mf_cache_build(&cache, d, rows, d->n_rows, &co, &err), &err);
    job.data  = d;
    job.cache = cache;
    assert_mf_ok(mf_crossval_run(&job, &err), &err);
    for (int fold = 0; fold < FOLDS; fold++) {
        snprintf(a, sizeof a, "%s/fold-%02d/baseline-m", out, fold);
        snprintf(b, sizeof b, "%s/fold-%02d/baseline-nm", out, fold);
        same_weights(a, b, "conv1.weight", true);
        same_weights(a, b, "layer1.0.conv1.weight", false);
    }
    job.out   = mf_test_path("loop");
    job.begin = "baseline-m=baseline-nm,baseline-nm=baseline-m";
    assert_mf_fails(mf_crossval_run(&job, &err), MF_E_USAGE, &err, "begins from itself");
    job.out   = mf_test_path("word");
    job.begin = "baseline-m";
    assert_mf_fails(mf_crossval_run(&job, &err), MF_E_USAGE, &err, "METHOD=METHOD");
    job.out   = mf_test_path("unknown");
    job.begin = "baseline-m=baselin";
    assert_mf_fails(mf_crossval_run(&job, &err), MF_E_USAGE, &err, "did you mean 'baseline'");
    job.out   = mf_test_path("neither");
    job.begin = "combine=baseline-m";
    assert_mf_fails(mf_crossval_run(&job, &err), MF_E_USAGE, &err, "trains no network");
    job.out   = mf_test_path("joined");
    job.begin = "baseline-m=combine";
    assert_mf_fails(mf_crossval_run(&job, &err), MF_E_USAGE, &err, "no single network");
    {
        char need[3][64];

        settings_of(&s[0], "combine");
        assert_mf_ok(mf_crossval_needs(need, &s[0], NULL, &err), &err);
        assert_true(strcmp(need[0], "hinton") == 0 && strcmp(need[1], "triplet") == 0 && need[2][0] == '\0');
        snprintf(s[0].t.join_b.s, sizeof s[0].t.join_b.s, "hintn");
        assert_mf_fails(mf_crossval_needs(need, &s[0], NULL, &err), MF_E_USAGE, &err, "'--join-b': 'hintn' is neither");
        snprintf(s[0].t.join_b.s, sizeof s[0].t.join_b.s, "%.255s", b); /* something that is there */
        assert_mf_ok(mf_crossval_needs(need, &s[0], NULL, &err), &err);
        assert_true(strcmp(need[0], "hinton") == 0 && need[1][0] == '\0');
    }
    mf_free(rows);
    mf_cache_free(cache);
    mf_dataset_free(d);
}

static void
test_files(void **state)
{
    const char *data = runs_dataset("set", PEOPLE);
    char        a[1200];
    mf_settings s;
    mf_json    *j;
    mf_err      err = {0};

    (void)state;
    settings_of(&s, "baseline-m");
    assert_mf_ok(runs_train(data, &s, mf_test_path("one"), false, NULL, NULL, &err), &err);
    settings_of(&s, "combine");
    assert_mf_fails(runs_train(data, &s, mf_test_path("files"), false, NULL, NULL, &err), MF_E_USAGE, &err, "--join-a FILE");
    snprintf(a, sizeof a, "%s/weights/best.safetensors", mf_test_path("one"));
    assert_true(strlen(a) < sizeof s.t.join_a.s);
    snprintf(s.t.join_a.s, sizeof s.t.join_a.s, "%.255s", a);
    snprintf(s.t.join_b.s, sizeof s.t.join_b.s, "%.255s", a);
    assert_mf_ok(mf_opt_set(s.method.def->opts, s.method.cfg, "c", "10", &err), &err);
    s.t.class_weights = 1;
    assert_mf_ok(runs_train(data, &s, mf_test_path("files"), false, NULL, NULL, &err), &err);
    j = load_json(mf_test_path("files"), "summary.json");
    /* There is no scored part: the validation part, by which C was chosen, stands for it. */
    assert_string_equal(mf_json_text(mf_json_get(mf_json_get(j, "protocol"), "scored"), ""), "val");
    assert_true(mf_json_is_true(mf_json_get(mf_json_get(j, "protocol"), "chosen_on_scored")));
    assert_true(mf_json_num(mf_json_get(mf_json_get(j, "train"), "accuracy"), 0) > 50.0);
    mf_json_free(j);
    assert_mf_fails(runs_train(data, &s, mf_test_path("files"), false, NULL, NULL, &err), MF_E_STATE, &err, "--resume");
    assert_mf_ok(runs_train(data, &s, mf_test_path("files"), true, NULL, NULL, &err), &err);
    s.t.channels = 1;
    assert_mf_fails(runs_train(data, &s, mf_test_path("grey"), false, NULL, NULL, &err), MF_E_ARG, &err, "3 channels");
    s.t.channels = 3;
    snprintf(s.t.join_b.s, sizeof s.t.join_b.s, "nowhere.safetensors");
    assert_mf_fails(runs_train(data, &s, mf_test_path("lost"), false, NULL, NULL, &err), MF_E_IO, &err, "nowhere.safetensors");
    assert_false(mf_path_exists(mf_test_path("lost/summary.json")));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_crossval), cmocka_unit_test(test_begin), cmocka_unit_test(test_files)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
