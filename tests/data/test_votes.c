/* tests/data/test_votes.c: votes.csv: what is read, and the sentence for each thing that is wrong. */
#include "small_sets.h"

#include <string.h>
#include "core/mem.h"
#include "core/str.h"
#include "data/votes.h"

#define HEAD "image,annotator,verdict,label\n"

static mf_dataset *
three(void)
{
    static const char *const classes[] = {"happy", "sad", "angry"};
    mf_dataset              *d         = NULL;
    mf_err                   err       = {0};
    const char *const        names[]   = {"a.png", "b,1.png", "c.png"};
    int                      i;

    assert_mf_ok(mf_dataset_new(&d, "three", classes, 3, &err), &err);
    for (i = 0; i < 3; i++)
        assert_mf_ok(mf_dataset_add(d, names[i], classes[i], NULL, MF_OCC_NONE, NULL, MF_SPLIT_NONE, NULL, &err), &err);
    return d;
}

static mf_status
parse(mf_votes **v, const mf_dataset *d, const char *text, mf_err *err)
{
    *err = (mf_err){0};
    return mf_votes_parse(v, d, "v.csv", text, strlen(text), err);
}

static void
test_read(void **state)
{
    mf_dataset *d   = three();
    mf_votes   *v   = NULL;
    mf_err      err = {0};

    (void)state;
    /* Columns in any order, further columns, a byte-order mark, CRLF, spaces in the header, blank lines. */
    assert_mf_ok(parse(&v, d, "\xef\xbb\xbf" "annotator, verdict ,label,image,seconds\r\n"
                              "bob,other,sad,a.png,3\r\n\r\nann,agree,,c.png,1\r\nann,agree,happy,a.png,9\r\n"
                              "ann,other,,\"b,1.png\",\r\nbob,unsure,,c.png,\r\n", &err), &err);
    assert_int_equal(v->n, 5);
    assert_int_equal(v->n_annotators, 2);
    assert_string_equal(v->annotators[0], "bob");
    assert_string_equal(v->annotators[1], "ann");
    assert_int_equal(v->begin[1], 2);
    assert_int_equal(v->begin[2], 3);
    assert_int_equal(v->begin[3], 5);
    assert_int_equal(v->vote[0].label, 1);                         /* bob on a: sad */
    assert_int_equal(v->vote[0].verdict, MF_VERDICT_OTHER);
    assert_int_equal(v->vote[1].label, 0);                         /* ann on a: its own label */
    assert_int_equal(v->vote[1].line, 5);
    assert_int_equal(v->vote[2].label, -1);                        /* ann on b: another class, which she does not name */
    assert_int_equal(v->vote[2].verdict, MF_VERDICT_OTHER);
    assert_int_equal(v->vote[3].label, -1);                        /* bob on c: cannot tell */
    assert_int_equal(v->vote[3].verdict, MF_VERDICT_UNSURE);
    assert_int_equal(v->vote[4].label, 2);
    mf_votes_free(v);
    assert_mf_ok(parse(&v, d, HEAD, &err), &err);
    assert_int_equal(v->n, 0);
    assert_int_equal(v->n_annotators, 0);
    mf_votes_free(v);
    mf_dataset_free(d);
}

static void
test_wrong(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "v.csv: line 1: the header is missing"},
        {"image,annotator,verdict\na.png,x,agree\n", "v.csv: line 1: the header has no column 'label'"},
        {"image,anotator,verdict,label\n", "v.csv: line 1: unknown column 'anotator'; did you mean 'annotator'?"},
        {HEAD "a.png,x,agree,\nz.png,x,agree,\n", "v.csv: line 3: picture 'z.png' is not in manifest.csv"},
        {HEAD "a.png,x,agree,\nc.png,x,agree,\na.png,x,other,sad\n",
         "v.csv: line 4: annotator 'x' votes a second time on picture 'a.png', first in line 2"},
        {HEAD "a.png,,agree,\n", "v.csv: line 2: the annotator has no name"},
        {HEAD "a.png,x,agre,\n", "v.csv: line 2: verdict 'agre' is not known; did you mean 'agree'?"},
        {HEAD "a.png,x,42,\n", "v.csv: line 2: verdict '42' is not known; it is agree, other or unsure"},
        {HEAD "a.png,x,other,sadd\n", "v.csv: line 2: class 'sadd' is not in classes of dataset.yaml; did you mean 'sad'?"},
        {HEAD "a.png,x,other,xyzzyx\n", "v.csv: line 2: class 'xyzzyx' is not in classes of dataset.yaml"},
        {HEAD "a.png,x,agree,sad\n", "v.csv: line 2: the verdict is 'agree' but the class 'sad', while the picture is labelled 'happy'"},
        {HEAD "a.png,x,other,happy\n", "v.csv: line 2: the verdict is 'other' but 'happy' is the label that the picture has"},
        {HEAD "a.png,x,unsure,sad\n", "v.csv: line 2: the verdict is 'unsure' but a class is named; write 'other' to propose 'sad'"},
        {HEAD "a.png,x,agree\n", "v.csv: line 2: 3 fields, but the header has 4"},
        {HEAD "a.png,\"x,agree,\n", "v.csv: line 2: a quote that is never closed"},
        {HEAD "a.png,\"x\"y,agree,\n", "v.csv: line 2: text after a closing quote"},
        {HEAD "a.png,Ren\xe9,agree,\n", "v.csv: line 2: not UTF-8; save the file as UTF-8"},
    };
    mf_dataset *d = three();
    size_t      i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        mf_votes *v   = NULL;
        mf_err    err = {0};
        mf_status st  = parse(&v, d, cases[i].text, &err);

        assert_mf_fails(st, MF_E_FORMAT, &err, cases[i].says);
        assert_null(v);
    }
    mf_dataset_free(d);
}

/* A line without end is refused after a megabyte, whatever its length; nothing near the file's size is held. */
static void
test_long_line(void **state)
{
    mf_dataset *d    = three();
    mf_votes   *v    = NULL;
    mf_err      err  = {0};
    char       *text = mf_calloc(1 << 16, 1);
    FILE       *f    = fopen(small_path("long.csv"), "w");
    size_t      before;
    int         i;

    (void)state;
    assert_non_null(f);
    memset(text, 'x', 1 << 16);
    fputs(HEAD "a.png,", f);
    for (i = 0; i < 1024; i++) /* 64 MiB */
        assert_int_equal(fwrite(text, 1, 1 << 16, f), 1 << 16);
    fclose(f);
    before = mf_mem_now();
    assert_mf_fails(mf_votes_load(&v, d, mf_test_path("long.csv"), &err), MF_E_LIMIT, &err,
                    "long.csv: line 2: a row of more than 1 MiB");
    assert_int_equal(mf_mem_now(), before);
    assert_mf_fails(mf_votes_load(&v, d, mf_test_path("none.csv"), &err), MF_E_IO, &err, "cannot open");
    mf_free(text);
    mf_dataset_free(d);
}

/* Votes on pictures that quarantine.csv leaves out are passed over, not refused. */
static void
test_quarantine(void **state)
{
    mf_dataset *d   = NULL;
    mf_votes   *v   = NULL;
    mf_err      err = {0};

    (void)state;
    small_set("q", "image,label\na.png,happy\nb.png,sad\n");
    small_text("q/quarantine.csv", "image,reason\nb.png,broken\n");
    small_text("q/votes.csv", HEAD "b.png,x,other,angry\na.png,x,agree,\n");
    assert_mf_ok(mf_dataset_load(&d, mf_test_path("q"), &err), &err);
    assert_mf_ok(mf_votes_load(&v, d, mf_test_path("q/votes.csv"), &err), &err);
    assert_int_equal(v->n, 1);
    assert_int_equal(v->n_quarantined, 1);
    mf_votes_free(v);
    mf_dataset_free(d);
}

static mf_status
read_job(void *arg, mf_err *err)
{
    mf_votes *v  = NULL;
    mf_status st = parse(&v, arg, HEAD "a.png,x,agree,\na.png,y,other,sad\nc.png,x,unsure,\n", err);

    mf_votes_free(v);
    return st;
}

static void
test_no_memory(void **state)
{
    mf_dataset *d = three();

    (void)state;
    mf_test_each_alloc(read_job, d);
    mf_dataset_free(d);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read), cmocka_unit_test(test_wrong), cmocka_unit_test(test_long_line),
        cmocka_unit_test(test_quarantine), cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests_name("votes", tests, NULL, NULL);
}
