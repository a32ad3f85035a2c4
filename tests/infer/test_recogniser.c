/* The public recogniser: files, bytes and pixels of one picture give one answer, batches change nothing, what is out of range
 * is refused with a sentence and leaves the caller's memory alone. */
#include "support.h"

#include <math.h>
#include <string.h>

#include "core/file.h"
#include "core/mem.h"
#include "core/rng.h"
#include "image/image.h"
#include "infer/small_net.h"
#include "maskfer/recogniser.h"

enum { CLASSES = MF_SMALL_NET_CLASSES, EMBEDDING = MF_SMALL_NET_EMBEDDING, MANY = 7 };

static void
noise(mf_image *im, int w, int h, int channels, uint64_t seed)
{
    mf_rng r = mf_rng_make(seed, 0, 0, MF_RNG_TEST);

    assert_mf_ok(mf_image_new(im, w, h, channels, NULL), NULL);
    for (size_t k = 0; k < (size_t)w * (size_t)h * (size_t)channels; k++) im->px[k] = (uint8_t)mf_rng_below(&r, 256);
}

static void
assert_near(const float *a, const float *b, size_t n, double limit)
{
    for (size_t i = 0; i < n; i++)
        if (!(fabs((double)a[i] - (double)b[i]) <= limit)) fail_msg("value %zu: %g and %g", i, (double)a[i], (double)b[i]);
}

static void
one_picture_has_one_answer(void **state)
{
    mf_err         err = {0};
    mf_recogniser *r;
    mf_image       im;
    const char    *path = mf_test_path("a.png");
    mf_blob        file = {0};
    float          p[4][CLASSES], e[4][EMBEDDING], sum = 0;
    uint8_t       *wide;

    (void)state;
    noise(&im, 45, 38, 3, 5);
    assert_mf_ok(mf_image_save(path, &im, 100, &err), &err);
    assert_mf_ok(mf_file_read(&file, path, 1 << 20, &err), &err);
    assert_mf_ok(mf_recogniser_open(&r, mf_small_net(3), NULL, &err), &err);
    assert_int_equal(mf_recogniser_classes(r), CLASSES);
    assert_int_equal(mf_recogniser_embedding(r), EMBEDDING);
    assert_string_equal(mf_recogniser_class(r, 2), "slant");
    assert_null(mf_recogniser_class(r, 3));
    assert_null(mf_recogniser_class(r, -1));

    assert_mf_ok(mf_recogniser_file(r, path, p[0], e[0], &err), &err);
    assert_mf_ok(mf_recogniser_bytes(r, file.data, file.size, p[1], e[1], &err), &err);
    assert_mf_ok(mf_recogniser_pixels(r, &(mf_pixels){im.px, 45, 38, 3, 0}, p[2], e[2], &err), &err);
    wide = mf_calloc(38, 200);
    assert_non_null(wide);
    for (size_t y = 0; y < 38; y++) memcpy(wide + 200 * y, im.px + 135 * y, 135);
    assert_mf_ok(mf_recogniser_pixels(r, &(mf_pixels){wide, 45, 38, 3, 200}, p[3], NULL, &err), &err);
    for (int k = 1; k < 4; k++) assert_memory_equal(p[k], p[0], sizeof p[0]);
    for (int k = 1; k < 3; k++) assert_memory_equal(e[k], e[0], sizeof e[0]);
    for (int c = 0; c < CLASSES; c++) sum += p[0][c];
    assert_true(fabsf(sum - 1.0f) < 1e-5f);

    mf_free(wide);
    mf_blob_free(&file);
    mf_image_free(&im);
    mf_recogniser_close(r);
}

static void
batches_change_nothing(void **state)
{
    mf_err             err  = {0};
    mf_recogniser_opts opts = mf_recogniser_opts_default();
    mf_recogniser     *one, *three;
    mf_image           im[MANY];
    mf_pixels          px[MANY];
    float              a[MANY * CLASSES], b[MANY * CLASSES], ea[MANY * EMBEDDING], eb[MANY * EMBEDDING];

    (void)state;
    for (int i = 0; i < MANY; i++) { /* grey, colour and transparent, to a grey network */
        noise(&im[i], 30 + i, 50 - i, (const int[]){1, 3, 4}[i % 3], (uint64_t)i);
        px[i] = (mf_pixels){im[i].px, im[i].width, im[i].height, im[i].channels, 0};
    }
    assert_mf_ok(mf_recogniser_open(&one, mf_small_net(1), &opts, &err), &err);
    opts.batch = 3;
    assert_mf_ok(mf_recogniser_open(&three, mf_small_net(1), &opts, &err), &err);
    for (int i = 0; i < MANY; i++)
        assert_mf_ok(mf_recogniser_pixels(one, &px[i], a + CLASSES * i, ea + EMBEDDING * i, &err), &err);
    assert_mf_ok(mf_recogniser_many(three, px, MANY, b, eb, &err), &err);
    assert_near(a, b, MANY * CLASSES, 1e-5);
    assert_near(ea, eb, MANY * EMBEDDING, 1e-3);
    assert_true(fabsf(a[0] - a[CLASSES]) > 1e-7f); /* pictures differ, so answers do */
    assert_mf_ok(mf_recogniser_many(three, px, 0, b, NULL, &err), &err);
    for (int i = 0; i < MANY; i++) mf_image_free(&im[i]);
    mf_recogniser_close(one);
    mf_recogniser_close(three);
}

static void
wrong_input_is_refused(void **state)
{
    mf_err             err  = {0};
    mf_recogniser_opts opts = mf_recogniser_opts_default();
    mf_recogniser     *r    = (mf_recogniser *)&err;
    uint8_t            px[12] = {0};
    float              p[CLASSES] = {7, 7, 7};

    (void)state;
    assert_mf_fails(mf_recogniser_open(&r, mf_test_path("none.safetensors"), NULL, &err), MF_E_IO, &err, "none.safetensors");
    assert_null(r);
    opts.batch = 0;
    assert_mf_fails(mf_recogniser_open(&r, mf_small_net(3), &opts, &err), MF_E_ARG, &err, "expected 1 to 4096");
    assert_mf_ok(mf_recogniser_open(&r, mf_small_net(3), NULL, &err), &err);
    assert_mf_fails(mf_recogniser_file(r, mf_test_path("none.png"), p, NULL, &err), MF_E_IO, &err, "none.png");
    assert_mf_fails(mf_recogniser_bytes(r, "junk", 4, p, NULL, &err), MF_E_FORMAT, &err, "picture in memory");
    assert_mf_fails(mf_recogniser_pixels(r, &(mf_pixels){px, 0, 2, 3, 0}, p, NULL, &err), MF_E_ARG, &err, "picture 0: a picture of 0 x 2");
    assert_mf_fails(mf_recogniser_pixels(r, &(mf_pixels){NULL, 2, 2, 3, 0}, p, NULL, &err), MF_E_ARG, &err, "at NULL");
    assert_mf_fails(mf_recogniser_pixels(r, &(mf_pixels){px, 2, 2, 2, 0}, p, NULL, &err), MF_E_ARG, &err, "2 channels");
    assert_mf_fails(mf_recogniser_pixels(r, &(mf_pixels){px, 2, 2, 3, 5}, p, NULL, &err), MF_E_ARG, &err, "5 bytes apart");
    for (int c = 0; c < CLASSES; c++) assert_true(p[c] == 7.0f);
    mf_recogniser_close(r);
    mf_recogniser_close(NULL);
}

/* Pictures alone: a network that looks at landmarks is refused, one whose embedding does answers without it. */
static void
landmarks_are_not_taken(void **state)
{
    mf_err         err = {0};
    mf_recogniser *r;
    uint8_t        px[32 * 32 * 3] = {0};
    float          p[CLASSES], e[256];
    mf_pixels      im = {px, 32, 32, 3, 0};

    (void)state;
    assert_mf_fails(mf_recogniser_open(&r, mf_small_net_landmarks(true), NULL, &err), MF_E_UNSUPPORTED, &err, "oadn looks at landmarks");
    assert_null(r);
    assert_mf_ok(mf_recogniser_open(&r, mf_small_net_landmarks(false), NULL, &err), &err);
    assert_int_equal(mf_recogniser_embedding(r), 0);
    assert_mf_ok(mf_recogniser_pixels(r, &im, p, NULL, &err), &err);
    assert_true(p[0] + p[1] + p[2] > 0.999f && p[0] + p[1] + p[2] < 1.001f);
    assert_mf_fails(mf_recogniser_pixels(r, &im, p, e, &err), MF_E_UNSUPPORTED, &err, "the embedding of the network oadn");
    mf_recogniser_close(r);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_picture_has_one_answer),
        cmocka_unit_test(batches_change_nothing),
        cmocka_unit_test(wrong_input_is_refused),
        cmocka_unit_test(landmarks_are_not_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
