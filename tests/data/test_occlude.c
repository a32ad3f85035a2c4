/* tests/data/test_occlude.c: occluded data sets: pairs, bytes, determinism, landmarks. */
#include "small_sets.h"

#include <string.h>
#include "core/csv.h"
#include "core/file.h"
#include "core/mem.h"
#include "data/landmarks_csv.h"
#include "data/occlude.h"
#include "face/occlude.h"
#include "image/image.h"

static const char *const manifest = "image,label,subject,occlusion,pair,split\n"
                                    "a/1.png,happy,ann,none,,train\n"
                                    "a/2.jpg,sad,bob,,,val\n"
                                    "g.png,angry,bob,none,,\n"
                                    "t.png,angry,bob,none,,\n"
                                    "worn.png,angry,bob,mask,,\n";

static mf_dataset *
source_set(void)
{
    mf_dataset *d   = NULL;
    mf_err      err = {0};

    small_set("src", manifest);
    small_picture("src/a/1.png", 64, 64, 3, 1);
    small_picture("src/a/2.jpg", 80, 60, 3, 2);
    small_picture("src/g.png", 48, 48, 1, 3);
    small_picture("src/t.png", 48, 48, 4, 4);
    small_picture("src/worn.png", 48, 48, 3, 5);
    small_text("src/soft.csv", "image,happy,sad,angry\na/1.png,0.75,0.25,0\n");
    small_text("src/landmarks.csv", "image,x0,y0,x1,y1,x2,y2,x3,y3,x4,y4\na/1.png,20,24,44,24,32,36,24,48,40,48\n");
    assert_mf_ok(mf_dataset_load(&d, mf_test_path("src"), &err), &err);
    return d;
}

static mf_status
occlude(mf_occlude_counts *c, const mf_dataset *d, const char *with, bool pair, uint64_t seed, const char *out, mf_err *err)
{
    mf_occlude_opts o = {.with = with, .pair = pair, .seed = seed, .force = true, .jobs = {.workers = 2, .what = "hiding"}};

    return mf_occlude_make(c, d, mf_test_path(out), &o, err);
}

static void
test_pairs(void **state)
{
    mf_dataset        *d = source_set(), *p = NULL;
    mf_landmark_table *t = NULL;
    mf_occlude_counts  c;
    mf_image           a = {0}, b = {0};
    mf_err             err = {0};
    ptrdiff_t          one, hid;

    (void)state;
    assert_mf_ok(occlude(&c, d, "mask", true, 1, "pairs", &err), &err);
    assert_int_equal(c.made, 4);
    assert_int_equal(c.by_landmarks, 1);
    assert_int_equal(c.left_out, 1);
    assert_mf_ok(mf_dataset_load(&p, mf_test_path("pairs"), &err), &err);
    assert_int_equal(p->n_rows, 8);
    assert_int_equal(p->n_pairs, 4);
    one = mf_dataset_find(p, "a/1.png");
    hid = mf_dataset_find(p, "mask/a/1.png");
    assert_true(one >= 0 && hid >= 0);
    assert_int_equal(p->rows[one].pair, p->rows[hid].pair);
    assert_int_equal(p->rows[one].occlusion, MF_OCC_NONE);
    assert_int_equal(p->rows[hid].occlusion, MF_OCC_MASK);
    assert_int_equal(p->rows[hid].split, MF_SPLIT_TRAIN);
    assert_int_equal(p->rows[hid].subject, p->rows[one].subject);
    assert_int_equal(p->rows[hid].label, p->rows[one].label);
    assert_true(p->rows[hid].soft && p->rows[hid].soft[0] == 0.75f);
    assert_string_equal(p->licence, "CC0-1.0");
    assert_mf_ok(mf_landmarks_load(&t, p, &err), &err);
    assert_int_equal(mf_landmarks_of(t, (size_t)hid).n, 5);
    assert_true(mf_landmarks_of(t, (size_t)hid).x[1] == 44.0f);
    small_same_bytes("src/a/2.jpg", "pairs/a/2.jpg"); /* originals are copied as they are */
    /* The picture is changed where the mask is, and there alone: its top row is as before. */
    assert_mf_ok(mf_image_load(&a, mf_test_path("pairs/a/1.png"), 3, &err), &err);
    assert_mf_ok(mf_image_load(&b, mf_test_path("pairs/mask/a/1.png"), 3, &err), &err);
    assert_int_equal(a.width, b.width);
    assert_int_equal(a.height, b.height);
    assert_memory_equal(a.px, b.px, (size_t)a.width * 3);
    assert_true(memcmp(a.px, b.px, (size_t)a.width * (size_t)a.height * 3) != 0);
    mf_image_free(&a);
    mf_image_free(&b);
    mf_landmarks_free(t);
    mf_dataset_free(p);
    mf_dataset_free(d);
}

static void
test_same_seed(void **state)
{
    mf_dataset       *d = source_set();
    mf_occlude_counts c;
    mf_err            err = {0};
    size_t            na, nb;
    char             *a, *b;

    (void)state;
    assert_mf_ok(occlude(&c, d, "mask", false, 7, "one", &err), &err);
    assert_mf_ok(occlude(&c, d, "mask", false, 7, "two", &err), &err);
    assert_mf_ok(occlude(&c, d, "mask", false, 8, "three", &err), &err);
    small_same_bytes("one/mask/a/1.png", "two/mask/a/1.png");
    small_same_bytes("one/mask/a/2.jpg", "two/mask/a/2.jpg");
    small_same_bytes("one/mask/g.png", "two/mask/g.png");
    small_same_bytes("one/manifest.csv", "two/manifest.csv");
    a = small_read("one/mask/a/1.png", &na);
    b = small_read("three/mask/a/1.png", &nb);
    assert_true(na != nb || memcmp(a, b, na) != 0);
    mf_free(a);
    mf_free(b);
    assert_false(mf_path_exists(mf_test_path("one/a/1.png"))); /* no originals without --pair */
    mf_dataset_free(d);
}

/* occlusions.csv: a row a picture, in the manifest's order, with shares of the parts of the face. */
static void
check_record(const char *kind)
{
    mf_csv *c = NULL;
    char  **f;
    size_t  n, rows = 0;
    double  share, most = 0;
    int     eyes;
    mf_err  err = {0};

    assert_mf_ok(mf_csv_open(&c, mf_test_path("kind/occlusions.csv"), &err), &err);
    assert_mf_ok(mf_csv_next(c, &f, &n, &err), &err);
    assert_int_equal(n, 12);
    assert_int_equal(mf_csv_column(f, n, "image"), 0);
    assert_int_equal(mf_csv_column(f, n, "parameters"), 11);
    eyes = mf_csv_column(f, n, "eyes");
    assert_true(eyes > 0 && mf_csv_column(f, n, "mouth") > eyes && mf_csv_column(f, n, "chin") > eyes);
    for (;;) {
        assert_mf_ok(mf_csv_next(c, &f, &n, &err), &err);
        if (n == 0)
            break;
        rows++;
        assert_string_equal(f[1], kind);
        assert_true(strncmp(f[0], kind, strlen(kind)) == 0 && strlen(f[2]) > 0);
        for (int i = eyes; i < 11; i++) {
            assert_mf_ok(mf_parse_f64(&share, f[i], 0, 1, &err), &err);
            most = share > most ? share : most;
        }
    }
    mf_csv_close(c);
    assert_int_equal(rows, 4);
    assert_true(most > 0.3);
}

/* Every registered kind works with and without landmarks and gives rows with its own word. */
static void
test_all_kinds(void **state)
{
    mf_dataset *d = source_set();
    mf_err      err = {0};
    size_t      i, k;

    (void)state;
    for (i = 0; i < mf_occluder_count(); i++) {
        const mf_occluder_def *def = mf_occluder_at(i);
        mf_occlude_counts c;
        mf_dataset       *o = NULL;

        assert_mf_ok(occlude(&c, d, def->name, false, 1, "kind", &err), &err);
        assert_mf_ok(mf_dataset_load(&o, mf_test_path("kind"), &err), &err);
        assert_int_equal(o->n_rows, 4);
        for (k = 0; k < o->n_rows; k++)
            assert_string_equal(mf_occlusion_name(o->rows[k].occlusion), def->occlusion);
        mf_dataset_free(o);
        check_record(def->name);
    }
    mf_dataset_free(d);
}

static void
test_refusals(void **state)
{
    mf_dataset       *d = source_set();
    mf_occlude_counts c;
    mf_err            err = {0};

    (void)state;
    assert_mf_fails(occlude(&c, d, "maks", false, 1, "no", &err), MF_E_NOTFOUND, &err, "mask");
    assert_mf_fails(occlude(&c, d, "mask", false, 1, "src", &err), MF_E_STATE, &err, "is the source itself");
    assert_mf_ok(mf_file_remove(mf_test_path("src/g.png"), &err), &err);
    assert_mf_fails(occlude(&c, d, "mask", false, 1, "no", &err), MF_E_IO, &err, "maskfer data check");
    assert_false(mf_path_exists(mf_test_path("no")));
    mf_dataset_free(d);
    small_set("worn", "image,label,occlusion\na.png,sad,mask\n");
    assert_mf_ok(mf_dataset_load(&d, mf_test_path("worn"), &err), &err);
    assert_mf_fails(occlude(&c, d, "mask", false, 1, "no", &err), MF_E_ARG, &err, "has no picture without occlusion");
    mf_dataset_free(d);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs), cmocka_unit_test(test_same_seed), cmocka_unit_test(test_all_kinds),
        cmocka_unit_test(test_refusals),
    };

    return cmocka_run_group_tests_name("occlude", tests, NULL, NULL);
}
