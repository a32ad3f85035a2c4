/* tests/data/test_import_sets.c: MSD-E, LFW-FER, RAF-DB, JAFFE, LFW, CK+ and AffectNet, each as a small tree with the traps of
 * its layout. */
#include "importing.h"

#include <string.h>
#include "core/file.h"
#include "core/str.h"
#include "data/importers/person.h"
#include "data/landmarks_csv.h"
#include "image/image.h"

static void
picture(const char *rel)
{
    static unsigned seed;

    small_picture(rel, 12, 10, 3, ++seed);
}

static void
notes_say(const mf_import *im, const char *part)
{
    if (!strstr(mf_str_c(&im->notes), part))
        fail_msg("the notes do not say '%s' but: %s", part, mf_str_c(&im->notes));
}

/* ---- MSD-E ---- */

static void
test_msde(void **state)
{
    static const char *const only[] = {"pairs-only", "true", NULL}, *const none[] = {"pairs", "none", NULL};
    mf_import im  = {0};
    mf_err    err = {0};

    (void)state;
    picture("ms/MSD-E/12_3_a.jpg");
    picture("ms/MSD-ME/12_3_a.jpg");
    picture("ms/MSD-E/0_6_x_y.jpg");
    picture("ms/MSD-ME/0_6_x_y.jpg");
    picture("ms/MSD-E/007_0_.jpg");
    picture("ms/MSD-ME/12_3.jpg"); /* no second underscore */
    small_text("ms/MSD-E/notes.txt", "");
    importing_is("ms", "msde");
    assert_mf_ok(importing(&im, "msde", mf_test_path("ms"), "ms-out", NULL, &err), &err);
    assert_int_equal(im.data->n_rows, 5);
    assert_int_equal(im.data->n_pairs, 2);
    importing_row(im.data, "MSD-E/12_3_a.jpg", "happy", "12", MF_OCC_NONE, MF_SPLIT_NONE);
    importing_row(im.data, "MSD-ME/12_3_a.jpg", "happy", "12", MF_OCC_MASK, MF_SPLIT_NONE);
    importing_row(im.data, "MSD-E/007_0_.jpg", "surprise", "7", MF_OCC_NONE, MF_SPLIT_NONE);
    importing_row(im.data, "MSD-ME/0_6_x_y.jpg", "neutral", "0", MF_OCC_MASK, MF_SPLIT_NONE);
    notes_say(&im, "1 names do not follow ID_LABEL_rest and were left out, the first 'MSD-ME/12_3.jpg'");
    mf_import_free(&im);
    assert_mf_ok(importing(&im, "msde", mf_test_path("ms"), "ms-out", only, &err), &err);
    assert_int_equal(im.data->n_rows, 4);
    mf_import_free(&im);
    small_text("ms/Paired_files.txt", "12_3_a.jpg\n");
    assert_mf_ok(importing(&im, "msde", mf_test_path("ms"), "ms-out", only, &err), &err);
    assert_int_equal(im.data->n_rows, 2);
    mf_import_free(&im);
    assert_mf_ok(importing(&im, "msde", mf_test_path("ms"), "ms-out", none, &err), &err);
    assert_int_equal(im.data->n_pairs, 2);
    mf_import_free(&im);
    small_text("ms/Paired_files.txt", "12_3_a.jpg,x\n007_0_.jpg,y\n");
    assert_mf_fails(importing(&im, "msde", mf_test_path("ms"), "ms-no", NULL, &err), MF_E_NOTFOUND, &err,
                    "Paired_files.txt: line 2: picture '007_0_.jpg' is not in '");
    small_text("ms/Paired_files.txt", "12_3_a.jpg\n12_3_a.jpg\n");
    assert_mf_fails(importing(&im, "msde", mf_test_path("ms"), "ms-no", NULL, &err), MF_E_FORMAT, &err, "line 2: '12_3_a.jpg' is listed twice");
    small_text("ms/Paired_files.txt", "../x\n");
    assert_mf_fails(importing(&im, "msde", mf_test_path("ms"), "ms-no", NULL, &err), MF_E_FORMAT, &err, "line 1: '../x' is no file name");
    small_text("ms/Paired_files.txt", "");
    picture("ms/MSD-E/5_7_a.jpg");
    assert_mf_fails(importing(&im, "msde", mf_test_path("ms"), "ms-no", NULL, &err), MF_E_FORMAT, &err,
                    "'MSD-E/5_7_a.jpg' has label 7; labels are 0 surprise");
    assert_int_equal(importing_entries("ms-no"), 0);
}

/* ---- LFW and its expressions ---- */

static void
test_persons(void **state)
{
    static const char *const t[][2] = {
        {"a/George_HW_Bush_0010.jpg", "George_HW_Bush"}, {"Jean-Pierre_X_0001.png", "Jean-Pierre_X"}, {"A_B_0001_2.jpg", "A_B"},
        {"nobody.jpg", ""}, {"_0001.jpg", ""}, {"0001.jpg", ""}, {"A_1b.jpg", ""},
    };
    mf_str who = {0};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof t / sizeof *t; i++) {
        assert_int_equal(mf_person_of(&who, t[i][0]), *t[i][1] != '\0');
        assert_string_equal(mf_str_c(&who), t[i][1]);
    }
    mf_str_free(&who);
}

static void
test_mlfw(void **state)
{
    static const char *const bare[] = {"occlusion", "none", NULL};
    mf_import im  = {0};
    mf_err    err = {0};
    char      counts[100];

    (void)state;
    picture("ml/M-LFW-FER/M-LFW-FER/train/negative/Ann_X_0001.jpg"); /* some unpack to a folder in a folder */
    picture("ml/M-LFW-FER/M-LFW-FER/train/positive/George_HW_Bush_0010.jpg");
    picture("ml/M-LFW-FER/M-LFW-FER/eval/neutral/Ann_X_0002.jpg");
    picture("ml/M-LFW-FER/M-LFW-FER/test/positive/street.jpg");
    importing_is("ml", "mlfw");
    assert_mf_ok(importing(&im, "mlfw", mf_test_path("ml"), "ml-out", NULL, &err), &err);
    importing_counts(counts, sizeof counts, im.data);
    assert_string_equal(counts, "negative:1 neutral:1 positive:2");
    importing_row(im.data, "train/negative/Ann_X_0001.jpg", "negative", "Ann_X", MF_OCC_MASK, MF_SPLIT_TRAIN);
    importing_row(im.data, "train/positive/George_HW_Bush_0010.jpg", "positive", "George_HW_Bush", MF_OCC_MASK, MF_SPLIT_TRAIN);
    importing_row(im.data, "eval/neutral/Ann_X_0002.jpg", "neutral", "Ann_X", MF_OCC_MASK, MF_SPLIT_VAL);
    importing_row(im.data, "test/positive/street.jpg", "positive", "", MF_OCC_MASK, MF_SPLIT_TEST);
    notes_say(&im, "train: 2 pictures, where M-LFW-FER has 9307");
    notes_say(&im, "1 names do not end in a number");
    mf_import_free(&im);
    assert_mf_ok(importing(&im, "mlfw", mf_test_path("ml/M-LFW-FER"), "ml-out", bare, &err), &err);
    importing_row(im.data, "train/negative/Ann_X_0001.jpg", "negative", "Ann_X", MF_OCC_NONE, MF_SPLIT_TRAIN);
    mf_import_free(&im);
    picture("ml2/valid/positive/Ann_X_0001.jpg");
    picture("ml2/valid/happy/Ann_X_0001.jpg");
    assert_mf_fails(importing(&im, "mlfw", mf_test_path("ml2"), "ml-no", NULL, &err), MF_E_FORMAT, &err,
                    "valid/happy' is none of the folders negative, neutral, positive");
    assert_mf_fails(importing(&im, "mlfw", small_path("ml3/"), "ml-no", NULL, &err), MF_E_NOTFOUND, &err, "has no train/negative");
    assert_int_equal(importing_entries("ml-no"), 0);
}

static void
test_lfw(void **state)
{
    static const char *const fold[] = {"fold", "2", NULL}, *const far[] = {"fold", "3", NULL};
    mf_import im  = {0};
    mf_err    err = {0};

    (void)state;
    picture("lf/lfw/Ann_X/Ann_X_0001.jpg");
    picture("lf/lfw/Ann_X/Ann_X_0002.jpg");
    picture("lf/lfw/Bob_de-Y/Bob_de-Y_0001.jpg");
    picture("lf/lfw/Cid/Cid_0001.jpg");
    picture("lf/lfw/Cid/cover.jpg");
    importing_is("lf", "folders"); /* one of five names does not fit */
    importing_is("lf/lfw/Ann_X/..", "folders");
    assert_mf_ok(importing(&im, "lfw", mf_test_path("lf"), "lf-out", NULL, &err), &err);
    assert_int_equal(im.data->n_rows, 4);
    assert_int_equal(im.data->n_subjects, 3);
    importing_row(im.data, "lfw/Bob_de-Y/Bob_de-Y_0001.jpg", "face", "Bob_de-Y", MF_OCC_NONE, MF_SPLIT_NONE);
    notes_say(&im, "4 pictures of 3 people, where LFW has 13233 of 5749");
    notes_say(&im, "the first 'lfw/Cid/cover.jpg'");
    mf_import_free(&im);
    assert_int_equal(remove(mf_test_path("lf/lfw/Cid/cover.jpg")), 0);
    importing_is("lf", "lfw");
    assert_mf_fails(importing(&im, "lfw", mf_test_path("lf"), "lf-no", fold, &err), MF_E_NOTFOUND, &err, "--fold needs '");
    small_text("lf/people.txt", "2\n1\nAnn_X\t2\n1\nBob_de-Y\t1\n");
    assert_mf_ok(importing(&im, "lfw", mf_test_path("lf"), "lf-out", fold, &err), &err);
    importing_row(im.data, "lfw/Ann_X/Ann_X_0002.jpg", "face", "Ann_X", MF_OCC_NONE, MF_SPLIT_TRAIN);
    importing_row(im.data, "lfw/Bob_de-Y/Bob_de-Y_0001.jpg", "face", "Bob_de-Y", MF_OCC_NONE, MF_SPLIT_TEST);
    importing_row(im.data, "lfw/Cid/Cid_0001.jpg", "face", "Cid", MF_OCC_NONE, MF_SPLIT_NONE);
    notes_say(&im, "1 pictures show people whom the list of folds lacks");
    mf_import_free(&im);
    assert_mf_fails(importing(&im, "lfw", mf_test_path("lf"), "lf-no", far, &err), MF_E_ARG, &err, "has 2 folds");
    small_text("lf/people.txt", "2\n1\nAnn_X\t2\n2\nBob_de-Y\t1\n");
    assert_mf_fails(importing(&im, "lfw", mf_test_path("lf"), "lf-no", fold, &err), MF_E_FORMAT, &err, "ends in fold 2 of 2; is the file cut");
    small_text("lf/people.txt", "2\n1\nAnn_X 2\n");
    assert_mf_fails(importing(&im, "lfw", mf_test_path("lf"), "lf-no", fold, &err), MF_E_FORMAT, &err, "people.txt: line 3: expected a name, a tab");
    assert_int_equal(importing_entries("lf-no"), 0);
}

/* ---- RAF-DB ---- */

static void
test_rafdb(void **state)
{
    static const char *const original[] = {"images", "original", NULL}, *const cut[] = {"images", "original", "crop", "true", NULL};
    static const char *const wrong[] = {"crop", "true", NULL};
    mf_import    im  = {0};
    mf_dataset  *d   = NULL;
    mf_landmark_table *t = NULL;
    mf_landmarks lm;
    mf_image     px  = {0};
    mf_err       err = {0};

    (void)state;
    small_text("ra/basic/EmoLabel/list_patition_label.txt", "train_00001.jpg 5\r\ntrain_00002.jpg 1\r\ntest_0001.jpg 7\r\n");
    small_text("ra/compound/EmoLabel/list_patition_label.txt", "train_0001.jpg 11\n");
    picture("ra/basic/Image/aligned/train_00001_aligned.jpg");
    picture("ra/basic/Image/aligned/test_0001_aligned.jpg");
    small_picture("ra/basic/Image/original/train_00001.jpg", 60, 50, 3, 1);
    small_picture("ra/basic/Image/original/test_0001.jpg", 60, 50, 3, 2);
    small_text("ra/basic/Annotation/manual/train_00001_manu_attri.txt", "10\t11\n20.5\t11\n15\t15\n11\t20\n19\t20\n1\n0\n2\n");
    small_text("ra/basic/Annotation/boundingbox/train_00001_boundingbox.txt", "5.0 6.0 25.0 26.0\n");
    small_text("ra/basic/Annotation/boundingbox/test_0001_boundingbox.txt", "-5 -5 20 30");
    importing_is("ra", "rafdb");
    importing_is("ra/basic", "rafdb");
    assert_mf_ok(importing(&im, "rafdb", mf_test_path("ra"), "ra-out", NULL, &err), &err);
    assert_int_equal(im.data->n_rows, 2);
    assert_int_equal(im.n_landmarks, 0); /* those of the original do not fit the aligned picture */
    importing_row(im.data, "Image/aligned/train_00001_aligned.jpg", "sadness", "", MF_OCC_NONE, MF_SPLIT_TRAIN);
    importing_row(im.data, "Image/aligned/test_0001_aligned.jpg", "neutral", "", MF_OCC_NONE, MF_SPLIT_TEST);
    notes_say(&im, "1 pictures of the list are not there, the first 'Image/aligned/train_00002_aligned.jpg'");
    notes_say(&im, "train: 1 pictures, where RAF-DB has 12271");
    mf_import_free(&im);
    assert_mf_ok(importing(&im, "rafdb", mf_test_path("ra/basic"), "ra-out", original, &err), &err);
    assert_int_equal(im.n_landmarks, 1);
    mf_import_free(&im);
    assert_mf_ok(importing(&im, "rafdb", mf_test_path("ra/basic"), "ra-out", cut, &err), &err);
    mf_import_free(&im);
    assert_mf_ok(mf_dataset_load(&d, mf_test_path("ra-out"), &err), &err);
    assert_mf_ok(mf_landmarks_load(&t, d, &err), &err);
    lm = mf_landmarks_of(t, (size_t)mf_dataset_find(d, "Image/original/train_00001.jpg"));
    assert_true(lm.n == 5 && lm.x[1] == 15.5f && lm.y[1] == 5); /* in the part that was cut out */
    assert_mf_ok(mf_image_load(&px, mf_test_path("ra-out/Image/original/train_00001.jpg"), 0, &err), &err);
    assert_true(px.width == 20 && px.height == 20);
    mf_image_free(&px);
    assert_mf_ok(mf_image_load(&px, mf_test_path("ra-out/Image/original/test_0001.jpg"), 0, &err), &err);
    assert_true(px.width == 25 && px.height == 35); /* the box reaches beyond the picture */
    mf_image_free(&px);
    mf_landmarks_free(t);
    mf_dataset_free(d);
    assert_mf_fails(importing(&im, "rafdb", mf_test_path("ra"), "ra-no", wrong, &err), MF_E_ARG, &err, "--crop is for --images original");
    small_text("ra/basic/Annotation/boundingbox/test_0001_boundingbox.txt", "1 2 3");
    assert_mf_fails(importing(&im, "rafdb", mf_test_path("ra"), "ra-no", cut, &err), MF_E_FORMAT, &err,
                    "list_patition_label.txt: line 3: ");
    assert_non_null(strstr(err.msg, "test_0001_boundingbox.txt: line 1: expected four numbers, not 3"));
    assert_mf_fails(importing(&im, "rafdb", mf_test_path("ra/compound"), "ra-no", NULL, &err), MF_E_FORMAT, &err, "line 1: label (1 surprise");
    small_text("ra/basic/EmoLabel/list_patition_label.txt", "train_00001.jpg 5\ntrain_00002.jpg 0\n");
    assert_mf_fails(importing(&im, "rafdb", mf_test_path("ra"), "ra-no", NULL, &err), MF_E_FORMAT, &err,
                    "list_patition_label.txt: line 2: label");
    small_text("ra/basic/EmoLabel/list_patition_label.txt", "../train_00001.jpg 5\n");
    assert_mf_fails(importing(&im, "rafdb", mf_test_path("ra"), "ra-no", NULL, &err), MF_E_FORMAT, &err, "line 1: '../train_00001.jpg' is no name like");
    assert_int_equal(importing_entries("ra-no"), 0);
}

static void
test_rafdb_folders(void **state)
{
    mf_import im  = {0};
    mf_err    err = {0};

    (void)state;
    picture("rf/DATASET/train/4/train_00001_aligned.jpg");
    picture("rf/DATASET/train/7/train_00002_aligned.jpg");
    picture("rf/DATASET/test/1/test_0001_aligned.jpg");
    importing_is("rf", "rafdb");
    assert_mf_ok(importing(&im, "rafdb", mf_test_path("rf"), "rf-out", NULL, &err), &err);
    importing_row(im.data, "train/4/train_00001_aligned.jpg", "happiness", "", MF_OCC_NONE, MF_SPLIT_TRAIN);
    importing_row(im.data, "test/1/test_0001_aligned.jpg", "surprise", "", MF_OCC_NONE, MF_SPLIT_TEST);
    mf_import_free(&im);
    picture("rf/DATASET/test/0/test_0002_aligned.jpg");
    assert_mf_fails(importing(&im, "rafdb", mf_test_path("rf"), "rf-no", NULL, &err), MF_E_FORMAT, &err, "test/0/test_0002_aligned.jpg': label (1");
}

/* ---- JAFFE ---- */

static void
test_jaffe(void **state)
{
    mf_import im  = {0};
    mf_err    err = {0};

    (void)state;
    small_text("ja/jaffe/KA.AN1.39.tiff", "not opened by a scan");
    picture("ja/jaffe/KA.NE2.27.png");
    picture("ja/jaffe/YM.SU3.60.jpg");
    picture("ja/jaffe/face.jpg");
    small_text("ja/jaffe/README", "");
    importing_is("ja", "jaffe");
    assert_mf_ok(importing(&im, "jaffe", mf_test_path("ja"), "ja-out", NULL, &err), &err);
    assert_int_equal(im.data->n_rows, 3);
    importing_row(im.data, "jaffe/KA.AN1.39.tiff", "angry", "KA", MF_OCC_NONE, MF_SPLIT_NONE);
    importing_row(im.data, "jaffe/KA.NE2.27.png", "neutral", "KA", MF_OCC_NONE, MF_SPLIT_NONE);
    importing_row(im.data, "jaffe/YM.SU3.60.jpg", "surprise", "YM", MF_OCC_NONE, MF_SPLIT_NONE);
    notes_say(&im, "1 names do not follow SS.EEn.num, as KA.AN1.39, and were left out, the first 'jaffe/face.jpg'");
    notes_say(&im, "3 pictures, where JAFFE has 213");
    mf_import_free(&im);
}

/* ---- CK+ ---- */

static void
frames(const char *sequence, const char *name, int n)
{
    char rel[200];
    int  i;

    for (i = 1; i <= n; i++) {
        snprintf(rel, sizeof rel, "ck/cohn-kanade-images/%s/%s_%08d.png", sequence, name, i);
        picture(rel);
    }
}

static void
test_ckplus_original(void **state)
{
    static const char *const all[] = {"neutral", "all", "contempt", "false", "frames", "1", NULL};
    static const char *const none[] = {"neutral", "none", "frames", "2", NULL};
    mf_import im  = {0};
    mf_str    pts = {0};
    mf_err    err = {0};
    char      counts[300];
    int       i;

    (void)state;
    frames("S005/001", "S005_001", 6);
    frames("S005/002", "S005_002", 3); /* its folder in Emotion is empty */
    frames("S010/001", "S010_001", 2); /* contempt */
    frames("S010/002", "S010_002", 4); /* no folder in Emotion */
    small_text("ck/cohn-kanade-images/S005/001/.DS_Store", "");
    small_text("ck/Emotion/S005/001/S005_001_00000006_emotion.txt", "   3.0000000e+00\n");
    (void)small_path("ck/Emotion/S005/002/");
    small_text("ck/Emotion/S010/001/S010_001_00000002_emotion.txt", "   2.0000000e+00\n");
    for (i = 0; i < 68; i++)
        mf_str_printf(&pts, "   1.0e+01   %d.0e+00\n", i);
    small_text("ck/Landmarks/S005/001/S005_001_00000006_landmarks.txt", mf_str_c(&pts));
    importing_is("ck", "ckplus");
    assert_mf_ok(importing(&im, "ckplus", mf_test_path("ck"), "ck-out", NULL, &err), &err);
    importing_counts(counts, sizeof counts, im.data);
    assert_string_equal(counts, "neutral:2 anger:0 contempt:1 disgust:3 fear:0 happiness:0 sadness:0 surprise:0");
    importing_row(im.data, "cohn-kanade-images/S005/001/S005_001_00000001.png", "neutral", "S005", MF_OCC_NONE, MF_SPLIT_NONE);
    importing_row(im.data, "cohn-kanade-images/S005/001/S005_001_00000004.png", "disgust", "S005", MF_OCC_NONE, MF_SPLIT_NONE);
    assert_int_equal(im.n_landmarks, 1);
    notes_say(&im, "4 sequences, 2 of them labelled");
    notes_say(&im, "disgust: 1 sequences, where CK+ has 59");
    mf_import_free(&im);
    assert_mf_ok(importing(&im, "ckplus", mf_test_path("ck"), "ck-out", all, &err), &err);
    importing_counts(counts, sizeof counts, im.data);
    assert_string_equal(counts, "neutral:3 anger:0 disgust:1 fear:0 happiness:0 sadness:0 surprise:0");
    mf_import_free(&im);
    assert_mf_ok(importing(&im, "ckplus", mf_test_path("ck"), "ck-out", none, &err), &err);
    importing_counts(counts, sizeof counts, im.data);
    assert_string_equal(counts, "anger:0 contempt:2 disgust:2 fear:0 happiness:0 sadness:0 surprise:0");
    mf_import_free(&im);
    small_text("ck/Emotion/S005/001/S005_001_00000006_emotion.txt", "   8.0000000e+00\n");
    assert_mf_fails(importing(&im, "ckplus", mf_test_path("ck"), "ck-no", NULL, &err), MF_E_FORMAT, &err,
                    "S005_001_00000006_emotion.txt: line 1: expected one number, 1 anger");
    small_text("ck/Emotion/S005/001/S005_001_00000006_emotion.txt", "2.5");
    assert_mf_fails(importing(&im, "ckplus", mf_test_path("ck"), "ck-no", NULL, &err), MF_E_FORMAT, &err, "not '2.5'");
    assert_int_equal(remove(mf_test_path("ck/Emotion/S005/001/S005_001_00000006_emotion.txt")), 0);
    small_text("ck/Emotion/S005/001/S005_001_00000009_emotion.txt", "3");
    assert_mf_fails(importing(&im, "ckplus", mf_test_path("ck"), "ck-no", NULL, &err), MF_E_FORMAT, &err, "names frame 9, which is not there");
    assert_int_equal(importing_entries("ck-no"), 0);
    mf_str_free(&pts);
}

static void
test_ckplus_folders(void **state)
{
    mf_import im  = {0};
    mf_err    err = {0};

    (void)state;
    picture("cf/CK+48/anger/S010_004_00000017.png");
    picture("cf/CK+48/happy/S011_006_00000011.png");
    picture("cf/CK+48/contempt/S138_008_00000007.png");
    importing_is("cf", "ckplus");
    assert_mf_ok(importing(&im, "ckplus", mf_test_path("cf"), "cf-out", NULL, &err), &err);
    assert_int_equal(im.data->n_classes, 7);
    importing_row(im.data, "happy/S011_006_00000011.png", "happiness", "S011", MF_OCC_NONE, MF_SPLIT_NONE);
    importing_row(im.data, "contempt/S138_008_00000007.png", "contempt", "S138", MF_OCC_NONE, MF_SPLIT_NONE);
    notes_say(&im, "3 pictures, where the 48-pixel version of CK+ has 981");
    mf_import_free(&im);
    picture("cf/CK+48/bored/S138_008_00000007.png");
    assert_mf_fails(importing(&im, "ckplus", mf_test_path("cf"), "cf-no", NULL, &err), MF_E_FORMAT, &err, "bored' is no expression of CK+");
}

/* ---- AffectNet ---- */

static const char header[] =
    "subDirectory_filePath,face_x,face_y,face_width,face_height,facial_landmarks,expression,valence,arousal\n";

/* A row of a list; 68 points round (x, y). */
static void
put_row(mf_str *s, const char *path, const char *box, int x, int y, int label)
{
    int i;

    mf_str_printf(s, "%s,%s,", path, box);
    for (i = 0; i < 68; i++)
        mf_str_printf(s, "%s%d;%d.5", i ? ";" : "", x + i % 3, y);
    mf_str_printf(s, ",%d,-2,-2\n", label);
}

static void
test_affectnet_lists(void **state)
{
    static const char *const whole[] = {"crop", "false", "contempt", "false", NULL};
    static const char *const machine[] = {"annotations", "automatic", NULL};
    mf_import    im  = {0};
    mf_str       s   = {0};
    mf_image     px  = {0};
    mf_dataset  *d   = NULL;
    mf_landmark_table *t = NULL;
    mf_landmarks lm;
    mf_err       err = {0};

    (void)state;
    small_picture("an/Manually_Annotated_Images/1/aa.JPG.jpg", 60, 50, 3, 1);
    small_picture("an/Manually_Annotated_Images/1/bb.png", 60, 50, 3, 2);
    small_picture("an/Manually_Annotated_Images/2/cc.jpg", 60, 50, 3, 3);
    mf_str_add(&s, header);
    put_row(&s, "1/aa.JPG.jpg", "10,12,30,20", 20, 20, 3);
    put_row(&s, "1/bb.png", "0,0,50,50", 20, 20, 7);
    put_row(&s, "1/none.jpg", "0,0,50,50", 20, 20, 1);
    mf_str_add(&s, "1/bb2.png,NULL,NULL,NULL,NULL,,10,-2,-2\n"); /* no face: nothing of it is read */
    small_text("an/Manually_Annotated_file_lists/training.csv", mf_str_c(&s));
    mf_str_clear(&s);
    put_row(&s, "2/cc.jpg", "1,1,40,40", 20, 20, 0); /* no header */
    small_text("an/Manually_Annotated_file_lists/validation.csv", mf_str_c(&s));
    importing_is("an", "affectnet");
    assert_mf_ok(importing(&im, "affectnet", mf_test_path("an"), "an-out", NULL, &err), &err);
    assert_int_equal(im.data->n_rows, 3);
    importing_row(im.data, "Manually_Annotated_Images/1/aa.JPG.jpg", "surprise", "", MF_OCC_NONE, MF_SPLIT_TRAIN);
    importing_row(im.data, "Manually_Annotated_Images/1/bb.png", "contempt", "", MF_OCC_NONE, MF_SPLIT_TRAIN);
    importing_row(im.data, "Manually_Annotated_Images/2/cc.jpg", "neutral", "", MF_OCC_NONE, MF_SPLIT_VAL);
    notes_say(&im, "1 pictures without expression, uncertain or without a face left out");
    notes_say(&im, "the first 'Manually_Annotated_Images/1/none.jpg'");
    notes_say(&im, "train: 2 pictures, where 287651 were published");
    mf_import_free(&im);
    assert_mf_ok(mf_image_load(&px, mf_test_path("an-out/Manually_Annotated_Images/1/aa.JPG.jpg"), 0, &err), &err);
    assert_true(px.width == 30 && px.height == 20);
    mf_image_free(&px);
    assert_mf_ok(mf_dataset_load(&d, mf_test_path("an-out"), &err), &err);
    assert_mf_ok(mf_landmarks_load(&t, d, &err), &err);
    lm = mf_landmarks_of(t, (size_t)mf_dataset_find(d, "Manually_Annotated_Images/1/aa.JPG.jpg"));
    assert_true(lm.n == 68 && lm.x[1] == 11 && lm.y[1] == 8.5f);
    mf_landmarks_free(t);
    mf_dataset_free(d);
    assert_mf_ok(importing(&im, "affectnet", mf_test_path("an"), "an-out", whole, &err), &err);
    assert_int_equal(im.data->n_classes, 7);
    assert_int_equal(im.data->n_rows, 2);
    mf_import_free(&im);
    small_same_bytes("an-out/Manually_Annotated_Images/2/cc.jpg", "an/Manually_Annotated_Images/2/cc.jpg");
    assert_mf_fails(importing(&im, "affectnet", mf_test_path("an"), "an-no", machine, &err), MF_E_NOTFOUND, &err,
                    "has no Automatically_Annotated_file_lists/");
    mf_str_free(&s);
}

static void
test_affectnet_list_errors(void **state)
{
    static const struct { const char *row, *says; } bad[] = {
        {"1/a.jpg,1,1,9,9,,11,0,0\n", "training.csv: line 2: expression: "},
        {"1/a.jpg,1,1,9,9,,happy,0,0\n", "training.csv: line 2: expression: "},
        {"../a.jpg,1,1,9,9,,1,0,0\n", "training.csv: line 2: picture '../a.jpg' leaves its folder"},
        {"1/a.jpg,1,1,0,9,,1,0,0\n", "training.csv: line 2: face_width: "},
        {"1/a.jpg,1,1,9,9,1;2;3,1,0,0\n", "training.csv: line 2: facial_landmarks has 3 numbers; 68 points have 136"},
        {"1/a.jpg,1,1,9,9,1;x,1,0,0\n", "training.csv: line 2: facial_landmarks: "},
        {"1/a.jpg,1,1,9,9,,1,0\n", "training.csv: line 2: 8 fields, but the first row has 9"},
    };
    mf_import im = {0};
    mf_str    s  = {0};
    size_t    i;

    (void)state;
    picture("ae/Manually_Annotated_Images/1/a.jpg");
    for (i = 0; i < sizeof bad / sizeof *bad; i++) {
        mf_err err = {0};

        mf_str_clear(&s);
        mf_str_printf(&s, "%s%s", header, bad[i].row);
        small_text("ae/Manually_Annotated_file_lists/training.csv", mf_str_c(&s));
        assert_mf_fails(importing(&im, "affectnet", mf_test_path("ae"), "ae-no", NULL, &err), MF_E_FORMAT, &err, bad[i].says);
    }
    assert_int_equal(importing_entries("ae-no"), 0);
    mf_str_free(&s);
}

/* A scalar of type <U1, as the release has them. */
static void
npy_text(const char *rel, char digit)
{
    static const char head[] = "{'descr': '<U1', 'fortran_order': False, 'shape': (), }              \n";
    char   buf[200] = "\x93NUMPY\x01";
    size_t n = sizeof head - 1;
    mf_err err = {0};

    buf[8] = (char)n;
    memcpy(buf + 10, head, n);
    buf[10 + n] = digit;
    assert_mf_ok(mf_file_write(small_path(rel), buf, 10 + n + 4, &err), &err);
}

static void
test_affectnet_npy(void **state)
{
    static const char head[] = "{'descr': '<f8', 'fortran_order': False, 'shape': (68, 2), }\n";
    mf_import im  = {0};
    mf_err    err = {0};
    char      points[10 + sizeof head - 1 + 136 * 8] = "\x93NUMPY\x01";

    (void)state;
    points[8] = (char)(sizeof head - 1);
    memcpy(points + 10, head, sizeof head - 1);
    picture("a2/train_set/images/7.jpg");
    picture("a2/train_set/images/12.jpg");
    picture("a2/val_set/images/7.jpg");
    npy_text("a2/train_set/annotations/7_exp.npy", '6');
    npy_text("a2/val_set/annotations/7_exp.npy", '1');
    assert_mf_ok(mf_file_write(small_path("a2/train_set/annotations/7_lnd.npy"), points, sizeof points, &err), &err);
    importing_is("a2", "affectnet");
    assert_mf_ok(importing(&im, "affectnet", mf_test_path("a2"), "a2-out", NULL, &err), &err);
    assert_int_equal(im.data->n_rows, 2);
    assert_int_equal(im.n_landmarks, 1);
    importing_row(im.data, "train_set/images/7.jpg", "anger", "", MF_OCC_NONE, MF_SPLIT_TRAIN);
    importing_row(im.data, "val_set/images/7.jpg", "happiness", "", MF_OCC_NONE, MF_SPLIT_VAL);
    notes_say(&im, "1 pictures or annotations are not there");
    mf_import_free(&im);
    npy_text("a2/train_set/annotations/12_exp.npy", 'x');
    assert_mf_fails(importing(&im, "affectnet", mf_test_path("a2"), "a2-no", NULL, &err), MF_E_FORMAT, &err,
                    "12_exp.npy: a text for a number: expected a number, not 'x'");
    assert_int_equal(importing_entries("a2-no"), 0);
}

static void
test_affectnet_folders(void **state)
{
    mf_import im  = {0};
    mf_err    err = {0};

    (void)state;
    picture("affectnet3/train/anger/1.jpg");
    picture("affectnet3/train/sad/1.jpg");
    picture("affectnet3/val/3/1.jpg");
    importing_is("affectnet3", "folders");
    assert_mf_fails(importing(&im, "affectnet", mf_test_path("affectnet3"), "a3-no", NULL, &err), MF_E_NOTFOUND, &err, "has neither");
    picture("affectnet3/train/contempt/1.jpg");
    importing_is("affectnet3", "affectnet");
    assert_mf_ok(importing(&im, "affectnet", mf_test_path("affectnet3"), "a3-out", NULL, &err), &err);
    importing_row(im.data, "train/anger/1.jpg", "anger", "", MF_OCC_NONE, MF_SPLIT_TRAIN);
    importing_row(im.data, "val/3/1.jpg", "surprise", "", MF_OCC_NONE, MF_SPLIT_VAL);
    mf_import_free(&im);
    picture("affectnet3/train/11/1.jpg");
    assert_mf_fails(importing(&im, "affectnet", mf_test_path("affectnet3"), "a3-no", NULL, &err), MF_E_FORMAT, &err,
                    "train/11' is neither an expression nor a number of 0 to 10");
}

/* ---- memory ---- */

static mf_status
import_job(void *arg, mf_err *err)
{
    const char *const *job = arg;
    mf_import im = {0};
    mf_status st = importing(&im, job[0], job[1], "nm-out", NULL, err);

    mf_import_free(&im);
    return st;
}

static void
test_no_memory(void **state)
{
    static const char *const jobs[][2] = {
        {"msde", "nm1"}, {"mlfw", "nm2"}, {"rafdb", "nm3"}, {"jaffe", "nm4"}, {"lfw", "nm5"}, {"ckplus", "nm6"}, {"affectnet", "nm7"},
    };
    mf_str s = {0};
    size_t i;
    char   src[1024];

    (void)state;
    picture("nm1/MSD-E/1_1_a.jpg");
    picture("nm1/MSD-ME/1_1_a.jpg");
    picture("nm2/train/negative/A_B_0001.jpg");
    small_text("nm3/EmoLabel/list_patition_label.txt", "train_00001.jpg 5\n");
    picture("nm3/Image/aligned/train_00001_aligned.jpg");
    picture("nm4/KA.AN1.39.jpg");
    picture("nm5/A_B/A_B_0001.jpg");
    picture("nm6/cohn-kanade-images/S005/001/S005_001_00000001.png");
    picture("nm6/cohn-kanade-images/S005/001/S005_001_00000002.png");
    small_text("nm6/Emotion/S005/001/S005_001_00000002_emotion.txt", "3");
    picture("nm7/Manually_Annotated_Images/1/a.png");
    mf_str_add(&s, header);
    put_row(&s, "1/a.png", "0,0,5,5", 20, 20, 7);
    small_text("nm7/Manually_Annotated_file_lists/training.csv", mf_str_c(&s));
    mf_str_free(&s);
    for (i = 0; i < sizeof jobs / sizeof *jobs; i++) {
        const char *job[2] = {jobs[i][0], src};

        snprintf(src, sizeof src, "%s", mf_test_path(jobs[i][1]));
        mf_test_each_alloc(import_job, job);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_msde), cmocka_unit_test(test_persons), cmocka_unit_test(test_mlfw), cmocka_unit_test(test_lfw),
        cmocka_unit_test(test_rafdb), cmocka_unit_test(test_rafdb_folders), cmocka_unit_test(test_jaffe),
        cmocka_unit_test(test_ckplus_original), cmocka_unit_test(test_ckplus_folders), cmocka_unit_test(test_affectnet_lists),
        cmocka_unit_test(test_affectnet_list_errors), cmocka_unit_test(test_affectnet_npy), cmocka_unit_test(test_affectnet_folders),
        cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests_name("import sets", tests, NULL, NULL);
}
