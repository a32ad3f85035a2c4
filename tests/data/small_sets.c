/* tests/data/small_sets.c: files and pictures for the tests of data sets. */
#include "small_sets.h"

#include <string.h>
#include "core/file.h"
#include "core/mem.h"
#include "core/str.h"
#include "image/image.h"

const char *
small_path(const char *rel)
{
    const char *path  = mf_test_path(rel);
    char       *above = mf_strdup(path), *slash;
    mf_err      err   = {0};

    assert_non_null(above);
    if ((slash = strrchr(above, '/'))) {
        *slash = '\0';
        assert_mf_ok(mf_dir_make(above, &err), &err);
    }
    mf_free(above);
    return path;
}

void
small_text(const char *rel, const char *text)
{
    mf_err err = {0};

    assert_mf_ok(mf_file_write(small_path(rel), text, strlen(text), &err), &err);
}

void
small_picture(const char *rel, int w, int h, int channels, unsigned seed)
{
    mf_image im  = {0};
    mf_err   err = {0};
    int      i;

    assert_mf_ok(mf_image_new(&im, w, h, channels, &err), &err);
    for (i = 0; i < w * h * channels; i++)
        im.px[i] = (uint8_t)((unsigned)i * (2 * seed + 7) + seed * 31 + (unsigned)i / 5);
    assert_mf_ok(mf_image_save(small_path(rel), &im, 90, &err), &err);
    mf_image_free(&im);
}

char *
small_read(const char *rel, size_t *size)
{
    mf_blob b   = {0};
    mf_err  err = {0};

    assert_mf_ok(mf_file_read(&b, mf_test_path(rel), 1 << 24, &err), &err);
    if (size)
        *size = b.size;
    return (char *)b.data;
}

void
small_same_bytes(const char *rel_a, const char *rel_b)
{
    size_t na, nb;
    char  *a = small_read(rel_a, &na), *b = small_read(rel_b, &nb);

    if (na != nb || memcmp(a, b, na) != 0)
        fail_msg("'%s' and '%s' differ", rel_a, rel_b);
    mf_free(a);
    mf_free(b);
}

void
small_set(const char *set, const char *manifest)
{
    mf_str rel = {0};

    mf_str_printf(&rel, "%s/dataset.yaml", set);
    small_text(mf_str_c(&rel), "name: small\nclasses: [happy, sad, angry]\nlicence: CC0-1.0\nsource: a test\n");
    mf_str_clear(&rel);
    mf_str_printf(&rel, "%s/manifest.csv", set);
    small_text(mf_str_c(&rel), manifest);
    mf_str_free(&rel);
}
