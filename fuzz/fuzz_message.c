/* fuzz/fuzz_message.c: any body as a vote, and as an answer taken back; what is accepted keeps its promises. */
#include <stdint.h>
#include <string.h>

#include "serve/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const mf_message *m)
{
    MF_ASSERT(strlen(m->client) >= 8 && strlen(m->client) <= MF_MESSAGE_CLIENT_MAX);
    MF_ASSERT(strchr(m->client, '\'') == NULL && strchr(m->client, '\n') == NULL);
    MF_ASSERT(m->task < UINT64_C(1) << 53);
    MF_ASSERT(m->verdict >= 0 && m->verdict < MF_VERDICT_COUNT);
    MF_ASSERT(m->verdict == MF_VERDICT_OTHER || m->label[0] == '\0');
    MF_ASSERT(m->ms >= -1 && m->ms <= MF_MESSAGE_MS_MAX);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mf_message m;
    mf_err     err = {0};

    if (mf_message_vote(&m, (const char *)data, size, &err) == MF_OK)
        check(&m);
    else
        MF_ASSERT(err.msg[0] != '\0');
    err = (mf_err){0};
    if (mf_message_undo(&m, (const char *)data, size, &err) == MF_OK)
        check(&m);
    else
        MF_ASSERT(err.msg[0] != '\0');
    return 0;
}
