/* What a page sends is read strictly. */
#include "support.h"

#include <string.h>

#include "serve/message.h"

static void
refuse(const char *text, bool vote, const char *part)
{
    mf_message m;
    mf_err     err = {0};

    assert_mf_fails(vote ? mf_message_vote(&m, text, strlen(text), &err) : mf_message_undo(&m, text, strlen(text), &err),
                    MF_E_FORMAT, &err, part);
}

static void
messages(void **state)
{
    static const char good[] = "{\"client\":\"abcdefgh\",\"task\":9007199254740991,\"verdict\":\"other\",\"label\":\"sad\",\"ms\":1200}";
    mf_message m;
    mf_err     err = {0};
    char       big[MF_MESSAGE_MAX + 2];

    (void)state;
    assert_mf_ok(mf_message_vote(&m, good, sizeof good - 1, &err), &err);
    assert_string_equal(m.client, "abcdefgh");
    assert_true(m.task == (UINT64_C(1) << 53) - 1);
    assert_int_equal(m.verdict, MF_VERDICT_OTHER);
    assert_string_equal(m.label, "sad");
    assert_int_equal(m.ms, 1200);
    assert_mf_ok(mf_message_undo(&m, "{\"client\":\"abcdefgh\",\"task\":1}", 30, &err), &err);
    refuse("", true, NULL);
    refuse("[]", true, "one JSON object");
    refuse("{\"task\":1,\"verdict\":\"agree\"}", true, "'client'");
    refuse("{\"client\":\"short\",\"task\":1,\"verdict\":\"agree\"}", true, "'client'");
    refuse("{\"client\":\"abc' OR 1=1\",\"task\":1,\"verdict\":\"agree\"}", true, "'client'");
    refuse("{\"client\":\"abcdefgh\",\"verdict\":\"agree\"}", true, "'task'");
    refuse("{\"client\":\"abcdefgh\",\"task\":-1,\"verdict\":\"agree\"}", true, "'task'");
    refuse("{\"client\":\"abcdefgh\",\"task\":1.5,\"verdict\":\"agree\"}", true, "'task'");
    refuse("{\"client\":\"abcdefgh\",\"task\":9007199254740992,\"verdict\":\"agree\"}", true, "'task'");
    refuse("{\"client\":\"abcdefgh\",\"task\":\"1\",\"verdict\":\"agree\"}", true, "'task'");
    refuse("{\"client\":\"abcdefgh\",\"task\":1}", true, "'verdict'");
    refuse("{\"client\":\"abcdefgh\",\"task\":1,\"verdict\":\"maybe\"}", true, "not 'maybe'");
    refuse("{\"client\":\"abcdefgh\",\"task\":1,\"verdict\":\"other\"}", true, "'label'");
    refuse("{\"client\":\"abcdefgh\",\"task\":1,\"verdict\":\"agree\",\"label\":\"sad\"}", true, "'label'");
    refuse("{\"client\":\"abcdefgh\",\"task\":1,\"verdict\":\"agree\",\"ms\":86400001}", true, "'ms'");
    refuse("{\"client\":\"abcdefgh\",\"task\":1,\"verdict\":\"agree\",\"admin\":true}", true, "unknown key 'admin'");
    refuse("{\"client\":\"abcdefgh\",\"task\":1,\"task\":2,\"verdict\":\"agree\"}", true, NULL);
    refuse("{\"client\":\"abcdefgh\",\"task\":1,\"verdict\":\"agree\"} x", true, NULL);
    refuse("{\"client\":\"abcdefgh\",\"task\":1,\"verdict\":\"agree\"}", false, "unknown key 'verdict'");
    memset(big, ' ', sizeof big);
    assert_mf_fails(mf_message_vote(&m, big, sizeof big, &err), MF_E_LIMIT, &err, "at most");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(messages)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
