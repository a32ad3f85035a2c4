/* tests/data/program.c: run the program, look at what it said. */
#include "small_sets.h"

#include <string.h>
#include <sys/wait.h>
#include "core/mem.h"
#include "core/str.h"
#include "program.h"

int
program_run(const char *args)
{
    mf_str s = {0};
    int    rc;

    mf_str_printf(&s, "cd '%s' && '%s' %s >out.txt 2>err.txt", mf_test_dir(), mf_test_program(), args);
    rc = system(mf_str_c(&s));
    mf_str_free(&s);
    assert_true(WIFEXITED(rc));
    return WEXITSTATUS(rc);
}

void
program_says(const char *file, const char *part)
{
    char *text = small_read(file, NULL);

    if (!strstr(text, part))
        fail_msg("%s does not say '%s' but: %s", file, part, text);
    mf_free(text);
}

mf_json *
program_json(void)
{
    size_t   n;
    char    *text = small_read("out.txt", &n);
    mf_json *root = NULL;
    mf_err   err  = {0};

    assert_mf_ok(mf_json_parse(&root, text, n, true, &err), &err);
    mf_free(text);
    return root;
}
