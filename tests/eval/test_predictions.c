/* predictions.csv read into one table: its order, several folds and methods, and each kind of bad input with its sentence. */
#include "support.h"

#include <math.h>
#include <string.h>

#include "core/file.h"
#include "core/mem.h"
#include "eval/predictions.h"

static mf_status
parse(mf_predictions **p, const char *text, mf_err *err)
{
    return mf_predictions_parse(p, "p.csv", text, strlen(text), err);
}

static void
test_table(void **state)
{
    static const char text[] =
        "method,fold,image,subject,occlusion,label,predicted,p_sad,p_happy,note,mask_type\n"
        "b,1,x.png,7,mask,happy,sad,0.75,0.25,n,surgical\n"
        "a,1,x.png,7,mask,happy,happy,0.5,0.5,,surgical\n"
        "b,0,\"y,1.png\",,none,sad,sad,1,0,,\n"
        "b,1,z.png,8,,sad,,,,,\n";
    mf_predictions *p;
    uint32_t       *rows;
    size_t          n;
    mf_err          err = {0};

    (void)state;
    assert_mf_ok(parse(&p, text, &err), &err);
    assert_int_equal(p->n, 4);
    assert_int_equal(p->n_classes, 2);
    assert_string_equal(p->classes[0], "sad");
    assert_int_equal(p->n_methods, 2);
    assert_string_equal(p->methods[0], "b");
    assert_int_equal(p->folds, 2);
    assert_int_equal(p->n_images, 3);
    assert_int_equal(p->n_subjects, 2);
    assert_int_equal(p->n_kinds, 1);
    /* by method, then fold, then as in the file */
    assert_string_equal(p->images[p->row[0].image], "y,1.png");
    assert_int_equal(p->row[0].subject, -1);
    assert_int_equal(p->row[0].kind, -1);
    assert_string_equal(p->images[p->row[1].image], "x.png");
    assert_true(p->row[1].occlusion == MF_OCC_MASK && p->row[1].answer == 0 && p->row[1].label == 1 && p->row[1].kind == 0);
    assert_true(p->prob[2] == 0.75 && p->prob[3] == 0.25);
    assert_int_equal(p->row[2].answer, -1); /* not read */
    assert_true(p->row[2].occlusion == MF_OCC_NONE);
    assert_int_equal(p->row[3].method, 1);
    assert_false(p->run[0].folds_overlap);
    assert_mf_ok(mf_predictions_rows(&rows, &n, p, 0, 1, MF_DOMAIN_OCCLUDED, &err), &err);
    assert_int_equal(n, 1);
    assert_int_equal(rows[0], 1);
    mf_free(rows);
    mf_predictions_free(p);
    assert_mf_ok(parse(&p, "image,fold,label,predicted,p_a\nx,0,a,a,1\nx,1,a,a,1\n", &err), &err);
    assert_true(p->run[0].folds_overlap); /* one picture in two folds */
    mf_predictions_free(p);
}

static void
test_bad(void **state)
{
    static const struct {
        const char *text, *part;
    } bad[] = {
        {"", "line 1: the header is missing"},
        {"image,predicted,p_a\n", "no column 'label'"},
        {"label,predicted,p_a\n", "no column 'image'"},
        {"image,label,p_a\n", "no column 'predicted'"},
        {"image,label,predicted\n", "no column of probabilities"},
        {"image,label,predicted,p_\n", "names no class"},
        {"image,label,predicted,p_a,p_a\n", "'p_a' is there twice"},
        {"image,label,label,predicted,p_a\n", "'label' is there twice"},
        {"image,label,predicted,p_a\n", "no row"},
        {"image,label,predicted,p_a\nx,a,a\n", "line 2: 3 fields, but the header has 4"},
        {"image,label,predicted,p_happy,p_sad\nx,hapy,happy,1,0\n", "line 2: the label 'hapy' has no column p_hapy; did you mean 'happy'?"},
        {"image,label,predicted,p_happy,p_sad\nx,happy,qqq,1,0\n", "the answer 'qqq' has no column"},
        {"image,label,predicted,p_a,p_b\nx,a,a,0.7,0.2\n", "line 2: the probabilities sum to 0.9, not to 1"},
        {"image,label,predicted,p_a,p_b\nx,a,a,0.7,0.5\n", "sum to 1.2"},
        {"image,label,predicted,p_a,p_b\nx,a,a,nan,0\n", "the probability of 'a'"},
        {"image,label,predicted,p_a,p_b\nx,a,a,1.5,-0.5\n", "the probability of 'a'"},
        {"image,label,predicted,p_a,p_b\nx,a,a,0.9x,0.1\n", "the probability of 'a'"},
        {"image,label,predicted,p_a,p_b\nx,a,a,1,\n", "the probability of 'b'"},
        {"image,label,predicted,p_a,p_b\nx,a,,1,0\n", "no answer in column 'predicted'"},
        {"image,label,predicted,p_a,p_b\nx,a,b,0.6,0.4\n", "the answer is 'b' with probability 0.4, but 'a' has 0.6"},
        {"image,label,predicted,p_a,p_b\nx,a,a,1,0\ny,a,a,1,0\nx,a,a,1,0\n", "line 4: picture 'x' is there twice in fold 0"},
        {"image,label,predicted,fold,p_a,p_b\nx,a,a,0,1,0\nx,b,a,1,1,0\n", "line 3: picture 'x' has the label 'b' here and 'a'"},
        {"image,label,predicted,fold,subject,p_a\nx,a,a,0,p,1\nx,a,a,1,q,1\n", "shows subject 'q' here and 'p'"},
        {"image,label,predicted,fold,p_a\nx,a,a,-1,1\n", "the fold"},
        {"image,label,predicted,fold,p_a\nx,a,a,1000,1\n", "the fold"},
        {"image,label,predicted,method,p_a\nx,a,a,,1\n", "the method has no name"},
        {"image,label,predicted,occlusion,p_a\nx,a,a,maks,1\n", "mask"},
        {"image,label,predicted,p_a\n,a,a,1\n", "the picture has no name"},
        {"image,label,predicted,p_a\n\"x,a,a,1\n", "line 2"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        mf_predictions *p   = (void *)1;
        mf_err          err = {0};

        assert_mf_fails(parse(&p, bad[i].text, &err), MF_E_FORMAT, &err, bad[i].part);
        assert_null(p);
        assert_mf_fails(err.code, MF_E_FORMAT, &err, "p.csv");
    }
}

static void
put(const char *name, const char *text)
{
    mf_err err = {0};

    assert_mf_ok(mf_file_write(mf_test_path(name), text, strlen(text), &err), &err);
}

static void
test_runs(void **state)
{
    const char     *one[3];
    mf_predictions *p;
    mf_err          err = {0};

    (void)state;
    assert_mf_ok(mf_dir_make(mf_test_path("cv"), &err), &err);
    assert_mf_ok(mf_dir_make(mf_test_path("plain"), &err), &err);
    one[0] = mf_test_path("cv");
    one[1] = mf_test_path("plain");
    one[2] = mf_test_path("free.csv");
    assert_mf_fails(mf_predictions_load(&p, one, 1, &err), MF_E_NOTFOUND, &err, "no finished run");
    put("cv/crossval.json", "{\"dataset\":\"waves\",\"select\":\"fold\",\"folds_from\":\"people\"}");
    assert_mf_fails(mf_predictions_load(&p, one, 1, &err), MF_E_NOTFOUND, &err, "crossval collect");
    put("cv/predictions.csv", "method,fold,image,label,predicted,p_a,p_b\nm,0,x,a,a,1,0\nm,1,y,a,a,1,0\n");
    put("cv/summary.json", "{\"protocol\":{\"shared_subjects\":3}}");
    put("plain/summary.json", "{\"method\":\"m\"}");
    put("plain/predictions.csv", "image,label,predicted,p_b,p_a\nx,a,a,0,1\n");
    put("free.csv", "image,label,predicted,p_a,p_b\nx,a,a,1,0\n");
    assert_mf_ok(mf_predictions_load(&p, one, 1, &err), &err);
    assert_string_equal(p->methods[0], "m");
    assert_true(p->run[0].crossval && p->run[0].select_fold && p->run[0].folds == 2 && p->run[0].shared_subjects == 3);
    assert_string_equal(p->run[0].dataset, "waves");
    mf_predictions_free(p);
    assert_mf_ok(mf_predictions_load(&p, one, 3, &err), &err);
    assert_int_equal(p->n_methods, 3);
    assert_string_equal(p->methods[0], "cv/m");
    assert_string_equal(p->methods[1], "plain/m");
    assert_string_equal(p->methods[2], "free");
    assert_int_equal(p->n_images, 2);
    assert_int_equal(p->n, 4);
    assert_true(p->prob[4] == 1 && p->prob[5] == 0); /* classes in another order are put in the first run's */
    assert_true(p->run[1].method == 1 && p->run[1].methods == 1 && p->run[1].shared_subjects == -1 && p->folds == 2);
    mf_predictions_free(p);
    put("free.csv", "image,label,predicted,p_a,p_c\nx,a,a,1,0\n");
    assert_mf_fails(mf_predictions_load(&p, one, 3, &err), MF_E_FORMAT, &err, "the class 'c' is not in the runs before it");
    put("free.csv", "image,label,predicted,p_a\nx,a,a,1\n");
    assert_mf_fails(mf_predictions_load(&p, one, 3, &err), MF_E_FORMAT, &err, "1 classes, but the runs before it have 2");
    one[0] = mf_test_path("nowhere");
    assert_mf_fails(mf_predictions_load(&p, one, 1, &err), MF_E_NOTFOUND, &err, "there is no run at");
}

static mf_status
parse_some(void *arg, mf_err *err)
{
    mf_predictions *p;
    mf_status       st = parse(&p, arg, err);

    mf_predictions_free(p);
    return st;
}

static void
test_memory(void **state)
{
    char text[] = "image,fold,method,mask_type,subject,label,predicted,p_a,p_b\nx,0,m,k,s,a,a,1,0\ny,1,m,l,t,b,a,0.5,0.5\n";

    (void)state;
    mf_test_each_alloc(parse_some, text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_table), cmocka_unit_test(test_bad), cmocka_unit_test(test_runs),
                                       cmocka_unit_test(test_memory)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
