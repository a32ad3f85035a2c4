/* serve/message.c: requests read strictly: what is not understood is refused, not guessed. */
#include "serve/message.h"

#include <string.h>
#include "core/json.h"

enum { CLIENT_LEAST = 8 };
static const int64_t task_max = (INT64_C(1) << 53) - 1;

/* Text of a member, at most `max` bytes, into out. */
static mf_status
take_text(char *out, size_t max, const mf_json *root, const char *key, mf_err *err)
{
    const mf_json *v    = mf_json_get(root, key);
    const char    *text = mf_json_text(v, NULL);

    if (text == NULL)
        return mf_fail(err, MF_E_FORMAT, "'%s' is missing or is no text", key);
    if (strlen(text) > max)
        return mf_fail(err, MF_E_FORMAT, "'%s' is longer than %zu bytes", key, max);
    memcpy(out, text, strlen(text) + 1);
    return MF_OK;
}

static mf_status
take_client(mf_message *out, const mf_json *root, mf_err *err)
{
    mf_status st = take_text(out->client, MF_MESSAGE_CLIENT_MAX, root, "client", err);
    size_t    n  = st == MF_OK ? strlen(out->client) : 0;

    if (st < 0)
        return st;
    if (n < CLIENT_LEAST ||
        strspn(out->client, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_") != n)
        return mf_fail(err, MF_E_FORMAT, "'client' is at least %d letters, digits or dashes", (int)CLIENT_LEAST);
    return MF_OK;
}

/* A whole number from 0 to max; `otherwise` where the member is not there, INT64_MIN if it must be. */
static mf_status
take_number(int64_t *out, const mf_json *root, const char *key, int64_t max, int64_t otherwise, mf_err *err)
{
    const mf_json *v = mf_json_get(root, key);

    if (v == NULL && otherwise != INT64_MIN) {
        *out = otherwise;
        return MF_OK;
    }
    if (v == NULL || !mf_json_is_int(v) || (*out = mf_json_int(v, -1)) < 0 || *out > max)
        return mf_fail(err, MF_E_FORMAT, "'%s' is missing or is no whole number from 0 to %lld", key, (long long)max);
    return MF_OK;
}

static mf_status
take_verdict(mf_message *out, const mf_json *root, mf_err *err)
{
    char      word[16];
    mf_status st = take_text(word, sizeof word - 1, root, "verdict", err);
    int       k;

    if (st < 0)
        return st;
    for (k = 0; k < MF_VERDICT_COUNT && !mf_str_eq(word, mf_verdict_name((mf_verdict)k)); k++) {
    }
    if (k == MF_VERDICT_COUNT)
        return mf_fail(err, MF_E_FORMAT, "'verdict' is agree, other or unsure, not '%s'", word);
    out->verdict = (mf_verdict)k;
    if (out->verdict == MF_VERDICT_OTHER)
        return take_text(out->label, MF_MESSAGE_LABEL_MAX, root, "label", err);
    if (mf_json_get(root, "label") != NULL)
        return mf_fail(err, MF_E_FORMAT, "'label' belongs to the verdict 'other' alone");
    return MF_OK;
}

/* An object with no other keys than `keys` (NULL-terminated). */
static mf_status
check_keys(const mf_json *root, const char *const *keys, mf_err *err)
{
    size_t i, k;

    if (!mf_json_is_object(root))
        return mf_fail(err, MF_E_FORMAT, "expected one JSON object");
    for (i = 0; i < mf_json_size(root); i++) {
        const char *key = "";

        mf_json_member(root, i, &key);
        for (k = 0; keys[k] != NULL && !mf_str_eq(key, keys[k]); k++) {
        }
        if (keys[k] == NULL)
            return mf_fail(err, MF_E_FORMAT, "unknown key '%.40s'", key);
    }
    return MF_OK;
}

static mf_status
parse(mf_message *out, const char *text, size_t size, bool vote, mf_err *err)
{
    static const char *const of_vote[] = {"client", "task", "verdict", "label", "ms", NULL};
    static const char *const of_undo[] = {"client", "task", NULL};
    mf_json  *root = NULL;
    int64_t   task = 0;
    mf_status st;

    *out = (mf_message){.ms = -1};
    if (size > MF_MESSAGE_MAX)
        return mf_fail(err, MF_E_LIMIT, "a message is at most %d bytes", (int)MF_MESSAGE_MAX);
    if ((st = mf_json_parse(&root, text, size, true, err)) < 0)
        return st;
    if ((st = check_keys(root, vote ? of_vote : of_undo, err)) < 0 || (st = take_client(out, root, err)) < 0 ||
        (st = take_number(&task, root, "task", task_max, INT64_MIN, err)) < 0)
        goto done;
    out->task = (uint64_t)task;
    if (vote && (st = take_verdict(out, root, err)) == MF_OK)
        st = take_number(&out->ms, root, "ms", MF_MESSAGE_MS_MAX, -1, err);
done:
    mf_json_free(root);
    return st;
}

mf_status
mf_message_vote(mf_message *out, const char *text, size_t size, mf_err *err)
{
    return parse(out, text, size, true, err);
}

mf_status
mf_message_undo(mf_message *out, const char *text, size_t size, mf_err *err)
{
    return parse(out, text, size, false, err);
}
