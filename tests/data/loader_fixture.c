/* tests/data/loader_fixture.c: see loader_fixture.h. */
#include "support.h"

#include "loader_fixture.h"

#include "core/file.h"
#include "core/rng.h"
#include "core/str.h"

mf_dataset *
fixture_dataset(const char *dir)
{
    static const char *const classes[] = {"a", "b", "c"};
    static const char *const endings[] = {"png", "jpg", "webp"};
    mf_dataset *d;
    mf_err      err = {0};
    mf_str      path = {0};

    assert_mf_ok(mf_dir_make(dir, &err), &err);
    assert_mf_ok(mf_dataset_new(&d, "noise", classes, 3, &err), &err);
    for (int i = 0; i < FIXTURE_ROWS; i++) {
        char     name[32];
        mf_image im;
        mf_rng   rng = mf_rng_make(99, 0, (uint64_t)i, MF_RNG_TEST);
        float    soft[3] = {0.5f, 0.25f, 0.25f};
        int      side = i % 4 == 0 ? FIXTURE_SIDE : 15 + i;

        snprintf(name, sizeof name, "p%02d.%s", i, endings[i % 3]);
        assert_mf_ok(mf_image_new(&im, side, i % 4 == 0 ? FIXTURE_SIDE : 30, i % 5 ? 3 : 1, &err), &err);
        for (int k = 0; k < im.width * im.height * im.channels; k++)
            im.px[k] = (uint8_t)mf_rng_u32(&rng);
        mf_path_join(&path, dir, name);
        assert_mf_ok(mf_image_save(mf_str_c(&path), &im, 95, &err), &err);
        mf_image_free(&im);
        assert_mf_ok(mf_dataset_add(d, name, classes[i % 8 == 0 ? 0 : i % 8 < 3 ? 1 : 2], "s", MF_OCC_NONE, "",
                                    MF_SPLIT_TRAIN, i % 3 == 0 ? soft : NULL, &err), &err);
    }
    assert_mf_ok(mf_dataset_save(d, dir, &err), &err);
    mf_dataset_free(d);
    mf_str_free(&path);
    assert_mf_ok(mf_dataset_load(&d, dir, &err), &err);
    assert_int_equal(d->n_rows, FIXTURE_ROWS);
    return d;
}

const uint32_t *
fixture_rows(void)
{
    static const uint32_t rows[] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18,
                                    19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36};
    _Static_assert(sizeof rows / sizeof *rows == FIXTURE_ROWS, "one entry a row");
    return rows;
}

mf_cache *
fixture_cache(const mf_dataset *d, mf_cache_kind kind, const char *dir, int channels, int workers)
{
    mf_cache     *c;
    mf_err        err = {0};
    mf_cache_opts o = {.kind = kind, .dir = dir, .width = FIXTURE_SIDE, .height = FIXTURE_SIDE + 2, .channels = channels,
                       .workers = workers};

    assert_mf_ok(mf_cache_build(&c, d, fixture_rows(), FIXTURE_ROWS, &o, &err), &err);
    return c;
}

void
fixture_spoil(const mf_dataset *d, uint32_t row)
{
    mf_str path = {0};
    mf_err err  = {0};

    mf_path_join(&path, d->dir, d->rows[row].image);
    assert_mf_ok(mf_file_write(mf_str_c(&path), "\xFF\xD8\xFF\xE0 no picture", 15, &err), &err);
    mf_str_free(&path);
}
