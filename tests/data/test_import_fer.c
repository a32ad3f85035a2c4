/* tests/data/test_import_fer.c: FER2013 as tables of pixels, FER+ with its rules and both sources of labels, ckextended.csv. */
#include "importing.h"

#include <math.h>
#include <string.h>
#include "core/file.h"
#include "core/mem.h"
#include "data/importers/ferplus.h"
#include "image/image.h"

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
    assert_mf_ok(importing(&im, "ferplus", mf_test_path("fp"), "fp-out", NULL, &err), &err);
    assert_non_null(strstr(im.notes.data, "FER2013Train: 5 rows, 1 kept, 2 dropped"));
    assert_non_null(strstr(im.notes.data, "1 pictures of the list are not in the folder"));
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
    assert_mf_ok(importing(&im, "ferplus", mf_test_path("fp"), "fp-out", probability, &err), &err);
    assert_int_equal(im.data->n_rows, 3); /* b.png too, as neutral */
    assert_int_equal(im.data->rows[1].label, 0);
    mf_import_free(&im);
    small_text("fp/FER2013Train/label.csv", "a.png,\"(0, 0, 48, 48)\",5,0,0,3,1,0,0,0,1,0\na.png,x,5,0,0,x,1,0,0,0,1,0\n");
    assert_mf_fails(importing(&im, "ferplus", mf_test_path("fp"), "fp-no", NULL, &err), MF_E_FORMAT, &err,
                    "FER2013Train/label.csv: line 2: vote count 4");
    small_text("fp/FER2013Train/label.csv", "a.png,5,0,0,3,1,0,0,0,1,0\n");
    assert_mf_fails(importing(&im, "ferplus", mf_test_path("fp"), "fp-no", NULL, &err), MF_E_FORMAT, &err, "line 1: 11 fields");
    small_text("fp/FER2013Train/label.csv", "../a.png,x,5,0,0,3,1,0,0,0,1,0\n");
    assert_mf_fails(importing(&im, "ferplus", mf_test_path("fp"), "fp-no", NULL, &err), MF_E_FORMAT, &err,
                    "line 1: picture '../a.png' leaves its folder");
    assert_mf_fails(importing(&im, "ferplus", small_path("cf/"), "fp-no", NULL, &err), MF_E_NOTFOUND, &err, "has none of");
    assert_int_equal(importing_entries("fp-no"), 0);
}

/* The classes with at least 3/10 of what is left without single votes; percent, -1 in front: dropped. */
static void
test_ferplus_targets(void **state)
{
    static const struct { int v[10], p[8]; } t[] = {
        {{10, 0, 0, 0, 0, 0, 0, 0, 0, 0}, {100, 0, 0, 0, 0, 0, 0, 0}},
        {{4, 0, 0, 1, 3, 2, 0, 0, 0, 0}, {57, 0, 0, 0, 43, 0, 0, 0}},  /* of 9: 2 is under 2.7 */
        {{3, 0, 0, 4, 3, 0, 0, 0, 0, 0}, {30, 0, 0, 40, 30, 0, 0, 0}},
        {{5, 0, 0, 0, 0, 0, 0, 0, 5, 0}, {100, 0, 0, 0, 0, 0, 0, 0}},  /* the first of two is on top; unknown falls away */
        {{2, 2, 2, 2, 2, 0, 0, 0, 0, 0}, {-1}},                        /* none has 3/10 */
        {{3, 2, 2, 2, 0, 0, 0, 0, 0, 0}, {-1}},                        /* 3 of 9 is not over half */
        {{4, 0, 0, 0, 0, 0, 0, 0, 6, 0}, {-1}},
        {{1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, {-1}},
    };
    size_t i;
    int    k;

    (void)state;
    for (i = 0; i < sizeof t / sizeof *t; i++) {
        float p[8];
        bool  has = mf_ferplus_targets(p, t[i].v);

        if (has != (t[i].p[0] >= 0))
            fail_msg("case %zu: targets are %s", i, has ? "there" : "missing");
        for (k = 0; has && k < 8; k++)
            if ((int)floor((double)p[k] * 100 + 0.5) != t[i].p[k])
                fail_msg("case %zu, class %d: %g, not %d %%", i, k, (double)p[k] * 100, t[i].p[k]);
    }
}

/* ---- tables of pixels ---- */

/* 48 x 48 numbers that depend on `seed`, appended; without the last `lack`. */
static void
put_pixels(mf_str *s, unsigned seed, int lack)
{
    int i;

    for (i = 0; i < 48 * 48 - lack; i++)
        mf_str_printf(s, "%s%u", i ? " " : "", ((unsigned)i * 7 + seed * 31) & 255u);
}

static void
write_text(const char *rel, mf_str *s)
{
    mf_err err = {0};

    assert_mf_ok(mf_str_ok(s, &err), &err);
    small_text(rel, mf_str_c(s));
    mf_str_clear(s);
}

static void
assert_pixels(const char *rel, unsigned seed)
{
    mf_image im  = {0};
    mf_err   err = {0};
    int      i;

    assert_mf_ok(mf_image_load(&im, mf_test_path(rel), 0, &err), &err);
    assert_true(im.width == 48 && im.height == 48 && im.channels == 1);
    for (i = 0; i < 48 * 48; i++)
        if (im.px[i] != (((unsigned)i * 7 + seed * 31) & 255u))
            fail_msg("%s: pixel %d is %u", rel, i, im.px[i]);
    mf_image_free(&im);
}

static void
test_fer2013(void **state)
{
    mf_import   im  = {0};
    mf_dataset *d   = NULL;
    mf_str      s   = {0};
    mf_err      err = {0};
    char        counts[300];

    (void)state;
    mf_str_add(&s, "emotion, Usage, pixels\r\n3, Training,");
    put_pixels(&s, 1, 0);
    mf_str_add(&s, "\r\n0,PrivateTest,\"");
    put_pixels(&s, 2, 0);
    mf_str_add(&s, "\"\r\n6,PublicTest,");
    put_pixels(&s, 3, 0);
    write_text("fe/icml_face_data.csv", &s);
    importing_is("fe", "fer2013");
    importing_is("fe/icml_face_data.csv", "fer2013");
    assert_mf_ok(importing(&im, "fer2013", mf_test_path("fe"), "fe-out", NULL, &err), &err);
    assert_non_null(strstr(im.notes.data, "train: 1 pictures, where 28709 were published"));
    mf_import_free(&im);
    assert_mf_ok(mf_dataset_load(&d, mf_test_path("fe-out"), &err), &err);
    importing_counts(counts, sizeof counts, d);
    assert_string_equal(counts, "anger:1 disgust:0 fear:0 happiness:1 sadness:0 surprise:0 neutral:1");
    importing_row(d, "train/fer0000000.png", "happiness", "", MF_OCC_NONE, MF_SPLIT_TRAIN);
    importing_row(d, "test/fer0000001.png", "anger", "", MF_OCC_NONE, MF_SPLIT_TEST);
    importing_row(d, "val/fer0000002.png", "neutral", "", MF_OCC_NONE, MF_SPLIT_VAL);
    mf_dataset_free(d);
    assert_pixels("fe-out/train/fer0000000.png", 1);
    assert_pixels("fe-out/test/fer0000001.png", 2);
    assert_pixels("fe-out/val/fer0000002.png", 3);
    /* A table a part; the test part of one challenge has no labels. */
    mf_str_add(&s, "emotion,pixels\n5,");
    put_pixels(&s, 4, 0);
    write_text("fp2/train.csv", &s);
    mf_str_add(&s, "pixels\n");
    put_pixels(&s, 5, 0);
    write_text("fp2/test.csv", &s);
    assert_mf_ok(importing(&im, "fer2013", mf_test_path("fp2"), "fp2-out", NULL, &err), &err);
    assert_int_equal(im.data->n_rows, 1);
    importing_row(im.data, "train/fer0000000.png", "surprise", "", MF_OCC_NONE, MF_SPLIT_TRAIN);
    assert_non_null(strstr(im.notes.data, "test.csv has no column 'emotion': its 1 pictures have no label"));
    mf_import_free(&im);
    mf_str_free(&s);
}

static void
test_fer2013_errors(void **state)
{
    static const struct { const char *head, *row; int lack; const char *says; } bad[] = {
        {"emotion,pixels,Usage\n", "7,P,Training\n", 0, "fer2013.csv: line 2: emotion: "},
        {"emotion,pixels,Usage\n", "7,P,Training\n", 0, "CK+: `ckplus`"},
        {"emotion,pixels,Usage\n", "-1,P,Training\n", 0, "fer2013.csv: line 2: emotion: "},
        {"emotion,pixels,Usage\n", "1,P,Trainig\n", 0, "fer2013.csv: line 2: Usage 'Trainig' is none of"},
        {"emotion,pixels,Usage\n", "1,P,Training\n", 1, "fer2013.csv: line 2: 2303 pixels, but a picture of 48 x 48 has 2304"},
        {"emotion,pixels,Usage\n", "1,P 9,Training\n", 0, "line 2: 2305 pixels"},
        {"emotion,pixels,Usage\n", "1,256 P,Training\n", 1, "line 2: pixel 1 ('256 31 38 45') is no whole number of 0 to 255"},
        {"emotion,pixels,Usage\n", "1,P 1.5,Training\n", 1, "line 2: pixel 2304 ('1.5') is no whole number"},
        {"emotion,pixels,Usage\n", "1,P,Training,4\n", 0, "line 2: 4 fields, but the header has 3"},
        {"emotion,pixel,Usage\n", "1,P,Training\n", 0, "fer2013.csv: line 1: no column 'pixels'"},
    };
    mf_import im = {0};
    mf_str    s  = {0};
    size_t    i;

    (void)state;
    for (i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *p   = strchr(bad[i].row, 'P');
        mf_err      err = {0};

        mf_str_add(&s, bad[i].head);
        mf_str_addn(&s, bad[i].row, (size_t)(p - bad[i].row));
        put_pixels(&s, 1, bad[i].lack);
        mf_str_add(&s, p + 1);
        write_text("fe2/fer2013.csv", &s);
        assert_mf_fails(importing(&im, "fer2013", mf_test_path("fe2"), "fe2-no", NULL, &err), MF_E_FORMAT, &err, NULL);
        if (!strstr(err.msg, bad[i].says))
            fail_msg("'%s' does not say '%s'", err.msg, bad[i].says);
    }
    assert_int_equal(importing_entries("fe2-no"), 0);
    mf_str_free(&s);
}

/* Of the eight kinds ckextended.csv has one more than FER2013, and its own numbers. */
static void
test_ckextended(void **state)
{
    static const char *const without[] = {"contempt", "false", NULL};
    mf_import im  = {0};
    mf_str    s   = {0};
    mf_err    err = {0};
    char      counts[300];
    int       i;

    (void)state;
    mf_str_add(&s, "emotion,pixels,Usage\n");
    for (i = 0; i < 8; i++) {
        mf_str_printf(&s, "%d,", i);
        put_pixels(&s, (unsigned)i, 0);
        mf_str_add(&s, i == 5 ? ",PublicTest\n" : ",Training\n");
    }
    write_text("ce/ckextended.csv", &s);
    importing_is("ce", "ckplus");
    importing_is("ce/ckextended.csv", "ckplus");
    assert_mf_ok(importing(&im, "ckplus", mf_test_path("ce"), "ce-out", NULL, &err), &err);
    importing_counts(counts, sizeof counts, im.data);
    assert_string_equal(counts, "neutral:1 anger:1 contempt:1 disgust:1 fear:1 happiness:1 sadness:1 surprise:1");
    importing_row(im.data, "train/ck0000.png", "anger", "", MF_OCC_NONE, MF_SPLIT_TRAIN);
    importing_row(im.data, "train/ck0001.png", "disgust", "", MF_OCC_NONE, MF_SPLIT_TRAIN);
    importing_row(im.data, "train/ck0003.png", "happiness", "", MF_OCC_NONE, MF_SPLIT_TRAIN);
    importing_row(im.data, "val/ck0005.png", "surprise", "", MF_OCC_NONE, MF_SPLIT_VAL);
    importing_row(im.data, "train/ck0006.png", "neutral", "", MF_OCC_NONE, MF_SPLIT_TRAIN);
    importing_row(im.data, "train/ck0007.png", "contempt", "", MF_OCC_NONE, MF_SPLIT_TRAIN);
    assert_non_null(strstr(im.notes.data, "8 rows, where ckextended.csv has 920"));
    mf_import_free(&im);
    assert_mf_ok(importing(&im, "ckplus", mf_test_path("ce/ckextended.csv"), "ce-out", without, &err), &err);
    assert_int_equal(im.data->n_classes, 7);
    assert_int_equal(im.data->n_rows, 7);
    mf_import_free(&im);
    mf_str_free(&s);
}

/* ---- fer2013new.csv ---- */

static const char new_votes[] =
    "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF\n"
    "Training,fer0000000.png,9,0,0,0,1,0,0,0,0,0\n"
    "Training,,0,0,0,0,0,0,0,0,0,10\n"
    "Training,fer0000001.png,0,9,0,0,0,0,0,0,0,0\n"        /* the name lags behind the row */
    "PublicTest,fer0000002.png,4,0,0,4,2,0,0,0,0,0\n"
    "PrivateTest,fer0000002.png,0,0,0,0,0,0,9,0,1,0\n";

static void
test_ferplus_new_by_row(void **state)
{
    static const char *const parts[] = {"labels", "label.csv", NULL};
    mf_import   im  = {0};
    mf_dataset *d   = NULL;
    mf_str      s   = {0};
    mf_err      err = {0};
    int         i;

    (void)state;
    small_text("fn/fer2013new.csv", new_votes);
    mf_str_add(&s, "emotion,pixels,Usage\n");
    for (i = 0; i < 5; i++) {
        mf_str_add(&s, "0,");
        put_pixels(&s, (unsigned)i, 0);
        mf_str_add(&s, i < 3 ? ",Training\n" : i < 4 ? ",PublicTest\n" : ",PrivateTest\n");
    }
    write_text("fn/fer2013.csv", &s);
    importing_is("fn", "ferplus");
    assert_mf_ok(importing(&im, "ferplus", mf_test_path("fn"), "fn-out", NULL, &err), &err);
    assert_non_null(strstr(im.notes.data, "votes from fer2013new.csv"));
    assert_non_null(strstr(im.notes.data, "FER2013Train: 3 rows, 2 kept, 1 dropped"));
    assert_non_null(strstr(im.notes.data, "1 rows have other than 10 votes in all"));
    mf_import_free(&im);
    assert_mf_ok(mf_dataset_load(&d, mf_test_path("fn-out"), &err), &err);
    assert_int_equal(d->n_rows, 3); /* validation goes by majority, which row 3 has not */
    importing_row(d, "FER2013Train/fer0000002.png", "happiness", "", MF_OCC_NONE, MF_SPLIT_TRAIN);
    importing_row(d, "FER2013Test/fer0000004.png", "fear", "", MF_OCC_NONE, MF_SPLIT_TEST);
    mf_dataset_free(d);
    assert_pixels("fn-out/FER2013Train/fer0000002.png", 2);
    assert_pixels("fn-out/FER2013Test/fer0000004.png", 4);
    assert_mf_fails(importing(&im, "ferplus", mf_test_path("fn"), "fn-no", parts, &err), MF_E_NOTFOUND, &err,
                    "has none of FER2013Train/label.csv");
    /* Two tables that do not belong together. */
    mf_str_add(&s, "emotion,pixels,Usage\n0,");
    put_pixels(&s, 1, 0);
    mf_str_add(&s, ",PublicTest\n");
    write_text("fn/fer2013.csv", &s);
    assert_mf_fails(importing(&im, "ferplus", mf_test_path("fn"), "fn-no", NULL, &err), MF_E_FORMAT, &err,
                    "fer2013new.csv: line 2: Usage is 'Training', but ");
    mf_str_add(&s, "emotion,pixels\n0,");
    put_pixels(&s, 1, 0);
    mf_str_add(&s, "\n");
    write_text("fn/fer2013.csv", &s);
    assert_mf_fails(importing(&im, "ferplus", mf_test_path("fn"), "fn-no", NULL, &err), MF_E_FORMAT, &err,
                    "fer2013new.csv has more rows than ");
    assert_int_equal(importing_entries("fn-no"), 0);
    mf_str_free(&s);
}

/* Pictures written under the names of the list: where a name comes twice, the later row wrote last. */
static void
test_ferplus_new_by_name(void **state)
{
    mf_import im  = {0};
    mf_str    s   = {0};
    mf_err    err = {0};

    (void)state;
    mf_str_add(&s, new_votes);
    mf_str_add(&s, "Training,fer0000001.png,0,0,9,1,0,0,0,0,0,0\nTraining,gone.png,9,0,0,1,0,0,0,0,0,0\n");
    write_text("fm/fer2013new.csv", &s);
    small_picture("fm/FER2013Train/fer0000000.png", 48, 48, 1, 1);
    small_picture("fm/FER2013Train/fer0000001.png", 48, 48, 1, 2);
    small_picture("fm/FER2013Test/fer0000002.png", 48, 48, 1, 3);
    assert_mf_ok(importing(&im, "ferplus", mf_test_path("fm"), "fm-out", NULL, &err), &err);
    assert_int_equal(im.data->n_rows, 3);
    importing_row(im.data, "FER2013Train/fer0000001.png", "surprise", "", MF_OCC_NONE, MF_SPLIT_TRAIN);
    importing_row(im.data, "FER2013Test/fer0000002.png", "fear", "", MF_OCC_NONE, MF_SPLIT_TEST);
    assert_non_null(strstr(im.notes.data, "1 names came a second time"));
    assert_non_null(strstr(im.notes.data, "1 rows have no name"));
    assert_non_null(strstr(im.notes.data, "1 pictures of the list are not in the folder"));
    mf_import_free(&im);
    small_text("fm/fer2013new.csv", "Usage,Image name,neutral,happiness\n");
    assert_mf_fails(importing(&im, "ferplus", mf_test_path("fm"), "fm-no", NULL, &err), MF_E_FORMAT, &err,
                    "fer2013new.csv: line 1: no column 'surprise'");
    mf_str_free(&s);
}

static void
test_modes(void **state)
{
    static const char *const cross[] = {"mode", "crossentropy", NULL}, *const multi[] = {"mode", "multi-target", NULL};
    mf_import im  = {0};
    mf_err    err = {0};

    (void)state;
    small_picture("mo/FER2013Train/a.png", 48, 48, 1, 1);
    small_picture("mo/FER2013Train/b.png", 48, 48, 1, 2);
    small_picture("mo/FER2013Valid/a.png", 48, 48, 1, 3);
    small_text("mo/FER2013Train/label.csv", "a.png,x,3,0,0,4,3,0,0,0,0,0\nb.png,x,2,2,2,2,2,0,0,0,0,0\n");
    small_text("mo/FER2013Valid/label.csv", "a.png,x,3,0,0,4,3,0,0,0,0,0\n");
    assert_mf_ok(importing(&im, "ferplus", mf_test_path("mo"), "mo-out", multi, &err), &err);
    assert_int_equal(im.data->n_rows, 1); /* validation has no majority */
    importing_row(im.data, "FER2013Train/a.png", "sadness", "", MF_OCC_NONE, MF_SPLIT_TRAIN);
    assert_true(im.data->rows[0].soft[0] == 0.3f && im.data->rows[0].soft[3] == 0.4f && im.data->rows[0].soft[4] == 0.3f);
    mf_import_free(&im);
    assert_mf_ok(importing(&im, "ferplus", mf_test_path("mo"), "mo-out", cross, &err), &err);
    assert_int_equal(im.data->n_rows, 1);
    mf_import_free(&im);
}

/* Equal pixels are one picture, whatever stands beside them in the table. */
static void
test_repeated_rows(void **state)
{
    mf_import_opts o   = {.drop_repeated = true, .force = true, .jobs = {.workers = 2}};
    mf_import      im  = {0};
    mf_str         s   = {0};
    mf_err         err = {0};

    (void)state;
    mf_str_add(&s, "emotion,pixels,Usage\n3,");
    put_pixels(&s, 1, 0);
    mf_str_add(&s, ",Training\n4,");
    put_pixels(&s, 2, 0);
    mf_str_add(&s, ",Training\n5,");
    put_pixels(&s, 1, 0);
    mf_str_add(&s, ",PrivateTest\n");
    write_text("rr/fer2013.csv", &s);
    assert_mf_ok(importing_with(&im, "fer2013", mf_test_path("rr"), "rr-out", NULL, &o, &err), &err);
    assert_int_equal(im.data->n_rows, 2);
    importing_row(im.data, "test/fer0000002.png", "surprise", "", MF_OCC_NONE, MF_SPLIT_TEST);
    mf_import_free(&im);
    assert_pixels("rr-out/train/fer0000001.png", 2);
    mf_str_free(&s);
}

/* A table of 4 MB is imported in much less: pixels are read again, a picture at a time. */
static void
test_memory(void **state)
{
    enum { ROWS = 500 };
    mf_import im   = {0};
    mf_str    s    = {0};
    mf_err    err  = {0};
    size_t    base, size;
    int       i;

    (void)state;
    mf_str_add(&s, "emotion,pixels,Usage\n");
    for (i = 0; i < ROWS; i++) {
        mf_str_printf(&s, "%d,", i % 7);
        put_pixels(&s, (unsigned)i, 0);
        mf_str_add(&s, ",Training\n");
    }
    size = s.len;
    assert_mf_ok(mf_file_write(small_path("big/fer2013.csv"), mf_str_c(&s), s.len, &err), &err);
    mf_str_free(&s);
    base = mf_mem_now();
    assert_mf_ok(importing(&im, "fer2013", mf_test_path("big"), "big-out", NULL, &err), &err);
    assert_int_equal(im.data->n_rows, ROWS);
    if (mf_mem_now() - base > ROWS * 1024)
        fail_msg("%zu bytes a row are kept", (mf_mem_now() - base) / ROWS);
    assert_true(size > 3u << 20);
    mf_import_free(&im);
    assert_true(mf_mem_now() == base);
}

static mf_status
import_job(void *arg, mf_err *err)
{
    mf_import im = {0};
    mf_status st = importing(&im, "ferplus", arg, "nm-out", NULL, err);

    mf_import_free(&im);
    return st;
}

static void
test_no_memory(void **state)
{
    mf_str s = {0};
    char   src[1024];

    (void)state;
    mf_str_add(&s, "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF\n"
                   "Training,fer0000000.png,9,0,0,0,1,0,0,0,0,0\n");
    write_text("nm/fer2013new.csv", &s);
    mf_str_add(&s, "emotion,pixels,Usage\n0,");
    put_pixels(&s, 1, 0);
    mf_str_add(&s, ",Training\n");
    write_text("nm/fer2013.csv", &s);
    mf_str_free(&s);
    snprintf(src, sizeof src, "%s", mf_test_path("nm"));
    mf_test_each_alloc(import_job, src);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ferplus_rules), cmocka_unit_test(test_ferplus_targets), cmocka_unit_test(test_ferplus_layout),
        cmocka_unit_test(test_fer2013), cmocka_unit_test(test_fer2013_errors), cmocka_unit_test(test_ckextended),
        cmocka_unit_test(test_ferplus_new_by_row), cmocka_unit_test(test_ferplus_new_by_name), cmocka_unit_test(test_modes),
        cmocka_unit_test(test_repeated_rows), cmocka_unit_test(test_memory), cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests_name("import FER", tests, NULL, NULL);
}
