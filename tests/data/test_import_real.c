/* tests/data/test_import_real.c: the importers on real sets, against the counts that those who made them give. */
#include "importing.h"

#include <string.h>
#include "core/str.h"

/* Scan with `format`, nothing is copied. Skips where the set is not here. */
static mf_import
scan_real(const char *name, const char *format, const void *cfg)
{
    const mf_importer_def *def = NULL, *found = NULL;
    const char            *src = importing_shared(name);
    mf_import              im  = {0};
    mf_str                 why = {0};
    mf_err                 err = {0};
    _Alignas(16) unsigned char own[8192] = {0};

    if (!src)
        mf_test_skip("the shared set %s is not here", name);
    assert_mf_ok(mf_importer_find(&def, format, &err), &err);
    assert_mf_ok(mf_importer_probe(&found, &why, src, &err), &err);
    assert_string_equal(found->name, format); /* what `auto` takes it for */
    mf_str_free(&why);
    mf_opt_defaults(def->opts, own);
    assert_mf_ok(def->scan(&im, src, cfg ? cfg : own, &err), &err);
    return im;
}

static void
test_ckplus(void **state)
{
    mf_import im = scan_real("ckplus48", "ckplus", NULL), table = {0}, folders = {0};
    static const char *const pattern[] = {"subject-pattern", "/(S[0-9]+)_", NULL};
    mf_err    err = {0};
    char      counts[300], a[65], b[65];

    (void)state;
    importing_counts(counts, sizeof counts, im.data);
    assert_string_equal(counts, "anger:135 contempt:54 disgust:177 fear:75 happiness:207 sadness:84 surprise:249");
    assert_int_equal(im.data->n_rows, 981);
    assert_int_equal(im.data->n_subjects, 118);
    assert_true(im.notes.len == 0 || !strstr(im.notes.data, "where"));
    mf_import_free(&im);
    /* Its own table, and its folder names with a pattern, say the same. */
    assert_mf_ok(importing(&table, "csv", importing_shared("ckplus48"), "ck", NULL, &err), &err);
    assert_mf_ok(importing(&folders, "folders", importing_shared("ckplus48"), "ck2", pattern, &err), &err);
    mf_dataset_hash(a, table.data);
    mf_dataset_hash(b, folders.data);
    assert_string_equal(a, b);
    mf_import_free(&table);
    mf_import_free(&folders);
}

static void
test_lfw_expr(void **state)
{
    mf_import im = scan_real("lfw_expr", "csv", NULL);
    char      counts[300];
    int       i, twice = 0, n[4096] = {0};
    size_t    k;

    (void)state;
    importing_counts(counts, sizeof counts, im.data);
    assert_string_equal(counts, "surprise:307 fear:18 disgust:205 happiness:410 sadness:249 anger:222 neutral:410 contempt:8");
    assert_int_equal(im.data->n_rows, 1829);
    assert_int_equal(im.data->n_subjects, 761);
    for (k = 0; k < im.data->n_rows; k++)
        n[im.data->rows[k].subject]++;
    for (i = 0; i < im.data->n_subjects; i++)
        twice += n[i] >= 2;
    assert_int_equal(twice, 220);
    mf_import_free(&im);
}

static void
test_masked_crops(void **state)
{
    mf_import im = scan_real("masked_crops", "csv", NULL);
    char      counts[300];

    (void)state;
    importing_counts(counts, sizeof counts, im.data);
    assert_string_equal(counts, "with_mask:466 without_mask:600");
    mf_import_free(&im);
}

static void
test_landmarks68(void **state)
{
    static const char *const one[] = {"labels", "list.csv", "label", "face", NULL};
    const char *src = importing_shared("landmarks68");
    mf_import   im  = {0};
    mf_err      err = {0};

    (void)state;
    if (!src)
        mf_test_skip("the shared set landmarks68 is not here");
    assert_mf_ok(importing(&im, "csv", src, "lm", one, &err), &err);
    assert_int_equal(im.data->n_rows, 100);
    assert_int_equal(im.n_landmarks, 100);
    assert_int_equal(im.n_points, 68);
    mf_import_free(&im);
}

/* Rows of each part, and what the copy lacks of the 28,558 and 3,579 published ones: pictures whose bytes also occur in the
 * test part were left out of it. Published counts are then bounds. */
static const int rows[2] = {28171, 3533}, published_rows[2] = {28558, 3579};

static void
within_published(int mode, const int by_class[2][8], const int kept[2])
{
    int       cfg[2] = {mode, 0};
    mf_import im     = scan_real("ferplus", "ferplus", cfg);
    int       n[2][8] = {{0}}, s, k;
    size_t    i;

    for (i = 0; i < im.data->n_rows; i++)
        n[im.data->rows[i].split == MF_SPLIT_VAL][im.data->rows[i].label]++;
    for (s = 0; s < 2; s++) {
        int all = 0, lacking = published_rows[s] - rows[s];

        for (k = 0; k < 8; k++) {
            if (by_class[s][k])
                assert_in_range(n[s][k], by_class[s][k] > lacking ? by_class[s][k] - lacking : 0, by_class[s][k]);
            all += n[s][k];
        }
        assert_in_range(all, kept[s] - lacking, kept[s]);
    }
    assert_non_null(strstr(im.notes.data, "FER2013Train: 28171 rows"));
    assert_non_null(strstr(im.notes.data, "FER2013Valid: 3533 rows"));
    mf_import_free(&im);
}

static void
test_ferplus_majority(void **state)
{
    static const int by_class[2][8] = {{8733, 7284, 3136, 3022, 2098, 116, 536, 120}, {1180, 862, 411, 348, 289, 25, 60, 16}};

    (void)state;
    within_published(0, by_class, (const int[2]){25045, 3191});
}

/* Validation goes by majority in every mode. */
static void
test_ferplus_probability(void **state)
{
    static const int by_class[2][8] = {{10107, 7501, 3517, 3445, 2401, 170, 643, 163}, {1180, 862, 411, 348, 289, 25, 60, 16}};

    (void)state;
    within_published(1, by_class, (const int[2]){27947, 3191});
}

static void
test_ferplus_multi_target(void **state)
{
    static const int by_class[2][8] = {{0}, {1180, 862, 411, 348, 289, 25, 60, 16}};

    (void)state;
    within_published(3, by_class, (const int[2]){27667, 3191});
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ckplus), cmocka_unit_test(test_lfw_expr), cmocka_unit_test(test_masked_crops),
        cmocka_unit_test(test_landmarks68), cmocka_unit_test(test_ferplus_majority), cmocka_unit_test(test_ferplus_probability),
        cmocka_unit_test(test_ferplus_multi_target),
    };

    return cmocka_run_group_tests_name("import real sets", tests, NULL, NULL);
}
