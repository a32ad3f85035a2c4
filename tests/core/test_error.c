/* Sentences of failures: set, put in front, cut at the limit. */
#include "support.h"

#include <errno.h>
#include <string.h>

static void
sets_and_prefixes(void **state)
{
    mf_err err = {0};

    (void)state;
    assert_int_equal(mf_fail(&err, MF_E_FORMAT, "line %d", 3), MF_E_FORMAT);
    assert_string_equal(err.msg, "line 3");
    assert_int_equal(mf_fail_in(&err, err.code, "labels '%s'", "f.txt"), MF_E_FORMAT);
    assert_string_equal(err.msg, "labels 'f.txt': line 3");
    /* An argument may be the old sentence. */
    mf_fail(&err, MF_E_ARG, "again %s", err.msg);
    assert_string_equal(err.msg, "again labels 'f.txt': line 3");
    assert_int_equal(err.code, MF_E_ARG);
    assert_int_equal(mf_fail(NULL, MF_E_IO, "nobody listens"), MF_E_IO);
    assert_int_equal(mf_fail_in(NULL, MF_E_IO, "nobody listens"), MF_E_IO);
}

static void
names_the_system_cause(void **state)
{
    mf_err err = {0};

    (void)state;
    assert_int_equal(mf_fail_errno(&err, ENOENT, "cannot open '%s'", "x"), MF_E_IO);
    assert_string_equal(err.msg, "cannot open 'x': No such file or directory");
    assert_int_equal(mf_fail_errno(&err, ENOMEM, "map"), MF_E_NOMEM);
}

static void
long_sentences_are_cut(void **state)
{
    char   big[3 * MF_ERR_MSG_MAX];
    mf_err err = {0};

    (void)state;
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    mf_fail(&err, MF_E_ARG, "%s", big);
    assert_int_equal(strlen(err.msg), MF_ERR_MSG_MAX - 1);
    mf_fail_in(&err, MF_E_ARG, "%s", "front");
    assert_int_equal(strlen(err.msg), MF_ERR_MSG_MAX - 1);
    assert_memory_equal(err.msg, "front: xxx", 10);
}

static void
every_status_has_a_name(void **state)
{
    int st;

    (void)state;
    for (st = 0; st >= MF_E_INTERNAL; st--) {
        assert_string_not_equal(mf_status_name((mf_status)st), "unknown status");
    }
    assert_string_equal(mf_status_name((mf_status)(MF_E_INTERNAL - 1)), "unknown status");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_and_prefixes),
        cmocka_unit_test(names_the_system_cause),
        cmocka_unit_test(long_sentences_are_cut),
        cmocka_unit_test(every_status_has_a_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
