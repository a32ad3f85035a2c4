/* tests/weights/test_pickle.c: the stack machine on pickles written by hand: each opcode, each limit, each refusal. */
#include "support.h"

#include <string.h>

#include "core/mem.h"
#include "core/str.h"
#include "weights/weights.h"

#define MAGIC  "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."
#define PROTO  "\x80\x02M\xe9\x03."
#define SYSTEM "\x80\x02}X\x0d\x00\x00\x00little_endian\x88s."

/* A stream of torch.save whose object is `pickle`, with keys and storages after it. */
static mf_status
parse(mf_tensors *out, const void *pickle, size_t n, const void *tail, size_t n_tail, mf_err *err)
{
    mf_str    s = {0};
    mf_status st;

    mf_str_addn(&s, MAGIC, sizeof MAGIC - 1);
    mf_str_addn(&s, PROTO, sizeof PROTO - 1);
    mf_str_addn(&s, SYSTEM, sizeof SYSTEM - 1);
    mf_str_addn(&s, pickle, n);
    mf_str_addn(&s, tail, n_tail);
    assert_false(s.oom);
    st = mf_weights_parse(out, (const uint8_t *)s.data, s.len, "x.pth", 1 << 20, err);
    mf_str_free(&s);
    return st;
}

/* One storage 'k' of six floats 0..5, as the tail of a stream. */
#define STORAGE(type, count) "(U\x07storagectorch\n" type "\nU\x01kU\x03" "cpuK" count "tQ"
#define TENSOR(offset, size, stride) \
    "ctorch._utils\n_rebuild_tensor_v2\n(" STORAGE("FloatStorage", "\x06") "K" offset "(" size "t(" stride "t\x89Nt" "R"
#define KEYS "\x80\x02]U\x01ka."
static const char tail[] = KEYS "\x06\0\0\0\0\0\0\0" "\0\0\0\0" "\0\0\x80\x3f" "\0\0\0\x40" "\0\0\x40\x40" "\0\0\x80\x40" "\0\0\xa0\x40";

#define PARSE(out, pickle, err) parse((out), (pickle), sizeof(pickle) - 1, tail, sizeof tail - 1, (err))

static void
expect(const mf_tensors *ts, const char *name, int n, const float *values)
{
    const mf_tensor *t = mf_tensors_find(ts, name);

    if (t == NULL || t->dtype != MF_DTYPE_F32 || t->bytes != (size_t)n * 4 || memcmp(t->data, values, t->bytes) != 0) {
        fail_msg("tensor '%s' is absent or has other values", name);
    }
}

static void
test_views(void **state)
{
    mf_tensors ts  = {0};
    mf_err     err = {0};

    (void)state;
    assert_mf_ok(PARSE(&ts, "\x80\x02}(U\x01" "a" TENSOR("\0", "K\x02K\x03", "K\x03K\x01") "U\x01t" TENSOR("\0", "K\x03K\x02", "K\x01K\x03")
                            "U\x01r" TENSOR("\x02", "K\x02K\x02", "K\0K\x01") "U\x01s" TENSOR("\x05", "", "") "U\x01" "e"
                            TENSOR("\0", "K\0K\x09", "K\x09K\x01") "u.", &err), &err);
    expect(&ts, "a", 6, (const float[]){0, 1, 2, 3, 4, 5});
    expect(&ts, "t", 6, (const float[]){0, 3, 1, 4, 2, 5});
    expect(&ts, "r", 4, (const float[]){2, 3, 2, 3});
    expect(&ts, "s", 1, (const float[]){5});
    assert_int_equal(mf_tensors_find(&ts, "e")->bytes, 0);
    assert_int_equal(ts.n, 5);
    mf_tensors_free(&ts);
}

/* The text opcodes of protocol 0, Python 2's strings, memo in every width, lists, nesting, numbers as keys. */
static void
test_opcodes(void **state)
{
    mf_tensors ts  = {0};
    mf_err     err = {0};

    (void)state;
    assert_mf_ok(PARSE(&ts, "\x80\x02(dp3\n0g3\n(Vnest\n" "(lp4\n" TENSOR("\0", "K\x01", "K\x01") "a" TENSOR("\x01", "K\x01", "K\x01") "a"
                            "I7\n" TENSOR("\x02", "K\x01", "K\x01") "S'quoted'\n" TENSOR("\x03", "K\x01", "K\x01") "r\x2c\x01\0\0"
                            "X\x01\0\0\0jj\x2c\x01\0\0" "L9L\nI01\nF1.5\nG\x3f\xf0\0\0\0\0\0\0u"
                            "(\x8b\x02\0\0\0\xff\xff\x8d\x02\0\0\0\0\0\0\0abB\x01\0\0\0zC\x01y\x8e\x01\0\0\0\0\0\0\0xN2(00" "1.", &err), &err);
    expect(&ts, "nest.0", 1, (const float[]){0});
    expect(&ts, "nest.1", 1, (const float[]){1});
    expect(&ts, "7", 1, (const float[]){2});
    expect(&ts, "quoted", 1, (const float[]){3});
    expect(&ts, "j", 1, (const float[]){3});
    assert_int_equal(ts.n, 5);
    mf_tensors_free(&ts);
    /* Protocol 4: frames, MEMOIZE, STACK_GLOBAL, TUPLE1..3, NEWOBJ of an OrderedDict. */
    assert_mf_ok(PARSE(&ts, "\x80\x04\x95\x08\0\0\0\0\0\0\0\x8c\x0b" "collections\x8c\x0bOrderedDict\x93\x94)\x81\x94(\x8c\x01" "a\x94"
                            "\x8c\x0ctorch._utils\x8c\x12_rebuild_tensor_v2\x93\x94(" STORAGE("FloatStorage", "\x06")
                            "K\x01K\x02K\x01K\x02\x87K\x03K\x02K\x01\x87\x89Nt" "Ru.", &err), &err);
    expect(&ts, "a", 4, (const float[]){1, 2, 4, 5});
    mf_tensors_free(&ts);
}

static void
test_refusals(void **state)
{
#define CASE(st, p, s) {st, p, sizeof(p) - 1, s}
    static const struct {
        mf_status   st;
        const char *pickle;
        size_t      n;
        const char *sentence;
    } bad[] = {
        CASE(MF_E_UNSUPPORTED, "cposix\nsystem\n", "calls 'posix.system' (os.system)"),
        CASE(MF_E_UNSUPPORTED, "cbuiltins\nexec\n", "calls 'builtins.exec', which is not a tensor; nothing was run"),
        CASE(MF_E_UNSUPPORTED, "\x8c\x02nt\x8c\x06system\x93", "calls 'nt.system' (os.system)"),
        CASE(MF_E_UNSUPPORTED, "(U\x02hiios\nsystem\n", "calls 'os.system'"),
        CASE(MF_E_UNSUPPORTED, "ctorch\nload\n", "calls 'torch.load'"),
        CASE(MF_E_UNSUPPORTED, "ctorch._utils\n_rebuild_tensor_v9\n", "calls 'torch._utils._rebuild_tensor_v9'"),
        CASE(MF_E_UNSUPPORTED, "c__torch__.net\nM\n", "TorchScript"),
        CASE(MF_E_UNSUPPORTED, "cnumpy.core.multiarray\n_reconstruct\n", "calls 'numpy.core.multiarray._reconstruct'"),
        CASE(MF_E_UNSUPPORTED, "co\x01s\ns\x1b[2J\n", "calls 'o\\x01s.s\\x1b[2J'"),
        CASE(MF_E_UNSUPPORTED, "(o.", "opcode OBJ"),
        CASE(MF_E_UNSUPPORTED, "\x82\x01.", "opcode EXT1"),
        CASE(MF_E_UNSUPPORTED, "\x8f.", "opcode EMPTY_SET"),
        CASE(MF_E_UNSUPPORTED, "Pk\n.", "opcode PERSID"),
        CASE(MF_E_UNSUPPORTED, ")))\x92.", "opcode NEWOBJ_EX"),
        CASE(MF_E_UNSUPPORTED, "\x80\x06.", "pickle protocol 6"),
        CASE(MF_E_UNSUPPORTED, "S'a\\x41'\n.", "escapes"),
        CASE(MF_E_UNSUPPORTED, "(U\x06moduleNNtQ.", "not a storage"),
        CASE(MF_E_FORMAT, "\xff.", "0xff is not an opcode"),
        CASE(MF_E_FORMAT, ".", "too few values"),
        CASE(MF_E_FORMAT, "(.", "too few values"),
        CASE(MF_E_FORMAT, "0.", "too few values"),
        CASE(MF_E_FORMAT, "t.", "no mark"),
        CASE(MF_E_FORMAT, "N\x86.", "too few values"),
        CASE(MF_E_FORMAT, "Na.", "not a list"),
        CASE(MF_E_FORMAT, "NNa.", "not a list"),
        CASE(MF_E_FORMAT, "}(Nu.", "a key without a value"),
        CASE(MF_E_FORMAT, "(Nd.", "a key without a value"),
        CASE(MF_E_FORMAT, "h\x05.", "memo slot 5 is empty"),
        CASE(MF_E_LIMIT, "Nr\xff\xff\xff\xff.", "memo slot 4294967295; at most"),
        CASE(MF_E_FORMAT, "X\xff\xff\xff\x7f" "abc", "in the middle of a value"),
        CASE(MF_E_FORMAT, "\x8d\xff\xff\xff\xff\xff\xff\xff\xff" "abc", "in the middle of a value"),
        CASE(MF_E_FORMAT, "cposix", "a line has no end"),
        CASE(MF_E_FORMAT, "S'abc\n.", "without its quotes"),
        CASE(MF_E_FORMAT, "NNR.", "not a function"),
        CASE(MF_E_FORMAT, "NNb.", "state is set on a plain value"),
        CASE(MF_E_FORMAT, "ctorch._utils\n_rebuild_tensor_v2\n)R.", "not made of storage"),
        CASE(MF_E_FORMAT, "ctorch._utils\n_rebuild_parameter\n)R.", "not made of a tensor"),
        CASE(MF_E_FORMAT, "ccollections\nOrderedDict\nK\x01\x85R.", "other than pairs"),
        CASE(MF_E_UNSUPPORTED, "ctorch\nFloatStorage\n)R.", "only names tensors"),
        CASE(MF_E_FORMAT, "(U\x07storageNU\x01kNK\x01tQ.", "not made of type, key"),
        CASE(MF_E_FORMAT, "\x93.", "too few values"),
        CASE(MF_E_FORMAT, "NN\x93.", "whose name is not a string"),
    };
#undef CASE

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        mf_tensors ts  = {0};
        mf_err     err = {0};
        mf_status  st  = parse(&ts, bad[i].pickle, bad[i].n, "", 0, &err);

        assert_mf_fails(st, bad[i].st, &err, bad[i].sentence);
    }
}

static void
test_tensor_rules(void **state)
{
#define CASE(p, s) {p, sizeof(p) - 1, s}
    static const struct {
        const char *pickle;
        size_t      n;
        const char *sentence;
    } bad[] = {
        CASE("}U\x01" "a" TENSOR("\x06", "", "") "s.", "tensor 'a': shape [] at offset 6 reaches past its storage of 6 elements"),
        CASE("}U\x01" "a" TENSOR("\x01", "K\x02K\x03", "K\x03K\x01") "s.", "reaches past"),
        CASE("}U\x01" "a" TENSOR("\0", "K\x03K\x03", "K\x03K\x01") "s.", "reaches past"),
        CASE("}U\x01" "a" TENSOR("\0", "J\xff\xff\xff\xff", "K\x01") "s.", "size -1"),
        CASE("}U\x01" "a" TENSOR("\0", "K\x02", "J\xff\xff\xff\xff") "s.", "stride -1"),
        CASE("}U\x01" "a" TENSOR("\0", "K\x02K\x02", "K\x01") "s.", "not made of storage"),
        CASE("}U\x01" "a" TENSOR("\0", "\x8a\x08\0\0\0\0\0\0\0\x40\x8a\x08\0\0\0\0\0\0\0\x40", "K\0K\0") "s.", "overflows"),
        CASE("}U\x01" "a" TENSOR("\0", "\x8a\x08\0\0\0\0\0\0\0\x40", "\x8a\x08\0\0\0\0\0\0\0\x40") "s.", "overflows"),
        CASE("}U\x01" "a" TENSOR("\0", "K\x02", "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f") "s.", "reaches past"),
        CASE("}U\x01" "a" TENSOR("\0", "K\x01K\x01K\x01K\x01K\x01K\x01K\x01", "K\x01K\x01K\x01K\x01K\x01K\x01K\x01") "s.", "7 dimensions"),
        CASE("}U\x01" "a" TENSOR("\0", "\x8a\x04\0\0\x08\0", "K\0") "s.", "more than 1048576 bytes together"),
        CASE("}U\x01" "a" TENSOR("\0", "", "") "sU\x01" "a" TENSOR("\0", "", "") "s.", "tensor 'a' is there twice"),
        CASE("}U\x01\n" TENSOR("\0", "", "") "s.", "control character"),
        CASE("}U\x01\xff" TENSOR("\0", "", "") "s.", "not valid UTF-8"),
        CASE("}N" TENSOR("\0", "", "") "s.", "a key that is not a name"),
        CASE("}U\x01" "aK\x01s.", "holds no tensor"),
        CASE("}.", "holds no tensor"),
    };
#undef CASE

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *t   = strstr(bad[i].sentence, "no tensor") != NULL ? "\x80\x02]." : tail;
        size_t      n   = t == tail ? sizeof tail - 1 : 4;
        mf_tensors  ts  = {0};
        mf_err      err = {0};
        mf_status   st  = parse(&ts, bad[i].pickle, bad[i].n, t, n, &err);

        assert_mf_fails(st, st, &err, bad[i].sentence);
        assert_true(st < 0);
        assert_int_equal(ts.n, 0);
    }
}

static void
test_stream_rules(void **state)
{
    static const char one[] = "}U\x01" "a" TENSOR("\0", "", "") "s.";
    mf_tensors        ts  = {0};
    mf_err            err = {0};

    (void)state;
    assert_mf_fails(parse(&ts, one, sizeof one - 1, "\x80\x02].", 4, &err), MF_E_FORMAT, &err, "its storage 'k' is not in the file");
    assert_mf_fails(parse(&ts, one, sizeof one - 1, "\x80\x02N.", 4, &err), MF_E_FORMAT, &err, "is not a list");
    assert_mf_fails(parse(&ts, one, sizeof one - 1, "\x80\x02]U\x01ya.", 8, &err), MF_E_FORMAT, &err, "names no storage");
    assert_mf_fails(parse(&ts, one, sizeof one - 1, tail, sizeof tail - 2, &err), MF_E_FORMAT, &err, "ends inside storage 'k'");
    assert_mf_fails(parse(&ts, one, sizeof one - 1, tail, sizeof tail, &err), MF_E_FORMAT, &err, "1 bytes after the last storage");
    assert_mf_fails(parse(&ts, one, sizeof one - 1, KEYS "\x07\0\0\0\0\0\0\0", sizeof KEYS - 1 + 8, &err), MF_E_FORMAT, &err,
                    "holds 7 elements, but the pickle says 6");
    assert_mf_fails(mf_weights_parse(&ts, (const uint8_t *)"\x80\x02K\x01.", 5, NULL, 1, &err), MF_E_FORMAT, &err, "the magic number is missing");
    assert_mf_fails(mf_weights_parse(&ts, (const uint8_t *)MAGIC "\x80\x02K\x01.", sizeof MAGIC - 1 + 5, NULL, 1, &err), MF_E_UNSUPPORTED, &err,
                    "protocol is not 1001");
    assert_mf_fails(mf_weights_parse(&ts, (const uint8_t *)MAGIC PROTO "}U\x0dlittle_endian\x89s.", sizeof MAGIC - 1 + sizeof PROTO - 1 + 19, NULL, 1, &err),
                    MF_E_UNSUPPORTED, &err, "not little-endian");
}

/* A dictionary in itself, and a "billion laughs" of shared lists: both end with a sentence. */
static void
test_endless_structures(void **state)
{
    mf_tensors ts  = {0};
    mf_err     err = {0};
    mf_str     s   = {0};

    (void)state;
    assert_mf_fails(PARSE(&ts, "}q\x01U\x04selfh\x01sU\x01" "a" TENSOR("\0", "", "") "s.", &err), MF_E_LIMIT, &err, "nested deeper than 16");
    assert_mf_fails(parse(&ts, "]q\x01h\x01" "a.", 7, "\x80\x02].", 4, &err), MF_E_LIMIT, &err, "nested deeper than 16");
    mf_str_add(&s, "]2q");
    mf_str_addc(&s, 1);
    mf_str_add(&s, "Na");
    for (int level = 1; level <= 14; level++) { /* each list holds the one before eight times */
        mf_str_add(&s, "](");
        for (int i = 0; i < 8; i++) {
            mf_str_printf(&s, "h%c", level);
        }
        mf_str_printf(&s, "eq%c", level + 1);
    }
    mf_str_addc(&s, '.');
    assert_false(s.oom);
    assert_mf_fails(parse(&ts, s.data, s.len, "\x80\x02].", 4, &err), MF_E_LIMIT, &err, "values to look at");
    mf_str_free(&s);
}

/* A storage that is a window into another (how old versions wrote slices of storages). */
static void
test_view_of_storage(void **state)
{
#define VIEW(at, n) "}U\x01" "actorch._utils\n_rebuild_tensor\n((U\x07storagectorch\nFloatStorage\nU\x01kU\x03" "cpuK\x06(U\x01vK" at "K" n "ttQK\x01K\x02\x85K\x01\x85tRs."
    mf_tensors ts  = {0};
    mf_err     err = {0};

    (void)state;
    assert_mf_ok(PARSE(&ts, VIEW("\x02", "\x03"), &err), &err);
    expect(&ts, "a", 2, (const float[]){3, 4});
    mf_tensors_free(&ts);
    assert_mf_fails(PARSE(&ts, VIEW("\x02", "\x02"), &err), MF_E_FORMAT, &err, "reaches past its storage of 2");
    assert_mf_fails(PARSE(&ts, VIEW("\x04", "\x03"), &err), MF_E_FORMAT, &err, "views elements 4 to 7 of a storage of 6");
#undef VIEW
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_views),        cmocka_unit_test(test_opcodes),       cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_tensor_rules), cmocka_unit_test(test_stream_rules),  cmocka_unit_test(test_endless_structures),
        cmocka_unit_test(test_view_of_storage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
