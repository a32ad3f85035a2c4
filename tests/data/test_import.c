/* tests/data/test_import.c: what importers share, and the two general ones: class folders and tables. */
#include "importing.h"

#include <string.h>
#include <unistd.h>
#include "core/file.h"
#include "core/mem.h"
#include "data/import.h"
#include "data/landmarks_csv.h"

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
    assert_mf_ok(importing(&im, "folders", mf_test_path("cf"), "cf-out", pattern, &err), &err);
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
    assert_mf_ok(importing(&im, "folders", mf_test_path("sf"), "sf-out", NULL, &err), &err);
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
    assert_mf_ok(importing(&im, "csv", mf_test_path("lc"), "lc-out", NULL, &err), &err);
    mf_import_free(&im);
    assert_mf_ok(mf_dataset_load(&d, mf_test_path("lc-out"), &err), &err);
    assert_int_equal(d->n_rows, 2);
    assert_string_equal(d->classes[0], "happy");
    assert_string_equal(d->subjects[0], "a, b");
    assert_int_equal(d->rows[0].split, MF_SPLIT_TRAIN);
    assert_int_equal(d->rows[1].occlusion, MF_OCC_MASK);
    mf_dataset_free(d);
    small_text("lc/labels.csv", "file,what,who\np/1.png,happy,x\np/2.png,sad,x\np/3.png,odd,y\n");
    assert_mf_ok(importing(&im, "csv", mf_test_path("lc"), "lc-out2", named, &err), &err);
    assert_non_null(strstr(im.notes.data, "1 pictures of other classes left out"));
    assert_string_equal(im.data->classes[0], "sad");
    assert_int_equal(im.data->n_rows, 2);
    mf_import_free(&im);
    assert_mf_fails(importing(&im, "csv", mf_test_path("lc"), "lc-no", absent, &err), MF_E_FORMAT, &err,
                    "line 1: no column 'wat', which --label-column asks for");
    assert_mf_fails(importing(&im, "csv", mf_test_path("lc"), "lc-no", NULL, &err), MF_E_FORMAT, &err,
                    "no column for the class; name it with --label-column");
    small_text("lc/labels.csv", "file,label\np/1.png,happy\np/2.png,sad\n");
    assert_mf_fails(importing(&im, "csv", mf_test_path("lc"), "lc-no", near, &err), MF_E_ARG, &err,
                    "no picture has the label 'sda'; did you mean 'sad'?");
    small_text("lc/labels.csv", "file,label\np/1.png,happy\np/9.png,sad\n");
    assert_mf_fails(importing(&im, "csv", mf_test_path("lc"), "lc-no", NULL, &err), MF_E_NOTFOUND, &err,
                    "labels.csv: line 3: picture 'p/9.png' is not in");
    small_text("lc/labels.csv", "file,label\np/1.png,happy\n../lc/p/2.png,sad\n");
    assert_mf_fails(importing(&im, "csv", mf_test_path("lc"), "lc-no", NULL, &err), MF_E_FORMAT, &err,
                    "labels.csv: line 3: picture '../lc/p/2.png' leaves the folder");
    small_text("lc/labels.csv", "file,label\np/1.png,happy\np/1.png,sad\n");
    assert_mf_fails(importing(&im, "csv", mf_test_path("lc"), "lc-no", NULL, &err), MF_E_FORMAT, &err,
                    "labels.csv: line 3: picture 'p/1.png' is listed twice");
    small_text("lc/labels.csv", "file,label\np/1.png,happy\np/2.png,\n");
    assert_mf_fails(importing(&im, "csv", mf_test_path("lc"), "lc-no", NULL, &err), MF_E_FORMAT, &err,
                    "line 3: picture 'p/2.png' has an empty label");
    assert_int_equal(importing_entries("lc-no"), 0); /* nothing half-written is left */
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
    assert_mf_fails(importing(&im, "csv", mf_test_path("case"), "case-out", NULL, &err), MF_E_FORMAT, &err,
                    "labels 'Anger' and 'anger' differ only in case");
    assert_mf_ok(importing(&im, "csv", mf_test_path("case"), "case-out", fold, &err), &err);
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

        assert_mf_fails(importing(&im, "folders", mf_test_path("sp"), "sp-out", set, &err), MF_E_ARG, &err, bad[i].part);
    }
    assert_int_equal(importing_entries("sp-out"), 0);
}

/* ---- the folder that is made ---- */

static void
test_out_folder(void **state)
{
    mf_import_opts once = {.jobs = {.workers = 2}};
    mf_import      im   = {0};
    mf_err         err  = {0};

    (void)state;
    small_picture("of/sad/1.png", 5, 4, 3, 1);
    assert_mf_ok(mf_dir_make(small_path("of-out"), &err), &err); /* an empty folder may stand there */
    assert_mf_ok(importing(&im, "folders", mf_test_path("of"), "of-out", NULL, &err), &err);
    mf_import_free(&im);
    assert_mf_fails(importing_with(&im, "folders", mf_test_path("of"), "of-out", NULL, &once, &err), MF_E_STATE, &err,
                    "exists already");
    small_picture("of/sad/2.png", 5, 4, 3, 2);
    assert_mf_ok(importing(&im, "folders", mf_test_path("of"), "of-out", NULL, &err), &err);
    assert_int_equal(im.data->n_rows, 2);
    mf_import_free(&im);
    assert_true(mf_path_exists(mf_test_path("of-out/sad/2.png")));
    small_text("precious/letter.txt", "dear");
    assert_mf_fails(importing(&im, "folders", mf_test_path("of"), "precious", NULL, &err), MF_E_STATE, &err, "is no data set");
    assert_true(mf_path_exists(mf_test_path("precious/letter.txt")));
    assert_mf_fails(importing(&im, "folders", mf_test_path("of-out"), "of-out", NULL, &err), MF_E_STATE, &err, "is the source itself");
    assert_mf_fails(importing(&im, "folders", mf_test_path("nothing"), "of-x", NULL, &err), MF_E_NOTFOUND, &err, "does not exist");
    small_text("empty/readme.md", "");
    assert_mf_fails(importing(&im, "folders", mf_test_path("empty"), "of-x", NULL, &err), MF_E_NOTFOUND, &err, "no picture");
    assert_int_equal(importing_entries("of-x"), 0);
    assert_int_equal(importing_entries("of-out"), 1);
}

static void
test_probe(void **state)
{
    const mf_importer_def *def  = NULL;
    mf_err                 err  = {0};
    mf_str                 why  = {0};
    mf_import_view         none = {0};
    size_t                 i;

    (void)state;
    assert_mf_ok(mf_import_view_open(&none, small_path("none/"), &err), &err);
    small_picture("pr/sad/1.png", 5, 4, 3, 1);
    importing_is("pr", "folders");
    small_text("pr/labels.csv", "file,label\nsad/1.png,sad\n");
    importing_is("pr", "csv");
    importing_is("pr/labels.csv", "csv");
    small_text("pr/FER2013Train/label.csv", "");
    importing_is("pr", "ferplus");
    small_text("pr0/x.txt", "");
    small_text("pr0/FER2013Valid/y.txt", "");
    assert_mf_fails(mf_importer_probe(&def, &why, mf_test_path("pr0"), &err), MF_E_NOTFOUND, &err,
                    "no layout that an importer knows: it holds FER2013Valid/, x.txt and no picture; ferplus: FER2013Valid/ "
                    "without label.csv; put the pictures");
    assert_mf_fails(mf_importer_probe(&def, &why, mf_test_path("pr1"), &err), MF_E_NOTFOUND, &err, "does not exist");
    small_set("pr2", "image,label\n");
    assert_mf_fails(mf_importer_probe(&def, &why, mf_test_path("pr2"), &err), MF_E_NOTFOUND, &err, "is a data set already");
    assert_int_equal(why.len, 0);
    assert_mf_fails(mf_importer_find(&def, "foldrs", &err), MF_E_NOTFOUND, &err, "did you mean 'folders'?");
    for (i = 0; i < mf_importer_count(); i++) { /* each entry has what the register asks of it */
        def = mf_importer_at(i);
        assert_true(def->name && *def->name && def->summary && *def->summary && def->layout && *def->layout);
        assert_true(def->probe && def->scan && def->cfg_size > 0 && def->opts);
        if (i)
            assert_true(strcmp(mf_importer_at(i - 1)->name, def->name) < 0); /* sorted */
        mf_str_clear(&why);
        assert_int_equal(def->probe(&none, &why), 0);
        assert_int_equal(why.len, 0);
    }
    mf_str_free(&why);
    mf_import_view_close(&none);
}

/* Of equal files the scored one stays, with its own label; the rest keeps its order, file and soft label. */
static void
test_repeated(void **state)
{
    mf_import_opts o   = {.drop_repeated = true, .jobs = {.workers = 2, .what = "copying"}};
    mf_import      im  = {0};
    mf_dataset    *d   = NULL;
    mf_err         err = {0};

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
    assert_mf_ok(importing_with(&im, "ferplus", mf_test_path("rp"), "rp-out", NULL, &o, &err), &err);
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

static mf_status
import_job(void *arg, mf_err *err)
{
    static const char *const pattern[] = {"subject-pattern", "/([0-9])", NULL};
    mf_import im = {0};
    mf_status st = importing(&im, "folders", arg, "nm-out", pattern, err);

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
    assert_int_equal(importing_entries("nm-out"), 1);
}

/* ---- class names, links, landmarks ---- */

static void
test_class_names(void **state)
{
    mf_import_opts o   = {.words = MF_WORDS_BASIC, .jobs = {.workers = 1}};
    mf_import      im  = {0};
    mf_err         err = {0};

    (void)state;
    small_picture("cn/Happiness/1.png", 5, 4, 3, 1);
    small_picture("cn/anger/2.png", 5, 4, 3, 2);
    small_picture("cn/neutral/3.png", 5, 4, 3, 3);
    assert_mf_ok(importing_with(&im, "folders", mf_test_path("cn"), "cn-out", NULL, &o, &err), &err);
    assert_string_equal(im.data->classes[0], "happy");
    assert_string_equal(im.data->classes[1], "angry");
    assert_string_equal(im.data->classes[2], "neutral");
    mf_import_free(&im);
    small_picture("cn/angry/4.png", 5, 4, 3, 4);
    assert_mf_fails(importing_with(&im, "folders", mf_test_path("cn"), "cn-no", NULL, &o, &err), MF_E_ARG, &err,
                    "classes 'anger' and 'angry' are both 'angry'");
    small_picture("cn2/grin/4.png", 5, 4, 3, 4);
    assert_mf_fails(importing_with(&im, "folders", mf_test_path("cn2"), "cn-no", NULL, &o, &err), MF_E_ARG, &err,
                    "class 'grin' is none of the seven basic expressions");
    assert_int_equal(importing_entries("cn-no"), 0);
}

/* A source must not bring in files of the machine that it does not hold. */
static void
test_links(void **state)
{
    mf_import_opts follow = {.follow_links = true, .jobs = {.workers = 1}};
    mf_import      im     = {0};
    mf_err         err    = {0};
    char           secret[4096];

    (void)state;
    small_picture("secret/s.png", 5, 4, 3, 9);
    small_picture("ln/sad/1.png", 5, 4, 3, 1);
    snprintf(secret, sizeof secret, "%s", mf_test_path("secret/s.png"));
    assert_int_equal(symlink("1.png", mf_test_path("ln/sad/2.png")), 0); /* inside: fine */
    assert_mf_ok(importing(&im, "folders", mf_test_path("ln"), "ln-out", NULL, &err), &err);
    assert_int_equal(im.data->n_rows, 2);
    mf_import_free(&im);
    assert_int_equal(symlink(secret, mf_test_path("ln/sad/3.png")), 0);
    assert_mf_fails(importing(&im, "folders", mf_test_path("ln"), "ln-no", NULL, &err), MF_E_FORMAT, &err,
                    "sad/3.png' leaves '");
    assert_non_null(strstr(err.msg, "--follow-links"));
    small_text("ln/labels.csv", "file,label\nsad/1.png,sad\nsad/3.png,sad\n");
    assert_mf_fails(importing(&im, "csv", mf_test_path("ln"), "ln-no", NULL, &err), MF_E_FORMAT, &err, "labels.csv: line 3: '");
    assert_int_equal(unlink(mf_test_path("ln/sad/3.png")), 0);
    assert_int_equal(symlink("../../secret", mf_test_path("ln/sad/more")), 0); /* a folder */
    assert_mf_fails(importing(&im, "folders", mf_test_path("ln"), "ln-no", NULL, &err), MF_E_FORMAT, &err, "sad/more/s.png' leaves '");
    assert_int_equal(importing_entries("ln-no"), 0);
    assert_mf_ok(importing_with(&im, "folders", mf_test_path("ln"), "ln-out2", NULL, &follow, &err), &err);
    assert_int_equal(im.data->n_rows, 3);
    mf_import_free(&im);
    small_same_bytes("secret/s.png", "ln-out2/sad/more/s.png");
}

static void
test_points(void **state)
{
    static const char *const one[] = {"label", "face", NULL};
    mf_import          im  = {0};
    mf_dataset        *d   = NULL;
    mf_landmark_table *t   = NULL;
    mf_landmarks       lm;
    mf_err             err = {0};

    (void)state;
    small_picture("pt/sad/1.png", 50, 40, 3, 1);
    small_picture("pt/sad/2.png", 50, 40, 3, 2);
    small_text("pt/sad/2.pts", "10 11\n20 21\n15 17.5\n11 30\n19 30\n");
    assert_mf_ok(importing(&im, "folders", mf_test_path("pt"), "pt-out", NULL, &err), &err);
    assert_int_equal(im.n_landmarks, 1);
    mf_import_free(&im);
    assert_mf_ok(mf_dataset_load(&d, mf_test_path("pt-out"), &err), &err);
    assert_mf_ok(mf_landmarks_load(&t, d, &err), &err);
    assert_int_equal(mf_landmarks_of(t, (size_t)mf_dataset_find(d, "sad/1.png")).n, 0);
    lm = mf_landmarks_of(t, (size_t)mf_dataset_find(d, "sad/2.png"));
    assert_int_equal(lm.n, 5);
    assert_true(lm.x[2] == 15 && lm.y[2] == 17.5f && lm.x[4] == 19 && lm.y[4] == 30);
    mf_landmarks_free(t);
    mf_dataset_free(d);
    small_text("pt/list.csv", "image,pts\nsad/1.png,sad/2.pts\nsad/2.png,\n");
    assert_mf_ok(importing(&im, "csv", mf_test_path("pt/list.csv"), "pt-out2", one, &err), &err);
    assert_string_equal(im.data->classes[0], "face");
    assert_int_equal(im.n_landmarks, 1);
    mf_import_free(&im);
    small_text("pt/list.csv", "image,pts\nsad/1.png,\nsad/2.png,../x.pts\n");
    assert_mf_fails(importing(&im, "csv", mf_test_path("pt/list.csv"), "pt-no", one, &err), MF_E_FORMAT, &err,
                    "list.csv: line 3: points '../x.pts' leave the folder");
    small_text("pt/sad/2.pts", "10 11\n20 2x1\n");
    small_text("pt/list.csv", "image,pts\nsad/1.png,sad/2.pts\n");
    assert_mf_fails(importing(&im, "csv", mf_test_path("pt/list.csv"), "pt-no", one, &err), MF_E_FORMAT, &err,
                    "sad/2.pts: line 2: point 1");
    assert_int_equal(importing_entries("pt-no"), 0);
}

/* What a table may do wrong: file and line are said, nothing is left behind. */
static void
test_bad_tables(void **state)
{
    static const struct { const char *text, *says; mf_status code; } bad[] = {
        {"file,label\n\"p/1.png,happy\n", "labels.csv: line 2: a quote that is never closed", MF_E_FORMAT},
        {"file,label\np/\"1\".png,happy\n", "labels.csv: line 2: a quote inside a field", MF_E_FORMAT},
        {"file,label\n\"p/1.png\"x,happy\n", "labels.csv: line 2: text after a closing quote", MF_E_FORMAT},
        {"file,label\np/1.png,triste\xe9\n", "labels.csv: line 2: not UTF-8", MF_E_FORMAT},
        {"\xff\xfe" "f\0", "labels.csv: line 1: not UTF-8", MF_E_FORMAT},
        {"file,label\np/1.png\n", "labels.csv: line 2: 1 fields, but the header has 2", MF_E_FORMAT},
        {"file,label\n", "names no picture", MF_E_NOTFOUND},
        {"", "labels.csv: line 1: no column for the picture's path", MF_E_FORMAT},
    };
    mf_import im = {0};
    size_t    i, n = 3 << 20;
    char     *text = malloc(n + 1);

    (void)state;
    assert_non_null(text);
    small_picture("bt/p/1.png", 5, 4, 3, 1);
    for (i = 0; i < sizeof bad / sizeof *bad; i++) {
        mf_err err = {0};

        small_text("bt/labels.csv", bad[i].text);
        assert_mf_fails(importing(&im, "csv", mf_test_path("bt"), "bt-no", NULL, &err), bad[i].code, &err, bad[i].says);
    }
    memset(text, 'x', n); /* a line without an end is not read into memory */
    memcpy(text, "file,label\n", 11);
    text[n] = '\0';
    small_text("bt/labels.csv", text);
    free(text);
    for (i = 0; i < 2; i++) {
        mf_err err  = {0};
        size_t base = mf_mem_now();

        assert_mf_fails(importing(&im, "csv", mf_test_path("bt"), "bt-no", NULL, &err), MF_E_LIMIT, &err,
                        "labels.csv: line 2: a row of more than 1 MiB; is a quote left open?");
        assert_true(mf_mem_now() == base);
        assert_true(mf_mem_peak() < base + (8u << 20));
    }
    assert_int_equal(importing_entries("bt-no"), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_class_folders), cmocka_unit_test(test_split_folders), cmocka_unit_test(test_labels_csv),
        cmocka_unit_test(test_case_of_labels), cmocka_unit_test(test_subject_patterns), cmocka_unit_test(test_out_folder),
        cmocka_unit_test(test_probe), cmocka_unit_test(test_repeated), cmocka_unit_test(test_no_memory), cmocka_unit_test(test_class_names),
        cmocka_unit_test(test_links), cmocka_unit_test(test_points), cmocka_unit_test(test_bad_tables),
    };

    return cmocka_run_group_tests_name("import", tests, NULL, NULL);
}
