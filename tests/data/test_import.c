/* tests/data/test_import.c: the importers: class folders, labels.csv, FER+ and its label rules, the real sets. */
#include "small_sets.h"

#include <math.h>
#include <string.h>
#include "core/file.h"
#include "core/mem.h"
#include "data/import.h"
#include "data/importers/ferplus.h"

/* Import SRC into OUT of the test folder, with options "name=value" of the importer; NULL ends them. */
static mf_status
import(mf_import *im, const char *format, const char *src, const char *out, bool force, const char *const *set, mf_err *err)
{
    const mf_importer_def *def = NULL;
    mf_import_opts         o   = {.force = force, .jobs = {.workers = 2, .what = "copying"}};
    _Alignas(16) unsigned char cfg[4096]; /* not from the allocator, which a test lets fail */

    assert_mf_ok(mf_importer_find(&def, format, err), err);
    assert_true(def->cfg_size <= sizeof cfg);
    memset(cfg, 0, sizeof cfg);
    mf_opt_defaults(def->opts, cfg);
    for (; set && *set; set += 2)
        assert_mf_ok(mf_opt_set(def->opts, cfg, set[0], set[1], err), err);
    return mf_import_run(im, def, cfg, src, mf_test_path(out), &o, err);
}

/* Number of entries of the test folder whose name begins so; the temporary folders of failed imports among them. */
static size_t
entries(const char *begin)
{
    mf_names names = {0};
    mf_err   err   = {0};
    size_t   i, n  = 0;

    assert_mf_ok(mf_dir_list(&names, mf_test_dir(), &err), &err);
    for (i = 0; i < names.n; i++)
        n += !strncmp(names.name[i], begin, strlen(begin));
    mf_names_free(&names);
    return n;
}

/* ---- folders ---- */

static void
test_class_folders(void **state)
{
    static const char *const pattern[] = {"subject-pattern", "/([a-z]+)_", NULL};
    mf_import   im  = {0};
    mf_dataset *d   = NULL;
    mf_err      err = {0};

    (void)state;
    small_picture("cf/neutral/ann_1.png", 5, 4, 3, 1);
    small_picture("cf/anger/ann_2.JPG.png", 5, 4, 1, 2);
    small_picture("cf/anger/deeper/bob_1.png", 5, 4, 3, 3);
    small_picture("cf/contempt/bob_2.png", 5, 4, 3, 4);
    small_picture("cf/Surprise/cid_2.jpg", 5, 4, 3, 5);
    small_text("cf/anger/notes.txt", "no picture");
    small_text("cf/readme.md", "no picture");
    small_text("cf/.hidden/x.png", "hidden");
    assert_mf_ok(import(&im, "folders", mf_test_path("cf"), "cf-out", false, pattern, &err), &err);
    assert_non_null(strstr(im.notes.data, "2 files that are no"));
    mf_import_free(&im);
    assert_mf_ok(mf_dataset_load(&d, mf_test_path("cf-out"), &err), &err);
    assert_int_equal(d->n_rows, 5);
    assert_string_equal(d->name, "cf");
    assert_int_equal(d->n_classes, 4); /* the order of the seven basic expressions, then the others */
    assert_string_equal(d->classes[0], "Surprise");
    assert_string_equal(d->classes[1], "anger");
    assert_string_equal(d->classes[2], "neutral");
    assert_string_equal(d->classes[3], "contempt");
    assert_int_equal(d->n_subjects, 3);
    assert_string_equal(d->subjects[d->rows[mf_dataset_find(d, "anger/deeper/bob_1.png")].subject], "bob");
    mf_dataset_free(d);
    small_same_bytes("cf/anger/deeper/bob_1.png", "cf-out/anger/deeper/bob_1.png");
    small_same_bytes("cf/Surprise/cid_2.jpg", "cf-out/Surprise/cid_2.jpg");
}

static void
test_split_folders(void **state)
{
    mf_import   im  = {0};
    mf_dataset *d   = NULL;
    mf_err      err = {0};

    (void)state;
    small_picture("sf/train/happy/1.png", 5, 4, 3, 1);
    small_picture("sf/Validation/happy/1.png", 5, 4, 3, 2);
    small_picture("sf/test/sad/1.png", 5, 4, 3, 3);
    assert_mf_ok(import(&im, "folders", mf_test_path("sf"), "sf-out", false, NULL, &err), &err);
    mf_import_free(&im);
    assert_mf_ok(mf_dataset_load(&d, mf_test_path("sf-out"), &err), &err);
    assert_int_equal(d->n_classes, 2);
    assert_int_equal(d->rows[mf_dataset_find(d, "train/happy/1.png")].split, MF_SPLIT_TRAIN);
    assert_int_equal(d->rows[mf_dataset_find(d, "Validation/happy/1.png")].split, MF_SPLIT_VAL);
    assert_int_equal(d->rows[mf_dataset_find(d, "test/sad/1.png")].split, MF_SPLIT_TEST);
    mf_dataset_free(d);
}

static void
test_labels_csv(void **state)
{
    static const char *const named[]  = {"label-column", "what", "subject-column", "who", "classes", "sad, happy", NULL};
    static const char *const absent[] = {"label-column", "wat", NULL};
    static const char *const near[]   = {"classes", "happy,sda", NULL};
    mf_import   im  = {0};
    mf_dataset *d   = NULL;
    mf_err      err = {0};

    (void)state;
    small_picture("lc/p/1.png", 5, 4, 3, 1);
    small_picture("lc/p/2.png", 5, 4, 3, 2);
    small_picture("lc/p/3.png", 5, 4, 3, 3);
    small_text("lc/labels.csv", "\xEF\xBB\xBFpath,label,identity,split,occlusion\r\np/1.png, happy ,\"a, b\",Training,\r\n"
                                "p/2.png,sad,c,,mask\r\n");
    assert_mf_ok(import(&im, "folders", mf_test_path("lc"), "lc-out", false, NULL, &err), &err);
    mf_import_free(&im);
    assert_mf_ok(mf_dataset_load(&d, mf_test_path("lc-out"), &err), &err);
    assert_int_equal(d->n_rows, 2);
    assert_string_equal(d->classes[0], "happy");
    assert_string_equal(d->subjects[0], "a, b");
    assert_int_equal(d->rows[0].split, MF_SPLIT_TRAIN);
    assert_int_equal(d->rows[1].occlusion, MF_OCC_MASK);
    mf_dataset_free(d);
    small_text("lc/labels.csv", "file,what,who\np/1.png,happy,x\np/2.png,sad,x\np/3.png,odd,y\n");
    assert_mf_ok(import(&im, "folders", mf_test_path("lc"), "lc-out2", false, named, &err), &err);
    assert_non_null(strstr(im.notes.data, "1 pictures of other classes left out"));
    assert_string_equal(im.data->classes[0], "sad");
    assert_int_equal(im.data->n_rows, 2);
    mf_import_free(&im);
    assert_mf_fails(import(&im, "folders", mf_test_path("lc"), "lc-no", false, absent, &err), MF_E_FORMAT, &err,
                    "line 1: no column 'wat', which --label-column asks for");
    assert_mf_fails(import(&im, "folders", mf_test_path("lc"), "lc-no", false, NULL, &err), MF_E_FORMAT, &err,
                    "no column for the class; name it with --label-column");
    small_text("lc/labels.csv", "file,label\np/1.png,happy\np/2.png,sad\n");
    assert_mf_fails(import(&im, "folders", mf_test_path("lc"), "lc-no", false, near, &err), MF_E_ARG, &err,
                    "no picture has the label 'sda'; did you mean 'sad'?");
    small_text("lc/labels.csv", "file,label\np/1.png,happy\np/9.png,sad\n");
    assert_mf_fails(import(&im, "folders", mf_test_path("lc"), "lc-no", false, NULL, &err), MF_E_NOTFOUND, &err,
                    "labels.csv: line 3: picture 'p/9.png' is not in");
    small_text("lc/labels.csv", "file,label\np/1.png,happy\n../lc/p/2.png,sad\n");
    assert_mf_fails(import(&im, "folders", mf_test_path("lc"), "lc-no", false, NULL, &err), MF_E_FORMAT, &err,
                    "labels.csv: line 3: picture '../lc/p/2.png' leaves the folder");
    small_text("lc/labels.csv", "file,label\np/1.png,happy\np/1.png,sad\n");
    assert_mf_fails(import(&im, "folders", mf_test_path("lc"), "lc-no", false, NULL, &err), MF_E_FORMAT, &err,
                    "labels.csv: line 3: picture 'p/1.png' is listed twice");
    small_text("lc/labels.csv", "file,label\np/1.png,happy\np/2.png,\n");
    assert_mf_fails(import(&im, "folders", mf_test_path("lc"), "lc-no", false, NULL, &err), MF_E_FORMAT, &err,
                    "line 3: picture 'p/2.png' has an empty label");
    assert_int_equal(entries("lc-no"), 0); /* nothing half-written is left */
}

static void
test_case_of_labels(void **state)
{
    static const char *const fold[] = {"fold-case", "true", NULL};
    mf_import im  = {0};
    mf_err    err = {0};

    (void)state;
    small_picture("case/1.png", 5, 4, 3, 1);
    small_picture("case/2.png", 5, 4, 3, 2);
    small_text("case/labels.csv", "file,label\n1.png,Anger\n2.png,anger\n");
    assert_mf_fails(import(&im, "folders", mf_test_path("case"), "case-out", false, NULL, &err), MF_E_FORMAT, &err,
                    "labels 'Anger' and 'anger' differ only in case");
    assert_mf_ok(import(&im, "folders", mf_test_path("case"), "case-out", false, fold, &err), &err);
    assert_int_equal(im.data->n_classes, 1);
    mf_import_free(&im);
}

static void
test_subject_patterns(void **state)
{
    static const struct { const char *pattern, *part; } bad[] = {
        {"(", "--subject-pattern '('"}, {"ann", "has no group"},
        {"(ann)_", "finds no person in 1 of 2 pictures; the first is 'sad/bob_1.png'"},
    };
    mf_import im  = {0};
    size_t    i;

    (void)state;
    small_picture("sp/sad/ann_1.png", 5, 4, 3, 1);
    small_picture("sp/sad/bob_1.png", 5, 4, 3, 2);
    for (i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *const set[] = {"subject-pattern", bad[i].pattern, NULL};
        mf_err            err   = {0};

        assert_mf_fails(import(&im, "folders", mf_test_path("sp"), "sp-out", false, set, &err), MF_E_ARG, &err, bad[i].part);
    }
    assert_int_equal(entries("sp-out"), 0);
}

/* ---- the folder that is made ---- */

static void
test_out_folder(void **state)
{
    mf_import im  = {0};
    mf_err    err = {0};

    (void)state;
    small_picture("of/sad/1.png", 5, 4, 3, 1);
    assert_mf_ok(mf_dir_make(small_path("of-out"), &err), &err); /* an empty folder may stand there */
    assert_mf_ok(import(&im, "folders", mf_test_path("of"), "of-out", false, NULL, &err), &err);
    mf_import_free(&im);
    assert_mf_fails(import(&im, "folders", mf_test_path("of"), "of-out", false, NULL, &err), MF_E_STATE, &err, "exists already");
    small_picture("of/sad/2.png", 5, 4, 3, 2);
    assert_mf_ok(import(&im, "folders", mf_test_path("of"), "of-out", true, NULL, &err), &err);
    assert_int_equal(im.data->n_rows, 2);
    mf_import_free(&im);
    assert_true(mf_path_exists(mf_test_path("of-out/sad/2.png")));
    small_text("precious/letter.txt", "dear");
    assert_mf_fails(import(&im, "folders", mf_test_path("of"), "precious", true, NULL, &err), MF_E_STATE, &err, "is no data set");
    assert_true(mf_path_exists(mf_test_path("precious/letter.txt")));
    assert_mf_fails(import(&im, "folders", mf_test_path("of-out"), "of-out", true, NULL, &err), MF_E_STATE, &err, "is the source itself");
    assert_mf_fails(import(&im, "folders", mf_test_path("nothing"), "of-x", false, NULL, &err), MF_E_NOTFOUND, &err, "does not exist");
    small_text("empty/readme.md", "");
    assert_mf_fails(import(&im, "folders", mf_test_path("empty"), "of-x", false, NULL, &err), MF_E_NOTFOUND, &err, "no picture");
    assert_int_equal(entries("of-x"), 0);
    assert_int_equal(entries("of-out"), 1);
}

static void
test_probe(void **state)
{
    const mf_importer_def *def = NULL;
    mf_err                 err = {0};
    size_t                 i;

    (void)state;
    small_picture("pr/sad/1.png", 5, 4, 3, 1);
    assert_mf_ok(mf_importer_probe(&def, mf_test_path("pr"), &err), &err);
    assert_string_equal(def->name, "folders");
    small_text("pr/FER2013Train/label.csv", "");
    assert_mf_ok(mf_importer_probe(&def, mf_test_path("pr"), &err), &err);
    assert_string_equal(def->name, "ferplus");
    small_text("pr0/x.txt", "");
    assert_mf_fails(mf_importer_probe(&def, mf_test_path("pr0"), &err), MF_E_NOTFOUND, &err, "no layout that an importer knows");
    assert_mf_fails(mf_importer_probe(&def, mf_test_path("pr1"), &err), MF_E_NOTFOUND, &err, "does not exist");
    assert_mf_fails(mf_importer_find(&def, "foldrs", &err), MF_E_NOTFOUND, &err, "did you mean 'folders'?");
    for (i = 0; i < mf_importer_count(); i++) { /* each entry has what the register asks of it */
        def = mf_importer_at(i);
        assert_true(def->name && *def->name && def->summary && *def->summary && def->layout && *def->layout);
        assert_true(def->probe && def->scan && def->cfg_size > 0 && def->opts);
        assert_int_equal(def->probe(mf_test_path("pr0")), 0);
        assert_int_equal(def->probe(mf_test_path("pr1")), 0);
    }
}

/* ---- FER+ ---- */

static void
test_ferplus_rules(void **state)
{
    /* votes; majority (8: unknown, 9: not a face); distribution in percent, -1 in front: dropped */
    static const struct { int v[10], majority, p[8]; } t[] = {
        {{10, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 0, {100, 0, 0, 0, 0, 0, 0, 0}},
        {{4, 0, 0, 1, 3, 2, 0, 0, 0, 0}, 8, {57, 0, 0, 0, 43, 0, 0, 0}},   /* 4 of 9 is no majority; 7 of 9 is over 3/4 */
        {{6, 0, 1, 1, 0, 0, 0, 0, 2, 0}, 0, {100, 0, 0, 0, 0, 0, 0, 0}},   /* singles out: 6 of 8 is 3/4, so done */
        {{5, 0, 0, 3, 1, 0, 0, 0, 1, 0}, 0, {63, 0, 0, 38, 0, 0, 0, 0}},
        {{5, 0, 0, 0, 0, 0, 0, 0, 5, 0}, 8, {-1}},                         /* half is not more than half */
        {{2, 0, 2, 2, 2, 2, 0, 0, 0, 0}, 8, {-1}},                         /* a five-way tie: more than three classes */
        {{3, 3, 0, 3, 0, 0, 0, 1, 0, 0}, 8, {33, 33, 0, 33, 0, 0, 0, 0}},  /* three-way tie */
        {{4, 0, 0, 2, 2, 2, 0, 0, 0, 0}, 8, {-1}},                         /* four classes through a tie */
        {{0, 0, 0, 0, 0, 0, 0, 0, 8, 2}, 8, {-1}},
        {{1, 0, 0, 0, 0, 0, 0, 0, 0, 9}, 9, {-1}},
        {{1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, 8, {-1}},                         /* nothing is left */
        {{0, 6, 0, 0, 0, 0, 0, 0, 4, 0}, 1, {0, 100, 0, 0, 0, 0, 0, 0}},   /* unknown comes second and falls away */
        {{0, 5, 0, 0, 0, 0, 0, 0, 3, 2}, 8, {-1}},                         /* 5 of 10 collected: not more than half */
        {{0, 4, 4, 0, 0, 0, 0, 0, 0, 2}, 8, {0, 50, 50, 0, 0, 0, 0, 0}},
    };
    size_t i;
    int    k;

    (void)state;
    for (i = 0; i < sizeof t / sizeof *t; i++) {
        float p[8];
        bool  has = mf_ferplus_distribution(p, t[i].v);

        if (mf_ferplus_majority(t[i].v) != t[i].majority)
            fail_msg("case %zu: majority %d, not %d", i, mf_ferplus_majority(t[i].v), t[i].majority);
        if (has != (t[i].p[0] >= 0))
            fail_msg("case %zu: the distribution is %s", i, has ? "there" : "missing");
        for (k = 0; has && k < 8; k++)
            if ((int)floor((double)p[k] * 100 + 0.5) != t[i].p[k])
                fail_msg("case %zu, class %d: %g, not %d %%", i, k, (double)p[k] * 100, t[i].p[k]);
    }
}

static void
test_ferplus_layout(void **state)
{
    static const char *const probability[] = {"mode", "probability", NULL};
    mf_import   im  = {0};
    mf_dataset *d   = NULL;
    mf_err      err = {0};

    (void)state;
    small_picture("fp/FER2013Train/a.png", 48, 48, 1, 1);
    small_picture("fp/FER2013Train/b.png", 48, 48, 1, 2);
    small_picture("fp/FER2013Train/c.png", 48, 48, 1, 3);
    small_picture("fp/FER2013Valid/a.png", 48, 48, 1, 4);
    small_text("fp/FER2013Train/label.csv", "a.png,\"(0, 0, 48, 48)\",5,0,0,3,1,0,0,0,1,0\r\n"   /* neutral */
                                            ",\"(0, 0, 48, 48)\",0,0,0,0,0,0,0,0,0,10\r\n"       /* no name, no face */
                                            "b.png,\"(0, 0, 48, 48)\",4,0,0,1,3,2,0,0,0,0\r\n"   /* no majority */
                                            "c.png,\"(0, 0, 48, 48)\",0,0,0,0,0,0,0,0,6,4\r\n"   /* unknown */
                                            "d.png,\"(0, 0, 48, 48)\",0,9,0,0,0,0,0,0,0,1\r\n"); /* no file */
    small_text("fp/FER2013Valid/label.csv", "a.png,\"(0, 0, 48, 48)\",0,0,0,0,0,0,0,9,1,0\n");
    assert_mf_ok(import(&im, "ferplus", mf_test_path("fp"), "fp-out", false, NULL, &err), &err);
    assert_non_null(strstr(im.notes.data, "FER2013Train: 5 rows, 1 kept, 2 dropped"));
    assert_non_null(strstr(im.notes.data, "1 pictures of label.csv are not in the folder"));
    assert_non_null(strstr(im.notes.data, "1 rows have no name"));
    mf_import_free(&im);
    assert_mf_ok(mf_dataset_load(&d, mf_test_path("fp-out"), &err), &err);
    assert_int_equal(d->n_rows, 2);
    assert_string_equal(d->classes[7], "contempt");
    assert_string_equal(d->rows[0].image, "FER2013Train/a.png");
    assert_int_equal(d->rows[0].split, MF_SPLIT_TRAIN);
    assert_true(d->rows[0].soft[0] == 0.625f && d->rows[0].soft[3] == 0.375f);
    assert_int_equal(d->rows[1].split, MF_SPLIT_VAL);
    assert_int_equal(d->rows[1].label, 7);
    assert_true(d->rows[1].soft[7] == 1.0f);
    mf_dataset_free(d);
    assert_mf_ok(import(&im, "ferplus", mf_test_path("fp"), "fp-out", true, probability, &err), &err);
    assert_int_equal(im.data->n_rows, 3); /* b.png too, as neutral */
    assert_int_equal(im.data->rows[1].label, 0);
    mf_import_free(&im);
    small_text("fp/FER2013Train/label.csv", "a.png,\"(0, 0, 48, 48)\",5,0,0,3,1,0,0,0,1,0\na.png,x,5,0,0,x,1,0,0,0,1,0\n");
    assert_mf_fails(import(&im, "ferplus", mf_test_path("fp"), "fp-no", false, NULL, &err), MF_E_FORMAT, &err,
                    "FER2013Train/label.csv: line 2: vote count 4");
    small_text("fp/FER2013Train/label.csv", "a.png,5,0,0,3,1,0,0,0,1,0\n");
    assert_mf_fails(import(&im, "ferplus", mf_test_path("fp"), "fp-no", false, NULL, &err), MF_E_FORMAT, &err, "line 1: 11 fields");
    small_text("fp/FER2013Train/label.csv", "../a.png,x,5,0,0,3,1,0,0,0,1,0\n");
    assert_mf_fails(import(&im, "ferplus", mf_test_path("fp"), "fp-no", false, NULL, &err), MF_E_FORMAT, &err,
                    "line 1: picture '../a.png' leaves its folder");
    assert_mf_fails(import(&im, "ferplus", mf_test_path("cf"), "fp-no", false, NULL, &err), MF_E_NOTFOUND, &err, "has none of FER2013Train");
    assert_int_equal(entries("fp-no"), 0);
}

/* Of equal files the scored one stays, with its own label; the rest keeps its order, file and soft label. */
static void
test_repeated(void **state)
{
    const mf_importer_def *def = NULL;
    mf_import_opts o   = {.drop_repeated = true, .jobs = {.workers = 2, .what = "copying"}};
    mf_import      im  = {0};
    mf_dataset    *d   = NULL;
    mf_err         err = {0};
    int            mode = 0;

    (void)state;
    small_picture("rp/FER2013Train/a.png", 48, 48, 1, 1);
    small_picture("rp/FER2013Train/b.png", 48, 48, 1, 2);
    small_picture("rp/FER2013Train/c.png", 48, 48, 1, 3);
    small_picture("rp/FER2013Train/d.png", 48, 48, 1, 2); /* = b */
    small_picture("rp/FER2013Valid/e.png", 48, 48, 1, 1); /* = a */
    small_picture("rp/FER2013Test/f.png", 48, 48, 1, 1);  /* = a */
    small_text("rp/FER2013Train/label.csv", "a.png,x,9,0,0,0,0,0,0,0,0,0\nb.png,x,9,0,0,0,0,0,0,0,0,0\n"
                                            "c.png,x,5,0,0,3,0,0,0,0,0,0\nd.png,x,0,9,0,0,0,0,0,0,0,0\n");
    small_text("rp/FER2013Valid/label.csv", "e.png,x,0,0,9,0,0,0,0,0,0,0\n");
    small_text("rp/FER2013Test/label.csv", "f.png,x,0,0,0,9,0,0,0,0,0,0\n");
    assert_mf_ok(mf_importer_find(&def, "ferplus", &err), &err);
    assert_mf_ok(mf_import_run(&im, def, &mode, mf_test_path("rp"), mf_test_path("rp-out"), &o, &err), &err);
    assert_non_null(strstr(im.notes.data, "3 pictures left out that are there more than once, 2 of them also in a part"));
    mf_import_free(&im);
    assert_mf_ok(mf_dataset_load(&d, mf_test_path("rp-out"), &err), &err);
    assert_int_equal(d->n_rows, 3);
    assert_string_equal(d->rows[0].image, "FER2013Train/b.png");
    assert_string_equal(d->rows[1].image, "FER2013Train/c.png");
    assert_true(d->rows[1].soft[0] == 0.625f);
    assert_string_equal(d->rows[2].image, "FER2013Test/f.png");
    assert_string_equal(d->classes[d->rows[2].label], "sadness");
    mf_dataset_free(d);
    small_same_bytes("rp/FER2013Train/c.png", "rp-out/FER2013Train/c.png");
    assert_false(mf_path_exists(mf_test_path("rp-out/FER2013Train/a.png")));
}

/* ---- the real sets ---- */

static const char *
shared_set(const char *name)
{
    static char path[4096];

    if (!mf_test_shared())
        return NULL;
    snprintf(path, sizeof path, "%s/data/%s", mf_test_shared(), name);
    return mf_path_is_dir(path) ? path : NULL;
}

static void
test_real_ckplus(void **state)
{
    static const int         by_class[] = {249, 75, 177, 207, 84, 135, 54};
    static const char *const folders[]  = {"labels", "none", "subject-pattern", "/(S[0-9]+)_", NULL};
    const char *src = shared_set("ckplus48");
    mf_import   im  = {0}, by_folder = {0};
    mf_err      err = {0};
    size_t      i;
    int         n[7] = {0}, k;
    char        a[65], b[65];

    (void)state;
    if (!src)
        mf_test_skip("the shared set ckplus48 is not here");
    assert_mf_ok(import(&im, "folders", src, "ck", false, NULL, &err), &err);
    assert_int_equal(im.data->n_rows, 981);
    assert_int_equal(im.data->n_subjects, 118);
    assert_int_equal(im.data->n_classes, 7);
    for (i = 0; i < im.data->n_rows; i++)
        n[im.data->rows[i].label]++;
    for (k = 0; k < 7; k++)
        assert_int_equal(n[k], by_class[k]);
    /* The folder names and the pattern say the same as its labels.csv. */
    assert_mf_ok(import(&by_folder, "folders", src, "ck2", false, folders, &err), &err);
    mf_dataset_hash(a, im.data);
    mf_dataset_hash(b, by_folder.data);
    assert_string_equal(a, b);
    mf_import_free(&im);
    mf_import_free(&by_folder);
}

/* The copy lacks 387 training and 46 validation pictures of the 28,558 and 3,579; the published counts are bounds. */
static void
test_real_ferplus(void **state)
{
    static const int published[2][8] = {{8733, 7284, 3136, 3022, 2098, 116, 536, 120}, {1180, 862, 411, 348, 289, 25, 60, 16}};
    static const int rows[2] = {28171, 3533}, published_rows[2] = {28558, 3579};
    const char *src = shared_set("ferplus");
    const mf_importer_def *def = NULL;
    mf_import   im  = {0};
    mf_err      err = {0};
    int         n[2][8] = {{0}}, s, k, mode = 0;
    size_t      i;

    (void)state;
    if (!src)
        mf_test_skip("the shared set ferplus is not here");
    assert_mf_ok(mf_importer_find(&def, "ferplus", &err), &err);
    assert_mf_ok(def->scan(&im, src, &mode, &err), &err);
    for (i = 0; i < im.data->n_rows; i++)
        n[im.data->rows[i].split == MF_SPLIT_VAL][im.data->rows[i].label]++;
    for (s = 0; s < 2; s++) {
        int kept = 0, all = 0;

        for (k = 0; k < 8; k++) {
            int lacking = published_rows[s] - rows[s];

            assert_in_range(n[s][k], published[s][k] > lacking ? published[s][k] - lacking : 0, published[s][k]);
            kept += n[s][k];
            all += published[s][k];
        }
        assert_in_range(kept, all - (published_rows[s] - rows[s]), all);
    }
    mf_import_free(&im);
}

static mf_status
import_job(void *arg, mf_err *err)
{
    static const char *const pattern[] = {"subject-pattern", "/([0-9])", NULL};
    mf_import im = {0};
    mf_status st = import(&im, "folders", arg, "nm-out", true, pattern, err);

    mf_import_free(&im);
    return st;
}

static void
test_no_memory(void **state)
{
    char src[1024];

    (void)state;
    small_picture("nm/sad/1.png", 5, 4, 3, 1);
    small_picture("nm/happy/2.png", 5, 4, 3, 1);
    snprintf(src, sizeof src, "%s", mf_test_path("nm")); /* outlives many calls */
    mf_test_each_alloc(import_job, src);
    assert_int_equal(entries("nm-out"), 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_class_folders), cmocka_unit_test(test_split_folders), cmocka_unit_test(test_labels_csv),
        cmocka_unit_test(test_case_of_labels), cmocka_unit_test(test_subject_patterns), cmocka_unit_test(test_out_folder),
        cmocka_unit_test(test_probe), cmocka_unit_test(test_ferplus_rules), cmocka_unit_test(test_ferplus_layout), cmocka_unit_test(test_repeated),
        cmocka_unit_test(test_real_ckplus), cmocka_unit_test(test_real_ferplus), cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests_name("import", tests, NULL, NULL);
}
