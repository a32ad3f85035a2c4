/* The program as users and scripts meet it: exit statuses, sentences, help for every command, quiet output. */
#include "support.h"

#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/file.h"
#include "core/json.h"

typedef struct run {
    int     status; /* exit status; -1 if it died of a signal */
    mf_blob out, err;
} run;

static void
run_free(run *r)
{
    mf_blob_free(&r->out);
    mf_blob_free(&r->err);
}

/* Runs `maskfer ARGS` through the shell, with both outputs to files (so never a terminal). */
static run
maskfer(const char *args)
{
    const char *out = mf_test_path("out"), *err = mf_test_path("err");
    mf_str      cmd = {0};
    run         r   = {0};
    int         rc;

    if (mf_test_program() == NULL) {
        mf_test_skip("the program is not built");
    }
    mf_str_printf(&cmd, "'%s' %s >'%s' 2>'%s' </dev/null", mf_test_program(), args, out, err);
    rc       = system(mf_str_c(&cmd));
    r.status = WIFEXITED(rc) ? WEXITSTATUS(rc) : -1;
    mf_str_free(&cmd);
    assert_mf_ok(mf_file_read(&r.out, out, 1 << 20, NULL), NULL);
    assert_mf_ok(mf_file_read(&r.err, err, 1 << 20, NULL), NULL);
    return r;
}

static void
assert_run(const char *args, int status, const char *out_has, const char *err_has)
{
    run         r   = maskfer(args);
    const char *out = (const char *)r.out.data, *err = (const char *)r.err.data;

    if (r.status != status || strstr(out, out_has) == NULL || strstr(err, err_has) == NULL) {
        print_error("maskfer %s: status %d (wanted %d)\nstdout (wanted \"%s\"):\n%s\nstderr (wanted \"%s\"):\n%s\n", args,
                    r.status, status, out_has, out, err_has, err);
        fail();
    }
    if (status != 0) {
        /* One sentence, one line. */
        assert_true(mf_str_starts(err, "maskfer: "));
        assert_ptr_equal(strchr(err, '\n'), err + r.err.size - 1);
        assert_int_equal(r.out.size, 0);
    } else {
        assert_string_equal(err, "");
    }
    run_free(&r);
}

static void
usage_errors_are_status_2(void **state)
{
    (void)state;
    assert_run("", 2, "", "no command given");
    assert_run("hlep", 2, "", "unknown command 'hlep': did you mean 'help'?");
    assert_run("--frob", 2, "", "a command comes first");
    assert_run("info --jsno", 2, "", "info: unknown option '--jsno': did you mean '--json'?");
    assert_run("info -x", 2, "", "unknown option '-x'");
    assert_run("info extra", 2, "", "'extra' is one too many");
    assert_run("info --threads", 2, "", "'--threads' needs a value");
    assert_run("info --threads --json", 2, "", "'--threads' needs a value");
    assert_run("info --threads=2x", 2, "", "expected a whole number, not '2x'");
    assert_run("info --threads -1", 2, "", "from 0 to 4096");
    assert_run("help nosuchthing", 2, "", "unknown command");
}

/* Counted by hand: 288 + 64, then stages of 37,120, 131,712, 525,568 and 2,099,712, and 256 x 8 + 8 for the classifier. */
static void
info_takes_a_models_own_options(void **state)
{
    (void)state;
    assert_run("info --model resnet18 --width 32 --stem half --classes 8 --in-channels 1 --size 48 --json", 0,
               "\"parameters\": 2796520", "");
    assert_run("info --model resnet18 --json", 0, "\"parameters\": 11180103", "");
    assert_run("info --model resnet18 --stem hlaf", 2, "", "expected one of imagenet, half, full");
    assert_run("info --model resnte18", 1, "", "did you mean 'resnet18'?");
    assert_run("bench infer --model resnet18 --width 8 --size 32 --batch 1 --steps 1 --json", 0, "images_per_second", "");
}

static void
help_and_version(void **state)
{
    (void)state;
    assert_run("help", 0, "usage: maskfer COMMAND", "");
    assert_run("--help", 0, "usage: maskfer COMMAND", "");
    assert_run("--version", 0, "maskfer ", "");
    assert_run("help info", 0, "usage: maskfer info", "");
    assert_run("info --help", 0, "usage: maskfer info", "");
    assert_run("info -h", 0, "usage: maskfer info", "");
    assert_run("help help", 0, "usage: maskfer help", "");
}

/* Registered means documented: help of every command, and of every subcommand, has its usage and a summary. */
static void
help_of(const char *path, int depth)
{
    mf_str      args = {0};
    run         r;
    const char *at;
    int         found = 0;

    mf_str_printf(&args, "help %s", path);
    r  = maskfer(mf_str_c(&args));
    at = (const char *)r.out.data;
    if (r.status != 0 || strstr(at, "usage: maskfer") == NULL || strlen(at) < 80) {
        print_error("'maskfer help %s' says too little: %s%s\n", path, at, (const char *)r.err.data);
        fail();
    }
    for (at = strstr(at, "\nCommands:\n"); at != NULL && depth < 3; at = strchr(at + 1, '\n')) {
        char name[32], sub[128];

        if (mf_str_starts(at, "\nCommands:\n")) {
            at += sizeof "\nCommands:" - 1;
        }
        if (sscanf(at, "\n  %31s", name) != 1 || !mf_str_starts(at, "\n  ")) {
            break;
        }
        found++;
        snprintf(sub, sizeof sub, "%.90s%s%s", path, *path != '\0' ? " " : "", name);
        help_of(sub, depth + 1);
    }
    if (depth == 0 && found < 2) {
        print_error("only %d commands were found in the overview\n", found);
        fail();
    }
    run_free(&r);
    mf_str_free(&args);
}

static void
every_command_has_help(void **state)
{
    (void)state;
    help_of("", 0);
}

static void
info_tells(void **state)
{
    run      r    = maskfer("info --json --threads=1");
    mf_json *root = NULL;
    mf_err   err  = {0};

    (void)state;
    assert_int_equal(r.status, 0);
    assert_mf_ok(mf_json_parse(&root, (const char *)r.out.data, r.out.size, true, &err), &err);
    assert_true(mf_json_is_string(mf_json_get(root, "version")));
    assert_true(mf_json_is_object(mf_json_get(root, "parts")));
    assert_true(mf_json_is_array(mf_json_get(root, "instruction_sets")));
    assert_true(mf_json_is_string(mf_json_get(root, "cpu")));
    assert_int_equal(mf_json_int(mf_json_get(root, "threads"), 0), 1);
    mf_json_free(root);
    run_free(&r);
    assert_run("info", 0, "Parts:", "");
}

static void
a_full_disk_is_told(void **state)
{
    mf_str cmd = {0};
    int    rc;

    (void)state;
    if (mf_test_program() == NULL) {
        mf_test_skip("the program is not built");
    }
    mf_str_printf(&cmd, "'%s' info >/dev/full 2>'%s'", mf_test_program(), mf_test_path("err"));
    rc = system(mf_str_c(&cmd));
    mf_str_free(&cmd);
    assert_true(WIFEXITED(rc) && WEXITSTATUS(rc) == 1);
}

/* Processor seconds that ended children have used. */
static double
child_seconds(void)
{
    struct rusage u;

    getrusage(RUSAGE_CHILDREN, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + 1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

/* Processor time, and the best of many, for the machine may be busy. */
static void
starts_at_once(void **state)
{
    double best = 1e9;
    int    i;

    (void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    mf_test_skip("a sanitizer is built in, which takes longer to start");
#endif
    for (i = 0; i < 10; i++) {
        double begun = child_seconds();
        run    r     = maskfer("--version");

        assert_int_equal(r.status, 0);
        run_free(&r);
        best = child_seconds() - begun < best ? child_seconds() - begun : best;
    }
    print_message("starts in %.1f ms of processor time, the shell included (limit 50)\n", 1e3 * best);
    assert_true(best < 0.05);
}

/* Figures from files alone: what is wrong is named, and nothing is printed. */
static void
compare_reads_files(void **state)
{
    char args[1400];

    (void)state;
    assert_run("compare", 2, "", "an argument is missing");
    assert_run("compare nowhere", 1, "", "there is no run at 'nowhere'");
    assert_run("cross nowhere nowhere", 2, "", "option '--out' is needed");
    assert_run("cross nowhere nowhere --out x", 1, "", "there is no run or weight file at 'nowhere'");
    snprintf(args, sizeof args, "compare '%s/tests/eval/vectors/compare.csv' --against basline", mf_test_source());
    assert_run(args, 2, "", "no method 'basline' in these runs; is 'baseline' meant?");
    snprintf(args, sizeof args, "compare '%s/tests/eval/vectors/compare.csv' --resamples 100 --confusion --classes", mf_test_source());
    assert_run(args, 0, "contrastive beats baseline on non-masked pictures by 36.0 points, 95 % interval 23.1 to 48.9, p = 0.001 over 5 folds",
               "");
    snprintf(args, sizeof args, "compare '%s/tests/eval/vectors/compare.txt'", mf_test_source());
    assert_run(args, 1, "", "compare.txt: line 1: the header has no column 'image'");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compare_reads_files),
        cmocka_unit_test(usage_errors_are_status_2), cmocka_unit_test(help_and_version),
        cmocka_unit_test(info_takes_a_models_own_options),
        cmocka_unit_test(every_command_has_help),    cmocka_unit_test(info_tells),
        cmocka_unit_test(a_full_disk_is_told),       cmocka_unit_test(starts_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
