/* tests/data/test_manifest.c: data-set folders: reading, writing, and each way in which one can be wrong. */
#include "small_sets.h"

#include <string.h>
#include <unistd.h>
#include "core/file.h"
#include "core/mem.h"
#include "data/landmarks_csv.h"
#include "data/manifest.h"

static void
test_load(void **state)
{
    mf_dataset *d   = NULL;
    mf_err      err = {0};

    (void)state;
    small_set("load", "image,label,subject,occlusion,pair,split\n"
                      "a/1.png,happy,ann,none,p1,train\n"
                      "a/2.png,happy,ann,mask,p1,train\n"
                      "b.png,sad,,,,\n"
                      "\"c, d.png\",angry,\"o'\"\"neil\"\"\",hand,,test\n");
    assert_mf_ok(mf_dataset_load(&d, mf_test_path("load"), &err), &err);
    assert_int_equal(d->n_rows, 4);
    assert_int_equal(d->n_classes, 3);
    assert_null(d->classes[3]);
    assert_string_equal(d->name, "small");
    assert_string_equal(d->licence, "CC0-1.0");
    assert_string_equal(d->source, "a test");
    assert_int_equal(d->n_subjects, 2);
    assert_int_equal(d->n_pairs, 1);
    assert_int_equal(d->rows[1].occlusion, MF_OCC_MASK);
    assert_int_equal(d->rows[1].pair, d->rows[0].pair);
    assert_int_equal(d->rows[1].split, MF_SPLIT_TRAIN);
    assert_int_equal(d->rows[2].subject, -1);
    assert_int_equal(d->rows[2].pair, -1);
    assert_int_equal(d->rows[2].split, MF_SPLIT_NONE);
    assert_int_equal(d->rows[2].occlusion, MF_OCC_NONE);
    assert_string_equal(d->rows[3].image, "c, d.png");
    assert_string_equal(d->subjects[d->rows[3].subject], "o'\"neil\"");
    assert_null(d->rows[0].soft);
    assert_int_equal(mf_dataset_find(d, "b.png"), 2);
    assert_int_equal(mf_dataset_find(d, "nothing.png"), -1);
    mf_dataset_free(d);
}

/* Columns in another order, some missing, unknown ones passed over, CRLF and a byte-order mark. */
static void
test_loose_form(void **state)
{
    mf_dataset *d   = NULL;
    mf_err      err = {0};

    (void)state;
    small_set("loose", "\xEF\xBB\xBFremark, label ,image\r\nfine,sad,x.png\r\n\r\n,happy,y.png\r\n\r\n");
    assert_mf_ok(mf_dataset_load(&d, mf_test_path("loose"), &err), &err);
    assert_int_equal(d->n_rows, 2);
    assert_int_equal(d->rows[0].label, 1);
    assert_string_equal(d->rows[1].image, "y.png");
    mf_dataset_free(d);
}

static void
test_bad_manifests(void **state)
{
    static const struct { const char *text; mf_status st; const char *part; } bad[] = {
        {"image,label\n../x.png,happy\n", MF_E_FORMAT, "manifest.csv: line 2: picture '../x.png' leaves the data-set folder"},
        {"image,label\n/etc/x.png,happy\n", MF_E_FORMAT, "line 2: picture '/etc/x.png' leaves"},
        {"image,label\na/../../x.png,happy\n", MF_E_FORMAT, "leaves the data-set folder"},
        {"image,label\n,happy\n", MF_E_FORMAT, "line 2: the picture's path is empty"},
        {"image,label\na.png,hapy\n", MF_E_FORMAT, "line 2: label 'hapy' is not in classes of dataset.yaml; did you mean 'happy'?"},
        {"image,label\na.png,zzzzzzzz\n", MF_E_FORMAT, "label 'zzzzzzzz' is not in classes of dataset.yaml (happy, sad, ...)"},
        {"image,label\na.png,\n", MF_E_FORMAT, "the label is empty"},
        {"image,label\na.png,sad\n\nb.png,sad\na.png,sad\n", MF_E_FORMAT, "line 5: picture 'a.png' is listed twice, first in line 2"},
        {"image,label,occlusion\na.png,sad,msk\n", MF_E_FORMAT, "line 2: occlusion 'msk' is not known; did you mean 'mask'?"},
        {"image,label,occlusion\na.png,sad,everything\n", MF_E_FORMAT, "it is one of none, mask, upper, lower, glasses, hand, other"},
        {"image,label,split\na.png,sad,trian\n", MF_E_FORMAT, "split 'trian' is not known; did you mean 'train'?"},
        {"image,label,subject\na.png,sad\n", MF_E_FORMAT, "line 2: 2 fields, but the header has 3"},
        {"image,label\na.png,sad,x\n", MF_E_FORMAT, "line 2: 3 fields, but the header has 2"},
        {"image,label\na.png,\"sad\n", MF_E_FORMAT, "manifest.csv: line 2"},
        {"image,label,subjct\na.png,sad,x\n", MF_E_FORMAT, "line 1: unknown column 'subjct'; did you mean 'subject'?"},
        {"image,subject\na.png,x\n", MF_E_FORMAT, "line 1: the header has no column 'label'"},
        {"image,label,label\na.png,sad,sad\n", MF_E_FORMAT, "line 1: column 'label' is there twice"},
        {"", MF_E_FORMAT, "line 1: the header is missing"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof bad / sizeof *bad; i++) {
        mf_dataset *d   = (mf_dataset *)&d;
        mf_err      err = {0};

        small_set("bad", bad[i].text);
        assert_mf_fails(mf_dataset_load(&d, mf_test_path("bad"), &err), bad[i].st, &err, bad[i].part);
        assert_null(d);
    }
}

static void
test_bad_yaml(void **state)
{
    static const struct { const char *text, *part; } bad[] = {
        {"name: x\nclases: [a]\n", "line 2: unknown key 'clases'; did you mean 'classes'?"},
        {"name: x\n", "'classes' is missing"},
        {"classes: happy\n", "line 1: 'classes' must be a list"},
        {"name: x\nclasses: []\n", "must be a list of 1 to 64 names"},
        {"classes: [a, b, a]\n", "class 'a' is named twice"},
        {"classes: [a, '']\n", "class 2 has an empty name"},
        {"classes: [a, [b]]\n", "a class must be one name"},
        {"classes: [a]\nname: [x]\n", "line 2: 'name' must be one text"},
        {"- a\n- b\n", "dataset.yaml"},
        {"classes: [a\n", "dataset.yaml"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof bad / sizeof *bad; i++) {
        mf_dataset *d   = NULL;
        mf_err      err = {0};

        small_text("yaml/manifest.csv", "image,label\n");
        small_text("yaml/dataset.yaml", bad[i].text);
        assert_mf_fails(mf_dataset_load(&d, mf_test_path("yaml"), &err), MF_E_FORMAT, &err, bad[i].part);
    }
}

static void
test_missing(void **state)
{
    mf_dataset *d   = NULL;
    mf_err      err = {0};

    (void)state;
    assert_mf_fails(mf_dataset_load(&d, mf_test_path("nowhere"), &err), MF_E_NOTFOUND, &err, "nowhere' does not exist");
    small_text("plain/file.txt", "");
    assert_mf_fails(mf_dataset_load(&d, mf_test_path("plain"), &err), MF_E_NOTFOUND, &err, "it has no dataset.yaml");
    assert_mf_fails(mf_dataset_load(&d, mf_test_path("plain/file.txt"), &err), MF_E_NOTFOUND, &err, "is not a folder");
    small_text("nomanifest/dataset.yaml", "classes: [a]\n");
    assert_mf_fails(mf_dataset_load(&d, mf_test_path("nomanifest"), &err), MF_E_IO, &err, "manifest.csv");
}

/* A link inside the folder is fine; one that leads out, itself or by a folder on the way, is refused. */
static void
test_links(void **state)
{
    mf_dataset *d   = NULL;
    mf_err      err = {0};

    (void)state;
    small_text("outside/secret.png", "x");
    small_set("links", "image,label\nreal.png,sad\nnear.png,sad\n");
    small_text("links/real.png", "x");
    assert_int_equal(symlink("real.png", mf_test_path("links/near.png")), 0);
    assert_mf_ok(mf_dataset_load(&d, mf_test_path("links"), &err), &err);
    mf_dataset_free(d);
    assert_int_equal(symlink("../outside/secret.png", mf_test_path("links/far.png")), 0);
    small_set("links", "image,label\nfar.png,sad\n");
    assert_mf_fails(mf_dataset_load(&d, mf_test_path("links"), &err), MF_E_FORMAT, &err,
                    "picture 'far.png' leaves the data-set folder through a symbolic link");
    assert_int_equal(symlink("../outside", mf_test_path("links/dir")), 0);
    small_set("links", "image,label\nreal.png,sad\ndir/secret.png,sad\n");
    assert_mf_fails(mf_dataset_load(&d, mf_test_path("links"), &err), MF_E_FORMAT, &err, "picture 'dir/secret.png' leaves");
}

static void
test_soft(void **state)
{
    mf_dataset *d   = NULL;
    mf_err      err = {0};
    static const struct { const char *text, *part; } bad[] = {
        {"image,happy,sad\na.png,1,0\n", "line 1: the header must be 'image' and then the 3 classes"},
        {"image,happy,sad,mad\na.png,1,0,0\n", "line 1: the header has no column for class 'angry'"},
        {"image,happy,sad,angry\nz.png,1,0,0\n", "line 2: picture 'z.png' is not in manifest.csv"},
        {"image,happy,sad,angry\na.png,1,0,0\na.png,1,0,0\n", "line 3: picture 'a.png' is listed twice"},
        {"image,happy,sad,angry\na.png,.5,.4,0\n", "line 2: the probabilities sum to 0.9, not to 1"},
        {"image,happy,sad,angry\na.png,.5,x,0.5\n", "line 2: the probability of 'sad'"},
        {"image,happy,sad,angry\na.png,nan,0,1\n", "line 2: the probability of 'happy'"},
        {"image,happy,sad,angry\na.png,-1,1,1\n", "line 2: the probability of 'happy'"},
        {"image,happy,sad,angry\na.png,1,0\n", "line 2: 3 fields, but the header has 4"},
    };
    size_t i;

    (void)state;
    small_set("soft", "image,label\na.png,happy\nb.png,sad\n");
    small_text("soft/soft.csv", "image,sad,happy,angry\na.png,0.25,0.5,0.25\n");
    assert_mf_ok(mf_dataset_load(&d, mf_test_path("soft"), &err), &err);
    assert_non_null(d->rows[0].soft);
    assert_true(d->rows[0].soft[0] == 0.5f && d->rows[0].soft[1] == 0.25f && d->rows[0].soft[2] == 0.25f);
    assert_null(d->rows[1].soft);
    mf_dataset_free(d);
    for (i = 0; i < sizeof bad / sizeof *bad; i++) {
        err = (mf_err){0};
        small_text("soft/soft.csv", bad[i].text);
        assert_mf_fails(mf_dataset_load(&d, mf_test_path("soft"), &err), MF_E_FORMAT, &err, bad[i].part);
    }
}

static void
test_quarantine(void **state)
{
    mf_dataset *d   = NULL;
    mf_err      err = {0};

    (void)state;
    small_set("quar", "image,label\na.png,happy\nb.png,sad\nc.png,sad\n");
    small_text("quar/soft.csv", "image,happy,sad,angry\nb.png,0,1,0\nc.png,0,1,0\n");
    small_text("quar/quarantine.csv", "image,reason\nb.png,\"cut, short\"\nold.png,gone\n");
    assert_mf_ok(mf_dataset_load(&d, mf_test_path("quar"), &err), &err);
    assert_int_equal(d->n_rows, 2);
    assert_int_equal(d->n_quarantined, 1);
    assert_string_equal(d->rows[1].image, "c.png");
    assert_non_null(d->rows[1].soft);
    mf_dataset_free(d);
    assert_mf_ok(mf_dataset_load_all(&d, mf_test_path("quar"), &err), &err);
    assert_int_equal(d->n_rows, 3);
    assert_int_equal(d->n_quarantined, 0);
    mf_dataset_free(d);
}

/* Save, load, save gives the same bytes, with odd names and with thirds as probabilities. */
static void
test_round_trip(void **state)
{
    static const char *const classes[] = {"happy", "very sad", "no: 7", "yes"};
    const float              thirds[]  = {1.0f / 3, 1.0f / 3, 1.0f / 3, 0};
    mf_dataset              *d         = NULL;
    mf_err                   err       = {0};
    char                     before[65], after[65];

    (void)state;
    assert_mf_ok(mf_dataset_new(&d, "a \"name\": with #", classes, 4, &err), &err);
    assert_mf_ok(mf_dataset_describe(d, "MIT", "here, there", &err), &err);
    assert_mf_ok(mf_dataset_add(d, "x/\"1\".png", "very sad", "s,1", MF_OCC_HAND, "p\"", MF_SPLIT_VAL, thirds, &err), &err);
    assert_mf_ok(mf_dataset_add(d, "2.png", "yes", NULL, MF_OCC_NONE, NULL, MF_SPLIT_NONE, NULL, &err), &err);
    assert_mf_ok(mf_dir_make(small_path("trip/one"), &err), &err);
    assert_mf_ok(mf_dir_make(small_path("trip/two"), &err), &err);
    assert_mf_ok(mf_dataset_save(d, mf_test_path("trip/one"), &err), &err);
    mf_dataset_hash(before, d);
    mf_dataset_free(d);
    assert_mf_ok(mf_dataset_load(&d, mf_test_path("trip/one"), &err), &err);
    assert_string_equal(d->name, "a \"name\": with #");
    assert_string_equal(d->classes[2], "no: 7");
    assert_memory_equal(d->rows[0].soft, thirds, sizeof thirds);
    mf_dataset_hash(after, d);
    assert_string_equal(before, after);
    assert_mf_ok(mf_dataset_save(d, mf_test_path("trip/two"), &err), &err);
    mf_dataset_free(d);
    small_same_bytes("trip/one/dataset.yaml", "trip/two/dataset.yaml");
    small_same_bytes("trip/one/manifest.csv", "trip/two/manifest.csv");
    small_same_bytes("trip/one/soft.csv", "trip/two/soft.csv");
}

static void
test_add_refuses(void **state)
{
    static const char *const classes[] = {"happy", "sad"};
    static const char *const twice[]   = {"happy", "happy"};
    const float              half[]    = {0.5f, 0.4f};
    mf_dataset              *d         = NULL;
    mf_err                   err       = {0};

    (void)state;
    assert_mf_fails(mf_dataset_new(&d, "x", twice, 2, &err), MF_E_FORMAT, &err, "class 'happy' is named twice");
    assert_mf_fails(mf_dataset_new(&d, "x", classes, 0, &err), MF_E_LIMIT, &err, "0 classes");
    assert_mf_ok(mf_dataset_new(&d, "x", classes, 2, &err), &err);
    assert_mf_ok(mf_dataset_add(d, "a.png", "sad", "", MF_OCC_NONE, "", MF_SPLIT_NONE, NULL, &err), &err);
    assert_mf_fails(mf_dataset_add(d, "a.png", "sad", "", MF_OCC_NONE, "", MF_SPLIT_NONE, NULL, &err), MF_E_FORMAT, &err,
                    "listed twice");
    assert_mf_fails(mf_dataset_add(d, "b.png", "sad", "", MF_OCC_NONE, "", MF_SPLIT_NONE, half, &err), MF_E_FORMAT, &err,
                    "sum to 0.9");
    assert_mf_fails(mf_dataset_add(d, "b\\c.png", "sad", "", MF_OCC_NONE, "", MF_SPLIT_NONE, NULL, &err), MF_E_FORMAT, &err,
                    "leaves the data-set folder");
    assert_int_equal(d->n_rows, 1);
    mf_dataset_free(d);
}

/* Order, label, class names and soft labels all count; the folder does not. */
static void
test_hash(void **state)
{
    static const char *const sets[] = {
        "image,label\na.png,happy\nb.png,sad\n", "image,label\nb.png,sad\na.png,happy\n",
        "image,label\na.png,happy\nb.png,angry\n", "image,label,subject\na.png,happy,x\nb.png,sad,\n",
        "image,label,pair\na.png,happy,x\nb.png,sad,\n",
    };
    enum { N = sizeof sets / sizeof *sets };
    char   hash[N + 1][65];
    size_t i, k;
    mf_err err = {0};

    (void)state;
    for (i = 0; i <= N; i++) {
        mf_dataset *d = NULL;

        small_set(i == N ? "other place" : "hash", sets[i % N]);
        assert_mf_ok(mf_dataset_load(&d, mf_test_path(i == N ? "other place" : "hash"), &err), &err);
        mf_dataset_hash(hash[i], d);
        mf_dataset_free(d);
        for (k = 0; k < i && i < N; k++)
            assert_string_not_equal(hash[k], hash[i]);
    }
    assert_string_equal(hash[0], hash[N]);
}

static void
test_landmarks(void **state)
{
    mf_dataset        *d   = NULL;
    mf_landmark_table *t   = NULL;
    mf_landmarks       lm;
    mf_str             s   = {0};
    mf_err             err = {0};
    static const struct { const char *text, *part; } bad[] = {
        {"image,x0,y0\na.png,1,2\n", "line 1: the header must be image,x0,y0,... for 5 points (11 columns) or 68 (137), or image,x0,y0,c0,... (16 or 205), not 3"},
        {"image,x0,y0,x1,y1,x2,y2,x3,y3,x4,y4\nz.png,1,2,3,4,5,6,7,8,9,10\n", "line 2: picture 'z.png' is not in manifest.csv"},
        {"image,x0,y0,x1,y1,x2,y2,x3,y3,x4,y4\na.png,1,2,3,4,5,6,7,q,9,10\n", "line 2: y of point 3"},
        {"image,x0,y0,x1,y1,x2,y2,x3,y3,x4,y4\na.png,1,2,3,4,5,6,7,inf,9,10\n", "line 2: y of point 3"},
        {"image,x0,y0,x1,y1,x2,y2,x3,y3,x4,y4\na.png,1,2\n", "line 2: 3 fields"},
        {"image,x0,y0,c0,x1,y1,c1,x2,y2,c2,x3,y3,c3,x4,y4,c4\na.png,1,2,1,3,4,1,5,6,1.01,7,8,1,9,10,1\n", "line 2: c of point 2"},
        {"image,x0,y0,x1,y1,x2,y2,x3,y3,x4,y4,x5,y5,x6,y6,x7\n", "not 16 columns without c0"},
    };
    size_t i;

    (void)state;
    small_set("marks", "image,label\na.png,happy\nb.png,sad\n");
    assert_mf_ok(mf_dataset_load(&d, mf_test_path("marks"), &err), &err);
    assert_mf_ok(mf_landmarks_load(&t, d, &err), &err);
    assert_null(t);
    assert_int_equal(mf_landmarks_of(t, 0).n, 0);
    lm = (mf_landmarks){.n = 5, .x = {1, 2.5f, -3, 4, 5}, .y = {6, 7, 8, 9, 10.25f}};
    mf_landmarks_put_header(&s, 5, false);
    mf_landmarks_put(&s, "b.png", &lm);
    small_text("marks/landmarks.csv", mf_str_c(&s));
    mf_str_free(&s);
    assert_mf_ok(mf_landmarks_load(&t, d, &err), &err);
    assert_int_equal(mf_landmarks_of(t, 0).n, 0);
    assert_int_equal(mf_landmarks_of(t, 1).n, 5);
    assert_memory_equal(mf_landmarks_of(t, 1).x, lm.x, 5 * sizeof(float));
    assert_memory_equal(mf_landmarks_of(t, 1).y, lm.y, 5 * sizeof(float));
    assert_int_equal(mf_landmarks_of(t, 7).n, 0);
    assert_false(mf_landmarks_judged(t) || mf_landmarks_of(t, 1).judged);
    mf_landmarks_free(t);
    lm.judged = true; /* how sure each is goes there and back, through a table that is written whole, too */
    for (int k = 0; k < 5; k++)
        lm.doubt[k] = (float)(0.25 * k);
    mf_landmarks_put_header(&s, 5, true);
    mf_landmarks_put(&s, "b.png", &lm);
    assert_string_equal(s.data, "image,x0,y0,c0,x1,y1,c1,x2,y2,c2,x3,y3,c3,x4,y4,c4\n"
                                "b.png,1.00,6.00,1.000,2.50,7.00,0.750,-3.00,8.00,0.500,4.00,9.00,0.250,5.00,10.25,0.000\n");
    small_text("marks/landmarks.csv", mf_str_c(&s));
    mf_str_free(&s);
    for (int k = 0; k < 2; k++) {
        assert_mf_ok(mf_landmarks_load(&t, d, &err), &err);
        assert_true(mf_landmarks_judged(t) && mf_landmarks_of(t, 1).judged);
        assert_memory_equal(mf_landmarks_of(t, 1).y, lm.y, 5 * sizeof(float));
        assert_memory_equal(mf_landmarks_of(t, 1).doubt, lm.doubt, 5 * sizeof(float));
        assert_mf_ok(mf_landmarks_save(t, d, mf_test_path("marks/landmarks.csv"), &err), &err);
        mf_landmarks_free(t);
    }
    for (i = 0; i < sizeof bad / sizeof *bad; i++) {
        err = (mf_err){0};
        assert_mf_fails(mf_landmarks_parse(&t, d, "marks", bad[i].text, strlen(bad[i].text), &err), MF_E_FORMAT, &err, bad[i].part);
        assert_null(t);
    }
    mf_dataset_free(d);
}

static mf_status
load_and_free(void *arg, mf_err *err)
{
    mf_dataset        *d  = NULL;
    mf_landmark_table *t  = NULL;
    mf_status          st = mf_dataset_load(&d, arg, err);

    if (st == MF_OK)
        st = mf_landmarks_load(&t, d, err);
    mf_landmarks_free(t);
    mf_dataset_free(d);
    return st;
}

static void
test_no_memory(void **state)
{
    (void)state;
    small_set("nomem", "image,label,subject,pair\nx/a.png,happy,s,p\nx/b.png,sad,t,p\n");
    small_text("nomem/soft.csv", "image,happy,sad,angry\nx/a.png,1,0,0\n");
    small_text("nomem/quarantine.csv", "image,reason\nx/b.png,bad\n");
    small_text("nomem/landmarks.csv", "image,x0,y0,x1,y1,x2,y2,x3,y3,x4,y4\nx/a.png,1,2,3,4,5,6,7,8,9,10\n");
    mf_test_each_alloc(load_and_free, (void *)(uintptr_t)mf_test_path("nomem"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_load), cmocka_unit_test(test_loose_form), cmocka_unit_test(test_bad_manifests),
        cmocka_unit_test(test_bad_yaml), cmocka_unit_test(test_missing), cmocka_unit_test(test_links),
        cmocka_unit_test(test_soft), cmocka_unit_test(test_quarantine), cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_add_refuses), cmocka_unit_test(test_hash), cmocka_unit_test(test_landmarks),
        cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests_name("manifest", tests, NULL, NULL);
}
