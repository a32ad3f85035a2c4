/* tests/data/test_points.c: landmarks of data sets: from .pts files, 68 to 5, outside their pictures, on a contact sheet. */
#include "small_sets.h"

#include <math.h>
#include <string.h>
#include "core/file.h"
#include "core/mem.h"
#include "core/str.h"
#include "data/check.h"
#include "data/landmarks_collect.h"
#include "data/preview.h"
#include "image/image.h"

static const mf_jobs_opts two = {.workers = 2, .what = "points"};

/* A plausible face of 68 points, `size` wide, its left upper corner at (x, y). */
static mf_landmarks
face(float x, float y, float size)
{
    mf_landmarks lm = {.n = 68};
    int          i;

    for (i = 0; i < 17; i++) { /* jaw */
        lm.x[i] = (float)(0.5 - 0.45 * cos(i * M_PI / 16));
        lm.y[i] = (float)(0.4 + 0.55 * sin(i * M_PI / 16));
    }
    for (i = 17; i < 27; i++) { /* brows */
        lm.x[i] = 0.15F + 0.7F * (float)(i - 17) / 9;
        lm.y[i] = 0.25F;
    }
    for (i = 27; i < 36; i++) { /* nose */
        lm.x[i] = i < 31 ? 0.5F : 0.42F + 0.04F * (float)(i - 31);
        lm.y[i] = i < 31 ? 0.35F + 0.08F * (float)(i - 27) : 0.63F;
    }
    for (i = 36; i < 48; i++) { /* eyes */
        lm.x[i] = (float)((i < 42 ? 0.3 : 0.7) + 0.07 * cos(i * M_PI / 3));
        lm.y[i] = (float)(0.36 + 0.03 * sin(i * M_PI / 3));
    }
    for (i = 48; i < 68; i++) { /* mouth */
        lm.x[i] = (float)(0.5 - 0.14 * cos((i - 48) * M_PI / 6));
        lm.y[i] = (float)(0.77 - 0.05 * sin((i - 48) * M_PI / 6));
    }
    for (i = 0; i < 68; i++) {
        lm.x[i] = x + size * lm.x[i];
        lm.y[i] = y + size * lm.y[i];
    }
    return lm;
}

static void
write_pts(const char *rel, const mf_landmarks *lm, bool header)
{
    mf_str s = {0};
    int    i;

    if (header)
        mf_str_printf(&s, "version: 1\nn_points: %d\n{\n", lm->n);
    for (i = 0; i < lm->n; i++)
        mf_str_printf(&s, "%.3f %.3f\n", (double)lm->x[i], (double)lm->y[i]);
    mf_str_add(&s, header ? "}\n" : "");
    small_text(rel, mf_str_c(&s));
    mf_str_free(&s);
}

/* SET with three pictures of 80 x 60. */
static mf_dataset *
three(const char *set)
{
    static const char *const names[] = {"a/1.png", "a/2.jpg", "3.png"};
    mf_dataset *d   = NULL;
    mf_str      rel = {0};
    mf_err      err = {0};
    size_t      i;

    small_set(set, "image,label\na/1.png,sad\na/2.jpg,happy\n3.png,sad\n");
    for (i = 0; i < 3; i++) {
        mf_path_join(&rel, set, names[i]);
        small_picture(mf_str_c(&rel), 80, 60, 3, (unsigned)i);
    }
    mf_str_free(&rel);
    assert_mf_ok(mf_dataset_load(&d, mf_test_path(set), &err), &err);
    return d;
}

static void
test_collect(void **state)
{
    mf_dataset        *d   = three("co");
    mf_landmark_table *t   = NULL, *again = NULL, *five = NULL;
    mf_landmarks       one = face(10, 5, 50), two_ = face(30, 5, 60), lm, want;
    mf_collected       c   = {0};
    mf_err             err = {0};
    int                i;

    (void)state;
    write_pts("pts/a/1.pts", &one, true);
    write_pts("pts/2.pts", &two_, false); /* by the name alone; its jaw reaches over the edge */
    assert_mf_ok(mf_landmarks_collect(&t, &c, d, mf_test_path("pts"), 0, &two, &err), &err);
    assert_true(c.found == 2 && c.missing == 1 && c.outside == 1);
    assert_int_equal(mf_landmarks_points(t), 68);
    /* Saved and read again: to the three and two decimals that are written. */
    assert_mf_ok(mf_landmarks_save(t, d, mf_test_path("co/landmarks.csv"), &err), &err);
    assert_mf_ok(mf_landmarks_load(&again, d, &err), &err);
    lm = mf_landmarks_of(again, 0);
    assert_int_equal(lm.n, 68);
    for (i = 0; i < 68; i++)
        assert_true(fabsf(lm.x[i] - one.x[i]) <= 0.006F && fabsf(lm.y[i] - one.y[i]) <= 0.006F);
    assert_int_equal(mf_landmarks_line(again, 0), 2);
    assert_int_equal(mf_landmarks_line(again, 1), 3);
    assert_int_equal(mf_landmarks_line(again, 2), 0);
    assert_int_equal(mf_landmarks_of(again, 2).n, 0);
    /* Reduced: the same as mf_landmarks_to5 on each. */
    assert_mf_ok(mf_landmarks_reduce(&five, again, d, &err), &err);
    assert_mf_ok(mf_landmarks_to5(&want, &lm, &err), &err);
    lm = mf_landmarks_of(five, 0);
    assert_true(lm.n == 5 && !memcmp(lm.x, want.x, 5 * sizeof *lm.x) && !memcmp(lm.y, want.y, 5 * sizeof *lm.y));
    mf_landmarks_free(five);
    mf_landmarks_free(again);
    mf_landmarks_free(t);
    assert_mf_ok(mf_landmarks_collect(&t, &c, d, mf_test_path("pts"), 5, &two, &err), &err);
    assert_int_equal(mf_landmarks_points(t), 5);
    mf_landmarks_free(t);
    /* Five and sixty-eight do not go together unless asked for. */
    assert_mf_ok(mf_landmarks_to5(&lm, &one, &err), &err);
    write_pts("pts/3.pts", &lm, false);
    assert_mf_fails(mf_landmarks_collect(&t, &c, d, mf_test_path("pts"), 0, &two, &err), MF_E_FORMAT, &err,
                    "picture 'a/1.png' has 68 points and '3.png' 5");
    assert_mf_fails(mf_landmarks_collect(&t, &c, d, mf_test_path("pts"), 68, &two, &err), MF_E_FORMAT, &err, "3.pts: 5 points, where 68");
    assert_null(t);
    /* Points of another picture. */
    one = face(1000, 5, 50);
    write_pts("pts/a/1.pts", &one, true);
    assert_mf_fails(mf_landmarks_collect(&t, &c, d, mf_test_path("pts"), 5, &two, &err), MF_E_FORMAT, &err,
                    "a/1.pts: point 0 (");
    assert_non_null(strstr(err.msg, "lies far outside picture 'a/1.png' of 80 x 60 pixels"));
    assert_mf_fails(mf_landmarks_collect(&t, &c, d, mf_test_path("co"), 0, &two, &err), MF_E_NOTFOUND, &err, "has no .pts file");
    assert_mf_fails(mf_landmarks_collect(&t, &c, d, mf_test_path("nowhere"), 0, &two, &err), MF_E_NOTFOUND, &err, "is not a folder");
    mf_dataset_free(d);
}

static void
test_outside(void **state)
{
    static const struct { float x, y; int n; bool slip; } t[] = {
        {0, 0, 0, false}, {100, 50, 0, false}, {-0.1F, 10, 1, false}, {101, 10, 1, false}, {150, 10, 1, false}, {150.1F, 10, 1, true},
        {50, 75, 1, false}, {50, 76, 1, true}, {-50.1F, 10, 1, true}, {5000, 1, 1, true},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof t / sizeof *t; i++) {
        mf_landmarks lm = {.n = 5, .x = {1, 2, 3, t[i].x, 5}, .y = {1, 2, 3, t[i].y, 5}};
        bool         slip;
        int          first, n = mf_landmarks_outside(&first, &slip, &lm, 100, 50);

        if (n != t[i].n || slip != t[i].slip || first != (n ? 3 : -1))
            fail_msg("case %zu: %d points, slip %d, first %d", i, n, slip, first);
    }
}

static void
test_check(void **state)
{
    mf_dataset        *d = three("ch");
    mf_landmark_table *t = NULL;
    mf_check_report    r = {0};
    mf_err             err = {0};

    (void)state;
    small_text("ch/landmarks.csv", "image,x0,y0,x1,y1,x2,y2,x3,y3,x4,y4\n3.png,1,1,2,2,3,3,4,4,-5,5\n\na/1.png,1,1,2,2,3,3,400,4,5,500\n");
    assert_mf_ok(mf_landmarks_load(&t, d, &err), &err);
    assert_mf_ok(mf_check_run(&r, d, &two, &err), &err);
    assert_mf_ok(mf_check_landmarks(&r, t, &err), &err);
    assert_true(r.has_landmarks && r.n_outside == 2 && r.n_slips == 1);
    assert_true(r.outside[0].row == 0 && r.outside[0].slip && r.outside[0].line == 4 && r.outside[0].point == 3 && r.outside[0].n == 2);
    assert_true(r.outside[1].row == 2 && !r.outside[1].slip && r.outside[1].line == 2 && r.outside[1].point == 4);
    mf_check_free(&r);
    mf_landmarks_free(t);
    mf_dataset_free(d);
}

/* Number of pixels of a tile of the sheet that are nearly of this colour. */
static int
count_colour(const mf_image *im, int x0, int y0, int side, int r, int g, int b)
{
    int x, y, n = 0;

    for (y = y0; y < y0 + side; y++)
        for (x = x0; x < x0 + side; x++) {
            const uint8_t *p = im->px + ((size_t)y * (size_t)im->width + (size_t)x) * 3;

            n += abs(p[0] - r) < 40 && abs(p[1] - g) < 40 && abs(p[2] - b) < 40;
        }
    return n;
}

static void
test_preview(void **state)
{
    mf_preview_opts    o   = {.count = 2, .tile = 100, .mask = true, .jobs = two};
    mf_dataset        *d   = NULL;
    mf_landmark_table *t   = NULL;
    mf_landmarks       lm  = face(20, 20, 60);
    mf_image           im  = {0}, with = {0}, without = {0};
    mf_err             err = {0};
    int                white;

    (void)state;
    small_set("pv", "image,label\n1.png,sad\n2.png,sad\n3.png,sad\n");
    assert_mf_ok(mf_image_new(&im, 100, 100, 3, &err), &err);
    memset(im.px, 0, 100 * 100 * 3);
    assert_mf_ok(mf_image_save(small_path("pv/1.png"), &im, 90, &err), &err);
    assert_mf_ok(mf_image_save(small_path("pv/2.png"), &im, 90, &err), &err);
    mf_image_free(&im);
    small_text("pv/3.png", "damaged, and not asked for");
    assert_mf_ok(mf_dataset_load(&d, mf_test_path("pv"), &err), &err);
    assert_mf_ok(mf_landmarks_new(&t, 3, 68, false, &err), &err);
    assert_mf_fails(mf_preview_save(mf_test_path("pv.png"), d, t, &o, &err), MF_E_NOTFOUND, &err, "has no picture with landmarks to show");
    mf_landmarks_set(t, 0, &lm);
    mf_landmarks_set(t, 1, &lm);
    assert_mf_ok(mf_preview_save(mf_test_path("pv.png"), d, t, &o, &err), &err);
    assert_mf_ok(mf_image_load(&with, mf_test_path("pv.png"), 3, &err), &err);
    assert_true(with.width == 2 + 2 * 102 && with.height == 2 + 102);
    o.mask = false;
    assert_mf_ok(mf_preview_save(mf_test_path("pv.png"), d, t, &o, &err), &err);
    assert_mf_ok(mf_image_load(&without, mf_test_path("pv.png"), 3, &err), &err);
    white = count_colour(&without, 2, 2, 85, 255, 255, 255); /* above the caption */
    assert_int_equal(white, 0);
    assert_true(count_colour(&with, 2, 2, 85, 255, 255, 255) > 40);  /* the edge of the mask */
    assert_true(count_colour(&without, 2, 2, 85, 255, 102, 230) > 8); /* eyes */
    assert_true(count_colour(&without, 2, 2, 85, 51, 230, 255) > 8);  /* jaw */
    mf_image_free(&with);
    mf_image_free(&without);
    /* Without points: rings at the canonical place; here the damaged picture is met. */
    o.count = 3;
    assert_mf_fails(mf_preview_save(mf_test_path("pv2.png"), d, NULL, &o, &err), MF_E_FORMAT, &err, "3.png");
    assert_false(mf_path_exists(mf_test_path("pv2.png")));
    o.tile = 5;
    assert_mf_fails(mf_preview_save(mf_test_path("pv2.png"), d, t, &o, &err), MF_E_ARG, &err, "32 to 1024");
    mf_landmarks_free(t);
    mf_dataset_free(d);
}

static mf_status
collect_job(void *arg, mf_err *err)
{
    mf_dataset        *d = NULL;
    mf_landmark_table *t = NULL;
    mf_collected       c;
    mf_jobs_opts       one = {.workers = 1};
    const char *const *dir = arg;
    mf_status          st;

    if ((st = mf_dataset_load(&d, dir[0], err)) == MF_OK && (st = mf_landmarks_collect(&t, &c, d, dir[1], 5, &one, err)) == MF_OK)
        st = mf_landmarks_save(t, d, dir[2], err);
    mf_landmarks_free(t);
    mf_dataset_free(d);
    return st;
}

static void
test_no_memory(void **state)
{
    char        dir[3][1024];
    const char *job[3] = {dir[0], dir[1], dir[2]};
    mf_landmarks lm = face(5, 5, 50);

    (void)state;
    mf_dataset_free(three("nm"));
    write_pts("nmp/a/1.pts", &lm, true);
    snprintf(dir[0], sizeof dir[0], "%s", mf_test_path("nm"));
    snprintf(dir[1], sizeof dir[1], "%s", mf_test_path("nmp"));
    snprintf(dir[2], sizeof dir[2], "%s", mf_test_path("nm.csv"));
    mf_test_each_alloc(collect_job, job);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_collect), cmocka_unit_test(test_outside), cmocka_unit_test(test_check), cmocka_unit_test(test_preview),
        cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests_name("points", tests, NULL, NULL);
}
