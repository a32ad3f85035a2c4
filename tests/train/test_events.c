/* TensorBoard's event files, read back by a small reader of our own: framing, checksums, fields, and what a resumed run
 * tells its readers. `make parity` reads them with TensorBoard's own. */
#include "support.h"

#include <math.h>
#include <string.h>

#include "core/file.h"
#include "core/hash.h"
#include "train/events.h"

static uint64_t
fixed(const uint8_t *p, int n)
{
    uint64_t v = 0;

    for (int i = 0; i < n; i++) {
        v |= (uint64_t)p[i] << (8 * i);
    }
    return v;
}

static uint64_t
varint(const uint8_t **p)
{
    uint64_t v = 0;

    for (int shift = 0;; shift += 7) {
        uint8_t b = *(*p)++;

        v |= (uint64_t)(b & 0x7f) << shift;
        if ((b & 0x80) == 0) {
            return v;
        }
    }
}

static uint32_t
unmasked(uint32_t v)
{
    v -= UINT32_C(0xa282ead8);
    return v >> 17 | v << 15;
}

/* "step: tag=value ..." of one Event, or its file_version, or "start". */
static void
read_event(char *out, size_t size, const uint8_t *p, const uint8_t *end)
{
    unsigned long long step = 0;
    size_t             n    = 0;

    out[0] = '\0';
    while (p < end) {
        const uint64_t key = varint(&p);

        if (key == (1 << 3 | 1)) {
            double v;

            memcpy(&v, p, 8);
            assert_true(v > 1.6e9 && v < 1e11);
            p += 8;
        } else if (key == (2 << 3 | 0)) {
            step = varint(&p);
        } else {
            const uint64_t len = varint(&p);
            const uint8_t *in = p, *stop = p + len;

            assert_true(stop <= end);
            if (key == (3 << 3 | 2)) {
                n += (size_t)snprintf(out + n, size - n, "%.*s", (int)len, (const char *)p);
            } else if (key == (7 << 3 | 2)) {
                assert_true(len == 2 && p[0] == 8 && p[1] == 1);
                n += (size_t)snprintf(out + n, size - n, "start %llu", step);
            } else {
                assert_true(key == (5 << 3 | 2));
                n += (size_t)snprintf(out + n, size - n, "%llu:", step);
                while (in < stop) {
                    uint64_t tag_len;
                    float    v;
                    int      used;

                    assert_int_equal(varint(&in), 1 << 3 | 2);
                    (void)varint(&in);
                    assert_int_equal(varint(&in), 1 << 3 | 2);
                    tag_len = varint(&in);
                    used    = snprintf(out + n, size - n, " %.*s=", (int)tag_len, (const char *)in);
                    n += (size_t)used;
                    in += tag_len;
                    assert_int_equal(varint(&in), 2 << 3 | 5);
                    memcpy(&v, in, 4);
                    in += 4;
                    n += (size_t)snprintf(out + n, size - n, "%g", (double)v);
                }
            }
            p = stop;
        }
    }
    assert_true(n < size);
}

/* All events of a file, one a line. */
static void
read_file(char *out, size_t size, const char *path)
{
    mf_blob        b   = {0};
    mf_err         err = {0};
    const uint8_t *p, *end;

    assert_mf_ok(mf_file_read(&b, path, 1 << 20, &err), &err);
    out[0] = '\0';
    for (p = b.data, end = p + b.size; p < end;) {
        const uint64_t len = fixed(p, 8);
        char           line[512];

        assert_true(len < 4096 && p + 12 + len + 4 <= end);
        assert_int_equal(unmasked((uint32_t)fixed(p + 8, 4)), mf_crc32c(p, 8));
        assert_int_equal(unmasked((uint32_t)fixed(p + 12 + len, 4)), mf_crc32c(p + 12, (size_t)len));
        read_event(line, sizeof line, p + 12, p + 12 + len);
        assert_true(strlen(out) + strlen(line) + 2 < size);
        strcat(strcat(out, line), "\n");
        p += 12 + len + 4;
    }
    mf_blob_free(&b);
}

static void
test_crc(void **state)
{
    uint8_t zeros[32] = {0}, ones[32], up[32];

    (void)state; /* the examples of RFC 3720, appendix B.4 */
    memset(ones, 0xff, sizeof ones);
    for (int i = 0; i < 32; i++) {
        up[i] = (uint8_t)i;
    }
    assert_int_equal(mf_crc32c(zeros, 32), 0x8a9136aa);
    assert_int_equal(mf_crc32c(ones, 32), 0x62a8ab43);
    assert_int_equal(mf_crc32c(up, 32), 0x46dd794e);
    assert_int_equal(mf_crc32c("123456789", 9), 0xe3069283);
}

static void
test_files(void **state)
{
    const mf_scalar a[] = {{"loss/train", 1.5}, {"accuracy/val", 62.5}};
    const mf_scalar b[] = {{"loss/train", (double)NAN}};
    mf_events      *e;
    mf_names        names;
    char            text[2048], path[1300];
    mf_err          err = {0};

    (void)state;
    assert_mf_ok(mf_dir_make(mf_test_path("tb"), &err), &err);
    assert_mf_ok(mf_events_open(&e, mf_test_path("tb"), 1, &err), &err);
    assert_mf_ok(mf_events_put(e, 1, a, 2, &err), &err);
    assert_mf_ok(mf_events_put(e, 300, b, 1, &err), &err);
    mf_events_close(e);
    assert_mf_ok(mf_events_open(&e, mf_test_path("tb"), 2, &err), &err); /* within the same second: another name */
    mf_events_close(e);
    assert_mf_ok(mf_dir_list(&names, mf_test_path("tb"), &err), &err);
    assert_int_equal(names.n, 2);
    snprintf(path, sizeof path, "%s/%s", mf_test_path("tb"), names.name[0]);
    assert_non_null(strstr(path, "events.out.tfevents."));
    read_file(text, sizeof text, path);
    assert_string_equal(text, "brain.Event:2\nstart 1\n1: loss/train=1.5 accuracy/val=62.5\n300: loss/train=nan\n");
    snprintf(path, sizeof path, "%s/%s", mf_test_path("tb"), names.name[1]);
    read_file(text, sizeof text, path);
    assert_string_equal(text, "brain.Event:2\nstart 2\n");
    mf_names_free(&names);
    assert_mf_fails(mf_events_open(&e, mf_test_path("nowhere"), 1, &err), MF_E_IO, &err, "cannot make");
    assert_null(e);
}

static mf_status
all(void *arg, mf_err *err)
{
    const mf_scalar a = {"loss/train", 1.5};
    mf_events      *e;
    mf_status       st;

    if ((st = mf_events_open(&e, arg, 1, err)) == MF_OK) {
        st = mf_events_put(e, 1, &a, 1, err);
        mf_events_close(e);
    }
    return st;
}

static void
test_memory(void **state)
{
    char   dir[1200];
    mf_err err = {0};

    (void)state;
    snprintf(dir, sizeof dir, "%s", mf_test_path("mem"));
    assert_mf_ok(mf_dir_make(dir, &err), &err);
    mf_test_each_alloc(all, dir);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_crc), cmocka_unit_test(test_files), cmocka_unit_test(test_memory)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
