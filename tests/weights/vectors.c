/* tests/weights/vectors.c */
#include "support.h"

#include <string.h>

#include "core/hash.h"
#include "core/str.h"
#include "vectors.h"

const char *
vector_path(const char *name)
{
    static char path[1024];

    snprintf(path, sizeof path, "%s/tests/weights/vectors/%s", mf_test_source(), name);
    return path;
}

static void
line_of(mf_str *out, const mf_tensor *t)
{
    mf_sha256 h;
    uint8_t   sum[32];
    char      hex[65];

    mf_sha256_init(&h);
    mf_sha256_add(&h, t->data, t->bytes);
    mf_sha256_end(&h, sum);
    mf_hex(hex, sum, 8);
    mf_str_clear(out);
    mf_str_printf(out, "%s %s ", t->name, mf_dtype_name(t->dtype));
    for (int d = 0; d < t->shape.ndim; d++) {
        mf_str_printf(out, "%s%lld", d > 0 ? "x" : "", (long long)t->shape.dim[d]);
    }
    mf_str_printf(out, "%s %s\n", t->shape.ndim == 0 ? "scalar" : "", hex);
}

const char *
check_lines(const mf_tensors *ts, const char *lines, const char *what)
{
    mf_str got = {0};

    for (size_t i = 0; i < ts->n; i++) {
        line_of(&got, &ts->t[i]);
        if (strncmp(lines, mf_str_c(&got), got.len) != 0) {
            print_error("%s: read %s  wanted %.*s\n", what, mf_str_c(&got), (int)strcspn(lines, "\n"), lines);
            fail();
        }
        lines += got.len;
    }
    mf_str_free(&got);
    if (*lines != '\0' && !mf_str_starts(lines, "file ")) {
        print_error("%s: tensors are missing from %.*s\n", what, (int)strcspn(lines, "\n"), lines);
        fail();
    }
    return lines;
}
