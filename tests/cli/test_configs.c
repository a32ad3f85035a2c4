/* Every file of configs/ through the program: train and crossval read it whole, any of its keys may stand on the command line, and a
 * misspelt key is told with file, line and the nearest. */
#include "support.h"

#include <string.h>
#include <sys/wait.h>

#include "core/file.h"
#include "core/str.h"
#include "core/yaml.h"

/* `maskfer ARGS`, which fails with status 2 and one line that holds `part`. */
static void
refused(const char *args, const char *part)
{
    mf_str  cmd  = {0};
    mf_blob text = {0};
    int     rc;

    if (mf_test_program() == NULL) {
        mf_test_skip("the program is not built");
    }
    mf_str_printf(&cmd, "'%s' %s >/dev/null 2>'%s' </dev/null", mf_test_program(), args, mf_test_path("said"));
    rc = system(mf_str_c(&cmd));
    assert_mf_ok(mf_file_read(&text, mf_test_path("said"), 1 << 20, NULL), NULL);
    if (!WIFEXITED(rc) || WEXITSTATUS(rc) != 2 || strstr((const char *)text.data, part) == NULL) {
        print_error("maskfer %s: status %d, wanted 2 and \"%s\":\n%s\n", args, WEXITSTATUS(rc), part, (const char *)text.data);
        fail();
    }
    assert_ptr_equal(strchr((const char *)text.data, '\n'), text.data + text.size - 1);
    mf_str_free(&cmd);
    mf_blob_free(&text);
}

/* All keys of a file as options, with the values that it gives them. */
static void
options_of(mf_str *out, const char *path)
{
    mf_yaml    *y;
    const char *key;
    mf_err      err = {0};

    assert_mf_ok(mf_yaml_load(&y, path, &err), &err);
    for (size_t i = 0; i < mf_yaml_size(y); i++) {
        const mf_yaml *v     = mf_yaml_member(y, i, &key);
        mf_str         value = {0};

        assert_mf_ok(mf_yaml_flat(v, &value, &err), &err);
        mf_str_printf(out, " --%s='%s'", key, mf_str_c(&value));
        mf_str_free(&value);
    }
    mf_yaml_free(y);
}

/* The opening comment names what was published, or where what we measured stands. */
static void
says_what_it_answers_to(const char *path)
{
    mf_blob     file = {0};
    const char *published, *ours, *first;
    mf_err      err = {0};

    assert_mf_ok(mf_file_read(&file, path, 1 << 20, &err), &err);
    first     = strstr((const char *)file.data, "\nmethod:");
    published = strstr((const char *)file.data, "ublished");
    ours      = strstr((const char *)file.data, "docs/measured.md");
    if (file.data[0] != '#' || first == NULL || !((published != NULL && published < first) || (ours != NULL && ours < first))) {
        fail_msg("%s: the comment before its keys names no published number", path);
    }
    mf_blob_free(&file);
}

/* With a file that is right, what is missing is the data set. */
static void
test_every_file(void **state)
{
    char     dir[1024], path[2048];
    mf_names names;
    size_t   n   = 0;
    mf_err   err = {0};

    (void)state;
    snprintf(dir, sizeof dir, "%s/configs", mf_test_source());
    assert_mf_ok(mf_dir_list(&names, dir, &err), &err);
    for (size_t i = 0; i < names.n; i++) {
        mf_str args = {0};

        if (!mf_str_ends(names.name[i], ".yaml")) {
            continue;
        }
        snprintf(path, sizeof path, "%s/%s", dir, names.name[i]);
        says_what_it_answers_to(path);
        mf_str_printf(&args, "train --config '%s'", path);
        refused(mf_str_c(&args), "option '--data' is needed");
        mf_str_clear(&args);
        mf_str_printf(&args, "crossval --config '%s'", path);
        refused(mf_str_c(&args), "option '--data' is needed");
        options_of(&args, path);
        refused(mf_str_c(&args), "option '--data' is needed");
        mf_str_add(&args, " --epochs=0");
        refused(mf_str_c(&args), "option 'epochs'");
        mf_str_free(&args);
        n++;
    }
    mf_names_free(&names);
    assert_true(n >= 60);
}

static void
test_misspelt(void **state)
{
    static const char text[] = "# a comparison\nmethods: [hinton, combine]\nmethod: combine\ntemprature: 2\n";
    mf_str            args = {0};
    const char       *path = mf_test_path("wrong.yaml");
    mf_err            err = {0};

    (void)state;
    assert_mf_ok(mf_file_write(path, text, sizeof text - 1, &err), &err);
    mf_str_printf(&args, "train --config '%s'", path);
    refused(mf_str_c(&args), "wrong.yaml: line 4");
    mf_str_clear(&args);
    mf_str_printf(&args, "crossval --config '%s'", path);
    refused(mf_str_c(&args), "wrong.yaml: line 4");
    assert_mf_ok(mf_file_write(path, "epochz: 3\n", 10, &err), &err);
    refused(mf_str_c(&args), "wrong.yaml: line 1: unknown option 'epochz'");
    mf_str_free(&args);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_file), cmocka_unit_test(test_misspelt)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
