/* Scores without a network: pictures that could not be read, kinds of masks, and predictions.csv read back to the same bits. */
#include "support.h"

#include <math.h>
#include <string.h>

#include "core/file.h"
#include "core/mem.h"
#include "eval/predictions.h"
#include "eval/score.h"

static mf_dataset *
data(const char *occlusions)
{
    static const char *const classes[] = {"happy", "sad"};
    mf_dataset              *d;
    mf_err                   err = {0};

    assert_mf_ok(mf_dataset_new(&d, "set", classes, 2, &err), &err);
    assert_mf_ok(mf_dataset_add(d, "a.png", "happy", "p", MF_OCC_NONE, NULL, MF_SPLIT_NONE, NULL, &err), &err);
    assert_mf_ok(mf_dataset_add(d, "b.png", "sad", "q", MF_OCC_MASK, NULL, MF_SPLIT_NONE, NULL, &err), &err);
    assert_mf_ok(mf_dataset_add(d, "c.png", "sad", "q", MF_OCC_MASK, NULL, MF_SPLIT_NONE, NULL, &err), &err);
    assert_mf_ok(mf_dir_make(mf_test_path("set"), &err), &err);
    assert_mf_ok(mf_dataset_save(d, mf_test_path("set"), &err), &err);
    mf_dataset_free(d);
    assert_mf_ok(mf_file_remove(mf_test_path("set/occlusions.csv"), &err), &err);
    if (occlusions != NULL) {
        assert_mf_ok(mf_file_write(mf_test_path("set/occlusions.csv"), occlusions, strlen(occlusions), &err), &err);
    }
    assert_mf_ok(mf_dataset_load(&d, mf_test_path("set"), &err), &err);
    return d;
}

static void
test_csv(void **state)
{
    uint32_t        row[]    = {2, 0, 1};
    float           prob[]   = {0.1f, 0.9f, 1.0f / 3.0f, 2.0f / 3.0f, 0.0f, 0.0f};
    bool            unread[] = {false, false, true};
    mf_scores       s        = {.n = 3, .classes = 2, .row = row, .prob = prob, .unread = unread};
    mf_dataset     *d        = data("image,occluder,kind\nb.png,mask,surgical\ngone.png,mask,cloth\nc.png,mask,\n");
    mf_metrics     *m        = calloc(1, sizeof *m);
    mf_kinds        kinds;
    mf_predictions *p;
    mf_str          csv = {0};
    mf_err          err = {0};

    (void)state;
    assert_mf_ok(mf_kinds_load(&kinds, d, &err), &err);
    mf_scores_csv(&csv, &s, d, &kinds, "", NULL);
    assert_string_equal(csv.data, "image,subject,occlusion,mask_type,label,predicted,p_happy,p_sad\n"
                                  "c.png,q,mask,,sad,sad,0.100000001,0.899999976\n"
                                  "a.png,p,none,,happy,sad,0.333333343,0.666666687\n"
                                  "b.png,q,mask,surgical,sad,,,\n");
    assert_mf_ok(mf_predictions_parse(&p, "p", csv.data, csv.len, &err), &err);
    for (int i = 0; i < 4; i++) {
        assert_true((float)p->prob[i] == prob[i]); /* the same bits */
    }
    assert_true(p->row[2].answer == -1 && p->row[2].kind == 0 && p->row[0].kind == -1);
    mf_predictions_free(p);
    mf_scores_metrics(m, &s, d, MF_DOMAIN_ALL);
    assert_true(m->n == 3 && m->unread == 1 && fabs(m->accuracy - 100.0 / 3) < 1e-12 && m->recall[1] == 50);
    assert_true(fabs(m->loss - (-log((double)prob[1]) - log((double)prob[2])) / 2) < 1e-9);
    mf_scores_metrics(m, &s, d, MF_DOMAIN_OCCLUDED);
    assert_true(m->n == 2 && m->accuracy == 50);
    mf_str_free(&csv);
    mf_scores_csv(&csv, &s, d, NULL, "", NULL);
    assert_non_null(strstr(csv.data, "image,subject,occlusion,label,predicted,p_happy,p_sad\n"));
    mf_str_free(&csv);
    mf_kinds_free(&kinds);
    mf_dataset_free(d);
    free(m);
}

static void
test_kinds(void **state)
{
    mf_dataset *d = data(NULL);
    mf_kinds    k;
    mf_err      err = {0};

    (void)state;
    assert_mf_ok(mf_kinds_load(&k, d, &err), &err);
    assert_null(k.of);
    mf_dataset_free(d);
    d = data("image,occluder\na.png,mask\n");
    assert_mf_fails(mf_kinds_load(&k, d, &err), MF_E_FORMAT, &err, "occlusions.csv: line 1: the header has no column 'kind'");
    mf_dataset_free(d);
    d = data("image,kind\na.png,mask\nb.png\n");
    assert_mf_fails(mf_kinds_load(&k, d, &err), MF_E_FORMAT, &err, "line 3: 1 fields, but the header has 2");
    assert_null(k.of);
    mf_dataset_free(d);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_csv), cmocka_unit_test(test_kinds)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
