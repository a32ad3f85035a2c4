/* Pictures as values, resizing against Pillow's vectors, channel rules, cropping, limits. */
#include "support.h"

#include <string.h>

#include "core/file.h"
#include "core/mem.h"
#include "image/decoder.h"
#include "image/image.h"

static int32_t
i32(const uint8_t *p)
{
    int32_t v;
    memcpy(&v, p, 4); /* the vectors are little-endian, as every machine that runs the tests */
    return v;
}

static mf_blob
vectors(const char *name)
{
    mf_blob b;
    mf_err  err = {0};
    char    path[4096];

    snprintf(path, sizeof path, "%s/tests/image/vectors/%s", mf_test_source(), name);
    assert_mf_ok(mf_file_read(&b, path, 64 << 20, &err), &err);
    return b;
}

static void
resize_equals_pillow(void **state)
{
    mf_blob    b  = vectors("resize.bin");
    mf_decoder dc = {0};
    mf_err     err = {0};
    int        cases = 0;
    size_t     at    = 0;

    (void)state;
    while (at < b.size) {
        const uint8_t *p = b.data + at;
        int      w = i32(p), h = i32(p + 4), c = i32(p + 8), nw = i32(p + 12), nh = i32(p + 16);
        size_t   in = (size_t)w * (size_t)h * (size_t)c, out = (size_t)nw * (size_t)nh * (size_t)c;
        mf_image src = {.px = b.data + at + 20, .width = w, .height = h, .channels = c}, got;

        assert_mf_ok(mf_image_resize(&got, &src, nw, nh, &err), &err);
        assert_int_equal(got.width, nw);
        assert_int_equal(got.height, nh);
        assert_memory_equal(got.px, p + 20 + in, out);
        memset(got.px, 1, out);
        assert_mf_ok(mf_decoder_resize(&dc, got.px, nw, nh, &src, &err), &err);
        assert_memory_equal(got.px, p + 20 + in, out);
        mf_image_free(&got);
        at += 20 + in + out;
        cases++;
    }
    assert_int_equal(at, b.size);
    assert_true(cases > 60);
    mf_decoder_free(&dc);
    mf_blob_free(&b);
}

static void
resize_of_one_colour_is_that_colour(void **state)
{
    mf_image im, out;
    mf_err   err = {0};

    (void)state;
    assert_mf_ok(mf_image_new(&im, 333, 7, 3, &err), &err);
    memset(im.px, 255, 333 * 7 * 3);
    assert_mf_ok(mf_image_resize(&out, &im, 10, 400, &err), &err);
    for (int i = 0; i < 10 * 400 * 3; i++)
        assert_int_equal(out.px[i], 255);
    mf_image_free(&im);
    mf_image_free(&out);
}

static void
shapes_are_checked(void **state)
{
    mf_image im;
    mf_err   err = {0};

    (void)state;
    assert_mf_fails(mf_image_new(&im, 0, 5, 3, &err), MF_E_ARG, &err, "at least one pixel");
    assert_mf_fails(mf_image_new(&im, 5, -1, 3, &err), MF_E_ARG, &err, "at least one pixel");
    assert_mf_fails(mf_image_new(&im, 5, 5, 2, &err), MF_E_ARG, &err, "channels");
    assert_mf_fails(mf_image_new(&im, MF_IMAGE_MAX_SIDE + 1, 1, 1, &err), MF_E_LIMIT, &err, "32769 x 1");
    assert_mf_fails(mf_image_new(&im, 30000, 30000, 1, &err), MF_E_LIMIT, &err, "over the limit");
    assert_null(im.px);
    mf_image_free(&im);
    mf_image_free(NULL);
}

static void
channels_follow_the_rules(void **state)
{
    uint8_t  px[] = {255, 0, 0, 255, 0, 255, 0, 128, 10, 20, 30, 0};
    mf_image rgba = {.px = px, .width = 3, .height = 1, .channels = 4}, out, back;
    mf_err   err  = {0};

    (void)state;
    assert_mf_ok(mf_image_convert(&out, &rgba, 3, &err), &err);
    uint8_t rgb[] = {255, 0, 0, 127, 255, 127, 255, 255, 255};
    assert_memory_equal(out.px, rgb, sizeof rgb);
    assert_mf_ok(mf_image_convert(&back, &out, 1, &err), &err);
    uint8_t grey[] = {76, 202, 255};
    assert_memory_equal(back.px, grey, sizeof grey);
    mf_image_free(&out);
    assert_mf_ok(mf_image_convert(&out, &back, 3, &err), &err);
    uint8_t again[] = {76, 76, 76, 202, 202, 202, 255, 255, 255};
    assert_memory_equal(out.px, again, sizeof again);
    mf_image_free(&out);
    assert_mf_ok(mf_image_convert(&out, &back, 4, &err), &err);
    assert_int_equal(out.px[3], 255);
    assert_int_equal(out.px[4], 202);
    mf_image_free(&out);
    assert_mf_ok(mf_image_copy(&out, &rgba, &err), &err);
    assert_memory_equal(out.px, px, sizeof px);
    mf_image_free(&out);
    mf_image_free(&back);
}

static void
crop_fills_what_lies_outside(void **state)
{
    uint8_t  px[3 * 2 * 3];
    mf_image src = {.px = px, .width = 3, .height = 2, .channels = 3}, out;
    mf_err   err = {0};

    (void)state;
    for (int i = 0; i < (int)sizeof px; i++)
        px[i] = (uint8_t)(i + 1);
    for (int y = -3; y < 4; y++)
        for (int x = -4; x < 5; x++)
            for (int w = 1; w < 6; w += 2) {
                assert_mf_ok(mf_image_crop(&out, &src, x, y, w, 3, 99, &err), &err);
                for (int j = 0; j < 3; j++)
                    for (int i = 0; i < w; i++)
                        for (int c = 0; c < 3; c++) {
                            bool in = x + i >= 0 && x + i < 3 && y + j >= 0 && y + j < 2;
                            assert_int_equal(out.px[(j * w + i) * 3 + c], in ? px[((y + j) * 3 + x + i) * 3 + c] : 99);
                        }
                mf_image_free(&out);
            }
    assert_mf_ok(mf_image_crop(&out, &src, INT32_MAX, INT32_MIN, 2, 2, 0, &err), &err);
    assert_int_equal(out.px[0], 0);
    mf_image_free(&out);
    assert_mf_fails(mf_image_crop(&out, &src, 0, 0, 1, 1, 256, &err), MF_E_ARG, &err, "fill");
    assert_mf_fails(mf_image_crop(&out, &src, 0, 0, 0, 1, 0, &err), MF_E_ARG, &err, "at least one pixel");
}

static mf_status
resize_job(void *arg, mf_err *err)
{
    static uint8_t px[20 * 10 * 4];
    mf_image       src = {.px = px, .width = 20, .height = 10, .channels = 4}, out, grey = {0};
    mf_status      st = mf_image_resize(&out, &src, 7, 13, err);

    (void)arg;
    if (st == MF_OK)
        st = mf_image_convert(&grey, &out, 1, err);
    mf_image_free(&out);
    mf_image_free(&grey);
    return st;
}

static void
every_failing_allocation_is_survived(void **state)
{
    (void)state;
    mf_test_each_alloc(resize_job, NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resize_equals_pillow),
        cmocka_unit_test(resize_of_one_colour_is_that_colour),
        cmocka_unit_test(shapes_are_checked),
        cmocka_unit_test(channels_follow_the_rules),
        cmocka_unit_test(crop_fills_what_lies_outside),
        cmocka_unit_test(every_failing_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
