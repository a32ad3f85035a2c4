/* tests/weights/test_safetensors.c: what is written is read back equal and written again byte-equal; each rule of the
 * format is broken in turn and must be named. */
#include "support.h"

#include <string.h>

#include "core/mem.h"
#include "weights/weights.h"

static void
add(mf_tensors *ts, const char *name, mf_dtype dtype, mf_shape shape, uint8_t first)
{
    mf_err     err = {0};
    mf_tensor *t;

    assert_mf_ok(mf_tensors_add(ts, name, dtype, &shape, &t, &err), &err);
    for (size_t i = 0; i < t->bytes; i++) {
        ((uint8_t *)t->data)[i] = (uint8_t)(first + i * 7);
    }
}

/* Every type, odd sizes before wide types, a scalar, an empty tensor, awkward names. */
static void
sample(mf_tensors *ts)
{
    mf_err err = {0};

    add(ts, "b", MF_DTYPE_BOOL, mf_shape_of(1, (int64_t)3), 0);
    add(ts, "conv1.weight", MF_DTYPE_F32, mf_shape_of(4, (int64_t)2, (int64_t)3, (int64_t)1, (int64_t)5), 1);
    add(ts, "bn.num_batches_tracked", MF_DTYPE_I64, mf_shape_of(0), 2);
    add(ts, "half \"quoted\" \\ \xc3\xa4", MF_DTYPE_F16, mf_shape_of(1, (int64_t)7), 3);
    add(ts, "bf", MF_DTYPE_BF16, mf_shape_of(2, (int64_t)1, (int64_t)3), 4);
    add(ts, "f64", MF_DTYPE_F64, mf_shape_of(1, (int64_t)2), 5);
    add(ts, "i32", MF_DTYPE_I32, mf_shape_of(1, (int64_t)1), 6);
    add(ts, "i16", MF_DTYPE_I16, mf_shape_of(1, (int64_t)5), 7);
    add(ts, "i8", MF_DTYPE_I8, mf_shape_of(1, (int64_t)1), 8);
    add(ts, "u8", MF_DTYPE_U8, mf_shape_of(2, (int64_t)11, (int64_t)1), 9);
    add(ts, "empty", MF_DTYPE_F32, mf_shape_of(3, (int64_t)2, (int64_t)0, (int64_t)4), 0);
    assert_mf_ok(mf_tensors_set_meta(ts, "architecture", "resnet18", &err), &err);
    assert_mf_ok(mf_tensors_set_meta(ts, "note", "line\nand \"quotes\" \xe2\x82\xac", &err), &err);
}

static void
test_round_trip(void **state)
{
    mf_tensors ts = {0}, back = {0};
    mf_err     err = {0};
    mf_blob    one = {0}, two = {0};
    const char *a = mf_test_path("a.safetensors"), *b = mf_test_path("b.safetensors");
    uint64_t   header;

    (void)state;
    sample(&ts);
    assert_mf_ok(mf_weights_save(a, &ts, &err), &err);
    assert_mf_ok(mf_weights_load(&back, a, &err), &err);
    if (!mf_tensors_equal(&ts, &back, &err)) {
        fail_msg("%s", err.msg);
    }
    assert_mf_ok(mf_weights_save(b, &back, &err), &err);
    assert_mf_ok(mf_file_read(&one, a, 1 << 20, &err), &err);
    assert_mf_ok(mf_file_read(&two, b, 1 << 20, &err), &err);
    assert_int_equal(one.size, two.size);
    assert_memory_equal(one.data, two.data, one.size);
    memcpy(&header, one.data, sizeof header);
    assert_int_equal(header % 8, 0);
    mf_blob_free(&one);
    mf_blob_free(&two);
    mf_tensors_free(&ts);
    mf_tensors_free(&back);
}

/* Data of each tensor begins at a multiple of its element: a reader that maps the file may use it in place. */
static void
test_alignment(void **state)
{
    mf_tensors ts = {0};
    mf_err     err = {0};
    mf_blob    file = {0};
    const char *path = mf_test_path("aligned.safetensors");
    uint64_t   header;

    (void)state;
    sample(&ts);
    assert_mf_ok(mf_weights_save(path, &ts, &err), &err);
    assert_mf_ok(mf_file_read(&file, path, 1 << 20, &err), &err);
    memcpy(&header, file.data, sizeof header);
    for (size_t i = 0; i < ts.n; i++) {
        const mf_tensor *t = &ts.t[i];
        bool             found = t->bytes == 0;

        for (size_t at = 8 + header; !found && at + t->bytes <= file.size; at += mf_dtype_size(t->dtype)) {
            found = memcmp(file.data + at, t->data, t->bytes) == 0;
        }
        if (!found) {
            fail_msg("tensor '%s' is not at a multiple of %zu bytes", t->name, mf_dtype_size(t->dtype));
        }
    }
    mf_blob_free(&file);
    mf_tensors_free(&ts);
}

/* Header text and `data` bytes of zero after it; `claim` replaces the header length where it is not 0. */
static mf_status
parse(const char *header, size_t data, uint64_t claim, mf_tensors *out, mf_err *err)
{
    uint64_t  n = strlen(header), said = claim != 0 ? claim : n;
    uint8_t  *file = mf_calloc(8 + n + data, 1);
    mf_status st;

    assert_non_null(file);
    memcpy(file, &said, 8);
    memcpy(file + 8, header, n);
    st = mf_weights_parse(out, file, 8 + n + data, "x.safetensors", 1 << 20, err);
    mf_free(file);
    return st;
}

#define T(dtype, shape, from, to) "{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":[" #from "," #to "]}"

static void
test_accepts(void **state)
{
    static const struct {
        const char *header;
        size_t      data, tensors;
    } good[] = {
        {"{}", 0, 0},
        {"{\"__metadata__\":{}}      ", 0, 0},
        {"{\"a\":" T("F32", "[]", 0, 4) "}", 4, 1},
        {"{\"a\":" T("F32", "[2]", 4, 12) ",\"b\":" T("U8", "[4]", 0, 4) "}", 12, 2},
        {"{\"a\":" T("F32", "[0]", 0, 0) ",\"b\":" T("U8", "[4]", 0, 4) ",\"c\":" T("I8", "[3,0]", 4, 4) "}", 4, 3},
        {"{\"z\":" T("U8", "[0,9223372036854775807]", 0, 0) "}", 0, 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        mf_tensors ts  = {0};
        mf_err     err = {0};

        assert_mf_ok(parse(good[i].header, good[i].data, 0, &ts, &err), &err);
        assert_int_equal(ts.n, good[i].tensors);
        mf_tensors_free(&ts);
    }
}

static void
test_refuses(void **state)
{
    static const struct {
        const char *header;
        size_t      data;
        uint64_t    claim;
        const char *sentence;
    } bad[] = {
        {"{}", 0, 100, "the header is said to have 100 bytes, but only 2 follow"},
        {"{}", 0, UINT64_C(100000001), "at most 100000000 are allowed"},
        {"{}", 0, UINT64_MAX, "at most 100000000 are allowed"},
        {" {}", 0, 0, "does not begin with '{'"},
        {"[]", 0, 0, "does not begin with '{'"},
        {"{}\n", 0, 0, "does not end with '}' and spaces"},
        {"{\"a\":1", 0, 0, "does not end with '}'"},
        {"{\"a\":,}", 0, 0, "header: line 1"},
        {"{\"a\":" T("F32", "[1]", 0, 4) ",\"a\":" T("F32", "[1]", 4, 8) "}", 8, 0, "duplicate"},
        {"{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4, 0, "duplicate"},
        {"{\"__metadata__\":[]}", 0, 0, "'__metadata__' is not an object"},
        {"{\"__metadata__\":{\"k\":1}}", 0, 0, "'k' in '__metadata__' is not a string"},
        {"{\"a\":3}", 0, 0, "tensor 'a': its description is not an object"},
        {"{\"a\":{\"shape\":[1],\"data_offsets\":[0,4]}}", 4, 0, "'dtype' is missing"},
        {"{\"a\":" T("F31", "[1]", 0, 4) "}", 4, 0, "'F31' is not an element type"},
        {"{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 4, 0, "'shape' is missing"},
        {"{\"a\":" T("F32", "[-1]", 0, 4) "}", 4, 0, "dimension 0 of 'shape' is not a non-negative integer"},
        {"{\"a\":" T("F32", "[1.0]", 0, 4) "}", 4, 0, "dimension 0 of 'shape'"},
        {"{\"a\":" T("F32", "[1,true]", 0, 4) "}", 4, 0, "dimension 1 of 'shape'"},
        {"{\"a\":" T("F32", "[4611686018427387904,4]", 0, 0) "}", 0, 0, "overflows"},
        {"{\"a\":" T("F32", "[99999999999999999999]", 0, 4) "}", 4, 0, "header: line 1"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, 0, "'data_offsets' is missing"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}", 4, 0, "'data_offsets' is missing or not a pair"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[-4,0]}}", 4, 0, "two non-negative integers"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,\"4\"]}}", 4, 0, "two non-negative integers"},
        {"{\"a\":" T("F32", "[1]", 4, 0) "}", 4, 0, "end at 0 before they begin at 4"},
        {"{\"a\":" T("F32", "[2]", 0, 8) "}", 4, 0, "end at byte 8, but the file holds 4"},
        {"{\"a\":" T("F32", "[1]", 0, 8) "}", 8, 0, "takes 4 bytes, but 'data_offsets' span 8"},
        {"{\"a\":" T("U8", "[4]", 0, 4) ",\"b\":" T("U8", "[4]", 3, 7) "}", 7, 0, "'a' and 'b' overlap at byte 3"},
        {"{\"a\":" T("U8", "[4]", 0, 4) ",\"b\":" T("U8", "[0]", 2, 2) "}", 4, 0, "overlap at byte 2"},
        {"{\"a\":" T("U8", "[4]", 0, 4) ",\"b\":" T("U8", "[4]", 5, 9) "}", 9, 0, "1 bytes before tensor 'b'"},
        {"{\"a\":" T("U8", "[4]", 1, 5) "}", 5, 0, "1 bytes before tensor 'a'"},
        {"{\"a\":" T("U8", "[4]", 0, 4) "}", 6, 0, "2 bytes at the end"},
        {"{}", 3, 0, "3 bytes at the end"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1],\"more\":1}}", 1, 0, "'more' is not a key"},
        {"{\"\":" T("U8", "[1]", 0, 1) "}", 1, 0, "empty name"},
        {"{\"a\\nb\":" T("U8", "[1]", 0, 1) "}", 1, 0, "control character"},
        {"{\"a\\u0000b\":" T("U8", "[1]", 0, 1) "}", 1, 0, "header: line 1"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        mf_tensors ts  = {0};
        mf_err     err = {0};
        mf_status  st  = parse(bad[i].header, bad[i].data, bad[i].claim, &ts, &err);

        assert_mf_fails(st, st == MF_E_LIMIT ? MF_E_LIMIT : MF_E_FORMAT, &err, bad[i].sentence);
        assert_int_equal(ts.n + ts.n_meta, 0);
    }
}

static void
test_refuses_what_is_not_held(void **state)
{
    mf_tensors ts  = {0};
    mf_err     err = {0};

    (void)state;
    assert_mf_fails(parse("{\"a\":" T("F8_E4M3", "[1]", 0, 1) "}", 1, 0, &ts, &err), MF_E_UNSUPPORTED, &err, "F8_E4M3 is not read");
    assert_mf_fails(parse("{\"a\":" T("U8", "[1,1,1,1,1,1,1]", 0, 1) "}", 1, 0, &ts, &err), MF_E_UNSUPPORTED, &err, "7 dimensions");
    assert_mf_fails(parse("{\"a\":" T("U8", "[1048577]", 0, 1048577) "}", 1048577, 0, &ts, &err), MF_E_LIMIT, &err, "at most 1048576");
    assert_mf_fails(mf_weights_parse(&ts, (const uint8_t *)"", 0, NULL, 1, &err), MF_E_FORMAT, &err, "empty");
    assert_mf_fails(mf_weights_parse(&ts, (const uint8_t *)"hello, world", 12, NULL, 1, &err), MF_E_FORMAT, &err, "neither safetensors");
    assert_mf_fails(mf_weights_load(&ts, mf_test_path("absent.safetensors"), &err), MF_E_IO, &err, "absent.safetensors");
}

static void
test_save_refuses(void **state)
{
    mf_tensors  ts  = {0};
    mf_err      err = {0};
    const char *path = mf_test_path("never.safetensors");

    (void)state;
    add(&ts, "__metadata__", MF_DTYPE_U8, mf_shape_of(1, (int64_t)1), 0);
    assert_mf_fails(mf_weights_save(path, &ts, &err), MF_E_ARG, &err, "may not be called '__metadata__'");
    mf_tensors_free(&ts);
    add(&ts, "bad\xff", MF_DTYPE_U8, mf_shape_of(1, (int64_t)1), 0);
    assert_mf_fails(mf_weights_save(path, &ts, &err), MF_E_FORMAT, &err, "'bad\\xff' is not valid UTF-8");
    mf_tensors_free(&ts);
    assert_false(mf_path_exists(path));
    assert_mf_fails(mf_weights_save("/nonexistent/folder/x.safetensors", &ts, &err), MF_E_IO, &err, "/nonexistent/folder");
}

/* Every shorter file is refused; none crashes. */
static void
test_cut_off(void **state)
{
    mf_tensors  ts = {0}, got = {0};
    mf_err      err = {0};
    mf_blob     file = {0};
    const char *path = mf_test_path("cut.safetensors");

    (void)state;
    sample(&ts);
    assert_mf_ok(mf_weights_save(path, &ts, &err), &err);
    assert_mf_ok(mf_file_read(&file, path, 1 << 20, &err), &err);
    for (size_t n = 0; n < file.size; n++) {
        err = (mf_err){0};
        assert_mf_fails(mf_weights_parse(&got, file.data, n, path, 1 << 20, &err), MF_E_FORMAT, &err, NULL);
    }
    mf_blob_free(&file);
    mf_tensors_free(&ts);
}

static mf_status
save_and_load(void *arg, mf_err *err)
{
    const mf_tensors *ts   = arg;
    mf_tensors        back = {0};
    const char       *path = mf_test_path("alloc.safetensors");
    mf_status         st   = mf_weights_save(path, ts, err);

    if (st == MF_OK) {
        st = mf_weights_load(&back, path, err);
    }
    mf_tensors_free(&back);
    return st;
}

static void
test_each_allocation(void **state)
{
    mf_tensors ts = {0};

    (void)state;
    sample(&ts);
    mf_test_each_alloc(save_and_load, &ts);
    mf_tensors_free(&ts);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),   cmocka_unit_test(test_alignment),
        cmocka_unit_test(test_accepts),      cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_refuses_what_is_not_held), cmocka_unit_test(test_save_refuses),
        cmocka_unit_test(test_cut_off),      cmocka_unit_test(test_each_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
