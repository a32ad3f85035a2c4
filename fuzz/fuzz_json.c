/* fuzz/fuzz_json.c: any bytes through the JSON reader, then every value asked for in every way. */
#include <stdint.h>

#include "core/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
walk(const mf_json *v)
{
    const char *key;
    size_t      i;

    (void)mf_json_text(v, "");
    (void)mf_json_int(v, 0);
    (void)mf_json_num(v, 0);
    for (i = 0; i < mf_json_size(v); i++) {
        if (mf_json_is_array(v)) {
            walk(mf_json_at(v, i));
        } else {
            const mf_json *member = mf_json_member(v, i, &key);

            MF_ASSERT(member != NULL && mf_json_get(v, key) != NULL);
            walk(member);
        }
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mf_json  *root = NULL;
    mf_err    err  = {0};
    mf_status st   = mf_json_parse(&root, (const char *)data, size, true, &err);

    MF_ASSERT((st == MF_OK) == (root != NULL));
    MF_ASSERT((st == MF_OK) == (err.msg[0] == '\0'));
    if (root != NULL) {
        walk(root);
    }
    mf_json_free(root);
    return 0;
}
