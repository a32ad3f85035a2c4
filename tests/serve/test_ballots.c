/* The file of answers: once each, on disk, what may change between two starts and what may not; the table made of it. */
#include "support.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "client.h"
#include "core/file.h"
#include "serve/ballots.h"
#include "serve/export.h"

static void
need_sqlite(void)
{
    if (!MF_HAVE_SQLITE) {
        mf_test_skip("built without SQLite");
    }
}

static mf_dataset *
load(const char *dir)
{
    mf_dataset *d   = NULL;
    mf_err      err = {0};

    assert_mf_ok(mf_dataset_load(&d, dir, &err), &err);
    return d;
}

static const mf_ballots_opts to_write = {.write = true, .seed = 1, .share = 0.1};

static mf_ballots *
open_votes(const char *path, const mf_dataset *d)
{
    mf_ballots *b   = NULL;
    mf_err      err = {0};

    assert_mf_ok(mf_ballots_open(&b, path, d, &to_write, &err), &err);
    return b;
}

static mf_ballot
ballot(size_t person, uint32_t row, uint32_t again, mf_verdict verdict, int label)
{
    return (mf_ballot){.person = person, .row = row, .again = again, .verdict = verdict, .label = label, .ms = 1000};
}

static int64_t
cast(mf_ballots *b, const char *client, mf_ballot v)
{
    mf_err  err = {0};
    int64_t seq = -1;

    assert_mf_ok(mf_ballots_cast(b, client, &v, &seq, &err), &err);
    return seq;
}

static mf_status
count_one(void *arg, const mf_ballot *v, mf_err *err)
{
    (void)v;
    (void)err;
    ++*(size_t *)arg;
    return MF_OK;
}

static size_t
count(mf_ballots *b)
{
    size_t n   = 0;
    mf_err err = {0};

    assert_mf_ok(mf_ballots_each(b, count_one, &n, NULL, &err), &err);
    return n;
}

static void
an_answer_counts_once(void **state)
{
    const char *dir  = small_set("once", 10), *path = mf_test_path("once.db");
    mf_dataset *d;
    mf_ballots *b;
    mf_ballot   v = ballot(0, 3, 0, MF_VERDICT_OTHER, 0);
    mf_err      err = {0};
    int64_t     seq, first;

    (void)state;
    need_sqlite();
    d = load(dir);
    b = open_votes(path, d);
    assert_mf_ok(mf_ballots_add_person(b, "ann", &err), &err);
    assert_mf_ok(mf_ballots_add_person(b, "ben", &err), &err);
    assert_mf_ok(mf_ballots_add_person(b, "ann", &err), &err);
    first = cast(b, "request-1", v);
    assert_int_equal(cast(b, "request-1", v), first);
    assert_int_equal(count(b), 1);
    assert_mf_fails(mf_ballots_cast(b, "request-2", &v, &seq, &err), MF_E_STATE, &err, "answered already");
    v.verdict = MF_VERDICT_AGREE;
    assert_mf_fails(mf_ballots_cast(b, "request-1", &v, &seq, &err), MF_E_STATE, &err, "sent before");
    cast(b, "request-1", ballot(1, 3, 0, MF_VERDICT_AGREE, -1)); /* request names are each person's own */
    assert_int_equal(count(b), 2);
    /* Taken back, once; the retries of both old requests change nothing. */
    assert_mf_ok(mf_ballots_withdraw(b, "request-3", &v, &seq, &err), &err);
    assert_int_equal(seq, 0);
    assert_int_equal(count(b), 1);
    assert_int_equal(cast(b, "request-1", ballot(0, 3, 0, MF_VERDICT_OTHER, 0)), 0);
    assert_int_equal(count(b), 1);
    assert_mf_fails(mf_ballots_withdraw(b, "request-4", &v, &seq, &err), MF_E_STATE, &err, "no answer");
    first = cast(b, "request-5", v);
    assert_mf_ok(mf_ballots_withdraw(b, "request-3", &v, &seq, &err), &err);
    assert_int_equal(seq, first);
    assert_int_equal(count(b), 2);
    mf_ballots_close(b);
    mf_dataset_free(d);
}

static void
what_is_kept_stays(void **state)
{
    const char      *dir = small_set("kept", 10), *path = mf_test_path("kept.db");
    mf_dataset      *d;
    mf_ballots      *b, *second = NULL;
    mf_ballots_opts  other = to_write;
    mf_err           err   = {0};
    mf_blob          head  = {0};
    char             token[MF_TOKEN_TEXT + 1];
    size_t           n;
    struct stat      s;

    (void)state;
    need_sqlite();
    d = load(dir);
    other.write = false;
    assert_mf_fails(mf_ballots_open(&b, path, d, &other, &err), MF_E_NOTFOUND, &err, "no votes yet");
    b = open_votes(path, d);
    assert_mf_ok(mf_ballots_add_person(b, "J\xc3\xbcrgen, \"the\" 3rd", &err), &err);
    assert_mf_fails(mf_ballots_add_person(b, "", &err), MF_E_USAGE, &err, "1 to 64 bytes");
    assert_mf_fails(mf_ballots_add_person(b, "a\nb", &err), MF_E_USAGE, &err, "control");
    memcpy(token, mf_ballots_people(b, &n)[0].token, sizeof token);
    cast(b, "request-1", ballot(0, 0, 0, MF_VERDICT_UNSURE, -1));
    /* One writer at a time; readers may look. */
    assert_mf_fails(mf_ballots_open(&second, path, d, &to_write, &err), MF_E_STATE, &err, "another maskfer annotate");
    assert_mf_ok(mf_ballots_open(&second, path, d, &other, &err), &err);
    assert_int_equal(count(second), 1);
    mf_ballots_close(second);
    mf_ballots_close(b);
    assert_int_equal(stat(path, &s), 0);
    assert_int_equal(s.st_mode & 0777, 0600);
    assert_mf_ok(mf_file_read(&head, path, 1 << 20, &err), &err);
    assert_int_equal(head.data[18], 2); /* the file format's sign of a write-ahead log */
    mf_blob_free(&head);
    /* Later: seed and share stay, whatever the defaults are by then. */
    other       = to_write;
    other.seed  = 9;
    other.share = 0.3;
    assert_mf_ok(mf_ballots_open(&b, path, d, &other, &err), &err);
    assert_int_equal(mf_ballots_seed(b), 1);
    assert_true(fabs(mf_ballots_share(b) - 0.1) < 1e-9);
    assert_string_equal(mf_ballots_people(b, &n)[0].token, token);
    assert_int_equal(n, 1);
    assert_int_equal(count(b), 1);
    mf_ballots_close(b);
    other.seed_given = true;
    assert_mf_fails(mf_ballots_open(&b, path, d, &other, &err), MF_E_USAGE, &err, "--seed 1");
    other.seed_given  = false;
    other.share_given = true;
    assert_mf_fails(mf_ballots_open(&b, path, d, &other, &err), MF_E_USAGE, &err, "--repeat-share 0.1");
    mf_dataset_free(d);
}

/* A manifest of the first `rows` pictures of small_set in which picture 0 has the label `first`. */
static mf_dataset *
changed(const char *dir, int rows, const char *first, const char *const *classes)
{
    mf_dataset *d   = NULL;
    mf_err      err = {0};
    int         i;

    assert_mf_ok(mf_dataset_new(&d, "changed", classes, 7, &err), &err);
    for (i = 0; i < rows; i++) {
        char file[32];

        snprintf(file, sizeof file, "p%04d.png", i);
        assert_mf_ok(mf_dataset_add(d, file, i == 0 ? first : classes[i % 7], "", MF_OCC_NONE, NULL, MF_SPLIT_NONE, NULL, &err), &err);
    }
    assert_mf_ok(mf_dataset_save(d, dir, &err), &err);
    mf_dataset_free(d);
    return load(dir);
}

static void
a_changed_data_set(void **state)
{
    static const char *const classes[] = {"surprise", "fear", "disgust", "happy", "sad", "angry", "neutral"};
    static const char *const others[]  = {"fear", "surprise", "disgust", "happy", "sad", "angry", "neutral"};
    const char *dir = small_set("moves", 10), *path = mf_test_path("moves.db");
    mf_dataset *d;
    mf_ballots *b = NULL;
    mf_export   e;
    mf_str      csv = {0};
    mf_err      err = {0};

    (void)state;
    need_sqlite();
    d = load(dir);
    b = open_votes(path, d);
    assert_mf_ok(mf_ballots_add_person(b, "ann", &err), &err);
    cast(b, "request-1", ballot(0, 8, 0, MF_VERDICT_AGREE, -1));
    mf_ballots_close(b);
    mf_dataset_free(d);
    /* Without answers a label may change ... */
    d = changed(dir, 10, "happy", classes);
    b = open_votes(path, d);
    cast(b, "request-2", ballot(0, 0, 0, MF_VERDICT_AGREE, -1));
    mf_ballots_close(b);
    mf_dataset_free(d);
    /* ... with answers it may not, nor may the classes. */
    d = changed(dir, 10, "sad", classes);
    assert_mf_fails(mf_ballots_open(&b, path, d, &to_write, &err), MF_E_STATE, &err, "'p0000.png' as 'happy', and it is 'sad'");
    mf_dataset_free(d);
    d = changed(dir, 10, "happy", others);
    assert_mf_fails(mf_ballots_open(&b, path, d, &to_write, &err), MF_E_STATE, &err, "classes");
    mf_dataset_free(d);
    /* A picture that is gone takes its answers out of the table, not out of the file. */
    d = changed(dir, 5, "happy", classes);
    b = open_votes(path, d);
    assert_mf_ok(mf_export_make(&e, &csv, b, d, &err), &err);
    assert_int_equal(e.votes, 1);
    assert_int_equal(e.left_out, 1);
    mf_export_free(&e);
    mf_ballots_close(b);
    mf_dataset_free(d);
    mf_str_free(&csv);
}

static void
foreign_files(void **state)
{
    const char *dir = small_set("foreign", 3), *path = mf_test_path("foreign.db");
    mf_dataset *d;
    mf_ballots *b   = NULL;
    mf_err      err = {0};
    mf_blob     raw = {0};

    (void)state;
    need_sqlite();
    d = load(dir);
    assert_mf_ok(mf_file_write(path, "image,annotator,verdict,label\n", 30, &err), &err);
    assert_mf_fails(mf_ballots_open(&b, path, d, &to_write, &err), MF_E_FORMAT, &err, path);
    assert_mf_ok(mf_file_read(&raw, path, 100, &err), &err);
    assert_int_equal(raw.size, 30); /* it is as it was */
    mf_blob_free(&raw);
    assert_mf_fails(mf_ballots_open(&b, mf_test_path("no/such/folder.db"), d, &to_write, &err), MF_E_IO, &err, "cannot make");
    mf_dataset_free(d);
}

/* The table and the figures against what they must be by hand. */
static void
export_by_hand(void **state)
{
    const char *dir = small_set("hand", 5), *path = mf_test_path("hand.db");
    mf_dataset *d;
    mf_ballots *b;
    mf_export   e;
    mf_str      csv = {0};
    mf_err      err = {0};
    mf_ballot   slow;

    (void)state;
    need_sqlite();
    d = load(dir);
    b = open_votes(path, d);
    assert_mf_ok(mf_ballots_add_person(b, "a,b", &err), &err);
    assert_mf_ok(mf_ballots_add_person(b, "ben", &err), &err);
    cast(b, "request-1", ballot(1, 4, 0, MF_VERDICT_UNSURE, -1));
    cast(b, "request-2", ballot(0, 0, 0, MF_VERDICT_AGREE, -1));
    cast(b, "request-3", ballot(0, 1, 0, MF_VERDICT_OTHER, 4));
    cast(b, "request-4", ballot(0, 2, 0, MF_VERDICT_AGREE, -1));
    slow    = ballot(0, 3, 0, MF_VERDICT_AGREE, -1);
    slow.ms = 5000;
    cast(b, "request-5", slow);
    cast(b, "request-6", ballot(0, 0, 1, MF_VERDICT_AGREE, -1));
    cast(b, "request-7", ballot(0, 1, 1, MF_VERDICT_OTHER, 4));
    cast(b, "request-8", ballot(0, 2, 1, MF_VERDICT_UNSURE, -1));
    cast(b, "request-9", ballot(0, 4, 1, MF_VERDICT_AGREE, -1)); /* without a first answer: compares with nothing */
    assert_mf_ok(mf_export_make(&e, &csv, b, d, &err), &err);
    assert_string_equal(mf_str_c(&csv), "image,annotator,verdict,label\n"
                                        "p0000.png,\"a,b\",agree,\n"
                                        "p0001.png,\"a,b\",other,sad\n"
                                        "p0002.png,\"a,b\",agree,\n"
                                        "p0003.png,\"a,b\",agree,\n"
                                        "p0004.png,ben,unsure,\n");
    assert_int_equal(e.votes, 5);
    assert_int_equal(e.pictures, 5);
    assert_int_equal(e.who[0].twice, 3);
    assert_int_equal(e.who[0].same, 2);
    assert_true(fabs(e.who[0].agreement - 2.0 / 3) < 1e-12);
    /* First: surprise, sad, disgust; second: surprise, sad, unsure. p_e = (1*1 + 1*1 + 1*0 + 0*1) / 9. */
    assert_true(fabs(e.who[0].kappa - (2.0 / 3 - 2.0 / 9) / (1 - 2.0 / 9)) < 1e-12);
    assert_true(fabs(e.who[0].median_seconds - 1) < 1e-12);
    assert_true(isnan(e.who[1].agreement) && isnan(e.who[1].kappa));
    assert_int_equal(e.who[1].verdicts[MF_VERDICT_UNSURE], 1);
    assert_true(fabs(e.all.agreement - 2.0 / 3) < 1e-12);
    mf_export_free(&e);
    mf_str_free(&csv);
    mf_ballots_close(b);
    mf_dataset_free(d);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_counts_once), cmocka_unit_test(what_is_kept_stays), cmocka_unit_test(a_changed_data_set),
        cmocka_unit_test(foreign_files),         cmocka_unit_test(export_by_hand),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
