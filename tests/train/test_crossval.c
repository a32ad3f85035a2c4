/* Cross-validation: folders, teachers within folds, resuming, shards, the shape of summary.json. */
#include "support.h"

#include <string.h>
#include <sys/stat.h>

#include "core/file.h"
#include "core/json.h"
#include "core/mem.h"
#include "runs.h"
#include "train/crossval.h"

enum { METHODS = 2, FOLDS = 2 };

static mf_status
cross(const char *data, const char *out, const char *first, int shard, int shards, bool resume, mf_err *err)
{
    mf_settings     s[METHODS];
    mf_dataset     *d     = NULL;
    mf_cache       *cache = NULL;
    uint32_t       *rows;
    mf_cache_opts   co  = {.kind = MF_CACHE_RAM, .width = 32, .height = 32, .channels = 3, .workers = 1};
    mf_crossval_job job = {.settings = s, .n_methods = METHODS, .out = out, .folds = FOLDS, .resume = resume,
                           .keep_weights = false, .shard = shard, .shards = shards};
    mf_status       st;

    runs_settings(&s[0], first, 1);
    runs_settings(&s[1], "distill", 1);
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
load_json(mf_blob *file, const char *dir, const char *name)
{
    char     path[1200];
    mf_json *j;
    mf_err   err = {0};

    snprintf(path, sizeof path, "%s/%s", dir, name);
    assert_mf_ok(mf_file_read(file, path, 1 << 24, &err), &err);
    assert_mf_ok(mf_json_parse(&j, (const char *)file->data, file->size, true, &err), &err);
    return j;
}

static void
check_summary(const char *out)
{
    static const char *const columns[] = {"non_masked", "masked", "average"};
    mf_blob  file = {0};
    mf_json *j    = load_json(&file, out, "summary.json"), *methods = mf_json_get(j, "methods");

    assert_int_equal(mf_json_size(methods), METHODS);
    for (size_t i = 0; i < METHODS; i++) {
        mf_json *m = mf_json_at(methods, i);
        double   mean[3];

        assert_string_equal(mf_json_text(mf_json_get(m, "name"), ""), i == 0 ? "baseline-nm" : "distill");
        assert_true(mf_json_int(mf_json_get(m, "parameters"), 0) == 11178051); /* ResNet-18 with 3 classes */
        for (int c = 0; c < 3; c++) {
            mf_json *column = mf_json_get(m, columns[c]), *folds = mf_json_get(column, "folds");
            double   a, b, sd;

            assert_int_equal(mf_json_size(folds), FOLDS);
            a       = mf_json_num(mf_json_at(folds, 0), -1);
            b       = mf_json_num(mf_json_at(folds, 1), -1);
            mean[c] = mf_json_num(mf_json_get(column, "mean"), -1);
            sd      = mf_json_num(mf_json_get(column, "sd"), -1);
            assert_true(a >= 0 && a <= 100 && b >= 0 && b <= 100);
            assert_true(mean[c] > (a + b) / 2 - 1e-9 && mean[c] < (a + b) / 2 + 1e-9);
            assert_true(sd * sd * 2 > (a - b) * (a - b) - 1e-6 && sd * sd * 2 < (a - b) * (a - b) + 1e-6);
        }
        assert_true(mean[2] > (mean[0] + mean[1]) / 2 - 1e-9 && mean[2] < (mean[0] + mean[1]) / 2 + 1e-9);
        assert_int_equal(mf_json_size(mf_json_get(m, "per_class")), RUNS_CLASSES);
        assert_non_null(mf_json_get(mf_json_get(m, "best"), "masked"));
        assert_non_null(mf_json_get(mf_json_get(m, "last"), "masked"));
    }
    mf_json_free(j);
    mf_blob_free(&file);
}

static void
test_folds(void **state)
{
    const char *data = runs_dataset("set", 6), *out = mf_test_path("cv"), *apart = mf_test_path("apart");
    char        path[1200];
    struct stat before, after;
    mf_blob     file = {0};
    mf_str      table = {0};
    mf_err      err = {0};
    int         lines = 0;

    (void)state;
    assert_mf_ok(cross(data, out, "baseline-nm", 0, 1, false, &err), &err);
    check_summary(out);
    /* Each picture is scored once by each method, by weights that never saw its person. */
    snprintf(path, sizeof path, "%s/predictions.csv", out);
    assert_mf_ok(mf_file_read(&file, path, 1 << 24, &err), &err);
    assert_int_equal(strncmp((char *)file.data, "method,fold,image,subject,occlusion,label,predicted,p_left,", 59), 0);
    for (size_t i = 0; i < file.size; i++) {
        lines += file.data[i] == '\n';
    }
    assert_int_equal(lines, 1 + METHODS * 6 * 3 * 2);
    mf_blob_free(&file);
    /* The teacher was the fold's own baseline: none was trained beside it. */
    snprintf(path, sizeof path, "%s/fold-00/teacher", out);
    assert_false(mf_path_exists(path));
    snprintf(path, sizeof path, "%s/fold-00/distill/weights", out);
    assert_false(mf_path_exists(path)); /* keep_weights is off */
    /* Finished folds are skipped; without resume the folder is taken; other options are another run. */
    snprintf(path, sizeof path, "%s/fold-01/distill/summary.json", out);
    assert_int_equal(stat(path, &before), 0);
    assert_mf_ok(cross(data, out, "baseline-nm", 0, 1, true, &err), &err);
    assert_int_equal(stat(path, &after), 0);
    assert_true(before.st_mtim.tv_nsec == after.st_mtim.tv_nsec && before.st_mtim.tv_sec == after.st_mtim.tv_sec);
    assert_mf_fails(cross(data, out, "baseline-nm", 0, 1, false, &err), MF_E_STATE, &err, "--resume");
    /* Two shares done apart give the same figures. */
    assert_mf_ok(cross(data, apart, "baseline-nm", 0, 2, false, &err), &err);
    assert_mf_fails(mf_crossval_collect(apart, NULL, &err), MF_E_STATE, &err, "fold 2 of baseline-nm is not finished");
    assert_mf_ok(cross(data, apart, "baseline-nm", 1, 2, false, &err), &err);
    assert_mf_ok(mf_crossval_collect(apart, &table, &err), &err);
    assert_non_null(strstr(table.data, "distill"));
    runs_same_file(out, apart, "predictions.csv");
    runs_same_file(out, apart, "results.csv");
    runs_same_file(out, apart, "table.txt");
    mf_str_free(&table);
}

/* Methods on different architectures: NAME@MODEL has its own network, is no teacher for another one, and may go to another shard. */
static void
test_architectures(void **state)
{
    const char *data = runs_dataset("set2", 6), *out = mf_test_path("mixed");
    char        path[1200];
    mf_str      table = {0};
    mf_blob     file  = {0};
    mf_json    *j;
    mf_err      err = {0};

    (void)state;
    assert_mf_ok(cross(data, out, "baseline-nm@mobilenet_v2", 2, 3, false, &err), &err); /* fold 1 of the first method alone */
    for (int fold = 0; fold < FOLDS; fold++) {
        snprintf(path, sizeof path, "%s/fold-%02d/baseline-nm@mobilenet_v2/summary.json", out, fold);
        assert_true(mf_path_exists(path) == (fold == 0));
        snprintf(path, sizeof path, "%s/fold-%02d/distill", out, fold);
        assert_false(mf_path_exists(path));
    }
    assert_mf_ok(cross(data, out, "baseline-nm@mobilenet_v2", 0, 3, false, &err), &err);
    assert_mf_ok(cross(data, out, "baseline-nm@mobilenet_v2", 1, 3, false, &err), &err);
    for (int fold = 0; fold < FOLDS; fold++) {
        snprintf(path, sizeof path, "%s/fold-%02d/teacher/summary.json", out, fold);
        assert_true(mf_path_exists(path));
    }
    assert_mf_ok(mf_crossval_collect(out, &table, &err), &err);
    assert_non_null(strstr(table.data, "baseline-nm@mobilenet_v2      2.23M"));
    assert_non_null(strstr(table.data, "images/s"));
    j = load_json(&file, out, "summary.json");
    assert_true(mf_json_num(mf_json_get(mf_json_at(mf_json_get(j, "methods"), 0), "images_per_second"), 0) > 0);
    mf_json_free(j);
    mf_blob_free(&file);
    mf_str_free(&table);
    {
        mf_settings s;

        assert_mf_ok(mf_settings_default(&s, &err), &err);
        assert_mf_fails(mf_settings_choose(&s, "baseline@resnet81", NULL, NULL, NULL, NULL, &err), MF_E_USAGE, &err, "did you mean 'resnet18'");
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_folds), cmocka_unit_test(test_architectures)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
