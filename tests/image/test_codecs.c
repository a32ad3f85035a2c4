/* Every codec: pixels against independent readers and hand-made files, truncation at every byte, limits before memory,
 * orientation, writing and reading back. */
#include "support.h"

#include <string.h>

#include "core/file.h"
#include "core/mem.h"
#include "image/codec.h"
#include "image/decoder.h"
#include "image/image.h"

typedef struct record {
    const char    *name;
    int            want, width, height, channels, tolerance;
    const uint8_t *file, *px;
    size_t         size, bytes;
} record;

static int
i32(const uint8_t *p)
{
    int32_t v;
    memcpy(&v, p, 4);
    return v;
}

static mf_blob
load_file(const char *name)
{
    mf_blob b;
    mf_err  err = {0};
    char    path[4096];

    snprintf(path, sizeof path, "%s/tests/image/vectors/%s", mf_test_source(), name);
    assert_mf_ok(mf_file_read(&b, path, 64 << 20, &err), &err);
    return b;
}

static mf_blob
load_vectors(void)
{
    return load_file("decode.bin");
}

static bool
next(record *r, const mf_blob *b, size_t *at)
{
    if (*at >= b->size)
        return false;
    const uint8_t *p = b->data + *at;
    *r = (record){.name = (const char *)p, .want = i32(p + 32), .width = i32(p + 36), .height = i32(p + 40),
                  .channels = i32(p + 44), .size = (size_t)i32(p + 48), .tolerance = i32(p + 52), .file = p + 56};
    r->px    = r->file + r->size;
    r->bytes = (size_t)r->width * (size_t)r->height * (size_t)r->channels;
    *at += 56 + r->size + r->bytes;
    return true;
}

static void
pixels_are_right(void **state)
{
    mf_blob b = load_vectors();
    record  r;
    int     seen[3] = {0};

    (void)state;
    for (size_t at = 0; next(&r, &b, &at);) {
        mf_image im;
        mf_err   err = {0};
        int      worst = 0, w, h, c;
        assert_mf_ok(mf_image_decode(&im, r.name, r.file, r.size, r.want, &err), &err);
        assert_int_equal(im.width, r.width);
        assert_int_equal(im.height, r.height);
        assert_int_equal(im.channels, r.channels);
        for (size_t i = 0; i < r.bytes; i++) {
            int d = abs((int)im.px[i] - (int)r.px[i]);
            worst = d > worst ? d : worst;
        }
        if (worst > r.tolerance)
            fail_msg("%s: off by up to %d levels, %d allowed", r.name, worst, r.tolerance);
        assert_mf_ok(mf_image_probe(&w, &h, &c, r.name, r.file, r.size, &err), &err);
        assert_int_equal(w, r.width);
        assert_int_equal(h, r.height);
        if (r.want == 0)
            assert_int_equal(c, r.channels);
        seen[strstr(r.name, ".jpg") ? 0 : strstr(r.name, ".png") ? 1 : 2]++;
        mf_image_free(&im);
    }
    assert_true(seen[0] >= 15 && seen[1] >= 25 && seen[2] >= 5);
    mf_blob_free(&b);
}

/* One decoder over all files in turn gives what a fresh one gives, and soon stops allocating. */
static void
a_decoder_is_used_again(void **state)
{
    mf_blob    b  = load_vectors();
    mf_decoder dc = {0};
    record     r;

    (void)state;
    for (int round = 0; round < 2; round++) {
        uint64_t before = mf_mem_count();
        for (size_t at = 0; next(&r, &b, &at);) {
            mf_image im;
            mf_err   err = {0};
            assert_mf_ok(mf_decoder_decode(&dc, &im, r.name, r.file, r.size, r.want, &err), &err);
            for (size_t i = 0; i < r.bytes; i++)
                assert_in_range(im.px[i] - r.px[i] + r.tolerance, 0, 2 * r.tolerance);
        }
        if (round == 1)
            assert_int_equal(mf_mem_count() - before, 0);
    }
    mf_decoder_free(&dc);
    mf_blob_free(&b);
}

/* No byte may be missing: each proper beginning of each file is refused with a sentence that names the file. What may
 * be missing without harm: the padding of a RIFF container, and chunks after the pixels of a WebP. */
static void
every_cut_is_an_error(void **state)
{
    mf_blob b = load_vectors();
    record  r;

    (void)state;
    for (size_t at = 0; next(&r, &b, &at);) {
        bool     webp = strstr(r.name, ".webp") != NULL;
        uint8_t *copy = mf_calloc(r.size, 1);
        for (size_t n = 0; n < r.size; n += n > 600 && n + 300 < r.size ? 17 : 1) {
            mf_image im;
            mf_err   err = {0};
            uint8_t *tight = copy + r.size - n; /* ends where the memory ends */
            memcpy(tight, r.file, n);
            mf_status st = mf_image_decode(&im, r.name, tight, n, 0, &err);
            if (st == MF_OK && webp && n + 200 >= r.size) {
                mf_image_free(&im);
                continue;
            }
            if (st == MF_OK)
                fail_msg("%s cut to %zu of %zu bytes was read as a picture", r.name, n, r.size);
            assert_true(st == MF_E_FORMAT);
            assert_non_null(strstr(err.msg, r.name));
            assert_null(im.px);
        }
        mf_free(copy);
    }
    mf_blob_free(&b);
}

static void
a_cut_jpeg_file_is_named(void **state)
{
    mf_blob  b = load_vectors();
    record   r = {0};
    mf_image im;
    mf_err   err = {0};

    (void)state;
    for (size_t at = 0; next(&r, &b, &at);)
        if (strcmp(r.name, "rgb420.jpg") == 0)
            break;
    const char *path = mf_test_path("cut.jpg");
    assert_mf_ok(mf_file_write(path, r.file, r.size - 30, &err), &err);
    assert_mf_fails(mf_image_load(&im, path, 3, &err), MF_E_FORMAT, &err, "cut.jpg");
    assert_non_null(strstr(err.msg, "cut short"));
    assert_mf_fails(mf_image_load(&im, mf_test_path("absent.jpg"), 3, &err), MF_E_IO, &err, "absent.jpg");
    assert_mf_fails(mf_image_load(&im, mf_test_dir(), 3, &err), MF_E_IO, &err, "not a regular file");
    assert_mf_ok(mf_file_write(path, "hello", 5, &err), &err);
    assert_mf_fails(mf_image_load(&im, path, 3, &err), MF_E_FORMAT, &err, "not a BMP, JPEG, PNG, ");
    assert_mf_ok(mf_file_write(path, "", 0, &err), &err);
    assert_mf_fails(mf_image_load(&im, path, 3, &err), MF_E_FORMAT, &err, "empty");
    assert_mf_fails(mf_image_load(&im, path, 2, &err), MF_E_ARG, &err, "channels");
    mf_blob_free(&b);
}

static uint32_t
crc(const uint8_t *p, size_t n)
{
    uint32_t c = 0xFFFFFFFFu;
    for (size_t i = 0; i < n; i++) {
        c ^= p[i];
        for (int k = 0; k < 8; k++)
            c = c & 1 ? c >> 1 ^ 0xEDB88320u : c >> 1;
    }
    return ~c;
}

static size_t
put_chunk(uint8_t *to, const char *kind, const uint8_t *body, uint32_t n)
{
    uint8_t len[4] = {(uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};
    memcpy(to, len, 4);
    memcpy(to + 4, kind, 4);
    if (n)
        memcpy(to + 8, body, n);
    uint32_t c = crc(to + 4, 4 + n);
    uint8_t  sum[4] = {(uint8_t)(c >> 24), (uint8_t)(c >> 16), (uint8_t)(c >> 8), (uint8_t)c};
    memcpy(to + 8 + n, sum, 4);
    return 12 + n;
}

/* A PNG of a few bytes that says it is w x h. */
static size_t
png_claim(uint8_t *to, uint32_t w, uint32_t h)
{
    static const uint8_t sig[8] = {0x89, 'P', 'N', 'G', 13, 10, 26, 10};
    uint8_t head[13] = {(uint8_t)(w >> 24), (uint8_t)(w >> 16), (uint8_t)(w >> 8), (uint8_t)w,
                        (uint8_t)(h >> 24), (uint8_t)(h >> 16), (uint8_t)(h >> 8), (uint8_t)h, 8, 2, 0, 0, 0};
    size_t  n = sizeof sig;
    memcpy(to, sig, sizeof sig);
    n += put_chunk(to + n, "IHDR", head, sizeof head);
    n += put_chunk(to + n, "IDAT", head, 0);
    n += put_chunk(to + n, "IEND", NULL, 0);
    return n;
}

static void
size_limits_come_before_memory(void **state)
{
    uint8_t  file[200];
    mf_image im;
    mf_err   err = {0};
    int      w, h, c;

    (void)state;
    uint64_t before = mf_mem_count();
    size_t   n      = png_claim(file, 30000, 30000);
    assert_mf_fails(mf_image_decode(&im, "bomb.png", file, n, 3, &err), MF_E_LIMIT, &err,
                    "picture 'bomb.png': 30000 x 30000");
    assert_mf_fails(mf_image_probe(&w, &h, &c, "bomb.png", file, n, &err), MF_E_LIMIT, &err, "bomb.png");
    n = png_claim(file, 0x7fffffff, 0x7fffffff);
    assert_mf_fails(mf_image_decode(&im, "bomb.png", file, n, 3, &err), MF_E_LIMIT, &err, "over the limit");
    n = png_claim(file, MF_IMAGE_MAX_SIDE + 1, 2);
    assert_mf_fails(mf_image_decode(&im, "long.png", file, n, 3, &err), MF_E_LIMIT, &err, "32769 x 2");
    n = png_claim(file, 2, MF_IMAGE_MAX_SIDE + 1);
    assert_mf_fails(mf_image_decode(&im, "high.png", file, n, 3, &err), MF_E_LIMIT, &err, "2 x 32769");
    n = png_claim(file, 16000, 16000);
    assert_mf_fails(mf_image_decode(&im, "liar.png", file, n, 3, &err), MF_E_FORMAT, &err, "cannot be in");
    n = png_claim(file, 0, 7);
    assert_mf_fails(mf_image_decode(&im, "none.png", file, n, 3, &err), MF_E_FORMAT, &err, "none.png");

    /* A JPEG header of 65500 x 65500 */
    static const uint8_t jpeg[] = {0xFF, 0xD8, 0xFF, 0xC0, 0, 11, 8, 0xFF, 0xDC, 0xFF, 0xDC, 1, 1, 0x11, 0,
                                   0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0, 0, 0xFF, 0xD9};
    assert_mf_fails(mf_image_decode(&im, "bomb.jpg", jpeg, sizeof jpeg, 3, &err), MF_E_LIMIT, &err, "65500 x 65500");
    assert_int_equal(mf_mem_count(), before);
}

static void
what_is_written_reads_back(void **state)
{
    mf_image im, back;
    mf_err   err = {0};

    (void)state;
    for (int ch = 1; ch <= 4; ch += ch == 1 ? 2 : 1) {
        assert_mf_ok(mf_image_new(&im, 31, 17, ch, &err), &err);
        for (int y = 0; y < 17; y++)
            for (int x = 0; x < 31; x++)
                for (int c = 0; c < ch; c++)
                    im.px[(y * 31 + x) * ch + c] = (uint8_t)(c == 3 ? 255 - x : x * (4 + c) + y * 3);
        const char *png = mf_test_path("a.PNG");
        assert_mf_ok(mf_image_save(png, &im, 90, &err), &err);
        assert_mf_ok(mf_image_load(&back, png, 0, &err), &err);
        assert_int_equal(back.channels, ch);
        assert_memory_equal(back.px, im.px, (size_t)(31 * 17 * ch));
        mf_image_free(&back);

        const char *webp = mf_test_path("a.webp");
        assert_mf_ok(mf_image_save(webp, &im, 100, &err), &err); /* lossless */
        assert_mf_ok(mf_image_load(&back, webp, ch == 1 ? 1 : 0, &err), &err);
        assert_int_equal(back.channels, ch);
        assert_memory_equal(back.px, im.px, (size_t)(31 * 17 * ch));
        mf_image_free(&back);
        assert_mf_ok(mf_image_save(webp, &im, 60, &err), &err);

        for (int q = 1; q <= 100; q += 33) {
            const char *jpg = mf_test_path("a.jpeg");
            assert_mf_ok(mf_image_save(jpg, &im, q, &err), &err);
            assert_mf_ok(mf_image_load(&back, jpg, 0, &err), &err);
            assert_int_equal(back.channels, ch == 1 ? 1 : 3);
            if (q == 100 && ch < 4) {
                long sum = 0;
                for (int i = 0; i < 31 * 17 * ch; i++)
                    sum += abs((int)back.px[i] - (int)im.px[i]);
                assert_true(sum < 31 * 17 * ch * 2); /* under 2 levels on average */
            }
            mf_image_free(&back);
        }
        mf_image_free(&im);
    }
    uint8_t  one = 7;
    mf_image dot = {.px = &one, .width = 1, .height = 1, .channels = 1};
    assert_mf_fails(mf_image_save(mf_test_path("a.bmp"), &dot, 90, &err), MF_E_ARG, &err, ".png");
    assert_mf_fails(mf_image_save(mf_test_path("jpg"), &dot, 90, &err), MF_E_ARG, &err, ".png");
    assert_mf_fails(mf_image_save(mf_test_path("a.png"), &dot, 0, &err), MF_E_ARG, &err, "quality");
    assert_mf_fails(mf_image_save(mf_test_path("no/such/a.png"), &dot, 9, &err), MF_E_IO, &err, "a.png");
}

static void
animations_are_refused(void **state)
{
    mf_image im;
    mf_err   err = {0};
    char     path[4096];

    (void)state;
    snprintf(path, sizeof path, "%s/fuzz/corpora/webp/animation.webp", mf_test_source());
    assert_mf_fails(mf_image_load(&im, path, 3, &err), MF_E_UNSUPPORTED, &err, "animation");
}

/* Junk between two segments costs no pixel and is let pass, but must not hide that the end is missing: the library
 * tells of the first warning only. */
static void
harmless_junk_hides_no_cut(void **state)
{
    mf_blob  b = load_vectors();
    record   r = {0};
    mf_image im;
    mf_err   err = {0};

    (void)state;
    for (size_t at = 0; next(&r, &b, &at);)
        if (strcmp(r.name, "rgb444.jpg") == 0)
            break;
    /* after the JFIF segment */
    size_t   head = 4 + (size_t)((r.file[4] << 8) + r.file[5]);
    uint8_t *junk = mf_calloc(r.size + 5, 1);
    memcpy(junk, r.file, head);
    memcpy(junk + head, "\1\2\3\4\5", 5);
    memcpy(junk + head + 5, r.file + head, r.size - head);
    assert_mf_ok(mf_image_decode(&im, "junk.jpg", junk, r.size + 5, 0, &err), &err);
    assert_memory_equal(im.px, r.px, r.bytes);
    mf_image_free(&im);
    for (size_t cut = 1; cut < 100; cut++)
        assert_mf_fails(mf_image_decode(&im, "junk.jpg", junk, r.size + 5 - cut, 0, &err), MF_E_FORMAT, &err, "cut short");
    mf_free(junk);
    mf_blob_free(&b);
}

/* A codec is whole when all its parts are there, a vector tests it, a fuzz target feeds it, and no other claims its
 * files. */
static void
the_registry_is_whole(void **state)
{
    size_t                 n;
    const mf_codec *const *all = mf_codecs(&n);
    mf_blob                b[2] = {load_vectors(), load_file("read_only.bin")};
    record                 r;
    int                    claimed[16] = {0};

    (void)state;
    assert_in_range(n, 3, 16);
    for (size_t i = 0; i < n; i++)
        assert_true(all[i]->name && all[i]->endings && all[i]->is && all[i]->header && all[i]->decode &&
                    (all[i]->encode != NULL) == (all[i]->endings[1] != 0)); /* what is not written has no ending */
    for (int k = 0; k < 2; k++)
        for (size_t at = 0; next(&r, &b[k], &at);) {
            int claims = 0;
            for (size_t i = 0; i < n; i++)
                if (all[i]->is(r.file, r.size)) {
                    claims++;
                    claimed[i]++;
                }
            assert_int_equal(claims, MF_HAVE_TIFF || !strstr(r.name, ".tif"));
        }
    for (size_t i = 0; i < n; i++) {
        char path[4096], low[32] = {0};
        for (size_t k = 0; all[i]->name[k] && k < sizeof low - 1; k++)
            low[k] = (char)(all[i]->name[k] | 32);
        snprintf(path, sizeof path, "%s/fuzz/fuzz_%s.c", mf_test_source(), low);
        if (!mf_path_exists(path) || claimed[i] == 0)
            fail_msg("the codec %s has %d vectors, and %s must exist", all[i]->name, claimed[i], path);
    }
    mf_blob_free(&b[0]);
    mf_blob_free(&b[1]);
}

static mf_status
decode_job(void *arg, mf_err *err)
{
    const record *r = arg;
    mf_image      im;
    mf_status     st = mf_image_decode(&im, r->name, r->file, r->size, 0, err);

    if (st == MF_OK)
        st = mf_image_save(mf_test_path("again.png"), &im, 80, err);
    mf_image_free(&im);
    return st;
}

static void
every_failing_allocation_is_survived(void **state)
{
    mf_blob b = load_vectors();
    record  r;

    (void)state;
    for (size_t at = 0; next(&r, &b, &at);)
        if (!strcmp(r.name, "exif6.jpg") || !strcmp(r.name, "rgba8.png") || !strcmp(r.name, "exif8.webp"))
            mf_test_each_alloc(decode_job, &r);
    mf_blob_free(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pixels_are_right),
        cmocka_unit_test(a_decoder_is_used_again),
        cmocka_unit_test(every_cut_is_an_error),
        cmocka_unit_test(a_cut_jpeg_file_is_named),
        cmocka_unit_test(size_limits_come_before_memory),
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(animations_are_refused),
        cmocka_unit_test(harmless_junk_hides_no_cut),
        cmocka_unit_test(the_registry_is_whole),
        cmocka_unit_test(every_failing_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
