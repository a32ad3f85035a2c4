/* tests/face/test_mask_draw.c: how masks are worn, mirrors, turns, the record, and pixels that must not change. */
#include "support.h"

#include <math.h>
#include <string.h>
#include "core/hash.h"
#include "core/mem.h"
#include "face/mask.h"
#include "face/occlude.h"

enum { SIDE = 224 };

/* A face of one brightness: an ellipse with 68 points round the middle of the picture, turned by `roll`. */
static void
face(mf_image *im, mf_landmarks *lm, double roll)
{
    static const double five[5][2] = {{-0.5, 0}, {0.5, 0}, {0, 0.6}, {-0.45, 1.09}, {0.45, 1.09}};
    mf_landmarks few = {.n = 5};
    mf_err       err = {0};
    double       d = 0.3 * SIDE, c = cos(roll), s = sin(roll);

    for (int i = 0; i < 5; i++) {
        double x = d * five[i][0], y = d * (five[i][1] - 0.6);
        few.x[i] = (float)(SIDE / 2.0 + c * x - s * y);
        few.y[i] = (float)(SIDE / 2.0 + s * x + c * y);
    }
    assert_mf_ok(mf_landmarks_to68(lm, &few, &err), &err);
    assert_mf_ok(mf_image_new(im, SIDE, SIDE, 3, &err), &err);
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            double   u = (x + 0.5 - SIDE / 2.0) / (0.42 * SIDE), v = (y + 0.5 - SIDE / 2.0) / (0.48 * SIDE);
            uint8_t *p = im->px + 3 * (y * SIDE + x);
            bool     in = u * u + v * v < 1;
            p[0] = in ? 200 : 60, p[1] = in ? 155 : 70, p[2] = in ? 130 : 80;
        }
}

static uint8_t
cover_at(const uint8_t *cover, double x, double y)
{
    int cx = (int)x, cy = (int)y;

    assert_true(cx >= 0 && cy >= 0 && cx < SIDE && cy < SIDE);
    return cover[cy * SIDE + cx];
}

static void
draw(mf_image *im, uint8_t *cover, const mf_landmarks *lm, const mf_mask_style *st, const mf_mask_fit *fit)
{
    mf_mask_shape shape;
    mf_mask_light light = {.x = 0, .y = -0.3F, .z = 0.954F, .ambient = 0.6F, .gain = {0.9F, 0.9F, 0.9F}};
    mf_match      match = {.blur = 0.4F};
    mf_face_scratch    s = {0};
    mf_rng        r = mf_rng_make(1, 0, 0, MF_RNG_TEST);
    mf_err        err = {0};

    assert_mf_ok(mf_mask_shape_make(&shape, lm, fit, &err), &err);
    memset(cover, 0, SIDE * SIDE);
    assert_mf_ok(mf_mask_draw(im, &s, cover, &shape, st, &light, &match, &r, &err), &err);
    mf_face_scratch_free(&s);
}

/* Landmarks first..last that are at least half hidden. */
static int
hidden(const uint8_t *cover, const mf_landmarks *lm, int first, int last)
{
    int n = 0;

    for (int i = first; i <= last; i++)
        n += cover_at(cover, (double)lm->x[i], (double)lm->y[i]) >= 128;
    return n;
}

static void
every_wear_hides_what_it_should(void **state)
{
    static uint8_t cover[SIDE * SIDE];

    (void)state;
    for (int wear = 0; wear < MF_WEARS; wear++)
        for (int kind = MF_KIND_SURGICAL; kind <= MF_KIND_SCARF; kind++)
            for (uint64_t k = 0; k < 12; k++) {
                mf_rng        r = mf_rng_make(2, k, (uint64_t)(wear * 100 + kind), MF_RNG_TEST);
                mf_mask_style st = mf_mask_style_draw((mf_mask_kind)kind, &r);
                mf_mask_fit   fit = mf_mask_fit_draw(st.type, (mf_mask_wear)wear, &r);
                mf_landmarks  lm;
                mf_image      im = {0};
                float         part[MF_PARTS];
                mf_err        err = {0};
                int           mouth;
                face(&im, &lm, 0);
                draw(&im, cover, &lm, &st, &fit);
                mouth = hidden(cover, &lm, 48, 67);
                assert_int_equal(hidden(cover, &lm, 17, 26) + hidden(cover, &lm, 36, 47), 0); /* brows and eyes, always */
                assert_int_equal(fit.wear, wear);
                assert_mf_ok(mf_cover_parts(part, cover, SIDE, SIDE, &lm, &err), &err);
                if (wear == MF_WEAR_CHIN_STRAP) {
                    assert_int_equal(mouth + hidden(cover, &lm, 30, 35), 0);
                    assert_true(part[MF_PART_MOUTH] < 0.05F && part[MF_PART_NOSE] < 0.01F);
                } else {
                    assert_int_equal(mouth, 20);
                    assert_true(part[MF_PART_MOUTH] > 0.97F && part[MF_PART_EYES] == 0 && part[MF_PART_BROWS] == 0);
                }
                if (wear == MF_WEAR_NOSE)
                    assert_int_equal(hidden(cover, &lm, 30, 30) + hidden(cover, &lm, 33, 33), 0);
                if (wear == MF_WEAR_NOSE_TIP)
                    assert_int_equal(hidden(cover, &lm, 30, 30), 0);
                if (wear == MF_WEAR_CHIN)
                    assert_int_equal(hidden(cover, &lm, 8, 8), 0);
                if (wear == MF_WEAR_CORRECT)
                    assert_true(hidden(cover, &lm, 30, 30) == 1 && part[MF_PART_CHIN] > 0.97F && part[MF_PART_NOSE] > 0.7F);
                mf_image_free(&im);
            }
}

static int
mirrored_point(int i)
{
    static const int low[37] = {35, 34, 33, 32, 31, 45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40, 54, 53,
                                52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65};

    return i < 17 ? 16 - i : i < 27 ? 43 - i : i < 31 ? i : low[i - 31];
}

static void
a_mirror_shows_the_mirrored_mask(void **state)
{
    static uint8_t ca[SIDE * SIDE], cb[SIDE * SIDE];
    int            worst = 0;

    (void)state;
    for (uint64_t k = 0; k < 24; k++) {
        mf_rng        r = mf_rng_make(3, k, 0, MF_RNG_TEST);
        mf_mask_style st = mf_mask_style_draw(MF_KIND_ANY, &r), other = mf_mask_style_mirror(&st);
        mf_mask_fit   fit = mf_mask_fit_draw(st.type, MF_WEARS, &r), turned = mf_mask_fit_mirror(&fit);
        mf_landmarks  lm, back = {.n = 68};
        mf_image      a = {0}, b = {0};
        int           far = 0;
        face(&a, &lm, 0.1);
        face(&b, &back, 0.1);
        for (int y = 0; y < SIDE; y++) /* the mirrored picture */
            for (int x = 0; x < SIDE; x++)
                memcpy(b.px + 3 * (y * SIDE + x), a.px + 3 * (y * SIDE + SIDE - 1 - x), 3);
        for (int i = 0; i < 68; i++) {
            back.x[i] = SIDE - lm.x[mirrored_point(i)];
            back.y[i] = lm.y[mirrored_point(i)];
        }
        draw(&a, ca, &lm, &st, &fit);
        draw(&b, cb, &back, &other, &turned);
        for (int y = 0; y < SIDE; y++)
            for (int x = 0; x < SIDE; x++)
                for (int c = 0; c < 3; c++) {
                    int diff = abs(a.px[3 * (y * SIDE + x) + c] - b.px[3 * (y * SIDE + SIDE - 1 - x) + c]);
                    far += diff > 2;
                    worst = diff > worst ? diff : worst;
                }
        assert_int_equal(far, 0);
        mf_image_free(&a);
        mf_image_free(&b);
    }
    printf("largest difference between a mask and its mirrored self: %d of 255\n", worst);
}

static double
between(const uint8_t *cover, double x, double y)
{
    int            i = (int)x, j = (int)y;
    double         f = x - i, g = y - j;
    const uint8_t *p = cover + j * SIDE + i;

    return (1 - g) * ((1 - f) * p[0] + f * p[1]) + g * ((1 - f) * p[SIDE] + f * p[SIDE + 1]);
}

static void
a_turned_face_wears_the_turned_mask(void **state)
{
    static uint8_t straight[SIDE * SIDE], tilted[SIDE * SIDE];
    double         turn = 0.5235987755982988, c = cos(turn), s = sin(turn), worst = 1;

    (void)state;
    for (uint64_t k = 0; k < 10; k++) {
        mf_rng        r = mf_rng_make(4, k, 0, MF_RNG_TEST);
        mf_mask_style st = mf_mask_style_draw(MF_KIND_SURGICAL, &r);
        mf_mask_fit   fit = mf_mask_fit_draw(st.type, MF_WEAR_CORRECT, &r);
        mf_landmarks  lm;
        mf_image      im = {0};
        int           both = 0, any = 0;
        face(&im, &lm, 0);
        draw(&im, straight, &lm, &st, &fit);
        mf_image_free(&im);
        face(&im, &lm, turn);
        draw(&im, tilted, &lm, &st, &fit);
        mf_image_free(&im);
        for (int y = 0; y < SIDE; y++)
            for (int x = 0; x < SIDE; x++) {
                double u = x + 0.5 - SIDE / 2.0, v = y + 0.5 - SIDE / 2.0, p = c * u + s * v + SIDE / 2.0, q = -s * u + c * v + SIDE / 2.0;
                bool   a = tilted[y * SIDE + x] >= 128, b;
                if (p < 1 || q < 1 || p >= SIDE - 1 || q >= SIDE - 1)
                    continue;
                b = between(straight, p - 0.5, q - 0.5) >= 127.5;
                both += a && b;
                any += a || b;
            }
        worst = fmin(worst, (double)both / any);
    }
    printf("overlap of a mask on a face turned by 30 degrees with the turned mask: at least %.4f\n", worst);
    assert_true(worst >= 0.98);
}

/* 20 seeds on the drawn face; the same on every compiler. A changed drawing changes these: look at it, then accept. */
static void
pixels_are_the_same_everywhere(void **state)
{
    static const char want[] = "3bc26b7b064fd4379e420059a084f39a3dc4a2800fa87e293dcfee73d5de9f19";
    const mf_occluder_def *mask;
    mf_sha256  all;
    uint8_t    sum[32];
    char       hex[65];
    mf_face_scratch s = {0};
    mf_err     err = {0};

    (void)state;
    mf_sha256_init(&all);
    assert_mf_ok(mf_occluder_find(&mask, "mask", &err), &err);
    for (uint64_t k = 0; k < 20; k++) {
        mf_rng       r = mf_rng_make(5, 0, k, MF_RNG_OCCLUDE);
        mf_landmarks lm;
        mf_image     im = {0};
        face(&im, &lm, 0);
        assert_mf_ok(mf_occlude(&im, mask, NULL, &lm, &s, NULL, NULL, &r, &err), &err);
        mf_sha256_add(&all, im.px, 3 * SIDE * SIDE);
        mf_image_free(&im);
    }
    mf_face_scratch_free(&s);
    mf_sha256_end(&all, sum);
    mf_hex(hex, sum, 32);
    assert_string_equal(hex, want);
}

static void
nothing_is_allocated_with_scratch(void **state)
{
    mf_err err = {0};

    (void)state;
    for (size_t i = 0; i < mf_occluder_count(); i++) {
        const mf_occluder_def *d = mf_occluder_at(i);
        static const int       size[3][2] = {{48, 48}, {128, 128}, {200, 240}};
        for (int k = 0; k < 3; k++) {
            mf_face_scratch s = {0};
            mf_image   im = {0};
            uint64_t   before;
            assert_mf_ok(mf_image_new(&im, size[k][0], size[k][1], 3, &err), &err);
            memset(im.px, 120, 3 * (size_t)size[k][0] * (size_t)size[k][1]);
            assert_mf_ok(mf_face_scratch_reset(&s, mf_occlude_scratch(d, im.width, im.height), &err), &err);
            before = mf_mem_count();
            for (uint64_t n = 0; n < 20; n++) {
                mf_rng r = mf_rng_make(6, 0, n, MF_RNG_OCCLUDE);
                assert_mf_ok(mf_occlude(&im, d, NULL, NULL, &s, NULL, NULL, &r, &err), &err);
            }
            assert_int_equal(mf_mem_count() - before, 0);
            mf_image_free(&im);
            mf_face_scratch_free(&s);
        }
    }
}

static void
the_record_says_what_was_drawn(void **state)
{
    static uint8_t cover[SIDE * SIDE];
    mf_err         err = {0};

    (void)state;
    for (size_t i = 0; i < mf_occluder_count(); i++) {
        mf_occluder_note note;
        mf_landmarks     lm;
        mf_image         im = {0}, old = {0};
        mf_rng           r = mf_rng_make(7, 0, i, MF_RNG_OCCLUDE);
        float            part[MF_PARTS], most = 0;
        int              quite = 0, same = 0;
        face(&im, &lm, 0);
        face(&old, &lm, 0);
        memset(cover, 0, sizeof cover);
        assert_mf_ok(mf_occlude(&im, mf_occluder_at(i), NULL, &lm, NULL, cover, &note, &r, &err), &err);
        assert_true(strlen(note.kind) > 0 && strchr(note.parameters, '=') != NULL);
        assert_true(strlen(note.parameters) < MF_OCCLUDER_PARAMETERS - 1);
        assert_mf_ok(mf_cover_parts(part, cover, SIDE, SIDE, &lm, &err), &err);
        for (int p = 0; p < MF_PARTS; p++) {
            assert_true(part[p] >= 0 && part[p] <= 1);
            most = part[p] > most ? part[p] : most;
        }
        assert_true(most > 0.3F);
        for (int p = 0; p < SIDE * SIDE; p++) /* what is quite hidden has the occluder's colour, not the face's */
            if (cover[p] == 255) {
                quite++;
                same += memcmp(im.px + 3 * p, old.px + 3 * p, 3) == 0;
            }
        assert_true(quite > 200 && same * 50 <= quite);
        mf_image_free(&im);
        mf_image_free(&old);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_wear_hides_what_it_should),
        cmocka_unit_test(a_mirror_shows_the_mirrored_mask),
        cmocka_unit_test(a_turned_face_wears_the_turned_mask),
        cmocka_unit_test(pixels_are_the_same_everywhere),
        cmocka_unit_test(nothing_is_allocated_with_scratch),
        cmocka_unit_test(the_record_says_what_was_drawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
