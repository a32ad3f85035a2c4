/* tests/data/test_check.c: unreadable pictures are listed, equal ones found, nothing dies. */
#include "small_sets.h"

#include <string.h>
#include "core/file.h"
#include "core/mem.h"
#include "data/check.h"

static const mf_jobs_opts two = {.workers = 2, .what = "checking"};

/* SET/name: the first `keep` bytes of `from`. */
static void
cut(const char *from, const char *to, size_t keep)
{
    size_t n;
    char  *all = small_read(from, &n);
    mf_err err = {0};

    assert_true(keep < n);
    assert_mf_ok(mf_file_write(small_path(to), all, keep, &err), &err);
    mf_free(all);
}

static void
test_unreadable(void **state)
{
    mf_dataset     *d   = NULL;
    mf_check_report r   = {0};
    mf_err          err = {0};
    char           *text;

    (void)state;
    small_set("un", "image,label\nok.png,happy\ngone.png,sad\ncut.jpg,sad\nword.png,angry\nhuge.png,sad\nok.jpg,sad\n");
    small_picture("un/ok.png", 20, 10, 3, 1);
    small_picture("un/ok.jpg", 40, 30, 3, 1);
    small_text("un/word.png", "this is no picture");
    cut("un/ok.jpg", "un/cut.jpg", 300);
    { /* a PNG header of 30,000 x 30,000 pixels; the check sum of the header chunk is right */
        static const unsigned char head[] = {
            0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0, 0, 0, 13, 'I', 'H', 'D', 'R', 0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30,
            8, 2, 0, 0, 0, 0xe9, 0x45, 0x6f, 0xed,
        };
        assert_mf_ok(mf_file_write(small_path("un/huge.png"), head, sizeof head, &err), &err);
    }
    assert_mf_ok(mf_dataset_load(&d, mf_test_path("un"), &err), &err);
    assert_mf_ok(mf_check_run(&r, d, &two, &err), &err);
    assert_int_equal(r.n_rows, 6);
    assert_int_equal(r.n_ok, 2);
    assert_int_equal(r.n_bad, 4);
    assert_int_equal(r.bad[0].row, 1);
    assert_int_equal(r.bad[1].row, 2);
    assert_int_equal(r.bad[2].row, 3);
    assert_int_equal(r.bad[3].row, 4);
    assert_non_null(strstr(r.bad[0].reason, "No such file"));
    assert_null(strstr(r.bad[1].reason, "cut.jpg")); /* the reason does not repeat the name */
    assert_int_equal(r.min_width, 20);
    assert_int_equal(r.max_height, 30);
    assert_int_equal(r.no_subject, 6);
    assert_mf_ok(mf_check_quarantine(&r, d, &err), &err);
    text = small_read("un/quarantine.csv", NULL);
    assert_non_null(strstr(text, "image,reason\ngone.png,"));
    assert_non_null(strstr(text, "\nhuge.png,"));
    mf_free(text);
    mf_check_free(&r);
    mf_dataset_free(d);
    /* From now on they are left out ... */
    assert_mf_ok(mf_dataset_load(&d, mf_test_path("un"), &err), &err);
    assert_int_equal(d->n_rows, 2);
    assert_int_equal(d->n_quarantined, 4);
    mf_dataset_free(d);
    /* ... until they are mended. */
    small_picture("un/gone.png", 20, 10, 3, 2);
    small_picture("un/cut.jpg", 20, 10, 3, 3);
    small_picture("un/word.png", 20, 10, 3, 4);
    small_picture("un/huge.png", 20, 10, 3, 5);
    assert_mf_ok(mf_dataset_load_all(&d, mf_test_path("un"), &err), &err);
    assert_mf_ok(mf_check_run(&r, d, &two, &err), &err);
    assert_int_equal(r.n_bad, 0);
    assert_mf_ok(mf_check_quarantine(&r, d, &err), &err);
    assert_false(mf_path_exists(mf_test_path("un/quarantine.csv")));
    mf_check_free(&r);
    mf_dataset_free(d);
}

static void
test_equal(void **state)
{
    mf_dataset     *d   = NULL;
    mf_check_report r   = {0};
    mf_err          err = {0};

    (void)state;
    small_set("eq", "image,label,subject,split\n"
                    "a.png,happy,ann,train\nb.png,happy,ann,train\n"   /* a = b: harmless */
                    "c.png,happy,ann,train\nd.png,happy,ann,test\n"    /* c = d: across splits */
                    "e.png,sad,ann,train\nf.png,angry,bob,train\n"     /* e = f: across people and labels */
                    "g.png,sad,,train\nh.png,sad,bob,\n"               /* g = h: unknown person, no split */
                    "i.png,sad,bob,\n");
    small_picture("eq/a.png", 8, 8, 3, 1), small_picture("eq/b.png", 8, 8, 3, 1);
    small_picture("eq/c.png", 8, 8, 3, 2), small_picture("eq/d.png", 8, 8, 3, 2);
    small_picture("eq/e.png", 8, 8, 3, 3), small_picture("eq/f.png", 8, 8, 3, 3);
    small_picture("eq/g.png", 8, 8, 3, 4), small_picture("eq/h.png", 8, 8, 3, 4);
    small_picture("eq/i.png", 8, 8, 3, 5);
    assert_mf_ok(mf_dataset_load(&d, mf_test_path("eq"), &err), &err);
    assert_mf_ok(mf_check_run(&r, d, &two, &err), &err);
    assert_int_equal(r.n_bad, 0);
    assert_int_equal(r.n_same, 4);
    assert_int_equal(r.same[1].row[0], 2);
    assert_int_equal(r.same[1].row[1], 3);
    assert_int_equal(r.same[1].n, 2);
    assert_true(r.same[1].across_splits && !r.same[1].across_subjects && !r.same[1].across_labels);
    assert_true(!r.same[2].across_splits && r.same[2].across_subjects && r.same[2].across_labels);
    assert_true(!r.same[3].across_splits && !r.same[3].across_subjects && !r.same[3].across_labels);
    assert_int_equal(r.same_across_splits, 1);
    assert_int_equal(r.same_across_subjects, 1);
    assert_int_equal(r.same_across_labels, 1);
    mf_check_free(&r);
    mf_dataset_free(d);
}

static void
test_pairs(void **state)
{
    mf_dataset     *d   = NULL;
    mf_check_report r   = {0};
    mf_err          err = {0};

    (void)state;
    small_set("pa", "image,label,subject,pair\na.png,happy,ann,1\nb.png,happy,ann,1\nc.png,sad,ann,2\nd.png,happy,ann,2\n"
                    "e.png,sad,ann,3\nf.png,sad,bob,3\n");
    assert_mf_ok(mf_dataset_load(&d, mf_test_path("pa"), &err), &err);
    assert_mf_ok(mf_check_run(&r, d, &two, &err), &err);
    assert_int_equal(r.pairs_unlike, 2);
    assert_int_equal(r.n_bad, 6);
    assert_int_equal(r.n_ok, 0);
    assert_int_equal(r.n_same, 0);
    mf_check_free(&r);
    mf_dataset_free(d);
}

static bool
stop_now(void *arg)
{
    (void)arg;
    return true;
}

static void
test_stop(void **state)
{
    mf_dataset     *d    = NULL;
    mf_check_report r    = {0};
    mf_jobs_opts    jobs = {.workers = 1, .what = "checking", .stop = stop_now};
    mf_err          err  = {0};

    (void)state;
    small_set("st", "image,label\na.png,happy\nb.png,happy\nc.png,happy\n");
    assert_mf_ok(mf_dataset_load(&d, mf_test_path("st"), &err), &err);
    assert_mf_fails(mf_check_run(&r, d, &jobs, &err), MF_E_CANCELLED, &err, "checking was stopped after 1 of 3");
    mf_dataset_free(d);
}

static mf_status
check_job(void *arg, mf_err *err)
{
    mf_jobs_opts    one = {.workers = 1, .what = "checking"};
    mf_check_report r   = {0};
    mf_status       st  = mf_check_run(&r, arg, &one, err);

    if (st == MF_OK && r.n_bad != 1) /* lack of memory must not be taken for a bad picture */
        st = mf_fail(err, MF_E_INTERNAL, "%zu bad pictures", r.n_bad);
    mf_check_free(&r);
    return st;
}

static void
test_no_memory(void **state)
{
    mf_dataset *d   = NULL;
    mf_err      err = {0};

    (void)state;
    small_set("nm", "image,label,pair\na.png,happy,1\nb.png,happy,1\nc.png,happy,\n");
    small_picture("nm/a.png", 8, 8, 3, 1), small_picture("nm/b.png", 8, 8, 3, 1);
    assert_mf_ok(mf_dataset_load(&d, mf_test_path("nm"), &err), &err);
    mf_test_each_alloc(check_job, d);
    mf_dataset_free(d);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unreadable), cmocka_unit_test(test_equal), cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_stop), cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
