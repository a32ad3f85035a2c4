/* Heat over pictures: the published form against its formula, ours against its promises; contact sheets: sizes, places, limits. */
#include "support.h"

#include <math.h>
#include <string.h>

#include "image/image.h"
#include "viz/colour.h"
#include "viz/overlay.h"

static mf_image
picture(int w, int h, int channels)
{
    mf_image im;
    mf_err   err = {0};

    assert_mf_ok(mf_image_new(&im, w, h, channels, &err), &err);
    for (size_t i = 0; i < (size_t)w * (size_t)h * (size_t)channels; i++) {
        im.px[i] = (uint8_t)(i * 37 % 256);
    }
    return im;
}

/* picture + 0.4 jet, held to 255; the map in whole 255ths. */
static void
test_published(void **state)
{
    mf_image      im = picture(2, 1, 3), out;
    const float   heat[2] = {1.0f, 0.5f};
    mf_colour_map jet;
    mf_err        err = {0};

    (void)state;
    mf_colour_jet(&jet);
    assert_mf_ok(mf_overlay_jet(&out, &im, heat, 2, 1, &err), &err);
    for (int x = 0; x < 2; x++) {
        const int level = x == 0 ? 255 : 127; /* 127.5 is cut off */

        for (int c = 0; c < 3; c++) {
            assert_int_equal(out.px[3 * x + c], (int)fmin(255, nearbyint(im.px[3 * x + c] + 0.4 * jet.rgb[level][c])));
        }
    }
    mf_image_free(&im);
    mf_image_free(&out);
}

static void
test_even(void **state)
{
    const int     channels[] = {1, 3, 4};
    const float   heat[4] = {0, 0, 0, 1};
    mf_colour_map map;
    mf_err        err = {0};

    (void)state;
    mf_colour_heat(&map);
    for (int k = 0; k < 3; k++) {
        mf_image im = picture(8, 8, channels[k]), out;

        assert_mf_ok(mf_overlay_heat(&out, &im, heat, 2, 2, 1.0, &err), &err);
        assert_int_equal(out.channels, 3);
        assert_int_equal(out.width, 8);
        for (int c = 0; c < 3; c++) { /* all heat, full strength: the colour alone */
            assert_int_equal(out.px[3 * 63 + c], map.rgb[255][c]);
        }
        mf_image_free(&out);
        assert_mf_ok(mf_overlay_heat(&out, &im, heat, 2, 2, 0.0, &err), &err);
        for (int i = 0; i < 64; i++) { /* no strength: the picture in grey */
            assert_true(out.px[3 * i] == out.px[3 * i + 1] && out.px[3 * i] == out.px[3 * i + 2]);
        }
        mf_image_free(&out);
        mf_image_free(&im);
    }
}

static bool
is_white(const mf_image *im, int x, int y)
{
    const uint8_t *p = im->px + 3 * ((size_t)y * (size_t)im->width + (size_t)x);

    return p[0] == 255 && p[1] == 255 && p[2] == 255;
}

static void
test_sheet(void **state)
{
    static const char *const head[] = {"picture", "a method with a name that is far too long for its column"}, *const side[] = {"none", "mask"};
    mf_image                 im = picture(30, 60, 3), out, again;
    mf_sheet_cell            cell[4] = {{.im = &im, .caption = "happy"}, {.im = &im, .caption = "happy", .mark = MF_MARK_RIGHT}, {.im = &im, .caption = "sad"},
                                        {.caption = "happy", .mark = MF_MARK_WRONG}};
    mf_sheet                 s = {.title = "Title", .rows = 2, .cols = 2, .tile = 64, .group = 2, .head = head, .side = side, .cell = cell};
    mf_err                   err = {0};
    bool                     ink = false;

    (void)state;
    assert_mf_ok(mf_sheet_draw(&out, &s, &err), &err);
    assert_mf_ok(mf_sheet_draw(&again, &s, &err), &err);
    assert_memory_equal(out.px, again.px, (size_t)out.width * (size_t)out.height * 3);
    assert_true(out.width > 2 * 64 && out.width < 300 && out.height > 2 * 64 && out.height < 300);
    for (int y = 0; y < out.height; y++) { /* nothing runs off the edge */
        assert_true(is_white(&out, 0, y) && is_white(&out, out.width - 1, y));
        for (int x = 0; x < out.width; x++) {
            ink = ink || !is_white(&out, x, y);
        }
    }
    assert_true(ink);
    mf_image_free(&out);
    mf_image_free(&again);
    s.tile = 1000;
    assert_mf_fails(mf_sheet_draw(&out, &s, &err), MF_E_LIMIT, &err, "1000 pixels");
    s.tile = 64;
    s.rows = 0;
    assert_mf_fails(mf_sheet_draw(&out, &s, &err), MF_E_LIMIT, &err, "0 x 2");
    assert_null(out.px);
    mf_image_free(&im);
}

static mf_status
one_job(void *arg, mf_err *err)
{
    mf_image     *im = arg, out = {0}, sheet = {0};
    const float   heat[4] = {0, 1, 0.5f, 0};
    mf_status     st = mf_overlay_heat(&out, im, heat, 2, 2, 0.5, err);
    mf_sheet_cell cell = {.im = &out, .caption = "a long line of text that does not fit", .mark = MF_MARK_WRONG};
    mf_sheet      s = {.rows = 1, .cols = 1, .tile = 40, .cell = &cell};

    if (st == MF_OK) {
        st = mf_sheet_draw(&sheet, &s, err);
    }
    mf_image_free(&out);
    mf_image_free(&sheet);
    return st;
}

static void
test_memory(void **state)
{
    mf_image im = picture(9, 7, 3);

    (void)state;
    mf_test_each_alloc(one_job, &im);
    mf_image_free(&im);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published), cmocka_unit_test(test_even), cmocka_unit_test(test_sheet), cmocka_unit_test(test_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
