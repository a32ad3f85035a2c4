/* tests/weights/test_torch.c: files of PyTorch: read as PyTorch reads them, and refused by name where they call things. */
#include "support.h"

#include <string.h>
#include <unistd.h>

#include "core/mem.h"
#include "vectors.h"
#include "weights/weights.h"

static void
check_file(const char *file, const char *lines_file)
{
    mf_tensors ts    = {0};
    mf_err     err   = {0};
    mf_blob    lines = {0};

    assert_mf_ok(mf_file_read(&lines, vector_path(lines_file), 1 << 20, &err), &err);
    assert_mf_ok(mf_weights_load(&ts, vector_path(file), &err), &err);
    check_lines(&ts, (const char *)lines.data, file);
    mf_blob_free(&lines);
    mf_tensors_free(&ts);
}

static void
test_zip(void **state)
{
    (void)state;
    check_file("cases.pth", "cases.txt");
}

/* Saved as from a GPU: the location does not matter. */
static void
test_stream(void **state)
{
    (void)state;
    check_file("cases_stream.pth", "cases.txt");
}

static void
test_inner_dictionary(void **state)
{
    mf_tensors ts  = {0};
    mf_err     err = {0};

    (void)state;
    check_file("wrapped.pth", "wrapped.txt");
    assert_mf_ok(mf_weights_load(&ts, vector_path("wrapped.pth"), &err), &err);
    assert_string_equal(mf_tensors_meta(&ts, "torch.dictionary"), "state_dict");
    assert_string_equal(mf_tensors_meta(&ts, "torch.epoch"), "12");
    assert_string_equal(mf_tensors_meta(&ts, "torch.arch"), "tiny");
    assert_string_equal(mf_tensors_meta(&ts, "torch.loss"), "0.25");
    assert_string_equal(mf_tensors_meta(&ts, "torch.done"), "true");
    assert_null(mf_tensors_meta(&ts, "torch.best_acc"));
    mf_tensors_free(&ts);
}

static void
test_refused_by_name(void **state)
{
    static const struct {
        const char *file, *sentence;
    } bad[] = {
        {"os_system.pth", "calls 'posix.system' (os.system), which is not a tensor; nothing was run"},
        {"os_system_stream.pth", "calls 'posix.system' (os.system), which is not a tensor; nothing was run"},
        {"os_system_plain.pth", "calls 'posix.system' (os.system)"},
        {"os_system_text.pth", "calls 'os.system', which is not a tensor"},
        {"builtins.pth", "calls '__builtin__.eval', which is not a tensor"},
        {"whole_object.pth", "calls 'torch.nn.modules.linear.Linear'"},
        {"complex.pth", "tensor 'w': element type complex64 is not read"},
        {"lazy.pth", "kept conjugated or negated"},
    };
    char cwd[1024];

    (void)state;
    assert_non_null(getcwd(cwd, sizeof cwd));
    assert_int_equal(chdir(mf_test_dir()), 0); /* the hostile files write MASKFER_MUST_NOT_RUN_THIS here if run */
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        mf_tensors ts  = {0};
        mf_err     err = {0};

        assert_mf_fails(mf_weights_load(&ts, vector_path(bad[i].file), &err), MF_E_UNSUPPORTED, &err, bad[i].sentence);
        assert_non_null(strstr(err.msg, bad[i].file));
        assert_int_equal(ts.n, 0);
    }
    assert_false(mf_path_exists("MASKFER_MUST_NOT_RUN_THIS"));
    assert_int_equal(chdir(cwd), 0);
}

static mf_status
parse_bytes(const mf_blob *file, size_t n, mf_err *err)
{
    mf_tensors ts = {0};
    mf_status  st = mf_weights_parse(&ts, file->data, n, "x.pth", 1 << 24, err);

    mf_tensors_free(&ts);
    return st;
}

/* Every shorter file is refused with a sentence. */
static void
test_cut_off(void **state)
{
    static const char *const files[] = {"cases.pth", "cases_stream.pth"};

    (void)state;
    for (int f = 0; f < 2; f++) {
        mf_blob file = {0};
        mf_err  err  = {0};

        assert_mf_ok(mf_file_read(&file, vector_path(files[f]), 1 << 20, &err), &err);
        assert_mf_ok(parse_bytes(&file, file.size, &err), &err);
        for (size_t n = 0; n < file.size; n++) {
            err = (mf_err){0};
            if (parse_bytes(&file, n, &err) >= 0 || err.msg[0] == '\0') {
                fail_msg("%s cut to %zu bytes was read", files[f], n);
            }
        }
        mf_blob_free(&file);
    }
}

/* Every byte changed in turn: a status and a sentence, never a crash. A change in tensor data of a zip breaks its CRC. */
static void
test_damaged(void **state)
{
    static const char *const files[] = {"cases.pth", "cases_stream.pth"};

    (void)state;
    for (int f = 0; f < 2; f++) {
        mf_blob file = {0};
        mf_err  err  = {0};

        assert_mf_ok(mf_file_read(&file, vector_path(files[f]), 1 << 20, &err), &err);
        for (size_t i = 0; i < file.size; i++) {
            uint8_t was = file.data[i];

            file.data[i] = (uint8_t)(was ^ 0x41);
            err          = (mf_err){0};
            if (parse_bytes(&file, file.size, &err) < 0) {
                assert_true(err.msg[0] != '\0');
            }
            file.data[i] = was;
        }
        mf_blob_free(&file);
    }
}

static void
test_crc(void **state)
{
    mf_blob  file = {0};
    mf_err   err  = {0};
    uint8_t *at   = NULL;
    float    first[2] = {0.0f, 1.0f}; /* sqrt of 0 and 1: how the shared storage begins */

    (void)state;
    assert_mf_ok(mf_file_read(&file, vector_path("cases.pth"), 1 << 20, &err), &err);
    for (size_t i = 0; i + 12 < file.size && at == NULL; i++) {
        if (memcmp(file.data + i, first, sizeof first) == 0 && file.data[i + 11] == 0x3f) {
            at = file.data + i;
        }
    }
    assert_non_null(at);
    at[5] ^= 1;
    assert_mf_fails(parse_bytes(&file, file.size, &err), MF_E_FORMAT, &err, "CRC");
    mf_blob_free(&file);
}

static void
test_limit(void **state)
{
    mf_blob    file = {0};
    mf_tensors ts   = {0};
    mf_err     err  = {0};

    (void)state;
    assert_mf_ok(mf_file_read(&file, vector_path("cases.pth"), 1 << 20, &err), &err);
    assert_mf_fails(mf_weights_parse(&ts, file.data, file.size, NULL, 500, &err), MF_E_LIMIT, &err, "more than 500 bytes together");
    mf_blob_free(&file);
}

static mf_status
load_one(void *arg, mf_err *err)
{
    mf_tensors ts = {0};
    mf_status  st = mf_weights_load(&ts, arg, err);

    mf_tensors_free(&ts);
    return st;
}

static void
test_each_allocation(void **state)
{
    static const char *const files[] = {"wrapped.pth", "cases_stream.pth"};

    (void)state;
    for (int i = 0; i < 2; i++) {
        char path[1024];

        snprintf(path, sizeof path, "%s", vector_path(files[i]));
        mf_test_each_alloc(load_one, path);
    }
}

/* The trained networks of the shared material, all types of container, tensors saved from GPUs. */
static void
test_trained_models(void **state)
{
    const char *shared = mf_test_shared(), *at;
    mf_blob     lines  = {0};
    mf_err      err    = {0};
    size_t      files  = 0;

    (void)state;
    if (shared == NULL) {
        mf_test_skip("no shared material: the trained models are not compared");
    }
    assert_mf_ok(mf_file_read(&lines, vector_path("models.txt"), 1 << 20, &err), &err);
    for (at = (const char *)lines.data; *at != '\0'; files++) {
        char       path[2048], name[512];
        mf_tensors ts = {0};
        size_t     n  = strcspn(at, "\n");

        assert_int_equal(strncmp(at, "file ", 5), 0);
        snprintf(name, sizeof name, "%.*s", (int)(n - 5), at + 5);
        snprintf(path, sizeof path, "%s/data/models/%s", shared, name);
        assert_mf_ok(mf_weights_load(&ts, path, &err), &err);
        at = check_lines(&ts, at + n + 1, name);
        mf_tensors_free(&ts);
    }
    assert_int_equal(files, 7);
    mf_blob_free(&lines);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zip),      cmocka_unit_test(test_stream),  cmocka_unit_test(test_inner_dictionary),
        cmocka_unit_test(test_refused_by_name), cmocka_unit_test(test_cut_off), cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_crc),      cmocka_unit_test(test_limit),   cmocka_unit_test(test_each_allocation),
        cmocka_unit_test(test_trained_models),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
