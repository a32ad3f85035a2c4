/* The pixel cache: the three kinds give the same pixels, the file is found again and made anew when it must be, and
 * errors name the first bad picture whatever the number of workers. */
#include "support.h"

#include <string.h>
#include <sys/stat.h>

#include "core/file.h"
#include "core/mem.h"
#include "core/rng.h"
#include "data/cache.h"
#include "loader_fixture.h"

enum { ONE = FIXTURE_SIDE * (FIXTURE_SIDE + 2) };

static void
pixels_are_the_resized_pictures(void **state)
{
    mf_dataset *d = fixture_dataset(mf_test_path("set"));
    mf_err      err = {0};
    mf_str      path = {0};

    (void)state;
    for (int ch = 1; ch <= 3; ch += 2)
        for (int workers = 1; workers <= 8; workers += 7) {
            mf_cache *c = fixture_cache(d, MF_CACHE_RAM, NULL, ch, workers);
            for (uint32_t r = 0; r < FIXTURE_ROWS; r++) {
                mf_image im, small;
                mf_path_join(&path, d->dir, d->rows[r].image);
                assert_mf_ok(mf_image_load(&im, mf_str_c(&path), ch, &err), &err);
                assert_mf_ok(mf_image_resize(&small, &im, FIXTURE_SIDE, FIXTURE_SIDE + 2, &err), &err);
                assert_memory_equal(mf_cache_at(c, r), small.px, (size_t)(ONE * ch));
                mf_image_free(&im);
                mf_image_free(&small);
            }
            mf_cache_free(c);
        }
    mf_str_free(&path);
    mf_dataset_free(d);
}

static void
kinds_hold_the_same(void **state)
{
    mf_dataset     *d   = fixture_dataset(mf_test_path("set"));
    mf_cache       *ram = fixture_cache(d, MF_CACHE_RAM, NULL, 3, 2), *disk = fixture_cache(d, MF_CACHE_DISK, NULL, 3, 2);
    mf_cache       *none = fixture_cache(d, MF_CACHE_NONE, NULL, 3, 2);
    mf_cache_reader reader = {0};
    uint8_t         px[ONE * 3];
    mf_err          err = {0};

    (void)state;
    for (uint32_t r = 0; r < FIXTURE_ROWS; r++) {
        assert_memory_equal(mf_cache_at(ram, r), mf_cache_at(disk, r), sizeof px);
        assert_null(mf_cache_at(none, r));
        assert_true(mf_cache_has(none, r));
        assert_mf_ok(mf_cache_read(none, r, px, &reader, &err), &err);
        assert_memory_equal(mf_cache_at(ram, r), px, sizeof px);
    }
    assert_false(mf_cache_has(ram, FIXTURE_ROWS));
    mf_cache_reader_free(&reader);
    mf_cache_free(ram);
    mf_cache_free(disk);
    mf_cache_free(none);
    mf_dataset_free(d);
}

/* The one cache file in `dir`, or NULL when there is none; fails on more than one. */
static const char *
only_file(const char *dir, size_t expect)
{
    static char path[4096];
    mf_names    names;
    mf_err      err = {0};

    assert_mf_ok(mf_dir_list(&names, dir, &err), &err);
    assert_int_equal(names.n, expect);
    if (names.n)
        snprintf(path, sizeof path, "%s/%s", dir, names.name[0]);
    mf_names_free(&names);
    return path;
}

static void
the_file_is_used_again(void **state)
{
    mf_dataset *d   = fixture_dataset(mf_test_path("again"));
    const char *dir = mf_test_path("cachedir");
    mf_cache   *c   = fixture_cache(d, MF_CACHE_DISK, dir, 3, 2);
    mf_err      err = {0};
    uint8_t     first[ONE * 3];
    struct stat a, b;
    mf_blob     file;

    (void)state;
    memcpy(first, mf_cache_at(c, 5), sizeof first);
    mf_cache_free(c);
    const char *path = only_file(dir, 1);
    assert_int_equal(stat(path, &a), 0);

    c = fixture_cache(d, MF_CACHE_DISK, dir, 3, 2); /* found: same inode */
    assert_memory_equal(first, mf_cache_at(c, 5), sizeof first);
    mf_cache_free(c);
    assert_int_equal(stat(only_file(dir, 1), &b), 0);
    assert_int_equal(a.st_ino, b.st_ino);

    /* cut by a byte: made anew, whole */
    assert_mf_ok(mf_file_read(&file, path, 1 << 24, &err), &err);
    assert_mf_ok(mf_file_write(path, file.data, file.size - 1, &err), &err);
    c = fixture_cache(d, MF_CACHE_DISK, dir, 3, 2);
    assert_memory_equal(first, mf_cache_at(c, 5), sizeof first);
    mf_cache_free(c);
    /* another key in the head, and other pixels: made anew */
    file.data[40] ^= 1;
    for (size_t i = 4096; i < file.size; i++)
        file.data[i] ^= 255;
    assert_mf_ok(mf_file_write(path, file.data, file.size, &err), &err);
    c = fixture_cache(d, MF_CACHE_DISK, dir, 3, 2);
    assert_memory_equal(first, mf_cache_at(c, 5), sizeof first);
    mf_cache_free(c);
    only_file(dir, 1);
    mf_blob_free(&file);

    /* another shape: another file */
    c = fixture_cache(d, MF_CACHE_DISK, dir, 1, 2);
    mf_cache_free(c);
    only_file(dir, 2);
    mf_dataset_free(d);
}

static void
a_changed_picture_is_noticed(void **state)
{
    mf_dataset *d    = fixture_dataset(mf_test_path("changed"));
    const char *dir  = mf_test_path("changedcache");
    mf_cache   *c    = fixture_cache(d, MF_CACHE_DISK, dir, 3, 1);
    mf_image    grey = {0};
    mf_err      err  = {0};
    mf_str      path = {0};

    (void)state;
    mf_cache_free(c);
    assert_mf_ok(mf_image_new(&grey, 9, 9, 1, &err), &err);
    memset(grey.px, 42, 81);
    mf_path_join(&path, d->dir, d->rows[6].image);
    assert_mf_ok(mf_image_save(mf_str_c(&path), &grey, 90, &err), &err);
    c = fixture_cache(d, MF_CACHE_DISK, dir, 3, 1);
    for (int i = 0; i < ONE * 3; i++)
        assert_int_equal(mf_cache_at(c, 6)[i], 42);
    mf_cache_free(c);
    only_file(dir, 2);
    mf_image_free(&grey);
    mf_str_free(&path);
    mf_dataset_free(d);
}

/* The picture of `row` (a PNG) becomes one of side x side that breaks off at its end. */
static void
spoil_slowly(const mf_dataset *d, uint32_t row, int side)
{
    mf_image im;
    mf_blob  file;
    mf_str   path = {0};
    mf_err   err  = {0};
    mf_rng   rng  = mf_rng_make(1, 0, row, MF_RNG_TEST);

    mf_path_join(&path, d->dir, d->rows[row].image);
    assert_mf_ok(mf_image_new(&im, side, side, 3, &err), &err);
    for (int i = 0; i < side * side * 3; i++) /* noise: a file of many pieces */
        im.px[i] = (uint8_t)mf_rng_u32(&rng);
    assert_mf_ok(mf_image_save(mf_str_c(&path), &im, 90, &err), &err);
    assert_mf_ok(mf_file_read(&file, mf_str_c(&path), 1 << 24, &err), &err);
    assert_mf_ok(mf_file_write(mf_str_c(&path), file.data, file.size - 20, &err), &err);
    mf_blob_free(&file);
    mf_image_free(&im);
    mf_str_free(&path);
}

static void
the_first_bad_picture_is_named(void **state)
{
    mf_dataset *d   = fixture_dataset(mf_test_path("bad"));
    const char *dir = mf_test_path("badcache");
    mf_err      err = {0};

    (void)state;
    fixture_spoil(d, 30);
    spoil_slowly(d, 9, 200); /* the later one takes longer to fail: it must not have the last word */
    spoil_slowly(d, 12, 600);
    for (int workers = 1; workers <= 8; workers++)
        for (int kind = 0; kind < 2; kind++) {
            mf_cache     *c;
            mf_cache_opts o = {.kind = kind ? MF_CACHE_DISK : MF_CACHE_RAM, .dir = dir, .width = 8, .height = 8,
                               .channels = 3, .workers = workers};
            assert_mf_fails(mf_cache_build(&c, d, fixture_rows(), FIXTURE_ROWS, &o, &err), MF_E_FORMAT, &err, "p09.png");
            assert_null(c);
        }
    only_file(dir, 0); /* nothing half-written */

    mf_str path = {0};
    mf_path_join(&path, d->dir, d->rows[3].image);
    assert_mf_ok(mf_file_remove(mf_str_c(&path), &err), &err);
    mf_str_free(&path);
    mf_cache     *c;
    mf_cache_opts o = {.kind = MF_CACHE_DISK, .dir = dir, .width = 8, .height = 8, .channels = 3};
    assert_mf_fails(mf_cache_build(&c, d, fixture_rows(), FIXTURE_ROWS, &o, &err), MF_E_IO, &err, "p03.png");
    mf_dataset_free(d);
}

typedef struct seen {
    double last, total;
    int    calls;
} seen;

static void
note(void *arg, const char *what, double done, double total)
{
    seen *s = arg;
    assert_non_null(what);
    assert_true(done >= s->last && done <= total);
    s->last  = done;
    s->total = total;
    s->calls++;
}

static void
progress_goes_up_to_the_end(void **state)
{
    mf_dataset *d = fixture_dataset(mf_test_path("set"));

    (void)state;
    for (int kind = MF_CACHE_RAM; kind <= MF_CACHE_DISK; kind++) {
        mf_cache     *c;
        seen          s   = {0};
        mf_err        err = {0};
        mf_cache_opts o   = {.kind = (mf_cache_kind)kind, .dir = mf_test_path("progress"), .width = 8, .height = 8,
                             .channels = 3, .workers = 4, .progress = {.fn = note, .arg = &s}};
        assert_mf_ok(mf_cache_build(&c, d, fixture_rows(), FIXTURE_ROWS, &o, &err), &err);
        assert_true(s.calls > 0 && s.last == FIXTURE_ROWS && s.total == FIXTURE_ROWS);
        mf_cache_free(c);
    }
    mf_dataset_free(d);
}

static void
arguments_are_judged(void **state)
{
    mf_dataset   *d = fixture_dataset(mf_test_path("args"));
    mf_cache     *c;
    mf_err        err = {0};
    uint32_t      some[] = {7, 3, 7}, beyond[] = {FIXTURE_ROWS};
    mf_cache_opts o = {.kind = MF_CACHE_RAM, .width = 4, .height = 4, .channels = 3};

    (void)state;
    assert_mf_ok(mf_cache_build(&c, d, some, 3, &o, &err), &err);
    assert_true(mf_cache_has(c, 3) && mf_cache_has(c, 7) && !mf_cache_has(c, 4));
    assert_null(mf_cache_at(c, 4));
    assert_non_null(mf_cache_at(c, 7));
    mf_cache_free(c);
    assert_mf_fails(mf_cache_build(&c, d, beyond, 1, &o, &err), MF_E_ARG, &err, "row 37");
    assert_mf_fails(mf_cache_build(&c, d, some, 0, &o, &err), MF_E_ARG, &err, "no rows");
    o.channels = 4;
    assert_mf_fails(mf_cache_build(&c, d, some, 1, &o, &err), MF_E_ARG, &err, "4 channels");
    o.channels = 3;
    o.width    = 0;
    assert_mf_fails(mf_cache_build(&c, d, some, 1, &o, &err), MF_E_ARG, &err, "0 x 4");
    mf_cache_free(NULL);
    mf_dataset_free(d);
}

typedef struct job {
    mf_dataset   *d;
    mf_cache_kind kind;
} job;

static mf_status
build_job(void *arg, mf_err *err)
{
    const job    *j = arg;
    mf_cache     *c;
    mf_cache_opts o = {.kind = j->kind, .dir = mf_test_path("nomem"), .width = 6, .height = 6, .channels = 3, .workers = 1};
    uint32_t      some[] = {1, 4, 8};
    mf_status     st = mf_cache_build(&c, j->d, some, 3, &o, err);

    mf_cache_free(c);
    return st;
}

static void
every_failing_allocation_is_survived(void **state)
{
    job j = {.d = fixture_dataset(mf_test_path("set"))};

    (void)state;
    for (int kind = MF_CACHE_RAM; kind <= MF_CACHE_NONE; kind++) {
        j.kind = (mf_cache_kind)kind;
        mf_test_each_alloc(build_job, &j);
    }
    mf_dataset_free(j.d);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pixels_are_the_resized_pictures),
        cmocka_unit_test(kinds_hold_the_same),
        cmocka_unit_test(the_file_is_used_again),
        cmocka_unit_test(a_changed_picture_is_noticed),
        cmocka_unit_test(the_first_bad_picture_is_named),
        cmocka_unit_test(progress_goes_up_to_the_end),
        cmocka_unit_test(arguments_are_judged),
        cmocka_unit_test(every_failing_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
