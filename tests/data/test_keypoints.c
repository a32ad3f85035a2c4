/* Landmarks of a batch lie where their picture shows them, whatever the draw did; and what is said where there are none. */
#include "support.h"

#include <math.h>
#include <string.h>

#include "core/file.h"
#include "core/str.h"
#include "data/keypoints.h"
#include "data/loader.h"

enum { ROWS = 12, SIDE = 240, WORK = 120, INPUT = 96, DISC = 14 };

/* Eyes, nose tip, mouth corners of a face that fills most of its picture; each a disc of a grey of its own. */
static const float   face[5][2] = {{84.5f, 96.5f}, {156.5f, 92.5f}, {120.5f, 130.5f}, {94.5f, 164.5f}, {150.5f, 160.5f}};
static const uint8_t grey[5]    = {40, 80, 120, 160, 200};

static void
save_face(const char *dir, const char *name)
{
    mf_image im;
    mf_str   path = {0};
    mf_err   err = {0};

    assert_mf_ok(mf_image_new(&im, SIDE, SIDE, 1, &err), &err);
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            im.px[y * SIDE + x] = 0;
            for (int i = 0; i < 5; i++)
                if (hypot(x + 0.5 - (double)face[i][0], y + 0.5 - (double)face[i][1]) < DISC)
                    im.px[y * SIDE + x] = grey[i];
        }
    mf_path_join(&path, dir, name);
    assert_mf_ok(mf_image_save(mf_str_c(&path), &im, 95, &err), &err);
    mf_image_free(&im);
    mf_str_free(&path);
}

/* lines: of landmarks.csv, one a row; < 0: no such file. */
static mf_dataset *
faces(const char *dir, int lines)
{
    static const char *const classes[] = {"a", "b"};
    mf_dataset *d;
    mf_err      err = {0};
    mf_str      text = {0}, path = {0};

    assert_mf_ok(mf_dir_make(dir, &err), &err);
    assert_mf_ok(mf_dataset_new(&d, "faces", classes, 2, &err), &err);
    mf_str_add(&text, "image,x0,y0,x1,y1,x2,y2,x3,y3,x4,y4\n");
    for (int i = 0; i < ROWS; i++) {
        char name[16];

        snprintf(name, sizeof name, "f%02d.png", i);
        save_face(dir, name);
        assert_mf_ok(mf_dataset_add(d, name, classes[i % 2], "s", MF_OCC_NONE, "", MF_SPLIT_TRAIN, NULL, &err), &err);
        if (i >= lines)
            continue;
        mf_str_add(&text, name);
        for (int k = 0; k < 5; k++)
            mf_str_printf(&text, ",%.2f,%.2f", (double)face[k][0], (double)face[k][1]);
        mf_str_addc(&text, '\n');
    }
    assert_mf_ok(mf_dataset_save(d, dir, &err), &err);
    mf_dataset_free(d);
    mf_path_join(&path, dir, "landmarks.csv");
    if (lines >= 0)
        assert_mf_ok(mf_file_write(mf_str_c(&path), text.data, text.len, &err), &err);
    assert_mf_ok(mf_dataset_load(&d, dir, &err), &err);
    mf_str_free(&text);
    mf_str_free(&path);
    return d;
}

static const uint32_t all_rows[ROWS] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};

static mf_cache *
cache(const mf_dataset *d)
{
    mf_cache_opts o = {.kind = MF_CACHE_RAM, .width = WORK, .height = WORK, .channels = 1};
    mf_cache     *c;
    mf_err        err = {0};

    assert_mf_ok(mf_cache_build(&c, d, all_rows, ROWS, &o, &err), &err);
    return c;
}

static mf_loader_opts
options(void)
{
    mf_loader_opts o = {.batch = 5, .pictures = 2, .shuffle = true, .seed = 4, .classes = 2, .landmarks = 5, .recipe = mf_recipe_default(INPUT, INPUT, 1)};

    o.recipe.mean[0] = 0.0f;
    o.recipe.std[0]  = 1.0f;
    o.augment        = mf_augment_none();
    o.augment.flip   = 0.5;
    o.augment.pad    = 0.05;
    o.augment.affine_prob = o.augment.zoom_prob = 0.8;
    o.augment.rotate = 20;
    o.augment.scale  = 0.1;
    o.augment.shift  = 0.05;
    o.augment.zoom   = 0.15;
    return o;
}

static mf_loader *
opened(const mf_dataset *d, const mf_cache *c, const mf_loader_opts *o)
{
    mf_sample  s[ROWS];
    mf_loader *l;
    mf_err     err = {0};

    for (uint32_t i = 0; i < ROWS; i++)
        s[i] = (mf_sample){{i, (i + 1) % ROWS, i}};
    assert_mf_ok(mf_loader_open(&l, d, c, s, ROWS, o, &err), &err);
    return l;
}

/* The grey under point i of a face, 0..255. */
static double
under(const float *x, const float *p, int i)
{
    const int px = (int)floorf(p[MF_KEYPOINT * i]), py = (int)floorf(p[MF_KEYPOINT * i + 1]);

    assert_true(px >= 0 && py >= 0 && px < INPUT && py < INPUT);
    return 255.0 * (double)x[py * INPUT + px];
}

static void
points_lie_where_the_picture_shows_them(void **state)
{
    mf_dataset     *d = faces(mf_test_path("faces"), ROWS);
    mf_cache       *c = cache(d);
    mf_loader_opts  o = options();
    mf_loader      *l = opened(d, c, &o);
    const mf_batch *b;
    mf_err          err = {0};
    int             mirrored = 0, seen = 0;

    (void)state;
    for (uint64_t e = 0; e < 20; e++) {
        assert_mf_ok(mf_loader_start(l, e, 0, &err), &err);
        while (mf_loader_next(l, &b, &err) == MF_OK && b) {
            for (size_t i = 0; i < b->n; i++)
                for (int k = 0; k < 2; k++, seen++) {
                    const float *x = (const float *)b->x[k] + i * INPUT * INPUT, *p = b->marks[k] + i * 5 * MF_KEYPOINT;
                    const bool   turned = fabs(under(x, p, 0) - grey[1]) < fabs(under(x, p, 0) - grey[0]);

                    mirrored += turned;
                    assert_true(p[0] < p[MF_KEYPOINT]); /* a left eye stays left */
                    for (int q = 0; q < 5; q++) {
                        assert_true(fabs(under(x, p, q) - grey[turned ? mf_keypoint_twin(5, q) : q]) < 1.0);
                        assert_true(p[MF_KEYPOINT * q + 2] == 1.0f);
                    }
                    if (k == 1) /* pictures of a sample share the draw */
                        assert_memory_equal(p, b->marks[0] + i * 5 * MF_KEYPOINT, 5 * MF_KEYPOINT * sizeof *p);
                }
        }
    }
    print_message("%d pictures, %d of them mirrored\n", seen, mirrored);
    assert_in_range(mirrored, seen / 3, 2 * seen / 3);
    mf_loader_close(l);
    mf_cache_free(c);
    mf_dataset_free(d);
}

static void
five_points_become_68(void **state)
{
    mf_dataset     *d = faces(mf_test_path("faces"), ROWS);
    mf_cache       *c = cache(d);
    mf_loader_opts  o = options();
    const mf_batch *b;
    mf_err          err = {0};
    float           want[4][5 * 2 * 68 * MF_KEYPOINT];

    (void)state;
    o.landmarks = 68;
    for (int w = 0; w < 3; w++) { /* and workers change nothing */
        o.workers    = w;
        mf_loader *l = opened(d, c, &o);

        assert_mf_ok(mf_loader_start(l, 1, 0, &err), &err);
        for (int k = 0; k < 3; k++) {
            const size_t n = 2 * 68 * MF_KEYPOINT;

            assert_mf_ok(mf_loader_next(l, &b, &err), &err);
            for (size_t i = 0; i < b->n; i++) {
                const float *x = (const float *)b->x[0] + i * INPUT * INPUT, *p = b->marks[0] + i * 68 * MF_KEYPOINT;
                const bool   turned = fabs(under(x, p, 48) - grey[4]) < fabs(under(x, p, 48) - grey[3]);

                assert_true(fabs(under(x, p, 30) - grey[2]) < 1.0); /* what was given stays: nose tip and mouth corners */
                assert_true(fabs(under(x, p, 54) - grey[turned ? 3 : 4]) < 1.0);
                if (w == 0)
                    memcpy(want[k] + i * n / 2, p, n / 2 * sizeof *p);
                assert_memory_equal(want[k] + i * n / 2, p, n / 2 * sizeof *p);
            }
        }
        mf_loader_close(l);
    }
    mf_cache_free(c);
    mf_dataset_free(d);
}

static void
refused(int lines, const char *extra, mf_status code, const char *part)
{
    const char    *dir = mf_test_path("bare");
    mf_dataset    *d   = faces(dir, lines);
    mf_cache      *c   = cache(d);
    mf_loader_opts o   = options();
    mf_sample      s[ROWS];
    mf_loader     *l;
    mf_err         err  = {0};
    mf_str         path = {0};
    mf_blob        file = {0};

    if (extra != NULL) {
        mf_str text = {0};

        mf_path_join(&path, dir, "landmarks.csv");
        assert_mf_ok(mf_file_read(&file, mf_str_c(&path), 1 << 20, &err), &err);
        mf_str_printf(&text, "%.*s%s", (int)file.size, (const char *)file.data, extra);
        assert_mf_ok(mf_file_write(mf_str_c(&path), text.data, text.len, &err), &err);
        mf_str_free(&text);
    }
    for (uint32_t i = 0; i < ROWS; i++)
        s[i] = (mf_sample){{i, i, i}};
    assert_mf_fails(mf_loader_open(&l, d, c, s, ROWS, &o, &err), code, &err, part);
    print_message("  %s\n", err.msg);
    mf_blob_free(&file);
    mf_str_free(&path);
    mf_cache_free(c);
    mf_dataset_free(d);
}

static void
missing_points_are_named(void **state)
{
    (void)state;
    refused(ROWS - 1, NULL, MF_E_NOTFOUND, "has no points for 'f11.png' (line 13 of manifest.csv)");
    refused(ROWS - 1, "f11.png,84,96,156,92,120,130,94,164,1500,160\n", MF_E_ARG, "landmarks.csv': line 13: point 4 at (1500, 160) is far outside 'f11.png' of 240 x 240 pixels");
}

static void
a_set_without_the_file_is_refused(void **state)
{
    (void)state;
    refused(-1, NULL, MF_E_NOTFOUND, "has no landmarks.csv");
}

static void
points_beside_a_picture(void **state)
{
    const char *dir = mf_test_path("single");
    mf_err      err = {0};
    mf_str      path = {0}, pts = {0};
    float       p[MF_KEYPOINTS_MAX * MF_KEYPOINT];

    (void)state;
    assert_mf_ok(mf_dir_make(dir, &err), &err);
    mf_path_join(&path, dir, "a.b.jpg");
    assert_mf_fails(mf_keypoints_beside(p, 5, mf_str_c(&path), &err), MF_E_NOTFOUND, &err, "a.b.pts'");
    mf_path_join(&pts, dir, "a.b.pts");
    assert_mf_ok(mf_file_write(mf_str_c(&pts), "10 20\n30 20\n20 30\n12 40\n28 40\n", 30, &err), &err);
    assert_mf_ok(mf_keypoints_beside(p, 5, mf_str_c(&path), &err), &err);
    assert_true(p[3] == 30.0f && p[4] == 20.0f && p[5] == 1.0f && p[12] == 28.0f);
    assert_mf_ok(mf_keypoints_beside(p, 68, mf_str_c(&path), &err), &err);
    assert_true(fabsf(p[30 * MF_KEYPOINT] - 20.0f) < 1e-3f && fabsf(p[54 * MF_KEYPOINT + 1] - 40.0f) < 1e-3f);
    assert_mf_ok(mf_file_write(mf_str_c(&pts), "10 20\n10 20\n20 30\n12 40\n28 40\n", 30, &err), &err);
    assert_mf_fails(mf_keypoints_beside(p, 68, mf_str_c(&path), &err), MF_E_ARG, &err, "a.b.pts'");
    mf_str_free(&path);
    mf_str_free(&pts);
}

/* How sure a point is arrives with it; a point of 68 made of five is as sure as what it lies by. */
static void
doubt_arrives(void **state)
{
    static const char text[] = "image,x0,y0,c0,x1,y1,c1,x2,y2,c2,x3,y3,c3,x4,y4,c4\nf00.png,84,96,1,156,92,0.75,120,130,0.5,94,164,0.25,150,160,0\n";
    static const struct {
        int   at;
        float sure;
    } want[] = {{36, 1}, {18, 1}, {47, 0.75f}, {25, 0.75f}, {30, 0.5f}, {28, 0.5f}, {48, 0.25f}, {54, 0}, {60, 0}, {8, 0}};
    mf_dataset       *d    = faces(mf_test_path("doubt"), -1);
    const uint32_t    row  = 0;
    mf_str            path = {0};
    mf_err            err  = {0};
    float             p[MF_KEYPOINTS_MAX * MF_KEYPOINT];
    mf_row_keypoints *k;

    (void)state;
    mf_path_join(&path, d->dir, "landmarks.csv");
    assert_mf_ok(mf_file_write(mf_str_c(&path), text, sizeof text - 1, &err), &err);
    assert_mf_ok(mf_row_keypoints_open(&k, d, &row, 1, 5, &err), &err);
    mf_row_keypoints_at(p, k, 0);
    for (int i = 0; i < 5; i++)
        assert_true(p[MF_KEYPOINT * i + 2] == 1.0f - 0.25f * (float)i);
    mf_row_keypoints_free(k);
    assert_mf_ok(mf_row_keypoints_open(&k, d, &row, 1, 68, &err), &err);
    mf_row_keypoints_at(p, k, 0);
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++)
        assert_true(p[MF_KEYPOINT * want[i].at + 2] == want[i].sure);
    mf_row_keypoints_free(k);
    mf_str_free(&path);
    mf_dataset_free(d);
}

typedef struct job {
    const mf_dataset *d;
    const mf_cache   *c;
} job;

static mf_status
load_job(void *arg, mf_err *err)
{
    const job      *j = arg;
    mf_loader      *l;
    mf_loader_opts  o = options();
    const mf_batch *b;
    mf_sample       s[ROWS];
    mf_status       st;

    for (uint32_t i = 0; i < ROWS; i++)
        s[i] = (mf_sample){{i, i, i}};
    st = mf_loader_open(&l, j->d, j->c, s, ROWS, &o, err);
    if (st == MF_OK && (st = mf_loader_start(l, 0, 0, err)) == MF_OK)
        do
            st = mf_loader_next(l, &b, err);
        while (st == MF_OK && b);
    mf_loader_close(l);
    return st;
}

static void
every_failing_allocation_is_survived(void **state)
{
    mf_dataset *d = faces(mf_test_path("faces"), ROWS);
    mf_cache   *c = cache(d);
    job         j = {.d = d, .c = c};

    (void)state;
    mf_test_each_alloc(load_job, &j);
    mf_cache_free(c);
    mf_dataset_free(d);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_lie_where_the_picture_shows_them),
        cmocka_unit_test(five_points_become_68),
        cmocka_unit_test(a_set_without_the_file_is_refused),
        cmocka_unit_test(missing_points_are_named),
        cmocka_unit_test(points_beside_a_picture),
        cmocka_unit_test(doubt_arrives),
        cmocka_unit_test(every_failing_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
