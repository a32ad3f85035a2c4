/* ColorJitter against Pillow's bytes (vectors/make_jitter.py), and the finish of a sample: black outside the picture, noise. */
#include "support.h"

#include <math.h>
#include <string.h>

#include "core/file.h"
#include "core/mem.h"
#include "image/jitter.h"

enum { BYTES_MAX = 9 * 7 * 3, SIDE = 64 };

static void
bytes(uint8_t *to, size_t n, char **at)
{
    for (size_t i = 0; i < n; i++) {
        to[i] = (uint8_t)strtol(*at, at, 10);
    }
}

static void
test_pillow(void **state)
{
    char     path[1200], *text, *at;
    mf_blob  file = {0};
    mf_err   err  = {0};
    int      cases = 0, seen[24] = {0};

    (void)state;
    snprintf(path, sizeof path, "%s/tests/image/vectors/jitter.txt", mf_test_source());
    assert_mf_ok(mf_file_read(&file, path, 1 << 20, &err), &err);
    text = mf_calloc(file.size + 1, 1);
    memcpy(text, file.data, file.size);
    at = text;
    while ((at = strstr(at, "case ")) != NULL) {
        mf_jitter j = {.on = true};
        uint8_t   px[BYTES_MAX], want[BYTES_MAX];
        int       w, h;

        at += 5;
        j.order      = (int)strtol(at, &at, 10);
        j.brightness = strtof(at, &at);
        j.contrast   = strtof(at, &at);
        j.saturation = strtof(at, &at);
        j.hue        = (int)strtol(at, &at, 10);
        w            = (int)strtol(at, &at, 10);
        h            = (int)strtol(at, &at, 10);
        assert_true(w > 0 && h > 0 && w * h * 3 <= BYTES_MAX);
        bytes(px, (size_t)(w * h * 3), &at);
        bytes(want, (size_t)(w * h * 3), &at);
        mf_jitter_apply(px, w, h, 3, &j);
        for (int i = 0; i < w * h * 3; i++) {
            if (px[i] != want[i]) {
                fail_msg("case %d, order %d: byte %d is %d, expected %d", cases, j.order, i, px[i], want[i]);
            }
        }
        seen[j.order]++;
        cases++;
    }
    assert_int_equal(cases, 48);
    for (int k = 0; k < 24; k++) {
        assert_true(seen[k] > 0);
    }
    mf_free(text);
    mf_blob_free(&file);
}

/* Every order of draws comes up, and factors stay in their ranges. */
static void
test_draws(void **state)
{
    const mf_augment a = mf_augment_scan();
    const mf_recipe  r = mf_recipe_default(SIDE, SIDE, 3);
    int              seen[24] = {0};

    (void)state;
    assert_true(mf_augment_jitters(&a));
    for (uint64_t i = 0; i < 2000; i++) {
        mf_rng  rng = mf_rng_make(3, 1, i, MF_RNG_AUGMENT);
        mf_draw d   = mf_draw_make(&a, &r, SIDE, SIDE, &rng);

        assert_true(d.jitter.on && d.jitter.order >= 0 && d.jitter.order < 24);
        assert_true(fabsf(d.jitter.brightness - 1) <= 0.4f && fabsf(d.jitter.contrast - 1) <= 0.3f);
        assert_true(fabsf(d.jitter.saturation - 1) <= 0.25f && abs(d.jitter.hue) <= 12);
        seen[d.jitter.order]++;
    }
    for (int k = 0; k < 24; k++) {
        assert_true(seen[k] > 40); /* 83 expected */
    }
}

/* A white picture under each of the four views: what is black, and how the rest is spread. */
static void
test_finish(void **state)
{
    mf_augment      view[MF_AUGMENT_VIEWS_MAX];
    const mf_recipe r     = {.width = SIDE, .height = SIDE, .channels = 3, .mean = {0.25f, 0.25f, 0.25f}, .std = {0.5f, 0.5f, 0.5f}};
    const float     black = -0.5f, white = 1.5f;
    uint8_t        *px  = mf_calloc(SIDE * SIDE, 3);
    float          *out = mf_calloc(SIDE * SIDE, 3 * sizeof *out);
    mf_pix_out      to  = {out, MF_PIX_F32, SIDE * SIDE, SIDE, 1};

    (void)state;
    memset(px, 255, SIDE * SIDE * 3);
    mf_augment_mlfw(view);
    for (int v = 0; v < MF_AUGMENT_VIEWS_MAX; v++) {
        double sum = 0, square = 0;
        size_t dark = 0, light = 0;

        for (uint64_t i = 0; i < 40; i++) {
            mf_rng  rng = mf_rng_make(8, (uint64_t)v, i, MF_RNG_AUGMENT);
            mf_draw d   = mf_draw_make(&view[v], &r, SIDE, SIDE, &rng);

            mf_prep_sample(&to, &r, px, SIDE, SIDE, 3, &d);
            if (v == 1 || v == 2) { /* counter-clockwise, then clockwise: 1 to 20 degrees */
                const double turn = atan2((double)d.m[3], (double)d.m[4]) * 180 / 3.14159265358979, way = v == 1 ? turn : -turn;

                assert_true(way > 1 - 1e-4 && way < 20 + 1e-4);
            }
            for (int k = 0; k < SIDE * SIDE * 3; k++) {
                if (out[k] < 0.5f) {
                    dark++;
                    assert_true(v == 0 || fabsf(out[k] - black) < 1e-6f);
                } else {
                    light++;
                    sum += (double)(out[k] - white);
                    square += (double)((out[k] - white) * (out[k] - white));
                }
            }
        }
        printf("view %d: %5.2f %% black, the rest %.4f +- %.4f of white\n", v, 100.0 * (double)dark / (double)(dark + light),
               sum / (double)light, sqrt(square / (double)light));
        assert_true(v == 3 ? dark == 0 : dark > 0 && dark < light / 4);
        if (v == 0) { /* noise of 0.05 on pixels in 0..1: 0.1 after the deviation */
            assert_true(fabs(sum / (double)light) < 1e-3 && fabs(sqrt(square / (double)light) - 0.1) < 1e-3);
        } else {
            assert_true(square / (double)light < 1e-10);
        }
    }
    /* The same in bf16, and the same draw gives the same bits. */
    {
        mf_rng     rng  = mf_rng_make(8, 0, 3, MF_RNG_AUGMENT);
        mf_draw    d    = mf_draw_make(&view[0], &r, SIDE, SIDE, &rng);
        uint16_t  *half = mf_calloc(SIDE * SIDE, 3 * sizeof *half);
        mf_pix_out small = {half, MF_PIX_BF16, 1, 3 * SIDE, 3};

        mf_prep_sample(&to, &r, px, SIDE, SIDE, 3, &d);
        mf_prep_sample(&small, &r, px, SIDE, SIDE, 3, &d);
        for (int c = 0; c < 3; c++) {
            for (int i = 0; i < SIDE * SIDE; i++) {
                const uint32_t bits = (uint32_t)half[i * 3 + c] << 16;
                float          v;

                memcpy(&v, &bits, sizeof v);
                assert_true(fabsf(v - out[c * SIDE * SIDE + i]) < 0.02f);
            }
        }
        mf_free(half);
    }
    mf_free(px);
    mf_free(out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pillow), cmocka_unit_test(test_draws), cmocka_unit_test(test_finish)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
