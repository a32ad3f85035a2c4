/* fuzz/fuzz_yaml.c: any bytes through the YAML reader; every scalar that was read survives quoting. */
#include <stdint.h>
#include <string.h>

#include "core/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_quote(const char *text)
{
    mf_str   doc  = {0};
    mf_yaml *back = NULL;

    mf_str_add(&doc, "- ");
    mf_yaml_quote(&doc, text);
    /* libyaml limits nothing but a key to 1024 bytes, and a sequence item is no key. */
    if (mf_yaml_parse(&back, mf_str_c(&doc), doc.len, NULL) == MF_OK) {
        const char *got = mf_yaml_text(mf_yaml_at(back, 0));

        MF_ASSERT(got != NULL && strcmp(got, text) == 0);
    }
    mf_yaml_free(back);
    mf_str_free(&doc);
}

static void
walk(const mf_yaml *v)
{
    const char *key;
    size_t      i;

    MF_ASSERT(mf_yaml_line(v) >= 1);
    if (mf_yaml_text(v) != NULL) {
        check_quote(mf_yaml_text(v));
    }
    for (i = 0; i < mf_yaml_size(v); i++) {
        if (mf_yaml_at(v, i) != NULL) {
            walk(mf_yaml_at(v, i));
        } else {
            walk(mf_yaml_member(v, i, &key));
        }
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mf_yaml  *root = NULL;
    mf_err    err  = {0};
    mf_status st   = mf_yaml_parse(&root, (const char *)data, size, &err);

    MF_ASSERT((st == MF_OK) == (root != NULL));
    MF_ASSERT((st == MF_OK) == (err.msg[0] == '\0'));
    if (root != NULL) {
        walk(root);
    }
    mf_yaml_free(root);
    return 0;
}
