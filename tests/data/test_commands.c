/* tests/data/test_commands.c: `maskfer data ...` as a user types it: exit status, output, what is left behind. */
#include "small_sets.h"

#include <string.h>
#include <sys/wait.h>
#include "core/file.h"
#include "core/json.h"
#include "core/mem.h"
#include "core/str.h"

/* Run the program in the test's folder; stdout to out.txt, stderr to err.txt. Returns the exit status. */
static int
run(const char *args)
{
    mf_str s = {0};
    int    rc;

    mf_str_printf(&s, "cd '%s' && '%s' %s >out.txt 2>err.txt", mf_test_dir(), mf_test_program(), args);
    rc = system(mf_str_c(&s));
    mf_str_free(&s);
    assert_true(WIFEXITED(rc));
    return WEXITSTATUS(rc);
}

static void
output_has(const char *file, const char *part)
{
    char *text = small_read(file, NULL);

    if (!strstr(text, part))
        fail_msg("%s does not say '%s' but: %s", file, part, text);
    mf_free(text);
}

static mf_json *
output_json(void)
{
    size_t   n;
    char    *text = small_read("out.txt", &n);
    mf_json *root = NULL;
    mf_err   err  = {0};

    assert_mf_ok(mf_json_parse(&root, text, n, true, &err), &err);
    mf_free(text);
    return root;
}

static void
test_story(void **state)
{
    mf_json *j;

    (void)state;
    if (!mf_test_program())
        mf_test_skip("the program is not built");
    assert_int_equal(run("data synth --people 3 --size 48 --seed 5 --out drawn"), 0);
    assert_int_equal(run("data check drawn --json"), 0);
    j = output_json();
    assert_int_equal(mf_json_int(mf_json_get(j, "pictures"), 0), 42);
    assert_int_equal(mf_json_int(mf_json_get(j, "readable"), 0), 42);
    assert_int_equal(mf_json_size(mf_json_get(j, "unreadable")), 0);
    assert_int_equal(mf_json_int(mf_json_get(mf_json_get(j, "occlusion"), "mask"), 0), 21);
    assert_int_equal(mf_json_int(mf_json_get(mf_json_get(j, "subjects"), "count"), 0), 3);
    assert_int_equal(mf_json_int(mf_json_get(mf_json_get(j, "classes"), "neutral"), 0), 6);
    mf_json_free(j);
    assert_int_equal(run("data folds drawn --folds 3 --out folds.csv --json"), 0);
    j = output_json();
    assert_int_equal(mf_json_size(mf_json_get(j, "folds")), 3);
    assert_int_equal(mf_json_int(mf_json_get(mf_json_at(mf_json_get(j, "folds"), 2), "pictures"), 0), 14);
    mf_json_free(j);
    output_has("folds.csv", "image,subject,fold\n");
}

static void
test_import_words(void **state)
{
    (void)state;
    if (!mf_test_program())
        mf_test_skip("the program is not built");
    small_picture("im/sad/ann_1.png", 8, 8, 3, 1);
    small_picture("im/happy/bob_1.png", 8, 8, 3, 2);
    assert_int_equal(run("data import auto im"), 0);
    output_has("out.txt", "im looks like 'folders'");
    assert_int_equal(run("data import auto im --subject-pattern '/([a-z]+)_' --out im2"), 0);
    output_has("out.txt", "2 people");
    assert_int_equal(run("data import folders im --out im2"), 1);
    output_has("err.txt", "'im2' exists already");
    assert_int_equal(run("data import folders im"), 2);
    output_has("err.txt", "--out");
    assert_int_equal(run("data import foldrs im --out im3"), 2);
    output_has("err.txt", "did you mean 'folders'?");
    assert_int_equal(run("data import folders im --out im3 --subject-patern x"), 2);
    output_has("err.txt", "did you mean '--subject-pattern'?");
    assert_int_equal(run("data import"), 2);
    assert_int_equal(run("data import auto"), 2);
    assert_int_equal(run("data import folders nowhere --out im3"), 1);
    output_has("err.txt", "'nowhere' does not exist");
    assert_false(mf_path_exists(mf_test_path("im3")));
}

static void
test_bad_sets(void **state)
{
    (void)state;
    if (!mf_test_program())
        mf_test_skip("the program is not built");
    assert_int_equal(run("data check nowhere"), 1);
    output_has("err.txt", "data set 'nowhere' does not exist");
    small_set("bad", "image,label\n../x.png,sad\n");
    assert_int_equal(run("data check bad"), 1);
    output_has("err.txt", "bad/manifest.csv: line 2: picture '../x.png' leaves the data-set folder");
    small_set("far", "image,label\na.png,sad\n");
    small_picture("far/a.png", 8, 8, 3, 1);
    small_text("far/landmarks.csv", "image,x0,y0,x1,y1,x2,y2,x3,y3,x4,y4\na.png,1,1,4,1,3,99,1,5,4,5\n");
    assert_int_equal(run("data check far"), 1);
    output_has("err.txt", "far/landmarks.csv: line 2: point 2 (3.0, 99.0) lies far outside the picture of 8 x 8 pixels");
    small_text("far/p/a.pts", "1 1\n4 1\n3 3\n1 5\n4 5\n");
    assert_int_equal(run("data landmarks far --from far/p"), 1);
    output_has("err.txt", "'far/landmarks.csv' exists already");
    assert_int_equal(run("data landmarks far --from far/p --force --preview far.png --tile 64"), 0);
    output_has("out.txt", "1 pictures with 5 landmarks, 0 without");
    assert_true(mf_path_exists(mf_test_path("far.png")));
    assert_int_equal(run("data check far"), 0);
    assert_int_equal(run("data landmarks far --points 68 --out x.csv"), 1);
    output_has("err.txt", "68 cannot be made of them");
    small_set("none", "image,label\n");
    assert_int_equal(run("data check none"), 1);
    output_has("err.txt", "data set 'none' is empty: its manifest.csv lists no picture");
    assert_int_equal(run("train none --method supervised --out none-run"), 1);
    output_has("err.txt", "data set 'none' is empty");
    assert_int_equal(run("crossval none --methods supervised --out none-run"), 1);
    output_has("err.txt", "data set 'none' is empty");
    assert_false(mf_path_exists(mf_test_path("none-run")));
    small_text("none/manifest.csv", "image,label\na.png,sad\n");
    small_text("none/quarantine.csv", "image,reason\na.png,gone\n");
    assert_int_equal(run("train none --method supervised --out none-run"), 1);
    output_has("err.txt", "quarantine.csv leaves out all 1");
    small_set("bad", "image,label\na.png,sad\nb.png,sad\n");
    small_picture("bad/a.png", 8, 8, 3, 1);
    small_text("bad/b.png", "nothing");
    assert_int_equal(run("data check bad --no-quarantine"), 1);
    assert_false(mf_path_exists(mf_test_path("bad/quarantine.csv")));
    assert_int_equal(run("data check bad"), 1);
    output_has("out.txt", "b.png: ");
    output_has("err.txt", "1 of 2 pictures cannot be read");
    assert_true(mf_path_exists(mf_test_path("bad/quarantine.csv")));
    assert_int_equal(run("data folds bad"), 1);
    output_has("err.txt", "have no subject");
    assert_int_equal(run("data occlude bad --with maks --out bad2"), 1);
    output_has("err.txt", "mask");
    assert_int_equal(run("data occlude bad --with lower --pair --out bad2"), 0);
    output_has("out.txt", "1 pictures with 'lower', each beside its original");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_story), cmocka_unit_test(test_import_words), cmocka_unit_test(test_bad_sets),
    };

    return cmocka_run_group_tests_name("data commands", tests, NULL, NULL);
}
