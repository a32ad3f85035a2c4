/* tests/data/test_curate.c: `maskfer data adjudicate` and `data pairs`: what they write, what they leave alone, what they refuse. */
#include "small_sets.h"

#include <string.h>
#include "core/file.h"
#include "core/mem.h"
#include "core/str.h"
#include "data/manifest.h"
#include "data/pairs.h"
#include "program.h"

#define HEAD "image,annotator,verdict,label\n"

/* Two people, four pairs, three annotators: p keeps, q is relabelled on both sides, r loses its mask picture, s comes apart. */
static void
make_set(void)
{
    static const char *const names[] = {"p", "q", "r", "s"};
    int                      i;

    small_set("set", "image,label,subject,occlusion,pair,split\n"
                     "p0.png,happy,1,none,p,train\np1.png,happy,1,mask,p,train\n"
                     "q0.png,happy,1,none,q,\nq1.png,happy,1,mask,q,\n"
                     "r0.png,sad,2,none,r,\nr1.png,sad,2,mask,r,\n"
                     "s0.png,angry,2,none,s,\ns1.png,angry,2,mask,s,\nalone.png,sad,2,none,,\n");
    small_text("set/soft.csv", "image,happy,sad,angry\np0.png,0.75,0.25,0\nq0.png,1,0,0\n");
    small_text("set/landmarks.csv", "image,x0,y0,x1,y1,x2,y2,x3,y3,x4,y4\np0.png,1,2,3,4,5,6,7,8,9,10\nr1.png,1,1,1,1,1,1,1,1,1,1\n");
    for (i = 0; i < 4; i++) {
        char name[32];

        snprintf(name, sizeof name, "set/%s0.png", names[i]);
        small_picture(name, 8, 8, 3, (unsigned)i);
        snprintf(name, sizeof name, "set/%s1.png", names[i]);
        small_picture(name, 8, 8, 3, (unsigned)i + 9);
    }
    small_picture("set/alone.png", 8, 8, 3, 77);
    small_text("set/votes.csv", HEAD "p0.png,x,agree,\np0.png,y,agree,\np0.png,z,agree,\np1.png,x,agree,\np1.png,y,agree,\np1.png,z,unsure,\n"
               "q0.png,x,other,sad\nq0.png,y,other,sad\nq0.png,z,other,sad\nq1.png,x,other,sad\nq1.png,y,other,sad\nq1.png,z,unsure,\n"
               "r0.png,x,agree,\nr0.png,y,agree,\nr0.png,z,agree,\nr1.png,x,agree,\nr1.png,y,other,happy\nr1.png,z,other,angry\n"
               "s0.png,x,agree,\ns0.png,y,agree,\ns0.png,z,agree,\ns1.png,x,other,sad\ns1.png,y,other,sad\ns1.png,z,other,sad\n"
               "alone.png,y,agree,\nalone.png,x,agree,\nalone.png,z,agree,\n");
}

static const mf_row *
row_of(const mf_dataset *d, const char *image)
{
    ptrdiff_t i = mf_dataset_find(d, image);

    if (i < 0)
        fail_msg("'%s' is not there", image);
    return &d->rows[i];
}

static void
test_adjudicate(void **state)
{
    mf_dataset *d    = NULL;
    mf_err      err  = {0};
    mf_json    *j, *k;
    char       *manifest, *votes, *again;

    (void)state;
    if (!mf_test_program())
        mf_test_skip("the program is not built");
    make_set();
    manifest = small_read("set/manifest.csv", NULL);
    votes    = small_read("set/votes.csv", NULL);
    assert_int_equal(program_run("data adjudicate set --out new"), 0);
    program_says("out.txt", "8 pictures stay: 5 keep their label (4 of them never flagged), 3 get another; 1 are removed");
    program_says("out.txt", "2 of 4 pairs are still whole with one label; 1 lost a picture or both, in 1 the labels now differ");
    again = small_read("set/manifest.csv", NULL);
    assert_string_equal(manifest, again);
    mf_free(again);
    again = small_read("set/votes.csv", NULL);
    assert_string_equal(votes, again);
    mf_free(again);
    mf_free(manifest);
    mf_free(votes);
    small_same_bytes("set/q1.png", "new/q1.png");
    assert_false(mf_path_exists(mf_test_path("new/r1.png")));
    assert_false(mf_path_exists(mf_test_path("new/votes.csv")));
    program_says("new/decisions.csv", "image,original,new,action,reason,votes_happy,votes_sad,votes_angry\n");
    program_says("new/decisions.csv", "p0.png,happy,happy,keep,none of 3 objects,3,0,0\n");
    program_says("new/decisions.csv", "q1.png,happy,sad,relabel,\"2 of 3 say sad, 1 names no class\",0,2,0\n");
    program_says("new/decisions.csv", "r1.png,sad,,remove,\"1 of 3 says happy, 1 sad, 1 angry: fewer than 50 % for any class\",1,1,1\n");
    program_says("new/landmarks.csv", "p0.png,1.00,2.00");
    assert_mf_ok(mf_dataset_load(&d, mf_test_path("new"), &err), &err);
    assert_int_equal(d->n_rows, 8);
    assert_string_equal(d->name, "small, checked (msde)");
    assert_string_equal(d->licence, "CC0-1.0");
    assert_int_equal(row_of(d, "q0.png")->label, 1);
    assert_int_equal(row_of(d, "p0.png")->split, MF_SPLIT_TRAIN);
    assert_true(row_of(d, "p0.png")->soft[0] == 0.75f); /* its label stays, so what was known of it stays */
    assert_null(row_of(d, "q0.png")->soft);             /* it spoke of another label */
    mf_dataset_free(d);
    assert_int_equal(program_run("data adjudicate set --rule dawid-skene --soft --json --out soft"), 0);
    j = program_json();
    assert_int_equal(mf_json_int(mf_json_get(j, "pictures"), 0), 9);
    assert_int_equal(mf_json_int(mf_json_get(j, "annotators"), 0), 3);
    assert_string_equal(mf_json_text(mf_json_get(j, "rule"), ""), "dawid-skene");
    assert_int_equal(mf_json_size(mf_json_get(mf_json_get(j, "agreement"), "cohen")), 3);
    k = mf_json_at(mf_json_get(j, "by_annotator"), 0);
    assert_string_equal(mf_json_text(mf_json_get(k, "name"), ""), "x");
    assert_int_equal(mf_json_size(mf_json_get(k, "rule_confusion")), 3);
    assert_true(mf_json_num(mf_json_get(k, "skill"), -1) > 0.5);
    assert_true(mf_json_size(mf_json_get(j, "second_look")) > 0);
    mf_json_free(j);
    assert_mf_ok(mf_dataset_load(&d, mf_test_path("soft"), &err), &err);
    assert_non_null(row_of(d, "s0.png")->soft);
    mf_dataset_free(d);
}

static void
test_refused(void **state)
{
    (void)state;
    if (!mf_test_program())
        mf_test_skip("the program is not built");
    make_set();
    small_text("bad.csv", HEAD "p0.png,x,agree,\np0.png,x,agree,\n");
    assert_int_equal(program_run("data adjudicate set --votes bad.csv --out none"), 1);
    program_says("err.txt", "bad.csv: line 3: annotator 'x' votes a second time on picture 'p0.png', first in line 2");
    small_text("bad.csv", HEAD "../p0.png,x,agree,\n");
    assert_int_equal(program_run("data adjudicate set --votes bad.csv --out none"), 1);
    program_says("err.txt", "bad.csv: line 2: picture '../p0.png' is not in manifest.csv");
    small_text("bad.csv", HEAD "p0.png,x,other,\n");
    assert_int_equal(program_run("data adjudicate set --votes bad.csv --out none"), 1);
    program_says("err.txt", "no picture of 'set' is left");
    assert_int_equal(program_run("data adjudicate set --votes nowhere.csv --out none"), 1);
    program_says("err.txt", "cannot open 'nowhere.csv'");
    assert_int_equal(program_run("data adjudicate set --rule mayority --out none"), 2);
    program_says("err.txt", "did you mean 'majority'?");
    assert_int_equal(program_run("data adjudicate set --rule majority --strict --out none"), 2);
    program_says("err.txt", "unknown option '--strict'");
    assert_int_equal(program_run("data adjudicate set --out set"), 1);
    program_says("err.txt", "'set' exists already");
    assert_int_equal(program_run("data adjudicate set --out set --force"), 1);
    program_says("err.txt", "'set' is the source itself");
    assert_mf_ok(mf_file_remove(mf_test_path("set/votes.csv"), NULL), NULL);
    assert_int_equal(program_run("data adjudicate set --out none"), 1);
    program_says("err.txt", "'set' has no votes.csv; give the votes with --votes FILE");
    assert_false(mf_path_exists(mf_test_path("none")));
    /* A picture that the manifest names is not there: nothing is written. */
    assert_mf_ok(mf_file_remove(mf_test_path("set/p1.png"), NULL), NULL);
    small_text("votes.csv", HEAD "p1.png,x,agree,\np0.png,x,agree,\n");
    assert_int_equal(program_run("data adjudicate set --votes votes.csv --out none"), 1);
    program_says("err.txt", "p1.png");
    assert_false(mf_path_exists(mf_test_path("none")));
}

static void
test_pairs(void **state)
{
    mf_dataset *d   = NULL;
    mf_err      err = {0};
    mf_json    *j;

    (void)state;
    if (!mf_test_program())
        mf_test_skip("the program is not built");
    make_set();
    assert_int_equal(program_run("data adjudicate set --out checked"), 0);
    assert_int_equal(program_run("data pairs checked --out pairs"), 0);
    program_says("out.txt", "2 of 4 pairs stay, 4 of 8 pictures");
    program_says("out.txt", "1 pairs,      1 pictures fall out: no occluded picture");
    program_says("out.txt", "1 pairs,      2 pictures fall out: the labels differ");
    program_says("out.txt", "pairs by class: happy 1, sad 1, angry 0");
    program_says("pairs/dropped.csv", "r0.png,r,sad,no occluded picture\n");
    program_says("pairs/dropped.csv", "s0.png,s,angry,the labels differ\n");
    program_says("pairs/dropped.csv", "s1.png,s,sad,the labels differ\n");
    program_says("pairs/dropped.csv", "alone.png,,sad,in no pair\n");
    assert_mf_ok(mf_dataset_load(&d, mf_test_path("pairs"), &err), &err);
    assert_int_equal(d->n_rows, 4);
    assert_int_equal(d->n_pairs, 2);
    mf_dataset_free(d);
    assert_int_equal(program_run("data pairs pairs --json"), 0);
    j = program_json();
    assert_int_equal(mf_json_int(mf_json_get(j, "kept"), 0), 2);
    assert_int_equal(mf_json_size(mf_json_get(j, "fell_out")), 0);
    mf_json_free(j);
    small_set("nopair", "image,label\na.png,sad\n");
    assert_int_equal(program_run("data pairs nopair --out none"), 1);
    program_says("err.txt", "data set 'nopair' has no pairs");
}

/* Each way in which a pair falls out, and one with two occluded pictures of which one goes with the clear one. */
static void
test_fates(void **state)
{
    static const char manifest[] = "image,label,subject,occlusion,pair,split\n"
        "a0,happy,1,none,a,\na1,happy,1,mask,a,\na2,sad,1,upper,a,\n" "b1,happy,1,mask,b,\n" "c0,happy,1,none,c,\n"
        "d0,happy,1,none,d,\nd1,happy,1,none,d,\nd2,happy,1,mask,d,\n" "e0,happy,1,none,e,\ne1,sad,1,mask,e,\n"
        "f0,happy,1,none,f,\nf1,happy,2,mask,f,\n" "g0,happy,1,none,g,train\ng1,happy,1,mask,g,test\n" "h,happy,1,none,,\n"
        "i0,sad,,none,i,\ni1,sad,2,mask,i,\n";
    static const mf_pair_fate want[] = {
        MF_PAIR_KEPT, MF_PAIR_KEPT, MF_PAIR_LABELS, MF_PAIR_NO_CLEAR, MF_PAIR_NO_OCCLUDED, MF_PAIR_TWO_CLEAR, MF_PAIR_TWO_CLEAR,
        MF_PAIR_TWO_CLEAR, MF_PAIR_LABELS, MF_PAIR_LABELS, MF_PAIR_SUBJECTS, MF_PAIR_SUBJECTS, MF_PAIR_SPLITS, MF_PAIR_SPLITS,
        MF_PAIR_FATES, MF_PAIR_KEPT, MF_PAIR_KEPT,
    };
    static const char *const classes[] = {"happy", "sad"};
    mf_dataset              *d         = NULL;
    mf_pairs                 p         = {0};
    mf_err                   err       = {0};
    size_t                   i;

    (void)state;
    assert_mf_ok(mf_dataset_new(&d, "fates", classes, 2, &err), &err);
    assert_mf_ok(mf_dataset_parse_manifest(d, "m", manifest, sizeof manifest - 1, &err), &err);
    assert_mf_ok(mf_pairs_find(&p, d, NULL, &err), &err);
    assert_int_equal(d->n_rows, sizeof want / sizeof *want);
    for (i = 0; i < d->n_rows; i++)
        if (p.of_row[i] != want[i])
            fail_msg("'%s': %s, wanted: %s", d->rows[i].image, mf_pair_fate_text((mf_pair_fate)p.of_row[i]), mf_pair_fate_text(want[i]));
    assert_int_equal(p.n, 8);
    assert_int_equal(p.kept, 2);
    assert_int_equal(p.rows_kept, 4);
    assert_int_equal(p.unpaired, 1);
    assert_int_equal(p.by_class[0], 1);
    assert_int_equal(p.by_class[1], 1);
    mf_pairs_free(&p);
    mf_dataset_free(d);
}

/* `data folds`: how even, by occlusion too, and the published division by name. */
static void
test_folds(void **state)
{
    mf_str   rows = {0};
    mf_json *j, *k;
    int      i;

    (void)state;
    if (!mf_test_program())
        mf_test_skip("the program is not built");
    mf_str_add(&rows, "image,label,subject,occlusion\n");
    for (i = 0; i < 23; i++)
        mf_str_printf(&rows, "%d.png,happy,%d,none\n%dm.png,sad,%d,mask\n", i, i, i, i);
    small_set("people", mf_str_c(&rows));
    mf_str_free(&rows);
    assert_int_equal(program_run("data folds people --folds 5 --json"), 0);
    j = program_json();
    k = mf_json_get(mf_json_get(mf_json_at(mf_json_get(j, "folds"), 0), "occlusion"), "mask");
    assert_int_equal(mf_json_int(mf_json_get(k, "pictures"), 0), mf_json_int(mf_json_get(mf_json_get(k, "classes"), "sad"), -1));
    assert_in_range(mf_json_num(mf_json_get(mf_json_get(j, "off_by_percent"), "people"), -1), 8, 14); /* 23 / 5 = 4.6: 4 or 5 */
    assert_null(mf_json_get(j, "scored_twice"));
    mf_json_free(j);
    /* n = 23 / 5 = 4; 0..4, 4..8, 8..12, 12..16, 16..20 */
    assert_int_equal(program_run("data folds people --folds 5 --folds-from msde-code --out folds.csv"), 0);
    program_says("out.txt", "4 people are scored twice and 2 never.\n  twice: 4, 8, 12, 16\n  never: 21, 22\n");
    program_says("out.txt", "         0       5        10         5         5         0\n");
    program_says("folds.csv", "8.png,8,1\n8.png,8,2\n");
    program_says("folds.csv", "22.png,22,\n");
    assert_int_equal(program_run("data folds people --folds 5 --folds-from msde-code --json"), 0);
    j = program_json();
    assert_int_equal(mf_json_size(mf_json_get(j, "scored_twice")), 4);
    assert_int_equal(mf_json_size(mf_json_get(j, "never_scored")), 2);
    mf_json_free(j);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_adjudicate), cmocka_unit_test(test_refused), cmocka_unit_test(test_pairs), cmocka_unit_test(test_fates),
        cmocka_unit_test(test_folds),
    };

    return cmocka_run_group_tests_name("curation", tests, NULL, NULL);
}
