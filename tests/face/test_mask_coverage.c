/* tests/face/test_mask_coverage.c: on photos with 68 points a mask hides the mouth and leaves the eyes alone. */
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/csv.h"
#include "core/file.h"
#include "face/mask.h"
#include "face/occlude.h"

enum { FIRST_EYE = 36, LAST_EYE = 47, FIRST_MOUTH = 48, LAST_MOUTH = 67 };

static void
read_points(mf_landmarks *lm, const char *path)
{
    mf_blob file = {0};
    mf_err  err = {0};
    char   *p, *end;

    assert_mf_ok(mf_file_read(&file, path, 1 << 16, &err), &err);
    p = calloc(file.size + 1, 1);
    assert_non_null(p);
    memcpy(p, file.data, file.size);
    lm->n = 68;
    end   = p;
    for (int i = 0; i < 68; i++) {
        lm->x[i] = strtof(end, &end);
        lm->y[i] = strtof(end, &end);
    }
    free(p);
    mf_blob_free(&file);
}

/* Is (x, y) inside the closed outline of the mask? (even-odd rule) */
static bool
hidden(const mf_mask_shape *s, double x, double y)
{
    double p[4 * MF_MASK_CURVE][2];
    int    n = 0;
    bool   in = false;

    for (int i = 0; i < MF_MASK_CURVE; i++)
        memcpy(p[n++], s->top[i], sizeof p[0]);
    for (int i = 0; i < MF_MASK_CURVE; i++)
        memcpy(p[n++], s->right[i], sizeof p[0]);
    for (int i = MF_MASK_CURVE - 1; i >= 0; i--)
        memcpy(p[n++], s->bottom[i], sizeof p[0]);
    for (int i = MF_MASK_CURVE - 1; i >= 0; i--)
        memcpy(p[n++], s->left[i], sizeof p[0]);
    for (int i = 0, j = n - 1; i < n; j = i++)
        if ((p[i][1] > y) != (p[j][1] > y) && x < (p[j][0] - p[i][0]) * (y - p[i][1]) / (p[j][1] - p[i][1]) + p[i][0])
            in = !in;
    return in;
}

typedef struct tally {
    int near; /* faces turned by at most 30 degrees, of which each is judged by itself */
    int pictures, mouth, mouth_hidden, eye, eye_hidden, tip, tip_hidden, seen[2], changed[2]; /* pixels: eyes, mouth */
} tally;

/* How far the nose tip lies from the middle of the eyes, as a sine: a nose stands out by about 0.55 eye distances. */
static double
yaw_sine(const mf_landmarks *lm)
{
    mf_landmarks five;
    mf_err       err = {0};
    double       dx, dy, d;

    assert_mf_ok(mf_landmarks_to5(&five, lm, &err), &err);
    dx = (double)(five.x[1] - five.x[0]);
    dy = (double)(five.y[1] - five.y[0]);
    d  = dx * dx + dy * dy;
    return ((double)(five.x[2] - 0.5F * (five.x[0] + five.x[1])) * dx + (double)(five.y[2] - 0.5F * (five.y[0] + five.y[1])) * dy) / d / 0.55;
}

/* Shapes of several fits per face, and on every fourth face the drawn pixels themselves. */
static void
one_face(tally *t, const char *root, const char *image, const char *pts, uint64_t key)
{
    const mf_occluder_def *mask;
    char         path[4096];
    mf_landmarks lm = {0};
    mf_err       err = {0};
    bool         near;

    snprintf(path, sizeof path, "%s/data/landmarks68/%s", root, pts);
    read_points(&lm, path);
    near = fabs(yaw_sine(&lm)) <= 0.5;
    t->near += near;
    for (uint64_t k = 0; k < 5; k++) {
        int mouth = 0, eyes = 0;
        mf_rng        r = mf_rng_make(21, k, key, MF_RNG_OCCLUDE);
        mf_mask_style style = mf_mask_style_draw(MF_KIND_ANY, &r);
        mf_mask_fit   fit = mf_mask_fit_draw(style.type, k % 2 == 0 ? MF_WEAR_CORRECT : MF_WEAR_CROOKED, &r);
        mf_mask_shape shape;
        assert_mf_ok(mf_mask_shape_make(&shape, &lm, &fit, &err), &err);
        for (int i = FIRST_MOUTH; i <= LAST_MOUTH; i++, t->mouth++)
            mouth += hidden(&shape, (double)lm.x[i], (double)lm.y[i]);
        for (int i = FIRST_EYE; i <= LAST_EYE; i++, t->eye++)
            eyes += hidden(&shape, (double)lm.x[i], (double)lm.y[i]);
        if (near && (mouth * 100 < (LAST_MOUTH - FIRST_MOUTH + 1) * 99 || eyes > 0))
            fail_msg("%s, draw %d (%s, %s): %d of 20 points of the mouth hidden, %d of the eyes", image, (int)k,
                     mf_mask_type_name(&style), mf_mask_wear_name(fit.wear), mouth, eyes);
        t->mouth_hidden += mouth;
        t->eye_hidden += eyes;
        t->tip++;
        t->tip_hidden += hidden(&shape, (double)lm.x[30], (double)lm.y[30]);
    }
    t->pictures++;
    if (key % 4 == 0) {
        mf_image im = {0}, old = {0};
        mf_rng   r = mf_rng_make(21, 0, key, MF_RNG_OCCLUDE);
        uint64_t cfg[MF_OCCLUDER_CFG_MAX / 8] = {0};
        snprintf(path, sizeof path, "%s/data/landmarks68/%s", root, image);
        assert_mf_ok(mf_image_load(&im, path, 3, &err), &err);
        assert_mf_ok(mf_image_copy(&old, &im, &err), &err);
        assert_mf_ok(mf_occluder_find(&mask, "mask", &err), &err);
        mf_opt_defaults(mask->opts, cfg);
        assert_mf_ok(mf_opt_set(mask->opts, cfg, "fit", "correct", &err), &err);
        assert_mf_ok(mf_occlude(&im, mask, cfg, &lm, NULL, NULL, NULL, &r, &err), &err);
        for (int i = FIRST_EYE; i <= LAST_MOUTH; i++) {
            int    x = (int)lm.x[i], y = (int)lm.y[i];
            size_t at;
            if (x < 0 || y < 0 || x >= im.width || y >= im.height)
                continue;
            at = ((size_t)y * (size_t)im.width + (size_t)x) * 3;
            t->seen[i > LAST_EYE]++;
            t->changed[i > LAST_EYE] += memcmp(im.px + at, old.px + at, 3) != 0;
        }
        mf_image_free(&im);
        mf_image_free(&old);
    }
}

/* Overlap of the outlines from 68 points and from the 5 of the same face: intersection over union on a grid. */
static double
agreement(const mf_mask_shape *a, const mf_mask_shape *b)
{
    int both = 0, any = 0;

    for (int j = -40; j <= 40; j++)
        for (int i = -40; i <= 40; i++) {
            double x = a->mouth[0] + i * a->d / 25, y = a->mouth[1] + j * a->d / 25;
            bool   in_a = hidden(a, x, y), in_b = hidden(b, x, y);
            both += in_a && in_b;
            any += in_a || in_b;
        }
    return any > 0 ? (double)both / any : 0;
}

static int
ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void
five_points_do_for_a_mask(void **state)
{
    enum { MOST = 200 };
    const char *root = mf_test_shared();
    char        path[4096];
    mf_csv     *csv = NULL;
    char      **field;
    size_t      n = 0;
    mf_err      err = {0};
    double      found[MOST];
    int         faces = 0, mouth = 0, eyes = 0;

    (void)state;
    if (root == NULL)
        mf_test_skip("no shared material: photos with 68 points are needed");
    snprintf(path, sizeof path, "%s/data/landmarks68/list.csv", root);
    if (!mf_path_exists(path))
        mf_test_skip("no data/landmarks68 in the shared material");
    assert_mf_ok(mf_csv_open(&csv, path, &err), &err);
    assert_mf_ok(mf_csv_next(csv, &field, &n, &err), &err);
    while (faces < MOST) {
        mf_landmarks  all = {0}, five;
        mf_mask_shape a, b;
        mf_mask_fit   fit = {.alpha = 0.35F, .tu = {2, 2}, .tl = {4.5F, 4.5F}, .inset_upper = 0.05F, .beta = 0.04F, .bulge = 0.03F};
        assert_mf_ok(mf_csv_next(csv, &field, &n, &err), &err);
        if (n == 0)
            break;
        snprintf(path, sizeof path, "%s/data/landmarks68/%s", root, field[1]);
        read_points(&all, path);
        assert_mf_ok(mf_landmarks_to5(&five, &all, &err), &err);
        if (fabs(yaw_sine(&all)) > 0.42) /* turned by more than 25 degrees */
            continue;
        assert_mf_ok(mf_mask_shape_make(&a, &all, &fit, &err), &err);
        assert_mf_ok(mf_mask_shape_make(&b, &five, &fit, &err), &err);
        for (int i = FIRST_MOUTH; i <= LAST_MOUTH; i++)
            mouth += hidden(&b, (double)all.x[i], (double)all.y[i]);
        for (int i = FIRST_EYE; i <= LAST_EYE; i++)
            eyes += hidden(&b, (double)all.x[i], (double)all.y[i]);
        found[faces++] = agreement(&a, &b);
    }
    mf_csv_close(csv);
    assert_true(faces >= 30);
    qsort(found, (size_t)faces, sizeof found[0], ascending);
    printf("%d faces: overlap of 5-point and 68-point outlines, median %.3f, lowest %.3f; mouth %.2f %% hidden\n", faces, found[faces / 2], found[0],
           100.0 * mouth / (20.0 * faces));
    assert_true(found[faces / 2] >= 0.85);
    assert_true(mouth * 100 >= 20 * faces * 99);
    assert_int_equal(eyes, 0);
}

static void
mouths_are_hidden_and_eyes_are_not(void **state)
{
    const char *root = mf_test_shared();
    char        path[4096];
    mf_csv     *csv = NULL;
    char      **field;
    size_t      n = 0;
    mf_err      err = {0};
    tally       t = {0};

    (void)state;
    if (root == NULL)
        mf_test_skip("no shared material: photos with 68 points are needed");
    snprintf(path, sizeof path, "%s/data/landmarks68/list.csv", root);
    if (!mf_path_exists(path))
        mf_test_skip("no data/landmarks68 in the shared material");
    assert_mf_ok(mf_csv_open(&csv, path, &err), &err);
    assert_mf_ok(mf_csv_next(csv, &field, &n, &err), &err);
    assert_true(n >= 2 && strcmp(field[0], "image") == 0 && strcmp(field[1], "pts") == 0);
    for (uint64_t key = 0;; key++) {
        assert_mf_ok(mf_csv_next(csv, &field, &n, &err), &err);
        if (n == 0)
            break;
        one_face(&t, root, field[0], field[1], key);
    }
    mf_csv_close(csv);
    printf("%d faces turned by at most 30 degrees: on each the mouth is hidden to 99 %% and no point of an eye\n", t.near);
    assert_true(t.near >= 80);
    printf("%d photos: mouth %.2f %% hidden, eyes %.2f %% hidden, nose tip %.1f %% hidden; pixels changed: %d of %d at the eyes, %d of %d at the mouth\n", t.pictures,
           100.0 * t.mouth_hidden / t.mouth, 100.0 * t.eye_hidden / t.eye, 100.0 * t.tip_hidden / t.tip, t.changed[0], t.seen[0],
           t.changed[1], t.seen[1]);
    assert_true(t.pictures >= 90);
    assert_true(t.mouth_hidden * 100 >= t.mouth * 99);
    assert_true(t.eye_hidden * 1000 <= t.eye);
    assert_true(t.tip_hidden * 100 >= t.tip * 85); /* a few are worn low on purpose */
    /* the pixels themselves: the soft shadow of a rim may reach a lid, and cloth may happen to have the colour of a lip */
    assert_true(t.changed[0] * 100 <= t.seen[0]);
    assert_true(t.changed[1] * 100 >= t.seen[1] * 98);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mouths_are_hidden_and_eyes_are_not),
        cmocka_unit_test(five_points_do_for_a_mask),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
