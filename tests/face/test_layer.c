/* tests/face/test_layer.c: coverage of polygons, strokes, and the estimate of a photo's blur and noise. */
#include "support.h"

#include <math.h>
#include <string.h>
#include "core/rng.h"
#include "face/layer.h"

enum { SIDE = 96 };

static double
area_of(const double (*p)[2], int n)
{
    double a = 0;

    for (int i = 0, j = n - 1; i < n; j = i++)
        a += (p[j][0] * p[i][1] - p[i][0] * p[j][1]) / 2;
    return fabs(a);
}

/* Coverage adds up to the area, for polygons of any turn that lie inside; nothing outside is touched. */
static void
coverage_is_the_area(void **state)
{
    static float acc[(SIDE + 1) * SIDE], line[SIDE + 1];
    mf_raster    r = {acc, SIDE, SIDE, 0, 0, 0, 0};
    double       worst = 0;

    (void)state;
    for (uint64_t k = 0; k < 200; k++) {
        mf_rng rng = mf_rng_make(1, k, 0, MF_RNG_TEST);
        double p[12][2], sum = 0;
        int    n = 3 + (int)mf_rng_below(&rng, 10);
        for (int i = 0; i < n; i++) { /* star-shaped round the middle: no edge crosses another */
            double t = 6.283185307 * (k % 2 ? -i : i) / n, rad = mf_rng_uniform(&rng, 3, 45);
            p[i][0] = SIDE / 2.0 + rad * cos(t);
            p[i][1] = SIDE / 2.0 + rad * sin(t);
        }
        mf_raster_begin(&r);
        mf_raster_add(&r, (const double (*)[2])p, n);
        for (int y = r.y0; y < r.y1; y++) {
            mf_raster_row(&r, y, line);
            for (int x = r.x0; x < r.x1; x++) {
                assert_true(line[x - r.x0] >= 0 && line[x - r.x0] <= 1);
                sum += (double)line[x - r.x0];
            }
        }
        worst = fmax(worst, fabs(sum - area_of((const double (*)[2])p, n)));
        for (size_t i = 0; i < sizeof acc / sizeof acc[0]; i++)
            assert_true(acc[i] == 0);
    }
    printf("largest error of an area: %.5f pixels\n", worst);
    assert_true(worst < 0.02);
}

/* A polygon across the border covers what it covers inside, and one outside nothing. */
static void
borders_cut(void **state)
{
    static float acc[(SIDE + 1) * SIDE], line[SIDE + 1];
    mf_raster    r = {acc, SIDE, SIDE, 0, 0, 0, 0};
    static const double wide[4][2] = {{-1e4, -50}, {1e4, -50}, {1e4, 10.25}, {-1e4, 10.25}};
    static const double away[4][2] = {{200, 10}, {300, 10}, {300, 20}, {200, 20}};
    double       sum = 0;

    (void)state;
    mf_raster_begin(&r);
    mf_raster_add(&r, wide, 4);
    for (int y = r.y0; y < r.y1; y++) {
        mf_raster_row(&r, y, line);
        for (int x = r.x0; x < r.x1; x++)
            sum += (double)line[x - r.x0];
    }
    assert_true(fabs(sum - SIDE * 10.25) < 0.01);
    mf_raster_begin(&r);
    mf_raster_add(&r, away, 4);
    assert_true(r.y0 >= r.y1);
    for (size_t i = 0; i < sizeof acc / sizeof acc[0]; i++)
        assert_true(acc[i] == 0);
}

/* Edges of a known blur and noise of a known strength, found again. */
static void
blur_and_noise_are_found(void **state)
{
    static const double blur[] = {0.4, 0.7, 1.0, 1.4}, noise[] = {0, 2, 5};
    mf_err err = {0};

    (void)state;
    for (int b = 0; b < 4; b++)
        for (int n = 0; n < 3; n++) {
            mf_image im = {0};
            mf_rng   rng = mf_rng_make(9, (uint64_t)b, (uint64_t)n, MF_RNG_TEST);
            mf_match m;
            assert_mf_ok(mf_image_new(&im, 200, 120, 1, &err), &err);
            for (int y = 0; y < 120; y++)
                for (int x = 0; x < 200; x++) { /* steps every 20 pixels, a little slanted */
                    double at = fmod(x + 0.31 * y + 40, 40), s = blur[b] * sqrt(2), v;
                    v = 0.5 * (erf((at - 10) / s) - erf((at - 30) / s));
                    im.px[y * 200 + x] = (uint8_t)fmin(fmax(90 + 80 * v + noise[n] * mf_rng_normal(&rng) + 0.5, 0), 255);
                }
            m = mf_match_guess(&im, 0, 0, 200, 120);
            printf("blur %.1f noise %.0f: found %.2f and %.2f\n", blur[b], noise[n], (double)m.blur, 255 * (double)m.noise);
            assert_true(fabs((double)m.blur - blur[b]) < 0.2 * blur[b] + 0.06);
            assert_true(fabs(255 * (double)m.noise - noise[n]) < 0.15 * noise[n] + 0.4);
            mf_image_free(&im);
        }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(coverage_is_the_area),
        cmocka_unit_test(borders_cut),
        cmocka_unit_test(blur_and_noise_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
