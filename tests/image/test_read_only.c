/* tests/image/test_read_only.c: the formats that are read and not written, BMP and TIFF: pixels against an independent reader,
 * every cut an error, limits before memory. */
#include "support.h"

#include <string.h>

#include "core/file.h"
#include "core/mem.h"
#include "image/image.h"

typedef struct record {
    const char    *name;
    int            width, height, channels, tolerance;
    const uint8_t *file, *px;
    size_t         size;
} record;

static int
i32(const uint8_t *p)
{
    int32_t v;
    memcpy(&v, p, 4);
    return v;
}

static bool
next(record *r, const mf_blob *b, size_t *at)
{
    const uint8_t *p = b->data + *at;

    if (*at >= b->size)
        return false;
    *r    = (record){.name = (const char *)p, .width = i32(p + 36), .height = i32(p + 40), .channels = i32(p + 44),
                     .size = (size_t)i32(p + 48), .tolerance = i32(p + 52), .file = p + 56};
    r->px = r->file + r->size;
    *at += 56 + r->size + (size_t)r->width * (size_t)r->height * (size_t)r->channels;
    return true;
}

static mf_blob
load(void)
{
    mf_blob b;
    mf_err  err = {0};
    char    path[4096];

    snprintf(path, sizeof path, "%s/tests/image/vectors/read_only.bin", mf_test_source());
    assert_mf_ok(mf_file_read(&b, path, 64 << 20, &err), &err);
    return b;
}

static bool
is_built(const record *r)
{
    return MF_HAVE_TIFF || !strstr(r->name, ".tif");
}

static void
pixels_are_right(void **state)
{
    mf_blob b = load();
    record  r;
    int     seen[2] = {0};

    (void)state;
    for (size_t at = 0; next(&r, &b, &at);) {
        mf_image im;
        mf_err   err = {0};
        int      w, h, c, worst = 0;

        if (!is_built(&r)) {
            assert_mf_fails(mf_image_decode(&im, r.name, r.file, r.size, 0, &err), MF_E_FORMAT, &err, "not a BMP, JPEG");
            continue;
        }
        assert_mf_ok(mf_image_decode(&im, r.name, r.file, r.size, 0, &err), &err);
        if (im.width != r.width || im.height != r.height || im.channels != r.channels)
            fail_msg("%s: %d x %d, %d channels", r.name, im.width, im.height, im.channels);
        for (int i = 0; i < r.width * r.height * r.channels; i++) {
            int d = abs((int)im.px[i] - (int)r.px[i]);

            worst = d > worst ? d : worst;
        }
        if (worst > r.tolerance)
            fail_msg("%s: off by up to %d levels, %d allowed", r.name, worst, r.tolerance);
        assert_mf_ok(mf_image_probe(&w, &h, &c, r.name, r.file, r.size, &err), &err);
        assert_true(w == r.width && h == r.height && c == r.channels);
        seen[strstr(r.name, ".tif") != NULL]++;
        mf_image_free(&im);
    }
    assert_true(seen[0] >= 5 && (seen[1] >= 16 || !MF_HAVE_TIFF));
    if (!MF_HAVE_TIFF)
        mf_test_skip("this build reads no TIFF");
    mf_blob_free(&b);
}

/* A file that is cut anywhere in its pixels or its header is refused; only padding at the end may lack. */
static void
every_cut_is_an_error(void **state)
{
    mf_blob b = load();
    record  r;

    (void)state;
    for (size_t at = 0; next(&r, &b, &at);) {
        if (!is_built(&r))
            continue;
        for (size_t n = 0; n + 4 < r.size; n++) {
            mf_image im;
            mf_err   err  = {0};
            uint8_t *part = malloc(n ? n : 1); /* of its own size: what reads past it is seen by the sanitizer */

            assert_non_null(part);
            memcpy(part, r.file, n);
            if (mf_image_decode(&im, r.name, part, n, 0, &err) >= 0) {
                /* Tags behind the pixels may be ones that have a default. */
                bool whole = im.width == r.width && im.height == r.height && im.channels == r.channels &&
                             !memcmp(im.px, r.px, (size_t)r.width * (size_t)r.height * (size_t)r.channels);

                if (!whole && r.tolerance == 0)
                    fail_msg("%s cut to %zu of %zu bytes is read, with other pixels", r.name, n, r.size);
                mf_image_free(&im);
            } else if (!strstr(err.msg, r.name)) {
                fail_msg("%s cut to %zu bytes: '%s'", r.name, n, err.msg);
            }
            free(part);
        }
    }
    mf_blob_free(&b);
}

/* Headers that promise more than there is. */
static void
lies_are_told_before_memory(void **state)
{
    static const uint8_t bmp[54] = {'B', 'M', 54, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0, 0x00, 0x70, 0, 0, 0, 0x20, 0, 0, 1, 0, 24};
    uint8_t  tiff[] = {'M', 'M', 0, '*', 0, 0, 0, 8, 0, 5,
                       1, 0, 0, 3, 0, 0, 0, 1, 0x70, 0, 0, 0, 1, 1, 0, 3, 0, 0, 0, 1, 0x20, 0, 0, 0,
                       1, 2, 0, 3, 0, 0, 0, 1, 0, 8, 0, 0, 1, 6, 0, 3, 0, 0, 0, 1, 0, 1, 0, 0,
                       1, 17, 0, 4, 0, 0, 0, 1, 0, 0, 0, 8, 0, 0, 0, 0};
    size_t   before = mf_mem_now();
    mf_image im;
    mf_err   err = {0};

    (void)state;
    assert_mf_fails(mf_image_decode(&im, "x.bmp", bmp, sizeof bmp, 0, &err), MF_E_FORMAT, &err, "cannot be in 54 bytes");
    if (MF_HAVE_TIFF)
        assert_true(mf_image_decode(&im, "x.tif", tiff, sizeof tiff, 0, &err) < 0);
    assert_true(mf_mem_now() == before);
    assert_mf_fails(mf_image_save(mf_test_path("x.tif"), &(mf_image){.px = tiff, .width = 1, .height = 1, .channels = 1}, 90, &err),
                    MF_E_ARG, &err, "the name must end in .png");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pixels_are_right), cmocka_unit_test(every_cut_is_an_error), cmocka_unit_test(lies_are_told_before_memory),
    };

    return cmocka_run_group_tests_name("formats that are only read", tests, NULL, NULL);
}
